"""How a song shall feel: what the head heard in a text, and plain mood words beside it.

In: a `Meaning` and the mood words of the text that it was read from. Out: a `Mood`. Convention: where a text holds
plain mood words, they weigh `SAID` beside the head: on held-out prompts both together are right more often than either
(docs/LOG.md). Caveat: a mood moves only what nobody asked for.
"""

from __future__ import annotations

from engine.text.meaning import DIGITS, MOODS, NEUTRAL, NOTHING, Meaning, Mood

SAID = 0.4
"""What plain mood words weigh beside what the head hears."""


def mood_of(heard: Meaning, said: Mood | None) -> Mood:
    """The mood of a text: `heard` by the head (`NOTHING` where there is none), `said` in plain mood words."""
    if heard is NOTHING:
        return said or NEUTRAL
    if said is None:
        return heard.mood
    axes = {axis: (1 - SAID) * getattr(heard.mood, axis) + SAID * getattr(said, axis) for axis in MOODS}
    return Mood(**{axis: round(value, DIGITS) for axis, value in axes.items()})
