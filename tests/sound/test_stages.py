"""The laws that each stage of a chain keeps."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.signal import fftconvolve

from engine.compose.mixing.chain import Beside
from engine.compose.mixing.colour import Chorus, Saturate, Tape, Vinyl
from engine.compose.mixing.dynamics import Compress, Duck, Fade, Width
from engine.compose.mixing.echo import Echo
from engine.compose.mixing.gate import SnareGate
from engine.compose.mixing.space import Convolver, Space
from engine.compose.mixing.stage import BLOCK, Session, run
from engine.compose.mixing.tone import Band, Sweep, Tone, cabinet, joined
from engine.compose.render import SAMPLE_RATE_HZ

RATE = SAMPLE_RATE_HZ
KICKS = (0.5, 1.0, 1.5, 2.25, 3.0)
EVERY = {
    "tone": Tone(bands=(Band(kind="low_cut", frequency_hz=80.0), Band(kind="bell", frequency_hz=900.0, gain_db=4.0))),
    "sweep": Sweep(closed_hz=700.0, period_s=3.0),
    "cabinet": cabinet(85.0, 5200.0),
    "saturate": Saturate(drive=2.0, bias=0.1),
    "tape": Tape(wow_cents=5.0, flutter_cents=1.2),
    "chorus": Chorus(),
    "vinyl": Vinyl(clicks_a_s=9.0, click_db=-27.0, hiss_db=-62.0),
    "compress": Compress(threshold_db=-24.0, ratio=3.0, attack_s=0.01, release_s=0.1),
    "duck": Duck(depth_db=4.0),
    "width": Width(share=0.5),
    "fade": Fade(in_s=0.01, out_s=0.5),
    "room": Space(decay_s=0.6, wet_db=-3.0),
    "spring": Space(decay_s=1.7, wet_db=-3.0, kind="spring"),
    "gate": SnareGate(space=Space(decay_s=0.3, wet_db=0.0, kind="gate")),
    "echo": Echo(quarters=0.37, feedback=0.5),
    "beside": Beside(stage=Chorus(), wet_db=-6.0),
}


def noise(seconds=4.0, level=0.1, seed=0):
    return (level * np.random.default_rng(seed).standard_normal((2, int(seconds * RATE)))).astype(np.float32)


def sine(frequency_hz, seconds=2.0, level=0.1):
    wave = level * np.sin(2 * np.pi * frequency_hz * np.arange(int(seconds * RATE)) / RATE)
    return np.stack([wave, wave]).astype(np.float32)


def session(audio, seed=0):
    return Session(samples=audio.shape[1], seed=seed, tempo_bpm=100.0, kick_times_s=KICKS, snare_times_s=(1.0, 2.0))


def through(audio, *stages, seed=0):
    return run(audio, stages, session(audio, seed))


def gain_db(stage, frequency_hz):
    audio = sine(frequency_hz)
    return 20 * np.log10(through(audio, stage)[:, RATE // 2 :].std() / audio[:, RATE // 2 :].std())


# what holds for all of them


@pytest.mark.parametrize("name", sorted(EVERY))
def test_a_stage_keeps_the_shape_is_finite_and_the_same_for_the_same_seed(name):
    audio = noise()
    before = audio.copy()
    result = through(audio, EVERY[name])
    assert result.shape == audio.shape
    assert result.dtype == np.float32
    assert np.isfinite(result).all()
    assert np.abs(result).max() < 2.0
    assert np.array_equal(result, through(audio, EVERY[name]))
    assert np.array_equal(audio, before)


@pytest.mark.parametrize("name", sorted(EVERY))
def test_cutting_a_song_into_blocks_is_not_heard(name):
    audio = noise(1.6 * BLOCK / RATE)
    process = EVERY[name].start(session(audio))
    cuts = [0, 128 * 100, 128 * 357, audio.shape[1]]
    if name in ("room", "spring", "gate"):
        cuts = [0, BLOCK, audio.shape[1]]
    pieces = [process(audio[:, one:two].copy()) for one, two in pairwise(cuts)]
    assert np.concatenate(pieces, axis=1) == pytest.approx(through(audio, EVERY[name]), abs=2e-5)


@pytest.mark.parametrize("name", ["sweep", "tape", "chorus", "vinyl", "room", "spring", "gate"])
def test_what_is_left_to_chance_follows_the_seed(name):
    audio = noise()
    assert not np.array_equal(through(audio, EVERY[name], seed=1), through(audio, EVERY[name], seed=2))


# tone


def test_a_cut_takes_three_decibels_at_its_frequency_and_twelve_an_octave_beyond():
    high = Tone(bands=(Band(kind="high_cut", frequency_hz=1000.0),))
    low = Tone(bands=(Band(kind="low_cut", frequency_hz=1000.0),))
    for stage, near, far, passed in ((high, 2800.0, 5600.0, 60.0), (low, 250.0, 125.0, 9000.0)):
        assert gain_db(stage, 1000.0) == pytest.approx(-3.0, abs=0.1)
        assert gain_db(stage, passed) == pytest.approx(0.0, abs=0.1)
        assert gain_db(stage, far) - gain_db(stage, near) == pytest.approx(-12.0, abs=1.5)


def test_a_bell_and_a_shelf_reach_their_gain_where_they_should():
    bell = Tone(bands=(Band(kind="bell", frequency_hz=1000.0, gain_db=6.0, q=1.0),))
    low = Tone(bands=(Band(kind="low_shelf", frequency_hz=400.0, gain_db=-5.0),))
    high = Tone(bands=(Band(kind="high_shelf", frequency_hz=2000.0, gain_db=4.0),))
    assert [gain_db(bell, hz) for hz in (1000.0, 60.0, 15000.0)] == pytest.approx([6.0, 0.0, 0.0], abs=0.15)
    assert [gain_db(low, hz) for hz in (40.0, 400.0, 6000.0)] == pytest.approx([-5.0, -2.5, 0.0], abs=0.15)
    assert [gain_db(high, hz) for hz in (100.0, 2000.0, 15000.0)] == pytest.approx([0.0, 2.0, 4.0], abs=0.15)


def test_a_cabinet_lets_through_neither_rumble_nor_fizz():
    assert gain_db(cabinet(85.0, 5200.0), 30.0) < -15
    assert gain_db(cabinet(85.0, 5200.0), 12000.0) < -25
    assert abs(gain_db(cabinet(85.0, 5200.0), 500.0)) < 1.5


def test_a_sweep_goes_between_dark_and_open_within_its_period():
    level = through(sine(6000.0, seconds=6.0), Sweep(closed_hz=600.0, period_s=3.0))[0]
    rms_db = 20 * np.log10(level[: 6 * RATE].reshape(60, -1).std(axis=1) / (0.1 / np.sqrt(2)))
    assert rms_db.max() == pytest.approx(0.0, abs=0.5)
    assert rms_db.min() < -20
    assert abs(int(rms_db[:30].argmin()) - int(rms_db[30:].argmin())) <= 1


# colour


def test_saturation_leaves_soft_sounds_alone_and_bounds_loud_ones_without_an_offset():
    soft = sine(300.0, level=0.001)
    assert through(soft, Saturate(drive=2.0, bias=0.2)) == pytest.approx(soft, abs=2e-5)
    loud = through(sine(300.0, level=5.0), Saturate(drive=2.0))
    assert np.abs(loud).max() <= 0.5
    assert np.abs(loud.mean(axis=1)).max() < 1e-3


def test_a_bias_brings_even_harmonics():
    def second_db(bias):
        spectrum = np.abs(np.fft.rfft(through(sine(441.0, level=0.4), Saturate(drive=2.0, bias=bias))[0]))
        return 20 * np.log10(spectrum[2 * 882] / spectrum[882] + 1e-9)

    assert second_db(0.0) < -80
    assert second_db(0.2) > -40


def test_tape_wavers_by_no_more_than_it_says_and_keeps_time_and_pitch_on_average():
    tone = through(sine(1000.0, seconds=12.0), Tape(wow_cents=5.0, flutter_cents=1.2))[0, RATE:]
    rising = np.flatnonzero((tone[:-1] < 0) & (tone[1:] >= 0))
    exact = rising + tone[rising] / (tone[rising] - tone[rising + 1])
    periods = np.diff(exact)
    periods = periods[: periods.size // 20 * 20].reshape(-1, 20).mean(axis=1)
    cents = 1200 * np.log2(RATE / 1000 / periods)
    assert 3 < np.abs(cents).max() < 6.5
    assert abs(cents.mean()) < 0.3


def test_vinyl_crackles_within_its_bounds():
    silence = np.zeros((2, 12 * RATE), np.float32)
    surface = through(silence, EVERY["vinyl"])
    hiss_db = 20 * np.log10(np.median(np.abs(surface)) / 0.6745)
    assert hiss_db == pytest.approx(-62.0, abs=1.5)
    assert np.abs(surface).max() <= 10 ** (-27 / 20) * 1.5
    clicks = np.abs(surface[0]) > 10 * 10 ** (-62 / 20)
    assert 20 < (np.diff(np.flatnonzero(clicks)) > 200).sum() + 1 < 12 * 12


def test_a_chorus_widens_and_detunes_what_was_mono():
    wet = through(sine(440.0, seconds=4.0), Chorus(cents=9.0))[:, RATE:]
    assert np.corrcoef(wet)[0, 1] < 0.999
    spectrum = np.abs(np.fft.rfft(wet[0] * np.hanning(wet.shape[1])))
    hz = np.fft.rfftfreq(wet.shape[1], 1 / RATE)
    near = spectrum[np.abs(hz - 440) < 440 * (2 ** (15 / 1200) - 1)]
    assert np.square(near).sum() > 0.99 * np.square(spectrum).sum()


# dynamics


def test_a_compressor_turns_down_by_its_ratio_and_leaves_what_is_below():
    stage = Compress(threshold_db=-20.0, ratio=4.0, attack_s=0.01, release_s=0.1)
    for level_db, wanted_db in ((-40.0, 0.0), (-10.0, -7.5), (-4.0, -12.0)):
        audio = sine(500.0, level=np.sqrt(2) * 10 ** (level_db / 20))
        change = 20 * np.log10(through(audio, stage)[:, RATE:].std() / audio[:, RATE:].std())
        assert change == pytest.approx(wanted_db, abs=0.3)


def test_parallel_compression_reduces_less():
    audio = sine(500.0, level=0.7)
    whole = Compress(threshold_db=-30.0, ratio=4.0, attack_s=0.01, release_s=0.1)
    beside = Compress(threshold_db=-30.0, ratio=4.0, attack_s=0.01, release_s=0.1, blend=0.5)
    assert through(audio, whole).std() < through(audio, beside).std() < audio.std()


def test_a_side_chain_follows_the_kicks_own_times():
    audio = np.full((2, 4 * RATE), 0.5, np.float32)
    gain = 20 * np.log10(through(audio, Duck(depth_db=4.0))[0] / 0.5)
    for kick_s in KICKS:
        at = round(kick_s * RATE)
        assert gain[at : at + 256].min() == pytest.approx(-4.0, abs=0.1)
        assert gain[at - round(0.02 * RATE)] == pytest.approx(0.0, abs=0.05)
        assert gain[at + round(0.3 * RATE)] == pytest.approx(0.0, abs=0.05)
    assert (gain < -0.1).mean() < 0.35


def test_kicks_outside_the_song_do_no_harm():
    audio = noise(1.0)
    strange = Session(samples=audio.shape[1], kick_times_s=(-1.0, 0.0, 0.999, 60.0))
    assert np.isfinite(run(audio, [Duck(depth_db=3.0)], strange)).all()


def test_width_scales_only_what_differs():
    audio = noise()
    mono = through(audio, Width(share=0.0))
    assert np.array_equal(mono[0], mono[1])
    wide = through(audio, Width(share=1.5))
    assert wide[0] + wide[1] == pytest.approx(audio[0] + audio[1], abs=1e-6)
    assert wide[0] - wide[1] == pytest.approx(1.5 * (audio[0] - audio[1]), abs=1e-6)


def test_fades_start_and_end_in_silence_and_leave_the_middle():
    audio = np.ones((2, 3 * RATE), np.float32)
    result = through(audio, Fade(in_s=0.1, out_s=1.0))
    assert result[0, 0] == 0
    assert abs(result[0, -1]) < 1e-6
    assert (result[:, round(0.11 * RATE) : round(1.99 * RATE)] == 1).all()
    assert (np.diff(result[0, 2 * RATE :]) <= 0).all()


# space


def test_block_convolution_is_convolution():
    response = noise(2.3, seed=1)
    sent = noise(2 * BLOCK / RATE + 0.7, seed=2)[0]
    convolve = Convolver(response)
    wet = np.concatenate([convolve(sent[at : at + BLOCK]) for at in range(0, sent.size, BLOCK)], axis=1)
    expected = np.stack([fftconvolve(sent, side)[: sent.size] for side in response])
    assert wet == pytest.approx(expected, abs=1e-4 * float(np.abs(expected).max()))


@pytest.mark.parametrize("decay_s", [0.5, 1.5, 3.0])
def test_a_room_decays_by_sixty_decibels_in_its_time(decay_s):
    space = Space(decay_s=decay_s, wet_db=0.0, bright_hz=9000.0)
    response = space.response(Session(samples=RATE))
    assert np.square(response).sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-3)
    left = np.cumsum(np.square(response[0, ::-1].astype(np.float64)))[::-1]
    curve_db = 10 * np.log10(left / left[0] + 1e-12)
    begin, end = np.argmax(curve_db < -5), np.argmax(curve_db < -25)
    assert 3 * (end - begin) / RATE == pytest.approx(decay_s, rel=0.2)
    assert abs(np.corrcoef(response)[0, 1]) < 0.2


def test_a_springs_low_frequencies_return_first():
    response = Space(decay_s=1.7, wet_db=0.0, kind="spring", pre_delay_s=0.0).response(Session(samples=RATE))[0]

    def first_s(low_hz, high_hz):
        bands = (Band(kind="low_cut", frequency_hz=low_hz), Band(kind="high_cut", frequency_hz=high_hz))
        start = response[: round(0.09 * RATE)]
        band = through(np.stack([start, start]), Tone(bands=bands * 2))[0]
        return np.average(np.arange(band.size), weights=np.square(band)) / RATE

    assert first_s(300.0, 500.0) + 0.005 < first_s(3400.0, 3800.0)


def test_the_gate_opens_for_the_snare_alone_and_shuts_at_once():
    audio = noise(3.5)
    wet = through(audio, SnareGate(space=Space(decay_s=0.25, wet_db=6.0, kind="gate"))) - audio

    def level(start_s, end_s):
        return wet[:, round(start_s * RATE) : round(end_s * RATE)].std()

    assert level(1.05, 1.3) > 0.01
    assert level(1.45, 1.95) < 1e-6
    assert level(0.0, 0.98) < 1e-6


@pytest.mark.parametrize("quarters", [0.25, 1.0, 3.0])
def test_echoes_come_in_time_each_softer_and_from_the_other_side(quarters):
    click = np.zeros((2, 8 * RATE), np.float32)
    click[0, 1000:1010] = 0.5
    echoes = through(click, Echo(quarters=quarters, feedback=0.5))
    delay = round(quarters * 0.6 * RATE)
    levels = []
    for count in (1, 2, 3):
        side, other = np.abs(echoes[:, 1000 + count * delay : 1000 + count * delay + 300]).max(axis=1)[
            :: 1 if count % 2 else -1
        ]
        assert other < 1e-9
        levels.append(side)
    assert np.abs(echoes[:, : 1000 + delay]).max() == 0, "the sound itself is no part of its echoes"
    assert levels[1] / levels[0] == pytest.approx(0.5, rel=0.02)
    assert levels[2] / levels[1] == pytest.approx(0.5, rel=0.02)


def test_neighbouring_equalisers_are_joined_and_sound_the_same_to_the_bit():
    cut, bell = Tone(bands=(Band(kind="low_cut", frequency_hz=24.0),)), EVERY["tone"]
    stages = (bell, cut, EVERY["saturate"], cabinet(85.0, 5200.0), cut, bell)
    together = joined(stages)
    assert [type(stage) for stage in together] == [Tone, Saturate, Tone]
    audio = np.random.default_rng(4).normal(0, 0.2, (2, 3 * BLOCK + 17)).astype(np.float32)
    session = Session(samples=audio.shape[1])
    assert np.array_equal(run(audio, stages, session), run(audio, together, session))
    assert joined(()) == []
