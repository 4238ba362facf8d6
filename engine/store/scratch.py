"""Where songs are made before they are kept: `<data folder>/scratch/<song id>/`, on this machine alone.

In: song ids. Out: folders. Conventions: what is finished is published from here to the file store, and the folder goes;
a folder that stays was left by a process that died. Caveat: local disks only, for composing locks its files.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from engine.errors import SetupError
from engine.store.names import SONG_ID, checked_id


class Scratch:
    """Folders by song id under `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir.absolute() / "scratch"

    def path(self, song_id: str) -> Path:
        """The song's folder, whether it exists or not; raises `NotFound` for what cannot be an id."""
        return self._root / checked_id(song_id)

    def make(self, song_id: str) -> Path:
        """Create the song's folder; raises `SetupError` when the data folder cannot be written."""
        folder = self.path(song_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SetupError(
                f"The folder {folder} cannot be made ({error.strerror}); make it writable, or name another one in"
                " TUNESMITH_DATA_DIR."
            ) from error
        return folder

    def remove(self, song_id: str) -> None:
        """Remove the song's folder and what is in it, if it is there."""
        shutil.rmtree(self.path(song_id), ignore_errors=True)

    def ids(self) -> tuple[str, ...]:
        """Songs that have a folder here."""
        names = (path.name for path in self._root.iterdir()) if self._root.is_dir() else ()
        return tuple(sorted(name for name in names if SONG_ID.fullmatch(name)))
