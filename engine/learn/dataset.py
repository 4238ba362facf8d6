"""Songs → columns of integers for the trainer, cached on disk.

In: pieces of a corpus; out: `Dataset`: the rows of all pieces with each piece's style and split. Conventions: one row
an event, made by the same `Context` that composes. Caveat: the cache is keyed by the vocabulary; a changed feature
encodes all anew.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import BadRequest
from engine.learn.composed import is_composed
from engine.learn.sources.piece import Piece
from engine.model.training import Columns
from engine.music.context import N_DETAILS, N_STYLES, Context, vocabulary_hash
from engine.music.frames import frame_of_song
from engine.music.notes import Song
from engine.music.styles import style_names
from engine.music.tokens import BAR, N_PITCHES, events_to_array, song_to_events

STYLE_IDS = {
    "other": 0, "classical": 1, "ragtime": 2, "folk": 3, "rock": 4, "lofi": 5, "pop": 6, "synth": 7, "jazz": 8,
    "blues": 9, "ambient": 10, "chiptune": 11, "bossa": 12, "synthwave": 13,
}  # fmt: skip
"""Index that the network knows a style by; new styles are appended, never renumbered."""


def style_ids(styles: Iterable[str] = ()) -> dict[str, int]:
    """Indices of all styles: `STYLE_IDS`, and the next free ones for other style folders and `styles`, in alphabetical
    order. Raises `BadRequest` if there are more styles than the network has places for.

    A checkpoint keeps the indices that it was trained with, so a later style may move the others' without harm.
    """
    others = sorted({*style_names(), *styles} - STYLE_IDS.keys())
    if len(STYLE_IDS) + len(others) > N_STYLES:
        raise BadRequest(f"The network has places for {N_STYLES} styles; without {others[-1]!r} they would suffice.")
    return STYLE_IDS | {style: len(STYLE_IDS) + index for index, style in enumerate(others)}


_COLUMNS = ("features", "details", "events", "root", "previous")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What is kept of a piece beside its rows."""

    id: str
    source: str
    licence: str
    style: str
    split: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """All rows, and a label a piece, in the order of `columns.starts`."""

    columns: Columns
    labels: tuple[Label, ...]

    def part(self, split: str, styles: frozenset[str] | None = None) -> Dataset:
        """The pieces of a split (and of some styles), rows copied."""
        return self.chosen(
            [
                index
                for index, label in enumerate(self.labels)
                if label.split == split and (styles is None or label.style in styles)
            ]
        )

    def chosen(self, indices: Sequence[int]) -> Dataset:
        """The pieces at `indices`, rows copied."""
        c = self.columns
        rows = [np.arange(c.starts[i], c.starts[i + 1]) for i in indices]
        where = np.concatenate(rows) if rows else np.empty(0, np.int64)
        starts = np.concatenate(([0], np.cumsum([len(r) for r in rows]))).astype(np.int64)
        columns = Columns(**{name: getattr(c, name)[where] for name in _COLUMNS}, starts=starts)
        return Dataset(columns=columns, labels=tuple(self.labels[i] for i in indices))

    def style_events(self) -> dict[str, int]:
        """Events a style."""
        totals: dict[str, int] = {}
        for label, length in zip(self.labels, np.diff(self.columns.starts), strict=True):
            totals[label.style] = totals.get(label.style, 0) + int(length)
        return totals

    def weights(
        self, style_shares: Mapping[str, float], human_shares: Mapping[str, float] | None = None
    ) -> NDArray[np.float64]:
        """Chances a piece `[P]` that give each style the wanted share of the events read; a missing style gets none.
        `human_shares`: style → the least part of it that pieces by people get, where there are any.
        """
        lengths = np.diff(self.columns.starts)
        totals = self.style_events()
        by_people = dict.fromkeys(totals, 0)
        for label, length in zip(self.labels, lengths, strict=True):
            by_people[label.style] += 0 if is_composed(label.source) else int(length)
        chances = []
        for label in self.labels:
            style = label.style
            human = by_people[style] / totals[style]
            wanted = max(human, (human_shares or {}).get(style, 0.0)) if 0 < human < 1 else human
            part = (1.0 - wanted) / (1.0 - human) if is_composed(label.source) else wanted / human
            chances.append(style_shares.get(style, 0.0) / totals[style] * part)
        return np.asarray(chances)


