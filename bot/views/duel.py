"""The buttons under a duel, A, B, both good, both bad, and those that end it sooner: a `custom_id` goes in, one call to
the engine and a changed message come out.

The `custom_id` holds the answer and the duel's id; all else is in the store. Conventions: an answer changes the number
of answers on the message, and its kind is told to the person alone. Whoever asked for a duel ends it, or who may manage
messages there. Caveat: the end itself is told by the duel's courier.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.classroom import moderates
from bot.desk import desk_of, origin_of
from bot.duels import FACES, LABELS, chosen_text, open_text
from bot.errors import guard, whisper
from bot.marks import JOB_ID, answer_mark, call_off_mark, reveal_mark
from bot.presses import change, held, keep
from engine import DUEL_ANSWERS, DuelAnswer

_DUEL_ID = rf"(?P<duel>{JOB_ID})"
_ANSWERS = f"(?P<answer>{'|'.join(DUEL_ANSWERS)})"


class AnswerButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=answer_mark(_ANSWERS, _DUEL_ID)):
    """One of the four answers; pressing the same one again withdraws it."""

    def __init__(self, answer: DuelAnswer, duel_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary,
                emoji=FACES[answer],
                label=LABELS[answer],
                custom_id=answer_mark(answer, duel_id),
                row=0,
            )
        )
        self.answer: DuelAnswer = answer
        self.duel_id = duel_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> AnswerButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(next(it for it in DUEL_ANSWERS if it == match["answer"]), match["duel"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Count the answer; show how many there are, and the person alone what theirs is."""
        await guard(self._answer(interaction), lambda text: whisper(interaction, text))

    async def _answer(self, interaction: discord.Interaction[Any]) -> None:
        desk, message = desk_of(interaction), interaction.message
        assert message is not None, "a button is under a message"
        if not desk.turns.is_free(message.id):
            await keep(interaction)
        async with desk.turns.turn(message.id) as turn:
            answering = desk.studio.taste.answer(self.duel_id, person_id=interaction.user.id, answer=self.answer)
            state = await held(interaction, answering)
            if turn.nobody_waits and state.phase == "open":
                await change(interaction, content=open_text(state), view=open_view(self.duel_id))
        await whisper(interaction, chosen_text(state))


class RevealButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=reveal_mark(_DUEL_ID)):
    """End the duel now."""

    def __init__(self, duel_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.primary,
                emoji="👁️",
                label="Tell now",
                custom_id=reveal_mark(duel_id),
                row=1,
            )
        )
        self.duel_id = duel_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> RevealButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["duel"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """End it, if the person may; its courier tells how it ended."""
        await guard(self._reveal(interaction), lambda text: whisper(interaction, text))

    async def _reveal(self, interaction: discord.Interaction[Any]) -> None:
        taste, may_moderate = desk_of(interaction).studio.taste, moderates(interaction)
        await held(interaction, taste.reveal(self.duel_id, origin=origin_of(interaction), moderator=may_moderate))
        await keep(interaction)


class CallOffButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=call_off_mark(_DUEL_ID)):
    """✖ Call it off."""

    def __init__(self, duel_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary, emoji="✖️", label="Call it off", custom_id=call_off_mark(duel_id)
            )
        )
        self.duel_id = duel_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> CallOffButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["duel"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Call it off, if the person may; its message says so then."""
        await guard(self._call_off(interaction), lambda text: whisper(interaction, text))

    async def _call_off(self, interaction: discord.Interaction[Any]) -> None:
        taste, may_moderate = desk_of(interaction).studio.taste, moderates(interaction)
        await held(interaction, taste.call_off(self.duel_id, origin=origin_of(interaction), moderator=may_moderate))
        await keep(interaction)


def open_view(duel_id: str) -> discord.ui.View:
    """The rows under an open duel."""
    view = discord.ui.View(timeout=None)
    for answer in DUEL_ANSWERS:
        view.add_item(AnswerButton(answer, duel_id))
    view.add_item(RevealButton(duel_id))
    return view


def calling_off_view(duel_id: str) -> discord.ui.View:
    """The row under a duel in the making."""
    view = discord.ui.View(timeout=None)
    view.add_item(CallOffButton(duel_id))
    return view
