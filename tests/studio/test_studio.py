"""The one door: songs are made in another process, kept, found again, voted on."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine import ComposeRequest, Origin, Settings, Studio, Tally, Update, errors
from engine.jobs import InlineExecutor, LocalExecutor

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
OPENER = "small_composer:open_small_composer"
ORIGIN = Origin(person_id=1, guild_id=2, channel_id=3, message_id=4)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.syspath_prepend(HERE)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(HERE), str(ROOT)]))
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


@pytest.fixture
async def studio(settings: Settings) -> AsyncIterator[Studio]:
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        yield studio


def folders_in(data: Path) -> list[str]:
    """Where songs lie, half-made ones too."""
    return sorted(f"{path.parent.name}/{path.name}" for kind in ("scratch", "songs") for path in data.glob(f"{kind}/*"))


async def test_a_song_is_made_and_found_again(studio: Studio, tmp_path: Path) -> None:
    request = ComposeRequest(prompt="chill lofi", seed=7)
    song = await studio.compose(request, origin=ORIGIN)
    assert song.request == request
    assert (song.receipt.prompt, song.receipt.seed, song.receipt.id) == ("chill lofi", 7, song.id)
    assert song.audio == tmp_path / "data" / "songs" / song.id / "song.mp3"
    assert all(path.is_absolute() and path.is_file() for path in (song.audio, song.midi, song.picture))
    assert await studio.song(song.id) == song


async def test_updates_lead_from_queued_to_done_and_never_go_back(studio: Studio) -> None:
    updates: list[Update] = []
    await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN, on_update=updates.append)
    phases = list(dict.fromkeys(update.phase for update in updates))
    assert phases == ["queued", "composing", "rendering", "done"]
    assert [u.share for u in updates] == sorted(u.share for u in updates)
    assert updates[-1] == Update(phase="done", share=1.0)


async def test_whoever_waits_is_told_how_many_are_before(studio: Studio, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    updates: list[Update] = []
    first = asyncio.create_task(studio.compose(ComposeRequest(prompt=f"waits for {gate}"), origin=ORIGIN))
    await asyncio.sleep(0.1)
    second = asyncio.create_task(studio.compose(ComposeRequest(prompt="b"), origin=ORIGIN, on_update=updates.append))
    await asyncio.sleep(0.1)
    assert updates[-1] == Update(phase="queued", share=0.0, ahead=1)
    gate.touch()
    await asyncio.gather(first, second)


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


async def test_a_song_that_cannot_be_noted_leaves_no_folder(studio: Studio, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data" / "tunesmith.db") as connection:
        connection.execute("DROP TABLE songs")
    connection.close()
    with pytest.raises(sa.exc.OperationalError, match="no such table"):
        await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
    assert not (tmp_path / "data" / "scratch").exists()


async def test_a_bad_wish_leaves_nothing_behind(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(errors.BadRequest, match="says nothing"):
        await studio.compose(ComposeRequest(prompt=""), origin=ORIGIN)
    assert folders_in(tmp_path / "data") == []


async def test_a_song_that_breaks_half_way_leaves_nothing_behind(studio: Studio, tmp_path: Path) -> None:
    with pytest.raises(errors.RenderError):
        await studio.compose(ComposeRequest(prompt="breaks"), origin=ORIGIN)
    assert folders_in(tmp_path / "data") == []


async def test_votes_are_counted_changed_and_withdrawn(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
    assert await studio.vote(song.id, person_id=1, value=1) == Tally(up=1, down=0, own=1)
    assert await studio.vote(song.id, person_id=2, value=-1) == Tally(up=1, down=1, own=-1)
    assert await studio.vote(song.id, person_id=1, value=1) == Tally(up=0, down=1, own=None)


@pytest.mark.parametrize("song_id", ["nothere", "../../etc", "UPPER", ""])
async def test_an_unknown_song_is_not_found_whatever_is_done_with_it(studio: Studio, song_id: str) -> None:
    for attempt in (
        studio.song(song_id),
        studio.another(song_id, origin=ORIGIN),
        studio.vote(song_id, person_id=1, value=1),
    ):
        with pytest.raises(errors.NotFound):
            await attempt


async def test_a_song_whose_file_is_gone_is_not_found(studio: Studio) -> None:
    song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
    song.audio.unlink()
    with pytest.raises(errors.NotFound, match=r"song\.mp3"):
        await studio.song(song.id)


async def test_songs_and_votes_outlive_the_process(settings: Settings) -> None:
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
        await studio.vote(song.id, person_id=1, value=1)
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        assert await studio.song(song.id) == song
        assert await studio.vote(song.id, person_id=2, value=1) == Tally(up=2, down=0, own=1)


async def test_what_a_cancelled_wish_left_is_cleared_when_a_studio_opens_next(
    settings: Settings, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        wish = asyncio.create_task(studio.compose(ComposeRequest(prompt=f"waits for {gate}"), origin=ORIGIN))
        await asyncio.sleep(0.2)
        wish.cancel()
        gate.touch()
        with pytest.raises(asyncio.CancelledError):
            await wish
    assert len(folders_in(tmp_path / "data")) == 1
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        assert folders_in(tmp_path / "data") == []
        assert studio.interrupted == (ORIGIN,)
    async with await Studio.open(settings, executor=InlineExecutor(OPENER, {})) as studio:
        assert studio.interrupted == ()


async def test_a_composing_process_that_dies_costs_one_song_and_no_more(settings: Settings, tmp_path: Path) -> None:
    async with await Studio.open(settings, executor=LocalExecutor(OPENER, {})) as studio:
        with pytest.raises(errors.JobError, match="died with status 3"):
            await studio.compose(ComposeRequest(prompt="dies"), origin=ORIGIN)
        song = await studio.compose(ComposeRequest(prompt="chill lofi"), origin=ORIGIN)
        assert song.audio.read_bytes() == b"sound"
    assert folders_in(tmp_path / "data") == [f"songs/{song.id}"]


async def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.SetupError, match="file/data"):
        await Studio.open(Settings.read(data_dir=tmp_path / "file" / "data"))


def test_the_discord_process_loads_nothing_heavy(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from engine import Origin, Receipt, Settings, Studio
from engine.jobs import LocalExecutor
async def main():
    executor = LocalExecutor({OPENER!r}, {{}})
    async with await Studio.open(Settings.read(data_dir=Path({str(tmp_path)!r})), executor=executor) as studio:
        from engine import ComposeRequest
        await studio.compose(ComposeRequest(prompt="a"), origin=Origin())
        assert studio.style_names()
asyncio.run(main())
heavy = {{"torch", "numpy", "scipy", "music21", "onnxruntime", "transformers", "ray", "symusic"}}
print(sorted(heavy & set(sys.modules)))
"""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE), str(ROOT)])}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env=env)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_every_exported_name_is_there_and_every_other_is_not() -> None:
    import engine  # noqa: PLC0415

    for name in engine.__all__:
        assert getattr(engine, name) is not None
    with pytest.raises(AttributeError, match="nonsense"):
        engine.nonsense  # noqa: B018
