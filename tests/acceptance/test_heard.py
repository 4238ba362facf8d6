"""Random songs as others hear them: `benchmarks.sweep_sound` made small. `make sweep` hears two songs a style."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.hear import ANALYSIS_HZ, Heard, Told, hear, heard_key, heard_tempos, keys_alike, tempo_agrees
from benchmarks.sweep_sound import KEYS_RIGHT, Row, complaint, failures, sweep, table_of, wishes
from engine.compose.files.lossless import encode_wav, to_int16
from engine.compose.request import AUDIO_FORMATS
from engine.music.harmony import Key
from engine.music.styles import style_names
from engine.music.timing import METERS
from tests.sound.files import TAGS

TEMPOS_RIGHT = 0.95
"""A rag's three against four, slow chords that swell over whole bars: now and then another tempo is heard."""
TOLD = Told(seconds=6.0, bpm=100.0, key=Key.parse("D minor"), meter=METERS["4/4"])


def heard_of(**changes: object) -> Heard:
    good = Heard(
        lufs=-14.0, peak_dbtp=-1.5, bpm=100.0, tempo_right=True, plain_bpm=100.0, plain_right=True,
        key="D minor", key_right=True, faults=(),
    )  # fmt: skip
    return dataclasses.replace(good, **changes)  # type: ignore[arg-type]


def row_of(heard: Heard, style: str = "lofi") -> Row:
    return Row(song="000", style=style, format="mp3", seed=1, told="100 bpm", bpm=100.0, heard=heard)


def check(rows: Sequence[Row], count: int) -> None:
    assert len(rows) == count
    assert [complaint(row) for row in rows if row.heard.faults] == []
    wrong = [complaint(row) for row in rows if not row.heard.tempo_right]
    assert len(wrong) <= (1 - TEMPOS_RIGHT) * count, wrong
    assert sum(row.heard.key_right for row in rows) >= KEYS_RIGHT * (count - 1)


def test_four_random_songs_are_as_loud_long_fast_and_in_the_key_that_they_say(tmp_path: Path) -> None:
    requests = wishes(4, seed=1, seconds=(10, 12), styles=("lofi", "rock", "chiptune", "ragtime"))
    rows = list(sweep(requests, tmp_path))
    check(rows, 4)
    assert {row.format for row in rows} <= set(AUDIO_FORMATS)
    kept = sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir())
    requests = wishes(4, seed=1, seconds=(10, 12), styles=("lofi", "rock", "chiptune", "ragtime"))
    assert list(sweep(requests, tmp_path)) == rows
    assert sorted(path.stat().st_mtime_ns for path in tmp_path.iterdir()) == kept, "what is there is not made again"


@pytest.mark.slow
def test_two_random_songs_of_each_style_are_as_loud_long_fast_and_in_the_key_that_they_say(tmp_path: Path) -> None:
    count = 2 * len(style_names())
    check(list(sweep(wishes(count, seed=11, seconds=(10, 15)), tmp_path)), count)


def test_wishes_are_the_same_whatever_their_number_and_take_the_styles_in_turn() -> None:
    many = list(wishes(30, seed=3))
    assert list(wishes(5, seed=3)) == many[:5]
    assert list(wishes(5, seed=4)) != many[:5]
    assert {request.format for request in many} == set(AUDIO_FORMATS)
    assert all(10 <= (request.seconds or 0) <= 60 for request in many)
    assert all(name in many[at].prompt for at, name in enumerate(style_names()))


def song(*, bpm: float = 100.0, seconds: float = 6.0) -> np.ndarray:
    """`[2, N]`: plucked chords of D minor on every beat, at about −14 LUFS."""
    time = np.arange(round(seconds * 44100)) / 44100
    envelope = np.exp(-3 * (time % (60 / bpm)))
    chords = ((62, 65, 69), (67, 70, 74), (69, 73, 76), (62, 65, 69))
    at = np.minimum((time / seconds * 4).astype(int), 3)
    hz = 440 * 2 ** ((np.array(chords)[at] - 69) / 12)
    wave = np.sin(2 * np.pi * hz * time[:, None]).sum(axis=1) * envelope
    return np.stack([wave, wave]).astype(np.float32) * np.float32(0.24)


