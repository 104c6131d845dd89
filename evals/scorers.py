"""What is right about an answer, stage by stage, against gold. Judges the contract's JSON only; asks nothing itself.

A stage is 1 or 0, and None where the sample does not ask for it: a refusal has no class, a count no geometry. Where an
answer was wanted and none came, the stages it would have had are 0, so that refusing is no way to a good rate.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from evals.gold.statistics_gold import score as score_published
from evals.gold.survey_gold import fits, grouped, right, table_rows
from evals.record import Stages

STAGES = ("scope", "operation", "place", "class", "year", "value", "geometry", "text", "result")
OPERATIONS = {
    "points": {"find_points"},
    "count": {"count_points", "find_points"},
    "counts": {"count_points", "find_points", "compare_regions", "rank_points", "query"},
    "share": {"share_points"},
    "rank_regions": {"rank_points"},
    "rank_classes": {"rank_points"},
    "change": {"compare_years"},
    "nearest": {"nearest_records"},
    "history": {"point_history"},
}
LATEST = 2018
"""The last survey year of the real extract: what a question without a year means."""
EARTH_KM = 6371.0088


def score_question(sample: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[Stages, dict[str, Any]]:
    """Return the stages of one answer, and the figures behind them."""
    stages, detail = _several_steps(sample, answer) if "results" in sample else _one_step(sample, answer)
    if answer["status"] == "answered":
        unsupported = unsupported_numbers(answer)
        stages["text"] = int(not unsupported and stages["text"] != 0)
        detail |= {"unsupported": unsupported} if unsupported else {}
    return stages, detail


def _one_step(sample: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[Stages, dict[str, Any]]:
    """Return the stages of a question, or of one step of it, each with the whole text."""
    stages: Stages = dict.fromkeys(STAGES)
    if "expected" in sample:
        return stages | _published(sample, answer), {}
    found, detail = _survey(sample, answer)
    return stages | found, detail


# --- several steps ---------------------------------------------------------------------------------------------------


def _several_steps(sample: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[Stages, dict[str, Any]]:
    """Return the least of the steps at every stage; each step is held against what of the answer fits it best.

    So it does not matter in how many calls the steps were made, nor in which order, but none may be missing. A number
    that is right of another place, class or year is no result: among many numbers one fits by chance.
    """
    views = [{**answer, "results": results} for results in _views(answer["results"])]
    judged = [max((_strictly(_one_step(step, view)[0]) for view in views), key=_passed) for step in sample["results"]]
    stages: Stages = {stage: _least([step[stage] for step in judged]) for stage in STAGES}
    return stages, {"steps_right": f"{sum(bool(s['result']) for s in judged)} of {len(judged)}"}


def _least(values: Iterable[int | None]) -> int | None:
    return min((value for value in values if value is not None), default=None)


def _strictly(stages: Stages) -> Stages:
    return {**stages, "result": int(all(value != 0 for value in stages.values()))}


def _views(results: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield what may answer one step: any results that follow one another, and one region's part of a result."""
    yield ()
    for start in range(len(results)):
        for end in range(start + 1, len(results) + 1):
            yield results[start:end]
    for result in results:
        yield from ([part] for part in _of_each_region(result))


def _passed(stages: Stages) -> tuple[int, int]:
    return stages["result"] or 0, sum(value or 0 for value in stages.values())


ALONE = {"compare_official": "official_share", "compare_regions": "count_points"}
"""Tool that gives for one region what a tool for several gives in a row each."""


