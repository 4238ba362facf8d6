"""What the store promises of which votes count, of charts and of favourites, on every database."""

from __future__ import annotations

import asyncio
import math
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from benchmarks.bench_votes import SONGS, Press, outcome, planned, voted
from engine.errors import NotFound
from engine.store import HOME, NewDuel, NewJob, Origin, Store, Tally, home_of
from engine.store.database import open_database
from engine.store.taste_charts import LEAST

GUILD, OTHER, MAKER = 10**17, 10**17 + 1, 2**62
IN_GUILD = Origin(person_id=MAKER, guild_id=GUILD)
ALONE = Origin(person_id=MAKER)
SHELL = Origin()


async def song(store: Store, song_id: str, origin: Origin = IN_GUILD, style: str = "lofi") -> str:
    """A finished song."""
    await store.begin(song_id, {"prompt": "♪"}, origin)
    await store.finish(song_id, {"style": style, "title": song_id})
    return song_id


async def cast(store: Store, song_id: str, up: int, down: int = 0) -> None:
    """So many votes, by different people."""
    for person in range(1, up + down + 1):
        await store.press(song_id, person_id=person, value=1 if person <= up else -1)


def test_a_home_is_the_server_or_the_person_or_the_shell() -> None:
    assert (home_of(IN_GUILD), home_of(ALONE), home_of(SHELL)) == (GUILD, MAKER, HOME)


async def test_a_song_has_its_style_once_it_is_done(store: Store) -> None:
    await song(store, "song1", style="jazz")
    assert (await store.song("song1")).style == "jazz"
    new = NewJob(id="job1", kind="compose", payload={}, origin=IN_GUILD, song_id="song2", request={})
    await store.jobs.enqueue(new)
    assert (await store.song("song2")).style is None
    await store.jobs.lease("worker", for_s=60)
    assert await store.jobs.advance("job1", "worker", "delivering", receipt={"style": "rock"})
    assert (await store.song("song2")).style == "rock"
    assert (await store.songs(["song1", "song2"]))["song1"].style == "jazz"


async def test_in_a_server_a_vote_on_ones_own_song_is_kept_and_not_counted(store: Store) -> None:
    await song(store, "song1")
    alone = Tally(up=0, down=0, own=1, own_counts=False)
    assert await store.press("song1", person_id=MAKER, value=1) == alone
    assert await store.press("song1", person_id=7, value=1) == Tally(up=1, down=0, own=1)
    assert await store.votes("song1", person_id=MAKER) == Tally(up=1, down=0, own=1, own_counts=False)
    assert await store.press("song1", person_id=MAKER, value=-1) == Tally(up=1, down=0, own=-1, own_counts=False)
    assert await store.press("song1", person_id=MAKER, value=-1) == Tally(up=1, down=0, own=None)


async def test_alone_with_the_bot_and_in_a_shell_every_vote_counts(store: Store) -> None:
    for song_id, origin in (("song1", ALONE), ("song2", SHELL), ("song3", Origin(guild_id=GUILD))):
        await song(store, song_id, origin)
        assert await store.press(song_id, person_id=MAKER, value=1) == Tally(up=1, down=0, own=1)
        assert await store.votes(song_id) == Tally(up=1, down=0, own=None)


async def test_voided_votes_are_kept_and_not_counted_until_they_are_restored(store: Store) -> None:
    await song(store, "song1")
    await song(store, "song2", Origin(person_id=MAKER, guild_id=OTHER))
    for song_id in ("song1", "song2"):
        await cast(store, song_id, up=2)
    await store.taste.void(GUILD, 1, by=5, reason="many accounts")
    assert await store.votes("song1", person_id=1) == Tally(up=1, down=0, own=1, own_counts=False)
    assert await store.votes("song2", person_id=1) == Tally(up=2, down=0, own=1)
    assert await store.press("song1", person_id=1, value=-1) == Tally(up=1, down=0, own=-1, own_counts=False)
    await store.taste.restore(GUILD, 1)
    assert await store.votes("song1", person_id=1) == Tally(up=1, down=1, own=-1)


