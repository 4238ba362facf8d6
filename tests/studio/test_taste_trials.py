"""Trials of new versions: begun where somebody will decide, half of the requests, ended by votes, people or time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import ComposeRequest, ModelRecord, Origin, Settings, StoredSong, Studio, StudioEvent
from engine.dispatch.taught import composes_on_trial, guild_now, guild_of
from engine.store import DailyLimits, NewUpload, Understood
from engine.store.tables import models
from tests.studio.small_studio import eventually, opened

HERE = Origin(person_id=1, guild_id=2)


@pytest.fixture
async def studio(tmp_path: Path) -> AsyncIterator[Studio]:
    settings = Settings.read(data_dir=tmp_path / "data", database_url=None, person_limit=100)
    async with opened(settings) as studio:
        yield studio


async def trained(studio: Studio, model_id: str) -> ModelRecord:
    """A version was trained and passed its gates, as the school tells it."""
    teaching = studio._store.teaching
    await teaching.begin_model(model_id, 2, "lofi")
    live = await teaching.publish(model_id, sha256="a", parent_sha256="b", metrics={})
    assert live is not None
    await studio._school.outcomes.on_published(live)
    return await teaching.model(model_id)


async def songs(studio: Studio, number: int) -> list[StoredSong]:
    request = ComposeRequest(prompt="steps 1")
    return list(await asyncio.gather(*(studio.compose(request, origin=HERE) for _ in range(number))))


async def with_voters(studio: Studio) -> None:
    """The server has cast a few votes lately."""
    (song,) = await songs(studio, 1)
    for person in range(10, 15):
        await studio.vote(song.id, person_id=person, value=1)


async def test_a_new_version_composes_everything_where_nobody_votes_or_wants_trials(studio: Studio) -> None:
    assert (await trained(studio, "first")).trial_since is None
    await with_voters(studio)
    await studio.taste.switch("canary", False, origin=HERE)
    assert (await trained(studio, "second")).trial_since is None
    assert [model.id for model in (await guild_of(studio._store, HERE, "any job")).models["lofi"]] == [
        "second",
        "first",
    ]


async def test_on_trial_a_version_composes_half_of_the_requests_by_their_ids(studio: Studio) -> None:
    await trained(studio, "older")
    await with_voters(studio)
    assert (await trained(studio, "newer")).trial_since is not None
    drawn = {job: composes_on_trial(job, "newer") for job in map(str, range(4000))}
    assert 0.47 < sum(drawn.values()) / len(drawn) < 0.53
    for job in list(drawn)[:20]:
        composing = [model.id for model in (await guild_of(studio._store, HERE, job)).models["lofi"]]
        assert composing == (["newer", "older"] if drawn[job] else ["older"])
    made = await songs(studio, 24)
    by = [song.receipt.model.get("server_models") for song in made]
    assert by == ["newer" if drawn_for else "older" for drawn_for in (composes_on_trial(s.id, "newer") for s in made)]
    assert set(by) == {"newer", "older"}


@pytest.mark.parametrize(
    ("is_better", "state", "outcome"), [(True, "live", "promote"), (False, "rolled_back", "roll back")]
)
async def test_votes_promote_a_better_version_and_roll_a_worse_one_back(
    studio: Studio, is_better: bool, state: str, outcome: str
) -> None:
    heard: list[StudioEvent] = []
    studio.listen(heard.append)
    await trained(studio, "older")
    await with_voters(studio)
    await trained(studio, "newer")
    report = await studio.taste.report(origin=HERE, style="lofi")
    assert [(trial.version, trial.verdict) for trial in report.styles[0].trials] == [(2, None)]
    for song in await songs(studio, 40):
        is_new = song.receipt.model["server_models"] == "newer"
        for person in range(20, 23):
            await studio.vote(song.id, person_id=person, value=1 if is_new == is_better else -1)
    await studio._taster.learn(2)
    model = await studio._store.teaching.model("newer")
    assert (model.state, model.trial_since) == (state, None)
    assert [event.outcome for event in heard if event.kind == "trial"] == ["begun", outcome]
    assert {event.detail for event in heard if event.outcome == outcome} == {model.reason}
    after = [song.receipt.model["server_models"] for song in await songs(studio, 8)]
    assert set(after) == {"newer" if is_better else "older"}
    report = await studio.taste.report(origin=HERE, style="lofi")
    assert [(trial.version, trial.verdict) for trial in report.styles[0].trials] == [(2, outcome)]
    assert model.reason is not None
    assert model.reason in report.styles[0].movers[3].figure


async def test_songs_of_a_version_that_is_rolled_back_meanwhile_are_composed_by_what_was_before(studio: Studio) -> None:
    await trained(studio, "older")
    await with_voters(studio)
    await trained(studio, "newer")
    job_id = next(job for job in map(str, range(99)) if composes_on_trial(job, "newer"))
    accepted = (await guild_of(studio._store, HERE, job_id)).to_json()
    await studio._store.taste.end_trial("newer", "roll back", "worse")
    now = await guild_now(studio._store, accepted, HERE)
    assert now is not None
    assert [model["id"] for model in now["models"]["lofi"]] == ["older"]
    assert "version 1 was taken" in now["notices"]["lofi"]


async def test_a_version_that_comes_meanwhile_replaces_the_one_on_trial(studio: Studio) -> None:
    await with_voters(studio)
    await trained(studio, "one")
    await trained(studio, "two")
    models_now = await studio.teaching.models(origin=HERE)
    assert [(model.id, model.state, model.trial_since is None) for model in models_now] == [
        ("one", "rolled_back", True),
        ("two", "live", False),
    ]
    assert models_now[0].reason == "Version 2 replaced it before votes had decided."


async def test_people_end_a_trial_by_rolling_back_by_the_switch_and_by_taking_a_piece_back(studio: Studio) -> None:
    await with_voters(studio)
    await trained(studio, "one")
    await studio.teaching.rollback("lofi", 0, origin=HERE)
    assert await studio._store.taste.trials() == ()
    await trained(studio, "two")
    await studio.teaching.rollback("lofi", 2, origin=HERE)
    assert await studio._store.taste.trials() == (), "whoever goes back to it decides for it"
    await trained(studio, "three")
    await studio.taste.switch("canary", False, origin=HERE)
    three = await studio._store.teaching.model("three")
    assert (three.state, three.trial_since, three.reason) == (
        "live",
        None,
        "Trials were switched off, so version 3 composes everything.",
    )
    await studio.taste.switch("canary", True, origin=HERE)
    teaching = studio._store.teaching
    upload = NewUpload(id="piece", guild_id=2, style="lofi", person_id=1, name="a", licence="own", sha256="a")
    await teaching.add_upload(upload, DailyLimits(person=9, guild=9))
    await teaching.understood("piece", Understood(kind="midi", duration_s=9.0, report={}, pipeline="1"))
    await teaching.keep("piece", by=1, ask_first=False)
    await teaching.begin_model("four", 2, "lofi")
    await teaching.gather("four")
    live = await teaching.publish("four", sha256="a", parent_sha256="b", metrics={})
    assert live is not None
    await studio._school.outcomes.on_published(live)
    assert [model.id for model in await studio._store.taste.trials()] == ["four"]
    await studio.teaching.forget("piece", origin=HERE)
    assert await studio._store.taste.trials() == ()
    assert (await teaching.model("four")).state == "retired"


async def test_a_trial_on_which_nobody_decides_ends_after_a_month(studio: Studio) -> None:
    await with_voters(studio)
    model = await trained(studio, "slow")
    await studio._taster.trials.end_overdue()
    assert (await studio._store.teaching.model("slow")).trial_since == model.trial_since
    long_ago = datetime.now(UTC) - timedelta(days=31)
    async with studio._store._database.writing() as connection:
        await connection.execute(sa.update(models).values(trial_since=long_ago))
    await studio._taster.trials.end_overdue()
    slow = await studio._store.teaching.model("slow")
    assert (slow.state, slow.trial_since) == ("live", None)
    assert slow.reason == "Votes did not decide within 30 days, so version 1 composes everything."


async def test_a_duel_compares_the_version_on_trial_with_what_was_before(studio: Studio) -> None:
    await trained(studio, "older")
    await with_voters(studio)
    await trained(studio, "newer")
    ticket = await studio.taste.duel(ComposeRequest(prompt="steps 1"), origin=HERE)
    async for state in studio.taste.duel_watch(ticket.duel_id):
        if state.phase == "open":
            await studio.taste.answer(ticket.duel_id, person_id=5, answer="both")
            await studio.taste.reveal(ticket.duel_id, origin=HERE)
    assert state.reveal is not None
    sides = (state.reveal.left, state.reveal.right)
    assert {side.model_id for side in sides} == {"older", "newer"}
    assert {side.made_with.split(",")[0] for side in sides} == {"lofi server v1", "lofi server v2"}
    await eventually(lambda: studio.state().totals["duel"] == 3)
