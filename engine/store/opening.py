"""Opening the file store that the settings name.

In: a `FilesPlace`. Out: a `FileStore`. Conventions: the packages that speak to object stores are loaded for a URL alone,
so a laptop needs none of them. Caveat: nothing is asked of the server yet; `check` does.
"""

from __future__ import annotations

from pathlib import Path

from engine.errors import SetupError
from engine.store.files import FilesPlace, FileStore
from engine.store.folders import FolderFiles


def open_files(place: FilesPlace, data_dir: Path) -> FileStore:
    """The file store at that place; raises `SetupError` when there can be none."""
    if place.url is None:
        return FolderFiles(data_dir)
    try:
        from engine.store.objects import ObjectFiles  # noqa: PLC0415 (its packages are optional)
    except ImportError as error:
        raise SetupError(
            f"The files at {place.url} need the package {error.name}; `pip install 'tunesmith[cluster]'` brings it."
        ) from error
    return ObjectFiles(place, data_dir)
