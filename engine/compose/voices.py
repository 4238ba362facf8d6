"""A plan's style or blend → the network that writes it, with all that belongs to it.

In: a `Plan`, and the shelf that its styles are from. Out: a `Voice`. Conventions: the last few checkpoints and blends
are kept, whoever's they are. Of a style's checkpoints the newest that is sound is taken; one that cannot be used is
told of once. A blend has the mean of its styles' weights (`engine.model.blend`), of their temperatures, and of what
their own music measures; its parts are summed in the order of their names, so a blend is the same however it was
written. Caveat: a style that weighs nothing is left out.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.compose.decode import Heat
from engine.compose.plan import Plan
from engine.compose.taught import lineage_of
from engine.errors import CheckpointError, UnsoundModel
from engine.jobs.heap import give_back
from engine.model.blend import Part, blend_networks
from engine.model.checkpoint import Checkpoint, load_checkpoint, versions_in, weights_sha256
from engine.model.network import Network
from engine.music.context import vocabulary_hash
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import STYLES_DIR, Style, Taught

log = logging.getLogger(__name__)

KEPT_BLENDS = 4
KEPT = 12
"""Checkpoints of shipped styles and servers' models together: 14 MB each, and as much again where they are laid out for
stepping. One is loaded in 40 ms.
"""
Reference = Mapping[str, Sequence[float]]
Shares = tuple[tuple[str, float], ...]
"""Styles and what they weigh, by name; the weights sum to 1."""
Heard = tuple[tuple[str, str, float], ...]
"""The same, each with the server's model that composes it ("": the shipped one)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """`style_row`: the style's index as the network knows it; `reference`: what songs should measure; `model`: for
    the receipt.
    """

    network: Network
    style_row: int
    heat: Heat
    reference: Reference
    model: Mapping[str, str]


class Voices:
    """Loads and keeps; see the module's docstring."""

    def __init__(self, *, device: str, styles_dir: Path = STYLES_DIR) -> None:
        self._device, self._styles_dir = device, styles_dir
        self._kept: OrderedDict[tuple[str, str], Checkpoint] = OrderedDict()
        """By style and, where a server taught it, the model's id."""
        self._versions: dict[str, str] = {}
        self._blends: OrderedDict[Heard, tuple[Network, str]] = OrderedDict()
        self._unsound: set[Path] = set()

    @property
    def versions(self) -> dict[str, str]:
        """Of each shipped style that was asked for, the version that is in use."""
        return dict(sorted(self._versions.items()))

    @property
    def failures(self) -> int:
        """Checkpoints that could not be used."""
        return len(self._unsound)

    def checkpoint(self, style: str) -> Checkpoint:
        """The newest sound checkpoint of a shipped style; raises `CheckpointError` if there is none: what is wrong with
        the newest.
        """
        checkpoint = self._once((style, ""), lambda: self._newest_sound(style))
        self._versions[style] = checkpoint.facts.version
        return checkpoint

    def _once(self, key: tuple[str, str], load: Callable[[], Checkpoint]) -> Checkpoint:
        """What is kept under `key`, loaded if it is not there."""
        if key not in self._kept:
            self._kept[key] = load()
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            give_back()
        self._kept.move_to_end(key)
        return self._kept[key]

    def _newest_sound(self, style: str) -> Checkpoint:
        folder, wrong = self._styles_dir / style, None
        for path in versions_in(folder):
            try:
                return load_checkpoint(path, vocabulary=vocabulary_hash(), device=self._device)
            except CheckpointError as error:
                wrong = wrong or error
                if path not in self._unsound:
                    self._unsound.add(path)
                    log.error("A checkpoint cannot be used; an earlier version is, if there is one. %s", error)
        raise wrong or CheckpointError(f"The style {style!r} has no checkpoint in {folder}; `make train` makes it.")

    def of_style(self, style: Style) -> Checkpoint:
        """What composes this style; raises `CheckpointError`, which is `UnsoundModel` for what a server taught."""
        taught = style.taught
        if taught is None:
            return self.checkpoint(style.root)
        return self._once((style.name, taught.model_id), lambda: self._load_taught(taught))

    def _load_taught(self, taught: Taught) -> Checkpoint:
        path = next(iter(versions_in(taught.folder)), None)
        try:
            if path is None:
                raise CheckpointError(f"The model {taught.model_id!r} has no checkpoint in {taught.folder}.")
            checkpoint = load_checkpoint(path, vocabulary=vocabulary_hash(), device=self._device)
            if taught.sha256 not in ("", checkpoint.sha256):
                raise CheckpointError(f"The checkpoint {path} is not the one that was published.")
        except CheckpointError as error:
            raise UnsoundModel(str(error), model_id=taught.model_id) from error
        return checkpoint

    def of_plan(self, plan: Plan, shelf: Shelf = SHIPPED) -> Voice:
        """The voice of a plan's blend, or of its style where nothing is blended. Raises as `of_style` does."""
        shares = shares_of(plan.blend if len(plan.blend) > 1 else {plan.style: 1.0})
        styles = {name: shelf.style(name) for name, _ in shares}
        if len(shares) == 1:
            return self._of_one(styles[shares[0][0]])
        network, sha256 = self._blended(shares, styles)
        known = {name: self.of_style(style) for name, style in styles.items()}
        return Voice(
            network=network,
            style_row=_style_row(known[shares[0][0]], styles[shares[0][0]]),  # all parts' rows are the mean
            heat=Heat.of(
                sum(share * styles[name].temperature for name, share in shares),
                sum(share * styles[name].top_p for name, share in shares),
            ),
            reference=mean_reference([(_reference(known[name]), share) for name, share in shares]),
            model={
                "style": "+".join(name for name, _ in shares),
                "version": " + ".join(
                    f"{share:.2f} {name} {version_of(known[name], styles[name])}" for name, share in shares
                ),
                "sha256": sha256,
                **lineage_of([styles[name] for name, _ in shares]),
            },
        )

    def _of_one(self, style: Style) -> Voice:
        checkpoint = self.of_style(style)
        return Voice(
            network=checkpoint.network,
            style_row=_style_row(checkpoint, style),
            heat=Heat.of(style.temperature, style.top_p),
            reference=_reference(checkpoint),
            model={
                "style": style.name,
                "version": version_of(checkpoint, style),
                "sha256": checkpoint.sha256,
                **lineage_of([style]),
            },
        )

    def _blended(self, shares: Shares, styles: Mapping[str, Style]) -> tuple[Network, str]:
        """The blend's network and the SHA-256 of its weights."""
        heard = tuple((name, _model_id(styles[name]), share) for name, share in shares)
        if heard not in self._blends:
            loaded = [(self.of_style(styles[name]), styles[name], share) for name, share in shares]
            parts = [
                Part(network=checkpoint.network, weight=share, style_row=_style_row(checkpoint, style))
                for checkpoint, style, share in loaded
            ]
            try:
                network = blend_networks(parts)
            except ValueError as error:
                names = " and ".join(name for name, _ in shares)
                raise CheckpointError(
                    f"The networks of {names} cannot be blended ({error}); train them anew."
                ) from error
            cpu = {name: tensor.detach().cpu() for name, tensor in network.state_dict().items()}
            self._blends[heard] = (network, weights_sha256(cpu))
            if len(self._blends) > KEPT_BLENDS:
                self._blends.popitem(last=False)
        self._blends.move_to_end(heard)
        return self._blends[heard]


