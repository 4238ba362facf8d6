"""What the planner makes of wishes that words alone tell: chords, bars, shares of styles, unwanted keys."""

from __future__ import annotations

import pytest

from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.errors import BadRequest
from engine.music.harmony import Key, Mode


def plan(prompt: str, *, seed: int = 3, **fields: object) -> Plan:
    return Planner(None).plan(ComposeRequest(prompt=prompt, seed=seed, **fields))  # type: ignore[arg-type]


def test_chords_in_the_words_are_planned_like_the_option() -> None:
    told = plan("lofi with chords Am F C G, 60s")
    assert told.requested["chords"] == {"value": "Am F C G", "from": "prompt", "words": "Am F C G"}
    assert told.key == Key.parse("A minor")
    assert [str(bar.chords[0]) for bar in told.bars] == [
        str(bar.chords[0]) for bar in plan("lofi 60s", chords="Am F C G").bars
    ]


def test_the_option_for_chords_beats_the_words_and_says_so() -> None:
    made = plan("lofi with chords Am F C G", chords="Dm G C")
    assert made.requested["chords"] == {"value": "Dm G C", "from": "asked"}
    assert any("'Am F C G'" in notice and "Dm G C" in notice for notice in made.notices)


def test_more_chords_than_can_be_played_are_refused_unless_an_option_says_which() -> None:
    many = "chords " + "Am F " * 33
    with pytest.raises(BadRequest, match="66 bars; up to 64 would work"):
        plan(many)
    assert plan(many, chords="Dm G C").requested["chords"] == {"value": "Dm G C", "from": "asked"}


@pytest.mark.parametrize(
    ("words", "bars"), [("16 bars", 16), ("an 8 bar loop of lofi", 8), ("twelve bars long, jazz", 12)]
)
def test_bars_in_the_words_are_kept_exactly(words: str, bars: int) -> None:
    made = plan(words)
    assert len(made.bars) == bars
    assert made.requested["bars"]["value"] == bars  # type: ignore[index]
    assert made.sources["seconds"] == "length"


def test_a_twelve_bar_blues_is_as_long_as_any_song() -> None:
    made = plan("12 bar blues")
    assert "bars" not in made.requested
    assert made.seconds == 60


def test_bars_and_length_in_the_words_set_the_tempo_where_it_suits_the_style() -> None:
    made = plan("lofi, 20 bars, 60s")
    assert len(made.bars) == 20
    assert made.seconds == 60
    assert made.sources["tempo"] == "length"


def test_an_asked_length_beats_bars_in_the_words_that_cannot_fill_it() -> None:
    made = plan("4 bars of lofi", seconds=120)
    assert made.seconds == 120
    assert "bars" not in made.requested
    assert "The prompt says '4 bars', the option 120 s: the option was followed." in made.notices
    assert len(plan("30 bars of lofi", seconds=120).bars) == 30


def test_bars_in_the_options_beat_those_in_the_words() -> None:
    made = plan("lofi, 16 bars", bars=8)
    assert len(made.bars) == 8
    assert any("'16 bars'" in notice for notice in made.notices)


def test_too_many_bars_are_refused_with_the_most_that_would_work() -> None:
    with pytest.raises(BadRequest, match=r"500 bars of 4/4 .* up to \d+ bars would work\."):
        plan("500 bars of lofi")


@pytest.mark.parametrize(
    ("words", "blend"),
    [
        ("70% jazz 30% lofi", {"jazz": 0.7, "lofi": 0.3}),
        ("lofi x bossa", {"lofi": 0.5, "bossa": 0.5}),
        ("lofi with a bit of jazz", {"lofi": 0.75, "jazz": 0.25}),
        ("jazzy lofi", {"lofi": 0.65, "jazz": 0.35}),
        ("mostly folk, some rock", {"folk": 0.75, "rock": 0.25}),
    ],
)
def test_styles_weigh_what_the_words_say(words: str, blend: dict[str, float]) -> None:
    assert plan(words).blend == blend


def test_a_key_that_is_not_wanted_is_never_drawn() -> None:
    keys = {plan("not in C major", seed=seed, style="ragtime").key for seed in range(30)}
    assert Key.parse("C major") not in keys
    assert any(key.mode is Mode.MAJOR for key in keys)
    assert all(plan("not in a minor key", seed=seed, style="lofi").key.mode is Mode.MAJOR for seed in range(8))
