"""What many candidates may write next: the rules' tables, asked for all of them at once.

In: rows of the board (`here` [M]), and what was drawn so far. Out: masks `[M, classes] bool` (True: allowed) and biases
`[M, classes] float64` in nats. Conventions: as in `engine.compose.rules`; slots are those drawn for the next event.
Caveat: a row's answer never depends on the others', which is what makes a song the same in any company.
"""

from __future__ import annotations

import numpy as np

from engine.compose.board import Board, Rows
from engine.compose.rules import VOICES_AT_ONCE, Integers, Mask, Nats
from engine.compose.tilt import REACH
from engine.music.context import NO_PITCH
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
    SLOTS_PER_QUARTER,
)

FORBIDDEN = -1e9
MAX_LEAP = {DRUMS: 0, MELODY: 16, BASS: 14, COUNTER: 24, HARMONY: 48}
REPEAT_FREE, REPEAT_LIMIT = 2, 5
REPEAT_COST = 0.8
AHEAD_FREE, AHEAD_COST = 0.2, 0.4
"""Share of its notes a bar that a role may be ahead, and nats for each note beyond."""
CLOSEST = {HARMONY: 3}
"""Least semitones between a role's notes of one slot, where they are more than one."""

_ROLES, _ONSETS, _DRUMS, _PITCHES = (np.arange(count) for count in (N_ROLES, N_ONSETS, N_DRUMS, N_PITCHES))
_CLASSES = _PITCHES % 12
_VOICES = np.array([VOICES_AT_ONCE[role] for role in range(N_ROLES)])
_LEAPS = np.array([MAX_LEAP[role] for role in range(N_ROLES)])
_ABOVE = np.array([CLOSEST.get(role, 1) for role in range(N_ROLES)])
_SINGLE = _VOICES == 1


def missing(here: Rows) -> Mask:
    """`[M, N_ROLES]`: roles that must still play in this bar; the melody, the counter and slow roles may rest for one
    bar, but somebody must play.
    """
    silent = here["counts"] == 0
    out: Mask = here["owed"] & silent
    nobody = silent.all(axis=1) & ~out.any(axis=1)
    out[nobody] = here["active"][nobody]
    return out


def open_roles(here: Rows, slot: Integers) -> Mask:
    """`[M, N_ROLES]`: roles that may place a note at `slot`: active, below their cap, and after the last event in
    order.
    """
    onset, role, pitch = here["last"][:, :3].T
    same = onset == slot
    out: Mask = here["active"] & (here["counts"] < here["caps"])
    out &= (here["struck"] != slot[:, None]) | (here["voices"] < _VOICES)
    out &= np.where(same, role, 0)[:, None] <= _ROLES
    out[:, DRUMS] &= ~(same & (role == DRUMS) & (pitch == N_DRUMS - 1))
    return out


