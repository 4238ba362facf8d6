"""Anybody's own MIDI files, a folder a style: `own/<style>/*.mid`, with their licence in `own/<style>/LICENCE`.

In: the folder `own`. Out: pieces of the styles that its folders are named after. Conventions: the first line of
`LICENCE` names the licence of all files beside it; a file is a work of its own. Caveat: this is how a new style gets
its music without a line of code; what the files' licence allows is for whoever puts them there to know.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from engine.errors import BadRequest
from engine.learn.sources.piece import Found, Origin, pieces_from_file
from engine.music.analysis import Reading
from engine.music.midi.read import read_midi

SOURCE = "own"
LICENCE = "LICENCE"


def read_own(folder: Path) -> Iterator[Found]:
    """All MIDI files of all style folders. Raises `BadRequest` for a folder that does not say its licence."""
    for style in sorted(path for path in folder.iterdir() if path.is_dir()):
        licence = _licence(style)
        for path in sorted((*style.glob("*.mid"), *style.glob("*.midi"))):
            name = f"{style.name}/{path.stem}"
            origin = Origin(source=SOURCE, path=name, work=name, licence=licence)
            reading = Reading(style=style.name, title=path.stem, trust_bars=True)
            yield from pieces_from_file(lambda path=path: read_midi(path.read_bytes()), reading, origin)  # type: ignore[misc]


def _licence(folder: Path) -> str:
    path = folder / LICENCE
    text = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    if not text:
        raise BadRequest(
            f"The folder {str(folder)!r} does not say under which licence its music stands; a file {LICENCE} with its"
            " name in the first line would work."
        )
    return text.splitlines()[0].strip()
