"""One plan, three notations: ours, the address of landmatrix.org's interface, and the GraphQL it served until 2024.

Written from the plan by rules and read back; nothing is fetched. The interface takes one country or one region a
request (of several it keeps the last), so several places are several addresses. What it cannot filter by is named.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from retrieval.deal_terms import REGION_NUMBERS, by_number, by_place, expanded, world_regions
from retrieval.errors import BadArgument
from retrieval.query import Filter, Query

BASE = "https://landmatrix.org/api/deals/"
LISTS = {"negotiation": "negotiation_status", "implementation": "implementation_status", "nature": "nature",
         "intention": "intention_of_investment", "crop": "crops", "animal": "animals",
         "mineral": "minerals"}  # fmt: skip
"""Dimension → the parameter that is repeated once a code."""
FLAGS = ("transnational", "forest_concession")
GRAPHQL = {"negotiation": "current_negotiation_status", "implementation": "current_implementation_status",
           "nature": "nature_of_deal", "intention": "current_intention_of_investment", "crop": "current_crops",
           "animal": "current_animals", "mineral": "current_mineral_resources"}  # fmt: skip
SCALAR = ("negotiation", "implementation")
FIELDS = ("id", "country { id name }", "deal_size", "current_contract_size", "current_production_size",
          "initiation_year", "current_negotiation_status", "current_implementation_status",
          "current_intention_of_investment", "current_crops")  # fmt: skip


@dataclass(frozen=True)
class Notation:
    """A plan in another notation."""

    texts: tuple[str, ...]
    """One address a place; one GraphQL query."""
    left_out: tuple[str, ...] = ()
    """Dimensions that the notation has no filter for: applied here, not there."""


def to_rest(query: Query) -> Notation:
    """Return the addresses whose deals together are the plan's, and what must be done to them here."""
    shared: list[tuple[str, str]] = []
    left_out: list[str] = []
    placed: list[list[tuple[str, str]]] = [[]]
    for one in query.where:
        if one.dimension == "place" and one.op == "in":
            placed = [[pair] for pair in _places(one)]
        elif (pairs := _parameters(one)) is not None:
            shared += pairs
            left_out += [one.dimension] if one.dimension == "size" and one.op in ("above", "below") else []
        else:
            left_out.append(one.dimension)
    addresses = [f"{BASE}?{urlencode([*place, *shared, ('subset', 'PUBLIC')])}" for place in placed]
    return Notation(tuple(addresses), tuple(dict.fromkeys(left_out)))


def _places(one: Filter) -> list[tuple[str, str]]:
    """Return one parameter a request: a region the source knows, else each country."""
    pairs: list[tuple[str, str]] = []
    for value in one.values if isinstance(one.values, tuple) else ():
        if value in REGION_NUMBERS:
            pairs.append(("region_id", str(REGION_NUMBERS[str(value)])))
        else:
            countries = world_regions().get(str(value), (str(value),))
            pairs += [("country_id", str(by_place()[c].number)) for c in countries if c in by_place()]
    return list(dict.fromkeys(pairs))


def _parameters(one: Filter) -> list[tuple[str, str]] | None:
    """Return the parameters of one filter, None where the interface has none for it."""
    values = list(one.values) if isinstance(one.values, tuple) else []
    if one.op == "in" and one.dimension in LISTS:
        codes = [*expanded(one.dimension, map(str, values)), *(["UNKNOWN"] if "UNKNOWN" in values else [])]
        return [(LISTS[one.dimension], code) for code in codes]
    if one.dimension in FLAGS and values in (["yes"], ["no"]):
        return [(one.dimension, str((values == ["yes"]) == (one.op == "in")).lower())]
    if one.dimension == "investor_country" and one.op == "in" and len(values) == 1 and values[0] in by_place():
        return [("parent_company_country_id", str(by_place()[str(values[0])].number))]
    if one.dimension in ("size", "year"):
        low, high = _ends(one)
        name = "area" if one.dimension == "size" else "initiation_year"
        if one.op == "not_in" or (one.op == "in" and len(values) != 1) or not _whole(low, high):
            return None
        ends = (("min", low), ("max", high))
        return [(f"{name}_{end}", str(int(value))) for end, value in ends if value is not None]
    return None


def _ends(one: Filter) -> tuple[Any, Any]:
    values = one.values if isinstance(one.values, tuple) else ()
    step = 1 if one.dimension == "year" else None
    match one.op:
        case "between":
            return values[0], values[1]
        case "above":
            return (values[0] + step if step else values[0]), None  # ty: ignore[unsupported-operator]
        case "below":
            return None, (values[0] - step if step else values[0])  # ty: ignore[unsupported-operator]
    return values[0], values[0]


def _whole(*values: Any) -> bool:
    return all(value is None or float(value).is_integer() for value in values)


def from_rest(address: str) -> Query:
    """Return the plan of an address copied from landmatrix.org, its list, map or interface.

    Raises:
        BadArgument: it is no address of Land Matrix, or a value in it is none that Land Matrix has.
    """
    parts = urlsplit(address.strip())
    if parts.hostname not in ("landmatrix.org", "www.landmatrix.org"):
        raise BadArgument(f"{address[:80]!r} is no address of landmatrix.org")
    given = parse_qs(parts.query)
    where = [*_place_of(given)]
    for dimension, name in LISTS.items():
        if codes := given.get(name):
            known = [*expanded(dimension, codes), *(["UNKNOWN"] if "UNKNOWN" in codes else [])]
            if unknown := [code for code in codes if code not in known]:
                raise BadArgument(f"Land Matrix has no {dimension} {unknown[0]!r}")
            where.append(Filter(dimension, "in", tuple(codes)))
    for name, dimension in (("area", "size"), ("initiation_year", "year")):
        low, high = (_number(given, f"{name}_{end}") for end in ("min", "max"))
        if low is not None or high is not None:
            same = low is not None and low == high
            where.append(Filter(dimension, "in", (low,)) if same else Filter(dimension, "between", (low, high)))
    for name in FLAGS:
        if value := given.get(name):
            where.append(Filter(name, "in", ("yes" if value[-1] == "true" else "no",)))
    if number := _number(given, "parent_company_country_id"):
        where.append(Filter("investor_country", "in", (_country(number),)))
    return Query.from_json({"source": "deals", "rows": [{"dimension": "point"}], "where": [_plain(f) for f in where],
                            "order": [{"column": "deal_id", "way": "fewest"}], "limit": 10_000})  # fmt: skip


