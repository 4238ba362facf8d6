"""A song's folder: made when it is needed, and left as it was found when the song comes to nothing.

In: a folder and the name that a song's files share. Out: the folder, ready to be written. Conventions: files of that
name are the song's own (`<name>.mp3`, `<name>.json`…); everything else in the folder belongs to somebody else and is
never touched. While a song is made, `.<name>.making` lies there, locked by its process. A process that is killed
outright leaves it unlocked behind, and the next song in the folder sweeps away what it marks, unless the receipt, which
is written last, says that the song is whole. Caveat: where files cannot be locked (some network disks, Windows) nothing
is swept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.compose.files.write import PART, unwritable
from engine.errors import BadRequest, SetupError
from engine.store.locked import lock_file

MARK = ".making"
RECEIPT = ".json"


@contextmanager
def all_or_nothing(folder: Path, name: str) -> Iterator[None]:
    """Make the folder; when the song fails, take away its files and what was made of the folder."""
    created: list[Path] = []
    mark = folder / f".{name}{MARK}"
    try:
        created = [parent for parent in (folder, *folder.parents) if not parent.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        taken = next((path for path in folder.iterdir() if path.name.startswith(f"{name}.")), None)
        lock = None if taken is not None else _locked(mark)
    except OSError as error:
        _remove(created)
        raise _unusable(folder, error) from error
    if lock is None:
        raise BadRequest(f"The file {str(taken or mark)!r} is there already; another name or folder would work.")
    try:
        yield
    except BaseException:
        _take_away(folder, name)
        _close(mark, lock)
        _remove(created)
        raise
    _close(mark, lock)


def sweep(folder: Path) -> None:
    """Take away what songs left in `folder` whose process was killed."""
    for mark in folder.glob(f".*{MARK}"):
        try:
            lock = os.open(mark, os.O_RDWR)
        except OSError:
            continue  # another process swept it, or it is not ours to sweep
        if not lock_file(lock):
            os.close(lock)
            continue
        name = mark.name[1 : -len(MARK)]
        if not (folder / f"{name}{RECEIPT}").exists():
            _take_away(folder, name)
        else:
            _take_away(folder, name, parts_only=True)
        _close(mark, lock)


def is_being_made(folder: Path) -> bool:
    """Whether a living process makes a song in `folder`."""
    for mark in folder.glob(f".*{MARK}"):
        try:
            lock = os.open(mark, os.O_RDWR)
        except OSError:
            continue  # it has just ended
        free = lock_file(lock)
        os.close(lock)
        if not free:
            return True
    return False


def _locked(mark: Path) -> int | None:
    """A new locked mark's descriptor; None where another process makes a song of this name. The byte in it proves that
    the disk has room.
    """
    try:
        lock = os.open(mark, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
    except FileExistsError:
        return None
    try:
        os.write(lock, b"\n")
    except OSError:
        _close(mark, lock)
        raise
    lock_file(lock)
    return lock


def _close(mark: Path, lock: int) -> None:
    mark.unlink(missing_ok=True)
    os.close(lock)


def _take_away(folder: Path, name: str, *, parts_only: bool = False) -> None:
    """Remove the song's files, temporary ones included."""
    for path in folder.iterdir():
        is_part = path.name.startswith(f".{name}.") and path.name.endswith(PART)
        if is_part or (path.name.startswith(f"{name}.") and not parts_only):
            path.unlink(missing_ok=True)


def _unusable(folder: Path, error: OSError) -> SetupError:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return SetupError(
            f"The folder {str(folder)!r} cannot be written (it is no folder); one that you may write to would work."
        )
    return unwritable(folder, error, what="folder")


def _remove(folders: list[Path]) -> None:
    """Remove the empty ones of `folders`, innermost first."""
    for folder in folders:
        with suppress(OSError):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
