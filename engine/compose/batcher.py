"""Continuous batching: songs of any styles enter and leave between steps, and every step serves all of them.

In: tasks (a script, the network that writes it, how many candidates). Out: handles, which hold the candidates' events
when they are finished. `step()` is admit → forward → sample → retire. Conventions: a slot is a row of a network; each
candidate takes one and leaves it when it ends. Rows of one network form a lane, whose rows come in blocks of `BLOCK`;
together the lanes have at most `slots` rows. First come, first served: who goes first is the caller's business. A
candidate's events are the same whoever shares the steps. Caveat: not thread-safe, but for `cancel`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from engine.compose.board import Board
from engine.compose.decode import Heat, Line
from engine.compose.script import Script
from engine.compose.sheet import Sheet
from engine.compose.step import Lane, Step
from engine.errors import EngineError
from engine.jobs.apart import Failures, each_apart
from engine.model.network import Network
from engine.model.sampling import BLOCK, Packed, Stepper
from engine.music.tokens import Event

KEPT_NETWORKS = 16
"""So many networks stay laid out for stepping while nobody uses them."""


class State(Enum):
    """Where a task is."""

    WAITING = "waiting"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchTask:
    """A song to write. Candidate k draws from PCG64 seeded by the plan's seed and k; `style_row`: the style's index as
    the network knows it.
    """

    script: Script
    network: Network
    style_row: int
    heat: Heat
    candidates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupancy:
    """`rows`: candidates being written, `slots`: rows there are; `waiting`: candidates without a row; `steps`: so far;
    `rows_served`, `rows_run`: sums over these steps of rows with somebody in them, and of rows that were computed.
    """

    slots: int
    rows: int
    waiting: int
    steps: int
    rows_served: int
    rows_run: int

    @property
    def share(self) -> float:
        """Share of the slots that somebody used, over all steps so far, 0…1."""
        return self.rows_served / (self.steps * self.slots) if self.steps else 0.0


class Handle:
    """A submitted task: how far it is, and what became of it."""

    def __init__(self, task: BatchTask) -> None:
        self.task = task
        self.state = State.WAITING
        self.error: Exception | None = None
        self.limit = 0
        """Most events that a candidate may have."""
        self._lines: list[Line] = []
        """Those that have begun, in the order of candidates."""
        self._events: list[list[Event]] = []
        self._sheet: Sheet | None = None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen."""
        return self.state not in (State.WAITING, State.WRITING)

    @property
    def waiting(self) -> int:
        """Candidates that have not begun."""
        return 0 if self.finished else self.task.candidates - len(self._lines)

    @property
    def share(self) -> float:
        """Written share of all candidates' bars, 0…1."""
        bars = len(self.task.script.plan.bars)
        written = sum(bars if line.done else line.bar for line in self._lines)
        return 1.0 if self.state is State.DONE else written / (bars * self.task.candidates)

    def events(self) -> list[list[Event]]:
        """The candidates' events; raises what made the task fail, and `EngineError` where it has no result."""
        if self.error is not None:
            raise self.error
        if self.state is not State.DONE:
            raise EngineError(f"The song has no result: it is {self.state.value}.")
        return self._events

    def next_line(self, board: Board) -> Line:
        """Begin the next candidate."""
        task, script = self.task, self.task.script
        if self._sheet is None:
            self._sheet = Sheet(script, task.style_row)
            self.limit = self._sheet.rules.most_events() + script.given_events
        random = np.random.Generator(np.random.PCG64([script.plan.seed, len(self._lines)]))
        line = Line(self._sheet, board, random, task.heat)
        self._lines.append(line)
        self.state = State.WRITING
        return line

    def look(self, line: Line, error: Exception | None) -> None:
        """Take note of a candidate that has failed or ended, or that does not end (a bug in the rules)."""
        if error is not None:
            self.end(State.FAILED, error)
        elif line.done:
            if not self.waiting and all(line.done for line in self._lines):
                self._events = [line.events for line in self._lines]
                self.end(State.DONE)
        elif len(line.events) >= self.limit:
            self.end(State.FAILED, EngineError(f"A candidate did not end within {self.limit} steps."))

    def end(self, state: State, error: Exception | None = None) -> None:
        """Say what became of it."""
        self.state, self.error = state, error
        self._lines.clear()


