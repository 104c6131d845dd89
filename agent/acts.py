"""Questions that ask for no table: what a class is, what data there is, thanks, doubt. Counts nothing.

An act is read by the keys of its language's closed words, and only where nothing of a table is named beside it: no
place, year, number, level or count. What is said of classes and data comes from the nomenclature and the catalog.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from contextlib import suppress
from typing import Any

from agent.conversation import Conversation
from agent.doubt import asks_how_sure, with_errors
from agent.lexicon import Leaf, languages, leaves
from agent.partial import whole
from agent.reading.read import Reading, read
from agent.understand import CLASS_CODE, Cover
from retrieval.errors import AmbiguousClass, AmbiguousRegion, UnknownClass
from retrieval.nomenclature import FORM_COST
from retrieval.types import DataTopic
from tools.context import Context
from tools.plan import Plan, Step

COUNTED = frozenset({"ask.how_many", "ask.how_much", "ask.when", "measure.points"})
"""Closed words that make a question of a class one for a table; of the data they may be asked too."""
OF_A_TABLE = frozenset({
     "ask.where", "ask.compare", "ask.who", "measure.share",
    "measure.area", "measure.median", "measure.ratio", "change.changed", "change.became", "change.replaced",
    "change.lost", "change.gained", "change.stayed", "change.increase", "change.decrease", "time.trend", "each.rank",
    "witness.deals", "range.within", "range.between", "direction.north", "direction.south", "direction.east",
    "direction.west", "dimension.elevation", "dimension.latitude", "dimension.longitude",
})  # fmt: skip
"""Closed words that make a question one for a table."""
TYPES_OF_A_TABLE = ("LIMIT", "PLACE", "YEAR", "NUM", "QTY", "POSITION", "POINT", "SUP", "FRACTION", "FINE")
TOPICS: Mapping[str, DataTopic] = {
    "act.licence": "licence",
    "act.cite": "citation",
    "act.accuracy": "accuracy",
    "act.years": "years",
    "act.available": "levels",
    "act.method": "method",
}
"""Key of the lexicon → what of the data is asked; the first that is said counts."""
FACTS: Mapping[str, DataTopic] = {
    "classifier.confused": "confusions",
    "classifier.good": "accuracy",
    "act.accuracy": "accuracy",
    "classifier.input": "input",
    "time.month": "input",
    "classifier.training": "encoder",
    "classifier.encoder": "encoder",
}
"""Key of the lexicon → what of the classifier is asked; the first that is said counts."""
REPEATS = {"act.dispute": "sure", "act.sure": "sure", "act.why": "why"}
"""Doubt and "why" of the answer before: it is looked up again, and the line says what is known."""
AGAIN = ("act.map", "act.table", "act.chart")
POLITE = ("act.thanks", "act.hello", "act.bye")
POLITE_WORDS = 2
"""Unknown words that thanks may have beside them: "thanks a bunch"."""
LONGEST_REPLY = 8
"""Words of the longest reply to an answer that says nothing new."""
LONGEST_DISPUTE = 14
"""… of one that disputes it: "the forest service says 12 per cent, so that cannot be"."""


def act_plan(question: str, context: Context, conversation: Conversation) -> Plan | None:
    """Return the plan of a question that asks for no table, None where it is not one."""
    if context.language not in languages() or not any(c.isalpha() for c in question):
        return None
    if conversation.steps and asks_how_sure(question, context):
        again = tuple(Step(str(step["tool"]), step["arguments"]) for step in conversation.steps)
        return Plan(with_errors(again), told=("verdict",), frame=conversation.frame,
                    queries=tuple(conversation.queries))  # fmt: skip
    reading = read(question, context.language, context)
    said = longest(leaves(question, context.language))
    if asks_what_an_interval_is(reading, {leaf.key for leaf in leaves(question, context.language)}, conversation):
        return Plan((Step("explain_interval", {}),), frame=conversation.frame)
    named = [i for i in reading.said.items if i.type == "CLASS" and i.cost <= FORM_COST]
    defining = [reading.said.words(i) for i in reading.said.items if i.value == "act.define"]
    named = [i for i in named if i.cost == 0 or not any(reading.said.words(i) in words for words in defining)]
    spans = [(reading.said.tokens[i.start].start, reading.said.tokens[i.end - 1].end) for i in named]
    said = [leaf for leaf in said if not any(s <= leaf.start and leaf.end <= e for s, e in spans)]
    keys = {leaf.key for leaf in said}
    if between_witnesses(keys) and not named and not reading.has("PLACE", "YEAR"):
        return Plan((Step("describe_data", {"about": "method"}),))
    if (reply := reply_plan(reading, said, keys, conversation)) is not None:
        return reply
    classes = [i.value for i in named]
    if reading.has("MORETHAN"):
        return None
    if (dated := years_plan(reading, keys, said, context)) is not None:
        return dated
    if classes and asks_threshold(reading, keys):
        return Plan((Step("define_class", {"codes": [c for k in classes for c in covered_codes(k, context)]}),))
    of_terms = bool(keys & {"act.licence", "act.cite"}) or of_both_themes(keys)  # "may I reuse the shares?"
    of_terms = of_terms or ("act.method" in keys and not named)  # "how are the shares computed?"
    of_terms = of_terms or ("act.data" in keys and keys & OF_A_TABLE == {"ask.where"})  # "where do they come from?"
    held = {n for n, t in enumerate(reading.said.tokens) for leaf in said
            if leaf.start <= t.start and t.end <= leaf.end and leaf.end - leaf.start > t.end - t.start}  # fmt: skip
    of_a_table = TYPES_OF_A_TABLE if not of_terms else tuple(t for t in TYPES_OF_A_TABLE if t != "NUM")
    if (keys & OF_A_TABLE and not of_terms) or any(
        i.type in of_a_table and i.cost == 0 and not (i.type == "NUM" and i.start in held)  # "Sentinel-2"
        for i in reading.said.items
    ):
        return None
    if classes:
        return None if keys & COUNTED else class_plan(classes, keys, context, conversation)
    return data_plan(reading, keys)


def asks_what_an_interval_is(reading: Reading, keys: Set[str], conversation: Conversation) -> bool:
    """Whether what the interval beside a figure means is asked for, not the interval of some figure."""
    means = bool(keys & {"act.define", "act.why"}) or (not conversation.steps and "ask.what" in keys)
    return "act.interval" in keys and means and not reading.has("PLACE", "CLASS", "YEAR", "LEVEL", "RANK")


def of_both_themes(keys: set[str]) -> bool:
    """Whether it is asked what land cover and land use are, or how they differ."""
    asked = keys & {"act.differ", "act.define", "ask.what", "measure.difference"}
    return {"classes.land_cover", "classes.land_use"} <= keys and bool(asked)


def between_witnesses(keys: set[str]) -> bool:
    """Whether it is asked why the survey's points and the published figures differ: they are made in two ways."""
    survey = bool(keys & {"witness.survey", "measure.points"})
    return survey and "witness.published" in keys and bool(keys & {"act.why", "act.differ", "measure.difference"})


