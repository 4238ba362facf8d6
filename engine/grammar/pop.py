"""Pop, written down: four-chord loops, strummed or struck in eighths, a bass that locks to the kick, tunes made of
hooks.

Conventions: see `grammar`.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import COMMON, Casting, DrumVocabulary, Grammar
from engine.grammar.meters import FOUR_FOUR
from engine.grammar.stock import CASTS, FILLS, FORMS, NO_GHOSTS, QUIET, SNARES, tunes
from engine.music.harmony import Mode
from engine.music.notes import Role

MAJOR_CELLS = (
    ("I V vi IV", 3.0), ("vi IV I V", 3.0), ("I vi IV V", 2.0), ("IV V iii vi", 2.0), ("I IV vi V", 2.0),
    ("I iii IV V", 1.5), ("vi V IV V", 1.5), ("IV I V vi", 2.0), ("Iadd9 V/7 vi7 IV", 1.5), ("I V ii IV", 1.5),
    ("IVmaj7 V vi7 I/3", 1.5), ("I IV ii7 V", 1.5), ("vi7 ii7 V I", 1.0), ("I|V/7 vi IV I|V", 1.5),
    ("IV iv I I", 0.7), ("I V/7 vi|V IV", 1.2),
)  # fmt: skip
MINOR_CELLS = (
    ("i VI III VII", 3.0), ("i VII VI VII", 2.0), ("VI VII i i", 2.0), ("i iv VI VII", 2.0), ("i III VII iv", 1.5),
    ("VI III VII i", 2.0), ("i VI iv V", 1.5), ("i v VI iv", 1.5), ("iv VI i VII", 1.5), ("i VII iv VI", 1.5),
    ("VI VII III i", 1.5), ("i7 VImaj7 III VII", 1.2), ("i|VII VI i|VII VI", 1.0),
)  # fmt: skip
EIGHTHS = "0:2:all! 2:2:all- 4:2:all 6:2:all- 8:2:all! 10:2:all- 12:2:all 14:2:all-"
COMPING = (
    ((EIGHTHS,), 1.5),
    (("0:4:all! 4:4:all 8:4:all 12:4:all",), 2.0),
    (("0:6:all! 6:6:all 12:4:all", "0:6:all! 6:4:all 10:6:all"), 2.5),
    (("0:4:all! 4:2:all- 6:2:all 10:2:all 12:2:all 14:2:all-", "0:4:all! 4:2:all- 6:2:all 10:6:all"), 2.0),
    (("0:2:1 2:2:3- 4:2:2 6:2:3- 8:2:1 10:2:3- 12:2:2 14:2:3-",), 2.0),
    (("0:16:all", "0:8:all 8:8:all-"), 1.5),
    (("0:3:all! 3:3:all 6:4:all- 10:6:all", "0:3:all! 3:3:all 6:2:all- 8:8:all"), 1.5),
    (("2:2:all 6:2:all 10:2:all 14:2:all", "2:2:all 6:2:all 10:2:all 12:4:all"), 1.0),
)
BASS = (
    (("0:6:R! 6:2:R 8:6:R 14:2:A-", "0:6:R! 6:2:R 8:4:R 12:4:A"), 2.5),
    (
        (
            "0:2:R! 2:2:R- 4:2:R 6:2:R- 8:2:R! 10:2:R- 12:2:R 14:2:R-",
            "0:2:R! 2:2:R- 4:2:R 6:2:R- 8:2:R! 10:2:R- 12:4:A",
        ),
        2.0,
    ),
    (("0:6:R! 6:6:R 12:4:5", "0:6:R! 6:4:R 10:6:8"), 2.0),
    (("0:16:R", "0:12:R 12:4:A"), 1.0),
    (("0:3:R! 3:3:R 6:2:8- 8:4:R 12:4:5", "0:3:R! 3:3:R 6:2:8- 8:4:R 12:4:A"), 1.5),
    (("0:4:R! 6:2:8 8:4:R 14:2:8-", "0:4:R! 6:2:8 8:4:R 12:4:A"), 1.0),
)
DRUMS = DrumVocabulary(
    kicks=(
        (("x.......x.......", "x.......x.....o."), 2.0),
        (("x.....x.x.......", "x.....x...x....."), 2.0),
        (("x...x...x...x...", "x...x...x...x..."), 2.0),
        (("x.......x.x.....", "x.....o.x......."), 1.5),
        (("x..x..x.....x...", "x..x..x...x....."), 1.0),
    ),
    backbeats=(("....x.......x...", 8.0), ("............x...", 0.6), ("....x.......x..-", 1.0)),
    ghosts=(*NO_GHOSTS, (".......-.-......", 0.5)),
    hats=(("x.o.x.o.x.o.x.o.", 4.0), ("xoooxoooxoooxooo", 1.5), ("..x...x...x...x.", 1.5), ("x.o.x.oox.o.x.oo", 1.0)),
    layers=(
        (None, 5.0),
        ((39, "....o.......o..."), 2.0),
        ((54, "..o...o...o...o."), 1.0),
        ((70, "o-o-o-o-o-o-o-o-"), 1.0),
    ),
    fills=FILLS,
    snares=SNARES,
    quiet=QUIET,
)
RHYTHMS = replace(
    FOUR_FOUR,
    beats=(
        ("x~x~", 5.0), ("x~~~", 2.6), ("~~~~", 1.6), ("~~x~", 2.6), ("..x~", 2.0), ("....", 0.9), ("x~~x", 1.5),
        ("xxx~", 0.7), ("x~xx", 0.9), ("~x~~", 0.6), ("xx~x", 0.4),
    ),
    least=4,
    most=8,
)  # fmt: skip

POP = Grammar(
    name="pop",
    meter=COMMON,
    comping=COMPING,
    bass=BASS,
    counters=(("pad", 2.5), ("second", 2.0), ("arpeggio", 2.0), ("answer", 2.0), ("guide", 1.0)),
    drums=DRUMS,
    melody=tunes(RHYTHMS, pull=0.4),
    tempo_bpm=(84.0, 128.0),
    swing=(0.5, 0.5),
    modes=((Mode.MAJOR, 0.62), (Mode.MINOR, 0.38)),
    forms=FORMS,
    casts=CASTS,
    cells={Mode.MAJOR: MAJOR_CELLS, Mode.MINOR: MINOR_CELLS},
    endings={
        Mode.MAJOR: (("IV I", 2.0), ("V I", 2.0), ("IV|V I", 2.0), ("ii7|V Iadd9", 1.0)),
        Mode.MINOR: (("VII i", 2.0), ("VI|VII i", 2.0), ("iv i", 1.0), ("V i", 1.0)),
    },
    colours={"": (("", 8.0), ("add9", 1.5), ("sus2", 0.4)), "m": (("m", 6.0), ("m7", 2.0), ("madd9", 0.3))},
    approach_share=0.02,
    parts={
        Role.MELODY: Casting(
            programs=((80, 1.0), (0, 2.0), (27, 1.5), (73, 1.0), (81, 1.0), (53, 1.0)), low=58, high=84
        ),
        Role.COUNTER: Casting(programs=((48, 2.0), (89, 2.0), (11, 1.0), (27, 1.0)), low=52, high=81),
        Role.HARMONY: Casting(programs=((0, 3.0), (25, 2.5), (27, 1.5), (4, 1.5)), low=48, high=76, plain=True),
        Role.BASS: Casting(programs=((33, 3.0), (38, 1.5), (34, 1.0)), low=28, high=52),
        Role.DRUMS: Casting(programs=((0, 3.0), (8, 1.0), (24, 1.0)), low=35, high=81),
    },
)
