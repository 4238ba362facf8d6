"""What the queue promises on every database."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import PIPE
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.errors import BadRequest, NotFound
from engine.store import JobRecord, NewJob, Origin, Queue, Store
from engine.store.turns import ROUND

REQUEST = {"prompt": "chill lofi"}
RECEIPT = {"files": {"audio": "a.mp3"}}
ROOT = Path(__file__).parents[2]


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def queue(store: Store, clock: Clock) -> Queue:
    return Queue(store._database, clock=clock)


def job(number: int, person: int = 1, guild: int | None = 2, kind: str = "compose") -> NewJob:
    origin = Origin(person_id=person, guild_id=guild, channel_id=3, message_id=4)
    return NewJob(id=f"job{number}", kind=kind, payload={"number": number}, origin=origin)


def with_song(number: int, person: int = 1) -> NewJob:
    origin = Origin(person_id=person, guild_id=2)
    return NewJob(
        id=f"job{number}", kind="compose", payload={}, origin=origin, song_id=f"song{number}", request=REQUEST
    )


async def lease_one(queue: Queue, owner: str = "w", **wishes: object) -> JobRecord | None:
    leased = await queue.lease(owner, for_s=60, **wishes)  # type: ignore[arg-type]
    return leased[0] if leased else None


async def order_of(queue: Queue) -> list[str]:
    """Take one after the other until none is left."""
    ids = []
    while (taken := await lease_one(queue)) is not None:
        ids.append(taken.id)
    return ids


async def test_a_job_and_its_song_are_kept_in_one_go(store: Store, queue: Queue, clock: Clock) -> None:
    kept = await queue.enqueue(with_song(1))
    assert (kept.state, kept.attempts, kept.created_at, kept.started_at) == ("queued", 0, clock.now, None)
    assert await queue.job("job1") == kept
    assert (await store.song("song1")).request == REQUEST
    assert await queue.of_song("song1") == (kept,)


async def test_a_job_whose_song_cannot_be_kept_is_not_accepted_either(store: Store, queue: Queue) -> None:
    await store.begin("song1", REQUEST, Origin())
    with pytest.raises(Exception, match=r"(?i)unique"):
        await queue.enqueue(with_song(1))
    with pytest.raises(NotFound, match="job1"):
        await queue.job("job1")


async def test_the_same_id_twice_is_one_job(queue: Queue) -> None:
    first = await queue.enqueue(with_song(1))
    assert await queue.enqueue(with_song(1)) == first
    assert (await queue.counts())["queued"] == 1


async def test_a_job_goes_through_its_stages_to_done(store: Store, queue: Queue, clock: Clock) -> None:
    await queue.enqueue(with_song(1))
    leased = await lease_one(queue, "w1")
    assert leased is not None
    assert (leased.state, leased.attempts, leased.lease_owner) == ("composing", 1, "w1")
    assert (leased.started_at, leased.lease_until) == (clock.now, clock.now + timedelta(seconds=60))
    assert await queue.advance("job1", "w1", "rendering")
    assert await queue.advance("job1", "w1", "delivering", receipt=RECEIPT, let_go=True)
    assert ((await store.song("song1")).status, (await store.song("song1")).receipt) == ("done", RECEIPT)
    delivering = await lease_one(queue, "bot", state="delivering")
    assert delivering is not None
    assert (delivering.id, delivering.attempts) == ("job1", 1)
    await queue.note("job1", reply_id=77)
    assert await queue.finish("job1", "bot")
    done = await queue.job("job1")
    assert (done.state, done.reply_id, done.lease_owner, done.finished_at) == ("done", 77, None, clock.now)
    assert await queue.unfinished() == ()


async def test_where_a_job_is_shown_can_be_said_in_parts(queue: Queue) -> None:
    await queue.enqueue(job(1))
    await queue.note("job1", message_id=9)
    await queue.note("job1")
    assert (await queue.job("job1")).origin == Origin(person_id=1, guild_id=2, channel_id=3, message_id=9)
    with pytest.raises(NotFound):
        await queue.note("nothing", message_id=9)


async def test_a_song_remembers_which_message_shows_it_when_its_job_is_long_gone(store: Store, queue: Queue) -> None:
    await queue.enqueue(with_song(1))
    await queue.note("job1", channel_id=8, message_id=9)
    await queue.note("job1", reply_id=10)
    shown = (await store.song("song1")).origin
    assert (shown.channel_id, shown.message_id) == (8, 9)


async def test_a_failed_job_fails_its_song_and_tells_why(store: Store, queue: Queue) -> None:
    await queue.enqueue(with_song(1))
    await lease_one(queue)
    assert await queue.fail("job1", "w", "the synth \x00 broke", incident="abc")
    failed = await queue.job("job1")
    assert (failed.state, failed.error, failed.incident) == ("failed", "the synth \ufffd broke", "abc")
    assert (await store.song("song1")).status == "failed"


async def test_a_song_that_is_done_stays_done_when_its_delivery_fails(store: Store, queue: Queue) -> None:
    await queue.enqueue(with_song(1))
    await lease_one(queue)
    await queue.advance("job1", "w", "delivering", receipt=RECEIPT)
    assert await queue.fail("job1", "w", "the channel is gone")
    assert (await store.song("song1")).status == "done"


async def test_only_its_owner_moves_a_job(queue: Queue) -> None:
    await queue.enqueue(job(1))
    await lease_one(queue, "w1")
    assert not await queue.advance("job1", "w2", "rendering")
    assert not await queue.finish("job1", "w2")
    assert not await queue.fail("job1", "w2", "no")
    assert await queue.retry("job1", "w2", "no", most_attempts=3) is None
    assert await queue.heartbeat("w2", ["job1"], for_s=9) == frozenset()
    assert (await queue.job("job1")).state == "composing"


async def test_a_beating_heart_keeps_the_lease_and_silence_loses_it(queue: Queue, clock: Clock) -> None:
    await queue.enqueue(job(1))
    await lease_one(queue, "w1")
    clock.sleep(50)
    assert await queue.heartbeat("w1", ["job1", "other"], for_s=60) == {"job1"}
    clock.sleep(50)
    assert (await queue.expire(most_attempts=3)).again == ()
    clock.sleep(11)
    (again,) = (await queue.expire(most_attempts=3)).again
    assert (again.state, again.attempts, again.lease_owner) == ("queued", 1, None)
    assert await queue.heartbeat("w1", ["job1"], for_s=60) == frozenset()
    second = await lease_one(queue, "w2")
    assert second is not None
    assert second.attempts == 2
    assert not await queue.finish("job1", "w1")


async def test_what_kills_its_worker_each_time_fails_alone(store: Store, queue: Queue, clock: Clock) -> None:
    await queue.enqueue(with_song(1))
    await queue.enqueue(with_song(2, person=2))
    for _ in range(3):
        assert (await lease_one(queue, "w1")) is not None
        assert await queue.advance("job1", "w1", "rendering")  # it dies in a later stage, each time
        clock.sleep(61)
        expired = await queue.expire(most_attempts=3)
    assert ([j.id for j in expired.failed], expired.again) == (["job1"], ())
    assert (await store.song("song1")).failure == "its worker fell silent"
    assert await order_of(queue) == ["job2"]


async def test_what_was_being_delivered_is_delivered_by_another_and_not_composed_again(
    queue: Queue, clock: Clock
) -> None:
    await queue.enqueue(with_song(1))
    await lease_one(queue, "w1")
    await queue.advance("job1", "w1", "delivering", receipt=RECEIPT)
    clock.sleep(61)
    (again,) = (await queue.expire(most_attempts=2)).again
    assert again.state == "delivering"
    assert await lease_one(queue) is None
    assert (await lease_one(queue, "w2", state="delivering")) is not None
    assert await queue.finish("job1", "w2")


async def test_a_retried_job_waits_again_until_it_was_tried_often_enough(store: Store, queue: Queue) -> None:
    await queue.enqueue(with_song(1))
    states = []
    for _ in range(2):
        await lease_one(queue)
        kept = await queue.retry("job1", "w", "out of memory", most_attempts=2)
        assert kept is not None
        states.append((kept.state, kept.error))
    assert states == [("queued", "out of memory"), ("failed", "out of memory")]
    assert (await store.song("song1")).status == "failed"


async def test_what_a_stopping_worker_hands_back_keeps_its_place_and_its_tries(queue: Queue) -> None:
    for number in range(3):
        await queue.enqueue(job(number))
    await queue.lease("w1", for_s=60, most=2)
    await queue.advance("job0", "w1", "delivering")
    assert [(j.id, j.state, j.attempts) for j in await queue.hand_back("w1")] == [
        ("job0", "delivering", 0),
        ("job1", "queued", 0),
    ]
    assert await order_of(queue) == ["job1", "job2"]


async def test_a_waiting_job_and_a_running_one_can_be_cancelled_by_whom_they_belong_to(
    store: Store, queue: Queue
) -> None:
    await queue.enqueue(with_song(1))
    await queue.enqueue(with_song(2))
    await lease_one(queue, "w1")
    assert await queue.cancel("job1", person_id=99) is None
    cancelled = await queue.cancel("job1", person_id=1)
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    assert await queue.heartbeat("w1", ["job1"], for_s=60) == frozenset()
    assert not await queue.advance("job1", "w1", "delivering", receipt=RECEIPT)
    assert [j.id for j in await queue.cancel_all(1)] == ["job2"]
    assert [(await store.song(f"song{n}")).failure for n in (1, 2)] == ["it was cancelled"] * 2
    assert await queue.cancel("job1") is None
    assert await lease_one(queue) is None


async def test_a_song_that_is_on_its_way_cannot_be_cancelled(queue: Queue) -> None:
    await queue.enqueue(job(1))
    await lease_one(queue)
    await queue.advance("job1", "w", "delivering")
    assert await queue.cancel("job1", person_id=1) is None


async def test_a_person_may_wait_for_so_many_and_no_more(queue: Queue) -> None:
    await queue.enqueue(job(1), person_limit=2)
    await queue.enqueue(job(2), person_limit=2)
    with pytest.raises(BadRequest, match="2 are the most"):
        await queue.enqueue(job(3), person_limit=2)
    await queue.enqueue(job(4, person=2), person_limit=2)
    await queue.cancel("job1")
    await queue.enqueue(job(3), person_limit=2)


async def test_twenty_wishes_at_once_do_not_slip_past_the_limit(queue: Queue) -> None:
    tried = await asyncio.gather(*(queue.enqueue(job(n), person_limit=5) for n in range(20)), return_exceptions=True)
    assert sum(isinstance(outcome, JobRecord) for outcome in tried) == 5


async def test_people_take_turns_and_servers_within_a_round(queue: Queue) -> None:
    people = [(1, 10), (1, 10), (1, 10), (2, 10), (3, 10), (4, 20)]
    for number, (person, guild) in enumerate(people):
        await queue.enqueue(job(number, person, guild))
    # First round: the three of server 10 and the one of server 20, by turns; then the eager one's others.
    assert await order_of(queue) == ["job0", "job5", "job3", "job4", "job1", "job2"]


async def test_direct_messages_are_a_server_each(queue: Queue) -> None:
    for number, (person, guild) in enumerate([(1, 10), (2, 10), (3, None), (4, None)]):
        await queue.enqueue(job(number, person, guild))
    assert await order_of(queue) == ["job0", "job2", "job3", "job1"]


async def test_a_newcomer_joins_the_round_that_is_served_and_not_the_end_of_the_queue(queue: Queue) -> None:
    for number in range(10):
        await queue.enqueue(job(number))
    for _ in range(4):
        await lease_one(queue)
    await queue.enqueue(job(90, person=2))
    assert await queue.position("job90") == 0
    assert (await order_of(queue))[:3] == ["job90", "job4", "job5"]


async def test_a_regular_gains_nothing_by_asking_again_after_each_song(queue: Queue) -> None:
    for number in range(4):
        await queue.enqueue(job(number, person=1))
    served = []
    await queue.enqueue(job(50, person=2))
    for number in range(51, 55):
        for _ in range(2):
            taken = await lease_one(queue)
            assert taken is not None
            served.append(taken.origin.person_id)
        await queue.enqueue(job(number, person=2))
    assert Counter(served) == {1: 4, 2: 4}


async def test_ever_new_people_do_not_hold_up_somebodys_second_song_for_ever(queue: Queue) -> None:
    await queue.enqueue(job(0, person=0))
    await queue.enqueue(job(1, person=0))
    served: list[str] = []
    for newcomer in range(2, 2 * ROUND):
        await queue.enqueue(job(newcomer, person=newcomer))
        taken = await lease_one(queue)
        assert taken is not None
        served.append(taken.id)
        if taken.id == "job1":
            break
    assert served[-1] == "job1"
    assert len(served) <= ROUND + 2


async def test_what_was_cancelled_before_it_began_costs_nobody_a_turn(queue: Queue) -> None:
    for number in range(20):
        await queue.enqueue(job(number, person=1))
    await queue.cancel_all(1)
    await queue.enqueue(job(50, person=2))
    await queue.enqueue(job(51, person=2))
    await queue.enqueue(job(52, person=1))
    assert await order_of(queue) == ["job50", "job52", "job51"]


async def test_kinds_have_queues_of_their_own(queue: Queue) -> None:
    await queue.enqueue(job(1, kind="transcribe"))
    await queue.enqueue(job(2))
    taken = await lease_one(queue, kinds=("transcribe",))
    assert taken is not None
    assert taken.id == "job1"
    assert await queue.position("job2") == 0
    await queue.enqueue(job(3, kind="train"))
    assert {j.id for j in await queue.lease("w", for_s=1, kinds=("compose", "train"), most=9)} == {"job2", "job3"}


async def test_everybodys_position_is_the_order_in_which_they_are_served(queue: Queue) -> None:
    rng = random.Random(5)
    for number in range(30):
        await queue.enqueue(job(number, person=rng.randrange(6), guild=rng.choice([None, 1, 2])))
    ahead = await queue.ahead()
    assert [await queue.position(name) for name in ahead] == list(range(30))
    assert await order_of(queue) == list(ahead)
    assert await queue.position("job1") is None
    assert await queue.position("nothing") is None
    assert await queue.counts() == {"queued": 0, "composing": 30, "rendering": 0, "delivering": 0}


async def test_many_workers_at_once_get_every_job_once(store: Store) -> None:
    jobs, workers = 120, 24
    await asyncio.gather(*(store.jobs.enqueue(job(n, person=n % 7)) for n in range(jobs)))
    done: list[str] = []

    async def work(owner: str) -> None:
        while leased := await store.jobs.lease(owner, for_s=60, most=1 + len(owner) % 3):
            for taken in leased:
                await asyncio.sleep(0)
                assert await store.jobs.heartbeat(owner, [taken.id], for_s=60)
                assert await store.jobs.finish(taken.id, owner)
                done.append(taken.id)

    await asyncio.gather(*(work("w" * (1 + n % 3) + str(n)) for n in range(workers)))
    assert sorted(done) == sorted(f"job{n}" for n in range(jobs))
    assert await store.jobs.unfinished() == ()


class Bustle:
    """People who ask and cancel, workers who finish, fail and die, and somebody who clears up, all at once."""

    def __init__(self, queue: Queue, total: int) -> None:
        self.queue = queue
        self.total = total
        self.ended: list[str] = []
        self._rng = random.Random(3)

    async def people(self) -> None:
        for number in range(self.total):
            await self.queue.enqueue(job(number, person=number % 5))
            if number % 9 == 8 and (cancelled := await self.queue.cancel(f"job{number - 4}")):
                self.ended.append(cancelled.id)

    async def worker(self, owner: str) -> None:
        while len(self.ended) < self.total:
            for taken in await self.queue.lease(owner, for_s=0.05):
                await self._work_on(taken.id, owner)
            await asyncio.sleep(0.005)

    async def janitor(self) -> None:
        while len(self.ended) < self.total:
            await self.queue.expire(most_attempts=99)
            await asyncio.sleep(0.03)

    async def _work_on(self, job_id: str, owner: str) -> None:
        fate = self._rng.choice(["killed", "fails", "ends", "ends", "ends"])
        if fate == "fails":
            await self.queue.retry(job_id, owner, "again", most_attempts=99)
        elif fate == "ends" and await self.queue.finish(job_id, owner):
            self.ended.append(job_id)


async def test_dying_workers_cancelling_people_and_expiry_at_once_lose_no_job(store: Store) -> None:
    bustle = Bustle(store.jobs, total=60)
    async with asyncio.timeout(40):
        await asyncio.gather(bustle.people(), bustle.janitor(), *(bustle.worker(f"w{n}") for n in range(8)))
    assert await store.jobs.unfinished() == ()
    assert sorted(bustle.ended) == sorted(f"job{n}" for n in range(60))


async def test_workers_in_several_processes_get_every_job_once(store: Store, url: str, tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from engine.store import Store
async def work(store, owner):
    while leased := await store.jobs.lease(owner, for_s=60):
        print(leased[0].id)
        assert await store.jobs.finish(leased[0].id, owner)
async def main(name):
    store = await Store.open({url!r}, Path({str(tmp_path)!r}))
    await asyncio.gather(*(work(store, name + str(n)) for n in range(4)))
    await store.close()
asyncio.run(main(sys.argv[1]))
"""
    for number in range(60):
        await store.jobs.enqueue(job(number, person=number % 7))
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, name, cwd=ROOT, stdout=PIPE)
        for name in ("a", "b", "c")
    ]
    said = [(await process.communicate())[0].decode().split() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0]
    assert sorted(name for names in said for name in names) == sorted(f"job{n}" for n in range(60))


async def test_rows_of_the_past_are_forgotten_and_their_songs_stay(store: Store, queue: Queue, clock: Clock) -> None:
    await queue.enqueue(with_song(1))
    await queue.enqueue(with_song(2))
    await lease_one(queue)
    await queue.advance("job1", "w", "delivering", receipt=RECEIPT)
    await queue.finish("job1", "w")
    clock.sleep(60)
    assert await queue.forget(before=clock.now) == 1
    with pytest.raises(NotFound):
        await queue.job("job1")
    assert (await store.song("song1")).status == "done"
    assert await order_of(queue) == ["job2"]


async def test_jobs_outlive_the_process(store: Store, url: str, tmp_path: Path) -> None:
    kept = await store.jobs.enqueue(with_song(1))
    await store.close()
    again = await Store.open(url, tmp_path)
    assert await again.jobs.unfinished() == (kept,)
    await again.close()
