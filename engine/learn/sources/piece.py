"""The values that every source reader yields: a labelled piece, or the reason why a file gave none.

Conventions: an id is `source/path#part`; `work` is shared by editions, movements and stretches of one work, and alone
decides the split, so nothing of a held-out work is seen in training. Which works are held out is a committed list,
`engine/learn/heldout.txt`. Caveat: it holds about one work in twenty, so small sources have none or several there.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from engine.errors import BadRequest
from engine.music.analysis import Reading, songs_from_midi
from engine.music.midi.file import MidiFile
from engine.music.notes import Song

Split = Literal["train", "valid"]
VALID_SHARE = 0.05
SPLIT_SALT = "35"
"""Chosen so that each style and each source holds something out."""
HELD_OUT = Path(__file__).resolve().parent.parent / "heldout.txt"
STYLES = (
    "classical", "ragtime", "folk", "rock", "lofi", "pop", "synthwave", "chiptune", "jazz", "blues", "bossa", "ambient",
    "other",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A song with its origin: source, licence, style (one of `STYLES`) and split."""

    id: str
    source: str
    licence: str
    style: str
    split: Split
    song: Song


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A file that gave no piece, and why."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where pieces come from: `path` inside the source, the `work` it belongs to, the licence it stands under."""

    source: str
    path: str
    work: str
    licence: str


Found: TypeAlias = Piece | Dropped
Reader = Callable[[Path], Iterator[Found]]
"""A source's folder → its pieces, in a fixed order."""


@cache
def held_out_works() -> frozenset[str]:
    """The committed list of works that are never trained on, as `source/work`."""
    lines = HELD_OUT.read_text(encoding="utf-8").splitlines()
    return frozenset(unicodedata.normalize("NFC", line) for line in lines if line and not line.startswith("#"))


@cache
def _listed_sources() -> frozenset[str]:
    return frozenset(work.split("/")[0] for work in held_out_works())


def split_of(work: str) -> Split:
    """The side that a work (`source/work`) lies on: by the committed list for the sources that it names; for all
    others, composed songs among them, "valid" for about 5 %, by a hash of the name.
    """
    if work.split("/", maxsplit=1)[0] in _listed_sources():
        return "valid" if unicodedata.normalize("NFC", work) in held_out_works() else "train"
    number = int.from_bytes(hashlib.sha256(f"{SPLIT_SALT}:{work}".encode()).digest()[:8], "big")
    return "valid" if number / 2**64 < VALID_SHARE else "train"


def pieces_from_file(read: Callable[[], MidiFile], reading: Reading, origin: Origin) -> list[Found]:
    """Read and analyse one file; a readable file gives a piece for each stretch in one meter."""
    name = f"{origin.source}/{origin.path}"
    try:
        songs = songs_from_midi(read(), reading)
    except BadRequest as error:
        return [Dropped(id=name, reason=_reason(error))]
    if not songs:
        return [Dropped(id=name, reason="no eight bars in one known meter with enough notes")]
    return pieces_of(songs, origin)


def pieces_of(songs: Sequence[Song], origin: Origin) -> list[Found]:
    """Label the songs of one file."""
    name = f"{origin.source}/{origin.path}"
    return [
        Piece(
            id=name if index == 0 else f"{name}#{index + 1}",
            source=origin.source,
            licence=origin.licence,
            style=song.style,
            split=split_of(f"{origin.source}/{origin.work}"),
            song=song,
        )
        for index, song in enumerate(songs)
    ]


def with_style(piece: Piece, style: str) -> Piece:
    """The piece under another style's name."""
    return replace(piece, style=style, song=replace(piece.song, style=style))


def _reason(error: BadRequest) -> str:
    return str(error).split(" (")[0].split(";")[0]
