import itertools
from dataclasses import replace

import pytest

from engine.music.analysis import Reading, songs_from_midi
from engine.music.analysis.bars import find_first_bar_line, find_stretches
from engine.music.analysis.sections import find_sections
from engine.music.harmony import Key, Mode
from engine.music.midi.file import KeyChange, MeterChange, MidiFile, TempoChange
from engine.music.notes import Role, SectionKind, Track
from engine.music.timing import METERS
from tests.corpus.midi_bytes import chords_of, note, part

PROGRESSION = [(48, 64, 67), (53, 65, 69), (55, 62, 71), (48, 64, 67)]


def file_of(*tracks, meters=(), tempos=(), keys=()):
    return MidiFile(
        tracks=tracks, tempo_bpm=120.0, meters=tuple(meters), tempos=tuple(tempos), key_signatures=tuple(keys)
    )


def waltz(upbeat: int, bars: int = 16) -> list:
    """Bass on one, chords on two and three, a long tune note on each bar line; everything `upbeat` ticks late."""
    notes = [note(0, 67, upbeat)] if upbeat else []
    for bar in range(bars):
        at, root = upbeat + bar * 72, (48, 53, 55, 48)[bar % 4]
        notes += [note(at, root, 24), note(at + 24, root + 7, 24), note(at + 48, root + 7, 24)]
        notes += [note(at, root + 28, 48), note(at + 48, root + 26, 24)]
    return notes


@pytest.mark.parametrize("upbeat", [0, 12, 24])
def test_the_first_bar_line_is_found_after_an_upbeat(upbeat):
    assert find_first_bar_line(waltz(upbeat), METERS["3/4"]) == upbeat


@pytest.mark.parametrize(
    ("numerator", "denominator", "read", "factor"),
    [(4, 4, "4/4", 1), (2, 2, "4/4", 1), (3, 8, "3/4", 2), (12, 8, "6/8", 1), (3, 2, "3/4", 0.5)],
)
def test_meters_are_read_as_a_known_one_in_other_note_values(numerator, denominator, read, factor):
    file = file_of(
        part([note(0, 60, 96 * 60)]), meters=[MeterChange(tick=0, numerator=numerator, denominator=denominator)]
    )
    (stretch,) = find_stretches(file)
    assert stretch.meter == METERS[read]
    assert stretch.place(note(48, 60, 48)) == note(int(48 * factor), 60, int(48 * factor))


def test_each_long_stretch_in_a_known_meter_is_a_piece_and_short_or_odd_ones_are_cut():
    changes = [(0, 4, 4), (960, 5, 4), (2160, 3, 4), (2880, 2, 4), (2976, 4, 4)]
    meters = [MeterChange(tick=t, numerator=n, denominator=d) for t, n, d in changes]
    file = file_of(part([note(t, 60 + t % 7, 24) for t in range(0, 5000, 24)]), meters=meters)
    assert [(s.start, str(s.meter)) for s in find_stretches(file)] == [(0, "4/4"), (2160, "3/4"), (2976, "4/4")]


def test_a_meter_change_tells_the_upbeat_before_it():
    notes = [note(24 * i, 60 + i % 5, 24) for i in range(41 + 36)]
    meters = [MeterChange(tick=0, numerator=4, denominator=4), MeterChange(tick=41 * 24, numerator=3, denominator=4)]
    first, second = songs_from_midi(file_of(part(notes, "", 40), meters=meters), Reading(style="folk"))
    assert first.track(Role.MELODY).notes[0].onset == 72
    assert second.track(Role.MELODY).notes[0].onset == 0


