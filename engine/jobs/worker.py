"""The resident worker's own process: `python -m engine.jobs.worker package.module:opener`.

In (standard input, one JSON object a line): `{"open": config}` first, then `{"job": n, "kind": …, "payload": …}`, at
last `{"stop": true}`. Out (standard output, the same way): `{"opened": true}`, `{"job": n, "event": …}`,
`{"job": n, "result": …}`, `{"job": n, "error": …}`. Conventions: what libraries print goes to standard error; Ctrl-C
is the parent's business. Caveat: when standard input ends without a stop, the parent is gone and the process exits at
once, in the middle of a job too.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import Any, TextIO

from engine.jobs.job import Handler, Json, error_to_json, resolve


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
    """Open what the command line names, then work until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    wire = Wire(_claim_stdout())
    inbox: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(inbox,), daemon=True).start()
    handler = _open(sys.argv[1], inbox.get(), wire)
    while handler is not None and "stop" not in (message := inbox.get()):
        _work(handler, message, wire)


def _claim_stdout() -> TextIO:
    """Keep standard output for the wire and point file descriptor 1 at standard error, for C libraries too."""
    private = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(private, "w", encoding="utf-8")


def _listen(inbox: queue.SimpleQueue[dict[str, Any]]) -> None:
    """Pass on each line; end the process when the lines end without a stop."""
    for line in sys.stdin.buffer:
        message = json.loads(line)
        inbox.put(message)
        if "stop" in message:
            return
    os._exit(1)


def _open(name: str, message: dict[str, Any], wire: Wire) -> Handler | None:
    if "open" not in message:
        return None
    try:
        handler = resolve(name)(message["open"])
    except Exception as error:
        wire.send({"error": error_to_json(error)})
        return None
    wire.send({"opened": True})
    return handler


def _work(handler: Handler, message: dict[str, Any], wire: Wire) -> None:
    number = message["job"]
    try:
        result = handler(message["kind"], message["payload"], lambda data: wire.send({"job": number, "event": data}))
        wire.send({"job": number, "result": result})
    except Exception as error:
        wire.send({"job": number, "error": error_to_json(error)})


if __name__ == "__main__":
    main()
