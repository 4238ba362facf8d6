"""What a piece's notes mean: grid, bars, key, chords, roles, sections. One path makes a `Song` from anything.

In: `MidiFile` values (from a MIDI file, a score reader, a transcription). Out: `Song`s. numpy only.
"""

from engine.music.analysis.chords import estimate_chords
from engine.music.analysis.key import estimate_key
from engine.music.analysis.quantise import quantise
from engine.music.analysis.roles import assign_roles
from engine.music.analysis.sections import find_sections
from engine.music.analysis.song import Reading, songs_from_midi

__all__ = [
    "Reading",
    "assign_roles",
    "estimate_chords",
    "estimate_key",
    "find_sections",
    "quantise",
    "songs_from_midi",
]
