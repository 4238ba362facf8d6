"""A composer that is real but for its networks, which are small and untrained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.compose.generate import SongWriter
from engine.compose.pipeline import Composer
from engine.compose.recorder import Booth
from engine.compose.recording import Recorder
from engine.compose.resident import ComposingLane
from engine.model.checkpoint import save_checkpoint
from engine.music.styles import load_style, style_names
from engine.settings import Settings
from engine.store.folders import FolderFiles
from engine.store.scratch import Scratch
from engine.text.reader import Reader
from tests.small import small_facts, small_network
from tests.studio.halves import OLD, PLAIN, Before, Here, lane_of, spaces_of


@pytest.fixture(scope="session")
def small_styles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of styles with a small checkpoint each."""
    folder = tmp_path_factory.mktemp("styles")
    for style in style_names():
        save_checkpoint(small_network(), replace(small_facts(), style=style), folder / style / "v1.safetensors")
    return folder


@pytest.fixture(scope="session")
def reader() -> Reader:
    return Reader.load({name: load_style(name).descriptions for name in style_names()})


@pytest.fixture(scope="session")
def composer(tmp_path_factory: pytest.TempPathFactory, small_styles: Path, reader: Reader) -> Composer:
    settings = Settings.read(data_dir=tmp_path_factory.mktemp("data"), candidates=2)
    return Composer(settings, reader=reader, writer=SongWriter(device="cpu", styles_dir=small_styles))


@pytest.fixture(scope="session")
def song_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings.read(data_dir=tmp_path_factory.mktemp("halves"), candidates=2, slots=16, database_url=None)


@pytest.fixture(scope="session")
def lane(song_settings: Settings, small_styles: Path, reader: Reader) -> ComposingLane:
    """What lives in a composing process."""
    return lane_of(song_settings, small_styles, reader)


@pytest.fixture(scope="session")
def recorder(song_settings: Settings, small_styles: Path) -> Recorder:
    return Recorder(song_settings, styles_dir=small_styles)


@pytest.fixture
def booth(recorder: Recorder, tmp_path: Path) -> Booth:
    """What lives in a recording process, with a data folder of its own."""
    return Booth(recorder, spaces_of(FolderFiles(tmp_path), tmp_path), Scratch(tmp_path))


@pytest.fixture(scope="session")
def old(composer: Composer, tmp_path_factory: pytest.TempPathFactory) -> Before:
    folder = tmp_path_factory.mktemp("old")
    receipt = composer.compose(replace(PLAIN, prompt="lofi", seconds=10), folder, song_id=OLD)
    return Before(folder, receipt, Path(receipt.files["score"]).read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def made_here(composer: Composer, old: Before) -> Here:
    return Here(composer, old)
