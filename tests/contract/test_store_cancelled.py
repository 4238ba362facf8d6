"""Whoever is cancelled in the middle of a transaction leaves no lock behind."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from engine.store import NewJob, Origin, Store


def is_free(path: Path) -> bool:
    """Whether somebody else could write now."""
    with closing(sqlite3.connect(path, timeout=1.0, isolation_level=None)) as other:
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        other.execute("ROLLBACK")
        return True


async def test_a_cancelled_writer_lets_go_of_the_database_while_its_traceback_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "tunesmith.db"
    store = await Store.open(f"sqlite+aiosqlite:///{path}", tmp_path)
    kept: list[asyncio.Task[object]] = []
    for number in range(40):
        new = NewJob(id=f"job{number}", kind="compose", payload={}, origin=Origin(person_id=number))
        writer = asyncio.create_task(store.jobs.enqueue(new))
        await asyncio.sleep(number * 0.0005)
        writer.cancel()
        await asyncio.wait({writer})
        kept.append(writer)
        assert await asyncio.to_thread(is_free, path)
    await store.close()


async def test_whoever_is_cancelled_twice_leaves_nothing_that_never_ends(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'tunesmith.db'}", tmp_path)
    before = asyncio.all_tasks()

    async def ask() -> None:
        while True:
            await store.jobs.counts()

    for number in range(60):
        asking = asyncio.create_task(ask())
        for turns in (number, number % 7):
            for _ in range(turns):
                await asyncio.sleep(0)
            asking.cancel()
        await asyncio.wait({asking})
    left = asyncio.all_tasks() - before
    if left:
        _, left = await asyncio.wait(left, timeout=5.0)
    assert not left
    await store.close()
