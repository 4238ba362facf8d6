"""Ogg files looked through: what their streams hold, whether they end where they should, how long they claim to be.

In: the upload's bytes and where its first page begins. Out: `Bare`. Raises `Faulty` for video, unknown codecs, cut
pages and files of many streams. Source: RFC 3533 (Ogg), RFC 7845 (Opus in Ogg), the Vorbis I specification.
Conventions: length is the last page's position of the sound's stream. Caveat: checksums are the decoder's business.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.learn.uploads.faults import AUDIO_HELP, Fault, Faulty
from engine.learn.uploads.limits import Limits
from engine.learn.uploads.plain import Bare, check_shape
from engine.learn.uploads.splice import Bytes, Splice, Stretch

SOUNDS = ((b"\x01vorbis", "vorbis"), (b"OpusHead", "opus"), (b"\x7fFLAC", "flac"))
VIDEOS = (b"\x80theora", b"BBCD\0", b"OVP80", b"\x80daala", b"YUV4MPEG")
OTHER_SOUNDS = ((b"Speex   ", "Speex"), (b"PCM     ", "OggPCM"))
OPUS_RATE_HZ = 48_000
MOST_PAGES, MOST_STREAMS = 500_000, 8
NO_POSITION = (1 << 64) - 1
FIRST, LAST = 2, 4


@dataclass(slots=True, kw_only=True)
class _Seen:
    """What the pages showed. `rates`: stream → positions a second; `positions`: stream → its last one."""

    rates: dict[int, int] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)
    channels: int = 0
    first_skip: int = 0
    cut: bool = False
    ended: bool = False
    others: str = ""


def bare_ogg(data: Bytes, start: int, limits: Limits) -> Bare:
    """The pages as they are, once they were looked through."""
    seen = _look(data, start)
    if seen.cut and not seen.rates:
        raise Faulty(Fault.TRUNCATED, "is cut off before its sound begins; upload it whole")
    if not seen.rates:
        if seen.others:
            raise Faulty(Fault.UNSUPPORTED, f"holds {seen.others} sound, which is not read here; {AUDIO_HELP}")
        raise Faulty(Fault.NO_AUDIO, f"holds no sound at all; {AUDIO_HELP}")
    if len(seen.rates) > 1:
        raise Faulty(Fault.CHANGES, "is made of several recordings; upload them one by one")
    if seen.cut or (not seen.ended and not any(seen.positions.values())):
        raise Faulty(Fault.TRUNCATED, "is cut off in the middle; upload it whole")
    stream, rate_hz = next(iter(seen.rates.items()))
    check_shape(rate_hz, seen.channels, limits)
    position = seen.positions.get(stream, 0)
    claimed = max(position - seen.first_skip, 0) / rate_hz if position else None
    return Bare(file=Splice([Stretch(data=data, start=start, end=len(data))]), claimed_s=claimed)


def _look(data: Bytes, start: int) -> _Seen:
    seen, at, streams = _Seen(), start, 0
    for _ in range(MOST_PAGES):
        head = data[at : at + 27]
        if not head or (len(head) == 27 and head[:4] != b"OggS"):
            return seen  # the end, or something behind it that decoders pass over
        sizes = data[at + 27 : at + 27 + head[26]] if len(head) == 27 else b""
        body, end = at + 27 + len(sizes), at + 27 + len(sizes) + sum(sizes)
        if len(head) < 27 or len(sizes) < head[26] or end > len(data):
            seen.cut = True
            return seen
        serial = int.from_bytes(head[14:18], "little")
        if head[5] & FIRST:
            streams += 1
            if streams > MOST_STREAMS:
                raise Faulty(
                    Fault.CHANGES, f"is made of more than {MOST_STREAMS} streams; upload one recording at a time"
                )
            _begin(data[body : min(end, body + 64)], serial, seen)
        elif serial in seen.rates:
            position = int.from_bytes(head[6:14], "little")
            if position != NO_POSITION:
                seen.positions[serial] = position
            seen.ended |= bool(head[5] & LAST)
        at = end
    raise Faulty(Fault.DAMAGED, f"is damaged: it has more than {MOST_PAGES} pages")


def _begin(packet: bytes, serial: int, seen: _Seen) -> None:
    """Note what a stream's first packet says."""
    if packet.startswith(VIDEOS):
        raise Faulty(Fault.VIDEO, f"is a video; {AUDIO_HELP}")
    for magic, name in SOUNDS:
        if packet.startswith(magic):
            if name == "vorbis":
                seen.rates[serial] = int.from_bytes(packet[12:16], "little")
                seen.channels = packet[11] if len(packet) > 11 else 0
            elif name == "opus":
                seen.rates[serial] = OPUS_RATE_HZ
                seen.channels = packet[9] if len(packet) > 9 else 0
                seen.first_skip = int.from_bytes(packet[10:12], "little")
            else:
                seen.rates[serial] = int.from_bytes(packet[27:30], "big") >> 4
                seen.channels = (packet[29] >> 1 & 7) + 1 if len(packet) > 29 else 0
    for magic, name in OTHER_SOUNDS:
        if packet.startswith(magic):
            seen.others = name
