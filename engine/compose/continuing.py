"""A MIDI file that somebody wants to go on from → a song that can be gone on from.

In: the file's bytes, as base64. Out: its last stretch of music in one meter, as a `Song`. Conventions: what cannot be
gone on from is refused in one sentence: no MIDI, damaged, empty, over 2 MB, over ten minutes, under two bars of notes
or in a meter that is not known. Caveat: a file that changes its meter is gone on from where its last meter begins.
"""

from __future__ import annotations

import base64
import binascii
import math
from collections.abc import Sequence
from dataclasses import replace

from engine.compose.given import Primer
from engine.compose.request import MAX_MIDI_BYTES, midi_too_large
from engine.errors import BadRequest
from engine.music.analysis.song import Reading, songs_from_midi
from engine.music.midi.file import DEFAULT_BPM, MidiFile, TempoChange
from engine.music.midi.read import read_midi
from engine.music.notes import Song
from engine.music.timing import METERS, ticks_to_seconds

MAX_SECONDS = 600.0
MIN_BARS = 2
ROUNDED_BPM = 0.051
DOUBLED = " doubled"
"""How the names of tracks end that only double another one, as songs made here have them."""
PRIMER_BARS = 8
"""Bars of the file that are read before the new song's first."""


def read_continued(encoded: str) -> Song:
    """The song in a file, given as base64. Raises `BadRequest`."""
    if len(encoded) > MAX_MIDI_BYTES * 4 // 3 + 4:
        raise midi_too_large(len(encoded) * 3 // 4)
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest(
            "The MIDI file to go on from is not written in base64; a file's bytes so would work."
        ) from error
    if not data:
        raise BadRequest("The MIDI file to go on from is empty; one with at least two bars of notes would work.")
    file = read_midi(data)
    seconds = seconds_of(file)
    if seconds > MAX_SECONDS:
        minutes = math.ceil(seconds / 60)
        raise BadRequest(f"The MIDI file lasts {minutes} minutes; one of up to {MAX_SECONDS / 60:.0f} would work.")
    written = replace(file, tracks=tuple(track for track in file.tracks if not track.name.endswith(DOUBLED)))
    songs = songs_from_midi(written, Reading(style="", min_bars=MIN_BARS))
    if not songs:
        raise BadRequest(
            f"The MIDI file holds too little to go on from; at least {MIN_BARS} bars of notes in "
            f"{', '.join(METERS)} would work."
        )
    return _exact_tempo(songs[-1], file)


def _exact_tempo(song: Song, file: MidiFile) -> Song:
    """The song with its tempo as the file writes it, which the analysis rounds."""
    near = [change.bpm for change in file.tempos if abs(change.bpm - song.tempo_bpm) <= ROUNDED_BPM]
    if not near:
        return song
    nearest = min((abs(bpm - song.tempo_bpm), bpm) for bpm in near)[1]
    return replace(song, tempo_bpm=round(nearest, 2))


def primer_of_song(song: Song) -> Primer:
    """The song's last bars."""
    return Primer(song=song, bars=min(PRIMER_BARS, song.bars))


def seconds_of(file: MidiFile) -> float:
    """How long a file lasts, by its tempo map."""
    tempos: Sequence[TempoChange] = file.tempos or (TempoChange(tick=0, bpm=DEFAULT_BPM),)
    seconds = 0.0
    for index, change in enumerate(tempos):
        until = tempos[index + 1].tick if index + 1 < len(tempos) else file.end
        seconds += ticks_to_seconds(max(0, min(until, file.end) - change.tick), change.bpm)
    return seconds
