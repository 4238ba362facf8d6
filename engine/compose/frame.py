"""Plan → frame: what the network is told, in the same integers that training measured on songs.

Conventions: energies become ranks within the song, as `frame_of_song` measures them; densities are the cast's usual
ones, more in loud sections and fewer in soft ones.
"""

from __future__ import annotations

from engine.compose.plan import Plan
from engine.music.frames import (
    KINDS,
    MODES,
    BarFrame,
    Frame,
    chord_ids,
    density_level,
    energy_level,
    meter_id,
    ranks,
    tempo_level,
)
from engine.music.tokens import ROLE_ORDER, slots_in_bar


def density_lift(energy: float) -> float:
    """Factor on the usual density in a bar of energy 0…1: ± 25 %."""
    return 0.75 + 0.5 * energy


def _density(plan: Plan, bar: int) -> tuple[int, ...]:
    """Density level a role: the usual one ± 25 % with the bar's energy."""
    lift = density_lift(plan.bars[bar].energy)
    levels = []
    for role in ROLE_ORDER:
        casting = plan.cast.get(role)
        levels.append(density_level(casting.density * lift) if casting and role in plan.bars[bar].roles else 0)
    return tuple(levels)


def frame_of_plan(plan: Plan) -> Frame:
    """The frame of a planned song."""
    shift = plan.key.shift_to_white
    energies = ranks([bar.energy for bar in plan.bars])
    bars = []
    for index, bar in enumerate(plan.bars):
        section = plan.sections[bar.section]
        bars.append(
            BarFrame(
                kind=KINDS.index(section.kind),
                bar_in_section=index - section.start_bar,
                bars_left=section.end_bar - index - 1,
                energy=energy_level(energies[index]),
                roles=tuple(role in bar.roles and role in plan.cast for role in ROLE_ORDER),
                density=_density(plan, section.start_bar),
                chords=(chord_ids(bar.chords[0], shift), chord_ids(bar.chords[1], shift)),
            )
        )
    return Frame(
        style=plan.style,
        meter=meter_id(plan.meter),
        mode=MODES.index(plan.key.mode),
        tempo=tempo_level(plan.tempo_bpm),
        slots=slots_in_bar(plan.meter),
        bars=tuple(bars),
    )
