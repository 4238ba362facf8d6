"""Folk dances, written down: reels in running eighths, jigs in 6/8, waltzes, polkas, over a strummed or picked guitar.

Conventions: see `grammar`. It follows plans and composes no corpus: folk has tunes by people.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import COMMON, Casting, Grammar
from engine.grammar.meters import FOUR_FOUR, SIX_EIGHT, THREE_FOUR, TWO_FOUR, BarWords
from engine.grammar.stock import MOVES, kit, tunes
from engine.music.notes import Role
from engine.music.timing import METERS, Meter

REEL = replace(
    FOUR_FOUR,
    comping=(
        (("4:4:all 12:4:all",), 3.0),
        (("4:2:all 6:2:all- 12:2:all 14:2:all-",), 2.0),
        (("0:4:all! 4:2:all- 6:2:all- 8:4:all 12:2:all- 14:2:all-",), 2.0),
        (("0:2:1 2:2:3 4:2:2 6:2:3 8:2:1 10:2:3 12:2:2 14:2:3",), 2.0),
        (("0:8:all 8:8:all-",), 1.0),
    ),
    bass=(
        (("0:8:R! 8:8:F", "0:8:R! 8:4:F 12:4:A"), 4.0),
        (("0:4:R! 8:4:F", "0:4:R! 8:4:R 12:4:A"), 2.0),
        (("0:16:R", "0:8:R 8:8:F"), 1.0),
    ),
    beats=(("x~x~", 9.0), ("x~~~", 2.0), ("x~~x", 1.0), ("x~xx", 1.2), ("xxx~", 0.8), ("~~x~", 0.4), ("ttt", 0.3)),
    least=5,
    most=8,
    half_closes=(("x~x~ x~x~ x~~~ x~~~", 2.0), ("x~x~ x~~~ x~~~ ~~~~", 2.0), ("x~x~ x~x~ x~~~ ~~x~", 1.0)),
    full_closes=(("x~x~ x~x~ x~~~ x~~~", 1.0), ("x~x~ x~~~ x~~~ ~~~~", 3.0), ("x~x~ x~x~ x~~~ ~~..", 2.0)),
)
JIG = replace(
    SIX_EIGHT,
    comping=(
        (("4:2:all- 10:2:all-",), 2.0),
        (("0:4:all! 4:2:all- 6:4:all 10:2:all-",), 3.0),
        (("0:6:all! 6:6:all-",), 1.0),
        (("0:2:1 2:2:2 4:2:3 6:2:1 8:2:2 10:2:3",), 2.0),
    ),
    bass=((("0:4:R! 6:4:F", "0:4:R! 6:4:R"), 3.0), (("0:6:R! 6:6:F", "0:6:R! 6:4:F 10:2:A"), 2.0), (("0:12:R",), 0.7)),
    beats=(("x~x~x~", 7.0), ("x~~~x~", 3.0), ("x~~~~~", 1.0), ("x~xxx~", 0.8), ("x~~xx~", 0.8), ("x~x~~~", 0.6)),
    least=3,
    most=7,
    half_closes=(("x~x~x~ x~~~x~", 2.0), ("x~~~x~ x~~~~~", 2.0)),
    full_closes=(("x~x~x~ x~~~~~", 3.0), ("x~~~x~ x~~~~~", 2.0), ("x~x~x~ x~~~..", 1.0)),
)
WALTZ = replace(
    THREE_FOUR,
    comping=(
        (("4:4:all 8:4:all-",), 4.0),
        (("4:2:all 6:2:all- 8:4:all-",), 1.5),
        (("0:2:1 2:2:2 4:2:3 6:2:2 8:2:3 10:2:2",), 2.0),
    ),
    bass=((("0:4:R!", "0:4:R! 8:4:A"), 3.0), (("0:12:R", "0:8:R 8:4:A"), 2.0)),
    beats=(("x~~~", 4.0), ("x~x~", 4.5), ("~~~~", 1.2), ("~~x~", 0.8), ("x~~x", 0.3)),
    least=3,
    most=6,
)
POLKA = replace(
    TWO_FOUR,
    comping=((("2:2:all 6:2:all",), 4.0), (("0:2:all! 2:2:all- 4:2:all 6:2:all-",), 1.0)),
    bass=((("0:2:R! 4:2:F", "0:2:R! 4:2:R"), 3.0), (("0:4:R! 4:4:F", "0:4:R! 4:4:A"), 2.0)),
    beats=(("x~x~", 5.0), ("xxx~", 1.8), ("x~xx", 2.0), ("xxxx", 1.4), ("x~~~", 1.2), ("x~~x", 0.8)),
    least=3,
    most=7,
)
COUNTERS = (("second", 3.5), ("guide", 2.0), ("answer", 1.0), ("arpeggio", 0.7))


def _dance(words: BarWords, meter: Meter, others: tuple[Grammar, ...] = ()) -> Grammar:
    return Grammar(
        name="folk",
        meter=meter,
        comping=words.comping,
        bass=words.bass,
        counters=COUNTERS,
        drums=kit(words),
        melody=tunes(words, meter, moves=MOVES, pull=0.2, centre=73),
        parts={Role.HARMONY: Casting(programs=((0, 1.0),), low=45, high=72, plain=True)},
        others=others,
    )


FOLK = _dance(
    REEL,
    COMMON,
    (_dance(JIG, METERS["6/8"]), _dance(WALTZ, METERS["3/4"]), _dance(POLKA, METERS["2/4"])),
)
