"""Outlines for tests: a song's plan in the grammar's terms, from a seed. In: meter and seed. Out: an `Outline`.

Conventions: intro, verse, chorus, verse, outro; the second verse repeats the first but for its fourth and eighth bar;
the last bar is the tonic. Drums rest in the intro, the counter plays in the chorus alone.
"""

from __future__ import annotations

import numpy as np

from engine.grammar.grammar import Casting
from engine.grammar.score import Outline, OutlineBar
from engine.music.harmony import Key, Mode, roman_to_chord
from engine.music.notes import Role, Section, SectionKind
from engine.music.timing import METERS

FORM = (
    (SectionKind.INTRO, "I", 4),
    (SectionKind.VERSE, "A", 8),
    (SectionKind.CHORUS, "B", 8),
    (SectionKind.VERSE, "A", 8),
    (SectionKind.OUTRO, "O", 4),
)
LOOPS = {
    Mode.MAJOR: ("I V vi IV", "ii7 V7 Imaj7 vi7", "I IV|V I V", "vi9 ii9 V13 Imaj9"),
    Mode.MINOR: ("i VI III VII", "i5 VI5 VII5 i5", "iiø7 V7b9 i9 i9", "i|v VI iv V"),
}
BAND = frozenset({Role.MELODY, Role.HARMONY, Role.BASS})
PLAYING = {
    SectionKind.INTRO: BAND - {Role.MELODY},
    SectionKind.VERSE: BAND | {Role.DRUMS},
    SectionKind.CHORUS: BAND | {Role.DRUMS, Role.COUNTER},
    SectionKind.OUTRO: BAND,
}
PARTS = {
    Role.MELODY: Casting(programs=((80, 1.0),), low=60, high=86),
    Role.COUNTER: Casting(programs=((48, 1.0),), low=52, high=79),
    Role.HARMONY: Casting(programs=((4, 1.0),), low=46, high=74),
    Role.BASS: Casting(programs=((33, 1.0),), low=28, high=52),
    Role.DRUMS: Casting(programs=((0, 1.0),), low=35, high=81),
}


def outline_for(meter: str, seed: int) -> Outline:
    """The outline of a seed."""
    rng = np.random.default_rng(seed)
    mode = (Mode.MAJOR, Mode.MINOR)[seed % 2]
    key = Key(tonic=int(rng.integers(12)), mode=mode)
    sections: list[Section] = []
    bars: list[OutlineBar] = []
    for index, (kind, label, length) in enumerate(FORM):
        loop = LOOPS[mode][len(label) % 2 + 2 * (label == "B")].split()
        sections.append(Section(kind=kind, label=label, start_bar=len(bars), bars=length))
        for place in range(length):
            halves = [roman_to_chord(numeral, key) for numeral in loop[place % 4].split("|")]
            chords = (halves[0], halves[-1] if meter != "3/4" else halves[0])
            copied = index == 3 and place % 4 != 3
            bars.append(
                OutlineBar(
                    chords=chords,
                    roles=PLAYING[kind],
                    energy=0.4 + 0.1 * index,
                    copy_of=sections[1].start_bar + place if copied else None,
                )
            )
    tonic = roman_to_chord("I" if mode is Mode.MAJOR else "i", key)
    bars[-1] = OutlineBar(chords=(tonic, tonic), roles=BAND, energy=0.5)
    return Outline(key=key, meter=METERS[meter], sections=tuple(sections), bars=tuple(bars), parts=PARTS)
