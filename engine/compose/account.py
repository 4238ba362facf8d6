"""A finished song → its receipt: what was asked, what was decided, what came out.

In: the plan, what was written, the files. Out: a `Receipt`. Conventions: `tempo_bpm` counts quarter notes, as MIDI
does; among `measured`, both tempos count felt beats (dotted quarters in 6/8): `felt_bpm` is the written one,
`tempo_bpm` the one that can be heard in the audio. Caveat: a pulse is heard on any level of the meter; one on another
level than the felt beat (its half, its double, in 6/8 its third) is counted as the beat.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from engine.compose.plan import Plan
from engine.compose.render import SAMPLE_RATE_HZ
from engine.compose.request import Receipt
from engine.compose.sound import SoundFiles
from engine.compose.traits import plan_features
from engine.compose.written import Written
from engine.metrics.features import song_features
from engine.metrics.measures import measure_song
from engine.metrics.waveform import measure_audio
from engine.music.instruments import kit_name, program_name
from engine.music.notes import Role, Song
from engine.music.timing import TICKS_PER_QUARTER, Meter

SAME_TEMPO = 0.04
"""Tempos that differ by no more than this share are the same."""


def receipt_of(song_id: str, plan: Plan, written: Written, made: SoundFiles, timings_s: dict[str, float]) -> Receipt:
    """The receipt of a song whose files are made."""
    song = written.song
    audio = measure_audio(made.samples, SAMPLE_RATE_HZ).to_json()
    felt_bpm = felt_tempo(song)
    heard = heard_tempo(audio["tempo_bpm"], felt_bpm, song.meter)
    measured = {**measure_song(song).to_json(), **audio, "tempo_bpm": heard, "felt_bpm": felt_bpm}
    return Receipt(
        id=song_id,
        prompt=plan.prompt,
        style=plan.style,
        blend=dict(plan.blend),
        seed=plan.seed,
        model=written.model,
        tempo_bpm=song.tempo_bpm,
        key=str(song.key),
        mode=song.key.mode.value,
        meter=str(song.meter),
        bars=song.bars,
        duration_s=round(made.samples.shape[1] / SAMPLE_RATE_HZ, 3),
        sections=[{**dataclasses.asdict(section), "kind": section.kind.value} for section in song.sections],
        instruments={
            track.role.value: {
                "program": track.program,
                "name": _instrument(track.role, track.program),
                **({"doubled_by": program_name(track.doubling.program)} if track.doubling else {}),
            }
            for track in song.tracks
        },
        requested=dict(plan.requested),
        measured=measured,
        files={
            "audio": str(made.audio),
            "midi": str(made.midi),
            "picture": str(made.picture),
            **{what: str(path) for what, path in made.more.items()},
        },
        midi_sha256=made.midi_sha256,
        timings_s=timings_s,
        candidates=written.candidates,
        title=plan.title,
        notices=[*plan.notices, *made.notices],
        gates=written.gates,
        originality=written.originality,
        primer=plan.primer,
        explanation=_explained(plan, written),
        features={"plan": plan_features(plan), "song": song_features(song)},
        taste=dict(plan.taste),
    )


def _explained(plan: Plan, written: Written) -> dict[str, Any]:
    """Why the plan is as it is, and why this candidate of it was kept."""
    if plan.explanation is None:
        return {}
    return dataclasses.replace(plan.explanation, moved=(*plan.moved, *written.moved)).to_json()


def _instrument(role: Role, program: int) -> str:
    return kit_name(program) if role is Role.DRUMS else program_name(program)


def felt_tempo(song: Song) -> float:
    """The written tempo in felt beats a minute."""
    return round(song.tempo_bpm * TICKS_PER_QUARTER / song.meter.beat_ticks, 2)


def heard_tempo(heard_bpm: float | None, felt_bpm: float, meter: Meter) -> float | None:
    """The tempo heard in the audio, in felt beats where it is a level of the meter; else as it was heard."""
    if heard_bpm is None:
        return None
    levels: tuple[float, ...] = (1.0, 0.5, 2.0, 0.25, 4.0)
    if meter.beat_ticks % TICKS_PER_QUARTER:
        levels = (*levels, 1 / 3, 3.0, 2 / 3, 1.5, 1 / 6, 6.0)
    for level in levels:
        if abs(heard_bpm * level / felt_bpm - 1) <= SAME_TEMPO:
            return round(heard_bpm * level, 4)
    return heard_bpm
