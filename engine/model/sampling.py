"""Step-by-step use of networks: the hand-written cell and the chained heads, for rows of several networks at once.

In: indices `[N, F]` and choices `[N]` a step, as numpy integers; out: logits, float64. Conventions: a row's numbers do
not depend on how many others there are, nor on where it stands among them (`Packed.wide`), so a song's bytes do not
depend on who shares the machine; `engine.model.nucleus` draws from the logits.
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
Product = Callable[[Tensor], Tensor]

BLOCK = 8
"""Rows come in blocks of so many; a product of one block always has the same shape."""
MOST_ROWS = 64
"""Up to so many rows it is tried whether they may be multiplied at once; more are multiplied in parts of so many."""
MOST_NETWORKS = 16
"""Up to so many networks have their heads multiplied side by side."""


class Packed:
    """A network's large weights laid out for stepping, shared by all who step it; whoever keeps it keeps them twice."""

    def __init__(self, network: Network, *, wide: bool | None = None) -> None:
        """`wide`: asked of the machine where it is not said."""
        self.network = network.eval()
        self.config, self.device = network.config, network.onset.weight.device
        self.cells = [_affine(*_fused(network, layer)) for layer in range(self.config.layers)]
        self.trunk = _of(network.trunk)
        self.struck = _of(network.pitch, network.relative, network.interval, network.drum)
        self.heads = {name: _of(getattr(network, name)) for name in HEADS}
        self._wide = wide

    @property
    def wide(self) -> bool:
        """Whether any number of rows may be multiplied at once, and with other networks' heads beside, because each row
        comes out as it does in a block of `BLOCK`. Trying takes longer than laying the weights out, and a song by
        itself never asks.
        """
        if self._wide is None:
            self._wide = _rows_are_alike(self)
        return self._wide


Lanes = Sequence[tuple[Packed, int]]
"""Networks of the same sizes, and how many rows each has."""


LARGE_TABLES, SMALL_TABLES = ("table", "details"), ("onset_to_role", "pitch_to_rest", "duration_to_velocity")
TABLES = LARGE_TABLES + SMALL_TABLES
HEADS = ("onset", "role", "duration", "velocity")


class _Shelf:
    """The small tables and heads of several networks side by side: a row adds its network's offset to an index, and
    takes its network's columns of a product. Large tables stay where they are.
    """

    def __init__(self, networks: list[Network]) -> None:
        self.networks = networks
        weights = {name: [getattr(network, name).weight.detach() for network in networks] for name in TABLES}
        self.tables = {name: _joined(weights[name]) for name in SMALL_TABLES}
        self.large_tables = {name: weights[name] for name in LARGE_TABLES}
        self.heads = {name: _of(*(getattr(network, name) for network in networks)) for name in HEADS}


