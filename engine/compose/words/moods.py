"""Mood words: "sad and slow" → a `Mood`.

In: a few words that name a mood. Out: a `Mood`, or None where no word is known (the head may know). Conventions:
several words are averaged; "not" before a word turns it round at half its strength, "very" and "a bit" strengthen and
weaken it. Energy and valence after the two axes of the circumplex model of affect (Russell 1980); the other axes follow
from these two as they do on average in labelled prompts, but for words that mean another axis itself. Caveat: a list of
words knows no irony.
"""

from __future__ import annotations

import re

from engine.text.meaning import DIGITS, Mood
from engine.text.meaning import MOODS as AXES

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
FOLLOWING: dict[str, tuple[float, float]] = {"density": (0.78, 0.05), "brightness": (0.21, 0.5), "tempo": (0.8, 0.05)}
"""Axis → its share of energy and of valence: least squares over the training prompts' labels."""
MEANT: dict[str, dict[str, float]] = {
    "slow": {"tempo": -0.8}, "slower": {"tempo": -0.7}, "slowly": {"tempo": -0.8}, "fast": {"tempo": 0.8},
    "faster": {"tempo": 0.7}, "quick": {"energy": 0.5, "tempo": 0.7}, "rapid": {"energy": 0.6, "tempo": 0.9},
    "frantic": {"energy": 0.9, "density": 0.9, "tempo": 0.9}, "hectic": {"energy": 0.8, "density": 0.9, "tempo": 0.8},
    "frenetic": {"energy": 0.9, "density": 0.9, "tempo": 0.9}, "manic": {"energy": 0.9, "density": 0.8, "tempo": 0.9},
    "busy": {"energy": 0.3, "density": 0.8}, "bustling": {"energy": 0.5, "density": 0.7, "tempo": 0.4},
    "dense": {"energy": 0.2, "density": 0.8}, "intricate": {"density": 0.6}, "crowded": {"energy": 0.3, "density": 0.7},
    "sparse": {"energy": -0.4, "density": -0.9}, "minimal": {"energy": -0.4, "density": -0.8},
    "minimalist": {"energy": -0.4, "density": -0.8}, "spacious": {"energy": -0.4, "density": -0.7},
    "empty": {"energy": -0.4, "density": -0.8}, "bare": {"energy": -0.3, "density": -0.8},
    "still": {"energy": -0.6, "density": -0.6, "tempo": -0.6}, "static": {"energy": -0.6, "density": -0.6},
    "simple": {"energy": -0.2, "density": -0.5}, "delicate": {"energy": -0.5, "density": -0.4},
    "lazy": {"energy": -0.6, "tempo": -0.6}, "dark": {"brightness": -0.8}, "bright": {"brightness": 0.9},
    "murky": {"valence": -0.4, "energy": -0.2, "brightness": -0.8}, "deep": {"energy": -0.2, "brightness": -0.5},
    "muffled": {"energy": -0.3, "brightness": -0.8}, "dusky": {"energy": -0.3, "brightness": -0.6},
    "shadowy": {"valence": -0.4, "energy": -0.2, "brightness": -0.8}, "heavy": {"energy": 0.5, "brightness": -0.5},
    "shimmering": {"valence": 0.3, "brightness": 0.8}, "sparkling": {"valence": 0.5, "brightness": 0.9},
    "glittering": {"valence": 0.4, "brightness": 0.9}, "twinkling": {"valence": 0.4, "brightness": 0.8},
    "shiny": {"valence": 0.4, "energy": 0.2, "brightness": 0.8}, "radiant": {"valence": 0.7, "brightness": 0.8},
    "crisp": {"brightness": 0.6}, "airy": {"valence": 0.2, "energy": -0.3, "density": -0.4, "brightness": 0.6},
}  # fmt: skip
"""Words that mean an axis of their own: these values stand instead of what follows."""
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
REACH = 2
"""So many other words may stand between "not" or "very" and the mood that it changes."""


def read_mood(text: str) -> Mood | None:
    """The mood that the words of `text` name; None if it has none that is known."""
    found: list[dict[str, float]] = []
    factor, since = 1.0, 0
    for word in _WORD.findall(text.lower()):
        if word in _NOT or word in _MUCH:
            factor, since = factor * (TURNED if word in _NOT else _MUCH[word]), 0
        elif word in MOODS or word in MEANT:
            found.append({axis: factor * value for axis, value in axes_of(word).items()})
            factor, since = 1.0, 0
        else:
            since += 1
            factor = factor if since <= REACH else 1.0
    if not found:
        return None
    means = {axis: sum(row[axis] for row in found) / len(found) for axis in AXES}
    return Mood(**{axis: round(min(1.0, max(-1.0, value)), DIGITS) for axis, value in means.items()})


def axes_of(word: str) -> dict[str, float]:
    """Axis → value of one known mood word."""
    meant = MEANT.get(word, {})
    energy, valence = MOODS.get(word, (meant.get("energy", 0.0), meant.get("valence", 0.0)))
    axes = {axis: energy * by_energy + valence * by_valence for axis, (by_energy, by_valence) in FOLLOWING.items()}
    return {"valence": valence, "energy": energy, **axes, **meant}
