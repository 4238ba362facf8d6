"""What the cluster's executor promises beside: machines and the gateway may die, machines join, Ray stays outside."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from engine.compose.request import ComposeRequest
from engine.dispatch.lanes import config_of, lanes_of
from engine.errors import WorkerLost
from engine.jobs import Lane, LocalExecutor, keeper
from engine.jobs.cluster import RayExecutor, workers_of
from engine.jobs.switchboard import Size
from engine.settings import Settings
from tests.contract.job_lanes import (
    NO_RAY,
    Make,
    began,
    dies,
    lives,
    only,
    parent_of,
    pool,
    resident,
    root,
    state,
    until,
)
from tests.contract.ray_nodes import RayNodes, running_nodes

pytestmark = NO_RAY


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    async with AsyncExitStack() as stack:

        async def start(address: str, lanes: tuple[Lane, ...], **config: object) -> RayExecutor:
            executor = RayExecutor(address, lanes, config)
            stack.push_async_callback(executor.close, grace_s=0.0)
            await executor.start()
            return executor

        yield start


def test_residents_are_one_a_gpu_and_pools_are_on_every_machine_but_never_more_than_cores() -> None:
    one, two = resident("one"), pool("two", workers=2)
    assert [workers_of(one, Size(nodes=3, cpus=12, gpus=gpus)) for gpus in (0, 1, 4)] == [1, 1, 4]
    assert [workers_of(two, Size(nodes=nodes, cpus=5, gpus=0)) for nodes in (1, 2, 3)] == [2, 4, 5]
    assert workers_of(two, Size(nodes=0, cpus=0, gpus=0)) == 1


async def test_it_works_through_ray_client_too_and_this_process_stays_free_of_ray(
    make: Make, ray_nodes: RayNodes, tmp_path: Path
) -> None:
    signals = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    executor = await make(ray_nodes.client, only("one", "many"))
    events: list[int] = []
    await executor.submit("one:count", {"to": 20}, lambda event: events.append(event.data.get("number", -1)))
    assert events == [-1, -1, *range(20)]
    job, told = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "go")})
    (tmp_path / "go").touch()
    assert (await job)["pid"] == told["pid"]
    assert "ray" not in sys.modules
    assert signals == [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    gateway = executor.gateway_pid
    await executor.close()
    assert dies(told["pid"], within_s=20)
    assert not lives(gateway)


async def test_a_killed_gateway_costs_the_jobs_that_ran_and_no_waiting_one(
    make: Make, ray_nodes: RayNodes, tmp_path: Path
) -> None:
    executor = await make(ray_nodes.address, only("many"))
    inside = [await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "never")}) for _ in range(3)]
    waiting = asyncio.create_task(executor.submit("many:down", {"steps": 1}))
    await asyncio.sleep(0.05)
    os.kill(executor.gateway_pid, signal.SIGKILL)
    for job, _ in inside:
        with pytest.raises(WorkerLost, match="gateway"):
            await job
    assert (await asyncio.wait_for(waiting, 30))["pid"] != inside[0][1]["pid"]
    assert dies(inside[0][1]["pid"], within_s=20)


async def test_a_cluster_that_is_not_there_is_said_to_be_so(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "TRIES", 1)
    monkeypatch.setattr(keeper, "AWAY_S", 0.0)
    executor = await make("ray://127.0.0.2:9", only("one"))
    with pytest.raises(WorkerLost, match=r"The cluster .* cannot be reached"):
        await asyncio.wait_for(executor.submit("one:echo", {}), 60)
    assert state(executor, "one").alive == 0


def test_gateway_and_actors_end_with_the_process_that_submits(ray_nodes: RayNodes, tmp_path: Path) -> None:
    parent = f"""
