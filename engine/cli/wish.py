"""What a person typed behind a command → `ComposeRequest`s, and the prompts of standard input.

In: texts. Out: requests. Conventions: a number that is none is refused here in one sentence; whether a number is a
sensible length or tempo is the planner's to say. Caveat: an empty line of standard input is an empty prompt, so that
answers stay in step with questions.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from engine.compose.request import MAX_MIDI_BYTES, ComposeRequest, encode_midi
from engine.errors import BadRequest

FROM_STDIN = "-"
CONTINUATION = "a continuation"
"""The prompt of whoever gives a file to go on from and no words."""
WHOLE_NUMBER = re.compile(r"\s*-?\d{1,19}\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of `compose` and `plan` that say what is wished, as they were typed."""

    style: str | None = None
    seconds: str | None = None
    bpm: str | None = None
    key: str | None = None
    meter: str | None = None
    seed: str | None = None
    format: str = "mp3"
    mood: str | None = None
    energy: str | None = None
    adventure: str | None = None
    instruments: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    chords: str | None = None
    bars: str | None = None
    engine: str = "network"
    continuing: Path | None = None
    again: str | None = None
    keep: tuple[str, ...] = ()
    loop: bool = False
    stems: bool = False
    musicxml: bool = False
    theme: str = "dark"

    def request(self, prompt: str) -> ComposeRequest:
        """The request for `prompt`. Raises `BadRequest`, also for a file that cannot be read."""
        return ComposeRequest(
            prompt=prompt,
            style=self.style,
            seconds=_number("length", self.seconds, "60"),
            bpm=_number("tempo", self.bpm, "90"),
            key=self.key,
            meter=self.meter,
            seed=_seed(self.seed),
            format=self.format,
            mood=self.mood,
            energy=_number("energy", self.energy, "0.7"),
            adventure=_number("adventure", self.adventure, "0.5"),
            instruments=self.instruments,
            without=self.without,
            chords=self.chords,
            bars=_bars(self.bars),
            engine=self.engine,
            continuing=_file(self.continuing),
            again=self.again,
            keep=self.keep,
            loop=self.loop,
            stems=self.stems,
            musicxml=self.musicxml,
            theme=self.theme,
        )


def prompt_or_default(prompt: str | None, options: Options) -> str:
    """The prompt; without one, what goes without saying: a continuation, or the old prompt. Without either, the
    command's usage is explained.
    """
    if prompt is not None:
        return prompt
    if options.again is not None:
        return ""
    if options.continuing is not None:
        return CONTINUATION
    raise typer.BadParameter("There is none; words such as 'chill lofi 60s' would work.", param_hint="PROMPT")


def prompts_of(prompt: str) -> Iterator[str]:
    """The prompt itself, or for `-` each line of standard input."""
    if prompt != FROM_STDIN:
        yield _printable(prompt)
        return
    for line in sys.stdin:
        yield _printable(line.rstrip("\r\n"))


def _printable(text: str) -> str:
    """The text without the halves of characters that bytes which are no UTF-8 leave behind."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _number(what: str, text: str | None, example: str) -> float | None:
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise BadRequest(f"The {what} {text!r} is not a number; {example} would work.")
    return value


def _bars(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\s*-?\d{1,6}\s*", text):
        raise BadRequest(f"The bars {text[:40]!r} are not a whole number; 16 would work.")
    return int(text)


def _file(path: Path | None) -> str | None:
    """A MIDI file as requests carry it."""
    if path is None:
        return None
    whole = folder_of(path)
    try:
        with whole.open("rb") as file:
            return encode_midi(file.read(MAX_MIDI_BYTES + 1))
    except OSError as error:
        raise BadRequest(
            f"The file {str(whole)!r} cannot be read ({error.strerror}); a MIDI file's path would work."
        ) from None


def _seed(text: str | None) -> int | None:
    if text is None:
        return None
    if not WHOLE_NUMBER.fullmatch(text):
        raise BadRequest(f"The seed {text[:40]!r} is not a whole number of up to 19 digits; 42 would work.")
    return int(text)


def folder_of(path: Path) -> Path:
    """The folder that was typed, absolute; `~` is a home folder. Raises `BadRequest` if nobody has that home."""
    try:
        return path.expanduser().absolute()
    except RuntimeError:
        raise BadRequest(f"The folder {str(path)!r} is in no known home folder; its full path would work.") from None
