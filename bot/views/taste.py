"""The switches of what votes move, and the button that erases a person: a `custom_id` goes in, one call to the engine
and a changed message come out.

The `custom_id` holds what a switch becomes, so two who press at once do not undo each other. Conventions: who may
manage messages switches on a server, and everybody in their own private chat; to share votes with other servers takes
who may manage the server. Caveat: what is being composed meanwhile keeps the switch as it was.
"""

from __future__ import annotations

import re
from typing import Any

import discord

from bot.classroom import NOT_A_MANAGER, moderates
from bot.desk import desk_of, origin_of
from bot.errors import guard, whisper
from bot.marks import erase_mark, switch_mark
from bot.palate import NAMES, NOT_A_MODERATOR, NOT_YOURS, erased_text, taste_embed
from bot.presses import change, held
from engine import SWITCHES, SwitchName, TasteReport, errors

STYLE = "[a-z0-9-]{1,40}"
ALL_STYLES = "-"
_IN_ROW = 3
_MARK = switch_mark(f"(?P<name>{'|'.join(SWITCHES)})", "(?P<state>on|off)", f"(?P<style>{STYLE})")


class SwitchButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=_MARK):
    """Something that votes move, on or off."""

    def __init__(self, name: SwitchName, becomes: bool, style: str = ALL_STYLES, row: int | None = None) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.secondary if becomes else discord.ButtonStyle.success,
                label=f"{NAMES[name]}: {'off' if becomes else 'on'}",
                custom_id=switch_mark(name, "on" if becomes else "off", style),
                row=row,
            )
        )
        self.name: SwitchName = name
        self.becomes = becomes
        self.style = style

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> SwitchButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        name = next(it for it in SWITCHES if it == match["name"])
        return cls(name, match["state"] == "on", match["style"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Switch, if the person may; the card shows it."""
        await guard(self._switch(interaction), lambda text: whisper(interaction, text))

    async def _switch(self, interaction: discord.Interaction[Any]) -> None:
        check_may_switch(interaction, self.name)
        origin, taste = origin_of(interaction), desk_of(interaction).studio.taste
        style = None if self.style == ALL_STYLES else self.style
        await held(interaction, taste.switch(self.name, self.becomes, origin=origin))
        report = await held(interaction, taste.report(origin=origin, style=style))
        embed = taste_embed(report, style, is_private=origin.guild_id is None)
        await change(interaction, embed=embed, view=switches_view(report, style))


class EraseButton(discord.ui.DynamicItem[discord.ui.Button[Any]], template=erase_mark(r"(?P<person>\d{1,20})")):
    """Erase what is kept of a person."""

    def __init__(self, person_id: int) -> None:
        super().__init__(
            discord.ui.Button(
                style=discord.ButtonStyle.danger,
                emoji="🗑️",
                label="Forget me",
                custom_id=erase_mark(str(person_id)),
            )
        )
        self.person_id = person_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> EraseButton:
        """Recover a button from what Discord sends back."""
        del interaction, item
        return cls(int(match["person"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Erase, if it is the person themself."""
        await guard(self._erase(interaction), lambda text: whisper(interaction, text))

    async def _erase(self, interaction: discord.Interaction[Any]) -> None:
        if interaction.user.id != self.person_id:
            raise errors.UserError(NOT_YOURS)
        gone = await held(interaction, desk_of(interaction).studio.taste.forget_me(self.person_id))
        await change(interaction, content=erased_text(gone), view=None)


def check_may_switch(interaction: discord.Interaction[Any], name: SwitchName) -> None:
    """Raise `UserError` for who may not."""
    if interaction.guild_id is None:
        return
    if name == "share" and not interaction.permissions.manage_guild:
        raise errors.UserError(NOT_A_MANAGER)
    if not (moderates(interaction) or interaction.permissions.manage_guild):
        raise errors.UserError(NOT_A_MODERATOR)


def switches_view(report: TasteReport, style: str | None = None) -> discord.ui.View:
    """A switch for each thing that votes move."""
    view = discord.ui.View(timeout=None)
    for place, (name, is_on) in enumerate(report.switches.items()):
        view.add_item(SwitchButton(name, not is_on, style or ALL_STYLES, place // _IN_ROW))
    return view


def erase_view(person_id: int) -> discord.ui.View:
    """The row under the question whether a person shall be forgotten."""
    view = discord.ui.View(timeout=None)
    view.add_item(EraseButton(person_id))
    return view
