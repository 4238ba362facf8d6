"""Ranking candidates by how near they come to the profile that the song takes after."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.compose import choose as choosing
from engine.compose.choose import choose, distance_to, judge
from engine.compose.plan import Plan
from engine.grammar.corpus import composed_songs
from engine.learn.habits import profile_of
from engine.metrics.measures import measure_song
from engine.metrics.vector import metric_vector
from engine.music.excerpt import excerpt
from engine.music.notes import Song
from tests.profiles import habits
from tests.small import plan_of_song


@pytest.fixture(scope="module")
def songs() -> list[Song]:
    return [excerpt(song, 6, 12) for song in composed_songs("lofi", 4, 29)]


@pytest.fixture(scope="module")
def plan(songs) -> Plan:
    return plan_of_song(songs[0])


@pytest.fixture
def _measured(songs, monkeypatch) -> None:
    """Habits of the four songs, in place of the style's."""
    profiles = [profile_of(song) for song in songs]
    names = set.intersection(*(set(profile.measures) for profile in profiles))
    deviations = {name: float(np.std([profile.measures[name] for profile in profiles])) for name in names}
    known = habits(*profiles, deviations=deviations)
    monkeypatch.setattr(choosing, "load_habits", lambda folder: known)


@pytest.mark.usefixtures("_measured")
@pytest.mark.parametrize("index", range(4))
def test_the_candidate_that_is_the_profiles_own_music_is_nearest(songs, plan, index):
    wanted = replace(plan, profile=profile_of(songs[index]))
    verdicts = [judge(song, wanted, {}) for song in songs]
    distances = [verdict.distance for verdict in verdicts]
    assert distances[index] < 0.01
    assert distances.count(min(distances)) == 1
    clean = [replace(verdict, failures=()) for verdict in verdicts]
    assert choose(clean) == index
    assert choose([replace(v, failures=("broken",)) if i == index else v for i, v in enumerate(clean)]) != index


@pytest.mark.usefixtures("_measured")
def test_all_measures_of_the_profile_count_and_no_others(songs, plan):
    whole = profile_of(songs[1])
    few = {"notes_per_second": whole.measures["notes_per_second"]}
    wanted = replace(plan, profile=replace(whole, measures=few))
    known = choosing.load_habits(plan)  # type: ignore[arg-type]
    assert known is not None
    here = metric_vector(songs[0])["notes_per_second"]
    step = min(3.0, abs(here - few["notes_per_second"]) / known.deviations["notes_per_second"])
    assert judge(songs[0], wanted, {}).distance == pytest.approx(step, abs=1e-3)
    many = judge(songs[0], replace(plan, profile=whole), {}).distance
    assert many == pytest.approx(distance_to(whole.measures, known.deviations, metric_vector(songs[0])), abs=1e-3)
    assert many != pytest.approx(step, abs=1e-3)


@pytest.mark.usefixtures("_measured")
def test_without_a_profile_the_checkpoints_reference_ranks(songs, plan):
    here = measure_song(songs[0]).to_json()["polyphony"]
    near, far = ({"polyphony": [goal, 0.5, 0, 9]} for goal in (here + 0.25, here + 40.0))
    assert judge(songs[0], plan, far).distance == 3.0
    assert judge(songs[0], plan, near).distance == pytest.approx(0.5, abs=1e-3)
    wanted = replace(plan, profile=profile_of(songs[0]))
    assert judge(songs[0], wanted, far).distance == judge(songs[0], wanted, near).distance


def test_a_style_without_habits_falls_back_on_the_reference(songs, plan, monkeypatch):
    monkeypatch.setattr(choosing, "load_habits", lambda folder: None)
    wanted = replace(plan, profile=profile_of(songs[0]))
    assert judge(songs[0], wanted, {"polyphony": [40.0, 0.5, 0, 9]}).distance == 3.0


def test_measures_that_cannot_be_compared_do_not_count():
    assert distance_to({"a": 1.0, "b": 1.0}, {"a": 1.0}, {"a": 3.0, "b": 9.0}) == 2.0
    assert distance_to({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 3.0}) == 2.0
    assert distance_to({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": 1.0}, {"a": 3.0, "b": 1.0}) == 1.0
    assert distance_to({"a": 1.0}, {"a": 0.0}, {"a": 1.0}) == 0.0
    assert distance_to({"a": 1.0}, {"a": 0.0}, {"a": 1.1}) == 3.0, "a measure that never varies is a narrow goal"
