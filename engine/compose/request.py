"""The values that cross the border of composing: what was asked (`ComposeRequest`) and what was made (`Receipt`).

Light on purpose: the Discord process imports this module, so nothing here imports torch, numpy or music21.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from engine.errors import BadRequest

MIN_SECONDS = 5.0
MAX_PROMPT_CHARS = 500
AUDIO_FORMATS = ("mp3", "ogg", "wav", "flac")
PICTURE_THEMES = ("dark", "light")
MAX_MIDI_BYTES = 2_000_000
"""Of a MIDI file to go on from."""
ENGINES = ("network", "rules")
"""Who writes the notes: the trained network, or the style's written grammar alone."""

Stage = Literal["read", "plan", "compose", "render", "master", "encode", "picture"]
STAGES: tuple[Stage, ...] = ("read", "plan", "compose", "render", "master", "encode", "picture")

Progress = Callable[[Stage, float], None]
"""Called with the stage that runs now and its finished share 0…1; from the thread that works."""


def encode_midi(data: bytes) -> str:
    """A MIDI file's bytes as a request carries them. Raises `BadRequest` for too many."""
    if len(data) > MAX_MIDI_BYTES:
        raise midi_too_large(len(data))
    return base64.b64encode(data).decode("ascii")


def midi_too_large(size_bytes: int) -> BadRequest:
    """What is said about a MIDI file of so many bytes."""
    return BadRequest(
        f"The MIDI file has {size_bytes / 1e6:.1f} MB; one of up to {MAX_MIDI_BYTES // 1_000_000} MB would work."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeRequest:
    """One wish for a song. Explicit fields win over what the prompt says; `None` means: not asked.

    `style`: one, or a blend such as `"jazz:0.7+lofi:0.3"`. `seconds` in seconds, `bpm` in quarter notes a minute,
    `key` such as `"D minor"`, `meter` such as `"3/4"`, `seed` any integer 0…2**63−1, `format` one of `AUDIO_FORMATS`.
    `mood` in words; `energy` and `adventure` 0…1. `instruments`: exactly those who play; `without`: instruments and
    roles to leave out. `chords` such as `"Am F C G"`, a bar each; `bars`: how many, exactly. `engine`: one of
    `ENGINES`. `continuing`: a MIDI file to go on from, as base64. `again`: the id of a finished song, whose wish is
    made anew with another seed; `keep`: roles of it that stay as they are, note for note. `loop`: the audio shall go
    round; `stems`, `musicxml`: a zip of the roles apart, a score, shall come with it.
    `theme` of the picture, one of `PICTURE_THEMES`.
    """

    prompt: str
    style: str | None = None
    seconds: float | None = None
    bpm: float | None = None
    key: str | None = None
    meter: str | None = None
    seed: int | None = None
    format: str = "mp3"
    mood: str | None = None
    energy: float | None = None
    adventure: float | None = None
    instruments: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    chords: str | None = None
    bars: int | None = None
    engine: str = "network"
    continuing: str | None = None
    again: str | None = None
    keep: tuple[str, ...] = ()
    loop: bool = False
    stems: bool = False
    musicxml: bool = False
    theme: str = "dark"

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> ComposeRequest:
        """Inverse of `to_json`; unknown keys raise `BadRequest`."""
        known = {f.name for f in dataclasses.fields(cls)}
        if unknown := set(data) - known:
            raise BadRequest(
                f"The request has the unknown key {sorted(unknown)[0]!r}; known are {', '.join(sorted(known))}."
            )
        lists = {name: tuple(data[name]) for name in ("instruments", "without", "keep") if name in data}
        return cls(**{**data, **lists})


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """All that is known about a finished song; written beside it as JSON. Key order is the file's.

    `blend`: style → weight. `model`: style, version, sha256 of the weights. `sections`: kind, label, start_bar, bars.
    `instruments`: role → {program, name}. `requested`: what was asked, by the prompt or explicitly, with where it was
    read. `measured`: metric → number. `files`: audio, midi, picture, score, and stems and musicxml if
    they were wanted (paths). `timings_s`: stage → seconds,
    and total. `candidates`: how many were composed, which was kept, why others were dropped. `gates`: gate → whether
    the song passed it, `None`: not asked. `originality`: longest_run_notes, longest_run_bars, nearest (piece, bar,
    song_bar, or `None`), limit, passed. `primer`: the seed that was read first, if any. `explanation`: why this style
    and all that was not asked for (`engine.compose.explain`); `sentence` is for people. `features`: what preferences
    look at, `plan` and `song`: feature → number. `taste`: style → version of the home's taste, where one was in force.
    """

    id: str
    prompt: str
    style: str
    blend: dict[str, float]
    seed: int
    model: dict[str, str]
    tempo_bpm: float
    key: str
    mode: str
    meter: str
    bars: int
    duration_s: float
    sections: list[dict[str, Any]]
    instruments: dict[str, dict[str, Any]]
    requested: dict[str, Any]
    measured: dict[str, Any]
    files: dict[str, str]
    midi_sha256: str
    timings_s: dict[str, float]
    candidates: dict[str, Any]
    title: str = ""
    notices: list[str] = field(default_factory=list)
    gates: dict[str, bool | None] = field(default_factory=dict)
    originality: dict[str, Any] = field(default_factory=dict)
    primer: str | None = None
    explanation: dict[str, Any] = field(default_factory=dict)
    features: dict[str, dict[str, float]] = field(default_factory=dict)
    taste: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Receipt:
        """Inverse of `to_json`."""
        return cls(**data)

    def dumps(self) -> str:
        """The receipt file's text."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"
