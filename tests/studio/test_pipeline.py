"""The whole way from a request to four files, or to none."""

from __future__ import annotations

import json
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import pytest
import soundfile

from engine.compose import voices
from engine.compose.generate import SongWriter
from engine.compose.pipeline import Composer
from engine.compose.request import STAGES, ComposeRequest, Receipt, Stage
from engine.compose.shares import overall_share, thinned
from engine.errors import BadRequest, CheckpointError, SetupError
from engine.model.checkpoint import Checkpoint, load_checkpoint
from engine.settings import Settings
from engine.text.reader import Reader

SHORT = ComposeRequest(prompt="chill lofi", seconds=6, seed=11, format="wav")
KEYS = [
    "id", "prompt", "style", "blend", "seed", "model", "tempo_bpm", "key", "mode", "meter", "bars", "duration_s",
    "sections", "instruments", "requested", "measured", "files", "midi_sha256", "timings_s", "candidates",
]  # fmt: skip


@pytest.fixture(scope="module")
def song(composer: Composer, tmp_path_factory: pytest.TempPathFactory) -> Receipt:
    return composer.compose(SHORT, tmp_path_factory.mktemp("song"))


def test_a_song_is_three_files_a_receipt_and_a_score_of_one_name(song: Receipt) -> None:
    folder = Path(song.files["audio"]).parent
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".json", ".mid", ".png", ".wav"]
    assert {path.name.partition(".")[0] for path in folder.iterdir()} == {f"chill-lofi-{song.id}"}
    assert all(Path(path).is_file() for path in song.files.values())


def test_the_receipt_file_says_what_the_receipt_says(song: Receipt) -> None:
    written = json.loads(Path(song.files["audio"]).with_suffix(".json").read_text(encoding="utf-8"))
    assert Receipt.from_json(written) == song
    assert list(written)[: len(KEYS)] == KEYS


def test_the_receipt_tells_the_truth_about_the_files(song: Receipt) -> None:
    info = soundfile.info(song.files["audio"])
    assert info.frames / info.samplerate == pytest.approx(6.0, abs=0.01)
    assert song.duration_s == pytest.approx(6.0, abs=0.01)
    assert song.measured["duration_s"] == pytest.approx(6.0, abs=0.01)
    assert song.measured["clipped_samples"] == 0
    assert song.measured["notes"] > 0
    assert song.bars == sum(section["bars"] for section in song.sections)
    assert song.requested["seconds"]["value"] == 6
    assert set(song.model) == {"style", "version", "sha256"}


def test_every_stage_is_timed_and_the_total_covers_them(song: Receipt) -> None:
    assert list(song.timings_s) == [*STAGES, "total"]
    assert all(seconds >= 0 for seconds in song.timings_s.values())
    in_turn = sum(song.timings_s[stage] for stage in STAGES if stage != "picture")  # it is drawn beside the others
    assert in_turn <= song.timings_s["total"] + 0.01


def test_loading_a_network_counts_to_no_stage(
    small_styles: Path, reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*args: Any, **kwargs: Any) -> Checkpoint:
        sleep(1.0)
        return load_checkpoint(*args, **kwargs)

    monkeypatch.setattr(voices, "load_checkpoint", slow)
    writer = SongWriter(device="cpu", styles_dir=small_styles)
    composer = Composer(Settings.read(candidates=1), reader=reader, writer=writer)
    composer.warm()
    began = perf_counter()
    receipt = composer.compose(SHORT, tmp_path)
    assert perf_counter() - began - receipt.timings_s["total"] >= 0.99
    assert receipt.timings_s["compose"] <= receipt.timings_s["total"]


def test_a_folder_whose_name_is_no_text_comes_back_from_the_receipt(composer: Composer, tmp_path: Path) -> None:
    receipt = composer.compose(SHORT, tmp_path / "caf\udce9", name="song")
    written = json.loads((tmp_path / "caf\udce9" / "song.json").read_text(encoding="utf-8"))
    assert Receipt.from_json(written) == receipt
    assert Path(written["files"]["audio"]).is_file()


def test_the_same_seed_gives_the_same_notes_and_another_one_others(
    composer: Composer, song: Receipt, tmp_path: Path
) -> None:
    again = composer.compose(SHORT, tmp_path)
    other = composer.compose(ComposeRequest.from_json({**SHORT.to_json(), "seed": 12}), tmp_path)
    assert again.midi_sha256 == song.midi_sha256
    assert again.id != song.id
    assert other.midi_sha256 != song.midi_sha256


def test_a_seed_that_nobody_asked_for_is_recorded_and_replays_the_song(composer: Composer, tmp_path: Path) -> None:
    free = ComposeRequest.from_json({**SHORT.to_json(), "seed": None})
    first, second = composer.compose(free, tmp_path), composer.compose(free, tmp_path)
    assert first.seed != second.seed
    replay = composer.compose(ComposeRequest.from_json({**SHORT.to_json(), "seed": first.seed}), tmp_path)
    assert replay.midi_sha256 == first.midi_sha256


