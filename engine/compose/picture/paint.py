"""A song's picture: a piano roll with its sections, chords, instruments and drums, as a PNG.

In: a `Song` in written time, one line of text, a theme's name. Out: PNG bytes, as wide as `layout` says, sharp and
readable when a chat shows it at half its size. Conventions: time runs from left to right and, in longer songs, from row
to row; opacity is velocity; colours are roles; drums have a grid of their own with one line a family. Caveat: Pillow's
built-in typeface (Aileron, CC0) knows Latin letters without accents only; others are drawn as boxes.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from engine.compose.picture.labels import Label, chord_labels
from engine.compose.picture.layout import CHORD_PX, Layout, Row, break_rows, lay_out
from engine.compose.picture.theme import THEMES, Colour, Theme
from engine.errors import BadRequest
from engine.music.instruments import kit_name, program_name
from engine.music.notes import Note, Role, Section, Song
from engine.music.timing import TICKS_PER_QUARTER

MARGIN = 28
TITLE_SIZE, SUBTITLE_SIZE, ROLE_SIZE, NAME_SIZE = 40, 22, 17, 21
SECTION_SIZE, NUMBER_SIZE, OCTAVE_SIZE, SMALL_SIZE = 19, 17, 16, 14
LEGEND = (Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS, Role.DRUMS)
THIN_PX, THIN_STROKE_PX = 8, 4
MAKER = "Tunesmith"
COMPRESSION = 3
"""Of the PNG: reducing the colours first takes twice the time for half the bytes."""


Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Canvas:
    """What everything is drawn on, and by."""

    image: Image.Image
    draw: ImageDraw.ImageDraw
    song: Song
    layout: Layout
    theme: Theme

    def text(self, place: tuple[float, float], words: str, size: int, colour: Colour, anchor: str = "ls") -> None:
        """One line of text; `anchor` as Pillow has it, `"ls"`: `place` is the left end of the base line."""
        self.draw.text(place, words, fill=colour, font=_font(size), anchor=anchor)

    def sized(self, size: int) -> int:
        """A size of the header, which grows with the picture."""
        return round(size * self.layout.breaks.scale)


def draw_song(song: Song, *, subtitle: str, theme: str = "dark") -> bytes:
    """The picture of `song` as PNG; `subtitle` stands under its title. Raises `BadRequest` for an unknown theme."""
    if theme not in THEMES:
        raise BadRequest(f"The theme {theme!r} is not known; {' or '.join(THEMES)} would work.")
    breaks = break_rows(song)
    labels = chord_labels(song, breaks, _width)
    layout = lay_out(song, breaks, chord_lines=1 + max((label.line for label in labels), default=0))
    image = Image.new("RGB", (breaks.width, layout.height), THEMES[theme].page)
    canvas = _Canvas(image=image, draw=ImageDraw.Draw(image), song=song, layout=layout, theme=THEMES[theme])
    _header(canvas, subtitle)
    _legend(canvas)
    for row in layout.rows:
        _grid(canvas, row)
        _sections(canvas, row)
        _chords(canvas, row, labels)
        for role in canvas.theme.roles:
            _strokes(canvas, row, role)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", compress_level=COMPRESSION)
    return buffer.getvalue()


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@cache
def _width(text: str, size: int) -> float:
    return float(_font(size).getlength(text))


def _header(canvas: _Canvas, subtitle: str) -> None:
    room = canvas.layout.breaks.width - 2 * MARGIN
    title = _shortened(canvas.song.title or canvas.song.style.capitalize(), canvas.sized(TITLE_SIZE), room)
    canvas.text((MARGIN - 2, canvas.sized(56)), title, canvas.sized(TITLE_SIZE), canvas.theme.text)
    line = _shortened(subtitle, canvas.sized(SUBTITLE_SIZE), room)
    canvas.text((MARGIN, canvas.sized(91)), line, canvas.sized(SUBTITLE_SIZE), canvas.theme.soft)
    if _width(line, canvas.sized(SUBTITLE_SIZE)) + _width(MAKER, canvas.sized(ROLE_SIZE)) + 60 < room:
        right = (canvas.layout.breaks.width - MARGIN, canvas.sized(91))
        canvas.text(right, MAKER, canvas.sized(ROLE_SIZE), canvas.theme.faint, "rs")


def _legend(canvas: _Canvas) -> None:
    """A column for each track: its colour, its role, its instrument."""
    tracks = [track for role in LEGEND if (track := canvas.song.track(role)) is not None and track.notes]
    column = (canvas.layout.breaks.width - 2 * MARGIN) / 5
    for at, track in enumerate(tracks):
        left = round(MARGIN + at * column)
        name = kit_name(track.program) if track.role is Role.DRUMS else program_name(track.program)
        top, bottom = canvas.sized(112), canvas.sized(155)
        swatch = (left, top, left + canvas.sized(9), bottom)
        canvas.draw.rounded_rectangle(swatch, 4, fill=canvas.theme.roles[track.role])
        words = left + canvas.sized(18)
        part = track.role.value
        if track.doubling is not None:
            part = f"{part} + {program_name(track.doubling.program)}"
        part = _shortened(part, canvas.sized(ROLE_SIZE), column - canvas.sized(24))
        canvas.text((words, canvas.sized(127)), part, canvas.sized(ROLE_SIZE), canvas.theme.faint)
        short = _shortened(name, canvas.sized(NAME_SIZE), column - canvas.sized(24))
        canvas.text((words, canvas.sized(151)), short, canvas.sized(NAME_SIZE), canvas.theme.text)


def _grid(canvas: _Canvas, row: Row) -> None:
    """The roll's panel with its black keys and octaves, the drums' lines, beats, bars and their numbers."""
    layout, theme, draw = canvas.layout, canvas.theme, canvas.draw
    left, right = layout.breaks.left, layout.bar_x(row, row.end_bar)
    roll_bottom = layout.roll_bottom(row)
    draw.rectangle((left, row.roll_top, right, roll_bottom - 1), fill=theme.panel)
    for pitch in range(layout.low, layout.high + 1):
        top = layout.pitch_top(row, pitch)
        if pitch % 12 in (1, 3, 6, 8, 10):
            draw.rectangle((left, top, right, top + layout.pitch_px - 1), fill=theme.black_keys)
    for at in range(len(layout.drums)):
        top = row.drums_top + at * layout.drum_px
        draw.rectangle((left, top, right, top + layout.drum_px - 3), fill=theme.panel)
    _bar_lines(canvas, row)
    for pitch in range(layout.low, layout.high + 1):
        if pitch % 12 == 0:
            bottom = layout.pitch_top(row, pitch) + layout.pitch_px - 1
            draw.line((left, bottom, right, bottom), fill=theme.octave)
            canvas.text((left - 10, bottom), f"C{pitch // 12 - 1}", OCTAVE_SIZE, theme.faint, "rm")
    for at, (name, _) in enumerate(layout.drums):
        middle = row.drums_top + (at + 0.5) * layout.drum_px - 1
        canvas.text((left - 10, middle), name, OCTAVE_SIZE if layout.drum_px > 16 else SMALL_SIZE, theme.faint, "rm")


def _bar_lines(canvas: _Canvas, row: Row) -> None:
    layout, theme = canvas.layout, canvas.theme
    spans = [(row.roll_top, layout.roll_bottom(row) - 1)]
    if layout.drums:
        spans.append((row.drums_top, row.bottom - 3))
    quarters = layout.bar_ticks // TICKS_PER_QUARTER
    beat_ticks = canvas.song.meter.beat_ticks
    beats = layout.bar_ticks // beat_ticks if layout.breaks.bar_px / quarters >= 20 else 1
    step = next((n for n in (1, 2, 4, 8, 16) if n * layout.breaks.bar_px >= 46), 32)
    for bar in range(row.first_bar, row.end_bar + 1):
        for beat in range(beats if bar < row.end_bar else 1):
            x = round(layout.x(row, bar * layout.bar_ticks + beat * beat_ticks))
            for top, bottom in spans:
                canvas.draw.line((x, top, x, bottom), fill=theme.beat if beat else theme.bar)
        if bar % step == 0 and bar < row.end_bar:
            canvas.text((layout.bar_x(row, bar) + 1, row.bottom + 4), str(bar + 1), NUMBER_SIZE, theme.faint, "lt")
    if row.end_bar == canvas.song.bars:
        right = layout.bar_x(row, row.end_bar)
        for top, bottom in spans:
            canvas.draw.rectangle((right - 1, top, right + 1, bottom), fill=theme.section)


def _sections(canvas: _Canvas, row: Row) -> None:
    """A band for each section, and a line where it starts; one that began in the row above goes on without a name."""
    layout, theme = canvas.layout, canvas.theme
    for section in canvas.song.sections:
        first, end = max(section.start_bar, row.first_bar), min(section.end_bar, row.end_bar)
        if first >= end:
            continue
        left, right = layout.bar_x(row, first), layout.bar_x(row, end)
        band = (left + 1, row.band_top, max(right - 2, left + 2), row.band_top + 24)
        canvas.draw.rounded_rectangle(band, 5, fill=theme.bands[section.kind])
        if first == section.start_bar and first > row.first_bar:
            for top, bottom in ((row.roll_top, layout.roll_bottom(row) - 1), (row.drums_top, row.bottom - 3)):
                if bottom > top:
                    canvas.draw.line((left, top, left, bottom), fill=theme.section)
        words = next(
            (w for w in _names(section, canvas.song.sections) if _width(w, SECTION_SIZE) < right - left - 12), ""
        )
        canvas.text((left + 9, row.band_top + 12), words, SECTION_SIZE, theme.text, "lm")


def _names(section: Section, among: Sequence[Section]) -> tuple[str, ...]:
    """What a section may be called, the longest first; its letter is of use only where the same music returns."""
    name = section.kind.value.capitalize()
    if sum(other.label == section.label for other in among) > 1:
        return f"{name} {section.label}", section.label
    return name, section.label


def _chords(canvas: _Canvas, row: Row, labels: Iterable[Label]) -> None:
    for label in labels:
        if row.first_bar <= label.half_bar / 2 < row.end_bar:
            x = round(canvas.layout.breaks.left + label.left) + 3
            y = row.chords_top + label.line * CHORD_PX + CHORD_PX / 2
            canvas.text((x, y), label.text, label.size, canvas.theme.soft, "lm")


def _strokes(canvas: _Canvas, row: Row, role: Role) -> None:
    """The notes of a role that sound in this row, as one layer: opacity is velocity."""
    track = canvas.song.track(role)
    if track is None:
        return
    layout = canvas.layout
    start, end = row.first_bar * layout.bar_ticks, row.end_bar * layout.bar_ticks
    top, bottom = (row.drums_top, row.bottom) if role is Role.DRUMS else (row.roll_top, layout.roll_bottom(row))
    mask = Image.new("L", (layout.breaks.width, max(bottom - top, 1)))
    draw = ImageDraw.Draw(mask)
    for note in track.notes:
        if note.end > start and note.onset < end:
            box = _hit(canvas, row, note) if role is Role.DRUMS else _stroke(canvas, row, role, note)
            fill = _opacity(note.velocity, thin=box[3] - box[1] < THIN_STROKE_PX)
            shown = (box[0], box[1] - top, box[2], box[3] - top)
            if box[2] - box[0] >= 6 and layout.pitch_px >= 5:
                draw.rounded_rectangle(shown, min(layout.pitch_px // 3, 4), fill=fill)
            else:
                draw.rectangle(shown, fill=fill)
    canvas.image.paste(canvas.theme.roles[role], (0, top), mask)


def _stroke(canvas: _Canvas, row: Row, role: Role, note: Note) -> Box:
    """A note's box; where lines are thin the tune's are thicker."""
    layout = canvas.layout
    left = max(round(layout.x(row, note.onset)), layout.breaks.left) + 1
    right = min(round(layout.x(row, note.end)), layout.bar_x(row, row.end_bar)) - 1
    top = layout.pitch_top(row, note.pitch)
    more = 1 if role is Role.MELODY and layout.pitch_px <= THIN_PX else 0
    return left, top - more, max(right, left + 1), top + layout.pitch_px - 2 + more


def _hit(canvas: _Canvas, row: Row, note: Note) -> Box:
    layout = canvas.layout
    line = next((at for at, (_, pitches) in enumerate(layout.drums) if note.pitch in pitches), 0)
    top = row.drums_top + line * layout.drum_px + 1
    sixteenth_px = layout.breaks.bar_px * TICKS_PER_QUARTER / 4 / layout.bar_ticks
    left = round(layout.x(row, note.onset)) + 1
    return left, top, left + min(max(round(sixteenth_px * 0.7) - 1, 1), 14), top + layout.drum_px - 5


def _opacity(velocity: int, *, thin: bool) -> int:
    """Louder is more solid, in sixteen steps from velocity 24 to 104, where most notes lie; thin lines need more."""
    step = min(max(velocity - 24, 0), 80) * 15 // 80
    return 150 + 7 * step if thin else 105 + 10 * step


def _shortened(text: str, size: int, width: float) -> str:
    """`text` on one line, cut with an ellipsis where it would be wider than `width` pixels."""
    line = " ".join(text.split())
    if _font(size).getlength(line) <= width:
        return line
    while line and _font(size).getlength(line + "…") > width:
        line = line[:-1]
    return line.rstrip() + "…"
