"""compose.yaml, held against the Dockerfile, the settings, .env.example and the page that explains it."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.settings import Settings
from engine.store.database import DRIVERS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "compose.yaml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "docs/cluster.md").read_text(encoding="utf-8")


@contextmanager
def health_server(status: int) -> Iterator[int]:
    """A server that answers everything with this status; gives its port."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def keys_of_the_example() -> set[str]:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    return {line.partition("=")[0] for line in lines if "=" in line and not line.startswith("#")}


def test_there_are_a_bot_a_database_a_ray_head_and_a_worker() -> None:
    assert set(SERVICES) == {"bot", "database", "ray-head", "ray-worker"}
    assert set(OURS) == {"bot", "ray-head", "ray-worker"}


@pytest.mark.parametrize("name", OURS)
def test_our_services_are_of_one_image_with_the_extra_that_they_need(name: str) -> None:
    service = OURS[name]
    assert service["image"] == SERVICES["bot"]["image"]
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert service["build"]["args"]["EXTRAS"] in extras
    declared = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    assert set(service["build"]["args"]) <= declared
    assert (ROOT / service["build"]["context"] / "Dockerfile").is_file()


@pytest.mark.parametrize("name", OURS)
def test_what_our_services_are_told_are_settings_that_exist_and_can_be_read(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment = OURS[name]["environment"]
    assert set(environment) <= keys_of_the_example()
    assert OURS[name]["env_file"] == ".env"
    monkeypatch.chdir(tmp_path)
    for key, value in environment.items():
        monkeypatch.setenv(key, re.sub(r"\$\{(\w+):?[^}]*\}", "hunter2", value))
    assert str(Settings.read().data_dir) == "/data"


@pytest.mark.parametrize("name", OURS)
def test_songs_lie_where_the_image_keeps_them_whatever_an_empty_line_in_the_env_file_says(name: str) -> None:
    folder = re.search(r"TUNESMITH_DATA_DIR=(\S+)", DOCKERFILE)
    assert folder is not None
    assert OURS[name]["environment"]["TUNESMITH_DATA_DIR"] == folder[1]
    assert OURS[name]["volumes"] == [f"songs:{folder[1]}"]
    assert f"VOLUME {folder[1]}" in DOCKERFILE


@pytest.mark.parametrize("name", OURS)
def test_the_address_of_the_database_is_the_database_service_and_its_password(name: str) -> None:
    url = OURS[name]["environment"]["TUNESMITH_DATABASE_URL"]
    password = SERVICES["database"]["environment"]["POSTGRES_PASSWORD"]
    user, database = (SERVICES["database"]["environment"][f"POSTGRES_{key}"] for key in ("USER", "DB"))
    assert url == f"postgresql://{user}:{password}@database/{database}"
    assert url.partition(":")[0] in DRIVERS


def test_every_variable_that_is_filled_in_is_explained() -> None:
    for variable in re.findall(r"\$\{(\w+)", TEXT):
        assert variable in keys_of_the_example() or variable in PAGE


def test_no_password_stands_in_the_file_and_none_is_made_up_for_whoever_forgets_it() -> None:
    for service in SERVICES.values():
        for key, value in service["environment"].items():
            if any(word in key for word in ("PASSWORD", "TOKEN", "SECRET", "KEY")):
                assert value == "" or re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), key


def test_only_the_bot_knows_its_token() -> None:
    for name in set(OURS) - {"bot"}:
        assert OURS[name]["environment"]["DISCORD_TOKEN"] == ""
    assert "DISCORD_TOKEN" not in SERVICES["bot"]["environment"]


def test_every_service_waits_for_what_it_needs_until_that_is_healthy() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            assert how == {"condition": "service_healthy"}, name
            assert "healthcheck" in SERVICES[needed] or "HEALTHCHECK" in DOCKERFILE
    assert set(SERVICES["bot"]["depends_on"]) == {"database", "ray-head"}


