"""Trainings on Discord: asked for, begun by themselves, followed, stopped; versions, and styles of a server's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.classroom import NOT_A_MANAGER
from bot.client import TunesmithBot
from bot.training import figures_text, training_text
from bot.tutor import TRAINING_GOES_ON
from engine import Origin, SchoolTicket, Update
from tests.bot.classroom import (
    appears,
    kept,
    manager,
    reached,
    school_bot,
    states,
    three_kept,
    trained,
    understood,
)
from tests.bot.processes import ask
from tests.discord import LocalDiscord, Message


@pytest.fixture
async def bot(discord: LocalDiscord, tmp_path: Path) -> AsyncIterator[TunesmithBot]:
    async with school_bot(discord, tmp_path) as running:
        yield running


def of_training(discord: LocalDiscord) -> list[Message]:
    return [message for message in discord.messages.values() if message.content.startswith("🎓")]


async def test_one_message_follows_a_training_and_ends_with_what_came_of_it(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    grace, gate = manager(discord), tmp_path / "gate"
    await three_kept(grace, f"trains at {gate}")
    exchange = await grace.slash("train", style="jazz")
    message = await exchange.until(lambda seen: "step 1 of 4" in seen.content)
    assert message.content == "🎓 **jazz**, version 1: learning 25 % (a few seconds) · step 1 of 4 · 2.500 nats"
    assert [button.label for button in message.buttons] == ["Stop"]
    again = await (await grace.slash("train", style="jazz")).said()
    assert "Version 1 of jazz is being trained already" in again.content
    gate.touch()
    await message.until(lambda seen: "composes here" in seen.content)
    assert message.content == ("🎓 **jazz**, version 1 composes here from now on; it learnt from 4 pieces.")
    assert (message.buttons, len(exchange.messages)) == ([], 1)
    await reached(tmp_path, ["live"], "models")


def test_a_training_says_what_it_does_how_far_it_is_and_how_long_it_takes() -> None:
    ticket = SchoolTicket(job_id="m", kind="train", origin=Origin(), guild_id=1, style="jazz", model_id="m", version=2)

    def said(**values: Any) -> str:
        return training_text(Update(**values), ticket).removeprefix("🎓 **jazz**, version 2: ")

    assert said(phase="queued") == "⏳ waiting"
    assert said(phase="queued", ahead=2) == "⏳ waiting (2 before it)"
    assert said(phase="learning") == "learning"
    assert (
        said(phase="learning", detail="replaying", share=0.1, eta_s=300.0) == "recalling the style 10 % (about 5 min)"
    )
    steps = {"step": 30, "steps": 300, "nats": 1.23456}
    assert said(phase="learning", detail="tuning", share=0.25, **steps) == "learning 25 % · step 30 of 300 · 1.235 nats"
    assert said(phase="learning", detail="comparing", share=0.97, **steps) == "comparing 97 %"


def test_the_figures_of_a_version_are_told_in_words() -> None:
    metrics = {
        "held_out_nats": 1.02,
        "held_out_nats_before": 1.3,
        "rise": 0.021,
        "likeness": 0.61,
        "likeness_before": 0.52,
        "songs_copied": 0.0,
        "broken_example": "silence",
    }
    assert figures_text(metrics) == (
        "loss on pieces held out 1.02 nats (−22 % against the shipped one), on the style's own +2 %, "
        "likeness to the pieces 0.61 (before: 0.52), 0 % of its songs copy"
    )
    assert figures_text(None) == figures_text({"likeness": None, "uploads": 8}) == ""
    of_votes = {"rise": 0.029, "likeness": 0.61, "uploads": 0, "preferred": {"songs": ["a", "b"], "agreement": 0.715}}
    assert figures_text(of_votes) == (
        "of pairs of a liked and a disliked song it tells 72 % apart, on the style's own +3 %, "
        "likeness to the style 0.61"
    )


async def test_a_version_that_is_not_good_enough_is_not_used_and_the_reason_is_said(
    discord: LocalDiscord, bot: TunesmithBot
) -> None:
    grace = manager(discord)
    await three_kept(grace, "bad lessons")
    assert (await trained(grace)).content == "🎓 **jazz**, version 1 is not used: It copies."


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("train", {"style": "jazz"}),
        ("rollback", {"style": "jazz", "version": 0}),
        ("style create", {"name": "dubstep", "parent": "pop", "description": "wobbling"}),
        ("style remove", {"name": "dubstep"}),
    ],
)
async def test_only_who_may_manage_the_server_does_that(
    discord: LocalDiscord, bot: TunesmithBot, command: str, options: dict[str, object]
) -> None:
    moderator = discord.person()
    moderator.may_manage_messages = True
    said = await (await moderator.slash(command, **options)).said()
    assert (said.content, said.ephemeral) == (NOT_A_MANAGER, True)


async def test_the_commands_are_offered_once(discord: LocalDiscord, tmp_path: Path) -> None:
    for _ in range(2):
        async with school_bot(discord, tmp_path):
            pass
    assert [method for method, path in discord.rest.requests if path.endswith("/commands")] == ["GET", "PUT", "GET"]


async def test_too_few_pieces_are_refused_in_one_sentence(discord: LocalDiscord, bot: TunesmithBot) -> None:
    grace = manager(discord)
    await kept(grace, "one")
    said = await (await grace.slash("train", style="jazz")).said()
    assert said.content == "Kept pieces of jazz: 1; 3 are the least to learn from, so teach some more."
    assert said.ephemeral


async def test_a_training_is_stopped_by_its_button_and_others_cannot(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    grace = manager(discord)
    await three_kept(grace, f"trains at {tmp_path / 'gate'}")
    exchange = await grace.slash("train", style="jazz")
    message = await exchange.until(lambda seen: "step 1" in seen.content)
    said = await (await discord.person("Eve").press(message, "Stop")).said()
    assert (said.content, said.ephemeral) == (NOT_A_MANAGER, True)
    await manager(discord, "Alan").press(message, "Stop")
    await message.until(lambda seen: seen.content == "✖️ The training was cancelled.")
    assert message.buttons == []
    (tmp_path / "gate").touch()
    await reached(tmp_path, ["refused"], "models")


async def test_a_training_that_a_restart_interrupts_goes_on_in_its_message(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    grace, gate = manager(discord), tmp_path / "gate"
    async with school_bot(discord, tmp_path, stop_s=0.3):
        await three_kept(grace, f"trains at {gate}")
        exchange = await grace.slash("train", style="jazz")
        message = await exchange.until(lambda seen: "step 1" in seen.content)
    assert message.content == TRAINING_GOES_ON
    gate.touch()
    async with school_bot(discord, tmp_path):
        await message.until(lambda seen: "composes here" in seen.content)
    assert of_training(discord) == [message]


async def test_whose_message_was_deleted_trains_on_and_nobody_is_told(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    grace, gate = manager(discord), tmp_path / "gate"
    await three_kept(grace, f"trains at {gate}")
    exchange = await grace.slash("train", style="jazz")
    await discord.delete(await exchange.until(lambda seen: "step 1" in seen.content))
    gate.touch()
    await reached(tmp_path, ["live"], "models")
    await discord.refusing()
    assert len(of_training(discord)) == 1


async def test_a_training_that_begins_by_itself_is_told_of_in_a_message_of_its_own(
    discord: LocalDiscord, tmp_path: Path
) -> None:
    async with school_bot(discord, tmp_path, train_after_minutes=5.0):
        await three_kept(discord.person())
        message = await appears(discord, "version 1 composes here from now on; it learnt from 3 pieces")
        assert message.channel_id == discord.channel_id
        await reached(tmp_path, ["live"], "models")
    assert of_training(discord) == [message]


async def test_forgetting_retires_the_version_and_says_when_the_new_one_is_there(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    grace = manager(discord)
    messages = await three_kept(grace, "four")
    await trained(grace)
    await grace.press(messages[0], "Forget it")
    await messages[0].until(
        lambda seen: (
            seen.content
            == "🗑️ Forgotten: nothing of it is kept; version 1 of jazz, which learnt from it, is retired, and jazz is "
            "trained anew without it; I tell you here when that is done."
        )
    )
    await appears(discord, "version 2 composes here from now on; it learnt from 3 pieces")
    await reached(tmp_path, ["retired", "live"], "models")
    await grace.press(messages[1], "Forget it")
    await messages[1].until(lambda seen: seen.content.endswith("is retired, and jazz is not trained anew."))
    assert states(tmp_path, "models") == ["retired", "retired"]
    assert len(of_training(discord)) == 2


async def test_versions_are_listed_with_figures_and_lineage_and_rolled_back(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    grace, ada = manager(discord), discord.person()
    none = await (await ada.slash("models")).said()
    assert "No version was trained here yet" in none.embed["description"]
    await three_kept(grace)
    await trained(grace)
    await kept(grace, "four")
    await trained(grace)
    shown = await (await ada.slash("models")).said()
    assert shown.ephemeral
    lines = shown.embed["description"].splitlines()
    assert lines[0].startswith("**jazz 2** · composes · ")
    assert lines[0].endswith(" · 4 pieces")
    assert lines[1] == "-# aaaaaaaa, from bbbbbbbb"
    assert lines[2].startswith("**jazz 1** · kept, an older one · ")
    assert await grace.suggestions("rollback", "style", "") == ["jazz"]
    choices = await grace.choices("rollback", "version", "", style="jazz")
    assert [choice["value"] for choice in choices] == [2, 1, 0]
    said = await (await grace.slash("rollback", style="jazz", version=1)).said()
    assert said.content == "↩️ From now on version 1 of **jazz** composes here."
    assert not said.ephemeral
    assert states(tmp_path, "models") == ["live", "rolled_back"]
    said = await (await grace.slash("rollback", style="jazz", version=0)).said()
    assert "the version that was shipped of **jazz**" in said.content
    said = await (await grace.slash("rollback", style="jazz", version=7)).said()
    assert said.content.startswith("There is no version 7 of jazz to go back to")


async def test_a_style_is_founded_taught_and_removed_when_asked_twice(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    grace = manager(discord)
    assert "synthwave" in await grace.suggestions("style create", "parent", "syn")
    founded = await (
        await grace.slash("style create", name="Dubstep", parent="synthwave", description="wobbling basses")
    ).said()
    assert founded.content.startswith("🌱 **dubstep** is a style of this server now; it sounds like synthwave until")
    twice = await (await grace.slash("style create", name="dubstep", parent="synthwave", description="the same")).said()
    assert twice.content == "The style 'dubstep' is there already; another name would work."
    lesson = await understood(discord.person(), "wobble", style="dubstep")
    assert await grace.suggestions("style remove", "name", "") == ["dubstep"]
    assert await grace.suggestions("compose", "style", "dub") == ["dubstep"]
    unknown = await (await grace.slash("style remove", name="polka")).said()
    assert unknown.content == "This server has no style 'polka' of its own; dubstep would work."
    question = await (await grace.slash("style remove", name="dubstep")).said()
    assert question.ephemeral
    assert "what was taught to it (1 in number)" in question.content
    assert states(tmp_path) == ["understood"]
    await grace.press(question, "Remove it")
    await question.until(lambda seen: "is removed" in seen.content)
    assert question.buttons == []
    await lesson.until(lambda seen: seen.content.startswith("🗑️ Forgotten"))
    assert lesson.files == {}
    assert states(tmp_path) == ["forgotten"]
    assert ask(tmp_path, "SELECT * FROM guild_styles") == []
