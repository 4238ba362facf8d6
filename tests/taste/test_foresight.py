"""From what is liked of songs to what is liked of plans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from engine.music.taste import Preference
from engine.taste.ballot import Ballot, CastVote, HeardSong
from engine.taste.foresight import ENOUGH, foreseen
from engine.taste.learn import learn
from engine.taste.preference import Finding
from tests.taste.voters import NOW, snowflake

LIKED = Finding(
    preference=Preference(centre={"high": 0.0}, scale={"high": 1.0}, weights={"high": 1.0}, accuracy=0.8, trust=0.7),
    weights={"high": 1.0, "loud": 0.0},
)


def songs(rng: np.random.Generator, count: int, style: str = "jazz") -> list[HeardSong]:
    """Songs whose pitch comes from their plan's third feature, as far as it does."""
    plans = rng.normal(size=(count, 6))
    high = 60 + 5 * (plans[:, 2] + 0.6 * rng.normal(size=count))
    return [
        HeardSong(
            id=f"{style}{at}",
            style=style,
            version="v1",
            created_at=NOW,
            plan={f"p{i}": float(value) for i, value in enumerate(plans[at])},
            song={"high": float(high[at]), "loud": float(rng.normal())},
        )
        for at in range(count)
    ]


def test_what_is_liked_of_songs_becomes_what_leads_to_it_in_plans() -> None:
    for seed in range(10):
        found = foreseen(LIKED, [songs(np.random.default_rng(seed), 60)])
        assert found is not None
        assert max(found.weights, key=lambda name: abs(found.weights[name])) == "p2"
        assert found.weights["p2"] > 0.5
        assert found.preference is not None
        assert found.preference.trust == 0.7


def test_a_preference_that_is_off_foresees_nothing() -> None:
    assert foreseen(replace(LIKED, preference=None), [songs(np.random.default_rng(0), 60)]) is None


def test_too_few_measured_songs_foresee_nothing() -> None:
    few = songs(np.random.default_rng(0), ENOUGH - 1)
    unmeasured = [replace(song, plan={}) for song in songs(np.random.default_rng(1), 30, "folk")]
    assert foreseen(LIKED, [few, unmeasured]) is None


def test_votes_on_other_styles_songs_rank_the_plans_of_a_style_with_few_votes() -> None:
    right = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        heard = songs(rng, 90, "jazz") + songs(rng, 40, "folk")
        voted = heard[:90] + heard[90:105]
        votes = []
        for at in range(260):
            song = voted[at % len(voted)]
            likes = rng.random() < 1 / (1 + np.exp(-2 * (song.song["high"] - 60) / 5))
            person = snowflake(at % 20, 900)
            votes.append(CastVote(song_id=song.id, person_id=person, value=1 if likes else -1, changed_at=NOW))
        taste = learn(Ballot(home=7, now=NOW, songs=tuple(heard), votes=tuple(votes))).tastes["folk"]
        assert taste.plan is not None
        scores = [taste.plan.score(song.plan) for song in heard[90:]]
        right += float(np.corrcoef(scores, [song.plan["p2"] for song in heard[90:]])[0, 1]) > 0.8
    assert right >= 5
