"""Dynamics: what the place in the bar, the phrase, the section and the tune's line do to a written velocity.

In: a written note and its track's own spread. Out: a velocity 1–127. Conventions: drums take their accents from the
groove, place by place; the others stress the meter. A phrase is four bars of a section, loudest behind its middle; the
bar before a louder section grows towards it; tunes are a little louder the higher they go. What is already played with
expression is changed less. Caveat: written velocities hold the plan's energy already; nothing of it is added here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from engine.compose.performing.feel import Feel
from engine.music.grooves import piece_of, place_of
from engine.music.notes import Note, Role, SectionKind, Track

SECTION_DYNAMICS = {
    SectionKind.INTRO: -6.0,
    SectionKind.VERSE: 0.0,
    SectionKind.CHORUS: 5.0,
    SectionKind.BRIDGE: 1.0,
    SectionKind.BREAK: -4.0,
    SectionKind.OUTRO: -5.0,
}
"""Velocity that a section adds."""
PHRASE_BARS = 4
ARCH_BEND = 1.25
"""Over 1: the phrase is loudest behind its middle."""
GROWTH = 0.7
"""Share of the next section's gain that the bar before it reaches."""
RISE_PER_OCTAVE, MOST_RISE = 5.0, 5.0
DRUM_ACCENTS = 0.7
"""Share of the drummers' accents: they played alone, and on the data's pads a soft stroke is very soft."""
EVEN = 16.0
"""A spread of velocities at which a part is played with full expression already."""
CHANCE = {Role.DRUMS: 2.0}
USUAL_CHANCE = 2.5


class Dynamics:
    """How loudly one track plays."""

    def __init__(self, track: Track, feel: Feel, rng: np.random.Generator) -> None:
        self._role, self._feel, self._rng = track.role, feel, rng
        self._chance = CHANCE.get(track.role, USUAL_CHANCE) * feel.touch.human
        self._weights = _weights(track)
        self._middle = float(np.mean([note.pitch for note in track.notes])) if track.notes else 0.0
        self._lifts = [SECTION_DYNAMICS[section.kind] for section in feel.song.sections]

    def velocity(self, note: Note, more: float = 0.0) -> int:
        """The velocity to play; `more`: what the stroke adds."""
        piece = piece_of(note.pitch) if self._role is Role.DRUMS else ""
        change = (self._accent(note) + self._place_in_form(note.onset)) * self._weights[piece]
        change += more + float(self._rng.normal()) * self._chance
        return int(min(max(round(note.velocity + change), 1), 127))

    def _accent(self, note: Note) -> float:
        meter = self._feel.song.meter
        if self._role is Role.DRUMS:
            strokes = self._feel.groove.strokes_of(note.pitch)
            share = DRUM_ACCENTS * self._feel.touch.human
            return 0.0 if strokes is None else share * strokes.accent[place_of(note.onset, meter.bar_ticks)]
        place = note.onset % meter.bar_ticks
        rise = 0.0
        if self._role is Role.MELODY:
            rise = min(max((note.pitch - self._middle) / 12 * RISE_PER_OCTAVE, -MOST_RISE), MOST_RISE)
        if place == 0:
            return rise + 5.0
        if place % meter.beat_ticks == 0:
            return rise + 2.0
        return rise + (-2.0 if place % (meter.beat_ticks // 2) == 0 else -4.0)

    def _place_in_form(self, onset: int) -> float:
        song, bar_ticks = self._feel.song, self._feel.song.meter.bar_ticks
        bar, place = divmod(onset, bar_ticks)
        index = next((at for at, section in enumerate(song.sections) if bar < section.end_bar), None)
        if index is None:
            return 0.0
        section, level = song.sections[index], self._lifts[index]
        if bar == section.end_bar - 1 and section.bars > 1 and index + 1 < len(self._lifts):
            level += max(self._lifts[index + 1] - level, 0.0) * GROWTH * place / bar_ticks
        if self._role is Role.DRUMS:
            return level
        within = bar - section.start_bar
        length = min(PHRASE_BARS, section.bars - within // PHRASE_BARS * PHRASE_BARS)
        through = (within % PHRASE_BARS + place / bar_ticks) / length
        return level + self._feel.touch.arch * (math.sin(math.pi * through**ARCH_BEND) - 0.5)


def _weights(track: Track) -> dict[str, float]:
    """1 for flat velocities, down to 0.4 for what is already played with expression; drums: each piece for itself."""
    pieces: dict[str, list[int]] = {"": []}
    for note in track.notes:
        pieces.setdefault(piece_of(note.pitch) if track.role is Role.DRUMS else "", []).append(note.velocity)
    return {name: _weight(velocities) for name, velocities in pieces.items()}


def _weight(velocities: Sequence[int]) -> float:
    return max(0.4, 1.0 - float(np.std(velocities)) / EVEN) if velocities else 1.0
