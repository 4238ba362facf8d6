"""How bright and how loud General MIDI programs sound.

In: program numbers 0–127. Out: −1 dull … 1 bright; LUFS. Conventions: measured with FluidR3_GM at velocity 80, not
judged. Brightness: the centroid of the amplitude spectrum of one second of each program at C3, C4 and C5 as far as it
plays them, averaged in octaves, written in tenths of an octave above 1 kHz (a timbre's centroid is what listeners call
its brightness: Grey & Gordon 1978). Loudness: BS.1770's, of eight quarter notes over an octave and a half around E4
or, where it cannot play there, the middle of its range. Caveat: drum kits have no place in the tables.
"""

from __future__ import annotations

_TENTHS = (
    7, 8, 0, 10, -10, -5, 14, 7, -1, 23, 14, -9, -9, 10, 5, 11,
    -18, -5, 1, 10, 4, 14, 12, 12, -2, 10, -1, 5, 6, 17, 15, 14,
    -8, -10, -3, -5, -2, 10, -12, -10, 14, 13, 13, 15, 7, -7, -9, -3,
    7, 7, 5, 4, 7, 11, 17, 2, 10, 1, -19, 14, 0, 11, 5, 0,
    8, 7, 6, 8, 5, 6, 3, 9, 10, 7, -4, 4, 8, 3, -12, 2,
    14, 18, -6, -11, 15, 11, 15, 6, 7, -4, 3, 14, -4, 4, 6, -2,
    4, 3, 0, -1, 3, -3, -3, 0, 17, 9, 7, 6, 9, 13, 15, 6,
    9, 21, 0, 19, -22, 9, -2, 24, 14, 15, 17, 20, 26, 9, 16, 7,
)  # fmt: skip
_MIDDLE, _REACH = 5, 15
"""Tenths of an octave: what is neither dull nor bright, and how far from it −1 and 1 lie."""


def brightness_of(program: int) -> float:
    """−1…1; raises `ValueError` outside 0–127."""
    if not 0 <= program <= 127:
        raise ValueError(f"{program} is no General MIDI program; 0 to 127 would work")
    return min(1.0, max(-1.0, (_TENTHS[program] - _MIDDLE) / _REACH))


_LUFS = (
    -28, -28, -25, -29, -22, -27, -25, -26, -26, -28, -26, -29, -26, -37, -24, -32,
    -27, -22, -23, -23, -24, -27, -25, -26, -26, -26, -24, -26, -32, -20, -17, -18,
    -26, -23, -24, -22, -30, -28, -26, -20, -23, -24, -25, -30, -23, -26, -26, -33,
    -24, -21, -23, -23, -25, -23, -25, -26, -25, -20, -20, -24, -21, -23, -25, -25,
    -22, -22, -22, -24, -21, -27, -22, -20, -21, -22, -23, -23, -21, -20, -18, -21,
    -22, -25, -27, -28, -23, -22, -30, -25, -27, -28, -25, -24, -22, -20, -24, -23,
    -25, -27, -28, -22, -25, -29, -26, -23, -27, -28, -33, -29, -30, -22, -23, -24,
    -29, -33, -27, -35, -27, -27, -24, -34, -26, -26, -26, -21, -21, -41, -24, -23,
)  # fmt: skip


def loudness_of(program: int) -> float:
    """LUFS at full MIDI volume; raises `ValueError` outside 0–127."""
    if not 0 <= program <= 127:
        raise ValueError(f"{program} is no General MIDI program; 0 to 127 would work")
    return float(_LUFS[program])
