"""Mastered audio to a file: mp3, Ogg Opus or wav.

In: `audio [2, N] float32`, 44,100 Hz, within ±1. Out: one finished file of that length. The file appears whole or not
at all: it is written under a temporary name beside its place and then moved there. Conventions: 16 bits are reached
with triangular dither from a fixed seed, so equal audio gives an equal mp3 or wav. Caveat: Opus knows only 48 kHz, so
an `.ogg` is resampled.
"""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Literal

import av
import numpy as np
import numpy.typing as npt
import soundfile

from engine.compose.mp3 import encode_mp3
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.errors import BadRequest, SetupError

Format = Literal["mp3", "ogg", "wav"]
ARTIST = "Tunesmith"
OPUS_BIT_RATE = 128_000
OPUS_RATE_HZ = 48_000
BLOCK = 1 << 17


def encode(audio: Audio, path: Path, *, format: Format, title: str, comment: str) -> None:
    """Write `audio` to `path`. Raises `BadRequest` for an unknown format, `SetupError` when unwritable."""
    write_all({path: encoded(audio, format=format, title=title, comment=comment)})


def encoded(audio: Audio, *, format: Format, title: str, comment: str) -> bytes:
    """The whole audio file as bytes. Raises `BadRequest` for an unknown format."""
    if format == "mp3":
        return encode_mp3(to_int16(audio), title=title, artist=ARTIST, comment=comment)
    if format == "ogg":
        return _ogg(audio, title=title, comment=comment)
    if format == "wav":
        return _wav(audio, title=title, comment=comment)
    raise BadRequest(f"The audio format {format!r} is not known; mp3, ogg or wav would work.")


def write_all(files: Mapping[Path, bytes]) -> None:
    """Write files so that all are there whole, or none is changed. Raises `SetupError` naming the path and the reason.

    Each is written under a temporary name first; only when all are, are they moved to their places.
    """
    mark = secrets.token_hex(4)
    temporary = {path: path.with_name(f".{path.name}.{mark}.part") for path in files}
    path = next(iter(files))
    try:
        try:
            for path, data in files.items():
                with temporary[path].open("xb") as file:
                    file.write(data)
            for path in files:
                os.replace(temporary[path], path)
        finally:
            for part in temporary.values():
                part.unlink(missing_ok=True)
    except OSError as error:
        raise SetupError(
            f"The file {str(path)!r} cannot be written ({error.strerror or error}); "
            "a folder that exists, is writable and has free space would work."
        ) from error


def to_int16(audio: Audio) -> npt.NDArray[np.int16]:
    """`[2, N] float32` to `[N, 2] int16`, clipped, with triangular dither of one step either way."""
    rng = np.random.Generator(np.random.PCG64(0))
    samples = audio.shape[1]
    result = np.empty((samples, 2), np.int16)
    for start in range(0, samples, BLOCK):
        piece = audio[:, start : start + BLOCK].T * np.float32(32767)
        chance = rng.random((2, *piece.shape), dtype=np.float32)
        result[start : start + BLOCK] = np.clip(np.rint(piece + chance[0] - chance[1]), -32768, 32767)
    return result


def _wav(audio: Audio, *, title: str, comment: str) -> bytes:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", SAMPLE_RATE_HZ, 2, "PCM_16", format="WAV") as file:
        file.title, file.artist, file.comment = title, ARTIST, comment
        file.write(to_int16(audio))
    return buffer.getvalue()


def _ogg(audio: Audio, *, title: str, comment: str) -> bytes:
    """Ogg Opus by PyAV."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE_HZ, options={"compression_level": "5"})
        stream.bit_rate = OPUS_BIT_RATE
        stream.layout = "stereo"
        container.metadata.update({"title": title, "artist": ARTIST, "comment": comment})
        resampler = av.AudioResampler(format="flt", layout="stereo", rate=OPUS_RATE_HZ)
        interleaved = np.ascontiguousarray(audio.T, np.float32)
        for start in range(0, len(interleaved), BLOCK):
            block = interleaved[start : start + BLOCK]
            frame = av.AudioFrame.from_ndarray(block.reshape(1, -1), format="flt", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLE_RATE_HZ, start, Fraction(1, SAMPLE_RATE_HZ)
            for ready in resampler.resample(frame):
                container.mux(stream.encode(ready))
        for ready in resampler.resample(None):
            container.mux(stream.encode(ready))
        container.mux(stream.encode(None))
    return buffer.getvalue()
