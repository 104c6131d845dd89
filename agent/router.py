"""Routers turn a question into a plan; the builtin one does it by rules and retrieval, with no language model.

A router never takes a place, class or year from anywhere but the question, the gazetteer, the nomenclature and the
conversation. What cannot be planned raises the error that says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Protocol, cast

from agent.acts import act_plan
from agent.composed import composed_plan, leading_plan, quoted, refuse_what_was_pointed_at
from agent.conversation import Conversation, chosen
from agent.deals.planning import WITNESSES, deals_plan
from agent.doubt import told_of_doubt, without_doubt
from agent.estimates import estimate_plan
from agent.frame import PLACE, SUBJECT, TIME, Frame, Spot
from agent.honesty import names_nothing, refuse_what_no_rule_behind_reads, refuse_what_was_dropped, with_widened
from agent.language import unread
from agent.letters import LONGEST_LETTER, asked_in
from agent.lexicon import languages, leaves
from agent.offers import plan_of_offer, to_json
from agent.operation import asks_for_one, operation_of, order_of
from agent.pair import paired, says_both
from agent.partial import MOST, names_with, whole
from agent.parts import asks, parts_of
from agent.reading.asides import without_asides
from agent.satellite import asks_for_a_class, closed_words_beside, satellite_plan
from agent.steps import default_operation, ends, holds_none, steps_of
from agent.understand import (
    CLASS_CODE,
    LONGEST_QUESTION,
    NEAR_KM,
    QUOTED,
    TOWN_KM,
    Area,
    Cover,
    Understanding,
    explained,
    find_country,
    known_phrase,
    sentences_of,
    understand,
)
from agent.words import concept, fillers, flatten, words
from retrieval.errors import (
    AmbiguousClass,
    AmbiguousRegion,
    DataError,
    LandaskError,
    NoSuchYear,
    NotPublished,
    NotUnderstood,
    OutOfCoverage,
    TooFine,
    UnknownClass,
    UnknownRegion,
)
from retrieval.types import Place, Region
from tools.context import Context
from tools.plan import MOST_STEPS, Note, Plan, Step

OF_POINTS = ("find_points", "count_points", "rank_points", "compare_years", "compare_regions", "share_points")
RANKINGS = ("rank_points", "rank_official")
PART_FAILS = (NoSuchYear, NotPublished, TooFine, UnknownClass)
"""What a later part of a question may come to: it is named, and the parts before it are answered."""
COUNTED = ("count_points", "find_points")
CHANGES = ("change_official", "compare_years")
COVERED = "land cover and land use in the countries of the LUCAS survey"


class Router(Protocol):
    """What plans a question."""

    @property
    def name(self) -> str:
        """What the answer calls it: `builtin`, `schema:ollama:qwen3:4b` …"""
        ...

    def plan(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question; raise DataError or Ambiguous where there is none."""
        ...


@dataclass(frozen=True)
class Builtin:
    """The rule-based router: always there, needs no model and no network."""

    name: str = "builtin"
    aside: bool = True
    """Whether a word it does not know and that narrows nothing may be left aside by name; a model is asked first."""

    def plan(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question; raise DataError or Ambiguous where there is none."""
        return with_widened(question, self.planned(question, context, conversation), context)

    def planned(self, question: str, context: Context, conversation: Conversation) -> Plan:
        """Return the plan of a question before it tells how its words were read."""
        picked = picked_choice(question, context, conversation)
        settled: dict[str, Any] = {}
        if picked is not None and conversation.pending:
            waiting, value = conversation.pending, conversation.pending.values[picked]
            if waiting.kind == "offer":
                return plan_of_offer(value, conversation.areas)
            if waiting.kind == "piece":
                conversation.open, question = waiting.question, str(value)
            else:
                settled = {**waiting.resolved, waiting.words: value}
                conversation.pending = replace(waiting, resolved=settled)
                question = waiting.question
        if (of_deals := deals_plan(question, context, conversation, settled)) is not None:
            return of_deals
        settled = {words: value for words, value in settled.items() if value not in WITNESSES}
        if len(question) > LONGEST_LETTER:
            raise NotUnderstood((), f"too_long:{len(question)}:{LONGEST_LETTER}")
        question = without_asides(asked_in(question, context), context)
        if len(question) > LONGEST_QUESTION:  # a letter in which nothing of these data is asked
            raise NotUnderstood((), "which_class")
        if (name := unread(question)) and name != "words":
            raise NotUnderstood((), f"unread_language:{name}")
        parts = questions_in(question, context)
        of_satellite = satellite_plan(question, context, conversation, settled) if len(parts) == 1 else None
        if of_satellite is not None:
            return of_satellite
        if not settled and (act := act_plan(question, context, conversation)) is not None:
            return act
        certain = without_doubt(question, context)
        try:
            plan = self.whole_or_parts(certain, context, conversation, settled)
        except NotUnderstood as error:
            first = leading_plan(without_aside(certain, context), context, conversation, settled)
            if first is None:
                raise
            plan = replace(first, left_out=(*first.left_out, error))
        return told_of_doubt(question, plan, context, asked=certain != question)

    def whole_or_parts(
        self, question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]
    ) -> Plan:
        """Return the plan of a question as one, else of each of its parts."""
        parts = questions_in(question, context)
        if len(parts) == 1:
            return self.one(question, context, conversation, settled)
        if (whole := self.composed(question, context, conversation, settled, steps=True)) is not None:
            return whole
        return in_parts(parts, lambda part, so_far: self.one(part, context, so_far, settled), context, conversation)

    def composed(
        self,
        question: str,
        context: Context,
        conversation: Conversation,
        settled: Mapping[str, Any],
        *,
        steps: bool = False,
        aside: bool = False,
    ) -> Plan | None:
        """Return the plan of a question read whole into typed queries, None where it is not; `steps`: of several."""
        whole = without_aside(question, context)
        return composed_plan(whole, context, conversation, settled, in_parts=steps, aside=aside)

    def one(self, question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]) -> Plan:
        """Return the plan of one question: the chart's, where it reads it whole, else that of the rules behind it."""
        if asks_what_an_interval_is(question, context, conversation):
            return Plan((Step("explain_interval", {}),), frame=conversation.frame)
        if (estimated := estimate_plan(question, context, conversation, settled)) is not None:
            return estimated
        if (of_satellite := satellite_plan(question, context, conversation, settled)) is not None:
            return of_satellite
        if (whole := self.composed(question, context, conversation, settled)) is not None:
            return whole
        refuse_what_no_rule_behind_reads(question, context)
        try:
            return self.held_against(question, context, conversation, settled)
        except NotUnderstood:
            most = self.composed(question, context, conversation, settled, aside=True) if self.aside else None
            if most is None:
                raise
            return most

    def held_against(
        self, question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]
    ) -> Plan:
        """Return the plan of the rules behind the chart, refused where it leaves out what the chart read."""
        try:
            plan = self.behind(question, context, conversation, settled)
        except NotUnderstood as error:
            only_years = all(word.isdigit() for word in error.understood)
            if error.reason == "no_operation" and only_years and names_nothing(question, context):
                raise NotUnderstood((), "which_class") from error
            raise
        refuse_what_was_dropped(without_aside(question, context), plan, context, follows=bool(conversation.frame))
        refuse_what_was_pointed_at(question, plan, context, conversation)
        return plan

    def behind(self, question: str, context: Context, conversation: Conversation, settled: Mapping[str, Any]) -> Plan:
        """Return the plan of the rules behind the chart."""
        reading = read(without_aside(question, context), context)
        if asks_what_it_is(reading):
            codes = [code for cover in reading.wanted for code in cover.match.codes]
            return Plan((Step("define_class", {"codes": codes}),))
        refuse_what_is_not_ours(reading)
        resolver = Resolver(reading, context, conversation, question, settled)
        frame = resolver.frame()
        return planned(frame, context, conversation, (*resolver.notes, *left_aside(reading, frame, resolver.notes)))


