"""The one door: songs are made in another process, kept, found again, voted on."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine import ComposeRequest, Settings, Studio, Tally, Update, errors
from tests.studio.small_studio import (
    ORIGIN,
    ROOT,
    asked,
    eventually,
    folders_in,
    last_of,
    opened,
    rows_of,
    until,
    updates_of,
)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


@pytest.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    async with opened(settings) as studio:
        yield studio


async def test_a_song_is_made_and_found_again(studio: Studio, tmp_path: Path) -> None:
    request = ComposeRequest(prompt="chill lofi", seed=7)
    song = await studio.compose(request, origin=ORIGIN)
    assert song.request == request
    assert (song.receipt.prompt, song.receipt.seed, song.receipt.id) == ("chill lofi", 7, song.id)
    assert song.audio == tmp_path / "data" / "songs" / song.id / "song.mp3"
    assert all(path.is_absolute() and path.is_file() for path in (song.audio, song.midi, song.picture))
    assert await studio.song(song.id) == song


async def test_a_request_is_a_row_before_it_is_answered(studio: Studio, settings: Settings) -> None:
    ticket = await studio.accept(ComposeRequest(prompt="chill lofi"), origin=ORIGIN, limit_bytes=1000)
    row = rows_of(settings)[ticket.job_id]
    assert (row["state"], row["person_id"], row["song_id"]) == ("queued", 1, ticket.song_id)
    assert (ticket.song_id, ticket.origin, ticket.limit_bytes, ticket.state) == (ticket.job_id, ORIGIN, 1000, "queued")


async def test_updates_lead_from_queued_to_ready_and_never_go_back(settings: Settings, tmp_path: Path) -> None:
    before, gate = tmp_path / "before", tmp_path / "gate"
    async with opened(settings, at_once=1) as studio:
        first = await asked(studio, f"waits for {before}")
        ticket = await asked(studio, f"records at {gate}")
        await until(studio, first.job_id, "composing")
        watching = asyncio.create_task(updates_of(studio, ticket.job_id))
        waiting = await until(studio, ticket.job_id, "queued")
        assert (waiting.ahead, waiting.share) == (0, 0.0)
        before.touch()
        await until(studio, ticket.job_id, "rendering")
        gate.touch()
        updates = await watching
        song = await studio.song(ticket.song_id)
    assert list(dict.fromkeys(update.phase for update in updates)) == ["queued", "composing", "rendering", "ready"]
    assert [update.share for update in updates] == sorted(update.share for update in updates)
    assert updates[-1] == Update(phase="ready", share=1.0, song=song)
    assert all((update.eta_s or 0) >= 1 for update in updates[:-1])


async def test_a_delivered_song_s_job_is_done_and_says_which_message_brought_it(
    studio: Studio, settings: Settings
) -> None:
    ticket = await asked(studio, "chill lofi")
    await until(studio, ticket.job_id, "ready")
    assert rows_of(settings)[ticket.job_id]["state"] == "delivering"
    assert await studio.delivered(ticket.job_id, reply_id=99)
    row = rows_of(settings)[ticket.job_id]
    assert (row["state"], row["reply_id"], row["lease_owner"]) == ("done", 99, None)
    assert await studio.pending() == ()


async def test_where_a_song_is_shown_is_remembered(studio: Studio) -> None:
    ticket = await asked(studio, "lacks")
    await studio.shown(ticket.job_id, channel_id=5, message_id=6)
    await until(studio, ticket.job_id, "failed")
    (pending,) = await studio.pending()
    assert (pending.origin.channel_id, pending.origin.message_id, pending.request.prompt) == (5, 6, "lacks")


async def test_another_one_has_the_same_wishes_and_a_fresh_seed(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="chill lofi", seconds=20, seed=7), origin=ORIGIN)
    other = await studio.another(song.id, origin=ORIGIN)
    assert other.id != song.id
    assert (other.request.prompt, other.request.seconds) == ("chill lofi", 20)
    assert other.receipt.seed not in (7, None)


async def test_another_one_is_made_though_the_first_one_s_files_are_gone(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
    song.audio.unlink()
    assert (await studio.another(song.id, origin=ORIGIN)).request.prompt == "chill lofi"


async def test_a_song_that_builds_on_another_is_composed_with_that_one_s_score(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
    other = await studio.another(song.id, origin=ORIGIN, keep=("melody",))
    assert other.receipt.measured["entry"] == f"score of {song.id}"
    alone = await studio.compose(ComposeRequest(prompt="b", again="nosuchsong"), origin=ORIGIN)
    assert alone.receipt.measured["entry"] is None


async def test_the_seed_is_settled_when_a_request_is_accepted_and_the_request_stays_as_it_was(studio: Studio) -> None:
    songs = [await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN) for _ in range(2)]
    assert [song.request.seed for song in songs] == [None, None]
    assert songs[0].receipt.seed != songs[1].receipt.seed
    assert all(0 <= song.receipt.seed < 2**53 for song in songs)


async def test_a_bad_wish_is_told_as_it_is_and_leaves_nothing_behind(studio: Studio, tmp_path: Path) -> None:
    ticket = await asked(studio, "")
    last = await last_of(studio, ticket.job_id)
    assert (last.phase, last.incident) == ("failed", None)
    assert last.sentence == "The prompt '' says nothing; some words would work."
    with pytest.raises(errors.BadRequest, match="says nothing"):
        await studio.compose(ComposeRequest(prompt=""), origin=ORIGIN)
    assert folders_in(tmp_path / "data") == []


@pytest.mark.parametrize(("prompt", "kind"), [("breaks", "RenderError"), ("lacks", "SetupError")])
async def test_what_the_person_cannot_mend_gets_an_incident_number_that_the_log_knows(
    studio: Studio, settings: Settings, caplog: pytest.LogCaptureFixture, prompt: str, kind: str
) -> None:
    ticket = await asked(studio, prompt)
    last = await last_of(studio, ticket.job_id)
    assert last.phase == "failed"
    assert last.incident is not None
    assert "/home" not in (last.sentence or "")
    (record,) = [record for record in caplog.records if f"incident {last.incident}" in record.getMessage()]
    assert record.exc_info is not None
    assert kind in record.getMessage()
    row = rows_of(settings)[ticket.job_id]
    assert (row["state"], row["incident"]) == ("failed", last.incident)
    assert row["error"].startswith(kind)


async def test_a_song_that_breaks_half_way_leaves_nothing_behind(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(errors.EngineError, match=r"RenderError: the synthesiser failed \(incident [0-9a-f]{8}\)"):
        await studio.compose(ComposeRequest(prompt="breaks"), origin=ORIGIN)
    await asyncio.sleep(0.1)
    assert folders_in(tmp_path / "data") == []


async def test_votes_are_counted_changed_and_withdrawn(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
    assert await studio.vote(song.id, person_id=11, value=1) == Tally(up=1, down=0, own=1)
    assert await studio.vote(song.id, person_id=2, value=-1) == Tally(up=1, down=1, own=-1)
    assert await studio.vote(song.id, person_id=11, value=1) == Tally(up=0, down=1, own=None)


@pytest.mark.parametrize("song_id", ["nothere", "../../etc", "UPPER", ""])
async def test_an_unknown_song_is_not_found_whatever_is_done_with_it(studio: Studio, song_id: str) -> None:
    for attempt in (
        studio.song(song_id),
        studio.another(song_id, origin=ORIGIN),
        studio.vote(song_id, person_id=1, value=1),
        studio.shown(song_id, message_id=1),
        anext(studio.watch(song_id)),
    ):
        with pytest.raises(errors.NotFound):
            await attempt
    assert not await studio.cancel(song_id, person_id=1)
    assert not await studio.delivered(song_id)


async def test_a_song_whose_file_is_gone_is_not_found(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
    song.audio.unlink()
    with pytest.raises(errors.NotFound, match=r"song\.mp3"):
        await studio.song(song.id)


async def test_songs_and_votes_outlive_the_process(settings: Settings) -> None:
    async with opened(settings) as studio:
        song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
        await studio.vote(song.id, person_id=11, value=1)
    async with opened(settings) as studio:
        assert await studio.song(song.id) == song
        assert await studio.vote(song.id, person_id=2, value=1) == Tally(up=2, down=0, own=1)


async def test_whoever_stops_waiting_cancels_their_song(studio: Studio, settings: Settings, tmp_path: Path) -> None:
    def row() -> dict[str, object]:
        return dict(next(iter(rows_of(settings).values()), {"state": None, "told_at": None}))

    wish = asyncio.create_task(studio.compose(ComposeRequest(prompt=f"waits for {tmp_path / 'gate'}"), origin=ORIGIN))
    await eventually(lambda: row()["state"] == "composing")
    wish.cancel()
    with pytest.raises(asyncio.CancelledError):
        await wish
    await eventually(lambda: row()["told_at"] is not None)
    assert row()["state"] == "cancelled"
    assert folders_in(tmp_path / "data") == []


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.SetupError, match="file/data"):
        await Studio.open(Settings.read(data_dir=tmp_path / "file" / "data"))


def test_the_discord_process_loads_nothing_heavy(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from engine import ComposeRequest, Origin, Receipt, Settings, Studio
from tests.studio.small_studio import opened
async def main():
    async with opened(Settings.read(data_dir=Path({str(tmp_path)!r})), processes=True) as studio:
        await studio.compose(ComposeRequest(prompt="a"), origin=Origin())
        assert studio.style_names()
asyncio.run(main())
heavy = {{"torch", "numpy", "scipy", "music21", "onnxruntime", "transformers", "ray", "symusic"}}
print(sorted(heavy & set(sys.modules)))
"""
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=env)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_every_exported_name_is_there_and_every_other_is_not() -> None:
    import engine  # noqa: PLC0415

    for name in engine.__all__:
        assert getattr(engine, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        engine.nonsense  # noqa: B018


async def test_a_studio_closed_as_soon_as_it_is_open_leaves_nothing_running(settings: Settings) -> None:
    for _ in range(20):
        before = asyncio.all_tasks()
        async with opened(settings):
            pass
        assert asyncio.all_tasks() <= before
