"""What the service does on bad days: 429 with Retry-After, 5xx, an error although the request took effect.

A test plans it (`plan`), the HTTP API asks for it with each request (`take`)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from aiohttp import web


@dataclass(kw_only=True)
class Mischief:
    """The next `times` requests of this method whose path matches go wrong.

    `acts`: the request takes effect before its answer goes wrong."""

    method: str
    pattern: str
    times: int = 1
    status: int = 429
    retry_after_s: float = 0.0
    acts: bool = False

    def suits(self, method: str, path: str) -> bool:
        """Whether it is this one's turn."""
        return self.times > 0 and method == self.method and re.search(self.pattern, path) is not None

    def answer(self) -> web.Response:
        """What the bot gets."""
        headers = {"Content-Type": "application/json"}
        body: dict[str, object] = {"message": "Bad day", "code": 0}
        if self.status == 429:
            headers |= {"Via": "1.1 local", "Retry-After": f"{self.retry_after_s:.3f}"}
            body = {"message": "You are being rate limited.", "retry_after": self.retry_after_s, "global": False}
        return web.Response(status=self.status, headers=headers, body=json.dumps(body).encode())


class Mischiefs:
    """All that is planned."""

    def __init__(self) -> None:
        self._planned: list[Mischief] = []

    def plan(self, mischief: Mischief) -> None:
        """Let it happen."""
        self._planned.append(mischief)

    def forget(self) -> None:
        """Nothing goes wrong any more."""
        self._planned.clear()

    def take(self, method: str, path: str) -> Mischief | None:
        """What happens to this request."""
        for mischief in self._planned:
            if mischief.suits(method, path):
                mischief.times -= 1
                return mischief
        return None
