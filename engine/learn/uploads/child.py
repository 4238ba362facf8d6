"""The guarded child: `python -P -m engine.learn.uploads.child ORDER`, the only place where foreign bytes are parsed.

In: an order (JSON: what to do, the limits, the forms) as the argument, the upload as standard input, its own empty
folder as working directory. Out: `answer.json` there, behind a line that says that it was ready, and the files of the
order. Conventions: it limits itself before it looks at a byte; once everything is imported and every file is open, it
gives up opening files at all, so that no codec can reach another file or a socket; it dies with its parent. Caveat:
on systems other than Linux the death of the parent goes unnoticed, and the limit of CPU time ends it.
"""

from __future__ import annotations

import codecs
import ctypes
import errno
import json
import mmap
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from typing import Any, BinaryIO

from engine.learn.uploads.bare import bared
from engine.learn.uploads.faults import Fault, Faulty
from engine.learn.uploads.limits import Form, Limits
from engine.learn.uploads.musicxml import packed_score_text, score_text
from engine.learn.uploads.order import ANSWER, FINGERPRINT, READY, SCORE, UNABLE, Order
from engine.learn.uploads.smf import midi_bytes
from engine.learn.uploads.sniff import Bytes, Container, Sniffed, sniff

CHECKS: dict[Container, Callable[[Bytes, int, Limits], bytes | str]] = {
    Container.MIDI: midi_bytes,
    Container.MUSICXML: score_text,
    Container.MXL: packed_score_text,
}
"""What is done to files of notes before their readers are loaded."""
PR_SET_PDEATHSIG = 1
SPARE_CPU_S = 2
NICENESS = 10
LATE_CODECS = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "ascii", "latin-1", "cp1252", "idna", "cp437")
"""Encodings that Python would load when they are first needed, which is too late here."""

Work = Callable[[], dict[str, Any]]


def main() -> None:
    """Do one order."""
    order = Order.from_json(sys.argv[1])
    confine(order.limits, order.parent)
    with open(ANSWER, "wb", buffering=0) as answer:
        try:
            result = _serve(order, answer)
        except Faulty as fault:
            result = {"fault": fault.fault.value, "text": fault.text}
        except MemoryError:
            result = _too_much("memory")
        except ImportError:
            traceback.print_exc()
            sys.exit(UNABLE)
        except OSError as error:
            if error.errno == errno.EMFILE:
                result = {"fault": Fault.REFERENCE.value, "text": "asked for another file, and those are never opened"}
            elif error.errno in (errno.EFBIG, errno.ENOSPC):
                result = _too_much("disk space")
            else:
                raise
        answer.write(json.dumps(result).encode())


def confine(limits: Limits, parent: int) -> None:
    """Set the limits of this process; die with the parent."""
    for kind, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + SPARE_CPU_S),
        (resource.RLIMIT_FSIZE, limits.max_output_bytes, limits.max_output_bytes),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        _, given = resource.getrlimit(kind)
        most = hard if given == resource.RLIM_INFINITY else min(hard, given)
        resource.setrlimit(kind, (min(soft, most), most))
    os.nice(NICENESS)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _serve(order: Order, answer: BinaryIO) -> dict[str, Any]:
    """Sniff, import what that needs, open the files, let go of everything else, read."""
    size = os.fstat(0).st_size
    with mmap.mmap(0, size, access=mmap.ACCESS_READ) as data:
        answer.write(READY)
        sniffed = sniff(data)
        work = (_score_work if sniffed.container in CHECKS else _sound_work)(order, data, sniffed)
        for name in LATE_CODECS:
            codecs.lookup(name)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
        return {"container": sniffed.container.value} | work()


def _sound_work(order: Order, data: Bytes, sniffed: Sniffed) -> Work:
    bare = bared(data, sniffed, order.limits)

    from engine.learn.uploads.hearing import hear, prepare, probe_sound  # noqa: PLC0415 - only sound needs the codecs

    prepare()
    if order.task == "probe":
        return lambda: probe_sound(bare, sniffed.container, order.limits)
    files: dict[Form, BinaryIO] = {
        form: open(form.file_name, "w+b")  # noqa: SIM115 - open until the process ends
        for form in order.forms
    }
    prints = open(FINGERPRINT, "w+b")  # noqa: SIM115 - the same
    return lambda: _closed(hear(bare, sniffed.container, order.limits, files, prints), *files.values(), prints)


def _score_work(order: Order, data: Bytes, sniffed: Sniffed) -> Work:
    checked = CHECKS[sniffed.container](data, sniffed.start, order.limits)

    from engine.learn.uploads.reading import prepare, read_notes  # noqa: PLC0415 - only scores need their readers

    prepare(sniffed.container)
    if order.task == "probe":
        return lambda: read_notes(checked, order.limits, None, None)
    score, prints = open(SCORE, "w+b"), open(FINGERPRINT, "w+b")  # noqa: SIM115 - the same
    return lambda: _closed(read_notes(checked, order.limits, score, prints), score, prints)


def _closed(facts: dict[str, Any], *files: BinaryIO) -> dict[str, Any]:
    for file in files:
        file.close()
    return facts


def _too_much(what: str) -> dict[str, Any]:
    return {
        "fault": Fault.TOO_MUCH.value,
        "text": f"needs more {what} than one upload may have; a shorter one would work",
    }


if __name__ == "__main__":
    main()
