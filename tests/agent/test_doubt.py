"""Sentences that ask only how sure a lead, a change or a rank is, in the question itself and after the answer."""

from __future__ import annotations

import pytest

from agent.ask import ask
from agent.conversation import Conversation
from agent.doubt import asks_how_sure, without_doubt
from agent.voice import texts
from retrieval.errors import NotUnderstood
from tools.context import Context

pytestmark = pytest.mark.real

LEADS = {
    "bg": ("Къде има повече гори, в Австрия или в Унгария?",
           "Значима ли е разликата?", "Колко сигурно е това място?"),
    "cs": ("Kde je více lesů, v Rakousku nebo v Maďarsku?",
           "Je ten rozdíl významný?", "Může to být náhoda?"),
    "da": ("Er der mere skov i Østrig eller i Ungarn?",
           "Er forskellen signifikant?", "Kan det være en tilfældighed?"),
    "de": ("Gibt es in Österreich oder in Ungarn mehr Wald?",
           "Könnte das Zufall sein?", "Wie sicher ist dieser Rang?"),
    "el": ("Υπάρχει περισσότερο δάσος στην Αυστρία ή στην Ουγγαρία;",
           "Είναι σημαντική η διαφορά;", "Μπορεί να είναι τυχαίο;"),
    "en": ("Is there more woodland in Austria or in Hungary?",
           "Is that lead beyond sampling error?", "Could that be chance?"),
    "es": ("¿Hay más bosque en Austria o en Hungría?",
           "¿Es significativa la diferencia?", "¿Puede ser casualidad?"),
    "et": ("Kas metsa on rohkem Austrias või Ungaris?",
           "Kas erinevus on oluline?", "Kui kindel see koht on?"),
    "fi": ("Onko metsää enemmän Itävallassa vai Unkarissa?",
           "Onko ero merkitsevä?", "Kuinka varma tuo sija on?"),
    "fr": ("Y a-t-il plus de forêts en Autriche ou en Hongrie ?",
           "La différence est-elle significative ?", "Ce rang est-il sûr ?"),
    "ga": ("An bhfuil níos mó foraoise san Ostair nó san Ungáir?",
           "An bhfuil an difríocht suntasach?", "An féidir gur de sheans é?"),
    "hr": ("Ima li više šume u Austriji ili u Mađarskoj?",
           "Je li razlika značajna?", "Koliko je sigurno to mjesto?"),
    "hu": ("Ausztriában vagy Magyarországon van több erdő?",
           "Jelentős a különbség?", "Lehet ez véletlen?"),
    "it": ("C'è più bosco in Austria o in Ungheria?",
           "La differenza è significativa?", "Può essere un caso?"),
    "lt": ("Ar daugiau miškų yra Austrijoje ar Vengrijoje?",
           "Ar skirtumas reikšmingas?", "Kiek tikra ta vieta?"),
    "lv": ("Vai vairāk mežu ir Austrijā vai Ungārijā?",
           "Vai atšķirība ir būtiska?", "Cik droša ir šī vieta?"),
    "mt": ("Hemm aktar foresti fl-Awstrija jew fl-Ungerija?",
           "Id-differenza hija sinifikanti?", "Kemm hu ċert dan il-post?"),
    "nl": ("Is er meer bos in Oostenrijk of in Hongarije?",
           "Is het verschil significant?", "Kan dat toeval zijn?"),
    "pl": ("Czy więcej lasów jest w Austrii czy na Węgrzech?",
           "Czy różnica jest istotna?", "Jak pewne jest to miejsce?"),
    "pt": ("Há mais floresta na Áustria ou na Hungria?",
           "A diferença é significativa?", "Pode ser acaso?"),
    "ro": ("Este mai multă pădure în Austria sau în Ungaria?",
           "Este semnificativă diferența?", "Poate fi o întâmplare?"),
    "sk": ("Je viac lesov v Rakúsku alebo v Maďarsku?",
           "Je ten rozdiel významný?", "Môže to byť náhoda?"),
    "sl": ("Je več gozda v Avstriji ali na Madžarskem?",
           "Je razlika statistično značilna?", "Je to lahko naključje?"),
    "sv": ("Finns det mer skog i Österrike eller i Ungern?",
           "Är skillnaden signifikant?", "Kan det vara en slump?"),
}  # fmt: skip
"""Austria 43.3 % (42.4 to 44.2), Hungary 27.3 % (26.3 to 28.3): 16 points apart, far beyond sampling error."""


