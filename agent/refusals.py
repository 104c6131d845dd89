"""Why a question that no reading answers is not answered: its topic, what is missing in it, which words are unknown.

Every word that was not read is named. Answers nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from agent.lexicon import languages
from agent.partial import MOST, names_with
from agent.reading.read import Reading, read
from retrieval.errors import AmbiguousRegion, NotUnderstood, OutOfCoverage
from tools.context import Context

COVERED = "land cover and land use in the countries of the LUCAS survey"
TOPICS: Mapping[str, str] = {
    "topic.prices": "prices", "topic.population": "people", "topic.politics": "people", "topic.weather": "weather",
    "topic.yields": "yields", "topic.livestock": "yields", "topic.soil": "soil", "topic.judgement": "quality",
}  # fmt: skip
"""Key of the lexicon → what these data do not hold; words of other topics are named as words."""
JUDGEMENT = "topic.judgement"
OF_LAND = ("CLASS", "CLASSES", "PLACE", "LEVEL")
"""Types beside which a judgement is one of the land; alone it asks for nothing: "where is it nicest?"."""
UNNAMED = ("ASK", "MEASURE", "EACH", "WITNESS", "GROWS")
"""Types whose words are no finding worth telling."""
ORDERS = re.compile(
    r"\b(?:truncate|(?:drop|alter)\s+(?:table|view|schema|database|index|column|all|everything)|delete\s+from"
    r"|insert\s+into|update\s+\w+\s+set|union\s+select|select\s+.{1,80}\bfrom\b)\b"
    r"|--\s|;\s*(?:drop|delete|select|update)",
    re.IGNORECASE,
)
"""SQL that changes or reads a table, which no question is."""


def refuse(question: str, context: Context, *, drawn: bool = False, follows: bool = False) -> NotUnderstood:
    """Return why a question is not answered, where no other error says it.

    Args:
        question: what was asked and not read.
        context: the world it is asked of.
        drawn: whether an area is drawn, which "here" may mean.
        follows: whether an answer stands before it, whose land cover it may mean.

    Raises:
        OutOfCoverage: it is of another topic, a place outside or the time to come.
        UnknownRegion: it names a place that no list has.
        AmbiguousRegion: it names one by a part of several names.
    """
    if context.language not in languages():
        return NotUnderstood((), "no_operation")
    reading = read(question, context.language, context)
    refuse_orders(reading)
    refuse_other_topics(reading)
    refuse_places_outside(reading)
    if reading.has("HERE") and not drawn and not reading.has("PLACE"):
        return NotUnderstood(understood(reading), "which_region")
    if not reading.said.items:
        return NotUnderstood((), "no_operation")  # letters in no order
    if words := unread(reading):
        if {word for name in names_in(reading) for word in name.split()} >= {*words}:
            refuse_unknown_places(reading, context)
        return not_used(reading, words)
    named = follows or reading.has("CLASS", "EACHCLASS", "CLASSES", "POINT", "POSITION", "NOTCLASS")
    return NotUnderstood(understood(reading), "no_operation" if named else "which_class")


def not_used(reading: Reading, words: Iterable[str]) -> NotUnderstood:
    """Return the refusal that names words no query holds."""
    return NotUnderstood(understood(reading), ":".join(["unread", *(word.replace(":", " ") for word in words)]))


def understood(reading: Reading) -> tuple[str, ...]:
    """Return what was read, in the question's own words."""
    return tuple(dict.fromkeys(reading.said.words(i) for i in reading.items if i.type not in UNNAMED))


def unread(reading: Reading) -> tuple[str, ...]:
    """Return the words that no constraint took, those that narrow and those that are in no list."""
    return tuple(dict.fromkeys((*reading.unread, *reading.forbidden, *reading.leaning)))


def refuse_orders(reading: Reading) -> None:
    """Refuse to change data or to be told other instructions.

    Raises:
        NotUnderstood: it is that.
    """
    told = any(str(i.value).startswith("write.") for i in reading.said.items)
    if told or ORDERS.search(reading.said.question):
        raise NotUnderstood(understood(reading), "read_only")


def refuse_other_topics(reading: Reading) -> None:
    """Refuse what lies in the future or is of another topic.

    Raises:
        OutOfCoverage: it is that.
    """
    refuse_the_future(reading)
    taken = {n for i in reading.items for n in range(i.start, i.end)}
    of_land = any(i.type in OF_LAND for i in reading.said.items)
    for item in (i for i in reading.said.items if not taken & {*range(i.start, i.end)}):
        if item.value in TOPICS and (of_land or item.value != JUDGEMENT):
            raise OutOfCoverage(f"topic:{TOPICS[item.value]}:{reading.said.words(item)}", COVERED)


def refuse_the_future(reading: Reading) -> None:
    """Refuse a year to come.

    Raises:
        OutOfCoverage: naming it.
    """
    if future := [year for year in reading.all("YEAR") if year > datetime.now(UTC).year]:
        raise OutOfCoverage("forecast", str(future[0]))


def refuse_places_outside(reading: Reading) -> None:
    """Refuse places that the survey never came to.

    Raises:
        OutOfCoverage: naming the first.
    """
    for item in reading.said.items:
        if item.type == "PLACE" and item.value.foreign:
            raise OutOfCoverage(item.value.text, COVERED)


def refuse_unknown_places(reading: Reading, context: Context) -> None:
    """Refuse names that no list has.

    Raises:
        UnknownRegion: with close names.
        OutOfCoverage: the survey never came there.
        AmbiguousRegion: it is a part of several names.
    """
    for name in names_in(reading):
        regions = names_with(name, context)
        if 1 < len(regions) <= MOST:
            choices = context.gazetteer.choices(regions, context.language)
            raise AmbiguousRegion(name, choices, [region.id for region in regions])
        context.gazetteer.resolve(name, context.language)


def names_in(reading: Reading) -> Iterator[str]:
    """Yield the unread words that are written as names, those that stand side by side as one: within a sentence, and in
    German, which writes every noun so, behind "in"."""
    tokens, question = reading.said.tokens, reading.said.question
    run: list[int] = []
    for n in (*reading.open_words, len(tokens)):
        inside = n < len(tokens) and n > 0 and question[: tokens[n].start].rstrip()[-1:] not in SENTENCE_ENDS
        led = inside and (reading.said.language != "de" or tokens[n - 1].norm in GERMAN_IN or n - 1 in run)
        named = led and question[tokens[n].start].isupper() and n not in reading.said.soft
        if run and (not named or n != run[-1] + 1):
            yield question[tokens[run[0]].start : tokens[run[-1]].end]
            run = []
        run += [n] if named else []


SENTENCE_ENDS = (".", "?", "!", ":", ";")
GERMAN_IN = ("in", "im")
