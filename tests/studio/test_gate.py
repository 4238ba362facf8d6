"""Suspects work alone, everybody else together, and nobody is forgotten at the gate."""

from __future__ import annotations

import asyncio
import random

import pytest

from engine.dispatch.gate import Gate


class Watched:
    """Who is behind the gate."""

    def __init__(self, width: int) -> None:
        self.gate = Gate(lambda: width)
        self.width = width
        self.inside: list[bool] = []
        self.most = 0

    async def work(self, alone: bool, seconds: float) -> None:
        async with self.gate.entered(alone=alone):
            self.inside.append(alone)
            assert all(self.inside) or not any(self.inside)
            assert sum(self.inside) <= self.width
            self.most = max(self.most, len(self.inside))
            try:
                await asyncio.sleep(seconds)
            finally:
                self.inside.remove(alone)


@pytest.mark.parametrize("width", [1, 3])
async def test_suspects_are_never_with_others_whoever_comes_and_goes(width: int) -> None:
    rng, watched = random.Random(width), Watched(width)
    tasks = []
    for _ in range(300):
        tasks.append(asyncio.create_task(watched.work(rng.random() < 0.2, rng.random() / 300)))
        if rng.random() < 0.3:
            await asyncio.sleep(rng.random() / 300)
        if rng.random() < 0.2:
            rng.choice(tasks).cancel()
    outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 20)
    assert not [outcome for outcome in outcomes if isinstance(outcome, AssertionError)]
    assert watched.most > width
    async with asyncio.timeout(1), watched.gate.entered(alone=True):
        pass  # whoever was cancelled has left no place taken


async def test_a_suspect_is_not_overtaken_for_ever() -> None:
    gate, order = Gate(lambda: 1), []

    async def work(name: str, *, alone: bool) -> None:
        async with gate.entered(alone=alone):
            order.append(name)
            await asyncio.sleep(0.01)

    await asyncio.gather(work("a", alone=False), work("suspect", alone=True), work("b", alone=False))
    assert order == ["a", "suspect", "b"]
