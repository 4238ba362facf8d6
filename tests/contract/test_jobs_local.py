"""What the processes of this machine promise beside: they end with their parent, and their log is its log."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.jobs import LocalExecutor
from engine.jobs.cluster import RayExecutor, open_executor
from engine.jobs.marks import marked
from tests.contract.job_lanes import dies, only, root, state


@pytest.fixture
async def executor() -> AsyncIterator[LocalExecutor]:
    executor = LocalExecutor(only("one", "nice"), {})
    await executor.start()
    yield executor
    await executor.close()


async def test_a_worker_is_another_process_and_is_known_by_its_id(executor: LocalExecutor) -> None:
    pid = (await executor.submit("one:echo", {}))["pid"]
    assert pid != os.getpid()
    assert state(executor, "one").pids == (pid,)


async def test_a_lanes_niceness_is_added_to_our_own(executor: LocalExecutor) -> None:
    nice = [(await executor.submit(f"{name}:echo", {}))["nice"] for name in ("one", "nice")]
    assert nice == [os.nice(0), os.nice(0) + 5]


async def test_ctrl_c_in_the_terminal_is_left_to_the_parent(executor: LocalExecutor) -> None:
    before = (await executor.submit("one:echo", {}))["pid"]
    os.kill(before, signal.SIGINT)
    assert (await executor.submit("one:echo", {}))["pid"] == before


async def test_a_workers_log_is_ours_and_marked_with_the_job(
    executor: LocalExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    with marked("a-song"):
        await executor.submit("one:log", {"word": "yes"})
    await executor.close()
    (record,) = [record for record in caplog.records if record.getMessage() == "The worker says yes."]
    assert (record.levelno, record.name) == (logging.WARNING, "tests.contract.job_functions")
    assert (record.job_id, record.lane) == ("a-song", "one")


def test_workers_end_with_their_parent_even_in_the_middle_of_a_job(tmp_path: Path) -> None:
    parent = f"""
import asyncio, os
from engine.jobs import LocalExecutor
from tests.contract.job_lanes import only
async def main():
    executor = LocalExecutor(only("one", "many"), {{}})
    await executor.start()
    told = []
    def listen(event):
        told.extend([event.data["pid"]] if event.data else [])
        if len(told) == 2:
            print(*told, flush=True)
            os.kill(os.getpid(), 9)
    await asyncio.gather(
        executor.submit("one:wait", {{"path": {str(tmp_path / "never")!r}, "for_s": 60}}, listen),
        executor.submit("many:wait", {{"path": {str(tmp_path / "never")!r}, "steps": 1}}, listen),
    )
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", parent], capture_output=True, text=True, timeout=30, check=False, cwd=root()
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    assert all(dies(pid) for pid in pids)


def test_the_settings_address_decides_which_executor_it_is() -> None:
    assert type(open_executor(None, only("one"), {})) is LocalExecutor
    assert type(open_executor("ray://nowhere:10001", only("one"), {})) is RayExecutor
