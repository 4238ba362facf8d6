"""MP3 by LAME (lameenc), with the two things that lameenc leaves out: an ID3v2.3 tag and the gapless `Info` frame.

In: 16-bit stereo samples at 44,100 Hz. Out: a whole file as bytes, 192 kbit/s. The `Info` frame tells players how
many samples the encoder put before and after the music, so that a decoder returns exactly the samples that went in.
Caveat: a decoder that knows nothing of it returns up to 50 ms more.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

import lameenc
import numpy as np
import numpy.typing as npt

from engine.compose.render import SAMPLE_RATE_HZ

BIT_RATE_KBIT_S = 192
QUALITY = 7
FRAME_SAMPLES = 1152
ENCODER_DELAY = 576
"""Samples that LAME puts before the music."""
HEADER = b"\xff\xfb\xb0\x04"
"""MPEG-1 layer III, 192 kbit/s, 44.1 kHz, stereo, no padding."""
FRAME_BYTES = 144 * BIT_RATE_KBIT_S * 1000 // SAMPLE_RATE_HZ
SIDE_INFO_BYTES = 32
CHUNK = 10 * SAMPLE_RATE_HZ


def encode_mp3(samples: npt.NDArray[np.int16], *, title: str, artist: str, comment: str) -> bytes:
    """Encode `samples [N, 2] int16`."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(BIT_RATE_KBIT_S)
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(2)
    encoder.set_quality(QUALITY)
    encoder.silence()
    parts = [encoder.encode(samples[at : at + CHUNK].tobytes()) for at in range(0, len(samples), CHUNK)]
    stream = b"".join(bytes(part) for part in (*parts, encoder.flush()))
    tag = id3({"TIT2": title, "TPE1": artist, "TSSE": "LAME", "COMM": comment})
    return tag + info_frame(stream, len(samples)) + stream


def id3(frames: Mapping[str, str]) -> bytes:
    """An ID3v2.3 tag; texts in UTF-16, a comment in no particular language."""
    body = b""
    for name, text in frames.items():
        data = b"\x01" + (b"eng" + _utf16("") + b"\0\0" if name == "COMM" else b"") + _utf16(text)
        body += name.encode() + struct.pack(">IH", len(data), 0) + data
    size = bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0))
    return b"ID3\x03\x00\x00" + size + body


def info_frame(stream: bytes, samples: int) -> bytes:
    """A silent first frame that says how long `stream` is and what to leave out at its two ends."""
    frames = count_frames(stream)
    padding = frames * FRAME_SAMPLES - ENCODER_DELAY - samples
    frame = bytearray(FRAME_BYTES)
    frame[:4] = HEADER
    whole = FRAME_BYTES + len(stream)
    seek_table = bytes(at * 256 // 100 for at in range(100))
    at = 4 + SIDE_INFO_BYTES
    words = b"Info" + struct.pack(">III", 0x0F, frames, whole) + seek_table + struct.pack(">I", 50)
    frame[at : at + len(words)] = words
    at += len(words)
    lame = bytearray(36)
    lame[:9] = b"LAME3.100"
    lame[9] = 0x01  # tag revision 0, constant bit rate
    lame[20] = BIT_RATE_KBIT_S
    lame[21:24] = (ENCODER_DELAY << 12 | min(max(padding, 0), 0xFFF)).to_bytes(3, "big")
    lame[28:32] = struct.pack(">I", whole)
    frame[at : at + 36] = lame
    frame[at + 34 : at + 36] = struct.pack(">H", _crc16(bytes(frame[: at + 34])))
    return bytes(frame)


def count_frames(stream: bytes) -> int:
    """Frames in a stream of 192 kbit/s at 44.1 kHz, walking from header to header."""
    at, frames = 0, 0
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        frames += 1
        at += FRAME_BYTES + (stream[at + 2] >> 1 & 1)
    return frames


def _utf16(text: str) -> bytes:
    return b"\xff\xfe" + text.encode("utf-16-le")


def _crc16(data: bytes) -> int:
    """CRC-16 with the reflected polynomial 0xA001, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
