"""The melody role: cues to pitches by the cheapest path through the scale.

In: a passage and a tune. Out: notes counted from the passage's start. The path (dynamic programming over all pitches
of the range) weighs how far a pitch is from the cue's wish, chord tones on strong beats and long notes, notes a
semitone above a chord tone, the pentatonic scale, leap sizes, and whether the line moves the way the motif does.
Caveat: leaps are weighed pair by pair; that they turn back comes from the motif's own contour.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from engine.grammar.grammar import Casting, MelodyVocabulary, Passage
from engine.grammar.motif import Cue, Tune
from engine.grammar.ornament import approached
from engine.grammar.phrasing import bent, ringing
from engine.music.harmony import QUALITIES, Chord, Key, Mode
from engine.music.notes import Note
from engine.music.timing import TICKS_PER_QUARTER

IMPOSSIBLE = 1e6
MAX_RUN = 3
BLUE_COST = 2.0
LEAP_COST = (1.3, 0.0, 0.0, 0.5, 0.6, 0.9, 2.4, 0.9, 1.7, 1.8, 3.0, 3.5, 1.8)
PENTATONIC_MINOR, PENTATONIC_MAJOR = (0, 3, 5, 7, 10), (0, 2, 4, 7, 9)
MINOR_MODES = (Mode.MINOR, Mode.DORIAN, Mode.PHRYGIAN, Mode.LOCRIAN)


def play_melody(
    passage: Passage, tune: Tune, words: MelodyVocabulary, casting: Casting, rng: np.random.Generator
) -> list[Note]:
    """Realise the tune over the passage's chords."""
    timed = [(bar * passage.bar_ticks + cue.onset, cue) for bar, cues in enumerate(tune.bars) for cue in cues]
    if not timed:
        return []
    wishes = _wishes(passage.key, tune, [cue for _, cue in timed], casting)
    pitches = _cheapest_path(passage, timed, wishes, words, casting)
    pitches = _broken_runs(passage, timed, pitches, casting)
    if words.chromatic:
        pitches = approached(passage, timed, pitches, words.chromatic, rng)
    notes = [
        Note(onset=onset, pitch=pitch, duration=cue.duration, velocity=_velocity(passage, onset, rng))
        for (onset, cue), pitch in zip(timed, pitches, strict=True)
    ]
    notes = ringing(passage, notes, words.ring) if words.ring else notes
    return bent(passage, notes, words.grace_share, rng) if words.grace_share else notes


def _wishes(key: Key, tune: Tune, cues: list[Cue], casting: Casting) -> list[int]:
    """Cue steps on the scale's ladder around the centre; full closes wish for the tonic, half closes for the fifth."""
    ladder = [pitch for pitch in range(casting.low, casting.high + 1) if pitch % 12 in key.scale]
    home = min(range(len(ladder)), key=lambda index: abs(ladder[index] - tune.centre))
    out = []
    for cue in cues:
        wish = ladder[min(max(home + cue.step, 0), len(ladder) - 1)]
        if cue.close:
            goal = key.tonic if cue.close == "full" else key.scale[4]
            wish = _nearest((pitch for pitch in ladder if pitch % 12 == goal), wish)
        out.append(wish)
    return out


def _cheapest_path(
    passage: Passage, timed: list[tuple[int, Cue]], wishes: list[int], words: MelodyVocabulary, casting: Casting
) -> list[int]:
    moves = _move_costs(casting.high - casting.low + 1)
    total = _note_costs(passage, timed[0], wishes[0], words, casting)
    backs: list[NDArray[np.int64]] = []
    for index in range(1, len(timed)):
        sign = int(np.sign(wishes[index] - wishes[index - 1]))
        gap = timed[index][0] - timed[index - 1][0] - timed[index - 1][1].duration
        weight = 0.5 if gap >= TICKS_PER_QUARTER else 1.0
        reached = total[:, None] + weight * moves[sign]
        backs.append(reached.argmin(axis=0))
        total = reached.min(axis=0) + _note_costs(passage, timed[index], wishes[index], words, casting)
    best = int(total.argmin())
    path = [best]
    for back in reversed(backs):
        path.append(int(back[path[-1]]))
    return [casting.low + step for step in reversed(path)]


@cache
def _move_costs(size: int) -> dict[int, NDArray[np.float64]]:
    """Costs [from, to] float64 of moving between pitches, for a wish that falls (−1), stays (0) or rises (1)."""
    steps = np.arange(size)[None, :] - np.arange(size)[:, None]
    leaps = np.array([LEAP_COST[min(s, 12)] + max(0, s - 12) for s in range(size)])
    base = leaps[np.abs(steps)]
    return {sign: base + 1.1 * (np.sign(steps) != sign) - (sign == 0) * (steps == 0) * 0.9 for sign in (-1, 0, 1)}


