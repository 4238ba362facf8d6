"""Loops that go on for ever: begun anew after an error, ended wholly when they are stopped."""

from __future__ import annotations

import asyncio
import logging

import pytest

from engine.dispatch import loops
from engine.dispatch.loops import Loops
from engine.errors import StoreError
from tests.studio.small_studio import eventually


async def forever() -> None:
    """What a loop waits for."""
    await asyncio.get_running_loop().create_future()


async def test_stopping_waits_for_what_a_loop_and_others_put_in_order() -> None:
    done: list[str] = []

    async def tidy(name: str) -> None:
        try:
            await forever()
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)
            done.append(name)
            raise

    async def looping() -> None:
        await tidy("loop")

    some = Loops("tests")
    some.start(looping)
    other = asyncio.create_task(tidy("other"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    other.cancel()
    await some.stop(other)
    assert sorted(done) == ["loop", "other"]


async def test_a_loop_that_loses_a_cancellation_is_stopped_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loops, "STOP_S", 0.05)
    lost = 0

    async def deaf() -> None:
        nonlocal lost
        try:
            await forever()
        except asyncio.CancelledError:
            lost += 1
        await forever()

    some = Loops("tests")
    some.start(deaf)
    await asyncio.sleep(0)
    async with asyncio.timeout(5.0):
        await some.stop()
    assert lost == 1


async def test_a_loop_that_breaks_is_begun_anew_and_a_database_that_is_away_warned_of_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(loops, "TROUBLE_S", 0.0)
    errors: list[Exception] = [StoreError("It is away."), StoreError("It is away."), ValueError("a mistake")]
    begun = 0

    async def breaking() -> None:
        nonlocal begun
        begun += 1
        if errors:
            raise errors.pop(0)
        await forever()

    some = Loops("tests")
    with caplog.at_level(logging.WARNING, loops.log.name):
        some.start(breaking)
        await eventually(lambda: begun == 4)
    assert [record.levelname for record in caplog.records] == ["WARNING", "ERROR"]
    assert some.trouble == "a mistake"
    await some.stop()
