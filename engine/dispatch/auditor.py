"""Who votes in a home and how, for its moderators: read here, weighed in a worker.

In: a home. Out: an `Audit`. Conventions: the suspicious come first, then those who vote most. Caveat: a suspicion that
concerns several people is told of each of them, and once of all.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from engine.dispatch.ballots import ballot_of
from engine.dispatch.lanes import TASTE
from engine.dispatch.parcel import packed
from engine.dispatch.patience import patiently
from engine.dispatch.reception import ANSWER_S
from engine.dispatch.verdicts import Audit, Voided, Voter
from engine.jobs import Executor
from engine.store import Store, VoidRecord


class Auditor:
    """Over one store and the workers."""

    def __init__(self, store: Store, executor: Executor) -> None:
        self._store, self._executor = store, executor

    async def audit(self, home: int) -> Audit:
        """Audit a home. Raises `StoreError`, and what the worker raises."""
        rows = await patiently(lambda: self._store.taste.ballot(home), for_s=ANSWER_S)
        voids = await patiently(lambda: self._store.taste.voids(home), for_s=ANSWER_S)
        if not rows.votes and not rows.duels:
            return Audit(voters=(), suspicions=(), voids=tuple(map(_voided, voids)), votes=0)
        payload = await asyncio.to_thread(lambda: packed(ballot_of(rows).to_json()))
        told = await self._executor.submit(TASTE, payload | {"audit": True})
        voters = _voters(told["voters"], told["suspicions"], {void.person_id for void in voids})
        return Audit(
            voters=voters,
            suspicions=tuple(found["sentence"] for found in told["suspicions"] if len(found["persons"]) != 1),
            voids=tuple(map(_voided, voids)),
            votes=len(rows.votes) + len(rows.duels),
        )


def _voters(
    told: Sequence[Mapping[str, Any]], suspicions: Sequence[Mapping[str, Any]], void: set[int]
) -> tuple[Voter, ...]:
    remarks: dict[int, list[str]] = defaultdict(list)
    for found in suspicions:
        for person in found["persons"]:
            remarks[person].append(found["sentence"])
    voters = [
        Voter(
            person_id=voter["person"],
            votes=voter["votes"],
            weight=voter["weight"],
            own=voter["own"],
            is_void=voter["person"] in void,
            remarks=tuple(remarks[voter["person"]]),
        )
        for voter in told
    ]
    return tuple(sorted(voters, key=lambda voter: (-len(voter.remarks), -voter.votes, voter.person_id)))


def _voided(void: VoidRecord) -> Voided:
    return Voided(person_id=void.person_id, by=void.by, reason=void.reason, created_at=void.created_at)
