"""Which words may name a server's own style: those that say nothing else in prompts."""

from __future__ import annotations

import pytest

from engine.compose.words.taken import says


@pytest.mark.parametrize("word", ["song", "the", "beat", "night"])
def test_an_ordinary_word_is_taken(word: str) -> None:
    assert says(word) == "an ordinary word"


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("sad", "a mood"),
        ("sparse", "a mood"),
        ("waltz", "a wish (meter)"),
        ("piano", "a wish (instruments)"),
        ("60s", "a wish (seconds)"),
        ("900bpm", "a wish"),
        ("c-minor", "a wish (key)"),
    ],
)
def test_a_word_that_wishes_something_is_taken(word: str, meaning: str) -> None:
    assert says(word) == meaning


@pytest.mark.parametrize("word", ["dubstep", "house", "soul", "hymns", "tavern-songs", "gloomcore", "night-drive"])
def test_a_genre_and_a_word_of_its_own_are_free(word: str) -> None:
    assert says(word) is None
