"""Audio → how likely each key of a piano is struck, and sounds, 86 times a second. The home of onnxruntime here.

In: mono audio, `[N] float32` at 22,050 Hz. Out: `Pitches`, two matrices `[frames, 88] float32` of 0…1. The network is
Basic Pitch (Bittner et al., "A lightweight instrument-agnostic model for polyphonic note transcription and multipitch
estimation", ICASSP 2022), which lies as an ONNX file inside the package basic-pitch (Apache-2.0); the package itself is
never imported. Conventions: frame `i` stands for the time `i · HOP / RATE_HZ` seconds. Windows overlap by 30 frames, of
which 15 are cut at each side, and begin at whole hops, so that frames stay in step however long the audio is. Caveat:
nothing is heard outside A0 to C8, and hardly anything of noise or very distorted guitars.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import SetupError

Samples = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float32]

RATE_HZ, HOP = 22_050, 256
LOWEST_PITCH, PITCHES = 21, 88
WINDOW = 43_844
WINDOW_FRAMES, CUT_FRAMES = 172, 15
KEPT_FRAMES = WINDOW_FRAMES - 2 * CUT_FRAMES
BATCH = 8
MODEL = Path("saved_models/icassp_2022/nmp.onnx")
INPUT, NOTE_OUTPUT, ONSET_OUTPUT = "serving_default_input_2:0", "StatefulPartitionedCall:1", "StatefulPartitionedCall:2"
MEND = "`pip install onnxruntime` and `pip install --no-deps basic-pitch==0.4.0`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pitches:
    """`onset`, `sound`: `[frames, 88] float32`, 0…1; column 0 is A0, pitch 21."""

    onset: Matrix
    sound: Matrix


def listen(samples: Samples, *, threads: int = 1, progress: Callable[[float], None] = lambda share: None) -> Pitches:
    """Run the network over the whole recording. Raises `SetupError` when a package is missing."""
    session = _session(threads)
    frames = -(-len(samples) // HOP)
    windows = max(1, -(-frames // KEPT_FRAMES))
    padded = np.zeros(CUT_FRAMES * HOP + (windows - 1) * KEPT_FRAMES * HOP + WINDOW, np.float32)
    padded[CUT_FRAMES * HOP : CUT_FRAMES * HOP + len(samples)] = samples
    out = (
        np.empty((windows * KEPT_FRAMES, PITCHES), np.float32),
        np.empty((windows * KEPT_FRAMES, PITCHES), np.float32),
    )
    for start in range(0, windows, BATCH):
        count = min(BATCH, windows - start)
        places = [(start + i) * KEPT_FRAMES * HOP for i in range(count)]
        batch = np.stack([padded[place : place + WINDOW] for place in places])[:, :, None]
        for whole, part in zip(out, session.run([ONSET_OUTPUT, NOTE_OUTPUT], {INPUT: batch}), strict=True):
            kept = part[:, CUT_FRAMES : CUT_FRAMES + KEPT_FRAMES].reshape(-1, PITCHES)
            whole[start * KEPT_FRAMES : (start + count) * KEPT_FRAMES] = kept
        progress((start + count) / windows)
    return Pitches(onset=out[0][:frames], sound=out[1][:frames])


def find_model() -> Path:
    """Where the network lies. Raises `SetupError` when the package that carries it is not installed."""
    spec = importlib.util.find_spec("basic_pitch")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        if os.path.isfile(os.path.join(folder, MODEL)):
            return Path(folder) / MODEL
    raise SetupError(
        f"The package basic-pitch, which carries the transcription model, is not installed; {MEND} would work."
    )


@lru_cache(maxsize=2)
def _session(threads: int) -> Any:
    try:
        import onnxruntime  # noqa: PLC0415 - an extra; only who transcribes needs it
    except ImportError as error:
        raise SetupError(f"onnxruntime is not installed; {MEND} would work.") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(os.fspath(find_model()), options, providers=["CPUExecutionProvider"])
