"""Songs as integers: the network's vocabulary, and Song ↔ events in both directions.

One event a note: (onset, role, pitch, duration, velocity), and one event a bar line (onset `BAR`, the rest 0). Events
are sorted by slot, then role (`ROLE_ORDER`), then pitch.

Conventions
- slot: grid position in the bar, 8 a quarter note (`GRID_IN_QUARTER`): 4/4 has 32, 3/4 and 6/8 have 24.
- pitch: MIDI pitch of the normal form (the scale on the white keys); for drums an index into `DRUM_KEYS`.
- duration: index into `DURATIONS_TICKS` (drums: 0). velocity: index of a band of 8, 0…15.

Caveat: onsets are quantised to the grid, durations and velocities to their classes, and unusual percussion keys to the
nearest kept one; a song made of kept values survives encode∘decode unchanged.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.music.notes import Note, Role, Song, Track
from engine.music.timing import GRID_IN_QUARTER, TICKS_PER_QUARTER, Meter

ROLE_ORDER = (Role.DRUMS, Role.BASS, Role.HARMONY, Role.COUNTER, Role.MELODY)
ROLE_INDEX = {role: index for index, role in enumerate(ROLE_ORDER)}
DRUMS, BASS, HARMONY, COUNTER, MELODY = range(5)
N_ROLES = len(ROLE_ORDER)

SLOTS_PER_QUARTER = len(GRID_IN_QUARTER)
MAX_SLOTS = 4 * SLOTS_PER_QUARTER
BAR = MAX_SLOTS
N_ONSETS = MAX_SLOTS + 1

N_PITCHES = 128
DRUM_KEYS = (36, 37, 38, 39, 42, 44, 46, 41, 45, 48, 49, 51, 53, 54, 56, 70)
"""Kept percussion: kick, rim, snare, clap, hats (closed, pedal, open), toms (low, mid, high), crash, ride, ride bell,
tambourine, cowbell, shaker."""
N_DRUMS = len(DRUM_KEYS)
DRUM_ALIASES = {
    35: 36, 40: 38, 43: 41, 47: 45, 50: 48, 58: 41, 22: 42, 26: 46, 52: 49, 55: 49, 57: 49, 59: 51, 69: 70, 82: 70,
    80: 51,
}  # fmt: skip
DRUM_INDEX = {key: DRUM_KEYS.index(DRUM_ALIASES.get(key, key)) for key in (*DRUM_KEYS, *DRUM_ALIASES)}

DURATIONS_TICKS = (4, 6, 8, 12, 16, 18, 24, 30, 36, 42, 48, 60, 72, 84, 96, 120, 144, 192)
N_DURATIONS = len(DURATIONS_TICKS)
N_VELOCITIES = 16

EVENT_FIELDS = ("onset", "role", "pitch", "duration", "velocity")


class Event(NamedTuple):
    """One step of the network: a note, or a bar line (`onset == BAR`)."""

    onset: int
    role: int
    pitch: int
    duration: int
    velocity: int


BAR_EVENT = Event(BAR, 0, 0, 0, 0)


def slots_in_bar(meter: Meter) -> int:
    """Grid slots of a bar: 32 in 4/4, 24 in 3/4 and 6/8, 16 in 2/4."""
    return meter.bar_ticks * SLOTS_PER_QUARTER // TICKS_PER_QUARTER


def slot_to_ticks(slot: int) -> int:
    """Ticks from the bar line to `slot`."""
    return slot // SLOTS_PER_QUARTER * TICKS_PER_QUARTER + GRID_IN_QUARTER[slot % SLOTS_PER_QUARTER]


SLOT_TICKS = tuple(slot_to_ticks(slot) for slot in range(MAX_SLOTS + 1))


def ticks_to_slot(ticks: int) -> int:
    """The slot nearest to `ticks` after a bar line (the earlier one of two equally near)."""
    right = bisect_left(SLOT_TICKS, ticks)
    if right == 0:
        return 0
    return right if SLOT_TICKS[right] - ticks < ticks - SLOT_TICKS[right - 1] else right - 1


def duration_to_class(ticks: int) -> int:
    """Index of the nearest kept duration."""
    right = bisect_left(DURATIONS_TICKS, ticks)
    if right == 0:
        return 0
    if right == N_DURATIONS:
        return N_DURATIONS - 1
    return right if DURATIONS_TICKS[right] - ticks < ticks - DURATIONS_TICKS[right - 1] else right - 1


def velocity_to_class(velocity: int) -> int:
    """Band of 8 that a MIDI velocity lies in, 0…15."""
    return min(max(velocity, 0), 127) // 8


def class_to_velocity(index: int) -> int:
    """Middle of a velocity band, 4…124."""
    return index * 8 + 4


def _note_to_event(note: Note, *, role: int, slot: int, shift: int) -> Event | None:
    """A note at a slot of its bar; None for percussion that is not kept and pitches past MIDI's."""
    if role == DRUMS:
        if note.pitch not in DRUM_INDEX:
            return None
        return Event(slot, role, DRUM_INDEX[note.pitch], 0, velocity_to_class(note.velocity))
    pitch = note.pitch + shift
    if not 0 <= pitch < N_PITCHES:
        return None
    return Event(slot, role, pitch, duration_to_class(note.duration), velocity_to_class(note.velocity))


