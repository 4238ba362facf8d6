"""Titles: from lists alone, after what the prompt is about and how the song feels, the same for the same song."""

from __future__ import annotations

import itertools
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compose.title import MAX_CHARS, Character, make_title
from engine.compose.title.make import is_sound
from engine.compose.title.words import ADJECTIVES, CLASHES, FORMS, MOOD_WORDS, NOUNS, OPENINGS, THEMES
from engine.learn.prompts import training_prompts
from engine.music.harmony import Key
from engine.music.styles import style_names

STYLES = style_names()


def character(*, style="lofi", energy=0.4, valence=0.0, key="D minor"):
    return Character(style=style, style_title=style.capitalize(), key=Key.parse(key), energy=energy, valence=valence)


def title(prompt, seed=0, **how):
    return make_title(prompt, character(**how), np.random.default_rng(seed))


def titles(prompt, count=60, **how):
    return [title(prompt, seed, **how) for seed in range(count)]


def words_of(*texts):
    return {word for text in texts for word in re.findall(r"[A-Za-z]+", text)}


def known_words():
    """Every word that may stand in a title."""
    texts = [*ADJECTIVES.values(), *NOUNS.values(), *FORMS.values(), *MOOD_WORDS.values(), OPENINGS]
    texts += [text for theme in THEMES.values() for text in (theme.things, theme.places)]
    keys = [str(Key.parse(f"{letter} {mode}")) for letter in "CDEFGAB" for mode in ("major", "minor")]
    return words_of(*texts, *keys, "and in", *(style.capitalize() for style in STYLES))


def marked(text, mark):
    """The items of a list that carry a mark."""
    return {item.strip().rstrip("+-!") for item in text.split(",") if mark in item}


@pytest.fixture(scope="module")
def thousand():
    """A title for each of a thousand prompts that people wrote, with what they asked for."""
    prompts = training_prompts()
    chosen = [prompts[at] for at in np.random.default_rng(5).permutation(len(prompts))[:1000]]
    rng = np.random.default_rng(6)
    return [
        (
            prompt.text,
            make_title(
                prompt.text,
                character(style=str(rng.choice(STYLES)), energy=float(rng.random()), valence=float(rng.uniform(-1, 1))),
                np.random.default_rng(seed),
            ),
        )
        for seed, prompt in enumerate(chosen)
    ]


def test_of_a_thousand_titles_four_fifths_differ_and_none_is_long(thousand):
    made = [name for _, name in thousand]
    assert len(set(made)) >= 800
    assert max(Counter(made).values()) <= 6
    assert max(map(len, made)) <= MAX_CHARS
    assert all(made)


def test_no_word_of_a_title_comes_from_anywhere_but_the_lists(thousand):
    known = known_words()
    for prompt, name in thousand:
        assert words_of(name) <= known, (prompt, name)


@given(st.text(max_size=200), st.integers(0, 2**53), st.sampled_from(STYLES), st.floats(0, 1), st.floats(-1, 1))
def test_whatever_is_typed_the_title_is_made_of_known_words(prompt, seed, style, energy, valence):
    name = title(prompt, seed, style=style, energy=energy, valence=valence)
    assert 0 < len(name) <= MAX_CHARS
    assert words_of(name) <= known_words()
    assert re.fullmatch(r"[A-Z][A-Za-z#]*( [A-Za-z#]+)*", name)


def test_titles_are_in_title_case_and_say_no_word_twice(thousand):
    for _, name in thousand:
        assert name[0].isupper()
        assert name.split()[-1][0].isupper() or name.split()[-1] in ("major", "minor")
        assert is_sound(name)
        assert not re.search(r"\b(a|the|and|in|of|on|at) (a|the|and|in|of|on|at)$", name)


def test_the_same_prompt_and_seed_give_the_same_title_and_another_seed_another():
    assert title("rainy night", 7) == title("rainy night", 7)
    assert len(set(titles("rainy night"))) > 30


