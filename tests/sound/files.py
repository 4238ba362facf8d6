"""Sounds to encode, tags to encode them with, and two independent readers."""

from __future__ import annotations

import io

import av
import numpy as np
import numpy.typing as npt
import soundfile

from engine.compose.files.tags import Tags
from engine.compose.render import SAMPLE_RATE_HZ
from engine.music.harmony import Key

TAGS = Tags(title="Größe ♪", style="Lofi", bpm=82.4, key=Key.parse("F# dorian"), comment="lofi · seed 7", year=2031)


def tone(samples: int) -> npt.NDArray[np.float32]:
    """`[2, samples]`: silence, a click after a quarter, then a different sine on either side."""
    time = np.arange(samples) / SAMPLE_RATE_HZ
    wave = np.stack([np.sin(2 * np.pi * 330 * time), np.sin(2 * np.pi * 440 * time)]).astype(np.float32) * 0.4
    wave[:, : samples // 4] = 0
    wave[:, samples // 4] = 0.8
    return wave


def noise(samples: int, *, seed: int = 0, level: float = 0.2) -> npt.NDArray[np.float32]:
    """`[2, samples]` of something that no encoder makes small."""
    rng = np.random.default_rng(seed)
    return np.clip(rng.standard_normal((2, samples), dtype=np.float32) * np.float32(level), -1, 1)


def by_libav(data: bytes) -> tuple[npt.NDArray[np.float32], int]:
    """Samples `[2, N]` and their rate."""
    with av.open(io.BytesIO(data)) as container:
        rate = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=rate)
        frames = [ready for frame in container.decode(audio=0) for ready in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), rate


def by_libsndfile(data: bytes) -> tuple[npt.NDArray[np.float32], int]:
    """Samples `[2, N]` and their rate."""
    samples, rate = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return samples.T, rate


def tags_of(data: bytes) -> dict[str, str]:
    """What libav reads, names in lower case."""
    with av.open(io.BytesIO(data)) as container:
        found = {**container.metadata, **container.streams.audio[0].metadata}
        return {name.lower(): value for name, value in found.items()}


def cover_of(data: bytes) -> bytes | None:
    """The attached picture that libav finds."""
    with av.open(io.BytesIO(data)) as container:
        for packet in container.demux():
            if packet.stream.type == "video" and packet.size:
                return bytes(packet)
    return None
