"""Whether a candidate composes for its server from now on: what was measured on it → one sentence against it, or none.

In: losses, drift, how it ranks songs that were voted on, the songs that it wrote, the copy indexes. Out:
`SongFindings`, and the reason why it is refused. Conventions: reasons are looked for in the order in which they would
hurt: forgetting first, then no gain, then damage, then copying. Where votes teach too, it may gain by either and lose
by neither. Songs are judged as they would be given out, after the best of a few candidates was kept. Caveat: the limits
on songs are shares of two dozen songs, so they find what is common, not what is rare; each song is judged again when it
is composed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from engine.learn.server.voted import Ranking
from engine.metrics.gates import degeneracy
from engine.metrics.originality import CopyGate, SharedRun
from engine.music.notes import Song

LEAST_GAIN = 0.005
"""Of the held-out loss of what composes now."""
MOST_BROKEN = 0.15
MOST_COPIED = 0.10
"""Shares of the songs that it wrote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Losses:
    """Nats an event on held-out uploads: by what composes now, by the shipped parent, by the candidate; None without
    uploads. `rise`: what is lost of the parent, as a share of its own held-out loss; `most_rise`: what may be.
    """

    current_nats: float | None
    parent_nats: float | None
    candidate_nats: float | None
    rise: float
    most_rise: float

    @property
    def gain(self) -> float | None:
        """What the candidate foretells better than what composes now, as a share; None without uploads."""
        if self.candidate_nats is None or not self.current_nats:
            return None
        return 1 - self.candidate_nats / self.current_nats

    def to_json(self) -> dict[str, float]:
        """As plain JSON, by the names that checkpoints use."""
        nats = {
            "held_out_nats": self.candidate_nats,
            "held_out_nats_before": self.parent_nats,
            "held_out_nats_current": self.current_nats,
        }
        return {name: round(value, 4) for name, value in nats.items() if value is not None} | {
            "rise": round(self.rise, 4)
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SongFindings:
    """Shares of the songs that are broken and that copy, an example of each ("" for none), the longest run. `likeness`:
    to the uploads, `likeness_before`: of the parent's songs; None where there are too few to tell.
    """

    songs: int
    broken: float
    broken_example: str
    copied: float
    copied_example: str
    longest_run_notes: int
    likeness: float | None = None
    likeness_before: float | None = None

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        plain = {name: round(v, 4) if isinstance(v, float) else v for name, v in asdict(self).items()}
        return {f"songs_{name}" if name in ("broken", "copied") else name: value for name, value in plain.items()}


def examine(songs: Sequence[Song], gates: Sequence[CopyGate], likenesses: Mapping[str, float | None]) -> SongFindings:
    """Look at the candidate's songs; each of `gates` is asked about each."""
    broken = [reasons[0] for song in songs if (reasons := degeneracy(song, {}))]
    checks = [check for song in songs for check in [[gate.check(song) for gate in gates]]]
    copied = [reason for check in checks for reason in _worst(check)]
    runs: list[SharedRun] = [found.run for check in checks for found in check]
    count = max(1, len(songs))
    return SongFindings(
        songs=len(songs),
        broken=len(broken) / count,
        broken_example=next(iter(broken), ""),
        copied=len(copied) / count,
        copied_example=next(iter(copied), ""),
        longest_run_notes=max((run.notes for run in runs), default=0),
        likeness=likenesses.get("after"),
        likeness_before=likenesses.get("before"),
    )


def _worst(found: Sequence[Any]) -> tuple[str, ...]:
    """The first reason that any index has against a song, or none."""
    return next((one.reasons[:1] for one in found if not one.passed), ())


def reason_against(losses: Losses, songs: SongFindings, ranking: Ranking | None = None) -> str | None:
    """One sentence for the server; None if the candidate is to be published. `ranking`: where votes taught it."""
    if losses.rise > losses.most_rise:
        return (
            f"It would have forgotten too much of what the style was: {losses.rise:.1%} of its loss, at most"
            f" {losses.most_rise:.0%} may be; more pieces, or pieces nearer to the style, would work."
        )
    if (reason := _no_gain(losses, ranking)) is not None:
        return reason
    if songs.songs and songs.broken > MOST_BROKEN:
        return (
            f"{songs.broken:.0%} of the songs that it wrote are broken ({songs.broken_example}); more pieces may help."
        )
    if songs.songs and songs.copied > MOST_COPIED:
        return (
            f"{songs.copied:.0%} of the songs that it wrote copy a piece ({songs.copied_example}); more pieces, or less"
            " alike ones, would work."
        )
    return None


def _no_gain(losses: Losses, ranking: Ranking | None) -> str | None:
    """Neither better at pieces nor at votes, or worse at one of them."""
    gain, ranks = losses.gain, None if ranking is None else ranking.is_better
    if gain is not None and gain < (-LEAST_GAIN if ranks else LEAST_GAIN):
        return (
            f"It foretells the pieces that were held out no better than the version that composes now"
            f" ({losses.candidate_nats:.3f} nats a note, before {losses.current_nats:.3f}); more pieces would work."
        )
    if ranking is None or ranks or (gain is not None and not ranking.is_worse):
        return None
    if not ranking.is_nearer:
        return "The songs that it writes are no nearer to what the votes prefer than before; more votes would work."
    best = max(ranking.current, 0.5)
    return (
        f"It tells liked songs from disliked ones worse than the version that composes now ({ranking.agreement:.0%} of"
        f" the pairs, before {best:.0%}); more votes would work."
    )
