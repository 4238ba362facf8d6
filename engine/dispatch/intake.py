"""What is taught, at the door: refused by what it says of itself, else brought here, counted and hashed.

In: a `Material` and who hands it in. Out: a `NewUpload`, whose file lies in a scratch folder as `original.<ending>`.
Conventions: what can be refused is refused before anything is fetched; the name that is kept is one line that formats
and mentions nothing. Caveat: what the file holds is looked at by a worker, not here.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import shutil
from pathlib import Path

from engine.dispatch.lesson import Material
from engine.errors import BadRequest
from engine.learn.uploads.faults import shown_name
from engine.learn.uploads.limits import MEBIBYTE, Limits
from engine.music.styles import style_names
from engine.settings import Settings
from engine.store import HOME, LICENCES, NewUpload, Origin, Store
from engine.store.teaching_records import TO_CREDIT

CHUNK = 1 << 20
MOST_CREDIT = 200


class Intake:
    """Over one store."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store, self._settings = store, settings

    async def check(self, material: Material, guild_id: int) -> None:
        """Refuse what can be refused before anything is fetched."""
        if material.licence not in LICENCES:
            raise BadRequest(f"The licence {material.licence!r} is not known; {', '.join(LICENCES)} would work.")
        if material.licence in TO_CREDIT and not material.credit.strip():
            raise BadRequest(f"The licence {material.licence} asks to name the author; a credit would work.")
        if len(material.credit) > MOST_CREDIT:
            raise BadRequest(f"The credit has {len(material.credit)} characters; at most {MOST_CREDIT} would work.")
        await self.check_style(material.style, guild_id)

    async def check_style(self, style: str, guild_id: int) -> None:
        """Raise `BadRequest` for a style that is neither shipped nor the server's own."""
        if style in style_names():
            return
        own = [known.name for known in await self._store.teaching.styles(guild_id)]
        if style not in own:
            raise BadRequest(f"The style {style[:40]!r} is not known; {', '.join([*style_names(), *own])} would work.")

    async def receive(self, material: Material, folder: Path, upload_id: str, origin: Origin) -> NewUpload:
        """Bring the file into the scratch folder, counted and hashed."""
        ending = re.sub(r"[^a-z0-9]", "", Path(material.name).suffix.lower())[:8] or "bin"
        path = folder / f"original.{ending}"
        limits = Limits(max_bytes=round(self._settings.upload_mb * MEBIBYTE))
        if isinstance(material.source, str):
            from engine.learn.uploads.attachments import DISCORD, fetch  # noqa: PLC0415 (a shell needs none of it)

            await fetch(material.source, path, material.name, limits, origins=DISCORD | material.origins)
        else:
            await asyncio.to_thread(_copied, material.source, path, shown_name(material.name), limits.max_bytes)
        return NewUpload(
            id=upload_id,
            guild_id=guild_of(origin),
            style=material.style,
            person_id=origin.person_id,
            name=shown_name(material.name),
            licence=material.licence,
            credit=material.credit.strip(),
            sha256=await asyncio.to_thread(_sha256, path),
        )


def guild_of(origin: Origin) -> int:
    """The server that is taught."""
    return HOME if origin.guild_id is None else origin.guild_id


def _copied(source: Path | bytes, path: Path, name: str, most: int) -> None:
    """Put a file where it is taken from. Raises `BadRequest` for one that is too large or cannot be read."""
    try:
        size = len(source) if isinstance(source, bytes) else source.stat().st_size
        if size > most:
            raise BadRequest(
                f"The file {name!r} has {size / MEBIBYTE:.1f} MiB; at most {most / MEBIBYTE:.3g} MiB would work."
            )
        if isinstance(source, bytes):
            path.write_bytes(source)
        else:
            shutil.copyfile(source, path)
    except OSError as error:
        raise BadRequest(f"The file {name!r} cannot be read ({error.strerror or error}).") from error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while part := file.read(CHUNK):
            digest.update(part)
    return digest.hexdigest()