def _of_each_region(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield a result of several regions as the results of one region each that its table holds."""
    for region in result["regions"] if len(result["regions"]) > 1 else ():
        rows = [row for row in table_rows(result) if row.get("region_id") == region["id"]]
        if not rows:
            continue
        numbers = [row.get("value", row.get("points")) for row in sorted(rows, key=lambda row: row.get("year", 0))]
        value = numbers[-1]
        if result["tool"] == "change_official":
            value = None if None in (numbers[0], value) else round(value - numbers[0], 1)
        tool = ALONE.get(result["tool"], result["tool"])
        unit = rows[0].get("unit", result["unit"]) if result["tool"] == "compare_official" else result["unit"]
        yield {**result, "tool": tool, "regions": [region], "value": value, "unit": unit, "table": _as_table(rows)}


# --- published figures -----------------------------------------------------------------------------------------------


def _published(sample: Mapping[str, Any], answer: Mapping[str, Any]) -> Stages:
    """Return the stages of a question of the official table, from that set's own finer ones."""
    fine = score_published(sample, answer)
    if "values" in sample["expected"] and not fine["right"]:
        compared = score_published(sample, {**answer, "results": [*_side_by_side(answer["results"])]})
        fine = compared if compared["right"] else fine
    stages: Stages = {"scope": fine["status"], "result": fine["right"]}
    if sample["expected"]["status"] == "refused":
        return {**stages, "text": fine["words"]}
    wanted = sample["expected"]
    if not fine["status"] or fine["region"] is fine["value"] is fine["year"] is None:
        missed = {"operation": 0, "year": 0, "value": 0}
        missed |= {"place": 0} if "regions" in wanted else {}
        return {**stages, **missed, **({"class": 0} if "land_cover" in wanted else {})}
    values = [v for v in (fine["value"], fine["unit"], fine["flag"], fine["ranking"]) if v is not None]
    return {
        **stages, "operation": fine["tool"], "place": fine["region"], "class": fine["land_cover"],
        "year": fine["year"], "value": int(all(values)), "text": fine["words"],
    }  # fmt: skip


def _side_by_side(results: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the shares of several regions as the comparison they are: the same figures, each said by itself."""
    shares = [result for result in results if result["tool"] == "official_share" and result["unit"] == "%"]
    if not shares or any(result["land_cover"] != shares[0]["land_cover"] for result in shares):
        return
    yield {
        **shares[0], "tool": "compare_official", "unit": "percentage points", "value": None,
        "regions": [region for result in shares for region in result["regions"]],
        "years": sorted({year for result in shares for year in result["years"]}),
        "table": _as_table([row for result in shares for row in table_rows(result)]),
    }  # fmt: skip


def _as_table(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return rows as a result's table."""
    columns = list(rows[0])
    return {"columns": columns, "rows": [[row[c] for c in columns] for row in rows]}


# --- the survey's records --------------------------------------------------------------------------------------------


def _survey(sample: Mapping[str, Any], answer: Mapping[str, Any]) -> tuple[Stages, dict[str, Any]]:
    asked, gold = sample["asked"], sample["gold"]
    if asked["what"] == "status":
        return _status(asked, gold, answer), {}
    applicable = _applicable(asked)
    if answer["status"] != "answered":
        return {"scope": 0, "result": 0, **dict.fromkeys(applicable, 0)}, {}
    if asked["what"] == "counts":
        answer = {**answer, "results": _in_order_of(asked["parts"], answer["results"])}
    results = [r for r in answer["results"] if r["tool"] in OPERATIONS[asked["what"]]] or list(answer["results"])
    judged = {
        "operation": int(any(r["tool"] in OPERATIONS[asked["what"]] for r in answer["results"])),
        "place": int(_places_fit(asked, results)),
        "class": int(_classes_fit(asked, results)),
        "year": int(_years_fit(asked, results)),
        "value": int(_value_fits(asked["what"], gold, answer)),
    }
    overlap = point_set_f1(gold["ids"], results) if "ids" in gold else None
    if overlap is not None:
        judged["geometry"] = int(overlap == 1.0)
    whole = right(sample, answer) and all(_also_fits(gold, answer))
    stages: Stages = {"scope": 1, "result": int(whole)}
    stages |= {stage: value for stage, value in judged.items() if stage in applicable}
    detail: dict[str, Any] = {} if overlap is None else {"point_f1": round(overlap, 4)}
    if (km := _place_km(asked, results)) is not None:
        detail["place_km"] = round(km, 3)
    return stages, detail


def _status(asked: Mapping[str, Any], gold: Mapping[str, Any], answer: Mapping[str, Any]) -> Stages:
    """Return the stages where no number is asked for: asked back, refused, or another witness's tool."""
    if either := asked.get("either"):
        zero = answer["status"] == "answered" and any(r["value"] == 0 for r in answer["results"])
        fine = answer["status"] in either or (zero and "answered_zero" in either)
        return {"scope": int(fine), "result": int(fine)}
    stages: Stages = {"scope": int(answer["status"] == gold["status"])}
    if "tool" in gold:
        stages["operation"] = int(bool(answer["results"]) and answer["results"][0]["tool"] == gold["tool"])
    whole = bool(stages["scope"]) and stages.get("operation", 1) == 1
    offered = all(any(w.lower() in c.lower() for c in answer["choices"]) for w in gold.get("choices", []))
    return {**stages, "result": int(whole and offered)}


def _in_order_of(parts: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return results and their rows in the order of the parts asked for, where they say which part each is of."""
    regions = [{bare_code(c) for c in part.get("nuts", ())} for part in parts]
    classes = [{*part.get("lc", ()), *part.get("lu", ())} for part in parts]

    def at(own_regions: Iterable[str], own_classes: Iterable[str]) -> int:
        own, covers = {bare_code(c) for c in own_regions}, {*own_classes}
        fitting = (k for k in range(len(parts)) if regions[k] <= own and classes[k] <= covers)
        return next(fitting, len(parts))

    def covers_of(result: Mapping[str, Any]) -> list[str]:
        return [*result["land_cover"], *result["land_use"]]

    ordered = []
    for result in results:
        rows = table_rows(result)
        if rows and all("region_id" in row for row in rows):
            rows = sorted(rows, key=lambda row: at([row["region_id"]], covers_of(result)))
            result = {**result, "table": _as_table(rows)}
        ordered.append(result)
    return sorted(ordered, key=lambda result: at([region["id"] for region in result["regions"]], covers_of(result)))


def _applicable(asked: Mapping[str, Any]) -> list[str]:
    """Return the stages a question of the survey has besides scope and result."""
    parts = asked.get("parts", [asked])
    stages = ["operation", "value"]
    if any(p.get("nuts") for p in parts) or asked.get("nuts") or asked.get("near") or asked.get("at"):
        stages.append("place")
    if any(p.get("lc") or p.get("lu") for p in parts) or asked.get("lc") or asked.get("lu"):
        stages.append("class")
    if asked["what"] != "history":
        stages.append("year")
    if asked["what"] == "points":
        stages.append("geometry")
    return stages


def bare_code(identifier: str) -> str:
    """Return the code of a region id, without closing zeros: FRH0 is FRH, LU00 is LU (an only child is its parent)."""
    code = identifier.partition(":")[2] or identifier
    return code[:2] + code[2:].rstrip("0")


def _places_fit(asked: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the regions used are the regions meant; of a point, whether it lies within 5 km of the one meant."""
    if asked.get("near") or asked.get("at"):
        km = _place_km(asked, results)
        return km is not None and km <= 5
    wanted = {bare_code(c) for p in [asked, *asked.get("parts", [])] for c in p.get("nuts", ())}
    if asked["what"] in ("rank_regions", "rank_classes"):
        given = {bare_code(i) for r in results for i in _listed(r["arguments"], "within", "regions")}
    else:
        given = {bare_code(region["id"]) for r in results for region in r["regions"]}
    return given == wanted


def _place_km(asked: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> float | None:
    """Return how far the point used lies from the point meant."""
    meant = asked.get("near") or asked.get("at")
    if not meant:
        return None
    for result in results:
        at = result["arguments"].get("near") or result["arguments"]
        if "lon" in at and "lat" in at:
            return distance_km((meant[0], meant[1]), (at["lon"], at["lat"]))
    return None


def _classes_fit(asked: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> bool:
    parts = [asked, *asked.get("parts", [])]
    wanted = {c for p in parts for key in ("lc", "lu") for c in p.get(key, ())}
    given = {c for r in results for c in (*r["land_cover"], *r["land_use"])}
    if asked["what"] == "rank_classes":  # a result lists the classes it found; what was asked stands in the plan
        given = {c for r in results for c in _listed(r["arguments"], "land_cover", "land_use")}
    out = {c for r in results for c in _listed(r["arguments"], "exclude")}
    return given == wanted and out == set(asked.get("exclude", ()))


def _years_fit(asked: Mapping[str, Any], results: Sequence[Mapping[str, Any]]) -> bool:
    wanted = set(asked.get("years") or [LATEST])
    return bool(results) and set().union(*(set(r["years"]) for r in results)) == wanted


def _value_fits(what: str, gold: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Whether the number is right, whatever points stand behind it."""
    if what == "points":
        return any(r["value"] == gold["value"] for r in answer["results"])
    return any(fits(what, gold, result) for result in [*answer["results"], *grouped(answer["results"])])


def _also_fits(gold: Mapping[str, Any], answer: Mapping[str, Any]) -> Iterable[bool]:
    """Whether each further step's result is there and right."""
    for code, wanted in gold.get("also", {}).items():
        own = [r for r in answer["results"] if bare_code(code) in {bare_code(region["id"]) for region in r["regions"]}]
        yield any(fits("change", wanted, result) for result in own)


def _listed(arguments: Mapping[str, Any], *names: str) -> list[str]:
    found: list[str] = []
    for name in names:
        value = arguments.get(name) or []
        found += [value] if isinstance(value, str) else list(value)
    return found


# --- geometry --------------------------------------------------------------------------------------------------------


def point_set_f1(wanted: Sequence[str], results: Sequence[Mapping[str, Any]]) -> float:
    """Return the F1 of the point ids shown against those meant; 1 where both are none."""
    given = {row["point_id"] for result in results for row in table_rows(result) if "point_id" in row}
    if not given and not wanted:
        return 1.0
    return 2 * len(given & set(wanted)) / (len(given) + len(set(wanted)))


def distance_km(first: Sequence[float], second: Sequence[float]) -> float:
    """Return the great-circle distance of two lon/lat positions."""
    lon1, lat1, lon2, lat2 = (math.radians(v) for v in (*first[:2], *second[:2]))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * EARTH_KM * math.asin(math.sqrt(min(1.0, half)))


# --- the text --------------------------------------------------------------------------------------------------------

NUMBER = re.compile(r"\d{1,3}(?:[.,\u00a0\u202f]\d{3})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?")


def unsupported_numbers(answer: Mapping[str, Any]) -> list[str]:
    """Return the numbers in an answer's text that stand in no result, at the precision they are written in.

    Differences and sums of two cells of one column are taken as said by the results; nothing else is.
    """
    known = _known_numbers(answer["results"])
    words = json.dumps(answer["results"], ensure_ascii=False, default=str)
    return [said for said in _numbers_in(answer["text"]) if not _is_known(said, known, words)]


def _numbers_in(text: str) -> list[str]:
    text = re.sub(r"\b[A-Z]{1,2}\d\w*(?:-\w+)*|\bNUTS[ -]\d\b", " ", text)  # codes and levels are no numbers
    text = re.sub(r"(?m)(^|[:;]\s)\s*\d+\.\s", " ", text)  # list markers: "1. Castile"
    return NUMBER.findall(text)


def _is_known(said: str, known: Sequence[float], words: str) -> bool:
    named = len(said) >= 4 and re.search(rf"(?<!\d){re.escape(said)}(?!\d)", words)  # the id of a point
    return bool(named) or any(
        abs(abs(number) - value) <= 0.5 * 10**-digits + 1e-9 for value, digits in readings(said) for number in known
    )


def readings(said: str) -> list[tuple[float, int]]:
    """Return what a written number may mean, with its decimals: 1,234 is a thousand or one and a bit."""
    plain = re.sub(r"[\u00a0\u202f]", "", said)
    found = []
    for thousands, decimal in ((",", "."), (".", ",")):
        whole, _, part = plain.replace(thousands, "").partition(decimal)
        if whole.isdigit() and (part.isdigit() or not part):
            found.append((float(f"{whole}.{part or 0}"), len(part)))
    return found


def _known_numbers(results: Sequence[Mapping[str, Any]]) -> list[float]:
    numbers: list[float] = []
    for result in results:
        numbers += _all_numbers({k: v for k, v in result.items() if k not in ("features", "table")})
        rows = (result.get("table") or {"rows": []})["rows"]
        numbers.append(float(len(rows)))
        for column in zip(*rows, strict=True):
            cells = _all_numbers(column)
            numbers += cells
            if len(cells) <= 60:
                numbers += [a - b for a in cells for b in cells] + [sum(cells)]
    several = [float(r["value"]) for r in results if isinstance(r["value"], int | float)]
    return numbers + [a - b for a in several for b in several] + [sum(several), float(len(results))]


def _all_numbers(value: Any) -> list[float]:
    if isinstance(value, bool) or value is None:
        return []
    if isinstance(value, int | float):
        return [float(value)]
    if isinstance(value, Mapping):
        return [n for v in value.values() for n in _all_numbers(v)]
    if isinstance(value, list | tuple):
        return [n for v in value for n in _all_numbers(v)]
    return []
