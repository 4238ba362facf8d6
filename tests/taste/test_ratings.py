"""What many songs have in common is rated by pairs, with an interval, and not before there are votes enough."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engine.music.taste import Posterior
from engine.store.taste_ranking import lower_bound as counted_bound
from engine.taste.ratings import MIN_VOTES, lower_bound, rate
from engine.taste.weighed import Pair, Tally, Weighed, Weights, spread, summed


def voted(
    rng: np.random.Generator, truth: list[float], people: int = 20, each: int = 40
) -> tuple[Weights, dict[str, str]]:
    """Votes on songs of kinds whose songs are liked so much, in log odds."""
    votes = []
    for person in range(people):
        for song in rng.permutation(len(truth) * 10)[:each].tolist():
            likes = rng.random() < 1 / (1 + np.exp(-truth[song // 10]))
            votes.append(Weighed(song_id=f"s{song}", person_id=person, value=1 if likes else -1, weight=1.0))
    return Weights(votes=tuple(votes), pairs=()), {f"s{song}": f"k{song // 10}" for song in range(len(truth) * 10)}


def test_strengths_are_found_within_their_intervals() -> None:
    truth = [-1.0, -0.3, 0.3, 1.0]
    inside, order = [], []
    for seed in range(12):
        ratings = rate(*voted(np.random.default_rng(seed), truth))
        order.append([rating.name for rating in ratings] == ["k3", "k2", "k1", "k0"])
        inside += [rating.low <= truth[int(rating.name[1])] <= rating.high for rating in ratings]
    assert np.mean(inside) > 0.75
    assert np.mean(order) > 0.8


def test_equals_are_not_told_apart() -> None:
    apart = []
    for seed in range(12):
        ratings = rate(*voted(np.random.default_rng(seed), [0.2, 0.2, 0.2]))
        apart += [rating.low > 0 or rating.high < 0 for rating in ratings]
    assert np.mean(apart) < 0.25


def duels(wins: dict[tuple[str, str], float], times: int = 12) -> Weights:
    pairs = [
        Pair(left_id=left, right_id=right, person_id=person, left=won, weight=1.0)
        for (left, right), won in wins.items()
        for person in range(times)
    ]
    votes = [
        Weighed(song_id=song, person_id=person, value=1, weight=1.0)
        for song in {name for pair in wins for name in pair}
        for person in range(100, 140)
    ]
    return Weights(votes=tuple(votes), pairs=tuple(pairs))


KINDS = {f"{kind}{at}": kind for kind in "abc" for at in range(3)}


def test_duels_are_pairs_and_ties_are_half_a_win_each() -> None:
    even = rate(duels({("a1", "b1"): 0.5, ("a2", "b2"): 0.5, ("a3", "b1"): 0.5}), {**KINDS, "a3": "a"})
    assert [rating.strength for rating in even] == pytest.approx([0, 0], abs=1e-6)
    clear = rate(duels({("a1", "b1"): 1.0, ("a2", "b2"): 1.0, ("b1", "a0"): 0.0}), KINDS)
    assert [rating.name for rating in clear] == ["a", "b"]
    assert clear[0].low > 0 > clear[1].high
    assert clear[0].beats > 0.8


def test_who_beats_whom_is_told_of_those_who_never_met() -> None:
    wins = {("a0", "b0"): 1.0, ("a1", "b1"): 1.0, ("b0", "c0"): 1.0, ("b1", "c1"): 1.0}
    assert [rating.name for rating in rate(duels(wins), KINDS)] == ["a", "b", "c"]


def test_nothing_is_ranked_before_it_has_votes_enough() -> None:
    few = Weights(
        votes=tuple(
            Weighed(song_id=f"{kind}{at}", person_id=at, value=1 if kind == "a" else -1, weight=1.0)
            for kind in "ab"
            for at in range(3)
        ),
        pairs=(),
    )
    assert rate(few, KINDS) == ()
    rng = np.random.default_rng(1)
    weights, kinds = voted(rng, [0.0, 0.5])
    rare = Weighed(song_id="x", person_id=1, value=1, weight=1.0)
    ratings = rate(Weights(votes=(*weights.votes, rare), pairs=()), {**kinds, "x": "rare"})
    assert {rating.name for rating in ratings} == {"k0", "k1"}
    assert all(rating.votes >= MIN_VOTES for rating in ratings)


def test_people_who_differ_widen_the_interval_though_the_votes_are_as_many() -> None:
    def cast(likes: Callable[[int, str, int], bool]) -> Weights:
        votes = [
            Weighed(song_id=f"{kind}{at}", person_id=person, value=1 if likes(person, kind, at) else -1, weight=1.0)
            for person in range(10)
            for kind in "ab"
            for at in range(4)
        ]
        return Weights(votes=tuple(votes), pairs=())

    kinds = {f"{kind}{at}": kind for kind in "ab" for at in range(4)}
    alike = rate(cast(lambda person, kind, at: (at + person) % 2 == 0), kinds)
    divided = rate(cast(lambda person, kind, at: (person % 2 == 0) == (kind == "a")), kinds)
    assert alike[0].strength == pytest.approx(divided[0].strength, abs=0.1)
    assert divided[0].high - divided[0].low > 0.8
    assert alike[0].high - alike[0].low < 0.2


@pytest.mark.parametrize(("up", "down"), [(0, 0), (2, 0), (40, 10), (3, 9)])
def test_the_lower_bound_is_that_of_the_charts(up: int, down: int) -> None:
    assert lower_bound(Posterior(up=up, down=down)) == pytest.approx(counted_bound(up, down), abs=1e-6)


def test_forty_of_fifty_stand_above_two_of_two() -> None:
    assert lower_bound(Posterior(up=40, down=10)) > lower_bound(Posterior(up=2))


def test_ten_votes_on_one_song_are_worth_less_than_on_ten() -> None:
    alone = summed({"a": Tally(up=10.0)}, ["a"])
    apart = summed({f"a{at}": Tally(up=1.0) for at in range(10)}, [f"a{at}" for at in range(10)])
    assert apart.up == 10
    assert alone.up == pytest.approx(10 * spread(10.0), abs=1e-3)
    assert 3 < alone.up < 6
