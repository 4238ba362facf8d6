"""Letting others go first: whoever has work that can wait asks, between two pieces of it, whether somebody is busy.

    the studio ─says─→ <data folder>/trainings/.busy ←asks─ whoever trains

In: what the studio says now and then while songs are composed. Out: whether that is so now. Conventions: what was said
holds for `HOLDS_S`, so that a studio that died keeps nobody waiting. Caveat: on another machine, where composing is not
disturbed anyway, nothing is heard.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

HOLDS_S = 3.0
TRAININGS = "trainings"
"""Where, under the data folder, servers' trainings keep how far they are; `training` is the shipped styles' own."""


class Courtesy:
    """A file that is touched by one side and looked at by the other."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir.absolute() / TRAININGS / ".busy"

    def say(self, is_busy: bool) -> None:
        """Somebody is busy, or nobody is any more. A disk that is full costs the courtesy, nothing else."""
        with suppress(OSError):
            if is_busy:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._path.touch()
            else:
                self._path.unlink(missing_ok=True)

    @property
    def is_busy(self) -> bool:
        """Whether somebody is, as far as was said."""
        try:
            said = self._path.stat().st_mtime
        except OSError:
            return False
        return abs(time.time() - said) < HOLDS_S
