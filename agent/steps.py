"""A frame's tool calls: which tool first, which second witness beside it, one step a class or region. Runs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from agent.frame import PLACE, SUBJECT, Frame
from agent.understand import PROVINCES_ARE_NUTS2
from agent.witnesses import OFFICIAL_LEVELS, around, around_spot, published_same, witnesses
from retrieval.errors import NoSuchYear, NotPublished, NotUnderstood, TooFine
from retrieval.types import Region
from tools.context import Context
from tools.plan import MOST_STEPS, Step
from tools.registry import TOOLS


def steps_of(frame: Frame, context: Context) -> list[Step]:
    """Return the steps that answer a frame.

    Raises:
        NotUnderstood: nothing says what to do.
        TooFine, NotPublished, NoSuchYear: no tool's data can answer it.
    """
    operation = frame.operation or default_operation(frame, context)
    if not operation:
        raise NotUnderstood(frame_words(frame, context), "no_operation")
    if only_published(frame, context):
        operation = PUBLISHED_TWINS.get(frame.operation, operation)
    build = BUILDERS.get(operation)
    if build is None:
        raise NotUnderstood(frame_words(frame, context), "no_operation")
    ends = [replace(frame, order=order) for order in ("most", "fewest")] if frame.order == "both" else [frame]
    built = list({repr(step): step for end in ends for step in build(end, context)}.values())
    built += [] if frame.together and frame.regions else witnesses(built, context, frame.source)
    steps = [step for step in built if step.tool in TOOLS or not step.optional]
    missing = next((step.tool for step in steps if step.tool not in TOOLS), None)
    if missing:
        raise NotUnderstood(frame_words(frame, context), "no_operation")
    return steps[:MOST_STEPS]


PUBLISHED_TWINS = {
    "share_points": "official_share",
    "rank_points": "rank_official",
    "compare_regions": "compare_official",
    "compare_years": "change_official",
}
"""What asks the published figures the same; where and how many points are asked of the survey alone."""


def only_published(frame: Frame, context: Context) -> bool:
    """Whether a frame is of years that only published figures are there for, and asks for no points."""
    years = {*frame.years, *(frame.span or ()), *(() if frame.since is None else (frame.since,))}
    plain = frame.land_cover and not (frame.land_use or frame.exclude or frame.near) and frame.source != "survey"
    return bool(plain and years) and years <= context.store.years_published_only()


def default_operation(frame: Frame, context: Context) -> str:
    """Return what is meant where only objects are named: a class means where, of a year without a survey how much; a
    region its profile."""
    if only_published(frame, context):
        return "official_share"
    if frame.land_cover or frame.land_use or frame.exclude:
        return "find_points"
    if frame.spot:
        return "nearest_records"
    if frame.regions:
        return "profile_region"
    return "find_points" if frame.near else ""


def frame_words(frame: Frame, context: Context) -> list[str]:
    """Return what of a frame was understood, in words."""
    found = []
    if frame.land_cover:
        found.append(context.nomenclature.label(frame.land_cover, context.language))
    if frame.land_use:
        found.append(context.nomenclature.label(frame.land_use, context.language))
    return found + [context.region(id).name for id in frame.regions] + [str(y) for y in frame.years]


def kept(**arguments: Any) -> dict[str, Any]:
    """Return the arguments that say something."""
    return {k: list(v) if isinstance(v, tuple) else v for k, v in arguments.items() if v not in ((), None, "", [], {})}


# years


def survey_years(frame: Frame, context: Context) -> tuple[int, ...]:
    """Return the survey years a frame asks for; none for the latest.

    Raises:
        NoSuchYear: a named year without a survey.
    """
    there = context.store.years()
    if frame.span:
        first, last = frame.span
        inside = tuple(y for y in there if first <= y <= last)
        if not inside:
            raise NoSuchYear(first, there)
        return inside
    if frame.since is not None:
        inside = tuple(y for y in there if y >= frame.since)
        if not inside:
            raise NoSuchYear(frame.since, there)
        return inside
    if frame.years:
        return frame.years
    if frame.when == "all":
        return there
    return (min(there),) if frame.when == "earliest" and there else ()


def official_years(frame: Frame, context: Context) -> tuple[int, ...]:
    """Return the years of published figures a frame asks for; none for the latest."""
    there = context.store.published_years()
    if frame.span:
        return tuple(y for y in there if frame.span[0] <= y <= frame.span[1]) or frame.span
    if frame.since is not None:
        return tuple(y for y in there if y >= frame.since) or (frame.since,)
    if frame.years:
        return frame.years
    if frame.when == "all":
        return there
    return (min(there),) if frame.when == "earliest" and there else ()


def ends(frame: Frame) -> tuple[int | None, int | None]:
    """Return the first and last year of a change."""
    if frame.span:
        return frame.span
    if frame.since is not None:
        return frame.since, None
    if len(frame.years) >= 2:
        return min(frame.years), max(frame.years)
    return (frame.years[0], None) if frame.years else (None, None)


# the survey


def common(frame: Frame, context: Context) -> dict[str, Any]:
    """Return the arguments the survey's tools share."""
    return kept(
        regions=frame.regions,
        land_cover=frame.land_cover,
        land_use=frame.land_use,
        exclude=frame.exclude,
        years=survey_years(frame, context),
        near=dict(frame.near) if frame.near else None,
    )


