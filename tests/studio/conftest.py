"""A composer that is real but for its networks, which are small and untrained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from engine.compose.generate import SongWriter
from engine.compose.pipeline import Composer
from engine.model.checkpoint import save_checkpoint
from engine.music.styles import load_style, style_names
from engine.settings import Settings
from engine.text.reader import Reader
from tests.small import small_facts, small_network


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
