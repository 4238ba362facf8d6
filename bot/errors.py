"""From an exception to the sentence that a person reads: the Discord error handler.

    UserError family    shown as it is; but what is missing on this machine (`SetupError`) is not the person's to mend
                        here, and names folders: it counts among the rest
    cancelled           the bot is going down; the person is told so
    forbidden, gone     the bot may not write there, or the message was deleted: nobody to tell, a line in the log
    anything else       an incident number for the person, the same number and the traceback in the log

Every command and button runs inside `guard`, because discord.py only logs what a button raises. This is the one place
of `bot/` that catches `Exception`.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import discord

from bot.replies import MOST_CHARS, broken_text, clip, inert
from engine import errors

UNDELIVERED = (discord.HTTPException, aiohttp.ClientError, TimeoutError)
"""What sending to Discord raises when it does not arrive: refused, or no connection."""

RESTARTING = "I am being restarted. Please ask again in a minute."
GOES_ON = "I am being restarted. This song is kept, and goes on by itself as soon as I am back."

_log = logging.getLogger(__name__)


def is_passing(problem: BaseException) -> bool:
    """Whether what did not arrive may arrive the next time: no connection, Discord's own trouble, a rate limit."""
    return not isinstance(problem, discord.HTTPException) or problem.status >= 500 or problem.status == 429


def explain(error: BaseException) -> str:
    """The person's sentence for an error; logs everything that is not the person's to mend."""
    if isinstance(error, errors.UserError) and not isinstance(error, errors.SetupError):
        return clip(inert(str(error)), MOST_CHARS)
    incident = secrets.token_hex(4)
    _log.error("incident %s: %s", incident, type(error).__name__, exc_info=error, extra={"incident": incident})
    return broken_text(incident)


async def guard(work: Awaitable[None], tell: Callable[[str], Awaitable[None]], *, restarting: str = RESTARTING) -> None:
    """Await `work`; whatever goes wrong is told by `tell` in one sentence. Cancellation is told too, and passed on."""
    try:
        await work
    except asyncio.CancelledError:
        await _deliver(tell, restarting)
        raise
    except (discord.Forbidden, discord.NotFound) as error:
        _log.warning("nobody can be answered here: %s", error)
    except Exception as error:
        await _deliver(tell, explain(error))


async def whisper(interaction: discord.Interaction[Any], text: str) -> None:
    """Tell only the person who used the command or pressed the button."""
    if interaction.response.is_done():
        await interaction.followup.send(text, ephemeral=True)
    else:
        await interaction.response.send_message(text, ephemeral=True)


async def _deliver(tell: Callable[[str], Awaitable[None]], text: str) -> None:
    try:
        await tell(text)
    except UNDELIVERED as error:
        _log.warning("could not tell a person %r: %s", text, error)
