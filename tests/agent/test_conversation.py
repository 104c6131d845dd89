from __future__ import annotations

import json

import pytest

from agent.conversation import Conversation, chosen


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
    answer = follow(asked, "how much of Sweden was woodland in 2015", "vineyards in Tuscany")
    tool, places, classes, years = step(answer)
    assert (tool, places, classes) == ("find_points", ["nuts:ITI1"], ("B82",))
    assert years != (2015,)


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


IN_TWO_PLACES = {
    "en": ("how many vineyard points in Tuscany?", "and in Umbria?"),
    "fr": ("combien de points de vigne en Toscane ?", "et en Ombrie ?"),
    "de": ("Wie viele Weinbergpunkte gibt es in der Toskana?", "und in Umbrien?"),
    "es": ("¿Cuántos puntos de viñedo hay en Toscana?", "¿y en Umbría?"),
    "it": ("quanti punti di vigneto in Toscana?", "e in Umbria?"),
    "pt": ("quantos pontos de vinha há na Toscana?", "e na Úmbria?"),
    "nl": ("hoeveel punten met wijngaard in Toscane?", "en in Umbrië?"),
    "pl": ("ile punktów z winnicami jest w Toskanii?", "a w Umbrii?"),
}


@pytest.mark.parametrize(
    ("language", "both"),
    [
        ("en", "compare them"),
        ("fr", "compare-les"),
        ("de", "vergleiche sie"),
        ("es", "compáralos"),
        ("it", "confrontali"),
        ("pt", "compara-os"),
        ("nl", "vergelijk ze"),
        ("pl", "porównaj je"),
        ("en", "which of the two has more?"),
        ("fr", "laquelle des deux en a le plus ?"),
        ("fr", "laquelle en a le plus ?"),
        ("de", "welche der beiden hat mehr?"),
        ("es", "¿cuál de las dos tiene más?"),
        ("it", "quale delle due ne ha di più?"),
        ("pt", "qual das duas tem mais?"),
        ("nl", "welke van de twee heeft er meer?"),
        ("pl", "która z tych dwóch ma więcej?"),
    ],
)
def test_the_last_two_places_are_compared(asked, language: str, both: str) -> None:
    answer = follow(asked, *IN_TWO_PLACES[language], both)
    assert step(answer)[:3] == ("compare_regions", ["nuts:ITI1", "nuts:ITI2"], ("B82",))
    assert answer.language == language


@pytest.mark.parametrize(
    ("questions", "tools"),
    [
        (
            ("how much of Bavaria is maize?", "and of Brittany?", "compare them"),
            ["compare_official", "compare_regions"],
        ),
        (
            ("how much of Bavaria is maize?", "and wheat?", "compare them"),
            ["official_share"] * 2 + ["count_points"] * 2,
        ),
        (
            ("compare wheat in France and Spain", "and maize?", "compare them"),
            ["compare_official"] * 2 + ["compare_regions"] * 2,
        ),
        (("land cover of Tuscany", "and Umbria?", "compare them"), ["profile_region"]),
        (("how many vineyard points in Tuscany in 2015", "and in 2018?", "compare them"), ["compare_years"]),
        (("how many maize points in Bavaria, and how many in Brittany?", "compare them"), ["compare_regions"]),
    ],
)
def test_two_selections_are_compared_as_if_named_together(asked, questions: tuple, tools: list[str]) -> None:
    assert [result.tool for result in follow(asked, *questions).results] == tools


def test_both_are_shown_on_the_map(asked) -> None:
    answer = follow(asked, *IN_TWO_PLACES["en"], "show both on the map")
    assert answer.results[0].tool == "find_points"
    assert {r.id for result in answer.results for r in result.regions} == {"nuts:ITI1", "nuts:ITI2"}


def test_a_third_place_is_compared_with_both(asked) -> None:
    answer = follow(asked, *IN_TWO_PLACES["en"], "compare both with Sicily")
    assert step(answer)[:2] == ("compare_regions", ["nuts:ITI1", "nuts:ITI2", "nuts:ITG1"])


