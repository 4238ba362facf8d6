"""The walking bass: a note a beat, roots where chords begin, lines between them that lead into the next root.

In: a passage, the section's figures, the bass's casting. Out: notes counted from the passage's start. Figure words:
`R` the root (in the second bar of a chord sometimes its third or fifth), `W` a step of the line, `G` the note before
once more, short and soft. Each stretch from one root to the next is the cheapest path through chord and scale tones
whose last note lies a semitone, a scale step or a fifth from the goal; noise keeps two bars from always agreeing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.grammar.chance import any_of, happens
from engine.grammar.grammar import SIXTEENTH, Casting, Passage, Step, read_figure
from engine.music.harmony import QUALITIES, Chord
from engine.music.notes import Note

Pitches = NDArray[np.int64]
Costs = NDArray[np.float64]
CENTRE = 39
AGAIN = 0.9
"""Cost of touching the stated note again before the next one."""
STEP_COST = (2.6, 0.25, 0.0, 0.05, 0.15, 0.35, 1.6, 0.5, 1.6, 1.8, 2.4, 3.0, 1.1)
"""Cost of a melodic interval, by semitones; a repeated note costs most among the small ones."""
UNSTATED_SHARE = 0.3
"""How often the second bar of a held chord starts on another chord tone than the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Beat:
    """A step of the line in time: tick from the passage's start, duration in ticks, word, accent, chord."""

    onset: int
    duration: int
    what: str
    accent: int
    chord: Chord


def play_walk(passage: Passage, figures: tuple[str, ...], casting: Casting, rng: np.random.Generator) -> list[Note]:
    """The line of the whole passage."""
    beats = _beats(passage, figures)
    pitches = _line(passage, beats, casting, rng)
    notes = []
    for beat, pitch in zip(beats, pitches, strict=True):
        ghost = beat.what == "G"
        loud = 64 + 28 * passage.energy + 6 * beat.accent - 22 * ghost + 3 * rng.standard_normal()
        velocity = int(min(116, max(28, round(loud))))
        notes.append(Note(onset=beat.onset, pitch=pitch, duration=beat.duration, velocity=velocity))
    return notes


def _beats(passage: Passage, figures: tuple[str, ...]) -> list[_Beat]:
    beats = []
    for bar in range(passage.bars):
        changes = passage.chords[2 * bar] != passage.chords[2 * bar + 1]
        for step in read_figure(figures[-1] if bar % 4 == 3 else figures[0]):
            onset = bar * passage.bar_ticks + step.onset * SIXTEENTH
            what = _word(step, passage, onset, changes)
            chord = passage.chord_at(onset)
            duration = step.duration * SIXTEENTH
            beats.append(_Beat(onset=onset, duration=duration, what=what, accent=step.accent, chord=chord))
    return beats


def _word(step: Step, passage: Passage, onset: int, changes: bool) -> str:
    """A root where a chord begins; on the downbeat of a chord held over the bar line, any chord tone (`T`)."""
    if step.onset == passage.half_bar_sixteenths and changes:
        return "R"
    held = onset > 0 and passage.chord_at(onset) == passage.chord_at(onset - 1)
    return "T" if step.what == "R" and step.onset == 0 and held else step.what


def _line(passage: Passage, beats: list[_Beat], casting: Casting, rng: np.random.Generator) -> list[int]:
    """Pitches, stretch by stretch: from each stated note to the next."""
    stated = [index for index, beat in enumerate(beats) if beat.what in "RT"]
    pitches: list[int] = []
    here = _home(beats[0].chord.bass, casting)
    for place, index in enumerate(stated):
        after = stated[place + 1] if place + 1 < len(stated) else None
        goal_beat = beats[after] if after is not None else None
        goal_class = _goal_class(goal_beat, passage, rng)
        goal = _near(goal_class, here, casting, rng) if goal_beat else _home(goal_class, casting)
        between = beats[index + 1 : after]
        moving = [beat for beat in between if beat.what != "G"]
        path = iter(_path(passage, moving, (here, goal), casting, rng))
        pitches.append(here)
        for beat in between:
            pitches.append(pitches[-1] if beat.what == "G" else next(path))
        here = goal
    return pitches


