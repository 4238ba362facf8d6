"""What the sound tests share: one synthesiser, and audio that it rendered."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from engine.compose.perform import perform
from engine.compose.render import Synth, find_soundfont
from engine.music.midi.write import write_midi
from tests.sound.songs import band, style


@pytest.fixture(scope="session")
def synth() -> Iterator[Synth]:
    made = Synth(find_soundfont(None))
    yield made
    made.close()


@pytest.fixture(scope="session")
def midi() -> bytes:
    return write_midi(perform(band(bars=4), seed=1), style().parts)


@pytest.fixture(scope="session")
def mix(synth: Synth, midi: bytes) -> npt.NDArray[np.float32]:
    """`[2, 12 s] float32`: four bars at 90 bpm and their ringing out."""
    return synth.render(midi, 12.0)