def by_class(frame: Frame, context: Context) -> list[dict[str, Any]]:
    """Return arguments a class or region apart, where several are named and not asked for together."""
    base = common(frame, context)
    if frame.together:
        return [base]
    each = [base]
    if len(frame.each) > 1:
        theme = context.nomenclature.theme
        plain = {k: v for k, v in base.items() if k not in ("land_cover", "land_use")}
        themes = {theme(codes) for codes in frame.each}
        if len(themes) == 1:
            each = [{**plain, theme(codes): list(codes)} for codes in frame.each]
    if len(frame.regions) > 1:
        each = [{**arguments, "regions": [id]} for arguments in each for id in frame.regions]
    return each


def find(frame: Frame, context: Context) -> list[Step]:
    """Where: the points, and beneath them the published shares of the regions there."""
    if not (frame.says(SUBJECT) or frame.says(PLACE) or frame.source == "survey"):
        raise NotUnderstood((), "which_class")
    arguments = common(frame, context)
    return [Step("find_points", arguments | kept(limit=frame.limit))]


def official_pick(frame: Frame, context: Context) -> tuple[int, ...]:
    """Return the one published year that stands for the asked ones."""
    years = official_years(frame, context)
    return years[-1:]


def count(frame: Frame, context: Context) -> list[Step]:
    """How many points: a step each class and region; many regions are rows of one table."""
    if len(frame.regions) > MOST_STEPS and not frame.together:
        return compare_points(frame, context)
    return [Step("count_points", arguments) for arguments in by_class(frame, context)]


def share_of_points(frame: Frame, context: Context) -> list[Step]:
    """What part of the surveyed points."""
    for id in frame.regions:
        region = context.region(id)
        if region.level == "commune":
            raise TooFine(region.name, around(region, context), "too_few_points")
    arguments = {k: v for k, v in common(frame, context).items() if k != "exclude"}
    if frame.theme == "land_use" and not (frame.land_cover or frame.land_use):
        arguments["theme"] = "land_use"
    if len(frame.regions) > 1 and not frame.together:
        return [Step("share_points", {**arguments, "regions": [id]}) for id in frame.regions]
    return [Step("share_points", arguments)]


