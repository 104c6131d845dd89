from __future__ import annotations

import json

import pytest

from agent.conversation import Conversation, chosen
from agent.frame import Frame


def follow(asked, *questions: str):
    conversation = Conversation()
    for question in questions:
        # through JSON, as it is after a restart
        conversation = Conversation.from_json(json.loads(json.dumps(conversation.to_json())))
        answer = asked(question, conversation)
    return answer


def step(answer) -> tuple[str, list[str], tuple[str, ...], tuple[int, ...]]:
    first = answer.results[0]
    return first.tool, [r.id for r in first.regions], first.land_cover, first.years


def test_a_year_alone_keeps_place_and_class(asked) -> None:
    answer = follow(asked, "how many vineyard points are in Tuscany?", "and in 2015?")
    assert step(answer) == ("count_points", ["nuts:ITI1"], ("B82",), (2015,))


def test_a_place_alone_keeps_class_and_operation(asked) -> None:
    answer = follow(asked, "how many vineyard points are in Tuscany in 2018?", "what about Umbria?")
    assert step(answer) == ("count_points", ["nuts:ITI2"], ("B82",), (2018,))


def test_a_class_alone_keeps_the_place(asked) -> None:
    answer = follow(asked, "where are vineyards in Tuscany?", "and olive groves?")
    assert step(answer)[:3] == ("find_points", ["nuts:ITI1"], ("B81",))


@pytest.mark.parametrize(
    ("first", "second", "place"),
    [
        ("combien de points de vigne en Alsace ?", "et en Bourgogne ?", "nuts:FRC1"),
        ("Wie viele Weinbergpunkte gibt es in Sizilien?", "und in der Toskana?", "nuts:ITI1"),
        ("¿Cuántos puntos de olivar hay en Andalucía?", "¿y en Extremadura?", "nuts:ES43"),
        ("quanti punti di uliveto in Puglia?", "e in Calabria?", "nuts:ITF6"),
        ("quantos pontos de vinha há no Alentejo?", "e no Algarve?", "nuts:PT15"),
        ("hoeveel punten met bos in Toscane?", "en in Umbrië?", "nuts:ITI2"),
        ("ile punktów z winnicami jest na Sycylii?", "a w Toskanii?", "nuts:ITI1"),
    ],
)
def test_follow_ups_work_in_every_language(asked, first: str, second: str, place: str) -> None:
    answer = follow(asked, first, second)
    assert step(answer)[:2] == ("count_points", [place])


@pytest.mark.parametrize("reply", ["the Dutch one", "2", "Limburg (Netherlands)", "the second", "Netherlands"])
def test_an_offered_choice_is_taken_by_words_or_number(asked, reply: str) -> None:
    answer = follow(asked, "where are vineyards in Limburg?", reply)
    assert step(answer)[1] == ["nuts:NL42"]


def test_a_correction_replaces_the_place(asked) -> None:
    answer = follow(asked, "where are vineyards in Limburg?", "1", "no, the Dutch Limburg")
    assert step(answer)[:3] == ("find_points", ["nuts:NL42"], ("B82",))


def test_an_offer_made_with_a_refusal_is_taken_by_yes(asked) -> None:
    answer = follow(asked, "how many hectares of vineyard in Hérault", "yes")
    assert step(answer)[:2] == ("official_share", ["nuts:FRJ1"])
    assert answer.results[0].unit == "ha"


@pytest.mark.parametrize("doubt", ["are you sure?", "that is not right, it is 99", "you are wrong"])
def test_disputing_a_right_number_does_not_change_it(asked, doubt) -> None:
    first = follow(asked, "how much of Sweden was woodland in 2018")
    again = follow(asked, "how much of Sweden was woodland in 2018", doubt)
    assert again.results[0].value == first.results[0].value == 62.4


def test_a_new_topic_drops_what_was_said(asked) -> None:
    answer = follow(asked, "how much of Sweden was woodland in 2018", "vineyards in Tuscany")
    tool, places, classes, years = step(answer)
    assert (tool, places, classes) == ("find_points", ["nuts:ITI1"], ("B82",))
    assert years != (2018,)


def test_a_refused_question_leaves_the_thread_as_it_was(asked) -> None:
    answer = follow(asked, "how many vineyard points in Tuscany", "what is the weather", "and in Umbria?")
    assert step(answer)[:3] == ("count_points", ["nuts:ITI2"], ("B82",))


@pytest.mark.parametrize(
    ("reply", "language", "number"),
    [
        ("1", "en", 0),
        ("second", "en", 1),
        ("die zweite", "de", 1),
        ("la segunda", "es", 1),
        ("drugi", "pl", 1),
        ("the last one", "en", 1),
        ("Belgium", "en", 0),
        ("neither of them really", "en", None),
        ("3", "en", None),
    ],
)
def test_replies_are_matched_to_choices(reply: str, language: str, number: int | None) -> None:
    assert chosen(reply, ["Limburg (Belgium)", "Limburg (Netherlands)"], language) == number


def test_a_frame_survives_json() -> None:
    frame = Frame(operation="count_points", regions=("nuts:FRJ1",), each=(("B82",), ("B81",)), span=(2015, 2018))
    assert Frame.from_json(json.loads(json.dumps(frame.to_json()))) == frame


def test_show_me_draws_what_was_counted(asked) -> None:
    answer = follow(asked, "how many vineyard points are in Tuscany?", "show me")
    assert step(answer)[:3] == ("find_points", ["nuts:ITI1"], ("B82",))


def test_compare_with_adds_a_place_to_the_one_before(asked) -> None:
    answer = follow(asked, "how many vineyard points are in Tuscany?", "compare with Umbria")
    assert step(answer)[:2] == ("compare_regions", ["nuts:ITI1", "nuts:ITI2"])


def test_which_regions_have_most_takes_the_class_from_before(asked) -> None:
    answer = follow(asked, "where is maize in Brittany?", "which regions of France have the most?")
    assert answer.results[0].tool == "rank_official"
    assert answer.results[0].land_cover == ("B16",)


def test_a_place_is_added_to_a_comparison(asked) -> None:
    answer = follow(asked, "compare cropland in Denmark and Sweden", "add Finland")
    assert step(answer)[:2] == ("compare_official", ["country:DK", "country:SE", "country:FI"])


def test_a_ranking_is_turned_round(asked) -> None:
    answer = follow(asked, "which regions of France have the most vineyard?", "and the fewest?")
    assert (answer.results[0].tool, answer.results[0].arguments["order"]) == ("rank_official", "fewest")


def test_what_names_neither_class_nor_place_is_of_the_year_before(asked) -> None:
    answer = follow(asked, "how many wheat points are in Poland in 2018?", "what percentage is that?")
    assert step(answer) == ("official_share", ["country:PL"], ("B11", "B12"), (2018,))


def test_why_is_said_to_have_no_answer(asked) -> None:
    assert "Not taken into account: “why”." in asked("why did grassland decline in Poland?").caveats
