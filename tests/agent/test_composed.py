"""Questions that take a composed query, asked whole of the real records; values counted by a stranger with pandas."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from agent.reading.asides import without_asides
from agent.reading.read import read
from retrieval.query import Column, Filter, Group, Query
from retrieval.store import Store
from tools.context import Context
from tools.query import answer as answer_of

pytestmark = pytest.mark.real

VALUES = [
    ("How many points in Spain in 2018 were grassland and used for agriculture?", 470),
    ("vineyard points in Italy below 200 metres altitude, 2018 survey", 35),
    ("How many maize points were surveyed in 2018 in France, Germany and Poland together?", 424),
    ("Wie viele Waldpunkte in Österreich liegen 2018 über 1500 m?", 5),
    ("Wie viele Punkte in Schweden waren 2015 Wald und 2018 kein Wald mehr?", 41),
    ("How many points changed from cropland to grassland in Germany between 2015 and 2018?", 20),
    ("what share of Italy's vineyard points is in Sicily in 2018?", 14.8),
    ("difference in woodland share between Sweden and Finland in 2018", -2.8),
    ("how many times more maize points does France have than Germany in 2018?", 2.24),
    ("is more than a third of Austria woodland in 2018?", 43.3),
    ("what is the highest vineyard point in Italy in 2018?", 967),
    ("How many olive points of the 2018 survey lie within 50 km of 37.77 N, 3.79 W?", 57),
    ("Quanti punti a frumento tenero del 2018 ci sono entro 60 km da 45,07 N 7,69 E?", 4),
    ("Koliko je točaka s kukuruzom iz 2018. unutar 50 km od 45,55 N, 18,69 E?", 2),
    ("What do grassland and shrubland together make up of Ireland in 2022?", 71.5),
    ("average share of woodland over the NUTS 2 regions of Austria in 2022", 40.4),
    ("In square kilometres, how much more wood than cropland was there in Romania in 2022?", 8106.0),
    ("How high up, on average, are the Italian vineyards that were surveyed in 2018?", 238),
    ("What fraction of all European olive points of 2018 lies in Spain?", 50.0),
    ("What percentage of Italian vineyard points of 2018 lie above 500 m?", 6.2),
    ("What share of the points above 500 m in Italy in 2018 are vineyards?", 1.2),
    ("By what factor is woodland larger than cropland in Sweden in 2022?", 16.24),
    ("O kolik procentních bodů více lesů má Slovinsko než Česko v roce 2022?", 24.6),
    ("Kuinka monta prosenttiyksikköä enemmän metsää on Suomessa kuin Ruotsissa 2022?", 4.3),
    ("Rank Hungary, Poland and Romania by their share of sunflower in 2022.", 7),
    ("Kiek procentų ES ploto 2022 m. sudarė miškai?", 41),
    ("Mitmendal kohal on Eesti EL-i riikide seas märgalade osakaalu järgi 2022. aastal?", 3.8),
    ("Magyarországon 2018-ban hány kukoricás pont jut egy búzás pontra?", 1.21),
    ("Which two cereals turned up most often on the German points of 2018, and how often?", 104),
    (
        "Putting Belgium, the Netherlands and Luxembourg together, what percentage of their area was cropland in 2022?",
        23.2,
    ),
    ("How many olive points of the 2018 survey lie within 50 km of 37.77 N, 3.79 W (Jaén)?", 57),
    ("What share of the Netherlands is under glass (greenhouses), 2022?", 0.5),
    ("Jak daleko od Brna leží nejbližší bod s vinicí z roku 2018?", 37.506),
]
ROWS = [
    ("Number of vineyard points by country in 2018", "points",
     {"Spain": 113, "Italy": 81, "France": 59, "Portugal": 14, "Romania": 7, "Greece": 6}),
    ("répartition des points de forêt par pays en 2015", "points",
     {"Suède": 1551, "Finlande": 892, "Espagne": 763, "France": 549, "Italie": 409, "Allemagne": 405}),
    ("Which country gained the most woodland, in percentage points, from 2009 to 2018?", "change",
     {"Portugal": 11.7, "Greece": 9.5, "Spain": 9.5}),
    ("List countries where wetlands exceed 5% in 2018", "share", {"Sweden": 6.2, "Finland": 6.0}),
    ("ratio of cropland to grassland in Ireland and in Denmark in 2018", "ratio", {"Denmark": 2.42, "Ireland": 0.1}),
    ("which country lost the most vineyard points between 2015 and 2018?", "points",
     {"Italy": 7, "Spain": 5, "France": 5, "Bulgaria": 1}),
    ("Which Spanish regions have more than 5 vineyard points above 700 m in 2018?", "points",
     {"Castile-La Mancha": 47, "Castile and León": 10}),
]  # fmt: skip


@pytest.fixture(scope="session")
def context(real_store: Store) -> Context:
    return Context.open(real_store)


@pytest.mark.parametrize(("question", "value"), VALUES)
def test_one_number(question: str, value: float, context: Context) -> None:
    answer = ask(question, context, router="builtin", debug=True)
    assert answer.results[-1].value == value


@pytest.mark.parametrize(("question", "column", "rows"), ROWS)
def test_rows(question: str, column: str, rows: dict[str, float], context: Context) -> None:
    table = ask(question, context, router="builtin", debug=True).results[-1].table
    assert table
    found = dict(zip(table.column("region"), table.column(column), strict=True))
    assert dict(list(found.items())[: len(rows)]) == rows


def test_what_became_of_grassland(context: Context) -> None:
    table = (
        ask("What did the grassland points of 2015 in Germany become by 2018?", context, router="builtin", debug=True)
        .results[0]
        .table
    )
    assert table
    became = dict(zip(table.column("land_cover_to"), table.column("points"), strict=True))
    assert became == {"E00": 160, "B00": 8, "C00": 4, "A00": 2, "D00": 2}


def test_the_first_of_one_thing_asked_about_another(context: Context) -> None:
    answer = ask(
        "Dans la région française qui a le plus de vigne, quelle est la part de la forêt ?", context, debug=True
    )
    assert [r.value for r in answer.results] == [9.9, 47.2]


def test_a_condition_that_the_data_do_not_have_is_never_answered_as_if_it_were_not_there(context: Context) -> None:
    for word in ("irrigated", "leased", "organic"):
        answer = ask(f"how many {word} maize points are there in Spain above 500 m in 2018?", context, debug=True)
        assert answer.status != "answered", answer.text
        assert word in answer.text


TALKS = [
    (["Show vineyard points in Spain 2018", "only those above 800 m", "how many are left?", "group them by region"],
     [113, 22, 22, 10]),
    (["vineyard points in Italy above 500 m in 2018", "and in France?", "below 300 m", "and olive groves?"],
     [5, 0, 57, 3]),
    (["how many countries have more than 30% woodland in 2022?", "and more than 50%?", "in 2009"], [None, None, None]),
]  # fmt: skip


@pytest.mark.parametrize(("turns", "values"), TALKS)
def test_a_follow_up_edits_the_query_before(turns: list[str], values: list[float], context: Context) -> None:
    talk = Conversation()
    answers = [ask(turn, context, router="builtin", conversation=talk, debug=True) for turn in turns]
    assert [answer.results[0].value for answer in answers] == values


def test_what_was_asked_for_before_stays_until_it_is_replaced(context: Context) -> None:
    talk = Conversation()
    first = ask("which countries have more than 50 % woodland in 2022?", context, router="builtin", conversation=talk)
    then = ask("and in 2009?", context, router="builtin", conversation=talk)
    assert [r.name for r in first.results[0].regions] == ["Finland", "Sweden", "Slovenia", "Estonia", "Latvia"]
    assert [r.name for r in then.results[0].regions] == ["Finland", "Sweden", "Slovenia", "Estonia"]


def test_without_a_country_is_never_that_country(context: Context) -> None:
    talk = Conversation()
    ask("Which countries have the most olive groves?", context, router="builtin", conversation=talk)
    without = ask("and without Spain?", context, router="builtin", conversation=talk)
    assert "Spain" not in [r.name for r in without.results[0].regions]
    assert without.results[0].regions[0].name == "Greece"


STEPS = [
    ("Find the country with the highest woodland share in 2022 and tell me how its cropland share changed since 2009.",
     [66.0, -2.1]),
    ("Among countries whose cropland covered more than 30% in 2018, which has the least artificial land?", [47.7, 2.1]),
    ("Take the three countries with the most sunflower points in 2018; what is the mean elevation of those points?",
     [118, 488.5]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "values"), STEPS)
def test_several_steps(question: str, values: list[float], context: Context) -> None:
    answer = ask(question, context, router="builtin", debug=True)
    assert [result.value for result in answer.results] == values


CONDITIONS = [
    ("How many vineyard points in Italy in 2018 belong to small family farms?", "farms"),
    ("What share of French wheat points lie on clay soils?", "clay"),
    ("How many points in Greece burned in wildfires turned from woodland to shrubland?", "wildfires"),
    ("How many grassland points in Ireland within 5 km of a motorway were lost between 2015 and 2018?", "motorway"),
    ("Which Spanish regions had the most almond orchards planted after 2000?", "2000"),
    ("In square kilometres, how much more sedge than cropland was there in Romania in 2022?", "sedge"),
]


@pytest.mark.parametrize("question", ["Which region has the most?", "Vai tur ir daudz?", "Wo ist am meisten davon?"])
def test_a_question_of_no_land_cover_is_asked_which(question: str, context: Context) -> None:
    assert ask(question, context, router="builtin", debug=True).status == "clarify"


@pytest.mark.parametrize(("question", "word"), CONDITIONS)
def test_a_stranger_s_condition_is_named(question: str, word: str, context: Context) -> None:
    answer = ask(question, context, router="builtin", debug=True)
    assert answer.status == "refused"
    assert word in answer.text


def test_a_whole_question_takes_no_place_from_the_one_before(context: Context) -> None:
    talk = Conversation()
    ask("share of olive groves by region of Spain", context, router="builtin", conversation=talk)
    answer = ask("which countries have more than 50% woodland in 2022", context, router="builtin", conversation=talk)
    assert [r.name for r in answer.results[0].regions] == ["Finland", "Sweden", "Slovenia", "Estonia", "Latvia"]


MOSTLY = [
    ("Is Denmark mostly cropland?", "No: Denmark, 2022, cropland (B00): 44.8 %"),
    ("Is Finland mostly woodland?", "Yes: Finland, 2022, woodland (C00): 66 %"),
    ("Ist Polen überwiegend Wald?", "Nein: Polen, 2022, Wald (C00): 36,6 %"),
    ("O Portugal é principalmente floresta?", "Não: Portugal, 2022, florestas (C00): 35,3 %"),
    ("Onko Suomi pääosin metsää?", "Kyllä: Suomi, 2022, metsä (C00): 66 %"),
    ("Which countries are mostly woodland?", "Most: Finland 66 % (65–67); then Sweden 61.7 %"),
]


@pytest.mark.parametrize(("question", "beginning"), MOSTLY)
def test_mostly_is_more_than_half_of_the_area(question: str, beginning: str, context: Context) -> None:
    assert ask(question, context, router="builtin", debug=True).text.startswith(beginning)


@pytest.mark.parametrize(
    "question", ["Kje je najlepše?", "Cé mhéad acu atá sa taobh thiar?", "Care dintre ele e mai mare?"]
)
def test_where_nothing_could_be_read_the_land_cover_is_asked_back(question: str, context: Context) -> None:
    answer = ask(question, context, router="builtin", debug=True)
    assert answer.status == "clarify"
    assert "?" in answer.text


CLAUSES = [
    ("Quanti punti a oliveto si trovano in Toscana e quanti in Puglia nel 2018, e qual è la differenza?", [-34]),
    ("Of all the points seen both times, how many moved from grass to crops and how many the other way?", [389, 488]),
    ("Wie viele der Punkte, die 2015 Wald waren, waren 2018 nicht mehr Wald, und wie viel Prozent sind das?", [2.6]),
    ("Ile punktów z żytem stwierdzono w 2018 r. w Polsce i jaki to procent wszystkich punktów żyta w Europie?", [50.2]),
    ("Ce procent din punctele cultivate din România în 2018 era porumb, și cât era floarea-soarelui?", [33.1, 13.2]),
    ("Vilka fem länder hade störst andel skog 2022, och på vilken plats hamnar Sverige?", [66.0, 61.7]),
    ("Which German NUTS 2 region had the largest share of vineyards in 2022, and what multiple of the German average"
     " is that?", [8.0, 20.0]),
    ("How many vineyard points in Italy lie above 400 m and how many below?", [11, 70]),
    ("Combien de points de vigne y a-t-il au-dessus de 500 m en Italie en 2018, et combien en Espagne ?", [5, 87]),
    ("What is the lowest olive point in Greece in 2018, and how high is it?", [9]),
    ("In welk land is het aandeel bouwland het kleinst in 2022, en hoe groot is het?", [3.6]),
]  # fmt: skip


@pytest.mark.parametrize(("question", "values"), CLAUSES)
def test_a_clause_leans_on_the_one_before(question: str, values: list[float], context: Context) -> None:
    answer = ask(question, context, router="builtin", debug=True)
    assert [result.value for result in answer.results] == values


def test_the_larger_of_two_classes_leads_and_the_margin_follows(context: Context) -> None:
    question = "In Portugal, do olives or grapes cover more ground in 2022, and by how much in percentage points?"
    answer = ask(question, context, router="builtin", debug=True)
    assert answer.text.startswith("More: olive groves (B81) 5.8 %")
    assert "difference 3.4 percentage points" in answer.text


def test_each_of_several_ranges_is_counted(context: Context) -> None:
    question = "Split the 2018 Austrian grassland points into below 500 m, 500 to 1000 m and above 1000 m."
    (result,) = ask(question, context, router="builtin", debug=True).results
    assert result.table
    assert list(result.table.rows[0]) == [22, 80, 31]


ASIDES = [
    ("How many regions (the thirteen)?", "How many regions (the thirteen)?"),
    ("vines within 50 km of 37.77 N, 3.79 W (Jaén)", "vines within 50 km of 37.77 N, 3.79 W"),
    ("vines within 50 km of 37.77 N, 3.79 W (Madrid)", "vines within 50 km of 37.77 N, 3.79 W (Madrid)"),
    ("which Greek regions (the thirteen) have olives?", "which Greek regions have olives?"),
    ("which Greek regions (the twelve) have olives?", "which Greek regions (the twelve) have olives?"),
    ("how much of the land under glass (greenhouses)", "how much of the land under greenhouses"),
    ("maize (irrigated) in Spain", "maize (irrigated) in Spain"),
    ("maize (wheat) in Spain", "maize (wheat) in Spain"),
]


@pytest.mark.parametrize(("question", "left"), ASIDES)
def test_an_aside_goes_only_where_it_says_nothing_new(question: str, left: str, context: Context) -> None:
    assert without_asides(question, context.in_language("en")) == left


ABOVE = [
    ("Which Dutch province had the highest share of grassland in 2022, and how much above the national figure was it?",
     "difference +20.2 percentage points"),
    ("Melyik magyar régióban volt 2022-ben a legnagyobb a kukorica aránya, és hány százalékponttal haladta meg az "
     "országos átlagot?", "különbség +9,5 százalékpont"),
    ("Which region of Greece has the largest share of olive groves in 2022, and how many points above the second?",
     "difference +5 percentage points"),
    ("Where did Germany rank among the 27 EU countries for share of artificial land in 2022?", "number 6 of 27"),
    ("I hur många av Sveriges riksområden täckte skogen mer än 60 procent av ytan 2022?", "3 NUTS 2-regioner"),
    ("¿Cuántas comunidades autónomas tenían más del 40 % de su superficie con bosque en 2022?", "6 regiones NUTS 2"),
]  # fmt: skip


@pytest.mark.parametrize(("question", "told"), ABOVE)
def test_a_margin_over_the_whole_the_second_or_a_threshold(question: str, told: str, context: Context) -> None:
    assert told in ask(question, context, router="builtin", debug=True).text


def test_a_place_named_twice_counts_once(context: Context) -> None:
    answer = ask("Share of corn in Flanders (Vlaams Gewest) in 2018?", context, router="builtin", debug=True)
    assert answer.results[0].value == 11.5
    where = (Filter("year", "in", (2018,)), Filter("land_cover", "in", ("B16",)))
    rows = (Group("region", members=(("nuts:BE2",), ("nuts:BE2",))),)
    twice = Query("published", (Column("x", "share"),), where, rows)
    assert [row["x"] for row in answer_of(twice, context).table.dicts()] == [11.5]


def test_a_lithuanian_year_is_no_distance(context: Context) -> None:
    text = ask("Kiek Lietuvos taškų 2015 m. buvo su kviečiais?", context, router="builtin", debug=True).text
    assert "km" not in text


def test_a_class_of_a_year_without_a_survey_is_asked_of_the_published_figures(context: Context) -> None:
    for question, value in (
        ("Artificial land in the Netherlands, 2022?", 13.0),
        ("Rebflächen in Österreich 2022", 0.6),
    ):
        assert ask(question, context, router="builtin", debug=True).results[0].value == value


FATES = [
    ("What became of the cropland points in Poland between 2015 and 2018?", ("B00",), None),
    ("Que sont devenus les points de blé en Pologne entre 2015 et 2018 ?", ("B11", "B12"), None),
    ("Cosa sono diventati i punti a mais in Polonia tra il 2015 e il 2018?", ("B16",), None),
    ("Was wurde aus den Maispunkten Polens zwischen 2015 und 2018?", ("B16",), None),
    ("Vad blev det av majspunkterna i Polen mellan 2015 och 2018?", ("B16",), None),
    ("Wie viele Maispunkte sind bis 2018 zu Grünland geworden?", ("B16",), ("E00",)),
    ("Hoeveel maïspunten waren in 2018 grasland geworden?", ("B16",), ("E00",)),
]


@pytest.mark.parametrize(("question", "before", "after"), FATES)
def test_what_became_of_points_begins_at_the_class_that_is_named(real, question, before, after):
    query = ask(question, real, router="builtin").results[-1].query
    where = {(f.dimension, f.op): f.values for f in query.where}
    assert (query.source, where.get(("land_cover_from", "in"))) == ("revisits", before)
    assert where.get(("land_cover_to", "in")) == after


BETWEEN = [
    "Which regions of Poland have between 5 and 15 rye points in 2018?",
    "Welche Regionen Polens haben zwischen 5 und 15 Roggenpunkte (2018)?",
    "Które regiony Polski mają od 5 do 15 punktów żyta w 2018?",
    "Millä Puolan alueilla on 5–15 ruispistettä 2018?",
]


@pytest.mark.parametrize("question", BETWEEN)
def test_a_number_of_points_may_lie_between_two(real, question):
    rows = ask(question, real, router="builtin").results[0].table.dicts()
    assert rows
    assert all(5 <= row["points"] <= 15 for row in rows)


@pytest.mark.parametrize(
    "question", ["In which countries was no rice found in 2018?", "In welchen Ländern wurde 2018 kein Reis gefunden?"]
)
def test_a_class_not_found_asks_for_the_places_without_it(real, question):
    rows = ask(question, real, router="builtin").results[0].table.dicts()
    assert rows
    assert all(row["points"] == 0 for row in rows)


@pytest.mark.parametrize(
    "question",
    [
        "Which country comes second for the share of woodland in 2018?",
        "Welches Land liegt 2018 beim Waldanteil an zweiter Stelle?",
    ],
)
def test_second_place_without_a_superlative_is_the_second_of_the_most(real, question):
    assert "country:SI" in str(ask(question, real, router="builtin").plan)


TOLD_BY_WORD = [
    ("Vilken äppelodling ligger närmast Lund 2018?", "survey", ("position", "near")),
    ("Πόσα σημεία με πατάτες υπάρχουν σε ακτίνα 50 χλμ από την Πάτρα;", "survey", ("position", "near")),
    ("Ge mig de tre tyska regioner som har flest tallpunkter 2018", "survey", ("region", "in")),
    ("Hvor stor en del af agerjorden i Ungarn var dækket af solsikke i 2018?", "published", ("region", "in")),
    ("Ποια χώρα είναι δεύτερη σε ποσοστό δάσους το 2018;", "published", ("land_cover", "in")),
    ("In quale mese del 2018 sono stati visitati più punti in Grecia?", "survey", ("region", "in")),
]


@pytest.mark.parametrize(("question", "source", "filtered"), TOLD_BY_WORD)
def test_everyday_words_of_a_language_do_not_refuse_a_question(real, question, source, filtered):
    query = ask(question, real, router="builtin").results[0].query
    assert query.source == source
    assert filtered in [(f.dimension, f.op) for f in query.where]


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("Quanti punti con trifoglio ci sono nel nord della Spagna nel 2018?", "nord"),
        ("Anzahl der Biobetriebe mit Weizen in Österreich", "Biobetriebe"),
        ("Wie viele Weizenpunkte liegen an Südhängen in Hessen?", "Südhängen"),
        ("Antal køer pr. hektar græs i Danmark", "køer"),
        ("Ile punktów pszenicy leży na zboczach w Niemczech?", "zboczach"),
        ("Pšenice na svazích v Německu 2018", "svazích"),
        ("Kuinka monta vehnäpistettä on etelärinteillä Saksassa?", "etelärinteillä"),
    ],
)
def test_what_narrows_and_is_not_in_the_data_is_refused_by_name(real, question, word):
    answer = ask(question, real, router="builtin")
    assert answer.status == "refused"
    assert word in answer.text


COUNTED_SO = [
    ("Combien de points ont été visités en Finlande en 2018 ?", None),
    ("Combien de points ont été visités en été 2018 en Finlande ?", ("month", "in")),
    ("Quantos pontos de pastagem tinham passado a terra arável em 2018?", ("land_cover_to", "in")),
    ("Montako maissipistettä kuukausittain Puolassa 2018?", ("land_cover", "in")),
]


@pytest.mark.parametrize(("question", "filtered"), COUNTED_SO)
def test_a_participle_is_no_season_and_a_season_no_participle(real, question, filtered):
    answer = ask(question, real, router="builtin")
    where = [(f["dimension"], f["op"]) for step in answer.plan["steps"] for f in step["arguments"].get("where", ())]
    assert ("month", "in") in where if filtered == ("month", "in") else ("month", "in") not in where
    assert filtered is None or filtered in where


@pytest.mark.parametrize(
    "question",
    [
        "Quelles régions autrichiennes dépassent 50 pour cent de forêt ?",
        "Quali regioni austriache hanno oltre il 50 per cento di bosco?",
        "Które austriackie regiony mają ponad 50 procent lasów?",
    ],
)
def test_a_hundred_in_per_cent_is_no_number(real, question):
    rows = ask(question, real, router="builtin").results[0].table.dicts()
    assert rows
    assert all(50 < row["share"] < 100 for row in rows)


def test_the_highest_point_of_a_class_is_no_ranking_of_shares(real):
    for question in (
        "Wo in Europa liegt der höchste Weinbergpunkt?",
        "Où se trouve en Europe la vigne la plus haute ?",
    ):
        query = ask(question, real, router="builtin").results[0].query
        assert (query.rows[0].dimension, query.order[0].column, query.limit) == ("point", "elevation", 1)


def test_a_class_left_out_is_never_counted_instead(real):
    answer = ask("Todo menos bosque en Estonia en 2018, ¿cuántos puntos son?", real, router="builtin")
    assert "105" not in answer.text.split("\n")[0]


MORE = [
    ("en", "which countries have more cropland than woodland?"),
    ("de", "In welchen Ländern gibt es mehr Acker als Wald?"),
    ("de", "In welchen Ländern gibt es weniger Wald als Grünland?"),
    ("fr", "Dans quels pays y a-t-il plus de prairies que de forêts ?"),
    ("es", "¿Qué países tienen más cultivos que bosques?"),
    ("it", "In quali paesi c'è più prato che bosco?"),
    ("nl", "In welke landen is er meer grasland dan bos?"),
    ("pl", "W których krajach jest więcej łąk niż lasów?"),
    ("pt", "Em que países há mais pastagem do que floresta?"),
    ("sv", "I vilka länder finns det mer gräsmark än skog?"),
    ("fi", "Missä maissa on enemmän nurmea kuin metsää?"),
    ("hu", "Mely országokban van több gyep, mint erdő?"),
    ("cs", "Ve kterých zemích je více travních porostů než lesů?"),
    ("da", "I hvilke lande er der mere græs end skov?"),
    ("et", "Millistes riikides on rohkem rohumaad kui metsa?"),
    ("lt", "Kuriose šalyse yra daugiau pievų nei miškų?"),
    ("lv", "Kurās valstīs ir vairāk zālāju nekā mežu?"),
    ("ro", "În ce țări sunt mai multe pajiști decât păduri?"),
    ("sk", "V ktorých krajinách je viac trávnych porastov ako lesov?"),
    ("sl", "V katerih državah je več travinja kot gozda?"),
    ("hr", "U kojim zemljama ima više travnjaka nego šuma?"),
    ("bg", "В кои държави има повече пасища от гори?"),
    ("el", "Σε ποιες χώρες υπάρχουν περισσότερα λιβάδια από δάση;"),
    ("mt", "F'liema pajjiżi hemm aktar ħaxix minn foresti?"),
    ("en", "is there more cropland than woodland in France?"),
]


@pytest.mark.parametrize(("language", "question"), MORE)
def test_more_of_one_class_than_of_another_is_a_comparison_of_the_two(real, language, question):
    items = read(question, language, real.in_language(language)).items
    [(one, sign, other)] = [i.value for i in items if i.type == "MORETHAN"]
    assert one.text in question
    assert question.index(one.text) < question.index(other.text)
    assert sign == ("<" if "weniger" in question else ">")


def test_the_countries_with_more_of_one_class_are_those_by_pandas_and_are_counted(real):
    """By pandas five have more cropland than woodland in 2022: Cyprus, Denmark, Hungary, Malta, the Netherlands."""
    which = ask("which countries have more cropland than woodland?", real, router="builtin").results[0]
    many = ask("how many countries have more cropland than woodland?", real, router="builtin").results[0]
    for result in (which, many):
        rows = result.table.dicts()
        assert all(row["a"] > row["b"] and row["difference"] > 0 for row in rows)
    assert {row["region_id"] for row in which.table.dicts()} == {row["region_id"] for row in many.table.dicts()}
    assert len(many.table) == 5


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        ("Onko Ruotsin metsän osuus suurempi kuin Suomen?", "Ei"),
        ("Je podíl lesů v Česku větší než na Slovensku?", "Ne"),
        ("Este ponderea pădurilor din Bulgaria mai mare decât cea din România?", "Da"),
    ],
)
def test_larger_than_between_two_places_compares_them(real, question, verdict):
    assert ask(question, real, router="builtin").text.startswith(verdict)


def test_a_drop_between_two_years_leaves_no_year_out(real):
    answer = ask("Irish grassland: was there a drop between 2009 and 2012?", real, router="builtin")
    assert answer.results[0].years == (2009, 2012)
