"""Uploads in containers of parts: Ogg pages and m4a boxes, bent."""

from __future__ import annotations

import struct
import zlib

from engine.learn.uploads import Fault
from tests.uploads import sounds
from tests.uploads.case import Case, case
from tests.uploads.hostile_junk import noise
from tests.uploads.hostile_sound import bitten


def pages(data: bytes) -> list[bytes]:
    """An Ogg file's pages."""
    found, at = [], 0
    while at < len(data):
        sizes = data[at + 27 : at + 27 + data[at + 26]]
        end = at + 27 + len(sizes) + sum(sizes)
        found.append(data[at:end])
        at = end
    return found


def crc(page: bytes) -> bytes:
    """The page with its checksum made right (CRC-32 of polynomial 0x04C11DB7, not reflected)."""
    value = 0
    bare = page[:22] + bytes(4) + page[26:]
    for byte in bare:
        value ^= byte << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
    return page[:22] + struct.pack("<I", value) + page[26:]


def page(packet: bytes, serial: int = 7, flags: int = 2, position: int = 0, number: int = 0) -> bytes:
    sizes = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    head = b"OggS\0" + bytes([flags]) + struct.pack("<QIII", position, serial, number, 0) + bytes([len(sizes)])
    return crc(head + sizes + packet)


def renumbered(data: bytes, serial: int) -> bytes:
    return b"".join(crc(p[:14] + struct.pack("<I", serial) + p[18:]) for p in pages(data))


def last_position(data: bytes, position: int) -> bytes:
    parts = pages(data)
    parts[-1] = crc(parts[-1][:6] + struct.pack("<Q", position) + parts[-1][14:])
    return b"".join(parts)


def opus_head(channels: int = 1, family: int = 0, version: int = 1) -> bytes:
    return b"OpusHead" + bytes([version, channels]) + struct.pack("<HIh", 312, 48_000, 0) + bytes([family])


def swapped_head(head: bytes) -> bytes:
    """The Opus file with another first packet."""
    data = sounds.opus()
    first = pages(data)[0]
    return page(head, serial=int.from_bytes(first[14:18], "little")) + data[len(first) :]


def vorbis_rate(rate_hz: int) -> bytes:
    parts = pages(sounds.vorbis())
    at = parts[0].index(b"\x01vorbis") + 12
    return b"".join([crc(parts[0][:at] + struct.pack("<I", rate_hz) + parts[0][at + 4 :]), *parts[1:]])


def vorbis_garbage() -> bytes:
    """The setup header filled with noise."""
    parts = pages(sounds.vorbis())
    at = parts[1].index(b"\x05vorbis") + 7
    return b"".join([parts[0], crc(parts[1][:at] + noise(len(parts[1]) - at)), *parts[2:]])


