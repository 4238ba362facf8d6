"""Chiptune, written down: one voice a channel; chords as arpeggios in sixteenths, a busy bass, noise for drums.

Conventions: see `grammar`. It follows plans and composes no corpus: chiptune has music by people.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import COMMON, Casting, DrumVocabulary, Grammar
from engine.grammar.meters import FOUR_FOUR
from engine.grammar.stock import BROKEN, NO_GHOSTS, SNARES, tunes
from engine.grammar.synthwave import GALLOP, OCTAVES, PULSE, UP, WAVE
from engine.music.notes import Role

COMPING = (
    ((UP,), 3.0),
    ((WAVE,), 2.0),
    (("0:1:1! 1:1:2 2:1:3 3:1:2 4:1:1 5:1:2 6:1:3 7:1:2 8:1:1! 9:1:2 10:1:3 11:1:2 12:1:1 13:1:2 14:1:3 15:1:2",), 2.0),
    (("0:1:3! 1:1:2 2:1:1 3:1:3 4:1:2 5:1:1 6:1:3 7:1:2 8:1:1! 9:1:3 10:1:2 11:1:1 12:1:3 13:1:2 14:1:1 15:1:2",), 1.5),
    (("0:2:1! 2:2:2 4:2:3 6:2:2 8:2:1! 10:2:2 12:2:3 14:2:2",), 1.5),
    (("2:1:1 3:1:3 6:1:1 7:1:3 10:1:1 11:1:3 14:1:1 15:1:3",), 1.0),
)  # fmt: skip
BASS = (
    ((OCTAVES,), 3.0),
    (
        (
            "0:2:R! 2:2:5 4:2:8 6:2:5 8:2:R! 10:2:5 12:2:8 14:2:5",
            "0:2:R! 2:2:5 4:2:8 6:2:5 8:2:R! 10:2:5 12:2:R 14:2:A",
        ),
        2.0,
    ),
    (("0:2:R! 3:1:R 4:2:8 6:2:R 8:2:R! 11:1:R 12:2:8 14:2:5",), 2.0),
    ((PULSE, "0:2:R! 2:2:R 4:2:R 6:2:R 8:2:R! 10:2:5 12:2:7 14:2:A"), 1.5),
    ((GALLOP,), 1.0),
    (("0:4:R! 4:4:5 8:4:R 12:4:5", "0:4:R! 4:4:5 8:4:R 12:4:A"), 1.5),
)
DRUMS = DrumVocabulary(
    kicks=(
        (("x...x...x...x...", "x...x...x...x.x."), 2.0),
        (("x.......x.......", "x.....x.x......."), 3.0),
        (("x.x.....x.x.....", "x.x.....x......."), 1.5),
    ),
    backbeats=(("....x.......x...", 6.0), ("....x.......x.oo", 1.0)),
    ghosts=NO_GHOSTS,
    hats=(("x.o.x.o.x.o.x.o.", 3.0), ("x.oox.oox.oox.oo", 2.0), ("..x...x...x...x.", 2.0), ("xoooxoooxoooxooo", 1.0)),
    layers=((None, 1.0),),
    fills=((("38 ............oooo",), 3.0), (("38 ........o.o.oooo",), 2.0), (("38 ..........oo.ooo",), 1.0)),
    snares=SNARES,
    quiet=((("42 x.o.x.o.x.o.x.o.",), 2.0), (("42 ..x...x...x...x.", "36 x.......x......."), 2.0)),
)  # fmt: skip
RHYTHMS = replace(
    FOUR_FOUR,
    beats=(
        ("x~x~", 5.0), ("x~~~", 2.2), ("x~xx", 1.8), ("xxx~", 1.4), ("~~x~", 1.8), ("x~~x", 1.6), ("xxxx", 0.7),
        ("..x~", 1.0), ("~~~~", 0.8), ("xx~x", 0.6),
    ),
    least=5,
    most=10,
)  # fmt: skip

CHIPTUNE = Grammar(
    name="chiptune",
    meter=COMMON,
    comping=COMPING,
    bass=BASS,
    counters=(("second", 4.0), ("answer", 2.5), ("guide", 1.0)),
    drums=DRUMS,
    melody=tunes(RHYTHMS, moves=BROKEN, pull=0.15, centre=76),
    parts={Role.HARMONY: Casting(programs=((0, 1.0),), low=52, high=79, plain=True)},
)
