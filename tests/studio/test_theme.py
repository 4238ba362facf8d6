"""The picture's theme, from a request and from the shell."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from engine.cli.wish import Options
from engine.compose.picture import THEMES
from engine.compose.pipeline import Composer
from engine.compose.request import PICTURE_THEMES, ComposeRequest
from engine.errors import BadRequest

SHORT = ComposeRequest(prompt="chill lofi", seconds=5, seed=3)


def test_the_themes_that_may_be_asked_for_are_those_that_are_drawn() -> None:
    assert set(PICTURE_THEMES) == set(THEMES)
    assert PICTURE_THEMES[0] == SHORT.theme == "dark"


@pytest.mark.parametrize("theme", PICTURE_THEMES)
def test_the_picture_has_the_theme_that_was_asked_for(composer: Composer, tmp_path: Path, theme: str) -> None:
    receipt = composer.compose(Options(theme=theme, seconds="5", seed="3").request("chill lofi"), tmp_path)
    with Image.open(receipt.files["picture"]) as picture:
        assert picture.convert("RGB").getpixel((0, 0)) == THEMES[theme].page


def test_an_unknown_theme_is_refused_before_anything_is_made(composer: Composer, tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"'pink'.*dark or light"):
        composer.compose(replace(SHORT, theme="pink"), tmp_path)
    assert list(tmp_path.iterdir()) == []
