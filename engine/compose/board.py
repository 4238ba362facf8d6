"""Where all candidates stand, side by side in arrays, so that networks and rules are asked for all of them at once.

In: a sheet a candidate, its bars as they begin, its events as they are taken. Out: `features` and `details`, the
integers that `engine.music.context.Context` gives for one song (a test holds both to the same), and `at`, a copy of
some candidates' rows with all that the rules ask for. Conventions: a candidate has a *seat* from its first event to its
last, whatever row of a network it stands in; the seat past the last one is nobody's and reads zeros. Arrays `[M, …]`
have a row a seat that was asked for. Caveat: `at` copies; only `push`, `begin_bar` and `keep` change where somebody
stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.compose.sheet import Sheet
from engine.compose.tilt import REACH
from engine.music.context import (
    COUNT_CAP,
    DETAIL_AT,
    LAGS,
    N_BAR_FEATURES,
    N_DETAILS,
    N_FEATURES,
    NO_PITCH,
    RUN_CAP,
    SPAN_CAP,
    STEP_AT,
)
from engine.music.tokens import (
    BAR,
    BAR_EVENT,
    BASS,
    DRUMS,
    HARMONY,
    MELODY,
    N_DURATIONS,
    N_ONSETS,
    N_PITCHES,
    N_ROLES,
    Event,
)

Rows = NDArray[Any]
"""`[M]` of `ROW`."""
Integers = NDArray[np.int64]
Floats = NDArray[np.float64]

ROW = np.dtype(
    [
        ("seat", np.int64),
        ("bar", np.int64),
        ("slot", np.int64),
        ("slots", np.int64),  # of a bar
        ("beat", np.int64),  # slots of a beat
        ("last", np.int64, len(Event._fields)),  # the last event
        ("pitch", np.int64, N_ROLES),  # each role's last pitch
        ("counts", np.int64, N_ROLES),  # notes of this bar
        ("struck", np.int64, N_ROLES),  # slot of a role's last note in this bar, −1: none
        ("voices", np.int64, N_ROLES),  # notes at that slot
        ("run", np.int64),  # how often the melody's pitch came running
        ("melody_bar", np.int64),  # where the melody played last
        ("kept", np.int64, 2),  # onset and role of the next kept note, `NOTHING_KEPT` without one
        ("drawn", np.int64),  # chances that are used up
        ("caps", np.int64, N_ROLES),
        ("due", np.float64, N_ROLES),
        ("heat", np.float64, 7),
        ("active", np.bool_, N_ROLES),
        ("owed", np.bool_, N_ROLES),  # active, and may not rest in this bar
    ],
    align=True,
)
NOTHING_KEPT = (BAR + 1, 0)
CHANCES = 32
"""Events for which chances are drawn at once; a generator gives the same numbers in whatever portions."""
SLOT, PITCH = 0, 1
_LINES = (BASS, MELODY)


class Board:
    """See the module's docstring."""

    def __init__(self, seats: int) -> None:
        self._free = list(range(seats - 1, -1, -1))
        self.nobody = seats
        self._rows = np.zeros(seats + 1, ROW)
        self._generators: dict[int, np.random.Generator] = {}
        self._chances = np.zeros((seats, CHANCES, len(Event._fields)))
        self._bars = np.zeros((seats + 1, N_BAR_FEATURES), np.int64)
        self._chords = np.zeros((seats + 1, 3, 3), np.int64)
        """Root, quality and bass of this bar's halves, and of the next bar's first."""
        self._then = np.zeros((seats + 1, N_ONSETS, 2, len(LAGS), N_ROLES), np.int64)
        """For each slot of this bar, so many bars ago: the slot of the role's first note from there on, its pitch."""
        self.ranges = np.zeros((seats + 1, N_ROLES, N_PITCHES), np.bool_)
        self.costs = np.zeros((seats + 1, 2, N_ROLES, 2, 12))
        self.leaps, self.tilts = np.zeros((2, seats + 1, N_ROLES, 2 * REACH + 1))
        self.duration_tilts = np.zeros((seats + 1, N_ROLES, N_DURATIONS))

    def sit(self, sheet: Sheet, random: np.random.Generator, heat: Sequence[float]) -> int:
        """Give a candidate a seat, at the beginning of its song."""
        seat = self._free.pop()
        rules, row = sheet.rules, self._rows[seat]
        self._rows[seat] = np.zeros((), ROW)
        row["seat"], row["slots"], row["beat"], row["heat"] = seat, rules.slots, rules.beat, heat
        row["pitch"], row["drawn"] = NO_PITCH, CHANCES
        self._generators[seat] = random
        self._then[seat, :, SLOT], self._then[seat, :, PITCH] = BAR, NO_PITCH
        self.ranges[seat], self.duration_tilts[seat] = rules.ranges, rules.duration_tilts
        self.leaps[seat], self.tilts[seat] = rules.leaps, rules.tilts
        self._enter(seat, sheet, 0)
        return seat

    def leave(self, seat: int) -> None:
        """Give a seat back."""
        del self._generators[seat]
        self._free.append(seat)

    def at(self, seats: Integers) -> Rows:
        """Where these candidates stand: `[M]`."""
        return self._rows.take(seats)

    def pitches(self, seat: int) -> list[int]:
        """Each role's last pitch (`NO_PITCH`: none)."""
        last: list[int] = self._rows["pitch"][seat].tolist()
        return last

    def keep(self, seat: int, event: Event | None) -> None:
        """Say which kept note comes next in the bar, if any."""
        self._rows["kept"][seat] = NOTHING_KEPT if event is None else event[:2]

    def chances(self, seats: Integers) -> Floats:
        """The next uniform numbers of each candidate's own, `[M, 5]` in [0, 1)."""
        drawn = self._rows["drawn"]
        for seat in seats[drawn[seats] == CHANCES].tolist():
            generator = self._generators[seat]
            self._chances[seat], drawn[seat] = generator.random(self._chances.shape[1:]), 0
        chances: Floats = self._chances[seats, drawn[seats]]
        drawn[seats] += 1
        return chances

    def push(self, seats: Integers, notes: Integers) -> None:
        """Take a note each in, `[M, 5]`, columns as `Event`."""
        here, each = self._rows.take(seats), np.arange(len(seats))
        onset, role, pitch = notes[:, 0], notes[:, 1], notes[:, 2]
        again = here["struck"][each, role] == onset
        here["last"], here["slot"] = notes, onset
        here["counts"][each, role] += 1
        here["voices"][each, role] = np.where(again, here["voices"][each, role] + 1, 1)
        here["struck"][each, role] = onset
        tune = role == MELODY
        run = np.where(pitch == here["pitch"][:, MELODY], here["run"] + 1, 1)
        here["run"] = np.where(tune, run, here["run"])
        here["melody_bar"] = np.where(tune, here["bar"], here["melody_bar"])
        here["pitch"][each, role] = pitch
        self._rows[seats] = here

    def begin_bar(self, seat: int, sheet: Sheet, before: Sequence[Event]) -> None:
        """Take a bar line in; `before`: the notes of the bar that it ends."""
        row, then = self._rows[seat], self._then[seat]
        then[:, :, 1:] = then[:, :, :-1].copy()
        then[:, SLOT, 0], then[:, PITCH, 0] = _from_each_slot(before)
        row["bar"] += 1
        self._enter(seat, sheet, int(row["bar"]))
        row["counts"] = 0

    def _enter(self, seat: int, sheet: Sheet, bar: int) -> None:
        """What holds for a bar; `counts` are still those of the bar before."""
        row, rules, active = self._rows[seat], sheet.rules, sheet.rules.active[bar]
        self._bars[seat], self._chords[seat] = sheet.bars[bar], sheet.chords[bar]
        self.costs[seat] = rules.costs[bar]
        may_rest = rules.slow[bar] & (row["counts"] > 0)
        owed = [True, *~may_rest[BASS : HARMONY + 1], False, bar - row["melody_bar"] > 1 or not active[:MELODY].any()]
        row["last"], row["slot"], row["struck"] = BAR_EVENT, 0, -1
        row["active"], row["owed"] = active, active & owed
        row["caps"], row["due"], row["kept"] = rules.caps[bar], rules.due[bar], NOTHING_KEPT

    def features(self, seats: Integers) -> Integers:
        """Indices `[M, N_FEATURES]` of what the network reads before each candidate's next event."""
        here, each = self._rows.take(seats), np.arange(len(seats))
        last, half = here["last"], (here["slot"] * 2 >= here["slots"]).astype(np.int64)
        then, chords = self._then[seats, here["slot"]], self._chords[seats]
        out = np.empty((len(seats), N_FEATURES), np.int64)
        out[:, :N_BAR_FEATURES] = self._bars[seats]
        step = out[:, N_BAR_FEATURES:]
        step[:, 0:5] = last
        step[:, 2] += N_PITCHES * ((last[:, 1] == DRUMS) & (last[:, 0] != BAR))
        step[:, 5] = last[:, 0]  # the slot; a bar line's onset means that none was reached yet
        step[:, 6:9], step[:, 9:11] = chords[each, half], chords[each, half + 1, :2]
        step[:, 11:15] = here["pitch"][:, BASS:]
        step[:, 15:20] = np.minimum(here["counts"], COUNT_CAP - 1)
        step[:, 20:30] = then[:, SLOT].reshape(len(seats), -1)
        step[:, 30:34] = then[:, PITCH][:, :, _LINES].reshape(len(seats), -1)
        step[:, 34] = np.minimum(here["run"], RUN_CAP - 1)
        step[:, 35] = np.minimum(here["bar"] - here["melody_bar"], SPAN_CAP - 1)
        step += _STEP_AT
        return out

    def chord_at(self, here: Rows, slot: Integers) -> Integers:
        """Root, quality and bass `[M, 3]` of the chord that sounds at a slot each of the bar."""
        chords: Integers = self._chords[here["seat"], (slot * 2 >= here["slots"]).astype(np.int64)]
        return chords

    def details(self, here: Rows, slot: Integers, role: Integers) -> Integers:
        """Indices `[M, N_DETAILS]`, once the next event's onset and role are known."""
        each = np.arange(len(here))
        then = self._then[here["seat"], slot, :, :, role]
        out = np.empty((len(here), N_DETAILS), np.int64)
        out[:, 0], out[:, 1] = slot, role
        out[:, 2:5] = self.chord_at(here, slot)
        out[:, 5] = role * (NO_PITCH + 1) + here["pitch"][each, role]
        out[:, 6:] = np.where(then[:, SLOT] == slot[:, None], then[:, PITCH], NO_PITCH)
        out += _DETAIL_AT
        return out


_STEP_AT, _DETAIL_AT = np.array(STEP_AT), np.array(DETAIL_AT)


def _from_each_slot(notes: Sequence[Event]) -> tuple[Integers, Integers]:
    """For each slot and role the slot of the first note from there on (`BAR`: none) and its pitch (`NO_PITCH`); of
    notes that start together the first one. `[N_ONSETS, N_ROLES]` each.
    """
    slots, pitches = np.full((N_ONSETS, N_ROLES), BAR), np.full((N_ONSETS, N_ROLES), NO_PITCH)
    for note in reversed(notes):
        slots[note.onset, note.role], pitches[note.onset, note.role] = note.onset, note.pitch
    slots = np.minimum.accumulate(slots[::-1], axis=0)[::-1]
    return slots, np.take_along_axis(pitches, slots, axis=0)
