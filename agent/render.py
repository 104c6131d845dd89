"""The sentence, the caveats and the refusals, rendered from result cells by templates. No model writes a digit here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent import say
from agent.areas import SELECTED
from agent.deals import saying as deals
from agent.voice import Voice, decimals_of
from retrieval import errors
from retrieval.types import PUBLISHED_LEVELS
from tools.context import Context
from tools.registry import witness_of
from tools.result import Result

KINDS = {"published": "official", "predictions": "satellite", "estimates": "estimate"}
"""Source of a typed query → what its witness is called; the others are the survey's."""


# --- results ---------------------------------------------------------------------------------------------------------


def render(results: Sequence[Result], language: str, context: Context, told: Sequence[str] = ()) -> str:
    """Return the text of an answer: its fixed lines, a sentence a result, and where it all came from."""
    voice = Voice(language)
    sentences = [voice.of["refusal" if key == "can" else "fact"][key] for key in told]
    if not results:
        return " ".join(sentences)
    verdicts = class_verdicts(results, voice, context)
    for at, result in enumerate(results):
        sentence = f"{sentence_of(result, voice, context)} {verdicts.get(at, '')}".strip()
        if len(results) > 1 and len({source_of(r, voice) for r in results}) > 1:
            witness = source_of(result, voice)
            colon = " :" if voice.language == "fr" else ":"
            sentence = f"{witness[:1].upper()}{witness[1:]}{colon} {sentence}"
        sentences += [sentence] if sentence else []
    sources = "; ".join(dict.fromkeys(source_of(r, voice) for r in results))
    return "\n".join([*sentences, voice.of["source"]["label"].format(sources=sources)])


def class_verdicts(results: Sequence[Result], voice: Voice, context: Context) -> dict[int, str]:
    """Return what the last of several classes at one place is followed by: which of them there is most of."""
    groups: dict[Any, list[int]] = {}
    for at, result in enumerate(results):
        asked = {k: v for k, v in result.arguments.items() if k not in ("land_cover", "land_use")}
        if (
            result.tool in ("official_share", "count_points")
            and len(result.years) == 1
            and number_of(result.value) is not None
        ):
            groups.setdefault((result.tool, result.years, str(asked)), []).append(at)
    said = {}
    for group in groups.values():
        first, *others = sorted((results[at] for at in group), key=lambda r: number_of(r.value) or 0, reverse=True)
        if others and (number_of(first.value) or 0) > (number_of(others[0].value) or 0):
            said[group[-1]] = voice.say("verdict_class", cover=cover_of(first, voice, context))
        elif others and first.tool == "official_share":
            said[group[-1]] = voice.say("verdict_equal")
    return said


def source_of(result: Result, voice: Voice) -> str:
    """Return what a result's witness is called."""
    if result.tool == "deals":
        return deals.source_name(voice.language)
    if result.tool in ("estimate_area", "area_from_map"):
        return voice.of["source"]["estimate"]
    kind = witness_of(result.tool)
    if result.tool == "define_class":
        return f"{voice.of['source']['survey']}, C3"
    if result.tool == "describe_data":
        kinds = dict.fromkeys(KIND_WORDS[d["kind"]] for d in result.facts["datasets"] if d["kind"] in KIND_WORDS)
        return "; ".join(voice.of["source"][kind] for kind in kinds)
    if result.tool == "explain_interval":
        return str(result.provenance.attribution)
    if result.tool == "query":
        kind = KINDS.get(result.arguments["source"], "survey")
    return voice.of["source"][kind]


def sentence_of(result: Result, voice: Voice, context: Context) -> str:
    """Return one result's sentence."""
    if result.tool == "query":
        return say.sentence(result, voice, context)
    write = WRITERS.get(result.tool)
    sentence = write(result, voice, context) if write else plain(result, voice)
    return sentence[:1].upper() + sentence[1:]


def plain(result: Result, voice: Voice) -> str:
    """Return a result's headline where there is no template for its tool: places, classes, years, value."""
    parts = [r.name for r in result.regions] + list(result.land_cover) + [str(y) for y in result.years]
    value = result.value if isinstance(result.value, str) else voice.number(result.value)
    return f"{', '.join(parts)}: {value} {result.unit or ''}".strip() + "."


