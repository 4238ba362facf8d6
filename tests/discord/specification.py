"""Discord's own HTTP specification as a judge: an operation and a JSON body go in, complaints come out.

The file lies beside the checkout (`../shared/discord/openapi.json`) or where `DISCORD_OPENAPI` says. Requests are
judged strictly: a key that the specification does not know is a complaint, apart from a short list of keys that
discord.py sends and the live service takes. Answers are judged as the specification stands. Caveat: the specification
has no gateway events and misses many rules; `rules` has those."""

from __future__ import annotations

import copy
import functools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

BESIDE = Path(__file__).parents[2].parent / "shared" / "discord" / "openapi.json"
_ADDRESS = {True: "urn:discord:strict", False: "urn:discord:plain"}
_COMMANDS = (
    "ApplicationCommandUpdateRequest",
    "ApplicationCommandCreateRequest",
    "ApplicationCommandPatchRequestPartial",
)
_EDITS = (
    "MessageEditRequestPartial",
    "IncomingWebhookUpdateRequestPartial",
    "IncomingWebhookUpdateForInteractionCallbackRequestPartial",
)
_ALSO_TAKEN = {
    **dict.fromkeys(_COMMANDS, "nsfw"),
    **dict.fromkeys(_EDITS, "tts"),
    "RichEmbed": "flags",
}
"""Schema → a key outside the specification that discord.py sends and the live service takes."""
_KEPT_ATTACHMENT = {"MessageAttachmentRequest"}
"""discord.py sends a kept attachment back with everything that it knows of it."""
_BITFIELDS = {"default_member_permissions", "permissions", "allow", "deny"}


def find_file() -> Path | None:
    """The specification's file, if there is one."""
    given = os.environ.get("DISCORD_OPENAPI")
    path = Path(given) if given else BESIDE
    return path if path.is_file() else None


class Specification:
    """Judges bodies by operation."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths = sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
        resources = [
            (address, DRAFT202012.create_resource(_strict(document) if strict else document))
            for strict, address in _ADDRESS.items()
        ]
        self._registry: Registry[Any] = Registry().with_resources(resources)
        self._validators: dict[tuple[str, bool], Draft202012Validator] = {}

    @classmethod
    @functools.cache
    def load(cls) -> Specification | None:
        """The specification, or None where its file is missing."""
        path = find_file()
        return cls(json.loads(path.read_text())) if path else None

    def operation(self, method: str, path: str) -> tuple[str, dict[str, Any]] | None:
        """The template and the operation of a request's path (without the `/api/v10` before it)."""
        for template, methods in self._paths:
            if method.lower() in methods and _pattern(template).fullmatch(path):
                return template, methods[method.lower()]
        return None

    def judge_request(self, method: str, path: str, body: Any) -> Iterator[str]:
        """Complaints about a request's JSON body."""
        found = self.operation(method, path)
        if found is None:
            yield f"{method} {path}: the specification knows no such operation"
            return
        template, operation = found
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            if body not in (None, {}):
                yield f"{method} {template}: the specification knows no body here"
            return
        pointer = f"/paths/{_escape(template)}/{method.lower()}/requestBody/content/application~1json/schema"
        yield from self._judge(f"{method} {template}", pointer, body, strict=True)

    def judge_answer(self, method: str, path: str, status: int, body: Any) -> Iterator[str]:
        """Complaints about the body of an answer with status 2xx."""
        found = self.operation(method, path)
        if found is None:
            return
        template, operation = found
        if str(status) not in operation["responses"]:
            yield f"{method} {template}: the specification knows no answer {status}"
            return
        if "application/json" not in operation["responses"][str(status)].get("content", {}):
            return
        pointer = f"/paths/{_escape(template)}/{method.lower()}/responses/{status}/content/application~1json/schema"
        yield from self._judge(f"answer {status} to {method} {template}", pointer, body, strict=False)

    def _judge(self, what: str, pointer: str, body: Any, *, strict: bool) -> Iterator[str]:
        key = (pointer, strict)
        if key not in self._validators:
            schema = {"$ref": f"{_ADDRESS[strict]}#{pointer}"}
            self._validators[key] = Draft202012Validator(schema, registry=self._registry)
        error = best_match(self._validators[key].iter_errors(body))
        if error is not None:
            place = "/".join(map(str, error.absolute_path)) or "the body"
            yield f"{what}: {place}: {error.message[:400]}"


def _escape(template: str) -> str:
    return template.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


@functools.cache
def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(template)))


def _strict(document: dict[str, Any]) -> dict[str, Any]:
    """The same document where an object takes only the keys that it names, and snowflakes may be numbers."""
    strict = copy.deepcopy(document)
    schemas = strict["components"]["schemas"]
    schemas["SnowflakeType"] = {"type": ["string", "integer"], "pattern": schemas["SnowflakeType"]["pattern"]}
    for name, schema in schemas.items():
        if name in _ALSO_TAKEN:
            schema["properties"][_ALSO_TAKEN[name]] = True
        _close(schema, keep_open=name in _KEPT_ATTACHMENT)
    return strict


def _close(schema: Any, *, keep_open: bool = False) -> None:
    if isinstance(schema, list):
        for part in schema:
            _close(part)
        return
    if not isinstance(schema, dict):
        return
    properties = schema.get("properties")
    if isinstance(properties, dict) and not keep_open:
        for name in _BITFIELDS & properties.keys():
            properties[name] = {"type": ["integer", "string", "null"]}
        schema.setdefault("additionalProperties", False)
    for part in schema.values():
        _close(part)
