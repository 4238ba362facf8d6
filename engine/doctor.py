"""Is this machine able to make songs? Each part is tried, not only looked for.

In: settings. Out: `Check`s in the order in which a song needs them. Conventions: a check never raises; what is wrong is
its detail, with the way to mend it. Caveat: trying the networks and the text encoder loads torch, which takes seconds,
opening a database that is there brings its schema up to date, and a cluster that is away is waited for.
"""

from __future__ import annotations

import asyncio
import platform
import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from engine.errors import SetupError, TunesmithError, WorkerLost
from engine.jobs.switchboard import Size, Switchboard
from engine.music.styles import STYLES_DIR, style_names
from engine.operations.port import port_state
from engine.settings import Settings
from engine.store import Store, open_files, place_of

NEEDED_DISK_MB = 500
MAKE_SETUP = "`make setup` installs it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One part of the machine: whether it works, and what was found or how to mend it."""

    name: str
    ok: bool
    detail: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return asdict(self)


def examine(settings: Settings, *, styles_dir: Path = STYLES_DIR) -> Iterator[Check]:
    """Try everything, one check after the other."""
    yield _tried("FluidSynth", _fluidsynth)
    yield _tried("soundfont", lambda: _soundfont(settings))
    yield _tried("text encoder", _encoder)
    yield _tried("device", lambda: _device(settings))
    for style in style_names():
        yield _tried(f"checkpoint {style}", partial(_checkpoint, styles_dir / style))
    yield _tried("copy index", lambda: _copy_index(styles_dir))
    yield _tried("data folder", lambda: _data_folder(settings))
    yield _tried("disk", lambda: _disk(settings))
    yield _tried("database", lambda: _database(settings))
    if settings.files is not None:
        yield _tried("files", lambda: _files(settings))
    if settings.cluster is not None:
        yield _tried("cluster", partial(_cluster, settings.cluster))
    if settings.operations_port is not None:
        yield _tried("operations", partial(port_state, settings.operations_host, settings.operations_port))


def _tried(name: str, work: Callable[[], str]) -> Check:
    """Do the work; its words are the detail, and so is what it raises."""
    try:
        return Check(name=name, ok=True, detail=work())
    except TunesmithError as error:
        return Check(name=name, ok=False, detail=str(error))
    except ImportError as error:
        return Check(name=name, ok=False, detail=f"The package {error.name or error} is missing; {MAKE_SETUP}.")
    except OSError as error:
        return Check(name=name, ok=False, detail=f"{error.strerror or error}: {error.filename}")


def _fluidsynth() -> str:
    from engine.compose.render import find_fluidsynth  # noqa: PLC0415 (its packages may be what is missing)

    return find_fluidsynth()


def _soundfont(settings: Settings) -> str:
    from engine.compose.render import Synth, find_soundfont  # noqa: PLC0415 (its packages may be what is missing)

    path = find_soundfont(settings.soundfont)
    Synth(path).close()
    return f"{path} ({path.stat().st_size / 2**20:.0f} MB)"


def _encoder() -> str:
    from engine.text.encoder import TextEncoder  # noqa: PLC0415 (loads torch)

    width = TextEncoder.load().embed(["chill lofi"]).shape[1]
    return f"all-MiniLM-L6-v2, {width} numbers a prompt"


def _device(settings: Settings) -> str:
    from engine.model.device import pick_device  # noqa: PLC0415 (loads torch)

    return f"{pick_device(settings.device)} (asked for: {settings.device}), Python {platform.python_version()}"


def _checkpoint(folder: Path) -> str:
    from engine.model.checkpoint import latest_version, load_checkpoint  # noqa: PLC0415 (loads torch)
    from engine.music.context import vocabulary_hash  # noqa: PLC0415

    path = latest_version(folder)
    if path is None:
        raise SetupError(
            f"There is no checkpoint in {folder}; restore it from the repository, or `make train` makes it."
        )
    checkpoint = load_checkpoint(path, vocabulary=vocabulary_hash())
    return f"{path.stem}, sha256 {checkpoint.sha256[:12]}…, {path.stat().st_size / 2**20:.1f} MB"


def _copy_index(folder: Path) -> str:
    from engine.metrics.copyindex import FILE, load_index  # noqa: PLC0415 (its packages may be what is missing)

    if not (folder / FILE).exists():
        return "none, so songs are not checked for copying; `tunesmith originality` makes one"
    windows = load_index(folder / FILE)
    return f"{len(windows.names)} pieces, {(folder / FILE).stat().st_size / 2**20:.1f} MB"


def _data_folder(settings: Settings) -> str:
    folder = _nearest(settings.data_dir)
    trial = folder / f".tunesmith-{secrets.token_hex(6)}"
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        raise SetupError(
            f"The folder {folder} cannot be written ({error.strerror}); make it writable, or name another one in"
            " TUNESMITH_DATA_DIR."
        ) from error
    return str(settings.data_dir) if folder == settings.data_dir else f"{settings.data_dir} (made on first use)"


def _disk(settings: Settings) -> str:
    folder = _nearest(settings.data_dir)
    free_mb = shutil.disk_usage(folder).free // 2**20
    if free_mb < NEEDED_DISK_MB:
        raise SetupError(f"Only {free_mb} MB are free at {folder}; {NEEDED_DISK_MB} MB would work, so make room.")
    return f"{free_mb / 1024:.1f} GB free"


def _database(settings: Settings) -> str:
    if settings.database_url is None and not (settings.data_dir / "tunesmith.db").exists():
        return "SQLite, made on first use"

    async def open_and_close() -> None:
        await (await Store.open(settings.resolved_database_url, settings.data_dir)).close()

    asyncio.run(open_and_close())
    return f"{settings.resolved_database_url.partition(':')[0]}, opens"


def _files(settings: Settings) -> str:
    return asyncio.run(open_files(place_of(settings), settings.data_dir).check()) + ", writes and reads"


def _cluster(address: str) -> str:
    sizes: list[Size] = []

    async def reach_and_leave() -> None:
        board = Switchboard(address, "CRITICAL", sizes.append)
        try:
            await board.ready()
        finally:
            await board.close()

    try:
        asyncio.run(reach_and_leave())
    except WorkerLost as error:
        raise SetupError(f"{error} Start it, or name another one in TUNESMITH_CLUSTER.") from error
    return f"{address}; machines: {sizes[0].nodes}, cores: {sizes[0].cpus}, GPUs: {sizes[0].gpus}"


def _nearest(folder: Path) -> Path:
    """The folder itself, or its closest parent that exists."""
    return next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
