"""Small songs and a style, written by rule, that the sound tests play."""

from __future__ import annotations

import numpy as np

from engine.music.harmony import Chord, Key, roman_to_chord
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.styles import Part, Style
from engine.music.timing import Meter

PROGRAMS = {Role.MELODY: 4, Role.COUNTER: 48, Role.HARMONY: 0, Role.BASS: 33, Role.DRUMS: 0}


def band(*, bars: int = 8, tempo_bpm: float = 90.0, meter: str = "4/4", swing: float = 0.5, seed: int = 0) -> Song:
    """A five-role song: eighths in the melody, held chords, a bass, a drum pattern; sections of four bars."""
    key = Key.parse("D minor")
    bar = Meter.parse(meter).bar_ticks
    rng = np.random.default_rng(seed)
    chords = [roman_to_chord(numeral, key) for numeral in ("i7", "iv7", "VImaj7", "v7")]
    notes: dict[Role, list[Note]] = {role: [] for role in Role}
    for at in range(bars):
        _bar(notes, at * bar, bar, chords[at % 4], rng)
    kinds = (SectionKind.INTRO, SectionKind.VERSE, SectionKind.CHORUS, SectionKind.OUTRO)
    sections = tuple(
        Section(kind=kinds[i % 4], label="ABC"[i % 3], start_bar=start, bars=min(4, bars - start))
        for i, start in enumerate(range(0, bars, 4))
    )
    return Song(
        style="lofi",
        tempo_bpm=tempo_bpm,
        key=key,
        meter=Meter.parse(meter),
        swing=swing,
        sections=sections,
        chords=tuple(chords[half // 2 % 4] for half in range(2 * bars)),
        tracks=tuple(Track(role=role, program=PROGRAMS[role], notes=tuple(sorted(notes[role]))) for role in Role),
        title="A Test in D minor",
    )


def _bar(notes: dict[Role, list[Note]], start: int, length: int, chord: Chord, rng: np.random.Generator) -> None:
    for pitch_class in chord.pitch_classes:
        place = {"onset": start, "duration": length - 6, "velocity": 70}
        notes[Role.HARMONY].append(Note(pitch=53 + (pitch_class - 53) % 12, **place))
        notes[Role.COUNTER].append(Note(pitch=65 + (pitch_class - 65) % 12, **place))
    notes[Role.BASS].append(Note(onset=start, pitch=28 + (chord.root - 28) % 12, duration=length // 2, velocity=85))
    notes[Role.DRUMS].append(Note(onset=start, pitch=36, duration=6, velocity=100))
    notes[Role.DRUMS].append(Note(onset=start + length // 2, pitch=38, duration=6, velocity=92))
    for onset in range(start, start + length, 12):
        notes[Role.DRUMS].append(Note(onset=onset, pitch=42, duration=6, velocity=66))
        pitch = 62 + int(rng.choice((0, 2, 3, 5, 7, 8, 10, 12)))
        notes[Role.MELODY].append(Note(onset=onset, pitch=pitch, duration=12, velocity=84))


def style(*, chain: str = "lofi") -> Style:
    """A style that casts all five roles."""
    parts = {
        Role.MELODY: Part(programs=(4,), low=60, high=84, density=6, pan=0.15, reverb=0.3),
        Role.COUNTER: Part(programs=(48,), low=55, high=84, density=2, pan=-0.3, gain_db=-6, chorus=0.25),
        Role.HARMONY: Part(programs=(0,), low=48, high=76, density=4, pan=-0.1, gain_db=-3),
        Role.BASS: Part(programs=(33,), low=28, high=50, density=3),
        Role.DRUMS: Part(programs=(0,), low=27, high=87, density=12),
    }
    return Style(
        name="lofi",
        title="Lofi",
        aliases=(),
        descriptions=("slow and dusty",),
        tempo_low=66,
        tempo_usual=78,
        tempo_high=92,
        meters=("4/4",),
        major_share=0.3,
        energy=0.3,
        swing=0.58,
        progressions={},
        cadences={},
        parts=parts,
        master=chain,
    )
