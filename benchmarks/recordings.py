"""Songs as people would upload them: played, mastered, encoded as mp3; and what is understood of such a recording.

In: a `Song`. Out: the bytes of an mp3 at 128 kbit/s, and the song that transcription writes down of it. Conventions:
played with its style's own instruments and touch, as `/compose` plays. Caveat: one synthesiser with one soundfont, so
what is understood of recordings made elsewhere may be less.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from engine.compose.files.mp3 import encode_mp3
from engine.compose.mixing.chains import find_chain
from engine.compose.mixing.chip import ChipVoices
from engine.compose.mixing.master import master
from engine.compose.mixing.mix import MixOrder, mix
from engine.compose.mixing.voices import SoundfontVoices
from engine.compose.perform import perform
from engine.compose.render import SAMPLE_RATE_HZ, Synth, find_soundfont
from engine.learn.transcribe import transcribe
from engine.learn.transcribe.pitches import RATE_HZ
from engine.learn.uploads import receive
from engine.music.notes import Song
from engine.music.styles import load_style

RING_S = 2.0
BIT_RATE_KBIT_S = 128


def recording_of(song: Song) -> bytes:
    """An mp3 of the song."""
    style = load_style(song.style)
    order = MixOrder(chain=find_chain(style.master), seed=1, samples=round((song.duration_s + RING_S) * SAMPLE_RATE_HZ))
    voices = ChipVoices() if style.voices == "chip" else SoundfontVoices(_synth())
    performed = perform(song, seed=1, touch=style.touch, room_s=RING_S)
    return encode_mp3(master(mix(performed, style.parts, voices, order)), BIT_RATE_KBIT_S)


def understood_of(recording: bytes) -> Song | None:
    """What an upload of this recording would teach; None where it would be refused."""
    with tempfile.TemporaryDirectory() as folder, receive(recording, "a.mp3", inside=Path(folder)) as upload:
        heard = transcribe(np.asarray(upload.samples(), np.float32), RATE_HZ)
    return None if heard.refusal else heard.song


@cache
def _synth() -> Synth:
    return Synth(find_soundfont(None))
