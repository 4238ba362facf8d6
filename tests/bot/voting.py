"""People who vote, with accounts that are years old, so that their votes weigh in full; and songs to vote on."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from tests.bot.conftest import running_bot
from tests.bot.processes import ask
from tests.discord import LocalDiscord, Message, Person
from tests.discord.ids import made_at_s, snowflake
from tests.discord.places import FOUNDED_S

quick_bot = partial(running_bot, edit_gap_s=0.02)
"""The bot, whose songs do not wait for the pace of progress."""


def elder(discord: LocalDiscord, name: str = "Ada") -> Person:
    """Somebody who has been on Discord for years; the same name is the same person."""
    person = discord.person(name)
    if made_at_s(person.id) > FOUNDED_S + 1:
        person.id = snowflake(FOUNDED_S)
    return person


def crowd(discord: LocalDiscord, number: int) -> list[Person]:
    """So many of them."""
    return [elder(discord, f"Person{place}") for place in range(number)]


def moderator(discord: LocalDiscord, name: str = "Grace") -> Person:
    """Somebody who may manage messages, but not the server."""
    person = elder(discord, name)
    person.may_manage_messages = True
    return person


def has_files(message: Message) -> bool:
    return bool(message.files)


async def composed(discord: LocalDiscord, prompt: str = "chill lofi", *, by: str = "Ada") -> Message:
    """A song, ready."""
    return await (await elder(discord, by).slash("compose", prompt=prompt)).until(has_files)


async def voted(message: Message, people: Sequence[Person], face: str = "👍") -> Message:
    """These people have pressed it, and all of them show."""
    up = int(message.button(face).label)
    await asyncio.gather(*(person.press(message, face) for person in people))
    return await message.until(lambda seen: seen.button(face).label == str(up + len(people)))


def song_id_of(message: Message) -> str:
    """The id of the song that a message is."""
    return message.button("👍").custom_id.rsplit(":", 1)[-1]


def rows(folder: Path, table: str) -> int:
    """How many there are."""
    (found,) = ask(folder, f"SELECT COUNT(*) FROM {table}")  # noqa: S608
    return int(str(found[0]))
