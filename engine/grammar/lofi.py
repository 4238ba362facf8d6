"""Lofi hip-hop, written down: the vocabularies that the players read.

Slow boom-bap with swung hats, seventh and ninth chords on electric piano, round bass, short pentatonic tunes that
breathe. Conventions: see `grammar`. Numerals are degrees of the mode's own scale (`VI` in minor is a major chord on the
flat sixth).
"""

from __future__ import annotations

from engine.grammar.grammar import Casting, DrumVocabulary, Grammar, MelodyVocabulary
from engine.music.harmony import Mode
from engine.music.notes import Role, SectionKind
from engine.music.timing import METERS

MINOR_CELLS = (
    ("i9 iv9 VII9 IIImaj9", 3.0),
    ("i9 VImaj7 IIImaj7 VII7", 2.0),
    ("i9 VImaj9 iiø7 V7b9", 3.0),
    ("iiø7 V7b9 i9 i9", 3.0),
    ("iv9 v7 i9 i9", 2.0),
    ("VImaj9 V7b9 i9 v7|V7/iv", 3.0),
    ("im11 im11 VImaj7 v7", 1.5),
    ("VImaj7 VII9 i9 i9", 2.0),
    ("iv9 VII9 IIImaj9 VImaj7", 3.0),
    ("VImaj7 bIImaj7 i9 V7b9", 1.5),
    ("i9 v7 VImaj7 iv9", 2.0),
    ("i9|VIIadd9 VImaj7 iv9 V7sus4|V7b9", 1.5),
    ("iv9 iv9 i9 i9", 1.0),
    ("IIImaj9 VImaj7 iiø7 V7b9", 2.0),
    ("i9 V7/iv iv9 bII7", 1.5),
    ("i9 IIImaj7 iv9 VImaj7|V7b9", 2.0),
    ("VImaj9 iv9 i9 v7", 2.0),
    ("i7|bII7 i7 iv9 V7b9", 1.0),
    ("im11 VIImaj7 VImaj9 V7sus4", 1.5),
    ("i9 i7/7 VImaj7 V7b9", 1.5),
)
DORIAN_CELLS = (
    ("i9 IV9 i9 IV9", 3.0),
    ("im11 im11 IV13 IV13", 2.0),
    ("i9 ii7 IIImaj7 ii7", 2.0),
    ("i9 VIImaj7 IV9 i9", 2.0),
    ("i9 v7 IV9 i9", 1.5),
    ("ii7 v7 i9 i9", 1.5),
    ("i9 IIImaj7 VIImaj7 IV9", 2.0),
    ("im11 IV9 VIImaj7 IIImaj9", 2.0),
    ("i9 bII7 i9 IV13", 1.0),
    ("i9|ii7 IIImaj7|ii7 i9 IV9", 1.5),
    ("VIImaj9 IV9 i9 i9", 1.5),
    ("i9 IV9 v7 IV13", 1.5),
    ("IIImaj9 ii7 i9 V7b9", 1.5),
)
MAJOR_CELLS = (
    ("ii9 V13 Imaj9 vi7", 3.0),
    ("Imaj9 vi9 ii9 V13", 3.0),
    ("iii7 vi9 ii9 V9", 2.5),
    ("Imaj9 IVmaj9 Imaj9 IVmaj9", 2.0),
    ("IVmaj9 iii7 ii9 Imaj9", 3.0),
    ("IVmaj9 V9 iii7 vi9", 3.0),
    ("IVmaj9 iii7|V7/ii ii9 V7sus4|V13", 2.0),
    ("Imaj9 V7/ii ii9 ivm6", 1.5),
    ("Imaj9 iii7 IVmaj7 ivm6", 2.0),
    ("vi9 ii9 V13 Imaj9", 2.5),
    ("ii9 bII7 Imaj9 Imaj9", 1.5),
    ("IVmaj7 bVII9 Imaj9 vi7|V7/ii", 1.5),
    ("Imaj9 bVIImaj7 IVmaj9 Imaj9", 1.0),
    ("vi9 IVmaj9 Imaj9 V9", 2.0),
    ("ii9 iii7 IVmaj9 V7sus4", 1.5),
)
LYDIAN_CELLS = (
    ("Imaj9 II9 Imaj9 II9", 2.0),
    ("Imaj9 II9 iii7 vi7", 1.5),
    ("Imaj9 vii7 vi9 II9", 1.5),
    ("vi9 II9 Imaj9 Imaj9", 1.5),
)

