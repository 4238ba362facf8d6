"""All measures of a song at once, as one value for receipts, evaluation and the choice among candidates.

In: a `Song`. Out: `SongMeasures`, whose `to_json` is what receipts hold under `measured`. Conventions: see
`symbolic`.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from engine.metrics import form, symbolic
from engine.music.notes import Role, Song


@dataclass(frozen=True, slots=True, kw_only=True)
class SongMeasures:
    """What can be counted on a song's notes; `None` where there is nothing to count. Drums count in time, not in
    pitch.
    """

    notes: int
    notes_per_second: float
    notes_per_bar: dict[str, float]
    longest_repeated_pitch_run: int
    silent_bars: int
    pitch_class_entropy_bits: float | None
    scale_consistency: float | None
    polyphony: float | None
    empty_beat_rate: float
    groove_consistency: float | None
    melody_pitches: int
    melody_distinct_bars: float | None
    melody_returning_bars: float | None
    melody_chord_tones: float | None
    melody_octave_leaps: float | None
    melody_steps: float | None
    bass_roots: float | None
    velocity_spread: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object; floats rounded to four places."""
        return {name: _rounded(value) for name, value in dataclasses.asdict(self).items()}


def measure_song(song: Song) -> SongMeasures:
    """Measure a song; raises `ValueError` for one that `symbolic.validate` refuses."""
    symbolic.validate(song)
    melody = song.track(Role.MELODY)
    tune = melody.notes if melody else ()
    everything = symbolic.all_notes(song)
    return SongMeasures(
        notes=len(everything),
        notes_per_second=symbolic.notes_per_second(song),
        notes_per_bar={role.value: count for role, count in symbolic.notes_per_bar(song).items()},
        longest_repeated_pitch_run=symbolic.longest_repeated_pitch_run(melody) if melody else 0,
        silent_bars=len(symbolic.silent_bars(song)),
        pitch_class_entropy_bits=symbolic.pitch_class_entropy(symbolic.pitched_notes(song)),
        scale_consistency=symbolic.scale_consistency(song),
        polyphony=symbolic.polyphony(song),
        empty_beat_rate=symbolic.empty_beat_rate(song),
        groove_consistency=symbolic.groove_consistency(song),
        melody_pitches=len({note.pitch for note in tune}),
        melody_distinct_bars=form.distinct_bars_share(song, tune),
        melody_returning_bars=form.returning_bars_share(song, tune),
        melody_chord_tones=form.chord_tone_share(song),
        melody_octave_leaps=form.octave_leap_share(tune),
        melody_steps=form.step_share(tune),
        bass_roots=form.bass_root_at_downbeat_share(song),
        velocity_spread=symbolic.velocity_spread(everything),
    )


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    return round(value, 4) if isinstance(value, float) else value
