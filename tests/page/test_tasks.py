"""What a first-time user tries, thirty tasks: asked of the real agent as the page asks, or named where a browser does.

The table in `docs/page.md` names the test of each task; the last test here keeps it true.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import gradio as gr
import pytest

from agent.ask import ask
from agent.conversation import Conversation, known_language
from page.colours import DIVERGING
from page.followups import followups
from page.handlers import Handlers, Person, Update
from page.indicator import indicators_of
from page.planner import Fields
from page.reword import reworded, same
from page.talk import Talk, read_talk
from page.words import PAGE_LANGUAGES, own_words
from retrieval.store import Store
from tools import official
from tools.context import Context

ROOT = Path(__file__).parents[2]


class Sitting:
    """One person's sitting at the page, without a browser: each turn as the handlers answer it."""

    def __init__(self, handlers: Handlers) -> None:
        self.handlers = handlers
        request: Any = SimpleNamespace(session_hash="sitting", client=None, headers={}, query_params={})
        self.request: gr.Request = request
        self.talk = Talk()
        self.page: Update = {}

    def ask(self, question: str) -> Update:
        """Ask, and return all that the page then shows."""
        person = Person(self.talk, None, "en", self.request)
        for update in self.handlers.ask(question, person):
            self.page |= update
            self.talk = update.get("talk", self.talk)
        return self.page

    @property
    def turn(self) -> Any:
        """The last turn."""
        return self.talk.turns[-1]

    def layers(self) -> list[dict[str, Any]]:
        """The layers of the map."""
        return list(self.page["map"]["layers"])

    def figures(self, layer: dict[str, Any]) -> dict[str, Any]:
        """The figures of all regions of a share's layer, as the browser fetches them."""
        held = self.handlers.shelf.get(self.page["map"]["key"])
        assert held
        return dict(held.drawing.layers[self.layers().index(layer)].indicator["regions"])


@pytest.fixture
def sitting(handlers: Handlers) -> Sitting:
    return Sitting(handlers)


def test_where_is_answered_by_points_in_their_region(sitting: Sitting) -> None:
    sitting.ask("Where is vineyard in Languedoc-Roussillon?")
    assert sitting.turn.status == "answered"
    assert [layer["kind"] for layer in sitting.layers() if layer["on"]][-1] == "points"


@pytest.mark.parametrize(
    "question",
    ["Which regions of Spain have the largest share of cropland?", "share of cropland by region of Spain"],
)
def test_a_ranking_is_a_map_of_all_regions_with_classes_told_apart(sitting: Sitting, question: str) -> None:
    sitting.ask(question)
    share = sitting.layers()[0]
    assert share["indicator"]["years"] == (2009, 2012, 2015, 2018, 2022)
    assert len(sitting.figures(share)) > 10
    assert len({mark["colour"] for mark in share["marks"] if not mark["pattern"]}) >= 3


def test_a_region_of_a_former_edition_is_not_drawn_over_those_in_its_place(sitting: Sitting) -> None:
    sitting.ask("Which regions of Lithuania have the most woodland?")
    figures = sitting.figures(sitting.layers()[0]).values()
    assert {region["name"]: region["figures"]["2022"][1] for region in figures} == {
        "Lithuania": "replaced",
        "Vilnius Region": "published",
        "Central and Western Lithuania": "published",
    }


def test_one_regions_share_is_shown_among_its_like_and_outlined(sitting: Sitting) -> None:
    sitting.ask("How much of Sweden was woodland in 2018?")
    share = next(layer for layer in sitting.layers() if layer["indicator"])
    assert share["indicator"]["year"] == 2018
    assert share["indicator"]["asked"] == ("country:SE",)
    assert len(sitting.figures(share)) > 20
    assert any(layer["kind"] == "outline" and layer["marks"][0]["label"] == "Sweden" for layer in sitting.layers())


def test_a_share_of_a_group_of_countries_is_shown_among_all_of_them(sitting: Sitting) -> None:
    sitting.ask("How much of the European Union was woodland in 2018?")
    share = next(layer for layer in sitting.layers() if layer["indicator"])
    assert len(sitting.figures(share)) > 20


