"""Composed corpora: a style's written grammar makes as many songs as training needs.

In: a style's name, a count, a seed. Out: `Song`s, one after another, without holding them. Song `i` of a seed is the
same whatever the count, because each has its own generator.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from engine.grammar.ambient import AMBIENT
from engine.grammar.band import PlayedBars
from engine.grammar.blues import BLUES
from engine.grammar.bossa import BOSSA
from engine.grammar.composer import compose
from engine.grammar.grammar import Grammar
from engine.grammar.jazz import JAZZ
from engine.grammar.lofi import LOFI
from engine.music.notes import Song

GRAMMARS: dict[str, Grammar] = {grammar.name: grammar for grammar in (LOFI, JAZZ, BLUES, AMBIENT, BOSSA)}


def grammar_of(style: str) -> Grammar:
    """The style's written grammar; for a style without one a neighbour's that plays anything: lofi."""
    return GRAMMARS.get(style, LOFI)


def compose_lofi(rng: np.random.Generator, *, drum_bars: PlayedBars = None) -> Song:
    """One lofi song."""
    return compose(LOFI, rng, drum_bars=drum_bars)


def composed_songs(style: str, count: int, seed: int, *, drum_bars: PlayedBars = None) -> Iterator[Song]:
    """`count` songs; raises `ValueError` naming the written styles if `style` has no grammar."""
    if style not in GRAMMARS:
        raise ValueError(f"the style {style!r} has no written grammar; {', '.join(GRAMMARS)} have")
    for index in range(count):
        yield compose(GRAMMARS[style], np.random.default_rng((seed, index)), drum_bars=drum_bars)
