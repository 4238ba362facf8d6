"""Nobody waits for one eager person: the real queue against what each one's fair share would be.

Songs are served one a tick. Each of ten people has a fair share of a tenth, so a person's k-th waiting song is due
after 10·k ticks at the latest; nobody may wait longer than one and a half times that.
"""

from __future__ import annotations

import asyncio
import shutil
from collections import deque
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.store import NewJob, Origin, Store

PEOPLE = 10
EAGER = 0
EAGER_JOBS = 1000
SLACK = 1.5

Wishes = list[tuple[int, int, int]]  # tick, person, server


def a_job(name: str, person: int, guild: int) -> NewJob:
    return NewJob(id=name, kind="compose", payload={}, origin=Origin(person_id=person, guild_id=guild))


async def fill(store: Store) -> None:
    """The eager person's thousand songs."""
    for number in range(EAGER_JOBS):
        await store.jobs.enqueue(a_job(f"eager{number}", EAGER, 1))


async def serve(store: Store, wishes: Wishes) -> dict[str, int]:
    """How many ticks each wish of the others waited; the eager one's songs are in the queue already."""
    waits: dict[str, int] = {}
    came: dict[str, int] = {}
    pending = deque(sorted(wishes))
    tick = 0
    while len(waits) < len(wishes):
        while pending and pending[0][0] <= tick:
            _, person, guild = pending.popleft()
            name = f"other{len(came)}"
            came[name] = tick
            await store.jobs.enqueue(a_job(name, person, guild))
        (taken,) = await store.jobs.lease("w", for_s=60)
        if taken.id in came:
            waits[taken.id] = tick - came[taken.id]
        await store.jobs.finish(taken.id, "w")
        tick += 1
    return waits


def shares(wishes: Wishes) -> list[int]:
    """When each wish is due at the latest, by the songs of the same person that may be before it."""
    asked: dict[int, int] = {}
    found = []
    for _, person, _ in sorted(wishes):
        asked[person] = asked.get(person, 0) + 1
        found.append(PEOPLE * asked[person])
    return found


def ring(wishes: Wishes) -> list[int]:
    """The same waits in a plain round-robin: whoever has songs stands in a ring, newcomers at its end."""
    pending, ring_of, waits = deque(sorted(wishes)), deque([EAGER]), [0] * len(wishes)
    queues: dict[int, deque[tuple[int, int]]] = {EAGER: deque((-1, 0) for _ in range(EAGER_JOBS))}
    number, tick = 0, 0
    while number < len(wishes) or any(queues[p] for p in ring_of if p != EAGER):
        while pending and pending[0][0] <= tick:
            _, person, _ = pending.popleft()
            queues.setdefault(person, deque()).append((number, tick))
            if person not in ring_of:
                ring_of.append(person)
            number += 1
        person = ring_of.popleft()
        index, at = queues[person].popleft()
        if person != EAGER:
            waits[index] = tick - at
        if queues[person]:
            ring_of.append(person)
        tick += 1
    return waits


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with the eager person's songs, to be copied."""
    path = tmp_path_factory.mktemp("filled") / "db.sqlite"

    async def make() -> None:
        store = await Store.open(f"sqlite:///{path}", path.parent)
        await fill(store)
        await store.close()

    asyncio.run(make())
    return path


wish = st.tuples(st.integers(0, 60), st.integers(1, PEOPLE - 1), st.integers(1, 3))


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(wishes=st.lists(wish, min_size=1, max_size=40))
def test_nobody_waits_longer_than_one_and_a_half_fair_shares(filled: Path, tmp_path: Path, wishes: Wishes) -> None:
    path = tmp_path / "db.sqlite"
    shutil.copy(filled, path)

    async def run() -> dict[str, int]:
        store = await Store.open(f"sqlite:///{path}", tmp_path)
        try:
            return await serve(store, wishes)
        finally:
            await store.close()

    waits = asyncio.run(run())
    path.unlink()
    in_order = [waits[f"other{index}"] for index in range(len(wishes))]
    for waited, share in zip(in_order, shares(wishes), strict=True):
        assert waited <= SLACK * share
    assert sum(in_order) <= SLACK * sum(ring(wishes)) + len(wishes)


async def test_behind_a_thousand_songs_of_one_person_nine_others_are_served_in_turn(store: Store) -> None:
    await fill(store)
    for _ in range(100):
        (taken,) = await store.jobs.lease("w", for_s=60)
        await store.jobs.finish(taken.id, "w")
    wishes = [(5 * round_, person, person % 3) for round_ in range(3) for person in range(1, PEOPLE)]
    waits = await serve(store, wishes)
    in_order = [waits[f"other{index}"] for index in range(len(wishes))]
    assert max(wait / share for wait, share in zip(in_order, shares(wishes), strict=True)) <= SLACK
    assert (await store.jobs.counts())["queued"] > EAGER_JOBS - 150
