"""Gold for questions of the published figures, by plain pandas over Eurostat's table; never through our own code.

`python -m evals.gold.statistics_gold` recomputes `expected` of every line of `evals/samples/statistics.jsonl` from its
`ask` and the CSV files of `official_shares`. `score` compares an answer with it, stage by stage. `ask` names region
codes, classes and years by hand; `codes` of one region are in the order of vintages, so that FRJ1 has FR81 beside it.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "evals" / "samples" / "statistics.jsonl"
MAIN = ["A00", "B00", "C00", "D00", "E00", "F00", "G00", "H00"]
KM2_OF = {"km2": 1.0, "ha": 100.0}
OFFICIAL = {"official_share", "rank_official", "compare_official", "change_official", "profile_region"}
STAGES = ("status", "tool", "region", "land_cover", "year", "value", "unit", "flag", "ranking", "words")


class Shares:
    """The two CSV files, looked up cell by cell."""

    def __init__(self, folder: Path) -> None:
        """Read both files; `NA` is no missing value here."""
        table = pd.read_csv(folder / "lan_lcv_ovw_shares.csv", keep_default_na=False)
        self.table = table
        self.cells = table.set_index(["region", "class", "year"])[["value", "flag"]]
        self.areas = pd.read_csv(folder / "region_area_km2.csv", keep_default_na=False).set_index("region")["area_km2"]
        self.years = sorted(table["year"].unique())

    def cell(self, codes: Sequence[str], land_cover: str, year: int) -> tuple[float, str, str] | None:
        """Return value, flag and code of the first code that has a row."""
        for code in codes:
            if (code, land_cover, year) in self.cells.index:
                value, flag = self.cells.loc[(code, land_cover, year)]
                return float(value), str(flag), code
        return None

    def share(self, codes: Sequence[str], land_cover: Sequence[str], year: int) -> tuple[float | None, str, str]:
        """Return the sum of some classes, its flag and its code; None where it is `n` or has no row."""
        found = [self.cell(codes, c, year) for c in land_cover]
        if len(found) == 1 and found[0] is None and land_cover[0] in MAIN:
            present = [c for c in codes if ((self.table.region == c) & (self.table.year == year)).any()]
            return (0.0, "zero", present[0]) if present else (None, "absent", "")
        known = [f for f in found if f is not None and f[1] != "n"]
        if not known:
            seen = [f for f in found if f is not None]
            return (None, "n", seen[0][2]) if seen else (None, "absent", "")
        return round(sum(f[0] for f in known), 1), "".join(sorted({f[1] for f in known})), known[0][2]

    def latest(self, codes: Sequence[str], land_cover: Sequence[str]) -> int:
        """Return the last year with a number."""
        return max(y for y in self.years if self.share(codes, land_cover, y)[0] is not None)


def expected(ask: Mapping[str, Any], shares: Shares) -> dict[str, Any]:
    """Return what is right for one question."""
    if ask["kind"] == "refuse":
        return {"status": "refused", "words": ask["words"]}
    made = {"share": _share, "rank": _rank, "change": _change, "compare": _compare, "profile": _profile}
    return {"status": "answered", **made[ask["kind"]](ask, shares)}


def _share(ask: Mapping[str, Any], shares: Shares) -> dict[str, Any]:
    codes, classes, unit = ask["codes"], ask["land_cover"], ask.get("unit", "%")
    year = ask.get("year") or shares.latest(codes, classes)
    value, flag, code = shares.share(codes, classes, year)
    if value is not None and unit != "%":
        value = value / 100 * float(shares.areas[code]) * KM2_OF[unit]
    return {
        "tool": ["official_share"], "regions": [ask["ids"]], "land_cover": classes, "years": [int(year)],
        "value": value, "unit": unit, "flag": flag, "code": code,
    }  # fmt: skip


def _rank(ask: Mapping[str, Any], shares: Shares) -> dict[str, Any]:
    levels = ask["level"] if isinstance(ask["level"], list) else [ask["level"]]
    rankings = [_ranking(ask, shares, level) for level in levels]
    first = rankings[0]
    return {
        "tool": ["rank_official"], "land_cover": ask["land_cover"], "years": [first["year"]],
        "value": first["values"][0], "unit": "%", "rankings": rankings,
    }  # fmt: skip


def _ranking(ask: Mapping[str, Any], shares: Shares, level: str) -> dict[str, Any]:
    length = {"country": 2, "nuts1": 3, "nuts2": 4}[level]
    t = shares.table
    t = t[(t["class"] == ask["land_cover"][0]) & (t.region.str.len() == length) & ~t.region.str.startswith("EU")]
    t = t[t.region.str.startswith(tuple(ask.get("within") or [""])) & (t.flag != "n")]
    year = ask.get("year") or int(t.year.max())
    most = ask.get("order", "most") == "most"
    t = t[t.year == year].sort_values(["value", "region"], ascending=[not most, True])
    n = ask.get("n", 3)
    values = [float(v) for v in t["value"]]
    kept = n
    while kept < len(values) and values[kept] == values[kept - 1]:
        kept += 1
    return {"level": level, "year": year, "codes": list(t.region[:kept]), "values": values[:kept], "asked": n}


def _change(ask: Mapping[str, Any], shares: Shares) -> dict[str, Any]:
    codes, classes = ask["codes"], ask["land_cover"]
    first, last = (shares.share(codes, classes, y)[0] for y in ask["years"])
    if first is None or last is None:
        raise ValueError(f"no figure for {ask}")
    return {
        "tool": ["change_official"], "regions": [ask["ids"]], "land_cover": classes, "years": ask["years"],
        "value": round(last - first, 1), "unit": "percentage points", "from": first, "to": last,
    }  # fmt: skip


def _compare(ask: Mapping[str, Any], shares: Shares) -> dict[str, Any]:
    classes = ask["land_cover"]
    year = ask.get("year") or min(shares.latest(codes, classes) for codes in ask["codes"])
    values = [shares.share(codes, classes, year)[0] for codes in ask["codes"]]
    return {
        "tool": ["compare_official"], "regions": ask["ids"], "land_cover": classes, "years": [int(year)],
        "values": values, "unit": "percentage points",
    }  # fmt: skip


def _profile(ask: Mapping[str, Any], shares: Shares) -> dict[str, Any]:
    codes = ask["codes"]
    year = ask.get("year") or shares.latest(codes, ["C00"])
    values = {c: shares.share(codes, [c], year)[0] for c in MAIN}
    return {"tool": ["profile_region"], "regions": [ask["ids"]], "years": [int(year)], "profile": values, "unit": "%"}


def score(sample: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, int | None]:
    """Return stage → 1 right, 0 wrong, None not asked of this sample; `right` is 1 where no stage is 0."""
    wanted = sample["expected"]
    stages: dict[str, int | None] = dict.fromkeys(STAGES)
    stages["status"] = int(answer.get("status") == wanted["status"])
    text = str(answer.get("text", ""))
    if wanted["status"] == "refused":
        said = text + " " + " ".join(answer.get("choices") or [])
        stages["words"] = int(all(any(w.casefold() in said.casefold() for w in _either(ws)) for ws in wanted["words"]))
    elif stages["status"]:
        found = [r for r in answer.get("results") or [] if r.get("tool") in OFFICIAL]
        stages |= _stages(wanted, found[0], text) if found else {"tool": 0}
    stages["right"] = int(all(v != 0 for v in stages.values()))
    return stages


def _stages(wanted: Mapping[str, Any], result: Mapping[str, Any], text: str) -> dict[str, int | None]:
    return {
        "tool": int(result["tool"] in wanted["tool"]),
        "region": _region_stage(wanted, result),
        "land_cover": int(set(result["land_cover"]) == set(wanted["land_cover"])) if "land_cover" in wanted else None,
        "year": int(set(wanted["years"]) <= set(result["years"])),
        "value": _value_stage(wanted, result),
        "unit": int(result["unit"] == wanted["unit"]),
        "flag": _flag_stage(wanted, result),
        "ranking": int(any(_ranks(r, result) for r in wanted["rankings"])) if "rankings" in wanted else None,
        "words": int(_says_value(wanted, text)),
    }


def _either(words: str | Sequence[str]) -> Sequence[str]:
    return [words] if isinstance(words, str) else words


def _region_stage(wanted: Mapping[str, Any], result: Mapping[str, Any]) -> int | None:
    if "regions" not in wanted:
        return None
    given = {region["id"] for region in result["regions"]}
    return int(all(given & set(_either(ids)) for ids in wanted["regions"]))


def _value_stage(wanted: Mapping[str, Any], result: Mapping[str, Any]) -> int | None:
    rows = _rows(result)
    if "profile" in wanted:
        given = {row["land_cover"]: row["value"] for row in rows}
        return int(all(_near(v, given.get(c)) for c, v in wanted["profile"].items()))
    if "values" in wanted:
        given = [row["value"] for row in rows if row["year"] == wanted["years"][-1]]
        return int(len(given) == len(wanted["values"]) and all(map(_near, sorted(wanted["values"]), sorted(given))))
    if "rankings" in wanted:
        return int(any(_near(r["values"][0], result["value"]) for r in wanted["rankings"]))
    return int(_near(wanted["value"], result["value"]))


def _flag_stage(wanted: Mapping[str, Any], result: Mapping[str, Any]) -> int | None:
    if wanted.get("flag", "zero") == "zero" or len(wanted["land_cover"]) > 1:
        return None
    return int(wanted["flag"] in {row["flag"] for row in _rows(result)})


def _near(wanted: float | None, given: Any) -> bool:
    """Whether two numbers are the same: to 0.05 below 1000, to 0.5 % above, where areas are rounded."""
    if wanted is None or given is None:
        return wanted is None and given is None
    return abs(wanted - given) <= max(0.0501, 0.005 * abs(wanted) if abs(wanted) > 1000 else 0.0)


def _ranks(ranking: Mapping[str, Any], result: Mapping[str, Any]) -> bool:
    """Whether the table's first rows are the ranking, equal values in any order."""
    rows = _rows(result)[: len(ranking["codes"])]
    n = min(len(rows), len(ranking["codes"]))
    if n < min(ranking["asked"], len(ranking["codes"])):
        return False
    values = all(map(_near, ranking["values"][:n], [row["value"] for row in rows]))
    last = ranking["values"][n - 1]
    sure = {code for code, value in zip(ranking["codes"], ranking["values"], strict=True) if value != last}
    return values and sure <= {row["code"] for row in rows} <= set(ranking["codes"])


def _rows(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    table = result.get("table") or {"columns": [], "rows": []}
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def _says_value(wanted: Mapping[str, Any], text: str) -> bool:
    """Whether the sentence names the year and, where there is one number in percent, that number."""
    if not all(str(y) in text for y in wanted["years"]):
        return False
    value = wanted.get("value")
    if value is None or wanted["unit"] not in ("%", "percentage points") or value == 0:
        return True
    number = f"{abs(value):.1f}"
    forms = {number, number.replace(".", ","), number.removesuffix(".0")}
    return any(form in text for form in forms)


def read_samples(path: Path = SAMPLES) -> list[dict[str, Any]]:
    """Return the samples in file order."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def main(arguments: Sequence[str] | None = None) -> None:
    """Recompute `expected` of every sample."""
    default = os.environ.get("LANDASK_SHARED_DATA", ROOT.parent / "shared" / "data")
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument(
        "--shares", type=Path, default=Path(default) / "official_shares", help="folder of the CSV files"
    )
    shares = Shares(parser.parse_args(arguments).shares)
    lines = [json.dumps(s | {"expected": expected(s["ask"], shares)}, ensure_ascii=False) for s in read_samples()]
    SAMPLES.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
