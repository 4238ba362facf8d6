"""Measures of audio against known signals, laws, and a reference implementation of loudness."""

import json

import numpy as np
import pyloudnorm
import pytest

from engine.metrics import loudness, spectrum
from engine.metrics.waveform import audio_faults, measure_audio

RATE = 44100


def sine(
    frequency_hz: float, seconds: float, *, level: float = 0.5, rate: int = RATE, phase: float = 0.0
) -> np.ndarray:
    """[2, N] float32."""
    time = np.arange(round(seconds * rate)) / rate
    return np.tile(level * np.sin(2 * np.pi * frequency_hz * time + phase), (2, 1)).astype(np.float32)


def noise(seconds: float, *, level: float = 0.1, rate: int = RATE) -> np.ndarray:
    rng = np.random.default_rng(5)
    return (level * rng.standard_normal((2, round(seconds * rate)))).astype(np.float32)


def pulses(bpm: float, seconds: float = 24.0) -> np.ndarray:
    """A short decaying tone on each beat."""
    audio = np.zeros((2, round(seconds * RATE)), dtype=np.float32)
    shape = np.exp(-np.arange(4000) / 600) * np.sin(0.2 * np.arange(4000))
    for beat_s in np.arange(0, seconds - 0.2, 60 / bpm):
        start = round(beat_s * RATE)
        audio[:, start : start + 4000] += 0.5 * shape
    return audio


