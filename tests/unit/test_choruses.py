"""Plans of styles that are made of choruses: a blues is twelve bars, whatever its length."""

from __future__ import annotations

import pytest

from engine.compose.plan import Plan
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.music.harmony import Mode
from engine.music.notes import SectionKind
from engine.music.styles import load_style
from engine.music.tokens import HARMONY, MELODY
from tests.boards import Stand

MAIN = (SectionKind.VERSE, SectionKind.CHORUS)
SEEDS = range(12)


def plan(style: str, seconds: float, seed: int) -> Plan:
    return Planner(None).plan(ComposeRequest(prompt=style, style=style, seconds=seconds), seed=seed)


@pytest.mark.parametrize("seconds", [45, 60, 120, 300])
def test_a_planned_blues_is_made_of_twelve_bar_choruses(seconds: float) -> None:
    for seed in SEEDS:
        for section in plan("blues", seconds, seed).sections:
            if section.kind in MAIN:  # the song's odd bar, if there is one, is its last section's
                assert section.bars % 12 in (0, 1)


def test_a_planned_chorus_goes_to_the_fourth_degree_in_bar_five_and_home_in_bar_seven() -> None:
    for seed in SEEDS:
        blues = plan("blues", 60, seed)
        for section in blues.sections:
            if section.kind not in MAIN:
                continue
            chorus = [blues.bars[bar].chords[0].root for bar in range(section.start_bar, section.start_bar + 12)]
            steps = [(root - blues.key.tonic) % 12 for root in chorus]
            assert (steps[0], steps[4], steps[6]) == (0, 5, 0)


def test_an_intro_of_a_blues_is_its_turnaround() -> None:
    judged = 0
    for seed in SEEDS:
        blues = plan("blues", 90, seed)
        intro, verse = blues.sections[:2]  # the last verse closes, so it must not be the only one
        if intro.kind is SectionKind.INTRO and verse.bars == 12 and len(blues.sections) > 2:
            judged += 1
            first = [bar.chords for bar in blues.bars[: intro.bars]]
            assert first == [bar.chords for bar in blues.bars[verse.end_bar - intro.bars : verse.end_bar]]
    assert judged > 0


def test_a_blues_too_short_for_a_chorus_is_still_planned() -> None:
    for seed in SEEDS:
        short = plan("blues", 20, seed)
        assert 4 <= len(short.bars) < 12
        assert short.bars[-1].chords[1].root == short.key.tonic


def test_dominant_sevenths_are_at_home_in_major_blues_and_minor_sevenths_in_minor_blues() -> None:
    for mode, row in load_style("blues").progressions.items():
        tonic = {bar.split("|")[0] for progression in row for bar in progression[:1]}
        assert tonic <= ({"i7", "i9"} if mode is Mode.MINOR else {"I7"})


def test_styles_without_choruses_keep_their_freedom() -> None:
    assert load_style("lofi").section_bars == 0
    lengths = {section.bars for seed in SEEDS for section in plan("lofi", 60, seed).sections}
    assert not lengths <= {4, 12}


def test_a_blue_note_costs_a_tune_no_more_than_a_note_of_the_scale() -> None:
    request = ComposeRequest(prompt="blues", style="blues", seconds=60, key="G mixolydian")
    plans = [Planner(None).plan(request, seed=seed) for seed in SEEDS]
    blues = next(plan for plan in plans if plan.bars[0].chords[0].name() == "G7")
    stand = Stand(blues)
    tune = stand.pitch_bias(3, MELODY)
    assert tune[70] == tune[69], "B flat, the blue third, as A, a note of the scale"
    assert tune[68] < tune[70], "A flat is foreign"
    chords = stand.pitch_bias(3, HARMONY)
    assert chords[70] < chords[69]
