"""An upload's sound, from a bared container to files: probe, decode, sift, resample, fingerprint.

In: the bared file, what it is, the limits, and files that are open for writing, one a form. Out: the facts of it
as plain JSON values. Raises `Faulty`. Conventions: a claim that is over the limit is believed before anything is
decoded; a claim that the decoder does not confirm means that the file is cut off. Caveat: runs in the guarded child
alone.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

from engine.learn.uploads.bare import check_claim
from engine.learn.uploads.faults import Fault, Faulty, length_text
from engine.learn.uploads.fingerprint import RATE_HZ, fingerprint_of_sound
from engine.learn.uploads.limits import Form, Limits
from engine.learn.uploads.npy import NpyWriter
from engine.learn.uploads.plain import Bare, bare_wav
from engine.learn.uploads.sift import Block, Level, Sieve
from engine.learn.uploads.sniff import Container
from engine.learn.uploads.sound import Heard, Resampler, decoded, listen, mixing, opened

MISSING_SHARE, MISSING_S = 0.02, 0.5
"""A claim may be wrong by so much before something is missing."""
LISTENING = Form(rate_hz=RATE_HZ)


def prepare() -> None:
    """Load all that hearing needs, by hearing a second of noise: libraries load parts of themselves at first use."""
    rate_hz = 11_000
    noise = np.random.Generator(np.random.PCG64(0)).integers(-9000, 9000, (rate_hz, 2), np.int16).tobytes()
    head = b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 2, rate_hz, 4 * rate_hz, 4, 16)
    wav = b"RIFF" + struct.pack("<I", 44 + len(noise)) + head + b"data" + struct.pack("<I", len(noise)) + noise
    hear(bare_wav(wav, 0, Limits()), Container.WAV, Limits(min_seconds=0), {LISTENING: io.BytesIO()}, io.BytesIO())


def probe_sound(bare: Bare, container: Container, limits: Limits) -> dict[str, Any]:
    """What the container says; nothing is decoded but what codecs need to know their shape."""
    with opened(bare.file, container) as source:
        _, heard = listen(source, container, limits)
    return _facts(heard, _claimed(bare, heard))


def hear(
    bare: Bare, container: Container, limits: Limits, files: Mapping[Form, BinaryIO], prints: BinaryIO
) -> dict[str, Any]:
    """Write each form and the fingerprint; returns the facts."""
    with opened(bare.file, container) as source:
        stream, heard = listen(source, container, limits)
        claimed = _claimed(bare, heard)
        check_claim(claimed, limits)
        desk: _Desk | None = None
        for rate_hz, block in decoded(source, stream, limits):
            desk = desk or _Desk(rate_hz, mixing(stream.codec_context.layout.name, len(block)), limits, files)
            desk.take(block)
    if desk is None:
        raise Faulty(Fault.NO_AUDIO, "holds no sound at all; export it once more")
    _check_whole(desk.sieve.seconds, claimed, bare)
    level, recording = desk.finish()
    fingerprint_of_sound(recording).write(prints)
    return _facts(heard, level.seconds) | {"peak": level.peak, "rms": level.rms, "notices": list(level.notices)}


class _Desk:
    """Where sound of one rate becomes all that is wanted of it. `matrix [2, C]` makes stereo."""

    def __init__(self, rate_hz: int, matrix: Block, limits: Limits, files: Mapping[Form, BinaryIO]) -> None:
        self.sieve = Sieve(rate_hz, limits)
        self._matrix = matrix
        self._ear = _Pour(LISTENING, rate_hz, None)
        forms = [_Pour(form, rate_hz, NpyWriter(file, form.channels)) for form, file in files.items()]
        self._pours = (*forms, self._ear)

    def take(self, block: Block) -> None:
        """A block `[C, n]` as it was decoded."""
        stereo = self._matrix @ self.sieve.pass_through(block)
        for pour in self._pours:
            pour.feed(stereo)

    def finish(self) -> tuple[Level, Block]:
        """Complete the files; how loud it was, and what the fingerprint is made of."""
        level = self.sieve.level()
        for pour in self._pours:
            pour.finish(level)
        return level, self._ear.heard() * np.float32(level.gain)


class _Pour:
    """One form on its way: mixed, resampled, written (or kept, without a writer)."""

    def __init__(self, form: Form, rate_hz: int, writer: NpyWriter | None) -> None:
        self._form, self._writer = form, writer
        self._resampler = Resampler(form, rate_hz)
        self._kept: list[Block] = []

    def feed(self, stereo: Block | None) -> None:
        if stereo is not None and self._form.channels == 1:
            stereo = stereo.mean(axis=0, keepdims=True, dtype=np.float32)
        for out in self._resampler.feed(stereo):
            if self._writer is None:
                self._kept.append(out.copy())
            else:
                self._writer.write(out)

    def finish(self, level: Level) -> None:
        self.feed(None)
        if self._writer is not None:
            self._writer.finish(level.gain, round(level.seconds * self._form.rate_hz))

    def heard(self) -> Block:
        """What was kept, `[N] float32`."""
        samples: Block = np.concatenate(self._kept, axis=1)[0]
        return samples


def _claimed(bare: Bare, heard: Heard) -> float | None:
    """The length by the header that we read, else by what the demuxer makes of it."""
    return bare.claimed_s if bare.claimed_s is not None else heard.claimed_s


def _check_whole(seconds: float, claimed_s: float | None, bare: Bare) -> None:
    """Raise where the header promised more than there was; what a demuxer estimates is no promise."""
    if bare.claimed_s is None or claimed_s is None:
        return
    if seconds < claimed_s * (1 - MISSING_SHARE) - MISSING_S:
        raise Faulty(
            Fault.TRUNCATED,
            f"is cut off or damaged: it says that it lasts {length_text(claimed_s)}"
            f" but ends after {length_text(seconds)}; upload it whole",
        )


def _facts(heard: Heard, seconds: float | None) -> dict[str, Any]:
    return {"codec": heard.codec, "rate_hz": heard.rate_hz, "channels": heard.channels, "seconds": seconds}
