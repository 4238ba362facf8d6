"""Good uploads for tests: ten seconds of a tune in every format, and the pieces that hostile ones are made of.

Everything is made here, of numbers; each is made once a run.
"""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from functools import cache
from typing import Any

import av
import lameenc
import numpy as np
import numpy.typing as npt
import soundfile
from av.audio.frame import AudioFrame

from tests.corpus.midi_bytes import chunk, tempo

Sound = npt.NDArray[np.float32]
RATE_HZ = 22_050
SECONDS = 10


@cache
def tune(rate_hz: int = RATE_HZ, seconds: float = SECONDS, seed: int = 0) -> Sound:
    """`[N] float32`: a random walk of notes with overtones, peaks near 0.5."""
    rng = np.random.default_rng(seed)
    pitches = 57 + np.cumsum(rng.integers(-4, 5, int(seconds * 4) + 1)) % 24
    quarters = np.arange(int(rate_hz * seconds)) * 4 / rate_hz
    phase = 2 * np.pi * np.cumsum(440 * 2 ** ((pitches[quarters.astype(int)] - 69) / 12)) / rate_hz
    fade = 1 - quarters % 1 * 0.8
    return (sum(np.sin(phase * k) / k for k in (1, 2, 3)) * fade * 0.3).astype(np.float32)


def silence(rate_hz: int = RATE_HZ, seconds: float = SECONDS) -> Sound:
    return np.zeros(int(rate_hz * seconds), np.float32)


def int16(sound: Sound) -> bytes:
    return bytes(np.rint(np.clip(sound, -1, 1) * 32767).astype("<i2").tobytes())


def fmt(tag: int = 1, channels: int = 1, rate_hz: int = RATE_HZ, bits: int = 16, align: int | None = None) -> bytes:
    width = channels * bits // 8 if align is None else align
    rate = rate_hz * width & 0xFFFFFFFF
    return struct.pack("<HHIIHH", tag, channels & 0xFFFF, rate_hz & 0xFFFFFFFF, rate, width & 0xFFFF, bits)


