"""A MIDI file walked through before a reader gets it: is it whole, how much is in it, are its tempos of this world.

In: bytes that begin with `MThd`. Out: the same bytes; raises `Faulty`. Conventions: stops at the first limit that is
passed, so a file of a million notes costs no more than one of the most that are allowed. Source: the Standard MIDI
File specification 1.1. Caveat: tolerant where programs are sloppy (no end-of-track event, bytes behind the last
track).
"""

from __future__ import annotations

from engine.learn.uploads.faults import Fault, Faulty
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.sniff import Bytes

SLOWEST_BPM, FASTEST_BPM = 4.0, 1200.0
MOST_TRACKS = 256
EVENTS_A_NOTE = 12
"""Events that are allowed for each note that is: controllers and bends come in streams."""
QUARTERS_A_SECOND = 20.0
DATA_BYTES = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}
TEMPO, META, SYSEX, ESCAPE = 0x51, 0xFF, 0xF0, 0xF7
CUT = "breaks off in the middle; upload it whole"
BROKEN = "is a damaged MIDI file that cannot be read; export it once more"


class _Count:
    """Notes and events of the whole file."""

    def __init__(self, limits: Limits, division: int) -> None:
        self.limits, self.division = limits, division
        self.notes = self.events = 0

    def event(self, tick: int, note: bool) -> None:
        self.events += 1
        self.notes += note
        most = self.limits.max_notes
        if self.notes > most:
            raise Faulty(Fault.TOO_MANY_NOTES, f"has more than {most:,} notes; a shorter piece would work")
        if self.events > EVENTS_A_NOTE * most:
            raise Faulty(
                Fault.TOO_MANY_NOTES, f"has more than {EVENTS_A_NOTE * most:,} events; a shorter piece would work"
            )
        if tick > self.division * QUARTERS_A_SECOND * self.limits.max_seconds:
            minutes = self.limits.max_seconds / 60
            raise Faulty(Fault.TOO_LONG, f"lasts longer than {minutes:g} min at any tempo; a shorter piece would work")


def midi_bytes(data: Bytes, start: int, limits: Limits) -> bytes:
    """A MIDI upload, bare or in RIFF, once it was walked through."""
    body = bytes(data[start : start + limits.max_score_bytes + 1])
    if body.startswith(b"RIFF"):
        body = body[20 : 20 + int.from_bytes(body[16:20], "little")] if body[12:16] == b"data" else b""
    if len(body) > limits.max_score_bytes:
        most = f"{limits.max_score_bytes:,}"
        raise Faulty(Fault.TOO_LARGE, f"is a MIDI file of more than {most} bytes; a shorter one would work")
    check_midi(body, limits)
    return body


def check_midi(data: bytes, limits: Limits) -> None:
    """Walk through all tracks."""
    if len(data) < 14:
        raise Faulty(Fault.TRUNCATED, CUT)
    size, division = int.from_bytes(data[4:8], "big"), int.from_bytes(data[12:14], "big")
    if data[:4] != b"MThd" or size < 6 or division == 0 or int.from_bytes(data[8:10], "big") > 2:
        raise Faulty(Fault.DAMAGED, BROKEN)
    if division & 0x8000:
        raise Faulty(Fault.UNSUPPORTED, "is a MIDI file that counts film frames; one that counts beats would work")
    wanted = int.from_bytes(data[10:12], "big")
    if wanted > MOST_TRACKS:
        raise Faulty(Fault.DAMAGED, f"says that it has {wanted} tracks; at most {MOST_TRACKS} would work")
    count, at, tracks = _Count(limits, division), 8 + size, 0
    while at + 8 <= len(data) and tracks < wanted:
        length, body = int.from_bytes(data[at + 4 : at + 8], "big"), at + 8
        if data[at : at + 4] == b"MTrk":
            tracks += 1
            if body + length > len(data):
                raise Faulty(Fault.TRUNCATED, CUT)
            _walk(data, body, body + length, count)
        at = body + length
    if tracks < wanted:
        raise Faulty(Fault.TRUNCATED, CUT)


def _walk(data: bytes, at: int, end: int, count: _Count) -> None:
    """One track's events."""
    tick = status = 0
    while at < end:
        delta, at = _variable(data, at, end)
        tick += delta
        if at >= end:
            raise Faulty(Fault.DAMAGED, BROKEN)
        if data[at] & 0x80:
            status, at = data[at], at + 1
        elif not 0x80 <= status < 0xF0:
            raise Faulty(Fault.DAMAGED, BROKEN)
        if status in (META, SYSEX, ESCAPE):
            kind = data[at] if status == META and at < end else 0
            size, body = _variable(data, at + (status == META), end)
            if body + size > end:
                raise Faulty(Fault.DAMAGED, BROKEN)
            if status == META and kind == TEMPO:
                micros = int.from_bytes(data[body : body + size], "big")
                check_tempo(60_000_000 / micros if micros and size == 3 else float("inf"))
            at, status = body + size, 0
            count.event(tick, False)
        elif status < 0xF0:
            size = DATA_BYTES[status & 0xF0]
            if at + size > end:
                raise Faulty(Fault.DAMAGED, BROKEN)
            count.event(tick, status & 0xF0 == 0x90 and data[at + 1] > 0)
            at += size
        else:
            raise Faulty(Fault.DAMAGED, BROKEN)


def _variable(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A variable-length number of at most four bytes, and the offset behind it."""
    value = 0
    for index in range(at, min(at + 4, end)):
        value = value << 7 | data[index] & 0x7F
        if not data[index] & 0x80:
            return value, index + 1
    raise Faulty(Fault.DAMAGED, BROKEN)


def check_tempo(bpm: float) -> None:
    """Raise for a tempo that no music has."""
    if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
        raise Faulty(
            Fault.ABSURD_TEMPO,
            f"has a tempo of {bpm:.4g} beats a minute; between {SLOWEST_BPM:g} and {FASTEST_BPM:g} would work",
        )
