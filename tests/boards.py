"""One candidate on a board, moved by hand: what the masks say where it stands."""

from __future__ import annotations

import numpy as np

from engine.compose import masks
from engine.compose.board import Board, Rows
from engine.compose.plan import Plan
from engine.compose.script import script_of
from engine.compose.sheet import Sheet
from engine.music.tokens import BAR, Event


class Stand:
    """A candidate at the beginning of a plan; `push` moves it on. Each answer is one row."""

    def __init__(self, plan: Plan, style_row: int = 5) -> None:
        self.sheet, self.board = Sheet(script_of(plan), style_row), Board(8)
        self.seat = self.board.sit(self.sheet, np.random.default_rng(0), (1.0,) * 7)
        self.bar = 0
        self._notes: list[Event] = []

    def push(self, *events: Event) -> None:
        for event in events:
            if event.onset == BAR:
                self.board.begin_bar(self.seat, self.sheet, self._notes)
                self.bar, self._notes = self.bar + 1, []
            else:
                self.board.push(np.array([self.seat]), np.array([event]))
                self._notes.append(event)

    @property
    def here(self) -> Rows:
        return self.board.at(np.array([self.seat]))

    def features(self) -> list[int]:
        return self.board.features(np.array([self.seat]))[0].tolist()

    def details(self, slot: int, role: int) -> list[int]:
        return self.board.details(self.here, np.array([slot]), np.array([role]))[0].tolist()

    def onsets(self) -> list[int]:
        return np.flatnonzero(masks.onset_mask(self.here, masks.missing(self.here))[0]).tolist()

    def roles(self, slot: int) -> list[int]:
        mask = masks.role_mask(self.here, masks.missing(self.here), np.array([slot]))
        return np.flatnonzero(mask[0]).tolist()

    def role_bias(self, slot: int) -> np.ndarray:
        return masks.role_bias(self.here, np.array([slot]))[0]

    def pitch_bias(self, slot: int, role: int) -> np.ndarray:
        return masks.pitch_bias(self.board, self.here, np.array([slot]), np.array([role]))[0]