def cover_of(result: Result, voice: Voice, context: Context, *, codes: bool = True) -> str:
    """Return the class words of a result with their codes."""
    label = context.nomenclature.label

    def named(which: Sequence[str]) -> str:
        words = label(which, voice.language)
        return f"{words} ({', '.join(which)})" if codes else words

    cover, use = tuple(asked_codes(result, "land_cover")), tuple(asked_codes(result, "land_use"))
    excluded = tuple(result.arguments.get("exclude", ()))
    words = named(cover) if cover else named(use) if use else ""
    if cover and use:
        words = voice.phrase("both_uses", cover=named(cover), use=named(use))
    if excluded:
        left_out = named(excluded)
        return (
            voice.phrase("without", cover=words, excluded=left_out)
            if words
            else voice.phrase("any_but", excluded=left_out)
        )
    return words


def asked_codes(result: Result, theme: str) -> Sequence[str]:
    """Return the codes asked for, not those found."""
    found = result.arguments.get(theme, ())
    return (found,) if isinstance(found, str) else found


def where_of(result: Result, voice: Voice) -> str:
    """Return the place words of a result."""
    return near_in(voice.both(region_name(r.id, r.name, voice) for r in result.regions), result, voice)


def near_in(regions: str, result: Result, voice: Voice) -> str:
    """Return some regions, everywhere where there are none, with the circle that was asked about."""
    near = result.facts.get("near")
    if near:
        circle = {"km": voice.number(near["km"]), "name": near["name"]}
        return voice.phrase("inside_near", where=regions, **circle) if regions else voice.phrase("near", **circle)
    return regions or voice.phrase("everywhere")


def region_name(id: str, name: str, voice: Voice) -> str:
    """Return a region's name; a drawn area is called so."""
    return voice.say("drawn") if id.startswith("aoi:selection") else name


def years_of(result: Result) -> str:
    """Return the years of a result."""
    return ", ".join(map(str, result.years))


def found_points(result: Result, voice: Voice, context: Context) -> str:
    """Where and how many."""
    where, cover = where_of(result, voice), cover_of(result, voice, context)
    counts = result.facts["counts"]
    number = voice.number
    if len(counts) > 1:
        parts = [f"{c['year']}: {number(c['points'])}" for c in counts]
        return voice.say("find_years", where=where, cover=cover or voice.phrase("any"), list=voice.entries(parts))
    points, surveyed = result.facts["points"], result.facts["surveyed"]
    slots = {"where": where, "year": years_of(result), "n": number(points), "points": voice.plural("point", points)}
    if not cover:
        return voice.say("find_any", **slots)
    return voice.say("find" if points else "find_none", cover=cover, surveyed=number(surveyed), **slots)


def shares_of_points(result: Result, voice: Voice, context: Context) -> str:
    """What part of the points."""
    surveyed, points = result.facts["surveyed"], result.facts["points"]
    slots = {"where": where_of(result, voice), "year": years_of(result)}
    if not surveyed:
        return voice.say("share_points_none", **slots)
    if points is None:
        theme = result.facts["theme"]
        parts = [
            f"{row[f'{theme}_name']} ({row[theme]}) {voice.number(row['percent_of_points'])} %" for row in rows(result)
        ]
        return voice.say("share_points_list", surveyed=voice.number(surveyed), list=voice.entries(parts), **slots)
    return voice.say(
        "share_points",
        n=voice.number(points),
        surveyed=voice.number(surveyed),
        percent=voice.number(number_of(result.value)),
        cover=cover_of(result, voice, context),
        **slots,
    )


def number_of(value: Any) -> float | None:
    """Return a value where it is a number."""
    return value if isinstance(value, int | float) else None


def rows(result: Result) -> list[dict[str, Any]]:
    """Return the table's rows."""
    return list(result.table.dicts()) if result.table else []


def ranked_points(result: Result, voice: Voice, context: Context) -> str:
    """Which regions or classes have the most points."""
    fewest = "_fewest" if result.facts.get("order") == "fewest" else ""
    year = years_of(result)
    cover = cover_of(result, voice, context) or voice.phrase("any")
    if "level" not in result.facts:
        where = where_of(result, voice)
        parts = [f"{r['rank']}. {r['class_name']} ({r['class']}) {voice.number(r['points'])}" for r in rows(result)]
        if not parts:
            return voice.say("rank_none", where=where, year=year, cover=cover)
        return voice.say(f"rank_classes{fewest}", where=where, year=year, list=voice.entries(parts))
    where = near_in(voice.both(result.facts.get("within", ())), result, voice)
    parts = [f"{r['rank']}. {r['region']} {voice.number(r['points'])}" for r in rows(result)]
    if not parts:
        return voice.say("rank_none", where=where, year=year, cover=cover)
    level = voice.phrase(f"level_{result.facts['level']}")
    return voice.say(
        f"rank_points{fewest}", cover=cover, year=year, where=where, level=level, list=voice.entries(parts)
    )


