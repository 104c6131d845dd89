"""Gold answers to questions about the survey by plain pandas over the real extract, and their score.

Uses no tool of ours. A case says what its question asks for in `asked`: codes, NUTS codes, years. `gold` computes the
answer from the records as published (a region is the record's own NUTS code), `right` holds an answer against it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

SAMPLES = Path(__file__).parents[1] / "samples" / "survey.jsonl"
EARTH_KM = 6371.0088
NUTS_COLUMN = {2: "nuts0", 3: "nuts1", 4: "nuts2", 5: "nuts3"}


def read_cases(file: Path = SAMPLES) -> list[dict[str, Any]]:
    """Return the cases of a JSONL file."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def read_records(file: Path) -> pd.DataFrame:
    """Return the extract's records."""
    return pd.read_parquet(file)


def selected(records: pd.DataFrame, asked: Mapping[str, Any]) -> pd.DataFrame:
    """Return the records of an area and years, whatever their class."""
    kept = records
    if codes := asked.get("nuts"):
        inside = pd.Series(False, index=kept.index)
        for code in codes:
            inside |= kept[NUTS_COLUMN[len(code)]] == code
        kept = kept[inside]
    if near := asked.get("near"):
        kept = kept[distance_km(kept, near[0], near[1]) <= near[2]]
    if box := asked.get("box"):
        west, south, east, north = box
        kept = kept[kept.th_long.between(west, east) & kept.th_lat.between(south, north)]
    years = asked.get("years") or [2018]
    return kept[kept.year.isin(years)]


def of_class(records: pd.DataFrame, asked: Mapping[str, Any]) -> pd.DataFrame:
    """Return the records that show the classes asked for: a code stands for all below it."""
    kept = records
    for column, codes in (("lc1", asked.get("lc")), ("lu1", asked.get("lu"))):
        if codes:
            kept = kept[below(kept[column], codes)]
    if out := asked.get("exclude"):
        kept = kept[~below(kept.lc1, out)]
    return kept


def below(values: pd.Series, codes: Sequence[str]) -> pd.Series:
    """Whether each value is one of the codes or lies below one: B00 and B80 hold B82, U110 holds U111."""
    return values.fillna("").str.startswith(tuple(c.rstrip("0") for c in codes))


def distance_km(records: pd.DataFrame, lon: float, lat: float) -> pd.Series:
    """Return great-circle distances."""
    lat1, lat2 = math.radians(lat), records.th_lat.map(math.radians)
    dlon = (records.th_long - lon).map(math.radians)
    half = ((lat2 - lat1) / 2).map(math.sin) ** 2 + math.cos(lat1) * lat2.map(math.cos) * (dlon / 2).map(math.sin) ** 2
    return 2 * EARTH_KM * half.map(math.sqrt).map(math.asin)


def gold(records: pd.DataFrame, asked: Mapping[str, Any]) -> Any:
    """Return the answer a case asks for, by its `what`."""
    return GOLD[asked["what"]](records, asked)


