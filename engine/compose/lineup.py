"""Who plays in a song, what, and how much of it: the wishes, the style, the profile and the mood together.

In: a draft, the style, the meter, the profile. Out: a casting a role, and the share of the bars in which each plays.
Conventions: who was asked for plays, throughout and alone in his part; the mood shifts registers and densities of the
others. Caveat: an asked instrument without a part is refused if an option asked, and told in a notice if words did.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.compose.casting import cast_of_file, choose_cast, forbidden_programs, presence, unplaced
from engine.compose.doubling import Terms, doubled
from engine.compose.draft import Draft
from engine.compose.feel import felt_cast, felt_presence
from engine.compose.likeness import cast_after, presence_after
from engine.compose.mixing.chip import imitated
from engine.compose.plan import Casting
from engine.errors import BadRequest
from engine.music.habits import Profile
from engine.music.notes import Role
from engine.music.styles import Style
from engine.music.timing import Meter


def line_up(
    draft: Draft, style: Style, meter: Meter, profile: Profile | None, *, energy: float
) -> tuple[dict[Role, Casting], Mapping[Role, float]]:
    """Who plays what, and in which share of the bars. Raises `BadRequest` for an asked instrument without a part."""
    wishes, before = draft.wishes, draft.before
    left = unplaced(style, wishes)
    if left and draft.request.instruments:
        raise BadRequest(f"The instrument {left[0]!r} finds no part beside the others; leaving it out would work.")
    if left:
        draft.notices.append(f"There is no part for {' and '.join(left)} beside the others.")
    if before is not None:
        cast = cast_of_file(before, style, wishes)
        if not wishes.instruments:
            draft.sources["instruments"] = "file"
        return cast, dict.fromkeys(cast, 1.0)
    cast = choose_cast(style, wishes, meter, draft.rng("cast"), brightness=draft.mood.brightness)
    asked = [role for role in cast if presence(style, role, wishes) >= 1 and wishes.instruments]
    cast = cast_after(profile, cast, style, list(cast) if wishes.alone else asked)
    if style.voices == "chip" and wishes.instruments:
        draft.notices += imitated({role: casting.program for role, casting in cast.items()})
    there = presence_after(profile, {role: presence(style, role, wishes) for role in cast})
    cast = felt_cast(cast, style, draft.mood)
    cast = doubled(cast, style, _terms(draft, style, cast, energy), draft.rng("doubles"))
    return cast, felt_presence(there, draft.mood)


def _terms(draft: Draft, style: Style, cast: Mapping[Role, Casting], energy: float) -> Terms:
    """What doublings must suit; who was asked for by name plays his part alone."""
    wishes = draft.wishes
    asked = [role for role in cast if wishes.instruments and presence(style, role, wishes) >= 1]
    return Terms(
        energy=energy,
        brightness=draft.mood.brightness,
        alone=list(cast) if wishes.alone else asked,
        forbidden=forbidden_programs(wishes.unwanted_instruments),
    )