def test_a_seed_in_the_prompt_is_obeyed(composer: Composer) -> None:
    assert composer.plan(ComposeRequest(prompt="chill lofi 10s seed 42")).seed == 42


def test_progress_goes_through_the_stages_in_order(composer: Composer, tmp_path: Path) -> None:
    heard: list[tuple[Stage, float]] = []
    composer.compose(SHORT, tmp_path, progress=lambda stage, share: heard.append((stage, share)))
    assert list(dict.fromkeys(stage for stage, _ in heard)) == list(STAGES)
    shares = [overall_share(*moment) for moment in heard]
    assert shares == sorted(shares)


def test_the_worker_tells_no_more_than_a_watcher_can_see() -> None:
    told: list[object] = []
    progress = thinned(told.append)
    for step in range(10_000):
        progress("compose", step / 10_000)
    assert 40 <= len(told) <= 60


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({"prompt": ""}, "''"),
        ({"prompt": "lofi 0s", "seconds": None}, "0s"),
        ({"seconds": 0.0}, "0"),
        ({"seconds": 600.0}, "600"),
        ({"bpm": 900.0}, "900"),
        ({"style": "polka-core"}, "polka-core"),
        ({"key": "H major"}, "H major"),
        ({"meter": "13/8"}, "13/8"),
        ({"seed": -1}, "-1"),
        ({"format": "mp4"}, "mp4"),
    ],
)
def test_a_bad_wish_is_one_sentence_that_names_the_value_and_leaves_nothing(
    wish: dict[str, object], named: str, tmp_path: Path
) -> None:
    composer = Composer(Settings.read())
    request = ComposeRequest.from_json({**SHORT.to_json(), **wish})
    with pytest.raises(BadRequest) as caught:
        composer.compose(request, tmp_path / "out")
    sentence = str(caught.value)
    assert named in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "would work" in sentence
    assert list(tmp_path.iterdir()) == []
    assert "reader" not in composer.drafter.__dict__  # nothing was loaded to refuse it


def test_a_song_that_fails_half_way_leaves_neither_files_nor_folder(composer: Composer, tmp_path: Path) -> None:
    def stop(stage: Stage, _share: float) -> None:
        if stage == "encode":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        composer.compose(SHORT, tmp_path / "a" / "b", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_does_not_touch_other_songs_in_the_folder(composer: Composer, tmp_path: Path) -> None:
    kept = composer.compose(SHORT, tmp_path)
    before = sorted(tmp_path.iterdir())

    def stop(stage: Stage, _share: float) -> None:
        if stage == "picture":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        composer.compose(SHORT, tmp_path, progress=stop)
    assert sorted(tmp_path.iterdir()) == before
    assert Path(kept.files["audio"]) in before


def test_a_name_that_is_taken_is_refused_and_kept(composer: Composer, tmp_path: Path) -> None:
    (tmp_path / "mine.mid").write_bytes(b"precious")
    with pytest.raises(BadRequest, match=r"mine\.mid"):
        composer.compose(SHORT, tmp_path, name="mine")
    assert (tmp_path / "mine.mid").read_bytes() == b"precious"


def test_a_folder_that_cannot_be_made_is_named(composer: Composer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match=r"file/below' cannot be written"):
        composer.compose(SHORT, tmp_path / "file" / "below")


@pytest.mark.parametrize("content", [None, b"RIFF, but no soundfont"])
def test_a_soundfont_that_is_missing_or_damaged_is_named_before_anything_is_composed(
    content: bytes | None, reader: Reader, tmp_path: Path
) -> None:
    font = tmp_path / "my.sf2"
    if content is not None:
        font.write_bytes(content)
    composer = Composer(Settings.read(soundfont=font), reader=reader)
    with pytest.raises(SetupError, match=r"my\.sf2"):
        composer.compose(SHORT, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not composer.drafter.warm


def test_a_damaged_checkpoint_is_named_and_leaves_nothing(small_styles: Path, reader: Reader, tmp_path: Path) -> None:
    whole = (small_styles / "lofi" / "v1.safetensors").read_bytes()
    damaged = tmp_path / "styles" / "lofi" / "v1.safetensors"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(whole[:-64] + bytes(64))
    writer = SongWriter(device="cpu", styles_dir=tmp_path / "styles")
    composer = Composer(Settings.read(), reader=reader, writer=writer)
    with pytest.raises(CheckpointError, match=r"lofi/v1\.safetensors is damaged"):
        composer.compose(SHORT, tmp_path / "out")
    assert not (tmp_path / "out").exists()
