"""Bytes to the disk: several files, all of them whole or none.

In: paths and bytes. Out: the files. Conventions: each is written under a temporary name beside its place,
`.<name>.<chance>.part`, and moved there when all are written. What goes wrong is told in one sentence that names the
file, the reason and what would work. Caveat: a process that is killed outright leaves temporary files behind; `folder`
sweeps them away.
"""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from engine.errors import SetupError

PART = ".part"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
MEGABYTE = 1e6


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write files so that all are there whole, or none is changed. Raises `SetupError` naming the path and the reason.

    The moves come in the mapping's order, so the last file is there only if all others are.
    """
    mark = secrets.token_hex(4)
    temporary = {path: path.with_name(f".{path.name}.{mark}{PART}") for path in files}
    path = next(iter(files))
    try:
        try:
            for path, data in files.items():
                with temporary[path].open("xb") as file:
                    file.write(data)
            for path in files:
                os.replace(temporary[path], path)
        finally:
            for part in temporary.values():
                part.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(path, error, size_bytes=sum(map(len, files.values()))) from error


def unwritable(
    path: Path, error: OSError, *, size_bytes: int = 0, what: Literal["file", "folder"] = "file"
) -> SetupError:
    """What is said where a file of a song, which needs `size_bytes` in all, or a folder cannot be written."""
    subject = f"The {what} {str(path)!r} cannot be written ({error.strerror or error})"
    needed = f"{max(size_bytes / MEGABYTE, 0.1):.1f} MB" if size_bytes else "a few megabytes"
    place = path if what == "folder" else path.parent
    if error.errno in FULL:
        return SetupError(
            f"{subject}: the disk that {str(place)!r} lies on is full; {needed} of free space there, or a folder on "
            "another disk, would work."
        )
    if error.errno == errno.EFBIG:
        return SetupError(
            f"{subject}: the disk or this process's limits allow no file of {needed}; a shorter song, or a folder on "
            "another disk, would work."
        )
    if what == "folder":
        return SetupError(f"{subject}; one that you may write to would work.")
    return SetupError(f"{subject}; a folder that exists, is writable and has free space would work.")
