"""Who rigs votes weighs little, and an ordinary server is left alone; both over many seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from engine.taste.ballot import Ballot, CastVote, DuelVote, HeardSong
from engine.taste.fairness import weigh
from engine.taste.weighed import Weights
from tests.taste.voters import NOW, Town, cast_by, share_of, snowflake, town, vote

SEEDS = 20
RIGGED = 0.15
Generator = np.random.Generator


def against(rng: Generator, made: Town, strength: float = 1.0) -> Callable[[int], int]:
    """Likes what the community does not."""

    def opinion(song: int) -> int:
        return 1 if rng.random() < 1 / (1 + np.exp(strength * made.world.liking[song])) else -1

    return opinion


def kept(weights: Weights, made: Town) -> float:
    """The share of their votes that counts, of honest members."""
    cast = sum(vote.person_id in made.members for vote in weights.votes)
    return sum(vote.weight for vote in weights.votes if vote.person_id in made.members) / cast


def shares(rigged: Callable[[Generator], tuple[float, float, float]]) -> tuple[float, float, float]:
    """Means over seeds of: the riggers' share of votes, their share of weight, what honest members keep."""
    found = np.array([rigged(np.random.default_rng(seed)) for seed in range(SEEDS)])
    return float(found[:, 0].mean()), float(found[:, 1].mean()), float(found[:, 2].mean())


def test_many_young_accounts_weigh_next_to_nothing() -> None:
    def rigged(rng: Generator) -> tuple[float, float, float]:
        made = town(rng, 17, 255)
        young = [snowflake(1000 + at, float(rng.uniform(0, 6))) for at in range(15)]
        more = cast_by(rng, made, young, 3, against(rng, made, 2.0))
        weights = weigh(made.ballot(*more))
        return len(more) / 300, share_of(weights, young), kept(weights, made)

    cast, weight, honest = shares(rigged)
    assert cast == pytest.approx(RIGGED)
    assert weight < 0.04
    assert honest > 0.97


