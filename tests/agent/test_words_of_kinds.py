"""Kinds of question whose words differ by language: degrees of wooded, years of a place, limits of a class, sizes."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.lexicon import languages, leaves
from agent.reading.read import read
from tools.context import Context

pytestmark = pytest.mark.real

WOODED = [
    ("Bylo Česko v roce 2022 lesnatější než Slovensko?", "Ne"),
    ("Kas Eesti on metsasem kui Läti?", "Jah"),
    ("Onko Suomi metsäisempi kuin Ruotsi?", "Kyllä"),
    ("Ar Lietuva 2022 m. buvo miškingesnė už Latviją?", "Ne"),
    ("Czy Polska jest bardziej lesista niż Niemcy?", "Tak"),
    ("Ist Hessen waldreicher als Bayern?", "Ja"),
    ("Är Finland skogrikare än Sverige?", "Ja"),
    ("Is Luxemburg bosrijker dan België?", "Ja"),
    ("Ali je bila Slovenija leta 2022 bolj gozdnata kot Avstrija?", "Da"),
]


@pytest.mark.parametrize(("question", "verdict"), WOODED)
def test_a_word_that_says_more_and_wooded_at_once_compares_woodland(question: str, verdict: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert told.text.startswith(verdict)
    assert "C00" in told.text


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Kura ES valsts ir mežainākā?", "Somija"),
        ("Ποια χώρα είναι η πιο δασωμένη στην ΕΕ;", "Φινλανδία"),
        ("Коя е най-гористата страна в ЕС?", "Финландия"),
        ("Quel est le pays le plus boisé de l'UE ?", "Finlande"),
        ("Melyik a legerdősültebb magyar régió?", "Pest"),
    ],
)
def test_the_most_wooded_of_places(question: str, first: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert told.status == "answered"
    assert told.text.index(first) < told.text.index("%")


YEARS = [
    "For hvilke år findes der offentliggjorte tal for arealdækket i Kroatien?",
    "Za katera leta so na voljo objavljeni podatki za Hrvaško?",
    "For which years are there published figures for Croatia?",
    "Pour quelles années y a-t-il des chiffres publiés pour la Croatie ?",
    "¿De qué años hay datos de Croacia?",
    "Mely évekre vannak közzétett adatok Horvátországról?",
    "Miltä vuosilta Kroatiasta on julkaistuja tietoja?",
    "Για ποια έτη υπάρχουν δημοσιευμένα στοιχεία για την Κροατία;",
    "Par kuriem gadiem ir pieejami dati par Horvātiju?",
    "Za jakie lata są dostępne dane dla Chorwacji?",
]


@pytest.mark.parametrize("question", YEARS)
def test_which_years_there_are_of_a_place(question: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert told.status == "answered"
    assert "2015, 2018, 2022" in told.text
    assert "2012" not in told.text


LIMITS = [
    ("¿A partir de qué porcentaje de cubierta de copas se considera bosque un terreno en estos datos?", "C00", "10 %"),
    ("Cad a chiallaíonn talamh lom sna sonraí seo: cén céatadán a chaithfidh a bheith gan phlandaí?", "F00", "90 %"),
    ("Kada miškas šiuose duomenyse laikomas spygliuočių mišku, kokia dalis turi būti spygliuočiai?", "C20", "75 %"),
    ("Od ilu metrów szerokości droga jest w tych danych liczona jako obiekt liniowy?", "A22", "3 m"),
    ("Ab welchem Kronenschluss gilt eine Fläche in diesen Daten als Wald?", "C00", "10 %"),
    ("From what canopy cover does land count as woodland in these data?", "C00", "10 %"),
]


@pytest.mark.parametrize(("question", "code", "limit"), LIMITS)
def test_a_limit_of_a_class_is_told_from_its_definition(question: str, code: str, limit: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert [result.tool for result in told.results] == ["define_class"]
    assert code in told.text
    assert limit in told.text


SIZED = [
    ("Among EU countries larger than 100,000 km², which had the highest share of artificial land in 2022?", "Germany"),
    ("Tra le regioni italiane con più di 20.000 km², quale aveva nel 2022 la quota di bosco più alta?", "Toscana"),
    ("Welches EU-Land mit weniger als 50.000 km² hatte 2022 den höchsten Grünlandanteil?", "Niederlande"),
]


@pytest.mark.parametrize(("question", "first"), SIZED)
def test_places_are_narrowed_by_their_own_area(question: str, first: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert told.status == "answered"
    assert told.text.split(":")[1].strip().startswith(first)


def test_an_area_said_of_a_class_is_that_class_s(real: Context) -> None:
    reading = read("Which countries have more than 100,000 km² of woodland?", "en", real.in_language("en"))
    assert reading.has("HAVING")
    assert not reading.has("SIZED")


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ("Wie viele Hektar Ackerland in Niedersachsen gehören ausländischen Investoren?", "gehören"),
        ("Quantos hectares de eucalipto arderam no Algarve em 2022?", "arderam"),
        ("Welcher baltische Staat hatte 2022 den größten Waldanteil?", "baltische"),
        ("W którym kraju bałtyckim jest najwięcej lasów?", "bałtyckim"),
        ("Which landlocked country had the largest share of woodland in 2022?", "landlocked"),
    ],
)
def test_a_word_not_read_behind_what_is_named_forbids_an_answer(question: str, word: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert told.status == "refused"
    assert word in told.text


@pytest.mark.parametrize("language", languages())
def test_each_language_says_more_and_most_wooded(language: str) -> None:
    from agent.lexicon import lexicon

    for key in ("degree.more_wooded", "degree.most_wooded"):
        for phrase in lexicon(language)[key]:
            text = phrase.replace("*", "x")
            assert key in {leaf.key for leaf in leaves(text, language)}


@pytest.mark.parametrize(
    "question",
    [
        "Mitu uuringupunkti Eestis oli 2018. aastal metsamajanduse kasutuses?",
        "Kuinka monessa tutkimuspisteessä Suomessa kasvoi ohraa vuonna 2018?",
        "F'kemm punt tal-istħarriġ f'Ċipru nstabu siġar taż-żebbuġ fl-2018?",
        "Hány vizsgálati ponton nőtt kukorica Magyarországon 2018-ban?",
        "Cik apsekojuma punktos Latvijā 2018. gadā bija kvieši?",
        "Hur många mätpunkter i Sverige hade korn 2018?",
        "Mitmes uuritud punktis Eestis kasvas 2018. aastal raps?",
        "Na koliko je obiđenih točaka u Hrvatskoj 2018. rastao kukuruz?",
    ],
)
def test_a_survey_point_is_a_point_in_each_language(question: str, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert [result.tool for result in told.results] == ["count_points"]


MORE_THERE = [
    ("Kas Lätis oli 2022. aastal mets rohkem kui Leedus?", "Jah"),
    ("Onko Suomessa metsää enemmän kuin Ruotsissa?", "Kyllä"),
    ("Hade Sverige mer skog än Finland 2022?", "Nej"),
    ("Kien hemm aktar foresti f'Malta milli f'Ċipru fl-2022?", "Le"),
    ("Имало ли е повече гори в България, отколкото в Румъния през 2022 г.?", "Да"),
    ("Είχε η Ελλάδα περισσότερα δάση από την Ιταλία το 2022;", "Ναι"),
    ("An raibh níos mó foraoise in Éirinn ná san Ísiltír in 2022?", "Ní hea"),
    ("Klopt het dat Nederland in 2022 een groter aandeel bos had dan Duitsland?", "Nee"),
]


@pytest.mark.parametrize(("question", "verdict"), MORE_THERE)
def test_more_in_one_place_than_in_another_is_answered_with_yes_or_no(
    question: str, verdict: str, real: Context
) -> None:
    assert ask(question, real, router="builtin", debug=True).text.startswith(verdict)


def test_a_phrase_may_hold_a_word_of_which_only_the_beginning_is_given() -> None:
    assert "topic.protected" in {leaf.key for leaf in leaves("chráněných oblastech", "cs")}
