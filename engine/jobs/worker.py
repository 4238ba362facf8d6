"""A worker's own process: `python -m engine.jobs.worker`, with an added niceness and a level of logging as arguments.

In (standard input) and out (standard output): the messages of `engine.jobs.work`, one JSON object a line. Conventions:
what libraries print goes to standard error, and so does the log (`engine.jobs.marks`); Ctrl-C is the parent's business.
Caveat: when standard input ends without a stop, the parent is gone and the process exits at once, in the middle of a
job too.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import signal
import sys
import threading
import traceback
from typing import TextIO

from engine.jobs.job import Json
from engine.jobs.marks import speak_to_parent
from engine.jobs.work import Inbox, work


class Wire:
    """The way out: one JSON object a line, whole lines only, from any thread."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, message: Json) -> None:
        """Write and flush; raises `TypeError` or `ValueError` for what JSON cannot say, before anything is written."""
        line = json.dumps(message) + "\n"
        with self._lock:
            self._stream.write(line)
            self._stream.flush()


def main() -> None:
    """Work until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if niceness := int(sys.argv[1]):
        os.nice(niceness)
    wire = Wire(claim_stdout())
    speak_to_parent(sys.argv[2], sys.stderr)
    inbox: Inbox = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    status = 0
    try:
        work(inbox, wire.send)
    except BaseException:
        traceback.print_exc()
        status = 1
    logging.shutdown()
    os._exit(status)  # the interpreter's own way out takes networks apart for seconds, and stumbles over the listener
    logging.shutdown()
    os._exit(0)  # taking networks and modules apart would take seconds of processor time, for nothing


def claim_stdout() -> TextIO:
    """Keep standard output for the wire and point file descriptor 1 at standard error, for C libraries too."""
    private = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(private, "w", encoding="utf-8")


def _listen(inbox: Inbox) -> None:
    """Pass on each line; end the process when the lines end without a stop."""
    for line in sys.stdin.buffer:
        message = json.loads(line)
        inbox.put(message)
        if "stop" in message:
            return
    os._exit(1)


if __name__ == "__main__":
    main()
