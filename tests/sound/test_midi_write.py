from dataclasses import replace
from hashlib import sha256

import pytest
import symusic
from music21 import converter, tempo
from music21 import key as music21_key
from music21 import meter as music21_meter

from engine.compose.perform import perform
from engine.music.harmony import Key
from engine.music.midi.write import CHANNELS, LAYER_CHANNELS, write_midi
from engine.music.notes import Doubling, Role
from engine.music.performance import PerformedSong
from engine.music.styles import load_style, style_names
from engine.music.timing import METERS
from engine.music.touch import Touch
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


def events_of(data):
    """Each track's events as (tick, status, data), read by hand: a third reader that knows nothing of notes."""
    at, tracks = 14, []
    while at < len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        body, at = data[at + 8 : at + 8 + length], at + 8 + length
        tracks.append(track_events(body))
    return tracks


def number_at(body, at):
    value = 0
    while body[at] & 0x80:
        value, at = (value << 7) | (body[at] & 0x7F), at + 1
    return (value << 7) | body[at], at + 1


def track_events(body):
    events, at, tick = [], 0, 0
    while at < len(body):
        delta, at = number_at(body, at)
        tick += delta
        status = body[at]
        if status == 0xFF:
            size, start = number_at(body, at + 2)
            events.append((tick, (0xFF, body[at + 1]), body[start : start + size]))
            at = start + size
        else:
            size = 1 if status & 0xF0 == 0xC0 else 2
            events.append((tick, (status & 0xF0, status & 0x0F), body[at + 1 : at + 1 + size]))
            at += 1 + size
    return events


def orchestra(*, bars=16):
    song = band(bars=bars, tempo_bpm=84.0)
    doubling = Doubling(program=73, semitones=12, gain_db=-6.0, pan=0.4)
    tracks = tuple(replace(t, doubling=doubling) if t.role is Role.MELODY else t for t in song.tracks)
    song = replace(song, tracks=tracks)
    return perform(song, seed=3, touch=Touch(rubato=0.04, slowing=0.25, pedal=(Role.HARMONY,)), room_s=3.0)


def test_the_tempo_map_says_when_everything_sounds(tmp_path):
    played = orchestra()
    score = read(write_midi(played, style().parts), tmp_path)
    assert len(score.tempos) == len(played.tempi) > 20
    in_seconds = score.to("Second")
    for track in played.tracks:
        found = next(t for t in in_seconds.tracks if t.name == track.role.value.capitalize())
        times = sorted(note.time for note in found.notes)
        assert times == pytest.approx([played.seconds(note.onset) for note in track.notes], abs=0.002)
    parsed = converter.parse(tmp_path / "song.mid", quantizePost=False)
    marks = parsed.recurse().getElementsByClass(tempo.MetronomeMark)
    assert min(mark.number for mark in marks) == pytest.approx(min(change.bpm for change in played.tempi), abs=0.5)


def test_a_doubling_stands_in_a_track_of_its_own_with_its_name_and_place(tmp_path):
    played = orchestra()
    data = write_midi(played, style().parts)
    found = next(track for track in read(data, tmp_path).tracks if track.name == "Melody doubled")
    assert found.program == 73
    layer = played.tracks[0].layer
    assert sorted((n.time, n.pitch) for n in found.notes) == [(n.onset, n.pitch) for n in layer.notes]
    assert controllers(data, LAYER_CHANNELS[Role.MELODY])[10] == round(64 + 63 * 0.4)
    names = [body for track in events_of(data) for _, kind, body in track if kind == (0xFF, 4)]
    assert names[:2] == [b"Electric Piano", b"Flute"]
    assert names[-1] == b"Standard Kit"


def test_the_pedal_goes_down_and_up_in_turn_and_ends_up():
    played = orchestra()
    pedal = [
        (tick, body[1])
        for track in events_of(write_midi(played, style().parts))
        for tick, kind, body in track
        if kind == (0xB0, CHANNELS[Role.HARMONY]) and body[0] == 64
    ]
    presses = next(track.pedal for track in played.tracks if track.role is Role.HARMONY)
    assert len(presses) >= 16
    assert pedal == [event for press in presses for event in ((press.onset, 127), (press.end, 0))]


@pytest.mark.parametrize("name", style_names())
def test_in_every_style_each_note_ends_and_none_sounds_into_the_next_of_its_pitch(name):
    parts, touch = load_style(name).parts, load_style(name).touch
    for seed in range(6):
        song = band(bars=8, tempo_bpm=80.0 + 9 * seed, seed=seed)
        tracks = tuple(
            replace(
                track,
                program=parts[track.role].programs[seed % len(parts[track.role].programs)],
                doubling=None if track.role is Role.DRUMS else Doubling(program=48, semitones=0, gain_db=-6.0),
            )
            for track in song.tracks
            if track.role in parts
        )
        data = write_midi(perform(replace(song, tracks=tracks), seed=seed, touch=touch, room_s=3.0), parts)
        for events in events_of(data):
            sounding = set()
            for _, (kind, channel), body in events:
                if kind == 0x90:
                    assert (channel, body[0]) not in sounding
                    assert body[1] > 0
                    sounding.add((channel, body[0]))
                elif kind == 0x80:
                    sounding.remove((channel, body[0]))
            assert not sounding
            assert events[-1][1] == (0xFF, 0x2F)
            assert [tick for tick, _, _ in events] == sorted(tick for tick, _, _ in events)


def test_drums_alone_play_on_channel_ten():
    for events in events_of(write_midi(orchestra(), style().parts)):
        channels = {channel for _, (kind, channel), _ in events if kind == 0x90}
        name = next(body for _, kind, body in events if kind == (0xFF, 3))
        assert (channels == {9}) == (name == b"Drums")


def test_music21_finds_names_key_markers_and_instruments(tmp_path):
    path = tmp_path / "song.mid"
    path.write_bytes(write_midi(orchestra(), style().parts))
    score = converter.parse(path, quantizePost=False)
    names = [part.partName for part in score.parts]
    assert {"Melody", "Counter", "Harmony", "Bass", "Drums", "Melody doubled"} <= {str(name) for name in names} or len(
        names
    ) == 6
    keys = score.recurse().getElementsByClass(music21_key.KeySignature)
    assert {key.sharps for key in keys} == {-1}
