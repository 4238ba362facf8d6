"""Musical time: integer ticks, meters, and the border to seconds.

Conventions: 24 ticks a quarter note, so sixteenths (6) and eighth triplets (8) are both exact. A tempo counts quarter
notes a minute in every meter, as MIDI does (caveat: in 6/8 the felt beat is a dotted quarter, two thirds of that
number). Seconds appear only at the audio border.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import BadRequest

TICKS_PER_QUARTER = 24
GRID_IN_QUARTER = (0, 4, 6, 8, 12, 16, 18, 20)
"""Positions (ticks within a quarter note) that onsets are quantised to: sixteenths and sixteenth triplets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A time signature, such as 4/4, 3/4 or 6/8."""

    numerator: int
    denominator: int

    @property
    def bar_ticks(self) -> int:
        """Length of a bar in ticks (4/4: 96, 3/4 and 6/8: 72)."""
        return self.numerator * TICKS_PER_QUARTER * 4 // self.denominator

    @property
    def beat_ticks(self) -> int:
        """Length of the felt beat in ticks: a dotted quarter in 6/8, 9/8 and 12/8, else one denominator unit."""
        if self.denominator == 8 and self.numerator % 3 == 0:
            return TICKS_PER_QUARTER * 3 // 2
        return TICKS_PER_QUARTER * 4 // self.denominator

    @property
    def half_bar_ticks(self) -> int:
        """Length of half a bar in ticks: chords are stored one a half bar."""
        return self.bar_ticks // 2

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Read `"3/4"`; raises `BadRequest` for a meter that the network does not know."""
        meter = METERS.get(text.replace(" ", ""))
        if meter is None:
            raise BadRequest(f"The meter {text!r} is not known; {', '.join(METERS)} would work.")
        return meter


METERS = {text: Meter(numerator=int(text[0]), denominator=int(text[2])) for text in ("4/4", "3/4", "6/8", "2/4")}


def ticks_to_seconds(ticks: float, tempo_bpm: float) -> float:
    """Seconds that `ticks` last at `tempo_bpm` quarter notes a minute."""
    return ticks * 60.0 / (tempo_bpm * TICKS_PER_QUARTER)


def seconds_to_ticks(seconds_s: float, tempo_bpm: float) -> float:
    """Ticks (not rounded) that fit into `seconds_s` at `tempo_bpm` quarter notes a minute."""
    return seconds_s * tempo_bpm * TICKS_PER_QUARTER / 60.0