@pytest.mark.parametrize(("votes", "most"), [(300, 0.09), (1000, 0.03)])
def test_old_accounts_that_vote_against_everybody_lose_their_weight_as_it_shows(votes: int, most: float) -> None:
    def rigged(rng: Generator) -> tuple[float, float, float]:
        honest = round(votes * (1 - RIGGED))
        made = town(rng, 17, honest)
        old = [snowflake(1000 + at, 700) for at in range(3)]
        more = cast_by(rng, made, old, (votes - honest) // 3, against(rng, made))
        weights = weigh(made.ballot(*more))
        return len(more) / (honest + len(more)), share_of(weights, old), kept(weights, made)

    cast, weight, honest = shares(rigged)
    assert cast == pytest.approx(RIGGED, abs=0.01)
    assert weight < most
    assert honest > 0.97


def test_a_ring_that_votes_its_own_songs_up_is_damped() -> None:
    def rigged(rng: Generator) -> tuple[float, float, float]:
        made = town(rng, 17, 200)
        ring = [snowflake(1000 + at, 700) for at in range(3)]
        features = [made.songs[int(rng.integers(len(made.songs)))].song for _ in range(18)]
        songs = [
            replace(made.songs[0], id=f"r{at}", person_id=ring[at % 3], song=row) for at, row in enumerate(features)
        ]
        more = [vote(person, song.id, 1, rng) for song in songs for person in ring if person != song.person_id]
        others = [
            vote(int(person), song.id, 1 if rng.random() < 0.45 else -1, rng)
            for song in songs
            for person in rng.choice(made.members, 2, replace=False)
        ]
        weights = weigh(made.ballot(*more, *others, songs=songs))
        assert any(found.kind == "ring" and set(found.persons) == set(ring) for found in weights.suspicions)
        return len(more) / (200 + len(more) + len(others)), share_of(weights, ring), kept(weights, made)

    cast, weight, honest = shares(rigged)
    assert cast > 0.13
    assert weight < 0.5 * cast
    assert honest > 0.97


def test_people_who_vote_on_one_friends_songs_alone_are_damped() -> None:
    def rigged(rng: Generator) -> tuple[float, float, float]:
        made = town(rng, 12, 255)
        star = made.members[0]
        songs = [song.id for song in made.songs if song.person_id == star]
        friends = [snowflake(1000 + at, 700) for at in range(4)]
        more = [vote(person, song, 1, rng) for person in friends for song in songs[:10]]
        weights = weigh(made.ballot(*more))
        return len(more) / (255 + len(more)), share_of(weights, friends), kept(weights, made)

    cast, weight, honest = shares(rigged)
    assert weight < 0.5 * cast
    assert honest > 0.97


@pytest.mark.parametrize("members", [3, 4, 5, 6, 8])
def test_a_small_server_in_which_one_casts_half_of_all_votes_is_left_alone(members: int) -> None:
    counted = []
    for seed in range(SEEDS):
        made = town(np.random.default_rng(seed), members, 120, heavy=0.5)
        counted.append(kept(weigh(made.ballot()), made))
    assert np.mean(counted) > 0.98
    assert min(counted) > 0.85


@pytest.mark.parametrize(("members", "kind"), [(5, "noise"), (10, "linear"), (20, "linear"), (40, "linear")])
def test_an_ordinary_server_keeps_almost_all_its_weight(members: int, kind: str) -> None:
    counted = []
    for seed in range(SEEDS):
        made = town(np.random.default_rng(seed), members, 300, kind=kind)
        counted.append(kept(weigh(made.ballot()), made))
    assert np.mean(counted) > 0.99
    assert min(counted) > 0.94


def test_where_half_like_the_contrary_both_halves_count() -> None:
    counted = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        made = town(rng, 10, 200)
        others = [snowflake(1000 + at, 700) for at in range(10)]
        more = cast_by(rng, made, others, 20, against(rng, made))
        counted.append(share_of(weigh(made.ballot(*more)), others))
    assert 0.4 < np.mean(counted) < 0.6
    assert min(counted) > 0.3


def test_members_who_like_things_of_their_own_beside_what_all_like_keep_their_weight() -> None:
    counted = []
    for seed in range(SEEDS):
        rng = np.random.default_rng(seed)
        made = town(rng, 20, 300)
        opinions = {person: made.world.liking + 2 * rng.normal(size=len(made.songs)) for person in made.members}
        likings = [opinions[cast.person_id][int(cast.song_id[1:])] for cast in made.votes]
        votes = tuple(
            replace(cast, value=1 if rng.random() < 1 / (1 + np.exp(-liking)) else -1)
            for cast, liking in zip(made.votes, likings, strict=True)
        )
        weights = weigh(replace(made.ballot(), votes=votes))
        counted.append(kept(weights, made))
    assert np.mean(counted) > 0.98
    assert min(counted) > 0.9


def test_an_honest_pair_of_the_contrary_taste_is_damped_but_a_quarter_of_the_server_is_not() -> None:
    def contrary(people: int) -> float:
        found = []
        for seed in range(SEEDS):
            rng = np.random.default_rng(seed)
            made = town(rng, 20 - people, 15 * (20 - people))
            odd = [snowflake(1000 + at, 700) for at in range(people)]
            more = cast_by(rng, made, odd, 15, against(rng, made))
            weights = weigh(made.ballot(*more))
            found.append(sum(cast.weight for cast in weights.votes if cast.person_id in odd) / len(more))
        return float(np.mean(found))

    assert 0.2 < contrary(2) < 0.6
    assert contrary(6) > 0.9


def ballot(*votes: CastVote, songs: int = 60, by: int | None = None, **more: object) -> Ballot:
    heard = tuple(
        HeardSong(id=f"s{at}", style="lofi", version="v1", created_at=NOW, person_id=by) for at in range(songs)
    )
    return Ballot(home=1, now=NOW, songs=heard, votes=votes, **more)  # type: ignore[arg-type]


def at(minutes: float, person: int, song: int, value: int = 1) -> CastVote:
    return CastVote(
        song_id=f"s{song}",
        person_id=person,
        value=value,
        changed_at=NOW - timedelta(days=2) + timedelta(minutes=minutes),
    )


OLD = snowflake(1, 900)


def test_ones_own_song_cannot_be_voted_up_but_in_a_private_home() -> None:
    own = ballot(at(0, OLD, 1), by=OLD)
    assert weigh(own).total == 0
    assert weigh(replace(own, is_private=True)).total == 1


def test_voided_persons_and_unknown_songs_do_not_count() -> None:
    votes = (at(0, OLD, 1), at(9, snowflake(2, 900), 2), at(0, OLD, 999))
    weights = weigh(ballot(*votes, voided=frozenset({OLD})))
    assert [vote.person_id for vote in weights.votes] == [votes[1].person_id]
    assert weights.cast == 3


@pytest.mark.parametrize(("days", "weight"), [(0, 0.1), (15, 0.55), (30, 1.0), (300, 1.0), (-5, 0.1)])
def test_an_account_grows_up_within_a_month_before_it_votes(days: float, weight: float) -> None:
    cast = at(0, snowflake(7, days, NOW - timedelta(days=2)), 1)
    (found,) = weigh(ballot(cast)).votes
    assert found.weight == pytest.approx(weight, abs=0.001)


def test_of_many_presses_in_a_minute_ten_count() -> None:
    hurried = [at(number / 60, OLD, number) for number in range(40)]
    calm = [at(100 + 5 * number, snowflake(2, 900), number) for number in range(40)]
    weights = weigh(ballot(*hurried, *calm))
    assert sum(vote.weight for vote in weights.votes if vote.person_id == OLD) == pytest.approx(10, abs=0.01)
    assert share_of(weights, [OLD]) == pytest.approx(0.2, abs=0.01)
    assert [found.persons for found in weights.suspicions if found.kind == "burst"] == [(OLD,)]


def test_a_crowd_of_young_accounts_on_one_song_counts_less_than_the_same_ones_apart() -> None:
    young = [snowflake(number, 10) for number in range(6)]
    together = weigh(ballot(*(at(number, person, 1) for number, person in enumerate(young))))
    apart = weigh(ballot(*(at(600 * number, person, 1) for number, person in enumerate(young))))
    assert together.total < 0.3 * apart.total
    assert any(found.kind == "crowd" for found in together.suspicions)


def test_nobody_has_more_than_the_share_that_a_large_server_allows() -> None:
    busy = [at(3 * number, OLD, number) for number in range(60)]
    others = [at(7 * number + person, snowflake(10 + person, 900), number) for person in range(40) for number in (1, 2)]
    weights = weigh(ballot(*busy, *others))
    assert share_of(weights, [OLD]) == pytest.approx(0.15, abs=0.01)
    assert all(vote.weight == 1 for vote in weights.votes if vote.person_id != OLD)
    assert any(found.kind == "heavy" and found.persons == (OLD,) for found in weights.suspicions)


def duel(answer: str, person: int = OLD) -> DuelVote:
    return DuelVote(duel_id="d", left_id="s1", right_id="s2", person_id=person, answer=answer, changed_at=NOW)


@pytest.mark.parametrize(
    ("answer", "left", "said"),
    [("left", 1.0, []), ("right", 0.0, []), ("both", 0.5, [1, 1]), ("neither", 0.5, [-1, -1])],
)
def test_each_answer_to_a_duel_says_something(answer: str, left: float, said: list[int]) -> None:
    weights = weigh(ballot(duels=(duel(answer),)))
    assert [pair.left for pair in weights.pairs] == [left]
    assert [vote.value for vote in weights.votes] == said


def test_a_vote_on_a_song_stands_above_what_an_answer_implies() -> None:
    weights = weigh(ballot(at(0, OLD, 1, -1), duels=(duel("both"),)))
    assert {vote.song_id: vote.value for vote in weights.votes} == {"s1": -1, "s2": 1}


def test_who_asked_for_a_duel_may_compare_but_does_not_praise_both_own_songs() -> None:
    weights = weigh(ballot(duels=(duel("both"),), by=OLD))
    assert len(weights.pairs) == 1
    assert weights.votes == ()


def test_the_same_ballot_weighs_the_same_in_any_order() -> None:
    rng = np.random.default_rng(3)
    made = town(rng, 12, 200)
    one = made.ballot()
    other = replace(one, votes=one.votes[::-1], songs=one.songs[::-1])
    assert weigh(one) == weigh(other)


def test_every_suspicion_says_in_a_sentence_what_was_seen() -> None:
    rng = np.random.default_rng(1)
    made = town(rng, 17, 255)
    young = [snowflake(1000 + at, 1) for at in range(6)]
    found = weigh(made.ballot(*cast_by(rng, made, young, 5, lambda song: 1))).suspicions
    assert found
    for suspicion in found:
        assert suspicion.sentence.endswith(".")
        assert 0 <= suspicion.kept <= 1
        assert suspicion.persons
