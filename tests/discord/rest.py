"""The HTTP API: what discord.py calls, answered as the live service answers it, and judged on the way in and out."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from tests.discord import rules
from tests.discord.ids import snowflake
from tests.discord.interactions import (
    ASK,
    AUTOCOMPLETE,
    COMPONENT,
    KEEP,
    MODAL,
    SAY,
    SUGGEST,
    THINK,
    UPDATE,
    Interaction,
)
from tests.discord.limits import RateLimits
from tests.discord.messages import EPHEMERAL, SUPPRESS_EMBEDS, THINKING, Attached, Message
from tests.discord.mischief import Mischiefs
from tests.discord.specification import Specification

if TYPE_CHECKING:
    from tests.discord.server import LocalDiscord

PREFIX = "/api/v10"
NONCE_CHARS, NONCE_S = 25, 300.0
_KEPT_FLAGS = EPHEMERAL | rules.COMPONENTS_V2 | SUPPRESS_EMBEDS


class Refused(Exception):  # noqa: N818 - what the service does, not a programming error
    """The service says no."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: its JSON body, and the files beside it by their number."""

    request: web.Request
    body: Any
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    def number(self, name: str) -> int:
        """A snowflake from the path."""
        return int(self.request.match_info[name])


Handler = Callable[[Call], Awaitable[Any]]


