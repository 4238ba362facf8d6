"""How much each vote counts: fairness without asking who somebody is.

In: a ballot. Out: `Weights`: votes and pairs with weights 0…1, and what looked suspicious, a sentence each.
Conventions: reasons multiply; nothing is decided by chance or by a clock, the ballot's own times count. In order:
voided persons and self-votes count nothing (a private home has only self-votes, they count), young accounts little,
many presses in a minute as few, crowds of young accounts on one song less, rings and claques less, steady opposition
less; last, nobody has more than a share of a style's weight. Caveat: what an honest minority loses by it is measured in
`tests/taste/test_fairness.py`; moderators see every suspicion, and can void but not pardon.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from engine.taste.acts import Act, account_age, acts_of
from engine.taste.ballot import Ballot, Suspicion
from engine.taste.opposition import damp_opposed
from engine.taste.rings import damp_rings
from engine.taste.weighed import Pair, Weighed, Weights

GROWN_UP = timedelta(days=30)
"""Accounts of this age count wholly; a new one counts `NEWBORN`."""
NEWBORN = 0.1
BURST, BURST_WITHIN = 10, timedelta(minutes=2)
"""So many presses of one person within this time count wholly; more share their weight."""
CROWD, CROWD_WITHIN, CROWD_KEPT = 4, timedelta(minutes=10), 0.25
"""So many young accounts that say the same of one song within this time count so much each."""
CAP_VOTERS = 5.0
"""From so many voters on there is a cap."""
CAP_PARTS, CAP_LEAST, CAP_MOST = 5.0, 0.15, 0.6
"""A person's largest share of a style's weight: five parts of as many as there are voters, within these bounds."""
SHARES = {"left": 1.0, "right": 0.0, "both": 0.5, "neither": 0.5}


def weigh(ballot: Ballot) -> Weights:
    """How much each vote and answer of a ballot counts."""
    acts = acts_of(ballot)
    songs = {song.id: song for song in ballot.songs}
    suspicions: list[Suspicion] = []
    if not ballot.is_private:
        suspicions += _damp_young(acts)
        suspicions += _damp_bursts(acts)
        suspicions += _damp_crowds(acts)
        makers = {song.id: song.person_id for song in ballot.songs if song.person_id is not None}
        suspicions += damp_rings(acts, makers)
        suspicions += damp_opposed(acts, songs)
        suspicions += _cap(acts)
    return Weights(
        votes=_votes(acts),
        pairs=tuple(
            Pair(
                left_id=act.songs[0],
                right_id=act.songs[1],
                person_id=act.person_id,
                left=SHARES[act.answer],
                weight=round(act.weight, 6),
            )
            for act in acts
            if act.answer
        ),
        suspicions=tuple(suspicions),
        cast=len(ballot.votes) + len(ballot.duels),
    )


def _votes(acts: Sequence[Act]) -> tuple[Weighed, ...]:
    """Votes, and what answers say of songs that the same person did not vote on."""
    said = {(act.person_id, act.songs[0]) for act in acts if act.value}
    return tuple(
        Weighed(
            song_id=song, person_id=act.person_id, value=value, weight=round(act.weight, 6), implied=bool(act.answer)
        )
        for act in acts
        for song, value in act.opinions
        if act.value or (act.person_id, song) not in said
    )


def grown(act: Act) -> float:
    """How much an account counts for its age: a tenth when it is new, wholly after a month."""
    share = account_age(act.person_id, act.at) / GROWN_UP
    return NEWBORN + (1.0 - NEWBORN) * min(1.0, max(0.0, share))


def _damp_young(acts: Iterable[Act]) -> list[Suspicion]:
    young: dict[int, float] = {}
    songs: set[str] = set()
    for act in acts:
        share = grown(act)
        act.weight *= share
        if share < 1.0:
            young[act.person_id] = min(share, young.get(act.person_id, 1.0))
            songs.update(act.songs)
    if not young:
        return []
    least = min(young.values())
    who = "One account is" if len(young) == 1 else f"{len(young)} accounts are"
    return [
        Suspicion(
            kind="young",
            persons=tuple(sorted(young)),
            songs=tuple(sorted(songs)),
            kept=round(least, 3),
            sentence=f"{who} younger than {GROWN_UP.days} days; such votes count less, from {least:.0%} on.",
        )
    ]


def _damp_bursts(acts: Iterable[Act]) -> list[Suspicion]:
    """Of one person's presses in any two minutes no more than ten count."""
    presses: dict[int, list[Act]] = defaultdict(list)
    for act in acts:
        presses[act.person_id].append(act)
    found = []
    for person, own in sorted(presses.items()):
        most = _most_within([act.at.timestamp() for act in own], BURST_WITHIN.total_seconds())
        hurried = [(act, count) for act, count in zip(own, most, strict=True) if count > BURST]
        if not hurried:
            continue
        for act, count in hurried:
            act.weight *= BURST / count
        highest = max(count for _, count in hurried)
        found.append(
            Suspicion(
                kind="burst",
                persons=(person,),
                songs=tuple(sorted({song for act, _ in hurried for song in act.songs})),
                kept=round(BURST / highest, 3),
                sentence=f"One person voted {highest} times within {BURST_WITHIN.seconds // 60} minutes; "
                f"of these as much counts as of {BURST}.",
            )
        )
    return found


