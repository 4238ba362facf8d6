"""Uploads that are sound, or say that they are: mp3, wav, FLAC, AAC, each bent in its own ways."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from engine.learn.uploads import Fault
from tests.uploads import sounds
from tests.uploads.case import Case, case
from tests.uploads.hostile_junk import noise
from tests.uploads.sounds import RATE_HZ, fmt, riff, tune

HOUR_S = 3600


def tag(body: bytes, *, size: int | None = None, flags: int = 0) -> bytes:
    """An ID3v2.3 tag; its header may lie about its size."""
    length = len(body) if size is None else size
    return b"ID3\x03\0" + bytes([flags]) + bytes(length >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


def tag_frame(name: bytes, body: bytes, flags: bytes = b"\0\0") -> bytes:
    return name + struct.pack(">I", len(body)) + flags + body


def slow_mp3(seconds: int) -> bytes:
    """8 kbit/s at 8 kHz (MPEG 2.5): 72 bytes last 72 ms, 1,000 bytes a second."""
    frame = b"\xff\xe3\x18\xc4" + bytes(68)
    return frame * (seconds * 1000 // 72)


def changing() -> bytes:
    return sounds.mp3() + sounds.mp3(1, 32_000)


def bitten(data: bytes, share: float, seed: int = 3, keep: int = 2_000) -> bytes:
    """The same file with a share of its bytes replaced, the first `keep` left alone."""
    rng = np.random.default_rng(seed)
    body = np.frombuffer(data[keep:], np.uint8).copy()
    where = rng.random(len(body)) < share
    body[where] = rng.integers(0, 256, int(where.sum()), np.uint8)
    return data[:keep] + body.tobytes()


def holed(data: bytes, share: float) -> bytes:
    """One stretch of zeros in the middle."""
    size = int(len(data) * share)
    at = len(data) // 2 - size // 2
    return data[:at] + bytes(size) + data[at + size :]


def cut_mp3() -> bytes:
    whole = sounds.mp3()
    return sounds.xing(len(whole) // 209) + whole[: len(whole) // 2]


def packed_picture() -> bytes:
    """A compressed frame (ID3v2.3: flag 0x80, the unpacked size first) that unpacks to 1.5 GB by its own account."""
    return tag_frame(b"APIC", struct.pack(">I", 1_500_000_000) + zlib.compress(bytes(2_000_000)), b"\0\x80")


def headers_only() -> bytes:
    """Good headers with nothing behind them: valid silence."""
    return (b"\xff\xfb\x50\xc0" + bytes(204)) * 400


def vbri() -> bytes:
    frame = bytearray(208)
    frame[:4] = b"\xff\xfb\x50\xc0"
    frame[36 : 36 + 18] = b"VBRI" + bytes(10) + struct.pack(">I", 2**31)
    return bytes(frame) + sounds.mp3()


SAMPLES = sounds.int16(tune())


def wav(data: bytes = SAMPLES, **changes: int) -> bytes:
    return riff((b"fmt ", fmt(**changes)), (b"data", data))


def lying_wav(size: int, data: bytes = SAMPLES, form: bytes | None = None) -> bytes:
    """A wav whose data chunk says that it has `size` bytes."""
    head = riff((b"fmt ", fmt() if form is None else form))
    return head + b"data" + struct.pack("<I", size & 0xFFFFFFFF) + data


def extensible(sub: int, guid: bytes = bytes.fromhex("000000001000800000aa00389b71")) -> bytes:
    return fmt(tag=0xFFFE) + struct.pack("<HHIH", 22, 16, 4, sub) + guid


def rf64(size: int) -> bytes:
    ds64 = struct.pack("<QQQI", size, size, size // 2, 0)
    inside = b"ds64" + struct.pack("<I", 28) + ds64 + b"fmt " + struct.pack("<I", 16) + fmt()
    return b"RF64\xff\xff\xff\xffWAVE" + inside + b"data\xff\xff\xff\xff" + SAMPLES


def spoilt(share: float, value: float, dtype: str = "<f4") -> bytes:
    """The tune as floats, with a share of the samples replaced."""
    sound = tune().astype(dtype)
    sound[:: max(1, round(1 / share))] = value
    return sounds.float_wav(sound)


def scaled(gain: float) -> bytes:
    return sounds.float_wav((tune() * gain).astype("<f4"))


def flac_info(data: bytes, *, samples: int | None = None, rate_hz: int | None = None) -> bytes:
    """The file with another length (0: unknown) or rate in its header."""
    head = bytearray(data)
    packed = int.from_bytes(head[18:26], "big")
    if samples is not None:
        packed = packed & ~0xFFFFFFFFF | samples
    if rate_hz is not None:
        packed = packed & (1 << 44) - 1 | rate_hz << 44
    head[18:26] = packed.to_bytes(8, "big")
    return bytes(head)


def flac_with(block: bytes) -> bytes:
    """The tune with a metadata block behind the stream's description."""
    data = sounds.flac()
    return data[:4] + b"\0" + data[5:42] + block + data[42:]


