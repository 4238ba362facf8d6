"""What a file is, by its first bytes; its name counts for nothing.

In: the file's bytes and its name. Out: `Sniffed`: the container, and where it begins (behind ID3v2 tags and junk).
Raises `Faulty` for everything that is no music. Conventions: only a bounded part is looked at; texts are decided by
what stands in their first 4 KiB. Caveat: an MPEG frame header is only eleven bits wide, so three headers must follow
one another before bytes are believed to be mp3 or AAC.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from enum import StrEnum

from engine.learn.uploads.faults import AUDIO_HELP, Fault, Faulty
from engine.learn.uploads.mpeg import find_adts, find_mpeg

Bytes = bytes | mmap.mmap
HEAD = 4096
MOST_TAGS = 8
JUNK = 1 << 16
"""Bytes before the first frame in which one is looked for."""


class Container(StrEnum):
    """The files that can be read."""

    MP3 = "mp3"
    AAC = "aac"
    OGG = "ogg"
    WAV = "wav"
    FLAC = "flac"
    M4A = "m4a"
    MIDI = "midi"
    MUSICXML = "musicxml"
    MXL = "mxl"


ENDINGS: dict[str, frozenset[Container]] = {
    "mp3": frozenset({Container.MP3}),
    "mp2": frozenset({Container.MP3}),
    "aac": frozenset({Container.AAC}),
    "ogg": frozenset({Container.OGG}),
    "oga": frozenset({Container.OGG}),
    "opus": frozenset({Container.OGG}),
    "wav": frozenset({Container.WAV}),
    "wave": frozenset({Container.WAV}),
    "flac": frozenset({Container.FLAC, Container.OGG}),
    "m4a": frozenset({Container.M4A}),
    "m4b": frozenset({Container.M4A}),
    "mp4": frozenset({Container.M4A}),
    "mid": frozenset({Container.MIDI}),
    "midi": frozenset({Container.MIDI}),
    "kar": frozenset({Container.MIDI}),
    "musicxml": frozenset({Container.MUSICXML}),
    "xml": frozenset({Container.MUSICXML}),
    "mxl": frozenset({Container.MXL}),
}
"""What a name's ending promises."""

PLAIN_MAGIC: tuple[tuple[bytes, Container], ...] = (
    (b"fLaC", Container.FLAC),
    (b"OggS", Container.OGG),
    (b"MThd", Container.MIDI),
)
PICTURE, PROGRAM, ARCHIVE = "a picture", "a program", "a packed archive"
FOREIGN: tuple[tuple[int, bytes, Fault, str], ...] = (
    (0, b"\x89PNG", Fault.NOT_MUSIC, PICTURE),
    (0, b"\xff\xd8\xff", Fault.NOT_MUSIC, PICTURE),
    (0, b"GIF8", Fault.NOT_MUSIC, PICTURE),
    (0, b"BM", Fault.NOT_MUSIC, PICTURE),
    (0, b"II*\0", Fault.NOT_MUSIC, PICTURE),
    (8, b"WEBP", Fault.NOT_MUSIC, PICTURE),
    (0, b"%PDF", Fault.NOT_MUSIC, "a PDF document"),
    (0, b"\x7fELF", Fault.NOT_MUSIC, PROGRAM),
    (0, b"MZ", Fault.NOT_MUSIC, PROGRAM),
    (0, b"\x1f\x8b", Fault.NOT_MUSIC, ARCHIVE),
    (0, b"7z\xbc\xaf", Fault.NOT_MUSIC, ARCHIVE),
    (0, b"Rar!", Fault.NOT_MUSIC, ARCHIVE),
    (0, b"BZh", Fault.NOT_MUSIC, ARCHIVE),
    (0, b"\xfd7zXZ", Fault.NOT_MUSIC, ARCHIVE),
    (0, b"\x28\xb5\x2f\xfd", Fault.NOT_MUSIC, ARCHIVE),
    (0, b"SQLite format 3", Fault.NOT_MUSIC, "a database"),
    (0, b"sfArk", Fault.NOT_MUSIC, "a soundfont"),
    (8, b"sfbk", Fault.NOT_MUSIC, "a soundfont"),
    (0, b"\x1a\x45\xdf\xa3", Fault.VIDEO, "a Matroska or WebM video"),
    (8, b"AVI ", Fault.VIDEO, "an AVI video"),
    (0, b"FLV", Fault.VIDEO, "a Flash video"),
    (0, b"\0\0\x01\xba", Fault.VIDEO, "an MPEG video"),
    (0, b"\0\0\x01\xb3", Fault.VIDEO, "an MPEG video"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Fault.UNSUPPORTED, "a Windows Media file"),
    (0, b"caff", Fault.UNSUPPORTED, "a Core Audio file"),
    (0, b"#!AMR", Fault.UNSUPPORTED, "an AMR file"),
    (0, b"MAC ", Fault.UNSUPPORTED, "a Monkey's Audio file"),
    (0, b"wvpk", Fault.UNSUPPORTED, "a WavPack file"),
    (0, b"DSD ", Fault.UNSUPPORTED, "a DSD file"),
    (0, b"MPCK", Fault.UNSUPPORTED, "a Musepack file"),
    (0, b"MP+", Fault.UNSUPPORTED, "a Musepack file"),
    (0, b".snd", Fault.UNSUPPORTED, "an AU file"),
    (0, b"\x0b\x77", Fault.UNSUPPORTED, "an AC-3 file"),
    (8, b"AIFF", Fault.UNSUPPORTED, "an AIFF file"),
    (8, b"AIFC", Fault.UNSUPPORTED, "an AIFF file"),
    (8, b"CDXA", Fault.VIDEO, "a video CD file"),
    (0, b"riff\x2e\x91\xcf\x11", Fault.UNSUPPORTED, "a Wave64 file"),
)
"""Where, which bytes, what kind of fault, what it is."""
REFERENCES = (b"#EXTM3U", b"#EXTINF", b"#EXT-X-", b"ffconcat", b"[playlist]", b"<asx", b"<smil", b"<playlist", b"<MPD",
              b"RTSPtext", b"v=0\r\n", b"v=0\n", b"[Reference]", b"SMIL")  # fmt: skip
