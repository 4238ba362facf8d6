"""A song's picture: what is drawn where, that it can be read, and that it is the same each time."""

import io
import itertools
from dataclasses import replace
from time import process_time

import numpy as np
import pytest
from PIL import Image

from engine.compose.picture import ROLE_COLOURS, THEMES, draw_song
from engine.compose.picture.labels import MORE, SIZES, chord_labels
from engine.compose.picture.layout import break_rows, lay_out
from engine.compose.picture.paint import _width
from engine.errors import BadRequest
from engine.music.harmony import Chord, Key
from engine.music.notes import Doubling, Role, Section, SectionKind
from tests.sound.colours import EYES, contrast, difference, lab
from tests.sound.songs import band

SHOWN_PX = 550
"""How wide a chat shows a picture."""


def pixels(song, subtitle="lofi · 90 bpm", theme="dark"):
    data = draw_song(song, subtitle=subtitle, theme=theme)
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    assert len(data) < 400_000
    return np.asarray(image.convert("RGB")).astype(int)


def laid(song):
    """The layout, with one line of chords as `band` needs where its bars are wide."""
    breaks = break_rows(song)
    labels = chord_labels(song, breaks, measure)
    return lay_out(song, breaks, chord_lines=1 + max((label.line for label in labels), default=0))


def measure(text, size):
    return 0.6 * size * len(text)


def roll(song, picture, theme="dark"):
    """The pixels of the first row's roll, and where they begin."""
    layout = laid(song)
    row = layout.rows[0]
    return picture[row.roll_top : layout.roll_bottom(row), layout.breaks.left : layout.breaks.right]


def count(picture, role):
    """Pixels whose colour is a shade of the role's on the panel."""
    panel = np.array(THEMES["dark"].panel)
    shade = picture[185:].reshape(-1, 3) - panel
    colour = np.array(ROLE_COLOURS[role]) - panel
    share = shade @ colour / (colour @ colour)
    return int(((np.abs(shade - share[:, None] * colour).max(axis=1) < 14) & (share > 0.4)).sum())


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("bars", [1, 24, 160, 400])
@pytest.mark.parametrize("meter", ["4/4", "6/8"])
def test_songs_of_any_length_are_drawn_about_as_wide_as_a_screen(bars, meter, theme):
    height, width, _ = pixels(band(bars=bars, meter=meter), theme=theme).shape
    assert 1100 <= width <= 1625
    assert 500 <= height <= (800 if bars <= 24 else 3600)


@pytest.mark.parametrize("meter", ["4/4", "6/8"])
@pytest.mark.parametrize("bars", [1, 6, 33, 75, 150, 329])
def test_every_bar_lies_in_one_row_and_rows_break_at_groups_of_four_bars(bars, meter):
    song = band(bars=bars, meter=meter)
    layout = laid(song)
    covered = [bar for row in layout.rows for bar in range(row.first_bar, row.end_bar)]
    assert covered == list(range(bars))
    assert all(row.first_bar % 4 == 0 for row in layout.rows)
    quarter_px = layout.breaks.bar_px * 24 / layout.bar_ticks
    assert quarter_px >= 7.5 or len(layout.rows) == 8
    for row, below in itertools.pairwise(layout.rows):
        assert row.band_top < row.roll_top < row.drums_top < row.bottom < below.band_top
    assert layout.rows[-1].bottom < layout.height


def test_every_role_shows_and_one_that_is_taken_away_does_not():
    song = band()
    whole = pixels(song)
    for role in Role:
        without = pixels(replace(song, tracks=tuple(track for track in song.tracks if track.role is not role)))
        assert count(whole, role) > 150
        assert count(without, role) < count(whole, role) / (2 if role is Role.DRUMS else 4)


@pytest.mark.parametrize("theme", THEMES)
def test_notes_lie_where_time_and_pitch_say(theme):
    song = band(bars=4)
    bass, melody = song.track(Role.BASS), song.track(Role.MELODY)
    only = replace(song, tracks=(replace(bass, notes=bass.notes[:1]), replace(melody, notes=melody.notes[-1:])))
    layout = laid(only)
    row, picture = layout.rows[0], pixels(only, theme=theme)
    for role, note in ((Role.BASS, bass.notes[0]), (Role.MELODY, melody.notes[-1])):
        x = round(layout.x(row, note.onset + note.duration / 2))
        y = layout.pitch_top(row, note.pitch) + layout.pitch_px // 2
        colour, panel = np.array(THEMES[theme].roles[role]), np.array(THEMES[theme].panel)
        assert np.abs(picture[y, x] - colour).sum() < np.abs(picture[y, x] - panel).sum()
        beside = picture[y - 2 * layout.pitch_px, x]
        assert np.abs(beside - colour).sum() > np.abs(beside - panel).sum()


