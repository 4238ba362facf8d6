"""A song's score as MusicXML, by music21, which is imported when the first score is wanted.

In: a `Song`. Out: the file's bytes. Conventions: a part a role, named after the role and its instrument; key signature
(modes by their own signature and name), meter, tempo, chord symbols over the first part where chords change, a
rehearsal mark where a section begins. Drums are unpitched, on a percussion clef, each with the place and head that
drummers read. Equal songs give equal bytes. Caveat: instruments are written as they sound.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from engine.compose.files.notation import Bar, Written, notate
from engine.compose.files.tags import ARTIST
from engine.music.harmony import Chord, Key
from engine.music.instruments import drum_name, kit_name, program_name
from engine.music.notes import Role, Song, Track
from engine.music.timing import TICKS_PER_QUARTER

SWING_FROM = 0.54
TREBLE_FROM, BASS_BELOW = 60, 55
KINDS: dict[str, tuple[str, tuple[tuple[int, int], ...]]] = {
    "": ("major", ()),
    "m": ("minor", ()),
    "dim": ("diminished", ()),
    "aug": ("augmented", ()),
    "sus2": ("suspended-second", ()),
    "sus4": ("suspended-fourth", ()),
    "5": ("power", ()),
    "6": ("major-sixth", ()),
    "m6": ("minor-sixth", ()),
    "7": ("dominant-seventh", ()),
    "maj7": ("major-seventh", ()),
    "m7": ("minor-seventh", ()),
    "m7b5": ("half-diminished-seventh", ()),
    "dim7": ("diminished-seventh", ()),
    "mmaj7": ("minor-major-seventh", ()),
    "7sus4": ("suspended-fourth", ((7, 0),)),
    "add9": ("major", ((9, 0),)),
    "madd9": ("minor", ((9, 0),)),
    "9": ("dominant-ninth", ()),
    "maj9": ("major-ninth", ()),
    "m9": ("minor-ninth", ()),
    "7b9": ("dominant-seventh", ((9, -1),)),
    "m11": ("minor-11th", ()),
    "13": ("dominant-13th", ()),
}
"""Our quality → music21's kind, and (degree, semitones) to add to it."""
PLACES = {
    35: "E4", 36: "F4", 37: "C5", 38: "C5", 39: "C5", 40: "C5", 41: "G4", 42: "G5", 43: "A4", 44: "D4", 45: "B4",
    46: "G5", 47: "D5", 48: "D5", 49: "A5", 50: "E5", 51: "F5", 52: "B5", 53: "F5", 54: "B4", 55: "B5", 56: "E5",
    57: "A5", 59: "F5",
}  # fmt: skip
"""Percussion key → where it stands on the staff; others stand on `ELSEWHERE`."""
ELSEWHERE = "E5"
CROSSES = frozenset({37, 42, 44, 46, 49, 51, 52, 53, 54, 55, 57, 59, 69, 70, 82})


def music21() -> Any:
    """The library, most of whose functions have no types."""
    import music21  # noqa: PLC0415 - heavy
    import music21.musicxml.m21ToXml  # noqa: PLC0415 - heavy

    return music21


def song_to_musicxml(song: Song) -> bytes:
    """The score of `song`."""
    m21 = music21()
    score = m21.stream.Score(id="score")
    score.insert(0, m21.metadata.Metadata(title=song.title or song.style.capitalize(), composer=ARTIST))
    for at, track in enumerate(track for track in song.tracks if track.notes):
        score.insert(0, _part(song, track, leading=at == 0))
    data: bytes = m21.musicxml.m21ToXml.GeneralObjectExporter(score).parse()
    return re.sub(rb"\s*<encoding-date>[^<]*</encoding-date>", b"", data)


def _part(song: Song, track: Track, *, leading: bool) -> Any:
    m21 = music21()
    part = m21.stream.Part(id=track.role.value)
    bar_quarters = Fraction(song.meter.bar_ticks, TICKS_PER_QUARTER)
    bars = notate(song, track.role)
    for number, bar in enumerate(bars):
        measure = _measure(bar, song, track, number + 1)
        if number == 0:
            for thing in _opening(song, track):
                measure.insert(0, thing)
            measure.insert(0, _clef(track))
        if leading:
            _add_signs(measure, song, number)
        if number == len(bars) - 1:
            measure.rightBarline = "final"
        part.insert(number * bar_quarters, measure)
    part.insert(0, _instrument(track))
    part.partName = _part_name(track)
    return part


def _measure(bar: Bar, song: Song, track: Track, number: int) -> Any:
    m21 = music21()
    measure = m21.stream.Measure(number=number)
    several = len(bar.voices) > 1
    for at, voice in enumerate(bar.voices):
        holder = m21.stream.Voice(id=str(at + 1)) if several else measure
        for written in voice:
            element = _element(written, song, track)
            if several and at > 0 and not written.pitches:
                element.style.hideObjectOnPrint = True
            holder.insert(Fraction(written.onset, TICKS_PER_QUARTER), element)
        if several:
            measure.insert(0, holder)
    return measure


