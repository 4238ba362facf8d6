"""What a text means for music: a share for each style, and a mood.

Conventions: shares and `open` sum to 1; moods lie in −1…1, 0 where the text says nothing. Light: anything may import
this module. Caveat: a meaning is a guess by a network; what was said in so many words is read elsewhere, and wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

DIGITS = 4
"""Meanings and moods are rounded, so that the last bits of an embedding, which differ with its company, decide
nothing.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """Sad … happy, asleep … frantic, sparse … busy, dark … bright, slow … fast: −1…1 each, 0 is no wish."""

    valence: float = 0.0
    energy: float = 0.0
    density: float = 0.0
    brightness: float = 0.0
    tempo: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Axis → value."""
        return {axis: round(getattr(self, axis), DIGITS) for axis in MOODS}


MOODS = tuple(field.name for field in fields(Mood))
"""The axes, in the order of the head's outputs."""
NEUTRAL = Mood()


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """`styles`: style → probability that it is meant. `open`: probability that the text speaks for no style at all."""

    styles: Mapping[str, float]
    open: float
    mood: Mood


@dataclass(frozen=True, slots=True, kw_only=True)
class WordWeight:
    """How much some words of a text spoke for its style: the style's log odds with them less those without, in nats."""

    words: str
    weight: float


NOTHING = Meaning(styles={}, open=1.0, mood=NEUTRAL)
"""The meaning of no words."""
