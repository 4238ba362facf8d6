import numpy as np
import pytest

from engine.learn.transcribe import beats as counting
from engine.learn.transcribe.bars import division, possible_bars
from engine.learn.transcribe.beats import follow, likely_tempos, metronome, possible_pulses, split, straightened
from engine.learn.transcribe.ear import FRAMES_A_SECOND
from engine.learn.transcribe.felt import felt, outermost
from engine.learn.transcribe.form import cuts, novelty
from engine.learn.transcribe.grid import beats_at, seconds_at, ticks_at
from engine.learn.transcribe.nets import convolved
from engine.learn.transcribe.novelty import evened
from engine.learn.transcribe.song import write_song
from engine.learn.transcribe.values import Beats, HeardNote, Hit
from engine.learn.transcribe.voices import with_roles
from engine.music.notes import Role
from engine.music.timing import METERS


def curve_of(times_s, seconds):
    curve = np.zeros(round(seconds * FRAMES_A_SECOND), np.float32)
    curve[np.round(np.asarray(times_s) * FRAMES_A_SECOND).astype(int)] = 1.0
    return evened(curve)


def grid(*, bpm=120.0, count=40, swing=0.5, meter="4/4", start_s=1.0, first_bar=0):
    times = start_s + 60 / bpm * np.arange(count)
    return Beats(
        times_s=tuple(times.tolist()), bpm=bpm, steady=True, meter=METERS[meter], first_bar=first_bar, swing=swing
    )


def test_a_steady_tempo_is_found_to_a_tenth_of_a_percent():
    times = np.arange(0.4, 40, 60 / 97.3)
    curve = curve_of(times, 41)
    tempo = min(likely_tempos(curve), key=lambda bpm: abs(bpm - 97.3))
    found, stray_s = straightened(follow(curve, tempo) / FRAMES_A_SECOND)
    assert 60 / np.median(np.diff(found)) == pytest.approx(97.3, rel=0.001)
    assert stray_s < counting.STEADY_S
    assert max(np.abs(times - time).min() for time in found[:-1]) < 0.015


def test_a_metronome_holds_where_swing_makes_beats_slip():
    beats = 0.4 + 60 / 159.5 * np.arange(130)
    weak = np.random.default_rng(2).permutation(130)[:60]
    times = np.sort(np.concatenate([np.delete(beats, weak), beats[:-1] + 0.63 * 60 / 159.5]))
    found = metronome(curve_of(times, beats[-1] + 1), 160.4)
    assert 60 / np.diff(found).mean() == pytest.approx(159.5, rel=0.001)
    assert min(abs((found[10] - 0.4) * 159.5 / 60 % 1 - phase) for phase in (0, 0.63, 1)) < 0.05


def test_a_tempo_that_comes_and_goes_is_followed():
    lengths = 0.55 + 0.05 * np.sin(np.arange(70) / 9)
    times = 0.5 + np.cumsum(lengths)
    curve = curve_of(times, times[-1] + 1)
    found, stray_s = straightened(follow(curve, 109.0) / FRAMES_A_SECOND)
    assert stray_s > counting.STEADY_S
    assert np.mean([np.abs(found - time).min() < 0.07 for time in times]) > 0.95


def test_a_slowing_end_leaves_the_line():
    times = np.concatenate([np.arange(0, 40, 0.5), 39.5 + np.cumsum(np.linspace(0.52, 0.7, 8))])
    found, stray_s = straightened(times)
    assert stray_s < counting.STEADY_S
    assert np.abs(found - times).max() < 0.07


def test_a_missed_beat_is_filled_in():
    times = np.delete(np.arange(0, 20, 0.5), [7, 21])
    assert straightened(times)[0] == pytest.approx(np.arange(0, 20, 0.5), abs=0.001)


def test_two_short_steps_do_not_make_a_beat():
    times = np.concatenate([np.arange(0, 10, 0.5), [9.81], np.arange(10.12, 20, 0.5) - 0.12])
    assert len(straightened(np.unique(np.round(times, 3)))[0]) == 40


def test_beats_stand_for_their_doubles_halves_thirds_and_off_beats():
    pulses = possible_pulses(curve_of(np.arange(0.4, 40, 0.5), 41))
    bpms = {round(pulse.bpm) for pulse in pulses}
    assert {240, 120, 60, 40} <= bpms
    at_120 = [pulse.times_s[3] % 0.5 for pulse in pulses if round(pulse.bpm) == 120]
    assert min(abs(phase - 0.4) for phase in at_120) < 0.02
    assert min(abs(phase - 0.15) for phase in at_120) < 0.02


def test_nothing_is_counted_where_nothing_happens():
    assert possible_pulses(np.zeros(3000, np.float32)) == []
    assert possible_pulses(np.zeros(50, np.float32)) == []


def test_splitting_keeps_the_beats():
    beats = np.array([0.0, 1.0, 3.0])
    assert split(beats, 2).tolist() == [0.0, 0.5, 1.0, 2.0, 3.0]


def test_seconds_become_beats_and_come_back():
    beats = np.cumsum(np.random.default_rng(1).uniform(0.4, 0.6, 50))
    moments = np.linspace(-3, beats[-1] + 3, 200)
    assert seconds_at(beats_at(moments, beats), beats) == pytest.approx(moments)


