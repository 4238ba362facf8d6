"""Trainings that votes begin: by themselves when enough is new, with a moderator's word, and gone with their songs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import ComposeRequest, Settings, Studio
from engine.dispatch.ballots import MARK, STYLE_FIGURES
from engine.dispatch.liking import HEARD
from engine.errors import BadRequest
from engine.music.taste import Preference, StyleTaste
from engine.store import NewTaste
from engine.store.tables import songs
from tests.studio.small_school import ASKER, last_word, school, three_kept

HOME, STYLE = 2, "jazz"
SPARSE = Preference(centre={"density": 3.0}, scale={"density": 0.5}, weights={"density": -1.0}, accuracy=0.8, trust=0.7)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


@pytest.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    async with school(settings) as studio:
        yield studio


async def said(studio: Studio, liked: int = 20, disliked: int = 10, trust: float = 0.7, version: int = 1) -> None:
    """What was learnt from votes on so many songs."""
    votes = [[2.0, 0.0]] * liked + [[0.0, 2.0]] * disliked
    heard = {f"song{index:04}": vote for index, vote in enumerate(votes)}
    preference = SPARSE if trust else None
    taste = StyleTaste(version=version, votes=60, song=preference)
    await studio._store.taste.save_taste(
        NewTaste(
            home=HOME,
            style=STYLE,
            version=version,
            state=taste.to_json(),
            figures={MARK: "x", STYLE_FIGURES: {HEARD: heard}},
            votes=60,
        )
    )


async def by_votes(studio: Studio) -> str | None:
    """The id of a model that votes trained, once that is over."""
    ticket = await studio.teaching.train_by_votes(HOME, STYLE)
    if ticket is None:
        return None

    async with asyncio.timeout(30):
        while (await studio._store.jobs.job(ticket.job_id)).state != "done":  # noqa: ASYNC110 (nobody is told)
            await asyncio.sleep(0.01)
    return ticket.model_id


async def test_votes_train_a_version_by_themselves_and_nobody_waits_for_it(studio: Studio, settings: Settings) -> None:
    await said(studio)
    model_id = await by_votes(studio)
    assert model_id is not None
    model = await studio._store.teaching.model(model_id)
    assert (model.state, model.upload_ids, model.metrics["preferred"]["votes"]) == ("live", (), 60.0)
    assert await studio.teaching.pending() == ()
    told = json.loads((settings.data_dir / "models" / model_id / "seeds.json").read_text())
    assert len(told["preferred"]["songs"]) == 30
    assert told["preferred"]["preference"]["weights"] == {"density": -1.0}
    assert "person" not in json.dumps(told["preferred"])


async def test_votes_train_again_only_when_enough_is_new(studio: Studio) -> None:
    await said(studio)
    assert await by_votes(studio) is not None
    assert await by_votes(studio) is None
    await said(studio, liked=23, disliked=9, version=2)
    assert await by_votes(studio) is None
    await said(studio, liked=42, disliked=10, version=3)
    assert await by_votes(studio) is not None
    assert [model.version for model in await studio.teaching.models(origin=ASKER)] == [1, 2]


async def test_a_training_that_came_to_nothing_is_not_begun_again_by_the_same_votes(studio: Studio) -> None:
    await said(studio)
    teaching = studio._store.teaching
    model = await teaching.begin_model("m0del0009", HOME, STYLE)
    await studio._school.outcomes._preferred(model)
    await teaching.refuse_model(model.id, "It was cancelled.")
    assert await by_votes(studio) is None
    await said(studio, liked=40, version=2)
    assert await by_votes(studio) is not None


@pytest.mark.parametrize("why", ["switch", "trust", "few", "nothing"])
async def test_votes_train_nothing_where_they_are_off_or_say_too_little(studio: Studio, why: str) -> None:
    if why != "nothing":
        await said(studio, liked=5 if why == "few" else 20, trust=0.0 if why == "trust" else 0.7)
    if why == "switch":
        await studio._store.taste.switch(HOME, "tuning", False)
    assert await by_votes(studio) is None
    with pytest.raises(BadRequest, match="Kept pieces of jazz: 0"):
        await studio.teaching.train(STYLE, origin=ASKER)
    assert await studio.teaching.models(origin=ASKER) == ()


async def test_a_moderator_may_train_from_votes_alone_and_again_from_the_same(studio: Studio) -> None:
    await said(studio)
    for version in (1, 2):
        ticket = await studio.teaching.train(STYLE, origin=ASKER)
        last = await last_word(studio, ticket)
        assert last.training is not None
        assert (last.training.is_live, last.training.model.version) == (True, version)


async def test_uploads_and_votes_are_one_order(studio: Studio, settings: Settings) -> None:
    uploads = await three_kept(studio)
    await said(studio)
    model_id = await by_votes(studio)
    assert model_id is not None
    told = json.loads((settings.data_dir / "models" / model_id / "seeds.json").read_text())
    assert [upload["id"] for upload in told["uploads"]] == uploads
    assert len(told["preferred"]["songs"]) == 30


async def test_a_forgotten_upload_retires_what_learnt_from_it_and_from_votes(studio: Studio) -> None:
    uploads = await three_kept(studio)
    await said(studio)
    model_id = await by_votes(studio)
    assert model_id is not None
    done = await studio.teaching.forget(uploads[0], origin=ASKER)
    assert [model.id for model in done.retired] == [model_id]
    assert (await studio._store.teaching.model(model_id)).metrics is None


async def test_a_model_goes_with_a_deleted_song_whose_votes_it_learnt_from(studio: Studio) -> None:
    made = [(await studio.compose(ComposeRequest(prompt="steps 1"), origin=ASKER)).id for _ in range(2)]
    teaching = studio._store.teaching
    for number, song in enumerate(made):
        await teaching.begin_model(f"m0del{number:04}", HOME, STYLE)
        metrics = {"preferred": {"songs": [song], "votes": 3.0}}
        await teaching.publish(f"m0del{number:04}", sha256="a" * 64, parent_sha256="b" * 64, metrics=metrics)
    assert await teaching.bereft() == ()
    async with studio._store._database.writing() as connection:
        await connection.execute(sa.delete(songs).where(songs.c.id == made[0]))
    assert [model.id for model in await teaching.bereft()] == ["m0del0000"]
    gone, left = await teaching.models(HOME, STYLE)
    assert (gone.state, gone.reason) == ("retired", "a song whose votes it learnt from was deleted")
    assert left.state == "live"
    assert await teaching.bereft() == ()


async def test_what_a_training_was_told_of_votes_stays_the_same_when_it_goes_on(studio: Studio) -> None:
    await said(studio)
    teaching = studio._store.teaching
    model = await teaching.begin_model("m0del0009", HOME, STYLE)
    first = await studio._school.outcomes._preferred(model)
    await said(studio, liked=40, disliked=30, version=2)
    again = await studio._school.outcomes._preferred(await teaching.model(model.id))
    assert first is not None
    assert first == again
