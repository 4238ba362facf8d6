"""What the process logs: lines for people or one JSON object a line, on standard error.

In: settings, log records. Out: lines such as

    2026-11-21 09:36:03,120 WARNING engine.studio: tried again: the worker died (job 4f1c22d0a1b3, lane compose)
    {"time": "2026-11-21T08:36:03.120Z", "level": "WARNING", "logger": "engine.studio", "message": …, "job_id": …}

Conventions: JSON has UTC, text has the machine's own time. A job is named by its id, which is its song's too; of a
record's other attributes only `SHOWN` are written, so no person's id gets in by that way. Secrets are stars, in
tracebacks too. Caveat: whoever logs a person's name within the message has logged it.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TextIO

from pythonjsonlogger.core import LogData
from pythonjsonlogger.json import JsonFormatter

from engine.jobs.marks import job_id
from engine.operations.veil import Veil, secrets_of
from engine.settings import Settings

SHOWN = ("job_id", "lane", "incident")
NAMES = {"levelname": "level", "name": "logger", "exc_info": "traceback", "stack_info": "stack"}
ALWAYS = ("time", "level", "logger", "message", "traceback", "stack")
LIVELY = ("bot", "engine.operations")  # what these say once in a while is told at INFO even when others are to be quiet


class JobMark(logging.Filter):
    """Puts the job's id on every record that passes, if it belongs to one."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Lets everything pass."""
        if getattr(record, "job_id", None) is None:
            record.job_id = job_id.get()
        return True


class TextLines(logging.Formatter):
    """Lines for people."""

    def __init__(self, veil: Veil) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._veil = veil

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 (logging's own name)
        """The first line, and in brackets what it is about."""
        about = [(name, getattr(record, name, None)) for name in SHOWN]
        told = ", ".join(f"{name.removesuffix('_id')} {value}" for name, value in about if value is not None)
        return super().formatMessage(record) + (f" ({told})" if told else "")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return self._veil(super().format(record))


class JsonLines(JsonFormatter):
    """One object a line."""

    def __init__(self, veil: Veil) -> None:
        super().__init__(["levelname", "name", "message"], rename_fields=NAMES)
        self._veil = veil

    def add_fields(self, log_data: LogData, record: logging.LogRecord, message_dict: LogData) -> None:
        """The time first; of what else a record carries, what may be shown and is not empty."""
        log_data["time"] = _utc(record.created)
        super().add_fields(log_data, record, message_dict)
        for name in [*log_data]:
            if name not in ALWAYS and (name not in SHOWN or log_data[name] is None):
                del log_data[name]

    def process_log_record(self, log_data: LogData) -> LogData:
        """Texts without secrets."""
        return {name: self._veil(value) if isinstance(value, str) else value for name, value in log_data.items()}


def log_handler(settings: Settings, *, secrets: Iterable[str] = (), stream: TextIO | None = None) -> logging.Handler:
    """The handler that the settings describe, on `stream` (standard error)."""
    veil = Veil((*secrets_of(settings), *secrets))
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonLines(veil) if settings.log_format == "json" else TextLines(veil))
    handler.addFilter(JobMark())
    return handler


def configure_logging(settings: Settings, *, secrets: Iterable[str] = ()) -> None:
    """Log what the settings say, as they say, in place of whatever was set up before. `secrets`: what else must never
    be seen in a log.
    """
    logging.basicConfig(level=settings.log_level, handlers=[log_handler(settings, secrets=secrets)], force=True)
    logging.captureWarnings(settings.log_format == "json")
    for name in LIVELY:
        logging.getLogger(name).setLevel(min(logging.INFO, logging.getLevelName(settings.log_level)))


def _utc(seconds: float) -> str:
    """Seconds since 1970 as `2026-11-21T08:36:03.120Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
