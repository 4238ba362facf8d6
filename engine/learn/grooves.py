"""Drum performances → how drummers play within the bar, in numbers.

In: the Groove MIDI Dataset (Gillick et al. 2019, CC BY 4.0; see `sources/groove.py`). Out: a `Groove` a style, and
`all`. Only means, deviations and counts are kept; no take can be played from them. Conventions: four-four beats, no
fills; a stroke counts for the sixteenth that it lies nearest to on the take's own swung grid; how the drummer runs
ahead of or behind the click over `WANDER_S` is taken off, so that what is left is the groove and not the drift.
Means are drawn towards the piece's (times) or the beat's (velocities) as if `PRIOR` strokes more had been heard there.
Caveat: few takes are blues or pop, so these are drawn towards all takes.
"""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import BadRequest
from engine.learn.sources.groove import FINE_TICKS, GENERAL_MIDI, groove_style, measure_swing
from engine.music.grooves import OTHERS, PIECES, PLACES, Groove, Strokes, piece_of
from engine.music.midi.read import read_midi
from engine.music.notes import Note

Rows = npt.NDArray[np.float64]
"""`[strokes, 3]`: place in the bar, milliseconds late, velocity above the piece's mean."""

ALL = "all"
WANDER_S = 2.0
FARTHEST = 0.3
"""Strokes farther from a sixteenth than this share of it are triplets, flams or mistakes."""
LEAST_STROKES = 32
PRIOR = 20.0
DIGITS = 1


def measure_grooves(folder: Path) -> dict[str, Groove]:
    """Measure all takes of `info.csv`. Raises `BadRequest` where there is none."""
    if not (folder / "info.csv").is_file():
        raise BadRequest(f"The folder {str(folder)!r} holds no info.csv; the unpacked Groove MIDI Dataset would work.")
    takes: dict[str, list[dict[str, Rows]]] = defaultdict(list)
    with (folder / "info.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["midi_filename"])
    for row in rows:
        if row["beat_type"] != "beat" or row["time_signature"] != "4-4":
            continue
        try:
            midi = read_midi((folder / row["midi_filename"]).read_bytes(), ticks_per_quarter=FINE_TICKS)
        except BadRequest:
            continue
        bpm = float(row["bpm"])
        take = measure_take([note for track in midi.tracks for note in track.notes], bpm)
        if take:
            takes[groove_style(row["style"].split("/")[0], bpm)].append(take)
    everything = [take for group in takes.values() for take in group]
    base = _groove(everything, None)
    return {ALL: base, **{name: _groove(group, base) for name, group in takes.items() if name != "other"}}


def measure_take(hits: list[Note], bpm: float) -> dict[str, Rows]:
    """Each piece's strokes; nothing if there are too few. `hits` in units of 1/480 quarter."""
    if len(hits) < LEAST_STROKES:
        return {}
    onsets = np.array([note.onset for note in hits]) / FINE_TICKS
    place, late_ms = _lateness(onsets, measure_swing(hits), bpm)
    near = ~np.isnan(late_ms)
    seconds = onsets * 60 / bpm
    late_ms = late_ms - _running_mean(seconds[near], late_ms[near], seconds)
    velocity = np.array([note.velocity for note in hits], np.float64)
    pieces = np.array([piece_of(GENERAL_MIDI.get(note.pitch, note.pitch)) for note in hits])
    take = {}
    for name in (*PIECES, OTHERS):
        own = (pieces == name) & near
        if own.any():
            accents = velocity[own] - velocity[own].mean()
            take[name] = np.stack([place[own], late_ms[own], accents], axis=1)
    return take


def _lateness(onsets: Rows, swing: float, bpm: float) -> tuple[Rows, Rows]:
    """For onsets in quarters: the sixteenth of the bar, and milliseconds behind it; NaN where none is near."""
    quarter, rest = np.divmod(onsets, 1.0)
    straight = np.where(rest <= swing, rest * 0.5 / swing, 0.5 + (rest - swing) * 0.5 / (1 - swing))
    sixteenth = np.round(straight * 4)
    target = np.where(sixteenth <= 2, sixteenth / 2 * swing, swing + (sixteenth - 2) / 2 * (1 - swing))
    late_ms = (rest - target) * 60_000 / bpm
    late_ms[np.abs(straight * 4 - sixteenth) > FARTHEST] = np.nan
    return (quarter * 4 + sixteenth) % PLACES, late_ms


def _running_mean(times_s: Rows, values: Rows, at_s: Rows) -> Rows:
    """The mean of the values within `WANDER_S` of each moment."""
    order = np.argsort(times_s, kind="stable")
    times_s, sums = times_s[order], np.concatenate([[0.0], np.cumsum(values[order])])
    low, high = (np.searchsorted(times_s, at_s + shift) for shift in (-WANDER_S, WANDER_S))
    return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1))


def _groove(takes: list[dict[str, Rows]], base: Groove | None) -> Groove:
    """All takes of a kind put together; `base`: what they are drawn towards."""
    pieces = {}
    for name in (*PIECES, OTHERS):
        rows = [take[name] for take in takes if name in take]
        if rows:
            pieces[name] = _strokes(np.concatenate(rows), None if base is None else base.pieces[name])
    return Groove(takes=len(takes), pieces=pieces)


def _strokes(rows: Rows, base: Strokes | None) -> Strokes:
    columns: Mapping[str, list[float]] = defaultdict(list)
    counts = []
    for place in range(PLACES):
        here = rows[rows[:, 0] == place]
        counts.append(len(here))
        for column, (mean_name, spread_name) in ((1, ("late_ms", "spread_ms")), (2, ("accent", "accent_spread"))):
            values, all_values = here[:, column], rows[:, column]
            prior = getattr(base, mean_name)[place] if base else float(all_values.mean())
            mean = (values.sum() + PRIOR * prior) / (len(values) + PRIOR)
            usual = getattr(base, spread_name)[place] ** 2 if base else float(all_values.var())
            variance = (((values - mean) ** 2).sum() + PRIOR * usual) / (len(values) + PRIOR)
            columns[mean_name].append(round(float(mean), DIGITS))
            columns[spread_name].append(round(float(np.sqrt(variance)), DIGITS))
    return Strokes(strokes=tuple(counts), **{name: tuple(values) for name, values in columns.items()})
