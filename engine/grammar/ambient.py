"""Ambient, written down: the vocabularies that the players read.

Slow pads whose voices stay where they can, chords of two bars on modal vamps and pedal basses, few long melody notes
with wide rests, bells and slow arpeggios; layers enter one by one and leave again, all of it soft. Three feels:
drifting pads, a quiet piano over strings, a slow pulse with hardly any drums. Conventions: see `grammar`; progressions
are eight bars long, written with one word for every two bars (`_slow`) or every bar of a repeated half (`_twice`).
"""

from __future__ import annotations

from dataclasses import replace

from engine.grammar.chance import Weighted
from engine.grammar.grammar import Casting, DrumVocabulary, Grammar, MelodyVocabulary
from engine.music.harmony import Mode
from engine.music.notes import Role, SectionKind
from engine.music.timing import METERS


def _slow(*cells: tuple[str, float]) -> Weighted[str]:
    """Four chords of two bars each."""
    return tuple((" ".join(f"{word} {word}" for word in text.split()), weight) for text, weight in cells)


def _twice(*cells: tuple[str, float]) -> Weighted[str]:
    """Four bars, played twice."""
    return tuple((f"{text} {text}", weight) for text, weight in cells)


MAJOR_CELLS = (
    *_slow(
        ("Imaj9 IVmaj9 Imaj9 IVmaj9", 3.0),
        ("Imaj9 vi9 IVmaj9 Vsus4", 2.5),
        ("Iadd9 IVmaj7/1 Iadd9 Vsus4/1", 2.0),
        ("IVmaj9 Imaj9 IVmaj9 vi7", 2.5),
        ("Imaj7 iii7 IVmaj9 IVmaj9", 2.0),
        ("vi9 IVmaj9 Imaj9 Vadd9", 2.0),
        ("Isus2 Isus2 IVadd9 IVadd9", 2.0),
        ("Iadd9 V/1 IVadd9/1 Iadd9", 1.5),
        ("Imaj9 ii9/1 Imaj9 IVmaj7/1", 1.5),
        ("IVmaj9 V6 vi9 Imaj9", 1.5),
        ("Imaj9 bVIImaj9 IVmaj9 Imaj9", 1.2),
        ("Iadd9 iii7 vi7 IVadd9", 1.5),
        ("IVmaj9 IVmaj9 ivm6 Imaj9", 1.0),
        ("Imaj9 bVImaj7 IVmaj9 Imaj9", 0.6),
    ),
    *_twice(("Iadd9 Iadd9 IVmaj9 IVmaj9", 1.0), ("Imaj9 vi7 IVmaj9 Vsus4", 0.8)),
)
LYDIAN_CELLS = (
    *_slow(
        ("Imaj9 II/1 Imaj9 II/1", 3.0),
        ("Imaj9 Imaj9 II6 II6", 2.0),
        ("Imaj7 II Imaj7 vii7", 1.5),
        ("Imaj9 iii7 II Imaj9", 2.0),
        ("Iadd9 II/1 vi9 II", 1.5),
        ("vi9 II6 Imaj9 Imaj9", 1.5),
        ("Imaj9 vii7/1 II/1 Imaj9", 1.0),
        ("Isus2 II/1 Isus2 Vmaj7/1", 1.5),
        ("Imaj9 Vmaj7 II6 Imaj9", 1.5),
        ("Imaj7 vi9 Vmaj9 II", 1.0),
        ("II6 Imaj9 II6 Imaj9", 1.0),
    ),
    *_twice(("Imaj9 Imaj9 II/1 II/1", 1.0), ("Imaj9 II/1 vii7 II", 0.6)),
)
DORIAN_CELLS = (
    *_slow(
        ("i9 IV/1 i9 IV/1", 3.0),
        ("im11 im11 IVadd9 IVadd9", 2.0),
        ("i9 VIImaj9 IVadd9 i9", 2.0),
        ("i9 IIImaj7 VIImaj9 IV", 2.0),
        ("im11 v7 IVadd9 im11", 1.5),
        ("i9 ii7/1 i9 VIImaj7/1", 1.5),
        ("imadd9 VIIadd9 IV imadd9", 1.5),
        ("IIImaj9 IVadd9 i9 i9", 1.5),
        ("Isus2 IV/1 Isus2 VII/1", 1.2),
        ("i9 v7 VIImaj9 IV6", 1.0),
        ("i9 IIImaj9 IV6 VIImaj9", 1.0),
    ),
    *_twice(("i9 i9 IV/1 IV/1", 1.0), ("im11 VIImaj9 IVadd9 im11", 0.6)),
)
MINOR_CELLS = (
    *_slow(
        ("i9 VImaj9 i9 VImaj9", 3.0),
        ("imadd9 VImaj7 IIImaj9 VIIadd9", 2.5),
        ("i9 iv9 VImaj9 VIIsus4", 2.0),
        ("imadd9 imadd9 iv9/1 imadd9", 2.0),
        ("VImaj9 IIImaj7 i9 i9", 2.0),
        ("im11 VIIadd9 VImaj9 VIIadd9", 2.0),
        ("i9 v7 VImaj9 iv9", 1.5),
        ("imadd9 VImaj7/1 iv7/1 imadd9", 1.5),
        ("iv9 VImaj9 i9 v7", 1.2),
        ("Isus2 VImaj7/1 VII/1 Isus2", 1.2),
        ("IIImaj9 VIIadd9 VImaj9 iv9", 1.2),
        ("i9 bIImaj7 i9 VImaj9", 0.5),
    ),
    *_twice(("i9 i9 VImaj9 VImaj9", 1.0), ("imadd9 VImaj9 IIIadd9 VIIadd9", 0.8)),
)

