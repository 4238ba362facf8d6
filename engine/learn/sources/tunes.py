"""Tunes and hymns in ABC: the Open Hymnal, and the fiddle books in music21's corpus (all in the public domain).

In: the folder `hymnal`, or music21's own corpus. Out: pieces in the style folk: hymns with four voices, fiddle tunes as
melody alone (their chords are guessed from the tune). Conventions: one id a tune, the key as written with its mode;
tempo by the kind of dance where none is given. Caveat: chords written in the books are ignored; tunes in unknown meters
are dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from engine.errors import BadRequest
from engine.learn.sources.parallel import found_in
from engine.learn.sources.piece import Dropped, Found, Origin, pieces_from_file
from engine.learn.sources.scores import corpus_folder, read_score
from engine.music.analysis import Reading
from engine.music.midi.file import MidiFile, TempoChange
from engine.music.notes import Role

FOLK_BOOKS = {"ryansMammoth": "ryan", "oneills1850": "oneill", "airdsAirs": "aird", "miscFolk": "misc"}
FIDDLE, ORGAN = 40, 19
DANCE_TEMPI = {"reel": 200.0, "hornpipe": 160.0, "jig": 174.0, "march": 110.0, "waltz": 150.0, "polka": 120.0,
              "strathspey": 130.0,
               "clog": 150.0, "air": 90.0}  # fmt: skip
METER_TEMPI = {"6/8": 168.0, "3/4": 120.0, "2/4": 100.0}
USUAL_TEMPO = 140.0
HYMN_TEMPO = 100.0
HYMN_ROLES = {"S1V1": Role.MELODY, "S1V2": Role.COUNTER, "S2V1": Role.HARMONY, "S2V2": Role.BASS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """The text of one tune, and where it stands."""

    book: str
    path: str
    text: str


def read_folk(_root: Path) -> Iterator[Found]:
    """All tunes of the books in music21's corpus."""
    tunes: list[Tune] = []
    for folder, book in FOLK_BOOKS.items():
        for path in sorted(corpus_folder(folder).rglob("*.abc")):
            texts = split_tunes(path.read_text(encoding="utf-8", errors="replace"))
            tunes += [Tune(book=book, path=f"{book}/{path.stem}/{n}", text=text) for n, text in enumerate(texts, 1)]
    yield from found_in(_read_tune, tunes)


def read_hymnal(folder: Path) -> Iterator[Found]:
    """All hymns in four voices."""
    yield from found_in(_read_hymn, sorted(folder.glob("*.abc")))


def split_tunes(text: str) -> list[str]:
    """The tunes of a book: each from its `X:` line to the next."""
    tunes = re.split(r"^(?=X:)", text.replace("\r\n", "\n"), flags=re.M)
    return [t.strip() + "\n" for t in tunes if t.startswith("X:") and re.search(r"^K:", t, re.M)]


def field_of(text: str, letter: str) -> str:
    """The first value of an information field, without its comment; empty if there is none."""
    match = re.search(rf"^{letter}: *([^%\n]*)", text, re.M)
    return match[1].strip() if match else ""


def _read_tune(tune: Tune) -> list[Found]:
    name = f"folk/{tune.path}"
    title = field_of(tune.text, "T").title()
    origin = Origin(
        source="folk", path=tune.path, work=re.sub(r"\W+", "", title.lower()) or tune.path, licence="public-domain"
    )
    try:
        file = read_score(first_voice(tune.text), "abc")
    except BadRequest as error:
        return [Dropped(id=name, reason=re.sub(r"\[.*?\]", "", str(error)))]
    tempo = file.tempo_bpm if field_of(tune.text, "Q") else dance_tempo(tune.text)
    track = replace(file.tracks[0], role=Role.MELODY, program=FIDDLE)
    file = replace(file, tracks=(track,), tempo_bpm=tempo, tempos=(TempoChange(tick=0, bpm=tempo),))
    key = file.key_signatures[0].key if file.key_signatures else None
    meta = {"book": tune.book, "dance": field_of(tune.text, "R").lower()}
    reading = Reading(style="folk", title=title, key=key, trust_bars=True, meta=meta)
    return pieces_from_file(lambda: file, reading, origin)


def dance_tempo(text: str) -> float:
    """Quarter notes a minute that the kind of dance is usually played at; else by the meter."""
    words = f"{field_of(text, 'R')} {field_of(text, 'T')}".lower()
    meter = field_of(text, "M")
    for dance, bpm in DANCE_TEMPI.items():
        if dance in words and (dance not in ("reel", "hornpipe") or meter not in ("2/4", "6/8")):
            return bpm
    return METER_TEMPI.get(meter, USUAL_TEMPO)


def first_voice(text: str) -> str:
    """The tune without decorations that the score reader does not know, and without words."""
    lines = [line for line in text.split("\n") if not re.match(r"[wWNOZSBIFDHGA]:|%|\\s*$", line)]
    return re.sub(r"![^!\n]*!|\+[a-z]+\+|\"[^\"\n]*\"|\\\s*$|!|yy*", "", "\n".join(lines), flags=re.M) + "\n"


def _read_hymn(path: Path) -> list[Found]:
    name = f"hymnal/{path.stem}"
    text = path.read_text(encoding="latin-1")
    tune = path.stem.split("-")[-1]
    origin = Origin(source="hymnal", path=path.stem, work=tune, licence="public-domain")
    try:
        file = hymn_file(text)
    except BadRequest as error:
        return [Dropped(id=name, reason=re.sub(r"\[.*?\]", "", str(error)))]
    reading = Reading(
        style="folk", title=field_of(text, "T"), trust_signature=True, trust_bars=True, meta={"kind": "hymn"}
    )
    return pieces_from_file(lambda: file, reading, origin)


def hymn_file(text: str) -> MidiFile:
    """The four voices of a hymn, each read as a tune of its own. Raises `BadRequest` if there are not these four."""
    if field_of(text, "M") in ("", "none"):
        raise BadRequest("The hymn has no meter.")
    voices = hymn_voices(text)
    if not set(HYMN_ROLES) <= set(voices):
        raise BadRequest("The hymn is not set in the four usual voices.")
    files = {voice: read_score(voices[voice], "abc") for voice in HYMN_ROLES}
    if len({f.end for f in files.values()}) > 1:
        raise BadRequest("The voices of the hymn have different lengths.")
    tracks = tuple(
        replace(files[voice].tracks[0], name=voice, role=role, program=ORGAN) for voice, role in HYMN_ROLES.items()
    )
    first = files["S1V1"]
    mark = re.search(r"Q: *1/4 *= *(\d+)", text)
    tempo = float(mark[1]) if mark else HYMN_TEMPO
    return replace(first, tracks=tracks, tempo_bpm=tempo, tempos=(TempoChange(tick=0, bpm=tempo),))


def hymn_voices(text: str) -> dict[str, str]:
    """Voice name → a complete ABC tune of that voice alone."""
    head = [f"{letter}: {value}" for letter in "XTMLK" if (value := field_of(text, letter))]
    music: dict[str, list[str]] = {}
    for line in text.split("\n"):
        match = re.match(r"\[V: *(\w+)\](.*)", line)
        if match:
            clean = re.sub(r"![^!]*!|\"[^\"]*\"|\[Q:[^\]]*\]|\[[A-Z]:[^\]]*\]|%.*$|\\\s*$", "", match[2])
            music.setdefault(match[1], []).append(clean.replace(".-", "-").strip())
    return {voice: "\n".join([*head, *lines]) + "\n" for voice, lines in music.items()}
