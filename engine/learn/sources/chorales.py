"""Bach's four-part chorales from music21's corpus (the music is in the public domain).

In: nothing but the package. Out: pieces in the style classical: soprano melody, alto counter, tenor harmony, bass.
Conventions: the key is chosen between the two of the signature. Caveat: settings with instruments beside the four
voices are dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine.errors import BadRequest
from engine.learn.sources.parallel import found_in
from engine.learn.sources.piece import Dropped, Found, Origin, pieces_from_file
from engine.learn.sources.scores import corpus_folder, read_score
from engine.music.analysis import Reading
from engine.music.midi.file import TempoChange
from engine.music.notes import Role

VOICES = (Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS)
ORGAN = 19
TEMPO = 84.0


def read_chorales(_root: Path) -> Iterator[Found]:
    """All chorales in exactly four parts."""
    paths = (p for p in corpus_folder("bach").glob("bwv*") if p.suffix in (".mxl", ".xml"))
    yield from found_in(_read, sorted(paths))


def _read(path: Path) -> list[Found]:
    name = f"chorales/{path.stem}"
    try:
        file = read_score(path, "musicxml")
    except BadRequest as error:
        return [Dropped(id=name, reason=str(error))]
    if len(file.tracks) != len(VOICES):
        return [Dropped(id=name, reason="not in four parts")]
    tracks = tuple(replace(t, role=role, program=ORGAN) for t, role in zip(file.tracks, VOICES, strict=True))
    file = replace(file, tracks=tracks, tempo_bpm=TEMPO, tempos=(TempoChange(tick=0, bpm=TEMPO),))
    origin = Origin(source="chorales", path=path.stem, work=path.stem, licence="public-domain")
    meta = {"composer": "Johann Sebastian Bach"}
    reading = Reading(style="classical", title=path.stem, trust_signature=True, trust_bars=True, meta=meta)
    return pieces_from_file(lambda: file, reading, origin)
