"""mp3, AAC, wav and FLAC laid bare: the sound's own bytes without tags, pictures and foreign chunks.

In: the upload's bytes and where its container begins. Out: `Bare`, what a decoder may see and what the header claims.
Raises `Faulty` for structures that cannot hold sound. Conventions: tags are stepped over by their length, never read;
sizes that reach past the end are cut to what is there, and the claim shows how much is missing. Sources: RIFF WAVE
and RF64 (EBU Tech 3306), the FLAC format (RFC 9639). Caveat: a claim is what somebody wrote; the decoder counts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from engine.learn.uploads.faults import AUDIO_HELP, Fault, Faulty
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.mpeg import adts_seconds, claimed_seconds, mpeg_seconds
from engine.learn.uploads.splice import Bytes, Splice, Stretch

STREAMED = (0, 0xFFFFFFFF)
"""Sizes that a wav gets which is written before its length is known."""
WAV_CODECS = {1: (8, 16, 24, 32), 3: (32, 64), 6: (8,), 7: (8,), 2: (4,), 0x11: (4,)}
"""Whole numbers, floats, A-law, µ-law, two kinds of ADPCM: the bits that a sample may have."""
BARE_GUID = bytes.fromhex("000000001000800000aa00389b71")
MOST_CHUNKS = 10_000
STREAMINFO_BYTES = 34


@dataclass(frozen=True, slots=True, kw_only=True)
class Bare:
    """What a decoder sees, and the seconds that the header claims (None where it is silent)."""

    file: Splice
    claimed_s: float | None = None


def bare_mp3(data: Bytes, start: int, most_s: float) -> Bare:
    """From the first frame on. The claim is a Xing field's, or what the frames last where that is too much already."""
    claimed = claimed_seconds(data, start)
    walked = mpeg_seconds(data, start, most_s)
    return Bare(file=_from(data, start), claimed_s=max(walked, claimed or 0.0) if walked > most_s else claimed)


def bare_aac(data: Bytes, start: int, most_s: float) -> Bare:
    """From the first frame on."""
    walked = adts_seconds(data, start, most_s)
    return Bare(file=_from(data, start), claimed_s=walked if walked > most_s else None)


def bare_wav(data: Bytes, start: int, limits: Limits) -> Bare:
    """A new wav of `fmt ` and `data` alone."""
    form, body, promised = _wav_chunks(data, start)
    tag, channels, rate_hz, _, align = struct.unpack_from("<HHIIH", form)
    if tag == 0xFFFE and len(form) >= 40 and form[26:40] == BARE_GUID:
        tag = int.from_bytes(form[24:26], "little")
    if tag not in WAV_CODECS:
        raise Faulty(Fault.UNSUPPORTED, f"is a wav file that holds sound of the unknown kind {tag:#x}; {AUDIO_HELP}")
    check_shape(rate_hz, channels, limits)
    bits = int.from_bytes(form[14:16], "little")
    if bits not in WAV_CODECS[tag] or (bits >= 8 and align != channels * bits // 8) or align == 0:
        raise Faulty(
            Fault.UNSUPPORTED, f"is a wav file of {bits}-bit samples in blocks of {align} bytes; 16 bits would work"
        )
    if body.size == 0:
        raise Faulty(Fault.NO_AUDIO, "is a wav file without a single sample; export it once more")
    # Samples of 4 bits lie in blocks whose length only the decoder knows.
    claimed = promised / align / rate_hz if tag not in (2, 0x11) else None
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", body.size)
    return Bare(
        file=Splice([b"RIFF" + struct.pack("<I", len(head) + body.size) + head, body]),
        claimed_s=claimed,
    )


def bare_flac(data: Bytes, start: int, limits: Limits) -> Bare:
    """The stream's description and its frames; comments, pictures and seek tables are left out."""
    info, at = b"", start + 4
    while True:
        head = data[at : at + 4]
        if len(head) < 4:
            raise Faulty(Fault.TRUNCATED, "ends inside its header, before any sound; upload it once more, complete")
        size, kind = int.from_bytes(head[1:], "big"), head[0] & 0x7F
        if not info:
            if kind != 0 or size != STREAMINFO_BYTES or kind == 0x7F:
                raise Faulty(Fault.DAMAGED, "is a damaged FLAC file: it does not begin with its stream's description")
            info = data[at + 4 : at + 4 + size]
        at += 4 + size
        if head[0] & 0x80:
            break
    if at >= len(data):
        raise Faulty(Fault.TRUNCATED, "ends inside its header, before any sound; upload it once more, complete")
    rate_hz = int.from_bytes(info[10:13], "big") >> 4
    check_shape(rate_hz, (info[12] >> 1 & 7) + 1, limits)
    samples = int.from_bytes(info[13:18], "big") & 0xFFFFFFFFF
    head = b"fLaC" + bytes([0x80]) + STREAMINFO_BYTES.to_bytes(3, "big") + info
    claimed = samples / rate_hz if samples else None
    return Bare(file=Splice([head, Stretch(data=data, start=at, end=len(data))]), claimed_s=claimed)


def check_shape(rate_hz: int, channels: int, limits: Limits) -> None:
    """Raise for rates and channels that are out of bounds."""
    if not limits.min_rate_hz <= rate_hz <= limits.max_rate_hz:
        raise Faulty(
            Fault.ODD_RATE,
            f"has {rate_hz:,} samples a second; between {limits.min_rate_hz:,} and {limits.max_rate_hz:,} would work",
        )
    if channels < 1:
        raise Faulty(Fault.DAMAGED, "is damaged: its header says that it has no channels; export it once more")
    if channels > limits.max_channels:
        raise Faulty(
            Fault.TOO_MANY_CHANNELS, f"has {channels} channels; at most {limits.max_channels} would work, two are usual"
        )


def _from(data: Bytes, start: int) -> Splice:
    return Splice([Stretch(data=data, start=start, end=len(data))])


def _wav_chunks(data: Bytes, start: int) -> tuple[bytes, Stretch, int]:
    """The `fmt ` chunk, the samples that are there, and how many bytes of them the header promised."""
    at, long_size, form = start + 12, 0, b""
    for _ in range(MOST_CHUNKS):
        head = data[at : at + 8]
        if len(head) < 8:
            break
        name, size, body = head[:4], int.from_bytes(head[4:], "little"), at + 8
        if name == b"ds64":
            long_size = int.from_bytes(data[body + 8 : body + 16], "little")
        elif name == b"fmt " and not form:
            form = data[body : body + min(size, 64)]
        elif name == b"data":
            if len(form) < 16:
                raise Faulty(Fault.DAMAGED, "is a damaged wav file: it does not say how its samples are to be read")
            if size == 0xFFFFFFFF and long_size:
                size = long_size
            there = len(data) - body
            promised = there if size in STREAMED and (size or there) else size
            return form, Stretch(data=data, start=body, end=body + min(promised, there)), promised
        at = body + size + (size & 1)
    if not form:
        raise Faulty(Fault.TRUNCATED, "is a wav file without a description of its sound; upload it once more, complete")
    raise Faulty(Fault.TRUNCATED, "is a wav file that ends before its samples begin; upload it once more, complete")
