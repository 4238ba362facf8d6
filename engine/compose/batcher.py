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

from engine.compose.board import Board
from engine.compose.decode import Line
from engine.compose.handle import BatchTask, Handle, State
from engine.compose.rows import Group, Rows
from engine.compose.step import Lane, Step
from engine.errors import EngineError
from engine.jobs.apart import Failures, each_apart
from engine.model.network import Network, NetworkConfig
from engine.model.sampling import BLOCK, Packed

__all__ = ["BatchTask", "Batcher", "Handle", "Occupancy", "State"]

KEPT_NETWORKS = 12
"""So many networks stay laid out for stepping while nobody uses them."""


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


class Batcher:
    """See the module's docstring. `slots`: rows that a step has at most, a multiple of `BLOCK`."""

    def __init__(self, slots: int) -> None:
        if slots < BLOCK or slots % BLOCK:
            raise ValueError(f"{slots} slots are no multiple of {BLOCK}")
        self._slots = slots
        self._board = Board(slots)
        self._queue: deque[Handle] = deque()
        self._groups: dict[NetworkConfig, Group] = {}
        self._packed: dict[int, Packed] = {}
        self._cancelled: list[Handle] = []
        self._ended: list[Handle] = []
        self._steps = self._served = self._run = 0

    @property
    def occupancy(self) -> Occupancy:
        """Who is there now, and how full the steps were so far."""
        return Occupancy(
            slots=self._slots,
            rows=sum(rows.used for rows in self._rows()),
            waiting=sum(handle.waiting for handle in self._queue),
            steps=self._steps,
            rows_served=self._served,
            rows_run=self._run,
        )

    @property
    def idle(self) -> bool:
        """Whether nobody is there and nobody waits."""
        return not self._queue and not self._groups and not self._ended

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
        lanes = [group.lane() for group in self._groups.values()]
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

    def _let_go(self) -> None:
        """End what was cancelled."""
        asked = [handle for handle in dict.fromkeys(self._cancelled) if not handle.finished]
        self._cancelled.clear()
        for handle in asked:
            handle.end(State.CANCELLED)
            self._ended.append(handle)
        if asked:
            self._sweep()

    def _rows(self) -> list[Rows]:
        """The rows of all networks."""
        return [rows for group in self._groups.values() for rows in group.rows.values()]

    def _rows_for(self, handle: Handle) -> Rows | None:
        """The rows of a handle's network, if its next candidate finds one there."""
        network = handle.task.network
        group = self._groups.get(network.config)
        rows = None if group is None else group.rows.get(id(network))
        if (rows is None or rows.full) and sum(len(r.owners) for r in self._rows()) + BLOCK > self._slots:
            return None
        if rows is None:
            group = self._groups.setdefault(network.config, Group())
            rows = group.rows[id(network)] = Rows(self._packed_of(network))
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
            for rows in self._rows():
                for owner in rows.owners:
                    if owner is not None and not owner.finished:
                        owner.end(State.FAILED, EngineError("The step failed that this song was in."))
                        self._ended.append(owner)
            self._queue = deque(handle for handle in self._queue if not handle.finished)
            self._groups.clear()
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
        for rows in self._rows():
            for owner, line in zip(rows.owners, rows.lines, strict=True):
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
        for group in self._groups.values():
            for rows in group.rows.values():
                rows.clear()
            group.rows = {key: rows for key, rows in group.rows.items() if rows.used}
        self._groups = {key: group for key, group in self._groups.items() if group.rows}
