"""An upload received: probed, decoded, measured, ready to be transcribed.

In: a path or bytes, the name that it came with, limits. Out: an `Upload`, whose files lie in a folder of its own
until it is closed. Raises `BadUpload`, one sentence for whoever uploaded it. Conventions: nothing of the file is
parsed in this process; it is counted and hashed here, everything else is the guarded child's. Caveat: blocks for as
long as the child works (a 3-minute mp3: about a second), so an event loop calls it in a worker.

    with receive(path, "song.mp3") as upload:
        upload.samples(MONO_22K)    # [N] float32 at 22,050 Hz, what Basic Pitch reads
        upload.samples(MONO_44K)    # [N] float32 at 44,100 Hz

Both forms are made unless others are asked for: `receive(…, forms=(STEREO_44K,))` gives `[2, N]`. A form costs 5 MB a
minute at 22,050 Hz mono and 21 MB at 44,100 Hz stereo on disk; samples are memory-mapped, so they cost memory only
where they are read. MIDI and MusicXML have no samples; `upload.notes()` gives their `MidiFile`.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from engine.learn.uploads.faults import BadUpload, Fault, Faulty
from engine.learn.uploads.fingerprint import Fingerprint
from engine.learn.uploads.folders import WorkingFolder
from engine.learn.uploads.guard import ask
from engine.learn.uploads.limits import MEBIBYTE, MONO_22K, MONO_44K, Form, Limits
from engine.learn.uploads.order import FINGERPRINT, SCORE, UPLOAD, Order
from engine.learn.uploads.sniff import Container, promised
from engine.learn.uploads.written import midi_from_json
from engine.music.midi.file import MidiFile

Kind = Literal["audio", "midi", "score"]

FORMS = (MONO_22K, MONO_44K)
CHUNK = 1 << 20
KINDS: dict[Container, Kind] = {Container.MIDI: "midi", Container.MUSICXML: "score", Container.MXL: "score"}
CALLED = {
    Container.MP3: "an mp3", Container.AAC: "an AAC file", Container.OGG: "an Ogg file", Container.WAV: "a wav file",
    Container.FLAC: "a FLAC file", Container.M4A: "an m4a", Container.MIDI: "a MIDI file",
    Container.MUSICXML: "a MusicXML file", Container.MXL: "a compressed MusicXML file",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """What a file says of itself. `seconds` is None where it says nothing, and true only for `midi` and `score`."""

    name: str
    kind: Kind
    container: str
    codec: str
    size_bytes: int
    seconds: float | None
    rate_hz: int = 0
    channels: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was taken. `seconds` are counted, not claimed; `rate_hz` and `channels` are the file's own (0 for
    notes), `peak` and `rms` its level before it was turned down to full scale; `notices` are sentences for the
    uploader. Closing it removes its files.
    """

    name: str
    kind: Kind
    container: str
    codec: str
    size_bytes: int
    sha256: str
    seconds: float
    rate_hz: int
    channels: int
    peak: float
    rms: float
    fingerprint: Fingerprint = field(repr=False)
    notices: tuple[str, ...]
    forms: tuple[Form, ...]
    folder: Path
    _working: WorkingFolder = field(repr=False, compare=False)

    def samples(self, form: Form = MONO_22K) -> npt.NDArray[np.float32]:
        """`[N]` float32 for a mono form, `[2, N]` for a stereo one, within ±1, read from disk as it is used.

        Raises `KeyError` for a form that was not asked for.
        """
        if form not in self.forms:
            raise KeyError(f"{form} was not made; there are {', '.join(map(str, self.forms)) or 'none'}")
        samples: npt.NDArray[np.float32] = np.load(self.sound_path(form), mmap_mode="r", allow_pickle=False)
        return samples if form.channels == 1 else samples.T

    def sound_path(self, form: Form = MONO_22K) -> Path:
        """The `.npy` file of a form: `[N]` float32, or `[N, 2]` for stereo."""
        return self.folder / form.file_name

    def notes(self) -> MidiFile:
        """The notes of a MIDI or MusicXML upload. Raises `KeyError` for sound, which must be transcribed."""
        if self.kind == "audio":
            raise KeyError("sound has no notes before it is transcribed")
        return midi_from_json(json.loads((self.folder / SCORE).read_bytes()))

    def close(self) -> None:
        """Remove all files."""
        self._working.close()

    def __enter__(self) -> Upload:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def receive(
    source: Path | bytes,
    name: str,
    limits: Limits | None = None,
    *,
    forms: Sequence[Form] = FORMS,
    inside: Path | None = None,
) -> Upload:
    """Take a file. `inside`: where its folder is made (the system's folder for temporary files). Raises `BadUpload`."""
    limits = limits or Limits()
    working = WorkingFolder(inside or Path(tempfile.gettempdir()))
    try:
        order = Order(task="receive", limits=limits, forms=tuple(forms), parent=os.getpid())
        return _upload(name, _asked(order, source, name, working), order.forms, working)
    except BaseException:
        working.close()
        raise


