"""Questions of the satellite: of its classifier itself, of all it sees at a place, of a class according to it.

Read from the closed words of every language. Words that no list knows are mapped as they are where a class would
stand, in quotation marks or behind "where"; words of a question that asks what is seen, or what the classifier is,
stand for no land cover and are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from agent.acts import FACTS, longest
from agent.conversation import Conversation, of_land
from agent.lexicon import languages, leaves
from agent.partial import beside
from agent.reading.chart import NEAR_KM
from agent.reading.edit import LONGEST_EDIT
from agent.reading.fill import Constraints
from agent.reading.mentions import Item
from agent.reading.named import Unfit
from agent.reading.read import Reading, read
from agent.understand import QUOTED, TOWN_KM
from agent.words import flatten
from retrieval.errors import NotUnderstood
from retrieval.nomenclature import FORM_COST
from retrieval.types import Place
from tools.context import Context
from tools.plan import Note, Plan, Step

OF_A_CLASS = ("confusions", "accuracy")
ELSEWHERE = frozenset({
    "witness.deals", "witness.estimates", "witness.map", "act.licence", "act.cite", "act.years", "act.why", "time.year",
})  # fmt: skip
"""Closed words of questions that are of other data, or of all data alike."""
WITNESSES = {"witness.published": "official_share", "witness.survey": "count_points", "measure.points": "count_points",
             "witness.satellite": "classify_area"}  # fmt: skip
"""Key of the lexicon → the tool that says what this witness has of a class at a place."""
SEEN = ("classify_area", "profile_pixels", "compare_with_survey")
"""Tools whose answers a short follow-up is of: "and in Sardinia?"."""
TABLE = (
    "LIMIT", "HAVING", "COUNT", "COUNTED", "SPAN", "SINCEYEAR", "CHANGE", "TREND", "RANK", "RANKNTH", "NOTCLASS",
    "NOTPLACE", "POINT", "MONTHS", "LOST", "GAINED", "BECAME", "MANY", "INSIDE", "NOTYEAR", "NEAREST",
)  # fmt: skip
"""Constraints that no pixel is asked about by."""
SAID = ("classifier", "act", "ask", "witness", "deixis", "classes", "dimension", "conjunction", "function", "edit")
"""Sections of the lexicon whose words say no more beside the satellite."""
WHAT = frozenset({"ask.what", "ask.which", "ask.who", "ask.when"})
WHERE = frozenset({"ask.where", "ask.show", "ask.how_many", "ask.how_much", "measure.points", "measure.area"})
AMOUNTS = frozenset({"ask.how_much", "measure.share", "measure.area", "unit.percent"})
NAMES = ("CLASS", "PLACE", "YEAR", "LEVEL", "POSITION", "NEAR", "MEASURE")
CATCH_ALL = ("other", "industrial crops")
"""How classes are named that hold many things: the classifier maps the asker's own English word instead."""
LONGEST_WORDS = 80
"""Letters of the longest words that are mapped."""


def satellite_plan(
    question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]
) -> Plan | None:
    """Return the plan of a question of the satellite, None where it is none.

    Raises:
        NotUnderstood: words that stand for no land cover, named.
        AmbiguousRegion, AmbiguousClass: a name is several things.
    """
    if context.language not in languages():
        return None
    keys = frozenset(leaf.key for leaf in longest(leaves(question, context.language)))
    fact = next((FACTS[key] for key in FACTS if key in keys), "")
    older = seen_before(conversation)
    follows = bool(older) and bool(keys & {"deixis.that", "deixis.this", "act.map"})
    follows = bool(fact) and (follows or (fact in OF_A_CLASS and "act.map" in keys))
    before = fact_before(conversation) if not fact and "witness.satellite" not in keys else ""
    reading = read(question, context.language, context)
    refuse_what_no_model_has(reading, keys)
    if not (before or follows or "witness.satellite" in keys):
        return seen_elsewhere(reading, context, conversation, settled)
    if keys & ELSEWHERE or reading.has(*TABLE) or (before and not names_only_a_class(reading)):
        return None
    follows_on = older if follows else {}
    try:
        return _Question(question, keys, fact or before, follows_on, reading, context, conversation, settled).plan()
    except Unfit:
        return None


def seen_before(conversation: Conversation) -> dict[str, Any]:
    """Return the arguments of what the satellite was asked last, none where the last answer was another's."""
    last = [step for step in conversation.steps if step["tool"] in SEEN]
    return {"tool": last[-1]["tool"], **last[-1]["arguments"]} if last else {}


