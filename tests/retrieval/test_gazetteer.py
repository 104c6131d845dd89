from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
import shapely
from rapidfuzz import process

from evals.places import mentioned, resolved
from retrieval.errors import AmbiguousRegion, OutOfCoverage, UnknownRegion
from retrieval.gazetteer import Gazetteer, simpler
from retrieval.store import Store
from retrieval.word_forms import base_forms

SAMPLES = Path(__file__).resolve().parents[2] / "evals" / "samples" / "places.jsonl"


@pytest.fixture(scope="module")
def gazetteer(demo_store: Store) -> Gazetteer:
    return Gazetteer(demo_store)


def ids(gazetteer: Gazetteer, question: str, language: str = "en") -> list[list[str]]:
    return [[one.id for one in mention.candidates] for mention in gazetteer.mentions(question, language)]


def samples() -> list[dict]:
    return [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]


# --- the samples -----------------------------------------------------------------------------------------------------


def test_the_place_samples_resolve_as_a_person_checked_them(gazetteer: Gazetteer) -> None:
    cases = samples()
    wrong = [c["id"] for c in cases if resolved(gazetteer, c["text"], c["language"]) != c["expected"]]
    assert len(cases) >= 250
    assert len(wrong) <= 0.01 * len(cases), wrong


def test_the_place_samples_are_found_in_a_sentence(gazetteer: Gazetteer) -> None:
    cases = samples()
    wrong = [c["id"] for c in cases if mentioned(gazetteer, c["text"], c["language"]) != c["expected"]]
    assert len(wrong) <= 0.01 * len(cases), wrong


def test_no_sample_resolves_to_another_place_than_the_one_meant(gazetteer: Gazetteer) -> None:
    for case in samples():
        got = resolved(gazetteer, case["text"], case["language"])
        assert got in (case["expected"], "ask", "unknown"), case["id"]


# --- names -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Tuscany", "Toskana", "Toscane", "TOSCANA", "toscana", "Toskania", "ITI1"])
def test_a_region_is_found_by_any_of_its_names(gazetteer: Gazetteer, name: str) -> None:
    assert [region.id for region in gazetteer.find(name)] == ["nuts:ITI1"]


@pytest.mark.parametrize(
    ("question", "language", "ids"),
    [
        ("Does Malta have no forest?", "en", ["country:MT"]),
        ("How much forest does Malta have?", "en", ["country:MT"]),
        ("Es gibt in Spanien Wald", "de", ["country:ES"]),
        ("Eu quero a floresta de Portugal", "pt", ["country:PT"]),
        ("Kiek miškų yra ES?", "lt", ["group:EU"]),
    ],
)
def test_a_country_needs_no_preposition_and_a_pronoun_is_no_acronym(
    gazetteer: Gazetteer, question: str, language: str, ids: list[str]
) -> None:
    assert [m.candidates[0].id for m in gazetteer.mentions(question, language)] == ids


def test_a_region_is_named_in_the_language_asked_for(gazetteer: Gazetteer) -> None:
    assert gazetteer.region("nuts:DE2", "fr").name == "Bavière"
    assert gazetteer.region("country:EL", "pl").name == "Grecja"
    assert gazetteer.resolve("Bayern", "it").name == "Baviera"


def test_limburg_is_a_question_with_the_countries_to_choose_from(gazetteer: Gazetteer) -> None:
    with pytest.raises(AmbiguousRegion) as asked:
        gazetteer.resolve("Limburg")
    assert asked.value.choices == ("Limburg (Belgium)", "Limburg (Netherlands)")
    assert asked.value.ids == ("nuts:BE22", "nuts:NL42")
    assert gazetteer.resolve("Limburg", country="NL").id == "nuts:NL42"


def test_every_choice_offered_resolves_to_what_it_stands_for(gazetteer: Gazetteer) -> None:
    for name in ("Limburg", "Luxembourg", "Valencia", "Castile", "Brabant", "West Midlands", "Lisbon"):
        with pytest.raises(AmbiguousRegion) as asked:
            gazetteer.resolve(name)
        assert len(set(asked.value.choices)) == len(asked.value.choices), name
        for choice, identifier in zip(asked.value.choices, asked.value.ids, strict=True):
            assert gazetteer.resolve(choice).id == identifier, choice


