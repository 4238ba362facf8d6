"""What was taught, as files and rows together: shown again, and removed wherever it lies.

In: ids of uploads and models. Out: a `Lesson`, a `Training`; or a clean house. Conventions: rows change first, so that
nobody begins to use what is about to go; `sweep` removes whatever rows say is not there, so that a process that dies in
between leaves nothing for long. Caveat: copies that other machines brought from an object store go when they trim.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from engine.dispatch.lesson import Lesson, Training
from engine.dispatch.patience import patiently
from engine.errors import NotFound
from engine.jobs.courtesy import TRAININGS
from engine.learn.report import LessonReport
from engine.store import Store
from engine.store.teaching_records import THERE

PICTURE, PREVIEW = "picture.png", "preview.mp3"
NOT_YET = "The upload {!r} is not understood yet, or was forgotten."


class Desk:
    """Over one store. `data_dir`: where trainings of this machine keep how far they are."""

    def __init__(self, store: Store, data_dir: Path) -> None:
        self._store = store
        self._trainings = data_dir.absolute() / TRAININGS

    async def lesson(self, upload_id: str) -> Lesson:
        """What was understood of an upload. Raises `NotFound`, `StoreError`."""
        upload = await self._store.teaching.upload(upload_id)
        if upload.report is None or upload.state not in THERE:
            raise NotFound(NOT_YET.format(upload_id[:40]))
        folder = await self._store.space("uploads").bring(upload_id)
        picture, preview = folder / PICTURE, folder / PREVIEW
        if not await asyncio.to_thread(lambda: picture.is_file() and preview.is_file()):
            raise NotFound(NOT_YET.format(upload_id[:40]))
        return Lesson(upload=upload, report=LessonReport.from_json(upload.report), picture=picture, preview=preview)

    async def training(self, model_id: str) -> Training:
        """What came of a training. Raises `NotFound`, `StoreError`."""
        model = await self._store.teaching.model(model_id)
        return Training(model=model, is_live=model.state == "live")

    async def clear_upload(self, upload_id: str) -> None:
        """Remove the upload's files, half-made ones too."""
        await asyncio.to_thread(self._store.scratch.remove, upload_id)
        await patiently(lambda: self._store.space("uploads").remove(upload_id))

    async def clear_models(self, model_ids: Iterable[str]) -> None:
        """Remove models' files, and how far their trainings were."""
        for model_id in model_ids:
            await self.clear_training(model_id)
            await patiently(partial(self._store.space("models").remove, model_id))

    async def clear_training(self, model_id: str) -> None:
        """Remove how far a training was on this machine."""
        await asyncio.to_thread(shutil.rmtree, self._trainings / model_id, ignore_errors=True)

    async def sweep(self) -> None:
        """Remove all files of what was refused, forgotten or retired. Raises `StoreError`."""
        kept = await self._store.space("uploads").songs()
        made = set(await self._store.space("models").songs())
        begun = await asyncio.to_thread(lambda: {path.name for path in self._trainings.glob("*") if path.is_dir()})
        uploads, models = await self._store.teaching.with_files()  # asked last: rows are written before files
        for upload_id in kept:
            if upload_id not in uploads:
                await self.clear_upload(upload_id)
        await self.clear_models((made | begun) - models)
