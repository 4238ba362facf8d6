"""A server's version of a style, as files: what lies in its folder of the space `models`.

    v<n>.safetensors  v<n>.curve.json  card.md      the network, how its loss fell, what people should know of it
    habits.json  style.json  seeds.json             what plans take after
    originality.npz                                 the tunes that it learnt from, which nobody may be handed

In: a tuned network, what it was tuned on. Out: those files. Conventions: the parts mean what they mean in a shipped
style's folder; `style.json` is there for styles that the server founded; the index holds the server's pieces alone and
is asked beside the shipped one. Pieces are called by their uploads' ids. Caveat: a version is final; forgetting a piece
is another version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.learn.reference import ENOUGH_SONGS, reference_of
from engine.learn.server.measures import habits_with, measured_on
from engine.learn.server.order import TrainOrder
from engine.learn.server.pieces import Kept, side
from engine.learn.server.recipe import ServerRecipe
from engine.learn.server.voted import Voted
from engine.metrics.copyindex import FILE as INDEX
from engine.metrics.copyindex import OTHER_STYLES, IndexDraft, load_index, save_index
from engine.model.checkpoint import Checkpoint, Facts
from engine.model.tuning import Tuned
from engine.music.context import vocabulary_hash
from engine.music.habits import FILE as HABITS
from engine.music.measured import FILE as STYLE
from engine.music.styles import Style

USUAL_LIMIT = 15
"""Notes of a run that may be a piece's, where there is no shipped index to say."""
CARD = "card.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Learnt:
    """From what a version was made: its order, its pieces on both sides, the shipped checkpoint, the recipe, how many
    events there are to learn from, and the songs that were voted on (None: votes teach nothing).
    """

    order: TrainOrder
    pieces: tuple[Kept, ...]
    parent: Checkpoint
    recipe: ServerRecipe
    events: int
    voted: Voted | None = None

    @property
    def row(self) -> int:
        """The style's place in the network."""
        return self.parent.facts.style_ids.get(self.order.parent, 0)


def checkpoint_name(order: TrainOrder) -> str:
    """The checkpoint's file."""
    return f"v{order.version}.safetensors"


def facts_of(learnt: Learnt, tuned: Tuned, metrics: Mapping[str, Any]) -> Facts:
    """What the checkpoint says of itself. It knows the server's style by the place of its parent."""
    order, parent, settings = learnt.order, learnt.parent, learnt.recipe.settings
    songs = [piece.song for piece in side(learnt.pieces, "train")]
    reference = reference_of(songs) if len(songs) >= ENOUGH_SONGS else {}
    lineage = {
        "parent_style": order.parent,
        "parent_version": parent.facts.version,
        "parent_sha256": parent.sha256,
        "guild_id": order.guild_id,
        "uploads": [piece.taught.id for piece in side(learnt.pieces, "train")],
        "held_out_uploads": [piece.taught.id for piece in side(learnt.pieces, "valid")],
        "events": learnt.events,
        "seed": settings.seed,
        "steps": settings.steps,
        "rate": settings.rate,
        "dropout": learnt.recipe.dropout,
        "tether": learnt.recipe.tether,
        "kept_step": tuned.step,
        "kept_share": tuned.share,
        **({} if learnt.voted is None else {"voted_songs": list(learnt.voted.ids)}),
    }
    ids = dict(parent.facts.style_ids)
    return Facts(
        style=order.style,
        version=f"v{order.version}",
        vocabulary=vocabulary_hash(),
        style_ids=ids | {order.style: ids.get(order.parent, 0)},
        metrics={**metrics, "reference": reference or parent.facts.metrics.get("reference", {})},
        lineage=lineage,
        licences={f"upload {piece.taught.id}": _licence(piece) for piece in learnt.pieces},
    )


def _licence(piece: Kept) -> str:
    return f"{piece.taught.licence}, {piece.taught.credit}" if piece.taught.credit else piece.taught.licence


def write_measures(learnt: Learnt, parent: Style, styles_dir: Path, folder: Path) -> None:
    """Write all that is measured on the pieces: habits, the style's own proportions, the index of tunes."""
    songs = [piece.song for piece in learnt.pieces]
    if (habits := habits_with(songs, parent)) is not None:
        (folder / HABITS).write_text(habits.dumps(), encoding="utf-8")
    if learnt.order.description is not None:
        (folder / STYLE).write_text(measured_on(songs).dumps(), encoding="utf-8")
    write_index(learnt, styles_dir, folder)


def write_index(learnt: Learnt, styles_dir: Path, folder: Path) -> bool:
    """Index the pieces' tunes, held-out ones too; False if none has any."""
    draft = IndexDraft()
    added = [draft.add(f"upload {piece.taught.id}", piece.song) for piece in learnt.pieces]
    if not any(added):
        return False
    limit = limit_for(learnt.order.parent, styles_dir)
    facts = {"uploads": [piece.taught.id for piece in learnt.pieces], "guild_id": learnt.order.guild_id}
    save_index(draft.finish(limit=limit), folder / INDEX, facts=facts)
    return True


def limit_for(style: str, styles_dir: Path) -> int:
    """The longest run that people share with one another in the shipped style."""
    path = styles_dir / INDEX
    if not path.exists():
        return USUAL_LIMIT
    limits = load_index(path).limits
    return limits.get(style, limits[OTHER_STYLES])


def write_card(facts: Facts, sha256: str, folder: Path) -> None:
    """Write `card.md`: what the version learnt from, how well, and under which licences."""
    lineage, metrics = facts.lineage, facts.metrics
    shown = (
        ("weights, SHA-256", f"`{sha256}`"),
        ("started from", f"{lineage['parent_style']} {lineage['parent_version']} `{lineage['parent_sha256'][:16]}…`"),
        ("held-out loss, nats", f"{metrics['held_out_nats']} (before: {metrics['held_out_nats_before']})"),
        ("lost of the shipped style", f"{100 * metrics['rise']:.1f} % of its loss"),
        ("trained", f"at most {lineage['steps']} steps, seed {lineage['seed']}; kept: step {lineage['kept_step']}"),
        ("pieces heard, held out", f"{len(lineage['uploads'])}, {len(lineage['held_out_uploads'])}"),
        ("songs voted on, which it is judged by", f"{len(lineage.get('voted_songs', ()))}"),
    )
    lines = [f"# {facts.style} {facts.version}, taught", "", "| | |", "|---|---|"]
    lines += [f"| {name} | {value} |" for name, value in shown]
    if facts.licences:
        lines += ["", "Pieces and licences:", ""]
    lines += [f"- {source}: {licence}" for source, licence in facts.licences.items()]
    (folder / CARD).write_text("\n".join(lines) + "\n", encoding="utf-8")
