"""Sentences and clauses that ask only how sure an answer is: "is that lead beyond sampling error?". Counts nothing.

They are asked of the answer before them, which is looked up again, or of the question they stand behind. What comes of
it is a line before the answer: whether sampling error alone could make the difference that is told of.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from agent.lexicon import Leaf, leaves
from agent.reading.read import Reading, read
from agent.understand import sentences_of
from retrieval.errors import NotUnderstood
from retrieval.nomenclature import FORM_COST
from tools.context import Context
from tools.plan import Note, Plan, Step

DOUBT = "measure.uncertainty"
OF_AN_ANSWER = ("measure.difference", "each.rank", "change.", "superlative.")
"""Beginnings of keys of what one may be sure of: with them "how sure" asks for an error, without for a second look."""
ASKING = ("ask.", "deixis.", *OF_AN_ANSWER)
"""Beginnings of keys that make words of doubt a clause of its own: "and statistically significant" is none."""
NAMED = ("PLACE", "YEAR", "LEVEL", "INSIDE", "RANK", "LIMIT", "SPAN", "SINCEYEAR", "POINT")
CONFIDENCE = ("95", "19", "20")
"""The one level that intervals are told at: 95 %, 19 times in 20."""
UNKNOWN_WORDS = 3
"""Unknown words that such a sentence may have: "could", "mere"."""
TELL_ERRORS = ("official_share", "compare_official", "change_official", "rank_official", "profile_region",
               "estimate_area", "area_from_map")  # fmt: skip
"""Tools whose figures have errors; a count of points has none."""
SOURCES = ("published", "estimates")
"""Sources of the typed query whose figures have errors."""


def asks_how_sure(question: str, context: Context, *, behind: bool = False) -> bool:
    """Whether nothing but how sure an answer is is asked: of a difference, a change, a rank, a figure; `behind`: in the
    question itself, where "sure?" asks for no second look.

    Raises:
        NotUnderstood: at another level than that of the intervals here.
    """
    said = leaves(question, context.language)
    keys = {leaf.key for leaf in said}
    of_an_answer = behind or any(key.startswith(OF_AN_ANSWER) for key in keys)
    if "ask.which" in keys and not behind:
        return False  # "which of those ranks could swap" asks of each
    doubts = DOUBT in keys or ("act.sure" in keys and of_an_answer)
    defined = {(leaf.start, leaf.end) for leaf in said if leaf.key == "act.define"}
    if not doubts or defined - {(leaf.start, leaf.end) for leaf in said if leaf.key == DOUBT}:
        return False  # "what does the margin of error mean?"
    reading = read(question, context.language, context)
    if names_something(reading) or unknown(reading, said) > UNKNOWN_WORDS:
        return False
    numbers = [
        n for n, token in enumerate(reading.said.tokens) if token.norm.isdigit() and token.norm not in CONFIDENCE
    ]
    if numbers and DOUBT not in keys:
        return False  # "surely it is 80 %"
    if numbers:
        raise NotUnderstood((), f"unread:{reading.word(numbers[0])}")
    return True


def names_something(reading: Reading) -> bool:
    """Whether a class, place, year or level is named."""
    classes = any(i.type == "CLASS" and i.cost <= FORM_COST for i in reading.said.items)
    return classes or any(i.type in NAMED and i.cost == 0 for i in reading.items)


def unknown(reading: Reading, said: Sequence[Leaf]) -> int:
    """Return how many words are in no list of the language."""
    known = [(leaf.start, leaf.end) for leaf in said]
    return sum(
        n not in reading.said.soft and not any(s <= t.start and t.end <= e for s, e in known)
        for n, t in enumerate(reading.said.tokens)
    )


def without_doubt(question: str, context: Context) -> str:
    """Return a question less its last sentence or clause, where that only asks how sure the answer is."""
    said = leaves(question, context.language)
    if not any(leaf.key in (DOUBT, "act.sure") for leaf in said):
        return question
    for at in ends(question, said):
        head = question[:at].rstrip(" ,\N{EM DASH}\N{EN DASH}")
        if (
            head
            and asks_how_sure(question[at:], context, behind=True)
            and names_something(read(head, context.language, context))
        ):
            return head
    return question


def told_of_doubt(question: str, plan: Plan, context: Context, *, asked: bool) -> Plan:
    """Return a plan whose answer tells whether sampling error alone could make its difference, where words of doubt
    stand in the question and its figures have errors; these words are then not left aside. `asked`: a sentence of its
    own asks it, of whatever figures."""
    doubted = " ".join(question[leaf.start : leaf.end] for leaf in leaves(question, context.language)
                       if leaf.key in (DOUBT, "act.sure"))  # fmt: skip
    if not plan.steps or not doubted or not (asked or any(map(tells_error, plan.steps))):
        words = [question[leaf.start : leaf.end] for leaf in leaves(question, context.language) if leaf.key == DOUBT]
        told = str(plan.notes)
        left = ", ".join(f"“{word}”" for word in dict.fromkeys(words) if word not in told)
        return replace(plan, notes=(*plan.notes, ("left_aside", {"words": left}))) if plan.steps and left else plan
    notes = (without_words(doubted, note) if note[0] == "left_aside" else note for note in plan.notes)
    steps = tuple(map(compared, plan.steps))
    return replace(plan, steps=steps, told=(*plan.told, "verdict"), notes=tuple(note for note in notes if note))


def compared(step: Step) -> Step:
    """Return the shares of two regions as their comparison: "is Corsica's vineyard distinguishable from Alsace's"."""
    two = step.tool == "official_share" and len(step.arguments.get("regions", ())) == 2
    if not two or len(step.arguments.get("years", ())) > 1 or step.arguments.get("exclude"):
        return step
    return replace(step, tool="compare_official")


def without_words(words: str, note: Note) -> Note | None:
    """Return the note on words left aside less some of them; None where none is left."""
    left = [quoted for quoted in str(note[1]["words"]).split(", ") if quoted.strip("“”") not in words]
    return (note[0], {"words": ", ".join(left)}) if left else None


def ends(question: str, said: Sequence[Leaf]) -> Iterator[int]:
    """Yield where a last sentence or clause may begin, sentences first: after a comma, at "and" and "or"."""
    *_, last = sentences_of(question) or [question]
    if len(last) < len(question):
        yield len(question) - len(last)
    doubts = [(leaf.start, leaf.end) for leaf in said if leaf.key == DOUBT]
    asks = max((leaf.start for leaf in said if leaf.key.startswith(ASKING)), default=0)
    cuts = {leaf.start for leaf in said if leaf.key in ("conjunction.and", "conjunction.or")}
    cuts |= {n + 1 for n, sign in enumerate(question) if sign in ",;\N{EM DASH}"}
    yield from sorted((n for n in cuts if n <= asks and not any(s <= n < e for s, e in doubts)), reverse=True)


def with_errors(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return those of some steps whose figures have errors; all of them where none has."""
    return tuple(filter(tells_error, steps)) or tuple(steps)


def tells_error(step: Step) -> bool:
    """Whether a step's figures have errors."""
    return step.tool in TELL_ERRORS or (step.tool == "query" and step.arguments.get("source") in SOURCES)
