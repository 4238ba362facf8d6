"""What is read from phrases as people type them: `prompts.tsv` holds one a line, with everything that is read from it.

A reading names all fields that are not empty, but for the rest that goes to the encoder; `-` is nothing at all, and
`refused:` is followed by a part of the sentence.
"""

from __future__ import annotations

from pathlib import Path
from time import process_time

import pytest

from engine.compose.prompt import Wishes, read_prompt
from engine.errors import BadRequest

TABLE = Path(__file__).with_name("prompts.tsv")
LEAST_PHRASES = 550


def rows() -> list[tuple[str, str]]:
    """Phrase and reading; lines that begin with `##` are headings."""
    lines = (line for line in TABLE.read_text(encoding="utf-8").splitlines() if line and not line.startswith("##"))
    return [(phrase, reading) for phrase, _, reading in (line.partition("\t") for line in lines)]


ROWS = rows()


def reading_of(wishes: Wishes) -> str:
    """All that was read, in one line."""
    shares = wishes.style_shares or [0.0] * len(wishes.styles)
    styles = [f"{style}:{share:g}" if share else style for style, share in zip(wishes.styles, shares, strict=True)]
    fields = {
        "seconds": "" if wishes.seconds is None else f"{wishes.seconds:g}",
        "bars": wishes.bars,
        "bpm": "" if wishes.bpm is None else f"{wishes.bpm:g}",
        "bpms": "-".join(f"{bpm:g}" for bpm in wishes.bpm_range or ()),
        "pace": "" if wishes.pace is None else f"{wishes.pace:g}",
        "key": wishes.key,
        "no key": "+".join(str(key) for key in wishes.unwanted_keys),
        "mode": wishes.mode.value if wishes.mode else None,
        "meter": wishes.meter,
        "chords": wishes.chords,
        "styles": "+".join(styles),
        "no styles": "+".join(wishes.unwanted_styles),
        "genres": "+".join(wishes.other_genres),
        "seed": wishes.seed,
        "only" if wishes.alone else "players": "+".join(wishes.instruments),
        "no players": "+".join(wishes.unwanted_instruments),
        "without": "+".join(sorted(role.value for role in wishes.roles_off)),
    }
    return "; ".join(f"{name}={value}" for name, value in fields.items() if value not in (None, "")) or "-"


@pytest.mark.parametrize(("phrase", "reading"), ROWS, ids=[phrase for phrase, _ in ROWS])
def test_a_phrase_is_read_as_it_is_meant(phrase: str, reading: str) -> None:
    if reading.startswith("refused: "):
        with pytest.raises(BadRequest) as caught:
            read_prompt(phrase)
        assert reading.removeprefix("refused: ") in str(caught.value)
        assert str(caught.value).endswith("would work.")
        assert str(caught.value).count(". ") == 0
    else:
        assert reading_of(read_prompt(phrase)) == reading


def test_the_table_holds_hundreds_of_different_phrases() -> None:
    phrases = {phrase.lower() for phrase, _ in ROWS}
    assert len(phrases) == len(ROWS) >= LEAST_PHRASES


def test_a_phrase_is_read_in_less_than_two_milliseconds_at_the_95th_percentile() -> None:
    spent = []
    for phrase, reading in ROWS:
        if not reading.startswith("refused: "):
            read_prompt(phrase)
            times = []
            for _ in range(3):
                began = process_time()
                read_prompt(phrase)
                times.append(process_time() - began)
            spent.append(min(times))
    assert sorted(spent)[int(0.95 * len(spent))] < 0.002
