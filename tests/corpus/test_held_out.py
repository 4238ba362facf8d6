"""The split is a committed list of works: sorted, known to the readers, and never in what is trained on."""

from __future__ import annotations

import hashlib
import tarfile
import unicodedata
from collections.abc import Callable
from pathlib import PurePosixPath

import pytest

from engine.learn.corpus import BUILT_IN, READERS, build_corpus, load_corpus
from engine.learn.sources.mutopia import work_of as mutopia_work
from engine.learn.sources.openscore import song_work
from engine.learn.sources.own import SOURCE
from engine.learn.sources.piece import HELD_OUT, SPLIT_SALT, VALID_SHARE, held_out_works, split_of
from tests.corpus.test_corpus import SHARED


def test_the_list_is_sorted_without_doubles_and_names_every_source():
    lines = [line for line in HELD_OUT.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))
    assert {line.split("/")[0] for line in lines} == {*READERS, *BUILT_IN} - {
        SOURCE
    }  # anybody's own files are not ours to list


def test_every_listed_work_was_drawn_by_the_hash_that_the_header_tells_of():
    for work in held_out_works():
        number = int.from_bytes(hashlib.sha256(f"{SPLIT_SALT}:{work}".encode()).digest()[:8], "big")
        assert number / 2**64 < VALID_SHARE, work


def test_a_listed_work_is_held_out_however_its_letters_are_composed():
    assert split_of("lieder/Arne,_Thomas/_/Celia’s_Complaint") == "valid"
    composed = next(work for work in held_out_works() if "ü" in work)
    assert split_of(composed) == split_of(composed.replace("ü", "u\u0308")) == "valid"


def test_a_new_work_of_a_listed_source_is_training_material_and_composed_songs_are_drawn_by_number():
    assert {split_of(f"freedoom/d_new{n}") for n in range(200)} == {"train"}
    held = [n for n in range(2000) if split_of(f"composed-jazz/{n}") == "valid"]
    assert 60 < len(held) < 140


def names_in(source: str) -> list[tuple[str, ...]]:
    """Paths of an archive's files inside the source, as parts."""
    with tarfile.open(SHARED / f"{source}.tar.xz") as archive:
        return [PurePosixPath(member.name).parts[1:] for member in archive if member.isfile()]


WORKS: dict[str, Callable[[tuple[str, ...]], str]] = {
    "lieder": song_work,
    "quartets": lambda parts: "/".join(parts[1:3]),
    "chopin": lambda parts: parts[-1].split("-", maxsplit=1)[0],
    "mutopia": lambda parts: mutopia_work("/".join(parts)),
    "hymnal": lambda parts: PurePosixPath(parts[-1]).stem.split("-")[-1],
    "groove": lambda parts: "/".join((*parts[:2], parts[-1].split("_")[1].split("-")[0])),
}
"""Source → the work that a file belongs to, as its reader says."""


@pytest.mark.shared
@pytest.mark.parametrize("source", sorted(WORKS))
def test_each_listed_work_has_files_in_its_archive(source):
    if not (SHARED / f"{source}.tar.xz").is_file():
        pytest.skip(f"the corpora are not at {SHARED}")
    scores = [parts for parts in names_in(source) if parts[-1].endswith((".mid", ".midi", ".krn", ".abc"))]
    works = {f"{source}/{WORKS[source](parts)}" for parts in scores}
    listed = {work for work in held_out_works() if work.startswith(f"{source}/")}
    assert listed
    assert listed <= {unicodedata.normalize("NFC", work) for work in works}
    assert {split_of(work) for work in listed} == {"valid"}


@pytest.mark.shared
def test_held_out_game_music_is_not_trained_on_either_as_it_is_or_arranged(tmp_path):
    if not (SHARED / "freedoom.tar.xz").is_file():
        pytest.skip(f"the corpora are not at {SHARED}")
    listed = {work for work in held_out_works() if work.startswith(("freedoom/", "simutrans/"))}
    others = {"freedoom/d_dm01", "freedoom/d_map12", "simutrans/03-Sunday-drivers"}
    for source in ("freedoom", "simutrans"):
        with tarfile.open(SHARED / f"{source}.tar.xz") as archive:
            wanted = [m for m in archive if f"{source}/{PurePosixPath(m.name).stem}" in listed | others]
            archive.extractall(tmp_path / "root", members=wanted, filter="data")
    build_corpus(tmp_path / "root", tmp_path / "out", only=["freedoom", "simutrans", "chip"])
    splits = {piece.id.split("#", maxsplit=1)[0]: piece.split for piece in load_corpus(tmp_path / "out")}
    assert set(splits) == listed | others | {f"chip/{work}" for work in listed | others}
    assert {name for name, split in splits.items() if split == "valid"} == listed | {f"chip/{work}" for work in listed}