COLOURS = {
    "m9": (("m9", 5.0), ("m7", 3.0), ("m11", 2.0), ("madd9", 0.5)),
    "m7": (("m7", 4.0), ("m9", 2.0), ("m11", 1.0)),
    "m11": (("m11", 4.0), ("m9", 2.0)),
    "maj9": (("maj9", 5.0), ("maj7", 4.0), ("add9", 0.7), ("6", 0.7)),
    "maj7": (("maj7", 5.0), ("maj9", 3.0)),
    "9": (("9", 4.0), ("13", 2.0), ("7", 2.0), ("7sus4", 1.0)),
    "13": (("13", 4.0), ("9", 3.0), ("7sus4", 1.0)),
    "7": (("7", 4.0), ("9", 1.5)),
    "7b9": (("7b9", 4.0), ("7", 2.5)),
}

FORMS = (
    ("intro:I:4 verse:A:8 chorus:B:8 verse:A:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 chorus:B:8 verse:A:8 chorus:B:8 outro:O:4", 4.0),
    ("intro:I:4 verse:A:8 verse:A:8 chorus:B:8 break:D:4 verse:A:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 chorus:B:8 bridge:C:8 chorus:B:8 outro:O:4", 3.0),
    ("verse:A:8 chorus:B:8 verse:A:8 chorus:B:8 outro:O:4", 1.5),
    ("intro:I:4 verse:A:8 chorus:B:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 chorus:B:8 break:D:4 chorus:B:8 outro:O:4", 2.5),
    ("intro:I:8 verse:A:8 chorus:B:8 verse:A:8 chorus:B:8 outro:O:8", 1.0),
    ("intro:I:4 verse:A:4 verse:A:4 chorus:B:8 verse:A:4 chorus:B:8 outro:O:4", 2.0),
    ("intro:I:4 chorus:B:8 verse:A:8 break:D:4 chorus:B:8 outro:O:4", 1.5),
    ("intro:I:4 verse:A:8 chorus:B:4 verse:A:8 chorus:B:4 bridge:C:4 chorus:B:4 outro:O:4", 1.5),
    ("intro:I:4 verse:A:8 chorus:B:4 verse:A:8 chorus:B:4 outro:O:4", 1.5),
)

CASTS = {
    SectionKind.INTRO: (
        (("harmony", 0.35), 2.0),
        (("harmony counter", 0.4), 2.0),
        (("harmony bass", 0.4), 2.0),
        (("harmony drums", 0.45), 1.5),
        (("harmony melody", 0.4), 1.5),
        (("harmony bass drums", 0.5), 1.5),
    ),
    SectionKind.VERSE: (
        (("harmony bass drums melody", 0.6), 6.0),
        (("harmony bass drums melody counter", 0.65), 3.0),
    ),
    SectionKind.CHORUS: (
        (("harmony bass drums melody counter", 0.8), 6.0),
        (("harmony bass drums melody", 0.75), 4.0),
    ),
    SectionKind.BRIDGE: (
        (("harmony bass melody counter", 0.5), 3.0),
        (("harmony bass drums melody", 0.6), 3.0),
        (("harmony bass drums counter", 0.55), 2.0),
        (("harmony melody", 0.4), 1.5),
    ),
    SectionKind.BREAK: (
        (("harmony counter", 0.4), 2.0),
        (("harmony melody", 0.4), 2.0),
        (("harmony bass", 0.4), 1.5),
        (("bass drums harmony", 0.5), 2.0),
    ),
    SectionKind.OUTRO: (
        (("harmony bass melody", 0.45), 3.0),
        (("harmony bass drums melody", 0.5), 3.0),
        (("harmony bass", 0.4), 2.0),
        (("harmony counter bass", 0.4), 2.0),
    ),
}

