"""The buttons under an upload, which keep it, approve of it, or forget it: a `custom_id` goes in, a `Studio` call and a
changed message come out.

The `custom_id` holds the verb and the upload's id, so a button lives as long as its message. Only who uploaded the
file, or who may manage messages there, decides on it. Caveat: an upload that is forgotten while it is still looked at
has its message changed by its courier first.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.body import NOBODY
from bot.classroom import classroom_of, moderates, server_of
from bot.errors import guard, whisper
from bot.lesson import state_text
from bot.marks import JOB_ID, approve_mark, forget_mark, keep_mark
from engine import UploadRecord, errors

NOT_A_MODERATOR = "Only who may manage messages here can approve of a file; they can be asked."

_UPLOAD_ID = rf"(?P<upload>{JOB_ID})"


class KeepButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=keep_mark(_UPLOAD_ID)):
    """Keep it."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.success, emoji="✅", label="Keep it", custom_id=keep_mark(upload_id)
            )
        )
        self.upload_id = upload_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> KeepButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["upload"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Keep it, if the person may; the message says so."""
        await guard(_kept(interaction, self.upload_id), lambda text: whisper(interaction, text))


class ApproveButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=approve_mark(_UPLOAD_ID)):
    """Approve."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.success, emoji="✅", label="Approve", custom_id=approve_mark(upload_id)
            )
        )
        self.upload_id = upload_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ApproveButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["upload"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Let it into the dataset, if the person may."""
        await guard(self._approve(interaction), lambda text: whisper(interaction, text))

    async def _approve(self, interaction: discord.Interaction[Any]) -> None:
        if not moderates(interaction):
            raise errors.UserError(NOT_A_MODERATOR)
        await _kept(interaction, self.upload_id)


class ForgetButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=forget_mark(_UPLOAD_ID)):
    """Forget it."""

    def __init__(self, upload_id: str) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary, emoji="🗑️", label="Forget it", custom_id=forget_mark(upload_id)
            )
        )
        self.upload_id = upload_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> ForgetButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(match["upload"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Take the upload back, if the person may; nothing of it stays on the message."""
        await guard(self._forget(interaction), lambda text: whisper(interaction, text))

    async def _forget(self, interaction: discord.Interaction[Any]) -> None:
        origin, classroom = server_of(interaction), classroom_of(interaction)
        await interaction.response.defer()
        edit = interaction.edit_original_response
        await classroom.forget(self.upload_id, origin, moderator=moderates(interaction), edit=edit)


async def _kept(interaction: discord.Interaction[Any], upload_id: str) -> None:
    """Keep an upload, and say on its message what is true of it then."""
    origin = server_of(interaction)
    await interaction.response.defer()
    upload = await classroom_of(interaction).keep(upload_id, origin, moderator=moderates(interaction))
    await interaction.edit_original_response(
        content=state_text(upload), view=lesson_view(upload), allowed_mentions=NOBODY
    )


def lesson_view(upload: UploadRecord) -> discord.ui.View:
    """The row under an upload that is understood."""
    view = discord.ui.View(timeout=None)
    if upload.state == "awaiting":
        view.add_item(ApproveButton(upload.id))
    elif upload.state != "kept":
        view.add_item(KeepButton(upload.id))
    view.add_item(ForgetButton(upload.id))
    return view


def looking_view(upload_id: str) -> discord.ui.View:
    """The row under an upload that is looked at."""
    view = discord.ui.View(timeout=None)
    view.add_item(ForgetButton(upload_id))
    return view
