"""The progressions of the jazz grammar: eight-bar halves and bridges, four-bar turnarounds, twelve-bar blues.

Data alone. Conventions: see `grammar`; numerals are degrees of the mode's own scale (`VII` in minor is the flat
seventh, `#viø7` the raised sixth). Sections take the cells of their length.
"""

from __future__ import annotations

from engine.music.harmony import Mode

MAJOR_CELLS = (
    ("I6|vi7 ii9|V13 iii7|VI7b9 ii9|V13 v7|I13 IV6|#ivdim7 iii7|VI7b9 ii9|V13", 2.5),
    ("I6|VI7b9 ii9|V13 I6|VI7b9 ii9|V13 v9|I13 IVmaj7|bVII9 I6|V13 I6", 2.0),
    ("ii7|V13 ii7|V13 iii7|VI7 iii7|VI7 vi9|II9 bvi9|bII9 Imaj7 Imaj7", 1.5),
    ("Imaj7 #idim7 ii9 #iidim7 iii7 VI7b9 ii9 V13", 1.5),
    ("Imaj7 v9|I7b9 IVmaj7 iv9|bVII9 iii7|vi7 ii9|V13 Imaj7 Imaj7", 2.0),
    ("Imaj7 VI7b9 ii9 V13 iii7 VI7b9 ii9|V13 I6", 2.5),
    ("Imaj7 Imaj7 II9 II9 ii9 V13 I6 I6", 2.0),
    ("ii9 V13 Imaj7 vi7 ii9 V13 Imaj7 Imaj7", 2.5),
    ("Imaj7 Imaj7 v9 I13 IVmaj7 iv9|bVII9 iii7|biiidim7 ii9|V13", 2.0),
    ("IVmaj7 iv9|bVII9 iii7 VI7b9 ii9 V13 Imaj7 Imaj7", 1.5),
    ("vi9 ii9 V13 Imaj7 IVmaj7 viiø7|III7b9 vi9 vi9", 1.5),
    ("Imaj7 Imaj7 iv9 bVII9 Imaj7 VI7b9 ii9 V13", 2.0),
    ("iii7 VI7b9 ii9 V13 iii7 VI7b9 ii9|V13 Imaj7", 1.5),
    ("I6 I13 IV6 #ivdim7 I6/5 VI7b9 ii9|V13 I6", 1.5),
    ("Imaj7 viiø7|III7b9 vi9 v9|I13 IVmaj7 bVII9 iii7|VI7b9 ii9|V13", 1.5),
    ("Imaj7|ii7 iii7|biiidim7 ii9 V13 Imaj7|vi7 ii9|bII9 Imaj7 Imaj7", 1.5),
    ("ii9 bII9 Imaj7 Imaj7 ii9 V13 iii7|VI7b9 ii9|V13", 1.5),
    ("Imaj7 Imaj7 iiø7 V7b9 Imaj7 Imaj7 ii9 V13", 1.2),
    ("Imaj7 iv9|bVII9 Imaj7 v9|I13 IVmaj7 #ivø7|VII7b9 iii7|VI7b9 ii9|V13", 1.2),
    ("Imaj7 III7b9 VI9 VI9 II9 II9 ii9|V13 I6", 1.2),
    ("Imaj7|VI7b9 ii9|V13 Imaj7|VI7b9 ii9|V13", 2.0),
    ("iii7|VI7b9 ii9|V13 iii7|VI7b9 ii9|bII9", 2.0),
    ("Imaj7 bIIImaj7 bVImaj7 bIImaj7", 0.8),
    ("ii9 V13 Imaj7 Imaj7", 1.5),
    ("ii9 V13 iii7 VI7b9", 1.5),
    ("Imaj7 #idim7 ii9 V13", 1.5),
    ("ii9|V13 ii9|V13 Imaj7|IVmaj7 iii7|VI7b9", 1.2),
    ("I7sus4 I13 I7sus4 I13", 0.8),
    ("I13 IV9 I13 v9|I13 IV9 #ivdim7 I13 iiiø7|VI7b9 ii9 V13 I13|VI7b9 ii9|V13", 3.0),
    ("Imaj7 viiø7|III7b9 vi9|II9 v9|I13 IV9 iv9|bVII9 iii7|VI9 biii9|bVI9 ii9 V13 I6|VI7b9 ii9|V13", 2.0),
    ("I13 I13 I13 I13 IV9 IV9 I13 I13 ii9 V13 I13 V13", 1.5),
    ("I13 IV9 I13 I7b9 IV9 IV9 I13 VI7b9 ii9 V13 I13|VI7b9 ii9|V13", 3.0),
    ("I13 IV9|#ivdim7 I13 v9|bV9 IV9 #ivdim7 iii7 VI7b9 ii9 bII9 I13|bIII9 II9|bII9", 1.5),
    ("I6 IV9 I6|ii7 iii7|I13 IV9 iv9|bVII9 Imaj7 biii9|bVI9 ii9 V13 iii7|VI7b9 ii9|V13", 1.5),
)

