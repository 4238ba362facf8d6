"""docs/cli.md describes the command line that there is: no option missing, none invented."""

from __future__ import annotations

import re
from pathlib import Path

import typer
from pydantic import TypeAdapter
from typer.main import get_command

from engine.cli.app import build_app
from engine.compose.request import Receipt
from engine.settings import Settings

TEXT = (Path(__file__).parents[2] / "docs" / "cli.md").read_text(encoding="utf-8")


def _options(command: str) -> set[str]:
    group = get_command(build_app())
    context = typer.Context(group)
    found = group.get_command(context, command)  # type: ignore[attr-defined]
    return {name for parameter in found.params for name in parameter.opts if name.startswith("--")}


def test_every_command_is_described() -> None:
    group = get_command(build_app())
    assert set(re.findall(r"`tunesmith (\w+)[ `]", TEXT)) == set(group.commands)  # type: ignore[attr-defined]


def test_every_option_of_compose_is_described_and_no_other() -> None:
    table = TEXT.partition("## compose")[2].partition("## The receipt")[0]
    assert set(re.findall(r"^\| `(--[\w-]+)`", table, re.MULTILINE)) == _options("compose")


def test_plan_takes_the_options_of_compose_that_are_not_about_files() -> None:
    about_files = {"--out", "--format", "--loop", "--stems", "--musicxml", "--max-mib", "--theme"}
    assert _options("plan") == _options("compose") - about_files


def test_every_key_of_the_receipt_is_described() -> None:
    table = TEXT.partition("## The receipt")[2].partition("## Exit codes")[0]
    first_cells = "".join(re.findall(r"^\| (`[^|]*`) \|", table, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", first_cells)) == set(Receipt.__dataclass_fields__)


def test_every_setting_is_named_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(TUNESMITH_\w+)` \| (.*) \|$", TEXT, re.MULTILINE))
    assert set(rows) == {f"TUNESMITH_{name.upper()}" for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if field.default_factory is None and field.default is not None:
            shown = rows[f"TUNESMITH_{name.upper()}"].strip("`")
            assert TypeAdapter(type(field.default)).validate_python(shown) == field.default
