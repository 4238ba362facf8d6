"""The Makefile with a stand-in for set-up and command: what is passed on, what is refused before anything starts."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAKE = shutil.which("make") or "make"
FOREIGN = {"PROMPT", "DISCORD_TOKEN", "VENV", "ARGS", "MAKEFLAGS", "MFLAGS", "MAKELEVEL"}
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the real Makefile, a set-up that only leaves a mark, and a command that prints its arguments."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    scripts = {"tools/setup.sh": '#!/bin/bash\necho "$1" >>setup.log\n'}
    for name in ("tunesmith", "python"):
        scripts[f".venv/bin/{name}"] = f"#!/bin/bash\nprintf '{name}'; printf '\\0%s' \"$@\"\n"
    for name, script in scripts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script)
        path.chmod(0o755)
    return tmp_path


def make(checkout: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
    return subprocess.run(
        [MAKE, *arguments],
        cwd=checkout,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize(
    "prompt",
    [
        "chill lofi 60s",
        'it\'s "quoted" `id` $(id)',
        "$HOME $x $$ $(shell touch bad) ${PATH}",
        "# not a comment; rm -rf x && y | z > w",
        "ένα τραγούδι, 曲, 🎵",
        "100% \\n back\\slash \\",
        "--help",
        "-",
        "two\nlines",
        "a = b := c",
    ],
)
def test_a_prompt_arrives_exactly_as_typed(checkout: Path, prompt: str) -> None:
    expected = ["tunesmith", "compose", "--", prompt]
    typed = make(checkout, "compose", f"PROMPT={prompt}")
    assert typed.stdout.split("\0") == expected, typed.stderr
    exported = make(checkout, "compose", PROMPT=prompt)
    assert exported.stdout.split("\0") == expected, exported.stderr
    assert not (checkout / "bad").exists()


@pytest.mark.parametrize("prompt", [None, "", "   ", "\t"])
def test_an_empty_prompt_is_refused_before_anything_is_installed(checkout: Path, prompt: str | None) -> None:
    refused = make(checkout, "compose", *([] if prompt is None else [f"PROMPT={prompt}"]))
    assert refused.returncode == 2
    assert "PROMPT is empty" in refused.stderr
    assert not (checkout / "setup.log").exists()


def test_further_options_come_before_the_prompt(checkout: Path) -> None:
    done = make(checkout, "compose", "PROMPT=x", "ARGS=--seed 5 --json")
    assert done.stdout.split("\0") == ["tunesmith", "compose", "--seed", "5", "--json", "--", "x"]


def test_another_environment_can_be_named(checkout: Path) -> None:
    shutil.move(checkout / ".venv", checkout / "else where")
    assert make(checkout, "doctor", "VENV=else where").stdout.split("\0") == ["tunesmith", "doctor"]


def test_the_bot_without_a_token_is_one_clear_line_and_exit_code_two(checkout: Path) -> None:
    refused = make(checkout, "bot")
    assert refused.returncode == 2
    own_lines = [line for line in refused.stderr.splitlines() if not line.startswith("make: ")]
    assert len(own_lines) == 1
    assert own_lines[0].startswith("DISCORD_TOKEN is not set")
    assert not (checkout / "setup.log").exists()


def test_a_token_from_the_environment_or_from_the_env_file_starts_the_bot(checkout: Path) -> None:
    assert make(checkout, "bot", DISCORD_TOKEN="made-up").stdout.split("\0") == ["tunesmith", "bot"]
    (checkout / ".env").write_text("DISCORD_TOKEN=\n")
    assert make(checkout, "bot").returncode == 2
    (checkout / ".env").write_text("DISCORD_TOKEN=made-up\n")
    assert make(checkout, "bot").stdout.split("\0") == ["tunesmith", "bot"]


@pytest.mark.parametrize(
    ("target", "level"), [("compose", "run"), ("train", "run"), ("doctor", "run"), ("test", "dev"), ("sweep", "dev")]
)
def test_each_wish_sets_up_what_it_needs(checkout: Path, target: str, level: str) -> None:
    assert make(checkout, target, "PROMPT=x").returncode == 0
    assert (checkout / "setup.log").read_text().split() == [level]


def test_the_tests_leave_out_the_sweeps_and_the_sweeps_are_nothing_else(checkout: Path) -> None:
    assert make(checkout, "test").stdout.split("\0") == ["python", "-m", "pytest", "-m", "not slow"]
    assert make(checkout, "sweep").stdout.split("\0") == ["python", "-m", "pytest", "-m", "slow", "--timeout", "0"]


def test_a_failing_command_fails_the_wish(checkout: Path) -> None:
    (checkout / ".venv/bin/tunesmith").write_text("#!/bin/bash\nexit 2\n")
    assert make(checkout, "compose", "PROMPT=x").returncode == 2


def test_cleaning_keeps_songs_data_and_the_environment(checkout: Path) -> None:
    for name in ("out/song.mp3", "data/tunesmith.db", ".mypy_cache/x", "build/x"):
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).touch()
    assert make(checkout, "clean").returncode == 0
    kept = {
        name for name in ("out/song.mp3", "data/tunesmith.db", ".mypy_cache/x", "build/x") if (checkout / name).exists()
    }
    assert kept == {"out/song.mp3", "data/tunesmith.db"}
    assert (checkout / ".venv/bin/python").exists()


def test_the_list_of_commands_names_every_one_of_them(checkout: Path) -> None:
    text = make(checkout, "help").stdout
    for target in ("setup", "compose", "bot", "train", "doctor", "bench", "test", "sweep", "lint", "check", "clean"):
        assert f"make {target} " in text
