"""Small-group jazz, written down: swing at a medium and a fast tempo, ballads, blues with changes, modal tunes.

A walking bass under rootless chords in Charleston-like rhythms, a ride cymbal with the hi-hat's foot on two and four,
tunes of swung eighths with approach notes, and solos (labels such as `A2`) over the head's chords. Conventions: see
`grammar`; notes are written straight, `Song.swing` swings them. The progressions are the style's common stock (ii–V–I,
rhythm changes, turnarounds, tritone substitutes, backdoor dominants), by function and not by tune.
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.grammar import Casting, DrumVocabulary, Grammar, MelodyVocabulary
from engine.grammar.jazz_changes import (
    COLOURS,
    DORIAN_BRIDGES,
    DORIAN_CELLS,
    ENDINGS,
    MAJOR_BRIDGES,
    MAJOR_CELLS,
    MINOR_BRIDGES,
    MINOR_CELLS,
)
from engine.music.harmony import Mode
from engine.music.notes import Role, SectionKind
from engine.music.timing import METERS

FORMS = (
    ("verse:A:8 verse:A:8 bridge:B:8 verse:A:8", 2.0),
    ("intro:I:4 verse:A:8 verse:A:8 bridge:B:8 verse:A:8", 2.0),
    ("intro:I:4 verse:A:8 verse:A:8 bridge:B:8 verse:A:8 outro:O:4", 2.5),
    ("verse:A:8 verse:A:8 bridge:B:8 verse:A:8 chorus:A2:8 chorus:A3:8 bridge:B:8 verse:A:8", 3.0),
    ("intro:I:4 verse:A:8 verse:A:8 chorus:A2:8 chorus:A3:8 bridge:B:8 verse:A:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 bridge:B:8 chorus:A2:8 bridge:B:8 verse:A:8 outro:O:4", 1.5),
    ("verse:A:8 verse:B:8 chorus:A2:8 chorus:B2:8 verse:A:8 verse:B:8", 2.0),
    ("intro:I:4 verse:A:8 verse:B:8 verse:A:8 verse:C:8", 2.0),
    ("verse:A:8 verse:B:8 verse:A:8 verse:C:8 chorus:A2:8 chorus:B2:8 verse:A:8 verse:C:8", 1.5),
    ("verse:A:8 verse:A:8 bridge:B:8 break:D:4 verse:A:8 outro:O:4", 1.5),
    ("intro:I:8 verse:A:8 verse:A:8 chorus:A2:8 break:D:4 verse:A:8 outro:O:4", 1.0),
    ("verse:A:8 verse:A:8 chorus:A2:8 chorus:A3:8 break:D:8 verse:A:8", 1.0),
)
BALLAD_FORMS = (
    ("verse:A:8 verse:A:8 bridge:B:8 verse:A:8", 4.0),
    ("intro:I:4 verse:A:8 verse:A:8 bridge:B:8 verse:A:8", 3.0),
    ("intro:I:4 verse:A:8 bridge:B:8 verse:A:8 outro:O:4", 2.0),
    ("verse:A:8 verse:B:8 verse:A:8 verse:C:8", 2.0),
    ("intro:I:4 verse:A:8 verse:B:8 chorus:A2:8 verse:B:8 outro:O:4", 1.5),
)
BLUES_FORMS = (
    ("verse:A:12 verse:A:12 chorus:A2:12 verse:A:12", 4.0),
    ("intro:I:4 verse:A:12 chorus:A2:12 verse:A:12", 3.0),
    ("verse:A:12 verse:A:12 chorus:A2:12 chorus:A3:12 verse:A:12", 3.0),
    ("intro:I:4 verse:A:12 verse:A:12 chorus:A2:12 break:D:4 verse:A:12 outro:O:4", 1.5),
)

CASTS = {
    SectionKind.INTRO: (
        (("harmony bass drums", 0.5), 4.0),
        (("harmony", 0.4), 1.5),
        (("bass drums", 0.45), 1.5),
        (("harmony bass", 0.4), 1.5),
        (("harmony bass drums melody", 0.55), 1.5),
    ),
    SectionKind.VERSE: (
        (("harmony bass drums melody", 0.6), 6.0),
        (("harmony bass drums melody counter", 0.65), 2.5),
        (("bass drums melody", 0.55), 0.7),
    ),
    SectionKind.CHORUS: (
        (("harmony bass drums melody", 0.8), 7.0),
        (("harmony bass drums melody counter", 0.85), 1.0),
        (("bass drums melody", 0.75), 1.0),
    ),
    SectionKind.BRIDGE: (
        (("harmony bass drums melody", 0.65), 6.0),
        (("harmony bass drums melody counter", 0.6), 2.5),
    ),
    SectionKind.BREAK: (
        (("bass drums", 0.6), 2.0),
        (("harmony bass drums", 0.6), 2.5),
        (("drums melody", 0.6), 1.0),
        (("harmony bass", 0.45), 1.0),
    ),
    SectionKind.OUTRO: (
        (("harmony bass drums melody", 0.55), 5.0),
        (("harmony bass melody", 0.45), 1.5),
        (("harmony bass drums", 0.5), 1.5),
    ),
}

COMPING = (
    (("0:4:all 6:2:all!", "0:4:all 6:2:all!", "0:3:all- 6:2:all!", "2:2:all- 8:3:all 14:4:push"), 3.0),
    (("6:2:all! 14:4:push", "6:4:all", "6:2:all! 14:4:push", "2:2:all- 8:4:all"), 3.0),
    (("0:3:all 6:2:all!", "4:2:all- 10:4:all!", "2:3:all", "6:2:all! 14:4:push"), 3.0),
    (("2:2:all 10:3:all!", "6:6:all", "2:2:all 10:3:all!", "4:2:all- 14:4:push"), 2.5),
    (("6:2:all! 14:2:push", "6:2:all! 14:2:push", "6:2:all! 14:2:push", "6:2:all! 10:3:all"), 2.0),
    (("2:2:all! 8:4:all", "2:2:all! 8:2:all 14:4:push", "6:3:all", "2:2:all! 8:4:all-"), 2.0),
    (("6:3:all!", "0:3:all- 14:5:push", "6:3:all 12:2:all-", "0:3:all 10:4:all!"), 2.5),
    (("4:2:all 12:2:all", "4:2:all 10:2:all!", "4:2:all 12:2:all", "2:2:all 6:2:all! 14:4:push"), 1.5),
    (("0:8:all", "0:4:all 10:4:all!", "0:8:all 14:4:push", "2:2:all 6:6:all!"), 2.0),
    (("0:3:all- 4:3:all 8:3:all- 12:3:all",), 1.2),
    (("0:3:all! 6:2:all 12:2:all-", "2:2:all 8:6:all!"), 2.0),
    (("2:3:all 8:3:all! 14:2:push", "4:3:all! 10:5:all", "2:2:all 6:3:all!"), 2.0),
    (("0:12:all", "0:6:all 8:6:all-", "0:12:all", "0:6:all 10:4:all!"), 1.2),
)
BALLAD_COMPING = (
    (("0:14:all", "0:14:all", "0:14:all", "0:8:all 8:6:all-"), 3.0),
    (("0:7:all 8:6:all-", "0:12:all 12:4:top-"), 2.5),
    (("0:16:1 2:14:2- 4:12:3 6:10:4", "0:14:all"), 1.5),
    (("0:6:all 6:8:all!", "0:10:all 10:4:all-", "0:6:all 6:4:all- 12:4:top"), 2.5),
    (("0:12:all 14:4:push", "4:8:all-", "0:12:all", "2:6:all 10:4:all-"), 2.0),
    (("4:4:all- 10:4:all", "2:6:all 12:3:all-", "0:12:all"), 1.5),
)

WALK = "0:4:R! 4:4:W 8:4:W 12:4:W"
BASS = (
    ((WALK,), 5.0),
    ((WALK, "0:4:R! 4:4:W 8:4:W 12:2:W 14:2:G-"), 3.0),
    ((WALK, "0:4:R! 4:2:W 6:2:G- 8:4:W 12:4:W"), 2.5),
    (("0:4:R 4:4:W! 8:4:W 12:4:W!", WALK), 2.0),
    (("0:8:R! 8:6:5 14:2:A", WALK), 1.0),
    (("0:8:R! 8:4:5 12:4:A", "0:4:R! 4:4:3 8:4:5 12:4:A"), 0.7),
)
UP_BASS = BASS[:4]
BALLAD_BASS = (
    (("0:8:R! 8:8:5", "0:8:R! 8:4:5 12:4:A"), 2.5),
    (("0:8:R! 8:6:F 14:2:A-", "0:8:R! 8:4:3 12:4:A"), 2.5),
    (("0:12:R 12:4:5-", "0:8:R 8:4:5 12:4:A"), 2.0),
    (("0:6:R! 6:2:5- 8:6:R 14:2:A", "0:8:R! 8:4:5 12:4:A"), 1.5),
    ((WALK, "0:8:R! 8:4:5 12:4:A"), 2.0),
)

FOOT = (("....o.......o...", 1.0),)
NOTHING = "................"
DRUMS = DrumVocabulary(
    kicks=(
        (("-...-...-...-...", "-...-...-...-..."), 5.0),
        (("-...-...-...-...", "-...-...-...-.-."), 2.5),
        (("-...-.-.-...-...", "-...-...-.o.-..."), 2.0),
        (("-...............", "..........o....."), 1.5),
        ((NOTHING, "..............-."), 1.0),
        (("......-.........", "-.............o."), 1.0),
    ),
    backbeats=FOOT,
    ghosts=(
        (NOTHING, 5.0),
        ("..........-.....", 1.5),
        ("......-.........", 1.5),
        ("..-...........-.", 1.0),
        ("..............-.", 1.5),
    ),
    hats=(
        ("x...x.o.x...x.o.", 7.0),
        ("o...x.o.o...x.o.", 2.5),
        ("x...x.o.x...x...", 1.5),
        ("x...x...x...x.o.", 2.0),
        ("x...o.o.x...o.o.", 1.0),
        ("x.o.x.o.x...x.o.", 1.0),
        ("x...x.o.x.o.x.o.", 1.0),
        ("x...x...x...x...", 0.8),
    ),
    layers=(
        (None, 5.0),
        ((37, "............o..."), 1.2),
        ((38, "......-........."), 1.0),
        ((38, "..-.......-....."), 1.0),
        ((38, "..............-."), 1.0),
        ((38, "....-.......-..."), 0.8),
    ),
    fills=(
        (("38 ........o.o.o.x.",), 2.0),
        (("38 ..........o...o.", "36 ............o..."), 2.0),
        (("38 ........-.o.....", "45 ............o.o."), 1.5),
        (("48 ........o.......", "45 ..........o.....", "41 ............o.x."), 1.2),
        (("38 ......o.....x...", "36 ..............x."), 1.5),
        (("36 ..............x.", "49 ..............o."), 1.2),
        (("38 ..............x.",), 2.0),
        (("38 ..........--o-o-",), 0.8),
    ),
    snares=dict.fromkeys(SectionKind, ((44, 1.0),)),
    quiet=(
        (("51 o...x.o.o...x.o.", "44 ....o.......o..."), 3.0),
        (("44 ....o.......o...", "36 -...-...-...-..."), 1.0),
        (("42 o...x.o.o...x.o.", "36 -.......-......."), 1.5),
        (("38 -...o.-.-...o.-.", "44 ....o.......o..."), 1.5),
    ),
    cymbals={
        SectionKind.INTRO: ((51, 2.0), (42, 2.0)),
        SectionKind.VERSE: ((51, 4.0), (42, 1.5)),
        SectionKind.CHORUS: ((51, 1.0),),
        SectionKind.BRIDGE: ((51, 3.0), (53, 0.3)),
        SectionKind.BREAK: ((51, 2.0), (42, 1.0)),
        SectionKind.OUTRO: ((51, 2.0), (42, 1.0)),
    },
    pairs=(
        (None, 2.5),
        ((38, "......-.......-.", "..........-....."), 2.0),
        ((38, "..-...-.........", "......-...-...o."), 2.0),
        ((38, "..............-.", "......o.....-..."), 2.0),
        ((38, "..-...-.........", "..........-...o."), 1.5),
        ((38, "......-...o.....", "..-...........-."), 1.5),
        ((37, "............o...", "............o..."), 1.5),
    ),
)
BRUSHES = replace(
    DRUMS,
    kicks=(
        (("-.......-.......", "-.......-......."), 3.0),
        (("-...............", "-.......-......."), 2.0),
        ((NOTHING, NOTHING), 1.0),
    ),
    hats=(
        ("o...-.o.o...-.o.", 3.0),
        ("o.-.o.-.o.-.o.-.", 2.5),
        ("o...o...o...o...", 2.0),
        ("o...-...o...-.-.", 1.5),
    ),
    layers=((None, 4.0), ((51, "o.......-......."), 1.5), ((51, "o..............."), 1.0)),
    fills=((("38 ..........o.-.o.",), 1.0), (("38 ............o.o.",), 1.0), (("49 ............-...",), 1.0)),
    cymbals=dict.fromkeys(SectionKind, ((38, 4.0), (51, 1.5), (42, 1.0))),
    pairs=((None, 1.0),),
)

CALLS = {
    4: (
        ("a b a' d", 2.5),
        ("a a' b d", 2.0),
        ("a . a' d", 1.0),
        ("a b f d", 1.5),
        ("a c b d", 1.5),
    ),
    8: (
        ("a b a' c a b f d", 3.0),
        ("a a' b c a a' b' d", 2.5),
        ("a b a b' a f b d", 2.0),
        ("a . b c a . f d", 1.5),
        ("a b' . c a b i d", 2.0),
        ("a f b c a i b d", 2.0),
        ("a b i c b a f d", 1.5),
        ("a a a' c b b' a d", 1.5),
        ("a c b c a f b d", 1.5),
    ),
    12: (
        ("a b c . a b c . b f d .", 2.0),
        ("a b a' c a b a' c f b d .", 2.5),
        ("a a' b c a a' b c b f a d", 2.5),
        ("a . b c a . b c i f b d", 1.5),
        ("a b a b' a b a f b i d .", 2.0),
    ),
}
SPARSE_CALLS = {
    4: ((". a . d", 2.0), ("a . a' d", 2.0), ("a . b d", 2.0), ("a b . d", 1.0)),
    8: (("a . a' c a . b d", 2.0), (". a . c . a b d", 1.0), ("a b . c a b . d", 1.5)),
}
MOVES = ((1, 6.4), (-1, 7.2), (2, 2.4), (-2, 2.4), (3, 1.2), (-3, 0.8), (4, 0.7), (-4, 0.3), (0, 0.4))
ARCS = (
    ((0, 0, 0, -1, 1, 1, 2, 0), 3.0),
    ((0, 1, 0, 0, 1, 2, 1, 0), 2.0),
    ((2, 1, 1, 0, 2, 1, 0, 0), 2.0),
    ((0, -1, 0, -1, 2, 1, 0, -1), 1.5),
    ((1, 1, -1, -1, 1, 3, 1, 0), 1.5),
    ((0, 0, 1, 1, 3, 2, 1, 0), 1.5),
)
HEAD = MelodyVocabulary(
    beats=(
        ("x~x~", 5.0),
        ("x~~~", 2.2),
        ("~~~~", 1.4),
        ("~~x~", 3.4),
        ("..x~", 2.6),
        ("....", 2.2),
        ("ttt", 0.55),
        ("x~..", 0.7),
        ("~~..", 0.8),
    ),
    least=3,
    most=8,
    moves=MOVES,
    phrases=CALLS,
    sparse=SPARSE_CALLS,
    half_closes=(
        ("x~x~ ~~x~ ~~~~ ....", 2.0),
        ("x~~~ ..x~ ~~~~ ....", 2.0),
        ("ttt x~~~ ~~~~ ....", 1.0),
        ("x~x~ x~.. .... ..x~", 1.5),
        ("..x~ x~x~ ~~~~ ~~..", 2.0),
        ("x~x~ x~x~ ~~~~ ..x~", 1.5),
        ("x~~~ x~.. .... x~x~", 1.2),
    ),
    full_closes=(
        ("x~x~ x~~~ ~~~~ ....", 2.0),
        ("x~~~ ~~~~ ~~.. ....", 1.5),
        ("ttt x~~~ ~~~~ ....", 1.0),
        ("..x~ x~x~ ~~~~ ....", 2.0),
        ("x~x~ ~~x~ ~~~~ ....", 2.0),
        ("x~x~ x~.. .... ....", 1.5),
        ("x~x~ x~~~ .... ..x~", 1.2),
    ),
    arcs=ARCS,
    pentatonic_pull=0.1,
    centre=69,
    chorus_lift=2,
    chromatic=0.4,
    guide_pull=1.0,
)
SOLO = replace(
    HEAD,
    beats=(
        ("x~x~", 9.0),
        ("~~x~", 2.4),
        ("..x~", 2.0),
        ("....", 1.4),
        ("x~~~", 1.2),
        ("ttt", 1.0),
        ("x~..", 1.0),
        ("~~~~", 0.5),
    ),
    least=4,
    most=9,
    chromatic=0.55,
)
SONG = replace(
    HEAD,
    beats=(
        ("x~~~", 3.2),
        ("~~~~", 3.0),
        ("x~x~", 2.8),
        ("~~x~", 2.6),
        ("..x~", 2.2),
        ("....", 1.4),
        ("ttt", 0.5),
        ("x~xx", 0.35),
        ("~~xx", 0.5),
    ),
    least=2,
    most=7,
    chromatic=0.2,
)

PARTS = {
    Role.MELODY: Casting(
        programs=(
            (66, 3.0),
            (65, 2.0),
            (56, 2.0),
            (59, 1.5),
            (11, 1.5),
            (26, 1.5),
            (0, 1.0),
            (71, 1.0),
            (73, 0.6),
        ),
        low=56,
        high=84,
    ),
    Role.COUNTER: Casting(programs=((57, 2.5), (66, 2.0), (11, 1.5), (59, 1.0), (26, 1.0)), low=53, high=76),
    Role.HARMONY: Casting(
        programs=((0, 6.0), (26, 2.0), (4, 1.0), (16, 0.8), (11, 0.6)), low=48, high=76, rootless=True
    ),
    Role.BASS: Casting(programs=((32, 8.0), (33, 0.8)), low=28, high=52),
    Role.DRUMS: Casting(programs=((32, 4.0), (0, 2.0), (40, 0.7)), low=35, high=70),
}

SWING = Grammar(
    name="jazz",
    meter=METERS["4/4"],
    tempo_bpm=(110.0, 180.0),
    swing=(0.62, 0.67),
    modes=((Mode.MAJOR, 0.62), (Mode.MINOR, 0.38)),
    forms=FORMS,
    casts=CASTS,
    cells={Mode.MAJOR: MAJOR_CELLS, Mode.MINOR: MINOR_CELLS, Mode.DORIAN: DORIAN_CELLS},
    endings=ENDINGS,
    colours=COLOURS,
    approach_share=0.06,
    comping=COMPING,
    bass=BASS,
    counters=(("answer", 4.0), ("guide", 3.0)),
    drums=DRUMS,
    melody=HEAD,
    parts=PARTS,
    borrow_share=0.3,
    cells_by_kind={
        SectionKind.BRIDGE: {Mode.MAJOR: MAJOR_BRIDGES, Mode.MINOR: MINOR_BRIDGES, Mode.DORIAN: DORIAN_BRIDGES}
    },
    melodies={SectionKind.CHORUS: SOLO},
    turnaround_share=0.7,
)
FAST = replace(SWING, tempo_bpm=(175.0, 220.0), swing=(0.60, 0.63), bass=UP_BASS)
BLUES = replace(
    SWING, tempo_bpm=(112.0, 200.0), swing=(0.61, 0.67), modes=((Mode.MAJOR, 0.75), (Mode.MINOR, 0.25)),
    forms=BLUES_FORMS, turnaround_share=0.0, approach_share=0.02,
)  # fmt: skip
MODAL = replace(
    SWING, tempo_bpm=(120.0, 200.0), swing=(0.60, 0.66), modes=((Mode.DORIAN, 1.0),), turnaround_share=0.0,
    approach_share=0.0, forms=FORMS[:6],
)  # fmt: skip
BALLAD = replace(
    SWING,
    tempo_bpm=(60.0, 90.0),
    swing=(0.60, 0.65),
    forms=BALLAD_FORMS,
    comping=BALLAD_COMPING,
    bass=BALLAD_BASS,
    drums=BRUSHES,
    melody=SONG,
    melodies={SectionKind.CHORUS: replace(HEAD, chromatic=0.4)},
    approach_share=0.1,
    parts={
        **PARTS,
        Role.DRUMS: Casting(programs=((40, 5.0), (32, 1.0)), low=35, high=70),
        Role.COUNTER: Casting(programs=((48, 2.5), (66, 1.0), (11, 1.0), (59, 1.0)), low=53, high=76),
    },
    counters=(("guide", 4.0), ("pad", 2.0), ("answer", 1.5)),
)
JAZZ = replace(SWING, variants=((SWING, 0.42), (FAST, 0.16), (BALLAD, 0.17), (BLUES, 0.15), (MODAL, 0.10)))
