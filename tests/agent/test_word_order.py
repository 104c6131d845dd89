"""Word order and cases of other languages: nearness behind a place, double negation, ordinal years, declined names."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.understand import sentences_of
from retrieval.store import Store
from tools.context import Context

pytestmark = pytest.mark.real


@pytest.fixture
def context(real_store: Store) -> Context:
    return Context.open(real_store)


def filters(question: str, context: Context) -> dict[str, tuple]:
    answer = ask(question, context, router="builtin")
    assert answer.status == "answered", answer.text
    return {f.dimension: (f.op, [*f.values]) for f in answer.results[0].query.where}


@pytest.mark.parametrize(
    ("question", "km", "town"),
    [
        ("Pécs környékén milyen növények vannak?", 20, "Pécs"),
        ("Što se uzgaja u okolici Varaždina?", 20, "Varaždin"),
        ("Kas auginama netoli Panevėžio?", 20, "Panevėžys"),
        ("Mida kasvatatakse Viljandi lähistel?", 20, "Viljandi"),
        ("Koliko je točaka pšenice u krugu od 30 km oko Osijeka?", 30, "Osijek"),
        ("Kiek miežių taškų yra 30 km spinduliu aplink Šiaulius?", 30, "Šiauliai"),
        ("Cik miežu punktu ir 30 km rādiusā ap Jelgavu?", 30, "Jelgava"),
        ("Hány szőlős pont van Pécs 30 km-es körzetében?", 30, "Pécs"),
        ("Budapesttől legfeljebb 50 kilométerre hány erdős pont van?", 50, "Budapest"),
    ],
)
def test_a_distance_is_read_wherever_the_language_puts_it(question: str, km: float, town: str, context: Context):
    assert filters(question, context)["position"][1][2:] == [km, town]


def test_a_height_in_front_of_its_comparison_is_not_turned_round(context: Context):
    """ "tengerszint feletti", above sea level, is no "above"."""
    question = "200 méter tengerszint feletti magasság alatt hány kukoricás pont van Magyarországon?"
    assert filters(question, context)["elevation"] == ("below", [200.0])


@pytest.mark.parametrize(
    ("question", "country"),
    [
        ("Mitu nisupunkti oli Poolas 2015. aastal?", "PL"),  # no form of "põõsas", a shrub
        ("Hány árpás pont van Máltán 2018-ban?", "MT"),  # nor of "málna", a raspberry
    ],
)
def test_a_declined_country_is_no_form_of_a_class(question: str, country: str, context: Context):
    found = filters(question, context)
    assert found["region"] == ("in", [f"country:{country}"])
    assert len(found["land_cover"][1]) <= 2


def test_only_at_the_beginning_is_no_place(context: Context):
    """Croatian and Slovenian "samo"."""
    found = filters("Samo u Bavarskoj: koliko je točaka pšenice 2018.?", context)
    assert found["region"] == ("in", ["nuts:DE2"])


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Točke koje su 2015. bile kukuruz u Hrvatskoj?", 1),
        ("Taškai, kurie 2015 m. Lietuvoje buvo kukurūzai?", 1),
        ("Точките, които през 2015 г. са били царевица?", 1),
        ("Forest in 2015. How much in 2018?", 2),
        ("I write about wheat. How much is there?", 2),
    ],
)
def test_the_dot_of_an_ordinal_year_ends_no_sentence(text: str, count: int):
    assert len(sentences_of(text)) == count


def test_an_unknown_place_before_the_word_that_asks_is_named(context: Context):
    answer = ask("Az Alföldön mennyi a napraforgó?", context, router="builtin")
    assert answer.status == "refused"
    assert "Alföldön" in answer.text


def test_from_ten_to_fifty_points_is_a_condition(context: Context):
    answer = ask("Kurios šalys turi nuo 10 iki 50 rugių taškų?", context, router="builtin").to_json()
    signs = [(c["sign"], c["value"]) for c in answer["results"][0]["arguments"]["having"]]
    assert signs == [(">=", 10.0), ("<=", 50.0)]


@pytest.mark.parametrize(
    ("question", "way"),
    [
        ("Mivé váltak a 2015-ös gyepes pontok 2018-ra Németországban?", "land_cover_from"),
        ("Mis sai 2015. aasta Saksamaa rohumaadest 2018. aastaks?", "land_cover_from"),
        ("Što je bilo s točkama koje su 2015. bile travnjak u Njemačkoj?", "land_cover_from"),
        ("Hány pont változott gyepről szántóra Lengyelországban?", "land_cover_from"),
        ("Mitu punkti muutus Poolas rohumaast põllumaaks?", "land_cover_from"),
    ],
)
def test_what_became_of_something_is_not_turned_round(question: str, way: str, context: Context):
    assert filters(question, context)[way] == ("in", ["E00"])


@pytest.mark.parametrize(
    "question",
    [
        "U kojim njemačkim pokrajinama nema nijedne točke s vinogradom?",
        "В кои германски провинции няма нито една точка с лозе?",
        "Kuriose Vokietijos žemėse nėra nė vieno vynuogyno taško?",
        "Mely német tartományokban nincs egyetlen szőlős pont sem?",
    ],
)
def test_not_a_single_point_is_none_of_them(question: str, context: Context):
    answer = ask(question, context, router="builtin").to_json()
    assert [(c["sign"], c["value"]) for c in answer["results"][0]["arguments"]["having"]] == [("=", 0)]


@pytest.mark.parametrize(
    ("question", "places"),
    [
        ("Koliki je postotak talijanskih vinograda u Toskani?", {"country:IT", "nuts:ITI1"}),
        ("Az olaszországi szőlős pontok hány százaléka esik Toszkánára?", {"country:IT", "nuts:ITI1"}),
        ("Koliko je točaka s ječmom u baltičkim zemljama?", {"group:baltic"}),
        ("Mennyi árpás pont van a balti országokban?", {"group:baltic"}),
    ],
)
def test_adjectives_of_countries_and_groups_of_countries_are_places(question: str, places: set[str], context: Context):
    text = str(ask(question, context, router="builtin").to_json()["results"][0]["arguments"])
    assert {place for place in places if place in text} == places


def test_the_highest_of_points_is_a_point_in_any_language(context: Context):
    for question in ("Milline on Eesti kõrgeim metsapunkt?", "Kurš meža punkts Latvijā atrodas visaugstāk?"):
        answer = ask(question, context, router="builtin").to_json()
        assert answer["results"][0]["arguments"]["rows"] == [{"dimension": "point"}]


def test_two_words_of_one_class_are_not_compared(context: Context):
    answer = ask("Tölgyesből vagy bükkösből van több Magyarországon?", context, router="builtin")
    assert answer.status != "answered"


@pytest.mark.parametrize(
    "question",
    [
        "Cik valsts mežu punktu ir Polijā?",
        "Cé mhéad foraois stáit atá sa Pholainn?",
        "Câte păduri de stat sunt în Polonia?",
        "Hány állami erdős pont van Lengyelországban?",
    ],
)
def test_the_forests_of_the_state_are_not_counted_as_forests_by_state(question: str, context: Context):
    """The word for a country that owns is the word for a row of the table in Latvian, Irish and Romanian."""
    assert ask(question, context, router="builtin").status == "refused"


def test_where_something_grew_most_is_asked_of_countries(context: Context):
    for question in (
        "Unde au crescut cel mai mult zonele construite între 2012 și 2022?",
        "Къде застроените площи са се увеличили най-много между 2012 и 2022?",
    ):
        query = ask(question, context, router="builtin").to_json()["results"][0]["arguments"]
        assert query["rows"] == [{"dimension": "region", "level": "country"}]


@pytest.mark.parametrize(
    ("question", "town"),
    [
        ("Kaip toli nuo Kauno yra artimiausias kviečių taškas?", "Kaunas"),  # a region of that name too
        ("Kurš kukurūzas punkts ir vistuvāk Rīgai?", "Riga"),
    ],
)
def test_the_nearest_to_a_town_that_is_a_region_too(question: str, town: str, context: Context):
    assert filters(question, context)["position"][1][3] == town
