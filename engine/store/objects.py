"""The file store of many machines: an S3-compatible object store, reached through fsspec.

In: `s3://bucket/prefix`, an address, keys. Out: files at `prefix/<space>/<id>/<name>`. Conventions: uploads of more
than some megabytes go in parts and appear whole when the last has come; reading goes piece by piece; all waiting is in
threads. What was brought lies in `<data folder>/<space>` until `trim` makes room. Caveat: the store tries again for
`RETRY_S` before it says that it cannot; nothing here is loaded unless such a URL is set.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fsspec.spec import AbstractFileSystem
from obstore.exceptions import BaseError
from obstore.fsspec import FsspecStore

from engine.errors import SetupError, StoreError
from engine.store.files import CHUNK_BYTES, FilesPlace, StoredFile, names_to_publish, receipt_last, to_remove
from engine.store.names import FILE_NAME, SONG_ID, Space, checked_id, checked_name, file_not_found, not_found

RETRY_S = 10.0
CONNECT_S = 5.0
ANSWER_S = 60.0
ANSWER_BYTES = 4 * 2**20
MOST_KEPT_BYTES = 2 * 2**30


class ObjectFiles:
    """Files in an object store; see `FileStore`. `retry_s`: for how long a request is tried."""

    def __init__(self, place: FilesPlace, data_dir: Path, space: Space = "songs", *, retry_s: float = RETRY_S) -> None:
        self._url = place.url or ""
        self._root = _root_of(self._url)
        self._space = space
        self._cache = data_dir.absolute() / space
        self._objects = _connect(place, retry_s)

    async def publish(self, song_id: str, folder: Path, *, beside: bool = False) -> None:
        """See `FileStore`."""
        await asyncio.to_thread(self._publish, self._checked(song_id), folder, beside)

    async def list(self, song_id: str) -> tuple[StoredFile, ...]:
        """See `FileStore`."""
        return await asyncio.to_thread(self._list, self._checked(song_id))

    async def fetch(self, song_id: str, name: str) -> AsyncIterator[bytes]:
        """See `FileStore`."""
        key = self._key(self._checked(song_id), checked_name(name))
        with self._told(song_id, name):
            size = int((await asyncio.to_thread(self._objects.info, key))["size"])
            for start in range(0, size, ANSWER_BYTES):
                answer = await asyncio.to_thread(self._objects.cat_file, key, start, min(start + ANSWER_BYTES, size))
                for begin in range(0, len(answer), CHUNK_BYTES):
                    yield bytes(answer[begin : begin + CHUNK_BYTES])

    async def bring(self, song_id: str) -> Path:
        """See `FileStore`."""
        return await asyncio.to_thread(self._bring, self._checked(song_id))

    async def remove(self, song_id: str) -> None:
        """See `FileStore`."""
        await asyncio.to_thread(self._remove, self._checked(song_id))

    async def songs(self) -> tuple[str, ...]:
        """See `FileStore`."""
        return await asyncio.to_thread(self._songs)

    async def check(self) -> str:
        """See `FileStore`."""
        return await asyncio.to_thread(self._try)

    async def trim(self, most_bytes: int = MOST_KEPT_BYTES) -> None:
        """Forget what was brought longest ago, until what is left takes no more than `most_bytes`."""
        await asyncio.to_thread(_trim, self._cache, most_bytes)

    def _key(self, *parts: str) -> str:
        return "/".join((self._root, self._space, *parts))

    def _checked(self, song_id: str) -> str:
        return checked_id(song_id, self._space)

    def _publish(self, song_id: str, folder: Path, beside: bool) -> None:
        names = names_to_publish(folder)
        with self._told(song_id):
            for old in to_remove([file.name for file in self._list(song_id)], names, beside=beside):
                self._objects.rm_file(self._key(song_id, old))
            for name in names:
                self._objects.put_file(str(folder / name), self._key(song_id, name))
        shutil.rmtree(self._cache / song_id, ignore_errors=True)

    def _list(self, song_id: str) -> tuple[StoredFile, ...]:
        with self._told(song_id):
            found = self._objects.find(self._key(song_id), detail=True)
        names = {key.rpartition("/")[2]: int(info["size"]) for key, info in found.items()}
        return tuple(StoredFile(name=name, size=names[name]) for name in sorted(names) if FILE_NAME.fullmatch(name))

    def _bring(self, song_id: str) -> Path:
        files = self._list(song_id)
        if not files:
            raise not_found(self._space, song_id)
        folder = self._cache / song_id
        if _is_brought(folder, files):
            folder.touch()
            return folder
        half = self._cache / f".{song_id}.{secrets.token_hex(4)}"
        try:
            half.mkdir(parents=True)
            for file in files:
                with self._told(song_id, file.name):
                    self._objects.get_file(self._key(song_id, file.name), str(half / file.name))
            _take_place(half, folder)
        except OSError as error:
            raise StoreError(f"The files cannot be brought to {folder} ({error.strerror}).") from error
        finally:
            shutil.rmtree(half, ignore_errors=True)
        return folder

    def _remove(self, song_id: str) -> None:
        with self._told(song_id):
            for name in sorted((file.name for file in self._list(song_id)), key=receipt_last, reverse=True):
                with suppress(FileNotFoundError):
                    self._objects.rm_file(self._key(song_id, name))
        shutil.rmtree(self._cache / song_id, ignore_errors=True)

    def _songs(self) -> tuple[str, ...]:
        found: list[str] = []
        with self._told(), suppress(FileNotFoundError):  # which is what an empty place is called
            found = self._objects.ls(self._key(), detail=False)
        names = (key.rstrip("/").rpartition("/")[2] for key in found)
        return tuple(sorted(name for name in names if SONG_ID.fullmatch(name)))

    def _try(self) -> str:
        key = self._key(f".trial-{secrets.token_hex(6)}")
        try:
            with self._told():
                self._objects.pipe_file(key, b"\n")
                if self._objects.cat_file(key) != b"\n":
                    raise StoreError("what was written is not what is read")
                self._objects.rm_file(key)
        except StoreError as error:
            raise SetupError(
                f"The files at {self._url} cannot be written and read ({error}); check TUNESMITH_FILES and the"
                " endpoint, region, key and secret beside it."
            ) from error
        return self._url

    @contextmanager
    def _told(self, song_id: str = "", name: str = "") -> Iterator[None]:
        """Say in one sentence what is wrong with the store; what is missing is `NotFound`."""
        try:
            yield
        except FileNotFoundError as error:
            if not name:
                raise StoreError(f"The files at {self._url} are not there ({_first_line(error)}).") from error
            raise file_not_found(self._space, song_id, name) from None
        except (BaseError, OSError, TimeoutError) as error:
            raise StoreError(
                f"The files at {self._url} cannot be reached or written ({_first_line(error)})."
            ) from error


def _root_of(url: str) -> str:
    """`s3://bucket/prefix/` → `bucket/prefix`; raises `SetupError` for what is no such URL."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
        raise SetupError(
            "The setting TUNESMITH_FILES has to be s3://bucket/prefix, or empty for the data folder; keys belong into"
            " TUNESMITH_FILES_KEY and TUNESMITH_FILES_SECRET."
        )
    return f"{parts.netloc}{parts.path}".rstrip("/")


