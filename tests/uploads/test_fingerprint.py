"""The same music is recognised however it was encoded, cut, turned down or sped up; other music is not taken for it."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from engine.compose.files.opus import encode_opus
from engine.compose.files.tags import Tags
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ, Synth, find_soundfont
from engine.errors import BadRequest
from engine.grammar.corpus import composed_songs
from engine.learn.uploads import Fingerprint, likeness, receive, same_music
from engine.learn.uploads.fingerprint import ALIKE, RATE_HZ, fingerprint_of_notes, fingerprint_of_sound
from engine.music.harmony import Key
from engine.music.midi.file import MidiFile, TempoChange
from engine.music.midi.read import read_midi
from engine.music.midi.write import write_midi
from engine.music.styles import load_style
from tests.uploads import sounds

Audio = npt.NDArray[np.float32]

STYLES = ("lofi", "jazz", "pop")
SONGS, SECONDS = 3, 25.0
TAGS = Tags(title="", style="", bpm=90, key=Key.parse("C major"), comment="")


@pytest.fixture(scope="module")
def played() -> dict[tuple[str, int], tuple[bytes, Audio]]:
    """(style, number) → MIDI file and recording `[2, N]` of a composed song."""
    synth = Synth(find_soundfont(None))
    made = {}
    for style in STYLES:
        for index, song in enumerate(composed_songs(style, SONGS, 77)):
            midi = write_midi(perform(song, seed=index), load_style(style).parts)
            made[style, index] = (midi, synth.render(midi, SECONDS))
    synth.close()
    return made


@pytest.fixture(scope="module")
def prints(played: dict[tuple[str, int], tuple[bytes, Audio]]) -> dict[tuple[str, int], Fingerprint]:
    return {name: heard(wav(audio)) for name, (_, audio) in played.items()}


def heard(data: bytes) -> Fingerprint:
    with receive(data, "song") as upload:
        return upload.fingerprint


def wav(audio: Audio) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, audio.T, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return buffer.getvalue()


def mp3(audio: Audio) -> bytes:
    return sounds.lame(audio.mean(axis=0) * 2, SAMPLE_RATE_HZ, kbit_s=64)


def sped(audio: Audio, factor: float) -> Audio:
    resampler = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE_HZ)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(audio), format="fltp", layout="stereo")
    frame.sample_rate = round(SAMPLE_RATE_HZ * factor)
    return np.concatenate([o.to_ndarray() for f in (frame, None) for o in resampler.resample(f)], axis=1)


def later(audio: Audio, seconds: float) -> Audio:
    return audio[:, round(seconds * SAMPLE_RATE_HZ) :]


CHANGES: dict[str, Callable[[Audio], bytes]] = {
    "mp3 at 64 kbit/s": mp3,
    "Opus at 48 kbit/s": lambda audio: encode_opus(audio, 48, TAGS),
    "six seconds later": lambda audio: wav(later(audio, 6.3)),
    "softer by 12 dB": lambda audio: wav(audio * np.float32(0.25)),
    "faster by 1 %": lambda audio: wav(sped(audio, 1.01)),
    "slower by 1 %": lambda audio: wav(sped(audio, 0.99)),
    "all of it": lambda audio: mp3(sped(later(audio, 3.1), 1.01) * np.float32(0.5)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("style", STYLES)
def test_the_same_recording_is_recognised_whatever_was_done_to_it(style, change, played, prints):
    changed = heard(CHANGES[change](played[style, 0][1]))
    assert likeness(prints[style, 0], changed) >= 1.5 * ALIKE["sound"]
    others = [likeness(other, changed) for name, other in prints.items() if name != (style, 0)]
    assert max(others) < ALIKE["sound"]


def test_different_songs_are_told_apart_within_a_style_and_between_styles(prints):
    names = list(prints)
    alike = [likeness(prints[a], prints[b]) for i, a in enumerate(names) for b in names[:i]]
    assert max(alike) < ALIKE["sound"] / 1.5


def test_likeness_is_whole_for_the_same_and_symmetric(prints):
    first, second = prints["lofi", 0], prints["lofi", 1]
    assert likeness(first, first) == 1.0
    assert likeness(first, second) == pytest.approx(likeness(second, first), abs=0.01)


def test_a_tone_or_noise_is_like_nothing(prints):
    tone = np.sin(np.arange(RATE_HZ * 20) * 0.3).astype(np.float32)
    noise = np.random.default_rng(1).normal(0, 0.1, RATE_HZ * 20).astype(np.float32)
    for sound in (tone, noise):
        made = fingerprint_of_sound(sound)
        assert max(likeness(made, other) for other in prints.values()) < ALIKE["sound"]


def test_a_fingerprint_survives_being_kept(prints):
    made = prints["jazz", 1]
    kept = Fingerprint.from_bytes(made.to_bytes())
    assert kept.kind == made.kind
    assert np.array_equal(kept.keys, made.keys)
    assert np.array_equal(kept.times, made.times)
    assert len(made.to_bytes()) < 10 * len(made.keys) + 2_000


def test_a_fingerprint_of_another_version_says_so(prints, monkeypatch):
    data = prints["jazz", 1].to_bytes()
    monkeypatch.setattr("engine.learn.uploads.fingerprint.VERSION", 99)
    with pytest.raises(BadRequest, match="has version 1"):
        Fingerprint.from_bytes(data)


def test_the_same_notes_are_recognised_at_another_tempo_and_with_other_names(played):
    file = read_midi(played["pop", 0][0])
    made = fingerprint_of_notes(file)
    other = replace(
        file, tempo_bpm=70.0, tempos=(TempoChange(tick=0, bpm=70.0),),
        tracks=tuple(replace(t, name="x", program=3) for t in reversed(file.tracks)),
    )  # fmt: skip
    assert likeness(made, fingerprint_of_notes(other)) == 1.0
    assert likeness(made, fingerprint_of_notes(begun_later(file, 24 * 4 * 3))) >= 1.5 * ALIKE["notes"]
    assert same_music(made, fingerprint_of_notes(other))


def test_other_notes_or_the_same_in_another_key_are_not(played):
    files = {name: fingerprint_of_notes(read_midi(midi)) for name, (midi, _) in played.items()}
    names = list(files)
    assert max(likeness(files[a], files[b]) for i, a in enumerate(names) for b in names[:i]) < ALIKE["notes"] / 2
    file = read_midi(played["pop", 0][0])
    higher = replace(
        file, tracks=tuple(replace(t, notes=tuple(replace(n, pitch=n.pitch + 2) for n in t.notes)) for t in file.tracks)
    )
    assert not same_music(files["pop", 0], fingerprint_of_notes(higher))


def test_sound_and_notes_are_not_compared(played, prints):
    assert likeness(prints["pop", 0], fingerprint_of_notes(read_midi(played["pop", 0][0]))) == 0.0


def test_an_upload_brings_its_own_fingerprint(played, tmp_path: Path):
    midi = played["pop", 0][0]
    with receive(midi, "a.mid", inside=tmp_path) as upload:
        assert upload.fingerprint.kind == "notes"
        assert likeness(upload.fingerprint, fingerprint_of_notes(read_midi(midi))) == 1.0


def begun_later(file: MidiFile, ticks: int) -> MidiFile:
    """Without what begins before `ticks`."""
    tracks = tuple(
        replace(t, notes=tuple(replace(n, onset=n.onset - ticks) for n in t.notes if n.onset >= ticks))
        for t in file.tracks
    )
    return replace(file, tracks=tracks)
