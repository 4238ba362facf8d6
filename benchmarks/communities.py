"""Simulated communities: people with a hidden taste, who press 👍 and 👎 under songs and choose among two unseen.

In: finished songs, as notes. Out: traits of a song, utilities, votes. Conventions: a `HiddenTaste` is a weighted sum of
traits, each in deviations of the style's songs of day zero; utilities have mean 0 and deviation 1 among these. A person
hears the community's taste and a liking of their own for everything else, and presses 👍 with the probability
sigmoid(`SLOPE` × what they hear); of two songs the better one is chosen with the probability that the difference gives.
Nothing here is known to the engine, and traits are counted here anew. Caveat: people tire, follow others and vote only
under what moves them; these do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import exp, log2
from typing import Protocol

import numpy as np

from engine.music.harmony import Mode
from engine.music.notes import Role, Song
from engine.music.timing import TICKS_PER_QUARTER

SLOPE = 2.0
"""Log odds a deviation: a song one deviation better than usual is liked by 88 in 100, one as usual by half."""
OWN = 0.5
"""Deviation of what a person likes beside the community's taste."""
MINORITY = 1 / 4
"""Of the community whose members disagree."""
DARK = {Mode.MAJOR: 0.0, Mode.LYDIAN: 0.0, Mode.MIXOLYDIAN: 0.3, Mode.DORIAN: 0.8, Mode.MINOR: 1.0,
        Mode.PHRYGIAN: 1.2, Mode.LOCRIAN: 1.3}  # fmt: skip
