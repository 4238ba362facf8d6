"""How jobs cross from process to process: as JSON text; errors as class and message, openers as names.

In: values, errors, names. Out: JSON, errors of `engine.errors`, functions. Conventions: what JSON cannot say is a
`JobError` where it is said. Caveat: tuples come out as lists, and keys as strings.
"""

from __future__ import annotations

import importlib
import json
import logging
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from engine import errors
from engine.errors import JobError, TunesmithError
from engine.jobs.job import Json

log = logging.getLogger(__name__)


def resolve(name: str) -> Callable[[Json], Any]:
    """`"package.module:function"` → the function; raises `JobError` naming what cannot be found."""
    module_name, _, attribute = name.partition(":")
    try:
        opener: Callable[[Json], Any] = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise JobError(f"The job function {name!r} cannot be found: {error}.") from error
    return opener


def to_text(value: Json) -> str:
    """`value` as one line of JSON; raises `JobError` for what JSON cannot say."""
    try:
        return json.dumps(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise JobError(f"A job's value is no JSON: {error}.") from error


def job_to_text(number: int, kind: str, payload: str, mark: str | None) -> str:
    """The message that hands a job to a worker; `payload` is JSON text already."""
    return f'{{"job": {number}, "kind": {json.dumps(kind)}, "mark": {json.dumps(mark)}, "payload": {payload}}}'


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
