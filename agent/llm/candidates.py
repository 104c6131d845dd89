"""What retrieval found for one question: the only regions, classes, places, years and numbers a model may choose among.

A model writes labels (`R1`, `C2`, `P1`); a label it makes up stands for nothing and is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.conversation import Conversation
from agent.frame import Frame
from agent.llm.errors import BadPlan
from agent.llm.operations import fitting
from agent.operation import speaks_of_change
from agent.understand import Understanding
from retrieval.errors import LandaskError
from retrieval.types import Region
from tools.context import Context
from tools.plan import Plan

MOST = 8
"""Candidates of one kind at most."""

Codes = tuple[str, ...]


@dataclass(frozen=True)
class Candidates:
    """Label → thing. The label is what the model writes; the thing is ours."""

    reading: Understanding
    base: Frame
    """What the rules make of the question: kept where the model says nothing else."""
    regions: Mapping[str, Region] = field(default_factory=dict)
    classes: Mapping[str, Codes] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Label → `{"lon", "lat", "name"}`."""
    class_names: Mapping[str, str] = field(default_factory=dict)
    years: tuple[int, ...] = ()
    """The years the question or the conversation names."""
    numbers: tuple[float, ...] = ()
    """The numbers the question names: radii and limits."""
    needed_regions: tuple[str, ...] = ()
    """Labels a plan must not leave out: named beyond doubt, and used by the rules."""
    needed_classes: tuple[str, ...] = ()

    def region(self, label: str) -> Region:
        """Return the region of a label."""
        return chosen_of(self.regions, label, "region")

    def cover(self, label: str) -> Codes:
        """Return the codes of a label."""
        return chosen_of(self.classes, label, "class")

    def place(self, label: str) -> Mapping[str, Any]:
        """Return the spot of a label."""
        return chosen_of(self.places, label, "place")

    @property
    def region_labels(self) -> tuple[str, ...]:
        """What may stand for a region."""
        return tuple(self.regions)

    def book(self) -> list[str]:
        """Return what is the same for every question, a line each: it goes first, where a server's cache keeps it."""
        return []

    def lines(self) -> list[str]:
        """Return the candidates as a model reads them, a line each."""
        regions = [
            f"{label} = {r.name} ({r.level}{', ' + r.country if r.country else ''})"
            for label, r in self.regions.items()
        ]
        classes = [f"{label} = {self.class_names[label]}" for label in self.classes]
        places = [f"{label} = {p['name']} (town)" for label, p in self.places.items()]
        years = [f"years: {', '.join(map(str, self.years))}"] if self.years else []
        return regions + classes + places + years


def chosen_of(things: Mapping[str, Any], label: Any, kind: str) -> Any:
    """Return what a label stands for.

    Raises:
        BadPlan: nothing of this label was found in the question.
    """
    if not isinstance(label, str) or label not in things:
        raise BadPlan(f"there is no {kind} {str(label)[:40]!r}; there are: {', '.join(things) or 'none'}")
    return things[label]


def candidates_of(
    reading: Understanding, rules: Plan | LandaskError, context: Context, conversation: Conversation
) -> Candidates:
    """Return what retrieval finds for a question that was taken apart."""
    base = Frame.from_json(rules.frame) if isinstance(rules, Plan) else frame_from(reading)
    regions = regions_of(reading, base, rules, context, conversation)
    classes = classes_of(reading, base, conversation)
    labels = {f"C{at}": codes for at, codes in enumerate(classes, 1)}
    named = {f"R{at}": region for at, region in enumerate(regions, 1)}
    used = used_by(rules)
    mentioned = {r.id for area in reading.areas if area.exact and len(area.regions) == 1 for r in area.regions}
    wanted = {c.match.codes for c in reading.covers if len(c.choices) == 1}
    return Candidates(
        reading=reading,
        base=base,
        regions=named,
        classes=labels,
        places={f"P{at}": spot for at, spot in enumerate(spots_of(reading, base), 1)},
        class_names={label: context.nomenclature.label(codes, "en") for label, codes in labels.items()},
        years=years_of(reading, base, Frame.from_json(conversation.frame)),
        numbers=numbers_in(reading),
        needed_regions=tuple(label for label, r in named.items() if r.id in mentioned and r.id in used),
        needed_classes=tuple(label for label, codes in labels.items() if codes in wanted and {*codes} <= used),
    )


