"""Point discord.py at another address than Discord's own: a proxy, or the local Discord of the tests.

The library keeps its addresses on two classes, so this holds for the whole process; `main()` calls it before a client
exists.
"""

from __future__ import annotations

import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient, Route


def use_api(base: str) -> None:
    """Send every HTTP request to `base` (`https://host/api/v10`)."""
    Route.BASE = base.rstrip("/")


async def use_gateway_of(http: HTTPClient) -> None:
    """Connect to the gateway that the API names."""
    _, url, _ = await http.get_bot_gateway()
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(url)
