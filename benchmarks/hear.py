"""What others hear in a finished file: two decoders, a loudness meter, and librosa for tempo and key.

In: a file, and what its receipt says. Out: `Heard`. Conventions: libsndfile decodes for everything that is measured;
PyAV must give the same samples. Peaks are the higher of both. Tempos come from librosa's onset strength every 5.8 ms:
the one at whose beats and bars (`MULTIPLES`) it is most like itself over the whole song, weighed towards 120 a minute
(`bpm`), and beside it the one of librosa's own `feature.tempo`, which looks at 8 s at a time (`plain_bpm`). Keys come
from its constant-Q chroma from C3 up, so that basses weigh little, by correlation with the profiles of Temperley,
"What's Key for Key?" (Music Perception 17, 1999). Caveat: librosa compiles for some 20 s when it is first used on a
machine.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path

import av
import librosa
import numpy as np
import numpy.typing as npt
import soundfile

from engine.metrics.loudness import dc_offset, decibels, integrated_loudness_lufs, true_peak_dbtp
from engine.music.harmony import WHITE_TONIC, Key, Mode
from engine.music.timing import TICKS_PER_QUARTER, Meter

Samples = npt.NDArray[np.float32]

OPUS_RATE_HZ, RATE_HZ = 48000, 44100
LOUDNESS_LUFS, LOUDNESS_WITHIN_LU = -14.0, 1.0
PEAK_DBTP = -1.0
MOST_OFFSET = 0.001
DEAD_BELOW_DB = -50.0
SAME_WITHIN_DB = -40.0
TEMPO_WITHIN = 0.02
ANALYSIS_HZ = 22050
TEMPO_HOP, CHROMA_HOP = 128, 2048
SLOWEST_BPM, FASTEST_BPM, USUAL_BPM = 40.0, 220.0, 120.0
MULTIPLES = (1, 2, 3, 4, 6, 8)
"""Beats after which music of two, three or four beats a bar is like itself."""
LOWEST_TONE, OCTAVES = "C3", 5
PROFILES = {
    Mode.MAJOR: np.array([5, 2, 3.5, 2, 4.5, 4, 2, 4.5, 2, 3.5, 1.5, 4]),
    Mode.MINOR: np.array([5, 2, 3.5, 4.5, 2, 4, 2, 4.5, 3.5, 2, 1.5, 4]),
}
SIMPLE, COMPOUND = (1.0, 2.0, 0.5), (2 / 3, 4 / 3, 1 / 3)
"""What a tempo may be heard as; by the felt beat of a compound meter: a dotted quarter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the receipt says: seconds, tempo in quarters a minute, key, meter."""

    seconds: float
    bpm: float
    key: Key
    meter: Meter


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What was heard, and what is wrong (`faults`, in words). `tempo_right` in `TEMPO_WITHIN`, its double or half, and
    in compound meters the same of the dotted beat. `key_right`: the key, its relative, or a mode's of the same notes.
    """

    lufs: float
    peak_dbtp: float
    bpm: float
    tempo_right: bool
    plain_bpm: float
    plain_right: bool
    key: str
    key_right: bool
    faults: tuple[str, ...]


def hear(path: Path, told: Told) -> Heard:
    """Decode, measure, listen."""
    data = path.read_bytes()
    audio, rate_hz = by_libsndfile(data)
    other, other_rate_hz = by_libav(data)
    peak = max(true_peak_dbtp(audio, rate_hz), true_peak_dbtp(other, other_rate_hz))
    lufs = integrated_loudness_lufs(audio, rate_hz)
    mono = librosa.resample(audio.mean(axis=0), orig_sr=rate_hz, target_sr=ANALYSIS_HZ)
    (bpm, plain_bpm), key = heard_tempos(mono), heard_key(mono)
    faults = [*_lengths(path, told, (audio, rate_hz), (other, other_rate_hz)), *_levels(audio, rate_hz, lufs, peak)]
    if audio.shape == other.shape and decibels(float(np.square(audio - other).mean())) > SAME_WITHIN_DB:
        faults.append("the decoders do not agree")
    return Heard(
        lufs=round(lufs, 2),
        peak_dbtp=round(peak, 2),
        bpm=round(bpm, 2),
        tempo_right=tempo_agrees(bpm, told),
        plain_bpm=round(plain_bpm, 2),
        plain_right=tempo_agrees(plain_bpm, told),
        key=str(key),
        key_right=key in keys_alike(told.key),
        faults=tuple(faults),
    )


def by_libsndfile(data: bytes) -> tuple[Samples, int]:
    """Samples `[2, N]` and their rate."""
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T), rate_hz