def compared_years(result: Result, voice: Voice, context: Context) -> str:
    """Gained, lost, stayed."""
    facts, number = result.facts, voice.number
    first, last = facts["counts"][0], facts["counts"][-1]
    return voice.say(
        "compare_years",
        where=where_of(result, voice),
        cover=cover_of(result, voice, context),
        n_from=number(first["points"]),
        n_to=number(last["points"]),
        year_from=facts["year_from"],
        year_to=facts["year_to"],
        **{k: number(facts[k]) for k in ("revisited", "stayed", "lost", "gained")},
    )


def compared_regions(result: Result, voice: Voice, context: Context) -> str:
    """Regions side by side by their points."""
    several = len(result.years) > 1
    parts = [
        f"{r['region']}{', ' + str(r['year']) if several else ''}: "
        + voice.phrase("n_of", n=voice.number(r["points"]), total=voice.number(r["surveyed"]))
        for r in rows(result)
    ]
    year = "" if several else f", {years_of(result)}"
    cover = cover_of(result, voice, context) or voice.phrase("any")
    return voice.say("compare_regions", cover=cover + year, list=voice.entries(parts))


def nearest_of(result: Result, voice: Voice, context: Context) -> str:
    """What lies closest."""
    closest = result.facts["nearest"]
    cover = cover_of(result, voice, context) or voice.phrase("any")
    if not closest:
        return voice.say("nearest_none", cover=cover, year=years_of(result))
    return voice.say(
        "nearest",
        cover=cover,
        name=result.facts["name"],
        km=voice.number(result.facts["nearest_km"]),
        point_id=closest["point_id"],
        seen=seen(closest),
        year=closest["year"],
    )


def seen(row: Mapping[str, Any]) -> str:
    """Return what a record shows, with codes."""
    parts = [
        f"{row[f'{theme}_name']} ({row[theme]})" for theme in ("land_cover", "land_use") if row.get(f"{theme}_name")
    ]
    return ", ".join(parts) or "–"


def history_of(result: Result, voice: Voice, context: Context) -> str:
    """One point's visits."""
    parts = [f"{visit['year']}: {seen(visit)}" for visit in result.facts["visits"]]
    return voice.say("history", point_id=result.facts["point_id"], list=voice.entries(parts))


KIND_WORDS = {"survey": "survey", "statistics": "official", "pixels": "satellite"}


def described(result: Result, voice: Voice, context: Context) -> str:
    """What data there is, or one thing about them."""
    about = result.facts["about"]
    if not about:
        return voice.say("describe", list=voice.entries([_dataset(d, voice) for d in result.facts["datasets"]]))
    fact = voice.of["fact"]
    if about in ("nuts", "themes"):
        return fact[about]
    if about == "accuracy":
        of = result.facts["accuracy"]
        rates = {name: voice.number(round(100 * of[name], 1)) for name in ("right", "mean", "elsewhere") if name in of}
        of_classes = [worded_caveat(one, voice, context) for one in result.caveats]
        lines = ["accuracy", *(["accuracy_elsewhere"] if "elsewhere" in of else [])]
        return " ".join([*of_classes, *(fact[one].format(pixels=voice.number(of["pixels"]), **rates) for one in lines)])
    if about == "method":
        kinds = dict.fromkeys(d["kind"] for d in result.facts["datasets"])
        return " ".join(
            fact[f"method_{name}"] for name in ("survey", "published", "satellite") if METHODS[name] in kinds
        )
    parts = [
        f"{_witness(d, voice)}: {_told(d, about, voice)}" for d in result.facts["datasets"] if d["kind"] in KIND_WORDS
    ]
    return ". ".join(dict.fromkeys(parts)) + "."


METHODS = {"survey": "survey", "published": "statistics", "satellite": "pixels"}


def _witness(dataset: Mapping[str, Any], voice: Voice) -> str:
    name = voice.of["source"][KIND_WORDS[dataset["kind"]]]
    return name[:1].upper() + name[1:]


