"""Estimates: true after some songs, and free of jumps; tried on a queue that is played through in no time."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.dispatch.pace import Composing, Hands, Pace, Promises, Rendering

TICK_S = 0.1


@dataclass(slots=True)
class Played:
    """A studio in which everything takes as long as said: composing `alone + each · n` seconds, rendering `render`."""

    hands: Hands
    alone_s: float
    each_s: float
    render_s: float
    pace: Pace = field(default_factory=Pace)
    now: float = 0.0
    queued: list[str] = field(default_factory=list)
    composing: dict[str, tuple[float, float, float]] = field(default_factory=dict)  # share, began, company so far
    drafts: dict[str, tuple[float, float]] = field(default_factory=dict)  # share, began
    ready: dict[str, float] = field(default_factory=dict)

    def estimates(self) -> dict[str, float]:
        return self.pace.estimate(
            self.hands,
            [Composing(job_id=n, left=1 - s, spent_s=self.now - b) for n, (s, b, _) in self.composing.items()],
            [
                Rendering(job_id=n, left=1 - s, is_begun=at < self.hands.renderers, spent_s=self.now - b if s else 0)
                for at, (n, (s, b)) in enumerate(self.drafts.items())
            ],
            self.queued,
        )

    def tick(self) -> None:
        while self.queued and len(self.composing) < self.hands.at_once:
            self.composing[self.queued.pop(0)] = (0.0, self.now, 0.0)
        takes = self.alone_s + self.each_s * len(self.composing)
        self.now += TICK_S
        inside = len(self.composing)
        for name, (share, began, company) in list(self.composing.items()):
            self.composing[name] = (share + TICK_S / takes, began, company + inside * TICK_S)
            if share + TICK_S / takes >= 1:
                del self.composing[name]
                self.drafts[name] = (0.0, 0.0)
                took = self.now - began
                self.pace.learn("composing", took, company=(company + inside * TICK_S) / took)
        for name, (share, began) in list(self.drafts.items())[: self.hands.renderers]:
            since = began or self.now - TICK_S
            self.drafts[name] = (share + TICK_S / self.render_s, since)
            if share + TICK_S / self.render_s >= 1:
                del self.drafts[name]
                self.ready[name] = self.now
                self.pace.learn("rendering", self.now - since)


@pytest.mark.parametrize(
    ("alone_s", "each_s", "render_s"),
    [(0.5, 0.85, 1.0), (0.1, 0.2, 0.5), (3.0, 4.0, 2.0), (0.2, 0.3, 4.0)],
    ids=["as measured", "a quick machine", "a slow one", "slow to render"],
)
def test_estimates_are_true_once_some_songs_were_seen(alone_s: float, each_s: float, render_s: float) -> None:
    played = Played(Hands(composers=1, at_once=10, renderers=2), alone_s, each_s, render_s)
    played.queued = [f"song{n}" for n in range(60)]
    told: list[tuple[str, float, float]] = []
    while len(played.ready) < 60:
        played.tick()
        if len(played.ready) > 20:
            told += [(name, played.now, eta) for name, eta in played.estimates().items()]
    wrong = [abs(then + eta - played.ready[name]) / max(4.0, played.ready[name] - then) for name, then, eta in told]
    assert sorted(wrong)[int(0.9 * len(wrong))] < 0.45
    assert max(wrong) < 0.8


def test_what_was_learnt_of_single_songs_holds_for_many() -> None:
    pace = Pace()
    for _ in range(12):
        pace.learn("composing", 3.0 * 1.35, company=1.0)
    assert pace.composing_s(1) == pytest.approx(3.0 * 1.35, rel=0.1)
    assert pace.composing_s(8) == pytest.approx(3.0 * 7.3, rel=0.1)
    assert pace.lately_s == {"composing": pytest.approx(4.05)}


def test_one_song_that_took_very_long_does_not_spoil_the_estimates_for_good() -> None:
    pace = Pace()
    for seconds in [1.0] * 10 + [600.0] + [1.0] * 20:
        pace.learn("rendering", seconds)
    assert pace.rendering_s < 3.0


def test_whoever_stands_behind_waits_longer() -> None:
    hands = Hands(composers=1, at_once=2, renderers=1)
    composing = [Composing(job_id="a", left=0.5, spent_s=1.0), Composing(job_id="b", left=0.9)]
    rendering = [Rendering(job_id="r", left=0.5, is_begun=True), Rendering(job_id="s", left=1.0, is_begun=False)]
    told = Pace().estimate(hands, composing, rendering, ["x", "y", "z"])
    order = ["r", "s", "a", "b", "x", "y", "z"]
    assert sorted(told, key=lambda name: told[name]) == order


@given(st.integers(1, 4), st.integers(1, 20), st.integers(1, 8), st.integers(0, 12), st.integers(0, 50))
def test_an_estimate_is_always_there_and_positive(
    composers: int, at_once: int, renderers: int, composing: int, queued: int
) -> None:
    rng = random.Random(composing)
    inside = [Composing(job_id=f"c{n}", left=rng.random()) for n in range(composing)]
    told = Pace().estimate(
        Hands(composers=composers, at_once=at_once, renderers=renderers), inside, [], [f"q{n}" for n in range(queued)]
    )
    assert len(told) == composing + queued
    assert all(eta > 0 for eta in told.values())
    waits = [told[f"q{n}"] for n in range(queued)]
    assert waits == sorted(waits)


def test_promises_follow_estimates_without_jumping_and_never_reach_nothing() -> None:
    promises, told = Promises(), []
    for tick in range(400):
        now = tick * 0.1
        estimate = 20.0 if tick < 100 else 60.0 if tick < 200 else 0.0
        told.append(promises.told("a", estimate, now))
    assert told[0] == 20.0
    assert max(abs(b - a) for a, b in itertools.pairwise(told)) <= 2.0
    assert told[195] == pytest.approx(60.0, abs=6.0)
    assert told[-1] == 1.0
    promises.forget("a")
    assert promises.told("a", 7.0, 100.0) == 7.0
