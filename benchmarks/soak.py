"""Many songs in a row: does memory grow, do processes or files stay behind?

    python -m benchmarks.soak [--requests 500] [--seconds 60] [--at-once 8]

A whole studio, all styles in turn, so many waiting at any time. Memory is each process's own (unique set size), the
median over the readings of the second tenth of the songs against that of the last. Prints a table and ends with exit
code 1 when it grew by more than `MOST_GROWTH`, a process was started anew or is left over, or a file is left behind in
scratch or the temporary folder. Caveat: the first tenth is for loading styles and filling caches.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

from benchmarks.bench_load import finished
from benchmarks.processes import family
from engine import ComposeRequest, Origin, Settings, Studio

MOST_GROWTH = 0.05
READ_EVERY = 5
"""Songs between two readings of memory."""

Reading = dict[int, float]
"""Process → its own memory in MB."""


def main() -> None:
    """Soak, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--at-once", type=int, default=8)
    order = parser.parse_args()
    with tempfile.TemporaryDirectory() as outside, tempfile.TemporaryDirectory() as inside:
        os.environ["TMPDIR"] = inside  # of the workers, which are started after this
        tempfile.tempdir = None
        faults = asyncio.run(soak(order, Path(outside)))
        left = sorted(path for path in Path(inside).rglob("*") if path.is_file())  # torch makes itself an empty folder
        faults += [f"left in the temporary folder: {path}" for path in left]
    faults += [f"still running: {' '.join(process.cmdline())}" for process in psutil.Process().children(recursive=True)]
    print("\n".join(faults) or "Nothing was left behind.")
    sys.exit(bool(faults))


async def soak(order: argparse.Namespace, data_dir: Path) -> list[str]:
    """Keep the studio busy; what was found wrong."""
    readings: list[Reading] = []
    began = perf_counter()
    async with await Studio.open(Settings.read(data_dir=data_dir, person_limit=1000)) as studio:
        wishes = iter(requests(studio.style_names(), order.requests, order.seconds))
        done = 0

        async def keep_asking() -> None:
            nonlocal done
            for request in wishes:
                ticket = await studio.accept(request, origin=Origin(person_id=done, guild_id=1))
                await finished(studio, ticket.job_id, began)
                done += 1
                if done % READ_EVERY == 0:
                    readings.append({taken.pid: taken.uss_mb for taken in family()})

        await asyncio.gather(*(keep_asking() for _ in range(order.at_once)))
        names = {taken.pid: taken.what for taken in family()}
    took = perf_counter() - began
    print(f"{done} songs of {order.seconds:g} s in {took:.0f} s\n")
    left = [f"left in scratch: {path}" for path in sorted((data_dir / "scratch").glob("*"))]
    return grown(readings, names) + left


def grown(readings: list[Reading], names: dict[int, str]) -> list[str]:
    """Print how memory went, process by process; what grew too much, and what was not there all the time."""
    tenth = max(1, len(readings) // 10)
    early, late = readings[tenth : 2 * tenth], readings[-tenth:]
    print("| process | early MB | late MB | growth |\n|---|---|---|---|")
    faults = []
    total = [0.0, 0.0]
    for pid in {pid for reading in readings[tenth:] for pid in reading}:
        if not all(pid in reading for reading in readings[tenth:]):
            faults.append(f"not there all the time: process {pid} {names.get(pid, '')}")
            continue
        before, after = (median(reading[pid] for reading in part) for part in (early, late))
        total = [total[0] + before, total[1] + after]
        print(f"| {names.get(pid, pid)} | {before:.1f} | {after:.1f} | {after / before - 1:+.1%} |")
    print(f"| all | {total[0]:.1f} | {total[1]:.1f} | {total[1] / total[0] - 1:+.1%} |\n")
    if total[1] > total[0] * (1 + MOST_GROWTH):
        faults.append(f"memory grew from {total[0]:.0f} to {total[1]:.0f} MB")
    return faults


def requests(styles: Iterable[str], count: int, seconds: float) -> Iterable[ComposeRequest]:
    """Wishes, the styles in turn."""
    for at, style in zip(range(count), cycle(styles), strict=False):
        yield ComposeRequest(prompt=f"{style} {seconds:g}s", seed=at)


if __name__ == "__main__":
    main()
