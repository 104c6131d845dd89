"""Whether a change is real, its range and its error: asked in many words, answered with the interval."""

from __future__ import annotations

import pytest

from agent.ask import ask
from tools.context import Context

pytestmark = pytest.mark.real

ASKED = [
    ("Irish grassland: was there a genuine drop between 2009 and 2012, or could it be chance?", "(from −11.9 to −8.3)"),
    ("By how many points did cropland in Latvia change from 2009 to 2018, with the 95 % range?", "(from +1.9 to +4.9)"),
    ("By how many points did woodland grow in Spain between 2009 and 2012?", "(from +1.8 to +2.8)"),
    ("Is the change in Danish cropland since 2009 statistically significant?", "(from −5.6 to −1.8)"),
    ("La hausse des surfaces artificielles en France de 2009 à 2018 est-elle significative ?", "(de +0,2 à +0,8)"),
    ("¿Creció de verdad la superficie boscosa de España entre 2009 y 2012, o puede ser azar?", "(de +1,8 a +2,8)"),
    ("O ile punktów zmieniły się lasy w Polsce od 2012 do 2015?", "(od +1,0 do +2,4)"),
    ("What is the range of error around the maize share in Bavaria in 2018?", "(6.9–8.6, 19 times in 20)"),
]


@pytest.mark.parametrize(("question", "interval"), ASKED)
def test_words_of_significance_and_of_error_are_read(question: str, interval: str, real: Context) -> None:
    answer = ask(question, real, router="builtin", debug=True)
    assert answer.status == "answered"
    assert interval in answer.text


@pytest.mark.parametrize("question", ["What is a confidence interval?", "What does the interval mean?"])
def test_what_an_interval_is_needs_no_class(question: str, real: Context) -> None:
    assert ask(question, real, router="builtin", debug=True).results[0].tool == "explain_interval"


@pytest.mark.parametrize(
    ("question", "refused"),
    [("drop table points", True), ("DROP ALL", True), ("a drop of woodland in Ireland from 2009 to 2012", False)],
)
def test_a_drop_is_an_order_only_of_a_table(question: str, refused: bool, real: Context) -> None:
    told = ask(question, real, router="builtin", debug=True)
    assert ("can only be read" in told.text) == refused