RIGGERS_VOTES = 2.0
"""How much more they vote than others."""
RIGGERS_DAYS = (3.0, 900.0, 12.0, 1500.0)
"""How old their accounts are."""
DISCORD_EPOCH_MS = 1_420_070_400_000
SWING_REACH = 1 / 6
"""From straight eighths (.5) to triplets (.667)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HiddenTaste:
    """`weights`: trait → weight. `split`: whether a quarter of the members wants the opposite."""

    name: str
    weights: Mapping[str, float]
    split: bool = False


TASTES = (
    HiddenTaste(name="sparse", weights={"notes": -1.0, "at_once": -0.4, "silence": 0.4}),
    HiddenTaste(name="busy", weights={"notes": 1.0, "sixteenths": 0.4, "silence": -0.3}),
    HiddenTaste(name="high register", weights={"tune_pitch": 1.0, "pitch": 0.5}),
    HiddenTaste(name="swing-heavy", weights={"swing": 1.0, "offbeats": 0.3}),
    HiddenTaste(name="minor-loving", weights={"dark": 1.0, "minor_chords": 0.5}),
    HiddenTaste(
        name="contrarian mix", weights={"tempo": 0.6, "notes": 0.6, "tune_pitch": -0.5, "dark": -0.5}, split=True
    ),
)


class Sounding(Protocol):
    """A song as people hear it."""

    @property
    def style(self) -> str:
        """What it was composed as."""

    @property
    def traits(self) -> Mapping[str, float]:
        """See `traits`."""


def traits(song: Song) -> dict[str, float]:
    """What people hear in a song's notes."""
    pitched = [n for t in song.tracks if t.role is not Role.DRUMS for n in t.notes]
    everything = [n for t in song.tracks for n in t.notes]
    melody = song.track(Role.MELODY)
    tune = melody.notes if melody is not None and melody.notes else tuple(pitched)
    beats = max(1, song.bars * song.meter.bar_ticks // TICKS_PER_QUARTER)
    begun = {note.onset // TICKS_PER_QUARTER for note in everything}
    within = [note.onset % TICKS_PER_QUARTER for note in everything]
    strokes = {note.onset for note in pitched}
    chords = [chord for chord in song.chords if chord is not None]
    return {
        "notes": log2(1 + len(everything) / song.duration_s),
        "at_once": len(pitched) / max(1, len(strokes)),
        "silence": 1 - len(begun) / beats,
        "sixteenths": _share([tick in (6, 18) for tick in within]),
        "offbeats": _share([tick != 0 for tick in within]),
        "pitch": _mean([note.pitch for note in pitched]),
        "tune_pitch": _mean([note.pitch for note in tune]),
        "range": float(max((n.pitch for n in tune), default=60) - min((n.pitch for n in tune), default=60)),
        "swing": _swing(song, within),
        "dark": DARK[song.key.mode],
        "minor_chords": _share([3 in ((pc - chord.root) % 12 for pc in chord.pitch_classes) for chord in chords]),
        "tempo": log2(song.tempo_bpm),
        "loudness": _mean([note.velocity for note in everything]),
        "length": log2(1 + _mean([note.duration for note in tune])),
        "drums": _share([False] * len(pitched) + [True] * (len(everything) - len(pitched))),
    }


def _swing(song: Song, within: Sequence[int]) -> float:
    """How much swing is heard: how late off-beat eighths are (0 straight, 1 triplets) times their share, and the share
    of written triplets. Compound meters do not swing.
    """
    if song.meter.denominator == 8:
        return 0.0
    late = min(max((song.swing - 0.5) / SWING_REACH, 0.0), 1.2)
    return late * (0.5 + _share([tick == 12 for tick in within])) + _share([tick in (8, 16) for tick in within])


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _mean(values: Sequence[float]) -> float:
    return float(sum(values) / len(values)) if values else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ear:
    """What is usual in a style: trait → (mean, deviation), from songs of day zero. A song counts in these, at most
    three either way; what never differs in the style counts nothing.
    """

    usual: Mapping[str, tuple[float, float]]
    names: tuple[str, ...]

    @classmethod
    def of(cls, songs: Sequence[Mapping[str, float]]) -> Ear:
        """Learn what is usual. Raises `ValueError` for fewer than two songs."""
        if len(songs) < 2:
            raise ValueError("what is usual needs at least two songs")
        names = tuple(sorted(songs[0]))
        rows = np.array([[song[name] for name in names] for song in songs])
        usual = {name: (float(rows[:, at].mean()), float(rows[:, at].std())) for at, name in enumerate(names)}
        return cls(usual=usual, names=names)


def _deviations(value: float, mean: float, deviation: float) -> float:
    return 0.0 if deviation < 1e-6 else min(max((value - mean) / deviation, -3.0), 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """`own`: what they like of each trait beside the community's taste; `side`: 1 with it, −1 against it. `votes`: how
    much they vote beside others. `is_rigging`: votes against the taste, and for the songs of others who do.
    """

    id: int
    side: float = 1.0
    own: Mapping[str, float] = field(default_factory=dict)
    votes: float = 1.0
    is_rigging: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """How many people, which share of them votes against the taste, and the chance of it all. `now_s`: when it begins,
    in seconds since 1970.
    """

    size: int = 16
    rigging: float = 0.0
    seed: int = 0
    now_s: float = 1_790_000_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Community:
    """People of one server, and the hidden taste; `ears`: by style, `scale`: by style, the deviation of the weighted
    sum among songs of day zero.
    """

    taste: HiddenTaste
    people: tuple[Person, ...]
    ears: Mapping[str, Ear]
    scale: Mapping[str, tuple[float, float]]

    @property
    def honest(self) -> tuple[Person, ...]:
        """Those who say what they hear."""
        return tuple(person for person in self.people if not person.is_rigging)

    @property
    def majority(self) -> tuple[Person, ...]:
        """Those of them who share the community's taste."""
        return tuple(person for person in self.honest if person.side > 0)

    def utility(self, song: Sounding) -> float:
        """How good a song is by the hidden taste, in deviations of the style's songs of day zero."""
        middle, deviation = self.scale[song.style]
        return (_weighed(self.ears[song.style], song.traits, self.taste.weights) - middle) / deviation

    def heard(self, person: Person, song: Sounding) -> float:
        """How good it is to a person."""
        return person.side * self.utility(song) + _weighed(self.ears[song.style], song.traits, person.own)

    def likes(self, person: Person, song: Sounding, by: Person, rng: np.random.Generator) -> bool:
        """Whether a person presses 👍 under a song that `by` asked for, else 👎."""
        if person.is_rigging:
            return by.is_rigging or self.utility(song) < 0
        return bool(rng.random() < sigmoid(SLOPE * self.heard(person, song)))

    def prefers(self, person: Person, first: Sounding, second: Sounding, rng: np.random.Generator) -> bool:
        """Whether a person who hears two songs chooses the first."""
        return bool(rng.random() < sigmoid(SLOPE * (self.heard(person, first) - self.heard(person, second))))


def _weighed(ear: Ear, song: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return sum(weight * _deviations(song[name], *ear.usual[name]) for name, weight in weights.items())


def sigmoid(value: float) -> float:
    """1 / (1 + e^−x)."""
    return 1 / (1 + exp(-min(max(value, -30.0), 30.0)))


def gather(taste: HiddenTaste, pool: Mapping[str, Sequence[Mapping[str, float]]], crowd: Crowd) -> Community:
    """A community. `pool`: style → traits of songs of day zero."""
    rng = np.random.default_rng([crowd.seed, sum(map(ord, taste.name))])
    ears = {style: Ear.of(songs) for style, songs in pool.items()}
    scale = {}
    for style, songs in pool.items():
        sums = [_weighed(ears[style], song, taste.weights) for song in songs]
        scale[style] = (float(np.mean(sums)), max(float(np.std(sums)), 1e-6))
    rigging = round(crowd.rigging * crowd.size)
    people = [_person(at, taste, next(iter(ears.values())).names, crowd, rng) for at in range(crowd.size - rigging)]
    for at in range(rigging):
        age_days = RIGGERS_DAYS[at % len(RIGGERS_DAYS)]
        people.append(Person(id=snowflake(crowd.now_s, age_days, 900 + at), votes=RIGGERS_VOTES, is_rigging=True))
    return Community(taste=taste, people=tuple(people), ears=ears, scale=scale)


def _person(at: int, taste: HiddenTaste, names: Sequence[str], crowd: Crowd, rng: np.random.Generator) -> Person:
    own = rng.normal(0.0, OWN / len(names) ** 0.5, len(names))
    age_days, eager = rng.uniform(60, 3000), rng.lognormal(0.0, 0.4)
    against = taste.split and at % round(1 / MINORITY) == round(1 / MINORITY) - 1
    return Person(
        id=snowflake(crowd.now_s, age_days, at),
        side=-1.0 if against else 1.0,
        own=dict(zip(names, own.tolist(), strict=True)),
        votes=float(eager),
    )


def snowflake(now_s: float, age_days: float, at: int) -> int:
    """A Discord id of an account that was so old at a time (seconds since 1970); `at` keeps ids apart."""
    return (round((now_s - age_days * 86_400) * 1000) - DISCORD_EPOCH_MS << 22) + at
