"""The file store of one machine: `<data folder>/<space>/<id>/`.

In: folders on the same disk. Out: files. Conventions: publishing renames, so it costs nothing and leaves the scratch
folder empty; a renamed file is there whole or not at all. Caveat: machines that share this folder over a network share
its songs too, but see each other's files as late as their network disk shows them.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import SetupError, StoreError
from engine.store.files import CHUNK_BYTES, StoredFile, names_to_publish, to_remove
from engine.store.names import SONG_ID, Space, checked_id, checked_name, file_not_found, not_found


class FolderFiles:
    """Files under `data_dir`; see `FileStore`."""

    def __init__(self, data_dir: Path, space: Space = "songs") -> None:
        self._root = data_dir.absolute() / space
        self._space = space

    async def publish(self, song_id: str, folder: Path, *, beside: bool = False) -> None:
        """See `FileStore`."""
        await asyncio.to_thread(self._publish, self._path(song_id), folder, beside)

    async def list(self, song_id: str) -> tuple[StoredFile, ...]:
        """See `FileStore`."""
        return await asyncio.to_thread(_listed, self._path(song_id))

    async def fetch(self, song_id: str, name: str) -> AsyncIterator[bytes]:
        """See `FileStore`."""
        path = self._path(song_id) / checked_name(name)
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError:
            raise file_not_found(self._space, song_id, name) from None
        with file:
            while piece := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield piece

    async def bring(self, song_id: str) -> Path:
        """See `FileStore`."""
        if not await self.list(song_id):
            raise not_found(self._space, song_id)
        return self._path(song_id)

    async def remove(self, song_id: str) -> None:
        """See `FileStore`."""
        await asyncio.to_thread(_removed, self._path(song_id))

    async def songs(self) -> tuple[str, ...]:
        """See `FileStore`."""
        return await asyncio.to_thread(self._songs)

    async def trim(self) -> None:
        """See `FileStore`: what lies here is no copy."""

    async def check(self) -> str:
        """See `FileStore`."""
        return await asyncio.to_thread(self._try)

    def _path(self, song_id: str) -> Path:
        return self._root / checked_id(song_id, self._space)

    def _songs(self) -> tuple[str, ...]:
        if not self._root.is_dir():
            return ()
        return tuple(sorted(path.name for path in self._root.iterdir() if SONG_ID.fullmatch(path.name)))

    def _publish(self, target: Path, folder: Path, beside: bool) -> None:
        names = names_to_publish(folder)
        with _told(target):
            target.mkdir(parents=True, exist_ok=True)
            for old in to_remove([path.name for path in target.iterdir()], names, beside=beside):
                (target / old).unlink()
            for name in names:
                os.replace(folder / name, target / name)

    def _try(self) -> str:
        trial = self._root / f".trial-{secrets.token_hex(6)}"
        try:
            self._root.mkdir(parents=True, exist_ok=True)
            trial.write_bytes(b"\n")
            trial.unlink()
        except OSError as error:
            raise SetupError(
                f"The folder {self._root} cannot be written ({error.strerror}); make it writable, or name another one"
                " in TUNESMITH_DATA_DIR."
            ) from error
        return str(self._root)


def _listed(folder: Path) -> tuple[StoredFile, ...]:
    if not folder.is_dir():
        return ()
    visible = (path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))
    return tuple(sorted((StoredFile(name=p.name, size=p.stat().st_size) for p in visible), key=lambda f: f.name))


def _removed(folder: Path) -> None:
    """All at once: the folder leaves its place before it is emptied."""
    doomed = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    try:
        folder.rename(doomed)
    except FileNotFoundError:
        return
    shutil.rmtree(doomed, ignore_errors=True)


@contextmanager
def _told(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"The files cannot be kept in {target} ({error.strerror}).") from error
