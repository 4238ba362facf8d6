"""Chord symbols: "Am F C G", "Dm7 | G7 | Cmaj7", "C/E F G7sus4" → the chords of each bar, and the key that they are in.

In: a text of symbols. Out: a `Progression`. Conventions: symbols are real chords (letters A–G), one a bar; between bar
lines (`|`) a bar may have two, which get half of it each, and `%` repeats the bar before. Where more than two stand
between bar lines, each is a bar of its own. A quality that the networks do not know becomes the nearest one that they
do (C7#9 → C7), and the progression says so. Caveat: Roman numerals are not read: they mean nothing without a key.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from engine.errors import BadRequest
from engine.music.harmony import QUALITIES, QUALITY_SPELLINGS, Chord, Key, Mode, pitch_class

Bar = tuple[Chord, Chord]

MAX_CHARS = 1000
MAX_BARS = 64
EXAMPLES = "'Am', 'Cmaj7', 'F#m7b5' or 'G/B' would work"
REPEAT = "%"
_SYMBOL = re.compile(r"([A-Ga-g][#b]?)(.*)")
_BASS = re.compile(r"(.*)/([A-Ga-g][#b]?)")
_PLAIN_SIGNS = str.maketrans(
    {"♯": "#", "♭": "b", "−": "-", "–": "-", "—": "-", "º": "°", "Ø": "ø", "△": "Δ", "(": "", ")": "", ",": ""}
)
_PARTS = re.compile(
    "|".join(
        (
            r"(?P<major>(?:maj(?:or)?|ma(?!j)|Δ|\^|M|j(?=7))(?P<major_step>7|9|11|13)?|Δ)",
            r"(?P<minor>min(?:or)?|mi|m|-(?!\d*[59]\b))",
            r"(?P<dim>dim|°|o)",
            r"(?P<half>ø7?)",
            r"(?P<sus>sus(?:2|4|24)?)",
            r"(?P<add>add\s?(?P<add_sign>[#b]?)(?P<add_step>2|4|6|9|11|13))",
            r"(?P<no>(?:no|omit)(?P<no_step>3|5))",
            r"(?P<altered>alt(?:ered)?)",
            r"(?P<sign>[#b+-])(?P<step>5|9|11|13)",
            r"(?P<aug>aug|\+)",
            r"(?P<sixnine>6/9|69)",
            r"(?P<dominant>dom)",
            r"(?P<number>13|11|9|7|6|5|4|2)",
        )
    )
)
_STEPS = {2: 2, 4: 5, 5: 7, 6: 9, 9: 2, 11: 5, 13: 9}
_SHIFTS = {"#": 1, "+": 1, "b": -1, "-": -1, "": 0}
_SET: dict[str, dict[str, object]] = {
    "minor": {"third": 3},
    "dim": {"third": 3, "fifth": 6, "is_dim": True},
    "half": {"third": 3, "fifth": 6, "seventh": 10},
    "aug": {"fifth": 8},
    "altered": {"seventh": 10, "colours": frozenset({1})},
}
"""What a part of a symbol makes of a chord's tones."""
_SPELLED = {"major": "maj", "minor": "m", "minor7": "m7", "Δ": "maj7", "Δ7": "maj7", "^7": "maj7", "j7": "maj7"}
THIRD_WEIGHT, SEVENTH_WEIGHT, FIFTH_WEIGHT, FOREIGN_WEIGHT = 10.0, 4.0, 1.5, 2.0
"""What it costs to lose a chord's third, seventh or fifth, and to gain a tone that was not asked for; other tones 1."""
KEY_MODES = {Mode.MAJOR: 0.0, Mode.MINOR: 0.0, Mode.DORIAN: 0.08, Mode.MIXOLYDIAN: 0.08}
"""Modes that chords alone may say, and how much better one must fit to be believed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progression:
    """The chords of each bar, as they were written (`text`), and which symbols were read as their nearest."""

    bars: tuple[Bar, ...]
    text: str
    replaced: tuple[tuple[str, str], ...] = ()


def read_chords(text: str) -> Progression:
    """Read a progression. Raises `BadRequest` naming the first symbol that cannot be read, or if there is none."""
    tidy = " ".join(text.split())
    if len(tidy) > MAX_CHARS:
        raise BadRequest(f"The chords have {len(tidy)} characters; up to {MAX_CHARS} would work.")
    replaced: dict[str, str] = {}
    bars: list[Bar] = []
    for symbols in _bars(tidy):
        bars.append(_bar(symbols, bars, replaced))
    if not bars:
        raise BadRequest(f"The chords {tidy[:40]!r} name no chord; 'Am F C G' would work.")
    if len(bars) > MAX_BARS:
        raise BadRequest(f"The chords fill {len(bars)} bars; up to {MAX_BARS} would work.")
    return Progression(bars=tuple(bars), text=tidy, replaced=tuple(replaced.items()))


def _bars(text: str) -> list[list[str]]:
    """The symbols of each bar."""
    parts = [
        re.split(r"(?:[\s,;]+|→)(?![^(]*\))", part) for part in re.sub(r"(?<=\s)[-–—](?=\s)|->", " ", text).split("|")
    ]
    groups = [[symbol for symbol in part if symbol.strip(":.")] for part in parts]
    groups = [group for group in groups if group]
    if len(groups) == 1 or any(len(group) > 2 for group in groups):
        return [[symbol] for group in groups for symbol in group]
    return groups


def _bar(symbols: Sequence[str], before: Sequence[Bar], replaced: dict[str, str]) -> Bar:
    if symbols[0] == REPEAT:
        if not before:
            raise BadRequest("The chords begin with '%', which repeats a bar before it; 'Am' would work.")
        return before[-1]
    chords = []
    for symbol in symbols:
        chord, exact = read_chord(symbol)
        chords.append(chord)
        if not exact:
            replaced[symbol] = str(chord)
    return chords[0], chords[-1]


def read_chord(symbol: str) -> tuple[Chord, bool]:
    """The chord that a symbol names, and whether it is exactly that one. Raises `BadRequest`."""
    unread = BadRequest(f"The chord {symbol[:20]!r} cannot be read; {EXAMPLES}.")
    text = symbol.strip(" :.").translate(_PLAIN_SIGNS).replace("6/9", "69")
    with_bass = _BASS.fullmatch(text)
    head, bass = (with_bass[1], with_bass[2]) if with_bass else (text, None)
    match = _SYMBOL.fullmatch(head)
    if match is None:
        raise unread
    quality, exact = _quality(match[2].replace("/", ""))
    if quality is None or head.endswith("/"):
        raise unread
    root = pitch_class(_note(match[1]))
    return Chord(root=root, quality=quality, bass=root if bass is None else pitch_class(_note(bass))), exact


def _note(text: str) -> str:
    return text[0].upper() + text[1:]


def _quality(text: str) -> tuple[str | None, bool]:
    """A key of `QUALITIES`, and whether it is exactly what was written; None if the text is no quality."""
    for spelled in (text, _SPELLED.get(text, text), re.sub(r"^(?:min|mi|-)(?=\d)", "m", text)):
        known = QUALITY_SPELLINGS.get(spelled, spelled)
        if known in QUALITIES:
            return known, True
    tones = _Tones.read(text if text[:1] == "M" else text[:1] + text[1:].replace("MAJ", "maj").replace("Maj", "maj"))
    tones = tones or _Tones.read(text.lower())
    return tones.nearest() if tones is not None else (None, False)


@dataclass(slots=True)
class _Tones:
    """A quality's tones in semitones above the root, by what they are for."""

    third: int | None = 4
    fifth: int | None = 7
    seventh: int | None = None
    colours: frozenset[int] = frozenset()
    is_dim: bool = False

    @classmethod
    def read(cls, text: str) -> _Tones | None:
        """Read part after part; None if some of the text is no part of a chord symbol."""
        tones, place = cls(), 0
        while place < len(text):
            match = _PARTS.match(text, place)
            if match is None:
                return None
            tones._take(match)
            place = match.end()
        return tones

    def _take(self, match: re.Match[str]) -> None:
        """Add one part of a symbol."""
        kind = next(name for name, found in match.groupdict().items() if found is not None)
        if kind in _SET:
            for name, value in _SET[kind].items():
                setattr(self, name, value)
        elif kind == "major":
            self._extend(match["major_step"], 11)
        elif kind == "sus":
            self.third = 2 if match["sus"] == "sus2" else 5
        elif kind == "no":
            self.third, self.fifth = (None, self.fifth) if match["no_step"] == "3" else (self.third, None)
        elif kind == "sixnine":
            self.colours |= {2, 9}
        elif kind == "number":
            self._take_number(match["number"])
        elif kind in ("add", "sign"):
            self._take_step(match)

    def _take_number(self, number: str) -> None:
        if number == "5":
            self.third = None
        elif number in ("2", "4", "6"):
            self.colours |= {_STEPS[int(number)]}
        elif number == "7" and self.is_dim:
            self.colours |= {9}
        else:
            self._extend(number, self.seventh or 10)

    def _take_step(self, match: re.Match[str]) -> None:
        """An altered or an added step."""
        step, sign = (match["add_step"], match["add_sign"]) if match["add"] else (match["step"], match["sign"])
        tone = _STEPS[int(step)] + _SHIFTS[sign]
        if step == "5":
            self.fifth = tone
        else:
            self.colours = frozenset(c for c in self.colours if match["add"] or c != _STEPS[int(step)]) | {tone}

    def _extend(self, number: str | None, seventh: int) -> None:
        """A seventh and what lies on it up to `number`; an eleventh without a minor third takes the third's place."""
        if number is None:
            return
        self.seventh = seventh
        if number != "7":
            self.colours |= {2}
        if number == "11":
            if self.third == 4 and seventh == 10:
                self.third = 5
            else:
                self.colours |= {5}
        if number == "13":
            self.colours |= {9}

    def nearest(self) -> tuple[str, bool]:
        """The known quality that keeps most of the tones, and whether it has just these."""
        weights = dict.fromkeys(self.colours, 1.0)
        for tone, weight in ((self.fifth, FIFTH_WEIGHT), (self.seventh, SEVENTH_WEIGHT), (self.third, THIRD_WEIGHT)):
            if tone is not None:
                weights[tone] = weight
        asked = {0, *weights}

        def cost(name: str) -> float:
            known = set(QUALITIES[name])
            return sum(weights[tone] for tone in asked - known) + FOREIGN_WEIGHT * len(known - asked)

        best = min(QUALITIES, key=cost)
        return best, cost(best) == 0


