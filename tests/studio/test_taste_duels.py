"""Duels through the door: two songs, blind answers, one reveal, whatever happens in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine import ComposeRequest, DuelAnswer, DuelState, DuelTicket, Origin, Settings, Studio, StudioEvent, errors
from engine.dispatch.dueling import arms_of
from engine.store import NewTaste
from tests.studio.small_studio import HALF_MINUTE_S, asked, eventually, last_of, opened, rows_of

HERE = Origin(person_id=1, guild_id=2, channel_id=3, message_id=4)
ELSEWHERE = Origin(person_id=1, guild_id=7)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


@pytest.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    async with opened(settings) as studio:
        yield studio


async def begun(studio: Studio, prompt: str = "steps 1", *, origin: Origin = HERE, votes: int = 5) -> DuelTicket:
    return await studio.taste.duel(ComposeRequest(prompt=prompt), origin=origin, minutes=60, votes_wanted=votes)


async def until(studio: Studio, duel_id: str, is_so: Callable[[DuelState], bool]) -> DuelState:
    """The first state of which that is so."""
    async with asyncio.timeout(HALF_MINUTE_S), aclosing(studio.taste.duel_watch(duel_id)) as states:
        async for state in states:
            if is_so(state):
                return state
    raise AssertionError(f"{duel_id} never was so")


async def is_open(studio: Studio, duel_id: str) -> DuelState:
    return await until(studio, duel_id, lambda state: state.phase == "open")


async def test_a_duel_is_made_asked_blind_and_revealed_once_enough_have_answered(studio: Studio) -> None:
    heard: list[StudioEvent] = []
    studio.listen(heard.append)
    ticket = await begun(studio, votes=3)
    assert await studio.pending() == (), "the door delivers its songs by itself"
    state = await is_open(studio, ticket.duel_id)
    assert state.left is not None
    assert state.right is not None
    assert {state.left.id, state.right.id} == {ticket.left.song_id, ticket.right.song_id}
    assert state.left.receipt.seed != state.right.receipt.seed
    assert (state.reveal, state.answers, state.own) == (None, 0, None)
    assert (await studio.taste.answer(ticket.duel_id, person_id=1, answer="left")).own == "left", "their own counts"
    assert (await studio.taste.answer(ticket.duel_id, person_id=1, answer="both")).answers == 1, "and not twice"
    assert (await studio.taste.answer(ticket.duel_id, person_id=1, answer="both")).answers == 0, "again withdraws"
    more: tuple[tuple[int, DuelAnswer], ...] = ((1, "left"), (5, "neither"))
    for person, answer in more:
        assert (await studio.taste.answer(ticket.duel_id, person_id=person, answer=answer)).phase == "open"
    last = await studio.taste.answer(ticket.duel_id, person_id=6, answer="left")
    assert last.phase == "revealed"
    assert last.reveal is not None
    assert last.reveal.counts == {"left": 2, "right": 0, "both": 0, "neither": 1}
    assert (last.reveal.winner, last.reveal.left.share, last.reveal.right.share) == ("left", 1.0, 0.0)
    assert last.reveal.sentence == "A won 2 to 0; 0 found both good, 1 both bad."
    assert last.reveal.left.made_with == "the shipped lofi v1, without this server's taste"
    with pytest.raises(errors.BadRequest, match="is over"):
        await studio.taste.answer(ticket.duel_id, person_id=7, answer="left")
    assert (await until(studio, ticket.duel_id, lambda state: True)).phase == "revealed"
    assert [event.outcome for event in heard if event.kind == "duel"] == ["begun", "opened", "revealed"]


async def test_nothing_tells_of_its_songs_before_the_reveal(studio: Studio) -> None:
    ticket = await begun(studio)
    await is_open(studio, ticket.duel_id)
    with pytest.raises(errors.BadRequest, match="not over"):
        await studio.taste.song(ticket.left.song_id, origin=HERE)
    assert (await studio.taste.my_songs(origin=HERE)).lines == ()
    await studio.taste.answer(ticket.duel_id, person_id=9, answer="right")
    state = await studio.taste.reveal(ticket.duel_id, origin=HERE)
    assert state.phase == "revealed"
    assert (await studio.taste.song(ticket.left.song_id, origin=HERE)).song.id == ticket.left.song_id
    assert len((await studio.taste.my_songs(origin=HERE)).lines) == 2


async def test_time_reveals_a_duel_and_nobody_who_watches_is_told_twice(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.dispatch.duels.LOOK_S", 0.05)
    ticket = await begun(studio)
    await is_open(studio, ticket.duel_id)
    watching = [asyncio.create_task(_all(studio, ticket.duel_id)) for _ in range(3)]
    await asyncio.sleep(0)
    await _close(studio, ticket.duel_id)
    for states in await asyncio.gather(*watching):
        assert [state.phase for state in states].count("revealed") == 1
    assert studio.state().totals["duel"] == 3, "begun, opened, revealed"


async def test_many_who_reveal_at_once_reveal_it_once(studio: Studio) -> None:
    ticket = await begun(studio, votes=4)
    await is_open(studio, ticket.duel_id)
    answers = (studio.taste.answer(ticket.duel_id, person_id=n, answer="left") for n in range(10, 14))
    reveals = (studio.taste.reveal(ticket.duel_id, origin=HERE) for _ in range(4))
    await asyncio.gather(*answers, *reveals, return_exceptions=True)
    assert studio.state().totals["duel"] == 3


async def test_a_duel_goes_on_after_a_restart_while_it_is_made_and_while_it_is_open(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.dispatch.duels.LOOK_S", 0.05)
    gate = tmp_path / "gate"
    async with opened(settings) as studio:
        ticket = await begun(studio, f"waits for {gate}")
        await studio.taste.duel_shown(ticket.duel_id, channel_id=33, message_id=44)
    gate.touch()
    async with opened(settings) as studio:
        (pending,) = await studio.taste.duel_pending()
        assert (pending.duel_id, pending.origin.message_id) == (ticket.duel_id, 44)
        assert await studio.pending() == ()
        await is_open(studio, ticket.duel_id)
        await studio.taste.answer(ticket.duel_id, person_id=5, answer="right")
    async with opened(settings) as studio:
        await _close(studio, ticket.duel_id)
        state = await until(studio, ticket.duel_id, lambda state: state.phase == "revealed")
        assert state.reveal is not None
        assert state.reveal.counts["right"] == 1
        assert [state.phase for state in await studio.taste.duel_pending()] == ["revealed"]
        await studio.taste.duel_told(ticket.duel_id)
        assert await studio.taste.duel_pending() == ()
        assert {row["state"] for row in rows_of(settings).values()} == {"done"}


@pytest.mark.parametrize(("prompt", "sentence", "has_incident"), [("", "says nothing", False), ("breaks", "", True)])
async def test_a_duel_of_which_a_song_comes_to_nothing_fails_with_a_sentence(
    studio: Studio, prompt: str, sentence: str, has_incident: bool
) -> None:
    ticket = await begun(studio, prompt)
    state = await until(studio, ticket.duel_id, lambda state: state.phase == "failed")
    assert (state.sentence or "").startswith("The duel came to nothing. ")
    assert sentence in (state.sentence or "")
    assert (state.incident is not None) == has_incident
    assert await studio.pending() == ()
    with pytest.raises(errors.BadRequest, match="came to nothing"):
        await studio.taste.answer(ticket.duel_id, person_id=5, answer="left")


async def test_whoever_asked_calls_a_duel_off_while_it_is_made_and_nobody_else(
    studio: Studio, settings: Settings, tmp_path: Path
) -> None:
    ticket = await begun(studio, f"waits for {tmp_path / 'never'}")
    other = Origin(person_id=8, guild_id=2)
    with pytest.raises(errors.BadRequest, match="Whoever asked"):
        await studio.taste.call_off(ticket.duel_id, origin=other)
    with pytest.raises(errors.NotFound):
        await studio.taste.call_off(ticket.duel_id, origin=ELSEWHERE)
    with pytest.raises(errors.BadRequest, match="still being made"):
        await studio.taste.reveal(ticket.duel_id, origin=HERE)
    assert await studio.taste.call_off(ticket.duel_id, origin=other, moderator=True)
    state = await until(studio, ticket.duel_id, lambda state: state.phase == "failed")
    assert state.sentence == "The duel was called off."
    assert {row["state"] for row in rows_of(settings).values()} == {"cancelled"}
    assert not await studio.taste.call_off(ticket.duel_id, origin=HERE)


async def test_a_duel_is_two_songs_of_what_a_person_may_wait_for_and_all_or_nothing(
    settings: Settings, tmp_path: Path
) -> None:
    narrow = settings.model_copy(update={"person_limit": 2})
    async with opened(narrow) as studio:
        first = await asked(studio, f"waits for {tmp_path / 'gate'}")
        with pytest.raises(errors.BadRequest, match="2"):
            await begun(studio)
        assert len(rows_of(settings)) == 1
        assert await studio.taste.duel_pending() == ()
        (tmp_path / "gate").touch()
        await last_of(studio, first.job_id)
        ticket = await begun(studio, f"waits for {tmp_path / 'other'}")
        with pytest.raises(errors.BadRequest, match="2"):
            await asked(studio, "one more")
        (tmp_path / "other").touch()
        await is_open(studio, ticket.duel_id)
        await last_of(studio, (await asked(studio, "one more")).job_id)


@pytest.mark.parametrize(
    ("terms", "named"),
    [({"minutes": 0}, "0 minutes"), ({"minutes": 10**6}, "1000000"), ({"votes_wanted": 0}, "0 votes")],
)
async def test_terms_that_make_no_sense_are_named(studio: Studio, terms: dict[str, int], named: str) -> None:
    with pytest.raises(errors.BadRequest, match=named):
        await studio.taste.duel(ComposeRequest(prompt="a"), origin=HERE, **terms)
    with pytest.raises(errors.BadRequest, match="seed 7"):
        await studio.taste.duel(ComposeRequest(prompt="a", seed=7), origin=HERE)


async def test_where_something_was_learnt_one_song_is_made_with_it_and_one_without(studio: Studio) -> None:
    state = {"version": 3, "votes": 40, "seeds": {"a": {"up": 3.0, "down": 1.0}}}
    await studio._store.taste.save_taste(NewTaste(home=2, style="lofi", version=3, state=state, figures={}, votes=40))
    ticket = await begun(studio)
    open_state = await is_open(studio, ticket.duel_id)
    assert open_state.left is not None
    assert open_state.right is not None
    assert sorted([len(open_state.left.receipt.taste), len(open_state.right.receipt.taste)]) == [0, 1]
    revealed = await studio.taste.reveal(ticket.duel_id, origin=HERE)
    assert revealed.reveal is not None
    assert {side.made_with for side in (revealed.reveal.left, revealed.reveal.right)} == {
        "the shipped lofi v1, with this server's taste (version 3)",
        "the shipped lofi v1, without this server's taste",
    }
    drawn = [(await arms_of(studio._store, HERE))[0].taste for _ in range(64)]
    assert 8 < sum(drawn) < 56, "which is left is drawn"


async def test_an_unknown_duel_is_not_found_whatever_is_done_with_it(studio: Studio) -> None:
    for attempt in (
        anext(studio.taste.duel_watch("nothere")),
        studio.taste.answer("nothere", person_id=1, answer="left"),
        studio.taste.reveal("nothere", origin=HERE),
        studio.taste.call_off("nothere", origin=HERE),
        studio.taste.duel_shown("nothere", channel_id=1, message_id=1),
    ):
        with pytest.raises(errors.NotFound):
            await attempt


async def test_answers_to_a_revealed_duel_are_learnt_from(studio: Studio) -> None:
    ticket = await begun(studio, votes=5)
    await is_open(studio, ticket.duel_id)
    for person in range(10, 15):
        await studio.taste.answer(ticket.duel_id, person_id=person, answer="left")
    await eventually(lambda: studio.state().totals.get("learnt", 0) > 0)
    report = await studio.taste.report(origin=HERE)
    assert [style.votes for style in report.styles] == [5]


async def _all(studio: Studio, duel_id: str) -> list[DuelState]:
    async with asyncio.timeout(HALF_MINUTE_S):
        return [state async for state in studio.taste.duel_watch(duel_id)]


async def _close(studio: Studio, duel_id: str) -> None:
    """Its time is over."""
    import sqlalchemy as sa  # noqa: PLC0415

    from engine.store.tables import duels  # noqa: PLC0415

    past = datetime.now(UTC) - timedelta(seconds=1)
    async with studio._store._database.writing() as connection:
        await connection.execute(sa.update(duels).where(duels.c.id == duel_id).values(closes_at=past))
    studio._duels.look()
