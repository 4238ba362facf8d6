"""A song's notes as columns, so that many measures are taken in milliseconds.

In: a `Song`. Out: a `NoteTable`. Conventions: rows sorted by onset, then pitch; ticks, MIDI pitches; `role` is the
index in `ROLES`; chords lie one a half bar as the song has them. Caveat: the table shares nothing with the song and is
not kept in step with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from engine.metrics.symbolic import validate
from engine.music.notes import Role, Song

ROLES = tuple(Role)
DRUMS = ROLES.index(Role.DRUMS)
Column: TypeAlias = NDArray[np.int64]
Row: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTable:
    """`onset`, `pitch`, `duration`, `velocity`, `role`: `[N] int64`. `chord_tones [2 * bars, 12] bool`, `chord_root`
    and `chord_bass [2 * bars] int64` (−1: no chord). Lengths in ticks, `seconds` from the first bar line to the last.
    """

    onset: Column
    pitch: Column
    duration: Column
    velocity: Column
    role: Column
    chord_tones: Row
    chord_root: Column
    chord_bass: Column
    bars: int
    bar_ticks: int
    beat_ticks: int
    half_ticks: int
    seconds: float

    @property
    def end(self) -> Column:
        """First tick after each note."""
        return self.onset + self.duration

    @property
    def ticks(self) -> int:
        """Length of the song."""
        return self.bars * self.bar_ticks

    @property
    def bar(self) -> Column:
        """The bar in which each note starts."""
        return self.onset // self.bar_ticks

    def where(self, rows: Row) -> NoteTable:
        """The same song with some of its notes."""
        columns = {name: getattr(self, name)[rows] for name in ("onset", "pitch", "duration", "velocity", "role")}
        others = {name: getattr(self, name) for name in self.__slots__ if name not in columns}
        return NoteTable(**columns, **others)

    def of(self, role: Role) -> NoteTable:
        """One role's notes."""
        return self.where(self.role == ROLES.index(role))

    def pitched(self) -> NoteTable:
        """All notes but the drums'."""
        return self.where(self.role != DRUMS)

    def top_line(self) -> NoteTable:
        """The highest note of each onset."""
        last = np.append(self.onset[1:] != self.onset[:-1], True)[: len(self.onset)]
        return self.where(last)


def table_of(song: Song) -> NoteTable:
    """A song's table; raises `ValueError` for a song that `symbolic.validate` refuses."""
    validate(song)
    rows = [
        (note.onset, note.pitch, note.duration, note.velocity, role)
        for track in song.tracks
        for role in (ROLES.index(track.role),)
        for note in track.notes
    ]
    columns = np.array(rows, dtype=np.int64).reshape(-1, 5)
    columns = columns[np.lexsort((columns[:, 1], columns[:, 0]))]
    tones = np.zeros((2 * song.bars, 12), dtype=bool)
    root, bass = (np.full(2 * song.bars, -1, dtype=np.int64) for _ in range(2))
    for index, chord in enumerate(song.chords[: 2 * song.bars]):
        if chord is not None:
            tones[index, list(chord.pitch_classes)] = True
            root[index], bass[index] = chord.root, chord.bass
    return NoteTable(
        onset=columns[:, 0],
        pitch=columns[:, 1],
        duration=columns[:, 2],
        velocity=columns[:, 3],
        role=columns[:, 4],
        chord_tones=tones,
        chord_root=root,
        chord_bass=bass,
        bars=song.bars,
        bar_ticks=song.meter.bar_ticks,
        beat_ticks=song.meter.beat_ticks,
        half_ticks=song.meter.half_bar_ticks,
        seconds=song.duration_s,
    )


def entropy(values: Column) -> float:
    """Entropy of the values' histogram in bits; NaN for no values."""
    if not len(values):
        return float("nan")
    counts = np.unique(values, return_counts=True)[1]
    shares = counts / counts.sum()
    return abs(float(-(shares * np.log2(shares)).sum()))


def share(hits: Row) -> float:
    """How many of them are true, 0…1; NaN for none."""
    return float(hits.mean()) if len(hits) else float("nan")


def mean(values: NDArray[np.float64] | Column) -> float:
    """Their mean; NaN for none."""
    return float(values.mean()) if len(values) else float("nan")


def spread(values: NDArray[np.float64] | Column) -> float:
    """Their standard deviation; NaN for none."""
    return float(values.std()) if len(values) else float("nan")


def sounding(table: NoteTable, unit_ticks: int) -> Column:
    """How many notes sound in each whole stretch of `unit_ticks`: `[ticks // unit] int64`."""
    count = max(1, table.ticks // unit_ticks)
    changes = np.zeros(count + 1, dtype=np.int64)
    np.add.at(changes, np.minimum(table.onset // unit_ticks, count), 1)
    np.add.at(changes, np.minimum(-(-table.end // unit_ticks), count), -1)
    return np.cumsum(changes)[:count]
