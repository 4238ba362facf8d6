"""Numbers as people write them in a sentence: digits, decimals, English number words.

In: the text of a match. Out: a float. Conventions: `NUMBER` is a regular expression without groups.
"""

from __future__ import annotations

UNITS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]

_VALUES = {
    "zero": 0,
    **{word: i + 1 for i, word in enumerate(UNITS)},
    **{word: i + 10 for i, word in enumerate(TEENS)},
    **{word: 10 * (i + 2) for i, word in enumerate(TENS)},
}
_SMALL = rf"(?:(?:{'|'.join(TENS)})(?:[\s-](?:{'|'.join(UNITS)}))?|{'|'.join(TEENS)}|{'|'.join(UNITS)}|zero)"

DIGITS = r"(?:\d+(?:[.,]\d+)?|\.\d+)"
WORDS = rf"(?:(?:(?:a|one|two|three)\s)?hundred(?:\s(?:and\s)?{_SMALL})?|{_SMALL})"
NUMBER = rf"(?:{DIGITS}|\b{WORDS}\b)"


def to_number(text: str) -> float:
    """`"1.5"`, `"1,5"`, `"forty-five"`, `"one hundred and twenty"` → float; `"a"` and `"an"` are 1."""
    text = text.strip().lower()
    if text[:1].isdigit() or text.startswith("."):
        return float(text.replace(",", "."))
    total = 0
    words = [word for word in text.replace("-", " ").split() if word != "and"]
    if words in (["a"], ["an"]):
        return 1.0
    for word in words:
        if word == "hundred":
            total = 100 * max(total, 1)
        elif word not in ("a", "an"):
            total += _VALUES[word]
    return float(total)
