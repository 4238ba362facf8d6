"""Ogg Opus by PyAV.

In: `audio [2, N] float32`, 44,100 Hz, a bit rate and tags. Out: a whole file as bytes. Opus knows only 48 kHz, so the
audio is resampled: `ceil(N · 48000 / 44100)` samples come out of a decoder. The container tells the encoder's delay
and where the music ends. Equal audio and tags give an equal file (FFmpeg numbers streams by chance unless it is told
to be exact). Caveat: the bit rate is a mean, which dense music exceeds by some percent.
"""

from __future__ import annotations

import io
from fractions import Fraction

import av
import numpy as np

from engine.compose.files.tags import Tags, comments, picture_comment
from engine.compose.render import SAMPLE_RATE_HZ, Audio

OPUS_RATE_HZ = 48_000
BLOCK = 1 << 17
EFFORT = "5"


def encode_opus(audio: Audio, bit_rate_kbit_s: int, tags: Tags) -> bytes:
    """Encode at a mean of `bit_rate_kbit_s`."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream("libopus", rate=OPUS_RATE_HZ, options={"compression_level": EFFORT})
        stream.bit_rate = bit_rate_kbit_s * 1000
        stream.layout = "stereo"
        container.metadata.update(comments(tags))
        if tags.cover is not None:
            container.metadata["METADATA_BLOCK_PICTURE"] = picture_comment(tags.cover)
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
