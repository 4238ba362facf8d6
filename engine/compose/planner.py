"""A request → the plan of a song: every choice before the first note, and where it came from.

In: a `ComposeRequest`. Out: a `Plan`. Conventions: a field of the request beats the prompt's words, these beat the
prompt's meaning (the text encoder), that beats the style's habits. Chance comes from the seed alone, and each
decision has its own generator, so that asking for another key does not change the form. Caveat: what is asked is kept
even where a style never does it (lofi in 3/4).
"""

from __future__ import annotations

import secrets
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from engine.compose.arrange import Ensemble, arrange
from engine.compose.casting import choose_cast, presence
from engine.compose.form import shape
from engine.compose.harmonise import Tonality, harmonise
from engine.compose.likeness import Wanted, cast_after, draw_profile, presence_after, returning_after
from engine.compose.plan import Plan
from engine.compose.prompt import Wishes, check_seed, read_prompt, style_aliases
from engine.compose.request import MIN_SECONDS, ComposeRequest
from engine.compose.tempo import Fit, Liking, bar_seconds, fit_asked, fit_free, unit_bars
from engine.compose.title import Character, make_title
from engine.compose.words.lengths import check_length
from engine.compose.words.tempos import MAX_BPM, MIN_BPM, check_bpm
from engine.errors import BadRequest
from engine.music.habits import Profile, load_habits
from engine.music.harmony import Key, Mode
from engine.music.styles import Style, load_style, style_names
from engine.music.timing import METERS, Meter

if TYPE_CHECKING:
    from engine.compose.encoder import TextEncoder

LEAST_COSINE = 0.2
"""A prompt whose best style is less alike than this says nothing about style."""
LEAST_LEAD = 1.6
"""The best style's share must be this many times an even share, else the prompt is undecided."""
BRIGHT_MODES = (Mode.MAJOR, Mode.MIXOLYDIAN, Mode.LYDIAN)
COMPOUND_TEMPO = 1.4
"""In 6/8 quarter notes run faster than in 4/4 for the same felt pace."""


@dataclass(slots=True)
class _Draft:
    """What is known while a plan grows."""

    request: ComposeRequest
    wishes: Wishes
    seed: int
    sources: dict[str, str] = field(default_factory=dict)
    requested: dict[str, object] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    scores: dict[str, float] = field(default_factory=dict)
    energy: float = 0.0
    valence: float = 0.0
    words: str = ""

    def rng(self, name: str) -> np.random.Generator:
        """The generator of one decision; other words with the same seed are another song."""
        return np.random.Generator(np.random.PCG64([self.seed, zlib.crc32(f"{name} {self.words}".encode())]))

    def asked(self, name: str, value: object) -> None:
        """Note a value that a field of the request asked for."""
        self.sources[name] = "asked"
        self.requested[name] = {"value": value, "from": "asked"}

    def told(self, name: str, value: object, word: str | None = None) -> None:
        """Note a value that the prompt's words asked for."""
        self.sources[name] = "prompt"
        self.requested[name] = {"value": value, "from": "prompt", "words": self.wishes.read.get(word or name, "")}


