"""Ragtime, written down: the left hand strides (bass on the beat, chord off it), the right hand syncopates.

Conventions: see `grammar`. In 2/4 the tune moves in sixteenths, in 4/4 the same rags are written in eighths. It follows
plans and composes no corpus: ragtime has music by people.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import COMMON, Casting, Grammar
from engine.grammar.meters import FOUR_FOUR, TWO_FOUR
from engine.grammar.stock import BROKEN, kit, tunes
from engine.music.notes import Role
from engine.music.timing import METERS

SHORT = replace(
    TWO_FOUR,
    comping=((("2:2:all 6:2:all",), 5.0), (("2:2:all 6:2:all", "2:2:all 4:2:all 6:2:all"), 2.0)),
    bass=(
        (("0:2:R! 4:2:F", "0:2:R! 4:2:R 6:2:A"), 4.0),
        (("0:2:R! 4:2:F", "0:2:R! 2:2:A 4:2:F 6:2:A"), 1.5),
        (("0:2:R! 4:2:3", "0:2:R! 4:2:F"), 1.5),
        (("0:2:R! 4:2:8", "0:2:R! 4:2:F 6:2:A"), 1.0),
    ),
    beats=(
        ("x~xx", 3.0), ("xx~x", 5.0), ("~x~x", 2.0), ("x~x~", 1.8), ("xxxx", 3.0), ("~xxx", 2.4), ("x~~x", 1.0),
        ("x~~~", 0.4), ("~x~~", 0.5), (".xxx", 1.2), ("xxx~", 1.6),
    ),
    least=5,
    most=8,
    half_closes=(("xx~x x~~~", 2.0), ("x~xx x~~~", 2.0), ("x~x~ x~..", 1.5), ("xx~x ~~x~", 1.5)),
    full_closes=(("x~xx x~~~", 2.0), ("x~x~ x~..", 2.0), ("xx~x x~~~", 2.0), ("x~~~ x~..", 1.0)),
)  # fmt: skip
LONG = replace(
    FOUR_FOUR,
    comping=((("4:4:all 12:4:all",), 5.0), (("4:4:all 12:4:all", "4:4:all 8:4:all 12:4:all"), 2.0)),
    bass=(
        (("0:4:R! 8:4:F", "0:4:R! 8:4:R 12:4:A"), 4.0),
        (("0:4:R! 8:4:F", "0:4:R! 4:4:A 8:4:F 12:4:A"), 1.5),
        (("0:4:R! 8:4:3", "0:4:R! 8:4:F"), 1.5),
        (("0:4:R! 8:4:8", "0:4:R! 8:4:F 12:4:A"), 1.0),
    ),
    beats=(
        ("x~x~", 6.0), ("~~x~", 3.6), ("x~~~", 2.2), ("~~~~", 0.8), ("..x~", 1.0), ("x~xx", 0.6), ("xxx~", 0.4),
    ),
    least=4,
    most=8,
    half_closes=(("x~x~ ~~x~ x~~~ ~~~~", 2.0), ("x~~~ x~x~ x~~~ ~~~~", 2.0), ("x~x~ x~x~ x~~~ ....", 1.5)),
    full_closes=(("x~~~ x~x~ x~~~ ~~~~", 2.0), ("x~x~ ~~x~ x~~~ ~~..", 2.0), ("x~~~ x~~~ x~~~ ....", 1.5)),
)  # fmt: skip
PARTS = {Role.HARMONY: Casting(programs=((0, 1.0),), low=50, high=68, plain=True)}
"""The left hand's chords lie close, below the tune."""
COUNTERS = (("guide", 2.0), ("second", 1.5), ("answer", 1.0))

RAGTIME = Grammar(
    name="ragtime",
    meter=METERS["2/4"],
    comping=SHORT.comping,
    bass=SHORT.bass,
    counters=COUNTERS,
    drums=kit(SHORT),
    melody=tunes(SHORT, METERS["2/4"], moves=BROKEN, pull=0.05, centre=74),
    parts=PARTS,
    others=(
        Grammar(
            name="ragtime",
            meter=COMMON,
            comping=LONG.comping,
            bass=LONG.bass,
            counters=COUNTERS,
            drums=kit(LONG),
            melody=tunes(LONG, moves=BROKEN, pull=0.05, centre=74),
            parts=PARTS,
        ),
    ),
)
