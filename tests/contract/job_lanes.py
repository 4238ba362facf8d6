"""The lanes that the executors' contract is tried with, and the executors."""

from __future__ import annotations

import asyncio
import dataclasses
import importlib.util
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine.jobs import InlineExecutor, JobEvent, Lane, LocalExecutor
from engine.jobs.cluster import RayExecutor
from tests.contract.job_functions import KINDS, RESIDENT_KINDS

AnyExecutor = InlineExecutor | LocalExecutor | RayExecutor
Make = Callable[..., Awaitable[AnyExecutor]]

HERE = "tests.contract.job_functions"
NO_RAY = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed (the extra cluster)")
RAY = pytest.param("ray", marks=NO_RAY)
EVERYWHERE = ("inline", "local", RAY)
IN_PROCESSES = ("local", RAY)


def pool(name: str, opener: str = "open_small", **values: Any) -> Lane:
    return Lane(name=name, kinds=_kinds(name, KINDS), opener=f"{HERE}:{opener}", shape="pool", **values)


def resident(name: str, **values: Any) -> Lane:
    return Lane(
        name=name, kinds=_kinds(name, RESIDENT_KINDS), opener=f"{HERE}:open_countdown", shape="resident", **values
    )


def _kinds(name: str, kinds: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{name}:{kind}" for kind in kinds)


LANES = (
    pool("one"),
    pool("two", workers=2),
    pool("short", timeout_s=0.5),
    pool("nice", nice=5),
    pool("missing", "open_what_is_there"),
    pool("badly", "open_badly"),
    pool("nothing", "nothing_of_this_name"),
    resident("many", at_once=3),
    resident("brief", at_once=3, timeout_s=0.5),
)
"""Kinds of jobs are called `lane:kind`."""


def executor_of(kind: str, config: Mapping[str, Any], address: str | None, lanes: tuple[Lane, ...]) -> AnyExecutor:
    match kind:
        case "inline":
            return InlineExecutor(lanes, config)
        case "local":
            return LocalExecutor(lanes, config)
    assert address is not None
    return RayExecutor(address, lanes, config)


async def began(executor: AnyExecutor, kind: str, payload: Mapping[str, Any]) -> tuple[asyncio.Task[Any], Any]:
    """A job that runs already, and the first thing that it told."""
    told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    def listen(event: JobEvent) -> None:
        if event.data and not told.done():
            told.set_result(event.data)

    job = asyncio.create_task(executor.submit(kind, payload, listen))
    await asyncio.wait({job, told}, timeout=30, return_when=asyncio.FIRST_COMPLETED)
    assert told.done(), job
    return job, told.result()


async def until(true: Callable[[], Any], for_s: float = 30) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(for_s):
        while not true():  # noqa: ASYNC110 (what is waited for happens in another process)
            await asyncio.sleep(0.01)


def state(executor: AnyExecutor, name: str) -> Any:
    return next(lane for lane in executor.state() if lane.name == name)


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def dies(pid: int, within_s: float = 10) -> bool:
    deadline = time.monotonic() + within_s
    while lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not lives(pid)


def only(*names: str, **values: Any) -> tuple[Lane, ...]:
    """Some of the lanes, changed."""
    return tuple(dataclasses.replace(lane, **values) for lane in LANES if lane.name in names)


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def root() -> str:
    return os.fspath(Path(__file__).parents[2])
