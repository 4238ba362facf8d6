"""What the store promises of what was learnt, switches, voids and trials, on every database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.errors import BadRequest
from engine.store import (
    HOME,
    SWITCHES,
    DailyLimits,
    ModelRecord,
    NewTaste,
    NewUpload,
    Store,
    Switches,
    TasteRecord,
    Understood,
)
from engine.store.taste_homes import KEPT

GUILD, OTHER = 2**63 - 1, 10**17
NEW = NewTaste(
    home=GUILD, style="lofi", version=1, state={"seeds": {"ü": [1.5, 0]}}, figures={"votes": 31, "why": None}, votes=31
)  # fmt: skip
SHA = "a" * 64


async def published(store: Store, model_id: str, *, on_trial: bool = False) -> ModelRecord:
    """A live model of one upload."""
    upload = NewUpload(
        id=f"up{model_id}", guild_id=GUILD, style="lofi", person_id=1, name="a.mid", licence="own",
        sha256=model_id.rjust(64, "0"),
    )  # fmt: skip
    await store.teaching.add_upload(upload, DailyLimits(person=99, guild=99))
    await store.teaching.understood(upload.id, Understood(kind="midi", duration_s=9.0, report={}, pipeline="1"))
    await store.teaching.keep(upload.id, by=1)
    await store.teaching.begin_model(model_id, GUILD, "lofi")
    await store.teaching.gather(model_id)
    record = await store.teaching.publish(model_id, sha256=SHA, parent_sha256=SHA, metrics={})
    assert record is not None
    assert record.trial_since is None
    if on_trial:
        record = await store.taste.begin_trial(model_id)
        assert record is not None
    return record


async def test_a_taste_comes_back_as_it_was_learnt(store: Store) -> None:
    before = datetime.now(UTC)
    saved = await store.taste.save_taste(NEW)
    assert saved is not None
    for name in NewTaste.__dataclass_fields__:
        assert getattr(saved, name) == getattr(NEW, name)
    assert before <= saved.created_at <= datetime.now(UTC)
    assert await store.taste.taste(GUILD, "lofi") == saved
    assert await store.taste.tastes(GUILD) == {"lofi": saved}
    assert (await store.taste.tastes(OTHER), await store.taste.taste(GUILD, "jazz")) == ({}, None)


async def test_the_newest_version_is_in_force_and_the_last_ones_stay(store: Store) -> None:
    for version in range(1, KEPT + 3):
        await store.taste.save_taste(replace(NEW, version=version, votes=version))
    for style in ("jazz", "rock"):
        await store.taste.save_taste(replace(NEW, style=style, version=7))
    await store.taste.save_taste(replace(NEW, home=OTHER))
    assert {style: taste.version for style, taste in (await store.taste.tastes(GUILD)).items()} == {
        "jazz": 7, "lofi": KEPT + 2, "rock": 7,
    }  # fmt: skip

    async def given(version: int | None) -> int:
        found = await store.taste.taste(GUILD, "lofi", version)
        assert found is not None
        return found.version

    assert [await given(version) for version in range(1, KEPT + 3)] == [5, 5, 3, 4, 5]
    assert (await given(None), await given(99)) == (5, 5)


async def test_a_version_that_is_no_newer_is_not_kept(store: Store) -> None:
    for version in (1, 2, 3, 4):
        await store.taste.save_taste(replace(NEW, version=version))
    for version in (1, 4):
        assert await store.taste.save_taste(replace(NEW, version=version, votes=99)) is None
    found = await store.taste.taste(GUILD, "lofi")
    assert found is not None
    assert (found.version, found.votes) == (4, NEW.votes)


async def test_of_many_who_learnt_the_same_version_at_once_one_is_kept(store: Store) -> None:
    results = await asyncio.gather(*(store.taste.save_taste(replace(NEW, votes=votes)) for votes in range(8)))
    kept = [result for result in results if isinstance(result, TasteRecord)]
    assert kept == [await store.taste.taste(GUILD, "lofi")]


async def test_what_was_learnt_can_be_forgotten(store: Store) -> None:
    for new in (NEW, replace(NEW, version=2), replace(NEW, style="jazz"), replace(NEW, home=OTHER)):
        await store.taste.save_taste(new)
    assert await store.taste.forget_tastes(GUILD, "lofi") == 2
    assert list(await store.taste.tastes(GUILD)) == ["jazz"]
    assert await store.taste.forget_tastes(GUILD) == 1
    assert list(await store.taste.tastes(OTHER)) == ["lofi"]


async def test_everything_is_switched_on_at_first_but_sharing(store: Store) -> None:
    usual = await store.taste.switches(GUILD)
    assert usual == Switches()
    assert {name: getattr(usual, name) for name in SWITCHES} == {name: name != "share" for name in SWITCHES}
    assert (usual.changed_by, usual.changed_at) == (None, None)


async def test_each_switch_turns_itself_alone_and_says_who_turned_it(store: Store) -> None:
    for home, name in enumerate(SWITCHES, 1):
        on, before = name == "share", datetime.now(UTC)
        turned = await store.taste.switch(home, name, on, by=5)
        assert turned.changed_at is not None
        assert before <= turned.changed_at <= datetime.now(UTC)
        assert turned == replace(Switches(changed_by=5, changed_at=turned.changed_at), **{name: on})
        assert (await store.taste.switches(home), await store.taste.switches(OTHER)) == (turned, Switches())
        back = await store.taste.switch(home, name, not on)
        assert (getattr(back, name), back.changed_by) == (not on, None)


async def test_an_unknown_switch_is_named_with_those_that_there_are(store: Store) -> None:
    with pytest.raises(BadRequest, match="no switch 'nonsense'; seeds, plans, candidates, canary, tuning, share would"):
        await store.taste.switch(GUILD, "nonsense", True)  # type: ignore[arg-type]


async def test_switches_that_are_turned_at_once_are_all_turned(store: Store) -> None:
    await asyncio.gather(*(store.taste.switch(GUILD, name, name == "share") for name in SWITCHES))
    turned = await store.taste.switches(GUILD)
    assert {name: getattr(turned, name) for name in SWITCHES} == {name: name == "share" for name in SWITCHES}


async def test_only_homes_that_said_so_share(store: Store) -> None:
    for home in (GUILD, OTHER, HOME, 7):
        await store.taste.switch(home, "share", home != 7)
    await store.taste.switch(8, "seeds", False)
    assert await store.taste.sharing() == (HOME, OTHER, GUILD)
    await store.taste.switch(OTHER, "share", False)
    assert await store.taste.sharing() == (HOME, GUILD)


async def test_moderators_see_whose_votes_are_void_and_why(store: Store) -> None:
    first = await store.taste.void(GUILD, 1, by=5, reason="a ring \x00")
    second = await store.taste.void(GUILD, 2, by=None, reason="")
    await store.taste.void(OTHER, 1, by=5, reason="elsewhere")
    assert (first.reason, first.by, first.person_id) == ("a ring \ufffd", 5, 1)
    assert await store.taste.void(GUILD, 1, by=6, reason="again") == first
    assert await store.taste.voids(GUILD) == (first, second)
    assert await store.taste.restore(GUILD, 1) == first
    assert await store.taste.restore(GUILD, 1) is None
    assert await store.taste.voids(GUILD) == (second,)


async def test_a_person_who_is_voided_by_several_at_once_is_voided_once(store: Store) -> None:
    voids = await asyncio.gather(*(store.taste.void(GUILD, 1, by=by, reason="") for by in range(6)))
    assert set(voids) == set(await store.taste.voids(GUILD))


async def test_a_model_on_trial_is_live_and_votes_promote_it_or_roll_it_back(store: Store) -> None:
    good = await published(store, "good", on_trial=True)
    assert good.trial_since is not None
    assert await store.taste.begin_trial("good") is None
    assert await store.taste.trials() == await store.taste.trials(GUILD) == (good,)
    assert await store.taste.trials(OTHER) == ()
    promoted = await store.taste.end_trial("good", "promote", "58 of 70 liked it more")
    assert promoted is not None
    assert (promoted.state, promoted.trial_since, promoted.reason) == ("live", None, "58 of 70 liked it more")
    worse = await published(store, "worse", on_trial=True)
    assert worse.trial_since is not None
    ended = await store.taste.end_trial("worse", "roll back", "5 of 40")
    assert ended is not None
    assert (ended.state, ended.trial_since, ended.reason) == ("rolled_back", None, "5 of 40")
    assert [model.id for model in (await store.teaching.live(GUILD)).values()] == ["good"]
    assert (await store.taste.trials(), await store.taste.begin_trial("worse")) == ((), None)


async def test_a_trial_ends_once_however_many_say_so(store: Store) -> None:
    await published(store, "model", on_trial=True)
    ends = await asyncio.gather(
        *(store.taste.end_trial("model", "roll back" if by % 2 else "promote", f"by {by}") for by in range(8))
    )
    winner = [end for end in ends if end is not None]
    assert winner == [await store.teaching.model("model")]
    assert await store.taste.end_trial("nothing", "promote", "") is None


async def test_whoever_goes_back_by_hand_ends_the_trial_and_can_bring_the_model_back(store: Store) -> None:
    await published(store, "model1")
    await published(store, "model2", on_trial=True)
    await store.teaching.rollback(GUILD, "lofi", 1)
    assert (await store.teaching.model("model2")).trial_since is None
    assert await store.taste.end_trial("model2", "promote", "") is None
    await store.teaching.rollback(GUILD, "lofi", 2)
    again = await store.teaching.model("model2")
    assert (again.state, again.trial_since) == ("live", None)


async def test_what_votes_rolled_back_is_live_without_their_reason_when_a_moderator_brings_it_back(
    store: Store,
) -> None:
    await published(store, "model", on_trial=True)
    await store.taste.end_trial("model", "roll back", "5 of 40")
    raised = await store.teaching.rollback(GUILD, "lofi", 1)
    assert raised is not None
    assert (raised.state, raised.reason) == ("live", None)


@pytest.mark.parametrize("how", ["retire", "forget"])
async def test_a_model_that_is_retired_is_on_trial_no_more(store: Store, how: str) -> None:
    await published(store, "model", on_trial=True)
    if how == "retire":
        await store.teaching.retire(GUILD, "lofi", "the style was dropped")
    else:
        await store.teaching.forget("upmodel")
    ended = await store.teaching.model("model")
    assert (ended.state, ended.trial_since) == ("retired", None)
    assert await store.taste.trials() == ()
