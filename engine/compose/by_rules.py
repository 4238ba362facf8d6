"""Plan → song by the written grammar alone: no network, no checkpoint; the baseline that the network must beat.

In: a `Plan`. Out: a `Song` that obeys it. Conventions: candidate k of seed s draws from PCG64 seeded by (s, k), as the
network's candidates do; of several the one with the fewest failed gates is kept, the earlier one among equals. Caveat:
a grammar knows its style from writing, not from listening.
"""

from __future__ import annotations

import numpy as np

from engine.compose.choose import choose, judge
from engine.compose.finish import song_of
from engine.compose.plan import Plan
from engine.grammar.corpus import grammar_of
from engine.grammar.grammar import Casting
from engine.grammar.score import Outline, OutlineBar, play
from engine.music.notes import Song
from engine.music.styles import Style, load_style


def write_by_rules(plan: Plan, *, candidates: int = 1, style: Style | None = None) -> Song:
    """The best of `candidates` (at least 1) songs that the grammar of the plan's style makes of it; a server's own
    style (`style`) has its parent's grammar.
    """
    outline = outline_of(plan)
    style = style or load_style(plan.style)
    grammar = grammar_of(style.root)
    generators = (np.random.Generator(np.random.PCG64([plan.seed, k])) for k in range(max(1, candidates)))
    songs = [song_of(plan, play(grammar, outline, rng)) for rng in generators]
    return songs[choose([judge(song, plan, {}, style=style) for song in songs])]


def outline_of(plan: Plan) -> Outline:
    """The plan in the grammar's terms."""
    return Outline(
        key=plan.key,
        meter=plan.meter,
        sections=plan.sections,
        bars=tuple(
            OutlineBar(chords=bar.chords, roles=bar.roles & plan.cast.keys(), energy=bar.energy, copy_of=bar.copy_of)
            for bar in plan.bars
        ),
        parts={
            role: Casting(programs=((casting.program, 1.0),), low=casting.low, high=casting.high)
            for role, casting in plan.cast.items()
        },
    )
