"""What contracts are held against: SQLite files and folders; a PostgreSQL, an S3 server and a Ray cluster, all real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from engine.store import Store
from tests.contract.object_server import ObjectServer, running_objects
from tests.contract.postgres import PostgresServer, running_server
from tests.contract.ray_nodes import RayNodes, running_nodes


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for all tests; each takes a database of its own."""
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def objects() -> Iterator[ObjectServer]:
    """One S3 server for all tests; each takes a prefix of its own."""
    with running_objects() as server:
        yield server


@pytest.fixture(scope="session")
def ray_nodes() -> Iterator[RayNodes]:
    """One cluster for all tests: a head that does no work, and a node."""
    with running_nodes() as nodes:
        yield nodes


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the parametrised kind."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        fresh = server.fresh_url()
        yield fresh
        server.take_back(fresh)
    else:
        yield f"sqlite+aiosqlite:///{tmp_path / 'a folder' / 'db.sqlite'}"


@pytest.fixture
async def store(url: str, tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(url, tmp_path)
    yield store
    await store.close()