def test_a_change_is_shaded_from_less_to_more_with_a_neutral_middle(sitting: Sitting) -> None:
    sitting.ask("How did cropland change in Bavaria between 2009 and 2022?")
    change = sitting.layers()[0]
    assert "2009–2022" in change["title"]
    labels = [mark["label"] for mark in change["marks"]]
    assert "no detectable change" in labels
    assert change["marks"][labels.index("no detectable change")]["colour"] == "#e6e6e6"


def test_every_part_of_a_long_question_has_its_chart(sitting: Sitting) -> None:
    sitting.ask("How did cropland and woodland change in Bavaria between 2009 and 2022?")
    assert sitting.page["chart"].count("<svg") >= 2


@pytest.mark.parametrize(
    "question",
    ["How much of Sweden was woodland in 2018?", "Where is vineyard in Hérault?", "Où sont les vignes en Corse ?"],
)
def test_the_questions_an_answer_goes_on_with_are_answered(handlers: Handlers, question: str) -> None:
    answer, _ = handlers.asked(question, None, None)
    following = followups(answer, handlers.world.context)
    assert len(following) >= 2
    for text in following:
        again, _ = handlers.asked(text, None, None)
        assert (again.status, again.language) == ("answered", answer.language), text


WALKED = ("statistics_1", "survey_1", "statistics_2")


@pytest.mark.parametrize("language", PAGE_LANGUAGES)
def test_every_question_that_is_offered_is_answered(handlers: Handlers, language: str) -> None:
    offered = [text for name, text in own_words(language).items() if name.removeprefix("example_") in WALKED]
    assert offered
    context = handlers.world.context
    for text in offered:
        answer, _ = handlers.asked(text, None, None)
        following = followups(answer, context)
        assert following, text
        for chip in following:
            afresh, _ = handlers.asked(chip, Conversation(language=known_language(language)).to_json(), None)
            assert (afresh.status, afresh.language) == ("answered", language), chip


WORDED = {
    "official_share": "What share of Sweden was woodland in 2018?",
    "rank_official": "Which regions of Spain have the largest share of cropland in 2018?",
    "change_official": "How has the share of cropland in Spain changed between 2009 and 2022?",
    "compare_official": "Compare the share of woodland in Spain and Portugal in 2018",
    "count_points": "How many points with vineyards are there in Hérault in 2018?",
    "rank_points": "Rank the regions in Spain by their points with olive groves in 2018",
    "nearest_records": "Which points of vineyards are closest to Seville?",
}


def test_a_second_wording_is_read_as_the_first_was(handlers: Handlers) -> None:
    tried = set()
    for language, (tool, question) in zip(PAGE_LANGUAGES, cycle(WORDED.items()), strict=False):
        first, _ = handlers.asked(question, None, None)
        again = reworded(replace(first, language=language), handlers.world.context.in_language(language))
        if again is None:
            continue
        tried.add(tool)
        second, _ = handlers.asked(again, Conversation(language=known_language(language)).to_json(), None)
        assert second.language == language, again
        assert same(first, second), again
    assert tried == set(WORDED)


def test_a_change_is_offered_only_between_years_with_figures(handlers: Handlers) -> None:
    answer, _ = handlers.asked("share of olive groves by region of Spain", None, None)
    following = followups(answer, handlers.world.context)
    assert "How has the share of olive groves in Andalusia changed between 2018 and 2022?" in following


@pytest.mark.parametrize("region", ["country:SE", "nuts:ES61", "nuts:DE2"])
def test_the_years_of_one_class_are_those_of_its_figures(handlers: Handlers, region: str) -> None:
    context = handlers.world.context
    named = context.gazetteer.region(region)
    for land_cover in ("C00", "B81", "B82", "A00"):
        figures = official.cells(context, [named], [land_cover])
        told = context.store.query("known_years", region=region, land_cover=land_cover).rows
        assert tuple(year for (year,) in told) == figures.known_years(named)


def test_what_follows_on_a_profile_is_about_its_largest_class(handlers: Handlers) -> None:
    answer, _ = handlers.asked("What is the land cover of Rhône-Alpes?", None, None)
    following = followups(answer, handlers.world.context)
    assert following
    assert all("woodland" in text and "grassland" not in text for text in following)