def test_a_kind_word_tells_the_province_from_the_country(gazetteer: Gazetteer) -> None:
    assert ids(gazetteer, "forest in the province of Luxembourg") == [["nuts:BE34"]]
    assert ids(gazetteer, "forest in Luxembourg") == [["country:LU", "nuts:BE34"]]
    assert ids(gazetteer, "bosque en la provincia de Valencia", "es") == [["iso:ES-V"]]
    assert ids(gazetteer, "bosque en la región de Valencia", "es") == [["nuts:ES52"]]


def test_an_unknown_name_is_refused_with_close_ones(gazetteer: Gazetteer) -> None:
    with pytest.raises(UnknownRegion) as refused:
        gazetteer.resolve("Bavarialand")
    assert "Bavaria" in refused.value.close


def test_a_foreign_country_is_outside_the_data(gazetteer: Gazetteer) -> None:
    with pytest.raises(OutOfCoverage, match="Brazil is outside the data"):
        gazetteer.resolve("Brazil")


def test_two_letters_wrong_are_forgiven_in_a_long_name_but_not_in_a_short_one(gazetteer: Gazetteer) -> None:
    assert gazetteer.resolve("Langedoc-Rousillon").id == "nuts:FRJ1"
    with pytest.raises(UnknownRegion):
        gazetteer.resolve("Liin")


# --- questions -------------------------------------------------------------------------------------------------------


def test_mentions_stand_in_order_with_their_places_in_the_text(gazetteer: Gazetteer) -> None:
    question = "Compare vineyard in Tuscany, Hérault and Andalusia"
    mentions = gazetteer.mentions(question)
    assert [question[m.start : m.end] for m in mentions] == ["Tuscany", "Hérault", "Andalusia"]
    assert all(m.exact and m.text == question[m.start : m.end] for m in mentions)


def test_the_longest_name_wins(gazetteer: Gazetteer) -> None:
    assert ids(gazetteer, "wheat in Lower Saxony") == [["nuts:DE9"]]
    assert ids(gazetteer, "wheat in Saxony-Anhalt") == [["nuts:DEE0"]]
    assert ids(gazetteer, "trigo en Castilla y León", "es") == [["nuts:ES41"]]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("nice vineyards in may", "en"),
        ("Show us the share of forest and its change", "en"),
        ("Forest or Woods?", "en"),
        ("Wo gibt es am meisten Wald und Wein?", "de"),
        ("Essen die Kühe Gras?", "de"),
        ("¿Cómo ha cambiado el olivar?", "es"),
        ("Come è cambiato il prato?", "it"),
        ("quelle est la somme des landes à l'est et au nord ?", "fr"),
        ("hoeveel bos en akker is er", "nl"),
        ("ile jest lasu i łąk", "pl"),
        ("it is as it may be", "en"),
        ("WHERE IT IS", "en"),
        ("🍇🍇🍇", "en"),
        ("", "en"),
        ("'; DROP TABLE regions; --", "en"),
    ],
)
def test_common_words_are_no_places(gazetteer: Gazetteer, question: str, language: str) -> None:
    assert gazetteer.mentions(question, language) == []


def test_common_words_are_places_where_they_stand_as_such(gazetteer: Gazetteer) -> None:
    assert ids(gazetteer, "vigne dans le Lot", "fr") == [["iso:FR-46"]]
    assert [one.name for m in gazetteer.mentions("olives around Nice") for one in m.candidates] == ["Nice"]
    assert ids(gazetteer, "prati nelle Marche", "it") == [["nuts:ITI3"]]


def test_a_town_is_a_place_and_a_village_too(gazetteer: Gazetteer) -> None:
    (near,) = gazetteer.mentions("vineyard within 30 km of Montpellier")
    assert near.kind == "place"
    assert near.candidates[0].name == "Montpellier"
    (village,) = gazetteer.mentions("hectares of vineyard in Puisserguier")
    assert village.kind == "place"


