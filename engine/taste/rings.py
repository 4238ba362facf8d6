"""Rings and claques: people who vote each other's songs up, or one person's, far more than all others do.

In: acts, and who made which song. Out: smaller weights for the votes inside, and why. Conventions: what is compared is
how often insiders like the inside's songs with how often outsiders like these songs and how often the insiders like
other songs, whichever is more, so that people who make good songs, and people who like everything, are no ring.
Caveat: a group of a third of the voters or more is the community and not a ring, so a small server has none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from engine.taste.acts import Act
from engine.taste.ballot import Suspicion

LEAST_VOTERS = 6
LARGEST_SHARE = 1 / 3
"""Of the voters: larger groups are no rings."""
EDGE_VOTES, CLAQUE_VOTES = 3, 5
"""So many votes on one person's songs are looked at."""
EDGE_EXCESS = 0.12
"""By so much more often than expected somebody likes another's songs: the two may belong together."""
DEVOTED, USUAL_SHARE = 0.6, 0.3
"""A claqueur spends so large a share of their votes on one person, who made at most so large a share of the songs."""
DOUBTFUL, CERTAIN = 2.5, 4.0
"""Standard errors of the excess from which votes inside count less, and from which they count `KEPT`."""
DEVOTION = 1.5
"""Standard errors that it counts to vote on hardly anybody else's songs."""
KEPT = 0.1
PRIOR_VOTES = 4.0
"""Rates are drawn to the home's as if so many votes had been usual."""
KNOWN_VOTES = 12.0
"""What is usual in the home is known as well as by so many votes."""


@dataclass(slots=True)
class Count:
    """Votes, and those of them that are up."""

    votes: int = 0
    up: int = 0

    def add(self, other: Count) -> None:
        """Count what another counted too."""
        self.votes, self.up = self.votes + other.votes, self.up + other.up

    def rate(self, usual: float) -> float:
        """How often up, drawn to what is usual."""
        return (self.up + PRIOR_VOTES * usual) / (self.votes + PRIOR_VOTES)


def damp_rings(acts: Sequence[Act], makers: Mapping[str, int]) -> list[Suspicion]:
    """Make the votes inside rings and claques count less. `makers`: song → who made it."""
    votes = [act for act in acts if act.value and act.songs[0] in makers]
    counts: dict[tuple[int, int], Count] = defaultdict(Count)
    for act in votes:
        counts[act.person_id, makers[act.songs[0]]].add(Count(1, int(act.value > 0)))
    voters = {person for person, _ in counts}
    if len(voters) < LEAST_VOTERS:
        return []
    found = []
    for kind, persons, authors in (*_rings(counts), *_claques(counts, makers)):
        if len(persons) > LARGEST_SHARE * len(voters):
            continue
        kept = _kept(counts, persons, authors, DEVOTION if kind == "claque" else 0.0)
        if kept < 1.0:
            found.append(_damped(votes, makers, (kind, persons, authors), kept))
    return found


def _usual(counts: Mapping[tuple[int, int], Count]) -> float:
    every = Count()
    for count in counts.values():
        every.add(count)
    return (every.up + 1) / (every.votes + 2)


def _rings(counts: Mapping[tuple[int, int], Count]) -> list[tuple[str, frozenset[int], frozenset[int]]]:
    """Groups whose members like each other's songs more than is expected, both ways."""
    usual = _usual(counts)
    given: dict[int, Count] = defaultdict(Count)
    got: dict[int, Count] = defaultdict(Count)
    for (person, author), count in counts.items():
        given[person].add(count)
        got[author].add(count)

    def excess(person: int, author: int) -> float:
        count = counts.get((person, author), Count())
        if count.votes < EDGE_VOTES:
            return 0.0
        elsewhere = Count(given[person].votes - count.votes, given[person].up - count.up).rate(usual)
        others = Count(got[author].votes - count.votes, got[author].up - count.up).rate(usual)
        return count.up / count.votes - (elsewhere + others) / 2

    friends: dict[int, set[int]] = defaultdict(set)
    for person, author in counts:
        if person != author and excess(person, author) >= EDGE_EXCESS and excess(author, person) >= EDGE_EXCESS:
            friends[person].add(author)
    return [("ring", group, group) for group in _cliques(friends)]