COLOURS = {
    "maj9": (("maj9", 6.0), ("maj7", 1.5), ("add9", 1.0)),
    "add9": (("add9", 5.0), ("sus2", 1.0), ("", 0.7)),
    "m9": (("m9", 6.0), ("m7", 1.5), ("madd9", 1.0)),
    "m7": (("m7", 5.0), ("m9", 1.0), ("m11", 1.0)),
    "madd9": (("madd9", 5.0), ("m", 1.0), ("m9", 1.0)),
}

FORMS = (
    ("intro:I:8 verse:A:8 chorus:B:8 verse:A:8 outro:O:8", 3.0),
    ("intro:I:8 verse:A:8 chorus:B:8 outro:O:8", 3.0),
    ("intro:I:8 verse:A:8 verse:A:8 chorus:B:8 outro:O:8", 2.0),
    ("intro:I:4 verse:A:8 chorus:B:8 outro:O:4", 2.0),
    ("intro:I:4 verse:A:8 chorus:B:8 verse:A:8 outro:O:4", 2.0),
    ("verse:A:8 chorus:B:8 bridge:C:8 outro:O:8", 1.5),
    ("intro:I:8 verse:A:8 chorus:B:8 bridge:C:8 chorus:B:8 outro:O:8", 1.5),
    ("intro:I:8 chorus:B:8 break:D:8 chorus:B:8 outro:O:8", 1.0),
    ("verse:A:8 chorus:B:8 verse:A:8", 1.5),
    ("verse:A:8 verse:A:8 chorus:B:8 verse:A:8 outro:O:4", 1.0),
    ("intro:I:8 verse:A:16 chorus:B:8 outro:O:8", 1.0),
    ("intro:I:4 chorus:B:8 verse:A:8 chorus:B:8 outro:O:8", 1.0),
)

CASTS = {
    SectionKind.INTRO: (
        (("harmony", 0.12), 3.0),
        (("harmony counter", 0.15), 2.5),
        (("harmony bass", 0.15), 1.5),
        (("harmony melody", 0.15), 1.0),
    ),
    SectionKind.VERSE: (
        (("harmony bass melody", 0.3), 4.0),
        (("harmony bass counter", 0.28), 1.5),
        (("harmony bass melody counter", 0.35), 3.0),
        (("harmony melody", 0.22), 1.5),
    ),
    SectionKind.CHORUS: (
        (("harmony bass melody counter", 0.52), 6.0),
        (("harmony bass melody", 0.48), 2.0),
    ),
    SectionKind.BRIDGE: (
        (("harmony melody", 0.25), 2.0),
        (("harmony bass counter", 0.3), 2.0),
        (("harmony counter", 0.2), 1.0),
        (("harmony bass melody", 0.3), 1.5),
    ),
    SectionKind.BREAK: ((("harmony", 0.12), 1.5), (("harmony counter", 0.16), 2.0), (("harmony melody", 0.16), 1.5)),
    SectionKind.OUTRO: (
        (("harmony", 0.12), 2.0),
        (("harmony melody", 0.18), 2.5),
        (("harmony bass", 0.15), 1.5),
        (("harmony bass melody", 0.2), 2.0),
        (("harmony counter", 0.15), 1.5),
    ),
}
PULSE_CASTS = {
    **CASTS,
    SectionKind.VERSE: (
        (("harmony bass melody", 0.3), 2.0),
        (("harmony bass drums melody", 0.35), 3.0),
        (("harmony bass drums counter", 0.35), 1.5),
    ),
    SectionKind.CHORUS: (
        (("harmony bass drums melody counter", 0.52), 5.0),
        (("harmony bass drums melody", 0.48), 2.0),
    ),
}