async def test_presses_of_one_person_in_two_places_at_once_follow_one_another(
    store: Store, url: str, tmp_path: Path
) -> None:
    await song(store, "song1")
    other = await Store.open(url, tmp_path)
    for _ in range(5):
        tallies = await asyncio.gather(*(s.press("song1", person_id=7, value=1) for s in (store, other)))
        assert sorted(tally.up for tally in tallies) == [0, 1]
        assert await store.votes("song1", person_id=7) == Tally(up=0, down=0, own=None)
    await other.close()


async def test_of_many_presses_at_once_none_is_lost_and_none_doubled(store: Store, url: str, tmp_path: Path) -> None:
    for number in range(SONGS):
        await song(store, f"song{number}")
    other, presses = await Store.open(url, tmp_path), planned(240, random.Random(1))
    half = SONGS // 2  # whoever votes on the same song again does so in the same place

    def is_first(press: Press) -> bool:
        return int(press[0].removeprefix("song")) < half

    firsts, others = filter(is_first, presses), [press for press in presses if not is_first(press)]
    await asyncio.gather(voted(store, list(firsts), math.inf), voted(other, others, math.inf))
    await other.close()
    kept = [((vote.song_id, vote.person_id), vote.value) for vote in (await store.taste.ballot(GUILD)).votes]
    assert sorted(kept) == sorted(outcome(presses).items())


async def test_the_best_songs_are_those_that_are_surely_liked_not_those_with_the_most_votes(store: Store) -> None:
    for song_id, up, down in (("many", 12, 8), ("sure", 9, 0), ("three", 3, 0), ("fewer", 2, 0), ("hated", 1, 9)):
        await cast(store, await song(store, song_id), up, down)
    best = await store.taste.top(GUILD)
    assert [(rated.record.id, rated.up, rated.down) for rated in best] == [
        ("sure", 9, 0), ("three", 3, 0), ("many", 12, 8),
    ]  # fmt: skip
    assert [rated.bound for rated in best] == sorted((rated.bound for rated in best), reverse=True)
    assert [rated.record.id for rated in await store.taste.top(GUILD, limit=2)] == ["sure", "three"]
    assert best[0].record == await store.song("sure")


async def test_of_songs_that_are_liked_alike_the_newer_stands_first(store: Store) -> None:
    for song_id in ("zold", "anew"):
        await cast(store, await song(store, song_id), LEAST)
    assert [rated.record.id for rated in await store.taste.top(GUILD)] == ["anew", "zold"]


async def test_a_chart_is_of_one_home_and_if_wished_of_one_style_and_time(store: Store) -> None:
    homes = {"guild": IN_GUILD, "other": Origin(person_id=MAKER, guild_id=OTHER), "alone": ALONE, "shell": SHELL}
    for song_id, origin in homes.items():
        await cast(store, await song(store, song_id, origin), LEAST)
    await cast(store, await song(store, "jazz", style="jazz"), LEAST)
    await store.begin("unfinished", {}, IN_GUILD)
    await cast(store, "unfinished", LEAST)

    async def ids(*wish: object) -> list[str]:
        return [rated.record.id for rated in await store.taste.top(*wish)]  # type: ignore[arg-type]

    assert await ids(GUILD) == ["jazz", "guild"]
    assert (await ids(OTHER), await ids(MAKER), await ids(HOME)) == (["other"], ["alone"], ["shell"])
    assert (await ids(GUILD, "lofi"), await ids(GUILD, "rock")) == (["guild"], [])
    made = (await store.song("jazz")).created_at
    assert await ids(GUILD, None, made) == ["jazz"]
    assert await ids(GUILD, None, made + timedelta(microseconds=1)) == []


async def test_votes_that_do_not_count_rank_nothing(store: Store) -> None:
    await cast(store, await song(store, "song1"), up=LEAST - 1)
    await store.press("song1", person_id=MAKER, value=1)
    assert await store.taste.top(GUILD) == ()
    await store.press("song1", person_id=99, value=1)
    assert [rated.up for rated in await store.taste.top(GUILD)] == [LEAST]
    await store.taste.void(GUILD, 99, by=None, reason="")
    assert await store.taste.top(GUILD) == ()


