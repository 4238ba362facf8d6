"""The one door to the engine: a prompt goes in and a finished, stored song comes out; a vote goes in and a tally comes out.

Used by the Discord process and by the command line. Light: importing this module and opening a `Studio` never loads torch,
music21 or onnxruntime; those live in the resident composing process that the studio starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.compose.request import ComposeRequest, Receipt

Phase = Literal["queued", "composing", "rendering", "done"]
VoteValue = Literal[1, -1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """How far a request is: its phase, finished share 0…1 within the whole, and how many wait before it (0 = none)."""

    phase: Phase
    share: float
    ahead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asked, and where: Discord snowflakes as integers; all None for the command line."""

    person_id: int | None = None
    guild_id: int | None = None
    channel_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSong:
    """A finished song as the store knows it. The three paths are absolute and exist."""

    id: str
    request: ComposeRequest
    receipt: Receipt
    audio: Path
    midi: Path
    picture: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """A song's votes after a vote: counts, and what the person's own vote is now (None: none or withdrawn)."""

    up: int
    down: int
    own: VoteValue | None


class Studio:
    """Open with `await Studio.open(settings)`; close with `await studio.close()`. Also an async context manager."""

    async def compose(
        self, request: ComposeRequest, *, origin: Origin, on_update: Callable[[Update], None] | None = None
    ) -> StoredSong:
        """Compose, render, store. `on_update` is called on the event loop. Raises `BadRequest`, `SetupError`, `EngineError`."""
        raise NotImplementedError

    async def another(
        self, song_id: str, *, origin: Origin, on_update: Callable[[Update], None] | None = None
    ) -> StoredSong:
        """Compose the stored song's request anew with a fresh seed. Raises `NotFound` as well."""
        raise NotImplementedError

    async def vote(self, song_id: str, *, person_id: int, value: VoteValue) -> Tally:
        """Set the person's vote; the same value again withdraws it. Raises `NotFound`."""
        raise NotImplementedError

    async def song(self, song_id: str) -> StoredSong:
        """Recall a song. Raises `NotFound`."""
        raise NotImplementedError

    def style_names(self) -> tuple[str, ...]:
        """Styles that can be asked for."""
        raise NotImplementedError
