"""The step that writes notes: networks, rules and chance, for candidates of any plans at once.

In: lanes, which are the rows of one network each, and in the rows candidates (`Line`). Out: every candidate is one
event further, and whoever could not go on is named with the reason. Conventions: a primer's bars, a bar that repeats
an earlier one, and the last bar are not drawn but dictated; the network reads them all the same, so that it knows what
was played. Kept notes stand in their bars: what is drawn goes before the next of them, in the order of events, or makes
way for it. A candidate's randomness is its own, and nothing that is computed for it depends on its neighbours. Caveat:
a lane's network reads its empty rows too; what they say is thrown away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.compose.ending import final_bar
from engine.compose.rules import FORBIDDEN, Rules
from engine.compose.script import Script
from engine.errors import EngineError
from engine.jobs.apart import Failures, each_apart
from engine.model.sampling import Stepper, draw
from engine.music.context import N_DETAIL_ROWS, N_DETAILS, N_FEATURE_ROWS, N_FEATURES, NO_PITCH, Context
from engine.music.frames import NO_CHORD
from engine.music.tokens import (
    BAR,
    BAR_EVENT,
    DRUMS,
    N_DRUMS,
    N_DURATIONS,
    N_PITCHES,
    N_VELOCITIES,
    Event,
)

T = TypeVar("T")
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ANY_DURATION = np.ones((1, N_DURATIONS), np.bool_)
AUDIBLE = np.arange(N_VELOCITIES)[None, :] >= 3
"""What may be drawn: every duration; velocities that are heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Sampling temperatures a head, and the nucleus. Drums keep time best when they are cooler."""

    onset: float
    role: float
    pitch: float
    drums: float
    duration: float
    velocity: float
    top_p: float

    def to_row(self) -> tuple[float, ...]:
        """All of it, in the order of the fields."""
        return (self.onset, self.role, self.pitch, self.drums, self.duration, self.velocity, self.top_p)

    @classmethod
    def of(cls, temperature: float, top_p: float) -> Heat:
        """Spread a style's one temperature over the heads."""
        return cls(
            onset=temperature,
            role=temperature,
            pitch=temperature,
            drums=0.85 * temperature,
            duration=temperature,
            velocity=temperature,
            top_p=top_p,
        )


ONSET, ROLE, PITCH, STRUCK, DURATION, VELOCITY, TOP_P = range(7)
"""Columns of `Heat.to_row`."""


class Place(NamedTuple):
    """What follows from a note's onset and role. `details` [N_DETAILS]; `root`, `previous`: the chord's root and the
    role's last pitch; `bias` [N_PITCHES, or N_DRUMS for percussion]: nats, `FORBIDDEN` where nothing may be struck.
    """

    details: list[int]
    root: int
    previous: int
    bias: Floats


class Line:
    """One candidate: its context, its events so far, what is dictated next, and the kept notes that are still to come
    in its bar.
    """

    def __init__(
        self, script: Script, rules: Rules, style_id: int, random: np.random.Generator, heat: Heat | None = None
    ) -> None:
        self._script, self.rules = script, rules
        self.heat = (heat or Heat.of(1.0, 1.0)).to_row()
        self.context = Context(script.frame, style_id)
        self.last = BAR_EVENT
        self.events: list[Event] = []
        self._bars: list[list[Event]] = []
        self.dictated: deque[Event] = deque()
        self.kept: deque[Event] = deque()
        self.done = False
        self.random = random
        self._begin_bar()

    def take(self, event: Event) -> None:
        """Write an event down."""
        self.events.append(event)
        self.context.push(event)
        self.last = event
        if event.onset != BAR:
            self._bars[-1].append(event)
        elif self.context.bar == len(self._script.plan.bars):
            self.done = True
        else:
            self._begin_bar()

    def choose(self, drawn: Event) -> Event:
        """The event to take: the dictated one, a kept one whose turn it is, or else the drawn one."""
        if self.dictated:
            return self.dictated.popleft()
        if self.kept and drawn[:2] >= self.kept[0][:2]:
            return self.kept.popleft()
        return drawn

    def kept_role(self, onset: int) -> int | None:
        """The role of the next kept note, if it stands at `onset`."""
        return self.kept[0].role if self.kept and self.kept[0].onset == onset else None

    def opening(self) -> tuple[Floats, NDArray[np.bool_]]:
        """Chances for one event, `[5]` in [0, 1), and the onsets that are allowed."""
        return self.random.random(5), self.rules.onset_mask(self.context, self.last)

    def role_rules(self, onset: int) -> tuple[NDArray[np.bool_], Floats]:
        """Who may play at `onset`, and how welcome each is (`[N_ROLES]` each)."""
        mask = self.rules.role_mask(self.context, self.last, onset)
        if (kept := self.kept_role(onset)) is not None:
            mask[kept] = True
        return mask, self.rules.role_bias(self.context, onset)

    def place(self, onset: int, role: int) -> Place:
        """What follows from the onset and the role that were drawn."""
        context, slot = self.context, min(onset, self.rules.slots - 1)
        if role == DRUMS:
            bias = np.where(self.rules.drum_mask(self.last, slot), 0.0, FORBIDDEN)
        else:
            bias = self.rules.pitch_bias(context, self.last, slot, role)
        details, previous = context.detail(slot, role), context.pitch[role]
        if not 0 <= previous <= NO_PITCH or max(details) >= N_DETAIL_ROWS:
            raise EngineError(f"A candidate stands at a pitch that does not exist: {previous}.")
        return Place(details=details, root=context.chord_at(slot).root, previous=previous, bias=bias)

    def _begin_bar(self) -> None:
        """Queue the new bar if it is given, a repeat or the last one; else only the notes that are kept in it."""
        self._bars.append([])
        bar = self.context.bar
        plan, kept, events = self._script.plan.bars[bar], self._script.kept[bar], self._bars
        if bar < len(self._script.primer):
            self.dictated.extend(self._script.primer[bar])
        elif plan.final:
            self.dictated.extend(sorted([*final_bar(self._script.plan, self.context, self.rules.active(bar)), *kept]))
        elif plan.copy_of is not None:
            active = self.rules.repeated(bar)
            repeat = sorted([*(event for event in events[plan.copy_of] if active[event.role]), *kept])
            if plan.fresh:
                self.kept.extend(repeat)
                return
            self.dictated.extend(repeat)
        else:
            groove = () if plan.groove_of is None else (e for e in events[plan.groove_of] if e.role == DRUMS)
            self.kept.extend(sorted([*kept, *groove]))
            return
        self.dictated.append(BAR_EVENT)

    @property
    def free(self) -> bool:
        """Whether the next event is to be drawn."""
        return not self.done and not self.dictated


