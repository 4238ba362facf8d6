"""The networks of the ears that look around: which key, where beats and bars begin, who drums what.

In: `Sheet`s (see `transcription_notes`) and recordings. Out: layers as `engine.learn.transcribe.nets` reads them, by
name. Conventions: sources weigh as they do in the development half, however many sheets they have. The same seed and
machine give the same weights. Caveat: on one core keys take two minutes, beats ten, drums twenty.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from benchmarks.transcription_notes import Sheet, heard_notes, heard_strokes
from benchmarks.transcription_set import BAND_SOURCES, COMPOSED_EACH, COMPOSED_STYLES, PIANO_SOURCES, Example
from benchmarks.transcription_truth import strokes
from engine.learn.transcribe import drums
from engine.learn.transcribe.ear import FRAMES_A_SECOND, Ear
from engine.learn.transcribe.felt import ROWS_A_SECOND, begun
from engine.learn.transcribe.key import NETS, turned
from engine.learn.transcribe.notes import notes_of
from engine.learn.transcribe.tonality import evidence

Array = npt.NDArray[Any]
Layers = list[tuple[Array, Array]]

SHARES = {**PIANO_SOURCES, **BAND_SOURCES, **{f"composed-{style}": COMPOSED_EACH for style in COMPOSED_STYLES}}
KEY_HIDDEN, KEY_NETS, KEY_EPOCHS, KEY_BATCH, KEY_DROP, KEY_NOISE = 64, 3, 14, 32, 0.6, 0.4
HEARINGS = 2
"""So often each sheet is heard for keys, with other mistakes."""
FELT_CHANNELS, FELT_DEPTH, FELT_STEPS, FELT_BATCH, FELT_ROWS = 28, 10, 1400, 12, 1536
DRUM_CHANNELS, DRUM_DEPTH, DRUM_STEPS, DRUM_BATCH, DRUM_ROWS = 40, 9, 2000, 8, 1024
UNDRUMMED = 0.12
"""How often a recording without drums is taken, one with them being 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Rows `x [n, c]`, what is wanted of each `y [n, k]` (nan: anything), how often it is taken."""

    x: Array
    y: Array
    weight: float


def source_weights(sources: Sequence[str], power: float) -> Array:
    """How much each example counts, 1 on average; a source with many counts for more where `power` is below 1."""
    counts = Counter(sources)
    weights = np.array([SHARES.get(source, 1) / counts[source] ** power for source in sources])
    return np.asarray(weights / weights.mean())


class _Keys(nn.Module):
    """Scores of twelve major and twelve minor keys, `[B, 12, d]` → `[B, 24]`."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.halves = nn.ModuleList(
            nn.Sequential(
                nn.Linear(inputs, KEY_HIDDEN), nn.ReLU(), nn.Dropout(KEY_DROP), nn.Linear(KEY_HIDDEN, 1)
            ) for _ in NETS
        )  # fmt: skip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([half(x)[..., 0] for half in self.halves], dim=1)


def learn_keys(pieces: Sequence[Sheet]) -> dict[str, Layers]:
    """Several networks side by side, as one twice or three times as wide."""
    rng = np.random.default_rng(0)
    rows = [turned(evidence(heard_notes(piece, rng))) for _ in range(HEARINGS) for piece in pieces]
    x, y = np.stack(rows), np.array([piece.key for piece in pieces] * HEARINGS)
    weight = torch.from_numpy(source_weights([piece.source for piece in pieces] * HEARINGS, 0.7)).float()
    mean, spread = x.mean(axis=(0, 1)), x.std(axis=(0, 1)) + 0.02
    inputs, wanted = torch.from_numpy((x - mean) / spread).float(), torch.from_numpy(y)
    nets = [_fit_keys(inputs, wanted, weight, seed) for seed in range(KEY_NETS)]
    found: dict[str, Layers] = {}
    for half, name in enumerate(NETS):
        first, last = ([net.halves[half][index] for net in nets] for index in (0, 3))  # type: ignore[index]
        wide = np.concatenate([_array(layer.weight) for layer in first]).T
        bias = np.concatenate([_array(layer.bias) for layer in first])
        narrow = np.concatenate([_array(layer.weight)[0] for layer in last]) / len(nets)
        end = np.mean([_array(layer.bias) for layer in last], axis=0)
        found[name] = [(wide / spread[:, None], bias - (mean / spread) @ wide), (narrow[:, None], end)]
    return found


def _fit_keys(x: torch.Tensor, y: torch.Tensor, weight: torch.Tensor, seed: int) -> _Keys:
    torch.manual_seed(seed)
    rng, net, batches = np.random.default_rng(seed), _Keys(x.shape[2]), len(x) // KEY_BATCH
    learner = _Learner(net, 3e-3, KEY_EPOCHS * batches, decay=0.1)
    for _ in range(KEY_EPOCHS):
        order = rng.permutation(len(x))
        for batch in range(batches):
            mine = order[batch * KEY_BATCH : (batch + 1) * KEY_BATCH]
            noisy = x[mine] + KEY_NOISE * torch.randn_like(x[mine])
            each = nn.functional.cross_entropy(net(noisy), y[mine], reduction="none", label_smoothing=0.05)
            learner.step((each * weight[mine]).mean())
    return net.eval()


