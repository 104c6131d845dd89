"""A Land Matrix in small: invented deals in the form of the export, and the answers its interface would give of them.

For tests, evaluation and trying things out without the network; everything in it is drawn at random and marked so. The
REST rules are those of the site's source: the last value of a repeated single parameter counts, lists are alternatives,
names that it does not know are passed over in silence, and a year that is not known fails any bound on the year.
"""

from __future__ import annotations

import csv
import io
import random
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from retrieval.deal_files import BEGUN, STARTED
from retrieval.deal_terms import by_number, countries, terms
from retrieval.fetch import landmatrix
from retrieval.fetch.landmatrix import CHOICES
from retrieval.fetch.loopback import Loopback
from retrieval.fetch.sources import load_sources

Entry = tuple[str, bool, str, tuple[str, ...]]
"""Date or "", current, hectares or "", codes."""

LISTS = ("negotiation_status", "implementation_status", "nature", "intention_of_investment", "crops", "animals",
         "minerals")  # fmt: skip
SINGLE = ("region_id", "country_id", "area_min", "area_max", "initiation_year_min", "initiation_year_max",
          "initiation_year_null", "parent_company", "parent_company_country_id", "transnational",
          "forest_concession")  # fmt: skip
DRAWN = (
    *("RO", "BG", "RS", "MD", "LT", "UA", "RU", "GE", "KZ", "LA", "KH", "VN", "MM", "ID", "PH", "MY", "IN", "BD"),
    *("ET", "SD", "TZ", "KE", "UG", "MZ", "ZM", "ZW", "GH", "NG", "CI", "SN", "LR", "CM", "CD", "CG", "GN", "MG"),
    *("AR", "BR", "BO", "CO", "PE", "PY", "MX", "HN", "NI", "GT"),
)
INVESTORS = (
    *("CN", "US", "GB", "NL", "DE", "FR", "LU", "CH", "SG", "MY"),
    *("IN", "SA", "AE", "VN", "KR", "JP", "CA", "ES", "IT", "CY", "ZA"),
)


@dataclass(frozen=True)
class Investor:
    """A company of the small world."""

    id: int
    name: str
    country: int
    kind: str


@dataclass(frozen=True)
class Deal:
    """One invented deal, as the source knows it."""

    id: int
    country: int
    transnational: bool
    intended: float | None
    contract: tuple[Entry, ...]
    production: tuple[Entry, ...]
    negotiation: tuple[Entry, ...]
    implementation: tuple[Entry, ...]
    intentions: tuple[Entry, ...]
    crops: tuple[Entry, ...] = ()
    animals: tuple[Entry, ...] = ()
    minerals: tuple[Entry, ...] = ()
    natures: tuple[str, ...] = ()
    former_cover: tuple[str, ...] = ()
    impacts: tuple[str, ...] = ()
    operating: Investor | None = None
    parents: tuple[Investor, ...] = ()
    locations: tuple[tuple[float, float, str, str], ...] = field(default=())
    """Latitude, longitude, accuracy, name: in the export's own order."""

    @property
    def size(self) -> float | None:
        """Deal size as Land Matrix computes it; None where it knows none."""
        contract, production = area(self.contract), area(self.production)
        state = current(self.negotiation)
        wished = {"EXPRESSION_OF_INTEREST", "UNDER_NEGOTIATION", "MEMORANDUM_OF_UNDERSTANDING", "NEGOTIATIONS_FAILED"}
        if not state:
            return None
        return (self.intended if state[0] in wished else None) or contract or production

    @property
    def year(self) -> int | None:
        """Year of initiation, None where no dated entry tells it."""
        states = ((self.negotiation, BEGUN), (self.implementation, STARTED))
        years = [int(d[:4]) for entries, begun in states for d, _, _, codes in entries if d and codes[0] in begun]
        return min(years, default=None)

    @property
    def forest_concession(self) -> bool:
        """Whether it is a concession for logging."""
        return "CONCESSION" in self.natures and "FOREST_LOGGING" in current(self.intentions)


def current(entries: Iterable[Entry]) -> list[str]:
    """Return the codes of the entries marked current, each once."""
    return list(dict.fromkeys(code for _, now, _, codes in entries if now for code in codes))