@pytest.mark.parametrize("theme", THEMES)
def test_louder_notes_are_more_solid(theme):
    song = band(bars=4)
    track = song.track(Role.BASS)
    off = []
    for velocity in (20, 64, 110):
        notes = tuple(replace(note, velocity=velocity) for note in track.notes)
        picture = pixels(replace(song, tracks=(replace(track, notes=notes),)), theme=theme)
        off.append(np.abs(roll(song, picture) - np.array(THEMES[theme].panel)).sum())
    assert off == sorted(set(off))


def test_a_drum_is_drawn_in_the_line_of_its_family():
    song = band(bars=4)
    layout = laid(song)
    assert [name for name, _ in layout.drums] == ["hat", "snare", "kick"]
    row, picture = layout.rows[0], pixels(song)
    page = np.array(THEMES["dark"].roles[Role.DRUMS])
    for line, pitch in enumerate((42, 38, 36)):
        hit = next(note for note in song.track(Role.DRUMS).notes if note.pitch == pitch)
        x, y = round(layout.x(row, hit.onset)) + 3, row.drums_top + line * layout.drum_px + layout.drum_px // 2
        assert np.abs(picture[y, x] - page).sum() < 250


def test_title_and_subtitle_are_drawn_and_cut_to_fit():
    song = band(bars=4)
    assert not np.array_equal(pixels(song)[:70], pixels(replace(song, title="Another"))[:70])
    assert not np.array_equal(pixels(song)[:100], pixels(song, "other words")[:100])
    endless = pixels(replace(song, title="A very long title " * 30), "and words " * 60)
    assert (endless[:100, 1080:] == endless[0, 0]).all()


def test_a_second_instrument_that_plays_along_is_named_in_the_legend():
    song = band(bars=4)
    doubling = Doubling(program=73, semitones=12, gain_db=-3)
    tracks = tuple(replace(track, doubling=doubling) if track.role is Role.MELODY else track for track in song.tracks)
    alone, both = pixels(song), pixels(replace(song, tracks=tracks))
    assert np.array_equal(alone[160:], both[160:])
    assert not np.array_equal(alone[100:130, :230], both[100:130, :230])


def test_an_unknown_theme_is_refused_by_name():
    with pytest.raises(BadRequest, match=r"'pink'.*dark or light"):
        draw_song(band(bars=1), subtitle="", theme="pink")


def test_a_song_without_notes_or_bars_is_still_a_picture():
    song = band(bars=4)
    assert pixels(replace(song, tracks=())).shape[1] == 1100
    assert pixels(replace(song, tracks=(), sections=(), chords=())).shape[1] == 1100


def test_the_same_song_gives_the_same_picture():
    assert draw_song(band(), subtitle="x") == draw_song(band(), subtitle="x")


def test_a_minute_is_drawn_in_less_than_a_tenth_of_a_second_of_work():
    song = band(bars=24)
    draw_song(song, subtitle="x")
    spent = []
    for _ in range(5):
        start = process_time()
        draw_song(song, subtitle="x")
        spent.append(process_time() - start)
    assert min(spent) < 0.1


class TestColours:
    """Roles must be told apart by everybody, words be read by everybody."""

    @pytest.mark.parametrize("theme", THEMES)
    @pytest.mark.parametrize("eyes", EYES)
    def test_roles_differ_for_all_eyes(self, theme, eyes):
        pitched = [colour for role, colour in THEMES[theme].roles.items() if role is not Role.DRUMS]
        for one, other in itertools.combinations(pitched, 2):
            assert difference(one, other, eyes) > 14

    @pytest.mark.parametrize("theme", THEMES)
    def test_roles_differ_in_lightness_alone(self, theme):
        lightness = sorted(lab(c)[0] for role, c in THEMES[theme].roles.items() if role is not Role.DRUMS)
        assert min(np.diff(lightness)) > 8

    @pytest.mark.parametrize("name", THEMES)
    def test_words_and_notes_stand_out(self, name):
        theme = THEMES[name]
        assert all(contrast(theme.text, band_) > 7 for band_ in theme.bands.values())
        assert min(contrast(colour, theme.page) for colour in (theme.text, theme.soft, theme.faint)) > 4.5
        assert min(contrast(colour, theme.panel) for colour in theme.roles.values()) > 3

    def test_dark_is_dark_and_light_is_light(self):
        assert lab(THEMES["dark"].page)[0] < 10
        assert lab(THEMES["light"].page)[0] > 90


