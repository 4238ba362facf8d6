"""Words to wishes: everything in a prompt that is explicit, and the words that are left for the text encoder.

In: what somebody typed, at most 500 characters. Out: `Wishes`. Conventions: each kind of wish has its own module in
`words/`; they read one after the other from one page, and a word that one of them took is not read by the next.
Impossible wishes raise `BadRequest` in one sentence. Caveat: English only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TypeVar

from engine.compose.request import MAX_PROMPT_CHARS, MIN_SECONDS
from engine.compose.words.bars import check_bars, read_bars
from engine.compose.words.chords import read_chords
from engine.compose.words.genres import lexicon_of, read_genres
from engine.compose.words.instruments import read_players
from engine.compose.words.keys import KeyWish, read_key
from engine.compose.words.lengths import check_length, read_length
from engine.compose.words.page import Page
from engine.compose.words.progressions import read_progression
from engine.compose.words.spelling import Lexicon, plain
from engine.compose.words.tempos import check_bpm, read_meter, read_pace, read_tempo
from engine.errors import BadRequest
from engine.music.harmony import Key, Mode
from engine.music.notes import Role
from engine.music.shelf import SHIPPED, Shelf
from engine.music.timing import Meter

T = TypeVar("T")
MAX_RAW_CHARS = 4 * MAX_PROMPT_CHARS
"""Refused unread: cleaning a text takes time that grows with the square of its length."""
KEPT_LEXICONS = 32
MAX_SEED = 2**63 - 1
SEED = re.compile(r"\bseed\s*(?:no\.?|number|of|is|[:=#])?\s*(?P<n>-?\d+)\b")
_VAGUE_NEGATION = re.compile(
    r"\b(?:not|without|nothing|never|isn't|don't want)\s+(?:it\s)?(?:to be\s)?"
    r"(?:too|so|very|overly|really|any|a)?\s*[a-z]+"
    r"|\b(?:no|without(?: any)?)\s+(?:hi[\s-]?hats?|hand[\s-]?claps?|sound effects?|lead vocals?)\b"
    r"|\bno\s+(?!problem|idea|matter|doubt|limits?)[a-z]+"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a prompt asks for; `None` and empty: nothing said.

    `seconds` in seconds, `bpm` and `bpm_range` in quarter notes a minute, `pace` −1 very slow … 1 very fast, `mode` a
    mode without a tonic. `styles` wanted, the chief
    one first; `style_shares` what each weighs, empty if nothing is said; `unwanted_styles` may name genres that are no
    style here; `other_genres` are wanted ones that are none. `instruments` and `unwanted_instruments` are names of
    `words.instruments.INSTRUMENTS`; `roles_off` are roles to leave out; `alone`: only the wanted instruments. `rest`
    is the text for the encoder; `read` tells for each field the words in which it was found.
    """

    text: str
    seconds: float | None = None
    bars: int | None = None
    chords: str | None = None
    bpm: float | None = None
    bpm_range: tuple[float, float] | None = None
    pace: float | None = None
    key: Key | None = None
    mode: Mode | None = None
    unwanted_keys: tuple[Key, ...] = ()
    meter: Meter | None = None
    styles: tuple[str, ...] = ()
    style_shares: tuple[float, ...] = ()
    unwanted_styles: tuple[str, ...] = ()
    other_genres: tuple[str, ...] = ()
    seed: int | None = None
    instruments: tuple[str, ...] = ()
    unwanted_instruments: tuple[str, ...] = ()
    roles_off: frozenset[Role] = frozenset()
    alone: bool = False
    rest: str = ""
    read: Mapping[str, str] = field(default_factory=dict)


