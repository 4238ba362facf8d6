"""What a music player shows of a file: title, artist, style, tempo, key, year, a comment and a small cover.

In: `Tags`. Out: the bytes of an ID3v2.3 tag (mp3), Vorbis comments and a picture block (FLAC, Opus), and the few texts
that a wav can carry. Conventions: the genre is the style; a tempo is a whole number in ID3, as its specification has
it; a key is a ground note and an `m` there (`"F#m"`, for modes too), its full name elsewhere. Caveat: what a person
typed has no place in a tag: whoever makes `Tags` hands no prompt in.
"""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.music.harmony import Key

ARTIST = "Tunesmith"
FRONT_COVER = 3
MIME = "image/jpeg"
MINOR_THIRD = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A square JPEG and its side in pixels."""

    data: bytes = field(repr=False)
    side_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """What is known of a song. `style` as people read it; `bpm` in quarter notes a minute."""

    title: str
    style: str
    bpm: float
    key: Key
    comment: str
    year: int | None = None
    cover: Cover | None = None

    @property
    def initial_key(self) -> str:
        """`"C"`, `"F#m"`: at most three characters."""
        minor = (self.key.tonic + MINOR_THIRD) % 12 in self.key.scale
        return self.key.tonic_name + ("m" if minor else "")


def id3(tags: Tags) -> bytes:
    """An ID3v2.3 tag; texts in UTF-16, a comment in no particular language."""
    texts = {
        "TIT2": tags.title,
        "TPE1": ARTIST,
        "TCON": tags.style,
        "TBPM": str(round(tags.bpm)),
        "TKEY": tags.initial_key,
        **({} if tags.year is None else {"TYER": f"{tags.year:04d}"}),
        "TSSE": "LAME",
    }
    body = b"".join(_frame(name, b"\x01" + _utf16(text)) for name, text in texts.items())
    body += _frame("COMM", b"\x01eng" + _utf16("") + b"\0\0" + _utf16(tags.comment))
    if tags.cover is not None:
        body += _frame("APIC", b"\x00" + MIME.encode() + b"\0" + bytes([FRONT_COVER]) + b"\0" + tags.cover.data)
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def comments(tags: Tags) -> Mapping[str, str]:
    """Vorbis comments, by their usual names."""
    return {
        "TITLE": tags.title,
        "ARTIST": ARTIST,
        "GENRE": tags.style,
        "BPM": f"{tags.bpm:.5g}",
        "KEY": str(tags.key),
        **({} if tags.year is None else {"DATE": f"{tags.year:04d}"}),
        "COMMENT": tags.comment,
    }


def comment_block(tags: Tags) -> bytes:
    """The body of FLAC's VORBIS_COMMENT block."""
    entries = [f"{name}={text}".encode() for name, text in comments(tags).items()]
    vendor = ARTIST.encode()
    parts = [struct.pack("<I", len(vendor)), vendor, struct.pack("<I", len(entries))]
    parts += [struct.pack("<I", len(entry)) + entry for entry in entries]
    return b"".join(parts)


def picture_block(cover: Cover) -> bytes:
    """The body of FLAC's PICTURE block; in base 64 it is a comment of Opus too."""
    mime = MIME.encode()
    form = struct.pack(">IIII", cover.side_px, cover.side_px, 24, 0)
    sizes = struct.pack(">II", FRONT_COVER, len(mime)) + mime + struct.pack(">I", 0)
    return sizes + form + struct.pack(">I", len(cover.data)) + cover.data


def picture_comment(cover: Cover) -> str:
    """The value of METADATA_BLOCK_PICTURE."""
    return base64.b64encode(picture_block(cover)).decode("ascii")


def _frame(name: str, data: bytes) -> bytes:
    return name.encode() + struct.pack(">IH", len(data), 0) + data


def _utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")
