"""What every composed ambient song keeps, over many seeds."""

from functools import cache
from itertools import pairwise

import numpy as np

from engine.grammar.ambient import AMBIENT
from engine.grammar.corpus import composed_songs
from engine.metrics.gates import degeneracy
from engine.metrics.measures import SongMeasures, measure_song
from engine.metrics.symbolic import silent_bars
from engine.music.notes import Note, Role, SectionKind, Song
from engine.music.timing import GRID_IN_QUARTER

BAR = 96
COUNT = 70
RANGES = {role: (casting.low, casting.high) for role, casting in AMBIENT.parts.items()}


@cache
def songs() -> tuple[Song, ...]:
    return tuple(composed_songs("ambient", COUNT, 31))


@cache
def measures() -> tuple[SongMeasures, ...]:
    return tuple(measure_song(song) for song in songs())


def notes_of(song: Song, role: Role) -> tuple[Note, ...]:
    track = song.track(role)
    return track.notes if track else ()


def test_the_same_seed_gives_the_same_song():
    assert tuple(composed_songs("ambient", 4, 31)) == songs()[:4]


def test_no_two_songs_share_their_melody_even_transposed():
    shapes = {
        tuple((b.onset - a.onset, b.pitch - a.pitch) for a, b in pairwise(notes_of(song, Role.MELODY)))
        for song in songs()
    }
    assert len(shapes) >= COUNT - 1


def test_songs_have_the_length_tempo_and_meter_of_the_style():
    for song in songs():
        assert 24 <= song.bars <= 48
        assert 50 <= song.tempo_bpm <= 76
        assert song.swing == 0.5
        assert str(song.meter) == "4/4"


def test_onsets_lie_on_the_grid_and_notes_within_the_song():
    for song in songs():
        for track in song.tracks:
            assert list(track.notes) == sorted(track.notes)
            for note in track.notes:
                assert note.onset % 24 in GRID_IN_QUARTER
                assert note.duration > 0
                assert note.end <= song.bars * BAR


def test_no_song_is_degenerate_or_silent_anywhere():
    assert {i: reasons for i, song in enumerate(songs()) if (reasons := degeneracy(song, RANGES))} == {}
    assert all(silent_bars(song) == () for song in songs())


def test_less_than_three_notes_a_second_sound_and_drums_are_rare():
    densities = [measured.notes_per_second for measured in measures()]
    assert np.mean(densities) < 2
    assert sum(density < 3 for density in densities) >= 0.98 * COUNT
    assert max(densities) < 4
    drummed = [measured.notes_per_bar["drums"] for measured in measures() if "drums" in measured.notes_per_bar]
    assert 0 < len(drummed) < 0.3 * COUNT
    assert np.mean(drummed) < 6


def test_melodies_are_long_notes_with_wide_rests():
    for song, measured in zip(songs(), measures(), strict=True):
        melody = notes_of(song, Role.MELODY)
        assert measured.notes_per_bar["melody"] <= 3
        assert np.median([note.duration for note in melody]) >= 24
        assert max(note.duration for note in melody) >= BAR
    lengths = [note.duration for song in songs() for note in notes_of(song, Role.MELODY)]
    assert np.mean(lengths) >= 48


def test_no_note_lasts_longer_than_two_bars():
    assert max(note.duration for song in songs() for track in song.tracks for note in track.notes) <= 2 * BAR


def test_pads_hold_voices_over_the_bar_line():
    held = [
        any(note.onset // BAR != (note.end - 1) // BAR for note in notes_of(song, Role.HARMONY)) for song in songs()
    ]
    assert sum(held) > 0.3 * COUNT


def test_chords_are_soft_coloured_ones():
    qualities = {chord.quality for song in songs() for chord in song.chords if chord is not None}
    assert {"maj9", "add9", "m9", "sus2"} <= qualities
    assert not qualities & {"7", "9", "13", "7b9", "dim", "dim7", "aug"}


def test_everything_is_soft_and_ends_softer_than_its_middle():
    quieter = judged = 0
    for song in songs():
        levels = [note.velocity for track in song.tracks for note in track.notes if track.role is not Role.DRUMS]
        assert np.mean(levels) <= 62
        assert max(levels) <= 90
        last = song.sections[-1]
        if last.kind is SectionKind.OUTRO:
            judged += 1
            chords = notes_of(song, Role.HARMONY)
            ending = [note.velocity for note in chords if note.onset >= (song.bars - 2) * BAR]
            quieter += np.mean(ending) < np.mean([note.velocity for note in chords])
    assert quieter / judged > 0.9


def test_layers_enter_one_by_one():
    """Fewer roles play at the start of most songs than at their fullest."""
    growing = 0
    for song in songs():
        playing = [
            sum(any(s.start_bar * BAR <= note.onset < s.end_bar * BAR for note in track.notes) for track in song.tracks)
            for s in song.sections
        ]
        growing += playing[0] < max(playing)
    assert growing / COUNT > 0.8


def test_the_bass_keeps_to_roots_and_pedals():
    shares = [measured.bass_roots for measured in measures() if measured.bass_roots is not None]
    assert min(shares) == 1.0
    assert sum(chord is not None and chord.bass != chord.root for song in songs() for chord in song.chords) > 0


def test_songs_end_on_the_tonic():
    assert all(song.chords[-1].root == song.key.tonic for song in songs())
