"""The whole evaluation on a tiny set: a 16-unit network composes, pages, JSON and pictures come out."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from engine.cli import makers
from engine.cli.app import build_app
from engine.compose.generate import SongWriter
from engine.compose.pipeline import Composer
from engine.compose.planner import Planner
from engine.errors import BadRequest, SetupError
from engine.evaluate import pictures
from engine.evaluate.reference import load_reference
from engine.evaluate.report import index_page
from engine.evaluate.study import StudyRequest, finished, study
from engine.evaluate.targets import targets
from engine.evaluate.wishes import Wish
from engine.model.checkpoint import save_checkpoint
from engine.settings import Settings
from tests.evaluate.sets import drawn
from tests.small import small_facts, small_network

PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Composer:
    """Real but for the network, which is small and untrained, and the text encoder, which is left out."""
    styles = tmp_path_factory.mktemp("styles")
    facts = replace(small_facts(), metrics={"held_out_nats": 2.0, "held_out_nats_before": 2.5, "best_step": 3,
                                            "curve": [[0, 2.5], [3, 2.0]]})  # fmt: skip
    save_checkpoint(small_network(), facts, styles / "lofi" / "v1.safetensors")
    settings = Settings.read(data_dir=tmp_path_factory.mktemp("data"), candidates=1)
    composer = Composer(settings, writer=SongWriter(device="cpu", styles_dir=styles))
    composer.drafter.__dict__["planner"] = Planner(None)
    return composer


@pytest.fixture(scope="module")
def request_(tmp_path_factory: pytest.TempPathFactory) -> StudyRequest:
    reference = load_reference()
    few = reference.rows([i for i, row in enumerate(reference.labels) if row.style in ("lofi", "rock")][::6])
    own = few.of_style("lofi").rows(range(24))
    kinds = ("random", "shuffled", "tutorial")
    others = replace(own, labels=tuple(replace(row, kind=kinds[i % 3]) for i, row in enumerate(own.labels)))
    return StudyRequest(
        style="lofi",
        songs=6,
        seed=1,
        out=tmp_path_factory.mktemp("report"),
        work=tmp_path_factory.mktemp("work"),
        seconds=20.0,
        human=few,
        baselines=others,
    )


@pytest.fixture(scope="module")
def bench(composer: Composer) -> makers.Bench:
    return makers.Benches(Settings.read(candidates=1), composer=composer).bench("lofi")


def test_a_study_writes_page_pictures_and_figures_of_every_maker(request_: StudyRequest, bench: makers.Bench) -> None:
    steps = []
    result = study(request_, bench, on_song=lambda: steps.append(1))
    assert len(steps) == 2 * request_.songs
    assert set(result["figures"]) == {"human", "network", "grammar", "random", "shuffled", "tutorial"}
    assert all(0 <= one["auc"] <= 1 for one in result["figures"].values())
    names = [name for files in result["pictures"].values() for name in files]
    assert len(names) == 6
    assert all((request_.out / name).read_bytes().startswith(PNG) for name in names)
    page = (request_.out / "lofi.md").read_text(encoding="utf-8")
    assert all(f"]({name})" in page for name in names)
    assert "| held-out loss below the base's | < 2.500 nats | 2.000 nats | yes |" in page
    assert "| discriminator AUC | ≤ 0.85 |" in page
    assert json.loads((request_.out / "lofi.json").read_text(encoding="utf-8")) == json.loads(json.dumps(result))
    assert "gate failures" in index_page([result])


def test_a_finished_study_is_known_and_composes_nothing_again(request_: StudyRequest, bench: makers.Bench) -> None:
    assert finished(request_, bench.model)
    assert not finished(replace(request_, seed=2), bench.model)
    assert not finished(request_, {**bench.model, "version": "v2"})
    asked = []

    def only_examples(wish: Wish) -> makers.Made:
        asked.append(wish)
        return bench.network(wish)

    before = (request_.out / "lofi.json").read_bytes()
    study(request_, replace(bench, network=only_examples, grammar=only_examples))
    assert len(asked) == pictures_of_songs(request_)
    assert (request_.out / "lofi.json").read_bytes() == before


def pictures_of_songs(request: StudyRequest) -> int:
    return len(list(request.out.glob("*-song-*.png")))


def test_the_command_evaluates_a_style_and_writes_the_index(
    composer: Composer, request_: StudyRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(makers, "Composer", lambda _: composer)
    words = f"evaluate --style lofi --songs 10 --seconds 20 --no-baselines --out {tmp_path} --work {tmp_path / 'work'}"
    done = CliRunner().invoke(build_app(), words.split(), catch_exceptions=False)
    assert done.exit_code == 0
    assert "lofi: " in done.stdout
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "[lofi](lofi.md)" in index
    again = CliRunner().invoke(build_app(), words.split(), catch_exceptions=False)
    assert "finished before" in again.stdout


def test_an_unknown_style_is_named_with_those_that_there_are() -> None:
    with pytest.raises(BadRequest, match=r"'polka' is not known; .*rock"):
        CliRunner().invoke(build_app(), ["evaluate", "--style", "polka"], catch_exceptions=False)


def test_a_style_without_people_to_compare_with_is_refused(request_: StudyRequest, bench: makers.Bench) -> None:
    with pytest.raises(BadRequest, match=r"'lofi' has no human reference; rock have one"):
        study(replace(request_, human=drawn(30, style="rock")), bench)


def test_a_target_is_missed_when_its_figure_is(request_: StudyRequest, bench: makers.Bench) -> None:
    from engine.evaluate.figures import SetFigures  # noqa: PLC0415
    from engine.evaluate.generated import Generated, SongFacts  # noqa: PLC0415

    assert request_.human is not None
    human = request_.human.of_style("lofi")
    fact = SongFacts(failures=("bar 3 is silent",), off=("key",), melody_run=20, bass_roots=0.2)
    bad = Generated(vectors=human, facts=(fact,) * len(human))
    numbers = dict.fromkeys(SetFigures.__dataclass_fields__, 0.1) | {"songs": len(human), "auc": 1.0}
    own = SetFigures(**numbers)  # type: ignore[arg-type]
    rows = {t.name: t for t in targets(human, bad, {"network": own, "grammar": own}, {"held_out_nats": 2.0})}
    for name in ("gate failures", "wishes missed", "melody's longest run ≤ 8", "bass on the chord's root", "precision",
                 "discriminator AUC", "values inside the human band", "variety above the grammar's"):  # fmt: skip
        assert rows[name].reached is False, name
    assert rows["copied"].reached is None
    assert rows["held-out loss below the base's"].reached is None


def test_without_matplotlib_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(SetupError, match=r"matplotlib is not installed; .*tunesmith\[evaluate\]"):
        pictures.distributions({"human": load_reference().of_style("rock")})


def test_pictures_are_the_same_bytes_for_the_same_numbers() -> None:
    assert pictures.curve([[0, 3.0], [10, 2.5]], 10) == pictures.curve([[0, 3.0], [10, 2.5]], 10)
