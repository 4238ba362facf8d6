"""Opening the file store that the settings name.

In: settings, or a `FilesPlace`. Out: a `FileStore`. Conventions: the packages that speak to object stores are loaded
for a URL alone, so a laptop needs none of them. Caveat: nothing is asked of the server yet; `check` does.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import SetupError
from engine.settings import Settings
from engine.store.files import FilesPlace, FileStore
from engine.store.folders import FolderFiles
from engine.store.names import Space


def place_of(settings: Settings) -> FilesPlace:
    """Which file store the settings name, with its keys in clear text: for the store alone, never for a log."""
    return FilesPlace(
        url=settings.files,
        endpoint=settings.files_endpoint,
        region=settings.files_region,
        key=settings.files_key.get_secret_value() if settings.files_key else None,
        secret=settings.files_secret.get_secret_value() if settings.files_secret else None,
    )


def open_files(place: FilesPlace, data_dir: Path, space: Space = "songs") -> FileStore:
    """The file store at that place; raises `SetupError` when there can be none. `space`: of what."""
    if place.url is None:
        return FolderFiles(data_dir, space)
    try:
        from engine.store.objects import ObjectFiles  # noqa: PLC0415 (its packages are optional)
    except ImportError as error:
        raise SetupError(
            f"The files at {place.url} need the package {error.name}; `pip install 'tunesmith[cluster]'` brings it."
        ) from error
    return ObjectFiles(place, data_dir, space)
