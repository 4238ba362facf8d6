import importlib.util
import sys
from itertools import pairwise

import numpy as np
import pytest

from engine.errors import CheckpointError, SetupError
from engine.learn.transcribe import nets, pitches
from engine.learn.transcribe.drums import peaks
from engine.learn.transcribe.ear import FRAMES_A_SECOND, LOUDNESS, ear_of, hear
from engine.learn.transcribe.key import key_of
from engine.learn.transcribe.notes import notes_of
from engine.learn.transcribe.pitches import HOP, LOWEST_PITCH, RATE_HZ, Pitches, listen
from engine.learn.transcribe.spectrum import hz_to_mel, magnitudes, mel_bands, mel_to_hz
from engine.learn.transcribe.summary import summary_of
from engine.learn.transcribe.tonality import EVIDENCE, evidence
from engine.music.harmony import Key, Mode
from tests.transcribe.recordings import clicks, plucked


def quiet_pitches(frames):
    return Pitches(onset=np.zeros((frames, 88), np.float32), sound=np.zeros((frames, 88), np.float32))


def test_a_full_scale_sine_has_magnitude_one_in_its_bin():
    bin_hz = RATE_HZ / 1024
    sine = np.sin(2 * np.pi * 40 * bin_hz * np.arange(RATE_HZ) / RATE_HZ).astype(np.float32)
    spectra = np.concatenate(list(magnitudes(sine, 1024)))
    middle = spectra[len(spectra) // 2]
    assert middle.argmax() == 40
    assert middle[40] == pytest.approx(1.0, abs=0.01)


def test_spectra_have_a_row_a_hop_whatever_the_length():
    for samples in (1, 255, 256, 257, 300_000):
        assert len(mel_bands(np.zeros(samples, np.float32), bands=64)) == -(-samples // HOP)


def test_a_click_lies_in_the_frame_of_its_time():
    rises = np.diff(mel_bands(clicks([2.0], 4.0), bands=64).sum(axis=1))
    assert abs(int(rises.argmax()) + 1 - round(2.0 * FRAMES_A_SECOND)) <= 2


def test_the_mel_scale_goes_there_and_back():
    for hz in (50.0, 999.0, 1001.0, 8000.0):
        assert mel_to_hz(np.array([hz_to_mel(hz)]))[0] == pytest.approx(hz)


def test_loudness_does_not_change_what_is_seen():
    audio = plucked([(0.5, 60), (1.5, 64)], 3.0)
    frames = -(-len(audio) // HOP)
    loud, soft = (ear_of(x, quiet_pitches(frames), float(np.sqrt((x**2).mean()))) for x in (audio, 0.05 * audio))
    assert np.allclose(loud.bands, soft.bands, atol=1e-3)
    assert np.allclose(loud.tones, soft.tones, atol=1e-3)
    assert loud.loudness == pytest.approx(20 * soft.loudness, rel=1e-3)
    assert LOUDNESS > 0


def test_a_tone_stands_in_the_row_of_its_semitone():
    ear = ear_of(plucked([(0.2, 69)], 1.5), quiet_pitches(-(-RATE_HZ * 3 // 2 // HOP)), 0.05)
    assert ear.tones[30].argmax() == 69 - LOWEST_PITCH


def test_onsets_stay_in_step_over_all_seams_between_windows():
    times = np.arange(0.5, 20.0, 0.5)
    onset = listen(plucked([(float(t), 60 + 5 * (i % 3)) for i, t in enumerate(times)], 21.0)).onset
    late = []
    for index, time in enumerate(times):
        column = onset[:, 60 + 5 * (index % 3) - LOWEST_PITCH]
        at = round(time * FRAMES_A_SECOND)
        late.append((int(column[at - 5 : at + 6].argmax()) - 5) / FRAMES_A_SECOND)
    assert np.abs(late).max() < 0.03
    assert abs(np.mean(late[:10]) - np.mean(late[-10:])) < 0.005


def test_a_scale_is_heard_note_for_note():
    wanted = [(0.5 + 0.4 * i, 60 + step) for i, step in enumerate((0, 2, 4, 5, 7, 9, 11, 12))]
    heard = notes_of(hear(plucked(wanted, 5.0)), band=False)
    assert len(heard) <= 10
    for onset_s, pitch in wanted:
        assert any(note.pitch == pitch and abs(note.onset_s - onset_s) < 0.05 for note in heard), pitch


def test_notes_end_before_the_same_key_is_struck_again():
    heard = [n for n in notes_of(hear(plucked([(0.5, 64), (1.0, 64), (1.5, 64)], 3.0)), band=False) if n.pitch == 64]
    assert len(heard) == 3
    assert all(note.end_s <= later.onset_s + 0.06 for note, later in pairwise(heard))


def test_silence_has_no_notes():
    assert notes_of(hear(np.zeros(3 * RATE_HZ, np.float32)), band=False) == []


def test_the_higher_of_two_near_peaks_wins():
    curve = np.zeros(60, np.float32)
    curve[[10, 13, 30]] = (0.6, 0.9, 0.5)
    assert peaks(curve, 0.4).tolist() == [13, 30]
    assert peaks(curve, 0.55).tolist() == [13]


@pytest.mark.parametrize(("steps", "key"), [
    ((0, 2, 4, 5, 7, 9, 11, 12, 7, 4, 0), Key(tonic=2, mode=Mode.MAJOR)),
    ((0, 2, 3, 5, 7, 8, 11, 12, 7, 3, 0), Key(tonic=2, mode=Mode.MINOR)),
])  # fmt: skip
def test_the_key_of_a_scale_is_found(steps, key):
    notes = [(0.3 + 0.4 * i, 62 + step) for i, step in enumerate(steps)] + [(4.7, 50)]
    ear = hear(plucked(notes, 6.0))
    found, sure = key_of(notes_of(ear, band=False))
    assert found == key
    assert 0.5 <= sure <= 1.0


def test_without_notes_no_key_is_sure():
    assert key_of([])[1] == 0.0


def test_evidence_turns_with_the_notes():
    notes = np.array([[0.0, 0.75, 60, 1.0], [0.0, 0.25, 67, 1.0], [1.0, 2.0, 64, 0.5]])
    rows = evidence(notes)
    assert rows.shape == (EVIDENCE, 12)
    assert rows[0, [0, 7, 4]] == pytest.approx((0.5, 1 / 6, 1 / 3))
    assert np.allclose(np.roll(rows, 5, axis=1), evidence(notes + np.array([0, 0, 5, 0]))[:, :], atol=0.2)
    assert evidence(np.zeros((0, 4))).sum() == 0


def test_the_summary_tells_bright_from_dark():
    low, high = (summary_of(hear(plucked([(0.1 + 0.3 * i, pitch) for i in range(8)], 3.0))) for pitch in (40, 88))
    assert len(low.mfcc_mean) == len(low.mfcc_deviation) == 20
    assert low.mfcc_mean[1] > high.mfcc_mean[1]
    assert sum(low.chroma) == pytest.approx(1.0, abs=0.01)


def test_a_damaged_file_of_weights_is_an_error(tmp_path):
    path = tmp_path / "ears.npz"
    path.write_bytes(nets.WEIGHTS.read_bytes()[:1000])
    nets.load_nets.cache_clear()
    with pytest.raises(CheckpointError, match=r"ears\.npz"):
        nets.load_nets(path)
    nets.load_nets.cache_clear()


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"pip install .*basic-pitch"):
        pitches.find_model()
    pitches._session.cache_clear()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(SetupError, match="onnxruntime"):
        listen(np.zeros(1000, np.float32))
    pitches._session.cache_clear()