MAJOR_BRIDGES = (
    ("III7 III7 VI9 VI9 II9 II9 V13 V13", 3.0),
    ("v9 I13 IVmaj7 IVmaj7 vi9 II9 ii9 V13", 2.5),
    ("IVmaj7 IVmaj7 iv9 bVII9 Imaj7 VI9 II9 V13", 2.0),
    ("v9 I7b9 IVmaj7 IVmaj7 #ivø7 VII7b9 iii7|VI7b9 ii9|V13", 2.0),
    ("bii9|bV13 VIImaj7 vii9|III13 VImaj7 vi9|II13 Vmaj7 ii9 V13", 1.2),
    ("vi9 vi9 II9 II9 iii7 VI7b9 ii9 V13", 2.0),
    ("iv9 bVII13 bIIImaj7 bVImaj7 iiø7 V7b9 ii9 V13", 1.5),
    ("IVmaj7 #ivdim7 I6/5 VI7b9 II9 II9 ii9 V13", 2.0),
    ("#ivø7 VII7b9 iii7 iii7 iiø7/ii VI7b9 ii9 V13", 1.2),
    ("iii7|VI13 iii7|VI13 IImaj7 IImaj7 ii9|V13 ii9|V13 bII9 V13", 1.0),
    ("IVmaj7 iv9|bVII9 Imaj7 VI7b9 vi9|II9 vi9|II9 ii9 bII9", 1.5),
    ("III7b9 III7b9 vi9 vi9 II13 II13 ii9 V7b9", 1.5),
)

MINOR_CELLS = (
    ("i9 #viø7 iiø7 V7b9 i9 #viø7 iiø7 V7b9", 2.0),
    ("iv9 VII13 IIImaj7 VImaj7 iiø7 V7b9 i6 i6", 3.0),
    ("i6 VI9|V7b9 i6 VI9|V7b9 iv9 iv9 VI9 V7b9", 1.5),
    ("i9 iiø7 V7b9 i6 vø7 V7b9/iv iv9 iiø7|V7b9", 1.5),
    ("i9|imaj7 i7|i6 iv9 iv9 iiø7 V7b9 i6 i6", 2.0),
    ("i6 iiø7|V7b9 i6 iiø7|V7b9 i6 iiø7|V7b9 i6 i6", 2.0),
    ("iiø7 V7b9 i9 i9 iv9 VII13 IIImaj7 IIImaj7", 2.0),
    ("i6|iiø7 i6|iiø7 i6 V7b9/iv iv9 VI9 iiø7 V7b9", 1.5),
    ("i9 i9 iv9 iv9 VI9 V7b9 i6 i6", 2.0),
    ("i9 v9|V7b9/iv iv9 VII13 IIImaj7 VI9 iiø7|V7b9 i9", 2.0),
    ("i9 VII13 VI9 V7b9 i9 VII13 VI9|V7b9 i6", 1.5),
    ("i9 bII9 i9 bII9 iv9 VII13 iiø7 V7b9", 1.2),
    ("i6 i6 iiø7 V7b9 iiø7 V7b9 i6 i6", 2.0),
    ("i9 i9 VII13|VI9 V7b9 i9 #viø7 iiø7|V7b9 i6", 1.5),
    ("i9|#viø7 iiø7|V7b9 i9|#viø7 iiø7|V7b9", 2.0),
    ("iiø7 V7b9 i6 i6", 2.0),
    ("i9 bII9 i9 bII9", 1.0),
    ("i9 VI9 iiø7 V7b9", 1.5),
    ("i9 i9 i9 V7b9/iv iv9 iv9 i9 i9 VI9 V7b9 i9 iiø7|V7b9", 2.5),
    ("i9 iv9 i9 vø7|V7b9/iv iv9 VII13 i9 #viø7 iiø7 V7b9 i9|VI9 iiø7|V7b9", 2.0),
    ("i6 iiø7|V7b9 i6 V7b9/iv iv9 iv9 i6 VI9 iiø7 bII9 i6 V7b9", 1.5),
)

