"""Progress: every phase is seen, and nothing is edited more often than once a second."""

from __future__ import annotations

import asyncio
import time
from itertools import pairwise
from pathlib import Path

import pytest

from bot.progress import MIN_GAP_S, Progress
from bot.replies import progress_text
from engine import Update
from tests.bot.conftest import running_bot
from tests.discord import Exchange, LocalDiscord


async def test_progress_goes_from_queued_to_rendering_with_at_most_one_edit_a_second(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, edit_gap_s=MIN_GAP_S):
        for exchange in (await discord.slash("compose", prompt="slow song"), await discord.mention("slow song")):
            await _check_pace(exchange)


async def _check_pace(exchange: Exchange) -> None:
    song = await exchange.until(lambda message: bool(message.files))
    texts = [version.content for version in song.history if version.content]
    phases = [next(name for name in ("queued", "composing", "rendering") if f"**{name}**" in text) for text in texts]
    assert list(dict.fromkeys(phases)) == ["queued", "composing", "rendering"]
    edits = [version.at_s for version in song.history if version.content or version.embeds]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(edits)), edits


async def test_the_newest_update_wins_and_the_song_waits_for_the_pace() -> None:
    shown: list[tuple[float, str]] = []

    async def show(text: str) -> None:
        shown.append((time.monotonic(), text))

    async with Progress(show, min_gap_s=0.2) as progress:
        for percent in range(100):
            progress(Update(phase="composing", share=percent / 100))
            await asyncio.sleep(0.003)
    left_s = time.monotonic()
    moments = [at_s for at_s, _ in shown]
    assert all(later - earlier >= 0.2 for earlier, later in pairwise([*moments, left_s]))
    assert 2 <= len(shown) <= 4
    assert "**queued**" in shown[0][1]


async def test_an_edit_that_does_not_arrive_costs_only_itself() -> None:
    texts: list[str] = []

    async def show(text: str) -> None:
        texts.append(text)
        if len(texts) == 2:
            raise TimeoutError

    async with Progress(show, min_gap_s=0.01) as progress:
        progress(Update(phase="composing", share=0.1))
        await asyncio.sleep(0.05)
        progress(Update(phase="rendering", share=0.8))
        await asyncio.sleep(0.05)
    assert len(texts) == 3


async def test_a_message_that_is_gone_is_not_edited_again_and_again(discord: LocalDiscord, tmp_path: Path) -> None:
    async with running_bot(discord, tmp_path, edit_gap_s=0.05):
        exchange = await discord.slash("compose", prompt="slow song")
        await discord.delete(await exchange.said())
        before = len(discord.rest.requests)
        await asyncio.sleep(2.5)
    assert discord.rest.refusals
    assert len(discord.rest.requests) - before <= 2


@pytest.mark.parametrize(
    ("update", "text"),
    [
        (Update(phase="queued", share=0), "⏳ **queued** → composing → rendering"),
        (Update(phase="queued", share=0, ahead=1), "⏳ **queued** (1 song before yours) → composing → rendering"),
        (Update(phase="queued", share=0, ahead=3), "⏳ **queued** (3 songs before yours) → composing → rendering"),
        (Update(phase="composing", share=0.426), "✅ queued → 🎼 **composing** 43 % → rendering"),
        (Update(phase="rendering", share=1.2), "✅ queued → ✅ composing → 🎼 **rendering** 100 %"),
    ],
)
def test_a_line_of_progress_says_where_the_song_is(update: Update, text: str) -> None:
    assert progress_text(update) == text
