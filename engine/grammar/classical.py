"""Chamber music of the classical period, written down: broken chords under a singing tune, a bass in long notes.

Conventions: see `grammar`. It follows plans and composes no corpus: classical has music by people. Caveat: homophony
alone; there is no counterpoint in it beyond a second voice in thirds and sixths.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import COMMON, Casting, Grammar
from engine.grammar.meters import FOUR_FOUR, SIX_EIGHT, THREE_FOUR, TWO_FOUR, BarWords
from engine.grammar.stock import STEPWISE, kit, tunes
from engine.music.notes import Role
from engine.music.timing import METERS, Meter

COMMON_TIME = replace(
    FOUR_FOUR,
    comping=(
        (("0:2:1 2:2:3 4:2:2 6:2:3 8:2:1 10:2:3 12:2:2 14:2:3",), 4.0),
        (("0:2:1 2:2:2 4:2:3 6:2:2 8:2:1 10:2:2 12:2:3 14:2:2",), 1.5),
        (("2:2:top 4:2:top- 6:2:top- 10:2:top 12:2:top- 14:2:top-",), 1.0),
        (("4:4:all- 8:4:all- 12:4:all-",), 1.0),
        (("0:8:all 8:8:all-",), 1.5),
        (("0:4:all 4:4:all- 8:4:all- 12:4:all-",), 1.0),
    ),
    bass=(
        (("0:8:R 8:8:R", "0:8:R 8:4:5 12:4:A"), 2.5),
        (("0:16:R", "0:8:R 8:8:A"), 2.5),
        (("0:4:R 8:4:5", "0:4:R 4:4:3 8:4:5 12:4:A"), 1.5),
        (("0:8:R 8:8:3", "0:8:R 8:4:3 12:4:A"), 1.0),
    ),
    beats=(
        ("x~~~", 4.5), ("x~x~", 3.5), ("~~~~", 2.0), ("~~x~", 1.2), ("x~~x", 1.2), ("xxxx", 0.6), ("x~xx", 0.9),
        ("....", 0.4), ("xxx~", 0.3),
    ),
    least=3,
    most=8,
    half_closes=(("x~~~ x~~~ ~~~~ ....", 2.0), ("x~x~ x~x~ x~~~ ....", 2.0), ("x~~~ ~~x~ x~~~ ....", 1.0)),
    full_closes=(("x~~~ x~~~ x~~~ ....", 2.0), ("x~x~ x~x~ x~~~ ....", 2.0), ("x~~~ ~~x~ x~~~ ~~~~", 2.0)),
)  # fmt: skip
MINUET = replace(
    THREE_FOUR,
    comping=(
        (("0:2:1 2:2:3 4:2:2 6:2:3 8:2:2 10:2:3",), 3.0),
        (("4:4:all- 8:4:all-",), 3.0),
        (("0:12:all", "0:8:all 8:4:all-"), 1.5),
    ),
    bass=((("0:12:R", "0:8:R 8:4:A"), 2.5), (("0:4:R", "0:4:R 4:4:3 8:4:A"), 2.0), (("0:8:R 8:4:5",), 1.0)),
)
SICILIANA = replace(
    SIX_EIGHT,
    comping=(
        (("0:2:1 2:2:2 4:2:3 6:2:1 8:2:2 10:2:3",), 3.0),
        (("2:2:top- 4:2:top- 8:2:top- 10:2:top-",), 1.5),
        (("0:6:all 6:6:all-",), 1.5),
    ),
    bass=((("0:12:R", "0:6:R 6:6:A"), 2.0), (("0:6:R 6:6:5", "0:6:R 6:6:3"), 2.0)),
    beats=(("x~~~x~", 4.0), ("x~~xx~", 2.0), ("x~~~~~", 2.5), ("x~x~x~", 2.0), ("~~~~x~", 0.7), ("~~~~~~", 0.7)),
)
TWO_TIME = replace(
    TWO_FOUR,
    comping=(
        (("0:1:1 1:1:3 2:1:2 3:1:3 4:1:1 5:1:3 6:1:2 7:1:3",), 2.0),
        (("0:2:1 2:2:3 4:2:2 6:2:3",), 3.0),
        (("2:2:all- 6:2:all-",), 1.5),
    ),
    bass=((("0:8:R", "0:4:R 4:4:A"), 2.5), (("0:4:R 4:4:5", "0:4:R 4:4:3"), 2.0)),
)
COUNTERS = (("second", 3.0), ("guide", 3.0), ("answer", 1.0), ("arpeggio", 0.5))


def _movement(words: BarWords, meter: Meter, others: tuple[Grammar, ...] = ()) -> Grammar:
    return Grammar(
        name="classical",
        meter=meter,
        comping=words.comping,
        bass=words.bass,
        counters=COUNTERS,
        drums=kit(words),
        melody=tunes(words, meter, moves=STEPWISE, pull=0.0, centre=75),
        parts={Role.HARMONY: Casting(programs=((0, 1.0),), low=45, high=74, plain=True)},
        others=others,
    )


CLASSICAL = _movement(
    COMMON_TIME,
    COMMON,
    (_movement(MINUET, METERS["3/4"]), _movement(SICILIANA, METERS["6/8"]), _movement(TWO_TIME, METERS["2/4"])),
)
