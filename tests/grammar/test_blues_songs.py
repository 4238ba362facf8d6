"""What every composed blues keeps, over many seeds."""

from functools import cache
from itertools import pairwise

import numpy as np

from engine.grammar.blues import BLUES
from engine.grammar.corpus import composed_songs
from engine.grammar.drums import PLAYABLE
from engine.metrics.form import bar_contents
from engine.metrics.gates import degeneracy
from engine.metrics.measures import SongMeasures, measure_song
from engine.metrics.symbolic import silent_bars
from engine.music.harmony import Mode
from engine.music.notes import Note, Role, SectionKind, Song
from engine.music.timing import GRID_IN_QUARTER

BAR = 96
COUNT = 60
RANGES = {role: (casting.low, casting.high) for role, casting in BLUES.parts.items()}
MAIN = (SectionKind.VERSE, SectionKind.CHORUS)
BLUES_SCALE = frozenset((0, 3, 4, 5, 6, 7, 10))


@cache
def songs() -> tuple[Song, ...]:
    return tuple(composed_songs("blues", COUNT, 77))


@cache
def measures() -> tuple[SongMeasures, ...]:
    return tuple(measure_song(song) for song in songs())


def notes_of(song: Song, role: Role) -> tuple[Note, ...]:
    track = song.track(role)
    return track.notes if track else ()


def roots(song: Song, start: int, bars: int) -> tuple[int, ...]:
    """Each bar's first root, in semitones above the tonic."""
    chords = [song.chords[2 * bar] for bar in range(start, start + bars)]
    return tuple((chord.root - song.key.tonic) % 12 for chord in chords if chord is not None)


def twelves(song: Song) -> list[int]:
    return [section.start_bar for section in song.sections if section.bars == 12 and section.kind in MAIN]


def test_the_same_seed_gives_the_same_song():
    assert tuple(composed_songs("blues", 4, 77)) == songs()[:4]


def test_no_two_songs_share_their_melody_even_transposed():
    shapes = {
        tuple((b.onset - a.onset, b.pitch - a.pitch) for a, b in pairwise(notes_of(song, Role.MELODY)))
        for song in songs()
    }
    assert len(shapes) == COUNT


def test_songs_have_the_length_tempo_and_meter_of_the_style():
    for song in songs():
        assert 32 <= song.bars <= 52
        assert 60 <= song.tempo_bpm <= 140
        assert 0.62 <= song.swing <= 0.67 or song.swing <= 0.53
        assert str(song.meter) == "4/4"
        assert len(song.chords) == 2 * song.bars
    assert sum(song.swing >= 0.62 for song in songs()) / COUNT > 0.75
    assert sum(song.tempo_bpm <= 80 for song in songs()) / COUNT > 0.15


def test_most_songs_are_made_of_choruses_of_twelve_bars():
    assert sum(bool(twelves(song)) for song in songs()) / COUNT > 0.75
    assert {section.bars for song in songs() for section in song.sections if section.kind in MAIN} <= {8, 12, 16}


def test_a_chorus_starts_at_home_and_goes_to_the_fourth_degree_in_its_fifth_bar():
    for song in songs():
        for start in twelves(song):
            chorus = roots(song, start, 12)
            assert chorus[0] == 0
            assert chorus[4] == 5
            assert chorus[8] in (7, 8, 2), "the last phrase leaves home: V, or VI or ii on the way to it"


def test_major_blues_stands_on_dominant_sevenths_and_minor_blues_on_minor_ones():
    for song in songs():
        tonics = {chord.quality for chord in song.chords if chord is not None and chord.root == song.key.tonic}
        assert tonics <= ({"m7", "m9", "m"} if song.key.mode is Mode.MINOR else {"7", "9", "13"})


def test_songs_end_at_home():
    for song in songs():
        assert song.chords[-1].root == song.key.tonic
        held = [note for note in notes_of(song, Role.HARMONY) if note.onset == (song.bars - 1) * BAR]
        assert held
        assert all(note.duration == BAR for note in held)


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


def test_tunes_are_made_of_the_blues_scale():
    shares = []
    for song in songs():
        degrees = [(note.pitch - song.key.tonic) % 12 for note in notes_of(song, Role.MELODY)]
        shares.append(sum(degree in BLUES_SCALE for degree in degrees) / len(degrees))
    assert np.mean(shares) >= 0.8
    assert min(shares) >= 0.55


def test_most_songs_bend_a_third_or_fifth_from_a_semitone_below():
    bending = 0
    for song in songs():
        line = notes_of(song, Role.MELODY)
        bending += any(a.duration <= 4 and b.pitch - a.pitch == 1 and a.end == b.onset for a, b in pairwise(line))
    assert bending / COUNT > 0.7


def test_the_call_is_heard_twice_before_the_answer():
    """Bars 5 and 6 of a tune's first chorus have the rhythm of bars 1 and 2 (grace notes aside)."""
    judged = repeated = 0
    for song in songs():
        line = [note for note in notes_of(song, Role.MELODY) if note.duration > 4]
        onsets = [{onset for onset, _ in content} for content in bar_contents(song, line)]
        for start in twelves(song)[:1]:
            judged += 1
            repeated += onsets[start] == onsets[start + 4] and bool(onsets[start])
    assert repeated / judged > 0.8


def test_the_bass_states_the_root_on_every_downbeat_it_plays():
    assert {measured.bass_roots for measured in measures()} == {1.0}


def test_melodies_are_neither_empty_nor_crowded_and_rarely_leap_an_octave():
    for measured in measures():
        assert 3.0 <= measured.notes_per_bar["melody"] <= 7.5
        assert measured.melody_octave_leaps <= 0.06
        assert measured.longest_repeated_pitch_run <= 6
        assert 0.4 <= measured.melody_distinct_bars <= 0.95


def test_drums_keep_the_backbeat_and_use_only_keys_that_the_kits_have():
    judged = hit = 0
    for song in songs():
        assert {note.pitch for note in notes_of(song, Role.DRUMS)} <= PLAYABLE
        snares = {note.onset for note in notes_of(song, Role.DRUMS) if note.pitch in (37, 38, 40)}
        for section in song.sections:
            for bar in range(section.start_bar, section.end_bar - 1) if section.kind in MAIN else ():
                judged += 2
                hit += (bar * BAR + 24 in snares) + (bar * BAR + 72 in snares)
    assert hit / judged > 0.9


def test_slow_blues_is_felt_in_twelve_eighths():
    triplets = 0
    slow = [song for song in songs() if song.tempo_bpm <= 80]
    for song in slow:
        triplets += any(note.onset % 24 in (8, 16) for note in notes_of(song, Role.DRUMS))
    assert triplets == len(slow) > 0
