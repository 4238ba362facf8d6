"""One style's evaluation, from wishes to a page with pictures.

In: a `StudyRequest` and a `Bench` (who composes, who draws). Out: `<style>.json`, `<style>.md` and pictures in the
report folder. Conventions: the JSON is written last, so a style with one is finished; the same seed gives the same
report on the same machine. Caveat: composing the songs takes most of the time, some seconds a song.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import BadRequest
from engine.evaluate import pictures
from engine.evaluate.bands import betrayals
from engine.evaluate.figures import Judge, SetFigures, rounded
from engine.evaluate.generated import Generated, Work, generate
from engine.evaluate.reference import human_pool, load_baselines, load_reference
from engine.evaluate.report import style_page
from engine.evaluate.targets import targets
from engine.evaluate.vectors import VectorSet
from engine.evaluate.wishes import Maker, Wish, wishes
from engine.music.notes import Song
from engine.music.styles import load_style

EXAMPLES = 3
LEAST_ROWS = 20
CHANCE = ("random", "shuffled", "tutorial")

Draw = Callable[[Song, str], bytes]
"""A song and a subtitle → its piano roll as PNG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRequest:
    """What to evaluate. `seconds` None: lengths of 30 to 60 s by chance. `out`: the report folder; `work`: what is kept
    between runs. `human`, `baselines`: other sets than the package's.
    """

    style: str
    songs: int
    seed: int
    out: Path
    work: Path
    seconds: float | None = None
    with_baselines: bool = True
    human: VectorSet | None = None
    baselines: VectorSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Who composes by the network and by the grammar, who draws, what is known of the checkpoint's training, and what
    tells this checkpoint from others (its version and hash).
    """

    network: Maker
    grammar: Maker | None
    draw: Draw
    training: Mapping[str, Any]
    model: Mapping[str, str]


def study(request: StudyRequest, bench: Bench, *, on_song: Callable[[], None] = lambda: None) -> dict[str, Any]:
    """Evaluate one style and write its page; returns what the JSON holds. Raises `BadRequest` for a style without a
    human reference, `SetupError` without the extra, and what composing raises.
    """
    reference = load_reference() if request.human is None else request.human
    human = reference.of_style(request.style)
    if len(human) < LEAST_ROWS:
        raise BadRequest(
            f"The style {request.style!r} has no human reference; {', '.join(_known(reference))} have one."
        )
    asked = _wishes(request)
    made = _made(request, bench, asked, on_song)
    sets = {name: one.vectors for name, one in made.items()}
    if request.with_baselines:
        known = load_baselines() if request.baselines is None else request.baselines
        baselines = known.of_style(request.style)
        kinds = {kind: [i for i, label in enumerate(baselines.labels) if label.kind == kind] for kind in CHANCE}
        sets |= {kind: baselines.rows(rows) for kind, rows in kinds.items() if rows}
    judge = judge_of(request.style, reference, request.seed)
    figures = {"human": judge.human_figures()} | {name: judge.figures(one) for name, one in sets.items()}
    files = _pictures(request, bench, asked, {"human": human, **sets})
    result = _result(request, bench, made["network"], human, figures) | {"pictures": files}
    _write(request.out / f"{request.style}.md", style_page(result).encode())
    _write(request.out / f"{request.style}.json", (json.dumps(result, indent=1, ensure_ascii=False) + "\n").encode())
    return result


def finished(request: StudyRequest, model: Mapping[str, str]) -> bool:
    """Whether the report folder holds this very evaluation."""
    path = request.out / f"{request.style}.json"
    if not path.exists():
        return False
    return bool(json.loads(path.read_text(encoding="utf-8")).get("basis") == _basis(request, model))


def _basis(request: StudyRequest, model: Mapping[str, str]) -> dict[str, Any]:
    return {
        "style": request.style,
        "songs": request.songs,
        "seed": request.seed,
        "seconds": request.seconds,
        "baselines": request.with_baselines,
        "model": dict(model),
    }


def _known(reference: VectorSet) -> list[str]:
    styles = sorted({label.style for label in reference.labels})
    return [style for style in styles if len(reference.of_style(style)) >= LEAST_ROWS]


def _wishes(request: StudyRequest) -> list[Wish]:
    about = load_style(request.style)
    asked = list(wishes(request.style, (about.tempo_low, about.tempo_high), request.songs, request.seed))
    return asked if request.seconds is None else [replace(wish, seconds=request.seconds) for wish in asked]


def _made(request: StudyRequest, bench: Bench, asked: list[Wish], on_song: Callable[[], None]) -> dict[str, Generated]:
    """The network's songs, and the grammar's for the same wishes."""
    work = Work(folder=request.work, basis=bench.model)
    made = {"network": generate(asked, bench.network, "network", work, on_song=on_song)}
    if request.with_baselines and bench.grammar is not None:
        made["grammar"] = generate(asked, bench.grammar, "grammar", work, on_song=on_song)
    return made


def judge_of(style: str, reference: VectorSet, seed: int) -> Judge:
    """What songs of a style are compared with."""
    known = _known(reference)
    training = reference.rows(
        [i for i, label in enumerate(reference.labels) if label.split == "train" and label.style in known]
    )
    pool = human_pool(reference, style)
    return Judge(style=style, human=reference.of_style(style), pool=pool, training=training, seed=seed)


def _pictures(
    request: StudyRequest, bench: Bench, asked: list[Wish], sets: Mapping[str, VectorSet]
) -> dict[str, list[str]]:
    """Draw everything; returns kind → file names. The examples are composed anew from their wishes."""
    style = request.style
    shown = {name: one for name, one in sets.items() if name in pictures.COLOURS}
    drawn = {f"{style}-distributions.png": pictures.distributions(shown)}
    rolls = []
    for index, wish in enumerate(asked[:EXAMPLES]):
        song = bench.network(wish).song
        rolls.append(f"{style}-song-{index + 1}.png")
        drawn[rolls[-1]] = bench.draw(song, f"“{wish.prompt}”, seed {wish.seed}")
        if index == 0:
            drawn[f"{style}-scape.png"] = pictures.scape(song)
    points = bench.training.get("curve", [])
    curves = [f"{style}-training.png"] if points else []
    if points:
        drawn[curves[0]] = pictures.curve(points, int(bench.training.get("best_step", 0)))
    for name, png in drawn.items():
        _write(request.out / name, png)
    return {
        "distributions": [f"{style}-distributions.png"],
        "scape": [f"{style}-scape.png"],
        "training": curves,
        "songs": rolls,
    }


def _result(
    request: StudyRequest, bench: Bench, own: Generated, human: VectorSet, figures: Mapping[str, SetFigures]
) -> dict[str, Any]:
    judged = [fact.originality for fact in own.facts if fact.originality.get("passed") is not None]
    training = {name: value for name, value in bench.training.items() if name != "reference"}
    return {
        "basis": _basis(request, bench.model),
        "style": request.style,
        "human": {
            "windows": len(human),
            "pieces": int(human.works.max()) + 1,
            "kinds": sorted({label.kind for label in human.labels}),
        },
        "targets": [asdict(target) for target in targets(human, own, figures, bench.training)],
        "figures": {name: one.to_json() for name, one in figures.items()},
        "metrics": [
            {name: rounded(value) for name, value in asdict(row).items()} for row in betrayals(human, own.vectors)
        ],
        "failures": [list(fact.failures) for fact in own.facts if fact.failures],
        "missed": [list(fact.off) for fact in own.facts if fact.off],
        "originality": {
            "judged": len(judged),
            "longest_run_notes": sorted(int(one.get("longest_run_notes") or 0) for one in judged)[::-1][:5],
        },
        "training": training,
    }


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.part")
    partial.write_bytes(data)
    partial.replace(path)
