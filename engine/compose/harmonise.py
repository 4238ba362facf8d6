"""Sections → chords: a progression a label, cadences where sections close, the tonic at the end.

In: sections, a style, a key, a meter. Out: two half-bar chords a bar. Conventions: sections with the same label have
the same chords, except that the song's last two bars always close on the tonic; intro and outro use the first label's
chords. In 3/4 a bar has one chord, because its half is no beat. Caveat: a mode for which a style wrote nothing gets
plain modal progressions.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.compose.chordwalk import Pace, dark_share, walk_chords
from engine.compose.tempo import unit_bars
from engine.music.habits import ChordHabits, light_of
from engine.music.harmony import Chord, Key, Mode, roman_to_chord
from engine.music.notes import Section
from engine.music.styles import Style
from engine.music.timing import Meter

Bar = tuple[Chord, Chord]
Row = tuple[str, ...]
LONGEST_WALK = 16
PACE_PULL = 1.5
COLOUR_PULL = 4.0
"""Nats between a row of minor chords and one of major chords, in the gladdest and the saddest mood."""


def _rows(*texts: str) -> tuple[Row, ...]:
    return tuple(tuple(text.split()) for text in texts)


MODAL: dict[Mode, tuple[Row, ...]] = {
    Mode.DORIAN: _rows("i IV i VII", "i VII IV i", "i III VII IV", "i v IV i"),
    Mode.MIXOLYDIAN: _rows("I VII IV I", "I IV VII I", "I v VII IV", "I VII ii I"),
    Mode.LYDIAN: _rows("I II I II", "I II V I", "I iii II I", "I vi II V", "I V II I"),
    Mode.PHRYGIAN: _rows("i II i II", "i II III II", "i vii II i", "i VI II i", "i iv II i"),
    Mode.LOCRIAN: _rows("i° II iii i°", "i° VI II i°", "i° iv II i°", "i° II vii i°"),
}
MODAL_CADENCES: dict[Mode, tuple[Row, ...]] = {
    Mode.DORIAN: _rows("VII i", "IV i"),
    Mode.MIXOLYDIAN: _rows("VII I", "VII|IV I"),
    Mode.LYDIAN: _rows("II I", "V I"),
    Mode.PHRYGIAN: _rows("II i", "vii|II i"),
    Mode.LOCRIAN: _rows("II i°", "vii i°"),
}


@dataclass(frozen=True, slots=True)
class Tonality:
    """Whose progressions, in which key and meter. `habits`, at `chords_per_bar`: the chords that may be walked.
    `valence` −1…1: whether minor or major chords are liked.
    """

    style: Style
    key: Key
    meter: Meter
    habits: Mapping[str, ChordHabits] = field(default_factory=dict)
    chords_per_bar: float = 1.0
    variety_bits: float | None = None
    returning: float = 0.5
    valence: float = 0.0


def harmonise(
    sections: Sequence[Section], tonality: Tonality, *, bar_s: float, rng: np.random.Generator
) -> tuple[Bar, ...]:
    """Two chords a bar for all bars of `sections`; a bar lasts `bar_s` seconds."""
    writer = _Writer(tonality, rng)
    if len({section.label for section in sections} - {"I", "O"}) > 1:
        writer.modulate({section.label for section in sections} - {"I", "O", "A", sections[-1].label})
    stretch = unit_bars(bar_s) // 4
    if stretch == 1:
        writer.keep_choruses(sections)
    bars: list[Bar] = []
    for section in sections:
        bars.extend(writer.section(section, stretch))
    ending = writer.ending()
    count = min(len(ending), len(bars) - 1)
    if count > 0:
        bars[-count:] = ending[-count:]
    tonic = writer.tonic
    bars[-1] = (tonic, tonic)
    return tuple(bars)


class _Writer:
    """Chooses and remembers each label's progression and close."""

    def __init__(self, tonality: Tonality, rng: np.random.Generator) -> None:
        style, key, meter = tonality.style, tonality.key, tonality.meter
        self._key, self._rng, self._tonality = key, rng, tonality
        self._whole_bars = meter.half_bar_ticks * 2 == 72 and meter.denominator == 4
        self._cadence_share = style.cadence_share
        self._chorus = 0
        self._chosen: dict[str, Row] = {}
        self._walked: dict[str, tuple[Bar, ...]] = {}
        self._cadences: dict[str, Row | None] = {}
        self._keys: dict[str, Key] = {}
        self._read: dict[tuple[str, Key], Bar] = {}

    @property
    def tonic(self) -> Chord:
        """The chord that ends the song: the style's own tonic chord."""
        return self._bar(self._tonic_closes()[0][-1], self._key)[1]

    def keep_choruses(self, sections: Sequence[Section]) -> None:
        """Where the style is made of choruses and all main sections are whole ones, let each be one progression."""
        length = self._tonality.style.section_bars
        main = [section.bars // 4 * 4 for section in sections if section.label not in "IOX"]
        self._chorus = length if length and main and all(bars and bars % length == 0 for bars in main) else 0

    def modulate(self, labels: Collection[str]) -> None:
        """Put some of the labels into another key of the style's, as far as their modes have progressions."""
        style = self._tonality.style
        options = [
            key
            for key in map(self._related, style.modulations.get(self._key.mode, ()))
            if key.mode in style.progressions
        ]
        for label in sorted(labels):
            leaves, choice = self._rng.random(2)
            if options and leaves < style.modulation_share:
                self._keys[label] = options[int(choice * len(options))]

    def _related(self, numeral: str) -> Key:
        """`"V"` of C major → G major, `"vi"` → A minor."""
        chord = roman_to_chord(numeral, self._key)
        return Key(tonic=chord.root, mode=Mode.MINOR if "m" in chord.quality else Mode.MAJOR)

    def section(self, section: Section, stretch: int) -> list[Bar]:
        """Chords of one section; each numeral lasts `stretch` bars."""
        label = "A" if section.label in "IO" else section.label
        key = self._keys.get(label, self._key)
        walked = self._walk(label, max(1, section.bars // stretch))
        if walked:
            bars = [walked[bar // stretch % len(walked)] for bar in range(section.bars)]
        else:
            row = self._progression(label, max(1, section.bars // stretch))
            frames = self._chorus and section.label in "IO" and section.bars < len(row)
            row = row[-section.bars :] if frames else row  # the turnaround leads in and out
            bars = [self._bar(row[bar // stretch % len(row)], key) for bar in range(section.bars)]
        close = self._close(section.label)
        length = section.bars - section.bars % 2
        if close and length >= 4 * stretch:
            span = min(len(close) * stretch, length)
            bars[length - span : length] = [self._bar(close[i // stretch], key) for i in range(span)]
        return bars

    def ending(self) -> list[Bar]:
        """The song's last two bars: a cadence on the tonic."""
        closes = self._tonic_closes()
        return [self._bar(text, self._key) for text in closes[int(self._rng.integers(len(closes)))]]

    def _tonic_closes(self) -> list[Row]:
        return [row for row in self._closes_in(self._key) if self._bar(row[-1], self._key)[1].root == self._key.tonic]

    def _walk(self, label: str, numerals: int) -> tuple[Bar, ...]:
        """The label's walked chords: four or eight bars; empty where it takes a written progression."""
        tonality = self._tonality
        key = self._keys.get(label, self._key)
        habits = tonality.habits.get(light_of(key.mode))
        if label not in self._walked:
            self._walked[label] = ()
            if habits is not None and self._rng.random() < tonality.style.walk_share:
                long = self._rng.random() < 1.0 - tonality.returning
                loop = 2 if self._rng.random() < 2 * (tonality.returning - 0.5) else 4
                bars = numerals if long and numerals <= LONGEST_WALK else min(loop, numerals)
                pace = Pace(
                    chords_per_bar=tonality.chords_per_bar,
                    variety_bits=tonality.variety_bits,
                    whole=self._whole_bars,
                    valence=tonality.valence,
                )
                self._walked[label] = walk_chords(habits, key, bars, pace, self._rng)
        return self._walked[label]

    def _progression(self, label: str, numerals: int) -> Row:
        """The label's progression: one that fits into its section, and that no other label has."""
        if label not in self._chosen:
            key = self._keys.get(label, self._key)
            known = self._rows_in(key)
            free = [row for row in known if row not in self._chosen.values()] or list(known)
            fitting = [row for row in free if numerals % len(row) == 0] or [row for row in free if len(row) <= numerals]
            if self._chorus:
                fitting = [row for row in free if len(row) == self._chorus] or fitting
            if self._whole_bars:
                fitting = [row for row in fitting if not any("|" in bar for bar in row)] or fitting
            rows = fitting or free
            if label == "A":  # a song that opens on its tonic chord makes the key clear
                rows = [row for row in rows if self._bar(row[0], key)[0].root == key.tonic] or rows
            self._chosen[label] = rows[self._rng.choice(len(rows), p=self._liking(rows, key))]
        return self._chosen[label]

    def _liking(self, rows: Sequence[Row], key: Key) -> NDArray[np.float64]:
        """The chance of each row: likelier the nearer its changes a bar are to the wanted ones, and by its colour."""
        halves = [[half for bar in row for half in (bar.split("|")[0], bar.split("|")[-1])] for row in rows]
        paces = [sum(one != two for one, two in pairwise(row)) / max(1, len(row) // 2 - 1) for row in halves]
        liking = np.array([-PACE_PULL * abs(pace - self._tonality.chords_per_bar) for pace in paces])
        if self._tonality.valence:
            qualities = [[chord.quality for text in row for chord in self._bar(text, key)] for row in rows]
            liking -= COLOUR_PULL * self._tonality.valence * np.array([dark_share(row) for row in qualities])
        weights = np.exp(liking - liking.max())
        return np.asarray(weights / weights.sum(), np.float64)

    def _close(self, label: str) -> Row | None:
        """The cadence of a label, if it has one; an intro has none."""
        if label not in self._cadences:
            known = self._closes_in(self._keys.get(label, self._key))
            closes = label != "I" and self._rng.random() < self._cadence_share
            index = int(self._rng.integers(len(known)))
            self._cadences[label] = known[index] if closes else None
        return self._cadences[label]

    def _rows_in(self, key: Key) -> Sequence[Row]:
        return self._tonality.style.progressions.get(key.mode) or MODAL[key.mode]

    def _closes_in(self, key: Key) -> Sequence[Row]:
        return self._tonality.style.cadences.get(key.mode) or MODAL_CADENCES[key.mode]

    def _bar(self, text: str, key: Key) -> Bar:
        """`"ii7|V7"` → two chords, `"I"` → the same chord twice."""
        if (text, key) not in self._read:
            halves = [roman_to_chord(part, key) for part in text.split("|")]
            self._read[text, key] = (halves[-1], halves[-1]) if self._whole_bars else (halves[0], halves[-1])
        return self._read[text, key]