def key_of_chords(bars: Sequence[Bar], *, modes: Sequence[Mode] | None = None) -> Key:
    """The key that chords are most likely in, among all keys of `modes` (default: major, minor, dorian, mixolydian).

    A key fits by the share of chord tones in its scale (in minor the dominant's leading note counts as in it), by a
    first or last chord on its tonic, and by a dominant that goes there. Caveat: four chords that fit two keys are in
    the one whose tonic they begin with.
    """
    chords = [chord for bar in bars for chord in dict.fromkeys(bar)]
    keys = [Key(tonic=tonic, mode=mode) for mode in (modes or tuple(KEY_MODES)) for tonic in range(12)]
    return max(keys, key=lambda key: _fit(key, chords))


def _fit(key: Key, chords: Sequence[Chord]) -> float:
    inside = sum(_share_inside(key, chord) for chord in chords) / len(chords)
    third = (key.tonic + (4 if key.mode in (Mode.MAJOR, Mode.MIXOLYDIAN, Mode.LYDIAN) else 3)) % 12
    first, last = (
        chord.root == key.tonic and (third in chord.pitch_classes or len(chord.pitch_classes) == 2)
        for chord in (chords[0], chords[-1])
    )
    dominant = (key.tonic + 7) % 12
    cadences = any(
        one.root == dominant
        and two.root == key.tonic
        and (key.tonic - 1) % 12 in one.pitch_classes
        and _share_inside(key, one) == 1
        for one, two in zip(chords, [*chords[1:], chords[0]], strict=True)
    )
    return inside + 0.15 * first + 0.1 * last + 0.1 * cadences - KEY_MODES.get(key.mode, 0.0)


def _share_inside(key: Key, chord: Chord) -> float:
    scale = set(key.scale)
    if key.mode in (Mode.MINOR, Mode.DORIAN) and chord.root in ((key.tonic + 7) % 12, (key.tonic - 1) % 12):
        scale.add((key.tonic - 1) % 12)
    return sum(pc in scale for pc in chord.pitch_classes) / len(chord.pitch_classes)
