"""How styles are played: strums, pedal, tempo, doublings, machines, and bounds that hold for every song."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from engine.compose.perform import MAX_STRAY, perform
from engine.compose.performing.clock import Clock
from engine.compose.performing.pedal import chord_changes
from engine.compose.performing.strum import LONGEST_MS
from engine.compose.performing.tempi import MOST_SHARE, RING_S
from engine.music.instruments import KICKS, program_range
from engine.music.notes import Doubling, Note, Role, SectionKind
from engine.music.performance import PERFORMED_PER_WRITTEN
from engine.music.styles import load_style, style_names
from engine.music.touch import Touch
from tests.sound.songs import band

SEEDS = range(12)
STRUMMED_ROOM_MS = 10.0


def with_program(song, role, program):
    tracks = tuple(replace(t, program=program) if t.role is role else t for t in song.tracks)
    return replace(song, tracks=tracks)


def with_doubling(song, role, doubling):
    tracks = tuple(replace(t, doubling=doubling) if t.role is role else t for t in song.tracks)
    return replace(song, tracks=tracks)


def comping(chord=(40, 47, 52, 56, 59, 64), *, tempo_bpm=100.0, step=12):
    """A bar of chords, struck every `step` ticks, again and again."""
    song = band(bars=8, tempo_bpm=tempo_bpm)
    notes = tuple(
        Note(onset=onset, pitch=pitch, duration=step - 1, velocity=80)
        for onset in range(0, 768, step)
        for pitch in chord
    )
    tracks = tuple(replace(t, notes=notes, program=25) if t.role is Role.HARMONY else t for t in song.tracks)
    return replace(song, tracks=tracks)


def track_of(performed, role):
    return next(track for track in performed.tracks if track.role is role)


def strokes(performed, size):
    """The harmony's notes, chord by chord, each lowest note first."""
    notes = track_of(performed, Role.HARMONY).notes
    return [sorted(notes[at : at + size], key=lambda note: note.pitch) for at in range(0, len(notes), size)]


def ms(performed, ticks):
    return 1000 * performed.seconds(ticks)


@pytest.mark.parametrize("name", style_names())
def test_in_every_style_nobody_strays_farther_than_allowed_and_order_is_kept(name):
    touch = load_style(name).touch
    for seed in SEEDS:
        song = band(bars=8, tempo_bpm=70.0 + 8 * seed, swing=0.5 + 0.015 * seed, seed=seed)
        song = with_program(song, Role.HARMONY, (0, 25, 24, 46)[seed % 4])
        performed = perform(song, seed=seed, touch=touch, room_s=3.0)
        most = MAX_STRAY + (LONGEST_MS + STRUMMED_ROOM_MS) / (60_000 / song.tempo_bpm / 960)
        for written, played in zip(song.tracks, performed.tracks, strict=True):
            clock = Clock(sorted(written.notes), song)
            assert len(played.notes) == len(written.notes)
            by_pitch = {}
            for note in played.notes:
                by_pitch.setdefault(note.pitch, []).append(note.onset)
            order = []
            for note in sorted(written.notes):
                onset = by_pitch[note.pitch].pop(0)
                stray = abs(onset - clock.performed(note.onset))
                assert stray <= (most if written.role is Role.HARMONY else MAX_STRAY)
                order.append((note.onset, onset))
            latest = {}
            for place, onset in order:
                latest[place] = max(latest.get(place, 0), onset)
            earliest = {place: min(on for at, on in order if at == place) for place in latest}
            for before, after in pairwise(sorted(latest)):
                assert earliest[after] >= latest[before]
            assert all(1 <= note.velocity <= 127 for note in played.notes)


def test_down_strokes_lead_with_the_low_strings_and_up_strokes_with_the_high_ones():
    for seed in SEEDS:
        chords = strokes(perform(comping(), seed=seed, touch=Touch(groove="")), 6)
        for at, chord in enumerate(chords):
            onsets = [note.onset for note in chord]
            assert onsets == sorted(onsets, reverse=at % 2 == 1)
            assert len(set(onsets)) == 6
        down = np.mean([note.velocity for chord in chords[::2] for note in chord])
        up = np.mean([note.velocity for chord in chords[1::2] for note in chord])
        assert down > up + 4


