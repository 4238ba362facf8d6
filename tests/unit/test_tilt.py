"""Leaning the network towards the manner of the profile: by how many nats, and which way."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest

from engine.compose import tilt
from engine.compose.plan import Plan
from engine.compose.tilt import MOST_NATS, REACH, duration_tilts, interval_tilts
from engine.grammar.corpus import composed_songs
from engine.music.excerpt import excerpt
from engine.music.notes import Role
from engine.music.styles import Style, load_style
from engine.music.tokens import BASS, DRUMS, DURATIONS_TICKS, HARMONY, MELODY, Event
from tests.boards import Stand
from tests.profiles import habits, profile
from tests.small import plan_of_song

USUAL = {"melody_repeats": 0.2, "melody_steps": 0.5, "melody_leaps": 0.2, "melody_note_length": 12.0}
LOFI: Style = replace(load_style("lofi"), leans={})


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_of_song(excerpt(next(composed_songs("lofi", 1, 3)), 4, 6))


def like(plan: Plan, monkeypatch: pytest.MonkeyPatch, style: Style = LOFI, **measures: float) -> Plan:
    """The plan after a profile that differs from the style's mean in `measures` alone."""
    monkeypatch.setattr(tilt, "load_style", lambda name: style)
    monkeypatch.setattr(tilt, "load_habits", lambda folder: habits(profile(measures=USUAL), profile(measures=USUAL)))
    return replace(plan, profile=profile(measures=USUAL | measures))


def melody(plan: Plan) -> dict[int, float]:
    """Interval in semitones → nats."""
    return {step - REACH: float(nats) for step, nats in enumerate(interval_tilts(plan)[MELODY])}


def test_a_plan_without_a_profile_and_one_of_an_average_profile_lean_nowhere(plan, monkeypatch):
    average = like(plan, monkeypatch)
    assert interval_tilts(replace(average, profile=None)) == {}
    assert not duration_tilts(replace(average, profile=None)).any()
    assert set(melody(average).values()) == {0.0}
    assert not duration_tilts(average).any()


def test_a_lean_is_the_log_ratio_of_the_odds_of_the_intervals_of_its_manner(plan, monkeypatch):
    nats = melody(like(plan, monkeypatch, melody_repeats=0.4))
    assert nats[0] == pytest.approx(log((0.4 / 0.6) / (0.2 / 0.8)))
    assert {nats[interval] for interval in nats if interval} == {0.0}
    nats = melody(like(plan, monkeypatch, melody_steps=0.3))
    assert {interval for interval in nats if nats[interval] < 0} == {-2, -1, 1, 2}
    nats = melody(like(plan, monkeypatch, melody_leaps=0.3))
    assert {interval for interval in nats if nats[interval] > 0} == {i for i in range(-REACH, REACH + 1) if abs(i) >= 5}


@pytest.mark.parametrize(("share", "nats"), [(0.0, -MOST_NATS), (1.0, MOST_NATS)])
def test_no_lean_is_more_than_bounded(plan, monkeypatch, share, nats):
    assert melody(like(plan, monkeypatch, melody_steps=share))[1] == nats


def test_what_was_not_measured_leans_nowhere(plan, monkeypatch):
    assert not interval_tilts(like(plan, monkeypatch, melody_steps=0.1))[BASS].any()


def test_the_styles_own_leans_come_on_top(plan, monkeypatch):
    leaning = replace(LOFI, leans={"melody_leaps": 0.25, "bass_steps": -0.5})
    average = like(plan, monkeypatch, leaning)
    assert melody(average)[7] == 0.25
    assert interval_tilts(average)[BASS][REACH + 1] == -0.5
    both = like(plan, monkeypatch, leaning, melody_leaps=0.3)
    assert melody(both)[7] == pytest.approx(0.25 + log((0.3 / 0.7) / (0.2 / 0.8)))


def test_a_profile_of_longer_notes_makes_longer_ones_likelier(plan, monkeypatch):
    for length, sign in ((24.0, 1), (6.0, -1)):
        tilts = duration_tilts(like(plan, monkeypatch, melody_note_length=length))
        assert (np.sign(np.diff(tilts[MELODY])) == sign).all()
        octave = tilts[MELODY][DURATIONS_TICKS.index(24)] - tilts[MELODY][DURATIONS_TICKS.index(12)]
        assert octave == pytest.approx(0.5 * sign), "half a nat an octave for each octave that the profile is longer"
        assert not tilts[[DRUMS, BASS, HARMONY]].any()


def test_the_rules_add_the_lean_to_a_tunes_intervals(plan, monkeypatch):
    plain, leaning = Stand(like(plan, monkeypatch)), Stand(like(plan, monkeypatch, melody_repeats=0.4))
    casting = plan.cast[Role.MELODY]
    near = (casting.low + casting.high) // 2 + plan.key.shift_to_white
    for stand in (plain, leaning):
        stand.push(Event(0, MELODY, near, 3, 9))
    lean = leaning.pitch_bias(5, MELODY) - plain.pitch_bias(5, MELODY)
    assert lean[near] == pytest.approx(log((0.4 / 0.6) / (0.2 / 0.8)))
    assert not np.delete(lean, near).any()
