"""Free ticks → the grid of sixteenths and sixteenth triplets.

In: notes with any onsets, counted from a bar line. Out: notes whose onsets and ends lie on `GRID_IN_QUARTER`.
Conventions: in each quarter a part moves either in sixteenths or in triplets, whichever is nearer; the nearest position
wins, the earlier one in a tie; note values snap to grid positions too, the shortest a triplet sixteenth. Caveat:
thirty-seconds do not fit the grid; a run of them comes out uneven, and two on one position become one note.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

from engine.music.notes import Note
from engine.music.timing import GRID_IN_QUARTER, TICKS_PER_QUARTER

_POSITIONS = (*GRID_IN_QUARTER, TICKS_PER_QUARTER)
_STRAIGHT = (0, 6, 12, 18, 24)
_TRIPLET = (0, 4, 8, 12, 16, 20, 24)


def _nearest(positions: Sequence[int]) -> tuple[int, ...]:
    """For each tick of a quarter the position nearest to it, the earlier one in a tie."""
    return tuple(min(positions, key=lambda p: (abs(p - tick), p)) for tick in range(TICKS_PER_QUARTER))


_NEAREST = _nearest(_POSITIONS)
_NEAREST_STRAIGHT, _NEAREST_TRIPLET = _nearest(_STRAIGHT), _nearest(_TRIPLET)
SHORTEST = GRID_IN_QUARTER[1]
CLEAR_LATENCY = 0.4
GRACE_TICKS = 2
"""A pitched note this short that starts off the grid is taken for an ornament."""


def to_grid(tick: int) -> int:
    """The grid position nearest to `tick`."""
    quarter, rest = divmod(tick, TICKS_PER_QUARTER)
    return quarter * TICKS_PER_QUARTER + _NEAREST[rest]


def duration_to_grid(ticks: int) -> int:
    """The note value nearest to `ticks`: a grid position, not nothing; the longer one in a tie."""
    return max(
        to_grid(ticks), to_grid(ticks + 1) if to_grid(ticks + 1) - ticks <= ticks - to_grid(ticks) else 0, SHORTEST
    )


def find_latency(notes: Sequence[Note]) -> int:
    """Ticks, −6…+6, by which all onsets lag behind the eighths: the circular mean, or 0 unless clear and at least 2."""
    eighth = TICKS_PER_QUARTER // 2
    if not notes:
        return 0
    turns = np.exp(2j * np.pi * np.array([n.onset for n in notes]) / eighth).mean()
    lag = round(float(np.angle(turns)) / (2 * np.pi) * eighth)
    return lag if abs(turns) > CLEAR_LATENCY and abs(lag) >= 2 else 0


def quantise(notes: Iterable[Note], *, keep_short: bool = False) -> tuple[Note, ...]:
    """Notes on the grid, sorted, at most one for each onset and pitch (the longest).

    `keep_short=True` keeps very short notes off the grid too (drums), which else are dropped as grace notes.
    """
    kept: dict[tuple[int, int], Note] = {}
    listed = list(notes)
    nearest = _divisions(listed)
    for note in listed:
        quarter, rest = divmod(note.onset, TICKS_PER_QUARTER)
        onset = quarter * TICKS_PER_QUARTER + nearest[quarter][rest]
        if not keep_short and note.duration <= GRACE_TICKS and onset != note.onset:
            continue
        end = onset + duration_to_grid(note.duration)
        there = kept.get((onset, note.pitch))
        velocity = max(note.velocity, there.velocity) if there else note.velocity
        if there and there.end > end:
            end = there.end
        kept[onset, note.pitch] = Note(onset=onset, pitch=note.pitch, duration=end - onset, velocity=velocity)
    return tuple(sorted(kept.values()))


def _divisions(notes: Sequence[Note]) -> dict[int, tuple[int, ...]]:
    """For each quarter with onsets, sixteenths or triplets: whichever fits the onsets better (sixteenths in a tie)."""
    straight: dict[int, int] = defaultdict(int)
    triplet: dict[int, int] = defaultdict(int)
    for note in notes:
        quarter, rest = divmod(note.onset, TICKS_PER_QUARTER)
        straight[quarter] += abs(_NEAREST_STRAIGHT[rest] - rest)
        triplet[quarter] += abs(_NEAREST_TRIPLET[rest] - rest)
    return {q: _NEAREST_TRIPLET if triplet[q] < straight[q] else _NEAREST_STRAIGHT for q in straight}
