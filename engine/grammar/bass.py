"""The bass role: roots on the downbeats, fifths, octaves, sevenths and approach notes between them.

In: a passage and the section's figures. Out: notes counted from the passage's start. Figure words: `R` root, `3`,
`5`, `7` chord degrees, `8` the octave, `F` the fifth below, `N` the next bar's root, `A` a step or semitone (or
fifth) from it; `6`, `b`, `s` the sixth, the minor third and the minor seventh of a boogie, whether or not the chord has
them (over a minor chord `6` is the seventh); `T` the root, held over from the bar before, two bars at most. A figure
with `W` walks (see `walk`). A slash bass counts as the root. Of three figures the first two take turns, the last one
closes each fourth bar.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.grammar.chance import any_of
from engine.grammar.grammar import SIXTEENTH, Casting, Passage, Step, read_figure
from engine.grammar.walk import play_walk
from engine.music.harmony import QUALITIES, Chord
from engine.music.notes import Note

HOME = 38
BOOGIE = {"6": 9, "b": 3, "s": 10}
DEGREES = {"3": (3, 4, 5, 2), "5": (7, 6, 8), "7": (10, 11, 9, 7)}


def play_bass(passage: Passage, figures: tuple[str, ...], casting: Casting, rng: np.random.Generator) -> list[Note]:
    """One note at a time, the root under every chord change."""
    if any(step.what == "W" for figure in figures for step in read_figure(figure)):
        return play_walk(passage, figures, casting, rng)
    notes: list[Note] = []
    root = HOME
    for bar in range(passage.bars):
        figure = figures[-1] if bar % 4 == 3 else figures[bar % 2] if len(figures) > 2 else figures[0]
        for step in _steps_in_bar(read_figure(figure), passage, bar):
            onset = bar * passage.bar_ticks + step.onset * SIXTEENTH
            chord = passage.chord_at(onset)
            root = _nearest(chord.bass, root, casting)
            if step.what in ("A", "N"):
                goal = _nearest(passage.chord_at((bar + 1) * passage.bar_ticks).bass, root, casting)
                pitch = goal if step.what == "N" else _approach(passage, goal, casting, rng)
            else:
                pitch = _degree(step.what, chord, root, casting)
            if step.what == "T" and _holds(notes, onset, pitch, (2 * passage.bar_ticks - step.duration * SIXTEENTH)):
                notes[-1] = replace(notes[-1], duration=notes[-1].duration + step.duration * SIXTEENTH)
                continue
            loud = 62 + 30 * passage.energy + 8 * step.accent + 3 * rng.standard_normal()
            velocity = int(min(118, max(30, round(loud))))
            notes.append(Note(onset=onset, pitch=pitch, duration=step.duration * SIXTEENTH, velocity=velocity))
    return notes


def _holds(notes: list[Note], onset: int, pitch: int, longest: int) -> bool:
    """Whether the last note sounds this pitch right up to here, and is at most so long."""
    return bool(notes) and (notes[-1].pitch, notes[-1].end) == (pitch, onset) and notes[-1].duration <= longest


def _steps_in_bar(steps: tuple[Step, ...], passage: Passage, bar: int) -> list[Step]:
    """The figure; where the chord changes at the half bar, a root on it, and nothing held across."""
    if passage.chords[2 * bar] == passage.chords[2 * bar + 1]:
        return list(steps)
    half = passage.half_bar_sixteenths
    out = [_shortened(step, half) for step in steps if step.onset < half]
    later = [step for step in steps if step.onset > half]
    first = min((step.onset for step in later), default=2 * half)
    written = next((step.duration for step in steps if step.onset == half), first - half)
    return [*out, Step(onset=half, duration=min(written, first - half), what="R", accent=0), *later]


def _shortened(step: Step, end: int) -> Step:
    return Step(onset=step.onset, duration=min(step.duration, end - step.onset), what=step.what, accent=step.accent)


def _nearest(pitch_class: int, before: int, casting: Casting) -> int:
    options = [pitch for pitch in range(casting.low, casting.high + 1) if pitch % 12 == pitch_class]
    return min(options, key=lambda pitch: abs(pitch - before) + 0.9 * abs(pitch - HOME))


def _approach(passage: Passage, target: int, casting: Casting, rng: np.random.Generator) -> int:
    """A semitone, a scale step or a fifth beside the next root."""
    scale = [step for step in (-2, -1, 1, 2) if (target + step) % 12 in passage.key.scale]
    return _within(target + any_of(rng, (-1, 1, -5, *scale, *scale)), casting)


def _degree(what: str, chord: Chord, root: int, casting: Casting) -> int:
    """The pitch of a figure word above the root that sounds; the root where the chord has no such degree."""
    if what == "8":
        return root + 12 if root + 12 <= casting.high else root
    if what == "F":
        fifth = root + _degree("5", chord, 0, casting) % 12
        return fifth - 12 if fifth - 12 >= casting.low else fifth
    if what in BOOGIE:
        minor = what == "6" and 3 in QUALITIES[chord.quality]
        return _within(root + (10 if minor else BOOGIE[what]), casting)
    if what in DEGREES:
        tones = [(tone - (chord.bass - chord.root)) % 12 for tone in QUALITIES[chord.quality]]
        step = next((degree for degree in DEGREES[what] if degree in tones), 0)
        return root + step if root + step <= casting.high else _within(root + step - 12, casting)
    return root


def _within(pitch: int, casting: Casting) -> int:
    if pitch < casting.low:
        return pitch + 12
    return pitch - 12 if pitch > casting.high else pitch
