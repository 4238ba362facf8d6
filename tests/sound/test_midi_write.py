from dataclasses import replace
from hashlib import sha256

import pytest
import symusic
from music21 import converter, tempo
from music21 import meter as music21_meter

from engine.compose.perform import perform
from engine.music.harmony import Key
from engine.music.midi.write import CHANNELS, write_midi
from engine.music.notes import Role
from engine.music.performance import PerformedSong
from engine.music.timing import METERS
from tests.sound.songs import band, style


def read(data, tmp_path):
    path = tmp_path / "song.mid"
    path.write_bytes(data)
    return symusic.Score(path)


@pytest.mark.parametrize(("meter", "tempo_bpm"), [("4/4", 84.37), ("3/4", 172.0), ("6/8", 61.5), ("2/4", 120.0)])
def test_a_reader_gets_back_every_note_the_tempo_the_meter_and_the_markers(tmp_path, meter, tempo_bpm):
    played = perform(band(bars=8, meter=meter, tempo_bpm=tempo_bpm), seed=3)
    score = read(write_midi(played, style().parts), tmp_path)
    assert score.tpq == 960
    by_name = {track.name: track for track in score.tracks}
    for track in played.tracks:
        found = by_name[track.role.value.capitalize()]
        assert found.is_drum == (track.role is Role.DRUMS)
        assert found.program == track.program
        notes = sorted((n.time, n.pitch, n.duration, n.velocity) for n in found.notes)
        assert notes == [(n.onset, n.pitch, n.duration, n.velocity) for n in track.notes]
    assert score.tempos[0].qpm == pytest.approx(tempo_bpm, abs=0.001)
    assert (score.time_signatures[0].numerator, score.time_signatures[0].denominator) == tuple(
        map(int, meter.split("/"))
    )
    bar = METERS[meter].bar_ticks * 40
    assert [(mark.time, mark.text) for mark in score.markers] == [(0, "Intro A"), (4 * bar, "Verse B")]


@pytest.mark.parametrize(
    ("key", "sharps", "minor"), [("D minor", -1, 1), ("E", 4, 0), ("Eb", -3, 0), ("F# dorian", 4, 1)]
)
def test_the_key_signature_is_written(tmp_path, key, sharps, minor):
    song = replace(band(bars=4), key=Key.parse(key))
    score = read(write_midi(perform(song, seed=3), {}), tmp_path)
    assert (score.key_signatures[0].key, score.key_signatures[0].tonality) == (sharps, minor)


def test_music21_reads_the_file_too(tmp_path):
    path = tmp_path / "song.mid"
    played = perform(band(bars=2), seed=1)
    path.write_bytes(write_midi(played, style().parts))
    score = converter.parse(path, quantizePost=False)
    assert score.recurse().getElementsByClass(tempo.MetronomeMark)[0].number == pytest.approx(90, abs=0.01)
    assert score.recurse().getElementsByClass(music21_meter.TimeSignature)[0].ratioString == "4/4"
    assert sum(len(element.pitches) or 1 for element in score.recurse().notes) >= len(played.tracks[0].notes)


def test_the_same_performance_gives_the_same_bytes_and_a_changed_note_others():
    song = band()
    first, again = (write_midi(perform(song, seed=9), style().parts) for _ in range(2))
    assert sha256(first).digest() == sha256(again).digest()
    assert write_midi(perform(song, seed=10), style().parts) != first


def controllers(data, channel):
    return {
        data[i + 1]: data[i + 2]
        for i in range(len(data) - 2)
        if data[i] == 0xB0 | channel and data[i + 1] in (7, 10, 91, 93)
    }


def test_volume_pan_and_sends_come_from_the_style():
    empty = [replace(track, notes=()) for track in perform(band(bars=1), seed=1).tracks]
    data = write_midi(PerformedSong(song=band(bars=1), tracks=tuple(empty)), style().parts)
    counter = controllers(data, CHANNELS[Role.COUNTER])
    assert counter == {7: 71, 10: 45, 91: 25, 93: 32}
    assert controllers(data, CHANNELS[Role.BASS])[7] == 100


def test_the_file_ends_with_the_last_bar_or_the_last_note(tmp_path):
    played = perform(band(bars=4), seed=1)
    data = write_midi(replace(played, tracks=()), {})
    assert data.endswith(b"\xff\x2f\x00")
    assert read(write_midi(played, {}), tmp_path).end() == max(
        note.end for track in played.tracks for note in track.notes
    )


def test_a_note_that_midi_cannot_hold_is_refused():
    played = perform(band(bars=1), seed=1)
    track = played.tracks[0]
    for bad in ({"velocity": 0}, {"velocity": 128}, {"pitch": 128}, {"duration": 0}, {"onset": -1}):
        broken = replace(track, notes=(replace(track.notes[0], **bad),))
        with pytest.raises(ValueError, match="MIDI cannot hold"):
            write_midi(replace(played, tracks=(broken,)), {})


def test_a_title_outside_ascii_and_chords_are_kept_as_text():
    data = write_midi(perform(replace(band(bars=4), title="Nacht über Łódź"), seed=1), {})
    assert "Nacht über Łódź".encode() in data
    assert b"Bbmaj7" in data
