"""A song's stems: a zip of one file a role, all as long as the song and aligned to the sample.

In: role → `[2, N] float32`, dry: levelled, without shared reverb and mastering. Out: `Stems`: the zip's bytes.
Conventions: all stems share one gain, which keeps each of them and their sum from clipping, so their sum is the dry
mix times that gain (the comment of each file tells it). FLAC of 24 bits, or wav where the song is one; where the zip
would be larger than allowed, FLAC of 16 bits, then Opus at falling rates. Equal stems give an equal zip. Caveat: Opus
stems sum to the dry mix for the ear only.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from engine.compose.files.encode import size_text
from engine.compose.files.lossless import encode_stem
from engine.compose.files.opus import encode_opus
from engine.compose.files.tags import Tags
from engine.compose.mixing.dynamics import Fade
from engine.compose.mixing.mix import FADE_IN_S, FADE_OUT_S
from engine.compose.mixing.stage import Session, run
from engine.compose.render import SAMPLE_RATE_HZ, Audio
from engine.music.notes import Role

HIGHEST = 0.97
OPUS_KBIT_S = (128, 96, 64, 48, 32)
ROOM_BYTES = 1000
"""For the zip's own tables and a stem's header."""
LONG_AGO = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stems:
    """A zip, and what the person should be told about it."""

    data: bytes = field(repr=False)
    notice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """How stems are written: `bits` of wav or FLAC, or Opus at `kbit_s`."""

    ending: str
    bits: int = 16
    kbit_s: int = 0

    def __str__(self) -> str:
        return f"Ogg Opus at {self.kbit_s} kbit/s" if self.kbit_s else f"{self.ending} of {self.bits} bits"


def pack_stems(
    stems: Mapping[Role, Audio], *, name: str, tags: Tags, wav: bool = False, limit_bytes: int | None = None
) -> Stems:
    """The zip of `<name>-<role>.flac` and so on."""
    gain = shared_gain(stems)
    tags = replace(tags, cover=None, comment=f"{tags.comment} · dry stem at {20 * math.log10(gain):+.2f} dB")
    kinds = [_Kind(ending="wav" if wav else "flac", bits=24), _Kind(ending="flac", bits=16)]
    kinds += [_Kind(ending="ogg", kbit_s=rate) for rate in OPUS_KBIT_S]
    for kind in _worth_trying(kinds, stems, limit_bytes):
        data = _zip(stems, name, kind, tags, gain)
        if limit_bytes is None or len(data) <= limit_bytes:
            break
    notice = None
    if limit_bytes is not None and len(data) > limit_bytes:
        notice = f"The stems are larger than the {size_text(limit_bytes)} that are allowed here, even as {kind}."
    elif kind != kinds[0]:
        notice = f"The stems were made as {kind} so that they fit into the {size_text(limit_bytes or 0)} allowed here."
    return Stems(data=data, notice=notice)


def faded(stems: Mapping[Role, Audio]) -> dict[Role, Audio]:
    """The stems with the song's own start and end in silence; a loop has none."""
    result = {}
    for role, audio in stems.items():
        samples = audio.shape[1]
        fade = Fade(in_s=FADE_IN_S, out_s=min(FADE_OUT_S, samples / SAMPLE_RATE_HZ / 4))
        result[role] = run(audio, (fade,), Session(samples=samples))
    return result


def shared_gain(stems: Mapping[Role, Audio]) -> float:
    """The gain, at most 1, at which neither a stem nor the sum of all clips."""
    total = np.zeros_like(next(iter(stems.values())))
    highest = 0.0
    for audio in stems.values():
        total += audio
        highest = max(highest, float(np.abs(audio).max()))
    return min(1.0, HIGHEST / max(highest, float(np.abs(total).max()), 1e-9))


def _worth_trying(kinds: list[_Kind], stems: Mapping[Role, Audio], limit_bytes: int | None) -> Iterator[_Kind]:
    """The kinds that may fit, and the last one in any case."""
    samples = sum(audio.shape[1] for audio in stems.values())
    for kind in kinds[:-1]:
        least = kind.kbit_s * 125 * samples / SAMPLE_RATE_HZ * 0.3
        if kind.ending == "wav":
            least = samples * 2 * kind.bits / 8
        if limit_bytes is None or least <= limit_bytes - ROOM_BYTES * len(stems):
            yield kind
    yield kinds[-1]


def _zip(stems: Mapping[Role, Audio], name: str, kind: _Kind, tags: Tags, gain: float) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for role, audio in stems.items():
            own = replace(tags, title=f"{tags.title} ({role.value})")
            levelled = np.asarray(audio * np.float32(gain), np.float32)
            if kind.kbit_s:
                data = encode_opus(levelled, kind.kbit_s, own)
            else:
                data = encode_stem(levelled, bits=kind.bits, tags=own, wav=kind.ending == "wav")
            archive.writestr(zipfile.ZipInfo(f"{name}-{role.value}.{kind.ending}", LONG_AGO), data)
    return buffer.getvalue()