class Planner:
    """Plans songs. `encoder` None: prompts are read word by word only."""

    def __init__(
        self,
        encoder: TextEncoder | None,
        *,
        max_seconds: float = 300.0,
        default_seconds: float = 60.0,
        default_style: str = "lofi",
    ) -> None:
        self._encoder = encoder
        self._max_seconds, self._default_seconds = max_seconds, default_seconds
        self._default_style = default_style

    def plan(self, request: ComposeRequest, *, seed: int | None = None) -> Plan:
        """Plan a song. The seed is the request's, else the prompt's, else `seed`, else a fresh one.

        Raises `BadRequest` for anything in the request that cannot be met.
        """
        draft = self._read(request, seed)
        style = self._choose_style(draft)
        draft.words = f"{style.name} {draft.wishes.rest.lower()}"
        self._read_mood(draft)
        energy = round(float(np.clip(style.energy + 0.3 * draft.energy + 0.1 * (draft.wishes.pace or 0), 0.1, 1)), 3)
        seconds = self._choose_seconds(draft)
        key = _choose_key(draft, style)
        meter = _choose_meter(draft, style)
        habits = load_habits(style.folder)
        wanted = Wanted(meter=str(meter), mode=key.mode, lean=_lean(draft), tempo_bpm=_fixed_tempo(draft))
        profile = draw_profile(habits, style, wanted, draft.rng("profile"))
        meter, fit = _choose_time(draft, style, seconds, meter, profile)
        bar_s = bar_seconds(meter, fit.tempo_bpm)
        sections = shape(fit.bars, bar_s=bar_s, forms=style.forms, rng=draft.rng("form"))
        tonality = Tonality(
            style,
            key,
            meter,
            habits=habits.chords if habits else {},
            chords_per_bar=profile.chords_per_bar if profile else 1.0,
        )
        chords = harmonise(sections, tonality, bar_s=bar_s, rng=draft.rng("chords"))
        cast = choose_cast(style, draft.wishes, meter, draft.rng("cast"))
        asked = [role for role in cast if presence(style, role, draft.wishes) >= 1 and draft.wishes.instruments]
        cast = cast_after(profile, cast, style, asked)
        _note_instruments(draft)
        there = presence_after(profile, {role: presence(style, role, draft.wishes) for role in cast})
        bars = arrange(
            sections,
            chords,
            Ensemble(presence=there, energy=energy, phrase=unit_bars(bar_s), returning=returning_after(profile)),
            draft.rng("bars"),
        )
        character = Character(
            style=style.name,
            style_title=style.title,
            key=key,
            energy=energy,
            valence=draft.valence + (0.2 if key.mode in BRIGHT_MODES else -0.2),
        )
        return Plan(
            prompt=draft.wishes.text,
            title=make_title(draft.wishes.text, character, draft.rng("title")),
            style=style.name,
            blend={style.name: 1.0},
            seed=draft.seed,
            key=key,
            meter=meter,
            tempo_bpm=fit.tempo_bpm,
            swing=profile.swing if profile else style.swing,
            energy=energy,
            seconds=seconds,
            sections=sections,
            bars=bars,
            cast=cast,
            sources=draft.sources,
            requested=draft.requested,
            style_scores=draft.scores,
            notices=tuple(draft.notices),
            profile=profile,
        )

    def _read(self, request: ComposeRequest, seed: int | None) -> _Draft:
        """Read the prompt; fields of the request overrule it."""
        overruled = [name for name in ("seconds", "bpm", "seed") if getattr(request, name) is not None]
        wishes = read_prompt(request.prompt, max_seconds=self._max_seconds, overruled=overruled)
        if request.seed is not None:
            draft = _Draft(request, wishes, check_seed(request.seed))
            draft.asked("seed", draft.seed)
        elif wishes.seed is not None:
            draft = _Draft(request, wishes, wishes.seed)
            draft.told("seed", wishes.seed)
        else:
            draft = _Draft(request, wishes, secrets.randbits(53) if seed is None else check_seed(seed))
            draft.sources["seed"] = "seed"
        return draft

    def _choose_style(self, draft: _Draft) -> Style:
        """The asked style, the first one that the prompt names, the one that it means, or the default one."""
        wishes, names = draft.wishes, style_names()
        cosines: dict[str, float] = {}
        if self._encoder is not None and wishes.rest:
            references = {n: load_style(n).descriptions for n in names if n not in wishes.unwanted_styles}
            cosines = self._encoder.similarity(wishes.rest, references)
            draft.scores = _shares(cosines)
        if draft.request.style is not None:
            style = _style_called(draft.request.style)
            draft.asked("style", style)
        elif wishes.styles:
            style = wishes.styles[0]
            draft.told("style", style)
            if others := ", ".join(wishes.styles[1:]):
                draft.notices.append(f"A song has one style: {style} was taken, {others} was left aside.")
        else:
            style, draft.sources["style"] = self._guess_style(cosines, draft)
            if wishes.other_genres:
                draft.notices.append(f"There is no style called {wishes.other_genres[0]} yet; {style} was taken.")
        draft.scores = draft.scores or {style: 1.0}
        return load_style(style)

    def _guess_style(self, cosines: dict[str, float], draft: _Draft) -> tuple[str, str]:
        """The style that the prompt means, if it means one; with the source."""
        if cosines:
            best = max(cosines, key=lambda name: cosines[name])
            if cosines[best] >= LEAST_COSINE and draft.scores[best] * len(cosines) >= LEAST_LEAD:
                return best, "encoder"
        unwanted = draft.wishes.unwanted_styles
        usable = [name for name in (self._default_style, *style_names()) if name not in unwanted]
        if not usable:
            raise BadRequest(f"The prompt {draft.wishes.text[:60]!r} wants no style; leaving one allowed would work.")
        if usable[0] != self._default_style and cosines:
            return max(cosines, key=lambda name: cosines[name]), "encoder"
        return load_style(usable[0]).name, "default"

    def _read_mood(self, draft: _Draft) -> None:
        """Energy and valence of what the prompt leaves."""
        if self._encoder is not None and draft.wishes.rest:
            mood = self._encoder.mood(draft.wishes.rest)
            draft.energy, draft.valence = mood.energy, mood.valence
        draft.sources["energy"] = "encoder" if draft.wishes.rest and self._encoder is not None else "style"

    def _choose_seconds(self, draft: _Draft) -> float:
        """The audio's length."""
        asked, told = draft.request.seconds, draft.wishes.seconds
        if asked is not None:
            check_length(asked, said=f"{asked:g} s", low=MIN_SECONDS, high=self._max_seconds)
            draft.asked("seconds", asked)
            return float(asked)
        if told is not None:
            draft.told("seconds", told)
            return told
        draft.sources["seconds"] = "default"
        return float(self._default_seconds)


