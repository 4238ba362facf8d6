"""Blues, written down: the vocabularies that the players read.

Choruses of twelve bars (some of eight or sixteen) over I7, IV7 and V7, or i7, iv7, VI7 and V7; tunes in three phrases,
call, call again, answer, on the blues scale; boogie and walking basses, rhythm guitars on fifth, sixth and seventh,
answers of organ or piano. Three feels: shuffle, slow twelve-eight (written in 4/4 with triplets), straight rock'n'roll.
Conventions: see `grammar`; shuffles are written straight, the song's swing makes them. Caveat: mixolydian and major
songs share their numerals, since a blues in C is called C major as often as not.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import Casting, DrumVocabulary, Grammar, MelodyVocabulary
from engine.music.harmony import Mode
from engine.music.notes import Role, SectionKind
from engine.music.timing import METERS

MAJOR_CELLS = (
    ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", 5.0),
    ("I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", 5.0),
    ("I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7|IV7 I7|V7", 4.0),
    ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 I7", 2.5),
    ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 V7 I7 V7", 2.0),
    ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7|I7/3 IV7|V7", 1.5),
    ("I7 IV7 I7 I7 IV7 #IVdim7 I7 I7 V7 IV7 I7|IV7 I7|V7", 1.5),
    ("I7 IV7 I7 I7 IV7 #IVdim7 I7 VI7 ii7 V7 I7|VI7 ii7|V7", 2.0),
    ("I7 IV7 I7 I7 IV7 IV7 I7 VI7 II7 V7 I7|VI7 II7|V7", 1.5),
    ("I7 IV7 I7 I7 IV7 ivm6 I7 VI7 II7 V7 I7 V7", 1.0),
    ("I7 V7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", 1.0),
    ("I7 I7 I7 I7 IV7 IV7 I7 I7 V7 bVI7|V7 I7 V7", 0.8),
    ("I7 IV7 I7 I7 IV7 IV7 I7 iii7|VI7 ii7 V7 I7|IV7 I7|V7", 1.0),
    ("I7 I7 I7 I7 IV7 IV7 I7 I7 bVI7 V7 I7 V7", 0.8),
    ("I7 V7 IV7 IV7 I7 V7 I7 V7", 3.0),
    ("I7 I7 IV7 IV7 I7 V7 I7|IV7 I7|V7", 2.0),
    ("I7 I7 IV7 #IVdim7 I7|VI7 II7|V7 I7 V7", 1.5),
    ("I7 I7/3 IV7 #IVdim7 I7 V7 I7|IV7 I7|V7", 1.5),
    ("I7 V7 IV7 I7 I7 V7 I7 V7", 1.5),
    ("I7 VI7 II7 V7 I7|I7/3 IV7|#IVdim7 I7|V7 I7|V7", 1.0),
    ("I7 I7 I7 I7 I7 I7 I7 I7 IV7 IV7 I7 I7 V7 IV7 I7 V7", 2.0),
    ("I7 IV7 I7 I7 IV7 IV7 I7 I7 V7 IV7 V7 IV7 V7 IV7 I7 V7", 1.5),
    ("I7 I7 I7 I7 IV7 IV7 I7 I7 IV7 IV7 I7 VI7 II7 V7 I7 V7", 1.0),
    ("V7 IV7 I7 V7", 4.0),
    ("V7 IV7 I7|IV7 I7|V7", 2.5),
    ("I7 I7 I7 V7", 1.5),
    ("I7|I7/3 IV7|#IVdim7 I7|VI7 II7|V7", 1.0),
    ("IV7 #IVdim7 I7|VI7 II7|V7", 1.0),
)
MINOR_CELLS = (
    ("i7 i7 i7 i7 iv7 iv7 i7 i7 VI7 V7 i7 V7", 5.0),
    ("i7 iv7 i7 i7 iv7 iv7 i7 i7 VI7 V7 i7 V7", 4.0),
    ("i7 i7 i7 i7 iv7 iv7 i7 i7 VImaj7 V7 i7 i7", 3.0),
    ("i7 i7 i7 i7 iv7 iv7 i7 i7 v7 iv7 i7 v7", 2.0),
    ("i7 iv7 i7 i7 iv7 iv7 i7 i7 V7 iv7 i7 V7", 3.0),
    ("i7 i7 i7 i7 iv7 iv7 i7 i7 iiø7 V7b9 i7 iiø7|V7b9", 2.0),
    ("i7 iv7 i7 i7 iv7 iv7 i7 i7 VI7 V7b9 i7|VI7 iiø7|V7", 2.0),
    ("i7 i7 i7 i7 iv7 iv7 i7 VI7 iiø7 V7b9 i7|iv7 i7|V7", 1.5),
    ("i7 V7 i7 i7 iv7 iv7 i7 i7 VI7 V7 i7|iv7 i7|V7", 1.0),
    ("i7 i7 iv7 iv7 i7 V7 i7 V7", 2.0),
    ("i7 V7 i7 iv7 i7 VI7|V7 i7|iv7 i7|V7", 2.0),
    ("i7 VII7 VI7 V7 i7 iv7|V7 i7 V7", 1.5),
    ("i7 i7 i7 i7 iv7 iv7 i7 i7 iv7 iv7 i7 i7 VI7 V7 i7 V7", 2.0),
    ("VI7 V7 i7 V7", 3.0),
    ("V7 iv7 i7 V7", 2.0),
    ("i7 iv7 i7 V7", 1.5),
)

COLOURS = {
    "7": (("7", 6.0), ("9", 2.0), ("13", 0.8)),
    "m7": (("m7", 6.0), ("m9", 1.0), ("m", 1.0)),
    "maj7": (("maj7", 1.0),),
    "7b9": (("7b9", 2.0), ("7", 2.0)),
}

FORMS = (
    ("intro:I:4 verse:A:12 verse:A:12 chorus:B:12 verse:A:12", 4.0),
    ("intro:I:4 verse:A:12 chorus:B:12 verse:A:12 outro:O:4", 3.0),
    ("intro:I:4 verse:A:12 verse:A:12 chorus:B:12 outro:O:4", 2.0),
    ("verse:A:12 verse:A:12 chorus:B:12 verse:A:12", 3.0),
    ("verse:A:12 chorus:B:12 verse:A:12", 2.5),
    ("verse:A:12 verse:A:12 chorus:B:12", 2.0),
    ("intro:I:4 verse:A:12 verse:A:12 outro:O:4", 1.5),
    ("verse:A:12 chorus:B:12 chorus:C:12 verse:A:12", 1.5),
    ("intro:I:4 chorus:B:12 verse:A:12 chorus:B:12", 1.5),
    ("verse:A:12 verse:A:12 bridge:C:8 verse:A:12", 1.0),
    ("intro:I:4 verse:A:8 verse:A:8 chorus:B:8 verse:A:8", 1.5),
    ("verse:A:8 verse:A:8 chorus:B:8 chorus:B:8 verse:A:8 outro:O:4", 1.0),
    ("intro:I:4 verse:A:16 chorus:B:12 verse:A:16", 1.0),
    ("verse:A:16 chorus:B:16 verse:A:16", 0.6),
)

CASTS = {
    SectionKind.INTRO: (
        (("harmony bass drums melody", 0.55), 3.0),
        (("harmony melody", 0.4), 2.0),
        (("harmony bass drums", 0.5), 3.0),
        (("harmony", 0.4), 1.0),
        (("bass drums harmony counter", 0.5), 1.5),
    ),
    SectionKind.VERSE: (
        (("harmony bass drums melody", 0.6), 5.0),
        (("harmony bass drums melody counter", 0.62), 5.0),
    ),
    SectionKind.CHORUS: (
        (("harmony bass drums melody counter", 0.8), 5.0),
        (("harmony bass drums melody", 0.78), 5.0),
    ),
    SectionKind.BRIDGE: (
        (("harmony bass drums melody counter", 0.68), 3.0),
        (("harmony bass drums melody", 0.6), 3.0),
    ),
    SectionKind.OUTRO: (
        (("harmony bass drums melody", 0.6), 4.0),
        (("harmony bass melody", 0.5), 1.5),
        (("harmony bass drums melody counter", 0.6), 2.0),
    ),
}

SHUFFLE_COMPING = (
    (("0:2:five! 2:2:five- 4:2:six! 6:2:six- 8:2:five! 10:2:five- 12:2:six! 14:2:six-",), 3.0),
    (
        (
            "0:2:five! 2:2:five- 4:2:six! 6:2:six- 8:2:seven! 10:2:seven- 12:2:six! 14:2:six-",
            "0:2:five! 2:2:five- 4:2:six! 6:2:six- 8:2:five! 10:2:five- 12:4:all!",
        ),
        2.5,
    ),
    (("0:4:five! 4:4:six! 8:4:seven! 12:4:six!", "0:4:five! 4:4:six 8:4:five! 12:2:all 14:2:all-"), 1.5),
    (("0:2:five! 2:2:five- 4:2:six! 6:2:five- 8:2:five! 10:2:five- 12:2:six! 14:2:five-",), 1.5),
    (("4:2:all! 12:2:all!", "4:2:all! 12:2:all! 14:2:top-"), 2.0),
    (("2:2:all 6:2:all! 10:2:all 14:2:all!",), 2.0),
    (("0:3:all 4:3:all! 8:3:all 12:3:all!",), 2.0),
    (("0:16:all", "0:8:all 8:8:all-"), 1.2),
    (("0:6:all! 6:2:all", "0:6:all! 6:4:all 12:2:top- 14:2:all"), 1.5),
    (("2:2:top 4:3:all! 10:2:top 12:3:all!",), 1.5),
    (("0:4:all! 6:2:all- 10:2:all 14:2:push", "0:4:all! 6:2:all 8:6:all"), 1.2),
    (("0:3:all! 6:2:top- 8:3:all 14:2:top", "0:2:all! 2:2:top- 6:6:all!"), 1.2),
    (("0:2:all!", "0:2:all!", "0:2:all! 8:2:all 10:2:all- 12:4:all!"), 0.7),
)
SLOW_COMPING = (
    (("0:4:tri! 4:4:tri 8:4:tri 12:4:tri",), 1.3),
    (("0:4:all 4:4:tri! 8:4:all 12:4:tri!",), 2.2),
    (("0:16:all", "0:8:all 8:8:all-"), 2.0),
    (("0:12:all 12:4:tri-", "0:8:all! 8:4:tri 12:4:tri"), 1.5),
    (("0:4:all 4:4:all! 8:4:all 12:4:all!",), 1.5),
    (("0:6:all! 6:2:top- 8:6:all 14:2:top-", "0:6:all! 6:6:all 12:4:tri-"), 1.5),
    (("4:3:all! 12:3:all!", "4:3:all! 10:2:top- 12:4:all!"), 1.2),
    (("0:2:five! 2:2:five- 4:2:six! 6:2:six- 8:2:five! 10:2:five- 12:2:six! 14:2:six-",), 0.8),
    (("0:8:low 4:4:top! 8:8:low 12:4:top!",), 1.0),
)
STRAIGHT_COMPING = (
    (
        (
            "0:2:five! 2:2:five 4:2:six! 6:2:six 8:2:five! 10:2:five 12:2:six! 14:2:six",
            "0:2:five! 2:2:five 4:2:six! 6:2:six 8:2:seven! 10:2:seven 12:2:six! 14:2:six",
        ),
        4.0,
    ),
    (("0:2:five! 2:2:five 4:2:six! 6:2:five 8:2:five! 10:2:five 12:2:six! 14:2:five",), 2.0),
    (("4:2:all! 12:2:all!", "4:2:all! 6:2:all- 12:2:all!"), 1.5),
    (("0:2:all! 2:2:all- 4:2:all! 6:2:all- 8:2:all! 10:2:all- 12:2:all! 14:2:all-",), 1.5),
    (("0:3:all! 3:3:all 6:2:all 8:3:all! 12:4:all",), 1.0),
)

SHUFFLE_BASS = (
    (("0:4:R! 4:4:3 8:4:5 12:4:6",), 3.0),
    (("0:4:R! 4:4:3 8:4:5 12:4:6", "0:4:R! 4:4:8 8:4:s 12:4:6", "0:4:R! 4:4:3 8:4:5 12:4:A"), 3.0),
    (("0:4:R! 4:4:5 8:4:6 12:4:5",), 2.0),
    (("0:2:R! 2:2:R- 4:2:3 6:2:3- 8:2:5 10:2:5- 12:2:6 14:2:6-",), 2.0),
    (
        (
            "0:2:R! 2:2:R- 4:2:3 6:2:3- 8:2:5 10:2:5- 12:2:6 14:2:5-",
            "0:2:R! 2:2:R- 4:2:8 6:2:8- 8:2:s 10:2:s- 12:2:6 14:2:5-",
            "0:2:R! 2:2:R- 4:2:3 6:2:3- 8:2:5 10:2:5- 12:4:A",
        ),
        1.5,
    ),
    (("0:4:R! 4:4:3 8:4:5 12:4:A", "0:4:R! 4:4:5 8:4:7 12:4:A"), 2.5),
    (("0:4:R! 4:4:R 8:4:5 12:4:A", "0:4:R! 4:4:3 8:4:5 12:4:A"), 1.5),
    (("0:4:R! 4:4:b 8:2:3 10:2:5- 12:4:6", "0:4:R! 4:4:b 8:4:3 12:4:A"), 1.2),
    (("0:6:R! 6:2:R- 8:6:5 14:2:R-", "0:6:R! 6:2:R- 8:4:5 12:4:A"), 1.2),
    (("0:4:R! 4:4:R 8:4:R 12:4:R", "0:4:R! 4:4:R 8:4:5 12:4:A"), 0.8),
)
SLOW_BASS = (
    (("0:4:R! 4:4:R 8:4:5 12:2:6 14:2:5-", "0:4:R! 4:4:3 8:4:5 12:4:A"), 2.0),
    (("0:6:R! 6:2:R- 8:4:5 12:4:6", "0:6:R! 6:2:R- 8:4:5 12:4:A"), 2.5),
    (("0:4:R! 4:4:3 8:4:5 12:4:6", "0:4:R! 4:4:8 8:4:s 12:4:6", "0:4:R! 4:4:3 8:4:5 12:4:A"), 2.0),
    (("0:8:R! 8:6:5 14:2:A", "0:8:R! 8:4:R 12:4:A"), 1.5),
    (("0:4:R! 4:4:3 8:4:5 12:4:A", "0:4:R! 4:4:5 8:4:7 12:4:A"), 2.0),
    (("0:6:R! 6:2:5- 8:6:R 14:2:5-", "0:6:R! 6:2:5- 8:4:R 12:4:A"), 1.2),
    (("0:4:R! 4:4:8- 8:4:s 12:4:5", "0:4:R! 4:4:R 8:4:5 12:4:A"), 1.0),
)
STRAIGHT_BASS = (
    (("0:2:R! 2:2:R 4:2:3 6:2:3 8:2:5 10:2:5 12:2:6 14:2:5",), 2.5),
    (
        (
            "0:2:R! 2:2:R 4:2:3 6:2:3 8:2:5 10:2:5 12:2:6 14:2:6",
            "0:2:R! 2:2:8 4:2:s 6:2:s 8:2:6 10:2:6 12:2:5 14:2:5",
            "0:2:R! 2:2:R 4:2:3 6:2:3 8:2:5 10:2:5 12:4:A",
        ),
        2.0,
    ),
    (("0:4:R! 4:4:3 8:4:5 12:4:6", "0:4:R! 4:4:8 8:4:6 12:4:A"), 2.0),
    (("0:2:R! 2:2:R 4:2:5 6:2:5 8:2:6 10:2:6 12:2:5 14:2:5",), 1.5),
    (("0:2:R! 2:2:R- 4:2:R 6:2:R- 8:2:R 10:2:R- 12:2:R 14:2:R-", "0:2:R! 2:2:R- 4:2:R 6:2:R- 8:4:5 12:4:A"), 1.0),
)

LICK_FILLS = (
    (("38 t .........xoo",), 2.0),
    (("38 t ......ooxoox",), 1.5),
    (("38 t ......xoo...", "45 t .........xo.", "41 t ...........o"), 1.5),
    (("38 ............x.o.", "36 ..............o."), 2.0),
    (("48 t ......xo....", "45 t ........xo..", "41 t ..........xo"), 1.2),
    (("38 ..........o.x.x.",), 1.5),
    (("46 ............O...", "38 ..............o."), 1.0),
    (("38 t ...xooxooxoo",), 0.7),
)
SNARES = {
    SectionKind.INTRO: ((38, 2.0), (37, 2.0)),
    SectionKind.VERSE: ((38, 5.0), (37, 2.0)),
    SectionKind.CHORUS: ((38, 6.0), (40, 1.0)),
    SectionKind.BRIDGE: ((38, 3.0), (37, 1.0)),
    SectionKind.BREAK: ((37, 1.0),),
    SectionKind.OUTRO: ((38, 3.0), (37, 1.0)),
}
CYMBALS = {
    SectionKind.INTRO: ((42, 3.0), (51, 1.0)),
    SectionKind.VERSE: ((42, 5.0), (51, 2.0)),
    SectionKind.CHORUS: ((51, 5.0), (42, 3.0)),
    SectionKind.BRIDGE: ((51, 2.0), (42, 3.0)),
    SectionKind.BREAK: ((42, 1.0),),
    SectionKind.OUTRO: ((42, 3.0), (51, 2.0)),
}
BACKBEAT = (("....x.......x...", 10.0), ("....x.......x.-.", 1.5), ("....x.......x...", 1.0))

SHUFFLE_DRUMS = DrumVocabulary(
    kicks=(
        (("x.......x.......", "x.......x......."), 3.0),
        (("x.....o.x.......", "x.....o.x.....o."), 3.0),
        (("x...o...x...o...", "x...o...x...o..."), 2.0),
        (("x.......x.o.....", "x.......x.....o."), 2.5),
        (("x.....o...o.....", "x.......x.o....."), 1.5),
        (("x.o.....x.......", "x.o.....x.o....."), 1.0),
        (("x.........x.....", "x.....o.x......."), 1.5),
    ),
    backbeats=BACKBEAT,
    ghosts=(
        ("................", 3.0),
        ("..-...-...-...-.", 2.0),
        ("......-.......-.", 2.5),
        ("..-.......-.....", 1.5),
        ("..............-.", 1.5),
    ),
    hats=(
        ("x.o.x.o.x.o.x.o.", 5.0),
        ("x...x.o.x...x.o.", 4.0),
        ("x-..x.o.x...x.o.", 0.6),
        ("x.-.x.-.x.-.x.-.", 2.0),
        ("x...x...x...x...", 1.5),
        ("x.o.x.o.x.o.x.O.", 1.0),
        ("o...x.o.o...x.o.", 1.5),
    ),
    layers=((None, 8.0), ((44, "....o.......o..."), 2.0), ((54, "....o.......o..."), 0.6)),
    fills=LICK_FILLS,
    snares=SNARES,
    quiet=(
        (("42 x...x.o.x...x.o.",), 2.0),
        (("42 x.o.x.o.x.o.x.o.", "36 x.......x......."), 2.0),
        (("51 x...x.o.x...x.o.", "44 ....o.......o..."), 1.5),
        (("37 ....o.......o...", "42 x.o.x.o.x.o.x.o."), 1.5),
    ),
    cymbals=CYMBALS,
)
SLOW_DRUMS = DrumVocabulary(
    kicks=(
        (("t x.....x.....", "t x....ox....."), 3.0),
        (("t x....ox....o", "t x.....x....."), 2.0),
        (("t x..o..x..o..", "t x.....x....o"), 1.2),
        (("t x.....x.o...", "t x.....x....."), 1.5),
        (("t x.....o.....", "t x....ox.o..."), 1.5),
    ),
    backbeats=(("t ...x.....x..", 10.0), ("t ...x.....x.-", 1.5)),
    ghosts=(("................", 4.0), ("t .....-......", 1.5), ("t ..-.....-...", 1.2), ("t ...........-", 1.2)),
    hats=(
        ("t xooxooxooxoo", 5.0),
        ("t x-ox-ox-ox-o", 3.0),
        ("t x.ox.ox.ox.o", 2.0),
        ("t x..x.ox..x.o", 1.5),
        ("t xooxooxooxoO", 0.8),
    ),
    layers=((None, 6.0), ((44, "....o.......o..."), 2.0)),
    fills=(
        (("38 t .........xoo",), 2.0),
        (("38 t ......xooxoo",), 2.0),
        (("38 t ......xoo...", "45 t .........xo.", "41 t ...........x"), 1.5),
        (("48 t ......xoo...", "45 t .........xoo"), 1.0),
        (("46 t .........O..", "36 t ..........o."), 1.0),
    ),
    snares=SNARES,
    quiet=(
        (("42 t xooxooxooxoo",), 2.0),
        (("42 t x.ox.ox.ox.o", "36 x.......x......."), 2.0),
        (("51 t xooxooxooxoo", "37 ....o.......o..."), 1.5),
    ),
    cymbals=CYMBALS,
)
STRAIGHT_DRUMS = replace(
    SHUFFLE_DRUMS,
    kicks=(
        (("x.......x.......", "x.......x.o....."), 3.0),
        (("x.....o.x.......", "x.....o.x.o....."), 2.5),
        (("x.......x.o.....", "x.o.....x.o....."), 2.0),
        (("x...x...x...x...", "x...x...x...x..."), 1.0),
    ),
    ghosts=(("................", 5.0), ("......-.......-.", 1.0)),
    hats=(("x.o.x.o.x.o.x.o.", 6.0), ("x...x...x...x...", 1.5), ("x.x.x.x.x.x.x.x.", 1.5), ("x.o.x.o.x.o.x.O.", 1.0)),
    fills=(
        (("38 ............xoxo",), 2.0),
        (("38 ........x.o.xoxo",), 1.5),
        (("38 ........xo......", "45 ..........xo....", "41 ............x.o."), 1.2),
        (("38 ............x.x.",), 2.0),
        (("38 ..........o.xoxo", "36 ........o......."), 1.0),
    ),
)

MELODY = MelodyVocabulary(
    beats=(
        ("x~x~", 5.0),
        ("x~~~", 3.0),
        ("~~~~", 2.0),
        ("~~x~", 2.2),
        ("..x~", 3.0),
        ("....", 1.6),
        ("ttt", 0.9),
        ("x~..", 1.0),
        ("~~..", 0.8),
    ),
    least=3,
    most=8,
    moves=((1, 4.4), (-1, 5.4), (2, 2.6), (-2, 2.8), (3, 0.9), (-3, 0.8), (4, 0.4), (0, 1.8)),
    phrases={
        4: (("a b a d", 2.0), ("a . b d", 2.0), ("a b f d", 1.0), ("a a' b d", 1.5)),
        8: (
            ("a b . . a b d .", 3.0),
            ("a b . . f b d .", 2.0),
            ("a c . b a c d .", 2.0),
            ("a b a' b f b d .", 1.5),
            ("a . a . b b' d .", 1.0),
        ),
        12: (
            ("a b . . a b . . f b d .", 4.0),
            ("a b . . a b' . . i b d .", 2.5),
            ("a b . . a b . . b a' d .", 2.0),
            ("a c . . a c . . b b' d .", 2.0),
            ("a b . b' a b . b' f c d .", 2.0),
            ("a b c . a b c . f b d .", 2.0),
            ("a . a c a . a c b b' d .", 1.5),
            ("a a' b . a a' b . f f d .", 1.5),
            ("a a a' c a a a' c b b d .", 1.5),
            ("a . a' . a . a' . f b d .", 1.0),
            ("a f b . a f b . i f d .", 1.0),
        ),
        16: (
            ("a b . . a b . . a b . . f b d .", 3.0),
            ("a c . . a c . . b b' . . f b d .", 2.0),
            ("a b . b' a b . b' f b . . a b d .", 1.5),
        ),
    },
    sparse={
        4: (("a . b d", 2.0), (". a . d", 1.0), ("a b . d", 2.0), ("a f d .", 2.0), ("f b d .", 2.0)),
        8: (("a b . . a b d .", 1.0),),
        12: (("a b . . a b . . f b d .", 1.0),),
    },
    half_closes=(
        ("x~x~ x~~~ ~~~~ ....", 2.0),
        ("x~~~ x~~~ ~~~~ ....", 2.0),
        ("..x~ x~x~ ~~~~ ....", 2.0),
        ("ttt x~~~ ~~~~ ....", 1.0),
        ("x~x~ ~~x~ ~~~~ ..x~", 1.0),
    ),
    full_closes=(
        ("x~~~ ~~~~ ~~~~ ....", 1.5),
        ("x~x~ x~~~ ~~~~ ....", 2.5),
        ("..x~ x~x~ ~~~~ ....", 2.0),
        ("ttt x~~~ ~~~~ ....", 1.2),
        ("x~x~ ~~x~ ~~~~ ....", 1.5),
        ("ttt x~x~ ~~~~ ....", 1.0),
    ),
    arcs=(
        ((0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0), 4.0),
        ((0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 0, 0), 3.0),
        ((1, 1, 0, 0, 1, 1, 0, 0, 3, 1, 0, 0), 2.0),
        ((2, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0), 2.0),
        ((0, 0, 1, 1, 0, 0, 1, 1, 2, 1, 0, 0), 1.0),
    ),
    pentatonic_pull=0.8,
    centre=67,
    chorus_lift=4,
    blue_notes={Mode.MIXOLYDIAN: (3, 4, 6), Mode.MAJOR: (3, 4, 6, 10), Mode.MINOR: (6,)},
    grace_share=0.3,
)
SLOW_MELODY = replace(
    MELODY,
    beats=(
        ("x~x~", 3.0),
        ("x~~~", 2.6),
        ("~~~~", 2.4),
        ("~~x~", 2.0),
        ("..x~", 2.4),
        ("....", 1.6),
        ("ttt", 3.0),
        ("x~..", 0.6),
    ),
    least=3,
    most=9,
    grace_share=0.4,
)
STRAIGHT_MELODY = replace(
    MELODY,
    beats=(
        ("x~x~", 6.0),
        ("x~~~", 3.0),
        ("~~~~", 1.6),
        ("~~x~", 2.4),
        ("..x~", 2.6),
        ("....", 1.4),
        ("xxx~", 0.5),
        ("x~..", 1.0),
    ),
    half_closes=(("x~x~ x~~~ ~~~~ ....", 2.0), ("..x~ x~x~ ~~~~ ....", 2.0), ("x~~~ x~~~ ~~~~ ....", 1.0)),
    full_closes=(("x~x~ x~~~ ~~~~ ....", 2.0), ("..x~ x~x~ ~~~~ ....", 2.0), ("x~x~ ~~x~ ~~~~ ....", 1.0)),
    grace_share=0.2,
)

SHUFFLE = Grammar(
    name="blues",
    meter=METERS["4/4"],
    tempo_bpm=(88.0, 138.0),
    swing=(0.62, 0.67),
    modes=((Mode.MIXOLYDIAN, 0.5), (Mode.MAJOR, 0.3), (Mode.MINOR, 0.2)),
    forms=FORMS,
    casts=CASTS,
    cells={Mode.MIXOLYDIAN: MAJOR_CELLS, Mode.MAJOR: MAJOR_CELLS, Mode.MINOR: MINOR_CELLS},
    endings={
        Mode.MIXOLYDIAN: (("I7|V7 I7", 3.0), ("I7|bII7 I7", 2.0), ("I7|IV7 I7", 1.5), ("V7 I7", 1.0)),
        Mode.MAJOR: (("I7|V7 I7", 3.0), ("I7|bII7 I7", 2.0), ("I7|IV7 I7", 1.5), ("V7 I7", 1.0)),
        Mode.MINOR: (("i7|V7 i7", 3.0), ("VI7|V7 i7", 2.0), ("iv7 i7", 1.0), ("V7 i7", 1.0)),
    },
    colours=COLOURS,
    approach_share=0.0,
    comping=SHUFFLE_COMPING,
    bass=SHUFFLE_BASS,
    counters=(("answer", 7.0), ("pad", 1.5), ("guide", 0.8)),
    drums=SHUFFLE_DRUMS,
    melody=MELODY,
    parts={
        Role.MELODY: Casting(
            programs=((27, 3.0), (22, 2.5), (26, 2.0), (29, 2.0), (66, 1.5), (65, 1.0), (0, 1.0), (59, 0.4)),
            low=55,
            high=81,
        ),
        Role.COUNTER: Casting(programs=((17, 2.5), (0, 2.0), (27, 2.0), (61, 1.0), (22, 0.8)), low=52, high=79),
        Role.HARMONY: Casting(
            programs=((27, 3.0), (0, 3.0), (17, 1.5), (26, 1.5), (3, 0.8), (29, 0.8)), low=40, high=74
        ),
        Role.BASS: Casting(programs=((33, 4.0), (32, 3.0), (34, 1.5)), low=28, high=52),
        Role.DRUMS: Casting(programs=((0, 4.0), (8, 1.0), (40, 0.6)), low=35, high=59),
    },
    borrow_share=0.8,
    same_chords_share=0.7,
)
SLOW = replace(
    SHUFFLE,
    tempo_bpm=(60.0, 80.0),
    swing=(0.64, 0.67),
    modes=((Mode.MIXOLYDIAN, 0.4), (Mode.MAJOR, 0.2), (Mode.MINOR, 0.4)),
    comping=SLOW_COMPING,
    bass=SLOW_BASS,
    drums=SLOW_DRUMS,
    melody=SLOW_MELODY,
)
STRAIGHT = replace(
    SHUFFLE,
    tempo_bpm=(116.0, 140.0),
    swing=(0.5, 0.53),
    modes=((Mode.MIXOLYDIAN, 0.55), (Mode.MAJOR, 0.45)),
    comping=STRAIGHT_COMPING,
    bass=STRAIGHT_BASS,
    drums=STRAIGHT_DRUMS,
    melody=STRAIGHT_MELODY,
)
BLUES = replace(SHUFFLE, variants=((SHUFFLE, 5.0), (SLOW, 2.5), (STRAIGHT, 1.0)))
