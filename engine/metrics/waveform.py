"""All measures of finished audio at once, as one value for receipts and gates.

In: audio [channels, N] float32, full scale ±1, and its rate in Hz. Out: `AudioMeasures`. The measures themselves are
in `loudness` (levels) and `spectrum` (what moves).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from engine.metrics import loudness, spectrum
from engine.metrics.loudness import Audio


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioMeasures:
    """What can be measured on samples; `tempo_bpm` is known up to the octave, None where there is none."""

    duration_s: float
    loudness_lufs: float
    true_peak_dbtp: float
    clipped_samples: int
    silence_share: float
    dc_offset: float
    chroma_change_share: float
    spectral_flatness: float
    drone_like: bool
    tempo_bpm: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object; floats rounded to four places."""
        data = dataclasses.asdict(self)
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in data.items()}


def duration_s(audio: Audio, rate_hz: int) -> float:
    """Length in seconds."""
    samples: int = loudness.validate(audio, rate_hz).shape[1]
    return samples / rate_hz


def measure_audio(audio: Audio, rate_hz: int) -> AudioMeasures:
    """Measure everything; raises `ValueError` for what `loudness.validate` refuses."""
    motion = spectrum.measure_motion(audio, rate_hz)
    return AudioMeasures(
        duration_s=duration_s(audio, rate_hz),
        loudness_lufs=loudness.integrated_loudness_lufs(audio, rate_hz),
        true_peak_dbtp=loudness.true_peak_dbtp(audio, rate_hz),
        clipped_samples=loudness.clipped_samples(audio, rate_hz),
        silence_share=loudness.silence_share(audio, rate_hz),
        dc_offset=loudness.dc_offset(audio, rate_hz),
        chroma_change_share=motion.chroma_change_share,
        spectral_flatness=motion.flatness,
        drone_like=motion.drone_like,
        tempo_bpm=motion.tempo_bpm,
    )


def audio_faults(measures: AudioMeasures) -> tuple[str, ...]:
    """Reasons why audio must not be given out: silent, clipped, an offset, a drone; empty = passed."""
    faults = []
    if measures.silence_share > 0.5:
        faults.append(f"{measures.silence_share:.0%} of the audio is silent")
    if measures.clipped_samples:
        faults.append(f"{measures.clipped_samples} samples are clipped")
    if measures.dc_offset > 0.01:
        faults.append(f"the audio has an offset of {measures.dc_offset:.3f}")
    if measures.drone_like:
        faults.append("the audio is a drone or noise")
    return tuple(faults)
