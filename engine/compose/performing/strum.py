"""Strums: a guitar's chord is struck string by string, down on the beat and up between the beats.

In: the notes of one written onset, lowest first, and how much time there is until the next. Out: ticks and velocity by
which each is later and louder. Conventions: strings follow one another by 8–25 ms, quicker in fast music and where
little time is left; a stroke begins a quarter of its length before the beat. Down strokes lead with the low strings,
up strokes with the high ones, lighter and over the upper strings more than over the lower. The hand swings in eighths
where the part has no sixteenths, else in sixteenths. Caveat: two notes are a double stop, struck together quickly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.compose.performing.feel import Feel
from engine.music.notes import Note, Track
from engine.music.timing import TICKS_PER_QUARTER

STRING_MS = (8.0, 25.0)
DOUBLE_STOP_MS = 4.0
AHEAD = 0.25
MOST_AHEAD_MS = 12.0
ROOM = 0.45
"""Share of the time to the next onset that a strum may take, which comes before the 8 ms."""
LONGEST_MS = 110.0
SIXTEENTHS_FROM = 0.08
"""Share of onsets on sixteenths from which on the hand swings in sixteenths."""
UP_LIGHTER, LOW_STRINGS_LIGHTER = 6.0, 8.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Stroke:
    """For each note, lowest first: ticks later (or earlier) than the beat, and velocity more or less."""

    later: tuple[int, ...]
    louder: tuple[float, ...]


class Hand:
    """The strumming hand of one track."""

    def __init__(self, track: Track, feel: Feel, rng: np.random.Generator) -> None:
        onsets = sorted({note.onset for note in track.notes})
        off = sum(onset % (TICKS_PER_QUARTER // 2) != 0 for onset in onsets)
        self._swing = TICKS_PER_QUARTER // (4 if off > SIXTEENTHS_FROM * len(onsets) else 2)
        self._feel, self._rng = feel, rng

    def is_up(self, onset: int) -> bool:
        """Whether the hand comes up at a written onset."""
        return round(onset / self._swing) % 2 == 1

    def stroke(self, together: Sequence[Note], room: int) -> Stroke:
        """Strike the notes; `room`: performed ticks to the next onset."""
        feel, strings = self._feel, len(together)
        if strings < 2:
            return Stroke(later=(0,) * strings, louder=(0.0,) * strings)
        up = self.is_up(together[0].onset)
        low_ms, high_ms = STRING_MS
        usual_ms = low_ms + (high_ms - low_ms) * 0.5 * feel.ease * float(self._rng.uniform(0.7, 1.3))
        most_ms = min(LONGEST_MS, ROOM * room / feel.ticks_per_ms) / (strings - 1)
        step_ms = DOUBLE_STOP_MS if strings == 2 else max(min(usual_ms, high_ms), low_ms)
        step_ms = min(step_ms, most_ms) * min(feel.touch.human, 1.0)
        ahead_ms = min(AHEAD * step_ms * (strings - 1), MOST_AHEAD_MS)
        order = range(strings - 1, -1, -1) if up else range(strings)
        later = tuple(round((at * step_ms - ahead_ms) * feel.ticks_per_ms) for at in order)
        return Stroke(later=later, louder=tuple(self._louder(up, at / (strings - 1)) for at in range(strings)))

    @staticmethod
    def _louder(up: bool, height: float) -> float:
        """`height`: 0 the lowest string, 1 the highest."""
        return -UP_LIGHTER - LOW_STRINGS_LIGHTER * (1 - height) if up else 2.0 - 4.0 * height
