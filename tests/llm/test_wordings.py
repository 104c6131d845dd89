"""The wordings the embedded model learns from: what they mean, what they never hold, and how pairs come of them."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest

from agent.llm.solved import shown, solved
from agent.llm.training.ordinary import ordinary_text
from agent.llm.training.pairs import Names, fill, is_held_back, labels_of, pair_of, pairs_of, read
from agent.llm.wordings import SLOT, Wording, read_file, read_wordings, reply_of, steps_of_header, wordings_of
from agent.understand import understand
from agent.words import flatten
from evals.record import SAMPLES, read_lines
from retrieval.errors import BadFile
from retrieval.types import PAGE_LANGUAGES
from retrieval.word_forms import ORDINARY_FILE
from tools.context import Context


def test_every_language_has_wordings_of_every_plan() -> None:
    plans = {language: {w.steps for w in wordings_of(language)} for language in PAGE_LANGUAGES}
    assert all(len(found) == 32 for found in plans.values()), {k: len(v) for k, v in plans.items()}
    assert len({frozenset(found) for found in plans.values()}) == 1, "the same plans in all of them"
    fewest = Counter((w.language, w.steps) for w in read_wordings()).most_common()[-1]
    assert fewest[1] >= 6, fewest


def test_a_header_of_two_steps_says_which_slots_each_takes() -> None:
    steps = steps_of_header("rank_points country class > compare_years ranked class year", "en.txt:1")
    wording = Wording("en", "which regions of {country} have most {class} points, and since {year}?", steps)
    assert reply_of(wording, {"country": "R1", "class": "C1", "year": 2015}) == {
        "steps": [
            {"operation": "rank_points", "regions": ["R1"], "classes": ["C1"]},
            {"operation": "compare_years", "regions": ["@1"], "classes": ["C1"], "years": [2015]},
        ]
    }


def test_what_is_left_out_is_no_class_asked_for() -> None:
    wording = Wording("en", "{class} but no {not_class} in {place}", steps_of_header("find_points", "en.txt:1"))
    assert reply_of(wording, {"class": "C1", "not_class": "C2", "place": "R1"})["steps"] == [
        {"operation": "find_points", "regions": ["R1"], "classes": ["C1"], "exclude": ["C2"]}
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[plough_it]\nplough {place}", r"en\.txt:1.*plough_it"),
        ("[find_points]\nwhere is {crop}", r"en\.txt:2: 'crop'"),
        ("where is {class}", r"en\.txt:1: 'no section'"),
        ("[find_points > find_points > find_points > find_points]", r"en\.txt:1.*1 to 3 steps, not 4"),
    ],
)
def test_a_wording_nobody_can_read_is_named_with_its_line(text: str, named: str, tmp_path: Path) -> None:
    file = tmp_path / "en.txt"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadFile, match=named):
        list(read_file(file, "en"))


def test_no_evaluation_question_is_worded_as_one_that_was_learned() -> None:
    patterns = {language: [(pattern_of(w), w.text) for w in wordings_of(language)] for language in PAGE_LANGUAGES}
    same = []
    for file in sorted(SAMPLES.glob("*.jsonl")):
        for row in read_lines(file):
            for question in row.get("turns") or [row.get("question") or ""]:
                flat = flatten(question)
                same += [
                    (row["id"], text)
                    for pattern, text in patterns.get(row.get("language", ""), ())
                    if question and pattern.fullmatch(flat)
                ]
    assert same == []


def pattern_of(wording: Wording) -> re.Pattern[str]:
    """What a wording looks like with any names in its slots."""
    fixed = [re.escape(flatten(part)) for part in SLOT.split(wording.text.strip("?.! ¿¡"))[::2]]
    return re.compile(r"\W*" + r"(?<!\w)[\w' .,’-]{2,40}(?!\w)".join(fixed) + r"\W*")


def test_the_everyday_words_are_those_of_the_wordings() -> None:
    assert ORDINARY_FILE.read_text(encoding="utf-8") == ordinary_text()


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("quels sont les premiers pays pour le nombre de points de vigne", "fr"),
        ("de las regiones de España, cuáles son las primeras en puntos LUCAS de olivar", "es"),
        ("mi serve l'elenco dei punti con vigneto in Toscana", "it"),
    ],
)
def test_everyday_words_are_no_misspelt_classes_or_towns(question: str, language: str, demo: Context) -> None:
    reading = understand(question, demo.gazetteer, demo.nomenclature, language=language)
    assert len(reading.covers) == 1, [c.text for c in reading.covers]
    assert "LUCAS" not in [a.text for a in reading.areas]


def test_a_pair_asks_with_marks_and_answers_with_labels(demo: Context) -> None:
    wording = Wording("en", "how many {class} points are in {place}, {year}", steps_of_header("count_points", "x:1"))
    values = {"class": "vineyards", "place": "Sicily", "year": "2018"}
    question, spans = fill(wording.text, values)
    found = read(question, demo.in_language("en"))
    assert found is not None
    assert labels_of(spans, values, found) == {"class": "C1", "place": "R1", "year": 2018}


def test_pairs_name_nothing_that_is_held_back_and_are_the_same_again(demo: Context) -> None:
    some = random.Random(1).sample(read_wordings(), 40)
    pairs = list(pairs_of(some, 1, demo, seed=7))
    assert len(pairs) > 25
    assert pairs == list(pairs_of(some, 1, demo, seed=7))
    for pair in pairs:
        labels = re.findall(r'"([RCP]\d)"', pair.reply)
        offered = pair.asked.split("\n")[-1].split()
        assert {*labels} <= {*offered}, pair
        json.loads(pair.reply)
    chance, names = random.Random(2), Names(demo)
    drawn = {names.region("nuts2", "en", chance) for _ in range(300)}
    kept = {r.name for r in demo.gazetteer.at_level("nuts2", "en") if not is_held_back(r.id)}
    assert drawn <= kept


def test_a_question_that_retrieval_settles_makes_no_pair(demo: Context) -> None:
    wording = Wording("en", "how many {class} points in Tokyo", steps_of_header("count_points", "x:1"))
    assert pair_of(wording, Names(demo), demo.in_language("en"), random.Random(1)) is None


def test_examples_are_like_the_question_and_show_plans_with_labels(demo: Context) -> None:
    reading = understand(
        "welche Regionen in Spanien haben die meisten Weinbergpunkte?", demo.gazetteer, demo.nomenclature, language="de"
    )
    found = solved(reading, 3)
    assert len(found) == 3
    assert any("rank_points" in line for line in found), found
    for wording in wordings_of("pl"):
        question, plan = shown(wording).rsplit(" -> ", 1)
        assert "{" not in question
        json.loads(plan)
