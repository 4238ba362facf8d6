"""Progress: every phase is seen, and nothing is edited more often than once a second."""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest

from bot.pace import MIN_GAP_S, Pace
from bot.progress import Progress
from bot.replies import about_text, progress_text
from engine import Update
from tests.bot.conftest import running_bot
from tests.discord import Exchange, LocalDiscord


async def test_progress_goes_from_queued_to_rendering_with_at_most_one_edit_a_second(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, edit_gap_s=MIN_GAP_S):
        for exchange in (await discord.slash("compose", prompt="long 5"), await discord.mention("long 5")):
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

    async with Progress(show, gap_s=lambda: 0.2) as progress:
        for percent in range(100):
            progress(Update(phase="composing", share=percent / 100))
            await asyncio.sleep(0.003)
    left_s = time.monotonic()
    moments = [at_s for at_s, _ in shown]
    assert all(later - earlier >= 0.2 for earlier, later in pairwise([*moments, left_s]))
    assert 2 <= len(shown) <= 4
    assert "**composing**" in shown[0][1]


async def test_what_the_message_says_already_is_not_said_again() -> None:
    shown: list[str] = []

    async def show(text: str) -> None:
        shown.append(text)

    update = Update(phase="queued", ahead=2)
    async with Progress(show, shown=progress_text(update), gap_s=lambda: 0.01) as progress:
        progress(update)
        await asyncio.sleep(0.05)
        progress(Update(phase="queued", ahead=1))
        await asyncio.sleep(0.05)
    assert shown == [progress_text(Update(phase="queued", ahead=1))]


async def test_an_edit_that_does_not_arrive_costs_only_itself() -> None:
    texts: list[str] = []

    async def show(text: str) -> None:
        texts.append(text)
        if len(texts) == 1:
            raise TimeoutError

    async with Progress(show, gap_s=lambda: 0.01) as progress:
        for update in (Update(phase="composing", share=0.1), Update(phase="rendering", share=0.8)):
            progress(update)
            await asyncio.sleep(0.05)
    assert len(texts) == 2


async def test_a_crowd_shares_the_edits_and_a_channel_s_messages_share_its_limit() -> None:
    pace = Pace(min_gap_s=1.0)
    with ExitStack() as songs:
        songs.enter_context(pace.joined(7))
        songs.enter_context(pace.joined(None))
        assert pace.gap_s(7) == pace.gap_s(None) == 1.0
        for _ in range(3):
            songs.enter_context(pace.joined(7))
        assert pace.gap_s(7) == 8.0
        assert pace.gap_s(None) == 1.0
        for channel in range(100, 195):
            songs.enter_context(pace.joined(channel))
        assert pace.gap_s(None) == 5.0
    assert pace.gap_s(7) == pace.gap_s(None) == 1.0


async def test_the_queue_shows_how_many_songs_come_before_and_how_long_it_takes(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, at_once=2):
        people = [discord.person(f"Person{number}") for number in range(4)]
        songs = [await person.slash("compose", prompt="long 4") for person in people]
        shown = await songs[-1].until(lambda message: "before yours" in message.content)
        assert "**queued** (1 song before yours, " in shown.content
        for song in songs:
            await song.until(lambda message: bool(message.files), timeout_s=30)


async def test_a_message_that_is_gone_is_not_edited_again_and_its_song_is_cancelled(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with running_bot(discord, tmp_path, edit_gap_s=0.05) as bot:
        exchange = await discord.slash("compose", prompt="slow song")
        await discord.delete(await exchange.said())
        before = len(discord.rest.requests)
        await asyncio.sleep(1.5)
        assert bot.desk is not None
        assert bot.desk.studio.state().totals["cancelled"] == 1
    assert discord.rest.refusals
    assert len(discord.rest.requests) - before <= 2


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "a few seconds"),
        (12, "about 10 s"),
        (38, "about 40 s"),
        (94, "about 90 s"),
        (100, "about 2 min"),
        (3000, "about 50 min"),
        (7000, "about 2 h"),
    ],
)
def test_a_time_is_told_as_a_person_would_say_it(seconds: float, text: str) -> None:
    assert about_text(seconds) == text


@pytest.mark.parametrize(
    ("update", "text"),
    [
        (Update(phase="queued", share=0), "⏳ **queued** → composing → rendering"),
        (Update(phase="queued", share=0, ahead=1), "⏳ **queued** (1 song before yours) → composing → rendering"),
        (Update(phase="queued", share=0, ahead=3), "⏳ **queued** (3 songs before yours) → composing → rendering"),
        (
            Update(phase="queued", ahead=2, eta_s=41.0),
            "⏳ **queued** (2 songs before yours, about 40 s) → composing → rendering",
        ),
        (Update(phase="queued", eta_s=3.0), "⏳ **queued** (a few seconds) → composing → rendering"),
        (
            Update(phase="composing", share=0.2, eta_s=21.0),
            "✅ queued → 🎼 **composing** 20 % (about 20 s) → rendering",
        ),
        (Update(phase="composing", share=0.426), "✅ queued → 🎼 **composing** 43 % → rendering"),
        (Update(phase="rendering", share=1.2), "✅ queued → ✅ composing → 🎼 **rendering** 100 %"),
    ],
)
def test_a_line_of_progress_says_where_the_song_is(update: Update, text: str) -> None:
    assert progress_text(update) == text
