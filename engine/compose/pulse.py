"""In which meter, how fast, how many bars, how long: the decisions about time.

In: a draft, the style, a profile. Out: meter, `Fit`, and the audio's length. Conventions: what is asked is kept to the
digit. Bars, tempo and length say one thing too many when all three are given: then options win over the prompt's words,
and among options bars and tempo win over the length; what gave way is told in a notice. Caveat: a tempo counts quarter
notes in every meter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.compose.draft import Draft
from engine.compose.request import MIN_SECONDS
from engine.compose.tempo import (
    ASKED_TAIL_S,
    LEAST_TAIL_S,
    USUAL_TAILS_S,
    Fit,
    Liking,
    bar_seconds,
    fit_asked,
    fit_free,
)
from engine.compose.words.lengths import check_length
from engine.compose.words.tempos import MAX_BPM, MIN_BPM, check_bpm
from engine.errors import BadRequest
from engine.music.habits import Profile
from engine.music.styles import Style
from engine.music.timing import METERS, Meter

COMPOUND_TEMPO = 1.4
"""In 6/8 quarter notes run faster than in 4/4 for the same felt pace."""
MOST_BARS = 1000
RING_OUT_S = 2.2
"""After the last bar line, where the length follows from the bars."""
STRANGE = 1.2
"""A tempo this many times beyond its bounds is strange for a style."""
MOST_TAIL_S = 6.0
"""The longest ring-out that an asked length may leave behind asked bars at an asked tempo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lengths in seconds: the longest that may be asked for, and the usual one."""

    max_seconds: float
    default_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """Meter, tempo and bars, and the audio's length in seconds."""

    meter: Meter
    fit: Fit
    seconds: float


def choose_meter(draft: Draft, style: Style) -> Meter:
    """The asked meter, the told one, the file's, or one of the style's."""
    told = draft.wishes.meter
    if draft.request.meter is not None:
        meter = Meter.parse(draft.request.meter)
        draft.asked("meter", str(meter), said=draft.overruled("meter", same=told == meter))
        return meter
    if told is not None:
        draft.told("meter", str(told))
        return told
    if draft.before is not None:
        draft.sources["meter"] = "file"
        return draft.before.meter
    draft.sources["meter"] = "style"
    return METERS[style.meters[int(draft.rng("meter").integers(len(style.meters)))]]


def fixed_tempo(draft: Draft) -> float | None:
    """The tempo that was asked for in numbers, if any, else the file's."""
    if draft.request.bpm is not None:
        return draft.request.bpm
    if draft.wishes.bpm is None and draft.before is not None and _free_of_tempo_words(draft):
        return round(draft.before.tempo_bpm, 2)
    return draft.wishes.bpm


def lean_of(draft: Draft) -> float:
    """How calm (−1) or energetic (1) the words want the song."""
    return float(np.clip(draft.energy + 0.4 * (draft.wishes.pace or 0), -1, 1))


def choose_pulse(draft: Draft, style: Style, meter: Meter, profile: Profile | None, limits: Limits) -> Pulse:
    """Tempo, bars and length. Raises `BadRequest` for what cannot be."""
    tempo = _note_tempo(draft)
    if draft.request.bars is not None:
        return _with_bars(draft, meter, tempo, _liking(draft, style, meter, profile), limits)
    seconds = _choose_seconds(draft, limits)
    if tempo is None:
        liking = _liking(draft, style, meter, profile)
        fit = fit_free(seconds, meter, liking, section_bars=style.section_bars)
        return Pulse(meter=meter, fit=fit, seconds=seconds)
    if draft.sources["meter"] == "style" and bar_seconds(meter, tempo) * 2 > seconds - ASKED_TAIL_S:
        meter = METERS["2/4"]  # a few seconds at a slow tempo: a short bar still fits
        draft.sources["meter"] = "length"
    return Pulse(meter=meter, fit=fit_asked(seconds, meter, tempo), seconds=seconds)


def _free_of_tempo_words(draft: Draft) -> bool:
    return draft.wishes.bpm_range is None and draft.wishes.pace is None


