"""How many bars: "16 bars", "an 8 bar loop", "twelve bars long" → a number.

In: a `Page`. Out: bars, or None. Conventions: only a number for the whole song counts, not one for a part of it ("an 8
bar intro"). Caveat: "12 bar blues" names a form and no length, so it is left to the style.
"""

from __future__ import annotations

import re

from engine.compose.words.numbers import WORDS, to_number
from engine.compose.words.page import Page
from engine.errors import BadRequest

_WHOLE = rf"(?:\d{{1,6}}|\b{WORDS}\b)"
_PART = (
    r"repeated|then again|and a turnaround|intro|outro|solo|break|fill|build|pick-?up|sections?|phrases?|verses?|"
    r"choruse?s?|bridge|drop|ending|hook|turnaround|"
    r"riffs?|pattern|form|structure|cycle|rests?|count-?in|lead-?in|tag|vamp|each|apiece|per|apart|later|before|crawl|"
    r"stools?|tenders?|codes?|charts?|fights?|exam|mats?"
)
_OF = r"of (?:gold|silver|chocolate|soap|candy|signal|wifi|wi-fi|reception|service|silence|rest|intro|health|mana)"
BARS = re.compile(
    rf"(?<![\w.,/:])(?:(?P<low>{_WHOLE})\s?(?:-|to|or)\s?)?(?P<n>(?:-(?=\d))?{_WHOLE})[\s-]*(?P<unit>bars?|measures?)\b"
    r"(?:[\s-]long\b)?"
)
COUNTED = re.compile(
    r"\b(?:bars|measures)\s?[:=]\s?(?P<n>-?\d{1,6})\b|\b(?:bars|measures) (?P<m>\d{1,6})\b(?!\s?(?:to|-))"
)
BEFORE_OTHER = re.compile(
    r"\b(?:every|first|last|next|after|per|each|for the|the|final|opening|another|than|until|till|at|by|on|then|these|"
    r"those|my|our|their)\s*$"
)
AFTER_OTHER = re.compile(rf"[\s-]+(?:{_PART}|{_OF})\b(?!\s*song)")


def read_bars(page: Page) -> int | None:
    """Take the number of bars of the whole song (not checked against any limit), or None."""
    for match in page.matches(BARS):
        if _is_length(page, match):
            page.take("bars", match.start(), match.end())
            if match["n"].startswith("-"):
                return -1
            return round((to_number(match["low"] or match["n"]) + to_number(match["n"])) / 2)
    for match in page.matches(COUNTED):
        page.take("bars", match.start(), match.end())
        return int(match["n"] or match["m"])
    return None


def _is_length(page: Page, match: re.Match[str]) -> bool:
    """Whether a number of bars is meant for the song."""
    before, after = page.before(match.start()), page.after(match.end())
    if BEFORE_OTHER.search(before) or AFTER_OTHER.match(after):
        return False
    if re.match(r"\s+of\b", after) and BARS.search(before + " " + after):
        return False  # "two bars of guitar and two bars of harp"
    if match["unit"] == "bar" and re.match(r"[\s-]+(?:(?!of\b)\w+[\s-]+){0,2}blues\b", after):
        return False
    return not (to_number(match["n"].lstrip("-")) == 12 and re.match(r"[\s-]+blues\b", after))


def check_bars(bars: int, *, said: str) -> int:
    """`bars`, or `BadRequest` for less than one; how many are too many depends on tempo and meter."""
    if bars < 1:
        raise BadRequest(f"The bars {said} cannot be played; 1 bar, the fewest there are, would work.")
    return bars
