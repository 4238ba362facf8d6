"""A song's cover: its notes as coloured strokes on a square, with title and style, as a small JPEG.

In: a `Song` and the style's written name. Out: a `Cover` of at most `MOST_BYTES`. Conventions: the colours of roles are
the picture's; the first bars only are drawn, so that strokes stay strokes. Caveat: Pillow's built-in typeface knows
Latin letters only.
"""

from __future__ import annotations

import io
from colorsys import hsv_to_rgb
from zlib import crc32

from PIL import Image, ImageDraw, ImageFont

from engine.compose.files.tags import Cover
from engine.compose.picture import ROLE_COLOURS, Colour
from engine.music.notes import Note, Role, Song

SIDE_PX = 480
MARGIN_PX = 30
ROLL_BOTTOM_PX = 360
MOST_BARS = 8
MOST_BYTES = 60_000
TITLE_PX, STYLE_PX = 34, 20
PALE, GREY = (240, 242, 248), (180, 186, 202)


def draw_cover(song: Song, style: str) -> Cover:
    """The cover of `song`; the background's hue is the style's own."""
    image = _background(song.style)
    draw = ImageDraw.Draw(image)
    for role, colour in ROLE_COLOURS.items():
        track = song.track(role)
        if track is not None and role is not Role.DRUMS:
            _strokes(draw, song, track.notes, colour)
    _line(draw, song.title or style, ROLL_BOTTOM_PX + 34, TITLE_PX, PALE)
    _line(draw, style, ROLL_BOTTOM_PX + 80, STYLE_PX, GREY)
    for quality in (85, 60, 30):
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=quality, optimize=True)
        if buffer.tell() <= MOST_BYTES:
            break
    return Cover(data=buffer.getvalue(), side_px=SIDE_PX)


def _background(style: str) -> Image.Image:
    """Dark, a little lighter towards the lower end, in a hue that belongs to the style."""
    hue = crc32(style.encode()) % 360 / 360
    column = Image.new("RGB", (1, 2))
    for at, brightness in enumerate((0.12, 0.30)):
        red, green, blue = (round(255 * part) for part in hsv_to_rgb(hue, 0.45, brightness))
        column.putpixel((0, at), (red, green, blue))
    return column.resize((SIDE_PX, SIDE_PX), Image.Resampling.BILINEAR)


def _strokes(draw: ImageDraw.ImageDraw, song: Song, notes: tuple[Note, ...], colour: Colour) -> None:
    end = min(song.bars, MOST_BARS) * song.meter.bar_ticks
    pitches = [
        note.pitch for track in song.tracks if track.role is not Role.DRUMS for note in track.notes if note.onset < end
    ]
    if not pitches:
        return
    low, span = min(pitches), max(max(pitches) - min(pitches), 12)
    width, height = SIDE_PX - 2 * MARGIN_PX, ROLL_BOTTOM_PX - 2 * MARGIN_PX
    for note in notes:
        if note.onset >= end:
            break
        left = MARGIN_PX + width * note.onset / end
        right = MARGIN_PX + width * min(note.end, end) / end - 2
        middle = MARGIN_PX + height * (1 - (note.pitch - low) / span)
        draw.rounded_rectangle((left, middle - 3, max(right, left + 5), middle + 3), 3, fill=colour)


def _line(draw: ImageDraw.ImageDraw, text: str, top_px: int, size: int, colour: Colour) -> None:
    """One line of text, made smaller until it fits."""
    line = " ".join(text.split())
    while size > 12 and draw.textlength(line, font=ImageFont.load_default(size)) > SIDE_PX - 2 * MARGIN_PX:
        size -= 2
    draw.text((MARGIN_PX, top_px), line, fill=colour, font=ImageFont.load_default(size), anchor="lm")
