"""`tunesmith teach` and `tunesmith forget`, with small workers in processes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine.cli.app import build_app
from tests.studio.small_school import MARK, school_lanes

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TUNESMITH_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setattr("engine.dispatch.lanes.lanes_of", lambda _settings: school_lanes())
    return lambda *words: CliRunner().invoke(build_app(), [str(word) for word in words])


def written(folder: Path, **texts: str) -> list[Path]:
    """Files by these names with these words."""
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return [folder / f"{name}.txt" for name in texts]


def test_files_are_taught_kept_and_learnt_from_and_one_of_them_is_forgotten(run: Run, tmp_path: Path) -> None:
    files = written(tmp_path, one=f"{MARK} tune", two="two", three="three", four="four", five="refuse it")
    done = run("teach", "jazz", *files, "--licence", "cc-by", "--credit", "Ada", "--train", "--json")
    assert done.exit_code == 1, "one of the files was refused"
    assert "The file 'five.txt' has no steady beat" in done.stderr
    told = json.loads(done.stdout)
    assert [(row["name"], row["state"], row["licence"]) for row in told["uploads"]] == [
        (f"{name}.txt", "kept", "cc-by") for name in ("one", "two", "three", "four")
    ]
    assert (told["refused"], told["training"]["version"], told["training"]["live"]) == (1, 1, True)
    assert Path(told["uploads"][0]["preview"]).read_text() == f"{MARK} tune"

    again = run("teach", "jazz", files[1], "--licence", "own")
    assert (again.exit_code, "was uploaded for jazz already" in again.stderr) == (1, True)

    upload_id = told["uploads"][0]["id"]
    gone = run("forget", upload_id)
    assert gone.exit_code == 0, gone.output
    assert gone.stdout.splitlines() == [
        f"{upload_id} is forgotten.",
        "  Version 1 of jazz, which had learnt from it, is retired.",
        "  Version 2 is trained without it.",
    ]
    data = tmp_path / "data"
    assert not any(upload_id in str(path) for path in data.rglob("*"))
    assert not any(MARK in path.read_text() for path in (data / "models").rglob("*.*"))


def test_what_was_understood_is_shown(run: Run, tmp_path: Path) -> None:
    done = run("teach", "jazz", *written(tmp_path, one="one"), "--licence", "own", "--server", "77")
    assert done.exit_code == 0, done.output
    name, facts, notice, upload_id, preview, picture = done.stdout.splitlines()
    assert (name, facts.strip()) == ("one.txt", "90 bpm · C major · 4/4 · 40 bars · melody")
    assert notice.strip() == "one"
    assert upload_id.split()[1] in preview
    assert upload_id.split()[1] in picture
    elsewhere = run("forget", upload_id.split()[1])
    assert isinstance(elsewhere.exception, Exception)
    assert "There is no upload" in str(elsewhere.exception), "it is another server's"
    assert run("forget", upload_id.split()[1], "--server", "77").exit_code == 0


def test_a_wrong_licence_or_style_is_said_for_each_file(run: Run, tmp_path: Path) -> None:
    (path,) = written(tmp_path, one="one")
    assert "The licence 'mine' is not known" in run("teach", "jazz", path, "--licence", "mine").stderr
    assert "The style 'polka' is not known" in run("teach", "polka", path, "--licence", "own").stderr
    assert run("teach", "jazz", path).exit_code == 2, "the licence has to be said"
