"""The chip's waves, drums and voices."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.compose.mixing.chip import ChipVoices, imitated, runs, timbre_for
from engine.compose.mixing.chipdrums import drum
from engine.compose.mixing.chipwaves import DUTIES, cycle, noise, register, tone
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ
from engine.music.notes import Note, Role, Track
from engine.music.performance import PERFORMED_TICKS_PER_QUARTER, PerformedSong, PerformedTrack
from engine.music.styles import load_style
from tests.sound.songs import band, style

RATE = SAMPLE_RATE_HZ
WAVES = ("pulse12", "pulse25", "pulse50", "triangle")
SECOND = PERFORMED_TICKS_PER_QUARTER * 2
"""Performed ticks a second at 120 bpm."""


def hertz(pitch):
    return 440.0 * 2 ** ((pitch - 69) / 12)


def steady(wave, pitch, samples=1 << 16):
    return tone(cycle(wave, hertz(pitch)), hertz(pitch), 0, None, samples)


def alone(role, program, notes, tempo_bpm=120.0):
    """One role that plays exactly these performed notes."""
    song = replace(band(bars=4), tempo_bpm=tempo_bpm, tracks=(Track(role=role, program=program, notes=()),))
    return PerformedSong(song=song, tracks=(PerformedTrack(role=role, program=program, notes=tuple(notes)),))


def heard(performed, seconds, parts=None):
    pieces = list(ChipVoices().blocks(performed, parts or style().parts, round(seconds * RATE)))
    return {role: np.concatenate([piece[role] for piece in pieces], axis=1) for role in pieces[0]}


def pitch_of(audio):
    """Hz of a tone, from the phase of its fundamental at two times."""
    half = audio.size // 2
    window = np.hanning(half)
    size = 1 << 18
    spectra = [np.fft.rfft(audio[start : start + half] * window, size) for start in (0, half // 2)]
    at = int(np.abs(spectra[0]).argmax())
    turns = np.angle(spectra[1][at] / spectra[0][at]) / (2 * np.pi)
    rough = at / size * RATE
    cycles = round(rough * (half // 2) / RATE - turns) + turns
    return cycles * RATE / (half // 2)


# waves


@pytest.mark.parametrize("wave", WAVES)
@pytest.mark.parametrize("pitch", [28, 45, 69, 88, 101])
def test_pitch_is_right_within_a_tenth_of_a_cent(wave, pitch):
    assert abs(1200 * np.log2(pitch_of(steady(wave, pitch)) / hertz(pitch))) < 0.1


@pytest.mark.parametrize("wave", WAVES)
def test_nothing_folds_back_above_minus_fifty_decibels(wave):
    for pitch in (33, 58, 71, 83, 96, 107):
        audio = steady(wave, pitch) * np.blackman(1 << 16)
        spectrum = np.abs(np.fft.rfft(audio))
        hz = np.fft.rfftfreq(1 << 16, 1 / RATE)
        number = np.round(hz / hertz(pitch))
        stray = (np.abs(hz - number * hertz(pitch)) > 6 * RATE / (1 << 16)) | (number == 0)
        assert 20 * np.log10(spectrum[stray].max() / spectrum.max()) < -60


@pytest.mark.parametrize("wave", sorted(DUTIES))
def test_a_pulse_is_high_for_its_share_of_the_period(wave):
    table = cycle(wave, 40.0)[:-1]
    assert (table > (table.max() + table.min()) / 2).mean() == pytest.approx(DUTIES[wave], abs=0.01)
    assert table.mean() == pytest.approx(0.0, abs=1e-5)


def test_a_triangle_is_stepped_and_softer_above_than_a_pulse():
    table = cycle("triangle", 40.0)[:-1]
    assert np.abs(table).max() == pytest.approx(1.0, abs=0.1)
    triangle, pulse = (np.abs(np.fft.rfft(cycle(wave, 40.0)[:-1])) for wave in ("triangle", "pulse50"))
    assert triangle[7] / triangle[1] < 0.35 * pulse[7] / pulse[1]
    assert triangle[31] > 3 * triangle[15]


def test_a_tone_goes_on_where_it_was_cut():
    table = cycle("pulse25", 333.0)
    whole = tone(table, 333.0, 0, None, 50_000)
    assert np.array_equal(tone(table, 333.0, 12_345, None, 20_000), whole[12_345:32_345])


def test_the_shift_register_runs_its_whole_period_before_it_returns():
    long, short = register(), register(metallic=True)
    assert long.size == 32_767
    assert abs(long.sum()) == 1
    for lag in (1, 93, 217, 16_383):
        assert abs(np.mean(long * np.roll(long, lag))) < 1e-3
    assert short.size == 93
    assert noise(20_000.0, RATE) == pytest.approx(noise(20_000.0, RATE))
    assert np.abs(noise(90_000.0, RATE)).max() <= 1.0


# drums


def test_a_kick_falls_in_pitch_a_hat_hisses_and_every_key_has_a_stroke():
    def centre_hz(audio):
        power = np.square(np.abs(np.fft.rfft(audio)))
        return np.average(np.fft.rfftfreq(audio.size, 1 / RATE), weights=power)

    kick = drum(36)
    early, late = kick[round(0.004 * RATE) : round(0.03 * RATE)], kick[round(0.1 * RATE) : round(0.2 * RATE)]
    assert centre_hz(early) > 1.8 * centre_hz(late)
    assert centre_hz(late) < 80
    assert centre_hz(drum(42)) > 5000
    assert centre_hz(kick) < centre_hz(drum(38)) < centre_hz(drum(42))
    for key in range(27, 88):
        assert 0.1 < np.abs(drum(key)).max() <= 1.0
        assert abs(drum(key)[-1]) < 1e-3


# voices


def test_onsets_are_exact_to_the_sample():
    onsets = (0.5, 1.25, 1.7503)
    notes = [Note(onset=round(at * SECOND), pitch=36, duration=200, velocity=100) for at in onsets]
    audio = heard(alone(Role.DRUMS, 0, notes), 3.0)[Role.DRUMS][0]
    for note in notes:
        first = round(note.onset / SECOND * RATE)
        assert np.abs(audio[first - 20 : first]).max() < 1e-3 * np.abs(audio).max()
        stroke = drum(36)[:300]
        assert audio[first : first + 300] / audio[first + 100] == pytest.approx(stroke / stroke[100], rel=1e-4)


def test_a_note_sounds_in_tune_and_stops():
    note = Note(onset=SECOND // 2, pitch=57, duration=SECOND, velocity=100)
    audio = heard(alone(Role.BASS, 38, [note]), 3.0)[Role.BASS][0]
    assert abs(1200 * np.log2(pitch_of(audio[round(0.6 * RATE) : round(1.4 * RATE)]) / 220.0)) < 1.0
    assert np.abs(audio[: RATE // 2]).max() == 0
    assert np.abs(audio[round(1.7 * RATE) :]).max() < 1e-3


def test_vibrato_sways_about_the_right_pitch():
    note = Note(onset=0, pitch=69, duration=6 * SECOND, velocity=100)
    audio = heard(alone(Role.MELODY, 80, [note]), 6.0)[Role.MELODY][0]
    pitches = np.array([pitch_of(audio[at : at + 1600]) for at in range(RATE, 5 * RATE, 400)])
    cents = 1200 * np.log2(pitches / 440.0)
    assert abs(cents.mean()) < 1.0
    assert 6 < np.abs(cents).max() < 16


def test_louder_strokes_are_louder_and_pan_is_to_its_side():
    parts = {Role.MELODY: replace(style().parts[Role.MELODY], pan=-0.8)}
    soft, loud = (
        heard(alone(Role.MELODY, 80, [Note(onset=0, pitch=60, duration=900, velocity=v)]), 1.0, parts)[Role.MELODY]
        for v in (40, 110)
    )
    assert loud.std() > 2 * soft.std()
    assert loud[0].std() > 4 * loud[1].std()


def test_cutting_into_blocks_is_not_heard():
    performed = perform(band(bars=4), seed=1)
    long, short = heard(performed, 11.0), heard(performed, 5.0)
    for role, audio in short.items():
        assert np.array_equal(audio, long[role][:, : audio.shape[1]])
        assert np.isfinite(long[role]).all()
        assert np.abs(long[role]).max() > 0.01


def test_a_chord_becomes_a_run_and_two_notes_stay_two():
    chord = [Note(onset=at * 5, pitch=pitch, duration=SECOND, velocity=80) for at, pitch in enumerate((60, 64, 67))]
    performed = alone(Role.HARMONY, 80, chord)
    run = runs(chord, performed)
    assert [note.pitch for note in run[:6]] == [60, 64, 67, 60, 64, 67]
    assert all(one.end == two.onset for one, two in pairwise(run))
    assert run[-1].end == min(note.end for note in chord)
    assert runs(chord[:2], performed) == chord[:2]


def test_every_instrument_that_can_be_asked_for_has_a_voice():
    for role in Role:
        for program in range(128):
            note = Note(onset=0, pitch=60, duration=400, velocity=90)
            if program % 16 == 5:
                assert np.abs(heard(alone(role, program, [note]), 0.5)[role]).max() > 0.01
            assert timbre_for(role, program).wave in WAVES
    assert timbre_for(Role.MELODY, 80).wave != timbre_for(Role.COUNTER, 80).wave != timbre_for(Role.HARMONY, 80).wave


def test_chiptunes_are_played_by_the_chip_and_nothing_else_is():
    assert load_style("chiptune").voices == "chip"
    assert load_style("lofi").voices == "soundfont"


def test_a_person_is_told_what_a_chip_has_to_imitate():
    assert imitated({Role.MELODY: 40, Role.BASS: 38, Role.DRUMS: 25}) == [
        "A chip plays this song: Violin is imitated by a pulse wave of 25 %."
    ]
