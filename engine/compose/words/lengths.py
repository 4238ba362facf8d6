"""How long a song shall be: "60s", "1:15", "a minute and a half" → seconds.

In: a `Page`. Out: seconds, or None. Conventions: the first length that is meant for the song counts; further ones are
left alone. Caveat: "60s rock" names a decade, "60s lofi" and "60s, rock" a length; a clock time ("at 7:30") is no
length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias

from engine.compose.words.numbers import DIGITS, NUMBER, WORDS, to_number
from engine.compose.words.page import Page
from engine.errors import BadRequest

Match: TypeAlias = re.Match[str]

_MIN = r"(?:(?:minut(?:es?|os?|en|i)|mins?)(?![a-z])\.?|minuets?(?=\s+long))"
_SEC = r"(?:seconds?|segundos?|secondes?|sekunden|secs?\b\.?)"
_AND = r"(?:\s*(?:,|and|&|\+)?\s*)"
_NOT_UNIT = r"(?!\s*(?:bpm|beats?|bars?|/|:\d|%|th\b|nd\b|rd\b|st\b|in\b|key))"
_GOES_ON = r"(?:long|of|in|at|with|no|and|for)\b"
_FRACTION = {"half": 0.5, "quarter": 0.25, "third": 1 / 3, "three quarters": 0.75, "3/4": 0.75, "1/2": 0.5, "1/4": 0.25}
_FRACTION_WORDS = r"(?P<fraction>three[\s-]quarters|3/4|1/2|1/4|half|quarter|third)"

DECADES = {50, 60, 70, 80, 90}
DECADE_WORDS = re.compile(
    r"[\s-]+(?:(?:style|synth\w*|electro\w*|pop|rock\w*|punk|metal|disco|funk\w*|soul|hits?|nostalgi\w+|retro|vibes?|"
    r"feel\w*|"
    r"sound\w*|era|movie|film|tv|sitcom|cartoon|anime|game|video|arcade|console|hip|rap|r&b|rnb|new|ballad|country|"
    r"folk|"
    r"surf|psychedeli\w+|spy|cop|detective|bond|western|horror|slasher|sci-?fi|thriller|workout|aerobics|mall|prom|"
    r"hair|glam|"
    r"power|soundtrack|theme|commercial|advert\w*|radio|mtv|vhs|neon|cyber|teen|wrestling|computer|nintendo|pc|"
    r"saturday|bedroom|rave|boy|girl|diva|bossa|babies|baby|fashion|disney|hacker|supermarket|skate\w*|grunge|action|"
    r"dance|club|house|techno|eurodance|trance|jazz|swing|blues|music|song|tune|band|"
    r"guitar|drums?|inspired|themed|aesthetic|motown|beat|boom|gangsta|britpop|alternative|indie|garage|prog\w*|"
    r"kids?)\b)"
)
ARTICLE = re.compile(r"\b(?:an?|some|that|those|pure|cheesy|classic|typical|very|like|retro|vintage|old)\s$")
LENGTH_AFTER = re.compile(
    r"\s+(?:of|long|lo-?fi|loop|clip|jingle|track|timer|ad|advert|version|please|pls|in|at|with|and|for|no|without|"
    r"bit|snippet|sample|"
    r"chill|sad|happy|calm|slow|fast|ambient|ragtime|piece|intro|outro|theme for|bpm|seed|key|\d)\b"
)
DECADE_BEFORE = re.compile(
    r"(?:\bthe|\bearly|\bmid|\blate|'|\b(?:19|18|20)|\broaring|\bswinging|\bgroovy|\bfrom the|\bof the)[\s-]*$"
)

BEFORE_OTHER = re.compile(
    r"\b(?:after|every|at|the last|the first|first|within|in the next|until|till|before|ago|route|area|track|opus|op\.?"
    r"|wait|iphone|galaxy|gone in|than \d+|drops? at|starts? at)\s*(?:about\s*)?$"
)
AFTER_OTHER = re.compile(
    r"[\s-]*(?:ago|late\b(?!\s*night)|early|left|earlier|later|away|old|"
    r"(?:in|ou)tro\b(?!\s+(?:jingle|song|music|tune|theme|track|piece|for|to)\b)|solo|fade|break|delay|reverb|drop\b|"
    r"deadline|countdown to|race|sprint|dash|views?|read\b|crafts?|subs|subscribers|followers|plays|streams|likes|"
    r"tall|high|wide|deep|"
    r"people|dollars|copies|before|to (?:mars|midnight)|of (?:summer|fame|silence|sleep|rest)\b|on the (?:clock|"
    r"screen|timer|meter)|to escape|to go|of (?:tail|space|my life)\b|between|flat\b|drive|walk|"
    r"commute|flight|trip|shift|nap|to go|hand|per)\b"
)
CLOCK = re.compile(r"\s*(?:[ap]\.?\s?m\b|o'?clock|in the (?:morning|evening|afternoon)|at night|ratio)")
CLOCK_BEFORE = re.compile(
    r"\b(?:at|around|by|since|clock|verse|psalms?|john|matthew|mark|luke|genesis|exodus|romans|proverbs|isaiah|"
    r"revelation)\s*$"
)
A_MINOR_BEFORE = re.compile(r"\b(?:in|key(?: of)?\s?[:=]?)\s*$")
NAMES = re.compile(r"(?:1[5-9]|20)\d0s|808s|909s|707s|606s|303s")
HOURS = re.compile(r"(?:hours?|hrs?|\dh)$")
AFTER_HOURS = re.compile(
    r"[\s-]*(?:$|[,.;:!?)&+\x00]|(?:long|of|loop|loops|mix|version|song|track|piece|music|please|set|playlist|lo-?fi|"
    r"jazz|folk|"
    r"rock|blues|ambient|classical|chiptune|synthwave|bossa|ragtime|pop|and|with|in|at)\b)"
)
BINARY = re.compile(r"\b(?:1s and 0s|0s and 1s)\b")
LESS = re.compile(r"\b(?:just )?(?:under|less than|shorter than|below|not? (?:longer|more) than)\s*$")
MORE = re.compile(r"\b(?:just )?(?:over|more than|longer than|above)\s*$")
ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|approx\.?|circa|exactly|precisely|at least|at most|max(?:imum)?|"
    r"min(?:imum)?|"
    r"up to|something like|lasting|length(?: of)?|duration(?: of)?)|~)\s*$"
)

Reading: TypeAlias = tuple[re.Pattern[str], Callable[[Match], float]]


def _compound(match: Match) -> float:
    """Minutes, with "and a half" or seconds after them."""
    seconds = 60 * to_number(match["n"] or "a")
    if match["part"]:
        seconds += 60 * _FRACTION[match["part"]]
    if match["s"]:
        seconds += to_number(match["s"])
    elif match.groupdict().get("bare"):
        seconds += to_number(match["bare"])
    return seconds


def _mean(match: Match) -> float:
    """The middle of a range, in seconds."""
    unit = 60 if match["unit"].startswith("m") else 1
    return unit * (to_number(match["low"]) + to_number(match["high"])) / 2


def _fraction(match: Match) -> float:
    """A fraction of a minute or an hour."""
    share = _FRACTION[re.sub(r"[\s-]+", " ", match["fraction"])]
    return share * (3600 if match["unit"].startswith("h") else 60)


READINGS: tuple[Reading, ...] = (
    (re.compile(rf"\ba (?P<few>couple(?: of)?|few) {_MIN}"), lambda m: 180.0 if m["few"] == "few" else 120.0),
    (
        re.compile(rf"(?<![\w.:/])(?P<n>\d{{1,2}})[\s-](?P<fraction>1/2|1/4|3/4)[\s-]*{_MIN}"),
        lambda m: 60 * (int(m["n"]) + _FRACTION[m["fraction"]]),
    ),
    (
        re.compile(
            rf"\b(?P<n>{NUMBER})[\s-]and[\s-](?:a|one)[\s-](?P<fraction>half|quarter|third)[\s-](?:minutes?|mins?)\b"
        ),
        lambda m: 60 * (to_number(m["n"]) + _FRACTION[m["fraction"]]),
    ),
    (
        re.compile(rf"\b(?:an?\s)?{_FRACTION_WORDS}[\s-](?:of\s)?(?:an?[\s-]|1[\s-])?(?P<unit>min(?:ute)?|hour)\b"),
        _fraction,
    ),
    (
        re.compile(
            rf"(?<![\w.])(?<!\d[:/])(?P<low>{DIGITS})\s*(?:-|to|or)\s*(?P<high>{DIGITS})[\s-]*(?P<unit>s\b|{_SEC}|"
            rf"{_MIN})"
        ),
        _mean,
    ),
    (
        re.compile(
            rf"(?<![\w.])(?<!\d[:/])(?:(?P<n>{NUMBER}|\ban?\b)[\s-]*)?\b{_MIN}(?:\sand\s(?:a|one)\s(?P<part>half|"
            rf"quarter|third)\b"
            rf"|{_AND}(?P<s>{NUMBER})[\s-]*(?:{_SEC}|s\b)|\s(?:and\s)?(?P<bare>\d\d|{WORDS})\b(?=\s*(?:$|[,.;!?)]|"
            rf"{_GOES_ON})))?"
        ),
        _compound,
    ),
    (
        re.compile(
            rf"(?<![\w.])(?<!\d[:/])(?P<n>\d+(?:[.,]\d+)?)(?:{_MIN}|\s?m(?=\s?\d))(?P<part>)"
            rf"(?:\s?(?P<s>\d+(?:[.,]\d+)?)(?:\s?(?:{_SEC}|s\b)|\b{_NOT_UNIT}))?"
        ),
        _compound,
    ),
    (re.compile(r"(?<![\w.])(?<!\d[:/])(?P<n>\d{1,2}(?:[.,]\d+)?)m\b(?!/)"), lambda m: 60 * to_number(m["n"])),
    (
        re.compile(r"(?<![\w.])(?<!\d[:/])(?P<n>\d+)'\s?(?P<s>[0-5]\d)(?:''|\"|\b)"),
        lambda m: 60 * to_number(m["n"]) + to_number(m["s"]),
    ),
    (
        re.compile(r"(?<![\w.])(?<!\d[:/])(?P<n>\d{1,3}):(?P<s>[0-5]\d)(?![\w/]|:\d)(?:\s?min(?:ute)?s?\b)?"),
        lambda m: 60 * to_number(m["n"]) + to_number(m["s"]),
    ),
    (
        re.compile(rf"(?<![\w.])(?<!\d[:/])(?P<n>{NUMBER})(?:ish)?[\s-]*(?:{_SEC}|s\b(?!'))(?!/\d)"),
        lambda m: to_number(m["n"]),
    ),
    (
        re.compile(rf"(?<![\w.])(?<!\d[:/])(?P<n>{NUMBER}|\ban?)[\s-]*(?:hours?|hrs?|h)\b"),
        lambda m: 3600 * to_number(m["n"]),
    ),
    (
        re.compile(
            rf"\b(?:length|len|duration|dur|seconds|secs)[\"']?\s*(?:of|is|:|=)?\s*(?P<n>{DIGITS})\b{_NOT_UNIT}"
        ),
        lambda m: to_number(m["n"]),
    ),
)


def read_length(page: Page) -> float | None:
    """Take the song's length from the page: seconds (not checked against any limit), or None."""
    found: list[tuple[int, int, float]] = []
    for pattern, to_seconds in READINGS:
        for match in page.matches(pattern):
            overlaps = any(start < match.end() and match.start() < end for start, end, _ in found)
            if not overlaps and _is_length(page, match):
                found.append((match.start(), match.end(), to_seconds(match)))
    if not found:
        return None
    start, end, seconds = min(found)
    for bound, factor in ((LESS, 0.9), (MORE, 1.1), (ABOUT, 1.0)):
        if lead := bound.search(page.before(start)):
            seconds = round(factor * seconds, 2)
            page.blank(lead.start(), start)
            break
    if re.search(r"(?:^|\s)-$", page.before(start)):
        start, seconds = start - 1, -seconds
    long = re.match(r"[\s-]*long\b", page.after(end))
    page.take("seconds", start, end + (long.end() if long else 0))
    return seconds


