"""Plan + what is given → the script that all candidates of a batch share: which bars there are, and which notes stand
in them already.

In: a `Plan` and a `Given`. Out: `Script`. Conventions: the script's bars are the primer's bars, then the plan's; its
own `plan` and `frame` count them so, and `of_the_plan` is the one place that counts back. Roles that are kept are not
active in the script's plan, so the rules never offer them; the frame still says that they play. Caveat: a primer's
notes of roles that the plan does not cast are left out, and a role's primer is moved by octaves into its range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine.compose.frame import frame_of_plan
from engine.compose.given import NOTHING, Given, Primer
from engine.compose.plan import BarPlan, Casting, Plan
from engine.errors import BadRequest
from engine.music.frames import BarFrame, Frame, frame_of_song
from engine.music.notes import Role, Section, Song
from engine.music.styles import Style, load_style
from engine.music.tokens import BAR, DRUMS, ROLE_INDEX, ROLE_ORDER, Event, song_to_events

Bars = tuple[tuple[Event, ...], ...]
PRIMER_LABEL = "primer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """`primer`: the events of the bars before the plan's first; `kept`: events that stand in each of the script's bars
    (bar lines left out). `style`: the plan's, as its server has it.
    """

    plan: Plan
    style: Style
    frame: Frame
    primer: Bars
    kept: Bars

    @property
    def given_events(self) -> int:
        """Events that are not drawn, bar lines left out."""
        return sum(len(bar) for bar in (*self.primer, *self.kept))

    def of_the_plan(self, events: Sequence[Event]) -> list[Event]:
        """A candidate's events from the first bar of the plan on."""
        left, start = len(self.primer), 0
        while left:
            left -= events[start].onset == BAR
            start += 1
        return list(events[start:])


def script_of(plan: Plan, given: Given = NOTHING, style: Style | None = None) -> Script:
    """The script of a song; `style`: the plan's, where that is not the shipped one.

    Raises `BadRequest` if the primer has another meter than the plan, or the score of kept roles another meter or
    length.
    """
    frame, style = frame_of_plan(plan), style or load_style(plan.style)
    kept = _kept_bars(plan, given)
    drawn = [_left_to_draw(bar, given.kept) for bar in plan.bars]
    plan = replace(plan, bars=tuple(drawn))
    if given.primer is None or given.primer.bars == 0:
        return Script(plan=plan, style=style, frame=frame, primer=(), kept=kept)
    primer, bar_frames = _primer_bars(plan, given.primer)
    return Script(
        plan=_behind(plan, len(primer)),
        style=style,
        frame=replace(frame, bars=(*bar_frames, *frame.bars)),
        primer=primer,
        kept=((),) * len(primer) + kept,
    )


def _left_to_draw(bar: BarPlan, kept: frozenset[Role]) -> BarPlan:
    """The bar without the roles that are kept, and without those that repeat an earlier bar."""
    if bar.copy_of is not None:
        return replace(bar, roles=bar.roles - kept, fresh=bar.fresh - kept)
    if bar.groove_of is None or Role.DRUMS in kept:
        return replace(bar, roles=bar.roles - kept, groove_of=None)
    return replace(bar, roles=bar.roles - kept - {Role.DRUMS})


def _behind(plan: Plan, count: int) -> Plan:
    """The plan with `count` bars before its first, all indices counted anew. Nobody is to write in those bars."""
    first = plan.bars[0]
    before = BarPlan(section=0, chords=first.chords, roles=frozenset(), energy=first.energy)
    after = [
        replace(
            bar,
            section=bar.section + 1,
            copy_of=None if bar.copy_of is None else bar.copy_of + count,
            groove_of=None if bar.groove_of is None else bar.groove_of + count,
        )
        for bar in plan.bars
    ]
    section = Section(kind=plan.sections[0].kind, label=PRIMER_LABEL, start_bar=0, bars=count)
    moved = [replace(section, start_bar=section.start_bar + count) for section in plan.sections]
    return replace(plan, sections=(section, *moved), bars=(*(before,) * count, *after))


def _split(events: Sequence[Event]) -> Bars:
    """Events bar by bar, without the bar lines."""
    bars: list[list[Event]] = [[]]
    for event in events:
        if event.onset == BAR:
            bars.append([])
        else:
            bars[-1].append(event)
    return tuple(tuple(bar) for bar in bars[:-1])


def _kept_bars(plan: Plan, given: Given) -> Bars:
    """What the score holds for the kept roles, bar by bar."""
    if not given.kept:
        return ((),) * len(plan.bars)
    score = given.score
    if score is None:
        raise ValueError("roles are kept, but there is no score to keep them from")
    if score.meter != plan.meter or score.bars != len(plan.bars):
        raise BadRequest(
            f"The song whose roles are kept has {score.bars} bars of {score.meter} and the plan {len(plan.bars)} of "
            f"{plan.meter}; the same length, tempo and meter would work."
        )
    events = song_to_events(_only(score, given.kept))
    return _split(events)


def _only(song: Song, roles: frozenset[Role]) -> Song:
    return replace(song, tracks=tuple(track for track in song.tracks if track.role in roles))


def _primer_bars(plan: Plan, primer: Primer) -> tuple[Bars, tuple[BarFrame, ...]]:
    """Events and frames of the primer's last bars, in normal form."""
    if primer.song.meter != plan.meter:
        raise BadRequest(
            f"The music to go on from is in {primer.song.meter} and the song in {plan.meter}; "
            f"the meter {primer.song.meter} would work."
        )
    song = _only(primer.song, frozenset(plan.cast))
    count = min(primer.bars, song.bars)
    bars = _split(song_to_events(song))[song.bars - count :]
    shift = plan.key.shift_to_white
    lift = [_octaves(plan.cast.get(role), role, bars, shift) for role in ROLE_ORDER]
    moved = tuple(tuple(event._replace(pitch=event.pitch + lift[event.role]) for event in bar) for bar in bars)
    return moved, frame_of_song(song).bars[song.bars - count :]


def _octaves(casting: Casting | None, role: Role, bars: Bars, shift: int) -> int:
    """Semitones (whole octaves) that bring most of a role's notes into its range in normal form; 0 for drums."""
    index = ROLE_INDEX[role]
    pitches = [event.pitch for bar in bars for event in bar if event.role == index]
    if casting is None or index == DRUMS or not pitches:
        return 0

    def outside(lift: int) -> tuple[int, int]:
        low, high = casting.low + shift, casting.high + shift
        return sum(not low <= pitch + lift <= high for pitch in pitches), abs(lift)

    possible = [lift for lift in (-24, -12, 0, 12, 24) if min(pitches) + lift >= 0 and max(pitches) + lift <= 127]
    return min(possible, key=outside)
