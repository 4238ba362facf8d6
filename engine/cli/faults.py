"""From errors to sentences, exit codes and incident reports.

In: an error. Out: one sentence for the person and an exit code; for errors that are ours, a file with the traceback.
Conventions: 2 when the person can mend it (a damaged checkpoint counts among these: it is named, and can be restored),
1 when we must. Caveat: where not even the incident file can be written, the traceback goes to standard error.
"""

from __future__ import annotations

import secrets
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

from engine.errors import CheckpointError, UserError
from engine.settings import Settings, default_data_dir

MENDABLE = (UserError, CheckpointError)


def exit_code(error: BaseException) -> int:
    """2 if the person can mend it, else 1."""
    return 2 if isinstance(error, MENDABLE) else 1


def sentence(error: BaseException) -> str:
    """What to tell the person, in one line; an error of ours is written down first."""
    if isinstance(error, MENDABLE):
        return " ".join(str(error).split())
    number = secrets.token_hex(4)
    place = _write_down(error, number)
    return f"Something broke on our side (incident {number}: {type(error).__name__}); the details are in {place}."


def complain(error: BaseException) -> None:
    """Tell standard error."""
    sys.stderr.write(f"{sentence(error)}\n")


def _write_down(error: BaseException, number: str) -> str:
    """Write the traceback to the data folder; returns where it is."""
    report = "".join(traceback.format_exception(error))
    try:
        path = _incidents() / f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{number}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(report, encoding="utf-8", errors="backslashreplace")
    except (OSError, UserError):
        sys.stderr.write(report)
        return "the lines above"
    return str(path)


def _incidents() -> Path:
    try:
        return Settings.read().data_dir / "incidents"
    except UserError:
        return default_data_dir() / "incidents"