@pytest.mark.parametrize(("tempo_bpm", "step"), [(70.0, 24), (100.0, 12), (120.0, 24)])
def test_strings_follow_one_another_by_8_to_25_ms_where_there_is_time(tempo_bpm, step):
    performed = perform(comping(tempo_bpm=tempo_bpm, step=step), seed=3, touch=Touch())
    for chord in strokes(performed, 6)[1:]:
        gaps = np.abs(np.diff([ms(performed, note.onset) for note in chord]))
        assert gaps.min() > 7.4
        assert gaps.max() < 25.6


def test_quick_strums_end_before_the_next_one_begins():
    performed = perform(comping(tempo_bpm=180.0, step=6), seed=3, touch=Touch())
    chords = strokes(performed, 6)
    for before, after in pairwise(chords):
        assert max(note.onset for note in before) < min(note.onset for note in after)


def test_fingers_on_nylon_strike_together_in_the_bossa():
    song = with_program(comping((48, 52, 57, 60)), Role.HARMONY, 24)
    performed = perform(song, seed=1, touch=load_style("bossa").touch)
    spans = [max(n.onset for n in chord) - min(n.onset for n in chord) for chord in strokes(performed, 4)]
    assert max(ms(performed, span) for span in spans) < 20


def test_the_pedal_changes_with_the_chord_and_only_on_pianos():
    touch = load_style("classical").touch
    for seed in SEEDS:
        song = with_program(band(bars=8, seed=seed), Role.HARMONY, 0)
        performed = perform(song, seed=seed, touch=touch)
        presses = track_of(performed, Role.HARMONY).pedal
        assert len(presses) == 8
        changes = chord_changes(song)
        for at, press in enumerate(presses):
            assert changes[at] < press.onset < changes[at] + 0.2 / performed.seconds(1)
            assert press.end <= changes[at] + song.meter.bar_ticks * PERFORMED_PER_WRITTEN + 2 * MAX_STRAY
        for before, after in pairwise(presses):
            assert before.end < after.onset
            struck = [n for n in track_of(performed, Role.HARMONY).notes if before.end <= n.onset < after.onset]
            assert struck or before.end + 1 < after.onset
    viola = perform(with_program(band(), Role.HARMONY, 41), seed=1, touch=touch)
    assert track_of(viola, Role.HARMONY).pedal == ()
    assert track_of(perform(band(), seed=1, touch=Touch()), Role.HARMONY).pedal == ()


def test_no_chord_rings_through_the_next_one_under_the_pedal():
    song = with_program(band(bars=8), Role.HARMONY, 0)
    track = track_of(perform(song, seed=2, touch=load_style("classical").touch), Role.HARMONY)
    for press in track.pedal:
        caught = {note.pitch % 12 for note in track.notes if note.onset <= press.onset < note.end}
        bar = press.onset // (song.meter.bar_ticks * PERFORMED_PER_WRITTEN)
        assert caught <= set(song.chords[2 * bar].pitch_classes)


