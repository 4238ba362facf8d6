"""Commands are offered to Discord once a process, and only when it does not have them yet.

In: the command tree. Out: whether Discord was told. Conventions: two commands are the same when a person would see no
difference; what Discord adds of its own (ids, versions, defaults) does not count, nor does what is left out and false,
empty or none. Caveat: Discord allows few changes of commands a day, so nothing else may sync.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord
from discord import app_commands

_SEEN = frozenset(
    {
        "name", "description", "type", "options", "nsfw", "default_member_permissions", "required", "choices", "value",
        "autocomplete", "min_value", "max_value", "min_length", "max_length", "channel_types",
        "name_localizations", "description_localizations",
    }
)  # fmt: skip


async def offer_commands(tree: app_commands.CommandTree[Any]) -> bool:
    """Tell Discord the commands unless it has them; whether it was told."""
    client: discord.Client = tree.client
    assert client.application_id is not None, "commands are offered after the login"
    wanted = [command.to_dict(tree) for command in tree.get_commands()]
    known = await client.http.get_global_commands(client.application_id)
    if same_commands(wanted, known):
        return False
    await tree.sync()
    return True


def same_commands(ours: Sequence[Any], theirs: Sequence[Any]) -> bool:
    """Whether a person would see the same commands."""
    return _by_name(ours) == _by_name(theirs)


def _by_name(commands: Sequence[Any]) -> dict[tuple[Any, Any], Any]:
    whole = ({"type": 1} | command for command in commands)
    return {(command["name"], command["type"]): _seen(command) for command in whole}


def _seen(value: Any) -> Any:
    """What a person sees of a command, an option or a choice."""
    if isinstance(value, Mapping):
        kept = {key: _seen(inner) for key, inner in value.items() if key in _SEEN}
        return {key: inner for key, inner in kept.items() if inner not in (None, False, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [_seen(inner) for inner in value]
    return value
