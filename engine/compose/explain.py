"""Why a song is as it is: which style with what confidence, which words decided, what was asked and what was inferred.

In: the draft and what the planner decided. Out: an `Explanation`, with one sentence for people. Conventions: `asked` is
what a person said, by an option or in words; `inferred` is everything else, with where it came from. A confidence is
the head's calibrated probability; a style that was named has 1. Caveat: the words are those that the head listened to
(saliency by leaving words out), which need not be those that a person would name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.text.meaning import WordWeight

MOOD_WORDS: Mapping[str, tuple[str, str]] = {
    "valence": ("sad", "happy"),
    "energy": ("calm", "energetic"),
    "density": ("sparse", "busy"),
    "brightness": ("dark", "bright"),
    "tempo": ("slow", "fast"),
}
LEAST_MOOD = 0.3
"""A mood nearer to 0 than this is not worth a word."""
LEAST_ALONE = 0.45
"""The same where the words speak for no style: they may be none at all."""
MOST_WORDS = 3
ORIGINS: Mapping[str, str] = {
    "encoder": "the words' meaning",
    "style": "the style's habits",
    "profile": "a piece of the style",
    "seed": "chance",
    "length": "the length",
    "chords": "the chords",
    "file": "the file",
    "default": "what is usual",
}
"""Where something that nobody asked for came from, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`source`: where the style came from (as in `Plan.sources`); `confidence` 0…1, None where no style was meant.
    `next_style` and its share: the runner-up. `words`: what spoke for the style. `moods`: axis → −1…1, only as far as
    words said them. `asked`, `inferred`: field → facts, for JSON.
    `moved`: what the home's votes changed, in words.
    """

    style: str
    source: str
    confidence: float | None
    next_style: str | None = None
    next_confidence: float = 0.0
    words: tuple[WordWeight, ...] = ()
    moods: Mapping[str, float] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    inferred: Mapping[str, Any] = field(default_factory=dict)
    moved: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """One line for people."""
        said = "; ".join(filter(None, (self._style_text(), self._asked_text(), self._mood_text(), *self.moved)))
        return f"{said[:1].upper()}{said[1:]}."

    def _style_text(self) -> str:
        if self.source == "default":
            return f"nothing in the words speaks for a style, so the usual one was taken: {self.style}"
        if self.confidence is None or self.source != "encoder":
            return f"{self.style}, as asked"
        heard = " and ".join(f"“{part.words}”" for part in strongest(self.words))
        text = f"{self.style} ({100 * self.confidence:.0f} % sure{f', from {heard}' if heard else ''}"
        if self.next_style is not None and self.next_confidence >= self.confidence / 3:
            text += f"; next {self.next_style}, {100 * self.next_confidence:.0f} %"
        return f"{text})"

    def _asked_text(self) -> str:
        said = [_said(name, fact) for name, fact in self.asked.items() if name not in ("style", "seed")]
        return f"asked: {', '.join(said)}" if said else ""

    def _mood_text(self) -> str:
        words = mood_words(self.moods, least=LEAST_ALONE if self.source == "default" else LEAST_MOOD)
        return f"heard as {', '.join(words)}" if words else ""

    def to_json(self) -> dict[str, Any]:
        """A plain JSON object."""
        return {
            "sentence": self.sentence,
            "style": {
                "name": self.style,
                "from": self.source,
                "confidence": self.confidence,
                "next": {"name": self.next_style, "confidence": self.next_confidence} if self.next_style else None,
                "words": [{"words": part.words, "weight": part.weight} for part in self.words],
            },
            "moods": dict(self.moods),
            "asked": dict(self.asked),
            "inferred": dict(self.inferred),
            **({"votes": list(self.moved)} if self.moved else {}),
        }


def strongest(words: Sequence[WordWeight]) -> list[WordWeight]:
    """The few words of most weight, in the order of the text; those far behind the first are left out."""
    ranked = sorted(words, key=lambda part: -part.weight)[:MOST_WORDS]
    kept = [part for part in ranked if part.weight >= ranked[0].weight / 3]
    return [part for part in words if part in kept]


def mood_words(moods: Mapping[str, float], *, least: float = LEAST_MOOD) -> list[str]:
    """`{"energy": -0.6, "valence": 0.1}` → `["calm"]`."""
    return [MOOD_WORDS[axis][value > 0] for axis, value in moods.items() if abs(value) >= least]


def _said(name: str, fact: Mapping[str, Any]) -> str:
    """What was asked, in the words in which it was; else the field with its value."""
    if words := fact.get("words"):
        return str(words)
    value = fact["value"]
    if isinstance(value, Mapping):
        return name
    shown = (
        ", ".join(map(str, value)) if isinstance(value, list) else f"{value:g}" if isinstance(value, float) else value
    )
    return f"{name} {shown}"


def next_style(scores: Mapping[str, float], style: str) -> tuple[str | None, float]:
    """The likeliest other style and its share."""
    others = {name: share for name, share in scores.items() if name != style}
    best = max(others, key=lambda name: others[name], default=None)
    return best, others[best] if best is not None else 0.0
