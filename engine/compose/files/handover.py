"""Finished sound → all that is handed over with it, as names and bytes.

In: the song, its style's written name, its sound, a `Delivery`. Out: `Handover`: what each file is, its ending and its
bytes, and notices. Conventions: tags tell style, tempo, key, meter, seed and origin, never the prompt. Caveat: a score
has no limit, as it stays under a megabyte.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.compose.files.cover import draw_cover
from engine.compose.files.delivery import Delivery
from engine.compose.files.encode import encoded
from engine.compose.files.stems import pack_stems
from engine.compose.files.tags import Tags
from engine.compose.render import Audio
from engine.music.notes import Role, Song

STEMS_ENDING = "stems.zip"
SCORE_ENDING = "musicxml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """The mastered audio, and role → dry stem where stems are wanted; each `[2, N] float32`."""

    audio: Audio = field(repr=False)
    stems: Mapping[Role, Audio] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """`files`: what it is → (ending, bytes); `notices`: sentences for the person."""

    files: Mapping[str, tuple[str, bytes]] = field(repr=False)
    notices: tuple[str, ...] = ()


def hand_over(song: Song, tags: Tags, sound: Sound, delivery: Delivery, *, name: str) -> Handover:
    """Encode everything that `delivery` asks for."""
    limit = delivery.limit_bytes
    audio = encoded(sound.audio, format=delivery.format, tags=tags, limit_bytes=limit, loop=delivery.loop)
    files: dict[str, tuple[str, bytes]] = {"audio": (audio.format, audio.data)}
    notices = [audio.notice]
    if delivery.stems:
        packed = pack_stems(sound.stems, name=name, tags=tags, wav=delivery.format == "wav", limit_bytes=limit)
        files["stems"] = (STEMS_ENDING, packed.data)
        notices.append(packed.notice)
    if delivery.musicxml:
        from engine.compose.files.musicxml import song_to_musicxml  # noqa: PLC0415 (music21 takes a while to load)

        files["musicxml"] = (SCORE_ENDING, song_to_musicxml(song))
    return Handover(files=files, notices=tuple(notice for notice in notices if notice is not None))


def tags_of(song: Song, style: str, *, seed: int, delivery: Delivery, title: str) -> Tags:
    """What the files tell of the song; `style` as people read it."""
    facts = (song.style, f"{song.tempo_bpm:g} bpm", str(song.key), str(song.meter), f"seed {seed}", *delivery.origin)
    return Tags(
        title=title,
        style=style,
        bpm=song.tempo_bpm,
        key=song.key,
        comment=" · ".join(facts),
        year=delivery.year,
        cover=draw_cover(song, style),
    )
