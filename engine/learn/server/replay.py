"""Songs that a shipped checkpoint wrote, to be heard again while something new is learnt.

In: a checkpoint's hash, someone who composes. Out: songs, some to learn from and some to watch drift on. Conventions:
written once and kept in `<data folder>/replay/<first digits of the hash>.json`, for all servers, since nothing of any
server is in them; a damaged file is written anew. Caveat: the songs are planned as everybody's, so they hold what the
style composes, not all that it has heard.
"""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from engine.learn.server.hands import Between, Hands, Order, Voice
from engine.music.codec import song_from_json, song_to_json
from engine.music.notes import Song

FORMAT = 1
FOLDER = "replay"
DIGITS = 16
WATCHED_SHARE = 0.25
SEED = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """`heard`: to be learnt from again; `watched`: never learnt from."""

    heard: tuple[Song, ...]
    watched: tuple[Song, ...]

    @property
    def songs(self) -> tuple[Song, ...]:
        """All of them."""
        return (*self.heard, *self.watched)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOrder:
    """Of which checkpoint (its SHA-256), of which style, how many songs of how many seconds."""

    sha256: str
    style: str
    songs: int
    seconds: float


def replay_songs(order: ReplayOrder, data_dir: Path, hands: Hands, between: Between) -> Replay:
    """Read the songs, or have them written."""
    path = data_dir / FOLDER / f"{order.sha256[:DIGITS]}.json"
    songs = _read(path, order)
    if songs is None:
        asked = Order(songs=order.songs, seconds=order.seconds, seed=SEED)
        songs = tuple(hands.write_songs(Voice(style=order.style, parent=order.style), asked, between))
        _write(path, order, songs)
    watched = max(1, round(WATCHED_SHARE * len(songs)))
    return Replay(heard=songs[:-watched], watched=songs[-watched:])


def is_there(order: ReplayOrder, data_dir: Path) -> bool:
    """Whether the songs were written before."""
    return (data_dir / FOLDER / f"{order.sha256[:DIGITS]}.json").is_file()


def _head(order: ReplayOrder) -> dict[str, object]:
    return {
        "format": FORMAT, "sha256": order.sha256, "style": order.style, "songs": order.songs, "seconds": order.seconds,
    }  # fmt: skip


def _read(path: Path, order: ReplayOrder) -> tuple[Song, ...] | None:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["order"] != _head(order):
            return None
        return tuple(song_from_json(row) for row in data["written"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        log.warning("The songs in %s cannot be read (%s); they are written anew.", path, error)
        return None


def _write(path: Path, order: ReplayOrder, songs: tuple[Song, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    data = {"order": _head(order), "written": [song_to_json(song) for song in songs]}
    draft.write_text(json.dumps(data), encoding="utf-8")
    os.replace(draft, path)
