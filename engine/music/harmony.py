"""Keys, modes, chords: names to numbers and back.

Conventions: pitch classes are integers 0–11 with C = 0. A mode is a rotation of the white keys, so each key has one
*normal form*: transposed so that its scale is the white keys (C major, A minor, D dorian…). The network sees only
normal forms. Notes outside the scale are spelled as degrees of the key, lowered (b2 b3 b6 b7) or raised (#4, and in
minor the raised 3 6 7), with one accidental at most. Caveat: a chord is spelled without looking at its neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from engine.errors import BadRequest

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SHARP_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
FLAT_NAMES = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
FIFTHS_LETTERS = "FCGDAEB"
"""The line of fifths from F (−1) over C (0) to B (5); before it the flats go on, after it the sharps."""


class Mode(StrEnum):
    """The seven rotations of the white keys; `major` is ionian, `minor` is aeolian."""

    MAJOR = "major"
    DORIAN = "dorian"
    PHRYGIAN = "phrygian"
    LYDIAN = "lydian"
    MIXOLYDIAN = "mixolydian"
    MINOR = "minor"
    LOCRIAN = "locrian"


WHITE_TONIC = {
    Mode.MAJOR: 0,
    Mode.DORIAN: 2,
    Mode.PHRYGIAN: 4,
    Mode.LYDIAN: 5,
    Mode.MIXOLYDIAN: 7,
    Mode.MINOR: 9,
    Mode.LOCRIAN: 11,
}
"""Pitch class on which each mode's scale is the white keys."""

WHITE_KEYS = (0, 2, 4, 5, 7, 9, 11)

QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "dim": (0, 3, 6),
    "aug": (0, 4, 8),
    "sus2": (0, 2, 7),
    "sus4": (0, 5, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "maj7": (0, 4, 7, 11),
    "m7": (0, 3, 7, 10),
    "m7b5": (0, 3, 6, 10),
    "dim7": (0, 3, 6, 9),
    "mmaj7": (0, 3, 7, 11),
    "7sus4": (0, 5, 7, 10),
    "add9": (0, 2, 4, 7),
    "madd9": (0, 2, 3, 7),
    "9": (0, 2, 4, 7, 10),
    "maj9": (0, 2, 4, 7, 11),
    "m9": (0, 2, 3, 7, 10),
    "7b9": (0, 1, 4, 7, 10),
    "m11": (0, 3, 5, 7, 10),
    "13": (0, 4, 7, 9, 10),
}
"""Chord quality, as written after the root, to pitch classes above the root (sorted)."""

DIMINISHED = frozenset({"dim", "dim7", "m7b5"})
"""Qualities whose root usually leads up by a semitone."""

QUALITY_SPELLINGS = {
    "maj": "",
    "M": "",
    "min": "m",
    "-": "m",
    "M7": "maj7",
    "min7": "m7",
    "-7": "m7",
    "o": "dim",
    "°": "dim",
    "o7": "dim7",
    "°7": "dim7",
    "ø": "m7b5",
    "ø7": "m7b5",
    "+": "aug",
    "sus": "sus4",
    "M9": "maj9",
}


LETTERS_ABOVE = {3: 2, 4: 2, 6: 4, 7: 4, 8: 4, 10: 6, 11: 6}
"""Semitones of a chord tone above its root → letters above the root's letter (thirds, fifths, sevenths)."""


def _name_on_line(place: int) -> str:
    """The note so many fifths above C: −2 is `"Bb"`, 6 is `"F#"`; double accidentals become plain notes."""
    sign = (place + 1) // 7
    if abs(sign) > 1:
        return _name_on_line(place - 12 if sign > 0 else place + 12)
    return FIFTHS_LETTERS[(place + 1) % 7] + {-1: "b", 0: "", 1: "#"}[sign]


def _place_on_line(name: str) -> int:
    """Inverse of `_name_on_line` for names with at most one accidental."""
    return FIFTHS_LETTERS.index(name[0]) - 1 + 7 * (name.count("#") - name.count("b"))


