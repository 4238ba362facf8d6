"""What the store promises of uploads, models and servers' own styles, on every database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from engine.errors import BadRequest, NotFound
from engine.store import DailyLimits, ModelRecord, NewJob, NewUpload, Origin, Store, Understood, UploadRecord
from engine.store.database import migration_config, open_database
from engine.store.tables import songs

PLENTY = DailyLimits(person=1000, guild=1000)
NEW = NewUpload(
    id="upload1", guild_id=2**63 - 1, style="jazz", person_id=2**62, name="my tune ♪.mp3", licence="cc-by",
    credit="Ada Q.", sha256="a" * 64,
)  # fmt: skip
REPORT = {"tempo_bpm": 92.5, "roles": ["melody", "bass"]}
MADE = Understood(kind="audio", duration_s=181.5, report=REPORT, pipeline="1")


def new(number: int, **values: Any) -> NewUpload:
    """Another one."""
    return replace(NEW, **{"id": f"upload{number}", "sha256": f"{number:064d}", **values})


async def kept(store: Store, number: int, **values: Any) -> UploadRecord:
    """An upload that is kept."""
    upload = await store.teaching.add_upload(new(number, **values), PLENTY)
    await store.teaching.understood(upload.id, MADE)
    record = await store.teaching.keep(upload.id, by=upload.person_id)
    assert record is not None
    return record


async def published(store: Store, model_id: str, **values: Any) -> ModelRecord | None:
    """A model of all that is kept, live if it may be."""
    await store.teaching.begin_model(model_id, NEW.guild_id, values.get("style", NEW.style))
    await store.teaching.gather(model_id)
    return await store.teaching.publish(model_id, sha256="b" * 64, parent_sha256="c" * 64, metrics={"gain": 0.2})


async def test_an_upload_comes_back_as_it_was_taught_and_as_it_was_understood(store: Store) -> None:
    before = datetime.now(UTC)
    await store.teaching.add_upload(NEW, PLENTY)
    record = await store.teaching.upload(NEW.id)
    for name in ("id", "guild_id", "style", "person_id", "name", "licence", "credit", "sha256"):
        assert getattr(record, name) == getattr(NEW, name)
    assert (record.state, record.report, record.split) == ("received", None, None)
    assert before <= record.created_at <= datetime.now(UTC)
    understood = await store.teaching.understood(NEW.id, MADE)
    assert understood is not None
    assert (understood.state, understood.kind, understood.duration_s) == ("understood", "audio", 181.5)
    assert (understood.report, understood.pipeline) == (REPORT, "1")
    assert await store.teaching.upload(NEW.id) == understood


async def test_an_upload_that_is_added_twice_by_its_id_is_there_once(store: Store) -> None:
    first = await store.teaching.add_upload(NEW, PLENTY)
    assert await store.teaching.add_upload(NEW, PLENTY) == first
    assert await store.teaching.uploads(NEW.guild_id) == (first,)


async def test_the_same_bytes_are_taken_once_a_server_and_style(store: Store) -> None:
    await store.teaching.add_upload(NEW, PLENTY)
    for person in (NEW.person_id, 5):
        with pytest.raises(BadRequest, match=r"'my tune ♪\.mp3' was uploaded for jazz already, on 20\d\d-\d\d-\d\d"):
            await store.teaching.add_upload(replace(NEW, id="upload2", person_id=person), PLENTY)
    await store.teaching.add_upload(replace(NEW, id="upload3", style="lofi"), PLENTY)
    await store.teaching.add_upload(replace(NEW, id="upload4", guild_id=7), PLENTY)


async def test_what_was_refused_or_forgotten_may_be_taught_again(store: Store) -> None:
    await store.teaching.add_upload(NEW, PLENTY)
    await store.teaching.refuse(NEW.id, "no steady beat found")
    await store.teaching.add_upload(replace(NEW, id="upload2"), PLENTY)
    await store.teaching.forget("upload2")
    await store.teaching.add_upload(replace(NEW, id="upload3"), PLENTY)


async def test_of_many_who_teach_the_same_bytes_at_once_one_is_taken(store: Store) -> None:
    tries = [store.teaching.add_upload(replace(NEW, id=f"upload{i}", person_id=i), PLENTY) for i in range(8)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, UploadRecord) for result in results) == 1
    assert sum(isinstance(result, BadRequest) for result in results) == 7


async def test_a_person_and_a_server_may_teach_so_much_a_day(store: Store) -> None:
    limits = DailyLimits(person=2, guild=3)
    for number in (1, 2):
        await store.teaching.add_upload(new(number), limits)
    with pytest.raises(BadRequest, match="You uploaded 2 files within a day, and 2 are the most"):
        await store.teaching.add_upload(new(3), limits)
    await store.teaching.add_upload(new(4, person_id=5), limits)
    with pytest.raises(BadRequest, match="This server was taught 3 files within a day"):
        await store.teaching.add_upload(new(5, person_id=6), limits)
    await store.teaching.add_upload(new(6, person_id=6, guild_id=9), limits)
    store.teaching._clock = lambda: datetime.now(UTC) + timedelta(hours=25)
    await store.teaching.add_upload(new(7), limits)


async def test_forgetting_does_not_give_the_day_back(store: Store) -> None:
    limits = DailyLimits(person=5, guild=1)
    await store.teaching.add_upload(new(1), limits)
    await store.teaching.forget("upload1")
    with pytest.raises(BadRequest, match="This server was taught 1 file within a day"):
        await store.teaching.add_upload(new(2), limits)


async def test_whoever_teaches_in_a_shell_has_no_limit(store: Store) -> None:
    for number in range(3):
        await store.teaching.add_upload(new(number, guild_id=0, person_id=None), DailyLimits(person=1, guild=1))


async def test_a_kept_upload_may_have_to_await_a_moderator(store: Store) -> None:
    await store.teaching.add_upload(NEW, PLENTY)
    assert await store.teaching.keep(NEW.id, by=NEW.person_id) is None, "it is not understood yet"
    await store.teaching.understood(NEW.id, MADE)
    waiting = await store.teaching.keep(NEW.id, by=NEW.person_id, ask_first=True)
    assert waiting is not None
    assert (waiting.state, waiting.split, waiting.decided_by) == ("awaiting", None, None)
    approved = await store.teaching.keep(NEW.id, by=77)
    assert approved is not None
    assert (approved.state, approved.split, approved.decided_by) == ("kept", "train", 77)
    assert await store.teaching.keep(NEW.id, by=78) is None
    assert await store.teaching.refuse(NEW.id, "too late") is None


async def test_what_is_kept_stays_kept_when_it_is_understood_anew(store: Store) -> None:
    await kept(store, 1)
    again = await store.teaching.understood("upload1", replace(MADE, pipeline="2", report={"key": "C major"}))
    assert again is not None
    assert (again.state, again.pipeline, again.report) == ("kept", "2", {"key": "C major"})


async def test_every_fifth_kept_upload_is_held_out_and_made_up_for_when_it_is_forgotten(store: Store) -> None:
    splits = [(await kept(store, number)).split for number in range(10)]
    assert splits == ["train", "train", "train", "train", "valid"] * 2
    await kept(store, 20, style="lofi")
    await store.teaching.forget("upload4")
    assert (await kept(store, 11)).split == "valid"


async def test_uploads_of_another_server_or_style_are_not_listed(store: Store) -> None:
    for number, values in enumerate(({}, {"style": "lofi"}, {"guild_id": 7})):
        await kept(store, number, **values)
    await store.teaching.add_upload(new(9), PLENTY)
    await store.teaching.refuse("upload9", "silent")
    assert [upload.id for upload in await store.teaching.uploads(NEW.guild_id)] == ["upload0", "upload1"]
    assert [upload.id for upload in await store.teaching.uploads(NEW.guild_id, "jazz")] == ["upload0"]
    assert [u.id for u in await store.teaching.uploads(NEW.guild_id, states=("refused",))] == ["upload9"]


async def test_of_a_forgotten_upload_the_row_keeps_nothing_but_that_there_was_one(store: Store, url: str) -> None:
    await kept(store, 1)
    done = await store.teaching.forget("upload1")
    assert done is not None
    assert (done.upload.name, done.upload.state, done.models) == (NEW.name, "kept", ())
    row = await store.teaching.upload("upload1")
    blank = (row.person_id, row.name, row.credit, row.sha256, row.report, row.duration_s, row.decided_by)
    assert blank == (None, "", "", None, None, None, None)
    assert row.state == "forgotten"
    assert await store.teaching.forget("upload1") is None
    assert await store.teaching.understood("upload1", MADE) is None, "a late worker brings nothing back"
    engine = await open_database(url)
    async with engine.connect() as connection:
        text = str((await connection.execute(sa.text("SELECT * FROM uploads"))).all())
    await engine.dispose()
    for trace in (NEW.name, NEW.credit, str(NEW.person_id), "0" * 30, "tempo"):
        assert trace not in text


async def test_unknown_uploads_and_models_are_not_found(store: Store) -> None:
    for attempt in (store.teaching.upload("nothing"), store.teaching.forget("no\x00thing")):
        with pytest.raises(NotFound, match="There is no upload"):
            await attempt
    with pytest.raises(NotFound, match="There is no model"):
        await store.teaching.model("nothing")


async def test_versions_count_up_and_only_one_is_trained_at_a_time(store: Store) -> None:
    await kept(store, 1)
    first = await published(store, "model1")
    assert first is not None
    assert (first.version, first.state, first.upload_ids) == (1, "live", ("upload1",))
    assert (first.sha256, first.parent_sha256, first.metrics) == ("b" * 64, "c" * 64, {"gain": 0.2})
    second = await store.teaching.begin_model("model2", NEW.guild_id, "jazz")
    assert (second.version, second.state) == (2, "training")
    assert await store.teaching.begin_model("model2", NEW.guild_id, "jazz") == second
    with pytest.raises(BadRequest, match="Version 2 of jazz is being trained already"):
        await store.teaching.begin_model("model3", NEW.guild_id, "jazz")
    assert (await store.teaching.begin_model("model4", NEW.guild_id, "lofi")).version == 1
    assert (await store.teaching.begin_model("model5", 7, "jazz")).version == 1
    refused = await store.teaching.refuse_model("model2", "it copies", metrics={"gain": 0.0})
    assert refused is not None
    assert (refused.state, refused.reason, refused.metrics) == ("refused", "it copies", {"gain": 0.0})
    assert (await store.teaching.begin_model("model3", NEW.guild_id, "jazz")).version == 3


async def test_many_trainings_begun_at_once_are_one(store: Store) -> None:
    tries = [store.teaching.begin_model(f"model{i}", NEW.guild_id, "jazz") for i in range(6)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, ModelRecord) for result in results) == 1


async def test_a_model_learns_from_what_its_server_keeps_of_its_style(store: Store) -> None:
    for number, values in enumerate(({}, {"style": "lofi"}, {"guild_id": 7}, {})):
        await kept(store, number, **values)
    await store.teaching.add_upload(new(9), PLENTY)
    await store.teaching.begin_model("model1", NEW.guild_id, "jazz")
    assert [upload.id for upload in await store.teaching.gather("model1")] == ["upload0", "upload3"]
    assert (await store.teaching.model("model1")).upload_ids == ("upload0", "upload3")
    await store.teaching.refuse_model("model1", "no use")
    assert await store.teaching.gather("model1") == ()


async def test_the_newest_live_version_composes_and_a_rollback_goes_back_and_forth(store: Store) -> None:
    await kept(store, 1)
    for number in (1, 2, 3):
        await published(store, f"model{number}")
    guild = NEW.guild_id

    async def versions() -> list[str]:
        return [model.state for model in await store.teaching.models(guild, "jazz")]

    assert (await store.teaching.live(guild))["jazz"].id == "model3"
    assert await store.teaching.live(7) == {}
    back = await store.teaching.rollback(guild, "jazz", 1)
    assert back is not None
    assert (back.id, await versions()) == ("model1", ["live", "rolled_back", "rolled_back"])
    assert (await store.teaching.live(guild))["jazz"].id == "model1"
    await store.teaching.rollback(guild, "jazz", 2)
    assert (await store.teaching.live(guild))["jazz"].id == "model2"
    assert await store.teaching.rollback(guild, "jazz", 0) is None
    assert await store.teaching.live(guild) == {}
    with pytest.raises(NotFound, match="no version 4 of jazz"):
        await store.teaching.rollback(guild, "jazz", 4)
    with pytest.raises(NotFound, match="no version 1 of jazz"):
        await store.teaching.rollback(7, "jazz", 1)


async def test_forgetting_retires_every_model_that_learnt_from_the_piece(store: Store) -> None:
    await kept(store, 1)
    await published(store, "model1")
    await kept(store, 2)
    await published(store, "model2")
    await kept(store, 3, style="lofi")
    await published(store, "model3", style="lofi")
    await store.teaching.begin_model("model4", NEW.guild_id, "jazz")
    await store.teaching.gather("model4")
    done = await store.teaching.forget("upload2")
    assert done is not None
    assert [(model.id, model.state) for model in done.models] == [("model2", "live"), ("model4", "training")]
    assert {style: model.id for style, model in (await store.teaching.live(NEW.guild_id)).items()} == {
        "jazz": "model1",
        "lofi": "model3",
    }
    late = await store.teaching.publish("model4", sha256="d" * 64, parent_sha256="c" * 64, metrics={})
    assert late is None, "what was trained with a forgotten piece is never published"
    assert (await store.teaching.model("model4")).state == "retired"
    with pytest.raises(NotFound):
        await store.teaching.rollback(NEW.guild_id, "jazz", 2)


async def test_what_was_measured_on_a_refused_model_goes_with_the_piece_that_it_may_name(store: Store) -> None:
    await kept(store, 1)
    await store.teaching.begin_model("model1", NEW.guild_id, "jazz")
    await store.teaching.gather("model1")
    await store.teaching.refuse_model("model1", f"it copies {NEW.name}", metrics={"copied_example": NEW.name})
    done = await store.teaching.forget("upload1")
    assert done is not None
    assert done.models == (), "it was of no use anyway"
    model = await store.teaching.model("model1")
    assert (model.state, model.metrics) == ("refused", None)
    assert NEW.name not in str(model.reason)


async def test_models_go_with_a_song_whose_votes_they_learnt_from_and_what_is_noted_lasts_until_they_are_decided(
    store: Store,
) -> None:
    for song in ("song1", "song2"):
        await store.begin(song, {"prompt": "x"}, Origin(guild_id=2))
    said = {"preferred": {"songs": ["song1", "song2"], "votes": 5.0}}
    await store.teaching.begin_model("m0del1", 2, "jazz")
    assert (await store.teaching.note("m0del1", said)) == await store.teaching.model("m0del1")
    await store.teaching.publish("m0del1", sha256="a" * 64, parent_sha256="b" * 64, metrics=said)
    assert await store.teaching.note("m0del1", {}) is None
    await store.teaching.begin_model("m0del2", 2, "jazz")
    await store.teaching.note("m0del2", {"preferred": {"songs": ["song2"]}})
    await store.teaching.begin_model("m0del3", 2, "lofi")
    assert await store.teaching.bereft() == ()
    async with store._database.writing() as connection:
        await connection.execute(songs.delete().where(songs.c.id == "song1"))
    assert [(model.id, model.state) for model in await store.teaching.bereft()] == [("m0del1", "live")]
    assert [model.state for model in await store.teaching.models(2)] == ["retired", "training", "training"]
    assert await store.teaching.bereft() == ()


async def test_a_style_of_a_server_is_its_own(store: Store) -> None:
    words = {"parent": "techno", "description": "wobbly basses ♪", "person_id": 5}
    made = await store.teaching.create_style(2, "dubstep", **words)
    assert (made.guild_id, made.name, made.parent, made.description) == (2, "dubstep", "techno", "wobbly basses ♪")
    with pytest.raises(BadRequest, match="'dubstep' is there already"):
        await store.teaching.create_style(2, "dubstep", **words)
    await store.teaching.create_style(3, "dubstep", **words)
    assert await store.teaching.styles(2) == (made,)
    assert await store.teaching.styles(4) == ()
    assert await store.teaching.drop_style(2, "dubstep") == made
    with pytest.raises(NotFound, match="no style 'dubstep' of its own"):
        await store.teaching.drop_style(2, "dubstep")
    assert len(await store.teaching.styles(3)) == 1
    for number in range(20):
        await store.teaching.create_style(2, f"style{number:02d}", **words)
    with pytest.raises(BadRequest, match="20 styles of its own, the most"):
        await store.teaching.create_style(2, "one-more", **words)


async def test_what_nobody_works_on_any_more_is_refused(store: Store) -> None:
    for name in ("upload1", "upload2"):
        await store.teaching.add_upload(replace(NEW, id=name, style=name), PLENTY)
        await store.teaching.begin_model(name.replace("upload", "model"), NEW.guild_id, name)
    await store.jobs.enqueue(NewJob(id="upload1", kind="teach", payload={}, origin=Origin()))
    await store.jobs.enqueue(NewJob(id="model1", kind="train", payload={}, origin=Origin()))
    early = await store.teaching.abandoned(before=datetime.now(UTC) - timedelta(hours=1))
    assert early == ((), ())
    lost, stuck = await store.teaching.abandoned(before=datetime.now(UTC) + timedelta(seconds=1))
    assert [upload.id for upload in lost] == ["upload2"]
    assert [model.id for model in stuck] == ["model2"]
    assert (await store.teaching.upload("upload1")).state == "received"
    assert (await store.teaching.model("model2")).reason == "its training was interrupted"


async def test_a_step_down_drops_what_was_taught_and_its_jobs_and_keeps_the_songs(store: Store, url: str) -> None:
    await store.begin("song1", {"prompt": "x"}, Origin(person_id=7))
    for kind in ("compose", "teach", "train"):
        await store.jobs.enqueue(NewJob(id=f"job-{kind}", kind=kind, payload={"upload_id": "upload1"}))
    await kept(store, 1)
    await published(store, "model1")
    await store.teaching.create_style(2, "dubstep", parent="techno", description="", person_id=None)
    engine = await open_database(url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda c: command.downgrade(migration_config(c), "0004"))
        tables = await connection.run_sync(lambda c: set(sa.inspect(c).get_table_names()))
        assert tables & {"uploads", "models", "guild_styles"} == set()
        await connection.run_sync(lambda c: command.upgrade(migration_config(c), "head"))
    await engine.dispose()
    assert (await store.song("song1")).origin.person_id == 7
    assert [job.id for job in await store.jobs.unfinished()] == ["job-compose"]
    assert await store.teaching.uploads(NEW.guild_id) == ()
    await kept(store, 1)