def read_prompt(
    text: str, *, max_seconds: float = 300.0, overruled: Collection[str] = (), shelf: Shelf = SHIPPED
) -> Wishes:
    """Read a prompt. Fields named in `overruled` ("seconds", "bpm", "seed", "key", "meter") are asked for elsewhere:
    they are read, but what is impossible about them is passed over. `shelf`: the styles that have names.

    Raises `BadRequest` for an empty or too long prompt, a length outside 5 s … `max_seconds`, a tempo outside 40–240,
    a key that is none ("H major"), an unknown meter, or a seed out of range.
    """
    if len(text) > MAX_RAW_CHARS:
        raise _too_long(len(text))
    page = Page.open(text)
    if not page.text:
        named = f" {text[:20]!r}" if not text.strip() else ""  # mentions and links are not said again
        raise BadRequest(f"The prompt{named} says nothing that can be read; words such as 'chill lofi 60s' would work.")
    if len(page.text) > MAX_PROMPT_CHARS:
        raise _too_long(len(page.text))
    seed = _read_seed(page)
    bpm, bpm_range = read_tempo(page)
    bars = read_bars(page)
    seconds = read_length(page)
    chords = read_progression(page)
    meter = _unless_overruled("meter", overruled, lambda: read_meter(page))
    key = _unless_overruled("key", overruled, lambda: read_key(page)) or KeyWish()
    pace = read_pace(page)
    players = read_players(page)
    genres = read_genres(page, lexicon_for(shelf))
    for match in list(page.matches(_VAGUE_NEGATION)):
        page.take("not", match.start(), match.end())
    wishes = Wishes(
        text=page.text,
        seconds=seconds,
        bars=bars,
        chords=chords,
        bpm=bpm,
        bpm_range=bpm_range,
        pace=pace,
        key=key.key,
        mode=key.mode,
        unwanted_keys=key.unwanted,
        meter=meter,
        styles=genres.wanted,
        style_shares=genres.shares,
        unwanted_styles=genres.unwanted,
        other_genres=genres.others,
        seed=seed,
        instruments=players.wanted,
        unwanted_instruments=players.unwanted,
        roles_off=players.roles_off,
        alone=players.alone,
        rest=page.rest,
        read=dict(page.words),
    )
    _check(wishes, max_seconds=max_seconds, overruled=overruled)
    return wishes


def reading_of_pace(wishes: Wishes, text: str) -> Wishes:
    """`wishes` with the pace that `text` asks for, if it asks for one ("sad and slow")."""
    page = Page.open(text)
    pace = read_pace(page)
    if pace is None:
        return wishes
    return replace(wishes, pace=pace, read={**wishes.read, "pace": page.words["pace"]})


def _unless_overruled(name: str, overruled: Collection[str], read: Callable[[], T]) -> T | None:
    """What `read` reads; None for something impossible that is asked for elsewhere anyway."""
    try:
        return read()
    except BadRequest:
        if name not in overruled:
            raise
        return None


def lexicon_for(shelf: Shelf) -> Lexicon:
    """The words for all styles of a shelf; those of the last servers are remembered."""
    return _lexicon(tuple((name, tuple(shelf.style(name).aliases)) for name in shelf.own))


@lru_cache(maxsize=KEPT_LEXICONS)
def _lexicon(own: tuple[tuple[str, tuple[str, ...]], ...]) -> Lexicon:
    """The words for the shipped styles, and for a server's own: their names, and their aliases. Where one of these is a
    word of a shipped alias ("stride" of "stride piano"), it is the server's.
    """
    theirs = {plain(word) for name, aliases in own for word in (name, *aliases)}
    shipped = {
        style: [alias for alias in aliases if not any(f" {word} " in f" {plain(alias)} " for word in theirs)]
        for style, aliases in SHIPPED.aliases().items()
    }
    return lexicon_of(shipped | dict(own))


def _too_long(chars: int) -> BadRequest:
    return BadRequest(f"The prompt has {chars} characters; up to {MAX_PROMPT_CHARS} would work.")


def _read_seed(page: Page) -> int | None:
    """Take "seed 42"."""
    for match in page.matches(SEED):
        page.take("seed", match.start(), match.end())
        return int(match["n"])
    return None


def check_seed(seed: int) -> int:
    """`seed`, or `BadRequest` if it is out of range."""
    if not 0 <= seed <= MAX_SEED:
        nearest = "0, the smallest there is," if seed < 0 else f"{MAX_SEED}, the largest there is,"
        raise BadRequest(f"The seed {_short(seed)} is out of range; {nearest} would work.")
    return seed


def _short(number: int) -> str:
    """A number as it is said in a sentence, without the middle of a very long one."""
    text = str(number)
    return text if len(text) <= 24 else f"{text[:8]}…{text[-4:]}"


def _check(wishes: Wishes, *, max_seconds: float, overruled: Collection[str]) -> None:
    """Raise `BadRequest` for the first wish that cannot be met."""
    if wishes.seed is not None and "seed" not in overruled:
        check_seed(wishes.seed)
    if wishes.seconds is not None and "seconds" not in overruled:
        check_length(wishes.seconds, said=wishes.read["seconds"], low=MIN_SECONDS, high=max_seconds)
    if wishes.bars is not None and "bars" not in overruled:
        check_bars(wishes.bars, said=repr(wishes.read["bars"]))
    if wishes.chords is not None and "chords" not in overruled:
        read_chords(wishes.chords)
    if "bpm" not in overruled:
        for bpm in (wishes.bpm, *(wishes.bpm_range or ())):
            if bpm is not None:
                check_bpm(bpm, said=wishes.read["bpm"])