def area(entries: Iterable[Entry]) -> float | None:
    """Return the area of the entry marked current."""
    return next((float(ha) for _, now, ha, _ in entries if now and ha), None)


# --- drawing -----------------------------------------------------------------------------------------------------


def drawn(number: int = 400, seed: int = 22) -> list[Deal]:
    """Return that many invented deals, the same for the same seed."""
    chance = random.Random(seed)
    by_letters = {one.alpha2: one for one in countries()}
    kinds = list(terms()["investor_kind"])
    companies = [
        Investor(60_000 + at, f"Invented Company {at} Ltd", by_letters[chance.choice(INVESTORS)].number,
                 chance.choice(kinds[:-1]))
        for at in range(80)
    ]  # fmt: skip
    return [_deal(90_000 + at, chance, by_letters, companies) for at in range(number)]


def _deal(id: int, chance: random.Random, by_letters: Mapping[str, Any], companies: Sequence[Investor]) -> Deal:
    country = by_letters[chance.choice(DRAWN)].number
    hectares = round(chance.lognormvariate(8.5, 1.2))
    intentions = chance.sample(list(terms()["intention"]), chance.choice((1, 1, 1, 2, 3)))
    farmed = [c for c in intentions if terms()["intention"][c].parent == "AGRICULTURE"]
    company = chance.choice(companies)
    home = Investor(70_000 + id, f"Invented Farm {id}", country, "PRIVATE_COMPANY")
    parents = tuple(chance.sample(companies, chance.choice((0, 1, 1, 2))))
    negotiation = _states(chance, list(terms()["negotiation"]), chance.choice((1, 1, 2, 3)))
    return Deal(
        id=id,
        country=country,
        transnational=any(one.country != country for one in parents) or chance.random() < 0.2,
        intended=float(hectares * 2) if chance.random() < 0.4 else None,
        contract=((_date(chance), True, str(hectares), ()),) if chance.random() < 0.9 else (),
        production=(("", True, str(hectares // 3), ()),) if chance.random() < 0.5 else (),
        negotiation=negotiation,
        implementation=_states(chance, list(terms()["implementation"])[:4], chance.choice((0, 1, 1, 2))),
        intentions=(("", True, "", tuple(intentions)),),
        crops=_produce(chance, "crop", farmed and "LIVESTOCK" not in farmed),
        animals=_produce(chance, "animal", "LIVESTOCK" in farmed),
        minerals=_produce(chance, "mineral", "MINING" in intentions),
        natures=tuple(chance.sample(list(terms()["nature"]), chance.choice((0, 1, 1, 2)))),
        former_cover=tuple(chance.sample(list(terms()["former_cover"]), chance.choice((0, 0, 1, 2)))),
        impacts=tuple(chance.sample(list(terms()["impact"]), chance.choice((0, 0, 1, 2)))),
        operating=home if chance.random() < 0.7 else company,
        parents=parents,
        locations=_locations(chance, id),
    )


def _date(chance: random.Random) -> str:
    year = str(chance.randint(2000, 2024))
    return chance.choice(("", year, year, f"{year}-0{chance.randint(1, 9)}", f"{year}-05-17"))


def _states(chance: random.Random, codes: Sequence[str], number: int) -> tuple[Entry, ...]:
    picked = [chance.choice(codes) for _ in range(number)]
    return tuple((_date(chance), at == number - 1, "", (code,)) for at, code in enumerate(picked))


def _produce(chance: random.Random, name: str, grown: Any) -> tuple[Entry, ...]:
    if not grown:
        return ()
    codes = chance.sample(list(terms()[name]), chance.choice((1, 2, 3)))
    older = (("2012", False, "", (chance.choice(list(terms()[name])),)),) if chance.random() < 0.3 else ()
    return (*older, ("2020", True, "", tuple(codes)))


def _locations(chance: random.Random, id: int) -> tuple[tuple[float, float, str, str], ...]:
    """Around the lower Danube, so that a town of the gazetteer is near some."""
    return tuple(
        (round(chance.uniform(43.5, 46.5), 4), round(chance.uniform(24, 29), 4),
         chance.choice(list(terms()["accuracy"])), f"Invented place {id}")
        for _ in range(chance.choice((0, 1, 1, 2)))
    )  # fmt: skip


# --- the export --------------------------------------------------------------------------------------------------


def export_zip(deals: Sequence[Deal]) -> bytes:
    """Return the zip of `/api/legacy_export/`: CRLF at record ends, `;` between fields."""
    files = {
        "deals.csv": [_deal_row(deal) for deal in deals],
        "locations.csv": [row for deal in deals for row in _location_rows(deal)],
        "investors.csv": [_investor_row(one) for one in _investors(deals)],
        "datasources.csv": [{"Deal ID": str(deal.id), "Name": "never read", "Email": "x@y.z"} for deal in deals[:1]],
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in files.items():
            text = io.StringIO(newline="")
            writer = csv.DictWriter(text, list(rows[0]) if rows else ["Deal ID"], delimiter=";")
            writer.writeheader()
            writer.writerows(rows)
            archive.writestr(zipfile.ZipInfo(name, (2026, 11, 1, 0, 0, 0)), text.getvalue())
    return buffer.getvalue()


def _label(name: str, code: str) -> str:
    return terms()[name][code].label


def _joined(entries: Iterable[Entry], name: str, blanks: int) -> str:
    """Join entries as `date#current#area…#label, label`, with so many empty parts before the labels."""
    made = []
    for date, now, ha, codes in entries:
        parts = [date, "current" if now else "", *([ha] if blanks else []), *[""] * max(0, blanks - 1)]
        made.append("#".join([*parts, *([", ".join(_label(name, c) for c in codes)] if name else [])]))
    return "|".join(made)


def _sizes(entries: Iterable[Entry]) -> str:
    return "|".join(f"{date}#{'current' if now else ''}#{ha}" for date, now, ha, _ in entries)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _name(number: int) -> str:
    return by_number()[number].name


def _deal_row(deal: Deal) -> dict[str, str]:
    state, work, by = current(deal.negotiation), current(deal.implementation), deal.operating
    return {
        "Deal ID": str(deal.id),
        "Is public": "Yes",
        "Deal scope": "transnational" if deal.transnational else "domestic",
        "Deal size": _number(deal.size),
        "Target country": _name(deal.country),
        "Current size under contract": _number(area(deal.contract)),
        "Current size in operation (production)": _number(area(deal.production)),
        "Current negotiation status": _label("negotiation", state[0]) if state else "",
        "Current implementation status": _label("implementation", work[0]) if work else "",
        "Fully updated": "2026-10-30T07:31:59+00:00",
        "Created at": "2020-02-15T15:58:59+00:00",
        "Top parent companies": "|".join(f"{p.name}#{p.id}#{_name(p.country)}" for p in deal.parents),
        "Intended size (in ha)": _number(deal.intended),
        "Size under contract (leased or purchased area, in ha)": _sizes(deal.contract),
        "Size in operation (production, in ha)": _sizes(deal.production),
        "Intention of investment": _joined(deal.intentions, "intention", 1),
        "Nature of the deal": "|".join(_label("nature", code) for code in deal.natures),
        "Negotiation status": _joined(deal.negotiation, "negotiation", 0),
        "Implementation status": _joined(deal.implementation, "implementation", 0),
        "Operating company: Investor ID": str(by.id) if by else "",
        "Operating company: Name": by.name if by else "",
        "Operating company: Country of registration/origin": _name(by.country) if by else "",
        "Operating company: Classification": _label("investor_kind", by.kind) if by else "",
        "Operating company: Comment": "invented;\n two lines",
        "Negative impacts for local communities": "|".join(_label("impact", code) for code in deal.impacts),
        "Source of water extraction": _label("water_source", "GROUNDWATER" if deal.id % 2 else "SURFACE_WATER"),
        "Former land cover": "|".join(_label("former_cover", code) for code in deal.former_cover),
        "Crops area/yield/export": _joined(deal.crops, "crop", 3),
        "Livestock area/yield/export": _joined(deal.animals, "animal", 3),
        "Mineral resources area/yield/export": _joined(deal.minerals, "mineral", 3),
        "Not public": "False",
    }


def _location_rows(deal: Deal) -> list[dict[str, str]]:
    return [
        {"ID": f"{deal.id}-{at}", "Deal ID": str(deal.id), "Spatial accuracy level": _label("accuracy", accuracy),
         "Location": name, "Point": f"{lat},{lon}", "Facility name": "", "Location description": "",
         "Comment on location": ""}
        for at, (lat, lon, accuracy, name) in enumerate(deal.locations)
    ]  # fmt: skip


def _investors(deals: Sequence[Deal]) -> list[Investor]:
    found = {one.id: one for deal in deals for one in (*deal.parents, *filter(None, [deal.operating]))}
    return [found[id] for id in sorted(found)]


def _investor_row(one: Investor) -> dict[str, str]:
    return {"Investor ID": str(one.id), "Name": one.name, "Country of registration/origin": _name(one.country),
            "Classification": _label("investor_kind", one.kind), "Comment": "invented"}  # fmt: skip


# --- its interface -----------------------------------------------------------------------------------------------


def passing(deals: Sequence[Deal], query: str) -> list[Deal]:
    """Return the deals that a query string lets pass, as the site's own server filters."""
    given = parse_qs(query, keep_blank_values=True)
    return [deal for deal in deals if _passes(deal, given)]


def _passes(deal: Deal, given: Mapping[str, Sequence[str]]) -> bool:
    lists = {name: set(given[name]) for name in LISTS if any(given.get(name, ()))}
    one = {name: given[name][-1] for name in SINGLE if given.get(name) and given[name][-1] != ""}
    return _fits_lists(deal, lists) and _fits_single(deal, one)


def _fits_lists(deal: Deal, asked: Mapping[str, set[str]]) -> bool:
    for name, wanted in asked.items():
        if name == "nature":
            if deal.natures and not wanted & set(deal.natures):
                return False
            continue
        entries = {"negotiation_status": deal.negotiation, "implementation_status": deal.implementation,
                   "intention_of_investment": deal.intentions, "crops": deal.crops, "animals": deal.animals,
                   "minerals": deal.minerals}[name]  # fmt: skip
        has = set(current(entries))
        unknown = "UNKNOWN" in wanted and not has and name in ("implementation_status", "intention_of_investment")
        if not has & wanted and not unknown:
            return False
    return True


def _fits_single(deal: Deal, one: Mapping[str, str]) -> bool:
    region = by_number()[deal.country].region
    parents = {p.id for p in deal.parents}
    homes = {p.country for p in deal.parents}
    equal = {"region_id": {region}, "country_id": {deal.country}, "parent_company": parents,
             "parent_company_country_id": homes}  # fmt: skip
    flags = {"transnational": deal.transnational, "forest_concession": deal.forest_concession}
    return (
        all(int(one[name]) in values for name, values in equal.items() if name in one)
        and all((one[name] == "true") == value for name, value in flags.items() if name in one)
        and _between(deal.size, one.get("area_min"), one.get("area_max"), null=False)
        and _between(
            deal.year,
            one.get("initiation_year_min"),
            one.get("initiation_year_max"),
            null="initiation_year_null" in one,
        )
    )


def _between(value: float | None, low: str | None, high: str | None, *, null: bool) -> bool:
    if value is None:
        return null or (low is None and high is None)
    return (low is None or value >= float(low)) and (high is None or value <= float(high))


def answered(deals: Sequence[Deal], query: str) -> list[dict[str, Any]]:
    """Return what `/api/deals/` would answer to a query string."""
    return [_json(deal) for deal in passing(deals, query)]


def _json(deal: Deal) -> dict[str, Any]:
    state, work = current(deal.negotiation), current(deal.implementation)
    return {
        "id": deal.id,
        "country_id": deal.country,
        "region_id": by_number()[deal.country].region,
        "selected_version": {
            "deal_size": deal.size,
            "intended_size": deal.intended,
            "current_contract_size": area(deal.contract),
            "current_negotiation_status": state[0] if state else None,
            "current_implementation_status": work[0] if work else None,
            "current_intention_of_investment": current(deal.intentions),
            "current_crops": current(deal.crops),
            "current_animals": current(deal.animals),
            "current_mineral_resources": current(deal.minerals),
        },
    }


def field_choices() -> dict[str, list[dict[str, str]]]:
    """Return what `/api/field_choices/` answers: every enumeration with its labels, by the source's names."""
    return {
        name: [{"value": t.code, "label": t.label, "group": t.parent} for t in terms()[own].values()]
        for name, own in CHOICES.items()
    }


def put_up(world: Loopback, deals: Sequence[Deal]) -> None:
    """Serve deals as landmatrix.org does: export, list, enumerations, and GraphQL as it was."""
    for filtered in (False, True):
        address = landmatrix.remote(load_sources({"landmatrix": world.url}), filtered=filtered).url
        target = address.removeprefix(world.url)
        world.files[target] = export_zip(passing(deals, urlsplit(target).query))
    world.raw["/deals/"] = lambda query: answered(deals, query)
    world.routes["/field_choices/"] = lambda given: field_choices()
    world.routes["/graphql/"] = lambda given: graphql(deals, given["query"])


# --- the interface it had ----------------------------------------------------------------------------------------

SDL = """
input Filter { field: String!, operation: Operation = EQ, value: [String], exclusion: Boolean = false,
               allow_null: Boolean = false }
enum Operation { EQ IN LT LE GE GT CONTAINS CONTAINED_BY OVERLAP }
enum Subset { PUBLIC ACTIVE UNFILTERED }
type Region { id: Int!, name: String! }
type Country { id: Int!, name: String!, region: Region }
type Deal {
  id: Int!
  country: Country
  deal_size: Float
  initiation_year: Int
  current_contract_size: Float
  current_production_size: Float
  current_negotiation_status: String
  current_implementation_status: String
  current_intention_of_investment: [String]
  current_crops: [String]
  current_animals: [String]
  current_mineral_resources: [String]
  nature_of_deal: [String]
  transnational: Boolean
  forest_concession: Boolean
}
type Query { deals(sort: String = "id", limit: Int = 20, subset: Subset = PUBLIC, filters: [Filter]): [Deal]! }
"""
"""The fields that our own queries name; the schema that was public until January 2024 had many more."""


def graphql(deals: Sequence[Deal], query: str) -> Mapping[str, Any]:
    """Return what the site's GraphQL answered until January 2024: parsed, checked and run over the same deals."""
    import graphql as library

    schema: Any = library.build_schema(SDL)
    done: Any = library.graphql_sync(schema, query, {"deals": _Resolver(deals)})
    return done.formatted


@dataclass(frozen=True)
class _Resolver:
    deals: Sequence[Deal]

    def __call__(
        self,
        info: Any,
        sort: str = "id",
        limit: int = 20,
        subset: str = "PUBLIC",
        filters: Sequence[Mapping[str, Any]] = (),
    ) -> list[dict[str, Any]]:
        rows = [row for row in map(flat, self.deals) if all(_holds(row, one) for one in filters)]
        return rows[:limit] if limit > 0 else rows  # limit: 0 gets all


def flat(deal: Deal) -> dict[str, Any]:
    """Return a deal by the field names of the site."""
    by = by_number()[deal.country]
    values = _json(deal)["selected_version"]
    region = {"id": by.region, "name": str(by.region)}
    parents = {"parent_companies.id": [p.id for p in deal.parents],
               "parent_companies.country.id": [p.country for p in deal.parents]}  # fmt: skip
    return {
        "id": deal.id,
        "country": {"id": by.number, "name": by.name, "region": region},
        "country.id": by.number,
        "country.region.id": by.region,
        "initiation_year": deal.year,
        "current_production_size": area(deal.production),
        "nature_of_deal": list(deal.natures),
        "transnational": deal.transnational,
        "forest_concession": deal.forest_concession,
        **values,
        **parents,
    }


def _holds(row: Mapping[str, Any], one: Mapping[str, Any]) -> bool:
    value, asked, how = row[one["field"]], [str(v) for v in one.get("value") or ()], one.get("operation", "EQ")
    if value is None:
        return bool(one.get("allow_null"))
    if isinstance(value, list):
        has = {str(v) for v in value}
        found = has >= set(asked) if how == "CONTAINS" else bool(has & set(asked))
    elif how in ("EQ", "IN"):
        found = (str(value).lower() if isinstance(value, bool) else str(value)) in asked
    else:
        bound = float(asked[0])
        found = {"LT": value < bound, "LE": value <= bound, "GE": value >= bound, "GT": value > bound}[how]
    return found != bool(one.get("exclusion"))
