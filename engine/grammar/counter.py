"""The counter role: what fills the space around the tune.

In: a passage, the melody's notes in it, one of eight manners. Out: notes counted from the passage's start. `pad` holds
two or three upper chord tones, `arpeggio` breaks the chord in quiet eighths, `slow` in ringing quarters or halves,
`bells` drops high chord tones here and there, `answer` plays short licks where the melody rests, `guide` sings the
chords' thirds and sevenths in long notes, `ripple` breaks the chord in sixteenths, `second` follows the tune in thirds
and sixths below it.
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
    """Fill the passage in one manner; an answer that finds no gap, or a second without a tune, becomes a guide line."""
    filling = {"pad": _pad, "arpeggio": _arpeggio, "slow": _slow_arpeggio, "bells": _bells, "ripple": _ripple}
    if manner in filling:
        return filling[manner](passage, casting, rng)
    following = {"answer": _answers, "second": _second}
    notes = following[manner](passage, melody, casting, rng) if manner in following else []
    return notes if len(notes) >= passage.bars else _guide(passage, casting, rng)


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


def _ripple(passage: Passage, casting: Casting, rng: np.random.Generator) -> list[Note]:
    """The chord run through in sixteenths without a rest, the pattern starting anew with each beat or chord."""
    pattern = any_of(rng, ((0, 1, 2, 3), (0, 2, 1, 2), (0, 1, 2, 1), (3, 2, 1, 0), (0, 1, 2, 3, 2, 1)))
    low = casting.low + int(rng.integers(2, 7))
    notes: list[Note] = []
    for onset, end, chord in _spans(passage):
        tones = _tones(chord, low, casting.high)[:4]
        for index, tick in enumerate(range(onset, end, SIXTEENTH)):
            pitch = tones[pattern[index % len(pattern)] % len(tones)]
            accent = 5 if tick % passage.meter.beat_ticks == 0 else -3
            notes.append(Note(onset=tick, pitch=pitch, duration=SIXTEENTH, velocity=_loud(passage, rng, accent)))
    return notes


def _second(passage: Passage, melody: list[Note], casting: Casting, rng: np.random.Generator) -> list[Note]:
    """A chord or scale tone a third to a sixth below each tune note that is not too short; a third if it can be."""
    notes: list[Note] = []
    for note in melody:
        if note.duration < EIGHTH:
            continue
        chord = passage.chord_at(note.onset).pitch_classes
        below = [p for p in range(note.pitch - 9, note.pitch - 2) if casting.low <= p <= casting.high]
        tones = [p for p in below if p % 12 in chord] or [p for p in below if p % 12 in passage.key.scale]
        if tones:
            notes.append(Note(onset=note.onset, pitch=tones[-1], duration=note.duration, velocity=_loud(passage, rng)))
    return notes


def _slow_arpeggio(passage: Passage, casting: Casting, rng: np.random.Generator) -> list[Note]:
    """The chord broken in quarters or halves that ring into one another; some bars leave out their last one."""
    pattern = any_of(rng, ((0, 1, 2, 3), (0, 2, 1, 3), (3, 2, 1, 0), (0, 1, 3, 2), (0, 2, 3, 1)))
    pace = TICKS_PER_QUARTER * any_of(rng, (1, 1, 2))
    low, breath = casting.low + int(rng.integers(2, 9)), happens(rng, 0.5)
    notes: list[Note] = []
    for onset, end, chord in _spans(passage):
        tones = _tones(chord, low, casting.high)[:4]
        for index, tick in enumerate(range(onset, end, pace)):
            if breath and index and tick + pace >= end and happens(rng, 0.7):
                continue
            pitch = tones[pattern[index % len(pattern)] % len(tones)]
            duration = min(2 * pace, end - tick)
            notes.append(Note(onset=tick, pitch=pitch, duration=duration, velocity=_loud(passage, rng)))
    return notes


def _bells(passage: Passage, casting: Casting, rng: np.random.Generator) -> list[Note]:
    """One or two high chord tones a bar, on beats that the section keeps to."""
    beats = any_of(rng, ((0,), (1, 3), (2,), (1,), (0, 3), (2, 3)))
    here = casting.high - int(rng.integers(2, 8))
    notes: list[Note] = []
    for bar in range(passage.bars):
        for beat in beats:
            onset = bar * passage.bar_ticks + beat * TICKS_PER_QUARTER % passage.bar_ticks
            tones = [pitch for pitch in _tones(passage.chord_at(onset), casting.low, casting.high) if pitch != here]
            away = {pitch: abs(pitch - here) for pitch in tones}
            here = any_of(rng, sorted(away, key=away.__getitem__)[:3])
            duration = min(passage.half_bar_ticks, passage.bars * passage.bar_ticks - onset)
            notes.append(Note(onset=onset, pitch=here, duration=duration, velocity=_loud(passage, rng)))
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