def _element(written: Written, song: Song, track: Track) -> Any:
    """A rest, note, chord or drum stroke."""
    m21 = music21()
    length = Fraction(written.duration, TICKS_PER_QUARTER)
    if not written.pitches:
        return m21.note.Rest(quarterLength=length)
    if track.role is Role.DRUMS:
        strokes = [_stroke(pitch) for pitch in written.pitches]
        element = strokes[0] if len(strokes) == 1 else m21.percussion.PercussionChord(strokes)
    else:
        names = [_pitch(pitch, song.key) for pitch in written.pitches]
        element = m21.note.Note(names[0]) if len(names) == 1 else m21.chord.Chord(names)
    element.quarterLength = length
    if written.tied_from or written.tied_to:
        both = written.tied_from and written.tied_to
        element.tie = m21.tie.Tie("continue" if both else "start" if written.tied_to else "stop")
    return element


def _stroke(pitch: int) -> Any:
    m21 = music21()
    stroke = m21.note.Unpitched(displayName=PLACES.get(pitch, ELSEWHERE))
    stroke.storedInstrument = _drum(pitch)
    if pitch in CROSSES:
        stroke.notehead = "x"
    return stroke


def _drum(pitch: int) -> Any:
    m21 = music21()
    drum = m21.instrument.UnpitchedPercussion()
    drum.instrumentName = drum_name(pitch)
    drum.instrumentId = f"drum-{pitch}"
    drum.percMapPitch = pitch
    drum.midiChannel = 9
    return drum


def _pitch(pitch: int, key: Key) -> str:
    """music21's name, such as `"E-4"`; the octave is the letter's, so MIDI's 71 is B4 or C-5."""
    name = key.spell(pitch % 12)
    altered = name.count("#") - name.count("b")
    return _spelled(name) + str((pitch - altered) // 12 - 1)


def _spelled(name: str) -> str:
    """music21 writes flats as `-`."""
    return name[0] + name[1:].replace("b", "-")


def _opening(song: Song, track: Track) -> list[Any]:
    """What stands in the first bar: key and meter; tempo and swing."""
    m21 = music21()
    things: list[Any] = [m21.meter.TimeSignature(str(song.meter))]
    if track.role is not Role.DRUMS:
        things.append(m21.key.Key(_spelled(song.key.tonic_name), song.key.mode.value))
    if track is next(track for track in song.tracks if track.notes):
        things.append(m21.tempo.MetronomeMark(number=round(song.tempo_bpm, 2), referent=1.0))
        if song.swing >= SWING_FROM:
            things.append(m21.expressions.TextExpression("Swing"))
    return things


def _clef(track: Track) -> Any:
    m21 = music21()
    if track.role is Role.DRUMS:
        return m21.clef.PercussionClef()
    mean = sum(note.pitch for note in track.notes) / len(track.notes)
    if mean < BASS_BELOW or (track.role is Role.BASS and mean < TREBLE_FROM):
        return m21.clef.BassClef()
    return m21.clef.TrebleClef()


def _add_signs(measure: Any, song: Song, bar: int) -> None:
    """A rehearsal mark where a section begins, chord symbols where chords change."""
    m21 = music21()
    for section in song.sections:
        if section.start_bar == bar:
            measure.insert(
                0, m21.expressions.RehearsalMark(f"{section.kind.value.capitalize()} {section.label}".strip())
            )
    for half in (2 * bar, 2 * bar + 1):
        chord = song.chords[half] if half < len(song.chords) else None
        if chord is not None and (half == 0 or song.chords[half - 1] != chord):
            at = Fraction((half - 2 * bar) * song.meter.half_bar_ticks, TICKS_PER_QUARTER)
            measure.insert(at, _chord_symbol(chord, song.key))


def _chord_symbol(chord: Chord, key: Key) -> Any:
    m21 = music21()
    kind, added = KINDS[chord.quality]
    root, _, bass = chord.name(key).partition("/")
    symbol = m21.harmony.ChordSymbol(
        root=_spelled(root[: len(root) - len(chord.quality)]), bass=_spelled(bass) if bass else None, kind=kind
    )
    symbol.chordKindStr = chord.quality
    for degree, semitones in added:
        symbol.addChordStepModification(
            m21.harmony.ChordStepModification("add", degree, semitones), updatePitches=False
        )
    return symbol


def _instrument(track: Track) -> Any:
    m21 = music21()
    found = m21.instrument.Instrument() if track.role is not Role.DRUMS else m21.instrument.UnpitchedPercussion()
    found.partId = track.role.value
    found.instrumentId = f"{track.role.value}-instrument"
    found.partName = _part_name(track)
    found.instrumentName = kit_name(track.program) if track.role is Role.DRUMS else program_name(track.program)
    found.midiProgram = track.program
    return found


def _part_name(track: Track) -> str:
    name = kit_name(track.program) if track.role is Role.DRUMS else program_name(track.program)
    return f"{track.role.value.capitalize()} ({name})"
