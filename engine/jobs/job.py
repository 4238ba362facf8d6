"""The contract of a job: a kind and a JSON payload go in, events come out on the way, a JSON object at the end.

    opener (named as a string "package.module:function")  config ─→ handler
    handler                                               kind, payload, emit ─→ result

The opener loads what is dear once (networks, soundfont); the handler is then called once a job, one at a time.
Payloads, events, results and errors are JSON on every executor, so that a job which works in one works in the other.
Caveat: an error that is not of `engine.errors` comes out as `JobError` with its class in the sentence; its traceback is
logged.
"""

from __future__ import annotations

import importlib
import json
import logging
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from engine import errors
from engine.errors import JobError, TunesmithError

log = logging.getLogger(__name__)

Json = Mapping[str, Any]
Emit = Callable[[Json], None]
Handler = Callable[[str, Json, Emit], Json]
Opener = Callable[[Json], Handler]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobEvent:
    """Something that happened to a job. `ahead`: jobs that come before it, the running one included; `data`: what the
    handler emitted (for `progress`)."""

    state: Literal["queued", "started", "progress"]
    ahead: int = 0
    data: Json = field(default_factory=dict)


OnEvent = Callable[[JobEvent], None]


class Executor(Protocol):
    """Runs jobs one at a time, first come, first served. All methods belong to one event loop."""

    async def start(self) -> None:
        """Begin; loading may go on in the background."""

    async def submit(self, kind: str, payload: Json, on_event: OnEvent | None = None) -> dict[str, Any]:
        """Run a job and return its result; `on_event` is called on the event loop. Raises what the job raised."""

    async def close(self) -> None:
        """Let the running job end (for a while), refuse the waiting ones, free everything. Safe to call twice."""


def resolve(name: str) -> Opener:
    """`"package.module:function"` → the function; raises `JobError` naming what cannot be found."""
    module_name, _, attribute = name.partition(":")
    try:
        opener: Opener = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise JobError(f"The job function {name!r} cannot be found: {error}.") from error
    return opener


def as_json(value: Json) -> dict[str, Any]:
    """`value` as it is after a journey through JSON text; raises `JobError` for what JSON cannot say."""
    try:
        copy: dict[str, Any] = json.loads(json.dumps(value))
    except (TypeError, ValueError) as error:
        raise JobError(f"A job's value is no JSON: {error}.") from error
    return copy


def error_to_json(error: BaseException) -> dict[str, str]:
    """An error as JSON: class name, message, traceback."""
    return {
        "class": type(error).__name__,
        "message": str(error),
        "traceback": "".join(traceback.format_exception(error)),
    }


def json_to_error(data: Mapping[str, str]) -> TunesmithError:
    """The error of `engine.errors` that `data` speaks of; any other class becomes a `JobError`."""
    kind = getattr(errors, data["class"], None)
    if isinstance(kind, type) and issubclass(kind, TunesmithError):
        if not issubclass(kind, errors.UserError):
            log.error("A job failed:\n%s", data["traceback"])
        return kind(data["message"])
    log.error("A job failed unexpectedly:\n%s", data["traceback"])
    return JobError(f"{data['class']}: {data['message']}")
