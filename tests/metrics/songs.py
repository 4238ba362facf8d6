"""Small songs built note by note, for tests of measures."""

from collections.abc import Iterable, Mapping, Sequence

from engine.music.harmony import Chord, Key
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS

BAR = 96


def note(onset: int, pitch: int, duration: int = 24, velocity: int = 80) -> Note:
    return Note(onset=onset, pitch=pitch, duration=duration, velocity=velocity)


def line(*pitches: int, every: int = 24) -> list[Note]:
    """One pitch after another, each as long as the step."""
    return [note(index * every, pitch, every) for index, pitch in enumerate(pitches)]


def song(
    parts: Mapping[Role, Iterable[Note]],
    *,
    bars: int = 4,
    labels: str = "",
    chords: Sequence[str] = (),
    key: str = "C major",
    meter: str = "4/4",
) -> Song:
    """A song of one section, or of equal sections named by `labels`; `chords` one a bar."""
    labels = labels or "A"
    each = bars // len(labels)
    read = [Chord.parse(name) for name in chords for _ in range(2)]
    return Song(
        style="lofi",
        tempo_bpm=60.0,
        key=Key.parse(key),
        meter=METERS[meter],
        swing=0.5,
        sections=tuple(
            Section(kind=SectionKind.VERSE, label=label, start_bar=index * each, bars=each)
            for index, label in enumerate(labels)
        ),
        chords=tuple(read) or (None,) * (2 * bars),
        tracks=tuple(Track(role=role, program=0, notes=tuple(sorted(notes))) for role, notes in parts.items()),
    )
