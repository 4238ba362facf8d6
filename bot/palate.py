"""What people read of taste and votes: what votes move here, who votes how, what is forgotten; values go in, texts and
cards come out.

Conventions: as in `bot.replies`, nothing that a person typed comes back alive. Figures are sentences of the engine's.
Caveat: a server with many styles sees the busiest in the overview; each has a card of its own by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import discord

from bot.replies import ACCENT, clip, plain
from engine import Audit, ForgottenPerson, Rating, StyleReport, SwitchName, TasteReport, Voter

NAMES: Mapping[SwitchName, str] = {
    "seeds": "Seeds",
    "plans": "Plans",
    "candidates": "Candidates",
    "canary": "Trials of versions",
    "tuning": "Fine-tuning",
    "share": "Sharing",
}
MEANINGS: Mapping[SwitchName, str] = {
    "seeds": "liked beginnings are drawn more often, and bred",
    "plans": "what a prompt leaves open is planned as liked songs were",
    "candidates": "of what is written for a prompt, the likeliest to please is kept",
    "canary": "a new version composes half of the songs until votes decide",
    "tuning": "a style is trained towards songs that are liked",
    "share": "votes of this place also help others, without names",
}
"""What each of them does, or would do."""
NOTHING_LEARNT = "Nothing was learnt here yet; 👍 and 👎 under songs, and `/duel`, are what I learn from."
ASK_ERASE = (
    "Shall I forget your votes, your answers in duels and your favourites, everywhere and for good? Your songs stay"
    " where they are; what was learnt from your votes is learnt anew without them."
)
NOT_YOURS = "This question was for somebody else; `/forgetme` asks you yourself."
NOT_A_MODERATOR = "Only who may manage messages here can do that; they can be asked."
NOTHING_VOIDED = "Nobody's votes were set aside under that name; `/votes audit` tells whose are."
_FIELD_CHARS = 1000
_SENTENCE_CHARS = 300
_STYLES = 12
_RATINGS = 5
_LIST_CHARS = 1900


def taste_embed(report: TasteReport, style: str | None, *, is_private: bool = False) -> discord.Embed:
    """What votes have moved here: of one style with a figure each, or of all in one line each."""
    whose = "Your" if is_private else "This server's"
    embed = discord.Embed(title=clip(f"👂 {whose} taste{_of(style)}", 200), colour=ACCENT)
    chosen = next((it for it in report.styles if it.style == style), None)
    if chosen is not None:
        lines = [f"{_votes_text(chosen.votes)} · learnt {_times(chosen.version)}"]
        _add_movers(embed, chosen)
    elif style is not None:
        lines = [NOTHING_LEARNT]
        _add_switches(embed, report)
    else:
        lines = [_votes_text(report.votes)]
        lines += [_style_line(it) for it in report.styles[:_STYLES]] or [NOTHING_LEARNT]
        if len(report.styles) > _STYLES:
            lines.append(f"… and {len(report.styles) - _STYLES} more; `/taste style:` tells of each.")
        _add_switches(embed, report)
        _add_table(embed, "Styles against each other", report.ranking)
    lines.append(f"-# Styles, versions and seeds are ranked from {report.least_votes} votes on.")
    embed.description = clip("\n".join(lines), 4000)
    return embed


def audit_embed(audit: Audit) -> discord.Embed:
    """Who votes here and how, the suspicious first."""
    if not audit.voters:
        return discord.Embed(description="Nobody has voted here yet.", colour=ACCENT)
    lines = [f"{_votes_text(audit.votes)} by {_people(len(audit.voters))}."]
    lines += [f"⚠️ {plain(clip(sentence, _SENTENCE_CHARS))}" for sentence in audit.suspicions]
    lines += [_voter_line(voter) for voter in audit.voters]
    embed = discord.Embed(title="Who votes here", description=_fitting(lines), colour=ACCENT)
    if audit.voids:
        whose = [
            f"<@{it.person_id}>{'' if it.by is None else f', by <@{it.by}>'}, {it.created_at:%Y-%m-%d}"
            + (f": {plain(clip(it.reason, _SENTENCE_CHARS))}" if it.reason else "")
            for it in audit.voids
        ]
        embed.add_field(name="Set aside", value=clip("\n".join(whose), _FIELD_CHARS), inline=False)
    return embed


def voided_text(person_id: int, reason: str | None) -> str:
    """What `/votes void` answers."""
    why = f" ({plain(clip(reason, _SENTENCE_CHARS))})" if reason else ""
    return (
        f"⚖️ The votes of <@{person_id}> here are set aside{why}: they count nothing, and what was learnt from them is"
        " learnt anew. `/votes restore` takes that back."
    )


def restored_text(person_id: int) -> str:
    """What `/votes restore` answers."""
    return f"⚖️ The votes of <@{person_id}> here count again."


def erased_text(gone: ForgottenPerson) -> str:
    """What was forgotten of a person."""
    return (
        f"🗑️ Forgotten: {_number(gone.votes, 'vote')}, {_number(gone.answers, 'answer')} in duels,"
        f" {_number(gone.favourites, 'favourite')}."
    )


def too_much_text(size_bytes: int, limit_bytes: int) -> str:
    """Why a file of data is not sent."""
    return (
        f"The file has {size_bytes / 1e6:.1f} MB, over the {limit_bytes / 1e6:.0f} MB that Discord allows here; whoever"
        " runs me has the same in the database."
    )


def _add_movers(embed: discord.Embed, style: StyleReport) -> None:
    for mover in style.movers:
        value = f"{plain(clip(mover.figure, _SENTENCE_CHARS))}\n-# {MEANINGS[mover.name]}"
        embed.add_field(name=f"{_lamp(mover.is_on)} {NAMES[mover.name]}", value=value, inline=False)
    _add_table(embed, "Versions", style.versions)
    _add_table(embed, "Seeds", style.seeds)
    if style.trials:
        told = [f"version {it.version}: {plain(clip(it.sentence, _SENTENCE_CHARS))}" for it in style.trials]
        embed.add_field(name="Trials", value=clip("\n".join(told), _FIELD_CHARS), inline=False)


def _add_switches(embed: discord.Embed, report: TasteReport) -> None:
    lines = [f"{_lamp(is_on)} **{NAMES[name]}**: {MEANINGS[name]}" for name, is_on in report.switches.items()]
    embed.add_field(name="What votes move", value=clip("\n".join(lines), _FIELD_CHARS), inline=False)


def _add_table(embed: discord.Embed, name: str, ratings: Sequence[Rating]) -> None:
    """Strengths with their intervals, the best first."""
    if not ratings:
        return
    best = sorted(ratings, key=lambda it: -it.strength)[:_RATINGS]
    lines = [
        f"{plain(clip(it.name, 60))}: {_percent(it.strength)} ({_percent(it.low)} to {_percent(it.high)},"
        f" {_number(it.votes, 'comparison')})"
        for it in best
    ]
    embed.add_field(name=name, value=clip("\n".join(lines), _FIELD_CHARS), inline=False)


def _style_line(style: StyleReport) -> str:
    head = f"**{plain(style.style)}** · {_votes_text(style.votes)} · learnt {_times(style.version)}"
    told = [plain(clip(mover.figure, 120)) for mover in style.movers if mover.is_on][:1]
    return "\n-# ".join([head, *told])


def _voter_line(voter: Voter) -> str:
    own = f", {voter.own} of them for their own songs" if voter.own else ""
    head = f"<@{voter.person_id}>: {_votes_text(voter.votes)}{own}, counting {voter.weight:.1f}"
    head += " · **set aside**" if voter.is_void else ""
    return "\n-# ⚠️ ".join([f"• {head}", *(plain(clip(remark, _SENTENCE_CHARS)) for remark in voter.remarks)])


def _fitting(lines: Sequence[str]) -> str:
    kept: list[str] = []
    size = 0
    for place, line in enumerate(lines):
        size += len(line) + 1
        if size > _LIST_CHARS:
            kept.append(f"… and {len(lines) - place} more.")
            break
        kept.append(line)
    return "\n".join(kept)


def _of(style: str | None) -> str:
    return f" in {plain(style)}" if style else ""


def _lamp(is_on: bool) -> str:
    return "🟢" if is_on else "⚪"


def _votes_text(number: int) -> str:
    return _number(number, "vote")


def _people(number: int) -> str:
    return "1 person" if number == 1 else f"{number} people"


def _times(number: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(number, f"{number} times")


def _number(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{round(100 * share)} %"
