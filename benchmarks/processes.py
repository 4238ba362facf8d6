"""What a family of processes takes: memory and processor time of this one and all its children.

In: this process. Out: `Taken`. Conventions: memory is the unique set size, what would be free if the process ended,
beside the resident set size, which counts shared pages in each process; bytes. Caveat: Linux and macOS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One process: `what` it is by its command line, its resident and unique memory in MB, its processor seconds."""

    pid: int
    what: str
    rss_mb: float
    uss_mb: float
    cpu_s: float


def family() -> list[Taken]:
    """This process and its descendants, oldest first; one that ends meanwhile is left out."""
    return list(_taken([psutil.Process(), *psutil.Process().children(recursive=True)]))


def cpu_s() -> float:
    """Processor seconds of the family so far."""
    return sum(taken.cpu_s for taken in family())


def _taken(processes: list[psutil.Process]) -> Iterator[Taken]:
    for process in processes:
        try:
            with process.oneshot():
                memory, times = process.memory_full_info(), process.cpu_times()
                words = process.cmdline()
        except psutil.Error:
            continue
        what = "studio" if process.pid == os.getpid() else " ".join(words[1:])[-60:]
        yield Taken(
            pid=process.pid,
            what=what,
            rss_mb=memory.rss / 1e6,
            uss_mb=memory.uss / 1e6,
            cpu_s=times.user + times.system,
        )
