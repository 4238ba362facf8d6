"""m4a files (ISO base media, QuickTime) laid bare: what tracks they hold, whether they are locked, where they end.

In: the upload's bytes. Out: `Bare`: the same file with its tags and covers renamed to free space, so that no offset
moves. Raises `Faulty` for locked, cut, packed or referring files and for video. Source: ISO/IEC 14496-12 and -14;
Apple's QuickTime File Format for `dref`, `cmov`. Conventions: boxes are walked to `DEEPEST` and counted. Caveat:
fragmented files say nothing of their length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine.learn.uploads.faults import AUDIO_HELP, Fault, Faulty
from engine.learn.uploads.plain import Bare
from engine.learn.uploads.splice import Bytes, blanked

PARENTS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"dinf", b"stbl", b"edts"})
NEEDLESS = frozenset({b"udta", b"meta", b"uuid"})
LOCKS = frozenset({b"drms", b"enca", b"encv", b"drmi", b"p608"})
CODECS = {b"mp4a": "aac", b"alac": "alac", b".mp3": "mp3"}
PICTURE_CODECS = frozenset({b"jpeg", b"png ", b"mjpa", b"mjpb", b"tx3g", b"text"})
DEEPEST, MOST_BOXES = 8, 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """`kind` at `start`, its content from `body` to `end` (cut to the file), `whole`: none of it is missing."""

    kind: bytes
    start: int
    body: int
    end: int
    whole: bool


@dataclass(slots=True, kw_only=True)
class _Track:
    """What is known of the track that is being walked."""

    handler: bytes = b""
    codec: bytes = b""
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class _Found:
    """What the walk met."""

    tracks: list[_Track] = field(default_factory=list)
    changes: list[tuple[int, bytes]] = field(default_factory=list)
    kinds: set[bytes] = field(default_factory=set)
    fragmented: bool = False
    boxes: int = 0
    cut: bool = False


def bare_m4a(data: Bytes, start: int) -> Bare:
    """The file without tags, and the length that its sound's track claims."""
    found = _Found()
    _walk(data, start, len(data), 0, found)
    if b"moov" not in found.kinds:
        raise Faulty(Fault.TRUNCATED, "is cut off: the part that says where its sound lies is missing; upload it whole")
    if found.kinds & LOCKS or b"pssh" in found.kinds:
        raise Faulty(Fault.ENCRYPTED, f"is locked by copy protection and cannot be read; {AUDIO_HELP}, without a lock")
    if any(t.handler == b"vide" and t.codec not in PICTURE_CODECS for t in found.tracks):
        raise Faulty(Fault.VIDEO, f"is a video; {AUDIO_HELP}")
    sounds = [t for t in found.tracks if t.handler == b"soun"]
    if not sounds:
        raise Faulty(Fault.NO_AUDIO, f"holds no sound at all; {AUDIO_HELP}")
    if sounds[0].codec not in CODECS:
        name = sounds[0].codec.decode("ascii", "replace").strip()
        raise Faulty(Fault.UNSUPPORTED, f"holds sound of the kind {name!r}, which is not read here; {AUDIO_HELP}")
    if found.cut:
        raise Faulty(Fault.TRUNCATED, "is cut off: its header promises more than has come; upload it whole")
    claimed = None if found.fragmented else sounds[0].seconds or None
    return Bare(file=blanked(data, sorted(found.changes), start=0), claimed_s=claimed)


def _walk(data: Bytes, at: int, end: int, depth: int, found: _Found) -> None:
    for box in _boxes(data, at, end, found):
        found.kinds.add(box.kind)
        found.cut |= not box.whole
        if box.kind == b"trak":
            found.tracks.append(_Track())
        if box.kind == b"cmov":
            raise Faulty(Fault.BOMB, f"has a packed header, which is not unpacked here; {AUDIO_HELP}")
        if box.kind in (b"mvex", b"moof"):
            found.fragmented = True
        elif box.kind in NEEDLESS:
            found.changes.append((box.start + 4, b"free"))
        elif box.kind in PARENTS and depth < DEEPEST:
            _walk(data, box.body, box.end, depth + 1, found)
        elif found.tracks:
            _note(data, box, found, found.tracks[-1])


def _boxes(data: Bytes, at: int, end: int, found: _Found) -> Iterator[Box]:
    while at + 8 <= end:
        found.boxes += 1
        if found.boxes > MOST_BOXES:
            raise Faulty(Fault.DAMAGED, f"is damaged: its header has more than {MOST_BOXES} parts")
        size, kind, body = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8], at + 8
        if size == 1:
            size, body = int.from_bytes(data[body : body + 8], "big"), body + 8
        elif size == 0:
            size = end - at
        if size < body - at:
            raise Faulty(Fault.DAMAGED, "is damaged: a part of its header has an impossible length")
        yield Box(kind=kind, start=at, body=body, end=min(at + size, end), whole=at + size <= end)
        at += size


def _note(data: Bytes, box: Box, found: _Found, track: _Track) -> None:
    """Write down what a leaf says of its track."""
    body = data[box.body : min(box.end, box.body + 256)]
    if box.kind == b"hdlr":
        track.handler = track.handler or body[8:12]
    elif box.kind == b"mdhd" and len(body) >= 24:
        wide = body[0] == 1
        scale = int.from_bytes(body[20:24] if wide else body[12:16], "big")
        length = int.from_bytes(body[24:32] if wide else body[16:20], "big")
        if not scale:
            raise Faulty(Fault.DAMAGED, "is damaged: a part of its header counts time in units of no length")
        track.seconds = length / scale if length != (1 << (64 if wide else 32)) - 1 else 0.0
    elif box.kind == b"stsd":
        track.codec = body[12:16]
        found.kinds.add(track.codec)
    elif box.kind == b"dref":
        _check_references(data, box)


def _check_references(data: Bytes, box: Box) -> None:
    """Raise for sound that lies in another file: every entry must say that it means this one (flag 1)."""
    at = box.body + 8
    for _ in range(min(int.from_bytes(data[box.body + 4 : box.body + 8], "big"), 64)):
        entry = data[at : at + 12]
        if len(entry) < 12:
            return
        if not entry[11] & 1:
            raise Faulty(
                Fault.REFERENCE, f"only names other files, and those are never opened; {AUDIO_HELP}, complete in itself"
            )
        at += max(int.from_bytes(entry[:4], "big"), 12)
