"""Where the bars are: stretches of one known meter, and where in them the first bar line falls.

In: a `MidiFile`. Out: `Stretch`es, each a piece of time in one meter of `timing.METERS`, starting on a bar line. Unknown meters that
are a known one in other note values are read as that (2/2 as 4/4, 3/8 as 3/4 with doubled values, 12/8 as 6/8).
Method for an upbeat: the offset whose bar lines collect most long and low notes and changes of harmony, with a strong prior
for the file's own bar lines. Caveat: files without a meter are taken for 4/4.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.music.midi.file import MeterChange, MidiFile
from engine.music.notes import Note
from engine.music.timing import METERS, TICKS_PER_QUARTER, Meter

READINGS: dict[tuple[int, int], tuple[str, int, int]] = {
    (4, 4): ("4/4", 1, 1), (3, 4): ("3/4", 1, 1), (6, 8): ("6/8", 1, 1), (2, 4): ("2/4", 1, 1), (2, 2): ("4/4", 1, 1),
    (8, 8): ("4/4", 1, 1), (12, 8): ("6/8", 1, 1), (3, 8): ("3/4", 2, 1), (4, 8): ("2/4", 1, 1), (2, 8): ("2/4", 2, 1),
    (8, 4): ("4/4", 1, 1), (4, 2): ("4/4", 1, 1), (3, 2): ("3/4", 1, 2), (6, 4): ("6/8", 1, 2), (16, 16): ("4/4", 1, 1),
    (1, 4): ("2/4", 2, 1),
}  # fmt: skip
"""Meter in a file → meter it is read as, and the factor (numerator, denominator) for all note values."""
MIN_BARS = 8
OWN_BAR_LINE_PRIOR = 0.10
DEFAULT_METER = MeterChange(tick=0, numerator=4, denominator=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Ticks `start` to `end` of a file, in `meter` once all ticks are multiplied by `up / down`."""

    start: int
    end: int
    meter: Meter
    up: int
    down: int

    def place(self, note: Note) -> Note:
        """The note counted from the stretch's start, in the meter's note values, cut at the stretch's end."""
        onset = (note.onset - self.start) * self.up // self.down
        duration = max(1, (min(note.end, self.end) - note.onset) * self.up // self.down)
        return Note(onset=onset, pitch=note.pitch, duration=duration, velocity=note.velocity)


def find_stretches(file: MidiFile) -> list[Stretch]:
    """All stretches of at least `MIN_BARS` bars in one known meter, in order; empty if there is none."""
    changes = list(file.meters) or [DEFAULT_METER]
    if changes[0].tick > 0:
        changes.insert(0, MeterChange(tick=0, numerator=changes[0].numerator, denominator=changes[0].denominator))
    merged: list[MeterChange] = []
    for change in changes:
        same = merged and (merged[-1].numerator, merged[-1].denominator) == (change.numerator, change.denominator)
        if same:
            bar = change.numerator * TICKS_PER_QUARTER * 4 // change.denominator
            if (change.tick - merged[-1].tick) % max(bar, 1) == 0:
                continue
        merged.append(change)
    stretches = []
    for index, change in enumerate(merged):
        until = merged[index + 1].tick if index + 1 < len(merged) else file.end
        reading = READINGS.get((change.numerator, change.denominator))
        if reading is None:
            continue
        meter, up, down = METERS[reading[0]], reading[1], reading[2]
        if (until - change.tick) * up // down >= MIN_BARS * meter.bar_ticks:
            stretches.append(Stretch(start=change.tick, end=until, meter=meter, up=up, down=down))
    return stretches


def find_first_bar_line(notes: Sequence[Note], meter: Meter) -> int:
    """Tick, 0 ≤ tick < bar, at which the first bar line falls, for `notes` counted from a likely one (0)."""
    if not notes:
        return 0
    step = TICKS_PER_QUARTER // 2
    offsets = range(0, meter.bar_ticks, step)
    onset = np.array([n.onset for n in notes])
    length = np.array([min(n.duration, meter.bar_ticks) for n in notes]) / meter.bar_ticks
    pitch = np.array([n.pitch for n in notes])
    low = pitch < np.median(pitch) - 5
    weight = 0.35 + length + 0.5 * low
    slot = np.floor_divide(onset + step // 2, step) % (meter.bar_ticks // step)
    accent = np.bincount(slot, weights=weight, minlength=len(offsets))
    accent = accent / accent.sum()
    change = _harmony_changes(notes, meter, step)
    prior = np.zeros(len(offsets))
    prior[0] = OWN_BAR_LINE_PRIOR
    return int(offsets[int((accent + 0.5 * change + prior).argmax())])


def _harmony_changes(notes: Sequence[Note], meter: Meter, step: int) -> np.ndarray:
    """How much the pitch classes change across each possible bar line, `[bar / step] float64`, summing to 1 or 0."""
    slots = meter.bar_ticks // step
    count = max(n.end for n in notes) // step + 1
    chroma = np.zeros((count, 12))
    for note in notes:
        chroma[note.onset // step : max(note.end // step, note.onset // step + 1), note.pitch % 12] += 1.0
    reach = max(2, meter.beat_ticks // step)
    sums = np.concatenate([np.zeros((1, 12)), np.cumsum(chroma, axis=0)])
    change = np.zeros(slots)
    for index in range(reach, count - reach):
        before = sums[index] - sums[index - reach]
        behind = sums[index + reach] - sums[index]
        norm = float(np.linalg.norm(before) * np.linalg.norm(behind))
        if norm:
            change[index % slots] += 1.0 - float(before @ behind) / norm
    return change / change.sum() if change.sum() else change
