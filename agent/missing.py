"""A question that leaves out its land cover or its place: which is missing, and the reply that completes it.

"How much is there in Bavaria?" waits for a class; "woodland", or one of the choices, is then read together with it.
"""

from __future__ import annotations

from dataclasses import replace

from agent.conversation import Conversation, Pending
from agent.lexicon import leaves
from agent.reading.mentions import Item
from agent.reading.read import Reading, read
from retrieval.errors import NotUnderstood
from tools.context import Context

CLASS, PLACE = "which_class", "which_region"
"""The pieces that no answer is honest without, as errors name them."""
LONGEST_REPLY = 8
"""Words of the longest reply; more is a question of its own."""
OF_CLASSES = ("CLASS", "COUNTED", "ENDOF", "NUMCLASS", "FATE", "NONE", "MORETHAN", "EACHCLASS", "NOTCLASS", "CLASSES",
              "RANKCLASS", "SPLIT", "RANKOF", "FATESPLIT", "NUMCLASSES", "POINT")  # fmt: skip
"""Types that name a class, or ask which there are."""
OF_PLACES = ("PLACE", "INSIDE", "SPLITIN", "NOTPLACE", "NEAR", "NEARS", "POSITION")
AMOUNTS, MEASURES = ("how_much", "how_many"), ("share", "area", "ha")


def with_reply(
    question: str, reading: Reading, conversation: Conversation, context: Context
) -> tuple[str, Reading | None]:
    """Return a reply and the question that waited for it as one text and one reading; of any other question none."""
    waiting = conversation.pending
    if not conversation.open and waiting and waiting.kind == "region" and completes(reading) and reading.has("PLACE"):
        return question, elsewhere(waiting, reading, context)
    if not conversation.open or not completes(reading):
        return question, None
    older = read(conversation.open, context.language, context)
    twice = (older.has(*kinds) and reading.has(*kinds) for kinds in (OF_CLASSES, OF_PLACES, ("YEAR", "SPAN")))
    if not older.whole_in_talk or any(twice):
        return question, None
    end = len(older.said.tokens)
    kept = [i for i in older.items if i.type != "HERE" or not reading.has(*OF_PLACES)]
    new = [Item(end, end, i.type, i.value, i.cost) for i in reading.items]
    return f"{conversation.open} {question}", replace(older, items=(*kept, *new))


def elsewhere(waiting: Pending, reading: Reading, context: Context) -> Reading | None:
    """Return a question whose place may be several with another one in its stead: "and in Drenthe?"."""
    older = read(waiting.question, context.language, context)
    kept = [i for i in older.items if i.type != "PLACE" or i.value.text != waiting.words]
    if len(kept) + 1 != len(older.items) or not older.whole or any(i.type == "PLACE" for i in kept):
        return None
    end = len(older.said.tokens)
    new = [Item(end, end, i.type, i.value, i.cost) for i in reading.items]
    return replace(older, items=(*kept, *new))


def completes(reading: Reading) -> bool:
    """Whether a question is only a name, a place or a year: what another one waits for."""
    asks = {*reading.all("ASK")} - {"is", "what"}
    return reading.whole_in_talk and not asks and len(reading.said.tokens) <= LONGEST_REPLY


def ask_for_a_place(question: str, reading: Reading, conversation: Conversation, *, drawn: bool) -> None:
    """Ask where "here" is, of a question with nothing before it and no drawn area.

    Raises:
        NotUnderstood: the question waits for a place.
    """
    here = reading.has("HERE") and not drawn and not reading.has(*OF_PLACES)
    if here and reading.whole_in_talk and not conversation.queries:
        conversation.open = question
        raise NotUnderstood((), PLACE)


def ask_for_a_class(question: str, reading: Reading, conversation: Conversation, context: Context) -> None:
    """Ask for the land cover of an amount at a place, or of "and in 2012?", with nothing before it.

    Raises:
        NotUnderstood: the question waits for a class.
    """
    after = bool(conversation.queries or conversation.frame)
    if not reading.whole_in_talk or after or reading.has(*OF_CLASSES):
        return
    amount = {*AMOUNTS} & {*reading.all("ASK")} or {*MEASURES} & {*reading.all("MEASURE")}
    linked = "edit.what_about" in {leaf.key for leaf in leaves(reading.said.question, context.language)}
    linked = linked and reading.has("YEAR", "SHIFT", "SPAN") and not reading.has(*OF_PLACES)
    if linked or (amount and reading.has(*OF_PLACES)):
        conversation.open = question
        raise NotUnderstood((), CLASS)
