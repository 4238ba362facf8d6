"""Bossa nova, written down: straight eighths, a guitar that syncopates over two bars, a soft tune that comes early.

The bass rocks between root and fifth in dotted quarters, the rim plays a clave of two bars over steady hats or a
shaker, the harmony moves in ninths, sixths, diminished passing chords and chromatic steps downwards. Conventions: see
`grammar`; the music is notated in 4/4 with the eighth as the smallest step.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import Casting, DrumVocabulary, Grammar, MelodyVocabulary
from engine.music.harmony import Mode
from engine.music.notes import Role, SectionKind
from engine.music.timing import METERS

MAJOR_CELLS = (
    ("Imaj9 Imaj9 II13 II13 ii9 bII9 Imaj9 bII9", 3.0),
    ("Imaj9 Imaj9 II9 II9 ii9 V13 Imaj9 Imaj9", 2.0),
    ("Imaj7 #idim7 ii9 V13 iii7 biiidim7 ii9 V7b9", 2.5),
    ("Imaj9 IVmaj7 iii7 VI7b9 ii9 V13 Imaj9 Imaj9", 2.0),
    ("IVmaj9 iv6|bVII9 iii7 VI7b9 ii9 V13 I6 I6", 2.0),
    ("Imaj9 bvidim7 v9 I7b9 IVmaj9 iv6 iii7|VI7b9 II9|V13", 2.0),
    ("Imaj7 Imaj7 II9 II9 ii9 V13 iiiø7 VI7b9", 2.0),
    ("vi6 vi6 bvidim7 bvidim7 v9 I13 IVmaj9 iv6", 1.5),
    ("I6 I6 VII7sus4 VII7b9 I6 iii7 VI7b9 VI7b9", 1.2),
    ("iii7 biii7 ii9 bII9 iii7 biii7 ii9 bII9", 2.0),
    ("Imaj9 Imaj9 bVImaj7 bII9 Imaj9 Imaj9 iii7 VI7b9", 1.5),
    ("Imaj9 VII9 bVII9 VI13 bVI9 V13 Imaj9 Imaj9", 1.5),
    ("ii9 V13 Imaj9 vi9 ii9 V13 Imaj9 Imaj9", 2.0),
    ("Imaj9 vi9 ii9 bII9 Imaj9 vi9 ii9 V13", 2.0),
    ("Imaj9 iv6 Imaj9 VI7b9 ii9 V13 Imaj9 I13", 1.5),
    ("Imaj9 bIIIdim7 ii9 V13 Imaj9 bVII9 Imaj9 VI7b9", 1.2),
    ("ii9 bII9 Imaj9 bVII9 ii9 bII9 Imaj9 Imaj9", 1.5),
    ("I6 biiidim7 ii9 iv6 iii7 biiidim7 ii9|V13 I6", 1.5),
    ("Imaj9 VI7b9 ii9 V13", 2.0),
    ("Imaj9 bII9 Imaj9 bII9", 2.0),
    ("ii9 V13 Imaj9 VI7b9", 2.0),
    ("iii7 biii7 ii9 bII9", 1.5),
    ("Imaj9 IVmaj9 Imaj9 IVmaj9", 1.0),
    ("Imaj9 ii9 iii7 ii9", 1.0),
)

MAJOR_BRIDGES = (
    ("bIImaj9 bV9 bii9 VI9 ii9 bVII9 iii7|VI7b9 ii9|V7b9", 2.0),
    ("iv9 bVII13 bIIImaj9 bIIImaj9 biii9 bVI13 bIImaj9 V7b9", 2.0),
    ("IVmaj9 iv6 iii7 VI7b9 II9 II9 ii9 V7b9", 2.5),
    ("vi9 vi9 II9 II9 ii9 ii9 bII9 V13", 2.0),
    ("iii9 iii9 VI13 VI13 ii9 bVII9 ii9 V13", 2.0),
    ("v9 I13 IVmaj9 IVmaj9 iv9 bVII13 iii7|VI7b9 ii9|V13", 2.0),
    ("iii9 #iv7 VII7b9 iii9 ii9 V13 iiiø7|VI7b9 ii9|V13", 1.2),
    ("IVmaj9 #ivdim7 iii7 biiidim7 ii9 ii9 V7sus4 V7b9", 2.0),
    ("vi9|bvidim7 v9|I13 IVmaj9 iv6 iii7|biiidim7 ii9 bII9 V13", 1.5),
)

MINOR_CELLS = (
    ("i9 iiø7|V7b9 i9 iiø7|V7b9 i9 iv9|VII13 IIImaj7 IIImaj7", 2.0),
    ("i9 i9 iv9 iv9 iiø7 V7b9 i9 i9", 3.0),
    ("i9 #viidim7 vii6 IV9/#6 VImaj7 VImaj7 iiø7 V7b9", 2.5),
    ("i9|imaj7 i7|i6 iv9 VII13 IIImaj9 VImaj7 iiø7 V7b9", 2.0),
    ("iv9 VII13 IIImaj9 VImaj9 iiø7 V7b9 i6 i6", 2.5),
    ("i9 bII9 i9 bII9 iv9 bII9 i9 i9", 1.5),
    ("i6 i6 V9/V V9/V iiø7 bII9 i6 V7b9", 1.5),
    ("i9 IV9 i9 IV9 VImaj7 V7b9 i9 i9", 1.5),
    ("i9 VImaj7 iiø7 V7b9 i9 VImaj7 iiø7 V7b9", 2.0),
    ("i9 v9|V7b9/iv iv9 VII13 IIImaj9 VImaj7 iiø7|V7b9 i9", 2.0),
    ("i6 i6 #viø7 VI9 i6/5 VI9 iiø7 V7b9", 1.5),
    ("iv9 iv9 i9 i9 iiø7 V7b9 i9 V7b9/iv", 2.0),
    ("i9 VII9 VImaj9 V7b9 i9 VII9 VImaj9|V7b9 i6", 1.5),
    ("i9 V7b9/#7 i9/7 IV9/#6 VImaj7 iv9 iiø7 V7b9", 1.5),
    ("i9 VI9 i9 V7b9", 1.5),
    ("iiø7 V7b9 i9 i9", 1.5),
    ("i9 IV9 i9 IV9", 1.2),
    ("iv9 VII13 IIImaj9 VImaj9", 1.5),
)

MINOR_BRIDGES = (
    ("iii9 VI13 bIImaj9 bIImaj9 iiø7 V7b9 i9 iiø7|V7b9", 2.5),
    ("iv9 VII13 IIImaj9 IIImaj9 VImaj9 iiø7 V7sus4 V7b9", 2.0),
    ("IIImaj9 IIImaj9 iv9 VII13 IIImaj9 VImaj7 iiø7 V7b9", 2.0),
    ("vø7 V7b9/iv iv9 iv9 VII9 VII9 IIImaj9 iiø7|V7b9", 2.0),
    ("VImaj9 VImaj9 VII13 VII13 IIImaj9 #viø7 iiø7 V7b9", 1.5),
    ("iv9 iv9 i9 i9 V9/V V9/V VI9 V7b9", 1.5),
)

COLOURS = {
    "m9": (("m9", 3.5), ("m7", 3.0), ("m11", 0.6)),
    "m7": (("m7", 5.0), ("m9", 0.7)),
    "m6": (("m6", 5.0), ("m9", 1.0), ("mmaj7", 0.4)),
    "maj9": (("maj9", 4.0), ("maj7", 4.0), ("6", 2.0)),
    "maj7": (("maj7", 5.0), ("maj9", 2.0), ("6", 1.0)),
    "6": (("6", 4.0), ("maj9", 1.5)),
    "9": (("9", 4.0), ("7", 2.0), ("13", 1.5)),
    "13": (("13", 4.0), ("9", 2.0), ("7sus4", 0.8), ("7", 1.0)),
    "7b9": (("7b9", 5.0), ("7", 1.5)),
}

FORMS = (
    ("intro:I:4 verse:A:8 verse:A:8 bridge:B:8 verse:A:8", 3.0),
    ("intro:I:4 verse:A:8 verse:A:8 bridge:B:8 verse:A:8 outro:O:4", 3.0),
    ("verse:A:8 verse:A:8 bridge:B:8 verse:A:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 verse:B:8 verse:A:8 verse:B:8 outro:O:4", 2.5),
    ("verse:A:8 verse:B:8 verse:A:8 verse:C:8", 2.0),
    ("intro:I:8 verse:A:8 chorus:B:8 verse:A:8 chorus:B:8 outro:O:8", 1.5),
    ("intro:I:4 verse:A:8 verse:A:8 bridge:B:8 verse:A:8 chorus:A2:8 bridge:B:8 verse:A:8 outro:O:4", 2.0),
    ("verse:A:8 verse:A:8 bridge:B:8 verse:A:8 break:D:4 bridge:B:8 verse:A:8", 1.5),
    ("intro:I:4 verse:A:8 verse:B:8 chorus:A2:8 verse:B:8 outro:O:4", 1.5),
    ("intro:I:4 verse:A:8 bridge:B:8 verse:A:8 outro:O:4", 2.0),
)

CASTS = {
    SectionKind.INTRO: (
        (("harmony", 0.4), 2.0),
        (("harmony bass", 0.4), 2.0),
        (("harmony bass drums", 0.5), 3.0),
        (("harmony drums", 0.45), 1.0),
        (("harmony bass drums melody", 0.5), 1.5),
    ),
    SectionKind.VERSE: (
        (("harmony bass drums melody", 0.55), 6.0),
        (("harmony bass drums melody counter", 0.6), 2.0),
        (("harmony bass melody", 0.5), 1.0),
    ),
    SectionKind.CHORUS: (
        (("harmony bass drums melody", 0.7), 4.0),
        (("harmony bass drums melody counter", 0.75), 4.0),
    ),
    SectionKind.BRIDGE: (
        (("harmony bass drums melody counter", 0.65), 4.0),
        (("harmony bass drums melody", 0.6), 4.0),
    ),
    SectionKind.BREAK: (
        (("harmony bass drums", 0.5), 3.0),
        (("harmony bass", 0.4), 1.0),
        (("harmony bass drums counter", 0.5), 1.5),
    ),
    SectionKind.OUTRO: (
        (("harmony bass drums melody", 0.5), 4.0),
        (("harmony bass melody", 0.45), 2.0),
        (("harmony bass drums", 0.45), 2.0),
    ),
}

COMPING = (
    (("0:6:all 6:6:all! 12:4:all-", "2:4:all 6:6:all! 12:4:all-", "2:4:all 8:6:all! 14:4:push"), 3.0),
    (("0:4:all 6:4:all! 12:2:all-", "4:4:all! 10:4:all", "4:4:all! 10:3:all 14:4:push"), 3.0),
    (("0:3:all 6:3:all! 12:3:all", "4:3:all! 10:5:all", "4:3:all! 10:3:all 14:4:push"), 3.0),
    (("4:2:all- 6:4:all! 12:2:all 14:2:push", "4:4:all 10:4:all!", "4:2:all- 6:4:all! 14:4:push"), 2.5),
    (("2:2:all 6:4:all! 10:2:all- 14:4:push", "6:4:all 10:4:all!", "6:2:all 8:6:all! 14:4:push"), 2.0),
    (("0:2:all 4:2:all- 6:4:all! 12:4:all", "2:2:all 6:4:all! 12:3:all-", "2:2:all 6:4:all! 10:4:all 14:4:push"), 2.0),
    (("0:6:all 6:10:all!", "4:6:all 10:6:all!", "4:6:all 10:4:all! 14:4:push"), 2.0),
    (("4:3:all 10:4:all!", "4:3:all 10:4:all! 14:2:push", "4:3:all 8:2:all- 10:4:all!"), 1.5),
    (("0:4:top 4:2:all- 6:4:all! 12:4:top-", "2:4:top 6:6:all! 14:2:top-"), 1.0),
    (("0:2:low 2:2:top- 6:4:top! 10:2:low 12:4:top", "2:4:top 6:4:top! 10:2:low- 12:4:top-"), 0.8),
)

BASS = (
    (("0:6:R! 6:2:5- 8:6:5 14:2:N-", "0:6:R! 6:2:5- 8:6:5 14:2:A-"), 4.0),
    (("0:6:R! 6:2:F- 8:6:F 14:2:N-",), 4.0),
    (("0:6:R! 6:2:R- 8:6:5 14:2:5-", "0:6:R! 6:2:R- 8:6:5 14:2:N-"), 3.0),
    (("0:6:R! 6:2:5 8:6:5! 14:2:R-", "0:6:R! 6:2:5 8:4:8 12:4:A"), 2.0),
    (("0:8:R! 8:6:5 14:2:N-", "0:8:R! 8:8:5"), 2.0),
    (("0:6:R! 6:10:5", "0:6:R! 6:2:5 8:6:R 14:2:N-"), 1.5),
    (("0:6:R! 6:2:F 8:8:F", "0:6:R! 6:2:F 8:6:F 14:2:A-"), 2.0),
)

NOTHING = "................"
CLAVE = ("o.....o.....o...", "....o.....o.....")
DRUMS = DrumVocabulary(
    kicks=(
        (("o.....-.o.....-.", "o.....-.o.....-."), 5.0),
        (("o.....-.o.....-.", "o.....-.o.....o."), 3.0),
        (("o.......-.....-.", "o.......-.....-."), 2.0),
        (("o.....-.o.......", "o.....-.o.....-."), 1.5),
        (("o.......-.......", "o.......-.....-."), 1.0),
    ),
    backbeats=((NOTHING, 1.0),),
    ghosts=((NOTHING, 1.0),),
    hats=(
        ("o.o.o.o.o.o.o.o.", 4.0),
        ("x.o.o.o.x.o.o.o.", 3.0),
        ("o.-.o.-.o.-.o.-.", 2.0),
        ("x.o.x.o.x.o.x.o.", 2.0),
        ("o.o.x.o.o.o.x.o.", 1.5),
    ),
    layers=(
        (None, 3.0),
        ((70, "o.-.o.-.o.-.o.-."), 2.0),
        ((70, "-.o.-.o.-.o.-.o."), 1.5),
        ((70, "o-o-o-o-o-o-o-o-"), 0.5),
        ((44, "....-.......-..."), 1.5),
        ((38, "-.-.-.-.-.-.-.-."), 0.8),
    ),
    fills=(
        (("37 ........o.o...o.",), 2.0),
        (("37 ..........o.o.o.", "36 ........o......."), 1.5),
        (("45 ............o.o.",), 1.0),
        (("46 ..............O.",), 2.0),
        (("38 ..........-.-.o.",), 1.5),
        (("49 ..............-.",), 0.7),
    ),
    snares=dict.fromkeys(SectionKind, ((37, 1.0),)),
    quiet=(
        (("70 o.-.o.-.o.-.o.-.",), 2.0),
        (("42 o.o.o.o.o.o.o.o.", "36 o.......o......."), 2.0),
        (("70 o.-.o.-.o.-.o.-.", "36 o.....-.o.....-."), 2.0),
        (("42 o.o.o.o.o.o.o.o.", "37 o.....o.....o..."), 1.5),
    ),
    cymbals={
        SectionKind.VERSE: ((42, 1.0),),
        SectionKind.CHORUS: ((42, 2.0), (51, 2.0)),
        SectionKind.BRIDGE: ((42, 3.0), (51, 2.0)),
    },
    pairs=(
        ((37, *CLAVE), 4.0),
        ((37, CLAVE[1], CLAVE[0]), 2.5),
        ((37, "o.....o.....o...", "....o.....o...o."), 1.5),
        ((37, "o.....o...o...o.", "....o.....o....."), 1.2),
        ((37, "o.....o.....o...", "..o.....o.....o."), 1.2),
        ((37, "....o.....o.....", "....o.....o....."), 1.0),
    ),
)

MELODY = MelodyVocabulary(
    beats=(
        ("x~x~", 3.4),
        ("~~x~", 5.0),
        ("x~~~", 2.0),
        ("~~~~", 2.4),
        ("..x~", 2.8),
        ("....", 2.1),
        ("ttt", 0.12),
        ("~~..", 0.8),
    ),
    least=3,
    most=7,
    moves=((1, 6.4), (-1, 7.2), (2, 2.0), (-2, 2.0), (3, 0.9), (-3, 0.7), (4, 0.5), (-4, 0.2), (0, 1.8)),
    phrases={
        4: (("a b a' d", 2.5), ("a a' b d", 2.0), ("a b f d", 1.5), ("a c a d", 1.5), ("a . a' d", 1.0)),
        8: (
            ("a b a' c a b f d", 3.0),
            ("a a' b c a a' b' d", 3.0),
            ("a f b c a f b d", 2.5),
            ("a b a f b b' a d", 2.0),
            ("a . b c a . b d", 1.2),
            ("a b' a c f b a d", 2.0),
            ("a a b c i i b d", 1.5),
            ("a b . c a b i d", 1.5),
        ),
    },
    sparse={
        4: ((". a . d", 2.0), ("a . a' d", 2.0), ("a . b d", 2.0)),
        8: (("a . a' c a . b d", 2.0), (". a . c . a b d", 1.0), ("a b . c a b . d", 1.5)),
    },
    half_closes=(
        ("x~x~ ~~x~ ~~~~ ~~..", 2.5),
        ("x~~~ ~~x~ ~~~~ ....", 2.0),
        ("..x~ ~~x~ ~~~~ ~~..", 2.0),
        ("x~x~ x~~~ ~~~~ ..x~", 1.5),
        ("x~~~ ~~~~ ~~.. ..x~", 1.5),
    ),
    full_closes=(
        ("x~x~ ~~x~ ~~~~ ~~..", 2.5),
        ("x~~~ ~~x~ ~~~~ ....", 2.0),
        ("..x~ ~~x~ ~~~~ ~~..", 2.0),
        ("x~~~ ~~~~ ~~~~ ....", 1.5),
        ("x~x~ x~~~ ~~~~ ..x~", 1.2),
    ),
    arcs=(
        ((0, 0, 0, -1, 1, 1, 2, 0), 2.0),
        ((2, 1, 1, 0, 1, 0, 0, -1), 2.5),
        ((0, -1, -1, -2, 0, -1, 1, 0), 2.0),
        ((0, 1, 0, 0, 1, 2, 1, 0), 2.0),
        ((1, 1, 0, 0, 2, 1, 0, 0), 2.0),
    ),
    pentatonic_pull=0.05,
    centre=69,
    chorus_lift=2,
    chromatic=0.18,
    guide_pull=0.8,
)

BOSSA = Grammar(
    name="bossa",
    meter=METERS["4/4"],
    tempo_bpm=(110.0, 150.0),
    swing=(0.5, 0.5),
    modes=((Mode.MAJOR, 0.6), (Mode.MINOR, 0.4)),
    forms=FORMS,
    casts=CASTS,
    cells={Mode.MAJOR: MAJOR_CELLS, Mode.MINOR: MINOR_CELLS},
    endings={
        Mode.MAJOR: (("ii9|bII9 Imaj9", 3.0), ("V13 I6", 2.0), ("iv6 Imaj9", 2.0), ("bIImaj7 Imaj9", 1.0)),
        Mode.MINOR: (("iiø7|V7b9 i9", 3.0), ("bII9 i6", 2.0), ("V7b9 i6", 1.5), ("iv9 i9", 1.0)),
    },
    colours=COLOURS,
    approach_share=0.03,
    comping=COMPING,
    bass=BASS,
    counters=(("guide", 4.0), ("answer", 2.5), ("pad", 2.5)),
    drums=DRUMS,
    melody=MELODY,
    parts={
        Role.MELODY: Casting(
            programs=((73, 2.5), (24, 2.0), (66, 2.0), (11, 1.2), (0, 1.0), (26, 1.0), (53, 1.2), (65, 0.6)),
            low=57,
            high=82,
        ),
        Role.COUNTER: Casting(programs=((48, 3.0), (73, 1.2), (11, 1.2), (89, 0.8), (66, 0.8)), low=55, high=79),
        Role.HARMONY: Casting(programs=((24, 7.0), (0, 1.5), (4, 1.2), (26, 1.0)), low=48, high=76, rootless=True),
        Role.BASS: Casting(programs=((32, 5.0), (33, 1.5), (35, 0.6)), low=28, high=50),
        Role.DRUMS: Casting(programs=((0, 4.0), (40, 1.5), (32, 1.0)), low=35, high=70),
    },
    borrow_share=0.4,
    cells_by_kind={SectionKind.BRIDGE: {Mode.MAJOR: MAJOR_BRIDGES, Mode.MINOR: MINOR_BRIDGES}},
    melodies={SectionKind.CHORUS: replace(MELODY, least=4, most=8, chromatic=0.3)},
    turnaround_share=0.5,
)