def _goal_class(beat: _Beat | None, passage: Passage, rng: np.random.Generator) -> int:
    if beat is None:
        return passage.following.bass
    if beat.what == "T" and happens(rng, UNSTATED_SHARE):
        tones = [(beat.chord.root + step) % 12 for step in QUALITIES[beat.chord.quality] if step in (3, 4, 6, 7)]
        return any_of(rng, tones)
    return beat.chord.bass


def _home(pitch_class: int, casting: Casting) -> int:
    """Where a section's first note lies, which the section before can lead to without knowing its line."""
    options = range(casting.low, casting.high + 1)
    return min((p for p in options if p % 12 == pitch_class), key=lambda p: abs(p - CENTRE))


def _near(pitch_class: int, here: int, casting: Casting, rng: np.random.Generator) -> int:
    """The pitch of a class that lies well from here: near, not at the range's edges, now and then the other octave."""
    options = [pitch for pitch in range(casting.low, casting.high + 1) if pitch % 12 == pitch_class]
    noise = 4.0 * rng.random(len(options))
    costs = [abs(p - here) + 0.35 * abs(p - CENTRE) + (5 if p == here else 0) for p in options]
    return options[int(np.argmin(np.asarray(costs) + noise))]


def _path(
    passage: Passage, moving: list[_Beat], ends: tuple[int, int], casting: Casting, rng: np.random.Generator
) -> list[int]:
    """The cheapest line over the moving beats between two stated notes, which are the `ends`."""
    if not moving:
        return []
    start, goal = ends
    low, high = max(casting.low, min(start, goal) - 6), min(casting.high, max(start, goal) + 6)
    pitches = np.arange(low, high + 1)
    moves = np.abs(pitches[None, :] - pitches[:, None])
    steps = np.asarray(STEP_COST)[np.minimum(moves, 12)] + np.maximum(0, moves - 12)
    total = np.full(len(pitches), 1e6)
    total[start - low] = 0.0
    backs = []
    for place, beat in enumerate(moving):
        reached = total[:, None] + steps
        backs.append(reached.argmin(axis=0))
        last = place == len(moving) - 1
        cost = _goal_costs(passage, beat, pitches, goal) if last else _tone_costs(passage, beat, pitches)
        total = reached.min(axis=0) + cost + AGAIN * (pitches == start) + 1.1 * rng.random(len(pitches))
    line = [int(total.argmin())]
    for back in reversed(backs[1:]):
        line.append(int(back[line[-1]]))
    return [low + step for step in reversed(line)]


def _tone_costs(passage: Passage, beat: _Beat, pitches: Pitches) -> Costs:
    """Chord tones above all on beat three, the key's notes that do not rub against the chord elsewhere."""
    strong = beat.onset % passage.strong_ticks == 0
    chord = beat.chord.pitch_classes
    costs = np.empty(len(pitches))
    for index, pitch in enumerate(pitches):
        pitch_class = int(pitch) % 12
        if pitch_class in chord:
            costs[index] = 0.0
        elif pitch_class in passage.key.scale:
            costs[index] = 1.6 if strong else 0.4
        else:
            costs[index] = 3.0 if strong else 1.3
    return costs


def _goal_costs(passage: Passage, beat: _Beat, pitches: Pitches, goal: int) -> Costs:
    """The last note before the goal: a semitone or a scale step from it, or its fifth."""
    costs = np.full(len(pitches), 9.0)
    for index, pitch in enumerate(pitches):
        away = int(pitch) - goal
        known = int(pitch) % 12 in passage.key.scale or int(pitch) % 12 in beat.chord.pitch_classes
        if abs(away) == 1:
            costs[index] = 0.0 if known or away == 1 else 0.3
        elif abs(away) == 2 and known:
            costs[index] = 0.2
        elif away in (7, -5):
            costs[index] = 0.9 if known else 1.5
    return costs
