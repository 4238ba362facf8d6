"""The styles that one request can choose from: the shipped ones and, for a server, what it taught and founded.

In: a server's own styles and its versions of shipped ones. Out: `Style`s by name. Conventions: a shelf is a value that
goes with the request; there is no other way to a server's styles, so none is known to another server. A shipped style
is never hidden by an own one of its name, only replaced by what it learnt. Caveat: the shelf does not open the folders
that its styles name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import BadRequest
from engine.music.styles import Style, load_style, style_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """`styles`: name → a server's own style, or its version of a shipped one. `notices`: style → what is to be told
    where the style is used (another version than the newest, say).
    """

    styles: Mapping[str, Style] = field(default_factory=dict)
    notices: Mapping[str, str] = field(default_factory=dict)

    @property
    def own(self) -> tuple[str, ...]:
        """Names of the styles that are this server's alone, sorted."""
        return tuple(sorted(self.styles.keys() - set(style_names())))

    def names(self) -> tuple[str, ...]:
        """Names of all styles, sorted."""
        return tuple(sorted({*style_names(), *self.styles}))

    def style(self, name: str) -> Style:
        """A style; raises `BadRequest` naming the known ones if there is none called `name`."""
        if name in self.styles:
            return self.styles[name]
        if name not in style_names():
            raise BadRequest(f"The style {name[:60]!r} is not known; {', '.join(self.names())} would work.")
        return load_style(name)

    def aliases(self) -> dict[str, Sequence[str]]:
        """Style → the other words for it; own styles come last, so that in their server their words are theirs."""
        return {name: self.style(name).aliases for name in (*style_names(), *self.own)}

    def descriptions(self) -> dict[str, Sequence[str]]:
        """Style → sentences about it."""
        return {name: self.style(name).descriptions for name in self.names()}

    def noticed(self, names: Sequence[str]) -> list[str]:
        """What is to be told where these styles are used."""
        return [self.notices[name] for name in names if name in self.notices]


SHIPPED = Shelf()
"""The shipped styles alone."""
