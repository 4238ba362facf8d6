from itertools import pairwise

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

from engine.compose.mixing.chains import CHAINS
from engine.compose.mixing.limiter import interpolated_peaks, limit, to_loudness
from engine.compose.mixing.master import master_audio
from engine.compose.mixing.meter import Meter, energies_of, loudness_lufs
from engine.compose.render import SAMPLE_RATE_HZ
from engine.metrics.loudness import integrated_loudness_lufs

RATE = SAMPLE_RATE_HZ


def noise(seconds=6.0, level=0.1, seed=0):
    return (level * np.random.default_rng(seed).standard_normal((2, int(seconds * RATE)))).astype(np.float32)


def sine(frequency_hz, seconds=4.0, level=0.5, phase=0.0):
    wave = level * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE)) / RATE + phase)
    return np.stack([wave, wave]).astype(np.float32)


def mastered(audio, chain, **changes):
    return master_audio(audio, **{"chain": chain, "tempo_bpm": 90.0, "seed": 4, **changes})


def integrated_loudness(audio):
    return pyloudnorm.Meter(RATE).integrated_loudness(audio.T.astype(float))


def true_peak_db(audio):
    return 20 * np.log10(np.abs(resample_poly(audio, 8, 1, axis=1)).max())


def hostile():
    """Signals that limiters stumble over."""
    square = np.sign(sine(99.0)).astype(np.float32)
    bursts = noise(4.0, 0.9) * (np.arange(4 * RATE) % 3000 < 90).astype(np.float32)
    click = np.zeros((2, 2 * RATE), np.float32)
    click[:, RATE] = 30.0
    last = noise(1.0, 0.01)
    last[:, -1] = 5.0
    alternating = np.tile(np.array([1.0, 1.0, -1.0, -1.0], np.float32), RATE)
    one_ear = noise(2.0, 0.8)
    one_ear[1] = 0
    growing = noise(3.0, 1.0) * np.linspace(0, 4, 3 * RATE, dtype=np.float32)
    return {
        "between samples": sine(RATE / 4, level=1.4, phase=np.pi / 4),
        "square": 3 * square,
        "bursts": bursts,
        "click": click,
        "last sample": last,
        "alternating": np.stack([alternating, -alternating]),
        "one ear": one_ear,
        "growing": growing,
    }


# loudness


@pytest.mark.parametrize(("level_db", "lufs"), [(-23.0, -23.0), (-33.0, -33.0), (-3.0, -3.0)])
def test_the_meter_reads_the_reference_values_of_a_stereo_tone_at_one_kilohertz(level_db, lufs):
    audio = sine(1000.0, seconds=20.0, level=10 ** (level_db / 20))
    assert loudness_lufs(audio) == pytest.approx(lufs, abs=0.1)
    assert integrated_loudness_lufs(audio, RATE) == pytest.approx(lufs, abs=0.1)


def test_the_meters_gates_leave_out_what_the_norm_leaves_out():
    parts = [sine(1000.0, seconds=seconds, level=10 ** (db / 20)) for seconds, db in ((10, -36), (60, -23), (10, -36))]
    assert loudness_lufs(np.concatenate(parts, axis=1)) == pytest.approx(-23.0, abs=0.1)
    quiet = sine(1000.0, seconds=20.0, level=10 ** (-72 / 20))
    assert loudness_lufs(np.concatenate([quiet, parts[1], quiet], axis=1)) == pytest.approx(-23.0, abs=0.1)


def test_a_meter_that_hears_a_song_in_pieces_agrees_with_the_reference(mix):
    meter = Meter()
    cuts = [0, 1000, 50_000, 50_001, 300_000, mix.shape[1]]
    for one, two in pairwise(cuts):
        meter.add(mix[:, one:two])
    assert meter.energies == pytest.approx(energies_of(mix), rel=1e-3)
    assert loudness_lufs(mix) == pytest.approx(integrated_loudness(mix), abs=0.1)


# limiter


def test_peaks_beside_a_sample_are_those_of_oversampling(mix):
    channel = mix[0, : 2 * RATE]
    finest = np.abs(resample_poly(channel, 16, 1))
    at = np.arange(1000, 2 * RATE - 1000, 97)
    around = finest[(at * 16)[:, None] + np.arange(-8, 9)].max(axis=1)
    assert interpolated_peaks(channel, at) == pytest.approx(around, abs=0.01 * float(finest.max()))


