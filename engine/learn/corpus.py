"""From a folder of open corpora to one dataset folder, and back to pieces.

In: a folder in which each source lies as `<source>/`, `<source>/<source>/` or `<source>.tar.xz`. Out: `<source>.npz`
for each source (columns of integers, version `FORMAT`) and `report.json` with counts. Conventions: a source is written
when it is complete, so an interrupted run goes on with the sources that are missing. Caveat: loading builds every
`Note`; about 1 µs a note.
"""

from __future__ import annotations

import json
import sys
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import BadRequest
from engine.learn.sources.chip import FROM as CHIP_FROM
from engine.learn.sources.chip import read_chip
from engine.learn.sources.chopin import read_chopin
from engine.learn.sources.chorales import read_chorales
from engine.learn.sources.games import read_freedoom, read_simutrans
from engine.learn.sources.groove import read_groove
from engine.learn.sources.mutopia import read_mutopia
from engine.learn.sources.openscore import read_lieder, read_quartets
from engine.learn.sources.own import read_own
from engine.learn.sources.piece import Dropped, Found, Piece, Reader
from engine.learn.sources.tunes import read_folk, read_hymnal
from engine.music.harmony import Chord, Key, Mode
from engine.music.notes import Note, Role, Section, SectionKind, Song, Track
from engine.music.timing import METERS

FORMAT = 1
REPORT = "report.json"
READERS: dict[str, Reader] = {
    "lieder": read_lieder,
    "quartets": read_quartets,
    "mutopia": read_mutopia,
    "freedoom": read_freedoom,
    "simutrans": read_simutrans,
    "groove": read_groove,
    "hymnal": read_hymnal,
    "chopin": read_chopin,
    "own": read_own,
}
"""Source name (its folder or archive) → reader, quickest first."""
BUILT_IN: dict[str, Reader] = {"chorales": read_chorales, "folk": read_folk}
"""Sources that come inside a package and need no folder."""
DERIVED: dict[str, tuple[tuple[str, ...], Callable[[Iterable[Piece]], Iterator[Found]]]] = {
    "chip": (CHIP_FROM, read_chip)
}
"""Sources arranged from the pieces of others: their names, and the arranger. Read last."""


@dataclass(slots=True, kw_only=True)
class Counts:
    """What a source or a style amounts to."""

    pieces: int = 0
    valid: int = 0
    bars: int = 0
    notes: int = 0
    dropped: dict[str, int] = field(default_factory=dict)

    def add(self, piece: Piece) -> None:
        """Count a piece."""
        self.pieces += 1
        self.valid += piece.split == "valid"
        self.bars += piece.song.bars
        self.notes += sum(len(t.notes) for t in piece.song.tracks)


def build_corpus(
    root: Path, out: Path, *, only: Sequence[str] = (), on_source: Callable[[str, Counts], None] | None = None
) -> dict[str, Counts]:
    """Read every source under `root` that `out` does not hold yet; returns the counts of those read now.

    Raises `BadRequest` if `root` holds no known source.
    """
    out.mkdir(parents=True, exist_ok=True)
    names = [n for n in (*READERS, *BUILT_IN) if not only or n in only]
    found = [n for n in names if n in BUILT_IN or _place(root, n) is not None]
    derived = [n for n in DERIVED if not only or n in only]
    if not found and not derived:
        raise BadRequest(f"The folder {str(root)!r} holds no known source; one with {', '.join(READERS)} would work.")
    counted: dict[str, Counts] = {}
    for name in (*found, *derived):
        if (out / f"{name}.npz").exists():
            continue
        pieces, counts = _arrange_source(out, name) if name in DERIVED else _read_source(root, name)
        _save(out / f"{name}.npz", pieces)
        counted[name] = counts
        _write_report(out, name, counts, pieces)
        if on_source:
            on_source(name, counts)
    return counted


def load_corpus(out: Path, *, sources: Sequence[str] = ()) -> Iterator[Piece]:
    """All pieces of a dataset folder, source by source in alphabetical order. Raises `BadRequest` if there are none."""
    files = [p for p in sorted(out.glob("*.npz")) if not sources or p.stem in sources]
    if not files:
        raise BadRequest(f"The folder {str(out)!r} holds no dataset; run `tunesmith corpus` to make one.")
    for path in files:
        yield from _load(path)


def _place(root: Path, name: str) -> Path | None:
    """The folder of a source, or its archive."""
    for path in (root / name / name, root / name):
        if path.is_dir() and any(path.iterdir()):
            return path
    archive = root / f"{name}.tar.xz"
    return archive if archive.is_file() else None


def _read_source(root: Path, name: str) -> tuple[list[Piece], Counts]:
    if name in BUILT_IN:
        return _collect(name, BUILT_IN[name](root))
    place = _place(root, name)
    assert place is not None
    if place.is_dir():
        return _collect(name, READERS[name](place))
    with tempfile.TemporaryDirectory() as folder, tarfile.open(place) as archive:
        archive.extractall(folder, filter="data")
        inner = Path(folder) / name
        return _collect(name, READERS[name](inner if inner.is_dir() else Path(folder)))


def _arrange_source(out: Path, name: str) -> tuple[list[Piece], Counts]:
    """A derived source, from those of its sources that `out` holds."""
    sources, arrange = DERIVED[name]
    there = [source for source in sources if (out / f"{source}.npz").exists()]
    return _collect(name, arrange(piece for source in there for piece in _load(out / f"{source}.npz")))


