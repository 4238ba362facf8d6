"""The written rules of the live service that its specification does not hold: bodies go in, complaints come out.

Each rule has been seen to refuse a request that the specification lets pass: lengths across embeds, empty messages,
rows and their contents, names and order of commands' options, files over the limit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

CONTENT_CHARS = 2000
EMBED_TOTAL_CHARS = 6000
ROWS = 5
BUTTONS_IN_ROW = 5
CUSTOM_ID_CHARS = 100
FILES = 10
EMBEDS = 10
FIELDS = 25
EMBED_CHARS = {"title": 256, "description": 4096, "footer.text": 2048, "author.name": 256}
FIELD_CHARS = {"name": 256, "value": 1024}
LABEL_CHARS = 80
SUGGESTIONS = 25
SUGGESTION_CHARS = 100
COMMAND_TOTAL_CHARS = 8000
INITIAL_ANSWER_S = 3.0
TOKEN_S = 15 * 60.0
COMPONENTS_V2 = 1 << 15
BUTTON = 2
SELECT, TEXT_INPUT, LABEL = 3, 4, 18
FORM_TITLE_CHARS, FORM_PARTS = 45, 5
LABEL_TEXT_CHARS, LABEL_DESCRIPTION_CHARS = 45, 100
SELECT_OPTIONS, OPTION_CHARS = 25, 100
SELECTS = {3, 5, 6, 7, 8}
LINK, PREMIUM = 5, 6

_NAME = re.compile(r"[-_'\w]{1,32}")


def judge_message(message: dict[str, Any], file_sizes: dict[str, int], size_limit: int) -> Iterator[str]:
    """Complaints about a message as it would stand: its whole content, embeds, components, and the new files' sizes."""
    content, embeds, rows = message.get("content") or "", message.get("embeds") or [], message.get("components") or []
    if len(content) > CONTENT_CHARS:
        yield f"the content has {len(content)} characters, over {CONTENT_CHARS}"
    total = sum(map(embed_chars, embeds))
    if total > EMBED_TOTAL_CHARS:
        yield f"the embeds have {total} characters together, over {EMBED_TOTAL_CHARS}"
    is_v2 = bool((message.get("flags") or 0) & COMPONENTS_V2)
    if is_v2 and (content or embeds):
        yield "the components-v2 flag forbids content and embeds"
    has_something = content.strip() or embeds or message.get("attachments") or (is_v2 and rows)
    if not (has_something or message.get("sticker_ids") or message.get("poll")):
        yield "the message is empty"
    if len(message.get("attachments") or []) > FILES:
        yield f"the message has more than {FILES} files"
    for name, size in file_sizes.items():
        if size > size_limit:
            yield f"the file {name} has {size} bytes, over the limit of {size_limit}"
    yield from judge_embeds(embeds, [attached["filename"] for attached in message.get("attachments") or []])
    if not is_v2:
        yield from judge_rows(rows)


def embed_chars(embed: dict[str, Any]) -> int:
    """The characters that count towards the total."""
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts.append((embed.get("author") or {}).get("name"))
    for field in embed.get("fields") or []:
        texts += [field.get("name"), field.get("value")]
    return sum(len(text) for text in texts if text)


def judge_embeds(embeds: Sequence[dict[str, Any]], filenames: Sequence[str]) -> Iterator[str]:
    """An embed's picture must be attached under the name that it uses; texts have their lengths, fields a name and a
    value."""
    if len(embeds) > EMBEDS:
        yield f"{len(embeds)} embeds, over {EMBEDS}"
    for embed in embeds:
        for place, most in EMBED_CHARS.items():
            yield from _judge_length(f"the embed's {place}", _at(embed, place), most)
        if len(embed.get("fields") or []) > FIELDS:
            yield f"the embed has {len(embed['fields'])} fields, over {FIELDS}"
        for place in ("image", "thumbnail"):
            url = (embed.get(place) or {}).get("url") or ""
            if url.startswith("attachment://") and url.removeprefix("attachment://") not in filenames:
                yield f"the embed's {place} is {url}, but no such file is attached (attached: {list(filenames)})"
        for field in embed.get("fields") or []:
            if not (field.get("name") or "").strip() or not (field.get("value") or "").strip():
                yield f"the embed field {field.get('name')!r} needs a name and a value"
            for key, most in FIELD_CHARS.items():
                yield from _judge_length(f"an embed field's {key}", field.get(key), most)


