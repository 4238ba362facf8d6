"""What a community likes, as composing uses it: numbers that votes moved, to draw seeds and to rank songs by.

In: learnt by `engine.taste` from votes. Out: scores and draws. Conventions: a taste belongs to one home (a server, or a
person alone with the bot) and one style; posteriors are Beta with a uniform prior; a preference is linear in measured
features, so it is plain numbers that go with a request as JSON. Light: the Discord process imports this. Caveat: a
preference that does not foretell votes well enough has `trust` 0 and changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.music.codec import Plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Weighted votes for and against something."""

    up: float = 0.0
    down: float = 0.0

    @property
    def alpha(self) -> float:
        """First parameter of the Beta distribution."""
        return 1.0 + self.up

    @property
    def beta(self) -> float:
        """Second parameter of the Beta distribution."""
        return 1.0 + self.down

    @property
    def mean(self) -> float:
        """How often it is liked, 0…1."""
        return self.alpha / (self.alpha + self.beta)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """A linear preference: feature → (centre, scale, weight). `accuracy`: share of pairs of a liked and a disliked
    song, held out, that it orders rightly, 0…1 (chance: .5); `trust`: how much it may count, 0 (off) … 1.
    """

    centre: Mapping[str, float]
    scale: Mapping[str, float]
    weights: Mapping[str, float]
    accuracy: float
    trust: float

    def score(self, features: Mapping[str, float]) -> float:
        """Log odds that a song with these features is preferred to a usual one; unknown features count as usual."""
        return sum(
            weight * (features[name] - self.centre[name]) / self.scale[name]
            for name, weight in self.weights.items()
            if name in features
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleTaste(Plain, called="A taste"):
    """A home's taste in one style. `version` counts up with every learning; `votes`: how many it was learnt from.

    `seeds`: a seed's name → votes of songs that began from it; `bred`: seeds that were bred here (`music.seed` JSON);
    `resting`: names of seeds, shipped or bred, that are not drawn any more. `plan` ranks plans before a note is
    written, `song` ranks finished candidates.
    """

    version: int
    votes: int
    seeds: Mapping[str, Posterior] = field(default_factory=dict)
    bred: tuple[dict[str, Any], ...] = ()
    resting: tuple[str, ...] = ()
    plan: Preference | None = None
    song: Preference | None = None