def questions_in(question: str, context: Context) -> list[str]:
    """Return the questions a question holds, itself where it is one or its first part is placed by a later one."""
    parts = with_both_ends(parts_of(question, context.language), context)
    return [question] if len(parts) == 1 or share_a_place(parts, context) else parts


def share_a_place(parts: Sequence[str], context: Context) -> bool:
    """Return whether the first part takes its place from a later one ("how many … and how many … in Apulia")."""
    ends = [at for at, part in enumerate(parts, 1) if SENTENCE_END.search(part)]
    named = [bool(context.gazetteer.mentions(part, context.language)) for part in parts[: min(ends, default=None)]]
    return not named[0] and any(named)


def in_parts(
    parts: Sequence[str],
    plan_of: Callable[[str, Conversation], Plan],
    context: Context,
    conversation: Conversation,
) -> Plan:
    """Return the plan of a question of several parts, each knowing what the one before was about.

    Args:
        parts: the questions in it.
        plan_of: plans one of them in a conversation.
        context: what is asked.
        conversation: where the whole question stands.

    Raises:
        DataError: the first part cannot be planned, or a later one is of what is never answered.
        Ambiguous: words of a part have several meanings.
    """
    so_far = replace(conversation, pending=None, turns=list(conversation.turns), tried={})
    plans: list[Plan] = []
    left_out: list[LandaskError] = []
    for part in parts:
        steps = [step for plan in plans for step in plan.steps]
        try:
            plan = each_of_ranked(part, steps, context) or plan_of(part, so_far)
        except PART_FAILS as error:
            if not plans:
                raise
            left_out.append(error)
            continue
        so_far.turn_to(plan.frame)
        so_far.turns.append(part)
        so_far.keep([step.to_json() for step in plan.steps], [dict(query) for query in plan.queries])
        new = (step for step in plan.steps if step.to_json() not in [one.to_json() for one in steps])
        plans.append(replace(plan, steps=tuple(replace(step, later=bool(plans)) for step in new)))
    conversation.tried = so_far.tried
    return Plan(
        steps=tuple(step for plan in plans for step in plan.steps)[:MOST_STEPS],
        notes=tuple(note for plan in plans for note in plan.notes),
        areas={id: area for plan in plans for id, area in plan.areas.items()},
        frame=so_far.frame,
        left_out=tuple(left_out),
    )


def read(question: str, context: Context) -> Understanding:
    """Return a question taken apart."""
    return understand(
        question,
        context.gazetteer,
        context.nomenclature,
        language=context.language,  # ty: ignore[invalid-argument-type]
    )


def without_aside(question: str, context: Context) -> str:
    """Return the question less a sentence before it that asks nothing: "I write about the beet industry. How many …".

    Kept where what follows names no place or no class of its own.
    """
    first, *others = sentences_of(question) or [""]
    rest = "".join(others)
    if not others or not first.rstrip().endswith(".") or asks(first, context.language):
        return question
    asked = read(rest, context) if any(c.isalnum() for c in rest) else None
    return rest if asked and asked.covers and asked.areas else question


BOTH_ENDS = (["most", "fewest"], ["fewest", "most"], ["most", "both"])
"""What two parts ask for that are one ranking: the second may name the first again ("put the most on a map")."""


def with_both_ends(parts: Sequence[str], context: Context) -> list[str]:
    """Return the parts, two as one that ask for the two ends of a ranking: "which has most and which least forest"."""
    joined = list(parts[:1])
    for part in parts[1:]:
        one, other = read(joined[-1], context), read(part, context)
        ends = [order_of(each) for each in (one, other) if each.has("most", "least")]
        if ends in BOTH_ENDS and not (one.covers and other.covers) and not (one.areas and other.areas):
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return joined


SENTENCE_END = re.compile(r"[?!.](?: \d{4})?$")
"""The end of a sentence, before a year that was said of another part."""


def planned(frame: Frame, context: Context, conversation: Conversation, notes: Sequence[Note]) -> Plan:
    """Return a frame's plan with the areas its steps need."""
    frame = replace(frame, operation=frame.operation or default_operation(frame, context))
    steps = steps_of(frame, context)
    conversation.tried = {"steps": to_json(steps)}
    wanted = {id for step in steps for key in ("regions", "within") for id in step.arguments.get(key, ())}
    areas = {id: geometry for id, geometry in conversation.areas.items() if id in wanted and id in context.areas}
    return Plan(tuple(steps), tuple(notes), areas, frame.to_json())


