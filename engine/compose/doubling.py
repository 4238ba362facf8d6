"""Who plays along with whom: the style's doublings, drawn for one song.

In: a cast, the style, the wishes, energy and brightness of the song. Out: the cast, of which up to `MOST` roles have a
doubling. Conventions: a doubling needs an energy that suits it; those that sound as bright or as dull as the mood are
likelier. A role that the prompt gave an instrument of its own, and a player alone, are not doubled; neither with
anything that is not wanted. Caveat: whether a song has the choruses that some doublings wait for is not looked at.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.compose.plan import Casting
from engine.music.notes import Doubling, Role
from engine.music.styles import Style
from engine.music.timbre import brightness_of
from engine.music.touch import Double

MOST = 2
BRIGHTNESS_NATS = 1.5
ASIDE = -0.8
"""Where a doubling stands that has no place of its own: opposite to the role, a little nearer to the middle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the doublings shall suit: energy 0…1, brightness −1…1, roles that are not doubled, programs that nobody may
    play.
    """

    energy: float
    brightness: float = 0.0
    alone: Collection[Role] = ()
    forbidden: Collection[int] = ()


def doubled(cast: Mapping[Role, Casting], style: Style, terms: Terms, rng: np.random.Generator) -> dict[Role, Casting]:
    """The cast with doublings."""
    out = dict(cast)
    left = MOST
    for role in (Role.HARMONY, Role.MELODY, Role.BASS, Role.COUNTER):
        draws = rng.random(8)
        part = style.parts.get(role)
        if role not in cast or part is None or role in terms.alone or not left:
            continue
        for double, draw in zip(part.doubles, draws, strict=False):
            if _suits(double, cast[role].program, terms) and draw < _chance(double, terms):
                pan = double.pan or ASIDE * part.pan
                out[role] = replace(cast[role], doubling=_doubling(double, pan))
                left -= 1
                break
    return out


def _suits(double: Double, program: int, terms: Terms) -> bool:
    return (
        double.program not in (program, *terms.forbidden)
        and (not double.of or program in double.of)
        and double.energy_low <= terms.energy <= double.energy_high
    )


def _chance(double: Double, terms: Terms) -> float:
    return min(1.0, double.share * math.exp(BRIGHTNESS_NATS * terms.brightness * brightness_of(double.program)))


def _doubling(double: Double, pan: float) -> Doubling:
    return Doubling(
        program=double.program,
        semitones=double.semitones,
        gain_db=double.gain_db,
        pan=round(pan, 3),
        loud_only=double.loud_only,
    )
