"""All measures of a song as one vector: what songs and human music are compared by.

In: a `Song`. Out: name → number, always the same names in the same order, NaN where there is nothing to count.
Conventions: see `muspy`, `jazz_transformer`, `structure` and `manner`. Caveat: the names are those of the committed
human reference (`engine/evaluate`); a renamed measure needs a new reference.
"""

from __future__ import annotations

from engine.metrics.jazz_transformer import jazz_transformer_measures
from engine.metrics.manner import manner_measures
from engine.metrics.muspy import muspy_measures
from engine.metrics.structure import structure_measures
from engine.metrics.table import table_of
from engine.music.notes import Song


def metric_vector(song: Song) -> dict[str, float]:
    """Measure a song; raises `ValueError` for one that cannot be measured (no bars, notes outside of them)."""
    table = table_of(song)
    return {
        **muspy_measures(table),
        **jazz_transformer_measures(table),
        **structure_measures(table),
        **manner_measures(table),
    }
