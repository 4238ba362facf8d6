"""What the store promises of duels, on every database and to several processes at once."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from engine.errors import BadRequest, NotFound
from engine.store import Answer, DuelRecord, DuelTally, NewDuel, NewJob, Origin, Store

GUILD, ASKER = 10**17, 2**62
ORIGIN = Origin(person_id=ASKER, guild_id=GUILD, channel_id=3)
NEW = NewDuel(
    id="duel1", origin=ORIGIN, request={"prompt": "chill lofi ♪"}, left_id="left", right_id="right", minutes=10,
    votes_wanted=4,
)  # fmt: skip
ANSWERS: tuple[Answer, ...] = get_args(Answer)
ROOT = Path(__file__).parents[2]


def jobs(duel: NewDuel = NEW) -> tuple[NewJob, NewJob]:
    """What makes the duel's songs."""
    left, right = (
        NewJob(id=f"j{song}", kind="compose", payload={}, origin=duel.origin, song_id=song, request=duel.request)
        for song in (duel.left_id, duel.right_id)
    )
    return left, right


@pytest.fixture
async def open_one(store: Store) -> DuelRecord:
    """An open duel."""
    await store.taste.add_duel(NEW, jobs())
    await store.finish("left", {"style": "lofi"})
    await store.finish("right", {"style": "lofi"})
    opened = await store.taste.open_duel("duel1")
    assert opened is not None
    return opened


def counts(tally: DuelTally) -> tuple[int, ...]:
    return tally.left, tally.right, tally.both, tally.neither


async def test_a_duel_comes_back_as_it_was_asked_for_and_its_songs_wait_to_be_made(store: Store) -> None:
    before = datetime.now(UTC)
    made = await store.taste.add_duel(NEW, jobs())
    for name in ("id", "origin", "request", "left_id", "right_id", "minutes", "votes_wanted", "style"):
        assert getattr(made, name) == getattr(NEW, name)
    assert (made.state, made.closes_at, made.revealed_at, made.failure) == ("making", None, None, None)
    assert before <= made.created_at <= datetime.now(UTC)
    assert (await store.taste.duel("duel1")).duel == made
    assert [job.song_id for job in await store.jobs.unfinished()] == ["left", "right"]


async def test_a_duel_that_is_added_twice_is_there_once(store: Store) -> None:
    made = await store.taste.add_duel(NEW, jobs())
    assert await store.taste.add_duel(replace(NEW, minutes=99), jobs()) == made
    assert await store.taste.open_duels() == (made,)
    assert len(await store.jobs.unfinished()) == 2


async def test_of_a_duel_that_is_one_song_too_many_nothing_is_kept(store: Store) -> None:
    with pytest.raises(BadRequest, match="1 songs already, and 1 are the most"):
        await store.taste.add_duel(NEW, jobs(), person_limit=1)
    assert (await store.taste.open_duels(), await store.jobs.unfinished(), await store.songs(["left"])) == ((), (), {})
    await store.taste.add_duel(NEW, jobs(), person_limit=2)


async def test_a_duel_is_open_from_when_its_songs_are_there_for_as_long_as_was_asked(
    store: Store, open_one: DuelRecord
) -> None:
    assert (open_one.state, open_one.style) == ("open", "lofi")
    assert open_one.closes_at is not None
    assert timedelta(minutes=9) < open_one.closes_at - datetime.now(UTC) <= timedelta(minutes=10)
    assert await store.taste.open_duel("duel1") is None
    assert await store.taste.open_duel("nothing") is None


async def test_a_style_that_was_asked_for_stays(store: Store) -> None:
    await store.taste.add_duel(replace(NEW, style="jazz"), jobs())
    await store.finish("left", {"style": "lofi"})
    opened = await store.taste.open_duel("duel1")
    assert opened is not None
    assert opened.style == "jazz"


async def test_a_person_has_one_answer_that_can_be_changed_and_withdrawn(store: Store, open_one: DuelRecord) -> None:
    for person, answer in enumerate(ANSWERS):
        tally = await store.taste.answer("duel1", person, answer)
        assert (tally.own, tally.votes) == (answer, person + 1)
    assert counts(tally) == (1, 1, 1, 1)
    tally = await store.taste.answer("duel1", 0, "right")
    assert (counts(tally), tally.own) == ((0, 2, 1, 1), "right")
    tally = await store.taste.answer("duel1", 0, "right")
    assert (counts(tally), tally.own) == ((0, 1, 1, 1), None)
    assert (await store.taste.duel("duel1", person_id=3)).own == "neither"
    assert (await store.taste.duel("duel1")).duel == open_one


async def test_voided_answers_are_not_counted(store: Store, open_one: DuelRecord) -> None:
    for person in (1, 2):
        await store.taste.answer("duel1", person, "left")
    await store.taste.void(GUILD, 1, by=5, reason="a ring")
    tally = await store.taste.duel("duel1", person_id=1)
    assert (tally.left, tally.own) == (1, "left")


