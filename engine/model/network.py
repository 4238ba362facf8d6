"""The composing network: one LSTM step an event, output heads chained within the step.

In: indices into one embedding table (summed), out: logits of onset → role → pitch (or percussion) → duration →
velocity, each head seeing what the earlier ones chose. Conventions: B sequences of T events; `F` features and `D`
details an event; all integers come from outside, this module knows no music but two facts: a pitch has a pitch class
relative to the chord's root and an interval from the role's last pitch, and both get logits of their own that are
added to the absolute ones.

The cell is the LSTM of Hochreiter & Schmidhuber (1997); factored pitch logits follow the idea of relative pitch
inputs in Mozer (1994). Caveat: the heads are trained on what the composer chose (teacher forcing), so sampling needs
care elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor, nn
from torch.nn import functional as F

N_INTERVALS = 50
"""−24…+24 semitones, and one for "no earlier pitch"."""


N_RELATIVE = 13
"""Pitch classes above the chord's root, and one for "no chord"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """Sizes. The first eight follow from the vocabulary; the others are free."""

    feature_rows: int
    detail_rows: int
    n_onsets: int
    n_roles: int
    n_pitches: int
    n_drums: int
    n_durations: int
    n_velocities: int
    embedding: int = 256
    hidden: int = 384
    layers: int = 2
    head: int = 192
    dropout: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Training chunk. `features` [B, T, F], `details` [B, T, D] int; `events` [B, T, 5] int (onset, role, pitch,
    duration, velocity); `root` [B, T] int 0…12; `previous` [B, T] int 0…128 (the role's last pitch).
    """

    features: Tensor
    details: Tensor
    events: Tensor
    root: Tensor
    previous: Tensor

    def to(self, device: torch.device) -> Batch:
        """The same on another device."""
        return Batch(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Nats. `total`: mean a event over all heads together, differentiable; `parts`: head → (sum of nats, count)."""

    total: Tensor
    parts: dict[str, tuple[float, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What one head was asked in a chunk: `logits` [M, classes], and which class was `chosen` [M] int64."""

    logits: Tensor
    chosen: Tensor


def relative_table(n_pitches: int) -> Tensor:
    """`[13, n_pitches]` int64: pitch class above the root; row 12 (no chord) is the constant 12."""
    pitches = torch.arange(n_pitches)
    rows = [(pitches - root) % 12 for root in range(12)]
    return torch.stack([*rows, torch.full((n_pitches,), 12)])


def interval_table(n_pitches: int) -> Tensor:
    """`[n_pitches + 1, n_pitches]` int64: clipped interval from the last pitch, + 24; the last row is constantly 49."""
    pitches = torch.arange(n_pitches)
    rows = [(pitches - last).clamp(-24, 24) + 24 for last in range(n_pitches)]
    return torch.stack([*rows, torch.full((n_pitches,), N_INTERVALS - 1)])


class Network(nn.Module):
    """See the module's docstring. `bar` is the onset that stands for a bar line, `drums` the role of percussion."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        c = config
        self.bar = c.n_onsets - 1
        self.drums = 0
        self.table = nn.Embedding(c.feature_rows, c.embedding)
        self.lstm = nn.LSTM(c.embedding, c.hidden, c.layers, batch_first=True, dropout=c.dropout)
        self.drop = nn.Dropout(c.dropout)
        self.onset = nn.Linear(c.hidden, c.n_onsets)
        self.trunk = nn.Linear(c.hidden, 4 * c.head)
        self.onset_to_role = nn.Embedding(c.n_onsets, c.head)
        self.details = nn.Embedding(c.detail_rows, 3 * c.head)
        self.pitch_to_rest = nn.Embedding(c.n_pitches + c.n_drums, 2 * c.head)
        self.duration_to_velocity = nn.Embedding(c.n_durations, c.head)
        self.role = nn.Linear(c.head, c.n_roles)
        self.pitch = nn.Linear(c.head, c.n_pitches)
        self.relative = nn.Linear(c.head, N_RELATIVE)
        self.interval = nn.Linear(c.head, N_INTERVALS)
        self.drum = nn.Linear(c.head, c.n_drums)
        self.duration = nn.Linear(c.head, c.n_durations)
        self.velocity = nn.Linear(c.head, c.n_velocities)
        self.register_buffer("relative_of", relative_table(c.n_pitches), persistent=False)
        self.register_buffer("interval_of", interval_table(c.n_pitches), persistent=False)
        for embedding in (self.table, self.onset_to_role, self.details, self.pitch_to_rest, self.duration_to_velocity):
            nn.init.normal_(embedding.weight, std=0.1)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.table.weight.device

    def adopt(self, style: int, kin: int) -> None:
        """Give the style of one id the place of another among the styles (the first rows of the table)."""
        with torch.no_grad():
            self.table.weight[style] = self.table.weight[kin]

    def set_dropout(self, dropout: float) -> None:
        """Change the dropout (0…1) between layers and before the heads; the config keeps the one it was made with."""
        self.lstm.dropout = dropout
        self.drop.p = dropout

    def embed(self, features: Tensor) -> Tensor:
        """`[..., F]` int → `[..., embedding]`: the sum of the features' rows."""
        flat = F.embedding_bag(features.reshape(-1, features.shape[-1]), self.table.weight, mode="sum")
        return flat.reshape(*features.shape[:-1], -1)

    def pitch_logits(self, z: Tensor, root: Tensor, previous: Tensor) -> Tensor:
        """`z` [M, head], `root` [M], `previous` [M] → [M, n_pitches]."""
        relative = self.relative(z).gather(-1, self.get_buffer("relative_of")[root])
        interval = self.interval(z).gather(-1, self.get_buffer("interval_of")[previous])
        logits: Tensor = self.pitch(z) + relative + interval
        return logits

    def read(
        self, batch: Batch, state: tuple[Tensor, Tensor] | None = None
    ) -> tuple[dict[str, Decisions], tuple[Tensor, Tensor]]:
        """Every head's decisions in a chunk under teacher forcing, and the LSTM state (each [layers, B, hidden]) after
        it.
        """
        output, state = self.lstm(self.embed(batch.features), state)
        h = self.drop(output).reshape(-1, self.config.hidden)
        events = batch.events.reshape(-1, 5).long()
        onset, role, pitch, duration, velocity = events.unbind(-1)
        note = (onset != self.bar).nonzero().squeeze(-1)
        made = {"onset": Decisions(logits=self.onset(h), chosen=onset)}

        trunk = self.trunk(h[note])
        bag = F.embedding_bag(batch.details.reshape(-1, batch.details.shape[-1])[note], self.details.weight, mode="sum")
        role_z, rest_z = trunk[:, : self.config.head], trunk[:, self.config.head :] + bag
        onset, role, pitch, duration, velocity = (x[note] for x in (onset, role, pitch, duration, velocity))
        role_z = torch.tanh(role_z + self.onset_to_role(onset))
        made["role"] = Decisions(logits=self.role(role_z), chosen=role)

        pitch_z, duration_z, velocity_z = rest_z.chunk(3, dim=-1)
        drums = role == self.drums
        struck, pitched = drums.nonzero().squeeze(-1), (~drums).nonzero().squeeze(-1)
        made["drum"] = Decisions(logits=self.drum(torch.tanh(pitch_z[struck])), chosen=pitch[struck])
        root, previous = batch.root.reshape(-1)[note][pitched].long(), batch.previous.reshape(-1)[note][pitched].long()
        logits = self.pitch_logits(torch.tanh(pitch_z[pitched]), root, previous)
        made["pitch"] = Decisions(logits=logits, chosen=pitch[pitched])

        chosen = self.pitch_to_rest(pitch + self.config.n_pitches * drums)
        for_duration, for_velocity = chosen.chunk(2, dim=-1)
        duration_z = torch.tanh(duration_z[pitched] + for_duration[pitched])
        made["duration"] = Decisions(logits=self.duration(duration_z), chosen=duration[pitched])
        velocity_z = torch.tanh(velocity_z + for_velocity + self.duration_to_velocity(duration))
        made["velocity"] = Decisions(logits=self.velocity(velocity_z), chosen=velocity)
        return made, state

    def forward(self, batch: Batch, state: tuple[Tensor, Tensor] | None = None) -> tuple[Losses, tuple[Tensor, Tensor]]:
        """Losses of a chunk under teacher forcing, and the LSTM state after it; see `read`."""
        made, state = self.read(batch, state)
        losses = {
            name: F.cross_entropy(head.logits.float(), head.chosen, reduction="sum") for name, head in made.items()
        }
        total = torch.stack(list(losses.values())).sum() / len(made["onset"].chosen)
        parts = {name: (float(loss.detach()), len(made[name].chosen)) for name, loss in losses.items()}
        return Losses(total=total, parts=parts), state
