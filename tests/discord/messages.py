"""Messages as the server keeps them and as a person sees them: text, embeds, files, buttons, and every version with
its time."""

from __future__ import annotations

import asyncio
import mimetypes
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tests.discord.ids import made_at_s, snowflake

SUPPRESS_EMBEDS = 1 << 2
EPHEMERAL = 1 << 6
THINKING = 1 << 7
DEFAULT_WAIT_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A file on a message, kept byte for byte."""

    id: int
    filename: str
    data: bytes

    def to_json(self, url: str) -> dict[str, Any]:
        """As the API shows it."""
        kind = mimetypes.guess_type(self.filename)[0] or "application/octet-stream"
        address = f"{url}/{self.id}/{self.filename}"
        return {
            "id": str(self.id),
            "filename": self.filename,
            "size": len(self.data),
            "url": address,
            "proxy_url": address,
            "content_type": kind,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What the message looked like from `at_s` (monotonic seconds) on."""

    at_s: float
    content: str
    embeds: tuple[dict[str, Any], ...]
    filenames: tuple[str, ...]
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button as a person sees it."""

    custom_id: str
    label: str
    emoji: str
    disabled: bool


@dataclass(kw_only=True, eq=False)
class Message:
    """One message; `changed` is notified at every edit of any message."""

    channel_id: int
    author: dict[str, Any]
    guild_id: int | None
    changed: asyncio.Condition
    cdn: str
    id: int = field(default_factory=snowflake)
    content: str = ""
    written_embeds: list[dict[str, Any]] = field(default_factory=list)
    attached: list[Attached] = field(default_factory=list)
    components: list[dict[str, Any]] = field(default_factory=list)
    flags: int = 0
    tts: bool = False
    reference: dict[str, Any] | None = None
    mentions: list[dict[str, Any]] = field(default_factory=list)
    metadata: dict[str, Any] | None = None
    application_id: int | None = None
    edited_at_s: float | None = None
    deleted: bool = False
    pings: list[str] = field(default_factory=list)
    history: list[Version] = field(default_factory=list)

    @property
    def embeds(self) -> list[dict[str, Any]]:
        """The embeds that a person sees: none while the message suppresses them, later ones included."""
        return [] if self.flags & SUPPRESS_EMBEDS else self.written_embeds

    @property
    def ephemeral(self) -> bool:
        """Only the person who asked sees it."""
        return bool(self.flags & EPHEMERAL)

    @property
    def thinking(self) -> bool:
        """It shows "is thinking…" and nothing else."""
        return bool(self.flags & THINKING)

    @property
    def files(self) -> dict[str, bytes]:
        """File name → bytes, the embed's picture included."""
        return {file.filename: file.data for file in self.attached}

    @property
    def embed(self) -> dict[str, Any]:
        """The only embed."""
        assert len(self.embeds) == 1, f"{len(self.embeds)} embeds, not one"
        return self.embeds[0]

    @property
    def fields(self) -> dict[str, str]:
        """Name → value of the only embed's fields."""
        return {part["name"]: part["value"] for part in self.embed.get("fields", [])}

    @property
    def buttons(self) -> list[Button]:
        """All buttons, row by row."""
        return [
            Button(
                custom_id=part.get("custom_id", ""),
                label=part.get("label") or "",
                emoji=(part.get("emoji") or {}).get("name") or "",
                disabled=bool(part.get("disabled")),
            )
            for row in self.components
            for part in row["components"]
            if part["type"] == 2
        ]

    def button(self, face: str) -> Button:
        """The button with this emoji, label or custom_id."""
        for button in self.buttons:
            if face in (button.emoji, button.label, button.custom_id):
                return button
        raise AssertionError(f"no button {face!r} on the message; it has {self.buttons}")

    def note_version(self) -> None:
        """Keep what is seen now."""
        self.history.append(
            Version(
                at_s=time.monotonic(),
                content=self.content,
                embeds=tuple(self.embeds),
                filenames=tuple(self.files),
                labels=tuple(button.label for button in self.buttons),
            )
        )

    async def until(self, is_so: Callable[[Message], bool], *, timeout_s: float = DEFAULT_WAIT_S) -> Message:
        """Wait until the message looks like this."""
        async with self.changed:
            try:
                await asyncio.wait_for(self.changed.wait_for(lambda: is_so(self)), timeout_s)
            except TimeoutError:
                raise AssertionError(f"after {timeout_s} s the message is still {self!r}") from None
        return self

    def __repr__(self) -> str:
        names = list(self.files)
        return f"<Message {self.content!r} embeds={self.embeds} files={names} thinking={self.thinking}>"

    def shown_inside_embed(self) -> set[str]:
        """Names of files that an embed shows; the API leaves them out of the attachments."""
        urls = [(embed.get(place) or {}).get("url") or "" for embed in self.embeds for place in ("image", "thumbnail")]
        return {match[1] for url in urls if (match := re.search(r"(?:attachment:/|/\d+)/([^/?]+)$", url))}

    def to_json(self) -> dict[str, Any]:
        """As the API shows it."""
        url = f"{self.cdn}/attachments/{self.channel_id}"
        inside = self.shown_inside_embed()
        body: dict[str, Any] = {
            "id": str(self.id),
            "type": 19 if self.reference else (20 if self.metadata and self.metadata["type"] == 2 else 0),
            "channel_id": str(self.channel_id),
            "author": self.author,
            "content": self.content,
            "timestamp": _iso(made_at_s(self.id)),
            "edited_timestamp": None if self.edited_at_s is None else _iso(self.edited_at_s),
            "tts": self.tts,
            "mention_everyone": False,
            "mentions": self.mentions,
            "mention_roles": [],
            "attachments": [file.to_json(url) for file in self.attached if file.filename not in inside],
            "embeds": [self._embed_json(embed, url) for embed in self.embeds],
            "components": _numbered(self.components),
            "pinned": False,
            "flags": self.flags,
        }
        if self.reference is not None:
            body["message_reference"] = self.reference
        if self.metadata is not None:
            body["interaction_metadata"] = self.metadata
        if self.application_id is not None:
            body |= {"application_id": str(self.application_id), "webhook_id": str(self.application_id)}
        return body

    def _embed_json(self, embed: dict[str, Any], url: str) -> dict[str, Any]:
        shown = {key: value for key, value in embed.items() if value is not None} | {"type": "rich"}
        for place in ("image", "thumbnail"):
            picture = shown.get(place)
            if picture and picture["url"].startswith("attachment://"):
                name = picture["url"].removeprefix("attachment://")
                file = next(file for file in self.attached if file.filename == name)
                address = f"{url}/{file.id}/{name}"
                shown[place] = {"url": address, "proxy_url": address, "width": 800, "height": 400, "flags": 0}
        return shown


def _iso(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def _numbered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Components with the ids that the service gives them."""
    numbered, number = [], 0
    for row in rows:
        number += 1
        row_json: dict[str, Any] = {key: value for key, value in row.items() if key != "components"} | {"id": number}
        parts = []
        for part in row["components"]:
            number += 1
            parts.append(_without_nulls(part) | {"id": number})
        numbered.append(row_json | {"components": parts})
    return numbered


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    return {
        key: _without_nulls(inner) if isinstance(inner, dict) else inner
        for key, inner in value.items()
        if inner is not None
    }
