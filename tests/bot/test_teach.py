"""Uploads on Discord: taught by command or from a message's menu, followed to what was understood, kept, forgotten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.classroom import ONLY_SERVERS
from bot.client import TunesmithBot
from bot.cogs.teach import MENU, NO_FILE, NOT_THEIR_OWN, music_of
from bot.lesson import FORGOTTEN, KEPT, lesson_text
from bot.tutor import LESSON_GOES_ON
from bot.views.lesson import NOT_A_MODERATOR, looking_view
from engine import Update, errors
from tests.bot.classroom import (
    comes_true,
    file_of,
    handed_in,
    is_understood,
    kept,
    manager,
    reached,
    school_bot,
    states,
    understood,
)
from tests.bot.processes import ask, kill, tiny_bot
from tests.discord import Attached, LocalDiscord


@pytest.fixture
async def bot(discord: LocalDiscord, tmp_path: Path) -> AsyncIterator[TunesmithBot]:
    async with school_bot(discord, tmp_path) as running:
        yield running


def says(text: str):  # type: ignore[no-untyped-def]
    return lambda message: text in message.content


@pytest.mark.parametrize(
    ("update", "line"),
    [
        (Update(phase="queued"), "✅ received → ⏳ **waiting** → decoded → transcribed → understood"),
        (
            Update(phase="queued", ahead=1),
            "✅ received → ⏳ **waiting** (1 file before yours) → decoded → transcribed → understood",
        ),
        (
            Update(phase="learning", detail="received", share=0.05),
            "✅ received → 🎧 **decoding** 5 % → transcribed → understood",
        ),
        (
            Update(phase="learning", detail="decoded", share=0.5),
            "✅ received → ✅ decoded → 🎧 **transcribing** 50 % → understood",
        ),
        (
            Update(phase="learning", detail="understood", share=1.0),
            "✅ received → ✅ decoded → ✅ transcribed → ✅ understood",
        ),
    ],
)
def test_a_lesson_says_which_phases_are_reached(update: Update, line: str) -> None:
    assert lesson_text(update) == line


# -- /teach ------------------------------------------------------------------------------------------------------------


async def test_one_message_follows_the_work_and_ends_with_what_was_understood(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    exchange = await handed_in(discord.person(), f"waits for {gate}", licence="cc-by", credit="The @everyone band")
    message = await exchange.until(says("**decoding**"))
    assert message.content.startswith("✅ received → 🎧 **decoding**")
    assert [button.label for button in message.buttons] == ["Forget it"]
    gate.touch()
    assert await exchange.until(is_understood) is message
    assert message.content == "That is what I understood. Shall **jazz** learn from it?"
    assert set(message.files) == {"preview.mp3", "piano-roll.png"}
    assert message.embed["image"]["url"] == "attachment://piano-roll.png"
    assert message.fields["Tempo"] == "90 bpm, 4/4"
    assert message.fields["Key"] == "C major"
    assert message.fields["Roles"] == "melody (100 notes)"
    assert message.fields["Licence"] == "CC BY (The @\u200beveryone band)"
    assert [button.label for button in message.buttons] == ["Keep it", "Forget it"]
    assert len(exchange.messages) == 1
    assert message.pings == []
    assert ask(tmp_path, "SELECT state, licence, credit, person_id, guild_id FROM uploads") == [
        ("understood", "cc-by", "The @everyone band", discord.person().id, discord.guild_id)
    ]
    await comes_true(lambda: ask(tmp_path, "SELECT state, reply_id FROM jobs") == [("done", message.id)])


async def test_styles_are_suggested_and_the_server_s_own_among_them(discord: LocalDiscord, bot: TunesmithBot) -> None:
    founding = await manager(discord).slash("style create", name="dubstep", parent="pop", description="wobbling basses")
    await founding.said()
    assert (await discord.person().suggestions("teach", "style", ""))[0] == "dubstep"
    assert await discord.person().suggestions("teach", "style", "dub") == ["dubstep"]
    assert "jazz" in await discord.person().suggestions("teach", "style", "ja")
    message = await understood(discord.person(), "wobble", style="dubstep")
    assert message.fields["Style"] == "dubstep"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"style": "polka"}, "The style 'polka' is not known; "),
        ({"licence": "cc-by"}, "The licence cc-by asks to name the author; a credit would work."),
        ({"file": Attached(id=1, filename="big.mp3", data=bytes(540_000))}, "has more than 0.5 MiB"),
    ],
)
async def test_what_cannot_be_taken_is_refused_in_one_sentence_to_its_uploader_alone(
    discord: LocalDiscord, tmp_path: Path, options: dict[str, object], sentence: str
) -> None:
    async with school_bot(discord, tmp_path, upload_mb=0.5):
        exchange = await handed_in(discord.person(), "one", **options)
        said = await exchange.said()
        assert sentence in said.content
        assert said.ephemeral
        assert states(tmp_path) == []


async def test_a_hostile_file_gets_its_own_sentence_and_leaves_nothing(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    exchange = await handed_in(discord.person(), "refuse it", file=file_of("refuse it", name="evil @here.txt"))
    said = await exchange.until(says("no steady beat"))
    assert "another one would work." in said.content
    assert said.buttons == []
    assert "@here" not in said.content.replace("@\u200bhere", "")
    assert states(tmp_path) == ["refused"]
    assert not list((tmp_path / "uploads").glob("*/*"))


async def test_a_worker_s_bug_is_told_with_an_incident_number(discord: LocalDiscord, bot: TunesmithBot) -> None:
    exchange = await handed_in(discord.person(), "breaks down")
    said = await exchange.until(says("incident"))
    assert "unmistakable" not in said.content


async def test_the_same_file_and_the_same_music_are_taken_once(discord: LocalDiscord, bot: TunesmithBot) -> None:
    await understood(discord.person(), "one and the same")
    again = await (await handed_in(discord.person("Grace"), "one and the same")).said()
    assert again.ephemeral
    assert "was uploaded for jazz already" in again.content
    assert is_understood(await understood(discord.person(), "one and the same", style="lofi"))


async def test_a_person_teaches_so_many_files_a_day(discord: LocalDiscord, tmp_path: Path) -> None:
    async with school_bot(discord, tmp_path, uploads_a_day=1):
        await understood(discord.person(), "one")
        said = await (await handed_in(discord.person(), "two")).said()
        assert said.content.startswith("You uploaded 1 file within a day")
        assert said.content.endswith("tomorrow would work.")
        await understood(discord.person("Grace"), "two")


async def test_an_attachment_that_lies_elsewhere_is_not_fetched(discord: LocalDiscord, bot: TunesmithBot) -> None:
    discord.cdn_url = "http://localhost:1"
    said = await (await handed_in(discord.person(), "one")).said()
    assert "does not lie on Discord; attach it to a message" in said.content


async def test_a_slow_attachment_is_waited_for_with_a_word(discord: LocalDiscord, bot: TunesmithBot) -> None:
    discord.file_delay_s = 2.0
    exchange = await handed_in(discord.person(), "one")
    assert exchange.message.thinking
    assert exchange.first_answer_s < 2.0
    assert is_understood(await exchange.until(is_understood))


# -- from the message menu ---------------------------------------------------------------------------------------------


async def test_the_message_menu_asks_for_style_and_licence_and_teaches_the_file(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    ada = discord.person()
    message = await ada.attach(file_of("two words", name="tune.txt"), content="my newest tune")
    form = await ada.choose(MENU, message)
    exchange = await ada.submit(form, style="jazz", licence="My own work")
    lesson = await exchange.until(is_understood)
    assert lesson.embed["title"] == "tune.txt"
    assert ask(tmp_path, "SELECT name, style, licence FROM uploads") == [("tune.txt", "jazz", "own")]


async def test_of_several_files_one_is_chosen(discord: LocalDiscord, bot: TunesmithBot) -> None:
    ada = discord.person()
    message = await ada.attach(file_of("one", name="first.txt"), file_of("two", name="second.txt"))
    form = await ada.choose(MENU, message)
    exchange = await ada.submit(form, file="second.txt", style="lofi", licence="cc-by", credit="Ada")
    lesson = await exchange.until(is_understood)
    assert lesson.embed["title"] == "second.txt"
    assert lesson.fields["Licence"] == "CC BY (Ada)"


async def test_nobody_teaches_what_others_posted_as_their_own_work(discord: LocalDiscord, bot: TunesmithBot) -> None:
    message = await discord.person().attach(file_of("one"))
    grace = discord.person("Grace")
    form = await grace.choose(MENU, message)
    said = await (await grace.submit(form, style="jazz", licence="own")).said()
    assert (said.content, said.ephemeral) == (NOT_THEIR_OWN, True)
    form = await grace.choose(MENU, message)
    assert is_understood(await (await grace.submit(form, style="jazz", licence="cc0")).until(is_understood))


async def test_a_message_without_a_file_is_refused_in_one_sentence(discord: LocalDiscord, bot: TunesmithBot) -> None:
    message = await discord.person().attach(content="no file at all")
    said = await (await discord.person().choose(MENU, message)).said()
    assert (said.content, said.ephemeral) == (NO_FILE, True)


def test_files_that_look_like_music_are_offered_before_others() -> None:
    def attachment(name: str) -> Any:
        return type("Attachment", (), {"filename": name})()

    song, cover = attachment("Song.MP3"), attachment("cover.png")
    assert music_of([cover, song]) == [song]
    assert music_of([cover]) == [cover]
    with pytest.raises(errors.UserError, match="has no file"):
        music_of([])


# -- keep it, forget it ------------------------------------------------------------------------------------------------


async def test_keep_says_so_on_the_message_and_leaves_the_card(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    message = await understood(discord.person(), "one")
    before = (message.embeds, message.files)
    await discord.press(message, "Keep it")
    await message.until(says(KEPT.format(style="jazz")))
    assert (message.embeds, message.files) == before
    assert [button.label for button in message.buttons] == ["Forget it"]
    assert states(tmp_path) == ["kept"]


async def test_forget_takes_everything_off_the_message_and_off_the_disk(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    message = await kept(discord.person(), "one")
    await discord.press(message, "Forget it")
    await message.until(says(FORGOTTEN))
    assert (message.embeds, message.files, message.buttons) == ([], {}, [])
    assert states(tmp_path) == ["forgotten"]
    assert not list((tmp_path / "uploads").glob("*/*"))
    again = await understood(discord.person(), "one")
    assert again is not message


async def test_a_lesson_is_taken_back_while_it_is_looked_at(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    exchange = await handed_in(discord.person(), f"waits for {tmp_path / 'gate'}")
    message = await exchange.until(says("**decoding**"))
    await discord.press(message, "Forget it")
    await message.until(says(FORGOTTEN))
    assert message.buttons == []
    (tmp_path / "gate").touch()
    assert states(tmp_path) == ["forgotten"]


@pytest.mark.parametrize("face", ["Keep it", "Forget it"])
async def test_others_decide_only_if_they_manage_messages(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path, face: str
) -> None:
    message = await understood(discord.person(), "one")
    said = await (await discord.person("Eve").press(message, face)).said()
    assert said.ephemeral
    assert said.content == "This file was uploaded by somebody else; its uploader or a moderator may decide on it."
    assert states(tmp_path) == ["understood"]
    warden = discord.person("Grace")
    warden.may_manage_messages = True
    await warden.press(message, face)
    await message.until(says("Kept" if face == "Keep it" else "Forgotten"))


async def test_moderators_approve_where_the_setting_says_so(discord: LocalDiscord, tmp_path: Path) -> None:
    async with school_bot(discord, tmp_path, approve_uploads=True):
        message = await understood(discord.person(), "one")
        await discord.press(message, "Keep it")
        await message.until(says("has to approve it"))
        assert [button.label for button in message.buttons] == ["Approve", "Forget it"]
        said = await (await discord.press(message, "Approve")).said()
        assert (said.content, said.ephemeral) == (NOT_A_MODERATOR, True)
        assert states(tmp_path) == ["awaiting"]
        await manager(discord).press(message, "Approve")
        await message.until(says("✅ Kept"))
        assert states(tmp_path) == ["kept"]


async def test_buttons_work_after_a_restart(discord: LocalDiscord, tmp_path: Path) -> None:
    async with school_bot(discord, tmp_path):
        one, two = await understood(discord.person(), "one"), await understood(discord.person(), "two")
    async with school_bot(discord, tmp_path):
        await discord.press(one, "Keep it")
        await one.until(says("✅ Kept"))
        await discord.press(two, "Forget it")
        await two.until(says(FORGOTTEN))


async def test_a_restart_in_the_middle_of_a_lesson_ends_in_the_same_message(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with school_bot(discord, tmp_path, stop_s=0.3):
        exchange = await handed_in(discord.person(), f"waits for {gate}")
        message = await exchange.until(says("**decoding**"))
    assert message.content == LESSON_GOES_ON
    gate.touch()
    async with school_bot(discord, tmp_path):
        await message.until(is_understood)
        await discord.press(message, "Keep it")
        await message.until(says("✅ Kept"))
    assert [seen for seen in discord.messages.values() if is_understood(seen)] == [message]


async def test_whose_message_was_deleted_wants_the_lesson_no_more(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    exchange = await handed_in(discord.person(), f"waits for {gate}")
    await discord.delete(await exchange.until(says("**decoding**")))
    gate.touch()
    await reached(tmp_path, ["forgotten"])
    assert not [seen for seen in discord.messages.values() if not seen.deleted]


# -- /dataset, /forget -------------------------------------------------------------------------------------------------


async def test_the_dataset_shows_what_was_taught_by_whom_and_by_what_right(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    ada, grace = discord.person(), discord.person("Grace")
    empty = await (await ada.slash("dataset")).said()
    assert "Nothing was taught" in empty.embed["description"]
    await kept(ada, "one @everyone", licence="cc-by-sa", credit="Ada's *band*")
    await understood(grace, "two", style="lofi", licence="cc0")
    shown = await (await ada.slash("dataset")).said()
    assert shown.ephemeral
    text = shown.embed["description"]
    assert text.startswith("1 piece is kept, 2.0 minutes in all.")
    assert f"jazz, 2:00 · CC BY-SA (Ada's \\*band\\*) · <@{ada.id}>, " in text
    assert f"lofi, 2:00 · CC0 · <@{grace.id}>, " in text
    assert "**kept**" in text
    assert "**not decided yet**" in text
    only = await (await ada.slash("dataset", style="lofi")).said()
    assert "one.txt" not in only.embed["description"]
    assert "two.txt" in only.embed["description"]


async def test_forget_offers_one_s_own_uploads_and_moderators_all_of_them(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    ada, grace = discord.person(), manager(discord)
    messages = [await kept(person, words) for person, words in ((ada, "one"), (grace, "two"), (ada, "three"))]
    names = await ada.suggestions("forget", "upload", "")
    assert [name.split(" ")[0] for name in names] == ["three.txt", "one.txt"]
    assert [name.split(" ")[0] for name in await grace.suggestions("forget", "upload", "")] == [
        "two.txt",
        "three.txt",
        "one.txt",
    ]
    (choice,) = await ada.choices("forget", "upload", "THREE")
    assert messages[2].files
    said = await (await ada.slash("forget", upload=choice["value"])).said()
    assert (said.content, said.ephemeral) == (FORGOTTEN, True)
    assert (messages[2].content, messages[2].embeds, messages[2].files) == (FORGOTTEN, [], {})
    assert states(tmp_path) == ["kept", "kept", "forgotten"]
    other = await (await discord.person("Eve").slash("forget", upload="one.txt")).said()
    assert "No file of yours here is called `one.txt`" in other.content
    assert states(tmp_path) == ["kept", "kept", "forgotten"]
    await (await grace.slash("forget", upload="one")).said()
    assert states(tmp_path) == ["forgotten", "kept", "forgotten"]


# -- where it is not allowed -------------------------------------------------------------------------------------------


async def test_no_command_of_teaching_is_offered_in_private_chats(discord: LocalDiscord, bot: TunesmithBot) -> None:
    offered = {command["name"]: command.get("contexts") for command in discord.commands}
    for name in ("teach", MENU, "dataset", "forget", "train", "models", "rollback", "style"):
        assert offered[name] == [0]


async def test_a_private_chat_teaches_nobody_though_its_command_arrives(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    for command in discord.commands:
        command["contexts"] = command["dm_permission"] = None
    exchange = await handed_in(discord.person(), "one", where=discord.private_channel_id)
    assert (await exchange.said()).content == ONLY_SERVERS
    assert states(tmp_path) == []


def test_the_custom_id_of_the_longest_upload_fits() -> None:
    (item,) = looking_view("z" * 64).children
    assert 0 < len(getattr(item, "custom_id", "")) <= 100


# -- where Discord lets less through -----------------------------------------------------------------------------------


async def test_where_no_file_may_be_sent_it_is_said_in_words_and_can_be_kept(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    exchange = await handed_in(discord.person(), f"waits for {tmp_path / 'gate'}", age_s=15 * 60 - 21)
    await exchange.until(says("**decoding**"))
    discord.bot_may_attach = False
    await asyncio.sleep(1.2)  # the interaction's token dies; from now on the channel's permissions count
    (tmp_path / "gate").touch()
    message = await exchange.until(says("Key: C major"))
    assert "Shall **jazz** learn from it?" in message.content
    assert message.files == {}
    await discord.press(message, "Keep it")
    await message.until(says("✅ Kept"))


async def test_a_preview_that_is_too_large_is_left_out_and_the_card_says_so(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    words = "one " + "la " * 30_000
    message = await (await handed_in(discord.person(), words, size_limit=80_000)).until(lambda seen: bool(seen.embeds))
    assert message.files == {}
    assert "The preview (0.1 MiB) is over the 0 MiB" in message.embed["description"]
    assert "image" not in message.embed


async def test_an_outage_of_discord_in_the_middle_of_a_lesson_costs_nothing(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    exchange = await handed_in(discord.person(), f"waits for {tmp_path / 'gate'}")
    await exchange.until(says("**decoding**"))
    async with discord.away():
        (tmp_path / "gate").touch()
        await asyncio.sleep(0.5)
    assert is_understood(await exchange.until(is_understood))
    assert len(exchange.messages) == 1


# -- killed ------------------------------------------------------------------------------------------------------------


async def test_a_bot_that_is_killed_in_the_middle_of_a_lesson_ends_it_in_the_same_message(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with tiny_bot(discord, tmp_path, TINY_SCHOOL="1") as process:
        exchange = await handed_in(discord.person(), f"waits for {gate}")
        message = await exchange.until(says("**decoding**"), timeout_s=30)
        await kill(process, discord)
    gate.touch()
    async with tiny_bot(discord, tmp_path, TINY_SCHOOL="1"):
        await message.until(is_understood, timeout_s=30)
        await discord.press(message, "Keep it")
        await message.until(says("✅ Kept"))
    assert [seen for seen in discord.messages.values() if is_understood(seen)] == [message]
