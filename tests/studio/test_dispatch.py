"""What becomes of accepted requests: who is served when, who is told what, what is tried again, what a restart finds.

Each on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from engine import ComposeRequest, Origin, Settings, Studio, StudioEvent, Update, errors
from engine.errors import StoreError
from engine.store import JobRecord
from tests.contract.postgres import PostgresServer, running_server
from tests.studio.small_studio import HALF_MINUTE_S, asked, eventually, folders_in, last_of, opened, until, updates_of


@pytest.fixture(scope="module")
def postgres() -> Iterator[PostgresServer]:
    with running_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Of a studio on a fresh database; heartbeats come faster than in earnest."""
    monkeypatch.setattr("engine.dispatch.dispatcher.BEAT_S", 0.1)
    monkeypatch.setattr("engine.dispatch.dispatcher.COUNT_S", 0.05)
    monkeypatch.setattr("engine.dispatch.loops.TROUBLE_S", 0.05)
    monkeypatch.setattr("engine.dispatch.news.TELL_S", 0.05)
    monkeypatch.setattr("engine.dispatch.news.LOOK_S", 0.5)
    monkeypatch.setattr("engine.dispatch.stages.PAUSES_S", (0.05,))
    url = None
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh_url()
    return Settings.read(data_dir=tmp_path / "data", database_url=url, person_limit=100)


async def row_of(studio: Studio, job_id: str) -> JobRecord:
    return await studio._store.jobs.job(job_id)


async def states(studio: Studio, job_ids: list[str]) -> list[str]:
    return [(await row_of(studio, job_id)).state for job_id in job_ids]


async def in_state(studio: Studio, job_id: str, state: str) -> None:
    async with asyncio.timeout(30):
        while (await row_of(studio, job_id)).state != state:  # noqa: ASYNC110 (rows tell nobody)
            await asyncio.sleep(0.01)


# -- who is served ----------------------------------------------------------------------------------------------------


async def test_as_many_songs_are_taken_as_the_composing_worker_holds_and_the_others_wait_in_turn(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, at_once=3) as studio:
        eager = [(await asked(studio, f"waits for {gate}")).job_id for _ in range(5)]
        other = (await asked(studio, f"waits for {gate}", person=2)).job_id
        await eventually(lambda: studio.state().working == 3)
        await asyncio.sleep(0.1)
        assert await states(studio, eager) == ["composing"] * 3 + ["queued"] * 2
        gate.touch()
        ready = [update.song for update in await asyncio.gather(*(last_of(studio, name) for name in [*eager, other]))]
        assert [song.id for song in ready if song is not None] == [*eager, other]
        rows = {name: (await row_of(studio, name)).started_at for name in [other, eager[3], eager[4]]}
        assert rows[other] <= min(rows[eager[3]], rows[eager[4]])  # type: ignore[operator,type-var]


async def test_no_more_is_composed_while_composed_songs_wait_for_their_recording(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, at_once=2, renderers=1) as studio:
        names = [(await asked(studio, f"records at {gate}", person=n)).job_id for n in range(9)]
        await eventually(lambda: studio.state().working == 4)  # two inside, and two a hand
        await asyncio.sleep(0.3)
        assert await states(studio, names) == ["rendering"] * 4 + ["queued"] * 5
        gate.touch()
        assert {(await last_of(studio, name)).phase for name in names} == {"ready"}


async def test_a_person_may_wait_for_so_many_songs_and_whoever_is_nobody_for_any_number(
    settings: Settings, tmp_path: Path
) -> None:
    few = settings.model_copy(update={"person_limit": 2})
    async with opened(few) as studio:
        waits = f"waits for {tmp_path / 'gate'}"
        tickets = [await asked(studio, waits) for _ in range(2)]
        with pytest.raises(errors.BadRequest, match="2 are the most"):
            await asked(studio, waits)
        for _ in range(3):
            await studio.accept(ComposeRequest(prompt=waits), origin=Origin())
        assert await studio.cancel(tickets[0].job_id, person_id=1)
        await asked(studio, waits)
        assert studio.state().totals["refused"] == 1


# -- who is told what -------------------------------------------------------------------------------------------------


