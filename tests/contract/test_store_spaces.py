"""Uploads and models are kept like songs, each in a space of its own, in a folder and on an S3 server."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from engine.errors import NotFound
from engine.store import FilesPlace, FileStore, Space, Store, open_files
from tests.contract.test_store_files import folder_of, read

COUNTER = itertools.count()
SPACES: tuple[Space, ...] = ("songs", "uploads", "models")


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest) -> FilesPlace:
    """A fresh, empty place."""
    if request.param == "folder":
        return FilesPlace()
    return request.getfixturevalue("objects").place(f"some/spaces{next(COUNTER)}")


def of(place: FilesPlace, tmp_path: Path, space: Space) -> FileStore:
    return open_files(place, tmp_path / "data", space)


async def test_the_same_id_in_two_spaces_means_two_things(place: FilesPlace, tmp_path: Path) -> None:
    for space in SPACES:
        await of(place, tmp_path, space).publish("thing1", folder_of(tmp_path, {"a.bin": space.encode()}))
    for space in SPACES:
        files = of(place, tmp_path, space)
        assert await read(files, "thing1", "a.bin") == space.encode()
        assert await files.bring("thing1") == tmp_path / "data" / space / "thing1"
    await of(place, tmp_path, "uploads").remove("thing1")
    assert [await of(place, tmp_path, space).songs() for space in SPACES] == [("thing1",), (), ("thing1",)]
    assert not (tmp_path / "data" / "uploads" / "thing1").exists(), "nor is what was brought there any more"


@pytest.mark.parametrize("space", SPACES)
async def test_what_is_published_beside_leaves_the_rest(place: FilesPlace, tmp_path: Path, space: Space) -> None:
    files = of(place, tmp_path, space)
    await files.publish("thing1", folder_of(tmp_path, {"original.mp3": b"sound", "piece.json": b"old"}))
    await files.bring("thing1")
    await files.publish("thing1", folder_of(tmp_path, {"piece.json": b"piece", "a.png": b"picture"}), beside=True)
    there = {file.name: await read(files, "thing1", file.name) for file in await files.list("thing1")}
    assert there == {"original.mp3": b"sound", "piece.json": b"piece", "a.png": b"picture"}
    folder = await files.bring("thing1")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == there
    await files.publish("thing1", folder_of(tmp_path, {"piece.json": b"alone"}))
    assert [file.name for file in await files.list("thing1")] == ["piece.json"]
    with pytest.raises(NotFound, match="no files"):
        await files.publish("thing1", folder_of(tmp_path, {}), beside=True)


@pytest.mark.parametrize(("space", "word"), [("uploads", "upload"), ("models", "model")])
async def test_what_is_missing_is_called_by_what_it_is(
    place: FilesPlace, tmp_path: Path, space: Space, word: str
) -> None:
    files = of(place, tmp_path, space)
    for an_id in ("nothing1", "../songs"):
        with pytest.raises(NotFound, match=f"There is no {word} "):
            await files.bring(an_id)
    await files.publish("thing1", folder_of(tmp_path, {"a.bin": b"x"}))
    with pytest.raises(NotFound, match=rf"The file b\.bin of the {word} 'thing1' is gone\."):
        await read(files, "thing1", "b.bin")


async def test_a_store_has_them_all(tmp_path: Path) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'db.sqlite'}", tmp_path / "data")
    await store.space("models").publish("thing1", folder_of(tmp_path, {"v1.safetensors": b"weights"}))
    assert await open_files(FilesPlace(), tmp_path / "data", "models").songs() == ("thing1",)
    assert store.space("songs") is store.files
    await store.close()