def picked_choice(question: str, context: Context, conversation: Conversation) -> int | None:
    """Return which offered choice the words take, if any were offered."""
    pending = conversation.pending
    if pending is None or pending.kind == "words":
        return None
    number = chosen(question, pending.choices, context.language)
    if number is not None or pending.kind != "region" or len(question.split()) > 8:
        return number
    country = find_country(flatten(question))
    if country is None:
        named = [c for m in context.gazetteer.mentions(question, context.language) for c in m.candidates]
        country = next((c.country for c in named if isinstance(c, Region) and c.level == "country"), None)
    regions = [(at, id) for at, id in enumerate(pending.values) if not str(id).startswith("town:")]
    fitting = [at for at, id in regions if country and context.gazetteer.region(id).country == country]
    return fitting[0] if len(fitting) == 1 else None


def each_of_ranked(part: str, steps: Sequence[Step], context: Context) -> Plan | None:
    """Return the plan of "… and how did each change" for the regions a step before ranked, None if it is not that."""
    at = next((at for at, step in enumerate(steps) if step.tool in RANKINGS), None)
    if at is None or any(step.each or step.optional for step in steps[:at]):
        return None
    ranking = steps[at]
    reading = read(part, context)
    refuse_what_is_not_ours(reading)
    ranked = {*ranking.arguments.get("land_cover", ()), *ranking.arguments.get("land_use", ())}
    others = any({*cover.match.codes} != ranked for cover in reading.covers)
    if reading.areas or others or ranking.arguments.get("by") == "classes":
        return None
    if "limit" not in ranking.arguments and not reading.has("each", "change", "moved", "compare", "where", "show"):
        return None  # of the first alone
    survey = ranking.tool == "rank_points"
    codes = {k: ranking.arguments[k] for k in ("land_cover", "land_use") if k in ranking.arguments}
    arguments: dict[str, Any] = {**codes, "regions": [f"@{at + 1}"]}
    if reading.has("change", "moved", "compare") or reading.since:
        first, last = ends(Frame(years=reading.years, since=reading.since, span=reading.span))
        arguments |= {k: v for k, v in (("year_from", first), ("year_to", last)) if v}
        return Plan((Step("compare_years" if survey else "change_official", arguments, each=True),))
    if reading.years:
        arguments["years"] = list(reading.years)
    if reading.has("where", "show"):
        return Plan((Step("find_points", arguments),))
    of_it = asks_of_it(reading)
    if reading.has("share", "howmuch", "area") or ((of_it or reading.has("each")) and not survey):
        return Plan((Step("official_share", arguments),))
    counted = of_it or reading.has("count", "points", "each")
    return Plan((Step("count_points", arguments, each=True),)) if counted else None


def asks_of_it(reading: Understanding) -> bool:
    """Return whether a part asks what something was in a year ("and what was it in 2009"), not who leads then."""
    again = reading.has("most", "least", "rankwords", "level0", "level1", "level2", "level3")
    return reading.has("which") and bool(reading.years) and not again and len(reading.flat.split()) > WHICH_THEN


WHICH_THEN = 3
"""Words of "which in 2009"."""


# what is never answered

SENTENCE_ENDS = (".", "?", "!", ":", ";")
"""What a word with a capital behind it may begin: it is no name for that."""


def refuse_what_is_not_ours(reading: Understanding) -> None:
    """Refuse writing, forecasts, other topics and places outside.

    Raises:
        NotUnderstood: a wish to change data or to be told other instructions.
        OutOfCoverage: a topic, time or place the data does not speak of.
    """
    refuse_orders_and_other_topics(reading)
    foreign = [a for a in reading.areas if a.foreign]
    if foreign:
        raise OutOfCoverage(foreign[0].text, COVERED)


def asks_what_an_interval_is(question: str, context: Context, conversation: Conversation) -> bool:
    """Return whether what the interval beside a figure means is asked for, not the interval of some figure."""
    named = concept(context.language, "interval")
    if named is None or not named.search(flatten(question)):
        return False
    reading = read(question, context)
    means = reading.has("define", "why")
    what = not conversation.frame and "ask.what" in {leaf.key for leaf in leaves(question, context.language)}
    return (means or what) and not (reading.areas or reading.covers or reading.years)


def asks_what_it_is(reading: Understanding) -> bool:
    """Return whether what a class is is asked for, not how much of it there is anywhere."""
    alone = not reading.areas and not reading.years and not reading.has("count", "where", "share", "howmuch", "area")
    if not (reading.wanted and alone) or reading.language not in languages():
        return False
    keys = {leaf.key for leaf in leaves(reading.question, reading.language)}
    by_code = any(CLASS_CODE.fullmatch(cover.text) for cover in reading.wanted)
    return "act.define" in keys or (by_code and "ask.what" in keys)


def refuse_orders_and_other_topics(reading: Understanding) -> None:
    """Refuse writing, forecasts and other topics.

    Raises:
        NotUnderstood: a wish to change data or to be told other instructions.
        OutOfCoverage: a topic or time the data does not speak of.
    """
    flat = reading.question.lower()
    if reading.has("write") or re.search(
        r"\b(truncate|(?:drop|alter)\s+(?:table|view|schema|database|index|column|all|everything)|delete\s+from|insert\s+into|update\s+\w+\s+set|union\s+select|select\s+.{1,80}\bfrom\b)\b"
        r"|--\s|;\s*(drop|delete|select|update)",
        flat,
    ):
        raise NotUnderstood(reading.findings, "read_only")
    this_year = datetime.now(UTC).year
    future = [y for y in reading.years if y > this_year]
    if future or (reading.has("forecast") and not reading.years):
        raise OutOfCoverage("forecast", str(future[0]) if future else "")
    if reading.topics:
        raise OutOfCoverage(f"topic:{reading.topics[0]}", COVERED)


# words become ids and codes


def left_aside(reading: Understanding, frame: Frame, notes: Sequence[Note]) -> list[Note]:
    """Return the caveat naming the words that had no part in the plan, so that none is dropped in silence."""
    read = " ".join(str(slots.get("words", "")) for _, slots in notes) + " " + frame.words
    spans = [m.span() for m in re.finditer(r"[^\W\d_]{4,}", explained(reading))]
    unread = [reading.question[a:b] for a, b in spans if reading.question[a:b] not in read]
    why = concept(reading.language, "why") if frame.operation != "explain_point" else None
    unread += [m.group() for m in why.finditer(reading.flat)][:1] if why else []
    both = concept(reading.language, "both")
    unread += [m.group() for m in both.finditer(reading.masked)][:1] if both and not of_several(frame) else []
    unread = [*([reading.orders] if reading.orders else []), *unread]
    return [("left_aside", {"words": ", ".join(map(quoted, unread[:5]))})] if unread else []