def probe(source: Path | bytes, name: str, limits: Limits | None = None, *, inside: Path | None = None) -> Probe:
    """What a file says of itself, in a tenth of a second; nothing is decoded. Raises `BadUpload`."""
    working = WorkingFolder(inside or Path(tempfile.gettempdir()))
    try:
        order = Order(task="probe", limits=limits or Limits(), forms=(), parent=os.getpid())
        answer = _asked(order, source, name, working)
    finally:
        working.close()
    facts, container = answer.facts, Container(answer.facts["container"])
    return Probe(
        name=name, kind=KINDS.get(container, "audio"), container=container.value, codec=facts["codec"],
        size_bytes=answer.size_bytes,
        seconds=facts["seconds"], rate_hz=facts.get("rate_hz", 0), channels=facts.get("channels", 0),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What was counted here, and what the child said."""

    size_bytes: int
    sha256: str
    facts: dict[str, Any]


def _asked(order: Order, source: Path | bytes, name: str, working: WorkingFolder) -> _Answer:
    """Have the child look at a file."""
    try:
        path = working.path / UPLOAD if isinstance(source, bytes) else source
        if isinstance(source, bytes):
            _check_size(len(source), order.limits)
            path.write_bytes(source)
        upload = _opened(path)
        try:
            size = os.fstat(upload).st_size
            _check_size(size, order.limits)
            return _Answer(size_bytes=size, sha256=_sha256(upload), facts=ask(order, upload, working.path))
        finally:
            os.close(upload)
    except Faulty as fault:
        raise BadUpload(fault.fault, name, fault.text) from None


def _opened(path: Path) -> int:
    try:
        upload = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Faulty(Fault.NOT_MUSIC, f"cannot be opened ({error.strerror or error})") from None
    if not stat.S_ISREG(os.fstat(upload).st_mode):
        os.close(upload)
        raise Faulty(Fault.NOT_MUSIC, "is a folder or a device; a file would work")
    return upload


def _check_size(size: int, limits: Limits) -> None:
    if size == 0:
        raise Faulty(Fault.EMPTY, "is empty (0 bytes); upload it once more")
    if size > limits.max_bytes:
        raise Faulty(
            Fault.TOO_LARGE,
            f"has {size / MEBIBYTE:.1f} MiB; at most {limits.max_bytes / MEBIBYTE:g} MiB would work",
        )


def _sha256(upload: int) -> str:
    digest, at = hashlib.sha256(), 0
    while part := os.pread(upload, CHUNK, at):
        digest.update(part)
        at += len(part)
    return digest.hexdigest()


def _upload(name: str, answer: _Answer, forms: tuple[Form, ...], working: WorkingFolder) -> Upload:
    facts, container = answer.facts, Container(answer.facts["container"])
    kind = KINDS.get(container, "audio")
    wanted = promised(name)
    notices = list(facts.get("notices", ()))
    if wanted is not None and container not in wanted:
        notices.insert(0, f"Its name ends in .{name.rpartition('.')[2].lower()}, but it is {CALLED[container]}.")
    return Upload(
        name=name, kind=kind, container=container.value, codec=facts["codec"], size_bytes=answer.size_bytes,
        sha256=answer.sha256,
        seconds=facts["seconds"], rate_hz=facts.get("rate_hz", 0), channels=facts.get("channels", 0),
        peak=facts.get("peak", 0.0), rms=facts.get("rms", 0.0), notices=tuple(notices),
        fingerprint=Fingerprint.from_bytes((working.path / FINGERPRINT).read_bytes()),
        forms=forms if kind == "audio" else (), folder=working.path, _working=working,
    )  # fmt: skip
