"""MIDI files built byte by byte, and short-hands for notes."""

from __future__ import annotations

from collections.abc import Sequence

from engine.music.midi.file import MidiTrack
from engine.music.notes import Note, Role

PPQ = 480


def vlq(value: int) -> bytes:
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def meta(kind: int, data: bytes) -> bytes:
    return b"\xff" + bytes([kind]) + vlq(len(data)) + data


def tempo(bpm: float) -> bytes:
    return meta(0x51, round(60_000_000 / bpm).to_bytes(3, "big"))


def meter(numerator: int, power: int) -> bytes:
    return meta(0x58, bytes([numerator, power, 24, 8]))


def chunk(events: Sequence[tuple[int, bytes]]) -> bytes:
    """A track chunk of (absolute tick, event) pairs."""
    body, last = b"", 0
    for tick, event in sorted(events, key=lambda pair: pair[0]):
        body += vlq(tick - last) + event
        last = tick
    body += b"\x00" + meta(0x2F, b"")
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def track(
    notes: Sequence[tuple[int, int, int]], *, channel: int = 0, name: str = "", program: int = 0, velocity: int = 90
) -> bytes:
    """A track of (onset, pitch, duration), in ticks of 1/480 quarter."""
    events = [(0, meta(0x03, name.encode())), (0, bytes([0xC0 | channel, program]))]
    for onset, pitch, duration in notes:
        events.append((onset, bytes([0x90 | channel, pitch, velocity])))
        events.append((onset + duration, bytes([0x80 | channel, pitch, 0])))
    return chunk(events)


def midi(*tracks: bytes) -> bytes:
    """A type-1 file."""
    header = (6).to_bytes(4, "big") + (1).to_bytes(2, "big") + len(tracks).to_bytes(2, "big") + PPQ.to_bytes(2, "big")
    return b"MThd" + header + b"".join(tracks)


def note(onset: int, pitch: int, duration: int = 24, velocity: int = 80) -> Note:
    return Note(onset=onset, pitch=pitch, duration=duration, velocity=velocity)


def part(
    notes: Sequence[Note], name: str = "", program: int = 0, *, drum: bool = False, role: Role | None = None
) -> MidiTrack:
    return MidiTrack(name=name, program=program, is_drum=drum, notes=tuple(sorted(notes)), role=role)


def chords_of(roots: Sequence[tuple[int, ...]], length: int = 48) -> list[Note]:
    """Block chords, one after the other, each of `length` ticks."""
    return [note(index * length, pitch, length) for index, chord in enumerate(roots) for pitch in chord]
