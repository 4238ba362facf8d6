"""Trainings, versions and servers' own styles; and how nothing of a piece is left when it is forgotten."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from engine import Origin, Settings, Studio, Update
from engine.errors import BadRequest, NotFound
from engine.jobs.courtesy import Courtesy
from tests.studio.small_school import (
    ASKER,
    MARK,
    kept,
    last_word,
    material,
    school,
    taught,
    three_kept,
    trained,
)
from tests.studio.small_studio import asked, eventually, last_of, rows_of, until, updates_of

MODERATOR = Origin(person_id=9, guild_id=2, channel_id=33)
ELSEWHERE = Origin(person_id=1, guild_id=7)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


def model_files(settings: Settings, model_id: str) -> list[str]:
    return sorted(path.name for path in (settings.data_dir / "models" / model_id).glob("*"))


def order(settings: Settings, model_id: str) -> dict[str, Any]:
    """What the training was told."""
    told: dict[str, Any] = json.loads((settings.data_dir / "models" / model_id / "seeds.json").read_text())
    return told


async def live(studio: Studio, guild_id: int = 2) -> dict[str, int]:
    return {style: model.version for style, model in (await studio._store.teaching.live(guild_id)).items()}


async def in_progress(studio: Studio, job_id: str) -> Update:
    """The training's first word of its steps."""
    async with asyncio.timeout(30):
        async for update in studio.watch(job_id):
            if update.step is not None:
                return update
    raise AssertionError("it never began")


def traces(settings: Settings, *marks: str) -> Iterator[str]:
    """Where one of the marks stands, in any row or any file of the data folder."""
    with closing(sqlite3.connect(settings.data_dir / "tunesmith.db")) as connection:
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            for row in connection.execute(f"SELECT * FROM {table}"):  # noqa: S608
                yield from (f"{table}: {mark}" for mark in marks if mark in repr(row))
    for path in settings.data_dir.rglob("*"):
        found = path.read_bytes() if path.is_file() else b""  # the database's own, as they lie on the disk, too
        yield from (f"{path}: {mark}" for mark in marks if mark.encode() in found or mark[::-1].encode() in found)


async def test_a_training_is_followed_and_its_model_composes_for_its_server_alone(
    settings: Settings, tmp_path: Path
) -> None:
    async with school(settings) as studio:
        pieces = await three_kept(studio, f"trains at {tmp_path / 'gate'}")
        ticket = await studio.teaching.train("jazz", origin=MODERATOR)
        assert (ticket.kind, ticket.style, ticket.version, ticket.job_id) == ("train", "jazz", 1, ticket.model_id)
        update = await in_progress(studio, ticket.job_id)
        told = (update.phase, update.detail, update.step, update.steps, update.nats, update.eta_s, update.share)
        assert told == ("learning", "training", 1, 4, 2.5, 3.0, 0.25)
        with pytest.raises(BadRequest, match="Version 1 of jazz is being trained already"):
            await studio.teaching.train("jazz", origin=MODERATOR)
        assert await live(studio) == {}
        (tmp_path / "gate").touch()
        training = (await last_word(studio, ticket)).training
        assert training is not None
        assert training.is_live
        assert (training.model.version, training.model.upload_ids) == (1, tuple(pieces))
        assert training.model.metrics == {"gain": 0.2}
        assert (await live(studio), await live(studio, 7)) == ({"jazz": 1}, {})
        assert model_files(settings, ticket.job_id) == ["seeds.json", "v1.safetensors"]
        assert order(settings, ticket.job_id)["parent"] == "jazz"
        assert not (settings.data_dir / "trainings" / ticket.job_id).exists(), "how far it was is not needed any more"
        assert await studio.teaching.models(origin=ELSEWHERE) == ()


async def test_a_model_that_is_not_good_enough_is_refused_and_leaves_no_file(settings: Settings) -> None:
    async with school(settings) as studio:
        await three_kept(studio)
        first = await trained(studio)
        await kept(studio, "bad lessons")
        ticket = await trained(studio)
        training = (await last_of(studio, ticket.job_id)).training
        assert training is not None
        assert (training.is_live, training.model.state, training.model.reason) == (False, "refused", "It copies.")
        assert training.model.metrics == {"copies": 3}
        assert await live(studio) == {"jazz": 1}
        assert model_files(settings, ticket.job_id) == []
        assert model_files(settings, first.job_id) != []


