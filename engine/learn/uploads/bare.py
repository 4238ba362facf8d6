"""The container of sound laid bare, whichever it is: what a decoder may see of an upload.

In: the upload's bytes, what they are, limits. Out: `Bare`. Raises `Faulty`. Conventions: pure Python, so that files
whose structure is wrong are answered before any codec is loaded; a claimed length over the limit is believed. Caveat:
a header that claims less than there is is found out by the decoder alone.
"""

from __future__ import annotations

from engine.learn.uploads.boxes import bare_m4a
from engine.learn.uploads.faults import Fault, Faulty, length_text
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.pages import bare_ogg
from engine.learn.uploads.plain import Bare, bare_aac, bare_flac, bare_mp3, bare_wav
from engine.learn.uploads.sniff import Bytes, Container, Sniffed


def bared(data: Bytes, sniffed: Sniffed, limits: Limits) -> Bare:
    """The container without what no decoder needs; a claim over the limit is refused."""
    match sniffed.container:
        case Container.MP3:
            bare = bare_mp3(data, sniffed.start, limits.max_seconds)
        case Container.AAC:
            bare = bare_aac(data, sniffed.start, limits.max_seconds)
        case Container.WAV:
            bare = bare_wav(data, sniffed.start, limits)
        case Container.FLAC:
            bare = bare_flac(data, sniffed.start, limits)
        case Container.OGG:
            bare = bare_ogg(data, sniffed.start, limits)
        case _:
            bare = bare_m4a(data, sniffed.start)
    check_claim(bare.claimed_s, limits)
    return bare


def check_claim(claimed_s: float | None, limits: Limits) -> None:
    """Raise for a length over the limit."""
    if claimed_s is not None and claimed_s > limits.max_seconds + 1:
        raise Faulty(
            Fault.TOO_LONG,
            f"says that it lasts {length_text(claimed_s)}; at most {limits.max_seconds / 60:g} min would work",
        )
