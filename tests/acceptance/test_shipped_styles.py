"""The shipped checkpoints: songs of every style, over random seeds, are whole music. Notes only, no sound.

`make test` writes two songs a style; `make sweep` writes the ten a style that the project promises.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from engine.compose.generate import SongWriter
from engine.compose.pipeline import Composer
from engine.compose.plan import Plan
from engine.compose.request import ComposeRequest
from engine.metrics.form import bass_root_at_downbeat_share
from engine.metrics.symbolic import longest_repeated_pitch_run, notes_out_of_range, silent_bars
from engine.model.checkpoint import latest_version
from engine.music.notes import Role, Song
from engine.music.styles import STYLES_DIR, load_style, style_names
from engine.settings import Settings

STYLES = ("classical", "folk", "lofi", "ragtime", "rock")
MOODS = (
    "calm",
    "bright and happy",
    "dark",
    "restless",
    "late at night",
    "for a walk",
    "sad",
    "proud",
    "dreamy",
    "wild",
)


@pytest.fixture(scope="session")
def composer(tmp_path_factory) -> Composer:
    return Composer(Settings(data_dir=tmp_path_factory.mktemp("data")))


def songs(composer: Composer, style: str, count: int) -> Iterator[tuple[Plan, Song]]:
    """Songs of random length, mood and seed."""
    rng = np.random.default_rng(sum(style.encode()))
    for index in range(count):
        request = ComposeRequest(
            prompt=f"{MOODS[index % len(MOODS)]} {style}",
            seconds=int(rng.integers(20, 61)),
            seed=int(rng.integers(2**31)),
        )
        plan = composer.plan(request)
        yield plan, composer.writer.write(plan, candidates=8).song


def faults(plan: Plan, song: Song) -> list[str]:
    """What the project promises that no song has."""
    found = []
    melody = song.track(Role.MELODY)
    run = longest_repeated_pitch_run(melody) if melody else 0
    if run > 8:
        found.append(f"melody repeats a pitch {run} times running")
    if silent := silent_bars(song):
        found.append(f"silent bars {silent}")
    ranges = {role: (c.low, c.high) for role, c in plan.cast.items() if role is not Role.DRUMS}
    if outside := notes_out_of_range(song, ranges):
        found.append(f"{outside} notes out of range")
    return found


def check(composer: Composer, style: str, count: int) -> None:
    roots = []
    melodies = set()
    for plan, song in songs(composer, style, count):
        assert faults(plan, song) == [], f"{style}, seed {plan.seed}"
        assert song.style == style
        assert {track.role for track in song.tracks} >= {Role.MELODY, Role.HARMONY, Role.BASS}
        if Role.DRUMS in load_style(style).parts and load_style(style).parts[Role.DRUMS].presence >= 0.5:
            assert song.track(Role.DRUMS) is not None
        melody = song.track(Role.MELODY)
        assert melody is not None
        melodies.add(tuple((note.onset, note.pitch) for note in melody.notes))
        if (share := bass_root_at_downbeat_share(song)) is not None:
            roots.append(share)
    assert len(melodies) == count
    assert np.mean(roots) >= 0.6


def test_all_five_styles_are_shipped_with_a_checkpoint():
    assert set(style_names()) >= set(STYLES)
    for style in (*STYLES, "base"):
        assert latest_version(STYLES_DIR / style) is not None, style


def test_all_checkpoints_together_are_at_most_100_mb():
    assert sum(path.stat().st_size for path in STYLES_DIR.glob("*/*.safetensors")) <= 100e6


@pytest.mark.parametrize("style", STYLES)
def test_two_songs_of_each_style_have_no_fault(composer, style):
    check(composer, style, 2)


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_ten_songs_of_each_style_have_no_fault(composer, style):
    check(composer, style, 10)


@pytest.mark.parametrize("style", STYLES)
def test_the_writer_gives_the_same_notes_for_the_same_seed(composer, style):
    plan = composer.plan(ComposeRequest(prompt=style, seconds=15, seed=5))
    fresh = SongWriter.load("cpu")
    assert composer.writer.write(plan, candidates=8).song == fresh.write(plan, candidates=8).song
