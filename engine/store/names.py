"""Ids and texts as every database and file store takes them.

In: what came from outside. Out: the same, or an error. Conventions: ids come from outside (a button says which song it
means), so one that is no id is refused before it becomes a path or a query. Caveat: PostgreSQL cannot keep the
character NUL, so no text here does.
"""

from __future__ import annotations

import re
from typing import Literal

from engine.errors import NotFound

Space = Literal["songs", "uploads", "models"]
"""What files are kept of, each by ids of its own."""

SONG_ID = re.compile(r"[0-9a-z]{4,32}")
FILE_NAME = re.compile(r"[^/\\.\x00-\x1f][^/\\\x00-\x1f]{0,199}")


def checked_id(song_id: str, space: Space = "songs") -> str:
    """The id itself; raises `NotFound` for what cannot be one."""
    if not SONG_ID.fullmatch(song_id):
        raise not_found(space, song_id)
    return song_id


def checked_name(name: str) -> str:
    """The name of a song's file itself; raises `NotFound` for a hidden one and for what would leave the folder."""
    if not FILE_NAME.fullmatch(name):
        raise NotFound(f"There is no file {name[:60]!r} of a song; its receipt names those that there are.")
    return name


def song_not_found(song_id: str) -> NotFound:
    """The error for an unknown song."""
    return not_found("songs", song_id)


def not_found(space: Space, an_id: str) -> NotFound:
    """The error for what a space does not have."""
    return NotFound(f"There is no {_one(space)} {an_id[:40]!r}; it may have been removed.")


def file_not_found(space: Space, an_id: str, name: str) -> NotFound:
    """The error for a file that is not there."""
    way = "; compose it again with its seed" if space == "songs" else ""
    return NotFound(f"The file {name} of the {_one(space)} {an_id!r} is gone{way}.")


def keepable(text: str) -> str:
    """`text` without what a database cannot keep: NUL, and halves of characters."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _one(space: Space) -> str:
    return space.removesuffix("s")
