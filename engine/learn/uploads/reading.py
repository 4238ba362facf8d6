"""An upload's notes, from checked bytes to files, in the guarded child.

In: MIDI bytes or a MusicXML document, the limits, and two files that are open for writing (none for a probe). Out:
the facts as plain JSON values. Raises `Faulty`. Caveat: readers load parts of themselves when they first read;
`prepare` has them do so, before the child gives up opening files.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

from engine.learn.sources.scores import read_score
from engine.learn.uploads.fingerprint import fingerprint_of_notes
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.scores import notes_of, seconds_of
from engine.learn.uploads.sniff import Container
from engine.learn.uploads.written import midi_to_json

SMALLEST_SCORE = (
    "<score-partwise><part-list><score-part id='P'><part-name>a</part-name></score-part></part-list><part id='P'>"
    "<measure number='1'><attributes><divisions>1</divisions><key><fifths>0</fifths></key><time><beats>4</beats>"
    "<beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>"
    "<direction><sound tempo='90'/></direction><note><pitch><step>C</step><octave>4</octave></pitch>"
    "<duration>4</duration><type>whole</type></note></measure></part></score-partwise>"
)


def prepare(container: Container) -> None:
    """Load what the reader of `container` needs."""
    if container is not Container.MIDI:
        read_score(SMALLEST_SCORE, "musicxml")


def read_notes(checked: bytes | str, limits: Limits, score: BinaryIO | None, prints: BinaryIO | None) -> dict[str, Any]:
    """Write the notes and their fingerprint; returns the facts."""
    file = notes_of(checked, limits)
    if score is not None and prints is not None:
        score.write(json.dumps(midi_to_json(file)).encode())
        fingerprint_of_notes(file).write(prints)
    notes = sum(len(track.notes) for track in file.tracks)
    codec = "midi" if isinstance(checked, bytes) else "musicxml"
    return {"codec": codec, "seconds": seconds_of(file), "notes": notes, "tracks": len(file.tracks)}
