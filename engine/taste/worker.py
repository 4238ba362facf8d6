"""The learning of tastes as a job: what a worker calls for the kind `taste`.

In: a `Ballot` as JSON. Out: a `Learnt` as JSON. Caveat: scikit-learn comes with the first such job, about 90 MB.
"""

from __future__ import annotations

from engine.jobs.job import Json
from engine.taste.ballot import Ballot


def learn_job(payload: Json) -> Json:
    """Learn from a ballot. Raises `EngineError` for what is none."""
    from engine.taste.learn import learn  # noqa: PLC0415 (scikit-learn: with the first job)

    return learn(Ballot.from_json(payload)).to_json()
