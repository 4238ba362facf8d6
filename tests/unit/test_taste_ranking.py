"""How surely a song is liked, against the quantile that everybody uses."""

from __future__ import annotations

import pytest
from scipy.stats import beta

from engine.store.taste_ranking import BELOW, lower_bound

COUNTS = (0, 1, 2, 3, 5, 8, 13, 40, 150, 700, 20_000)


def test_the_bound_is_the_quantile_of_the_beta_distribution() -> None:
    for up in COUNTS:
        for down in COUNTS:
            assert lower_bound(up, down) == pytest.approx(beta.ppf(BELOW, up + 1, down + 1), abs=1e-8)


def test_a_vote_for_a_song_raises_it_and_one_against_lowers_it() -> None:
    for up in range(30):
        for down in range(30):
            assert lower_bound(up, down + 1) < lower_bound(up, down) < lower_bound(up + 1, down)


def test_of_songs_that_are_liked_alike_the_one_with_more_votes_is_surer() -> None:
    bounds = [lower_bound(4 * times, times) for times in range(1, 20)]
    assert bounds == sorted(bounds)
    assert lower_bound(2, 0) < lower_bound(40, 10)
