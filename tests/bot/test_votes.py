"""Votes and stars under songs, and what moderators and people themselves may know of them and do with them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.client import TunesmithBot
from bot.cogs.votes import ONLY_SERVERS
from bot.palate import NOT_A_MODERATOR, NOT_YOURS
from bot.views.song import STARRED, UNCOUNTED, UNSTARRED
from tests.bot.processes import ask
from tests.bot.voting import composed, crowd, elder, moderator, quick_bot, rows, song_id_of, voted
from tests.discord import LocalDiscord, Message


@pytest.fixture
async def bot(discord: LocalDiscord, tmp_path: Path) -> AsyncIterator[TunesmithBot]:
    async with quick_bot(discord, tmp_path) as running:
        yield running


def counts(message: Message) -> tuple[str, str]:
    return message.button("👍").label, message.button("👎").label


async def test_a_press_is_answered_by_the_change_itself_in_one_request(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song = await composed(discord)
    before = len(discord.rest.requests)
    await voted(song, [elder(discord, "Grace")])
    assert [path.split("/")[1] for _, path in discord.rest.requests[before:]] == ["interactions"]


async def test_a_vote_for_one_s_own_song_is_kept_and_not_counted_and_the_person_is_told(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    song = await composed(discord)
    exchange = await elder(discord).press(song, "👍")
    said = await exchange.said()
    assert (said.content, said.ephemeral) == (UNCOUNTED, True)
    assert counts(song) == ("0", "0")
    assert rows(tmp_path, "votes") == 1
    grace = elder(discord, "Grace")
    assert (await grace.press(song, "👎")).messages == []
    await song.until(lambda seen: counts(seen) == ("0", "1"))


async def test_alone_with_the_bot_one_s_own_vote_counts(discord: LocalDiscord, bot: TunesmithBot) -> None:
    ada = elder(discord)
    asked = await ada.slash("compose", prompt="chill lofi", where=discord.private_channel_id)
    song = await asked.until(lambda seen: bool(seen.files))
    await voted(song, [ada])


async def test_a_star_keeps_a_favourite_until_it_is_pressed_again(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    song, grace = await composed(discord), elder(discord, "Grace")
    before = (counts(song), len(song.history))
    for told, kept in ((STARRED, 1), (UNSTARRED, 0), (STARRED, 1)):
        said = await (await grace.press(song, "⭐")).said()
        assert (said.content, said.ephemeral) == (told, True)
        assert rows(tmp_path, "favourites") == kept
    assert (counts(song), len(song.history)) == before


async def test_a_message_from_before_the_star_works_and_gets_it_with_the_next_vote(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song = await composed(discord)
    song.components[0]["components"] = song.components[0]["components"][:3]
    assert [button.emoji for button in song.buttons] == ["👍", "👎", "🎲"]
    await voted(song, [elder(discord, "Grace")])
    assert [button.emoji for button in song.buttons] == ["👍", "👎", "🎲", "⭐"]


async def test_buttons_of_a_song_that_is_months_old_work_after_a_restart(discord: LocalDiscord, tmp_path: Path) -> None:
    async with quick_bot(discord, tmp_path):
        song = await composed(discord)
    ask(tmp_path, "UPDATE songs SET created_at = datetime('now', '-200 days')")
    ask(tmp_path, "UPDATE jobs SET created_at = datetime('now', '-200 days')")
    async with quick_bot(discord, tmp_path):
        await voted(song, crowd(discord, 2))
        assert (await (await elder(discord, "Grace").press(song, "⭐")).said()).content == STARRED


async def test_a_song_of_another_place_is_not_found_by_its_id(discord: LocalDiscord, bot: TunesmithBot) -> None:
    song = await composed(discord)
    grace = elder(discord, "Grace")
    said = await (await grace.slash("song", id=song_id_of(song), where=discord.private_channel_id)).said()
    assert said.ephemeral
    assert song_id_of(song) in said.content
    assert not said.files


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("votes audit", {}),
        ("votes void", {"person": "Eve"}),
        ("votes restore", {"person": "Eve"}),
        ("votes export", {}),
    ],
)
async def test_only_moderators_see_who_votes_and_decide_on_it(
    discord: LocalDiscord, bot: TunesmithBot, command: str, options: dict[str, str]
) -> None:
    named = {name: elder(discord, value) for name, value in options.items()}
    said = await (await elder(discord).slash(command, **named)).said()
    assert (said.content, said.ephemeral) == (NOT_A_MODERATOR, True)
    with pytest.raises(AssertionError, match="not offered in private chats"):
        await elder(discord).slash(command, **named, where=discord.private_channel_id)
    assert "on the server only" in ONLY_SERVERS


async def test_votes_that_a_moderator_sets_aside_count_nothing_until_they_are_restored(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song, grace = await composed(discord), moderator(discord)
    ada, eve, *others = elder(discord), elder(discord, "Eve"), *crowd(discord, 2)
    nobody = await (await grace.slash("votes restore", person=eve)).said()
    assert nobody.content.startswith("Nobody's votes were set aside")
    await voted(song, [eve, *others])
    said = await (await grace.slash("votes void", person=eve, reason="*bots* @everyone")).said()
    assert said.content.startswith(f"⚖️ The votes of <@{eve.id}> here are set aside (\\*bots\\*")
    assert not said.ephemeral
    assert not said.pings
    audit = await (await grace.slash("votes audit")).said()
    assert audit.ephemeral
    assert f"<@{eve.id}>, by <@{grace.id}>" in audit.fields["Set aside"]
    assert all(f"<@{person.id}>" in audit.embed["description"] for person in (eve, *others))
    assert "**set aside**" in audit.embed["description"]
    await ada.press(song, "👎")
    await song.until(lambda seen: counts(seen) == ("2", "0"))
    back = await (await grace.slash("votes restore", person=eve)).said()
    assert back.content == f"⚖️ The votes of <@{eve.id}> here count again."
    await others[0].press(song, "👎")
    await song.until(lambda seen: counts(seen) == ("2", "1"))


async def test_a_server_s_votes_come_as_tables_or_json_for_its_moderators_alone(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    song, eve = await composed(discord), elder(discord, "Eve")
    await voted(song, [eve])
    grace = moderator(discord)
    for form in ("csv", "json"):
        said = await (await grace.slash("votes export", format=form)).until(lambda seen: bool(seen.files))
        assert said.ephemeral
        ((name, data),) = said.files.items()
        assert name == f"votes.{form}"
        assert str(eve.id) in data.decode()
        assert song_id_of(song) in data.decode()
    assert json.loads(data)


async def test_a_file_that_discord_does_not_take_is_refused_with_its_size(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    await voted(await composed(discord), [elder(discord, "Eve")])
    exchange = await moderator(discord).slash("votes export", size_limit=10)
    assert "MB that Discord allows here" in (await exchange.said()).content


async def test_a_person_gets_what_is_kept_of_them_and_has_it_forgotten_when_asked_twice(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    song, eve, alan = await composed(discord), elder(discord, "Eve"), elder(discord, "Alan")
    await voted(song, [eve, alan])
    await eve.press(song, "⭐")
    mine = await (await eve.slash("mydata")).until(lambda seen: bool(seen.files))
    assert mine.ephemeral
    said = mine.files["mydata.json"].decode()
    assert song_id_of(song) in said
    assert str(alan.id) not in said
    question = await (await eve.slash("forgetme")).said()
    assert question.ephemeral
    assert (rows(tmp_path, "votes"), rows(tmp_path, "favourites")) == (2, 1)
    other = await (await alan.press(question, "Forget me")).said()
    assert (other.content, rows(tmp_path, "votes")) == (NOT_YOURS, 2)
    await eve.press(question, "Forget me")
    await question.until(lambda seen: seen.content == "🗑️ Forgotten: 1 vote, 0 answers in duels, 1 favourite.")
    assert question.buttons == []
    assert (rows(tmp_path, "votes"), rows(tmp_path, "favourites")) == (1, 0)
    await eve.press(song, "👎")
    await song.until(lambda seen: counts(seen) == ("1", "1"))


async def test_help_names_the_commands_around_votes(discord: LocalDiscord, bot: TunesmithBot) -> None:
    said = (await (await discord.mention("help")).said()).content
    assert all(name in said for name in ("/duel", "/top", "/song", "/mysongs", "/favourites", "/taste", "/mydata"))
