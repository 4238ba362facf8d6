"""The private port, asked by a real client: health, readiness, metrics."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from engine.dispatch.events import StudioEvent
from engine.errors import SetupError
from engine.operations import Gateway, Operations, serve
from engine.operations import operations as operations_module
from engine.operations.feed import MOST_REMEMBERED, Feed
from engine.operations.metrics import Metrics
from engine.operations.operations import program_version
from tests.operations.watched import SaidStudio, lane, small_receipt

PATIENCE_S = 0.3
JOB = "4f1c22d0a1b3"


@dataclass
class Place:
    """Running operations, and a client."""

    operations: Operations
    studio: SaidStudio
    client: aiohttp.ClientSession
    gateway: Gateway | None = None

    async def health(self) -> tuple[int, dict[str, Any]]:
        async with self.client.get("/healthz") as answer:
            return answer.status, await answer.json()

    async def states(self) -> dict[str, str]:
        return {name: part["state"] for name, part in (await self.health())[1]["parts"].items()}

    async def ready(self) -> tuple[int, list[str]]:
        async with self.client.get("/readyz") as answer:
            told = await answer.json()
            assert told["ready"] == (answer.status == 200)
            return answer.status, told["missing"]

    async def samples(self) -> dict[str, float]:
        """`name{label=value,…}` → value."""
        async with self.client.get("/metrics") as answer:
            assert answer.status == 200
            families = list(parse(await answer.text()))
        return {
            f"{sample.name}{{{','.join(f'{key}={value}' for key, value in sample.labels.items())}}}": sample.value
            for family in families
            for sample in family.samples
        }


@pytest.fixture
async def place(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """Operations that watch a studio where all is well, and forget answers at once."""
    monkeypatch.setattr(operations_module, "STORE_KEPT_S", 0.0)
    monkeypatch.setattr(operations_module, "FILES_KEPT_S", 0.0)
    monkeypatch.setattr(operations_module, "STORE_TIMEOUT_S", 0.1)
    studio = SaidStudio()
    operations = Operations(gateway=lambda: here.gateway, patience_s=PATIENCE_S)
    port = await operations.start("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        here = Place(operations, studio, client)
        operations.watch(studio)
        yield here
    await operations.stop()


async def test_a_studio_where_all_is_well_is_healthy_and_ready(place: Place) -> None:
    status, told = await place.health()
    assert (status, told["status"], told["version"]) == (200, "ok", program_version())
    assert {name: part["state"] for name, part in told["parts"].items()} == {
        "studio": "ok",
        "store": "ok",
        "files": "ok",
        "lane compose": "ok",
        "lane record": "ok",
    }
    assert told["parts"]["lane record"]["workers_wanted"] == 2
    assert told["jobs"] == {"queued": 4, "composing": 2, "rendering": 1, "delivering": 0}
    assert await place.ready() == (200, [])


async def test_a_lane_whose_workers_stay_dead_is_first_recovering_then_down_and_well_when_they_live(
    place: Place,
) -> None:
    living = place.studio.lanes
    place.studio.lanes = (lane("compose", alive=0, restarts=1, last_error="WorkerLost: status -9"), living[1])
    status, told = await place.health()
    assert (status, told["status"]) == (200, "recovering")
    assert told["parts"]["lane compose"]["last_error"] == "WorkerLost: status -9"
    assert await place.ready() == (503, ["no worker of the lane compose has loaded"])
    await asyncio.sleep(PATIENCE_S)
    assert (await place.health())[0] == 503
    assert (await place.states())["lane compose"] == "down"
    place.studio.lanes = living
    assert (await place.health())[0] == 200
    place.studio.lanes = (lane("compose", alive=0, restarts=2), living[1])
    assert (await place.health())[0] == 200, "patience begins anew"


async def test_workers_that_load_for_the_first_time_may_take_as_long_as_they_need(place: Place) -> None:
    place.studio.lanes = (lane("compose", alive=0), lane("record", alive=0))
    assert (await place.states())["lane compose"] == "recovering"
    await asyncio.sleep(PATIENCE_S)
    status, told = await place.health()
    assert (status, told["status"]) == (200, "recovering")
    assert (await place.ready())[0] == 503


async def test_a_lane_that_lost_some_of_its_workers_is_recovering_and_never_down(place: Place) -> None:
    place.studio.lanes = (place.studio.lanes[0], lane("record", wanted=4, alive=1))
    await place.health()
    await asyncio.sleep(PATIENCE_S)
    assert (await place.states())["lane record"] == "recovering"
    assert await place.ready() == (200, [])


async def test_a_database_that_is_away_is_told_with_the_reason(place: Place) -> None:
    place.studio.store_away = True
    _, told = await place.health()
    assert told["parts"]["store"]["error"] == "The database cannot be reached (connection refused)."
    assert await place.ready() == (503, ["the database does not answer"])
    await asyncio.sleep(PATIENCE_S)
    assert (await place.health())[0] == 503
    assert (await place.samples())["tunesmith_up{part=store}"] == 0
    place.studio.store_away = False
    assert (await place.health())[0] == 200
    assert (await place.samples())["tunesmith_up{part=store}"] == 1


async def test_a_database_that_never_answers_is_not_waited_for(place: Place) -> None:
    place.studio.store_hangs = True
    _, told = await asyncio.wait_for(place.health(), 5)
    assert told["parts"]["store"]["error"] == "no answer within 0.1 s"


async def test_a_file_store_that_is_away_is_told(place: Place) -> None:
    place.studio.files_away = True
    assert (await place.states())["files"] == "recovering"
    assert await place.ready() == (503, ["the file store does not answer"])


async def test_a_hundred_who_ask_at_once_ask_the_database_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations_module, "STORE_KEPT_S", 30.0)
    place.operations.watch(place.studio)
    await asyncio.gather(*(place.health() for _ in range(50)), *(place.samples() for _ in range(50)))
    assert place.studio.asked == 1


async def test_before_the_studio_is_open_it_is_alive_and_not_ready() -> None:
    operations = Operations()
    port = await operations.start("127.0.0.1", 0)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
        waiting = Place(operations, SaidStudio(), client)
        assert (await waiting.health())[0] == 200
        assert await waiting.states() == {"studio": "recovering"}
        assert (await waiting.ready())[0] == 503
        assert "tunesmith_build_info" in "".join(await waiting.samples())
    await operations.stop()


async def test_a_studio_that_closes_is_not_ready_and_not_ill(place: Place) -> None:
    place.studio.closing = True
    assert await place.ready() == (503, ["it is closing"])
    assert (await place.health())[0] == 200


@pytest.mark.parametrize(("connected", "state"), [(2, "ok"), (1, "recovering"), (0, "recovering")])
async def test_the_gateway_is_a_part(connected: int, state: str, place: Place) -> None:
    place.gateway = Gateway(shards=2, connected=connected, latency_s=0.0421 if connected else None)
    _, told = await place.health()
    assert told["parts"]["gateway"]["state"] == state
    assert told["parts"]["gateway"]["connected"] == connected
    samples = await place.samples()
    assert samples["tunesmith_gateway_shards{shards=connected}"] == connected
    assert samples.get("tunesmith_gateway_latency_seconds{}") == (0.0421 if connected else None)


async def test_what_happens_is_counted(place: Place) -> None:
    place.studio.tell(
        *(StudioEvent(kind="accepted", job_id=JOB) for _ in range(5)),
        StudioEvent(kind="refused", error="BadRequest"),
        StudioEvent(kind="started", job_id=JOB, seconds=4.0),
        StudioEvent(kind="stage", job_id=JOB, stage="composing", seconds=1.5),
        StudioEvent(kind="retried", job_id=JOB, error="WorkerLost"),
        StudioEvent(kind="stage", job_id=JOB, stage="rendering", seconds=0.7),
        StudioEvent(kind="done", job_id=JOB, seconds=6.5, receipt=small_receipt()),
        StudioEvent(kind="delivered", job_id=JOB),
        StudioEvent(kind="failed", job_id="ffff", error="RenderError"),
        StudioEvent(kind="cancelled", job_id="eeee"),
        StudioEvent(kind="voted", vote=1),
        StudioEvent(kind="voted", vote=1),
        StudioEvent(kind="voted", vote=-1),
        StudioEvent(kind="voted", vote=None),
        StudioEvent(kind="duel", outcome="begun"),
        StudioEvent(kind="duel", outcome="revealed"),
        StudioEvent(kind="answered", outcome="both"),
        StudioEvent(kind="answered", outcome="withdrawn"),
        StudioEvent(kind="learnt", outcome="done", seconds=2.0, count=3),
        StudioEvent(kind="learnt", outcome="unchanged", seconds=0.1),
        StudioEvent(kind="trial", outcome="begun"),
        StudioEvent(kind="trial", outcome="roll back"),
    )
    samples = await place.samples()
    assert samples["tunesmith_accepted_total{}"] == 5
    outcomes = {"done": 1, "failed": 1, "cancelled": 1, "refused": 1}
    for outcome, number in outcomes.items():
        assert samples[f"tunesmith_requests_total{{outcome={outcome}}}"] == number
    assert samples["tunesmith_failures_total{error=RenderError}"] == 1
    assert samples["tunesmith_refusals_total{error=BadRequest}"] == 1
    assert samples["tunesmith_retries_total{error=WorkerLost}"] == 1
    for stage, stage_s in {"queued": 4.0, "composing": 1.5, "rendering": 0.7}.items():
        assert samples[f"tunesmith_stage_seconds_sum{{stage={stage}}}"] == stage_s
        assert samples[f"tunesmith_stage_seconds_count{{stage={stage}}}"] == 1
    assert samples["tunesmith_music_seconds_total{}"] == 60.0
    assert samples["tunesmith_step_seconds_sum{step=compose}"] == 1.25
    assert samples["tunesmith_step_seconds_sum{step=encode}"] == 0.25
    assert "tunesmith_step_seconds_sum{step=total}" not in samples
    assert samples["tunesmith_wait_seconds_sum{}"] == 6.5
    assert samples["tunesmith_wait_seconds_bucket{le=5.0}"] == 0
    assert samples["tunesmith_wait_seconds_bucket{le=8.0}"] == 1
    for vote, number in {"up": 2, "down": 1, "withdrawn": 1}.items():
        assert samples[f"tunesmith_votes_total{{vote={vote}}}"] == number
    for outcome, number in {"begun": 1, "opened": 0, "revealed": 1, "failed": 0}.items():
        assert samples[f"tunesmith_duels_total{{outcome={outcome}}}"] == number
    for answer, number in {"left": 0, "both": 1, "withdrawn": 1}.items():
        assert samples[f"tunesmith_duel_answers_total{{answer={answer}}}"] == number
    for outcome, number in {"done": 1, "unchanged": 1, "failed": 0}.items():
        assert samples[f"tunesmith_learnings_total{{outcome={outcome}}}"] == number
    assert samples["tunesmith_tastes_total{}"] == 3
    assert (samples["tunesmith_learning_seconds_count{}"], samples["tunesmith_learning_seconds_sum{}"]) == (1, 2.0)
    for outcome, number in {"begun": 1, "promoted": 0, "rolled_back": 1}.items():
        assert samples[f"tunesmith_trials_total{{outcome={outcome}}}"] == number
    assert not any(JOB in name for name in samples), "a label a job would be a series a job"


def test_delivering_is_what_lies_between_the_made_song_and_its_delivery() -> None:
    metrics, now = Metrics(), [100.0]
    feed = Feed(metrics, clock=lambda: now[0])
    feed(StudioEvent(kind="done", job_id=JOB, seconds=6.5))
    now[0] += 0.75
    feed(StudioEvent(kind="delivered", job_id=JOB))
    feed(StudioEvent(kind="delivered", job_id="made elsewhere"))
    labels = {"stage": "delivering"}
    assert metrics.registry.get_sample_value("tunesmith_stage_seconds_sum", labels) == 0.75
    assert metrics.registry.get_sample_value("tunesmith_stage_seconds_count", labels) == 1
    assert metrics.registry.get_sample_value("tunesmith_requests_total", {"outcome": "done"}) == 2


def test_songs_that_are_never_delivered_are_forgotten_in_the_end() -> None:
    metrics = Metrics()
    feed = Feed(metrics)
    for number in range(MOST_REMEMBERED + 1):
        feed(StudioEvent(kind="done", job_id=str(number)))
    feed(StudioEvent(kind="delivered", job_id="0"))
    feed(StudioEvent(kind="delivered", job_id="1"))
    assert metrics.registry.get_sample_value("tunesmith_stage_seconds_count", {"stage": "delivering"}) == 1


async def test_what_is_the_case_is_told_when_somebody_asks(place: Place) -> None:
    samples = await place.samples()
    assert samples["tunesmith_jobs{state=queued}"] == 4
    assert samples["tunesmith_workers_wanted{lane=record}"] == 2
    assert samples["tunesmith_workers_alive{lane=compose}"] == 1
    assert samples["tunesmith_worker_restarts_total{lane=compose}"] == 0
    assert samples["tunesmith_batch_rows{}"] == 16
    assert samples["tunesmith_batch_slots{}"] == 64
    assert samples["tunesmith_batch_occupancy{}"] == 0.25
    assert samples["tunesmith_network_steps_total{}"] == 1200
    assert samples["tunesmith_network_step_seconds{}"] == 0.0125
    assert samples["tunesmith_checkpoint_failures_total{}"] == 1
    assert samples["tunesmith_model_info{style=jazz,version=v2}"] == 1
    place.studio.lanes = (lane("compose", alive=2, wanted=2, restarts=3), lane("record"))
    samples = await place.samples()
    assert samples["tunesmith_worker_restarts_total{lane=compose}"] == 3
    assert "tunesmith_batch_rows{}" not in samples, "nobody tells it"


async def test_two_composing_workers_are_added_up_and_their_shares_averaged(place: Place) -> None:
    one = {"rows": 8, "slots": 64, "steps": 10, "occupancy": 0.1, "step_ms": 10.0, "models": {"lofi": "v3"}}
    other = {"rows": 24, "slots": 64, "steps": 30, "occupancy": 0.3, "step_ms": None, "models": {"lofi": "v4"}}
    place.studio.lanes = (lane("compose", alive=2, wanted=2, facts=(one, other)),)
    samples = await place.samples()
    assert (samples["tunesmith_batch_rows{}"], samples["tunesmith_batch_slots{}"]) == (32, 128)
    assert samples["tunesmith_batch_occupancy{}"] == pytest.approx(0.2)
    assert samples["tunesmith_network_step_seconds{}"] == pytest.approx(0.010)
    assert {name for name in samples if "model_info" in name} == {
        "tunesmith_model_info{style=lofi,version=v3}",
        "tunesmith_model_info{style=lofi,version=v4}",
    }


async def test_memory_and_processor_time_of_bot_and_workers_are_told(place: Place) -> None:
    worker = await asyncio.create_subprocess_exec("sleep", "60")
    try:
        place.studio.lanes = (lane("record", pids=(worker.pid, worker.pid)),)
        samples = await place.samples()
        assert 20e6 < samples["tunesmith_process_resident_bytes{process=bot}"] < 4e9
        assert samples["tunesmith_process_cpu_seconds_total{process=bot}"] > 0.1
        assert 0 < samples["tunesmith_process_resident_bytes{process=record}"] < 40e6
        place.studio.lanes = (lane("record", pids=(2**22 + 1,)),)
        assert "tunesmith_process_resident_bytes{process=record}" not in await place.samples()
    finally:
        worker.kill()
        await worker.wait()


async def test_a_blocked_event_loop_is_seen(place: Place) -> None:
    await asyncio.sleep(0.3)
    time.sleep(0.6)  # noqa: ASYNC251 (this is what must not happen)
    await asyncio.sleep(0.3)
    samples = await place.samples()
    assert samples["tunesmith_loop_worst_late_seconds{}"] > 0.3
    over = samples["tunesmith_loop_late_seconds_count{}"] - samples["tunesmith_loop_late_seconds_bucket{le=0.25}"]
    assert over >= 1


async def test_metrics_are_offered_in_the_newer_format_too(place: Place) -> None:
    accepted = "application/openmetrics-text; version=1.0.0"
    async with place.client.get("/metrics", headers={"Accept": accepted}) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        names = {family.name for family in parse_openmetrics(await answer.text())}
    assert "tunesmith_requests" in names


async def test_pages_are_not_cached_and_others_do_not_exist(place: Place) -> None:
    for page in ("/healthz", "/readyz", "/metrics"):
        async with place.client.get(page) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
    async with place.client.get("/") as answer:
        assert answer.status == 404


async def test_a_taken_port_is_one_sentence_with_the_settings_that_help(place: Place) -> None:
    port = place.client._base_url.port  # type: ignore[union-attr]
    assert port is not None
    with pytest.raises(SetupError, match=rf"127\.0\.0\.1:{port} .*TUNESMITH_OPERATIONS_PORT would work\.$"):
        await Operations().start("127.0.0.1", port)


async def test_served_as_a_block_it_listens_to_the_studio_as_long_as_that_lasts() -> None:
    studio = SaidStudio()
    async with serve(studio, host="127.0.0.1", port=0) as port:
        assert len(studio.listeners) == 1
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}/readyz") as answer:
            assert answer.status == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        async with aiohttp.ClientSession() as client:
            await client.get(f"http://127.0.0.1:{port}/readyz")