def _note_tempo(draft: Draft) -> float | None:
    """The tempo in numbers, checked and noted."""
    request, wishes = draft.request, draft.wishes
    tempo = fixed_tempo(draft)
    if request.bpm is not None:
        check_bpm(request.bpm, said=f"{request.bpm:g} bpm")
        same = wishes.bpm in (None, request.bpm) and wishes.bpm_range is None
        draft.asked("tempo", request.bpm, said=draft.overruled("bpm", same=same))
    elif wishes.bpm is not None:
        draft.told("tempo", wishes.bpm, "bpm")
    elif tempo is not None:
        draft.sources["tempo"] = "file"
    return None if tempo is None else float(tempo)


def _choose_seconds(draft: Draft, limits: Limits) -> float:
    """The audio's length."""
    asked, told = draft.request.seconds, draft.wishes.seconds
    if asked is not None:
        check_length(asked, said=f"{asked:g} s", low=MIN_SECONDS, high=limits.max_seconds)
        draft.asked("seconds", asked, said=draft.overruled("seconds", same=told in (None, asked)))
        return float(asked)
    if told is not None:
        draft.told("seconds", told)
        return told
    draft.sources["seconds"] = "default"
    return limits.default_seconds


def _with_bars(draft: Draft, meter: Meter, tempo: float | None, liking: Liking, limits: Limits) -> Pulse:
    """Exactly the asked bars; tempo and length as far as they go with them."""
    bars = draft.request.bars
    assert bars is not None
    if not 1 <= bars <= MOST_BARS:
        raise BadRequest(f"The bars {bars} cannot be played; 1 to {MOST_BARS} would work.")
    draft.asked("bars", bars)
    length_said = draft.request.seconds is not None or draft.wishes.seconds is not None
    seconds = _choose_seconds(draft, limits) if length_said else None
    if tempo is not None and seconds is not None and not _fits(seconds - bars * bar_seconds(meter, tempo)):
        if draft.request.seconds is not None and draft.request.bpm is None and draft.sources["tempo"] == "prompt":
            said = draft.wishes.read.get("bpm", "")
            draft.notices.append(
                f"{bars} bars in {seconds:g} s take another tempo than {said!r}: the options were kept."
            )
            draft.requested.pop("tempo", None)
            tempo = None
        elif draft.request.seconds is not None and draft.sources["tempo"] == "file":
            tempo = None
        else:
            return _follow(draft, meter, tempo, limits)
    if tempo is None and seconds is not None:
        return _fitted(draft, meter, liking, seconds, limits)
    if seconds is None:
        return _follow(draft, meter, tempo or round(liking.usual, 2), limits)
    assert tempo is not None
    fit = Fit(tempo_bpm=tempo, bars=bars, tail_s=seconds - bars * bar_seconds(meter, tempo))
    return Pulse(meter=meter, fit=fit, seconds=seconds)


def _fits(tail_s: float) -> bool:
    return LEAST_TAIL_S <= tail_s <= MOST_TAIL_S


def _fitted(draft: Draft, meter: Meter, liking: Liking, seconds: float, limits: Limits) -> Pulse:
    """The tempo at which the bars fill the length but for a ring-out."""
    bars = draft.request.bars
    assert bars is not None
    low_tail, high_tail = (min(tail, share * seconds) for tail, share in zip(USUAL_TAILS_S, (0.2, 0.3), strict=True))
    tails = [*np.linspace(low_tail, high_tail, 7), LEAST_TAIL_S, MOST_TAIL_S]
    tempos = [round(bars * meter.bar_ticks / 24 * 60 / (seconds - float(tail)), 2) for tail in tails if tail < seconds]
    low, high = MIN_BPM, MAX_BPM
    if draft.request.seconds is None:  # a length that the prompt's words say is not worth a strange tempo
        low, high = max(low, liking.low / STRANGE), min(high, liking.high * STRANGE)
    usable = [tempo for tempo in tempos if low <= tempo <= high]
    if usable:
        tempo = min(usable, key=lambda tempo: abs(np.log2(tempo / liking.usual)))
        draft.sources["tempo"] = "length"
        tail_s = seconds - bars * bar_seconds(meter, tempo)
        return Pulse(meter=meter, fit=Fit(tempo_bpm=tempo, bars=bars, tail_s=tail_s), seconds=seconds)
    if draft.request.seconds is None:
        return _follow(draft, meter, round(liking.usual, 2), limits)
    quarters = meter.bar_ticks / 24
    fewest = max(1, math.ceil((seconds - MOST_TAIL_S) * MIN_BPM / 60 / quarters))
    most = int((seconds - LEAST_TAIL_S) * MAX_BPM / 60 / quarters)
    raise BadRequest(f"{bars} bars of {meter} cannot fill {seconds:g} s; {fewest} to {most} bars would work.")


