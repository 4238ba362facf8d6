"""Uploads that are no music at all, or only point to some: mislabelled, empty, films, playlists."""

from __future__ import annotations

import io
import json
import struct
import zipfile

import numpy as np

from engine.learn.uploads import Fault
from tests.uploads import sounds
from tests.uploads.case import Case, case


def noise(size: int, seed: int = 1) -> bytes:
    """Random bytes without 0xFF, so that they hold no frame header by chance."""
    return np.random.default_rng(seed).integers(0, 255, size, np.uint8).tobytes()


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "hello")
    return buffer.getvalue()


def with_tag(data: bytes) -> bytes:
    return b"ID3\x03\0\0\0\0\0\x0a" + bytes(10) + data


SECRET = b"file:///etc/passwd"


def theora() -> bytes:
    """An Ogg page that begins a Theora stream."""
    packet = b"\x80theora\x03\x02\x01" + bytes(32)
    return b"OggS\0\x02" + bytes(8) + struct.pack("<III", 99, 0, 0) + bytes([1, len(packet)]) + packet


def silent_film() -> bytes:
    """The film, whose sound track is renamed to one of hints."""
    data = sounds.film()
    at = data.index(b"soun", data.index(b"moov"))
    return data[:at] + b"hint" + data[at + 4 :]


def referring() -> bytes:
    """An m4a whose data reference says "in another file"."""
    data = sounds.m4a()
    at = data.index(b"url ", data.index(b"dref"))
    return data[: at + 4] + b"\0\0\0\0" + data[at + 8 :]


