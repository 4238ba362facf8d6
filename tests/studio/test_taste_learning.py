"""Learning from votes: in a worker, soon but not at every vote, never lost, never twice."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import ComposeRequest, Origin, Settings, Studio
from engine.dispatch.parcel import packed, unpacked
from engine.errors import JobError
from engine.taste import worker
from tests.studio.small_studio import eventually, last_of, opened

HERE, ELSEWHERE, ALONE = Origin(person_id=1, guild_id=2), Origin(person_id=1, guild_id=7), Origin(person_id=9)
VOTERS = range(10, 15)
Ballots = list[Mapping[str, Any]]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Homes rest no longer than they have to."""
    monkeypatch.setattr("engine.dispatch.taster.REST", 0.0)


@pytest.fixture
def ballots(monkeypatch: pytest.MonkeyPatch) -> Ballots:
    """What was learnt from, and by which thread."""
    learn, seen = worker.learn_job, Ballots()

    def learn_job(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        seen.append({**payload, "thread": threading.current_thread().name})
        return learn(payload)

    monkeypatch.setattr(worker, "learn_job", learn_job)
    return seen


@pytest.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    async with opened(settings) as studio:
        yield studio


async def a_song(studio: Studio, origin: Origin = HERE) -> str:
    return (await studio.compose(ComposeRequest(prompt="steps 1"), origin=origin)).id


async def vote(studio: Studio, song_id: str, people: range = VOTERS) -> None:
    for person in people:
        await studio.vote(song_id, person_id=person, value=1)


async def learnt(studio: Studio, times: int = 1) -> None:
    """Wait until something was learnt so often."""
    await eventually(lambda: studio.state().totals.get("learnt", 0) >= times)


async def votes_learnt(studio: Studio, origin: Origin = HERE) -> int:
    return (await studio.taste.report(origin=origin)).votes


async def test_enough_votes_are_learnt_from_at_once_in_a_worker(studio: Studio, ballots: Ballots) -> None:
    song_id = await a_song(studio)
    await vote(studio, song_id, range(10, 14))
    assert await studio.vote(song_id, person_id=1, value=1)  # their own song: counts for nothing, but is new
    await learnt(studio)
    assert await votes_learnt(studio) == 4
    (ballot,) = ballots
    assert ballot["thread"] == "tunesmith-job"
    assert (ballot["home"], len(ballot["votes"]), ballot["is_private"]) == (2, 5, False)
    (row,) = (await studio._store.taste.tastes(2)).values()
    assert (row.style, row.version, row.votes) == ("lofi", 1, 4)


async def test_few_votes_wait_until_nobody_has_voted_for_a_while(
    studio: Studio, ballots: Ballots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.dispatch.taster.QUIET_S", 0.1)
    song_id = await a_song(studio)
    await vote(studio, song_id, range(10, 12))
    await eventually(lambda: bool(studio._taster._pending))
    assert not ballots
    await learnt(studio)
    assert len(ballots) == 1
    assert await votes_learnt(studio) == 2


async def test_what_was_learnt_is_not_learnt_again_until_somebody_votes_or_withdraws(
    studio: Studio, ballots: Ballots
) -> None:
    song_id = await a_song(studio)
    await vote(studio, song_id)
    await learnt(studio)
    assert await studio._taster.learn(2) is None
    studio._taster._marks.clear()
    assert await studio._taster.learn(2) is None, "the mark is kept with what was learnt"
    assert len(ballots) == 1
    await studio.vote(song_id, person_id=10, value=1)
    assert await studio._taster.learn(2) == 1
    assert await votes_learnt(studio) == 4


async def test_what_a_dead_process_had_in_mind_is_learnt_after_the_next_start(
    settings: Settings, ballots: Ballots, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(settings) as studio:
        song_id, other = await a_song(studio), await a_song(studio, ELSEWHERE)
        await vote(studio, other)
        await learnt(studio)
        await vote(studio, song_id, range(10, 13))
    assert [ballot["home"] for ballot in ballots] == [7]
    monkeypatch.setattr("engine.dispatch.taster.QUIET_S", 0.0)
    async with opened(settings) as studio:
        await learnt(studio)
        assert await votes_learnt(studio) == 3
        assert [ballot["home"] for ballot in ballots] == [7, 2], "and nothing that was learnt already"


async def test_of_two_who_learn_the_same_at_once_one_is_kept(settings: Settings) -> None:
    async with opened(settings) as one, opened(settings) as two:
        song_id = await a_song(one)
        for person in VOTERS:
            await one._store.press(song_id, person_id=person, value=1)
        await asyncio.gather(one._taster.learn(2), two._taster.learn(2))
        (row,) = (await one._store.taste.tastes(2)).values()
        assert (row.version, row.votes) == (1, 5)


async def test_a_learning_that_failed_is_tried_again(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.dispatch.taster.RETRY_S", 0.05)
    learn, tries = worker.learn_job, []

    def breaks_once(payload: Mapping[str, Any]) -> Mapping[str, Any]:
        tries.append(1)
        if len(tries) == 1:
            raise JobError("It broke.")
        return learn(payload)

    monkeypatch.setattr(worker, "learn_job", breaks_once)
    await vote(studio, await a_song(studio))
    await learnt(studio, 2)
    assert await votes_learnt(studio) == 5


async def test_a_busy_home_rests_and_others_do_not_wait_for_it(
    studio: Studio, ballots: Ballots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.dispatch.taster.REST", 1e6)
    song_id, other = await a_song(studio), await a_song(studio, ELSEWHERE)
    await vote(studio, song_id)
    await learnt(studio)
    await vote(studio, song_id, range(20, 30))
    await vote(studio, other)
    await learnt(studio, 2)
    assert [ballot["home"] for ballot in ballots] == [2, 7]


async def test_voided_votes_are_learnt_without_and_come_back(studio: Studio) -> None:
    await vote(studio, await a_song(studio))
    await learnt(studio)
    await studio.taste.void(10, origin=HERE, reason="a ring")
    await learnt(studio, 2)
    assert await votes_learnt(studio) == 4
    audit = await studio.taste.audit(origin=HERE)
    assert [(void.person_id, void.by, void.reason) for void in audit.voids] == [(10, 1, "a ring")]
    assert {voter.person_id for voter in audit.voters if voter.is_void} == {10}
    assert await studio.taste.restore(10, origin=HERE)
    assert not await studio.taste.restore(10, origin=HERE)
    await eventually_learnt(studio, 5)


async def test_who_is_forgotten_leaves_no_trace_in_what_is_learnt_next(studio: Studio) -> None:
    song_id = await a_song(studio)
    await vote(studio, song_id)
    assert await studio.taste.favourite(song_id, origin=Origin(person_id=10, guild_id=2))
    await learnt(studio)
    gone = await studio.taste.forget_me(10)
    assert (gone.votes, gone.answers, gone.favourites) == (1, 0, 1)
    await eventually_learnt(studio, 4)
    for person in VOTERS:
        await studio.taste.forget_me(person)
    await eventually_learnt(studio, 0)
    assert await studio._store.taste.tastes(2) == {}, "who likes nothing has no taste"


async def eventually_learnt(studio: Studio, votes: int) -> None:
    async with asyncio.timeout(20):
        while await votes_learnt(studio) != votes:  # noqa: ASYNC110 (what is looked at tells nobody)
            await asyncio.sleep(0.01)


async def test_nothing_of_a_home_reaches_another_unless_it_is_shared(studio: Studio, ballots: Ballots) -> None:
    await vote(studio, await a_song(studio))
    await vote(studio, await a_song(studio, ELSEWHERE))
    await learnt(studio, 2)
    assert all(ballot["shared"] == [] for ballot in ballots)
    assert {song["person_id"] for ballot in ballots for song in ballot["songs"]} == {1}
    assert [len(ballot["votes"]) for ballot in ballots] == [5, 5]
    await studio.taste.switch("share", True, origin=ELSEWHERE)
    await vote(studio, await a_song(studio))
    await learnt(studio, 3)
    assert [shared["home"] for shared in ballots[-1]["shared"]] == [7]
    await vote(studio, await a_song(studio, ELSEWHERE))
    await learnt(studio, 4)
    assert ballots[-1]["shared"] == [], "who shares gets nothing of those that do not"


async def test_alone_with_the_bot_ones_own_votes_count_for_oneself(studio: Studio, ballots: Ballots) -> None:
    for _ in range(5):
        await studio.vote(await a_song(studio, ALONE), person_id=9, value=1)
    await learnt(studio)
    assert (ballots[0]["home"], ballots[0]["is_private"]) == (9, True)
    assert await votes_learnt(studio, ALONE) == 5
    assert await votes_learnt(studio, Origin(person_id=9, guild_id=2)) == 0


# -- what is composed with it --------------------------------------------------------------------------------------


async def tastes_of(studio: Studio, origin: Origin) -> Mapping[str, Any]:
    """What the composing worker was told of the home's taste."""
    ticket = await studio.accept(ComposeRequest(prompt="steps 1"), origin=origin)
    song = (await last_of(studio, ticket.job_id)).song
    assert song is not None
    tastes: Mapping[str, Any] = (song.receipt.measured["guild"] or {}).get("tastes", {})
    return tastes


async def test_songs_are_composed_with_their_homes_taste_as_far_as_its_switches_let_it(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="steps 1", key="seed-1"), origin=HERE)
    await vote(studio, song.id)
    await learnt(studio)
    told = await tastes_of(studio, HERE)
    assert told["lofi"]["seeds"] == {
        "seed-1": {"up": pytest.approx(told["lofi"]["seeds"]["seed-1"]["up"]), "down": 0.0}
    }
    assert told["lofi"]["version"] == 1
    assert await tastes_of(studio, ELSEWHERE) == {}
    assert await tastes_of(studio, ALONE) == {}
    await studio.taste.switch("seeds", False, origin=HERE)
    assert (await tastes_of(studio, HERE))["lofi"]["seeds"] == {}
    for name in ("plans", "candidates"):
        report = await studio.taste.switch(name, False, origin=HERE)
    assert [report.switches[name] for name in ("seeds", "plans", "candidates", "canary")] == [False] * 3 + [True]
    assert await tastes_of(studio, HERE) == {}


async def test_a_song_keeps_the_version_of_the_taste_that_it_was_accepted_with(studio: Studio, tmp_path: Path) -> None:
    song_id = await a_song(studio)
    await vote(studio, song_id)
    await learnt(studio)
    gate = tmp_path / "gate"
    for _ in range(8):
        await studio.accept(ComposeRequest(prompt=f"waits for {gate}"), origin=Origin(guild_id=3))
    waiting = await studio.accept(ComposeRequest(prompt="steps 1"), origin=HERE)
    row = await studio._store.jobs.job(waiting.job_id)
    assert row.payload["taste"] == {"versions": {"lofi": 1}, "movers": ["seeds", "plans", "candidates"]}
    await vote(studio, song_id, range(20, 25))
    await learnt(studio, 2)
    gate.touch()
    song = (await last_of(studio, waiting.job_id)).song
    assert song is not None
    assert song.receipt.taste == {"lofi": 1}
    assert (await tastes_of(studio, HERE))["lofi"]["version"] == 2


def test_a_ballot_comes_out_of_its_parcel_as_it_went_in() -> None:
    plain = {"home": 2, "votes": [{"song_id": "a", "person_id": 2**60, "value": -1}], "songs": []}
    for ballot in (plain, {}, {"one": []}, {"ä": "ö", "n": None, "list": [1, [2.5, {"x": True}]]}):
        assert unpacked(packed(ballot)) == ballot
    for payload in ({}, {"ballot": "not base64"}, {"ballot": "YWJj"}, {"ballot": 7}):
        with pytest.raises(JobError, match="unpacked"):
            unpacked(payload)
