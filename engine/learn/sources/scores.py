"""ABC and MusicXML scores → `MidiFile`. The one home of music21, imported when the first score is read.

In: a score's text or path. Out: a track a part, ticks laid out so that every bar starts on a multiple of its bar's
length. Conventions: grace notes are skipped, ties joined, repeats not played twice; a short first bar is an upbeat,
two short bars around a repeat sign make one, any other short bar is padded. Caveat: music21 takes 0.02–0.1 s a tune,
so callers work in parallel.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.errors import BadRequest
from engine.music.harmony import Key, Mode
from engine.music.midi.file import DEFAULT_BPM, KeyChange, MeterChange, MidiFile, MidiTrack, TempoChange
from engine.music.notes import Note
from engine.music.timing import TICKS_PER_QUARTER

if TYPE_CHECKING:
    from music21.stream import Measure

FLAT_VELOCITY = 80
FERMATA_SLACK = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One measure of one part: its own length and its nominal one in ticks, and its notes, counted from its start.

    `tied`: the pitches (with their onset) that continue a note from before.
    """

    length: int
    meter: tuple[int, int]
    notes: tuple[Note, ...]
    tied: frozenset[tuple[int, int]] = frozenset()

    @property
    def full(self) -> int:
        """Ticks of a complete bar in this meter."""
        return self.meter[0] * TICKS_PER_QUARTER * 4 // self.meter[1]


def corpus_folder(name: str) -> Path:
    """A folder of the corpus that music21 carries (`"bach"`, `"ryansMammoth"`…)."""
    import music21  # noqa: PLC0415 - heavy

    return Path(music21.__file__).parent / "corpus" / name


def read_score(source: Path | str, kind: str) -> MidiFile:
    """Read a score: a path, or its text, of `kind` "abc" or "musicxml". Raises `BadRequest` if it cannot be read."""
    return file_from_parts(_parts(parse(source, kind)))


def parse(source: Path | str, kind: str) -> Any:
    """music21's score; its chatter is silenced, and whatever it raises becomes `BadRequest`."""
    from music21 import converter  # noqa: PLC0415 - heavy
    from music21.exceptions21 import Music21Exception  # noqa: PLC0415

    with warnings.catch_warnings(), redirect_stderr(io.StringIO()), redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            if isinstance(source, Path):
                score = converter.parse(source, format=kind, forceSource=True)
            else:
                score = converter.parseData(source, format=kind)
        except (
            Music21Exception,
            ValueError,
            IndexError,
            KeyError,
            AttributeError,
            TypeError,
            ZeroDivisionError,
        ) as error:
            raise BadRequest(f"The score cannot be read ({type(error).__name__}).") from error
    return score


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePart:
    """One part of a score: its name, bars, and what stands in it about key and tempo."""

    name: str
    bars: tuple[Bar, ...]
    key: Key | None
    tempo_bpm: float | None


def _parts(score: Any) -> list[ScorePart]:
    parts = list(score.parts) or [score]
    return [_part(part) for part in parts]


def _part(part: Any) -> ScorePart:
    from music21 import key as m21key  # noqa: PLC0415 - heavy
    from music21 import stream, tempo  # noqa: PLC0415

    measures = list(part.getElementsByClass(stream.Measure))
    if not measures:
        part = part.makeMeasures()
        measures = list(part.getElementsByClass(stream.Measure))
    keys = [k for k in part.recurse().getElementsByClass(m21key.Key)]
    marks = [t.getQuarterBPM() for t in part.recurse().getElementsByClass(tempo.MetronomeMark)]
    bpm = next((float(m) for m in marks if m), None)
    return ScorePart(
        name=str(part.partName or part.id or ""),
        bars=tuple(_bars(measures)),
        key=_key(keys[0]) if keys else None,
        tempo_bpm=bpm,
    )


def _key(value: Any) -> Key | None:
    mode = value.mode if value.mode in set(Mode) else {"ionian": "major", "aeolian": "minor"}.get(value.mode)
    return Key(tonic=value.tonic.pitchClass, mode=Mode(mode)) if mode else None