async def test_all_who_watch_hear_the_end_also_those_who_come_late(settings: Settings) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, "chill lofi")
        early = await asyncio.gather(*(updates_of(studio, ticket.job_id) for _ in range(3)))
        late = await updates_of(studio, ticket.job_id)
        assert len(late) == 1
        assert all(updates[-1] == late[0] for updates in early)


async def test_whoever_is_slow_misses_what_was_overtaken_and_hears_the_newest(settings: Settings) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, "steps 60")
        heard = []
        async for update in studio.watch(ticket.job_id):
            heard.append(update)
            await asyncio.sleep(0.4)
        assert heard[-1].phase == "ready"
        assert len(heard) <= 5


async def test_positions_go_down_and_estimates_follow_without_jumping(settings: Settings) -> None:
    async with opened(settings, at_once=1, renderers=1) as studio:
        names = [(await asked(studio, "steps 30", person=n)).job_id for n in range(7)]
        heard = [(monotonic(), update) async for update in studio.watch(names[-1])]
        ahead = [update.ahead for _, update in heard if update.phase == "queued"]
        assert ahead == sorted(ahead, reverse=True)
        assert ahead[0] >= 4
        assert ahead[-1] == 0
        end = heard[-1][0]
        told = [(end - then, update.eta_s) for then, update in heard[:-1] if update.eta_s is not None]
        steps = [abs(b - a) for (_, a), (_, b) in itertools.pairwise(told)]
        assert max(steps) <= max(2.0, told[0][1] / 3)  # a machine that is busy otherwise makes them longer
        assert told[-1][1] < max(eta for _, eta in told)


async def test_a_song_is_not_promised_while_the_workers_load(settings: Settings) -> None:
    async with opened(settings) as studio:
        studio._dispatcher.team._executor = _Loading(studio._executor)  # type: ignore[assignment]
        ticket = await asked(studio, "steps 40")
        first = await anext(studio.watch(ticket.job_id))
        assert first.eta_s is None
        assert (await last_of(studio, ticket.job_id)).phase == "ready"


class _Loading:
    """An executor that says of itself that no worker has opened yet."""

    def __init__(self, executor: Any) -> None:
        self._executor = executor

    def state(self) -> Any:
        from dataclasses import replace  # noqa: PLC0415

        return tuple(replace(state, alive=0) for state in self._executor.state())


async def test_who_listens_hears_what_happened_and_the_state_counts_it(settings: Settings) -> None:
    heard: list[StudioEvent] = []
    async with opened(settings) as studio:
        studio.listen(heard.append)
        ticket = await asked(studio, "chill lofi")
        await last_of(studio, ticket.job_id)
        await last_of(studio, (await asked(studio, "breaks")).job_id)
        await studio.vote(ticket.song_id, person_id=1, value=-1)
        mine = [event for event in heard if event.job_id == ticket.job_id]
        assert [(event.kind, event.stage) for event in mine] == [
            ("accepted", None),
            ("started", None),
            ("stage", "composing"),
            ("stage", "rendering"),
            ("done", None),
            ("delivered", None),
        ]
        assert all(event.seconds is not None and 0 <= event.seconds < 20 for event in mine[1:5])
        assert mine[4].receipt is not None
        assert [(event.kind, event.error) for event in heard if event.error] == [("failed", "RenderError")]
        assert heard[-1] == StudioEvent(kind="voted", vote=-1)
        await eventually(lambda: studio.state().queue_age_s < 1 and not any(studio.state().queue.values()))
        state = studio.state()
        assert (state.working, state.ready, state.closing, state.database) == (0, 0, False, None)
        assert (state.totals["accepted"], state.totals["done"], state.totals["failed"]) == (2, 1, 1)
        assert set(state.stages_s) == {"composing", "rendering"}
        assert set(state.queue) == {"queued", "composing", "rendering", "delivering"}
        assert [lane.name for lane in state.lanes] == ["compose", "record"]


# -- who wants no more ------------------------------------------------------------------------------------------------


async def test_a_cancelled_song_leaves_its_worker_at_once_and_whoever_waits_is_told(
    settings: Settings, tmp_path: Path
) -> None:
    async with opened(settings, at_once=1) as studio:
        composing = await asked(studio, f"waits for {tmp_path / 'gate'}")
        waiting = await asked(studio, "b")
        await until(studio, composing.job_id, "composing")
        watching = asyncio.create_task(updates_of(studio, composing.job_id))
        assert not await studio.cancel(composing.job_id, person_id=99)
        assert await studio.cancel(composing.job_id, person_id=1)
        assert not await studio.cancel(composing.job_id, person_id=1)
        assert (await watching)[-1].phase == "cancelled"
        assert (await last_of(studio, waiting.job_id)).phase == "ready"  # there is room again
        assert studio.state().lanes[0].running == 0
        assert not await studio.cancel(waiting.job_id, person_id=1)


