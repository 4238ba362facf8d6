"""What whoever votes hears and sees: lists of songs, duels, what a community's taste is and does, who voted how.

In: rows and what was learnt of them. Out: frozen values. Conventions: shares, means and bounds are 0…1; times are aware
and in UTC; people are Discord's ids. In a duel nothing tells which song is whose before its reveal: until then `reveal`
is None, and a song's own receipt is not for whoever answers. Caveat: paths of songs are those of this machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, get_args

from engine.dispatch.ticket import StoredSong, Ticket
from engine.store import Answer, Origin, SwitchName, Tally, Verdict
from engine.store import DuelState as Standing

DuelAnswer = Answer
DuelPhase = Standing
Period = Literal["week", "month", "all"]
DataFormat = Literal["csv", "json"]

PERIODS: tuple[Period, ...] = get_args(Period)
DUEL_ANSWERS: tuple[DuelAnswer, ...] = get_args(DuelAnswer)
OVER: frozenset[str] = frozenset({"revealed", "failed"})
"""Phases of a duel after which nothing more is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SongLine:
    """A song in a list. `asked_by`: whose song it is; `where`: the channel and message that show it, as far as known;
    `tally`: its votes, without its maker's own, and the vote of whoever asks for the list.
    """

    id: str
    title: str
    prompt: str
    style: str
    asked_by: int | None
    created_at: datetime
    where: Origin
    tally: Tally
    is_favourite: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SongPage:
    """Some of a person's songs, the newest first. `page` counts from 0; `has_more`: whether another page follows."""

    lines: tuple[SongLine, ...]
    page: int
    has_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A song's place, from 1. `bound`: it is liked at least so often, with 95 % confidence; `mean`: what is expected;
    `votes`: how many that says, after weighing.
    """

    rank: int
    line: SongLine
    bound: float
    mean: float
    votes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The best of a server's songs. `style`: None for all. `unranked`: songs with votes, but with fewer than
    `least_votes`.
    """

    style: str | None
    period: Period
    ranked: tuple[Ranked, ...]
    unranked: int
    least_votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """A song, shown again: its files, and how it stands."""

    song: StoredSong
    line: SongLine


@dataclass(frozen=True, slots=True, kw_only=True)
class DuelTicket:
    """An accepted duel. Both songs are jobs like any other; `minutes` and `votes_wanted`: when it is revealed."""

    duel_id: str
    left: Ticket
    right: Ticket
    origin: Origin
    minutes: float
    votes_wanted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Who made one song of a duel, told at its reveal. `made_with`: in words for people, such as "with this server's
    taste (version 4)"; `model_id`: a server's model, "" for what is shipped; `share`: of the decided answers, those
    for this song, 0.5 when nobody decided.
    """

    song: StoredSong
    made_with: str
    version: str
    model_id: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """How a duel ended. `counts`: every answer → how many gave it; `winner`: None for a draw, or when nobody answered;
    `sentence`: the outcome in words.
    """

    counts: Mapping[DuelAnswer, int]
    winner: Literal["left", "right"] | None
    left: Side
    right: Side
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DuelState:
    """Where a duel is. `share`: how much of both songs is finished while it is making, and `eta_s`: in how many seconds
    both will be; `left`, `right`: the songs, once it is open; `answers`: how many were given so far; `own`: the answer
    of whoever just gave or withdrew one; `closes_at`: None until it is open; `sentence`: why it failed; `incident`:
    under which number the log has it, if the person cannot mend it. `origin` says which message shows it.
    """

    duel_id: str
    phase: DuelPhase
    prompt: str
    origin: Origin
    votes_wanted: int
    share: float = 0.0
    eta_s: float | None = None
    left: StoredSong | None = None
    right: StoredSong | None = None
    closes_at: datetime | None = None
    answers: int = 0
    own: DuelAnswer | None = None
    reveal: Reveal | None = None
    sentence: str | None = None
    incident: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mover:
    """Something that votes move. `figure`: what it moved and how sure that is, in one sentence; `numbers`: the same for
    machines.
    """

    name: SwitchName
    is_on: bool
    figure: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rating:
    """A place in a table of styles, versions or seeds. `name`: for people; `strength`: how often it wins against an
    average rival (Bradley–Terry); `low`, `high`: its interval of 90 %; `votes`: how many comparisons it was in.
    """

    name: str
    strength: float
    low: float
    high: float
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A version on trial, or one whose trial is over. `verdict`: None while it goes on; `sentence`: how it stands, or
    ended.
    """

    style: str
    version: int
    since: datetime
    verdict: Verdict | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleReport:
    """A home's taste in one style. `version`: how often it was learnt, 0: never; `votes`: how many it was learnt from;
    `movers` in the order of `SWITCHES`, without `share`.
    """

    style: str
    version: int
    votes: int
    movers: tuple[Mover, ...]
    seeds: tuple[Rating, ...] = ()
    versions: tuple[Rating, ...] = ()
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TasteReport:
    """What votes have moved here. `switches`: every one of `SWITCHES` → whether it is on; `votes`: of all styles;
    `least_votes`: fewer rank nothing; `ranking`: the styles against each other.
    """

    switches: Mapping[SwitchName, bool]
    votes: int
    least_votes: int
    styles: tuple[StyleReport, ...]
    ranking: tuple[Rating, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """Somebody's part in a server's votes. `votes`: as they were given, `weight`: what they count after damping and
    capping; `own`: for their own songs, which count nothing; `remarks`: what is suspicious about them, a sentence each.
    """

    person_id: int
    votes: int
    weight: float
    own: int
    is_void: bool
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Voided:
    """A person whose votes a moderator made count nothing."""

    person_id: int
    by: int | None
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Who votes here and how, for moderators: the suspicious first, then the busiest. `suspicions`: what concerns
    several people at once, a sentence each.
    """

    voters: tuple[Voter, ...]
    suspicions: tuple[str, ...]
    voids: tuple[Voided, ...]
    votes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgottenPerson:
    """What was removed of a person: their votes, answers and favourites. Songs and uploads stay, and say how to be rid
    of them elsewhere.
    """

    votes: int
    answers: int
    favourites: int
