"""Words become classes, codes expand, and nothing is guessed in silence."""

import pytest

from retrieval.errors import AmbiguousClass, UnknownClass
from retrieval.nomenclature import Nomenclature, parse_class


@pytest.fixture(scope="module")
def book():
    return Nomenclature.load()


def test_a_parent_stands_for_itself_and_all_below(book):
    assert book.leaves("B80") == ("B80", "B81", "B82", "B83", "B84")
    assert {"B00", "B11", "BX1", "BX2", "B55"} <= set(book.leaves("B"))


def test_codes_are_read_as_written_by_hand(book):
    assert parse_class("b82").codes == ("B82",)
    assert parse_class("A").codes == ("A00",)
    assert book.get("Bx1").name == "Arable land (only PI)"


def test_an_unknown_code_is_refused(book):
    with pytest.raises(UnknownClass):
        book.get("B99")


def test_houses_are_a_cover_or_a_use_and_are_asked_back():
    with pytest.raises(AmbiguousClass) as error:
        parse_class("houses")
    assert set(error.value.codes) == {("A11",), ("U370",)}
    assert parse_class("houses", theme="land_use").codes == ("U370",)


def test_agriculture_is_a_use_and_farmland_a_cover():
    assert parse_class("agriculture").codes == ("U110",)
    assert parse_class("farmland").codes == ("B00", "E00")


def test_mentions_stand_where_they_say(book):
    question = "How much durum wheat and rye is there around Rye?"
    found = book.mentions(question, "en")
    assert [(m.text, m.match.codes) for m in found] == [("durum wheat", ("B12",)), ("rye", ("B14",))]
    assert all(question[m.start : m.end] == m.text for m in found)