def test_every_choice_of_a_question_asked_back_is_answered(handlers: Handlers) -> None:
    for question in ("Where is vineyard in Valencia?", "How much woodland is in Limburg?"):
        answer, memory = handlers.asked(question, None, None)
        assert answer.choices, question
        for choice in answer.choices:
            assert handlers.asked(choice, memory, None)[0].status == "answered", choice


def test_an_upload_that_fails_leaves_no_region_to_be_asked_about(sitting: Sitting, tmp_path: Path) -> None:
    person = Person(sitting.talk, None, "en", sitting.request)
    box = {"type": "Polygon", "coordinates": [[[2.6, 43], [4.6, 43], [4.6, 44.2], [2.6, 44.2], [2.6, 43]]]}
    chosen = sitting.handlers.on_region({"kind": "drawn", "geometry": box}, sitting.talk, "en")["chosen"]
    for update in sitting.handlers.ask("Where is vineyard in this region?", replace(person, chosen=chosen)):
        sitting.talk = update.get("talk", sitting.talk)
    assert sitting.turn.status == "answered"
    (tmp_path / "bad.geojson").write_text("no map")
    update = sitting.handlers.upload(str(tmp_path / "bad.geojson"), sitting.talk, "en")
    assert update["chosen"] is None
    assert "cannot be read" in update["chosen_line"]
    sitting.talk = update["talk"]
    sitting.ask("Where is maize in this region?")
    assert sitting.turn.status == "clarify"


def test_the_names_of_all_regions_are_the_languages(sitting: Sitting) -> None:
    page = sitting.ask("Which regions of Spain have the largest share of cropland?")
    person = Person(sitting.talk, None, "pl", sitting.request)
    page = sitting.handlers.translate(person, page["shown"])
    figures = sitting.handlers.shelf.get(page["map"]["key"]).drawing.layers[0].indicator["regions"]  # ty: ignore
    assert {"Andaluzja", "Katalonia"} <= {region["name"] for region in figures.values()}
    assert page["shown"].fields.regions == "Hiszpania"
    assert "Andaluzja" in page["rows"]
    assert "Ranking by" not in page["rows"]


def test_how_words_of_the_question_were_taken_is_not_folded_away(sitting: Sitting) -> None:
    page = sitting.ask("How much almond is there in Spain?")
    shown, _, folded = page["chat"].partition('<details class="la-caveats"')
    assert "“almond”" in shown
    assert "over-represents" in folded


def test_an_ambiguous_name_is_asked_back_with_choices(sitting: Sitting) -> None:
    sitting.ask("Where is vineyard in Valencia?")
    assert sitting.turn.status == "clarify"
    assert len(sitting.turn.choices) == 2


def test_follow_ups_keep_what_they_leave_out(sitting: Sitting) -> None:
    sitting.ask("How much of Sweden was woodland in 2018?")
    sitting.ask("and in 2012?")
    assert "2012" in sitting.turn.text
    sitting.ask("and cropland?")
    assert "Sweden" in sitting.turn.text


@pytest.mark.parametrize(
    "question",
    ["Will there be more woodland in Sweden in 2040?", "How many people live in Spain?", "DROP TABLE points"],
)
def test_what_the_data_cannot_say_is_refused_and_draws_nothing(sitting: Sitting, question: str) -> None:
    sitting.ask(question)
    assert sitting.turn.status in ("refused", "clarify")
    assert sitting.layers() == []


def test_an_answer_leaves_the_map_when_the_next_question_has_none_and_comes_back_by_a_click(sitting: Sitting) -> None:
    shown = sitting.ask("How much of Sweden was woodland in 2018?")["map"]["layers"]
    assert shown
    page = sitting.ask("How many people live in Spain?")
    assert (sitting.layers(), page["shown"]) == ([], None)
    assert page["map"]["notes"] == ["This question has no answer to draw."]
    (update,) = sitting.handlers.on_chat("show", 0, "", Person(sitting.talk, None, "en", sitting.request))
    assert [layer["title"] for layer in update["map"]["layers"]] == [layer["title"] for layer in shown]
    sitting.ask("Where is vineyard in Valencia?")
    assert (sitting.turn.status, sitting.layers(), page["map"]["notes"]) == ("clarify", [], [])


