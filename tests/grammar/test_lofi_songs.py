"""What every composed lofi song keeps, over many seeds."""

from dataclasses import replace
from functools import cache
from itertools import islice, pairwise

import numpy as np
import pytest

from engine.grammar.corpus import compose_lofi, composed_songs
from engine.grammar.drums import PLAYABLE
from engine.grammar.lofi import LOFI
from engine.metrics.form import bar_contents, chord_tone_share, longest_frozen_run, returning_bars_share
from engine.metrics.gates import degeneracy
from engine.metrics.measures import measure_song
from engine.metrics.symbolic import longest_repeated_pitch_run, silent_bars
from engine.music.harmony import Mode
from engine.music.notes import Note, Role, SectionKind, Song
from engine.music.timing import GRID_IN_QUARTER

BAR = 96
COUNT = 120
RANGES = {role: (casting.low, casting.high) for role, casting in LOFI.parts.items()}
GROOVE_SECTIONS = (SectionKind.VERSE, SectionKind.CHORUS)


@cache
def songs() -> tuple[Song, ...]:
    return tuple(composed_songs("lofi", COUNT, 2024))


def notes_of(song: Song, role: Role) -> tuple[Note, ...]:
    track = song.track(role)
    return track.notes if track else ()


def tune_shape(song: Song) -> tuple[tuple[int, int], ...]:
    """Waiting times and intervals of the melody: the same for a transposed copy."""
    return tuple((b.onset - a.onset, b.pitch - a.pitch) for a, b in pairwise(notes_of(song, Role.MELODY)))


def test_the_same_seed_gives_the_same_song():
    assert tuple(composed_songs("lofi", 5, 2024)) == songs()[:5]
    assert compose_lofi(np.random.default_rng(3)) == compose_lofi(np.random.default_rng(3))


def test_a_song_does_not_depend_on_how_many_are_asked_for():
    assert next(composed_songs("lofi", 1, 2024)) == next(islice(composed_songs("lofi", 9, 2024), 1))


def test_no_two_songs_share_their_melody_even_transposed():
    assert len({tune_shape(song) for song in songs()}) == COUNT


def test_no_two_songs_share_their_first_eight_melody_notes():
    assert len({tune_shape(song)[:8] for song in songs()}) >= COUNT - 1


def test_songs_have_the_length_tempo_and_swing_of_the_style():
    for song in songs():
        assert 24 <= song.bars <= 48
        assert 66 <= song.tempo_bpm <= 92
        assert 0.54 <= song.swing <= 0.62
        assert str(song.meter) == "4/4"
        assert len(song.chords) == 2 * song.bars


def test_all_keys_occur_and_minor_modes_are_the_usual_ones():
    assert {song.key.tonic for song in songs()} == set(range(12))
    dark = sum(song.key.mode in (Mode.MINOR, Mode.DORIAN) for song in songs()) / COUNT
    assert 0.55 <= dark <= 0.85


def test_onsets_lie_on_the_grid_and_notes_within_the_song():
    for song in songs():
        for track in song.tracks:
            assert list(track.notes) == sorted(track.notes)
            for note in track.notes:
                assert note.onset % 24 in GRID_IN_QUARTER
                assert note.duration > 0
                assert note.end <= song.bars * BAR
                assert 1 <= note.velocity <= 127


def test_no_song_is_degenerate():
    assert {i: reasons for i, song in enumerate(songs()) if (reasons := degeneracy(song, RANGES))} == {}


def test_drums_use_only_the_keys_that_the_kits_have():
    used = {note.pitch for song in songs() for note in notes_of(song, Role.DRUMS)}
    assert used <= PLAYABLE
    assert {36, 37, 38, 42, 46} <= used


def test_something_sounds_in_every_bar():
    assert all(silent_bars(song) == () for song in songs())


def test_a_melody_repeats_a_pitch_at_most_four_times_running():
    assert max(longest_repeated_pitch_run(song.track(Role.MELODY)) for song in songs()) <= 4


def test_no_melody_bar_is_frozen_for_more_than_three_bars():
    assert max(longest_frozen_run(song, notes_of(song, Role.MELODY)) for song in songs()) <= 3


def test_melodies_meet_the_chords_on_strong_beats():
    shares = [chord_tone_share(song) for song in songs()]
    assert min(shares) >= 0.75
    assert np.mean(shares) >= 0.9


def test_melodies_are_neither_empty_nor_crowded():
    per_bar = [measure_song(song).notes_per_bar["melody"] for song in songs()]
    assert min(per_bar) >= 3.3
    assert max(per_bar) <= 7


