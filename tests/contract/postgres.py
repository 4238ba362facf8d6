"""A real PostgreSQL server for tests: in a folder of its own, on a socket in it, gone at the end.

PostgreSQL refuses to run as root, so where the tests do, the server runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

EMPTIED = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()",
    "DROP SCHEMA public CASCADE",
    "CREATE SCHEMA public",
)
HABITS = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=200"


@dataclass(slots=True, kw_only=True)
class PostgresServer:
    """Starts and stops as often as wanted; its data stay."""

    folder: Path
    programs: Path
    user: str | None
    databases: int = 0
    free: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Return when it takes connections."""
        options = f"{HABITS} -c unix_socket_directories='{self.folder}'"
        self._run("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` drops everything as a crash does."""
        self._run("pg_ctl", "-D", self.data, "-w", "-m", mode, "stop")

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def fresh_url(self) -> str:
        """The URL of an empty database."""
        if self.free:
            return self._url(self.free.pop())
        self.databases += 1
        name = f"test{self.databases}"
        self._run("createdb", "-h", self.folder, "-U", "tunesmith", "-T", "template0", name)
        return self._url(name)

    def take_back(self, url: str) -> None:
        """Nobody needs this database any more: empty it, and give it to the next one. A thousand files a database, made
        and removed for every test, take longer than the tests.
        """
        name = url.removeprefix("postgresql://tunesmith@/").split("?")[0]
        orders = [word for order in EMPTIED for word in ("-c", order)]
        self._run("psql", "-q", "-h", self.folder, "-U", "tunesmith", "-v", "ON_ERROR_STOP=1", *orders, name)
        self.free.append(name)

    def _url(self, name: str) -> str:
        return f"postgresql://tunesmith@/{name}?host={self.folder}"

    def make(self) -> None:
        """Make the data folder."""
        if self.user is not None:
            owner = pwd.getpwnam(self.user)
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
        self._run("initdb", "-D", self.data, "-U", "tunesmith", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")

    def _run(self, program: str, *words: object) -> None:
        become = [] if self.user is None else ["setpriv", f"--reuid={self.user}", "--clear-groups"]
        command = [*become, str(self.programs / program), *map(str, words)]
        # A file, for the server keeps what it inherits open and a pipe would never end.
        with tempfile.TemporaryFile() as said:
            done = subprocess.run(command, stdout=said, stderr=said, timeout=60, check=False, cwd=self.folder)
            said.seek(0)
            assert done.returncode == 0, said.read().decode()


@contextmanager
def running_server() -> Iterator[PostgresServer]:
    """A started server; skips the test, with the reason, where there can be none."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed here; `sudo apt-get install postgresql` brings it")
    user = _lesser_user()
    # Not pytest's own folder: the other user could not reach it, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="tunesmith-pg-", dir="/tmp"))
    server = PostgresServer(folder=folder, programs=programs, user=user)
    try:
        server.make()
        server.start()
        yield server
    finally:
        if (server.data / "postmaster.pid").exists():
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path | None:
    """The folder of the newest `initdb`; distributions keep it off the PATH."""
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *Path("/usr").glob("pgsql-*/bin/initdb")]
    if found:
        return max(found, key=lambda path: float(path.parents[1].name.removeprefix("pgsql-"))).parent
    on_path = shutil.which("initdb")
    return None if on_path is None else Path(on_path).resolve().parent


def _lesser_user() -> str | None:
    """Whom the server runs as: None for ourselves."""
    if os.geteuid() != 0:
        return None
    if shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and setpriv, which would make it another user's, is missing")
    known = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in known)