def of_several(frame: Frame) -> bool:
    """Return whether a frame is of several places, classes or years, so that "both" is heard in it."""
    ranks = frame.operation.startswith("rank")
    several = max(len(frame.regions), len(frame.each), len(frame.years)) > 1
    return ranks or several or bool(frame.span or frame.since or frame.when)


class Resolver:
    """Resolves one question's findings against the conversation. `notes` gathers what was assumed."""

    def __init__(
        self,
        reading: Understanding,
        context: Context,
        conversation: Conversation,
        question: str,
        settled: Mapping[str, Any],
    ) -> None:
        self.reading, self.context, self.conversation = reading, context, conversation
        self.question, self.settled = question, settled
        self.notes: list[Note] = []
        self.placeless = False
        """Whether it says "here" of a place that is nowhere drawn or named."""
        self.older = Frame.from_json(conversation.frame)

    def frame(self) -> Frame:
        """Return the question's frame, completed by the conversation where it leaves something out."""
        reading = self.reading
        areas = self.without_qualifiers(self.unknown_places(list(reading.areas)))
        if not areas:
            areas = self.hidden_places()
        areas, left_out = self.without_negated([self.one_of(whole(area, self.context)) for area in areas])
        near, spot, areas = self.nearness(areas)
        regions = self.less(self.regions(areas), left_out)
        if near is None and not regions and spot is None:
            near, regions = self.towns(areas)
        covers = self.covers()
        operation = self.operation(len(regions), named=bool(covers.land_cover or covers.land_use))
        frame = Frame(
            operation=operation,
            regions=regions,
            near=cast("Spot | None", near),
            spot=cast("Spot | None", spot),
            land_cover=covers.land_cover,
            land_use=covers.land_use,
            exclude=covers.exclude,
            each=covers.each,
            years=reading.years,
            since=reading.since,
            span=reading.span,
            when=self.when(),
            level=reading.level or "",
            limit=reading.limit or (1 if operation in RANKINGS and asks_for_one(reading) else None),
            order=order_of(reading),
            by="crops" if reading.has("crops") else "regions",
            theme="land_use" if reading.about_use else "land_cover",
            unit=reading.unit or ("km2" if reading.has("area") else ""),
            source=self.source(),
            together=reading.has("together") or bool(left_out),
            point_id=reading.point_id or "",
        )
        self.placeless = self.placeless or (self.older.undrawn and not frame.says(PLACE))
        frame = self.with_free_text(self.with_conversation(replace(frame, undrawn=self.placeless)))
        self.need_what_is_pointed_at(frame)
        return frame

    def need_what_is_pointed_at(self, frame: Frame) -> None:
        """Ask for what "here" or "and in 2012?" means where nothing is drawn and nothing was asked before.

        Raises:
            NotUnderstood: a piece is missing, and named.
        """
        nothing = not frame.operation and not frame.says((*SUBJECT, *PLACE))
        follows = nothing and (opens_with_a_link(self.reading) or says_both(self.reading))
        if self.placeless or (follows and not self.older.operation):
            raise NotUnderstood(self.reading.findings, "which_region" if self.placeless else "which_class")

    def operation(self, regions: int, *, named: bool) -> str:
        """Return what is asked for; "which regions have most of it" takes the class from the question before."""
        asked = operation_of(self.reading, regions, named)
        if named or not self.older.says(SUBJECT):
            return asked
        with_class = operation_of(self.reading, regions, True)
        return with_class if with_class.startswith(("rank_", "compare_")) else asked

    def source(self) -> str:
        """Return which witness the question names."""
        reading = self.reading
        if reading.has("satellite"):
            return "satellite"
        if reading.has("official") and not reading.has("points"):
            return "official"
        return "survey" if reading.has("points", "survey") else ""

    def when(self) -> str:
        """Return a time said in words."""
        if self.reading.has("allyears"):
            return "all"
        if self.reading.has("earliest"):
            return "earliest"
        return "latest" if self.reading.has("latest") else ""

    # places

    def unknown_places(self, areas: list[Area]) -> list[Area]:
        """Return the areas, and those found behind "in …" by the typo-tolerant look-up.

        Raises:
            UnknownRegion: words in the place of a place that no source knows.
        """
        for start, end in words_after_in(self.reading):
            text = self.reading.question[start:end]
            try:
                region = self.context.gazetteer.resolve(text, self.context.language)
            except AmbiguousRegion as error:
                found = tuple(self.context.gazetteer.region(id) for id in error.ids)
                areas.append(Area(start, end, text, found, exact=False))
            except OutOfCoverage as error:
                raise OutOfCoverage(text, COVERED) from error
            except UnknownRegion:
                place = self.town(text)
                if place is not None:
                    areas.append(Area(start, end, text, (place,)))
                elif 0 < len(parts := names_with(text, self.context)) <= MOST:
                    areas.append(Area(start, end, text, parts, exact=False))
                elif text[:1].isupper():
                    raise
            else:
                areas.append(Area(start, end, text, (region,), exact=False))
        return sorted(areas, key=lambda a: a.start)

    def one_of(self, area: Area) -> Area:
        """Return the area as the one thing it was said to be, where its words may be a town or regions.

        Raises:
            AmbiguousRegion: nothing was said, and there are several.
        """
        chosen_id = self.settled.get(area.text)
        if chosen_id is not None:
            kept = tuple(c for c in area.candidates if c.id == chosen_id)
            return replace(area, candidates=kept, exact=True) if kept else area
        if len(area.candidates) < 2 or not area.places:
            return area
        choices = self.context.gazetteer.choices(area.candidates, self.context.language)
        raise AmbiguousRegion(area.text, choices, [c.id for c in area.candidates])

    def hidden_places(self) -> list[Area]:
        """Return areas named in a form no list has ("województwa mazowieckiego"), so that none is silently left out.

        Raises:
            UnknownRegion: words in the place of a place that no source knows.
        """
        reading = self.reading
        if not reading.covers or reading.has("here") or reading.bbox or reading.lonlat:
            return []
        for start, end, led in unexplained(reading):
            text = reading.question[start:end]
            if not led and (reading.language == "de" or not text[0].isupper()):
                continue
            if not text[0].isupper() and reading.question[:1].isupper():
                continue  # who writes capitals writes places so
            for length in range(len(text.split()), 0, -1):
                part = " ".join(text.split()[:length])
                if found := self.regions_named(part):
                    return [Area(start, start + len(part), part, found, exact=False)]
            inside = start > 0 and reading.question[:start].rstrip()[-1:] not in SENTENCE_ENDS
            if led or (inside and text[0].isupper()):
                self.context.gazetteer.resolve(text.split()[0], self.context.language)
        return []

    def regions_named(self, text: str) -> tuple[Region, ...]:
        """Return the region a name means, several where it is ambiguous, none where it is unknown."""
        try:
            return (self.context.gazetteer.resolve(text, self.context.language, self.reading.implied),)
        except AmbiguousRegion as error:
            return tuple(self.context.gazetteer.region(id, self.context.language) for id in error.ids)
        except UnknownRegion:
            return ()

    def town(self, name: str) -> Place | None:
        """Return the town of a name, if there is one."""
        try:
            return self.context.gazetteer.place(name)
        except (DataError, AmbiguousRegion):
            return None

    def without_qualifiers(self, areas: list[Area]) -> list[Area]:
        """Return the areas without those that only say where another one is ("Limburg, Belgium")."""
        kept: list[Area] = []
        for at, area in enumerate(areas):
            following = areas[at + 1] if at + 1 < len(areas) else None
            previous = kept[-1] if kept else None
            if previous and qualifies(self.reading, previous, area):
                kept[-1] = narrowed(previous, area)
                continue
            if following and qualifies(self.reading, area, following, backwards=True):
                areas[at + 1] = narrowed(following, area)
                continue
            kept.append(area)
        if self.reading.country:
            kept = [in_country(area, self.reading.country) for area in kept]
        return kept

    def without_negated(self, areas: list[Area]) -> tuple[list[Area], list[Area]]:
        """Return the areas asked about, and those after "except" ("Spain except Andalusia")."""
        found = concept(self.reading.language, "negation")
        kept, left_out = [], []
        for area in areas:
            start = max((a.end for a in areas if a.end <= area.start), default=0)
            between_ = self.reading.masked[start : area.start]
            hits = list(found.finditer(between_)) if found and kept else []
            near_by = bool(hits) and len(between_[hits[-1].end() :].replace("\x00", "x").split()) <= 2
            (left_out if near_by else kept).append(area)
        return kept, left_out

    def less(self, regions: tuple[str, ...], left_out: Sequence[Area]) -> tuple[str, ...]:
        """Return the parts of the regions that are not left out.

        Raises:
            NotUnderstood: what is left out lies in none of them.
        """
        gazetteer = self.context.gazetteer
        for area in left_out:
            out = self.one_region(area)
            around = next((id for id in regions if gazetteer.containing(out.id, gazetteer.region(id).level)), None)
            level = "nuts2" if out.level in ("subdivision", "commune") else out.level
            parts = [r.id for r in gazetteer.children(around, level)] if around else []
            if out.id not in parts or self.reading.has("share", "howmuch", "area"):
                raise NotUnderstood(self.reading.findings, "no_operation")
            regions = tuple(id for id in regions if id != around) + tuple(id for id in parts if id != out.id)
        return regions

    def nearness(self, areas: list[Area]) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None, list[Area]]:
        """Return the circle asked for, the spot asked for, and the other areas."""
        reading = self.reading
        nearest = reading.has("nearest")
        if reading.lonlat:
            lon, lat = reading.lonlat
            spot = {"lon": lon, "lat": lat, "name": f"{lat:g}, {lon:g}"}
            if reading.km and not nearest:
                return {**spot, "km": reading.km}, None, areas
            return (None, spot, areas) if nearest or not reading.has("near") else ({**spot, "km": NEAR_KM}, None, areas)
        if not (reading.km or nearest or reading.has("near")):
            areas, near = self.beside_a_town(areas)
            return near, None, areas
        target = self.target(areas, nearest=nearest)
        if target is None:
            self.need_known_names(areas)
            return None, None, areas
        area, spot = target
        rest = [a for a in areas if a is not area]
        if nearest:
            return None, spot, rest
        km = reading.km or NEAR_KM
        if reading.km is None:
            self.notes.append(("near_default", {"km": km, "name": spot["name"]}))
        return {**spot, "km": km}, None, rest

    def need_known_names(self, areas: Sequence[Area]) -> None:
        """Refuse to measure from a name that no list has.

        Raises:
            UnknownRegion: a capitalised name stands where the distance is measured from.
        """
        for start, end, _ in unexplained(self.reading) if not areas else ():
            if self.reading.question[start].isupper() and start > 0:
                self.context.gazetteer.resolve(self.reading.question[start:end], self.context.language)

    def beside_a_town(self, areas: list[Area]) -> tuple[list[Area], Mapping[str, Any] | None]:
        """Return the other areas and the circle of "bei Siena": a word that means near only before a town."""
        weak = concept(self.reading.language, "near_weak")
        for area in areas:
            before = self.reading.flat[: area.start].split()[-1:]
            if weak and before and weak.fullmatch(before[0]) and area.places:
                place = area.places[0]
                self.notes.append(("near_default", {"km": NEAR_KM, "name": place.name}))
                near = {"lon": place.lonlat[0], "lat": place.lonlat[1], "name": place.name, "km": NEAR_KM}
                return [a for a in areas if a is not area], near
        return areas, None

    def target(self, areas: Sequence[Area], *, nearest: bool) -> tuple[Area, dict[str, Any]] | None:
        """Return the area a distance is measured from, as a spot: a town if there is one of this name."""
        ordered = self.after_nearness(areas)
        for area in ordered:
            if area.text in self.settled and not area.places:
                continue
            names = dict.fromkeys([area.text, *(c.name for c in area.candidates[:1])])  # "Paris in France" is Paris
            place = next(iter(area.places), None) or next(filter(None, map(self.town, names)), None)
            if place:
                return area, {"lon": place.lonlat[0], "lat": place.lonlat[1], "name": place.name}
        if not ordered or not (self.reading.km or nearest):
            return None
        region = self.one_region(ordered[0])
        if region.bbox is None:
            return None
        west, south, east, north = region.bbox
        self.notes.append(("near_centre", {"name": region.name}))
        spot = {"lon": round((west + east) / 2, 5), "lat": round((south + north) / 2, 5), "name": region.name}
        return ordered[0], spot

    def after_nearness(self, areas: Sequence[Area]) -> list[Area]:
        """Return the areas, those that follow a word of nearness first."""
        masked = self.reading.flat
        ends = [
            m.end()
            for name in ("near", "within", "nearest")
            if (found := concept(self.reading.language, name))
            for m in found.finditer(masked)
        ]
        if self.reading.km is not None:
            ends += [m.end() for m in re.finditer(r"\d\s*(?:km|kil\w+|mi\w*|m)\b", masked)]
        last = max(ends, default=0)
        return [a for a in areas if a.start >= last - 1] + [a for a in areas if a.start < last - 1]

    def regions(self, areas: Sequence[Area]) -> tuple[str, ...]:
        """Return the ids of the regions asked about, a drawn one for "here"."""
        found: list[str] = []
        if self.reading.bbox:
            found.append(self.drawn_box())
        for area in areas:
            if area.regions:
                found.append(self.one_region(area).id)
        if not found and (country := self.reading.country or self.reading.implied):
            found.append(f"country:{country}")
        if not found and self.reading.has("here") and not self.reading.lonlat:
            drawn = [id for id in self.conversation.areas if id != "bbox"]
            if drawn and not self.older.regions:
                return (drawn[-1],)
            if drawn and drawn[-1] not in self.older.regions and self.conversation.areas.get(drawn[-1]):
                return (drawn[-1],)
            if self.older.regions:
                return self.older.regions
            if drawn:
                return (drawn[-1],)
            self.placeless = True
        return tuple(dict.fromkeys(found))

    def drawn_box(self) -> str:
        """Return the id of a bounding box, kept as a drawn area of the conversation."""
        from agent.areas import box_area

        assert self.reading.bbox is not None
        id, geometry = box_area(self.reading.bbox)
        self.conversation.areas[id] = geometry
        return id

    def one_region(self, area: Area) -> Region:
        """Return the one region an area is.

        Raises:
            AmbiguousRegion: there are several.
            OutOfCoverage: it lies outside the survey.
        """
        candidates = list(area.regions)
        if area.text in self.settled:
            return self.context.gazetteer.region(self.settled[area.text], self.context.language)
        if len(candidates) > 1:
            said = by_level_word(self.reading, area, candidates)
            candidates = said or beside_countries(self.reading, area, candidates)
        if len(candidates) > 1:
            choices = self.context.gazetteer.choices(candidates, self.context.language)
            raise AmbiguousRegion(area.text, choices, [r.id for r in candidates])
        region = candidates[0]
        if region.level == "foreign":
            raise OutOfCoverage(area.text, COVERED)
        if not area.exact:
            self.notes.append(("read_as", {"words": area.text, "name": region.name}))
        return region

    def towns(self, areas: Sequence[Area]) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
        """Return a circle around a town asked about as if it were a region."""
        for area in areas:
            if place := next(iter(area.places), None):
                self.notes.append(("town_radius", {"km": TOWN_KM, "name": place.name}))
                lon, lat = place.lonlat
                return {"lon": lon, "lat": lat, "km": TOWN_KM, "name": place.name}, ()
        return None, ()

    # classes

    def covers(self) -> Frame:
        """Return the classes asked for and left out, in a frame of nothing else."""
        wanted = [self.codes(cover) for cover in without_repeated(self.reading, self.context)]
        excluded = [self.codes(cover) for cover in self.reading.excluded]
        nomenclature = self.context.nomenclature
        cover = [c for c in wanted if nomenclature.theme(c) == "land_cover"]
        use = [c for c in wanted if nomenclature.theme(c) == "land_use"]
        return Frame(
            land_cover=tuple(dict.fromkeys(code for codes in cover for code in codes)),
            land_use=tuple(dict.fromkeys(code for codes in use for code in codes)),
            exclude=tuple(dict.fromkeys(code for codes in excluded for code in codes)),
            each=tuple(dict.fromkeys(cover + use)),
        )

    def codes(self, cover: Cover) -> tuple[str, ...]:
        """Return the codes of one class named.

        Raises:
            AmbiguousClass: its words have several readings.
        """
        if cover.text in self.settled:
            return tuple(self.settled[cover.text])
        if len(cover.choices) > 1:
            label = self.context.nomenclature.label
            names = [f"{label(m.codes, self.context.language)} ({', '.join(m.codes)})" for m in cover.choices]
            raise AmbiguousClass(cover.text, names, [m.codes for m in cover.choices])
        return cover.match.codes

    # the conversation

    def with_conversation(self, frame: Frame) -> Frame:
        """Return the frame with what a follow-up leaves unsaid taken from the question before."""
        older = self.older
        if not older.operation:
            return frame
        if self.reading.has("dispute") and not frame.says((*SUBJECT, *PLACE, *TIME)):
            return older
        if (both := paired(self.reading, frame, older, Frame())) is not None:
            return both
        linked = opens_with_a_link(self.reading)
        said = (frame.says(SUBJECT), frame.says(PLACE), frame.says(TIME))
        marked = linked or is_short(self.reading) or not any(said[:2]) or self.reading.has("ofthose")
        if all(said[:2]) and not (linked and not frame.operation):
            return frame
        own = frame.operation
        if frame.operation in ("profile_region", "describe_data") and not self.reading.has("profile", "describe"):
            own = ""
        turned = older.operation.startswith("rank") and self.reading.has("most", "least")
        if not any(said) and not own and not turned:
            if not self.reading.has("show", "where"):
                return frame
            own = "find_points"
            frame = replace(frame, operation=own)
        if own in ("describe_data", "point_history", "explain_point"):
            return frame
        if own == "official_share" and not said[0] and older.operation in COUNTED and self.asks_how_many():
            own, frame = "count_points", replace(frame, operation="count_points", unit="")
        if own == "change_official" and older.operation in OF_POINTS and self.is_of_surveys():
            own, frame = "compare_years", replace(frame, operation="compare_years")
        new = frame
        if not said[0] and own not in ("profile_region",):
            new = new.taking(older, SUBJECT)
        elif not said[0] and own == "profile_region":
            pass
        if not said[1] and not (own.startswith("rank") and not marked and frame.level == "country"):
            new = self.around_the_ranked(new.taking(older, PLACE), own)
        over_time = older.since or older.span or len(older.years) > 1
        if not said[2] and (marked or not own) and (over_time or own not in CHANGES):
            new = new.taking(older, TIME)
        if self.reading.has("compare", "add") and len(frame.regions) == 1 and older.regions and not said[0]:
            survey = older.operation in ("find_points", "count_points", "compare_regions", "compare_years")
            both = tuple(dict.fromkeys((*older.regions, *frame.regions)))
            return replace(new, regions=both, operation="compare_regions" if survey else "compare_official")
        if not own:
            of_all = older.operation == "profile_region" and said[0]
            new = replace(new, operation="" if of_all else older.operation)
            unsaid = tuple(n for n in ("level", "by", "theme", "unit", "source") if not frame.says((n,)))
            new = new.taking(older, unsaid)
            if frame.limit is None:
                new = new.taking(older, ("limit",))
            if older.order != "most" and not self.reading.has("most", "least"):
                new = new.taking(older, ("order",))
        return fitting(new)

    def around_the_ranked(self, frame: Frame, own: str) -> Frame:
        """Return the frame, its place the country where "which regions have most" follows on one such region."""
        if own not in RANKINGS or not frame.level or not holds_none(frame, frame.level, self.context):
            return frame
        around = (self.context.gazetteer.containing(id, "country") for id in frame.regions)
        return replace(frame, regions=tuple(dict.fromkeys(country.id for country in around if country)))

    def asks_how_many(self) -> bool:
        """Return whether "combien", "ile", "hoeveel" may be of points: no share, area or unit is named."""
        named = self.reading.has("share", "area", "official") or self.reading.unit
        return self.reading.has("count", "howmuch") and not named

    def is_of_surveys(self) -> bool:
        """Return whether a change may be one of survey points: no published figure and no other year is named."""
        reading = self.reading
        years = {*reading.years, *((reading.since,) if reading.since else ()), *(reading.span or ())}
        return years <= {*self.context.store.years()} and not reading.has("official", "share", "area")

    # free text

    def satellite_words(self) -> str:
        """Return the asker's own words for the satellite, where they say more than the class they were read as.

        The classifier maps any English words: "lavender" is more than "permanent industrial crops". It knows no land
        use, so that "golf courses" are words to it in any language.
        """
        reading = self.reading
        quoted = QUOTED.search(reading.question)
        if quoted:
            return quoted.group(1).strip()
        if len(reading.wanted) == 1 and reading.wanted[0].match.theme == "land_use":
            return reading.wanted[0].text
        if reading.language != "en" or len(reading.wanted) != 1:
            return ""
        cover = reading.wanted[0]
        name = self.context.nomenclature.get(cover.match.codes[0]).name.lower()
        catch_all = name.startswith("other") or "industrial crops" in name
        told = any(word[:4] in name for word in flatten(cover.text).split() if len(word) > 3)
        return cover.text if catch_all and not told else ""

    def with_free_text(self, frame: Frame) -> Frame:
        """Return the frame with a class read from words no list knows, or the satellite's free text.

        Raises:
            NotUnderstood: the words stand in a question whose answer would be the class.
        """
        if frame.operation in SEEN and (text := self.satellite_words()):
            return replace(frame, words=text, land_cover=(), land_use=(), each=())
        subjectless = not frame.says(SUBJECT)
        wants_class = frame.operation in WANT_A_CLASS and not frame.point_id
        phrase = residue(self.reading) if subjectless and wants_class else ""
        if not phrase:
            return frame
        if frame.operation in SEEN:
            if asks_for_a_class(self.reading.question, self.context.language):
                raise NotUnderstood(self.reading.findings, f"unread:{phrase}")
            return replace(frame, words=phrase)
        if phrase in self.settled:
            codes = tuple(self.settled[phrase])
        else:
            match = self.context.nomenclature.parse(phrase, self.context.language)
            codes = match.codes
            self.notes.append(("class_read_as", {"words": phrase, "codes": list(codes)}))
        theme = self.context.nomenclature.theme(codes)
        return replace(frame, land_cover=codes) if theme == "land_cover" else replace(frame, land_use=codes)