def test_a_plan_that_cannot_be_read_is_told_in_one_line(sitting: Sitting) -> None:
    page = sitting.ask("Which regions of Spain have the largest share of cropland?")
    person = Person(sitting.talk, None, "en", sitting.request)
    fields = page["shown"].fields
    wrong = Fields(fields.regions, "unicorns", fields.years, fields.witness)
    (update,) = sitting.handlers.run_fields(page["shown"], wrong, person)
    assert update["talk"].turns[-1].status == "refused"
    assert "unicorns" in update["talk"].turns[-1].text
    assert not {"map", "shown", "plan_cover"} & update.keys(), "the answer and its fields stay, to be put right"


def test_a_composed_question_has_a_field_for_each_dimension_and_runs_with_one_changed(sitting: Sitting) -> None:
    page = sitting.ask("How many points above 1000 m were grassland in Austria in 2018?")
    assert {'data-dimension="elevation"', 'data-dimension="land_use"'} <= set(
        re.findall(r'data-dimension="\w+"', page["plan_form"])
    )
    person = Person(sitting.talk, None, "en", sitting.request)
    *_, update = sitting.handlers.run_form(page["shown"], {"region": {"op": "in", "text": "France, Italy"}}, person)
    assert update["talk"].turns[-1].status == "answered"
    (where,) = [f for f in update["shown"].plan["steps"][0]["arguments"]["where"] if f["dimension"] == "region"]
    assert where["values"] == ["country:FR", "country:IT"]
    (wrong,) = sitting.handlers.run_form(page["shown"], {"elevation": {"op": "above", "text": "high"}}, person)
    assert "no numbers" in wrong["talk"].turns[-1].text


def test_the_plans_places_may_be_parted_by_commas(sitting: Sitting) -> None:
    page = sitting.ask("How much of France was woodland in 2018?")
    person = Person(sitting.talk, None, "en", sitting.request)
    fields = page["shown"].fields
    both = Fields("France, Italy", fields.cover, fields.years, fields.witness)
    *_, update = sitting.handlers.run_fields(page["shown"], both, person)
    text = update["talk"].turns[-1].text
    assert "France" in text
    assert "Italy" in text


@pytest.mark.parametrize(
    ("wish", "tab"), [("show it as a chart", "chart"), ("as a table", "table"), ("show it as a map", "explore")]
)
def test_the_answer_before_can_be_asked_for_as_chart_table_or_map(sitting: Sitting, wish: str, tab: str) -> None:
    question = "Compare the share of vineyard in France and Italy in 2018"
    before = sitting.ask(question)["map"]
    page = sitting.ask(wish)
    assert sitting.turn.status == "answered"
    assert page["tabs"]["selected"] == tab
    assert [layer["title"] for layer in page["map"]["layers"]] == [layer["title"] for layer in before["layers"]]
    (card,) = re.findall(r'<article class="la-turn.*?</article>', page["chat"])[1:]
    told = re.sub(r"<[^>]+>", "", card.partition('class="la-answer"')[2].partition("</div>")[0])
    assert question in told
    assert "%" not in told, "the answer is told once, not again beside its map"
    assert "la-badge" not in card


def test_an_answer_seen_otherwise_is_shared_saved_and_told_in_another_language_as_itself(sitting: Sitting) -> None:
    question = "Compare the share of vineyard in France and Italy in 2018"
    sitting.ask(question)
    sitting.ask("as a map")
    page = sitting.ask("as a table")
    assert sitting.turn.subject == question
    assert question in page["take"]
    kept = read_talk(json.loads(json.dumps(sitting.talk.to_json())))
    assert kept
    assert (kept.turns[-1].seen_as, kept.turns[-1].subject) == ("table", question)
    german = sitting.handlers.translate(Person(sitting.talk, None, "de", sitting.request), page["shown"])
    assert f"Hier als Tabelle: „{question}“" in german["chat"]