class Stepper:
    """N rows of one network or of several of the same sizes, advanced together; a network's rows stand side by side.
    Not thread-safe: one stepper a batch.

    Per step: `advance(features)`, then `onset_logits()`, `role_logits(onset)`, `open_details(details)`, then
    `pitch_logits`/`drum_logits`, `duration_logits`, `velocity_logits`; each returns float64 `[N, classes]` on the CPU.
    Between steps rows come and go with `rearrange`.
    """

    def __init__(self, lanes: Lanes) -> None:
        """`lanes`: at least one."""
        self.config, self._device = lanes[0][0].config, lanes[0][0].device
        self._head, size = self.config.head, sum(rows for _, rows in lanes)
        self._h = [torch.zeros(size, self.config.hidden, device=self._device) for _ in range(self.config.layers)]
        self._c = [torch.zeros(size, self.config.hidden, device=self._device) for _ in range(self.config.layers)]
        self._shelf = _Shelf([packed.network for packed, _ in lanes])
        self._settle(lanes)

    def _settle(self, lanes: Lanes) -> None:
        if self._shelf.networks != [packed.network for packed, _ in lanes]:
            self._shelf = _Shelf([packed.network for packed, _ in lanes])
        self._sizes = sizes = [rows for _, rows in lanes]
        self._wide = sum(sizes) > BLOCK and all(packed.wide for packed, _ in lanes)
        width = MOST_ROWS if self._wide else BLOCK
        self._parts = [(packed, min(width, rows - start)) for packed, rows in lanes for start in range(0, rows, width)]
        self._joint = [min(MOST_ROWS, sum(sizes) - start) for start in range(0, sum(sizes), MOST_ROWS)]
        self._lane_of_row = np.repeat(np.arange(len(lanes)), sizes)
        self._each = np.arange(sum(sizes))
        self._trunk = torch.zeros(sum(sizes), 4 * self._head, device=self._device)

    def rearrange(self, lanes: Lanes, sources: Sequence[int | None]) -> None:
        """Go on with one row a source: the row that it names, or one that has read nothing yet (`None`)."""
        size = len(sources)
        rows = torch.tensor([row for row, source in enumerate(sources) if source is not None], device=self._device)
        kept = torch.tensor([source for source in sources if source is not None], device=self._device)
        for states in (self._h, self._c):
            for layer, state in enumerate(states):
                states[layer] = state.new_zeros(size, state.shape[1])
                if len(rows):
                    states[layer][rows] = state[kept]
        self._settle(lanes)

    def _times(self, product: Callable[[Packed], Product], x: Tensor) -> Tensor:
        """Each network's product with its own rows of `x`, part by part."""
        if len(self._parts) == 1:
            return product(self._parts[0][0])(x)
        parts = x.split_with_sizes([rows for _, rows in self._parts])
        return torch.cat([product(packed)(part) for (packed, _), part in zip(self._parts, parts, strict=True)])

    def _sum_up(self, name: str, index: Integers) -> Tensor:
        """Of each row's network's large table the sum of the rows that `index` [N, K] names."""
        parts = torch.from_numpy(index).to(self._device).split_with_sizes(self._sizes)
        tables = self._shelf.large_tables[name]
        return _joined([_sum_of_rows(table, part) for table, part in zip(tables, parts, strict=True)])

    def _look_up(self, name: str, index: Integers) -> Tensor:
        """Of each row's network's small table the row that `index` [N] names."""
        table = self._shelf.tables[name]
        if len(self._shelf.networks) > 1:
            index = index + self._lane_of_row * (len(table) // len(self._shelf.networks))
        return F.embedding(torch.from_numpy(index).to(self._device), table)

    def _head_logits(self, name: str, x: Tensor) -> Floats:
        """A small head's logits; where rows may be multiplied at once, by the heads of all networks side by side."""
        if not self._wide or not 1 < len(self._shelf.networks) <= MOST_NETWORKS:
            return _out(self._times(lambda packed: packed.heads[name], x))
        parts = [self._shelf.heads[name](part) for part in x.split_with_sizes(self._joint)]
        logits = _out(parts[0] if len(parts) == 1 else torch.cat(parts))
        own: Floats = logits.reshape(len(x), len(self._shelf.networks), -1)[self._each, self._lane_of_row]
        return own

    def advance(self, features: Integers) -> None:
        """Read the features `[N, F]` of the next event into the state."""
        x = self._sum_up("table", features)
        for layer, (h, c) in enumerate(zip(self._h, self._c, strict=True)):
            gates = self._times(lambda packed, layer=layer: packed.cells[layer], torch.cat((x, h), dim=1))  # type: ignore[misc]
            i, f, g, o = gates.chunk(4, dim=1)
            candidate = torch.tanh(g)
            gates.sigmoid_()
            c.mul_(f).add_(i.mul_(candidate))
            x = torch.mul(o, torch.tanh(c), out=h)
        self._trunk = self._times(lambda packed: packed.trunk, x)

    def onset_logits(self) -> Floats:
        """Logits of the next onset (the last class is the bar line)."""
        return self._head_logits("onset", self._h[-1])

    def role_logits(self, onset: Integers) -> Floats:
        """Logits of the role, given the onsets `[N]`."""
        z = self._trunk[:, : self._head] + self._look_up("onset_to_role", onset)
        return self._head_logits("role", z.tanh_())

    def open_details(self, details: Integers) -> None:
        """Read the details `[N, D]` that onset and role have decided."""
        self._rest = self._trunk[:, self._head :] + self._sum_up("details", details)
        struck = self._times(lambda packed: packed.struck, torch.tanh(self._part(0)))
        self._struck = _out(struck)

    def _part(self, index: int) -> Tensor:
        return self._rest[:, index * self._head : (index + 1) * self._head]

    def pitch_logits(self, root: Integers, previous: Integers) -> Floats:
        """Logits of the pitch, given the chord's root `[N]` (12: none) and the role's last pitch `[N]` (128: none)."""
        n, (relative_of, interval_of) = self.config.n_pitches, _tables(self.config.n_pitches)
        raw, row = self._struck, self._each[:, None]
        logits: Floats = raw[:, :n] + raw[row, relative_of[root]]
        logits += raw[row, interval_of[previous]]
        return logits

    def drum_logits(self) -> Floats:
        """Logits of the percussion instrument."""
        return self._struck[:, -self.config.n_drums :]

    def duration_logits(self, chosen: Integers) -> Floats:
        """Logits of the duration; `chosen` [N]: the pitch, or `n_pitches` + the percussion index."""
        self._after = self._look_up("pitch_to_rest", chosen)
        return self._head_logits("duration", (self._part(1) + self._after[:, : self._head]).tanh_())

    def velocity_logits(self, duration: Integers) -> Floats:
        """Logits of the velocity, given what `duration_logits` was given and the durations `[N]`."""
        after = self._after[:, self._head :] + self._look_up("duration_to_velocity", duration)
        return self._head_logits("velocity", (self._part(2) + after).tanh_())


def _out(logits: Tensor) -> Floats:
    """Logits as the caller gets them."""
    result: Floats = logits.cpu().numpy().astype(np.float64)
    return result


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


def _joined(tensors: list[Tensor]) -> Tensor:
    return tensors[0] if len(tensors) == 1 else torch.cat(tensors)


def _of(*layers: nn.Linear) -> Product:
    """The layers, which all read the same, as one product."""
    weights, biases = [layer.weight.detach() for layer in layers], [layer.bias.detach() for layer in layers]
    return _affine(_joined(weights), _joined(biases))


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
    """Whether rows come out bit for bit alike in every number of blocks at once and block by block, as rows of one
    network and of several side by side, on this machine.
    """
    key = (packed.config, str(packed.device), torch.get_num_threads())
    if key not in _known:
        packed._wide = False
        apart = _trial([(packed, max(MOST_ROWS, MOST_NETWORKS * BLOCK))])
        packed._wide = True
        arranged = [[(packed, size)] for size in range(BLOCK, MOST_ROWS + 1, BLOCK)]
        arranged += [[(packed, BLOCK)] * count for count in range(2, MOST_NETWORKS + 1)]
        _known[key] = all(
            np.array_equal(one[: len(other)], other)
            for lanes in arranged
            for one, other in zip(apart, _trial(lanes), strict=True)
        )
    return _known[key]


def _trial(lanes: Lanes) -> list[Floats]:
    """What a stepper says to something arbitrary, head by head."""
    config, stepper, row = lanes[0][0].config, Stepper(lanes), np.arange(sum(rows for _, rows in lanes))
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
