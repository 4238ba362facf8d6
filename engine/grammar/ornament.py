"""Approach notes: short notes before a beat lean on the note that follows, from a semitone away or from both sides.

In: the passage, the tune's cues with their onsets, the pitches found for them. Out: pitches again, as many. Only short
notes off the beat that run into a chord tone on the beat (or a syncopated long one) change. Caveat: an approach that
would leap more than a fifth, repeat the note before, or leave the tune's own range is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.grammar.chance import happens
from engine.grammar.grammar import Passage
from engine.grammar.motif import Cue
from engine.music.timing import TICKS_PER_QUARTER

SHORT = TICKS_PER_QUARTER // 2
LONGEST_LEAP = 7
ENCLOSED_SHARE = 0.45


def approached(
    passage: Passage, timed: Sequence[tuple[int, Cue]], pitches: list[int], share: float, rng: np.random.Generator
) -> list[int]:
    """Give `share` of the possible places an approach note, some of those an enclosure (above, below, target)."""
    out = list(pitches)
    low, high = min(pitches), max(pitches)
    for index in range(1, len(timed) - 1):
        target = out[index + 1]
        if not _leads(passage, timed, index, target) or not happens(rng, share):
            continue
        below = happens(rng, 0.72)
        pitch = target - 1 if below else target + 1
        changed = {index: pitch}
        enclosing = index >= 2 and below and timed[index - 1][0] % passage.strong_ticks and _runs(timed, index - 1)
        if enclosing and happens(rng, ENCLOSED_SHARE):
            scale = passage.key.scale
            changed[index - 1] = target + (2 if (target + 2) % 12 in scale else 1)
        first = min(changed)
        smooth = 0 < abs(changed[first] - out[first - 1]) <= LONGEST_LEAP
        if smooth and all(low <= p <= high for p in changed.values()):
            for place, value in changed.items():
                out[place] = value
    return out


def _runs(timed: Sequence[tuple[int, Cue]], index: int) -> bool:
    """Whether the note is short, closes nothing, and the next one follows at once."""
    onset, cue = timed[index]
    return cue.duration <= SHORT and not cue.close and timed[index + 1][0] <= onset + cue.duration


def _leads(passage: Passage, timed: Sequence[tuple[int, Cue]], index: int, target: int) -> bool:
    """Whether the note is a short one off the beat that runs into a chord tone of more weight."""
    onset = timed[index][0]
    goal, cue = timed[index + 1]
    weighty = goal % TICKS_PER_QUARTER == 0 or cue.duration > SHORT
    chord = passage.chord_at(goal)
    return onset % TICKS_PER_QUARTER != 0 and weighty and _runs(timed, index) and target % 12 in chord.pitch_classes
