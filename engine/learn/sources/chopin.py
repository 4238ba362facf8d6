"""Chopin's first editions (Fryderyk Chopin Institute, CC BY 4.0): piano scores in Humdrum.

In: the folder of `OPUS-EDITION-PUBLISHER-NUMBER.krn` files. Out: pieces in the style classical, with the key that the
file names. Facts: several editions of a work stand side by side; string parts of the trio, sonata and polonaise stand
apart. The first edition of each number is used, parts are dropped. Caveat: small cadenzas make long bars, which are
rounded up to whole bars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from engine.errors import BadRequest
from engine.learn.sources.humdrum import read_humdrum
from engine.learn.sources.piece import Dropped, Found, Origin, pieces_from_file
from engine.music.analysis import Reading

NAME = re.compile(r"(?P<opus>\d+)-(?P<edition>\w+)-(?P<publisher>[A-Za-z]+)(?:-(?P<number>\d+))?(?:-(?P<part>.+))?")
STRING_PARTS = ("violino", "violoncello")


def read_chopin(folder: Path) -> Iterator[Found]:
    """One edition of each piece."""
    chosen: list[Path] = []
    seen: set[str] = set()
    for path in sorted(folder.glob("*.krn")):
        match = NAME.fullmatch(path.stem)
        if match is None or match["part"] in STRING_PARTS:
            yield Dropped(id=f"chopin/{path.stem}", reason="a single string part")
        elif work_of(path.stem) in seen:
            yield Dropped(id=f"chopin/{path.stem}", reason="another edition of the same piece")
        else:
            seen.add(work_of(path.stem))
            chosen.append(path)
    for path in chosen:
        yield from _read(path)


def work_of(stem: str) -> str:
    """Opus, number and part, without the edition: `024-1-Sm-004` → `024-004`."""
    match = NAME.fullmatch(stem)
    return f"{match['opus']}-{match['number'] or ''}-{match['part'] or ''}" if match else stem


def _read(path: Path) -> list[Found]:
    origin = Origin(source="chopin", path=path.stem, work=path.stem.split("-")[0], licence="CC-BY-4.0")
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        file = read_humdrum(text)
    except BadRequest as error:
        return [Dropped(id=f"chopin/{path.stem}", reason=str(error))]
    title = next(iter(re.findall(r"^!!!OTL[^:]*: *(.+)$", text, re.M)), path.stem)
    opus = next(iter(re.findall(r"^!!!OPS[^:]*: *(.+)$", text, re.M)), "")
    key = file.key_signatures[0].key if file.key_signatures else None
    meta = {"composer": "Fryderyk Chopin", "opus": opus}
    reading = Reading(style="classical", title=title, key=key, trust_bars=True, meta=meta)
    return pieces_from_file(lambda: file, reading, origin)
