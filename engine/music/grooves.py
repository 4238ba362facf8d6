"""How drummers play within the bar: what was measured on performances, as values.

In: `grooves.json` beside this module, written by `tunesmith grooves`. Out: `Groove` values by name (`rock`, `jazz`…).
Conventions: four-four bars of sixteen places; a time is milliseconds behind the (swung) grid, once the take's own
wandering around the click is taken off, so 0 is where the whole kit is just now; an accent is velocity against the
mean of the same piece of the kit in the same take. Caveat: places that are seldom played lie near the piece's mean.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.music.codec import from_plain, to_plain
from engine.music.instruments import HATS, KICKS, SNARES
from engine.music.timing import TICKS_PER_QUARTER

GROOVES_FILE = Path(__file__).parent / "grooves.json"
PLACES = 16
TICKS_PER_PLACE = TICKS_PER_QUARTER // 4
RIDES = frozenset({51, 53, 59})
OTHERS = "others"
PIECES: Mapping[str, frozenset[int]] = {"kick": KICKS, "snare": SNARES, "hat": HATS, "ride": RIDES}
"""Pieces of the kit and their General MIDI keys; every other key belongs to `OTHERS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strokes:
    """One piece of the kit, a value for each of the bar's 16 places: mean and deviation of time and of velocity."""

    late_ms: tuple[float, ...]
    spread_ms: tuple[float, ...]
    accent: tuple[float, ...]
    accent_spread: tuple[float, ...]
    strokes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Groove:
    """A kind of music: how many takes it was measured on, and its pieces."""

    takes: int
    pieces: Mapping[str, Strokes]

    def strokes_of(self, pitch: int) -> Strokes | None:
        """How the piece that a percussion key belongs to is played, if that was measured."""
        return self.pieces.get(piece_of(pitch))


def piece_of(pitch: int) -> str:
    """The piece of the kit that a General MIDI percussion key is."""
    return next((name for name, keys in PIECES.items() if pitch in keys), OTHERS)


def place_of(onset: int, bar_ticks: int) -> int:
    """The sixteenth of the bar, 0…15, that a written onset lies nearest to (counted on in bars longer than 4/4)."""
    return round(onset % bar_ticks / TICKS_PER_PLACE) % PLACES


@cache
def load_grooves() -> Mapping[str, Groove]:
    """All measured grooves. Raises `ValueError` for a file that holds something else."""
    return grooves_from_json(json.loads(GROOVES_FILE.read_text(encoding="utf-8")))


def grooves_from_json(data: Mapping[str, object]) -> Mapping[str, Groove]:
    """Inverse of `grooves_to_json`."""
    return {name: from_plain(Groove, groove) for name, groove in data.items()}


def grooves_to_json(grooves: Mapping[str, Groove]) -> dict[str, object]:
    """Plain JSON values."""
    return {name: to_plain(groove) for name, groove in sorted(grooves.items())}