def melody() -> np.ndarray:
    return np.concatenate(
        [sine(f, 0.5) * np.linspace(1, 0.05, RATE // 2) for f in (220, 262, 330, 294, 247, 349)], axis=1
    )


@pytest.mark.parametrize("rate", [22050, 44100, 48000])
def test_loudness_agrees_with_the_reference_within_a_tenth(rate):
    steps = np.repeat([0.02, 0.2, 0.0005, 0.1], 3 * rate)
    audio = (noise(12, level=1.0, rate=rate) * steps).astype(np.float32)
    reference = pyloudnorm.Meter(rate).integrated_loudness(audio.T.astype(float))
    assert loudness.integrated_loudness_lufs(audio, rate) == pytest.approx(reference, abs=0.1)


def test_a_full_scale_tone_at_997_hz_in_one_channel_has_the_loudness_that_the_standard_gives():
    audio = sine(997, 5, level=1.0, rate=48000)
    audio[1] = 0
    assert loudness.integrated_loudness_lufs(audio, 48000) == pytest.approx(-3.01, abs=0.02)


def test_doubling_the_amplitude_adds_six_decibels():
    quiet = noise(4, level=0.02)
    gained = loudness.integrated_loudness_lufs(2 * quiet, RATE) - loudness.integrated_loudness_lufs(quiet, RATE)
    assert gained == pytest.approx(6.02, abs=0.01)


def test_silence_and_less_than_a_block_have_the_floor_as_loudness():
    assert loudness.integrated_loudness_lufs(np.zeros((2, RATE), dtype=np.float32), RATE) == loudness.FLOOR_DB
    assert loudness.integrated_loudness_lufs(noise(0.3), RATE) == loudness.FLOOR_DB


def test_a_peak_between_samples_is_found():
    """A quarter of the rate, 45° off: every sample is 3 dB below the wave's crest."""
    audio = sine(RATE / 4, 0.5, level=0.5, phase=np.pi / 4) * np.hanning(RATE // 2).astype(np.float32)
    assert loudness.sample_peak_dbfs(audio, RATE) == pytest.approx(-9.03, abs=0.02)
    assert loudness.true_peak_dbtp(audio, RATE) == pytest.approx(-6.02, abs=0.1)


def test_the_true_peak_is_never_below_the_sample_peak():
    for seed in range(5):
        audio = np.random.default_rng(seed).uniform(-0.7, 0.7, (2, 3000)).astype(np.float32)
        assert loudness.true_peak_dbtp(audio, RATE) >= loudness.sample_peak_dbfs(audio, RATE) - 1e-4


def test_clipped_samples_are_counted_in_all_channels():
    audio = sine(100, 0.1, level=0.5)
    assert loudness.clipped_samples(audio, RATE) == 0
    audio[0, 7], audio[1, 9] = 1.0, -1.2
    assert loudness.clipped_samples(audio, RATE) == 2


def test_the_share_of_silence_is_the_silent_part():
    audio = noise(4)
    audio[:, : 3 * RATE] = 0
    assert loudness.silence_share(audio, RATE) == pytest.approx(0.75, abs=0.02)
    assert loudness.silence_share(noise(2), RATE) == 0


def test_the_offset_is_that_of_the_worse_channel():
    audio = sine(100, 1)
    audio[1] += 0.03
    assert loudness.dc_offset(audio, RATE) == pytest.approx(0.03, abs=1e-3)


@pytest.mark.parametrize("bpm", [66, 75, 92, 120, 150])
def test_the_tempo_of_pulses_is_found_up_to_the_octave(bpm):
    found = spectrum.measure_motion(pulses(bpm), RATE).tempo_bpm
    assert found is not None
    assert spectrum.tempo_agrees(found, bpm, tolerance=0.01)


def test_a_tempo_agrees_with_its_half_and_double_only():
    assert spectrum.tempo_agrees(80, 80)
    assert spectrum.tempo_agrees(161, 80)
    assert spectrum.tempo_agrees(40, 80)
    assert not spectrum.tempo_agrees(120, 80)


def test_silence_and_short_audio_have_no_tempo():
    assert spectrum.measure_motion(np.zeros((2, 9 * RATE), dtype=np.float32), RATE).tempo_bpm is None
    assert spectrum.measure_motion(pulses(100, 3), RATE).tempo_bpm is None


def test_held_tones_and_noise_are_drones_and_a_melody_is_not():
    fading = sine(220, 8) * np.linspace(1, 0.2, 8 * RATE).astype(np.float32)
    assert spectrum.measure_motion(sine(220, 8), RATE).drone_like
    assert spectrum.measure_motion(fading, RATE).drone_like
    assert spectrum.measure_motion(noise(5), RATE).drone_like
    assert not spectrum.measure_motion(melody(), RATE).drone_like


def test_flatness_tells_noise_from_tones():
    assert spectrum.measure_motion(noise(3), RATE).flatness > 0.4
    assert spectrum.measure_motion(sine(440, 3), RATE).flatness < 0.01


def test_faults_name_what_is_wrong_and_good_audio_has_none():
    assert audio_faults(measure_audio(melody(), RATE)) == ()
    bad = np.zeros((2, 5 * RATE), dtype=np.float32)
    bad[:, :100] = 1.0
    text = " ".join(audio_faults(measure_audio(bad, RATE)))
    assert "silent" in text
    assert "200 samples are clipped" in text
    assert "drone" in text
    offset = audio_faults(measure_audio(melody() + np.float32(0.05), RATE))
    assert len(offset) == 1
    assert offset[0].startswith("the audio has an offset of 0.05")


def test_measures_become_json_even_for_silence():
    data = measure_audio(np.zeros((2, RATE), dtype=np.float32), RATE).to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["duration_s"] == 1.0
    assert data["loudness_lufs"] == data["true_peak_dbtp"] == loudness.FLOOR_DB


def test_one_channel_is_measured_too():
    assert measure_audio(sine(300, 2)[0], RATE).duration_s == 2.0


@pytest.mark.parametrize(
    "audio", [np.zeros((2, 0)), np.zeros((3, 100)), np.zeros((2, 5, 5)), np.array([[np.nan, 1.0]])]
)
def test_audio_that_cannot_be_measured_is_refused(audio):
    with pytest.raises(ValueError, match="audio"):
        measure_audio(audio, RATE)


def test_an_impossible_rate_is_refused():
    with pytest.raises(ValueError, match="0 Hz"):
        measure_audio(sine(100, 0.1), 0)
