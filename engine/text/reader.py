"""Texts to meanings: the encoder and the head together, and the words that decided.

In: what is left of prompts when explicit wishes are taken out. Out: a `Meaning` a text, and `WordWeight`s. Conventions:
one `Reader` a process, loaded once (about two seconds); texts are embedded sorted by length, so that little is computed
for padding. A style that the head was not trained on competes by its descriptions: it takes its zero-shot share of the
probability, the others keep their proportions. So does a style that one server alone has: who reads for that server
says which styles there are. Caveat: saliency by leaving words out (Zeiler & Fergus 2014, occlusion)
tells what the head listens to, not what is true.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from time import perf_counter
from typing import Self

import numpy as np

from engine.text.encoder import WIDTH, Rows, TextEncoder
from engine.text.head import Head, load_head
from engine.text.meaning import DIGITS, NOTHING, Meaning, WordWeight

ALL = 10.0
"""The weight of the only word that says something."""
MOST_PARTS = 8
LEAST_PARTS = 4
BUDGET = 64
"""Parts that a text is cut into to be left out one by one. Each costs an embedding of the rest: parts times words stay
within the budget, so that an explanation takes eight milliseconds or so.
"""
LEAST_WEIGHT = 0.15
"""In nats of the style's log odds: less is noise."""
MARKS = ".,;:!?()[]\"'…"
_WORD = re.compile(r"\S+")
_STOP = re.compile(
    r"an?|the|of|for|to|in|on|at|by|with|and|or|but|my|your|our|his|her|its?|their|this|that|these|those|is|are|was|be|i"
    r"|i'?m|we|you|he|she|they|some|something|someone|like|just|so|very|really|when|while|where|as|from|into|over|please"
    r"|pls|me|us|give|make|play|want|need"
)
"""Words that are not left out alone: they say nothing, and each would cost an embedding."""


class Reader:
    """Reads texts. Keeps count of the seconds that it took (`spent_s`)."""

    def __init__(self, encoder: TextEncoder, head: Head, styles: Mapping[str, Sequence[str]]) -> None:
        """`styles`: style → descriptions of all styles that there are."""
        self.encoder, self.head, self.styles = encoder, head, styles
        self.spent_s = 0.0

    @classmethod
    def load(cls, styles: Mapping[str, Sequence[str]]) -> Self:
        """Load the encoder and the head. Raises `SetupError`, `CheckpointError`."""
        return cls.assemble(TextEncoder.load(), load_head(), styles)

    @classmethod
    def assemble(cls, encoder: TextEncoder, head: Head, styles: Mapping[str, Sequence[str]]) -> Self:
        """A reader of an encoder that nobody else uses: it is changed to what the head was trained with."""
        encoder.adapt(head.adapter)
        return cls(encoder, head, styles)

    def read(self, texts: Sequence[str], styles: Mapping[str, Sequence[str]] | None = None) -> tuple[Meaning, ...]:
        """The meaning of each text; texts without a letter mean nothing. `styles`: style → descriptions, where there
        are others than usual.
        """
        began = perf_counter()
        said = [at for at, text in enumerate(texts) if has_letters(text)]
        meanings = [NOTHING] * len(texts)
        rows = self.encoder.features([texts[at] for at in said])
        for at, row, meaning in zip(said, rows, self.head.read(rows), strict=True):
            meanings[at] = self._with_new_styles(meaning, row, styles or self.styles)
        self.spent_s += perf_counter() - began
        return tuple(meanings)

    def explain(
        self, text: str, style: str, styles: Mapping[str, Sequence[str]] | None = None
    ) -> tuple[WordWeight, ...]:
        """Which words of `text` spoke for `style`, in the order of the text: those of at least `LEAST_WEIGHT`.
        `styles` as in `read`.
        """
        began = perf_counter()
        parts = parts_of(text)
        if not parts:
            return ()
        if len(parts) == 1:
            return (WordWeight(words=text[slice(*parts[0])].strip(MARKS), weight=ALL),)
        without = [" ".join((text[:start] + text[end:]).split()) for start, end in parts]
        odds = self._log_odds(self.encoder.features_roughly([text, *without]), style, styles or self.styles)
        self.spent_s += perf_counter() - began
        return tuple(
            WordWeight(words=text[start:end].strip(MARKS), weight=round(float(odds[0] - left), DIGITS))
            for (start, end), left in zip(parts, odds[1:], strict=True)
            if odds[0] - left >= LEAST_WEIGHT
        )

    def _log_odds(self, rows: Rows, style: str, styles: Mapping[str, Sequence[str]]) -> Rows:
        """Log odds of a style in each row, which still tell differences where shares are all but 1."""
        if style in self.head.labels:
            return self.head.log_odds(rows, style)
        meant = [self._with_new_styles(m, row, styles) for m, row in zip(self.head.read(rows), rows, strict=True)]
        shares = np.clip([meaning.styles[style] for meaning in meant], 1e-4, 1 - 1e-4)
        return np.asarray(np.log(shares / (1 - shares)), dtype=np.float32)

    def _with_new_styles(self, meaning: Meaning, row: Rows, styles: Mapping[str, Sequence[str]]) -> Meaning:
        """The meaning with the styles that the head does not know, and without those that are there no more."""
        if styles.keys() == meaning.styles.keys():
            return meaning
        new = styles.keys() - meaning.styles.keys()
        zero_shot = self.encoder.shares_of(row[-WIDTH:], styles) if new else {}
        kept = {name: share for name, share in meaning.styles.items() if name in styles}
        named = 1 - meaning.open
        left = named * (1 - sum(zero_shot[name] for name in new)) / max(sum(kept.values()), 1e-9)
        shares = {name: kept[name] * left if name in kept else named * zero_shot[name] for name in styles}
        return replace(meaning, styles={name: round(share, DIGITS) for name, share in shares.items()})


def has_letters(text: str) -> bool:
    """Whether a text holds a letter of any alphabet."""
    return any(char.isalpha() for char in text)


def parts_of(text: str) -> list[tuple[int, int]]:
    """Where the parts of a text stand that may be left out: its words that say something, or, of a long text,
    stretches of neighbouring ones.
    """
    found = list(_WORD.finditer(text))
    words = [(m.start(), m.end()) for m in found if _says_something(m[0])]
    most = min(max(BUDGET // max(len(found), 1), LEAST_PARTS), MOST_PARTS)
    if len(words) <= most:
        return words
    bounds = np.linspace(0, len(words), most + 1).round().astype(int)
    return [(words[a][0], words[b - 1][1]) for a, b in pairwise(bounds)]


def _says_something(word: str) -> bool:
    bare = word.lower().strip(MARKS)
    return has_letters(bare) and _STOP.fullmatch(bare) is None
