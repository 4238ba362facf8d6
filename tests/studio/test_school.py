"""Lessons: what is taught is understood, refused, kept, approved, shown again; and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine import Origin, Settings
from engine.errors import BadRequest, NotFound
from tests.studio.small_school import ASKER, MARK, REPORT, kept, last_word, material, school, taught
from tests.studio.small_studio import asked, eventually, last_of, until, updates_of

STRANGER = Origin(person_id=9, guild_id=2)
ELSEWHERE = Origin(person_id=1, guild_id=7)
SHELL = Origin()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.read(data_dir=tmp_path / "data", database_url=None)


def changed(settings: Settings, **values: Any) -> Settings:
    return settings.model_copy(update=values)


def rows(settings: Settings, table: str = "uploads") -> list[dict[str, Any]]:
    """All rows of a table, read past the studio."""
    with closing(sqlite3.connect(settings.data_dir / "tunesmith.db")) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(f"SELECT * FROM {table} ORDER BY created_at, id")]  # noqa: S608


def files_of(settings: Settings, *spaces: str) -> list[str]:
    """What lies in the file store and the scratch folder."""
    data = settings.data_dir
    return sorted(path.name for space in (*spaces, "scratch") for path in (data / space).rglob("*") if path.is_file())


async def test_a_lesson_is_followed_from_its_receipt_to_what_was_understood(settings: Settings, tmp_path: Path) -> None:
    async with school(settings) as studio:
        words = f"waits for {tmp_path / 'gate'}"
        ticket = await studio.teaching.teach(material(words, name="My @everyone `tune`.txt"), origin=ASKER)
        assert (ticket.kind, ticket.guild_id, ticket.style, ticket.upload_id) == ("teach", 2, "jazz", ticket.job_id)
        assert (await until(studio, ticket.job_id, "learning")).lesson is None
        (tmp_path / "gate").touch()
        updates = await updates_of(studio, ticket.job_id)
        assert {update.phase for update in updates[:-1]} <= {"learning"}
        lesson = updates[-1].lesson
        assert lesson is not None
        assert lesson.report == replace(REPORT, notices=(words,))
        assert (lesson.upload.state, lesson.upload.name) == ("understood", "My everyone tune.txt")
        assert lesson.picture.read_text() == lesson.preview.read_text() == words
        assert (await studio._store.jobs.job(ticket.job_id)).state == "done"
    assert files_of(settings, "uploads") == sorted(
        ["original.txt", "piece.json", "report.json", "fingerprint.npz", "picture.png", "preview.mp3"]
    )


async def test_phases_are_told_as_the_worker_reaches_them(settings: Settings, tmp_path: Path) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material(f"waits for {tmp_path / 'gate'}"), origin=ASKER)
        async with asyncio.timeout(20):
            async for update in studio.watch(ticket.job_id):
                if update.detail == "received":
                    assert update.share == pytest.approx(0.1)
                    break
        (tmp_path / "gate").touch()
        assert (await last_word(studio, ticket)).phase == "ready"


async def test_a_lesson_that_is_over_is_told_to_whoever_watches_late(settings: Settings) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material("one"), origin=ASKER)
        await eventually(lambda: rows(settings, "jobs")[0]["state"] == "delivering")
        assert [pending.job_id for pending in await studio.teaching.pending()] == [ticket.job_id]
        assert (await last_word(studio, ticket)).lesson is not None
        assert await studio.teaching.pending() == ()
        assert (await last_of(studio, ticket.job_id)).lesson is not None, "and once more after it was delivered"
        assert await studio.pending() == (), "songs know nothing of it"


async def test_two_who_watch_one_lesson_both_hear_of_its_end(settings: Settings) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material("one"), origin=ASKER)
        for _ in range(2):  # the first one has not said yet that it was delivered
            assert (await until(studio, ticket.job_id, "ready")).lesson is not None
        assert await studio.delivered(ticket.job_id, reply_id=5)
        assert rows(settings, "jobs")[0]["reply_id"] == 5


async def test_a_file_that_is_no_use_is_refused_with_its_own_sentence_and_leaves_nothing(settings: Settings) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material("refuse me"), origin=ASKER)
        last = await last_word(studio, ticket)
        assert (last.phase, last.incident) == ("failed", None)
        assert last.sentence == "The file 'refuse.txt' has no steady beat; another one would work."
        assert rows(settings)[0]["state"] == "refused"
        assert rows(settings)[0]["refusal"] == last.sentence
        await eventually(lambda: files_of(settings, "uploads") == [])
        with pytest.raises(NotFound):
            await studio.teaching.keep(ticket.job_id, origin=ASKER)


async def test_the_same_music_in_other_bytes_is_recognised_by_the_worker(settings: Settings) -> None:
    async with school(settings) as studio:
        await taught(studio, "one tune")
        with pytest.raises(BadRequest, match=r"'one\.txt' was uploaded for jazz already"):
            await studio.teaching.teach(material("one tune"), origin=STRANGER)
        same = rows(settings)[0]["id"]
        store = studio._store
        (settings.data_dir / "uploads" / same / "fingerprint.npz").write_text("two tunes"[::-1])
        last = await last_word(studio, await studio.teaching.teach(material("two tunes"), origin=ASKER))
        assert last.sentence == "The file 'two.txt' is there already."
        assert await taught(studio, "two tunes", style="blues"), "another style has uploads of its own"
        assert await taught(studio, "two tunes", origin=ELSEWHERE), "and so has another server"
        assert len(await store.teaching.uploads(2)) == 2


async def test_what_breaks_gets_an_incident_and_the_upload_is_refused(settings: Settings) -> None:
    async with school(settings) as studio:
        last = await last_word(studio, await studio.teaching.teach(material("breaks"), origin=ASKER))
        assert last.phase == "failed"
        assert last.incident is not None
        assert last.sentence is not None
        assert MARK not in last.sentence
        assert "uploading it again may work" in last.sentence
        assert rows(settings)[0]["refusal"] == "Something broke on our side."
        await eventually(lambda: files_of(settings, "uploads") == [])


async def test_a_worker_that_dies_is_tried_again_and_given_up_in_the_end(settings: Settings, tmp_path: Path) -> None:
    async with school(changed(settings, most_attempts=2), processes=True) as studio:
        assert await taught(studio, f"dies once {tmp_path / 'died'}")
        ticket = await studio.teaching.teach(material("dies"), origin=ASKER)
        last = await last_word(studio, ticket)
        assert (last.phase, last.incident is None) == ("failed", False)
        assert await taught(studio, "one"), "the next file is understood all the same"
        await eventually(lambda: not (settings.data_dir / "uploads" / ticket.job_id).exists())


async def test_what_cannot_be_taken_is_refused_at_the_door(settings: Settings) -> None:
    few = changed(settings, upload_mb=0.0001, uploads_a_day=1)
    async with school(few) as studio:
        teach = studio.teaching.teach
        for values, sentence in (
            ({"licence": "all rights reserved"}, "The licence 'all rights reserved' is not known; own, public-domain"),
            ({"licence": "cc-by"}, "cc-by asks to name the author"),
            ({"licence": "cc-by", "credit": "x" * 201}, "The credit has 201 characters"),
            ({"style": "dubstep"}, "The style 'dubstep' is not known; ambient,"),
            ({"source": b"x" * 200}, r"has 0\.0 MiB; at most 0\.0001 MiB would work"),
            ({"source": Path("/nowhere/a.mp3")}, "cannot be read"),
            ({"source": "https://example.org/a.mp3"}, "does not lie on Discord"),
        ):
            with pytest.raises(BadRequest, match=sentence):
                await teach(material("one", **values), origin=ASKER)
        assert rows(few) == []
        await taught(studio, "one", licence="cc-by-sa", credit=" Ada ")
        with pytest.raises(BadRequest, match="You uploaded 1 file within a day"):
            await teach(material("two"), origin=ASKER)
        assert rows(few)[0]["credit"] == "Ada"
    assert "original.txt" in files_of(few, "uploads")
    assert list((few.data_dir / "scratch").iterdir()) == []


async def test_a_file_is_copied_not_taken_away(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "My Tune.TXT"
    path.write_text("one")
    async with school(settings) as studio:
        lesson = await taught(studio, "one", source=path, name=path.name)
        assert path.read_text() == "one"
        assert lesson.upload.guild_id == 2


async def test_only_its_uploader_decides_and_only_in_its_server(settings: Settings) -> None:
    async with school(settings) as studio:
        upload_id = (await taught(studio, "one")).upload.id
        with pytest.raises(BadRequest, match="uploaded by somebody else"):
            await studio.teaching.keep(upload_id, origin=STRANGER)
        with pytest.raises(BadRequest, match="uploaded by somebody else"):
            await studio.teaching.forget(upload_id, origin=STRANGER)
        for attempt in (
            studio.teaching.keep(upload_id, origin=ELSEWHERE),
            studio.teaching.approve(upload_id, origin=ELSEWHERE),
            studio.teaching.lesson(upload_id, origin=ELSEWHERE),
            studio.teaching.forget(upload_id, origin=ELSEWHERE, moderator=True),
        ):
            with pytest.raises(NotFound, match="There is no upload"):
                await attempt
        assert await studio.teaching.dataset(origin=ELSEWHERE) == ()
        record = await studio.teaching.keep(upload_id, origin=ASKER)
        assert (record.state, record.decided_by, record.split) == ("kept", 1, "train")
        assert await studio.teaching.keep(upload_id, origin=ASKER) == record
        assert await studio.teaching.dataset(origin=STRANGER, style="jazz") == (record,)
        assert await studio.teaching.dataset(origin=STRANGER, style="blues") == ()
        await studio.teaching.forget(upload_id, origin=STRANGER, moderator=True)
        assert await studio.teaching.dataset(origin=ASKER) == ()


async def test_where_moderators_approve_an_upload_awaits_one(settings: Settings) -> None:
    async with school(changed(settings, approve_uploads=True)) as studio:
        upload_id = (await taught(studio, "one")).upload.id
        assert (await studio.teaching.keep(upload_id, origin=ASKER)).state == "awaiting"
        assert (await studio.teaching.keep(upload_id, origin=ASKER)).state == "awaiting"
        with pytest.raises(BadRequest, match="Kept pieces of jazz: 0"):
            await studio.teaching.train("jazz", origin=ASKER)
        approved = await studio.teaching.approve(upload_id, origin=STRANGER)
        assert (approved.state, approved.decided_by) == ("kept", 9)
        shell = (await taught(studio, "two", origin=SHELL)).upload.id
        assert (await studio.teaching.keep(shell, origin=SHELL)).state == "kept", "nobody moderates a shell"


async def test_a_lesson_is_shown_again_when_a_button_is_pressed_late(settings: Settings) -> None:
    async with school(settings) as studio:
        lesson = await taught(studio, "one")
    async with school(settings) as studio:
        assert await studio.teaching.lesson(lesson.upload.id, origin=STRANGER) == lesson


async def test_a_cancelled_lesson_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material(f"waits for {tmp_path / 'gate'}"), origin=ASKER)
        await until(studio, ticket.job_id, "learning")
        waiting = await studio.teaching.teach(material("two"), origin=ASKER)
        assert not await studio.cancel(ticket.job_id, person_id=9)
        for job_id in (ticket.job_id, waiting.job_id):
            assert await studio.cancel(job_id, person_id=1)
            last = await last_of(studio, job_id)
            assert (last.phase, last.sentence) == ("cancelled", "The upload was cancelled.")
        (tmp_path / "gate").touch()
        await eventually(lambda: files_of(settings, "uploads") == [])
        assert {row["state"] for row in rows(settings)} == {"refused"}
        assert await taught(studio, "three")
        await asyncio.sleep(0.1)
        assert {row["state"] for row in rows(settings)[:2]} == {"refused"}
        assert not (settings.data_dir / "uploads" / ticket.job_id).exists(), "what its worker published late is gone"


async def test_lessons_go_on_after_a_restart_and_after_a_crash(settings: Settings, tmp_path: Path) -> None:
    async with school(settings) as studio:
        ticket = await studio.teaching.teach(material(f"waits for {tmp_path / 'gate'}"), origin=ASKER)
        await until(studio, ticket.job_id, "learning")
    assert rows(settings, "jobs")[0]["state"] == "queued"
    assert rows(settings, "jobs")[0]["attempts"] == 0, "a stop is no try"
    (tmp_path / "gate").touch()
    with closing(sqlite3.connect(settings.data_dir / "tunesmith.db")) as connection:  # as a killed process leaves it
        owner = f"{(settings.data_dir / 'studios' / '0').read_text().strip()}+school"
        connection.execute(
            "UPDATE jobs SET state = 'composing', attempts = 1, lease_owner = ?, lease_until = '2999-01-01'", (owner,)
        )
        connection.commit()
    async with school(settings) as studio:
        assert [pending.job_id for pending in await studio.teaching.pending()] == [ticket.job_id]
        assert (await last_word(studio, ticket)).lesson is not None


async def test_songs_are_made_while_lessons_wait_and_know_nothing_of_them(settings: Settings, tmp_path: Path) -> None:
    async with school(settings) as studio:
        lessons = [
            await studio.teaching.teach(material(f"waits for {tmp_path / 'gate'} {number}"), origin=ASKER)
            for number in range(4)
        ]
        await until(studio, lessons[0].job_id, "learning")
        song = await asked(studio, "chill lofi")
        assert (await last_of(studio, song.job_id)).phase == "ready"
        assert studio.state().queue == {"queued": 0, "composing": 0, "rendering": 0, "delivering": 0}
        assert await studio.cancel_all(1) == 0, "cancelling one's songs leaves one's lessons alone"
        async with asyncio.timeout(10):
            async for update in studio.watch(lessons[3].job_id):
                assert (update.phase, update.ahead) == ("queued", 1)
                break
        (tmp_path / "gate").touch()
        for lesson in lessons:
            assert (await last_word(studio, lesson)).phase == "ready"


async def test_an_upload_whose_process_died_before_its_job_was_written_goes(settings: Settings) -> None:
    async with school(settings) as studio:
        upload_id = (await taught(studio, "one")).upload.id
    with closing(sqlite3.connect(settings.data_dir / "tunesmith.db")) as connection:
        connection.execute("UPDATE uploads SET state = 'received', created_at = '2020-01-01 00:00:00'")
        connection.execute("DELETE FROM jobs")
        connection.commit()
    (settings.data_dir / "models" / "unknown1").mkdir(parents=True)
    (settings.data_dir / "models" / "unknown1" / "v1.safetensors").touch()
    (settings.data_dir / "trainings" / "unknown2").mkdir(parents=True)
    async with school(settings):
        await eventually(lambda: rows(settings)[0]["state"] == "refused")
        await eventually(lambda: not (settings.data_dir / "uploads" / upload_id).exists())
        for path in ("models/unknown1", "trainings/unknown2"):
            await eventually(lambda path=path: not (settings.data_dir / path).exists())


async def test_what_was_kept_is_derived_anew_from_its_original(settings: Settings) -> None:
    async with school(settings) as studio:
        upload_id = await kept(studio, "one")
        (settings.data_dir / "uploads" / upload_id / "piece.json").write_text("as an older version wrote it")
        ticket = await studio.teaching.understand_anew(upload_id, origin=ASKER)
        assert ticket.job_id != upload_id
        lesson = (await last_word(studio, ticket)).lesson
        assert lesson is not None
        assert (lesson.upload.state, lesson.preview.read_text()) == ("kept", "one")


async def test_a_closing_studio_takes_no_lesson(settings: Settings) -> None:
    async with school(settings) as studio:
        await studio.drain(grace_s=0)
        with pytest.raises(Exception, match="is being restarted"):
            await studio.teaching.teach(material("one"), origin=ASKER)
        assert rows(settings) == []