def _most_within(times_s: Sequence[float], within_s: float) -> list[int]:
    """For each time (they ascend) the most that lie in one stretch of so many seconds that holds it."""
    begins, first = [], 0
    for now in times_s:
        while now - times_s[first] > within_s:
            first += 1
        begins.append(first)
    most, last = [0] * len(times_s), len(times_s) - 1
    rising: deque[int] = deque()
    for at in range(len(times_s) - 1, -1, -1):
        while rising and rising[0] - begins[rising[0]] <= at - begins[at]:
            rising.popleft()
        rising.appendleft(at)
        while begins[last] > at:
            last -= 1
        while rising[-1] > last:
            rising.pop()
        most[at] = rising[-1] - begins[rising[-1]] + 1
    return most


def _damp_crowds(acts: Iterable[Act]) -> list[Suspicion]:
    """Young accounts that say the same of one song within minutes."""
    said: dict[tuple[str, int], list[Act]] = defaultdict(list)
    for act in acts:
        if act.value and account_age(act.person_id, act.at) < GROWN_UP:
            said[act.songs[0], act.value].append(act)
    found = []
    for (song, value), young in sorted(said.items()):
        most = _most_within([act.at.timestamp() for act in young], CROWD_WITHIN.total_seconds())
        crowd = [act for act, count in zip(young, most, strict=True) if count >= CROWD]
        if not crowd:
            continue
        for act in crowd:
            act.weight *= CROWD_KEPT
        found.append(
            Suspicion(
                kind="crowd",
                persons=tuple(sorted({act.person_id for act in crowd})),
                songs=(song,),
                kept=CROWD_KEPT,
                sentence=f"{len(crowd)} young accounts voted one song {'up' if value > 0 else 'down'} within minutes; "
                f"each counts {CROWD_KEPT:.0%} of the little that it would.",
            )
        )
    return found


def _cap(acts: Iterable[Act]) -> list[Suspicion]:
    """Nobody has more than a share of a style's weight."""
    styles: dict[str, dict[int, list[Act]]] = defaultdict(lambda: defaultdict(list))
    for act in acts:
        styles[act.style][act.person_id].append(act)
    found = []
    for style, persons in sorted(styles.items()):
        weights = {person: sum(act.weight for act in own) for person, own in persons.items()}
        voters = sum(max(grown(act) for act in own) for own in persons.values() if len(own) > 1)
        if voters < CAP_VOTERS:
            continue
        share = min(CAP_MOST, max(CAP_LEAST, CAP_PARTS / voters))
        limit = _limit(weights, share)
        for person, weight in sorted(weights.items()):
            if weight <= limit * (1 + 1e-9):
                continue
            for act in persons[person]:
                act.weight *= limit / weight
            found.append(
                Suspicion(
                    kind="heavy",
                    persons=(person,),
                    songs=(),
                    kept=round(limit / weight, 3),
                    sentence=f"One person has cast {weight / sum(weights.values()):.0%} of what counts in {style}; "
                    f"it is held to {share:.0%}.",
                )
            )
    return found


def _limit(weights: Mapping[int, float], share: float) -> float:
    """The weight c with which, everybody held to c, nobody has more than `share` of all; infinite if nobody does."""
    ascending = sorted(weights.values())
    if ascending[-1] <= share * sum(ascending):
        return float("inf")
    for heavy in range(1, len(ascending) + 1):
        rest = sum(ascending[: len(ascending) - heavy])
        if heavy * share >= 1.0:
            break
        limit = share * rest / (1.0 - heavy * share)
        below = ascending[len(ascending) - heavy - 1] if heavy < len(ascending) else 0.0
        if below <= limit:
            return limit
    return ascending[0]
