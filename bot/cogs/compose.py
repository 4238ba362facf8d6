"""Wishes for songs: `/compose` and the mention `@Tunesmith chill lofi 60s` go in, one `Studio.accept` call each
comes out.

Conventions: a mention counts only when it stands in the text itself; replying to one of the bot's messages is no
wish. A mention alone, or with `help`, is answered by how to use the bot. What a value means and whether it is usable,
the engine says.
"""

from __future__ import annotations

import dataclasses
import re
import time
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.answer import InteractionAnswer, MentionAnswer
from bot.desk import Desk, origin_of
from bot.errors import guard
from bot.replies import help_text
from engine import (
    AUDIO_FORMATS,
    MAX_MIDI_BYTES,
    MAX_PROMPT_CHARS,
    ComposeRequest,
    Origin,
    encode_midi,
    errors,
    midi_too_large,
)

HELP_WORDS = frozenset({"", "help", "?", "hilfe", "commands"})
MIDI_ENDINGS = (".mid", ".midi", ".kar", ".smf")
REFUSAL_GAP_S = 5.0
_CHOICES = 25


class Refusals:
    """How often mentions are refused in words: once a person and channel in `REFUSAL_GAP_S`. Whoever floods a channel
    is told so, and does not use up the replies that Discord allows in it for the others.
    """

    def __init__(self) -> None:
        self._told_at_s: dict[tuple[int, int], float] = {}

    def may_tell(self, person_id: int, channel_id: int) -> bool:
        """Whether it is time to say it (again)."""
        now = time.monotonic()
        self._told_at_s = {key: at_s for key, at_s in self._told_at_s.items() if now - at_s < REFUSAL_GAP_S}
        is_time = (person_id, channel_id) not in self._told_at_s
        if is_time:
            self._told_at_s[person_id, channel_id] = now
        return is_time


