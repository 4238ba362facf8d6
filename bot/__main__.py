"""`python -m bot`: read the settings, start the bot, stop it on SIGINT or SIGTERM.

Exit codes: 0 stopped as asked; 1 Discord cannot be reached or something broke; 2 a setting must be mended (no token,
a refused token, an unusable value, something missing on this machine). Each is one line on standard error. `python -m
bot --health` says whether the running bot is alive (exit code 0 or 1), for container health checks.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import discord

from bot.client import TunesmithBot
from bot.endpoint import use_api
from bot.gateway import gateway_of
from bot.health import is_alive, keep_pulse
from bot.settings import BotSettings
from engine import Operations, Settings, Studio, configure_logging, errors

MISSING = (
    "DISCORD_TOKEN is not set; put the bot's token into the environment or .env (docs/discord.md says how to get one)."
)
REFUSED = (
    "Discord refuses the token in DISCORD_TOKEN; copy it again from the developer portal (docs/discord.md says where)."
)

_LEAVE_S = 10.0

_log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run the bot until it is told to stop; the exit code."""
    try:
        return _run(sys.argv[1:] if arguments is None else arguments)
    except Exception as error:
        text, code = _verdict(error)
        sys.stderr.write(f"{text}\n")
        return code


def _run(arguments: list[str]) -> int:
    if arguments not in ([], ["--health"]):
        raise errors.SetupError(f"The bot has no option {' '.join(arguments)!r}; it knows only --health.")
    settings = Settings.read()
    if arguments:
        return 0 if is_alive(_pulse_file(settings)) else 1
    return _start(BotSettings.read(), settings)


def _verdict(error: Exception) -> tuple[str, int]:
    """The line to print and the exit code."""
    match error:
        case errors.UserError():
            return str(error), 2
        case discord.LoginFailure():
            return REFUSED, 2
        case discord.ConnectionClosed(code=4004):
            return REFUSED, 2
        case aiohttp.ClientError() | discord.DiscordServerError() | discord.GatewayNotFound():
            return f"Discord cannot be reached: {error}.", 1
        case _:
            _log.critical("the bot broke down", exc_info=error)
            return f"The bot broke down: {type(error).__name__}: {error}", 1


def _start(bot_settings: BotSettings, settings: Settings) -> int:
    if bot_settings.token is None:
        raise errors.SetupError(MISSING)
    configure_logging(settings, secrets=(bot_settings.token.get_secret_value(),))
    if bot_settings.api_base is not None:
        use_api(bot_settings.api_base)
    return asyncio.run(serve(bot_settings.token.get_secret_value(), settings))


async def serve(
    token: str, settings: Settings, *, opened: Callable[[Settings], Awaitable[Studio]] = Studio.open
) -> int:
    """Run the bot until it is told to stop; `opened` opens its studio."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    async def open_studio() -> Studio:
        studio = await opened(settings)
        operations.watch(studio)
        gc.freeze()  # what is loaded by now stays; a full collection that looked at all of it took 0.1 s of the loop
        return studio

    bot = TunesmithBot(open_studio, stop_s=settings.stop_s)
    operations = Operations(gateway=lambda: gateway_of(bot))
    async with bot, _served(operations, settings):
        running = asyncio.create_task(bot.start(token), name="bot")
        asked = asyncio.create_task(stop.wait(), name="stop")
        pulse = asyncio.create_task(keep_pulse(bot, _pulse_file(settings)), name="pulse")
        try:
            await asyncio.wait({running, asked}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
            else:
                await _leave(bot, running)
        finally:
            asked.cancel()
            pulse.cancel()
            await asyncio.wait({asked, pulse})
    return 0


@asynccontextmanager
async def _served(operations: Operations, settings: Settings) -> AsyncIterator[None]:
    """Serve health and metrics meanwhile, if a port is named. Raises `SetupError`."""
    if settings.operations_port is not None:
        await operations.start(settings.operations_host, settings.operations_port)
    try:
        yield
    finally:
        await operations.stop()


async def _leave(bot: TunesmithBot, running: asyncio.Task[None]) -> None:
    """Close the bot; a login or a studio that is still opening is given up."""
    if not bot.is_ready():
        running.cancel()
    await bot.close()
    await asyncio.wait({running}, timeout=_LEAVE_S)
    running.cancel()


def _pulse_file(settings: Settings) -> Path:
    return settings.data_dir / "bot.pulse"


if __name__ == "__main__":
    sys.exit(main())
