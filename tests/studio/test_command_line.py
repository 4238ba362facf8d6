"""The command line as a person and as a program meet it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from engine import __main__ as program
from engine.cli import faults
from engine.cli.app import build_app
from engine.cli.wish import folder_of, prompts_of
from engine.compose import pipeline
from engine.compose.generate import SongWriter
from engine.compose.pipeline import Composer
from engine.doctor import examine
from engine.errors import BadRequest, SetupError
from engine.metrics.copyindex import FILE
from engine.music.styles import style_names
from engine.settings import Settings

Run = Callable[..., Result]
ROOT = Path(__file__).parents[2]
SHORT = ("--seconds", "6", "--format", "wav", "--seed", "11")


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_DATA_DIR", str(tmp_path / "data"))


@pytest.fixture
def run() -> Run:
    """Run a command in this process; standard output and standard error come apart."""

    def run(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(build_app(), list(words), input=stdin)

    return run


@pytest.fixture
def with_small_composer(composer: Composer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands use the composer with small networks."""
    monkeypatch.setattr(pipeline, "Composer", lambda _settings: composer)


def tunesmith(*words: str, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the real program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "engine", *words],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **extra}, timeout=100,
    )  # fmt: skip


BAD_WORDS = [
    ((" ",), "' '"),
    (("lofi 0s",), "0s"),
    (("lofi", "--seconds", "0"), "0"),
    (("lofi", "--seconds", "600"), "600"),
    (("lofi", "--seconds", "nan"), "nan"),
    (("lofi", "--seconds", "soon"), "soon"),
    (("lofi", "--bpm", "900"), "900"),
    (("lofi", "--bpm", "fast"), "fast"),
    (("lofi", "--style", "polka-core"), "polka-core"),
    (("lofi", "--key", "H major"), "H major"),
    (("lofi", "--meter", "13/8"), "13/8"),
    (("lofi", "--seed", "1.5"), "1.5"),
    (("lofi", "--seed", "²"), "²"),
    (("lofi", "--seed", "-1"), "-1"),
    (("lofi", "--seed=--5"), "--5"),
    (("lofi", "--seed", "9" * 5000), "9999"),
    (("lofi", "--seed", "99999999999999999999"), "99999999999999999999"),
]


