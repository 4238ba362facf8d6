"""Groove MIDI Dataset (Google Magenta, CC BY 4.0): drummers' performances with human timing and velocity.

In: the folder with `info.csv`. Out: drums-only pieces in the styles rock, pop, jazz, blues, bossa (all Latin takes),
lofi (slow soul, funk and hip-hop) and other, written straight with the take's measured swing beside. Facts: 480 ticks a
quarter; Roland notes beyond General MIDI are mapped. Caveat: fills and takes of less than `MIN_BARS` bars are dropped;
the data set's own split is not used: all takes of one drummer's session stay together.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import BadRequest
from engine.learn.sources.piece import Dropped, Found, Origin, pieces_of
from engine.music.analysis.quantise import quantise
from engine.music.analysis.sections import find_sections
from engine.music.harmony import Key, Mode
from engine.music.midi.file import MidiFile
from engine.music.midi.read import read_midi
from engine.music.notes import Note, Role, Song, Track
from engine.music.timing import METERS, TICKS_PER_QUARTER

FINE_TICKS = 480
GENERAL_MIDI = {22: 42, 26: 46, 40: 38, 58: 43, 52: 49, 55: 49, 57: 49, 59: 51, 50: 48, 47: 45}
STYLE_OF = {"rock": "rock", "punk": "rock", "jazz": "jazz", "blues": "blues", "pop": "pop", "latin": "bossa"}
SLOW_BPM = 100
SWUNG = 0.57
MIN_BARS = 2


def read_groove(folder: Path) -> Iterator[Found]:
    """All takes of `info.csv` that are long enough."""
    with (folder / "info.csv").open(encoding="utf-8", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row["midi_filename"])
    for row in rows:
        name = row["midi_filename"]
        style = row["style"].split("/")[0]
        meter = row["time_signature"].replace("-", "/")
        if meter not in METERS:
            yield Dropped(id=f"groove/{name}", reason=f"meter {meter}")
            continue
        try:
            midi = read_midi((folder / name).read_bytes(), ticks_per_quarter=FINE_TICKS)
        except BadRequest as error:
            yield Dropped(id=f"groove/{name}", reason=str(error))
            continue
        song = groove_song(midi, style=style, bpm=float(row["bpm"]), meter=meter, title=Path(name).stem)
        if song is None:
            yield Dropped(id=f"groove/{name}", reason=f"shorter than {MIN_BARS} bars")
            continue
        song = replace(song, meta={"groove": row["style"], "beat": row["beat_type"], "drummer": row["drummer"]})
        origin = Origin(source="groove", path=name, work=f"{row['session']}/{style}", licence="CC-BY-4.0")
        yield from pieces_of([song], origin)


def groove_song(midi: MidiFile, *, style: str, bpm: float, meter: str, title: str) -> Song | None:
    """A drums-only song on the grid, or None if the take is too short. `midi` counts 480 ticks a quarter."""
    hits = [n for t in midi.tracks for n in t.notes]
    swing = measure_swing(hits)
    written = [_written(n, swing) for n in hits]
    notes = [replace(n, duration=6) for n in quantise(written, keep_short=True)]
    bar = METERS[meter].bar_ticks
    bars = max(n.onset for n in notes) // bar + 1
    if bars < MIN_BARS:
        return None
    track = Track(role=Role.DRUMS, program=0, notes=tuple(notes))
    return Song(
        style=groove_style(style, bpm), tempo_bpm=bpm, key=Key(tonic=0, mode=Mode.MAJOR), meter=METERS[meter],
        swing=swing,
        sections=find_sections([track], (None,) * (2 * bars), METERS[meter], bars), chords=(None,) * (2 * bars),
        tracks=(track,), title=title,
    )  # fmt: skip


def groove_style(style: str, bpm: float) -> str:
    """The project's style for a take: slow soul, funk and hip-hop feed lofi."""
    if style in ("hiphop", "soul", "funk") and bpm <= SLOW_BPM:
        return "lofi"
    return STYLE_OF.get(style, "other")


def measure_swing(hits: list[Note]) -> float:
    """Where in the quarter the off-beat eighths fall (0.5 straight, 0.667 triplet): their median; 0.5 if too few.

    `hits` in units of 1/480 quarter.
    """
    places = np.array([n.onset % FINE_TICKS for n in hits]) / FINE_TICKS
    near = places[(places > 0.42) & (places < 0.72)]
    if len(near) < 8:
        return 0.5
    sixteenths = np.mean((places > 0.17) & (places < 0.33)) + np.mean((places > 0.72) & (places < 0.83))
    swing = float(np.median(near))
    return round(swing, 3) if swing >= SWUNG and sixteenths < 0.25 else 0.5


def _written(note: Note, swing: float) -> Note:
    """The hit in 24-tick units, with swung time pulled straight (piecewise linear around the off-beat)."""
    quarter, rest = divmod(note.onset / FINE_TICKS, 1.0)
    straight = rest * 0.5 / swing if rest <= swing else 0.5 + (rest - swing) * 0.5 / (1.0 - swing)
    onset = round((quarter + straight) * TICKS_PER_QUARTER)
    pitch = GENERAL_MIDI.get(note.pitch, note.pitch)
    return Note(onset=onset, pitch=pitch, duration=6, velocity=note.velocity)
