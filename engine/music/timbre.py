"""How bright and how loud General MIDI programs sound.

In: program numbers 0–127. Out: −1 dull … 1 bright; LUFS. Conventions: measured, not judged: loudness is BS.1770's of
one second each of the notes below, averaged in decibels. Brightness is the centroid of the amplitude
spectrum of one second of each program, velocity 80, at C3, C4 and C5 as far as it plays them, averaged in octaves,
with FluidR3_GM; written in tenths of an octave above 1 kHz (a timbre's centroid is what listeners call its brightness:
Grey & Gordon 1978). Caveat: drum kits have no place in the table.
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
    -30, -30, -25, -32, -22, -23, -26, -28, -28, -30, -28, -32, -28, -37, -27, -31,
    -24, -23, -22, -22, -24, -26, -25, -25, -29, -29, -22, -20, -30, -20, -18, -17,
    -28, -24, -25, -21, -31, -31, -26, -19, -21, -22, -23, -27, -23, -26, -28, -36,
    -23, -21, -11, -9, -23, -24, -24, -27, -25, -19, -19, -23, -21, -23, -14, -14,
    -23, -20, -23, -26, -20, -22, -21, -17, -19, -21, -22, -21, -21, -22, -18, -20,
    -11, -7, -10, -15, -15, -14, -13, -12, -13, -24, -18, -18, -15, -13, -13, -10,
    -14, -14, -21, -21, -15, -23, -19, -17, -28, -33, -34, -30, -36, -21, -21, -24,
    -30, -34, -27, -35, -30, -29, -22, -28, -25, -25, -26, -20, -20, -37, -21, -25,
)  # fmt: skip


def loudness_of(program: int) -> float:
    """LUFS at full MIDI volume; raises `ValueError` outside 0–127."""
    if not 0 <= program <= 127:
        raise ValueError(f"{program} is no General MIDI program; 0 to 127 would work")
    return float(_LUFS[program])
