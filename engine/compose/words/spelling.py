"""Names of styles as they are typed in a hurry: "jaaaazz", "chiptuen", "r0ck", "lofibeats", "l o f i" → the style.

In: words in lower case. Out: the style that a word means, or None. Conventions: one slip of the pen is forgiven in
words of six letters and more; in shorter names only two letters that changed places, for "lock" and "rack" are words;
a letter held down is forgiven everywhere. Caveat: English words that lie one slip from a name are listed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAST_SLIP = 6
"""Letters from which on a name may have one slip."""
SHORT_NAMES = frozenset({"lofi", "jazz", "rock", "folk", "blues", "bossa", "punk", "metal", "swing", "grunge", "bebop"})
"""Shorter names in which two neighbours may have changed places."""
REAL_WORDS = frozenset(
    [
        "bogie",
        "bookie",
        "celtics",
        "classic",
        "classics",
        "concert",
        "concerts",
        "country",
        "county",
        "grange",
        "minute",
        "minutes",
        "outran",
        "prelude",
        "preclude",
        "rocking",
        "sewage",
        "swig",
        "swings",
        "folklore",
    ]
)
"""Words that are one slip away from a name and mean themselves."""
LEET = str.maketrans("013457", "oieast")
_HELD = re.compile(r"(.)\1+")
_HELD_LONG = re.compile(r"(.)\1\1")
_TAIL = re.compile(r"(?:music|beats?|songs?|vibes?|tunes?|hiphop|radio|tracks?)$")
WORD = re.compile(r"(?<!\w)(?<!\w')(?=[a-z0-9]*[a-z])[a-z0-9]{3,40}(?!\w|'\w)")
SPACED = re.compile(r"(?<![\w'])(?:[a-z0-9][ .-]){2,11}[a-z0-9](?![\w'])")


def plain(text: str) -> str:
    """A name's key: lower case, single spaces, no hyphens."""
    return re.sub(r"[\s-]+", " ", text.lower()).strip()


def squeezed(word: str) -> str:
    """The word without doubled letters."""
    return _HELD.sub(r"\1", word)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The names of all styles: `names`: key → style; `pattern` finds them in a text, the longest first."""

    names: Mapping[str, str]
    pattern: re.Pattern[str]
    _squeezed: Mapping[str, str]
    _swapped: Mapping[str, str]
    _long: Mapping[str, tuple[str, ...]]

    @classmethod
    def of(cls, aliases: Mapping[str, Sequence[str]], more: Mapping[str, str]) -> Lexicon:
        """The lexicon of the styles' own aliases, and of `more` names for the same styles."""
        names = {plain(alias): style for style, listed in aliases.items() for alias in (style, *listed)}
        names |= {name: style for name, style in more.items() if style in aliases}
        ordered = sorted(names, key=len, reverse=True)
        said = "|".join(re.escape(name).replace(r"\ ", r"[\s-]+") for name in ordered)
        words = [name for name in names if name.isalpha()]
        swapped = {turned: names[word] for word in words if word in SHORT_NAMES for turned in _swaps(word)}
        long: dict[str, list[str]] = {}
        for word in words:
            if len(word) >= LEAST_SLIP:
                long.setdefault(word[0], []).append(word)
        return cls(
            names=names,
            pattern=re.compile(rf"(?<!\w)(?<!\w')(?:{said})(?!\w|'\w)"),
            _squeezed={squeezed(word): names[word] for word in reversed(words) if len(word) >= 4},
            _swapped={word: style for word, style in swapped.items() if word not in names and word not in REAL_WORDS},
            _long={letter: tuple(found) for letter, found in long.items()},
        )

    def style_of(self, word: str) -> str | None:
        """The style that a misspelt word means, or None; a word that is a name means none."""
        if word in self.names or word in REAL_WORDS:
            return None
        if not word.isalpha():
            letters = word.translate(LEET)
            return self.names.get(letters) if len(letters) >= 4 and letters.isalpha() else None
        held = squeezed(word)
        if (held != word or len(word) >= 5) and (style := self._squeezed.get(held)):
            return style
        if _HELD_LONG.search(word) and word[:3] in ("pop", "rag") and held == word[:3]:
            return self.names.get(word[:3])
        if (tail := _TAIL.search(word)) and (style := self.names.get(word[: tail.start()])):
            return style
        return self._swapped.get(word) or self._slip(word)

    def _slip(self, word: str) -> str | None:
        if len(word) < LEAST_SLIP:
            return None
        for letter in dict.fromkeys(word[:2]):
            for name in self._long.get(letter, ()):
                if abs(len(word) - len(name)) <= 1 and is_slip(word, name):
                    return self.names[name]
        return None


def _swaps(word: str) -> list[str]:
    """The word with two neighbours changed places."""
    turned = [word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)]
    return [other for other in turned if other != word]


def is_slip(word: str, name: str) -> bool:
    """Whether one letter added, missing, changed, or two neighbours swapped turn `word` into `name`."""
    if abs(len(word) - len(name)) > 1 or word in (name + "s", name + "e"):
        return False
    i = 0
    while i < min(len(word), len(name)) and word[i] == name[i]:
        i += 1
    if len(word) == len(name):
        swapped = word[i + 1 : i + 2] + word[i : i + 1] + word[i + 2 :]
        return (i > 0 and word[i + 1 :] == name[i + 1 :]) or swapped == name[i:]
    short, long = sorted((word, name), key=len)
    return short[i:] == long[i + 1 :]