def long_silence() -> bytes:
    return sounds.flac(8_000, quiet=True, seconds=1200.0)


MP3 = [
    case(
        "an mp3 cut in half that says how long it was",
        "a.mp3",
        cut_mp3,
        Fault.TRUNCATED,
        "says that it lasts",
    ),
    case(
        "an mp3 that says that it lasts 56 million seconds",
        "a.mp3",
        lambda: sounds.xing(2**31) + sounds.mp3(),
        Fault.TOO_LONG,
        "h;",
    ),
    case("an hour at 8 kbit/s", "a.mp3", lambda: slow_mp3(HOUR_S), Fault.TOO_LONG, "15 min"),
    case("ten hours at 8 kbit/s", "a.mp3", lambda: slow_mp3(10 * HOUR_S), Fault.TOO_LONG, "15 min"),
    case("a tag and nothing else", "a.mp3", tag(bytes(500)), Fault.TRUNCATED, "tag"),
    case("a tag longer than the file", "a.mp3", tag(bytes(500), size=200_000_000), Fault.TRUNCATED, "tag"),
    case("a tag with a huge picture", "a.mp3", lambda: tag(tag_frame(b"APIC", noise(5_000_000))) + sounds.mp3(), None),
    case("a tag with a packed picture of 1.5 GB", "a.mp3", lambda: tag(packed_picture()) + sounds.mp3(), None),
    case("a tag of 100,000 frames", "a.mp3", lambda: tag(tag_frame(b"TIT2", b"\0a") * 100_000) + sounds.mp3(), None),
    case("a tag in a tag in a tag", "a.mp3", lambda: tag(b"") * 5 + sounds.mp3(), None),
    case("tags without end", "a.mp3", lambda: tag(b"") * 50_000, Fault.NOT_MUSIC),
    case("an mp3 with an old tag behind it", "a.mp3", lambda: sounds.mp3() + b"TAG" + bytes(125), None),
    case("an mp3 behind 10 kB of junk", "a.mp3", lambda: noise(10_000) + sounds.mp3(), None),
    case("an mp3 with a hole", "a.mp3", lambda: holed(sounds.mp3(), 0.1), None),
    case("an mp3 of which nothing is left but headers", "a.mp3", headers_only, Fault.SILENT),
    case("an mp3 that changes its rate", "a.mp3", changing, Fault.CHANGES, "sample rate"),
    case("an mp3 of silence", "a.mp3", lambda: sounds.lame(sounds.silence(44_100), 44_100), Fault.SILENT, "silent"),
    case("an mp3 of two seconds", "a.mp3", lambda: sounds.mp3()[: 2 * 8_000], Fault.TOO_SHORT, "too short"),
    case("an mp3 called wav", "a.wav", sounds.mp3, None, "ends in .wav, but it is an mp3"),
    case("an mp3 without an ending", "@everyone", sounds.mp3, None),
    case("an mp3 with a VBRI field that lies", "a.mp3", vbri, Fault.TOO_LONG),
]
WAV = [
    case("a wav that is only its header", "a.wav", wav()[:12], Fault.TRUNCATED),
    case("a wav without samples", "a.wav", lambda: wav(b""), Fault.NO_AUDIO, "without a single sample"),
    case("a wav that ends before its samples", "a.wav", riff((b"fmt ", fmt())), Fault.TRUNCATED),
    case("a wav cut in half", "a.wav", lambda: lying_wav(2 * len(SAMPLES)), Fault.TRUNCATED, "cut off"),
    case("a wav whose length was never filled in", "a.wav", lambda: lying_wav(0xFFFFFFFF), None),
    case("a wav whose length is zero but has samples", "a.wav", lambda: lying_wav(0), None),
    case("a wav that says four gigabytes", "a.wav", lambda: lying_wav(0xFFFFFFF0), Fault.TOO_LONG),
    case("an RF64 of 2^60 bytes", "a.wav", lambda: rf64(2**60), Fault.TOO_LONG, "h;"),
    case("an RF64 that tells the truth", "a.wav", lambda: rf64(len(SAMPLES)), None),
    case("a wav without channels", "a.wav", lambda: wav(channels=0), Fault.DAMAGED, "no channels"),
    case(
        "a wav of nine channels", "a.wav", lambda: wav(SAMPLES * 9, channels=9), Fault.TOO_MANY_CHANNELS, "9 channels"
    ),
    case(
        "a wav of 65,535 channels", "a.wav", lambda: wav(SAMPLES * 2, channels=65_535, align=2), Fault.TOO_MANY_CHANNELS
    ),
    case("a wav of six channels", "a.wav", lambda: sounds.wav(channels=6), None),
    case("a wav of rate 0", "a.wav", lambda: wav(rate_hz=0), Fault.ODD_RATE),
    case("a wav of rate 1", "a.wav", lambda: wav(SAMPLES[:200], rate_hz=1), Fault.ODD_RATE),
    case("a wav of 7,999 Hz", "a.wav", lambda: wav(rate_hz=7_999), Fault.ODD_RATE, "7,999"),
    case("a wav of four billion hertz", "a.wav", lambda: wav(rate_hz=0xFFFFFFFF), Fault.ODD_RATE),
    case("a wav of 400,000 Hz", "a.wav", lambda: wav(rate_hz=400_000), Fault.ODD_RATE),
    case("a wav of 8 kHz", "a.wav", lambda: sounds.wav(8_000), None),
    case("a wav of 44,101 Hz", "a.wav", lambda: sounds.wav(44_101), None),
    case("a wav of 384 kHz", "a.wav", lambda: sounds.wav(384_000), None),
    case("a wav of NaN", "a.wav", lambda: spoilt(1, np.nan), Fault.NOT_NUMBERS, "no sound"),
    case("a wav of infinities", "a.wav", lambda: spoilt(0.5, np.inf), Fault.NOT_NUMBERS),
    case("a wav of 1e38", "a.wav", lambda: spoilt(0.5, 1e38), Fault.NOT_NUMBERS),
    case("a wav of NaN in double precision", "a.wav", lambda: spoilt(1, np.nan, "<f8"), Fault.NOT_NUMBERS),
    case("a wav of 1e300", "a.wav", lambda: spoilt(0.5, 1e300, "<f8"), Fault.NOT_NUMBERS),
    case("a wav with a few NaN", "a.wav", lambda: spoilt(0.0002, np.nan), None, "became silence"),
    case("a wav over full scale", "a.wav", lambda: scaled(5.0), None, "turned down"),
    case("a wav of silence", "a.wav", lambda: wav(bytes(len(SAMPLES))), Fault.SILENT, "silent"),
    case("a wav of a constant", "a.wav", lambda: wav(b"\0\x40" * (len(SAMPLES) // 2)), Fault.SILENT),
    case("a wav of almost nothing", "a.wav", lambda: scaled(1e-5), Fault.SILENT),
    case(
        "a second of sound and nine of silence",
        "a.wav",
        lambda: wav(SAMPLES[: 2 * RATE_HZ] + bytes(18 * RATE_HZ)),
        Fault.SILENT,
        "but for 1.0",
    ),
    case("a wav of three seconds", "a.wav", lambda: wav(SAMPLES[: 6 * RATE_HZ]), Fault.TOO_SHORT, "3 s"),
    case("a wav clipped to bits", "a.wav", lambda: sounds.float_wav(np.sign(tune()).astype("<f4")), Fault.CLIPPED),
    case("a text as 8-bit samples at full scale", "a.wav", lambda: wav(b"\0\xff" * 200_000, bits=8), Fault.CLIPPED),
    case("a wav of an unknown kind", "a.wav", lambda: wav(tag=0x9999), Fault.UNSUPPORTED, "0x9999"),
    case("mp3 in a wav", "a.wav", lambda: riff((b"fmt ", fmt(tag=0x55)), (b"data", sounds.mp3())), Fault.UNSUPPORTED),
    case(
        "a wav of an unknown extensible kind",
        "a.wav",
        lambda: lying_wav(len(SAMPLES), form=extensible(0x77)),
        Fault.UNSUPPORTED,
    ),
    case("an extensible wav", "a.wav", lambda: lying_wav(len(SAMPLES), form=extensible(1)), None),
    case(
        "a wav that describes itself too late",
        "a.wav",
        riff((b"data", SAMPLES[:1000]), (b"fmt ", fmt())),
        Fault.DAMAGED,
    ),
    case("a wav without a description", "a.wav", riff((b"LIST", bytes(40))), Fault.TRUNCATED),
    case(
        "a wav whose first chunk has no end",
        "a.wav",
        b"RIFF\0\0\0\0WAVEJUNK\xff\xff\xff\xff" + bytes(500),
        Fault.TRUNCATED,
    ),
    case("a wav of 20,000 empty chunks", "a.wav", riff(*[(b"JUNK", b"")] * 20_000), Fault.TRUNCATED),
    case(
        "a wav with a packed picture in a tag",
        "a.wav",
        lambda: riff((b"fmt ", fmt()), (b"id3 ", tag(packed_picture())), (b"data", SAMPLES)),
        None,
    ),
    case(
        "a wav whose blocks are zero bytes long", "a.wav", lambda: wav(align=0), Fault.UNSUPPORTED, "blocks of 0 bytes"
    ),
    case("a wav of 1-bit samples", "a.wav", lambda: wav(bits=1, align=1), Fault.UNSUPPORTED, "1-bit"),
    case("a wav of 64-bit whole numbers", "a.wav", lambda: wav(bits=64, align=8), Fault.UNSUPPORTED, "64-bit"),
    case(
        "an hour of 8-bit sound",
        "a.wav",
        lambda: lying_wav(8_000 * HOUR_S, b"\x80" * 100_000, fmt(rate_hz=8_000, bits=8)),
        Fault.TOO_LONG,
        "60 min",
    ),
    case("a wav called flac", "a.flac", sounds.wav, None, "ends in .flac, but it is a wav file"),
    case("a wav with a tail of junk", "a.wav", lambda: sounds.wav() + noise(5_000), None),
]
FLAC = [
    case("a FLAC cut in half", "a.flac", lambda: sounds.flac()[: len(sounds.flac()) // 2], Fault.TRUNCATED, "cut off"),
    case("a FLAC that is only its magic", "a.flac", b"fLaC", Fault.TRUNCATED),
    case("a FLAC that ends in its header", "a.flac", lambda: sounds.flac()[:30], Fault.TRUNCATED),
    case(
        "a FLAC that claims 2^36 samples", "a.flac", lambda: flac_info(sounds.flac(), samples=2**36 - 1), Fault.TOO_LONG
    ),
    case("twenty minutes of silence in a FLAC of some kB", "a.flac", long_silence, Fault.TOO_LONG, "20 min"),
    case("the same with an unknown length", "a.flac", lambda: flac_info(long_silence(), samples=0), Fault.TOO_LONG),
    case("the same with a length of 10 s", "a.flac", lambda: flac_info(long_silence(), samples=80_000), Fault.TOO_LONG),
    case("a FLAC of silence", "a.flac", lambda: sounds.flac(quiet=True), Fault.SILENT),
    case("a FLAC of an absurd rate", "a.flac", lambda: flac_info(sounds.flac(), rate_hz=2), Fault.ODD_RATE),
    case("a FLAC without a description", "a.flac", b"fLaC\x84\0\0\x10" + bytes(400), Fault.DAMAGED),
    case(
        "a FLAC with a picture of 16 MB that is not there",
        "a.flac",
        lambda: flac_with(b"\x06\xff\xff\xff"),
        Fault.TRUNCATED,
    ),
    case(
        "a FLAC with a huge picture",
        "a.flac",
        lambda: flac_with(b"\x06" + (3_000_000).to_bytes(3, "big") + noise(3_000_000)),
        None,
    ),
    case("a FLAC with a thousand paddings", "a.flac", lambda: flac_with(b"\x01\0\0\x04aaaa" * 1_000), None),
    case("a FLAC bitten all over", "a.flac", lambda: bitten(sounds.flac(), 0.02), Fault.TRUNCATED, "damaged"),
    case("a FLAC with a hole", "a.flac", lambda: holed(sounds.flac(), 0.3), Fault.TRUNCATED),
    case("an AAC stream", "a.aac", sounds.adts, None),
    case("an AAC stream cut in half", "a.aac", lambda: sounds.adts()[: len(sounds.adts()) // 2 + 5], Fault.TOO_SHORT),
    case("an AAC stream of an hour", "a.aac", lambda: sounds.adts() * 120, Fault.TOO_LONG, "15 min"),
    case("an AAC stream bitten all over", "a.aac", lambda: bitten(sounds.adts(), 0.02), Fault.DAMAGED),
]
CASES: list[Case] = [*MP3, *WAV, *FLAC]