def _told(dataset: Mapping[str, Any], about: str, voice: Voice) -> str:
    """One thing about one dataset: its years, its levels of place, its licence or how it is cited."""
    match about:
        case "years":
            return ", ".join(map(str, sorted(dataset["years"])))
        case "levels":
            return ", ".join(voice.noun("rows", level) for level in dataset["levels"])
    return str(dataset[about]).rstrip(".")


def _dataset(dataset: Mapping[str, Any], voice: Voice) -> str:
    years = sorted(dataset["years"])
    when = f" {years[0]}–{years[-1]}" if len(years) > 1 else f" {years[0]}" if years else ""
    return f"{dataset['title']}{when} ({voice.number(dataset['rows'])})"


def defined(result: Result, voice: Voice, context: Context) -> str:
    """What some classes are: name, code and definition; told by the classes above and below in other languages."""
    rows = result.table.dicts() if result.table else ()
    return " ".join(_definition(row, voice, context) for row in rows)


def _definition(row: Mapping[str, Any], voice: Voice, context: Context) -> str:
    fact, label = voice.of["fact"], context.nomenclature.label
    name = f"{row['name']} ({row['code']})"
    if voice.language == "en" and row["definition"]:
        name = f"{name}: {row['definition'].rstrip('.')}"
    above, below = row["above"], [code for code in row["below"].split(", ") if code]
    said = [fact["part_of"].format(x=f"{label([above], voice.language)} ({above})")] if above else []
    if below:
        names = voice.entries([f"{label([code], voice.language)} ({code})" for code in below])
        said.append(fact["includes"].format(x=names))
    told = ". " if voice.language == "en" else "; "
    text = told.join([name, *(one[:1].upper() + one[1:] if told == ". " else one for one in said)])
    return text[:1].upper() + text[1:] + "."


# the published figures


def figure(cell: Mapping[str, Any], voice: Voice, unit: str, *, short: bool = True, ends: bool = False) -> str:
    """Return one published figure, with the ends of its interval where they are wanted; or why there is none."""
    value = cell["percent"] if unit == "%" else cell[unit]
    if cell["status"] in ("not_significant", "not_published") or value is None:
        return voice.phrase(cell["status"] if cell["status"] in voice.of["phrase"] else "not_published")
    if cell["status"] == "about_zero":
        return voice.phrase("about_zero")
    number = f"{voice.number(value)} {unit_word(unit)}" if short else voice.phrase("share", value=voice.number(value))
    low, high = ends_of(cell, unit)
    aside = [voice.phrase("range", low=voice.number(low), high=voice.number(high))] if ends and low is not None else []
    aside += [voice.phrase("low")] if cell["status"] == "low_reliability" else []
    return f"{number} ({'; '.join(aside)})" if aside else number


def ends_of(cell: Mapping[str, Any], unit: str) -> tuple[float | None, float | None]:
    """Return the ends of a published figure's interval in a unit."""
    suffix = "" if unit == "%" else f"_{unit}"
    return cell.get(f"low{suffix}"), cell.get(f"high{suffix}")


def interval_sentence(cell: Mapping[str, Any], voice: Voice, unit: str) -> str:
    """Return what the survey allows besides the figure; nothing where no sampling error is published."""
    low, high = ends_of(cell, unit)
    if low is None:
        return ""
    return " " + voice.say("interval", low=voice.number(low), high=voice.number(high), unit=unit_word(unit))


def margin(of: Mapping[str, Any], voice: Voice) -> dict[str, str]:
    """Return the slots of a difference's interval, both ends with their sign and as many decimals."""
    decimals = max(decimals_of(of["low"]), decimals_of(of["high"]))
    return {end: signed(of[end], voice, decimals) for end in ("low", "high")}


def signed(value: float, voice: Voice, decimals: int) -> str:
    """Return a number with its sign, also where it is above nothing."""
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{voice.fixed(abs(value), decimals)}"


def unit_of_difference(unit: str, voice: Voice) -> str:
    """Return the unit two figures of a unit are apart in."""
    return voice.phrase("points_unit") if unit == "%" else unit_word(unit)


def unit_word(unit: str) -> str:
    """Return a unit as written."""
    return {"km2": "km²"}.get(unit, unit)


def class_words(cell: Mapping[str, Any]) -> str:
    """Return a cell's class with its code."""
    return f"{cell['label']} ({cell['land_cover']})"


