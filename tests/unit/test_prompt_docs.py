"""The page about prompts says what the reader does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.compose.prompt import read_prompt
from engine.errors import BadRequest

PAGE = Path(__file__).parents[2] / "docs" / "prompts.md"
ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`" in line
]
WISHES = [
    (row[0], text.replace("\\|", "|")) for row in ROWS if len(row) == 3 for text in re.findall(r"`([^`]+)`", row[1])
]
REFUSED = [(row[0].strip("`"), row[1]) for row in ROWS if len(row) == 2]
READ_AS = {
    "length": ("seconds",),
    "bars": ("bars",),
    "tempo": ("bpm", "bpm_range"),
    "pace": ("pace",),
    "key": ("key",),
    "mode": ("mode",),
    "no such key": ("unwanted_keys", "mode"),
    "meter": ("meter",),
    "chords": ("chords",),
    "style": ("styles",),
    "several styles": ("styles",),
    "no such style": ("unwanted_styles",),
    "instruments": ("instruments",),
    "no such instrument": ("unwanted_instruments", "roles_off"),
    "seed": ("seed",),
}


@pytest.mark.parametrize(("kind", "text"), WISHES)
def test_each_example_is_read_as_the_wish_that_it_stands_for(kind: str, text: str) -> None:
    wishes = read_prompt(text)
    assert any(getattr(wishes, name) not in (None, (), frozenset()) for name in READ_AS[kind])
    assert kind != "several styles" or len(wishes.styles) == 2


@pytest.mark.parametrize(("text", "answer"), REFUSED)
def test_each_refusal_is_the_sentence_that_the_page_shows(text: str, answer: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_prompt(text)
    assert str(caught.value) == answer


def test_the_page_has_examples_of_every_kind() -> None:
    assert {kind for kind, _ in WISHES} == set(READ_AS)
    assert len(REFUSED) >= 6
