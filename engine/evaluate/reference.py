"""The human reference: metric vectors of windows of real pieces, kept in the package so that nobody needs the corpora.

In: samples of the corpora. Out: one file of numbers with the pieces' names, and back. Conventions: at most
`ROWS_A_STYLE` windows a style, one a piece before a second one of any; held-out pieces fill up to a quarter. Caveat:
facts only; no notes are kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from engine.errors import SetupError
from engine.evaluate.vectors import Label, Sample, VectorSet, measure_all
from engine.evaluate.windows import windows
from engine.music.notes import Role

REFERENCE = Path(__file__).parent / "reference.npz"
FORMAT = 1
ROWS_A_STYLE, VALID_ROWS = 160, 40
WINDOWS_A_PIECE = 6
BAND_ROLES = 3
DIGITS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranked:
    """A window, how many of its piece come before it, and its place by chance within its split."""

    turn: int
    chance: int
    sample: Sample


def reference_windows(pieces: Iterable[Sample]) -> Iterator[Sample]:
    """Windows of the pieces in which a band plays (at least `BAND_ROLES` roles, a melody among them)."""
    found: dict[tuple[str, str], list[_Ranked]] = {}
    for piece in pieces:
        digest = hashlib.sha256(piece.label.id.encode()).digest()
        rng = np.random.default_rng(list(digest[:8]))
        cut = [s for s in windows(piece.song, rng) if len(s.tracks) >= BAND_ROLES and s.track(Role.MELODY)]
        for turn, index in enumerate(rng.permutation(len(cut))[:WINDOWS_A_PIECE].tolist()):
            label = replace(piece.label, id=f"{piece.label.id}@{index}")
            ranked = _Ranked(
                turn=turn, chance=int.from_bytes(digest[8:16], "big"), sample=Sample(label=label, song=cut[index])
            )
            found.setdefault((label.style, label.split), []).append(ranked)
    for style in sorted({style for style, _ in found}):
        valid = _first(found.get((style, "valid"), []), VALID_ROWS)
        yield from valid
        yield from _first(found.get((style, "train"), []), ROWS_A_STYLE - len(valid))


def _first(ranked: list[_Ranked], count: int) -> list[Sample]:
    return [r.sample for r in sorted(ranked, key=lambda r: (r.turn, r.chance))[:count]]


def build_reference(pieces: Iterable[Sample], path: Path) -> VectorSet:
    """Measure the windows of `pieces` and write the file. Raises `ValueError` if there are none."""
    measured = measure_all(reference_windows(pieces))
    header = {
        "format": FORMAT,
        "metrics": measured.metrics,
        "traits": measured.trait_names,
        "rows": [list(asdict(label).values()) for label in measured.labels],
    }
    partial = path.with_suffix(".part")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            values=_short(measured.values),
            traits=_short(measured.traits),
            header=np.frombuffer(json.dumps(header, ensure_ascii=False).encode(), dtype=np.uint8),
        )
    partial.replace(path)
    return measured


def _short(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Five significant digits: what a comparison can use, and what packs well."""
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = 10.0 ** (DIGITS - 1 - np.floor(np.log10(np.abs(values))))
        rounded = np.round(values * scale) / scale
    return np.where(values == 0, 0.0, rounded).astype(np.float32)


@cache
def load_reference(path: Path = REFERENCE) -> VectorSet:
    """Read the file. Raises `SetupError` if it is missing or of another format."""
    if not path.exists():
        raise SetupError(f"The human reference {str(path)!r} is missing; installing the package anew would bring it.")
    with np.load(path, allow_pickle=False) as file:
        header = json.loads(file["header"].tobytes())
        values, traits = file["values"].astype(np.float64), file["traits"].astype(np.float64)
    if header["format"] != FORMAT:
        raise SetupError(f"The human reference {str(path)!r} has format {header['format']}, not {FORMAT}.")
    labels = tuple(Label(id=i, style=style, split=split, kind=kind) for i, style, split, kind in header["rows"])
    return VectorSet(
        metrics=tuple(header["metrics"]),
        trait_names=tuple(header["traits"]),
        values=values,
        traits=traits,
        labels=labels,
    )