def _note_costs(
    passage: Passage, timed: tuple[int, Cue], wish: int, words: MelodyVocabulary, casting: Casting
) -> NDArray[np.float64]:
    """Costs [pitches] float64 of each pitch low…high for one cue."""
    onset, cue = timed
    pitches = np.arange(casting.low, casting.high + 1)
    chord, later = passage.chord_at(onset), passage.chord_at(onset + max(0, cue.duration - TICKS_PER_QUARTER // 2))
    blue = words.blue_notes.get(passage.key.mode, ())
    weight = _weight(passage, onset, cue)
    by_class = _class_costs(passage.key, chord.pitch_classes, weight, words.pentatonic_pull, blue)
    if later != chord:
        by_class = by_class + _class_costs(passage.key, later.pitch_classes, 0.6, 0.0, blue)
    if words.guide_pull:
        by_class = by_class + words.guide_pull * weight * _off_guides(chord)
    stray = 1.1 if cue.close else 0.5
    return by_class[pitches % 12] + stray * np.abs(pitches - wish)


@cache
def _off_guides(chord: Chord) -> NDArray[np.float64]:
    """[12] float64: 0 for the chord's third and seventh (or sixth), 0.4 for its colours, 1 for root, fifth, others."""
    steps = [(pitch_class - chord.root) % 12 for pitch_class in range(12)]
    tones = QUALITIES[chord.quality]
    return np.array([0.0 if s in (3, 4, 9, 10, 11) and s in tones else 0.4 if s in (1, 2, 5) else 1.0 for s in steps])


def _weight(passage: Passage, onset: int, cue: Cue) -> float:
    """How much a note must agree with its chord: 1 on strong beats and long notes, less on weak short ones."""
    if onset % passage.strong_ticks == 0 or cue.duration > TICKS_PER_QUARTER or cue.close:
        return 1.0
    return 0.45 if onset % passage.meter.beat_ticks == 0 or cue.duration == TICKS_PER_QUARTER else 0.12


@cache
def _class_costs(
    key: Key, chord: tuple[int, ...], weight: float, pull: float, blue: tuple[int, ...]
) -> NDArray[np.float64]:
    """Costs [12] float64 of each pitch class over a chord; with blue notes the blues scale grates nowhere."""
    tonic_shape = PENTATONIC_MINOR if blue or key.mode in MINOR_MODES else PENTATONIC_MAJOR
    pentatonic = {(key.tonic + step) % 12 for step in (*tonic_shape, *blue)}
    foreign = [tone for tone in chord if tone not in key.scale]
    costs = np.zeros(12)
    for pitch_class in range(12):
        if pitch_class in chord:
            costs[pitch_class] = 0.3 if pitch_class in foreign else 0.0
            continue
        if blue and pitch_class in pentatonic:
            costs[pitch_class] = BLUE_COST * weight
            continue
        if pitch_class not in key.scale:
            costs[pitch_class] = IMPOSSIBLE
            continue
        clash = (pitch_class - 1) % 12 in chord or any((pitch_class - tone) % 12 in (1, 11) for tone in foreign)
        ninth = (pitch_class - chord[0]) % 12 == 2
        costs[pitch_class] = (1.2 if ninth and not clash else 5.0) * weight + (1.5 + 2 * weight) * clash
    off = np.array([pitch_class not in pentatonic for pitch_class in range(12)])
    return costs + pull * off


def _broken_runs(passage: Passage, timed: list[tuple[int, Cue]], pitches: list[int], casting: Casting) -> list[int]:
    """No pitch more than `MAX_RUN` times running: the last of a longer run steps to a neighbouring chord tone."""
    out = list(pitches)
    run = 1
    for index in range(1, len(out)):
        run = run + 1 if out[index] == out[index - 1] else 1
        if run > MAX_RUN:
            chord = passage.chord_at(timed[index][0])
            near = [
                p for p in range(out[index] - 5, out[index] + 6) if casting.low <= p <= casting.high and p != out[index]
            ]
            tones = [p for p in near if p % 12 in chord.pitch_classes]
            out[index] = _nearest(tones or near, out[index])
            run = 1
    return out


def _nearest(pitches: Iterable[int], goal: int) -> int:
    return min(pitches, key=lambda pitch: abs(pitch - goal))


def _velocity(passage: Passage, onset: int, rng: np.random.Generator) -> int:
    accent = 6 if onset % passage.strong_ticks == 0 else 2 if onset % passage.meter.beat_ticks == 0 else -3
    arch = 5 * np.sin(np.pi * (onset / passage.bar_ticks % 4) / 4)
    return int(min(116, max(36, round(64 + 26 * passage.energy + accent + arch + 4 * rng.standard_normal()))))
