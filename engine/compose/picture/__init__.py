"""A song's picture: a piano roll with sections, chords, instruments and drums, as a PNG."""

from engine.compose.picture.paint import draw_song
from engine.compose.picture.theme import ROLE_COLOURS, THEMES, Colour, Theme

__all__ = ["ROLE_COLOURS", "THEMES", "Colour", "Theme", "draw_song"]
