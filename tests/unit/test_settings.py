"""The engine's settings: what they read, what they refuse, what they never print."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from engine.errors import SetupError
from engine.settings import ENV_PREFIX, Settings
from engine.store import place_of


@pytest.fixture(autouse=True)
def _empty_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(ENV_PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def test_the_environment_wins_over_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("TUNESMITH_CANDIDATES=3\nTUNESMITH_MAX_SECONDS=120\n")
    monkeypatch.setenv("TUNESMITH_CANDIDATES", "5")
    settings = Settings.read()
    assert (settings.candidates, settings.max_seconds) == (5, 120)


def test_an_empty_value_means_the_default(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TUNESMITH_SOUNDFONT=\nTUNESMITH_CANDIDATES=\n")
    assert Settings.read().soundfont is None
    assert Settings.read().candidates == 8


def test_an_unknown_key_of_ours_in_the_env_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("TUNESMITH_CANDIDATE=3\n")
    with pytest.raises(SetupError, match=r"TUNESMITH_CANDIDATE is not known; known are .*TUNESMITH_CANDIDATES"):
        Settings.read()


def test_keys_of_other_programs_in_the_env_file_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DISCORD_TOKEN=abc\nEDITOR=vi\n")
    assert Settings.read().candidates == 8


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CANDIDATES", "0"),
        ("CANDIDATES", "many"),
        ("MAX_SECONDS", "-1"),
        ("DEVICE", "gpu"),
        ("LOG_LEVEL", "LOUD"),
        ("LOG_FORMAT", "xml"),
        ("OPERATIONS_PORT", "65536"),
        ("OPERATIONS_PORT", "0"),
        ("STOP_S", "-1"),
        ("PERSON_LIMIT", "0"),
        ("RENDERERS", "-2"),
        ("MOST_ATTEMPTS", "0"),
    ],
)
def test_a_bad_value_is_one_sentence_with_key_and_value(key: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_PREFIX + key, value)
    with pytest.raises(SetupError) as caught:
        Settings.read()
    sentence = str(caught.value)
    assert ENV_PREFIX + key in sentence
    assert value in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize("address", ["auto", "ray://ray-head:10001", "ray://10.0.0.7:6379", "ray://[fd00::1]:10001"])
def test_a_cluster_is_auto_or_an_address_with_a_port(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().cluster is None
    monkeypatch.setenv("TUNESMITH_CLUSTER", address)
    assert Settings.read().cluster == address


@pytest.mark.parametrize(
    "address",
    ["AUTO", "ray://", "ray://ray-head", "ray://ray-head:0", "ray://ray-head:70000", "10.0.0.7:6379", "ray://a b:1"],
)
def test_another_address_of_a_cluster_is_refused_with_one_that_would_work(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNESMITH_CLUSTER", address)
    with pytest.raises(SetupError, match=r"^The setting TUNESMITH_CLUSTER cannot be .*ray://host:port.*10001\.$"):
        Settings.read()


def test_health_and_metrics_are_off_and_private_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (Settings.read().operations_port, Settings.read().operations_host) == (None, "127.0.0.1")
    monkeypatch.setenv("TUNESMITH_OPERATIONS_PORT", "9464")
    assert Settings.read().operations_port == 9464


def test_a_default_length_over_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_MAX_SECONDS", "30")
    with pytest.raises(SetupError, match=r"60 s is over the limit of 30 s"):
        Settings.read()


def test_the_database_url_prints_as_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_DATABASE_URL", "postgresql+asyncpg://me:hunter2@host/songs")
    settings = Settings.read()
    assert "hunter2" not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.resolved_database_url == "postgresql+asyncpg://me:hunter2@host/songs"


def test_the_keys_of_the_file_store_print_as_stars(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_FILES", "s3://songs/ours")
    monkeypatch.setenv("TUNESMITH_FILES_KEY", "AKIA5")
    monkeypatch.setenv("TUNESMITH_FILES_SECRET", "hunter2")
    settings = Settings.read()
    assert not {"hunter2", "AKIA5"} & set((repr(settings) + str(settings) + settings.model_dump_json()).split("'"))
    assert "hunter2" not in repr(settings) + settings.model_dump_json() + repr(place_of(settings))
    assert (place_of(settings).url, place_of(settings).key, place_of(settings).secret) == (
        "s3://songs/ours",
        "AKIA5",
        "hunter2",
    )


@pytest.mark.parametrize("url", ["/var/songs", "s3://", "s3://AKIA5:hunter2@songs", "gs://songs"])
def test_a_place_for_files_that_cannot_be_is_refused_without_its_secrets(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TUNESMITH_FILES", url)
    with pytest.raises(SetupError, match="TUNESMITH_FILES cannot be") as caught:
        Settings.read()
    assert "hunter2" not in str(caught.value)


def test_a_key_without_its_secret_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNESMITH_FILES_KEY", "AKIA5")
    with pytest.raises(SetupError, match="TUNESMITH_FILES_KEY and TUNESMITH_FILES_SECRET"):
        Settings.read()


def test_without_a_database_url_an_sqlite_file_in_the_data_folder_is_used(tmp_path: Path) -> None:
    settings = Settings.read(data_dir=tmp_path / "data")
    assert settings.resolved_database_url == f"sqlite+aiosqlite:///{tmp_path / 'data' / 'tunesmith.db'}"


def test_the_data_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    assert Settings.read().data_dir == tmp_path / "share" / "tunesmith"


def test_a_tilde_in_the_data_folder_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TUNESMITH_DATA_DIR", "~/songs")
    assert Settings.read().data_dir == tmp_path / "songs"


@pytest.mark.parametrize("key", ["DATA_DIR", "SOUNDFONT"])
def test_a_home_folder_that_nobody_has_is_refused_by_name(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENV_PREFIX + key, "~nobody-lives-here/x")
    with pytest.raises(SetupError, match=rf"^The setting TUNESMITH_{key} .*'~nobody-lives-here/x'.*: there is no such"):
        Settings.read()


def test_a_user_without_a_home_folder_is_told_which_setting_helps(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(SetupError, match=r"no home folder; .*TUNESMITH_DATA_DIR would work"):
        Settings.read()
    monkeypatch.setenv("TUNESMITH_DATA_DIR", "songs")
    assert Settings.read().data_dir == Path("songs")


def test_a_settings_object_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        Settings.read().candidates = 2  # type: ignore[misc]
