"""What a text means for music: a share for each style, and five moods.

Conventions: shares and `open` sum to 1; moods lie in −1…1, 0 where the text says nothing. Light: anything may import
this module. Caveat: a meaning is a guess by a network; what was said in so many words is read elsewhere, and wins.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MOODS = ("valence", "energy", "density", "brightness", "tempo")
"""The axes, in the order of the head's outputs: sad … happy, asleep … frantic, sparse … busy, dark … bright, slow …
fast."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """`styles`: style → probability that it is meant. `open`: probability that the text speaks for no style at all.
    Moods −1…1.
    """

    styles: Mapping[str, float]
    open: float
    valence: float
    energy: float
    density: float
    brightness: float
    tempo: float

    def mood(self, axis: str) -> float:
        """The value of one of `MOODS`."""
        return float(getattr(self, axis))


@dataclass(frozen=True, slots=True, kw_only=True)
class WordWeight:
    """How much some words of a text spoke for its style: the style's log odds with them less those without, in nats."""

    words: str
    weight: float


NOTHING = Meaning(styles={}, open=1.0, valence=0.0, energy=0.0, density=0.0, brightness=0.0, tempo=0.0)
"""The meaning of no words."""