@pytest.mark.parametrize(
    ("prompt", "theme"),
    [
        ("chill lofi for a rainy day", "rain"), ("snow is falling", "winter"), ("sailors on the ocean", "sea"),
        ("boss level music", "game"), ("coffee with a book", "coffee"), ("neon city drive", "neon"),
        ("my cat looks at me", "cat"), ("waltz for a wedding", "dance"), ("grandpa's photo", "radio"),
        ("detective in a dark alley", "mystery"), ("campfire songs", "fire"), ("robots everywhere", "robot"),
    ],
)  # fmt: skip
def test_titles_speak_of_what_the_prompt_is_about(prompt, theme):
    about = words_of(THEMES[theme].things, THEMES[theme].places) - words_of(OPENINGS, "in on the at by")
    found = titles(prompt)
    assert sum(bool(words_of(name) & about) for name in found) > 0.4 * len(found)


@pytest.mark.parametrize("prompt", ["techno without rain", "no cats please", "not a wedding"])
def test_what_the_prompt_does_not_want_is_no_theme(prompt):
    theme = next(theme for word, theme in (("rain", "rain"), ("cats", "cat"), ("wedding", "wedding")) if word in prompt)
    places = {place.strip() for place in THEMES[theme].places.split(",")}
    assert not any(name.endswith(tuple(places)) for name in titles(prompt, style="rock"))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize(
    "prompt", ["", "beach in summer", "carnival", "morning in spring", "christmas fireworks", "old radio"]
)
def test_sad_songs_get_no_sunny_titles_and_glad_ones_no_sad(style, prompt):
    glad = set().union(*(marked(theme.things, "+") for theme in THEMES.values()), marked(NOUNS[style], "+"))
    sad = set().union(*(marked(theme.things, "-") for theme in THEMES.values()), marked(NOUNS[style], "-"))
    bright = words_of(ADJECTIVES["calm bright"], ADJECTIVES["wild bright"]) - {"Quiet"}
    dark = words_of(ADJECTIVES["calm dark"], ADJECTIVES["wild dark"]) - {"Quiet"}
    for energy in (0.2, 0.8):
        for name in titles(prompt, 20, style=style, energy=energy, valence=-0.6):
            assert not any(thing in name for thing in glad), name
            assert name.split()[0] not in bright - dark, name
        for name in titles(prompt, 20, style=style, energy=energy, valence=0.6):
            assert not any(re.search(rf"\b{thing}\b", name) for thing in sad), name
            assert name.split()[0] not in dark - bright, name


def test_a_word_for_sadness_wins_over_a_bright_key():
    bright = words_of(ADJECTIVES["calm bright"], ADJECTIVES["wild bright"]) - words_of(ADJECTIVES["calm dark"])
    assert not any(name.split()[0] in bright for name in titles("sad summer song", valence=0.5))


def test_a_funeral_is_never_merry():
    merry = words_of(ADJECTIVES["calm bright"], ADJECTIVES["wild bright"]) - {"Quiet", "Bold"}
    for energy in (0.2, 0.9):
        assert not any(words_of(name) & merry for name in titles("a funeral in spring", energy=energy, valence=0.9))


def test_words_that_clash_never_meet():
    for one, other in itertools.chain(CLASHES):
        for first, second in itertools.product(one.split(), other.split()):
            assert not is_sound(f"{first} {second}")
    for prompt in ("rain", "moonlit night", "snow storm", "ghost in the chair", "silence", "cat and dog"):
        for name in titles(prompt, 80, energy=0.9, valence=-0.5) + titles(prompt, 80, valence=0.7):
            assert is_sound(name)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_has_nouns_and_forms_of_its_own(style):
    assert len(NOUNS[style].split(",")) >= 16
    assert len(FORMS[style].split(",")) >= 4
    assert len(set(titles("", 200, style=style))) > 90


def test_most_prompts_that_people_wrote_touch_a_theme():
    prompts = training_prompts()
    heard = {word for theme in THEMES.values() for word in theme.heard.split()}
    touched = sum(bool(set(re.findall(r"[a-z]+", prompt.text.lower())) & heard) for prompt in prompts)
    assert touched > 0.5 * len(prompts)
