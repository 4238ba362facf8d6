"""docs/discord.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import discord

from bot.client import intents
from bot.cogs.compose import Compose
from bot.cogs.teach import MENU, Teach
from bot.cogs.train import Train
from bot.settings import BotSettings
from engine import MAX_PROMPT_CHARS, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "discord.md").read_text()


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


def test_every_command_of_teaching_and_its_options_are_documented() -> None:
    commands: list[discord.app_commands.Command[Any, Any, Any]] = []
    for cog in (Teach, Train):
        for command in cog.__cog_app_commands__:
            commands += command.commands if isinstance(command, discord.app_commands.Group) else [command]
    assert len(commands) == 8
    for command in commands:
        (row,) = re.findall(rf"^\|.*`/{command.qualified_name}[ `].*$", PAGE, re.MULTILINE)
        for parameter in command.parameters:
            assert f"{parameter.name}:" in row, f"/{command.qualified_name} {parameter.name}"
    assert f"*Apps → {MENU}*" in PAGE


def test_no_privileged_intent_is_asked_for_as_the_page_says() -> None:
    asked = {name for name, wanted in intents() if wanted}
    assert asked.isdisjoint({"message_content", "members", "presences"})
    assert re.search(r"privileged gateway intents\*? is needed", PAGE)
