"""What a finished song leaves behind so that others can be made from it: its wish, its plan, its notes.

In: a made song; later its id. Out: `<name>.song.json` beside the receipt, and the `Entry` in it. Conventions: the
request in it has its seed, so it makes the same plan again; the plan is kept too, for songs outlive the planner that
planned them. An id is looked for in the folders that are given, in this order. Caveat: the file can be as large as a
few hundred kilobytes for a song of many minutes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.compose.plan import Plan
from engine.compose.request import ComposeRequest
from engine.errors import BadRequest, NotFound
from engine.music.codec import from_plain, song_from_json, song_to_json, to_plain
from engine.music.notes import Song

ENDING = ".song.json"
FORMAT = 1
MAX_BYTES = 20_000_000
SONG_ID = re.compile(r"[0-9a-z]{4,32}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A finished song. `performance_seed`: the seed of how its notes are played."""

    id: str
    request: ComposeRequest
    plan: Plan
    score: Song
    performance_seed: int

    def dumps(self) -> str:
        """The file's text."""
        parts = {
            "format": FORMAT,
            "id": self.id,
            "request": self.request.to_json(),
            "performance_seed": self.performance_seed,
            "plan": to_plain(self.plan),
            "score": song_to_json(self.score),
        }
        return json.dumps(parts, ensure_ascii=False, separators=(",", ":")) + "\n"

    @classmethod
    def loads(cls, text: str) -> Entry:
        """Inverse of `dumps`. Raises `ValueError` for a text that is no entry of this format."""
        data = json.loads(text)
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise ValueError(f"no song of format {FORMAT}")
        try:
            return cls(
                id=str(data["id"]),
                request=ComposeRequest.from_json(data["request"]),
                plan=from_plain(Plan, data["plan"]),
                score=song_from_json(data["score"]),
                performance_seed=int(data["performance_seed"]),
            )
        except (KeyError, TypeError, BadRequest) as error:
            raise ValueError(str(error)) from error


def find_song(song_id: str, folders: Sequence[Path]) -> Entry:
    """The song with this id. Raises `NotFound` where there is none, `BadRequest` for a file that cannot be read."""
    if not SONG_ID.fullmatch(song_id):
        raise NotFound(f"There is no song {song_id[:40]!r}; the id that its receipt names would work.")
    paths = [
        path
        for folder in folders
        for path in (*folder.glob(f"*-{song_id}{ENDING}"), folder / f"{song_id}{ENDING}")
        if path.is_file()
    ]
    if not paths:
        places = " or in ".join(repr(str(folder)) for folder in folders)
        raise NotFound(f"The song {song_id!r} is not in {places}; an id of a song whose files are there would work.")
    try:
        if paths[0].stat().st_size > MAX_BYTES:
            raise ValueError("it is too large")
        return Entry.loads(paths[0].read_text(encoding="utf-8", errors="surrogateescape"))
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(f"file {str(paths[0])!r}", error) from error


def read_song(song_id: str, text: str | None) -> Entry:
    """The song with this id out of its file's text. Raises `NotFound` where there is no text, `BadRequest` for one that
    cannot be read or is another song's.
    """
    if text is None:
        raise NotFound(f"The song {song_id[:40]!r} has no file to build on; composing its prompt anew would work.")
    try:
        entry = Entry.loads(text)
        if entry.id != song_id:
            raise ValueError(f"it is the song {entry.id[:40]!r}")
        return entry
    except (ValueError, RecursionError) as error:
        raise _unreadable(f"file of the song {song_id[:40]!r}", error) from error


def _unreadable(what: str, error: Exception) -> BadRequest:
    return BadRequest(
        f"The {what} is damaged or of another version ({str(error)[:80]}); composing its prompt anew would work."
    )