def test_a_whole_song_comes_out_with_key_chords_sections_and_tempo():
    harmony = chords_of(PROGRESSION * 8)
    tune = [note(24 * i, (76, 72, 77, 74, 74, 71, 72, 72)[i % 8], 24) for i in range(64)]
    bass = [note(48 * i, (36, 41, 43, 36)[i % 4], 48) for i in range(32)]
    tempos = [TempoChange(tick=0, bpm=90.0)]
    tracks = (part(harmony, "Pad", 89), part(tune, "Lead", 81), part(bass, "", 33))
    (song,) = songs_from_midi(file_of(*tracks, tempos=tempos), Reading(style="pop", title="T", trust_bars=True))
    assert (song.style, song.title, song.tempo_bpm, song.bars, str(song.key)) == ("pop", "T", 90.0, 16, "C major")
    assert [str(c) for c in song.chords[:4]] == ["C", "F", "G", "C"]
    assert len(song.chords) == 32
    assert {t.role for t in song.tracks} == {Role.MELODY, Role.HARMONY, Role.BASS}


def test_the_same_music_in_another_key_gives_the_same_song_transposed():
    notes = [n for n in waltz(0) if n.pitch]
    meters = [MeterChange(tick=0, numerator=3, denominator=4)]
    low, high = (
        songs_from_midi(
            file_of(part([replace(n, pitch=n.pitch + up) for n in notes]), meters=meters), Reading(style="x")
        )[0]
        for up in (0, 5)
    )
    assert high.key.tonic == (low.key.tonic + 5) % 12
    assert high.chords == tuple(c.transposed(5) if c else None for c in low.chords)
    assert high.sections == low.sections


def test_a_minor_signature_is_believed_and_a_major_one_only_as_a_choice_of_two():
    meters = [MeterChange(tick=0, numerator=3, denominator=4)]
    for mode, tonics in ((Mode.MINOR, {9}), (Mode.MAJOR, {0, 9})):
        key = Key(tonic=9 if mode is Mode.MINOR else 0, mode=mode)
        file = file_of(part(waltz(0)), meters=meters, keys=[KeyChange(tick=0, key=key)])
        (song,) = songs_from_midi(file, Reading(style="x", trust_signature=True))
        assert song.key.tonic in tonics
        assert song.key.fifths == 0


def test_long_silence_is_shortened_and_its_bars_are_not_counted():
    notes = [*waltz(0, 8), *(replace(n, onset=n.onset + 72 * 40) for n in waltz(0, 8))]
    meters = [MeterChange(tick=0, numerator=3, denominator=4)]
    (song,) = songs_from_midi(file_of(part(notes), meters=meters), Reading(style="x", trust_bars=True))
    assert song.bars == 17


def test_a_fragment_of_less_than_eight_bars_is_no_song():
    assert songs_from_midi(file_of(part([note(24 * i, 60, 24) for i in range(28)])), Reading(style="x")) == []


def test_sections_cover_all_bars_and_a_returning_block_has_its_label():
    def block(start: int, steps: int, pattern: tuple[int, ...]) -> list:
        return [note(start * 96 + bar * 96 + t, 60 + steps + t // 12, 12) for bar in range(8) for t in pattern]

    a, b, again = block(0, 0, (0, 24, 48, 72)), block(8, 6, (0, 12, 36, 60, 84)), block(16, 0, (0, 24, 48, 72))
    track = Track(role=Role.MELODY, program=0, notes=tuple([*a, *b, *again, *block(24, 3, (0, 48))]))
    sections = find_sections([track], (None,) * 64, METERS["4/4"], 32)
    assert [s.label for s in sections] == ["A", "B", "A", "C"]
    assert [(s.start_bar, s.bars) for s in sections] == [(0, 8), (8, 8), (16, 8), (24, 8)]
    assert sections[0].kind is SectionKind.CHORUS
    assert sections[1].kind is SectionKind.BRIDGE
    assert sections[3].kind is SectionKind.OUTRO


@pytest.mark.parametrize("bars", [1, 7, 8, 9, 21, 24, 25, 27, 100])
def test_sections_have_no_gaps_for_any_length(bars):
    track = Track(role=Role.MELODY, program=0, notes=tuple(note(96 * i, 60, 96) for i in range(bars)))
    sections = find_sections([track], (None,) * (2 * bars), METERS["4/4"], bars)
    assert sections[0].start_bar == 0
    assert sections[-1].end_bar == bars
    assert all(a.end_bar == b.start_bar for a, b in itertools.pairwise(sections))
