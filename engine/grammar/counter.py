"""The counter role: what fills the space around the tune.

In: a passage, the melody's notes in it, one of four manners. Out: notes counted from the passage's start. `pad` holds
two or three upper chord tones, `arpeggio` breaks the chord in quiet eighths, `answer` plays short licks where the
melody rests, `guide` sings the chords' thirds and sevenths in long notes.
"""

from __future__ import annotations

import numpy as np

from engine.grammar.chance import any_of, happens
from engine.grammar.grammar import SIXTEENTH, Casting, Passage
from engine.music.harmony import QUALITIES, Chord
from engine.music.notes import Note
from engine.music.timing import TICKS_PER_QUARTER

EIGHTH = 2 * SIXTEENTH
LICKS = ((0, 2, 4), (0, 2, 4, 8), (0, 3, 4), (2, 4, 6), (0, 1, 2, 4), (2, 3, 4, 6))
"""Onsets in sixteenths from the start of a gap."""


def play_counter(
    passage: Passage, manner: str, melody: list[Note], casting: Casting, rng: np.random.Generator
) -> list[Note]:
    """Fill the passage in one manner; an answer that finds no gap becomes a guide line."""
    if manner == "pad":
        return _pad(passage, casting, rng)
    if manner == "arpeggio":
        return _arpeggio(passage, casting, rng)
    answers = _answers(passage, melody, casting, rng) if manner == "answer" else []
    return answers if len(answers) >= passage.bars else _guide(passage, casting, rng)


def _spans(passage: Passage) -> list[tuple[int, int, Chord]]:
    """Stretches (onset, end, chord) of at most a bar in which one chord sounds."""
    spans = []
    for bar in range(passage.bars):
        first, second = passage.chords[2 * bar : 2 * bar + 2]
        start, end = bar * passage.bar_ticks, (bar + 1) * passage.bar_ticks
        if first == second:
            spans.append((start, end, first))
        else:
            half = start + passage.half_bar_ticks
            spans += [(start, half, first), (half, end, second)]
    return spans


def _tones(chord: Chord, low: int, high: int) -> list[int]:
    classes = set(chord.pitch_classes)
    return [pitch for pitch in range(low, high + 1) if pitch % 12 in classes]


def _loud(passage: Passage, rng: np.random.Generator, offset: float = 0.0) -> int:
    return int(min(104, max(24, round(42 + 28 * passage.energy + offset + 3 * rng.standard_normal()))))


def _pad(passage: Passage, casting: Casting, rng: np.random.Generator) -> list[Note]:
    notes: list[Note] = []
    centre, width = casting.low + 13, int(rng.integers(2, 4))
    for onset, end, chord in _spans(passage):
        tones = sorted(_tones(chord, casting.low + 2, casting.high - 4), key=lambda p: abs(p - centre))
        chosen = sorted(tones[: 2 * width : 2])
        centre = sum(chosen) // len(chosen)
        centre = min(max(centre, casting.low + 9), casting.high - 10)
        velocity = _loud(passage, rng)
        notes += [Note(onset=onset, pitch=p, duration=end - onset, velocity=velocity) for p in chosen]
    return notes


def _arpeggio(passage: Passage, casting: Casting, rng: np.random.Generator) -> list[Note]:
    pattern = any_of(rng, ((0, 1, 2, 3, 2, 1), (0, 2, 1, 3), (3, 2, 1, 0), (0, 1, 2, 1), (0, 2, 3, 2, 1)))
    rests = any_of(rng, ((), (0,), (7,), (0, 4), (3, 7)))
    low = casting.low + int(rng.integers(2, 9))
    notes: list[Note] = []
    for onset, end, chord in _spans(passage):
        tones = _tones(chord, low, casting.high)[:4]
        for index, tick in enumerate(range(onset, end, EIGHTH)):
            if tick % passage.bar_ticks // EIGHTH in rests:
                continue
            pitch = tones[pattern[index % len(pattern)] % len(tones)]
            accent = 5 if tick % passage.half_bar_ticks == 0 else 0
            notes.append(Note(onset=tick, pitch=pitch, duration=EIGHTH, velocity=_loud(passage, rng, accent)))
    return notes


def _guide(passage: Passage, casting: Casting, rng: np.random.Generator) -> list[Note]:
    """Third or seventh, whichever is nearer to the note before; sometimes a passing note at the end of the stretch."""
    notes: list[Note] = []
    here = casting.low + int(rng.integers(8, 17))
    for onset, end, chord in _spans(passage):
        steps = [step for step in QUALITIES[chord.quality] if step in (3, 4, 10, 11, 9)] or [0]
        classes = {(chord.root + step) % 12 for step in steps}
        goals = [p for p in range(casting.low, casting.high + 1) if p % 12 in classes]
        here = _near(goals, here, casting)
        passing = end - onset == passage.bar_ticks and happens(rng, 0.4)
        held = end - onset - (TICKS_PER_QUARTER if passing else 0)
        notes.append(Note(onset=onset, pitch=here, duration=held, velocity=_loud(passage, rng)))
        if passing:
            near = [here + step for step in (-2, -1, 1, 2) if (here + step) % 12 in passage.key.scale]
            pitch = min(max(any_of(rng, near), casting.low), casting.high) if near else here
            notes.append(
                Note(onset=onset + held, pitch=pitch, duration=end - onset - held, velocity=_loud(passage, rng, -4))
            )
    return notes


def _near(goals: list[int], here: int, casting: Casting) -> int:
    return min(goals, key=lambda pitch: abs(pitch - here) + 0.2 * abs(pitch - casting.low - 12))


def _answers(passage: Passage, melody: list[Note], casting: Casting, rng: np.random.Generator) -> list[Note]:
    notes: list[Note] = []
    for start, end in _gaps(passage, melody):
        lick = any_of(rng, LICKS)
        onsets = [start + step * SIXTEENTH for step in lick if start + (step + 1) * SIXTEENTH <= end]
        tones = _tones(passage.chord_at(start), casting.low + 5, casting.high)
        place = int(rng.integers(1, 5))
        for index, onset in enumerate(onsets):
            place = min(max(place + any_of(rng, (-1, -1, 1, 1, 2)), 0), len(tones) - 1)
            until = onsets[index + 1] if index + 1 < len(onsets) else min(end, onset + passage.half_bar_ticks)
            notes.append(Note(onset=onset, pitch=tones[place], duration=until - onset, velocity=_loud(passage, rng, 8)))
    return notes


def _gaps(passage: Passage, melody: list[Note]) -> list[tuple[int, int]]:
    """Rests of the melody of at least three eighths, from the next eighth on, split at bar lines."""
    gaps = []
    clock = 0
    for note in [*melody, Note(onset=passage.bars * passage.bar_ticks, pitch=0, duration=0, velocity=1)]:
        start = -(-clock // EIGHTH) * EIGHTH
        while note.onset - start >= 3 * EIGHTH:
            end = min(note.onset, (start // passage.bar_ticks + 1) * passage.bar_ticks)
            if end - start >= 3 * EIGHTH:
                gaps.append((start, end))
            start = end
        clock = max(clock, note.end)
    return gaps