SEEN = ("classify_area", "classify_weighed")
"""What the classifier sees, its chances as they are or weighed by published shares."""
WANT_A_CLASS = (
    "find_points", "count_points", "share_points", "nearest_records", "official_share", "change_official",
    "compare_years", "compare_regions", "compare_official", "rank_official", "rank_points", *SEEN,
    "compare_with_survey",
)  # fmt: skip


def fitting(frame: Frame) -> Frame:
    """Return the frame with an operation its objects allow: two regions are compared, one is not."""
    if frame.operation == "compare_regions" and len(frame.regions) < 2:
        return replace(frame, operation="count_points")
    if frame.operation == "compare_official" and len(frame.regions) < 2:
        return replace(frame, operation="official_share")
    if frame.operation == "nearest_records" and not frame.spot:
        return replace(frame, operation="find_points")
    return frame


def without_repeated(reading: Understanding, context: Context) -> list[Cover]:
    """Return the classes wanted, each meaning once.

    "Beet", which may be several things, is the sugar beet that is named beside it; "orchards with pears" are pears.
    """
    plain = {cover.match.codes for cover in reading.wanted if len(cover.choices) < 2}
    kept = [c for c in reading.wanted if len(c.choices) < 2 or not plain & {match.codes for match in c.choices}]

    def leaves(codes: Sequence[str]) -> set[str]:
        return {*context.nomenclature.leaves(codes)}

    for one, other in pairwise(tuple(kept)):
        between_ = reading.flat[one.end : other.start].split()
        if between_ and {*between_} <= LINKS and one in kept and leaves(other.match.codes) < leaves(one.match.codes):
            kept.remove(one)
    return kept