def rank_points(frame: Frame, context: Context) -> list[Step]:
    """Which regions have the most points."""
    arguments = common(frame, context)
    within = arguments.pop("regions", [])
    level = frame.level or ("nuts2" if within else "country")
    need_parts(frame, level, context)
    if not (frame.land_cover or frame.land_use):
        arguments.pop("exclude", None)
    return [
        Step(
            "rank_points",
            arguments
            | kept(within=within, level=level, limit=frame.limit, order="" if frame.order == "most" else frame.order),
        )
    ]


def rank_classes(frame: Frame, context: Context) -> list[Step]:
    """Which classes have the most points."""
    if not (frame.land_cover or frame.land_use) and frame.by == "crops":
        frame = replace(frame, land_cover=("B00",))
    arguments = common(frame, context)
    within = arguments.pop("regions", [])
    theme = "land_use" if frame.theme == "land_use" and not frame.land_cover else ""
    order = "" if frame.order == "most" else frame.order
    ranking = Step(
        "rank_points", arguments | kept(within=within, by="classes", theme=theme, limit=frame.limit, order=order)
    )
    return [ranking]


def change_of_points(frame: Frame, context: Context) -> list[Step]:
    """What the revisited points gained and lost."""
    need_a_class(frame, context)
    first, last = ends(frame)
    arguments = kept(
        regions=frame.regions,
        land_cover=frame.land_cover,
        land_use=frame.land_use,
        near=dict(frame.near) if frame.near else None,
        year_from=first,
        year_to=last,
    )
    if len(frame.regions) > 1 and not frame.together:
        return [Step("compare_years", {**arguments, "regions": [id]}) for id in frame.regions]
    return [Step("compare_years", arguments)]


def compare_points(frame: Frame, context: Context) -> list[Step]:
    """Several regions side by side by their points."""
    if len(frame.regions) < 2:
        return count(frame, context)
    each = by_class(replace(frame, regions=(), near=None), context)
    return [Step("compare_regions", {"regions": list(frame.regions), **of_class}) for of_class in each]


def compare_classes(frame: Frame, context: Context) -> list[Step]:
    """Several classes side by side at one place: the published figure of each and its points, or these alone."""
    frame = replace(frame, each=without_the_whole(frame.each, context))
    several = len(frame.regions) > 1
    points = compare_points(frame, context) if several else count(frame, context)
    small = any(
        (region := context.region(id)).level not in OFFICIAL_LEVELS and published_same(region, context) is None
        for id in frame.regions
    )
    if frame.source == "survey" or frame.land_use or small or frame.near:
        return points
    return compare_shares(frame, context) if several else official(frame, context)


def without_the_whole(each: Sequence[tuple[str, ...]], context: Context) -> tuple[tuple[str, ...], ...]:
    """Return the classes without the one that holds the others: "which crop is more common, wheat or maize"."""
    leaves = {codes: {*context.nomenclature.leaves(codes)} for codes in each}
    parts = tuple(codes for codes in each if not any(leaves[one] < leaves[codes] for one in each))
    return parts if len(parts) > 1 else tuple(each)


def nearest(frame: Frame, context: Context) -> list[Step]:
    """What was surveyed closest to a spot."""
    if not frame.spot and not frame.regions:
        raise NotUnderstood(frame_words(frame, context), "which_region")
    if not frame.spot:
        return find(frame, context)
    arguments = {k: v for k, v in common(frame, context).items() if k not in ("regions", "near")}
    return [Step("nearest_records", {**arguments, **dict(frame.spot)} | kept(limit=frame.limit))]


def history(frame: Frame, context: Context) -> list[Step]:
    """One point's visits."""
    return [Step("point_history", {"point_id": frame.point_id})]


def describe(frame: Frame, context: Context) -> list[Step]:
    """What data there is."""
    return [Step("describe_data", {})]


# the statistic


def need_a_class(frame: Frame, context: Context) -> None:
    """Refuse a question of amounts that names no class."""
    if not (frame.land_cover or frame.land_use):
        raise NotUnderstood(frame_words(frame, context), "which_class")