def _spell_on_letter(pc: int, root_letter: str, letters_above: int) -> str | None:
    """A pitch class written on the letter so far above the root's; None where that takes a double accidental."""
    names = "CDEFGAB"
    letter = names[(names.index(root_letter) + letters_above) % 7]
    return next((letter + sign for sign in ("", "#", "b") if pitch_class(letter + sign) == pc), None)


def pitch_class(name: str) -> int:
    """`"F#"` → 6. Raises `ValueError` for anything but a letter A–G with accidentals `#`, `b`, `♯`, `♭`."""
    match = re.fullmatch(r"([A-Ga-g])([#b♯♭]*)", name)
    if match is None:
        raise ValueError(f"{name!r} is no note name")
    shift = sum(1 if sign in "#♯" else -1 for sign in match[2])
    return (LETTERS[match[1].upper()] + shift) % 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A tonic (pitch class 0–11) and a mode."""

    tonic: int
    mode: Mode

    @property
    def shift_to_white(self) -> int:
        """Semitones in −5…+6 to add to every pitch to reach the normal form (the scale on the white keys)."""
        return (WHITE_TONIC[self.mode] - self.tonic + 5) % 12 - 5

    @property
    def fifths(self) -> int:
        """Sharps (positive) or flats (negative) of the key signature, −5…+6."""
        parallel_major = (self.tonic - WHITE_TONIC[self.mode]) % 12
        return (parallel_major * 7 + 5) % 12 - 5

    @property
    def scale(self) -> tuple[int, ...]:
        """The seven pitch classes of the scale, from the tonic upwards."""
        return tuple(
            sorted(((w - self.shift_to_white) % 12 for w in WHITE_KEYS), key=lambda pc: (pc - self.tonic) % 12)
        )

    @property
    def tonic_name(self) -> str:
        """The tonic, spelled by the key signature (`"Bb"`, `"F#"`)."""
        return (FLAT_NAMES if self.fifths < 0 else SHARP_NAMES)[self.tonic]

    def spell(self, pc: int, *, leads_up: bool = False) -> str:
        """A pitch class's name: as the scale has it, else as the lowered or raised degree that it usually is.

        `leads_up`: it is a chord's root that pulls upwards, so #1 and #5 rather than b2 and b6.
        """
        tonic, white = _place_on_line(self.tonic_name), _place_on_line(FLAT_NAMES[WHITE_TONIC[self.mode]])
        lowest = tonic - 1 - white
        place = lowest + (pc * 7 - lowest) % 12
        if place > lowest + 6:
            place = tonic - 5 + (pc * 7 - tonic + 5) % 12
            if leads_up and (pc - self.tonic) % 12 in (1, 8):
                place += 12
        return _name_on_line(place)

    def __str__(self) -> str:
        return f"{self.tonic_name} {self.mode.value}"

    @classmethod
    def parse(cls, text: str) -> Key:
        """Read `"D minor"`, `"c#m"`, `"F# major"`, `"Bb"`, `"E dorian"`; raises `BadRequest` for anything else."""
        match = re.fullmatch(r"\s*([A-Ga-g](?:#|b|♯|♭|[ -]?sharp|[ -]?flat)?)\s*[- ]?\s*([A-Za-z]*)\s*", text)
        problem = BadRequest(f"The key {text!r} is not known; 'D minor', 'F# major', 'Bb' or 'E dorian' would work.")
        if match is None:
            raise problem
        tonic = re.sub(r"[ -]?sharp", "#", re.sub(r"[ -]?flat", "b", match[1]))
        word = match[2]
        if word in ("", "M") or word.lower() in ("maj", "ionian", "dur"):
            mode = Mode.MAJOR
        elif word == "m" or word.lower() in ("min", "aeolian", "moll"):
            mode = Mode.MINOR
        elif word.lower() in {m.value for m in Mode}:
            mode = Mode(word.lower())
        else:
            raise problem
        return cls(tonic=pitch_class(tonic), mode=mode)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chord:
    """A chord: root and bass as pitch classes 0–11, quality as a key of `QUALITIES`."""

    root: int
    quality: str
    bass: int

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Pitch classes of the chord, root first, ascending above the root."""
        return tuple((self.root + step) % 12 for step in QUALITIES[self.quality])

    def transposed(self, semitones: int) -> Chord:
        """The same chord, `semitones` higher."""
        return Chord(root=(self.root + semitones) % 12, quality=self.quality, bass=(self.bass + semitones) % 12)

    def name(self, key: Key | None = None) -> str:
        """`"Am7"`, `"C/E"`; spelled as `key` spells its notes, with sharps if there is none."""
        if key is None:
            root, bass = SHARP_NAMES[self.root], SHARP_NAMES[self.bass]
        else:
            root, bass = key.spell(self.root, leads_up=self.quality in DIMINISHED), key.spell(self.bass)
        above = (self.bass - self.root) % 12
        if self.bass in self.pitch_classes and above in LETTERS_ABOVE:
            bass = _spell_on_letter(self.bass, root[0], LETTERS_ABOVE[above]) or bass
        return root + self.quality + ("" if self.bass == self.root else f"/{bass}")

    def __str__(self) -> str:
        return self.name()

    @classmethod
    def parse(cls, text: str) -> Chord:
        """Read `"Am7"`, `"F#m7b5"`, `"C/E"`; raises `BadRequest` for anything else."""
        match = re.fullmatch(r"([A-G][#b♯♭]?)([^/]*)(?:/([A-G][#b♯♭]?))?", text.strip())
        quality = QUALITY_SPELLINGS.get(match[2], match[2]) if match else "?"
        if match is None or quality not in QUALITIES:
            raise BadRequest(f"The chord {text!r} is not known; 'Am', 'Cmaj7', 'F#m7b5' or 'G/B' would work.")
        root = pitch_class(match[1])
        return cls(root=root, quality=quality, bass=pitch_class(match[3]) if match[3] else root)


