"""A server's models, brought to this machine: what a job says of its server → the shelf that it is composed from.

In: a `Guild`, and the file store's space `models`. Out: a `Shelf`. Conventions: bringing waits for the store, so it
happens in threads (`brought`) before `shelf_of` is asked, which waits for nothing; a model's folder never changes, so
where it lies is remembered for the last `KEPT` of them. A model that cannot be used is left out (`condemned`), and the
next older one, else what is shipped, takes its place with a notice. Copies of models that the store has no more are
removed from this machine every `SWEEP_S` or so. Caveat: a folder that is taken away while a song is being made out of
it is that song's business: it is composed again without.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TypeVar

from engine.compose.guild import Guild, GuildModel, OwnStyle
from engine.errors import CheckpointError, NotFound, UnsoundModel
from engine.music.measured import load_measured, own_style
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import Style, Taught, load_style, style_names
from engine.store.files import FileStore
from engine.store.names import SONG_ID

T = TypeVar("T")
log = logging.getLogger(__name__)

KEPT = 256
"""So many models' folders are remembered, and so many that cannot be used."""
BRINGERS = 2
SWEEP_S = 600.0


class Library:
    """See the module's docstring. `files`: the space `models`."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._folders: OrderedDict[str, Path] = OrderedDict()
        self._unsound: OrderedDict[str, None] = OrderedDict()
        self._bringers = ThreadPoolExecutor(BRINGERS, thread_name_prefix="models")
        self._swept = monotonic()

    @property
    def failures(self) -> int:
        """Models that could not be used lately."""
        return len(self._unsound)

    def brought(self, guild: Guild) -> Future[None] | None:
        """Bring what a server's songs need; None where all is here. The future raises `StoreError`."""
        if guild.models and monotonic() > self._swept + SWEEP_S:
            self._swept = monotonic()
            self._bringers.submit(self.sweep)
        if not self._missing(guild):
            return None
        return self._bringers.submit(self._bring, guild)

    def bring(self, guild: Guild) -> None:
        """The same, for who has nothing else to do meanwhile. Raises `StoreError`."""
        if self._missing(guild):
            self._bring(guild)

    def shelf_of(self, guild: Guild) -> tuple[Guild, Shelf]:
        """The shelf of what is here and sound, and the server's facts without what is not."""
        while True:
            try:
                guild = self._usable(guild)
                return guild, self._shelf(guild)
            except UnsoundModel as error:
                if not self.condemned(error):
                    raise

    def condemned(self, error: UnsoundModel) -> bool:
        """Use this model no more. False where it names none, or one that is not used any more anyway."""
        if not error.model_id or error.model_id in self._unsound:
            return False
        log.error("A server's model cannot be used; another is. %s", error)
        _remember(self._unsound, error.model_id, None)
        return True

    def sweep(self) -> None:
        """Remove copies of models that were taken back. Raises `StoreError`."""
        known = next(reversed(self._folders.values()), None)
        if known is None or not known.parent.is_dir():
            return
        copies = [path for path in known.parent.iterdir() if SONG_ID.fullmatch(path.name)]
        there = asyncio.run(self._files.songs())  # later than the copies, so that what is published now stays
        for path in copies:
            if path.name not in there:
                shutil.rmtree(path, ignore_errors=True)

    def _usable(self, guild: Guild) -> Guild:
        """Without the models that are unsound or not here, as far as they come before one that is neither."""
        for known in guild.models.values():
            for model in known:
                if self._is_sound(model) and self._is_here(model):
                    break
                guild = guild.without(model.id)
        return guild

    def _missing(self, guild: Guild) -> bool:
        """Whether a model that would compose is not here."""
        firsts = (next(filter(self._is_sound, known), None) for known in guild.models.values())
        return any(model is not None and not self._is_here(model) for model in firsts)

    def _is_sound(self, model: GuildModel) -> bool:
        return model.id not in self._unsound

    def _is_here(self, model: GuildModel) -> bool:
        folder = self._folders.get(model.id)
        return folder is not None and folder.is_dir()

    def _bring(self, guild: Guild) -> None:
        """Of each style the newest model that there is."""
        for known in guild.models.values():
            for model in filter(self._is_sound, known):
                if self._is_here(model) or self._fetched(model):
                    break

    def _fetched(self, model: GuildModel) -> bool:
        """Whether the file store has the model; raises `StoreError`."""
        try:
            _remember(self._folders, model.id, asyncio.run(self._files.bring(model.id)))
        except NotFound:
            self._folders.pop(model.id, None)
            return False
        return True

    def _shelf(self, guild: Guild) -> Shelf:
        """Raises `UnsoundModel` for one whose measures are damaged."""
        if not guild:
            return SHIPPED
        shipped = style_names()
        known = [own for own in guild.styles if own.parent in shipped and own.name not in shipped]
        styles = {own.name: self._own(own, guild) for own in known}
        for name in guild.models:
            if name in shipped:
                styles[name] = replace(load_style(name), taught=self._taught(name, guild))
        for name, taste in guild.tastes.items():
            if name in styles or name in shipped:
                styles[name] = replace(styles[name] if name in styles else load_style(name), taste=taste)
        return Shelf(styles=styles, notices=guild.notices)

    def _own(self, own: OwnStyle, guild: Guild) -> Style:
        taught = self._taught(own.name, guild)
        try:
            measured = None if taught is None else load_measured(taught.folder)
        except CheckpointError as error:
            raise UnsoundModel(str(error), model_id=taught.model_id if taught else "") from error
        return own_style(own.name, load_style(own.parent), own.description, measured=measured, taught=taught)

    def _taught(self, style: str, guild: Guild) -> Taught | None:
        """The model that composes a style, if there is one."""
        model = next(iter(guild.models.get(style, ())), None)
        if model is None:
            return None
        return Taught(
            model_id=model.id,
            version=model.version,
            folder=self._folders[model.id],
            sha256=model.sha256,
            parent_sha256=model.parent_sha256,
            uploads=model.uploads,
            voted=model.voted,
        )


def _remember(known: OrderedDict[str, T], key: str, value: T) -> None:
    """Keep the newest `KEPT`."""
    known[key] = value
    while len(known) > KEPT:
        known.popitem(last=False)
