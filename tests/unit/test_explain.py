"""Why a song is as it is: the sentence for people, the facts for programs, and that both come from the plan."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from engine.compose.explain import Explanation, mood_words, next_style, strongest
from engine.compose.plan import plan_to_json
from engine.compose.planner import Planner
from engine.compose.request import ComposeRequest
from engine.music.styles import load_style, style_names
from engine.text.meaning import NEUTRAL, Meaning, WordWeight
from engine.text.reader import Reader


@pytest.fixture(scope="module")
def planner() -> Planner:
    return Planner(Reader.load({name: load_style(name).descriptions for name in style_names()}))


def explained(planner: Planner, prompt: str, **fields: object) -> Explanation:
    plan = planner.plan(ComposeRequest(prompt=prompt, seed=3, **fields))  # type: ignore[arg-type]
    assert plan.explanation is not None
    assert plan_to_json(plan)["explanation"] == json.loads(json.dumps(plan.explanation.to_json()))
    return plan.explanation


def test_a_meant_style_is_told_with_its_confidence_and_the_words_that_decided(planner: Planner) -> None:
    why = explained(planner, "driving through a neon city at night, 40s")
    assert (why.style, why.source) == ("synthwave", "encoder")
    assert why.confidence is not None
    assert 0.5 < why.confidence <= 1
    assert "neon" in {part.words for part in why.words}
    assert f"Synthwave ({100 * why.confidence:.0f} % sure, from" in why.sentence
    assert "“neon”" in why.sentence
    assert "asked: 40s" in why.sentence
    assert why.next_style in style_names()


@pytest.mark.parametrize("prompt", ["asdf", "🙂", "qwertzuiop", "42"])
def test_empty_handed_words_get_the_usual_style_and_say_so(planner: Planner, prompt: str) -> None:
    why = explained(planner, prompt)
    assert (why.style, why.source, why.confidence, why.words) == ("lofi", "default", None, ())
    assert why.sentence.startswith("Nothing in the words speaks for a style, so the usual one was taken: lofi")
    jazz = Planner(planner._reader, default_style="jazz")
    assert "the usual one was taken: jazz" in explained(jazz, prompt).sentence


def test_words_that_name_only_a_mood_keep_the_usual_style_and_the_mood(planner: Planner) -> None:
    why = explained(planner, "something very sad and quiet")
    assert why.source == "default"
    assert {"sad", "calm"} <= set(mood_words(why.moods))
    assert "heard as sad" in why.sentence


def test_a_named_style_is_told_as_asked(planner: Planner) -> None:
    for why in (explained(planner, "jazz 30s"), explained(planner, "for the evening", style="jazz")):
        assert (why.source in ("prompt", "asked"), why.confidence) == (True, 1.0)
        assert why.sentence.startswith("Jazz, as asked")
    assert explained(planner, "jazzy lofi").style == "lofi 65 % + jazz 35 %"


def test_what_was_asked_is_never_called_inferred(planner: Planner) -> None:
    why = explained(planner, "rainy evening in D minor, 3/4, 70 bpm, 50s, no drums, with flute")
    assert why.asked.keys() >= {"key", "meter", "tempo", "seconds", "instruments", "without"}
    assert not why.asked.keys() & why.inferred.keys()
    assert all(words in why.sentence for words in ("D minor", "3/4", "70 bpm", "50s", "no drums", "flute"))
    assert why.asked["key"] == {"value": "D minor", "from": "prompt", "words": "D minor"}
    free = explained(planner, "rainy evening")
    assert free.inferred.keys() >= {"style", "tempo", "key", "meter", "seconds", "energy"}
    assert free.inferred["seconds"] == {"value": 60.0, "from": "default", "why": "what is usual"}
    assert all(fact["value"] is not None for fact in free.inferred.values())


def test_plans_made_together_are_those_made_alone_but_for_the_deciding_words(planner: Planner) -> None:
    requests = [
        ComposeRequest(prompt=text, seed=5) for text in ("neon city", "asdf", "a tavern by the sea, 30s", "rock")
    ]
    for request, together in zip(requests, planner.plan_all(requests), strict=True):
        alone = planner.plan(request)
        assert together.explanation is not None
        assert together.explanation.words == ()
        assert (together.style, together.key, together.tempo_bpm, together.bars, together.cast) == (
            (alone.style, alone.key, alone.tempo_bpm, alone.bars, alone.cast)
        )


class Fixed(Reader):
    """A reader that always means the same, and says which words did it."""

    def __init__(self, meaning: Meaning) -> None:
        self.meaning, self.spent_s = meaning, 0.0

    def read(self, texts: Sequence[str], styles: object = None) -> tuple[Meaning, ...]:
        return (self.meaning,) * len(texts)

    def explain(self, text: str, style: str, styles: object = None) -> tuple[WordWeight, ...]:
        return tuple(WordWeight(words=word, weight=0.4) for word in text.split())


def test_a_close_second_is_named(planner: Planner) -> None:
    meaning = Meaning(styles={"folk": 0.45, "rock": 0.35, "jazz": 0.1}, open=0.1, mood=NEUTRAL)
    why = explained(Planner(Fixed(meaning)), "hm well")
    assert why.sentence == "Folk (45 % sure, from “hm” and “well”; next rock, 35 %)."


def test_an_unsure_reading_is_not_followed() -> None:
    shares = {name: 0.08 for name in style_names()}
    meaning = Meaning(styles=shares, open=0.04, mood=NEUTRAL)
    assert explained(Planner(Fixed(meaning)), "hm").source == "default"


def test_only_words_near_the_strongest_are_shown() -> None:
    words = tuple(
        WordWeight(words=w, weight=x) for w, x in (("a", 0.1), ("b", 0.5), ("c", 0.3), ("d", 0.2), ("e", 0.4))
    )
    assert [part.words for part in strongest(words)] == ["b", "c", "e"]
    assert strongest(()) == []


def test_moods_near_the_middle_get_no_word() -> None:
    assert mood_words({"valence": 0.1, "energy": -0.5, "tempo": 0.9}) == ["calm", "fast"]


def test_the_runner_up_is_another_style() -> None:
    assert next_style({"folk": 0.6, "rock": 0.3, "pop": 0.1}, "folk") == ("rock", 0.3)
    assert next_style({"folk": 1.0}, "folk") == (None, 0.0)
