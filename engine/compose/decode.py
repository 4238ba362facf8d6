"""One candidate of a song while it is written: its events so far, and what is given of those to come.

In: the song's sheet, the candidate's own generator, the sampling temperatures. Out: events. Conventions: a primer's
bars, a bar that repeats an earlier one, and the last bar are not drawn but dictated; the network reads them all the
same, so that it knows what was played. Kept notes stand in their bars: what is drawn goes before the next of them, in
the order of events, or makes way for it. Caveat: where the candidate stands is kept on the board, which it must be
given whenever it takes an event (`engine.compose.step`).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from engine.compose.board import Board
from engine.compose.ending import final_bar
from engine.compose.sheet import Sheet
from engine.music.tokens import BAR, BAR_EVENT, DRUMS, Event


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


class Line:
    """One candidate, from the moment it has a seat on the board. `leave` the board when it is over."""

    def __init__(self, sheet: Sheet, board: Board, random: np.random.Generator, heat: Heat | None = None) -> None:
        self._sheet, self._board = sheet, board
        self.bar = 0
        self.events: list[Event] = []
        self._bars: list[list[Event]] = []
        self.dictated: deque[Event] = deque()
        self.kept: deque[Event] = deque()
        self.done = False
        self.seat = board.sit(sheet, random, (heat or Heat.of(1.0, 1.0)).to_row())
        self._begin_bar()

    @property
    def free(self) -> bool:
        """Whether the next event is to be drawn."""
        return not self.done and not self.dictated

    def choose(self, drawn: Event) -> Event:
        """The event to take: the dictated one, a kept one whose turn it is, or else the drawn one."""
        if self.dictated:
            return self.dictated.popleft()
        if not self.kept or drawn[:2] < self.kept[0][:2]:
            return drawn
        event = self.kept.popleft()
        self._board.keep(self.seat, self.kept[0] if self.kept else None)
        return event

    def take(self, event: Event) -> None:
        """Write an event down; if it is a bar line, go on to the next bar. Notes are the caller's to `push`."""
        self.events.append(event)
        if event.onset != BAR:
            self._bars[-1].append(event)
            return
        self.bar += 1
        if self.bar == len(self._sheet.script.plan.bars):
            self.done = True
        else:
            self._board.begin_bar(self.seat, self._sheet, self._bars[-1])
            self._begin_bar()

    def leave(self) -> None:
        """Give the seat back."""
        self._board.leave(self.seat)

    def _begin_bar(self) -> None:
        """Queue the new bar if it is given, a repeat or the last one; else only the notes that are kept in it."""
        self._bars.append([])
        bar, script, rules = self.bar, self._sheet.script, self._sheet.rules
        plan, kept, events = script.plan.bars[bar], script.kept[bar], self._bars
        if bar < len(script.primer):
            self.dictated.extend(script.primer[bar])
        elif plan.final:
            last = final_bar(script.plan, self._board.pitches(self.seat), rules.active[bar].tolist())
            self.dictated.extend(sorted([*last, *kept]))
        elif plan.copy_of is not None:
            active = rules.repeated(bar)
            repeat = sorted([*(event for event in events[plan.copy_of] if active[event.role]), *kept])
            if plan.fresh:
                self._keep(repeat)
                return
            self.dictated.extend(repeat)
        else:
            groove = () if plan.groove_of is None else (e for e in events[plan.groove_of] if e.role == DRUMS)
            self._keep(sorted([*kept, *groove]))
            return
        self.dictated.append(BAR_EVENT)

    def _keep(self, events: list[Event]) -> None:
        """Let these stand in the bar that begins."""
        self.kept.extend(events)
        if events:
            self._board.keep(self.seat, events[0])
