"""What every executor promises, and what the worker process promises beside."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from engine.errors import BadRequest, JobError, RenderError, SetupError
from engine.jobs import InlineExecutor, JobEvent, Lane, LocalExecutor
from engine.jobs.line import Line

HERE = Path(__file__).parent
SMALL = "job_functions:open_small"
Make = Callable[..., "asyncio.Future[InlineExecutor | LocalExecutor]"]


@pytest.fixture(autouse=True)
def _functions_can_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), str(HERE.parents[1])]))


@pytest.fixture
async def make(request: pytest.FixtureRequest) -> AsyncIterator[Make]:
    """Start an executor of the parametrised kind; all are closed at the end."""
    kind = getattr(request, "param", LocalExecutor)
    async with AsyncExitStack() as stack:

        async def start(opener: str = SMALL, config: dict[str, object] | None = None, **limits: float):
            executor = kind(opener, config or {}, **limits)
            stack.push_async_callback(executor.close)
            await executor.start()
            return executor

        yield start


async def running(executor: InlineExecutor | LocalExecutor, path: Path, for_s: float = 20) -> asyncio.Task[object]:
    """A job that waits for the file, and runs already."""
    began = asyncio.Event()

    def listen(event: JobEvent) -> None:
        if event.data:
            began.set()

    job = asyncio.create_task(executor.submit("wait", {"path": str(path), "for_s": for_s}, listen))
    await asyncio.wait_for(began.wait(), 30)
    return job


both = pytest.mark.parametrize("make", [InlineExecutor, LocalExecutor], indirect=True, ids=["inline", "local"])


@both
async def test_a_result_comes_back_as_json_would_carry_it(make: Make) -> None:
    executor = await make()
    result = await executor.submit("echo", {"pair": (1, 2), "text": "naïve ♪\n", "none": None})
    assert result["payload"] == {"pair": [1, 2], "text": "naïve ♪\n", "none": None}


@both
async def test_events_come_in_order_on_the_event_loop(make: Make) -> None:
    executor = await make()
    events: list[JobEvent] = []
    loops = set()

    def listen(event: JobEvent) -> None:
        loops.add(asyncio.get_running_loop())
        events.append(event)

    assert await executor.submit("count", {"to": 50}, listen) == {"counted": 50}
    assert [e.state for e in events[:2]] == ["queued", "started"]
    assert [e.data["number"] for e in events[2:]] == list(range(50))
    assert loops == {asyncio.get_running_loop()}


@both
async def test_jobs_run_one_at_a_time_in_order_and_know_their_place(make: Make, tmp_path: Path) -> None:
    executor = await make()
    places: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    ended: list[str] = []

    async def job(name: str) -> None:
        def listen(event: JobEvent) -> None:
            if event.state == "queued":
                places[name].append(event.ahead)

        await executor.submit("wait", {"path": str(tmp_path / name)}, listen)
        ended.append(name)

    tasks = []
    for name in places:
        tasks.append(asyncio.create_task(job(name)))
        await asyncio.sleep(0.05)
    for name in places:
        (tmp_path / name).touch()
    await asyncio.gather(*tasks)
    assert ended == ["a", "b", "c"]
    assert [p[0] for p in places.values()] == [0, 1, 2]
    assert places["c"] == [2, 1]


@both
async def test_a_persons_error_comes_back_as_it_was_raised(make: Make) -> None:
    executor = await make()
    with pytest.raises(BadRequest, match=r"^The tempo 900 bpm is too fast; 40–240 bpm would work\.$"):
        await executor.submit("bad_request", {})


@both
async def test_an_engine_error_keeps_its_class(make: Make) -> None:
    executor = await make()
    with pytest.raises(RenderError, match="the synthesiser failed"):
        await executor.submit("render_error", {})


@both
async def test_a_bug_becomes_a_job_error_with_its_traceback_logged(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    executor = await make()
    with pytest.raises(JobError, match="KeyError: 'melody'"):
        await executor.submit("bug", {})
    assert "in _bug" in caplog.text


@both
@pytest.mark.parametrize("kind", ["not_json", "event_not_json"])
async def test_a_value_that_json_cannot_say_fails_that_job_alone(make: Make, kind: str) -> None:
    executor = await make()
    with pytest.raises(JobError):
        await executor.submit(kind, {})
    assert await executor.submit("count", {"to": 0}) == {"counted": 0}


@both
async def test_the_opener_runs_once_for_many_jobs(make: Make, tmp_path: Path) -> None:
    executor = await make(config={"log": str(tmp_path / "log")})
    pids = {(await executor.submit("echo", {}))["pid"] for _ in range(3)}
    assert (tmp_path / "log").read_text().split() == [str(pid) for pid in pids]


@both
async def test_what_is_missing_at_the_start_can_be_mended_without_a_restart(make: Make, tmp_path: Path) -> None:
    executor = await make(config={"missing": str(tmp_path / "font.sf2")})
    for _ in range(2):
        with pytest.raises(SetupError, match=r"font\.sf2 is missing; create it"):
            await executor.submit("echo", {})
    (tmp_path / "font.sf2").touch()
    assert (await executor.submit("echo", {}))["payload"] == {}


@both
@pytest.mark.parametrize("opener", ["job_functions:open_badly", "job_functions:nothing", "no_such_module:open"])
async def test_an_opener_that_cannot_open_fails_each_job(make: Make, opener: str) -> None:
    executor = await make(opener)
    for _ in range(2):
        with pytest.raises(JobError):
            await executor.submit("echo", {})


@both
async def test_a_cancelled_waiter_leaves_the_queue(make: Make, tmp_path: Path) -> None:
    executor = await make()
    first = asyncio.create_task(executor.submit("wait", {"path": str(tmp_path / "go")}))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(executor.submit("wait", {"path": str(tmp_path / "never"), "for_s": 30}))
    places: list[int] = []
    third = asyncio.create_task(executor.submit("count", {"to": 0}, lambda e: places.append(e.ahead)))
    await asyncio.sleep(0.05)
    second.cancel()
    await asyncio.sleep(0.01)
    assert places[-1] == 1
    (tmp_path / "go").touch()
    await asyncio.wait_for(asyncio.gather(first, third), 10)


@both
async def test_a_cancelled_running_job_does_not_disturb_the_next(make: Make, tmp_path: Path) -> None:
    executor = await make()
    first = await running(executor, tmp_path / "go")
    first.cancel()
    (tmp_path / "go").touch()
    assert await executor.submit("count", {"to": 3}) == {"counted": 3}


@both
async def test_a_listener_that_fails_fails_only_its_own_job(make: Make) -> None:
    executor = await make()

    def listen(event: JobEvent) -> None:
        raise RuntimeError("the listener is broken")

    with pytest.raises(RuntimeError, match="the listener is broken"):
        await executor.submit("count", {"to": 3}, listen)
    assert await executor.submit("count", {"to": 3}) == {"counted": 3}


@both
async def test_a_job_that_runs_out_of_time_fails_and_the_next_one_runs(make: Make, tmp_path: Path) -> None:
    executor = await make(timeout_s=1.0)
    await executor.submit("echo", {})
    with pytest.raises(JobError, match="longer than 1 s"):
        await executor.submit("wait", {"path": str(tmp_path / "never"), "for_s": 2})
    assert await executor.submit("count", {"to": 1}) == {"counted": 1}


@both
async def test_closing_lets_the_running_job_end_and_refuses_the_waiting_one(make: Make, tmp_path: Path) -> None:
    executor = await make()
    first = await running(executor, tmp_path / "go")
    second = asyncio.create_task(executor.submit("echo", {}))
    await asyncio.sleep(0)
    closing = asyncio.create_task(executor.close())
    await asyncio.sleep(0)
    (tmp_path / "go").touch()
    assert await first == {"found": True}
    with pytest.raises(JobError, match="closed"):
        await second
    await closing
    with pytest.raises(JobError, match="not open"):
        await executor.submit("echo", {})


@both
async def test_closing_gives_up_a_job_that_will_not_end(make: Make, tmp_path: Path) -> None:
    executor = await make(grace_s=0.2)
    job = await running(executor, tmp_path / "never", for_s=1.5)
    began = time.monotonic()
    await executor.close()
    with pytest.raises(JobError, match="closed while the job ran"):
        await job
    assert time.monotonic() - began < 1.2


@both
async def test_closing_does_not_wait_for_a_job_that_nobody_waits_for(make: Make, tmp_path: Path) -> None:
    executor = await make(grace_s=20.0)
    job = await running(executor, tmp_path / "never", for_s=4)
    job.cancel()
    await asyncio.wait({job})
    began = time.monotonic()
    await executor.close()
    assert time.monotonic() - began < 2.0


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
    executor = Unlucky(SMALL, {})
    await executor.start()
    assert await asyncio.wait_for(executor.submit("count", {"to": 1}), 5) == {"counted": 1}
    await executor.close()


async def test_the_worker_is_another_process(make: Make) -> None:
    executor = await make()
    assert (await executor.submit("echo", {}))["pid"] != os.getpid()


async def test_a_crash_fails_the_running_job_and_a_new_worker_takes_the_next(make: Make) -> None:
    executor = await make()
    before = (await executor.submit("echo", {}))["pid"]
    crash = asyncio.create_task(executor.submit("crash", {}))
    after = asyncio.create_task(executor.submit("echo", {}))
    with pytest.raises(JobError, match="died with status 7"):
        await crash
    assert (await after)["pid"] != before


async def test_a_worker_killed_while_idle_is_replaced_without_an_error(make: Make) -> None:
    executor = await make()
    await executor.submit("echo", {})
    os.kill(executor.state()[0].pids[0], signal.SIGKILL)
    while executor.state()[0].alive:
        await asyncio.sleep(0.005)
    assert (await executor.submit("count", {"to": 1})) == {"counted": 1}


async def test_closing_stops_the_worker_gracefully(make: Make) -> None:
    executor = await make()
    await executor.submit("echo", {})
    (pid,) = executor.state()[0].pids
    await executor.close()
    assert not _lives(pid)


async def test_ctrl_c_in_the_terminal_is_left_to_the_parent(make: Make) -> None:
    executor = await make()
    before = (await executor.submit("echo", {}))["pid"]
    os.kill(before, signal.SIGINT)
    assert (await executor.submit("echo", {}))["pid"] == before


def test_the_worker_ends_with_its_parent_even_in_the_middle_of_a_job(tmp_path: Path) -> None:
    parent = f"""
import asyncio, os, sys
from engine.jobs import LocalExecutor
async def main():
    executor = LocalExecutor({SMALL!r}, {{}})
    await executor.start()
    def listen(event):
        if event.data:
            print(executor.state()[0].pids[0], flush=True)
            os.kill(os.getpid(), 9)
    await executor.submit("wait", {{"path": {str(tmp_path / "never")!r}, "for_s": 60}}, listen)
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == -signal.SIGKILL
    pid = int(done.stdout)
    deadline = time.monotonic() + 5
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(pid)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
