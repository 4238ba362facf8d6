"""Notes read by the readers that corpora are read with, from what was checked before.

In: MIDI bytes or a MusicXML document. Out: a `MidiFile`, and how long it sounds. Raises `Faulty`. Caveat: runs in the
guarded child alone; music21 is imported for MusicXML.
"""

from __future__ import annotations

from engine.errors import BadRequest
from engine.learn.sources.scores import read_score
from engine.learn.uploads.faults import Fault, Faulty, length_text
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.musicxml import SCORE_HELP, too_many_notes
from engine.learn.uploads.smf import check_tempo
from engine.music.midi.file import MidiFile, TempoChange
from engine.music.midi.read import read_midi
from engine.music.timing import TICKS_PER_QUARTER


def notes_of(checked: bytes | str, limits: Limits) -> MidiFile:
    """The notes of a MIDI file (bytes) or of a MusicXML document (text)."""
    what = "MIDI file" if isinstance(checked, bytes) else "MusicXML file"
    try:
        file = read_midi(checked) if isinstance(checked, bytes) else read_score(checked, "musicxml")
    except BadRequest as error:
        raise _as_fault(error, what) from None
    except (SyntaxError, RecursionError, ArithmeticError, AssertionError, LookupError, AttributeError):
        raise Faulty(Fault.DAMAGED, f"is a damaged {what} that cannot be read; {SCORE_HELP}") from None
    if sum(len(track.notes) for track in file.tracks) > limits.max_notes:
        raise too_many_notes(limits)
    for change in file.tempos:
        check_tempo(change.bpm)
    _check_length(file, limits)
    return file


def seconds_of(file: MidiFile) -> float:
    """How long a score sounds, by all of its tempos."""
    tempos = file.tempos or (TempoChange(tick=0, bpm=file.tempo_bpm),)
    seconds, end = 0.0, file.end
    for index, change in enumerate(tempos):
        until = min(tempos[index + 1].tick if index + 1 < len(tempos) else end, end)
        seconds += max(until - change.tick, 0) / TICKS_PER_QUARTER * 60 / change.bpm
    return seconds


def _check_length(file: MidiFile, limits: Limits) -> None:
    seconds = seconds_of(file)
    if seconds > limits.max_seconds:
        raise Faulty(
            Fault.TOO_LONG, f"lasts {length_text(seconds)}; at most {limits.max_seconds / 60:g} min would work"
        )
    if seconds < limits.min_seconds:
        raise Faulty(
            Fault.TOO_SHORT,
            f"lasts {length_text(seconds)}, too short to learn from; at least {limits.min_seconds:g} s would work",
        )


def _as_fault(error: BadRequest, what: str) -> Faulty:
    """The readers' own sentences, made the second half of ours."""
    text = str(error)
    if "no notes" in text or "no note." in text:
        return Faulty(Fault.NO_NOTES, f"is a {what} without a note; one with music in it would work")
    if "counts frames" in text:
        return Faulty(Fault.UNSUPPORTED, "is a MIDI file that counts film frames; one that counts beats would work")
    if "different numbers of bars" in text:
        return Faulty(Fault.DAMAGED, f"is a {what} whose parts have different numbers of bars; export it once more")
    return Faulty(Fault.DAMAGED, f"is a damaged {what} that cannot be read; export it once more")
