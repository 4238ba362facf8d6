"""How fast: "82 bpm" → an exact tempo, "slow" → a pace, "120-130 bpm" → a range; and the meter.

In: a `Page`. Out: beats a minute (quarter notes), a pace −1…1, a range; a meter. Conventions: tempo words stay on the
page, because they also tell the mood. Caveat: a bare number is a tempo only after "tempo", "at" or "around" at the
end of a clause.
"""

from __future__ import annotations

import re

from engine.compose.words.numbers import DIGITS, NUMBER, to_number
from engine.compose.words.page import Page
from engine.errors import BadRequest
from engine.music.timing import METERS, TICKS_PER_QUARTER, Meter

MIN_BPM, MAX_BPM = 40.0, 240.0

_BPM = r"(?:b\.?\s?p\.?\s?m\b\.?|beats?\s(?:per|a|each)\sminute|beats?/min(?:ute)?)"
RANGE = re.compile(rf"(?<![\w.])(?P<low>{DIGITS})\s*(?:{_BPM})?\s*(?:-|to|and|or)\s*(?P<high>{DIGITS})[\s-]*{_BPM}")
BOUND = re.compile(
    rf"\b(?P<no>not? )?(?P<side>under|below|less than|slower than|max(?:imum)?|at most|up to|over|above|more than|"
    rf"faster than|"
    rf"min(?:imum)?|at least)\s(?P<n>{DIGITS})[\s-]*{_BPM}"
)
BELOW = re.compile(r"under|below|less|slower|max|at most|up to")
EXACT = (
    re.compile(rf"(?<![\w.])(?P<n>-?{DIGITS}|\b{NUMBER})(?:\+|ish)?[\s-]*{_BPM}"),
    re.compile(
        rf"\b(?:bpm|tempo|speed)\s*(?:of|is|at|to|:|=|around|about|~)?\s*(?:of\s|"
        rf"about\s)?(?P<n>{DIGITS})\b(?!\s*(?:s\b|sec|min))"
    ),
    re.compile(rf"(?:♩|\bq)\s*=\s*(?P<n>{DIGITS})\b"),
    re.compile(r"@\s*(?P<n>\d{2,3})\b(?!\s*(?:s\b|sec|min|am|pm|:))"),
    re.compile(r"\b(?:at|around)\s+(?P<n>[4-9]\d|1\d\d|2[0-3]\d|240)(?=\s*(?:$|[,;!]|\.(?!\d)|in\s[a-g]\b))"),
)

PACES: tuple[tuple[float, str], ...] = (
    (
        -1.0,
        r"(?:very|really|super|extremely|ultra|so|painfully) slow(?:ly)?|largo|larghissimo|lento|(?:a )?snail'?s pace",
    ),
    (
        -0.7,
        r"slow|slowly|slower|slow-?paced|slowed(?: down)?|adagio|larghetto|sluggish|unhurried|down-?tempo|(?:slow|"
        r"low)[\s-]tempo"
        r"|half[\s-]time",
    ),
    (
        -0.35,
        r"andante|relaxed (?:tempo|pace)|laid[\s-]back|walking pace|leisurely|(?:a (?:bit|little)|slightly|"
        r"rather) slow(?:er)?",
    ),
    (-0.15, r"andantino"),
    (
        0.0,
        r"moderate(?:ly)?(?: paced| tempo)?|moderato|mid[\s-]?tempo|medium[\s-](?:tempo|pace|speed|paced)|"
        r"medium (?:fast|slow)",
    ),
    (
        0.35,
        r"(?:moderately|fairly|rather|somewhat) (?:fast|quick)|(?:a (?:bit|little)|slightly) (?:fast|quick)(?:er)?|"
        r"allegretto",
    ),
    (
        0.7,
        r"fast|faster|fast-?paced|quick|quickly|quicker|allegro|up-?tempo|upbeat|lively|brisk|briskly|rapid|speedy|"
        r"vivace|sped up|"
        r"(?:high|fast|quick)[\s-]tempo|double[\s-]time|nightcore",
    ),
    (
        1.0,
        r"(?:very|really|super|extremely|ultra|so|insanely|crazy) (?:fast|quick)|presto|prestissimo|breakneck|"
        r"frantic|frenetic|"
        r"blazing(?:ly)? fast|lightning[\s-]fast|full speed",
    ),
)
_PACE_PATTERNS = tuple((pace, re.compile(rf"\b(?:{words})\b")) for pace, words in PACES)
_NOT_PACE = re.compile(
    r"[\s-]*(?:food|asleep|forward|ly\b|build|burn|down\b(?!-?tempo)|cooker|fade|motion|lane|reader|reverb|cars?\b|"
    r"and furious|"
    r"clap|fashion|track\b|friends?|learner|draw|sand|silver|fix|question|trip|nap|break\b|jingle|intro|study session|"
    r"(?:autumn|winter|morning|air|wind|breeze|walk|cold)\b)"
)

_NOT_SO = re.compile(r"\b(?:not|no|never|nothing|isn't)\s+(?:too|so|very|that|overly)?\s*$")