def test_which_regions_have_most_after_one_region_ranks_those_of_its_country(asked) -> None:
    answer = follow(asked, "how many vineyard points in Umbria?", "which regions have the most?")
    assert answer.results[0].tool.startswith("rank_")
    assert answer.results[0].arguments["within"] == ["country:IT"]


def test_two_selections_of_nothing_in_common_are_not_compared(asked) -> None:
    answer = follow(asked, "how much of Bavaria is maize?", "how much wheat is in Brittany", "compare them")
    assert (answer.status, answer.results) == ("refused", ())


@pytest.mark.parametrize(
    "before", [["how many wheat and maize points are in Tuscany"], ["how many wheat points in Tuscany", "and maize?"]]
)
def test_both_keeps_the_two_classes_of_before(asked, before: list[str]) -> None:
    answer = follow(asked, *before, "and how many of both in Umbria")
    assert [result.land_cover for result in answer.results] == [("B11", "B12"), ("B16",)]
    assert {r.id for result in answer.results for r in result.regions} == {"nuts:ITI2"}


def test_both_of_only_one_is_said_to_be_left_aside(asked) -> None:
    answer = follow(asked, "how many wheat points are in Tuscany", "and how many of both in Umbria")
    assert "Not taken into account: “both”." in answer.caveats


def test_a_place_after_a_class_alone_keeps_the_class(asked) -> None:
    assert step(follow(asked, "vineyards in Tuscany", "and in Umbria?"))[1:3] == (["nuts:ITI2"], ("B82",))


def test_a_class_after_a_profile_is_asked_of_its_place(asked) -> None:
    assert step(follow(asked, "land cover of Tuscany", "and vineyards?"))[1:3] == (["nuts:ITI1"], ("B82",))


def test_a_ranking_without_parts_is_refused_in_the_language_of_the_question(asked) -> None:
    answer = follow(asked, "quanti punti di vigneto in Toscana?", "quale ne ha di più?")
    assert answer.status == "refused"
    assert answer.text.startswith("Toscana non contiene regioni NUTS 2")


def test_what_a_tool_says_in_english_reaches_no_one_who_asks_otherwise(asked) -> None:
    answer = asked("quanti punti di vigneto entro 5000 km da Siena?")
    assert answer.text.startswith("Questo non si può calcolare. Si può chiedere")


def test_only_those_from_a_year_are_of_that_year(asked) -> None:
    assert step(follow(asked, "where are vineyards in Tuscany", "only those from 2015"))[3] == (2015,)


@pytest.mark.parametrize(
    ("reply", "what"), [("1", "nuts:DE1"), ("Baden-Baden", "Baden-Baden"), ("the one in Austria", "Baden")]
)
def test_a_town_or_a_region_is_taken_from_the_choices(asked, reply: str, what: str) -> None:
    answer = follow(asked, "maize points in Baden", reply)
    near = answer.results[0].arguments.get("near", {}).get("name")
    assert what in (near, *(r.id for r in answer.results[0].regions))


# what is missing is asked for


@pytest.mark.parametrize(
    ("question", "reply", "step_of"),
    [
        ("How much is there in Bavaria?", "woodland", ("official_share", ["nuts:DE2"], ["C00"])),
        ("How much is there in Bavaria?", "3", ("official_share", ["nuts:DE2"], ["C00"])),
        ("How much is there in Bavaria?", "vineyards", ("official_share", ["nuts:DE2"], ["B82"])),
        ("Hoeveel bos is er hier in de buurt?", "in Gelderland", ("count_points", ["nuts:NL22"], ["C00"])),
        ("Zeig mir hier alle Weinberge", "im Saarland", ("find_points", ["nuts:DEC0"], ["B82"])),
        ("Und wie sah das 2018 aus?", "Weinberge in Rheinland-Pfalz", ("find_points", ["nuts:DEB"], ["B82"])),
    ],
)
def test_a_piece_that_is_missing_is_asked_for_and_the_reply_completes_the_question(
    asked, question: str, reply: str, step_of: tuple
) -> None:
    talk = Conversation()
    assert asked(question, talk).status == "clarify"
    answer = asked(reply, talk)
    assert (answer.results[0].tool, answer.results[0].arguments["regions"]) == step_of[:2]
    assert list(answer.results[0].land_cover) == step_of[2]


