"""What the file store promises, in a folder and on an S3 server."""

from __future__ import annotations

import asyncio
import itertools
import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.errors import NotFound, SetupError, StoreError
from engine.store import FilesPlace, FileStore, StoredFile, open_files
from engine.store.files import names_to_publish
from engine.store.objects import ObjectFiles
from engine.store.scratch import Scratch
from tests.contract.object_server import ObjectServer, running_objects

ROOT = Path(__file__).parents[2]
COUNTER = itertools.count()
BIG = os.urandom(6 * 2**20)  # over the size from which uploads go in parts
SONG = {"a tune.mp3": b"sound", "a tune.mid": b"notes", "a tune.json": b"{}", "ü ♪.png": b"picture"}


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest) -> FilesPlace:
    """A fresh, empty place."""
    if request.param == "folder":
        return FilesPlace()
    return request.getfixturevalue("objects").place(f"some/prefix{next(COUNTER)}")


@pytest.fixture
def files(place: FilesPlace, tmp_path: Path) -> FileStore:
    return open_files(place, tmp_path / "data")


def folder_of(tmp_path: Path, contents: dict[str, bytes]) -> Path:
    """A fresh scratch folder with these files."""
    folder = tmp_path / f"scratch{next(COUNTER)}"
    folder.mkdir()
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return folder


async def read(files: FileStore, song_id: str, name: str) -> bytes:
    return b"".join([piece async for piece in files.fetch(song_id, name)])


async def test_what_was_published_is_listed_and_fetched(files: FileStore, tmp_path: Path) -> None:
    await files.publish("song1", folder_of(tmp_path, SONG))
    assert await files.list("song1") == tuple(StoredFile(name=n, size=len(SONG[n])) for n in sorted(SONG))
    for name, data in SONG.items():
        assert await read(files, "song1", name) == data
    assert await files.songs() == ("song1",)


async def test_a_large_file_comes_back_piece_by_piece(files: FileStore, tmp_path: Path) -> None:
    await files.publish("song1", folder_of(tmp_path, {"a.wav": BIG, "empty.txt": b""}))
    pieces = [piece async for piece in files.fetch("song1", "a.wav")]
    assert b"".join(pieces) == BIG
    assert max(map(len, pieces)) <= 256 * 1024
    assert await read(files, "song1", "empty.txt") == b""


async def test_a_song_is_brought_to_this_machine_as_a_folder(files: FileStore, tmp_path: Path) -> None:
    await files.publish("song1", folder_of(tmp_path, SONG))
    for _ in range(2):
        folder = await files.bring("song1")
        assert folder == tmp_path / "data" / "songs" / "song1"
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == SONG


async def test_hidden_files_and_folders_stay_behind(files: FileStore, tmp_path: Path) -> None:
    folder = folder_of(tmp_path, {"a.mid": b"notes", ".a.making": b""})
    (folder / "sub").mkdir()
    await files.publish("song1", folder)
    assert [file.name for file in await files.list("song1")] == ["a.mid"]


async def test_publishing_again_replaces_all_that_was_there(files: FileStore, tmp_path: Path) -> None:
    await files.publish("song1", folder_of(tmp_path, {"a.mp3": b"old", "a.json": b"{}", "a.stems.zip": b"old"}))
    await files.bring("song1")
    await files.publish("song1", folder_of(tmp_path, {"a.mp3": b"new", "a.json": b"{1}"}))
    assert [file.name for file in await files.list("song1")] == ["a.json", "a.mp3"]
    assert (await files.bring("song1") / "a.mp3").read_bytes() == b"new"


async def test_removing_takes_all_of_one_song_and_nothing_of_another(files: FileStore, tmp_path: Path) -> None:
    for song_id in ("song1", "song11"):
        await files.publish(song_id, folder_of(tmp_path, SONG))
    await files.bring("song1")
    await files.remove("song1")
    assert await files.list("song1") == ()
    assert await files.songs() == ("song11",)
    assert len(await files.list("song11")) == len(SONG)
    with pytest.raises(NotFound, match="song1"):
        await files.bring("song1")
    await files.remove("song1")


async def test_what_is_not_there_is_not_found(files: FileStore, tmp_path: Path) -> None:
    assert await files.songs() == ()
    assert await files.list("song1") == ()
    with pytest.raises(NotFound, match=r"a\.mp3 of the song 'song1' is gone"):
        await read(files, "song1", "a.mp3")
    with pytest.raises(NotFound, match="no song 'song1'"):
        await files.bring("song1")
    with pytest.raises(NotFound, match="no files"):
        await files.publish("song1", folder_of(tmp_path, {}))
    with pytest.raises(NotFound, match="no files"):
        await files.publish("song1", tmp_path / "nowhere")


