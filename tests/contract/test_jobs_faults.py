"""What every executor promises when things end: closing amid work, workers that will not open, lanes that shrink."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from engine.errors import JobError, WorkerLost
from engine.jobs import InlineExecutor, Lane, LocalExecutor, keeper
from engine.jobs.line import Line
from tests.contract.job_lanes import (
    EVERYWHERE,
    AnyExecutor,
    Make,
    began,
    dies,
    executor_of,
    lives,
    only,
    pool,
    state,
    until,
)


@pytest.fixture
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Start an executor of the parametrised kind; all are closed at the end."""
    address = request.getfixturevalue("ray_nodes").address if request.param == "ray" else None
    async with AsyncExitStack() as stack:

        async def start(lanes: tuple[Lane, ...], **config: str) -> AnyExecutor:
            executor = executor_of(request.param, config, address, lanes)
            stack.push_async_callback(executor.close, grace_s=0.0)
            await executor.start()
            return executor

        yield start


everywhere = pytest.mark.parametrize("make", EVERYWHERE, indirect=True)
here = pytest.mark.parametrize("make", ["inline", "local"], indirect=True)
local = pytest.mark.parametrize("make", ["local"], indirect=True)


@here
async def test_each_worker_opens_once_for_all_its_jobs(make: Make, tmp_path: Path) -> None:
    executor = await make(only("two"), log=str(tmp_path / "log"))
    await until(lambda: state(executor, "two").alive == 2)
    await asyncio.gather(*(executor.submit("two:echo", {}) for _ in range(8)))
    assert len((tmp_path / "log").read_text().split()) == 2


@everywhere
async def test_closing_lets_running_jobs_end_and_refuses_waiting_ones(make: Make, tmp_path: Path) -> None:
    executor = await make(only("one", "many"))
    first, told = await began(executor, "one:wait", {"path": str(tmp_path / "go")})
    second, other = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "go")})
    third = asyncio.create_task(executor.submit("one:echo", {}))
    await asyncio.sleep(0)
    closing = asyncio.create_task(executor.close(grace_s=20))
    with pytest.raises(WorkerLost, match="closed before the job began"):
        await third
    (tmp_path / "go").touch()
    assert await first == {"found": True}
    assert (await second)["counted"] == 1
    await closing
    with pytest.raises(JobError, match="not open"):
        await executor.submit("one:echo", {})
    await executor.close()
    for pid in {told["pid"], other["pid"]} - {os.getpid()}:
        assert dies(pid)


@everywhere
async def test_closing_gives_up_jobs_that_will_not_end(make: Make, tmp_path: Path) -> None:
    executor = await make(only("one", "many"))
    first, told = await began(executor, "one:wait", {"path": str(tmp_path / "never"), "for_s": 3})
    second, other = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "never")})
    before = time.monotonic()
    await executor.close(grace_s=0.2)
    for job in (first, second):
        with pytest.raises(WorkerLost, match="closed while the job ran"):
            await job
    assert time.monotonic() - before < 2.5
    for pid in {told["pid"], other["pid"]} - {os.getpid()}:
        assert dies(pid)


@here
async def test_closing_does_not_wait_for_a_job_that_nobody_waits_for(make: Make, tmp_path: Path) -> None:
    executor = await make(only("one"))
    job, _ = await began(executor, "one:wait", {"path": str(tmp_path / "never"), "for_s": 4})
    job.cancel()
    await asyncio.wait({job})
    before = time.monotonic()
    await executor.close(grace_s=20)
    assert time.monotonic() - before < 2.5


@local
async def test_closing_amid_opening_leaves_no_process(make: Make, tmp_path: Path) -> None:
    executor = await make((pool("slow", "open_slowly"),), opening=str(tmp_path / "pid"))
    await until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    before = time.monotonic()
    await executor.close()
    assert time.monotonic() - before < 2
    assert dies(int((tmp_path / "pid").read_text()))


async def test_a_worker_that_takes_too_long_to_open_is_ended(tmp_path: Path) -> None:
    executor = LocalExecutor((pool("slow", "open_slowly"),), {"opening": str(tmp_path / "pids")}, open_timeout_s=2.0)
    await executor.start()
    with pytest.raises(JobError, match="longer than 2 s to load"):
        await executor.submit("slow:echo", {})
    first = int((tmp_path / "pids").read_text().split()[0])
    await until(lambda: not lives(first), for_s=5)
    await executor.close()


@local
async def test_a_worker_that_dies_while_opening_is_tried_again_before_waiting_jobs_fail(
    make: Make, tmp_path: Path
) -> None:
    executor = await make((pool("frail", "open_after_two_deaths"),), deaths=str(tmp_path / "deaths"))
    assert await executor.submit("frail:count", {"to": 1}) == {"counted": 1}
    assert state(executor, "frail").restarts == 2


@local
async def test_jobs_fail_when_a_worker_has_died_while_opening_for_long(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "TRIES", 2)
    monkeypatch.setattr(keeper, "PASSING_S", 0.0)
    executor = await make((pool("frail", "open_after_two_deaths"),), deaths=str(tmp_path / "deaths"))
    with pytest.raises(WorkerLost, match="died with status 5"):
        await executor.submit("frail:count", {"to": 1})


class Unlucky(InlineExecutor):
    """Cannot begin its first worker: the machine has no process, no memory or no file handle left just then."""

    tried = False

    def new_line(self, lane: Lane) -> Line:
        line = super().new_line(lane)
        if not self.tried:
            self.tried = True
            line.connect = self._cannot
        return line

    async def _cannot(self) -> None:
        raise OSError(11, "Resource temporarily unavailable")


async def test_a_machine_that_is_short_of_something_at_the_start_costs_no_job() -> None:
    executor = Unlucky(only("one"), {})
    await executor.start()
    assert await asyncio.wait_for(executor.submit("one:count", {"to": 1}), 5) == {"counted": 1}
    await executor.close()


async def test_a_lane_grows_and_shrinks_and_ends_no_job_by_it(tmp_path: Path) -> None:
    executor = LocalExecutor(only("one"), {})
    await executor.start()
    (lane,) = executor.queues
    first, _ = await began(executor, "one:wait", {"path": str(tmp_path / "go")})
    lane.resize(3)
    await until(lambda: lane.state().alive == 3)
    lane.resize(1)
    assert (lane.state().wanted, lane.state().alive, lane.state().running) == (1, 1, 1)
    (tmp_path / "go").touch()
    assert await first == {"found": True}
    assert len(lane.state().pids) == 1
    await executor.close()
