"""OpenScore Lieder and String Quartets (CC0): songs for voice and piano, and quartets in four parts, as MIDI.

In: the folder `lieder` or `quartets`. Out: pieces in the style classical. Facts: a track a staff, no names, no
programs, no key signatures; dynamics are velocities; an upbeat stands at tick 0, so bar lines have to be found. In the
songs the last two staves are the piano, the first is the voice. Caveat: a song whose staves are not (voices…, right
hand, left hand) is cast by the general rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from engine.learn.sources.piece import Found, Origin, pieces_from_file
from engine.music.analysis import Reading
from engine.music.analysis.roles import polyphony
from engine.music.midi.file import MidiFile, MidiTrack
from engine.music.midi.read import read_midi
from engine.music.notes import Role

VOICE_PROGRAM = 53
QUARTET = ((Role.MELODY, 40), (Role.COUNTER, 40), (Role.HARMONY, 41), (Role.BASS, 42))
TITLE_KEY = re.compile(r"\bin_([A-G](?:[-_ ]?(?:flat|sharp|[#b♭♯]))?)_(major|minor)", re.I)


def read_lieder(folder: Path) -> Iterator[Found]:
    """All songs; movements of a cycle are works of their own, versions of one song are not."""
    for path in sorted(folder.rglob("*.mid")):
        parts = path.relative_to(folder).parts
        title = parts[-2].replace("_", " ")
        origin = Origin(source="lieder", path="/".join(parts), work=song_work(parts), licence="CC0-1.0")
        meta = {"composer": parts[1].replace("_", " ")}
        reading = Reading(style="classical", title=title, meta=meta)
        yield from pieces_from_file(lambda path=path: cast_song(read_midi(path.read_bytes())), reading, origin)  # type: ignore[misc]


def song_work(parts: Sequence[str]) -> str:
    """Composer, set and song, without what tells versions apart; `parts` is the path inside the source."""
    return "/".join((*parts[1:3], re.sub(r"_\(.*?\)", "", parts[-2])))


def read_quartets(folder: Path) -> Iterator[Found]:
    """All quartets; every stretch in one meter is a piece, all of one quartet on the same side of the split."""
    for path in sorted(folder.rglob("*.mid")):
        parts = path.relative_to(folder).parts
        origin = Origin(source="quartets", path="/".join(parts), work="/".join(parts[1:3]), licence="CC0-1.0")
        meta = {"composer": parts[1].replace("_", " ")}
        reading = Reading(style="classical", title=parts[2].replace("_", " "), meta=meta)
        yield from pieces_from_file(lambda path=path: cast_quartet(read_midi(path.read_bytes())), reading, origin)  # type: ignore[misc]


def cast_song(file: MidiFile) -> MidiFile:
    """Voice = melody; piano: a right hand in single notes = counter, else harmony; left hand = harmony and bass."""
    tracks = file.tracks
    if len(tracks) < 3 or polyphony(tracks[0].notes) > 1.2:
        return file
    right, left = tracks[-2], tracks[-1]
    hand = Role.COUNTER if polyphony(right.notes) < 1.25 else Role.HARMONY
    cast = [replace(tracks[0], role=Role.MELODY, program=VOICE_PROGRAM), replace(right, role=hand)]
    more_voices = [replace(t, role=Role.COUNTER, program=VOICE_PROGRAM) for t in tracks[1:-2]][:1]
    return replace(file, tracks=(*cast, *more_voices, replace(left, role=Role.HARMONY)))


def cast_quartet(file: MidiFile) -> MidiFile:
    """Violin 1, violin 2, viola, cello by their order; other ensembles are left to the general rules."""
    if len(file.tracks) != len(QUARTET):
        return replace(file, tracks=tuple(replace(t, program=40) for t in file.tracks))
    cast: list[MidiTrack] = [
        replace(track, role=role, program=program) for track, (role, program) in zip(file.tracks, QUARTET, strict=True)
    ]
    return replace(file, tracks=tuple(cast))