def test_a_grid_of_one_beat_is_an_error():
    with pytest.raises(ValueError, match="two beats"):
        beats_at([1.0], [1.0])


def test_ticks_count_from_the_first_bar_line():
    assert ticks_at([1.0, 1.5, 2.25, 0.5], grid()) == pytest.approx([0, 24, 60, -24])
    assert ticks_at([1.0], grid(first_bar=2)) == pytest.approx([-48])
    assert ticks_at([1.5], grid(meter="6/8")) == pytest.approx([36])


def test_swing_is_taken_out_of_the_off_beats():
    beats = grid(bpm=60.0, swing=0.65)
    assert ticks_at([1.65, 3.65, 2.0], beats) == pytest.approx([12, 60, 24])
    assert ticks_at([1.5], grid(bpm=60.0, swing=0.65, meter="6/8")) == pytest.approx([18])


def test_thirds_without_drums_are_a_compound_meter_and_late_eighths_are_swing():
    beats = np.arange(40.0)
    thirds = np.concatenate([beats, beats + 1 / 3, beats + 2 / 3])
    late = np.concatenate([beats, beats + 0.62])
    assert division(thirds, band=False) == (True, 0.5)
    assert division(late, band=True) == (False, pytest.approx(0.62))
    assert division(np.concatenate([beats, beats + 0.5]), band=True) == (False, 0.5)
    assert division(np.zeros(0), band=True) == (False, 0.5)


def test_possible_bars_have_every_length_and_phase():
    assert len(possible_bars(40)) == 2 + 3 + 4


def test_sections_are_cut_where_the_music_changes():
    rng = np.random.default_rng(1)
    kinds = rng.normal(size=(3, 30))
    rows = np.concatenate([np.repeat(kinds[[k]], 8, axis=0) for k in (0, 1, 0, 2)]) + 0.1 * rng.normal(size=(32, 30))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    assert cuts(novelty(rows @ rows.T)) == [0, 8, 16, 24]


def test_outer_voices_are_the_bass_and_the_tune():
    chords = [(t, p) for t in np.arange(0, 4, 0.5) for p in (40, 52, 56, 59, 71)]
    notes = [HeardNote(onset_s=t, end_s=t + 0.45, pitch=p, strength=0.9) for t, p in chords]
    roles = {note.pitch: note.role for note in with_roles(notes)}
    assert roles[40] is Role.BASS
    assert roles[71] is Role.MELODY
    assert {roles[52], roles[56], roles[59]} == {Role.HARMONY}


def test_an_upbeat_does_not_move_the_bar_lines():
    times = [0.5, *np.arange(1.0, 21.0, 0.5)]
    notes = [
        HeardNote(onset_s=t, end_s=t + 0.4, pitch=60 + i % 5, strength=1, role=Role.MELODY) for i, t in enumerate(times)
    ]
    hits = [Hit(onset_s=t, pitch=36, strength=1) for t in np.arange(1.0, 21.0, 2.0)]
    written = write_song(notes, hits, grid())
    kicks = {note.onset % 96 for note in written.song.track(Role.DRUMS).notes}
    assert kicks == {0}
    assert written.start_bar == -1


def test_too_little_music_gives_no_song():
    notes = [HeardNote(onset_s=1.0 + i, end_s=1.5 + i, pitch=60, strength=1, role=Role.MELODY) for i in range(4)]
    assert write_song(notes, (), grid()) is None


def test_a_convolution_reads_the_rows_around_and_nothing_beyond_the_ends():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 3)).astype(np.float32)
    weight, bias = rng.normal(size=(9, 2)).astype(np.float32), np.array([1.0, -1.0], np.float32)
    out = convolved(x, (weight, bias), step=4)
    padded = np.pad(x, ((4, 4), (0, 0)))
    wanted = [np.concatenate([padded[row], padded[row + 4], padded[row + 8]]) @ weight + bias for row in range(20)]
    assert np.allclose(out, wanted, atol=1e-5)


def test_beats_are_felt_where_chords_and_basses_fall():
    beat_s, notes = 0.6, []
    for index in range(64):
        at, root = 0.5 + index * beat_s / 2, (48, 53, 55, 48)[index // 8 % 4]
        notes.append(HeardNote(onset_s=at, end_s=at + 0.25, pitch=root + (24, 28, 31, 28)[index % 4], strength=0.9))
        if index % 2 == 0:
            notes.append(HeardNote(onset_s=at, end_s=at + 0.5, pitch=root - (0 if index % 8 == 0 else 5), strength=0.9))
    likely = felt(notes, (), round(21 * FRAMES_A_SECOND))[:, 0]
    places = ((0.5 + beat_s * np.arange(4, 28)) * FRAMES_A_SECOND).round().astype(int)
    between = places + round(beat_s / 2 * FRAMES_A_SECOND)
    assert likely[places].mean() > 2 * likely[between].mean()
    assert likely.shape == (round(21 * FRAMES_A_SECOND),)


def test_outer_voices_are_told_from_what_sounds_with_them():
    notes = np.array([[0.0, 2.0, 48, 1], [0.01, 2.0, 64, 1], [0.02, 0.5, 72, 1], [1.0, 1.5, 60, 1], [2.1, 2.5, 60, 1]])
    top, lowest = outermost(notes)
    assert top.tolist() == [False, False, True, False, True]
    assert lowest.tolist() == [True, False, False, False, True]
