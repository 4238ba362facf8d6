"""In which key: "D minor", "f#m", "E dorian" → a key; "in a minor key" → a mode without a tonic.

In: a `Page`. Out: a `Key`, or a `Mode`, or neither. Conventions: a lone letter is a key only after "in" or "key of"
and in upper case. Caveat: "a minor" in small letters is the key only where the sentence leaves no room for the
article.
"""

from __future__ import annotations

import re

from engine.compose.words.page import Page
from engine.errors import BadRequest
from engine.music.harmony import Key, Mode

_SIGN = r"(?:\s?[#♯♭]|b(?=\b|m\b|maj|min|[\s-])|[\s-]?sharp|[\s-]?flat)"
_MODES = "major|minor|maj|min|moll|dur|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian"
NAMED = re.compile(
    rf"(?<![\w'#])(?P<letter>[a-z])(?P<sign>{_SIGN})?[\s-]*(?P<color>(?:natural|harmonic|melodic)\s)?(?P<mode>{_MODES})\b(?!\s?\d)"
)
SYMBOL = re.compile(r"(?<![\w'#])(?P<letter>[A-G])(?P<sign>[#♯♭b])?(?P<mode>m|maj|min)(?![\w'#])")
LONE = re.compile(
    r"(?P<lead>\b(?:in(?: the)? key(?: of)?|key(?:\s(?:of|is)|\s?[:=])?|in)\s+)"
    rf"(?P<letter>[A-Ga-g])(?P<sign>{_SIGN})?(?![\w'#♯♭])"
)
MODE_ONLY = re.compile(
    r"\b(?P<mode>dorian|phrygian|lydian|mixolydian|aeolian|locrian|ionian)\b(?:\s(?:mode|scale|key))?"
)
MAJOR_MINOR = re.compile(
    r"\b(?:(?:in|an?|the)\s+)*(?P<mode>major|minor)(?:[\s-](?:key|mode|scale|tonality|sounding)\b|(?=\s*(?:$|[,.;!])))"
)
CHORD_BEFORE = re.compile(r"(?:^|[\s|,-])[A-G][#b]?(?:m|maj|min|dim|sus|\d)*\s*[,|-]?\s*$")
CHORD_AFTER = re.compile(r"\s*[,|-]?\s*[A-G][#b]?(?:m|maj|min|dim|sus|\d)*(?:[\s|,-]|$)")

NOT_KEY_AFTER = re.compile(
    r"[\s-]+(?:problem|issue|detail|change|annoyance|inconvenience|setback|incident|accident|injury|offen[cs]e|crime|role|part|"
    r"character|event|city|road|league|figure|difference|setting|work|hit|success|breakthrough|deal|thing|third|second|sixth|"
    r"seventh|chord|arcana|key|earthquake|victory|disaster|crisis|crush|label|artist|company|project|update|headache|miracle)s?\b"
)
KEY_LEAD = re.compile(r"(?:\bin(?: the)?(?: key)?(?: of)?|\bkey(?:\s(?:of|is)|\s?[:=])?|\bscale(?: of)?)\s*$")
A_ALONE_AFTER = re.compile(
    r"\s*(?:$|[,.;:!?)\]&+\x00-]|\d|at\b|with\b|for\b|and\b|in\b|about\b|please\b|scale|tonality)"
)

_SPELLED = {
    "maj": "major",
    "min": "minor",
    "m": "minor",
    "moll": "minor",
    "dur": "major",
    "ionian": "major",
    "aeolian": "minor",
}
EXAMPLES = "'D minor', 'F# major', 'Bb' or 'E dorian' would work"


def read_key(page: Page) -> tuple[Key | None, Mode | None]:
    """Take the key, or only its mode. Raises `BadRequest` for a letter that is no note ("H major")."""
    key = _read_named(page) or _read_symbol(page) or _read_lone(page)
    return key, None if key is not None else _read_mode(page)


