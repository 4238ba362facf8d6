"""The colours of pictures: a dark theme and a light one.

Conventions: colours are sRGB, 0–255. Roles differ in lightness as well as in hue, in steps of eight or more of CIE L*
from the tune to the bass, so that they can be told apart without colour vision and on a grey print. The drums have a
grid of their own and take a neutral colour. Caveat: the lightest role is the tune in the dark theme, but the second
voice in the light one, where what is light is faint.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.music.notes import Role, SectionKind

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """A picture's colours. `roles` stand in drawing order: what comes last lies on top."""

    page: Colour
    panel: Colour
    black_keys: Colour
    octave: Colour
    beat: Colour
    bar: Colour
    section: Colour
    text: Colour
    soft: Colour
    faint: Colour
    bands: dict[SectionKind, Colour]
    roles: dict[Role, Colour]


DARK = Theme(
    page=(15, 17, 23),
    panel=(25, 28, 37),
    black_keys=(20, 23, 31),
    octave=(46, 51, 66),
    beat=(31, 35, 46),
    bar=(45, 50, 65),
    section=(118, 128, 155),
    text=(240, 242, 248),
    soft=(186, 193, 209),
    faint=(134, 142, 162),
    bands={
        SectionKind.INTRO: (45, 51, 68),
        SectionKind.VERSE: (52, 62, 92),
        SectionKind.CHORUS: (92, 72, 120),
        SectionKind.BRIDGE: (56, 84, 92),
        SectionKind.BREAK: (58, 58, 66),
        SectionKind.OUTRO: (45, 51, 68),
    },
    roles={
        Role.DRUMS: (206, 212, 226),
        Role.HARMONY: (92, 166, 232),
        Role.COUNTER: (246, 162, 200),
        Role.BASS: (30, 154, 108),
        Role.MELODY: (255, 212, 84),
    },
)

LIGHT = Theme(
    page=(250, 249, 245),
    panel=(255, 255, 255),
    black_keys=(243, 243, 240),
    octave=(214, 214, 210),
    beat=(236, 236, 232),
    bar=(212, 213, 214),
    section=(120, 126, 140),
    text=(24, 27, 36),
    soft=(66, 72, 88),
    faint=(104, 110, 126),
    bands={
        SectionKind.INTRO: (226, 229, 237),
        SectionKind.VERSE: (209, 218, 238),
        SectionKind.CHORUS: (228, 211, 243),
        SectionKind.BRIDGE: (205, 230, 232),
        SectionKind.BREAK: (230, 230, 228),
        SectionKind.OUTRO: (226, 229, 237),
    },
    roles={
        Role.DRUMS: (58, 64, 80),
        Role.HARMONY: (40, 126, 198),
        Role.COUNTER: (222, 104, 160),
        Role.BASS: (6, 78, 56),
        Role.MELODY: (176, 50, 6),
    },
)

THEMES: dict[str, Theme] = {"dark": DARK, "light": LIGHT}

ROLE_COLOURS = DARK.roles
