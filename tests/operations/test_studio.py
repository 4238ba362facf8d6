"""Operations of a real studio: its workers are small processes, its database and its files are real."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from engine import Settings, Studio
from engine.dispatch.lanes import config_of
from engine.jobs import LocalExecutor
from engine.operations import Operations
from engine.operations import operations as operations_module
from engine.operations.logs import log_handler
from tests.contract.postgres import running_server
from tests.operations.mortal import NO_MORE, mortal_lanes
from tests.studio.small_studio import asked, eventually, last_of, until

PATIENCE_S = 0.5
HALF_MINUTE_S = 30.0


class Pages:
    """What a client is told."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self._client = client

    async def health(self) -> tuple[int, Mapping[str, Any]]:
        async with self._client.get("/healthz") as answer:
            return answer.status, await answer.json()

    async def part(self, name: str) -> str:
        state: str = (await self.health())[1]["parts"][name]["state"]
        return state

    async def is_ready(self) -> bool:
        async with self._client.get("/readyz") as answer:
            return answer.status == 200

    async def value(self, name: str, **labels: str) -> float | None:
        async with self._client.get("/metrics") as answer:
            families = list(parse(await answer.text()))
        samples = [sample for family in families for sample in family.samples]
        return next((one.value for one in samples if one.name == name and one.labels == labels), None)

    async def becomes_ready(self) -> None:
        await until_so(self.is_ready)

    async def becomes(self, part: str, state: str) -> None:
        async def is_so() -> bool:
            return await self.part(part) == state

        await until_so(is_so)