def test_the_limiter_leaves_quiet_audio_alone():
    quiet = noise(level=0.05)
    assert limit(quiet, 0.8) is quiet


@pytest.mark.parametrize("name", sorted(hostile()))
def test_the_limiter_never_exceeds_its_ceiling(name):
    audio = hostile()[name]
    assert np.abs(limit(audio, 0.8)).max() <= 0.8 * 1.0001
    result = to_loudness(audio, target_lufs=-14.0, ceiling_db=-1.0)
    assert true_peak_db(result) <= -1.0 + 0.1
    assert np.isfinite(result).all()


def test_the_limiter_turns_down_only_around_a_peak():
    audio = noise(level=0.05)
    audio[:, 3 * RATE] = 1.6
    result = limit(audio, 0.8)
    assert abs(result[0, 3 * RATE]) <= 0.8
    assert np.array_equal(result[:, : 2 * RATE], audio[:, : 2 * RATE])
    assert np.allclose(result[:, 4 * RATE :], audio[:, 4 * RATE :])


def test_very_dynamic_music_stays_under_the_ceiling_though_it_stays_quieter():
    clicks = np.zeros((2, 8 * RATE), np.float32)
    clicks[:, :: RATE // 2] = 0.9
    result = to_loudness(clicks, target_lufs=-14.0, ceiling_db=-1.0)
    assert true_peak_db(result) <= -1.0
    assert integrated_loudness(result) < -14.0


def test_what_is_too_short_to_have_a_loudness_is_kept_under_the_ceiling():
    assert true_peak_db(to_loudness(noise(0.2, level=2.0), target_lufs=-14.0, ceiling_db=-1.0)) <= -1.0 + 0.1
    silence = np.zeros((2, RATE), np.float32)
    assert np.array_equal(to_loudness(silence.copy(), target_lufs=-14.0, ceiling_db=-1.0), silence)


def test_a_known_loudness_need_not_be_measured_again(mix):
    known = to_loudness(mix.copy(), target_lufs=-14.0, ceiling_db=-1.4, energies=energies_of(mix))
    assert np.array_equal(known, to_loudness(mix.copy(), target_lufs=-14.0, ceiling_db=-1.4))


# a finished mix without roles


@pytest.mark.parametrize("chain", sorted(CHAINS))
@pytest.mark.parametrize("level", [0.02, 6.0])
def test_every_bus_ends_equally_loud_and_never_clips(mix, chain, level):
    result = mastered(mix * np.float32(level), chain)
    assert result.shape == mix.shape
    assert result.dtype == np.float32
    assert integrated_loudness(result) == pytest.approx(-14.0, abs=0.7)
    assert true_peak_db(result) <= -1.0
    assert np.abs(result.mean(axis=1)).max() < 1e-3
    assert result[0, 0] == 0
    assert np.abs(result[:, -1]).max() < 1e-6
    assert np.abs(result[:, -RATE // 10 :]).max() < 0.1


@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_silence_stays_finite_and_soft(chain):
    result = mastered(np.zeros((2, 3 * RATE), np.float32), chain)
    assert np.isfinite(result).all()
    assert np.abs(result).max() < 0.9


def test_an_unknown_chain_is_named():
    with pytest.raises(ValueError, match=r"'tin can'.*lofi"):
        mastered(noise(1), "tin can")


def test_a_constant_offset_is_taken_out():
    assert np.abs(mastered(noise() + np.float32(0.2), "plain").mean(axis=1)).max() < 1e-3


def share_above(audio, frequency_hz):
    power = np.square(np.abs(np.fft.rfft(audio[0])))
    return power[np.fft.rfftfreq(audio.shape[1], 1 / RATE) > frequency_hz].sum() / power.sum()


def test_lofi_is_dark_and_pop_is_bright(mix):
    plain, lofi, pop = (share_above(mastered(mix, chain), 5000) for chain in ("plain", "lofi", "pop"))
    assert lofi < 0.5 * plain
    assert pop > 1.2 * plain


def test_rock_is_denser_than_classical(mix):
    def crest_db(audio):
        return 20 * np.log10(np.abs(audio).max() / audio.std())

    unlimited = mix * np.float32(0.1)
    assert crest_db(mastered(unlimited, "rock")) < crest_db(mastered(unlimited, "classical"))