def onset_mask(here: Rows, missing: Mask) -> Mask:
    """`[M, N_ONSETS]`: slots from the last one on, and the bar line once everybody who must has played; whoever is
    missing comes early enough.
    """
    onset = here["last"][:, 0]
    now = np.where(onset == BAR, 0, onset)
    anybody: Mask = np.any(here["active"] & (here["counts"] < here["caps"]), axis=1, keepdims=True)
    out: Mask = anybody & (now[:, None] < _ONSETS) & (here["slots"][:, None] > _ONSETS)
    out[np.arange(len(here)), now] = anybody[:, 0] & open_roles(here, now).any(axis=1)
    waited_for: Mask = np.asarray(missing.any(axis=1))
    early = np.where(missing[:, DRUMS] | missing[:, BASS], here["slots"] // 4, here["slots"] // 2)
    late = early[:, None] < _ONSETS
    hurry: Mask = waited_for & (out & ~late).any(axis=1)
    out &= ~(hurry[:, None] & late)
    out[:, BAR] = ~waited_for | ~out[:, :BAR].any(axis=1)
    return out


def role_mask(here: Rows, missing: Mask, slot: Integers) -> Mask:
    """`[M, N_ROLES]`: who may play at `slot`; whoever is overdue goes first once a quarter of the bar has passed, and
    so does the next kept note's role, if it stands there.
    """
    able = open_roles(here, slot)
    overdue = missing & able
    at_end = slot == here["slots"] - 1  # no slot is left for who would come before
    overdue &= ~at_end[:, None] | (np.cumsum(overdue, axis=1) == 1)
    late = overdue.any(axis=1) & (slot * 4 >= here["slots"])
    onset, role = here["kept"].T
    out: Mask = np.where(late[:, None], overdue, able) | ((onset == slot)[:, None] & (role[:, None] == _ROLES))
    return out


def role_bias(here: Rows, slot: Integers) -> Nats:
    """`[M, N_ROLES]`: a role that is ahead of its density waits."""
    due = here["due"]
    by_now = due * (slot + SLOTS_PER_QUARTER)[:, None] / here["slots"][:, None]
    nats: Nats = -AHEAD_COST * np.maximum(0.0, here["counts"] - by_now - AHEAD_FREE * due)
    return nats


def drum_mask(here: Rows, slot: Integers) -> Mask:
    """`[M, N_DRUMS]`: percussion after the last one struck at the same slot."""
    onset, role, pitch = here["last"][:, :3].T
    out: Mask = np.where((onset == slot) & (role == DRUMS), pitch, -1)[:, None] < _DRUMS
    return out


def pitch_bias(board: Board, here: Rows, slot: Integers, role: Integers) -> Nats:
    """`[M, N_PITCHES]` for roles that are not percussion; `FORBIDDEN` where a pitch cannot be."""
    seat, half, strong = here["seat"], slot * 2 >= here["slots"], slot % here["beat"] == 0
    within = board.ranges[seat, role]
    nats = board.costs[seat, half.astype(np.int64), role, strong.astype(np.int64)]
    bias: Nats = np.where(within, nats[:, _CLASSES], FORBIDDEN)
    again = (here["last"][:, 0] == slot) & (here["last"][:, 1] == role)
    lowest = np.where(again, here["last"][:, 2] + _ABOVE[role], 0)
    bias[lowest[:, None] > _PITCHES] = FORBIDDEN
    line = np.flatnonzero(_SINGLE[role] & (here["pitch"][np.arange(len(here)), role] != NO_PITCH))
    if len(line):
        bias[line] = _shaped(board, here.take(line), role[line], bias[line])
    stuck = ~(bias > FORBIDDEN / 2).any(axis=1)
    bias[stuck] = np.where(within[stuck], 0.0, FORBIDDEN)
    return bias


def _shaped(board: Board, here: Rows, role: Integers, bias: Nats) -> Nats:
    """The biases of single lines, leaps bounded and leant, repetitions made rarer."""
    seat, each = here["seat"], np.arange(len(here))
    previous = here["pitch"][each, role]
    interval = _PITCHES - previous[:, None]
    near = np.abs(interval) <= _LEAPS[role][:, None]
    step = np.clip(interval, -REACH, REACH) + REACH
    leaps, tilts = (np.take_along_axis(table[seat, role], step, axis=1) for table in (board.leaps, board.tilts))
    possible = (near & (bias > FORBIDDEN / 2)).any(axis=1)
    bias = np.where(possible[:, None], np.where(near, bias - leaps + tilts, FORBIDDEN), bias)
    run = here["run"]
    for row in np.flatnonzero((role == MELODY) & (run > REPEAT_FREE)).tolist():
        pitch, allowed = previous[row], bias[row] > FORBIDDEN / 2
        if run[row] >= REPEAT_LIMIT and allowed.sum() > allowed[pitch]:
            bias[row, pitch] = FORBIDDEN
        else:
            bias[row, pitch] -= REPEAT_COST * (run[row] - REPEAT_FREE)
    return bias
