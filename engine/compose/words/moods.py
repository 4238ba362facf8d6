"""Mood words: "sad and slow" → how energetic and how bright, −1…1 each.

In: a few words that name a mood. Out: energy and valence, or None where no word is known (the text encoder may know).
Conventions: several words are averaged; "not" before a word turns it round at half its strength, "very" and "a bit"
strengthen and weaken it. Figures after the two axes of the circumplex model of affect (Russell 1980). Caveat: a list of
words knows no irony.
"""

from __future__ import annotations

import re

MOODS: dict[str, tuple[float, float]] = {
    "aggressive": (0.9, -0.5), "angry": (0.85, -0.7), "anxious": (0.5, -0.6), "bittersweet": (-0.2, -0.2),
    "bleak": (-0.3, -0.8), "bright": (0.3, 0.7), "calm": (-0.8, 0.3), "carefree": (0.2, 0.8), "cheerful": (0.5, 0.9),
    "chill": (-0.6, 0.2), "cosy": (-0.5, 0.5), "cozy": (-0.5, 0.5), "dark": (0.0, -0.7), "depressed": (-0.6, -0.9),
    "determined": (0.6, 0.3), "dramatic": (0.6, -0.3), "dreamy": (-0.6, 0.2), "driving": (0.8, 0.1),
    "eerie": (-0.2, -0.7), "elegant": (-0.2, 0.3), "energetic": (0.9, 0.4), "epic": (0.8, 0.2), "euphoric": (0.9, 0.9),
    "excited": (0.8, 0.7), "exciting": (0.8, 0.6), "fierce": (0.9, -0.4), "funny": (0.4, 0.8), "furious": (1.0, -0.8),
    "gentle": (-0.7, 0.3), "gloomy": (-0.4, -0.8), "grand": (0.5, 0.3), "groovy": (0.4, 0.5), "happy": (0.4, 0.9),
    "haunting": (-0.3, -0.6), "heroic": (0.7, 0.4), "hopeful": (0.1, 0.6), "intense": (0.8, -0.2),
    "intimate": (-0.6, 0.1), "joyful": (0.6, 0.9), "lively": (0.7, 0.6), "lonely": (-0.5, -0.7), "lovely": (-0.2, 0.6),
    "melancholic": (-0.5, -0.6), "melancholy": (-0.5, -0.6), "mellow": (-0.6, 0.2), "merry": (0.6, 0.9),
    "moody": (-0.2, -0.5), "mournful": (-0.6, -0.9), "mysterious": (-0.1, -0.5), "nervous": (0.5, -0.5),
    "nostalgic": (-0.4, -0.1), "ominous": (0.1, -0.8), "optimistic": (0.3, 0.7), "passionate": (0.6, 0.1),
    "peaceful": (-0.8, 0.5), "playful": (0.5, 0.8), "powerful": (0.9, 0.1), "quiet": (-0.8, 0.0),
    "reflective": (-0.5, -0.1), "relaxed": (-0.7, 0.4), "relaxing": (-0.7, 0.4), "restless": (0.6, -0.3),
    "romantic": (-0.3, 0.4), "sad": (-0.5, -0.8), "scary": (0.4, -0.8), "serene": (-0.8, 0.5), "serious": (0.0, -0.3),
    "sleepy": (-0.9, 0.1), "smooth": (-0.4, 0.3), "soft": (-0.7, 0.2), "solemn": (-0.4, -0.4), "sombre": (-0.4, -0.7),
    "somber": (-0.4, -0.7), "soothing": (-0.8, 0.4), "spooky": (0.1, -0.6), "sunny": (0.3, 0.9), "sweet": (-0.3, 0.6),
    "tender": (-0.6, 0.3), "tense": (0.5, -0.6), "thoughtful": (-0.5, 0.0), "triumphant": (0.8, 0.7),
    "upbeat": (0.7, 0.7), "uplifting": (0.5, 0.8), "warm": (-0.3, 0.5), "wild": (0.9, 0.2), "wistful": (-0.4, -0.4),
    "slow": (-0.6, 0.0), "fast": (0.7, 0.1), "loud": (0.8, 0.0),
}  # fmt: skip
_WORD = re.compile(r"[a-z]+(?:'[a-z]+)?")
_NOT = frozenset({"not", "no", "never", "without", "isn't", "less"})
_MUCH = {
    "very": 1.3,
    "really": 1.3,
    "extremely": 1.4,
    "so": 1.2,
    "slightly": 0.5,
    "bit": 0.5,
    "little": 0.5,
    "rather": 0.8,
}
TURNED = -0.5


def read_mood(text: str) -> tuple[float, float] | None:
    """Energy and valence, −1…1, of the mood words in `text`; None if it has none that is known."""
    found: list[tuple[float, float]] = []
    factor = 1.0
    for word in _WORD.findall(text.lower()):
        if word in _NOT:
            factor *= TURNED
        elif word in _MUCH:
            factor *= _MUCH[word]
        elif word in MOODS:
            energy, valence = MOODS[word]
            found.append((factor * energy, factor * valence))
            factor = 1.0
    if not found:
        return None
    means = (sum(values) / len(found) for values in zip(*found, strict=True))
    energy, valence = (round(min(1.0, max(-1.0, value)), 4) for value in means)
    return energy, valence
