"""Good uploads: what comes out is what went in, in every format, at every rate, and nothing stays behind."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from engine.learn.uploads import (
    MONO_22K,
    MONO_44K,
    STEREO_44K,
    BadUpload,
    Fault,
    Form,
    Limits,
    probe,
    receive,
)
from engine.learn.uploads.faults import shown_name
from engine.music.midi.read import read_midi
from tests.uploads import sounds
from tests.uploads.sounds import fmt, int16, riff, tune

GOOD = {
    "mp3": (sounds.mp3, "mp3"),
    "ogg": (sounds.opus, "opus"),
    "oga": (sounds.vorbis, "vorbis"),
    "wav": (sounds.wav, "pcm_s16le"),
    "flac": (sounds.flac, "flac"),
    "m4a": (sounds.m4a, "aac"),
    "aac": (sounds.adts, "aac"),
}


def distance(one: np.ndarray, other: np.ndarray, reach: int = 3000) -> float:
    """One less the best correlation of two recordings within ±`reach` samples."""
    size = min(len(one), len(other)) - 2 * reach
    middle = one[reach : reach + size]
    spectrum = np.fft.rfft(other, 1 << (len(other) - 1).bit_length())
    against = np.fft.irfft(spectrum * np.conj(np.fft.rfft(middle, (len(spectrum) - 1) * 2)))
    best = against[: 2 * reach].max()
    return float(1 - best / (np.linalg.norm(middle) * np.linalg.norm(other[reach : reach + size])))


@pytest.mark.parametrize("ending", GOOD)
def test_every_format_sounds_as_it_was_recorded(ending: str, tmp_path: Path) -> None:
    make, codec = GOOD[ending]
    data = make()
    with receive(data, f"song.{ending}", inside=tmp_path) as upload:
        assert (upload.kind, upload.codec, upload.notices) == ("audio", codec, ())
        assert upload.seconds == pytest.approx(sounds.SECONDS, abs=0.08)
        assert upload.sha256 == hashlib.sha256(data).hexdigest()
        assert upload.size_bytes == len(data)
        low, high = upload.samples(MONO_22K), upload.samples(MONO_44K)
        assert low.dtype == high.dtype == np.float32
        assert len(low) == round(upload.seconds * 22_050)
        assert len(high) == round(upload.seconds * 44_100)
        # AAC at its usual 64 kbit/s alters phases of high partials more than the others do.
        assert distance(np.array(low), tune()) < 0.03
        assert distance(np.array(high), tune(44_100), 6000) < 0.03


def test_wav_and_flac_come_back_to_the_last_step(tmp_path: Path) -> None:
    for data in (sounds.wav(), sounds.flac()):
        with receive(data, "a", inside=tmp_path) as upload:
            assert np.abs(upload.samples(MONO_22K) - tune()).max() <= 1 / 32768


def test_stereo_keeps_its_sides_and_mono_is_their_mean(tmp_path: Path) -> None:
    left, right = tune(44_100), tune(44_100, seed=1)
    both = np.stack([left, right], axis=1).ravel()
    data = riff((b"fmt ", fmt(channels=2, rate_hz=44_100)), (b"data", int16(both)))
    with receive(data, "a.wav", inside=tmp_path, forms=(STEREO_44K, MONO_44K)) as upload:
        stereo = upload.samples(STEREO_44K)
        assert stereo.shape == (2, 441_000)
        assert np.abs(stereo - np.stack([left, right])).max() < 1e-4
        assert np.abs(upload.samples(MONO_44K) - (left + right) / 2).max() < 1e-4


def test_a_low_bass_channel_is_left_out_and_the_centre_goes_to_both_sides(tmp_path: Path) -> None:
    silent, centre, bass = sounds.silence(), tune(), tune(seed=5)
    six = np.stack([silent, silent, centre, bass, silent, silent], axis=1).ravel()
    data = riff((b"fmt ", fmt(channels=6)), (b"data", int16(six)))
    with receive(data, "a.wav", inside=tmp_path, forms=(Form(rate_hz=22_050, channels=2),)) as upload:
        left, right = upload.samples(upload.forms[0])
        assert np.array_equal(left, right)
        assert np.corrcoef(left, centre)[0, 1] > 0.999


@pytest.mark.parametrize("rate_hz", [8_000, 11_025, 44_101, 96_000, 384_000])
def test_odd_rates_end_up_at_the_right_pitch_and_length(rate_hz: int, tmp_path: Path) -> None:
    with receive(sounds.wav(rate_hz), "a.wav", inside=tmp_path) as upload:
        assert upload.rate_hz == rate_hz
        samples = upload.samples(MONO_22K)
        assert abs(len(samples) - 220_500) <= 30
        middle = np.abs(np.fft.rfft(samples[60_000:64_096] * np.hanning(4096)))
        truth = np.abs(np.fft.rfft(tune()[60_000:64_096] * np.hanning(4096)))
        assert abs(int(np.argmax(middle)) - int(np.argmax(truth))) <= 1


def test_what_exceeds_full_scale_is_turned_down_and_not_clipped(tmp_path: Path) -> None:
    data = sounds.float_wav((tune() * 6).astype("<f4"))
    with receive(data, "a.wav", inside=tmp_path) as upload:
        samples = upload.samples(MONO_22K)
        assert upload.peak == pytest.approx(6 * np.abs(tune()).max(), rel=1e-4)
        assert np.abs(samples).max() == pytest.approx(1.0, abs=1e-3)
        assert np.corrcoef(samples, tune())[0, 1] > 0.99999


def test_midi_and_scores_bring_their_notes(tmp_path: Path) -> None:
    data = sounds.midi(sounds.scale())
    with receive(data, "a.mid", inside=tmp_path) as upload:
        assert upload.kind == "midi"
        assert upload.notes() == read_midi(data)
        assert upload.seconds == pytest.approx(20.0, abs=0.05)
        assert upload.forms == ()
        with pytest.raises(KeyError):
            upload.samples()
    with receive(sounds.score().encode(), "a.musicxml", inside=tmp_path) as upload:
        assert upload.kind == "score"
        assert len(upload.notes().tracks[0].notes) == 48


def test_a_probe_says_what_the_header_says_and_leaves_nothing(tmp_path: Path) -> None:
    said = probe(sounds.flac(), "a.flac", inside=tmp_path)
    assert (said.container, said.codec, said.rate_hz, said.channels) == ("flac", "flac", sounds.RATE_HZ, 1)
    assert said.seconds == pytest.approx(10.0)
    assert probe(sounds.score().encode(), "a.xml", inside=tmp_path).kind == "score"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(BadUpload):
        probe(b"hello", "a.mp3", inside=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_read_where_it_lies_and_stays_there(tmp_path: Path) -> None:
    path = tmp_path / "song.wav"
    path.write_bytes(sounds.wav())
    with receive(path, "song.wav", inside=tmp_path / "work") as upload:
        assert upload.folder.parent == tmp_path / "work"
        assert not (upload.folder / "upload").exists()
    assert path.read_bytes() == sounds.wav()
    assert list((tmp_path / "work").iterdir()) == []


@pytest.mark.parametrize("what", ["nowhere", "folder", "pipe"])
def test_what_is_no_file_is_refused_at_once(what: str, tmp_path: Path) -> None:
    path = tmp_path / what
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        __import__("os").mkfifo(path)
    with pytest.raises(BadUpload) as refused:
        receive(path, "a.mp3", inside=tmp_path / "work")
    assert refused.value.fault is Fault.NOT_MUSIC


def test_a_file_over_the_limit_is_not_even_read(tmp_path: Path) -> None:
    path = tmp_path / "sparse.wav"
    with path.open("wb") as file:
        file.truncate(10**12)
    with pytest.raises(BadUpload, match=r"MiB; at most 64 MiB") as refused:
        receive(path, "a.wav", inside=tmp_path)
    assert refused.value.fault is Fault.TOO_LARGE


def test_limits_are_the_callers_own(tmp_path: Path) -> None:
    with pytest.raises(BadUpload, match="too short to learn from; at least 20 s") as refused:
        receive(sounds.wav(), "a.wav", Limits(min_seconds=20), inside=tmp_path)
    assert refused.value.fault is Fault.TOO_SHORT
    with pytest.raises(BadUpload, match=r"at most 0\.1 min"):
        receive(sounds.wav(), "a.wav", Limits(max_seconds=6), inside=tmp_path)
    with pytest.raises(BadUpload, match="has 2 channels"):
        receive(sounds.wav(channels=2), "a.wav", Limits(max_channels=1), inside=tmp_path)
    with receive(sounds.float_wav(tune()[:44_100]), "a.wav", Limits(min_seconds=1), inside=tmp_path) as upload:
        assert upload.seconds == pytest.approx(2.0)


def test_names_are_shown_without_what_could_hide_or_shout() -> None:
    assert shown_name("/home/me/a song.mp3") == "a song.mp3"
    assert shown_name("@everyone **look**.mp3") == "everyone look.mp3"
    assert shown_name("fdp.3pm\u202e\n.mp3") == "fdp.3pm.mp3"
    assert shown_name("") == "upload"
    assert len(shown_name("a" * 300 + ".flac")) == 60
    assert shown_name("a" * 300 + ".flac").endswith("….flac")
