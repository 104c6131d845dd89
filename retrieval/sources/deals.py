"""The registry: land deals as Land Matrix records them, one row a deal. Says what is known of deals, not of land.

A deal may have several crops, purposes, investors and natures: asked for one of them it is one deal, split by them it
stands in each row, so that rows do not add up to the total. Hectares are as reported; "in operation" is the area in
production (`production_ha`), not the size of the deals that are in operation.
"""

from __future__ import annotations

from collections.abc import Mapping

from retrieval.deal_terms import ANSWERS, terms, world_regions
from retrieval.sources.kinds import Dimension, Measure, source

UNKNOWN = "UNKNOWN"
"""What stands for a state that is not known; Land Matrix' own interface takes the same word."""

NEAR = "deal_id IN (SELECT deal_id FROM deal_locations WHERE accuracy IS DISTINCT FROM 'COUNTRY' AND {test})"
"""A deal is near, or inside, where one of its locations is; a location known to the country only is nowhere near."""

STATES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "signed_year": ("negotiation", ("CONTRACT_SIGNED",)),
    "concluded_year": ("negotiation", ("ORAL_AGREEMENT", "CONTRACT_SIGNED", "CHANGE_OF_OWNERSHIP")),
    "failed_year": ("negotiation", ("NEGOTIATIONS_FAILED", "CONTRACT_CANCELED")),
    "expired_year": ("negotiation", ("CONTRACT_EXPIRED",)),
    "running_year": ("implementation", ("IN_OPERATION",)),
    "abandoned_year": ("implementation", ("PROJECT_ABANDONED",)),
}
"""Dimension → the states whose first year in a deal's history it is, whatever has become of it since."""

PARENTS = "CASE WHEN operating_company IS NULL THEN investor_ids ELSE investor_ids[2:] END"
"""The top parent companies of a deal: its investors less the operating company, which comes first."""

SIZES = {"size_ha": "hectares", "contract_ha": "contract", "production_ha": "production", "intended_ha": "intended"}
"""Column → the measure that sums it."""


def _parents(field: str) -> Mapping[str, tuple[str, ...]]:
    """Return group → codes below it: AGRICULTURE, CONCLUDED …"""
    found: dict[str, tuple[str, ...]] = {}
    for term in terms()[field].values():
        if term.parent:
            found[term.parent] = (*found.get(term.parent, ()), term.code)
    return found


def _coded(name: str, field: str, sql: str, *, many: bool = False) -> Dimension:
    codes = (*terms()[field], *(() if many else (UNKNOWN,)))
    return Dimension(name, "word", sql if many else f"coalesce({sql}, '{UNKNOWN}')", many=many, codes=codes,
                     parents=_parents(field))  # fmt: skip


def _yes_no(name: str) -> Dimension:
    sql = f"CASE {name} WHEN true THEN 'yes' WHEN false THEN 'no' ELSE '{UNKNOWN}' END"
    return Dimension(name, "word", sql, codes=("yes", "no", UNKNOWN))


def _in_state(name: str) -> str:
    """Return SQL of the year in which a deal first came into a state; of contracts each year that one was signed."""
    field, codes = STATES[name]
    listed = ", ".join(f"'{code}'" for code in codes)
    years = "list(h.year)" if name == "signed_year" else "[min(h.year)]"
    return f"""(SELECT {years} FROM deal_history AS h WHERE h.deal_id = deals.deal_id AND h.field = '{field}'
    AND h.code IN ({listed}) AND h.year IS NOT NULL)"""


def _kinds(ids: str) -> str:
    """Return SQL of the kinds of some of a deal's investors."""
    return (
        f"(SELECT list(DISTINCT i.kind) FROM investors AS i WHERE list_contains({ids}, i.investor_id) AND i.kind <> '')"
    )


