"""A style of one's own: a folder of MIDI files is read as a style, and the network has a place for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.compose.perform import perform
from engine.errors import BadRequest
from engine.grammar.corpus import composed_songs
from engine.learn import dataset
from engine.learn.corpus import build_corpus, load_corpus
from engine.learn.dataset import STYLE_IDS, encode_pieces, style_ids
from engine.music.context import N_STYLES
from engine.music.midi.write import write_midi


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A corpora folder with two songs of a style called polka."""
    folder = tmp_path / "corpora" / "own" / "polka"
    folder.mkdir(parents=True)
    (folder / "LICENCE").write_text("CC0-1.0\nmine\n", encoding="utf-8")
    for number, song in enumerate(composed_songs("lofi", 2, 5)):
        (folder / f"{number}.mid").write_bytes(write_midi(perform(replace(song, swing=0.5), seed=1), {}))
    return folder


def test_a_folder_of_midi_files_is_a_style_with_its_licence(own: Path, tmp_path: Path) -> None:
    build_corpus(own.parents[1], tmp_path / "read", only=["own"])
    pieces = list(load_corpus(tmp_path / "read"))
    assert {piece.style for piece in pieces} == {"polka"}
    assert {piece.licence for piece in pieces} == {"CC0-1.0"}
    assert {piece.id.split("/")[2] for piece in pieces} >= {"0", "1"}


def test_a_folder_without_a_licence_is_refused(own: Path, tmp_path: Path) -> None:
    (own / "LICENCE").unlink()
    with pytest.raises(BadRequest, match=r"polka.*LICENCE"):
        build_corpus(own.parents[1], tmp_path / "read", only=["own"])


def test_a_new_style_folder_gets_a_place_of_its_own(monkeypatch: pytest.MonkeyPatch, own: Path, tmp_path: Path) -> None:
    assert style_ids() == STYLE_IDS
    monkeypatch.setattr(dataset, "style_names", lambda: ("jazz", "polka", "zydeco"))
    ids = style_ids()
    assert ids["polka"] == len(STYLE_IDS)
    assert ids["zydeco"] == len(STYLE_IDS) + 1
    assert {style: ids[style] for style in STYLE_IDS} == STYLE_IDS
    build_corpus(own.parents[1], tmp_path / "read", only=["own"])
    encoded = encode_pieces(load_corpus(tmp_path / "read"), ids=ids)
    assert set(encoded.columns.features[:, 0]) == {ids["polka"]}


def test_more_styles_than_places_are_refused() -> None:
    style_ids(f"style{number:02}" for number in range(N_STYLES - len(STYLE_IDS)))
    with pytest.raises(BadRequest, match="places for 24 styles"):
        style_ids(f"style{number:02}" for number in range(N_STYLES - len(STYLE_IDS) + 1))
