"""`tunesmith grooves`: drum performances in, how drummers play within the bar out.

Conventions: the corpora are the ones that `tunesmith train` reads; of them only Groove is needed. What is written,
`engine/music/grooves.json`, is what songs are performed by. Caveat: songs that were made before sound different
afterwards.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from engine.music.grooves import GROOVES_FILE, grooves_to_json


def grooves(
    *,
    corpora: Annotated[Path, typer.Option(help="Folder with the unpacked corpora (docs/training.md).")] = Path(
        "corpora"
    ),
    out: Annotated[Path, typer.Option(help="The file to write.")] = GROOVES_FILE,
) -> None:
    """Measure how early, late, loud and soft drummers play each sixteenth of the bar."""
    from engine.learn.grooves import measure_grooves

    measured = measure_grooves(corpora / "groove")
    lines = [f"{json.dumps(name)}: {json.dumps(groove)}" for name, groove in grooves_to_json(measured).items()]
    out.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    for name, groove in sorted(measured.items()):
        typer.echo(f"{name}: {groove.takes} takes, {sum(sum(p.strokes) for p in groove.pieces.values())} strokes")
