"""Mastered audio to a file's bytes: mp3, Ogg Opus, wav or FLAC, no larger than allowed.

In: `audio [2, N] float32`, 44,100 Hz, within ±1, the format that was asked for, tags, and the most bytes that the file
may have, if there is a limit. Out: `Encoded`. Conventions: the best that fits is taken, going down `STEPS`: bit rates
first, then from mp3 to Opus, which sounds better at low rates; a wav or FLAC that does not fit becomes an mp3. Whoever
gets less than usual is told in a notice. Every file decodes to the audio's length. Caveat: not even the last step may
fit; then it is taken, and the notice says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from engine.compose.files.lossless import encode_flac, encode_wav, to_int16
from engine.compose.files.mp3 import encode_mp3, size_of_mp3
from engine.compose.files.opus import encode_opus
from engine.compose.files.tags import Tags, id3
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.errors import BadRequest

Format = Literal["mp3", "ogg", "wav", "flac"]
MP3_KBIT_S = (192, 160, 128, 96, 64)
OPUS_KBIT_S = (128, 96, 64, 48, 32, 24, 16)
OPUS_BEHIND_MP3_KBIT_S = 48
MEBIBYTE = 1024 * 1024
HOPELESS = 1.4
"""Opus is not even tried where its mean bit rate makes this many times what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A file's bytes, its format, which is not always the one asked for, and what the person should be told."""

    data: bytes = field(repr=False)
    format: Format
    notice: str | None = None


def encoded(audio: Audio, *, format: Format, tags: Tags, limit_bytes: int | None = None, loop: bool = False) -> Encoded:
    """The audio file; `loop`: its end will be followed by its beginning. Raises `BadRequest` for an unknown format."""
    steps = steps_from(format)
    best = steps[0]
    for step in _worth_trying(steps, audio, limit_bytes):
        data = _encode(audio, step, tags, loop=loop)
        if limit_bytes is None or len(data) <= limit_bytes or step == steps[-1]:
            break
    fits = limit_bytes is None or len(data) <= limit_bytes
    notice = None if step == best and fits else _notice(best, step, len(data), limit_bytes or 0)
    return Encoded(data=data, format=step.format, notice=notice)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A format, and its bit rate where it has one."""

    format: Format
    kbit_s: int | None = None

    def __str__(self) -> str:
        return self.format if self.kbit_s is None else f"{_NAMES[self.format]} at {self.kbit_s} kbit/s"


_NAMES = {"mp3": "mp3", "ogg": "Ogg Opus"}


def steps_from(format: Format) -> tuple[Step, ...]:
    """What is tried for a format, best first. Raises `BadRequest` for an unknown one."""
    opus = tuple(Step(format="ogg", kbit_s=rate) for rate in OPUS_KBIT_S)
    mp3 = tuple(Step(format="mp3", kbit_s=rate) for rate in MP3_KBIT_S)
    low = tuple(step for step in opus if (step.kbit_s or 0) <= OPUS_BEHIND_MP3_KBIT_S)
    match format:
        case "ogg":
            return opus
        case "mp3":
            return (*mp3, *low)
        case "wav" | "flac":
            return (Step(format=format), *mp3, *low)
        case _:
            raise BadRequest(f"The audio format {format!r} is not known; mp3, ogg, wav or flac would work.")


def _worth_trying(steps: tuple[Step, ...], audio: Audio, limit_bytes: int | None) -> Iterator[Step]:
    """The steps that may fit, judging by their bit rate, and the last one in any case."""
    samples = audio.shape[1]
    for step in steps[:-1]:
        if limit_bytes is None:
            yield step
        elif step.format == "mp3":
            if size_of_mp3(samples, step.kbit_s or 0) <= limit_bytes:
                yield step
        elif step.format == "ogg":
            if (step.kbit_s or 0) * 125 * samples / SAMPLE_RATE_HZ <= HOPELESS * limit_bytes:
                yield step
        elif step.format == "flac" or 4 * samples <= limit_bytes:
            yield step
    yield steps[-1]


def _encode(audio: Audio, step: Step, tags: Tags, *, loop: bool) -> bytes:
    match step.format:
        case "mp3":
            return id3(tags) + encode_mp3(audio, step.kbit_s or MP3_KBIT_S[0], loop=loop)
        case "ogg":
            return encode_opus(audio, step.kbit_s or OPUS_KBIT_S[0], tags)
        case "wav":
            return encode_wav(to_int16(audio), tags)
        case "flac":
            return encode_flac(to_int16(audio), tags)


def size_text(size_bytes: float) -> str:
    """`"9.7 MiB"`, `"10 MiB"`, or `"250 kB"` where it is little."""
    if size_bytes < MEBIBYTE:
        return f"{size_bytes / 1000:.0f} kB"
    return f"{round(size_bytes / MEBIBYTE, 1):g} MiB"


def _notice(best: Step, step: Step, size_bytes: int, limit_bytes: int) -> str:
    """One sentence about what was made instead."""
    allowed = f"the {size_text(limit_bytes)} that are allowed here"
    if size_bytes > limit_bytes:
        return f"The audio is larger than {allowed}, even as {step}; a shorter song fits."
    if step.format == best.format:
        return f"The audio was made at {step.kbit_s} kbit/s so that it fits into {allowed}."
    if best.kbit_s is None:
        return f"The audio became an {step} because as {best} it would not fit into {allowed}."
    return f"The audio became {step} so that it fits into {allowed}."
