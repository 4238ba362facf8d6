"""What people read of uploads: an `Update`, a `Lesson` or records go in, texts, cards and whole messages come out.

Convention: as in `bot.replies`, nothing that a person typed comes back alive. Caveat: the piano roll shows in the card
only if it is attached under the name that the card says, so both are made here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import discord

from bot.body import Body
from bot.replies import ACCENT, clip, length_text, plain, quoted, too_big_text
from engine import Forgotten, Lesson, LessonReport, Update, UploadRecord

LICENCE_NAMES: Mapping[str, str] = {
    "own": "own work",
    "public-domain": "public domain",
    "cc0": "CC0",
    "cc-by": "CC BY",
    "cc-by-sa": "CC BY-SA",
}
"""How people call what the engine calls so."""
LICENCE_CHOICES: Mapping[str, str] = {
    "own": "My own work",
    "public-domain": "Public domain",
    "cc0": "CC0",
    "cc-by": "CC BY (name the author as credit)",
    "cc-by-sa": "CC BY-SA (name the author as credit)",
}
"""The same for a list to choose from."""
PHASES = {"received": "receiving", "decoded": "decoding", "transcribed": "transcribing", "understood": "understanding"}
"""What is done until a phase is reached."""
UNDERSTOOD = "That is what I understood. Shall **{style}** learn from it?"
AWAITING = "⏳ Somebody who may manage messages here has to approve it before **{style}** learns from it."
KEPT = "✅ Kept: **{style}** learns from it with its next training."
FORGOTTEN = "🗑️ Forgotten: nothing of it is kept."
STATES = {"received": "being looked at", "understood": "not decided yet", "awaiting": "awaits approval", "kept": "kept"}
PICTURE, PREVIEW = "piano-roll.png", "preview.mp3"
_FIELD_CHARS = 1000
_NAME_CHARS = 80
_LIST_CHARS = 3600


def lesson_text(update: Update) -> str:
    """One line: where the upload is among received → decoded → transcribed → understood."""
    names = list(PHASES)
    reached = 1 + (names.index(update.detail) if update.detail in PHASES else 0)
    steps = [f"✅ {name}" for name in names[:reached]]
    if reached < len(names):
        now = f"🎧 **{PHASES[names[reached]]}**"
        if update.phase == "queued":
            before = f" ({_files(update.ahead)} before yours)" if update.ahead else ""
            now = f"⏳ **waiting**{before} → {names[reached]}"
        elif update.share > 0:
            now += f" {round(100 * min(1.0, update.share))} %"
        steps += [now, *names[reached + 1 :]]
    return " → ".join(steps)


def state_text(upload: UploadRecord) -> str:
    """What is said above the card of an understood upload."""
    texts = {"kept": KEPT, "awaiting": AWAITING}
    return texts.get(upload.state, UNDERSTOOD).format(style=plain(upload.style))


def lesson_embed(lesson: Lesson, *, notes: Sequence[str] = (), with_picture: bool = True) -> discord.Embed:
    """The card of what was understood; `notes` are sentences of ours, such as why a file is missing."""
    upload, report = lesson.upload, lesson.report
    lines = [*notes, *(plain(notice) for notice in report.notices)]
    embed = discord.Embed(
        title=clip(plain(upload.name), _NAME_CHARS), description=clip("\n".join(lines), 2000) or None, colour=ACCENT
    )
    embed.add_field(name="Style", value=plain(upload.style))
    for name, value in facts_of(report).items():
        embed.add_field(name=name, value=clip(plain(value), _FIELD_CHARS))
    embed.add_field(name="Licence", value=clip(licence_text(upload), _FIELD_CHARS))
    embed.set_footer(text=f"{upload.id} · {upload.pipeline or report.kind}")
    if with_picture:
        embed.set_image(url=f"attachment://{PICTURE}")
    return embed


def facts_of(report: LessonReport) -> dict[str, str]:
    """What was understood, by its name."""
    facts = {
        "Tempo": f"{round(report.tempo_bpm, 1):g} bpm, {report.meter}",
        "Key": report.key,
        "Length": f"{length_text(report.duration_s)}, {report.bars} bars",
        "Roles": ", ".join(f"{role} ({number} notes)" for role, number in report.roles.items() if number),
        "Sections": ", ".join(f"{section.kind} {section.label} ({section.bars} bars)" for section in report.sections),
        "How sure I am": ", ".join(f"{stage} {round(100 * share)} %" for stage, share in report.confidence.items()),
    }
    return {name: value for name, value in facts.items() if value}


def licence_text(upload: UploadRecord) -> str:
    """The licence, and whom it names."""
    name = LICENCE_NAMES.get(upload.licence, upload.licence)
    return f"{name} ({plain(upload.credit)})" if upload.credit else name


async def lesson_body(lesson: Lesson, view: discord.ui.View, *, limit_bytes: int) -> Body:
    """The whole message: the card, the piano roll, the transcription as sound, as far as they fit."""
    files: list[tuple[str, bytes]] = []
    notes: list[str] = []
    for what, name, path in (("preview", PREVIEW, lesson.preview), ("picture", PICTURE, lesson.picture)):
        data = await asyncio.to_thread(path.read_bytes)
        if len(data) > limit_bytes:
            notes.append(too_big_text(what, len(data), limit_bytes))
        else:
            files.append((name, data))
    with_picture = any(name == PICTURE for name, _ in files)
    embed = lesson_embed(lesson, notes=notes, with_picture=with_picture)
    return Body(text=state_text(lesson.upload), embed=embed, files=tuple(files), view=view)


def bare_text(lesson: Lesson) -> str:
    """The same in words alone, for where no card may be sent."""
    facts = "\n".join(f"{name}: {plain(value)}" for name, value in facts_of(lesson.report).items())
    return clip(f"{quoted(clip(lesson.upload.name, _NAME_CHARS))}\n{facts}\n{state_text(lesson.upload)}", 2000)


def forgotten_text(done: Forgotten) -> str:
    """What taking a piece back changed."""
    style = plain(done.style)
    used = [f"version {model.version}" for model in done.retired if model.state in ("live", "training", "rolled_back")]
    if not used:
        return FORGOTTEN
    retired = f"{' and '.join(used)} of {style}, which learnt from it, {'is' if len(used) == 1 else 'are'} retired"
    then = "is trained anew without it; I tell you here when that is done" if done.training else "is not trained anew"
    return f"{FORGOTTEN[:-1]}; {retired}, and {style} {then}."


def dataset_embed(uploads: Sequence[UploadRecord], style: str | None) -> discord.Embed:
    """What a server taught, the newest first, with whom, when and under which licence."""
    kept = [upload for upload in uploads if upload.state == "kept"]
    minutes = sum(upload.duration_s or 0.0 for upload in kept) / 60
    of_style = f" for {plain(style)}" if style else ""
    if not uploads:
        return discord.Embed(description=f"Nothing was taught{of_style} here yet; `/teach` begins.", colour=ACCENT)
    embed = discord.Embed(title=clip(f"What was taught{of_style} here", 200), colour=ACCENT)
    number = f"{len(kept)} {'piece is' if len(kept) == 1 else 'pieces are'} kept, {minutes:.1f} minutes in all."
    lines, size = [number], len(number)
    for place, upload in enumerate(reversed(uploads)):
        line = _upload_line(upload)
        size += len(line) + 1
        if size > _LIST_CHARS:
            lines.append(f"… and {len(uploads) - place} more.")
            break
        lines.append(line)
    embed.description = "\n".join(lines)
    return embed


def upload_label(upload: UploadRecord) -> str:
    """One line of plain text to choose an upload by."""
    tail = f" · {upload.style} · {upload.created_at:%Y-%m-%d}"
    return f"{clip(upload.name, 100 - len(tail)) or 'a file'}{tail}"


def _upload_line(upload: UploadRecord) -> str:
    who = "the command line" if upload.person_id is None else f"<@{upload.person_id}>"
    length = "" if upload.duration_s is None else f", {length_text(round(upload.duration_s))}"
    facts = f"{plain(upload.style)}{length} · {licence_text(upload)} · {who}, {upload.created_at:%Y-%m-%d}"
    digits = f" · sha256 {upload.sha256[:8]}" if upload.sha256 else ""
    pipeline = f" · {plain(upload.pipeline)}" if upload.pipeline else ""
    state = STATES.get(upload.state, upload.state)
    return f"• {quoted(clip(upload.name, _NAME_CHARS))} · {facts} · **{state}**\n-# {upload.id}{digits}{pipeline}"


def _files(number: int) -> str:
    return f"{number} {'file' if number == 1 else 'files'}"