@pytest.mark.parametrize("song_id", ["../../etc", "a/b", "", "..", "A" * 40, "x" * 33, "song\n"])
async def test_an_id_that_could_leave_its_place_is_not_found(files: FileStore, tmp_path: Path, song_id: str) -> None:
    for attempt in (files.list(song_id), files.bring(song_id), files.remove(song_id), read(files, song_id, "a.mp3")):
        with pytest.raises(NotFound):
            await attempt
    with pytest.raises(NotFound):
        await files.publish(song_id, folder_of(tmp_path, SONG))
    with pytest.raises(NotFound):
        Scratch(tmp_path).path(song_id)


@pytest.mark.parametrize("name", ["../song2/a.mid", "..", "", ".hidden", "sub/a.mid", "a\x00b", "a\\b"])
async def test_a_name_that_could_leave_its_song_is_not_found(files: FileStore, tmp_path: Path, name: str) -> None:
    for song_id in ("song1", "song2"):
        await files.publish(song_id, folder_of(tmp_path, {"a.mid": b"notes"}))
    with pytest.raises(NotFound):
        await read(files, "song1", name)


async def test_many_songs_at_once_stay_apart(files: FileStore, tmp_path: Path) -> None:
    async def one(number: int) -> None:
        name, data = f"song{number}", str(number).encode() * 1000
        await files.publish(name, folder_of(tmp_path, {"a.mp3": data, "a.json": b"{}"}))
        assert await read(files, name, "a.mp3") == data

    await asyncio.gather(*(one(number) for number in range(12)))
    assert len(await files.songs()) == 12


async def test_one_song_published_by_two_at_once_is_whole(files: FileStore, tmp_path: Path) -> None:
    folders = [folder_of(tmp_path, SONG) for _ in range(3)]
    await asyncio.gather(*(files.publish("song1", folder) for folder in folders), return_exceptions=True)
    await files.publish("song1", folder_of(tmp_path, SONG))
    assert {file.name for file in await files.list("song1")} == set(SONG)


async def test_a_slow_disk_or_server_does_not_hold_up_the_event_loop(
    files: FileStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(folder: Path) -> tuple[str, ...]:
        time.sleep(0.6)
        return names_to_publish(folder)

    for module in ("folders", "objects"):
        monkeypatch.setattr(f"engine.store.{module}.names_to_publish", slowly)
    publishing = asyncio.create_task(files.publish("song1", folder_of(tmp_path, SONG)))
    beats = 0
    while not publishing.done():
        await asyncio.sleep(0.01)
        beats += 1
    await publishing
    assert beats >= 10


KILLED = """
import asyncio, os, sys
from pathlib import Path
from engine.store import FilesPlace, open_files
place, data, folder, times = eval(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
files = open_files(place, data)
{patch}
def counted(real):
    def call(*words, **named):
        global times
        if times == 0:
            os._exit(9)
        times -= 1
        return real(*words, **named)
    return call
replace_in_place(counted)
asyncio.run(files.publish("song1", folder))
"""
PATCHES = {
    True: "def replace_in_place(counted):\n    os.replace = counted(os.replace)",
    False: "def replace_in_place(counted):\n    files._objects.put_file = counted(files._objects.put_file)",
}


@pytest.mark.parametrize("times", [0, 2, 3])
async def test_whoever_is_killed_while_publishing_leaves_no_receipt(
    files: FileStore, place: FilesPlace, tmp_path: Path, times: int
) -> None:
    """Of four files so many are handed over before the process dies on the spot; the receipt is the fourth."""
    folder = folder_of(tmp_path, SONG)
    code = KILLED.format(patch=PATCHES[place.url is None])
    said = f"FilesPlace(url={place.url!r}, endpoint={place.endpoint!r}, key={place.key!r}, secret={place.secret!r})"
    words = ["-c", code, said, str(tmp_path / "data"), str(folder), str(times)]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT)
    assert await asyncio.wait_for(process.wait(), 60) == 9
    left = [file.name for file in await files.list("song1")]
    assert len(left) == times
    assert "a tune.json" not in left
    await files.publish("song1", folder_of(tmp_path, SONG))
    assert {file.name for file in await files.list("song1")} == set(SONG)


