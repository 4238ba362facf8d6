"""New seeds out of those that are liked: a genetic algorithm, a generation at a time.

In: a style's seeds, those that were bred before, their votes. Out: the bred seeds and the resting ones from now on.
Conventions: parents are drawn by Thompson sampling (Thompson, 1933) among the seeds that were voted on; a child is
crossed of two (`crossing`), changed a little, measured anew, and born only if it passes the gates: not broken, within
the pitches of the style's own seeds, at home in its key, and no copy of a seed that there is. The bred seeds of a style
have at most `MOST_BYTES`: the least liked make room. Seeds that are surely liked less than most rest, at most
`MOST_RESTING` of those that can stand in for each other. Caveat: a seed's votes are votes for whole songs, so that it
takes some dozens before parents differ.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import sqrt
from typing import Any

import numpy as np

from engine.metrics.gates import degeneracy
from engine.music.notes import Role
from engine.music.seed import (
    MODE_LIGHT,
    Lineage,
    Seed,
    bred_to_json,
    digest_of,
    lineage_of,
    measured,
    seed_from_json,
    seed_to_song,
)
from engine.music.taste import Posterior
from engine.music.tokens import DRUMS, MELODY, N_ROLES
from engine.taste.crossing import crossed, mutated

VOTES_A_GENERATION = 40
CHILDREN = 5
"""Born in a generation, at most."""
TRIES = 12
"""Of a child, until one passes the gates."""
MOST_BYTES = 12_000
MUTATIONS = 3
"""At most, of a child; at least 1."""
LEAST_MELODY = 3
LEAST_NOTES_A_BAR = 3
COPY = 0.85
"""Seeds that share so much of their notes (Jaccard, 0…1) are copies."""
BEYOND = 4
"""Semitones that a part may leave the pitches of the style's own seeds."""
LEAST_AT_HOME = 0.8
ENOUGH_VOTES = 5.0
SURELY = 1.28
"""Standard deviations: nine in ten."""
MOST_RESTING = 1 / 3

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What there is to breed from: the style's own `seeds`; `bred`: what was bred of them so far, as JSON objects;
    `votes`: a seed's name → votes for songs that began from it.
    """

    style: str
    seeds: tuple[Seed, ...]
    bred: tuple[Row, ...] = ()
    votes: Mapping[str, Posterior] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Brood:
    """`bred`, `resting`: what a `StyleTaste` holds from now on. `born`: names of the new ones; `gone`: of those that
    made room; `refused`: gate → how many tries it refused.
    """

    bred: tuple[Row, ...]
    resting: tuple[str, ...]
    born: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    refused: Mapping[str, int] = field(default_factory=dict)


def is_due(votes_before: int, votes_now: int) -> bool:
    """Whether a new generation is due, by how many votes a style had when its taste was last learnt, and has now."""
    return votes_now // VOTES_A_GENERATION > votes_before // VOTES_A_GENERATION


def next_generation(stock: Stock, rng: np.random.Generator) -> Brood:
    """Breed `CHILDREN`, as far as the gates let them, and let weak seeds rest. The same stock and generator give the
    same brood.
    """
    known = [*stock.seeds, *(seed_from_json(row) for row in stock.bred)]
    resting = resting_of(known, stock.votes)
    lineages = {str(row["name"]): lineage for row in stock.bred if (lineage := lineage_of(row))}
    parents = [seed for seed in known if _count(stock.votes, seed) > 0 and seed.name not in resting]
    nursery = _Nursery(stock=stock, known=known, lineages=lineages, refused=Counter())
    born: list[Row] = []
    for _ in range(CHILDREN if parents else 0):
        child = _child(nursery, parents, rng)
        if child is not None:
            born.append(child)
    bred, gone = _with_room([*stock.bred, *born], stock.votes, resting)
    names = {str(row["name"]) for row in bred}
    return Brood(
        bred=tuple(bred),
        resting=tuple(name for name in resting if name not in gone),
        born=tuple(str(row["name"]) for row in born if row["name"] in names),
        gone=tuple(gone),
        refused=dict(nursery.refused),
    )


def resting_of(seeds: Sequence[Seed], votes: Mapping[str, Posterior]) -> tuple[str, ...]:
    """Names of seeds that are drawn no more: with at least `ENOUGH_VOTES`, and liked less than all together even where
    luck was against them (mean and `SURELY` deviations of the posterior); the weakest first, and of each meter and
    third no more than `MOST_RESTING`.
    """
    up, down = (sum(getattr(votes[s.name], side) for s in seeds if s.name in votes) for side in ("up", "down"))
    usual = Posterior(up=up, down=down).mean
    groups = Counter(_group(seed) for seed in seeds)
    taken: Counter[tuple[str, bool]] = Counter()
    resting = []
    voted = [seed for seed in seeds if _count(votes, seed) >= ENOUGH_VOTES]
    for seed in sorted(voted, key=lambda seed: (votes[seed.name].mean, seed.name)):
        group = _group(seed)
        if _at_best(votes[seed.name]) < usual and taken[group] + 1 <= MOST_RESTING * groups[group]:
            resting.append(seed.name)
            taken[group] += 1
    return tuple(resting)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Nursery:
    """What a child is judged by. `known`: all seeds that there are, the newly born too."""

    stock: Stock
    known: list[Seed]
    lineages: Mapping[str, Lineage]
    refused: Counter[str]


def _child(nursery: _Nursery, parents: Sequence[Seed], rng: np.random.Generator) -> Row | None:
    """One that passes the gates, or None after `TRIES`."""
    for _ in range(TRIES):
        first = _drawn(parents, nursery.stock.votes, rng)
        others = _partners(first, parents, nursery.lineages)
        second = _drawn(others, nursery.stock.votes, rng) if others else None
        child = first if second is None else crossed(first, second)
        how = [f"rhythm of {first.name}" + (f", tune of {second.name}" if second else " and its tune")]
        for _ in range(int(rng.integers(1, MUTATIONS + 1))):
            change = mutated(child, rng) if _melody_notes(child) else None
            if change is not None and change.how:
                child, how = change.seed, [*how, change.how]
        reason = _reason_against(child, nursery)
        if reason:
            nursery.refused[reason] += 1
            continue
        names = (first.name,) if second is None else (first.name, second.name)
        generation = 1 + max(_generation(nursery.lineages, name) for name in names)
        child = replace(measured(child), name=f"{nursery.stock.style}-g{generation}-{digest_of(child)}")
        row = bred_to_json(child, Lineage(parents=names, how="; ".join(how), generation=generation))
        nursery.known.append(seed_from_json(row))
        return row
    return None


def _drawn(seeds: Sequence[Seed], votes: Mapping[str, Posterior], rng: np.random.Generator) -> Seed:
    """Thompson sampling: of each a draw from its posterior, and the highest wins."""
    known = [votes.get(seed.name, Posterior()) for seed in seeds]
    return seeds[int(np.argmax([rng.beta(posterior.alpha, posterior.beta) for posterior in known]))]


def _partners(seed: Seed, parents: Sequence[Seed], lineages: Mapping[str, Lineage]) -> list[Seed]:
    """Other parents of its meter; no brother or sister, parent or child of it, where there is anybody else."""
    others = [other for other in parents if other.meter == seed.meter and other is not seed]
    family = {seed.name, *_parents_of(lineages, seed.name)}
    strangers = [other for other in others if not family & {other.name, *_parents_of(lineages, other.name)}]
    return strangers or others


def _parents_of(lineages: Mapping[str, Lineage], name: str) -> tuple[str, ...]:
    return lineages[name].parents if name in lineages else ()


def _generation(lineages: Mapping[str, Lineage], name: str) -> int:
    return lineages[name].generation if name in lineages else 0


def _reason_against(child: Seed, nursery: _Nursery) -> str:
    """The gate that a child does not pass; empty if it passes all."""
    if _melody_notes(child) < LEAST_MELODY or any(len(bar) < LEAST_NOTES_A_BAR for bar in child.events):
        return "too few notes"
    if _out_of_range(child, nursery.stock.seeds):
        return "out of range"
    if degeneracy(seed_to_song(child, nursery.stock.style), {}):
        return "broken"
    if _at_home(child) < LEAST_AT_HOME:
        return "not at home in its key"
    if any(likeness(child, seed) >= COPY for seed in nursery.known):
        return "a copy"
    return ""


def likeness(one: Seed, other: Seed) -> float:
    """Share of two seeds' notes that both have (bar, onset, part, pitch), 0…1. Jaccard's coefficient."""
    first, second = (
        {(bar, *event[:3]) for bar, events in enumerate(seed.events) for event in events} for seed in (one, other)
    )
    return len(first & second) / max(1, len(first | second))


def _out_of_range(child: Seed, seeds: Sequence[Seed]) -> bool:
    """Whether a part leaves the pitches that the style's own seeds give it; parts that none has are not judged."""
    for role in range(N_ROLES):
        own = _pitches(child, role)
        usual = [pitch for seed in seeds for pitch in _pitches(seed, role)] if role != DRUMS and own else []
        if usual and not (min(usual) - BEYOND <= min(own) and max(own) <= max(usual) + BEYOND):
            return True
    return False


