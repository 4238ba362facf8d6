"""The door for whoever votes: lists, one song, files for moderators and for oneself, who votes how."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import ComposeRequest, Origin, Settings, Studio, Tally, errors
from tests.studio.small_studio import asked, eventually, last_of, opened

HERE, ELSEWHERE, ALONE = Origin(person_id=1, guild_id=2), Origin(person_id=1, guild_id=7), Origin(person_id=1)
SHELL = Origin()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path / "data", database_url=None, person_limit=100)


@pytest.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    async with opened(settings) as studio:
        yield studio


async def a_song(studio: Studio, origin: Origin = HERE, prompt: str = "steps 1") -> str:
    return (await studio.compose(ComposeRequest(prompt=prompt), origin=origin)).id


async def voted(studio: Studio, song_id: str, up: int, down: int = 0) -> None:
    for person in range(100, 100 + up + down):
        await studio.vote(song_id, person_id=person, value=1 if person < 100 + up else -1)


def by(person_id: int, guild_id: int | None = 2) -> Origin:
    return Origin(person_id=person_id, guild_id=guild_id)


async def test_the_best_are_ranked_by_what_is_sure_and_not_by_counts(studio: Studio) -> None:
    loved, mixed, new, other = [await a_song(studio) for _ in range(4)]
    await voted(studio, loved, 9)
    await voted(studio, mixed, 12, 8)
    await voted(studio, new, 2)
    await voted(studio, await a_song(studio, ELSEWHERE), 20)
    await studio.vote(loved, person_id=1, value=-1)
    top = await studio.taste.top(origin=by(100))
    assert [(ranked.rank, ranked.line.id, ranked.votes) for ranked in top.ranked] == [(1, loved, 9), (2, mixed, 20)]
    assert top.ranked[0].line.tally == Tally(up=9, down=0, own=1)
    assert 0.6 < top.ranked[0].bound < top.ranked[0].mean < 1
    assert (top.unranked, top.least_votes) == (1, 3)
    own = (await studio.taste.top(origin=HERE)).ranked[0].line.tally
    assert own == Tally(up=9, down=0, own=-1, own_counts=False), "their own song: kept and shown, but not counted"
    assert (await studio.taste.top(origin=HERE, style="jazz")).ranked == ()
    assert len((await studio.taste.top(origin=HERE, style="lofi", period="week", limit=1)).ranked) == 1
    with pytest.raises(errors.BadRequest, match="fortnight"):
        await studio.taste.top(origin=HERE, period="fortnight")  # type: ignore[arg-type]
    assert other not in {ranked.line.id for ranked in top.ranked}


async def test_a_song_is_found_in_its_own_home_and_by_whoever_asked_for_it(studio: Studio) -> None:
    song_id = await a_song(studio)
    await studio.vote(song_id, person_id=5, value=-1)
    recalled = await studio.taste.song(song_id, origin=by(5))
    assert recalled.song.audio.read_bytes() == b"sound"
    assert (recalled.line.tally, recalled.line.asked_by) == (Tally(up=0, down=1, own=-1), 1)
    assert (await studio.taste.song(song_id, origin=ELSEWHERE)).song.id == song_id, "their own, from anywhere"
    assert (await studio.taste.song(song_id, origin=ALONE)).song.id == song_id
    for stranger in (by(5, 7), by(5, None), SHELL):
        with pytest.raises(errors.NotFound, match=song_id):
            await studio.taste.song(song_id, origin=stranger)
        if stranger.person_id is not None:
            with pytest.raises(errors.NotFound):
                await studio.taste.favourite(song_id, origin=stranger)


async def test_ones_own_songs_come_in_pages_the_newest_first(studio: Studio) -> None:
    made = [await a_song(studio) for _ in range(12)]
    await a_song(studio, by(5))
    elsewhere = await a_song(studio, ELSEWHERE)
    first = await studio.taste.my_songs(origin=HERE)
    second = await studio.taste.my_songs(origin=HERE, page=1)
    assert [line.id for line in (*first.lines, *second.lines)] == made[::-1]
    assert (len(first.lines), first.has_more, second.has_more) == (10, True, False)
    assert [line.id for line in (await studio.taste.my_songs(origin=ELSEWHERE)).lines] == [elsewhere]
    assert (await studio.taste.my_songs(origin=SHELL)).lines == ()
    with pytest.raises(errors.BadRequest, match="page 0"):
        await studio.taste.my_songs(origin=HERE, page=-1)


async def test_a_star_keeps_a_song_in_mind_until_it_is_pressed_again(studio: Studio) -> None:
    one, two = await a_song(studio), await a_song(studio, ELSEWHERE)
    assert await studio.taste.favourite(one, origin=by(5))
    assert await studio.taste.favourite(two, origin=by(5, 7))
    page = await studio.taste.favourites(origin=by(5))
    assert [(line.id, line.is_favourite) for line in page.lines] == [(two, True), (one, True)], "wherever they are from"
    assert not await studio.taste.favourite(one, origin=by(5))
    assert [line.id for line in (await studio.taste.favourites(origin=by(5))).lines] == [two]
    assert (await studio.taste.favourites(origin=by(6))).lines == ()


async def test_a_server_s_votes_are_handed_out_as_a_table_and_as_json(studio: Studio) -> None:
    song_id = await a_song(studio, prompt="=1+1")
    await studio.vote(song_id, person_id=5, value=-1)
    await studio.vote(song_id, person_id=1, value=1)
    await voted(studio, await a_song(studio, ELSEWHERE), 3)
    await studio.taste.void(5, origin=by(9), reason="a ring")
    table = (await studio.taste.export(origin=HERE, form="csv")).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["record"] for row in rows] == ["song", "vote", "vote", "void"]
    assert rows[0]["prompt"] == "'=1+1", "no spreadsheet computes it"
    assert {(row["person_id"], row["value"], row["song_id"]) for row in rows if row["record"] == "vote"} == {
        ("5", "-1", song_id),
        ("1", "1", song_id),
    }
    plain = json.loads(await studio.taste.export(origin=HERE, form="json"))
    assert [song["prompt"] for song in plain["songs"]] == ["=1+1"]
    assert plain["voids"][0] | {"at": ""} == {"person_id": 5, "by": 9, "reason": "a ring", "at": ""}
    assert {vote["person_id"] for vote in plain["votes"]} == {1, 5}
    with pytest.raises(errors.BadRequest, match="xml"):
        await studio.taste.export(origin=HERE, form="xml")  # type: ignore[arg-type]
    for refused in (studio.taste.export(origin=ALONE, form="csv"), studio.taste.void(5, origin=ALONE)):
        with pytest.raises(errors.BadRequest, match="in a server"):
            await refused


async def test_a_person_is_handed_all_that_is_kept_of_them_and_nothing_of_others(studio: Studio) -> None:
    mine, theirs = await a_song(studio), await a_song(studio, by(5, 7))
    await studio.vote(theirs, person_id=1, value=1)
    await studio.vote(mine, person_id=5, value=-1)
    await studio.taste.favourite(theirs, origin=ELSEWHERE)
    await studio.taste.void(1, origin=by(9), reason="a ring")
    ticket = await studio.taste.duel(ComposeRequest(prompt="steps 1"), origin=ELSEWHERE, votes_wanted=1)
    async for state in studio.taste.duel_watch(ticket.duel_id):
        if state.phase == "open" and not state.answers:
            await studio.taste.answer(ticket.duel_id, person_id=1, answer="both")
    kept = json.loads(await studio.taste.my_data(1))
    assert {song["id"] for song in kept["songs"]} == {mine, ticket.left.song_id, ticket.right.song_id}
    assert {song["guild_id"] for song in kept["songs"]} == {2, 7}
    assert [(vote["song_id"], vote["value"]) for vote in kept["votes"]] == [(theirs, 1)]
    assert [star["song_id"] for star in kept["favourites"]] == [theirs]
    assert [(answer["id"], answer["value"]) for answer in kept["answers"]] == [(ticket.duel_id, "both")]
    assert [duel["id"] for duel in kept["duels"]] == [ticket.duel_id]
    assert [(void["guild_id"], void["reason"]) for void in kept["voids"]] == [(2, "a ring")]
    assert kept["uploads"] == []
    await studio.taste.forget_me(1)
    kept = json.loads(await studio.taste.my_data(1))
    assert (kept["votes"], kept["favourites"], kept["answers"]) == ([], [], [])
    assert len(kept["songs"]) == 3, "songs stay where they are"


async def test_moderators_see_who_votes_and_the_suspicious_first(studio: Studio) -> None:
    songs = [await a_song(studio) for _ in range(14)]
    for song_id in songs:
        await studio.vote(song_id, person_id=66, value=1)  # all within a moment
    for person in (100, 101):
        await studio.vote(songs[0], person_id=person, value=1)
    await studio.vote(songs[0], person_id=1, value=1)
    audit = await studio.taste.audit(origin=by(9))
    assert audit.votes == 17
    first = audit.voters[0]
    assert (first.person_id, first.votes, first.own) == (66, 14, 0)
    assert first.weight < 14
    assert any("within" in remark for remark in first.remarks)
    maker = next(voter for voter in audit.voters if voter.person_id == 1)
    assert (maker.votes, maker.own, maker.weight) == (1, 1, 0.0)
    assert (await studio.taste.audit(origin=by(9, 7))).voters == ()


async def test_a_report_tells_of_every_switch_and_styles_by_name(studio: Studio) -> None:
    report = await studio.taste.report(origin=HERE)
    assert report.styles == ()
    assert report.switches == {
        "seeds": True,
        "plans": True,
        "candidates": True,
        "canary": True,
        "tuning": True,
        "share": False,
    }
    await voted(studio, await a_song(studio), 5)
    await eventually(lambda: studio.state().totals.get("learnt", 0) > 0)
    (style,) = (await studio.taste.report(origin=HERE, style="lofi")).styles
    assert [mover.name for mover in style.movers] == ["seeds", "plans", "candidates", "canary", "tuning"]
    assert all(mover.is_on and mover.figure.endswith(".") for mover in style.movers)
    assert (await studio.taste.report(origin=HERE, style="jazz")).styles == ()
    assert (await studio.taste.switch("tuning", False, origin=HERE)).styles[0].movers[4].is_on is False
    with pytest.raises(errors.BadRequest, match="nonsense"):
        await studio.taste.switch("nonsense", True, origin=HERE)  # type: ignore[arg-type]


async def test_a_song_that_is_only_being_made_is_in_no_list(studio: Studio, tmp_path: Path) -> None:
    ticket = await asked(studio, f"waits for {tmp_path / 'gate'}")
    assert (await studio.taste.my_songs(origin=HERE)).lines == ()
    with pytest.raises(errors.NotFound):
        await studio.taste.song(ticket.song_id, origin=HERE)
    (tmp_path / "gate").touch()
    await last_of(studio, ticket.job_id)
    assert len((await studio.taste.my_songs(origin=HERE)).lines) == 1
