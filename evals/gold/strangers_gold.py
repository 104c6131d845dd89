"""Gold of `evals/samples/strangers.jsonl`, by plain pandas; never through our own code.

Each line's `asked` says in figures what its author wanted: `count`, `by`, `top`, `mean`, `fate`, `become` of survey
points; `shares`, `change`, `difference`, `ratio`, `over`, `rank`, `rank_change`, `yes` of published figures;
`define`, `facts` and `refuse` of acts. `python -m evals.gold.strangers_gold` writes every `expected` anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from math import cos, radians, sqrt
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "evals" / "samples" / "strangers.jsonl"
HIGHEST = 4_810
"""Metres: no point of Europe lies higher, what is written above is no elevation."""
KM_A_DEGREE = 111.2
ARABLE = ("B10", "B20", "B30", "B40", "B50", "B10-50_PI")
"""What German "Ackerland", Dutch "akkerland" and Hungarian "szántóföld" are in the code book: cropland less what is
permanent; the last are fields told from photographs."""


class Data:
    """The two sources as they are handed out."""

    def __init__(self, folder: Path) -> None:
        """Read the survey's points and the published shares; `NA` is no missing value in the latter."""
        self.points = pd.read_parquet(folder / "lucas" / "lucas_points_2015_2018.parquet")
        table = pd.read_csv(folder / "official_shares" / "lan_lcv_ovw_shares.csv", keep_default_na=False)
        self.shares = table[table.region.str.len() == 2]
        self.cell = table.set_index(["region", "class", "year"])["value"].sort_index()

    def share(self, code: str, land_cover: str, year: int | str) -> float:
        """Return a published share in per cent; `latest` is the last year that has one."""
        if land_cover == "arable":
            return round(sum(float(self.cell.get((code, one, year), 0)) for one in ARABLE), 1)
        if year == "latest":
            year = max(self.cell.loc[(code, land_cover)].dropna().index)
        return float(self.cell.loc[(code, land_cover, year)])

    def of(self, asked: Mapping[str, Any]) -> pd.DataFrame:
        """Return the survey's points that meet what is asked."""
        d = self.points
        d = d[d.year == asked["year"]] if "year" in asked else d
        if "in" in asked:
            d = d[_starts(d, asked["in"])]
        if "out" in asked:
            d = d[~_starts(d, asked["out"])]
        if "lc" in asked:
            d = d[d.lc1.str.startswith(tuple(asked["lc"]))]
        if "not_lc" in asked:
            d = d[~d.lc1.str.startswith(tuple(asked["not_lc"]))]
        if "lu" in asked:
            d = d[d.lu1.str.startswith(tuple(asked["lu"]))]
        if "above" in asked:
            d = d[(d.elev > asked["above"]) & (d.elev <= HIGHEST)]
        if "below" in asked:
            d = d[d.elev < asked["below"]]
        if "near" in asked:
            lon, lat, km = asked["near"]
            away = ((d.th_lat - lat) ** 2 + ((d.th_long - lon) * cos(radians(lat))) ** 2).map(sqrt) * KM_A_DEGREE
            d = d[away <= km]
        return d

    def fate(self, asked: Mapping[str, Any]) -> pd.DataFrame:
        """Return the points visited in both surveys that were what is asked in 2015, with what they were in 2018."""
        first = self.of({**asked, "year": 2015})
        both = first.merge(self.points[self.points.year == 2018], on="point_id", suffixes=("", "_to"))
        if "to" in asked:
            both = both[both.lc1_to.str.startswith(tuple(asked["to"]))]
        if "to_not" in asked:
            both = both[~both.lc1_to.str.startswith(tuple(asked["to_not"]))]
        return both


def _starts(d: pd.DataFrame, codes: Sequence[str]) -> pd.Series:
    return d.nuts0.isin(codes) | d.nuts1.isin(codes) | d.nuts2.isin(codes) | d.nuts3.isin(codes)