def test_a_missing_class_is_offered_from_the_eight_of_the_first_level(asked) -> None:
    choices = asked("How much is there in Bavaria?").choices
    assert (len(choices), choices[2]) == (8, "woodland (C00)")


def test_another_question_instead_of_the_missing_piece_is_that_question(asked) -> None:
    answer = follow(asked, "How much is there in Bavaria?", "where are vineyards in Corsica?")
    assert step(answer)[:2] == ("find_points", ["nuts:FRM0"])


def test_each_of_several_names_is_asked_once(asked) -> None:
    talk = Conversation()
    first = asked("compare peas and woodland in Limburg and Luxembourg", talk)
    second, third, last = asked("1", talk), asked("2", talk), asked("1", talk)
    assert [answer.status for answer in (first, second, third)] == ["clarify"] * 3
    assert last.results[0].arguments["regions"] == ["nuts:BE22", "nuts:BE34"]
    assert {result.land_cover for result in last.results} == {("B41",), ("C00",)}


def test_what_follows_on_a_refused_year_is_about_the_same_without_that_year(asked) -> None:
    answer = follow(asked, "where are vineyards in Tuscany in 2012?", "and in Umbria?")
    assert step(answer)[:3] == ("find_points", ["nuts:ITI2"], ("B82",))


@pytest.mark.parametrize(
    ("first", "dispute"),
    [
        ("how much of Sicily is vineyard?", "that seems too low to me"),
        ("¿Cuántos viñedos hay en Sicilia?", "¿Solo esas? Yo conozco por lo menos veinte."),
        ("Ile winnic jest na Sycylii?", "Coś się nie zgadza, tu była inna liczba."),
        ("Quanto della Sicilia è vigneto?", "ISPRA dice il 12 per cento, perciò il dato è sbagliato."),
    ],
)
def test_a_disputed_number_is_said_again(asked, first: str, dispute: str) -> None:
    talk = Conversation()
    assert asked(first, talk).results[0].value == asked(dispute, talk).results[0].value


def test_which_of_the_two_gained_more_is_a_change_of_both(asked) -> None:
    answer = follow(
        asked, "how much of Galicia is woodland?", "and of Asturias?", "which of the two has gained more since 2009?"
    )
    assert answer.text.startswith("More: Galicia +14.5 percentage points (from +11.8 to +17.2)")
    assert "Asturias +6.8 percentage points" in answer.text


def test_a_change_of_subject_is_no_change_of_land(asked) -> None:
    answer = follow(asked, "where are salines in Sicily?", "Change of subject: how much bare land has Murcia?")
    assert answer.results[0].tool == "official_share"


def test_it_has_grown_or_shrunk_takes_the_whole_series_after_one_year(asked) -> None:
    answer = follow(asked, "how much of Bavaria was woodland in 2018?", "has it grown or shrunk?")
    assert answer.results[0].tool == "change_official"


def test_which_of_these_is_closest_keeps_year_and_class(asked) -> None:
    answer = follow(asked, "where are vineyards in Tuscany in 2015?", "which of these is closest to Siena?")
    assert (answer.results[0].tool, answer.results[0].years) == ("nearest_records", (2015,))


def test_nearest_to_a_name_no_list_has_is_refused_with_that_name(asked) -> None:
    answer = follow(asked, "where are vineyards in Tuscany?", "which are closest to Xyzzyham?")
    assert answer.status == "refused"
    assert "Xyzzyham" in answer.text


def test_of_two_places_of_other_years_each_figure_is_of_its_own(asked) -> None:
    first = "What percentage of Ireland was grassland in 2022?"
    answer = follow(asked, first, "and of the United Kingdom in 2018?", "which of the two is higher?")
    assert "Ireland, 2022" in answer.text
    assert "United Kingdom, 2018" in answer.text


