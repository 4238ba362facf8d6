"""How much of each style: "70% jazz 30% lofi", "rock with a bit of folk", "lofi x bossa" → shares that sum to 1.

In: a `Page`, and where styles are named on it. Out: style → share, or nothing where the words say none. Conventions:
the words that tell the shares are taken from the page, so that the encoder does not read them. Caveat: "folk rock" and
"jazzy lofi" say no shares; what such names weigh is the planner's to know.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.compose.words.page import Page

LITTLE, MOST, EVEN = 0.25, 0.75, 0.5
LEAST = 0.05
"""No style that is named weighs less."""

_AND = r"(?:\b(?:with|and|plus|but|also)\s+)?"
_A_BIT = (
    rf"{_AND}(?:\b(?:a|an|some|just|only|slight|few)\s+){{0,3}}(?:\b(?:little|tiny|small|wee)\s+)?"
    r"\b(?:bit|touch|touche|hint|dash|pinch|splash|tinge|sprinkle|flavou?r|taste|"
    r"spice)(?:e?s)?\s+(?:of\s+)?(?:an?\s+)?$"
)
_SLIGHTLY = rf"{_AND}\b(?:slightly|slight|somewhat|vaguely|kinda|a bit|a little|lightly)\s+$"
BEFORE_LITTLE = re.compile(rf"{_A_BIT}|{_SLIGHTLY}")
AFTER_LITTLE = re.compile(
    r"[\s-]+(?:influences?|influenced|tinged|tinted|infused|flavou?red|elements?|touch(?:es)?|undertones?|overtones?|"
    r"flavou?rs?|"
    r"accents?|leanings?|feel)\b"
)
BEFORE_MOST = re.compile(r"\b(?:mostly|mainly|primarily|predominantly|largely|chiefly|more)\s+$")
BEFORE_PERCENT = re.compile(r"(?<![\d.])(?P<n>\d{1,3})\s?(?:%|percent|per cent)[\s-]*(?:of\s+)?$")
AFTER_PERCENT = re.compile(r"[\s:]*\(?(?P<n>\d{1,3})\s?(?:%|percent\b)\)?")
BEFORE_HALF = re.compile(r"\bhalf[\s-]+(?:of\s+)?$")
EVENLY = re.compile(
    r"[\s,]*(?:\b[x×]\b|×|\+|/|\bmeets?\b|\bvs?\.?(?=\s)|\bversus\b|\bbut make it\b|"
    r"\b(?:crossed|mixed|blended|combined|fused|mashed up|mixing|merged) (?:with|and)\b)[\s,]*(?:an?\s+)?"
)
BEFORE_BOTH = re.compile(
    r"(?:\b(?:an?|the|some)\s+)?(?:\b(?:equal|nice|good|weird)\s+)?"
    r"\b(?:mix|mixture|blend|fusion|mash-?up|cross|crossover|hybrid|combination|combo|parts|somewhere)\s*(?:of|"
    r"between)?\s+$"
    r"|\bbetween\s+$"
)
AFTER_BOTH = re.compile(r"[\s-]+(?:fusion|hybrid|mash-?up|crossover|mix|blend)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a style is first named: `start`–`end` of the text."""

    style: str
    start: int
    end: int


def share_out(page: Page, text: str, places: Sequence[Place]) -> dict[str, float]:
    """The shares of two styles and more, in the order of `places`; empty if nothing is said of them.

    `text` is the whole text in lower case, also where words were taken.
    """
    if len(places) < 2:
        return {}
    said = {place.style: _own_share(page, text, place, index, places) for index, place in enumerate(places)}
    given = {style: share for style, share in said.items() if share is not None}
    even = _are_even(page, text, places)
    if not given and not even:
        return {}
    left = max(LEAST, 1 - sum(given.values())) / max(1, len(places) - len(given))
    shares = {style: max(LEAST, left if share is None else share) for style, share in said.items()}
    total = sum(shares.values())
    return {style: round(share / total, 4) for style, share in shares.items()}


def _own_share(page: Page, text: str, place: Place, index: int, places: Sequence[Place]) -> float | None:
    """The share that the words beside a style say."""
    begin = places[index - 1].end if index else 0
    end = places[index + 1].start if index + 1 < len(places) else len(text)
    before, after = text[begin : place.start], text[place.end : end]
    for pattern, share in ((BEFORE_LITTLE, LITTLE), (BEFORE_MOST, MOST), (BEFORE_HALF, EVEN), (BEFORE_PERCENT, None)):
        if match := pattern.search(before):
            page.blank(begin + match.start(), place.start)
            return share if share is not None else int(match["n"]) / 100
    for pattern, share in ((AFTER_LITTLE, LITTLE), (AFTER_PERCENT, None)):
        if match := pattern.match(after):
            page.blank(place.end, place.end + match.end())
            return share if share is not None else int(match["n"]) / 100
    return None


def _are_even(page: Page, text: str, places: Sequence[Place]) -> bool:
    """Whether the words between or around the styles say that all count alike; takes these words."""
    first, last, even = places[0], places[-1], False
    for one, two in pairwise(places):
        between = text[one.end : two.start]
        if EVENLY.fullmatch(between):
            page.blank(one.end, two.start)
            even = True
    lead = BEFORE_BOTH.search(text[: first.start])
    if lead:
        page.blank(lead.start(), first.start)
        even = True
    trail = AFTER_BOTH.match(text, last.end)
    if trail:
        page.blank(last.end, trail.end())
        even = True
    return even
