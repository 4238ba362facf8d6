import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

from engine.compose.limiter import interpolated_peaks, limit, to_loudness
from engine.compose.master import CHAINS, master
from engine.compose.render import SAMPLE_RATE_HZ

RATE = SAMPLE_RATE_HZ


def noise(seconds=6.0, level=0.1, seed=0):
    return (level * np.random.default_rng(seed).standard_normal((2, int(seconds * RATE)))).astype(np.float32)


def sine(frequency_hz, seconds=4.0, level=0.5, phase=0.0):
    wave = level * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE)) / RATE + phase)
    return np.stack([wave, wave]).astype(np.float32)


def mastered(audio, chain, **changes):
    return master(
        audio, **{"chain": chain, "tempo_bpm": 90.0, "seed": 4, "kick_times_s": (0.0, 2.667, 5.333), **changes}
    )


def integrated_loudness(audio):
    return pyloudnorm.Meter(RATE).integrated_loudness(audio.T.astype(float))


def true_peak_db(audio):
    return 20 * np.log10(np.abs(resample_poly(audio, 8, 1, axis=1)).max())


def true_peak(audio):
    return 10 ** (true_peak_db(audio) / 20)


def test_peaks_beside_a_sample_are_those_of_oversampling(mix):
    channel = mix[0, : 2 * RATE]
    finest = np.abs(resample_poly(channel, 16, 1))
    at = np.arange(1000, 2 * RATE - 1000, 97)
    around = finest[(at * 16)[:, None] + np.arange(-8, 9)].max(axis=1)
    assert interpolated_peaks(channel, at) == pytest.approx(around, abs=0.01 * float(finest.max()))


# limiter


def test_the_limiter_holds_the_ceiling_and_leaves_quiet_audio_alone():
    loud = noise(level=0.5)
    assert true_peak(limit(loud, 0.8)) < 0.83
    quiet = noise(level=0.05)
    assert limit(quiet, 0.8) is quiet


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


# chains


@pytest.mark.parametrize("chain", sorted(CHAINS))
@pytest.mark.parametrize("level", [0.02, 1.0, 6.0])
def test_every_chain_ends_equally_loud_and_never_clips(mix, chain, level):
    result = mastered(mix * np.float32(level), chain)
    assert result.shape == mix.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert integrated_loudness(result) == pytest.approx(-14.0, abs=1.0)
    assert true_peak_db(result) <= -1.0
    assert np.abs(result.mean(axis=1)).max() < 1e-3


@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_the_song_is_ended_not_cut(mix, chain):
    long = np.concatenate([mix[:, : 8 * RATE]] * 2, axis=1)
    result = np.abs(mastered(long, chain)).max(axis=0)
    assert result[0] == 0
    assert result[-1] < 1e-6
    assert result[-RATE // 10 :].max() < 0.1 * result.max()
    before_fade = int(1.6 * RATE)
    assert result[-2 * before_fade : -before_fade].max() > 0.2 * result.max()


@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_a_chain_is_deterministic_and_keeps_the_time(mix, chain):
    result = mastered(mix, chain)
    assert np.array_equal(result, mastered(mix, chain))
    envelopes = [np.abs(audio).sum(axis=0)[: 10 * RATE].reshape(-1, 441).mean(axis=1) for audio in (mix, result)]
    centred = [envelope - envelope.mean() for envelope in envelopes]
    lags = np.correlate(centred[1], centred[0], "full")
    assert abs(int(lags.argmax()) - (len(centred[0]) - 1)) <= 1


@pytest.mark.parametrize("chain", sorted(CHAINS))
def test_silence_stays_finite(chain):
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


def test_lofi_is_dark_rock_is_bright(mix):
    plain, lofi, rock = (share_above(mastered(mix, chain), 5000) for chain in ("plain", "lofi", "rock"))
    assert lofi < 0.5 * plain
    assert rock > plain


def test_lofi_crackles_in_the_gaps_and_the_seed_decides_where():
    burst = noise(level=0.2)
    burst[:, 2 * RATE : 4 * RATE] = 0
    gap = slice(int(2.5 * RATE), int(3.5 * RATE))
    first, second = (mastered(burst, "lofi", seed=seed)[0, gap] for seed in (1, 2))
    assert -75 < 20 * np.log10(first.std()) < -40
    assert not np.array_equal(first, second)


def test_lofi_breathes_with_the_kick():
    pad = sine(440, seconds=8.0, level=0.2)
    kicks = np.arange(0.5, 7.5, 1.0)
    level = np.abs(mastered(pad, "lofi", kick_times_s=kicks)).max(axis=0)
    at = [level[int((kick + 0.03) * RATE) :][: RATE // 40].mean() for kick in kicks[:6]]
    between = [level[int((kick + 0.7) * RATE) :][: RATE // 40].mean() for kick in kicks[:6]]
    assert 1.0 < 20 * np.log10(np.mean(between) / np.mean(at)) < 4.0


def test_lofi_wavers_in_pitch_by_a_few_cents():
    tone = mastered(sine(1000, seconds=10.0, level=0.2), "lofi", kick_times_s=())[0, RATE : -2 * RATE]
    rising = np.flatnonzero((tone[:-1] < 0) & (tone[1:] >= 0))
    exact = rising + tone[rising] / (tone[rising] - tone[rising + 1])
    periods = np.diff(exact).reshape(-1)[: len(exact) // 50 * 50 - 50].reshape(-1, 50).mean(axis=1)
    cents = 1200 * np.log2(RATE / 1000 / periods)
    assert 2 < np.ptp(cents) < 30
    assert abs(cents.mean()) < 3


def test_rock_is_denser_than_plain(mix):
    def crest_db(audio):
        return 20 * np.log10(np.abs(audio).max() / audio.std())

    assert crest_db(mastered(mix, "rock")) < crest_db(mastered(mix, "classical")) - 1


def test_the_hall_rings_longer_than_the_parlour():
    burst = noise(level=0.2)
    burst[:, 2 * RATE :] = 0

    def tail(chain):
        audio = mastered(burst, chain)
        return audio[:, int(2.3 * RATE) : int(2.8 * RATE)].std() / audio[:, RATE : 2 * RATE].std()

    assert tail("classical") > 4 * tail("ragtime") > 0
    assert tail("plain") < 1e-3