def test_one_of_the_ranked_is_asked_about_alone_and_the_other_end_by_number(asked) -> None:
    talk = Conversation()
    asked("which two countries have most shrubland?", talk)
    least = asked("and which two least?", talk).results[0]
    assert (least.arguments["order"], len(least.table)) == ("fewest", 2)
    figure = asked("and how much has Portugal?", talk).results[0]
    assert (figure.tool, [r.id for r in figure.regions]) == ("official_share", ["country:PT"])


@pytest.mark.parametrize(
    ("first", "dispute"),
    [
        ("Hur stor andel av Sverige är skog?", "det stämmer inte"),
        ("Jaký podíl Česka je les?", "to není pravda"),
        ("Mennyi erdő van Magyarországon?", "nem igaz"),
        ("Ποιο ποσοστό της Ελλάδας είναι δάσος;", "αυτό είναι λάθος"),
    ],
)
def test_a_dispute_is_heard_in_other_languages(asked, first: str, dispute: str) -> None:
    talk = Conversation()
    assert asked(first, talk).results[0].value == asked(dispute, talk).results[0].value


def test_selections_of_nothing_in_common_are_compared_in_no_language(asked) -> None:
    answer = follow(asked, "Hvor mange majspunkter er der i Bayern?", "Hvor mange hvedepunkter er der i Bretagne?",
                    "sammenlign dem")  # fmt: skip
    assert answer.results == ()


def test_a_conversation_saved_with_an_offer_of_before_still_loads() -> None:
    offer = {"kind": "offer", "question": "q", "words": "", "choices": ["2018"], "values": [{"years": [2018]}]}
    talk = Conversation.from_json({"pending": offer, "frame": {"operation": "find_points"}, "something_else": 1})
    assert talk.pending is None


def test_an_offered_year_is_taken(asked) -> None:
    answer = follow(asked, "where are vineyards in Tuscany in 2012?", "2015")
    assert step(answer) == ("find_points", ["nuts:ITI1"], ("B82",), (2015,))


def test_a_missing_place_is_asked_for_again_with_what_was_said_meanwhile(asked) -> None:
    answer = follow(asked, "How much woodland is in this region?", "and in 2015?", "Bavaria")
    assert step(answer) == ("official_share", ["nuts:DE2"], ("C00",), (2015,))


@pytest.mark.parametrize(
    ("questions", "beginning"),
    [
        (("How much of Spain is wheat?", "Is that more than barley?"), "More: barley"),
        (("How much of Spain is wheat?", "Is that higher than in Portugal?"), "More: Spain"),
        (("Wie viel Wald gibt es in Bayern?", "Und in Hessen?", "Welches Land hat mehr?"), "Mehr: Hessen"),
        (("Hvor meget skov er der i Danmark?", "og i Sverige?", "hvor er der mest?"), "Mere: Sverige"),
        (("Quelle part de la France est boisée ?", "et l'Italie ?", "laquelle est plus élevée ?"), "Plus : Italie"),
        (("Mennyi erdő van Magyarországon?", "és Ausztriában?", "hasonlítsd össze őket"), "Több: Ausztria"),
    ],
)
def test_the_answer_before_is_compared_with_what_is_pointed_at(asked, questions: tuple, beginning: str) -> None:
    answer = follow(asked, *questions)
    assert beginning in answer.text
    assert len(answer.results[0].table or answer.results[0].regions) == 2


def test_nothing_before_is_compared_with_nothing(asked) -> None:
    assert asked("Is that more than in Portugal?").results == ()


def test_a_share_of_the_region_is_that_of_the_place_before(asked) -> None:
    answer = follow(asked, "where are vineyards in Sicily?", "and what share of the region is that?")
    assert step(answer)[:3] == ("official_share", ["nuts:ITG1"], ("B82",))


def test_another_place_instead_of_the_choice_asked_for_is_taken(asked) -> None:
    answer = follow(asked, "hoeveel grasland is er in Luxemburg?", "en in Drenthe?")
    assert step(answer)[1:3] == (["nuts:NL13"], ("E00",))
