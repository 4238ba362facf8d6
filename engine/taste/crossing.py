"""Crossing and changing seeds: the rhythm of one with the contour of another, and small mutations.

In: seeds of one meter, a generator. Out: notes and chords of a new seed, not yet measured or judged, and words that say
what was done. Conventions: seeds are in normal form, so that scale degrees are white keys, counted from each mode's own
tonic; tunes on half bars stand on tones of the chord; a crossed seed has the first parent's players, chords, tempo and
rhythm, and the second one's tune, as high as it lay. Source of the idea: rhythm and pitch are inherited apart in
GenJam's measures and phrases (Biles, 1994). Caveat: a tune with more notes than its contour gets passing notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.music.harmony import WHITE_KEYS, WHITE_TONIC, Chord
from engine.music.seed import Seed
from engine.music.tokens import (
    DRUMS,
    DURATIONS_TICKS,
    MELODY,
    N_PITCHES,
    SLOT_TICKS,
    SLOTS_PER_QUARTER,
    Event,
    duration_to_class,
    slots_in_bar,
)

SIXTEENTH = SLOTS_PER_QUARTER // 4
THINNED = 3
"""One of so many notes of a bar may go, or come."""
SHORTEST_MOTIF, LONGEST_MOTIF = 3, 6
SOFTER = 1
"""Bands of velocity by which a note that fills is softer than its neighbour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A seed after a mutation, and what was done to it; the same seed where that was not possible."""

    seed: Seed
    how: str


def pitch_to_step(pitch: int) -> int:
    """White keys from MIDI pitch 0 up to this one; a black key counts as the white one below."""
    octave, pc = divmod(pitch, 12)
    return 7 * octave + sum(white <= pc for white in WHITE_KEYS) - 1


def step_to_pitch(step: int) -> int:
    """Inverse of `pitch_to_step` for white keys."""
    octave, degree = divmod(step, 7)
    return 12 * octave + WHITE_KEYS[degree]


def crossed(rhythm: Seed, contour: Seed) -> Seed:
    """The first seed with the second one's tune put on its rhythm: the contour is a line through the second tune's
    notes over time, read where the first tune's notes begin. Both need a tune.
    """
    slots = slots_in_bar(contour.meter)
    line = [(bar * slots + event.onset, event.pitch) for bar, event in _tune(contour)]
    at = [place for place, _ in line]
    steps = [pitch_to_step(pitch) for _, pitch in line]
    shift = _tonic_shift(contour, rhythm)
    length = len(contour.events) * slots
    bars = []
    for bar, events in enumerate(rhythm.events):
        fitted = []
        for event in events:
            if event.role != MELODY:
                fitted.append(event)
                continue
            place = (bar * slots + event.onset) % length
            step = round(float(np.interp(place, at, steps))) + shift
            fitted.append(event._replace(pitch=_on_chord(step, event.onset, _chords_of(rhythm, bar), slots)))
        bars.append(_in_order(fitted))
    return replace(rhythm, events=tuple(bars))


def _tonic_shift(source: Seed, target: Seed) -> int:
    """Scale steps from one mode's tonic to the other's, the nearer way."""
    way = (pitch_to_step(WHITE_TONIC[target.mode]) - pitch_to_step(WHITE_TONIC[source.mode])) % 7
    return way - 7 if way > 3 else way


def mutated(seed: Seed, rng: np.random.Generator) -> Change:
    """One small change."""
    changes = (_shifted, _transposed, _thinned, _filled, _swapped)
    return changes[int(rng.integers(len(changes)))](seed, rng)


def _shifted(seed: Seed, rng: np.random.Generator) -> Change:
    """A note of the tune a sixteenth earlier or later, where the tune is silent."""
    bar, note = _any_of(_tune(seed), rng)
    onset = note.onset + SIXTEENTH * (1 if rng.random() < 0.5 else -1)
    taken = {event.onset for event in seed.events[bar] if event.role == MELODY}
    if not 0 <= onset < slots_in_bar(seed.meter) or onset in taken:
        return Change(seed=seed, how="")
    moved = [event._replace(onset=onset) if event is note else event for event in seed.events[bar]]
    return Change(seed=_with_bar(seed, bar, moved), how="a note moved")


def _transposed(seed: Seed, rng: np.random.Generator) -> Change:
    """Some notes of the tune running, or all of them, a scale step up or down."""
    tune = _tune(seed)
    longest = min(LONGEST_MOTIF, len(tune))
    length = len(tune) if rng.random() < 0.5 else int(rng.integers(min(SHORTEST_MOTIF, longest), longest + 1))
    first = int(rng.integers(len(tune) - length + 1))
    motif = {(bar, event) for bar, event in tune[first : first + length]}
    step = 1 if rng.random() < 0.5 else -1
    slots = slots_in_bar(seed.meter)
    bars = []
    for bar, events in enumerate(seed.events):
        chords = _chords_of(seed, bar)
        bars.append(
            _in_order(
                event._replace(pitch=_on_chord(pitch_to_step(event.pitch) + step, event.onset, chords, slots, step))
                if (bar, event) in motif
                else event
                for event in events
            )
        )
    what = "the tune" if length == len(tune) else f"{length} notes"
    return Change(seed=replace(seed, events=tuple(bars)), how=f"{what} a step {'up' if step > 0 else 'down'}")


def _thinned(seed: Seed, rng: np.random.Generator) -> Change:
    """Some notes of a bar fewer; those on the beats stay, and of each part at least half."""
    bar = int(rng.integers(len(seed.events)))
    events = seed.events[bar]
    weak = [event for event in events if event.onset % SLOTS_PER_QUARTER]
    most = max(1, len(events) // THINNED)
    spare = {role: count // 2 for role, count in Counter(event.role for event in events).items()}
    gone: set[Event] = set()
    for index in rng.permutation(len(weak)):
        event = weak[int(index)]
        if len(gone) < most and spare[event.role]:
            spare[event.role] -= 1
            gone.add(event)
    if not gone:
        return Change(seed=seed, how="")
    return Change(seed=_with_bar(seed, bar, [e for e in events if e not in gone]), how=f"bar {bar + 1} thinned")


def _filled(seed: Seed, rng: np.random.Generator) -> Change:
    """Some notes of a bar more, each half way between a note and the next one of its part."""
    bar = int(rng.integers(len(seed.events)))
    events = seed.events[bar]
    gaps = _gaps(events, slots_in_bar(seed.meter))
    if not gaps:
        return Change(seed=seed, how="")
    count = max(1, min(len(gaps), len(events) // THINNED))
    chosen = [gaps[int(index)] for index in rng.choice(len(gaps), size=count, replace=False)]
    ends = {(gap.role, gap.here): gap.middle for gap in chosen}
    cut = [_cut(event, ends.get((event.role, event.onset))) for event in events]
    return Change(seed=_with_bar(seed, bar, [*cut, *map(_note_in, chosen)]), how=f"bar {bar + 1} filled")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gap:
    """Room in a part between the notes at `here` and those at `after`, with a slot in its middle. `first`: the highest
    note at `here`; `then`: the highest pitch after it.
    """

    role: int
    here: int
    middle: int
    after: int
    first: Event
    then: int


def _gaps(events: Sequence[Event], slots: int) -> list[_Gap]:
    gaps = []
    for role in sorted({event.role for event in events}):
        highest: dict[int, Event] = {}
        for event in sorted(event for event in events if event.role == role):
            highest[event.onset] = event
        onsets = sorted(highest)
        for here, after in zip(onsets, [*onsets[1:], slots], strict=True):
            middle = (here + after) // (2 * SIXTEENTH) * SIXTEENTH
            if here < middle < after:
                first = highest[here]
                then = highest.get(after, first).pitch
                gaps.append(_Gap(role=role, here=here, middle=middle, after=after, first=first, then=then))
    return gaps


def _note_in(gap: _Gap) -> Event:
    """A note for a gap: of drums the same drum again, of the tune a passing note, else the same pitch again."""
    first = gap.first._replace(onset=gap.middle, velocity=max(0, gap.first.velocity - SOFTER))
    if gap.role == DRUMS:
        return first
    if gap.role == MELODY:
        first = first._replace(pitch=step_to_pitch((pitch_to_step(gap.first.pitch) + pitch_to_step(gap.then)) // 2))
    return _cut(first, gap.after)


def _cut(event: Event, end: int | None) -> Event:
    """A pitched note that lasts no longer than to a slot of its bar."""
    if end is None or event.role == DRUMS:
        return event
    longest = duration_to_class(max(SLOT_TICKS[end] - SLOT_TICKS[event.onset], DURATIONS_TICKS[0]))
    return event._replace(duration=min(event.duration, longest))


def _swapped(seed: Seed, rng: np.random.Generator) -> Change:
    """Two bars change places, with their chords."""
    count = len(seed.events)
    if count < 2:
        return Change(seed=seed, how="")
    one, other = sorted(int(index) for index in rng.choice(count, size=2, replace=False))
    order = list(range(count))
    order[one], order[other] = other, one
    chords = tuple(seed.chords[2 * bar + half] for bar in order for half in range(2))
    swapped = replace(seed, events=tuple(seed.events[bar] for bar in order), chords=chords)
    return Change(seed=swapped, how=f"bars {one + 1} and {other + 1} swapped")


def _tune(seed: Seed) -> list[tuple[int, Event]]:
    """The tune's notes with their bars, one an onset: the highest."""
    highest: dict[tuple[int, int], Event] = {}
    for bar, events in enumerate(seed.events):
        for event in events:
            if event.role == MELODY:
                old = highest.get((bar, event.onset))
                highest[bar, event.onset] = event if old is None or event.pitch > old.pitch else old
    return [(bar, highest[bar, onset]) for bar, onset in sorted(highest)]