def _plain(one: Filter) -> Mapping[str, Any]:
    return {
        "dimension": one.dimension,
        "op": one.op,
        "values": list(one.values if isinstance(one.values, tuple) else ()),
    }


def _place_of(given: Mapping[str, Sequence[str]]) -> Iterable[Filter]:
    """The place of an address: the last value of each parameter, as the server reads it."""
    number = _number(given, "region_id")
    if number is not None:
        places = {value: place for place, value in REGION_NUMBERS.items()}
        if number not in places:
            raise BadArgument(f"Land Matrix has no region {number}")
        yield Filter("place", "in", (places[number],))
    number = _number(given, "country_id")
    if number is not None:
        yield Filter("place", "in", (_country(number),))


def _country(number: int) -> str:
    if number not in by_number():
        raise BadArgument(f"Land Matrix has no country {number}")
    return by_number()[number].place


def _number(given: Mapping[str, Sequence[str]], name: str) -> int | None:
    if not given.get(name):
        return None
    value = given[name][-1]
    if not re.fullmatch(r"\d{1,12}", value):
        raise BadArgument(f"{name} is a number, not {value[:40]!r}")
    return int(value)


# --- the interface it had ----------------------------------------------------------------------------------------


def to_graphql(query: Query) -> Notation:
    """Return the plan as one GraphQL query; `limit: 0` gets all, where the schema's default cut at 20."""
    filters: list[str] = []
    left_out: list[str] = []
    for one in query.where:
        made = _graphql_filters(one)
        if made is None:
            left_out.append(one.dimension)
        else:
            filters += made
    inside = ", ".join(filters)
    text = f"query {{\n  deals(limit: 0, subset: PUBLIC, filters: [{inside}]) {{\n    "
    return Notation((text + "\n    ".join(FIELDS) + "\n  }\n}",), tuple(dict.fromkeys(left_out)))


def _graphql_filters(one: Filter) -> list[str] | None:
    values = list(one.values) if isinstance(one.values, tuple) else []
    without = one.op == "not_in"
    if one.dimension == "place":
        return _graphql_places(values, without)
    if one.dimension in GRAPHQL and one.op in ("in", "not_in") and "UNKNOWN" not in values:
        codes = expanded(one.dimension, map(str, values))
        how = "IN" if one.dimension in SCALAR else "OVERLAP"
        return [_graphql_filter(GRAPHQL[one.dimension], how, codes, without)]
    if one.dimension in FLAGS and values in (["yes"], ["no"]):
        return [_graphql_filter(one.dimension, "EQ", ["true" if values == ["yes"] else "false"], without)]
    if one.dimension == "investor_country":
        numbers = [by_place()[p].number for p in _countries(values)]
        return [_graphql_filter("parent_companies.country.id", "OVERLAP", numbers, without)]
    if one.dimension in ("size", "year") and one.op != "not_in":
        name = "deal_size" if one.dimension == "size" else "initiation_year"
        if one.op in ("above", "below"):
            return [_graphql_filter(name, "GT" if one.op == "above" else "LT", values, False)]
        if one.op == "in":
            return [_graphql_filter(name, "IN", values, False)]
        ends = zip(("GE", "LE"), values, strict=True)
        return [_graphql_filter(name, how, [value], False) for how, value in ends if value is not None]
    return None


def _graphql_places(values: Sequence[Any], without: bool) -> list[str]:
    """Return one filter on the country: regions are taken apart, since filters hold together."""
    if len(values) == 1 and values[0] in REGION_NUMBERS:
        return [_graphql_filter("country.region.id", "EQ", [REGION_NUMBERS[str(values[0])]], without)]
    return [_graphql_filter("country.id", "IN", [by_place()[p].number for p in _countries(values)], without)]


def _countries(values: Sequence[Any]) -> list[str]:
    """Return the countries of some places, regions of the world taken apart."""
    places = (p for v in values for p in world_regions().get(str(v), (str(v),)) if p in by_place())
    return list(dict.fromkeys(places))


def _graphql_filter(name: str, how: str, values: Iterable[Any], without: bool) -> str:
    listed = ", ".join(f'"{value:g}"' if isinstance(value, int | float) else f'"{value}"' for value in values)
    exclusion = ", exclusion: true" if without else ""
    return f'{{field: "{name}", operation: {how}, value: [{listed}]{exclusion}}}'


def notations(plan: Mapping[str, Any] | None) -> list[tuple[str, Notation]]:
    """Return REST and GraphQL of each deals query of a plan: name → notation."""
    found: list[tuple[str, Notation]] = []
    for step in (plan or {}).get("steps", ()):
        if step["tool"] == "deals":
            query = Query.from_json({"source": "deals", **{k: v for k, v in step["arguments"].items() if k != "act"}})
            for name, made in (("rest", to_rest(query)), ("graphql", to_graphql(query))):
                if (name, made) not in found:
                    found.append((name, made))
    return found
