"""What tells styles apart beside the metric vector: who plays, drum patterns, swing, tempo, kinds of chords.

In: a `Song`. Out: name → number, always the same names. Conventions: shares 0…1, 0 where the part is missing, so that
absence itself can be seen. Caveat: meant for naming a style, not for judging a song; instruments (programs) are left
out, because the plan takes them from the style.
"""

from __future__ import annotations

import math

import numpy as np

from engine.metrics.table import NoteTable, table_of
from engine.music.harmony import QUALITIES, Mode
from engine.music.instruments import HATS, KICKS, SNARES
from engine.music.notes import Role, Song

BRIGHT = (Mode.MAJOR, Mode.LYDIAN, Mode.MIXOLYDIAN)


def style_traits(song: Song) -> dict[str, float]:
    """All of them."""
    table = table_of(song)
    chords = [chord for chord in song.chords if chord is not None]
    sizes = [len(QUALITIES[chord.quality]) for chord in chords]
    return {
        "log_tempo": math.log2(song.tempo_bpm),
        "swing": song.swing,
        "quarters_in_bar": song.meter.bar_ticks / 24,
        "compound": float(song.meter.denominator == 8),
        "bright": float(song.key.mode in BRIGHT),
        **{f"plays_{role.value}": float(song.track(role) is not None) for role in Role},
        **_drum_traits(table),
        "chords_of_four": _share([size >= 4 for size in sizes]),
        "chords_of_five": _share([size >= 5 for size in sizes]),
        "power_chords": _share([size == 2 for size in sizes]),
        "dominants": _share([chord.quality in ("7", "9", "13", "7b9") for chord in chords]),
        "bass_quarters": _on(table.of(Role.BASS), 24),
        "bass_offbeats": _at(table.of(Role.BASS), 24, 12),
        "harmony_offbeats": _at(table.of(Role.HARMONY), 24, 12),
        "low_pitch": _pitch(table.of(Role.BASS), 20),
        "tune_pitch": _pitch(table.of(Role.MELODY), 50),
    }


def _drum_traits(table: NoteTable) -> dict[str, float]:
    drums = table.of(Role.DRUMS)
    kicks, snares, hats = (drums.where(np.isin(drums.pitch, list(keys))) for keys in (KICKS, SNARES, HATS))
    return {
        "kick_on_beats": _on(kicks, 24),
        "kick_on_downbeat": _at(kicks, table.bar_ticks, 0),
        "snare_on_backbeat": _at(snares, 48, 24),
        "hat_on_eighths": _on(hats, 12),
        "hat_on_sixteenths": _at(hats, 12, 6),
        "rides": _share([pitch in (51, 53, 59) for pitch in drums.pitch.tolist()]),
        "drums_on_triplets": _share([tick % 24 in (8, 16) for tick in drums.onset.tolist()]),
    }


def _on(part: NoteTable, unit: int) -> float:
    return _at(part, unit, 0)


def _at(part: NoteTable, unit: int, place: int) -> float:
    """Share of the part's notes that start at `place` within each `unit` ticks."""
    return float((part.onset % unit == place).mean()) if len(part.onset) else 0.0


def _pitch(part: NoteTable, without: float) -> float:
    return float(part.pitch.mean()) if len(part.pitch) else without


def _share(hits: list[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0
