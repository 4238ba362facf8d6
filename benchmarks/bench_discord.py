"""Discord's side under load: how soon people are answered, what holds up the event loop, how large the process gets.

    python -m benchmarks.bench_discord [--songs 64] [--seconds 60] [--probes 200]

The real bot runs as a process of its own, with its real workers, against the local Discord of the tests. So many people
ask at once on eight servers; while their songs are composed, others ask, vote and open `/cancel`'s list, one by one.
Prints a Markdown table. Conventions: an answer is late from the moment its interaction was handed to the gateway;
"order → row → answer" has the request written down before. Caveat: the local Discord, which checks every request
against Discord's own rules, runs on the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import signal
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.bot.processes import resident_mb, tiny_bot
from tests.discord import Exchange, LocalDiscord, Message

SERVERS = 8
PAUSE_S = 0.15
STYLES = ("lofi", "jazz", "rock", "classical")
PATIENCE_S = 900.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is asked."""

    songs: int
    seconds: float
    probes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was measured: seconds until the first answer (all at once; one by one meanwhile; to the autocompletion
    meanwhile), seconds until each song, MB of the process, seconds that the loop was held up at most.
    """

    burst_s: tuple[float, ...]
    meanwhile_s: tuple[float, ...]
    listed_s: tuple[float, ...]
    songs_s: tuple[float, ...]
    start_mb: float
    end_mb: float
    worst_s: float
    worst_late_s: float


async def measure(load: Load, folder: Path) -> Figures:
    """Start a bot, load it, look."""
    async with LocalDiscord(servers=SERVERS) as discord:
        async with tiny_bot(discord, folder, TINY_AT_ONCE="0") as process:
            await (await discord.slash("compose", prompt="lofi 10s")).until(_is_song, timeout_s=PATIENCE_S)
            start_mb = resident_mb(process.pid) or math.nan
            process.send_signal(signal.SIGUSR1)
            began = time.monotonic()
            asked = await asyncio.gather(*(_ask(discord, number, load.seconds) for number in range(load.songs)))
            arriving = [asyncio.create_task(_arrival(exchange, began)) for exchange in asked]
            meanwhile, listed = await _probe(discord, load)
            songs_s = await asyncio.gather(*arriving)
            for exchange in meanwhile:
                await exchange.until(lambda message: _is_song(message) or "cancelled" in message.content)
            end_mb = resident_mb(process.pid) or math.nan
        watched = json.loads((folder / "watch.json").read_text())
    return Figures(
        burst_s=tuple(exchange.first_answer_s for exchange in asked),
        meanwhile_s=tuple(exchange.first_answer_s for exchange in meanwhile),
        listed_s=tuple(listed),
        songs_s=tuple(songs_s),
        start_mb=start_mb,
        end_mb=end_mb,
        **watched,
    )


async def _ask(discord: LocalDiscord, number: int, seconds: float) -> Exchange:
    person, server = discord.person(f"Person{number}"), discord.servers[number % SERVERS]
    prompt = f"{STYLES[number % len(STYLES)]} {seconds:g}s"
    return await person.slash("compose", prompt=prompt, where=server.channel_id)


async def _probe(discord: LocalDiscord, load: Load) -> tuple[list[Exchange], list[float]]:
    """While the others' songs are composed: ask and cancel, look at the list."""
    asked: list[Exchange] = []
    listed: list[float] = []
    for number in range(load.probes):
        person, server = discord.person(f"Late{number}"), discord.servers[number % SERVERS]
        exchange = await person.slash("compose", prompt="lofi 10s", where=server.channel_id)
        asked.append(exchange)
        began = time.monotonic()
        await person.suggestions("cancel", "song", "")
        listed.append(time.monotonic() - began)
        await person.slash("cancel", where=server.channel_id)
        await asyncio.sleep(PAUSE_S)
    return asked, listed


async def _arrival(exchange: Exchange, began: float) -> float:
    await exchange.until(_is_song, timeout_s=PATIENCE_S)
    return time.monotonic() - began


def _is_song(message: Message) -> bool:
    return bool(message.files)


def quantile(values: Sequence[float], share: float) -> float:
    """The least value that so many of them do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def report(load: Load, figures: Figures) -> str:
    """The table."""
    lines = [
        f"Discord, {datetime.now(UTC):%Y-%m-%d}: {load.songs} songs of {load.seconds:g} s at once,"
        f" {load.probes} requests meanwhile.",
        "",
        "| Measured | median | p95 | p99 | most |",
        "|---|---:|---:|---:|---:|",
    ]
    rows = {
        "order → row → answer, meanwhile (ms)": figures.meanwhile_s,
        "autocompletion, meanwhile (ms)": figures.listed_s,
        f"order → row → answer, {load.songs} at once (ms)": figures.burst_s,
    }
    for name, values in rows.items():
        shown = " | ".join(f"{1000 * quantile(values, share):.0f}" for share in (0.5, 0.95, 0.99, 1.0))
        lines.append(f"| {name} | {shown} |")
    shown = " | ".join(f"{quantile(figures.songs_s, share):.1f}" for share in (0.5, 0.95, 0.99, 1.0))
    lines.append(f"| order → song (s) | {shown} |")
    lines += [
        "",
        f"- the event loop was held up for {1000 * figures.worst_s:.0f} ms at most"
        f" ({1000 * figures.worst_late_s:.0f} ms with the time in which its thread had no core)",
        f"- memory of the Discord process: {figures.start_mb:.0f} MB after the first song,"
        f" {figures.end_mb:.0f} MB after the last",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How soon people are answered on Discord while songs are made.")
    parser.add_argument("--songs", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--probes", type=int, default=200)
    chosen = parser.parse_args(arguments)
    load = Load(songs=chosen.songs, seconds=chosen.seconds, probes=chosen.probes)
    with tempfile.TemporaryDirectory() as folder:
        print(report(load, asyncio.run(measure(load, Path(folder)))))


if __name__ == "__main__":
    main()