def _place(onset: int, meter: Meter) -> tuple[int, int]:
    """Bar and slot nearest to an onset in ticks."""
    bar, ticks = divmod(onset, meter.bar_ticks)
    slot = ticks_to_slot(ticks)
    return (bar, slot) if slot < slots_in_bar(meter) else (bar + 1, 0)


def song_to_events(song: Song) -> list[Event]:
    """Events of the whole song in normal form, closed by a bar line a bar. Percussion that is not kept is left out."""
    bars: list[set[Event]] = [set() for _ in range(song.bars)]
    for track in song.tracks:
        for note in track.notes:
            bar, slot = _place(note.onset, song.meter)
            event = _note_to_event(note, role=ROLE_INDEX[track.role], slot=slot, shift=song.key.shift_to_white)
            if event is not None and bar < song.bars:
                bars[bar].add(event)
    events: list[Event] = []
    for notes in bars:
        last: tuple[int, ...] | None = None
        for event in sorted(notes):
            if event[:3] != last:  # the same key struck twice in one slot is one note
                events.append(event)
            last = event[:3]
        events.append(BAR_EVENT)
    return events


def events_to_tracks(
    events: Iterable[Event], *, meter: Meter, shift_to_white: int, programs: Sequence[int]
) -> tuple[Track, ...]:
    """Inverse of `song_to_events`: tracks with absolute ticks and sounding pitches; roles without notes are left out.

    `programs`: General MIDI program a role, in `ROLE_ORDER`.
    """
    notes: list[list[Note]] = [[] for _ in ROLE_ORDER]
    bar = 0
    for event in events:
        if event.onset == BAR:
            bar += 1
            continue
        drums = event.role == DRUMS
        notes[event.role].append(
            Note(
                onset=bar * meter.bar_ticks + SLOT_TICKS[event.onset],
                pitch=DRUM_KEYS[event.pitch] if drums else event.pitch - shift_to_white,
                duration=SLOT_TICKS[1] if drums else DURATIONS_TICKS[event.duration],
                velocity=class_to_velocity(event.velocity),
            )
        )
    return tuple(
        Track(role=role, program=programs[index], notes=tuple(sorted(notes[index])))
        for index, role in enumerate(ROLE_ORDER)
        if notes[index]
    )


def events_to_array(events: Sequence[Event]) -> NDArray[np.int16]:
    """`[T, 5]` int16, columns as `EVENT_FIELDS`."""
    return np.asarray(events, dtype=np.int16).reshape(-1, len(EVENT_FIELDS))