def test_rubato_leaves_every_phrase_as_long_as_it_is_written():
    song = band(bars=16, tempo_bpm=80.0)
    touch = Touch(groove="", rubato=0.05)
    for seed in SEEDS:
        performed = perform(song, seed=seed, touch=touch)
        bar = song.meter.bar_ticks * PERFORMED_PER_WRITTEN
        plain = perform(song, seed=seed, touch=Touch(groove=""))
        for phrase in range(5):
            there = performed.seconds(phrase * 4 * bar), plain.seconds(phrase * 4 * bar)
            assert there[0] == pytest.approx(there[1], abs=0.002)
        middle = performed.seconds(2 * bar + bar // 4) - performed.seconds(2 * bar - bar // 4)
        ends = performed.seconds(bar // 2)
        assert ends > middle * 1.02


@pytest.mark.parametrize("name", [n for n in style_names() if load_style(n).touch.slowing])
def test_ends_slow_down_within_their_room_and_the_whole_keeps_its_tempo(name):
    touch = load_style(name).touch
    song = band(bars=24, tempo_bpm=80.0)
    end = song.bars * song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    for seed in SEEDS:
        performed = perform(song, seed=seed, touch=touch, room_s=2.5)
        extra_s = performed.seconds(end) - song.duration_s
        assert 0.1 < extra_s <= min(2.5 - RING_S, MOST_SHARE * song.duration_s) + 0.01
        bpms = [change.bpm for change in performed.tempi]
        assert min(bpms) < 0.97 * song.tempo_bpm
        assert song.duration_s / performed.seconds(end) > 0.98
        last = max(note.onset for track in song.tracks for note in track.notes) * PERFORMED_PER_WRITTEN
        slowing = [change.bpm for change in performed.tempi if last - 4 * 960 <= change.onset < last]
        assert slowing == sorted(slowing, reverse=True) or touch.rubato


@pytest.mark.parametrize("settings", [{"steady": True, "room_s": 3.0}, {"room_s": 1.25}, {}])
def test_loops_and_lengths_without_room_do_not_slow_down(settings):
    song = band(bars=16, tempo_bpm=80.0)
    assert perform(song, seed=1, touch=Touch(slowing=0.3), **settings).tempi == ()
    assert perform(song, seed=1, touch=Touch(slowing=0.3), room_s=3.0).tempi != ()
    assert perform(song, seed=1, touch=Touch(slowing=0.3, slowing_below_bpm=70), room_s=3.0).tempi == ()
    steady = perform(song, seed=1, touch=load_style("classical").touch, steady=True, room_s=3.0)
    assert steady.tempi == ()


def test_a_machine_is_exactly_on_the_grid_and_strikes_evenly():
    touch = load_style("chiptune").touch
    song = with_program(band(bars=4, swing=0.5), Role.HARMONY, 80)
    first, second = (perform(song, seed=seed, touch=touch) for seed in (1, 2))
    assert first.tracks == second.tracks
    for written, played in zip(song.tracks, first.tracks, strict=True):
        assert [n.onset for n in played.notes] == [n.onset * PERFORMED_PER_WRITTEN for n in sorted(written.notes)]


def test_the_bass_stands_beside_the_kick():
    apart, alone = [], []
    for seed in range(30):
        performed = perform(band(bars=8, tempo_bpm=84.0), seed=seed, touch=load_style("lofi").touch)
        kicks = [note.onset for note in track_of(performed, Role.DRUMS).notes if note.pitch in KICKS]
        bass = [note.onset for note in track_of(performed, Role.BASS).notes]
        apart += [ms(performed, 1) * (b - k) for b, k in zip(bass, kicks, strict=True)]
        alone += [ms(performed, 1) * (k % 3840 - 3840 * (k % 3840 > 1920)) for k in kicks]
    assert np.std(apart) < 3
    assert np.std(alone) > np.std(apart)


def test_chords_come_late_in_lofi_and_jazz_and_on_time_without_them():
    def lateness(touch):
        late = []
        for seed in range(20):
            performed = perform(with_program(band(tempo_bpm=80.0), Role.HARMONY, 4), seed=seed, touch=touch)
            notes = track_of(performed, Role.HARMONY).notes
            late += [ms(performed, 1) * (n.onset - round(n.onset / 3840) * 3840) for n in notes if n.onset > 1000]
        return np.mean(late)

    plain = lateness(Touch(groove=""))
    assert lateness(load_style("lofi").touch) > plain + 4
    assert lateness(load_style("jazz").touch) > plain + 7


def test_a_doubling_plays_along_at_its_interval_a_little_behind():
    double = Doubling(program=73, semitones=12, gain_db=-6.0)
    song = with_doubling(band(), Role.MELODY, double)
    performed = perform(song, seed=1)
    track = track_of(performed, Role.MELODY)
    layer = track.layer
    assert layer is not None
    low, high = program_range(73)
    led = [note for note in track.notes if low <= note.pitch + 12 <= high]
    assert [note.pitch for note in layer.notes] == [note.pitch + 12 for note in led]
    behind = [1000 * performed.seconds(b.onset - a.onset) for a, b in zip(led, layer.notes, strict=True)]
    assert min(behind) >= 0
    assert 2 < np.mean(behind) < 15
    assert track.notes == track_of(perform(band(), seed=1), Role.MELODY).notes


def test_a_doubling_of_choruses_is_silent_elsewhere():
    song = with_doubling(band(bars=16), Role.MELODY, Doubling(program=73, semitones=0, gain_db=-6, loud_only=True))
    performed = perform(song, seed=1)
    bar = song.meter.bar_ticks * PERFORMED_PER_WRITTEN
    sections = {
        song.section_at((note.onset + 100) // bar).kind for note in track_of(performed, Role.MELODY).layer.notes
    }
    assert sections == {SectionKind.CHORUS}


def test_strings_hold_the_chord_that_a_guitar_repeats():
    song = with_doubling(comping(), Role.HARMONY, Doubling(program=48, semitones=0, gain_db=-8.0))
    performed = perform(song, seed=1)
    track = track_of(performed, Role.HARMONY)
    low, _ = program_range(48)
    reachable = {note.pitch for note in track.notes if note.pitch >= low}
    assert len(track.layer.notes) == len(reachable) * song.bars
    assert min(note.duration for note in track.layer.notes) > 3000


def test_phrases_are_louder_in_the_middle_and_grow_into_a_chorus():
    song = band(bars=16)
    melody = [track_of(perform(song, seed=seed, touch=Touch(arch=8.0)), Role.MELODY).notes for seed in range(20)]
    mean = np.mean([[note.velocity for note in notes] for notes in melody], axis=0)
    bars = mean.reshape(16, 8).mean(axis=1)
    assert bars[2] > bars[0] + 2
    assert bars[2] > bars[3] + 2
    verse, chorus = 7, 8
    assert song.section_at(verse).kind is SectionKind.VERSE
    assert song.section_at(chorus).kind is SectionKind.CHORUS
    growth = mean.reshape(16, 8)[verse, -1] - mean.reshape(16, 8)[verse - 4, -1]
    assert growth > 1


def test_a_chord_that_comes_an_eighth_early_takes_the_pedal_with_it():
    song = with_program(band(bars=4), Role.HARMONY, 0)
    early = tuple(
        replace(note, onset=note.onset - 12) if note.onset == 96 else note
        for note in next(t.notes for t in song.tracks if t.role is Role.HARMONY)
    )
    early = tuple(replace(n, duration=80) if n.onset == 0 else n for n in early)
    tracks = tuple(replace(t, notes=early) if t.role is Role.HARMONY else t for t in song.tracks)
    presses = track_of(perform(replace(song, tracks=tracks), seed=1, touch=load_style("pop").touch), Role.HARMONY).pedal
    assert presses[0].end < 84 * PERFORMED_PER_WRITTEN + MAX_STRAY
    assert 84 * PERFORMED_PER_WRITTEN < presses[1].onset < 90 * PERFORMED_PER_WRITTEN


def test_whoever_is_kept_plays_the_same_whatever_the_others_do():
    song = band(bars=8)
    for role in Role:
        whole = perform(song, seed=3, touch=load_style("lofi").touch)
        others = tuple(track if track.role is role else replace(track, notes=track.notes[::2]) for track in song.tracks)
        alone = tuple(track for track in song.tracks if track.role is role)
        for tracks in (others, alone):
            again = perform(replace(song, tracks=tracks), seed=3, touch=load_style("lofi").touch)
            assert track_of(again, role) == track_of(whole, role)
