"""Logs: what a line says, which job it belongs to, and what is never in it."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.jobs.marks import LinesToParent, marked, overheard
from engine.operations.logs import log_handler
from engine.settings import Settings

PASSWORD = 'hun"ter/2 ü'


class Told:
    """A logger of its own, and what it has written."""

    def __init__(self, settings: Settings, *secrets: str) -> None:
        self.stream = io.StringIO()
        self.handler = log_handler(settings, secrets=secrets, stream=self.stream)
        self.log = logging.getLogger("engine.somewhere")
        self.log.addHandler(self.handler)

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text.splitlines()]


@pytest.fixture(autouse=True)
def _everything_is_logged() -> Iterator[None]:
    log = logging.getLogger("engine.somewhere")
    log.setLevel(logging.DEBUG)
    yield
    log.handlers.clear()


def settings(log_format: str = "json", **more: str) -> Settings:
    return Settings(_env_file=None, log_format=log_format, **more)  # type: ignore[arg-type, call-arg]


def failing() -> None:
    raise ValueError(f"cannot log in with {PASSWORD}")


def test_a_line_of_json_says_when_how_grave_where_and_what() -> None:
    told = Told(settings())
    begun = datetime.now(UTC)
    told.log.warning("tried %d times\nin vain", 3)
    (line,) = told.lines
    assert list(line) == ["time", "level", "logger", "message"]
    assert (line["level"], line["logger"], line["message"]) == (
        "WARNING",
        "engine.somewhere",
        "tried 3 times\nin vain",
    )
    assert str(line["time"]).endswith("Z")
    assert abs((datetime.fromisoformat(str(line["time"])) - begun).total_seconds()) < 5


def test_a_traceback_stays_on_its_line() -> None:
    told = Told(settings())
    try:
        failing()
    except ValueError:
        told.log.exception("broken")
    (line,) = told.lines
    assert "ValueError: cannot log in" in str(line["traceback"])
    assert "in failing" in str(line["traceback"])


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_what_is_logged_within_a_job_carries_its_id(log_format: str) -> None:
    told = Told(settings(log_format))
    with marked("4f1c22d0a1b3"):
        told.log.info("rendering")
    told.log.info("something else")
    inside, outside = told.text.splitlines()
    assert "4f1c22d0a1b3" in inside
    assert "job" not in outside
    if log_format == "json":
        assert told.lines[0]["job_id"] == "4f1c22d0a1b3"
    else:
        assert inside.endswith("INFO engine.somewhere: rendering (job 4f1c22d0a1b3)")


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_of_other_attributes_only_those_that_may_be_shown_are_written(log_format: str) -> None:
    told = Told(settings(log_format))
    told.log.info("failed", extra={"incident": "7Q2K", "lane": "record", "person_id": 80351110224678912})
    assert "7Q2K" in told.text
    assert "record" in told.text
    assert "80351110224678912" not in told.text


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_no_secret_is_ever_in_a_log(log_format: str) -> None:
    url = "postgresql://tune:hun%22ter%2F2%20%C3%BC@host/tunesmith"
    known = settings(log_format, database_url=url, files="s3://songs", files_key="AKIA5", files_secret="s3cr3t")
    told = Told(known, "MTk4.token-of-the-bot")
    told.log.info("connecting to %s", url)
    told.log.info("headers %r", {"Authorization": "Bot MTk4.token-of-the-bot", "password": PASSWORD})
    told.log.info("keys %s", json.dumps(["AKIA5", "s3cr3t", PASSWORD]))
    try:
        failing()
    except ValueError:
        told.log.exception("broken")
    for secret in ("hun%22", 'hun"ter', "hun\\", "ter/2", "AKIA5", "s3cr3t", "MTk4", "token-of-the-bot"):
        assert secret not in told.text, secret
    assert told.text.count("***") == 7
    if log_format == "json":
        assert len(told.lines) == 4


def test_a_password_in_the_query_of_the_url_is_a_secret_too() -> None:
    told = Told(settings(database_url="postgresql://host/tunesmith?user=tune&password=hunter2"))
    told.log.info("with hunter2")
    assert "hunter2" not in told.text


def test_a_secret_of_a_letter_or_two_does_not_blot_out_everything() -> None:
    told = Told(settings(), "e")
    told.log.info("the rest")
    assert told.lines[0]["message"] == "the rest"


def test_a_workers_line_comes_out_of_the_parents_log_with_lane_job_level_and_name() -> None:
    worker = io.StringIO()
    handler = logging.StreamHandler(worker)
    handler.setFormatter(LinesToParent())
    log = logging.getLogger("engine.somewhere")
    log.addHandler(handler)
    with marked("4f1c22d0a1b3"):
        try:
            failing()
        except ValueError:
            log.exception("the %s broke", "mixer")
    log.removeHandler(handler)
    told = Told(settings(), PASSWORD)
    (spoken,) = worker.getvalue().splitlines()
    overheard("record", spoken)
    (line,) = told.lines
    assert (line["level"], line["logger"], line["lane"], line["job_id"]) == (
        "ERROR",
        "engine.somewhere",
        "record",
        "4f1c22d0a1b3",
    )
    assert str(line["message"]).startswith("the mixer broke\nTraceback")
    assert PASSWORD not in told.text


@pytest.mark.parametrize(
    "line",
    [
        "fluidsynth: warning: no preset",
        "",
        '{"level": "LOUD", "logger": "a", "text": "b"}',
        '{"level": "INFO"}',
        '{"level"',
        '{"level": "INFO", "logger": 3, "text": "b"}',
    ],
)
def test_what_a_library_prints_in_a_worker_is_logged_as_it_is_for_those_who_look_closely(
    line: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        overheard("record", line)
    (record,) = caplog.records
    assert (record.levelname, record.getMessage(), record.lane) == ("DEBUG", line, "record")  # type: ignore[attr-defined]


SCRIPT = """
import logging, sys, warnings
from engine.operations import configure_logging
from engine.settings import Settings
logging.basicConfig(format="the old way %(message)s")
configure_logging(Settings(_env_file=None, log_format=sys.argv[1], log_level=sys.argv[2]), secrets=("s3cr3t",))
logging.getLogger("bot.client").info("ready, not s3cr3t")
logging.getLogger("discord").info("chatter")
logging.getLogger("discord").warning("careful")
warnings.warn("old-fashioned")
"""


@pytest.mark.parametrize(("log_format", "level"), [("json", "WARNING"), ("json", "ERROR"), ("text", "WARNING")])
def test_the_process_logs_what_the_settings_say_as_they_say_in_place_of_anything_before(
    log_format: str, level: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-c", SCRIPT, log_format, level]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=60, check=True
    )
    assert "the old way" not in done.stderr
    assert "chatter" not in done.stderr
    assert "s3cr3t" not in done.stderr
    assert "ready, not ***" in done.stderr
    assert ("careful" in done.stderr) == (level == "WARNING")
    if log_format == "json":
        said = [json.loads(line) for line in done.stderr.splitlines()]
        assert [line["logger"] for line in said] == ["bot.client", "discord", "py.warnings"][
            : 3 if level == "WARNING" else 1
        ]
