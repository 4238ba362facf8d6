"""A song's folder: made when it is needed, and left as it was found when the song comes to nothing.

In: a folder and the name that a song's files share. Out: the folder, ready to be written. Conventions: files of that
name are the song's own (`<name>.mp3`, `<name>.json`…); everything else in the folder belongs to somebody else and is
never touched. Caveat: a process that is killed outright cleans up nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import BadRequest, SetupError


@contextmanager
def all_or_nothing(folder: Path, name: str) -> Iterator[None]:
    """Make the folder; when the song fails, take away its files and what was made of the folder."""
    created: list[Path] = []
    try:
        created = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        trial = folder / f".{secrets.token_hex(6)}"
        trial.touch()
        trial.unlink()
        taken = next((path for path in folder.iterdir() if path.name.startswith(f"{name}.")), None)
    except OSError as error:
        _remove(created)
        reason = "it is no folder" if isinstance(error, FileExistsError) else error.strerror
        raise SetupError(
            f"The folder {str(folder)!r} cannot be written ({reason}); one that you may write to would work."
        ) from error
    if taken is not None:
        raise BadRequest(f"The file {str(taken)!r} is there already; another name or folder would work.")
    try:
        yield
    except BaseException:
        for path in folder.iterdir():
            if path.name.startswith(f"{name}."):
                path.unlink()
        _remove(created)
        raise


def _remove(folders: list[Path]) -> None:
    """Remove the empty ones of `folders`, innermost first."""
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
