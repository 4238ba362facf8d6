"""Songs that people find again: the best of a server, one's own, one's favourites, one by its id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.charts import title_text
from bot.client import TunesmithBot
from engine import Origin, SongLine, Tally
from tests.bot.processes import ask
from tests.bot.tiny_composer import PICTURE
from tests.bot.voting import composed, crowd, elder, has_files, quick_bot, song_id_of, voted
from tests.discord import LocalDiscord, Message, Person


@pytest.fixture
async def bot(discord: LocalDiscord, tmp_path: Path) -> AsyncIterator[TunesmithBot]:
    async with quick_bot(discord, tmp_path) as running:
        yield running


def link_of(message: Message) -> str:
    return f"https://discord.com/channels/{message.guild_id}/{message.channel_id}/{message.id}"


async def asked(person: Person, command: str, **options: str) -> Message:
    """The first card of the answer."""
    return await (await person.slash(command, **options)).until(lambda seen: bool(seen.embeds))


async def test_the_best_songs_are_ranked_by_how_often_they_are_liked_at_least_not_by_counts(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    few, many, unranked = [await composed(discord, prompt) for prompt in ("few", "many", "unranked")]
    people = crowd(discord, 12)
    await asyncio.gather(voted(few, people[:3]), voted(many, people[:11]), voted(unranked, people[:1]))
    await voted(many, people[11:], "👎")
    top = await asked(elder(discord), "top")
    assert not top.ephemeral
    first, second, *rest = top.embeds[0]["description"].splitlines()
    assert first.startswith(f"1. [Tiny many]({link_of(many)}) · lofi · 👍 11 👎 1 · <@{elder(discord).id}> · at least ")
    assert second.startswith(f"2. [Tiny few]({link_of(few)}) · lofi · 👍 3 👎 0")
    assert "1 more song has fewer than 3 votes" in rest[-1]
    assert "unranked" not in top.embeds[0]["description"]
    assert not top.pings


async def test_the_best_come_with_pictures_and_are_played_by_a_button(discord: LocalDiscord, bot: TunesmithBot) -> None:
    song, eve = await composed(discord), elder(discord, "Eve")
    await voted(song, crowd(discord, 3))
    top = await asked(eve, "top", style="lofi", period="week")
    assert top.embeds[0]["title"] == "🏆 The best songs in lofi of the week"
    ((name, data),) = top.files.items()
    assert data == PICTURE
    assert name in top.to_json()["embeds"][1]["image"]["url"]
    played = await (await eve.press(top, "1")).until(has_files)
    assert played.ephemeral
    assert [part.rsplit(".")[-1] for part in played.files] == ["mp3", "mid", "png"]
    assert [button.label for button in played.buttons] == ["3", "0", "Another one", ""]
    await eve.press(played, "👍")
    await played.until(lambda seen: seen.button("👍").label == "4")


async def test_where_nothing_is_ranked_yet_that_is_said(discord: LocalDiscord, bot: TunesmithBot) -> None:
    await voted(await composed(discord), crowd(discord, 2))
    top = await asked(elder(discord), "top")
    assert top.embed["description"].startswith("No song has 3 votes and more 👍 than 👎 yet")
    assert top.buttons == []


async def test_old_songs_leave_the_week_and_stay_in_all_time(discord: LocalDiscord, tmp_path: Path) -> None:
    async with quick_bot(discord, tmp_path):
        await voted(await composed(discord), crowd(discord, 3))
    ask(tmp_path, "UPDATE songs SET created_at = datetime('now', '-20 days')")
    async with quick_bot(discord, tmp_path):
        shown = {period: await asked(elder(discord), "top", period=period) for period in ("week", "month", "all")}
    assert {period: len(message.embeds) for period, message in shown.items()} == {"week": 1, "month": 2, "all": 2}


async def test_a_song_comes_again_by_its_id_with_its_buttons_and_counts(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song, eve = await composed(discord), elder(discord, "Eve")
    await voted(song, crowd(discord, 2))
    choices = await elder(discord).choices("song", "id", "tiny chill")
    assert [choice["value"] for choice in choices] == [song_id_of(song)]
    again = await (await eve.slash("song", id=song_id_of(song))).until(has_files)
    assert not again.ephemeral
    assert [again.button(face).label for face in ("👍", "👎")] == ["2", "0"]
    assert again.embed["title"] == song.embed["title"]
    await voted(again, [eve])
    unknown = await (await eve.slash("song", id="nothing")).said()
    assert unknown.ephemeral
    assert "nothing" in unknown.content


async def test_one_s_own_songs_are_listed_the_newest_first_page_by_page_for_oneself(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    ada = elder(discord)
    none = await asked(ada, "mysongs")
    assert none.embed["description"] == "You have no songs here yet; `/compose` makes one."
    await composed(discord, "of another", by="Eve")
    songs = [await composed(discord, f"number {place}") for place in range(11)]
    mine = await asked(ada, "mysongs")
    assert mine.ephemeral
    lines = mine.embed["description"].splitlines()
    assert len(lines) == 10
    assert lines[0].startswith(f"1. [Tiny number 10]({link_of(songs[10])}) · lofi · 👍 0 👎 0 · <t:")
    assert "of another" not in mine.embed["description"]
    await ada.press(mine, "Older ▶")
    await mine.until(lambda seen: "11. [Tiny number 0]" in seen.embed["description"])
    assert [button.label for button in mine.buttons] == ["11", "◀ Newer"]
    await ada.press(mine, "◀ Newer")
    await mine.until(lambda seen: seen.embed["description"].splitlines() == lines)


async def test_favourites_are_those_with_a_star(discord: LocalDiscord, bot: TunesmithBot) -> None:
    eve = elder(discord, "Eve")
    assert "⭐ under a song" in (await asked(eve, "favourites")).embed["description"]
    first, _, third = [await composed(discord, f"number {place}") for place in range(3)]
    for song in (first, third):
        await eve.press(song, "⭐")
    kept = await asked(eve, "favourites")
    assert kept.ephemeral
    assert [line.split("]")[0] for line in kept.embed["description"].splitlines()] == [
        "1. [Tiny number 2", "2. [Tiny number 0",
    ]  # fmt: skip
    played = await (await eve.press(kept, "2")).until(has_files)
    assert played.embed["title"] == "Tiny number 0"


async def test_styles_are_suggested_while_typing(discord: LocalDiscord, bot: TunesmithBot) -> None:
    for command in ("top", "taste"):
        assert (await elder(discord).suggestions(command, "style", "LO"))[0] == "lofi"


@pytest.mark.parametrize("guild_id", [5, None])
def test_a_title_is_a_link_that_nothing_in_it_ends_or_wakes(guild_id: int | None) -> None:
    line = SongLine(
        id="s", title="[x](https://evil.example) @everyone *", prompt="", style="lofi", asked_by=1,
        created_at=datetime(2026, 1, 1, tzinfo=UTC), where=Origin(guild_id=guild_id, channel_id=6, message_id=7),
        tally=Tally(up=0, down=0, own=None),
    )  # fmt: skip
    text = title_text(line)
    assert text.endswith(f"](https://discord.com/channels/{guild_id or '@me'}/6/7)")
    assert text.count("](") == 1
    assert "https://evil" not in text
    assert "@everyone" not in text
