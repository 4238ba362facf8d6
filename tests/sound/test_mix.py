"""The desk, the sound check, and what every style's chain must reach."""

from dataclasses import replace

import numpy as np
import pyloudnorm
import pytest
from scipy.signal import resample_poly

from engine.compose.mixing import mix as desk
from engine.compose.mixing.chain import Chain, Insert
from engine.compose.mixing.chains import CHAINS, find_chain
from engine.compose.mixing.chip import ChipVoices
from engine.compose.mixing.colour import Saturate
from engine.compose.mixing.levels import MOST_DB, PLACES_LU, sound_check
from engine.compose.mixing.master import master
from engine.compose.mixing.meter import loudness_lufs
from engine.compose.mixing.mix import MixOrder, mix, session_of
from engine.compose.mixing.space import Space
from engine.compose.mixing.stage import BLOCK, Session, run
from engine.compose.mixing.voices import SoundfontVoices
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ
from engine.errors import RenderError
from engine.music.notes import Note, Role
from engine.music.styles import load_style, style_names
from tests.sound.songs import band, style

RATE = SAMPLE_RATE_HZ
DRY = Chain(why="nothing", chorus=None)


@pytest.fixture(scope="module")
def voices(synth):
    return SoundfontVoices(synth)


class StillVoices:
    """Voices whose every note is a tone of its role's own level and frequency; silent roles are zeros."""

    def __init__(self, levels):
        self.levels = levels

    def blocks(self, performed, parts, samples):
        at = np.arange(samples) / RATE
        sounds = {
            track.role: self.levels[track.role] * np.sin(2 * np.pi * (200 + 150 * number) * at)
            for number, track in enumerate(performed.tracks)
            if track.notes
        }
        for start in range(0, samples, BLOCK):
            yield {
                role: np.stack([sound[start : start + BLOCK]] * 2).astype(np.float32) for role, sound in sounds.items()
            }


def cast(song, name):
    """The song with a style's usual instruments; roles that the style lacks are left out."""
    parts = load_style(name).parts
    tracks = tuple(
        replace(track, program=parts[track.role].programs[0]) for track in song.tracks if track.role in parts
    )
    return replace(song, style=name, tracks=tracks)


def order(seconds=12.0, chain=DRY, **changes):
    return MixOrder(**{"chain": chain, "seed": 3, "samples": round(seconds * RATE), **changes})


def finished(voices, song, name, seconds):
    parts = load_style(name).parts
    source = ChipVoices() if load_style(name).voices == "chip" else voices
    chain = find_chain(load_style(name).master)
    return master(mix(perform(song, seed=1), parts, source, order(seconds, chain)))


def assert_within_limits(audio):
    loudness = pyloudnorm.Meter(RATE).integrated_loudness(audio.T.astype(float))
    assert loudness == pytest.approx(-14.0, abs=1.0)
    assert 20 * np.log10(np.abs(resample_poly(audio, 4, 1, axis=1)).max()) <= -1.0
    assert 20 * np.log10(np.abs(audio.mean(axis=1)).max() + 1e-9) < -60
    assert audio.std(axis=1).min() > 0.25 * audio.std(axis=1).max()
    assert audio[0, 0] == 0
    assert np.abs(audio[:, -1]).max() < 1e-5


def sparse():
    """Three soft notes of one role in eight bars."""
    song = band(bars=8)
    notes = tuple(Note(onset=at, pitch=72, duration=30, velocity=25) for at in (0, 300, 640))
    return replace(song, tracks=(replace(song.track(Role.MELODY), notes=notes),))


# every style


@pytest.mark.parametrize("name", style_names())
def test_every_style_has_a_chain_of_its_own_name(name):
    assert load_style(name).master == name
    assert find_chain(name).why


@pytest.mark.parametrize("name", style_names())
def test_every_style_meets_the_limits(voices, name):
    audio = finished(voices, cast(band(bars=4, tempo_bpm=100.0), name), name, 11.0)
    assert audio.shape == (2, 11 * RATE)
    assert_within_limits(audio)


@pytest.mark.parametrize("name", style_names())
def test_five_seconds_and_hardly_any_notes_meet_them_too(voices, name):
    assert_within_limits(finished(voices, cast(band(bars=1, tempo_bpm=100.0), name), name, 5.0))
    assert_within_limits(finished(voices, cast(sparse(), name), name, 21.0))


