"""What every composed jazz and bossa song keeps, over many seeds."""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from engine.grammar.corpus import GRAMMARS, composed_songs
from engine.grammar.drums import PLAYABLE
from engine.metrics.gates import degeneracy
from engine.metrics.measures import measure_song
from engine.music.harmony import QUALITIES, Mode
from engine.music.notes import Note, Role, SectionKind, Song
from engine.music.styles import load_style
from engine.music.timing import GRID_IN_QUARTER
from engine.music.tokens import DRUM_INDEX

BAR, QUARTER, EIGHTH = 96, 24, 12
COUNT = 60
STYLES = ("jazz", "bossa")
both = pytest.mark.parametrize("style", STYLES)


@cache
def songs(style: str) -> tuple[Song, ...]:
    return tuple(composed_songs(style, COUNT, 7))


def notes_of(song: Song, role: Role) -> tuple[Note, ...]:
    track = song.track(role)
    return track.notes if track else ()


def is_walking(song: Song) -> bool:
    bass = notes_of(song, Role.BASS)
    return sum(note.duration == QUARTER for note in bass) > 0.7 * len(bass)


@cache
def swinging() -> tuple[Song, ...]:
    return tuple(song for song in songs("jazz") if song.tempo_bpm > 100)


@both
def test_the_same_seed_gives_the_same_song(style: str) -> None:
    assert tuple(composed_songs(style, 3, 7)) == songs(style)[:3]


@both
def test_no_song_is_degenerate(style: str) -> None:
    ranges = {role: (part.low, part.high) for role, part in GRAMMARS[style].parts.items()}
    found = {index: reasons for index, song in enumerate(songs(style)) if (reasons := degeneracy(song, ranges))}
    assert found == {}


@both
def test_every_note_lies_in_the_range_and_every_program_in_the_cast_of_the_style(style: str) -> None:
    parts = load_style(style).parts
    for song in songs(style):
        for track in song.tracks:
            part = parts[track.role]
            assert track.program in part.programs
            assert all(part.low <= note.pitch <= part.high for note in track.notes)


@both
def test_tempos_swing_and_lengths_are_those_of_the_style(style: str) -> None:
    for song in songs(style):
        assert 24 <= song.bars <= 64
        if style == "bossa":
            assert 110 <= song.tempo_bpm <= 150
            assert song.swing == 0.5
        else:
            assert 60 <= song.tempo_bpm <= 90 or 110 <= song.tempo_bpm <= 220
            assert 0.60 <= song.swing <= 0.67


@both
def test_all_keys_and_both_lights_occur(style: str) -> None:
    assert {song.key.tonic for song in songs(style)} == set(range(12))
    bright = sum(song.key.mode is Mode.MAJOR for song in songs(style)) / COUNT
    assert 0.35 <= bright <= 0.8


@both
def test_notes_lie_on_the_grid_and_drums_on_keys_that_the_network_knows(style: str) -> None:
    for song in songs(style):
        for track in song.tracks:
            assert all(note.onset % QUARTER in GRID_IN_QUARTER for note in track.notes)
        used = {note.pitch for note in notes_of(song, Role.DRUMS)}
        assert used <= PLAYABLE & DRUM_INDEX.keys()


@both
def test_no_two_songs_share_their_tune_even_transposed(style: str) -> None:
    tunes = {
        tuple((b.onset - a.onset, b.pitch - a.pitch) for a, b in pairwise(notes_of(song, Role.MELODY)))[:12]
        for song in songs(style)
    }
    assert len(tunes) == COUNT


