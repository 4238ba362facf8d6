"""The buttons under a song, 👍 👎 with counts, 🎲, ⭐: a `custom_id` goes in, a `Studio` call and its answer come out.

The `custom_id` holds the verb and the song's id; all else is in the store, so a button lives as long as its message,
and a message from before a button was invented gets it with the next vote. Convention: a message may show two songs,
those of a duel, and both then have their buttons. Caveat: counts are those of the last press under this message; the
same song shown elsewhere is not changed along.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

import discord

from bot.answer import InteractionAnswer
from bot.desk import desk_of, origin_of
from bot.errors import guard, whisper
from bot.marks import JOB_ID, another_mark, star_mark, vote_mark
from bot.presses import change, held, keep
from engine import Tally

Verb = Literal["up", "down"]

_SONG_ID = rf"(?P<song>{JOB_ID})"
_FACES: dict[Verb, str] = {"up": "👍", "down": "👎"}
_VOTE = re.compile(vote_mark("(?P<verb>up|down)", _SONG_ID))
NO_VOTES = Tally(up=0, down=0, own=None)
SIDES = ("A", "B")
UNCOUNTED = (
    "Your vote is kept for you, but it does not count: this is your own song, or a moderator set your votes aside."
)
STARRED = "⭐ It is among your `/favourites` now; press again to take it out."
UNSTARRED = "It is not among your favourites any more."


class VoteButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=vote_mark("(?P<verb>up|down)", _SONG_ID)):
    """👍 or 👎; pressing the same one again withdraws the vote."""

    def __init__(self, verb: Verb, song_id: str, label: str = "0", row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                emoji=_FACES[verb],
                label=label,
                custom_id=vote_mark(verb, song_id),
                row=row,
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
        desk, message = desk_of(interaction), interaction.message
        assert message is not None, "a button is under a message"
        if not desk.turns.is_free(message.id):
            await keep(interaction)
        async with desk.turns.turn(message.id) as turn:
            value: Literal[1, -1] = 1 if self.verb == "up" else -1
            person_id = interaction.user.id
            tally = await held(interaction, desk.studio.vote(self.song_id, person_id=person_id, value=value))
            turn.tallies[self.song_id] = tally
            if turn.nobody_waits:
                await change(interaction, view=recounted(message, turn.tallies))
            else:
                await keep(interaction)
        if not tally.own_counts:
            await whisper(interaction, UNCOUNTED)


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


class StarButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=star_mark(_SONG_ID)):
    """⭐: one of a person's favourites, or not any more."""

    def __init__(self, song_id: str, label: str | None = None, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary, emoji="⭐", label=label, custom_id=star_mark(song_id), row=row
            )
        )
        self.song_id = song_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> StarButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["song"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Tell the person alone what it is now."""
        await guard(self._star(interaction), lambda text: whisper(interaction, text))

    async def _star(self, interaction: discord.Interaction[Any]) -> None:
        taste = desk_of(interaction).studio.taste
        is_one = await held(interaction, taste.favourite(self.song_id, origin=origin_of(interaction)))
        await whisper(interaction, STARRED if is_one else UNSTARRED)


def song_view(song_id: str, tally: Tally = NO_VOTES) -> discord.ui.View:
    """The row of buttons under a song."""
    view = discord.ui.View(timeout=None)
    view.add_item(VoteButton("up", song_id, str(tally.up)))
    view.add_item(VoteButton("down", song_id, str(tally.down)))
    view.add_item(AnotherButton(song_id))
    view.add_item(StarButton(song_id))
    return view


def pair_view(tallies: Mapping[str, Tally]) -> discord.ui.View:
    """The rows under two songs, A before B."""
    view = discord.ui.View(timeout=None)
    for row, (side, (song_id, tally)) in enumerate(zip(SIDES, tallies.items(), strict=True)):
        view.add_item(VoteButton("up", song_id, f"{side} {tally.up}", row))
        view.add_item(VoteButton("down", song_id, f"{side} {tally.down}", row))
        view.add_item(StarButton(song_id, side, row))
    return view


def recounted(message: discord.Message, newest: Mapping[str, Tally]) -> discord.ui.View:
    """The same buttons with the newest counts; of a song of which there are none, those that the message says."""
    said = _counts_of(message)
    tallies = {
        song_id: newest.get(song_id) or Tally(up=counts.get("up", 0), down=counts.get("down", 0), own=None)
        for song_id, counts in said.items()
    }
    if len(tallies) == len(SIDES):
        return pair_view(tallies)
    (song_id, tally), *_ = tallies.items()
    return song_view(song_id, tally)


def _counts_of(message: discord.Message) -> dict[str, dict[str, int]]:
    """The counts that a message says: song → verb → number, in the order of the buttons."""
    found: dict[str, dict[str, int]] = {}
    rows = (row for row in message.components if isinstance(row, discord.ActionRow))
    for part in (part for row in rows for part in row.children):
        match = _VOTE.fullmatch(part.custom_id or "")
        if match is not None and isinstance(part, discord.Button):
            digits = re.search(r"\d+$", part.label or "")
            found.setdefault(match["song"], {})[match["verb"]] = int(digits[0]) if digits else 0
    return found
