"""Mutopia (public domain or CC BY, piece by piece): scores typeset by volunteers, compiled to MIDI.

In: the folder with `manifest.json`. Out: pieces in the styles ragtime, folk and classical. Facts: key signatures are
good, and bars start at the first note, so that an upbeat has to be found. Caveat: share-alike and non-commercial pieces
are dropped, if any are there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from engine.learn.sources.piece import Dropped, Found, Origin, pieces_from_file
from engine.music.analysis import Reading
from engine.music.midi.read import read_midi

RAG_COMPOSERS = re.compile(r"Joplin|Turpin|HunterC|LambJF|ScottJ", re.I)
RAG_TITLE = re.compile(r"\brag\b|ragtime|cake ?walk|two[- ]step", re.I)
FOLK_STYLES = re.compile(r"folk|march|hymn|traditional|popular|song", re.I)


def read_mutopia(folder: Path) -> Iterator[Found]:
    """All pieces of the manifest, in its order sorted by path."""
    entries = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    for entry in sorted(entries, key=lambda e: str(e["path"])):
        path = str(entry["path"])
        licence = spdx(str(entry["licence"]))
        if licence is None:
            yield Dropped(id=f"mutopia/{path}", reason=f"licence {entry['licence']}")
            continue
        composer, title = str(entry.get("composer", "")), str(entry.get("title", ""))
        style = mutopia_style(composer, title, str(entry.get("style", "")))
        origin = Origin(source="mutopia", path=path, work=work_of(path), licence=licence)
        meta = {"composer": composer, "instrument": str(entry.get("instrument", ""))}
        reading = Reading(style=style, title=title, trust_signature=True, meta=meta)
        midi = folder / path
        yield from pieces_from_file(lambda midi=midi: read_midi(midi.read_bytes()), reading, origin)  # type: ignore[misc]


def mutopia_style(composer: str, title: str, style: str) -> str:
    """The project's style of a piece, by composer, title and the manifest's own style."""
    if RAG_COMPOSERS.search(composer) or (RAG_TITLE.search(title) and composer != "Traditional"):
        return "ragtime"
    if composer == "Traditional" or FOLK_STYLES.search(style):
        return "folk"
    if re.search(r"jazz", style, re.I):
        return "jazz"
    return "classical"


def spdx(licence: str) -> str | None:
    """The licence's SPDX name (without a version where none is given), or None for one that does not suit."""
    if re.search(r"PD|Public Domain|CC0", licence, re.I):
        return "public-domain"
    if re.search(r"BY", licence) and not re.search(r"SA|NC|ND|Share", licence, re.I):
        version = re.search(r"\d\.\d", licence)
        return f"CC-BY-{version[0]}" if version else "CC-BY"
    return None


def work_of(path: str) -> str:
    """Composer and opus, or the piece's folder where there is no opus: movements stay together, single tunes do not."""
    parts = path.split("/")
    if len(parts) > 3 and re.match(r"O|BWV|K|D|WoO", parts[1]):
        return "/".join(parts[:2]) + "/" + re.sub(r"[-_]?(high|low|alto|a4|let|\d+(st|nd|rd|th)?)$", "", parts[2])
    return "/".join(parts[:-1])
