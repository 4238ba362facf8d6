"""Synthwave, written down: pulsing octaves in the bass, arpeggios in sixteenths, wide pads, gated drums, slow leads.

Conventions: see `grammar`.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import COMMON, Casting, DrumVocabulary, Grammar
from engine.grammar.meters import FOUR_FOUR
from engine.grammar.stock import CASTS, FORMS, NO_GHOSTS, QUIET, STEPWISE, tunes
from engine.music.harmony import Mode
from engine.music.notes import Role, SectionKind

MINOR_CELLS = (
    ("i VI III VII", 3.0), ("i i VI VII", 3.0), ("VI VII i i", 2.0), ("i VII VI VI", 2.0), ("i v VI VII", 2.0),
    ("i III VII VI", 1.5), ("VI III VII i", 1.5), ("i VI iv V", 1.0), ("i iv VI VII", 1.5), ("i i iv VI", 1.5),
    ("VImaj7 VII i7 III", 1.5), ("i|VII VI i|VII VI", 1.0), ("i VI VII v", 1.2), ("isus2 VI III VII", 1.0),
)  # fmt: skip
DORIAN_CELLS = (
    ("i IV i IV", 2.0), ("i III IV VII", 2.0), ("i VII IV IV", 2.0), ("i i IV VII", 2.0), ("III IV i i", 1.5),
    ("i v IV i", 1.0), ("i VII III IV", 1.5), ("i IV VII i", 1.0), ("VII IV i i", 1.5), ("i7 IV i7 VII", 1.0),
    ("i III VII IV", 1.5), ("i IV III VII", 1.0),
)  # fmt: skip
MAJOR_CELLS = (
    ("I V vi IV", 2.0), ("IV I V vi", 2.0), ("vi IV I V", 2.0), ("I iii IV V", 1.5), ("IVmaj7 V vi7 I", 1.5),
    ("I vi IV V", 1.0), ("I IV vi V", 1.5), ("IV V vi vi", 1.5), ("I bVII IV I", 1.0), ("vi V IV V", 1.5),
    ("Iadd9 IV vi V", 1.0), ("ii IV I V", 1.0),
)  # fmt: skip
OCTAVES = "0:2:R! 2:2:8 4:2:R 6:2:8 8:2:R! 10:2:8 12:2:R 14:2:8"
PULSE = "0:2:R! 2:2:R 4:2:R 6:2:R 8:2:R! 10:2:R 12:2:R 14:2:R"
GALLOP = "0:2:R! 2:1:R- 3:1:R 4:2:R! 6:1:R- 7:1:R 8:2:R! 10:1:R- 11:1:R 12:2:R! 14:1:R- 15:1:R"
UP = "0:1:1! 1:1:2 2:1:3 3:1:4 4:1:1 5:1:2 6:1:3 7:1:4 8:1:1! 9:1:2 10:1:3 11:1:4 12:1:1 13:1:2 14:1:3 15:1:4"
WAVE = "0:1:1! 1:1:3 2:1:2 3:1:3 4:1:1 5:1:3 6:1:2 7:1:3 8:1:1! 9:1:3 10:1:2 11:1:3 12:1:1 13:1:3 14:1:2 15:1:3"
COMPING = (
    (("0:16:all",), 3.0),
    ((UP,), 1.5),
    ((WAVE,), 1.5),
    (("0:6:all! 6:6:all 12:4:all", "0:6:all! 6:10:all"), 1.5),
    (("0:3:all! 3:3:all 6:2:all- 8:3:all! 11:3:all 14:2:all-",), 1.0),
    (("2:2:all 6:2:all 10:2:all 14:2:all",), 1.0),
    (("0:12:all 12:4:top-", "0:16:all"), 1.0),
)
BASS = (
    ((PULSE,), 3.0),
    ((OCTAVES,), 3.0),
    ((GALLOP,), 1.5),
    ((PULSE, "0:2:R! 2:2:R 4:2:R 6:2:R 8:2:R! 10:2:R 12:2:5 14:2:A"), 2.0),
    (("0:3:R! 3:3:R 6:2:8 8:3:R! 11:3:R 14:2:8",), 1.5),
    (("0:16:R",), 0.5),
)
DRUMS = DrumVocabulary(
    kicks=(
        (("x...x...x...x...", "x...x...x...x..."), 4.0),
        (("x.......x.......", "x.......x.x....."), 2.0),
        (("x.....x.x.......", "x.....x.x.....x."), 1.5),
    ),
    backbeats=(("....x.......x...", 8.0),),
    ghosts=NO_GHOSTS,
    hats=(("x.o.x.o.x.o.x.o.", 2.0), ("..x...x...x...x.", 3.0), ("xoooxoooxoooxooo", 2.5), ("x.oox.oox.oox.oo", 1.0)),
    layers=((None, 4.0), ((39, "....o.......o..."), 2.0), ((54, "..o...o...o...o."), 0.7)),
    fills=(
        (("48 ............oo..", "45 ..............oo"), 2.0),
        (("50 ........oo......", "48 ..........oo....", "45 ............oo..", "41 ..............oo"), 2.0),
        (("38 ........o.o.oooo",), 1.5),
        (("38 ............o.oo",), 1.5),
    ),
    snares={
        SectionKind.INTRO: ((38, 1.0),),
        SectionKind.VERSE: ((38, 2.0), (40, 1.0)),
        SectionKind.CHORUS: ((40, 2.0), (38, 2.0)),
        SectionKind.BRIDGE: ((38, 1.0),),
        SectionKind.BREAK: ((38, 1.0),),
        SectionKind.OUTRO: ((38, 1.0),),
    },
    quiet=QUIET,
    cymbals={SectionKind.CHORUS: ((42, 3.0), (46, 0.7)), SectionKind.VERSE: ((42, 1.0),)},
)
RHYTHMS = replace(
    FOUR_FOUR,
    beats=(
        ("x~~~", 4.0), ("~~~~", 3.4), ("x~x~", 2.6), ("~~x~", 2.4), ("..x~", 1.0), ("....", 0.6), ("x~~x", 1.2),
        ("~x~~", 0.5), ("x~xx", 0.4),
    ),
    least=2,
    most=6,
)  # fmt: skip

SYNTHWAVE = Grammar(
    name="synthwave",
    meter=COMMON,
    comping=COMPING,
    bass=BASS,
    counters=(("ripple", 4.0), ("arpeggio", 2.0), ("pad", 2.0), ("answer", 1.0), ("second", 0.7)),
    drums=DRUMS,
    melody=tunes(RHYTHMS, moves=STEPWISE, pull=0.3, centre=74),
    tempo_bpm=(80.0, 124.0),
    swing=(0.5, 0.5),
    modes=((Mode.MINOR, 0.6), (Mode.DORIAN, 0.2), (Mode.MAJOR, 0.2)),
    forms=FORMS,
    casts=CASTS,
    cells={Mode.MINOR: MINOR_CELLS, Mode.DORIAN: DORIAN_CELLS, Mode.MAJOR: MAJOR_CELLS},
    endings={
        Mode.MINOR: (("VII i", 2.0), ("VI|VII i", 2.0), ("VI i", 1.0)),
        Mode.DORIAN: (("IV i", 2.0), ("VII i", 1.0)),
        Mode.MAJOR: (("IV I", 2.0), ("IV|V I", 2.0)),
    },
    colours={"": (("", 8.0), ("add9", 1.5), ("sus2", 0.5)), "m": (("m", 7.0), ("m7", 1.5), ("madd9", 1.0))},
    approach_share=0.0,
    parts={
        Role.MELODY: Casting(programs=((81, 3.0), (80, 1.5), (87, 1.0), (62, 1.0)), low=58, high=88),
        Role.COUNTER: Casting(programs=((81, 1.5), (90, 1.5), (80, 1.0), (50, 1.0)), low=52, high=84),
        Role.HARMONY: Casting(
            programs=((50, 2.0), (90, 2.0), (89, 1.5), (51, 1.0), (62, 0.7)), low=48, high=76, plain=True
        ),
        Role.BASS: Casting(programs=((38, 4.0), (39, 1.5)), low=28, high=52),
        Role.DRUMS: Casting(programs=((24, 2.0), (25, 2.0), (16, 1.0)), low=35, high=81),
    },
)
