"""Recordings that tests listen to: clicks, plucked tones, and songs played by our own synthesiser. All mono."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ, Synth
from engine.learn.transcribe.pitches import RATE_HZ
from engine.music.harmony import Chord, Key, Mode
from engine.music.midi.write import write_midi
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS
from engine.music.touch import Touch

Samples = npt.NDArray[np.float32]
MACHINE = Touch(human=0.0, groove="", arch=0.0)
LEAD_S = 0.7
"""Silence before a played song."""


def clicks(times_s: Iterable[float], seconds: float, *, seed: int = 1) -> Samples:
    """A short burst of noise at each time."""
    rng = np.random.default_rng(seed)
    audio = np.zeros(round(seconds * RATE_HZ), np.float32)
    burst = (rng.normal(size=400) * np.exp(-np.arange(400) / 60) * 0.4).astype(np.float32)
    for time in times_s:
        start = round(time * RATE_HZ)
        end = min(start + len(burst), len(audio))
        audio[start:end] += burst[: end - start]
    return audio


def plucked(notes: Sequence[tuple[float, int]], seconds: float) -> Samples:
    """(onset in seconds, pitch) as decaying tones of eight partials."""
    audio = np.zeros(round(seconds * RATE_HZ), np.float32)
    for onset_s, pitch in notes:
        start = round(onset_s * RATE_HZ)
        time = np.arange(min(RATE_HZ, len(audio) - start)) / RATE_HZ
        hertz = 440.0 * 2 ** ((pitch - 69) / 12)
        tone = sum(
            np.sin(2 * np.pi * hertz * k * time) * np.exp(-time * (2 + k)) / k
            for k in range(1, 9)
            if hertz * k < 10_000
        )
        audio[start : start + len(time)] += (0.15 * tone * np.minimum(time * 300, 1)).astype(np.float32)
    return audio


def played(synth: Synth, song: Song) -> Samples:
    """The song without human timing, after `LEAD_S` of silence, at 44.1 kHz."""
    midi = write_midi(perform(song, seed=1, touch=MACHINE), {})
    audio = synth.render(midi, song.duration_s + 1.0).mean(axis=0)
    loud = 0.5 * audio / np.abs(audio).max()
    return np.concatenate([np.zeros(round(LEAD_S * SAMPLE_RATE_HZ), np.float32), loud.astype(np.float32)])


def band_song(*, bars: int = 12, tempo_bpm: float = 104.0, drums: bool = True, meter: str = "4/4") -> Song:
    """C, A minor, F, G over and over: a tune, chords on the half bars, a bass in quarters, a rock beat."""
    roots = (0, 9, 5, 7)
    kinds = ("", "m", "", "")
    form = METERS[meter]
    bar, beats = form.bar_ticks, form.bar_ticks // 24
    melody, harmony, bass, kit = [], [], [], []
    for index in range(bars):
        at, root, third = index * bar, roots[index % 4], 3 if kinds[index % 4] else 4
        for beat in range(beats):
            step = (root + (0, 7, third, 12)[beat % 4]) % 12
            melody.append(Note(onset=at + beat * 24, pitch=72 + step, duration=20, velocity=100))
            bass.append(Note(onset=at + beat * 24, pitch=36 + root, duration=20, velocity=90))
            kit += [Note(onset=at + beat * 24 + off, pitch=42, duration=6, velocity=80) for off in (0, 12)]
            kit.append(Note(onset=at + beat * 24, pitch=38 if beat % 2 else 36, duration=6, velocity=105))
        harmony += [
            Note(onset=at, pitch=pitch, duration=bar - 4, velocity=75)
            for pitch in (48 + root, 48 + root + third, 48 + root + 7)
        ]
    tracks = [
        Track(role=Role.MELODY, program=0, notes=tuple(sorted(melody))),
        Track(role=Role.HARMONY, program=0, notes=tuple(sorted(harmony))),
        Track(role=Role.BASS, program=33, notes=tuple(sorted(bass))),
    ]
    if drums:
        tracks.append(Track(role=Role.DRUMS, program=0, notes=tuple(sorted(kit))))
    chords = tuple(
        Chord(root=roots[i // 2 % 4], quality=kinds[i // 2 % 4], bass=roots[i // 2 % 4]) for i in range(2 * bars)
    )
    return Song(
        style="pop", tempo_bpm=tempo_bpm, key=Key(tonic=0, mode=Mode.MAJOR), meter=form, swing=0.5,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=bars),),
        chords=chords, tracks=tuple(tracks),
    )  # fmt: skip