def allowed(found: Candidates, context: Context) -> list[str]:
    """Return the operations a question's candidates allow."""
    reading = found.reading
    timed = len(found.years) != 1 or reading.since is not None or reading.span is not None
    return fitting(
        regions=len(found.region_labels),
        classes=len(found.classes),
        spots=len(found.places) + bool(reading.lonlat),
        years=found.years,
        surveyed=context.store.years(),
        over_time=timed or speaks_of_change(reading),
        satellite=reading.has("satellite"),
        points=reading.has("points", "survey", "points_share"),
        land=bool(reading.unit) or reading.has("official", "area", "share"),
    )


def frame_from(reading: Understanding) -> Frame:
    """Return what is certain in a question no rule could plan: its times, numbers and units."""
    return Frame(
        years=reading.years,
        since=reading.since,
        span=reading.span,
        level=reading.level or "",
        limit=reading.limit,
        unit=reading.unit or "",
        theme="land_use" if reading.about_use else "land_cover",
    )


def regions_of(
    reading: Understanding, base: Frame, rules: Plan | LandaskError, context: Context, conversation: Conversation
) -> list[Region]:
    """Return the regions a question may mean, those of the rules first."""
    ids = [*base.regions]
    for area in reading.areas:
        in_circle = base.near is not None and str(base.near["name"]).casefold() == area.text.casefold()
        if in_circle and all(r.level == "commune" for r in area.regions):
            continue  # the town a circle is drawn around
        inland = [r.id for r in area.regions if r.level != "foreign"]
        ids += inland if len(inland) == 1 or not isinstance(rules, Plan) else []
    ids += [f"country:{code}" for code in (reading.country, reading.implied) if code]
    ids += [*Frame.from_json(conversation.frame).regions, *context.areas]
    return [context.region(id) for id in unique(ids)][:MOST]


def classes_of(reading: Understanding, base: Frame, conversation: Conversation) -> list[Codes]:
    """Return the classes a question may mean, those of the rules first."""
    older = Frame.from_json(conversation.frame)
    groups = [*base.each, *([base.exclude] if base.exclude else [])]
    groups += [match.codes for cover in reading.covers for match in cover.choices]
    if not groups:
        groups = [codes for codes in (base.land_cover, base.land_use) if codes]
    return unique([*groups, *(codes for codes in (older.land_cover, older.land_use) if codes)])[:MOST]


def spots_of(reading: Understanding, base: Frame) -> list[Mapping[str, Any]]:
    """Return the spots a question may mean."""
    spots: list[Mapping[str, Any]] = [
        {k: found[k] for k in ("lon", "lat", "name")} for found in (base.near, base.spot) if found
    ]
    for area in reading.areas:
        spots += [{"lon": p.lonlat[0], "lat": p.lonlat[1], "name": p.name} for p in area.places[:1]]
    return list({(s["lon"], s["lat"]): s for s in spots}.values())[:MOST]


def years_of(reading: Understanding, *frames: Frame) -> tuple[int, ...]:
    """Return the years named in the question or before in the conversation."""
    years = {*reading.years, *(reading.span or ()), *([reading.since] if reading.since else ())}
    for frame in frames:
        years |= {*frame.years, *(frame.span or ()), *([frame.since] if frame.since else ())}
    return tuple(sorted(years))


def numbers_in(reading: Understanding) -> tuple[float, ...]:
    """Return the numbers a question names, in figures or as the rules read them from words; years left out."""
    found = [float(n.replace(",", ".")) for n in re.findall(r"\b\d{1,3}(?:[.,]\d+)?\b", reading.question)]
    return tuple(unique([*found, *(float(n) for n in (reading.limit, reading.km) if n)]))[:MOST]


def used_by(rules: Plan | LandaskError) -> set[str]:
    """Return the region ids and class codes the rules' plan works with."""
    if not isinstance(rules, Plan):
        return set()
    keys = ("regions", "within", "land_cover", "land_use", "exclude")
    return {value for step in rules.steps for key in keys for value in step.arguments.get(key, ())}


def unique(things: Iterable[Any]) -> list[Any]:
    """Return the things once each, in order."""
    return list(dict.fromkeys(things))
