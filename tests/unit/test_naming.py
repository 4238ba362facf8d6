"""Ids, seeds and file names."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.compose.naming import MAX_SLUG_CHARS, file_stem, new_seed, new_song_id, prompt_to_slug
from engine.compose.request import STAGES
from engine.compose.shares import WEIGHTS, overall_share
from engine.store.names import SONG_ID


def test_ids_are_short_unique_and_sort_by_time() -> None:
    ids = []
    for _ in range(50):
        ids.append(new_song_id())
        time.sleep(0.0015)
    assert ids == sorted(ids)
    assert len({new_song_id() for _ in range(30)} | set(ids)) == 80
    assert all(len(i) == 14 and SONG_ID.fullmatch(i) for i in ids)


def test_seeds_that_nobody_asked_for_differ() -> None:
    seeds = {new_seed() for _ in range(100)}
    assert len(seeds) == 100
    assert all(0 <= seed < 2**63 for seed in seeds)


@pytest.mark.parametrize(
    ("prompt", "slug"),
    [
        ("chill lofi 60s", "chill-lofi-60s"),
        ("Café à la Satie, très lent!", "cafe-a-la-satie-tres-lent"),
        ("../../etc/passwd", "etc-passwd"),
        ("静かな雨", "song"),
        ("", "song"),
        ("♪♫", "song"),
        ("x" * 99, "x" * MAX_SLUG_CHARS),
        ("a very long wish that goes on and on until nobody reads it", "a-very-long-wish-that-goes-on-and-on"),
    ],
)
def test_a_prompt_becomes_a_name_that_any_system_takes(prompt: str, slug: str) -> None:
    assert prompt_to_slug(prompt) == slug


@given(st.text())
def test_no_prompt_leads_out_of_the_folder(prompt: str) -> None:
    stem = file_stem(prompt, "1k8z3m0q7x4abc")
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?-1k8z3m0q7x4abc", stem)
    assert len(stem) <= MAX_SLUG_CHARS + 15


def test_the_share_of_the_whole_grows_from_nothing_to_all() -> None:
    shares = [overall_share(stage, part) for stage in STAGES for part in (0.0, 0.5, 1.0)]
    assert shares == sorted(shares)
    assert shares[0] == 0.0
    assert shares[-1] == pytest.approx(1.0)
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    assert overall_share("picture", 7.0) <= 1.0
