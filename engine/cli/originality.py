"""`tunesmith originality`: all training pieces in, the copy index out.

Conventions: the corpora are read as `tunesmith train` reads them, and kept in the same work folder. Caveat: it belongs
to the checkpoints: after a training from other pieces it must be made again, with the training's seed.
"""

from __future__ import annotations

import sys
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from engine.errors import BadRequest
from engine.settings import Settings


def originality(
    *,
    corpora: Annotated[Path, typer.Option(help="Folder with the unpacked corpora (docs/training.md).")] = Path(
        "corpora"
    ),
    work: Annotated[Path | None, typer.Option(help="Folder for what is kept between runs.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder of styles that gets the index.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the training.")] = 1,
) -> None:
    """Index the tunes of all training pieces, against which songs are checked for copying."""
    from engine.learn.composed import composed_pieces, played_bars
    from engine.learn.corpus import build_corpus, load_corpus
    from engine.learn.originality import build_index
    from engine.metrics.copyindex import FILE, save_index
    from engine.music.styles import STYLES_DIR

    folder = (work or Settings.read().data_dir / "training") / "corpus"
    if corpora.is_dir():
        build_corpus(corpora, folder)
    elif not folder.is_dir():
        raise BadRequest(
            f"The folder {str(corpora)!r} is not there; one laid out as docs/corpora.md says would work, or the work"
            " folder of a training."
        )

    with Console(stderr=True).status("Indexing…") as status:

        def on_piece(count: int) -> None:
            if count % 100 == 0:
                status.update(f"Indexing… {count} pieces")

        bars = played_bars(load_corpus(folder))
        pieces = chain(load_corpus(folder), composed_pieces(most=sys.maxsize, seed=seed, bars=bars))
        built = build_index(pieces, on_piece=on_piece)
    path = (out or STYLES_DIR) / FILE
    save_index(built.windows, path, facts=built.facts)
    typer.echo(f"{path}")
    typer.echo(f"  {sum(built.facts['pieces'].values())} pieces, {built.facts['windows']} windows")
    for style, found in built.facts["held_out"].items():
        limit = built.windows.limits.get(style, built.windows.limits["*"])
        typer.echo(
            f"  {style}: {found['excerpts']} held-out excerpts, half share up to {found['p50']:g} notes, 95 % up to"
            f" {found['p95']:g}; limit {limit}"
        )