async def test_all_that_a_person_waits_for_can_be_cancelled(settings: Settings, tmp_path: Path) -> None:
    async with opened(settings, at_once=2) as studio:
        names = [(await asked(studio, f"waits for {tmp_path / 'gate'}")).job_id for _ in range(4)]
        other = await asked(studio, "b", person=2)
        assert await studio.cancel_all(1) == 4
        assert {(await last_of(studio, name)).phase for name in names} == {"cancelled"}
        assert (await last_of(studio, other.job_id)).phase == "ready"
        assert await studio.pending() == ()


async def test_of_a_song_that_is_cancelled_while_it_is_recorded_nothing_stays(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, renderers=1) as studio:
        recording = await asked(studio, f"records at {gate}")
        await until(studio, recording.job_id, "rendering")
        await eventually(lambda: folders_in(settings.data_dir) == [f"scratch/{recording.song_id}"])
        assert await studio.cancel(recording.job_id, person_id=1)
        gate.touch()
        assert (await last_of(studio, (await asked(studio, "b")).job_id)).phase == "ready"
        await eventually(lambda: not any(recording.song_id in name for name in folders_in(settings.data_dir)))


async def test_what_another_process_cancelled_is_stopped_at_the_next_heartbeat(
    settings: Settings, tmp_path: Path
) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, f"waits for {tmp_path / 'gate'}")
        watching = asyncio.create_task(updates_of(studio, ticket.job_id))
        await until(studio, ticket.job_id, "composing")
        await studio._store.jobs.cancel(ticket.job_id)
        assert (await watching)[-1].phase == "cancelled"
        await eventually(lambda: studio.state().working == 0 and studio.state().lanes[0].running == 0)


# -- what is tried again ----------------------------------------------------------------------------------------------


async def test_a_file_store_that_is_full_for_a_while_costs_time_and_nothing_else(
    settings: Settings, tmp_path: Path
) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, f"full once {tmp_path / 'was full'}")
        assert (await last_of(studio, ticket.job_id)).phase == "ready"
        assert (await row_of(studio, ticket.job_id)).attempts == 1


async def test_a_file_store_that_stays_full_is_told_with_an_incident_after_all_tries(settings: Settings) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, "full")
        last = await last_of(studio, ticket.job_id)
        assert last.incident is not None
        row = await row_of(studio, ticket.job_id)
        assert (row.attempts, row.state) == (3, "failed")
        assert "No space left" in (row.error or "")
        assert studio.state().totals["retried"] == 2


async def test_a_lease_whose_answer_was_lost_is_taken_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async with opened(settings) as studio:
        lease = studio._store.jobs.lease
        lost: list[Any] = []

        async def loses_its_first_answer(*words: Any, **wishes: Any) -> Any:
            leased = await lease(*words, **wishes)
            if leased and not lost:
                lost.append(leased)
                raise StoreError("The connection broke.")
            return leased

        monkeypatch.setattr(studio._store.jobs, "lease", loses_its_first_answer)
        ticket = await asked(studio, "chill lofi")
        assert (await last_of(studio, ticket.job_id)).phase == "ready"
        assert [job.id for job in lost[0]] == [ticket.job_id]
        assert (await row_of(studio, ticket.job_id)).attempts == 1


@pytest.mark.parametrize("report", ["advance", "finish", "fail", "heartbeat", "ahead"])
async def test_a_report_whose_answer_was_lost_is_made_again_and_counts_once(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, report: str
) -> None:
    async with opened(settings) as studio:
        work, calls = getattr(studio._store.jobs, report), []

        async def loses_every_other_answer(*words: Any, **wishes: Any) -> Any:
            done = await work(*words, **wishes)
            calls.append(done)
            if len(calls) % 2:
                raise StoreError("The connection broke.")
            return done

        monkeypatch.setattr(studio._store.jobs, report, loses_every_other_answer)
        good, bad = await asked(studio, "steps 50"), await asked(studio, "")
        last = [await last_of(studio, ticket.job_id) for ticket in (good, bad)]
        assert [update.phase for update in last] == ["ready", "failed"]
        assert await states(studio, [good.job_id, bad.job_id]) == ["done", "failed"]
        assert len(calls) >= 2


