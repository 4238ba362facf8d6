"""`tunesmith styles`: what can be asked for."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from engine.cli.batch import print_json
from engine.music.styles import load_style, style_names


def styles(as_json: Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")] = False) -> None:
    """List the styles."""
    rows = [_row(name) for name in style_names()]
    if as_json:
        print_json({"styles": rows}, on_one_line=False)
        return
    for row in rows:
        low, high = row["tempo_bpm"]
        roles = ", ".join(row["roles"])
        untrained = "" if row["checkpoints"] else " · no checkpoint yet"
        typer.echo(f"{row['name']:<12} {low:g}–{high:g} bpm · {', '.join(row['meters'])} · {roles}{untrained}")
        typer.echo(f"{'':<12} {row['descriptions'][0]}")


def _row(name: str) -> dict[str, Any]:
    style = load_style(name)
    return {
        "name": style.name,
        "title": style.title,
        "aliases": list(style.aliases),
        "tempo_bpm": [style.tempo_low, style.tempo_high],
        "meters": list(dict.fromkeys(style.meters)),
        "roles": [role.value for role in style.parts],
        "descriptions": list(style.descriptions),
        "checkpoints": sorted(path.stem for path in style.folder.glob("v*.safetensors")),
    }