DEGREES = {"I": 0, "II": 1, "III": 2, "IV": 3, "V": 4, "VI": 5, "VII": 6}


def roman_to_chord(text: str, key: Key) -> Chord:
    """Read a Roman numeral in `key`: `"iv7"`, `"bVII"`, `"V7"`, `"iiø7"`, `"Imaj9"`, `"V7/ii"` (applied), `"I/3"`
    (degree of the key in the bass as a digit 1–7, which `b` or `#` may alter: `"V/#7"` in minor).

    Convention: an unaltered numeral is a degree of the key's own scale; `b` and `#` shift it by a semitone. Upper case
    is major (or the written quality), lower case is minor. Raises `ValueError` naming the numeral if it is unreadable.
    """
    head, _, tail = text.partition("/")
    bass_degree = re.fullmatch(r"([b#]?)([1-7])", tail)
    if tail and bass_degree is None:
        target = roman_to_chord(tail, key)
        mode = Mode.MINOR if QUALITIES[target.quality][1:2] == (3,) else Mode.MAJOR
        return roman_to_chord(head, Key(tonic=target.root, mode=mode))
    match = re.fullmatch(r"([b#]*)(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(.*)", head)
    if match is None:
        raise ValueError(f"{text!r} is no Roman numeral")
    accidental, numeral, suffix = match.groups()
    shift = accidental.count("#") - accidental.count("b")
    root = (key.scale[DEGREES[numeral.upper()]] + shift) % 12
    quality = QUALITY_SPELLINGS.get(suffix, suffix)
    if numeral.islower() and quality in ("", "6", "7", "9", "add9", "maj7"):
        quality = {"maj7": "mmaj7"}.get(quality, "m" + quality)
    if quality not in QUALITIES:
        raise ValueError(f"{text!r} has the unknown quality {suffix!r}")
    bass = root
    if bass_degree is not None:
        bass = (key.scale[int(bass_degree[2]) - 1] + {"": 0, "b": -1, "#": 1}[bass_degree[1]]) % 12
    return Chord(root=root, quality=quality, bass=bass)