def seen_elsewhere(
    reading: Reading, context: Context, conversation: Conversation, settled: Mapping[str, Any]
) -> Plan | None:
    """Return the plan of a follow-up on what the satellite sees that only names another place, class or year."""
    older = seen_before(conversation)
    only = {i.type for i in reading.items} <= {"CLASS", "PLACE", "YEAR"} and bool(reading.items)
    short = len(reading.said.tokens) <= LONGEST_EDIT and reading.whole
    if len(conversation.steps) != 1 or not (older and only and short):
        return None
    try:
        asked = _Question("", frozenset(), "", {}, reading, context, conversation, settled).sight
    except Unfit:
        return None
    tool = str(older.pop("tool"))
    gone = {*(("text", "land_cover") if asked.named else ()), *(("regions", "near") if asked.placed else ())}
    new = {name: value for name, value in older.items() if name not in gone} | asked.what() | asked.where()
    tool = "classify_area" if tool == "profile_pixels" and asked.named else tool
    areas = {id: one for id, one in conversation.areas.items() if id in new.get("regions", ()) and id in context.areas}
    return Plan((Step(tool, new),), areas=areas, frame=of_land(asked.years))


def refuse_what_no_model_has(reading: Reading, keys: frozenset[str]) -> None:
    """Refuse a question of the classifier that names nothing and asks what is told of no model: its loss function.

    Raises:
        NotUnderstood: naming the words.
    """
    named = keys & {"classifier.encoder", "witness.satellite"} and "classifier.uses" in keys
    asked = named and keys & WHAT and not keys & ELSEWHERE
    other = [i for i in reading.items if i.type in TABLE]
    if asked and other and not reading.has(*NAMES):
        closed = {n for i in reading.said.items if i.value and i.type == "OTHER" for n in range(i.start, i.end)}
        left = [reading.word(n) for n in reading.open_words if n not in closed and n not in reading.said.soft]
        words = [*(reading.said.words(i) for i in other), *left]
        raise NotUnderstood((), ":".join(["unread", *dict.fromkeys(words)]))


def fact_before(conversation: Conversation) -> str:
    """Return which fact of single classes the last answer told, '' where it told none."""
    about = {str(step["arguments"].get("about", "")) for step in conversation.steps if step["tool"] == "describe_data"}
    return next((fact for fact in OF_A_CLASS if fact in about), "")


def names_only_a_class(reading: Reading) -> bool:
    """Whether a follow-up names another class and asks nothing else: "and for water only?"."""
    return reading.has("CLASS") and reading.whole_in_talk and not reading.has("ASK", "PLACE", "YEAR", "MEASURE")


def asks_for_a_class(question: str, language: str) -> bool:
    """Return whether a question's answer would be a class or a fact: then no words of it are one, but quoted ones."""
    keys = {leaf.key for leaf in longest(leaves(question, language))}
    return bool(keys & WHAT) and not keys & WHERE and not QUOTED.search(question)


def closed_words_beside(question: str, language: str) -> list[tuple[int, int]]:
    """Return where words stand that say no more beside the satellite: no free text begins or ends with one."""
    return [(leaf.start, leaf.end) for leaf in leaves(question, language) if leaf.key.split(".")[0] in SAID]


@dataclass(frozen=True)
class Sight:
    """What is looked at where: codes of land cover or words of the asker's own, regions or a circle, a year."""

    land_cover: tuple[str, ...] = ()
    text: str = ""
    regions: tuple[str, ...] = ()
    near: Mapping[str, Any] | None = None
    years: tuple[int, ...] = ()

    @property
    def named(self) -> bool:
        """Whether a land cover or words are named."""
        return bool(self.land_cover or self.text)

    @property
    def placed(self) -> bool:
        """Whether a place is named."""
        return bool(self.regions or self.near)

    def what(self) -> dict[str, Any]:
        """What is looked for, as arguments: one of the two."""
        if self.land_cover and not self.text:
            return {"land_cover": list(self.land_cover)}
        return {"text": self.text} if self.text else {}

    def where(self) -> dict[str, Any]:
        """Where and when, as arguments."""
        regions = {"regions": list(self.regions)} if self.regions else {}
        near = {"near": dict(self.near)} if self.near else {}
        return regions | near | ({"year": self.years[-1]} if self.years else {})


