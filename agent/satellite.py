"""Questions of the satellite: of its classifier itself, of all it sees at a place, of a class according to it.

Read from the closed words of every language. A free text (words that no list knows) is left to the rules behind; words
of a question that asks what is seen, or what the classifier is, stand for no land cover and are none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from agent.acts import FACTS, longest
from agent.conversation import Conversation
from agent.frame import Frame, Spot
from agent.lexicon import languages, leaves
from agent.reading.chart import NEAR_KM
from agent.reading.fill import Constraints, Unfit
from agent.reading.mentions import Item
from agent.reading.read import Reading, read
from agent.steps import steps_of
from agent.understand import QUOTED, TOWN_KM
from agent.words import concept, flatten
from retrieval.errors import NotUnderstood
from retrieval.nomenclature import FORM_COST
from retrieval.types import PAGE_LANGUAGES, Place
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
TABLE = (
    "LIMIT", "HAVING", "COUNT", "COUNTED", "SPAN", "SINCEYEAR", "CHANGE", "TREND", "RANK", "RANKNTH", "NOTCLASS",
    "NOTPLACE", "POINT", "MONTHS", "LOST", "GAINED", "BECAME", "MANY", "INSIDE", "NOTYEAR", "NEAREST",
)  # fmt: skip
"""Constraints that no pixel is asked about by."""
SAID = ("classifier", "act", "ask", "witness", "deixis", "classes", "dimension", "conjunction", "function", "edit")
"""Sections of the lexicon whose words say no more beside the satellite."""
WHAT = frozenset({"ask.what", "ask.which", "ask.who", "ask.when"})
WHERE = frozenset({"ask.where", "ask.show", "ask.how_many", "ask.how_much", "measure.points", "measure.area"})


def satellite_plan(
    question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]
) -> Plan | None:
    """Return the plan of a question of the satellite, None where it is none or the rules behind read it.

    Raises:
        NotUnderstood: words that stand for no land cover, named.
        AmbiguousRegion, AmbiguousClass: a name is several things.
    """
    if context.language not in languages():
        return None
    keys = frozenset(leaf.key for leaf in longest(leaves(question, context.language)))
    fact = next((FACTS[key] for key in FACTS if key in keys), "")
    older = Frame.from_json(conversation.frame)
    follows = older.source == "satellite" and bool(keys & {"deixis.that", "deixis.this", "act.map"})
    follows = bool(fact) and (follows or (fact in OF_A_CLASS and "act.map" in keys))
    before = fact_before(conversation) if not fact and "witness.satellite" not in keys else ""
    if not (before or follows or "witness.satellite" in keys) or keys & ELSEWHERE:
        return None
    reading = read(question, context.language, context)
    if reading.has(*TABLE) or (before and not names_only_a_class(reading)):
        return None
    fact = fact or before
    follows_on = older if follows else Frame()
    try:
        return _Question(question, keys, fact, follows_on, reading, context, conversation, settled).plan()
    except Unfit:
        return None


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
class _Question:
    """A question of the satellite, taken apart."""

    question: str
    keys: frozenset[str]
    fact: str
    """What of the classifier is asked, '' for nothing."""
    older: Frame
    """What a follow-up is of."""
    reading: Reading
    context: Context
    conversation: Conversation
    settled: Mapping[str, Any]

    def plan(self) -> Plan | None:
        frame, maps = self.frame, "ask.where" in self.keys
        if "witness.published" in self.keys:
            return None if maps else self.side_by_side(frame)
        placed = bool(frame.regions or frame.near)
        if frame.words and (len(self.names.classes) > 1 or self.fact in OF_A_CLASS):
            return None
        if self.fact in OF_A_CLASS and not maps:
            return self.of_the_classifier(self.fact)
        named = bool(frame.land_cover or frame.words)
        if not named and placed and not self.left and ("classifier.sees" in self.keys or not self.fact):
            return self.seen(replace(frame, operation="profile_pixels"))
        if not placed and not maps and (self.fact or self.asks_what_is_known):
            return self.of_the_classifier(self.fact or "encoder")
        if self.left and not named and asks_for_a_class(self.question, self.context.language):
            raise NotUnderstood((), f"unread:{':'.join(self.left)}")
        if self.left or not named or self.context.language in PAGE_LANGUAGES:
            return None
        compared = "survey" in self.reading.all("WITNESS") or "compare" in self.reading.all("ASK")
        compared = compared and bool(frame.land_cover)
        return self.seen(replace(frame, operation="compare_with_survey" if compared else "classify_area"))

    def side_by_side(self, frame: Frame) -> Plan | None:
        """Return the plan of what each witness named has of a class at a place, the published figures among them."""
        if self.left or self.fact or not frame.land_cover or not frame.regions:
            return None
        tools = dict.fromkeys(tool for key, tool in WITNESSES.items() if key in self.keys)
        steps = [step for tool in tools for step in steps_of(replace(frame, operation=tool), self.context)]
        once = {str(step.to_json()): step for step in reversed(steps)}  # the points stand beneath the figures already
        return Plan(tuple(reversed(once.values())), (), self.areas(frame.regions), frame.to_json())

    @property
    def asks_what_is_known(self) -> bool:
        """Whether which classes it tells apart is asked, without a place."""
        named = self.frame.land_cover or self.frame.words
        return "classifier.sees" in self.keys and not named and not self.left

    def of_the_classifier(self, about: str) -> Plan:
        """Return the plan of a fact about the classifier, beside how it agrees with the survey where a place is named.

        Raises:
            NotUnderstood: words that have no part in it.
        """
        if self.left:
            raise NotUnderstood((), f"unread:{':'.join(self.left)}")
        frame = self.frame
        codes = frame.land_cover or self.older.land_cover
        cover = {"land_cover": list(codes)} if codes and about in OF_A_CLASS else {}
        told = Step("describe_data", {"about": about, **cover})
        regions = frame.regions or self.older.regions
        year = {"year": frame.years[-1]} if frame.years else {}
        there = Step("compare_with_survey", {**cover, "regions": list(regions), **year}, later=True)
        steps = (told, there) if about == "accuracy" and regions else (told,)
        aside = [str(near["name"])] if (near := frame.near) and "name" in near else []
        aside += [self.context.named(id).name for id in frame.regions] if about == "confusions" else []
        notes: tuple[Note, ...] = (("left_aside", {"words": ", ".join(aside)}),) if aside else ()
        return Plan(steps, notes, self.areas(regions), self.conversation.frame)

    def seen(self, frame: Frame) -> Plan:
        """Return the plan of what is seen at a place."""
        notes: list[Note] = []
        if frame.near and not any(i.type == "UNIT" and i.value in ("km", "m") for i in self.reading.said.items):
            circle = {"km": frame.near["km"], "name": frame.near["name"]}
            notes.append(("town_radius" if self.towns and not self.beside else "near_default", circle))
        steps = tuple(steps_of(frame, self.context))
        return Plan(steps, tuple(notes), self.areas(frame.regions), frame.to_json())

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
        weak = concept(self.context.language, "near_weak")
        starts = [self.reading.said.tokens[i.start].start for i in self.reading.items if i.type == "PLACE"]
        return bool(weak) and any(weak.fullmatch(w) for at in starts for w in flatten(self.question[:at]).split()[-1:])

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
    def frame(self) -> Frame:
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
        classes = self.names.classes
        uses = [cover.text for cover in self.names.reading.all("CLASS") if cover.match.theme == "land_use"]
        near = [Spot(lon=at.lonlat[0], lat=at.lonlat[1], km=km, name=at.name) for km, at in circles]
        return Frame(
            regions=tuple(region.id for region in self.names.places),
            near=near[0] if near else None,
            land_cover=tuple(dict.fromkeys(c for k in classes if k.theme == "land_cover" for c in k.codes)),
            words=uses[0] if uses else "",
            years=years,
            source="satellite",
        )

    @cached_property
    def closed(self) -> frozenset[int]:
        """Where words stand that say no more beside the satellite."""
        spans = closed_words_beside(self.question, self.context.language)
        every = enumerate(self.reading.said.tokens)
        return frozenset(n for n, t in every if any(start <= t.start and t.end <= end for start, end in spans))

    def is_closed(self, item: Item) -> bool:
        """Whether every word of an item is such a word."""
        return {*range(item.start, item.end)} <= self.closed

    @cached_property
    def left(self) -> tuple[str, ...]:
        """The words that neither a constraint nor a closed word took."""
        return tuple(self.reading.word(n) for n in self.reading.open_words if n not in self.closed)
