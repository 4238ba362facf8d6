"""A transcription as a piece to learn from, in the same form as those of a corpus.

In: a `Transcription` and where the recording comes from. Out: a `Piece`. Conventions: `meta` says that the piece was
transcribed, by which version, and how sure that is. Raises `BadRequest` with the refusal where there is one.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import lru_cache

from engine.errors import BadRequest
from engine.learn.sources.piece import Origin, Piece, pieces_of
from engine.learn.transcribe.nets import WEIGHTS
from engine.learn.transcribe.pitches import find_model
from engine.learn.transcribe.values import Transcription

PIPELINE = 1
"""To be raised when the code writes recordings down in another way."""


def piece_of(heard: Transcription, origin: Origin, *, style: str, title: str = "") -> Piece:
    """The piece; its split is decided by the work's name, as everywhere."""
    if heard.refusal or heard.song is None:
        raise BadRequest(heard.refusal or "The recording gave no song; a longer one would work.")
    sure = ", ".join(f"{stage} {value:.2f}" for stage, value in heard.confidence.to_json().items())
    song = replace(heard.song, style=style, title=title, meta={"transcribed": pipeline_version(), "confidence": sure})
    piece = pieces_of([song], origin)[0]
    assert isinstance(piece, Piece)
    return piece


@lru_cache(maxsize=1)
def pipeline_version() -> str:
    """Code's version and the first digits of the networks' hashes: another version may write other notes."""
    digits = [hashlib.sha256(path.read_bytes()).hexdigest()[:8] for path in (WEIGHTS, find_model())]
    return "-".join([str(PIPELINE), *digits])