def riff(*chunks: tuple[bytes, bytes], kind: bytes = b"WAVE") -> bytes:
    """A RIFF file of chunks that tell the truth about their size."""
    body = b"".join(name + struct.pack("<I", len(data)) + data + bytes(len(data) & 1) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + kind + body


@cache
def wav(rate_hz: int = RATE_HZ, channels: int = 1) -> bytes:
    samples = np.repeat(tune(rate_hz)[:, None], channels, axis=1).ravel()
    return riff((b"fmt ", fmt(channels=channels, rate_hz=rate_hz)), (b"data", int16(samples)))


def float_wav(sound: npt.NDArray[Any], rate_hz: int = RATE_HZ) -> bytes:
    bits = sound.dtype.itemsize * 8
    return riff((b"fmt ", fmt(tag=3, rate_hz=rate_hz, bits=bits)), (b"data", sound.tobytes()))


def lame(sound: Sound, rate_hz: int = 44_100, kbit_s: int = 64, channels: int = 1) -> bytes:
    """mp3 frames, without a Xing field."""
    encoder = lameenc.Encoder()
    encoder.set_bit_rate(kbit_s)
    encoder.set_in_sample_rate(rate_hz)
    encoder.set_out_sample_rate(rate_hz)
    encoder.set_channels(channels)
    encoder.set_quality(9)
    encoder.silence()
    return bytes(encoder.encode(int16(np.repeat(sound, channels)))) + bytes(encoder.flush())


@cache
def mp3(seed: int = 0, rate_hz: int = 44_100, channels: int = 1) -> bytes:
    return lame(tune(rate_hz, seed=seed), rate_hz, channels=channels)


def xing(frames: int) -> bytes:
    """A silent mp3 frame (44.1 kHz, mono, 64 kbit/s) whose Xing field says how many follow."""
    frame = bytearray(208)
    frame[:4] = b"\xff\xfb\x50\xc0"
    frame[4 + 17 : 4 + 17 + 12] = b"Xing" + struct.pack(">II", 1, frames & 0xFFFFFFFF)
    return bytes(frame)


@cache
def flac(rate_hz: int = RATE_HZ, *, quiet: bool = False, seconds: float = SECONDS) -> bytes:
    buffer = io.BytesIO()
    sound = silence(rate_hz, seconds) if quiet else tune(rate_hz, seconds)
    soundfile.write(buffer, sound, rate_hz, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


@cache
def coded(container: str, codec: str, *, video: bool = False, rate_hz: int = 48_000, quiet: bool = False) -> bytes:
    """The tune (or silence), encoded by PyAV; `video` puts a small film beside it."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as out:
        if video:
            film: Any = out.add_stream("mpeg4", rate=5)
            film.width, film.height, film.pix_fmt = 32, 32, "yuv420p"
        stream: Any = out.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        if video:
            for index in range(50):
                picture = av.VideoFrame.from_ndarray(np.full((32, 32, 3), index, np.uint8), format="rgb24")
                picture.pts, picture.time_base = index, Fraction(1, 5)
                out.mux(film.encode(picture))
            out.mux(film.encode(None))
        sound = silence(rate_hz) if quiet else tune(rate_hz)
        resampler = av.AudioResampler(format=stream.format.name, layout=stream.layout.name, rate=rate_hz)
        frame = AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
        frame.sample_rate = rate_hz
        fifo = av.AudioFifo()
        for ready in resampler.resample(frame):
            fifo.write(ready)
        size = stream.codec_context.frame_size or 1024
        while (part := fifo.read(size)) is not None:
            out.mux(stream.encode(part))
        rest = fifo.read()
        if rest is not None:
            out.mux(stream.encode(rest))
        out.mux(stream.encode(None))
    return buffer.getvalue()


@cache
def vorbis() -> bytes:
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", RATE_HZ, 1, "VORBIS", format="OGG") as file:
        for start in range(0, SECONDS * RATE_HZ, 1 << 14):
            file.write(tune()[start : start + (1 << 14)])
    return buffer.getvalue()


def opus() -> bytes:
    return coded("ogg", "libopus")


def m4a() -> bytes:
    return coded("ipod", "aac")


def adts() -> bytes:
    return coded("adts", "aac")


def film() -> bytes:
    return coded("mp4", "aac", video=True)


def midi(*tracks: list[tuple[int, bytes]], division: int = 480, count: int | None = None, kind: int = 1) -> bytes:
    head = struct.pack(">HHH", kind, len(tracks) if count is None else count, division)
    return b"MThd" + struct.pack(">I", 6) + head + b"".join(chunk(track) for track in tracks)


def scale(notes: int = 40, ticks: int = 480) -> list[tuple[int, bytes]]:
    """A track of quarter notes."""
    events: list[tuple[int, bytes]] = [(0, tempo(120))]
    for index in range(notes):
        pitch = 60 + index * 7 % 24
        events += [
            (index * ticks, bytes((0x90, pitch, 90))),
            (index * ticks + max(1, ticks - 20), bytes((0x80, pitch, 0))),
        ]
    return events


def measures(count: int = 12, extra: str = "", duration: int = 1) -> str:
    note = "<note><pitch><step>{}</step><octave>4</octave></pitch><duration>{}</duration><type>quarter</type></note>"
    out = []
    for bar in range(count):
        start = "<attributes><divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
        notes = "".join(note.format("CDEFGAB"[(bar + beat) % 7], duration) for beat in range(4))
        out.append(
            f'<measure number="{bar + 1}">{start if bar == 0 else ""}{extra if bar == 0 else ""}{notes}</measure>'
        )
    return "".join(out)


DOCTYPE = (
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 3.1 Partwise//EN"'
    ' "http://www.musicxml.org/dtds/partwise.dtd">'
)


def score(
    body: str | None = None, *, doctype: str = DOCTYPE, encoding: str = "UTF-8", root: str = "score-partwise"
) -> str:
    inside = measures() if body is None else body
    return (
        f'<?xml version="1.0" encoding="{encoding}"?>{doctype}<{root} version="3.1"><part-list><score-part id="P1">'
        f'<part-name>Tune</part-name></score-part></part-list><part id="P1">{inside}</part></{root}>'
    )
