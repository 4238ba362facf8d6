"""What was heard → a `Song`, by the same path as every piece of a corpus.

In: notes with roles, hits, beats, key. Out: the song, or None where fewer than eight bars hold enough notes.
Conventions: velocities and programs are guesses: a piano for everything pitched, a finger bass under a band. Caveat:
silences of more than four bars are shortened, as everywhere; `start_bar` is right before the first of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engine.learn.transcribe.grid import ticks_at
from engine.learn.transcribe.values import Beats, HeardNote, Hit
from engine.music.analysis import Reading, songs_from_midi
from engine.music.harmony import Key
from engine.music.midi.file import MeterChange, MidiFile, MidiTrack
from engine.music.notes import Note, Role, Song
from engine.music.timing import TICKS_PER_QUARTER

PIANO, FINGER_BASS, STANDARD_KIT = 0, 33, 0
HIT_TICKS = 6
PITCHED = (Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The song, and the bar of the recording (counted from `Beats.first_bar`) that is its bar 0. `shortened`: silences
    were cut out of it.
    """

    song: Song
    start_bar: int
    shortened: bool = False


def write_song(
    notes: Sequence[HeardNote], hits: Sequence[Hit], beats: Beats, *, key: Key | None = None
) -> Written | None:
    """Put everything on the grid and let it be analysed."""
    tracks = [t for role in PITCHED if (t := _track(role, notes, beats, band=bool(hits)))]
    if hits:
        tracks.append(_drums(hits, beats))
    if not tracks:
        return None
    bar = beats.meter.bar_ticks
    first = min(note.onset for track in tracks for note in track.notes)
    start_bar = (first + HIT_TICKS // 2) // bar
    moved = tuple(_moved(track, start_bar * bar) for track in tracks)
    file = MidiFile(
        tracks=moved,
        tempo_bpm=beats.bpm * beats.meter.beat_ticks / TICKS_PER_QUARTER,
        meters=(MeterChange(tick=0, numerator=beats.meter.numerator, denominator=beats.meter.denominator),),
    )
    songs = songs_from_midi(file, Reading(style="", key=key, trust_bars=True, swing=beats.swing))
    if not songs:
        return None
    last = max(note.onset for track in moved for note in track.notes) // bar
    return Written(song=songs[0], start_bar=start_bar, shortened=songs[0].bars <= last)


def _track(role: Role, notes: Sequence[HeardNote], beats: Beats, *, band: bool) -> MidiTrack | None:
    mine = [note for note in notes if note.role is role]
    if not mine:
        return None
    onsets = np.round(ticks_at([n.onset_s for n in mine], beats)).astype(int).tolist()
    ends = np.round(ticks_at([n.end_s for n in mine], beats)).astype(int).tolist()
    written = sorted(
        Note(onset=onset, pitch=note.pitch, duration=max(end - onset, 1), velocity=note.velocity)
        for note, onset, end in zip(mine, onsets, ends, strict=True)
    )
    program = FINGER_BASS if band and role is Role.BASS else PIANO
    return MidiTrack(name=role.value, program=program, is_drum=False, notes=tuple(written), role=role)


def _drums(hits: Sequence[Hit], beats: Beats) -> MidiTrack:
    onsets = np.round(ticks_at([h.onset_s for h in hits], beats)).astype(int).tolist()
    written = sorted(
        Note(onset=onset, pitch=hit.pitch, duration=HIT_TICKS, velocity=hit.velocity)
        for hit, onset in zip(hits, onsets, strict=True)
    )
    return MidiTrack(name="drums", program=STANDARD_KIT, is_drum=True, notes=tuple(written), role=Role.DRUMS)


def _moved(track: MidiTrack, ticks: int) -> MidiTrack:
    notes = tuple(
        Note(onset=max(n.onset - ticks, 0), pitch=n.pitch, duration=n.duration, velocity=n.velocity)
        for n in track.notes
    )
    return MidiTrack(name=track.name, program=track.program, is_drum=track.is_drum, notes=notes, role=track.role)
