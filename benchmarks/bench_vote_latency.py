"""How soon a vote shows: from the press to the changed message.

    python -m benchmarks.bench_vote_latency [--presses 200] [--crowd 20]

The real bot runs as a process of its own, with an SQLite database, against the local Discord of the tests; only its
composing workers are small ones. People press 👍 under a song one by one; then others press in crowds, all of one at
once; then people answer a duel one by one. Prints a Markdown table. Conventions: a press is over when the message shows
its count, and every vote is looked for in the end. The local Discord does without Discord's specification here, for to
judge a message by it takes as long as all the rest. Caveat: it runs on the same cores and within these times; the way
to the real one is not in them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench_discord import quantile
from tests.bot.processes import tiny_bot
from tests.bot.voting import elder
from tests.discord import LocalDiscord, Message, Person

PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Seconds from each press to its count: one by one, in crowds, of answers to a duel."""

    alone_s: tuple[float, ...]
    crowd_s: tuple[float, ...]
    answers_s: tuple[float, ...]


async def measure(presses: int, crowd: int, folder: Path) -> Figures:
    """Start a bot, press, look."""
    async with LocalDiscord() as discord, tiny_bot(discord, folder):
        ada = elder(discord)
        song = await (await ada.slash("compose", prompt="lofi")).until(_has_files, timeout_s=PATIENCE_S)
        duel = await (await ada.slash("duel", prompt="lofi", votes=1000)).until(_has_files, timeout_s=PATIENCE_S)
        people = [elder(discord, f"Person{number}") for number in range(2 * presses)]
        alone = [await _voted(song, person, number) for number, person in enumerate(people[:presses], start=1)]
        others, crowded = people[presses:], list[float]()
        for first in range(0, presses, crowd):
            crowded += await _voted_at_once(song, others[first : first + crowd], presses + first)
        answers = [await _answered(duel, person, number) for number, person in enumerate(people[:presses], start=1)]
    return Figures(alone_s=tuple(alone), crowd_s=tuple(crowded), answers_s=tuple(answers))


async def _voted(song: Message, person: Person, count: int) -> float:
    """Press, and wait until so many are counted; how long that took."""
    began = time.monotonic()
    await person.press(song, "👍")
    await song.until(lambda seen: _votes(seen) >= count, timeout_s=PATIENCE_S)
    return time.monotonic() - began


async def _voted_at_once(song: Message, people: Sequence[Person], before: int) -> list[float]:
    """The same of some who press at the same moment; nobody is done before all of them are counted."""
    took = await asyncio.gather(*(_voted(song, person, before + len(people)) for person in people))
    assert _votes(song) == before + len(people), "a vote was lost or doubled"
    return took


async def _answered(duel: Message, person: Person, count: int) -> float:
    began = time.monotonic()
    await person.press(duel, "A" if count % 2 else "B")
    await duel.until(lambda seen: re.search(rf"\b{count} (person|people)", seen.content) is not None)
    return time.monotonic() - began


def _votes(song: Message) -> int:
    return int(song.button("👍").label)


def _has_files(message: Message) -> bool:
    return bool(message.files)


def report(crowd: int, figures: Figures) -> str:
    """The table."""
    rows = {
        "vote → stored → shown, one by one": figures.alone_s,
        f"the last of {crowd} votes at once": figures.crowd_s,
        "answer to a duel → stored → shown": figures.answers_s,
    }
    lines = [
        f"Votes, {datetime.now(UTC):%Y-%m-%d}: {len(figures.alone_s)} presses each.",
        "",
        "| Measured (ms) | median | p95 | p99 | most |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, values in rows.items():
        shown = " | ".join(f"{1000 * quantile(values, share):.0f}" for share in (0.5, 0.95, 0.99, 1.0))
        lines.append(f"| {name} | {shown} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How soon a vote shows on Discord.")
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--crowd", type=int, default=20)
    chosen = parser.parse_args(arguments)
    os.environ["DISCORD_OPENAPI"] = os.devnull
    with tempfile.TemporaryDirectory() as folder:
        figures = asyncio.run(measure(chosen.presses, chosen.crowd, Path(folder)))
    print(report(chosen.crowd, figures))


if __name__ == "__main__":
    main()
