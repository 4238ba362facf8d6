"""MIDI bytes to sound, by FluidSynth. This module is FluidSynth's one home.

In: a Standard MIDI File as bytes and a length in seconds. Out: `audio [2, N] float32`, 44,100 Hz, N exact, unmastered
(peaks around ±0.3, not limited). Conventions: each job gets a fresh synth, because a used one would carry its reverb's
state over, so the same bytes give the same samples. It reads the samples of the instruments that play, no others, which
takes less time and memory than finding all of them in a cache; compressed soundfonts (sf3) are dear to read, so one
synth keeps all of theirs. Where libfluidsynth cannot be loaded, midi2audio runs the program instead (slower, 16
bits). Caveat: the player works in blocks of 64 samples and whole milliseconds.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.errors import RenderError, SetupError

Audio = npt.NDArray[np.float32]

SAMPLE_RATE_HZ = 44_100
POLYPHONY = 96
GAIN = 1.0
BLOCK = 1 << 15
MIDI_CHANNELS = 16
COMPRESSED = ".sf3"
PROGRAM_LIMIT_S = 300
SHORTEST_QUARTER_US = 200_000
MEND = "`apt-get install --no-install-recommends fluidsynth fluid-soundfont-gm`"
LIBRARY_NAMES = ("libfluidsynth.so.3", "libfluidsynth.so.2", "libfluidsynth.so", "libfluidsynth.3.dylib")
SOUNDFONT_FOLDERS = (
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/sounds/sf3"),
    Path("/usr/share/soundfonts"),
    Path("/usr/local/share/soundfonts"),
)
SOUNDFONT_NAMES = ("FluidR3_GM.sf2", "default-GM.sf2", "default.sf2", "TimGM6mb.sf2", "GeneralUser-GS.sf2")
"""The ones to prefer, best first; where none of them is, any soundfont in the folders will do."""


def find_soundfont(explicit: Path | None) -> Path:
    """The soundfont to use: the one asked for, else the first in the usual folders. Raises `SetupError`."""
    if explicit is not None:
        if not os.path.isfile(explicit):
            raise SetupError(f"The soundfont {str(explicit)!r} does not exist; name another or run {MEND}.")
        return explicit
    for name, folder in product(SOUNDFONT_NAMES, SOUNDFONT_FOLDERS):
        if (folder / name).is_file():
            return folder / name
    for found in (path for folder in SOUNDFONT_FOLDERS for path in sorted(folder.glob("*.sf[23]"))):
        if found.is_file():
            return found
    raise SetupError(f"No soundfont was found in {SOUNDFONT_FOLDERS[0]}; {MEND} installs one.")


def find_fluidsynth() -> str:
    """Which FluidSynth will be used, in words. Raises `SetupError` if there is none."""
    if _library() is not None:
        return "libfluidsynth, in this process"
    program = shutil.which("fluidsynth")
    if program is None:
        raise SetupError(f"FluidSynth is not installed; {MEND} installs it.")
    return f"{program}, as a program"


class Synth:
    """Renders MIDI with one soundfont. Threads may render at the same time; `close` frees what is kept of it."""

    def __init__(self, soundfont: Path) -> None:
        """Load the soundfont. Raises `SetupError` if it is damaged, or if there is no FluidSynth at all."""
        _check_soundfont(soundfont)
        self.soundfont = soundfont
        self._library = _library()
        self._keeper: tuple[int, int] | None = None
        if self._library is not None:
            self._keeper = _open_synth(self._library, soundfont)
        else:
            find_fluidsynth()

    @property
    def in_process(self) -> bool:
        """Whether libfluidsynth is used (else the command-line program)."""
        return self._library is not None

    def render(self, midi: bytes, seconds: float, progress: Callable[[float], None] | None = None) -> Audio:
        """`[2, round(seconds · 44100)]` float32 of `midi`; what is longer is cut, what is shorter rings out to silence.

        `progress` hears finished shares 0…1. Raises `RenderError` when FluidSynth cannot read or play the file.
        """
        if not math.isfinite(seconds) or round(seconds * SAMPLE_RATE_HZ) < 1:
            raise RenderError(f"{seconds} s of audio cannot be rendered")
        if midi[:4] != b"MThd" or b"MTrk" not in midi:
            raise RenderError("FluidSynth was given bytes that are no MIDI file")
        frames = round(seconds * SAMPLE_RATE_HZ)
        if self._library is None:
            return _render_by_program(self.soundfont, midi, frames)
        return _render_by_library(self._library, self.soundfont, midi, frames, progress or (lambda share: None))

    def channels(self, midi: bytes, frames: int, channels: Sequence[int], block: int) -> Iterator[Audio]:
        """The MIDI channels apart, without reverb and chorus: `[len(channels), 2, n]` float32, `block` frames a time.

        All of them are played by one synth at once, so they cost no more than `render`. Raises `RenderError` where
        libfluidsynth is missing (`in_process` tells) or cannot play the file.
        """
        if self._library is None:
            raise RenderError("the fluidsynth program cannot keep channels apart")
        return _channels_by_library(self._library, self.soundfont, midi, (frames, block, tuple(channels)))

    def close(self) -> None:
        """Free the soundfont's samples; rendering afterwards is still right, but loads them anew."""
        if self._library is not None and self._keeper is not None:
            settings, synth = self._keeper
            self._keeper = None
            self._library.delete_fluid_synth(synth)
            self._library.delete_fluid_settings(settings)


