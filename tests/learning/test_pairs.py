"""Pairs of songs of which one is preferred: likelihoods, rewards, the loss, tuning by them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from engine.learn.server.pieces import encoded_songs
from engine.model.pairs import (
    NOBODY,
    Pairs,
    PairSettings,
    agreement,
    log_likelihoods,
    pair_loss,
    pair_rows,
    rewards,
    song_means,
    surprise,
)
from engine.model.training import TrainSettings, evaluate
from engine.model.tuning import Material, Tether, Tuner, threads
from engine.music.notes import Song
from tests.learning.small_server import pieces
from tests.small import small_network

SETTINGS = TrainSettings(steps=12, lanes=4, chunk=32, rate=1e-2, warmup=2, evaluate_every=4, save_every=4)
PAIRING = PairSettings(count=4, chunk=48, sharpness=10.0)


@pytest.fixture(scope="module")
def songs() -> list[Song]:
    """Six songs."""
    return pieces(6)


@pytest.fixture(scope="module")
def pairs(songs) -> Pairs:
    """Each of the first two songs is preferred to each of the next two."""
    return Pairs(
        columns=encoded_songs(songs[:4], "lofi", 5).columns,
        winners=np.array([0, 0, 1, 1]),
        losers=np.array([2, 3, 2, 3]),
        chances=np.array([1.0, 1.0, 1.0, 0.5]),
    )


def test_log_likelihoods_sum_to_what_evaluation_says(songs):
    network, columns = small_network(), encoded_songs(songs[:1], "lofi", 5).columns
    rows = np.arange(len(columns.events))[None]
    with torch.no_grad():
        network.eval()
        nats = log_likelihoods(network, columns.batch(rows))
    assert nats.shape == rows.shape
    assert nats.max() <= 0
    assert -float(nats.mean()) == pytest.approx(evaluate(network, columns, lanes=1, chunk=10**6)[0], rel=2e-3)


def test_a_song_is_judged_alike_alone_and_beside_longer_ones(pairs):
    network, starts = small_network(), pairs.columns.starts
    alone = [np.arange(starts[i], starts[i + 1])[None] for i in range(4)]
    longest = max(len(rows[0]) for rows in alone)
    together = np.full((4, longest), NOBODY)
    for line, rows in zip(together, alone, strict=True):
        line[: rows.shape[1]] = rows[0]
    with torch.no_grad():
        network.eval()
        beside = song_means(network, pairs.columns, together)
        for index, rows in enumerate(alone):
            assert float(song_means(network, pairs.columns, rows)) == pytest.approx(float(beside[index]), abs=1e-4)


def test_a_network_rewards_nothing_that_its_parent_finds_as_likely(pairs):
    rewarded = rewards(small_network(), small_network(), pairs.columns)
    assert np.abs(rewarded).max() < 1e-6
    assert agreement(rewarded, pairs) == 0.5
    assert surprise(rewarded, pairs, 10.0) == pytest.approx(np.log(2))


def test_agreement_counts_pairs_by_their_chances_and_surprise_falls_with_it(pairs):
    right, wrong = np.array([1.0, 1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0, 1.0])
    assert (agreement(right, pairs), agreement(wrong, pairs)) == (1.0, 0.0)
    assert surprise(right, pairs, 10.0) < np.log(2) < surprise(wrong, pairs, 10.0)
    three_of_four = np.array([1.0, 0.2, 0.0, 0.5])
    assert agreement(three_of_four, pairs) == pytest.approx(3 / 3.5)


def test_stretches_are_of_the_songs_that_were_drawn(pairs):
    starts = pairs.columns.starts
    rows = pair_rows(pairs, replace(PAIRING, chunk=10_000))
    for _ in range(5):
        for index, lines in enumerate(next(rows)):
            for line in lines:
                there = line[line != NOBODY]
                song = int(np.searchsorted(starts, there[0], side="right")) - 1
                assert song in ((0, 1), (2, 3))[index]
                assert (there[0], there[-1] + 1) == (starts[song], starts[song + 1])
    again = [next(pair_rows(pairs, PAIRING)) for _ in range(2)]
    assert np.array_equal(*again)
    assert again[0].shape == (2, PAIRING.count, PAIRING.chunk)


def material(songs: list[Song], pairs: Pairs) -> Material:
    """Pairs, and songs that stand for the parent's; no pieces."""
    return Material(
        own=None,
        chances=np.ones(0),
        held_out=None,
        replay=encoded_songs(songs[4:5], "lofi", 5).columns,
        watch=encoded_songs(songs[5:6], "lofi", 5).columns,
        pairs=pairs,
        held_out_pairs=pairs,
        pairing=PAIRING,
    )


def test_tuning_by_pairs_makes_the_preferred_songs_likelier_than_the_others(songs, pairs):
    tuner = Tuner(small_network(), material(songs, pairs), SETTINGS, Tether(weight=0.1, most_drift=99.0))
    with threads(1):
        tuner.run(lambda report: None)
        tuned = tuner.settle()
    assert tuned.nats < np.log(2)
    rewarded = rewards(tuner.network, tuner.parent, pairs.columns)
    assert agreement(rewarded, pairs) == 1.0
    swapped = replace(pairs, winners=pairs.losers, losers=pairs.winners)
    rows = next(pair_rows(pairs, PAIRING))
    losses = [float(pair_loss(tuner.network, tuner.parent, pairs, some, 10.0).detach()) for some in (rows, rows[::-1])]
    assert losses[0] < losses[1]
    assert agreement(rewarded, swapped) == 0.0


def test_a_tuning_by_pairs_that_was_broken_off_goes_on_as_if_it_had_not(songs, pairs, tmp_path):
    whole = Tuner(small_network(), material(songs, pairs), SETTINGS, Tether(weight=0.1, most_drift=99.0))
    first = Tuner(
        small_network(), material(songs, pairs), replace(SETTINGS, steps=12), Tether(weight=0.1, most_drift=9)
    )
    with threads(1):
        whole.run(lambda report: None)
        calls = []

        def stop() -> None:
            calls.append(1)
            if len(calls) > 8:
                raise KeyboardInterrupt

        first._between = stop
        with pytest.raises(KeyboardInterrupt):
            first.run(lambda report: None, state_file=tmp_path / "run")
        second = Tuner(small_network(), material(songs, pairs), SETTINGS, Tether(weight=0.1, most_drift=99.0))
        assert second.resume(tmp_path / "run")
        assert second.step == 8
        assert np.array_equal(next(second._pairs), _after(pairs, 8))
        second.run(lambda report: None)
    assert agreement(rewards(second.network, second.parent, pairs.columns), pairs) == 1.0


def _after(pairs: Pairs, steps: int) -> np.ndarray:
    rows = pair_rows(pairs, PAIRING)
    for _ in range(steps):
        next(rows)
    return next(rows)


def test_without_pieces_or_pairs_there_is_nothing_to_learn(songs, pairs):
    nothing = replace(material(songs, pairs), pairs=None)
    with pytest.raises(ValueError, match="nothing to learn"):
        Tuner(small_network(), nothing, SETTINGS, Tether(weight=0.1, most_drift=99.0))
