"""The report's pictures: distributions, a fitness scape, a training curve.

In: measured sets, a song, a curve. Out: PNG bytes. Conventions: drawn without a display, the same bytes for the same
numbers. Caveat: matplotlib comes with the extra `evaluate`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from engine.errors import SetupError
from engine.evaluate.vectors import VectorSet
from engine.metrics.structure import fitness_scape, frames, self_similarity
from engine.metrics.table import table_of
from engine.music.notes import Song

SHOWN = (
    "melody_distinct_bars", "melody_returning_bars", "structure_short", "structure_mid", "pitch_class_entropy_4_bars",
    "groove_similarity", "scale_consistency", "polyphony", "melody_steps", "melody_chord_tones", "bass_roots",
    "notes_per_second", "note_length", "chord_changes", "velocity_spread", "gap_entropy",
)  # fmt: skip
COLOURS = {
    "human": "#555555", "network": "#d9822b", "grammar": "#2f7fb8", "random": "#b03060", "tutorial": "#7a5cc0",
}  # fmt: skip
COLUMNS = 4
BINS = 24


def distributions(sets: Mapping[str, VectorSet]) -> bytes:
    """How the values of `SHOWN` are spread in each set: a small picture a metric, the human set filled."""
    rows = -(-len(SHOWN) // COLUMNS)
    figure = _figure(3.1 * COLUMNS, 2.1 * rows)
    for place, metric in enumerate(SHOWN):
        axes = figure.add_subplot(rows, COLUMNS, place + 1)
        axes.set_title(metric.replace("_", " "), fontsize=9)
        axes.tick_params(labelsize=7)
        axes.set_yticks([])
        _spread(axes, metric, sets)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="lower center", ncols=len(sets), fontsize=9, frameon=False)
    figure.tight_layout(rect=(0, 0.04, 1, 1))
    return _png(figure)


def _spread(axes: Any, metric: str, sets: Mapping[str, VectorSet]) -> None:
    columns = {name: one.column(metric) for name, one in sets.items()}
    known = [column for column in columns.values() if len(column)]
    if not known:
        return
    low, high = (np.percentile(np.concatenate(known), bound) for bound in (1, 99))
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    for name, column in columns.items():
        heights = np.histogram(np.clip(column, edges[0], edges[-1]), edges)[0] / max(len(column), 1)
        axes.stairs(heights, edges, fill=name == "human", alpha=0.45 if name == "human" else 1.0, label=name,
                    color=COLOURS.get(name, "#333333"), linewidth=1.2)  # fmt: skip


def scape(song: Song) -> bytes:
    """A song's self-similarity and the fitness of all its segments: length upwards, centre along the song."""
    table = table_of(song)
    similarity = self_similarity(frames(table, table.beat_ticks))
    fitness = fitness_scape(similarity)
    beat_s = table.seconds * table.beat_ticks / max(table.ticks, 1)
    figure = _figure(9, 4)
    left, right = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2)
    end = len(similarity) * beat_s
    left.imshow(np.maximum(similarity, 0), cmap="Greys", origin="lower", extent=(0, end, 0, end))
    left.set(title="self-similarity", xlabel="s", ylabel="s")
    shown = right.imshow(
        _centred(fitness), cmap="inferno", origin="lower", aspect="auto", extent=(0, end, 0, len(fitness) * beat_s)
    )
    right.set(title="fitness of segments", xlabel="centre, s", ylabel="length, s")
    figure.colorbar(shown)
    figure.tight_layout()
    return _png(figure)


def _centred(fitness: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Rows moved so that a segment stands over its centre."""
    out = np.zeros_like(fitness)
    for row in range(len(fitness)):
        shift = (row + 1) // 2
        out[row, shift:] = fitness[row, : fitness.shape[1] - shift]
    return out


def curve(points: Sequence[Sequence[float]], kept: int) -> bytes:
    """Held-out loss over training steps; the kept step is marked."""
    figure = _figure(6, 3)
    axes = figure.add_subplot(1, 1, 1)
    steps, nats = [point[0] for point in points], [point[1] for point in points]
    axes.plot(steps, nats, color=COLOURS["network"], marker=".", linewidth=1.2)
    axes.axvline(kept, color=COLOURS["human"], linestyle=":", linewidth=1)
    axes.set(title="held-out loss", xlabel="step", ylabel="nats an event")
    figure.tight_layout()
    return _png(figure)


def _figure(width: float, height: float) -> Any:
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (an extra, and slow to load)
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise SetupError(
            "matplotlib is not installed; `pip install 'tunesmith[evaluate]'` brings what evaluation needs."
        ) from error
    figure = Figure(figsize=(width, height), dpi=100)
    FigureCanvasAgg(figure)
    return figure


def _png(figure: Any) -> bytes:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