def test_the_map_before_any_question_shows_something(handlers: Handlers) -> None:
    view = handlers.welcome("en")
    assert view.map["welcome"]
    held = handlers.shelf.get(view.map["key"])
    assert held
    assert len(held.drawing.layers[0].indicator["regions"]) > 200


def test_every_task_of_the_documents_table_has_its_test() -> None:
    text = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+ \| .* \| `(\w+)` \|$", text, flags=re.MULTILINE)
    assert len(rows) == 30
    code = "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
    assert [name for name in rows if f"def {name}(" not in code] == []


def test_a_region_the_survey_never_came_near_is_refused_at_once(handlers: Handlers) -> None:
    kenya = {"type": "Polygon", "coordinates": [[[36, -2], [38, -2], [38, 0], [36, 0], [36, -2]]]}
    update = handlers.on_region({"kind": "drawn", "geometry": kenya}, Talk(), "en")
    assert update["chosen"] is None
    assert "outside the surveyed countries" in update["chosen_line"]


def test_a_conversation_left_while_an_answer_is_drawn_does_not_come_back(
    handlers: Handlers, monkeypatch: pytest.MonkeyPatch
) -> None:
    sitting = Sitting(handlers)
    person, afresh = Person(sitting.talk, None, "en", sitting.request), Talk()
    hold = handlers.hold

    def left_meanwhile(*of: Any) -> Any:
        handlers.leave(afresh, person.request)
        return hold(*of)

    monkeypatch.setattr(handlers, "hold", left_meanwhile)
    updates = list(handlers.ask("How much of Sweden was woodland in 2018?", person))
    assert updates[-1]["talk"] is afresh
    assert not any(turn.text for update in updates for turn in update["talk"].turns)


def test_who_left_a_question_may_ask_again_at_once(handlers: Handlers) -> None:
    sitting = Sitting(handlers)
    person = Person(sitting.talk, None, "en", sitting.request)
    left = handlers.ask("a slow question", person)
    next(left)
    handlers.leave(Talk(), person.request)
    sitting.ask("How much of Sweden was woodland in 2018?")
    assert sitting.turn.status == "answered"
    assert handlers.running == {}
    *_, last = left
    assert last["talk"].turns == ()


def test_who_left_while_the_answer_was_on_its_way_is_shown_where_they_went(handlers: Handlers) -> None:
    sitting = Sitting(handlers)
    person = Person(sitting.talk, None, "en", sitting.request)
    asked = handlers.ask("How much of Sweden was woodland in 2018?", person)
    while next(asked)["talk"].turns[-1].status != "answered":
        pass
    handlers.leave(Talk(), person.request)
    *_, last = asked
    assert last["talk"].turns == ()
    assert handlers.sent == {}


def test_an_answer_that_is_seen_holds_up_no_further_question(handlers: Handlers) -> None:
    sitting = Sitting(handlers)
    person = Person(sitting.talk, None, "en", sitting.request)
    for update in handlers.ask("How much of Sweden was woodland in 2018?", person):
        if update["talk"].turns[-1].status == "answered":
            assert handlers.running == {}


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("How did woodland change between 2009 and 2018 in the regions of Poland?", "Woodland, regions"),
        ("How did arable land change in Bavaria since 2009?", "Arable land, regions"),
        ("Which regions of Spain have the largest share of arable land?", "Arable land, regions"),
        ("share of woodland and shrubland in Spain", "Woodland and shrubland, countries"),
    ],
)
def test_a_share_of_several_classes_or_among_former_regions_is_looked_around_in_like_any_other(
    sitting: Sitting, question: str, title: str
) -> None:
    sitting.ask(question)
    share = next(layer for layer in sitting.layers() if layer["indicator"])
    assert share["title"] == title
    assert len(sitting.figures(share)) > 10
    changed = [layer for layer in sitting.layers() if "change" in layer["title"]]
    assert [layer["of"] for layer in changed] == ([title] if "change" in question else [])
    for layer in changed:  # brown to green-blue around grey, no colour of a share
        assert {mark["colour"] for mark in layer["marks"] if not mark["pattern"]} <= {*DIVERGING}


def test_regions_without_a_figure_of_the_first_year_are_no_hole_in_a_map_of_change(sitting: Sitting) -> None:
    sitting.ask("How did woodland change between 2009 and 2018 in the regions of Poland?")
    change = sitting.layers()[0]
    assert [mark["count"] for mark in change["marks"] if mark["pattern"]] == [2], "both regions Mazovia was parted into"


@pytest.mark.parametrize(
    ("question", "title", "asked", "figure"),
    [
        ("How much of Italy's vineyards does Sicily hold?", "Vineyards (Italy = 100 %), regions", "nuts:ITG1", 18.1),
        ("vineyards as percent of permanent crops in Spain", "Vineyards (permanent crops = 100 %), countries",
         "country:ES", 19.5),
        ("What percentage of survey points in Spain were cropland in 2018?", "Cropland, countries", "country:ES", 47.8),
        ("In which NUTS 2 regions of Spain were more than 20 % of survey points vineyards in 2018?",
         "Vineyards, regions", "nuts:ES23", 23.0),
        ("How much of Spain was cropland without permanent crops in 2018?", "Cropland − permanent crops, countries",
         "country:ES", 16.8),
    ],
)  # fmt: skip
def test_a_share_of_something_else_than_the_area_is_looked_around_in_like_any_other(
    sitting: Sitting, question: str, title: str, asked: str, figure: float
) -> None:
    sitting.ask(question)
    [share] = [layer for layer in sitting.layers() if layer["indicator"]]
    assert (share["title"], share["indicator"]["asked"]) == (title, (asked,))
    figures, year = sitting.figures(share), str(share["indicator"]["year"])
    assert figures[asked]["figures"][year][0] == figure, "the map tells the very figure of the sentence"
    assert sum(own["figures"][year][0] is not None for own in figures.values()) > 10


def test_rows_of_regions_in_a_drawn_area_are_of_no_whole_region_to_look_around_in(demo_store: Store) -> None:
    demo = Context.open(demo_store)
    drawn = {"type": "Polygon", "coordinates": [[[2.0, 43.0], [4.5, 43.0], [4.5, 44.2], [2.0, 44.2], [2.0, 43.0]]]}
    question = "share of vineyard points by NUTS 2 region in this area in 2018"
    [result] = ask(question, demo, router="builtin", selection=drawn).results
    assert result.table
    assert result.table.column("region")[0] == "Languedoc-Roussillon"
    assert indicators_of(result, demo) == []


def test_each_regions_part_of_a_whole_has_the_interval_the_answer_gives_it(sitting: Sitting) -> None:
    sitting.ask("How much of Italy's vineyards does Sicily hold?")
    [share] = [layer for layer in sitting.layers() if layer["indicator"]]
    figures = sitting.figures(share)
    assert figures["nuts:ITG1"]["figures"]["2022"] == [18.1, "published", "", 12.9, 25.5]
    parts = [own["figures"]["2022"][0] or 0 for own in figures.values()]
    assert sum(parts) == pytest.approx(100, abs=3)


def test_of_few_survey_points_no_percentage_is_shaded(sitting: Sitting) -> None:
    sitting.ask("What percentage of Hérault's survey points were vineyards?")
    [share] = [layer for layer in sitting.layers() if layer["indicator"]]
    few = [own["figures"]["2018"] for own in sitting.figures(share).values() if own["figures"]["2018"][1] == "too_few"]
    assert few
    assert all(value is None for value, *_ in few)
    assert "too few points to say" in {mark["label"] for mark in share["marks"]}


def test_a_land_profile_has_the_look_around_of_each_of_its_classes(sitting: Sitting) -> None:
    sitting.ask("What is the land cover of Rhône-Alpes?")
    shares = [layer for layer in sitting.layers() if layer["indicator"]]
    assert [share["title"] for share in shares[:3]] == ["Woodland, regions", "Grassland, regions", "Cropland, regions"]
    assert len(shares) == 8
    assert [share["on"] for share in shares] == [True] + 7 * [False]
    assert all(share["indicator"]["asked"] == ("nuts:FRK2",) for share in shares)