def shares_of(blend: Mapping[str, float]) -> Shares:
    """The styles that weigh something, by name, their weights divided by the sum; raises `ValueError` if none does."""
    weighing = {name: weight for name, weight in sorted(blend.items()) if weight > 0}
    if not weighing:
        raise ValueError("a blend needs a style that weighs something")
    total = sum(weighing.values())
    return tuple((name, round(weight / total, 6)) for name, weight in weighing.items())


def mean_reference(parts: Sequence[tuple[Reference, float]]) -> dict[str, list[float]]:
    """Statistics of a mixture: means and percentiles weighted, deviations with the distance between the means.

    Measures that a part does not have are left out.
    """
    common = set.intersection(*(set(reference) for reference, _ in parts))
    mixed: dict[str, list[float]] = {}
    for name in sorted(common):
        rows = [(reference[name], share) for reference, share in parts]
        mean = sum(share * row[0] for row, share in rows)
        spread = sum(share * (row[1] ** 2 + (row[0] - mean) ** 2) for row, share in rows)
        low, high = (sum(share * row[at] for row, share in rows) for at in (2, 3))
        mixed[name] = [mean, spread**0.5, low, high]
    return mixed


def _reference(checkpoint: Checkpoint) -> Reference:
    reference: Reference = checkpoint.facts.metrics.get("reference", {})
    return reference


def version_of(checkpoint: Checkpoint, style: Style) -> str:
    """`"v1"`; of a server's own versions, which are counted apart, `"server v1"`."""
    return checkpoint.facts.version if style.taught is None else f"server v{style.taught.version}"


def _model_id(style: Style) -> str:
    return "" if style.taught is None else style.taught.model_id


def _style_row(checkpoint: Checkpoint, style: Style) -> int:
    """The style's index; it is the network's first feature, so its row in the embedding table has the same index. A
    network that does not know a server's own style writes as for its parent.
    """
    known = checkpoint.facts.style_ids
    return known.get(style.name, known.get(style.root, 0))