PADS = (
    (("0:16:hold",), 7.0),
    (("0:16:hold", "0:16:all"), 1.5),
    (("0:16:low 4:12:top-",), 1.0),
    (("0:16:all",), 1.0),
    (("0:16:low 8:8:top-",), 0.8),
    (("0:12:all",), 0.4),
)
PIANO_CHORDS = (
    (("0:16:1 4:12:2- 8:8:3 12:4:4-",), 2.5),
    (("0:16:low 8:8:top-",), 2.0),
    (("0:16:all",), 2.0),
    (("0:16:1 2:14:2- 4:12:3 6:10:4-",), 1.5),
    (("0:16:low 4:12:top-", "0:16:low 8:8:top-"), 1.5),
    (("0:16:1 8:8:3- 12:4:2-",), 1.0),
    (("0:8:low 8:8:top-",), 1.0),
)
BASS = (
    (("0:16:T",), 6.0),
    (("0:16:T", "0:8:R 8:8:5-"), 1.5),
    (("0:16:R",), 2.0),
    (("0:12:R 12:4:5-", "0:16:R"), 1.0),
    (("0:8:R 8:8:5-", "0:16:R"), 0.8),
    (("0:16:T", "0:12:R 12:4:A-"), 0.8),
)
PULSE_BASS = (
    (("0:16:T",), 2.0),
    (("0:8:R 8:8:R-",), 2.0),
    (("0:6:R 6:10:R-",), 1.5),
    (("0:8:R 8:8:5-", "0:16:R"), 1.5),
    (("0:4:R 4:4:R- 8:4:R- 12:4:R-",), 1.0),
    (("0:12:R 12:4:8-", "0:16:R"), 1.0),
)

DRUMS = DrumVocabulary(
    kicks=(
        (("o...............", "o..............."), 4.0),
        (("o...............", "o.........-....."), 2.5),
        (("o.........-.....", "o..............."), 1.5),
        (("o.......-.......", "o.......-......."), 1.0),
    ),
    backbeats=(("................", 4.0), ("........o.......", 3.0), ("............-...", 1.0)),
    ghosts=(("................", 5.0), ("..............-.", 1.0)),
    hats=(
        ("................", 2.0),
        ("x.......o.......", 2.0),
        ("....o.......o...", 2.0),
        ("x...o...x...o...", 1.0),
        ("......-.......-.", 1.0),
    ),
    layers=((None, 5.0), ((70, "o...-...o...-..."), 1.5), ((70, "....-.......-..."), 1.0)),
    fills=(
        (("51 ........o.......",), 2.0),
        (("41 ............-...",), 1.5),
        (("37 ..............-.",), 1.5),
        (("53 ............o...",), 1.0),
    ),
    snares={kind: ((37, 3.0), (39, 0.6)) for kind in SectionKind},
    quiet=((("36 x...............",), 2.0), (("70 ....-.......-...",), 1.0), (("51 x...............",), 1.0)),
    cymbals={kind: ((42, 2.0), (51, 2.0), (70, 1.5)) for kind in SectionKind},
)

MELODY = MelodyVocabulary(
    beats=(
        ("~~~~", 7.0),
        ("x~~~", 4.0),
        ("....", 2.5),
        ("~~x~", 0.7),
        ("x~x~", 0.5),
        ("..x~", 0.6),
    ),
    least=1,
    most=4,
    moves=((1, 4.0), (-1, 4.4), (2, 3.2), (-2, 3.0), (3, 1.4), (-3, 1.0), (4, 1.2), (-4, 0.5), (0, 0.5)),
    phrases={
        4: (("a . b .", 2.0), ("a b d .", 2.0), ("a . d .", 2.0), ("a . . d", 1.0)),
        8: (
            ("a . b . a . d .", 3.0),
            ("a b . . a b d .", 2.5),
            ("a . b . a . b' d", 2.0),
            ("a . . b a . . d", 1.5),
            ("a . a' . b . d .", 2.0),
            ("a b . c a b . d", 2.0),
            ("a . f . b . d .", 1.0),
            ("a b c . a i d .", 1.5),
            ("a b' . a b . f d", 1.0),
        ),
        16: (
            ("a . b . a . c . a . b . f . d .", 2.0),
            ("a b . . a b c . b a . . a b d .", 2.0),
            ("a . . b a . . c a . . b a b d .", 1.0),
        ),
    },
    sparse={
        4: (("a . . d", 2.0), ("a . d .", 2.0), (". a . d", 1.0)),
        8: (("a . . b . . d .", 2.0), ("a . . . b . d .", 1.5), (". a . . b . . d", 1.0), ("a . b . . a . d", 1.5)),
    },
    half_closes=(("x~~~ ~~~~ ~~~~ ~~~~", 2.0), ("x~~~ ~~~~ x~~~ ~~~~", 1.5), (".... x~~~ ~~~~ ~~~~", 1.0)),
    full_closes=(
        ("x~~~ ~~~~ ~~~~ ~~~~", 3.0),
        (".... x~~~ ~~~~ ~~~~", 1.0),
        ("x~~~ x~~~ ~~~~ ~~~~", 1.5),
        ("x~~~ ~~~~ x~~~ ~~~~", 1.0),
    ),
    arcs=(
        ((0, 0, 0, 0, 1, 1, 0, 0), 3.0),
        ((0, 0, 1, 1, 2, 2, 1, 0), 2.0),
        ((2, 1, 1, 0, 1, 0, 0, 0), 2.0),
        ((0, 0, -1, -1, 0, 0, 1, 0), 1.0),
        ((0, 0, 2, 2, 0, 0, 1, 0), 1.0),
    ),
    pentatonic_pull=0.45,
    centre=72,
    chorus_lift=3,
    ring=96,
)

