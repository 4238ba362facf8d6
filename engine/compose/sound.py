"""The last stage of composing: a written song becomes finished files.

In: a `Song`, its `Style`, the asked length, a seed, where to, and what is wanted. Out: `<name>.mp3` (or ogg, wav,
flac), `<name>.mid`, `<name>.png`, and stems and a score where they are wanted; all of them or none. Conventions:
`seconds` is the length of the audio, so what it has beyond the bars is for ringing out; a loop is as long as its bars,
whatever `seconds` says. The MIDI file depends on song, style and seed alone. Picture and cover are drawn while the
synthesiser works. Caveat: files of the same name are replaced.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import TypeVar

from engine.compose.files.delivery import Delivery
from engine.compose.files.handover import Handover, Sound, hand_over, tags_of
from engine.compose.files.stems import faded
from engine.compose.files.write import write_all
from engine.compose.loop import loop_samples, master_loop, mix_loop
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
PLAIN = Delivery()


@dataclass(frozen=True, slots=True, kw_only=True)
class SoundFiles:
    """Where the files are, the MIDI file's SHA-256, and seconds spent on render, master, encode and picture.

    Rendering includes mixing, which goes on while the synthesiser plays; encoding includes stems and score.
    `more`: what else was wanted (`stems`, `musicxml`) → its path. `notices`: what the person should know of the files.
    `samples`: the audio as it was given to the encoder, `[2, N] float32`, for whoever measures it.
    """

    audio: Path
    midi: Path
    picture: Path
    midi_sha256: str
    timings_s: Mapping[str, float]
    more: Mapping[str, Path] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
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
        progress: Progress,
        delivery: Delivery = PLAIN,
        performance_seed: int | None = None,
    ) -> SoundFiles:
        """Make the files. `performance_seed`: of how the notes are played, where that is not the song's own `seed`.

        Raises `SetupError` when they cannot be written and `RenderError` when there is no sound."""
        _check_folder(folder)
        samples = loop_samples(song) if delivery.loop else round(seconds * SAMPLE_RATE_HZ)
        subtitle = _subtitle(song, samples / SAMPLE_RATE_HZ, seed)
        watch = _Stopwatch()
        with ThreadPoolExecutor(1) as painter:
            drawing = painter.submit(
                watch.timed, "picture", lambda: draw_song(song, subtitle=subtitle, theme=delivery.theme)
            )
            tagging = painter.submit(tags_of, song, style.title, seed=seed, delivery=delivery, title=song.title or name)
            performed = perform(
                song,
                seed=seed if performance_seed is None else performance_seed,
                touch=style.touch,
                room_s=0.0 if delivery.loop else seconds - song.duration_s,
                steady=delivery.loop,
            )
            midi = write_midi(performed, style.parts)
            order = MixOrder(chain=find_chain(style.master), seed=seed, samples=samples, stems=delivery.stems)
            mixed = watch.timed("render", lambda: self._mix(performed, style, order, progress, loop=delivery.loop))
            progress("master", 0.0)
            mastered = watch.timed("master", lambda: master_loop(mixed) if delivery.loop else master(mixed))
            progress("encode", 0.0)
            stems = mixed.stems if delivery.loop else faded(mixed.stems)
            tags, sound = tagging.result(), Sound(audio=mastered, stems=stems)
            handover = watch.timed("encode", lambda: hand_over(song, tags, sound, delivery, name=name))
            progress("picture", 0.0)
            picture = drawing.result()
        paths = _write(handover, folder, name, midi=midi, picture=picture)
        progress("picture", 1.0)
        return SoundFiles(
            audio=paths.pop("audio"),
            midi=paths.pop("midi"),
            picture=paths.pop("picture"),
            midi_sha256=hashlib.sha256(midi).hexdigest(),
            timings_s=watch.timings_s,
            more=paths,
            notices=handover.notices,
            samples=mastered,
        )

    def _mix(self, performed: PerformedSong, style: Style, order: MixOrder, progress: Progress, *, loop: bool) -> Mixed:
        voices = self._voices[style.voices]

        def work(played: PerformedSong, order: MixOrder) -> Mixed:
            return mix(played, style.parts, voices, order, lambda share: progress("render", share))

        if not loop:
            return work(performed, order)
        return mix_loop(
            performed, lambda played, samples: work(played, replace(order, samples=samples, fade_out=False))
        )


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


def _write(handover: Handover, folder: Path, name: str, *, midi: bytes, picture: bytes) -> dict[str, Path]:
    """All files, or none; where they are."""
    files = {"midi": ("mid", midi), "picture": ("png", picture), **handover.files}
    paths = {what: folder / f"{name}.{ending}" for what, (ending, _) in files.items()}
    write_all({paths[what]: data for what, (_, data) in files.items()})
    return paths


def _check_folder(folder: Path) -> None:
    """Say that files cannot be written before a minute of work is done, not after."""
    if not folder.is_dir():
        raise SetupError(f"The folder {str(folder)!r} does not exist; a folder that exists and is writable would work.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SetupError(f"The folder {str(folder)!r} is not writable; another folder or other permissions would work.")
