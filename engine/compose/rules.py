"""What may be written where: the plan and the style as masks and biases on the network's logits.

In: a `Plan`, and the running `Context` of one candidate. Out: a boolean row a head (True: allowed) and additive
biases in nats. Conventions: pitches here are in normal form (see `engine.music.harmony`), as the network's are.
Impossible output cannot be drawn; unwelcome output is made rarer. Caveat: the numbers of nats are judgement, tuned by
measurement (docs/LOG.md).
"""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from engine.compose.frame import density_lift
from engine.compose.plan import Casting, Plan
from engine.compose.tilt import REACH, duration_tilts, interval_tilts
from engine.music.context import NO_PITCH, Context
from engine.music.harmony import WHITE_KEYS
from engine.music.styles import load_style
from engine.music.tokens import (
    BAR,
    BASS,
    COUNTER,
    DRUMS,
    HARMONY,
    MELODY,
    N_DRUMS,
    N_ONSETS,
    N_PITCHES,
    N_ROLES,
    ROLE_ORDER,
    SLOTS_PER_QUARTER,
    Event,
    slots_in_bar,
)

Mask = NDArray[np.bool_]
Bias = NDArray[np.float64]

FORBIDDEN = -1e9
VOICES_AT_ONCE = {DRUMS: 4, BASS: 1, HARMONY: 4, COUNTER: 3, MELODY: 1}
MAX_LEAP = {MELODY: 16, BASS: 14, COUNTER: 24, HARMONY: 48}
REPEAT_FREE, REPEAT_LIMIT = 2, 5
REPEAT_COST = 0.8
CAP_FACTOR, CAP_SLACK = 1.5, 3
SLOW = 2.6
"""A role of fewer notes a bar may leave a bar to what still sounds."""
AHEAD_FREE, AHEAD_COST = 0.2, 0.4
"""Share of its notes a bar that a role may be ahead, and nats for each note beyond."""
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
LEAP_COST_PER_SEMITONE = 0.06