def by_libav(data: bytes) -> tuple[Samples, int]:
    """Samples `[2, N]` and their rate."""
    with av.open(io.BytesIO(data), mode="r") as container:
        rate_hz = container.streams.audio[0].rate
        resampler = av.AudioResampler(format="fltp", layout="stereo", rate=rate_hz)
        frames = [ready for frame in container.decode(audio=0) for ready in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray() for frame in frames], axis=1), rate_hz


def heard_tempos(mono: Samples) -> tuple[float, float]:
    """Tempos of `mono [N]` at `ANALYSIS_HZ`: by the whole song's autocorrelation, and by librosa's `feature.tempo`."""
    strength = librosa.onset.onset_strength(y=mono, sr=ANALYSIS_HZ, hop_length=TEMPO_HOP)
    plain = librosa.feature.tempo(onset_envelope=strength, sr=ANALYSIS_HZ, hop_length=TEMPO_HOP)
    frames_a_minute = 60 * ANALYSIS_HZ / TEMPO_HOP
    bpms = np.exp(np.arange(np.log(SLOWEST_BPM), np.log(FASTEST_BPM), 0.002))
    lags = frames_a_minute / bpms
    most = min(int(max(MULTIPLES) * lags.max()) + 2, strength.size * 3 // 4)
    alike = librosa.autocorrelate(strength - strength.mean(), max_size=most)
    alike /= np.arange(strength.size, strength.size - alike.size, -1)
    fits = sum(np.interp(multiple * lags, np.arange(alike.size), alike, right=0.0) for multiple in MULTIPLES)
    weights = np.exp(-0.5 * np.square(np.log2(bpms / USUAL_BPM)))
    return float(bpms[np.argmax(np.maximum(fits, 0.0) * weights)]), float(plain[0])


def heard_key(mono: Samples) -> Key:
    """The major or minor key whose profile correlates best with the chroma of `mono [N]` at `ANALYSIS_HZ`."""
    lowest_hz = librosa.note_to_hz(LOWEST_TONE)
    shares = librosa.feature.chroma_cqt(
        y=mono, sr=ANALYSIS_HZ, hop_length=CHROMA_HOP, fmin=lowest_hz, n_octaves=OCTAVES, tuning=0.0
    ).mean(axis=1)
    keys = [Key(tonic=tonic, mode=mode) for mode in PROFILES for tonic in range(12)]
    return max(keys, key=lambda key: float(np.corrcoef(shares, np.roll(PROFILES[key.mode], key.tonic))[0, 1]))


def tempo_agrees(bpm: float, told: Told) -> bool:
    """Whether a heard tempo may be the told one."""
    compound = told.meter.beat_ticks % TICKS_PER_QUARTER != 0 and told.meter.beat_ticks > TICKS_PER_QUARTER
    ratios = (*SIMPLE, *COMPOUND) if compound else SIMPLE
    return any(abs(bpm / (told.bpm * ratio) - 1) <= TEMPO_WITHIN for ratio in ratios)


def keys_alike(key: Key) -> frozenset[Key]:
    """The major and minor keys that count as right: the key itself, its relative, and for a mode those of its notes."""
    bright = key.mode in (Mode.MAJOR, Mode.LYDIAN, Mode.MIXOLYDIAN)
    parent = (key.tonic - WHITE_TONIC[key.mode]) % 12
    majors = {parent, key.tonic if bright else (key.tonic + 3) % 12}
    return frozenset(
        Key(tonic=tonic, mode=mode)
        for major in majors
        for tonic, mode in ((major, Mode.MAJOR), ((major + 9) % 12, Mode.MINOR))
    )


def _lengths(path: Path, told: Told, *decoded: tuple[Samples, int]) -> list[str]:
    """Faults of length: it must be what was told, to the sample, by both decoders."""
    faults = []
    for name, (audio, rate_hz) in zip(("libsndfile", "PyAV"), decoded, strict=True):
        if rate_hz != (OPUS_RATE_HZ if path.suffix == ".ogg" else RATE_HZ):
            faults.append(f"{name} reads {rate_hz} Hz")
        elif audio.shape[1] != round(told.seconds * rate_hz):
            faults.append(f"{name} reads {audio.shape[1] - round(told.seconds * rate_hz):+d} samples")
    return faults


def _levels(audio: Samples, rate_hz: int, lufs: float, peak_dbtp: float) -> list[str]:
    faults = []
    if abs(lufs - LOUDNESS_LUFS) > LOUDNESS_WITHIN_LU:
        faults.append(f"{lufs:.1f} LUFS")
    if peak_dbtp > PEAK_DBTP:
        faults.append(f"{peak_dbtp:.2f} dBTP")
    if dc_offset(audio, rate_hz) > MOST_OFFSET:
        faults.append("an offset")
    if min(decibels(float(np.square(channel).mean())) for channel in audio) < DEAD_BELOW_DB:
        faults.append("a dead channel")
    return faults
