"""Kept uploads → songs, the sides that they are on, and columns for the trainer.

In: an order's uploads, the file store's space `uploads`. Out: `Kept` pieces; `Dataset`s. Conventions: the store decides
the side of a piece once, for all versions; where that leaves one side without a piece, those whose ids hash lowest are
held out, about a fifth. Music is read in normal form (the scale on the white keys), so transposition changes nothing
but, for some keys, the octave, and tempo changes nothing but, near an edge, its band: of all variants within five
semitones and five percent those that read differently are learnt. Caveat: a piece is heard as its whole, so long pieces
count for more.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from engine.errors import BadRequest, NotFound, StoreError
from engine.learn.dataset import Dataset, encode_pieces
from engine.learn.server.order import Split, Taught
from engine.learn.sources.piece import Piece
from engine.music.codec import song_from_json
from engine.music.frames import tempo_level
from engine.music.harmony import Key
from engine.music.notes import Role, Song, Track
from engine.store import FileStore

SOURCE = "uploads"
PIECE = "piece.json"
HELD_OUT_SHARE = 0.2
LEAST_PIECES = 2
FURTHEST = 5
TEMPOS = (1.0, 0.95, 1.05)
LOWEST, HIGHEST = 12, 115


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An upload with its music."""

    taught: Taught
    song: Song

    @property
    def events(self) -> int:
        """Notes and bar lines."""
        return sum(len(track.notes) for track in self.song.tracks) + self.song.bars


def read_pieces(files: FileStore, uploads: Sequence[Taught]) -> tuple[Kept, ...]:
    """Bring the music of all uploads. Raises `BadRequest` for too few, `NotFound` for one that is gone, `StoreError`
    for one that is damaged.
    """
    if len(uploads) < LEAST_PIECES:
        raise BadRequest(
            f"Pieces to learn from: {len(uploads)}; {LEAST_PIECES} would work, one of them to be tested on."
        )
    return asyncio.run(_read(files, uploads))


async def _read(files: FileStore, uploads: Sequence[Taught]) -> tuple[Kept, ...]:
    return tuple([Kept(taught=taught, song=await _song(files, taught.id)) for taught in uploads])


async def _song(files: FileStore, upload_id: str) -> Song:
    data = b"".join([part async for part in files.fetch(upload_id, PIECE)])
    try:
        song = song_from_json(json.loads(data))
    except (ValueError, TypeError, RecursionError) as error:
        raise StoreError(f"The piece of the upload {upload_id!r} is damaged ({error}).") from error
    if not song.bars or not song.tracks:
        raise NotFound(f"The upload {upload_id!r} holds no music any more; teach it again.")
    return song


def with_sides(pieces: Sequence[Kept]) -> tuple[Kept, ...]:
    """The pieces with something on either side."""
    if {piece.taught.split for piece in pieces} == {"train", "valid"}:
        return tuple(pieces)
    ranked = sorted(pieces, key=lambda piece: hashlib.sha256(piece.taught.id.encode()).digest())
    held_out = {piece.taught.id for piece in ranked[: max(1, round(HELD_OUT_SHARE * len(pieces)))]}
    return tuple(_on(piece, "valid" if piece.taught.id in held_out else "train") for piece in pieces)


def _on(piece: Kept, side: Split) -> Kept:
    return replace(piece, taught=replace(piece.taught, split=side))


def side(pieces: Sequence[Kept], wanted: Split) -> tuple[Kept, ...]:
    """The pieces of one side."""
    return tuple(piece for piece in pieces if piece.taught.split == wanted)


def encoded(pieces: Sequence[Kept], style: str, row: int, *, varied: bool = False) -> Dataset:
    """Rows of the pieces as music of `style`, whose place in the network is `row`. `varied`: variants too, each a piece
    of its own.
    """
    found = [
        Piece(
            id=piece.taught.id,
            source=SOURCE,
            licence=piece.taught.licence,
            style=style,
            split=piece.taught.split,
            song=song,
        )
        for piece in pieces
        for song in (variants(piece.song) if varied else (piece.song,))
    ]
    return encode_pieces(found, ids={style: row})


def encoded_songs(songs: Sequence[Song], style: str, row: int) -> Dataset:
    """Rows of songs that are no uploads."""
    pieces = (
        Piece(id=str(index), source="replay", licence="", style=style, split="train", song=song)
        for index, song in enumerate(songs)
    )
    return encode_pieces(pieces, ids={style: row})


def variants(song: Song) -> Iterator[Song]:
    """The song, and those of its transpositions and tempos that the network reads as something else."""
    seen: set[tuple[int, int]] = set()
    for semitones in sorted(range(-FURTHEST, FURTHEST + 1), key=abs):
        for tempo in TEMPOS:
            varied = replace(transposed(song, semitones), tempo_bpm=song.tempo_bpm * tempo)
            octave = semitones + varied.key.shift_to_white - song.key.shift_to_white
            look = (octave, tempo_level(varied.tempo_bpm))
            if _fits(varied) and look not in seen:
                seen.add(look)
                yield varied


def transposed(song: Song, semitones: int) -> Song:
    """The song so many semitones higher; drums stay."""
    if semitones == 0:
        return song
    return replace(
        song,
        key=Key(tonic=(song.key.tonic + semitones) % 12, mode=song.key.mode),
        chords=tuple(chord.transposed(semitones) if chord else None for chord in song.chords),
        tracks=tuple(track if track.role is Role.DRUMS else _moved(track, semitones) for track in song.tracks),
    )


def _moved(track: Track, semitones: int) -> Track:
    return replace(track, notes=tuple(replace(note, pitch=note.pitch + semitones) for note in track.notes))


def _fits(song: Song) -> bool:
    """Whether every pitch, with an octave's room for the normal form, is one."""
    pitches = [note.pitch for track in song.tracks if track.role is not Role.DRUMS for note in track.notes]
    return not pitches or (min(pitches) >= LOWEST and max(pitches) <= HIGHEST)
