"""An upload's notes, from bytes to files: MIDI and MusicXML, in the guarded child.

In: the upload's bytes, what it is, the limits, and two files that are open for writing (none for a probe). Out: the
facts as plain JSON values. Raises `Faulty`. Caveat: readers load parts of themselves when they first read; `prepare`
has them do so, before the child gives up opening files.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from engine.learn.sources.scores import read_score
from engine.learn.uploads.fingerprint import fingerprint_of_notes
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.scores import midi_of, packed_score_of, score_of, seconds_of
from engine.learn.uploads.sniff import Bytes, Container, Sniffed
from engine.learn.uploads.written import midi_to_json
from engine.music.midi.file import MidiFile

SMALLEST_SCORE = (
    "<score-partwise><part-list><score-part id='P'><part-name>a</part-name></score-part></part-list><part id='P'>"
    "<measure number='1'><attributes><divisions>1</divisions><key><fifths>0</fifths></key><time><beats>4</beats>"
    "<beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>"
    "<direction><sound tempo='90'/></direction>"
    "<note><pitch><step>C</step><octave>4</octave></pitch><duration>4</duration><type>whole</type></note>"
    "</measure></part></score-partwise>"
)


def prepare(container: Container) -> None:
    """Load what the reader of `container` needs."""
    if container is not Container.MIDI:
        read_score(SMALLEST_SCORE, "musicxml")


def read_notes(
    data: Bytes, sniffed: Sniffed, limits: Limits, score: BinaryIO | None, prints: BinaryIO | None
) -> dict[str, Any]:
    """Write the notes and their fingerprint; returns the facts."""
    file = _read(data, sniffed, limits)
    if score is not None and prints is not None:
        score.write(json.dumps(midi_to_json(file)).encode())
        fingerprint_of_notes(file).write(prints)
    notes = sum(len(track.notes) for track in file.tracks)
    return {"codec": sniffed.container.value, "seconds": seconds_of(file), "notes": notes, "tracks": len(file.tracks)}


def _read(data: Bytes, sniffed: Sniffed, limits: Limits) -> MidiFile:
    match sniffed.container:
        case Container.MIDI:
            return midi_of(data, sniffed.start, limits)
        case Container.MXL:
            return packed_score_of(data, sniffed.start, limits)
        case _:
            return score_of(data, sniffed.start, limits)
