"""Comparisons of sets: laws first. A set compared with itself reaches the optimum, one from elsewhere does not."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import SetupError
from engine.evaluate.bands import betrayals, metric_inside, share_inside
from engine.evaluate.learners import discriminator_auc, named_styles
from engine.evaluate.neighbours import precision, recall, spread, unseen_precision
from engine.evaluate.overlap import halves, mean_overlap, overlapping_area, overlaps, relative_overlap
from engine.evaluate.vectors import VectorSet, filled, joined
from tests.evaluate.sets import drawn


def test_a_set_overlaps_with_itself_and_not_with_one_from_elsewhere() -> None:
    one = drawn(120)
    assert mean_overlap(one, one) > 0.97
    assert mean_overlap(one, drawn(120, seed=1)) > 0.93
    assert mean_overlap(one, drawn(120, at=8.0, seed=1)) < 0.1


def test_the_overlap_falls_as_sets_move_apart() -> None:
    one = drawn(100)
    areas = [mean_overlap(one, drawn(100, at=shift, seed=2)) for shift in (0.0, 1.0, 2.0, 4.0)]
    assert areas == sorted(areas, reverse=True)


def test_constant_metrics_overlap_wholly_and_few_values_tell_nothing() -> None:
    assert overlapping_area(np.ones(10), np.ones(12)) == 1.0
    assert np.isnan(overlapping_area(np.ones(10), np.ones(3)))
    few = drawn(40)
    values = few.values.copy()
    values[:38, 0] = np.nan
    assert "metric 0" not in overlaps(few, replace(few, values=values))


def test_human_halves_reach_1_of_the_relative_overlap() -> None:
    one = drawn(120)
    assert relative_overlap(one, one, seed=1) == pytest.approx(1.0, abs=0.04)
    assert relative_overlap(one, drawn(60, at=4.0, seed=3), seed=1) < 0.6


def test_halves_share_no_piece_and_leave_nothing_out() -> None:
    one = drawn(60)
    labels = tuple(replace(label, id=f"piece {index // 4}@{index}") for index, label in enumerate(one.labels))
    whole = replace(one, labels=labels)
    left, right = halves(whole, np.random.default_rng(4))
    pieces = [{label.id.partition("@")[0] for label in half.labels} for half in (left, right)]
    assert not pieces[0] & pieces[1]
    assert len(left) + len(right) == 60
    assert 24 <= len(left) <= 36


def test_nobody_tells_a_set_from_its_like_and_everybody_tells_one_from_elsewhere() -> None:
    one = drawn(100)
    assert 0.35 < discriminator_auc(one, drawn(100, seed=5), seed=1) < 0.65
    assert discriminator_auc(one, drawn(100, at=3.0, seed=5), seed=1) > 0.97


def test_missing_values_do_not_give_a_set_away() -> None:
    one, other = drawn(100), drawn(100, seed=6)
    holes = other.values.copy()
    holes[:, :4] = np.where(np.random.default_rng(0).random((100, 4)) < 0.8, np.nan, holes[:, :4])
    assert discriminator_auc(one, replace(other, values=holes), seed=1) < 0.68
    assert all(np.isfinite(part).all() for part in filled(one.values, holes))


def test_windows_of_one_piece_never_stand_on_both_sides_of_a_fold() -> None:
    """Two windows a piece, with values of the piece alone: a discriminator that had seen the other window would win."""
    rng = np.random.default_rng(1)

    def twins(seed: int) -> VectorSet:
        one = drawn(40, seed=seed)
        values = np.repeat(rng.normal(size=(40, 8)), 2, axis=0)
        labels = tuple(replace(label, id=label.id.replace("@0", f"@{k}")) for label in one.labels for k in (0, 1))
        return replace(one, values=values, traits=np.repeat(one.traits, 2, axis=0), labels=labels)

    assert discriminator_auc(twins(1), twins(2), seed=1) < 0.7


def test_precision_and_recall_of_a_set_with_itself_are_1_and_of_one_far_away_0() -> None:
    one = drawn(80)
    assert precision(one, one) == recall(one, one, one) == 1.0
    far = drawn(80, at=3.0, seed=1)
    assert precision(one, far) == 0.0
    assert recall(one, one, far) == 0.0


def test_a_narrow_set_is_precise_but_recalls_little_and_varies_little() -> None:
    human = drawn(120)
    narrow = drawn(80, seed=2)
    narrow = replace(narrow, values=0.1 * narrow.values)
    assert precision(human, narrow) == 1.0
    assert recall(human, human, narrow) < 0.2
    assert spread(human, narrow) < 0.3 < spread(human, human)
    assert np.isnan(spread(human, narrow.rows([0])))


def test_unseen_precision_leaves_a_songs_own_piece_out() -> None:
    pool = joined([drawn(60), drawn(60, at=4.0, seed=9, style="folk")])
    far = pool.of_style("folk")
    assert unseen_precision(drawn(60), far) == 0.0
    assert unseen_precision(pool, far) == 0.0  # without themselves only the other style is left


def test_nine_in_ten_values_of_a_set_lie_in_its_own_band() -> None:
    one = drawn(200)
    assert share_inside(one, one) == pytest.approx(0.9, abs=0.02)
    assert share_inside(one, drawn(50, at=5.0, seed=1)) < 0.05
    assert metric_inside(one, one, "metric 3") == pytest.approx(0.9, abs=0.02)


def test_the_metric_that_differs_most_betrays_most() -> None:
    one, other = drawn(100), drawn(60, seed=1)
    values = other.values.copy()
    values[:, 5] += 3.0
    worst = betrayals(one, replace(other, values=values))[0]
    assert worst.metric == "metric 5"
    assert worst.effect > 2
    assert worst.auc > 0.95
    assert "metric 5" in str(worst)


def test_styles_are_named_by_what_sets_them_apart() -> None:
    training = joined([drawn(60, style="rock"), drawn(60, at=3.0, seed=1, style="folk")])
    songs = drawn(20, at=3.0, seed=2, style="folk")
    assert named_styles(training, songs, seed=1).count("folk") >= 19


def test_sets_of_other_metrics_are_not_joined() -> None:
    with pytest.raises(ValueError, match="different metrics"):
        joined([drawn(5), drawn(5, columns=3)])


def test_without_scikit_learn_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    with pytest.raises(SetupError, match=r"scikit-learn is not installed; .*tunesmith\[evaluate\]"):
        discriminator_auc(drawn(20), drawn(20, seed=1), seed=1)
