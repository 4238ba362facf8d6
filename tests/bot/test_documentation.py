"""docs/discord.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import discord

from bot.client import intents
from bot.cogs.compose import Compose
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


def test_no_privileged_intent_is_asked_for_as_the_page_says() -> None:
    asked = {name for name, wanted in intents() if wanted}
    assert asked.isdisjoint({"message_content", "members", "presences"})
    assert re.search(r"privileged gateway intents\*? is needed", PAGE)
