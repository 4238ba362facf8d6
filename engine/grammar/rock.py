"""Rock, written down: power chords in eighths and riffs, roots that drive, a backbeat, tunes that shout and breathe.

Conventions: see `grammar`. It follows plans and composes no corpus: rock has music by people.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import COMMON, Casting, DrumVocabulary, Grammar
from engine.grammar.meters import FOUR_FOUR
from engine.grammar.stock import FILLS, MOVES, NO_GHOSTS, QUIET, SNARES, tunes
from engine.music.notes import Role, SectionKind

EIGHTHS = "0:2:all! 2:2:all 4:2:all 6:2:all 8:2:all! 10:2:all 12:2:all 14:2:all"

COMPING = (
    ((EIGHTHS, "0:2:all! 2:2:all 4:2:all 6:2:all 8:2:all! 10:2:all 12:4:all!"), 3.0),
    (("0:6:all! 6:6:all! 12:4:all", "0:6:all! 6:4:all! 10:6:all"), 2.5),
    (("0:2:low! 2:1:low- 3:1:low- 4:2:low 6:2:low- 8:2:low! 10:1:low- 11:1:low- 12:2:all! 14:2:all",), 2.0),
    (("0:4:all! 6:2:all 8:4:all! 14:2:push", "0:4:all! 6:2:all 8:8:all!"), 2.0),
    (("0:16:all!", "0:8:all! 8:8:all"), 1.5),
    (("0:3:all! 3:3:all 6:2:all- 8:3:all! 11:3:all 14:2:all-",), 1.5),
    (("0:2:low! 2:2:low 4:4:all! 8:2:low 10:2:low 12:4:all!",), 1.5),
)
BASS = (
    (
        (
            "0:2:R! 2:2:R 4:2:R 6:2:R 8:2:R! 10:2:R 12:2:R 14:2:R",
            "0:2:R! 2:2:R 4:2:R 6:2:R 8:2:R! 10:2:5 12:2:7 14:2:A",
        ),
        4.0,
    ),
    (("0:6:R! 6:6:R! 12:4:R", "0:6:R! 6:4:R! 10:2:R 12:4:A"), 2.0),
    (("0:4:R! 6:2:R 8:4:R! 12:2:5 14:2:8-", "0:4:R! 6:2:R 8:4:R 12:4:A"), 2.0),
    (("0:3:R! 3:3:R 6:2:8 8:3:R! 11:3:R 14:2:5",), 1.0),
    (("0:8:R! 8:4:R 12:4:5", "0:8:R! 8:4:5 12:4:A"), 1.5),
)
DRUMS = DrumVocabulary(
    kicks=(
        (("x.......x.x.....", "x.......x......."), 3.0),
        (("x.....x...x.....", "x.....x.x.......") , 2.5),
        (("x.x.....x.......", "x.x.....x.....x."), 2.0),
        (("x.......x.......", "x.......x.....x."), 2.0),
        (("x..x..x...x.....", "x..x....x.x....."), 1.5),
    ),
    backbeats=(("....x.......x...", 8.0), ("....x.......x.o.", 1.0), ("x...x...x...x...", 0.5)),
    ghosts=(*NO_GHOSTS, (".......-.-......", 0.6)),
    hats=(("x.o.x.o.x.o.x.o.", 5.0), ("x.x.x.x.x.x.x.O.", 1.5), ("x...x...x...x...", 2.0), ("xooox.oxxooox.oo", 0.5)),
    layers=((None, 6.0), ((54, "....o.......o..."), 0.8)),
    fills=FILLS,
    snares=SNARES,
    quiet=QUIET,
    cymbals={SectionKind.CHORUS: ((51, 2.0), (46, 2.0), (49, 0.6)), SectionKind.BRIDGE: ((51, 1.0), (42, 2.0))},
)  # fmt: skip
RHYTHMS = replace(
    FOUR_FOUR,
    beats=(
        ("x~x~", 4.0), ("x~~~", 3.0), ("~~~~", 2.2), ("~~x~", 2.8), ("..x~", 2.0), ("....", 1.0), ("x~~x", 1.2),
        ("x~xx", 0.8), ("xxx~", 0.4), ("~x~x", 0.4),
    ),
    least=3,
    most=7,
)  # fmt: skip

ROCK = Grammar(
    name="rock",
    meter=COMMON,
    comping=COMPING,
    bass=BASS,
    counters=(("answer", 2.5), ("second", 2.0), ("pad", 1.5), ("arpeggio", 1.5)),
    drums=DRUMS,
    melody=tunes(RHYTHMS, moves=MOVES, pull=0.6, centre=71),
    parts={Role.HARMONY: Casting(programs=((0, 1.0),), low=40, high=67, plain=True)},
)
