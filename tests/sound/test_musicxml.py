"""Scores: read back by music21, and held against the schema that it carries (MusicXML 2.0)."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from pathlib import Path

import music21
import pytest
from lxml import etree

from engine.compose.files.musicxml import KINDS, song_to_musicxml
from engine.compose.files.notation import MOST_VOICES, notate
from engine.grammar.corpus import composed_songs
from engine.music.harmony import QUALITIES, Chord, Key, Mode
from engine.music.notes import Note, Role, Song, Track
from engine.music.timing import TICKS_PER_QUARTER
from tests.sound.songs import band

STYLES = ("lofi", "jazz", "blues", "ambient")
NEWER = {"rehearsal": ("halign", "valign"), "rest": ("measure",)}
"""Attributes that later versions of MusicXML allow."""
XML = "http://www.w3.org/XML/1998/namespace", ("lang", "space")
XLINK = "http://www.w3.org/1999/xlink", ("href", "type", "role", "title", "show", "actuate")


class _Beside(etree.Resolver):
    """The two small schemas that MusicXML's takes its attributes' names from, so that no network is asked."""

    def resolve(self, url, public_id, context):
        for ending, (space, names) in (("/xml.xsd", XML), ("/xlink.xsd", XLINK)):
            if url.endswith(ending):
                attributes = "".join(f'<xs:attribute name="{name}" type="xs:string"/>' for name in names)
                schema = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="{space}">'
                return self.resolve_string(f"{schema}{attributes}</xs:schema>", context)
        return None


@cache
def schema() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_Beside())
    return etree.XMLSchema(etree.parse(Path(music21.__file__).parent / "musicxml" / "musicxml.xsd", parser))


@cache
def song(style: str) -> Song:
    """A grammar's song, cut to twelve bars to save time."""
    whole = next(iter(composed_songs(style, 1, seed=5)))
    bars = 12
    sections = [replace(part, bars=min(part.bars, bars - part.start_bar)) for part in whole.sections]
    end = bars * whole.meter.bar_ticks
    tracks = [replace(part, notes=tuple(note for note in part.notes if note.onset < end)) for part in whole.tracks]
    return replace(
        whole,
        sections=tuple(part for part in sections if part.bars > 0),
        chords=whole.chords[: 2 * bars],
        tracks=tuple(tracks),
    )


@cache
def read_back(style: str) -> music21.stream.Score:
    return music21.converter.parseData(song_to_musicxml(song(style)), format="musicxml")


def struck(part: music21.stream.Part) -> Counter[tuple[int, int]]:
    """(onset in ticks, MIDI pitch) of every note that is not tied to one before."""
    found: Counter[tuple[int, int]] = Counter()
    for measure in part.getElementsByClass("Measure"):
        for thing in measure.recurse().getElementsByClass(["Note", "Chord"]):
            if isinstance(thing, music21.harmony.ChordSymbol):
                continue
            at = measure.offset + thing.getOffsetInHierarchy(measure)
            for note in getattr(thing, "notes", (thing,)):
                if note.tie is None or note.tie.type == "start":
                    found[round(at * TICKS_PER_QUARTER), note.pitch.midi] += 1
    return found


@pytest.mark.parametrize("style", STYLES)
def test_a_score_keeps_to_the_schema(style):
    document = etree.fromstring(song_to_musicxml(song(style)))
    for name, attributes in NEWER.items():
        for element in document.iter(name):
            for attribute in attributes:
                element.attrib.pop(attribute, None)
    assert schema().validate(document), schema().error_log[0]


def test_the_schema_would_find_a_fault():
    document = etree.fromstring(song_to_musicxml(band(bars=1)))
    document.find(".//pitch/step").text = "H"
    assert not schema().validate(document)


@pytest.mark.parametrize("style", STYLES)
def test_parts_are_named_and_have_every_bar(style):
    made, score = song(style), read_back(style)
    playing = [track for track in made.tracks if track.notes]
    assert [part.partName.split(" (")[0] for part in score.parts] == [t.role.value.capitalize() for t in playing]
    for part in score.parts:
        measures = part.getElementsByClass("Measure")
        assert len(measures) == made.bars
        full = Fraction(made.meter.bar_ticks, TICKS_PER_QUARTER)
        assert all(measure.duration.quarterLength == full for measure in measures)
        assert all(voice.duration.quarterLength == full for measure in measures for voice in measure.voices)
        assert max(len(measure.voices) for measure in measures) <= MOST_VOICES


@pytest.mark.parametrize("style", STYLES)
def test_every_note_is_there_at_its_place_and_no_other(style):
    made, score = song(style), read_back(style)
    for part in score.parts:
        role = Role(part.partName.split(" (")[0].lower())
        if role is not Role.DRUMS:
            assert struck(part) == Counter(dict.fromkeys({(n.onset, n.pitch) for n in made.track(role).notes}, 1))


@pytest.mark.parametrize("style", ["lofi", "jazz"])
def test_drums_are_unpitched_on_a_percussion_clef_and_all_there(style):
    made, score = song(style), read_back(style)
    part = next(part for part in score.parts if part.partName.startswith("Drums"))
    hits = 0
    for thing in part.recurse().notes:
        strokes = thing.notes if isinstance(thing, music21.percussion.PercussionChord) else (thing,)
        assert all(isinstance(stroke, music21.note.Unpitched) for stroke in strokes)
        hits += len(strokes)
    assert hits == len({(note.onset, note.pitch) for note in made.track(Role.DRUMS).notes})
    assert isinstance(part.recurse().getElementsByClass("Clef").first(), music21.clef.PercussionClef)


