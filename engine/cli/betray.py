"""How N songs of a style differ from its human reference, printed: the quick look while tuning.

In: a style and a count. Out: on standard output the figures and the metrics that betray the style most. Used as
`python -m engine.cli.betray STYLE [SONGS]`. Caveat: about two seconds a song.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from engine.cli.makers import network_maker, open_composer
from engine.evaluate.bands import betrayals
from engine.evaluate.figures import Judge
from engine.evaluate.reference import load_reference
from engine.evaluate.study import judge_of
from engine.evaluate.vectors import Label, Sample, VectorSet, measure_all
from engine.evaluate.wishes import Made, wishes
from engine.music.notes import Song
from engine.music.styles import load_style

SEED = 11


def made_songs(style: str, count: int, *, seed: int = SEED, candidates: int = 8) -> Iterator[Made]:
    """`count` songs of a style, composed for random wishes."""
    make = network_maker(open_composer(), candidates=candidates)
    about = load_style(style)
    for wish in wishes(style, (about.tempo_low, about.tempo_high), count, seed):
        yield make(wish)


def measured(style: str, songs: list[Song]) -> VectorSet:
    """The songs' vectors."""
    labels = [Label(id=f"generated/{i}", style=style, split="valid", kind="generated") for i in range(len(songs))]
    return measure_all(Sample(label=label, song=song) for label, song in zip(labels, songs, strict=True))


def judge(style: str, *, seed: int = SEED) -> Judge:
    """What songs of a style are compared with."""
    return judge_of(style, load_reference(), seed)


def betray(style: str, songs: list[Song], *, top: int = 10, seed: int = SEED) -> str:
    """The figures and the `top` metrics that tell these songs from the style's human reference, as text."""
    bench, generated = judge(style, seed=seed), measured(style, songs)
    figures = bench.figures(generated).to_json()
    human_variety = bench.human_variety()
    lines = [
        f"{style}: {len(songs)} songs against {len(bench.human)} windows of the reference",
        "  " + " · ".join(f"{name} {value}" for name, value in figures.items()),
        f"  (variety of people's music {human_variety:.2f}; a narrow set is told at once, whatever its means)",
    ]
    lines += [f"  {row}" for row in betrayals(bench.human, generated)[:top]]
    return "\n".join(lines)


def main() -> None:
    """Compose, compare, print."""
    style, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 24
    made = list(made_songs(style, count))
    failed = [one.failures for one in made if one.failures]
    sys.stdout.write(
        f"{betray(style, [one.song for one in made])}\n  songs with gate failures: {len(failed)} {failed}\n"
    )


if __name__ == "__main__":
    main()