def official_of(result: Result, voice: Voice, context: Context) -> str:
    """How much, as published."""
    cells, unit = result.facts["cells"], result.facts["unit"]
    if len(cells) > 1:
        several_regions = len({c["region_id"] for c in cells}) > 1
        several_years = len({c["year"] for c in cells}) > 1
        parts = []
        for c in cells:
            who = [c["region"]] if several_regions or not several_years else []
            when = [str(c["year"])] if several_years or several_regions else []
            parts.append(f"{', '.join(who + when)}: {figure(c, voice, unit, ends=True)}")
        where = "" if several_regions else f"{cells[0]['region']}, "
        return voice.say("official_list", cover=where + class_words(cells[0]), list=voice.entries(parts))
    cell = cells[0]
    slots = {"where": cell["region"], "year": cell["year"], "cover": class_words(cell)}
    if cell["status"] not in ("published", "low_reliability"):
        return voice.say("official_missing", status=figure(cell, voice, unit), **slots)
    allowed = interval_sentence(cell, voice, unit)
    if unit == "%":
        return voice.say("official", value=figure(cell, voice, unit, short=False), **slots) + allowed
    about = {"value": voice.number(cell[unit]), "unit": unit_word(unit), "percent": voice.number(cell["percent"])}
    return voice.say("official_km2", **about, **slots) + allowed


def change_of(result: Result, voice: Voice, context: Context) -> str:
    """How much more or less."""
    unit, sentences = result.facts["unit"], []
    for change in result.facts["changes"]:
        first, last = change["series"][0], change["series"][-1]
        sentences.append(
            voice.say(
                "change",
                where=change["region"],
                cover=f"{result.facts['label']} ({'+'.join(result.land_cover)})",
                year_from=change["year_from"],
                year_to=change["year_to"],
                value_from=figure(first, voice, unit, ends=not change["comparable"]),
                value_to=figure(last, voice, unit, ends=not change["comparable"]),
                direction=direction_of(change, voice, unit),
            )
        )
        if len(change["series"]) > 2:
            parts = [f"{c['year']}: {figure(c, voice, unit)}" for c in change["series"]]
            sentences.append(voice.say("change_series", list=voice.entries(parts)))
    return " ".join(sentences)


def direction_of(change: Mapping[str, Any], voice: Voice, unit: str) -> str:
    """Return how a figure changed: more or less with its margin, not to be seen, or not to be compared."""
    if change["change"] is None:
        return voice.say("change_unknown")
    slots = {"unit": unit_of_difference(unit, voice)}
    if change["no_change"] and change["told"] is False:
        least = voice.number(change["least"])
        return voice.say(
            "change_undetected",
            change=signed(change["change"], voice, decimals_of(change["change"])),
            least=least,
            **margin(change, voice),
            **slots,
        )
    if change["no_change"]:
        return voice.say("change_none")
    direction = voice.say(f"change_{change['direction']}", change=voice.number(abs(change["change"])), **slots)
    return f"{direction} ({voice.phrase('range', **margin(change, voice))})" if change["low"] is not None else direction


def compared_official(result: Result, voice: Voice, context: Context) -> str:
    """Regions side by side as published."""
    facts, unit = result.facts, result.facts["unit"]
    several = len({c["year"] for c in facts["cells"]}) > 1
    parts = [
        f"{c['region']}{', ' + str(c['year']) if several else ''}: {figure(c, voice, unit, ends=True)}"
        for c in facts["cells"]
    ]
    return voice.say(
        "compare_official",
        cover=f"{facts['label']} ({'+'.join(result.land_cover)})",
        year=facts["year"],
        list=voice.entries(parts),
        verdict=verdict_of(facts, voice, unit) if len(facts["compared"]) > 1 else "",
    ).strip()


def verdict_of(facts: Mapping[str, Any], voice: Voice, unit: str) -> str:
    """Return which of several regions has most, by how much, or that the first two cannot be told apart."""
    if facts["told"] is None:
        return voice.say("verdict_equal") if facts["no_difference"] else voice.say("verdict_most", region=facts["most"])
    slots = {"ahead": voice.number(facts["ahead"]), "unit": unit_of_difference(unit, voice), **margin(facts, voice)}
    if facts["told"] and not facts["no_difference"]:
        return voice.say("verdict_ahead", region=facts["most"], second=facts["next"], **slots)
    return voice.say("verdict_apart", first=facts["most"], second=facts["next"], **slots)