def expected(asked: Mapping[str, Any], data: Data) -> dict[str, Any]:
    """Return what a right answer says: its numbers, its places, or words of the nomenclature and the catalog."""
    kind, own = next(iter(asked.items()))
    match kind:
        case "count":
            return {"numbers": [len(data.of(own))]}
        case "counts":
            return {"numbers": [len(data.of(one)) for one in own]}
        case "count_ratio":
            one, other = (len(data.of(each)) for each in own)
            return {"numbers": [round(one / other, 2)]}
        case "by" | "top":
            return _rows(_grouped(data.of(own), own["by"]), own.get("k"))
        case "many":
            counts = _grouped(data.of(own), own["by"])
            return _rows(counts[counts >= own["least"]], None) | {"whole": True}
        case "mean":
            d = data.of({**own, "above": -1000})
            if "by" not in own:
                return {"numbers": [round(float(d.elev.mean()), 0)]}
            means = d.groupby(own["by"]).elev.mean().astype(float).round(0).nlargest(5)
            return {"numbers": list(means), "places": list(means.index)}
        case "fate":
            return {"numbers": [len(data.fate(own))]}
        case "become":
            rows = data.fate(own).lc1_to.str[0].value_counts()
            return {"numbers": [int(n) for n in rows.head(3)]}
        case "top_then":
            place = _grouped(data.of(own["first"]), own["first"]["by"]).index[0]
            return {"numbers": [len(data.of({**own["then"], "in": [place]}))], "places": [place]}
        case "shares":
            return {"numbers": [data.share(*one) for one in own]}
        case "difference":
            one, other = (data.share(*each) for each in own)
            return {"numbers": [round(abs(one - other), 1)]}
        case "ratio":
            one, other = (data.share(*each) for each in own)
            return {"numbers": [round(one / other, 2)]}
        case "change":
            code, land_cover, first, last = own
            change = data.share(code, land_cover, last) - data.share(code, land_cover, first)
            return {"numbers": [round(abs(change), 1)]}
        case "over":
            rows = _countries(data, own["class"], own["year"])
            kept = rows[rows > own["value"]] if own["sign"] == ">" else rows[rows < own["value"]]
            return {"places": sorted(kept.index), "whole": True}
        case "rank" | "rank_then":
            rows = _countries(data, own["class"], own["year"]).sort_values(ascending=own.get("way") == "least")
            if kind == "rank_then":
                place = rows.index[0]
                return {"numbers": [data.share(place, own["then"], own["year"])], "places": [place]}
            return {"numbers": list(rows.head(own["k"])), "places": list(rows.head(own["k"]).index)}
        case "rank_change":
            one, other = (_countries(data, own["class"], own[y]) for y in ("from", "to"))
            rows = (other - one).dropna().round(1).sort_values(ascending=own.get("way") == "least").head(own["k"])
            return {"numbers": [abs(v) for v in rows], "places": list(rows.index)}
        case "yes":
            value = data.share(*own["cell"])
            is_so = value > own["value"] if own["sign"] == ">" else value < own["value"]
            return {"numbers": [value], "verdict": "yes" if is_so else "no"}
        case "define":
            return {"words": own, "tool": "define_class"}
        case "facts":
            return {"words": own}
        case "refuse":
            return {"status": "refused", "words": own}
    raise ValueError(kind)


def _grouped(d: pd.DataFrame, by: str) -> pd.Series:
    """Return counts by a column, by main class or by month, the most first."""
    if by == "main":
        return d.lc1.str[0].value_counts()
    return d.survey_date.dt.month.value_counts() if by == "month" else d[by].value_counts()


def _rows(counts: pd.Series, k: int | None) -> dict[str, Any]:
    found = counts if k is None else counts.head(k)
    places = [str(p) for p in found.index if isinstance(p, str) and len(p) > 1]
    return {"numbers": [int(n) for n in found], "places": places}


def _countries(data: Data, land_cover: str, year: int) -> pd.Series:
    d = data.shares
    if land_cover == "arable":
        own = d[d["class"].isin(ARABLE) & (d.year == year)]
        return pd.to_numeric(own.value, errors="coerce").groupby(own.region).sum().round(1)
    d = d[(d["class"] == land_cover) & (d.year == year)]
    return pd.to_numeric(d.set_index("region").value, errors="coerce").dropna()


def main() -> None:
    """Recompute the gold of every line."""
    data = Data(Path(os.environ.get("LANDASK_SHARED_DATA", ROOT.parent / "shared" / "data")))
    lines = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    made = [{**line, "expected": expected(line["asked"], data)} for line in lines]
    SAMPLES.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in made), encoding="utf-8")


if __name__ == "__main__":
    main()