def _check_soundfont(path: Path) -> None:
    """Refuse what is no soundfont, or one cut short, before FluidSynth sees it."""
    try:
        with path.open("rb") as file:
            head = file.read(12)
        size = path.stat().st_size
    except OSError as error:
        raise SetupError(
            f"The soundfont {str(path)!r} cannot be read ({error.strerror}); name another or run {MEND}."
        ) from error
    whole = len(head) == 12 and head[:4] == b"RIFF" and head[8:] == b"sfbk"
    if not whole or size < struct.unpack("<I", head[4:8])[0] + 8:
        raise _damaged(path)


def _damaged(path: Path) -> SetupError:
    return SetupError(
        f"The soundfont {str(path)!r} is damaged, or none; name another or run"
        " `apt-get install --reinstall fluid-soundfont-gm`."
    )


@cache
def _library() -> ctypes.CDLL | None:
    """libfluidsynth with its functions declared, or None where it cannot be loaded."""
    for name in (*LIBRARY_NAMES, ctypes.util.find_library("fluidsynth")):
        if name is None:
            continue
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        _declare(library)
        for level in range(5):
            library.fluid_set_log_function(level, None, None)
        return library
    return None


def _declare(library: ctypes.CDLL) -> None:
    pointer, text, integer = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    for name, result, arguments in (
        ("new_fluid_settings", pointer, ()),
        ("delete_fluid_settings", None, (pointer,)),
        ("fluid_settings_setnum", integer, (pointer, text, ctypes.c_double)),
        ("fluid_settings_setint", integer, (pointer, text, integer)),
        ("new_fluid_synth", pointer, (pointer,)),
        ("delete_fluid_synth", None, (pointer,)),
        ("fluid_synth_sfload", integer, (pointer, text, integer)),
        (
            "fluid_synth_write_float",
            integer,
            (pointer, integer, pointer, integer, integer, pointer, integer, integer),
        ),
        ("fluid_synth_process", integer, (pointer, integer, integer, pointer, integer, pointer)),
        ("new_fluid_player", pointer, (pointer,)),
        ("delete_fluid_player", None, (pointer,)),
        ("fluid_player_add_mem", integer, (pointer, text, ctypes.c_size_t)),
        ("fluid_player_play", integer, (pointer,)),
        ("fluid_player_stop", integer, (pointer,)),
        ("fluid_player_get_status", integer, (pointer,)),
        ("fluid_set_log_function", pointer, (integer, pointer, pointer)),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments


def _open_synth(library: ctypes.CDLL, soundfont: Path, *, apart: bool = False) -> tuple[int, int]:
    """Settings and synth with the soundfont loaded. `apart`: each MIDI channel in buffers of its own, dry."""
    settings: int = library.new_fluid_settings()
    if apart:
        for name in (b"synth.audio-channels", b"synth.audio-groups"):
            library.fluid_settings_setint(settings, name, MIDI_CHANNELS)
        for name in (b"synth.reverb.active", b"synth.chorus.active"):
            library.fluid_settings_setint(settings, name, 0)
    library.fluid_settings_setnum(settings, b"synth.sample-rate", float(SAMPLE_RATE_HZ))
    library.fluid_settings_setnum(settings, b"synth.gain", GAIN)
    library.fluid_settings_setint(settings, b"synth.polyphony", POLYPHONY)
    library.fluid_settings_setint(settings, b"synth.cpu-cores", 1)
    library.fluid_settings_setint(settings, b"synth.lock-memory", 0)
    only_what_plays = int(soundfont.suffix.lower() != COMPRESSED)
    library.fluid_settings_setint(settings, b"synth.dynamic-sample-loading", only_what_plays)
    synth: int | None = library.new_fluid_synth(settings)
    if not synth:
        library.delete_fluid_settings(settings)
        raise RenderError("FluidSynth could not make a synthesiser")
    if library.fluid_synth_sfload(synth, os.fsencode(soundfont), 1) < 0:
        library.delete_fluid_synth(synth)
        library.delete_fluid_settings(settings)
        raise _damaged(soundfont)
    return settings, synth


@contextmanager
def _playing(library: ctypes.CDLL, soundfont: Path, midi: bytes, *, apart: bool = False) -> Iterator[int]:
    """A fresh synth that plays `midi` as it is asked for samples."""
    settings, synth = _open_synth(library, soundfont, apart=apart)
    player = library.new_fluid_player(synth)
    try:
        if library.fluid_player_add_mem(player, midi, len(midi)) != 0 or library.fluid_player_play(player) != 0:
            raise RenderError("FluidSynth refused the MIDI file")
        yield synth
    finally:
        library.fluid_player_stop(player)
        library.delete_fluid_player(player)
        library.delete_fluid_synth(synth)
        library.delete_fluid_settings(settings)


def _render_by_library(
    library: ctypes.CDLL, soundfont: Path, midi: bytes, frames: int, progress: Callable[[float], None]
) -> Audio:
    audio = np.zeros((2, frames), np.float32)
    left, right = (channel.ctypes.data for channel in audio)
    with _playing(library, soundfont, midi) as synth:
        for start in range(0, frames, BLOCK):
            count = min(BLOCK, frames - start)
            if library.fluid_synth_write_float(synth, count, left, start, 1, right, start, 1) != 0:
                raise RenderError(f"FluidSynth stopped after {start / SAMPLE_RATE_HZ:.1f} s")
            progress((start + count) / frames)
    return audio


def _channels_by_library(
    library: ctypes.CDLL, soundfont: Path, midi: bytes, order: tuple[int, int, tuple[int, ...]]
) -> Iterator[Audio]:
    """`order`: frames in all, frames a block, channels."""
    frames, block, channels = order
    with _playing(library, soundfont, midi, apart=True) as synth:
        for start in range(0, frames, block):
            count = min(block, frames - start)
            audio = np.zeros((len(channels), 2, count), np.float32)
            buffers = (ctypes.c_void_p * (2 * MIDI_CHANNELS))()
            for at, channel in enumerate(channels):
                buffers[2 * channel], buffers[2 * channel + 1] = (side.ctypes.data for side in audio[at])
            if library.fluid_synth_process(synth, count, 0, None, len(buffers), buffers) != 0:
                raise RenderError(f"FluidSynth stopped after {start / SAMPLE_RATE_HZ:.1f} s")
            yield audio


def _render_by_program(soundfont: Path, midi: bytes, frames: int) -> Audio:
    """The plain path: midi2audio runs `fluidsynth`, in a child whose chatter is kept off our standard output.

    midi2audio ignores the program's exit code, so the file that it wrote is checked instead.
    """
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        source, target = Path(folder) / "song.mid", Path(folder) / "song.wav"
        source.write_bytes(lengthen_midi(midi, frames / SAMPLE_RATE_HZ))
        command = [sys.executable, "-m", "midi2audio", "-s", str(soundfont), "-r", str(SAMPLE_RATE_HZ)]
        try:
            done = subprocess.run(
                [*command, str(source), str(target)], capture_output=True, timeout=PROGRAM_LIMIT_S, check=False
            )
            with wave.open(str(target)) as file:
                form = (file.getframerate(), file.getnchannels(), file.getsampwidth())
                samples = np.frombuffer(file.readframes(frames), "<i2")
        except FileNotFoundError as error:
            raise RenderError(f"the fluidsynth program wrote no audio: {_last_line(done.stderr)}") from error
        except (wave.Error, EOFError) as error:
            raise RenderError(f"the fluidsynth program wrote unreadable audio: {error}") from error
        except subprocess.TimeoutExpired as error:
            raise RenderError(f"the fluidsynth program took more than {PROGRAM_LIMIT_S} s") from error
    if form != (SAMPLE_RATE_HZ, 2, 2) or len(samples) == 0:
        raise RenderError(f"the fluidsynth program wrote {len(samples)} samples in the form {form}")
    audio = np.zeros((2, frames), np.float32)
    audio[:, : len(samples) // 2] = samples.reshape(-1, 2).T / np.float32(32768)
    return audio


def _last_line(text: bytes) -> str:
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def lengthen_midi(midi: bytes, seconds: float) -> bytes:
    """The file with an empty track of `seconds`, because the command-line program stops with the last event.

    Of the tempi in the first track the quickest counts, so that the file is never too short.
    """
    first_track = midi[22 : 22 + int.from_bytes(midi[18:22], "big")]
    tempi = [int.from_bytes(tempo, "big") for tempo in re.findall(rb"\xff\x51\x03(...)", first_track, re.DOTALL)]
    quarter_us = max(min(tempi, default=500_000), SHORTEST_QUARTER_US)
    kind, tracks, division = struct.unpack(">HHH", midi[8:14])
    ticks = math.ceil(seconds * 1e6 / quarter_us * division)
    groups = [ticks >> shift & 0x7F for shift in (21, 14, 7, 0)]
    body = bytes((groups[0] | 0x80, groups[1] | 0x80, groups[2] | 0x80, groups[3])) + b"\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, kind, tracks + 1, division)
    return header + midi[14:] + struct.pack(">4sI", b"MTrk", len(body)) + body
