"""Who waits hears the newest, and the last word."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from engine import Update
from engine.dispatch.patience import patiently
from engine.dispatch.watching import Watchers
from engine.errors import NotFound, StoreError

DONE = Update(phase="cancelled", sentence="It was cancelled.")


async def test_the_newest_wins_and_the_same_is_not_told_twice() -> None:
    watchers: Watchers[Update] = Watchers()
    watch = watchers.open("a")
    for ahead in (3, 2, 1, 1):
        watchers.tell("a", Update(phase="queued", ahead=ahead))
    assert await anext(watch) == Update(phase="queued", ahead=1)
    watchers.tell("a", Update(phase="queued", ahead=1))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(watch), 0.02)


async def test_nothing_is_told_after_the_last_word_and_the_last_word_is_never_lost() -> None:
    watchers: Watchers[Update] = Watchers()
    watch = watchers.open("a")
    watchers.tell("a", DONE)
    watchers.tell("a", Update(phase="composing"))
    watchers.end()
    assert [update async for update in watch] == [DONE]


async def test_whoever_watches_when_the_studio_closes_hears_no_more() -> None:
    watchers: Watchers[Update] = Watchers()
    watch = watchers.open("a")
    waiting = asyncio.create_task(anext(watch))
    await asyncio.sleep(0)
    watchers.end()
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_those_who_left_are_forgotten() -> None:
    watchers: Watchers[Update] = Watchers()
    first, second = watchers.open("a"), watchers.open("a")
    watchers.close("a", first)
    assert list(watchers) == ["a"]
    watchers.close("a", second)
    watchers.close("a", second)
    assert list(watchers) == []
    assert not watchers


async def test_patience_waits_out_a_store_that_is_away_and_nothing_else(tmp_path: Path) -> None:
    tried = []

    async def work(error: Exception, *, times: int) -> str:
        tried.append(error)
        if len(tried) < times:
            raise error
        return "done"

    assert await patiently(lambda: work(StoreError("away"), times=4)) == "done"
    tried.clear()
    with pytest.raises(NotFound):
        await patiently(lambda: work(NotFound("gone"), times=4))
    tried.clear()
    with pytest.raises(StoreError):
        await patiently(lambda: work(StoreError("away"), times=99), for_s=0.25)
    assert 2 <= len(tried) <= 3
