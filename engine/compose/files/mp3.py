"""MP3 by LAME (lameenc), with what lameenc leaves out: the gapless `Info` frame (tags are in `tags`).

In: `audio [2, N] float32` at 44,100 Hz and a constant bit rate. Out: the frames as bytes. The `Info` frame tells
players how many samples the encoder put before and after the music, so that a decoder returns exactly as many samples
as went in. A loop is encoded with its end before it and its beginning behind it, both marked to be left out, so that
the codec's windows go round too. LAME turns its input down; it is turned up before by as much, so that the file is as
loud as the audio. Caveats: what lies above ±0.95 may clip by that (masters stay under 0.76); a decoder that knows
nothing of the frame returns up to 50 ms more, of a loop 130.
"""

from __future__ import annotations

import struct

import lameenc
import numpy as np

from engine.compose.files.lossless import to_int16
from engine.compose.render import SAMPLE_RATE_HZ, Audio

BIT_RATES_KBIT_S = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""MPEG-1 layer III's own, in the order of their codes."""
LAME_SCALES = {64: 0.95, 80: 0.95, 96: 0.95, 112: 0.95, 128: 0.95, 160: 0.95, 192: 0.97, 224: 0.98, 256: 1.0, 320: 1.0}
"""Bit rate → the factor by which LAME's presets multiply what they are given, against clipping in decoders. lameenc
cannot switch it off. Measured: a sine comes back by these factors, to four digits.
"""
QUALITY = 7
FRAME_SAMPLES = 1152
ENCODER_DELAY = 576
"""Samples that LAME puts before the music."""
SIDE_INFO_BYTES = 32
CHUNK = 10 * SAMPLE_RATE_HZ
LOOP_LEAD, LOOP_TAIL = 2 * FRAME_SAMPLES, FRAME_SAMPLES
"""Both delays have twelve bits in the `Info` frame."""


def encode_mp3(audio: Audio, bit_rate_kbit_s: int, *, loop: bool = False) -> bytes:
    """Encode at one of `LAME_SCALES`' bit rates; `loop`: the end will be followed by the beginning."""
    samples = to_int16(audio, gain=1 / LAME_SCALES[bit_rate_kbit_s])
    length, lead = len(samples), 0
    if loop:
        lead = LOOP_LEAD
        samples = samples[np.arange(-lead, length + LOOP_TAIL) % length]
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(bit_rate_kbit_s)
    encoder.set_in_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_out_sample_rate(SAMPLE_RATE_HZ)
    encoder.set_channels(2)
    encoder.set_quality(QUALITY)
    encoder.silence()
    parts = [encoder.encode(samples[at : at + CHUNK].tobytes()) for at in range(0, len(samples), CHUNK)]
    stream = b"".join(bytes(part) for part in (*parts, encoder.flush()))
    return info_frame(stream, length, bit_rate_kbit_s, delay=ENCODER_DELAY + lead) + stream


def size_of_mp3(samples: int, bit_rate_kbit_s: int) -> int:
    """About how many bytes an mp3 will have, without its tag; a few frames too many at most."""
    return (samples // FRAME_SAMPLES + 7) * (frame_bytes(bit_rate_kbit_s) + 1)


def frame_bytes(bit_rate_kbit_s: int) -> int:
    """Of a frame without padding."""
    return 144 * bit_rate_kbit_s * 1000 // SAMPLE_RATE_HZ


def info_frame(stream: bytes, samples: int, bit_rate_kbit_s: int, *, delay: int) -> bytes:
    """A silent first frame that says how long `stream` is and what to leave out at its two ends."""
    frames = count_frames(stream)
    padding = frames * FRAME_SAMPLES - delay - samples
    frame = bytearray(frame_bytes(bit_rate_kbit_s))
    frame[:4] = bytes([0xFF, 0xFB, BIT_RATES_KBIT_S.index(bit_rate_kbit_s) << 4, 0x04])
    whole = len(frame) + len(stream)
    seek_table = bytes(at * 256 // 100 for at in range(100))
    at = 4 + SIDE_INFO_BYTES
    words = b"Info" + struct.pack(">III", 0x0F, frames, whole) + seek_table + struct.pack(">I", 50)
    frame[at : at + len(words)] = words
    at += len(words)
    lame = bytearray(36)
    lame[:9] = b"LAME3.100"
    lame[9] = 0x01  # tag revision 0, constant bit rate
    lame[20] = min(bit_rate_kbit_s, 255)
    lame[21:24] = (delay << 12 | min(max(padding, 0), 0xFFF)).to_bytes(3, "big")
    lame[28:32] = struct.pack(">I", whole)
    frame[at : at + 36] = lame
    frame[at + 34 : at + 36] = struct.pack(">H", _crc16(bytes(frame[: at + 34])))
    return bytes(frame)


def count_frames(stream: bytes) -> int:
    """Frames in a stream at 44.1 kHz, walking from header to header."""
    at, frames = 0, 0
    while at + 4 <= len(stream) and stream[at] == 0xFF:
        frames += 1
        at += frame_bytes(BIT_RATES_KBIT_S[stream[at + 2] >> 4]) + (stream[at + 2] >> 1 & 1)
    return frames


def _crc16(data: bytes) -> int:
    """CRC-16 with the reflected polynomial 0xA001, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc
