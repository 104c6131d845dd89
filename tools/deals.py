"""Asks the registry of land deals one typed query and names what it found. Does not choose what to ask.

A thin coat over `tools/query.py`: codes become names in the asker's language, deals get their places on the map, and
deals without a figure are counted beside every sum.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from retrieval.deal_terms import DEFAULT_FILTER, by_place, plain, terms
from retrieval.deal_words import label, place_name, world_region
from retrieval.errors import NoRecords
from retrieval.query import Column, Query
from retrieval.sources.deals import DEALS, SIZES, STATES, UNKNOWN
from retrieval.store import Store
from retrieval.types import Region, Table
from tools.context import Context
from tools.query import answer
from tools.result import Caveat, Result

SOURCE = "deals"
FIELD_OF = {"intentions": "intention", "crops": "crop", "animals": "animal", "minerals": "mineral",
            "natures": "nature"}  # fmt: skip
"""Column of a single deal → the field its codes are of."""
PLACES = ("country", "region", "place", "investor_country", "investor_countries")
YEARS = (*STATES, "year")
"""Years a deal may be asked by: in which it came into a state, in which it began."""
MEASURES = tuple(SIZES.values())
"""Sums of hectares."""
MEANS = ("mean_size", "median_size")
SUMMED = (*MEASURES, *MEANS)
COMPANY_WORDS = frozenset(
    (
        *("ltd", "limited", "llc", "inc", "corp", "corporation", "co", "company", "sa", "ag", "gmbh", "srl", "plc"),
        *("group", "sarl", "bv", "nv", "spa", "ltda", "pty", "holding", "holdings", "unknown", "person", "the"),
        *("of", "and", "de"),
    )
)
"""Words of company names that name no company."""


@dataclass(frozen=True)
class Known:
    """What a store knows of deals, for reading questions."""

    targets: Mapping[str, int] = field(default_factory=dict)
    """Country → deals there."""
    investing: Mapping[str, int] = field(default_factory=dict)
    """Country → deals with an investor from there."""
    investors: Mapping[str, tuple[tuple[str, int], ...]] = field(default_factory=dict)
    """Word of a name, plain → whole plain names with ids."""
    locations: bool = False

    def investors_called(self, text: str) -> list[int]:
        """Return the ids of investors whose name is this, or holds it word for word."""
        words = plain(text).split()
        if not words or words[0] not in self.investors or all(w in COMPANY_WORDS for w in words):
            return []
        if len(words) == 1 and len(words[0]) < 4:
            return []
        wanted = " ".join(words)
        return [id for name, id in self.investors[words[0]] if f" {wanted} " in f" {name} "]


def has_deals(store: Store) -> bool:
    """Return whether a store holds land deals."""
    return any(dataset.kind == SOURCE for dataset in store.datasets())


@lru_cache(maxsize=4)
def known(store: Store) -> Known:
    """Return what a store knows of deals, read once."""
    rows = list(store.query("deals_known").dicts())
    investors: dict[str, list[tuple[str, int]]] = {}
    for row in store.query("deals_investors").dicts():
        name = plain(row["name"])
        if name:
            for word in dict.fromkeys(name.split()):
                investors.setdefault(word, []).append((name, row["investor_id"]))
    return Known(
        {row["place"]: row["targets"] for row in rows if row["targets"]},
        {row["place"]: row["investing"] for row in rows if row["investing"]},
        {word: tuple(names) for word, names in investors.items()},
        bool(store.query("deals_located").rows[0][0]),
    )


def deals(
    context: Context,
    *,
    columns: Sequence[Any] = (),
    where: Sequence[Any] = (),
    rows: Sequence[Any] = (),
    having: Sequence[Any] = (),
    order: Sequence[Any] = (),
    limit: int | None = None,
    fold: Any = None,
    lead: str = "",
    act: str = "",
) -> Result:
    """Ask Land Matrix' registry of land deals: which, how many, how many hectares, by country, crop, investor, year.

    Use for land deals, investors, concessions, land grabs, and for places outside Europe. Hectares are as reported;
    `production` is what is in operation. `act` says how the answer is worded: list, count, sum, rows, share, deal …
    """
    if not has_deals(context.store):
        raise NoRecords("land deals", "fetch landmatrix", "deals_missing")
    given = {"source": SOURCE, "columns": columns, "where": where, "rows": rows, "having": having, "order": order}
    asked = Query.from_json({**given, "limit": limit, "fold": fold, "lead": lead})
    of_deals = any(group.dimension == "point" for group in asked.rows)
    found = answer(asked if of_deals else _with_known(asked), context)
    arguments = {k: v for k, v in asked.to_json().items() if k != "source"}
    named = replace(found, tool="deals", arguments={**arguments, **({"act": act} if act else {})}, told=())
    return _of_deals(named, asked, context) if of_deals else _of_rows(named, asked, context)


def _with_known(asked: Query) -> Query:
    """Return the query with the deals in all and, beside every sum of hectares, how many have such a figure."""
    columns = list(asked.columns)
    for column in asked.columns:
        if column.measure in MEASURES:
            columns.append(Column(f"{column.name}_known", f"{column.measure}_known", column.where))
    if not any(c.measure == "deals" and not c.where for c in columns) and not asked.fold:
        columns.append(Column("deals", "deals"))
    return replace(asked, columns=tuple(columns))


# --- single deals ------------------------------------------------------------------------------------------------


def _of_deals(result: Result, asked: Query, context: Context) -> Result:
    assert result.table is not None
    rows = list(result.table.dicts())
    named = [{name: cell(name, value, context.language) for name, value in row.items()} for row in rows]
    columns = result.table.columns
    table = Table(columns, tuple(tuple(row.values()) for row in named), result.table.sql, result.table.parameters)
    sizes = [row["size_ha"] for row in rows if row["size_ha"] is not None]
    ordered = bool(asked.order) and asked.order[0].column == "size_ha"
    ids = [row["deal_id"] for row in rows]
    features, spots = _features(rows, context)
    return replace(
        result,
        value=len(rows),
        unit="deals",
        regions=_regions(asked, [row["country"] for row in rows], context),
        years=(),
        table=table,
        features=features,
        facts={
            "deals": len(rows),
            "hectares": round(sum(sizes), 2),
            "known": len(sizes),
            "ordered": ordered,
            "ids": ids,
            "places": _named_places(asked, context.language),
            "without": len(rows) - len(sizes),
            "more": max(0, len(rows) - 12),
            **spots,
        },
        caveats=(*_kept(result.caveats), *_accuracy(spots, context), *_always(result, asked, context)),
    )


def cell(name: str, value: Any, language: str) -> Any:
    """Return a cell as a person reads it: codes by their names, lists joined, whole hectares without a fraction."""
    if isinstance(value, list | tuple):
        return ", ".join(str(cell(name, one, language)) for one in value)
    if value is None:
        return None
    if name in PLACES:
        return place_name(str(value), language)
    field_name = FIELD_OF.get(name, name)
    if field_name in terms() and isinstance(value, str):
        return label(field_name, value, language)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _features(rows: Sequence[Mapping[str, Any]], context: Context) -> tuple[dict[str, Any] | None, dict[str, int]]:
    """Points where a location is known, a disc for the country where none is; never a point for "in the country"."""
    by_id = {row["deal_id"]: row for row in rows}
    spots = list(context.store.query("deals_locations", deals=list(by_id)).dicts()) if by_id else []
    placed = [spot for spot in spots if spot["accuracy"] != "COUNTRY"]
    features = [_dot(spot, by_id[spot["deal_id"]], context) for spot in placed]
    unplaced = [row for id, row in by_id.items() if id not in {spot["deal_id"] for spot in placed} and row["country"]]
    features += _discs(unplaced, context)
    vague = sum(spot["accuracy"] not in ("COORDINATES", "EXACT_LOCATION") for spot in placed)
    counts = {"locations": len(spots), "vague": vague, "discs": len({row["country"] for row in unplaced})}
    return ({"type": "FeatureCollection", "features": features} if features else None), counts


def _dot(spot: Mapping[str, Any], row: Mapping[str, Any], context: Context) -> dict[str, Any]:
    exact = spot["accuracy"] in ("COORDINATES", "EXACT_LOCATION")
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [spot["lon"], spot["lat"]]},
        "properties": {
            "deal_id": row["deal_id"], "name": spot["name"] or f"deal {row['deal_id']}",
            "accuracy": spot["accuracy"], "exact": exact, "size_ha": row["size_ha"],
            "country": place_name(row["country"], context.language),
            "intentions": cell("intentions", row["intentions"], context.language),
            "url": f"https://landmatrix.org/deal/{row['deal_id']}/",
        },
    }  # fmt: skip


def _discs(rows: Sequence[Mapping[str, Any]], context: Context) -> list[dict[str, Any]]:
    by_country: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_country.setdefault(row["country"], []).append(row)
    middles = _middles(context.store)
    return [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [*middles[place.split(":")[1]]]},
            "properties": {
                "name": place_name(place, context.language), "accuracy": "COUNTRY", "deals": len(of_place),
                "disc": True, "deal_ids": [row["deal_id"] for row in of_place],
            },
        }
        for place, of_place in sorted(by_country.items(), key=lambda one: one[0].split(":")[1])
        if place.split(":")[1] in middles
    ]  # fmt: skip


@lru_cache(maxsize=4)
def _middles(store: Store) -> Mapping[str, tuple[float, float]]:
    """Return country → the middle of its towns, longitude first, read once."""
    return {row["country"]: (row["lon"], row["lat"]) for row in store.query("deals_discs").dicts()}


def _accuracy(spots: Mapping[str, int], context: Context) -> tuple[Caveat, ...]:
    if spots["discs"] and not known(context.store).locations:
        return (("deals_no_locations", {}),)
    return (("deals_accuracy", {"n": spots["vague"], "of": spots["locations"]}),) if spots["vague"] else ()


# --- rows of several deals ---------------------------------------------------------------------------------------


def _of_rows(result: Result, asked: Query, context: Context) -> Result:
    assert result.table is not None
    grouped = [] if asked.fold else [group.dimension for group in asked.rows]
    columns: list[str] = []
    for name in result.table.columns:
        columns += [f"{name}_id", name] if name in grouped and name not in ("year", "investor") else [name]
    rows = []
    for row in result.table.dicts():
        cells: list[Any] = []
        for name, value in row.items():
            shown = _member(name, value, context.language) if name in grouped else cell(name, value, context.language)
            cells += [value, shown] if f"{name}_id" in columns else [shown]
        rows.append(tuple(cells))
    table = Table(tuple(columns), tuple(rows), result.table.sql, result.table.parameters)
    first = dict(zip(columns, rows[0], strict=True)) if rows else {}
    places = [str(row[columns.index(f"{name}_id")]) for name in grouped if name in ("country", "place") for row in rows]
    value = result.value
    if not grouped and value is None and rows:
        value = first.get(asked.headline.name) if asked.headline else None
    several = any(DEALS.dimensions[name].many for name in grouped if name != "place")
    overlap = (("deals_overlap", {}),) if several and len(rows) > 1 else ()
    return replace(
        result,
        table=table,
        value=cell("", value, context.language),
        unit=result.unit,
        years=tuple(y for y in result.years if 2000 <= y <= 2100),
        regions=_regions(asked, places, context),
        features=None,
        facts={
            **result.facts,
            "rows": len(rows),
            "none": not rows and not asked.having and not _any(asked, context),
            "places": _named_places(asked, context.language),
            "more": max(0, len(rows) - 12),
            **_told(first if not grouped else {}),
        },
        caveats=(*_kept(result.caveats), *overlap, *_always(result, asked, context)),
    )


def _any(asked: Query, context: Context) -> bool:
    """Return whether any deal fits, though none has a row: of none it is known what the rows are of."""
    found = answer(Query(SOURCE, columns=(Column("deals", "deals"),), where=asked.where), context)
    return bool(found.value)


def _named_places(asked: Query, language: str) -> list[str]:
    """Return the names of the places that a question's filters name: left out, or where investors are from."""
    return [place_name(str(v), language) for f in asked.where if isinstance(f.values, tuple)
            for v in f.values if isinstance(v, str) and ":" in v]  # fmt: skip


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the cells of a single row, and how many deals each of its figures lacks."""
    lacking = {f"without_{name}": row["deals"] - n for name, n in row.items()
               if name.endswith("_known") and row.get("deals") is not None and isinstance(n, int)}  # fmt: skip
    return {**row, **lacking}


def _member(name: str, value: Any, language: str) -> Any:
    if value == UNKNOWN:
        return label("implementation", UNKNOWN, language)
    if isinstance(value, str) and "+" in value:
        return " + ".join(str(_member(name, one, language)) for one in value.split("+"))
    return cell(name, value, language)


def _always(result: Result, asked: Query, context: Context) -> tuple[Caveat, ...]:
    """Which export and which filter an answer stands on, and what the registry cannot prove."""
    where = list(asked.to_json().get("where", []))
    left_out = _without_year(asked, context)
    every: list[Caveat] = [("deals_years_unknown", {"n": left_out})] if left_out else []
    every += [("deals_export", {"version": result.provenance.version, "where": where}), ("deals_missing", {})]
    if DEFAULT_FILTER in result.provenance.version:
        every.append(("deals_filtered", {}))
    return tuple(every)


def _without_year(asked: Query, context: Context) -> int:
    """Return how many deals fit but for a year that is not known: they are counted apart."""
    name = next((name for name in YEARS if asked.filters(name)), "")
    if not name:
        return 0
    where = tuple(f for f in asked.where if f.dimension not in YEARS)
    columns = (Column("deals", "deals"), Column("known", f"{name}_known"))
    found = answer(Query(SOURCE, columns=columns, where=where), context)
    row = next(found.table.dicts()) if found.table else {"deals": 0, "known": 0}
    return int(row["deals"]) - int(row["known"])


def _kept(caveats: Sequence[Caveat]) -> tuple[Caveat, ...]:
    """Return the caveats that are of deals too: not of points, and not that a list of the biggest ends somewhere."""
    return tuple(one for one in caveats if one[0] not in ("deals_missing", "points_not_area", "rows_cut"))


def _regions(asked: Query, of_rows: Sequence[str], context: Context) -> tuple[Region, ...]:
    """Return the places of the question, else those of the rows."""
    own = [str(v) for f in asked.filters("place") if f.op == "in" and isinstance(f.values, tuple) for v in f.values]
    ids = own or [id for row in of_rows if row for id in str(row).split("+")]
    return tuple(region_of(id, context) for id in dict.fromkeys(ids) if re.match(r"[a-z0-9]+:", id))


def region_of(id: str, context: Context) -> Region:
    """Return a country or a region of the world as a region, by its name in the asker's language."""
    if id.startswith("m49:"):
        return world_region(f"world:{id.removeprefix('m49:')}", context.language)
    if id in by_place():
        return Region(id, place_name(id, context.language), "foreign", id.split(":")[1], None, None, None,
                      SOURCE, "", "CC BY 4.0")  # fmt: skip
    return context.named(id)