def _is_length(page: Page, match: Match) -> bool:
    """Whether a match means the song's length: no decade, no clock time, no bare "minute" or "second"."""
    before, after, said = page.before(match.start())[-60:], page.after(match.end()), match[0]
    if ":" in said and (CLOCK.match(after) or CLOCK_BEFORE.search(before)):
        return False
    if re.match(r"[6-9]:|\d\d:", said) and re.match(r"[\s-]+(?!long\b|of\b|lo-?fi\b|song\b|track\b)[a-z]", after):
        return False  # "the 7:30 train"
    return not _is_other(before, said, after)


def _is_other(before: str, said: str, after: str) -> bool:
    """Whether a number with a unit of time tells something else: a decade, a moment, a drum machine, an hour's walk."""
    if BEFORE_OTHER.search(before) or AFTER_OTHER.match(after):
        return True
    a_minor = said in ("a min", "a-min") and A_MINOR_BEFORE.search(before)
    if a_minor or NAMES.fullmatch(said) or BINARY.search(before + said + after[:12]):
        return True
    if HOURS.search(said) and not AFTER_HOURS.match(after):
        return True
    decade = re.fullmatch(r"(\d\d)s", said)
    if decade and _is_decade(before, int(decade[1]), after):
        return True
    if re.match(r"min", said):  # "minute" without a number
        return not (re.match(r"[\s-]*long\b", after) or " and a" in said)
    return False


def _is_decade(before: str, years: int, after: str) -> bool:
    """Whether "80s" and its like name a decade: "the 80s", "80s pop", "cheesy 80s love scene", but not "60s lofi"."""
    if DECADE_BEFORE.search(before):
        return True
    if years not in DECADES:
        return False
    noun = re.match(r"\s+[a-z]", after) is not None and not LENGTH_AFTER.match(after)
    return bool(DECADE_WORDS.match(after)) or (noun and (years in (70, 80) or bool(ARTICLE.search(before))))


def check_length(seconds: float, *, said: str, low: float, high: float) -> float:
    """`seconds`, or `BadRequest` naming what was said and the nearest length that works."""
    if low <= seconds <= high:
        return seconds
    nearest = f"{low:g} s, the shortest" if seconds < low else f"{high:g} s, the longest"
    raise BadRequest(f"The length {said!r} cannot be made; {nearest} of {low:g} to {high:g} s, would work.")