@dataclass(frozen=True)
class _Question:
    """A question of the satellite, taken apart."""

    question: str
    keys: frozenset[str]
    fact: str
    """What of the classifier is asked, '' for nothing."""
    older: Mapping[str, Any]
    """What a follow-up is of: the arguments of the answer before."""
    reading: Reading
    context: Context
    conversation: Conversation
    settled: Mapping[str, Any]

    def plan(self) -> Plan | None:
        sight, maps = self.sight, "ask.where" in self.keys
        weighed = "classifier.weighed" in self.keys
        if "witness.published" in self.keys and not weighed:
            return None if maps else self.side_by_side(sight)
        if self.by_both:
            return self.of_both(sight)
        if self.fact in OF_A_CLASS and not maps and not sight.text:
            return self.of_the_classifier(self.fact)
        free = self.free_text
        if not sight.named and sight.placed and not self.left and ("classifier.sees" in self.keys or not self.fact):
            return self.step("compare_with_survey" if self.compares else "profile_pixels", sight)
        if not sight.placed and not maps and (self.fact or self.asks_what_is_known):
            return self.of_the_classifier(self.fact or "encoder")
        if self.left and not sight.named and asks_for_a_class(self.question, self.context.language):
            raise NotUnderstood((), f"unread:{':'.join(self.left)}")
        if free and not sight.named and self.keys & WHERE:
            return self.step("classify_area", replace(sight, text=free))
        if self.left or not sight.named:
            return None
        if self.compares and sight.land_cover and not sight.text:
            return self.step("compare_with_survey", sight)
        return self.step("classify_area", sight, prior="published" if weighed else "")

    @property
    def compares(self) -> bool:
        """Whether the satellite is held against the survey."""
        survey = "survey" in self.reading.all("WITNESS")
        return survey or "compare" in self.reading.all("ASK") or "classifier.agree" in self.keys

    @property
    def by_both(self) -> bool:
        """Whether how much there is is asked of the survey and the satellite together."""
        amount = self.keys & AMOUNTS or any(i.value == "how_much" for i in self.reading.said.items if i.type == "ASK")
        apart = {"classifier.agree", "ask.compare", "ask.where", "measure.points"} & self.keys
        return bool(amount) and "witness.survey" in self.keys and not apart and bool(self.sight.land_cover)

    def of_both(self, sight: Sight) -> Plan | None:
        """Return the plan of how much there is by survey and satellite together."""
        if self.left or sight.near or len(sight.regions) != 1:
            return None
        return self.step("area_from_map", replace(sight, text=""))

    def side_by_side(self, sight: Sight) -> Plan | None:
        """Return the plan of what each witness named has of a class at a place, the published figures among them."""
        if self.left or self.fact or not sight.land_cover or not sight.regions:
            return None
        tools = dict.fromkeys(tool for key, tool in WITNESSES.items() if key in self.keys)
        steps = tuple(Step(tool, self.arguments(tool, sight)) for tool in tools)
        return Plan(steps, (), self.areas(sight.regions), of_land(sight.years))

    def arguments(self, tool: str, sight: Sight) -> dict[str, Any]:
        """The arguments of a witness's tool: a figure or count takes several years."""
        if tool == "classify_area":
            return sight.what() | sight.where()
        years = {"years": list(sight.years)} if sight.years else {}
        return {"land_cover": list(sight.land_cover), "regions": list(sight.regions), **years}

    @property
    def asks_what_is_known(self) -> bool:
        """Whether which classes it tells apart is asked, without a place."""
        return "classifier.sees" in self.keys and not self.sight.named and not self.left

    def of_the_classifier(self, about: str) -> Plan:
        """Return the plan of a fact about the classifier, beside how it agrees with the survey where a place is named.

        Raises:
            NotUnderstood: words that have no part in it.
        """
        if self.left:
            raise NotUnderstood((), f"unread:{':'.join(self.left)}")
        sight = self.sight
        codes = sight.land_cover or tuple(self.older.get("land_cover", ()))
        cover = {"land_cover": list(codes)} if codes and about in OF_A_CLASS else {}
        told = Step("describe_data", {"about": about, **cover})
        regions = sight.regions or tuple(self.older.get("regions", ()))
        year = {"year": sight.years[-1]} if sight.years else {}
        there = Step("compare_with_survey", {**cover, "regions": list(regions), **year}, later=True)
        steps = (told, there) if about == "accuracy" and regions else (told,)
        aside = [str(near["name"])] if (near := sight.near) and "name" in near else []
        aside += [self.context.named(id).name for id in sight.regions] if about == "confusions" else []
        notes: tuple[Note, ...] = (("left_aside", {"words": ", ".join(aside)}),) if aside else ()
        return Plan(steps, notes, self.areas(regions), of_land(sight.years))

    def step(self, tool: str, sight: Sight, prior: str = "") -> Plan:
        """Return the plan of one look at a place."""
        notes: list[Note] = []
        if sight.near and not any(i.type == "UNIT" and i.value in ("km", "m") for i in self.reading.said.items):
            circle = {"km": sight.near["km"], "name": sight.near["name"]}
            notes.append(("town_radius" if self.towns and not self.beside else "near_default", circle))
        weighed = {"prior": prior} if prior else {}
        what = sight.what() if tool != "profile_pixels" else {}
        return Plan((Step(tool, what | sight.where() | weighed),), tuple(notes), self.areas(sight.regions),
                    of_land(sight.years))  # fmt: skip

    def areas(self, regions: Sequence[str]) -> dict[str, Any]:
        """The drawn areas among some regions."""
        return {id: one for id, one in self.conversation.areas.items() if id in regions and id in self.context.areas}

    @cached_property
    def towns(self) -> list[Place]:
        """The places named that have no outline."""
        named = [i.value for i in self.reading.items if i.type == "PLACE" and not i.value.foreign]
        return [area.places[0] for area in named if area.places and not area.regions]

    @property
    def beside(self) -> bool:
        """Whether a town is named by a word that means near before one: "bei Siena"."""
        weak, tokens = beside(self.context.language), self.reading.said.tokens
        starts = [i.start for i in self.reading.items if i.type == "PLACE"]
        return any(n > 0 and tokens[n - 1].norm in weak for n in starts)

    @cached_property
    def names(self) -> Constraints:
        """The names as ids and codes, towns aside."""
        towns = {town.id for town in self.towns}
        said = self.reading.said.items
        kept = [i for i in self.reading.items if i.type not in ("PLACE", "CLASS", "FATE")]
        kept += [i for i in self.reading.items if i.type == "PLACE" and i.value.candidates[0].id not in towns]
        kept += [
            i for i in said if i.type == "CLASS" and i.cost <= FORM_COST and (i.value.exact or not self.is_closed(i))
        ]
        drawn = tuple(self.conversation.areas)[-1:]
        return Constraints(replace(self.reading, items=tuple(kept)), self.context, drawn, self.settled)

    @cached_property
    def sight(self) -> Sight:
        """Where, of what and when.

        Raises:
            Unfit: several circles or years, or what lies outside of one.
        """
        circles = [(km, self.names.spot(area)) for _, km, area in self.reading.all("NEAR")]
        circles += [(NEAR_KM if self.beside else TOWN_KM, town) for town in self.towns]
        circles += [(NEAR_KM, self.names.spot(area)) for area in self.reading.all("POSITION")]
        years = tuple(self.reading.all("YEAR"))
        if len(circles) > 1 or len(years) > 1 or any(op != "near" for op, _, _ in self.reading.all("NEAR")):
            raise Unfit("several circles or years")
        covers = [k for k in self.names.classes if k.theme == "land_cover"]
        near = [{"lon": at.lonlat[0], "lat": at.lonlat[1], "km": km, "name": at.name} for km, at in circles]
        return Sight(
            land_cover=tuple(dict.fromkeys(code for k in covers for code in k.codes)),
            text=self.own_words,
            regions=tuple(region.id for region in self.names.places),
            near=near[0] if near else None,
            years=years,
        )

    @property
    def own_words(self) -> str:
        """The asker's words in place of the class they were read as, where they say more: the classifier knows no land
        use, and of a class that holds many things it maps the one that is named, in English."""
        if quoted := QUOTED.search(self.question):
            return quoted.group(1).strip()
        named = self.names.reading.all("CLASS")
        if len(named) != 1:
            return ""
        cover = named[0]
        if cover.match.theme == "land_use":
            return cover.text
        if self.context.language != "en":
            return ""
        name = self.context.nomenclature.get(cover.match.codes[0]).name.lower()
        catches = name.startswith(CATCH_ALL[0]) or CATCH_ALL[1] in name
        told = any(word[:4] in name for word in flatten(cover.text).split() if len(word) > 3)
        return cover.text if catches and not told else ""

    @property
    def free_text(self) -> str:
        """The words that stand where a class would and that no list knows, as they are written; '' where a class is
        asked for."""
        if self.names.classes or not self.left or asks_for_a_class(self.question, self.context.language):
            return ""
        tokens = self.reading.said.tokens
        at = [n for n in self.reading.open_words if n not in self.closed]
        whole = {*range(at[0], at[-1] + 1)} - {*at}
        if not whole <= self.reading.said.soft:
            return ""
        return self.question[tokens[at[0]].start : tokens[at[-1]].end][:LONGEST_WORDS]

    @cached_property
    def closed(self) -> frozenset[int]:
        """Where words stand that say no more beside the satellite, and those in quotation marks, which are mapped."""
        spans = closed_words_beside(self.question, self.context.language)
        spans += [quoted.span() for quoted in (QUOTED.search(self.question),) if quoted]
        every = enumerate(self.reading.said.tokens)
        return frozenset(n for n, t in every if any(start <= t.start and t.end <= end for start, end in spans))

    def is_closed(self, item: Item) -> bool:
        """Whether every word of an item is such a word."""
        return {*range(item.start, item.end)} <= self.closed

    @cached_property
    def left(self) -> tuple[str, ...]:
        """The words that neither a constraint nor a closed word took."""
        return tuple(self.reading.word(n) for n in self.reading.open_words if n not in self.closed)