class _Deep(nn.Module):
    """Convolutions over time that look further and further, `[B, c, T]` → `[B, k, T]`. `front`: channels and width of
    convolutions before them; with two, what the first one sees is shown to the last layer too.
    """

    def __init__(self, front: Sequence[tuple[int, int, int]], depth: int, width: int, outputs: int) -> None:
        super().__init__()
        channels = front[-1][1]
        self.front = nn.ModuleList(nn.Conv1d(a, b, width, padding=width // 2) for a, b, width in front)
        self.around = nn.ModuleList(
            nn.Conv1d(channels, channels, width, padding=width // 2 * 2**i, dilation=2**i) for i in range(depth)
        )
        self.mixed = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in range(depth))
        self.out = nn.Conv1d(channels + (front[0][1] if len(front) > 1 else 0), outputs, 1)
        self.drop = nn.Dropout(0.15 if len(front) > 1 else 0.1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        first = torch.relu(self.front[0](x))
        first = self.drop(first) if len(self.front) > 1 else first
        z = torch.relu(self.front[1](first)) if len(self.front) > 1 else first
        for around, mixed in zip(self.around, self.mixed, strict=True):
            z = z + mixed(self.drop(torch.relu(around(z))))
        seen = torch.cat([torch.relu(z), first], dim=1) if len(self.front) > 1 else torch.relu(z)
        answer: torch.Tensor = self.out(seen)
        return answer

    def layers(self) -> Layers:
        """Blocks of weights a place, as `nets.convolved` reads them."""
        pairs = [layer for pair in zip(self.around, self.mixed, strict=True) for layer in pair]
        return [
            (_array(layer.weight).transpose(2, 1, 0).reshape(-1, layer.out_channels), _array(layer.bias))
            for layer in (*self.front, *pairs, self.out)
        ]


class _Learner:
    """AdamW with a warm start and a long end."""

    def __init__(self, net: nn.Module, rate: float, steps: int, decay: float) -> None:
        self.net = net
        self.optimiser = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=decay)
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(self.optimiser, rate, total_steps=steps + 1, pct_start=0.1)

    def step(self, loss: torch.Tensor) -> None:
        self.optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.net.parameters(), 1.0)
        self.optimiser.step()
        self.schedule.step()


def learn_to_feel(pieces: Sequence[Sheet], recordings: Sequence[Stretch], sources: Sequence[str]) -> dict[str, Layers]:
    """From sheets, and from recordings (each taken twice as often) of the `sources`."""
    rng = np.random.default_rng(3)
    found = [(piece.kind, piece.source, sheet_stretch(piece, rng)) for piece in pieces]
    found += [("piano" if name in PIANO_SOURCES else "band", name, stretch)
              for name, stretch in zip(sources, recordings, strict=True) for _ in range(2)]  # fmt: skip
    weights = source_weights([source for _, source, _ in found], 1.0)
    weights *= [1.6 if kind == "piano" else 0.8 for kind, _, _ in found]
    net = _Deep([(found[0][2].x.shape[1], FELT_CHANNELS, 5)], FELT_DEPTH, 5, 2)
    stretches = [Stretch(x=s.x, y=s.y, weight=w) for (_, _, s), w in zip(found, weights.tolist(), strict=True)]
    _fit(net, stretches, (FELT_STEPS, FELT_BATCH, FELT_ROWS, 4e-3), _stretched)
    return {"felt": net.layers()}


def sheet_stretch(piece: Sheet, rng: np.random.Generator) -> Stretch:
    """A sheet as it might be heard."""
    x = begun(heard_notes(piece, rng), heard_strokes(piece, rng), piece.seconds)
    return Stretch(x=x.astype(np.float16), y=beat_rows(piece.beats, piece.downbeats, len(x)), weight=1.0)


def recording_stretch(ear: Ear, truth: dict[str, Any]) -> Stretch:
    """A recording as it is heard."""
    kinds = {pitch: kind for kind, (pitch, _) in enumerate(drums.KINDS)}
    hits = drums.hits_of(drums.activations(ear), ear.bands)
    notes = notes_of(ear, band="drums" in truth["notes"])
    x = begun(
        np.array([[n.onset_s, n.end_s, n.pitch, n.strength] for n in notes], dtype=np.float64).reshape(-1, 4),
        np.array([[h.onset_s, kinds[h.pitch], h.strength] for h in hits], dtype=np.float64).reshape(-1, 3),
        ear.seconds,
    )
    beats = beat_rows(np.array(truth["beats"]), np.array(truth["downbeats"]), len(x))
    return Stretch(x=x.astype(np.float16), y=beats, weight=1.0)


def beat_rows(beats: Array, downbeats: Array, rows: int) -> Array:
    """Wanted beats and bars, `[rows, 2]`: 1 where one begins, less beside it."""
    wanted = np.zeros((rows, 2), np.float32)
    for column, times_s in enumerate((beats, downbeats)):
        places = times_s * ROWS_A_SECOND
        for step in range(-2, 3):
            row = np.round(places).astype(int) + step
            inside = (row >= 0) & (row < rows)
            near = np.exp(-0.5 * np.square((row - places) / 0.8))
            np.maximum.at(wanted[:, column], row[inside], near[inside].astype(np.float32))
    return wanted


def _stretched(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Somewhat faster or slower, sometimes louder, softer or without drums."""
    rows = int(len(x) * float(np.exp(rng.uniform(-0.1, 0.1))))
    places = np.linspace(0, len(x) - 1, rows)
    low = np.minimum(places.astype(int), len(x) - 2)
    share = (places - low)[:, None].astype(np.float32)
    x, y = (part[low] * (1 - share) + part[low + 1] * share for part in (x, y))
    if rng.random() < 0.3:
        x = x * np.float32(rng.uniform(0.7, 1.3))
    if rng.random() < 0.15:
        x[:, 10:] = 0
    return x, y


def learn_drums(heard: Iterator[tuple[Example, Ear]]) -> dict[str, Layers]:
    """From recordings alone."""
    stretches = []
    for example, ear in heard:
        x = drums.features(ear).astype(np.float16)
        weight = 1.0 if "drums" in example.truth["notes"] else UNDRUMMED
        stretches.append(Stretch(x=x, y=stroke_rows(example.truth, len(x)), weight=weight))
    front = [(stretches[0].x.shape[1], 64, 7), (64, DRUM_CHANNELS, 3)]
    net = _Deep(front, DRUM_DEPTH, 3, len(drums.KINDS))
    _fit(net, stretches, (DRUM_STEPS, DRUM_BATCH, DRUM_ROWS, 3e-3), _coloured)
    return {"drums": net.layers()}


def stroke_rows(truth: dict[str, Any], rows: int) -> Array:
    """Wanted strokes, `[rows, 6]`: 1 within a frame of an audible one, nan a frame further and at soft ones."""
    wanted = np.zeros((rows, len(drums.KINDS)), np.float32)
    for kind in range(len(drums.KINDS)):
        loud, soft = strokes(truth, kind)
        for times_s, value in ((soft, np.nan), (loud, 1.0)):
            for place in times_s * FRAMES_A_SECOND:
                for row in range(max(round(place) - 2, 0), min(round(place) + 3, rows)):
                    if abs(row - place) <= 1.0:
                        wanted[row, kind] = value
                    elif wanted[row, kind] != 1:
                        wanted[row, kind] = np.nan
    return wanted


def _coloured(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Another contrast and another tone of the recording."""
    bands, end = drums.LEVELS, drums.LEVELS + drums.PARTS
    if rng.random() < 0.5:
        x[:, :bands] *= np.float32(rng.uniform(0.8, 1.2))
        x[:, bands:end] += np.float32(rng.normal(0, 0.05))
    if rng.random() < 0.5:
        curve = np.interp(np.linspace(0, 1, end - bands), np.linspace(0, 1, 5), rng.normal(0, 0.08, 5))
        x[:, bands:end] += curve.astype(np.float32)
    return x, y


def _fit(
    net: _Deep,
    stretches: Sequence[Stretch],
    sizes: tuple[int, int, int, float],
    change: Callable[[Array, Array, np.random.Generator], tuple[Array, Array]],
) -> None:
    """Cross-entropy on random parts; `sizes`: steps, parts a step, rows of a part, rate."""
    steps, batch, rows, rate = sizes
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    share = np.array([stretch.weight for stretch in stretches])
    learner = _Learner(net, rate, steps, decay=1e-3)
    for _ in range(steps):
        parts = [stretches[index] for index in rng.choice(len(stretches), batch, p=share / share.sum())]
        x = np.zeros((batch, rows, parts[0].x.shape[1]), np.float32)
        y = np.full((batch, rows, parts[0].y.shape[1]), np.nan, np.float32)
        for at, part in enumerate(parts):
            mine, wanted = change(part.x.astype(np.float32), part.y.astype(np.float32), rng)
            start = int(rng.integers(0, max(len(mine) - rows, 0) + 1))
            count = min(rows, len(mine) - start)
            x[at, :count], y[at, :count] = mine[start : start + count], wanted[start : start + count]
        answer, goal = net(torch.from_numpy(x).transpose(1, 2)), torch.from_numpy(y).transpose(1, 2)
        known = ~torch.isnan(goal)
        each = nn.functional.binary_cross_entropy_with_logits(answer, torch.nan_to_num(goal), reduction="none")
        learner.step((each * known).sum() / known.sum())
    net.eval()


def _array(tensor: Any) -> Array:
    return np.asarray(tensor.detach().numpy())
