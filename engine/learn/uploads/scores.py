"""MIDI and MusicXML uploads checked, then read by the readers that corpora are read with.

In: the upload's bytes. Out: a `MidiFile`, and how long it sounds. Raises `Faulty`. Conventions: what is checked first
is what makes readers slow or large: the number of notes, events, XML elements, ticks, the unpacked size; a document
that declares entities is refused before one is expanded. Sources: the Standard MIDI File specification 1.1, MusicXML
4.0 (compressed files: META-INF/container.xml). Caveat: runs in the guarded child alone; music21 is imported for
MusicXML.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from xml.parsers import expat

from engine.errors import BadRequest
from engine.learn.sources.scores import read_score
from engine.learn.uploads.faults import Fault, Faulty, length_text
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.smf import check_midi, check_tempo
from engine.learn.uploads.sniff import Bytes
from engine.music.midi.file import MidiFile, TempoChange
from engine.music.midi.read import read_midi
from engine.music.timing import TICKS_PER_QUARTER

SCORE_HELP = "a score written by a notation program, or a MIDI file, would work"
CONTAINER = "META-INF/container.xml"
CONTAINER_BYTES = 65_536
MOST_ENTRIES = 200
DEEPEST = 40
ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1", "windows-1252"})
CHUNK = 1 << 16


def midi_of(data: Bytes, start: int, limits: Limits) -> MidiFile:
    """A MIDI upload, bare or in RIFF, as values."""
    body = bytes(data[start:])
    if body.startswith(b"RIFF"):
        body = body[20 : 20 + int.from_bytes(body[16:20], "little")] if body[12:16] == b"data" else b""
    if len(body) > limits.max_score_bytes:
        raise Faulty(
            Fault.TOO_LARGE, f"is a MIDI file of {len(body):,} bytes; at most {limits.max_score_bytes:,} would work"
        )
    check_midi(body, limits)
    try:
        file = read_midi(body)
    except BadRequest as error:
        raise _as_fault(error, "MIDI file") from None
    _check_length(file, limits)
    return file


def score_of(data: Bytes, start: int, limits: Limits) -> MidiFile:
    """A MusicXML upload as values."""
    text = _checked_text(bytes(data[start : start + limits.max_score_bytes + 1]), limits)
    try:
        file = read_score(text, "musicxml")
    except BadRequest as error:
        raise _as_fault(error, "MusicXML file") from None
    except (
        SyntaxError,
        RecursionError,
        ArithmeticError,
        AssertionError,
        NotImplementedError,
        LookupError,
        AttributeError,
    ):
        raise Faulty(Fault.DAMAGED, f"is a damaged MusicXML file that cannot be read; {SCORE_HELP}") from None
    if sum(len(track.notes) for track in file.tracks) > limits.max_notes:
        raise _too_many_notes(limits)
    for change in file.tempos:
        check_tempo(change.bpm)
    _check_length(file, limits)
    return file


def packed_score_of(data: Bytes, start: int, limits: Limits) -> MidiFile:
    """A compressed MusicXML upload (.mxl) as values; anything else in a ZIP archive is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(data[start:])) as archive:
            text = _inside(archive, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError):
        raise Faulty(Fault.DAMAGED, "is a damaged archive that cannot be unpacked; export it once more") from None
    return score_of(text, 0, limits)


def seconds_of(file: MidiFile) -> float:
    """How long a score sounds, by all of its tempos."""
    tempos = file.tempos or (TempoChange(tick=0, bpm=file.tempo_bpm),)
    seconds, end = 0.0, file.end
    for index, change in enumerate(tempos):
        until = min(tempos[index + 1].tick if index + 1 < len(tempos) else end, end)
        seconds += max(until - change.tick, 0) / TICKS_PER_QUARTER * 60 / change.bpm
    return seconds


