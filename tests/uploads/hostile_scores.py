"""Uploads of notes: MIDI, MusicXML and compressed MusicXML, bent."""

from __future__ import annotations

import io
import struct
import zipfile

from engine.learn.uploads import Fault
from tests.corpus.midi_bytes import meta, vlq
from tests.uploads import sounds
from tests.uploads.case import Case, case
from tests.uploads.sounds import midi, riff, scale, score

MILLION = 1_000_000


def raw_track(body: bytes, *, size: int | None = None) -> bytes:
    head = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0"
    return head + b"MTrk" + struct.pack(">I", len(body) if size is None else size) + body


def with_tempo(micros: int) -> bytes:
    return midi([(0, meta(0x51, micros.to_bytes(3, "big"))), *scale()[1:]])


def crowd(count: int) -> bytes:
    """As many notes as three bytes each can say: running status, no time between."""
    return raw_track(b"\0\x90\x3c\x40" + b"\x01\x3c\0\x01\x3c\x40" * count + b"\0\xff\x2f\0")


def bomb(levels: int = 9) -> str:
    """A billion laughs."""
    lines = ['<!ENTITY a0 "ha">']
    lines += [f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">' for i in range(1, levels + 1)]
    return f"<!DOCTYPE score-partwise [{''.join(lines)}]>"


def with_entity(declaration: str, use: str = "&x;") -> bytes:
    doctype = f"<!DOCTYPE score-partwise [{declaration}]>"
    return score(sounds.measures(extra=f"<direction><direction-type><words>{use}</words></direction-type></direction>"),
                 doctype=doctype).encode()  # fmt: skip


def with_tempo_mark(bpm: str) -> bytes:
    return score(sounds.measures(extra=f'<direction><sound tempo="{bpm}"/></direction>')).encode()


CONTAINER = b'<?xml version="1.0"?><container><rootfiles><rootfile full-path="%s"/></rootfiles></container>'


def mxl(
    content: bytes | None, *, path: str = "tune.musicxml", kind: int = zipfile.ZIP_DEFLATED, extra: int = 0
) -> bytes:
    """A compressed score; `content` None leaves the score out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        archive.writestr("META-INF/container.xml", CONTAINER % path.encode())
        if content is not None:
            archive.writestr(path, content)
        for index in range(extra):
            archive.writestr(f"picture{index}", b"")
    return buffer.getvalue()


def locked(data: bytes) -> bytes:
    """The archive with the flag of encryption set everywhere."""
    out = bytearray(data)
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = out.find(magic)
        while at >= 0:
            out[at + offset] |= 1
            at = out.find(magic, at + 1)
    return bytes(out)


def huge_container() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("META-INF/container.xml", b" " * 10_000_000)
    return buffer.getvalue()


def broken_deflate() -> bytes:
    data = bytearray(mxl(score().encode()))
    at = data.rfind(b"tune.musicxml", 0, data.rfind(b"PK\x01\x02")) + len("tune.musicxml")
    data[at : at + 60] = b"\xff" * 60
    return bytes(data)


MIDI = [
    case("a MIDI file", "a.mid", lambda: midi(scale()), None),
    case("a MIDI file in RIFF", "a.rmi", lambda: riff((b"data", midi(scale())), kind=b"RMID"), None),
    case("RIFF that only says that it holds MIDI", "a.rmi", riff((b"LIST", bytes(40)), kind=b"RMID"), Fault.TRUNCATED),
    case("a MIDI header alone", "a.mid", b"MThd\0\0\0\x06\0\x01\0\x01\x01\xe0", Fault.TRUNCATED, "breaks off"),
    case("four bytes of a MIDI header", "a.mid", b"MThd", Fault.TRUNCATED),
    case("a MIDI file cut in half", "a.mid", lambda: midi(scale())[:200], Fault.TRUNCATED),
    case("a track of four gigabytes", "a.mid", raw_track(b"\0\x90\x3c\x40", size=0xFFFFFFFF), Fault.TRUNCATED),
    case("a million notes", "a.mid", lambda: crowd(MILLION), Fault.TOO_MANY_NOTES, "notes"),
    case("two million notes", "a.mid", lambda: crowd(2 * MILLION), Fault.TOO_LARGE, "bytes"),
    case(
        "a million controllers",
        "a.mid",
        lambda: raw_track(b"\0\xb0\x07\x40" + b"\0\x07\x40" * MILLION),
        Fault.TOO_MANY_NOTES,
        "events",
    ),
    case("a tempo of nothing", "a.mid", lambda: with_tempo(0), Fault.ABSURD_TEMPO, "inf"),
    case("a million beats a minute", "a.mid", lambda: with_tempo(60), Fault.ABSURD_TEMPO, "1e+06"),
    case("3.6 beats a minute", "a.mid", lambda: with_tempo(0xFFFFFF), Fault.ABSURD_TEMPO),
    case("a tempo of one byte", "a.mid", lambda: midi([(0, meta(0x51, b"\x07")), *scale()[1:]]), Fault.ABSURD_TEMPO),
    case("no ticks a quarter", "a.mid", lambda: midi(scale(), division=0), Fault.DAMAGED),
    case("film frames for beats", "a.mid", lambda: midi(scale(), division=0xE728), Fault.UNSUPPORTED, "film frames"),
    case("65,535 tracks", "a.mid", lambda: midi(scale(), count=65_535), Fault.DAMAGED, "tracks"),
    case("a track that never came", "a.mid", lambda: midi(scale(), count=2), Fault.TRUNCATED),
    case("a MIDI file of kind 9", "a.mid", lambda: midi(scale(), kind=9), Fault.DAMAGED),
    case(
        "a note a century later",
        "a.mid",
        lambda: midi([*scale(), *((0x0FFFFFFF, e) for e in (b"\x90\x3c\x40", b"\x80\x3c\0"))]),
        Fault.TOO_LONG,
    ),
    case("one tick a quarter and an hour of them", "a.mid", lambda: midi(scale(8_000, 1), division=1), Fault.TOO_LONG),
    case("no notes", "a.mid", lambda: midi([(0, meta(3, b"tune"))]), Fault.NO_NOTES),
    case("two notes", "a.mid", lambda: midi(scale(2)), Fault.TOO_SHORT),
    case(
        "drums alone",
        "a.mid",
        lambda: midi([(t, bytes((e[0] | 9, *e[1:])) if e[0] < 0xF0 else e) for t, e in scale()]),
        None,
    ),
    case("data without a status", "a.mid", raw_track(b"\0\x3c\x40\0\x3c\x40"), Fault.DAMAGED),
    case("a message of the system's own", "a.mid", raw_track(b"\0\xf4\0\xf4"), Fault.DAMAGED),
    case("a time without end", "a.mid", raw_track(b"\xff" * 100), Fault.DAMAGED),
    case("a message longer than its track", "a.mid", raw_track(b"\0\xf0" + vlq(2**27) + bytes(10)), Fault.DAMAGED),
    case("a note that is cut", "a.mid", raw_track(b"\0\x90\x3c"), Fault.DAMAGED),
    case("notes that never end", "a.mid", lambda: midi([e for e in scale() if e[1][0] != 0x80]), Fault.NO_NOTES),
    case("a MIDI file called mp3", "a.mp3", lambda: midi(scale()), None, "but it is a MIDI file"),
    case("junk behind the last track", "a.mid", lambda: midi(scale()) + b"MTrk\xff\xff\xff\xffjunk", None),
]
MUSICXML = [
    case("a score", "a.musicxml", lambda: score().encode(), None),
    case("a score in UTF-16", "a.xml", lambda: score(encoding="UTF-16").encode("utf-16"), None),
    case("a score with a byte order mark", "a.xml", lambda: b"\xef\xbb\xbf" + score().encode(), None),
    case("a billion laughs", "a.xml", lambda: score(doctype=bomb()).encode(), Fault.BOMB, "entities"),
    case("a billion laughs that are laughed", "a.xml", lambda: score("&a9;", doctype=bomb()).encode(), Fault.BOMB),
    case(
        "an entity of a local file", "a.xml", lambda: with_entity('<!ENTITY x SYSTEM "file:///etc/passwd">'), Fault.BOMB
    ),
    case("an entity of a server", "a.xml", lambda: with_entity('<!ENTITY x SYSTEM "http://127.0.0.1:1/">'), Fault.BOMB),
    case(
        "one long entity, used often",
        "a.xml",
        lambda: with_entity(f'<!ENTITY x "{"a" * 50_000}">', "&x;" * 1_000),
        Fault.BOMB,
    ),
    case(
        "a parameter entity",
        "a.xml",
        lambda: with_entity('<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;', ""),
        Fault.BOMB,
    ),
    case(
        "an entity that nobody declared", "a.xml", lambda: score(sounds.measures(extra="&nobody;")).encode(), Fault.BOMB
    ),
    case(
        "a foreign document type",
        "a.xml",
        lambda: score(doctype='<!DOCTYPE score-partwise SYSTEM "file:///etc/passwd">').encode(),
        None,
    ),
    case("a score cut in half", "a.xml", lambda: score().encode()[:1500], Fault.TRUNCATED, "breaks off"),
    case(
        "a score with a torn element",
        "a.xml",
        lambda: score().replace("</note>", "</nota>", 1).encode(),
        Fault.TRUNCATED,
    ),
    case("a score with a zero byte", "a.xml", lambda: score().replace("Tune", "Tu\0ne").encode(), Fault.TRUNCATED),
    case("elements 100,000 deep", "a.xml", lambda: score("<x>" * 100_000).encode(), Fault.BOMB, "more parts"),
    case("two million elements", "a.xml", lambda: score("<x/>" * 2_000_000).encode()[:7_900_000], Fault.BOMB),
    case("a million notes in a score", "a.xml", lambda: score("<note/>" * MILLION).encode(), Fault.TOO_MANY_NOTES),
    case("nine megabytes of score", "a.xml", lambda: score("<!--" + "a" * 9_000_000 + "-->").encode(), Fault.TOO_LARGE),
    case("a score without notes", "a.xml", lambda: score("<measure number='1'/>").encode(), Fault.NO_NOTES),
    case("XML of something else", "a.xml", b"<?xml version='1.0'?><opus><score-partwise/></opus>", Fault.NOT_MUSIC),
    case("a score in EBCDIC", "a.xml", lambda: score(encoding="cp037").encode(), Fault.UNSUPPORTED, "encoding"),
    case("a score in UTF-7", "a.xml", lambda: score(encoding="UTF-7").encode(), Fault.UNSUPPORTED),
    case(
        "divisions of zero", "a.xml", lambda: score().replace("<divisions>1<", "<divisions>0<").encode(), Fault.DAMAGED
    ),
    case("notes that last a century", "a.xml", lambda: score(sounds.measures(duration=10**9)).encode(), Fault.TOO_LONG),
    case("notes of negative length", "a.xml", lambda: score(sounds.measures(duration=-4)).encode(), Fault.DAMAGED),
    case("a note in octave 99", "a.xml", lambda: score().replace("<octave>4<", "<octave>99<").encode(), None),
    case("a note that is no note", "a.xml", lambda: score().replace("<step>C<", "<step>H<").encode(), Fault.DAMAGED),
    case("a score at tempo zero", "a.xml", lambda: with_tempo_mark("0"), None),
    case("a score at a tempo of a billion", "a.xml", lambda: with_tempo_mark("1000000000"), Fault.ABSURD_TEMPO),
    case("a score at a tempo of words", "a.xml", lambda: with_tempo_mark("fast"), Fault.DAMAGED),
    case(
        "a score without parts",
        "a.xml",
        b"<?xml version='1.0'?><score-partwise><note/></score-partwise>",
        Fault.DAMAGED,
    ),
]
MXL = [
    case("a compressed score", "a.mxl", lambda: mxl(score().encode()), None),
    case("a compressed score that unpacks to 200 MB", "a.mxl", lambda: mxl(b" " * 200_000_000), Fault.BOMB, "unpacks"),
    case("a compressed score with a bomb inside", "a.mxl", lambda: mxl(score(doctype=bomb()).encode()), Fault.BOMB),
    case("a container file of 10 MB", "a.mxl", huge_container, Fault.BOMB),
    case("an archive of 10,000 files", "a.mxl", lambda: mxl(score().encode(), extra=10_000), Fault.BOMB, "files"),
    case(
        "a compressed score that points out of itself",
        "a.mxl",
        lambda: mxl(None, path="../../etc/passwd"),
        Fault.DAMAGED,
    ),
    case("a compressed score whose score is missing", "a.mxl", lambda: mxl(None), Fault.DAMAGED, "missing"),
    case(
        "a compressed score with a password",
        "a.mxl",
        lambda: locked(mxl(score().encode())),
        Fault.ENCRYPTED,
        "password",
    ),
    case(
        "a compressed score in LZMA", "a.mxl", lambda: mxl(score().encode(), kind=zipfile.ZIP_LZMA), Fault.UNSUPPORTED
    ),
    case("a compressed score cut in half", "a.mxl", lambda: mxl(score().encode())[:400], Fault.DAMAGED),
    case("a compressed score of noise", "a.mxl", broken_deflate, Fault.DAMAGED),
    case("a compressed score of a compressed score", "a.mxl", lambda: mxl(mxl(score().encode())), Fault.DAMAGED),
    case("a compressed text", "a.mxl", lambda: mxl(b"hello"), Fault.DAMAGED),
    case("an empty archive", "a.mxl", b"PK\x05\x06" + bytes(18), Fault.NOT_MUSIC),
]
CASES: list[Case] = [*MIDI, *MUSICXML, *MXL]
