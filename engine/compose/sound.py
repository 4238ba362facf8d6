"""The last stage of composing: a written song becomes three finished files.

In: a `Song`, its `Style`, the asked length, a seed and where to. Out: `<name>.mp3` (or ogg, wav), `<name>.mid` and
`<name>.png`, all of them or none. Conventions: `seconds` is the length of the audio, so what it has beyond the bars
is for ringing out; the MIDI file depends on song, style and seed alone. The picture is drawn while the synthesiser
works. Caveat: files of the same name are replaced.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from engine.compose.encode import Format, encoded, write_all
from engine.compose.mixing.chains import find_chain
from engine.compose.mixing.chip import ChipVoices
from engine.compose.mixing.master import master
from engine.compose.mixing.mix import Mixed, MixOrder, mix
from engine.compose.mixing.voices import SoundfontVoices, Voices
from engine.compose.perform import perform
from engine.compose.picture import draw_song
from engine.compose.render import SAMPLE_RATE_HZ, Audio, Synth
from engine.compose.request import Progress
from engine.errors import SetupError
from engine.music.midi.write import write_midi
from engine.music.notes import Song
from engine.music.performance import PerformedSong
from engine.music.styles import Style

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFiles:
    """Where the files are, the MIDI file's SHA-256, and seconds spent on render, master, encode and picture.

    Rendering includes mixing, which goes on while the synthesiser plays.
    `samples`: the audio as it was given to the encoder, `[2, N] float32`, for whoever measures it.
    """

    audio: Path
    midi: Path
    picture: Path
    midi_sha256: str
    timings_s: Mapping[str, float]
    samples: Audio = field(repr=False, compare=False)


class SoundMaker:
    """Turns songs into files with one synthesiser; threads may share it."""

    def __init__(self, synth: Synth) -> None:
        self._voices: Mapping[str, Voices] = {"soundfont": SoundfontVoices(synth), "chip": ChipVoices()}

    def make(  # noqa: PLR0913 — the order in full, each part by its name
        self,
        song: Song,
        style: Style,
        *,
        seconds: float,
        seed: int,
        folder: Path,
        name: str,
        format: Format,
        progress: Progress,
        performance_seed: int | None = None,
    ) -> SoundFiles:
        """Make the files. `performance_seed`: of how the notes are played, where that is not the song's own `seed`.

        Raises `SetupError` when they cannot be written and `RenderError` when there is no sound."""
        _check_folder(folder)
        audio_path, midi_path, picture_path = (folder / f"{name}.{ending}" for ending in (format, "mid", "png"))
        comment = f"{song.style}, {song.tempo_bpm:g} bpm, {song.key}, seed {seed}"
        subtitle = _subtitle(song, seconds, seed)
        watch = _Stopwatch()
        with ThreadPoolExecutor(1) as painter:
            drawing = painter.submit(watch.timed, "picture", lambda: draw_song(song, subtitle=subtitle))
            performed = perform(song, seed=seed if performance_seed is None else performance_seed)
            midi = write_midi(performed, style.parts)
            order = MixOrder(chain=find_chain(style.master), seed=seed, samples=round(seconds * SAMPLE_RATE_HZ))
            mixed = watch.timed("render", lambda: self._mix(performed, style, order, progress))
            progress("master", 0.0)
            mastered = watch.timed("master", lambda: master(mixed))
            progress("encode", 0.0)
            title = song.title or name
            sound = watch.timed("encode", lambda: encoded(mastered, format=format, title=title, comment=comment))
            progress("picture", 0.0)
            picture = drawing.result()
        write_all({midi_path: midi, picture_path: picture, audio_path: sound})
        progress("picture", 1.0)
        return SoundFiles(
            audio=audio_path,
            midi=midi_path,
            picture=picture_path,
            midi_sha256=hashlib.sha256(midi).hexdigest(),
            timings_s=watch.timings_s,
            samples=mastered,
        )

    def _mix(self, performed: PerformedSong, style: Style, order: MixOrder, progress: Progress) -> Mixed:
        return mix(performed, style.parts, self._voices[style.voices], order, lambda share: progress("render", share))


class _Stopwatch:
    """Seconds that named pieces of work took."""

    def __init__(self) -> None:
        self.timings_s: dict[str, float] = {}

    def timed(self, name: str, work: Callable[[], T]) -> T:
        """Do the work and remember how long it took."""
        start = perf_counter()
        result = work()
        self.timings_s[name] = round(perf_counter() - start, 4)
        return result


def _subtitle(song: Song, seconds: float, seed: int) -> str:
    whole, rest = divmod(round(seconds), 60)
    parts = (
        song.style,
        f"{song.tempo_bpm:.4g} bpm",
        str(song.key),
        str(song.meter),
        f"{whole}:{rest:02d}",
        f"seed {seed}",
    )
    return "  ·  ".join(parts)


def _check_folder(folder: Path) -> None:
    """Say that files cannot be written before a minute of work is done, not after."""
    if not folder.is_dir():
        raise SetupError(f"The folder {str(folder)!r} does not exist; a folder that exists and is writable would work.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SetupError(f"The folder {str(folder)!r} is not writable; another folder or other permissions would work.")
