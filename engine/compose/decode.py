"""The loop that writes notes: network, rules and chance, for N candidates of one plan at once.

In: a stepper, a script (plan, frame, given notes) with its rules, a generator a candidate. Out: N lists of events.
Conventions: a primer's bars, a bar that repeats an earlier one, and the last bar are not drawn but dictated; the
network reads them all the same, so that it knows what was played. Kept notes stand in their bars: what is drawn goes
before the next of them, in the order of events, or makes way for it. All candidates advance in one batch of constant
size; a candidate's randomness is its own. Caveat: a step serves the slowest candidate, so a batch takes as many steps
as its longest song.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.compose.ending import final_bar
from engine.compose.rules import FORBIDDEN, Rules
from engine.compose.script import Script
from engine.model.sampling import Stepper, draw
from engine.music.context import N_DETAILS, N_FEATURES, NO_PITCH, Context
from engine.music.frames import NO_CHORD
from engine.music.tokens import (
    BAR,
    BAR_EVENT,
    DRUMS,
    N_DRUMS,
    N_DURATIONS,
    N_ONSETS,
    N_PITCHES,
    N_ROLES,
    N_VELOCITIES,
    Event,
)

Floats = NDArray[np.float64]
IDLE_FEATURES, IDLE_DETAILS = [0] * N_FEATURES, [0] * N_DETAILS
"""What finished candidates read: the batch keeps its size."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Sampling temperatures a head, and the nucleus. Drums keep time best when they are cooler."""

    onset: float
    role: float
    pitch: float
    drums: float
    duration: float
    velocity: float
    top_p: float

    @classmethod
    def of(cls, temperature: float, top_p: float) -> Heat:
        """Spread a style's one temperature over the heads."""
        return cls(
            onset=temperature,
            role=temperature,
            pitch=temperature,
            drums=0.85 * temperature,
            duration=temperature,
            velocity=temperature,
            top_p=top_p,
        )


class Line:
    """One candidate: its context, its events so far, what is dictated next, and the kept notes that are still to come
    in its bar.
    """

    def __init__(self, script: Script, rules: Rules, style_id: int, random: np.random.Generator) -> None:
        self._script, self._rules = script, rules
        self.context = Context(script.frame, style_id)
        self.last = BAR_EVENT
        self.events: list[Event] = []
        self._bars: list[list[Event]] = []
        self.dictated: deque[Event] = deque()
        self.kept: deque[Event] = deque()
        self.done = False
        self.random = random
        self._begin_bar()

    def take(self, event: Event) -> None:
        """Write an event down."""
        self.events.append(event)
        self.context.push(event)
        self.last = event
        if event.onset != BAR:
            self._bars[-1].append(event)
        elif self.context.bar == len(self._script.plan.bars):
            self.done = True
        else:
            self._begin_bar()

    def choose(self, drawn: Event) -> Event:
        """The event to take: the dictated one, a kept one whose turn it is, or else the drawn one."""
        if self.dictated:
            return self.dictated.popleft()
        if self.kept and drawn[:2] >= self.kept[0][:2]:
            return self.kept.popleft()
        return drawn

    def kept_role(self, onset: int) -> int | None:
        """The role of the next kept note, if it stands at `onset`."""
        return self.kept[0].role if self.kept and self.kept[0].onset == onset else None

    def _begin_bar(self) -> None:
        """Queue the new bar if it is given, a repeat or the last one; else only the notes that are kept in it."""
        self._bars.append([])
        bar = self.context.bar
        plan, kept, events = self._script.plan.bars[bar], self._script.kept[bar], self._bars
        if bar < len(self._script.primer):
            self.dictated.extend(self._script.primer[bar])
        elif plan.final:
            self.dictated.extend(sorted([*final_bar(self._script.plan, self.context, self._rules.active(bar)), *kept]))
        elif plan.copy_of is not None:
            active = self._rules.repeated(bar)
            repeat = sorted([*(event for event in events[plan.copy_of] if active[event.role]), *kept])
            if plan.fresh:
                self.kept.extend(repeat)
                return
            self.dictated.extend(repeat)
        else:
            groove = () if plan.groove_of is None else (e for e in events[plan.groove_of] if e.role == DRUMS)
            self.kept.extend(sorted([*kept, *groove]))
            return
        self.dictated.append(BAR_EVENT)

    @property
    def free(self) -> bool:
        """Whether the next event is to be drawn."""
        return not self.done and not self.dictated


