"""`.env.example` says exactly what can be set, for both programs that read it."""

from __future__ import annotations

import ast
import os
from pathlib import Path

import pytest
from pydantic import TypeAdapter
from pydantic_settings import BaseSettings

from bot.settings import BotSettings
from engine.settings import Settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
BOTH = (Settings, BotSettings)


def _keys_of(kind: type[BaseSettings]) -> set[str]:
    return {f"{kind.model_config['env_prefix']}{name.upper()}" for name in kind.model_fields}


def _example_rows() -> list[tuple[str, str, str]]:
    """Key, value, and the line above."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return [
        (*line.split("=", 1), above)
        for above, line in zip(["", *lines], lines, strict=False)
        if "=" in line and not line.startswith("#")
    ]


def test_the_example_names_every_setting_once_and_no_other() -> None:
    named = [key for key, _, _ in _example_rows()]
    assert sorted(named) == sorted(set().union(*map(_keys_of, BOTH)))


def test_every_setting_in_the_example_is_explained_above_it() -> None:
    for key, _, above in _example_rows():
        assert above.startswith("# "), key


def test_the_example_as_it_is_means_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("TUNESMITH_", "DISCORD_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    defaults = [kind.read() for kind in BOTH]
    (tmp_path / ".env").write_bytes(EXAMPLE.read_bytes())
    assert [kind.read() for kind in BOTH] == defaults


def test_the_example_shows_the_defaults_that_are_not_empty() -> None:
    shown = {key: value for key, value, _ in _example_rows() if value}
    for kind in BOTH:
        for name, field in kind.model_fields.items():
            key = f"{kind.model_config['env_prefix']}{name.upper()}"
            if field.default_factory is None and field.default is not None:
                assert TypeAdapter(type(field.default)).validate_python(shown[key]) == field.default


def test_every_setting_is_read_somewhere() -> None:
    """A setting that nothing reads would be a promise that nobody keeps."""
    folders = (EXAMPLE.parent / name for name in ("engine", "bot"))
    files = [file for folder in folders for file in folder.rglob("*.py") if file.name != "settings.py"]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and _is_settings(node.value)}
    for kind in BOTH:
        assert set(kind.model_fields) <= read


def _is_settings(value: ast.expr) -> bool:
    """`settings`, `bot_settings`, `self._settings`, and `limits`, as composing calls the part that it needs."""
    name = value.id if isinstance(value, ast.Name) else value.attr if isinstance(value, ast.Attribute) else ""
    return name.endswith(("settings", "limits"))
