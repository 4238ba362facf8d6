"""The running bot told from outside: its private port, its logs, its refusal of a port that is taken."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bot.client import TunesmithBot
from engine import Settings
from engine.operations.logs import log_handler
from tests.discord import LocalDiscord

ROOT = Path(__file__).parents[2]
HALF_MINUTE_S = 30.0


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def started(discord: LocalDiscord, folder: Path, **more: str) -> asyncio.subprocess.Process:
    """The real bot, logged in to the local Discord."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    own = {"PYTHONPATH": str(ROOT), "TUNESMITH_DATA_DIR": str(folder)}
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        cwd=folder,
        env=kept | own | discord.environment | more,
        stderr=asyncio.subprocess.PIPE,
    )


async def answers(client: aiohttp.ClientSession, page: str) -> tuple[int, Any]:
    async with client.get(page) as answer:
        return answer.status, await (answer.json() if page != "/metrics" else answer.text())


async def health_when(client: aiohttp.ClientSession, part: str, state: str) -> Mapping[str, Any]:
    """What is told when that part is in that state."""
    async with asyncio.timeout(HALF_MINUTE_S):
        while True:
            try:
                _, told = await answers(client, "/healthz")
            except aiohttp.ClientConnectionError:  # it does not listen yet
                told = {"parts": {}}
            if told["parts"].get(part, {}).get("state") == state:
                parts: Mapping[str, Any] = told["parts"]
                return parts
            await asyncio.sleep(0.05)


@asynccontextmanager
async def ended(process: asyncio.subprocess.Process) -> AsyncIterator[None]:
    """No process is left, whatever happens."""
    try:
        yield
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def test_the_bot_tells_of_its_parts_on_the_port_that_it_was_given_until_it_stops(tmp_path: Path) -> None:
    port = free_port()
    async with LocalDiscord() as discord, aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        process = await started(
            discord, tmp_path, TUNESMITH_OPERATIONS_PORT=str(port), TUNESMITH_LOG_FORMAT="json", TUNESMITH_STOP_S="1"
        )
        async with ended(process):
            await discord.ready()
            parts = await health_when(client, "gateway", "ok")
            assert (parts["gateway"]["shards"], parts["gateway"]["connected"]) == (1, 1)
            assert {"studio", "store", "files", "lane compose", "lane record"} <= parts.keys()
            assert parts["store"]["state"] == parts["files"]["state"] == "ok"
            status, metrics = await answers(client, "/metrics")
            assert status == 200
            assert 'tunesmith_gateway_shards{shards="connected"} 1.0' in metrics
            process.terminate()
            _, said = await asyncio.wait_for(process.communicate(), HALF_MINUTE_S)
    assert process.returncode == 0
    lines = [json.loads(line) for line in said.decode().splitlines()]
    assert any(line["logger"] == "bot.client" and "offering /compose" in line["message"] for line in lines)
    assert discord.environment["DISCORD_TOKEN"] not in said.decode()


async def test_a_port_that_is_taken_is_one_sentence_before_the_login(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        async with LocalDiscord() as discord:
            process = await started(discord, tmp_path, TUNESMITH_OPERATIONS_PORT=str(port))
            async with ended(process):
                _, said = await asyncio.wait_for(process.communicate(), HALF_MINUTE_S)
    assert process.returncode == 2
    (line,) = said.decode().splitlines()
    assert f"127.0.0.1:{port}" in line
    assert "TUNESMITH_OPERATIONS_PORT" in line


async def test_what_the_bot_logs_of_a_request_carries_its_id_and_nobodys(
    discord: LocalDiscord, bot: TunesmithBot, tmp_path: Path
) -> None:
    said = io.StringIO()
    handler = log_handler(Settings(_env_file=None, log_format="json"), stream=said)  # type: ignore[call-arg]
    logging.getLogger().addHandler(handler)
    try:
        exchange = await discord.mention("slow doomed song")
        await discord.delete(await exchange.said())
        await discord.refusing()
        await (await discord.mention("break")).until(lambda message: "incident" in message.content)
        async with asyncio.timeout(HALF_MINUTE_S):
            while "nobody can be answered" not in said.getvalue():  # noqa: ASYNC110 (a log tells nobody)
                await asyncio.sleep(0.02)
    finally:
        logging.getLogger().removeHandler(handler)
    lines = [json.loads(line) for line in said.getvalue().splitlines()]
    assert bot.desk is not None
    with closing(sqlite3.connect(tmp_path / "tunesmith.db")) as database:
        ids = dict(database.execute("SELECT state, id FROM jobs").fetchall())
    (unanswered,) = [line for line in lines if "nobody can be answered" in line["message"]]
    assert unanswered["job_id"] == ids["cancelled"]
    assert {line["job_id"] for line in lines if "incident" in line} == {ids["failed"]}
    assert str(discord.person().id) not in said.getvalue()


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="only Linux tells where a process listens")
async def test_without_a_port_nobody_listens(tmp_path: Path) -> None:
    async with LocalDiscord() as discord:
        process = await started(discord, tmp_path, TUNESMITH_STOP_S="0")
        async with ended(process):
            await discord.ready()
            listening = await asyncio.to_thread(listening_ports, process.pid)
            process.terminate()
            await asyncio.wait_for(process.communicate(), HALF_MINUTE_S)
    assert not listening


def listening_ports(pid: int) -> list[int]:
    """Ports at which this process listens, as Linux tells."""
    sockets = {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.is_symlink()}
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]
