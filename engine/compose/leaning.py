"""What a home's votes lean towards among plans and candidates of one song, and what is told of it.

In: the song's blend of styles and the shelf with their tastes; features of plans or songs. Out: scores in log odds, and
words. Conventions: a blend's tastes count by their styles' shares, a style without one for nothing; each preference
counts by its trust, so that one with none changes nothing at all. Caveat: the words name what differs most from what
would have been taken without votes, not all that differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from engine.music.shelf import Shelf
from engine.music.taste import Preference, StyleTaste

WORDS: Mapping[str, tuple[str, str]] = {
    "tempo_log2": ("slower", "faster"),
    "brightness": ("in a darker mode", "in a brighter mode"),
    "swing": ("straighter", "with more swing"),
    "triple": ("in twos or fours", "in threes"),
    "velocity": ("softer", "louder"),
    "velocity_spread": ("more even", "with more accents"),
    "energy": ("calmer", "livelier"),
    "density": ("sparser", "busier"),
    "notes_per_second": ("sparser", "busier"),
    "profile_notes_per_second": ("sparser", "busier"),
    "primer_density": ("sparser", "busier"),
    "melody_density": ("with fewer notes in the tune", "with more notes in the tune"),
    "counter_density": ("with less of a second voice", "with more of a second voice"),
    "harmony_density": ("with fewer notes in the chords", "with more notes in the chords"),
    "bass_density": ("with a calmer bass", "with a busier bass"),
    "drums_density": ("with fewer drums", "with more drums"),
    "drums_share": ("with fewer drums", "with more drums"),
    "roles": ("with fewer players", "with more players"),
    "density_spread": ("evenly filled", "now full, now empty"),
    "register": ("lower", "higher"),
    "melody_register": ("with a lower tune", "with a higher tune"),
    "primer_brightness": ("lower", "higher"),
    "melody_range": ("with a narrower tune", "with a wider tune"),
    "melody_leaps": ("with fewer leaps", "with more leaps"),
    "profile_melody_leaps": ("with fewer leaps", "with more leaps"),
    "pitch_spread": ("closer together", "spread wider"),
    "polyphony": ("thinner", "fuller"),
    "profile_notes_at_once": ("thinner", "fuller"),
    "syncopation": ("squarer", "more syncopated"),
    "profile_on_beat": ("more off the beat", "more on the beat"),
    "offbeats": ("with fewer off-beats", "with more off-beats"),
    "sixteenths": ("with fewer sixteenths", "with more sixteenths"),
    "profile_sixteenths": ("with fewer sixteenths", "with more sixteenths"),
    "triplets": ("with fewer triplets", "with more triplets"),
    "profile_triplets": ("with fewer triplets", "with more triplets"),
    "note_length": ("shorter notes", "longer notes"),
    "profile_note_length": ("shorter notes", "longer notes"),
    "rests": ("with fewer rests", "with more rests"),
    "chord_variety": ("with fewer chords", "with more chords"),
    "chord_changes": ("with calmer chords", "with quicker chords"),
    "chord_size": ("with plainer chords", "with richer chords"),
    "scale_share": ("further from the scale", "closer to the scale"),
    "primer_valence": ("darker", "brighter"),
    "primer_energy": ("calmer", "livelier"),
    "primer_tempo": ("slower", "faster"),
}
"""Feature → what less and what more of it is called."""
MOST_WORDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaning:
    """`tastes`: style → taste, `shares`: style → its share of the song, 0…1; of the styles that have a taste."""

    tastes: Mapping[str, StyleTaste]
    shares: Mapping[str, float]

    @property
    def versions(self) -> dict[str, int]:
        """Style → version of the taste, of those that can move anything."""
        return {style: taste.version for style, taste in self.tastes.items() if _moves(taste)}

    @property
    def ranks_plans(self) -> bool:
        """Whether votes say anything about plans."""
        return any(True for _ in self._of("plan"))

    @property
    def ranks_songs(self) -> bool:
        """Whether votes say anything about finished candidates."""
        return any(True for _ in self._of("song"))

    def plan_score(self, features: Mapping[str, float]) -> float:
        """Log odds, as far as they are trusted, that a plan with these features is liked more than a usual one."""
        return sum(weight * preference.score(features) for weight, preference in self._of("plan"))

    def song_score(self, features: Mapping[str, float]) -> float:
        """The same of a finished song."""
        return sum(weight * preference.score(features) for weight, preference in self._of("song"))

    def words(self, kind: str, taken: Mapping[str, float], usual: Mapping[str, float]) -> str:
        """What speaks for what was taken against what would have been, such as `"sparser, slower"`; empty for nothing.
        `kind`: plan or song.
        """
        gains: dict[str, float] = {}
        for weight, preference in self._of(kind):
            for name, slope in preference.weights.items():
                if name in WORDS and name in taken and name in usual:
                    step = taken[name] - usual[name]
                    word = WORDS[name][step > 0]
                    gains[word] = gains.get(word, 0.0) + weight * slope * step / preference.scale[name]
        best = sorted(gains, key=lambda word: (-gains[word], word))[:MOST_WORDS]
        return ", ".join(word for word in best if gains[word] > 0)

    def _of(self, kind: str) -> Iterator[tuple[float, Preference]]:
        """Preferences that count, with how much."""
        for style, taste in self.tastes.items():
            preference = taste.plan if kind == "plan" else taste.song
            if preference is not None and preference.trust > 0:
                yield self.shares[style] * min(1.0, preference.trust), preference


NO_LEANING = Leaning(tastes={}, shares={})
"""Nobody has voted."""


def leaning_of(blend: Mapping[str, float], shelf: Shelf) -> Leaning:
    """What the votes for a blend's styles lean towards."""
    tastes = {style: taste for style in blend if (taste := shelf.style(style).taste) is not None}
    total = sum(blend.values())
    return Leaning(tastes=tastes, shares={style: blend[style] / total for style in tastes})


def _moves(taste: StyleTaste) -> bool:
    trusted = any(part is not None and part.trust > 0 for part in (taste.plan, taste.song))
    return trusted or bool(taste.seeds or taste.bred or taste.resting)
