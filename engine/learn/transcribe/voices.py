"""Which notes are the bass, which the melody, which the rest.

In: notes without roles. Out: the same notes with roles. Method: the lowest note that sounds where it begins, below A3,
is the bass; of the others the highest that is not far below the tune so far is the melody. Caveat: a second voice above
the tune is taken for the tune.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.learn.transcribe.values import HeardNote
from engine.music.notes import Role

HIGHEST_BASS = 56
TOGETHER_S = 0.04
TUNE_REACH = 12
REMEMBERED_S = 4.0


def with_roles(notes: Sequence[HeardNote], *, band: bool) -> tuple[HeardNote, ...]:
    """The notes, cast, in order of onset."""
    ordered = sorted(notes, key=lambda n: (n.onset_s, n.pitch))
    cast = []
    tune: list[HeardNote] = []
    for index, note in enumerate(ordered):
        around = _around(ordered, index)
        tune = [n for n in tune if n.onset_s > note.onset_s - REMEMBERED_S]
        level = sum(n.pitch for n in tune) / len(tune) if tune else note.pitch
        if note.pitch <= HIGHEST_BASS and all(other.pitch >= note.pitch for other in around):
            cast.append(replace(note, role=Role.BASS))
        elif note.pitch > level - TUNE_REACH and all(other.pitch <= note.pitch for other in around):
            cast.append(replace(note, role=Role.MELODY))
            tune.append(note)
        else:
            cast.append(note)
    return tuple(cast)


def _around(ordered: Sequence[HeardNote], index: int) -> list[HeardNote]:
    """Notes that sound where this one begins, or begin together with it."""
    note = ordered[index]
    around = [n for n in ordered[max(0, index - 40) : index] if n.end_s > note.onset_s + TOGETHER_S]
    for other in ordered[index + 1 : index + 20]:
        if other.onset_s > note.onset_s + TOGETHER_S:
            break
        around.append(other)
    return around
