"""A school on the stores that many machines share: PostgreSQL and S3, both real."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from engine.settings import Settings
from engine.store import open_files, place_of
from engine.store.database import open_database
from tests.contract.object_server import ObjectServer
from tests.contract.postgres import PostgresServer
from tests.studio.small_school import ASKER, MARK, kept, last_word, school, trained

SPACES = ("songs", "uploads", "models")


async def everything(settings: Settings, url: str) -> str:
    """All rows, all objects and all files of the data folder, as text."""
    texts = []
    for space in SPACES:
        files = open_files(place_of(settings), settings.data_dir, space)  # type: ignore[arg-type]
        for an_id in await files.songs():
            for file in await files.list(an_id):
                data = b"".join([part async for part in files.fetch(an_id, file.name)])
                texts.append(f"{space}/{an_id}/{file.name}: {data!r}")
    engine = await open_database(url)
    async with engine.connect() as connection:
        for table in await connection.run_sync(lambda c: sa.inspect(c).get_table_names()):
            texts += [repr(row) for row in await connection.execute(sa.text(f"SELECT * FROM {table}"))]  # noqa: S608
    await engine.dispose()
    texts += [f"{path}: {path.read_bytes()!r}" for path in settings.data_dir.rglob("*") if path.is_file()]
    return "\n".join(texts)


async def test_nothing_of_a_forgotten_piece_is_left_in_the_database_or_the_bucket(
    postgres: PostgresServer, objects: ObjectServer, tmp_path: Path
) -> None:
    place, url = objects.place("some/school"), postgres.fresh_url()
    settings = Settings.read(
        data_dir=tmp_path / "data", database_url=url, files=place.url, files_endpoint=place.endpoint,
        files_key=place.key, files_secret=place.secret,
    )  # fmt: skip
    async with school(settings) as studio:
        for words in ("one", "two", "three"):
            await kept(studio, words)
        secret = await kept(studio, f"{MARK} tune", name=f"{MARK}.txt", credit=f"{MARK} artist", licence="cc-by")
        model = await trained(studio)
        before = await everything(settings, url)
        assert f"models/{model.job_id}/" in before
        assert f"uploads/{secret}/original.txt" in before
        assert before.count(MARK) > 5
        done = await studio.teaching.forget(secret, origin=ASKER)
        after = await everything(settings, url)
        assert MARK not in after
        assert f"models/{model.job_id}/" not in after
        assert f"uploads/{secret}/" not in after
        assert done.training is not None
        assert (await last_word(studio, done.training)).phase == "ready"
        assert MARK not in await everything(settings, url)
