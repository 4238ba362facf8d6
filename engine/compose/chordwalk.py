"""A progression walked half bar by half bar along a style's chord habits.

In: `ChordHabits` and the wanted number of bars. Out: two chords a bar. Conventions: the walk begins on a chord that
begins sections, remembers two chords (one, where two are too rare), and of several walks the one is taken that is
nearest to the wanted harmonic rhythm. Source: variable-order Markov chains (Ron, Singer, Tishby, 1996), here of order
two. Caveat: a walk knows no cadence; the caller closes the section.
"""

from __future__ import annotations

import itertools
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.music.habits import ChordHabits, token_chord
from engine.music.harmony import Chord, Key

WALKS = 24
LEAST_TOKENS = 2
COLOUR = 1.0
"""What a walk of minor chords only is worth in the saddest mood, in changes a bar or bits."""
Bar = tuple[Chord, Chord]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How the chords shall move: changes a bar, their variety (entropy in bits; None: any), and whether a bar has one
    chord only (`whole`), as in 3/4. `valence` −1…1: whether minor or major chords are liked.
    """

    chords_per_bar: float
    variety_bits: float | None
    whole: bool
    valence: float = 0.0


def walk_chords(habits: ChordHabits, key: Key, bars: int, pace: Pace, rng: np.random.Generator) -> tuple[Bar, ...]:
    """`bars` bars of chords, the first one on the tonic's root."""
    walks = [_walk(habits, bars, rng, whole=pace.whole) for _ in range(WALKS)]
    walk = min(walks, key=lambda tokens: _distance(tokens, bars, pace))
    chords = [token_chord(token, key) for token in walk]
    return tuple((chords[2 * bar], chords[2 * bar + 1]) for bar in range(bars))


def _distance(tokens: list[str], bars: int, pace: Pace) -> float:
    """From the wanted changes a bar and variety; a walk that stands still is far away."""
    changes = sum(one != two for one, two in itertools.pairwise(tokens))
    stands = 10.0 if len(set(tokens)) < LEAST_TOKENS and bars > 2 else 0.0
    short = 0.0
    if pace.variety_bits is not None:
        shares = np.array(list(Counter(tokens).values())) / len(tokens)
        reachable = min(pace.variety_bits, np.log2(len(tokens)))
        short = abs(float(-(shares * np.log2(shares)).sum()) - reachable)
    colour = COLOUR * pace.valence * dark_share([token.partition(":")[2] for token in tokens]) if pace.valence else 0.0
    return abs(changes / bars - pace.chords_per_bar) + short + stands + colour


def dark_share(qualities: Sequence[str]) -> float:
    """Share of chords with a minor third."""
    return sum(q.startswith(("m", "dim")) and not q.startswith("maj") for q in qualities) / len(qualities)


def _walk(habits: ChordHabits, bars: int, rng: np.random.Generator, *, whole: bool) -> list[str]:
    tonic = {token: count for token, count in habits.starts.items() if token.startswith("0:")} or habits.starts
    tokens = [_pick(tonic, rng)]
    while len(tokens) < 2 * bars:
        place = "|" if len(tokens) % 2 == 0 else "."
        if whole and place == ".":
            tokens.append(tokens[-1])
            continue
        tokens.append(_next(habits, place, tokens, rng))
    return tokens


def _next(habits: ChordHabits, place: str, tokens: list[str], rng: np.random.Generator) -> str:
    contexts = [f"{place}{tokens[-1]}"]
    if len(tokens) > 1:
        contexts.insert(0, f"{place}{tokens[-2]} {tokens[-1]}")
    for context in contexts:
        if context in habits.follows:
            return _pick(habits.follows[context], rng)
    return _pick(habits.starts, rng)


def _pick(counts: Mapping[str, int], rng: np.random.Generator) -> str:
    ends = list(itertools.accumulate(counts.values()))
    return list(counts)[bisect_right(ends, rng.random() * ends[-1])]
