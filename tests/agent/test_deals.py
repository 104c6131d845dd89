"""Land deals asked in words: 40 real deals of Land Matrix' export, gold by hand and by plain pandas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from agent.ask import ask, run_plan
from agent.conversation import Conversation
from agent.deals.notation import from_rest, to_rest
from agent.deals.planning import deals_plan
from agent.deals.tongue import language_of
from agent.deals.topic import means_deals
from agent.deals.words import BESIDE, GRAMMAR
from agent.lexicon import lexicon as closed_words
from agent.understand import NEAR_KM
from retrieval.deal_files import read_deals
from retrieval.deal_terms import world_regions
from retrieval.deal_words import PATTERNS, fold, languages, lexicon, stem, words
from retrieval.errors import BadArgument
from retrieval.fetch.landmatrix_world import drawn, export_zip
from retrieval.ingest import Contents, write_store
from retrieval.statistics_files import read_statistics_file
from retrieval.store import Store
from retrieval.types import Language
from retrieval.word_forms import GLUED
from tests import tiny
from tests.deal_places import town, world
from tools.context import Context
from tools.plan import plan_from_json

SAMPLE = Path(__file__).parents[1] / "data" / "landmatrix" / "export_sample"
ROMANIA = [4576, 4814, 4819, 4822, 4833]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    path = tmp_path_factory.mktemp("deals") / "s.duckdb"
    places, deals = (tiny.regions(), world()), read_deals(SAMPLE)
    write_store(path, Contents(read_statistics_file(), places, town(), (tiny.survey(),), deals=deals))
    with Store.open(path) as opened:
        yield opened


@pytest.fixture(scope="module")
def context(store: Store) -> Context:
    return Context.open(store)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.DataFrame(read_deals(SAMPLE).deals.to_pylist())


def answered(question: str, context: Context):
    answer = ask(question, context, router="builtin", debug=True)
    assert answer.status == "answered", answer.text
    return answer


def ids(answer) -> set[int]:
    """The deals an answer is about: those listed in it."""
    return {i for result in answer.results if "deal_id" in result.table.columns for i in result.table.column("deal_id")}


@pytest.mark.parametrize(
    ("question", "value", "deals"),
    [
        ("which deals in Romania grow sunflower", 2, {4576, 4819}),
        ("Which deals are there in Argentina and Colombia?", 4, {5067, 5072, 5680, 5697}),
        ("Where is Banana production?", 1, {1230}),
        ("Where is soy production in Africa?", 1, {1221}),
        ("what are the land deals that have been abandoned?", 3, {17, 1221, 4582}),
        ("Which deals are between 200 and 500 ha?", 6, {7642, 7718, 7734, 10777, 10983, 11898}),
        ("How many agriculture deals between 200 and 900 ha in Africa?", 3, {5088, 7676, 7734}),
        ("How many land deals are there in Laos?", 3, {6548, 6549, 6551}),
        ("investments in South-East Asia", 7, {17, 19, 5813, 6548, 6549, 6551, 11902}),
        ("deals of Chinese companies", 6, {5060, 5088, 5089, 5708, 5813, 11898}),
        ("Which deals led to evictions?", 4, {17, 19, 4575, 7676}),
        ("Show the wind farm projects", 3, {10983, 11898, 11902}),
        ("deals by Socfinaf", 1, {5055}),
        ("palm oil deals in Ghana or Colombia", 3, {4582, 5055, 5697}),
        ("Show the deals with an unknown implementation status", 1, {5088}),
        ("Which deals in Asia are not in operation?", 6, {17, 19, 6548, 6551, 10777, 11902}),
        ("Deals not in Africa or Europe or Asia excluding livestock and tourism", 4, {5116, 5680, 5697, 11705}),
    ],
)
def test_a_question_finds_its_deals(question: str, value: int, deals: set[int], context: Context) -> None:
    answer = answered(question, context)
    assert answer.results[0].value == value
    assert ids(answer) == deals


def test_hectares_in_operation_are_those_in_production(context: Context, table: pd.DataFrame) -> None:
    answer = answered("how many hectares are in operation?", context)
    assert answer.results[0].value == pytest.approx(table["production_ha"].sum())
    assert answer.results[0].facts["without_production_known"] == int(table["production_ha"].isna().sum())
    assert ids(answer) == set(table[table["implementation"] == "IN_OPERATION"]["deal_id"])


@pytest.mark.parametrize(
    ("question", "column", "places"),
    [
        ("How much land is under contract in Africa?", "contract_ha", world_regions()["m49:002"]),
        ("How many hectares are in operation in Ethiopia", "production_ha", ("foreign:ET",)),
        ("What is the total area of the deals in Romania?", "size_ha", ("country:RO",)),
    ],
)
def test_a_sum_counts_each_deal_once(question: str, column: str, places, context, table) -> None:
    inside = table[table["country"].isin(places)]
    assert answered(question, context).results[0].value == pytest.approx(inside[column].sum())


def test_rows_of_crops_may_overlap_and_say_so(context: Context, table: pd.DataFrame) -> None:
    answer = answered("What crops are grown in deals in Ukraine?", context)
    gold = table[table["country"] == "foreign:UA"].explode("crops")["crops"].value_counts()
    rows = {row["crop_id"]: row["deals"] for row in answer.results[0].table.dicts()}
    assert rows == gold.to_dict()
    assert any("do not add up" in caveat for caveat in answer.caveats)


def test_rows_overlap_where_a_deal_may_have_several(context: Context) -> None:
    told = "A deal with several of them stands in each row"
    for question, overlap in (("Deals by water source", True), ("Deals by country", False)):
        assert any(one.startswith(told) for one in answered(question, context).caveats) is overlap, question


def test_who_invests_and_in_which_countries(context: Context) -> None:
    who = answered("Who invests in deals below 500 ha in Ukraine?", context).results[0]
    assert who.arguments["rows"] == [{"dimension": "investor"}]
    where = answered("In which countries does China invest?", context).results[0].table
    assert set(where.column("country_id")) == {"foreign:ZW", "foreign:ZM", "foreign:MZ", "foreign:MM", "foreign:UA"}
    home = answered("Which countries invest in Ukraine?", context).results[0].table
    assert {"foreign:US", "foreign:CN", "country:DE"} <= set(home.column("investor_country_id"))


def test_the_biggest_come_first(context: Context) -> None:
    answer = answered("biggest deals in Africa", context)
    assert answer.results[0].table.column("deal_id")[:3] == [11891, 1221, 5708]
    assert len(answered("the largest land deal in Romania", context).results[0].table) == 1
    assert not any("points" in caveat for caveat in answer.caveats)


def test_yes_and_no_are_said_first(context: Context) -> None:
    assert answered("Are there solar parks in Bangladesh under land deals?", context).text.startswith("Yes")
    assert answered("Is mineral extracted from Vietnam or Malaysia?", context).text.startswith("No")
    assert answered("Does Romania have more deals than Ukraine?", context).text.startswith("Yes: Romania")
    assert answered("Does Ukraine have more deals than Romania?", context).text.startswith("No: Romania")


def test_a_share_is_of_deals_and_one_deal_is_told(context: Context) -> None:
    assert answered("What share of deals in Ethiopia is in operation?", context).results[0].value == 50
    text = answered("What is deal 17?", context).text
    assert "Cambodia" in text
    assert "Mitr Phol Group" in text


def test_a_year_counts_apart_what_has_none(context: Context, table: pd.DataFrame) -> None:
    answer = answered("Which deals were initiated since 2015?", context)
    assert ids(answer) == set(table[table["year"] >= 2015]["deal_id"])
    assert "initiation" in " ".join(answer.caveats)


def test_beside_cropland_stand_two_sources(context: Context) -> None:
    answer = answered("how much of Romania's cropland is under land deals", context)
    assert [result.tool for result in answer.results][:1] == ["deals"]
    assert answer.results[0].value == 63_608
    assert "neither is a part of the other" in " ".join(answer.caveats)


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("organic deals in Romania", "organic"),
        ("deals in Romania with 12 tractors", "12"),
        ("Deals in Romania with more than 3 investors", "3"),
        ("deals by Monsanto", "Monsanto"),
        ("legal deals in Romania", "legal"),
        ("Deals within 50 km of Brăila", "Brăila"),
    ],
)
def test_what_was_not_read_forbids_an_answer_and_is_named(question: str, named: str, context: Context) -> None:
    answer = ask(question, context, router="builtin", debug=True)
    assert answer.status == "refused"
    assert named in answer.text


def test_a_name_of_two_countries_is_asked_back(context: Context) -> None:
    answer = ask("deals in Congo", context, router="builtin", debug=True)
    assert (answer.status, len(answer.choices)) == ("clarify", 2)


def test_every_answer_names_export_filter_and_limits(context: Context) -> None:
    told = " ".join(answered("which deals in Romania grow maize", context).caveats)
    for part in ("export up to 2026-07-02", "Romania, maize", "A missing deal proves nothing", "by default"):
        assert part in told


def test_the_export_is_told_in_the_language_of_the_question(context: Context) -> None:
    caveats = answered("Combien de terres sous contrat en Ukraine ?", context.in_language("fr")).caveats
    assert "export jusqu’au 2026-07-02, filtre par défaut du site ; filtre de la question : Ukraine." in caveats


def test_deals_of_the_one_country_that_is_named_are_told_by_company(context: Context) -> None:
    assert "no. 4819 (SC Intercereal SA, 23,191 ha)" in answered("which deals in Romania grow sunflower", context).text
    assert "no. 4819 (Romania, 23,191 ha)" in answered("which deals grow sunflower", context).text


def test_rows_that_are_none_are_no_deal_or_not_known(context: Context) -> None:
    assert "no deal is recorded" in answered("Which companies grow bananas in Romania?", context).text
    assert "by animal: not stated." in answered("Which animals do the deals in Ukraine have?", context).text


def test_a_deal_without_a_location_is_a_disc_for_its_country(context: Context) -> None:
    features = answered("deals in Romania", context).results[0].features["features"]
    assert [(f["properties"]["accuracy"], f["properties"]["deals"]) for f in features] == [("COUNTRY", 5)]


def test_a_plan_of_deals_replays(context: Context) -> None:
    answer = answered("How many deals in Romania grow maize?", context)
    again = run_plan(plan_from_json(answer.plan), context)
    assert [r.to_json() for r in again.results] == [r.to_json() for r in answer.results]


def test_an_address_of_the_site_is_a_plan_and_back(context: Context) -> None:
    address = ("https://landmatrix.org/list/deals/?country_id=642&area_min=200&crops=SUN&crops=WHT"
               "&negotiation_status=CONTRACT_SIGNED&initiation_year_max=2010&transnational=true")  # fmt: skip
    query = from_rest(address)
    assert from_rest(to_rest(query).texts[0]) == query
    with pytest.raises(BadArgument, match="no address of landmatrix"):
        from_rest("https://example.org/?country_id=642")
    with pytest.raises(BadArgument, match="no crop 'XYZ'"):
        from_rest("https://landmatrix.org/api/deals/?crops=XYZ")


def test_a_store_without_deals_answers_as_before_and_says_where_they_come_from(tmp_path: Path) -> None:
    path = tmp_path / "s.duckdb"
    write_store(path, Contents(read_statistics_file(), (tiny.regions(), world()), town(), (tiny.survey(),)))
    with Store.open(path) as store:
        bare = Context.open(store)
        assert "fetch landmatrix" in ask("land deals in Romania", bare, router="builtin").text
        assert ask("where is vineyard in Hérault", bare, router="builtin").results[0].tool == "find_points"


@pytest.mark.parametrize(
    ("question", "deals"),
    [
        ("Quelles transactions en Roumanie cultivent du tournesol ?", {4576, 4819}),
        ("Welche Landgeschäfte in Rumänien bauen Sonnenblumen an?", {4576, 4819}),
        ("¿Qué acuerdos de tierras en Rumania cultivan girasol?", {4576, 4819}),
        ("Quali accordi fondiari in Romania coltivano girasole?", {4576, 4819}),
        ("Que negócios de terras na Roménia cultivam girassol?", {4576, 4819}),
        ("Welke landdeals in Roemenië verbouwen zonnebloemen?", {4576, 4819}),
        ("Które transakcje ziemią w Rumunii uprawiają słonecznik?", {4576, 4819}),
        ("Acuerdos de empresas chinas en África", {5060, 5088, 5089, 5708}),
        ("Transakcje ponad 10 000 ha w Azji Południowo-Wschodniej", {19, 6551}),
    ],
)
def test_it_is_read_in_eight_languages(question: str, deals: set[int], context: Context) -> None:
    assert ids(answered(question, context)) == deals


def test_every_language_says_and_reads_the_same_things() -> None:
    assert len(languages()) == 24
    english = words("en")
    shared = {tuple(one.split(":")) for several in GRAMMAR.values() for one in several.split()}
    for language in languages():
        own = words(language)
        assert english["say"].keys() <= own["say"].keys(), language
        for section in ("ask", "axis", "measure", "compare", "negation", "near", "link"):
            said = {*own.get(section, {}), *(key for of, key in shared if of == section)}
            assert english[section].keys() - RARE <= said, (language, section)
        adjectives = [names for names in own["country"].values() if names.split("|")[0].islower()]
        assert not adjectives, language  # a country is called by its name
        for key, text in english["say"].items():
            if key not in PATTERNS:
                assert set(re.findall(r"{\w+}", own["say"][key])) == set(re.findall(r"{\w+}", text)), (language, key)


RARE = {"default_filter", "purpose", "every", "more", "of", "region", "former_use", "former_owner"}
"""What a language with a short list may leave out: it is then refused by name, not passed over."""


@pytest.mark.parametrize(
    ("question", "act", "value"),
    [
        ("I'm looking for land deals in Romania where sunflower is grown.", "list", 2),
        ("Quels contrats fonciers en Roumanie portent sur le tournesol ?", "list", 2),
        ("Bei welchen Landgeschäften in Rumänien werden Sonnenblumen angebaut?", "list", 2),
        ("¿Qué acuerdos de tierras en Rumanía cultivan girasol?", "list", 2),
        ("Quali accordi fondiari in Romania coltivano girasole?", "list", 2),
        ("Que negócios de terras na Roménia cultivam girassol?", "list", 2),
        ("Welke landdeals in Roemenië telen zonnebloemen?", "list", 2),
        ("W których transakcjach ziemią w Rumunii uprawia się słonecznik?", "list", 2),
        ("Které obchody s půdou v Rumunsku pěstují slunečnici?", "list", 2),
        ("Ktoré obchody s pôdou v Rumunsku pestujú slnečnicu?", "list", 2),
        ("Кои сделки със земя в Румъния са за слънчоглед?", "list", 2),
        ("Ποιες συμφωνίες γης στη Ρουμανία καλλιεργούν ηλίανθο;", "list", 2),
        ("Ce tranzacții cu terenuri din România cultivă floarea-soarelui?", "list", 2),
        ("Mely romániai földügyletekben termesztenek napraforgót?", "list", 2),
        ("Koji poslovi sa zemljištem u Rumunjskoj uzgajaju suncokret?", "list", 2),
        ("Kateri posli z zemljišči v Romuniji gojijo sončnice?", "list", 2),
        ("Hvilke jordhandler i Rumænien dyrker solsikker?", "list", 2),
        ("Vilka markaffärer i Rumänien odlar solrosor?", "list", 2),
        ("Missä maakaupoissa Romaniassa viljellään auringonkukkaa?", "list", 2),
        ("Millistes maatehingutes Rumeenias kasvatatakse päevalille?", "list", 2),
        ("Kuros zemes darījumos Rumānijā audzē saulespuķes?", "list", 2),
        ("Kuriuose žemės sandoriuose Rumunijoje auginamos saulėgrąžos?", "list", 2),
        ("Liema ftehimiet tal-art fir-Rumanija jkabbru l-ġirasol?", "list", 2),
        ("Cé na margaí talún sa Rómáin ina bhfuil lus na gréine á fhás?", "list", 2),
        ("Could you tell me how many land deals Ukraine has?", "count", 4),
        ("Combien de transactions foncières compte-t-on en Ukraine ?", "count", 4),
        ("Wie viele Landdeals gibt es in der Ukraine?", "count", 4),
        ("¿Cuántas transacciones de tierras hay en Ucrania?", "count", 4),
        ("Quante transazioni fondiarie ci sono in Ucraina?", "count", 4),
        ("Quantas transações de terras há na Ucrânia?", "count", 4),
        ("Hoeveel landdeals zijn er in Oekraïne?", "count", 4),
        ("Ile jest transakcji gruntami na Ukrainie?", "count", 4),
        ("Kolik pozemkových obchodů je na Ukrajině?", "count", 4),
        ("Koľko obchodov s pôdou je na Ukrajine?", "count", 4),
        ("Колко сделки със земя има в Украйна?", "count", 4),
        ("Πόσες συμφωνίες γης υπάρχουν στην Ουκρανία;", "count", 4),
        ("Câte tranzacții funciare există în Ucraina?", "count", 4),
        ("Hány földügylet van Ukrajnában?", "count", 4),
        ("Koliko zemljišnih transakcija ima u Ukrajini?", "count", 4),
        ("Koliko zemljiških poslov je v Ukrajini?", "count", 4),
        ("Hvor mange jordhandler er der i Ukraine?", "count", 4),
        ("Hur många markaffärer finns det i Ukraina?", "count", 4),
        ("Kuinka monta maakauppaa Ukrainassa on?", "count", 4),
        ("Mitu maatehingut on Ukrainas?", "count", 4),
        ("Cik zemes darījumu ir Ukrainā?", "count", 4),
        ("Kiek žemės sandorių yra Ukrainoje?", "count", 4),
        ("Kemm hemm ftehimiet tal-art fl-Ukrajna?", "count", 4),
        ("Cé mhéad margadh talún atá san Úcráin?", "count", 4),
        ("What were Africa's ten largest land deals?", "biggest", 10),
        ("Quelles sont les plus grosses acquisitions de terres en Afrique ?", "biggest", 10),
        ("Welche sind die größten Landkäufe in Afrika?", "biggest", 10),
        ("Los mayores acuerdos de tierras de África", "biggest", 10),
        ("Le più grandi acquisizioni di terra in Africa", "biggest", 10),
        ("Os maiores negócios de terras em África", "biggest", 10),
        ("Wat zijn de grootste landdeals in Afrika?", "biggest", 10),
        ("Jakie są największe transakcje ziemią w Afryce?", "biggest", 10),
        ("Jaké jsou největší obchody s půdou v Africe?", "biggest", 10),
        ("Ktoré sú najväčšie obchody s pôdou v Afrike?", "biggest", 10),
        ("Кои са най-големите сделки със земя в Африка?", "biggest", 10),
        ("Ποιες είναι οι μεγαλύτερες συμφωνίες γης στην Αφρική;", "biggest", 10),
        ("Care sunt cele mai mari tranzacții funciare din Africa?", "biggest", 10),
        ("Melyek a legnagyobb földügyletek Afrikában?", "biggest", 10),
        ("Koje su najveće zemljišne transakcije u Africi?", "biggest", 10),
        ("Kateri so največji zemljiški posli v Afriki?", "biggest", 10),
        ("Hvad er de største jordhandler i Afrika?", "biggest", 10),
        ("Vilka är de största markaffärerna i Afrika?", "biggest", 10),
        ("Mitkä ovat Afrikan suurimmat maakaupat?", "biggest", 10),
        ("Millised on Aafrika suurimad maatehingud?", "biggest", 10),
        ("Kādi ir lielākie zemes darījumi Āfrikā?", "biggest", 10),
        ("Kokie yra didžiausi žemės sandoriai Afrikoje?", "biggest", 10),
        ("X'inhuma l-akbar ftehimiet tal-art fl-Afrika?", "biggest", 10),
        ("Cad iad na margaí talún is mó san Afraic?", "biggest", 10),
        ("Combien d'hectares sont effectivement exploités en Éthiopie ?", "sum", 3440),
        ("Wie viele Hektar sind in Äthiopien in Betrieb?", "sum", 3440),
        ("¿Cuántas hectáreas están en operación en Etiopía?", "sum", 3440),
        ("Quanti ettari sono in produzione in Etiopia?", "sum", 3440),
        ("Quantos hectares estão em operação na Etiópia?", "sum", 3440),
        ("Hoeveel hectare is in gebruik in Ethiopië?", "sum", 3440),
        ("Ile hektarów jest w eksploatacji w Etiopii?", "sum", 3440),
        ("Kolik hektarů je v provozu v Etiopii?", "sum", 3440),
        ("Koľko hektárov je v prevádzke v Etiópii?", "sum", 3440),
        ("Колко хектара са в експлоатация в Етиопия?", "sum", 3440),
        ("Πόσα εκτάρια είναι σε λειτουργία στην Αιθιοπία;", "sum", 3440),
        ("Câte hectare sunt în exploatare în Etiopia?", "sum", 3440),
        ("Hány hektár van művelés alatt Etiópiában?", "sum", 3440),
        ("Koliko je hektara u pogonu u Etiopiji?", "sum", 3440),
        ("Koliko hektarjev je v obratovanju v Etiopiji?", "sum", 3440),
        ("Hvor mange hektar er i drift i Etiopien?", "sum", 3440),
        ("Hur många hektar är i drift i Etiopien?", "sum", 3440),
        ("Kuinka monta hehtaaria on toiminnassa Etiopiassa?", "sum", 3440),
        ("Mitu hektarit on Etioopias kasutuses?", "sum", 3440),
        ("Cik hektāru tiek ekspluatēti Etiopijā?", "sum", 3440),
        ("Kiek hektarų eksploatuojama Etiopijoje?", "sum", 3440),
        ("Kemm-il ettaru huma fl-operat fl-Etjopja?", "sum", 3440),
        ("Cé mhéad heicteár atá i bhfeidhm san Aetóip?", "sum", 3440),
    ],
)
def test_it_is_asked_in_twenty_four_languages(question: str, act: str, value: int, context: Context) -> None:
    [first, *_] = answered(question, context).results
    assert (first.arguments["act"], first.value) == (act, value)


def test_a_follow_up_replaces_what_it_names(context: Context) -> None:
    conversation = Conversation()

    def said(question: str):
        return ask(question, context, router="builtin", conversation=conversation, debug=True)

    assert said("How many deals in Romania grow maize?").results[0].value == 3
    assert said("and in Ukraine?").results[0].value == 2
    again = said("and wheat?")
    assert {f["dimension"] for f in again.results[0].arguments["where"]} == {"place", "crop"}
    assert again.results[0].value == 2


def test_a_map_of_a_region_of_the_world_is_drawn_and_discs_are_told(context: Context, tmp_path: Path) -> None:
    from agent.export import save

    at_home = {file.name for file in save(answered("deals in Romania", context), tmp_path / "ro", context)}
    assert {"1-deals.png", "1-deals.geojson", "1-deals.csv"} <= at_home
    answer = answered("biggest deals in Africa", context)  # no town of this gazetteer: a table without a map
    assert "1-deals.csv" in {file.name for file in save(answer, tmp_path / "africa", context)}
    assert answer.to_json()["results"][0]["regions"] == [{"id": "world:002", "name": "Africa"}]


@pytest.mark.parametrize(
    ("question", "tool", "part"),
    [
        ("What are Chinese investors growing in Zimbabwe?", "deals", "by crop: tobacco 2 deals"),
        ("What used to be forest before the deal in Cambodia or Laos?", "deals", "2 deals"),
        ("How much land was bought outright versus leased in Romania?", "deals", "lease 4 deals, 60,503 ha"),
        (
            "In which deals is an investment fund involved as parent company?",
            "deals",
            "parent company: investment fund: 4",
        ),
        ("Which operating companies hold land in Romania?", "deals", "by operating company: SC Intercereal SA 1 deal"),
        ("How many deals were concluded since 2015?", "deals", "Land deals, concluded since 2015: 10 deals"),
        ("Wie viele Hektar entfallen auf jedes Zielland in Afrika?", "deals", "nach Land: DR Kongo 1 Geschäft"),
        ("Kde v Rumunsku investoři pěstují pšenici?", "deals", "Rumunsko, pšenice: 3 obchody"),
        ("Kus kasvatavad investorid Rumeenias nisu?", "deals", "Rumeenia, nisu: 3 tehingut"),
        ("Čo pestujú investori v Ghane?", "deals", "podľa: plodina"),
        ("Palmiõli: tehingute arv riikide kaupa", "deals", "rühmiti: riik: Ghana: 2"),
        ("Koliko se hektara stvarno obrađuje u Etiopiji?", "deals", "3.440 ha"),
        ("Quels accords fonciers ont échoué en Afrique ?", "deals", "aucune"),
        ("Que possèdent les Chinois comme terres en Afrique ?", "deals", "investisseurs de : Chine"),
        ("Which countries have carbon projects?", "deals", "Nicaragua 1 deal"),
        ("Does a pension fund hold land in Brazil?", "deals", "none is recorded (land deals, Brazil, investment fund)"),
        ("¿Quién cultiva palma aceitera en Colombia?", "deals", "por inversor: Chemonics"),
        ("Quels projets solaires n'ont pas encore démarré ?", "deals", "10777"),
        ("Is deal 1230 a lease?", "deals", "Yes: land deals, lease, no. 1230"),
    ],
)
def test_what_strangers_asked_first_is_answered(question: str, tool: str, part: str, context: Context) -> None:
    answer = answered(question, context)
    assert answer.results[0].tool == tool
    assert part in answer.text


@pytest.mark.parametrize("question", ["How much is the rent per ha of deal 1230?", "annual rent in Romania's deals"])
def test_a_rent_is_not_taken_for_a_lease(question: str, context: Context) -> None:
    assert ask(question, context, router="builtin", debug=True).status == "refused"


def test_a_name_loads_no_other_languages_words(context: Context) -> None:
    lexicon.cache_clear()
    assert language_of("biggest investors in Zambian farmland by Nobodyatall", "en") == "en"
    assert language_of("Kuri zemes darījumi Āfrikā izgāzās?", "lt") == "lv"
    assert lexicon.cache_info().currsize < 6


def test_words_that_fit_the_land_as_well_are_asked_back(context: Context) -> None:
    for pick, of_deals in (("1", True), ("2", False)):
        conversation = Conversation()
        first = ask("mining projects in Romania", context, router="builtin", conversation=conversation, debug=True)
        assert (first.status, len(first.choices)) == ("clarify", 2)
        kept = Conversation.from_json(conversation.to_json())
        then = ask(pick, context, router="builtin", conversation=kept, debug=True)
        assert ("deals" in then.text) is of_deals


def test_a_country_chosen_of_two_is_answered(context: Context) -> None:
    conversation = Conversation()
    ask("deals in Congo", context, router="builtin", conversation=conversation, debug=True)
    assert "182,751" in ask("1", context, router="builtin", conversation=conversation, debug=True).text


def test_deals_of_a_drawn_area_are_those_whose_places_lie_in_it(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("drawn")
    (folder / "e.zip").write_bytes(export_zip(drawn(60, 5)))
    found = read_deals(folder / "e.zip")
    write_store(folder / "s.duckdb", Contents(None, (world(),), town(), (), deals=found))
    west, south, east, north = 20.0, 44.0, 30.0, 55.0
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    answer = ask("how many deals are in this area", Context.open(Store.open(folder / "s.duckdb")), router="builtin",
                 selection={"type": "Polygon", "coordinates": [ring]}, debug=True)  # fmt: skip
    spots = pd.DataFrame(found.locations.to_pylist())
    inside = spots["lon"].between(west, east) & spots["lat"].between(south, north) & (spots["accuracy"] != "COUNTRY")
    assert ids(answer) == set(spots[inside]["deal_id"])
    assert 0 < len(ids(answer)) < 60
    assert "the selected area" in answer.text


@pytest.mark.parametrize(
    "question",
    ["where is soya in Norway?", "Où sont les vignes au Japon ?", "Hoeveel procent van Noorwegen was in 2018 bos?",
     "¿Dónde hay viñedos en Chile?", "what share of Ethiopia is forest", "waar zijn olijfgaarden in Marokko?"],
)  # fmt: skip
def test_land_outside_the_survey_is_outside_though_the_store_has_deals(question: str, context: Context) -> None:
    answer = ask(question, context, router="builtin")
    assert answer.status == "refused"
    assert "Land Matrix" not in answer.text


def test_a_crop_of_a_country_with_deals_is_of_deals(context: Context) -> None:
    assert answered("where is sugar cane in Cambodia?", context).results[0].tool == "deals"


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Liczba punktów z kukurydzą w 2018 według krajów", "pl"),
        ("Co się stało z punktami sadów jabłoniowych we Włoszech między 2015 a 2018 rokiem?", "pl"),
        ("Mely országokban volt 2018-ban 30 százalék feletti a szántóföld aránya?", "hu"),
        ("Care regiune a avut în 2022 cea mai mare pondere a porumbului peste media țării?", "ro"),
        ("Which Dutch province had the highest share of pasture, and how much above the national figure?", "en"),
        ("How many vineyard points in Italy are leased?", "en"),
        ("Koľko je na Slovensku vinohradov?", "sk"),
    ],
)
def test_a_question_of_the_land_is_none_of_deals(question: str, language: Language, context: Context) -> None:
    asked_in = context.in_language(language)
    assert means_deals(question, asked_in) != "deals"
    assert deals_plan(question, asked_in, Conversation()) is None


def test_those_of_a_question_of_the_land_are_no_deals(context: Context) -> None:
    before = Conversation(frame={"operation": "count"})
    assert deals_plan("How many of those were leased land?", context, before) is None
    assert deals_plan("How many of those deals were leases?", context, Conversation()) is not None


@pytest.mark.parametrize(
    ("question", "language", "ids"),
    [
        ("What is the single biggest deal you know of anywhere in the world?", "en", [11891]),
        ("I'm after the wind energy ones, which deals are meant for wind farms?", "en", [10983, 11898, 11902]),
        ("Elencami le acquisizioni dove si coltivano anacardi", "it", [19, 4582]),
        ("Que negócios de terras servem para sequestro de carbono ou REDD?", "pt", [5116, 11891]),
        ("¿Cuál es la mayor adquisición de tierras en América Latina?", "es", [5680]),
        ("Which deals had their contract signed in 2013?", "en", [5089, 5116]),
        ("On how many deals was there forest land before the investor came?", "en", [17, 19, 5116, 5708, 11891, 11902]),
        ("How many agreements rest on nothing more than an oral agreement right now?", "en", [7676, 11902]),
    ],
)
def test_everyday_words_change_nothing(question: str, language: Language, ids: list[int], context: Context) -> None:
    results = answered(question, context.in_language(language)).results
    listed = next(result for result in results if result.table and "deal_id" in result.table.columns)
    assert listed.table is not None
    assert [row["deal_id"] for row in listed.table.dicts()] == ids


def test_what_is_farmed_is_the_area_in_production(context: Context) -> None:
    text = answered("Of the Wanbao rice farm in Mozambique, how much is actually being farmed?", context).text
    assert "2,200 ha in operation" in text


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Land deals in Ethiopia after 2012", "en"),
        ("Jordhandler i Etiopien efter 2012", "da"),
        ("Συμφωνίες γης στην Αιθιοπία μετά το 2012", "el"),
        ("Maakaupat Etiopiassa vuoden 2012 jälkeen", "fi"),
        ("Zemes darījumi Etiopijā pēc 2012. gada", "lv"),
    ],
)
def test_after_a_year_that_year_is_left_out(question: str, language: Language, context: Context) -> None:
    plan = deals_plan(question, context.in_language(language), Conversation())
    assert plan is not None
    years = [one for one in plan.steps[0].arguments["where"] if one["dimension"] == "year"]
    assert years == [{"dimension": "year", "op": "above", "values": [2012]}]
    assert plan.steps[0].arguments["act"] == "list"


@pytest.mark.parametrize(
    ("question", "language", "dimension", "op", "values"),
    [
        ("land deals in Romania in 2010 and 2012", "en", "year", "in", [2010, 2012]),
        ("land deals in Romania since 1975", "en", "year", "between", [1975, None]),
        ("Földügyletek Romániában 2010 és 2015 között", "hu", "year", "between", [2010, 2015]),
        ("transakcje ziemią w Rumunii z lat 2010–2015", "pl", "year", "between", [2010, 2015]),
        ("land deals in Romania >5000 ha", "en", "size", "above", [5000]),
        ("land deals in Romania over 20k ha", "en", "size", "above", [20000]),
        ("land deals in Romania below 10 km2", "en", "size", "below", [1000]),
        ("transakcje ziemią w Rumunii powyżej 5 tys. ha", "pl", "size", "above", [5000]),
        ("Negócios de terras na Roménia com mais de 20 mil hectares", "pt", "size", "above", [20000]),
    ],
)
def test_numbers_are_those_of_the_shared_reading(
    question: str, language: Language, dimension: str, op: str, values: list[int | None], context: Context
) -> None:
    plan = deals_plan(question, context.in_language(language), Conversation())
    assert plan is not None
    found = [(one["dimension"], one["op"], one["values"]) for one in plan.steps[0].arguments["where"]]
    assert sorted(found) == sorted([(dimension, op, values), ("place", "in", ["country:RO"])])


@pytest.mark.parametrize(
    ("question", "language", "where"),
    [
        ("deals by investors not from China", "en", [("investor_country", "not_in", ["foreign:CN"])]),
        ("deals of non-Chinese investors in Africa", "en",
         [("investor_country", "not_in", ["foreign:CN"]), ("place", "in", ["m49:002"])]),
        ("which has more deals, Laos or Cambodia", "en", [("place", "in", ["foreign:LA", "foreign:KH"])]),
        ("deals not in Laos, Cambodia or Vietnam", "en",
         [("place", "not_in", ["foreign:LA", "foreign:KH", "foreign:VN"])]),
        ("Landgeschäfte weder in Afrika noch in Asien", "de", [("place", "not_in", ["m49:002", "m49:142"])]),
        ("Landgeschäfte nicht von chinesischen Firmen", "de", [("investor_country", "not_in", ["foreign:CN"])]),
    ],
)  # fmt: skip
def test_each_place_has_its_part_and_a_negation_is_of_all_of_a_row(
    question: str, language: Language, where: list[tuple[str, str, list[str]]], context: Context
) -> None:
    plan = deals_plan(question, context.in_language(language), Conversation())
    assert plan is not None
    assert [(f["dimension"], f["op"], f["values"]) for f in plan.steps[0].arguments["where"]] == where


def test_a_row_of_any_length_is_left_out_whole(context: Context) -> None:
    crops = ["wheat", "maize", "rice", "cotton", "coffee", "tea", "rubber", "barley", "rye", "oats"]
    nations = ["Laos", "Ghana", "Peru", "Mali", "Zambia", "Sudan", "Kenya", "Chad", "Niger", "Togo", "Benin", "Gabon",
               "Angola", "Malawi", "Uganda", "Rwanda", "Nepal", "Fiji", "Cuba", "Haiti"]  # fmt: skip
    asked = {f"deals without {' or '.join(crops)}": crops, f"deals not in {', '.join(nations)}": nations,
             f"deals by investors from {' or '.join(nations)}": nations}  # fmt: skip
    for question, of in asked.items():
        plan = deals_plan(question, context, Conversation())
        assert plan is not None, question
        [where] = plan.steps[0].arguments["where"]
        assert len(where["values"]) == len(of), question
        assert where["op"] == ("in" if "from" in question else "not_in")


def test_the_year_of_the_most_deals_is_a_row(context: Context, table: pd.DataFrame) -> None:
    rows = answered("in which year were most deals made", context).results[0].table.dicts()
    counts = table["year"].value_counts()
    assert {row["year"]: row["deals"] for row in rows} == counts[counts == counts.max()].to_dict()


def test_near_is_as_far_as_elsewhere_and_not_within_is_what_lies_beyond(tmp_path: Path) -> None:
    (tmp_path / "e.zip").write_bytes(export_zip(drawn(60, 5)))
    write_store(tmp_path / "s.duckdb", Contents(None, (world(),), town(), (), deals=read_deals(tmp_path / "e.zip")))
    with Store.open(tmp_path / "s.duckdb") as store:
        asked = [deals_plan(f"deals {where} Brăila", Context.open(store), Conversation())
                 for where in ("near", "within 300 km of", "not within 300 km of")]  # fmt: skip
    told = [(f["op"], f["values"][2]) for plan in asked if plan for f in plan.steps[0].arguments["where"]]
    assert told == [("near", NEAR_KM), ("near", 300), ("not_near", 300)]


def test_words_that_mean_the_same_whatever_is_asked_stand_in_one_list() -> None:
    """A comparison, a unit, a negation is a closed word of all sources; the lists of deals hold what only they say."""
    beside = {key: made for key, made in GRAMMAR.items() if {key, key.partition(".")[0]} & {*BESIDE}}
    for language in {*languages()} - GLUED:  # there a word of the lists is a beginning
        for section, key in [(s, k) for s in ("compare", "negation", "unit") for k in words(language).get(s, {})]:
            closed = [one for one, made in beside.items() if f"{section}:{key}" in made.split()]
            shared = {phrase for one in closed for phrase in closed_words(language).get(one, ())}
            own = {fold(one) for one in words(language)[section][key].split("|")}
            unchanging = {one for one in own if all(stem(word, language) == word for word in one.split())}
            assert not unchanging & shared, (language, section, key)


@pytest.mark.parametrize(
    ("question", "by"),
    [("Wem gehört das Land in der Ukraine?", "investor"), ("Wem gehörte das Land in der Ukraine?", "former_owner")],
)
def test_who_owns_land_is_not_who_owned_it(question: str, by: str, context: Context) -> None:
    plan = deals_plan(question, context.in_language("de"), Conversation())
    assert plan is not None
    assert [row["dimension"] for row in plan.steps[0].arguments["rows"]] == [by]


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("Které firmy z Nizozemska mají půdu v Etiopii?", "cs"),
        ("Which companies from the Netherlands hold land in Ethiopia?", "en"),
    ],
)
def test_where_companies_are_from_is_not_where_the_land_lies(
    question: str, language: Language, context: Context
) -> None:
    plan = deals_plan(question, context.in_language(language), Conversation())
    assert plan is not None
    where = {one["dimension"]: one["values"] for one in plan.steps[0].arguments["where"]}
    assert where == {"investor_country": ["country:NL"], "place": ["foreign:ET"]}


def test_those_after_deals_are_these_deals(context: Context) -> None:
    conversation = Conversation()
    ask("Which deals are there in Romania?", context, conversation=conversation, router="builtin")
    plan = deals_plan("And how many hectares are under contract?", context, conversation)
    assert plan is not None
    assert [one["values"] for one in plan.steps[0].arguments["where"]] == [["country:RO"]]
    narrowed = deals_plan("Which of those are only starting up?", context, conversation)
    assert narrowed is not None
    assert [one["dimension"] for one in narrowed.steps[0].arguments["where"]] == ["place", "implementation"]


@pytest.mark.parametrize(
    ("question", "language"), [("deals in Romania", "en"), ("Grundstücksgeschäfte in Polen", "de")]
)
def test_deals_of_a_store_without_deals_are_refused(question: str, language: Language, tmp_path: Path) -> None:
    write_store(
        tmp_path / "s.duckdb", Contents(read_statistics_file(), (tiny.regions(), world()), town(), (tiny.survey(),))
    )
    with Store.open(tmp_path / "s.duckdb") as bare:
        answer = ask(question, Context.open(bare).in_language(language), router="builtin")
    assert answer.status == "refused"
    assert "retrieval fetch landmatrix" in answer.text
