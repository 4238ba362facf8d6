"""What the tests of transcription share: a synthesiser, and a band that was written down once."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

import pytest

from engine.compose.render import SAMPLE_RATE_HZ, Synth, find_soundfont
from engine.learn.transcribe import Transcription, transcribe
from tests.transcribe.recordings import Samples, band_song, played


@pytest.fixture(scope="session", autouse=True)
def _packages() -> None:
    missing = [name for name in ("onnxruntime", "basic_pitch") if find_spec(name) is None]
    if missing:
        pytest.skip(f"transcription needs {' and '.join(missing)}: the extra `teach`, and the set-up's second step")


@pytest.fixture(scope="session")
def synth() -> Iterator[Synth]:
    made = Synth(find_soundfont(None))
    yield made
    made.close()


@pytest.fixture(scope="session")
def band_audio(synth: Synth) -> Samples:
    """Twelve bars at 104 beats a minute, 44.1 kHz."""
    return played(synth, band_song())


@pytest.fixture(scope="session")
def band(band_audio: Samples) -> Transcription:
    """The same, written down."""
    return transcribe(band_audio, SAMPLE_RATE_HZ)
