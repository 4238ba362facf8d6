"""Small job functions for the executors' contract; imported by name here and in the workers."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine.errors import BadRequest, RenderError, SetupError
from engine.jobs import Done, Failed, Told

log = logging.getLogger(__name__)


def open_small(config: Mapping[str, Any]):
    """A handler; each opening adds a line to the file `config["log"]`."""
    if "log" in config:
        with Path(config["log"]).open("a") as file:
            file.write(f"{os.getpid()}\n")

    def handle(kind: str, payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
        return KINDS[kind.rpartition(":")[2]](payload, emit)

    return handle


def open_what_is_there(config: Mapping[str, Any]):
    if not Path(config["missing"]).exists():
        raise SetupError(f"The file {config['missing']} is missing; create it.")
    return open_small({})


def open_after_two_deaths(config: Mapping[str, Any]):
    with Path(config["deaths"]).open("a+") as file:
        file.seek(0)
        if len(file.read()) < 2:
            file.write("x")
            file.flush()
            os._exit(5)
    return open_small({})


def open_slowly(config: Mapping[str, Any]):
    with Path(config["opening"]).open("a") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(30)


def open_badly(config: Mapping[str, Any]) -> None:
    raise ZeroDivisionError("the opener is broken")


def open_countdown(config: Mapping[str, Any]):
    return Countdown()


class Countdown:
    """A resident: each job has so many steps; what its kind says happens when none is left."""

    def __init__(self) -> None:
        self._left: dict[str, int] = {}
        self._jobs: dict[str, tuple[str, Mapping[str, Any]]] = {}
        self._cancelled = 0

    def admit(self, job: str, kind: str, payload: Mapping[str, Any]) -> None:
        if payload["steps"] > 1000:
            raise BadRequest(f"The number {payload['steps']} is too high; 1000 would work.")
        self._left[job] = payload["steps"]
        self._jobs[job] = (kind.rpartition(":")[2], payload)

    def step(self) -> list[Told | Done | Failed]:
        words: list[Told | Done | Failed] = []
        for job in tuple(self._left):
            kind, payload = self._jobs[job]
            if self._left[job] > 0:
                self._left[job] -= 1
                words.append(
                    Told(job=job, data={"left": self._left[job], "inside": len(self._left), "pid": os.getpid()})
                )
            elif (word := self._end(job, kind, payload)) is not None:
                del self._left[job]
                words.append(word)
        return words

    def _end(self, job: str, kind: str, payload: Mapping[str, Any]) -> Told | Done | Failed | None:
        result = {"counted": payload["steps"], "pid": os.getpid()}
        match kind:
            case "down":
                return Done(job=job, result=result)
            case "wait":
                time.sleep(0.005)
                return Done(job=job, result=result) if Path(payload["path"]).exists() else None
            case "not_json":
                return Done(job=job, result={"value": object()})
            case "told_not_json":
                return Told(job=job, data={"value": object()})
            case "fail":
                return Failed(job=job, error=RenderError("the synthesiser failed"))
            case "hang":
                time.sleep(payload["for_s"])
                return None
            case "crash":
                os._exit(7)
        raise KeyError(kind)

    def cancel(self, job: str) -> None:
        if self._left.pop(job, None) is not None:
            self._cancelled += 1

    @property
    def idle(self) -> bool:
        return not self._left

    def facts(self) -> Mapping[str, Any]:
        return {"inside": len(self._left), "cancelled": self._cancelled}


RESIDENT_KINDS = ("down", "wait", "not_json", "told_not_json", "fail", "hang", "crash", "raise")


def _echo(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    print("a library prints to standard output")
    os.write(1, b"and so does a C library, without a line end")
    return {"payload": payload, "pid": os.getpid(), "nice": os.nice(0)}


def _log(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    log.warning("The worker says %s.", payload["word"])
    return {}


def _count(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    for number in range(payload["to"]):
        emit({"number": number})
    return {"counted": payload["to"]}


def _wait_for_file(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    emit({"pid": os.getpid()})
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


def _told_not_json(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    emit({"value": object()})
    return {}


def _crash(payload: Mapping[str, Any], emit: Any) -> Mapping[str, Any]:
    os._exit(7)


KINDS = {
    "echo": _echo,
    "log": _log,
    "count": _count,
    "wait": _wait_for_file,
    "bad_request": _bad_request,
    "render_error": _render_error,
    "bug": _bug,
    "not_json": _not_json,
    "told_not_json": _told_not_json,
    "crash": _crash,
}
