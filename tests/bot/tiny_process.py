"""`python -m tests.bot.tiny_process`: the real bot with tiny workers, in processes of their own as in earnest.

`TINY_AT_ONCE` says how many songs are composed at once; 0 means the real workers. `TINY_SCHOOL` brings the
learning workers of `tests.studio.small_school`. A watchdog measures its event loop,
anew from SIGUSR1 on; when it is stopped as it should be, the figures are in `watch.json` of the data folder."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from bot.__main__ import serve
from bot.endpoint import use_api
from bot.settings import BotSettings
from engine import Settings, Studio, configure_logging
from engine.dispatch.lanes import config_of
from engine.jobs import LocalExecutor
from tests.bot.tiny_composer import lanes
from tests.bot.watchdog import Watchdog
from tests.studio.small_school import school_lanes


async def opened(settings: Settings) -> Studio:
    """The studio with tiny workers, or with the real ones."""
    at_once = int(os.environ.get("TINY_AT_ONCE", "80"))
    if at_once == 0:
        return await Studio.open(settings)
    if os.environ.get("TINY_SCHOOL"):
        return await Studio.open(settings, executor=LocalExecutor(school_lanes(), config_of(settings)))
    executor = LocalExecutor(lanes(at_once), {"data_dir": str(settings.data_dir)})
    return await Studio.open(settings, executor=executor)


async def main() -> int:
    """Like `python -m bot`."""
    bot_settings, settings = BotSettings.read(), Settings.read()
    assert bot_settings.token is not None
    assert bot_settings.api_base is not None
    configure_logging(settings)
    use_api(bot_settings.api_base)
    watchdog = Watchdog()
    watching = asyncio.create_task(watchdog.watch())
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, watchdog.forget)
    try:
        return await serve(bot_settings.token.get_secret_value(), settings, opened=opened)
    finally:
        watching.cancel()
        watchdog.report(settings.data_dir / "watch.json")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