def encode_song(song: Song, style_id: int) -> dict[str, NDArray[np.int16]]:
    """A song's rows, by the names of `Columns`."""
    events = song_to_events(song)
    context = Context(frame_of_song(song), style_id)
    blank = [0] * N_DETAILS
    features, details, root, previous = [], [], [], []
    for event in events:
        features.append(context.features())
        if event.onset == BAR:
            details.append(blank)
            root.append(0)
            previous.append(N_PITCHES)
        else:
            details.append(context.detail(event.onset, event.role))
            root.append(context.chord_at(event.onset).root)
            previous.append(context.pitch[event.role])
        context.push(event)
    columns = {"features": features, "details": details, "root": root, "previous": previous}
    return {name: np.asarray(values, np.int16) for name, values in columns.items()} | {
        "events": events_to_array(events)
    }


def _encode(piece: Piece, ids: dict[str, int]) -> tuple[Label, dict[str, NDArray[np.int16]]]:
    label = Label(id=piece.id, source=piece.source, licence=piece.licence, style=piece.style, split=piece.split)
    return label, encode_song(piece.song, ids.get(piece.style, 0))


def encode_pieces(
    pieces: Iterable[Piece],
    *,
    ids: dict[str, int] = STYLE_IDS,
    processes: int = 1,
    on_piece: Callable[[int], None] = lambda _: None,
) -> Dataset:
    """Encode pieces, in their order, with `processes` workers; `on_piece` gets the number done so far."""
    encode = partial(_encode, ids=ids)
    if processes == 1:
        return _assemble(map(encode, pieces), on_piece)
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        return _assemble(pool.imap(encode, pieces, chunksize=16), on_piece)


def _assemble(
    encoded: Iterable[tuple[Label, dict[str, NDArray[np.int16]]]], on_piece: Callable[[int], None]
) -> Dataset:
    labels: list[Label] = []
    parts: dict[str, list[NDArray[np.int16]]] = {name: [] for name in _COLUMNS}
    starts = [0]
    for label, rows in encoded:
        labels.append(label)
        for name in _COLUMNS:
            parts[name].append(rows[name])
        starts.append(starts[-1] + len(rows["events"]))
        on_piece(len(labels))
    columns = {name: np.concatenate(values) for name, values in parts.items()}
    return Dataset(columns=Columns(**columns, starts=np.asarray(starts, np.int64)), labels=tuple(labels))


def save_dataset(dataset: Dataset, folder: Path) -> None:
    """Write the dataset as .npy files and a label list; the stamp is written last."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*_COLUMNS, "starts"):
        np.save(folder / f"{name}.npy", getattr(dataset.columns, name))
    rows = [{name: getattr(label, name) for name in Label.__dataclass_fields__} for label in dataset.labels]
    draft = folder / "labels.tmp"
    draft.write_text(json.dumps({"vocabulary": vocabulary_hash(), "labels": rows}), encoding="utf-8")
    os.replace(draft, folder / "labels.json")


def load_dataset(folder: Path) -> Dataset | None:
    """Read what `save_dataset` wrote; None if it is missing or speaks another vocabulary."""
    if not (folder / "labels.json").exists():
        return None
    facts = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    if facts["vocabulary"] != vocabulary_hash():
        return None
    arrays = {name: np.load(folder / f"{name}.npy") for name in (*_COLUMNS, "starts")}
    return Dataset(columns=Columns(**arrays), labels=tuple(Label(**row) for row in facts["labels"]))


def with_held_out(dataset: Dataset) -> Dataset:
    """The same dataset with at least one held-out piece a style: a style whose works all fell into training gives up
    the tenth of its files whose names hash lowest.
    """
    files: dict[str, set[str]] = {}
    for label in dataset.labels:
        files.setdefault(label.style, set()).add(label.id.split("#")[0])
    lacking = set(files) - {label.style for label in dataset.labels if label.split == "valid"}
    moved = set()
    for style in lacking:
        ranked = sorted(files[style], key=lambda name: hashlib.sha256(name.encode()).digest())
        moved |= set(ranked[: max(1, len(ranked) // 10)]) if len(ranked) > 1 else set()
    labels = tuple(
        replace(label, split="valid") if label.id.split("#")[0] in moved else label for label in dataset.labels
    )
    return Dataset(columns=dataset.columns, labels=labels)


def licences_of(labels: Sequence[Label]) -> dict[str, str]:
    """Source → its licences, for a checkpoint's facts."""
    found: dict[str, set[str]] = {}
    for label in labels:
        found.setdefault(label.source, set()).add(label.licence)
    return {source: ", ".join(sorted(licences)) for source, licences in sorted(found.items())}
