"""Written prompts with their labels: what the head learns from, and what it is judged by.

In: the tables in `engine/learn/prompts/`: tab-separated, a header line, a prompt a line. Out: `Labelled` prompts.
Conventions: `train/*.tsv` and `languages/<language>.train.tsv` are learnt from; `usual.heldout.tsv`,
`subtle.heldout.tsv` and `languages/<language>.heldout.tsv` never are. Moods lie in −1…1. Caveat: a label is one
person's opinion of what most people would expect; `also` names a second style where two are nearly as right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.errors import BadRequest
from engine.text.meaning import MOODS

PROMPTS_DIR = Path(__file__).parent / "prompts"
USUAL = "usual"
HEADER = ("text", "style", "also", *MOODS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A prompt, the style that it means (`open`: none), a second one or an empty text, and its moods, −1…1. `usual`: as
    most people type, not chosen for what it teaches.
    """

    text: str
    style: str
    also: str
    moods: tuple[float, ...]
    usual: bool = False


def read_table(path: Path) -> tuple[Labelled, ...]:
    """The prompts of a table. Raises `BadRequest` naming the line that is none."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or tuple(lines[0].split("\t")) != HEADER:
        raise BadRequest(f"The table {path} begins with {lines[:1]}; the columns {', '.join(HEADER)} would work.")
    return tuple(_read_line(path, number, line) for number, line in enumerate(lines[1:], 2))


def _read_line(path: Path, number: int, line: str) -> Labelled:
    cells = line.split("\t")
    try:
        text, style, also, *numbers = cells
        moods = tuple(float(cell) for cell in numbers)
    except ValueError:
        moods = ()
    if len(moods) != len(MOODS) or not all(-1 <= mood <= 1 for mood in moods) or not text.strip():
        raise BadRequest(
            f"Line {number} of {path} is {line[:60]!r}; a text, a style, a second style or nothing, and five numbers "
            "from -1 to 1 would work."
        )
    return Labelled(text=text, style=style, also=also, moods=moods, usual=path.name.startswith(USUAL))


def training_prompts(folder: Path = PROMPTS_DIR) -> tuple[Labelled, ...]:
    """All English prompts to learn from, style after style."""
    return tuple(row for path in sorted((folder / "train").glob("*.tsv")) for row in read_table(path))


def held_out_prompts(kind: str = USUAL, folder: Path = PROMPTS_DIR) -> tuple[Labelled, ...]:
    """English prompts that nothing is learnt from: "usual" ones as most people type, or "subtle" ones."""
    return read_table(folder / f"{kind}.heldout.tsv")


def languages(folder: Path = PROMPTS_DIR) -> tuple[str, ...]:
    """Codes of the other languages that there are prompts in."""
    return tuple(sorted(path.name.split(".")[0] for path in (folder / "languages").glob("*.heldout.tsv")))


def prompts_in(language: str, split: str, folder: Path = PROMPTS_DIR) -> tuple[Labelled, ...]:
    """The prompts of another language; `split`: "train" or "heldout"."""
    return read_table(folder / "languages" / f"{language}.{split}.tsv")


def all_training_prompts(folder: Path = PROMPTS_DIR) -> Iterator[Labelled]:
    """English, then the other languages."""
    yield from training_prompts(folder)
    for language in languages(folder):
        yield from prompts_in(language, "train", folder)
