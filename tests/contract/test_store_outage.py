"""What happens while the PostgreSQL server is away, and after."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.errors import SetupError, StoreError
from engine.store import NewJob, Origin, Store
from tests.contract.postgres import PostgresServer, running_server

REQUEST = {"prompt": "chill lofi"}
AWAY_S = 3.0


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of this test's own, for it is stopped."""
    with running_server() as server:
        yield server


def one(number: int) -> NewJob:
    return NewJob(id=f"job{number}", kind="compose", payload={}, song_id=f"song{number}", request=REQUEST)


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_a_server_that_goes_and_comes_back_is_said_so_and_used_again(
    server: PostgresServer, tmp_path: Path, mode: str
) -> None:
    store = await Store.open(server.fresh_url(), tmp_path)
    await asyncio.gather(*(store.jobs.enqueue(one(number)) for number in range(8)))  # fills the pool of connections
    await asyncio.to_thread(server.stop, mode)
    stopped = time.monotonic()
    while time.monotonic() < stopped + AWAY_S:
        for attempt in (
            store.song("song1"),
            store.press("song1", person_id=1, value=1),
            store.jobs.enqueue(one(99)),
            store.jobs.lease("w", for_s=9),
            store.jobs.counts(),
        ):
            before = time.monotonic()
            with pytest.raises(StoreError, match="The database cannot be reached") as told:
                await attempt
            assert "\n" not in str(told.value)
            assert time.monotonic() < before + 6
        await asyncio.sleep(0.3)
    await asyncio.to_thread(server.start)
    counts = await asyncio.gather(*(store.jobs.counts() for _ in range(12)))
    assert {count["queued"] for count in counts} == {8}
    assert (await store.song("song1")).status == "composing"
    await store.close()


async def test_what_was_accepted_outlives_a_crash_of_the_server_and_nothing_is_there_in_half(
    server: PostgresServer, tmp_path: Path
) -> None:
    store = await Store.open(server.fresh_url(), tmp_path)
    stopping = asyncio.create_task(asyncio.to_thread(server.stop))
    accepted = []
    for number in range(10_000):
        try:
            await store.jobs.enqueue(one(number))
        except StoreError:
            break
        accepted.append(f"job{number}")
    await stopping
    await asyncio.to_thread(server.start)
    kept = await store.jobs.unfinished()
    # The last one's answer may have been lost on the way; whoever asks again with its id gets the same job.
    assert [job.id for job in kept][: len(accepted)] == accepted
    assert len(kept) <= len(accepted) + 1
    for job in kept:
        assert (await store.song(job.song_id or "")).status == "composing"
    await store.close()


async def test_a_server_that_is_not_there_at_the_start_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"database postgresql://me:\*\*\*@127.0.0.1:9/songs cannot be opened"):
        await Store.open("postgresql://me:hunter2@127.0.0.1:9/songs", tmp_path)
    with pytest.raises(SetupError, match="cannot be opened"):
        await Store.open(f"postgresql://me@/songs?host={tmp_path}", tmp_path)


async def test_waiters_are_told_when_no_connection_comes_free(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.store.database.CONNECT_S", 0.3)
    store = await Store.open(server.fresh_url(), tmp_path)
    everything = store._database
    held = [everything.reading() for _ in range(15)]  # SQLAlchemy's pool: five, and ten more at need
    for connection in held:
        await connection.__aenter__()
    with pytest.raises(StoreError, match="too busy"):
        await store.jobs.counts()
    for connection in held:
        await connection.__aexit__(None, None, None)
    assert await store.jobs.unfinished(person_id=Origin().person_id) == ()
    await store.close()
