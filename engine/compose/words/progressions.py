"""Chords in a sentence: "over Dm7 G7 Cmaj7", "Am F C G progression" → the symbols, as the option `chords` takes them.

In: a `Page`. Out: the text of a progression, or None. Conventions: roots are written in capitals; small ones count only
right behind the word "chords" or "progression". Without such a word it takes three symbols, of letters alone four, so
that initials are no music. Caveat: Roman numerals ("ii-V-I") stay unread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.compose.words.chords import read_chord
from engine.compose.words.page import Page
from engine.errors import BadRequest

_QUALITY = (
    r"(?:maj|min|dim|aug|sus|add|dom|alt|omit|no(?=[35])|m|M|Δ|ø|°|o(?=7|\b)|\+(?!\s*[A-G])|-(?=\d)|[#b♯♭]|\d{1,2}"
    r"|\([#b♯♭]?\w{1,5}\)){0,6}"
)
_SYMBOL = rf"[A-G][#b♯♭]?{_QUALITY}(?:/9|/[A-G][#b♯♭]?)?(?![\w#♯♭'])"
_BETWEEN = r"[\s,;|:→>&/+-]{1,6}(?:(?:and|to|then)\s)?"
RUN = re.compile(rf"(?<![\w#♯♭'.])(?:{_SYMBOL})(?:{_BETWEEN}(?:{_SYMBOL}|%))+")
SMALL_RUN = re.compile(RUN.pattern.replace("A-G", "A-Ga-g"))
PARTS = re.compile(rf"{_SYMBOL}|%|\|")
SMALL_PARTS = re.compile(PARTS.pattern.replace("A-G", "A-Ga-g"))
NOT_CHORD_AFTER = re.compile(r"[\s-]*(?:major|minor|maj|min|moll|dur|dorian|phrygian|lydian|mixolydian|flat|sharp)\b")
STRONG_LEAD = re.compile(
    r"(?:\b(?:with|using|over|on|to|follow(?:ing)?|play(?:ing)?|use|in)\s+)?(?:\b(?:the|these|following|a|an)\s+){0,2}"
    r"\b(?:chords?(?: (?:progression|changes|sequence))?|progression|changes)"
    r"(?:\s+(?:of|are|is|like|go|goes|going|being|from))?\s*[:=-]?\s*$"
)
WEAK_LEAD = re.compile(
    r"\b(?:over|using|play(?:ing|s)?|on|follow(?:ing)?|with|around|going|goes|vamp(?:ing)?(?: on)?|"
    r"loop(?:ing)?(?: of)?|"
    r"between)(?:\s+(?:the|these))?\s*:?\s*$"
)
TRAIL = re.compile(
    r"\s*(?:\(?[x×]\s?\d{1,2}\)?\s*)?(?:(?:chord\s)?(?:progressions?|chords?|changes|vamp|loop|turnaround|sequence)\b)?"
)
TUNING = re.compile(r"\s*(?:tuning|strings?|structure|form|sections?|parts?|rhyme|pattern)\b")
ALPHABET = "ABCDEFG"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """A run of symbols at `start`–`end` of the text; `lead` begins the words before that announce it."""

    start: int
    end: int
    symbols: list[str]
    lead: int | None
    strong: bool


def read_progression(page: Page) -> str | None:
    """Take the first progression of the page: its symbols with spaces, and the bar lines that were written."""
    cased = page.cased
    place = 0
    while run := _next_run(cased, place):
        place = run.end
        if not _is_meant(run):
            continue
        start = run.start if run.lead is None else run.lead
        trail = TRAIL.match(cased, run.end)
        end = trail.end() if trail else run.end
        negated = page.negation_start(start, end)
        page.note("chords" if negated is None else "not", run.start, run.end)
        page.blank(start if negated is None else negated, end)
        if negated is None:
            return " ".join(run.symbols)
    return None


def _next_run(cased: str, place: int) -> _Run | None:
    """The next run of two symbols and more from `place` on."""
    while match := RUN.search(cased, place):
        small = SMALL_RUN.search(cased, place, match.start())
        if small is not None and STRONG_LEAD.search(cased[: small.start()].lower()):
            break
        if run := _run(cased, match, PARTS):
            return run
        place = match.end()
    for match in SMALL_RUN.finditer(cased, place):
        if STRONG_LEAD.search(cased[: match.start()].lower()):
            run = _run(cased, match, SMALL_PARTS)
            if run is not None and len(run.symbols) >= 3:
                return run
    return None


def _run(cased: str, match: re.Match[str], parts: re.Pattern[str]) -> _Run | None:
    """The symbols of a match that can be read, up to the first that cannot; None for fewer than two."""
    slashed = re.fullmatch(r"[^\s,|-]+", match[0]) and match[0].count("/") >= 2
    text = match[0].replace("/", " ") if slashed else match[0]
    loud = cased.isupper() and re.search(r"[A-Z]{4}", cased) is not None  # "CHORDS AM F C G"
    start, end, symbols = match.start(), match.start(), []
    for part in parts.finditer(text):
        symbol = part[0]
        if not _is_chord(symbol) or NOT_CHORD_AFTER.match(cased, match.start() + part.end()):
            break
        symbols.append(symbol[:1].upper() + (symbol[1:].replace("M", "m") if loud else symbol[1:]))
        if symbol != "|":
            end = match.start() + part.end()
    while symbols and symbols[-1] == "|":
        symbols.pop()
    if len(symbols) > 2 and symbols[0] == "A" and _is_article(cased, match):
        symbols, start = symbols[1:], start + 2
    if len([symbol for symbol in symbols if symbol != "|"]) < 2 or TUNING.match(cased, end):
        return None
    before = cased[:start].lower()
    strong, weak = STRONG_LEAD.search(before), WEAK_LEAD.search(before)
    lead = strong or weak
    behind = TRAIL.match(cased, end)
    announced = strong is not None or bool(behind and re.search(r"[a-z]{4}", behind[0])) or "|" in symbols
    return _Run(start=start, end=end, symbols=symbols, lead=lead.start() if lead else None, strong=announced)


def _is_chord(symbol: str) -> bool:
    if symbol in ("|", "%"):
        return True
    try:
        read_chord(symbol)
    except BadRequest:
        return False
    return True


def _is_article(cased: str, match: re.Match[str]) -> bool:
    """Whether the "A" that begins a run is no chord: "A Dm7 G7 Cmaj7 progression"."""
    begins = not cased[: match.start()].strip() or cased[: match.start()].rstrip()[-1] in ".!?"
    noun = TRAIL.match(cased, match.end())
    return begins and match[0][1:2] == " " and bool(noun and re.search(r"[a-z]{4}", noun[0]))


def _is_meant(run: _Run) -> bool:
    """Whether symbols are a progression and no initials."""
    chords = [symbol for symbol in run.symbols if symbol not in ("|", "%")]
    plain = all(symbol in ALPHABET for symbol in chords)
    if run.strong:
        return True
    if run.lead is not None:
        return len(chords) >= (3 if plain else 2)
    return len(chords) >= (4 if plain else 3) and "".join(chords) not in ALPHABET and set(chords) != {"A", "B"}