COMPING = (
    (("0:16:all",), 2.0),
    (("0:16:all", "0:10:all 10:6:all-"), 2.0),
    (("0:8:all 8:8:all-",), 1.5),
    (("0:7:all! 7:1:top- 8:8:all-", "0:7:all! 10:6:all"), 1.0),
    (("0:6:all 6:10:all!",), 2.0),
    (("0:6:all 6:8:all! 14:4:push", "3:5:all- 8:8:all"), 2.0),
    (("0:3:all! 6:2:all- 10:5:all", "0:3:all! 6:6:all 12:2:top- 14:2:all-"), 2.0),
    (("2:2:all 6:2:all! 10:2:all 14:2:all-", "2:2:all 6:2:all! 10:4:all"), 1.5),
    (("4:2:all! 12:2:all!", "4:2:all! 11:1:top- 12:3:all!"), 1.5),
    (("0:16:1 2:14:2- 4:12:3 6:10:4", "0:16:1 2:14:2- 4:12:3 6:10:4 12:4:3-"), 2.0),
    (("0:8:1 2:6:2- 4:4:3 6:2:4- 8:8:1 10:6:3- 12:4:4 14:2:2-",), 1.5),
    (("0:4:low 2:4:top- 6:4:top 8:6:low 10:4:top- 14:2:top",), 1.5),
    (("0:10:all 10:3:top- 13:3:all", "0:6:all 7:9:all!"), 1.5),
    (("0:2:all! 3:3:all 8:2:all- 11:5:all!", "0:2:all! 3:3:all 10:6:all"), 1.5),
    (("0:12:all 12:2:top- 14:6:push", "6:2:top- 8:8:all"), 1.5),
)

BASS = (
    (("0:14:R 14:2:A-", "0:10:R 10:4:R- 14:2:A"), 2.0),
    (("0:6:R! 6:2:R- 8:6:5 14:2:A", "0:6:R! 8:8:R"), 2.0),
    (("0:7:R! 7:3:R- 10:4:5 14:2:A-", "0:7:R! 10:6:8"), 2.0),
    (("0:4:R! 6:4:R 10:3:5 13:3:A-",), 1.5),
    (("0:3:R! 3:5:R 8:2:8- 10:4:R 14:2:A", "0:3:R! 3:5:R 10:6:5"), 1.5),
    (("0:8:R 8:4:5 12:4:A", "0:8:R 8:4:8 12:4:A"), 1.5),
    (("0:4:R! 4:4:3 8:4:5 12:4:A", "0:4:R! 4:4:5 8:4:7 12:4:A"), 1.0),
    (("0:6:R! 7:1:R- 8:4:R 12:2:8 14:2:7-",), 1.0),
    (("0:12:R",), 1.0),
    (("0:2:R! 3:1:R- 6:4:R 11:3:7 14:2:A", "0:2:R! 3:1:R- 6:8:R"), 1.5),
    (("0:6:R 6:6:8- 12:4:5", "0:6:R 6:4:5- 10:6:R"), 1.5),
)

