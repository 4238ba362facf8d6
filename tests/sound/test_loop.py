"""Loops: whole bars, to the sample, that can be joined without a seam."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import soundfile

from engine.compose.files.delivery import Delivery
from engine.compose.files.encode import encoded
from engine.compose.loop import loop_samples, looping, master_loop, mix_loop, run_up
from engine.compose.mixing.meter import energies_of, loudness_lufs
from engine.compose.mixing.mix import Mixed
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ
from engine.compose.sound import SoundMaker
from engine.grammar.corpus import composed_songs
from engine.metrics.loudness import true_peak_dbtp
from engine.music.notes import Note, Role
from engine.music.performance import PERFORMED_PER_WRITTEN, PerformedSong, PerformedTrack
from engine.music.styles import load_style
from tests.sound.files import TAGS, by_libav, by_libsndfile, noise
from tests.sound.flux import flux, strongest_around
from tests.sound.songs import band

BARS = 8


def excerpt(name, bars=BARS):
    """A grammar's song, cut to its first bars, in the style's instruments."""
    own = load_style(name)
    grammar = name if name in ("lofi", "jazz", "ambient", "bossa") else "lofi"
    song = next(iter(composed_songs(grammar, 1, seed=4)))
    end = bars * song.meter.bar_ticks
    tracks = tuple(
        replace(
            track,
            program=own.parts[track.role].programs[0],
            notes=tuple(note for note in track.notes if note.onset < end),
        )
        for track in song.tracks
        if track.role in own.parts
    )
    section = replace(song.sections[0], start_bar=0, bars=bars)
    return replace(song, style=name, sections=(section,), chords=song.chords[: 2 * bars], tracks=tracks), own


def looped(synth, folder, name, **wishes):
    song, own = excerpt(name)
    delivery = Delivery(loop=True, **{"format": "wav", **wishes})
    return song, SoundMaker(synth).make(
        song,
        own,
        seconds=60.0,
        seed=5,
        folder=folder,
        name="loop",
        progress=lambda stage, share: None,
        delivery=delivery,
    )


@pytest.mark.parametrize("name", ["lofi", "rock", "ambient", "chiptune", "jazz"])
def test_joined_three_times_the_seams_flux_is_that_of_a_bar_line(synth, tmp_path, name):
    song, made = looped(synth, tmp_path, name)
    audio = soundfile.read(made.audio, dtype="float32")[0].T
    samples = audio.shape[1]
    assert samples == round(song.duration_s * SAMPLE_RATE_HZ)
    curve = flux(np.tile(audio, 3))
    bar_lines = [samples + samples * bar / song.bars for bar in range(1, song.bars)]
    usual = np.percentile([strongest_around(curve, at) for at in bar_lines], 95)
    for seam in (samples, 2 * samples):
        assert strongest_around(curve, seam) <= 1.02 * usual
    jump = np.abs(audio[:, 0] - audio[:, -1]).max()
    assert jump <= np.percentile(np.abs(np.diff(audio, axis=1)).max(axis=0), 99.9)


def decaying(performed: PerformedSong, samples: int) -> Mixed:
    """A mix that is known: each note is a click that rings for seconds; linear, and the same whenever it is played."""
    audio = np.zeros((2, samples + 20 * SAMPLE_RATE_HZ), np.float32)
    time = np.arange(20 * SAMPLE_RATE_HZ)
    ringing = (np.exp(-time / (0.9 * SAMPLE_RATE_HZ)) * np.cos(time / 30)).astype(np.float32)
    for track in performed.tracks:
        for note in track.notes:
            at = round(performed.seconds(note.onset) * SAMPLE_RATE_HZ)
            if at < samples:
                audio[:, at : at + len(ringing)] += note.velocity / 127 * ringing
    audio = audio[:, :samples]
    return Mixed(audio=audio, energies=energies_of(audio), stems={Role.MELODY: audio * np.float32(0.5)})


def written(*notes: tuple[int, int, int]) -> PerformedSong:
    """Eight bars at 90 bpm with notes (bar, quarter, velocity) whose places are whole samples."""
    song = band(bars=8, tempo_bpm=90.0)
    quarter = 24 * PERFORMED_PER_WRITTEN
    played = tuple(
        Note(onset=(4 * bar + at) * quarter, pitch=60, duration=quarter, velocity=velocity)
        for bar, at, velocity in sorted(notes)
    )
    return PerformedSong(song=song, tracks=(PerformedTrack(role=Role.MELODY, program=0, notes=played),))


def test_what_rings_beyond_the_last_bar_line_sounds_on_at_the_beginning():
    performed = written((0, 0, 90), (1, 2, 60), (6, 1, 100), (7, 3, 127))
    mixed = mix_loop(performed, decaying)
    samples = loop_samples(performed.song)
    assert mixed.audio.shape == (2, samples)
    thrice = replace(performed, tracks=tuple(_three_times(track, performed) for track in performed.tracks))
    going_round = decaying(thrice, 3 * samples).audio[:, 2 * samples :]
    error = np.sqrt(np.square(mixed.audio - going_round).mean()) / np.sqrt(np.square(going_round).mean())
    assert error < 1e-3
    assert np.abs(mixed.stems[Role.MELODY] * 2 - mixed.audio).max() < 1e-5
    cut_off = decaying(performed, samples).audio
    assert np.sqrt(np.square(cut_off - going_round).mean()) / np.sqrt(np.square(going_round).mean()) > 0.1


def _three_times(track, performed):
    end = performed.song.bars * performed.song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    notes = [replace(note, onset=note.onset + round_ * end) for round_ in range(3) for note in track.notes]
    return replace(track, notes=tuple(sorted(notes)))


def test_the_last_sample_is_followed_by_the_one_that_followed_it_in_the_mix():
    """Even where the mix is not the same the second time, as with tape flutter."""

    def drifting(performed, samples):
        time = np.arange(samples) / SAMPLE_RATE_HZ
        wave = np.sin(2 * np.pi * 220.3 * time + 3 * np.sin(2 * np.pi * 0.13 * time)).astype(np.float32)
        return Mixed(audio=np.stack([wave, wave]), energies=np.zeros(0), stems={})

    audio = mix_loop(written((0, 0, 90)), drifting).audio
    steps = np.abs(np.diff(np.tile(audio, 2), axis=1)).max(axis=0)
    seam = audio.shape[1] - 1
    assert steps[seam - 5 : seam + 6].max() <= np.abs(np.diff(audio, axis=1)).max() * 1.001
    assert steps[seam] < 0.04


def test_notes_end_with_the_last_bar_and_the_end_comes_before_the_beginning():
    performed = perform(band(bars=8), seed=1)
    bar = performed.song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    longer = run_up(performed, 3)
    for before, after in zip(performed.tracks, longer.tracks, strict=True):
        inside = [note for note in after.notes if 3 * bar <= note.onset < 11 * bar]
        assert [note.pitch for note in inside] == [note.pitch for note in before.notes if note.onset < 8 * bar]
        assert all(note.end <= 11 * bar for note in inside)
        early = [note for note in after.notes if note.onset < 3 * bar]
        assert early, "the last bars are played first"
        assert all(note.end <= 3 * bar for note in early)
        assert max(note.onset for note in after.notes) < 12 * bar


def test_a_song_shorter_than_its_tail_loops_too():
    performed = perform(band(bars=1), seed=1)
    assert mix_loop(performed, decaying).audio.shape[1] == loop_samples(performed.song)


def test_the_limiter_goes_round():
    """A peak at the very end must turn down the beginning, as it will when the loop is played."""
    rng = np.random.default_rng(0)
    audio = (0.1 * rng.standard_normal((2, 10 * SAMPLE_RATE_HZ))).astype(np.float32)
    audio[:, -2000:] *= 20
    done = master_loop(Mixed(audio=audio.copy(), energies=energies_of(audio), stems={}))
    gain = np.abs(done).mean(axis=0) / np.abs(audio).mean(axis=0)
    start, middle = gain[:200].mean(), gain[5 * SAMPLE_RATE_HZ : 6 * SAMPLE_RATE_HZ].mean()
    assert start < 0.7 * middle
    assert true_peak_dbtp(np.tile(done, 2), SAMPLE_RATE_HZ) <= -1.0


def test_a_loop_is_as_loud_as_any_song(synth, tmp_path):
    _, made = looped(synth, tmp_path, "lofi")
    assert loudness_lufs(made.samples) == pytest.approx(-14, abs=1)
    assert true_peak_dbtp(np.tile(made.samples, 2), SAMPLE_RATE_HZ) <= -1.0


@pytest.mark.parametrize("samples", [3 * SAMPLE_RATE_HZ, 3 * SAMPLE_RATE_HZ + 577, 1000])
def test_an_mp3_that_loops_keeps_its_length_in_two_decoders(samples):
    audio = noise(samples)
    data = encoded(audio, format="mp3", tags=TAGS, loop=True).data
    assert by_libav(data)[0].shape == by_libsndfile(data)[0].shape == audio.shape


def test_an_mp3_that_loops_is_encoded_across_its_seam(synth, tmp_path):
    _, made = looped(synth, tmp_path, "lofi")
    seam = {None: strongest_around(flux(np.tile(made.samples, 2)), made.samples.shape[1])}
    for loop in (True, False):
        decoded, _ = by_libsndfile(encoded(made.samples, format="mp3", tags=TAGS, loop=loop).data)
        seam[loop] = strongest_around(flux(np.tile(decoded, 2)), decoded.shape[1])
    assert seam[True] < 1.2 * seam[None] < seam[False]


@pytest.mark.parametrize("format_", ["mp3", "ogg", "flac"])
def test_every_format_decodes_to_the_loops_length(synth, tmp_path, format_):
    song, made = looped(synth, tmp_path, "lofi", format=format_, stems=format_ == "flac")
    audio, rate = by_libsndfile(made.audio.read_bytes())
    assert audio.shape[1] == -(-round(song.duration_s * SAMPLE_RATE_HZ) * rate // SAMPLE_RATE_HZ)


def test_the_plan_of_a_loop_has_whole_bars_no_last_chord_and_a_word_about_its_length(plan):
    loop = looping(plan)
    assert loop.seconds == pytest.approx(len(plan.bars) * plan.bar_s, abs=0.001)
    assert any(bar.final for bar in plan.bars)
    assert not any(bar.final for bar in loop.bars)
    assert f"{len(plan.bars)} bars" in loop.notices[-1]
    exact = looping(replace(plan, seconds=len(plan.bars) * plan.bar_s))
    assert exact.notices == plan.notices


@pytest.fixture
def plan():
    from engine.compose.planner import Planner  # noqa: PLC0415
    from engine.compose.request import ComposeRequest  # noqa: PLC0415

    planner = Planner(None, max_seconds=300, default_seconds=60, default_style="lofi")
    return planner.plan(ComposeRequest(prompt="lofi", style="lofi", seconds=30, seed=3))
