"""From words to a song with the committed checkpoints: what the one command promises."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import symusic

from engine import ComposeRequest, Origin, Settings, Studio
from engine.metrics.waveform import audio_faults, measure_audio

ROOT = Path(__file__).parents[2]
PROMPT, SEED = "chill lofi 60s", 5


@pytest.fixture(scope="module")
def receipt(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The song that `tunesmith compose` makes, in a process of its own."""
    folder = tmp_path_factory.mktemp("out")
    words = ["compose", PROMPT, "--seed", str(SEED), "--out", str(folder), "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "engine", *words],
        capture_output=True, text=True, check=False, cwd=ROOT, timeout=200,
        env={**os.environ, "TUNESMITH_DATA_DIR": str(folder / "data")},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def test_the_mp3_lasts_what_was_asked_and_is_music(receipt: dict[str, Any]) -> None:
    samples, rate_hz = soundfile.read(receipt["files"]["audio"], dtype="float32", always_2d=True)
    assert len(samples) / rate_hz == pytest.approx(60.0, abs=0.1)
    assert audio_faults(measure_audio(np.ascontiguousarray(samples.T), rate_hz)) == ()


def test_the_midi_file_has_at_least_three_roles_drums_among_them(receipt: dict[str, Any]) -> None:
    data = Path(receipt["files"]["midi"]).read_bytes()
    assert hashlib.sha256(data).hexdigest() == receipt["midi_sha256"]
    tracks = [track for track in symusic.Score.from_midi(data).tracks if len(track.notes) > 0]
    assert len(tracks) >= 3
    assert any(track.is_drum for track in tracks)
    assert len(receipt["instruments"]) == sum(not track.name.endswith(" doubled") for track in tracks)


def test_the_picture_is_a_picture(receipt: dict[str, Any]) -> None:
    assert Path(receipt["files"]["picture"]).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_the_receipt_says_what_was_asked_and_what_came(receipt: dict[str, Any]) -> None:
    assert (receipt["style"], receipt["seed"], receipt["duration_s"]) == ("lofi", SEED, 60.0)
    assert receipt["model"]["style"] == "lofi"
    assert receipt["measured"]["longest_repeated_pitch_run"] <= 8
    assert receipt["measured"]["silent_bars"] == 0


async def test_the_composing_process_makes_the_same_notes_as_the_command_line(
    receipt: dict[str, Any], tmp_path: Path
) -> None:
    settings = Settings.read(data_dir=tmp_path)
    async with await Studio.open(settings) as studio:
        song = await studio.compose(ComposeRequest(prompt=PROMPT, seed=SEED), origin=Origin())
        assert song.receipt.midi_sha256 == receipt["midi_sha256"]
        assert song.audio.stat().st_size > 100_000
