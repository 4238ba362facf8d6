"""The harmony role: voiced chords in a comping rhythm.

In: a passage and the section's figures (one a bar, in turn). Out: notes counted from the passage's start. Figure
words: `all`, `top` (without the lowest), `low` (the lowest two), `push` (the next chord, early), `1`–`4` (one voice,
from below), `tri` (three strokes of the upper voices in a beat), `hold` (voices that stay are held over the bar line,
two bars at most), `five`, `six`, `seven` (the root with that degree above it: the boogie of a rhythm guitar; a minor
chord's sixth is its seventh).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.grammar.grammar import SIXTEENTH, Casting, Passage, Step, read_figure
from engine.grammar.voicing import Voicing, lead, lead_plain, lead_rootless
from engine.music.harmony import QUALITIES, Chord
from engine.music.notes import Note, Role
from engine.music.timing import TICKS_PER_QUARTER

BOOGIE = {"five": 7, "six": 9, "seven": 10}
GUITAR_LOW = 40
THIRD = TICKS_PER_QUARTER // 3
LONGEST_BARS = 2


def play_comping(passage: Passage, figures: tuple[str, ...], casting: Casting, rng: np.random.Generator) -> list[Note]:
    """Voice each chord with least motion and strike it where the figures say."""
    voiced = _voice(passage, casting, rng)
    notes: list[Note] = []
    for bar in range(passage.bars):
        steps = _steps_in_bar(read_figure(figures[_turn(bar, passage.bars, len(figures))]), passage, bar)
        for step in steps:
            struck = _strike(passage, voiced, bar, step, rng)
            notes = (
                _held_over(notes, struck, LONGEST_BARS * passage.bar_ticks) if step.what == "hold" else notes + struck
            )
    return notes


def _turn(bar: int, bars: int, figures: int) -> int:
    """The first figure three times, then the next one; the last bar of a section takes the last figure. Of three
    figures the first two take turns, four follow one another.
    """
    if figures == 4:
        return 3 if bar == bars - 1 else bar % 4
    return figures - 1 if bar == bars - 1 or bar % 4 == 3 else (bar % 2 if figures > 2 else 0)


def _voice(passage: Passage, casting: Casting, rng: np.random.Generator) -> list[Voicing]:
    voiced: list[Voicing] = []
    choose = lead_plain if casting.plain else lead
    choose = lead_rootless if casting.rootless and Role.BASS in passage.roles else choose
    before: Chord | None = None
    for chord in (*passage.chords, passage.following):
        same = before is not None and (chord.root, chord.quality) == (before.root, before.quality)
        previous = voiced[-1] if voiced else None
        voiced.append(voiced[-1] if same else choose(chord, previous, casting.low, casting.high, rng))
        before = chord
    return voiced


def _steps_in_bar(steps: tuple[Step, ...], passage: Passage, bar: int) -> list[Step]:
    """The figure, with a stroke added where a chord would pass in silence (section start, half-bar change)."""
    out = list(steps)
    starts = passage.bars > 0 and bar == 0 and all(step.onset > 4 for step in out)
    if starts:
        out.insert(0, Step(onset=0, duration=min(4, out[0].onset), what="all", accent=0))
    changes, half = passage.chords[2 * bar] != passage.chords[2 * bar + 1], passage.half_bar_sixteenths
    if changes and not any(half <= step.onset < 2 * half - half // 4 for step in out):
        out.append(Step(onset=half, duration=half - 2, what="all", accent=-1))
    return out


def _held_over(notes: list[Note], struck: list[Note], longest: int) -> list[Note]:
    """Add a chord; a voice that just sounded the same pitch goes on instead, up to `longest` ticks."""
    ending = {(note.pitch, note.end): index for index, note in enumerate(notes) if note.end == struck[0].onset}
    out = list(notes)
    for note in struck:
        index = ending.get((note.pitch, note.onset))
        if index is not None and out[index].duration + note.duration <= longest:
            out[index] = replace(out[index], duration=out[index].duration + note.duration)
        else:
            out.append(note)
    return out


def _strike(passage: Passage, voiced: list[Voicing], bar: int, step: Step, rng: np.random.Generator) -> list[Note]:
    onset = bar * passage.bar_ticks + step.onset * SIXTEENTH
    half = onset // passage.half_bar_ticks
    if step.what == "push":
        half = min(half + 1, len(voiced) - 1)
    voices = _voices(voiced[half], step.what)
    if step.what in BOOGIE:
        voices = _boogie(passage.chord_at(onset), step.what)
    end = _end(passage, half, onset, onset + step.duration * SIXTEENTH)
    loud = 46 + 34 * passage.energy + 8 * step.accent + 3 * rng.standard_normal()
    top = voices[-1]
    if step.what == "tri":
        return [
            Note(onset=onset + third, pitch=pitch, duration=THIRD, velocity=_velocity(loud - (6 if third else 0)))
            for third in range(0, TICKS_PER_QUARTER, THIRD)
            for pitch in voices[-3:]
        ]
    return [
        Note(onset=onset, pitch=pitch, duration=end - onset, velocity=_velocity(loud + (4 if pitch == top else 0)))
        for pitch in voices
    ]


def _boogie(chord: Chord, what: str) -> Voicing:
    """The root, as low as a guitar goes, and the fifth, sixth or seventh above it."""
    root = GUITAR_LOW + (chord.root - GUITAR_LOW) % 12
    what = "seven" if what == "six" and 3 in QUALITIES[chord.quality] else what
    return (root, root + BOOGIE[what])


def _voices(voicing: Voicing, what: str) -> Voicing:
    if what.isdigit():
        return (voicing[(int(what) - 1) % len(voicing)],)
    return {"top": voicing[1:], "low": voicing[:2]}.get(what, voicing)


def _end(passage: Passage, half: int, onset: int, end: int) -> int:
    """Cut a note where its chord ends and where the passage ends."""
    index = half
    while index + 1 < len(passage.chords) and passage.chords[index + 1] == passage.chords[half]:
        index += 1
    return max(onset + SIXTEENTH, min(end, (index + 1) * passage.half_bar_ticks, passage.bars * passage.bar_ticks))


def _velocity(value: float) -> int:
    return int(min(120, max(20, round(value))))