@pytest.mark.parametrize("name", ["lofi", "synthwave", "chiptune"])
def test_the_same_song_and_seed_give_the_same_samples_and_another_seed_does_not(voices, name):
    song, parts, chain = cast(band(bars=2), name), load_style(name).parts, find_chain(name)
    source = ChipVoices() if name == "chiptune" else voices
    one, two, other = (
        mix(perform(song, seed=1), parts, source, order(6.0, chain, seed=seed)).audio for seed in (1, 1, 2)
    )
    assert np.array_equal(one, two)
    assert np.array_equal(one, other) == (name == "chiptune")


# the sound check


def test_roles_are_brought_to_their_places_whatever_their_instruments_levels():
    song = perform(band(bars=4), seed=1)
    levels = dict(zip(Role, (0.5, 0.002, 0.05, 0.2, 0.01), strict=True))
    stems = mix(song, style().parts, StillVoices(levels), order(stems=True)).stems
    tune = loudness_lufs(stems[Role.MELODY])
    for role, stem in stems.items():
        place = PLACES_LU[role] + style().parts[role].gain_db - PLACES_LU[Role.MELODY]
        assert loudness_lufs(stem) - tune == pytest.approx(place, abs=0.3)


@pytest.mark.parametrize("programs", [(11, 40, 81), (89, 0, 30)])
def test_real_instruments_come_close_to_their_places_too(voices, programs):
    parts = style().parts
    for program in programs:
        song = band(bars=8)
        tracks = tuple(replace(track, program=program) if track.role is Role.MELODY else track for track in song.tracks)
        stems = mix(perform(replace(song, tracks=tracks), seed=1), parts, voices, order(22.0, stems=True)).stems
        places = {role: PLACES_LU[role] + parts[role].gain_db for role in stems}
        off = np.array([loudness_lufs(stem) - places[role] for role, stem in stems.items()])
        assert np.ptp(off) < 3.5


def test_a_silent_role_stays_silent():
    song = perform(band(bars=4), seed=1)
    levels = dict.fromkeys(Role, 0.1) | {Role.COUNTER: 1e-6, Role.BASS: 0.0}
    stems = mix(song, style().parts, StillVoices(levels), order(stems=True)).stems
    assert np.abs(stems[Role.COUNTER]).max() <= 1.001e-6
    assert np.abs(stems[Role.BASS]).max() == 0
    assert np.abs(stems[Role.MELODY]).max() > 0.05


def test_an_inserts_own_gain_does_not_change_the_place():
    driven = replace(DRY, inserts={Role.MELODY: (Insert(stages=(Saturate(drive=20.0),)),)})
    song = perform(band(bars=4), seed=1)
    levels = dict.fromkeys(Role, 0.1)
    plain, loud = (
        mix(song, style().parts, StillVoices(levels), order(chain=chain, stems=True)).stems for chain in (DRY, driven)
    )
    assert loudness_lufs(loud[Role.MELODY]) == pytest.approx(loudness_lufs(plain[Role.MELODY]), abs=0.2)


def test_gains_are_bounded():
    levels = dict.fromkeys(Role, 0.1) | {Role.MELODY: 0.0012}
    gains = sound_check(perform(band(bars=4), seed=1), style().parts, DRY, StillVoices(levels))
    assert gains.before_db[Role.MELODY] == MOST_DB


# the desk


def test_the_stems_add_up_to_the_dry_mix(voices, monkeypatch):
    monkeypatch.setattr(desk, "ending", lambda samples, fade_out: ())
    mixed = mix(perform(band(bars=4), seed=1), style().parts, voices, order(stems=True))
    assert set(mixed.stems) == set(Role)
    assert sum(mixed.stems.values()) == pytest.approx(mixed.audio, abs=1e-5)


def test_stems_do_not_change_the_mix(voices):
    song, chain = perform(band(bars=2), seed=1), CHAINS["lofi"]
    with_stems, without = (
        mix(song, style().parts, voices, order(6.0, chain, stems=wanted)) for wanted in (True, False)
    )
    assert np.array_equal(with_stems.audio, without.audio)
    assert without.stems == {}


