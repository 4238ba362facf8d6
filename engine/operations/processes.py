"""What processes take: memory and processor time, as the system counts them.

In: process ids. Out: `Usage`. Conventions: memory is what lies in RAM (resident), in bytes; time is of all threads, in
seconds, since the process began. Caveat: read from `/proc`, so elsewhere than on Linux nothing is known; pages that
processes share are counted in each of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """A process's memory and time."""

    resident_bytes: int
    cpu_s: float


def usage(pid: int, *, proc: Path = PROC) -> Usage | None:
    """What the process takes; None when there is no such process (any more) or the system does not say."""
    try:
        pages = int((proc / str(pid) / "statm").read_text().split()[1])
        fields = (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, IndexError, ValueError):
        return None
    # Of proc(5), counted from the third: utime is the 14th field, stime the 15th.
    ticks = int(fields[11]) + int(fields[12])
    return Usage(
        resident_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        cpu_s=ticks / os.sysconf("SC_CLK_TCK"),
    )
