"""The simulated communities of `benchmarks`: they hear what is there, like what they like, and riggers do not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from benchmarks.communities import TASTES, Community, Crowd, HiddenTaste, gather, snowflake, traits
from engine.music.harmony import Key, Mode
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS
from engine.taste.acts import account_age

SPARSE, MIX = TASTES[0], TASTES[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A song as people hear it."""

    style: str
    traits: Mapping[str, float]


def a_song(*, every: int = 24, pitch: int = 60, swing: float = 0.5, mode: Mode = Mode.MAJOR) -> Song:
    """Eight bars of one tune, a note each `every` ticks."""
    notes = tuple(
        Note(onset=at, pitch=pitch + at // every % 5, duration=every, velocity=80) for at in range(0, 768, every)
    )
    return Song(
        style="lofi",
        tempo_bpm=90,
        key=Key(tonic=0, mode=mode),
        meter=METERS["4/4"],
        swing=swing,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=8),),
        chords=(None,) * 16,
        tracks=(Track(role=Role.MELODY, program=0, notes=notes),),
    )


def pool() -> dict[str, list[dict[str, float]]]:
    """Forty songs' traits by chance."""
    rng = np.random.default_rng(3)
    names = sorted(traits(a_song()))
    return {"lofi": [dict(zip(names, rng.normal(size=len(names)).tolist(), strict=True)) for _ in range(40)]}


def community(taste: HiddenTaste, rigging: float = 0.0) -> Community:
    """Twenty people."""
    return gather(taste, pool(), Crowd(size=20, rigging=rigging, seed=1))


def songs() -> list[Heard]:
    """The pool, to be heard."""
    return [Heard(style="lofi", traits=row) for row in pool()["lofi"]]


def test_traits_tell_what_is_in_the_notes() -> None:
    plain = traits(a_song())
    assert traits(a_song(every=6))["notes"] > plain["notes"]
    assert traits(a_song(every=48))["silence"] > plain["silence"]
    assert traits(a_song(pitch=72))["tune_pitch"] == plain["tune_pitch"] + 12
    assert traits(a_song(every=12, swing=0.66))["swing"] > traits(a_song(every=12, swing=0.55))["swing"] > 0
    assert traits(a_song(mode=Mode.MINOR))["dark"] > plain["dark"]


def test_utilities_are_in_deviations_of_day_zero() -> None:
    for taste in TASTES:
        utilities = [community(taste).utility(song) for song in songs()]
        assert abs(np.mean(utilities)) < 1e-9
        assert abs(np.std(utilities) - 1) < 1e-9


def test_people_like_what_their_taste_likes_and_riggers_the_contrary() -> None:
    here = community(SPARSE, rigging=0.15)
    best, *_, worst = sorted(songs(), key=here.utility, reverse=True)
    rng = np.random.default_rng(0)
    honest = here.honest
    assert len(here.people) - len(honest) == 3
    assert np.mean([here.likes(person, best, honest[0], rng) for person in honest for _ in range(20)]) > 0.8
    assert np.mean([here.likes(person, worst, honest[0], rng) for person in honest for _ in range(20)]) < 0.2
    for rigger in (person for person in here.people if person.is_rigging):
        assert not here.likes(rigger, best, honest[0], rng)
        assert here.likes(rigger, best, rigger, rng)


def test_the_better_of_two_songs_is_mostly_chosen() -> None:
    here = community(SPARSE)
    best, *_, worst = sorted(songs(), key=here.utility, reverse=True)
    rng = np.random.default_rng(0)
    assert np.mean([here.prefers(person, best, worst, rng) for person in here.majority for _ in range(20)]) > 0.9


def test_a_quarter_of_the_contrarian_mix_wants_the_opposite() -> None:
    here = community(MIX)
    assert len(here.majority) == 15
    against = next(person for person in here.people if person.side < 0)
    bare = replace(against, own={})
    assert all(here.heard(bare, song) == -here.utility(song) for song in songs())


def test_accounts_are_as_old_as_they_are_said_to_be() -> None:
    crowd = Crowd()
    then = datetime.fromtimestamp(crowd.now_s, UTC)
    assert abs(account_age(snowflake(crowd.now_s, 12.0, 5), then).total_seconds() / 86_400 - 12) < 0.01