class TestChordNames:
    """Which chords are named."""

    def test_they_are_spelled_in_the_key(self):
        song = replace(band(bars=4), key=Key.parse("C"), chords=(Chord(root=10, quality="", bass=10),) * 8)
        assert {label.text for label in chord_labels(song, break_rows(song), measure)} == {"Bb"}

    def test_they_stand_where_chords_change_and_where_sections_begin(self):
        song = band(bars=8)
        still = replace(song, chords=(song.chords[0],) * 16)
        assert [label.half_bar for label in chord_labels(song, break_rows(song), measure)] == list(range(0, 16, 2))
        assert [label.half_bar for label in chord_labels(still, break_rows(still), measure)] == [0, 8]

    @pytest.mark.parametrize("bars", [16, 24])
    def test_long_names_are_all_shown_where_a_chord_a_bar_is_played(self, bars):
        song = band(bars=bars)
        names = (("maj9", 5), ("dim7", 8), ("m9", 7), ("13", 0))
        chords = [Chord(root=root, quality=quality, bass=root) for quality, root in names for _ in range(2)]
        song = replace(song, key=Key.parse("F"), chords=tuple(chords * (bars // 4)))
        labels = chord_labels(song, break_rows(song), _width)
        assert [label.text for label in labels] == ["Fmaj9", "Abdim7", "Gm9", "C13"] * (bars // 4)

    @pytest.mark.parametrize("bars", [24, 60, 300])
    def test_a_mark_stands_where_names_are_left_out_and_nowhere_else(self, bars):
        song = band(bars=bars)
        chords = tuple(Chord(root=at % 12, quality="m7b5", bass=at % 12) for at in range(2 * bars))
        song = replace(song, chords=chords)
        labels = chord_labels(song, break_rows(song), measure)
        shown = [label.half_bar for label in labels]
        assert len(shown) < len(chords)
        marked = [label.half_bar for label in labels if label.text.endswith(MORE)]
        assert marked == [at for at in shown if at + 1 not in shown and at + 1 < len(chords)]

    @pytest.mark.parametrize("meter", ["4/4", "3/4"])
    @pytest.mark.parametrize("bars", [8, 20, 48, 160, 300])
    def test_none_runs_into_another_and_some_are_always_there(self, bars, meter):
        song = band(bars=bars, meter=meter)
        breaks = break_rows(song)
        ends = {}
        labels = chord_labels(song, breaks, measure)
        assert len(labels) >= bars / 8
        for label in labels:
            row, bar = divmod(label.half_bar / 2, breaks.bars_a_row)
            left = label.left
            assert ends.get((row, label.line), 0) <= left <= bar * breaks.bar_px
            ends[row, label.line] = left + measure(label.text, label.size)
            assert ends[row, label.line] <= breaks.right - breaks.left + 12

    def test_they_can_be_read_where_a_chat_shows_the_picture_small(self):
        song = band(bars=20)
        breaks = break_rows(song)
        shown = SHOWN_PX / breaks.width
        assert all(label.size * shown >= 8 for label in chord_labels(song, breaks, measure))
        assert min(SIZES) * shown >= 8


def test_the_letter_of_a_section_is_shown_only_where_its_music_returns():
    song = band(bars=8)

    def drawn(labels):
        sections = tuple(
            Section(kind=SectionKind.VERSE, label=label, start_bar=4 * at, bars=4) for at, label in enumerate(labels)
        )
        layout = laid(song)
        return pixels(replace(song, sections=sections))[layout.rows[0].band_top : layout.rows[0].band_top + 24]

    assert np.array_equal(drawn("AB"), drawn("CD"))
    assert not np.array_equal(drawn("AB"), drawn("AA"))
