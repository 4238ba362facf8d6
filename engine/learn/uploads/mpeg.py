"""MPEG audio frames: where an mp3 or AAC stream begins, how long it says it is, how long its frames are.

In: bytes. Out: offsets and seconds. Conventions: a frame is believed when the next two headers stand where its length
says, or the bytes end there. Source: ISO/IEC 11172-3 and 13818-3 (frames), 13818-7 (ADTS); the Xing, Info and VBRI
fields as LAME and Fraunhofer write them. Caveat: frames of free format (no bit rate in the header) are not known.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable
from dataclasses import dataclass

Bytes = bytes | mmap.mmap
SizeAt = Callable[[int], int | None]
IN_A_ROW = 3

_V1 = {
    1: (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    2: (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
}
_V2 = {
    1: (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    3: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
ADTS_RATES_HZ = (96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350)
ADTS_SAMPLES = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One frame's header: `size` in bytes, `samples` a channel, `rate_hz`, `channels`, `low` (MPEG-2 or 2.5)."""

    size: int
    samples: int
    rate_hz: int
    channels: int
    low: bool

    @property
    def seconds(self) -> float:
        """What the frame lasts."""
        return self.samples / self.rate_hz


def read_frame(data: Bytes, at: int) -> Frame | None:
    """The frame at an offset, or None if no header stands there."""
    head = data[at : at + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3)
    rate_code, bit_code, padding = head[2] >> 2 & 3, head[2] >> 4, head[2] >> 1 & 1
    if version == 1 or layer == 4 or rate_code == 3 or bit_code in (0, 15):
        return None
    low = version != 3
    bits_s = (_V2 if low else _V1)[layer][bit_code] * 1000
    rate_hz = _RATES_HZ[version][rate_code]
    if layer == 1:
        size, samples = (12 * bits_s // rate_hz + padding) * 4, 384
    else:
        samples = 576 if layer == 3 and low else 1152
        size = samples // 8 * bits_s // rate_hz + padding
    return Frame(size=size, samples=samples, rate_hz=rate_hz, channels=1 if head[3] >> 6 == 3 else 2, low=low)


def adts_size(data: Bytes, at: int) -> int | None:
    """The length in bytes of the ADTS frame at an offset, or None if none stands there."""
    head = data[at : at + 7]
    if len(head) < 7 or head[0] != 0xFF or head[1] & 0xF6 != 0xF0 or (head[2] >> 2 & 15) >= len(ADTS_RATES_HZ):
        return None
    size = (head[3] & 3) << 11 | head[4] << 3 | head[5] >> 5
    return size if size > 7 else None


def find_mpeg(window: bytes, most: int) -> int | None:
    """The offset of the first believable MPEG audio frame at or before `most`."""
    return _find(window, most, lambda at: frame.size if (frame := read_frame(window, at)) else None)


def find_adts(window: bytes, most: int) -> int | None:
    """The same for AAC in ADTS."""
    return _find(window, most, lambda at: adts_size(window, at))


def mpeg_seconds(data: Bytes, start: int, most: float) -> float:
    """How long the frames in a row from `start` last, walking from header to header; past `most` it is estimated."""
    seconds, at = 0.0, start
    while seconds <= most and (frame := read_frame(data, at)) is not None:
        seconds += frame.seconds
        at += frame.size
    return seconds if seconds <= most else seconds * (len(data) - start) / (at - start)


def adts_seconds(data: Bytes, start: int, most: float) -> float:
    """The same for AAC in ADTS."""
    seconds, at = 0.0, start
    while seconds <= most and (size := adts_size(data, at)) is not None:
        seconds += ADTS_SAMPLES / ADTS_RATES_HZ[data[at + 2] >> 2 & 15]
        at += size
    return seconds if seconds <= most else seconds * (len(data) - start) / (at - start)


def claimed_seconds(data: Bytes, start: int) -> float | None:
    """What a Xing, Info or VBRI field in the first frame says about the length; None without one."""
    frame = read_frame(data, start)
    if frame is None:
        return None
    side = (9 if frame.channels == 1 else 17) if frame.low else (17 if frame.channels == 1 else 32)
    field = data[start + 4 + side : start + 4 + side + 12]
    if field[:4] in (b"Xing", b"Info") and len(field) == 12 and field[7] & 1:
        return int.from_bytes(field[8:12], "big") * frame.seconds
    field = data[start + 36 : start + 36 + 18]
    if field[:4] == b"VBRI" and len(field) == 18:
        return int.from_bytes(field[14:18], "big") * frame.seconds
    return None


def _find(window: bytes, most: int, size_at: SizeAt) -> int | None:
    at = window.find(b"\xff")
    while 0 <= at <= most:
        if _in_a_row(window, at, size_at):
            return at
        at = window.find(b"\xff", at + 1)
    return None


def _in_a_row(window: bytes, at: int, size_at: SizeAt) -> bool:
    """Whether `IN_A_ROW` headers follow one another from `at`, or fewer and then the end."""
    for index in range(IN_A_ROW):
        if index and at == len(window):
            return True
        size = size_at(at)
        if size is None:
            return False
        at += size
    return True
