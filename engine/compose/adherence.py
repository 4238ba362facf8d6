"""The adherence gate: is the finished song the one that was planned, and with that the one that was asked for?

In: a `Song` and its `Plan`. Out: the reasons against it, one sentence each; an empty tuple is a pass. Conventions: what
is decided before the first note (tempo, key, meter, bars, chords, instruments) must be met exactly; how well the notes
keep to key and chords has a floor. Caveat: the plan itself is taken for the wish; that it meets the wish is the
planner's to see to, and what it could not meet stands in its notices.
"""

from __future__ import annotations

from engine.compose.plan import Plan
from engine.music.notes import Role, Song

MIN_BELONGING = 0.8
"""Least share of pitched notes that belong to the key's scale or to the chord under them."""


def adherence(song: Song, plan: Plan) -> tuple[str, ...]:
    """What of the plan the song does not keep; empty if it keeps all."""
    reasons = []
    for what, made, wanted in (
        ("tempo", f"{song.tempo_bpm:g} bpm", f"{plan.tempo_bpm:g} bpm"),
        ("key", str(song.key), str(plan.key)),
        ("meter", str(song.meter), str(plan.meter)),
        ("length", f"{song.bars} bars", f"{len(plan.bars)} bars"),
    ):
        if made != wanted:
            reasons.append(f"the {what} is {made} instead of {wanted}")
    planned = tuple(chord for bar in plan.bars for chord in bar.chords)
    if song.chords != planned:
        reasons.append("the chords are not the planned ones")
    reasons += _cast_reasons(song, plan)
    share = belonging_share(song)
    if share is not None and share < MIN_BELONGING:
        reasons.append(f"only {share:.0%} of the notes belong to the key or the chord")
    return tuple(reasons)


def belonging_share(song: Song) -> float | None:
    """Share of pitched notes whose pitch class is in the key's scale or in the chord at their onset; `None` without."""
    notes = [note for track in song.tracks if track.role is not Role.DRUMS for note in track.notes]
    scale, half_ticks = frozenset(song.key.scale), song.meter.half_bar_ticks
    at_home = [scale if chord is None else scale.union(chord.pitch_classes) for chord in song.chords]
    belonging = 0
    for note in notes:
        half = note.onset // half_ticks
        belonging += note.pitch % 12 in (at_home[half] if half < len(at_home) else scale)
    return belonging / len(notes) if notes else None


def _cast_reasons(song: Song, plan: Plan) -> list[str]:
    """Who plays without being cast, with another instrument, or not at all."""
    reasons = []
    for track in song.tracks:
        casting = plan.cast.get(track.role)
        if casting is None and track.notes:
            reasons.append(f"the {track.role.value} plays, which is not cast")
        elif casting is not None and track.program != casting.program:
            reasons.append(f"the {track.role.value} plays program {track.program} instead of {casting.program}")
    playing = {track.role for track in song.tracks if track.notes}
    due = [role for role in plan.cast if any(role in bar.roles for bar in plan.bars)]
    return reasons + [f"the {role.value} does not play" for role in due if role not in playing]