def box(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return struct.pack(">I", len(body) + 8 if size is None else size) + kind + body


def patched(marker: bytes, offset: int, new: bytes, data: bytes | None = None) -> bytes:
    """The m4a with bytes replaced behind the marker's first place in its header."""
    whole = sounds.m4a() if data is None else data
    at = whole.index(marker, whole.index(b"moov")) + offset
    return whole[:at] + new + whole[at + len(new) :]


def inside_moov(extra: bytes, data: bytes | None = None) -> bytes:
    """The m4a with one more box at the end of `moov`, which stands last in the file."""
    whole = sounds.m4a() if data is None else data
    at = whole.index(b"moov") - 4
    size = int.from_bytes(whole[at : at + 4], "big")
    assert at + size == len(whole)
    return whole[:at] + struct.pack(">I", size + len(extra)) + whole[at + 4 :] + extra


def nested(depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = box(b"trak", body)
    return body


def cover() -> bytes:
    """A cover of two megabytes, as iTunes writes it."""
    picture = box(b"data", b"\0\0\0\x0e\0\0\0\0" + b"\x89PNG\r\n\x1a\n" + noise(2_000_000))
    return box(b"udta", box(b"meta", bytes(4) + box(b"ilst", box(b"covr", picture))))


def packed_moov() -> bytes:
    body = box(b"dcom", b"zlib") + box(b"cmvd", struct.pack(">I", 2**31) + zlib.compress(bytes(5_000_000)))
    return box(b"ftyp", b"M4A \0\0\0\0") + box(b"moov", box(b"cmov", body))


def without_sound() -> bytes:
    """Header first, then nothing: as a download that stopped."""
    data = sounds.m4a()
    at = data.index(b"moov") - 4
    return data[: data.index(b"mdat") - 4] + data[at:] + box(b"mdat", b"", size=90_000)


def bitten_sound() -> bytes:
    data = sounds.m4a()
    at = data.index(b"moov") - 4
    return bitten(data[:at], 0.05, keep=100) + data[at:]


OGG = [
    case(
        "an Ogg cut in the middle of a page", "a.ogg", lambda: sounds.opus()[: len(sounds.opus()) // 2], Fault.TRUNCATED
    ),
    case("an Ogg that ends behind its headers", "a.ogg", lambda: b"".join(pages(sounds.opus())[:2]), Fault.TRUNCATED),
    case("an Ogg of one byte more than its magic", "a.ogg", b"OggS\0", Fault.TRUNCATED),
    case("OggS and noise", "a.ogg", lambda: b"OggS" + noise(5_000), Fault.TRUNCATED),
    case("Vorbis", "a.ogg", sounds.vorbis, None),
    case(
        "Speex",
        "a.ogg",
        lambda: page(b"Speex   1.2" + bytes(60)) + page(bytes(80), flags=4),
        Fault.UNSUPPORTED,
        "Speex",
    ),
    case("a skeleton without a body", "a.ogg", lambda: page(b"fishead\0" + bytes(56)), Fault.NO_AUDIO),
    case(
        "a hundred streams in one Ogg",
        "a.ogg",
        lambda: b"".join(page(opus_head(), serial=i) for i in range(100)),
        Fault.CHANGES,
    ),
    case("two songs in one Ogg", "a.ogg", lambda: sounds.opus() + renumbered(sounds.opus(), 4242), Fault.CHANGES),
    case("an Ogg that ends in the year 200,000", "a.ogg", lambda: last_position(sounds.opus(), 2**58), Fault.TOO_LONG),
    case("an Ogg whose checksums are wrong", "a.ogg", lambda: bitten(sounds.opus(), 0.02, keep=600), Fault.TRUNCATED),
    case(
        "an Opus file of 255 channels",
        "a.ogg",
        lambda: swapped_head(opus_head(255, 255) + bytes(257)),
        Fault.TOO_MANY_CHANNELS,
    ),
    case("an Opus file of no channels", "a.ogg", lambda: swapped_head(opus_head(0)), Fault.DAMAGED),
    case("an Opus head that is cut", "a.ogg", lambda: swapped_head(b"OpusHead"), Fault.DAMAGED),
    case("an Opus file of silence", "a.ogg", lambda: sounds.coded("ogg", "libopus", quiet=True), Fault.SILENT),
    case("Vorbis of 1 Hz", "a.ogg", lambda: vorbis_rate(1), Fault.ODD_RATE),
    case("Vorbis of 0 Hz", "a.ogg", lambda: vorbis_rate(0), Fault.ODD_RATE),
    case("Vorbis of four billion hertz", "a.ogg", lambda: vorbis_rate(0xFFFFFFFF), Fault.ODD_RATE),
    case("Vorbis with noise for codebooks", "a.ogg", vorbis_garbage, Fault.DAMAGED),
    case("an Ogg called mp3", "a.mp3", sounds.opus, None, "ends in .mp3, but it is an Ogg file"),
    case("an Ogg with a tail of junk", "a.ogg", lambda: sounds.opus() + noise(3_000), None),
]
M4A = [
    case("an m4a whose header never came", "a.m4a", lambda: sounds.m4a()[: len(sounds.m4a()) // 2], Fault.TRUNCATED),
    case("an m4a cut in its header", "a.m4a", lambda: sounds.m4a()[:-400], Fault.TRUNCATED, "cut off"),
    case("an m4a whose sound never came", "a.m4a", without_sound, Fault.TRUNCATED),
    case("an m4a of one box", "a.m4a", box(b"ftyp", b"M4A \0\0\0\0"), Fault.TRUNCATED),
    case(
        "an m4a bought with copy protection", "a.m4a", lambda: patched(b"mp4a", 0, b"drms"), Fault.ENCRYPTED, "locked"
    ),
    case("an m4a locked by common encryption", "a.m4a", lambda: patched(b"mp4a", 0, b"enca"), Fault.ENCRYPTED),
    case("an m4a with a licence box", "a.m4a", lambda: inside_moov(box(b"pssh", bytes(40))), Fault.ENCRYPTED),
    case("an m4a with a cover of 2 MB", "a.m4a", lambda: inside_moov(cover()), None),
    case("an m4a with a packed header of 2 GB", "a.m4a", packed_moov, Fault.BOMB),
    case("an m4a of a thousand boxes in boxes", "a.m4a", lambda: inside_moov(nested(1000)), None),
    case("an m4a of 30,000 boxes", "a.m4a", lambda: inside_moov(box(b"free", b"") * 30_000), Fault.DAMAGED),
    case(
        "an m4a with a box of impossible length", "a.m4a", lambda: inside_moov(box(b"free", b"", size=3)), Fault.DAMAGED
    ),
    case(
        "an m4a with a box of 2^63 bytes",
        "a.m4a",
        lambda: inside_moov(struct.pack(">I4sQ", 1, b"free", 2**63 - 1)),
        Fault.TRUNCATED,
    ),
    case("an m4a with four billion samples", "a.m4a", lambda: patched(b"stsz", 12, b"\xff\xff\xff\xff"), Fault.DAMAGED),
    case("an m4a with four billion chunks", "a.m4a", lambda: patched(b"stco", 8, b"\xff\xff\xff\xff"), None),
    case("an m4a whose chunks lie nowhere", "a.m4a", lambda: patched(b"stco", 12, b"\x7f\xff\xff\xff"), Fault.DAMAGED),
    case(
        "an m4a that says a hundred hours",
        "a.m4a",
        lambda: patched(b"mdhd", 20, struct.pack(">I", 2**31)),
        Fault.TOO_LONG,
    ),
    case("an m4a without a time scale", "a.m4a", lambda: patched(b"mdhd", 16, bytes(4)), Fault.DAMAGED),
    case("an m4a of an unknown codec", "a.m4a", lambda: patched(b"mp4a", 0, b"ec-3"), Fault.UNSUPPORTED, "ec-3"),
    case("an m4a with a text track alone", "a.m4a", lambda: patched(b"soun", 0, b"text"), Fault.NO_AUDIO),
    case("an m4a with a torn decoder description", "a.m4a", lambda: patched(b"esds", 4, b"\xff" * 20), None),
    case("an m4a called mp3", "a.mp3", sounds.m4a, None, "ends in .mp3, but it is an m4a"),
    case("an m4a bitten in its sound", "a.m4a", bitten_sound, Fault.DAMAGED),
]
CASES: list[Case] = [*OGG, *M4A]
