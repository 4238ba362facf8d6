"""The guarded child from outside: started, given so long, ended with everything that it started.

In: an order, an open upload, the child's folder. Out: the child's answer. Raises `Faulty` for what the child found,
for what it ran out of, and for what killed it; `JobError` when it could not even begin. Conventions: the child has a
process group of its own, which is killed in every case before it is forgotten. Caveat: needs a POSIX system.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from engine.errors import JobError
from engine.learn.uploads.faults import Fault, Faulty
from engine.learn.uploads.order import ANSWER, ERRORS, MOST_ANSWER_BYTES, READY, UNABLE, Order

log = logging.getLogger(__name__)

MODULE = "engine.learn.uploads.child"
LAST_WORDS = 2000
OUT_OF_TIME = frozenset({signal.SIGXCPU, signal.SIGKILL})


def ask(order: Order, upload: int, folder: Path) -> dict[str, Any]:
    """Have the child do an order on the upload that is open as file descriptor `upload`."""
    with open(folder / ERRORS, "wb") as errors:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, order.to_json()],
            stdin=upload, stdout=subprocess.DEVNULL, stderr=errors, cwd=folder, env=_environment(folder),
            start_new_session=True,
        )  # fmt: skip
    try:
        in_time = _ended(child, order.limits.wall_s)
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        status = child.wait()
    if not in_time:
        raise _overrun(order)
    return _answer(order, folder, status)


def _environment(folder: Path) -> dict[str, str]:
    """As little as a child needs; nothing of ours, no secrets, one thread."""
    return {
        "PATH": os.defpath,
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(Path(__file__).resolve().parents[3]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


def _ended(child: subprocess.Popen[bytes], wall_s: float) -> bool:
    """Whether the child ends within its time; it is not reaped, so its group cannot become somebody else's."""
    if not hasattr(os, "pidfd_open"):
        with suppress(subprocess.TimeoutExpired):
            child.wait(wall_s)
        return child.returncode is not None
    handle = os.pidfd_open(child.pid)
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(wall_s * 1000))
    finally:
        os.close(handle)


def _answer(order: Order, folder: Path, status: int) -> dict[str, Any]:
    """What the child wrote, or why it did not."""
    path = folder / ANSWER
    data = b""
    with suppress(FileNotFoundError), path.open("rb") as file:
        data = file.read(MOST_ANSWER_BYTES)
    words = (folder / ERRORS).read_bytes()[-LAST_WORDS:].decode(errors="replace").strip()
    if not data.startswith(READY) or status == UNABLE:
        log.error("The reader of uploads ended with status %d before it began:\n%s", status, words)
        raise JobError(f"The reader of uploads ended with status {status} before it began.")
    if status == 0:
        answer: dict[str, Any] = json.loads(data.removeprefix(READY))
        if "fault" in answer:
            raise Faulty(Fault(answer["fault"]), answer["text"])
        return answer
    if -status in OUT_OF_TIME:
        raise _overrun(order)
    log.error("An upload ended its reader with status %d:\n%s", status, words)
    raise Faulty(Fault.CRASHED, "cannot be read: it brought its reader down; export it once more, as another format")


def _overrun(order: Order) -> Faulty:
    seconds = min(order.limits.cpu_s, order.limits.wall_s)
    return Faulty(Fault.TOO_MUCH, f"takes more than {seconds:g} s to read, which is too long; a shorter one would work")
