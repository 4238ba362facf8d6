"""Nothing half-written: full disks, limits, killed processes, each of them a real one."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.compose.files import write as write_module
from engine.compose.files.folder import all_or_nothing, sweep
from engine.compose.files.write import write_all
from engine.errors import BadRequest, SetupError

SIXTY_FOUR_KIB = 65_536
UNSHARE = shutil.which("unshare") or ""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def in_a_child(code: str, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60, check=False, **options
    )


WRITE = """
import sys
from pathlib import Path
from engine.compose.files.folder import all_or_nothing
from engine.compose.files.write import write_all
from engine.errors import SetupError
folder = Path(sys.argv[1])
try:
    with all_or_nothing(folder, "song"):
        write_all({folder / "song.mid": b"small", folder / "song.mp3": bytes(int(sys.argv[2]))})
        write_all({folder / "song.json": b"{}"})
except SetupError as error:
    print(error)
"""


def small_disk_is_possible() -> bool:
    command = [UNSHARE, "-rm", "sh", "-c", "mount -t tmpfs -o size=64k none /mnt"]
    return (
        shutil.which("unshare") is not None
        and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not small_disk_is_possible(), reason="a disk of 64 KiB can be mounted on Linux alone")
def test_a_disk_that_is_full_is_named_and_nothing_is_left(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(WRITE, encoding="utf-8")
    disk = tmp_path / "disk"
    disk.mkdir()
    steps = (
        'mount -t tmpfs -o size=64k none "$1"',
        'echo before > "$1/mine"',
        '"$2" "$3" "$1" 200000',
        'ls -A "$1"',
        '"$2" "$3" "$1" 20000',
        'ls -A "$1"',
    )
    done = subprocess.run(
        [UNSHARE, "-rm", "sh", "-ec", " && ".join(steps), "sh", str(disk), sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    sentence, *listed = done.stdout.splitlines()
    assert f"'{disk / 'song.mp3'}' cannot be written (No space left on device)" in sentence
    assert f"the disk that '{disk}' lies on is full; 0.2 MB of free space there" in sentence
    assert sentence.endswith("would work.")
    assert listed == ["mine", "mine", "song.json", "song.mid", "song.mp3"]


def test_a_file_larger_than_the_process_may_write_is_named_and_nothing_is_left(tmp_path):
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (SIXTY_FOUR_KIB, SIXTY_FOUR_KIB))

    done = in_a_child(WRITE, str(tmp_path / "new" / "songs"), "200000", preexec_fn=limited)
    assert done.returncode == 0, done.stderr
    assert "song.mp3' cannot be written (File too large)" in done.stdout
    assert "a shorter song, or a folder on another disk, would work" in done.stdout
    assert names(tmp_path) == []


def test_a_disk_that_is_full_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "song.wav"
    path.write_bytes(b"old")

    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(write_module.os, "replace", full)
    with pytest.raises(SetupError, match=r"song\.wav.*No space left on device"):
        write_all({path: b"new"})
    assert names(tmp_path) == ["song.wav"]
    assert path.read_bytes() == b"old"


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SetupError, match=r"nowhere.*No such file"):
        write_all({tmp_path / "nowhere" / "song.wav": b"x"})


DIE = """
import os, signal, sys, time
from pathlib import Path
from engine.compose.files import write
from engine.compose.files.folder import all_or_nothing
folder, when = Path(sys.argv[1]), sys.argv[2]
def kill(*_):
    os.kill(os.getpid(), signal.SIGKILL)
moves = os.replace
def replace(source, target):
    if str(target).endswith(when):
        kill()
    moves(source, target)
write.os.replace = replace
with all_or_nothing(folder, "song"):
    write.write_all({folder / "song.mid": b"m", folder / "song.mp3": bytes(1000)})
    write.write_all({folder / "song.song.json": b"{}", folder / "song.json": b"{}"})
    if when == "after":
        kill()
    if when == "wait":
        print("ready", flush=True)
        time.sleep(60)
"""


@pytest.mark.parametrize("when", [".mid", ".mp3", ".song.json", "song.json"])
def test_what_a_killed_process_leaves_is_swept_by_the_next_song(tmp_path, when):
    (tmp_path / "song-of-another.mp3").write_bytes(b"mine")
    (tmp_path / ".hidden").write_bytes(b"mine too")
    done = in_a_child(DIE, str(tmp_path), when)
    assert done.returncode == -signal.SIGKILL
    assert ".song.making" in names(tmp_path)
    assert len(names(tmp_path)) > 3, "there is something to sweep"
    with all_or_nothing(tmp_path, "next"):
        assert names(tmp_path) == [".hidden", ".next.making", "song-of-another.mp3"]
    assert names(tmp_path) == [".hidden", "song-of-another.mp3"]


def test_a_song_that_was_whole_when_its_process_was_killed_stays(tmp_path):
    done = in_a_child(DIE, str(tmp_path), "after")
    assert done.returncode == -signal.SIGKILL
    sweep(tmp_path)
    assert names(tmp_path) == ["song.json", "song.mid", "song.mp3", "song.song.json"]


def test_a_song_that_is_being_made_by_another_process_is_left_alone(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", DIE, str(tmp_path), "wait"], stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "ready\n"
            (tmp_path / "song.json").unlink()  # as if it were half-way
            with all_or_nothing(tmp_path, "next"):
                pass
            assert names(tmp_path) == [".song.making", "song.mid", "song.mp3", "song.song.json"]
        finally:
            other.kill()
    sweep(tmp_path)
    assert names(tmp_path) == []


def test_two_songs_of_one_name_are_not_made_at_once(tmp_path):
    with (
        all_or_nothing(tmp_path, "song"),
        pytest.raises(BadRequest, match=r"is there already"),
        all_or_nothing(tmp_path, "song"),
    ):
        pass
    assert names(tmp_path) == []


def test_a_failure_takes_away_the_folders_that_were_made_for_the_song(tmp_path):
    def stop() -> None:
        with all_or_nothing(tmp_path / "a" / "b", "song"):
            write_all({tmp_path / "a" / "b" / "song.mid": b"x"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop()
    assert names(tmp_path) == []


def test_no_room_for_even_a_mark_is_told_before_any_work(tmp_path, monkeypatch):
    def full(descriptor, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with (
        pytest.raises(SetupError, match=r"The folder .*songs' cannot be written.*is full; a few megabytes"),
        all_or_nothing(tmp_path / "songs", "song"),
    ):
        raise AssertionError("the work began")
    assert names(tmp_path) == []
