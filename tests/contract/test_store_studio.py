"""The studio on PostgreSQL and an object store does what it does on a laptop."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine import ComposeRequest, Origin, Settings, Studio, Tally, doctor, errors
from engine.jobs import InlineExecutor
from engine.store import open_files, place_of
from tests.contract.object_server import BUCKET, ObjectServer
from tests.contract.postgres import PostgresServer

COMPOSER = Path(__file__).parents[1] / "studio"
OPENER = "small_composer:open_small_composer"
ORIGIN = Origin(person_id=1, guild_id=2, channel_id=3, message_id=4)


@pytest.fixture
def settings(
    postgres: PostgresServer, objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    monkeypatch.syspath_prepend(COMPOSER)
    return Settings.read(
        data_dir=tmp_path / "here",
        database_url=postgres.fresh_url(),
        files=f"s3://{BUCKET}/studio{os.getpid()}-{tmp_path.name}",
        files_endpoint=objects.endpoint,
        files_key="a-key",
        files_secret="a-secret",
    )


async def test_a_song_that_one_machine_made_is_found_and_voted_on_from_another(settings: Settings) -> None:
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        song = await studio.compose(ComposeRequest(prompt="chill lofi", seed=7), origin=ORIGIN)
        assert song.audio.read_bytes() == b"sound"
    shutil.rmtree(settings.data_dir)
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as elsewhere:
        assert await elsewhere.song(song.id) == song
        assert song.audio.read_bytes() == b"sound"
        assert await elsewhere.vote(song.id, person_id=1, value=1) == Tally(up=1, down=0, own=1)


async def test_what_comes_to_nothing_leaves_nothing_in_either_place(settings: Settings) -> None:
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        with pytest.raises(errors.RenderError):
            await studio.compose(ComposeRequest(prompt="breaks"), origin=ORIGIN)
    assert list((settings.data_dir / "scratch").iterdir()) == []
    assert await open_files(place_of(settings), settings.data_dir).songs() == ()


async def test_a_song_that_another_one_builds_on_is_brought_here_first(settings: Settings) -> None:
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        song = await studio.compose(ComposeRequest(prompt="chill lofi", seed=7), origin=ORIGIN)
        shutil.rmtree(settings.data_dir)
        await studio.another(song.id, origin=ORIGIN, keep=("melody",))
        assert (settings.data_dir / "songs" / song.id / "song.mid").read_bytes() == b"notes"


def test_the_doctor_tries_the_object_store_and_names_one_that_cannot_be_used(settings: Settings) -> None:
    assert doctor._files(settings) == f"{settings.files}, writes and reads"
    lost = settings.model_copy(update={"files": "s3://no-such-bucket"})
    with pytest.raises(errors.SetupError, match="no-such-bucket"):
        doctor._files(lost)
