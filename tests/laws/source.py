"""A source tree read for the laws: files in, parsed modules and their imports out; and what a broken law looks like.

Conventions: imports count wherever they stand, inside functions and under TYPE_CHECKING too, and
`importlib.import_module("name")` with a literal name counts as an import of that name.
Caveat: what is resolved from a string at run time (a job's opener) is invisible here, and meant to be.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A parsed source file: its path as the messages name it, its dotted name, its text and tree."""

    path: str
    name: str
    text: str
    tree: ast.Module


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One imported name: the module it comes from (dotted, absolute), the name if one is taken, the line."""

    target: str
    taken: str | None
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A broken law."""

    path: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


Law = Callable[[Sequence[Module]], Iterator[Breach]]


def read_modules(root: Path, *folders: str) -> list[Module]:
    """Every .py file below the folders, in order of path."""
    found = []
    for file in sorted(file for folder in folders for file in (root / folder).rglob("*.py")):
        path = file.relative_to(root).as_posix()
        name = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        text = file.read_text(encoding="utf-8")
        found.append(Module(path=path, name=name, text=text, tree=ast.parse(text, filename=path)))
    return found


def imports_of(module: Module, known: Iterable[str]) -> Iterator[Import]:
    """What a module imports; `from package import part` points to the part where that is a module itself."""
    names = frozenset(known)
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=aliases):
                yield from (Import(target=alias.name, taken=None, line=node.lineno) for alias in aliases)
            case ast.ImportFrom(module=source, names=aliases, level=level):
                base = _absolute(module, source, level)
                for alias in aliases:
                    part = f"{base}.{alias.name}"
                    is_module = part in names
                    yield Import(
                        target=part if is_module else base, taken=None if is_module else alias.name, line=node.lineno
                    )
            case ast.Call(func=func, args=[ast.Constant(value=str(target)), *_]) if last_name(func) in {
                "import_module",
                "__import__",
            }:
                yield Import(target=target.split(":")[0], taken=None, line=node.lineno)


def folder_of(name: str) -> str | None:
    """`engine.compose.plan` → `engine.compose`; `bot.views.song` → `bot`; a foreign module → None."""
    parts = name.split(".")
    if parts[0] == "bot":
        return "bot"
    return ".".join(parts[:2]) if parts[0] == "engine" else None


def calls_of(module: Module) -> Iterator[ast.Call]:
    return (node for node in ast.walk(module.tree) if isinstance(node, ast.Call))


def dotted(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{dotted(owner)}.{name}"
    return "?"


def last_name(node: ast.expr) -> str:
    return dotted(node).rpartition(".")[2]


def is_true(node: ast.expr | None) -> bool:
    return isinstance(node, ast.Constant) and node.value is True


def _absolute(module: Module, source: str | None, level: int) -> str:
    if level == 0:
        return source or ""
    is_package = module.path.endswith("__init__.py")
    parts = module.name.split(".")
    base = parts[: len(parts) - level + is_package]
    return ".".join([*base, source] if source else base)
