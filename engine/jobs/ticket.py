"""A submitted job: what it is and who waits for it.

In: what was submitted. Out: a result or an error, once, for the future that the submitter awaits; events before that.
Caveat: a listener that raises ends its own job with that error.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from engine.jobs.job import JobEvent, OnEvent


@dataclass(slots=True, eq=False)
class Ticket:
    """`number`: unique within its executor; `payload`: JSON text; `mark`: what lines of log about it are marked with;
    `result`: done as soon as nobody waits any more.
    """

    number: int
    kind: str
    payload: str
    mark: str | None
    on_event: OnEvent | None
    result: asyncio.Future[dict[str, Any]]

    def tell(self, event: JobEvent) -> None:
        """Call the listener."""
        if self.on_event is None or self.result.done():
            return
        try:
            self.on_event(event)
        except Exception as error:
            self.fail(error)

    def finish(self, result: dict[str, Any]) -> None:
        """Hand over the result."""
        if not self.result.done():
            self.result.set_result(result)

    def fail(self, error: Exception) -> None:
        """Hand over the error."""
        if not self.result.done():
            self.result.set_exception(error)