def test_melodies_breathe():
    """In sections with a tune, some bar's second half starts no note."""
    breathing = 0
    for song in songs():
        late = {note.onset // BAR for note in notes_of(song, Role.MELODY) if note.onset % BAR >= BAR // 2}
        breathing += len(set(range(song.bars)) - late) >= song.bars // 8
    assert breathing == COUNT


def test_leaps_turn_back():
    recovered = total = 0
    for song in songs():
        moves = [b.pitch - a.pitch for a, b in pairwise(notes_of(song, Role.MELODY))]
        for leap, after in pairwise(moves):
            if abs(leap) >= 7:
                total += 1
                recovered += leap * after < 0
    assert recovered / total > 0.7


def test_melodies_range_widely_but_rarely_leap_an_octave():
    for song in songs():
        measures = measure_song(song)
        assert measures.melody_pitches >= 7
        assert measures.melody_octave_leaps <= 0.08


def test_the_bass_states_the_root_on_every_downbeat_it_plays():
    assert {measure_song(song).bass_roots for song in songs()} == {1.0}


def test_returning_sections_return_and_vary():
    shares = [
        share for song in songs() if (share := returning_bars_share(song, notes_of(song, Role.MELODY))) is not None
    ]
    assert len(shares) > COUNT * 0.7
    assert np.mean(shares) > 0.85
    assert sum(_returns_exactly(song) for song in songs()) < COUNT * 0.2


def _returns_exactly(song: Song) -> bool:
    """Whether every returning label plays exactly the notes of its first time."""
    contents = [bar_contents(song, track.notes) for track in song.tracks]
    first: dict[str, int] = {}
    pairs = []
    for section in song.sections:
        origin = first.setdefault(section.label, section.start_bar)
        pairs += [(origin + i, section.start_bar + i) for i in range(section.bars) if origin != section.start_bar]
    return bool(pairs) and all(bars[a] == bars[b] for bars in contents for a, b in pairs)


def test_snare_or_rim_falls_on_two_and_four():
    judged = hit = 0
    for song in songs():
        backbeats = {note.onset for note in notes_of(song, Role.DRUMS) if note.pitch in (37, 38, 39, 40)}
        drummed = {note.onset // BAR for note in notes_of(song, Role.DRUMS)}
        for bar in drummed:
            if song.section_at(bar).kind in GROOVE_SECTIONS:
                judged += 2
                hit += (bar * BAR + 24 in backbeats) + (bar * BAR + 72 in backbeats)
    assert hit / judged > 0.9


def test_most_songs_begin_or_break_without_drums():
    without = 0
    for song in songs():
        drummed = {song.section_at(note.onset // BAR).start_bar for note in notes_of(song, Role.DRUMS)}
        without += any(section.start_bar not in drummed for section in song.sections)
    assert without > COUNT / 2


def test_chords_are_voiced_in_the_middle_and_move_little():
    moves = []
    for song in songs():
        stacks: dict[int, list[int]] = {}
        for note in notes_of(song, Role.HARMONY):
            stacks.setdefault(note.onset, []).append(note.pitch)
        full = [sorted(stack) for stack in stacks.values() if len(stack) >= 3]
        assert all(len(stack) <= 4 for stack in full)
        moves += [abs(a[-1] - b[-1]) for a, b in pairwise(full)]
    assert np.mean(moves) < 2.5


def test_songs_end_on_a_held_tonic_chord():
    for song in songs():
        last = (song.bars - 1) * BAR
        assert song.chords[-1].root == song.key.tonic
        for track in song.tracks:
            closing = [note for note in track.notes if note.onset >= last]
            assert {note.onset for note in closing} <= {last}
        assert any(note.onset == last and note.duration == BAR for note in notes_of(song, Role.HARMONY))


def test_no_note_sounds_into_the_next_of_its_pitch():
    for song in songs():
        for track in song.tracks:
            ends: dict[int, int] = {}
            for note in track.notes:
                assert ends.get(note.pitch, 0) <= note.onset
                ends[note.pitch] = note.end


def test_programs_come_from_the_casting():
    for song in songs():
        for track in song.tracks:
            assert track.program in [program for program, _ in LOFI.parts[track.role].programs]


def test_played_drum_bars_are_used_on_the_grid_and_without_unknown_keys():
    bar = tuple(Note(onset=tick, pitch=pitch, duration=5, velocity=99) for tick, pitch in ((1, 36), (23, 57), (50, 99)))
    played = list(composed_songs("lofi", 20, 5, drum_bars=[bar]))
    found = {(n.onset % BAR, n.pitch) for song in played for n in notes_of(song, Role.DRUMS) if n.velocity == 99}
    assert {(0, 36), (24, 57)} <= found
    assert all(n.pitch in PLAYABLE for song in played for n in notes_of(song, Role.DRUMS))
    written = list(composed_songs("lofi", 20, 5))
    assert any(notes_of(a, Role.DRUMS) != notes_of(b, Role.DRUMS) for a, b in zip(played, written, strict=True))


def test_a_style_without_a_grammar_is_refused_by_name():
    with pytest.raises(ValueError, match=r"'polka' has no written grammar that composes; lofi"):
        next(composed_songs("polka", 1, 0))


def test_a_frozen_song_would_fail_the_gate():
    """The gate that the songs pass is able to refuse one of them."""
    song = songs()[0]
    track = song.track(Role.MELODY)
    frozen = replace(track, notes=tuple(replace(note, pitch=72) for note in track.notes))
    broken = replace(song, tracks=tuple(frozen if t is track else t for t in song.tracks))
    assert any("repeats a pitch" in reason for reason in degeneracy(broken, RANGES))
