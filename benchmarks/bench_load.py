"""Many at once: latency of one request, throughput of many, waits against a fair queue, occupancy, memory.

    python -m benchmarks.bench_load [--at-once 1,8,32,128] [--seconds 60] [--device auto] [--database URL]
                                    [--plot docs/images/performance.png]

A whole studio is opened in an empty data folder: queue, composing process, rendering processes, files. Requests are of
mixed styles, each of another person, all written to the queue before the first is served. Prints Markdown tables.
Conventions: a wait is from acceptance to the song's files; seconds are wall-clock time, so run it on an idle machine.
"What a fair queue would give": of m songs that are made side by side none overtakes another, so the one that is k-th in
turn order is ready when k + m − 1 songs are. Caveat: nothing is delivered; `bench_discord` measures Discord's side.
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks.processes import cpu_s, family
from engine import ComposeRequest, Origin, Settings, Studio
from engine.dispatch.lanes import lanes_of

STYLES = ("lofi", "jazz", "rock", "classical")
ALONE = 20
GREEDY = 16
"""Songs that one person asks for before as many others ask for one each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """So many requests at once: each one's wait in seconds in turn order, how many of them are composed side by side,
    and what the machine did meanwhile.
    """

    waits_s: tuple[float, ...]
    side_by_side: int
    took_s: float
    cpu_s: float
    occupancy: float | None
    stages_s: dict[str, float]

    @property
    def songs_a_second(self) -> float:
        """Throughput."""
        return len(self.waits_s) / self.took_s

    @property
    def unfairness(self) -> float:
        """The most that a song waited, as a multiple of what a fair queue would give."""
        ready, beside = sorted(self.waits_s), self.side_by_side - 1
        due = [ready[min(at + beside, len(ready) - 1)] for at in range(len(ready))]
        return max(wait / fair for wait, fair in zip(self.waits_s, due, strict=True))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", default="1,8,32,128")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--database")
    parser.add_argument("--plot", type=Path)
    order = parser.parse_args()
    asyncio.run(measured(order))