async def test_only_an_open_duel_can_be_answered(store: Store) -> None:
    with pytest.raises(NotFound, match="'duel1'"):
        await store.taste.answer("duel1", 1, "left")
    await store.taste.add_duel(NEW, jobs())
    with pytest.raises(BadRequest, match="still being made"):
        await store.taste.answer("duel1", 1, "left")
    await store.taste.open_duel("duel1")
    await store.taste.reveal("duel1")
    with pytest.raises(BadRequest, match="is over"):
        await store.taste.answer("duel1", 1, "left")
    await store.taste.add_duel(replace(NEW, id="duel2"))
    await store.taste.fail_duel("duel2", "")
    with pytest.raises(BadRequest, match="came to nothing"):
        await store.taste.answer("duel2", 1, "left")
    assert (await store.taste.duel("duel1")).votes + (await store.taste.duel("duel2")).votes == 0


async def test_a_duel_that_failed_says_why_and_is_never_opened(store: Store, open_one: DuelRecord) -> None:
    failed = await store.taste.fail_duel("duel1", "the synthesiser failed \x00")
    assert failed is not None
    assert (failed.state, failed.failure) == ("failed", "the synthesiser failed \ufffd")
    assert await store.taste.fail_duel("duel1", "again") is None
    assert await store.taste.open_duel("duel1") is None
    assert await store.taste.reveal("duel1") is None
    assert await store.taste.open_duels() == ()


async def test_after_a_restart_it_is_known_which_duels_are_being_made_or_open_and_where_they_are_shown(
    store: Store, open_one: DuelRecord, url: str, tmp_path: Path
) -> None:
    await store.taste.note_duel("duel1", channel_id=8, message_id=9)
    second = await store.taste.add_duel(replace(NEW, id="duel2"))
    await store.close()
    again = await Store.open(url, tmp_path)
    shown = replace(open_one, origin=replace(ORIGIN, channel_id=8, message_id=9))
    assert await again.taste.open_duels() == (shown, second)
    songs = [await again.song(song_id) for song_id in (open_one.left_id, open_one.right_id)]
    assert {(song.origin.channel_id, song.origin.message_id) for song in songs} == {(8, 9)}
    with pytest.raises(NotFound):
        await again.taste.note_duel("nothing", channel_id=8, message_id=9)
    await again.close()


async def test_of_many_who_reveal_at_once_one_does(store: Store, open_one: DuelRecord) -> None:
    await store.taste.answer("duel1", 1, "both")
    ends = [end for end in await asyncio.gather(*(store.taste.reveal("duel1") for _ in range(8))) if end is not None]
    assert [(end.duel.state, counts(end)) for end in ends] == [("revealed", (0, 0, 1, 0))]
    assert ends[0].duel.revealed_at is not None
    assert await store.taste.open_duels() == ()


async def test_what_is_answered_while_a_duel_is_revealed_is_counted_or_refused_never_lost(
    store: Store, open_one: DuelRecord
) -> None:
    async def later(turns: int) -> DuelTally | None:
        for _ in range(turns):
            await asyncio.sleep(0)
        return await store.taste.reveal("duel1")

    tries = [store.taste.answer("duel1", person, ANSWERS[person % 4]) for person in range(24)]
    results = await asyncio.gather(*tries[:12], later(3), *tries[12:], return_exceptions=True)
    end = results.pop(12)
    assert isinstance(end, DuelTally)
    accepted = [result for result in results if isinstance(result, DuelTally)]
    assert len(accepted) + sum(isinstance(result, BadRequest) for result in results) == 24
    assert end.votes == len(accepted)
    assert counts(await store.taste.duel("duel1")) == counts(end)


async def test_an_answer_that_is_given_twice_at_once_ends_withdrawn(store: Store, open_one: DuelRecord) -> None:
    for _ in range(5):
        tallies = await asyncio.gather(*(store.taste.answer("duel1", 7, "left") for _ in range(2)))
        assert sorted(tally.left for tally in tallies) == [0, 1]
        assert (await store.taste.duel("duel1")).votes == 0


async def test_of_several_processes_that_reveal_at_once_one_does(
    store: Store, open_one: DuelRecord, url: str, tmp_path: Path
) -> None:
    program = f"""
import asyncio
from pathlib import Path
from engine.store import Store
async def main():
    store = await Store.open({url!r}, Path({str(tmp_path)!r}))
    print("ready", flush=True)
    await asyncio.to_thread(input)
    print(await store.taste.reveal("duel1") is not None, flush=True)
    await store.close()
asyncio.run(main())
"""
    running = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT, stdin=PIPE, stdout=PIPE)
        for _ in range(2)
    ]
    for process in running:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(process.communicate(b"\n") for process in running))
    assert sorted(out for out, _ in said) == [b"False\n", b"True\n"]
