"""Laws of the prompt reader: what is written in any usual spelling is read back, and nothing else is."""

from __future__ import annotations

import contextlib
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compose.prompt import Wishes, read_prompt
from engine.compose.words.numbers import to_number
from engine.compose.words.page import clean
from engine.errors import BadRequest
from engine.music.harmony import Key, Mode

SECONDS = st.integers(5, 300)
AROUND = st.sampled_from(
    ["{}", "chill lofi {}", "{} of folk", "ragtime, {}, with flute", "rock ({})", "a sad song {} long"]
)
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def read_or_refuse(text: str) -> Wishes | None:
    """The wishes, or None if the text was refused in a proper sentence."""
    with contextlib.suppress(BadRequest):
        return read_prompt(text)
    with pytest.raises(BadRequest, match=r"would work\.$"):
        read_prompt(text)
    return None


@given(SECONDS, AROUND, st.sampled_from(["{} seconds", "{} s", "{}-second", "{} sec", "{}secs"]))
def test_seconds_are_read_back(seconds: int, around: str, spelling: str) -> None:
    assert read_prompt(around.format(spelling.format(seconds))).seconds == seconds


@given(SECONDS.filter(lambda s: s >= 60), AROUND)
def test_minutes_and_seconds_are_read_back(seconds: int, around: str) -> None:
    minutes, left = divmod(seconds, 60)
    for written in (f"{minutes}:{left:02}", f"{minutes}m{left}s", f"{minutes} min {left} sec", f"{minutes}m {left}s"):
        assert read_prompt(around.format(written)).seconds == seconds


@given(st.integers(20, 99))
def test_number_words_are_read_back(number: int) -> None:
    words = TENS[number // 10] + (f"-{UNITS[number % 10]}" if number % 10 else "")
    assert to_number(words) == number
    assert read_prompt(f"folk for {words} seconds").seconds == number


@given(st.integers(40, 240), st.sampled_from(["{} bpm", "{}BPM", "tempo {}", "at {} beats per minute", "bpm {}"]))
def test_tempos_are_read_back(bpm: int, spelling: str) -> None:
    assert read_prompt("lofi " + spelling.format(bpm) + ", 60s").bpm == bpm


@given(st.integers(241, 5000) | st.integers(0, 39))
def test_tempos_out_of_reach_are_refused(bpm: int) -> None:
    with pytest.raises(BadRequest, match=rf"{bpm} bpm"):
        read_prompt(f"lofi {bpm} bpm")


@given(st.integers(301, 100_000) | st.integers(0, 4))
def test_lengths_out_of_reach_are_refused(seconds: int) -> None:
    with pytest.raises(BadRequest, match=f"{seconds} seconds"):
        read_prompt(f"lofi {seconds} seconds")


@given(st.integers(0, 11), st.sampled_from(Mode), st.sampled_from(["in {}", "{} lofi", "lofi, {}, 60s", "key of {}"]))
def test_keys_are_read_back(tonic: int, mode: Mode, around: str) -> None:
    key = Key(tonic=tonic, mode=mode)
    assert read_prompt(around.format(key)).key == key


@given(st.integers(0, 2**63 - 1), st.sampled_from(["seed {}", "seed={}", "seed: {}", "with seed {}"]))
def test_seeds_are_read_back(seed: int, spelling: str) -> None:
    assert read_prompt("lofi 60s " + spelling.format(seed)).seed == seed


@given(st.text(max_size=500))
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    wishes = read_or_refuse(text)
    if wishes is not None:
        assert wishes.seconds is None or 5 <= wishes.seconds <= 300
        assert wishes.bpm is None or 40 <= wishes.bpm <= 240


WORDS = st.sampled_from(
    [
        *("no", "not", "without", "with", "a", "the", "in", "minor", "major", "key", "60", "s", "min", "bpm", "lofi"),
        *(
            "rock",
            "jazz",
            ",",
            ".",
            "-",
            "/",
            ":",
            "drums",
            "bass",
            "or",
            "and",
            "flute",
            "A",
            "B",
            "F#",
            "3/4",
            "slow",
        ),
    ]
)


@given(st.lists(WORDS, min_size=1, max_size=14))
def test_any_order_of_the_words_that_matter_is_read_or_refused(words: list[str]) -> None:
    wishes = read_or_refuse(" ".join(words))
    if wishes is not None:
        assert not set(wishes.styles) & set(wishes.unwanted_styles)
        assert not set(wishes.instruments) & set(wishes.unwanted_instruments)


@given(st.text(max_size=200))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_a_field_that_overrules_the_prompt_is_not_checked_there() -> None:
    with pytest.raises(BadRequest):
        read_prompt("lofi 600s")
    assert read_prompt("lofi 600s", overruled=["seconds"]).styles == ("lofi",)


def test_the_limit_of_the_length_is_the_given_one() -> None:
    assert read_prompt("lofi 600s", max_seconds=900).seconds == 600
    with pytest.raises(BadRequest, match="20 s, the longest of 5 to 20 s, would work"):
        read_prompt("lofi 30s", max_seconds=20)


def test_reading_tells_in_which_words_a_value_was_found() -> None:
    read = read_prompt("Chill LoFi, A Minute And A Half, 82 BPM, in D minor").read
    assert read == {"seconds": "A Minute And A Half", "bpm": "82 BPM", "key": "D minor", "style": "LoFi"}


@pytest.mark.parametrize("text", ["a." * 300_000, "<@" * 300_000, " " * 600_000 + "lofi", "½" * 300_000])
def test_a_text_far_too_long_is_refused_at_once(text: str) -> None:
    began = perf_counter()
    with pytest.raises(BadRequest, match=rf"^The prompt has {len(text)} characters; up to 500 would work\.$"):
        read_prompt(text)
    assert perf_counter() - began < 1.0
