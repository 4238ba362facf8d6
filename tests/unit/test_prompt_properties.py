"""Laws of the prompt reader: what is written in any usual spelling is read back, and nothing else is."""

from __future__ import annotations

import contextlib
import re
import unicodedata
from collections.abc import Callable
from time import perf_counter, process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compose.prompt import Wishes, read_prompt
from engine.compose.words.numbers import to_number
from engine.compose.words.page import clean
from engine.errors import BadRequest
from engine.music.harmony import Key, Mode

SECONDS = st.integers(5, 300)
CARRIERS = [
    "{}",
    "chill lofi {}",
    "{} of folk",
    "ragtime, {}, with flute",
    "rock ({})",
    "a sad song, {}",
    "{}: rainy night in tokyo",
    "make me something for studying, {}, no drums please",
    "{} - a walk by the river",
    "8-bit hero, level 99, {}!",
    "🎷 {} 🎷",
    "80s synth | {} | 24/7 radio",
    "Route 66 at dawn; {}; with harmonica",
    "not jazz, {}, something folky",
]
AROUND = st.sampled_from(CARRIERS)
UNITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TENS = ("", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")


def read_or_refuse(text: str) -> Wishes | None:
    """The wishes, or None if the text was refused in a proper sentence."""
    with contextlib.suppress(BadRequest):
        return read_prompt(text)
    with pytest.raises(BadRequest, match=r"would work\.$"):
        read_prompt(text)
    return None


SECOND_FORMS = [
    "{} seconds",
    "{} s",
    "{}-second",
    "{} sec",
    "{}secs",
    "{} Seconds",
    "{} sec.",
    "length {}",
    "length: {}s",
    "duration {} seconds",
    "{} seconds long",
    "about {} seconds",
    "exactly {}s",
]


@given(SECONDS, AROUND, st.sampled_from(SECOND_FORMS))
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


TEMPO_FORMS = [
    "{} bpm",
    "{}BPM",
    "{}bpm",
    "{} b.p.m.",
    "{} beats per minute",
    "{} beats a minute",
    "{}-bpm",
    "tempo {}",
    "tempo: {}",
    "tempo={}",
    "tempo of {}",
    "bpm {}",
    "BPM: {}",
    "bpm={}",
    "at {} bpm",
    "@ {} bpm",
    "around {} bpm",
    "~{} bpm",
    "{}.0 bpm",
    "♩={}",
]


@given(st.integers(40, 240), AROUND, st.sampled_from(TEMPO_FORMS))
def test_tempos_are_read_back(bpm: int, around: str, spelling: str) -> None:
    assert read_prompt(around.format(spelling.format(bpm))).bpm == bpm


@given(st.integers(400, 2400), AROUND)
def test_tempos_with_a_decimal_are_read_back(tenths: int, around: str) -> None:
    assert read_prompt(around.format(f"{tenths / 10} bpm")).bpm == tenths / 10


@given(st.integers(40, 239), st.integers(1, 60), AROUND, st.sampled_from(["{}-{} bpm", "{} to {} bpm", "{}bpm-{}bpm"]))
def test_ranges_of_tempo_are_read_back(low: int, more: int, around: str, spelling: str) -> None:
    high = min(240, low + more)
    assert read_prompt(around.format(spelling.format(low, high))).bpm_range == (low, high)


@given(st.integers(241, 5000) | st.integers(0, 39))
def test_tempos_out_of_reach_are_refused(bpm: int) -> None:
    with pytest.raises(BadRequest, match=rf"{bpm} bpm"):
        read_prompt(f"lofi {bpm} bpm")


@given(st.integers(301, 100_000) | st.integers(0, 4))
def test_lengths_out_of_reach_are_refused(seconds: int) -> None:
    with pytest.raises(BadRequest, match=f"{seconds} seconds"):
        read_prompt(f"lofi {seconds} seconds")


SIGNS = {"": 0, "#": 1, "♯": 1, " sharp": 1, "-sharp": 1, "b": -1, "♭": -1, " flat": -1, "-flat": -1}
MODE_FORMS = [(mode.value, mode) for mode in Mode]
MODE_FORMS += [("maj", Mode.MAJOR), ("min", Mode.MINOR), ("ionian", Mode.MAJOR), ("aeolian", Mode.MINOR)]


@given(
    st.tuples(st.sampled_from("CDEFGAB"), st.sampled_from(sorted(SIGNS))),
    st.sampled_from(MODE_FORMS),
    st.sampled_from([str, str.lower, str.title]),
    st.sampled_from(["{}", "in {}", "key of {}", "key: {}", "in the key of {}"]),
    AROUND,
)
def test_keys_are_read_back(
    note: tuple[str, str], named: tuple[str, Mode], cased: Callable[[str], str], lead: str, around: str
) -> None:
    (letter, sign), (said, mode) = note, named
    tonic = ("C D EF G A B".index(letter) + SIGNS[sign]) % 12
    written = cased(f"{letter}{sign} {said}")
    if letter == "A" and not sign and (written[0] == "a" or said == "min") and lead == "{}":
        lead = "in {}"  # alone "a minor" may have an article, and "A min" may be a minute
    assert read_prompt(around.format(lead.format(written))).key == Key(tonic=tonic, mode=mode)


@given(st.sampled_from("CDEFGAB"), st.sampled_from(["", "#", "b", "♯", "♭"]), AROUND)
def test_symbols_of_minor_keys_are_read_back(letter: str, sign: str, around: str) -> None:
    tonic = ("C D EF G A B".index(letter) + SIGNS[sign]) % 12
    assert read_prompt(around.format(f"{letter}{sign}m")).key == Key(tonic=tonic, mode=Mode.MINOR)


@given(
    st.integers(1, 400), AROUND, st.sampled_from(["{} bars", "{} measures", "a {} bar loop", "{}-bar", "{} bars long"])
)
def test_bars_are_read_back(bars: int, around: str, spelling: str) -> None:
    assert read_prompt(around.format(spelling.format(bars))).bars == bars


ROOTS = st.sampled_from([letter + sign for letter in "ABCDEFG" for sign in ("", "#", "b")])
SYMBOLS = st.builds(str.__add__, ROOTS, st.sampled_from(["m", "7", "m7", "maj7", "dim", "sus4", "6", "m7b5", "add9"]))


@given(
    st.lists(SYMBOLS, min_size=3, max_size=9),
    st.sampled_from([" ", ", ", " | ", "-", " - ", " → "]),
    st.sampled_from(["{}", "chords {}", "with the chords {}", "over {}", "{} progression", "chord progression: {}"]),
    AROUND,
)
def test_chords_are_read_back(symbols: list[str], between: str, lead: str, around: str) -> None:
    wishes = read_prompt(around.format(lead.format(between.join(symbols))))
    assert wishes.chords is not None
    assert [symbol for symbol in wishes.chords.split() if symbol != "|"] == symbols


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


HARMS = [
    "@everyone",
    "@here",
    "<@1>",
    "<@!22>",
    "<@&3>",
    "<#4>",
    "<:smile:5>",
    "<a:wave:6>",
    "</play:7>",
    "<t:8:R>",
    "<id:guide>",
    "https://a.example/b",
    "http://c",
    "www.d.e",
    "discord.gg/f",
    "[g](https://h.example)",
    "[i](<http://j>)",
    "k.com",
    "HTTPS://L",
    "\u200b",
    "\u200d",
    "\u202e",
    "\u2066",
    "\u00ad",
    "\ufeff",
    "\x00",
    "\x1b[31m",
    "\n",
    "\r\n",
    "\t",
    "\ud800",
    "\u0301" * 5,
    "\u0336",
    "\ufe0f",
    "\u20e3",
    "＠everyone",
    "＜@9＞",
    "ｈｔｔｐｓ：／／m",
    "ﷺ",
    "½",
    "🏳️‍🌈",
    "e\u0301",
    "İ",
    "ß",
]
PIECES = st.sampled_from(
    [*HARMS, *"abc @<>:/#!&.,-()[]|*_~`", "lofi", "every", "one", "http", "s://", "60s", "no ", "drums"]
)
HARMFUL = st.lists(PIECES, max_size=24).map("".join)
LIVE = re.compile(
    r"@(?:everyone|here)|<(?:@[!&]?|#|a?:\w+:|t:|/[^:<>]*:)\d+(?::\w)?>|<id:\w+>|[a-z][a-z0-9+.-]*://\S"
    r"|(?<![a-z0-9])www\.\S|discord(?:app)?\.gg/",
    re.IGNORECASE,
)


@given(st.text(max_size=200) | HARMFUL)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@given(HARMFUL)
def test_nothing_that_is_kept_of_a_prompt_is_a_live_mention_or_a_link(text: str) -> None:
    wishes = read_or_refuse(text)
    if wishes is not None:
        for kept in (wishes.text, wishes.rest, *wishes.read.values()):
            assert not LIVE.search(kept)
            assert all(unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co") for c in kept)


@given(HARMFUL)
def test_what_is_refused_is_refused_without_a_live_mention_or_a_link(text: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_prompt(f"900 bpm! {text}")
    assert not LIVE.search(str(caught.value))
    for bare in (text, f"<@{text}>", f"https://{text}"):
        with contextlib.suppress(BadRequest):
            read_prompt(bare)
            continue
        with pytest.raises(BadRequest) as caught:
            read_prompt(bare)
        assert not LIVE.search(str(caught.value))


@pytest.mark.parametrize(
    "start", ["no drums, ", "1:", "a ", "C/", "Am-", "in a minor ", "a minute and ", "½", "a.", "[a](", "1a b c "]
)
@pytest.mark.parametrize("end", ["60s ", "or ", "in ", "C#m7 ", "x", "<@", " "])
def test_reading_five_hundred_characters_takes_no_longer_than_a_blink(start: str, end: str) -> None:
    for text in ((start * 250)[:250] + (end * 250)[:250], ((start + end) * 250)[:500]):
        spent = []
        for _ in range(3):
            began = process_time()
            with contextlib.suppress(BadRequest):
                read_prompt(text)
            spent.append(process_time() - began)
        assert min(spent) < 0.05


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
