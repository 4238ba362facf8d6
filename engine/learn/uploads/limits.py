"""What an upload may be and what reading it may cost.

In: nothing. Out: `Limits`, and the `Form`s in which decoded sound can be had. Conventions: sizes in bytes, times in
seconds; a limit is the largest (or least) value that is still accepted. Caveat: `memory_bytes` is address space as
the kernel counts it, about 0.35 GB of which the interpreter and the codecs take before the first byte is read.
"""

from __future__ import annotations

from dataclasses import dataclass

MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A way to have sound: `channels` 1 (mono) or 2 (stereo) at `rate_hz`."""

    rate_hz: int
    channels: int = 1

    def __post_init__(self) -> None:
        if self.channels not in (1, 2) or not 8_000 <= self.rate_hz <= 96_000:
            raise ValueError(f"sound cannot be had as {self}; 1 or 2 channels at 8,000 to 96,000 Hz would work")

    @property
    def file_name(self) -> str:
        """The file in the upload's folder."""
        return f"sound-{self.rate_hz}-{self.channels}.npy"


MONO_22K = Form(rate_hz=22_050)
MONO_44K = Form(rate_hz=44_100)
STEREO_44K = Form(rate_hz=44_100, channels=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The bounds of one upload.

    Of the file: `max_bytes`, `max_score_bytes` (MIDI and MusicXML, unpacked), `max_seconds`, `min_seconds` of sound
    that can be heard, `max_channels`, `min_rate_hz`, `max_rate_hz`, `max_notes` (MIDI and MusicXML),
    `max_elements` (XML).
    Of reading it: `memory_bytes`, `cpu_s`, `wall_s`, `max_output_bytes` (each file that is written);
    `fetch_s`: of bringing it here.
    """

    max_bytes: int = 64 * MEBIBYTE
    max_score_bytes: int = 8 * MEBIBYTE
    max_seconds: float = 900.0
    min_seconds: float = 8.0
    max_channels: int = 8
    min_rate_hz: int = 8_000
    max_rate_hz: int = 384_000
    max_notes: int = 50_000
    max_elements: int = 1_000_000
    memory_bytes: int = 1_500_000_000
    cpu_s: int = 60
    wall_s: float = 120.0
    max_output_bytes: int = 400_000_000
    fetch_s: float = 120.0
