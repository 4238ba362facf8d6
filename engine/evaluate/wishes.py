"""Random wishes: what the songs of an evaluation are asked for.

In: a style's name and tempo bounds, a count, a seed. Out: `Wish`es and what comes back for one (`Made`). Conventions:
30 to 60 seconds; some wishes ask for a key, some for a tempo, all have a mood; wish `i` of a seed is the same whatever
the count. Caveat: who composes is not known here: a `Maker` is any callable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from engine.evaluate.windows import LONGEST_S, SHORTEST_S
from engine.music.harmony import Key, Mode
from engine.music.notes import Song

MOODS = (
    "calm", "happy", "sad", "dreamy", "dark", "bright", "lonely", "warm", "gentle", "lively", "playful", "solemn",
    "hopeful", "tense", "nostalgic", "tender", "proud", "restless", "cheerful", "mysterious",
)  # fmt: skip
PLACES = (
    "rainy evening", "morning walk", "train ride", "old harbour", "garden in spring", "city at night", "first snow",
    "long journey", "quiet room", "market square", "by the river", "last dance",
)  # fmt: skip
KEY_SHARE, TEMPO_SHARE = 0.4, 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One wish. `key` and `bpm` None: not asked for."""

    prompt: str
    style: str
    seconds: float
    seed: int
    key: str | None = None
    bpm: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What came back. `failures`: gate failures of the kept song. `off`: asked values that were missed, by name.
    `originality`: the receipt's entry, empty where nobody judged it.
    """

    song: Song
    failures: tuple[str, ...] = ()
    off: tuple[str, ...] = ()
    originality: Mapping[str, Any] = field(default_factory=dict)


Maker = Callable[[Wish], Made]
"""A wish → a song; raises whatever composing raises."""


def wishes(style: str, tempo: tuple[float, float], count: int, seed: int) -> Iterator[Wish]:
    """`count` wishes for a style; `tempo`: the bounds of what is asked for, in quarter notes a minute."""
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        mood, place = (str(rng.choice(words)) for words in (MOODS, PLACES))
        key = Key(tonic=int(rng.integers(12)), mode=Mode.MAJOR if rng.random() < 0.5 else Mode.MINOR)
        asks_key, asks_tempo = rng.random(2) < (KEY_SHARE, TEMPO_SHARE)
        yield Wish(
            prompt=f"{mood} {place}",
            style=style,
            seconds=float(rng.integers(int(SHORTEST_S), int(LONGEST_S) + 1)),
            seed=int(rng.integers(2**53)),
            key=str(key) if asks_key else None,
            bpm=float(rng.integers(round(tempo[0]), round(tempo[1]) + 1)) if asks_tempo else None,
        )
