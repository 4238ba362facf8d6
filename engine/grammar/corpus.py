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
from engine.grammar.chiptune import CHIPTUNE
from engine.grammar.classical import CLASSICAL
from engine.grammar.composer import compose
from engine.grammar.folk import FOLK
from engine.grammar.grammar import Grammar
from engine.grammar.jazz import JAZZ
from engine.grammar.lofi import LOFI
from engine.grammar.pop import POP
from engine.grammar.ragtime import RAGTIME
from engine.grammar.rock import ROCK
from engine.grammar.synthwave import SYNTHWAVE
from engine.music.notes import Song

WRITTEN = (LOFI, JAZZ, BLUES, AMBIENT, BOSSA, POP, SYNTHWAVE, ROCK, FOLK, RAGTIME, CLASSICAL, CHIPTUNE)
GRAMMARS: dict[str, Grammar] = {grammar.name: grammar for grammar in WRITTEN}
"""Style → its grammar. All follow plans; those with forms also compose songs of their own."""


def grammar_of(style: str) -> Grammar:
    """The style's written grammar; for a style without one, pop's, whose words are the plainest."""
    return GRAMMARS.get(style, POP)


def compose_lofi(rng: np.random.Generator, *, drum_bars: PlayedBars = None) -> Song:
    """One lofi song."""
    return compose(LOFI, rng, drum_bars=drum_bars)


def composed_songs(style: str, count: int, seed: int, *, drum_bars: PlayedBars = None) -> Iterator[Song]:
    """`count` songs; raises `ValueError` naming the styles that compose if `style` is none of them."""
    composing = [name for name, grammar in GRAMMARS.items() if grammar.forms or grammar.variants]
    if style not in composing:
        raise ValueError(f"the style {style!r} has no written grammar that composes; {', '.join(composing)} have")
    for index in range(count):
        yield compose(GRAMMARS[style], np.random.default_rng((seed, index)), drum_bars=drum_bars)