def test_a_town_of_another_continent_is_foreign_and_new_york_is_not_york(gazetteer: Gazetteer) -> None:
    assert [m.kind for m in gazetteer.mentions("forest in Tokyo")] == ["foreign"]
    assert [m.kind for m in gazetteer.mentions("forest in New York")] == ["foreign"]
    assert ids(gazetteer, "forest in York") == [["iso:GB-YOR"]]


def test_an_adjective_names_its_country(gazetteer: Gazetteer) -> None:
    assert ids(gazetteer, "which Spanish regions have most olive groves") == [["country:ES"]]
    assert ids(gazetteer, "régions espagnoles avec oliviers", "fr") == [["country:ES"]]
    assert ids(gazetteer, "Weizen in den spanischen Regionen", "de") == [["country:ES"]]


def test_a_country_that_only_says_where_a_region_lies_is_not_asked_about(gazetteer: Gazetteer) -> None:
    assert ids(gazetteer, "Tuscany, Italy") == [["nuts:ITI1"]]
    assert ids(gazetteer, "Limburg in Belgium") == [["nuts:BE22"]]
    assert ids(gazetteer, "Compare Tuscany and Italy") == [["nuts:ITI1"], ["country:IT"]]


def test_a_misspelt_name_is_a_mention_that_says_it_is_not_exact(gazetteer: Gazetteer) -> None:
    (mention,) = gazetteer.mentions("olives in Tuscanny")
    assert [one.id for one in mention.candidates] == ["nuts:ITI1"]
    assert not mention.exact
    assert mention.score < 1


def test_a_very_long_text_is_looked_at_only_at_its_beginning(gazetteer: Gazetteer) -> None:
    start = time.perf_counter()
    mentions = gazetteer.mentions("Tuscany " + "vineyard in " * 10_000)
    assert [m.text for m in mentions] == ["Tuscany"]
    with pytest.raises(UnknownRegion):
        gazetteer.resolve("x" * 100_000)
    assert time.perf_counter() - start < 5


# --- the tree --------------------------------------------------------------------------------------------------------


def test_old_and_new_codes_of_one_region_are_one_series(gazetteer: Gazetteer) -> None:
    assert gazetteer.vintages("nuts:FRJ1") == ("FRJ1", "FR81")
    assert gazetteer.vintages("nuts:FR81") == ("FRJ1", "FR81")
    assert gazetteer.region("nuts:FR81").id == "nuts:FRJ1"
    assert gazetteer.vintages("nuts:PL9") == ("PL9", "PL12")
    assert set(gazetteer.vintages("country:LU")) == {"LU", "LU0", "LU00"}
    assert set(gazetteer.vintages("nuts:FRE1")) == {"FRE1", "FR3", "FR30"}
    assert set(gazetteer.vintages("group:EU")) == {"EU", "EU27_2020"}


def test_regions_of_changed_borders_are_never_one_series(gazetteer: Gazetteer) -> None:
    assert gazetteer.vintages("nuts:NL31") == ("NL31",)
    assert gazetteer.vintages("nuts:NL35") == ("NL35",)
    assert {row["code"] for row in gazetteer.successors("nuts:HR04")} == {"HR02", "HR05", "HR06"}
    assert [row["code"] for row in gazetteer.successors("nuts:NL31")] == ["NL35"]
    assert gazetteer.successors("nuts:FRJ1") == ()


def test_a_department_lies_in_its_nuts_regions_and_country(gazetteer: Gazetteer) -> None:
    found = [gazetteer.containing("iso:FR-34", level) for level in ("nuts2", "nuts1", "country")]
    assert [region.id for region in found if region] == ["nuts:FRJ1", "nuts:FRJ", "country:FR"]
    assert gazetteer.containing("country:FR", "nuts2") is None


def test_a_country_of_one_region_is_its_own_nuts_2_region(gazetteer: Gazetteer) -> None:
    assert [region.id for region in gazetteer.children("country:LU", "nuts2")] == ["nuts:LU00"]
    assert [region.id for region in gazetteer.children("nuts:FRM0", "subdivision")] == ["iso:FR-2A", "iso:FR-2B"]
    around = gazetteer.containing("iso:LU-G", "nuts2")
    assert around
    assert around.id == "nuts:LU00"