def _cliques(friends: Mapping[int, set[int]]) -> list[frozenset[int]]:
    """Groups in which everybody is everybody's friend, grown from each one in turn; the largest first, none twice."""
    groups: set[frozenset[int]] = set()
    for start in sorted(friends):
        group: set[int] = {start}
        for other in sorted(friends[start], key=lambda person: (-len(friends[person] & friends[start]), person)):
            if group <= friends[other]:
                group.add(other)
        if len(group) > 1:
            groups.add(frozenset(group))
    taken: set[int] = set()
    chosen = []
    for clique in sorted(groups, key=lambda one: (-len(one), sorted(one))):
        if not clique & taken:
            chosen.append(clique)
            taken |= clique
    return chosen


def _claques(
    counts: Mapping[tuple[int, int], Count], makers: Mapping[str, int]
) -> list[tuple[str, frozenset[int], frozenset[int]]]:
    """For each author those who hardly vote on anybody else's songs."""
    made: dict[int, int] = defaultdict(int)
    for author in makers.values():
        made[author] += 1
    given: dict[int, int] = defaultdict(int)
    for (person, _), count in counts.items():
        given[person] += count.votes
    devoted: dict[int, set[int]] = defaultdict(set)
    for (person, author), count in sorted(counts.items()):
        rare = made[author] <= USUAL_SHARE * len(makers)
        if rare and person != author and count.votes >= CLAQUE_VOTES and count.votes >= DEVOTED * given[person]:
            devoted[author].add(person)
    return [("claque", frozenset(persons), frozenset({author})) for author, persons in sorted(devoted.items())]


def _kept(
    counts: Mapping[tuple[int, int], Count], persons: Collection[int], authors: Collection[int], beside: float
) -> float:
    """The weight that is left to votes inside, by how far they exceed what others and other songs get; `beside`:
    standard errors that speak against them already.
    """
    usual = _usual(counts)
    inside, outsiders, elsewhere = Count(), Count(), Count()
    for (person, author), count in counts.items():
        if person in persons and author in authors:
            inside.add(count)
        elif author in authors:
            outsiders.add(count)
        elif person in persons:
            elsewhere.add(count)
    expected = max(outsiders.rate(usual), elsewhere.rate(usual))
    known = outsiders.votes + elsewhere.votes + KNOWN_VOTES
    spread = expected * (1 - expected) * (1 / inside.votes + 1 / known)
    errors = (inside.up / inside.votes - expected) / sqrt(spread) + beside
    return 1.0 - (1.0 - KEPT) * min(1.0, max(0.0, (errors - DOUBTFUL) / (CERTAIN - DOUBTFUL)))


def _damped(
    votes: Sequence[Act], makers: Mapping[str, int], found: tuple[str, frozenset[int], frozenset[int]], kept: float
) -> Suspicion:
    kind, persons, authors = found
    inside = [act for act in votes if act.person_id in persons and makers[act.songs[0]] in authors]
    for act in inside:
        act.weight *= kept
    up = sum(act.value > 0 for act in inside) / len(inside)
    whose = "each other's songs" if kind == "ring" else "one person's songs"
    return Suspicion(
        kind=kind,
        persons=tuple(sorted(persons | authors)),
        songs=tuple(sorted({act.songs[0] for act in inside})),
        kept=round(kept, 3),
        sentence=(
            f"{len(persons)} {'people' if len(persons) > 1 else 'person'} liked {whose} in {up:.0%} of {len(inside)} "
            f"votes, far more than others did; these votes count {kept:.0%}."
        ),
    )
