"""Whose work a line of log belongs to, and how lines of a worker's log reach its parent's.

    worker   log record ─→ one line of JSON on standard error
    parent   a line ─→ the same record, of the same logger and level, with the lane's name and the job's id on it

In: jobs' ids, log records. Out: log records whose attributes `job_id` and `lane` say what they are about.
Conventions: the id stands in a context variable, so it goes along with tasks and threads that asyncio starts; what
libraries print to standard error on their own is logged as DEBUG. Caveat: a worker that dies by a signal says nothing
on its way out but what it printed before.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TextIO

job_id: ContextVar[str | None] = ContextVar("job_id", default=None)

LEVELS = {name: getattr(logging, name) for name in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")}

log = logging.getLogger(__name__)


@contextmanager
def marked(job: str | None) -> Iterator[None]:
    """Whatever is logged within belongs to this job; None: to no job."""
    token = job_id.set(job)
    try:
        yield
    finally:
        job_id.reset(token)


class LinesToParent(logging.Formatter):
    """A record as one line of JSON, its traceback included."""

    def format(self, record: logging.LogRecord) -> str:
        """`{"level", "logger", "text"}`, and `job` if it belongs to one."""
        line = {"level": record.levelname, "logger": record.name, "text": super().format(record)}
        job = getattr(record, "job_id", None) or job_id.get()
        return json.dumps(line if job is None else line | {"job": job})


def speak_to_parent(level: str, stream: TextIO) -> None:
    """From now on this process, a worker, logs to `stream` in lines that `overheard` understands."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(LinesToParent())
    logging.basicConfig(level=level, handlers=[handler], force=True)


def overheard(lane: str, line: str) -> None:
    """Log a line of a worker's standard error in this process."""
    spoken = _parsed(line)
    if spoken is None:
        log.debug("%s", line, extra={"lane": lane})
        return
    extra = {"lane": lane, "job_id": spoken.get("job")}
    logging.getLogger(spoken["logger"]).log(LEVELS[spoken["level"]], "%s", spoken["text"], extra=extra)


def _parsed(line: str) -> dict[str, Any] | None:
    """What `LinesToParent` made; None for any other text."""
    if not line.startswith('{"level"'):
        return None
    try:
        spoken = json.loads(line)
    except ValueError:
        return None
    texts = [spoken.get(key) for key in ("level", "logger", "text")]
    return spoken if all(isinstance(text, str) for text in texts) and texts[0] in LEVELS else None