async def test_a_request_that_cannot_be_kept_is_refused_and_not_made_behind_the_person_s_back(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.dispatch.reception.ANSWER_S", 1.0)
    async with opened(settings) as studio:
        enqueue, kept = studio._store.jobs.enqueue, []

        async def loses_every_answer(*words: Any, **wishes: Any) -> Any:
            kept.append(await enqueue(*words, **wishes))
            raise StoreError("The connection broke.")

        monkeypatch.setattr(studio._store.jobs, "enqueue", loses_every_answer)
        with pytest.raises(StoreError):
            await asked(studio, "steps 1000")
        assert len({job.id for job in kept}) == 1
        assert len(kept) > 1
        await in_state(studio, kept[0].id, "cancelled")
        await eventually(lambda: studio.state().working == 0)
        async with asyncio.timeout(10):
            while await studio.pending():  # noqa: ASYNC110 (rows tell nobody)
                await asyncio.sleep(0.01)


async def listen(studio: Studio, job_id: str, note: Callable[[Update], None]) -> None:
    """Note what a watcher hears, until there is nothing more to hear."""
    async for update in studio.watch(job_id):
        note(update)


async def test_whoever_begins_to_watch_while_the_studio_closes_does_not_wait_for_ever(settings: Settings) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, "anything")
        await studio.drain(grace_s=0)
        heard: list[Update] = []
        await asyncio.wait_for(listen(studio, ticket.job_id, heard.append), HALF_MINUTE_S)
        assert heard == []


# -- what a restart finds ---------------------------------------------------------------------------------------------


async def test_what_was_being_made_when_the_studio_closed_is_made_after_the_next_start(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, at_once=2) as studio:
        tickets = [await asked(studio, f"waits for {gate}", seconds=20 + n) for n in range(3)]
        await eventually(lambda: studio.state().working == 2)
        heard: list[Update] = []
        watching = asyncio.create_task(listen(studio, tickets[0].job_id, heard.append))
        await eventually(lambda: bool(heard) and heard[-1].phase == "composing")
    await asyncio.wait_for(watching, HALF_MINUTE_S)
    assert heard[-1].phase == "composing"  # who watches hears no more, and nothing wrong
    gate.touch()
    async with opened(settings) as studio:
        pending = await studio.pending()
        assert [(ticket.job_id, ticket.request) for ticket in pending] == [
            (ticket.job_id, ticket.request) for ticket in tickets
        ]
        for ticket in pending:
            assert (await last_of(studio, ticket.job_id)).phase == "ready"
            assert (await row_of(studio, ticket.job_id)).attempts <= 1  # 0: nobody watched when it was made
        assert await studio.pending() == ()


async def test_a_song_made_again_after_a_restart_has_the_seed_that_it_was_accepted_with(
    settings: Settings, tmp_path: Path
) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, f"waits for {tmp_path / 'gate'}")
        await until(studio, ticket.job_id, "composing")
        seed = (await row_of(studio, ticket.job_id)).payload["seed"]
    (tmp_path / "gate").touch()
    async with opened(settings) as studio:
        song = (await last_of(studio, ticket.job_id)).song
        assert song is not None
        assert (song.receipt.seed, song.request.seed) == (seed, None)


async def test_failures_that_nobody_was_told_of_come_back_and_those_that_were_told_do_not(settings: Settings) -> None:
    async with opened(settings) as studio:
        bad, broken, known = [await asked(studio, prompt) for prompt in ("", "breaks", "lacks")]
        for ticket in (bad, broken):
            await until(studio, ticket.job_id, "failed")
        await last_of(studio, known.job_id)
    async with opened(settings) as studio:
        assert [ticket.state for ticket in await studio.pending()] == ["failed", "failed"]
        first, second = await last_of(studio, bad.job_id), await last_of(studio, broken.job_id)
        assert (first.sentence, first.incident) == ("The prompt '' says nothing; some words would work.", None)
        assert second.incident == (await row_of(studio, broken.job_id)).incident is not None
        assert await studio.pending() == ()