def _collect(name: str, found: Iterator[Found]) -> tuple[list[Piece], Counts]:
    from rich.console import Console  # noqa: PLC0415 - only the building of a corpus shows progress
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    pieces: list[Piece] = []
    counts = Counts()
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed} files"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=sys.stderr)) as progress:
        task = progress.add_task(name, total=None)
        for item in found:
            progress.advance(task)
            if isinstance(item, Dropped):
                counts.dropped[item.reason] = counts.dropped.get(item.reason, 0) + 1
            else:
                pieces.append(item)
                counts.add(item)
    return pieces, counts


def _save(path: Path, pieces: Sequence[Piece]) -> None:
    """Write one source: four note columns, three chord columns, and a JSON header as bytes."""
    songs = [p.song for p in pieces]
    notes = [n for s in songs for t in s.tracks for n in t.notes]
    chords = [c for s in songs for c in s.chords]
    qualities = sorted({c.quality for c in chords if c})
    header = {"format": FORMAT, "qualities": qualities, "pieces": [_header(p) for p in pieces]}
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            onset=np.array([n.onset for n in notes], dtype=np.int32),
            pitch=np.array([n.pitch for n in notes], dtype=np.uint8),
            duration=np.array([n.duration for n in notes], dtype=np.int32),
            velocity=np.array([n.velocity for n in notes], dtype=np.uint8),
            chord_root=np.array([c.root if c else -1 for c in chords], dtype=np.int8),
            chord_quality=np.array([qualities.index(c.quality) if c else -1 for c in chords], dtype=np.int8),
            chord_bass=np.array([c.bass if c else -1 for c in chords], dtype=np.int8),
            header=np.frombuffer(json.dumps(header, ensure_ascii=False).encode(), dtype=np.uint8),
        )
    partial.replace(path)


def _header(piece: Piece) -> dict[str, Any]:
    song = piece.song
    return {
        "id": piece.id, "source": piece.source, "licence": piece.licence, "style": piece.style, "split": piece.split,
        "song_style": song.style, "tempo": song.tempo_bpm,
        "key": [song.key.tonic, song.key.mode.value], "meter": str(song.meter),
        "swing": song.swing, "title": song.title, "meta": dict(song.meta), "chords": len(song.chords),
        "sections": [[s.kind.value, s.label, s.start_bar, s.bars] for s in song.sections],
        "tracks": [[t.role.value, t.program, len(t.notes)] for t in song.tracks],
    }  # fmt: skip


def _load(path: Path) -> Iterator[Piece]:
    with np.load(path, allow_pickle=False) as file:
        columns = {name: file[name] for name in file.files}
    header = json.loads(columns.pop("header").tobytes())
    if header["format"] != FORMAT:
        raise BadRequest(f"The dataset {str(path)!r} has format {header['format']}; delete it and build it again.")
    values = {name: column.tolist() for name, column in columns.items()}
    qualities = header["qualities"]
    note_at = chord_at = 0
    for entry in header["pieces"]:
        tracks = []
        for role, program, count in entry["tracks"]:
            rows = zip(
                *(values[c][note_at : note_at + count] for c in ("onset", "pitch", "duration", "velocity")), strict=True
            )
            notes = tuple(Note(onset=o, pitch=p, duration=d, velocity=v) for o, p, d, v in rows)
            tracks.append(Track(role=Role(role), program=program, notes=notes))
            note_at += count
        until = chord_at + entry["chords"]
        rows = zip(*(values[c][chord_at:until] for c in ("chord_root", "chord_quality", "chord_bass")), strict=True)
        chords = tuple(Chord(root=r, quality=qualities[q], bass=b) if r >= 0 else None for r, q, b in rows)
        chord_at = until
        yield _piece(entry, tuple(tracks), chords)


def _piece(entry: dict[str, Any], tracks: tuple[Track, ...], chords: tuple[Chord | None, ...]) -> Piece:
    sections = tuple(
        Section(kind=SectionKind(kind), label=label, start_bar=start, bars=bars)
        for kind, label, start, bars in entry["sections"]
    )
    song = Song(
        style=entry["song_style"], tempo_bpm=entry["tempo"], key=Key(tonic=entry["key"][0], mode=Mode(entry["key"][1])),
        meter=METERS[entry["meter"]], swing=entry["swing"], sections=sections, chords=chords, tracks=tracks,
        title=entry["title"], meta=entry["meta"],
    )  # fmt: skip
    return Piece(
        id=entry["id"], source=entry["source"], licence=entry["licence"], style=entry["style"], split=entry["split"],
        song=song,
    )  # fmt: skip


def _write_report(out: Path, name: str, counts: Counts, pieces: Sequence[Piece]) -> None:
    """Add a source's counts, and those of its styles, to the report file."""
    path = out / REPORT
    report = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    styles: dict[str, Counts] = {}
    for piece in pieces:
        styles.setdefault(piece.style, Counts()).add(piece)
    report[name] = {**asdict(counts), "styles": {s: asdict(c) for s, c in sorted(styles.items())}}
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    """`python -m engine.learn.corpus ROOT OUT [SOURCE…]`: build, and print the counts on stderr."""
    if len(sys.argv) < 3:
        sys.exit("usage: python -m engine.learn.corpus ROOT OUT [SOURCE ...]")

    def show(name: str, counts: Counts) -> None:
        sys.stderr.write(
            f"{name}: {counts.pieces} pieces ({counts.valid} held out), {counts.bars} bars, {counts.notes} notes; "
            f"dropped {counts.dropped}\n"
        )

    build_corpus(Path(sys.argv[1]), Path(sys.argv[2]), only=sys.argv[3:], on_source=show)


if __name__ == "__main__":
    main()
