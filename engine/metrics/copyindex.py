"""The copy index as a file: integers that stand for training tunes, made once after training, read when composing.

In: named tunes; out: `originality.npz`, and its `TuneWindows` again. Conventions: the file holds hashes, piece
boundaries, bar counts, the pieces' names and the limits; no pickles and no notes. A file that is damaged, of another
format or of other windows raises `CheckpointError`. Caveat: somebody who tries every possible tune against the hashes
could piece tunes together again; all of them come from openly licensed sources (ATTRIBUTION.md).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.errors import CheckpointError
from engine.metrics.originality import WINDOW, CopyIndex, Hashes, TuneWindows, hashes_of, tokens_of, tune_of
from engine.music.notes import Song

FORMAT = 1
FILE = "originality.npz"
"""Its name in the folder of styles."""
COMMON_PIECES = 20
"""A window found in so many pieces is common property."""
MAX_BAR_STEP = 255
OTHER_STYLES = "*"
_REMEDY = "`tunesmith originality` makes it anew"


class IndexDraft:
    """An index in the making: pieces are added one by one; `finish` puts them together."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._hashes: list[Hashes] = []
        self._bar_steps: list[NDArray[np.uint8]] = []

    def add(self, name: str, song: Song) -> bool:
        """Add a piece's tune; returns whether it has one that is long enough."""
        tune = tune_of(song)
        hashes = hashes_of(tokens_of(tune))
        if not len(hashes):
            return False
        bars = np.array([note.onset // song.meter.bar_ticks for note in tune[: len(hashes)]], dtype=np.int64)
        self._names.append(name)
        self._hashes.append(hashes)
        self._bar_steps.append(np.minimum(np.diff(bars, prepend=0), MAX_BAR_STEP).astype(np.uint8))
        return True

    def finish(self, *, limit: int) -> TuneWindows:
        """The index, with one limit for all styles for the time being."""
        lengths = np.array([0, *map(len, self._hashes)], dtype=np.int64)
        alone = [np.unique(hashes) for hashes in self._hashes]
        found, pieces = np.unique(_joined(alone, np.uint32), return_counts=True)
        return TuneWindows(
            hashes=_joined(self._hashes, np.uint32),
            bar_steps=_joined(self._bar_steps, np.uint8),
            starts=np.cumsum(lengths),
            names=tuple(self._names),
            common=found[pieces >= COMMON_PIECES],
            limits={OTHER_STYLES: limit},
        )


def _joined(parts: list[Any], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate(parts) if parts else np.zeros(0, dtype=kind)


def with_limits(index: TuneWindows, limits: Mapping[str, int]) -> TuneWindows:
    """The same index with other limits; `"*"` must be among them."""
    return replace(index, limits=dict(limits))


def save_index(index: TuneWindows, path: Path, *, facts: Mapping[str, Any]) -> None:
    """Write the index, atomically; `facts` (plain JSON: what it was made from, what was measured) travel with it."""
    header = {"format": FORMAT, "window": WINDOW, "limits": index.limits, "facts": dict(facts)}
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez(
            file,
            hashes=index.hashes,
            bar_steps=index.bar_steps,
            starts=index.starts,
            common=index.common,
            names=_bytes("\n".join(index.names)),
            header=_bytes(json.dumps(header, ensure_ascii=False)),
        )
    partial.replace(path)


def load_index(path: Path) -> TuneWindows:
    """Read an index; raises `CheckpointError` for a file that is missing, damaged, or made by another version."""
    try:
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            columns = {name: file[name] for name in file.files}
        header = json.loads(columns["header"].tobytes())
        if (made := (header["format"], header["window"])) != (FORMAT, WINDOW):
            raise CheckpointError(
                f"The copy index {str(path)!r} has format {made[0]} with windows of {made[1]} steps, not {FORMAT} with"
                f" {WINDOW}; {_REMEDY}."
            )
        index = TuneWindows(
            hashes=columns["hashes"],
            bar_steps=columns["bar_steps"],
            starts=columns["starts"],
            names=tuple(columns["names"].tobytes().decode().split("\n")),
            common=columns["common"],
            limits={str(style): int(limit) for style, limit in header["limits"].items()},
        )
        _validate(index)
    except FileNotFoundError as error:
        raise CheckpointError(f"There is no copy index at {str(path)!r}; {_REMEDY}.") from error
    except (OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"The copy index {str(path)!r} is damaged ({error}); {_REMEDY}.") from error
    return index


def open_index(folder: Path) -> CopyIndex | None:
    """The copy index in a folder of styles, ready to be asked; None where there is none. Raises `CheckpointError`."""
    path = folder / FILE
    return CopyIndex(load_index(path)) if path.exists() else None


def read_facts(path: Path) -> dict[str, Any]:
    """The facts that travel with an index."""
    with np.load(path, allow_pickle=False) as file:
        facts: dict[str, Any] = json.loads(file["header"].tobytes())["facts"]
    return facts


def _validate(index: TuneWindows) -> None:
    """Raise `ValueError` where the columns do not fit together."""
    windows, starts = len(index.hashes), index.starts
    columns = (index.hashes, index.bar_steps, starts, index.common)
    if [str(column.dtype) for column in columns] != [
        "uint32",
        "uint8",
        "int64",
        "uint32",
    ] or OTHER_STYLES not in index.limits:
        raise ValueError("a column is of another kind")
    if len(index.bar_steps) != windows or len(starts) != len(index.names) + 1:
        raise ValueError("its columns differ in length")
    if starts[0] != 0 or starts[-1] != windows or (np.diff(starts) <= 0).any():
        raise ValueError("its pieces do not follow one another")


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)
