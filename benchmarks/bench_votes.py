"""How many votes a second are stored, and how soon: `python -m benchmarks.bench_votes [--seconds 8] [--rate 200]`.

Presses arrive at a steady rate, whether the earlier ones are stored or not: people vote, change their minds and
withdraw, some on their own songs. Afterwards every vote that is in the database is compared with what should be there,
vote by vote, and with the counts that are shown; then as many presses as there are in a second arrive at once. The same
on SQLite and, where it is installed, on PostgreSQL, whose results must be the same. Conventions: latency is from the
moment that a press was due to its count, in milliseconds; one process. Caveat: Discord's way is not in it
(`bench_discord` measures that), and a busy machine measures the others' work.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TypeAlias

import numpy as np
import pytest

from engine.store import Origin, Store, VoteValue
from tests.contract.postgres import running_server

GUILD = 10**17
SONGS, PEOPLE = 60, 80
LIKED = 0.65
"""How many presses are 👍."""
AGAIN = 0.3
"""How many presses are by somebody who voted on this song before."""
CHARTS = 20
"""How often a chart is asked for."""

Press: TypeAlias = tuple[str, int, VoteValue]
Cast: TypeAlias = dict[tuple[str, int], VoteValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One database under this load. `votes`: what it holds at the end; `lost`: what it should hold and does not, or
    does otherwise; `doubled`: what it holds and should not; `miscounted`: songs whose counts are not those of the
    votes.
    """

    database: str
    steady_ms: Sequence[float]
    late_s: float
    burst_a_s: float
    votes: Cast
    lost: int
    doubled: int
    miscounted: int
    chart_ms: float
    ballot_ms: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--rate", type=int, default=200, help="presses a second")
    parser.add_argument("--seed", type=int, default=8)
    order = parser.parse_args()
    presses = planned(int(order.seconds * order.rate), random.Random(order.seed))
    print(
        f"{len(presses)} presses of {PEOPLE} people on {SONGS} songs, {order.rate} a second for {order.seconds:g} s\n"
    )
    print(
        "| database | p50 ms | p95 ms | p99 ms | most ms | behind s | at once, votes/s | lost | doubled | miscounted |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    results = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for name, url in databases(folder, stack).items():
            results.append(asyncio.run(measured(name, url(), presses, order)))
            print(row(results[-1]), flush=True)
    for found in results:
        print(f"\n{found.database}: a chart {found.chart_ms:.0f} ms, a ballot of all votes {found.ballot_ms:.0f} ms")
    same = all(found.votes == results[0].votes for found in results)
    print(f"\n{len(results[0].votes)} votes in the end" + (", the same in both" if same and len(results) > 1 else ""))
    if not same or any(found.lost or found.doubled or found.miscounted for found in results):
        raise SystemExit("The databases do not hold what was cast.")


def databases(folder: Path, stack: ExitStack) -> dict[str, Callable[[], str]]:
    """Name → a fresh database."""
    known: dict[str, Callable[[], str]] = {"SQLite": lambda: f"sqlite+aiosqlite:///{folder / 'votes.db'}"}
    try:
        known["PostgreSQL"] = stack.enter_context(running_server()).fresh_url
    except pytest.skip.Exception as reason:
        print(f"without PostgreSQL: {reason}")
    return known


def row(found: Found) -> str:
    """A line of the table."""
    shares = " | ".join(f"{np.percentile(found.steady_ms, share):.1f}" for share in (50, 95, 99, 100))
    counted = f"{found.lost} | {found.doubled} | {found.miscounted}"
    return f"| {found.database} | {shares} | {found.late_s:.2f} | {found.burst_a_s:.0f} | {counted} |"


def planned(count: int, rng: random.Random) -> list[Press]:
    """Presses in the order in which they arrive."""
    presses: list[Press] = []
    for _ in range(count):
        song, person = f"song{rng.randrange(SONGS)}", 1 + rng.randrange(PEOPLE)
        if presses and rng.random() < AGAIN:
            song, person, _ = rng.choice(presses)
        presses.append((song, person, 1 if rng.random() < LIKED else -1))
    return presses


def outcome(presses: Sequence[Press]) -> Cast:
    """Which votes there are after these presses."""
    cast: Cast = {}
    for song, person, value in presses:
        if cast.get((song, person)) == value:
            del cast[song, person]
        else:
            cast[song, person] = value
    return cast


def maker(song: str) -> int:
    """Who asked for the song: one of those who vote."""
    return 1 + int(song.removeprefix("song")) % PEOPLE


async def measured(name: str, url: str, presses: Sequence[Press], order: argparse.Namespace) -> Found:
    """Open the database, vote, look."""
    with tempfile.TemporaryDirectory() as folder:
        store = await Store.open(url, Path(folder))
        try:
            for number in range(SONGS):
                origin = Origin(guild_id=GUILD, person_id=maker(f"song{number}"))
                await store.begin(f"song{number}", {"prompt": "lofi"}, origin)
                await store.finish(f"song{number}", {"style": "lofi"})
            began = perf_counter()
            steady_ms = await voted(store, presses, order.rate)
            late_s = perf_counter() - began - len(presses) / order.rate
            burst = planned(order.rate, random.Random(order.seed + 1))
            began = perf_counter()
            await voted(store, burst, float("inf"))
            burst_a_s = len(burst) / (perf_counter() - began)
            return await looked(store, name, [*presses, *burst], (steady_ms, max(late_s, 0.0), burst_a_s))
        finally:
            await store.close()


async def voted(store: Store, presses: Sequence[Press], rate: float) -> list[float]:
    """Press at this rate; returns how many milliseconds each took."""
    in_turn: defaultdict[tuple[str, int], asyncio.Lock] = defaultdict(asyncio.Lock)
    began = perf_counter()

    async def press(due: float, song: str, person: int, value: VoteValue) -> float:
        async with in_turn[song, person]:  # whoever presses again has seen the count of the time before
            await store.press(song, person_id=person, value=value)
        return (perf_counter() - began - due) * 1000

    running = []
    for at, (song, person, value) in enumerate(presses):
        due = at / rate
        await asyncio.sleep(max(due - (perf_counter() - began), 0))
        running.append(asyncio.create_task(press(due, song, person, value)))
    return await asyncio.gather(*running)


async def looked(store: Store, name: str, presses: Sequence[Press], times: tuple[list[float], float, float]) -> Found:
    """Compare what is there with what should be."""
    began = perf_counter()
    ballot = await store.taste.ballot(GUILD, most=10**6)
    ballot_ms = (perf_counter() - began) * 1000
    there: Cast = {(vote.song_id, vote.person_id): vote.value for vote in ballot.votes}
    due = outcome(presses)
    miscounted = 0
    for song in (f"song{number}" for number in range(SONGS)):
        counted = [value for (its, person), value in due.items() if its == song and person != maker(song)]
        tally = await store.votes(song)
        miscounted += (tally.up, tally.down) != (counted.count(1), counted.count(-1))
    began = perf_counter()
    for _ in range(CHARTS):
        await store.taste.top(GUILD, "lofi")
    return Found(
        database=name,
        steady_ms=times[0],
        late_s=times[1],
        burst_a_s=times[2],
        votes=there,
        lost=sum(there.get(key) != value for key, value in due.items()),
        doubled=len(ballot.votes) - len(there) + sum(key not in due for key in there),
        miscounted=miscounted,
        chart_ms=(perf_counter() - began) * 1000 / CHARTS,
        ballot_ms=ballot_ms,
    )


if __name__ == "__main__":
    main()
