"""What a server's songs are composed with, beside what is shipped: which models, which styles of its
own, and what its votes say it likes.

In: rows, looked up by whoever accepts a request. Out: a `Guild`, which travels with the job as JSON. Conventions: of
each style the newest model comes first, others may follow for when that cannot be used; `notices` are told where their
style is used. Light: the Discord process imports this. Caveat: nothing of it is remembered from one request to the
next, so that a server's music is heard in that server alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from engine.music.codec import Plain
from engine.music.taste import StyleTaste


@dataclass(frozen=True, slots=True, kw_only=True)
class GuildModel:
    """A version of a style that a server's uploads made: its folder in the space `models` is called `id`. `sha256`: of
    its weights, `parent_sha256`: of those that it began as (empty: not known); `uploads`: how many pieces it learnt
    from; `voted`: on how many songs it learnt from votes.
    """

    id: str
    version: int
    sha256: str = ""
    parent_sha256: str = ""
    uploads: int = 0
    voted: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnStyle:
    """A style that a server founded, from the shipped style `parent`; `description`: what it sounds like."""

    name: str
    parent: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guild(Plain, called="What a server taught"):
    """See the module's docstring. `models`: style → models, the newest first; `tastes`: style → its home's taste."""

    models: Mapping[str, tuple[GuildModel, ...]] = field(default_factory=dict)
    styles: tuple[OwnStyle, ...] = ()
    notices: Mapping[str, str] = field(default_factory=dict)
    tastes: Mapping[str, StyleTaste] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether there is anything beside what is shipped."""
        return bool(self.models or self.styles or self.notices or self.tastes)

    def without(self, model_id: str) -> Self:
        """The same without a model that cannot be used, which is told where its style is composed."""
        models, notices = dict(self.models), dict(self.notices)
        for style, known in self.models.items():
            left = tuple(model for model in known if model.id != model_id)
            for gone in (model for model in known if model.id == model_id):
                taken = f"version {left[0].version}" if left else self._root(style)
                notices[style] = instead(style, gone.version, taken)
            models[style] = left
        return replace(self, models={style: left for style, left in models.items() if left}, notices=notices)

    def only(self, names: Mapping[str, object]) -> Self:
        """What these styles need of it: of each the model that composes and the taste, no notices."""
        return replace(
            self,
            models={style: known[:1] for style, known in self.models.items() if style in names},
            styles=tuple(own for own in self.styles if own.name in names),
            notices={},
            tastes={style: taste for style, taste in self.tastes.items() if style in names},
        )

    def _root(self, style: str) -> str:
        """What composes a style without any model, for people."""
        parents = {own.name: own.parent for own in self.styles}
        return f"the shipped {parents.get(style, style)}"


NO_GUILD = Guild()
"""What is shipped, and no more."""


def instead(style: str, version: int, taken: str) -> str:
    """What is told where a version cannot be used, and what was taken."""
    return f"Version {version} of this server's {style} cannot be used any more; {taken} was taken."
