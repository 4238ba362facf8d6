"""Step-by-step use of a network: the hand-written cell, the chained heads, and the draw from masked logits.

In: indices `[N, F]` and choices `[N]` a step, as numpy integers; out: choices as numpy integers. Conventions: a row's
numbers do not depend on how many others there are, nor on where it stands among them (`Packed.wide`), so a song's bytes
do not depend on who shares the machine; randomness arrives as uniform numbers `[N]` from the caller's own generators.
Caveat: whether all rows may be multiplied at once is asked of the machine, by trying, once more than `BLOCK` are there;
where sums depend on the number of rows they are multiplied in blocks of `BLOCK`, which is slower.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from engine.model.network import N_RELATIVE, Network, NetworkConfig, interval_table, relative_table

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Product = Callable[[Tensor], Tensor]

BLOCK = 8
"""Rows come in blocks of so many; a product of one block always has the same shape."""
MOST_ROWS = 64
"""Up to so many rows it is tried whether they may be multiplied at once; more are multiplied in parts of so many."""


def draw(logits: Floats, *, mask: Mask, temperature: Floats, top_p: float | Floats, uniform: Floats) -> Integers:
    """Choose one class a row. `logits` [N, C], `mask` [N, C] or [1, C] (True: allowed), `temperature` [N], `top_p` one
    for all or [N], `uniform` [N] in [0, 1).

    Nucleus sampling (Holtzman et al., 2020): the smallest set of classes whose share reaches `top_p` is drawn from.
    Raises `ValueError` if a row allows nothing.
    """
    scaled = np.where(mask, logits / temperature[:, None], -np.inf)
    highest = scaled.max(axis=1, keepdims=True)
    if (highest == -np.inf).any():
        raise ValueError("a row of the mask allows no class")
    shares = np.exp(scaled - highest)
    shares /= shares.sum(axis=1, keepdims=True)
    order = np.argsort(-shares, axis=1, kind="stable")
    rows = np.arange(len(order))
    ranked = shares[rows[:, None], order]
    before = ranked.cumsum(axis=1) - ranked
    ranked[before >= np.asarray(top_p).reshape(-1, 1)] = 0.0
    cumulative = ranked.cumsum(axis=1)
    rank = (cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(axis=1)
    last = (ranked > 0).sum(axis=1) - 1
    chosen: Integers = order[rows, np.minimum(rank, last)]
    return chosen


class Packed:
    """A network's weights laid out for stepping, shared by all who step it; whoever keeps it keeps them twice."""

    def __init__(self, network: Network, *, wide: bool | None = None) -> None:
        """`wide`: asked of the machine where it is not said."""
        self.network = network.eval()
        self.config, self.device = network.config, network.onset.weight.device
        self.table, self.details = network.table.weight.detach(), network.details.weight.detach()
        self.onset_to_role = network.onset_to_role.weight.detach()
        self.pitch_to_rest = network.pitch_to_rest.weight.detach()
        self.duration_to_velocity = network.duration_to_velocity.weight.detach()
        self.cells = [_affine(*_fused(network, layer)) for layer in range(self.config.layers)]
        self.trunk = _of(network.trunk)
        self.onset, self.role = _of(network.onset), _of(network.role)
        self.struck = _of(network.pitch, network.relative, network.interval, network.drum)
        self.duration, self.velocity = _of(network.duration), _of(network.velocity)
        self._wide = wide

    @property
    def wide(self) -> bool:
        """Whether any number of rows may be multiplied at once, because each comes out as it does in a block of
        `BLOCK`. Trying takes longer than laying the weights out, and a song by itself never asks.
        """
        if self._wide is None:
            self._wide = _rows_are_alike(self)
        return self._wide


