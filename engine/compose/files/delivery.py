"""What a person wants to be handed, beside the notes themselves.

In: what a request says. Out: `Delivery`, which whoever makes files reads. Conventions: the limit counts for each file
apart, as chat services count. Caveat: the defaults make a plain mp3 that knows nothing of its origin.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.compose.files.encode import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`format` of the audio; `limit_bytes`: the most that a file may have; whether the audio shall `loop`, and whether
    `stems` and a score (`musicxml`) come with it. `theme`: of the picture. `origin`: what tags tell of where the song
    comes from, such as its id and the model; `year`: when it was made.
    """

    format: Format = "mp3"
    limit_bytes: int | None = None
    loop: bool = False
    stems: bool = False
    musicxml: bool = False
    theme: str = "dark"
    origin: tuple[str, ...] = ()
    year: int | None = None