def _any_of(tune: Sequence[tuple[int, Event]], rng: np.random.Generator) -> tuple[int, Event]:
    return tune[int(rng.integers(len(tune)))]


def _chords_of(seed: Seed, bar: int) -> tuple[Chord | None, Chord | None]:
    return seed.chords[2 * bar], seed.chords[2 * bar + 1]


def _on_chord(step: int, onset: int, chords: tuple[Chord | None, Chord | None], slots: int, towards: int = 0) -> int:
    """The pitch of a scale step; on a half bar the nearest tone of its chord, of two alike the one `towards`."""
    pitch = min(max(step_to_pitch(step), 0), N_PITCHES - 1)
    chord = chords[2 * onset // slots]
    if chord is None or onset % (slots // 2):
        return pitch
    near = [other for other in range(pitch - 6, pitch + 7) if other % 12 in chord.pitch_classes and 0 <= other < 128]
    return min(near, key=lambda other: (abs(other - pitch), -towards * other))


def _with_bar(seed: Seed, bar: int, events: Sequence[Event]) -> Seed:
    bars = list(seed.events)
    bars[bar] = _in_order(events)
    return replace(seed, events=tuple(bars))


def _in_order(events: Iterable[Event]) -> tuple[Event, ...]:
    """Sorted; of the same key struck twice at once the first stays."""
    kept: dict[tuple[int, int, int], Event] = {}
    for event in sorted(events):
        kept.setdefault(event[:3], event)
    return tuple(kept.values())
