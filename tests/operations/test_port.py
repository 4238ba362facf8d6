"""`tunesmith doctor` says whether the private port can be had."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from engine.doctor import examine
from engine.errors import SetupError
from engine.operations import Operations
from engine.operations.port import port_state
from engine.settings import Settings


@pytest.fixture
def taken() -> Iterator[int]:
    """A port where somebody listens and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def test_a_free_port_is_free_and_stays_so() -> None:
    port = free_port()
    assert port_state("127.0.0.1", port) == f"127.0.0.1:{port} is free"
    assert port_state("127.0.0.1", port) == f"127.0.0.1:{port} is free"


def test_a_port_that_another_program_has_is_told_with_the_settings_that_help(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.operations.port.ASK_S", 0.2)
    with pytest.raises(SetupError, match=rf":{taken} .*TUNESMITH_OPERATIONS_PORT would work\.$"):
        port_state("127.0.0.1", taken)


async def test_the_running_bots_own_port_is_all_right() -> None:
    operations = Operations()
    port = await operations.start("127.0.0.1", 0)
    state = await asyncio.to_thread(port_state, "127.0.0.1", port)
    await operations.stop()
    assert state == f"127.0.0.1:{port} is served by a bot that runs: recovering"


def test_an_address_of_another_machine_is_refused() -> None:
    with pytest.raises(SetupError, match="TUNESMITH_OPERATIONS_HOST"):
        port_state("192.0.2.1", 9464)


def test_the_doctor_looks_at_port_and_cluster_only_where_they_are_asked_for(
    taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.operations.port.ASK_S", 0.2)
    monkeypatch.setattr("engine.doctor.style_names", tuple)
    monkeypatch.setattr("engine.doctor._encoder", lambda: "not tried")
    plain = Settings(_env_file=None)  # type: ignore[call-arg]
    assert {"cluster", "operations"}.isdisjoint(check.name for check in examine(plain))
    asked = Settings(_env_file=None, operations_port=taken, cluster="ray://127.0.0.1:1")  # type: ignore[call-arg]
    monkeypatch.setattr("engine.jobs.switchboard.CONNECT_S", 0.5)
    checks = {check.name: check for check in examine(asked)}
    assert not checks["operations"].ok
    assert not checks["cluster"].ok
    assert "ray://127.0.0.1:1" in checks["cluster"].detail
    assert checks["cluster"].detail.endswith("TUNESMITH_CLUSTER.")
