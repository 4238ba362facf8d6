"""The second half of making a song: a draft is judged, finished, played and written to files.

In: a `SongDraft`, where its files go, and the shelf that its styles are from. Out: the files, `.song.json` (what other
songs can be made from), and, written last, `<name>.json`: the receipt. Conventions: soundfont and copy index are loaded
when first needed and kept, of servers' copy indexes the last few; no network is needed, so torch is never loaded here.
Caveat: files of the same name are replaced; `files.folder` sees to it that there are none, and that a song that fails
leaves none.
"""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import cast

from engine.compose.account import receipt_of
from engine.compose.files.delivery import Delivery
from engine.compose.files.encode import Format
from engine.compose.files.write import write_all
from engine.compose.leaning import leaning_of
from engine.compose.plan import Plan
from engine.compose.render import Synth, find_soundfont
from engine.compose.request import Progress, Receipt
from engine.compose.songbook import ENDING, Entry
from engine.compose.songdraft import SongDraft
from engine.compose.sound import SoundFiles, SoundMaker
from engine.compose.taught import check_sound
from engine.compose.watch import Watch
from engine.compose.written import Written, keep_best
from engine.errors import CheckpointError, UnsoundModel
from engine.metrics.copyindex import open_index
from engine.metrics.originality import CopyGate, CopyIndex, CopyIndexes
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import STYLES_DIR, Style, Taught
from engine.settings import Settings

KEPT_INDEXES = 4
"""Servers' copy indexes that stay in memory."""
AS_ESCAPES = "backslashreplace"
"""Bytes of a folder's name that are no text become JSON's own escapes, which a reader turns into the same name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a song's files go, what they are called, and the most that one of them may have."""

    song_id: str
    folder: Path
    name: str
    limit_bytes: int | None = None


def today() -> date:
    """Today in UTC, of which the files' tags tell the year."""
    return datetime.now(UTC).date()


class Recorder:
    """See the module's docstring. Threads may not share it."""

    def __init__(
        self, settings: Settings, *, styles_dir: Path = STYLES_DIR, calendar: Callable[[], date] = today
    ) -> None:
        """`styles_dir`: where the copy index lies."""
        self._settings = settings
        self._styles_dir = styles_dir
        self._calendar = calendar
        self._indexes: OrderedDict[str, CopyIndex | None] = OrderedDict()
        """Of what servers' models learnt from, by the model's id."""

    @cached_property
    def sound(self) -> SoundMaker:
        """Makes sound; loads the soundfont. Raises `SetupError` where there is none."""
        return SoundMaker(Synth(find_soundfont(self._settings.soundfont)))

    @cached_property
    def copy_index(self) -> CopyIndex | None:
        """The copy index beside the styles; None if none is there. Raises `CheckpointError`."""
        return open_index(self._styles_dir)

    def warm_up(self) -> None:
        """Load what every song needs. Raises `SetupError`, `CheckpointError`."""
        _ = self.sound, self.copy_index

    def record(self, draft: SongDraft, place: Place, progress: Progress, shelf: Shelf = SHIPPED) -> Receipt:
        """Make the files. Raises `SetupError` when they cannot be written, `RenderError` when there is no sound, and,
        before anything is written, `UnsoundModel` for a damaged model of the song's server.
        """
        watch = Watch(progress, draft.timings_s)
        watch.untimed(self.warm_up)
        styles = [check_sound(shelf.style(name)) for name in dict.fromkeys((draft.plan.style, *draft.plan.blend))]
        gate = watch.untimed(lambda: self._gate(styles))
        written = watch.timed("compose", lambda: _judged(draft, shelf, gate))
        made = self._play(draft, styles[0], written, place, progress)
        for stage, seconds in made.timings_s.items():
            watch.timings_s[stage] = seconds
        score = place.folder / f"{place.name}{ENDING}"
        receipt = receipt_of(place.song_id, _as_tasted(draft.plan, shelf), written, made, watch.counted())
        receipt = dataclasses.replace(receipt, files={**receipt.files, "score": str(score)})
        texts = {
            score: _entry(place.song_id, draft, written).dumps(),
            place.folder / f"{place.name}.json": receipt.dumps(),
        }
        write_all({path: text.encode(errors=AS_ESCAPES) for path, text in texts.items()})
        return receipt

    def _gate(self, styles: Sequence[Style]) -> CopyGate | None:
        """What the song must not copy: the shipped corpora, and what its server taught."""
        learnt = [self._index_of(style.taught) for style in styles if style.taught is not None]
        indexes = tuple(index for index in (self.copy_index, *learnt) if index is not None)
        return indexes[0] if len(indexes) == 1 else CopyIndexes(indexes=indexes) if indexes else None

    def _index_of(self, taught: Taught) -> CopyIndex | None:
        if taught.model_id not in self._indexes:
            try:
                self._indexes[taught.model_id] = open_index(taught.folder)
            except CheckpointError as error:
                raise UnsoundModel(str(error), model_id=taught.model_id) from error
            if len(self._indexes) > KEPT_INDEXES:
                self._indexes.popitem(last=False)
        self._indexes.move_to_end(taught.model_id)
        return self._indexes[taught.model_id]

    def _play(self, draft: SongDraft, style: Style, written: Written, place: Place, progress: Progress) -> SoundFiles:
        plan = draft.plan
        return self.sound.make(
            written.song,
            style,
            seconds=plan.seconds,
            seed=plan.seed,
            folder=place.folder,
            name=place.name,
            delivery=self._delivery(draft, written, place),
            progress=progress,
            performance_seed=draft.performance_seed,
        )

    def _delivery(self, draft: SongDraft, written: Written, place: Place) -> Delivery:
        """What is wanted, and what the files' tags tell of their origin."""
        request = draft.request
        model = " ".join(written.model[key] for key in ("style", "version") if written.model.get(key))
        return Delivery(
            format=cast(Format, request.format),
            limit_bytes=place.limit_bytes,
            loop=request.loop,
            stems=request.stems,
            musicxml=request.musicxml,
            theme=request.theme,
            origin=(f"song {place.song_id}", f"model {model}"),
            year=self._calendar().year,
        )


def _judged(draft: SongDraft, shelf: Shelf, gate: CopyGate | None) -> Written:
    """The candidate that is kept, or what the style's grammar writes."""
    if draft.candidates is not None:
        return keep_best(draft.candidates, draft.plan, draft.given, gate, shelf)
    from engine.compose.ruled import written_by_rules  # noqa: PLC0415 (the grammars are seldom needed)

    return written_by_rules(
        draft.plan, candidates=draft.count, given=draft.given, index=gate, style=shelf.style(draft.plan.style)
    )


def _as_tasted(plan: Plan, shelf: Shelf) -> Plan:
    """The plan of a song that is built on another, with the taste that is in force now."""
    versions = leaning_of(plan.blend, shelf).versions
    return plan if versions == plan.taste else dataclasses.replace(plan, taste=versions)


def _entry(song_id: str, draft: SongDraft, written: Written) -> Entry:
    """What the song leaves behind for others."""
    seed = draft.plan.seed
    return Entry(
        id=song_id,
        request=dataclasses.replace(draft.request, seed=seed),
        plan=draft.plan,
        score=written.song,
        performance_seed=seed if draft.performance_seed is None else draft.performance_seed,
    )