LINKS = {"with", "of", "avec", "de", "d", "mit", "von", "con", "di", "com", "met", "van", "z", "ze", "cioe"}
"""What leads from a kind of land to what grows on it."""


def opens_with_a_link(reading: Understanding) -> bool:
    """Return whether the question opens with "and", "what about" or "no, …"."""
    text = reading.flat.strip()
    found = (concept(reading.language, name) for name in ("followup", "correction"))
    return any(one is not None and one.match(text) is not None for one in found)


def is_short(reading: Understanding) -> bool:
    """Return whether the question is only a few words that ask for nothing by themselves."""
    return len(reading.flat.split()) <= 4 and not reading.has("where", "show", "count", "howmuch", "which")


def qualifies(reading: Understanding, one: Area, other: Area, *, backwards: bool = False) -> bool:
    """Return whether of two neighbours the country only says where the other lies: "Limburg, Belgium"."""
    named, country = (other, one) if backwards else (one, other)
    of = [r for r in country.regions if r.level == "country"]
    if len(country.candidates) != 1 or not of:
        return False
    inside = [c for c in named.candidates if c.country == of[0].country and c is not of[0]]
    if not inside or any(isinstance(c, Region) and c.level == "country" for c in named.candidates[:1]):
        return len(named.candidates) > 1 and bool(inside) and between(reading, one, other) in QUALIFYING
    return between(reading, one, other) in QUALIFYING