def ranked_official(result: Result, voice: Voice, context: Context) -> str:
    """Which regions have the largest published share."""
    facts, unit = result.facts, result.facts["unit"]
    key = "rank_official" if unit == "%" else "rank_official_area"
    if facts["order"] == "fewest":
        key = "rank_official_fewest"
    parts = [f"{r['rank']}. {r['region']} {figure(r, voice, unit)}" for r in facts["ranking"]]
    slots: dict[str, Any] = {} if unit == "%" or key != "rank_official_area" else {"unit": unit_word(unit)}
    sentence = voice.say(
        key,
        cover=f"{facts['label']} ({'+'.join(result.land_cover)})",
        year=facts["year"],
        where=voice.both(facts["within"]) or voice.phrase("everywhere_official"),
        level=voice.phrase(f"level_{facts['level']}"),
        list=voice.entries(parts),
        **slots,
    )
    return f"{sentence} {rank_sentence(facts, voice)}".strip()


def rank_sentence(facts: Mapping[str, Any], voice: Voice) -> str:
    """Return between which ranks the first region lies when the survey's error is allowed for."""
    if not facts["first_between"] or facts["first_is_tied"]:
        return ""
    first, last = facts["first_between"]
    region = facts["ranking"][0]["region"]
    if first == last:
        return voice.say("rank_sure", region=region)
    return voice.say("rank_between", region=region, first=first, last=last)


def profile_of(result: Result, voice: Voice, context: Context) -> str:
    """A region's land by classes."""
    unit, sentences = result.facts["unit"], []
    for profile in result.facts["profiles"]:
        parts = [f"{class_words(c)} {figure(c, voice, unit)}" for c in profile["classes"]]
        slots = {"where": profile["region"], "year": profile["year"], "list": voice.entries(parts)}
        of = result.facts.get("of")
        sentences.append(voice.say("profile_of", cover=of, **slots) if of else voice.say("profile", **slots))
    return " ".join(sentences)


# the satellite


def classified(result: Result, voice: Voice, context: Context) -> str:
    """How many pixels fit the words."""
    return voice.say(
        "classify",
        where=where_of(result, voice),
        year=years_of(result),
        hits=voice.number(result.facts["hits"]),
        pixels=voice.number(result.facts["pixels"]),
        cover=result.facts["text"] or cover_of(result, voice, context),
    )


def explained(result: Result, voice: Voice, context: Context) -> str:
    """What the classifier makes of a point."""
    facts = result.facts
    seen_there = [
        f"{visit['year']}: {visit['name']} ({visit['land_cover']})" for visit in facts["surveyed"] if visit["name"]
    ]
    return voice.say(
        "explain",
        point=facts["point_id"],
        year=years_of(result),
        name=facts["name"],
        code=result.value,
        probability=voice.number(facts["probability"]),
        surveyed=voice.say("explain_surveyed", list=voice.entries(seen_there)) if seen_there else "",
    )


def agreement(result: Result, voice: Voice, context: Context) -> str:
    """Where classifier and surveyor agree."""
    facts = result.facts
    scores = ""
    if "precision" in facts:
        scores = voice.say(
            "agreement_scores",
            cover=cover_of(result, voice, context),
            **{key: voice.number(facts[key]) for key in ("precision", "recall", "f1")},
        )
    return voice.say(
        "agreement",
        where=where_of(result, voice),
        year=years_of(result),
        right=voice.number(facts["right"]),
        pixels=voice.number(facts["pixels"]),
        accuracy=voice.number(round(100 * facts["accuracy"], 1)),
        scores=scores,
    )


def estimated(result: Result, voice: Voice, context: Context) -> str:
    """What calibrated points make of a class, or of a part of it: an estimate and called so."""
    facts, number = result.facts, voice.number
    parts = [
        voice.phrase(f"part_{side}", m=number(facts[side])) for side in ("above", "below") if facts[side] is not None
    ]
    for key, codes in (("part_used", result.land_use), ("part_not_used", facts["not_used"])):
        if codes:
            words = context.nomenclature.label(list(codes), voice.language)
            parts.append(voice.phrase(key, use=f"{words} ({', '.join(codes)})"))
    low, high = result.interval or (None, None)
    return voice.say(
        "estimate_part" if facts["split"] else "estimate_share",
        where=where_of(result, voice),
        year=years_of(result),
        cover=f"{facts['label']} ({'+'.join(result.land_cover)})",
        value=number(number_of(result.value)),
        low=number(low),
        high=number(high),
        part=voice.both(parts),
        n=number(facts["points"]),
        total=number(facts["of_points"]),
    )


