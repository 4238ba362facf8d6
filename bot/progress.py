"""Updates of a request go in, edits at a measured pace come out; the newest update wins, older ones are dropped.

Calling a `Progress` (on the event loop) never waits: a task of its own does the editing. Leaving the context waits for
the edit that runs and for the rest of its gap, so that whatever is sent next (the song) keeps the pace too and is never
overwritten. Caveat: an edit that does not arrive costs only itself. Where the bot may not edit any more, no more is
tried and the song goes on; where the message is gone, `gone` is called.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from types import TracebackType

import discord

from bot.errors import UNDELIVERED
from bot.pace import MIN_GAP_S
from bot.replies import progress_text
from engine import Update

OVER = frozenset({"ready", "failed", "cancelled"})
"""Phases after which nothing more is told."""

_log = logging.getLogger(__name__)


class Progress:
    """`async with Progress(show) as progress: …progress(update)…`. `shown`: what the message says already;
    `words`: what it says of an update.
    """

    def __init__(
        self,
        show: Callable[[str], Awaitable[None]],
        *,
        shown: str | None = None,
        gap_s: Callable[[], float] = lambda: MIN_GAP_S,
        gone: Callable[[discord.NotFound], None] = lambda problem: None,
        words: Callable[[Update], str] = progress_text,
    ) -> None:
        self._show = show
        self._words = words
        self._gap_s = gap_s
        self._gone = gone
        self._text: str | None = None
        self._shown = shown
        self._news = asyncio.Event()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def __call__(self, update: Update) -> None:
        """Take note of an update; it is shown when its time comes. How it ended is shown by whoever calls."""
        if update.phase not in OVER:
            self._text = self._words(update)
            self._news.set()

    async def __aenter__(self) -> Progress:
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
        if self._shown is None:
            await self._news.wait()
        else:
            await asyncio.sleep(self._gap_s())
        while True:
            await self._news.wait()
            if self._over.is_set():
                return
            self._news.clear()
            if self._text is None or self._text == self._shown:
                continue
            if not await self._arrives(self._text):
                return
            await asyncio.sleep(self._gap_s())  # counted from the arrival: a slow edit is not followed at once

    async def _arrives(self, text: str) -> bool:
        """Whether more edits may be tried after this one."""
        self._shown = text
        try:
            await self._show(text)
        except UNDELIVERED as problem:
            self._shown = None
            _log.info("a progress edit did not arrive: %s", problem)
            if isinstance(problem, discord.NotFound):
                self._gone(problem)
            return not isinstance(problem, discord.NotFound | discord.Forbidden)
        return True
