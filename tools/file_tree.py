"""Write the file tree into the README: every file of the product with what its docstring says first.

In: the files that git knows, or that lie there new and not ignored. Out: the lines between the README's two `tree`
marks. Run it by `make tree`. Convention: a module's line is the first sentence of its docstring, cut at a clause where
it is long; other files and the folders have theirs in `NOTES`; a folder without a note is one line with its files.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath, PurePosixPath

ROOT = Path(__file__).parents[1]
START, END = "<!-- tree: `make tree` writes what follows -->", "<!-- end of tree -->"
LISTED_BY_FILE = ("bot", "engine", "benchmarks", "tools", ".ci")
LONGEST_NOTE = 100
SHORTEST_NOTE = 12
NOTES = {
    ".ci": "what a continuous integration runs",
    ".ci/run": "the README's test command and the checks, on a bare machine",
    "bot": "Discord alone: a cog parses, makes one call, renders the answer",
    "bot/cogs": "commands",
    "bot/views": "buttons",
    "benchmarks": "how long it takes",
    "docs": "the longer explanations",
    "engine": "words in, songs out; knows no Discord",
    "engine/cli": "the `tunesmith` command",
    "engine/compose": "prompt → plan → notes → audio",
    "engine/compose/words": "the words that a prompt is read for",
    "engine/dispatch": "accepted requests → leases, stages, tries, updates; uploads and trainings likewise",
    "engine/learn/server": "kept uploads and a shipped checkpoint → a server's own version of a style",
    "engine/learn/transcribe": "a recording → notes, beats, drums, key, chords, form",
    "engine/learn/transcribe/ears.npz": "the small networks that hear notes, drums and beats",
    "engine/learn/uploads": "a file that somebody uploaded → sound or notes, or one sentence",
    "engine/operations": "how the studio does: health, metrics, logs",
    "engine/evaluate": "songs beside human music: metrics, baselines, reports",
    "engine/evaluate/reference.npz": "what people's music of every style measures",
    "engine/evaluate/baselines.npz": "what random notes and a tutorial network measure",
    "engine/learn/heldout.txt": "the works that are never trained on",
    "engine/styles/originality.npz": "hashes of the tunes of all training pieces",
    "engine/grammar": "a written grammar for every style: a composer by itself, and the author of the composed corpora",
    "engine/jobs": "how work runs: in this process or in a worker, by one contract",
    "engine/learn": "music → dataset → checkpoint",
    "engine/learn/sources": "a reader for each corpus",
    "engine/metrics": "song → numbers, samples → numbers",
    "engine/model": "torch: integers in, integers out",
    "engine/music": "what music is: notes, timing, harmony, MIDI, tokens",
    "engine/music/analysis": "what a song is made of, heard in its notes",
    "engine/music/midi": "MIDI files in and out",
    "engine/text": "texts to meanings: the encoder, the trained head, the words that decided",
    "engine/text/head.safetensors": "the head's weights, and what was changed in the encoder for it",
    "engine/learn/prompts": "written prompts with their labels: what the head learns from and is judged by",
    "engine/store": "what is kept: database rows and files",
    "engine/store/migrations": "the database's tables, step by step",
    "engine/store/migrations/versions": "one file a step",
    "engine/music/grooves.json": "how drummers play: timing and loudness a sixteenth, a piece and a style",
    "engine/learn/prompts/card.md": "what the prompts are, how they were made and kept apart",
    "engine/learn/prompts/usual.heldout.tsv": "what most people type; never learnt from",
    "engine/learn/prompts/subtle.heldout.tsv": "prompts without the plain clues; never learnt from",
    "engine/compose/files": "a finished song as files: formats, tags, limits, stems, scores, nothing half-written",
    "engine/compose/mixing": "from each role's dry sound to a finished record: chains, chip voices, limiter",
    "engine/compose/performing": "from written notes to played ones, an aspect a module",
    "engine/compose/picture": "the piano roll",
    "engine/compose/title": "titles, from lists of words",
    "engine/styles": "a style: words, harmony, form and instruments in numbers, and its trained networks",
    "engine/taste": "vote → preference → seeds",
    "tests": "every behaviour, and the laws of the house",
    "tests/acceptance": "what a person would do, from end to end",
    "tests/contract": "one contract, every implementation",
    "tests/discord": "a local Discord that the real client connects to",
    "tests/golden": "results that must not change unnoticed",
    "tests/laws": "the laws of the house, as functions",
    "tests/properties": "laws that hold for any input",
    "tests/unit": "one module each",
    "tools": "what the Makefile calls",
    "tools/setup.sh": "system packages, virtual environment, pinned dependencies",
    "constraints.txt": "the pinned version of every dependency",
    "Dockerfile": "the bot in a container",
    "Makefile": "the commands: compose, bot, train, test, …",
    "pyproject.toml": "the project, its dependencies, the settings of its tools",
    "ATTRIBUTION.md": "whose music and whose work this stands on",
    ".env.example": "every setting with its default",
}


def files_of(root: Path) -> list[PurePosixPath]:
    """The files that belong to the project, as git sees them; files deleted from disk left out."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 (git is found by PATH)
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return sorted({PurePosixPath(name) for name in listed if (root / name).is_file()})