SCHEMES = (b"http://", b"https://", b"file:", b"concat:", b"rtmp://", b"rtsp://", b"mms://", b"subfile,", b"data:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sniffed:
    """A container, and the offset of its first byte of its own."""

    container: Container
    start: int


def sniff(data: Bytes) -> Sniffed:
    """What the bytes are. Raises `Faulty` where they are nothing that can be read."""
    start = skip_tags(data)
    head = data[start : start + HEAD]
    if not data[:HEAD].strip(b"\0") and _all_zero(data):
        raise Faulty(Fault.EMPTY, f"holds nothing but zero bytes; {AUDIO_HELP}")
    known = _by_magic(head)
    if known is not None:
        return Sniffed(container=known, start=start)
    if _transport_stream(head):
        raise Faulty(Fault.VIDEO, f"is an MPEG video; {AUDIO_HELP}")
    if _is_text(head):
        return _text(head, start)
    for at, magic, fault, what in FOREIGN:
        if head[at : at + len(magic)] == magic:
            raise Faulty(fault, f"is {what}; {AUDIO_HELP}")
    found = _frames(data, start)
    if found is not None:
        return found
    raise Faulty(Fault.NOT_MUSIC, f"is no audio, MIDI or MusicXML file that is known here; {AUDIO_HELP}")


def _by_magic(head: bytes) -> Container | None:
    """The container whose own first bytes these are."""
    for magic, container in PLAIN_MAGIC:
        if head.startswith(magic):
            return container
    if head[:4] in (b"RIFF", b"RF64", b"BW64") and head[8:12] in (b"WAVE", b"RMID"):
        return Container.WAV if head[8:12] == b"WAVE" else Container.MIDI
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"styp", b"pnot"):
        return Container.M4A
    return Container.MXL if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) else None


def skip_tags(data: Bytes) -> int:
    """The offset behind all ID3v2 tags, by their ten-byte headers alone; nothing inside them is looked at."""
    start = 0
    for _ in range(MOST_TAGS):
        head = data[start : start + 10]
        if len(head) < 10 or head[:3] != b"ID3" or head[3] == 0xFF or any(byte & 0x80 for byte in head[6:10]):
            break
        size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
        start += 10 + size + (10 if head[5] & 0x10 else 0)
        if start >= len(data):
            raise Faulty(Fault.TRUNCATED, "ends inside its own tag, before any sound; upload it once more, complete")
    return start


def promised(name: str) -> frozenset[Container] | None:
    """What the name's ending says; None where it says nothing that is known."""
    return ENDINGS.get(name.rpartition(".")[2].lower())


def _frames(data: Bytes, start: int) -> Sniffed | None:
    """mp3 or AAC frames, perhaps behind some junk."""
    window = data[start : start + JUNK + 3 * 4096]
    mpeg, adts = find_mpeg(window, JUNK), find_adts(window, JUNK)
    if mpeg is not None and (adts is None or mpeg <= adts):
        return Sniffed(container=Container.MP3, start=start + mpeg)
    if adts is not None:
        return Sniffed(container=Container.AAC, start=start + adts)
    return None


def _text(head: bytes, start: int) -> Sniffed:
    plain = head.replace(b"\0", b"")
    lower = plain.lower()
    if b"<score-partwise" in plain or b"<score-timewise" in plain or b"<!DOCTYPE score-" in plain:
        return Sniffed(container=Container.MUSICXML, start=start)
    if any(mark.lower() in lower[:1024] for mark in REFERENCES):
        raise Faulty(
            Fault.REFERENCE, f"is a playlist that only names other files, and those are never opened; {AUDIO_HELP}"
        )
    if plain.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").startswith(b"<?xml") and b"<html" not in lower:
        return Sniffed(container=Container.MUSICXML, start=start)
    if b"<html" in lower or b"<!doctype html" in lower:
        raise Faulty(Fault.NOT_MUSIC, f"is a web page; {AUDIO_HELP}")
    if any(scheme in lower for scheme in SCHEMES):
        raise Faulty(
            Fault.REFERENCE, f"is a text with addresses of other files, and those are never opened; {AUDIO_HELP}"
        )
    raise Faulty(Fault.NOT_MUSIC, f"is a text; {AUDIO_HELP}")


def _is_text(head: bytes) -> bool:
    """Whether the bytes are printable text (UTF-8, UTF-16 or Latin-1), judged by the control characters."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) and head[2:4].strip(b"\0") and b"\0" in head[2:4]:
        return True
    if head.startswith((b"<?xml", b"\xef\xbb\xbf<?xml")):
        return True
    control = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
    if control:
        return head.startswith((b"<\0?\0", b"\0<\0?"))
    high = sum(byte >= 128 for byte in head)
    return bool(head) and high <= 0.3 * len(head)


def _transport_stream(head: bytes) -> bool:
    """MPEG-TS: the byte 0x47 every 188 bytes."""
    return len(head) >= 188 * 4 and all(head[188 * i] == 0x47 for i in range(4))


def _all_zero(data: Bytes) -> bool:
    return all(not data[at : at + (1 << 20)].strip(b"\0") for at in range(0, len(data), 1 << 20))
