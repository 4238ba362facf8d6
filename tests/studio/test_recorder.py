"""Recording a song apart: what is kept, what is left behind and what is not, and what the process needs."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.compose.files.folder import all_or_nothing
from engine.compose.recorder import Booth
from engine.compose.recording import Recorder
from engine.compose.resident import ComposingLane
from engine.errors import CheckpointError, NotFound, SetupError, StoreError
from engine.settings import Settings
from engine.store.opening import open_files, place_of
from engine.store.scratch import Scratch
from tests.contract.object_server import running_objects
from tests.studio.halves import PLAIN, draft_of, order_of, record, spaces_of

ROOT = Path(__file__).parents[2]


def left(data: Path) -> list[str]:
    """Everything under a data folder, but for the folders that songs lie in."""
    return sorted(str(path.relative_to(data)) for path in data.rglob("*") if path.is_file())


def test_a_recorded_song_is_published_and_leaves_no_scratch(lane: ComposingLane, booth: Booth, tmp_path: Path) -> None:
    receipt = record(booth, "published", draft_of(lane, order_of(PLAIN)))
    folder, stem = "songs/published", "chill-lofi-for-a-rainy-night-published"
    assert left(tmp_path) == [f"{folder}/{stem}{ending}" for ending in (".json", ".mid", ".mp3", ".png", ".song.json")]
    assert list((tmp_path / "scratch").iterdir()) == []
    assert receipt.id == "published"


async def test_songs_are_published_to_the_object_store_that_the_settings_name(
    lane: ComposingLane, recorder: Recorder, tmp_path: Path
) -> None:
    drafts = [draft_of(lane, order_of(PLAIN)) for _ in range(2)]
    with running_objects() as server:
        place = server.place("songs-of-many")
        config = {"files": place.url, "files_endpoint": place.endpoint, "files_key": place.key}
        settings = Settings.read(data_dir=tmp_path, files_secret=place.secret, **config)
        there = open_files(place_of(settings), settings.data_dir)
        booth = Booth(recorder, spaces_of(there, tmp_path), Scratch(tmp_path))
        for number, draft in enumerate(drafts):
            await asyncio.to_thread(record, booth, f"far{number}", draft)
        names = {file.name.partition(".")[2] for file in await there.list("far1")}
    assert names == {"json", "mid", "mp3", "png", "song.json"}
    assert left(tmp_path) == []


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a disk without room: larger files cannot be written by this process."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_song_that_does_not_fit_on_the_disk_leaves_nothing(lane: ComposingLane, booth: Booth, tmp_path: Path) -> None:
    draft = draft_of(lane, order_of(PLAIN))
    with files_of_at_most(20_000), pytest.raises(SetupError, match="cannot be written"):
        record(booth, "toobig", draft)
    assert left(tmp_path) == []
    assert list((tmp_path / "scratch").iterdir()) == []
    assert record(booth, "toobig", draft).id == "toobig"


def test_a_file_in_the_way_of_scratch_is_named(lane: ComposingLane, booth: Booth, tmp_path: Path) -> None:
    (tmp_path / "scratch").write_bytes(b"mine")
    with pytest.raises(SetupError, match="scratch"):
        record(booth, "nowhere", draft_of(lane, order_of(PLAIN)))
    assert left(tmp_path) == ["scratch"]


def test_a_song_that_cannot_be_kept_leaves_no_scratch(lane: ComposingLane, booth: Booth, tmp_path: Path) -> None:
    (tmp_path / "songs").write_bytes(b"mine")
    with pytest.raises(StoreError, match="songs"):
        record(booth, "unkept", draft_of(lane, order_of(PLAIN)))
    assert left(tmp_path) == ["songs"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_an_id_that_would_leave_the_folder_is_refused(lane: ComposingLane, booth: Booth, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        record(booth, "../../etc", draft_of(lane, order_of(PLAIN)))
    assert list(tmp_path.iterdir()) == []


def test_a_song_that_another_process_is_at_work_on_is_left_to_it(
    lane: ComposingLane, booth: Booth, tmp_path: Path
) -> None:
    draft = draft_of(lane, order_of(PLAIN))
    folder = tmp_path / "scratch" / "twice"
    with all_or_nothing(folder, "song"):
        (folder / "song.mid").write_bytes(b"half")
        with pytest.raises(StoreError, match="another process"):
            record(booth, "twice", draft)
        assert (folder / "song.mid").read_bytes() == b"half"
        assert not (tmp_path / "songs").exists()
    (folder / "song.mid").unlink()
    assert record(booth, "twice", draft).id == "twice"


MOST_MEGABYTES, RESTING_MEGABYTES = 290, 235
"""With FluidR3, a few seconds of music, and the copy index; a minute of music takes 30 MB more while it is mixed."""

RECORDING_PROCESS = """
import json, os, sys
from engine.compose.recorder import open_recorder

def emit(event):
    if event["stage"] == sys.argv[3]:
        os._exit(9)

handle = open_recorder({"data_dir": sys.argv[1]})
with open(sys.argv[2]) as file:
    draft = json.load(file)
receipt = handle("record", {"id": "process", "draft": draft}, emit)["receipt"]
with open("/proc/self/status") as file:
    status = dict(line.split(":", 1) for line in file)
megabytes = {name: int(status[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS")}
print(json.dumps({"modules": sorted(sys.modules), "notes": receipt["midi_sha256"], "megabytes": megabytes}))
"""


def in_a_process(data: Path, draft: Path, *, dies_at: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", RECORDING_PROCESS, str(data), str(draft), dies_at],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=60,
        check=False,
    )


def test_a_recording_process_needs_nothing_of_what_composes_and_may_die_in_the_middle(
    lane: ComposingLane, tmp_path: Path
) -> None:
    draft, data = tmp_path / "draft.json", tmp_path / "data"
    draft.write_text(json.dumps(draft_of(lane, order_of(PLAIN))), encoding="utf-8")
    assert in_a_process(data, draft, dies_at="encode").returncode == 9
    assert (data / "scratch" / "process").is_dir(), "it left something"
    done = in_a_process(data, draft)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    heavy = {"torch", "transformers", "tokenizers", "safetensors", "music21", "sklearn", "matplotlib", "discord", "ray"}
    assert (heavy | {"sqlalchemy", "alembic"}) & set(told["modules"]) == set()
    assert told["megabytes"]["VmHWM"] < MOST_MEGABYTES
    assert told["megabytes"]["VmRSS"] < RESTING_MEGABYTES, "what a song took is given back"
    assert list((data / "scratch").iterdir()) == []
    (midi,) = (data / "songs" / "process").glob("*.mid")
    assert told["notes"] == json.loads(midi.with_suffix(".json").read_text(encoding="utf-8"))["midi_sha256"]


def test_a_damaged_copy_index_stops_a_recorder_while_it_opens(song_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "originality.npz").write_bytes(b"PK, but no archive")
    with pytest.raises(CheckpointError, match=r"copy index .* is damaged"):
        Recorder(song_settings, styles_dir=tmp_path).warm_up()
