"""A song's picture: a piano roll with its sections, chords, instruments and drums, as a PNG.

In: a `Song` in written time and one line of text. Out: PNG bytes, 1200×600, dark, readable when a chat shows it at
half its size. Conventions: time runs from left to right over the whole width, brightness is velocity, colours are
roles; drums have a lane of their own with one row a family. Caveat: Pillow's built-in typeface knows Latin letters
only; others are drawn as boxes.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from engine.music.instruments import HATS, KICKS, SNARES, kit_name, program_name
from engine.music.notes import Note, Role, SectionKind, Song

WIDTH, HEIGHT = 1200, 600
LEFT, RIGHT = 58, 1180
SECTIONS_TOP, CHORDS_TOP, ROLL_TOP = 98, 124, 146
BOTTOM = 572
DRUM_ROW = 15
GAP = 10

BACKGROUND, PANEL, BLACK_KEYS = (18, 20, 27), (26, 29, 38), (22, 25, 33)
BAR_LINE, SECTION_LINE = (40, 44, 57), (92, 100, 122)
BRIGHT, SOFT, FAINT = (236, 239, 246), (170, 178, 196), (112, 120, 140)

Colour = tuple[int, int, int]

ROLE_COLOURS: dict[Role, Colour] = {
    Role.HARMONY: (72, 168, 214),
    Role.COUNTER: (178, 132, 240),
    Role.BASS: (112, 206, 112),
    Role.MELODY: (255, 184, 76),
    Role.DRUMS: (242, 108, 120),
}
"""In drawing order: the melody lies on top."""

SECTION_COLOURS: dict[SectionKind, Colour] = {
    SectionKind.INTRO: (60, 72, 98),
    SectionKind.VERSE: (46, 88, 112),
    SectionKind.CHORUS: (126, 84, 44),
    SectionKind.BRIDGE: (92, 66, 122),
    SectionKind.BREAK: (56, 92, 78),
    SectionKind.OUTRO: (70, 66, 86),
}

DRUM_ROWS: tuple[tuple[str, frozenset[int]], ...] = (
    ("cymbal", frozenset({49, 51, 52, 53, 55, 57, 59})),
    ("hat", HATS),
    ("perc", frozenset(range(128)) - KICKS - SNARES - HATS - frozenset({49, 51, 52, 53, 55, 57, 59})),
    ("snare", SNARES),
    ("kick", KICKS),
)


@dataclass(frozen=True, slots=True)
class _View:
    """Where things lie on the canvas."""

    draw: ImageDraw.ImageDraw
    song: Song
    low: int
    high: int
    roll_bottom: int
    drum_rows: tuple[tuple[str, frozenset[int]], ...]

    def x(self, tick: float) -> float:
        total = max(self.song.bars, 1) * self.song.meter.bar_ticks
        return LEFT + (RIGHT - LEFT) * tick / total

    def bar_x(self, bar: float) -> float:
        return self.x(bar * self.song.meter.bar_ticks)

    def pitch_top(self, pitch: int) -> float:
        return ROLL_TOP + (self.high - pitch) * self.pitch_height

    @property
    def pitch_height(self) -> float:
        return (self.roll_bottom - ROLL_TOP) / (self.high - self.low + 1)

    def drum_top(self, row: int) -> float:
        return self.roll_bottom + GAP + row * DRUM_ROW


def draw_song(song: Song, *, subtitle: str) -> bytes:
    """The picture of `song` as PNG; `subtitle` stands under its title."""
    image = Image.new("RGB", (WIDTH, HEIGHT), BACKGROUND)
    view = _view(ImageDraw.Draw(image), song)
    _header(view, subtitle)
    _legend(view)
    _grid(view)
    _sections(view)
    _chords(view)
    for role in ROLE_COLOURS:
        track = song.track(role)
        if track is None:
            continue
        for note in track.notes:
            _drum(view, note) if role is Role.DRUMS else _note(view, role, note)
    buffer = io.BytesIO()
    image.quantize(128, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _view(draw: ImageDraw.ImageDraw, song: Song) -> _View:
    pitches = [note.pitch for track in song.tracks if track.role is not Role.DRUMS for note in track.notes]
    low, high = (min(pitches) - 2, max(pitches) + 2) if pitches else (48, 72)
    spare = max(24 - (high - low), 0)
    drums = song.track(Role.DRUMS)
    struck = {note.pitch for note in drums.notes} if drums else set()
    rows = tuple(row for row in DRUM_ROWS if row[1] & struck)
    roll_bottom = BOTTOM - (len(rows) * DRUM_ROW + GAP if rows else 0)
    return _View(
        draw=draw,
        song=song,
        low=low - spare // 2,
        high=high + spare - spare // 2,
        roll_bottom=roll_bottom,
        drum_rows=rows,
    )


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _header(view: _View, subtitle: str) -> None:
    song = view.song
    title = song.title or song.style.capitalize()
    view.draw.text((22, 14), _shortened(view, title, 30, WIDTH - 44), fill=BRIGHT, font=_font(30))
    view.draw.text((23, 50), _shortened(view, subtitle, 16, WIDTH - 46), fill=SOFT, font=_font(16))


def _legend(view: _View) -> None:
    """A swatch, the role and the instrument of each track, spread from the left."""
    x = 24.0
    for role in (Role.MELODY, Role.COUNTER, Role.HARMONY, Role.BASS, Role.DRUMS):
        track = view.song.track(role)
        if track is None or not track.notes:
            continue
        name = kit_name(track.program) if role is Role.DRUMS else program_name(track.program)
        view.draw.rounded_rectangle((x, 76, x + 14, 90), 3, fill=ROLE_COLOURS[role])
        view.draw.text((x + 21, 83), role.value, fill=FAINT, font=_font(15), anchor="lm")
        x += 28 + view.draw.textlength(role.value, font=_font(15))
        view.draw.text((x, 83), name, fill=SOFT, font=_font(15), anchor="lm")
        x += view.draw.textlength(name, font=_font(15)) + 26


def _grid(view: _View) -> None:
    """Panels, rows of black keys, bar lines and numbers, octave and drum labels."""
    draw, song = view.draw, view.song
    draw.rectangle((LEFT, ROLL_TOP, RIGHT, view.roll_bottom), fill=PANEL)
    for pitch in range(view.low, view.high + 1):
        top = view.pitch_top(pitch)
        if pitch % 12 in (1, 3, 6, 8, 10):
            draw.rectangle((LEFT, top, RIGHT, top + view.pitch_height), fill=BLACK_KEYS)
        if pitch % 12 == 0:
            bottom = top + view.pitch_height
            draw.line((LEFT, bottom, RIGHT, bottom), fill=(52, 57, 72))
            draw.text(
                (LEFT - 8, top + view.pitch_height / 2), f"C{pitch // 12 - 1}", fill=SOFT, font=_font(14), anchor="rm"
            )
    for row, (name, _) in enumerate(view.drum_rows):
        top = view.drum_top(row)
        draw.rectangle((LEFT, top, RIGHT, top + DRUM_ROW - 2), fill=PANEL)
        draw.text((LEFT - 8, top + DRUM_ROW / 2 - 1), name, fill=SOFT, font=_font(13), anchor="rm")
    step = next(n for n in (1, 2, 4, 8, 16, 32, 64, 128) if view.bar_x(n) - LEFT >= 26 or n == 128)
    for bar in range(song.bars + 1):
        x = view.bar_x(bar)
        if bar % (1 if view.bar_x(1) - LEFT >= 14 else step) == 0:
            draw.line((x, ROLL_TOP, x, BOTTOM), fill=BAR_LINE)
        if bar % step == 0 and bar < song.bars:
            draw.text((x + 3, BOTTOM + 4), str(bar + 1), fill=SOFT, font=_font(14))


def _sections(view: _View) -> None:
    """A band for each section, and a line where it starts."""
    for section in view.song.sections:
        left, right = view.bar_x(section.start_bar), view.bar_x(section.end_bar)
        band = (left + 1, SECTIONS_TOP, max(right - 1, left + 2), SECTIONS_TOP + 22)
        view.draw.rounded_rectangle(band, 4, fill=SECTION_COLOURS[section.kind])
        view.draw.line((left, ROLL_TOP, left, BOTTOM), fill=SECTION_LINE)
        for words in (f"{section.kind.value} {section.label}", section.label):
            if view.draw.textlength(words, font=_font(15)) < right - left - 10:
                view.draw.text((left + 8, SECTIONS_TOP + 11), words, fill=BRIGHT, font=_font(15), anchor="lm")
                break


def _chords(view: _View) -> None:
    """Chord names where they change, smaller when they are many; where most still do not fit, one a section."""
    song = view.song
    half = song.meter.half_bar_ticks
    labels: list[tuple[int, str]] = []
    for at, chord in enumerate(song.chords):
        if chord is not None and (at == 0 or song.chords[at - 1] != chord):
            labels.append((at, chord.name(song.key)))
    starts = {2 * section.start_bar for section in song.sections}
    for size in (14, 12, 11):
        fitting = _fitting(view, [(view.x(at * half), name) for at, name in labels], size)
        if len(fitting) >= 0.85 * len(labels):
            break
    if 2 * len(fitting) < len(labels):
        size = 14
        fitting = _fitting(view, [(view.x(at * half), name) for at, name in labels if at in starts], size)
    for x, name in fitting:
        view.draw.text((x + 3, CHORDS_TOP + 10), name, fill=SOFT, font=_font(size), anchor="lm")


def _fitting(view: _View, labels: list[tuple[float, str]], size: int) -> list[tuple[float, str]]:
    """The labels that do not run into an earlier one."""
    free = 0.0
    result = []
    for x, name in labels:
        end = x + 3 + view.draw.textlength(name, font=_font(size))
        if x >= free and end <= RIGHT + 12:
            result.append((x, name))
            free = end + 1
    return result


def _note(view: _View, role: Role, note: Note) -> None:
    top = view.pitch_top(note.pitch)
    height = max(view.pitch_height, 4.0)
    left, right = view.x(note.onset), view.x(note.end)
    box = (left, top, max(right - 1.5, left + 1.5), top + height - 1.8)
    colour = _shaded(ROLE_COLOURS[role], note.velocity)
    if right - left > 6:
        view.draw.rounded_rectangle(box, 1.5, fill=colour)
    else:
        view.draw.rectangle(box, fill=colour)


def _drum(view: _View, note: Note) -> None:
    row = next((i for i, (_, pitches) in enumerate(view.drum_rows) if note.pitch in pitches), 0)
    top = view.drum_top(row)
    size = 3 + 7 * note.velocity / 127
    middle = top + DRUM_ROW / 2 - 1
    left = view.x(note.onset)
    box = (left, middle - size / 2, left + min(max((view.bar_x(1) - LEFT) / 24, 0.8), 4.0), middle + size / 2)
    view.draw.rectangle(box, fill=_shaded(ROLE_COLOURS[Role.DRUMS], note.velocity))


def _shaded(colour: Colour, velocity: int) -> Colour:
    """Louder is brighter: the colour mixed with the panel's."""
    share = 0.45 + 0.55 * min(velocity, 110) / 110
    red, green, blue = (round(panel + (value - panel) * share) for value, panel in zip(colour, PANEL, strict=True))
    return red, green, blue


def _shortened(view: _View, text: str, size: int, width: float) -> str:
    """`text` on one line, cut with an ellipsis where it would be wider than `width` pixels."""
    line = " ".join(text.split())
    if view.draw.textlength(line, font=_font(size)) <= width:
        return line
    while line and view.draw.textlength(line + "…", font=_font(size)) > width:
        line = line[:-1]
    return line.rstrip() + "…"
