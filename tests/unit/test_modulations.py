"""Chords of whole songs: where they leave home, and how long their loops are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.compose.harmonise import Bar, Tonality, harmonise
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.music.harmony import Chord, Key, Mode
from engine.music.notes import Section, SectionKind
from engine.music.styles import Style, load_style
from engine.music.timing import METERS
from tests.profiles import steps

SEEDS = range(60)
C = Key.parse("C major")
KINDS = {
    "I": SectionKind.INTRO,
    "A": SectionKind.VERSE,
    "B": SectionKind.CHORUS,
    "C": SectionKind.BRIDGE,
    "O": SectionKind.OUTRO,
}
KEYS = {frozenset({"C", "F"}): "C major", frozenset({"G", "C"}): "G major", frozenset({"Am", "Dm"}): "A minor"}
"""Chords by which a section's key is known."""


def form(labels: str, bars: int = 8) -> tuple[Section, ...]:
    return tuple(
        Section(kind=KINDS[label], label=label, start_bar=index * bars, bars=bars) for index, label in enumerate(labels)
    )


def style(share: float, *keys: str) -> Style:
    """A style of one progression a mode and no cadences but the last, so that every bar tells its section's key."""
    return replace(
        load_style("classical"),
        progressions={Mode.MAJOR: (("I", "IV", "I", "IV"),), Mode.MINOR: (("i", "iv", "i", "iv"),)},
        cadences={Mode.MAJOR: (("V", "I"),), Mode.MINOR: (("v", "i"),)},
        cadence_share=0.0,
        walk_share=0.0,
        section_bars=0,
        modulations={Mode.MAJOR: keys or ("V", "vi")},
        modulation_share=share,
    )


def chords(of: Style, sections: tuple[Section, ...], seed: int, **more: object) -> tuple[Bar, ...]:
    tonality = Tonality(of, C, METERS["4/4"], **more)
    return harmonise(sections, tonality, bar_s=2.0, rng=np.random.default_rng(seed))


def keys(of: Style, labels: str, seed: int) -> list[str]:
    """The key of each section, by its first six bars."""
    bars = chords(of, form(labels), seed)
    found = []
    for section in form(labels):
        names = {str(chord) for bar in bars[section.start_bar : section.start_bar + 6] for chord in bar}
        found.append(KEYS[frozenset(names)])
    return found


@pytest.mark.parametrize("labels", ["IABACO", "ABAC", "ABCBA", "IABABCBO", "AB"])
def test_only_inner_labels_leave_home_and_first_and_last_are_at_home(labels):
    away = set()
    for seed in SEEDS:
        found = keys(style(1.0), labels, seed)
        assert found[0] == found[-1] == "C major"
        for label, key in zip(labels, found, strict=True):
            if label in {"I", "A", "O", labels[-1]}:
                assert key == "C major"
            else:
                assert key != "C major"
                away.add(key)
    assert away == ({"G major", "A minor"} if set(labels) - {"I", "A", "O", labels[-1]} else set())


def test_a_label_is_in_one_key_whenever_it_returns():
    for seed in SEEDS:
        _, _, first, _, second, _, _ = keys(style(0.5), "IABABCO", seed)
        assert first == second


def test_a_song_of_one_label_stays_at_home():
    for seed in SEEDS:
        assert set(keys(style(1.0), "IAAO", seed)) == {"C major"}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.8])
def test_sections_leave_home_as_often_as_the_style_does(share):
    left = [key != "C major" for seed in range(150) for key in keys(style(share), "ABCA", seed)[1:3]]
    assert np.mean(left) == pytest.approx(share, abs=0.1)


def test_the_song_ends_on_the_tonic_of_its_own_key():
    for seed in SEEDS:
        bars = chords(style(1.0), form("ABAB"), seed)
        assert {str(chord) for chord in bars[-1]} == {"C"}
        assert bars[-2] == (Chord.parse("G"),) * 2