QUALIFYING = {
    "", "in", "of", "en", "de", "du", "d", "des", "la", "de la", "in der", "im", "von", "del", "da", "do", "em", "na",
    "no", "nel", "della", "van", "w", "we", "dans", "au", "in the", "dos", "dei",
}  # fmt: skip


def between(reading: Understanding, one: Area, other: Area) -> str:
    """Return the words between two areas."""
    return " ".join(reading.flat[one.end : other.start].split())


def narrowed(area: Area, country: Area) -> Area:
    """Return the area with only its candidates in the country."""
    return in_country(area, country.regions[0].country)


def in_country(area: Area, country: str) -> Area:
    """Return the area with its candidates of one country, all of them where none is."""
    inside = tuple(c for c in area.candidates if c.country == country)
    return replace(area, candidates=inside or area.candidates)


def beside_countries(reading: Understanding, area: Area, candidates: list[Region]) -> list[Region]:
    """Return the country among candidates where all other places named are countries: "Belgium and Luxembourg"."""
    others = [r for other in reading.areas if other is not area for r in other.regions[:1] if other.text != area.text]
    countries = [r for r in candidates if r.level == "country"]
    return countries if countries and others and all(r.level == "country" for r in others) else candidates


def by_level_word(reading: Understanding, area: Area, candidates: Sequence[Region]) -> list[Region]:
    """Return the candidates of the level a word beside the name says ("province of Luxembourg")."""
    around = reading.flat[max(0, area.start - 28) : area.start] + " " + reading.flat[area.end : area.end + 16]
    for name, levels in (
        ("level3", ("nuts3", "subdivision")),
        ("level0", ("country",)),
        ("level1", ("nuts1",)),
        ("level2", ("nuts2", "nuts1")),
    ):
        found = concept(reading.language, name)
        if found and found.search(around):
            kept = [c for c in candidates if c.level in levels]
            if name == "level3" and not kept:
                kept = [c for c in candidates if c.level != "country"]
            if kept:
                return kept
    return []


