from dataclasses import replace

import numpy as np
import pytest

from engine.compose.balance import Balance
from engine.compose.perform import perform
from engine.metrics.loudness import integrated_loudness_lufs
from engine.music.midi.write import write_midi
from engine.music.notes import Role
from tests.sound.songs import band, style


class CountingSynth:
    """The real synthesiser, which counts how often it renders."""

    def __init__(self, synth):
        self.synth, self.calls = synth, 0

    def render(self, *order):
        self.calls += 1
        return self.synth.render(*order)


def played(role, program):
    song = band(bars=4)
    return perform(replace(song, tracks=(replace(song.track(role), program=program),)), seed=1)


def level(synth, performed, parts):
    return integrated_loudness_lufs(synth.render(write_midi(performed, parts), 11.0), 44_100)


@pytest.mark.parametrize(("role", "programs"), [(Role.MELODY, (11, 40, 81)), (Role.DRUMS, (0, 25, 40))])
def test_instruments_of_very_different_levels_come_much_closer(synth, role, programs):
    parts, balance = style().parts, Balance(synth)
    before = [level(synth, played(role, program), parts) for program in programs]
    after = []
    for program in programs:
        performed = played(role, program)
        after.append(level(synth, performed, balance.balanced(performed, parts)))
    assert np.ptp(before) > 6
    assert np.ptp(after) < 0.5 * np.ptp(before)


def test_the_styles_own_mix_remains_on_top(synth):
    parts, balance, performed = style().parts, Balance(synth), played(Role.MELODY, 40)
    softer = {**parts, Role.MELODY: replace(parts[Role.MELODY], gain_db=parts[Role.MELODY].gain_db - 5)}
    usual, soft = (balance.balanced(performed, either)[Role.MELODY].gain_db for either in (parts, softer))
    assert usual - soft == pytest.approx(5)


def test_what_was_measured_is_remembered(synth):
    counting = CountingSynth(synth)
    balance = Balance(counting)
    performed = perform(band(bars=4), seed=1)
    first = balance.balanced(performed, style().parts)
    assert balance.balanced(performed, style().parts) == first
    assert counting.calls == 1


def test_roles_without_notes_are_left_out_and_all_others_kept(synth):
    song = band(bars=4)
    silent = replace(song, tracks=(*song.tracks[:2], replace(song.tracks[2], notes=())))
    balanced = Balance(synth).balanced(perform(silent, seed=1), style().parts)
    assert set(balanced) == {Role.MELODY, Role.COUNTER}
    assert balanced[Role.COUNTER].pan == style().parts[Role.COUNTER].pan
