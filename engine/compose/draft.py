"""What is known while a plan grows: the wishes, what has been decided, where each decision came from.

In: a request and the wishes read from its prompt. Out: the planner's parts write into one `Draft`, one after the other.
Conventions: each decision draws from its own generator; a field of the request that overrules a word of the prompt is
told in a notice. Caveat: a draft is no value: it changes until the plan is made.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from engine.compose.prompt import Wishes
from engine.compose.request import ComposeRequest
from engine.compose.words.chords import Progression
from engine.music.notes import Song
from engine.music.shelf import SHIPPED, Shelf
from engine.text.meaning import NEUTRAL, NOTHING, Meaning, Mood

DRAWN_ONCE = frozenset({"meter"})
"""Decisions that are the same in all plans of one request: ragtime in 4/4, which calmer plans would bring along, is
hardly taken for ragtime."""


@dataclass(slots=True)
class Draft:
    """`meaning`: of all words; `feeling`: of those that the mood is read from. `mood`: what it comes to. `before`: the
    song to go on from. `progression`: asked chords. `words`: what beside the seed makes this song another than one with
    other words. `pace_asked`: the wishes' pace is the asked mood's. `shelf`: the styles to choose from.
    `variant`: which of several plans for one request this one becomes; the first is 0.
    """

    request: ComposeRequest
    wishes: Wishes
    seed: int
    before: Song | None = None
    progression: Progression | None = None
    sources: dict[str, str] = field(default_factory=dict)
    requested: dict[str, object] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    meaning: Meaning = NOTHING
    feeling: Meaning = NOTHING
    mood: Mood = NEUTRAL
    words: str = ""
    pace_asked: bool = False
    shelf: Shelf = SHIPPED
    variant: int = 0

    @property
    def text(self) -> str:
        """The words that mean something as a whole: what the prompt leaves when its wishes are read, and the mood."""
        return " ".join(filter(None, (self.wishes.rest, self.request.mood)))

    def rng(self, name: str) -> np.random.Generator:
        """The generator of one decision; other words with the same seed are another song."""
        seeds = [self.seed, zlib.crc32(f"{name} {self.words}".encode())]
        varies = self.variant and name not in DRAWN_ONCE
        return np.random.Generator(np.random.PCG64([*seeds, self.variant] if varies else seeds))

    def another(self, variant: int) -> Self:
        """As much as is settled by now, for another plan of the same request."""
        return replace(
            self,
            sources=dict(self.sources),
            requested=dict(self.requested),
            notices=list(self.notices),
            scores=dict(self.scores),
            variant=variant,
        )

    def asked(self, name: str, value: object, *, said: str | None = None) -> None:
        """Note a value that a field of the request asked for; `said`: the words of the prompt that it overrules."""
        self.sources[name] = "asked"
        self.requested[name] = {"value": value, "from": "asked"}
        if said:
            self.notices.append(f"The prompt says {said!r}, the option {_shown(value)}: the option was followed.")

    def told(self, name: str, value: object, word: str | None = None) -> None:
        """Note a value that the prompt's words asked for."""
        self.sources[name] = "prompt"
        self.requested[name] = {"value": value, "from": "prompt", "words": self.wishes.read.get(word or name, "")}

    def overruled(self, word: str, *, same: bool) -> str | None:
        """The prompt's words for a wish that an option settles; None if there are none or both say the `same`."""
        return None if same else self.wishes.read.get(word)


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
