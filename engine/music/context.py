"""Where we are in a song: the integers that the network reads before each event, kept up to date event by event.

In: a `Frame` and the events so far. Out: rows of indices into one embedding table, whose rows the network sums:
`features()` before an event is chosen, `detail(slot, role)` once its onset and role are known. Training reads them
here; composing reads the same of many songs at once (`engine.compose.board`), and a test holds the two together.
Convention: index = offset of the feature + its value; `FEATURES` and `DETAILS` list both. Caveat: changing a feature
changes `vocabulary_hash()`, and with it refuses every older checkpoint.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left
from itertools import accumulate
from operator import add

from engine.music.frames import (
    KINDS,
    METER_NAMES,
    MODES,
    N_DENSITIES,
    N_ENERGIES,
    N_QUALITIES,
    N_TEMPOS,
    NO_CHORD,
    SILENT_CHORD,
    ChordIds,
    Frame,
)
from engine.music.tokens import (
    BAR,
    BASS,
    COUNTER,
    DRUM_KEYS,
    DRUMS,
    DURATIONS_TICKS,
    HARMONY,
    MAX_SLOTS,
    MELODY,
    N_DRUMS,
    N_DURATIONS,
    N_ONSETS,
    N_PITCHES,
    N_ROLES,
    N_VELOCITIES,
    ROLE_ORDER,
    Event,
)

N_STYLES = 24
NO_PITCH = N_PITCHES
COUNT_CAP = 12
SPAN_CAP = 16
LAGS = (1, 2)
RUN_CAP = 8

_ROLE_NAMES = tuple(role.value for role in ROLE_ORDER)
_BAR_FEATURES = (
    ("style", N_STYLES), ("meter", len(METER_NAMES)), ("mode", len(MODES)), ("tempo", N_TEMPOS), ("kind", len(KINDS)),
    ("bar_in_section", SPAN_CAP), ("bars_left", SPAN_CAP), ("song_left", SPAN_CAP), ("bar_in_phrase", 4),
    ("energy", N_ENERGIES),
    *((f"plays_{name}", 2) for name in _ROLE_NAMES),
    *((f"density_{name}", N_DENSITIES) for name in _ROLE_NAMES),
)  # fmt: skip
_STEP_FEATURES = (
    ("last_onset", N_ONSETS), ("last_role", N_ROLES), ("last_pitch", N_PITCHES + N_DRUMS),
    ("last_duration", N_DURATIONS),
    ("last_velocity", N_VELOCITIES), ("slot", N_ONSETS),
    ("root", NO_CHORD + 1), ("quality", N_QUALITIES), ("bass", NO_CHORD + 1),
    ("next_root", NO_CHORD + 1), ("next_quality", N_QUALITIES),
    *((f"pitch_{_ROLE_NAMES[role]}", NO_PITCH + 1) for role in (BASS, HARMONY, COUNTER, MELODY)),
    *((f"count_{name}", COUNT_CAP) for name in _ROLE_NAMES),
    *((f"then_{lag}_{name}", N_ONSETS) for lag in LAGS for name in _ROLE_NAMES),
    *((f"then_pitch_{lag}_{_ROLE_NAMES[role]}", NO_PITCH + 1) for lag in LAGS for role in (BASS, MELODY)),
    ("run_melody", RUN_CAP), ("rest_melody", SPAN_CAP),
)  # fmt: skip
FEATURES = _BAR_FEATURES + _STEP_FEATURES
DETAILS = (
    ("onset", N_ONSETS), ("role", N_ROLES), ("root", NO_CHORD + 1), ("quality", N_QUALITIES), ("bass", NO_CHORD + 1),
    ("role_pitch", N_ROLES * (NO_PITCH + 1)), ("role_last_pitch_1", NO_PITCH + 1), ("role_last_pitch_2", NO_PITCH + 1),
)  # fmt: skip


def _offsets(features: tuple[tuple[str, int], ...]) -> tuple[int, ...]:
    return tuple(accumulate((size for _, size in features), initial=0))


_AT = _offsets(FEATURES)
_DETAIL_AT = _offsets(DETAILS)
N_FEATURES, N_FEATURE_ROWS = len(FEATURES), _AT[-1]
N_DETAILS, N_DETAIL_ROWS = len(DETAILS), _DETAIL_AT[-1]
STEP_AT = _AT[len(_BAR_FEATURES) : -1]
DETAIL_AT = _DETAIL_AT[:-1]
"""Where the rows begin of the features that change within a bar, and of the details."""
N_BAR_FEATURES = len(_BAR_FEATURES)
_LINES = frozenset({BASS, MELODY})


def vocabulary_hash() -> str:
    """SHA-256 over everything that gives an integer its meaning; checkpoints carry it."""
    meaning = (FEATURES, DETAILS, DRUM_KEYS, DURATIONS_TICKS, [role.value for role in ROLE_ORDER])
    return hashlib.sha256(repr(meaning).encode()).hexdigest()


class Context:
    """The running state of one song. `push` events in order; `features` and `detail` never change it."""

    __slots__ = (
        "_bar_rows",
        "_frame",
        "_last",
        "_notes",
        "_slots",
        "bar",
        "counts",
        "melody_bar",
        "pitch",
        "run",
        "slot",
    )

    def __init__(self, frame: Frame, style_id: int) -> None:
        self._frame = frame
        self._slots = frame.slots
        self._last = Event(BAR, 0, 0, 0, 0)
        self._notes: list[list[tuple[list[int], list[int]]]] = [[([], []) for _ in range(N_ROLES)]]
        self._bar_rows = [bar_features(frame, bar, style_id) for bar in range(len(frame.bars))]
        self.bar = 0
        self.slot = 0
        self.counts = [0] * N_ROLES
        self.pitch = [NO_PITCH] * N_ROLES
        self.run = 0
        self.melody_bar = 0

    def chord_at(self, slot: int) -> ChordIds:
        """The chord that sounds at `slot` of the current bar."""
        return self._frame.bars[self.bar].chords[1 if slot * 2 >= self._slots else 0]

    def _next_chord(self, slot: int) -> ChordIds:
        if slot * 2 < self._slots:
            return self._frame.bars[self.bar].chords[1]
        following = self.bar + 1
        return self._frame.bars[following].chords[0] if following < len(self._frame.bars) else SILENT_CHORD

    def notes_in_bar(self, bar: int, role: int) -> tuple[list[int], list[int]]:
        """Slots and pitches of a role's notes in a bar already reached (two lists of equal length)."""
        return self._notes[bar][role]

    def features(self) -> list[int]:
        """Indices `[N_FEATURES]`, each below `N_FEATURE_ROWS`, for the event that comes next."""
        last, slot = self._last, self.slot
        chord, following = self.chord_at(slot), self._next_chord(slot)
        pitch = self.pitch
        values = [
            last.onset, last.role, last.pitch + (N_PITCHES if last.role == DRUMS and last.onset != BAR else 0),
            last.duration, last.velocity, slot if last.onset != BAR else MAX_SLOTS,
            chord.root, chord.quality, chord.bass, following.root, following.quality,
            pitch[BASS], pitch[HARMONY], pitch[COUNTER], pitch[MELODY],
            *[count if count < COUNT_CAP else COUNT_CAP - 1 for count in self.counts],
        ]  # fmt: skip
        values += self._then()
        values.append(min(self.run, RUN_CAP - 1))
        values.append(min(self.bar - self.melody_bar, SPAN_CAP - 1))
        return [*self._bar_rows[self.bar], *map(add, STEP_AT, values)]

    def _then(self) -> list[int]:
        """For each lag and role the slot of its next note from here on, so many bars ago (`BAR`: none); then, for each
        lag, the pitches of bass and melody there (`NO_PITCH`: none).
        """
        slots_then: list[int] = []
        pitches_then: list[int] = []
        here = self.slot
        for lag in LAGS:
            if lag > self.bar:
                slots_then += (BAR,) * N_ROLES
                pitches_then += (NO_PITCH, NO_PITCH)
                continue
            for role, (slots, pitches) in enumerate(self._notes[self.bar - lag]):
                index = bisect_left(slots, here)
                if index < len(slots):
                    slots_then.append(slots[index])
                    pitch = pitches[index]
                else:
                    slots_then.append(BAR)
                    pitch = NO_PITCH
                if role in _LINES:
                    pitches_then.append(pitch)
        return slots_then + pitches_then

    def detail(self, slot: int, role: int) -> list[int]:
        """Indices `[N_DETAILS]`, each below `N_DETAIL_ROWS`, once the next event's onset and role are known."""
        chord = self.chord_at(slot)
        values = [slot, role, chord.root, chord.quality, chord.bass, role * (NO_PITCH + 1) + self.pitch[role]]
        for lag in LAGS:
            value = NO_PITCH
            if lag <= self.bar:
                slots, pitches = self._notes[self.bar - lag][role]
                index = bisect_left(slots, slot)
                if index < len(slots) and slots[index] == slot:
                    value = pitches[index]
            values.append(value)
        return [at + value for at, value in zip(DETAIL_AT, values, strict=True)]

    def push(self, event: Event) -> None:
        """Take the next event in."""
        self._last = event
        if event.onset == BAR:
            self.bar += 1
            self.slot = 0
            self.counts = [0] * N_ROLES
            self._notes.append([([], []) for _ in range(N_ROLES)])
            return
        role = event.role
        self.slot = event.onset
        self.counts[role] += 1
        slots, pitches = self._notes[self.bar][role]
        slots.append(event.onset)
        pitches.append(event.pitch)
        if role == MELODY:
            self.run = self.run + 1 if event.pitch == self.pitch[MELODY] else 1
            self.melody_bar = self.bar
        self.pitch[role] = event.pitch


def bar_features(frame: Frame, bar: int, style_id: int) -> list[int]:
    """Indices of the features that stay the same within a bar."""
    here = frame.bars[bar]
    values = (
        style_id, frame.meter, frame.mode, frame.tempo, here.kind, min(here.bar_in_section, SPAN_CAP - 1),
        min(here.bars_left, SPAN_CAP - 1), min(len(frame.bars) - bar - 1, SPAN_CAP - 1),
        here.bar_in_section % 4, here.energy,
        *(int(plays) for plays in here.roles), *here.density,
    )  # fmt: skip
    return [at + value for at, value in zip(_AT, values, strict=False)]