def longest(every: list[Leaf]) -> list[Leaf]:
    """Return the phrases that lie in no longer one: "what counts as" holds no "counts"."""
    return [
        one for one in every
        if not any(o.start <= one.start and one.end <= o.end and o.end - o.start > one.end - one.start for o in every)
    ]  # fmt: skip


def reply_plan(reading: Reading, said: list[Leaf], keys: set[str], conversation: Conversation) -> Plan | None:
    """Return the plan of thanks, doubt, "why" or "on a map": replies that name nothing new."""
    disputed = "act.dispute" in keys and bool(conversation.steps)
    if (
        len(reading.said.tokens) > (LONGEST_DISPUTE if disputed else LONGEST_REPLY)
        or "deixis.both" in keys
        or reading.has("CLASS", "PLACE", "YEAR", "LEVEL", "LIMIT", "RANK")
    ):
        return None
    wanted = next((k for k in (*REPEATS, *AGAIN, *POLITE) if k in keys), None)
    asks = any(key.startswith("ask.") and key != "ask.is" for key in keys)
    most = POLITE_WORDS if wanted in POLITE else LONGEST_DISPUTE if disputed and not asks else 0
    if wanted is None or words_left(reading, said) > most:
        return None
    if wanted in POLITE:
        return Plan((), told=("thanks",) if wanted == "act.thanks" else ("can",), frame=conversation.frame)
    if not conversation.steps:
        return Plan((), told=("no_before",))
    steps = tuple(Step(str(step["tool"]), step["arguments"]) for step in conversation.steps)
    if wanted == "act.map" and (drawn := drawable(conversation)):
        return Plan(tuple(Step("query", query) for query in drawn), frame=conversation.frame, queries=drawn)
    told = (REPEATS[wanted],) if wanted in REPEATS else ()
    return Plan(steps, told=told, frame=conversation.frame, queries=tuple(conversation.queries))


