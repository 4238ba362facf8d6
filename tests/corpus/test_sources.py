import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.learn.sources.chopin import work_of as chopin_work
from engine.learn.sources.games import band_style, plays_pop, without_setup_bar
from engine.learn.sources.groove import FINE_TICKS, groove_song, groove_style, measure_swing
from engine.learn.sources.mutopia import mutopia_style, spdx
from engine.learn.sources.mutopia import work_of as mutopia_work
from engine.learn.sources.openscore import cast_quartet, cast_song
from engine.learn.sources.parallel import found_in
from engine.learn.sources.piece import split_of
from engine.learn.sources.tunes import split_tunes
from engine.music.harmony import Chord, Key
from engine.music.midi.file import MeterChange, MidiFile
from engine.music.notes import Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS
from tests.corpus.midi_bytes import chords_of, note, part


def file_of(*tracks, meters=()):
    return MidiFile(tracks=tracks, tempo_bpm=120.0, meters=tuple(meters))


@given(st.text(max_size=40))
def test_the_split_depends_on_the_work_alone(work):
    assert split_of(work) == split_of(str(work))


def test_about_one_work_in_twenty_is_held_out():
    share = sum(split_of(f"source/work {i}") == "valid" for i in range(4000)) / 4000
    assert 0.035 < share < 0.065


def test_editions_and_movements_share_a_work():
    assert chopin_work("024-1-Sm-004") == chopin_work("024-1a-BH-004") != chopin_work("024-1-Sm-003")
    assert mutopia_work("BachJS/BWV846/wtk1-prelude1/x.midi").split("/")[:2] == ["BachJS", "BWV846"]
    assert mutopia_work("JoplinS/entertainer/entertainer.midi") != mutopia_work("JoplinS/search/search.midi")


@pytest.mark.parametrize(
    ("composer", "title", "style", "expected"),
    [("JoplinS", "Eugenia", "Song", "ragtime"), ("HunterC", "Possum And Taters", "Jazz", "ragtime"),
     ("Traditional", "Red Apple Rag", "Folk", "folk"), ("SousaJP", "The Thunderer", "March", "folk"),
     ("CarcassiM", "Etude", "Classical", "classical")],
)  # fmt: skip
def test_mutopia_styles_are_told_by_composer_title_and_style(composer, title, style, expected):
    assert mutopia_style(composer, title, style) == expected


@pytest.mark.parametrize(
    ("licence", "name"),
    [
        ("PD", "public-domain"),
        ("CC BY", "CC-BY"),
        ("CC BY 4.0", "CC-BY-4.0"),
        ("CC BY-SA", None),
        ("CC BY-NC", None),
    ],
)
def test_licences_that_do_not_suit_are_refused(licence, name):
    assert spdx(licence) == name


def test_bands_are_told_by_their_instruments():
    drums = part([note(12 * i, 38, 6) for i in range(80)], drum=True)
    line = [note(12 * i, 50, 12) for i in range(60)]
    assert band_style(file_of(part(line, "", 30), part(line, "", 33), drums), "d_e1m1") == "rock"
    assert band_style(file_of(part(line, "", 81), part(line, "", 90), drums), "d_e1m2") == "synthwave"
    assert band_style(file_of(part(line * 2, "", 81), part(line, "", 30), drums), "d_e1m3") == "synthwave"
    assert band_style(file_of(part(line, "", 81), part(line * 2, "", 30), drums), "d_e1m4") == "rock"
    assert band_style(file_of(part(line, "", 0), part(line, "", 33), drums), "A busy day") == "pop"
    assert band_style(file_of(part(line, "", 30), drums), "Late Blues") == "jazz"


def pop_song(snares: range, chord: str) -> Song:
    """Four bars of one chord in C major, a snare in the given beats."""
    hits = tuple(note(24 * beat, 38 if beat in snares else 36, 6) for beat in range(16))
    return Song(
        style="pop", tempo_bpm=100, key=Key.parse("C major"), meter=METERS["4/4"], swing=0.5,
        sections=(Section(kind=SectionKind.VERSE, label="A", start_bar=0, bars=4),), chords=(Chord.parse(chord),) * 8,
        tracks=(Track(role=Role.DRUMS, program=0, notes=hits),),
    )  # fmt: skip