@pytest.mark.parametrize(("words", "named"), BAD_WORDS)
@pytest.mark.parametrize("command", ["compose", "plan"])
def test_bad_words_get_one_sentence_exit_code_2_and_leave_nothing(
    run: Run, command: str, words: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    out = ("--out", str(tmp_path / "out")) if command == "compose" else ()
    result = run(command, *words, *out)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert named in result.stderr
    assert result.stderr.endswith(".\n")
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("words", "named"), BAD_WORDS)
def test_with_json_bad_words_are_an_object_with_prompt_and_error(
    run: Run, words: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    result = run("compose", *words, "--json", "--out", str(tmp_path / "out"))
    answer = json.loads(result.stdout)
    assert result.exit_code == 2
    assert answer["prompt"] == words[0]
    assert named in answer["error"]
    assert set(answer) == {"prompt", "error"}


def test_a_missing_prompt_is_explained(run: Run) -> None:
    result = run("compose")
    assert result.exit_code == 2
    assert "PROMPT" in result.stderr


def test_an_unknown_audio_format_is_named(run: Run, tmp_path: Path) -> None:
    result = run("compose", "lofi", "--format", "midi", "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stderr) == (
        2,
        "The audio format 'midi' is not known; mp3, ogg, wav, flac would work.\n",
    )


def test_a_folder_that_cannot_be_written_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    result = run("compose", "lofi", "--out", str(tmp_path / "file" / "out"))
    assert result.exit_code == 2
    assert "file/out' cannot be written" in result.stderr


@pytest.mark.parametrize(
    ("out", "reason"),
    [("file", "it is no folder"), ("n" * 300, "File name too long")],
)
def test_a_folder_that_cannot_be_is_named_with_its_reason(run: Run, tmp_path: Path, out: str, reason: str) -> None:
    (tmp_path / "file").touch()
    result = run("compose", "lofi", "--out", str(tmp_path / out))
    assert result.exit_code == 2
    assert out in result.stderr
    assert reason in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_home_folder_that_nobody_has_is_named() -> None:
    with pytest.raises(BadRequest, match=r"'~nobody-lives-here/out' is in no known home folder"):
        folder_of(Path("~nobody-lives-here/out"))


def test_a_missing_soundfont_is_named(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_SOUNDFONT", str(tmp_path / "no.sf2"))
    result = run("compose", "lofi", "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "no.sf2" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_damaged_checkpoint_is_named_with_exit_code_2(
    run: Run, composer: Composer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "styles" / "lofi").mkdir(parents=True)
    (tmp_path / "styles" / "lofi" / "v1.safetensors").write_bytes(b"nothing that could be weights")
    damaged = Composer(
        Settings.read(), reader=composer.reader, writer=SongWriter(device="cpu", styles_dir=tmp_path / "styles")
    )
    monkeypatch.setattr(pipeline, "Composer", lambda _settings: damaged)
    result = run("compose", "lofi", "--out", str(tmp_path / "out"))
    assert result.exit_code == 2
    assert "v1.safetensors is damaged" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("with_small_composer")
def test_compose_tells_where_the_files_are(run: Run, tmp_path: Path) -> None:
    result = run("compose", "chill lofi", *SHORT, "--out", str(tmp_path / "out"))
    assert (result.exit_code, result.stderr) == (0, "")
    files = sorted((tmp_path / "out").iterdir())
    assert [path.suffix for path in files] == [".json", ".mid", ".png", ".json", ".wav"]
    assert all(str(path) in result.stdout for path in files)
    receipt = json.loads(files[0].read_text(encoding="utf-8"))
    assert f" · {receipt['key']} · {receipt['meter']} · 6 s · seed 11 · made in " in result.stdout
    assert receipt["explanation"]["sentence"] in result.stdout


@pytest.mark.usefixtures("with_small_composer")
def test_compose_with_json_prints_the_receipt_and_nothing_else(run: Run, tmp_path: Path) -> None:
    result = run("compose", "chill lofi ♪", *SHORT, "--out", str(tmp_path), "--json")
    receipt = json.loads(result.stdout)
    assert (result.exit_code, result.stderr) == (0, "")
    assert receipt == json.loads(Path(receipt["files"]["audio"]).with_suffix(".json").read_text())
    assert receipt["prompt"] == "chill lofi ♪"


@pytest.mark.usefixtures("with_small_composer")
def test_the_same_words_never_overwrite_an_earlier_song(run: Run, tmp_path: Path) -> None:
    for _ in range(2):
        assert run("compose", "chill lofi", *SHORT, "--out", str(tmp_path)).exit_code == 0
    assert len(list(tmp_path.glob("*.wav"))) == 2


@pytest.mark.usefixtures("with_small_composer")
def test_prompts_from_standard_input_are_answered_line_by_line_in_order(run: Run, tmp_path: Path) -> None:
    prompts = ["chill lofi", "lofi 0s", "", "folk tune"]
    stdin = "".join(f"{prompt}\n" for prompt in prompts)
    result = run("compose", "-", "--format", "wav", "--seed", "3", "--out", str(tmp_path), "--json", stdin=stdin)
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 1
    assert [row["prompt"] for row in rows] == prompts
    assert ["error" in row for row in rows] == [False, True, True, False]
    assert [row["style"] for row in rows if "style" in row] == ["lofi", "folk"]


def test_plans_from_standard_input_are_one_object_a_line(run: Run) -> None:
    result = run("plan", "-", "--json", stdin="ragtime 30s\nrock in E minor at 120 bpm, 20s")
    rows = [json.loads(line) for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert [(row["style"], row["seconds"]) for row in rows] == [("ragtime", 30), ("rock", 20)]
    assert rows[1]["tempo_bpm"] == 120


@pytest.mark.usefixtures("with_small_composer")
def test_options_win_over_the_prompts_words(run: Run) -> None:
    words = ("--style", "folk", "--seconds", "20", "--bpm", "100", "--key", "D minor", "--meter", "3/4", "--seed", "5")
    plan = json.loads(run("plan", "rock in E major, 4/4, 150 bpm, 45s, seed 9", *words, "--json").stdout)
    assert (plan["style"], plan["seconds"], plan["tempo_bpm"], plan["meter"], plan["seed"]) == (
        "folk",
        20,
        100,
        "3/4",
        5,
    )
    assert "D" in plan["key"]
    assert plan["mode"] == "minor"


@pytest.mark.usefixtures("with_small_composer")
def test_a_plan_for_people_names_what_was_decided(run: Run) -> None:
    result = run("plan", "ragtime 30s", "--seed", "4")
    assert result.exit_code == 0
    assert all(word in result.stdout for word in ("ragtime", "bpm", "melody", "verse"))


def test_styles_lists_every_style(run: Run) -> None:
    rows = json.loads(run("styles", "--json").stdout)["styles"]
    assert [row["name"] for row in rows] == list(style_names())
    assert all(row["tempo_bpm"][0] < row["tempo_bpm"][1] and row["roles"] for row in rows)
    lines = run("styles").stdout.splitlines()
    for row in rows:
        line = next(line for line in lines if line.split(" ")[0] == row["name"])
        assert ("no checkpoint yet" in line) == (row["checkpoints"] == [])


def test_help_and_version_answer(run: Run) -> None:
    assert all(word in run("--help").stdout for word in ("compose", "plan", "styles", "train", "doctor", "bot"))
    assert run("--version").stdout.startswith("tunesmith")


def test_ctrl_c_ends_with_130(run: Run, composer: Composer, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Composer, "compose", interrupted)
    assert run("compose", "lofi").exit_code == 130


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_program_cleanly(number: signal.Signals, code: int, tmp_path: Path) -> None:
    words = [sys.executable, "-m", "engine", "compose", "lofi 60s", "--out", str(tmp_path / "out")]
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT)
    deadline = time.monotonic() + 30
    while not (tmp_path / "out").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(number)
    output, trouble = running.communicate(timeout=30)
    assert (running.returncode, output) == (code, b"")
    assert b"Traceback" not in trouble
    assert not (tmp_path / "out").exists()


def test_a_bug_gets_an_incident_number_and_its_traceback_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Composer, "compose", broken)
    monkeypatch.setattr(sys, "argv", ["tunesmith", "compose", "lofi"])
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended:
        program.main()
    signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 1
    (report,) = (tmp_path / "data" / "incidents").iterdir()
    assert "ZeroDivisionError: a bug" in report.read_text()
    words = capsys.readouterr().err
    assert str(report) in words
    assert report.stem.rpartition("-")[2] in words


def test_a_bug_whose_report_cannot_be_written_is_told_in_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nowhere() -> Path:
        raise SetupError("This user has no home folder.")

    monkeypatch.setattr(faults, "_incidents", nowhere)
    faults.complain(ZeroDivisionError("a bug"))
    words = capsys.readouterr().err
    assert "ZeroDivisionError: a bug" in words
    assert words.endswith("the details are in the lines above.\n")


def test_an_unusable_setting_is_named_with_exit_code_2() -> None:
    done = tunesmith("plan", "lofi", TUNESMITH_CANDIDATES="many")
    assert (done.returncode, done.stdout) == (2, "")
    assert "TUNESMITH_CANDIDATES" in done.stderr
    assert done.stderr.count("\n") == 1


def test_no_librarys_warning_reaches_the_person() -> None:
    done = tunesmith("plan", "rainy evening 20s", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["seconds"] == 20


@pytest.mark.parametrize(("level", "shown"), [("DEBUG", "10"), ("WARNING", "50"), ("LOUD", "50")])
def test_the_log_level_may_stand_in_the_env_file(level: str, shown: str, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TUNESMITH_LOG_LEVEL={level}\n")
    code = "import logging, engine.__main__ as m; m._make_quiet(); print(logging.getLogger().level)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == shown


def test_the_bot_without_a_token_says_so_with_exit_code_2() -> None:
    done = tunesmith("bot", DISCORD_TOKEN="")
    assert done.returncode == 2
    assert "DISCORD_TOKEN" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("words", [["--help"], ["styles"], ["compose", "lofi 0s"]])
def test_what_needs_no_network_loads_no_torch(words: list[str]) -> None:
    code = f"""
import sys
from engine.__main__ import main
sys.argv = ["tunesmith", *{words!r}]
try:
    main()
finally:
    print(sorted({{"torch", "transformers", "music21"}} & set(sys.modules)), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stderr.splitlines()[-1] == "[]"


def test_bytes_that_are_no_text_become_replacement_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(prompts_of("lofi \udcff")) == ["lofi ?"]
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"lofi \xff\r\nrock"), "utf-8", errors="replace"))
    assert list(prompts_of("-")) == ["lofi \ufffd", "rock"]


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_json_loses_no_character_whatever_the_stream_can_hold(encoding: str) -> None:
    done = tunesmith("plan", "lofi ♪ 😀 0s", "--json", PYTHONIOENCODING=encoding)
    assert json.loads(done.stdout)["prompt"] == "lofi ♪ 😀 0s"


def test_the_doctor_finds_a_healthy_machine_healthy(small_styles: Path) -> None:
    checks = list(examine(Settings.read(), styles_dir=small_styles))
    assert [check.detail for check in checks if not check.ok] == []
    assert {"FluidSynth", "soundfont", "text encoder", "device", "disk", "database"} <= {check.name for check in checks}
    assert sum(check.name.startswith("checkpoint") for check in checks) == len(style_names())


def test_the_doctor_names_what_is_wrong_and_how_to_mend_it(tmp_path: Path, small_styles: Path) -> None:
    (tmp_path / "lofi").mkdir()
    (tmp_path / "lofi" / "v1.safetensors").write_bytes((small_styles / "lofi" / "v1.safetensors").read_bytes()[:-9])
    (tmp_path / "file").touch()
    settings = Settings.read(soundfont=tmp_path / "no.sf2", data_dir=tmp_path / "file" / "data")
    wrong = {check.name: check.detail for check in examine(settings, styles_dir=tmp_path) if not check.ok}
    assert "no.sf2" in wrong["soundfont"]
    assert "apt-get install" in wrong["soundfont"]
    assert "damaged" in wrong["checkpoint lofi"]
    assert "make train" in wrong["checkpoint rock"]
    assert "TUNESMITH_DATA_DIR" in wrong["data folder"]
    assert "copy index" not in wrong  # a missing one is no fault, a damaged one is
    (tmp_path / FILE).write_bytes(b"PK")
    damaged = {check.name: check.detail for check in examine(settings, styles_dir=tmp_path) if not check.ok}
    assert "tunesmith originality" in damaged["copy index"]


def test_the_doctors_exit_code_says_whether_all_is_well(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine import doctor  # noqa: PLC0415

    well = doctor.Check(name="FluidSynth", ok=True, detail="there")
    ill = doctor.Check(name="soundfont", ok=False, detail="missing; install one.")
    monkeypatch.setattr(doctor, "examine", lambda _settings: iter([well]))
    assert run("doctor").exit_code == 0
    monkeypatch.setattr(doctor, "examine", lambda _settings: iter([well, ill]))
    result = run("doctor")
    assert result.exit_code == 1
    assert "✓ FluidSynth" in result.stdout
    assert "✗ soundfont" in result.stdout
    assert json.loads(run("doctor", "--json").stdout)["checks"][1] == ill.to_json()
