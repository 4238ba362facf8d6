"""The evaluation's pages: one a style, and an index of all.

In: what a style's JSON holds. Out: Markdown. Conventions: every figure stands beside what people's music reaches by
the same measure. Caveat: pages say what was measured, not whether the music is good.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAKERS = {
    "human": "people, one half against the other",
    "network": "**Tunesmith**",
    "grammar": "the written grammar alone",
    "shuffled": "people's music, bars shuffled",
    "tutorial": "tutorial LSTM",
    "random": "random notes in the scale",
}
COLUMNS = {
    "songs": "songs",
    "inside": "inside the band",
    "overlap": "overlap",
    "auc": "AUC",
    "precision": "precision",
    "recall": "recall",
    "structure_mid": "SI mid",
    "structure_long": "SI long",
    "variety": "variety",
    "named": "style named",
}
SIGNS = {True: "yes", False: "**no**", None: "–"}
WORST = 12
METHOD = """
- *Inside the band*: share of metric values between the 5th and 95th percentile of people's music of the style.
- *Overlap*: mean overlapping area of the distances (Yang and Lerch 2020), over what human halves reach.
- *AUC*: area under the ROC curve of a cross-validated discriminator, the larger of logistic regression and gradient
  boosting; .5 cannot be told from people's music, 1 always.
- *Precision*, *recall*: by nearest neighbours (Kynkäänniemi et al. 2019), precision against all people's music.
- *SI*: share of songs whose structureness indicator (after Wu and Yang 2020) lies in the human band.
- *Variety*: mean distance of two songs, in deviations of people's music a metric.
- *Style named*: share of songs whose style a classifier names right that was trained on the training corpora.
"""


def style_page(result: Mapping[str, Any]) -> str:
    """One style's page."""
    basis, human = result["basis"], result["human"]
    kinds = " and ".join(human["kinds"])
    parts = [
        f"# {result['style']}",
        f"{basis['songs']} songs for random wishes (seed {basis['seed']}), checkpoint"
        f" {basis['model'].get('version', '?')}, against {human['windows']} windows of {human['pieces']} {kinds}"
        " pieces.",
        "## Figures to reach",
        _table(
            ("figure", "wanted", "measured", "reached"),
            [(t["name"], t["wanted"], t["measured"], SIGNS[t["reached"]]) for t in result["targets"]],
        ),
        "## Beside people and baselines",
        _table(
            ("", *COLUMNS.values()),
            [(words, *_cells(result["figures"][name])) for name, words in MAKERS.items() if name in result["figures"]],
        ),
        METHOD.strip(),
        _training(result),
        "## What gives the songs away",
        "Metrics by how well each alone tells songs from people's music (.5: not at all).",
        _metric_table(result["metrics"][:WORST]),
        _pictures(result["pictures"]),
        "## All metrics",
        _metric_table(sorted(result["metrics"], key=lambda row: str(row["metric"]))),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def index_page(results: Sequence[Mapping[str, Any]]) -> str:
    """The table of all styles and figures."""
    names = list(dict.fromkeys(t["name"] for result in results for t in result["targets"]))
    rows = []
    for name in names:
        cells = []
        for result in results:
            found = next((t for t in result["targets"] if t["name"] == name), None)
            cells.append(_mark(found) if found else "")
        wanted = next(t["wanted"] for result in results for t in result["targets"] if t["name"] == name)
        rows.append((name, wanted if _same_bound(results, name) else "", *cells))
    heads = [f"[{result['style']}]({result['style']}.md)" for result in results]
    missed = sum(t["reached"] is False for result in results for t in result["targets"])
    asked = sum(t["reached"] is not None for result in results for t in result["targets"])
    return (
        "\n\n".join(
            (
                "# Evaluation",
                "Made by `tunesmith evaluate`; each style's page has the method, the baselines and the pictures."
                f" {asked - missed} of {asked} figures are reached; those that are not stand **bold**.",
                _table(("figure", "wanted", *heads), rows),
                "## How to read it",
                METHOD.strip(),
            )
        )
        + "\n"
    )


def write_index(folder: Path) -> Path | None:
    """Write `README.md` from the styles' JSON files in the folder; None if there are none."""
    results = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]
    if not results:
        return None
    path = folder / "README.md"
    path.write_text(index_page(results), encoding="utf-8")
    return path


def _same_bound(results: Sequence[Mapping[str, Any]], name: str) -> bool:
    return len({t["wanted"] for result in results for t in result["targets"] if t["name"] == name}) == 1


def _mark(target: Mapping[str, Any]) -> str:
    measured = str(target["measured"]).split(" (")[0]
    return f"**{measured}**" if target["reached"] is False else measured


def _cells(figures: Mapping[str, Any]) -> list[str]:
    return [_number(figures[name]) for name in COLUMNS]


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.2f}"


def _metric_table(rows: Sequence[Mapping[str, Any]]) -> str:
    return _table(
        ("metric", "people: median", "5th–95th", "songs: median", "inside", "effect", "AUC"),
        [
            (
                str(row["metric"]).replace("_", " "),
                _number(row["human"]),
                f"{_number(row['low'])}–{_number(row['high'])}",
                _number(row["other"]),
                _number(row["inside"]),
                _number(row["effect"]),
                _number(row["auc"]),
            )
            for row in rows
        ],
    )


def _training(result: Mapping[str, Any]) -> str:
    facts = result["training"]
    if "held_out_nats" not in facts:
        return ""
    words = (
        f"Held-out loss {facts['held_out_nats']} nats an event (the base on this style: "
        f"{facts.get('held_out_nats_before', '?')}); the weights of step {facts.get('best_step', '?')} were kept, "
        "because no later evaluation on held-out pieces was better."
    )
    shown = "\n\n".join(f"![Training curve]({name})" for name in result["pictures"]["training"])
    return "\n\n".join(part for part in ("## Training", words, shown) if part)


def _pictures(files: Mapping[str, Sequence[str]]) -> str:
    parts = ["## Pictures"]
    parts += [f"![Distributions of metrics]({name})" for name in files["distributions"]]
    parts += [f"![Self-similarity and fitness of the first song]({name})" for name in files["scape"]]
    parts += [f"![Piano roll]({name})" for name in files["songs"]]
    return "\n\n".join(parts)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join([*lines, *(f"| {' | '.join(row)} |" for row in rows)])