def judge_rows(rows: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Rows of buttons or of one select."""
    if len(rows) > ROWS:
        yield f"{len(rows)} rows, over {ROWS}"
    seen: set[str] = set()
    for row in rows:
        parts = row.get("components") or []
        kinds = {part.get("type") for part in parts}
        if not parts:
            yield "a row is empty"
        if kinds & SELECTS and len(parts) > 1:
            yield "a select shares its row with something else"
        if len(parts) > BUTTONS_IN_ROW:
            yield f"{len(parts)} buttons in a row, over {BUTTONS_IN_ROW}"
        for part in parts:
            yield from _judge_part(part, seen)


def _judge_part(part: dict[str, Any], seen: set[str]) -> Iterator[str]:
    custom_id = part.get("custom_id")
    if part.get("type") == BUTTON and part.get("style") in (LINK, PREMIUM):
        if custom_id is not None:
            yield f"a button of style {part.get('style')} has a custom_id"
        return
    if not custom_id:
        yield "a component has no custom_id"
        return
    if len(custom_id) > CUSTOM_ID_CHARS:
        yield f"a custom_id has {len(custom_id)} characters, over {CUSTOM_ID_CHARS}"
    if custom_id in seen:
        yield f"the custom_id {custom_id!r} occurs twice"
    seen.add(custom_id)
    if part.get("type") == BUTTON and not (part.get("label") or part.get("emoji")):
        yield "a button has neither label nor emoji"
    yield from _judge_length("a button's label", part.get("label"), LABEL_CHARS)


def judge_form(form: dict[str, Any]) -> Iterator[str]:
    """A form: one to five labels, each around a text input or a select, all with a custom_id of their own."""
    yield from _judge_length("the form's title", form.get("title"), FORM_TITLE_CHARS)
    labels = form.get("components") or []
    if not 1 <= len(labels) <= FORM_PARTS:
        yield f"the form has {len(labels)} parts, not 1 to {FORM_PARTS}"
    seen: set[str] = set()
    for label in labels:
        if label.get("type") != LABEL:
            yield f"a part of the form has the type {label.get('type')}, not {LABEL}, a label"
            continue
        yield from _judge_length("a label", label.get("label"), LABEL_TEXT_CHARS)
        yield from _judge_length("a label's description", label.get("description"), LABEL_DESCRIPTION_CHARS)
        yield from _judge_part(label["component"], seen)
        if label["component"].get("type") == SELECT:
            yield from _judge_select(label["component"])


def _judge_select(select: dict[str, Any]) -> Iterator[str]:
    options = select.get("options") or []
    if not 1 <= len(options) <= SELECT_OPTIONS:
        yield f"a select has {len(options)} options, not 1 to {SELECT_OPTIONS}"
    values = [option.get("value") for option in options]
    if len(set(values)) < len(values):
        yield "a value occurs twice in a select"
    for option in options:
        yield from _judge_length("an option's label", option.get("label"), OPTION_CHARS)
        yield from _judge_length("an option's value", option.get("value"), OPTION_CHARS)


def judge_suggestions(choices: Sequence[dict[str, Any]]) -> Iterator[str]:
    """What autocomplete offers."""
    if len(choices) > SUGGESTIONS:
        yield f"{len(choices)} suggestions, over {SUGGESTIONS}"
    for choice in choices:
        if not choice.get("name"):
            yield "a suggestion has no name"
        yield from _judge_length("a suggestion", choice.get("name"), SUGGESTION_CHARS)


def judge_commands(commands: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Names, order and number of commands and options."""
    names = [(command.get("type", 1), command.get("name")) for command in commands]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"the command {name[1]!r} occurs twice"
    for command in commands:
        yield from _judge_command(command)


def _judge_command(command: dict[str, Any]) -> Iterator[str]:
    what = f"/{command.get('name')}"
    if command.get("type", 1) == 1:
        yield from _judge_name(what, command.get("name") or "")
        if not command.get("description"):
            yield f"{what}: a slash command needs a description"
    total = sum(len(part.get(key) or "") for part in _walk(command) for key in ("name", "description", "value"))
    if total > COMMAND_TOTAL_CHARS:
        yield f"{what}: {total} characters in all, over {COMMAND_TOTAL_CHARS}"
    yield from _judge_options(what, command.get("options") or [])


def _judge_options(what: str, options: Sequence[dict[str, Any]]) -> Iterator[str]:
    names = [option.get("name") for option in options]
    if len(set(names)) < len(names):
        yield f"{what}: an option's name occurs twice"
    optional_seen = False
    for option in options:
        yield from _judge_name(f"{what} {option.get('name')}", option.get("name") or "")
        if not option.get("description"):
            yield f"{what} {option.get('name')}: an option needs a description"
        if option.get("required") and optional_seen:
            yield f"{what} {option.get('name')}: a required option stands after an optional one"
        optional_seen = optional_seen or not option.get("required")
        if option.get("autocomplete") and option.get("choices"):
            yield f"{what} {option.get('name')}: choices and autocomplete exclude each other"


def _judge_name(what: str, name: str) -> Iterator[str]:
    if not _NAME.fullmatch(name) or name != name.lower():
        yield f"{what}: a name has 1 to 32 lower-case letters, digits, - or _"


def _judge_length(what: str, text: str | None, most: int) -> Iterator[str]:
    if text is not None and len(text) > most:
        yield f"{what} has {len(text)} characters, over {most}"


def _at(embed: dict[str, Any], place: str) -> str | None:
    outer, _, inner = place.partition(".")
    found = embed.get(outer)
    return (found or {}).get(inner) if inner else found


def _walk(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield part
    for key in ("options", "choices"):
        for inner in part.get(key) or []:
            if isinstance(inner.get("value", ""), str):
                yield from _walk(inner)
