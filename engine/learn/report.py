"""What was understood of an upload, for whoever taught it and for the dataset.

In: JSON from the worker, or a song and what is known of its recording. Out: `LessonReport`, and JSON again.
Conventions: confidences 0…1 by stage; of scores, which need not be transcribed, there are none. Caveat: light, so that
the Discord process can read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.music.codec import from_plain, to_plain
from engine.music.notes import Section, Song


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonReport:
    """`duration_s`: of the file; `bars`, `sections` and `roles` (role → notes): of what was written down. `notices`:
    sentences for whoever taught it. `mfcc_mean`, `mfcc_deviation` (20 each) and `chroma` (12, C first) sum up the
    sound; empty for scores.
    """

    kind: str
    container: str
    codec: str
    duration_s: float
    tempo_bpm: float
    key: str
    meter: str
    swing: float
    bars: int
    roles: Mapping[str, int]
    sections: tuple[Section, ...]
    confidence: Mapping[str, float] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    mfcc_mean: tuple[float, ...] = ()
    mfcc_deviation: tuple[float, ...] = ()
    chroma: tuple[float, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> LessonReport:
        """Inverse of `to_json`. Raises `ValueError` for data that are no report."""
        return from_plain(cls, data)


def song_facts(song: Song) -> dict[str, Any]:
    """The fields of a report that the song itself tells."""
    return {
        "tempo_bpm": round(song.tempo_bpm, 2),
        "key": str(song.key),
        "meter": str(song.meter),
        "swing": round(song.swing, 3),
        "bars": song.bars,
        "roles": {track.role.value: len(track.notes) for track in song.tracks},
        "sections": song.sections,
    }
