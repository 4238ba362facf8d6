"""The last bar: everybody lands on the tonic chord and lets it ring.

In: the plan and what everybody played last. Out: the events of that bar, in order. Conventions: normal form;
every role stays near where it last was and within its range. Caveat: the bar has one long note a voice, whatever the
style; a style's own tags come with the plan's chords, not here.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.compose.plan import Plan
from engine.music.context import NO_PITCH
from engine.music.tokens import (
    BASS,
    COUNTER,
    DRUM_INDEX,
    DRUMS,
    DURATIONS_TICKS,
    HARMONY,
    MELODY,
    ROLE_ORDER,
    Event,
    duration_to_class,
)

KICK, CRASH = DRUM_INDEX[36], DRUM_INDEX[49]
VELOCITY = {DRUMS: 11, BASS: 10, HARMONY: 9, COUNTER: 8, MELODY: 11}
VOICES = 3


def _nearest(pitch_classes: frozenset[int], near: int, low: int, high: int) -> int | None:
    """The pitch of one of the classes that is nearest to `near` within the range, or None."""
    fitting = [pitch for pitch in range(low, high + 1) if pitch % 12 in pitch_classes]
    return min(fitting, key=lambda pitch: (abs(pitch - near), pitch)) if fitting else None


def _voicing(tones: frozenset[int], near: int, low: int, high: int) -> list[int]:
    """Up to three different chord tones around `near`, ascending."""
    top = _nearest(tones, near, low, high)
    if top is None:
        return []
    voices = [top]
    while len(voices) < VOICES:
        left = tones - {voice % 12 for voice in voices}
        below = [pitch for pitch in range(max(low, voices[-1] - 11), voices[-1] - 2) if pitch % 12 in left]
        if not below:
            break
        voices.append(below[-1])
    return sorted(voices)


def final_bar(plan: Plan, last: Sequence[int], active: Sequence[bool]) -> list[Event]:
    """One struck and held chord, by all roles that play in the last bar; `last`: each role's last pitch."""
    shift = plan.key.shift_to_white
    chord = plan.bars[-1].chords[0]
    tones = frozenset((pc + shift) % 12 for pc in chord.pitch_classes)
    triad = frozenset((pc + shift) % 12 for pc in chord.pitch_classes[:3])
    long = duration_to_class(min(plan.meter.bar_ticks, DURATIONS_TICKS[-1]))
    events: list[Event] = []
    for role, name in enumerate(ROLE_ORDER):
        casting = plan.cast.get(name)
        if not active[role] or casting is None:
            continue
        if role == DRUMS:
            events += [Event(0, DRUMS, drum, 0, VELOCITY[DRUMS]) for drum in (KICK, CRASH)]
            continue
        low, high = casting.low + shift, casting.high + shift
        near = last[role] if last[role] != NO_PITCH else (low + high) // 2
        if role == BASS:
            bass = _nearest(frozenset({(chord.bass + shift) % 12}), near, low, high)
            voices = [] if bass is None else [bass]
        elif role == HARMONY:
            voices = _voicing(tones, near, low, high)
        else:
            voice = _nearest(triad, near, low, high)
            voices = [] if voice is None else [voice]
        events += [Event(0, role, voice, long, VELOCITY[role]) for voice in voices]
    return events
