"""Updates of a request go in, at most one edit a second comes out; the newest update wins, older ones are dropped.

Entering shows "queued", and raises what Discord says if that is refused: nobody would see the song. Calling a
`Progress` (on the event loop) never waits: a task of its own does the editing. Leaving the context waits for the edit
that runs and for the rest of its second, so that whatever is sent next (the song) keeps the pace too and is never
overwritten. Caveat: a later edit that does not arrive costs only itself, and where the message is gone or closed to the
bot, no more are tried; the song goes on.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType

import discord

from bot.errors import UNDELIVERED
from bot.replies import progress_text
from engine import Update

MIN_GAP_S = 1.0

_log = logging.getLogger(__name__)


class Progress:
    """`async with Progress(show) as progress: await studio.compose(…, on_update=progress)`."""

    def __init__(self, show: Callable[[str], Awaitable[None]], *, min_gap_s: float = MIN_GAP_S) -> None:
        self._show = show
        self._min_gap_s = min_gap_s
        self._text: str | None = None
        self._shown: str | None = None
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __call__(self, update: Update) -> None:
        """Take note of an update; it is shown when its second comes. What is done is shown by its result."""
        if update.phase == "done":
            return
        self._text = progress_text(update)
        self._news.set()

    async def __aenter__(self) -> Progress:
        self._shown = progress_text(Update(phase="queued", share=0.0))
        await self._show(self._shown)
        self._task = asyncio.create_task(self._edit(), name="progress edits")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._news.set()
        if self._task is not None:
            await self._task

    async def _edit(self) -> None:
        while True:
            await asyncio.sleep(
                self._min_gap_s
            )  # counted from the arrival, so that a slow edit is not followed at once
            await self._news.wait()
            if self._over.is_set():
                return
            self._news.clear()
            if self._text is None or self._text == self._shown:
                continue
            self._shown = self._text
            try:
                await self._show(self._text)
            except UNDELIVERED as problem:
                _log.info("a progress edit did not arrive: %s", problem)
                if isinstance(problem, discord.NotFound | discord.Forbidden):
                    return
