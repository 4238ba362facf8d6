"""Small job functions for the executors' contract; imported by name here and in the worker."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import BadRequest, RenderError, SetupError


def open_small(config: Mapping[str, Any]):
    """Open; counts how often in the file `config["log"]`."""
    if "log" in config:
        with Path(config["log"]).open("a") as file:
            file.write(f"{os.getpid()}\n")
    if "missing" in config and not Path(config["missing"]).exists():
        raise SetupError(f"The file {config['missing']} is missing; create it.")

    def handle(kind: str, payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
        return KINDS[kind](payload, emit)

    return handle


def open_badly(config: Mapping[str, Any]) -> None:
    raise ZeroDivisionError("the opener is broken")


def _echo(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    print("a library prints to standard output")
    os.write(1, b"and so does a C library, without a line end")
    warnings.warn("a library warns", stacklevel=1) if payload.get("warn") else None
    return {"payload": payload, "pid": os.getpid()}


def _count(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    for number in range(payload["to"]):
        emit({"number": number})
    return {"counted": payload["to"]}


def _wait_for_file(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    emit({"waiting": True})
    deadline = time.monotonic() + payload.get("for_s", 20)
    while not Path(payload["path"]).exists() and time.monotonic() < deadline:
        time.sleep(0.005)
    return {"found": Path(payload["path"]).exists()}


def _bad_request(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    raise BadRequest("The tempo 900 bpm is too fast; 40–240 bpm would work.")


def _render_error(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    raise RenderError("the synthesiser failed")


def _bug(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    raise KeyError("melody")


def _not_json(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    return {"value": object()}


def _event_not_json(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    emit({"value": object()})
    return {}


def _crash(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    os._exit(7)


KINDS = {
    "echo": _echo,
    "count": _count,
    "wait": _wait_for_file,
    "bad_request": _bad_request,
    "render_error": _render_error,
    "bug": _bug,
    "not_json": _not_json,
    "event_not_json": _event_not_json,
    "crash": _crash,
}
