"""MIDI bytes → `MidiFile`. The one home of symusic.

In: the bytes of a standard MIDI file of any kind. Out: tracks with name, program, drum flag and notes in 24-tick units,
the maps of meter, key and tempo. Conventions: onsets and ends are rounded to the nearest tick, a note lasts at least
one. Caveat: an unreadable or empty file is an error; illegal key signatures and meters inside a readable file are
passed over.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import symusic
from symusic.core import ScoreTick, TrackTick

from engine.errors import BadRequest
from engine.music.harmony import WHITE_TONIC, Key, Mode
from engine.music.midi.file import DEFAULT_BPM, KeyChange, MeterChange, MidiFile, MidiTrack, TempoChange, main_tempo
from engine.music.notes import Note
from engine.music.timing import TICKS_PER_QUARTER

LOWEST_BPM, HIGHEST_BPM = 10.0, 500.0
MAX_BYTES = 20_000_000
MAX_NOTES = 500_000


def read_midi(data: bytes, *, ticks_per_quarter: int = TICKS_PER_QUARTER) -> MidiFile:
    """Read a MIDI file. Raises `BadRequest` if it cannot be read or holds no note.

    `ticks_per_quarter` asks for a finer unit than the usual 24 (to measure human timing); all ticks then count in it.
    """
    if not data.startswith((b"MThd", b"RIFF")):
        raise BadRequest("The file is no MIDI file (it does not begin with 'MThd'); a standard .mid file would work.")
    if len(data) > MAX_BYTES:
        raise BadRequest(f"The MIDI file has {len(data)} bytes; one of at most {MAX_BYTES} bytes would work.")
    try:
        score: Any = symusic.Score.from_midi(data, ttype="tick")
    except (RuntimeError, ValueError, IndexError, OverflowError, MemoryError) as error:
        raise BadRequest("The MIDI file is damaged and cannot be read; a complete .mid file would work.") from error
    if not score.ticks_per_quarter > 0:
        raise BadRequest("The MIDI file counts frames, not beats; one with ticks a quarter note would work.")
    scale = ticks_per_quarter / score.ticks_per_quarter
    if sum(len(track.notes) for track in score.tracks) > MAX_NOTES:
        raise BadRequest(f"The MIDI file has more than {MAX_NOTES} notes; a shorter one would work.")
    tracks = tuple(_track(track, scale) for track in score.tracks if len(track.notes))
    if not tracks:
        raise BadRequest("The MIDI file holds no notes; one with at least one note would work.")
    end = max(note.end for track in tracks for note in track.notes)
    tempos = _tempos(score, scale)
    return MidiFile(
        tracks=tracks,
        tempo_bpm=main_tempo(tempos, 0, end),
        meters=_meters(score, scale),
        key_signatures=_keys(score, scale),
        tempos=tempos,
    )


def _track(track: TrackTick, scale: float) -> MidiTrack:
    columns = track.notes.numpy()
    start = np.rint(columns["time"] * scale).astype(np.int64)
    end = np.rint((columns["time"] + columns["duration"]) * scale).astype(np.int64)
    length = np.maximum(end - start, 1)
    rows = zip(start.tolist(), columns["pitch"].tolist(), length.tolist(), columns["velocity"].tolist(), strict=True)
    notes = sorted(
        Note(onset=onset, pitch=pitch, duration=duration, velocity=min(127, max(1, velocity)))
        for onset, pitch, duration, velocity in rows
        if 0 <= pitch <= 127 and onset >= 0
    )
    return MidiTrack(name=track.name.strip(), program=track.program % 128, is_drum=track.is_drum, notes=tuple(notes))


def _meters(score: ScoreTick, scale: float) -> tuple[MeterChange, ...]:
    changes = [
        MeterChange(tick=round(s.time * scale), numerator=s.numerator, denominator=s.denominator)
        for s in sorted(score.time_signatures, key=lambda s: s.time)
        if 1 <= s.numerator <= 64 and s.denominator in (1, 2, 4, 8, 16, 32)
    ]
    return tuple(c for i, c in enumerate(changes) if i + 1 == len(changes) or changes[i + 1].tick > c.tick)


def _keys(score: ScoreTick, scale: float) -> tuple[KeyChange, ...]:
    changes = []
    for sign in sorted(score.key_signatures, key=lambda s: s.time):
        if -7 <= sign.key <= 7 and sign.tonality in (0, 1):
            mode = Mode.MINOR if sign.tonality else Mode.MAJOR
            key = Key(tonic=(sign.key * 7 + WHITE_TONIC[mode]) % 12, mode=mode)
            changes.append(KeyChange(tick=round(sign.time * scale), key=key))
    return tuple(changes)


def _tempos(score: ScoreTick, scale: float) -> tuple[TempoChange, ...]:
    changes = [
        TempoChange(tick=round(t.time * scale), bpm=float(t.qpm))
        for t in sorted(score.tempos, key=lambda t: t.time)
        if LOWEST_BPM <= t.qpm <= HIGHEST_BPM
    ]
    if not changes or changes[0].tick > 0:
        changes.insert(0, TempoChange(tick=0, bpm=DEFAULT_BPM))
    return tuple(changes)
