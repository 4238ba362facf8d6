import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine.compose.picture import PANEL, ROLE_COLOURS, draw_song
from engine.music.notes import Role
from tests.sound.songs import band


def pixels(song, subtitle="lofi · 90 bpm"):
    data = draw_song(song, subtitle=subtitle)
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG"
    assert len(data) < 200_000
    return np.asarray(image.convert("RGB")).astype(int)


def count(picture, role):
    """Pixels of the roll whose colour is a shade of the role's."""
    roll = picture[150:570, 60:].reshape(-1, 3) - np.array(PANEL)
    colour = np.array(ROLE_COLOURS[role]) - np.array(PANEL)
    share = roll @ colour / (colour @ colour)
    return int(((np.abs(roll - share[:, None] * colour).max(axis=1) < 14) & (share > 0.4)).sum())


@pytest.mark.parametrize("bars", [1, 8, 24, 160])
@pytest.mark.parametrize("meter", ["4/4", "6/8"])
def test_songs_of_any_length_are_drawn_1200_by_600(bars, meter):
    assert pixels(band(bars=bars, meter=meter)).shape == (600, 1200, 3)


def test_every_role_shows_and_one_that_is_taken_away_does_not():
    song = band()
    whole = pixels(song)
    for role in Role:
        without = pixels(replace(song, tracks=tuple(track for track in song.tracks if track.role is not role)))
        assert count(whole, role) > 150
        assert count(without, role) < count(whole, role) / 4


def test_a_higher_note_is_drawn_higher_and_a_later_one_further_right():
    song = band(bars=4)
    low, high = song.track(Role.BASS), song.track(Role.MELODY)
    only = replace(song, tracks=(replace(low, notes=low.notes[:1]), replace(high, notes=high.notes[-1:])))
    picture = pixels(only)[150:570, 60:]

    def centre(role):
        near = np.abs(picture - np.array(ROLE_COLOURS[role])).sum(axis=2) < 150
        assert near.any()
        return np.argwhere(near).mean(axis=0)

    assert centre(Role.MELODY)[0] < centre(Role.BASS)[0]
    assert centre(Role.MELODY)[1] > centre(Role.BASS)[1]


def test_louder_notes_are_brighter():
    song = band(bars=4)
    track = song.track(Role.BASS)
    sums = []
    for velocity in (20, 110):
        notes = tuple(replace(note, velocity=velocity) for note in track.notes)
        sums.append(pixels(replace(song, tracks=(replace(track, notes=notes),)))[150:570].sum())
    assert sums[1] > sums[0]


def test_title_and_subtitle_are_drawn_and_cut_to_fit():
    song = band(bars=4)
    assert not np.array_equal(pixels(song)[:70], pixels(replace(song, title="Another"))[:70])
    assert not np.array_equal(pixels(song)[:70], pixels(song, "other words")[:70])
    endless = pixels(replace(song, title="A very long title " * 30), "and words " * 60)
    assert (endless[:70, 1185:] == endless[0, 0]).all()


def test_a_song_without_notes_or_bars_is_still_a_picture():
    song = band(bars=4)
    assert pixels(replace(song, tracks=())).shape == (600, 1200, 3)
    assert pixels(replace(song, tracks=(), sections=(), chords=())).shape == (600, 1200, 3)


def test_the_same_song_gives_the_same_picture():
    assert draw_song(band(), subtitle="x") == draw_song(band(), subtitle="x")
