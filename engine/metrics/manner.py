"""How the parts move: our own measures of tune, bass, chords, rhythm and repetition.

In: a `NoteTable`. Out: name → number, NaN where there is nothing to count. Conventions: lengths in quarter notes,
entropies in bits, shares 0…1; a tune is the top line of the melody. Two bars are alike when half of what starts in
them (tick in the bar, pitch) is shared; a bar *returns* when an earlier one is alike, whatever its section. Caveat:
chords are those the table holds; for a comparison both sides need chords from the same source.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.metrics.table import NoteTable, Row, entropy, mean, share, sounding, spread
from engine.music.notes import Role
from engine.music.timing import TICKS_PER_QUARTER

ALIKE = 0.5
LEAP = 5
"""Semitones from which an interval is a leap; a second is a step, thirds are neither."""
SIXTEENTH = 6
EIGHTH = 12


def manner_measures(table: NoteTable) -> dict[str, float]:
    """All of them, by groups."""
    return {
        **_tune_measures(table, table.of(Role.MELODY).top_line()),
        **_bass_measures(table, table.of(Role.BASS).top_line()),
        **_repetition_measures(table),
        **_rhythm_measures(table),
        **_density_measures(table),
        **_chord_measures(table),
    }


def _tune_measures(table: NoteTable, tune: NoteTable) -> dict[str, float]:
    steps = np.diff(tune.pitch)
    wide = np.abs(steps)
    moving = steps[steps != 0]
    turns = np.sign(moving[1:]) != np.sign(moving[:-1])
    return {
        "melody_range": float(np.ptp(tune.pitch)) if len(tune.pitch) else float("nan"),
        "melody_pitch_entropy": entropy(tune.pitch),
        "melody_interval_entropy": entropy(np.clip(steps, -12, 12)),
        "melody_repeats": share(wide == 0),
        "melody_steps": share(np.abs(moving) <= 2),
        "melody_leaps": share(np.abs(moving) >= LEAP),
        "melody_octave_leaps": share(wide >= 12),
        "melody_turns": share(turns),
        "melody_longest_run": longest_run(tune.pitch),
        "melody_chord_tones": _chord_tones(table, tune, strong=True),
        "melody_weak_chord_tones": _chord_tones(table, tune, strong=False),
        "melody_onset_entropy": entropy(tune.onset % table.bar_ticks),
        "melody_gap_entropy": entropy(np.minimum(np.diff(tune.onset), 2 * table.bar_ticks)),
        "melody_note_length": mean(tune.duration) / TICKS_PER_QUARTER,
        "melody_length_spread": spread(tune.duration) / TICKS_PER_QUARTER,
        "melody_rests": share(sounding(tune, SIXTEENTH) == 0) if len(tune.pitch) else float("nan"),
    }


def _bass_measures(table: NoteTable, bass: NoteTable) -> dict[str, float]:
    downbeats = bass.onset % table.bar_ticks == 0
    half = bass.onset[downbeats] // table.half_ticks
    pitch_class = bass.pitch[downbeats] % 12
    known = table.chord_root[half] >= 0
    roots = pitch_class == table.chord_root[half]
    steps = np.abs(np.diff(bass.pitch))
    return {
        "bass_roots": share(roots[known]),
        "bass_range": float(np.ptp(bass.pitch)) if len(bass.pitch) else float("nan"),
        "bass_repeats": share(steps == 0),
        "bass_steps": share(steps[steps > 0] <= 2),
        "bass_note_length": mean(bass.duration) / TICKS_PER_QUARTER,
        "bass_gap_entropy": entropy(np.minimum(np.diff(bass.onset), 2 * table.bar_ticks)),
        "bass_downbeats": downbeat_share(bass),
    }


def _repetition_measures(table: NoteTable) -> dict[str, float]:
    melody, everything = bar_likeness(table.of(Role.MELODY)), bar_likeness(table)
    pitched = bar_likeness(table.pitched())
    return {
        "melody_distinct_bars": distinct_share(melody),
        "melody_returning_bars": returning_share(melody),
        "distinct_bars": distinct_share(everything),
        "returning_bars": returning_share(everything),
        "pitched_returning_bars": returning_share(pitched),
        "neighbour_likeness": neighbour_likeness(pitched),
        "bass_returning_bars": returning_share(bar_likeness(table.of(Role.BASS))),
        "drum_distinct_bars": distinct_share(bar_likeness(table.of(Role.DRUMS))),
    }


def _rhythm_measures(table: NoteTable) -> dict[str, float]:
    tune = table.pitched()
    onsets = np.unique(table.onset)
    within = onsets % TICKS_PER_QUARTER
    lengths = tune.duration
    written = table.velocity[table.velocity != table.velocity[0]] if len(table.velocity) else table.velocity
    per_bar = np.bincount(table.bar, minlength=table.bars)
    return {
        "gap_entropy": entropy(np.minimum(np.diff(onsets), table.bar_ticks)),
        "onset_entropy": entropy(table.onset % table.bar_ticks),
        "on_beat": share(onsets % table.beat_ticks == 0),
        "sixteenths": share(np.isin(within, (SIXTEENTH, 3 * SIXTEENTH))),
        "triplets": share(np.isin(within, (4, 8, 16, 20))),
        "note_length": mean(lengths) / TICKS_PER_QUARTER,
        "length_entropy": entropy(lengths),
        "notes_at_once": len(tune.onset) / max(len(np.unique(tune.onset)), 1) if len(tune.onset) else float("nan"),
        "bar_density_spread": float(per_bar.std() / per_bar.mean()) if per_bar.any() else float("nan"),
        "velocity_spread": spread(table.velocity) if len(written) else float("nan"),
        "velocity_entropy": entropy(table.velocity // 8) if len(written) else float("nan"),
    }


def _density_measures(table: NoteTable) -> dict[str, float]:
    """Notes a bar of each role over the bars in which it sounds, and the share of bars in which it does."""
    out = {"notes_per_second": len(table.onset) / table.seconds}
    for role in Role:
        part = table.of(role)
        playing = int((sounding(part, table.bar_ticks) > 0).sum())
        out[f"{role.value}_density"] = len(part.onset) / playing if playing else float("nan")
        out[f"{role.value}_presence"] = playing / table.bars if playing else float("nan")
    harmony = table.of(Role.HARMONY)
    strokes = len(np.unique(harmony.onset))
    out["harmony_chord_size"] = len(harmony.onset) / strokes if strokes else float("nan")
    out["harmony_note_length"] = mean(harmony.duration) / TICKS_PER_QUARTER
    return out


def _chord_measures(table: NoteTable) -> dict[str, float]:
    known = table.chord_root >= 0
    root, tones = table.chord_root[known], table.chord_tones[known]
    codes = root * 4096 + tones @ (1 << np.arange(12))
    changes = codes[1:] != codes[:-1]
    moves = (np.diff(root) % 12)[changes]
    return {
        "chord_changes": 2 * share(changes),
        "chord_entropy": entropy(codes),
        "chord_sizes": mean(tones.sum(axis=1)),
        "chord_fifths": share(np.isin(moves, (5, 7))),
    }


def longest_run(pitches: NDArray[np.int64]) -> float:
    """How many times running one value comes, at most; NaN for none."""
    if not len(pitches):
        return float("nan")
    breaks = np.flatnonzero(np.diff(pitches))
    return float(np.diff(np.concatenate(([-1], breaks, [len(pitches) - 1]))).max())


def downbeat_share(part: NoteTable) -> float:
    """Of the bars in which the part starts a note: those in which it starts one on the first beat."""
    bars = np.unique(part.bar)
    return share(np.isin(bars * part.bar_ticks, part.onset))


def bar_likeness(part: NoteTable) -> NDArray[np.float64]:
    """Jaccard likeness `[bars, bars]` 0…1 of the bars in which the part starts notes; others are left out."""
    content = (part.onset % part.bar_ticks) * 128 + part.pitch
    places, column = np.unique(content, return_inverse=True)
    filled, row = np.unique(part.bar, return_inverse=True)
    held = np.zeros((len(filled), len(places)))
    held[row, column] = 1.0
    both = held @ held.T
    counts = held.sum(axis=1)
    union = counts[:, None] + counts[None, :] - both
    out: NDArray[np.float64] = both / np.where(union > 0, union, 1.0)
    return out


def distinct_share(likeness: NDArray[np.float64]) -> float:
    """Bars that equal no earlier one; NaN for no bars."""
    fresh: Row = np.asarray((np.tril(likeness, -1) < 1).all(axis=1))
    return share(fresh)


def returning_share(likeness: NDArray[np.float64]) -> float:
    """Bars after the first that are alike to an earlier one; NaN for fewer than two bars."""
    returning: Row = np.asarray((np.tril(likeness, -1) >= ALIKE).any(axis=1))
    return share(returning[1:])


def neighbour_likeness(likeness: NDArray[np.float64]) -> float:
    """Mean likeness of a bar and the next one that holds notes; NaN for fewer than two."""
    return mean(np.diagonal(likeness, 1))


def _chord_tones(table: NoteTable, tune: NoteTable, *, strong: bool) -> float:
    """Share of the notes on (or off) half bars under a chord that belong to it."""
    half = tune.onset // table.half_ticks
    chosen = ((tune.onset % table.half_ticks == 0) == strong) & (table.chord_root[half] >= 0)
    return share(table.chord_tones[half[chosen], tune.pitch[chosen] % 12])