async def test_a_song_that_was_made_but_not_delivered_is_ready_at_once_after_a_restart(settings: Settings) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, "chill lofi")
        first = await until(studio, ticket.job_id, "ready")
    async with opened(settings) as studio:
        assert [pending.state for pending in await studio.pending()] == ["delivering"]
        assert await updates_of(studio, ticket.job_id) == [first]
        assert studio.state().totals.get("started", 0) == 0
        assert (await row_of(studio, ticket.job_id)).state == "done"


async def test_a_song_that_nobody_watched_is_kept_until_somebody_does(settings: Settings) -> None:
    async with opened(settings) as studio:
        ticket = await asked(studio, "chill lofi")
        await in_state(studio, ticket.job_id, "delivering")
        assert (await row_of(studio, ticket.job_id)).lease_owner is None
        assert (await last_of(studio, ticket.job_id)).phase == "ready"
        assert (await row_of(studio, ticket.job_id)).state == "done"


async def test_a_closing_studio_lets_songs_end_and_be_delivered_and_takes_no_more(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with opened(settings, at_once=1) as studio:
        made, waiting = await asked(studio, f"waits for {gate}"), await asked(studio, "b")
        watching = asyncio.create_task(updates_of(studio, made.job_id))
        await until(studio, made.job_id, "composing")
        closing = asyncio.create_task(studio.close(grace_s=20))
        await eventually(lambda: studio.state().closing)
        with pytest.raises(errors.UserError, match="restarted"):
            await asked(studio, "c")
        gate.touch()
        await closing
        assert (await watching)[-1].phase == "ready"
    async with opened(settings) as studio:
        assert await states(studio, [made.job_id, waiting.job_id]) != ["queued", "queued"]
        assert (await row_of(studio, made.job_id)).state == "done"
        assert (await last_of(studio, waiting.job_id)).phase == "ready"


async def test_what_arrives_late_can_be_noted_until_the_studio_is_closed(settings: Settings, tmp_path: Path) -> None:
    async with opened(settings) as studio:
        made, cut = await asked(studio, "chill lofi"), await asked(studio, f"waits for {tmp_path / 'gate'}")
        await until(studio, made.job_id, "ready")
        await until(studio, cut.job_id, "composing")
        await asyncio.gather(studio.drain(grace_s=0.2), studio.drain(grace_s=0.2))
        assert await states(studio, [made.job_id, cut.job_id]) == ["delivering", "queued"]
        assert (await row_of(studio, made.job_id)).lease_owner is None
        assert await studio.delivered(made.job_id, reply_id=5)
        assert (await row_of(studio, made.job_id)).reply_id == 5


async def test_folders_of_songs_that_nobody_works_on_go_when_a_studio_opens(settings: Settings) -> None:
    scratch = settings.data_dir / "scratch"
    async with opened(settings) as studio:
        theirs = await asked(studio, f"waits for {settings.data_dir / 'gate'}")
        await until(studio, theirs.job_id, "composing")
        for name in ("abandoned1", theirs.song_id, "Not.a.song"):
            (scratch / name).mkdir(parents=True)
            (scratch / name / "half.wav").touch()
        async with opened(settings):  # another process on the same folder
            assert folders_in(settings.data_dir) == sorted(["scratch/Not.a.song", f"scratch/{theirs.song_id}"])


async def test_two_studios_on_one_database_make_every_song_once_and_tell_whoever_asked(settings: Settings) -> None:
    other = settings.model_copy(update={"data_dir": settings.data_dir.parent / "other"})
    if settings.database_url is None:
        other = settings  # two processes of one machine share a file
    async with opened(settings, at_once=2) as one, opened(other, at_once=2) as two:
        asking = [(studio, await asked(studio, "steps 10", person=n)) for n in range(6) for studio in (one, two)]
        if other is not settings:  # whose files lie elsewhere, so each can only hand over its own
            for _, ticket in asking:
                await in_state(one, ticket.job_id, "delivering")
            return
        last = await asyncio.gather(*(last_of(studio, ticket.job_id) for studio, ticket in asking))
        assert {update.phase for update in last} == {"ready"}
        done = [studio.state().totals["done"] for studio in (one, two)]
        assert sum(done) == 12
        assert min(done) > 0
