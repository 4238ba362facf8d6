"""The README against the repository: its file tree, its commands, its links."""

from __future__ import annotations

import re
from pathlib import Path

from tools.file_tree import END, START, first_words, tree_lines, with_tree

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def listed() -> set[str]:
    """The paths that the tree names, folders with a slash at their end."""
    block = README.partition(START)[2].partition(END)[0]
    way: list[str] = []
    found: set[str] = set()
    for line in (line for line in block.splitlines() if line and not line.startswith("```")):
        name = line.split()[0]
        depth = (len(line) - len(line.lstrip())) // 2
        way[depth:] = [name]
        found.add("".join(way))
    return found


def test_every_module_of_bot_and_engine_is_in_the_file_tree() -> None:
    modules = {file for folder in ("bot", "engine") for file in (ROOT / folder).rglob("*.py")}
    own = {file.relative_to(ROOT) for file in modules}
    expected = {path.as_posix() for path in own if path.name != "__init__.py" or len(path.parts) == 2}
    missing = expected - listed()
    assert not missing, f"run `make tree`; the README's file tree misses {sorted(missing)}"


def test_everything_in_the_file_tree_exists() -> None:
    gone = {name for name in listed() if not (ROOT / name).exists()}
    assert listed()
    assert not gone, f"run `make tree`; the README's file tree still names {sorted(gone)}"


def test_every_line_of_the_file_tree_says_something() -> None:
    block = README.partition(START)[2].partition(END)[0]
    lines = [line for line in block.splitlines() if line and not line.startswith("```")]
    silent = [line for line in lines if len(line.split()) < 2]
    assert not silent


def test_every_link_of_the_readme_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", README)
    missing = {link for link in links if "://" not in link and not (ROOT / link).exists()}
    assert not missing


def test_every_make_command_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"(?:^    |`(?:\S+=\S+ )?)make ([a-z-]+)", README, re.MULTILINE))
    assert {"compose", "test"} <= named
    assert named <= targets


def test_a_docstring_becomes_one_short_line(tmp_path: Path) -> None:
    module = tmp_path / "a.py"
    module.write_text('"""Notes and\ntheir names: what music is made of. More follows."""')
    assert first_words(module) == "Notes and their names: what music is made of"
    module.write_text(f'"""Wishes of a person: {"word " * 40}."""')
    assert first_words(module) == "Wishes of a person"
    module.write_text(f'"""{"word " * 40}."""')
    assert first_words(module).endswith("word …")
    assert len(first_words(module)) <= 100


def test_the_tree_replaces_the_one_between_the_marks_and_nothing_else(tmp_path: Path) -> None:
    files = ["bot/__init__.py", "bot/cogs/song.py", "bot/odd/data.toml", "novel.txt"]
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text('"""Says something."""')
    lines = tree_lines(tmp_path, [Path(name) for name in files])
    names = [line.split("  ")[0] if not line.startswith(" ") else line.split()[0] for line in lines]
    assert names == ["bot/", "__init__.py", "cogs/", "song.py", "odd/"]
    assert lines[-1].endswith("data.toml")
    text = with_tree(f"before\n{START}\nold\n{END}\nafter", lines)
    assert text.startswith("before\n")
    assert text.endswith("\nafter")
    assert "old" not in text
    assert with_tree(text, lines) == text
