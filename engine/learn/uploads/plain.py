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
from engine.learn.uploads.mpeg import adts_seconds, claimed_seconds, mpeg_seconds
from engine.learn.uploads.splice import Bytes, Splice, Stretch

STREAMED = (0, 0xFFFFFFFF)
"""Sizes that a wav gets which is written before its length is known."""
WAV_CODECS = {1: "pcm", 3: "float", 6: "A-law", 7: "µ-law", 0xFFFE: "extensible", 2: "ADPCM", 0x11: "ADPCM"}
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


def bare_wav(data: Bytes, start: int) -> Bare:
    """A new wav of `fmt ` and `data` alone."""
    form, body, promised = _wav_chunks(data, start)
    tag, channels, rate_hz, _, align = struct.unpack_from("<HHIIH", form)
    if tag == 0xFFFE and len(form) >= 40 and form[26:40] == BARE_GUID:
        tag = int.from_bytes(form[24:26], "little")
    if tag not in WAV_CODECS:
        raise Faulty(Fault.UNSUPPORTED, f"is a wav file that holds sound of the unknown kind {tag:#x}; {AUDIO_HELP}")
    if channels == 0 or align == 0:
        raise Faulty(Fault.DAMAGED, "is a damaged wav file: its header says that it has no channels")
    if rate_hz == 0:
        raise Faulty(Fault.ODD_RATE, "says that it has 0 samples a second; export it once more, at 44,100")
    if body.size == 0:
        raise Faulty(Fault.NO_AUDIO, "is a wav file without a single sample; export it once more")
    # Samples of 4 bits lie in blocks whose length only the decoder knows.
    claimed = promised / align / rate_hz if tag not in (2, 0x11) else None
    head = b"WAVEfmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", body.size)
    return Bare(
        file=Splice([b"RIFF" + struct.pack("<I", len(head) + body.size) + head, body]),
        claimed_s=claimed,
    )


def bare_flac(data: Bytes, start: int) -> Bare:
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
    samples = int.from_bytes(info[13:18], "big") & 0xFFFFFFFFF
    head = b"fLaC" + bytes([0x80]) + STREAMINFO_BYTES.to_bytes(3, "big") + info
    claimed = samples / rate_hz if samples and rate_hz else None
    return Bare(file=Splice([head, Stretch(data=data, start=at, end=len(data))]), claimed_s=claimed)


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