def test_ray_services_are_not_asked_for_the_bots_pulse() -> None:
    """The image's own check looks at a file that the bot alone writes."""
    for name in ("ray-head", "ray-worker"):
        assert SERVICES[name]["healthcheck"]["test"][:3] == ["CMD", "ray", "health-check"]


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_bots_check_asks_its_private_port_and_believes_the_answer(status: int, code: int) -> None:
    environment = SERVICES["bot"]["environment"]
    python, option, script = SERVICES["bot"]["healthcheck"]["test"][1:]
    assert (python, option) == ("python", "-c")
    assert "'/healthz'" in script
    assert environment["TUNESMITH_OPERATIONS_PORT"] in script
    with health_server(status) as port:
        there = script.replace(environment["TUNESMITH_OPERATIONS_PORT"], str(port))
        done = subprocess.run([sys.executable, "-c", there], capture_output=True, timeout=30, check=False)
    assert done.returncode == code


def test_the_bot_has_more_time_to_stop_than_the_songs_in_the_making() -> None:
    seconds = re.fullmatch(r"(\d+)s", SERVICES["bot"]["stop_grace_period"])
    assert seconds is not None
    assert int(seconds[1]) >= Settings.model_fields["stop_s"].default + 30


def test_the_bot_has_its_work_done_by_the_cluster_beside_it() -> None:
    head = SERVICES["ray-head"]["command"]
    port = next(word.partition("=")[2] for word in head if word.startswith("--ray-client-server-port="))
    assert SERVICES["bot"]["environment"]["TUNESMITH_CLUSTER"] == f"ray://ray-head:{port}"
    for name in ("ray-head", "ray-worker"):
        assert "TUNESMITH_CLUSTER" not in SERVICES[name]["environment"]


def test_workers_and_checks_go_to_the_heads_address() -> None:
    head = SERVICES["ray-head"]["command"]
    port = next(word.partition("=")[2] for word in head if word.startswith("--port="))
    assert "--head" in head
    for name in ("ray-head", "ray-worker"):
        assert SERVICES[name]["healthcheck"]["test"][3] == f"--address=ray-head:{port}"
    assert f"--address=ray-head:{port}" in SERVICES["ray-worker"]["command"]
    assert "--head" not in SERVICES["ray-worker"]["command"]


@pytest.mark.parametrize("part", ["start", "health-check"])
def test_ray_knows_the_options_that_it_is_given(part: str) -> None:
    if importlib.util.find_spec("ray") is None:
        pytest.skip("ray is not installed here; the extra `cluster` brings it")
    ray = [sys.executable, "-c", "from ray.scripts.scripts import main; main()", part, "--help"]
    done = subprocess.run(ray, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    words = [word for name in ("ray-head", "ray-worker") for word in SERVICES[name]["command"]]
    if part == "health-check":
        words = SERVICES["ray-head"]["healthcheck"]["test"]
    for option in {word.partition("=")[0] for word in words if word.startswith("--")}:
        assert re.search(rf"{option}\b", done.stdout), option


def test_every_volume_is_declared() -> None:
    used = {volume.partition(":")[0] for service in SERVICES.values() for volume in service.get("volumes", ())}
    assert used == set(COMPOSE["volumes"])


def test_nothing_is_open_to_the_outside() -> None:
    assert not any("ports" in service for service in SERVICES.values())


def test_the_page_names_every_service_and_every_setting_of_the_stores() -> None:
    for name in SERVICES:
        assert f"`{name}`" in PAGE
    stores = {key for key in keys_of_the_example() if key.startswith(("TUNESMITH_FILES", "TUNESMITH_DATABASE"))}
    assert len(stores) == 6
    for key in stores:
        assert f"`{key}`" in PAGE


def test_the_page_names_every_setting_of_the_workers() -> None:
    for name in ("cluster", "renderers", "slots", "job_timeout_s", "most_attempts", "person_limit", "stop_s"):
        assert name in Settings.model_fields
        assert f"`TUNESMITH_{name.upper()}" in PAGE