async def test_too_few_pieces_teach_nothing(settings: Settings) -> None:
    async with school(settings) as studio:
        await kept(studio, "one")
        await taught(studio, "two")
        with pytest.raises(BadRequest, match="Kept pieces of jazz: 1; 3 are the least"):
            await studio.teaching.train("jazz", origin=MODERATOR)
        with pytest.raises(BadRequest, match="'polka' is not known"):
            await studio.teaching.train("polka", origin=MODERATOR)


async def test_versions_are_kept_side_by_side_and_can_be_gone_back_to(settings: Settings) -> None:
    async with school(settings) as studio:
        await three_kept(studio)
        await trained(studio)
        second = await trained(studio)
        assert order(settings, second.job_id)["current"] is not None
        assert [model.version for model in await studio.teaching.models(origin=ASKER)] == [1, 2]
        assert await live(studio) == {"jazz": 2}
        back = await studio.teaching.rollback("jazz", 1, origin=MODERATOR)
        assert back is not None
        assert await live(studio) == {"jazz": 1}
        assert await studio.teaching.rollback("jazz", 0, origin=MODERATOR) is None
        assert await live(studio) == {}
        with pytest.raises(NotFound, match="no version 2 of jazz"):
            await studio.teaching.rollback("jazz", 2, origin=ELSEWHERE)


async def test_a_training_goes_on_after_a_restart(settings: Settings, tmp_path: Path) -> None:
    async with school(settings, processes=True, grace_s=30) as studio:
        await three_kept(studio, f"trains at {tmp_path / 'gate'}")
        ticket = await studio.teaching.train("jazz", origin=MODERATOR)
        await in_progress(studio, ticket.job_id)
        async with asyncio.timeout(10):  # a stop waits for songs and lessons, not for a training
            await studio.close()
    assert (settings.data_dir / "trainings" / ticket.job_id / "state.json").exists()
    (tmp_path / "gate").touch()
    async with school(settings, processes=True) as studio:
        assert (await last_word(studio, ticket)).phase == "ready"
        assert order(settings, ticket.job_id)["t"] == 2


async def test_a_cancelled_training_comes_to_nothing(settings: Settings, tmp_path: Path) -> None:
    async with school(settings) as studio:
        await three_kept(studio, f"trains at {tmp_path / 'gate'}")
        ticket = await studio.teaching.train("jazz", origin=MODERATOR)
        await in_progress(studio, ticket.job_id)
        assert await studio.cancel(ticket.job_id, person_id=9)
        last = await last_of(studio, ticket.job_id)
        assert (last.phase, last.sentence) == ("cancelled", "The training was cancelled.")
        (tmp_path / "gate").touch()
        await eventually(lambda: not (settings.data_dir / "trainings" / ticket.job_id).exists())
        (model,) = await studio.teaching.models(origin=ASKER)
        assert (model.state, model.reason) == ("refused", "It was cancelled.")
        assert (await trained(studio)).version == 2


async def test_who_trains_hears_that_songs_are_composed(settings: Settings, tmp_path: Path) -> None:
    courtesy = Courtesy(settings.data_dir)
    async with school(settings) as studio:
        await three_kept(studio, f"trains at {tmp_path / 'gate'}")
        ticket = await studio.teaching.train("jazz", origin=MODERATOR)
        await in_progress(studio, ticket.job_id)
        assert not courtesy.is_busy
        song = await asked(studio, f"waits for {tmp_path / 'song'}")
        await eventually(lambda: courtesy.is_busy)
        (tmp_path / "song").touch()
        assert (await last_of(studio, song.job_id)).phase == "ready"
        await eventually(lambda: not courtesy.is_busy)
        (tmp_path / "gate").touch()
        await last_word(studio, ticket)


def test_a_busy_studio_that_died_keeps_nobody_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    courtesy = Courtesy(tmp_path)
    assert not courtesy.is_busy
    courtesy.say(True)
    assert courtesy.is_busy
    monkeypatch.setattr("engine.jobs.courtesy.HOLDS_S", 0.0)
    assert not courtesy.is_busy


