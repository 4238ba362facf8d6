"""Point discord.py at another address than Discord's own: a proxy, or the local Discord of the tests.

The library keeps its addresses on two classes, so this holds for the whole process; `main()` calls it before a client
exists.
"""

from __future__ import annotations

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route

from bot.shards import GatewayTerms


def use_api(base: str) -> None:
    """Send every HTTP request to `base` (`https://host/api/v10`)."""
    Route.BASE = base.rstrip("/")


def other_origins() -> frozenset[str]:
    """Where attachments may lie besides Discord's own hosts: where the API is, if that is not Discord's own."""
    address = yarl.URL(Route.BASE)
    return frozenset() if address.host == "discord.com" else frozenset({str(address.origin())})


async def use_gateway_of(http: HTTPClient) -> GatewayTerms:
    """Connect to the gateway that the API names; returns on which terms."""
    shards, url, limit = await http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
    return GatewayTerms(
        shards=shards,
        max_concurrency=limit["max_concurrency"],
        remaining=limit["remaining"],
        total=limit["total"],
        reset_after_s=limit["reset_after"] / 1000,
    )
