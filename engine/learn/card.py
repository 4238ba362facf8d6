"""A checkpoint's card: what it learnt from, under which licences, for how long, and how well, for people to read.

In: the facts that a checkpoint carries. Out: Markdown, written as `card.md` beside the newest version. Caveat: the card
repeats the facts; what counts is in the checkpoint's own header.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from engine.model.checkpoint import Facts

HEADS = ("onset", "role", "drum", "pitch", "duration", "velocity")


def card_text(facts: Facts, sha256: str) -> str:
    """The card as Markdown."""
    lineage, metrics = facts.lineage, facts.metrics
    parts: Mapping[str, float] = metrics.get("held_out_parts", {})
    own = lineage.get("events_by_style", {}).get(facts.style)
    lines = [f"# {facts.style} {facts.version}", ""]
    if note := lineage.get("note"):
        lines += [str(note), ""]
    lines += [
        "| | |",
        "|---|---|",
        f"| weights, SHA-256 | `{sha256}` |",
        f"| started from | {_parent(str(lineage.get('parent_sha256', '')))} |",
        f"| held-out loss, nats an event | {metrics['held_out_nats']} (before: {metrics['held_out_nats_before']}) |",
        f"| by head, nats a decision | {', '.join(f'{name} {parts[name]}' for name in HEADS if name in parts)} |",
        f"| trained | at most {lineage['steps']} steps, seed {lineage['seed']}; kept: step {metrics['best_step']} |",
        f"| pieces heard, held out | {lineage['pieces']}, {lineage['held_out_pieces']} |",
    ]
    if own is not None:
        replay = round(100 * float(lineage["replay_share"]))
        lines.append(f"| its own corpus | {own:,} events; {replay} % of what it heard were other styles |")
    lines += ["", "Sources and licences (credits: `ATTRIBUTION.md`):", ""]
    lines += [f"- {source}: {licence}" for source, licence in facts.licences.items()]
    return "\n".join(lines) + "\n"


def _parent(sha256: str) -> str:
    return f"base `{sha256[:16]}…`" if sha256 else "nothing"


def write_card(facts: Facts, sha256: str, folder: Path) -> None:
    """Write `card.md` into a style's folder, atomically."""
    draft = folder / "card.tmp"
    draft.write_text(card_text(facts, sha256), encoding="utf-8")
    os.replace(draft, folder / "card.md")