def shown_as(question: str, language: str) -> str:
    """Return how a reply asks to see the answer before: as `map`, `table` or `chart`; '' where it does not."""
    keys = {leaf.key for leaf in longest(leaves(question, language))}
    return next((key.removeprefix("act.") for key in AGAIN if key in keys), "")


def drawable(conversation: Conversation) -> tuple[dict[str, Any], ...]:
    """Return the last queries with their points as rows, where they counted points of no rows: dots on a map."""
    counts = all(q["source"] == "survey" and not q.get("rows") and not q.get("having") for q in conversation.queries)
    listed = {"columns": [], "rows": [{"dimension": "point"}], "order": [], "limit": None}
    return tuple({**query, **listed} for query in conversation.queries) if counts else ()


def words_left(reading: Reading, said: list[Leaf]) -> int:
    """Return how many words are no closed ones and may change something."""
    at = {n for n, t in enumerate(reading.said.tokens) for leaf in said if leaf.start <= t.start and t.end <= leaf.end}
    return sum(n not in at and n not in reading.said.soft for n in range(len(reading.said.tokens)))


OF_A_THRESHOLD = ("PLACE", "YEAR", "LEVEL", "INSIDE", "RANK", "SUP", "POSITION", "POINT")
"""Types beside which a limit is one of figures, not of a definition."""


def asks_threshold(reading: Reading, keys: set[str]) -> bool:
    """Whether a limit of a class's definition is asked: "from what canopy cover does it count as woodland"."""
    return "act.threshold" in keys and bool(keys & {"act.define", "act.data"}) and not reading.has(*OF_A_THRESHOLD)


def codes_of(classes: list[Cover]) -> list[str]:
    """Return the codes that some words may mean, each once."""
    return list(dict.fromkeys(code for cover in classes for match in cover.choices for code in match.codes))


def covered_codes(cover: Cover, context: Context) -> list[str]:
    """Return the codes of some words as a land cover, which a limit is of, where they name a use too: a road."""
    if all(match.theme == "land_use" for match in cover.choices):
        with suppress(AmbiguousClass, UnknownClass):
            return list(context.nomenclature.parse(cover.text, context.language, "land_cover").codes)
    return codes_of([cover])


BESIDE_YEARS = ("PLACE", "ASK", "WITNESS", "CLASSES", "MEASURE", "EACH", "AND", "TREND", "LATEST", "GROWS")
"""Types that a question about the years of a place's figures may hold; a class or a limit asks for figures."""


