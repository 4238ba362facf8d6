"""What training needs of those who compose and of those who compare, handed in by whoever wires them together.

In: nothing. Out: the protocol `Hands`. Conventions: flows do not know one another, so `learn` is given these.
Caveat: songs are composed after the files of a version's folder, habits and seeds included, so those are written first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.music.notes import Song

Between = Callable[[], None]
"""Called between two small pieces of work: may sleep, may raise to stop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """Who is to compose. `style`: its name; `parent`: the shipped style that it is or began as; `description`: None
    unless it is a server's own; `folder`: of the version, None for the shipped one.
    """

    style: str
    parent: str
    description: str | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How many songs of how many seconds; `seed` decides all that is left to chance; `candidates`: written for each,
    of which the best is kept.
    """

    songs: int
    seconds: float
    seed: int
    candidates: int = 2


class Hands(Protocol):
    """Composes and compares."""

    def write_songs(self, voice: Voice, order: Order, between: Between) -> list[Song]:
        """Songs as they would be given out, but that none is dropped. Raises `CheckpointError`."""

    def write_candidates(self, voice: Voice, order: Order, between: Between) -> list[list[Song]]:
        """Of each song all candidates, none judged. Raises `CheckpointError`."""

    def sow(self, voice: Voice, songs: Sequence[Song], folder: Path) -> int:
        """Choose passages of these songs as the seeds of a version and write them into `folder`; returns how many."""

    def likeness(self, pieces: Sequence[Song], songs: Sequence[Song]) -> float | None:
        """How alike two sets of songs are, 0…1; None where they are too few to tell."""
