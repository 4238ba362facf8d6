"""A grammar in the meter that is asked: the style's own words for it, else generic ones of that meter.

In: a grammar and a meter. Out: a grammar whose figures, grids and rhythms fill bars of the meter. Conventions: see
`grammar`. What a style has beyond its meter (counters, contours, phrase plans, drum keys) stays its own. Caveat: the
generic words know no style; they say how a bar of the meter goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.grammar.chance import Weighted
from engine.grammar.grammar import DrumVocabulary, Grammar, MelodyVocabulary
from engine.music.timing import METERS, Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class BarWords:
    """The words that fill a bar of one meter; see `Grammar`, `DrumVocabulary` and `MelodyVocabulary`."""

    comping: Weighted[tuple[str, ...]]
    bass: Weighted[tuple[str, ...]]
    kicks: Weighted[tuple[str, str]]
    backbeats: Weighted[str]
    ghosts: Weighted[str]
    hats: Weighted[str]
    layers: Weighted[tuple[int, str] | None]
    fills: Weighted[tuple[str, ...]]
    quiet: Weighted[tuple[str, ...]]
    beats: Weighted[str]
    least: int
    most: int
    half_closes: Weighted[str]
    full_closes: Weighted[str]


THREE_FOUR = BarWords(
    comping=(
        (("4:3:all 8:3:all-",), 3.0),
        (("0:12:all", "0:8:all 8:4:all-"), 1.5),
        (("0:2:1 2:2:2- 4:2:3 6:2:4- 8:2:3 10:2:2-",), 1.5),
        (("4:2:top 6:2:top- 8:4:all",), 1.0),
    ),
    bass=(
        (("0:4:R!", "0:8:R! 8:4:A"), 2.0),
        (("0:8:R! 8:4:5", "0:4:R! 4:4:3 8:4:A"), 2.0),
        (("0:12:R", "0:8:R 8:4:A"), 1.5),
    ),
    kicks=(
        (("x...........", "x...........") , 3.0),
        (("x.........o.", "x..........."), 2.0),
        (("x.......o...", "x.....o....."), 1.0),
    ),
    backbeats=(("....o...x...", 3.0), ("........x...", 1.5), ("....x...o...", 1.5)),
    ghosts=(("............", 4.0), (".....-......", 1.0), ("..........-.", 1.0)),
    hats=(("x.o.x.o.x.o.", 3.0), ("x...o...o...", 3.0), ("x...x.o.x.o.", 2.0)),
    layers=((None, 4.0), ((54, "....o...o..."), 1.0)),
    fills=(
        (("38 ......o.oooo",), 2.0),
        (("48 ....o.o.....", "45 ........o.o."), 1.5),
        (("38 ........o.oo",), 2.0),
    ),
    quiet=((("42 x...o...o...",), 2.0), (("37 ....o...o...", "36 x..........."), 2.0), (("51 x...o...o.o.",), 1.0)),
    beats=(
        ("x~~~", 3.5), ("x~x~", 3.5), ("~~~~", 2.5), ("~~x~", 1.5), ("..x~", 0.8), ("....", 0.5), ("x~~x", 0.3),
    ),
    least=2,
    most=6,
    half_closes=(("x~~~ x~~~ ~~~~", 2.0), ("x~~~ ~~~~ x~~~", 1.5), ("x~x~ x~~~ ~~~~", 1.5), ("x~~~ ~~~~ ..x~", 1.0)),
    full_closes=(("x~~~ ~~~~ ~~~~", 3.0), ("x~~~ ~~~~ ....", 2.0), ("x~x~ x~~~ ~~~~", 1.5), ("x~~~ x~~~ ~~~~", 1.0)),
)  # fmt: skip

SIX_EIGHT = BarWords(
    comping=(
        (("0:6:all 6:6:all-",), 1.5),
        (("0:4:all 4:2:top- 6:4:all 10:2:top-",), 2.0),
        (("0:2:1 2:2:2- 4:2:3 6:2:4 8:2:3- 10:2:2-",), 2.5),
        (("4:2:all- 10:2:all-", "4:2:all- 8:4:all"), 1.5),
    ),
    bass=(
        (("0:6:R! 6:6:5", "0:6:R! 6:4:R 10:2:A"), 3.0),
        (("0:4:R! 4:2:5- 6:4:8 10:2:5-", "0:4:R! 4:2:5- 6:6:R"), 1.5),
        (("0:12:R", "0:10:R 10:2:A"), 1.5),
    ),
    kicks=(
        (("x...........", "x...........") , 3.0),
        (("x.........o.", "x..........."), 2.0),
        (("x...o.......", "x...o.....o."), 1.5),
    ),
    backbeats=(("......x.....", 5.0), ("......x.....", 1.0)),
    ghosts=(("............", 4.0), ("....-.....-.", 1.0), ("..........-.", 1.0)),
    hats=(("x.o.o.x.o.o.", 4.0), ("x...o.x...o.", 2.0), ("x.....x.....", 1.0)),
    layers=((None, 4.0), ((54, "......o....."), 1.0)),
    fills=((("38 ......o.o.o.",), 2.0), (("48 ......o.....", "45 ........o...", "43 ..........o."), 1.5)),
    quiet=((("42 x.o.o.x.o.o.",), 2.0), (("37 ......o.....", "36 x..........."), 2.0)),
    beats=(
        ("x~x~x~", 3.0), ("x~~~x~", 3.5), ("x~~~~~", 3.0), ("~~~~x~", 1.0), ("x~x~~~", 1.5), ("~~~~~~", 1.0),
        ("....x~", 0.8), ("x~~xx~", 0.8),
    ),
    least=3,
    most=6,
    half_closes=(("x~~~x~ x~~~~~", 2.0), ("x~x~x~ x~~~~~", 1.5), ("x~~~~~ ~~~~x~", 1.0)),
    full_closes=(("x~~~~~ ~~~~~~", 2.0), ("x~~~x~ x~~~~~", 2.0), ("x~~~~~ ......", 1.0), ("x~x~x~ x~~~..", 1.5)),
)  # fmt: skip

TWO_FOUR = BarWords(
    comping=(
        (("2:2:all 6:2:all",), 3.0),
        (("0:4:all 4:4:all-",), 1.0),
        (("0:2:1 2:2:3- 4:2:2 6:2:3-",), 1.5),
        (("0:8:all",), 1.0),
    ),
    bass=(
        (("0:4:R! 4:4:5", "0:4:R! 4:4:A"), 3.0),
        (("0:8:R", "0:6:R 6:2:A"), 1.0),
        (("0:3:R! 3:1:R- 4:4:5", "0:4:R! 4:2:5 6:2:A"), 1.0),
    ),
    kicks=((("x.......", "x.......") , 3.0), (("x...o...", "x......."), 1.5), (("x.....o.", "x.......") , 1.0)),
    backbeats=(("....x...", 5.0), ("..o...x.", 1.5)),
    ghosts=(("........", 4.0), (".......-", 1.0)),
    hats=(("x.o.x.o.", 3.0), ("..o...o.", 2.0), ("xoooxooo", 0.7)),
    layers=((None, 4.0), ((54, "....o..."), 1.0)),
    fills=((("38 ....oooo",), 2.0), (("38 ....o.oo",), 2.0), (("45 ....oo..", "43 ......oo"), 1.0)),
    quiet=((("42 x.o.x.o.",), 2.0), (("37 ....o...", "36 x......."), 2.0)),
    beats=(
        ("x~x~", 4.0), ("x~~~", 3.0), ("xxx~", 0.8), ("x~xx", 1.0), ("~~x~", 1.0), ("..x~", 0.8), ("x~~x", 1.0),
        ("~~~~", 0.8), ("xx~x", 0.4),
    ),
    least=2,
    most=5,
    half_closes=(("x~~~ x~~~", 2.0), ("x~~~ ~~~~", 1.5), ("x~x~ x~~~", 1.5)),
    full_closes=(("x~~~ ~~~~", 3.0), ("x~~~ ....", 1.0), ("x~x~ x~~~", 1.5), ("x~~~ ~~..", 1.5)),
)  # fmt: skip

FOUR_FOUR = BarWords(
    comping=(
        (("0:8:all 8:8:all-",), 1.5),
        (("0:4:all 4:4:all- 8:4:all 12:4:all-",), 2.0),
        (("0:2:1 2:2:2- 4:2:3 6:2:4- 8:2:3 10:2:2- 12:2:3 14:2:4-",), 2.0),
        (("0:6:all! 6:6:all 12:4:all-",), 1.5),
    ),
    bass=(
        (("0:8:R! 8:8:5", "0:8:R! 8:4:R 12:4:A"), 2.0),
        (("0:6:R! 6:2:R- 8:8:R", "0:6:R! 6:2:R- 8:4:R 12:4:A"), 2.0),
        (("0:16:R", "0:12:R 12:4:A"), 1.0),
    ),
    kicks=(
        (("x.......x.......", "x.......x.o....."), 3.0),
        (("x.....o.x.......", "x.......x......."), 2.0),
    ),
    backbeats=(("....x.......x...", 5.0),),
    ghosts=(("................", 4.0), (".......-........", 1.0)),
    hats=(("x.o.x.o.x.o.x.o.", 5.0), ("x...x...x...x...", 1.0)),
    layers=((None, 4.0), ((54, "....o.......o..."), 1.0)),
    fills=((("38 ............oooo",), 2.0), (("48 ........o.o.....", "45 ............o.o."), 1.5)),
    quiet=((("42 x.o.x.o.x.o.x.o.",), 2.0), (("37 ....o.......o...", "36 x..............."), 2.0)),
    beats=(("x~x~", 4.0), ("x~~~", 3.5), ("~~~~", 2.0), ("~~x~", 1.5), ("..x~", 1.5), ("....", 0.8), ("x~~x", 1.0)),
    least=3,
    most=7,
    half_closes=(("x~~~ x~~~ ~~~~ ....", 2.0), ("x~x~ x~~~ ~~~~ ....", 2.0), ("x~~~ ~~~~ ~~x~ ....", 1.0)),
    full_closes=(("x~~~ ~~~~ ~~~~ ....", 2.0), ("x~x~ x~~~ ~~~~ ~~..", 2.0), ("x~~~ x~~~ ~~~~ ....", 1.5)),
)

GENERIC: dict[Meter, BarWords] = {
    METERS["4/4"]: FOUR_FOUR,
    METERS["3/4"]: THREE_FOUR,
    METERS["6/8"]: SIX_EIGHT,
    METERS["2/4"]: TWO_FOUR,
}


def in_meter(grammar: Grammar, meter: Meter) -> Grammar:
    """The grammar itself, its own sister in the meter, or itself with generic words."""
    for own in (grammar, *grammar.others):
        if own.meter == meter:
            return own
    words = GENERIC[meter]
    melodies = {kind: with_rhythm(tune, words, meter) for kind, tune in grammar.melodies.items()}
    return replace(
        grammar,
        meter=meter,
        comping=words.comping,
        bass=words.bass,
        drums=with_grids(grammar.drums, words),
        melody=with_rhythm(grammar.melody, words, meter),
        melodies=melodies,
    )


def with_grids(drums: DrumVocabulary, words: BarWords) -> DrumVocabulary:
    """The same drums and cymbals on other grids."""
    return replace(
        drums,
        kicks=words.kicks,
        backbeats=words.backbeats,
        ghosts=words.ghosts,
        hats=words.hats,
        layers=words.layers,
        fills=words.fills,
        quiet=words.quiet,
        pairs=(),
    )


def with_rhythm(melody: MelodyVocabulary, words: BarWords, meter: Meter) -> MelodyVocabulary:
    """The same contours and plans in another meter's rhythms."""
    return replace(
        melody,
        meter=meter,
        beats=words.beats,
        least=words.least,
        most=words.most,
        half_closes=words.half_closes,
        full_closes=words.full_closes,
    )