def _pitches(seed: Seed, role: int) -> list[int]:
    return [event.pitch for bar in seed.events for event in bar if event.role == role]


def _at_home(child: Seed) -> float:
    """Share of pitched notes that belong to the scale or to the chord under them."""
    song = seed_to_song(child, "")
    scale, half = set(song.key.scale), song.meter.half_bar_ticks
    homes = [scale.union(chord.pitch_classes) if chord else scale for chord in song.chords]
    notes = [note for track in song.tracks if track.role is not Role.DRUMS for note in track.notes]
    return sum(note.pitch % 12 in homes[note.onset // half] for note in notes) / max(1, len(notes))


def _melody_notes(seed: Seed) -> int:
    return len(_pitches(seed, MELODY))


def _with_room(
    rows: Sequence[Row], votes: Mapping[str, Posterior], resting: Sequence[str]
) -> tuple[list[Row], list[str]]:
    """As many as `MOST_BYTES` hold, and the names of the others: resting ones go first, then the least liked."""

    def worth(row: Row) -> tuple[bool, float, int]:
        name = str(row["name"])
        return name not in resting, votes.get(name, Posterior()).mean, int(row["generation"])

    left, gone = list(rows), []
    while left and len(json.dumps(left, separators=(",", ":"))) > MOST_BYTES:
        last = min(left, key=worth)
        left.remove(last)
        gone.append(str(last["name"]))
    return left, gone


def _group(seed: Seed) -> tuple[str, bool]:
    """Seeds that can stand in for each other: of one meter, and of one third."""
    return str(seed.meter), MODE_LIGHT[seed.mode] > 0


def _count(votes: Mapping[str, Posterior], seed: Seed) -> float:
    posterior = votes.get(seed.name)
    return 0.0 if posterior is None else posterior.up + posterior.down


def _at_best(posterior: Posterior) -> float:
    """What the mean of a Beta posterior comes to with luck."""
    total = posterior.alpha + posterior.beta
    return posterior.mean + SURELY * sqrt(posterior.mean * (1 - posterior.mean) / (total + 1))
