"""Trials of new models: what is worse goes back, what is better stays, what is equal takes its time."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from benchmarks.bench_canary import (
    BETTER_BY_CONSTRUCTION,
    LAST,
    SETTINGS,
    WITHIN_BACK,
    WITHIN_UP,
    WORSE_BY_CONSTRUCTION,
    Setting,
    simulate,
)
from engine.music.taste import Posterior
from engine.taste.ballot import Ballot, CastVote, DuelVote, HeardSong, Trial
from engine.taste.canary import LEAST, decide, decide_all, rule, worse_of
from engine.taste.fairness import weigh
from tests.taste.voters import NOW, snowflake

SINCE = NOW - timedelta(days=3)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_what_is_worse_by_construction_goes_back_within_60_votes(setting: Setting) -> None:
    trials = simulate(*WORSE_BY_CONSTRUCTION, setting, runs=300, seed=3)
    assert trials.share(-1, WITHIN_BACK) >= 0.95
    assert trials.share(1) <= 0.01


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
@pytest.mark.parametrize("arms", [BETTER_BY_CONSTRUCTION, (0.45, 0.65)], ids=str)
def test_what_is_better_is_promoted_within_150_votes(setting: Setting, arms: tuple[float, float]) -> None:
    trials = simulate(*arms, setting, runs=300, seed=4)
    assert trials.share(1, WITHIN_UP) >= 0.90


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_of_equals_less_than_half_goes_back_and_of_slightly_better_ones_few(setting: Setting) -> None:
    assert simulate(0.65, 0.65, setting, runs=200, seed=5).share(-1) <= 0.5
    assert simulate(0.55, 0.65, setting, runs=200, seed=6).share(-1) <= 0.2


def test_a_trial_without_votes_goes_on() -> None:
    assert decide(Posterior(), Posterior()) == "go on"
    assert decide(Posterior(up=100), Posterior(down=LEAST - 1)) == "go on"


def test_the_two_arms_are_told_apart() -> None:
    assert decide(Posterior(up=30, down=10), Posterior(up=6, down=24)) == "roll back"
    assert decide(Posterior(up=6, down=24), Posterior(up=30, down=10)) == "promote"
    assert decide(Posterior(up=15, down=15), Posterior(up=15, down=15)) == "go on"


def test_more_votes_against_the_new_one_never_make_it_look_better() -> None:
    rng = np.random.default_rng(1)
    votes = rng.uniform(0, 60, size=(200, 4))
    before, clearly_before = worse_of(votes)
    after, clearly_after = worse_of(votes + np.array([0, 0, 0, 3.0]))
    assert np.all(after > before)
    assert np.all(clearly_after > clearly_before)
    assert np.all(clearly_before <= before)


def test_one_at_a_time_is_as_many_at_once() -> None:
    votes = np.random.default_rng(2).uniform(0, 40, size=(60, 4))
    words = {1: "promote", -1: "roll back", 0: "go on"}
    one_by_one = [decide(Posterior(up=a, down=b), Posterior(up=c, down=d)) for a, b, c, d in votes.tolist()]
    assert [words[found] for found in decide_all(votes).tolist()] == one_by_one
    assert len(set(one_by_one)) == 3


def song(number: int, model_id: str, days_ago: float, style: str = "lofi") -> HeardSong:
    return HeardSong(
        id=f"{model_id}{number}",
        style=style,
        version="v1",
        model_id=model_id,
        created_at=NOW - timedelta(days=days_ago),
    )


def voted(songs: list[HeardSong], value: int, people: int = 3) -> list[CastVote]:
    return [
        CastVote(
            song_id=one.id,
            person_id=snowflake(person, 500),
            value=value,
            changed_at=NOW - timedelta(minutes=17 * (at * people + person)),
        )
        for at, one in enumerate(songs)
        for person in range(people)
    ]


def ballot(songs: list[HeardSong], votes: list[CastVote], duels: tuple[DuelVote, ...] = ()) -> Ballot:
    trial = Trial(style="lofi", model_id="new", since=SINCE)
    return Ballot(home=1, now=NOW, songs=tuple(songs), votes=tuple(votes), duels=duels, trials=(trial,))


def test_a_ruling_counts_songs_since_the_trial_began_and_of_its_style() -> None:
    new = [song(at, "new", 1) for at in range(10)]
    old = [song(at, "old", 2) for at in range(10)]
    apart = [song(at, "new", 1, style="jazz") for at in range(50, 60)]
    found = ballot([*new, *old, *apart], [*voted(new, -1), *voted(old, 1), *voted(apart, 1)])
    (ruling,) = rule(found, weigh(found))
    assert ruling.decision == "roll back"
    assert ruling.canary.up == 0
    assert ruling.canary.down == pytest.approx(10 * 3 / 1.3, abs=1e-3)
    assert ruling.control.up == pytest.approx(10 * 3 / 1.3, abs=1e-3)
    assert "liked in 0% of 23 votes" in ruling.reason


def test_earlier_songs_of_the_version_before_count_somewhat_and_of_other_versions_not() -> None:
    new = [song(at, "new", 1) for at in range(4)]
    old = [song(at, "old", 2) for at in range(100, 102)]
    before = [song(at, "old", 9) for at in range(200, 240)]
    oldest = [song(at, "ancient", 20) for at in range(300, 320)]
    found = ballot([*new, *old, *before, *oldest], [*voted(old, 1), *voted(before, 1), *voted(oldest, -1)])
    (ruling,) = rule(found, weigh(found))
    assert ruling.control.down == 0
    during = 2 * 3 / 1.3
    assert during + 35 < ruling.control.up < during + 45
    assert ruling.decision == "go on"


def test_a_duel_between_the_arms_counts_for_one_and_against_the_other() -> None:
    one, other = song(1, "new", 1), song(2, "old", 1)
    duel = DuelVote(
        duel_id="d", left_id=other.id, right_id=one.id, person_id=snowflake(1, 500), answer="right", changed_at=NOW
    )
    found = ballot([one, other], [], (duel,))
    (ruling,) = rule(found, weigh(found))
    assert (ruling.canary.up, ruling.canary.down) == (0.5, 0)
    assert (ruling.control.up, ruling.control.down) == (0, 0.5)


def test_a_run_that_is_not_decided_is_open() -> None:
    trials = simulate(0.65, 0.65, SETTINGS[1], runs=200, seed=8)
    assert 0.05 < float(np.mean(trials.verdict == 0)) < 0.6
    assert np.all(trials.votes[trials.verdict != 0] <= LAST)