@pytest.mark.parametrize("language", LEADS)
def test_a_sentence_that_only_doubts_is_known_behind_a_question_and_after_its_answer(
    language: str, real: Context
) -> None:
    question, behind, after = LEADS[language]
    world = real.in_language(language)
    assert without_doubt(f"{question} {behind}", world) == question
    assert without_doubt(question, world) == question
    assert asks_how_sure(after, world)


@pytest.mark.parametrize("language", ["en", "fi"])
def test_whether_a_lead_is_beyond_sampling_error_is_told_in_the_question_and_after_it(
    language: str, real: Context
) -> None:
    question, behind, after = LEADS[language]
    line = texts(language)["fact"]["beyond_error"]
    talk = Conversation()
    first = ask(f"{question} {behind}", real, router="builtin", conversation=talk, debug=True)
    again = ask(after, real, router="builtin", conversation=talk, debug=True)
    assert first.text.startswith(line)
    assert again.text.startswith(line)
    assert first.results[0].value == again.results[0].value


TOLD = [
    ("Is grassland in Bavaria or in Lower Saxony larger? Is that lead beyond sampling error?", "within_error"),
    ("has woodland in Sweden grown significantly since 2009?", "within_error"),
    ("Has cropland in Latvia grown since 2009, and is that beyond sampling error?", "beyond_error"),
    ("Is the vineyard area of Corsica distinguishable from that of Alsace in 2022?", "beyond_error"),
    ("Irish grassland: was there a genuine drop between 2009 and 2012, or could it be chance?", "beyond_error"),
    ("is there more wheat or maize in Hungary in 2022? Is the difference significant?", "within_error"),
    ("How many points of vineyard in Spain and in Italy? Is the difference significant?", "error_unknown"),
]


@pytest.mark.parametrize(("question", "line"), TOLD)
def test_a_difference_within_beyond_or_without_known_error_is_called_so(
    question: str, line: str, real: Context
) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "answered"
    assert answer.text.startswith(texts("en")["fact"][line])
    assert not any("Not taken into account" in caveat for caveat in answer.caveats)


def test_significance_of_counted_points_is_left_aside_and_said(real: Context) -> None:
    answer = ask("have vineyard points in Spain grown significantly from 2015 to 2018", real, router="builtin")
    assert any("significantly" in caveat for caveat in answer.caveats)


def test_another_level_than_that_of_the_intervals_is_refused(real: Context) -> None:
    talk = Conversation()
    ask("is grassland in Bavaria larger than in Saxony", real, router="builtin", conversation=talk)
    answer = ask("is it significant at the 99 % level?", real, router="builtin", conversation=talk)
    assert answer.status != "answered"
    assert "99" in answer.text
    with pytest.raises(NotUnderstood):
        asks_how_sure("is it significant at the 99 % level?", real)


def test_what_is_said_of_a_bound_is_no_clause_of_its_own(real: Context) -> None:
    for question in ("How much maize in Bavaria with lower and upper bounds", "Has it changed in France and Spain?"):
        assert without_doubt(question, real) == question


RANKS = [
    ("where does Italy rank in woodland share, and how sure is that rank?", "Italy lies between rank 13 and rank 16"),
    ("Monentenako Italia on metsän osuudessa?", "13"),
]


@pytest.mark.parametrize(("question", "told"), RANKS)
def test_the_rank_of_a_named_country_has_its_range(question: str, told: str, real: Context) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert told in answer.text
    assert answer.results[0].facts["between"] == (13, 16)


def test_the_unions_interval_says_what_its_own_coefficient_does(real: Context) -> None:
    line = texts("en")["caveat"]["union_error"]
    for question, told in (
        ("how much vineyard in the EU in 2022", True),
        ("how much vineyard in the EU in 2018", False),
        ("how much vineyard in France in 2022", False),
    ):
        assert (line in ask(question, real, router="builtin", debug=True).caveats) == told
