"""docs/discord.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import discord
from discord.ext import commands

from bot.client import intents
from bot.cogs.compose import Compose
from bot.cogs.duel import MINUTES, VOTES, Duel
from bot.cogs.taste import Taste
from bot.cogs.teach import MENU, Teach
from bot.cogs.top import TopSongs
from bot.cogs.train import Train
from bot.cogs.votes import Votes
from bot.settings import BotSettings
from engine import MAX_PROMPT_CHARS, Settings

DOCS = Path(__file__).parents[2] / "docs"
PAGE, VOTING = (DOCS / "discord.md").read_text(), (DOCS / "voting.md").read_text()


def test_the_invitation_asks_for_the_permissions_in_the_table_and_both_scopes() -> None:
    named = discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        embed_links=True,
        attach_files=True,
        read_message_history=True,
    )
    assert f"permissions={named.value}" in PAGE
    assert "scope=bot+applications.commands" in PAGE


def test_every_option_variable_and_limit_is_documented() -> None:
    for parameter in Compose.compose.parameters:
        assert f"{parameter.name}:" in PAGE
    assert f"{MAX_PROMPT_CHARS} characters" in PAGE
    assert f"at most {Settings.model_fields['person_limit'].default} songs" in PAGE
    assert "/cancel" in PAGE
    assert "DISCORD_TOKEN" in PAGE
    assert set(BotSettings.model_fields) == {"token", "api_base"}


def commands_of(*cogs: type[commands.Cog]) -> list[discord.app_commands.Command[Any, Any, Any]]:
    found: list[discord.app_commands.Command[Any, Any, Any]] = []
    for cog in cogs:
        for command in cog.__cog_app_commands__:
            found += command.commands if isinstance(command, discord.app_commands.Group) else [command]
    return found


def test_every_command_of_votes_and_its_options_are_documented() -> None:
    found = commands_of(Duel, TopSongs, Taste, Votes)
    assert len(found) == 12
    for command in found:
        (row,) = re.findall(rf"^\|.*`/{command.qualified_name}[ `].*$", PAGE, re.MULTILINE)
        for parameter in command.parameters:
            assert f"{parameter.name}:" in row, f"/{command.qualified_name} {parameter.name}"
        assert re.search(rf"`/{command.qualified_name}[ `]", VOTING)
    assert f"minutes ({MINUTES}) or answers ({VOTES})" in PAGE


def test_every_command_of_teaching_and_its_options_are_documented() -> None:
    found = commands_of(Teach, Train)
    assert len(found) == 8
    for command in found:
        (row,) = re.findall(rf"^\|.*`/{command.qualified_name}[ `].*$", PAGE, re.MULTILINE)
        for parameter in command.parameters:
            assert f"{parameter.name}:" in row, f"/{command.qualified_name} {parameter.name}"
    assert f"*Apps → {MENU}*" in PAGE


def test_no_privileged_intent_is_asked_for_as_the_page_says() -> None:
    asked = {name for name, wanted in intents() if wanted}
    assert asked.isdisjoint({"message_content", "members", "presences"})
    assert re.search(r"privileged gateway intents\*? is needed", PAGE)