def _shares(cosines: dict[str, float]) -> dict[str, float]:
    """Cosines → shares."""
    from engine.compose.encoder import to_shares  # noqa: PLC0415 (a planner without encoder never loads it)

    return to_shares(cosines)


def _style_called(name: str) -> str:
    """A style by its name or one of its aliases; raises `BadRequest`."""
    wanted = " ".join(name.lower().split())
    for style, aliases in style_aliases().items():
        if wanted == style or wanted in aliases:
            return style
    return load_style(name).name


def _choose_key(draft: _Draft, style: Style) -> Key:
    """The asked key, or one whose mode suits style and mood and whose signature has few signs."""
    rng = draft.rng("key")
    asked, told = draft.request.key, draft.wishes.key
    if asked is not None:
        key = Key.parse(asked)
        draft.asked("key", str(key))
        return key
    if told is not None:
        draft.told("key", str(told))
        return told
    mode, tonics = _choose_mode(draft, style, rng), rng.random()
    draft.sources["key"] = "seed"
    keys = [Key(tonic=tonic, mode=mode) for tonic in range(12)]
    weights = np.cumsum([1 / (1 + 0.25 * key.fifths**2) for key in keys])
    return keys[int(np.searchsorted(weights, tonics * weights[-1], side="right"))]


def _choose_mode(draft: _Draft, style: Style, rng: np.random.Generator) -> Mode:
    """The told mode, or a bright or dark one by the style's habit and the prompt's mood."""
    draw, pick = rng.random(2)
    if draft.wishes.mode is not None:
        draft.told("mode", draft.wishes.mode.value)
        return draft.wishes.mode
    draft.sources["mode"] = "encoder" if draft.valence else "style"
    bright = draw < float(np.clip(style.major_share + 0.6 * draft.valence, 0.03, 0.97))
    modes = [m for m in style.progressions if (m in BRIGHT_MODES) == bright] or list(style.progressions)
    weights = np.cumsum([len(style.progressions[mode]) for mode in modes])
    return modes[int(np.searchsorted(weights, pick * weights[-1], side="right"))]