@pytest.mark.parametrize("style", STYLES)
def test_tempo_key_meter_sections_and_chords_stand_where_they_belong(style):
    made, score = song(style), read_back(style)
    first = score.parts[0]
    assert first.recurse().getElementsByClass("MetronomeMark").first().number == pytest.approx(made.tempo_bpm, abs=0.01)
    assert first.recurse().getElementsByClass("TimeSignature").first().ratioString == str(made.meter)
    key = first.recurse().getElementsByClass("KeySignature").first()
    assert (key.sharps, key.asKey().mode if key.mode is None else key.mode) == (made.key.fifths, made.key.mode.value)
    bars = {
        mark.content: mark.getContextByClass("Measure").number - 1
        for mark in first.recurse().getElementsByClass("RehearsalMark")
    }
    assert set(bars.values()) == {section.start_bar for section in made.sections}
    symbols = [
        (round(chord.getOffsetInHierarchy(first) * TICKS_PER_QUARTER), chord.chordKindStr, chord.root().pitchClass)
        for chord in first.recurse().getElementsByClass("ChordSymbol")
    ]
    half = made.meter.half_bar_ticks
    expected = [
        (at * half, chord.quality, chord.root)
        for at, chord in enumerate(made.chords)
        if chord is not None and (at == 0 or made.chords[at - 1] != chord)
    ]
    assert symbols == expected


def test_every_quality_can_be_written_and_keeps_its_root_and_bass():
    assert set(KINDS) == set(QUALITIES)
    chords = tuple(Chord(root=at % 12, quality=name, bass=(at + 4) % 12) for at, name in enumerate(QUALITIES))
    made = replace(band(bars=12), chords=chords)
    score = music21.converter.parseData(song_to_musicxml(made), format="musicxml")
    found = score.parts[0].recurse().getElementsByClass("ChordSymbol")
    assert [(c.root().pitchClass, c.bass().pitchClass, c.chordKindStr) for c in found] == [
        (chord.root, chord.bass, chord.quality) for chord in chords
    ]


@pytest.mark.parametrize("mode", list(Mode))
def test_modes_have_their_own_signature_and_name(mode):
    made = replace(band(bars=1), key=Key(tonic=10, mode=mode))
    document = etree.fromstring(song_to_musicxml(made))
    assert document.findtext(".//key/fifths") == str(made.key.fifths)
    assert document.findtext(".//key/mode") == mode.value


@pytest.mark.parametrize("meter", ["4/4", "3/4", "6/8", "2/4"])
def test_every_meter_fills_its_bars(meter):
    score = music21.converter.parseData(song_to_musicxml(band(bars=2, meter=meter)), format="musicxml")
    for part in score.parts:
        assert [bar.duration.quarterLength for bar in part.getElementsByClass("Measure")] == [
            score.parts[0].recurse().getElementsByClass("TimeSignature").first().barDuration.quarterLength
        ] * 2


def test_c_flat_stands_in_the_octave_of_its_letter():
    made = replace(alone((0, 24, 71), (24, 24, 60)), key=Key.parse("Gb major"))
    score = music21.converter.parseData(song_to_musicxml(made), format="musicxml")
    assert [note.pitch.midi for note in score.parts[0].recurse().notes if note.isNote] == [71, 60]


def test_equal_songs_give_equal_bytes():
    assert song_to_musicxml(band(bars=2)) == song_to_musicxml(band(bars=2))


def alone(*notes: tuple[int, int, int]) -> Song:
    """Two bars of one part: (onset, duration, pitch)."""
    written = tuple(Note(onset=on, duration=length, pitch=pitch, velocity=80) for on, length, pitch in notes)
    return replace(band(bars=2), tracks=(Track(role=Role.HARMONY, program=0, notes=written),))


def shape(made: Song) -> list[list[list[tuple[int, int, tuple[int, ...]]]]]:
    return [
        [[(part.onset, part.duration, part.pitches) for part in voice] for voice in bar.voices]
        for bar in notate(made, Role.HARMONY)
    ]


def test_what_crosses_a_bar_line_is_tied():
    first, second = notate(alone((72, 48, 60)), Role.HARMONY)
    assert (first.voices[0][-1].tied_from, first.voices[0][-1].tied_to) == (False, True)
    assert (second.voices[0][0].duration, second.voices[0][0].tied_from, second.voices[0][0].tied_to) == (
        24,
        True,
        False,
    )


def test_what_sounds_into_the_next_note_a_little_is_cut_and_what_sounds_long_is_a_voice_of_its_own():
    assert shape(alone((0, 28, 60), (24, 72, 62)))[0] == [[(0, 24, (60,)), (24, 72, (62,))]]
    assert shape(alone((0, 96, 48), (24, 72, 62)))[0] == [
        [(0, 96, (48,))],
        [(0, 24, ()), (24, 72, (62,))],
    ]


def test_ends_lie_on_the_grid_of_their_beat():
    assert shape(alone((0, 11, 60), (12, 11, 62)))[0] == [[(0, 12, (60,)), (12, 12, (62,)), (24, 72, ())]]
    assert [part[:2] for part in shape(alone((0, 7, 60), (8, 7, 62), (16, 7, 64)))[0][0]][:3] == [
        (0, 8),
        (8, 8),
        (16, 8),
    ]


def test_more_voices_than_can_be_read_give_way_without_losing_a_note():
    made = alone(*((6 * at, 96 - 6 * at, 60 + at) for at in range(7)))
    first = notate(made, Role.HARMONY)[0]
    assert len(first.voices) == MOST_VOICES
    found = {
        (part.onset, pitch) for voice in first.voices for part in voice for pitch in part.pitches if not part.tied_from
    }
    assert found == {(6 * at, 60 + at) for at in range(7)}