def _follow(draft: Draft, meter: Meter, tempo: float, limits: Limits) -> Pulse:
    """The length that the bars have at a tempo; a length that was said gives way."""
    bars = draft.request.bars
    assert bars is not None
    bar_s = bar_seconds(meter, tempo)
    seconds = round(max(bars * bar_s + RING_OUT_S, MIN_SECONDS), 2)
    if seconds > limits.max_seconds:
        most = int((limits.max_seconds - RING_OUT_S) / bar_s)
        raise BadRequest(
            f"{bars} bars of {meter} at {tempo:g} bpm last {seconds:g} s, more than {limits.max_seconds:g}; "
            f"up to {most} bars would work."
        )
    if "seconds" in draft.requested:
        said = draft.request.seconds
        words = draft.wishes.read.get("seconds", "") if said is None else f"{said:g} s"
        draft.notices.append(
            f"{bars} bars at {tempo:g} bpm last {seconds:g} s and not {words!r}: bars and tempo were kept."
        )
        del draft.requested["seconds"]
    draft.sources["seconds"] = "length"
    return Pulse(meter=meter, fit=Fit(tempo_bpm=tempo, bars=bars, tail_s=seconds - bars * bar_s), seconds=seconds)


def _liking(draft: Draft, style: Style, meter: Meter, profile: Profile | None) -> Liking:
    """The tempo that style, mood and tempo words like, with its bounds."""
    wishes = draft.wishes
    factor = COMPOUND_TEMPO if str(meter) == "6/8" else 1.0
    low, usual, high = (tempo * factor for tempo in (style.tempo_low, style.tempo_usual, style.tempo_high))
    drift = draft.rng("tempo").normal(0, 0.3)
    fixed = draft.sources.get("tempo") in ("asked", "prompt", "file")
    if profile is not None and wishes.bpm_range is None and wishes.pace is None:
        draft.sources.setdefault("tempo", "profile")
        usual = min(max(profile.tempo_bpm, low), high)
        return Liking(usual=usual, low=max(low, MIN_BPM), high=min(high, MAX_BPM))
    if wishes.bpm_range is not None and not fixed:
        draft.told("tempo", list(wishes.bpm_range), "bpm")
        low, high = wishes.bpm_range
        usual = min(max(usual, low), high)
        return Liking(usual=usual, low=low, high=max(high, low + 0.01))
    lean = float(np.clip(0.8 * draft.energy + drift, -1, 1))
    if wishes.pace is not None:
        if not fixed and draft.pace_asked:
            draft.sources["tempo"] = "asked"
        elif not fixed:
            draft.told("tempo", wishes.read.get("pace", ""), "pace")
        lean = float(np.clip(wishes.pace * 1.15 + 0.1 * drift, -1.15, 1.15))
        low, high = low / 1.12, high * 1.15
    else:
        draft.sources.setdefault("tempo", "encoder" if draft.energy else "style")
    usual = usual * (high / usual if lean > 0 else low / usual) ** (abs(lean) * 0.85)
    low, high = max(low, MIN_BPM), min(high, MAX_BPM)
    return Liking(usual=min(max(usual, low), high), low=low, high=high)