async def test_a_style_is_trained_by_itself_when_enough_new_minutes_are_there(settings: Settings) -> None:
    eager = settings.model_copy(update={"train_after_minutes": 7.0})  # each piece says that it has two minutes
    async with school(eager) as studio:
        await three_kept(studio)
        assert await studio.teaching.models(origin=ASKER) == ()
        await kept(studio, "four")
        (pending,) = await studio.teaching.pending()
        assert (pending.kind, pending.version) == ("train", 1)
        assert (pending.origin.channel_id, pending.origin.message_id) == (3, None)
        await last_word(studio, pending)
        await kept(studio, "five")
        assert await studio.teaching.pending() == (), "four of the five are learnt"


async def test_a_server_founds_a_style_and_teaches_it(settings: Settings) -> None:
    async with school(settings) as studio:
        create = studio.teaching.create_style
        for name in ("Dub Step", "jazz", "lo-fi", "d", "x" * 25, "-dub", "dub/step", "song", "sad", "waltz"):
            with pytest.raises(BadRequest, match="A style cannot be called"):
                await create(name, parent="pop", description="wobbly", origin=MODERATOR)
        with pytest.raises(BadRequest, match="The style 'polka' is not known"):
            await create("dubstep", parent="polka", description="wobbly", origin=MODERATOR)
        with pytest.raises(BadRequest, match="needs a description"):
            await create("dubstep", parent="pop", description=" ", origin=MODERATOR)
        style = await create("dubstep", parent="pop", description="wobbly basses", origin=MODERATOR)
        assert await studio.teaching.styles(origin=ASKER) == (style,)
        with pytest.raises(BadRequest, match="'dubstep' is not known"):
            await studio.teaching.teach(material("one", style="dubstep"), origin=ELSEWHERE)
        await three_kept(studio, style="dubstep")
        ticket = await trained(studio, style="dubstep")
        told = order(settings, ticket.job_id)
        assert (told["style"], told["parent"], told["description"]) == ("dubstep", "pop", "wobbly basses")
        await studio.teaching.drop_style("dubstep", origin=MODERATOR)
        assert await studio.teaching.styles(origin=ASKER) == ()
        assert await studio.teaching.dataset(origin=ASKER) == ()
        assert await live(studio) == {}
        assert list(traces(settings, MARK)) == []
        assert model_files(settings, ticket.job_id) == []
        with pytest.raises(NotFound, match="no style 'dubstep' of its own"):
            await studio.teaching.drop_style("dubstep", origin=MODERATOR)


async def test_nothing_carries_a_piece_that_was_forgotten(settings: Settings) -> None:
    """No row, no file, no index entry, no checkpoint; and what learnt from it is trained anew without it."""
    async with school(settings) as studio:
        others = [await kept(studio, words) for words in ("two", "three", "four")]
        before = await trained(studio)
        secret = await kept(studio, f"{MARK} tune", name=f"{MARK}.txt", licence="cc-by", credit=f"{MARK} artist")
        after = await trained(studio)
        assert {trace.split(":")[0] for trace in traces(settings, MARK)} >= {"uploads"}
        assert any(str(settings.data_dir / "models" / after.job_id) in trace for trace in traces(settings, MARK))

        done = await studio.teaching.forget(secret, origin=ASKER)

        assert [(model.id, model.version, model.state) for model in done.retired] == [(after.job_id, 2, "live")]
        assert list(traces(settings, MARK)) == [], "before forget returns"
        assert not any(secret in str(path) for path in settings.data_dir.rglob("*"))
        assert await live(studio) == {"jazz": 1}, "until it is trained anew the newest that never knew it composes"
        assert done.training is not None
        training = (await last_word(studio, done.training)).training
        assert training is not None
        assert (training.is_live, training.model.version) == (True, 3)
        assert training.model.upload_ids == tuple(others)
        assert await live(studio) == {"jazz": 3}
        assert list(traces(settings, MARK)) == []
        models = await studio.teaching.models(origin=ASKER)
        assert [model.state for model in models] == ["live", "retired", "live"]
        assert not any(secret in model.upload_ids for model in models if model.state == "live")
        with pytest.raises(NotFound, match="no version 2"):
            await studio.teaching.rollback("jazz", 2, origin=MODERATOR)
        assert model_files(settings, before.job_id) != []

        again = await studio.teaching.forget(secret, origin=Origin(person_id=None, guild_id=2), moderator=True)
        assert (again.retired, again.training) == ((), None), "forgetting twice does nothing more"


