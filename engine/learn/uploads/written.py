"""A `MidiFile` as JSON and back: how a score crosses from the guarded child to whoever asked.

In and out: plain JSON values. Conventions: each note is `[onset, pitch, duration, velocity]`. Caveat: what comes back
is checked for nothing but its shape, for the child wrote it.
"""

from __future__ import annotations

from typing import Any

from engine.music.harmony import Key, Mode
from engine.music.midi.file import KeyChange, MeterChange, MidiFile, MidiTrack, TempoChange
from engine.music.notes import Note, Role


def midi_to_json(file: MidiFile) -> dict[str, Any]:
    """All of it."""
    return {
        "tempo": file.tempo_bpm,
        "meters": [[m.tick, m.numerator, m.denominator] for m in file.meters],
        "keys": [[k.tick, k.key.tonic, k.key.mode.value] for k in file.key_signatures],
        "tempos": [[t.tick, t.bpm] for t in file.tempos],
        "tracks": [
            {
                "name": t.name, "program": t.program, "drum": t.is_drum, "role": t.role.value if t.role else None,
                "notes": [[n.onset, n.pitch, n.duration, n.velocity] for n in t.notes],
            }
            for t in file.tracks
        ],
    }  # fmt: skip


def midi_from_json(data: dict[str, Any]) -> MidiFile:
    """What `midi_to_json` wrote."""
    return MidiFile(
        tempo_bpm=data["tempo"],
        meters=tuple(MeterChange(tick=t, numerator=n, denominator=d) for t, n, d in data["meters"]),
        key_signatures=tuple(
            KeyChange(tick=t, key=Key(tonic=tonic, mode=Mode(mode))) for t, tonic, mode in data["keys"]
        ),
        tempos=tuple(TempoChange(tick=t, bpm=bpm) for t, bpm in data["tempos"]),
        tracks=tuple(
            MidiTrack(
                name=t["name"], program=t["program"], is_drum=t["drum"], role=Role(t["role"]) if t["role"] else None,
                notes=tuple(Note(onset=o, pitch=p, duration=d, velocity=v) for o, p, d, v in t["notes"]),
            )
            for t in data["tracks"]
        ),
    )  # fmt: skip
