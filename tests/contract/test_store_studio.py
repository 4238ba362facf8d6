"""The studio on PostgreSQL and an object store does what it does on a laptop."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from engine import ComposeRequest, Origin, Settings, Tally, doctor, errors
from engine.store import open_files, place_of
from tests.contract.object_server import BUCKET, ObjectServer
from tests.contract.postgres import PostgresServer
from tests.studio.small_studio import ROOT, all_made_once, asked, eventually, last_of, opened, until

ORIGIN = Origin(person_id=1, guild_id=2, channel_id=3, message_id=4)


@pytest.fixture
def settings(
    postgres: PostgresServer, objects: ObjectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setattr("engine.dispatch.news.LOOK_S", 0.3)
    return Settings.read(
        data_dir=tmp_path / "here",
        database_url=postgres.fresh_url(),
        files=f"s3://{BUCKET}/studio{os.getpid()}-{tmp_path.name}",
        files_endpoint=objects.endpoint,
        files_key="a-key",
        files_secret="a-secret",
    )


async def test_a_song_that_one_machine_made_is_found_and_voted_on_from_another(settings: Settings) -> None:
    async with opened(settings, processes=True) as studio:  # whose workers have to be told the keys
        song = await studio.compose(ComposeRequest(prompt="chill lofi", seed=7), origin=ORIGIN)
        assert song.audio.read_bytes() == b"sound"
    shutil.rmtree(settings.data_dir)
    async with opened(settings) as elsewhere:
        assert await elsewhere.song(song.id) == song
        assert song.audio.read_bytes() == b"sound"
        assert await elsewhere.vote(song.id, person_id=11, value=1) == Tally(up=1, down=0, own=1)


async def test_what_comes_to_nothing_leaves_nothing_in_either_place(settings: Settings) -> None:
    async with opened(settings) as studio:
        with pytest.raises(errors.EngineError, match="RenderError"):
            await studio.compose(ComposeRequest(prompt="breaks"), origin=ORIGIN)
        await eventually(lambda: not list((settings.data_dir / "scratch").iterdir()))
    assert await open_files(place_of(settings), settings.data_dir).songs() == ()


async def test_of_a_song_that_is_cancelled_while_it_is_recorded_nothing_stays_in_the_object_store(
    settings: Settings, tmp_path: Path
) -> None:
    gate, files = tmp_path / "gate", open_files(place_of(settings), settings.data_dir)
    async with opened(settings) as studio:
        ticket = await asked(studio, f"records at {gate}")
        await until(studio, ticket.job_id, "rendering")
        await eventually((settings.data_dir / "scratch" / ticket.song_id).is_dir)
        assert await studio.cancel(ticket.job_id, person_id=1)
        gate.touch()
        await eventually(lambda: not studio._dispatcher.stages._leftovers)
        assert await files.songs() == ()


async def test_a_song_that_another_one_builds_on_may_have_been_made_elsewhere(settings: Settings) -> None:
    async with opened(settings) as studio:
        song = await studio.compose(ComposeRequest(prompt="chill lofi", seed=7), origin=ORIGIN)
        shutil.rmtree(settings.data_dir)
        other = await studio.another(song.id, origin=ORIGIN, keep=("melody",))
        assert other.receipt.measured["entry"] == f"score of {song.id}"


async def test_two_machines_share_the_work_and_each_hands_over_what_it_was_asked_for(
    settings: Settings, tmp_path: Path
) -> None:
    there = settings.model_copy(update={"data_dir": tmp_path / "there"})
    async with opened(settings, at_once=2) as one, opened(there, at_once=2) as two:
        asking = [
            (studio, (await asked(studio, "steps 30", person=n)).job_id) for n in range(5) for studio in (one, two)
        ]
        for studio, job_id in asking:
            last = await last_of(studio, job_id)
            assert last.song is not None
            assert last.song.audio.is_file()
        assert [studio.state().totals["delivered"] for studio in (one, two)] == [5, 5]
        made = [studio.state().totals["done"] for studio in (one, two)]
        assert sum(made) == 10
        assert min(made) > 0


async def test_an_object_store_that_is_away_for_a_moment_costs_time_and_no_song(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.dispatch.stages.PAUSES_S", (0.05,))
    async with opened(settings) as studio:
        await all_made_once(studio, [(await asked(studio, f"full once {tmp_path / 'was full'}")).job_id])


def test_the_doctor_tries_the_object_store_and_names_one_that_cannot_be_used(settings: Settings) -> None:
    assert doctor._files(settings) == f"{settings.files}, writes and reads"
    lost = settings.model_copy(update={"files": "s3://no-such-bucket"})
    with pytest.raises(errors.SetupError, match="no-such-bucket"):
        doctor._files(lost)


async def test_a_duel_of_one_machine_is_answered_on_another_and_learnt_from(settings: Settings, tmp_path: Path) -> None:
    there = settings.model_copy(update={"data_dir": tmp_path / "there"})
    async with opened(settings) as one, opened(there) as two:
        ticket = await one.taste.duel(ComposeRequest(prompt="steps 1"), origin=ORIGIN, votes_wanted=5)
        async for state in two.taste.duel_watch(ticket.duel_id):
            if state.phase == "open" and not state.answers:
                for person in range(10, 15):
                    await two.taste.answer(ticket.duel_id, person_id=person, answer="left")
        assert state.reveal is not None
        assert state.reveal.counts["left"] == 5
        await eventually(lambda: "learnt" in two.state().totals)
        for studio in (one, two):
            report = await studio.taste.report(origin=ORIGIN)
            assert [(style.style, style.version, style.votes) for style in report.styles] == [("lofi", 1, 5)]
            assert [line.id for line in (await studio.taste.my_songs(origin=ORIGIN)).lines] != []
        assert sum(studio.state().totals.get("duel", 0) for studio in (one, two)) == 3, "begun, opened, revealed: once"
