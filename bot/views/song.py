"""The buttons under a song, 👍 👎 with counts and 🎲: a `custom_id` goes in, a `Studio` call and its answer come out.

The `custom_id` holds the verb and the song's id; all else is in the store, so a button lives as long as its message.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import discord

from bot.answer import InteractionAnswer
from bot.desk import desk_of, origin_of
from bot.errors import guard, whisper
from bot.marks import JOB_ID, another_mark, vote_mark
from engine import Tally

Verb = Literal["up", "down"]

_SONG_ID = rf"(?P<song>{JOB_ID})"
_FACES: dict[Verb, str] = {"up": "👍", "down": "👎"}
NO_VOTES = Tally(up=0, down=0, own=None)


class VoteButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=vote_mark("(?P<verb>up|down)", _SONG_ID)):
    """👍 or 👎; pressing the same one again withdraws the vote."""

    def __init__(self, verb: Verb, song_id: str, count: int = 0) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                emoji=_FACES[verb],
                label=str(count),
                custom_id=vote_mark(verb, song_id),
            )
        )
        self.verb: Verb = verb
        self.song_id = song_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> VoteButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls("up" if match["verb"] == "up" else "down", match["song"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Count the vote and show the counts."""
        await guard(self._vote(interaction), lambda text: whisper(interaction, text))

    async def _vote(self, interaction: discord.Interaction[Any]) -> None:
        await interaction.response.defer()
        desk = desk_of(interaction)
        async with desk.votes.turn(self.song_id) as turns:
            value: Literal[1, -1] = 1 if self.verb == "up" else -1
            tally = await desk.studio.vote(self.song_id, person_id=interaction.user.id, value=value)
            if turns.nobody_waits(self.song_id):
                await interaction.edit_original_response(view=song_view(self.song_id, tally))


class AnotherButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=another_mark(_SONG_ID)):
    """🎲: the same wish once more, with other dice."""

    def __init__(self, song_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.primary,
                emoji="🎲",
                label="Another one",
                custom_id=another_mark(song_id),
            )
        )
        self.song_id = song_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> AnotherButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["song"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer with a new message."""
        answer = InteractionAnswer(interaction)
        await guard(self._another(interaction, answer), answer.tell)

    async def _another(self, interaction: discord.Interaction[Any], answer: InteractionAnswer) -> None:
        desk = desk_of(interaction)
        desk.check_open()
        origin, limit_bytes = origin_of(interaction), answer.limit_bytes
        await desk.take(answer, desk.studio.accept_another(self.song_id, origin=origin, limit_bytes=limit_bytes))


def song_view(song_id: str, tally: Tally = NO_VOTES) -> discord.ui.View:
    """The row of buttons under a song."""
    view = discord.ui.View(timeout=None)
    view.add_item(VoteButton("up", song_id, tally.up))
    view.add_item(VoteButton("down", song_id, tally.down))
    view.add_item(AnotherButton(song_id))
    return view