class Rest:
    """Routes and their answers."""

    def __init__(self, world: LocalDiscord) -> None:
        self._world = world
        self._specification = Specification.load()
        self._limits = RateLimits()
        self._nonces: dict[tuple[int, str], tuple[float, Message]] = {}
        self.mischiefs = Mischiefs()
        self.requests: list[tuple[str, str]] = []
        self.refusals: list[tuple[str, str]] = []

    def routes(self) -> list[web.RouteDef]:
        """All routes."""
        webhook = "/webhooks/{application}/{token}"
        table: list[tuple[str, str, Handler]] = [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application),
            ("GET", "/gateway", self._gateway),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("GET", "/applications/{application}/commands", self._get_commands),
            ("PUT", "/applications/{application}/commands", self._put_commands),
            ("POST", "/interactions/{interaction}/{token}/callback", self._callback),
            ("POST", webhook, self._follow_up),
            ("GET", f"{webhook}/messages/{{message}}", self._get_answer),
            ("PATCH", f"{webhook}/messages/{{message}}", self._edit_answer),
            ("DELETE", f"{webhook}/messages/{{message}}", self._delete_answer),
            ("GET", "/channels/{channel}/messages/{message}", self._get_message),
            ("GET", "/channels/{channel}/messages", self._list_messages),
            ("POST", "/channels/{channel}/messages", self._post_message),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit_message),
            ("DELETE", "/channels/{channel}/messages/{message}", self._delete_message),
            ("POST", "/channels/{channel}/typing", self._typing),
        ]
        known = [web.route(method, PREFIX + path, self._wrap(handler)) for method, path, handler in table]
        return [*known, web.route("*", PREFIX + "/{rest:.*}", self._wrap(self._unknown))]

    def _wrap(self, handler: Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            path = request.path.removeprefix(PREFIX)
            if self._world.is_away and isinstance(request.transport, asyncio.WriteTransport):
                request.transport.abort()
            self.requests.append((request.method, path))
            mischief = self.mischiefs.take(request.method, path)
            if mischief is not None and not mischief.acts:
                return mischief.answer()
            headers, wait_s = self._limits.take(request.method, path)
            if wait_s > 0:
                body = {"message": "You are being rate limited.", "retry_after": wait_s, "global": False}
                return _json_response(body, status=429, headers=headers)
            try:
                self._authenticate(request, path)
                call = await self._read(request, path)
                answer = await handler(call)
                await asyncio.sleep(self._world.answer_delay_s)
            except Refused as refusal:
                self.refusals.append((request.method, path))
                await self._world.tell_change()
                body = {"code": refusal.code, "message": refusal.message}
                return _json_response(body, status=refusal.status, headers=headers)
            return mischief.answer() if mischief else self._answer(request.method, path, answer, headers)

        return handle

    def _authenticate(self, request: web.Request, path: str) -> None:
        by_token_in_path = path.startswith(("/webhooks/", "/interactions/"))
        if not by_token_in_path and request.headers.get("Authorization") != f"Bot {self._world.token}":
            raise Refused(401, 0, "401: Unauthorized")

    async def _read(self, request: web.Request, path: str) -> Call:
        body, files = None, {}
        if request.content_type == "multipart/form-data":
            form = await request.post()
            body = json.loads(cast("str | bytearray", form["payload_json"])) if "payload_json" in form else {}
            for name, part in form.items():
                if isinstance(part, web.FileField):
                    files[name.removeprefix("files[").removesuffix("]")] = (part.filename, part.file.read())
        elif request.can_read_body:
            body = await request.json()
        if request.method in ("POST", "PUT", "PATCH") and self._specification is not None:
            self._refuse_if(list(self._specification.judge_request(request.method, path, body)))
        return Call(request=request, body=body, files=files)

    def _answer(self, method: str, path: str, answer: Any, headers: dict[str, str]) -> web.StreamResponse:
        if answer is None:
            return web.Response(status=204, headers=headers)
        if self._specification is not None:
            for complaint in self._specification.judge_answer(method, path, 200, answer):
                self._world.complain(f"our own fault: {complaint}")
        return _json_response(answer, headers=headers)

    def _refuse_if(self, complaints: list[str]) -> None:
        for complaint in complaints:
            self._world.complain(complaint)
        if complaints:
            raise Refused(400, 50035, f"Invalid Form Body: {complaints[0]}")

    def _refuse_unless(self, is_permitted: bool) -> None:
        if not is_permitted:
            raise Refused(403, 50013, "Missing Permissions")

    async def _unknown(self, call: Call) -> Any:
        self._world.complain(f"{call.request.method} {call.request.path}: the local Discord has no such route yet")
        raise Refused(404, 0, "404: Not Found")

    # -- the bot itself ------------------------------------------------------------------------------------------------

    async def _me(self, call: Call) -> Any:
        return self._world.bot_json() | {"mfa_enabled": True, "locale": "en-US", "email": None, "verified": True}

    async def _application(self, call: Call) -> Any:
        return self._world.application_json()

    async def _gateway(self, call: Call) -> Any:
        return {"url": self._world.gateway_url}

    async def _gateway_bot(self, call: Call) -> Any:
        limit = {"total": 1000, "remaining": 999, "reset_after": 86_400_000}
        limit["max_concurrency"] = self._world.max_concurrency
        return {"url": self._world.gateway_url, "shards": self._world.shards, "session_start_limit": limit}

    async def _get_commands(self, call: Call) -> Any:
        return self._world.commands

    async def _put_commands(self, call: Call) -> Any:
        self._refuse_if(list(rules.judge_commands(call.body or [])))
        self._world.commands = [_command_json(command, self._world.application_id) for command in call.body or []]
        await self._world.tell_change()
        return self._world.commands

    # -- interactions --------------------------------------------------------------------------------------------------

    async def _callback(self, call: Call) -> Any:
        found = self._world.interactions.get(call.request.match_info["token"])
        if found is None or found.id != call.number("interaction"):
            raise Refused(404, 10062, "Unknown interaction")
        if found.is_late or found.token_is_dead:
            self._world.complain(f"the first answer came {found.waited_s:.1f} s after the interaction, over 3 s")
            raise Refused(404, 10062, "Unknown interaction")
        if found.answer_kind is not None:
            self._world.complain("an interaction got a second first answer")
            raise Refused(400, 40060, "Interaction has already been acknowledged.")
        kind, data = call.body["type"], call.body.get("data") or {}
        await self._first_answer(found, kind, data, call.files)
        found.answer_kind, found.answered_after_s = kind, found.waited_s
        found.answered.set()
        await self._world.tell_change()
        if call.request.query.get("with_response", "").lower() not in ("1", "true"):
            return None
        body: dict[str, Any] = {"interaction": {"id": str(found.id), "type": found.type}}
        if found.original is not None and kind in (SAY, THINK, KEEP, UPDATE):
            body["interaction"] |= {
                "response_message_id": str(found.original.id),
                "response_message_loading": found.original.thinking,
                "response_message_ephemeral": found.original.ephemeral,
            }
            if kind in (SAY, UPDATE):
                body["resource"] = {"type": kind, "message": found.original.to_json()}
        return body

    async def _first_answer(self, found: Interaction, kind: int, data: dict[str, Any], files: Any) -> None:
        if kind in (KEEP, UPDATE) and found.type != COMPONENT:
            self._refuse_if([f"an answer of type {kind} needs a button, not a command"])
        if (kind == SUGGEST) != (found.type == AUTOCOMPLETE):
            self._refuse_if([f"an answer of type {kind} does not suit an interaction of type {found.type}"])
        if kind in (SAY, THINK):
            message = self._world.new_bot_message(interaction=found)
            message.flags = (data.get("flags") or 0) & _KEPT_FLAGS
            found.original = message
            if kind == THINK:
                message.flags |= THINKING
            else:
                self._write(message, data, files, found.size_limit)
            found.messages.append(message)
            await self._world.publish(message)
        elif kind in (KEEP, UPDATE):
            found.original = found.source
            if kind == UPDATE and found.source is not None:
                await self._edit(found.source, data, files, found.size_limit)
        elif kind == SUGGEST:
            self._refuse_if(list(rules.judge_suggestions(data["choices"])))
            found.suggestions = data["choices"]
        elif kind == ASK:
            if found.type in (AUTOCOMPLETE, MODAL):
                self._refuse_if([f"a form does not answer an interaction of type {found.type}"])
            self._refuse_if(list(rules.judge_form(data)))
            found.modal = data

    def _living(self, call: Call) -> Interaction:
        found = self._world.interactions.get(call.request.match_info["token"])
        if found is None or found.answer_kind is None or call.number("application") != self._world.application_id:
            raise Refused(404, 10015, "Unknown Webhook")
        if found.token_is_dead:
            self._world.complain("a request used an interaction's token after its 15 minutes")
            raise Refused(401, 50027, "Invalid Webhook Token")
        return found

    def _answer_message(self, call: Call) -> tuple[Interaction, Message]:
        found = self._living(call)
        name = call.request.match_info["message"]
        message = found.original if name == "@original" else self._world.messages.get(int(name))
        if message is None or message.deleted:
            raise Refused(404, 10008, "Unknown Message")
        return found, message

    async def _follow_up(self, call: Call) -> Any:
        found = self._living(call)
        if found.original is not None and found.original.thinking:
            await self._edit(found.original, call.body or {}, call.files, found.size_limit)
            return found.original.to_json()
        message = self._world.new_bot_message(interaction=found)
        message.flags = ((call.body or {}).get("flags") or 0) & _KEPT_FLAGS
        self._write(message, call.body or {}, call.files, found.size_limit)
        found.messages.append(message)
        await self._world.publish(message)
        return message.to_json()

    async def _get_answer(self, call: Call) -> Any:
        return self._answer_message(call)[1].to_json()

    async def _edit_answer(self, call: Call) -> Any:
        found, message = self._answer_message(call)
        await self._edit(message, call.body or {}, call.files, found.size_limit)
        return message.to_json()

    async def _delete_answer(self, call: Call) -> Any:
        await self._world.delete(self._answer_message(call)[1])

    # -- channel messages ----------------------------------------------------------------------------------------------

    def _message(self, call: Call, *, own: bool = False) -> Message:
        message = self._world.messages.get(call.number("message"))
        if message is None or message.deleted or message.channel_id != call.number("channel") or message.ephemeral:
            raise Refused(404, 10008, "Unknown Message")
        if own and message.author["id"] != str(self._world.bot_id):
            raise Refused(403, 50005, "Cannot edit a message authored by another user")
        return message

    async def _get_message(self, call: Call) -> Any:
        return self._message(call).to_json()

    async def _list_messages(self, call: Call) -> Any:
        """A channel's messages, newest first; with `after`, the first ones after it."""
        if call.number("channel") not in self._world.channels:
            raise Refused(404, 10003, "Unknown Channel")
        asked = call.request.query
        limit, after = int(asked.get("limit", 50)), int(asked.get("after", 0))
        before = int(asked.get("before", 1 << 63))
        there = [
            message
            for message in self._world.messages.values()
            if message.channel_id == call.number("channel") and not message.deleted and not message.ephemeral
        ]
        found = sorted((one for one in there if after < one.id < before), key=lambda one: one.id)
        return [message.to_json() for message in reversed(found[:limit] if after else found[-limit:])]

    async def _post_message(self, call: Call) -> Any:
        if call.number("channel") not in self._world.channels:
            raise Refused(404, 10003, "Unknown Channel")
        self._refuse_unless(self._world.bot_may_write and (self._world.bot_may_attach or not call.files))
        body = call.body or {}
        if (known := self._sent_before(call)) is not None:
            return known.to_json()
        message = self._world.new_bot_message(channel_id=call.number("channel"))
        message.flags = (body.get("flags") or 0) & _KEPT_FLAGS
        if (reference := body.get("message_reference")) is not None:
            message.reference = self._reference(message, reference)
        self._write(message, body, call.files, self._world.size_limit)
        if body.get("nonce") is not None:
            self._nonces[message.channel_id, str(body["nonce"])] = (time.monotonic(), message)
        await self._world.publish(message)
        return message.to_json()

    def _sent_before(self, call: Call) -> Message | None:
        """With an enforced nonce, what was sent with it in the last few minutes is not sent again."""
        body = call.body or {}
        if len(str(body.get("nonce") or "")) > NONCE_CHARS:
            self._refuse_if([f"the nonce has over {NONCE_CHARS} characters"])
        key = (call.number("channel"), str(body.get("nonce")))
        if not body.get("enforce_nonce") or key not in self._nonces:
            return None
        at_s, message = self._nonces[key]
        return message if time.monotonic() - at_s < NONCE_S and not message.deleted else None

    def _reference(self, message: Message, reference: dict[str, Any]) -> dict[str, Any] | None:
        asked = self._world.messages.get(int(reference["message_id"]))
        if asked is None or asked.deleted:
            if reference.get("fail_if_not_exists", True):
                raise Refused(400, 50035, "Invalid Form Body: message_reference: Unknown message")
            return None
        return {"type": 0, "channel_id": str(message.channel_id), "message_id": str(asked.id)}

    async def _edit_message(self, call: Call) -> Any:
        message = self._message(call, own=True)
        self._refuse_unless(self._world.bot_may_attach or not call.files)
        await self._edit(message, call.body or {}, call.files, self._world.size_limit)
        return message.to_json()

    async def _delete_message(self, call: Call) -> Any:
        await self._world.delete(self._message(call, own=True))

    async def _typing(self, call: Call) -> Any:
        return None

    # -- what a message becomes ----------------------------------------------------------------------------------------

    async def _edit(self, message: Message, body: dict[str, Any], files: Any, size_limit: int) -> None:
        await asyncio.sleep(self._world.edit_delay_s)
        self._write(message, body, files, size_limit)
        message.flags &= ~THINKING
        if body.get("flags") is not None:
            message.flags = message.flags & ~SUPPRESS_EMBEDS | body["flags"] & SUPPRESS_EMBEDS
        await self._world.publish(message, edited=True)

    def _write(self, message: Message, body: dict[str, Any], files: Any, size_limit: int) -> None:
        """Merge a body into a message if no rule speaks against it."""
        attached = _merge_files(message, body, files)
        merged = {
            "content": body.get("content", message.content),
            "embeds": body.get("embeds", message.written_embeds),
            "components": body.get("components", message.components),
            "flags": (body.get("flags") or 0) | (message.flags & rules.COMPONENTS_V2),
            "attachments": [{"filename": file.filename} for file in attached],
            "sticker_ids": body.get("sticker_ids"),
            "poll": body.get("poll"),
        }
        sizes = {name: len(data) for name, data in files.values()}
        self._refuse_if(list(rules.judge_message(merged, sizes, size_limit)))
        message.content, message.attached = merged["content"] or "", attached
        message.written_embeds, message.components = merged["embeds"] or [], merged["components"] or []
        message.pings += self._world.pings_of(message.content, body.get("allowed_mentions"))


def _json_response(body: Any, *, headers: dict[str, str], status: int = 200) -> web.Response:
    """Without a charset in the type, which discord.py takes for no JSON."""
    plain = {"Content-Type": "application/json"}
    return web.Response(body=json.dumps(body).encode(), status=status, headers=headers | plain)


def _merge_files(message: Message, body: dict[str, Any], files: dict[str, tuple[str, bytes]]) -> list[Attached]:
    """Named attachments are kept or new; without a list, all are kept and new ones come after them."""
    fresh = {number: Attached(id=snowflake(), filename=name, data=data) for number, (name, data) in files.items()}
    if body.get("attachments") is None:
        return [*([] if "attachments" in body else message.attached), *fresh.values()]
    old = {str(file.id): file for file in message.attached}
    merged = [fresh.pop(str(part["id"]), None) or old.get(str(part["id"])) for part in body["attachments"]]
    return [file for file in merged if file is not None] + list(fresh.values())


def _command_json(command: dict[str, Any], application_id: int) -> dict[str, Any]:
    body = {key: value for key, value in command.items() if value is not None}
    return body | {
        "id": str(snowflake()),
        "application_id": str(application_id),
        "version": str(snowflake()),
        "type": command.get("type") or 1,
        "description": command.get("description") or "",
        "default_member_permissions": None,
    }
