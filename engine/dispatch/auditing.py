"""How the votes of a home count, person by person: what a worker answers moderators.

In: a `Ballot` as JSON. Out: `{"voters": [{"person", "votes", "weight", "own"}], "suspicions": […]}`. Conventions: votes
and answers to revealed duels are counted alike; weights are those that learning uses (`engine.taste.fairness`), before
any void: of who is voided it is told what they would count. Caveat: numpy comes with the first audit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from engine.dispatch.ballots import plain_suspicion
from engine.jobs.job import Json
from engine.taste.ballot import Ballot
from engine.taste.fairness import weigh


def audit_job(payload: Json) -> Json:
    """Audit a ballot. Raises `EngineError` for what is none."""
    ballot = replace(Ballot.from_json(payload), shared=())
    weights = weigh(replace(ballot, voided=frozenset()))
    makers = {song.id: song.person_id for song in ballot.songs}
    counted: dict[int, float] = defaultdict(float)
    for vote in weights.votes:
        if not vote.implied:
            counted[vote.person_id] += vote.weight
    for pair in weights.pairs:
        counted[pair.person_id] += pair.weight
    cast = Counter([*(vote.person_id for vote in ballot.votes), *(answer.person_id for answer in ballot.duels)])
    own = Counter(vote.person_id for vote in ballot.votes if makers.get(vote.song_id) == vote.person_id)
    return {
        "voters": [
            {"person": person, "votes": votes, "weight": round(counted[person], 3), "own": own[person]}
            for person, votes in cast.most_common()
        ],
        "suspicions": [plain_suspicion(found) for found in weigh(ballot).suspicions],
    }
