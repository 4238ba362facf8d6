"""Where finished songs' files are kept: this machine's data folder, or an object store that many machines share.

    scratch folder ─publish─→ file store ─fetch─→ bytes
                                         ─bring─→ a folder of this machine

In: a folder with a song's files. Out: the files again, by song id and name. Conventions: a song's receipt is its JSON
file; it is published last and taken away first, so whoever sees it sees the whole song; publishing again replaces what
was there; hidden files stay behind. Uploads and models are kept like songs, each in a space of its own. Everything slow
runs in threads. Caveat: names are those of one folder without subfolders.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from engine.errors import NotFound
from engine.store.names import checked_name

CHUNK_BYTES = 256 * 1024
RECEIPT = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPlace:
    """Which file store. `url`: `s3://bucket/prefix`, None for the data folder; the rest is for S3 alone, and where it
    is None the environment's `AWS_…` variables or the machine's own role decide. `endpoint`: the server's address, for
    stores other than Amazon's.
    """

    url: str | None = None
    endpoint: str | None = None
    region: str | None = None
    key: str | None = field(default=None, repr=False)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A kept file: its name within the song, its length in bytes."""

    name: str
    size: int


class FileStore(Protocol):
    """Files by song id and name. Raises `StoreError` when it cannot be reached or is full."""

    async def publish(self, song_id: str, folder: Path, *, beside: bool = False) -> None:
        """Keep all files of `folder`, the receipt last; they may be moved rather than copied. `beside`: what is there
        by other names stays. Raises `NotFound` when there are none.
        """

    async def list(self, song_id: str) -> tuple[StoredFile, ...]:
        """The song's files by name; none for an unknown song."""

    def fetch(self, song_id: str, name: str) -> AsyncIterator[bytes]:
        """The file's bytes, piece by piece. Raises `NotFound`."""

    async def bring(self, song_id: str) -> Path:
        """A folder of this machine with the song's files, to be read and left alone. Raises `NotFound` if there are
        none.
        """

    async def remove(self, song_id: str) -> None:
        """Remove all of the song's files, if there are any."""

    async def songs(self) -> tuple[str, ...]:
        """The ids of all songs that have files."""

    async def trim(self) -> None:
        """Forget copies that were brought here long ago, where this machine keeps any."""

    async def check(self) -> str:
        """Write, read and remove a small file; returns where. Raises `SetupError` with the way to mend it."""


def names_to_publish(folder: Path) -> tuple[str, ...]:
    """The visible files of `folder`, the receipt last; raises `NotFound` when there are none."""
    paths = folder.iterdir() if folder.is_dir() else ()
    there = [checked_name(path.name) for path in paths if path.is_file() and not path.name.startswith(".")]
    if not there:
        raise NotFound(f"There are no files of a song in {folder}.")
    return tuple(sorted(there, key=receipt_last))


def to_remove(there: Sequence[str], names: Sequence[str], *, beside: bool) -> tuple[str, ...]:
    """What goes before `names` are published, the receipt first."""
    goes = [name for name in there if name in names or not beside]
    doomed = [name for name in goes if name not in names or name.endswith(RECEIPT)]
    return tuple(sorted(doomed, key=receipt_last, reverse=True))


def receipt_last(name: str) -> tuple[bool, str]:
    """Sorts names as they are published."""
    return name.endswith(RECEIPT), name
