"""Vocabularies that several styles share: contours, phrase plans, forms, casts, fills; words for songs in any style.

Conventions: see `grammar`. Nothing here belongs to one style alone; a style that has its own word for something writes
it itself. Caveat: these are the plainest words that are idiomatic, not the most typical ones of any style.
"""

from __future__ import annotations

from engine.grammar.chance import Weighted
from engine.grammar.grammar import COMMON, DrumVocabulary, MelodyVocabulary
from engine.grammar.meters import BarWords
from engine.music.notes import SectionKind
from engine.music.timing import Meter

MOVES: Weighted[int] = (
    (1, 4.4), (-1, 5.0), (2, 2.4), (-2, 2.2), (3, 1.0), (-3, 0.8), (4, 0.5), (-4, 0.2), (0, 1.0),
)  # fmt: skip
STEPWISE: Weighted[int] = ((1, 5.0), (-1, 5.6), (2, 1.8), (-2, 1.6), (3, 0.7), (-3, 0.5), (4, 0.4), (0, 0.5))
BROKEN: Weighted[int] = ((2, 3.4), (-2, 3.2), (1, 3.0), (-1, 3.6), (3, 1.4), (-3, 1.0), (4, 0.7), (-4, 0.4), (0, 0.6))
"""Moves of a tune that breaks chords as much as it walks."""

PHRASES = {
    4: (("a b a d", 3.0), ("a a' b d", 2.0), ("a b f d", 2.0), ("b a a' d", 1.0), ("a c a d", 1.5)),
    8: (
        ("a b a c a b f d", 3.0),
        ("a a' b c a a' b' d", 3.0),
        ("a b a' b' a b f d", 2.5),
        ("a f b c a f b d", 2.0),
        ("a i b c a i f d", 1.5),
        ("a b b c a b i d", 1.5),
        ("a a' a c b b' a d", 2.0),
    ),
}
SPARSE = {
    4: (("a . a' d", 2.0), ("a . b d", 2.0), ("a c . d", 1.0), ("a b a d", 2.0)),
    8: (("a . a' c a . b d", 2.0), ("a b . c a b . d", 1.0), ("a b a c a b f d", 2.0)),
}
ARCS: Weighted[tuple[int, ...]] = (
    ((0, 0, 0, -1, 1, 1, 2, 0), 3.0),
    ((0, 1, 0, 0, 1, 2, 1, 0), 2.0),
    ((0, 0, 1, 1, 2, 2, 1, 0), 2.0),
    ((2, 1, 1, 0, 2, 1, 0, 0), 2.0),
    ((0, 0, 0, 0, 2, 2, 1, 0), 2.0),
    ((1, 1, -1, -1, 1, 3, 1, 0), 1.0),
)

SNARES = {
    SectionKind.INTRO: ((38, 3.0), (37, 1.0)),
    SectionKind.VERSE: ((38, 4.0), (37, 1.0)),
    SectionKind.CHORUS: ((38, 5.0), (40, 2.0)),
    SectionKind.BRIDGE: ((38, 3.0), (37, 1.0)),
    SectionKind.BREAK: ((37, 2.0), (38, 1.0)),
    SectionKind.OUTRO: ((38, 3.0), (37, 1.0)),
}
FILLS: Weighted[tuple[str, ...]] = (
    (("38 ............oooo",), 2.0),
    (("38 ........o.o.oooo",), 1.5),
    (("38 ........oo......", "48 ..........oo....", "45 ............oo..", "43 ..............oo"), 2.0),
    (("38 ............o.oo", "36 ........o......."), 1.5),
    (("48 ........o.o.....", "45 ............o...", "41 ..............o."), 1.5),
    (("46 ..............O.",), 1.0),
)
QUIET: Weighted[tuple[str, ...]] = (
    (("42 x.o.x.o.x.o.x.o.",), 2.0),
    (("42 x...o...x...o...", "36 x.......x......."), 2.0),
    (("37 ....o.......o...", "42 x.o.x.o.x.o.x.o."), 1.0),
)
NO_GHOSTS: Weighted[str] = (("................", 1.0),)

FORMS: Weighted[str] = (
    ("intro:I:4 verse:A:8 chorus:B:8 verse:A:8 outro:O:4", 1.5),
    ("intro:I:4 verse:A:8 chorus:B:8 verse:A:8 chorus:B:8 outro:O:4", 4.0),
    ("intro:I:4 verse:A:8 verse:A:8 chorus:B:8 break:D:4 chorus:B:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 chorus:B:8 bridge:C:8 chorus:B:8 outro:O:4", 3.0),
    ("verse:A:8 chorus:B:8 verse:A:8 chorus:B:8 outro:O:4", 1.5),
    ("intro:I:4 verse:A:8 chorus:B:8 break:D:4 chorus:B:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 chorus:B:4 verse:A:8 chorus:B:4 bridge:C:4 chorus:B:4 outro:O:4", 1.5),
)
CASTS: dict[SectionKind, Weighted[tuple[str, float]]] = {
    SectionKind.INTRO: (
        (("harmony bass drums", 0.55), 3.0),
        (("harmony counter", 0.4), 2.0),
        (("harmony bass", 0.45), 1.5),
        (("harmony melody", 0.4), 1.0),
        (("harmony drums counter", 0.55), 2.0),
    ),
    SectionKind.VERSE: (
        (("harmony bass drums melody", 0.6), 6.0),
        (("harmony bass drums melody counter", 0.65), 3.0),
        (("harmony bass melody", 0.5), 1.0),
    ),
    SectionKind.CHORUS: ((("harmony bass drums melody counter", 0.85), 6.0), (("harmony bass drums melody", 0.8), 3.0)),
    SectionKind.BRIDGE: (
        (("harmony bass drums melody", 0.6), 3.0),
        (("harmony bass melody counter", 0.5), 2.0),
        (("harmony bass drums counter", 0.6), 1.5),
    ),
    SectionKind.BREAK: (
        (("harmony counter", 0.4), 2.0),
        (("bass drums harmony", 0.5), 2.0),
        (("harmony melody", 0.4), 1.5),
    ),
    SectionKind.OUTRO: (
        (("harmony bass drums melody", 0.55), 3.0),
        (("harmony bass counter", 0.45), 2.0),
        (("harmony bass drums", 0.5), 2.0),
    ),
}


def tunes(
    words: BarWords, meter: Meter = COMMON, *, moves: Weighted[int] = MOVES, centre: int = 72, pull: float = 0.1
) -> MelodyVocabulary:
    """Tunes in the rhythms of `words`, with the shared plans and arcs. `pull`: towards the pentatonic scale."""
    return MelodyVocabulary(
        beats=words.beats,
        least=words.least,
        most=words.most,
        moves=moves,
        phrases=PHRASES,
        sparse=SPARSE,
        half_closes=words.half_closes,
        full_closes=words.full_closes,
        arcs=ARCS,
        pentatonic_pull=pull,
        centre=centre,
        chorus_lift=3,
        meter=meter,
    )


def kit(words: BarWords) -> DrumVocabulary:
    """A plain kit on the grids of `words`."""
    return DrumVocabulary(
        kicks=words.kicks,
        backbeats=words.backbeats,
        ghosts=words.ghosts,
        hats=words.hats,
        layers=words.layers,
        fills=words.fills,
        snares=SNARES,
        quiet=words.quiet,
    )