def tree_lines(root: Path, files: Sequence[PurePath]) -> list[str]:
    """The tree: folders, and below those of the product every file, each with its note."""
    rows = list(_rows(root, files))
    width = max(len(name) for name, _ in rows) + 2
    return [f"{name:<{width}}{note}".rstrip() for name, note in rows]


def _rows(root: Path, files: Sequence[PurePath]) -> Iterator[tuple[str, str]]:
    top_files = [file for file in files if len(file.parts) == 1 and str(file) in NOTES]
    for folder in sorted({file.parts[0] for file in files if len(file.parts) > 1} & NOTES.keys()):
        yield f"{folder}/", NOTES[folder]
        yield from _inside(root, PurePosixPath(folder), files)
    for file in top_files:
        yield str(file), NOTES[str(file)]


def _inside(root: Path, folder: PurePosixPath, files: Sequence[PurePath]) -> Iterator[tuple[str, str]]:
    indent = "  " * len(folder.parts)
    by_file = folder.parts[0] in LISTED_BY_FILE
    for file in (file for file in files if by_file and file.parent == folder):
        if file.name != "__init__.py" or len(folder.parts) == 1:
            note = first_words(root / file) if file.suffix == ".py" else NOTES.get(str(file), "")
            yield f"{indent}{file.name}", note
    below = {PurePosixPath(*file.parts[: len(folder.parts) + 1]) for file in files if folder in file.parents}
    for child in sorted(child for child in below if not (root / child).is_file()):
        if str(child) in NOTES:
            yield f"{indent}{child.name}/", NOTES[str(child)]
            yield from _inside(root, child, files)
        elif by_file:
            yield f"{indent}{child.name}/", ", ".join(file.name for file in files if child in file.parents)


def first_words(file: Path) -> str:
    """What a module's docstring says first, on one line; a long sentence ends at a colon, semicolon or comma."""
    text = " ".join((ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").split())
    sentence = re.split(r"[.?](?:\s|$)", text, maxsplit=1)[0]
    if len(sentence) <= LONGEST_NOTE:
        return sentence
    within = sentence[: LONGEST_NOTE + 1]
    clause = max(within.rfind(mark) for mark in (": ", "; ", ", ", " ("))
    return within[:clause] if clause >= SHORTEST_NOTE else within[: LONGEST_NOTE - 2].rsplit(" ", 1)[0] + " …"


def with_tree(readme: str, lines: Sequence[str]) -> str:
    """The README's text with another tree between its marks."""
    before, _, rest = readme.partition(START)
    _, mark, after = rest.partition(END)
    if not mark:
        raise SystemExit(f"README.md has no line {START!r} followed by {END!r}")
    return "\n".join([f"{before}{START}", "", "```text", *lines, "```", "", f"{END}{after}"])


def main() -> int:
    """Rewrite the README where its tree is out of date."""
    readme = ROOT / "README.md"
    old = readme.read_text(encoding="utf-8")
    new = with_tree(old, tree_lines(ROOT, files_of(ROOT)))
    if new != old:
        readme.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
