"""Where a song's files lie: `<data folder>/songs/<song id>/`.

Conventions: a song's folder holds its audio, MIDI, picture, score and receipt and nothing else. Caveat: ids come from
outside (a button says which song it means), so one that could leave the folder is refused before it becomes a path.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from engine.errors import NotFound, SetupError

SONG_ID = re.compile(r"[0-9a-z]{4,32}")


class SongFolders:
    """Folders by song id under `data_dir`."""

    def __init__(self, data_dir: Path) -> None:
        self._root = data_dir.absolute() / "songs"

    def path(self, song_id: str) -> Path:
        """The song's folder, whether it exists or not; raises `NotFound` for what cannot be an id."""
        if not SONG_ID.fullmatch(song_id):
            raise NotFound(f"There is no song {song_id[:40]!r}; a song's id is in the last line of its message.")
        return self._root / song_id

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
