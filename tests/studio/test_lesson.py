"""What a learning worker makes of a file, and what a recording worker makes of that, with the real ones."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.compose.perform import perform
from engine.compose.recorder import Booth
from engine.errors import JobError, NotFound
from engine.learn.lesson import limits_of
from engine.learn.report import LessonReport
from engine.learn.worker import open_teacher
from engine.music.codec import song_from_json
from engine.music.midi.write import write_midi
from engine.music.styles import load_style
from engine.settings import Settings
from engine.store import FileStore, open_files, place_of
from tests.sound.songs import band

ROOT = Path(__file__).parents[2]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path, database_url=None, soundfont=None)


@pytest.fixture
def files(settings: Settings) -> FileStore:
    return open_files(place_of(settings), settings.data_dir, "uploads")


def handed_in(settings: Settings, upload_id: str, data: bytes, ending: str) -> Path:
    """A file as the studio puts it there."""
    folder = settings.data_dir / "uploads" / upload_id
    folder.mkdir(parents=True)
    (folder / f"original.{ending}").write_bytes(data)
    return folder


def learn(settings: Settings, upload_id: str, *others: str, name: str = "My tune.mid") -> tuple[Any, list[Any]]:
    """The worker's answer, and what it told on the way."""
    told: list[Any] = []
    payload = {"upload_id": upload_id, "name": name, "style": "jazz", "others": others}
    config = settings.model_dump(mode="json") | {"database_url": None}
    return open_teacher(config)("teach", payload, told.append), told


def midi(*, bars: int = 12, tempo_bpm: float = 92.0, seed: int = 0) -> bytes:
    return write_midi(perform(band(bars=bars, tempo_bpm=tempo_bpm, seed=seed), seed=1), load_style("lofi").parts)


def test_a_score_is_read_measured_and_kept_beside_its_original(settings: Settings) -> None:
    folder = handed_in(settings, "upload1", midi(), "mid")
    answer, told = learn(settings, "upload1")
    assert (answer["kind"], answer["pipeline"]) == ("midi", "notes-1")
    report = LessonReport.from_json(answer["report"])
    assert report.tempo_bpm == pytest.approx(92, rel=0.01)
    assert (report.meter, report.confidence) == ("4/4", {})
    assert report.bars in (12, 13), "where bars begin is estimated"
    assert set(report.roles) >= {"melody", "harmony", "bass", "drums"}
    assert sum(section.bars for section in report.sections) == report.bars
    assert LessonReport.from_json(json.loads((folder / "report.json").read_text())) == report
    song = song_from_json(json.loads((folder / "piece.json").read_text()))
    assert (song.style, song.title, song.meta["transcribed"]) == ("jazz", "My tune", "notes-1")
    assert {track.role.value: len(track.notes) for track in song.tracks} == report.roles
    assert [event["phase"] for event in told] == ["received", "decoded", "transcribed", "understood"]
    assert [event["share"] for event in told] == sorted(event["share"] for event in told)
    assert sorted(path.name for path in folder.iterdir()) == [
        "fingerprint.npz", "original.mid", "piece.json", "report.json",
    ]  # fmt: skip
    assert not any((settings.data_dir / "scratch").iterdir())


def test_the_same_score_at_another_tempo_is_recognised(settings: Settings) -> None:
    handed_in(settings, "upload1", midi(), "mid")
    learn(settings, "upload1")
    folder = handed_in(settings, "upload2", midi(tempo_bpm=110.0), "mid")
    answer, _ = learn(settings, "upload2", "gone1", "upload1", name="again.mid")
    assert answer["refusal"].startswith("The file 'again.mid' is the same music as one that was uploaded already")
    assert [path.name for path in folder.iterdir()] == ["original.mid"], "what is refused leaves nothing"
    handed_in(settings, "upload3", midi(seed=9), "mid")
    assert "report" in learn(settings, "upload3", "upload1")[0]


def test_a_file_that_is_no_music_gets_its_sentence(settings: Settings) -> None:
    handed_in(settings, "upload1", b"%PDF-1.7 no music", "mp3")
    answer, _ = learn(settings, "upload1", name="x.mp3")
    assert set(answer) == {"refusal"}
    assert answer["refusal"].startswith("The file 'x.mp3' ")


def test_a_score_of_four_bars_is_too_short(settings: Settings) -> None:
    handed_in(settings, "upload1", midi(bars=4), "mid")
    answer, _ = learn(settings, "upload1")
    assert "would work" in answer["refusal"]


def test_a_file_that_is_gone_is_said_to_be(settings: Settings) -> None:
    with pytest.raises(NotFound):
        learn(settings, "upload1")
    with pytest.raises(JobError, match="no job of kind 'sing'"):
        open_teacher(settings.model_dump(mode="json") | {"database_url": None})("sing", {}, lambda _: None)


def test_the_limits_are_the_settings(settings: Settings) -> None:
    limits = limits_of(settings.model_copy(update={"upload_mb": 2.0, "upload_minutes": 3.0}))
    assert (limits.max_bytes, limits.max_seconds) == (2 * 1024 * 1024, 180.0)


def test_what_was_understood_can_be_seen_and_heard_and_heard_again(
    settings: Settings, booth: Booth, files: FileStore
) -> None:
    """A score is played; the recording is taught in its turn, and understood as the same piece."""
    folder = handed_in(settings, "upload1", midi(bars=24), "mid")
    learn(settings, "upload1")
    assert booth.handle("preview", {"id": "upload1"}, lambda _: None) == {}
    picture = Image.open(folder / "picture.png")
    assert picture.size[0] > 800
    assert len(np.unique(np.asarray(picture.convert("L")))) > 20, "something is drawn"
    mp3 = (folder / "preview.mp3").read_bytes()
    assert 30 < len(mp3) / 1000 < 3000
    assert sorted(file.name for file in asyncio.run(files.list("upload1"))) == [
        "fingerprint.npz", "original.mid", "picture.png", "piece.json", "preview.mid", "preview.mp3", "report.json",
    ]  # fmt: skip
    assert not any((settings.data_dir / "scratch").iterdir())

    handed_in(settings, "upload2", mp3, "mp3")
    answer, told = learn(settings, "upload2", name="preview.mp3")
    assert "refusal" not in answer, answer
    report = LessonReport.from_json(answer["report"])
    assert report.kind == "audio"
    assert report.tempo_bpm / 92 == pytest.approx(1, rel=0.02) or report.tempo_bpm / 46 == pytest.approx(1, rel=0.02)
    assert {"notes", "beats", "key"} <= set(report.confidence)
    assert (len(report.mfcc_mean), len(report.chroma)) == (20, 12)
    assert len({event["share"] for event in told}) > 4, "the transcription tells how far it is"
    assert booth.handle("preview", {"id": "upload2"}, lambda _: None) == {}


def test_a_worker_that_has_not_learnt_anything_is_light() -> None:
    code = (
        "import sys; from engine.learn.worker import open_teacher; open_teacher({});"
        "print([name for name in ('torch', 'onnxruntime', 'numpy', 'sqlalchemy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
