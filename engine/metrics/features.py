"""What a community's preference looks at in a finished song: a few plain numbers that people can hear.

In: a `Song`. Out: feature → finite number, always the same names. Conventions: densities are log2(1 + notes a second),
pitches MIDI numbers, shares 0…1, `brightness` of the mode −1…1 by its sharps, `syncopation` the share of pitched onsets
off the felt beat that no onset on the following beat answers (after Longuet-Higgins and Lee, 1984), `swing` the
off-beat eighth's place in the beat, `offbeats` the share of all notes there. A role that does not play has the density
0; where there is no tune its pitch is that of all pitched notes. Caveat: written notes are measured, not the sound: mix
and instruments are not heard.
"""

from __future__ import annotations

from math import isfinite, log2

import numpy as np

from engine.metrics.table import NoteTable, entropy, mean, share, sounding, spread, table_of
from engine.music.notes import Role, Song
from engine.music.seed import MODE_LIGHT
from engine.music.timing import TICKS_PER_QUARTER

MIDDLE = 60.0
"""A pitch for songs that have none."""
WIDE = 5
SIXTEENTH, EIGHTH = 6, 12


def song_features(song: Song) -> dict[str, float]:
    """Measure a song; raises `ValueError` for one that cannot be measured (no bars, notes outside of them)."""
    table = table_of(song)
    features = {**_pace(song, table), **_densities(table), **_pitch(table), **_rhythm(table), **_harmony(song, table)}
    return {name: round(value, 4) if isfinite(value) else 0.0 for name, value in features.items()}


def _pace(song: Song, table: NoteTable) -> dict[str, float]:
    return {
        "tempo_log2": log2(song.tempo_bpm),
        "brightness": MODE_LIGHT[song.key.mode],
        "swing": song.swing,
        "triple": float(song.meter.bar_ticks % (3 * TICKS_PER_QUARTER) == 0),
        "velocity": mean(table.velocity),
        "velocity_spread": spread(table.velocity),
    }


def _densities(table: NoteTable) -> dict[str, float]:
    out = {"density": _log_rate(len(table.onset), table.seconds)}
    for role in Role:
        out[f"{role.value}_density"] = _log_rate(len(table.of(role).onset), table.seconds)
    drums = len(table.of(Role.DRUMS).onset)
    out["drums_share"] = drums / max(1, len(table.onset))
    out["roles"] = float(len(np.unique(table.role)))
    per_bar = np.bincount(table.bar, minlength=table.bars)
    out["density_spread"] = float(per_bar.std() / per_bar.mean()) if per_bar.any() else 0.0
    return out


def _log_rate(notes: int, seconds: float) -> float:
    return log2(1 + notes / max(seconds, 1e-6))


def _pitch(table: NoteTable) -> dict[str, float]:
    pitched, tune = table.pitched(), table.of(Role.MELODY).top_line()
    middle = mean(pitched.pitch) if len(pitched.pitch) else MIDDLE
    steps = np.abs(np.diff(tune.pitch))
    at_once = sounding(pitched, SIXTEENTH)
    return {
        "register": middle,
        "melody_register": mean(tune.pitch) if len(tune.pitch) else middle,
        "melody_range": float(np.ptp(tune.pitch)) if len(tune.pitch) else 0.0,
        "melody_leaps": share(steps >= WIDE),
        "pitch_spread": spread(pitched.pitch),
        "polyphony": mean(at_once[at_once > 0]),
    }


def _rhythm(table: NoteTable) -> dict[str, float]:
    pitched = table.pitched()
    onsets = np.unique(pitched.onset)
    within = onsets % TICKS_PER_QUARTER
    off = onsets % table.beat_ticks != 0
    answered = np.isin((onsets // table.beat_ticks + 1) * table.beat_ticks, onsets)
    return {
        "syncopation": share(off & ~answered),
        "offbeats": share(table.onset % TICKS_PER_QUARTER == EIGHTH),
        "sixteenths": share(np.isin(within, (SIXTEENTH, 3 * SIXTEENTH))),
        "triplets": share(np.isin(within, (4, 8, 16, 20))),
        "note_length": mean(pitched.duration) / TICKS_PER_QUARTER,
        "rests": share(sounding(table.of(Role.MELODY), SIXTEENTH) == 0),
    }


def _harmony(song: Song, table: NoteTable) -> dict[str, float]:
    known = table.chord_root >= 0
    tones = table.chord_tones[known]
    codes = table.chord_root[known] * 4096 + tones @ (1 << np.arange(12))
    scale = np.isin(np.arange(12), song.key.scale)
    pitched = table.pitched()
    return {
        "chord_variety": entropy(codes),
        "chord_changes": 2 * share(codes[1:] != codes[:-1]),
        "chord_size": mean(tones.sum(axis=1)),
        "scale_share": share(scale[pitched.pitch % 12]),
    }