WRITERS: Mapping[str, Callable[[Result, Voice, Context], str]] = {
    "find_points": found_points,
    "count_points": found_points,
    "share_points": shares_of_points,
    "rank_points": ranked_points,
    "compare_years": compared_years,
    "compare_regions": compared_regions,
    "nearest_records": nearest_of,
    "point_history": history_of,
    "describe_data": described,
    "define_class": defined,
    "explain_interval": lambda result, voice, context: voice.say("explain_interval"),
    "official_share": official_of,
    "change_official": change_of,
    "compare_official": compared_official,
    "rank_official": ranked_official,
    "profile_region": profile_of,
    "estimate_area": estimated,
    "area_from_map": estimated,
    "classify_area": classified,
    "explain_point": explained,
    "compare_with_survey": agreement,
    "deals": deals.sentence,
}


# --- caveats ---------------------------------------------------------------------------------------------------------


def caveats_of(results: Sequence[Result], notes: Sequence[Any], language: str, context: Context) -> tuple[str, ...]:
    """Return every caveat in words, each once, what the router assumed first."""
    voice = Voice(language)
    every: list[Any] = [*notes, *(filled_caveat(c, r) for r in results for c in r.caveats)]
    if len({source_of(r, voice) for r in results if r.tool not in ("describe_data",)}) > 1:
        every.append(("second_witness", {}))
    worded = [worded_caveat(caveat, voice, context) for caveat in every]
    return tuple(dict.fromkeys(text for text in worded if text))


def filled_caveat(caveat: Any, result: Result) -> tuple[str, Mapping[str, Any]]:
    """Return a caveat with the class of its result where it names none itself."""
    key, slots = caveat_parts(caveat)
    return key, {"land_cover": result.facts.get("of") or "", **slots}


def worded_caveat(caveat: Any, voice: Voice, context: Context) -> str:
    """Return one caveat in words; one without a template by its key, so that none is lost."""
    key, slots = caveat_parts(caveat)
    if key.startswith("deals_"):
        return deals.caveat(key, slots, voice.language, context)
    template = voice.of["caveat"].get(key)
    written = {name: slot(value, name, voice, context) for name, value in slots.items()}
    if template is None:
        tail = "; ".join(f"{name} {value}" for name, value in written.items() if value)
        return key.replace("_", " ") + (f": {tail}" if tail else "")
    return template.format_map(_Lenient(written))


def caveat_parts(caveat: Any) -> tuple[str, Mapping[str, Any]]:
    """Return key and slots of a caveat, also of one written as JSON text."""
    if isinstance(caveat, str):
        if caveat.startswith("["):
            key, slots = json.loads(caveat)
            return key, slots
        return caveat, {}
    key, slots = caveat
    return key, slots


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


PLAIN_NUMBERS = ("year", "years", "code", "codes")


def slot(value: Any, name: str, voice: Voice, context: Context) -> str:
    """Return a slot's value as written: years and codes as they are, numbers in the language's way."""
    if isinstance(value, bool) or value is None:
        return ""
    if name == "codes" and isinstance(value, list | tuple):
        return f"{context.nomenclature.label(tuple(value), voice.language)} ({', '.join(map(str, value))})"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, int | float) and name not in PLAIN_NUMBERS:
        return voice.number(value)
    return str(value)


# --- refusals and questions back -------------------------------------------------------------------------------------


def refusal_of(error: errors.LandaskError, language: str, context: Context) -> str:
    """Return what a person reads when the data cannot answer, in their language."""
    voice = Voice(language)
    return " ".join(_refusal(error, voice, context).split())


