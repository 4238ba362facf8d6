"""`tunesmith teach` and `tunesmith forget`: files in, pieces of a style's dataset out; and out of it again.

In: a style, files, a licence; or ids of what was taught. Out: what was understood, on standard output. Conventions:
what is taught in a shell is kept at once, and belongs to the shell's own server unless another is named. Caveat:
lessons that wait in the same database are seen to as well, while the command runs.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from engine.cli.batch import print_json
from engine.cli.faults import complain
from engine.errors import EngineError, UserError
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.dispatch.school import School
    from engine.dispatch.teaching import Teaching
    from engine.dispatch.ticket import Update
    from engine.store import Origin, UploadRecord

Heard = Callable[["Update"], None]
WORDS = {None: "waiting", "received": "reading", "decoded": "listening", "transcribed": "drawing"}

StyleArgument = Annotated[str, typer.Argument(help="A style of `tunesmith styles`, or one of the server's own.")]
LicenceOption = Annotated[
    str, typer.Option(help="What allows it: own, public-domain, cc0, cc-by or cc-by-sa.", show_default=False)
]
CreditOption = Annotated[str, typer.Option(help="Whom cc-by and cc-by-sa ask to name.")]
ServerOption = Annotated[int | None, typer.Option(help="Id of the Discord server; the shell's own if left out.")]
TrainOption = Annotated[bool, typer.Option("--train", help="Train the style's next version afterwards.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Class:
    """Whoever teaches, and what sees to it."""

    teaching: Teaching
    school: School
    origin: Origin

    async def attend(self, job_id: str, heard: Heard) -> Update:
        """Wait for a lesson or a training. Raises what is told instead."""
        watch = await self.school.bulletin.begin(job_id)
        last: Update | None = None
        async for update in watch:
            heard(update)
            last = update
        self.school.bulletin.watchers.close(job_id, watch)
        if last is None or last.phase not in ("ready", "failed", "cancelled"):
            raise EngineError("The lesson was broken off; it goes on with the next one.")
        if last.phase == "ready":
            await self.school.delivered(job_id, reply_id=None)
            return last
        await self.school.store.jobs.told(job_id)
        if last.incident is None:
            raise UserError(last.sentence or "")
        reason = (await self.school.store.jobs.job(job_id)).error
        raise EngineError(f"{reason} (incident {last.incident})")


def teach(
    style: StyleArgument,
    files: Annotated[list[Path], typer.Argument(metavar="FILES…", help="Recordings, MIDI files, scores.")],
    *,
    licence: LicenceOption,
    credit: CreditOption = "",
    server: ServerOption = None,
    train: TrainOption = False,
    as_json: JsonOption = False,
) -> None:
    """Teach a style: files are understood and kept, and with --train it learns from them."""
    from engine.dispatch.lesson import Material

    materials = [
        Material(source=path, name=path.name, style=style, licence=licence, credit=credit)  # type: ignore[arg-type]
        for path in files
    ]
    raise typer.Exit(asyncio.run(_teach(materials, server, train=train, as_json=as_json)))


def forget(
    upload_ids: Annotated[list[str], typer.Argument(metavar="IDS…", help="What `tunesmith teach` called them.")],
    *,
    server: ServerOption = None,
) -> None:
    """Take pieces back: their files go, and every version of the style that learnt from them."""
    asyncio.run(_forget(upload_ids, server))


async def _teach(materials: list[Any], server: int | None, *, train: bool, as_json: bool) -> int:
    rows: list[dict[str, Any]] = []
    version: dict[str, Any] | None = None
    failed = 0
    async with _class(server) as room:
        for material in materials:
            try:
                with Bar(material.name) as heard:
                    rows.append(await _taught(room, material, heard))
                if not as_json:
                    _show(rows[-1])
            except UserError as error:
                failed += 1
                complain(error)
        if train:
            with Bar(materials[0].style) as heard:
                version = await _trained(room, materials[0].style, heard)
            if not as_json:
                typer.echo(_sentence(version))
    if as_json:
        print_json({"uploads": rows, "refused": failed, "training": version}, on_one_line=False)
    return 1 if failed else 0


async def _taught(room: Class, material: Any, heard: Heard) -> dict[str, Any]:
    ticket = await room.teaching.teach(material, origin=room.origin)
    lesson = (await room.attend(ticket.job_id, heard)).lesson
    assert lesson is not None
    kept = await room.teaching.keep(lesson.upload.id, origin=room.origin)
    return _row(kept) | {"picture": str(lesson.picture), "preview": str(lesson.preview)}


async def _trained(room: Class, style: str, heard: Heard) -> dict[str, Any]:
    ticket = await room.teaching.train(style, origin=room.origin)
    training = (await room.attend(ticket.job_id, heard)).training
    assert training is not None
    model = training.model
    return {
        "id": model.id,
        "style": model.style,
        "version": model.version,
        "live": training.is_live,
        "reason": model.reason,
        "metrics": model.metrics,
    }


async def _forget(upload_ids: list[str], server: int | None) -> None:
    async with _class(server) as room:
        for upload_id in upload_ids:
            done = await room.teaching.forget(upload_id, origin=room.origin, moderator=True)
            typer.echo(f"{upload_id} is forgotten.")
            for model in done.retired:
                typer.echo(f"  Version {model.version} of {model.style}, which had learnt from it, is retired.")
            if done.training is not None:
                with Bar(done.style) as heard:
                    last = await room.attend(done.training.job_id, heard)
                if last.training is not None:
                    typer.echo(f"  Version {last.training.model.version} is trained without it.")


@asynccontextmanager
async def _class(server: int | None) -> AsyncIterator[Class]:
    """A school without a composer."""
    from engine.dispatch.lanes import COMPOSE, config_of, lanes_of
    from engine.dispatch.owner import hold_name
    from engine.dispatch.school import School
    from engine.dispatch.teaching import Teaching
    from engine.jobs import LocalExecutor
    from engine.store import Origin, Store, place_of

    settings = Settings.read()
    owner = hold_name(settings.data_dir)
    store = await Store.open(settings.resolved_database_url, settings.data_dir, place_of(settings))
    lanes = [replace(lane, workers=1, nice=0) for lane in lanes_of(settings) if lane.name != COMPOSE]
    executor = LocalExecutor(lanes, config_of(settings))
    school = School(store, executor, settings, owner.name)
    try:
        await school.take_up()
        await executor.start()
        school.start()
        yield Class(teaching=Teaching(store, school, settings), school=school, origin=Origin(guild_id=server or None))
    finally:
        await school.stop(grace_s=0)
        await executor.close(grace_s=0)
        await store.close()
        owner.let_go()


class Bar:
    """On standard error, where that is a terminal; entered, it gives what to call with updates."""

    def __init__(self, name: str) -> None:
        console = Console(stderr=True)
        columns = (TextColumn("{task.fields[name]}", markup=False), TextColumn("{task.description:<10}"), BarColumn())
        self._bar = Progress(
            *columns, TimeElapsedColumn(), console=console, transient=True, disable=not console.is_terminal
        )
        self._task = self._bar.add_task("waiting", total=1.0, name=name)

    def __enter__(self) -> Heard:
        self._bar.start()
        return self._heard

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _heard(self, update: Update) -> None:
        words = WORDS.get(update.detail, update.detail or "working")
        self._bar.update(self._task, description=words, completed=update.share)


def _row(upload: UploadRecord) -> dict[str, Any]:
    return {
        "id": upload.id,
        "name": upload.name,
        "style": upload.style,
        "licence": upload.licence,
        "state": upload.state,
        "split": upload.split,
        "duration_s": upload.duration_s,
        "report": upload.report,
    }


def _show(row: dict[str, Any]) -> None:
    """What was understood of a file, and where it can be seen and heard."""
    report = row["report"]
    facts = (
        f"{report['tempo_bpm']:g} bpm", report["key"], report["meter"], f"{report['bars']} bars",
        ", ".join(report["roles"]),
    )  # fmt: skip
    lines = [row["name"], " · ".join(facts), *report["notices"]]
    lines += [f"{name:<8} {row[name]}" for name in ("id", "preview", "picture")]
    typer.echo("\n  ".join(lines))


def _sentence(version: dict[str, Any]) -> str:
    name = f"Version {version['version']} of {version['style']}"
    return f"{name} composes from now on." if version["live"] else f"{name} was refused: {version['reason']}"
