"""What people read of trainings, versions and styles: an `Update`, a `Training` or records go in, texts come out.

Convention: as in `bot.replies`, nothing that a person typed comes back alive. Caveat: figures are the training's own,
and those that it does not tell are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import discord

from bot.replies import ACCENT, about_text, clip, plain
from engine import GuildStyle, ModelRecord, SchoolTicket, Training, Update

PHASES = {
    "reading": "reading the pieces",
    "replaying": "recalling the style",
    "tuning": "learning",
    "composing": "composing to compare",
    "comparing": "comparing",
}
AFTER_STEPS = frozenset({"composing", "comparing"})
"""Phases in which nothing is learnt any more."""
STATES = {
    "training": "in training",
    "candidate": "being compared",
    "live": "composes",
    "refused": "refused",
    "retired": "retired",
    "rolled_back": "rolled back",
}
_LIST_CHARS = 3600


def training_text(update: Update, ticket: SchoolTicket) -> str:
    """One line: how far a training is, and how long it takes about."""
    head = f"🎓 **{plain(ticket.style)}**, version {ticket.version}:"
    if update.phase == "queued":
        ahead = f" ({update.ahead} before it)" if update.ahead else ""
        return f"{head} ⏳ waiting{ahead}"
    parts = [PHASES.get(update.detail or "", "learning")]
    if update.share > 0:
        parts[0] += f" {round(100 * min(1.0, update.share))} %"
    if update.eta_s is not None:
        parts[0] += f" ({about_text(update.eta_s)})"
    if update.detail not in AFTER_STEPS and update.step is not None and update.steps:
        parts.append(f"step {update.step} of {update.steps}")
        if update.nats is not None:
            parts.append(f"{update.nats:.3f} nats")
    return f"{head} {' · '.join(parts)}"


def outcome_text(training: Training) -> str:
    """What came of a training."""
    model = training.model
    name = f"**{plain(model.style)}**, version {model.version}"
    if not training.is_live:
        return clip(f"🎓 {name} is not used: {plain(model.reason or 'it is not better than what there is')}", 1900)
    figures = figures_text(model.metrics)
    head = f"🎓 {name} composes here from now on; it learnt from {_heard(model)}"
    return f"{head} ({figures})." if figures else f"{head}."


def _heard(model: ModelRecord) -> str:
    """What a version learnt from: pieces, votes, or both."""
    voted = len(_votes(model.metrics).get("songs", ()))
    pieces, votes = _pieces(len(model.upload_ids)), f"votes on {voted} songs"
    if not voted:
        return pieces
    return f"{pieces} and {votes}" if model.upload_ids else votes


def _votes(metrics: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """What a version's metrics say of votes."""
    return (metrics or {}).get("preferred") or {}


def figures_text(metrics: Mapping[str, Any] | None) -> str:
    """The figures of a version, as far as they are known."""
    known = {name: float(value) for name, value in (metrics or {}).items() if isinstance(value, int | float)}
    found = []
    if (nats := known.get("held_out_nats")) is not None:
        before = known.get("held_out_nats_before")
        change = f" ({_percent(nats / before - 1, signed=True)} against the shipped one)" if before else ""
        found.append(f"loss on pieces held out {nats:.2f} nats{change}")
    if (agreement := _votes(metrics).get("agreement")) is not None:
        found.append(f"of pairs of a liked and a disliked song it tells {_percent(agreement)} apart")
    if (rise := known.get("rise")) is not None:
        found.append(f"on the style's own {_percent(rise, signed=True)}")
    if (likeness := known.get("likeness")) is not None:
        before = known.get("likeness_before")
        meant = "style" if known.get("uploads") == 0 else "pieces"
        found.append(f"likeness to the {meant} {likeness:.2f}" + (f" (before: {before:.2f})" if before else ""))
    if (copied := known.get("songs_copied")) is not None:
        found.append(f"{_percent(copied)} of its songs copy")
    return ", ".join(found)


def models_embed(models: Sequence[ModelRecord], style: str | None) -> discord.Embed:
    """A server's versions, the newest first, with figures and lineage."""
    of_style = f" of {plain(style)}" if style else ""
    if not models:
        return discord.Embed(description=f"No version{of_style} was trained here yet; `/train` begins.", colour=ACCENT)
    newest = {model.style: model.id for model in models if model.state == "live"}
    embed = discord.Embed(title=clip(f"Versions{of_style} on this server", 200), colour=ACCENT)
    lines: list[str] = []
    size = 0
    for place, model in enumerate(reversed(models)):
        line = _model_line(model, composes=newest.get(model.style) == model.id)
        size += len(line) + 1
        if size > _LIST_CHARS:
            lines.append(f"… and {len(models) - place} more.")
            break
        lines.append(line)
    embed.description = "\n".join(lines)
    return embed


def model_label(model: ModelRecord) -> str:
    """One line of plain text to choose a version by."""
    state = STATES.get(model.state, model.state)
    return clip(f"{model.version} · {state} · {model.created_at:%Y-%m-%d} · {_heard(model)}", 100)


def rolled_back_text(style: str, model: ModelRecord | None) -> str:
    """What `/rollback` answers."""
    which = "the version that was shipped" if model is None else f"version {model.version}"
    return f"↩️ From now on {which} of **{plain(style)}** composes here."


def founded_text(style: GuildStyle) -> str:
    """What `/style create` answers."""
    name = plain(style.name)
    return (
        f"🌱 **{name}** is a style of this server now; it sounds like {plain(style.parent)} until it is taught:"
        f" `/teach style: {style.name}`, then `/train style: {style.name}`."
    )


def _model_line(model: ModelRecord, *, composes: bool) -> str:
    state = STATES.get(model.state, model.state) if composes or model.state != "live" else "kept, an older one"
    head = f"**{plain(model.style)} {model.version}** · {state} · {model.created_at:%Y-%m-%d}"
    lines = [f"{head} · {_heard(model)}"]
    if figures := figures_text(model.metrics):
        lines.append(f"-# {figures}")
    if model.sha256 and model.parent_sha256:
        lines.append(f"-# {model.sha256[:8]}, from {model.parent_sha256[:8]}")
    if model.reason:
        lines.append(f"-# {clip(plain(model.reason), 300)}")
    return "\n".join(lines)


def _pieces(number: int) -> str:
    return f"{number} {'piece' if number == 1 else 'pieces'}"


def _percent(share: float, *, signed: bool = False) -> str:
    return f"{100 * share:{'+' if signed else ''}.0f} %".replace("-", "−")
