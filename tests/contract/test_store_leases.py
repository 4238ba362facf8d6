"""Whose jobs are whose after a death, who brings a finished song, who has still to be told: on every database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from engine.store import Queue, Store
from tests.contract.test_store_queue import RECEIPT, Clock, job, lease_one, with_song


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def queue(store: Store, clock: Clock) -> Queue:
    return Queue(store._database, clock=clock)


async def test_whoever_takes_over_a_dead_owner_s_name_frees_its_jobs_at_once(
    store: Store, queue: Queue, clock: Clock
) -> None:
    for number in range(4):
        await queue.enqueue(with_song(number, person=number))
    await queue.lease("dead", for_s=60, most=3)
    await queue.lease("alive", for_s=60)
    await queue.advance("job1", "dead", "rendering")
    await queue.advance("job2", "dead", "delivering", receipt=RECEIPT)
    assert [job.id for job in await queue.owned("dead")] == ["job0", "job1", "job2"]
    freed = await queue.reclaim("dead", most_attempts=3, incident="abc")
    assert freed.failed == ()
    assert [(job.id, job.state, job.attempts) for job in freed.again] == [
        ("job0", "queued", 1),
        ("job1", "queued", 1),
        ("job2", "delivering", 1),
    ]
    assert await queue.owned("dead") == ()
    assert [job.id for job in await queue.owned("alive")] == ["job3"]


async def test_what_died_with_its_owner_too_often_fails_with_an_incident_but_a_finished_song_never_does(
    store: Store, queue: Queue
) -> None:
    await queue.enqueue(with_song(1))
    await queue.enqueue(with_song(2, person=2))
    for _ in range(3):
        assert len(await queue.lease("w", for_s=60, most=9)) >= 1
        await queue.advance("job2", "w", "delivering", receipt=RECEIPT)
        freed = await queue.reclaim("w", most_attempts=3, incident="abc")
    assert [(job.id, job.incident) for job in freed.failed] == [("job1", "abc")]
    assert (await store.song("song1")).failure == "the process that had it died"
    for _ in range(4):
        assert (await queue.take("job2", "w", for_s=60)) is not None
        assert (await queue.reclaim("w", most_attempts=1)).failed == ()
    assert (await queue.job("job2")).state == "delivering"


async def test_a_song_that_waits_for_its_delivery_is_taken_by_one(queue: Queue) -> None:
    await queue.enqueue(with_song(1))
    assert await queue.take("job1", "bot", for_s=60) is None
    await lease_one(queue)
    await queue.advance("job1", "w", "delivering", receipt=RECEIPT, let_go=True)
    takers = [f"bot{n}" for n in range(6)]
    taken = await asyncio.gather(*(queue.take("job1", owner, for_s=60) for owner in takers))
    (winner,) = [job.lease_owner for job in taken if job is not None]
    assert winner is not None
    assert await queue.take("job1", winner, for_s=60) is not None
    assert await queue.finish("job1", winner)
    assert await queue.take("job1", winner, for_s=60) is None
    assert await queue.take("nothing", winner, for_s=60) is None


async def test_jobs_of_which_somebody_has_still_to_hear_are_pending(queue: Queue, clock: Clock) -> None:
    for number in range(5):
        await queue.enqueue(job(number, person=number))
        clock.sleep(1)
    await queue.enqueue(job(9, kind="teach"))
    await queue.lease("w", for_s=60, most=3)
    await queue.fail("job0", "w", "broken", incident="abc")
    await queue.advance("job1", "w", "delivering")
    await queue.finish("job1", "w")
    await queue.cancel("job3")
    assert [pending.id for pending in await queue.pending()] == ["job0", "job2", "job3", "job4"]
    clock.sleep(5)
    for name in ("job0", "job3", "job4", "nothing"):
        await queue.told(name)
    assert [pending.id for pending in await queue.pending()] == ["job2", "job4"]
    first = (await queue.job("job0")).told_at
    clock.sleep(5)
    await queue.told("job0")
    assert (await queue.job("job0")).told_at == first == clock.now - timedelta(seconds=5)
    assert (await queue.job("job4")).told_at is None


async def test_what_is_tried_too_often_keeps_the_incident_of_its_last_try(queue: Queue) -> None:
    await queue.enqueue(job(1))
    incidents = []
    for incident in ("one", "two"):
        await lease_one(queue)
        kept = await queue.retry("job1", "w", "died", most_attempts=2, incident=incident)
        assert kept is not None
        incidents.append((kept.state, kept.incident))
    assert incidents == [("queued", None), ("failed", "two")]