def points(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Number and ids of the points."""
    kept = of_class(selected(records, asked), asked)
    return {"value": len(kept), "ids": sorted(f"{i:08d}" for i in kept.point_id)}


def count(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Number of points; by year where several are asked for."""
    kept = of_class(selected(records, asked), asked)
    years = asked.get("years") or [2018]
    if len(years) > 1:
        return {"by_year": {str(y): int((kept.year == y).sum()) for y in years}}
    return {"value": len(kept)}


def counts(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """A number each part: several regions or several classes side by side."""
    return {"values": [count(records, {**asked, **part})["value"] for part in asked["parts"]]}


def share(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Percent of the surveyed points, to one decimal."""
    everything = selected(records, asked)
    return {"value": round(100 * len(of_class(everything, asked)) / len(everything), 1)}


def rank_regions(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The first regions of a level by their points, ties included."""
    kept = of_class(selected(records, asked), asked)
    column = {"country": "nuts0", "nuts1": "nuts1", "nuts2": "nuts2", "nuts3": "nuts3"}[asked["level"]]
    tally = kept[column].value_counts()
    return {"rows": sorted(([code, int(n)] for code, n in first(tally, asked.get("limit", 1)).items()))}


def rank_classes(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The commonest classes, ties included."""
    kept = of_class(selected(records, asked), asked)
    tally = kept["lu1" if asked.get("theme") == "land_use" else "lc1"].value_counts()
    return {"rows": sorted(([code, int(n)] for code, n in first(tally, asked.get("limit", 1)).items()))}


def first(tally: pd.Series, limit: int) -> pd.Series:
    """Return the largest counts, with all that equal the last of them."""
    return tally[tally >= tally.sort_values(ascending=False).iloc[min(limit, len(tally)) - 1]]


def change(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Stayed, lost and gained among the points visited in both years."""
    a, b = asked["years"]
    inside = selected(records, asked)
    one, two = (inside[inside.year == y].drop_duplicates("point_id").set_index("point_id") for y in (a, b))
    both = one.index.intersection(two.index)
    before = set(of_class(one.loc[both].reset_index(), asked).point_id)
    after = set(of_class(two.loc[both].reset_index(), asked).point_id)
    return {"stayed": len(before & after), "lost": len(before - after), "gained": len(after - before)}


def nearest(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The closest point's id."""
    lon, lat = asked["at"]
    kept = of_class(selected(records, asked), asked)
    return {"id": f"{kept.loc[distance_km(kept, lon, lat).idxmin()].point_id:08d}"}


def history(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """One point's visits."""
    kept = records[records.point_id == int(asked["point"])].sort_values("year")
    return {"visits": [[int(r.year), r.lc1, r.lu1] for r in kept.itertuples()]}


def status(records: pd.DataFrame, asked: Mapping[str, Any]) -> dict[str, Any]:
    """No number: refused, asked back, or answered by a tool over other data."""
    return {k: asked[k] for k in ("status", "tool", "choices") if k in asked}


GOLD = {
    "points": points, "count": count, "counts": counts, "share": share, "rank_regions": rank_regions,
    "rank_classes": rank_classes, "change": change, "nearest": nearest, "history": history, "status": status,
}  # fmt: skip


# --- scoring ---------------------------------------------------------------------------------------------------------


def right(case: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Whether an answer (the contract's JSON, of the last turn) says what the gold says."""
    asked, expected = case["asked"], case["gold"]
    if asked["what"] == "status":
        return right_status(expected, answer)
    if answer["status"] != "answered":
        return False
    return any(fits(asked["what"], expected, result) for result in [*answer["results"], *grouped(answer["results"])])


def grouped(results: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return results of the same tool together as one, for answers of several parts."""
    tools = {r["tool"] for r in results}
    return [{"tool": tool, "parts": [r for r in results if r["tool"] == tool]} for tool in tools]


def right_status(expected: Mapping[str, Any], answer: Mapping[str, Any]) -> bool:
    """Whether status, first tool and choices are as expected."""
    if answer["status"] != expected["status"]:
        return False
    if "tool" in expected and (not answer["results"] or answer["results"][0]["tool"] != expected["tool"]):
        return False
    wanted = expected.get("choices", [])
    return all(any(w.lower() in choice.lower() for choice in answer["choices"]) for w in wanted)


def fits(what: str, expected: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    """Whether one result holds the expected numbers."""
    if "parts" in result:
        return what == "counts" and [p["value"] for p in result["parts"]] == expected["values"]
    rows = table_rows(result)
    match what:
        case "points":
            ids = sorted({r["point_id"] for r in rows if "point_id" in r})
            return result["tool"] == "find_points" and result["value"] == expected["value"] and ids == expected["ids"]
        case "count":
            if "by_year" in expected:
                return {str(r.get("year")): r.get("points") for r in rows} == expected["by_year"] or (
                    result["tool"] == "find_points"
                    and {str(r["year"]) for r in rows} <= set(expected["by_year"])
                    and all(sum(str(r["year"]) == year for r in rows) == n for year, n in expected["by_year"].items())
                )
            return result["tool"] in ("count_points", "find_points") and result["value"] == expected["value"]
        case "counts":
            return [r.get("points") for r in rows] == expected["values"]
        case "share":
            return result["tool"] == "share_points" and result["value"] == expected["value"]
        case "rank_regions":
            found = [[str(r.get("region_id", "")).partition(":")[2], r.get("points")] for r in rows]
            return result["tool"] == "rank_points" and sorted(found[: len(expected["rows"])]) == expected["rows"]
        case "rank_classes":
            found = [[r.get("class"), r.get("points")] for r in rows]
            return sorted(found[: len(expected["rows"])]) == expected["rows"]
        case "change":
            found = {r.get("what"): r.get("points") for r in rows}
            return all(found.get(key) == n for key, n in expected.items())
        case "nearest":
            return result["tool"] == "nearest_records" and bool(rows) and rows[0]["point_id"] == expected["id"]
        case "history":
            return [[r.get("year"), r.get("land_cover"), r.get("land_use")] for r in rows] == expected["visits"]
    return False


def table_rows(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a result's table as dicts."""
    table = result.get("table") or {"columns": [], "rows": []}
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