def need_published(frame: Frame, context: Context) -> None:
    """Refuse what no published figure speaks of: land use, circles, drawn areas, communes."""
    need_a_class(frame, context)
    if frame.land_use and not frame.land_cover:
        regions = ", ".join(context.region(id).name for id in frame.regions)
        raise NotPublished("+".join(frame.land_use), regions or "any region", None, ())
    if frame.near and not frame.regions:
        raise TooFine(str(frame.near.get("name", "")), around_spot(frame.near, context), "below_nuts2")
    for id in frame.regions:
        region = context.region(id)
        if region.level not in OFFICIAL_LEVELS and published_same(region, context) is None:
            raise TooFine(region.name, around(region, context), "below_nuts2")


def need_parts(frame: Frame, level: str, context: Context) -> None:
    """Refuse to rank the regions of a level inside one that is no larger than they are."""
    if region := holds_none(frame, level, context):
        raise NotUnderstood(frame_words(frame, context), f"no_parts:{region.name}:{level}")


def holds_none(frame: Frame, level: str, context: Context) -> Region | None:
    """Return the first region of a frame that is too small to hold regions of a level."""
    regions = (context.region(id) for id in frame.regions)
    return next((r for r in regions if DEPTH.get(r.level, 0) >= DEPTH.get(level, 0) > 0), None)


DEPTH = {"country": 0, "nuts1": 1, "nuts2": 2, "nuts3": 3, "subdivision": 3, "commune": 4}
"""How small the regions of a level are."""


def area_unit(frame: Frame) -> str:
    """Return the unit of area that was asked for, '' where a share is wanted."""
    return frame.unit if frame.unit in ("ha", "km2") else ""


def official(frame: Frame, context: Context) -> list[Step]:
    """The published share or area first, the survey's count beside it."""
    need_published(frame, context)
    years = official_years(frame, context)
    return [
        Step(
            "official_share",
            kept(land_cover=codes, regions=frame.regions, years=years, exclude=frame.exclude, unit=area_unit(frame)),
        )
        for codes in groups_of(frame)
        if context.nomenclature.theme(codes) == "land_cover"
    ]


def groups_of(frame: Frame) -> Sequence[tuple[str, ...]]:
    """Return the codes of each class asked for, in one where they are asked for together."""
    return frame.each if len(frame.each) > 1 and not frame.together else (frame.land_cover,)


def change_of_share(frame: Frame, context: Context) -> list[Step]:
    """How the published share changed, and the revisited points beside it."""
    if frame.source == "survey":
        return change_of_points(frame, context)
    need_published(frame, context)
    first, last = ends(frame)
    return [
        Step(
            "change_official",
            kept(land_cover=codes, regions=frame.regions, year_from=first, year_to=last, unit=area_unit(frame)),
        )
        for codes in groups_of(frame)
    ]


def compare_shares(frame: Frame, context: Context) -> list[Step]:
    """Several regions side by side by their published shares, and by their points."""
    if len(frame.regions) < 2:
        return official(frame, context)
    if frame.source == "survey":
        return compare_points(frame, context)
    need_published(frame, context)
    return [
        Step(
            "compare_official",
            kept(land_cover=codes, regions=frame.regions, years=official_years(frame, context), unit=area_unit(frame)),
        )
        for codes in groups_of(frame)
    ]


def rank_shares(frame: Frame, context: Context) -> list[Step]:
    """Which regions have the largest published share; below NUTS 2 only the survey's points can be ranked."""
    need_a_class(frame, context)
    provinces = {context.region(id).country for id in frame.regions} <= {*PROVINCES_ARE_NUTS2} and frame.regions
    if (frame.level == "nuts3" and not provinces) or not frame.land_cover:
        return rank_points(frame, context)
    if len(frame.regions) > 1 and not frame.level:
        return compare_shares(frame, context)
    if frame.level == "nuts3":
        frame = replace(frame, level="nuts2")
    years = official_pick(frame, context)
    level = frame.level or ("nuts2" if frame.regions else "country")
    need_parts(frame, level, context)
    order = "" if frame.order == "most" else frame.order
    arguments = kept(
        land_cover=frame.land_cover,
        level=level,
        within=frame.regions,
        order=order,
        limit=frame.limit,
        unit=area_unit(frame),
    )
    if years:
        arguments["year"] = years[0]
    return [Step("rank_official", arguments)]


