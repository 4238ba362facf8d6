"""What a worker does, wherever it lives: opens, then takes messages from an inbox and sends messages back.

In: `{"open": config, "opener": name, "shape": "resident" | "pool"}` first, then `{"job": n, "kind": …, "mark": …,
"payload": …}`, `{"cancel": n}` (to residents), at last `{"stop": true}`. Out: `{"opened": pid}` or `{"error": …}`; then
of each job any number of `{"job": n, "event": …}` and one `{"job": n, "result": …}` or `{"job": n, "error": …}`; from
residents `{"facts": …}` about once a second. Conventions: `send` raises `TypeError` or `ValueError` for what JSON
cannot say, before anything is sent. Caveat: an error that a resident's `step` raises goes through, and is the worker's
end.
"""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable
from typing import Any

from engine.errors import JobError
from engine.jobs.job import Done, Failed, Handler, Json, Resident, Told
from engine.jobs.marks import marked
from engine.jobs.wire import error_to_json, resolve

Inbox = queue.SimpleQueue[dict[str, Any]]
Send = Callable[[Json], None]

FACTS_S = 1.0


def work(inbox: Inbox, send: Send) -> None:
    """Open what the first message names, then work until told to stop."""
    message = inbox.get()
    if "open" not in message:
        return
    opened = open_worker(message, send)
    if opened is None:
        return
    if message["shape"] == "resident":
        Rounds(opened, inbox, send).run()
    else:
        while "stop" not in (message := inbox.get()):
            if "job" in message:
                perform(opened, message, send)


def open_worker(message: Json, send: Send) -> Any:
    """What the opener returns; None when it failed, which is sent."""
    try:
        opened = resolve(message["opener"])(message["open"])
        if opened is None:
            raise JobError(f"The job function {message['opener']!r} opened nothing.")
    except Exception as error:
        send({"error": error_to_json(error)})
        return None
    send({"opened": os.getpid()})
    return opened


def perform(handler: Handler, message: Json, send: Send) -> None:
    """One job of a pool, from its message to its last word."""
    number = message["job"]
    try:
        with marked(message["mark"]):
            result = handler(message["kind"], message["payload"], lambda data: send({"job": number, "event": data}))
        send({"job": number, "result": result})
    except Exception as error:
        send({"job": number, "error": error_to_json(error)})


class Rounds:
    """A resident's life: take in what came, step, tell, again."""

    def __init__(self, resident: Resident, inbox: Inbox, send: Send) -> None:
        self._resident = resident
        self._inbox = inbox
        self._send = send
        self._facts_due = time.monotonic()

    def run(self) -> None:
        """Until told to stop; sleeps while there is nothing to do."""
        while self._take_in():
            if not self._resident.idle:
                for word in self._resident.step():
                    self._tell(word)
            if time.monotonic() >= self._facts_due:
                self._send({"facts": self._resident.facts()})
                self._facts_due = time.monotonic() + FACTS_S

    def _take_in(self) -> bool:
        """Everything that came meanwhile; waits for something only while idle. False: it is time to stop."""
        try:
            while True:
                wait_s = max(0.0, self._facts_due - time.monotonic()) if self._resident.idle else 0.0
                message = self._inbox.get(timeout=wait_s) if wait_s else self._inbox.get_nowait()
                if "stop" in message:
                    return False
                if "cancel" in message:
                    self._resident.cancel(str(message["cancel"]))
                else:
                    self._admit(message)
        except queue.Empty:
            return True

    def _admit(self, message: Json) -> None:
        try:
            with marked(message["mark"]):
                self._resident.admit(str(message["job"]), message["kind"], message["payload"])
        except Exception as error:
            self._send({"job": message["job"], "error": error_to_json(error)})

    def _tell(self, word: Told | Done | Failed) -> None:
        number = int(word.job)
        try:
            if isinstance(word, Told):
                self._send({"job": number, "event": word.data})
            elif isinstance(word, Done):
                self._send({"job": number, "result": word.result})
            else:
                self._send({"job": number, "error": error_to_json(word.error)})
        except (TypeError, ValueError) as error:
            self._resident.cancel(word.job)
            self._send({"job": number, "error": error_to_json(error)})
