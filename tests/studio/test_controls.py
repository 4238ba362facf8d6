"""Songs that build on others, songs by rule, songs of a blend: over the request and over the command line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from engine.cli.app import build_app
from engine.compose import pipeline
from engine.compose.continuing import read_continued
from engine.compose.pipeline import Composer
from engine.compose.request import MAX_MIDI_BYTES, ComposeRequest, Receipt, encode_midi
from engine.compose.songbook import Entry
from engine.errors import BadRequest, NotFound
from engine.music.midi.read import read_midi
from engine.music.notes import Note, Role
from tests.corpus.midi_bytes import midi, track

WISH = ComposeRequest(prompt="lofi", style="lofi", seconds=12, seed=7, format="wav")
Run = Callable[..., Result]


def entry_of(receipt: Receipt) -> Entry:
    return Entry.loads(Path(receipt.files["score"]).read_text())


def notes_of(receipt: Receipt, role: Role) -> tuple[Note, ...]:
    track = entry_of(receipt).score.track(role)
    return track.notes if track else ()


def midi_tracks(receipt: Receipt) -> list[tuple[Note, ...]]:
    """The notes of each track of the MIDI file, as it counts them."""
    return [track.notes for track in read_midi(Path(receipt.files["midi"]).read_bytes(), ticks_per_quarter=960).tracks]


@pytest.fixture(scope="module")
def made(composer: Composer, tmp_path_factory: pytest.TempPathFactory) -> Receipt:
    """A song to build on."""
    return composer.compose(WISH, tmp_path_factory.mktemp("made"))


@pytest.fixture
def place(made: Receipt) -> Path:
    return Path(made.files["audio"]).parent


# again, keep


def test_a_song_leaves_behind_what_others_can_be_made_from(made: Receipt) -> None:
    entry = entry_of(made)
    assert (entry.id, entry.request, entry.plan.seed) == (made.id, WISH, 7)
    assert entry.score.bars == made.bars
    assert made.files["score"].endswith(f"-{made.id}.song.json")


def test_again_is_the_same_wish_with_another_seed(composer: Composer, made: Receipt, place: Path) -> None:
    again = composer.compose(ComposeRequest(prompt="", again=made.id, format="wav"), place)
    assert again.seed != made.seed
    assert (again.prompt, again.style, again.duration_s) == (made.prompt, made.style, made.duration_s)
    assert again.requested["again"] == {"value": made.id, "from": "asked"}
    assert again.midi_sha256 != made.midi_sha256


def test_again_with_its_own_seed_is_the_same_song_and_other_options_change_it(
    composer: Composer, made: Receipt, place: Path
) -> None:
    same = composer.compose(ComposeRequest(prompt="", again=made.id, seed=7, format="wav"), place)
    assert same.midi_sha256 == made.midi_sha256
    plan = composer.plan(ComposeRequest(prompt="", again=made.id, bpm=90, without=("drums",)), place)
    assert plan.tempo_bpm == 90
    assert Role.DRUMS not in plan.cast


@pytest.mark.parametrize("engine", ["network", "rules"])
def test_kept_roles_stay_note_for_note_and_the_others_are_composed_anew(
    composer: Composer, made: Receipt, place: Path, engine: str
) -> None:
    kept = [role for role in (Role.BASS, Role.DRUMS, Role.HARMONY) if notes_of(made, role)][:2]
    request = ComposeRequest(
        prompt="", again=made.id, keep=tuple(role.value for role in kept), engine=engine, format="wav"
    )
    other = composer.compose(request, place)
    for role in kept:
        assert notes_of(other, role) == notes_of(made, role)
    left = [role for role in Role if role not in kept and notes_of(made, role)]
    assert left
    assert any(notes_of(other, role) != notes_of(made, role) for role in left)
    assert (other.tempo_bpm, other.key, other.bars, other.sections) == (
        made.tempo_bpm,
        made.key,
        made.bars,
        made.sections,
    )
    assert other.requested["keep"] == {"value": sorted(role.value for role in kept), "from": "asked"}
    assert sum(notes in midi_tracks(made) for notes in midi_tracks(other)) >= len(kept)


def test_what_was_kept_can_be_kept_again(composer: Composer, made: Receipt, place: Path) -> None:
    once = composer.compose(ComposeRequest(prompt="", again=made.id, keep=("bass",), format="wav"), place)
    twice = composer.compose(ComposeRequest(prompt="", again=once.id, keep=("bass",), format="wav"), place)
    assert notes_of(twice, Role.BASS) == notes_of(made, Role.BASS)
    assert any(notes in midi_tracks(made) for notes in midi_tracks(twice))
    assert twice.seed != once.seed != made.seed


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"keep": ("kazoo",)}, "no part 'kazoo'"),
        ({"keep": ("melody, counter, harmony, bass, drums",)}, "part"),
        ({"keep": ("bass",), "key": "D minor"}, "the key stays"),
        ({"keep": ("bass",), "bars": 12}, "the bars stays"),
        ({"keep": ("bass",), "prompt": "rock"}, "the prompt stays"),
        ({"keep": ("bass",), "adventure": 2}, "adventure"),
        ({"keep": ("bass",), "engine": "magic"}, "'magic'"),
        ({"keep": ("bass",), "seed": -1}, "seed"),
        ({"continuing": "TVRoZA=="}, "one of the two"),
    ],
)
def test_what_cannot_be_kept_gets_one_sentence(
    composer: Composer, made: Receipt, place: Path, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(BadRequest, match=r"would work\.$") as refused:
        composer.plan(replace(ComposeRequest(prompt="", again=made.id), **fields), place)
    assert named in str(refused.value)


def test_an_unknown_song_and_keeping_of_nothing_get_one_sentence(composer: Composer, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="'abcd1234' is not in"):
        composer.compose(ComposeRequest(prompt="", again="abcd1234"), tmp_path)
    with pytest.raises(NotFound, match="no song"):
        composer.compose(ComposeRequest(prompt="", again="../../etc"), tmp_path)
    with pytest.raises(BadRequest, match="Keeping 'bass' needs a finished song"):
        composer.compose(ComposeRequest(prompt="lofi", keep=("bass",)), tmp_path)
    assert list(tmp_path.iterdir()) == []


# the rules alone


def test_the_rules_alone_say_so_in_the_receipt(composer: Composer, tmp_path: Path) -> None:
    made = composer.compose(replace(WISH, engine="rules", seconds=8), tmp_path)
    assert made.model == {"style": "lofi", "version": "rules", "sha256": ""}
    assert made.requested["engine"] == {"value": "rules", "from": "asked"}
    assert made.duration_s == pytest.approx(8, abs=0.05)
    assert made.instruments


def test_a_blend_is_in_the_receipt(composer: Composer, tmp_path: Path) -> None:
    made = composer.compose(replace(WISH, style="lofi:0.6+folk:0.4", seconds=8), tmp_path)
    assert made.blend == {"lofi": 0.6, "folk": 0.4}
    assert made.style == "lofi"


def test_the_felt_tempo_in_six_eight_is_told(composer: Composer, tmp_path: Path) -> None:
    made = composer.compose(replace(WISH, meter="6/8", bpm=150, seconds=8), tmp_path)
    assert made.tempo_bpm == 150
    assert made.measured["felt_bpm"] == 100


# going on from a file


def test_a_song_goes_on_from_a_midi_file_in_its_key_tempo_meter_and_with_its_instruments(
    composer: Composer, made: Receipt, tmp_path: Path
) -> None:
    data = Path(made.files["midi"]).read_bytes()
    before = read_continued(encode_midi(data))
    request = ComposeRequest(prompt="lofi 10s", continuing=encode_midi(data), seed=3, format="wav")
    after = composer.compose(request, tmp_path)
    assert after.key == str(before.key)
    assert after.meter == str(before.meter) == made.meter
    assert after.tempo_bpm == pytest.approx(made.tempo_bpm, abs=0.02)
    programs = {role: part["program"] for role, part in after.instruments.items()}
    assert programs.items() <= {track.role.value: track.program for track in before.tracks}.items()
    assert after.requested["continue"]["value"]["bars"] == before.bars
    assert after.duration_s == pytest.approx(10, abs=0.05)
    assert "key" not in after.requested
    plan = composer.plan(request)
    assert {name: plan.sources[name] for name in ("key", "tempo", "meter", "instruments")} == dict.fromkeys(
        ("key", "tempo", "meter", "instruments"), "file"
    )


def test_what_is_asked_beats_what_the_file_says(composer: Composer, made: Receipt, tmp_path: Path) -> None:
    encoded = encode_midi(Path(made.files["midi"]).read_bytes())
    request = ComposeRequest(
        prompt="lofi in E major at 100 bpm, 8s", continuing=encoded, meter="3/4", without=("drums",), format="wav"
    )
    after = composer.compose(request, tmp_path)
    assert (after.key, after.tempo_bpm, after.meter) == ("E major", 100, "3/4")
    assert "drums" not in after.instruments
    assert any("3/4" in notice and "4/4" in notice for notice in after.notices)


def midi_of(seconds: float, *, gap: int = 480) -> bytes:
    """A scale in quarter notes of half a second each."""
    count = int(seconds * 2)
    notes = [(i * gap, 60 + (0, 2, 4, 5, 7)[i % 5], 400) for i in range(count)]
    return midi(track(notes))


REFUSED = [
    (b"", "is empty"),
    (b"no MIDI at all", "no MIDI file"),
    (b"MThd", "damaged"),
    (midi_of(10)[:60], "damaged"),
    (midi(), "no notes"),
    (midi_of(1), "too little"),
    (midi_of(30, gap=200_000), "minutes"),
    (midi_of(3 * 3600), "180 minutes"),
]


@pytest.mark.parametrize(("data", "named"), REFUSED, ids=[named for _, named in REFUSED])
def test_a_file_that_cannot_be_gone_on_from_is_refused_in_one_sentence(
    composer: Composer, tmp_path: Path, data: bytes, named: str
) -> None:
    with pytest.raises(BadRequest, match=named) as refused:
        composer.compose(ComposeRequest(prompt="lofi", continuing=encode_midi(data)), tmp_path / "out")
    assert "would work." in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_too_large_or_no_base64_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"2\.0 MB"):
        encode_midi(bytes(MAX_MIDI_BYTES + 1))
    with pytest.raises(BadRequest, match=r"2\.0 MB"):
        read_continued(base64.b64encode(bytes(MAX_MIDI_BYTES + 9)).decode())
    with pytest.raises(BadRequest, match="base64"):
        read_continued("€€€")


def test_two_bars_are_enough_to_go_on_from(composer: Composer) -> None:
    plan = composer.plan(ComposeRequest(prompt="lofi 20s", continuing=encode_midi(midi_of(4.5))))
    assert str(plan.key) == "C major"
    assert plan.tempo_bpm == 120


# the command line


@pytest.fixture
def run(composer: Composer, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr(pipeline, "Composer", lambda _settings: composer)

    def run(*words: str) -> Result:
        return CliRunner().invoke(build_app(), list(words))

    return run


def test_every_control_of_the_command_line_reaches_the_plan(run: Run) -> None:
    words = (
        "--style", "jazz:0.7+lofi:0.3", "--mood", "sad", "--energy", "0.3", "--adventure", "0.8",
        "--instruments", "flute, piano", "--instruments", "upright bass", "--without", "drums", "--without", "strings",
        "--chords", "Am F C G", "--bars", "12", "--engine", "rules",
    )  # fmt: skip
    result = run("plan", "music", *words, "--json")
    assert result.exit_code == 0, result.stderr
    plan = json.loads(result.stdout)
    assert plan["blend"] == {"jazz": 0.7, "lofi": 0.3}
    assert (plan["energy"], plan["adventure"], plan["bars"], plan["engine"]) == (0.3, 0.8, 12, "rules")
    assert {part["name"] for part in plan["instruments"].values()} == {"Flute", "Grand Piano", "Acoustic Bass"}
    assert plan["requested"]["without"]["value"] == ["strings", "drums"]
    assert plan["sections"][0]["chords"][0] == "Am"
    assert plan["requested"]["mood"]["value"] == "sad"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("--style", "jazz+polka"), "polka"),
        (("--energy", "loud"), "'loud'"),
        (("--energy", "2"), "energy 2"),
        (("--adventure", "nan"), "'nan'"),
        (("--instruments", "flurgle"), "'flurgle'"),
        (("--without", "flurgle"), "'flurgle'"),
        (("--chords", "Am H7"), "'H7'"),
        (("--bars", "many"), "'many'"),
        (("--bars", "0"), "bars 0"),
        (("--engine", "magic"), "'magic'"),
        (("--continue", "/nowhere/x.mid"), "/nowhere/x.mid"),
        (("--continue", "/"), "cannot be read"),
        (("--again", "abcd1234"), "'abcd1234'"),
        (("--keep", "bass"), "'bass'"),
        (("--mood", ""), "mood"),
    ],
)
def test_a_control_that_cannot_be_met_gets_one_sentence(
    run: Run, words: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    for result in (run("plan", "lofi", *words), run("compose", "lofi", *words, "--out", str(tmp_path / "out"))):
        assert (result.exit_code, result.stdout) == (2, "")
        assert named in result.stderr
        assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_song_is_made_again_with_parts_kept_over_the_command_line(run: Run, made: Receipt, place: Path) -> None:
    result = run("compose", "--again", made.id, "--keep", "bass", "--out", str(place), "--format", "wav", "--json")
    assert result.exit_code == 0, result.stderr
    other = Receipt.from_json(json.loads(result.stdout))
    assert notes_of(other, Role.BASS) == notes_of(made, Role.BASS)
    assert other.prompt == made.prompt


def test_a_file_alone_is_enough_to_go_on(run: Run, made: Receipt) -> None:
    result = run("plan", "--continue", made.files["midi"], "--seconds", "15", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["sources"]["key"] == "file"


def test_no_prompt_and_nothing_to_go_on_is_refused(run: Run) -> None:
    result = run("compose")
    assert result.exit_code == 2
    assert "PROMPT" in result.stderr


def test_a_song_tells_its_id(run: Run, tmp_path: Path) -> None:
    result = run("compose", "lofi", "--seconds", "6", "--format", "wav", "--out", str(tmp_path))
    (receipt,) = [json.loads(path.read_text()) for path in tmp_path.glob("*.json") if "song" not in path.suffixes[0]]
    assert receipt["id"] in result.stdout


def test_chords_on_a_bass_alone_can_be_gone_on_from() -> None:
    notes = [(480 * i, pitch, 400) for i in range(16) for pitch in (40, 47, 52)]
    song = read_continued(encode_midi(midi(track(notes, program=33))))
    assert song.bars == 4
    assert Role.BASS in {part.role for part in song.tracks}