def profile(frame: Frame, context: Context) -> list[Step]:
    """A region's land by main classes: published where it is, else the survey's points."""
    if not frame.regions or frame.near:
        return share_of_points(frame, context)
    for id in frame.regions:
        region = context.region(id)
        if region.level not in OFFICIAL_LEVELS and published_same(region, context) is None:
            return share_of_points(frame, context)
    years = official_pick(frame, context)
    year = {"year": years[0]} if years else {}
    return [Step("profile_region", {"regions": list(frame.regions), **year})]


# the satellite


def classify(frame: Frame, context: Context) -> list[Step]:
    """What the classifier sees."""
    text = {} if frame.land_cover else kept(text=frame.words)  # one of the two
    if not text and not frame.land_cover:
        raise NotUnderstood(frame_words(frame, context), "which_class")
    return [Step("classify_area", kept(land_cover=frame.land_cover) | text | seen_where(frame))]


def profile_seen(frame: Frame, context: Context) -> list[Step]:
    """All that the classifier sees somewhere; a class that a follow-up names is mapped."""
    if frame.land_cover or frame.words:
        return classify(frame, context)
    return [Step("profile_pixels", seen_where(frame))]


def seen_where(frame: Frame) -> dict[str, Any]:
    """Where and when pixels are looked at."""
    year = {"year": frame.years[-1]} if frame.years else {}
    return kept(regions=frame.regions, near=dict(frame.near) if frame.near else None) | year


def classify_weighed(frame: Frame, context: Context) -> list[Step]:
    """What the classifier sees, its chances weighed by the region's published shares."""
    [step] = classify(frame, context)
    return [Step(step.tool, {**step.arguments, "prior": "published"})]


def agreement(frame: Frame, context: Context) -> list[Step]:
    """Where classifier and surveyor agree."""
    return [Step("compare_with_survey", kept(land_cover=frame.land_cover) | seen_where(frame))]


def corrected(frame: Frame, context: Context) -> list[Step]:
    """How much there is by survey and satellite map together."""
    refuse_a_circle(frame, context)
    year = {"year": frame.years[-1]} if frame.years else {}
    return [Step("area_from_map", kept(land_cover=frame.land_cover, regions=frame.regions) | year)]


def refuse_a_circle(frame: Frame, context: Context) -> None:
    """Refuse a circle where only regions can be asked about, so that it is not answered for everywhere.

    Raises:
        NotUnderstood: naming the place.
    """
    if frame.near:
        raise NotUnderstood(frame_words(frame, context), f"unread:{frame.near.get('name', '')}")


def explain(frame: Frame, context: Context) -> list[Step]:
    """Why the classifier says what it says of a point."""
    return [Step("explain_point", {"point_id": frame.point_id})]


BUILDERS = {
    "find_points": find,
    "count_points": count,
    "share_points": share_of_points,
    "rank_points": rank_points,
    "rank_classes": rank_classes,
    "compare_years": change_of_points,
    "compare_regions": compare_points,
    "compare_classes": compare_classes,
    "nearest_records": nearest,
    "point_history": history,
    "describe_data": describe,
    "official_share": official,
    "rank_official": rank_shares,
    "compare_official": compare_shares,
    "change_official": change_of_share,
    "profile_region": profile,
    "classify_area": classify,
    "profile_pixels": profile_seen,
    "classify_weighed": classify_weighed,
    "explain_point": explain,
    "compare_with_survey": agreement,
    "area_from_map": corrected,
}
