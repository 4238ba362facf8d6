"""What may be written where: one plan and its style as tables, bar by bar, that all of its candidates share.

In: a `Plan`. Out: who plays, how much, in which range, and what each pitch class costs. Conventions: pitches here are
in normal form (see `engine.music.harmony`), as the network's are; roles are in `ROLE_ORDER`; costs are nats.
`engine.compose.masks` asks the tables for many candidates at once. Impossible output cannot be drawn; unwelcome output
is made rarer. Caveat: the numbers of nats are judgement, tuned by measurement (docs/LOG.md).
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from engine.compose.frame import density_lift
from engine.compose.plan import BarPlan, Casting, Plan
from engine.compose.tilt import REACH, duration_tilts, interval_tilts
from engine.music.harmony import WHITE_KEYS
from engine.music.styles import Style, load_style
from engine.music.tokens import (
    BASS,
    COUNTER,
    DRUMS,
    HARMONY,
    MELODY,
    N_PITCHES,
    N_ROLES,
    ROLE_ORDER,
    SLOTS_PER_QUARTER,
    slots_in_bar,
)

Mask = NDArray[np.bool_]
Nats = NDArray[np.float64]
Integers = NDArray[np.int64]

VOICES_AT_ONCE = {DRUMS: 4, BASS: 1, HARMONY: 4, COUNTER: 3, MELODY: 1}
CAP_FACTOR, CAP_SLACK = 1.5, 3
SLOW = 2.6
"""A role of fewer notes a bar may leave a bar to what still sounds."""
CHORD_COST = {
    # role: nats against a scale tone outside the chord (on a strong beat, elsewhere), and against a tone outside both
    HARMONY: (3.5, 2.5, 6.0),
    BASS: (4.0, 1.0, 3.5),
    COUNTER: (1.5, 0.7, 4.5),
    MELODY: (0.5, 0.1, 2.5),
}
BASS_ROOT_BONUS = 2.0
CLEARLY = 0.08
"""A section is in another scale than its song if that holds at least this share more of its chords' tones."""
DIATONIC, CHROMATIC, LEAST_STRICT = 0.95, 0.65, 0.25
"""Shares of notes in the scale at which foreign tones cost all and hardly anything, and the least share of the cost."""
LEAP_FREE, LEAP_COST_PER_SEMITONE = 5, 0.06


