"""Chords walked along a style's habits."""

from __future__ import annotations

import itertools
from collections import Counter

import numpy as np
import pytest

from engine.compose.chordwalk import Bar, Pace, walk_chords
from engine.music.habits import ChordHabits
from engine.music.harmony import Chord, Key
from tests.profiles import steps

C, D = Key.parse("C major"), Key.parse("D major")
FREE = steps(
    {"I": 3, "IV": 2},
    I={"I": 4, "IV": 3, "V": 3, "vi": 2},
    IV={"IV": 3, "V": 4, "I": 2},
    V={"V": 3, "I": 5, "vi": 1},
    vi={"vi": 2, "IV": 4},
)
SEEDS = range(12)


def walk(habits: ChordHabits, seed: int, *, bars: int = 8, key: Key = C, **pace: object) -> tuple[Bar, ...]:
    wanted = {"chords_per_bar": 1.0, "variety_bits": None, "whole": False} | pace
    return walk_chords(habits, key, bars, Pace(**wanted), np.random.default_rng(seed))


def halves(bars: tuple[Bar, ...]) -> list[Chord]:
    return [chord for bar in bars for chord in bar]


def changes(bars: tuple[Bar, ...]) -> float:
    return sum(one != two for one, two in itertools.pairwise(halves(bars))) / len(bars)


def entropy(bars: tuple[Bar, ...]) -> float:
    shares = np.array(list(Counter(halves(bars)).values())) / (2 * len(bars))
    return float(-(shares * np.log2(shares)).sum())


@pytest.mark.parametrize("bars", [1, 2, 3, 8, 16])
def test_a_walk_has_the_asked_bars_and_begins_on_the_tonic(bars):
    for seed in SEEDS:
        walked = walk(FREE, seed, bars=bars, key=D)
        assert len(walked) == bars
        assert walked[0][0].root == D.tonic


def test_a_walk_begins_as_sections_do_where_none_begins_on_the_tonic():
    walked = walk(steps({"IV": 1}, IV={"V": 1}, V={"IV": 1}), 0)
    assert str(walked[0][0]) == "F"


def test_every_step_is_one_that_the_style_makes():
    known = {("C", to) for to in ("C", "F", "G", "Am")} | {("F", to) for to in "FGC"}
    known |= {("G", to) for to in ("G", "C", "Am")} | {("Am", "Am"), ("Am", "F")}
    for seed in SEEDS:
        names = [str(chord) for chord in halves(walk(FREE, seed))]
        assert set(itertools.pairwise(names)) <= known


def test_two_chords_are_remembered_where_the_style_remembers_two():
    # after I IV comes V, after V IV comes I: one chord of memory could not tell
    habits = ChordHabits(
        starts={"0:": 1},
        follows={
            ".0:": {"5:": 1},
            "|0: 5:": {"7:": 1},
            ".5: 7:": {"5:": 1},
            "|7: 5:": {"0:": 1},
            ".5: 0:": {"5:": 1},
            "|5:": {"9:m": 1},
        },
    )
    assert [str(chord) for chord in halves(walk(habits, 0, bars=4, chords_per_bar=2.0))] == [
        *("C", "F", "G", "F"),
        *("C", "F", "G", "F"),
    ]


def test_a_bar_line_has_its_own_habits():
    habits = ChordHabits(
        starts={"0:": 1}, follows={"|0:": {"7:": 1}, ".0:": {"0:": 1}, "|7:": {"0:": 1}, ".7:": {"7:": 1}}
    )
    assert [str(chord) for chord in halves(walk(habits, 0, bars=3))] == ["C", "C", "G", "G", "C", "C"]


def test_whole_bars_have_one_chord():
    for seed in SEEDS:
        assert all(one == two for one, two in walk(FREE, seed, whole=True))
    assert any(one != two for seed in SEEDS for one, two in walk(FREE, seed))


def test_the_same_chance_walks_the_same_way_and_another_another():
    walks = [walk(FREE, seed) for seed in SEEDS]
    assert walks == [walk(FREE, seed) for seed in SEEDS]
    assert len(set(walks)) > 6


def test_the_chords_move_as_fast_as_wanted():
    slow, fast = ([changes(walk(FREE, seed, chords_per_bar=pace)) for seed in SEEDS] for pace in (0.5, 1.6))
    assert np.mean(slow) < 0.85
    assert np.mean(fast) > 1.35


def test_the_wish_for_variety_moves_the_entropy():
    few, many = ([entropy(walk(FREE, seed, variety_bits=bits)) for seed in SEEDS] for bits in (0.8, 1.95))
    assert np.mean(few) < 1.4
    assert np.mean(many) > 1.7, np.mean(few)


def test_a_walk_that_could_stand_still_moves():
    lazy = steps({"I": 1}, I={"I": 9, "IV": 1}, IV={"IV": 1, "I": 1})
    for seed in SEEDS:
        assert len(set(halves(walk(lazy, seed, chords_per_bar=0.0)))) > 1
