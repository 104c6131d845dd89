"""Names said in part are asked about; whole names, old names and misspelt ones are what they were."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("question", "choices"),
    [
        ("maize points in Baden", ["Baden-Württemberg", "Baden-Baden", "Baden (Austria", "Baden (France"]),
        ("points de vigne à Baden", ["Bade-Wurtemberg", "Baden-Baden", "Baden (Autriche", "Baden (France"]),
        ("forest in Karelia", ["South Karelia", "North Karelia"]),
        ("forest in Midlands", ["East Midlands", "West Midlands"]),
        ("Weinberge in der Pfalz", ["Rheinland-Pfalz (Region, Deutschland)", "Rheinhessen-Pfalz"]),
    ],
)
def test_a_part_of_several_names_is_asked_about(asked, question: str, choices: list[str]) -> None:
    answer = asked(question)
    assert answer.status == "clarify"
    assert [given.startswith(name) for given, name in zip(answer.choices, choices, strict=True)] == [True] * len(
        choices
    )


@pytest.mark.parametrize(
    ("question", "region"),
    [
        ("Wald in Westfalen", "nuts:DEA"),
        ("maize in Württemberg", "nuts:DE1"),
        ("Wald in Holstein", "nuts:DEF0"),
    ],
)
def test_a_part_of_one_name_is_read_as_it_and_said(asked, question: str, region: str) -> None:
    answer = asked(question)
    assert [r.id for r in answer.results[0].regions] == [region]
    assert any(question.split()[-1] in caveat for caveat in answer.caveats)


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("vines in Languedoc", "nuts:FRJ1"),
        ("vines in Languedok", "nuts:FRJ1"),
        ("vines in Saxony", "nuts:DED"),
        ("vines in Charente", "iso:FR-16"),
    ],
)
def test_names_that_are_known_are_not_asked_about(asked, question: str, place: str) -> None:
    assert [r.id for r in asked(question).results[0].regions] == [place]


def test_a_town_of_its_exact_name_is_that_town(asked) -> None:
    assert asked("maize points in Calais").results[0].arguments["near"]["name"] == "Calais"
    assert asked("maize points in Baden-Baden").results[0].arguments["near"]["name"] == "Baden-Baden"


def test_a_word_of_too_many_names_is_no_name(asked) -> None:
    assert "Close names" in asked("forest in Northern").text


@pytest.mark.parametrize("question", ["forest in the Alps", "forest in the Balkans"])
def test_mountains_are_no_town_of_nearly_their_name(asked, question: str) -> None:
    assert asked(question).status == "refused"


def test_a_town_of_another_country_s_language_is_told_with_its_circle(asked) -> None:
    answer = asked("Kolik bodů kukuřice je v Calais?")
    assert answer.results[0].arguments["near"]["name"] == "Calais"
    assert any("10 km" in caveat for caveat in answer.caveats)