DRUMS = DrumVocabulary(
    kicks=(
        (("x.......x.o.....", "x.......x......."), 3.0),
        (("x.....o.x.......", "x.....o...x....."), 3.0),
        (("x.......o.x.....", "x..o....o.x....."), 3.0),
        (("x..o......x.....", "x..o....o......."), 2.5),
        (("x......o..x.....", "x......o..x..o.."), 2.5),
        (("x.o.......x.....", "x.........x..o.."), 2.0),
        (("x.........x.....", "x.......o......o"), 2.0),
        (("x.....x...o.....", "x.....x...o...o."), 1.5),
        (("x..o..o...x.....", "x......o..x....."), 1.5),
        (("x.......x.......", "x.......x.....o."), 1.5),
        (("x..........ox...", "x..o.......o...."), 0.7),
    ),
    backbeats=(("....x.......x...", 10.0), ("....x.......x..-", 1.5), ("....x.......x.o.", 0.5)),
    ghosts=(
        ("................", 4.0),
        (".......-........", 2.5),
        (".......-.-......", 2.0),
        ("...............-", 1.5),
        (".......-.......-", 1.5),
        (".-.......-......", 1.0),
    ),
    hats=(
        ("x.o.x.o.x.o.x.o.", 5.0),
        ("o.x.o.x.o.x.o.x.", 2.0),
        ("x.o.x.o-x.o.x.O.", 2.0),
        ("x.o.x.oox.o.x.o.", 2.0),
        ("x-o-x-o-x-o-x-o-", 1.5),
        ("x.o.x-o.x.o-x.o.", 2.0),
        ("x...x.o.x...x.o.", 1.5),
        ("..x...x...x...x.", 1.2),
        ("x.oox.o.x.oox.o.", 1.2),
        ("x...x...x...x...", 0.8),
        ("x.o.x.O...o.x.o.", 1.0),
    ),
    layers=(
        (None, 6.0),
        ((70, "-.o.-.o.-.o.-.o."), 1.5),
        ((70, "-.-o-.-o-.-o-.-o"), 1.0),
        ((54, "....o.......o..."), 1.2),
        ((69, "..-...-...-...-."), 1.0),
        ((39, "....-.......-..."), 0.8),
        (
            (
                53,
                "o...............",
            ),
            0.4,
        ),
        ((56, "......-........."), 0.2),
    ),
    fills=(
        (("38 ............oo.o",), 2.0),
        (("38 ............-ooo",), 1.5),
        (("38 ..........o..o..", "36 ........o.....o."), 2.0),
        (("38 ............o...", "45 .............oo.", "43 ...............o"), 1.5),
        (("48 ........o.o.....", "45 ............o...", "41 ..............o."), 1.0),
        (("38 ..............--", "46 ............o..."), 1.5),
        (("46 ..............O.",), 2.0),
        (("36 ............o...",), 1.5),
        (("37 ..........o.o..o", "36 ........o......."), 1.0),
    ),
    snares={
        SectionKind.INTRO: ((37, 3.0), (38, 1.0)),
        SectionKind.VERSE: ((38, 4.0), (37, 3.0), (40, 1.0)),
        SectionKind.CHORUS: ((38, 5.0), (40, 2.0), (37, 0.5)),
        SectionKind.BRIDGE: ((37, 3.0), (38, 2.0)),
        SectionKind.BREAK: ((37, 1.0),),
        SectionKind.OUTRO: ((38, 2.0), (37, 2.0)),
    },
    quiet=(
        (("42 x.o.x.o.x.o.x.o.",), 2.0),
        (("42 x...o...x...o...", "36 x.......x......."), 2.0),
        (("51 x...o...x...o.o.",), 1.0),
        (("70 o.-.o.-.o.-.o.-.", "36 x..............."), 1.0),
        (("37 ....o.......o...", "42 x.o.x.o.x.o.x.o."), 2.0),
    ),
)