IN = {
    "en": "in|inside|within|across|near|around|of",
    "fr": "en|dans|au|aux|a",
    "de": "in|im|bei",
    "es": "en",
    "it": "in|nel|nella|nelle|nei|negli",
    "pt": "em|no|na|nos|nas",
    "nl": "in|nabij",
    "pl": "w|we",
    "bg": "в|във",
    "cs": "v|ve|na",
    "da": "i|på",
    "el": "στην|στη|στο|στον|στις|στα",
    "et": "riigis",
    "fi": "maassa",
    "ga": "i|in|sa|san",
    "hr": "u|na",
    "hu": "itt",
    "lt": "šalyje",
    "lv": "valstī",
    "mt": "fi|f|fl|fil",
    "ro": "în|in",
    "sk": "v|vo|na",
    "sl": "v|na",
    "sv": "i|på",
}


def words_after_in(reading: Understanding) -> list[tuple[int, int]]:
    """Return where capitalised words stand behind "in", that no list knows as a place or class."""
    spans = []
    text, masked = reading.question, reading.masked
    name = r"((?:[A-ZÀ-ÖØ-ÞŁŚŻŹĆ][\w'’-]+)(?:[ -](?:[a-z]{1,3}[ -])?[A-ZÀ-ÖØ-ÞŁŚŻŹĆ][\w'’-]+){0,3})"
    articles = r"(?:(?:the|la|le|les|der|dem|den|el|il|de|het|l['’])\s*)?"
    for found in re.finditer(rf"(?i:\b(?:{IN[reading.language]}))\s+{articles}{name}", text):
        start, end = found.span(1)
        if "\x00" in masked[start:end] or _is_known_word(masked[start:end], reading.language):
            continue
        spans.append((start, end))
    return spans


def _is_known_word(flat: str, language: str) -> bool:
    """Return whether the words are small words or phrases of the router's own ("in LUCAS")."""
    parts = flat.split()
    stop = {flatten(w) for w in words(language)["stop"]}
    return all(p in stop or p in fillers() or p.isdigit() or known_phrase(p, language) for p in parts)


def residue(reading: Understanding) -> str:
    """Return the words that no list explains: what may be a class in words of the asker's own."""
    quoted = QUOTED.search(reading.question)
    if quoted:
        return quoted.group(1).strip()
    text = explained(reading)
    closed = closed_words_beside(reading.question, reading.language) if reading.has("satellite") else ()
    kept = [
        m for m in re.finditer(r"[^\W\d_]+", text)
        if len(m.group()) > 2 and not any(start <= m.start() and m.end() <= end for start, end in closed)
    ]  # fmt: skip
    if not kept:
        return ""
    start, end = kept[0].start(), kept[-1].end()
    if "\x00" in reading.masked[start:end] or end - start > 60:
        return " ".join(reading.question[m.start() : m.end()] for m in kept)[:80]
    return reading.question[start:end]


def unexplained(reading: Understanding) -> list[tuple[int, int, bool]]:
    """Return runs of words no list explains, and whether each stands behind "in" or a word like "province"."""
    text = explained(reading)
    lead = re.compile(rf"(?:^|\s)(?:{IN[reading.language]})\s+(?:\w{{1,3}}\s+)?$")
    runs = []
    for found in re.finditer(r"[^\W\d_]{3,}(?:[ -][^\W\d_]{3,}){0,3}", text):
        before = reading.flat[: found.start()]
        last = before.split()[-1:]
        after_level = any(
            (c := concept(reading.language, f"level{n}")) is not None and c.fullmatch(last[0])
            for n in (0, 1, 2, 3)
            if last
        )
        runs.append((found.start(), found.end(), bool(lead.search(before)) or after_level))
    return runs