async def until_so(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again."""
    async with asyncio.timeout(HALF_MINUTE_S):
        while not await is_so():  # noqa: ASYNC110 (the other process tells nobody)
            await asyncio.sleep(0.05)


@pytest.fixture(autouse=True)
def _answers_are_forgotten_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations_module, "STORE_KEPT_S", 0.0)
    monkeypatch.setattr(operations_module, "FILES_KEPT_S", 0.0)


@asynccontextmanager
async def watched(settings: Settings) -> AsyncIterator[tuple[Studio, Pages]]:
    """A studio whose workers are processes, and its pages."""
    studio = await Studio.open(settings, executor=LocalExecutor(mortal_lanes(), config_of(settings)))
    operations = Operations(patience_s=PATIENCE_S)
    operations.watch(studio)
    port = await operations.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
            yield studio, Pages(client)
    finally:
        await operations.stop()
        await studio.close(grace_s=0.0)


def settings_in(folder: Path, **more: Any) -> Settings:
    return Settings(_env_file=None, data_dir=folder, **more)  # type: ignore[call-arg]


@contextmanager
def logged(settings: Settings) -> Iterator[io.StringIO]:
    """What the process logs meanwhile."""
    stream = io.StringIO()
    handler = log_handler(settings, stream=stream)
    logging.getLogger().addHandler(handler)
    try:
        yield stream
    finally:
        logging.getLogger().removeHandler(handler)


async def test_what_a_studio_did_is_in_its_metrics(tmp_path: Path) -> None:
    async with watched(settings_in(tmp_path, person_limit=2)) as (studio, pages):
        await pages.becomes_ready()
        song = await asked(studio, "a song")
        assert (await last_of(studio, song.job_id)).phase == "ready"
        assert (await last_of(studio, (await asked(studio, "breaks")).job_id)).phase == "failed"
        unwanted = await asked(studio, f"waits for {tmp_path / 'never'}")
        await until(studio, unwanted.job_id, "composing")
        assert await studio.cancel(unwanted.job_id, person_id=1)
        await studio.vote(song.song_id, person_id=7, value=1)
        assert await pages.value("tunesmith_accepted_total") == 3
        for outcome, number in {"done": 1, "failed": 1, "cancelled": 1, "refused": 0}.items():
            assert await pages.value("tunesmith_requests_total", outcome=outcome) == number, outcome
        assert await pages.value("tunesmith_failures_total", error="RenderError") == 1
        assert await pages.value("tunesmith_votes_total", vote="up") == 1
        assert await pages.value("tunesmith_music_seconds_total") == 60.0
        assert await pages.value("tunesmith_wait_seconds_count") == 1
        for stage, number in {"queued": 3, "composing": 2, "rendering": 1, "delivering": 1}.items():
            assert await pages.value("tunesmith_stage_seconds_count", stage=stage) == number, stage
        assert await pages.value("tunesmith_workers_alive", lane="record") == 1
        assert (await pages.value("tunesmith_process_resident_bytes", process="compose") or 0) > 5e6
        assert (await pages.value("tunesmith_store_seconds_count") or 0) > 1


async def test_a_person_over_their_limit_is_counted_as_refused(tmp_path: Path) -> None:
    async with watched(settings_in(tmp_path, person_limit=1)) as (studio, pages):
        await asked(studio, f"waits for {tmp_path / 'never'}")
        with pytest.raises(Exception, match="1 are the most"):
            await asked(studio, "one too many")
        assert await pages.value("tunesmith_refusals_total", error="BadRequest") == 1
        assert await pages.value("tunesmith_requests_total", outcome="refused") == 1


async def test_a_composing_worker_that_is_killed_and_stays_dead_turns_health_bad_until_one_lives_again(
    tmp_path: Path,
) -> None:
    async with watched(settings_in(tmp_path)) as (studio, pages):
        await pages.becomes_ready()
        assert (await pages.health())[0] == 200
        (tmp_path / NO_MORE).touch()
        os.kill(studio.state().lanes[0].pids[0], signal.SIGKILL)
        await pages.becomes("lane compose", "recovering")
        assert not await pages.is_ready()
        await pages.becomes("lane compose", "down")
        await eventually(lambda: "cannot be opened any more" in (studio.state().lanes[0].last_error or ""))
        status, told = await pages.health()
        assert status == 503
        assert told["parts"]["lane compose"]["last_error"] == studio.state().lanes[0].last_error
        assert (await pages.value("tunesmith_worker_restarts_total", lane="compose") or 0) >= 1
        (tmp_path / NO_MORE).unlink()
        song = await asked(studio, "a song after all")
        await pages.becomes_ready()
        assert (await pages.health())[0] == 200
        assert (await last_of(studio, song.job_id)).phase == "ready"


async def test_a_database_file_that_is_gone_is_noticed_and_its_return_too(tmp_path: Path) -> None:
    async with watched(settings_in(tmp_path)) as (_, pages):
        await pages.becomes_ready()
        (tmp_path / "tunesmith.db").rename(tmp_path / "elsewhere.db")
        assert not await pages.is_ready()
        await pages.becomes("store", "down")
        status, told = await pages.health()
        assert status == 503
        assert "tunesmith.db is gone" in told["parts"]["store"]["error"]
        (tmp_path / "elsewhere.db").rename(tmp_path / "tunesmith.db")
        assert await pages.is_ready()
        assert (await pages.health())[0] == 200


async def test_a_postgresql_server_that_stops_is_noticed_and_its_return_too(tmp_path: Path) -> None:
    with running_server() as server:
        async with watched(settings_in(tmp_path, database_url=server.fresh_url())) as (_, pages):
            await pages.becomes_ready()
            await asyncio.to_thread(server.stop)
            assert not await pages.is_ready()
            await pages.becomes("store", "down")
            assert (await pages.health())[0] == 503
            assert await pages.value("tunesmith_up", part="store") == 0
            await asyncio.to_thread(server.start)
            await pages.becomes_ready()
            assert (await pages.health())[0] == 200


async def test_a_folder_for_songs_that_cannot_be_written_is_noticed(tmp_path: Path) -> None:
    async with watched(settings_in(tmp_path)) as (_, pages):
        await pages.becomes_ready()
        (tmp_path / "songs").rmdir()
        (tmp_path / "songs").write_text("in the way")
        assert not await pages.is_ready()
        _, told = await pages.health()
        assert "cannot be written" in told["parts"]["files"]["error"]


async def test_logs_of_bot_and_workers_are_json_and_carry_the_jobs_id(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, log_format="json")
    with logged(settings) as stream:
        async with watched(settings) as (studio, pages):
            await pages.becomes_ready()
            failed, other = await asked(studio, "breaks"), await asked(studio, "a song", person=2)
            word = await last_of(studio, failed.job_id)
            await last_of(studio, other.job_id)
            await eventually(lambda: stream.getvalue().count('"recording"') == 2)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    opened = next(line for line in lines if line["message"] == "the composing worker has opened")
    assert (opened["lane"], opened["level"], opened["logger"]) == ("compose", "WARNING", "tests.operations.mortal")
    assert "job_id" not in opened
    recording = [line for line in lines if line["message"] == "recording"]
    assert {line["job_id"] for line in recording} == {failed.job_id, other.job_id}
    assert {line["lane"] for line in recording} == {"record"}
    incident = next(line for line in lines if line.get("incident") == word.incident)
    assert (incident["job_id"], incident["level"]) == (failed.job_id, "ERROR")
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
