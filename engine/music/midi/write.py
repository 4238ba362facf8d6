"""A performed song to a Standard MIDI File, byte for byte the same each time.

In: a `PerformedSong` and, for each role, the style's `Part` (volume, pan, sends). Out: a type-1 file at 960 ticks a
quarter: a conductor track (title, tempo and its changes, meter, key signature, a marker for each section, chords as
text events), then a track a role, with its instrument's name and its sustain pedal, and behind it one for what doubles
it. Conventions: channels 1–4 for melody, counter, harmony and bass, 5–8 for their doublings, 10 for drums;
within a tick, settings come first, then notes off, then notes on. 0 dB of gain is volume 100. Caveat: MIDI knows only
major and minor, so the other modes are written with the right signature and the nearer of the two.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping

from engine.music.harmony import Key, Mode
from engine.music.instruments import kit_name, program_name
from engine.music.notes import Note, Role
from engine.music.performance import (
    PERFORMED_PER_WRITTEN,
    PERFORMED_TICKS_PER_QUARTER,
    Layer,
    PerformedSong,
    PerformedTrack,
)
from engine.music.styles import Part
from engine.music.timing import Meter

CHANNELS = {Role.MELODY: 0, Role.COUNTER: 1, Role.HARMONY: 2, Role.BASS: 3, Role.DRUMS: 9}
"""MIDI channel of a role, counted from 0."""
LAYER_CHANNELS = {Role.MELODY: 4, Role.COUNTER: 5, Role.HARMONY: 6, Role.BASS: 7, Role.DRUMS: 10}
"""MIDI channel of what doubles a role."""

FULL_VOLUME = 100
VOLUME, PAN, EXPRESSION, PEDAL, REVERB, CHORUS = 7, 10, 11, 64, 91, 93
PEDAL_DOWN, PEDAL_UP = 127, 0
MINOR_LIKE = frozenset({Mode.MINOR, Mode.DORIAN, Mode.PHRYGIAN, Mode.LOCRIAN})
TEXT, TRACK_NAME, INSTRUMENT_NAME, MARKER, END_OF_TRACK, TEMPO, METER, KEY = (
    0x01,
    0x03,
    0x04,
    0x06,
    0x2F,
    0x51,
    0x58,
    0x59,
)
SETTING, OFF, ON = 0, 1, 2

_Event = tuple[int, int, bytes]
"""Tick, order within the tick, the event's bytes."""


def write_midi(performed: PerformedSong, parts: Mapping[Role, Part]) -> bytes:
    """Write the file; a role without a part gets neutral settings. `ValueError` for notes that MIDI cannot hold."""
    end = performed.song.bars * performed.song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    chunks = [_chunk(_conductor(performed), end)]
    for track in performed.tracks:
        part = parts.get(track.role)
        chunks.append(_chunk(_track(track, part), end))
        if track.layer is not None:
            chunks.append(_chunk(_layer(track, track.layer, part), end))
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, len(chunks), PERFORMED_TICKS_PER_QUARTER)
    return header + b"".join(chunks)


def channels_of(track: PerformedTrack) -> tuple[int, ...]:
    """The MIDI channels that a role sounds on."""
    return (CHANNELS[track.role], *(() if track.layer is None else (LAYER_CHANNELS[track.role],)))


def _conductor(performed: PerformedSong) -> list[_Event]:
    song = performed.song
    per_bar = song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    tempi = [(change.onset, change.bpm) for change in performed.tempi] or [(0, song.tempo_bpm)]
    events = [
        (0, SETTING, _meta(TRACK_NAME, (song.title or "Tunesmith").encode())),
        (0, SETTING, _meta(TEXT, f"Tunesmith, style {song.style}".encode())),
        *((onset, SETTING, _meta(TEMPO, round(60_000_000 / bpm).to_bytes(3, "big"))) for onset, bpm in tempi),
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
    name = kit_name(track.program) if track.role is Role.DRUMS else program_name(track.program)
    gain_db, pan = (part.gain_db, part.pan) if part else (0.0, 0.0)
    events = _head(channel, track.role.value.capitalize(), name, track.program)
    events += _controls(channel, gain_db, pan, part)
    for press in track.pedal:
        events.append((press.onset, SETTING, bytes((0xB0 | channel, PEDAL, PEDAL_DOWN))))
        events.append((press.end, SETTING, bytes((0xB0 | channel, PEDAL, PEDAL_UP))))
    return events + _notes(channel, track.notes)


def _layer(track: PerformedTrack, layer: Layer, part: Part | None) -> list[_Event]:
    channel = LAYER_CHANNELS[track.role]
    gain_db = layer.gain_db + (part.gain_db if part else 0.0)
    events = _head(channel, f"{track.role.value.capitalize()} doubled", program_name(layer.program), layer.program)
    events += _controls(channel, gain_db, layer.pan, part)
    return events + _notes(channel, layer.notes)


def _head(channel: int, name: str, instrument: str, program: int) -> list[_Event]:
    return [
        (0, SETTING, _meta(TRACK_NAME, name.encode())),
        (0, SETTING, _meta(INSTRUMENT_NAME, instrument.encode())),
        (0, SETTING, bytes((0xC0 | channel, program))),
    ]


def _notes(channel: int, notes: Iterable[Note]) -> list[_Event]:
    events: list[_Event] = []
    for note in notes:
        if not (0 <= note.pitch <= 127 and 1 <= note.velocity <= 127 and note.onset >= 0 and note.duration >= 1):
            raise ValueError(f"MIDI cannot hold {note}")
        events.append((note.onset, ON, bytes((0x90 | channel, note.pitch, note.velocity))))
        events.append((note.end, OFF, bytes((0x80 | channel, note.pitch, 0))))
    return events


def _controls(channel: int, gain_db: float, pan: float, part: Part | None) -> list[_Event]:
    """Volume by General MIDI's 40·log10 law, pan, expression, sends."""
    reverb, chorus = (part.reverb, part.chorus) if part else (0.2, 0.0)
    values = (
        (VOLUME, FULL_VOLUME * 10 ** (gain_db / 40)),
        (PAN, 64 + 63 * pan),
        (EXPRESSION, 127),
        (REVERB, 127 * reverb),
        (CHORUS, 127 * chorus),
    )
    return [(0, SETTING, bytes((0xB0 | channel, number, _seven_bits(value)))) for number, value in values]


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