@dataclass(slots=True, kw_only=True)
class Lane:
    """The rows of one network: candidates, and `None` where a row is empty. As many as the stepper has."""

    stepper: Stepper
    lines: list[Line | None]


Row = tuple[int, Line]
"""Which row of all lanes together, and who stands in it."""


class Step:
    """One step of all lanes; made anew each time. `failures`: lines whose own rules failed, and how."""

    def __init__(self, lanes: Sequence[Lane]) -> None:
        self._lanes, self._spans, size = lanes, [], 0
        for lane in lanes:
            self._spans.append(slice(size, size + len(lane.lines)))
            size += len(lane.lines)
        self._size = size
        self._heat = np.ones((size, TOP_P + 1))
        self._everybody = [line for lane in lanes for line in lane.lines]
        self.failures: Failures[Line] = []

    def run(self) -> None:
        """Everybody reads the last event and takes the next one."""
        live = self._read([(row, line) for row, line in enumerate(self._everybody) if line is not None])
        free = [(row, line) for row, line in live if line.free]
        for row, line in free:
            self._heat[row] = line.heat
        drawn = self._draw(free) if free else {}
        failed = {id(line) for line, _ in self.failures}
        going = [(row, line) for row, line in live if id(line) not in failed]
        self._each(going, lambda at: at[1].take(at[1].choose(drawn.get(at[0], BAR_EVENT))))

    def _each(self, rows: Sequence[Row], work: Callable[[Row], T]) -> list[tuple[Row, T]]:
        """`work` for each row; those for which it fails are noted and left out."""
        done, failed = each_apart(work, rows)
        self.failures += [(line, error) for (_, line), error in failed]
        return done

    def _read(self, rows: Sequence[Row]) -> list[Row]:
        """The networks read where everybody is."""
        read = self._each(rows, lambda at: at[1].context.features())
        features = np.zeros((self._size, N_FEATURES), np.int64)
        for (row, _), values in read:
            features[row] = values
        outside = np.any((features < 0) | (features >= N_FEATURE_ROWS), axis=1)
        if outside.any():  # torch would refuse the whole step
            features[outside] = 0
            strange = EngineError("A candidate says what the network has no number for.")
            self.failures += [(line, strange) for (row, line), _ in read if outside[row]]
            read = [at for at in read if not outside[at[0][0]]]
        for lane, span in zip(self._lanes, self._spans, strict=True):
            lane.stepper.advance(features[span])
        return [at for at, _ in read]

    def _logits(self, rows: Integers, head: Callable[[Stepper, slice], Floats]) -> Floats:
        """What a head says of some rows (ascending), asked of those networks alone whose rows they are."""
        bounds = np.searchsorted(rows, [span.stop for span in self._spans])
        parts, start = [], 0
        for lane, span, stop in zip(self._lanes, self._spans, bounds.tolist(), strict=True):
            if stop > start:
                parts.append(head(lane.stepper, span)[rows[start:stop] - span.start])
            start = stop
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _choose(
        self, logits: Floats, allowed: NDArray[np.bool_], rows: Integers, head: int, uniform: Floats
    ) -> Integers:
        """Draw for some rows with each song's own heat; where nothing is allowed, everything is."""
        allowed[~allowed.any(axis=1)] = True
        heat = self._heat[rows]
        return draw(logits, mask=allowed, temperature=heat[:, head], top_p=heat[:, TOP_P], uniform=uniform)

    def _spread(self, rows: Integers, values: Integers | list[int], empty: int = 0) -> Integers:
        """Values of some rows as values of all."""
        spread = np.full(self._size, empty)
        spread[rows] = values
        return spread

    def _draw(self, free: Sequence[Row]) -> dict[int, Event]:
        """The next event of each of the rows; for rows without one, a bar line."""
        opening = self._each(free, lambda at: at[1].opening())
        if not opening:
            return {}
        rows, uniform = _rows_of(opening), np.array([first for _, (first, _) in opening])
        logits = self._logits(rows, lambda stepper, _: stepper.onset_logits())
        onset = self._choose(logits, np.array([mask for _, (_, mask) in opening]), rows, ONSET, uniform[:, 0])
        notes = [at for at, onset in zip(opening, onset.tolist(), strict=True) if onset != BAR]
        if not notes:
            return {}
        chances = dict(zip(rows.tolist(), uniform, strict=True))
        return self._draw_notes([at for at, _ in notes], self._spread(rows, onset, BAR), chances)

    def _draw_notes(self, notes: Sequence[Row], onset: Integers, chances: dict[int, Floats]) -> dict[int, Event]:
        """Role, pitch, duration and velocity of the rows that play at the onsets `[all rows]`."""
        starts = onset.tolist()
        asked = self._each(notes, lambda at: at[1].role_rules(starts[at[0]]))
        if not asked:
            return {}
        rows = _rows_of(asked)
        logits = self._logits(rows, lambda stepper, span: stepper.role_logits(onset[span]))
        logits = logits + np.array([bias for _, (_, bias) in asked])
        uniform = np.array([chances[row] for row in rows.tolist()])
        role = self._spread(
            rows, self._choose(logits, np.array([mask for _, (mask, _) in asked]), rows, ROLE, uniform[:, 1])
        )
        roles = role.tolist()
        placed = self._each([at for at, _ in asked], lambda at: at[1].place(starts[at[0]], roles[at[0]]))
        if not placed:
            return {}
        rows = _rows_of(placed)
        uniform = np.array([chances[row] for row in rows.tolist()])
        details = np.zeros((self._size, N_DETAILS), np.int64)
        details[rows] = [place.details for _, place in placed]
        for lane, span in zip(self._lanes, self._spans, strict=True):
            lane.stepper.open_details(details[span])
        pitch = self._draw_pitch(placed, role, uniform[:, 2])
        chosen = np.where(role == DRUMS, N_PITCHES + np.minimum(pitch, N_DRUMS - 1), pitch)
        duration = np.zeros(self._size, np.int64)
        logits = self._logits(rows, lambda stepper, span: stepper.duration_logits(chosen[span]))
        logits = logits + np.array([line.rules.duration_tilts[role[row]] for (row, line), _ in placed])
        duration[rows] = self._choose(logits, ANY_DURATION, rows, DURATION, uniform[:, 3])
        duration[role == DRUMS] = 0
        logits = self._logits(rows, lambda stepper, span: stepper.velocity_logits(duration[span]))
        velocity = self._choose(logits, AUDIBLE, rows, VELOCITY, uniform[:, 4])
        columns = (onset[rows], role[rows], pitch[rows], duration[rows], velocity)
        events = zip(*(column.tolist() for column in columns), strict=True)
        return {row: Event(*event) for row, event in zip(rows.tolist(), events, strict=True)}

    def _draw_pitch(self, placed: Sequence[tuple[Row, Place]], role: Integers, uniform: Floats) -> Integers:
        """The pitches `[all rows]`, or percussion instruments, of the placed notes."""
        pitch = np.zeros(self._size, np.int64)
        at_drums = role[_rows_of(placed)] == DRUMS
        struck = [at for at, drums in zip(placed, at_drums, strict=True) if drums]
        tuned = [at for at, drums in zip(placed, at_drums, strict=True) if not drums]
        if tuned:
            rows = _rows_of(tuned)
            root = self._spread(rows, [place.root for _, place in tuned], NO_CHORD)
            previous = self._spread(rows, [place.previous for _, place in tuned], NO_PITCH)
            bias = np.array([place.bias for _, place in tuned])
            logits = self._logits(rows, lambda stepper, span: stepper.pitch_logits(root[span], previous[span])) + bias
            pitch[rows] = self._choose(logits, bias > FORBIDDEN / 2, rows, PITCH, uniform[~at_drums])
        if struck:
            rows = _rows_of(struck)
            mask = np.array([place.bias > FORBIDDEN / 2 for _, place in struck])
            logits = self._logits(rows, lambda stepper, _: stepper.drum_logits())
            pitch[rows] = self._choose(logits, mask, rows, STRUCK, uniform[at_drums])
        return pitch


def _rows_of(rows: Sequence[tuple[Row, object]]) -> Integers:
    return np.array([row for (row, _), _ in rows], np.int64)
