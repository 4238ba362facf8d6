"""A performed song to a Standard MIDI File, byte for byte the same each time.

In: a `PerformedSong` and, for each role, the style's `Part` (volume, pan, sends). Out: a type-1 file at 960 ticks a
quarter: a conductor track (title, tempo, meter, key signature, a marker for each section, chords as text events),
then one named track a role. Conventions: channels 1–4 for melody, counter, harmony and bass, 10 for drums; within a
tick, settings come first, then notes off, then notes on. 0 dB of gain is volume 100. Caveat: MIDI knows only major
and minor, so the other modes are written with the right signature and the nearer of the two.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from engine.music.harmony import Key, Mode
from engine.music.notes import Role, Song
from engine.music.performance import PERFORMED_PER_WRITTEN, PERFORMED_TICKS_PER_QUARTER, PerformedSong, PerformedTrack
from engine.music.styles import Part
from engine.music.timing import Meter

CHANNELS = {Role.MELODY: 0, Role.COUNTER: 1, Role.HARMONY: 2, Role.BASS: 3, Role.DRUMS: 9}
"""MIDI channel of a role, counted from 0."""

FULL_VOLUME = 100
VOLUME, PAN, EXPRESSION, REVERB, CHORUS = 7, 10, 11, 91, 93
MINOR_LIKE = frozenset({Mode.MINOR, Mode.DORIAN, Mode.PHRYGIAN, Mode.LOCRIAN})
TEXT, TRACK_NAME, MARKER, END_OF_TRACK, TEMPO, METER, KEY = 0x01, 0x03, 0x06, 0x2F, 0x51, 0x58, 0x59
SETTING, OFF, ON = 0, 1, 2

_Event = tuple[int, int, bytes]
"""Tick, order within the tick, the event's bytes."""


def write_midi(performed: PerformedSong, parts: Mapping[Role, Part]) -> bytes:
    """Write the file; a role without a part gets neutral settings. `ValueError` for notes that MIDI cannot hold."""
    end = performed.song.bars * performed.song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    chunks = [_chunk(_conductor(performed.song), end)]
    chunks += [_chunk(_track(track, parts.get(track.role)), end) for track in performed.tracks]
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(chunks), PERFORMED_TICKS_PER_QUARTER)
    return header + b"".join(chunks)


def _conductor(song: Song) -> list[_Event]:
    per_bar = song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    tempo_us = round(60_000_000 / song.tempo_bpm)
    events = [
        (0, SETTING, _meta(TRACK_NAME, (song.title or "Tunesmith").encode())),
        (0, SETTING, _meta(TEXT, f"Tunesmith, style {song.style}".encode())),
        (0, SETTING, _meta(TEMPO, tempo_us.to_bytes(3, "big"))),
        (0, SETTING, _meta(METER, _meter(song.meter))),
        (0, SETTING, _meta(KEY, _key_signature(song.key))),
    ]
    for section in song.sections:
        words = f"{section.kind.value.capitalize()} {section.label}".strip()
        events.append((section.start_bar * per_bar, SETTING, _meta(MARKER, words.encode())))
    before = None
    for half, chord in enumerate(song.chords):
        if chord is not None and chord != before:
            name = chord.name(song.key)
            events.append((half * per_bar // 2, SETTING, _meta(TEXT, name.encode())))
        before = chord
    return events


def _track(track: PerformedTrack, part: Part | None) -> list[_Event]:
    channel = CHANNELS[track.role]
    events = [(0, SETTING, _meta(TRACK_NAME, track.role.value.capitalize().encode()))]
    events += [(0, SETTING, bytes((0xB0 | channel, number, value))) for number, value in _controls(part)]
    events.append((0, SETTING, bytes((0xC0 | channel, track.program))))
    for note in track.notes:
        if not (0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 and note.onset >= 0 and note.duration >= 1):
            raise ValueError(f"MIDI cannot hold {note}")
        events.append((note.onset, ON, bytes((0x90 | channel, note.pitch, note.velocity))))
        events.append((note.end, OFF, bytes((0x80 | channel, note.pitch, 0))))
    return events


def _controls(part: Part | None) -> tuple[tuple[int, int], ...]:
    """Controller numbers and values 0–127; volume follows General MIDI's 40·log10 law."""
    gain_db, pan, reverb, chorus = (part.gain_db, part.pan, part.reverb, part.chorus) if part else (0.0, 0.0, 0.2, 0.0)
    return (
        (VOLUME, _seven_bits(FULL_VOLUME * 10 ** (gain_db / 40))),
        (PAN, _seven_bits(64 + 63 * pan)),
        (EXPRESSION, 127),
        (REVERB, _seven_bits(127 * reverb)),
        (CHORUS, _seven_bits(127 * chorus)),
    )


def _seven_bits(value: float) -> int:
    return min(max(round(value), 0), 127)


def _meter(meter: Meter) -> bytes:
    """Numerator, denominator as a power of two, MIDI clocks a felt beat (24 a quarter), 32nds a quarter."""
    return bytes((meter.numerator, meter.denominator.bit_length() - 1, meter.beat_ticks, 8))


def _key_signature(key: Key) -> bytes:
    return struct.pack(">bB", key.fifths, int(key.mode in MINOR_LIKE))


def _meta(kind: int, data: bytes) -> bytes:
    return bytes((0xFF, kind)) + _variable(len(data)) + data


def _variable(number: int) -> bytes:
    """A MIDI variable-length quantity: seven bits a byte, the highest first."""
    groups = [number & 0x7F]
    while number := number >> 7:
        groups.append(0x80 | (number & 0x7F))
    return bytes(reversed(groups))


def _chunk(events: Iterable[_Event], end: int) -> bytes:
    """One `MTrk`; it ends at `end` or with its last event."""
    body = bytearray()
    now = 0
    for tick, _, data in sorted(events, key=lambda event: event[:2]):
        body += _variable(tick - now) + data
        now = tick
    body += _variable(max(end - now, 0)) + _meta(END_OF_TRACK, b"")
    return struct.pack(">4sI", b"MTrk", len(body)) + bytes(body)