class Decoder:
    """Writes N candidates of a plan; see the module's docstring."""

    def __init__(self, stepper: Stepper, rules: Rules, lines: list[Line], heat: Heat) -> None:
        self._stepper, self._rules, self._lines, self._heat = stepper, rules, lines, heat
        self._size = len(lines)

    def run(self, script: Script, on_progress: Callable[[float], None]) -> None:
        """Step until every candidate is done. Raises `RuntimeError` if one does not end (a bug in the rules)."""
        limit, bars = self._rules.most_events() + script.given_events, len(script.plan.bars)
        for step in range(limit):
            if all(line.done for line in self._lines):
                return
            self._step()
            if step % 16 == 0:
                on_progress(min(bars if line.done else line.context.bar for line in self._lines) / bars)
        raise RuntimeError(f"a candidate did not end within {limit} steps")

    def _step(self) -> None:
        lines = self._lines
        rows = [IDLE_FEATURES if line.done else line.context.features() for line in lines]
        self._stepper.advance(np.asarray(rows, np.int64))
        events = [BAR_EVENT] * self._size
        if any(line.free for line in lines):
            events = self._draw(np.asarray([line.random.random(5) if line.free else np.zeros(5) for line in lines]))
        for line, event in zip(lines, events, strict=True):
            if not line.done:
                line.take(line.choose(event))

    def _choose(
        self, logits: Floats, allowed: NDArray[np.bool_], temperature: Floats, uniform: Floats
    ) -> NDArray[np.int64]:
        allowed[~allowed.any(axis=1)] = True
        return draw(logits, mask=allowed, temperature=temperature, top_p=self._heat.top_p, uniform=uniform)

    def _draw(self, uniform: Floats) -> list[Event]:
        """Draw the next event of every line; those of lines that are not free are dummies."""
        lines, heat, n = self._lines, self._heat, self._size
        free = [line.free for line in lines]
        warm = np.ones(n)
        onsets = np.ones((n, N_ONSETS), np.bool_)
        for i in range(n):
            if free[i]:
                onsets[i] = self._rules.onset_mask(lines[i].context, lines[i].last)
        onset = self._choose(self._stepper.onset_logits(), onsets, warm * heat.onset, uniform[:, 0])
        note = [f and o != BAR for f, o in zip(free, onset, strict=True)]
        if not any(note):
            return [BAR_EVENT] * n

        roles = np.ones((n, N_ROLES), np.bool_)
        for i in range(n):
            if note[i]:
                roles[i] = self._rules.role_mask(lines[i].context, lines[i].last, int(onset[i]))
                if (kept := lines[i].kept_role(int(onset[i]))) is not None:
                    roles[i, kept] = True
        logits = self._stepper.role_logits(onset)
        for i in range(n):
            if note[i]:
                logits[i] += self._rules.role_bias(lines[i].context, int(onset[i]))
        role = self._choose(logits, roles, warm * heat.role, uniform[:, 1])
        slot = np.minimum(onset, self._rules.slots - 1)
        details = [lines[i].context.detail(int(slot[i]), int(role[i])) if note[i] else IDLE_DETAILS for i in range(n)]
        self._stepper.open_details(np.asarray(details, np.int64))
        pitch = self._draw_pitch(note, slot, role, uniform[:, 2])
        chosen = np.where(role == DRUMS, N_PITCHES + np.minimum(pitch, N_DRUMS - 1), pitch)
        anything = np.ones((n, N_DURATIONS), np.bool_)
        logits = self._stepper.duration_logits(chosen) + self._rules.duration_tilts[role]
        duration = self._choose(logits, anything, warm * heat.duration, uniform[:, 3])
        duration = np.where(role == DRUMS, 0, duration)
        anything = np.ones((n, N_VELOCITIES), np.bool_)
        anything[:, :3] = False
        logits = self._stepper.velocity_logits(chosen, duration)
        velocity = self._choose(logits, anything, warm * heat.velocity, uniform[:, 4])
        rows = zip(onset, role, pitch, duration, velocity, strict=True)
        return [BAR_EVENT if row[0] == BAR else Event(*(int(value) for value in row)) for row in rows]

    def _draw_pitch(
        self, note: list[bool], slot: NDArray[np.int64], role: NDArray[np.int64], uniform: Floats
    ) -> NDArray[np.int64]:
        lines, n = self._lines, self._size
        drums = [note[i] and role[i] == DRUMS for i in range(n)]
        pitched = [note[i] and role[i] != DRUMS for i in range(n)]
        root, previous = np.full(n, NO_CHORD), np.full(n, NO_PITCH)
        bias = np.zeros((n, N_PITCHES))
        for i in range(n):
            if pitched[i]:
                root[i] = lines[i].context.chord_at(int(slot[i])).root
                previous[i] = lines[i].context.pitch[int(role[i])]
                bias[i] = self._rules.pitch_bias(lines[i].context, lines[i].last, int(slot[i]), int(role[i]))
        pitch = np.zeros(n, np.int64)
        if any(pitched):
            logits = self._stepper.pitch_logits(root, previous) + bias
            pitch = self._choose(logits, bias > FORBIDDEN / 2, np.full(n, self._heat.pitch), uniform)
        if not any(drums):
            return pitch
        struck = np.ones((n, N_DRUMS), np.bool_)
        for i in range(n):
            if drums[i]:
                struck[i] = self._rules.drum_mask(lines[i].last, int(slot[i]))
        heat = np.full(n, self._heat.drums)
        drum = self._choose(self._stepper.drum_logits(), struck, heat, uniform)
        return np.where(drums, drum, pitch)