class Compose(commands.Cog):
    """Songs from words."""

    def __init__(self, bot: discord.Client, desk: Desk) -> None:
        self.bot = bot
        self.desk = desk
        self._refusals = Refusals()

    @app_commands.command(name="compose", description="Compose a song from words: audio, MIDI file and picture")
    @app_commands.describe(
        prompt="What to play, e.g. “chill lofi 60s” or “sad ragtime in D minor at 90 bpm”",
        style="A style if the prompt should not decide, or a blend such as jazz:0.7+lofi:0.3",
        seconds="How long, in seconds",
        seed="The same seed and prompt give the same song",
        mood="In words, such as “sad and slow”",
        energy="From 0 (calm) to 1 (wild)",
        adventure="From 0 (plain) to 1 (daring)",
        instruments="Exactly who plays, such as “flute, rhodes, upright bass”",
        without="Who does not play, such as “drums, guitar”",
        chords="Chords of the main sections, one a bar, such as “Am F C G”",
        bars="Exactly so many bars",
        midi="A MIDI file to go on from",
        format="The kind of audio file; mp3 if left out",
        loop="Whole bars that go round without a seam",
        stems="Also a zip of the parts, one file each",
        score="Also a score for notation programs (MusicXML)",
    )
    @app_commands.choices(format=[app_commands.Choice(name=name, value=name) for name in AUDIO_FORMATS])
    async def compose(  # noqa: PLR0913 (a command's options are its parameters)
        self,
        interaction: discord.Interaction[Any],
        prompt: app_commands.Range[str, 1, MAX_PROMPT_CHARS],
        *,
        style: str | None = None,
        seconds: float | None = None,
        seed: int | None = None,
        mood: str | None = None,
        energy: app_commands.Range[float, 0, 1] | None = None,
        adventure: app_commands.Range[float, 0, 1] | None = None,
        instruments: str | None = None,
        without: str | None = None,
        chords: str | None = None,
        bars: app_commands.Range[int, 1] | None = None,
        midi: discord.Attachment | None = None,
        format: str = "mp3",
        loop: bool = False,
        stems: bool = False,
        score: bool = False,
    ) -> None:
        """Answer `/compose`."""
        answer = InteractionAnswer(interaction)
        wishes: dict[str, Any] = {
            "style": style or None,
            "seconds": seconds,
            "seed": seed,
            "mood": mood,
            "energy": energy,
            "adventure": adventure,
            "instruments": (instruments,) if instruments else (),
            "without": (without,) if without else (),
            "chords": chords,
            "bars": bars,
            "format": format,
            "loop": loop,
            "stems": stems,
            "musicxml": score,
        }

        async def work() -> None:
            self.desk.check_open()
            if midi is not None:
                await answer.hold()
            request = read_wish(prompt, **wishes, continuing=await fetch_midi(midi))
            await self._compose(answer, request, origin_of(interaction))

        await guard(work(), answer.tell)

    @compose.autocomplete("style")
    async def _styles(self, interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        studio, origin = self.desk.studio, origin_of(interaction)
        own = () if origin.guild_id is None else await studio.teaching.styles(origin=origin)
        found = matching_styles((*(style.name for style in own), *studio.style_names()), current)
        return [app_commands.Choice(name=name, value=name) for name in found]

    @commands.Cog.listener()
    async def on_message(self, message: discord.Message) -> None:
        """Answer a mention."""
        if message.author.bot or message.webhook_id is not None or self.bot.user is None:
            return
        text = mention_text(message.content, self.bot.user.id)
        if text is None:
            return
        answer = MentionAnswer(self.bot, message)

        async def refuse(why: str) -> None:
            if self._refusals.may_tell(message.author.id, message.channel.id):
                await answer.tell(why)

        if text.lower() in HELP_WORDS:
            await guard(answer.tell(help_text(self.bot.user.name, self.desk.studio.style_names())), answer.tell)
            return

        async def work() -> None:
            self.desk.check_open()
            file = next((file for file in message.attachments if file.filename.lower().endswith(MIDI_ENDINGS)), None)
            await self._compose(answer, read_wish(text, continuing=await fetch_midi(file)), origin_of(message))

        await guard(work(), refuse)

    async def _compose(
        self, answer: InteractionAnswer | MentionAnswer, request: ComposeRequest, origin: Origin
    ) -> None:
        seen = dataclasses.replace(origin, message_id=answer.message_id)
        await self.desk.take(answer, self.desk.studio.accept(request, origin=seen, limit_bytes=answer.limit_bytes))


def mention_text(content: str, bot_id: int) -> str | None:
    """What stands beside the mention of the bot; None when the text does not mention it."""
    text, mentions = re.subn(rf"<@!?{bot_id}>", " ", content)
    return " ".join(text.split()) if mentions else None


def read_wish(prompt: str, **wishes: Any) -> ComposeRequest:
    """The request, with further fields of it; a prompt that is empty or too long is refused here, the rest by the
    engine.
    """
    text = " ".join(prompt.split())
    if not text:
        raise errors.BadRequest("The prompt is empty; say what to play, such as “chill lofi 60s”.")
    if len(text) > MAX_PROMPT_CHARS:
        raise errors.BadRequest(f"The prompt has {len(text)} characters; at most {MAX_PROMPT_CHARS} work.")
    return ComposeRequest(prompt=text, **wishes)


async def fetch_midi(file: discord.Attachment | None) -> str | None:
    """An attached MIDI file as a request carries it. Raises `UserError` where it is too large or cannot be had."""
    if file is None:
        return None
    if file.size > MAX_MIDI_BYTES:
        raise midi_too_large(file.size)
    try:
        return encode_midi(await file.read())
    except discord.HTTPException as refusal:
        raise errors.UserError(
            "Discord does not hand out the attached file; attaching it anew would work."
        ) from refusal


def matching_styles(names: tuple[str, ...], current: str) -> list[str]:
    """Styles for what is typed so far: those that begin with it before those that contain it."""
    typed = current.strip().lower()
    found = [name for name in names if typed in name.lower()]
    return sorted(found, key=lambda name: not name.lower().startswith(typed))[:_CHOICES]