EMPTY = [
    case("zero bytes", "song.mp3", b"", Fault.EMPTY, "0 bytes"),
    case("one byte", "song.mp3", b"\xff", Fault.NOT_MUSIC),
    case("a megabyte of zeros", "song.wav", bytes(1_000_000), Fault.EMPTY, "zero bytes"),
    case("random bytes", "song.mp3", lambda: noise(200_000), Fault.NOT_MUSIC),
    case(
        "random bytes with frame headers", "song.mp3", lambda: noise(200_000).replace(b"\x10", b"\xff"), Fault.NOT_MUSIC
    ),
    case("only sync bytes", "song.mp3", b"\xff" * 100_000, Fault.NOT_MUSIC),
    case("one frame header again and again", "song.mp3", b"\xff\xfb\x90\x64" * 5_000, Fault.NOT_MUSIC),
]
MISLABELLED = [
    case("a PNG", "song.mp3", lambda: b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise(5_000), Fault.NOT_MUSIC, "a picture"),
    case("a JPEG", "song.wav", lambda: b"\xff\xd8\xff\xe0\0\x10JFIF\0" + noise(5_000), Fault.NOT_MUSIC, "a picture"),
    case("a GIF", "song.ogg", lambda: b"GIF89a\x01\0\x01\0" + noise(900), Fault.NOT_MUSIC, "a picture"),
    case("a WebP", "song.wav", lambda: b"RIFF\0\x10\0\0WEBPVP8 " + noise(4_000), Fault.NOT_MUSIC, "a picture"),
    case("a bitmap", "song.mp3", lambda: b"BM\x36\0\0\0\0\0\0\0" + noise(900), Fault.NOT_MUSIC, "a picture"),
    case("a PDF", "song.mp3", lambda: b"%PDF-1.7\n\0\x01\x02" + noise(3_000), Fault.NOT_MUSIC, "a PDF"),
    case("a Windows program", "song.mp3", lambda: b"MZ\x90\0\x03\0" + noise(3_000), Fault.NOT_MUSIC, "a program"),
    case("a Linux program", "song.flac", lambda: b"\x7fELF\x02\x01\x01" + noise(3_000), Fault.NOT_MUSIC, "a program"),
    case("a gzip file", "song.mid", lambda: b"\x1f\x8b\x08\0" + noise(3_000), Fault.NOT_MUSIC, "archive"),
    case("a 7z file", "song.mp3", lambda: b"7z\xbc\xaf\x27\x1c" + noise(3_000), Fault.NOT_MUSIC, "archive"),
    case("a RAR file", "song.mp3", lambda: b"Rar!\x1a\x07\0" + noise(3_000), Fault.NOT_MUSIC, "archive"),
    case("a ZIP of songs", "songs.mp3", lambda: zipped("a.txt", "b.txt"), Fault.NOT_MUSIC, "archive"),
    case(
        "an office document",
        "song.mxl",
        lambda: zipped("[Content_Types].xml", "word/a.xml"),
        Fault.NOT_MUSIC,
        "archive",
    ),
    case("a database", "song.mp3", lambda: b"SQLite format 3\0" + noise(3_000), Fault.NOT_MUSIC, "a database"),
    case("a soundfont", "song.wav", lambda: b"RIFF\0\x10\0\0sfbkLIST" + noise(4_000), Fault.NOT_MUSIC, "a soundfont"),
    case("a text", "song.mp3", b"la la la\n" * 100, Fault.NOT_MUSIC, "a text"),
    case("a text in Latin-1", "song.mid", "schöne Grüße\n".encode("latin-1") * 50, Fault.NOT_MUSIC, "a text"),
    case("JSON", "song.mp3", json.dumps({"notes": [1, 2, 3]}).encode(), Fault.NOT_MUSIC, "a text"),
    case("a web page", "song.mp3", b"<!DOCTYPE html><html><body>404</body></html>", Fault.NOT_MUSIC, "a web page"),
    case("an error page in XML", "song.mp3", b"<?xml version='1.0'?><Error>AccessDenied</Error>", Fault.NOT_MUSIC),
    case("an AIFF", "song.aiff", lambda: b"FORM\0\x10\0\0AIFFCOMM\0" + noise(4_000), Fault.UNSUPPORTED, "AIFF"),
    case("Windows Media", "song.wma", lambda: bytes.fromhex("3026b2758e66cf11") + noise(3_000), Fault.UNSUPPORTED),
    case("Core Audio", "song.caf", lambda: b"caff\0\x01\0\0" + noise(3_000), Fault.UNSUPPORTED),
    case("AMR", "song.amr", lambda: b"#!AMR\n\x01\x02" + noise(3_000), Fault.UNSUPPORTED),
    case("Monkey's Audio", "song.ape", lambda: b"MAC \x96\x0f\0\0" + noise(3_000), Fault.UNSUPPORTED),
    case("WavPack", "song.wv", lambda: b"wvpk\0\x10\0\0" + noise(3_000), Fault.UNSUPPORTED),
    case("an AU file", "song.au", lambda: b".snd\0\0\0\x18" + noise(3_000), Fault.UNSUPPORTED),
    case("AC-3", "song.mp3", lambda: b"\x0b\x77\0\0" + noise(3_000), Fault.UNSUPPORTED),
]
FILMS = [
    case("an MP4 film with sound", "song.m4a", sounds.film, Fault.VIDEO, "a video"),
    case("a film without sound", "song.m4a", silent_film, Fault.VIDEO, "a video"),
    case("a WebM film", "song.ogg", lambda: b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01" + noise(4_000), Fault.VIDEO),
    case("an AVI film", "song.wav", lambda: b"RIFF\0\x10\0\0AVI LIST\0" + sounds.mp3(), Fault.VIDEO, "an AVI"),
    case("a Flash film with mp3 frames", "song.mp3", lambda: b"FLV\x01\x05\0\0\0\x09" + sounds.mp3(), Fault.VIDEO),
    case("an MPEG film with mp2 frames", "song.mp3", lambda: b"\0\0\x01\xba\x44\0" + sounds.mp3(), Fault.VIDEO),
    case("a transport stream", "song.mp3", lambda: (b"\x47\x40\0\x10" + noise(184)) * 20, Fault.VIDEO),
    case("Theora in Ogg", "song.ogg", lambda: theora() + sounds.opus(), Fault.VIDEO, "a video"),
]
REFERENCES = [
    case(
        "m3u8 that names a local file",
        "song.mp3",
        b"#EXTM3U\n#EXTINF:10,\n" + SECRET + b"\n",
        Fault.REFERENCE,
        "playlist",
    ),
    case("m3u8 that names a server", "song.mp3", b"#EXTM3U\nhttp://127.0.0.1:1/a.ts\n", Fault.REFERENCE, "playlist"),
    case("m3u8 behind a tag", "song.mp3", with_tag(b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n"), Fault.REFERENCE),
    case("m3u8 with a byte order mark", "song.mp3", b"\xef\xbb\xbf#EXTM3U\n/etc/passwd\n", Fault.REFERENCE),
    case("m3u8 in UTF-16", "song.mp3", "#EXTM3U\n/etc/passwd\n".encode("utf-16"), Fault.REFERENCE),
    case("m3u8 in lower case", "song.mp3", b"#extm3u\n/etc/passwd\n", Fault.REFERENCE),
    case("a concat script", "song.mp3", b"ffconcat version 1.0\nfile /etc/passwd\n", Fault.REFERENCE),
    case("a pls playlist", "song.ogg", b"[playlist]\nFile1=/etc/passwd\nNumberOfEntries=1\n", Fault.REFERENCE),
    case("an asx playlist", "song.mp3", b"<asx version='3.0'><entry><ref href='x'/></entry></asx>", Fault.REFERENCE),
    case("an xspf playlist", "song.mp3", b"<?xml version='1.0'?><playlist version='1'></playlist>", Fault.REFERENCE),
    case("a DASH manifest", "song.m4a", b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash'></MPD>", Fault.REFERENCE),
    case("SMIL", "song.mp3", b"<smil><body><audio src='/etc/passwd'/></body></smil>", Fault.REFERENCE),
    case("a session description", "song.mp3", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", Fault.REFERENCE),
    case("a list of addresses", "song.mp3", b"https://example.org/a.mp3\nhttps://example.org/b.mp3\n", Fault.REFERENCE),
    case("a concat address", "song.mp3", b"concat:/etc/passwd|/etc/hosts\n", Fault.REFERENCE),
    case("a QuickTime file that names another", "song.m4a", referring, Fault.REFERENCE, "never opened"),
]
CASES: list[Case] = [*EMPTY, *MISLABELLED, *FILMS, *REFERENCES]
