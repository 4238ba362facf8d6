"""The name under which a process takes jobs."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from engine.dispatch.owner import hold_name
from engine.errors import SetupError

ROOT = Path(__file__).parents[2]


def test_two_processes_have_two_names_and_a_free_one_is_taken_again(tmp_path: Path) -> None:
    first, second = hold_name(tmp_path), hold_name(tmp_path)
    assert first.name != second.name
    assert len(first.name) <= 64
    first.let_go()
    assert hold_name(tmp_path).name == first.name
    assert hold_name(tmp_path).name not in (first.name, second.name)


def test_whoever_starts_after_a_kill_has_the_dead_one_s_name(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from engine.dispatch.owner import hold_name;"
        f"owner = hold_name(Path({str(tmp_path)!r})); print(owner.name, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert hold_name(tmp_path / ".").name != name
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert hold_name(tmp_path).name == name


def test_names_of_other_data_folders_are_other_names(tmp_path: Path) -> None:
    assert hold_name(tmp_path / "a").name != hold_name(tmp_path / "b").name


def test_a_spoilt_file_gets_a_new_name(tmp_path: Path) -> None:
    (tmp_path / "studios").mkdir()
    (tmp_path / "studios" / "0").write_bytes(b"\xff\x00nonsense" * 20)
    owner = hold_name(tmp_path)
    owner.let_go()
    assert hold_name(tmp_path).name == owner.name


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="file"):
        hold_name(tmp_path / "file")
