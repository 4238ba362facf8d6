"""What a home likes is found where it likes something, and nothing is found where it does not."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from engine.music.taste import Preference, StyleTaste
from engine.taste.preference import LEAST, SECOND_HAND, Finding, find_preference, find_prior
from engine.taste.table import MIN_VOTES, Evidence
from engine.taste.weighed import Pair, Weighed
from tests.taste.voters import FEATURES, World, evidence, fresh_songs, ranked_rightly, votes_on, world


def fresh_ranking(preference: Preference, like: World, seed: int) -> float:
    """How well songs that nobody voted on are ranked."""
    songs = fresh_songs(np.random.default_rng(seed + 1000), like, 120)
    truth = [sum(song[f"f{at}"] * weight for at, weight in enumerate(like.beta)) for song in songs]
    return ranked_rightly([preference.score(song) for song in songs], truth)


@pytest.mark.parametrize("kind", ["linear", "single"])
def test_after_300_votes_on_100_songs_a_hidden_taste_is_found_and_ranks_fresh_songs(kind: str) -> None:
    accuracies, ranked = [], []
    for seed in range(6):
        votes, like = evidence(seed, kind)
        found = find_preference(votes)
        assert found.preference is not None
        assert found.lower is not None
        assert found.lower > LEAST
        accuracies.append(found.accuracy or 0.0)
        ranked.append(fresh_ranking(found.preference, like, seed))
    assert np.mean(accuracies) > 0.78
    assert np.mean(ranked) > 0.87
    assert min(ranked) > 0.80


def test_on_noise_it_is_off_in_nine_of_ten_seeds() -> None:
    findings = [find_preference(evidence(seed, "noise")[0], seed=seed) for seed in range(24)]
    assert np.mean([found.preference is None for found in findings]) >= 0.9
    assert all("would switch it on" in found.reason for found in findings if found.preference is None)
    assert abs(np.mean([found.accuracy or 0.5 for found in findings]) - 0.5) < 0.03


def test_where_almost_everything_is_liked_the_taste_is_still_found() -> None:
    for seed in range(3):
        votes, like = evidence(seed, "linear", mood=3.0)
        liked = np.mean([vote.value > 0 for vote in votes.votes])
        assert liked > 0.75
        found = find_preference(votes)
        assert found.preference is not None
        assert fresh_ranking(found.preference, like, seed) > 0.78


def test_trust_grows_with_votes() -> None:
    trust = [
        np.mean(
            [
                0.0 if found.preference is None else found.preference.trust
                for seed in range(4)
                for found in [find_preference(evidence(seed, "linear", slope=1.3, votes=votes)[0])]
            ]
        )
        for votes in (40, 120, 400)
    ]
    assert trust[0] < trust[1] < trust[2]
    assert trust[2] > 0.6


def test_what_was_not_held_out_does_not_flatter() -> None:
    """One song of which many think alike is no proof: its votes are never on both sides."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(10):
        features = {f"s{at}": {f"f{i}": float(rng.normal()) for i in range(FEATURES)} for at in range(20)}
        liked = rng.random(20) < 0.5
        votes = [
            Weighed(song_id=f"s{song}", person_id=person, value=1 if liked[song] else -1, weight=1.0)
            for song in range(20)
            for person in range(15)
        ]
        found.append(find_preference(Evidence(features=features, votes=votes)).preference)
    assert sum(preference is None for preference in found) >= 9


def test_too_few_votes_teach_nothing_and_say_how_many_would() -> None:
    votes, _ = evidence(1, "linear", votes=15)
    found = find_preference(votes)
    assert found.preference is None
    assert f"{MIN_VOTES:.0f} would do" in found.reason


def test_songs_that_were_not_measured_teach_nothing() -> None:
    votes, _ = evidence(1, "linear")
    found = find_preference(replace(votes, features={song: {} for song in votes.features}))
    assert found.preference is None
    assert "measured" in found.reason