def test_a_cadence_in_a_section_away_from_home_is_its_own_keys():
    of = replace(style(1.0, "V"), cadence_share=1.0)
    for seed in range(10):
        bars = chords(of, form("ABA"), seed)
        assert [str(bar[0]) for bar in bars[14:16]] == ["D", "G"]
        assert [str(bar[0]) for bar in bars[6:8]] == ["G", "C"]


def test_a_key_whose_mode_the_style_never_wrote_for_is_not_gone_to():
    of = replace(style(1.0, "vi"), progressions={Mode.MAJOR: (("I", "IV", "I", "IV"),)})
    for seed in range(10):
        bars = chords(of, form("ABA"), seed)
        assert {str(chord) for bar in bars[8:14] for chord in bar} == {"C", "F"}


def test_the_planned_key_stays_what_was_asked():
    planner = Planner(None)
    foreign = 0
    for seed in range(12):
        request = ComposeRequest(prompt="classical", style="classical", seconds=90, key="D major", meter="4/4")
        plan = planner.plan(request, seed=seed)
        assert str(plan.key) == "D major"
        assert plan.bars[0].chords[0].root in plan.key.scale
        assert {chord.root for chord in plan.bars[-1].chords} == {plan.key.tonic}
        foreign += any(not set(chord.pitch_classes) <= set(plan.key.scale) for bar in plan.bars for chord in bar.chords)
    assert foreign > 0


MANY = steps(
    {"I": 4, "IV": 2, "V": 2},
    I={"I": 2, "IV": 3, "V": 3, "vi": 3},
    IV={"IV": 2, "V": 3, "I": 3, "vi": 2},
    V={"V": 2, "I": 4, "vi": 2, "IV": 1},
    vi={"vi": 2, "IV": 4, "V": 2},
)


def loops(returning: float) -> list[int]:
    """The shortest period of fourteen walked bars, a song a seed."""
    of = replace(style(0.0), walk_share=1.0)
    found = []
    for seed in SEEDS:
        bars = chords(of, form("A", 16), seed, habits={"bright": MANY}, returning=returning, chords_per_bar=1.5)[:14]
        found.append(next(p for p in range(1, 15) if all(bars[i] == bars[i - p] for i in range(p, 14))))
    return found


def test_where_much_returns_loops_are_short_and_where_little_does_chords_go_on():
    much, some, little = loops(1.0), loops(0.5), loops(0.0)
    assert max(much) <= 2
    assert max(loops(0.75)) > 2
    assert np.mean(much) < np.mean(some) < np.mean(little)
    assert np.mean([period > 4 for period in little]) > 0.8
    assert 0.3 < np.mean([period > 4 for period in some]) < 0.7


def test_chords_are_walked_only_as_often_as_the_style_says_and_where_it_has_habits():
    written = {"C", "F", "G"}  # the progression, and the last cadence

    def walked(share: float, **habits: object) -> float:
        made = [
            chords(replace(style(0.0), walk_share=share), form("A", 16), seed, habits=habits, variety_bits=2.0)
            for seed in SEEDS
        ]
        return float(np.mean([not {str(chord) for bar in bars for chord in bar} <= written for bars in made]))

    assert walked(0.0, bright=MANY) == 0
    assert walked(1.0, dark=MANY) == 0, "the habits of the other light do not count"
    assert walked(1.0, bright=MANY) > 0.8
    assert 0.25 < walked(0.5, bright=MANY) < 0.65


def test_written_progressions_that_move_as_fast_as_the_profile_are_likelier():
    rows = (("I", "I", "I", "I"), ("I|IV", "V|IV", "I|IV", "V|I"))
    of = replace(style(0.0), progressions={Mode.MAJOR: rows})

    def busy(pace: float) -> float:
        made = [chords(of, form("A"), seed, chords_per_bar=pace) for seed in SEEDS]
        return float(np.mean([any(one != two for one, two in bars[:6]) for bars in made]))

    assert busy(0.0) < 0.2
    assert busy(2.0) > 0.8