def test_spain_has_the_nuts_2_regions_lucas_visits(gazetteer: Gazetteer) -> None:
    inside = [region.id for region in gazetteer.children("country:ES", "nuts2")]
    assert len(inside) == 16
    assert "nuts:ES61" in inside


def test_a_group_is_its_members(gazetteer: Gazetteer) -> None:
    assert gazetteer.members("group:benelux") == ("country:BE", "country:NL", "country:LU")
    assert {r.id for r in gazetteer.children("group:benelux", "country")} == {"country:BE", "country:NL", "country:LU"}
    outline = gazetteer.outline("group:benelux")
    assert outline is not None
    assert outline.area > 0


def test_the_map_of_a_region_without_outline_has_a_null_geometry(gazetteer: Gazetteer) -> None:
    features = gazetteer.geojson(["nuts:FRJ1", "nuts:UKM2"])["features"]
    assert features[0]["geometry"]["type"] in ("Polygon", "MultiPolygon")
    assert features[0]["properties"]["name"] == "Languedoc-Roussillon"
    assert features[1]["geometry"] is None
    json.dumps(features)


# --- towns -----------------------------------------------------------------------------------------------------------


def test_the_clearly_largest_town_is_taken(gazetteer: Gazetteer) -> None:
    assert gazetteer.place("Montpellier").country == "FR"
    assert gazetteer.place("Monachium").name == "Munich"
    assert gazetteer.place("Krakowa").name == "Kraków"
    assert gazetteer.place("Montpelier").name == "Montpellier"


def test_towns_of_similar_size_are_a_question(gazetteer: Gazetteer) -> None:
    with pytest.raises(AmbiguousRegion) as asked:
        gazetteer.place("Zell")
    assert len(asked.value.choices) > 1
    assert gazetteer.place("Siena", country="IT").country == "IT"


def test_a_town_nobody_knows_and_a_town_outside_the_survey_are_told_apart(gazetteer: Gazetteer) -> None:
    with pytest.raises(UnknownRegion):
        gazetteer.place("Xyzzyville")
    for outside in ("Tokyo", "Las Palmas"):
        with pytest.raises(OutOfCoverage):
            gazetteer.place(outside)


# --- forms and speed -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "base"),
    [("andaluzji", "andaluzja"), ("toskanii", "toskania"), ("korsyce", "korsyka"), ("slasku", "slask"),
     ("bayerns", "bayern"), ("dolnej saksonii", "dolna saksonia"), ("krakowie", "krakow")],
)  # fmt: skip
def test_declined_forms_lead_back_to_the_name(form: str, base: str) -> None:
    assert base in set(base_forms(form))


@pytest.mark.slow
def test_a_question_is_searched_for_places_within_15_ms(gazetteer: Gazetteer) -> None:
    questions = [
        "where is vineyard in Languedoc-Roussillon",
        "how much of Sweden was woodland in 2018",
        "vineyard within 30 km of Montpellier",
        "ile winnic jest w Andaluzji",
        "welchen Anteil hat Ackerland in Baden-Württemberg und in der Toskana",
    ]
    for question in questions:
        gazetteer.mentions(question)
    times = []
    for _ in range(5):
        for question in questions:
            start = time.process_time()
            gazetteer.mentions(question)
            times.append(time.process_time() - start)
    assert sorted(times)[len(times) // 2] < 0.015


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("dans quel pays y a-t-il le plus de points de pomme de terre ?", "fr"),
        ("Welches Bundesland hat den größten Waldanteil?", "de"),
        ("¿Cuáles son las comunidades autónomas con mayor proporción de viñedo?", "es"),
        ("Które województwo ma największy udział lasów?", "pl"),
        ("welke drie landen hebben de meeste punten met aardappelen?", "nl"),
    ],
)
def test_words_for_land_and_levels_are_no_places(gazetteer: Gazetteer, question: str, language: str) -> None:
    assert gazetteer.mentions(question, language) == []


def test_grassland_is_not_greenland_and_a_voivodeship_is_declined(gazetteer: Gazetteer) -> None:
    assert ids(gazetteer, "Hat das Grünland in Deutschland abgenommen?", "de") == [["country:DE"]]
    assert ids(gazetteer, "Jaki procent województwa mazowieckiego zajmowały lasy?", "pl") == [["nuts:PL9"]]


