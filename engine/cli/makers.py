"""The composers that an evaluation compares, as callables: words in, a song out, no audio.

In: the settings. Out: `Maker`s and a `Bench` a style. Conventions: what is dear is loaded once. Caveat: this stands
beside the commands because evaluation itself knows neither planner nor networks.
"""

from __future__ import annotations

from engine.compose.by_rules import write_by_rules
from engine.compose.choose import judge
from engine.compose.picture import draw_song
from engine.compose.pipeline import Composer
from engine.compose.plan import Plan
from engine.compose.request import ComposeRequest
from engine.evaluate.study import Bench
from engine.evaluate.wishes import Made, Maker, Wish
from engine.model.checkpoint import latest_version, read_curve
from engine.music.harmony import Key
from engine.music.notes import Song
from engine.music.styles import load_style
from engine.settings import Settings


class Benches:
    """Makes each style's bench; one composer serves all."""

    def __init__(self, settings: Settings, *, composer: Composer | None = None) -> None:
        """`composer`: a loaded one, where there is such."""
        self._candidates = settings.candidates
        self._composer = composer or Composer(settings)

    def bench(self, style: str) -> Bench:
        """Who composes in the style, and what is known of its checkpoint. Raises `CheckpointError`, `SetupError`."""
        checkpoint = self._composer.writer.checkpoint(style)
        return Bench(
            network=network_maker(self._composer, candidates=self._candidates),
            grammar=grammar_maker(self._composer),
            draw=lambda song, subtitle: draw_song(song, subtitle=subtitle),
            training={**checkpoint.facts.metrics, "curve": self._curve(style)},
            model={"version": checkpoint.facts.version, "sha256": checkpoint.sha256},
        )

    @staticmethod
    def _curve(style: str) -> list[list[float]]:
        """How the style's newest checkpoint was trained: [step, held-out nats] a point."""
        path = latest_version(load_style(style).folder)
        return read_curve(path) if path else []


def request_of(wish: Wish) -> ComposeRequest:
    """The wish as a request."""
    return ComposeRequest(
        prompt=wish.prompt, style=wish.style, seconds=wish.seconds, key=wish.key, bpm=wish.bpm, seed=wish.seed
    )


def network_maker(composer: Composer, *, candidates: int) -> Maker:
    """The product itself: plan, candidates, gates, ranking."""

    def make(wish: Wish) -> Made:
        plan = composer.plan(request_of(wish))
        written = composer.writer.write(plan, candidates=candidates)
        return Made(
            song=written.song,
            failures=tuple(written.candidates["failures_of_kept"]),
            off=missed(wish, plan, written.song),
            originality=written.originality,
        )

    return make


def grammar_maker(composer: Composer) -> Maker:
    """The written grammar alone, for the same plans."""

    def make(wish: Wish) -> Made:
        plan = composer.plan(request_of(wish))
        song = write_by_rules(plan)
        return Made(song=song, failures=judge(song, plan, {}).failures, off=missed(wish, plan, song))

    return make


def open_composer(settings: Settings | None = None) -> Composer:
    """A composer that is ready to plan and to write."""
    return Composer(settings or Settings.read())


def missed(wish: Wish, plan: Plan, song: Song) -> tuple[str, ...]:
    """Names of what was asked for, by wish or plan, and is not so in the song."""
    off = []
    if wish.key is not None and song.key != Key.parse(wish.key):
        off.append("key")
    if wish.bpm is not None and abs(song.tempo_bpm - wish.bpm) > 0.5:
        off.append("tempo")
    if song.meter != plan.meter:
        off.append("meter")
    if song.bars != len(plan.bars):
        off.append("bars")
    if abs(plan.seconds - wish.seconds) > 0.05 or song.duration_s > wish.seconds:
        off.append("length")
    cast = {role: casting.program for role, casting in plan.cast.items()}
    if any(cast.get(track.role) != track.program for track in song.tracks):
        off.append("instruments")
    return tuple(off)