async def test_a_person_finds_their_own_songs_the_newest_first_and_page_by_page(store: Store) -> None:
    for number in range(5):
        await song(store, f"song{number}")
    await song(store, "alone", ALONE)
    await song(store, "others", Origin(person_id=7, guild_id=GUILD))
    await store.begin("unfinished", {}, IN_GUILD)
    await cast(store, "song4", up=2, down=1)
    first = await store.taste.songs_of(MAKER, GUILD, limit=2)
    assert [(rated.record.id, rated.up, rated.down) for rated in first] == [("song4", 2, 1), ("song3", 0, 0)]
    by_time = await store.taste.songs_of(MAKER, GUILD, 2, first[-1].record.created_at)
    assert [rated.record.id for rated in by_time] == ["song2", "song1"]
    assert await store.taste.songs_of(MAKER, GUILD, 2, skip=2) == by_time
    assert [rated.record.id for rated in await store.taste.songs_of(MAKER, None)] == ["alone"]


async def test_a_favourite_is_kept_until_it_is_pressed_again(store: Store) -> None:
    await song(store, "song1")
    await song(store, "song2", Origin(person_id=7, guild_id=OTHER))
    assert await store.taste.favourite("song1", MAKER)
    assert await store.taste.favourite("song2", MAKER)
    await cast(store, "song1", up=2)
    kept = await store.taste.favourites(MAKER)
    assert [(rated.record.id, rated.up) for rated in kept] == [("song2", 0), ("song1", 2)]
    assert await store.taste.favourites(MAKER, 1, skip=1) == kept[1:]
    assert await store.taste.favourites(7) == ()
    assert not await store.taste.favourite("song2", MAKER)
    assert [rated.record.id for rated in await store.taste.favourites(MAKER)] == ["song1"]
    for unknown in ("nothing", "../../etc", "a\x00bcd"):
        with pytest.raises(NotFound):
            await store.taste.favourite(unknown, MAKER)


async def test_a_star_that_is_pressed_twice_at_once_ends_where_it_was(store: Store) -> None:
    await song(store, "song1")
    for _ in range(5):
        stars = await asyncio.gather(*(store.taste.favourite("song1", 7) for _ in range(2)))
        assert sorted(stars) == [False, True]
        assert await store.taste.favourites(7) == ()


async def test_what_is_said_of_a_song_goes_with_its_row(store: Store, url: str) -> None:
    for song_id in ("song1", "song2", "song3"):
        await song(store, song_id)
        await store.press(song_id, person_id=7, value=1)
        await store.taste.favourite(song_id, 7)
    for duel_id, left, right in (("duel1", "song1", "song2"), ("duel2", "song3", "song1"), ("duel3", "song2", "song3")):
        new = NewDuel(id=duel_id, origin=IN_GUILD, request={}, left_id=left, right_id=right, minutes=5, votes_wanted=9)
        await store.taste.add_duel(new)
        await store.taste.open_duel(duel_id)
        await store.taste.answer(duel_id, 7, "both")
    engine = await open_database(url)
    async with engine.begin() as connection:
        await connection.execute(sa.text("DELETE FROM songs WHERE id = 'song1'"))
    await engine.dispose()
    said = await store.taste.votes_of(7)
    assert [vote.song_id for vote in said.votes] == ["song2", "song3"]
    assert [answer.duel_id for answer in said.answers] == ["duel3"]
    assert [kept.song_id for kept in said.favourites] == ["song2", "song3"]
    assert [duel.id for duel in await store.taste.open_duels()] == ["duel3"]


async def test_a_song_of_long_ago_is_voted_on_like_a_new_one(store: Store, url: str) -> None:
    await song(store, "song1")
    engine = await open_database(url)
    async with engine.begin() as connection:
        change = sa.text("UPDATE songs SET created_at = :then").bindparams(then=datetime(2020, 1, 1, tzinfo=UTC))
        await connection.execute(change)
    await engine.dispose()
    assert await store.press("song1", person_id=7, value=1) == Tally(up=1, down=0, own=1)