def _connect(place: FilesPlace, retry_s: float) -> AbstractFileSystem:
    """The object store behind its face; nothing is asked of it yet."""
    config: dict[str, Any] = {
        "endpoint": place.endpoint,
        "region": place.region or ("us-east-1" if place.endpoint else None),
        "access_key_id": place.key,
        "secret_access_key": place.secret,
    }
    options: dict[str, Any] = {
        "config": {name: value for name, value in config.items() if value is not None},
        "client_options": {
            "allow_http": (place.endpoint or "").startswith("http://"),
            "connect_timeout": timedelta(seconds=CONNECT_S),
            "timeout": timedelta(seconds=ANSWER_S),
        },
        "retry_config": {"max_retries": 10, "retry_timeout": timedelta(seconds=retry_s)},
        "skip_instance_cache": True,
    }
    return FsspecStore("s3", **options)


def _is_brought(folder: Path, files: tuple[StoredFile, ...]) -> bool:
    """Whether the folder holds exactly these files, by name and size."""
    if not folder.is_dir():
        return False
    return {path.name: path.stat().st_size for path in folder.iterdir()} == {file.name: file.size for file in files}


def _take_place(half: Path, folder: Path) -> None:
    """Put a brought folder where it belongs; one that another brought meanwhile does as well."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        half.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise


def _trim(cache: Path, most_bytes: int) -> None:
    if not cache.is_dir():
        return
    folders = sorted((path for path in cache.iterdir() if path.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    total = 0
    for folder in folders:
        total += sum(file.stat().st_size for file in folder.iterdir())
        if total > most_bytes:
            shutil.rmtree(folder, ignore_errors=True)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].strip()
