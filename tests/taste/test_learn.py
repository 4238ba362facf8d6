"""A ballot teaches all at once: seeds, preferences, ratings, a new generation, trials; and what it says agrees."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.errors import EngineError
from engine.music.taste import Posterior, StyleTaste
from engine.taste.ballot import Ballot, DuelVote, Learnt, Trial
from engine.taste.learn import learn, shipped_seeds
from engine.taste.worker import learn_job
from tests.taste.voters import NOW, snowflake, town

SEEDS = [seed.name for seed in shipped_seeds("lofi")][:6]
ROOT = Path(__file__).parents[2]


@cache
def voted(seed: int = 1, kind: str = "linear", style: str = "lofi") -> Ballot:
    """A server that voted 240 times on 80 songs from six seeds."""
    made = town(np.random.default_rng(seed), 15, 240, 80, kind=kind)
    songs = tuple(
        replace(song, style=style, seed_name=SEEDS[at % 6], plan={"tempo": song.song["f1"]})
        for at, song in enumerate(made.songs)
    )
    return replace(made.ballot(), songs=songs)


@cache
def learnt(seed: int = 1, kind: str = "linear") -> Learnt:
    return learn(voted(seed, kind))


def test_a_ballot_teaches_seeds_preferences_and_the_first_version() -> None:
    taste = learnt().tastes["lofi"]
    assert taste.version == 1
    assert taste.votes == 240
    assert set(taste.seeds) == set(SEEDS)
    assert taste.song is not None
    assert 150 < sum(votes.up + votes.down for votes in taste.seeds.values()) < 240


def test_figures_are_json_and_agree_with_the_tastes() -> None:
    figures = json.loads(json.dumps(learnt().figures))
    lofi, taste = figures["styles"]["lofi"], learnt().tastes["lofi"]
    assert taste.song is not None
    assert figures["votes"] == lofi["votes"] == taste.votes
    assert lofi["song"]["on"]
    assert lofi["song"]["accuracy"] == pytest.approx(taste.song.accuracy, abs=1e-4)
    assert lofi["song"]["lower"] < lofi["song"]["accuracy"]
    assert set(lofi["liked"]) == set(taste.seeds)
    assert {row["name"] for row in lofi["seeds"]} == set(SEEDS)
    assert all(row["low"] <= row["strength"] <= row["high"] for row in lofi["seeds"])
    assert lofi["generation"]["bred"] == len(taste.bred)
    assert lofi["songs"] == 80


def test_learning_is_the_same_each_time_and_comes_back_from_json() -> None:
    assert learn(voted()) == learnt()
    assert Learnt.from_json(json.loads(json.dumps(learnt().to_json()))) == learnt()


def test_a_mover_that_is_off_says_why() -> None:
    figures = learnt(2, "noise").figures["styles"]["lofi"]
    assert learnt(2, "noise").tastes["lofi"].song is None
    assert not figures["song"]["on"]
    assert "would switch it on" in figures["song"]["reason"]
    assert figures["song"]["trust"] == 0


def test_the_next_version_keeps_what_was_bred_until_a_generation_is_due() -> None:
    first = learnt().tastes["lofi"]
    assert first.bred
    assert len(json.dumps(first.bred)) <= 12_000
    again = learn(replace(voted(), tastes={"lofi": first})).tastes["lofi"]
    assert again.version == 2
    assert (again.bred, again.resting) == (first.bred, first.resting)
    grown = learn(replace(voted(), tastes={"lofi": replace(first, votes=first.votes - 40)})).tastes["lofi"]
    assert grown.bred != first.bred


def test_a_style_without_votes_has_no_taste() -> None:
    assert learn(replace(voted(), votes=())).tastes == {}
    assert learn(Ballot(home=3, now=NOW)).figures["styles"] == {}


def test_votes_of_voided_persons_move_nothing() -> None:
    ballot = voted()
    everybody = frozenset(vote.person_id for vote in ballot.votes)
    assert learn(replace(ballot, voided=everybody)).tastes == {}
    some = frozenset(sorted(everybody)[:5])
    without = replace(ballot, votes=tuple(vote for vote in ballot.votes if vote.person_id not in some))
    assert learn(replace(ballot, voided=some)).tastes == learn(without).tastes


def test_a_servers_own_style_is_learnt_though_it_has_no_shipped_seeds() -> None:
    taste = learn(voted(style="our sound")).tastes["our sound"]
    assert taste.song is not None
    assert shipped_seeds("our sound") == shipped_seeds("../styles/lofi") == ()


def test_what_is_liked_in_other_styles_helps_in_a_new_one() -> None:
    ballot = voted()
    moved = {song.id for song in ballot.songs[60:]}
    few = [vote for vote in ballot.votes if vote.song_id in moved][:12]
    songs = tuple(replace(song, style="jazz") if song.id in moved else song for song in ballot.songs)
    votes = (*(vote for vote in ballot.votes if vote.song_id not in moved), *few)
    taste = learn(replace(ballot, songs=songs, votes=votes))
    assert taste.figures["styles"]["jazz"]["song"]["source"] == "prior"
    jazz = taste.tastes["jazz"].song
    assert jazz is not None
    assert 0 < jazz.trust <= 0.5


def test_another_homes_votes_teach_only_where_they_are_shared() -> None:
    here, there = voted(), replace(voted(), home=2)
    few = replace(here, votes=here.votes[:12])
    assert learn(few).tastes["lofi"].song is None
    shared = learn(replace(few, shared=(there,)))
    assert shared.tastes["lofi"].song is not None
    assert shared.tastes["lofi"].votes == 12
    assert shared.tastes["lofi"].seeds == learn(few).tastes["lofi"].seeds
    assert learn(replace(few, votes=(), shared=(there,))).tastes == {}


def test_a_duel_is_counted_for_the_taste_that_composed_one_side() -> None:
    ballot = voted()
    songs = (replace(ballot.songs[0], taste=1), *ballot.songs[1:])
    people = [snowflake(500 + at, 300) for at in range(4)]
    duels = tuple(
        DuelVote(
            duel_id="d", left_id=songs[0].id, right_id=songs[1].id, person_id=person, answer="left", changed_at=NOW
        )
        for person in people
    )
    found = learn(replace(ballot, songs=songs, duels=duels)).figures["styles"]["lofi"]["composed_by_taste"]
    assert found["duels_won"] == pytest.approx(4)
    assert found["duels_lost"] == 0


def test_trials_are_ruled_on() -> None:
    ballot = voted()
    old = replace(ballot, songs=tuple(replace(song, created_at=NOW - timedelta(days=5)) for song in ballot.songs))
    found = learn(replace(old, trials=(Trial(style="lofi", model_id="m", since=NOW - timedelta(days=1)),)))
    assert [(ruling.model_id, ruling.decision) for ruling in found.rulings] == [("m", "go on")]


def test_the_job_takes_and_gives_json() -> None:
    answer = learn_job(json.loads(json.dumps(voted().to_json())))
    assert Learnt.from_json(json.loads(json.dumps(answer))) == learnt()
    with pytest.raises(EngineError, match="ballot cannot be read"):
        learn_job({"home": "seven"})


def test_the_job_loads_scikit_learn_with_the_first_ballot_and_never_torch() -> None:
    code = (
        "import sys\nfrom engine.taste.worker import learn_job\n"
        "from engine.taste.ballot import Ballot\n"
        "print(sorted({'sklearn', 'choix', 'scipy', 'torch'} & set(sys.modules)))\n"
        "from datetime import datetime, UTC\n"
        "learn_job(Ballot(home=1, now=datetime.now(UTC)).to_json())\n"
        "print(sorted({'sklearn', 'choix', 'torch'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split("\n")[:2] == ["[]", "['choix', 'sklearn']"]


def test_a_taste_in_force_is_used_as_what_was_before() -> None:
    before = StyleTaste(version=7, votes=239, seeds={"gone": Posterior(up=3)}, resting=("lofi-009",))
    taste = learn(replace(voted(), tastes={"lofi": before})).tastes["lofi"]
    assert taste.version == 8
    assert "gone" not in taste.seeds