def _read_named(page: Page) -> Key | None:
    """Take a letter with a mode: "D minor", "e-flat major". Raises `BadRequest` for "H major"."""
    for match in page.matches(NAMED):
        start, end = match.start(), match.end()
        written = page.text[start : start + 1]
        if NOT_KEY_AFTER.match(page.after(end)) and not (written.isupper() and re.match(r"\s+key\b", page.after(end))):
            continue
        if page.negation_start(start, end) is not None:
            continue
        if match["letter"] not in "abcdefg":
            if _is_wrong_letter(page, match):
                raise BadRequest(f"The key {page.text[start:end]!r} is not known; {EXAMPLES}.")
            continue
        if match["letter"] == "a" and not match["sign"] and not _is_note_a(page, match):
            continue
        key_word = re.match(r"\s+(?:key|scale)\b", page.after(end))
        return _take_key(page, match, end + (key_word.end() if key_word else 0))
    return None


def _read_symbol(page: Page) -> Key | None:
    """Take a chord symbol that stands alone: "Dm", "F#m"."""
    for match in SYMBOL.finditer(page.text):
        free = page.low[match.start() : match.end()] == match[0].lower()
        chords = CHORD_BEFORE.search(page.text[: match.start()]) or CHORD_AFTER.match(page.text[match.end() :])
        if free and not chords and not re.match(r"\s+I\b", page.text[match.end() :]):
            return _take_key(page, match, match.end())
    return None


def _read_lone(page: Page) -> Key | None:
    """Take a letter after "in" or "key of": major."""
    for match in page.matches(LONE):
        if _is_lone_note(page, match):
            return _take_key(page, match, match.end())
    return None


def _read_mode(page: Page) -> Mode | None:
    """Take a mode that stands without a tonic."""
    for pattern in (MODE_ONLY, MAJOR_MINOR):
        for match in page.matches(pattern):
            before = page.before(match.start("mode"))
            if re.search(r"\bmy (?:\w+ )?$|\b(?:history|music|math|english|art|college) $", before):
                continue
            if page.negation_start(match.start(), match.end()) is None:
                page.take("mode", match.start(), match.end())
                return _spell(match["mode"])
    article = re.compile(
        r"\ba (?P<mode>minor|major) "
        r"(?=\x00|lofi|lo-fi|folk|rock|rag|tune|song|melody|waltz|ballad|piece|beat|vibe|mood|feel)"
    )
    for match in page.matches(article):
        page.take("mode", match.start("mode"), match.end("mode"))
        return Mode(match["mode"])
    return None


def _spell(word: str) -> Mode:
    """A mode by any of its names."""
    return Mode(_SPELLED.get(word, word))


def _take_key(page: Page, match: re.Match[str], end: int) -> Key:
    """Take the words of a key up to `end`, with the "in the key of" before them."""
    start = match.start("letter")
    mode = _spell(match.groupdict().get("mode") or "major")
    lead = KEY_LEAD.search(page.before(start))
    written = (match["sign"] or "").strip(" -").replace("sharp", "#").replace("flat", "b")
    key = Key.parse(f"{match['letter'].upper()}{written} {mode.value}")
    page.note("key", start, end)
    page.blank(lead.start() if lead else start, end)
    return key


def _is_wrong_letter(page: Page, match: re.Match[str]) -> bool:
    """Whether a letter outside A–G before "major" is meant as a key."""
    led = KEY_LEAD.search(page.before(match.start()))
    upper = page.text[match.start()].isupper() and match["letter"] not in "iux"
    return match["mode"] in ("major", "minor", "maj", "min", "moll", "dur") and bool(
        led or upper or match["letter"] == "h"
    )


def _is_note_a(page: Page, match: re.Match[str]) -> bool:
    """Whether "a minor" is the key and not the article."""
    if match["mode"] not in ("major", "minor"):
        return (
            match["mode"] in ("maj", "min", "moll", "dur")
            or page.text[match.start()].isupper()
            or bool(KEY_LEAD.search(page.before(match.start())))
        )
    after, upper = page.after(match.end()), page.text[match.start()] == "A"
    if re.match(r"\s+(?:key|mode|scale|tonality)\b", after):
        return upper and match.start() > 0
    return upper or bool(A_ALONE_AFTER.match(after))


def _is_lone_note(page: Page, match: re.Match[str]) -> bool:
    """Whether a letter without a mode is a key: upper case after "in", any case after "key"."""
    upper = page.text[match.start("letter")].isupper()
    end = re.match(r"\s*(?:$|[,.;:!?)&\x00-]|at\b|with\b|for\b|and\b|please\b|\d)", page.after(match.end()))
    if "key" in match["lead"]:
        return upper or bool(end)
    return upper and (bool(match["sign"]) or bool(end))