def _choose_meter(draft: _Draft, style: Style) -> Meter:
    """The asked meter, the told one, or one of the style's."""
    if draft.request.meter is not None:
        meter = Meter.parse(draft.request.meter)
        draft.asked("meter", str(meter))
        return meter
    if draft.wishes.meter is not None:
        draft.told("meter", str(draft.wishes.meter))
        return draft.wishes.meter
    draft.sources["meter"] = "style"
    return METERS[style.meters[int(draft.rng("meter").integers(len(style.meters)))]]


def _fixed_tempo(draft: _Draft) -> float | None:
    """The tempo that was asked for in numbers, if any."""
    return draft.request.bpm if draft.request.bpm is not None else draft.wishes.bpm


def _lean(draft: _Draft) -> float:
    """How calm (−1) or energetic (1) the prompt wants the song."""
    return float(np.clip(draft.energy + 0.4 * (draft.wishes.pace or 0), -1, 1))


def _choose_time(
    draft: _Draft, style: Style, seconds: float, meter: Meter, profile: Profile | None
) -> tuple[Meter, Fit]:
    """Meter, tempo and bars."""
    request, wishes = draft.request, draft.wishes
    free = draft.sources["meter"] == "style"
    if request.bpm is not None:
        tempo: float | None = check_bpm(request.bpm, said=f"{request.bpm:g} bpm")
        draft.asked("tempo", tempo)
    else:
        tempo = wishes.bpm
        if tempo is not None:
            draft.told("tempo", tempo, "bpm")
    if tempo is None:
        return meter, fit_free(seconds, meter, _liking(draft, style, meter, profile))
    if free and bar_seconds(meter, tempo) * 2 > seconds - 1.2:
        meter = METERS["2/4"]  # a few seconds at a slow tempo: a short bar still fits
        draft.sources["meter"] = "length"
    return meter, fit_asked(seconds, meter, float(tempo))


def _liking(draft: _Draft, style: Style, meter: Meter, profile: Profile | None) -> Liking:
    """The tempo that style, mood and tempo words like, with its bounds."""
    wishes = draft.wishes
    factor = COMPOUND_TEMPO if str(meter) == "6/8" else 1.0
    low, usual, high = (tempo * factor for tempo in (style.tempo_low, style.tempo_usual, style.tempo_high))
    drift = draft.rng("tempo").normal(0, 0.3)
    if profile is not None and wishes.bpm_range is None and wishes.pace is None:
        draft.sources["tempo"] = "profile"
        usual = min(max(profile.tempo_bpm, low), high)
        return Liking(usual=usual, low=max(low, MIN_BPM), high=min(high, MAX_BPM))
    if wishes.bpm_range is not None:
        draft.told("tempo", list(wishes.bpm_range), "bpm")
        low, high = wishes.bpm_range
        usual = min(max(usual, low), high)
        return Liking(usual=usual, low=low, high=max(high, low + 0.01))
    lean = float(np.clip(0.8 * draft.energy + drift, -1, 1))
    if wishes.pace is not None:
        draft.told("tempo", wishes.read.get("pace", ""), "pace")
        lean = float(np.clip(wishes.pace * 1.15 + 0.1 * drift, -1.15, 1.15))
        low, high = low / 1.12, high * 1.15
    else:
        draft.sources["tempo"] = "encoder" if draft.energy else "style"
    usual = usual * (high / usual if lean > 0 else low / usual) ** (abs(lean) * 0.85)
    low, high = max(low, MIN_BPM), min(high, MAX_BPM)
    return Liking(usual=min(max(usual, low), high), low=low, high=high)


def _note_instruments(draft: _Draft) -> None:
    """Note what was asked of the instruments."""
    wishes = draft.wishes
    if wishes.instruments:
        draft.told("instruments", list(wishes.instruments))
    without = [*wishes.unwanted_instruments, *sorted(role.value for role in wishes.roles_off)]
    if without:
        draft.told("without", without)
