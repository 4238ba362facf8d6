"""What happened so far, counted: requests, votes and what they did, failures, times. Everything here only grows.

In: what happens to requests, as plain calls. Out: counters and histograms in a registry of their own. Conventions:
names begin with `tunesmith_`, times are seconds and sizes bytes; no label names a person, a server or a song, so the
number of series is bounded. Caveat: all of it begins at nothing with the process; what is the case just now,
`gauges.py` tells.
"""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

WAITS_S = (0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600)
STAGES_S = (0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 600)
STEPS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60)
LATE_S = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
STORE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5)
VOTES = {1: "up", -1: "down", None: "withdrawn"}
OUTCOMES = ("done", "failed", "cancelled", "refused")
DUELS = ("begun", "opened", "revealed", "failed")
ANSWERS = ("left", "right", "both", "neither", "withdrawn")
LEARNINGS = ("done", "unchanged", "failed")
TRIALS = {"begun": "begun", "promote": "promoted", "roll back": "rolled_back"}


class Metrics:
    """The counters. `registry` holds them."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # when each series began, which nobody asks for
        self.registry = registry = CollectorRegistry()
        self._accepted = Counter("tunesmith_accepted", "Requests that were accepted.", registry=registry)
        self._requests = Counter(
            "tunesmith_requests", "Requests that are over, by what became of them.", ["outcome"], registry=registry
        )
        self._failures = Counter(
            "tunesmith_failures", "Requests that failed, by the class of the error.", ["error"], registry=registry
        )
        self._refusals = Counter(
            "tunesmith_refusals", "Requests that were refused, by the class of the error.", ["error"], registry=registry
        )
        self._retries = Counter(
            "tunesmith_retries",
            "Requests that were tried again, by the class of the error.",
            ["error"],
            registry=registry,
        )
        self._votes = Counter(
            "tunesmith_votes", "Presses of vote buttons, by what they did.", ["vote"], registry=registry
        )
        self._music = Counter("tunesmith_music_seconds", "Music that was finished.", registry=registry)
        self._wait = Histogram(
            "tunesmith_wait_seconds", "From acceptance to the finished song.", buckets=WAITS_S, registry=registry
        )
        self._stages = Histogram(
            "tunesmith_stage_seconds",
            "How long requests were in a stage.",
            ["stage"],
            buckets=STAGES_S,
            registry=registry,
        )
        self._steps = Histogram(
            "tunesmith_step_seconds",
            "Steps of the making, from receipts.",
            ["step"],
            buckets=STEPS_S,
            registry=registry,
        )
        self._late = Histogram(
            "tunesmith_loop_late_seconds", "How late the event loop was.", buckets=LATE_S, registry=registry
        )
        self._store = Histogram(
            "tunesmith_store_seconds", "How long the database took to answer.", buckets=STORE_S, registry=registry
        )
        self._duels = Counter("tunesmith_duels", "Duels, by what became of them.", ["outcome"], registry=registry)
        self._answers = Counter(
            "tunesmith_duel_answers", "Presses of duels' buttons, by what they did.", ["answer"], registry=registry
        )
        self._learnings = Counter(
            "tunesmith_learnings", "Learnings from votes, by what became of them.", ["outcome"], registry=registry
        )
        self._tastes = Counter("tunesmith_tastes", "Versions of tastes that were learnt.", registry=registry)
        self._learning = Histogram(
            "tunesmith_learning_seconds", "How long learning from votes took.", buckets=STAGES_S, registry=registry
        )
        self._trials = Counter(
            "tunesmith_trials", "Trials of new versions, begun or decided.", ["outcome"], registry=registry
        )
        self._begin_at_nothing()

    def _begin_at_nothing(self) -> None:
        """A rate over something that has not happened yet is 0, not unknown."""
        for counter, values in (
            (self._requests, OUTCOMES),
            (self._votes, VOTES.values()),
            (self._duels, DUELS),
            (self._answers, ANSWERS),
            (self._learnings, LEARNINGS),
            (self._trials, TRIALS.values()),
        ):
            for value in values:
                counter.labels(value)

    def accepted(self) -> None:
        """A request was accepted."""
        self._accepted.inc()

    def ended(self, outcome: str) -> None:
        """A request is over: `done`, `failed`, `cancelled` or `refused`."""
        self._requests.labels(outcome).inc()

    def failed(self, error: str) -> None:
        """A request failed, with this class of error."""
        self._failures.labels(error).inc()
        self.ended("failed")

    def refused(self, error: str) -> None:
        """A request was refused at the door, with this class of error."""
        self._refusals.labels(error).inc()
        self.ended("refused")

    def retried(self, error: str) -> None:
        """A request is tried again after this error."""
        self._retries.labels(error).inc()

    def voted(self, value: int | None) -> None:
        """Somebody pressed a vote button: 1, −1, or None for a vote that was withdrawn by it."""
        self._votes.labels(VOTES[value]).inc()

    def fought(self, outcome: str) -> None:
        """A duel was `begun`, `opened` or `revealed`, or has `failed`."""
        self._duels.labels(outcome).inc()

    def answered(self, answer: str) -> None:
        """Somebody answered a duel, or took the answer back (`withdrawn`)."""
        self._answers.labels(answer).inc()

    def learnt(self, outcome: str, learning_s: float, tastes: int) -> None:
        """A home's votes were learnt from: `done`, `unchanged` or `failed`, after so long; so many tastes are new."""
        self._learnings.labels(outcome).inc()
        self._tastes.inc(tastes)
        if outcome == "done":
            self._learning.observe(learning_s)

    def tried(self, outcome: str) -> None:
        """A trial was `begun`, or votes decided to `promote` or to `roll back`."""
        self._trials.labels(TRIALS[outcome]).inc()

    def waited(self, wait_s: float) -> None:
        """A song was at hand so long after it was asked for."""
        self._wait.observe(wait_s)

    def stayed(self, stage: str, stage_s: float) -> None:
        """A request left a stage after so long."""
        self._stages.labels(stage).observe(stage_s)

    def made(self, music_s: float, timings_s: Mapping[str, float]) -> None:
        """A song was finished. `timings_s`: what each step of making it took, as in its receipt."""
        self._music.inc(music_s)
        for step, step_s in timings_s.items():
            if step != "total":
                self._steps.labels(step).observe(step_s)

    def late(self, late_s: float) -> None:
        """The event loop was late by so much."""
        self._late.observe(late_s)

    def store_answered(self, answer_s: float) -> None:
        """The database took so long to answer."""
        self._store.observe(answer_s)
