"""The database goes away while songs are made, the disk is full, one person asks a thousand times: all for real."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from engine import Settings, errors
from tests.contract.postgres import PostgresServer, running_server
from tests.studio.small_studio import ROOT, all_made_once, asked, eventually, opened, updates_of


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, for it is stopped."""
    with running_server() as server:
        yield server


@pytest.mark.parametrize("away_s", [2.0, pytest.param(20.0, marks=pytest.mark.slow)])
async def test_a_database_that_goes_away_costs_time_and_no_song(
    server: PostgresServer, tmp_path: Path, away_s: float
) -> None:
    settings = Settings.read(data_dir=tmp_path / "data", database_url=server.fresh_url(), person_limit=100)
    async with opened(settings, at_once=3) as studio:
        prompts = ["chill lofi", "steps 60", "steps 120", "steps 150", "", "breaks", "steps 20", "steps 20"]
        tickets = [await asked(studio, prompt, person=n) for n, prompt in enumerate(prompts)]
        watching = [asyncio.create_task(updates_of(studio, ticket.job_id)) for ticket in tickets]
        await eventually(lambda: studio.state().working == 3)
        await asyncio.to_thread(server.stop)
        stopped = monotonic()
        with pytest.raises(errors.StoreError):
            await asked(studio, "too late")
        assert monotonic() < stopped + 12
        await eventually(lambda: studio.state().database is not None)
        await asyncio.sleep(max(0.0, away_s - (monotonic() - stopped)))
        await asyncio.to_thread(server.start)
        heard = await asyncio.wait_for(asyncio.gather(*watching), 60)
        last = [updates[-1].phase for updates in heard]
        assert last == ["ready"] * 4 + ["failed"] * 2 + ["ready"] * 2
        assert all(updates[-1].phase not in [update.phase for update in updates[:-1]] for updates in heard)
        rows = [await studio._store.jobs.job(ticket.job_id) for ticket in tickets]
        assert [row.state for row in rows] == ["done"] * 4 + ["failed"] * 2 + ["done"] * 2
        await all_made_once(studio, [(await asked(studio, "and on it goes")).job_id])
        await eventually(lambda: studio.state().database is None)


async def test_a_thousand_requests_of_one_person_are_refused_but_for_the_first_and_delay_nobody(
    tmp_path: Path,
) -> None:
    settings = Settings.read(data_dir=tmp_path / "data", database_url=None, person_limit=5)
    gate = tmp_path / "gate"
    async with opened(settings) as studio:
        began = monotonic()
        asking = [asked(studio, f"waits for {gate}", person=1) for _ in range(1000)]
        answers = await asyncio.gather(*asking, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, errors.BadRequest)]
        accepted = [answer.job_id for answer in answers if not isinstance(answer, BaseException)]
        assert (len(accepted), len(refused)) == (5, 995)
        assert {str(answer) for answer in refused} == {
            "You wait for 5 songs already, and 5 are the most; wait for one, or cancel one."
        }
        assert monotonic() < began + 20
        other = await asked(studio, "steps 5", person=2)
        assert (await updates_of(studio, other.job_id))[-1].phase == "ready"
        gate.touch()
        await all_made_once(studio, accepted)


async def test_where_one_person_may_have_a_thousand_songs_others_wait_for_one_of_them_at_most(
    tmp_path: Path,
) -> None:
    settings = Settings.read(data_dir=tmp_path / "data", database_url=None, person_limit=1000)
    async with opened(settings, at_once=1) as studio:
        many = [(await asked(studio, "steps 5", person=1)).job_id for _ in range(300)]
        others = [(await asked(studio, "steps 5", person=n)).job_id for n in range(2, 7)]
        await asyncio.gather(*(updates_of(studio, name) for name in others))
        await studio.cancel_all(1)
        rows = [await studio._store.jobs.job(name) for name in [*many, *others]]
        asked_at = [row.created_at for row in rows[300:]]
        last = max(row.started_at for row in rows[300:] if row.started_at is not None)
        between = sum(row.started_at is not None and max(asked_at) < row.started_at < last for row in rows[:300])
        assert between <= len(others) + 1  # one a round, and the one that was in hand
        assert studio.state().totals["cancelled"] >= 200


FULL = """
import asyncio, json, sys
from pathlib import Path
from engine import Settings, errors
from tests.studio.small_studio import asked, eventually, folders_in, last_of, opened

async def main(disk):
    settings = Settings.read(data_dir=disk / "data", database_url=None, person_limit=100)
    filler, told = disk / "filler", {}
    async with opened(settings, loudness=20_000) as studio:
        told["before"] = (await last_of(studio, (await asked(studio, "a")).job_id)).phase
        gate = disk / "gate"
        inside = await asked(studio, f"waits for {gate}")
        await eventually(lambda: studio.state().working == 1)
        gate.touch()
        with filler.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError as error:
                told["filled"] = error.strerror
        watching = asyncio.create_task(last_of(studio, inside.job_id))
        try:
            await asked(studio, "no room for a row " * 500)
            told["refused"] = None
        except errors.StoreError as error:
            told["refused"] = str(error)
        await asyncio.sleep(1)
        filler.unlink()
        last = await watching
        told["inside"] = [last.phase, last.incident]
        told["after"] = (await last_of(studio, (await asked(studio, "b")).job_id)).phase
        told["pending"] = len(await studio.pending())
    told["scratch"] = [name for name in folders_in(settings.data_dir) if name.startswith("scratch")]
    print(json.dumps(told))

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_full_disk_is_told_and_when_there_is_room_again_work_goes_on(tmp_path: Path) -> None:
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("unshare, which gives this test a small disk of its own, is missing")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = f"mount -t tmpfs -o size=4m none '{disk}'"
    tried = subprocess.run([unshare, "-rm", "sh", "-c", mount], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"a small disk cannot be made here: {tried.stderr.strip()}")
    program = f"{mount} && exec '{sys.executable}' -c '{FULL}' '{disk}'"
    done = subprocess.run(
        [unshare, "-rm", "sh", "-c", program], capture_output=True, text=True, check=False, cwd=ROOT, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    assert (told["before"], told["filled"], told["after"]) == ("ready", "No space left on device", "ready")
    assert "database" in told["refused"]
    phase, incident = told["inside"]
    assert (phase, incident) == ("ready", None) or (phase == "failed" and incident is not None)
    assert (told["pending"], told["scratch"]) == (0, [])
