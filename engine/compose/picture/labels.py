"""Chord names in a row: which of them fit, on how many lines.

In: the song's chords and how wide a bar is. Out: `Label`s, the same pattern for the whole song. Conventions: where all
names fit they stand where chords change and where sections begin, on one line or on two by turns; else they get
smaller; else only those of every first, second, fourth… bar are shown. Caveat: a name that would run into its neighbour
is left out even so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.compose.picture.layout import Breaks
from engine.music.notes import Song

SIZES = (20, 17)
"""Of the letters; shown at half the picture's width the smaller ones are still nine pixels high."""
SMALL_SIZE = 15
"""For pictures that are opened at their full size."""
ENOUGH = 0.93
"""Share of the names that must fit for a pattern to be taken."""
BETWEEN_PX = 9
STEPS = (1, 2, 4, 8, 16, 32)

Measure = Callable[[str, int], float]
"""A text's width in pixels, in letters of that size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A chord's name, its half bar counted from the song's start, its line, and the size of its letters."""

    half_bar: int
    text: str
    line: int = 0
    size: int = SIZES[0]


def chord_labels(song: Song, breaks: Breaks, measure: Measure) -> tuple[Label, ...]:
    """The chord names that a picture shows."""
    every = _changes(song, breaks.bars_a_row)
    sizes = (*SIZES, SMALL_SIZE) if breaks.dense else SIZES
    patterns = [[replace(one, size=size, line=at % lines) for at, one in enumerate(every)]
                for size in sizes for lines in (1, 2)]  # fmt: skip
    patterns += [[one for one in every if one.half_bar % (2 * step) == 0] for step in STEPS]
    fitting: list[Label] = []
    for pattern in patterns:
        fitting = _fitting(pattern, breaks, measure)
        if len(fitting) >= ENOUGH * len(pattern):
            break
    return tuple(fitting)


def _changes(song: Song, bars_a_row: int) -> list[Label]:
    """Every chord where it begins, and again where a row or a section does."""
    starts = {2 * section.start_bar for section in song.sections} | {0}
    found: list[Label] = []
    for at, chord in enumerate(song.chords):
        if chord is not None and (at in starts or at % (2 * bars_a_row) == 0 or song.chords[at - 1] != chord):
            found.append(Label(half_bar=at, text=chord.name(song.key)))
    return found


def _fitting(labels: Sequence[Label], breaks: Breaks, measure: Measure) -> list[Label]:
    """The labels that neither run into an earlier one of their line nor out of their row."""
    free = [0.0, 0.0]
    row = 0
    result = []
    for label in labels:
        bar = label.half_bar / 2
        if bar // breaks.bars_a_row != row:
            row, free = int(bar // breaks.bars_a_row), [0.0, 0.0]
        left = (bar - row * breaks.bars_a_row) * breaks.bar_px
        end = left + measure(label.text, label.size)
        if left >= free[label.line] and end <= breaks.bars_a_row * breaks.bar_px + BETWEEN_PX:
            result.append(label)
            free[label.line] = end + BETWEEN_PX
    return result
