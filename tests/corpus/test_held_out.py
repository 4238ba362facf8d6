"""The split is a committed list of works: sorted, known to the readers, and never in what is trained on."""

from __future__ import annotations

import hashlib

import pytest

from engine.learn.corpus import BUILT_IN, READERS, build_corpus, load_corpus
from engine.learn.sources.piece import HELD_OUT, SPLIT_SALT, VALID_SHARE, held_out_works, split_of
from tests.corpus.test_corpus import SHARED


def test_the_list_is_sorted_without_doubles_and_names_every_source():
    lines = [line for line in HELD_OUT.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))
    assert {line.split("/")[0] for line in lines} == {*READERS, *BUILT_IN}


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


@pytest.mark.shared
def test_each_listed_game_track_exists_and_none_of_them_is_trained_on(tmp_path):
    if not (SHARED / "freedoom.tar.xz").is_file():
        pytest.skip(f"the corpora are not at {SHARED}")
    build_corpus(SHARED, tmp_path, only=["freedoom", "simutrans", "chip"])
    pieces = list(load_corpus(tmp_path))
    for source in ("freedoom", "simutrans"):
        listed = {work for work in held_out_works() if work.startswith(f"{source}/")}
        for prefix in ("", "chip/"):
            held = {p.id.removeprefix("chip/").split("#")[0] for p in pieces if p.id.startswith(f"{prefix}{source}/")}
            assert listed <= held
        for piece in pieces:
            name = piece.id.removeprefix("chip/").split("#")[0]
            if name.startswith(f"{source}/"):
                assert (piece.split == "valid") == (name in listed), piece.id
