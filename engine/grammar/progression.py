"""Chords of a section: weighted cells (four bars or more) in Roman numerals go in, two chords a bar come out.

A longer section repeats its cell with other colours, or goes on with a second cell. Colours (m7 ↔ m9 ↔ m11…) and
approach chords (applied dominants and their tritone substitutes before a chord) are chosen here.
"""

from __future__ import annotations

import numpy as np

from engine.grammar.chance import Weighted, any_of, happens, pick
from engine.grammar.grammar import Grammar
from engine.music.harmony import QUALITIES, Chord, Key, roman_to_chord
from engine.music.notes import SectionKind

Bars = list[tuple[Chord, Chord]]


def read_cell(text: str, key: Key) -> Bars:
    """`"i9 v7|V7/iv"` to bars of two chords."""
    bars = []
    for word in text.split():
        halves = [roman_to_chord(numeral, key) for numeral in word.split("|")]
        bars.append((halves[0], halves[-1]))
    return bars


def section_chords(
    grammar: Grammar, key: Key, bars: int, rng: np.random.Generator, kind: SectionKind | None = None
) -> tuple[Chord, ...]:
    """Two chords a bar for a section of `bars` bars; some kinds of section have cells of their own."""
    own = grammar.cells_by_kind.get(kind, {}) if kind else {}
    choices = fitting_cells(own.get(key.mode, grammar.cells[key.mode]), bars)
    first = pick(rng, choices)
    second = first if happens(rng, 0.65) else pick(rng, choices)
    cells = [read_cell(first, key), read_cell(second, key)]
    out: Bars = []
    while len(out) < bars:
        cell = cells[len(out) // len(cells[0]) % 2]
        out += [_coloured(grammar, pair, rng) for pair in cell]
    out = _approached(grammar, out[:bars], rng)
    return tuple(chord for pair in out for chord in pair)


def fitting_cells(cells: Weighted[str], bars: int) -> Weighted[str]:
    """The longest cells that fill `bars` evenly; all of them if none does."""
    even = [len(text.split()) for text, _ in cells if bars % len(text.split()) == 0]
    longest = max(even, default=0)
    return tuple(cell for cell in cells if len(cell[0].split()) == longest) or cells


def ending_chords(grammar: Grammar, key: Key, chords: tuple[Chord, ...], rng: np.random.Generator) -> tuple[Chord, ...]:
    """The same chords with a cadence in place of the last two bars."""
    cadence = read_cell(pick(rng, grammar.endings[key.mode]), key)
    return chords[: -2 * len(cadence)] + tuple(chord for pair in cadence for chord in pair)


def turned(
    grammar: Grammar, chords: tuple[Chord, ...], following: Chord, rng: np.random.Generator
) -> tuple[Chord, ...]:
    """The chords of a section that closes on a held one, led on: ii–V, or its tritone substitute, of what follows."""
    last = chords[-1]
    leads = (last.root - following.root) % 12 in (1, 7) and 10 in QUALITIES[last.quality]
    if last != chords[-2] or leads or not happens(rng, grammar.turnaround_share):
        return chords
    minor = 3 in QUALITIES[following.quality]
    two = _on(following.root + 2, "m7b5" if minor else any_of(rng, ("m7", "m9")))
    substitute = happens(rng, 0.25)
    five = _on(following.root + (1 if substitute else 7), "9" if substitute else "7b9" if minor else "13")
    if len(set(chords[-4:])) == 1 and happens(rng, 0.7):
        return (*chords[:-3], _on(two.root + any_of(rng, (7, 7, 1)), "7"), two, five)
    return (*chords[:-2], two, five)


def _on(root: int, quality: str) -> Chord:
    return Chord(root=root % 12, quality=quality, bass=root % 12)


def _coloured(grammar: Grammar, pair: tuple[Chord, Chord], rng: np.random.Generator) -> tuple[Chord, Chord]:
    first = _with_colour(grammar, pair[0], rng)
    return (first, first) if pair[0] == pair[1] else (first, _with_colour(grammar, pair[1], rng))


def _with_colour(grammar: Grammar, chord: Chord, rng: np.random.Generator) -> Chord:
    choices = grammar.colours.get(chord.quality)
    if choices is None:
        return chord
    return Chord(root=chord.root, quality=pick(rng, choices), bass=chord.bass)


def _approached(grammar: Grammar, bars: Bars, rng: np.random.Generator) -> Bars:
    """Some held chords give their second half to a dominant (or its tritone substitute) of the next bar's chord."""
    out = list(bars)
    for index, (first, second) in enumerate(bars):
        target = bars[(index + 1) % len(bars)][0]
        if first != second or target.root == first.root or not happens(rng, grammar.approach_share):
            continue
        step = any_of(rng, (7, 7, 1))
        minor = 3 in QUALITIES[target.quality]
        quality = "7b9" if step == 7 and minor else "9" if step == 7 else "7"
        root = (target.root + step) % 12
        if root != first.root:
            out[index] = (first, Chord(root=root, quality=quality, bass=root))
    return out
