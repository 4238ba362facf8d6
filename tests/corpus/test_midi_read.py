import pytest

from engine.errors import BadRequest
from engine.music.harmony import Key, Mode
from engine.music.midi.read import read_midi
from tests.corpus.midi_bytes import chunk, meta, meter, midi, tempo, track


def test_notes_names_programs_and_drums_are_read_in_24_ticks_a_quarter():
    file = read_midi(
        midi(track([(0, 60, 480), (480, 64, 240)], name="Lead", program=73), track([(0, 36, 60)], channel=9))
    )
    lead, drums = file.tracks
    assert (lead.name, lead.program, lead.is_drum, drums.is_drum) == ("Lead", 73, False, True)
    assert [(n.onset, n.pitch, n.duration, n.velocity) for n in lead.notes] == [(0, 60, 24, 90), (24, 64, 12, 90)]


def test_a_finer_unit_can_be_asked_for():
    file = read_midi(midi(track([(7, 60, 480)])), ticks_per_quarter=480)
    assert file.tracks[0].notes[0].onset == 7


def test_the_main_tempo_is_the_one_that_lasts_longest_in_seconds():
    maps = chunk([(0, tempo(200)), (480 * 10, tempo(50)), (480 * 14, tempo(200))])
    file = read_midi(midi(maps, track([(0, 60, 480 * 15)])))
    assert file.tempo_bpm == pytest.approx(50)
    assert [t.tick for t in file.tempos] == [0, 240, 336]


def test_meters_and_key_signatures_are_read_and_illegal_ones_passed_over():
    good, illegal = meta(0x59, bytes([0xFD, 1])), meta(0x59, bytes([100, 7]))
    file = read_midi(midi(chunk([(0, meter(6, 3)), (0, illegal), (480, good)]), track([(0, 60, 480)])))
    assert [(m.numerator, m.denominator) for m in file.meters] == [(6, 8)]
    assert [k.key for k in file.key_signatures] == [Key(tonic=0, mode=Mode.MINOR)]


@pytest.mark.parametrize(
    "data",
    [b"", b"RIFX", b"ID3 not music", midi(), midi(chunk([(0, tempo(120))])), midi(track([(0, 60, 480)]))[:25]],
    ids=["nothing", "foreign", "mp3", "no tracks", "no notes", "cut off"],
)
def test_an_unreadable_or_empty_file_is_an_error_and_never_an_empty_song(data):
    with pytest.raises(BadRequest, match="would work"):
        read_midi(data)


def test_a_note_lasts_at_least_one_tick():
    assert read_midi(midi(track([(0, 60, 1)]))).tracks[0].notes[0].duration == 1