METER = re.compile(
    r"(?<![\d/.,:])(\d{1,2})\s?/\s?(\d{1,2})(?![\d/:])(?!\s*(?:of|full|empty|way|price|minutes?|mins?|hours?|cup|stars?|tbsp|inch))"
)
METER_LEAD = re.compile(r"(?:\b(?:in|meter|metre|time signature|time)\s*(?:of|is|[:=])?)\s*$")
METER_TRAIL = re.compile(r"[\s-]*(?:time(?: signature)?|meter|metre|beat|measures?|groove|feel)\b")
METER_WORDS: tuple[tuple[str, str], ...] = (
    (r"\bwaltz(?:es|ing)?\b|\bin three\b|\btriple (?:meter|metre|time)\b|\bthree[\s-](?:four|quarter) time\b", "3/4"),
    (r"\bsix[\s-]eight(?: time)?\b|\bjigs?\b|\btarantella\b|\bcompound (?:meter|metre|time)\b", "6/8"),
    (r"\bcommon time\b|\bfour[\s-]four(?: time)?\b|\bfour[\s-]on[\s-]the[\s-]floor\b", "4/4"),
    (r"\btwo[\s-](?:four|quarter) time\b|\bpolka\b", "2/4"),
    (r"\bthree[\s-]four(?: time| meter| metre)?\b", "3/4"),
)
_METER_PATTERNS = tuple((re.compile(words), text) for words, text in METER_WORDS)
_KEPT_METER_WORDS = re.compile(r"waltz|jig|tarantella|polka|four[\s-]on")


def read_tempo(page: Page) -> tuple[float | None, tuple[float, float] | None]:
    """Take the tempo: an exact one in beats a minute, or a range of two; unchecked. At most one of them is set."""
    for match in page.matches(BOUND):
        bpm = to_number(match["n"])
        page.take("bpm", match.start(), match.end())
        below = bool(BELOW.match(match["side"])) != bool(match["no"])
        near = (max(MIN_BPM, 0.75 * bpm), bpm) if below else (bpm, min(MAX_BPM, 1.3 * bpm))
        return None, near if MIN_BPM <= bpm <= MAX_BPM else (bpm, bpm)
    for match in page.matches(RANGE):
        low, high = sorted((to_number(match["low"]), to_number(match["high"])))
        page.take("bpm", match.start(), match.end())
        return None, (low, high)
    for pattern in EXACT:
        for match in page.matches(pattern):
            if (begin := page.negation_start(match.start(), match.end())) is not None:
                page.take("not", begin, match.end())
                continue
            negative = match["n"].startswith("-")
            page.take("bpm", match.start(), match.end())
            return (-1 if negative else 1) * to_number(match["n"].lstrip("-")), None
    return None, None


def read_pace(page: Page) -> float | None:
    """The pace that tempo words ask for: −1 very slow … 1 very fast; None if nothing is said. The words stay."""
    found = [
        (len(match[0]), -match.start(), pace, match)
        for pace, pattern in _PACE_PATTERNS
        for match in page.matches(pattern)
        if not _NOT_PACE.match(page.after(match.end()))
    ]
    if not found:
        return None
    _, _, pace, match = max(found, key=lambda row: row[:2])
    page.note("pace", match.start(), match.end())
    return -pace / 2 if _NOT_SO.search(page.before(match.start())) else pace


def check_bpm(bpm: float, *, said: str) -> float:
    """`bpm`, or `BadRequest` naming what was said and the nearest tempo that works."""
    if MIN_BPM <= bpm <= MAX_BPM:
        return bpm
    nearest = f"{MIN_BPM:g} bpm, the slowest" if bpm < MIN_BPM else f"{MAX_BPM:g} bpm, the fastest"
    raise BadRequest(f"The tempo {said!r} cannot be played; {nearest} of {MIN_BPM:g} to {MAX_BPM:g}, would work.")


def check_meter(text: str) -> Meter:
    """The meter that `text` writes, or `BadRequest` naming the nearest one that is known."""
    numbers = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(\d{1,9})\s*", text)
    if numbers is None:
        return Meter.parse(text)
    upper, lower = int(numbers[1]), int(numbers[2])
    known = METERS.get(f"{upper}/{lower}")
    if known is not None:
        return known
    quarters = 4 * upper / lower if lower else 4.0
    usual = [meter for meter in METERS.values() if meter.denominator == (8 if lower in (8, 16) else 4)]
    nearest = min(usual, key=lambda meter: abs(meter.bar_ticks / TICKS_PER_QUARTER - quarters))
    others = ", ".join(METERS)
    raise BadRequest(f"The meter {text!r} is not known; {nearest}, the nearest of {others}, would work.")


def read_meter(page: Page) -> Meter | None:
    """Take the meter. Raises `BadRequest` for a written time signature that is not known ("5/4")."""
    for match in page.matches(METER):
        upper, lower = int(match[1]), int(match[2])
        time = METER_TRAIL.match(page.after(match.end()))
        said = time is not None or METER_LEAD.search(page.before(match.start())) is not None
        usual = lower in (4, 8, 16) and 2 <= upper <= 17
        if not usual and not said:
            continue
        end = match.end() + (time.end() if time else 0)
        if (begin := page.negation_start(match.start(), end)) is not None:
            page.take("not", begin, end)
            continue
        page.take("meter", match.start(), end)
        return check_meter(f"{upper}/{lower}")
    for pattern, text in _METER_PATTERNS:
        for match in page.matches(pattern):
            if page.negation_start(match.start(), match.end()) is not None:
                continue
            keep = _KEPT_METER_WORDS.search(match[0])
            (page.note if keep else page.take)("meter", match.start(), match.end())
            return METERS[text]
    return None
