"""How a song shall feel, on five axes, and where the axes come from: what the head heard, and plain mood words.

In: a `Meaning` and the text it was read from. Out: a `Mood`. Conventions: every axis lies in −1…1, 0 is no wish; the
axes are those of `engine.text.meaning.MOODS`. Where a text holds plain mood words, they weigh `SAID` beside the head:
on held-out prompts both together are right more often than either (docs/LOG.md). Caveat: a mood moves only what nobody
asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from engine.text.meaning import MOODS, NOTHING, Meaning

DIGITS = 4
SAID = 0.4
"""What plain mood words weigh beside what the head hears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """Sad … happy, asleep … frantic, sparse … busy, dark … bright, slow … fast: −1…1 each."""

    valence: float = 0.0
    energy: float = 0.0
    density: float = 0.0
    brightness: float = 0.0
    tempo: float = 0.0

    def to_json(self) -> dict[str, float]:
        """Axis → value."""
        return {field.name: round(getattr(self, field.name), DIGITS) for field in fields(self)}


NEUTRAL = Mood()


def mood_of(heard: Meaning, said: Mood | None) -> Mood:
    """The mood of a text: `heard` by the head (`NOTHING` where there is none), `said` in plain mood words."""
    if heard is NOTHING:
        return said or NEUTRAL
    axes = {axis: heard.mood(axis) for axis in MOODS}
    if said is not None:
        axes = {axis: (1 - SAID) * value + SAID * getattr(said, axis) for axis, value in axes.items()}
    return Mood(**{axis: round(value, DIGITS) for axis, value in axes.items()})
