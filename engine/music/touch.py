"""How a style's players touch their instruments: the part of a `style.toml` that notes cannot say.

In: the `[touch]` table. Out: `Touch`. Conventions: milliseconds, shares 0…1. Caveat: a song that must not slow down
(a loop, a length without room) does not, whatever stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.music.notes import Role

STRUMMED = (25, 27, 28, 29, 30)
"""Guitars that are played with a plectrum: steel, clean, muted, overdriven, distorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """How the players of a style play.

    `groove`: whose drummers are followed (`engine/music/grooves.json`), empty: nobody's. `human`: 1 a band of people, 0
    a machine exactly on the grid that strikes evenly. `late_ms`: how far a role plays behind the beat at 80 quarters a
    minute and below; at higher tempos it is less. `freedom`: factor on how far tunes stray. `rubato`: how much slower
    than the mean the tempo is at the ends of a phrase, half as much faster in its middle. `slowing`: share of the
    tempo that is lost by the last note, in songs not faster than `slowing_below_bpm`. `pedal`: roles whose pianos use
    the sustain pedal. `strummed`: programs whose chords are struck string by string. `arch`: velocity by which the
    middle of a phrase is louder than its ends.
    """

    groove: str = "all"
    human: float = 1.0
    late_ms: Mapping[Role, float] = field(default_factory=dict)
    freedom: float = 1.0
    rubato: float = 0.0
    slowing: float = 0.0
    slowing_below_bpm: float = 400.0
    pedal: tuple[Role, ...] = ()
    strummed: tuple[int, ...] = STRUMMED
    arch: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Double:
    """A second instrument that may play along with a role.

    `program` doubles the role `semitones` higher, `gain_db` against it as heard, where the role's own program is one of
    `of` (empty: any). `share`: in how many of the songs whose energy lies between `energy_low` and `energy_high`.
    `loud_only`: in choruses only, where the song has some. `pan`: −1…1.
    """

    program: int
    of: tuple[int, ...] = ()
    semitones: int = 0
    gain_db: float = -8.0
    share: float = 0.5
    energy_low: float = 0.0
    energy_high: float = 1.0
    loud_only: bool = False
    pan: float = 0.0
