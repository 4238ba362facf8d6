"""The text that a prompt's readers share: each takes the words that it understood, the rest goes on.

In: raw text as somebody typed it. Out: a `Page`. Conventions: `low` is the lower-case text, of the same length as
`text`; words that a reader took are blanked in it, so that no other reader reads them again. Caveat: negation is seen
only directly before a word or a list of words ("no drums or bass"), not across a clause.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

BLANK = "\x00"
FRACTIONS = {"½": ".5", "¼": ".25", "¾": ".75"}
QUOTES = str.maketrans({"’": "'", "‘": "'", "′": "'", "“": '"', "”": '"', "″": '"', "–": "-", "—": "-", "−": "-"})
MENTION = re.compile(r"<(?:@[!&]?|#|a?:\w+:|t:|/[^:<>]*:)\d+(?::\w)?>|<id:\w+>|@(?:everyone|here)")
LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{0,30}://|(?<![a-z0-9])www\.)\S+"
    r"|discord(?:app)?\.(?:gg|com)/\S*"
    r"|(?<![\w.-])(?:[a-z0-9-]{1,63}\.){1,5}(?:com|net|org|gg|io|tv|ly|be|xyz|app|dev|info|link|co)(?:/\S*|(?![\w.-]))",
    re.IGNORECASE,
)
MASKED_LINK = re.compile(r"\[([^\[\]]*)\]\(\s*<?(?:[a-z][a-z0-9+.-]{0,30}://|www\.)[^)\s]*>?[^)]*\)", re.IGNORECASE)
MARKS = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f]+")
"""Marks that no letter carries once the text is composed: strokes through it, heaps of accents, emoji variants."""

POLITE = re.compile(
    r"\b(?:please|pls|plz|thanks|thank you|thx|ty|(?:can|could|would|will) you (?:please )?(?:make|compose|write|"
    r"play|create|do)"
    r"(?: me)?|(?:i want|i'd like|i would like|give me|make me|gimme|let's have)(?= )|hey bot|hi bot)\b",
    re.IGNORECASE,
)
LABEL = re.compile(
    r"\b(?:style|genre|length|duration|tempo|key|mood|time|bpm|meter|metre|instruments?|prompt|theme|vibe|seed)\s?[:=]",
    re.IGNORECASE,
)
MARKUP = re.compile(r"[*_~`|\\]+")
HASHTAG = re.compile(r"(?<![\w])#+(?=\w|\s|$)")
EMPTY = frozenset(
    [
        "a",
        "an",
        "the",
        "some",
        "something",
        "anything",
        "it",
        "me",
        "make",
        "play",
        "song",
        "music",
        "i",
        "want",
        "or",
        "x",
        "beat",
        "beats",
        "track",
        "tune",
        "do",
        "bot",
        "tunesmith",
        "for",
        "us",
        "now",
    ]
)
"""Words that say nothing when they are all that is left."""

NEGATION = re.compile(
    r"(?:\b(?:no|not|neither|non|without|w/o|minus|avoid(?:ing)?|except(?: for)?|excluding|instead of|rather than|"
    r"(?:anything|everything|everyone|all) but|apart from|other than|nothing like|never|skip|drop|leave out|"
    r"leave off|lose|ditch|remove|omit|sans|"
    r"zero|hate|dislike|can't stand|cannot stand|get rid of|getting rid of|turn off|free of|nothing but no|nix|cut out|"
    r"isn't|aren't|"
    r"ain't|don't (?:want|use|like|need|add|include)|"
    r"do not (?:want|use|like|need|add|include)|no more))"
    r"(?:\s+(?:any|a|an|the|more|really|want|too much|so much|much|like|be|to be|sound like|sounding like|exactly|use|"
    r"kind of|sort of|style))*[\s-]*$"
)
MINUS = re.compile(r"(?:^|(?<=\s))-$")
CHAIN = re.compile(r"\s*(?:,?\s*(?:or|nor|and|&)(?:\s+(?:no|any|the|a|an))?|/)\s*")
COMMA = re.compile(r"\s*,\s*")


@dataclass(slots=True)
class Page:
    """A cleaned prompt, what has been taken from it, and where negated words ended."""

    text: str
    low: str
    words: dict[str, str] = field(default_factory=dict)
    _negated_ends: list[int] = field(default_factory=list)

    @classmethod
    def open(cls, raw: str) -> Page:
        """Clean `raw` and open it."""
        text = clean(raw)
        low = (" " if c == "_" else c.lower() if len(c.lower()) == 1 else c for c in text)
        return cls(text, "".join(low))

    def matches(self, pattern: re.Pattern[str]) -> Iterator[re.Match[str]]:
        """Matches of `pattern` in the words that nobody took yet; words taken on the way are seen as taken."""
        start = 0
        while match := pattern.search(self.low, start):
            start = max(match.end(), match.start() + 1)
            yield match

    @property
    def cased(self) -> str:
        """The untaken text in the letters that were typed."""
        return "".join(c if low != BLANK else BLANK for c, low in zip(self.text, self.low, strict=True))

    def before(self, start: int) -> str:
        """The untaken lower-case text before `start`."""
        return self.low[:start]

    def after(self, end: int) -> str:
        """The untaken lower-case text from `end` on."""
        return self.low[end:]

    def note(self, name: str, start: int, end: int) -> None:
        """Remember the words from which the field `name` was read (several are joined)."""
        said = self.text[start:end].strip(" ,.;:")
        self.words[name] = f"{self.words[name]}, {said}" if name in self.words else said

    def take(self, name: str, start: int, end: int) -> None:
        """Note the words and blank them."""
        self.note(name, start, end)
        self.blank(start, end)

    def blank(self, start: int, end: int) -> None:
        """Blank words so that nobody reads them again."""
        self.low = self.low[:start] + BLANK * (end - start) + self.low[end:]

    def negation_start(self, start: int, end: int) -> int | None:
        """Where the negation of the words `start`–`end` begins, or None if they are wanted. Remembers lists."""
        match = NEGATION.search(self.low[:start]) or MINUS.search(self.low[:start])
        begin = None
        if match:
            begin = match.start()
        elif any(self._continues(last, start, end) for last in self._negated_ends if last <= start):
            begin = start
        if begin is not None:
            self._negated_ends.append(end)
        return begin

    def _continues(self, last: int, start: int, end: int) -> bool:
        """Whether the words go on the negated list that ended at `last`."""
        between = self.text[last:start].lower()
        if CHAIN.fullmatch(between):
            return True
        later_or = re.match(r"[\w ]*(?:,[\w ]+)*,? (?:or|nor) ", self.text[end:].lower())
        return bool(COMMA.fullmatch(between)) and later_or is not None

    @property
    def rest(self) -> str:
        """The words that nobody took, with tidy spaces; empty where no letter and no figure is left."""
        kept = "".join(c if low != BLANK else " " for c, low in zip(self.text, self.low, strict=True))
        kept = HASHTAG.sub("", MARKUP.sub(" ", POLITE.sub(" ", LABEL.sub(" ", kept))))
        kept = re.sub(r"\(\s*\)|\[\s*\]|\"\s*\"", " ", kept)
        kept = re.sub(r"\s+([,.;:!?])", r"\1", re.sub(r"\s+", " ", kept))
        kept = re.sub(r"([,.;:])(?:\s*[,.;:])+", r"\1", kept)
        kept = re.sub(
            r"(?:[\s,;:&-]|\b(?:and|with|in|at|for|of|a|an|the|but|by|on|to|is|or|than|about|around|"
            r"between|like)\b)+$",
            "",
            kept,
            flags=re.IGNORECASE,
        )
        kept = _all_dead(re.sub(r"^[\s,.;:&!?+/-]+", "", kept))
        return kept if any(c.isalnum() for c in kept) and not set(kept.lower().split()) <= EMPTY else ""


def clean(raw: str) -> str:
    """`raw` without control characters, mentions and links, in compatibility form, plain quotes, tidy spaces.

    What cannot be seen goes first, so that nothing hidden in a mention or a link keeps it alive.
    """
    for sign, digits in FRACTIONS.items():
        raw = re.sub(rf"(?<!\d)\s?{sign}", f" 0{digits}", raw)
        raw = re.sub(rf"(?<=\d)\s?{sign}", digits, raw)
    shown = _seen(unicodedata.normalize("NFKC", _seen(raw)).translate(QUOTES))
    return _all_dead(unicodedata.normalize("NFKC", MARKS.sub("", shown)))


def _all_dead(text: str) -> str:
    """`text` without any mention or link, also such as came to be when others were taken out."""
    while (without := _dead(text)) != text:
        text = without
    return text


def _seen(text: str) -> str:
    """`text` with spaces for control characters and without those that show nothing."""
    kept = (" " if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Zs") else c for c in text)
    return " ".join("".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Co", "Cs", "Cn")).split())


def _dead(text: str) -> str:
    """`text` with its mentions and links taken out, once."""
    return " ".join(LINK.sub(" ", MENTION.sub(" ", MASKED_LINK.sub(r"\1", text))).split())