def test_duels_alone_teach_a_taste() -> None:
    ranked = []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        like = world(rng, "linear", 200)
        pairs = []
        for at in range(100):
            for person in range(3):
                gap = like.liking[2 * at] - like.liking[2 * at + 1]
                left = float(rng.random() < 1 / (1 + np.exp(-gap)))
                pairs.append(
                    Pair(left_id=f"s{2 * at}", right_id=f"s{2 * at + 1}", person_id=person, left=left, weight=1.0)
                )
        found = find_preference(Evidence(features=like.named(), votes=(), pairs=pairs))
        assert found.preference is not None
        ranked.append(fresh_ranking(found.preference, like, seed))
    assert np.mean(ranked) > 0.85


def test_features_that_never_change_or_are_often_missing_are_left_out() -> None:
    votes, _ = evidence(2, "linear")
    songs = {
        name: {**features, "same": 4.0, **({"rare": float(at)} if at % 2 else {})}
        for at, (name, features) in enumerate(votes.features.items())
    }
    found = find_preference(replace(votes, features=songs))
    assert found.preference is not None
    assert not {"same", "rare"} & found.preference.weights.keys()


def test_features_of_other_sizes_change_nothing() -> None:
    votes, like = evidence(3, "linear")
    found = find_preference(votes).preference
    large = {song: {name: 1000 * value for name, value in row.items()} for song, row in votes.features.items()}
    other = find_preference(replace(votes, features=large)).preference
    assert found is not None
    assert other is not None
    for song in fresh_songs(np.random.default_rng(1), like, 5):
        assert other.score({name: 1000 * value for name, value in song.items()}) == pytest.approx(
            found.score(song), abs=1e-3
        )


def test_the_same_evidence_gives_the_same_preference_and_it_is_plain_numbers() -> None:
    votes, _ = evidence(4, "linear")
    one, other = find_preference(votes), find_preference(votes)
    assert one == other
    assert one.preference is not None
    taste = StyleTaste(version=1, votes=300, song=one.preference)
    assert StyleTaste.from_json(json.loads(json.dumps(taste.to_json()))) == taste
    assert json.loads(json.dumps(one.figures())) == one.figures()


def shared_worlds(seed: int, votes: int) -> tuple[Evidence, Evidence, World]:
    """A home with few votes, another with many, and one taste."""
    rng = np.random.default_rng(seed)
    like = world(rng, "linear", 160)
    names = like.named()
    here = {name: names[name] for name in list(names)[:60]}
    there = {f"s{at}": names[f"s{at + 60}"] for at in range(100)}
    return (
        Evidence(features=here, votes=votes_on(rng, like.liking[:60].tolist(), votes)),
        Evidence(features=there, votes=votes_on(rng, like.liking[60:].tolist(), 400)),
        like,
    )


def test_what_others_like_helps_a_home_with_few_votes() -> None:
    alone, helped = [], []
    for seed in range(5):
        here, there, like = shared_worlds(seed, 50)
        prior = find_prior([there])
        for found, kept in ((find_preference(here), alone), (find_preference(here, prior), helped)):
            kept.append(0.5 if found.preference is None else fresh_ranking(found.preference, like, seed))
    assert np.mean(helped) > np.mean(alone) + 0.05
    assert min(helped) > 0.7


def test_a_home_without_votes_takes_over_what_others_like_at_half_trust() -> None:
    here, there, like = shared_worlds(1, 5)
    prior = find_prior([there])
    assert prior.preference is not None
    found = find_preference(here, prior)
    assert found.preference is not None
    assert found.source == "prior"
    assert found.preference.trust == pytest.approx(SECOND_HAND * prior.preference.trust, abs=1e-3)
    assert fresh_ranking(found.preference, like, 1) > 0.8


def test_a_home_that_likes_the_contrary_is_not_talked_into_it() -> None:
    for seed in range(3):
        here, there, like = shared_worlds(seed, 300)
        against = replace(here, votes=[replace(vote, value=-vote.value) for vote in here.votes])
        found = find_preference(against, find_prior([there]))
        assert found.preference is not None
        assert fresh_ranking(found.preference, like, seed) < 0.25


def test_a_prior_of_noise_is_not_used() -> None:
    here, _, _ = shared_worlds(1, 5)
    prior = Finding(preference=None, weights={"f0": 3.0})
    assert find_preference(here, prior).preference is None
