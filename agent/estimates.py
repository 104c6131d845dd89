"""Questions for a part of a class's area by use or elevation, planned as one estimate.

"How much grassland in France is not farmed", "what part of Italy's vineyards lies above 500 m": read by the chart in
every language. Questions for points, hectares, rows or change are left to the typed query.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from agent.conversation import Conversation, of_land
from agent.lexicon import languages
from agent.reading.chart import MUST
from agent.reading.edit import LONGEST_EDIT
from agent.reading.fill import Constraints
from agent.reading.mentions import Item
from agent.reading.named import Unfit
from agent.reading.read import Reading, read
from retrieval.query import Filter
from tools.composition import DEFENSIBLE
from tools.context import Context
from tools.plan import Plan, Step

TOOL = "estimate_area"
USES: Mapping[str, Mapping[str, list[str]]] = {
    "UNFARMED": {"exclude": ["U110"]},
    "UNUSED": {"land_use": ["U410", "U420"]},
}
"""What is said of how land is used → the arguments that mean it."""
OF_USE, OF_HEIGHT = ("exclude", "land_use"), ("above", "below")
"""Arguments that say which part of a class is meant; what is said anew takes the place of its own kind."""
IN_A_PART = {
    "ASK",
    "MEASURE",
    "CLASS",
    "CLASSES",
    "PLACE",
    "LIMIT",
    "NOTCLASS",
    "YEAR",
    "EACH",
    "GROWS",
    "WITNESS",
    *USES,
}
IN_A_FOLLOW_UP = {"CLASS", "PLACE", "LIMIT", "YEAR", *USES}
"""Types that such a question is made of, and one that follows on it."""
SIDES = {"above": "above", "below": "below"}


def estimate_plan(
    question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]
) -> Plan | None:
    """Return the plan of a part of a land cover that only an estimate can give, None where it is not asked.

    Raises:
        AmbiguousRegion, AmbiguousClass: a name is several things.
    """
    if context.language not in languages():
        return None
    reading = with_use(read(question, context.language, context))
    if reading is None or not reading.whole:
        return None
    kinds = {i.type for i in reading.items}
    older = before(conversation)
    follows = bool(older) and bool(kinds) and kinds <= IN_A_FOLLOW_UP and len(reading.said.tokens) <= LONGEST_EDIT
    if not (follows or (kinds <= IN_A_PART and asks_for_a_share(reading) and reading.has("LIMIT", "NOTCLASS", *USES))):
        return None
    try:
        said = Constraints(reading, context, tuple(conversation.areas)[-1:], settled)
    except Unfit:
        return None
    new = arguments(reading, said)
    if new is not None and follows:
        gone = {name for kind in (OF_USE, OF_HEIGHT) if {*kind} & {*new} for name in kind}
        new = {name: value for name, value in older.items() if name not in gone} | new
    given = new
    if given is None or not is_a_part(given):
        return None
    areas = {
        id: area for id, area in conversation.areas.items() if id in given.get("regions", ()) and id in context.areas
    }
    return Plan((Step(TOOL, given),), areas=areas, frame=of_land(said.years()))


def with_use(reading: Reading) -> Reading | None:
    """Return a reading with "not farmed" or "unused" as one constraint, whatever its words were read as alone."""
    spans = [i for i in reading.said.items if i.type in USES]
    if not spans:
        return reading
    use = max(spans, key=lambda i: (i.end - i.start, i.type == "UNFARMED"))
    if any(i.type != use.type and not inside(i, use) for i in spans):
        return None
    taken = range(use.start, use.end)
    kept = [i for i in reading.items if not {*range(i.start, i.end)} & {*taken}]
    left = tuple(n for n in reading.open_words if n not in taken)
    covered = {n for i in kept for n in range(i.start, i.end)} | {*taken} | reading.said.soft
    hard = [i for i in reading.said.items if i.type in MUST and {*range(i.start, i.end)} & {*left}]
    forbidden = (reading.said.words(i) for i in hard if not {*range(i.start, i.end)} <= covered)
    unread = tuple(reading.word(n) for n in left)
    items = tuple(sorted([*kept, use], key=lambda i: i.start))
    return replace(reading, items=items, open_words=left, unread=unread, forbidden=tuple(dict.fromkeys(forbidden)))


def inside(one: Item, other: Item) -> bool:
    """Whether a phrase is a part of another: "not used" of "not used for farming"."""
    return other.start <= one.start and one.end <= other.end


def asks_for_a_share(reading: Reading) -> bool:
    """Whether how much of something is asked: not how many points or hectares."""
    counted = {i.start for i in reading.items if i.type == "ASK" and i.value == "how_many"}
    much = any(i.type == "ASK" and i.value == "how_much" and i.start in counted for i in reading.said.items)
    asks, measures = {*reading.all("ASK")}, {*reading.all("MEASURE")}
    share = "how_much" in asks or "share" in measures or (much and "area" not in measures)
    return share and not measures & {"points", "ha", "pp"} and not asks & {"where", "compare", "when"}


def before(conversation: Conversation) -> dict[str, Any]:
    """Return the arguments of the estimate that was answered last, none where the last answer was no estimate."""
    last = conversation.steps[0] if len(conversation.steps) == 1 else {}
    return dict(last["arguments"]) if last.get("tool") == TOOL else {}


def arguments(reading: Reading, said: Constraints) -> dict[str, Any] | None:
    """Return what a reading says as arguments of an estimate, None where it says what an estimate has no place for."""
    uses = [k for k in said.less if k.theme == "land_use"]
    covers = [k.codes for k in said.classes if k.theme == "land_cover"]
    several = len(covers) > 1 or len(said.places) > 1 or len(said.years()) > 1
    if several or "points" in said.measures or len(covers) != len(said.classes) or len(uses) != len(said.less):
        return None
    given: dict[str, Any] = {"land_cover": list(covers[0])} if covers else {}
    given |= {"regions": [said.places[0].id]} if said.places else {}
    given |= {"year": said.years()[0]} if said.years() else {}
    for use in (i.type for i in reading.items if i.type in USES):
        given |= USES[use]
    for k in uses:
        given["exclude"] = [*given.get("exclude", []), *k.codes]
    for limit in reading.all("LIMIT"):
        if (sides := sides_of(limit)) is None or any(name in given for name in sides):
            return None
        given |= sides
    return given


def sides_of(limit: Filter) -> dict[str, float] | None:
    """Return a condition on elevation as above and below, metres; None of any other."""
    if limit.dimension != "elevation":
        return None
    if limit.op in SIDES:
        return {SIDES[limit.op]: float(limit.listed[0])}
    if limit.op == "between" and len(limit.listed) > 1:
        ends = zip(("above", "below"), limit.listed, strict=False)
        return {name: float(value) for name, value in ends if value is not None}
    return None


def is_a_part(given: Mapping[str, Any]) -> bool:
    """Whether a part is asked of a class that points can be calibrated for."""
    codes = given.get("land_cover", ())
    return (
        bool(codes)
        and {code[0] for code in codes} <= {*DEFENSIBLE}
        and any(name in given for name in (*OF_USE, *OF_HEIGHT))
    )