import asyncio, os
from engine.jobs.cluster import RayExecutor
from tests.contract.job_lanes import only, began
async def main():
    executor = RayExecutor({ray_nodes.address!r}, only("one"), {{}})
    await executor.start()
    _, told = await began(executor, "one:wait", {{"path": {str(tmp_path / "never")!r}, "for_s": 60}})
    print(executor.gateway_pid, told["pid"], flush=True)
    os.kill(os.getpid(), 9)
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", parent], capture_output=True, text=True, timeout=60, check=False, cwd=root()
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2
    assert all(dies(pid, within_s=20) for pid in pids)


async def test_a_machine_that_joins_gets_workers_and_one_that_dies_costs_only_what_it_had(
    make: Make, ray_nodes: RayNodes, tmp_path: Path
) -> None:
    executor = await make(ray_nodes.address, (*only("one"), *only("many")))
    inside = [await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "never")}) for _ in range(2)]
    await executor.submit("one:echo", {})
    await asyncio.to_thread(ray_nodes.add_node)
    await until(lambda: (state(executor, "one").wanted, state(executor, "one").alive) == (2, 2))
    both = [await began(executor, "one:wait", {"path": str(tmp_path / "go")}) for _ in range(2)]
    old_node = parent_of(inside[0][1]["pid"])
    nodes = [parent_of(told["pid"]) for _, told in both]
    assert len(set(nodes)) == 2
    assert old_node in nodes
    os.kill(old_node, signal.SIGKILL)
    lost = both[nodes.index(old_node)][0]
    for job in (inside[0][0], inside[1][0], lost):
        with pytest.raises(WorkerLost):
            await asyncio.wait_for(job, 60)
    (tmp_path / "go").touch()
    assert await both[1 - nodes.index(old_node)][0] == {"found": True}
    again = await asyncio.wait_for(executor.submit("many:down", {"steps": 1}), 60)
    assert parent_of(again["pid"]) != old_node
    await until(lambda: state(executor, "one").wanted == 1, for_s=60)


@pytest.mark.slow
async def test_jobs_wait_for_a_cluster_that_dies_until_it_is_back(make: Make, tmp_path: Path) -> None:
    with running_nodes() as nodes:
        executor = await make(nodes.client, only("many"))
        job, _ = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "never")})
        await asyncio.to_thread(nodes.die)
        with pytest.raises(WorkerLost):
            await asyncio.wait_for(job, 60)
        waiting = asyncio.create_task(executor.submit("many:down", {"steps": 3}))
        await asyncio.sleep(10)
        assert not waiting.done()
        await asyncio.to_thread(nodes.start)
        assert (await asyncio.wait_for(waiting, 60))["counted"] == 3
        await executor.close()


@pytest.mark.slow
async def test_a_song_composed_on_the_cluster_is_the_song_composed_here(
    make: Make, ray_nodes: RayNodes, tmp_path: Path
) -> None:
    """The studio's own lanes: one song after the other here, both at once there, the same notes."""
    settings = Settings(data_dir=tmp_path, renderers=1)
    lanes = tuple(lane for lane in lanes_of(settings) if lane.name in ("compose", "record"))
    requests = [ComposeRequest(prompt=prompt, seed=7, seconds=20) for prompt in ("chill lofi", "happy ragtime")]

    async def song(executor: Any, number: int) -> str:
        payload = {"request": requests[number].to_json(), "entry": None, "seed": 7}
        draft = (await executor.submit("compose", payload))["draft"]
        answer = await executor.submit("record", {"id": f"{number}" * 12, "draft": draft, "limit_bytes": None})
        return str(answer["receipt"]["midi_sha256"])

    local = LocalExecutor(lanes, config_of(settings))
    await local.start()
    here = [await song(local, 0), await song(local, 1)]
    await local.close()
    shutil.rmtree(tmp_path / "songs")
    cluster = await make(ray_nodes.address, lanes, **config_of(settings))
    there = await asyncio.gather(song(cluster, 0), song(cluster, 1))
    assert there == here
    assert len(set(here)) == 2
