"""Questions whose order tells the query, asked whole; rows and numbers counted by plain pandas on the real records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from agent.answer import Answer
from agent.ask import ask
from agent.conversation import Conversation
from retrieval.store import Store
from tests.conftest import shared_data_folder
from tools.context import Context

pytestmark = pytest.mark.real

Frame = pd.DataFrame


@pytest.fixture(scope="session")
def context(real_store: Store) -> Context:
    return Context.open(real_store)


@pytest.fixture(scope="session")
def records() -> Frame:
    frame = pd.read_parquet(shared_data_folder() / "lucas" / "lucas_points_2015_2018.parquet")
    frame["lc1"] = frame["lc1"].fillna("")
    return frame


def asked(question: str, context: Context) -> Answer:
    return ask(question, context, router="builtin", debug=True)


def of(frame: Frame, prefix: str | tuple[str, ...], code: str = "", year: int = 2018) -> Frame:
    """The visits of a year, of a class by the beginning of its code, of a country."""
    kept = frame[(frame["year"] == year) & frame["lc1"].str.startswith(prefix)]
    return kept[kept["nuts0"] == code] if code else kept


def pairs(frame: Frame) -> Frame:
    """Points visited in both years: the class before and after."""
    first, last = (frame[frame["year"] == y].set_index("point_id") for y in (2015, 2018))
    return first.rename(columns={"lc1": "before"}).join(last[["lc1"]].rename(columns={"lc1": "after"}), how="inner")


def countries_with(d: Frame, prefix: str | tuple[str, ...]) -> set[str]:
    return {*of(d, prefix)["nuts0"].dropna()}


NUMBERS: list[tuple[str, Callable[[Frame], float]]] = [
    ("How many cropland points in Greece are anything but cotton?",
     lambda d: len(of(d, "B", "EL")) - len(of(d, "B34", "EL"))),
    ("How many non-woodland points in Slovenia in 2018?",
     lambda d: len(of(d, "", "SI")) - len(of(d, "C", "SI"))),
    ("number of points in Lithuania with either rye, oats or barley",
     lambda d: len(of(d, ("B13", "B14", "B15"), "LT"))),
    ("How much of Italy's permanent crops is vineyards, by points?",
     lambda d: round(100 * len(of(d, "B82", "IT")) / len(of(d, ("B7", "B8", "BX2"), "IT")), 1)),
    ("By what factor do barley points exceed oats points in Spain?",
     lambda d: round(len(of(d, "B13", "ES")) / len(of(d, "B15", "ES")), 2)),
    ("Of all points under maize in 2015 that were visited again, what percentage was maize again?",
     lambda d: (lambda p: round(100 * (p["after"] == "B16").sum() / len(p), 1))(
         pairs(d)[lambda p: p["before"] == "B16"])),
]  # fmt: skip


@pytest.mark.parametrize(("question", "gold"), NUMBERS)
def test_one_number(question: str, gold: Callable[[Frame], float], context: Context, records: Frame) -> None:
    assert asked(question, context).results[-1].value == pytest.approx(gold(records))


PLACES: list[tuple[str, Callable[[Frame], set[str]]]] = [
    ("Countries where both olives and rice were found", lambda d: countries_with(d, "B81") & countries_with(d, "B17")),
    ("In which countries were cotton and sunflower found?",
     lambda d: countries_with(d, "B34") & countries_with(d, "B31")),
    ("In how many countries did the survey find olives?", lambda d: countries_with(d, "B81")),
    ("Which countries have rice?", lambda d: countries_with(d, "B17")),
    ("Which countries have more than 100 wheat points and fewer than 10 maize points?",
     lambda d: {c for c in d["nuts0"].dropna().unique()
                if len(of(d, ("B11", "B12"), c)) > 100 and len(of(d, "B16", c)) < 10}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "gold"), PLACES)
def test_which_places(question: str, gold: Callable[[Frame], set[str]], context: Context, records: Frame) -> None:
    table = asked(question, context).results[-1].table
    assert table is not None
    assert {str(id).removeprefix("country:") for id in table.column("region_id")} == gold(records)


CLASSES: list[tuple[str, Callable[[Frame], set[str]]]] = [
    ("Which crops occur both in Finland and in Greece?", lambda d: crops(d, "FI") & crops(d, "EL")),
    ("Which crops were recorded in Italy but not in Germany?", lambda d: crops(d, "IT") - crops(d, "DE")),
    ("Which tree crops are found in Italy but not in Greece?", lambda d: tree_crops(d, "IT") - tree_crops(d, "EL")),
    ("Which crops does Italy have that Germany does not have?", lambda d: crops(d, "IT") - crops(d, "DE")),
]  # fmt: skip


def tree_crops(d: Frame, code: str) -> set[str]:
    return set(of(d, ("B7", "B8"), code)["lc1"])


def crops(d: Frame, code: str) -> set[str]:
    return {c for c in of(d, "B", code)["lc1"] if not c.startswith("BX")}


@pytest.mark.parametrize(("question", "gold"), CLASSES)
def test_which_classes(question: str, gold: Callable[[Frame], set[str]], context: Context, records: Frame) -> None:
    table = asked(question, context).results[-1].table
    assert table is not None
    assert {c for c in map(str, table.column("land_cover")) if not c.startswith("BX")} == gold(records)


POINTS: list[tuple[str, Callable[[Frame], Any]]] = [
    ("Map the Spanish points that were cropland in 2015 and grassland in 2018",
     lambda p: (p["nuts0"] == "ES") & p["before"].str.startswith("B") & p["after"].str.startswith("E")),
    ("Display the Italian points that turned from vineyard into something else",
     lambda p: (p["nuts0"] == "IT") & (p["before"] == "B82") & (p["after"] != "B82")),
    ("points in Czechia that stopped being maize",
     lambda p: (p["nuts0"] == "CZ") & (p["before"] == "B16") & (p["after"] != "B16")),
    ("map of points in the Netherlands that changed from maize to anything else",
     lambda p: (p["nuts0"] == "NL") & (p["before"] == "B16") & (p["after"] != "B16")),
    ("Where are the points that changed their main land cover in Ireland?",
     lambda p: (p["nuts0"] == "IE") & (p["before"].str[0] != p["after"].str[0])),
    ("points in Sweden that were woodland in 2015 but not in 2018",
     lambda p: (p["nuts0"] == "SE") & p["before"].str.startswith("C") & ~p["after"].str.startswith("C")),
]  # fmt: skip


@pytest.mark.parametrize(("question", "gold"), POINTS)
def test_points_that_changed(question: str, gold: Callable[[Frame], Any], context: Context, records: Frame) -> None:
    result = asked(question, context).results[-1]
    both = pairs(records)
    assert result.facts["found"] == gold(both).sum()
    assert [g.dimension for g in result.query.rows] == ["point"]


def test_what_points_were_and_became_is_told_in_the_right_direction(context: Context, records: Frame) -> None:
    both = pairs(records)
    spain, france = both[both["nuts0"] == "ES"], both[both["nuts0"] == "FR"]
    became = asked("What became of the cropland points of Spain between 2015 and 2018?", context).results[-1].table
    been = asked("What had the vineyard points of 2018 in France been in 2015?", context).results[-1].table
    assert became is not None
    assert been is not None
    left = dict(zip(became.column("land_cover_to"), became.column("points"), strict=True))
    was = dict(zip(been.column("land_cover_from"), been.column("points"), strict=True))
    assert left["E00"] == (spain["before"].str.startswith("B") & spain["after"].str.startswith("E")).sum()
    assert was["B82"] == ((france["before"] == "B82") & (france["after"] == "B82")).sum()


def test_a_condition_on_one_class_keeps_the_rows_of_another(context: Context, records: Frame) -> None:
    first, then = asked("Wheat points in those Italian regions where olives exceed 20 points", context).results
    kept = {r.id for r in first.regions}
    nuts = of(records, "B81", "IT").groupby("nuts2").size()
    assert kept == {f"nuts:{code}" for code in nuts[nuts > 20].index}
    wheat = of(records, ("B11", "B12"), "IT").groupby("nuts2").size()
    table = then.table
    assert table is not None
    assert dict(zip(table.column("region_id"), table.column("points"), strict=True)) == {
        id: wheat.get(id.removeprefix("nuts:"), 0) for id in kept
    }


def test_a_share_is_the_statistic_s_also_of_rows_that_points_found(context: Context) -> None:
    question = "What is the grassland share in the three countries with the most barley points?"
    found, share = (r.query.source for r in asked(question, context).results)
    assert (found, share) == ("survey", "published")


def test_rows_that_nothing_meets_are_no_rows_of_everywhere(context: Context) -> None:
    answer = asked(
        "What is the share of artificial land in the regions where cropland exceeds 90 % in Poland?", context
    )
    assert [len(r.table) for r in answer.results if r.table is not None] == [0]


@pytest.mark.parametrize("question", [
    "How many grassland points lie between 10 and 50 km from Innsbruck?",
    "Wie viele Grünlandpunkte liegen zwischen 10 und 50 km von Innsbruck entfernt?",
    "Ile punktów użytków zielonych leży od 10 do 50 km od Innsbrucka?",
])  # fmt: skip
def test_between_two_distances_is_a_ring(question: str, context: Context, records: Frame) -> None:
    grass = of(records, "E")
    lons, lats = grass["th_long"].to_numpy(), grass["th_lat"].to_numpy()
    metres = Geod(ellps="WGS84").inv(lons, lats, np.full(len(lons), 11.39454), np.full(len(lons), 47.26266))[2]
    inside = ((metres > 10_000) & (metres <= 50_000)).sum()
    assert asked(question, context).results[0].value == pytest.approx(inside, abs=1)


@pytest.mark.parametrize("question", [
    "What is the lowest, highest and mean elevation of vineyard points in Spain?",
    "Quelle est l'altitude minimale, maximale et moyenne des points de vigne en Espagne ?",
])  # fmt: skip
def test_every_statistic_of_a_list_is_told(question: str, context: Context, records: Frame) -> None:
    heights = of(records, "B82", "ES")["elev"]
    [row] = asked(question, context).results[0].table.dicts()
    assert (row["least_elevation"], row["greatest_elevation"]) == (heights.min(), heights.max())
    assert row["mean_elevation"] == pytest.approx(heights.mean(), abs=0.05)


@pytest.mark.parametrize("question", [
    "Where does Bavaria rank among German regions in grassland?",
    "What rank does Bavaria have among German regions for grassland?",
    "Auf welchem Platz liegt Bayern unter den deutschen Regionen beim Grünland?",
])  # fmt: skip
def test_a_region_is_ranked_among_those_of_its_own_level(question: str, context: Context) -> None:
    query = asked(question, context).results[0].query
    assert (query.lead, query.rows[0].level) == ("nuts:DE2", "nuts1")


@pytest.mark.parametrize(("language", "question"), [
    ("sv", "Jämför antalet majspunkter i Frankrike och Spanien."),
    ("cs", "Porovnejte počet kukuřičných bodů ve Francii a Španělsku."),
    ("el", "Σύγκρινε τον αριθμό των σημείων αραβοσίτου στη Γαλλία και την Ισπανία."),
])  # fmt: skip
def test_places_to_be_compared_are_told_apart(language: str, question: str, context: Context, records: Frame) -> None:
    table = asked(question, context.in_language(language)).results[0].table
    assert [*table.column("points")] == [len(of(records, "B16", "FR")), len(of(records, "B16", "ES"))]


@pytest.mark.parametrize(("language", "question"), [
    ("sv", "Vilken barrskogspunkt i Sverige ligger högst 2018, och på vilken höjd?"),
    ("en", "Which coniferous point in Sweden lies highest in 2018, and at what elevation?"),
])  # fmt: skip
def test_a_year_beside_an_end_is_no_elevation(language: str, question: str, context: Context, records: Frame) -> None:
    heights = of(records, "C2", "SE")["elev"]
    answer = asked(question, context.in_language(language))
    assert (
        next(iter(answer.results[0].table.dicts()))["elevation"] == heights[heights < 3_000].max()
    )  # a few are no elevation at all


def test_a_ratio_and_a_difference_asked_together_are_both_told(context: Context, records: Frame) -> None:
    question = "How many times more vineyard points does Italy have than France, and what is the difference?"
    italy, france = (len(of(records, "B82", code)) for code in ("IT", "FR"))
    values = [result.value for result in asked(question, context).results]
    assert values == [pytest.approx(italy / france, abs=0.01), italy - france]


@pytest.mark.parametrize(("language", "question"), [
    ("cs", "Kolik bodů v Česku nebylo v roce 2018 ani les, ani orná půda?"),
    ("cs", "Které regiony Španělska neměly v roce 2018 žádný bod s olivami?"),
    ("pl", "Które regiony Hiszpanii nie miały w 2018 żadnego punktu z oliwkami?"),
])  # fmt: skip
def test_the_verbs_own_no_leaves_out_no_year(language: str, question: str, context: Context) -> None:
    assert {result.years for result in asked(question, context.in_language(language)).results} == {(2018,)}


def test_which_of_two_is_no_yes_or_no(context: Context) -> None:
    text = asked("Which has more woodland, Slovakia or Czechia, and by how much?", context).text
    assert not text.startswith(("Yes", "No"))


@pytest.mark.parametrize("question", [
    "Show the three most and the three least wooded countries.",
    "Which three countries have the most and which three the least woodland?",
])  # fmt: skip
def test_both_ends_of_a_ranking_are_told(question: str, context: Context) -> None:
    answer = asked(question, context)
    assert [len(result.table) for result in answer.results] == [3, 3]


def test_a_distance_beyond_is_never_one_within(context: Context) -> None:
    query = asked("Number of points with maize further than 100 km from Toulouse but still in France", context)
    (position,) = query.results[-1].query.filters("position")
    assert position.op == "not_near"


def test_degrees_west_count_downwards(context: Context) -> None:
    result = asked("How many points west of 5° W in Spain are olives?", context).results[-1]
    (limit,) = result.query.filters("lon")
    assert (limit.op, limit.values) == ("below", (-5.0,))


ORDERED = [
    ("In which year did artificial land in the Netherlands peak?", "year", "most"),
    ("year in which Austria's woodland was at a minimum", "year", "fewest"),
    ("In which land cover classes do Bavaria and Saxony differ most?", "land_cover", "most"),
    ("What is the highest vineyard in Spain?", "point", "most"),
    ("Which maize point lies highest in Austria?", "point", "most"),
]


@pytest.mark.parametrize(("question", "rows", "way"), ORDERED)
def test_rows_and_their_order(question: str, rows: str, way: str, context: Context) -> None:
    query = asked(question, context).results[-1].query
    assert (query.rows[0].dimension, query.order[0].way) == (rows, way)


LEADS = [
    ("Which Italian region has the second most vineyard points?", 2),
    ("Which French region comes fourth for wheat points?", 4),
    ("What is the third most wooded country in Europe?", 3),
]


@pytest.mark.parametrize(("question", "place"), LEADS)
def test_the_n_th_is_not_the_first(question: str, place: int, context: Context) -> None:
    assert asked(question, context).results[-1].facts["lead"]["rank"] == place


def test_both_witnesses_are_asked_each_for_itself(context: Context) -> None:
    results = asked(
        "For wetland in Estonia give the official figure and the survey count side by side", context
    ).results
    assert [r.query.source for r in results] == ["published", "survey"]


def test_every_year_of_several_classes_of_several_places_is_a_row(context: Context) -> None:
    table = asked("Woodland, cropland and grassland shares for Spain and Portugal in all years", context)
    assert table.results[-1].table is not None
    assert len(table.results[-1].table) == 2 * 3 * 5


def test_a_class_left_out_is_never_the_class(context: Context) -> None:
    share = asked("What share of Cyprus is not cropland?", context).results[-1].value
    whole = asked("What share of Cyprus is cropland?", context).results[0].value
    assert share + whole == pytest.approx(100, abs=0.2)


def test_no_forest_is_a_yes_or_a_no(context: Context) -> None:
    assert asked("Does Malta have no forest?", context).text.startswith("No: Malta")


TALKS = [
    (["What percentage of Danish cropland points are barley?", "and wheat?"], [("B11", "B12"), ("B00",)]),
    (["What share of Italy's vineyards is in Sicily?", "and in Apulia?"], [("nuts:ITF4",), ("country:IT",)]),
]


@pytest.mark.parametrize(("turns", "sides"), TALKS)
def test_another_part_of_the_same_whole(turns: list[str], sides: list[tuple[str, ...]], context: Context) -> None:
    talk = Conversation()
    last = [ask(turn, context, router="builtin", conversation=talk, debug=True) for turn in turns][-1]
    part, whole, _ = last.results[-1].query.columns
    assert [part.where[0].values, whole.where[0].values] == sides


def test_what_is_left_out_too_adds_up(context: Context) -> None:
    talk = Conversation()
    turns = ["barley in Germany", "without Bavaria", "and without Saxony too"]
    last = [ask(turn, context, router="builtin", conversation=talk, debug=True) for turn in turns][-1]
    gone = {v for f in last.results[-1].query.filters("region") if f.op == "not_in" for v in f.listed}
    assert gone == {"nuts:DE2", "nuts:DED"}


def test_their_cropland_is_that_of_the_rows_before(context: Context) -> None:
    talk = Conversation()
    first, then = (
        ask(turn, context, router="builtin", conversation=talk, debug=True)
        for turn in ("top 5 countries by woodland share", "and their cropland?")
    )
    assert {r.id for r in first.results[0].regions} == {r.id for r in then.results[0].regions}


@pytest.mark.parametrize(("question", "told"), [
    ("how many beech points are there in Germany", "“beech” apart: what is given is all of broadleaved"),
    ("almond orchards in Spain", "“almond orchards” apart: what is given is all of nut trees (B74)."),
    ("Wie viele Mandelpunkte gibt es in Spanien?", "Nussbäume"),
    ("Hvor mange punkter med vinterhvede er der i Danmark?", "“vinterhvede” skelnes ikke"),
    ("Combien de points de blé d'hiver y a-t-il en France ?", "ne distinguent pas « blé d'hiver »"),
    ("Ile punktów pszenicy ozimej jest w Polsce?", "nie wyróżniają „pszenicy ozimej”"),
    ("Hány őszi búza pont van Magyarországon?", "„őszi búza”"),
])  # fmt: skip
def test_a_word_of_something_in_a_wider_class_is_told(question: str, told: str, context: Context) -> None:
    assert any(told in caveat for caveat in asked(question, context).caveats)


def test_a_whole_class_by_another_name_is_not(context: Context) -> None:
    assert not any("tell" in c for c in asked("how many nut orchard points are there in Spain", context).caveats)


EACH_ALONE = [
    ("How did cropland and woodland change in Bavaria between 2009 and 2022?", ["B00", "C00"]),
    ("Did cropland shrink and woodland grow in Bavaria between 2009 and 2022?", ["B00", "C00"]),
    ("How much cropland and grassland is there in Denmark?", ["B00", "E00"]),
    ("What is the area of wheat and maize in Portugal?", ["B11", "B16"]),
    ("¿Cuánto viñedo y olivar hay en Cataluña?", ["B82", "B81"]),
    ("Combien d'hectares de blé et de maïs y a-t-il en France ?", ["B11", "B16"]),
    ("Hvor stor en andel af punkter i Danmark i 2018 var dyrket jord, og hvor stor en andel var skov?", ["B00", "C00"]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "codes"), EACH_ALONE)
def test_each_of_two_classes_has_its_own_figure(question: str, codes: list[str], context: Context) -> None:
    steps = [step["arguments"]["land_cover"] for step in (asked(question, context).plan or {})["steps"]]
    assert [step[0] for step in steps if step] == [code for code in codes for _ in range(len(steps) // len(codes))]


@pytest.mark.parametrize("question", [
    "¿Qué país tiene menos bosque?", "Quale paese ha meno bosco?", "Qual é o país com menos floresta?",
])  # fmt: skip
def test_a_word_that_leaves_out_may_say_the_least(question: str, context: Context) -> None:
    (order,) = asked(question, context).results[-1].query.order
    assert order.way == "fewest"


def test_an_area_asked_for_is_told_as_one(context: Context) -> None:
    assert "km²" in asked("¿Qué superficie ocupan bosque y matorral en Andalucía?", context).text


@pytest.mark.parametrize(("question", "words"), [
    ("How many farms grow maize in Flanders?", "farms"),
    ("How many farmers grow maize in Flanders?", "farmers"),
    ("Combien d'exploitations cultivent du maïs en Flandre ?", "exploitations"),
    ("Kiek jų buvo 2018 metais?", "jų"),
])  # fmt: skip
def test_what_is_counted_and_not_in_the_data_is_named(question: str, words: str, context: Context) -> None:
    answer = asked(question, context)
    assert answer.status != "answered"
    assert words in answer.text


FOLLOWED = [
    (["Which crop was seen on most of the Polish points in 2018?", "And the second most?"], "number 2 of"),
    (["Wo gibt es Äpfel in Südtirol?", "Gibt es dort auch Weinberge?"], "Rebflächen (B82): 4 Punkte"),
]


@pytest.mark.parametrize(("turns", "told"), FOLLOWED)
def test_a_follow_up_keeps_its_rows(turns: list[str], told: str, context: Context) -> None:
    talk = Conversation()
    last = [ask(turn, context, router="builtin", conversation=talk, debug=True) for turn in turns][-1]
    assert told in last.text


THOSE = [
    "Which five Italian regions have the most vineyard points? For those same five, how many olive points are there?",
    "Welche drei deutschen Länder haben den höchsten Waldanteil? Und wie viel Ackerland haben diese drei?",
    "Quels sont les trois pays les plus boisés, et quelle est la part des terres artificielles dans chacun d'eux ?",
    "¿Cuáles son las cinco regiones españolas con más viñedo? ¿Y cuánto olivar tienen esas mismas cinco?",
    "Vilka tre länder har störst andel skog? Och hur stor andel åker har de tre?",
    "Melyik három országban van a legtöbb erdő? Mennyi szántó van ebben a három országban?",
    "Ποιες τρεις χώρες έχουν το μεγαλύτερο ποσοστό δάσους; Πόση καλλιεργήσιμη γη έχουν αυτές οι τρεις;",
    "How many countries have more than 100 maize points, and which of them has the most?",
    "Among the five regions with most vineyard points, which has the highest woodland share?",
]


@pytest.mark.parametrize("question", THOSE)
def test_a_later_clause_asks_of_the_rows_of_the_first(question: str, context: Context) -> None:
    first, *others = asked(question, context).results
    assert others
    assert {r.id for r in first.regions} == {r.id for result in others for r in result.regions}
    assert {c for r in others for c in r.land_cover} != {*first.land_cover} or "maize" in question


ONE_OF_ALL = [
    ("Take the ten NUTS 2 regions with most maize points. How many wheat points lie in them altogether?", None),
    ("Which French region gained most woodland between 2009 and 2022, and how much cropland did it lose?", "nuts:FRM0"),
    ("Which country has the most vineyard points and how many of them lie above 300 m?", "country:ES"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "id"), ONE_OF_ALL)
def test_what_it_and_them_are_is_kept(question: str, id: str | None, context: Context) -> None:
    first, *_, last = asked(question, context).results
    assert {r.id for r in last.regions} == ({id} if id else {r.id for r in first.regions})
    assert isinstance(last.value, int | float)


def test_a_change_runs_from_the_earlier_year(context: Context) -> None:
    question = "What was the share of cropland in Poland in 2009, and by how much had it changed by 2022?"
    assert "−2.8 percentage points" in asked(question, context).text


@pytest.mark.parametrize(("question", "told"), [
    ("Is Poland's cropland share above the EU average?", "Yes:"),
    ("How does Ireland's grassland share compare to the EU average?", "European Union 17.1 %"),
    ("What is the average share of cropland in the EU?", "22.5 %"),
])  # fmt: skip
def test_the_average_of_the_union_is_its_own_figure(question: str, told: str, context: Context) -> None:
    assert told in asked(question, context).text


def test_a_part_of_all_points_before(context: Context, records: Frame) -> None:
    both = pairs(records[records["nuts0"] == "ES"])
    part = 100 * both[both["before"].str.startswith("B")]["after"].str.startswith("E").mean()
    question = ("How many points in Spain changed from cropland to grassland between 2015 and 2018, "
                "and what share is that of all cropland points of 2015?")  # fmt: skip
    assert asked(question, context).results[-1].value == pytest.approx(part, abs=0.1)


OTHER_YEAR = [
    "What had been recorded in 2015 on the points where Romania had maize in 2018?",
    "Co bylo v roce 2015 na bodech v Rumunsku, kde se v roce 2018 pěstovala kukuřice?",
]


@pytest.mark.parametrize("question", OTHER_YEAR)
def test_what_points_were_in_the_other_survey(question: str, context: Context) -> None:
    (group,) = asked(question, context).results[0].query.rows
    assert group.dimension == "land_cover_from"


def test_an_end_says_where_it_lies(context: Context) -> None:
    answer = asked("What's the northernmost vineyard point in Europe and what country is it in?", context)
    assert len(answer.results) == 1
    assert "Germany" in answer.text


def test_how_many_times_larger_an_area_is_compares_areas(context: Context) -> None:
    text = asked("How many times larger is the woodland area of Sweden than that of Denmark?", context).text
    assert "32 times" in text


def test_a_clause_that_nothing_answers_is_named(context: Context) -> None:
    answer = asked("How much cropland is there in Denmark, and how much is then left for everything else?", context)
    assert (
        any("everything" in caveat or "Another part" in caveat for caveat in answer.caveats)
        or answer.status != "answered"
    )


TOLD = [
    ("Which French NUTS 2 regions had at least 40 per cent of their area under cropland? For those regions, please add "
     "how much of each is woodland.", "Centre-Val de Loire 28.4 %"),
    ("Could I have the whole published series, year by year, of woodland and grassland for Austria?", "2009: 25.6 %"),
    ("In which main land cover classes do Galicia and Andalucía differ most?", "cropland (B00) 26.1 percentage points"),
    ("By how many times does the vineyard share of Spain exceed that of France?", "times"),
    ("I am asked what the grassland points of Germany are used for: how many fall under each land use?", "(U112)"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "told"), TOLD)
def test_what_strangers_asked_in_sentences(question: str, told: str, context: Context) -> None:
    assert told in asked(question, context).text


@pytest.mark.parametrize("question", [
    "In which survey year was the share of maize in Hungary at its greatest, in which at its least, and how large?",
    "Melyik évben volt a kukorica aránya Magyarországon a legnagyobb, és melyikben a legkisebb?",
])  # fmt: skip
def test_a_ranking_is_told_from_both_ends(question: str, context: Context) -> None:
    most, least = asked(question, context).results
    assert [most.value, least.value] == [15.5, 10.3]


# --- what a constraint asks is told, or it is refused by name --------------------------------------------------------


OVER_TIME = [
    ("What was the trend in France's vineyard points?", "en"),
    ("vineyard points in France over the years", "en"),
    ("Wie haben sich die Rebflächen in Frankreich über die Jahre entwickelt? Punkte bitte", "de"),
    ("points de vigne en France au fil des ans", "fr"),
    ("puntos de viñedo en Francia a lo largo de los años", "es"),
    ("punti a vigneto in Francia nel corso degli anni", "it"),
    ("wijngaardpunten in Frankrijk door de jaren heen", "nl"),
]


@pytest.mark.parametrize(("question", "language"), OVER_TIME)
def test_what_is_asked_over_time_is_told_of_every_year(question: str, language: str, demo: Context) -> None:
    answer = ask(question, demo, router="builtin")
    assert answer.status == "answered", answer.text
    assert answer.language == language
    assert {row[0] for r in answer.results if r.table for row in r.table.rows} >= {2015, 2018}, answer.text


PLAINLY_ASKED = [
    ("Which crops are grown in Cyprus?", "common wheat (B11) 5.8 %"),
    ("Which crops grow in Cyprus?", "common wheat (B11) 5.8 %"),
    ("What was the peak year for sunflower in Bulgaria?", "Most: 2012: 8 %"),
    ("¿En cuántos puntos de España apareció el maíz en 2018?", "46 puntos, de"),
    ("At how many points in Spain did maize appear in 2018?", "46 points, of"),
    ("Rank the countries by woodland share in 2022: the bottom three", "Least: Malta"),
]
CHANGED_SINCE = [
    ("How much woodland is there in Belgium, and how has it changed?", "en"),
    ("How much woodland is there in Belgium? How has it changed since 2009?", "en"),
    ("How much woodland is there in Belgium, and how much has it grown since 2009?", "en"),
    ("What is the share of built-up land in Belgium and how has it changed between 2009 and 2022?", "en"),
    ("Wie viel Wald gibt es in Belgien, und wie hat er sich seit 2009 verändert?", "de"),
    ("Quelle est la part des forêts en Belgique, et comment a-t-elle évolué depuis 2009 ?", "fr"),
    ("¿Cuánto bosque hay en Bélgica y cómo ha cambiado desde 2009?", "es"),
]


@pytest.mark.parametrize(("question", "told"), PLAINLY_ASKED)
def test_what_is_plainly_asked_is_told(question: str, told: str, demo: Context) -> None:
    assert told in ask(question, demo, router="builtin").text


@pytest.mark.parametrize(("question", "language"), CHANGED_SINCE)
def test_a_figure_and_how_it_changed_are_both_told(question: str, language: str, demo: Context) -> None:
    answer = ask(question, demo, router="builtin")
    assert (answer.status, answer.language) == ("answered", language), answer.text
    assert [r.tool for r in answer.results] == ["official_share", "change_official"], answer.text
