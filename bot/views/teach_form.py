"""The form that is filled in to teach a file from the message menu: files and styles go in, a `Material` comes out.

Caveat: a form that is open while the bot is restarted is lost; Discord tells the person that something went wrong.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord

from bot.lesson import LICENCE_CHOICES
from bot.replies import clip
from engine import LICENCES, Material, errors

CREDIT_CHARS = 200
_MOST = 25

OnFilled = Callable[[discord.Interaction[Any], Material], Awaitable[None]]


class TeachForm(discord.ui.Modal):
    """Asks for style, licence and credit, and, where there are several files, which one."""

    def __init__(self, files: Sequence[discord.Attachment], styles: Sequence[str], filled: OnFilled) -> None:
        super().__init__(title="Teach Tunesmith this", timeout=840)
        self._files = {str(file.id): file for file in files[:_MOST]}
        self._filled = filled
        self._file: discord.ui.Select[Any] = _select("file", {key: file.filename for key, file in self._files.items()})
        self._style: discord.ui.Select[Any] = _select("style", {name: name for name in styles[:_MOST]})
        self._licence: discord.ui.Select[Any] = _select("licence", LICENCE_CHOICES)
        self._credit: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id="credit", required=False, max_length=CREDIT_CHARS
        )
        if len(self._files) > 1:
            self.add_item(discord.ui.Label(text="File", component=self._file))
        self.add_item(discord.ui.Label(text="Style", description="Which style learns from it", component=self._style))
        self.add_item(
            discord.ui.Label(text="Licence", description="By what right you may teach it", component=self._licence)
        )
        self.add_item(
            discord.ui.Label(
                text="Credit", description="The author's name; CC BY and CC BY-SA ask for it", component=self._credit
            )
        )

    async def on_submit(self, interaction: discord.Interaction[Any], /) -> None:
        """It was filled in."""
        await self._filled(interaction, self._material())

    def _material(self) -> Material:
        chosen = self._file.values[0] if self._file.values else next(iter(self._files))
        file = self._files.get(chosen)
        licence = next((name for name in LICENCES if name in self._licence.values), None)
        if file is None or licence is None or not self._style.values:
            raise errors.BadRequest("The form is not filled in; a style and a licence would work.")
        return Material(
            source=file.url,
            name=file.filename,
            style=self._style.values[0],
            licence=licence,
            credit=self._credit.value,
        )


def _select(name: str, choices: Any) -> discord.ui.Select[Any]:
    options = [discord.SelectOption(label=clip(label, 100), value=value) for value, label in choices.items()]
    return discord.ui.Select(custom_id=name, options=options)