class _Rows:
    """The rows of one network: a lane, and whose line stands in each of its rows."""

    def __init__(self, packed: Packed) -> None:
        self.packed = packed
        self.lane = Lane(stepper=Stepper(packed, 0), lines=[])
        self.owners: list[Handle | None] = []
        self._sources: list[int | None] = []
        """Where each row's state is now; `None`: it has read nothing."""
        self._moved = False

    @property
    def used(self) -> int:
        """Rows with somebody in them."""
        return sum(owner is not None for owner in self.owners)

    @property
    def full(self) -> bool:
        """Whether the next candidate needs another block of rows."""
        return None not in self.owners

    def place(self, handle: Handle, line: Line) -> None:
        """Give a line the first empty row, of a new block if there is none."""
        if self.full:
            self._pad(len(self.owners) + BLOCK)
        row = self.owners.index(None)
        self.owners[row], self.lane.lines[row], self._sources[row] = handle, line, None
        self._moved = True

    def clear(self) -> None:
        """Empty the rows of lines that ended and of handles that are finished; give back blocks nobody needs."""
        changed = False
        for row, (owner, line) in enumerate(zip(self.owners, self.lane.lines, strict=True)):
            if owner is not None and line is not None and (line.done or owner.finished):
                line.leave()
                self.owners[row] = self.lane.lines[row] = None
                changed = True
        if changed and self.used <= len(self.owners) - BLOCK:
            kept = [row for row, owner in enumerate(self.owners) if owner is not None]
            self.owners = [self.owners[row] for row in kept]
            self.lane.lines = [self.lane.lines[row] for row in kept]
            self._sources = [self._sources[row] for row in kept]
            self._pad(-(-len(kept) // BLOCK) * BLOCK)
            self._moved = True

    def settle(self) -> None:
        """Bring the network's state where the lines are."""
        if self._moved:
            self.lane.stepper.rearrange(self._sources)
            self._sources, self._moved = list(range(len(self.owners))), False

    def _pad(self, size: int) -> None:
        empty = size - len(self.owners)
        self.owners += [None] * empty
        self.lane.lines += [None] * empty
        self._sources += [None] * empty


class Batcher:
    """See the module's docstring. `slots`: rows that a step has at most, a multiple of `BLOCK`."""

    def __init__(self, slots: int) -> None:
        if slots < BLOCK or slots % BLOCK:
            raise ValueError(f"{slots} slots are no multiple of {BLOCK}")
        self._slots = slots
        self._board = Board(slots)
        self._queue: deque[Handle] = deque()
        self._lanes: dict[int, _Rows] = {}
        self._packed: dict[int, Packed] = {}
        self._cancelled: list[Handle] = []
        self._ended: list[Handle] = []
        self._steps = self._served = self._run = 0

    @property
    def occupancy(self) -> Occupancy:
        """Who is there now, and how full the steps were so far."""
        return Occupancy(
            slots=self._slots,
            rows=sum(rows.used for rows in self._lanes.values()),
            waiting=sum(handle.waiting for handle in self._queue),
            steps=self._steps,
            rows_served=self._served,
            rows_run=self._run,
        )

    @property
    def idle(self) -> bool:
        """Whether nobody is there and nobody waits."""
        return not self._queue and not self._lanes and not self._ended

    def submit(self, task: BatchTask) -> Handle:
        """Let a song wait for its turn. Raises `ValueError` for fewer than one candidate."""
        if task.candidates < 1:
            raise ValueError("a song needs at least one candidate")
        handle = Handle(task)
        self._queue.append(handle)
        return handle

    def cancel(self, handle: Handle) -> None:
        """Give a song up; the next step returns it. Nothing happens to one that is finished."""
        self._cancelled.append(handle)

    def step(self) -> list[Handle]:
        """One event more for everybody who has a row; returns those that are finished, failed or were cancelled."""
        self._admit()
        lanes = [rows.lane for rows in self._lanes.values()]
        failures = self._forward_and_sample(lanes) if lanes else []
        return self._retire(failures)

    def _admit(self) -> None:
        """Whoever is first in the queue begins, as long as there are rows."""
        if self._cancelled:
            self._let_go()
        while self._queue and (rows := self._rows_for(self._queue[0])) is not None:
            handle = self._queue[0]
            began, failed = each_apart(lambda handle: handle.next_line(self._board), [handle])
            for _, line in began:
                rows.place(handle, line)
            for _, error in failed:
                handle.end(State.FAILED, error)
                self._ended.append(handle)
            if failed:
                self._sweep()
            elif not handle.waiting:
                self._queue.popleft()
        for rows in self._lanes.values():
            rows.settle()

    def _let_go(self) -> None:
        """End what was cancelled."""
        asked = [handle for handle in dict.fromkeys(self._cancelled) if not handle.finished]
        self._cancelled.clear()
        for handle in asked:
            handle.end(State.CANCELLED)
            self._ended.append(handle)
        if asked:
            self._sweep()

    def _rows_for(self, handle: Handle) -> _Rows | None:
        """The lane of a handle's network, if its next candidate finds a row there."""
        key = id(handle.task.network)
        rows = self._lanes.get(key)
        if (rows is None or rows.full) and sum(len(r.owners) for r in self._lanes.values()) + BLOCK > self._slots:
            return None
        if rows is None:
            rows = self._lanes[key] = _Rows(self._packed_of(handle.task.network))
        return rows

    def _packed_of(self, network: Network) -> Packed:
        """A network laid out for stepping; the last ones that were used are kept so."""
        packed = self._packed.pop(id(network), None) or Packed(network)
        self._packed[id(network)] = packed
        while len(self._packed) > KEPT_NETWORKS:
            self._packed.pop(next(iter(self._packed)))
        return packed

    def _forward_and_sample(self, lanes: Sequence[Lane]) -> Failures[Line]:
        """Run the networks and draw; an error that is nobody's own ends all who are there, and goes on."""
        step = Step(lanes, self._board)
        try:
            step.run()
        except BaseException:
            for rows in self._lanes.values():
                for owner in rows.owners:
                    if owner is not None and not owner.finished:
                        owner.end(State.FAILED, EngineError("The step failed that this song was in."))
                        self._ended.append(owner)
            self._queue = deque(handle for handle in self._queue if not handle.finished)
            self._lanes.clear()
            self._board = Board(self._slots)
            raise
        self._steps += 1
        self._run += sum(len(lane.lines) for lane in lanes)
        self._served += sum(line is not None for lane in lanes for line in lane.lines)
        return step.failures

    def _retire(self, failures: Failures[Line]) -> list[Handle]:
        """Whoever has ended leaves."""
        errors = {id(line): error for line, error in failures}
        changed = False
        for rows in self._lanes.values():
            for owner, line in zip(rows.owners, rows.lane.lines, strict=True):
                if owner is None or line is None or not (errors or line.done or len(line.events) >= owner.limit):
                    continue
                changed = True
                if not owner.finished:
                    owner.look(line, errors.get(id(line)))
                    if owner.finished:
                        self._ended.append(owner)
        if changed:
            self._sweep()
        ended, self._ended = self._ended, []
        return ended

    def _sweep(self) -> None:
        """Empty the rows of whoever is finished, and forget those who waited."""
        self._queue = deque(handle for handle in self._queue if not handle.finished)
        for rows in self._lanes.values():
            rows.clear()
        self._lanes = {key: rows for key, rows in self._lanes.items() if rows.used}
