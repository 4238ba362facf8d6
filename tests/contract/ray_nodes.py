"""A real Ray cluster for the tests: a head that does no work, and nodes with two cores each, all on this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from unittest.mock import patch

IP = "127.0.0.2"
"""Ray takes 127.0.0.1 for the machine's own address; this one stays what it is."""
START_S = 120.0


class RayNodes:
    """`address`: for whoever is on this machine; `client`: for `ray://`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port, self._client_port = _free_ports(2)
        self._started: list[subprocess.Popen[bytes]] = []
        self.address = f"{IP}:{self._port}"
        self.client = f"ray://{IP}:{self._client_port}"

    def start(self) -> None:
        """The head, and a node."""
        self._ray(
            "--head",
            f"--port={self._port}",
            f"--ray-client-server-port={self._client_port}",
            "--num-cpus=0",
            "--include-dashboard=false",
            f"--temp-dir={self._folder}",
        )
        self.add_node()

    def add_node(self) -> None:
        """One more machine, so to speak."""
        self._ray(f"--address={self.address}", "--num-cpus=2")

    def raylets(self) -> list[int]:
        """The processes that nodes consist of in the end."""
        return [pid for pid in _processes(str(self._folder)) if _name(pid) == "raylet"]

    def die(self) -> None:
        """All machines lose their power. What their workers were called they are not called any more, but they end by
        themselves when their node is gone.
        """
        for process in self._started:
            process.kill()
        while running := _processes(str(self._folder)):
            for pid in running:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)
        for process in self._started:
            process.wait()

    def _ray(self, *arguments: str) -> None:
        environment = os.environ | {
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_health_check_initial_delay_ms": "500",
            "RAY_health_check_period_ms": "500",
            "RAY_health_check_failure_threshold": "4",
        }
        command = [str(Path(sys.executable).parent / "ray"), "start", "--block", f"--node-ip-address={IP}"]
        limits = ["--object-store-memory=80000000", "--disable-usage-stats"]
        log = self._folder / f"start{len(self._started)}.log"
        with log.open("wb") as file:
            self._started.append(
                subprocess.Popen([*command, *limits, *arguments], env=environment, stdout=file, stderr=file)
            )
        deadline = time.monotonic() + START_S
        while b"Ray runtime started" not in log.read_bytes():
            if time.monotonic() > deadline or self._started[-1].poll() is not None:
                raise RuntimeError(f"The Ray node did not start.\n{log.read_text(errors='replace')}")
            time.sleep(0.05)


@contextmanager
def running_nodes() -> Iterator[RayNodes]:
    """A head and a node for the time of the block."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))  # the paths of its sockets must be short
    nodes = RayNodes(folder)
    with patch.dict(os.environ, {"RAY_AUTH_MODE": "disabled"}):  # whatever token somebody keeps at home
        try:
            nodes.start()
            yield nodes
        finally:
            nodes.die()  # asked to stop, they take a minute
            shutil.rmtree(folder, ignore_errors=True)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind((IP, 0))
    ports: list[int] = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def _processes(word: str) -> list[int]:
    """Processes whose command line has this word."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            try:
                command = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if word.encode() in command:
                found.append(int(folder.name))
    return found


def _name(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()