class Stepper:
    """N songs of one network, advanced together. Not thread-safe: one stepper a batch.

    Per step: `advance(features)`, then `onset_logits()`, `role_logits(onset)`, `open_details(details)`, then
    `pitch_logits`/`drum_logits`, `duration_logits`, `velocity_logits`; each returns float64 `[N, classes]` on the CPU.
    Between steps rows come and go with `rearrange`.
    """

    def __init__(self, packed: Packed, size: int) -> None:
        self._packed, self._device = packed, packed.device
        hidden, layers = packed.config.hidden, packed.config.layers
        self._head = packed.config.head
        self._h = [torch.zeros(size, hidden, device=self._device) for _ in range(layers)]
        self._c = [torch.zeros(size, hidden, device=self._device) for _ in range(layers)]
        self._resize(size)

    def _resize(self, size: int) -> None:
        self._trunk = torch.zeros(size, 4 * self._head, device=self._device)
        self._rest = torch.zeros(size, 3 * self._head, device=self._device)
        width = MOST_ROWS if size > BLOCK and self._packed.wide else BLOCK
        self._parts = [slice(start, start + width) for start in range(0, size, width)]

    def rearrange(self, sources: Sequence[int | None]) -> None:
        """Go on with one row a source: the row that it names, or one that has read nothing yet (`None`)."""
        size = len(sources)
        rows = torch.tensor([row for row, source in enumerate(sources) if source is not None], device=self._device)
        kept = torch.tensor([source for source in sources if source is not None], device=self._device)
        for states in (self._h, self._c):
            for layer, state in enumerate(states):
                states[layer] = state.new_zeros(size, state.shape[1])
                if len(rows):
                    states[layer][rows] = state[kept]
        if size != len(self._trunk):
            self._resize(size)

    def _in(self, values: Integers) -> Tensor:
        return torch.from_numpy(values).to(self._device)

    def _out(self, product: Product, x: Tensor) -> Floats:
        """A head's logits, part by part."""
        parts = self._parts
        logits = product(x) if len(parts) == 1 else torch.cat([product(x[part]) for part in parts])
        result: Floats = logits.cpu().numpy().astype(np.float64)
        return result

    def advance(self, features: Integers) -> None:
        """Read the features `[N, F]` of the next event into the state."""
        index, packed = self._in(features), self._packed
        for part in self._parts:
            x = _sum_of_rows(packed.table, index[part])
            for layer, cell in enumerate(packed.cells):
                h, c = self._h[layer][part], self._c[layer][part]
                gates = cell(torch.cat((x, h), dim=1))
                i, f, g, o = gates.chunk(4, dim=1)
                candidate = torch.tanh(g)
                gates.sigmoid_()
                c.mul_(f).add_(i.mul_(candidate))
                x = torch.mul(o, torch.tanh(c), out=h)
            self._trunk[part] = packed.trunk(x)

    def onset_logits(self) -> Floats:
        """Logits of the next onset (the last class is the bar line)."""
        return self._out(self._packed.onset, self._h[-1])

    def role_logits(self, onset: Integers) -> Floats:
        """Logits of the role, given the onsets `[N]`."""
        z = self._trunk[:, : self._head] + self._packed.onset_to_role[self._in(onset)]
        return self._out(self._packed.role, z.tanh_())

    def open_details(self, details: Integers) -> None:
        """Read the details `[N, D]` that onset and role have decided."""
        self._rest = self._trunk[:, self._head :] + _sum_of_rows(self._packed.details, self._in(details))
        self._struck = self._out(self._packed.struck, torch.tanh(self._part(0)))

    def _part(self, index: int) -> Tensor:
        return self._rest[:, index * self._head : (index + 1) * self._head]

    def pitch_logits(self, root: Integers, previous: Integers) -> Floats:
        """Logits of the pitch, given the chord's root `[N]` (12: none) and the role's last pitch `[N]` (128: none)."""
        n, (relative_of, interval_of) = self._packed.config.n_pitches, _tables(self._packed.config.n_pitches)
        raw, row = self._struck, np.arange(len(self._struck))[:, None]
        logits: Floats = raw[:, :n] + raw[row, relative_of[root]]
        logits += raw[row, interval_of[previous]]
        return logits

    def drum_logits(self) -> Floats:
        """Logits of the percussion instrument."""
        return self._struck[:, -self._packed.config.n_drums :]

    def duration_logits(self, chosen: Integers) -> Floats:
        """Logits of the duration; `chosen` [N]: the pitch, or `n_pitches` + the percussion index."""
        self._after = self._packed.pitch_to_rest[self._in(chosen)]
        return self._out(self._packed.duration, (self._part(1) + self._after[:, : self._head]).tanh_())

    def velocity_logits(self, duration: Integers) -> Floats:
        """Logits of the velocity, given what `duration_logits` was given and the durations `[N]`."""
        after = self._after[:, self._head :] + self._packed.duration_to_velocity[self._in(duration)]
        return self._out(self._packed.velocity, (self._part(2) + after).tanh_())