async def test_the_check_leaves_nothing_behind_and_says_where_files_are_kept(
    files: FileStore, place: FilesPlace, tmp_path: Path
) -> None:
    assert await files.check() == (place.url or str(tmp_path / "data" / "songs"))
    assert await files.songs() == ()
    assert not (tmp_path / "data" / "songs").exists() or not list((tmp_path / "data" / "songs").iterdir())


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    files = open_files(FilesPlace(), tmp_path / "file")
    with pytest.raises(SetupError, match=r"file/songs cannot be written"):
        await files.check()
    with pytest.raises(StoreError, match="cannot be kept"):
        await files.publish("song1", folder_of(tmp_path, SONG))
    with pytest.raises(SetupError, match=r"scratch/song1 cannot be made"):
        Scratch(tmp_path / "file").make("song1")


async def test_a_server_that_is_away_is_said_so_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    with running_objects() as server:
        files = ObjectFiles(server.place("p"), tmp_path / "data", retry_s=0.5)
        await files.publish("song1", folder_of(tmp_path, SONG))
        server.stop()
        for attempt in (
            files.list("song1"),
            files.bring("song1"),
            read(files, "song1", "a tune.mp3"),
            files.publish("song2", folder_of(tmp_path, SONG)),
        ):
            with pytest.raises(StoreError, match=r"The files at s3://tunesmith-test/p cannot be reached") as told:
                await attempt
            assert "\n" not in str(told.value)
        server.start()
        await files.publish("song2", folder_of(tmp_path, SONG))
        assert await files.songs() == ("song2",)


async def test_a_short_absence_of_the_server_goes_unnoticed(tmp_path: Path) -> None:
    with running_objects() as server:
        files = ObjectFiles(server.place("p"), tmp_path / "data", retry_s=20)
        server.stop()
        publishing = asyncio.create_task(files.publish("song1", folder_of(tmp_path, SONG)))
        await asyncio.sleep(0.3)
        await asyncio.to_thread(server.start)
        await publishing
        assert len(await files.list("song1")) == len(SONG)


async def test_a_bucket_that_is_not_there_is_named_by_the_check(objects: ObjectServer, tmp_path: Path) -> None:
    place = FilesPlace(url="s3://no-such-bucket", endpoint=objects.endpoint, key="k", secret="s")
    with pytest.raises(SetupError, match=r"s3://no-such-bucket .*TUNESMITH_FILES"):
        await open_files(place, tmp_path).check()


@pytest.mark.parametrize("url", ["nonsense", "ftp://host/x", "s3://", "s3://key:secret@bucket", "s3://b?x=1"])
def test_a_url_that_makes_no_sense_is_a_setup_error_without_its_secrets(tmp_path: Path, url: str) -> None:
    with pytest.raises(SetupError, match="s3://bucket/prefix") as told:
        open_files(FilesPlace(url=url), tmp_path)
    assert "key:secret" not in str(told.value)


async def test_what_was_brought_longest_ago_is_forgotten_first(objects: ObjectServer, tmp_path: Path) -> None:
    files = ObjectFiles(objects.place(f"trim{next(COUNTER)}"), tmp_path / "data")
    for number in range(3):
        await files.publish(f"song{number}", folder_of(tmp_path, {"a.mp3": bytes(1000)}))
        os.utime(await files.bring(f"song{number}"), (number, number))
    await files.bring("song0")  # again, so it is the latest now
    await files.trim(2000)
    assert sorted(path.name for path in (tmp_path / "data" / "songs").iterdir()) == ["song0", "song2"]
    assert len(await files.list("song1")) == 1


def test_secrets_do_not_print() -> None:
    assert "hush" not in repr(FilesPlace(url="s3://b", key="hush", secret="hush"))


async def test_scratch_folders_are_made_listed_and_removed_with_all_in_them(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    assert scratch.ids() == ()
    folder = scratch.make("song1")
    (folder / "a.mid").touch()
    assert folder == tmp_path / "scratch" / "song1"
    assert stat.S_ISDIR(folder.stat().st_mode)
    assert scratch.ids() == ("song1",)
    scratch.remove("song1")
    assert not folder.exists()
    scratch.remove("song1")


def test_a_store_in_a_folder_loads_no_object_store(tmp_path: Path) -> None:
    program = f"""
import asyncio, sys
from pathlib import Path
from engine.store import Store
async def main():
    await (await Store.open("sqlite:///{tmp_path}/a.db", Path({str(tmp_path)!r}))).close()
asyncio.run(main())
print(sorted({{"fsspec", "obstore", "botocore", "asyncpg"}} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
