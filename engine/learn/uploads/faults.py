"""What can be wrong with an upload, and the error that says so.

    BadRequest (engine.errors)
    └── BadUpload      one sentence for the person; `fault` says of which kind it is

In: a fault and what the file does, in words. Out: a sentence. Conventions: whoever finds a fault raises `Faulty` with
the sentence's second half ("is a video; …"), for only the caller knows the file's name. Caveat: a name is foreign
text: `shown_name` takes out what could hide or shout in a message.
"""

from __future__ import annotations

import unicodedata
from enum import StrEnum

from engine.errors import BadRequest

LONGEST_NAME = 60
LOUD = frozenset("@`*_~|<>\\")
AUDIO_HELP = "an mp3, ogg, wav, flac or m4a file would work"


class Fault(StrEnum):
    """The kinds of fault, each with sentences of its own."""

    EMPTY = "empty"
    TOO_LARGE = "too large"
    NOT_MUSIC = "not music"
    UNSUPPORTED = "unsupported"
    REFERENCE = "reference"
    VIDEO = "video"
    NO_AUDIO = "no audio"
    ENCRYPTED = "encrypted"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TOO_LONG = "too long"
    TOO_SHORT = "too short"
    SILENT = "silent"
    CLIPPED = "clipped"
    NOT_NUMBERS = "not numbers"
    TOO_MANY_CHANNELS = "too many channels"
    ODD_RATE = "odd rate"
    CHANGES = "changes"
    BOMB = "bomb"
    TOO_MANY_NOTES = "too many notes"
    ABSURD_TEMPO = "absurd tempo"
    NO_NOTES = "no notes"
    TOO_MUCH = "too much"
    CRASHED = "crashed"


class Faulty(Exception):  # noqa: N818 (never leaves this package)
    """A fault that was found. `text` completes "The file 'x.mp3' …"."""

    def __init__(self, fault: Fault, text: str) -> None:
        super().__init__(text)
        self.fault = fault
        self.text = text


class BadUpload(BadRequest):
    """An upload that cannot be taken; `str(error)` is one sentence for whoever uploaded it."""

    def __init__(self, fault: Fault, name: str, text: str) -> None:
        super().__init__(f"The file {shown_name(name)!r} {text}.")
        self.fault = fault


def shown_name(name: str) -> str:
    """A file name as it may stand in a sentence: one line, of modest length, nothing that formats or mentions."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    plain = "".join(c for c in last if c.isprintable() and c not in LOUD and unicodedata.category(c) != "Cf").strip()
    if len(plain) > LONGEST_NAME:
        stem, dot, ending = plain.rpartition(".")
        ending = dot + ending if stem and len(ending) < 10 else ""
        plain = plain[: LONGEST_NAME - len(ending) - 1] + "…" + ending
    return plain or "upload"


def length_text(seconds: float) -> str:
    """`"3 s"`, `"12 min"`, `"3 h"`: a length as people say it, however absurd."""
    if seconds < 100:
        return f"{seconds:.3g} s"
    if seconds < 6000:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:,.0f} h"
