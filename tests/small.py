"""The real things made small, shared by tests: a 16-unit network with the real vocabulary, and plans made from
composed songs.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from engine.compose.plan import BarPlan, Casting, Plan
from engine.learn.dataset import STYLE_IDS
from engine.learn.train import network_config
from engine.model.checkpoint import Facts
from engine.model.network import Network
from engine.music.context import vocabulary_hash
from engine.music.notes import Role, Song
from engine.music.styles import load_style


def small_network(seed: int = 0) -> Network:
    """An untrained network of 16 units that reads and writes the real vocabulary."""
    torch.manual_seed(seed)
    config = replace(network_config(), embedding=16, hidden=16, head=16)
    return Network(config)


def small_facts(style: str = "lofi") -> Facts:
    """Facts of a checkpoint that fits this program."""
    return Facts(style=style, version="v1", vocabulary=vocabulary_hash(), style_ids=STYLE_IDS)


def plan_of_song(song: Song, *, seed: int = 0, copies: dict[int, int] | None = None) -> Plan:
    """A plan that asks for what a song has: its sections, chords, roles and programs."""
    parts = load_style(song.style).parts
    cast = {
        track.role: Casting(
            program=track.program,
            name=str(track.program),
            low=parts[track.role].low,
            high=parts[track.role].high,
            density=parts[track.role].density,
        )
        for track in song.tracks
    }
    bars = [
        BarPlan(
            section=index,
            chords=(_chord(song, 2 * bar), _chord(song, 2 * bar + 1)),
            roles=frozenset(track.role for track in song.tracks if _near(song, track.role, bar)),
            energy=0.5,
            copy_of=(copies or {}).get(bar),
            final=bar == song.bars - 1,
        )
        for index, section in enumerate(song.sections)
        for bar in range(section.start_bar, section.end_bar)
    ]
    return Plan(
        prompt="",
        title="Small",
        style=song.style,
        blend={song.style: 1.0},
        seed=seed,
        key=song.key,
        meter=song.meter,
        tempo_bpm=song.tempo_bpm,
        swing=song.swing,
        energy=0.5,
        seconds=song.duration_s + 2.0,
        sections=song.sections,
        bars=tuple(bars),
        cast=cast,
        sources={},
        requested={},
        style_scores={},
    )


def _chord(song: Song, half: int):  # type: ignore[no-untyped-def]
    chord = song.chords[half]
    assert chord is not None
    return chord


def _near(song: Song, role: Role, bar: int) -> bool:
    track = song.track(role)
    return track is not None and any(abs(note.onset // song.meter.bar_ticks - bar) <= 1 for note in track.notes)
