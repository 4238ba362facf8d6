"""Which profile a song takes after, and what it takes over."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from engine.compose.likeness import (
    MARGIN,
    Wanted,
    cast_after,
    draw_profile,
    groove_after,
    presence_after,
    returning_after,
    variation_after,
)
from engine.compose.plan import Casting
from engine.music.habits import Habits, Profile
from engine.music.harmony import Mode
from engine.music.instruments import program_range
from engine.music.notes import Role
from engine.music.styles import load_style
from tests.profiles import BAND, habits, part, profile

LOFI = load_style("lofi")
WANTED = Wanted(meter="4/4", mode=Mode.MAJOR, lean=0.0, tempo_bpm=None)
PIANO = Casting(program=0, name="piano", low=50, high=80, density=4.0)
DRUMS = Casting(program=0, name="kit", low=35, high=81, density=12.0)


def drawn(known: Habits, seeds: int = 40, **wanted: object) -> list[Profile | None]:
    wish = replace(WANTED, **wanted)
    return [draw_profile(known, LOFI, wish, np.random.default_rng(seed)) for seed in range(seeds)]


def only(found: list[Profile | None]) -> Profile | None:
    """What was drawn every time."""
    assert all(one == found[0] for one in found)
    return found[0]


def test_a_style_without_habits_has_no_profile():
    assert draw_profile(None, LOFI, WANTED, np.random.default_rng(0)) is None
    assert draw_profile(habits(), LOFI, WANTED, np.random.default_rng(0)) is None


def test_the_meter_always_agrees():
    waltz, march = profile(meter="3/4", energy=0.1), profile(meter="2/4", energy=0.2)
    known = habits(waltz, march, profile())
    assert only(drawn(known, meter="3/4")) == waltz
    assert only(drawn(known, meter="2/4")) == march
    assert only(drawn(known, meter="6/8")) is None


def test_brightness_agrees_where_the_style_has_such_profiles():
    dark, bright = profile(mode=Mode.DORIAN), profile(mode=Mode.MIXOLYDIAN)
    assert only(drawn(habits(dark, bright), mode=Mode.MINOR)) == dark
    assert only(drawn(habits(dark, bright), mode=Mode.MAJOR)) == bright
    assert only(drawn(habits(dark), mode=Mode.MAJOR)) == dark
    waltz = profile(meter="3/4", mode=Mode.MAJOR)
    assert only(drawn(habits(dark, waltz), mode=Mode.MAJOR)) == dark, "the meter weighs more"


def test_every_role_that_belongs_to_the_style_is_in_the_profile():
    core = {role for role, row in LOFI.parts.items() if row.presence >= 0.85 and role is not Role.COUNTER}
    assert core
    whole = profile(roles={role: part() for role in core})
    lacking = [profile(roles={role: part() for role in (*core, Role.COUNTER) if role is not left}) for left in core]
    assert only(drawn(habits(whole, *lacking))) == whole
    assert all(found in lacking for found in drawn(habits(*lacking))), "where none is whole, any will do"


def test_an_energetic_wish_draws_energetic_profiles_and_a_calm_one_calm_ones():
    known = habits(*(profile(energy=energy / 20) for energy in range(21)))
    calm, any_, wild = (np.mean([p.energy for p in drawn(known, 150, lean=lean)]) for lean in (-1.0, 0.0, 1.0))
    assert calm < 0.3
    assert 0.4 < any_ < 0.6
    assert wild > 0.7


@pytest.mark.parametrize(
    ("axis", "known", "measure"),
    [
        ("pace", [profile(tempo_bpm=60.0 + 5 * n) for n in range(21)], lambda p: p.tempo_bpm),
        (
            "density",
            [profile(roles={role: part(1.0 + n) for role in BAND}) for n in range(21)],
            lambda p: p.roles[Role.BASS].density,
        ),
        (
            "brightness",
            [profile(roles={role: part(register=(40 + n, 60 + n)) for role in BAND}) for n in range(21)],
            lambda p: p.roles[Role.MELODY].low,
        ),
    ],
    ids=["pace", "density", "brightness"],
)
def test_each_degree_draws_profiles_that_have_it(axis, known, measure):
    low, any_, high = ([measure(p) for p in drawn(habits(*known), 150, **{axis: v})] for v in (-1.0, 0.0, 1.0))
    assert np.mean(low) < np.mean(any_) < np.mean(high)
    values = sorted(measure(p) for p in known)
    assert np.median(low) <= values[6]
    assert np.median(high) >= values[14]


def test_a_tempo_in_numbers_is_not_moved_by_a_pace():
    known = habits(*(profile(tempo_bpm=60 * 2 ** (step / 8)) for step in range(17)))
    assert drawn(known, 20, tempo_bpm=84.0) == drawn(known, 20, tempo_bpm=84.0, pace=1.0)


def test_all_degrees_together_leave_a_choice():
    known = habits(*(profile(energy=n / 40, tempo_bpm=60.0 + n) for n in range(41)))
    found = drawn(known, 100, lean=1.0, pace=1.0, density=1.0, brightness=1.0)
    assert len({p.tempo_bpm for p in found}) > 8


def test_an_asked_tempo_draws_profiles_near_it_and_an_unasked_one_any():
    known = habits(*(profile(tempo_bpm=60 * 2 ** (step / 8)) for step in range(17)))
    near = [p.tempo_bpm for p in drawn(known, 100, tempo_bpm=84.0)]
    assert np.mean([abs(np.log2(bpm / 84)) <= 0.5 for bpm in near]) > 0.9
    assert len(set(near)) > 3
    assert len({p.tempo_bpm for p in drawn(known, 100)}) > 12


def test_chance_decides_among_equals_and_the_same_chance_the_same():
    known = habits(*(profile(energy=0.5, tempo_bpm=80 + index) for index in range(4)))
    counts = Counter(p.tempo_bpm for p in drawn(known, 200))
    assert len(counts) == 4
    assert min(counts.values()) > 25
    assert drawn(known, 5) == drawn(known, 5)


def test_without_a_profile_the_cast_stays():
    cast = {Role.MELODY: PIANO, Role.DRUMS: DRUMS}
    assert cast_after(None, cast, LOFI, ()) == cast
    assert presence_after(None, {Role.MELODY: 0.7}) == {Role.MELODY: 0.7}
    assert returning_after(None) == 1.0
    assert groove_after(None) == 0
    assert variation_after(None) == 0.0


def test_the_cast_takes_density_and_register_of_the_profile():
    like = profile(roles={Role.MELODY: part(6.5, register=(57, 75)), Role.DRUMS: part(9.0, register=(36, 46))})
    cast = cast_after(like, {Role.MELODY: PIANO, Role.DRUMS: DRUMS}, LOFI, ())
    assert cast[Role.MELODY] == replace(PIANO, density=6.5, low=57 - MARGIN, high=75 + MARGIN)
    assert cast[Role.DRUMS] == replace(DRUMS, density=9.0), "drums have no register"


@pytest.mark.parametrize("program", [0, 24, 33, 40, 56, 73])
@pytest.mark.parametrize("register", [(20, 118), (24, 40), (90, 110), (60, 72)])
def test_the_register_stays_within_the_instruments_range(program, register):
    lowest, highest = program_range(program)
    casting = replace(PIANO, program=program, low=lowest + 2, high=highest - 2)
    after = cast_after(profile(roles={Role.MELODY: part(register=register)}), {Role.MELODY: casting}, LOFI, ())
    low, high = after[Role.MELODY].low, after[Role.MELODY].high
    assert lowest <= low < high <= highest
    assert high - low >= 10
    wide = min(highest, register[1] + MARGIN) - max(lowest, register[0] - MARGIN) >= 10
    assert ((low, high) != (casting.low, casting.high)) == wide, "too narrow a register is not followed"


def test_the_density_stays_in_sight_of_what_the_style_calls_usual():
    for wish, got in ((0.1, 1.0), (40.0, 12.0), (5.0, 5.0)):
        after = cast_after(profile(roles={Role.MELODY: part(wish)}), {Role.MELODY: PIANO}, LOFI, ())
        assert after[Role.MELODY].density == got


def test_a_role_that_the_profile_lacks_leaves_unless_it_is_asked_for():
    cast = {Role.MELODY: PIANO, Role.HARMONY: PIANO, Role.COUNTER: PIANO}
    like = profile(roles={Role.MELODY: part()})
    assert set(cast_after(like, cast, LOFI, ())) == {Role.MELODY}
    assert set(cast_after(like, cast, LOFI, (Role.COUNTER,))) == {Role.MELODY, Role.COUNTER}
    without = replace(LOFI, parts={role: row for role, row in LOFI.parts.items() if role is not Role.HARMONY})
    assert set(cast_after(like, cast, without, ())) == {Role.MELODY, Role.HARMONY}, "no part: somebody wanted it"


def test_a_band_keeps_its_melody():
    cast = {Role.MELODY: PIANO, Role.HARMONY: PIANO}
    assert cast_after(profile(roles={Role.HARMONY: part()}), cast, LOFI, ()) == cast


def test_roles_play_as_often_as_in_the_profile_but_asked_ones_throughout():
    like = profile(roles={Role.MELODY: part(presence=0.6), Role.BASS: part(presence=0.3)})
    there = presence_after(like, {Role.MELODY: 0.9, Role.BASS: 1.0, Role.COUNTER: 0.5})
    assert there == {Role.MELODY: 0.6, Role.BASS: 1.0, Role.COUNTER: 0.5}


@pytest.mark.parametrize(("measured", "most"), [(0.05, 0.2), (0.5, 0.5), (0.97, 0.8)])
def test_as_much_returns_as_in_the_profile_within_bounds(measured, most):
    assert returning_after(profile(measures={"returning_bars": measured})) == most
    assert returning_after(profile()) == 1.0


@pytest.mark.parametrize(
    ("distinct", "bars"), [(0.05, 1), (0.3, 1), (0.31, 2), (0.5, 2), (0.7, 4), (0.81, 0), (1.0, 0)]
)
def test_the_groove_is_as_long_as_the_profiles_drums_are_varied(distinct, bars):
    assert groove_after(profile(measures={"drum_distinct_bars": distinct})) == bars
    assert groove_after(profile()) == 0, "no drums were measured"


@pytest.mark.parametrize(
    ("returning", "distinct", "varied"),
    [(0.6, 0.4, 0.0), (0.6, 0.7, 0.5), (0.6, 1.0, 0.85), (0.5, 0.2, 0.0), (0.05, 0.9, 0.5)],
)
def test_as_many_returning_bars_vary_as_leave_the_profiles_share_of_different_bars(returning, distinct, varied):
    like = profile(measures={"returning_bars": returning, "distinct_bars": distinct})
    assert variation_after(like) == pytest.approx(varied)
    assert variation_after(profile(measures={"returning_bars": returning})) == 0.0


def test_the_profile_for_tests_has_a_band():
    assert set(profile().roles) == set(BAND)
