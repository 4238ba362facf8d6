"""What a tuning reads: pieces, songs of the parent, pairs that votes ranked; all as columns of the parent's style.

In: what a version is made from, replayed songs, candidates. Out: `Material`. Conventions: a server's own style is read
as its parent's, whose place in the network it has. Caveat: without pieces nothing is held out of them, and it is pairs
alone that are learnt.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.learn.server import pieces
from engine.learn.server.pieces import side
from engine.learn.server.replay import Replay
from engine.learn.server.version import Learnt
from engine.learn.server.voted import ranked
from engine.model.tuning import Material
from engine.music.notes import Song


def material_of(learnt: Learnt, replay: Replay, plans: Sequence[Sequence[Song]]) -> Material:
    """What is read. `plans`: candidates of each plan, none where votes teach nothing."""
    style, row, preferred = learnt.order.parent, learnt.row, learnt.order.preferred
    heard, held_out = None, None
    if preferred is not None and plans:
        heard, held_out = ranked(plans, preferred.preference, style, row)
    own = pieces.encoded(side(learnt.pieces, "train"), style, row, varied=True) if learnt.pieces else None
    return Material(
        own=None if own is None else own.columns,
        chances=np.ones(0) if own is None else own.weights({style: 1.0}),
        held_out=pieces.encoded(side(learnt.pieces, "valid"), style, row).columns if learnt.pieces else None,
        replay=pieces.encoded_songs(replay.heard, style, row).columns,
        watch=pieces.encoded_songs(replay.watched, style, row).columns,
        pairs=heard,
        held_out_pairs=held_out,
        pairing=learnt.recipe.pairing,
    )