@pytest.mark.real
@pytest.mark.slow
def test_with_nuts_and_french_files_the_same_names_mean_the_same_land(real_store: Store) -> None:
    real = Gazetteer(real_store)
    rows = real_store.query("gazetteer_regions").dicts()
    preferred = {row["id"]: row["same_as"] for row in rows}
    wrong = []
    for case in samples():
        got, meant = resolved(real, case["text"], case["language"]), case["expected"]
        meant = meant if isinstance(meant, str) else [preferred[one] for one in meant]
        if got != meant:
            wrong.append(case["id"])
    assert len(wrong) <= 0.01 * len(samples()), wrong
    assert real.region("nuts:FRJ13").source == "nuts_2016"
    around = real.containing("commune:34172", "nuts2")
    assert around
    assert around.id == "nuts:FRJ1"


def test_a_code_whose_borders_changed_names_what_took_its_place(gazetteer: Gazetteer) -> None:
    with pytest.raises(UnknownRegion) as refused:
        gazetteer.resolve("ITE3")
    assert refused.value.close == ("ITI3",)


SENTENCES = Path(__file__).resolve().parents[1] / "agent" / "sentences.txt"


def test_countries_are_found_in_24_languages_whatever_their_case(gazetteer: Gazetteer):
    """240 questions written before the endings were: 232 were right at first run, 97 in 100 must stay so."""
    lines = [line.split("|") for line in SENTENCES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    wrong = [
        text.strip()
        for language, text, codes in lines
        if ids(gazetteer, text.strip(), language.strip()) != [[f"country:{code}"] for code in codes.split()]
    ]
    assert len(wrong) <= len(lines) * 3 // 100, wrong


@pytest.mark.parametrize(
    ("question", "language", "region"),
    [
        ("Kolik lesů je v Bavorsku?", "cs", "nuts:DE2"),
        ("Paljonko metsää on Baijerissa?", "fi", "nuts:DE2"),
        ("Mennyi erdő van Szicíliában?", "hu", "nuts:ITG1"),
        ("Kiek miškų Toskanoje?", "lt", "nuts:ITI1"),
        ("podiel lúk na Sardínii", "sk", "nuts:ITG2"),
        ("ελιές στην Κρήτη", "el", "nuts:EL43"),
        ("metsad Andaluusias", "et", "nuts:ES61"),
        ("meži Bretaņā", "lv", "nuts:FRH0"),
        ("pădurile Siciliei", "ro", "nuts:ITG1"),
        ("gozdovi na Koroškem", "sl", "nuts:AT21"),
        ("španělské regiony", "cs", "country:ES"),
        ("olasz régiók", "hu", "country:IT"),
    ],
)
def test_regions_are_found_by_the_names_and_cases_of_their_language(
    gazetteer: Gazetteer, question: str, language: str, region: str
):
    assert ids(gazetteer, question, language) == [[region]]


def test_a_word_said_six_hundred_times_is_looked_for_once(
    gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[str] = []
    extract = process.extract

    def counted(norm: str, *more: Any, **options: Any) -> Any:
        looked.append(norm)
        return extract(norm, *more, **options)

    monkeypatch.setattr(process, "extract", counted)
    gazetteer.mentions("in Xqzwtyop " * 300)
    gazetteer.mentions("in Xqzwtyop " * 300)
    assert 0 < len(looked) == len({*looked}) < 10


def test_neighbours_keep_one_border_when_their_outlines_are_made_simpler():
    wave = [(5 + 0.01 * (-1) ** step, step / 10) for step in range(101)]
    west = shapely.Polygon([(0, 0), *wave, (0, 10)])
    east = shapely.Polygon([(10, 0), *wave, (10, 10)])
    found = simpler({"west": west, "east": east}, 0.05)
    assert sum(map(shapely.get_num_coordinates, found.values())) < 30
    assert found["west"].union(found["east"]).area == pytest.approx(west.union(east).area)
    assert found["west"].intersection(found["east"]).area == pytest.approx(0)
