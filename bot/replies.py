"""What people read: a `StoredSong` or an `Update` goes in, texts, embeds and file names come out.

Convention: nothing that a person typed comes back alive. `inert` breaks mentions and links with zero-width spaces
(the eye sees the same text), `quoted` puts text into a code span, and `plain` also escapes markdown. Caveat: the
picture shows in the embed only if it is attached under exactly the name that `attachment://` says; `parts_of` and
`song_embed` agree on it through `file_stem`.
"""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import discord

from engine import StoredSong, Update

ACCENT = discord.Colour(0x8A6FE8)
PHASES = ("queued", "composing", "rendering")
CANCELLED = "✖️ This song was cancelled."
MOST_CHARS = 2000
"""That a message's text may have."""
_GAP = "\u200b"
_LIVE = re.compile(r"@(?=\S)|<(?=[@#/:ait+])|:(?=//)|(?i:discord(?:app)?(?=\.(?:gg|com|new)\b))")
_TITLE_CHARS = 200
_PROMPT_SHOWN_CHARS = 500
_NOTICES_CHARS = 1500


def inert(text: str) -> str:
    """The same text to the eye, with no live mention, channel link, custom emoji, web link or invite in it."""
    return _LIVE.sub(lambda match: match.group() + _GAP, text)


def plain(text: str) -> str:
    """Inert text in which markdown means nothing."""
    return discord.utils.escape_markdown(inert(text))


def quoted(text: str) -> str:
    """One line in a code span; backticks, which would end it, become primes."""
    line = " ".join(text.replace("`", "\u02b9").split())
    return f"`{inert(line)}`"


def clip(text: str, limit: int) -> str:
    """At most `limit` characters; what is cut shows as an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def progress_text(update: Update) -> str:
    """One line: where the song is among queued → composing → rendering."""
    now = PHASES.index(update.phase) if update.phase in PHASES else len(PHASES)
    return " → ".join(_step(name, place - now, update) for place, name in enumerate(PHASES))


def _step(name: str, distance: int, update: Update) -> str:
    if distance < 0:
        return f"✅ {name}"
    if distance > 0:
        return name
    eta = None if update.eta_s is None else about_text(update.eta_s)
    if name != "queued":
        share = f"🎼 **{name}** {round(100 * min(1.0, max(0.0, update.share)))} %"
        return share if eta is None else f"{share} ({eta})"
    known = [f"{update.ahead} {'song' if update.ahead == 1 else 'songs'} before yours"] if update.ahead else []
    known += [eta] if eta else []
    return f"⏳ **{name}** ({', '.join(known)})" if known else f"⏳ **{name}**"


def about_text(seconds: float) -> str:
    """A rough time, in steps that a person would say: `about 40 s`, `about 5 min`, `about 2 h`."""
    if seconds < 10:
        return "a few seconds"
    if seconds < 95:
        step = 5 if seconds < 30 else 10
        return f"about {step * round(seconds / step)} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {round(seconds / 3600)} h"


def broken_text(incident: str) -> str:
    """What a person is told of something that they cannot mend."""
    return f"Something broke on my side. It is noted as incident `{incident}`; please try again."


def failure_text(update: Update) -> str:
    """Why there is no song, in one sentence of the engine's or one of ours."""
    if update.incident is not None or update.sentence is None:
        return broken_text(update.incident or "unknown")
    return clip(inert(update.sentence), MOST_CHARS)


def cancelled_text(number: int) -> str:
    """What `/cancel` answers."""
    return "Cancelled." if number == 1 else f"Cancelled {number} songs."


def length_text(seconds: float) -> str:
    """`1:05`, or `0:20.5` when it is not whole."""
    minutes, rest = divmod(round(seconds, 1), 60)
    return f"{int(minutes)}:{rest:04.1f}".removesuffix(".0")


def file_stem(song: StoredSong) -> str:
    """A file name of plain letters: the title's words and the song's id."""
    letters = unicodedata.normalize("NFKD", song.receipt.title or song.receipt.style).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", letters.lower()).strip("-")[:48].strip("-")
    return f"{words or 'song'}-{song.id}"