def _bars(measures: Sequence[Measure]) -> Iterable[Bar]:
    meter, velocity = (4, 4), FLAT_VELOCITY
    for measure in measures:
        sign = measure.timeSignature
        if sign is not None:
            meter = (int(sign.numerator), int(sign.denominator))
        notes: list[Note] = []
        tied: set[tuple[int, int]] = set()
        levels = [
            (float(d.getOffsetInHierarchy(measure)), d.volumeScalar)
            for d in measure.recurse().getElementsByClass("Dynamic")
        ]
        for element in measure.recurse().notes:
            if element.duration.isGrace or not hasattr(element, "pitches"):
                continue
            offset = float(element.getOffsetInHierarchy(measure))
            loud = [scalar for at, scalar in levels if at <= offset and scalar]
            velocity = max(20, min(120, round(loud[-1] * 127))) if loud else velocity
            onset = round(offset * TICKS_PER_QUARTER)
            end = round((offset + float(element.duration.quarterLength)) * TICKS_PER_QUARTER)
            members = element.notes if hasattr(element, "notes") else (element,)
            for member in members:
                pitch = int(member.pitch.midi)
                notes.append(Note(onset=onset, pitch=pitch, duration=max(1, end - onset), velocity=velocity))
                if member.tie is not None and member.tie.type in ("stop", "continue"):
                    tied.add((onset, pitch))
        length = round(float(measure.duration.quarterLength) * TICKS_PER_QUARTER)
        yield Bar(length=length, meter=meter, notes=tuple(sorted(notes)), tied=frozenset(tied))


def file_from_parts(parts: Sequence[ScorePart]) -> MidiFile:
    """Lay the parts out on common bar lines. Raises `BadRequest` if they hold no note or differ in length."""
    counts = {len(p.bars) for p in parts}
    if len(counts) > 1:
        raise BadRequest(f"The parts have different numbers of bars ({sorted(counts)}).")
    columns = [[p.bars[i] for p in parts] for i in range(max(counts, default=0))]
    starts = bar_starts([max(b.length for b in column) for column in columns], [c[0].full for c in columns])
    tracks = [MidiTrack(name=p.name, program=0, is_drum=False, notes=joined(p.bars, starts)) for p in parts]
    if not any(t.notes for t in tracks):
        raise BadRequest("The score holds no notes.")
    meters: list[MeterChange] = []
    for start, column in zip(starts, columns, strict=True):
        numerator, denominator = column[0].meter
        if not meters or (meters[-1].numerator, meters[-1].denominator) != (numerator, denominator):
            tick = start if meters else 0
            meters.append(MeterChange(tick=tick, numerator=numerator, denominator=denominator))
    key = next((p.key for p in parts if p.key), None)
    bpm = next((p.tempo_bpm for p in parts if p.tempo_bpm), DEFAULT_BPM)
    return MidiFile(
        tracks=tuple(t for t in tracks if t.notes), tempo_bpm=bpm, meters=tuple(meters),
        key_signatures=(KeyChange(tick=0, key=key),) if key else (), tempos=(TempoChange(tick=0, bpm=bpm),),
    )  # fmt: skip


def bar_starts(lengths: Sequence[int], full: Sequence[int]) -> list[int]:
    """Tick at which each measure's first note may stand, so that complete bars start on bar lines.

    A short first measure is an upbeat, at the end of its bar; two short neighbours that fill a bar together share it.
    """
    starts: list[int] = []
    line, index = 0, 0
    while index < len(lengths):
        length, bar = lengths[index], max(full[index], 1)
        if index == 0 and 0 < length < bar:
            starts.append(bar - length)
        elif index + 1 < len(lengths) and length < bar and length + lengths[index + 1] == bar:
            starts += [line, line + length]
            index += 1
        else:
            starts.append(line)
        line += bar * max(1, -(-(length - FERMATA_SLACK) // bar))
        index += 1
    return starts


def joined(bars: Sequence[Bar], starts: Sequence[int]) -> tuple[Note, ...]:
    """The notes of a part in song ticks, tied ones made one."""
    notes: list[Note] = []
    latest: dict[int, int] = {}
    for bar, start in zip(bars, starts, strict=True):
        for note in bar.notes:
            onset = start + note.onset
            before = latest.get(note.pitch)
            if (note.onset, note.pitch) in bar.tied and before is not None and notes[before].end == onset:
                old = notes[before]
                duration = old.duration + note.duration
                notes[before] = Note(onset=old.onset, pitch=old.pitch, duration=duration, velocity=old.velocity)
                continue
            latest[note.pitch] = len(notes)
            notes.append(Note(onset=onset, pitch=note.pitch, duration=note.duration, velocity=note.velocity))
    return tuple(sorted(notes))
