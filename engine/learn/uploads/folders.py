"""The one folder of an upload: made, locked while it is in use, and gone afterwards, whatever happens.

In: the folder in which it shall lie. Out: a `WorkingFolder`. Conventions: whoever made it holds a lock on it; a
folder whose lock can be had belonged to a process that was killed, and the next one sweeps it away. Caveat: the lock
works between processes of one machine.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from engine.store.locked import lock_file

PREFIX = "tunesmith-upload-"
LOCK = ".lock"


class WorkingFolder:
    """A folder of its own below `inside`. `close` removes it with all that is in it; safe to call twice."""

    def __init__(self, inside: Path) -> None:
        inside.mkdir(parents=True, exist_ok=True)
        sweep(inside)
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX, dir=inside))
        self._lock: int | None = os.open(self.path / LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        lock_file(self._lock)

    def close(self) -> None:
        """Remove everything."""
        if self._lock is not None:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._lock)
            self._lock = None


def sweep(inside: Path) -> int:
    """Remove the folders that dead processes left; returns how many."""
    gone = 0
    for folder in inside.glob(f"{PREFIX}*"):
        try:
            lock = os.open(folder / LOCK, os.O_RDWR)
        except OSError:  # just being made, or just being removed
            continue
        if lock_file(lock):
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
        os.close(lock)
    return gone
