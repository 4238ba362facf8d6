"""A mastering chain as data: what happens to each role, which spaces they share, and what happens to all of them.

In: a style's chain name. Out: a `Chain`. Conventions: a role's inserts come first; then the role is levelled and sent
to the chain's chorus and space as far as its `Part` says; the bus hears the sum. An insert may be meant for certain
instruments only, so that a piano in a rock band is not played through a guitar's amplifier. The chains themselves are
in `chains`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from engine.compose.mixing.colour import Chorus
from engine.compose.mixing.space import Space
from engine.compose.mixing.stage import Process, Session, Stage
from engine.compose.render import Audio
from engine.music.notes import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """Stages for one role; only for these General MIDI programs where some are named."""

    stages: tuple[Stage, ...]
    programs: frozenset[int] | None = None

    def suits(self, program: int) -> bool:
        """Whether an instrument goes through it."""
        return self.programs is None or program in self.programs


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """A stage whose sound is added to what goes in, `wet_db` louder."""

    stage: Stage
    wet_db: float = 0.0

    def start(self, session: Session) -> Process:
        """Begin the stage beside."""
        inner, gain = self.stage.start(session), 10 ** (self.wet_db / 20)

        def process(block: Audio) -> Audio:
            wet = inner(block.copy())
            wet *= gain
            wet += block
            return wet

        return process


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """`inserts`: role → what its sound goes through, in order. `space`, `chorus`: fed by the roles' sends.
    `levels_db`: on top of the style's own gains. `bus`: what the sum goes through. `why`: one line for the docs."""

    why: str
    inserts: Mapping[Role, tuple[Insert, ...]] = field(default_factory=lambda: MappingProxyType({}))
    levels_db: Mapping[Role, float] = field(default_factory=lambda: MappingProxyType({}))
    space: Space | None = None
    chorus: Chorus | None = field(default_factory=Chorus)
    bus: tuple[Stage, ...] = ()

    def inserts_for(self, role: Role, program: int) -> tuple[Stage, ...]:
        """The stages that this role's instrument goes through."""
        return tuple(stage for insert in self.inserts.get(role, ()) if insert.suits(program) for stage in insert.stages)
