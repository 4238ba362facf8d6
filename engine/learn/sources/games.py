"""Freedoom (BSD-3) and Simutrans (Artistic 1.0): full bands from two free games, as MIDI.

In: the folder `freedoom` or `simutrans`. Out: pieces in the styles rock, synthwave, pop, jazz and other, told by
General MIDI programs and titles. Conventions: what leads decides, synthesisers or driven guitars; Freedoom's bands with
neither are pop only if they keep a backbeat under chords of the key, because most are orchestras. Facts: of Simutrans
songs 16–39 only the melody tracks are used; songs 43–53 begin with a set-up bar; Freedoom's `d_map19` is left out.
Caveat: key signatures of these files say nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.errors import BadRequest
from engine.learn.sources.piece import Dropped, Found, Origin, Piece, pieces_from_file, with_style
from engine.music.analysis import Reading
from engine.music.midi.file import MidiFile
from engine.music.midi.read import read_midi
from engine.music.notes import Role, Song

DRIVEN_GUITARS = (29, 30)
SYNTH_PROGRAMS = (38, 39, *range(80, 104), 50, 51, 54, 62, 63)
LEFT_OUT = {"d_map19": "asked to be left out by the source's notes"}
JAZZ_TITLE = re.compile(r"swing|blues|jazz|boogie|rag", re.I)
MELODY_ONLY_SONGS = range(16, 40)
ROCK_SHARE, SYNTH_SHARE = 0.12, 0.35
BACKBEAT_SHARE, IN_KEY_SHARE = 0.5, 0.75
SNARES = (37, 38, 39, 40)


def read_freedoom(folder: Path) -> Iterator[Found]:
    """All game tracks but the one left out."""
    for path in sorted(folder.rglob("*.mid")):
        if path.stem in LEFT_OUT:
            yield Dropped(id=f"freedoom/{path.stem}", reason=LEFT_OUT[path.stem])
            continue
        for found in _pieces(path, "freedoom", "BSD-3-Clause", title=path.stem):
            if isinstance(found, Piece) and found.style == "pop" and not plays_pop(found.song):
                yield with_style(found, "other")
            else:
                yield found


def read_simutrans(folder: Path) -> Iterator[Found]:
    """All songs; 16–39 give their melody alone."""
    for path in sorted(folder.rglob("*.mid")):
        yield from _pieces(path, "simutrans", "Artistic-1.0", title=path.stem.replace("-", " "))


def _pieces(path: Path, source: str, licence: str, *, title: str) -> list[Found]:
    try:
        file = read_midi(path.read_bytes())
    except BadRequest as error:
        return [Dropped(id=f"{source}/{path.stem}", reason=str(error))]
    number = re.match(r"(\d\d)-", path.stem) if source == "simutrans" else None
    style = band_style(file, title)
    file = without_setup_bar(file)
    if number and int(number[1]) in MELODY_ONLY_SONGS:
        kept = tuple(t for t in file.tracks if re.search(r"melod|lead", t.name, re.I) and not t.is_drum)
        if not kept:
            return [Dropped(id=f"{source}/{path.stem}", reason="no track named as melody")]
        file = replace(file, tracks=tuple(replace(t, role=Role.MELODY) for t in kept))
    origin = Origin(source=source, path=path.stem, work=path.stem, licence=licence)
    return pieces_from_file(lambda: file, Reading(style=style, title=title, trust_bars=True), origin)


def without_setup_bar(file: MidiFile) -> MidiFile:
    """The file from its first real bar on, if it opens with a bar of set-up in an odd meter (1/8, 1/16…)."""
    meters = [m for m in file.meters if m.numerator * 4 / m.denominator >= 1.5]
    if len(meters) == len(file.meters) or not meters:
        return file
    return replace(file, meters=tuple(meters), tracks=tuple(
        replace(t, notes=tuple(n for n in t.notes if n.onset >= meters[0].tick)) for t in file.tracks))  # fmt: skip


def band_style(file: MidiFile, title: str) -> str:
    """Rock, synthwave, pop, jazz or other, by the share of notes that each kind of instrument plays."""
    if JAZZ_TITLE.search(title):
        return "jazz"
    notes: Counter[int] = Counter()
    for track in file.tracks:
        if not track.is_drum:
            notes[track.program] += len(track.notes)
    total = max(1, sum(notes.values()))
    drums = any(t.is_drum and len(t.notes) > 50 for t in file.tracks)
    driven = sum(notes[p] for p in DRIVEN_GUITARS) / total
    synth = sum(notes[p] for p in SYNTH_PROGRAMS) / total
    if synth >= SYNTH_SHARE and synth > driven:
        return "synthwave"
    if driven >= ROCK_SHARE and drums:
        return "rock"
    return "pop" if drums else "other"


def plays_pop(song: Song) -> bool:
    """Whether the drums hit a snare on beats two and four in half of their bars and most chords are the key's own."""
    drums = song.track(Role.DRUMS)
    chords = [chord for chord in song.chords if chord is not None]
    if drums is None or not chords or str(song.meter) != "4/4":
        return False
    bar, beat = song.meter.bar_ticks, song.meter.beat_ticks
    bars = {n.onset // bar for n in drums.notes}
    backbeats = {n.onset // bar for n in drums.notes if n.pitch in SNARES and n.onset % bar in (beat, 3 * beat)}
    in_key = sum(set(chord.pitch_classes) <= set(song.key.scale) for chord in chords)
    return len(backbeats) >= BACKBEAT_SHARE * len(bars) and in_key >= IN_KEY_SHARE * len(chords)