def _sum_of_rows(table: Tensor, index: Tensor) -> Tensor:
    """The sum of the table's rows that each row of `index` [N, K] names: `[N, width]`."""
    size, width = index.shape
    return torch.embedding_bag(table, index.reshape(-1), _starts(size, width, str(table.device)), False, 0)[0]


@cache
def _starts(size: int, width: int, device: str) -> Tensor:
    return torch.arange(0, size * width, width, device=device)


@cache
def _tables(n_pitches: int) -> tuple[Integers, Integers]:
    """Where, behind the P pitches' own logits, the relative and the interval logits of each pitch stand: `[13, P]`,
    `[P + 1, P]`.
    """
    return n_pitches + relative_table(n_pitches).numpy(), n_pitches + N_RELATIVE + interval_table(n_pitches).numpy()


def _of(*layers: nn.Linear) -> Product:
    """The layers, which all read the same, as one product."""
    weights, biases = [layer.weight.detach() for layer in layers], [layer.bias.detach() for layer in layers]
    return _affine(torch.cat(weights), torch.cat(biases))


def _affine(weight: Tensor, bias: Tensor) -> Product:
    """x `[N, in]` → x·weightᵀ + bias, with the weight laid out once where oneDNN can.

    Measured for 8 rows: 0.25 ms instead of 0.64 ms a step; sums differ in their last bits.
    """
    if weight.device.type != "cpu" or weight.dtype != torch.float32 or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return lambda x: F.linear(x, weight, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), BLOCK)
    product = torch.ops.mkldnn._linear_pointwise

    def apply(x: Tensor) -> Tensor:
        result: Tensor = product(x, packed, bias, "none", [], "")
        return result

    return apply


def _fused(network: Network, layer: int) -> tuple[Tensor, Tensor]:
    """One `[4·hidden, in + hidden]` weight and one bias for a layer's gates (torch's order: input, forget, cell,
    output).
    """
    lstm = network.lstm
    weight = torch.cat((getattr(lstm, f"weight_ih_l{layer}"), getattr(lstm, f"weight_hh_l{layer}")), dim=1)
    bias = getattr(lstm, f"bias_ih_l{layer}") + getattr(lstm, f"bias_hh_l{layer}")
    return weight.detach().contiguous(), bias.detach()


_known: dict[tuple[NetworkConfig, str, int], bool] = {}
"""Shapes, device and threads that were tried → whether rows are alike there."""


def _rows_are_alike(packed: Packed) -> bool:
    """Whether rows come out bit for bit alike in every number of blocks at once and block by block, on this machine."""
    key = (packed.config, str(packed.device), torch.get_num_threads())
    if key not in _known:
        packed._wide = False
        apart = _trial(packed, MOST_ROWS)
        packed._wide = True
        sizes = range(BLOCK, MOST_ROWS + 1, BLOCK)
        _known[key] = all(
            np.array_equal(one[:size], other)
            for size in sizes
            for one, other in zip(apart, _trial(packed, size), strict=True)
        )
    return _known[key]


def _trial(packed: Packed, size: int) -> list[Floats]:
    """What a stepper of `size` rows says to something arbitrary, head by head."""
    config, stepper, row = packed.config, Stepper(packed, size), np.arange(size)
    for time in range(3):
        stepper.advance((row[:, None] * 7919 + np.arange(24) * 104729 + time * 31) % config.feature_rows)
    stepper.open_details((row[:, None] * 7919 + np.arange(8) * 104729) % config.detail_rows)
    return [
        stepper.onset_logits(),
        stepper.role_logits(row % config.n_onsets),
        stepper.pitch_logits(row % 13, row % (config.n_pitches + 1)),
        stepper.drum_logits(),
        stepper.duration_logits(row % config.n_pitches),
        stepper.velocity_logits(row % config.n_durations),
    ]
