"""`tunesmith habits`: training pieces in, what each style's music does in numbers out.

Conventions: the corpora are read as `tunesmith train` reads them, and kept in the same work folder. A training writes
the habits of its style by itself; the command is for measuring anew without training.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.settings import Settings


def habits(
    targets: Annotated[list[str] | None, typer.Argument(help="Styles; all if none is named.")] = None,
    *,
    corpora: Annotated[Path, typer.Option(help="Folder with the unpacked corpora (docs/training.md).")] = Path(
        "corpora"
    ),
    work: Annotated[Path | None, typer.Option(help="Folder for what is kept between runs.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of styles that gets the habits.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the training.")] = 1,
) -> None:
    """Measure how densely, high and loud the roles of a style play, and which chord follows which."""
    from engine.learn.train import TrainRequest, measure_habits
    from engine.music.styles import STYLES_DIR, load_style, style_names

    for style in targets or style_names():
        request = TrainRequest(
            target=load_style(style).name,
            corpora=corpora,
            work=work or Settings.read().data_dir / "training",
            out=out or STYLES_DIR,
            seed=seed,
        )
        measured = measure_habits(request)
        typer.echo(f"{style}: {len(measured.profiles)} profiles, chords of {', '.join(measured.chords) or 'no mode'}")