def _inside(archive: zipfile.ZipFile, limits: Limits) -> bytes:
    """The score inside an archive, found by its container file; unpacked to the limit and no further."""
    names = archive.namelist()
    if CONTAINER not in names:
        raise Faulty(Fault.NOT_MUSIC, "is a packed archive, not a compressed MusicXML file; upload what is in it")
    if len(names) > MOST_ENTRIES:
        raise Faulty(Fault.BOMB, f"holds {len(names):,} files; a compressed MusicXML file holds a few")
    found = re.search(rb'full-path\s*=\s*["\']([^"\'<>]{1,200})["\']', _unpacked(archive, CONTAINER, CONTAINER_BYTES))
    name = found.group(1).decode("utf-8", "replace") if found else ""
    if name not in names:
        raise Faulty(Fault.DAMAGED, "is a compressed MusicXML file whose score is missing; export it once more")
    return _unpacked(archive, name, limits.max_score_bytes)


def _unpacked(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    info = archive.getinfo(name)
    if info.flag_bits & 1:
        raise Faulty(Fault.ENCRYPTED, f"is locked by a password; {SCORE_HELP}")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Faulty(Fault.UNSUPPORTED, f"is packed in an unusual way; {SCORE_HELP}")
    with archive.open(info) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise Faulty(Fault.BOMB, f"unpacks to more than {most:,} bytes; {SCORE_HELP}")
    return data


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What expat met."""

    encoding: str = ""
    root: str = ""
    begin: int = 0
    depth: int = 0
    elements: int = 0
    notes: int = 0
    parts: int = 0


def _checked_text(data: bytes, limits: Limits) -> str:
    """The document from its root on, without declaration and document type."""
    if len(data) > limits.max_score_bytes:
        raise Faulty(
            Fault.TOO_LARGE,
            f"is a MusicXML file of more than {limits.max_score_bytes:,} bytes; a shorter one would work",
        )
    seen = _Seen()
    parser = _parser(seen, limits)
    try:
        for at in range(0, len(data), CHUNK):
            parser.Parse(data[at : at + CHUNK], False)
        parser.Parse(b"", True)
    except (expat.ExpatError, UnicodeError, LookupError, ValueError):
        if seen.root and seen.depth:
            raise Faulty(
                Fault.TRUNCATED, "is a MusicXML file that breaks off or is damaged; export it once more"
            ) from None
        raise Faulty(Fault.DAMAGED, f"is no well-formed XML; {SCORE_HELP}") from None
    if not seen.notes:
        raise Faulty(Fault.NO_NOTES, "is a score without a note; one with music in it would work")
    encoding = seen.encoding or ("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    if encoding == "utf-16" and data[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        encoding = "utf-16-le" if data[:1] == b"<" else "utf-16-be"
    return data[seen.begin :].decode(encoding, "replace")


def _parser(seen: _Seen, limits: Limits) -> expat.XMLParserType:
    parser = expat.ParserCreate()

    def declared(version: str, encoding: str | None, standalone: int) -> None:
        seen.encoding = (encoding or "").lower()
        if seen.encoding and seen.encoding not in ENCODINGS:
            raise Faulty(Fault.UNSUPPORTED, "is a MusicXML file in an unusual encoding; one in UTF-8 would work")

    def began(name: str, attributes: dict[str, str]) -> None:
        if not seen.root:
            seen.root, seen.begin = name, parser.CurrentByteIndex
            if name not in ("score-partwise", "score-timewise"):
                raise Faulty(Fault.NOT_MUSIC, f"is an XML document, but no MusicXML; {SCORE_HELP}")
        seen.depth += 1
        seen.elements += 1
        seen.notes += name == "note"
        if seen.notes > limits.max_notes:
            raise _too_many_notes(limits)
        if seen.elements > limits.max_elements or seen.depth > DEEPEST:
            raise Faulty(Fault.BOMB, f"is built of more parts than a score has; {SCORE_HELP}")

    def ended(name: str) -> None:
        seen.depth -= 1

    def entity(*_: object) -> None:
        raise Faulty(
            Fault.BOMB, f"declares XML entities, which no score needs and which are never expanded; {SCORE_HELP}"
        )

    parser.XmlDeclHandler = declared
    parser.StartElementHandler = began
    parser.EndElementHandler = ended
    parser.EntityDeclHandler = entity
    parser.SkippedEntityHandler = entity
    return parser


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


def _too_many_notes(limits: Limits) -> Faulty:
    return Faulty(Fault.TOO_MANY_NOTES, f"has more than {limits.max_notes:,} notes; a shorter piece would work")
