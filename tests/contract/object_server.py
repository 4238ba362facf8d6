"""A real S3 server for tests: moto's, in its own process on a free port of this machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from engine.store import FilesPlace

BUCKET = "tunesmith-test"  # as in `bucket_server`, which the tests' own process does not load: it brings moto
ROOT = Path(__file__).parents[2]
START_S = 30


@dataclass(slots=True)
class ObjectServer:
    """Starts and stops as often as wanted; what it held is gone then."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def place(self, prefix: str) -> FilesPlace:
        return FilesPlace(url=f"s3://{BUCKET}/{prefix}", endpoint=self.endpoint, key="a-key", secret="a-secret")

    def start(self) -> None:
        """Return when it answers. It never answers without its bucket: that would be another fault than being away."""
        program = [sys.executable, "-m", "tests.contract.bucket_server", str(self.port)]
        self.process = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + START_S
        while True:
            try:
                connection = HTTPConnection("127.0.0.1", self.port, timeout=START_S)
                connection.request("HEAD", f"/{BUCKET}")
                assert connection.getresponse().status == 200
                connection.close()
                return
            except OSError:
                assert self.process.poll() is None, "the S3 server died"
                assert time.monotonic() < until, "the S3 server does not answer"
                time.sleep(0.05)

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_objects() -> Iterator[ObjectServer]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    server = ObjectServer(port)
    try:
        server.start()
        yield server
    finally:
        server.stop()
