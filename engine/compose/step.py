"""The step that writes notes: networks, rules and chance, for candidates of any plans at once.

In: lanes, which are the rows of one network each, and in the rows candidates (`Line`). Out: every candidate is one
event further, and whoever could not go on is named with the reason. Conventions: all rows of all lanes are counted
through; what is asked of networks, rules and chance is asked once for all who need it. A candidate's randomness is its
own, and nothing that is computed for it depends on its neighbours. Caveat: a lane's network reads its empty rows too;
what they say is thrown away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.compose.board import Board, Rows
from engine.compose.decode import DURATION, ONSET, PITCH, ROLE, STRUCK, TOP_P, VELOCITY, Line
from engine.compose.masks import FORBIDDEN, drum_mask, missing, onset_mask, pitch_bias, role_bias, role_mask
from engine.errors import EngineError
from engine.jobs.apart import Failures, each_apart
from engine.model.nucleus import EmptyMaskError, draw
from engine.model.sampling import Stepper
from engine.music.context import N_DETAIL_ROWS, N_DETAILS, N_FEATURE_ROWS, NO_PITCH
from engine.music.frames import NO_CHORD
from engine.music.tokens import BAR, BAR_EVENT, DRUMS, N_DRUMS, N_DURATIONS, N_PITCHES, N_VELOCITIES, Event

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Mask = NDArray[np.bool_]
ANY_DURATION = np.ones((1, N_DURATIONS), np.bool_)
AUDIBLE = np.arange(N_VELOCITIES)[None, :] >= 3
"""What may be drawn: every duration; velocities that are heard."""


@dataclass(slots=True, kw_only=True)
class Lane:
    """The rows of one network: candidates, and `None` where a row is empty. As many as the stepper has."""

    stepper: Stepper
    lines: list[Line | None]


class Step:
    """One step of all lanes; made anew each time. `failures`: lines that could not go on, and why."""

    def __init__(self, lanes: Sequence[Lane], board: Board) -> None:
        self._lanes, self._board, self._spans, size = lanes, board, [], 0
        for lane in lanes:
            self._spans.append(slice(size, size + len(lane.lines)))
            size += len(lane.lines)
        self._lines = [line for lane in lanes for line in lane.lines]
        self._seats = np.array([board.nobody if line is None else line.seat for line in self._lines])
        self._going = self._seats != board.nobody
        self._next = np.tile(np.array(BAR_EVENT), (size, 1))
        """`[size, 5]`: the next event of each row; a bar line unless another is drawn or given."""
        self.failures: Failures[Line] = []

    def run(self) -> None:
        """Everybody reads the last event and takes the next one."""
        self._read()
        free = np.array([line is not None and line.free for line in self._lines])
        if (drawing := free & self._going).any():
            self._draw(np.flatnonzero(drawing))
        self._give(free)
        self._take()

    def _fail(self, rows: Integers, reason: str) -> None:
        """Leave these rows' lines behind."""
        self._going[rows] = False
        self.failures += [(line, EngineError(reason)) for row in rows.tolist() if (line := self._lines[row])]

    def _read(self) -> None:
        """The networks read where everybody is."""
        features = self._board.features(self._seats)
        if features.min() < 0 or features.max() >= N_FEATURE_ROWS:  # torch would refuse the whole step
            outside = np.flatnonzero(((features < 0) | (features >= N_FEATURE_ROWS)).any(axis=1))
            features[outside] = 0
            self._fail(outside, "A candidate says what the network has no number for.")
        for lane, span in zip(self._lanes, self._spans, strict=True):
            lane.stepper.advance(features[span])

    def _give(self, free: Mask) -> None:
        """What is dictated, and kept notes whose turn it is, take the place of what was drawn."""
        onset, role = self._next[:, :2].T
        kept_onset, kept_role = self._board.at(self._seats)["kept"].T
        first = free & ((kept_onset < onset) | ((kept_onset == onset) & (kept_role <= role)))
        for row in np.flatnonzero(self._going & (first | ~free)).tolist():
            if (line := self._lines[row]) is not None:
                self._next[row] = line.choose(Event._make(self._next[row].tolist()))

    def _take(self) -> None:
        """Everybody's next event is written down."""
        notes = np.flatnonzero(self._going & (self._next[:, 0] != BAR))
        self._board.push(self._seats[notes], self._next[notes])
        going = [
            (line, Event._make(event))
            for line, event, goes in zip(self._lines, self._next.tolist(), self._going.tolist(), strict=True)
            if goes and line is not None
        ]
        _, failed = each_apart(lambda at: at[0].take(at[1]), going)
        self.failures += [(line, error) for (line, _), error in failed]

    def _logits(self, rows: Integers, head: Callable[[Stepper, slice], Floats]) -> Floats:
        """What a head says of some rows (ascending), asked of those lanes alone whose rows they are."""
        if len(self._lanes) == 1:
            return head(self._lanes[0].stepper, self._spans[0])[rows]
        bounds = np.searchsorted(rows, [span.stop for span in self._spans])
        parts, start = [], 0
        for lane, span, stop in zip(self._lanes, self._spans, bounds.tolist(), strict=True):
            if stop > start:
                parts.append(head(lane.stepper, span)[rows[start:stop] - span.start])
            start = stop
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    @staticmethod
    def _choose(logits: Floats, allowed: Mask, here: Rows, head: int, uniform: Floats) -> Integers:
        """Draw with each song's own heat; where nothing is allowed, everything is."""
        temperature, top_p = here["heat"][:, head], here["heat"][:, TOP_P]
        try:
            return draw(logits, mask=allowed, temperature=temperature, top_p=top_p, uniform=uniform)
        except EmptyMaskError:
            allowed = allowed | ~allowed.any(axis=1, keepdims=True)
            return draw(logits, mask=allowed, temperature=temperature, top_p=top_p, uniform=uniform)

    def _spread(self, rows: Integers, values: Integers, empty: int = 0) -> Integers:
        """Values of some rows as values of all."""
        spread = np.full(len(self._seats), empty)
        spread[rows] = values
        return spread

    def _draw(self, rows: Integers) -> None:
        """The next event of these rows."""
        seats = self._seats[rows]
        here, uniform = self._board.at(seats), self._board.chances(seats)
        due = missing(here)
        logits = self._logits(rows, lambda stepper, _: stepper.onset_logits())
        onset = self._choose(logits, onset_mask(here, due), here, ONSET, uniform[:, 0])
        self._next[rows, 0] = onset
        if not len(notes := np.flatnonzero(onset != BAR)):
            return
        if len(notes) < len(rows):
            rows, here, due, onset, uniform = rows[notes], here.take(notes), due[notes], onset[notes], uniform[notes]
        onsets = self._next[:, 0]
        logits = self._logits(rows, lambda stepper, span: stepper.role_logits(onsets[span]))
        logits = logits + role_bias(here, onset)
        role = self._choose(logits, role_mask(here, due, onset), here, ROLE, uniform[:, 1])
        self._draw_note(rows, here, np.stack((np.minimum(onset, here["slots"] - 1), role)), uniform)

    def _draw_note(self, rows: Integers, here: Rows, place: Integers, uniform: Floats) -> None:
        """Pitch, duration and velocity of the rows that play; `place` [2, rows]: slot and role."""
        slot, role = place
        previous, wanted = here["pitch"][np.arange(len(here)), role], self._board.details(here, slot, role)
        strange = (previous < 0) | (previous > NO_PITCH) | (wanted >= N_DETAIL_ROWS).any(axis=1)
        if strange.any():
            self._fail(rows[strange], "A candidate stands at a pitch that does not exist.")
            left = np.flatnonzero(~strange)
            if len(left):
                self._draw_note(rows[left], here[left], place[:, left], uniform[left])
            return
        details = np.zeros((len(self._seats), N_DETAILS), np.int64)
        details[rows] = wanted
        for lane, span in zip(self._lanes, self._spans, strict=True):
            lane.stepper.open_details(details[span])
        pitch = np.zeros(len(rows), np.int64)
        struck, tuned = np.flatnonzero(role == DRUMS), np.flatnonzero(role != DRUMS)
        if len(tuned):
            pitch[tuned] = self._draw_pitch(rows[tuned], here.take(tuned), place[:, tuned], uniform[tuned, 2])
        if len(struck):
            drums = here.take(struck)
            logits = self._logits(rows[struck], lambda stepper, _: stepper.drum_logits())
            pitch[struck] = self._choose(logits, drum_mask(drums, slot[struck]), drums, STRUCK, uniform[struck, 2])
        chosen = self._spread(rows, np.where(role == DRUMS, N_PITCHES + np.minimum(pitch, N_DRUMS - 1), pitch))
        logits = self._logits(rows, lambda stepper, span: stepper.duration_logits(chosen[span]))
        logits = logits + self._board.duration_tilts[here["seat"], role]
        duration = self._choose(logits, ANY_DURATION, here, DURATION, uniform[:, 3])
        duration[struck] = 0
        durations = self._spread(rows, duration)
        logits = self._logits(rows, lambda stepper, span: stepper.velocity_logits(durations[span]))
        velocity = self._choose(logits, AUDIBLE, here, VELOCITY, uniform[:, 4])
        self._next[rows, 1:] = np.stack((role, pitch, duration, velocity), axis=1)

    def _draw_pitch(self, rows: Integers, here: Rows, place: Integers, uniform: Floats) -> Integers:
        """The pitches of notes that are no percussion."""
        slot, role = place
        root = self._spread(rows, self._board.chord_at(here, slot)[:, 0], NO_CHORD)
        previous = self._spread(rows, here["pitch"][np.arange(len(here)), role], NO_PITCH)
        bias = pitch_bias(self._board, here, slot, role)
        logits = self._logits(rows, lambda stepper, span: stepper.pitch_logits(root[span], previous[span])) + bias
        return self._choose(logits, bias > FORBIDDEN / 2, here, PITCH, uniform)
