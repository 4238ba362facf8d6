"""Leaning the network towards the manner of one piece: repeated notes, steps, leaps, and how long notes are held.

In: a plan with its profile. Out: nats to add to logits, by interval and by duration. Conventions: a tilt is the log
ratio of the profile's odds to the odds of the style's profiles on average, so a plan without a profile leans nowhere;
on top come the style's own `leans`, which make up for what its network does too often or too seldom on average.
Source: log-linear control of a language model's decoding by attributes (Dathathri et al., "Plug and Play Language
Models", ICLR 2020), here with attributes that are counted, not learnt. Caveat: a lean is no promise; the network's
own odds still count.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import log, log2

import numpy as np
from numpy.typing import NDArray

from engine.compose.plan import Plan
from engine.music.habits import FILE, Habits, Profile, load_habits
from engine.music.notes import Role
from engine.music.styles import Style, load_style
from engine.music.tokens import DURATIONS_TICKS, N_DURATIONS, N_ROLES, ROLE_INDEX

Floats = NDArray[np.float64]

REACH = 24
STEP, LEAP = 2, 5
"""Semitones up to which an interval is a step, and from which it is a leap."""
MOST_NATS = 1.4
LENGTH_NATS_PER_OCTAVE = 0.5
RARE = 0.02
LINES = {Role.MELODY: "melody", Role.BASS: "bass"}
HELD = {**LINES, Role.HARMONY: "harmony"}


def interval_tilts(plan: Plan, style: Style | None = None) -> dict[int, Floats]:
    """Role index → nats `[2 * REACH + 1]` for intervals from −`REACH` to `REACH` semitones. `style`: the plan's, where
    that is not the shipped one.
    """
    style = style or load_style(plan.style)
    habits = load_habits(style.folder_of(FILE))
    if habits is None or plan.profile is None:
        return {}
    return {ROLE_INDEX[role]: _intervals(plan.profile, habits, style.leans, name) for role, name in LINES.items()}


def _intervals(profile: Profile, habits: Habits, leans: Mapping[str, float], name: str) -> Floats:
    wide = np.abs(np.arange(-REACH, REACH + 1))
    tilt = np.zeros(2 * REACH + 1)
    for manner, where in (("repeats", wide == 0), ("steps", (wide > 0) & (wide <= STEP)), ("leaps", wide >= LEAP)):
        measure = f"{name}_{manner}"
        tilt[where] = _lean(profile, habits, measure) + leans.get(measure, 0.0)
    return tilt


def _lean(profile: Profile, habits: Habits, measure: str) -> float:
    """Log odds ratio of a share between the profile and the style's mean, bounded; 0 where it was not measured."""
    if measure not in profile.measures:
        return 0.0
    here, usual = (min(max(share, RARE), 1 - RARE) for share in (profile.measures[measure], habits.mean(measure)))
    return min(max(log(here / (1 - here)) - log(usual / (1 - usual)), -MOST_NATS), MOST_NATS)


def duration_tilts(plan: Plan, style: Style | None = None) -> Floats:
    """`[N_ROLES, N_DURATIONS]` nats: longer or shorter notes, as the profile's role holds them."""
    tilts = np.zeros((N_ROLES, N_DURATIONS))
    habits = load_habits((style or load_style(plan.style)).folder_of(FILE))
    if habits is None or plan.profile is None:
        return tilts
    octaves = np.log2(np.asarray(DURATIONS_TICKS, np.float64))
    for role, name in HELD.items():
        here = plan.profile.measures.get(f"{name}_note_length")
        if here:
            lean = LENGTH_NATS_PER_OCTAVE * log2(here / habits.mean(f"{name}_note_length"))
            tilts[ROLE_INDEX[role]] = min(max(lean, -MOST_NATS), MOST_NATS) * octaves
    return tilts
