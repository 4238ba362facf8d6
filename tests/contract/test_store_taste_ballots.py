"""What the store promises of all that was said: to learn from, to hand out, to erase; on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.store import HOME, Answer, NewDuel, NewTaste, Origin, PersonVotes, Store, Switches, VoteValue
from engine.store.taste_ballots import AT_ONCE
from engine.taste.ballot import heard_song

GUILD, OTHER, MAKER = 10**17, 10**17 + 1, 2**62
IN_GUILD = Origin(person_id=MAKER, guild_id=GUILD, channel_id=3)
ELSEWHERE = Origin(person_id=MAKER, guild_id=OTHER)
ALONE = Origin(person_id=MAKER)
RECEIPT: dict[str, Any] = {
    "style": "lofi", "title": "♪", "prompt": "chill \x00", "seed": 5, "primer": "seed7",
    "model": {"version": "v1", "server_models": "m1"},
    "features": {"plan": {"tempo": 6.5}, "song": {"density": 3.0}}, "taste": {"lofi": 2},
    "measured": {"lufs": -14.0}, "files": {"audio": "a.mp3"},
}  # fmt: skip


async def song(store: Store, song_id: str, origin: Origin = IN_GUILD) -> None:
    """A finished song."""
    await store.begin(song_id, {"prompt": "♪"}, origin)
    await store.finish(song_id, RECEIPT | {"id": song_id})


async def duel(store: Store, duel_id: str, origin: Origin, answers: dict[int, Answer], *, reveal: bool = True) -> None:
    """A duel of two songs of its own."""
    for side in ("l", "r"):
        await song(store, duel_id + side, origin)
    new = NewDuel(
        id=duel_id, origin=origin, request={"prompt": "♪"}, left_id=f"{duel_id}l", right_id=f"{duel_id}r", minutes=9,
        votes_wanted=3,
    )  # fmt: skip
    await store.taste.add_duel(new)
    await store.taste.open_duel(duel_id)
    for person, answer in answers.items():
        await store.taste.answer(duel_id, person, answer)
    if reveal:
        await store.taste.reveal(duel_id)


async def cast(store: Store, *votes: tuple[str, int, VoteValue]) -> None:
    """These votes, one after the other."""
    for song_id, person_id, value in votes:
        await store.press(song_id, person_id=person_id, value=value)


@pytest.fixture
async def said(store: Store) -> Store:
    """People said things here and there."""
    for song_id, origin in {
        "heard": IN_GUILD, "silent": IN_GUILD, "there": ELSEWHERE, "alone": ALONE, "shell": Origin()
    }.items():  # fmt: skip
        await song(store, song_id, origin)
    await store.begin("unfinished", {}, IN_GUILD)
    await cast(
        store, ("heard", 7, 1), ("there", 7, -1), ("heard", MAKER, 1), ("alone", MAKER, -1), ("shell", 7, 1),
        ("unfinished", 7, 1), ("heard", 8, -1),
    )  # fmt: skip
    await duel(store, "duel1", IN_GUILD, {7: "left", 8: "neither"})
    await duel(store, "duel2", IN_GUILD, {7: "both"}, reveal=False)
    await duel(store, "duel3", ALONE, {MAKER: "right"})
    await store.taste.void(GUILD, 8, by=5, reason="a ring")
    return store


async def test_a_ballot_has_what_was_said_in_its_home_and_of_what(said: Store) -> None:
    ballot = await said.taste.ballot(GUILD)
    assert [(vote.song_id, vote.person_id, vote.value) for vote in ballot.votes] == [
        ("heard", 7, 1), ("heard", MAKER, 1), ("heard", 8, -1),
    ]  # fmt: skip
    assert [(a.duel_id, a.left_id, a.right_id, a.person_id, a.answer) for a in ballot.duels] == [
        ("duel1", "duel1l", "duel1r", 7, "left"), ("duel1", "duel1l", "duel1r", 8, "neither"),
    ]  # fmt: skip
    assert [song.id for song in ballot.songs] == ["heard", "duel1l", "duel1r"]
    assert (ballot.home, ballot.voided) == (GUILD, frozenset({8}))
    assert all(vote.changed_at.tzinfo is UTC for vote in ballot.votes)


async def test_a_person_alone_and_a_shell_have_ballots_of_their_own(said: Store) -> None:
    alone = await said.taste.ballot(MAKER)
    assert [vote.song_id for vote in alone.votes] == ["alone"]
    assert [answer.duel_id for answer in alone.duels] == ["duel3"]
    assert alone.voided == frozenset()
    assert [vote.song_id for vote in (await said.taste.ballot(HOME)).votes] == ["shell"]
    nothing = await said.taste.ballot(4711)
    assert (nothing.songs, nothing.votes, nothing.duels) == ((), (), ())


async def test_learning_hears_of_a_ballots_songs_all_that_it_would_of_their_rows(said: Store) -> None:
    for kept in (await said.taste.ballot(GUILD)).songs:
        whole = await said.song(kept.id)
        assert heard_song(kept) == heard_song(whole) != None  # noqa: E711 (a chain)
        assert replace(kept, receipt=whole.receipt) == whole
        assert kept.receipt is not None
        assert "measured" not in kept.receipt


async def test_a_ballot_may_be_of_what_is_new_or_of_the_newest_alone(said: Store) -> None:
    newest = await said.taste.ballot(GUILD, most=1)
    assert [(vote.person_id, vote.value) for vote in newest.votes] == [(8, -1)]
    assert [answer.person_id for answer in newest.duels] == [8]
    assert [song.id for song in newest.songs] == ["heard", "duel1l", "duel1r"]
    since = newest.votes[0].changed_at
    assert (await said.taste.ballot(GUILD, since)).votes == newest.votes
    late = await said.taste.ballot(GUILD, since + timedelta(microseconds=1))
    assert (late.votes, len(late.duels)) == ((), 2)
    assert await said.taste.ballot(GUILD, datetime(2020, 1, 1, tzinfo=UTC)) == await said.taste.ballot(GUILD)


async def test_a_ballot_of_more_songs_than_are_read_at_once_has_them_all(store: Store) -> None:
    for number in range(AT_ONCE + 5):
        await song(store, f"song{number}")
        await store.press(f"song{number}", person_id=7, value=1)
    ballot = await store.taste.ballot(GUILD)
    assert [song.id for song in ballot.songs] == [vote.song_id for vote in ballot.votes]
    assert len(ballot.songs) == AT_ONCE + 5


async def test_it_is_known_where_people_said_something_lately(said: Store) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    assert await said.taste.homes(long_ago) == {GUILD: 6, OTHER: 1, MAKER: 2, HOME: 1}
    last = (await said.taste.duel("duel3")).duel.revealed_at
    assert last is not None
    assert await said.taste.homes(last) == {MAKER: 1}
    assert await said.taste.homes(last + timedelta(microseconds=1)) == {}


async def test_an_export_has_all_that_a_servers_people_said_and_nothing_of_others(said: Store) -> None:
    rows = await said.taste.export(GUILD)
    assert [song.id for song in rows.songs] == ["heard", "silent", "duel1l", "duel1r", "duel2l", "duel2r"]
    assert rows.songs[0].receipt is not None
    assert (rows.songs[0].receipt["prompt"], rows.songs[0].style) == ("chill \x00", "lofi")
    assert "files" not in rows.songs[0].receipt
    assert [(vote.song_id, vote.person_id) for vote in rows.votes] == [("heard", 7), ("heard", MAKER), ("heard", 8)]
    assert [(duel.id, duel.state) for duel in rows.duels] == [("duel1", "revealed"), ("duel2", "open")]
    assert [(answer.duel_id, answer.person_id) for answer in rows.answers] == [("duel1", 7), ("duel1", 8)]
    assert [void.person_id for void in rows.voids] == [8]


async def test_a_person_gets_all_that_they_said_anywhere(said: Store) -> None:
    await said.taste.favourite("there", 7)
    mine = await said.taste.votes_of(7)
    assert [vote.song_id for vote in mine.votes] == ["heard", "there", "shell", "unfinished"]
    assert [(answer.duel_id, answer.answer) for answer in mine.answers] == [("duel1", "left"), ("duel2", "both")]
    assert [(kept.song_id, kept.person_id) for kept in mine.favourites] == [("there", 7)]


async def test_of_an_erased_person_nothing_that_they_said_stays_and_all_that_others_did(said: Store) -> None:
    await said.taste.favourite("there", 7)
    before = await said.taste.votes_of(8)
    erased = await said.taste.erase_person(7)
    assert (erased.votes, erased.answers, erased.favourites) == (4, 2, 1)
    assert erased.homes == (HOME, GUILD, OTHER)
    assert await said.taste.votes_of(7) == PersonVotes(votes=(), answers=(), favourites=())
    assert await said.taste.votes_of(8) == before
    assert (await said.votes("heard")).up == 0
    assert (await said.taste.erase_person(7)).homes == ()


async def test_what_was_learnt_of_a_person_alone_goes_with_their_votes(said: Store) -> None:
    for home in (MAKER, GUILD):
        await said.taste.save_taste(NewTaste(home=home, style="lofi", version=1, state={}, figures={}, votes=1))
        await said.taste.switch(home, "seeds", False)
    erased = await said.taste.erase_person(MAKER)
    assert (erased.votes, erased.homes) == (2, (GUILD,))
    assert (await said.taste.tastes(MAKER), await said.taste.switches(MAKER)) == ({}, Switches())
    assert len(await said.taste.tastes(GUILD)) == 1
    assert (await said.song("alone")).origin == ALONE


async def test_whoever_was_voided_stays_so_when_they_are_erased(said: Store) -> None:
    await said.taste.erase_person(8)
    assert [void.person_id for void in await said.taste.voids(GUILD)] == [8]