def song_embed(song: StoredSong, *, notes: tuple[str, ...] = (), with_picture: bool = True) -> discord.Embed:
    """The card of a song; `notes` are sentences of ours, such as why a file is missing."""
    receipt = song.receipt
    why = str(receipt.explanation.get("sentence", ""))
    lines = [quoted(clip(receipt.prompt, _PROMPT_SHOWN_CHARS)), *([f"-# {plain(why)}"] if why else [])]
    lines += [*(plain(notice) for notice in receipt.notices), *notes]
    embed = discord.Embed(
        title=clip(plain(receipt.title or receipt.style.capitalize()), _TITLE_CHARS),
        description=clip("\n".join(lines), _PROMPT_SHOWN_CHARS + _NOTICES_CHARS),
        colour=ACCENT,
    )
    blend = " + ".join(name for name, _ in sorted(receipt.blend.items(), key=lambda part: -part[1]))
    embed.add_field(name="Style", value=plain(blend or receipt.style))
    embed.add_field(name="Tempo", value=f"{round(receipt.tempo_bpm, 1):g} bpm, {receipt.meter}")
    embed.add_field(name="Key", value=plain(_key_text(receipt.key, receipt.mode)))
    embed.add_field(name="Length", value=length_text(receipt.duration_s))
    embed.add_field(name="Seed", value=f"`{receipt.seed}`")
    players = [str(part.get("name", role)) for role, part in receipt.instruments.items()]
    if players:
        embed.add_field(name="Instruments", value=clip(plain(", ".join(dict.fromkeys(players))), 1000))
    embed.set_footer(text=f"{song.id} · model {receipt.model.get('style', '?')} {receipt.model.get('version', '?')}")
    if with_picture:
        embed.set_image(url=f"attachment://{file_stem(song)}{song.picture.suffix}")
    return embed


def _key_text(key: str, mode: str) -> str:
    return key if mode.lower() in key.lower() else f"{key} {mode}"


def parts_of(song: StoredSong) -> tuple[tuple[str, str, Path], ...]:
    """What is attached, in the order that a person sees: (what it is, file name, path)."""
    stem = file_stem(song)
    parts = (
        ("audio", f"{stem}{song.audio.suffix}", song.audio),
        ("MIDI file", f"{stem}{song.midi.suffix}", song.midi),
        ("zip of stems", f"{stem}-stems.zip", song.stems),
        ("score", f"{stem}.musicxml", song.musicxml),
        ("picture", f"{stem}{song.picture.suffix}", song.picture),
    )
    return tuple((what, name, path) for what, name, path in parts if path is not None)


def too_big_text(what: str, size_bytes: int, limit_bytes: int) -> str:
    """Why a file is not there."""
    mebibyte = 1024 * 1024
    sizes = f"{size_bytes / mebibyte:.1f} MiB) is over the {limit_bytes / mebibyte:.0f} MiB"
    return f"The {what} ({sizes} that Discord allows here; a shorter song fits."


def help_text(name: str, styles: tuple[str, ...]) -> str:
    """How to use the bot, for a bare mention."""
    return (
        "Tell me what to play and I compose it: audio, MIDI file and picture.\n"
        f"• `/compose prompt: chill lofi 60s`, or `@{name} chill lofi 60s`\n"
        "• In the prompt: a length (`60s`, `1:30`), a tempo (`84 bpm`), a key (`D minor`), a style or a mood.\n"
        f"• Styles: {', '.join(styles)}.\n"
        "• On servers: `/teach` teaches a style your own music, and `/forget` takes it back.\n"
        "• Under each song: 👍 and 👎 vote (press again to take it back), 🎲 composes another, ⭐ keeps a favourite.\n"
        "• `/duel` compares two songs blind; `/top`, `/song`, `/mysongs` and `/favourites` find songs again.\n"
        "• `/taste` shows what your votes have changed; `/mydata` and `/forgetme` are about what I keep of you."
    )
