"""The process that holds the studio is really killed, again and again: whatever it accepted is made once."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine import Settings
from tests.contract.postgres import PostgresServer, running_server
from tests.studio.small_studio import ROOT, all_made_once, asked, folders_in, last_of, opened

BOT = """
import asyncio, sys
from engine import ComposeRequest, Origin, Settings
from tests.studio.small_studio import opened

async def attend(studio, job_id):
    async for update in studio.watch(job_id):
        pass
    if update.phase == "ready":
        await studio.delivered(job_id)

async def main(data, url, wishes):
    settings = Settings.read(data_dir=data, database_url=url or None, person_limit=1000)
    async with opened(settings, processes=True, at_once=4) as studio:
        tasks = [asyncio.create_task(attend(studio, ticket.job_id)) for ticket in await studio.pending()]
        for person in range(int(wishes)):
            wish, origin = ComposeRequest(prompt=f"steps {5 + person % 20}"), Origin(person_id=person)
            ticket = await studio.accept(wish, origin=origin)
            print(ticket.job_id, flush=True)
            tasks.append(asyncio.create_task(attend(studio, ticket.job_id)))
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    url = request.getfixturevalue("postgres").fresh_url() if request.param == "postgresql" else None
    return Settings.read(data_dir=tmp_path / "data", database_url=url, person_limit=1000)


async def started(settings: Settings, wishes: int) -> Process:
    url = settings.database_url.get_secret_value() if settings.database_url else ""
    words = (str(settings.data_dir), url, str(wishes))
    return await asyncio.create_subprocess_exec(sys.executable, "-c", BOT, *words, stdout=PIPE, cwd=ROOT)


async def killed(process: Process, after_s: float, wishes: int) -> list[str]:
    """What it accepted until it was killed; its workers are gone soon after."""
    assert process.stdout is not None
    accepted = [(await process.stdout.readline()).decode().strip() for _ in range(wishes)]
    await asyncio.sleep(after_s)
    workers = psutil.Process(process.pid).children(recursive=True)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, workers, timeout=10)
    assert alive == []
    return accepted


async def test_whatever_was_accepted_before_the_process_was_killed_is_made_once_after_the_next_start(
    settings: Settings,
) -> None:
    rng, accepted = random.Random(8), []
    for _ in range(2):
        accepted += await killed(await started(settings, 8), rng.uniform(0.05, 0.6), 8)
    began = time.monotonic()
    async with opened(settings, processes=True) as studio:
        waiting = [ticket.job_id for ticket in await studio.pending()]
        assert set(waiting) <= set(accepted)
        await all_made_once(studio, waiting)
        assert time.monotonic() < began + 40  # no lease of the dead was waited for
        for name in accepted:
            assert (await studio._store.jobs.job(name)).state == "done"
            assert (await studio.song(name)).receipt.id == name
    assert folders_in(settings.data_dir) == sorted(f"songs/{name}" for name in accepted)


async def test_a_request_that_kills_the_whole_process_each_time_fails_at_last_and_takes_nobody_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    settings = Settings.read(data_dir=tmp_path / "data", database_url=None)
    async with opened(settings) as studio:
        poison = await asked(studio, "waits for nothing that ever comes", person=1)
        other = await asked(studio, "steps 3", person=2)
    for _ in range(3):  # it dies whenever that one is inside
        program = f"""
import asyncio, os
from engine import Settings
from tests.studio.small_studio import opened, until
async def main():
    from pathlib import Path
    async with opened(Settings.read(data_dir=Path({str(settings.data_dir)!r}), database_url=None)) as studio:
        await until(studio, {poison.job_id!r}, "composing")
        await asyncio.sleep(0.2)
        os.kill(os.getpid(), 9)
asyncio.run(main())
"""
        done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], cwd=ROOT, check=False)
        assert done.returncode == -signal.SIGKILL
    async with opened(settings) as studio:
        last = await last_of(studio, poison.job_id)
        assert (last.phase, last.incident is not None) == ("failed", True)
        assert (await last_of(studio, other.job_id)).phase == "ready"
    assert folders_in(settings.data_dir) == [f"songs/{other.song_id}"]
