"""A studio whose workers are small, and what tests want of it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from engine import ComposeRequest, Origin, Settings, Studio, Ticket, Update
from engine.dispatch.lanes import config_of
from engine.jobs import InlineExecutor, LocalExecutor
from tests.studio.small_composer import small_lanes

ROOT = Path(__file__).parents[2]
ORIGIN = Origin(person_id=1, guild_id=2, channel_id=3, message_id=4)
HALF_MINUTE_S = 30.0


@asynccontextmanager
async def opened(
    settings: Settings, *, processes: bool = False, grace_s: float = 0.0, loudness: int = 1, **lanes: Any
) -> AsyncIterator[Studio]:
    """A studio with small workers, in threads or in processes; `lanes`: see `small_lanes`; `loudness`: how large audio
    files are, in fives of bytes.
    """
    kind = LocalExecutor if processes else InlineExecutor
    executor = kind(small_lanes(**lanes), config_of(settings) | {"loudness": loudness})
    studio = await Studio.open(settings, executor=executor)
    try:
        yield studio
    finally:
        await studio.close(grace_s=grace_s)


async def asked(studio: Studio, prompt: str, *, person: int = 1, **wishes: Any) -> Ticket:
    """Accept a wish."""
    return await studio.accept(ComposeRequest(prompt=prompt, **wishes), origin=Origin(person_id=person, guild_id=2))


async def updates_of(studio: Studio, job_id: str) -> list[Update]:
    """All that a watcher hears; who hears of a song says that it was delivered, who hears of none, that they know."""
    async with asyncio.timeout(HALF_MINUTE_S):
        heard = [update async for update in studio.watch(job_id)]
    if heard and heard[-1].phase == "ready":
        assert await studio.delivered(job_id, reply_id=77)
    elif heard and heard[-1].phase in ("failed", "cancelled"):
        await studio.told(job_id)
    return heard


async def last_of(studio: Studio, job_id: str) -> Update:
    """The last word on a job."""
    return (await updates_of(studio, job_id))[-1]


async def until(studio: Studio, job_id: str, phase: str) -> Update:
    """The first update of this phase."""
    async with asyncio.timeout(HALF_MINUTE_S):
        async for update in studio.watch(job_id):
            if update.phase == phase:
                return update
    raise AssertionError(f"{job_id} never was {phase}")


async def eventually(is_so: Callable[[], bool], *, for_s: float = HALF_MINUTE_S) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(for_s):
        while not is_so():  # noqa: ASYNC110 (what is looked at tells nobody)
            await asyncio.sleep(0.01)


def rows_of(settings: Settings) -> dict[str, Mapping[str, Any]]:
    """All jobs of an SQLite database by id, read past the studio."""
    with closing(sqlite3.connect(settings.data_dir / "tunesmith.db")) as connection:
        connection.row_factory = sqlite3.Row
        return {row["id"]: dict(row) for row in connection.execute("SELECT * FROM jobs ORDER BY created_at, id")}


async def all_made_once(studio: Studio, job_ids: Sequence[str]) -> None:
    """Every one of these is ready, is told so once, and lies there; nothing else does."""
    for job_id in job_ids:
        updates = await updates_of(studio, job_id)
        assert [update.phase for update in updates].count("ready") == 1, updates[-1]
        assert updates[-1].song is not None
        assert updates[-1].song.audio.read_bytes().startswith(b"sound")
        assert (await studio._store.jobs.job(job_id)).state == "done"
    assert await studio.pending() == ()


def folders_in(data: Path) -> list[str]:
    """Where songs lie, half-made ones too."""
    return sorted(f"{path.parent.name}/{path.name}" for kind in ("scratch", "songs") for path in data.glob(f"{kind}/*"))
