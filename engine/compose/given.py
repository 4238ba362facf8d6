"""Notes that are given before composing begins: bars that come before the song, and roles that stay as they are.

In: songs that exist already (a MIDI file to go on from, a finished song of which some roles are kept). Out: `Given`,
which the writing of notes takes beside the plan. Conventions: a primer's bars are read by the network and are no part
of the result; kept roles' notes stand in the result unchanged. Caveat: nothing here checks that the songs fit the
plan; whoever makes a `Given` from what a person gave does.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.music.notes import Role, Song


@dataclass(frozen=True, slots=True, kw_only=True)
class Primer:
    """The last `bars` bars of `song` are read by the network before the first bar of the plan."""

    song: Song
    bars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is given. `score`: a song with the plan's meter, bars and chords; its notes of the `kept` roles are placed
    unchanged, the other roles are composed around them.
    """

    primer: Primer | None = None
    kept: frozenset[Role] = frozenset()
    score: Song | None = None


NOTHING = Given()
"""Nothing is given: a song from its plan alone."""