async def test_a_piece_that_is_forgotten_while_a_model_learns_from_it_is_not_learnt(
    settings: Settings, tmp_path: Path
) -> None:
    async with school(settings) as studio:
        pieces = await three_kept(studio, f"trains at {tmp_path / 'gate'}")
        ticket = await studio.teaching.train("jazz", origin=MODERATOR)
        await in_progress(studio, ticket.job_id)
        done = await studio.teaching.forget(pieces[0], origin=ASKER)
        assert [(model.id, model.state) for model in done.retired] == [(ticket.job_id, "training")]
        assert (await last_of(studio, ticket.job_id)).phase == "cancelled"
        assert done.training is not None
        (tmp_path / "gate").touch()
        training = (await last_word(studio, done.training)).training
        assert training is not None
        assert training.model.upload_ids == tuple(pieces[1:])
        assert await live(studio) == {"jazz": 2}
        await eventually(lambda: list(traces(settings, MARK)) == [])


async def test_a_file_that_is_forgotten_while_it_is_understood_is_gone(settings: Settings, tmp_path: Path) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material(f"waits for {tmp_path / 'gate'} {MARK}"), origin=ASKER)
        await until(studio, ticket.job_id, "learning")
        await studio.teaching.forget(ticket.job_id, origin=ASKER)
        assert list(traces(settings, MARK)) == []
        assert [update.phase for update in await updates_of(studio, ticket.job_id)] == ["cancelled"]
        (tmp_path / "gate").touch()
        assert await taught(studio, "another")
        await eventually(lambda: list(traces(settings, MARK)) == [])
        assert (await studio._store.teaching.upload(ticket.job_id)).state == "forgotten"


async def test_who_hears_late_of_a_forgotten_file_hears_that_it_was_taken_back(settings: Settings) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material(f"{MARK} one"), origin=ASKER)
        await eventually(lambda: nobody_heard(settings, ticket.job_id))
        await studio.teaching.forget(ticket.job_id, origin=ASKER)
        assert [pending.job_id for pending in await studio.teaching.pending()] == [ticket.job_id]
        (last,) = await updates_of(studio, ticket.job_id)
        assert (last.phase, last.sentence) == ("cancelled", "The upload was taken back.")
        assert await studio.teaching.pending() == ()
        assert (await last_of(studio, ticket.job_id)).phase == "cancelled", "and once more"


def nobody_heard(settings: Settings, job_id: str) -> bool:
    """Whether a job is over, and waits for somebody to be told."""
    row = rows_of(settings)[job_id]
    return row["state"] == "delivering" and row["lease_owner"] is None


async def test_of_a_refused_file_not_even_its_name_is_left(settings: Settings) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material("refuse it", name=f"{MARK}.txt"), origin=ASKER)
        assert MARK in str((await last_word(studio, ticket)).sentence)
        assert list(traces(settings, MARK)) != []
        await studio.teaching.forget(ticket.job_id, origin=ASKER)
        assert list(traces(settings, MARK)) == []


async def test_too_little_that_is_left_is_not_trained_anew(settings: Settings) -> None:
    async with school(settings) as studio:
        pieces = await three_kept(studio)
        await trained(studio)
        done = await studio.teaching.forget(pieces[0], origin=ASKER)
        assert done.training is None
        assert len(done.retired) == 1
        assert await live(studio) == {}, "the shipped one composes"


async def test_what_a_dead_process_left_of_a_forgotten_piece_is_swept_up(settings: Settings) -> None:
    async with school(settings) as studio:
        pieces = await three_kept(studio)
        model = await trained(studio)
        await studio._store.teaching.forget(pieces[0])  # and the process dies before it removes the files
        assert any(MARK in trace for trace in traces(settings, MARK))
    async with school(settings):
        await eventually(lambda: list(traces(settings, MARK)) == [])
        assert model_files(settings, model.job_id) == []
