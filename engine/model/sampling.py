"""Step-by-step use of a network: the hand-written cell, the chained heads, and the draw from masked logits.

In: indices `[N, F]` and choices `[N]` a step, as numpy integers; out: choices as numpy integers. Conventions: N is
constant over a song, so a song's bytes do not depend on who shares the machine; randomness arrives as uniform numbers
`[N]` from the caller's own generator. Caveat: a step costs about 1 ms on two CPU cores for N ≤ 32; it is bound by
reading the weights.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from engine.model.network import Network

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def draw(logits: Floats, *, mask: Mask, temperature: Floats, top_p: float, uniform: Floats) -> Integers:
    """Choose one class a row. `logits` [N, C], `mask` [N, C] (True: allowed), `temperature` [N], `uniform` [N] in [0,
    1).

    Nucleus sampling (Holtzman et al., 2020): the smallest set of classes whose share reaches `top_p` is drawn from.
    Raises `ValueError` if a row allows nothing.
    """
    if not mask.any(axis=1).all():
        raise ValueError("a row of the mask allows no class")
    scaled = np.where(mask, logits / temperature[:, None], -np.inf)
    shares = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    order = np.argsort(-shares, axis=1, kind="stable")
    rows = np.arange(len(order))
    ranked = shares[rows[:, None], order]
    before = ranked.cumsum(axis=1) - ranked
    ranked[before >= top_p] = 0.0
    cumulative = ranked.cumsum(axis=1)
    rank = (cumulative <= uniform[:, None] * cumulative[:, -1:]).sum(axis=1)
    last = (ranked > 0).sum(axis=1) - 1
    chosen: Integers = order[rows, np.minimum(rank, last)]
    return chosen


class Stepper:
    """N songs of one network, advanced together. Not thread-safe: one stepper a batch.

    Per step: `advance(features)`, then `onset_logits()`, `role_logits(onset)`, `open_details(details)`, then
    `pitch_logits`/`drum_logits`, `duration_logits`, `velocity_logits`; each returns float64 `[N, classes]` on the CPU.
    """

    def __init__(self, network: Network, size: int) -> None:
        self._net = network.eval()
        config = network.config
        self._device = network.onset.weight.device
        self._h = [torch.zeros(size, config.hidden, device=self._device) for _ in range(config.layers)]
        self._c = [torch.zeros(size, config.hidden, device=self._device) for _ in range(config.layers)]
        self._cells = [_affine(*_fused(network, layer), size) for layer in range(config.layers)]
        self._to_trunk = _affine(network.trunk.weight.detach(), network.trunk.bias.detach(), size)
        self._trunk = torch.zeros(size, 4 * config.head, device=self._device)
        self._rest = torch.zeros(size, 3 * config.head, device=self._device)

    def _in(self, values: Integers) -> Tensor:
        return torch.from_numpy(values).to(self._device)

    @torch.inference_mode()
    def advance(self, features: Integers) -> None:
        """Read the features `[N, F]` of the next event into the state."""
        x = self._net.embed(self._in(features))
        for layer, cell in enumerate(self._cells):
            gates = cell(torch.cat((x, self._h[layer]), dim=1))
            i, f, g, o = gates.chunk(4, dim=1)
            c = torch.sigmoid(f) * self._c[layer] + torch.sigmoid(i) * torch.tanh(g)
            self._c[layer] = c
            x = self._h[layer] = torch.sigmoid(o) * torch.tanh(c)
        self._trunk = self._to_trunk(x)

    @torch.inference_mode()
    def onset_logits(self) -> Floats:
        """Logits of the next onset (the last class is the bar line)."""
        return _out(self._net.onset(self._h[-1]))

    @torch.inference_mode()
    def role_logits(self, onset: Integers) -> Floats:
        """Logits of the role, given the onsets `[N]`."""
        z = self._trunk[:, : self._net.config.head] + self._net.onset_to_role(self._in(onset))
        return _out(self._net.role(torch.tanh(z)))

    @torch.inference_mode()
    def open_details(self, details: Integers) -> None:
        """Read the details `[N, D]` that onset and role have decided."""
        bag = F.embedding_bag(self._in(details), self._net.details.weight, mode="sum")
        self._rest = self._trunk[:, self._net.config.head :] + bag

    def _part(self, index: int) -> Tensor:
        return self._rest[:, index * self._net.config.head : (index + 1) * self._net.config.head]

    @torch.inference_mode()
    def pitch_logits(self, root: Integers, previous: Integers) -> Floats:
        """Logits of the pitch, given the chord's root `[N]` (12: none) and the role's last pitch `[N]` (128: none)."""
        return _out(self._net.pitch_logits(torch.tanh(self._part(0)), self._in(root), self._in(previous)))

    @torch.inference_mode()
    def drum_logits(self) -> Floats:
        """Logits of the percussion instrument."""
        return _out(self._net.drum(torch.tanh(self._part(0))))

    @torch.inference_mode()
    def duration_logits(self, chosen: Integers) -> Floats:
        """Logits of the duration; `chosen` [N]: the pitch, or `n_pitches` + the percussion index."""
        after = self._net.pitch_to_rest(self._in(chosen))[:, : self._net.config.head]
        return _out(self._net.duration(torch.tanh(self._part(1) + after)))

    @torch.inference_mode()
    def velocity_logits(self, chosen: Integers, duration: Integers) -> Floats:
        """Logits of the velocity, given what `duration_logits` was given and the durations `[N]`."""
        after = self._net.pitch_to_rest(self._in(chosen))[:, self._net.config.head :]
        after = after + self._net.duration_to_velocity(self._in(duration))
        return _out(self._net.velocity(torch.tanh(self._part(2) + after)))


def _out(logits: Tensor) -> Floats:
    return logits.double().cpu().numpy()


def _affine(weight: Tensor, bias: Tensor, size: int) -> Callable[[Tensor], Tensor]:
    """x `[size, in]` → x·weightᵀ + bias, with the weight laid out once for products of that size where oneDNN can.

    Measured for 8 rows: 0.25 ms instead of 0.64 ms a step; sums differ in their last bits.
    """
    if weight.device.type != "cpu" or weight.dtype != torch.float32 or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return lambda x: F.linear(x, weight, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), size)
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