MINOR_BRIDGES = (
    ("vø7 V7b9/iv iv9 iv9 iv9 VII13 IIImaj7 iiø7|V7b9", 2.5),
    ("IIImaj7 IIImaj7 iv9 VII13 IIImaj7 VImaj7 iiø7 V7b9", 2.0),
    ("VII9 VII9 IIImaj7 IIImaj7 VI9 VI9 iiø7 V7b9", 2.0),
    ("iv9 iv9 i9 i9 V9/V V9/V V7sus4 V7b9", 1.5),
    ("VImaj7 VII13 IIImaj7 IIImaj7 VImaj7 VII13 iiø7 V7b9", 1.5),
    ("iv9 VII13 IIImaj7 VImaj7 iiø7 V7b9 vø7|V7b9/iv iv9|V7b9", 1.5),
    ("iii9 VI13 bIImaj7 bIImaj7 iiø7 V7b9 iiø7 V7b9", 1.5),
    ("IIImaj7|#iiidim7 iv9|VII13 IIImaj7|VI9 iiø7|V7b9 IIImaj7|#iiidim7 iv9|VII13 VI9 V7b9", 1.0),
)

DORIAN_CELLS = (
    ("im11 im11 im11 im11 im11 im11 im11 im11", 3.0),
    ("im11 im11 IV9 IV9 im11 im11 IV9 IV9", 2.0),
    ("im11 ii7 im11 ii7 im11 ii7 IIImaj7 ii7", 1.5),
    ("im11 im11 im11 im11 VIImaj7 VIImaj7 im11 im11", 1.5),
    ("im11 IV13 im11 IV13 im11 IV13 im11 IV13", 1.5),
    ("im11 im11 v9 v9 im11 im11 v9 v9", 1.0),
    ("im11 im11 ii7 ii7 im11 im11 v9 IV9", 1.0),
    ("im11 im11 im11 im11 IV9 IV9 im11 im11", 1.5),
    ("im11 IIImaj7 IV9 IIImaj7 im11 IIImaj7 IV9 IV9", 0.8),
    ("im11 im11 im11 im11 bIImaj7 bIImaj7 im11 im11", 1.0),
    ("im11|ii7 im11|ii7 im11|ii7 im11 im11|ii7 im11|ii7 v9 v9", 1.0),
    ("im11 im11 im11 im11", 2.0),
    ("im11 IV9 im11 IV9", 1.5),
    ("im11|ii7 im11|ii7 im11|ii7 im11", 1.0),
)

DORIAN_BRIDGES = (
    ("biim11 biim11 biim11 biim11 biim11 biim11 biim11 biim11", 3.0),
    ("ivm11 ivm11 ivm11 ivm11 ivm11 ivm11 ivm11 ivm11", 1.5),
    ("biiim11 biiim11 biiim11 biiim11 biim11 biim11 biim11 biim11", 1.0),
    ("IV9 IV9 IV9 IV9 VIImaj7 VIImaj7 VIImaj7 VIImaj7", 1.5),
    ("biiim11 biiim11 biiim11 biiim11 biiim11 biiim11 V7sus4 V7sus4", 1.0),
)

COLOURS = {
    "m9": (("m9", 3.0), ("m7", 3.5), ("m11", 0.5)),
    "m7": (("m7", 5.0), ("m9", 1.0)),
    "m11": (("m11", 3.0), ("m9", 2.0), ("m7", 1.0)),
    "m6": (("m6", 4.0), ("m9", 1.5), ("mmaj7", 0.5), ("m7", 1.0)),
    "maj7": (("maj7", 5.0), ("maj9", 2.0), ("6", 1.5)),
    "6": (("6", 4.0), ("maj7", 1.5)),
    "9": (("9", 4.0), ("7", 2.5), ("13", 2.0)),
    "13": (("13", 4.0), ("9", 2.5), ("7", 2.0), ("7b9", 0.7)),
    "7": (("7", 4.0), ("9", 1.5), ("13", 1.0)),
    "7b9": (("7b9", 5.0), ("7", 1.5)),
}

ENDINGS = {
    Mode.MAJOR: (
        ("ii9|V13 I6", 3.0),
        ("V13 I6", 2.0),
        ("ii9|bII9 Imaj7", 2.0),
        ("iv9|bVII9 Imaj7", 1.5),
        ("bIImaj7 Imaj7", 1.0),
    ),
    Mode.MINOR: (("iiø7|V7b9 i6", 3.0), ("V7b9 i6", 2.0), ("bII9 i6", 1.0), ("VI9|V7b9 i9", 1.5)),
    Mode.DORIAN: (("IV9 im11", 2.0), ("im11 im11", 2.0), ("v9 im11", 1.0)),
}