MELODY = MelodyVocabulary(
    beats=(
        ("x~x~", 4.5),
        ("x~~~", 3.0),
        ("~~~~", 2.0),
        ("~~x~", 2.4),
        ("..x~", 2.6),
        ("....", 1.4),
        ("x~~x", 1.2),
        ("xx~x", 0.7),
        ("xxx~", 0.8),
        ("x~xx", 0.8),
        (".x~x", 0.3),
        ("~x~~", 0.5),
        ("ttt", 0.15),
    ),
    least=4,
    most=8,
    moves=((1, 4.2), (-1, 4.8), (2, 2.6), (-2, 2.4), (3, 1.1), (-3, 0.8), (4, 0.7), (-4, 0.3), (0, 1.0)),
    phrases={
        4: (
            ("a b a d", 3.0),
            ("a a' b d", 2.0),
            ("a b f d", 2.0),
            ("a . a' d", 1.2),
            ("b a a' d", 1.0),
            ("a c a d", 1.5),
        ),
        8: (
            ("a b a c a b f d", 3.0),
            ("a a' b c a a' b' d", 3.0),
            ("a . a' c a . f d", 1.0),
            ("a b a' b' a b f d", 2.5),
            ("a f b c a f b d", 2.0),
            ("a i b c a i f d", 2.0),
            ("a b b c a b i d", 2.0),
            ("a a' a c b b' a d", 2.0),
            ("a b . c a b a' d", 1.5),
            ("a c a' . b c a d", 1.2),
        ),
    },
    sparse={
        4: ((". a . d", 2.0), ("a . a' d", 2.0), ("a . b d", 2.0), (". a . f", 1.0), ("a c . d", 1.0)),
        8: (("a . a' c a . b d", 2.0), (". a . c . a b d", 1.0), ("a b . c a b . d", 1.0)),
    },
    half_closes=(
        ("x~x~ x~~~ ~~~~ ....", 2.0),
        ("x~~~ x~~~ ~~~~ ....", 2.0),
        ("..x~ x~x~ ~~~~ ....", 1.5),
        ("x~~x ~~x~ ~~~~ ....", 1.5),
        ("x~~~ ~~~~ ..x~ x~x~", 1.5),
        ("..x~ x~x~ x~~~ ~~..", 1.0),
        ("x~x~ ~~x~ ~~~~ ..x~", 1.0),
    ),
    full_closes=(
        ("x~~~ ~~~~ ~~~~ ....", 2.0),
        ("x~x~ x~~~ ~~~~ ~~..", 2.0),
        ("x~~x ~~x~ ~~~~ ....", 1.5),
        ("..x~ x~x~ ~~~~ ....", 1.5),
        ("x~~~ x~~~ ~~~~ ....", 1.5),
        ("x~x~ ~~x~ ~~~~ ....", 1.5),
        ("x~x~ x~~~ .... ..x~", 0.8),
    ),
    arcs=(
        ((0, 0, 0, -1, 1, 1, 2, 0), 3.0),
        ((0, 1, 0, 0, 1, 2, 1, 0), 2.0),
        ((0, 0, 1, 1, 2, 2, 1, 0), 2.0),
        ((2, 1, 1, 0, 2, 1, 0, 0), 2.0),
        ((0, 0, 0, 0, 2, 2, 1, 0), 2.0),
        ((0, -1, 0, -1, 0, -1, 1, 0), 1.0),
        ((1, 1, -1, -1, 1, 3, 1, 0), 1.0),
    ),
    pentatonic_pull=0.35,
    centre=72,
    chorus_lift=3,
)

LOFI = Grammar(
    name="lofi",
    meter=METERS["4/4"],
    tempo_bpm=(66.0, 92.0),
    swing=(0.54, 0.62),
    modes=((Mode.MINOR, 0.46), (Mode.DORIAN, 0.25), (Mode.MAJOR, 0.25), (Mode.LYDIAN, 0.04)),
    forms=FORMS,
    casts=CASTS,
    cells={
        Mode.MINOR: MINOR_CELLS,
        Mode.DORIAN: DORIAN_CELLS,
        Mode.MAJOR: MAJOR_CELLS,
        Mode.LYDIAN: LYDIAN_CELLS,
    },
    endings={
        Mode.MINOR: (("iv9 i9", 2.0), ("V7b9 i9", 2.0), ("VImaj7 im11", 1.0), ("bII7 i9", 1.0)),
        Mode.DORIAN: (("IV9 i9", 3.0), ("v7 im11", 1.0), ("VIImaj7 i9", 1.0)),
        Mode.MAJOR: (("V13 Imaj9", 3.0), ("ivm6 Imaj9", 1.5), ("bII7 Imaj7", 1.0), ("ii9 Imaj9", 1.0)),
        Mode.LYDIAN: (("II9 Imaj9", 1.0),),
    },
    colours=COLOURS,
    approach_share=0.14,
    comping=COMPING,
    bass=BASS,
    counters=(("pad", 3.0), ("arpeggio", 2.5), ("answer", 3.0), ("guide", 2.0)),
    drums=DRUMS,
    melody=MELODY,
    parts={
        Role.MELODY: Casting(
            programs=((4, 3.0), (5, 1.5), (11, 2.5), (26, 2.5), (24, 1.0), (73, 1.2), (66, 1.0)), low=60, high=84
        ),
        Role.COUNTER: Casting(programs=((88, 2.0), (89, 2.5), (48, 1.5), (11, 2.0)), low=55, high=81),
        Role.HARMONY: Casting(programs=((4, 4.0), (5, 2.0), (0, 2.0), (88, 0.6), (26, 1.0)), low=48, high=76),
        Role.BASS: Casting(programs=((33, 4.0), (32, 2.5), (35, 1.5)), low=28, high=50),
        Role.DRUMS: Casting(programs=((0, 1.0),), low=35, high=70),
    },
)
