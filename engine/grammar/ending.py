"""The last bar: what each role plays when the song ends.

In: the final passage's notes of one role. Out: the same with its last bar replaced by a held close (drums: one stroke).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.grammar.grammar import Casting, Passage
from engine.grammar.voicing import lead, lead_plain
from engine.music.notes import Note, Role

CLOSING_DRUMS = (36, 46)


def ended(passage: Passage, role: Role, part: list[Note], casting: Casting, rng: np.random.Generator) -> list[Note]:
    """Replace the passage's last bar."""
    start = (passage.bars - 1) * passage.bar_ticks
    kept = [replace(note, duration=min(note.duration, start - note.onset)) for note in part if note.onset < start]
    level = round(40 + 40 * passage.energy)
    before = tuple(note.pitch for note in kept[-1:]) or (casting.low,)
    pitches = _closing_pitches(passage, role, before[0], casting, rng)
    return kept + [Note(onset=start, pitch=pitch, duration=passage.bar_ticks, velocity=level) for pitch in pitches]


def _closing_pitches(
    passage: Passage, role: Role, before: int, casting: Casting, rng: np.random.Generator
) -> tuple[int, ...]:
    chord = passage.chords[-1]
    if role is Role.DRUMS:
        return CLOSING_DRUMS
    if role is Role.HARMONY:
        return (lead_plain if casting.plain else lead)(chord, None, casting.low, casting.high, rng)
    classes = {chord.bass} if role is Role.BASS else {chord.root, (chord.root + 7) % 12}
    options = [pitch for pitch in range(casting.low, casting.high + 1) if pitch % 12 in classes]
    return (min(options, key=lambda pitch: abs(pitch - before)),)
