"""The values that every source reader yields: a labelled piece, or the reason why a file gave none.

Conventions: an id is `source/path#part`; `work` is shared by editions, movements and stretches of one work, and alone
decides the split, so nothing of a held-out work is seen in training. Caveat: about one work in twenty is held out, so
small sources may hold out none or several.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
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
STYLES = ("classical", "ragtime", "folk", "rock", "lofi", "pop", "synth", "jazz", "other")


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


def split_of(work: str) -> Split:
    """ "valid" for about 5 % of works, by a hash of the name: the same everywhere and for ever."""
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


def _reason(error: BadRequest) -> str:
    return str(error).split(" (")[0].split(";")[0]
