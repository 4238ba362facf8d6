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
from engine.compose.mixing.dynamics import Compress
from engine.compose.mixing.space import Space
from engine.compose.mixing.stage import Process, Session, Stage
from engine.compose.render import Audio
from engine.music.notes import Role

STAGE_LUFS = -26.0
"""What the sound check brings every role to before its inserts."""
LUFS_TO_POWER_DB = -2.3
"""A stereo sound of 0 LUFS has about this power in the mean of its channels."""


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
    """`inserts`: role → what its sound goes through, in order. `space`, `chorus`: fed by the roles' sends. `ride_db`:
    where a role, drums apart, gets so much louder than it usually is, a slow hand holds it back 4:1; slow pads in a
    long last chord would drown everything otherwise. `levels_db`: on top of the style's own gains. `bus`: what the sum
    goes through. `why`: one line for the docs."""

    why: str
    inserts: Mapping[Role, tuple[Insert, ...]] = field(default_factory=lambda: MappingProxyType({}))
    ride_db: float = 5.0
    levels_db: Mapping[Role, float] = field(default_factory=lambda: MappingProxyType({}))
    space: Space | None = None
    chorus: Chorus | None = field(default_factory=Chorus)
    bus: tuple[Stage, ...] = ()

    def inserts_for(self, role: Role, program: int) -> tuple[Stage, ...]:
        """The stages that this role's instrument goes through."""
        inserts = [insert for insert in self.inserts.get(role, ()) if insert.suits(program)]
        return (*self._ride(role), *(stage for insert in inserts for stage in insert.stages))

    def _ride(self, role: Role) -> tuple[Stage, ...]:
        if role is Role.DRUMS:
            return ()
        threshold_db = STAGE_LUFS + LUFS_TO_POWER_DB + self.ride_db
        return (Compress(threshold_db=threshold_db, ratio=4.0, attack_s=0.06, release_s=0.4),)