def faults_of(audio: np.ndarray, folder: Path, *, seconds: float = 6.0) -> str:
    path = folder / "song.wav"
    path.write_bytes(encode_wav(to_int16(audio.astype(np.float32)), TAGS))
    return "; ".join(hear(path, dataclasses.replace(TOLD, seconds=seconds)).faults)


def test_a_good_file_has_no_fault_and_every_other_has_its_own(tmp_path: Path) -> None:
    audio = song()
    assert faults_of(audio, tmp_path) == ""
    assert faults_of(audio, tmp_path, seconds=6.001).count("-44 samples") == 2, "by both decoders"
    assert "LUFS" in faults_of(audio * 0.7, tmp_path)
    assert "dBTP" in faults_of(np.clip(audio * 1.8, -1, 1), tmp_path)
    assert faults_of(audio + 0.02, tmp_path) == "an offset"
    assert "a dead channel" in faults_of(audio * np.array([[1.41], [0.0]]), tmp_path)


def test_what_is_no_audio_is_not_heard(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(Exception, match=r"recognised|opening"):
        hear(path, TOLD)


@pytest.mark.parametrize("bpm", [72.0, 100.0, 133.0])
def test_tempo_and_key_of_plain_chords_are_heard(bpm: float) -> None:
    mono = song(bpm=bpm, seconds=12.0)[0, ::2]
    told = dataclasses.replace(TOLD, bpm=bpm)
    assert ANALYSIS_HZ == 22050
    assert all(tempo_agrees(heard, told) for heard in heard_tempos(mono))
    assert not tempo_agrees(heard_tempos(mono)[0], dataclasses.replace(told, bpm=1.1 * bpm))
    assert heard_key(mono) == Key.parse("D minor")


@pytest.mark.parametrize(
    ("meter", "ratios"), [("4/4", {1, 2, 0.5}), ("3/4", {1, 2, 0.5}), ("6/8", {1, 2, 0.5, 2 / 3, 4 / 3, 1 / 3})]
)
def test_a_tempo_may_be_heard_as_its_double_or_half_and_by_dotted_beats_where_there_are_such(meter, ratios) -> None:
    told = dataclasses.replace(TOLD, meter=METERS[meter])
    for ratio in (1, 2, 0.5, 2 / 3, 4 / 3, 1 / 3, 1.5, 3, 0.25):
        for off, near in ((1.019, True), (0.981, True), (1.022, False), (0.978, False)):
            assert tempo_agrees(100 * ratio * off, told) is (near and ratio in ratios)


@pytest.mark.parametrize(
    ("key", "alike"),
    [
        ("D minor", {"D minor", "F major"}),
        ("F major", {"D minor", "F major"}),
        ("D dorian", {"D minor", "F major", "C major", "A minor"}),
        ("G mixolydian", {"G major", "E minor", "C major", "A minor"}),
    ],
)
def test_a_key_may_be_heard_as_its_relative_and_a_mode_as_the_key_of_its_notes(key: str, alike: set[str]) -> None:
    assert keys_alike(Key.parse(key)) == {Key.parse(name) for name in alike}


def test_each_figure_that_is_missed_is_named() -> None:
    good = [row_of(heard_of())] * 10
    assert failures(good) == []
    assert len(failures([*good, row_of(heard_of(faults=("-20.0 LUFS",)))])) == 1
    assert "heard at 80 bpm (0.800)" in failures([*good, row_of(heard_of(bpm=80.0, tempo_right=False))])[0]
    deaf = [row_of(heard_of(key="B major", key_right=False))] * 3
    assert failures([*good, *deaf[:2]]) == []
    assert failures([*good, *deaf]) == ["fewer than 80% of the keys were heard"]


def test_the_table_has_a_line_for_each_style_and_one_for_all() -> None:
    rows = [row_of(heard_of(lufs=-14.3)), row_of(heard_of(), "rock"), row_of(heard_of(peak_dbtp=-1.1), "rock")]
    lines = table_of(rows).splitlines()
    assert [line.split("|")[1].strip() for line in lines] == ["style", "---", "lofi", "rock", "all"]
    assert "−14.3 to −14.0" in lines[-1]
    assert "−1.10" in lines[-1]
