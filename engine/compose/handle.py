"""A song in the batch: what is to be written, how far it is, and what became of it.

In: a `BatchTask`. Out: its candidates one by one (`next_line`), and their events when all have ended. Conventions:
candidate k draws from PCG64 seeded by the plan's seed and k. Caveat: `engine.compose.batcher` alone moves it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from engine.compose.board import Board
from engine.compose.decode import Heat, Line
from engine.compose.script import Script
from engine.compose.sheet import Sheet
from engine.errors import EngineError
from engine.model.network import Network
from engine.music.tokens import Event


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