def years_plan(reading: Reading, keys: set[str], said: list[Leaf], context: Context) -> Plan | None:
    """Return the plan of which years there is anything of some places for: "for which years are there published figures
    of Denmark", None where it is not asked.

    Raises:
        AmbiguousRegion: a name is several places.
    """
    asked = keys & {"act.available", "act.data", "witness.published", "witness.survey"}
    places = [whole(area, context) for area in reading.all("PLACE")]
    others = [i for i in reading.items if i.type not in BESIDE_YEARS]
    bare = {i.type for i in reading.items} <= {"ASK", "PLACE", "EACH"}
    if "act.years" not in keys or not (asked or (bare and places)) or others or len(places) > MOST_TOPICS:
        return None
    if not all(place.regions for place in places):
        return None
    closed = {n for n in reading.open_words for leaf in said
              if leaf.start <= reading.said.tokens[n].start and reading.said.tokens[n].end <= leaf.end}  # fmt: skip
    if set(reading.open_words) - closed:
        return None
    for place in (place for place in places if len(place.regions) > 1):
        choices = context.gazetteer.choices(place.regions, context.language)
        raise AmbiguousRegion(place.text, choices, [r.id for r in place.regions])
    if not places:
        return Plan((Step("describe_data", {"about": "years"}),))
    return Plan(tuple(Step("describe_data", {"about": "years", "regions": [p.regions[0].id]}) for p in places))


def class_plan(classes: list[Cover], keys: set[str], context: Context, conversation: Conversation) -> Plan | None:
    """Return the plan of what a class is, how two differ, which lie in it, or how well the satellite tells it."""
    codes = codes_of(classes)
    if "act.accuracy" in keys and "witness.satellite" in keys:
        return Plan((Step("describe_data", {"about": "accuracy", "land_cover": codes}),))
    by_code = any(CLASS_CODE.fullmatch(cover.text) for cover in classes)
    fresh = not (conversation.frame or conversation.queries) or by_code
    listed = "classes.classes" in keys and keys & {"ask.show", "ask.which"}
    asked = keys & {"act.define", "act.differ"} or ("measure.difference" in keys and len(classes) > 1) or listed
    if asked or (fresh and "ask.what" in keys and "edit.what_about" not in keys):
        both = keys & {"act.differ", "measure.difference"}
        return Plan((Step("define_class", {"codes": codes if both else codes_of(innermost(classes, context))}),))
    return None


def innermost(classes: list[Cover], context: Context) -> list[Cover]:
    """Return the classes less those that another lies in: "which crops count as cereals" asks of cereals."""
    held = [{*context.nomenclature.leaves(codes_of([cover]))} for cover in classes]
    return [cover for cover, own in zip(classes, held, strict=True) if not any(other < own for other in held)]


def data_plan(reading: Reading, keys: set[str]) -> Plan | None:
    """Return the plan of a question about the data themselves, each thing that is asked of them a step."""
    levels = {key for key in keys if key.startswith("level.")} if "comparison.more" not in keys else set()
    asks = keys & {"ask.what", "ask.which", "act.define", "act.available", "act.data"}
    topics = [TOPICS[key] for key in TOPICS if key in keys and key != "act.available"]
    topics += [FACTS[key] for key in FACTS if topics and key in keys and key.startswith("classifier.")]
    topics = topics or (["levels"] if "act.available" in keys else [])
    dated = keys & {"time.year", "act.years"} and asks
    if of_both_themes(keys):
        found: list[DataTopic] = ["themes"]
    elif levels & {"level.nuts1", "level.nuts2", "level.nuts3"} and asks and not keys & {"act.available"}:
        found = ["nuts"]
    elif topics and not levels - {"level.region"}:
        found = topics if len(topics) < MOST_TOPICS else topics[:1]
    elif levels and asks and not reading.forbidden and not any(key.startswith("topic.") for key in keys):
        found = ["years", "levels"] if dated else ["levels"]
    elif dated:
        found = ["years"]
    elif what_a_survey_is(reading, keys):
        found = ["method"]
    elif keys & {"act.data"} and not levels and len(reading.unread) < 2:
        return Plan((Step("describe_data", {}),))
    else:
        return None
    return Plan(tuple(Step("describe_data", {"about": topic}) for topic in found))


MOST_TOPICS = 3
"""As many topics that are all asked; of more, the words mean one thing."""


def what_a_survey_is(reading: Reading, keys: set[str]) -> bool:
    """Whether a source is asked about by its name alone: "what is LUCAS?"."""
    named = keys & {"witness.survey", "witness.published"}
    return (
        bool(named)
        and bool(keys & {"ask.what", "act.define"})
        and reading.whole
        and not reading.has("MEASURE", "LEVEL")
    )
