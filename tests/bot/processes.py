"""Bots as processes of their own: started, stopped as a service manager does, killed, looked at from outside."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from tests.discord import LocalDiscord

ROOT = Path(__file__).parents[2]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Nothing of this machine's own settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "TUNESMITH_DATA_DIR": str(folder)} | more


async def start(
    discord: LocalDiscord, folder: Path, *, module: str = "tests.bot.tiny_process", **more: str
) -> asyncio.subprocess.Process:
    """A bot that will connect to the local Discord; what it says is added to `bot.log` in the folder."""
    with (folder / "bot.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, cwd=folder, env=environment(folder, **discord.environment | more), stderr=log
        )


@asynccontextmanager
async def tiny_bot(discord: LocalDiscord, folder: Path, **more: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A bot with tiny workers, ready; leaving stops it, if the test has not done so."""
    process = await start(discord, folder, **more)
    try:
        await discord.ready(timeout_s=60)
        yield process
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(process.wait(), 30) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    await discord.gone()


async def kill(process: asyncio.subprocess.Process, discord: LocalDiscord) -> None:
    """`kill -9`, and nothing before it."""
    process.kill()
    await process.wait()
    await discord.gone()


def states(folder: Path) -> dict[str, str]:
    """Each job's prompt and state."""
    found = ask(folder, "SELECT json_extract(songs.request, '$.prompt'), jobs.state FROM jobs JOIN songs USING (id)")
    return {str(prompt): str(state) for prompt, state in found}


def ask(folder: Path, statement: str) -> list[tuple[object, ...]]:
    """What the database says; not to be told to write while a bot of this process has it open."""
    with closing(sqlite3.connect(folder / "tunesmith.db", timeout=10)) as connection, connection:
        return connection.execute(statement).fetchall()


async def reached(folder: Path, wanted: dict[str, str], *, timeout_s: float = 20.0) -> None:
    """Wait until the jobs of these prompts are in these states."""
    async with asyncio.timeout(timeout_s):
        while not wanted.items() <= states(folder).items():  # noqa: ASYNC110 (a database tells nobody)
            await asyncio.sleep(0.05)


def resident_mb(pid: int) -> float | None:
    """The memory that a process has now, in MB of 10⁶ bytes; None where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024 / 1e6
