"""MusicXML uploads, bare or compressed, checked before any reader sees them: pure Python and expat.

In: the upload's bytes. Out: the document's text from its root on. Raises `Faulty`. Conventions: what makes readers
slow or large is refused first: entities before one is expanded, too many notes or elements, deep nesting, a size that
unpacks beyond the limit. Sources: MusicXML 4.0 (compressed files: META-INF/container.xml). Caveat: the document type
is thrown away, so nothing that it names is ever asked for.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from xml.parsers import expat

from engine.learn.uploads.faults import Fault, Faulty
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.sniff import Bytes

SCORE_HELP = "a score written by a notation program, or a MIDI file, would work"
CONTAINER = "META-INF/container.xml"
CONTAINER_BYTES = 65_536
MOST_ENTRIES = 200
DEEPEST = 40
ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "iso-8859-1", "windows-1252"})
CHUNK = 1 << 16


def score_text(data: Bytes, start: int, limits: Limits) -> str:
    """The document of a MusicXML upload."""
    return _checked_text(bytes(data[start : start + limits.max_score_bytes + 1]), limits)


def packed_score_text(data: Bytes, start: int, limits: Limits) -> str:
    """The document of a compressed MusicXML upload (.mxl); anything else in a ZIP archive is refused."""
    try:
        with zipfile.ZipFile(io.BytesIO(data[start:])) as archive:
            text = _inside(archive, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError):
        raise Faulty(Fault.DAMAGED, "is a damaged archive that cannot be unpacked; export it once more") from None
    return _checked_text(text, limits)


def too_many_notes(limits: Limits) -> Faulty:
    """The fault of a score that is too long."""
    return Faulty(Fault.TOO_MANY_NOTES, f"has more than {limits.max_notes:,} notes; a shorter piece would work")


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
            raise too_many_notes(limits)
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
