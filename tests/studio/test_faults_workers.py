"""Workers that are really killed: what was accepted is made all the same, and what kills its worker fails alone."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from engine import Settings, Studio
from tests.studio.small_studio import ROOT, all_made_once, asked, eventually, folders_in, last_of, opened, until


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("engine.dispatch.stages.PAUSES_S", (0.05,))
    return Settings.read(data_dir=tmp_path / "data", database_url=None, person_limit=100)


async def loaded(studio: Studio) -> None:
    await eventually(lambda: all(lane.alive == lane.wanted for lane in studio.state().lanes))


def pids(studio: Studio, lane: str) -> tuple[int, ...]:
    return next(state.pids for state in studio.state().lanes if state.name == lane)


async def test_a_composing_worker_killed_with_many_songs_inside_costs_none_of_them(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, processes=True, at_once=8) as studio:
        await loaded(studio)
        names = [(await asked(studio, f"waits for {gate}", person=n)).job_id for n in range(8)]
        names.append((await asked(studio, "chill lofi", person=9)).job_id)
        await eventually(lambda: studio.state().lanes[0].running == 8)
        (pid,) = pids(studio, "compose")
        watching = asyncio.create_task(all_made_once(studio, names))
        os.kill(pid, signal.SIGKILL)
        await eventually(lambda: studio.state().totals.get("retried") == 8)
        gate.touch()
        await watching
        assert pids(studio, "compose") != (pid,)
        company = [(await studio.song(name)).receipt.measured["company"] for name in names[:8]]
        assert company == [1] * 8  # each was tried again alone
        assert {(await studio._store.jobs.job(name)).attempts for name in names} == {1}  # of their delivery
        assert studio.state().totals["done"] == 9
    assert folders_in(settings.data_dir) == sorted(f"songs/{name}" for name in names)


async def test_a_recording_worker_that_is_killed_costs_its_song_nothing_but_time(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, processes=True, renderers=2) as studio:
        await loaded(studio)
        names = [(await asked(studio, f"records at {gate}", person=n)).job_id for n in range(2)]
        for name in names:
            await until(studio, name, "rendering")
        await eventually(lambda: studio.state().lanes[1].running == 2)
        for pid in pids(studio, "record"):
            os.kill(pid, signal.SIGKILL)
        gate.touch()
        await all_made_once(studio, names)
        assert studio.state().totals.get("retried", 0) == 0  # composed once
        assert studio.state().lanes[1].restarts == 2
    assert folders_in(settings.data_dir) == sorted(f"songs/{name}" for name in names)


async def test_a_poisoned_request_fails_alone_after_its_tries_while_seven_others_are_made(settings: Settings) -> None:
    async with opened(settings, processes=True, at_once=8) as studio:
        await loaded(studio)
        others = [(await asked(studio, "steps 20", person=n)).job_id for n in range(4)]
        poison = await asked(studio, "dies", person=50)
        others += [(await asked(studio, "steps 20", person=n)).job_id for n in range(4, 7)]
        last = await last_of(studio, poison.job_id)
        assert (last.phase, last.song) == ("failed", None)
        assert last.incident is not None
        await all_made_once(studio, others)
        row = await studio._store.jobs.job(poison.job_id)
        assert (row.attempts, row.incident) == (3, last.incident)
        assert "status 3" in (row.error or "")
        assert studio.state().lanes[0].restarts == 3
    assert folders_in(settings.data_dir) == sorted(f"songs/{name}" for name in others)


async def test_a_request_that_kills_whoever_records_it_fails_alone_too(settings: Settings) -> None:
    async with opened(settings, processes=True, renderers=2) as studio:
        poison = await asked(studio, "dies recording")
        others = [(await asked(studio, "chill lofi", person=n)).job_id for n in range(5)]
        last = await last_of(studio, poison.job_id)
        assert last.incident is not None
        await all_made_once(studio, others)
        assert studio.state().lanes[1].restarts == 3
        await eventually(lambda: not any(poison.song_id in name for name in folders_in(settings.data_dir)))


async def test_whoever_died_of_bad_luck_is_made_at_the_second_try(settings: Settings, tmp_path: Path) -> None:
    async with opened(settings, processes=True) as studio:
        names = [
            (await asked(studio, f"dies once {tmp_path / 'a'}")).job_id,
            (await asked(studio, f"dies recording once {tmp_path / 'b'}")).job_id,
        ]
        await all_made_once(studio, names)
