"""One song's tables, made once and shared by all its candidates: what the network reads, and what the rules say.

In: a script and the style's index as the network knows it. Out: `Sheet`. Conventions: bars are counted as the script
counts them, a primer's bars included. Caveat: what a script says of bars must agree in number; it is looked at here, so
that no candidate finds out in the middle.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
from numpy.typing import NDArray

from engine.compose.rules import Rules
from engine.compose.script import Script
from engine.errors import EngineError
from engine.music.context import bar_features
from engine.music.frames import SILENT_CHORD, ChordIds
from engine.music.tokens import MAX_SLOTS, N_ROLES

Integers = NDArray[np.int64]


class Sheet:
    """`bars` [B, N_BAR_FEATURES]: what the network reads all through a bar; `chords` [B, 3, 3]: root, quality and bass
    of a bar's halves and of the next bar's first.
    """

    def __init__(self, script: Script, style_row: int) -> None:
        frame, plan = script.frame, script.plan
        if not len(frame.bars) == len(plan.bars) == len(script.kept):
            raise EngineError(f"A script of {len(plan.bars)} bars has a frame of {len(frame.bars)}.")
        for event in chain(*script.primer, *script.kept):
            if not (0 <= event.onset < MAX_SLOTS and 0 <= event.role < N_ROLES):
                raise EngineError(f"A script holds a note that cannot be: {event}.")
        self.script, self.rules = script, Rules(plan, script.style)
        self.bars: Integers = np.array([bar_features(frame, bar, style_row) for bar in range(len(frame.bars))])
        following = [*(bar.chords[0] for bar in frame.bars[1:]), SILENT_CHORD]
        rows = [[*bar.chords, then] for bar, then in zip(frame.bars, following, strict=True)]
        self.chords: Integers = np.array([[_ids(chord) for chord in row] for row in rows])


def _ids(chord: ChordIds) -> tuple[int, int, int]:
    return chord.root, chord.quality, chord.bass
