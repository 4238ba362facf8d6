"""Chord names in a row: on how many lines they stand, in how large letters, and which are left out if need be.

In: the song's chords and how wide a bar is. Out: `Label`s, the same pattern for the whole song. Conventions: names
stand where chords change and where rows and sections begin, on one line or by turns on two, then smaller, then on
three. Only where not even that has room for them are some left out: single ones if most fit, else all but those of
every first, second, fourth… bar; `MORE` stands behind a name that others should follow. Caveat: a name that would run
out of its row is moved to the left, so that it begins before its bar does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from engine.compose.picture.layout import Breaks
from engine.music.notes import Song

SIZES = (20, 17)
"""Of the letters; shown at half the picture's width the smaller ones are still more than eight pixels high."""
SMALL_SIZE = 15
"""For pictures that are opened at their full size."""
MOST_LINES = 3
MORE = " …"
"""Stands behind a name if names are left out before the next."""
ENOUGH = 0.8
"""Share of the names that must fit for the others to be left out one by one."""
BETWEEN_PX = 9
STEPS = (1, 2, 4, 8, 16, 32, 64)
"""In half bars."""

Measure = Callable[[str, int], float]
"""A text's width in pixels, in letters of that size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A chord's name, its half bar counted from the song's start, its line, the size of its letters.

    `left`: pixels from where its row begins.
    """

    half_bar: int
    text: str
    line: int = 0
    size: int = SIZES[0]
    left: float = 0.0


def chord_labels(song: Song, breaks: Breaks, measure: Measure) -> tuple[Label, ...]:
    """The chord names that a picture shows."""
    every = _changes(song, breaks.bars_a_row)
    sizes = (*SIZES, SMALL_SIZE) if breaks.dense else SIZES
    patterns = [(size, lines) for size in sizes for lines in range(1, MOST_LINES)]
    for size, lines in [*patterns, *((size, MOST_LINES) for size in sizes)]:
        fitting = _fitting(_on_lines(every, size, lines), breaks, measure)
        if len(fitting) == len(every):
            return tuple(fitting)
    thinned: list[Label] = []
    for step in STEPS:
        pattern = _on_lines([one for one in every if one.half_bar % step == 0], sizes[-1], MOST_LINES)
        thinned = _marked(pattern, every, breaks, measure)
        if len(thinned) >= ENOUGH * len(pattern):
            break
    return tuple(thinned)


def _changes(song: Song, bars_a_row: int) -> list[Label]:
    """Every chord where it begins, and again where a row or a section does."""
    starts = {2 * section.start_bar for section in song.sections} | {0}
    found: list[Label] = []
    for at, chord in enumerate(song.chords):
        if chord is not None and (at in starts or at % (2 * bars_a_row) == 0 or song.chords[at - 1] != chord):
            found.append(Label(half_bar=at, text=chord.name(song.key)))
    return found


def _on_lines(labels: Sequence[Label], size: int, lines: int) -> list[Label]:
    return [replace(one, size=size, line=at % lines) for at, one in enumerate(labels)]


def _marked(labels: Sequence[Label], every: Sequence[Label], breaks: Breaks, measure: Measure) -> list[Label]:
    """The labels that fit, `MORE` behind each that not all of `every` follow; the marks take room of their own."""
    after = dict(zip((one.half_bar for one in every), every[1:], strict=False))
    names = {one.half_bar: one.text for one in labels}
    fitting = _fitting(labels, breaks, measure)
    while True:
        shown = {one.half_bar for one in fitting}
        cut = {at for at in shown if at in after and after[at].half_bar not in shown}
        marked = [replace(one, text=names[one.half_bar] + (MORE if one.half_bar in cut else "")) for one in fitting]
        fitting = _fitting(marked, breaks, measure)
        if len(fitting) == len(marked):
            return fitting


def _fitting(labels: Sequence[Label], breaks: Breaks, measure: Measure) -> list[Label]:
    """The labels that do not run into an earlier one of their line, each at its place in its row."""
    free = [0.0] * MOST_LINES
    row = 0
    row_px = breaks.bars_a_row * breaks.bar_px
    result = []
    for label in labels:
        bar = label.half_bar / 2
        if bar // breaks.bars_a_row != row:
            row, free = int(bar // breaks.bars_a_row), [0.0] * MOST_LINES
        width = measure(label.text, label.size)
        left = min((bar - row * breaks.bars_a_row) * breaks.bar_px, row_px + BETWEEN_PX - width)
        if left >= free[label.line]:
            result.append(replace(label, left=left))
            free[label.line] = left + width + BETWEEN_PX
    return result
