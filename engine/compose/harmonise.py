"""Sections → chords: a progression a label, cadences where sections close, the tonic at the end.

In: sections, a style, a key, a meter. Out: two half-bar chords a bar. Conventions: sections with the same label have
the same chords, except that the song's last two bars always close on the tonic; intro and outro use the first label's
chords. In 3/4 a bar has one chord, because its half is no beat. Caveat: a mode for which a style wrote nothing gets
plain modal progressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.compose.chordwalk import Bar, Pace, walk_chords
from engine.compose.tempo import unit_bars
from engine.music.habits import ChordHabits
from engine.music.harmony import Chord, Key, Mode, roman_to_chord
from engine.music.notes import Section
from engine.music.styles import Style
from engine.music.timing import Meter

Row = tuple[str, ...]
LONG_WALK_SHARE = 0.6


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
    """Whose progressions, in which key and meter. `habits`, at `chords_per_bar`: the chords that may be walked."""

    style: Style
    key: Key
    meter: Meter
    habits: ChordHabits | None = None
    chords_per_bar: float = 1.0


def harmonise(
    sections: Sequence[Section], tonality: Tonality, *, bar_s: float, rng: np.random.Generator
) -> tuple[Bar, ...]:
    """Two chords a bar for all bars of `sections`; a bar lasts `bar_s` seconds."""
    writer = _Writer(tonality, rng)
    stretch = unit_bars(bar_s) // 4
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
        self._rows = style.progressions.get(key.mode) or MODAL[key.mode]
        self._closes = style.cadences.get(key.mode) or MODAL_CADENCES[key.mode]
        self._cadence_share = style.cadence_share
        self._chosen: dict[str, Row] = {}
        self._walked: dict[str, tuple[Bar, ...]] = {}
        self._cadences: dict[str, Row | None] = {}
        self._read: dict[str, Bar] = {}

    @property
    def tonic(self) -> Chord:
        """The chord that ends the song: the style's own tonic chord."""
        return self._bar(self._tonic_closes()[0][-1])[1]

    def section(self, section: Section, stretch: int) -> list[Bar]:
        """Chords of one section; each numeral lasts `stretch` bars."""
        label = "A" if section.label in "IO" else section.label
        walked = self._walk(label, max(1, section.bars // stretch))
        if walked:
            bars = [walked[bar // stretch % len(walked)] for bar in range(section.bars)]
        else:
            row = self._progression(label, max(1, section.bars // stretch))
            bars = [self._bar(row[bar // stretch % len(row)]) for bar in range(section.bars)]
        close = self._close(section.label)
        length = section.bars - section.bars % 2
        if close and length >= 4 * stretch:
            span = min(len(close) * stretch, length)
            bars[length - span : length] = [self._bar(close[i // stretch]) for i in range(span)]
        return bars

    def ending(self) -> list[Bar]:
        """The song's last two bars: a cadence on the tonic."""
        closes = self._tonic_closes()
        return [self._bar(text) for text in closes[int(self._rng.integers(len(closes)))]]

    def _tonic_closes(self) -> list[Row]:
        return [row for row in self._closes if self._bar(row[-1])[1].root == self._key.tonic]

    def _walk(self, label: str, numerals: int) -> tuple[Bar, ...]:
        """The label's walked chords: four or eight bars; empty where it takes a written progression."""
        tonality = self._tonality
        if tonality.habits is None:
            return ()
        if label not in self._walked:
            self._walked[label] = ()
            if self._rng.random() < tonality.style.walk_share:
                bars = 8 if numerals % 8 == 0 and self._rng.random() < LONG_WALK_SHARE else min(4, numerals)
                pace = Pace(chords_per_bar=tonality.chords_per_bar, whole=self._whole_bars)
                self._walked[label] = walk_chords(tonality.habits, self._key, bars, pace, self._rng)
        return self._walked[label]

    def _progression(self, label: str, numerals: int) -> Row:
        """The label's progression: one that fits into its section, and that no other label has."""
        if label not in self._chosen:
            free = [row for row in self._rows if row not in self._chosen.values()] or list(self._rows)
            fitting = [row for row in free if numerals % len(row) == 0] or [row for row in free if len(row) <= numerals]
            if self._whole_bars:
                fitting = [row for row in fitting if not any("|" in bar for bar in row)] or fitting
            rows = fitting or free
            if label == "A":  # a song that opens on its tonic chord makes the key clear
                rows = [row for row in rows if self._bar(row[0])[0].root == self._key.tonic] or rows
            self._chosen[label] = rows[int(self._rng.integers(len(rows)))]
        return self._chosen[label]

    def _close(self, label: str) -> Row | None:
        """The cadence of a label, if it has one; an intro has none."""
        if label not in self._cadences:
            closes = label != "I" and self._rng.random() < self._cadence_share
            index = int(self._rng.integers(len(self._closes)))
            self._cadences[label] = self._closes[index] if closes else None
        return self._cadences[label]

    def _bar(self, text: str) -> Bar:
        """`"ii7|V7"` → two chords, `"I"` → the same chord twice."""
        if text not in self._read:
            halves = [roman_to_chord(part, self._key) for part in text.split("|")]
            self._read[text] = (halves[-1], halves[-1]) if self._whole_bars else (halves[0], halves[-1])
        return self._read[text]