async def measured(order: argparse.Namespace) -> None:
    """Open a studio and try all."""
    print(f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, songs of {order.seconds:g} s\n")
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.read(
            data_dir=folder, device=order.device, person_limit=1000, database_url=order.database or None
        )
        async with await Studio.open(settings) as studio:
            await crowd(studio, requests(len(STYLES), order.seconds))  # every style is loaded
            alone = [(await crowd(studio, [one])).took_s for one in requests(ALONE, order.seconds)]
            print(f"One request, {ALONE} in turn: median {median(alone):.2f} s, p95 {p95(alone):.2f} s\n")
            crowds, beside = [], lanes_of(settings)[0].at_once
            print(HEAD)
            for count in map(int, order.at_once.split(",")):
                crowds.append(await crowd(studio, requests(count, order.seconds), beside))
                print(row(crowds[-1]), flush=True)
            print(f"\nOne person asks for {GREEDY}, then {GREEDY} others for one each:")
            print(f"{await greedy(studio, order, beside)}\n")
            print(memory())
    if order.plot is not None:
        draw(crowds, order.plot)


HEAD = (
    "| at once | songs/s | CPU s a song | wait median s | wait p95 s | longest wait ÷ fair | occupancy |"
    " composing s | rendering s |\n|---|---|---|---|---|---|---|---|---|"
)


def row(found: Crowd) -> str:
    """A line of the table."""
    waits = found.waits_s
    occupancy = "" if found.occupancy is None else f"{found.occupancy:.0%}"
    stages = [f"{found.stages_s[name]:.2f}" if name in found.stages_s else "" for name in ("composing", "rendering")]
    return (
        f"| {len(waits)} | {found.songs_a_second:.2f} | {found.cpu_s / len(waits):.2f} | {median(waits):.1f} |"
        f" {p95(waits):.1f} | {found.unfairness:.2f} | {occupancy} | {' | '.join(stages)} |"
    )


def requests(count: int, seconds: float) -> list[tuple[ComposeRequest, Origin]]:
    """Mixed styles, a person each, all in one server."""
    return [
        (
            ComposeRequest(prompt=f"{STYLES[at % len(STYLES)]} {seconds:g}s", seed=1000 + at),
            Origin(person_id=1 + at, guild_id=1, channel_id=1),
        )
        for at in range(count)
    ]


async def crowd(studio: Studio, wishes: Sequence[tuple[ComposeRequest, Origin]], side_by_side: int = 1) -> Crowd:
    """Accept them all, then wait for them all."""
    before, busy, began = rows_of(studio), cpu_s(), perf_counter()
    tickets = [await studio.accept(request, origin=origin) for request, origin in wishes]
    waits = await asyncio.gather(*(finished(studio, ticket.job_id, began) for ticket in tickets))
    took = perf_counter() - began
    after = rows_of(studio)
    served, run = (after[0] - before[0], after[1] - before[1])
    return Crowd(
        waits_s=tuple(waits),
        side_by_side=side_by_side,
        took_s=took,
        cpu_s=cpu_s() - busy,
        occupancy=served / run if run else None,
        stages_s=dict(studio.state().stages_s),
    )


async def finished(studio: Studio, job_id: str, began: float) -> float:
    """Seconds until the song is there."""
    async for update in studio.watch(job_id):
        if update.phase == "ready":
            took = perf_counter() - began
            await studio.delivered(job_id)
            return took
        if update.phase in ("failed", "cancelled"):
            raise SystemExit(f"The song {job_id} came to nothing: {update.sentence}")
    raise SystemExit(f"Nothing more was heard of the song {job_id}.")


async def greedy(studio: Studio, order: argparse.Namespace, side_by_side: int) -> str:
    """How a person's many songs delay other people's one."""
    wishes = requests(2 * GREEDY, order.seconds)
    many = [(request, Origin(person_id=999, guild_id=1, channel_id=1)) for request, _ in wishes[:GREEDY]]
    began = perf_counter()
    tickets = [await studio.accept(request, origin=origin) for request, origin in many + wishes[GREEDY:]]
    waits = await asyncio.gather(*(finished(studio, ticket.job_id, began) for ticket in tickets))
    ready = sorted(waits)
    others, fair = max(waits[GREEDY:]), ready[min(GREEDY + side_by_side, len(ready)) - 1]
    return (
        f"the last of the others waits {others:.1f} s; in a fair queue, where {side_by_side} songs are begun already,"
        f" it is ready after {fair:.1f} s ({others / fair:.2f} times)"
    )


def rows_of(studio: Studio) -> tuple[int, int]:
    """Rows of the batch that served a song so far, and rows that there were room for."""
    facts = [told for lane in studio.state().lanes for told in lane.facts if "slots" in told]
    return sum(told["rows_served"] for told in facts), sum(told["steps"] * told["slots"] for told in facts)


def memory() -> str:
    """A table of processes."""
    lines = ["| process | resident MB | of its own MB |", "|---|---|---|"]
    lines += [f"| {taken.what} | {taken.rss_mb:.0f} | {taken.uss_mb:.0f} |" for taken in family()]
    return "\n".join(lines)


def machine() -> str:
    """Processor and cores, as far as the system tells."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.split(":")[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        model = f"{names[0]}, {len(names)} cores" if names else model
    return model


def p95(values: Sequence[float]) -> float:
    """The 95th percentile, the higher neighbour."""
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def draw(crowds: Sequence[Crowd], path: Path) -> None:
    """Throughput and waits over how many ask at once."""
    from matplotlib.figure import Figure  # noqa: PLC0415 (only pictures need it)

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    counts = [len(one.waits_s) for one in crowds]
    left.plot(counts, [one.songs_a_second for one in crowds], marker="o", color="#3b6ea5")
    left.axhline(1.0, color="#999999", linewidth=1, linestyle="--")
    left.set(xscale="log", xticks=counts, xticklabels=counts, ylim=(0, None))
    left.set(xlabel="requests at once", ylabel="songs of a minute per second")
    for one in crowds:
        right.plot(sorted(one.waits_s), range(1, len(one.waits_s) + 1), marker=".", label=f"{len(one.waits_s)} at once")
    right.set(xlabel="wait in seconds", ylabel="songs ready")
    right.legend(frameon=False)
    for axes in (left, right):
        axes.spines[["top", "right"]].set_visible(False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