def test_a_role_is_heard_in_the_space_as_far_as_it_sends(voices):
    song = perform(replace(band(bars=1), tracks=band(bars=1).tracks[-1:]), seed=1)
    hall = replace(DRY, space=Space(decay_s=2.0, wet_db=0.0))

    def tail(send):
        parts = {Role.DRUMS: replace(style().parts[Role.DRUMS], reverb=send)}
        audio = mix(song, parts, voices, order(7.0, hall)).audio
        return audio[:, 4 * RATE : 5 * RATE].std() / audio[:, : 2 * RATE].std()

    assert tail(0.0) < 0.05 * tail(0.25)
    assert tail(0.5) == pytest.approx(2 * tail(0.25), rel=0.25)


def test_an_amplifier_is_for_guitars_alone():
    for chain in (CHAINS["rock"], CHAINS["blues"]):
        driven, plain = ({type(stage) for stage in chain.inserts_for(Role.HARMONY, program)} for program in (30, 0))
        assert Saturate in driven
        assert Saturate not in plain


def test_a_slow_hand_holds_back_what_gets_much_louder_than_the_role_usually_is():
    def grown_db(role, step_db):
        """How much louder the second half is behind the desk's hand."""
        audio = np.stack([0.0544 * np.sin(np.arange(8 * RATE) * 0.05)] * 2).astype(np.float32)
        audio[:, 4 * RATE :] *= 10 ** (step_db / 20)
        result = run(audio, DRY.inserts_for(role, 0), Session(samples=audio.shape[1]))
        return 20 * np.log10(result[:, 5 * RATE :].std() / result[:, 2 * RATE : 4 * RATE].std())

    assert grown_db(Role.HARMONY, 1.5) == pytest.approx(1.5, abs=0.1)
    assert grown_db(Role.HARMONY, 13.0) == pytest.approx(7.0, abs=0.7)
    assert grown_db(Role.DRUMS, 13.0) == pytest.approx(13.0, abs=0.1)


def test_the_end_fades_or_is_left_as_it_is_for_a_loop(voices):
    song = perform(band(bars=4), seed=1)
    faded, kept = (mix(song, style().parts, voices, order(10.6, fade_out=out)).audio for out in (True, False))
    last = slice(-RATE // 4, -RATE // 50)
    assert np.abs(kept[:, last]).max() > 5 * np.abs(faded[:, last]).max()
    assert np.array_equal(faded[:, : 8 * RATE], kept[:, : 8 * RATE])


def test_progress_rises_to_one_and_a_song_without_sound_is_an_error(voices):
    heard = []
    mix(perform(band(bars=4), seed=1), style().parts, voices, order(), heard.append)
    assert heard == sorted(heard)
    assert heard[-1] == 1.0
    with pytest.raises(RenderError, match="silence"):
        mix(perform(replace(band(), tracks=()), seed=1), style().parts, voices, order())
    with pytest.raises(RenderError, match="silence"):
        mix(perform(band(), seed=1), style().parts, StillVoices(dict.fromkeys(Role, 0.0)), order())


def test_a_failing_synthesiser_is_heard_of(voices):
    class Broken:
        def blocks(self, performed, parts, samples):
            yield {Role.MELODY: np.zeros((2, BLOCK), np.float32)}
            raise RenderError("FluidSynth stopped")

    with pytest.raises(RenderError, match="stopped"):
        mix(perform(band(), seed=1), style().parts, Broken(), order())


def test_stages_know_the_kicks_and_snares():
    performed = perform(band(bars=2, tempo_bpm=120.0), seed=1)
    session = session_of(performed, samples=RATE, seed=1)
    assert session.kick_times_s == pytest.approx((0.0, 2.0), abs=0.02)
    assert session.snare_times_s == pytest.approx((1.0, 3.0), abs=0.03)
    assert session.beat_s == 0.5


def test_where_fluidsynth_is_a_program_roles_are_rendered_one_by_one(synth, voices, monkeypatch):
    performed, parts = perform(band(bars=1), seed=1), style().parts
    together = next(iter(voices.blocks(performed, parts, RATE)))
    monkeypatch.setattr(type(synth), "in_process", property(lambda self: False))
    alone = next(iter(voices.blocks(performed, parts, RATE)))
    for role in Role:
        assert alone[role].std() == pytest.approx(together[role].std(), rel=0.35)