class Rules:
    """The rules of one plan; shared by all its candidates, keeps no state of theirs."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._shift = plan.key.shift_to_white
        self.slots = slots_in_bar(plan.meter)
        self._beat = 12 if str(plan.meter) == "6/8" else SLOTS_PER_QUARTER
        self._cast: list[Casting | None] = [plan.cast.get(role) for role in ROLE_ORDER]
        self._there = [tuple(role in bar.roles and role in plan.cast for role in ROLE_ORDER) for bar in plan.bars]
        self._active = [
            tuple(plays and role in bar.fresh for role, plays in zip(ROLE_ORDER, there, strict=True))
            if bar.fresh
            else there
            for bar, there in zip(plan.bars, self._there, strict=True)
        ]
        self._due = [self._densities(bar.energy) for bar in plan.bars]
        self._caps = [tuple(int(CAP_FACTOR * due + CAP_SLACK) for due in row) for row in self._due]
        self._ranges = [self._range_mask(casting) for casting in self._cast]
        self._scales = _scales(plan)
        self._blue = frozenset((plan.key.tonic + step + self._shift) % 12 for step in load_style(plan.style).blue_notes)
        self._tables: dict[tuple[int, int, int, bool], Bias] = {}
        self._strict = _strictness(plan)
        self._tilts = interval_tilts(plan)
        self.duration_tilts = duration_tilts(plan)
        self._grip = load_style(plan.style).strictness

    def _range_mask(self, casting: Casting | None) -> Mask:
        mask = np.zeros(N_PITCHES, np.bool_)
        if casting is not None:
            mask[max(0, casting.low + self._shift) : min(N_PITCHES, casting.high + self._shift + 1)] = True
        return mask

    def active(self, bar: int) -> tuple[bool, ...]:
        """Who plays something new in a bar, in `ROLE_ORDER`."""
        return self._active[bar]

    def repeated(self, bar: int) -> tuple[bool, ...]:
        """Who repeats, in a bar that repeats another, in `ROLE_ORDER`."""
        fresh = self._plan.bars[bar].fresh
        return tuple(plays and role not in fresh for role, plays in zip(ROLE_ORDER, self._there[bar], strict=True))

    def _densities(self, energy: float) -> list[float]:
        """Notes a role should write in a bar of this energy, as the frame tells the network."""
        return [0.0 if casting is None else casting.density * density_lift(energy) for casting in self._cast]

    def cap(self, bar: int, role: int) -> int:
        """Most notes that a role may write in a bar."""
        return self._caps[bar][role]

    def most_events(self) -> int:
        """An upper bound of a candidate's events, bar lines included; a repeated bar has as many as its source."""
        bars = range(len(self._plan.bars))
        fullest = max(sum(self.cap(bar, role) for role in range(N_ROLES)) for bar in bars)
        return len(bars) * (fullest + 1) + sum(VOICES_AT_ONCE.values())

    def role_bias(self, context: Context, slot: int) -> Bias:
        """`[N_ROLES]` nats to add: a role that is ahead of its density waits."""
        return np.array(
            [
                -AHEAD_COST * max(0.0, count - due * (slot + SLOTS_PER_QUARTER) / self.slots - AHEAD_FREE * due)
                for count, due in zip(context.counts, self._due[context.bar], strict=True)
            ]
        )

    def _missing(self, context: Context) -> list[int]:
        """Roles that must still play in this bar; the melody, the counter and slow roles may rest for one bar."""
        active = self._active[context.bar]
        missing = [
            role
            for role in (DRUMS, BASS, HARMONY)
            if active[role] and context.counts[role] == 0 and not self._may_rest(context, role)
        ]
        if (
            active[MELODY]
            and context.counts[MELODY] == 0
            and (context.bar - context.melody_bar > 1 or not any(active[:MELODY]))
        ):
            missing.append(MELODY)
        if not missing and sum(context.counts) == 0:
            missing = [role for role in range(N_ROLES) if active[role]]
        return missing

    def _may_rest(self, context: Context, role: int) -> bool:
        """Whether a role that seldom strikes (a pad, a pedal) struck in the bar before."""
        slow = role != DRUMS and self._due[context.bar][role] < SLOW
        return slow and context.bar > 0 and bool(context.notes_in_bar(context.bar - 1, role)[0])

    def _open_roles(self, context: Context, last: Event, slot: int) -> list[int]:
        """Roles that may place a note at `slot`: active, below their cap, and after the last event in order."""
        bar, counts = context.bar, context.counts
        active, caps = self._active[bar], self._caps[bar]
        here = last.onset == slot
        roles = []
        for role in range(last.role if here else 0, N_ROLES):
            if active[role] and counts[role] < caps[role]:
                slots, _ = context.notes_in_bar(bar, role)
                voices = slots.count(slot) if slots and slots[-1] == slot else 0
                if voices < VOICES_AT_ONCE[role]:
                    roles.append(role)
        if here and last.role == DRUMS and last.pitch == N_DRUMS - 1 and roles[:1] == [DRUMS]:
            del roles[0]
        return roles

    def _anybody(self, context: Context) -> bool:
        """Whether a role may still place a note in this bar."""
        bar = context.bar
        rows = zip(self._active[bar], context.counts, self._caps[bar], strict=True)
        return any(active and count < cap for active, count, cap in rows)

    def onset_mask(self, context: Context, last: Event) -> Mask:
        """`[N_ONSETS]`: slots from the last one on, and the bar line once everybody who must has played."""
        mask = np.zeros(N_ONSETS, np.bool_)
        here = last.onset if last.onset != BAR else 0
        missing = self._missing(context)
        if self._anybody(context):
            mask[here + (last.onset != BAR) : self.slots] = True
            mask[here] = bool(self._open_roles(context, last, here))
        if missing and not context.counts[missing[0]] and mask[:BAR].any():
            latest = self.slots // 2 if BASS not in missing and DRUMS not in missing else self.slots // 4
            if mask[: latest + 1].any():
                mask[latest + 1 :] = False
        mask[BAR] = not missing or not mask[:BAR].any()
        return mask

    def role_mask(self, context: Context, last: Event, slot: int) -> Mask:
        """`[N_ROLES]`: who may play at `slot`; whoever is overdue goes first once a half bar has passed."""
        open_roles = self._open_roles(context, last, slot)
        overdue = [role for role in self._missing(context) if role in open_roles]
        if slot == self.slots - 1:  # no slot is left for who would come before
            overdue = overdue[:1]
        late = overdue and slot * 4 >= self.slots
        mask = np.zeros(N_ROLES, np.bool_)
        mask[overdue if late else open_roles] = True
        return mask

    @staticmethod
    def drum_mask(last: Event, slot: int) -> Mask:
        """`[N_DRUMS]`: percussion after the last one struck at the same slot."""
        mask = np.ones(N_DRUMS, np.bool_)
        if last.onset == slot and last.role == DRUMS:
            mask[: last.pitch + 1] = False
        return mask

    def pitch_bias(self, context: Context, last: Event, slot: int, role: int) -> Bias:
        """`[N_PITCHES]` nats to add; `FORBIDDEN` where a pitch cannot be."""
        half = 1 if slot * 2 >= self.slots else 0
        strong = slot % self._beat == 0
        bias = self._table(context.bar, half, role, strong).copy()
        if last.onset == slot and last.role == role:
            bias[: last.pitch + (3 if role == HARMONY else 1)] = FORBIDDEN
        previous = context.pitch[role]
        if previous != NO_PITCH and VOICES_AT_ONCE[role] == 1:
            self._shape_line(bias, context, role, previous)
        if (bias > FORBIDDEN / 2).any():
            return bias
        return np.where(self._ranges[role], 0.0, FORBIDDEN)

    def _shape_line(self, bias: Bias, context: Context, role: int, previous: int) -> None:
        """Bound leaps and repetitions of a single line, in place."""
        reach = MAX_LEAP[role]
        kept = bias[max(0, previous - reach) : previous + reach + 1].copy()
        interval = np.arange(max(0, previous - reach), max(0, previous - reach) + len(kept)) - previous
        distance = np.abs(interval)
        if (kept > FORBIDDEN / 2).any():
            bias[:] = FORBIDDEN
            cost = self._grip * LEAP_COST_PER_SEMITONE * np.maximum(0, distance - 5) if role == MELODY else 0.0
            tilt = self._tilts[role][interval + REACH] if role in self._tilts else 0.0
            bias[max(0, previous - reach) : previous + reach + 1] = kept - cost + tilt
        if role == MELODY and context.run > REPEAT_FREE:
            others = np.delete(bias, previous)
            if context.run >= REPEAT_LIMIT and (others > FORBIDDEN / 2).any():
                bias[previous] = FORBIDDEN
            else:
                bias[previous] -= REPEAT_COST * (context.run - REPEAT_FREE)

    def _table(self, bar: int, half: int, role: int, strong: bool) -> Bias:
        key = (bar, half, role, strong)
        if key not in self._tables:
            self._tables[key] = self._make_table(bar, half, role, strong=strong)
        return self._tables[key]

    def _make_table(self, bar: int, half: int, role: int, *, strong: bool) -> Bias:
        chord, scale = self._plan.bars[bar].chords[half], self._scales[self._plan.bars[bar].section]
        tones = frozenset((pc + self._shift) % 12 for pc in chord.pitch_classes)
        bass = (chord.bass + self._shift) % 12
        on_beat, off_beat, outside = (cost * self._grip for cost in CHORD_COST[role])
        bias = np.full(N_PITCHES, FORBIDDEN)
        for pitch in np.nonzero(self._ranges[role])[0]:
            pc = int(pitch) % 12
            cost = 0.0 if pc in tones or (role == BASS and pc == bass) else (on_beat if strong else off_beat)
            sung = role in (MELODY, COUNTER) and pc in self._blue
            if pc not in tones and pc not in scale and not sung and not (role == BASS and pc == bass):
                cost = outside * self._strict
            bonus = BASS_ROOT_BONUS * self._grip if role == BASS and strong and pc == bass else 0.0
            bias[pitch] = bonus - cost
        return bias


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
