"""What a message says: words with a button, or a song with its card and files. A `StoredSong` goes in, arguments for
discord.py come out.

Files are read off the event loop while they are sent, piece by piece, so that many songs at once need no room; they are
opened anew for each try, for a sent `discord.File` cannot be sent again. Nobody is ever pinged. Caveat: a body of words
says nothing of files, so it never takes away a song's.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import discord

from bot.replies import parts_of, song_embed, too_big_text
from engine import StoredSong

NOBODY = discord.AllowedMentions.none()


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """One message's whole contents; `files` are (file name, what is in it or where it lies). `keeps_files`: those that
    the message has stay.
    """

    text: str | None = None
    embed: discord.Embed | None = None
    files: tuple[tuple[str, bytes | Path], ...] = ()
    view: discord.ui.View | None = None
    keeps_files: bool = False

    def edit_arguments(self) -> dict[str, Any]:
        """For an edit: what is not there goes."""
        arguments: dict[str, Any] = {"content": self.text, "view": self.view, "allowed_mentions": NOBODY}
        if self.embed is not None:
            arguments["embed"] = self.embed
        if self.files or (self.embed is not None and not self.keeps_files):
            arguments["attachments"] = self._files()
        return arguments

    def send_arguments(self, *, nonce: str | None = None) -> dict[str, Any]:
        """For a new message; what was sent with the same nonce a moment ago is not sent again."""
        arguments: dict[str, Any] = {"content": self.text, "embed": self.embed, "view": self.view, "nonce": nonce}
        if self.files:
            arguments["files"] = self._files()
        return {name: value for name, value in arguments.items() if value is not None} | {"allowed_mentions": NOBODY}

    def _files(self) -> list[discord.File]:
        return [discord.File(BytesIO(it) if isinstance(it, bytes) else it, filename=name) for name, it in self.files]


async def song_body(song: StoredSong, view: discord.ui.View, *, limit_bytes: int) -> Body:
    """The song with what fits of its files."""
    files: list[tuple[str, bytes | Path]] = []
    notes: list[str] = []
    with_picture = False
    for what, name, path in parts_of(song):
        size_bytes = (await asyncio.to_thread(path.stat)).st_size
        if size_bytes > limit_bytes:
            notes.append(too_big_text(what, size_bytes, limit_bytes))
            continue
        files.append((name, path))
        with_picture = with_picture or what == "picture"
    embed = song_embed(song, notes=tuple(notes), with_picture=with_picture)
    return Body(embed=embed, files=tuple(files), view=view)
