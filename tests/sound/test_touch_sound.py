"""Pedal, doublings and a tempo that gives way, as they are heard."""

from dataclasses import replace

import numpy as np
import pytest

from engine.compose.loop import run_up
from engine.compose.mixing.levels import _excerpts
from engine.compose.mixing.meter import loudness_lufs
from engine.compose.mixing.voices import SoundfontVoices
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ
from engine.music.midi.write import write_midi
from engine.music.notes import Doubling, Note, Role, Track
from engine.music.performance import PERFORMED_PER_WRITTEN
from engine.music.touch import Touch
from tests.sound.songs import band, style


def with_doubling(song, role, gain_db=-6.0, program=73):
    double = Doubling(program=program, semitones=12, gain_db=gain_db)
    return replace(song, tracks=tuple(replace(t, doubling=double) if t.role is role else t for t in song.tracks))


def heard(synth, performed, samples=6 * SAMPLE_RATE_HZ):
    blocks = list(SoundfontVoices(synth).blocks(performed, style().parts, samples))
    return {role: np.concatenate([block[role] for block in blocks], axis=1) for role in blocks[0]}


def rms_db(audio):
    return 10 * np.log10(np.mean(np.square(audio, dtype=np.float64)))


def test_the_synthesiser_follows_the_tempo_map(synth):
    clicks = tuple(Note(onset=24 * at, pitch=60, duration=3, velocity=110) for at in range(32))
    song = replace(band(bars=8, tempo_bpm=90.0), tracks=(Track(role=Role.MELODY, program=115, notes=clicks),))
    performed = perform(song, seed=1, touch=Touch(groove="", human=0, rubato=0.1, slowing=0.3), room_s=4.0)
    times = [performed.seconds(note.onset) for note in performed.tracks[0].notes]
    assert max(abs(time - at * 60 / 90) for at, time in enumerate(times)) > 0.1
    level = np.abs(synth.render(write_midi(performed, {}), times[-1] + 1)).max(axis=0)
    for time in times[1:]:
        around = level[int((time - 0.05) * SAMPLE_RATE_HZ) : int((time + 0.05) * SAMPLE_RATE_HZ)]
        assert np.argmax(around > 0.25 * around.max()) / SAMPLE_RATE_HZ == pytest.approx(0.05, abs=0.012)


def test_a_doubling_sounds_within_its_role_and_leaves_the_others_alone(synth):
    plain, with_flute = (heard(synth, perform(s, seed=1)) for s in (band(), with_doubling(band(), Role.MELODY)))
    assert set(plain) == set(with_flute)
    assert not np.allclose(plain[Role.MELODY], with_flute[Role.MELODY], atol=1e-3)
    np.testing.assert_allclose(plain[Role.BASS], with_flute[Role.BASS], atol=1e-3)


@pytest.mark.parametrize("program", [73, 48, 81, 11, 18])
def test_a_doubling_is_about_as_much_softer_as_it_is_told_to_be(synth, program):
    performed = perform(with_doubling(band(), Role.MELODY, gain_db=-8.0, program=program), seed=1)
    plain = heard(synth, perform(band(), seed=1))[Role.MELODY]
    only = heard(synth, performed)[Role.MELODY] - plain
    assert loudness_lufs(only) - loudness_lufs(plain) == pytest.approx(-8.0, abs=6.0)


def test_the_pedal_lets_chords_ring(synth):
    notes = tuple(Note(onset=96 * bar, pitch=p, duration=12, velocity=90) for bar in range(2) for p in (48, 55, 64))
    song = replace(band(bars=2, tempo_bpm=60.0), tracks=(Track(role=Role.HARMONY, program=0, notes=notes),))
    broken = tuple(replace(note, onset=note.onset + 24, pitch=note.pitch + 12) for note in notes)
    song = replace(song, tracks=(replace(song.tracks[0], notes=tuple(sorted((*notes, *broken)))),))
    dry, wet = (
        heard(synth, perform(song, seed=1, touch=t))[Role.HARMONY] for t in (Touch(), Touch(pedal=(Role.HARMONY,)))
    )
    between = slice(int(0.8 * SAMPLE_RATE_HZ), int(0.95 * SAMPLE_RATE_HZ))
    assert rms_db(wet[:, between]) > rms_db(dry[:, between]) + 6


def test_loops_and_sound_checks_take_pedal_and_doubling_along():
    song = with_doubling(band(bars=8), Role.HARMONY)
    performed = perform(song, seed=1, touch=Touch(pedal=(Role.HARMONY,)), steady=True)
    at = [track.role for track in performed.tracks].index(Role.HARMONY)
    before = performed.tracks[at]
    around = run_up(performed, 2).tracks[at]
    lead = 2 * song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    for spans, moved in ((before.pedal, around.pedal), (before.layer.notes, around.layer.notes)):
        assert len(moved) > len(spans)
        assert {span.onset + lead for span in spans} <= {span.onset for span in moved}
    check = _excerpts(performed).tracks[at]
    assert check.pedal
    assert {note.pitch for note in check.layer.notes} <= {note.pitch + 12 for note in check.notes}
    assert len(check.layer.notes) >= len(check.notes) - 2
