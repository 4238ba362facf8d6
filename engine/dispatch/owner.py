"""The name under which this process takes jobs, so that after a crash the next one knows its own.

In: the data folder. Out: a name, such as `host-3f2a91bc/0`. Conventions: the name stands in a file that is locked as
long as the process lives; the system frees the lock whatever ends the process, and whoever starts next takes the first
free file and, with it, the name and its jobs. Several processes may share a data folder. Caveat: where files cannot be
locked (Windows, some network disks) every process gets a fresh name, and a dead one's jobs wait for their leases to
end.
"""

from __future__ import annotations

import os
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path

from engine.errors import SetupError
from engine.store.locked import lock_file

MOST = 64
NAME = re.compile(r"[0-9A-Za-z.-]{1,50}/\d{1,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A name, held until `let_go`."""

    name: str
    descriptor: int | None

    def let_go(self) -> None:
        """The name is free for others."""
        if self.descriptor is not None:
            os.close(self.descriptor)


def hold_name(data_dir: Path) -> Owner:
    """Take the first name that nobody holds; raises `SetupError` when the data folder cannot be written."""
    folder = data_dir.absolute() / "studios"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(MOST):
            held = _try(folder / str(number), number)
            if held is not None:
                return held
    except OSError as error:
        raise SetupError(
            f"The folder {folder} cannot be written ({error.strerror}); make it writable, or name another one in"
            " TUNESMITH_DATA_DIR."
        ) from error
    return Owner(name=_fresh_name(MOST), descriptor=None)


def _try(path: Path, number: int) -> Owner | None:
    """Hold the name in this file, if nobody does."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    if not lock_file(descriptor):
        os.close(descriptor)
        return None
    known = os.read(descriptor, 100).decode(errors="replace").strip()
    if NAME.fullmatch(known):
        return Owner(name=known, descriptor=descriptor)
    name = _fresh_name(number)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{name}\n".encode(), 0)
    return Owner(name=name, descriptor=descriptor)


def _fresh_name(number: int) -> str:
    """A name that no other machine and no other data folder has."""
    host = re.sub(r"[^0-9A-Za-z.-]", "-", socket.gethostname())[:40] or "host"
    return f"{host}-{secrets.token_hex(4)}/{number}"