def test_pop_keeps_a_backbeat_under_chords_of_the_key():
    assert plays_pop(pop_song(range(1, 16, 2), "Am"))
    assert not plays_pop(pop_song(range(0, 16, 2), "Am"))
    assert not plays_pop(pop_song(range(1, 16, 2), "Ab"))


def test_groove_takes_are_told_by_their_style_and_tempo():
    assert [groove_style(word, 120) for word in ("latin", "blues", "jazz", "pop", "punk", "hiphop", "reggae")] == [
        "bossa", "blues", "jazz", "pop", "rock", "other", "other",
    ]  # fmt: skip


def test_a_set_up_bar_is_cut_off():
    meters = [MeterChange(tick=0, numerator=1, denominator=8), MeterChange(tick=12, numerator=4, denominator=4)]
    cut = without_setup_bar(file_of(part([note(3, 60, 6), note(12, 64)]), meters=meters))
    assert [n.pitch for n in cut.tracks[0].notes] == [64]
    assert [m.tick for m in cut.meters] == [12]


def test_a_song_for_voice_and_piano_is_cast_by_its_staves():
    voice = part([note(24 * i, 65 + i % 4) for i in range(16)])
    right, left = part(chords_of([(60, 64, 67)] * 8)), part([note(48 * i, 40, 48) for i in range(8)])
    cast = cast_song(file_of(voice, right, left))
    assert [t.role for t in cast.tracks] == [Role.MELODY, Role.HARMONY, Role.HARMONY]
    arpeggios = part([note(12 * i, 60 + (i % 3) * 4, 12) for i in range(32)])
    assert cast_song(file_of(voice, arpeggios, left)).tracks[1].role is Role.COUNTER


def test_a_quartet_is_cast_by_order_and_a_quintet_is_not():
    line = part([note(0, 60, 24)])
    assert [t.role for t in cast_quartet(file_of(line, line, line, line)).tracks] == [
        Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS,
    ]  # fmt: skip
    assert {t.role for t in cast_quartet(file_of(*[line] * 5)).tracks} == {None}


@pytest.mark.parametrize(("place", "swing"), [(240, 0.5), (320, 0.667), (290, 0.604)])
def test_swing_is_measured_and_written_straight(place, swing):
    hits = [note(FINE_TICKS * q + t, 42, 40) for q in range(16) for t in (0, place)]
    assert measure_swing(hits) == pytest.approx(swing, abs=0.01)
    song = groove_song(file_of(part(hits, drum=True)), style="jazz", bpm=120, meter="4/4", title="t")
    assert song is not None
    assert {n.onset % 24 for n in song.tracks[0].notes} == {0, 12}
    assert song.swing == pytest.approx(swing, abs=0.01)


def test_sixteenths_are_not_taken_for_swing():
    hits = [note(FINE_TICKS * q + t, 42, 40) for q in range(16) for t in (0, 120, 240, 360)]
    assert measure_swing(hits) == 0.5


def test_electronic_drum_notes_become_general_midi_and_short_takes_nothing():
    hits = [note(FINE_TICKS * q, p, 40) for q in range(8) for p in (22, 40, 58)]
    song = groove_song(file_of(part(hits, drum=True)), style="funk", bpm=90, meter="4/4", title="t")
    assert song is not None
    assert {n.pitch for n in song.tracks[0].notes} == {42, 38, 43}
    assert song.style == "lofi"
    assert groove_style("funk", 120) == "other"
    assert groove_song(file_of(part(hits[:6], drum=True)), style="funk", bpm=90, meter="4/4", title="t") is None


@pytest.mark.parametrize("count", [3, 30])
def test_results_come_in_the_order_of_the_items_from_one_process_or_two(count):
    items = [f"X:{i}\nK:C\n" for i in range(count)]
    assert list(found_in(split_tunes, items)) == items  # type: ignore[arg-type, comparison-overlap]