def _refusal(error: errors.LandaskError, voice: Voice, context: Context) -> str:
    of = voice.of["refusal"]
    if isinstance(error, errors.NoRecords | errors.NotUnderstood) and (
        said := deals.refusal(error.reason, voice.language)
    ):
        return said

    def some(key: str, names: Sequence[str]) -> str:
        return of[key].format(names=", ".join(names)) if names else ""

    match error:
        case errors.UnknownRegion():
            return of["unknown_region"].format(name=error.name, close=some("close", error.close))
        case errors.UnknownClass():
            return of["unknown_class"].format(words=error.words, nearest=some("nearest_classes", error.nearest))
        case errors.OutOfCoverage():
            return _outside(error, voice, context)
        case errors.NoSuchYear():
            near = f" {voice.phrase('and')} ".join(map(str, error.near))
            return of["no_such_year"].format(year=error.year, near=near)
        case errors.NotPublished():
            when = f", {error.year}" if error.year else ""
            instead = some("instead", [class_or_word(w, voice, context) for w in error.instead])
            cover = class_or_word(error.land_cover, voice, context)
            region = voice.phrase("everywhere_official") if error.region == "any region" else error.region
            return of["not_published"].format(land_cover=cover, region=region, when=when, instead=instead)
        case errors.TooFine():
            key = "too_few_points" if error.reason == "too_few_points" else "below_nuts2"
            region = voice.say("drawn") if error.region == SELECTED else error.region
            told = of[key].format(region=region, containing=some("containing", error.containing))
            return told[:1].upper() + told[1:]
        case errors.NoRecords() if error.reason:
            return of[error.reason].format(**error.slots)
        case errors.NoRecords():
            return of["no_records"].format(what=error.what, way_out=f"{error.way_out}.")
        case errors.NotUnderstood():
            return _not_understood(error, voice, context)
        case errors.Declined():
            return of["declined"].format(reason=of[f"declined_{error.reason}"], words=error.words)
        case errors.AskedBackInWords():
            return f"{error.words} {numbered(error.choices)}"
        case errors.QueryLimit():
            return of["query_limit"]
        case errors.BadGeometry():
            return of["bad_geometry"].format(reason=error)
        case errors.InputError() if voice.language != "en":  # its message is for those who write plans and files
            return of["bad_argument_plain"].format(can=of["can"])
        case errors.InputError():
            return of["bad_argument"].format(reason=error)
        case errors.Ambiguous():
            return question_back(error, voice)
    return str(error)


def _outside(error: errors.OutOfCoverage, voice: Voice, context: Context) -> str:
    of = voice.of["refusal"]
    if error.what == "forecast":
        years = {y for d in context.store.datasets() if d.kind in ("survey", "statistics") for y in d.years}
        return of["forecast"].format(last=max(years, default="–"))
    if error.what.startswith("topic:"):
        return of["topic"].format(topic=of["topic_" + error.what.split(":")[1]], can=of["can"])
    return of["foreign"].format(what=error.what)


def _not_understood(error: errors.NotUnderstood, voice: Voice, context: Context) -> str:
    of = voice.of["refusal"]
    understood = of["understood"].format(names=", ".join(error.understood)) if error.understood else ""
    reason, *numbers = error.reason.split(":")
    if reason == "too_long":
        return of["too_long"].format(length=voice.number(int(numbers[0])), most=voice.number(int(numbers[1])))
    if reason == "unread_language":
        return of["unread_language"].format(name=numbers[0])
    if reason == "unread":
        told = of["unread"].format(words=", ".join(f"“{word}”" for word in numbers), understood=understood)
        return told if understood else f"{told} {of['which_class']}"
    if reason == "no_parts":
        return of["no_parts"].format(region=numbers[0], level=voice.phrase(f"level_{numbers[1]}"), can=of["can"])
    if reason in ("which_region", "which_class", "read_only", "no_words"):
        return of[reason].format(can=of["can"])
    return of["not_understood"].format(understood=understood, can=of["can"])


def class_or_word(word: str, voice: Voice, context: Context) -> str:
    """Return a class code (or several joined by +) as its words and code, anything else as it is."""
    if word.isdigit():
        return word
    if word in PUBLISHED_LEVELS:
        return voice.phrase(f"level_{word}")
    parts = word.split("+")
    if not all(part in context.nomenclature.classes for part in parts):
        return voice.phrase(f"level_{word}") if f"level_{word}" in voice.of["phrase"] else word
    return f"{context.nomenclature.label(tuple(parts), voice.language)} ({word})"


def question_back(error: errors.Ambiguous, voice: Voice) -> str:
    """Return the question a person is asked when several things fit."""
    return voice.of["refusal"]["clarify"].format(words=error.words, choices=numbered(error.choices))


def numbered(choices: Sequence[str]) -> str:
    """Return choices as a person picks from them."""
    return ", ".join(f"{at}) {choice}" for at, choice in enumerate(choices, 1))
