"""Songs arranged for a sound chip: the tune stays, chords become runs, the bass jumps, four drum sounds are left."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from engine.grammar.chip import NOISE, SIXTEENTH, chip_song, draw_patch, twice
from engine.grammar.corpus import composed_songs
from engine.learn.sources.chip import TUNE_SHARE, read_chip
from engine.learn.sources.piece import Dropped, Piece
from engine.music.notes import Note, Role, Song
from tests.unit.test_accompany import tune

SEEDS = range(8)


@cache
def bands() -> list[Song]:
    """Songs of at least melody, harmony and bass."""
    songs = composed_songs("lofi", 6, 5)
    return [song for song in songs if {Role.MELODY, Role.HARMONY, Role.BASS} <= {t.role for t in song.tracks}]


def chip(song: Song, seed: int) -> Song:
    made = chip_song(song, np.random.default_rng(seed))
    assert made is not None
    return made


def notes(song: Song, role: Role) -> tuple[Note, ...]:
    track = song.track(role)
    return track.notes if track else ()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_tune_keeps_its_rhythm_and_moves_by_octaves_only(seed):
    for song in bands():
        before, after = notes(song, Role.MELODY), notes(chip(song, seed), Role.MELODY)
        assert [n.onset for n in after] == sorted({n.onset for n in before})
        assert {n.pitch % 12 for n in after} <= {n.pitch % 12 for n in before}
        assert all(60 <= n.pitch <= 96 for n in after)
        shifts = [b.pitch - a.pitch for a, b in zip(before, after, strict=True)]
        assert len(set(shifts)) <= 2
        assert all(shift % 12 == 0 for shift in shifts)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_part_but_the_drums_is_one_voice_within_the_song(seed):
    for song in bands():
        made = chip(song, seed)
        assert made.style == "chiptune"
        assert (made.bars, made.tempo_bpm, made.key) == (song.bars, song.tempo_bpm, song.key)
        for track in made.tracks:
            assert all(1 <= n.velocity <= 127 and n.duration > 0 for n in track.notes)
            if track.role is not Role.DRUMS:
                assert all(a.end <= b.onset for a, b in pairwise(track.notes)), track.role


def test_a_chord_becomes_a_run_through_its_tones_while_it_sounds():
    song = bands()[0]
    seed = next(s for s in range(50) if draw_patch(song, np.random.default_rng(s)).arpeggio)
    half = song.meter.half_bar_ticks
    run = notes(chip(song, seed), Role.HARMONY)
    assert len({n.duration for n in run}) == 1
    for note in run:
        chord = song.chords[note.onset // half]
        sounding = {n.pitch % 12 for n in notes(song, Role.HARMONY) if n.onset - 96 <= note.onset < n.end + 96}
        assert note.pitch % 12 in sounding | set(chord.pitch_classes if chord else ())
    steps = [b.onset - a.onset for a, b in pairwise(run)]
    assert min(steps) == run[0].duration
    assert len({n.pitch for n in run[:16]}) >= 3


@pytest.mark.parametrize("seed", SEEDS)
def test_the_bass_keeps_its_pitch_classes_and_its_downbeats(seed):
    for song in bands():
        before = {n.onset: n.pitch % 12 for n in notes(song, Role.BASS)}
        after = {n.onset: n.pitch for n in notes(chip(song, seed), Role.BASS)}
        assert set(before) <= set(after)
        assert all(after[onset] % 12 == pitch for onset, pitch in before.items())
        assert all(31 <= pitch <= 58 for pitch in after.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_drums_are_a_kick_and_at_most_one_noise_at_a_time(seed):
    for song in bands():
        hits = notes(chip(song, seed), Role.DRUMS)
        assert {n.pitch for n in hits} <= set(NOISE.values())
        at: dict[int, list[int]] = {}
        for hit in hits:
            at.setdefault(hit.onset, []).append(hit.pitch)
        assert all(len(pitches) <= 2 and len(set(pitches) - {36}) <= 1 for pitches in at.values())


@pytest.mark.parametrize("meter", ["4/4", "2/4", "3/4", "6/8"])
def test_a_lone_tune_gets_a_band_and_a_short_one_comes_twice(meter):
    song = tune(meter)
    made = chip(song, 3)
    assert made.bars == len(made.chords) / 2 == 16
    assert {Role.MELODY, Role.BASS, Role.DRUMS} <= {t.role for t in made.tracks}
    line, half = notes(made, Role.MELODY), 8 * made.meter.bar_ticks
    assert [n.pitch for n in line if n.onset < half] == [n.pitch for n in line if n.onset >= half]
    assert min(n.onset for n in notes(made, Role.DRUMS)) >= half
    assert all(n.onset % SIXTEENTH == 0 for n in notes(made, Role.DRUMS))


def test_a_repeat_doubles_sections_chords_and_notes():
    song = twice(tune("4/4"), late=(Role.BASS,))
    assert [(s.start_bar, s.bars) for s in song.sections] == [(0, 8), (8, 8)]
    assert len(notes(song, Role.MELODY)) == 2 * len(notes(tune("4/4"), Role.MELODY))


def test_a_song_without_a_tune_gives_nothing():
    song = bands()[0]
    drums = replace(song, tracks=tuple(t for t in song.tracks if t.role is Role.DRUMS))
    assert chip_song(drums, np.random.default_rng(0)) is None


def piece(name: str, source: str, song: Song) -> Piece:
    return Piece(id=f"{source}/{name}", source=source, licence="BSD-3-Clause", style="rock", split="valid", song=song)


def test_an_arranged_piece_keeps_its_licence_and_its_side_of_the_split():
    song = bands()[0]
    silent = replace(song, tracks=tuple(t for t in song.tracks if t.role is not Role.MELODY))
    found = list(read_chip([piece("d_one", "freedoom", song), piece("d_two", "freedoom", silent)]))
    assert isinstance(found[1], Dropped)
    made = found[0]
    assert isinstance(made, Piece)
    assert (made.id, made.source, made.style, made.song.style) == (
        "chip/freedoom/d_one", "chip", "chiptune", "chiptune",
    )  # fmt: skip
    assert (made.licence, made.split) == ("BSD-3-Clause", "valid")
    assert list(read_chip([piece("d_one", "freedoom", song)])) == [made]


def test_of_the_fiddle_books_a_share_of_the_quick_dances_is_used():
    reel = replace(tune("4/4"), meta={"dance": "reel"})
    tunes = [piece(str(n), "folk", reel) for n in range(400)]
    used = list(read_chip(tunes))
    assert abs(len(used) / 400 - TUNE_SHARE) < 0.05
    assert list(read_chip([replace(p, song=tune("4/4")) for p in tunes])) == []
