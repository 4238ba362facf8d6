"""What a server's uploads made of a style, where songs are composed: whether it is sound, and what receipts say of it.

In: a `Style` with what was taught. Out: the same, proven to be readable; facts for a receipt. Conventions: whatever is
wrong in a model's folder is one error, `UnsoundModel`, which names the model, so that another one can be taken. Caveat:
checkpoints are proven where networks are loaded (`voices.py`), copy indexes where songs are judged (`recording.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.errors import CheckpointError, UnsoundModel
from engine.music.habits import FILE as HABITS
from engine.music.habits import load_habits
from engine.music.seedbank import FILE as SEEDS
from engine.music.seedbank import load_seeds
from engine.music.styles import Style, Taught


def check_sound(style: Style) -> Style:
    """The style, when its habits and seeds can be read. Raises `UnsoundModel` where what a server taught cannot."""
    if style.taught is None:
        return style
    try:
        load_habits(style.folder_of(HABITS))
        load_seeds(style.folder_of(SEEDS))
    except (CheckpointError, ValueError, TypeError, KeyError, AttributeError, OSError) as error:
        raise UnsoundModel(
            f"The model {style.taught.model_id!r} has habits or seeds that cannot be read ({error}).",
            model_id=style.taught.model_id,
        ) from error
    return style


def lineage_of(styles: Sequence[Style]) -> dict[str, str]:
    """For a receipt's `model`: which of its server's models composed, what they learnt from, what they began as. Empty
    where nothing was taught.
    """
    known = [(style, style.taught) for style in styles if style.taught is not None]
    if not known:
        return {}
    return {
        "server_models": " + ".join(taught.model_id for _, taught in known),
        "learnt_from": " + ".join(_learnt(style, taught) for style, taught in known),
        "lineage": " + ".join(_lineage(style, taught) for style, taught in known),
    }


def _learnt(style: Style, taught: Taught) -> str:
    heard = "1 upload" if taught.uploads == 1 else f"{taught.uploads} uploads"
    if taught.voted:
        votes = f"votes on {taught.voted} songs"
        heard = f"{heard} and {votes}" if taught.uploads else votes
    return f"{heard} of this server ({style.name})"


def _lineage(style: Style, taught: Taught) -> str:
    """`"lofi 0123456789ab → lofi server v2"`."""
    return f"{style.root} {taught.parent_sha256[:12]}".rstrip() + f" → {style.name} server v{taught.version}"
