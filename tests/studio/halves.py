"""Songs made in two halves as two processes make them, for tests: requests, jobs and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.compose.drafting import Drafter
from engine.compose.generate import SongWriter
from engine.compose.library import Library
from engine.compose.pipeline import Composer
from engine.compose.recorder import Booth, Spaces
from engine.compose.request import ComposeRequest, Receipt, encode_midi
from engine.compose.resident import ComposingLane
from engine.jobs.job import Done, Failed, Json, Told
from engine.settings import Settings
from engine.store.files import FileStore
from engine.store.folders import FolderFiles
from engine.text.reader import Reader

OLD = "0ldsong"
"""The song that others build on."""
PLAIN = ComposeRequest(prompt="chill lofi for a rainy night", seconds=7, seed=11)
WISHES: dict[str, ComposeRequest] = {
    "plain": PLAIN,
    "meant": ComposeRequest(prompt="the last train home, tired but happy", seconds=6, seed=5, format="ogg"),
    "rules": ComposeRequest(prompt="folk", seconds=8, seed=3, engine="rules", format="flac"),
    "blend": ComposeRequest(prompt="rainy", style="jazz:0.7+lofi:0.3", seconds=6, seed=8, adventure=0.9),
    "loop": ComposeRequest(prompt="lofi", seconds=6, seed=9, format="wav", loop=True, stems=True, musicxml=True),
    "again": ComposeRequest(prompt="", again=OLD, seed=21, bpm=90),
    "keep": ComposeRequest(prompt="", again=OLD, seed=22, keep=("bass", "harmony")),
    "kept by rules": ComposeRequest(prompt="", again=OLD, seed=23, keep=("bass",), engine="rules"),
    "going on": ComposeRequest(prompt="jazz", seconds=8, seed=12, continuing="the old song's MIDI file"),
}


@dataclass(frozen=True)
class Before:
    """A finished song: its folder, its receipt, the text of its `.song.json`."""

    folder: Path
    receipt: Receipt
    entry: str


@dataclass(frozen=True)
class Here:
    """One process that does everything, and a song that it made."""

    composer: Composer
    old: Before


def wish(name: str, old: Before) -> ComposeRequest:
    request = WISHES[name]
    if request.continuing is not None:
        request = replace(request, continuing=encode_midi(Path(old.receipt.files["midi"]).read_bytes()))
    return request


def lane_of(settings: Settings, styles: Path, reader: Reader) -> ComposingLane:
    writer = SongWriter(device="cpu", styles_dir=styles, slots=settings.slots)
    drafter = Drafter(settings, reader=reader, writer=writer)
    drafter.warm_up()
    return ComposingLane(drafter, Library(FolderFiles(settings.data_dir, "models")))


def spaces_of(songs: FileStore, folder: Path) -> Spaces:
    """Songs are kept there, all else in a folder."""
    uploads, models = FolderFiles(folder, "uploads"), FolderFiles(folder, "models")
    return Spaces(songs=songs, uploads=uploads, library=Library(models))


Words = list[Told | Done | Failed]


def order_of(request: ComposeRequest, old: Before | None = None, **more: Any) -> Json:
    payload = {"request": request.to_json(), "entry": old.entry if old and request.again else None, **more}
    return over_the_wire(payload)


def over_the_wire(value: Mapping[str, Any]) -> dict[str, Any]:
    """As it is on the other side of a process."""
    copy: dict[str, Any] = json.loads(json.dumps(value))
    return copy


def words_of(lane: ComposingLane) -> Words:
    """Step until nobody is left."""
    words: Words = []
    while not lane.idle:
        words += lane.step()
        assert len(words) < 10_000
    return words


def last_words(words: Words) -> dict[str, Done | Failed]:
    """Of each job; none has two."""
    ends = [word for word in words if not isinstance(word, Told)]
    assert len({word.job for word in ends}) == len(ends)
    return {word.job: word for word in ends}


def draft_of(lane: ComposingLane, order: Json) -> dict[str, Any]:
    """The draft of a song that is composed alone, as it arrives."""
    lane.admit("alone", "compose", order)
    word = last_words(words_of(lane))["alone"]
    if isinstance(word, Failed):
        raise word.error
    return over_the_wire(word.result["draft"])


def record(booth: Booth, song_id: str, draft: Json, heard: list[Json] | None = None, **more: Any) -> Receipt:
    job = over_the_wire({"id": song_id, "draft": draft, **more})
    return Receipt.from_json(booth.handle("record", job, (heard if heard is not None else []).append)["receipt"])


def untimed(draft: Json) -> dict[str, Any]:
    return {**draft, "timings_s": list(draft["timings_s"])}
