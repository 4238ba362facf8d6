"""What a person gets for `/compose` and for a mention."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from bot.client import TunesmithBot
from engine import MAX_MIDI_BYTES
from tests.bot.tiny_composer import PICTURE
from tests.discord import Attached, LocalDiscord, Message
from tests.discord.ids import snowflake

pytestmark = pytest.mark.usefixtures("bot")


def has_files(message: Message) -> bool:
    return bool(message.files)


async def test_a_slash_command_answers_at_once_and_ends_with_the_song(discord: LocalDiscord) -> None:
    exchange = await discord.slash("compose", prompt="chill lofi 20s")
    assert exchange.first_answer_s < 1.0
    song = await exchange.until(has_files)
    assert [name.rsplit(".")[-1] for name in song.files] == ["mp3", "mid", "png"]
    assert song.fields["Style"] == "lofi + rock"
    assert song.fields["Tempo"] == "82 bpm, 4/4"
    assert song.fields["Key"] == "A minor"
    assert song.fields["Seed"] == "`7`"
    assert song.fields["Length"] == "1:00"
    assert song.embed["title"] == "Tiny chill lofi 20s"
    assert song.embed["description"] == "`chill lofi 20s`"
    assert "lofi 3" in song.embed["footer"]["text"]
    assert song.content == ""
    assert not song.ephemeral
    assert [button.emoji for button in song.buttons] == ["👍", "👎", "🎲", "⭐"]


async def test_the_picture_shows_in_the_embed_and_not_as_an_attachment(discord: LocalDiscord) -> None:
    song = await (await discord.slash("compose", prompt="chill lofi")).until(has_files)
    shown = song.to_json()
    assert [part["filename"].rsplit(".")[-1] for part in shown["attachments"]] == ["mp3", "mid"]
    async with aiohttp.ClientSession() as session, session.get(shown["embeds"][0]["image"]["url"]) as answer:
        assert await answer.read() == PICTURE


async def test_options_reach_the_engine(discord: LocalDiscord) -> None:
    exchange = await discord.slash("compose", prompt="a tune", style="rock", seconds=12.5, seed=2**53 - 1)
    song = await exchange.until(has_files)
    assert song.fields["Length"] == "0:12.5"
    assert song.fields["Seed"] == f"`{2**53 - 1}`"
    assert "model lofi" in song.embed["footer"]["text"]


async def test_every_control_reaches_the_engine(discord: LocalDiscord) -> None:
    file = Attached(id=snowflake(), filename="tune.mid", data=b"MThd a tune")
    wishes = {
        "style": "jazz:0.7+lofi:0.3", "mood": "sad", "energy": 0.25, "adventure": 1, "instruments": "flute, piano",
        "without": "drums", "chords": "Am F C G", "bars": 16, "midi": file,
    }  # fmt: skip
    song = await (await discord.slash("compose", prompt="show me a tune", **wishes)).until(has_files)
    request = json.loads(next(data for name, data in song.files.items() if name.endswith(".mid")))
    assert {name: request[name] for name in wishes if name != "midi"} == {
        **{name: value for name, value in wishes.items() if name != "midi"},
        "instruments": ["flute, piano"],
        "without": ["drums"],
    }
    assert base64.b64decode(request["continuing"]) == file.data


async def test_the_kinds_of_files_reach_the_engine_and_come_back(discord: LocalDiscord) -> None:
    exchange = await discord.slash("compose", prompt="show me", format="flac", loop=True, stems=True, score=True)
    song = await exchange.until(has_files)
    assert [name.split("-")[-1].partition(".")[2] for name in song.files] == ["flac", "mid", "zip", "musicxml", "png"]
    request = json.loads(next(data for name, data in song.files.items() if name.endswith(".mid")))
    assert (request["format"], request["loop"], request["stems"], request["musicxml"]) == ("flac", True, True, True)


async def test_the_engine_hears_what_discord_allows_here(discord: LocalDiscord) -> None:
    exchange = await discord.slash("compose", prompt="show me")
    song = await exchange.until(has_files)
    request = json.loads(next(data for name, data in song.files.items() if name.endswith(".mid")))
    assert request["limit_bytes"] == discord.size_limit
    again = await (await discord.person().slash("compose", prompt="show me", size_limit=123_456)).until(has_files)
    assert b'"limit_bytes": 123456' in next(data for name, data in again.files.items() if name.endswith(".mid"))


@pytest.mark.parametrize(("format_", "told"), [("mp3", "made at 64 kbit/s"), ("wav", "became an mp3 at 64 kbit/s")])
async def test_audio_is_made_smaller_until_discord_takes_it(discord: LocalDiscord, format_: str, told: str) -> None:
    exchange = await discord.person().slash("compose", prompt="encode song", format=format_, size_limit=200_000)
    song = await exchange.until(has_files)
    name, data = next((name, data) for name, data in song.files.items() if name.endswith(".mp3"))
    assert 150_000 < len(data) <= 200_000, name
    assert told in song.embed["description"]
    assert "200 kB that are allowed here" in song.embed["description"]


async def test_a_file_that_is_too_large_is_refused_in_one_sentence(discord: LocalDiscord) -> None:
    large = Attached(id=snowflake(), filename="tune.mid", data=bytes(MAX_MIDI_BYTES + 1))
    said = await (await discord.slash("compose", prompt="go on", midi=large)).until(lambda seen: "MB" in seen.content)
    assert said.content == "The MIDI file has 2.0 MB; one of up to 2 MB would work."


async def test_a_mention_is_answered_by_a_reply_with_the_song(discord: LocalDiscord) -> None:
    exchange = await discord.mention("chill lofi 60s")
    song = await exchange.until(has_files)
    assert song.fields["Seed"] == "`7`"
    assert song.embed["description"] == "`chill lofi 60s`"
    assert len(song.buttons) == 4
    assert len(exchange.messages) == 1


@pytest.mark.parametrize("place", ["private_channel_id", "thread_id"])
async def test_in_a_private_chat_and_in_a_thread_it_is_the_same(discord: LocalDiscord, place: str) -> None:
    ada, where = discord.person(), getattr(discord, place)
    by_command = await (await ada.slash("compose", prompt="chill lofi", where=where)).until(has_files)
    by_mention = await (await ada.mention("chill lofi", where=where)).until(has_files)
    another = await (await ada.press(by_mention, "🎲")).until(has_files)
    assert {message.channel_id for message in (by_command, by_mention, another)} == {where}
    await (ada if place == "private_channel_id" else discord.person("Grace")).press(another, "👍")
    await another.until(lambda seen: seen.button("👍").label == "1")


async def test_a_token_s_end_is_survived_in_a_private_chat_too(discord: LocalDiscord) -> None:
    where = discord.private_channel_id
    old = await discord.person().slash("compose", prompt="slow song", where=where, age_s=15 * 60 - 21.5)
    assert len((await old.until(has_files)).files) == 3
    assert edits_through(discord, "channels") >= 1


@pytest.mark.parametrize("text", ["", "help", "HELP"])
async def test_a_bare_mention_or_help_explains(discord: LocalDiscord, text: str) -> None:
    said = await (await discord.mention(text)).said()
    assert "/compose" in said.content
    assert "lofi" in said.content
    assert not said.files


async def test_words_without_the_mention_are_not_read(discord: LocalDiscord) -> None:
    song = await (await discord.mention("chill lofi")).until(has_files)
    ada = discord.person()
    ignored = [
        await ada.write("chill lofi 60s"),
        await ada.write("thanks, great song", reply_to=song),
    ]
    await (await discord.mention("one more")).until(has_files)
    assert [exchange.messages for exchange in ignored] == [[], []]


async def test_another_bot_s_mention_is_not_answered(discord: LocalDiscord) -> None:
    message = await discord.post(discord.person("Robot"), f"<@{discord.bot_id}> lofi", author_is_bot=True)
    discord.replies[message.id] = []
    await (await discord.mention("lofi")).until(has_files)
    assert discord.replies[message.id] == []


async def test_one_person_cannot_fill_the_queue_and_is_told_why(discord: LocalDiscord) -> None:
    songs = [await discord.slash("compose", prompt=prompt) for prompt in ("slow one", "slow two", "slow three")]
    for song in songs:
        await song.said()
    for refused in (await discord.slash("compose", prompt="four"), await discord.mention("four")):
        said = await refused.said()
        assert said.content == "You wait for 3 songs already, and 3 are the most; wait for one, or cancel one."
        assert said.ephemeral == (refused.interaction is not None)
    other = await discord.person("Grace").slash("compose", prompt="five")
    for song in (*songs, other):
        await song.until(has_files, timeout_s=30)
    for _ in range(100):  # discord.py comes back from an edit that used up its limit when there is a new one
        again = await discord.slash("compose", prompt="six")
        if (await again.until(lambda message: bool(message.files) or "already" in message.content)).files:
            return
        await asyncio.sleep(0.1)
    raise AssertionError("a person whose songs are done is still refused")


async def test_a_user_error_is_shown_as_it_is(discord: LocalDiscord) -> None:
    exchange = await discord.slash("compose", prompt="refuse jazz")
    said = await exchange.until(lambda message: "unknown" in message.content)
    assert said.content == "The style 'refuse jazz' is unknown; lofi would work."
    said = await (await discord.mention("refuse jazz")).until(lambda message: "unknown" in message.content)
    assert said.content == "The style 'refuse jazz' is unknown; lofi would work."


async def test_a_sentence_longer_than_a_message_is_cut(discord: LocalDiscord) -> None:
    exchange = await discord.slash("compose", prompt="ramble on")
    said = await exchange.until(lambda message: "No. " in message.content)
    assert len(said.content) == 2000
    assert said.content.endswith("…")


@pytest.mark.parametrize("prompt", ["break it", "crash it", "lack it"])
async def test_an_engine_error_gives_an_incident_number_that_the_log_has_too(
    discord: LocalDiscord, caplog: pytest.LogCaptureFixture, prompt: str
) -> None:
    exchange = await discord.slash("compose", prompt=prompt)
    said = await exchange.until(lambda message: "incident" in message.content)
    number = said.content.split("`")[1]
    record = next(record for record in caplog.records if number in record.getMessage())
    assert record.exc_info is not None
    assert "synthesiser" not in said.content
    assert "bug" not in said.content
    assert "/home" not in said.content


async def test_a_prompt_that_is_too_long_is_refused_with_its_length(discord: LocalDiscord) -> None:
    said = await (await discord.mention("la" * 251)).said()
    assert said.content == "The prompt has 502 characters; at most 500 work."
    with pytest.raises(AssertionError, match="is over 500"):
        await discord.slash("compose", prompt="x" * 501)


async def test_nobody_is_pinged_and_no_link_lives_whatever_the_prompt_says(discord: LocalDiscord) -> None:
    evil = "refuse @everyone <@1> <@&2> https://evil.example discord.gg/evil [a](https://evil.example)"
    said = await (await discord.slash("compose", prompt=evil)).until(lambda message: "unknown" in message.content)
    song = await (await discord.mention(evil.replace("refuse", "lofi"))).until(has_files)
    for text in (said.content, song.embed["title"], song.embed["description"]):
        assert "@everyone" not in text
        assert "<@1>" not in text
        assert "https://" not in text
        assert "discord.gg" not in text
    assert not any(message.pings for message in discord.messages.values())


async def test_a_file_over_the_limit_is_named_and_the_rest_is_sent(discord: LocalDiscord) -> None:
    exchange = await discord.person().slash("compose", prompt="big song", size_limit=10_000)
    song = await exchange.until(has_files)
    assert [name.rsplit(".")[-1] for name in song.files] == ["mid", "png"]
    assert "The audio (0.0 MiB) is over the 0 MiB" in song.embed["description"]


async def test_notices_of_the_plan_are_shown(discord: LocalDiscord) -> None:
    song = await (await discord.slash("compose", prompt="noticed song")).until(has_files)
    assert song.embed["description"] == "`noticed song`\nIt was made shorter."


async def test_a_line_under_the_song_tells_why_and_carries_nothing_alive(discord: LocalDiscord) -> None:
    prompt = "explained <@1> *rain* https://e.org"
    song = await (await discord.slash("compose", prompt=prompt)).until(has_files)
    line = song.embed["description"].splitlines()[1]
    assert line.startswith("-# Lofi (90 % sure, from “explained")
    assert r"\*rain\*" in line
    assert "<@1>" not in line
    assert "https://" not in line
    assert not song.pings


async def test_styles_are_suggested_while_typing(discord: LocalDiscord, bot: TunesmithBot) -> None:
    ada = discord.person()
    assert bot.desk is not None
    assert await ada.suggestions("compose", "style", "") == list(bot.desk.studio.style_names())
    assert (await ada.suggestions("compose", "style", "LO"))[0] == "lofi"
    assert await ada.suggestions("compose", "style", "zzz") == []


def edits_through(discord: LocalDiscord, place: str) -> int:
    return sum(method == "PATCH" and path.startswith(f"/{place}/") for method, path in discord.rest.requests)


async def test_a_song_that_outlives_its_interaction_s_token_still_arrives_in_its_message(
    discord: LocalDiscord,
) -> None:
    old = await discord.person().slash("compose", prompt="slow song", age_s=15 * 60 - 21.5)
    song = await old.until(has_files)
    assert song is old.message
    assert song.embed["description"] == "`slow song`"
    assert edits_through(discord, "webhooks") >= 1
    assert edits_through(discord, "channels") >= 1


async def test_a_token_that_dies_sooner_than_expected_does_not_cost_the_song(
    discord: LocalDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.answer.TOKEN_MARGIN", timedelta(minutes=-1))
    with discord.expecting("after its 15 minutes"):
        old = await discord.person().slash("compose", prompt="slow song", age_s=15 * 60 - 1.5)
        song = await old.until(has_files)
    assert len(song.files) == 3


async def test_the_bot_asks_for_no_privileged_intent(discord: LocalDiscord) -> None:
    assert discord.connections == [(1 << 0) | (1 << 9) | (1 << 12)]


async def test_a_lost_connection_is_resumed_and_nothing_is_missed(discord: LocalDiscord, bot: TunesmithBot) -> None:
    await discord.gateway.drop()
    during = await discord.mention("in the storm")
    await discord.ready()
    await during.until(has_files)
    await (await discord.slash("compose", prompt="after the storm")).until(has_files)
    assert len(discord.connections) == 1
    assert not bot.is_closed()


async def test_where_the_bot_may_not_write_nothing_is_composed_and_one_line_is_logged(
    discord: LocalDiscord, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    discord.bot_may_write = False
    exchange = await discord.mention("slow song")
    await discord.refusing()
    discord.bot_may_write = True
    await (await discord.mention("quick song")).until(has_files)
    assert exchange.messages == []
    assert [record.message for record in caplog.records if record.name == "bot.errors"] == [
        "nobody can be answered here: 403 Forbidden (error code: 50013): Missing Permissions"
    ]
    assert len(list((tmp_path / "songs").iterdir())) == 1


async def test_where_the_bot_may_send_words_but_no_files_the_person_is_told(discord: LocalDiscord) -> None:
    discord.bot_may_attach = False
    exchange = await discord.mention("chill lofi")
    said = await exchange.until(lambda message: "Attach Files" in message.content)
    assert not said.files
    assert "incident" not in said.content


async def test_a_song_whose_message_was_deleted_is_dropped_quietly(
    discord: LocalDiscord, caplog: pytest.LogCaptureFixture
) -> None:
    exchange = await discord.mention("doomed song")
    await discord.delete(await exchange.said())
    await discord.refusing()
    await (await discord.mention("next song")).until(has_files)
    assert [record.message for record in caplog.records if record.name == "bot.errors"] == [
        "nobody can be answered here: 404 Not Found (error code: 10008): Unknown Message"
    ]
