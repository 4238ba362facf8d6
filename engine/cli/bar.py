"""The progress bar of the command line, on standard error.

In: stages and shares, from the thread that works. Out: a bar, where standard error is a terminal; else nothing.
Conventions: the bar goes when the song is there. Caveat: shares of the whole are estimates (`engine.compose.shares`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from engine.compose import request as wishes
from engine.compose.shares import overall_share

WORDS: dict[wishes.Stage, str] = {
    "read": "reading",
    "plan": "planning",
    "compose": "composing",
    "render": "rendering",
    "master": "mastering",
    "encode": "encoding",
    "picture": "drawing",
}


@contextmanager
def progress_bar(first_words: str = "loading") -> Iterator[wishes.Progress]:
    """Show a bar; yields what to call with stage and share."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<10}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(first_words, total=1.0)
        furthest = 0.0

        def progress(stage: wishes.Stage, share: float) -> None:
            nonlocal furthest
            furthest = max(furthest, overall_share(stage, share))
            bar.update(task, description=WORDS[stage], completed=furthest)

        yield progress