@both
def test_the_tune_meets_the_chord_on_strong_beats_and_dwells_on_thirds_and_sevenths(style: str) -> None:
    shares, guides = [], []
    for song in songs(style):
        shares.append(measure_song(song).melody_chord_tones)
        for note in notes_of(song, Role.MELODY):
            if note.onset % (BAR // 2) == 0:
                chord = song.chords[note.onset * 2 // BAR]
                assert chord is not None
                guides.append((note.pitch - chord.root) % 12 in (3, 4, 9, 10, 11))
    assert np.mean([share for share in shares if share is not None]) >= 0.85
    assert np.mean(guides) >= 0.45


@both
def test_tunes_breathe_and_return(style: str) -> None:
    returning, leaps = [], []
    for song in songs(style):
        measures = measure_song(song)
        assert measures.melody_distinct_bars is not None
        assert 0.4 <= measures.melody_distinct_bars <= 0.98
        assert measures.melody_octave_leaps is not None
        leaps.append(measures.melody_octave_leaps)
        returning.append(measures.melody_returning_bars)
        rests = [b.onset - a.end for a, b in pairwise(notes_of(song, Role.MELODY))]
        assert sum(rest >= EIGHTH for rest in rests) >= song.bars // 4
        assert sum(max(0, rest) for rest in rests) >= song.bars * BAR * 0.07
    assert 0.5 <= np.mean([share for share in returning if share is not None]) <= 0.95
    assert np.mean(np.array(leaps) <= 0.05) >= 0.95  # one song in two hundred has up to .08
    assert max(leaps) <= 0.08


@both
def test_the_bass_has_the_root_on_most_downbeats(style: str) -> None:
    roots = [measure_song(song).bass_roots for song in songs(style)]
    assert min(root for root in roots if root is not None) >= 0.6
    assert all((root or 0) >= 0.98 for root in roots) == (style == "bossa")


def test_the_bass_of_swinging_songs_walks_in_quarters() -> None:
    assert np.mean([is_walking(song) for song in swinging()]) >= 0.75


def test_a_walking_bass_moves_by_step_or_third_and_leads_into_the_next_root_by_step() -> None:
    small, leading = [], []
    for song in swinging():
        bass = notes_of(song, Role.BASS)
        if not is_walking(song):
            continue
        for before, after in pairwise(bass):
            move = abs(after.pitch - before.pitch)
            small.append(move <= 4)
            if after.onset % BAR == 0 and before.end == after.onset:
                leading.append(move <= 2)
    assert np.mean(small) >= 0.75
    assert np.mean(leading) >= 0.6


def test_jazz_rides_the_cymbal_with_the_foot_on_two_and_four() -> None:
    judged = feet = kicks = 0
    for song in swinging():
        hits = {(note.onset, note.pitch) for note in notes_of(song, Role.DRUMS)}
        for bar in range(song.bars):
            cymbals = [pitch for onset, pitch in hits if onset // BAR == bar and pitch in (51, 53, 42)]
            if song.section_at(bar).kind in (SectionKind.VERSE, SectionKind.CHORUS) and len(cymbals) >= 4:
                judged += 2
                feet += ((bar * BAR + 24, 44) in hits) + ((bar * BAR + 72, 44) in hits)
        kicks += sum(note.velocity > 90 for note in notes_of(song, Role.DRUMS) if note.pitch == 36)
    assert feet / judged > 0.9
    assert kicks < judged / 4


def test_ballads_are_swept_with_brushes() -> None:
    ballads = [song for song in songs("jazz") if song.tempo_bpm < 100]
    assert len(ballads) >= COUNT // 12
    programs = Counter(track.program for song in ballads for track in song.tracks if track.role is Role.DRUMS)
    assert programs.most_common(1)[0][0] == 40
    assert set(programs) <= {40, 32}


@both
def test_chords_leave_the_root_to_the_bass(style: str) -> None:
    rooted = []
    for song in songs(style):
        bass_bars = {note.onset // BAR for note in notes_of(song, Role.BASS)}
        stacks: dict[int, set[int]] = {}
        for note in notes_of(song, Role.HARMONY):
            stacks.setdefault(note.onset, set()).add(note.pitch % 12)
        for onset, classes in stacks.items():
            chord = song.chords[onset * 2 // BAR]
            assert chord is not None
            if len(classes) >= 3 and onset // BAR in bass_bars and QUALITIES[chord.quality] and chord.quality != "dim7":
                rooted.append(chord.root in classes)
    assert np.mean(rooted) <= 0.3


def test_jazz_chords_are_struck_off_the_beat_as_often_as_on_it() -> None:
    onsets = [n.onset % QUARTER for song in swinging() for n in notes_of(song, Role.HARMONY)]
    assert sum(onset == EIGHTH for onset in onsets) / len(onsets) >= 0.4


def test_a_solo_plays_over_the_chords_of_the_head() -> None:
    judged = 0
    for song in songs("jazz"):
        heads = {section.label: section for section in reversed(song.sections)}
        for solo in song.sections:
            head = heads.get(solo.label[0])
            if len(solo.label) == 1 or head is None:
                continue
            pairs = [(song.chords[2 * head.start_bar + i], song.chords[2 * solo.start_bar + i]) for i in range(12)]
            judged += 1
            assert all(one == other for one, other in pairs)
    assert judged > COUNT // 4


def test_jazz_has_twelve_bar_blues_with_changes() -> None:
    blues = [song for song in songs("jazz") if any(section.bars == 12 for section in song.sections)]
    assert len(blues) >= 3
    for song in blues:
        chorus = next(section for section in song.sections if section.bars == 12)
        fifth_bar = song.chords[2 * chorus.start_bar + 8]
        assert fifth_bar is not None
        assert fifth_bar.root == (song.key.tonic + 5) % 12


def test_bossa_bass_rocks_between_root_and_fifth_in_dotted_quarters() -> None:
    tones, dotted = [], []
    for song in songs("bossa"):
        for note in notes_of(song, Role.BASS):
            chord = song.chords[note.onset * 2 // BAR]
            assert chord is not None
            if note.onset % BAR in (0, 48):
                tones.append((note.pitch - chord.bass) % 12 in (0, 6, 7, 8))
                dotted.append(note.duration == 36)
    assert np.mean(tones) >= 0.95
    assert np.mean(dotted) >= 0.5


def test_bossa_tunes_come_early() -> None:
    """More notes start off the beat than on it, and off-beat notes are often held over the beat."""
    notes = [note for song in songs("bossa") for note in notes_of(song, Role.MELODY)]
    off = [note for note in notes if note.onset % QUARTER == EIGHTH]
    assert len(off) / len(notes) >= 0.5
    assert sum(note.duration > EIGHTH for note in off) / len(off) >= 0.3


def test_bossa_rim_plays_a_clave_of_two_different_bars() -> None:
    different = judged = 0
    for song in songs("bossa"):
        rims = [set[int]() for _ in range(song.bars)]
        for note in notes_of(song, Role.DRUMS):
            if note.pitch == 37:
                rims[note.onset // BAR].add(note.onset % BAR)
        for section in song.sections:
            if section.kind is SectionKind.VERSE and rims[section.start_bar]:
                judged += 1
                different += rims[section.start_bar] != rims[section.start_bar + 1]
    assert judged > COUNT
    assert different / judged >= 0.8


def test_jazz_tunes_lean_on_chromatic_notes_that_resolve_by_semitone() -> None:
    outside = resolved = total = 0
    for song in songs("jazz"):
        for note, after in pairwise(notes_of(song, Role.MELODY)):
            chord = song.chords[note.onset * 2 // BAR]
            assert chord is not None
            total += 1
            if note.pitch % 12 not in song.key.scale and note.pitch % 12 not in chord.pitch_classes:
                outside += 1
                resolved += abs(after.pitch - note.pitch) <= 2
    assert 0.02 <= outside / total <= 0.2
    assert resolved / outside >= 0.9
