"""Whether a word says something in prompts already, so that no style may be called so.

In: one word in small letters. Out: what it says, or None. Conventions: what a rule reads (a tempo, a key, an
instrument …) is taken, so are mood words and the words that prompts are full of; genres are not, also those that no
style here composes. Caveat: the reader by meaning knows every word; a style's own name comes before it.
"""

from __future__ import annotations

from engine.compose.prompt import read_prompt
from engine.compose.words.false_friends import OTHER_GENRE
from engine.compose.words.moods import MEANT, MOODS
from engine.errors import BadRequest

_OF_MUSIC = (
    "audio band bars beat beats chord chords chorus composition drop groove instrumental intro jam jingle key length "
    "loop lyrics melody midi minute minutes mood mp3 music musical outro piece playlist rhythm riff score second "
    "seconds section sections singing solo something song songs sound sounds soundtrack style tempo theme track tracks "
    "tune tunes verse vibe vibes vocals"
)
_OF_ALL = (
    "about after again all also an and another any are as at background be because before better but by can could day "
    "do dont down every everything feel feeling few first for from game give good great had has have he her here him "
    "his how if in into is it its just last like little long make man many me minute more most much my need never new "
    "night no not nothing now of off on one only or other our out over people play please really same she short small "
    "so some still such test than thanks that the their them then there these they thing things think this those time "
    "to today too under until up us use very video want was way we well were what when where which while who why will "
    "with without woman world would year you your"
)
ORDINARY = frozenset(f"{_OF_MUSIC} {_OF_ALL}".split())


def says(word: str) -> str | None:
    """`"a mood"`, `"a tempo"` …; None for a word that is free."""
    if OTHER_GENRE.fullmatch(word):
        return None
    if word in ORDINARY:
        return "an ordinary word"
    if word in MOODS or word in MEANT:
        return "a mood"
    try:
        read = read_prompt(word).read
    except BadRequest:  # it is read, and asks for what cannot be
        return "a wish"
    return f"a wish ({', '.join(sorted(read))})" if read else None