DRIFT = Grammar(
    name="ambient",
    meter=METERS["4/4"],
    tempo_bpm=(50.0, 76.0),
    swing=(0.5, 0.5),
    modes=((Mode.MAJOR, 0.34), (Mode.MINOR, 0.26), (Mode.DORIAN, 0.2), (Mode.LYDIAN, 0.2)),
    forms=FORMS,
    casts=CASTS,
    cells={
        Mode.MAJOR: MAJOR_CELLS,
        Mode.LYDIAN: LYDIAN_CELLS,
        Mode.DORIAN: DORIAN_CELLS,
        Mode.MINOR: MINOR_CELLS,
    },
    endings={
        Mode.MAJOR: (("IVmaj9 Imaj9", 3.0), ("Vsus4 Iadd9", 1.5), ("ivm6 Imaj9", 0.8), ("IVmaj7/1 Iadd9", 1.5)),
        Mode.LYDIAN: (("II/1 Imaj9", 3.0), ("vii7 Imaj9", 1.0)),
        Mode.DORIAN: (("IV/1 i9", 2.5), ("VIImaj9 i9", 2.0), ("v7 imadd9", 1.0)),
        Mode.MINOR: (("VImaj9 i9", 2.5), ("iv9 imadd9", 2.0), ("VIIsus4 i9", 1.5)),
    },
    colours=COLOURS,
    approach_share=0.0,
    comping=PADS,
    bass=BASS,
    counters=(("slow", 4.0), ("bells", 3.5), ("pad", 1.5), ("guide", 2.0), ("arpeggio", 0.4)),
    drums=DRUMS,
    melody=MELODY,
    parts={
        Role.MELODY: Casting(
            programs=((88, 2.0), (11, 2.0), (73, 1.5), (75, 0.6), (4, 1.5), (54, 1.0), (42, 1.0), (99, 1.0)),
            low=58,
            high=84,
        ),
        Role.COUNTER: Casting(programs=((98, 1.5), (11, 2.0), (46, 2.0), (10, 1.0), (88, 1.0)), low=57, high=86),
        Role.HARMONY: Casting(
            programs=((89, 4.0), (88, 2.0), (91, 1.0), (95, 1.5), (49, 2.0), (52, 1.0)), low=45, high=76
        ),
        Role.BASS: Casting(programs=((39, 1.5), (38, 2.0), (35, 2.0), (43, 1.5), (32, 0.8)), low=28, high=50),
        Role.DRUMS: Casting(programs=((0, 2.0), (25, 2.0), (40, 1.0)), low=35, high=70),
    },
    borrow_share=0.85,
    same_chords_share=0.4,
    softer=13,
    fades=True,
)
PIANO = replace(
    DRIFT,
    comping=PIANO_CHORDS,
    counters=(("pad", 4.0), ("guide", 3.0), ("slow", 1.0), ("bells", 1.0)),
    parts={
        **DRIFT.parts,
        Role.MELODY: Casting(programs=((0, 4.0), (4, 1.5), (42, 1.0), (73, 0.8)), low=58, high=84),
        Role.COUNTER: Casting(programs=((49, 3.0), (48, 1.0), (89, 2.0), (52, 1.0)), low=57, high=86),
        Role.HARMONY: Casting(programs=((0, 4.0), (4, 2.0), (46, 1.0)), low=45, high=76),
    },
)
PULSE = replace(
    DRIFT,
    tempo_bpm=(58.0, 76.0),
    casts=PULSE_CASTS,
    bass=PULSE_BASS,
    counters=(("slow", 3.0), ("arpeggio", 0.8), ("bells", 2.5), ("pad", 1.0)),
)
AMBIENT = replace(DRIFT, variants=((DRIFT, 5.0), (PIANO, 2.5), (PULSE, 1.5)))
