"""Wav and FLAC by libsndfile.

In: samples, `[N, 2] int16` or `[2, N] float32`, at 44,100 Hz, and tags. Out: a whole file as bytes. Conventions: 16
bits are reached with triangular dither from a fixed seed, so equal audio gives an equal file; a stem's 24 bits need
none. Caveat: a wav carries texts only; its cover, tempo and key have no place of their own (the comment tells them).
"""

from __future__ import annotations

import io
import struct

import numpy as np
import numpy.typing as npt
import soundfile

from engine.compose.files.tags import ARTIST, Tags, comment_block, picture_block
from engine.compose.render import SAMPLE_RATE_HZ, Audio

BLOCK = 1 << 17
COMMENT_BLOCK, PICTURE_BLOCK, PADDING_BLOCK = 4, 6, 1
LAST_BLOCK = 0x80
FASTEST = 0.0
"""FLAC's compression level as libsndfile counts it, 0…1: the rest costs three times the time for 3 % of the size."""


def to_int16(audio: Audio, *, gain: float = 1.0) -> npt.NDArray[np.int16]:
    """`[2, N] float32` times `gain` to `[N, 2] int16`, clipped, with triangular dither of one step either way."""
    rng = np.random.Generator(np.random.PCG64(0))
    samples = audio.shape[1]
    result = np.empty((samples, 2), np.int16)
    for start in range(0, samples, BLOCK):
        piece = audio[:, start : start + BLOCK].T * np.float32(32767 * gain)
        chance = rng.random((2, *piece.shape), dtype=np.float32)
        result[start : start + BLOCK] = np.clip(np.rint(piece + chance[0] - chance[1]), -32768, 32767)
    return result


def encode_wav(samples: npt.NDArray[np.int16], tags: Tags) -> bytes:
    """A 16-bit wav of `samples [N, 2]`."""
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", SAMPLE_RATE_HZ, 2, "PCM_16", format="WAV") as file:
        file.title, file.artist, file.genre, file.comment = tags.title, ARTIST, tags.style, tags.comment
        if tags.year is not None:
            file.date = f"{tags.year:04d}"
        file.write(samples)
    return buffer.getvalue()


def encode_flac(samples: npt.NDArray[np.int16], tags: Tags) -> bytes:
    """A 16-bit FLAC of `samples [N, 2]`."""
    return _tagged(_flac(samples, "PCM_16"), tags)


def encode_stem(audio: Audio, *, bits: int, tags: Tags, wav: bool) -> bytes:
    """A stem of 16 or 24 bits as FLAC or wav; `audio [2, N]` within ±1."""
    samples = to_int16(audio) if bits == 16 else _to_24_bits(audio)
    if not wav:
        return _tagged(_flac(samples, f"PCM_{bits}"), tags)
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", SAMPLE_RATE_HZ, 2, f"PCM_{bits}", format="WAV") as file:
        file.title, file.artist, file.genre, file.comment = tags.title, ARTIST, tags.style, tags.comment
        file.write(samples)
    return buffer.getvalue()


def _to_24_bits(audio: Audio) -> npt.NDArray[np.int32]:
    """`[2, N] float32` to `[N, 2] int32` whose upper 24 bits count."""
    whole = np.rint(np.clip(audio.T, -1.0, 1.0).astype(np.float64) * (2**23 - 1)).astype(np.int32)
    return whole << 8


def _flac(samples: npt.NDArray[np.int16] | npt.NDArray[np.int32], subtype: str) -> bytes:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", SAMPLE_RATE_HZ, 2, subtype, format="FLAC", compression_level=FASTEST) as file:
        for start in range(0, len(samples), BLOCK):
            file.write(samples[start : start + BLOCK])
    return buffer.getvalue()


def _tagged(flac: bytes, tags: Tags) -> bytes:
    """The same stream with our comments and cover in the place of the library's."""
    at, blocks, last = 4, [], False
    while not last:
        kind, size = flac[at], int.from_bytes(flac[at + 1 : at + 4], "big")
        last, kind = bool(kind & LAST_BLOCK), kind & ~LAST_BLOCK
        if kind not in (COMMENT_BLOCK, PICTURE_BLOCK, PADDING_BLOCK):
            blocks.append((kind, flac[at + 4 : at + 4 + size]))
        at += 4 + size
    blocks.append((COMMENT_BLOCK, comment_block(tags)))
    if tags.cover is not None:
        blocks.append((PICTURE_BLOCK, picture_block(tags.cover)))
    ends = [0] * (len(blocks) - 1) + [LAST_BLOCK]
    head = b"".join(
        struct.pack(">I", (kind | end) << 24 | len(body)) + body for (kind, body), end in zip(blocks, ends, strict=True)
    )
    return b"fLaC" + head + flac[at:]