DEALS = source(
    name="deals",
    about="Land deals as Land Matrix records them, one row a deal, hectares as reported, all over the world.",
    dataset="deals",
    relation="deals",
    dimensions=[
        Dimension("deal", "number", "deal_id"),
        Dimension("place", "word", "places", many=True),
        Dimension("country", "word", "country"),
        Dimension("region", "word", "'m49:' || lpad(region_number::VARCHAR, 3, '0')"),
        Dimension("position", "position", "km_between($lon, $lat, lon, lat)", "km", inside=NEAR),
        Dimension("area", "outline", "", inside=NEAR),
        Dimension("year", "year", "year"),
        *(Dimension(name, "year", _in_state(name), many=True) for name in STATES),
        Dimension("size", "number", "size_ha", "ha"),
        Dimension("contract_size", "number", "contract_ha", "ha"),
        Dimension("production_size", "number", "production_ha", "ha"),
        _coded("negotiation", "negotiation", "negotiation"),
        _coded("implementation", "implementation", "implementation"),
        _coded("intention", "intention", "intentions", many=True),
        _coded("crop", "crop", "crops", many=True),
        _coded("animal", "animal", "animals", many=True),
        _coded("mineral", "mineral", "minerals", many=True),
        _coded("nature", "nature", "natures", many=True),
        _coded("former_cover", "former_cover", "former_cover", many=True),
        _coded("former_use", "former_use", "former_use", many=True),
        _coded("former_owner", "former_owner", "former_owner", many=True),
        _coded("impact", "impact", "impacts", many=True),
        _coded("water_source", "water_source", "water_sources", many=True),
        _coded("investor_kind", "investor_kind", "investor_kinds", many=True),
        _coded("community_reaction", "community_reaction", "community_reaction"),
        _coded("community_consultation", "community_consultation", "community_consultation"),
        Dimension("investor", "word", "investors", many=True),
        Dimension("investor_country", "word", "investor_countries", many=True, parents=world_regions()),
        Dimension("investor_id", "number", "investor_ids", many=True),
        Dimension("parent_id", "number", PARENTS, many=True),
        _coded("parent_kind", "investor_kind", _kinds(PARENTS), many=True),
        Dimension("operating_id", "number", "operating_company"),
        _coded("operating_kind", "investor_kind", _kinds("[operating_company]"), many=True),
        Dimension(
            "operating_country",
            "word",
            "(SELECT min(i.country) FROM investors AS i WHERE i.investor_id = operating_company)",
            parents=world_regions(),
        ),
        Dimension("operating", "word", "company"),
        _yes_no("transnational"),
        _yes_no("forest_concession"),
        *(_yes_no(name) for name in ANSWERS),
        Dimension("point", "point", "deal_id"),
    ],
    measures=[
        Measure("deals", "count(*){filter}", "deals"),
        *(
            Measure(name, f"round(coalesce(sum({column}){{filter}}, 0), 2)", "ha", concept="land under deals", digits=2)
            for column, name in SIZES.items()
        ),
        *(
            Measure(f"{name}_known", f"count({column}){{filter}}", "deals", concept="looked at")
            for column, name in SIZES.items()
        ),
        Measure("mean_size", "round(avg(size_ha){filter}, 1)", "ha", concept="size of a deal", digits=1),
        Measure("median_size", "round(median(size_ha){filter}, 1)", "ha", concept="size of a deal", digits=1),
        Measure("largest_size", "max(size_ha){filter}", "ha", concept="size of a deal", digits=2),
        Measure("smallest_size", "min(size_ha){filter}", "ha", concept="size of a deal", digits=2),
        Measure("year_known", "count(year){filter}", "deals", concept="looked at"),
        *(
            Measure(f"{name}_known", f"count({_in_state(name)}){{filter}}", "deals", concept="looked at")
            for name in STATES
        ),
        Measure("first_year", "min(year){filter}", "", concept="year"),
        Measure("last_year", "max(year){filter}", "", concept="year"),
        Measure("countries", "count(DISTINCT country){filter}", "countries", concept="countries"),
    ],
    points={
        "deal_id": "deal_id",
        "country": "country",
        "size_ha": "size_ha",
        "contract_ha": "contract_ha",
        "production_ha": "production_ha",
        "intended_ha": "intended_ha",
        "negotiation": "negotiation",
        "implementation": "implementation",
        "year": "year",
        "intentions": "intentions",
        "crops": "crops",
        "animals": "animals",
        "minerals": "minerals",
        "natures": "natures",
        "company": "company",
        "investors": "investors",
        "investor_countries": "investor_countries",
    },
    caveats=("deals_missing",),
)