class Rules:
    """The rules of one plan of B bars; shared by all its candidates, keeps no state of theirs.

    `active` [B, N_ROLES] bool: who plays something new; `slow`: who may then rest for a bar. `due` [B, N_ROLES]
    float64: notes that a role should write, `caps` int64: the most. `ranges` [N_ROLES, N_PITCHES] bool. `costs`
    [B, half, N_ROLES, strong, 12] float64: nats to add to each pitch class. `leaps`, `tilts` [N_ROLES, 2 * REACH + 1]:
    nats to take from and to add to each interval of a line. `duration_tilts` [N_ROLES, N_DURATIONS]. `slots`, `beat`:
    slots of a bar, of a beat.
    """

    def __init__(self, plan: Plan, style: Style | None = None) -> None:
        """`style`: the plan's, where that is not the shipped one."""
        style = style or load_style(plan.style)
        self._plan, self._grip = plan, style.strictness
        self._shift = plan.key.shift_to_white
        self.slots = slots_in_bar(plan.meter)
        self.beat = 12 if str(plan.meter) == "6/8" else SLOTS_PER_QUARTER
        self._cast: list[Casting | None] = [plan.cast.get(role) for role in ROLE_ORDER]
        self._there = [tuple(role in bar.roles and role in plan.cast for role in ROLE_ORDER) for bar in plan.bars]
        self.active = np.array([self._new(bar, there) for bar, there in zip(plan.bars, self._there, strict=True)])
        self.due = np.array([self._densities(bar.energy) for bar in plan.bars])
        self.caps = (CAP_FACTOR * self.due + CAP_SLACK).astype(np.int64)
        self.slow = self.due < SLOW
        self.ranges = np.array([self._range(casting) for casting in self._cast])
        self.costs = self._costs(frozenset((plan.key.tonic + step + self._shift) % 12 for step in style.blue_notes))
        self.leaps, self.tilts = np.zeros((2, N_ROLES, 2 * REACH + 1))
        self.leaps[MELODY] = self._grip * LEAP_COST_PER_SEMITONE * np.maximum(0, _width() - LEAP_FREE)
        for role, nats in interval_tilts(plan, style).items():
            self.tilts[role] = nats
        self.duration_tilts = duration_tilts(plan, style)

    @staticmethod
    def _new(bar: BarPlan, there: tuple[bool, ...]) -> tuple[bool, ...]:
        """Who plays something new in a bar."""
        if not bar.fresh:
            return there
        return tuple(plays and role in bar.fresh for role, plays in zip(ROLE_ORDER, there, strict=True))

    def _range(self, casting: Casting | None) -> Mask:
        mask = np.zeros(N_PITCHES, np.bool_)
        if casting is not None:
            mask[max(0, casting.low + self._shift) : min(N_PITCHES, casting.high + self._shift + 1)] = True
        return mask

    def _densities(self, energy: float) -> list[float]:
        """Notes a role should write in a bar of this energy, as the frame tells the network."""
        return [0.0 if casting is None else casting.density * density_lift(energy) for casting in self._cast]

    def repeated(self, bar: int) -> tuple[bool, ...]:
        """Who repeats, in a bar that repeats another."""
        fresh = self._plan.bars[bar].fresh
        return tuple(plays and role not in fresh for role, plays in zip(ROLE_ORDER, self._there[bar], strict=True))

    def cap(self, bar: int, role: int) -> int:
        """Most notes that a role may write in a bar."""
        return int(self.caps[bar, role])

    def most_events(self) -> int:
        """An upper bound of a candidate's events, bar lines included; a repeated bar has as many as its source."""
        return len(self.caps) * (int(self.caps.sum(axis=1).max()) + 1) + sum(VOICES_AT_ONCE.values())

    def _costs(self, blue: frozenset[int]) -> Nats:
        """See `costs`: the chord's tones are free, those of the scale dearer on a beat, foreign ones dearest."""
        bars, strict, scales = self._plan.bars, _strictness(self._plan), _scales(self._plan)
        tones = np.array([[self._classes(chord.pitch_classes) for chord in bar.chords] for bar in bars])
        bass = np.array([[self._classes((chord.bass,)) for chord in bar.chords] for bar in bars])
        in_scale = np.array([_classes(scales[bar.section]) for bar in bars])[:, None]
        costs = np.zeros((len(bars), 2, N_ROLES, 2, 12))
        for role, nats in CHORD_COST.items():
            off_beat, on_beat, outside = (nats[at] * self._grip for at in (1, 0, 2))
            at_home = tones | bass if role == BASS else tones
            sung = at_home | in_scale | _classes(blue) if role in (MELODY, COUNTER) else at_home | in_scale
            for strong, cost in enumerate((off_beat, on_beat)):
                costs[:, :, role, strong] -= np.where(sung, np.where(at_home, 0.0, cost), outside * strict)
        costs[:, :, BASS, 1] = np.where(bass, BASS_ROOT_BONUS * self._grip, costs[:, :, BASS, 1])
        return costs

    def _classes(self, pitch_classes: tuple[int, ...]) -> Mask:
        """Sounding pitch classes as `[12] bool`, in normal form."""
        return _classes(frozenset((pc + self._shift) % 12 for pc in pitch_classes))


def _classes(pitch_classes: frozenset[int]) -> Mask:
    """`[12] bool`."""
    mask = np.zeros(12, np.bool_)
    mask[list(pitch_classes)] = True
    return mask


def _width() -> Integers:
    """Semitones of each interval from −`REACH` to `REACH`."""
    return np.abs(np.arange(-REACH, REACH + 1))


def _scales(plan: Plan) -> list[frozenset[int]]:
    """For each section the scale, in the plan's normal form, that holds most of its chords' tones: the plan's own
    unless another major scale holds clearly more.
    """
    shift = plan.key.shift_to_white
    own = frozenset((pc + shift) % 12 for pc in plan.key.scale)
    scales = []
    for section in plan.sections:
        chords = [chord for bar in plan.bars[section.start_bar : section.end_bar] for chord in bar.chords]
        tones = Counter((pc + shift) % 12 for chord in chords for pc in chord.pitch_classes)
        options = [own, *(frozenset((pc + by) % 12 for pc in WHITE_KEYS) for by in range(12))]
        held = [sum(count for pc, count in tones.items() if pc in scale) for scale in options]
        held[0] += int(CLEARLY * tones.total())
        scales.append(options[held.index(max(held))])
    return scales


def _strictness(plan: Plan) -> float:
    """Factor on the cost of tones outside chord and scale: 1 where the profile's piece keeps to its scale, less where
    it is chromatic.
    """
    share = plan.profile.measures.get("scale_consistency") if plan.profile else None
    return 1.0 if share is None else min(max((share - CHROMATIC) / (DIATONIC - CHROMATIC), LEAST_STRICT), 1.0)
