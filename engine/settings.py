"""The engine's configuration: one typed object, read once in `main()` and passed down.

In: environment variables `TUNESMITH_*` and a `.env` file in the working directory (the environment wins). Out:
`Settings`. Conventions: secrets are `SecretStr` and print as stars; an unknown `TUNESMITH_*` key in the `.env` file is
an error, other programs' keys in it are left alone. Caveat: nothing is created on disk here.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import SetupError

ENV_PREFIX = "TUNESMITH_"
SECRETS = frozenset({"database_url", "files", "files_key", "files_secret"})  # `files`: somebody may put keys into it


def default_data_dir() -> Path:
    """The platform's folder for a person's data: `$XDG_DATA_HOME/tunesmith`, usually `~/.local/share/tunesmith`."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or _home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = _home() / "Library" / "Application Support"
    else:
        base = Path(os.environ.get("XDG_DATA_HOME") or _home() / ".local" / "share")
    return base / "tunesmith"


def _home() -> Path:
    """The home folder; a user that the system does not know (a container's) may have none."""
    try:
        return Path.home()
    except RuntimeError:
        raise SetupError("This user has no home folder; a folder for songs in TUNESMITH_DATA_DIR would work.") from None


def _expanded(path: Path) -> Path:
    """`path` with its `~` replaced."""
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError("there is no such home folder") from None


def _cluster_address(address: str) -> str:
    """`auto`, or `ray://host:port` with a port that exists."""
    if address == "auto":
        return address
    found = re.fullmatch(r"ray://(?:\[[0-9A-Fa-f:.]+\]|[^\s/:@?#\[\]]+):(\d{1,5})", address)
    if found is None or not 0 < int(found[1]) < 65536:
        raise ValueError("it should be auto or ray://host:port, such as ray://ray-head:10001")
    return address


class Settings(BaseSettings):
    """What the engine can be told. Every field is also in `.env.example`, with its default."""

    model_config = SettingsConfigDict(
        env_prefix=ENV_PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        dotenv_filtering="match_prefix",
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
    )

    data_dir: Annotated[Path, AfterValidator(_expanded)] = Field(
        default_factory=default_data_dir, description="Where songs, the database and incident reports lie."
    )
    database_url: SecretStr | None = Field(
        default=None, description="SQLAlchemy URL of the database; empty means an SQLite file in the data folder."
    )
    files: str | None = Field(
        default=None,
        pattern=r"^s3://[^/@?#]+(/[^@?#]*)?$",
        description="Where finished songs are kept: s3://bucket/prefix, or empty for the data folder.",
    )
    files_endpoint: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="Address of an S3-compatible server that is not Amazon's own.",
    )
    files_region: str | None = Field(default=None, description="The region of the bucket, where the server has any.")
    files_key: SecretStr | None = Field(
        default=None, description="Access key of the bucket; empty means AWS_ACCESS_KEY_ID or the machine's own role."
    )
    files_secret: SecretStr | None = Field(default=None, description="The secret that belongs to the access key.")
    soundfont: Annotated[Path, AfterValidator(_expanded)] | None = Field(
        default=None, description="The .sf2 file to play with; empty means the distribution's own is found."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where the networks run.")
    candidates: int = Field(default=8, ge=1, le=64, description="Songs composed for a request; the best one is kept.")
    slots: int = Field(
        default=128, ge=8, le=1024, multiple_of=8, description="Candidates of all songs that are composed at once."
    )
    max_seconds: float = Field(default=300.0, ge=5, le=3600, description="Longest song that may be asked for.")
    default_seconds: float = Field(default=60.0, ge=5, description="Length when none is asked for.")
    default_style: str = Field(default="lofi", min_length=1, description="Style when the prompt points to none.")
    job_timeout_s: float = Field(default=600.0, gt=0, description="A song that takes longer has failed.")
    cluster: Annotated[str, AfterValidator(_cluster_address)] | None = Field(
        default=None, description="The Ray cluster that does the work: ray://host:port or auto; empty: this machine."
    )
    renderers: int = Field(
        default=0, ge=0, le=256, description="Songs rendered at once; 0: as many as there are cores."
    )
    most_attempts: int = Field(default=3, ge=1, le=10, description="How often a song is tried before it has failed.")
    person_limit: int = Field(default=3, ge=1, le=1000, description="Songs that one person may wait for at a time.")
    stop_s: float = Field(
        default=30.0, ge=0, le=3600, description="How long songs in the making may take to end when all is stopped."
    )
    upload_mb: float = Field(default=25.0, gt=0, le=500, description="Largest file that may be taught, in MiB.")
    upload_minutes: float = Field(default=15.0, gt=0, le=60, description="Longest recording that may be taught.")
    uploads_a_day: int = Field(default=20, ge=0, le=10_000, description="Files that one person may teach in 24 hours.")
    guild_uploads_a_day: int = Field(
        default=100, ge=0, le=100_000, description="Files that may be taught on one server in 24 hours."
    )
    approve_uploads: bool = Field(
        default=False, description="Whether a moderator approves each file before a style learns from it."
    )
    train_after_minutes: float = Field(
        default=0.0, ge=0, description="Minutes of new music after which a style is trained by itself; 0: when asked."
    )
    operations_host: str = Field(
        default="127.0.0.1", min_length=1, description="The address at which health and metrics are served."
    )
    operations_port: int | None = Field(
        default=None, ge=1, le=65535, description="The port of health and metrics; empty means that none are served."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="WARNING", description="What is logged.")
    log_format: Literal["text", "json"] = Field(
        default="text", description="How: lines to read, or one JSON object each."
    )

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> Self:
        if (self.files_key is None) != (self.files_secret is None):
            raise ValueError("of TUNESMITH_FILES_KEY and TUNESMITH_FILES_SECRET one is set and the other is not")
        return self

    @model_validator(mode="after")
    def _default_length_is_allowed(self) -> Self:
        if self.default_seconds > self.max_seconds:
            raise ValueError(f"the default of {self.default_seconds:g} s is over the limit of {self.max_seconds:g} s")
        return self

    @property
    def resolved_database_url(self) -> str:
        """The database's URL with its password in clear text: for the store alone, never for a log."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'tunesmith.db'}"

    @classmethod
    def read(cls, **overrides: Any) -> Settings:
        """Read environment and `.env`; raises `SetupError`, one sentence that names the key and its bad value."""
        try:
            return cls(**overrides)
        except ValidationError as error:
            raise SetupError(_sentence(error)) from None
        except UnicodeDecodeError:
            raise SetupError(
                "The file .env is not UTF-8 text; save it as UTF-8, or start anew from .env.example."
            ) from None


def _sentence(error: ValidationError) -> str:
    """The first problem as a sentence; a secret's value is not repeated."""
    problem = error.errors(include_url=False)[0]
    if not problem["loc"]:
        return f"The settings contradict each other: {problem['msg'].removeprefix('Value error, ')}."
    field = str(problem["loc"][0])
    key = f"{ENV_PREFIX}{field.upper()}"
    if problem["type"] == "extra_forbidden":
        known = ", ".join(f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields)
        return f"The setting {key} is not known; known are {known}."
    value = "the given value" if field in SECRETS else repr(problem["input"])
    message = problem["msg"].removeprefix("Value error, ")
    reason = message[:1].lower() + message[1:]
    return f"The setting {key} cannot be {value}: {reason}."
