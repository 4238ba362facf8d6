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
from engine.compose.words.bars import check_bars
from engine.compose.words.lengths import check_length
from engine.compose.words.tempos import MAX_BPM, MIN_BPM, check_bpm, check_meter
from engine.errors import BadRequest
from engine.music.habits import Profile
from engine.music.styles import Style
from engine.music.timing import METERS, TICKS_PER_QUARTER, Meter

COMPOUND_TEMPO = 1.4
"""In 6/8 quarter notes run faster than in 4/4 for the same felt pace."""
RING_OUT_S = 2.2
"""After the last bar line, where the length follows from the bars."""
STRANGE = 1.2
"""A tempo this many times beyond its bounds is strange for a style."""
PACE_REACH = 0.85
"""How far from the usual tempo towards its bounds the slowest and the fastest pace lie."""
PACE_GRIP = 1.6
"""How much of a profile's tempo gives way to the meant one, for each unit of pace."""
CLEAR_PACE = 0.1
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
        meter = check_meter(draft.request.meter)
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


def near_tempo(draft: Draft) -> float | None:
    """The tempo that was asked for in numbers, the middle of a range included."""
    fixed, bounds = fixed_tempo(draft), draft.wishes.bpm_range
    return math.sqrt(bounds[0] * bounds[1]) if fixed is None and bounds is not None else fixed


def lean_of(draft: Draft) -> float:
    """How calm (−1) or energetic (1) the words want the song."""
    return float(np.clip(draft.mood.energy + 0.4 * (draft.wishes.pace or 0), -1, 1))


def pace_of(draft: Draft) -> float:
    """How slow (−1) or fast (1) the song shall be: by the tempo words, else by what the words mean."""
    return draft.mood.tempo if draft.wishes.pace is None else draft.wishes.pace


def choose_pulse(draft: Draft, style: Style, meter: Meter, profile: Profile | None, limits: Limits) -> Pulse:
    """Tempo, bars and length. Raises `BadRequest` for what cannot be."""
    tempo = _note_tempo(draft)
    bars = _note_bars(draft, meter, tempo)
    if bars is not None:
        liking = _liking(draft, style, meter, profile)
        return _Counted(bars=bars, meter=meter, liking=liking, limits=limits).pulse(draft, tempo)
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


def _note_bars(draft: Draft, meter: Meter, tempo: float | None) -> int | None:
    """The asked bars, checked and noted, or the told ones; these give way to an asked length that they cannot fill."""
    asked, told = draft.request.bars, draft.wishes.bars
    if asked is not None:
        check_bars(asked, said=str(asked))
        draft.asked("bars", asked, said=draft.overruled("bars", same=told in (None, asked)))
        return asked
    seconds = draft.request.seconds
    if told is not None and seconds is not None:
        fewest, most = _bars_within(seconds, meter, draft.request.bpm)
        if not fewest <= told <= most:
            said = draft.wishes.read.get("bars", "")
            draft.notices.append(f"The prompt says {said!r}, the option {seconds:g} s: the option was followed.")
            return None
    if told is not None:
        draft.told("bars", told)
    return told


def _bars_within(seconds: float, meter: Meter, tempo: float | None) -> tuple[int, int]:
    """How few and how many bars can fill a length, at a tempo or at any."""
    quarters = meter.bar_ticks / TICKS_PER_QUARTER
    fewest = max(1, math.ceil((seconds - MOST_TAIL_S) * (tempo or MIN_BPM) / 60 / quarters))
    return fewest, int((seconds - LEAST_TAIL_S) * (tempo or MAX_BPM) / 60 / quarters)


def _fits(tail_s: float) -> bool:
    return LEAST_TAIL_S <= tail_s <= MOST_TAIL_S


