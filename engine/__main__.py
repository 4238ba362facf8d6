"""`tunesmith` and `python -m engine`: the command line's beginning and end.

Conventions: what libraries warn about is for developers (TUNESMITH_LOG_LEVEL=DEBUG shows it), never for the person who
wanted a song. Caveat: this is one of the three places that catch every error.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from types import FrameType

from engine.cli.app import build_app
from engine.cli.faults import complain, exit_code
from engine.errors import SetupError
from engine.settings import Settings


def main() -> None:
    """Run the command line and exit."""
    _make_quiet()
    _make_streams_safe()
    signal.signal(signal.SIGTERM, _end_cleanly)
    try:
        build_app()()
    except KeyboardInterrupt:
        sys.exit(130)
    except ImportError as error:
        complain(SetupError(f"The package {error.name or error} is missing; `make setup` installs it."))
        sys.exit(2)
    except Exception as error:
        complain(error)
        sys.exit(exit_code(error))


def _make_quiet() -> None:
    loud = _log_level() == "DEBUG"
    logging.basicConfig(level=logging.DEBUG if loud else logging.CRITICAL, format="%(levelname)s %(name)s: %(message)s")
    if not loud:
        warnings.simplefilter("ignore")
        os.environ.setdefault("TQDM_DISABLE", "1")


def _log_level() -> str:
    """The setting; what is wrong with the settings is the command's to say."""
    try:
        return Settings.read().log_level
    except SetupError:
        return "WARNING"


def _make_streams_safe() -> None:
    """No character of a prompt may break a stream, whatever the terminal's encoding."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _end_cleanly(number: int, _frame: FrameType | None) -> None:
    """SIGTERM unwinds the stack, so that nothing half-written stays."""
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
