"""`tunesmith doctor`: what works on this machine, what does not, how to mend it."""

from __future__ import annotations

from typing import Annotated

import typer

from engine.cli.batch import print_json
from engine.settings import Settings


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False) -> None:
    """Check FluidSynth, soundfont, text encoder, device, checkpoints, disk and database."""
    from engine.doctor import examine

    checks = []
    for check in examine(Settings.read()):
        checks.append(check)
        if not as_json:
            typer.echo(f"{'✓' if check.ok else '✗'} {check.name:<22} {check.detail}")
    healthy = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": healthy, "checks": [check.to_json() for check in checks]}, on_one_line=False)
    raise typer.Exit(0 if healthy else 1)
