"""Many songs at once, by the code that composes for people, without a sound: orders → songs and what is known of them.

In: `Order`s (a prompt, a seed, a length), and the tastes that they are composed with. Out: `MadeSong`s. Conventions: a
song is read, planned, written as eight candidates, judged, and one is kept, as in `engine.compose`; up to `AT_ONCE`
songs share the steps of the batch, which changes none of them. What an order and a taste make is always the same.
Caveat: nothing is rendered, so what is known of a song is known of its notes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine.compose.drafting import Books, Drafter, Drafting
from engine.compose.plan import Plan
from engine.compose.request import ComposeRequest, Stage
from engine.compose.songdraft import SongDraft
from engine.compose.written import keep_best
from engine.errors import NotFound
from engine.metrics.copyindex import open_index
from engine.metrics.originality import CopyIndex
from engine.music.notes import Song
from engine.music.shelf import SHIPPED, Shelf
from engine.music.styles import STYLES_DIR, load_style
from engine.music.taste import StyleTaste
from engine.settings import Settings

AT_ONCE = 32
SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One song: what is typed, the seed, and how long it shall be."""

    prompt: str
    seed: int
    seconds: float = SECONDS

    @property
    def request(self) -> ComposeRequest:
        """As composing takes it."""
        return ComposeRequest(prompt=self.prompt, seed=self.seed, seconds=self.seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSong:
    """A song, and its plan. `gates`: which it passed; `candidates`, `model`: as receipts have them."""

    order: Order
    plan: Plan
    song: Song
    gates: Mapping[str, bool | None]
    candidates: Mapping[str, Any]
    model: Mapping[str, str]

    @property
    def keeps_asked(self) -> bool:
        """Whether what was asked for in tempo, key, mode and length is so."""
        song, asked = self.song, self.plan.requested
        have = {"tempo": song.tempo_bpm, "key": str(song.key), "mode": song.key.mode.value, "meter": str(song.meter)}
        wanted = {name: asked[name]["value"] for name in have if isinstance(asked.get(name), dict)}  # type: ignore[index]
        if wanted.get("tempo") == "slow":
            wanted["tempo"] = min(song.tempo_bpm, load_style(self.plan.style).tempo_usual)
        return all(have[name] == value for name, value in wanted.items()) and self.plan.seconds == self.order.seconds


class SongMill:
    """Makes songs. What is dear is loaded once."""

    def __init__(self, settings: Settings) -> None:
        self._drafter = Drafter(settings)
        self._index: CopyIndex | None = open_index(STYLES_DIR)

    def make(self, orders: Sequence[Order], tastes: Mapping[str, StyleTaste] | None = None) -> list[MadeSong]:
        """The songs, in the orders' order. `tastes`: style → what composing goes by."""
        shelf = shelf_with(tastes or {})
        made: list[MadeSong] = []
        for start in range(0, len(orders), AT_ONCE):
            made += self._together(orders[start : start + AT_ONCE], shelf)
        return made

    def _together(self, orders: Sequence[Order], shelf: Shelf) -> list[MadeSong]:
        """A few songs side by side."""
        begun: list[Drafting] = []
        for order in orders:
            task = self._drafter.open(order.request, _nothing_before, shelf=shelf)
            begun.append(self._drafter.begin(task, _in_silence, Books(shelf=shelf)))
        while not all(drafting.finished for drafting in begun):
            self._drafter.writer.batcher.step()
        drafts = [self._drafter.finish(drafting) for drafting in begun]
        return [self._kept(order, draft, shelf) for order, draft in zip(orders, drafts, strict=True)]

    def _kept(self, order: Order, draft: SongDraft, shelf: Shelf) -> MadeSong:
        """The candidate that is kept."""
        if draft.candidates is None:
            raise ValueError("the network writes nothing for this order")
        written = keep_best(draft.candidates, draft.plan, draft.given, self._index, shelf)
        return MadeSong(
            order=order,
            plan=draft.plan,
            song=written.song,
            gates=written.gates,
            candidates=written.candidates,
            model=written.model,
        )


def shelf_with(tastes: Mapping[str, StyleTaste]) -> Shelf:
    """The shipped styles, with what a community likes of them."""
    if not tastes:
        return SHIPPED
    return Shelf(styles={name: replace(load_style(name), taste=taste) for name, taste in tastes.items()})


def _nothing_before(song_id: str) -> Any:
    raise NotFound(f"There is no song {song_id!r}.")


def _in_silence(_stage: Stage, _share: float) -> None:
    """Nobody watches."""
