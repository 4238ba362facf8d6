"""What every executor promises: threads, processes and a Ray cluster alike."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from engine.errors import BadRequest, JobError, RenderError, SetupError, WorkerLost
from engine.jobs import JobEvent, keeper
from tests.contract.job_lanes import EVERYWHERE, IN_PROCESSES, LANES, AnyExecutor, began, executor_of, state, until

pytestmark = pytest.mark.asyncio(loop_scope="module")


in_processes = pytest.mark.parametrize("executor", IN_PROCESSES, indirect=True, scope="module")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jobs")


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=EVERYWHERE)
async def executor(request: pytest.FixtureRequest, folder: Path) -> AsyncIterator[AnyExecutor]:
    """One of each kind for all tests, with all lanes."""
    address = request.getfixturevalue("ray_nodes").address if request.param == "ray" else None
    executor = executor_of(request.param, {"missing": str(folder / "font.sf2")}, address, LANES)
    await executor.start()
    yield executor
    await executor.close()


async def test_a_result_comes_back_as_json_would_carry_it(executor: AnyExecutor) -> None:
    result = await executor.submit("one:echo", {"pair": (1, 2), "text": "naïve ♪\n", "none": None})
    assert result["payload"] == {"pair": [1, 2], "text": "naïve ♪\n", "none": None}


@pytest.mark.parametrize(("kind", "payload"), [("one:count", {"to": 50}), ("many:down", {"steps": 50})])
async def test_events_come_in_order_on_the_event_loop(
    executor: AnyExecutor, kind: str, payload: dict[str, int]
) -> None:
    events: list[JobEvent] = []
    loops = set()

    def listen(event: JobEvent) -> None:
        loops.add(asyncio.get_running_loop())
        events.append(event)

    assert (await executor.submit(kind, payload, listen))["counted"] == 50
    assert [e.state for e in events[:2]] == ["queued", "started"]
    assert all(e.state == "progress" for e in events[2:])
    told = [e.data.get("number", 49 - e.data.get("left", 0)) for e in events[2:]]
    assert told == list(range(50))
    assert loops == {asyncio.get_running_loop()}


async def test_a_pool_of_one_takes_jobs_in_order_and_they_know_their_place(
    executor: AnyExecutor, tmp_path: Path
) -> None:
    places: dict[str, list[int]] = {"a": [], "b": [], "c": []}
    ended: list[str] = []

    async def job(name: str) -> None:
        def listen(event: JobEvent) -> None:
            if event.state == "queued":
                places[name].append(event.ahead)

        await executor.submit("one:wait", {"path": str(tmp_path / name)}, listen)
        ended.append(name)

    tasks = []
    for name in places:
        tasks.append(asyncio.create_task(job(name)))
        await asyncio.sleep(0.05)
    for name in places:
        (tmp_path / name).touch()
    await asyncio.gather(*tasks)
    assert ended == ["a", "b", "c"]
    assert places == {"a": [0], "b": [1], "c": [2, 1]}


async def test_a_pool_of_two_has_two_jobs_at_once(executor: AnyExecutor, tmp_path: Path) -> None:
    first, _ = await began(executor, "two:wait", {"path": str(tmp_path / "go")})
    second, _ = await began(executor, "two:wait", {"path": str(tmp_path / "go")})
    assert (state(executor, "two").alive, state(executor, "two").running) == (2, 2)
    (tmp_path / "go").touch()
    assert await asyncio.gather(first, second) == [{"found": True}] * 2


async def test_a_resident_has_many_jobs_inside_and_no_more_than_it_may(executor: AnyExecutor, tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(4)]
    inside = [await began(executor, "many:wait", {"steps": 1, "path": str(path)}) for path in paths[:3]]
    assert (inside[-1][1]["left"], inside[-1][1]["inside"]) == (0, 3)
    places: list[int] = []
    fourth = asyncio.create_task(
        executor.submit("many:wait", {"steps": 0, "path": str(paths[3])}, lambda event: places.append(event.ahead))
    )
    await asyncio.sleep(0.1)
    lane = state(executor, "many")
    assert (lane.wanted, lane.alive, lane.running, lane.waiting) == (1, 1, 3, 1)
    assert places == [3]
    paths[3].touch()
    paths[1].touch()
    results = [await inside[1][0], await fourth]
    assert len({result["pid"] for result in results}) == 1
    paths[0].touch()
    paths[2].touch()
    await asyncio.gather(*(job for job, _ in inside))


async def test_a_persons_error_comes_back_as_it_was_raised(executor: AnyExecutor) -> None:
    with pytest.raises(BadRequest, match=r"^The tempo 900 bpm is too fast; 40–240 bpm would work\.$"):
        await executor.submit("one:bad_request", {})
    with pytest.raises(BadRequest, match=r"^The number 1001 is too high; 1000 would work\.$"):
        await executor.submit("many:down", {"steps": 1001})


@pytest.mark.parametrize(("kind", "payload"), [("one:render_error", {}), ("many:fail", {"steps": 1})])
async def test_an_engine_error_keeps_its_class(executor: AnyExecutor, kind: str, payload: dict[str, int]) -> None:
    with pytest.raises(RenderError, match="the synthesiser failed"):
        await executor.submit(kind, payload)


async def test_a_bug_becomes_a_job_error_with_its_traceback_logged(
    executor: AnyExecutor, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(JobError, match="KeyError: 'melody'"):
        await executor.submit("one:bug", {})
    assert "in _bug" in caplog.text


@pytest.mark.parametrize("lane", ["one", "many"])
@pytest.mark.parametrize("kind", ["not_json", "told_not_json"])
async def test_a_value_that_json_cannot_say_fails_that_job_alone(
    executor: AnyExecutor, lane: str, kind: str, tmp_path: Path
) -> None:
    other, _ = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "go")})
    with pytest.raises(JobError, match="not JSON serializable"):
        await executor.submit(f"{lane}:{kind}", {"steps": 1})
    (tmp_path / "go").touch()
    await other


async def test_a_payload_that_json_cannot_say_is_refused(executor: AnyExecutor) -> None:
    with pytest.raises(JobError, match="no JSON"):
        await executor.submit("one:echo", {"value": object()})


async def test_a_kind_that_no_lane_takes_is_refused(executor: AnyExecutor) -> None:
    with pytest.raises(JobError, match="'one:dance'; known are badly:bad_request"):
        await executor.submit("one:dance", {})


async def test_what_is_missing_at_the_start_can_be_mended_without_a_restart(
    executor: AnyExecutor, folder: Path
) -> None:
    for _ in range(2):
        with pytest.raises(SetupError, match=r"font\.sf2 is missing; create it"):
            await executor.submit("missing:echo", {})
    lane = state(executor, "missing")
    assert (lane.wanted, lane.alive) == (1, 0)
    assert lane.last_error.startswith("SetupError: The file")
    (folder / "font.sf2").touch()
    assert (await executor.submit("missing:echo", {}))["payload"] == {}
    (folder / "font.sf2").unlink()


@pytest.mark.parametrize(
    ("lane", "message"), [("badly", "ZeroDivisionError: the opener is broken"), ("nothing", "cannot be found")]
)
async def test_an_opener_that_cannot_open_fails_each_job_and_no_other_lane(
    executor: AnyExecutor, lane: str, message: str
) -> None:
    for _ in range(2):
        with pytest.raises(JobError, match=message):
            await executor.submit(f"{lane}:echo", {})
    assert state(executor, lane).restarts >= 2
    assert await executor.submit("one:count", {"to": 0}) == {"counted": 0}


async def test_a_waiting_job_that_is_withdrawn_never_begins(executor: AnyExecutor, tmp_path: Path) -> None:
    first, _ = await began(executor, "one:wait", {"path": str(tmp_path / "go")})
    events: list[JobEvent] = []
    second = asyncio.create_task(executor.submit("one:count", {"to": 1}, events.append))
    places: list[int] = []
    third = asyncio.create_task(executor.submit("one:count", {"to": 0}, lambda e: places.append(e.ahead)))
    await asyncio.sleep(0.05)
    second.cancel()
    await asyncio.wait({second})
    assert places == [2, 1]
    (tmp_path / "go").touch()
    await asyncio.wait_for(asyncio.gather(first, third), 10)
    assert [event.state for event in events] == ["queued"]


async def test_a_pools_running_job_that_is_withdrawn_does_not_disturb_the_next(
    executor: AnyExecutor, tmp_path: Path
) -> None:
    first, _ = await began(executor, "one:wait", {"path": str(tmp_path / "go")})
    before = state(executor, "one").restarts
    first.cancel()
    second = asyncio.create_task(executor.submit("one:count", {"to": 3}))
    await asyncio.sleep(0.05)
    assert state(executor, "one").waiting == 1
    (tmp_path / "go").touch()
    assert await second == {"counted": 3}
    assert state(executor, "one").restarts == before


async def test_a_pools_worker_that_goes_on_with_a_withdrawn_job_for_long_is_replaced(
    executor: AnyExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "PATIENCE_S", 0.2)
    first, _ = await began(executor, "one:wait", {"path": str(tmp_path / "never"), "for_s": 15})
    before = state(executor, "one").restarts
    first.cancel()
    assert await asyncio.wait_for(executor.submit("one:count", {"to": 3}), 10) == {"counted": 3}
    assert state(executor, "one").restarts == before + 1
    assert "did not finish a withdrawn job" in state(executor, "one").last_error


async def test_a_resident_forgets_a_job_that_is_withdrawn(executor: AnyExecutor, tmp_path: Path) -> None:
    await until(lambda: state(executor, "many").facts)
    before = state(executor, "many").facts[0]["cancelled"]
    job, _ = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "never")})
    job.cancel()
    await asyncio.wait({job})
    assert state(executor, "many").running == 0
    await until(lambda: state(executor, "many").facts == ({"inside": 0, "cancelled": before + 1},), for_s=5)


@pytest.mark.parametrize(("kind", "payload"), [("one:count", {"to": 3}), ("many:down", {"steps": 3})])
@pytest.mark.parametrize("at", ["queued", "started", "progress"])
async def test_a_listener_that_fails_fails_only_its_own_job(
    executor: AnyExecutor, kind: str, payload: dict[str, int], at: str
) -> None:
    def listen(event: JobEvent) -> None:
        if event.state == at:
            raise RuntimeError("the listener is broken")

    with pytest.raises(RuntimeError, match="the listener is broken"):
        await executor.submit(kind, payload, listen)
    assert (await executor.submit(kind, payload))["counted"] == 3


async def test_a_pools_job_that_runs_out_of_time_fails_and_the_next_one_runs(
    executor: AnyExecutor, tmp_path: Path
) -> None:
    await executor.submit("short:count", {"to": 1})
    with pytest.raises(JobError, match=r"longer than 0\.5 s"):
        await executor.submit("short:wait", {"path": str(tmp_path / "never"), "for_s": 2})
    for _ in range(3):  # another process may have to open first, which can take its time
        try:
            assert await executor.submit("short:count", {"to": 1}) == {"counted": 1}
        except JobError:
            continue
        break
    else:
        pytest.fail("the lane does not work any more")


async def test_a_residents_job_that_runs_out_of_time_fails_alone(executor: AnyExecutor, tmp_path: Path) -> None:
    before = state(executor, "brief").restarts
    overdue, _ = await began(executor, "brief:wait", {"steps": 1, "path": str(tmp_path / "never")})
    await asyncio.sleep(0.25)
    other, _ = await began(executor, "brief:wait", {"steps": 1, "path": str(tmp_path / "go")})
    with pytest.raises(JobError, match=r"longer than 0\.5 s"):
        await overdue
    (tmp_path / "go").touch()
    assert (await other)["counted"] == 1
    assert state(executor, "brief").restarts == before


async def test_a_resident_that_hangs_is_replaced(
    executor: AnyExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "SILENCE_S", 0.2)
    hung, _ = await began(executor, "brief:hang", {"steps": 1, "for_s": 4})
    await asyncio.sleep(0.2)
    other = asyncio.create_task(executor.submit("brief:down", {"steps": 1}))
    with pytest.raises(JobError, match=r"longer than 0\.5 s"):
        await hung
    with pytest.raises(WorkerLost, match="hung"):
        await other
    await until(lambda: state(executor, "brief").alive)
    assert (await executor.submit("brief:down", {"steps": 0}))["counted"] == 0


async def test_a_resident_whose_step_raises_is_lost_with_its_jobs_and_begun_anew(
    executor: AnyExecutor, tmp_path: Path
) -> None:
    before = state(executor, "many").restarts
    other, _ = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "go")})
    with pytest.raises(WorkerLost):
        await executor.submit("many:raise", {"steps": 1})
    with pytest.raises(WorkerLost):
        await other
    assert (await executor.submit("many:down", {"steps": 2}))["counted"] == 2
    assert state(executor, "many").restarts == before + 1


@in_processes
async def test_a_resident_killed_with_jobs_inside_loses_them_all_and_no_waiting_one(
    executor: AnyExecutor, tmp_path: Path
) -> None:
    payload = {"steps": 1, "path": str(tmp_path / "never")}
    before = state(executor, "many").restarts
    inside = [await began(executor, "many:wait", payload) for _ in range(3)]
    waiting = asyncio.create_task(executor.submit("many:down", {"steps": 1}))
    await asyncio.sleep(0.05)
    assert state(executor, "many").waiting == 1
    os.kill(inside[0][1]["pid"], signal.SIGKILL)
    for job, _ in inside:
        with pytest.raises(WorkerLost):
            await asyncio.wait_for(job, 30)
    assert (await waiting)["pid"] != inside[0][1]["pid"]
    assert state(executor, "many").restarts == before + 1
    assert state(executor, "many").last_error.startswith("WorkerLost: ")


@in_processes
async def test_a_killed_worker_of_a_pool_takes_only_its_own_job_along(executor: AnyExecutor, tmp_path: Path) -> None:
    await until(lambda: state(executor, "two").alive == 2)
    before = state(executor, "two").restarts
    first, told = await began(executor, "two:wait", {"path": str(tmp_path / "go")})
    second, other = await began(executor, "two:wait", {"path": str(tmp_path / "go")})
    assert told["pid"] != other["pid"]
    os.kill(told["pid"], signal.SIGKILL)
    with pytest.raises(WorkerLost):
        await asyncio.wait_for(first, 30)
    (tmp_path / "go").touch()
    assert await second == {"found": True}
    await until(lambda: state(executor, "two").alive == 2)
    assert state(executor, "two").restarts == before + 1


@in_processes
async def test_a_job_that_kills_its_worker_fails_and_a_new_worker_takes_the_next(executor: AnyExecutor) -> None:
    before = (await executor.submit("one:echo", {}))["pid"]
    crash = asyncio.create_task(executor.submit("one:crash", {}))
    after = asyncio.create_task(executor.submit("one:echo", {}))
    with pytest.raises(WorkerLost):
        await crash
    assert (await after)["pid"] != before


@in_processes
async def test_a_worker_killed_while_idle_costs_no_job(executor: AnyExecutor) -> None:
    os.kill((await executor.submit("one:echo", {}))["pid"], signal.SIGKILL)
    await until(lambda: not state(executor, "one").alive)
    assert await executor.submit("one:count", {"to": 1}) == {"counted": 1}


async def test_a_resident_tells_how_it_does_about_once_a_second(executor: AnyExecutor, tmp_path: Path) -> None:
    job, _ = await began(executor, "many:wait", {"steps": 1, "path": str(tmp_path / "go")})
    await until(lambda: state(executor, "many").facts[0]["inside"] == 1, for_s=5)
    (tmp_path / "go").touch()
    await job
    await until(lambda: state(executor, "many").facts[0]["inside"] == 0, for_s=5)


async def test_a_hundred_jobs_in_all_lanes_come_back_to_whom_they_belong(executor: AnyExecutor) -> None:
    async def job(number: int) -> None:
        if number % 2:
            payload = (await executor.submit("two:echo", {"number": number}))["payload"]
            assert payload == {"number": number}
        else:
            assert (await executor.submit("many:down", {"steps": number}))["counted"] == number

    await asyncio.gather(*(job(number) for number in range(100)))
    assert all(lane.running == lane.waiting == 0 for lane in executor.state())