@dataclass(frozen=True, slots=True, kw_only=True)
class _Counted:
    """Exactly so many bars; tempo and length as far as they go with them."""

    bars: int
    meter: Meter
    liking: Liking
    limits: Limits

    def pulse(self, draft: Draft, tempo: float | None) -> Pulse:
        """The pulse at the tempo in numbers, if there is one."""
        length_said = draft.request.seconds is not None or draft.wishes.seconds is not None
        seconds = _choose_seconds(draft, self.limits) if length_said else None
        if tempo is not None and seconds is not None and not _fits(seconds - self._span_s(tempo)):
            if draft.request.seconds is not None and draft.request.bpm is None and draft.sources["tempo"] == "prompt":
                said = draft.wishes.read.get("bpm", "")
                draft.notices.append(
                    f"{self.bars} bars in {seconds:g} s take another tempo than {said!r}: the options were kept."
                )
                draft.requested.pop("tempo", None)
                tempo = None
            elif draft.request.seconds is not None and draft.sources["tempo"] == "file":
                tempo = None
            else:
                return self._follow(draft, tempo)
        if tempo is None and seconds is not None:
            return self._fitted(draft, seconds)
        if seconds is None:
            return self._follow(draft, tempo or round(self.liking.usual, 2))
        assert tempo is not None
        return self._pulse(tempo, seconds)

    def _span_s(self, tempo: float) -> float:
        return self.bars * bar_seconds(self.meter, tempo)

    def _pulse(self, tempo: float, seconds: float) -> Pulse:
        fit = Fit(tempo_bpm=tempo, bars=self.bars, tail_s=seconds - self._span_s(tempo))
        return Pulse(meter=self.meter, fit=fit, seconds=seconds)

    def _fitted(self, draft: Draft, seconds: float) -> Pulse:
        """The tempo at which the bars fill the length but for a ring-out."""
        low_tail, high_tail = (min(t, share * seconds) for t, share in zip(USUAL_TAILS_S, (0.2, 0.3), strict=True))
        tails = [*np.linspace(low_tail, high_tail, 7), LEAST_TAIL_S, MOST_TAIL_S]
        quarters = self.bars * self.meter.bar_ticks / TICKS_PER_QUARTER
        tempos = [round(quarters * 60 / (seconds - float(tail)), 2) for tail in tails if tail < seconds]
        low, high = MIN_BPM, MAX_BPM
        if draft.request.seconds is None:  # a length that the prompt's words say is not worth a strange tempo
            low, high = max(low, self.liking.low / STRANGE), min(high, self.liking.high * STRANGE)
        usable = [tempo for tempo in tempos if low <= tempo <= high]
        if usable:
            draft.sources["tempo"] = "length"
            return self._pulse(min(usable, key=lambda tempo: abs(np.log2(tempo / self.liking.usual))), seconds)
        if draft.request.seconds is None:
            return self._follow(draft, round(self.liking.usual, 2))
        fewest, most = _bars_within(seconds, self.meter, None)
        raise BadRequest(
            f"{self.bars} bars of {self.meter} cannot fill {seconds:g} s; {fewest} to {most} bars would work."
        )

    def _follow(self, draft: Draft, tempo: float) -> Pulse:
        """The length that the bars have at a tempo; a length that was said gives way."""
        bar_s = bar_seconds(self.meter, tempo)
        seconds = round(max(self._span_s(tempo) + RING_OUT_S, MIN_SECONDS), 2)
        longest = self.limits.max_seconds
        if seconds > longest:
            most = int((longest - RING_OUT_S) / bar_s)
            raise BadRequest(
                f"{self.bars} bars of {self.meter} at {tempo:g} bpm last {seconds:g} s, more than {longest:g}; "
                f"up to {most} bars would work."
            )
        if "seconds" in draft.requested:
            said = draft.request.seconds
            words = draft.wishes.read.get("seconds", "") if said is None else f"{said:g} s"
            draft.notices.append(
                f"{self.bars} bars at {tempo:g} bpm last {seconds:g} s and not {words!r}: bars and tempo were kept."
            )
            del draft.requested["seconds"]
        draft.sources["seconds"] = "length"
        return self._pulse(tempo, seconds)


def _liking(draft: Draft, style: Style, meter: Meter, profile: Profile | None) -> Liking:
    """The tempo that style, mood and tempo words like, with its bounds."""
    wishes = draft.wishes
    factor = COMPOUND_TEMPO if str(meter) == "6/8" else 1.0
    low, usual, high = (tempo * factor for tempo in (style.tempo_low, style.tempo_usual, style.tempo_high))
    drift = draft.rng("tempo").normal(0, 0.3)
    fixed = draft.sources.get("tempo") in ("asked", "prompt", "file")
    if profile is not None and wishes.bpm_range is None and wishes.pace is None:
        draft.sources.setdefault("tempo", "encoder" if abs(draft.mood.tempo) >= CLEAR_PACE else "profile")
        own, meant = min(max(profile.tempo_bpm, low), high), _at_pace(draft.mood.tempo, (low, usual, high))
        grip = min(1.0, PACE_GRIP * abs(draft.mood.tempo))
        usual = own ** (1 - grip) * meant**grip
        return Liking(usual=usual, low=max(low, MIN_BPM), high=min(high, MAX_BPM))
    if wishes.bpm_range is not None and not fixed:
        draft.told("tempo", list(wishes.bpm_range), "bpm")
        low, high = wishes.bpm_range
        usual = min(max(usual, low), high)
        return Liking(usual=usual, low=low, high=max(high, low + 0.01))
    lean = float(np.clip(draft.mood.tempo + drift, -1, 1))
    if wishes.pace is not None:
        if not fixed and draft.pace_asked:
            draft.sources["tempo"] = "asked"
        elif not fixed:
            draft.told("tempo", wishes.read.get("pace", ""), "pace")
        lean = float(np.clip(wishes.pace * 1.15 + 0.1 * drift, -1.15, 1.15))
        low, high = low / 1.12, high * 1.15
    else:
        draft.sources.setdefault("tempo", "encoder" if draft.mood.tempo else "style")
    usual = _at_pace(lean, (low, usual, high))
    low, high = max(low, MIN_BPM), min(high, MAX_BPM)
    return Liking(usual=min(max(usual, low), high), low=low, high=high)


def _at_pace(pace: float, tempos: tuple[float, float, float]) -> float:
    """The tempo of a pace −1…1, between the lowest, the usual and the highest one."""
    low, usual, high = tempos
    return float(usual * (high / usual if pace > 0 else low / usual) ** (abs(pace) * PACE_REACH))
