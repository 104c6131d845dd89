"""Land Matrix' export becomes canonical rows: deals, their history, locations and investors. Does not fetch.

Reads the zip of `/api/legacy_export/`, a folder of its files, or `deals.csv` alone: `;`, UTF-8, quoted fields over
several lines, entries split by `|` and their parts by `#`. What a deal is now is told by its entries marked current.
Contacts of data sources, comments and documents are never read: `datasources.csv` and `contracts.csv` are not opened.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from retrieval.catalog import descriptor
from retrieval.deal_terms import ANSWERS, DEFAULT_FILTER, code_of, codes_in, country_named, places_of
from retrieval.errors import BadFile
from retrieval.readers import Finding
from retrieval.types import Dataset

KIND = "deals"
ID = "land_matrix"
TABLES = ("deals.csv", "locations.csv", "investors.csv")
"""The files of the export that are opened; only the first must be there."""
MOST_BYTES = 1_000_000_000
"""Of one file unpacked: the whole export has some tens of millions."""
MOST_HA = 100_000_000
"""More than any deal: a larger figure is in another unit."""
YEARS = (1900, 2100)

BEGUN = ("UNDER_NEGOTIATION", "ORAL_AGREEMENT", "CONTRACT_SIGNED", "NEGOTIATIONS_FAILED", "CONTRACT_CANCELED")
STARTED = ("STARTUP_PHASE", "IN_OPERATION", "PROJECT_ABANDONED")
"""States whose earliest year is the year a deal was initiated, as Land Matrix computes it."""

SIZES = {"size_ha": "deal size", "contract_ha": "current size under contract",
         "production_ha": "current size in operation (production)", "intended_ha": "intended size (in ha)"}  # fmt: skip
LISTS = {"natures": ("nature", "nature of the deal"), "former_cover": ("former_cover", "former land cover"),
         "former_use": ("former_use", "former land use"), "former_owner": ("former_owner", "former land owner"),
         "impacts": ("impact", "negative impacts for local communities"),
         "water_sources": ("water_source", "source of water extraction")}  # fmt: skip
"""Our column → enumeration and the export's column of `label|label`."""
PRODUCE = {"crops": ("crop", "crops area/yield/export"), "animals": ("animal", "livestock area/yield/export"),
           "minerals": ("mineral", "mineral resources area/yield/export")}  # fmt: skip
"""Our column → enumeration and the export's column of `date#current#area#yield#export#label, label`."""
SINGLE = {"community_reaction": "community reaction", "community_consultation": "community consultation"}

_TEXTS = pa.list_(pa.string())
DEALS = pa.schema(
    [("deal_id", pa.int32()), ("country", pa.string()), ("country_name", pa.string()), ("country_number", pa.int16()),
     ("region_number", pa.int16()), ("places", _TEXTS), ("transnational", pa.bool_())]
    + [(name, pa.float64()) for name in SIZES]
    + [("negotiation", pa.string()), ("implementation", pa.string()), ("year", pa.int16())]
    + [(name, _TEXTS) for name in ("intentions", *LISTS, *PRODUCE)]
    + [(name, pa.bool_()) for name in ANSWERS]
    + [(name, pa.string()) for name in SINGLE]
    + [("forest_concession", pa.bool_()), ("operating_company", pa.int32()), ("company", pa.string()),
       ("investor_ids", pa.list_(pa.int32())), ("investors", _TEXTS), ("investor_countries", _TEXTS),
       ("investor_kinds", _TEXTS), ("fully_updated", pa.string()), ("created", pa.string())]
)  # fmt: skip
HISTORY = pa.schema([("deal_id", pa.int32()), ("field", pa.string()), ("date", pa.string()), ("year", pa.int16()),
                     ("current", pa.bool_()), ("area_ha", pa.float64()), ("code", pa.string())])  # fmt: skip
LOCATIONS = pa.schema([("deal_id", pa.int32()), ("lon", pa.float64()), ("lat", pa.float64()),
                       ("accuracy", pa.string()), ("name", pa.string())])  # fmt: skip
INVESTORS = pa.schema([("investor_id", pa.int32()), ("name", pa.string()), ("country", pa.string()),
                       ("kind", pa.string())])  # fmt: skip

Row = Mapping[str, str]


@dataclass(frozen=True)
class Deals:
    """One export, and its stamp."""

    deals: pa.Table
    """Rows of `DEALS`, by deal id."""
    history: pa.Table
    """Rows of `HISTORY`: every entry of sizes, states, intentions and produce, the older ones too."""
    locations: pa.Table
    """Rows of `LOCATIONS`, longitude first."""
    investors: pa.Table
    """Rows of `INVESTORS`, each once."""
    dataset: Dataset
    findings: Sequence[Finding]


def read_deals(path: Path) -> Deals:
    """Return what an export holds.

    Raises:
        BadFile: It cannot be read, is no export of Land Matrix, or a deal stands in it twice.
    """
    files, sha256 = _files(path)
    notes = _Notes()
    rows = list(_rows(path, files["deals.csv"], "deals.csv"))
    _check_columns(path, rows)
    kinds = _investor_kinds(path, files, notes)
    history: list[dict[str, Any]] = []
    investors: dict[int, dict[str, Any]] = {}
    deals = [_deal(path, row, notes, history, investors, kinds) for row in rows]
    twice = [id for id, times in Counter(deal["deal_id"] for deal in deals).items() if times > 1]
    if twice:
        raise BadFile(f"{path.name}: deal {twice[0]} stands in it twice")
    known = {deal["deal_id"] for deal in deals}
    locations = _locations(path, files, known, notes)
    parties = [investors[id] for id in sorted(investors)]
    return Deals(
        deals=pa.Table.from_pylist(sorted(deals, key=lambda deal: deal["deal_id"]), DEALS),
        history=pa.Table.from_pylist(history, HISTORY),
        locations=pa.Table.from_pylist(locations, LOCATIONS),
        investors=pa.Table.from_pylist(parties, INVESTORS),
        dataset=_dataset(deals, locations, _version(deals, sha256), sha256),
        findings=notes.findings(len(deals)),
    )


def is_export(path: Path) -> bool:
    """Return whether a file is a zip with a table of deals in it."""
    try:
        if not zipfile.is_zipfile(path):
            return False
        with zipfile.ZipFile(path) as archive:
            return any(Path(name).name == "deals.csv" for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


# --- files -------------------------------------------------------------------------------------------------------


def _files(path: Path) -> tuple[dict[str, str], str]:
    """Return name → text of the tables that are read, and the SHA-256 of what was brought."""
    try:
        if path.is_dir():
            found = {name: (path / name).read_bytes() for name in TABLES if (path / name).is_file()}
            sha256 = hashlib.sha256(b"".join(found[name] for name in sorted(found))).hexdigest()
        elif zipfile.is_zipfile(path):
            found, sha256 = _unzipped(path), hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            found = {"deals.csv": path.read_bytes()}
            sha256 = hashlib.sha256(found["deals.csv"]).hexdigest()
    except (OSError, zipfile.BadZipFile) as error:
        raise BadFile(f"{path.name} cannot be read: {error.args[-1] if error.args else error}") from error
    if "deals.csv" not in found:
        raise BadFile(f"{path.name} holds no deals.csv: it is no export of Land Matrix")
    return {name: _decoded(path, name, data) for name, data in found.items()}, sha256


def _unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        found = {}
        for info in archive.infolist():
            name = Path(info.filename).name
            if name not in TABLES:
                continue
            if info.file_size > MOST_BYTES:
                raise BadFile(f"{path.name}: {name} would have {info.file_size:,} bytes: it is no export")
            found[name] = archive.read(info)
        return found


def _decoded(path: Path, name: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadFile(f"{path.name}: {name} is not UTF-8 (byte {error.start})") from error
    if text.lstrip()[:200].lower().startswith(("<!doctype", "<html")):
        raise BadFile(f"{path.name}: {name} is a web page, not a table: download it again")
    return text


def _rows(path: Path, text: str, name: str) -> Iterator[Row]:
    """Yield each record by its column names in lower case; a record may have fewer fields than the header."""
    csv.field_size_limit(1 << 24)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=";")
        header = [column.strip().lower() for column in next(lines, [])]
        for line in lines:
            if line:
                yield dict(zip(header, (*line, *[""] * (len(header) - len(line))), strict=False))
    except csv.Error as error:
        raise BadFile(f"{path.name}: {name}, line {lines.line_num}: {error}") from error


def _check_columns(path: Path, rows: Sequence[Row]) -> None:
    wanted = descriptor(ID).signature
    missing = [name for name in wanted if not rows or name not in rows[0]]
    if missing:
        why = "it has no rows" if not rows else f"deals.csv has no column {missing[0]!r}"
        raise BadFile(f"{path.name} is no export of Land Matrix: {why}")


# --- a deal ------------------------------------------------------------------------------------------------------


@dataclass
class _Notes:
    """What the reading found: check → how many rows, with examples."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    examples: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)

    def note(self, check: str, action: str, detail: str, example: str) -> None:
        key = (check, action, detail)
        self.counts[key] += 1
        some = self.examples.setdefault(key, [])
        if example not in some and len(some) < 5:
            some.append(example)

    def findings(self, rows: int) -> list[Finding]:
        """Return them, and one that says that there were none."""
        found = [Finding(ID, c, n, a, d, tuple(self.examples[c, a, d])) for (c, a, d), n in self.counts.items()]
        return found or [Finding(ID, "enumerations, dates, sizes, countries", 0, "none needed", f"{rows} deals")]


def _deal(
    path: Path,
    row: Row,
    notes: _Notes,
    history: list[dict[str, Any]],
    investors: dict[int, dict[str, Any]],
    kinds: Mapping[int, str],
) -> dict[str, Any]:
    number = row["deal id"].strip()
    if not number.isdigit():
        raise BadFile(f"{path.name}: {number[:20]!r} is no deal id")
    deal_id = int(number)
    entries = _history(deal_id, row, notes)
    history += entries
    country = country_named(row["target country"])
    if country is None:
        notes.note("country", "kept", "a country that is not in the list: found by no place", row["target country"])
    parties = _parties(row, notes, kinds)
    for one in parties:
        investors.setdefault(one["investor_id"], one)
    top = [one for one in parties if one["role"] == "parent"] or parties
    intentions = _current(entries, "intention")
    natures = _labels(row, "nature", "nature of the deal", notes)
    return {
        "deal_id": deal_id,
        "country": country.place if country else None,
        "country_name": country.name if country else row["target country"],
        "country_number": country.number if country else None,
        "region_number": country.region if country else None,
        "places": places_of(country) if country else [],
        "transnational": {"transnational": True, "domestic": False}.get(row.get("deal scope", "").strip().lower()),
        **{ours: _figure(row.get(theirs, ""), notes, str(deal_id)) for ours, theirs in SIZES.items()},
        "negotiation": _label(row, "negotiation", "current negotiation status", notes),
        "implementation": _label(row, "implementation", "current implementation status", notes),
        "year": _initiated(entries),
        "intentions": intentions,
        **{ours: _labels(row, enumeration, theirs, notes) for ours, (enumeration, theirs) in LISTS.items()},
        **{ours: _current(entries, enumeration) for ours, (enumeration, _) in PRODUCE.items()},
        **{ours: _answer(row.get(theirs, "")) for ours, theirs in ANSWERS.items()},
        **{ours: _label(row, ours, theirs, notes) for ours, theirs in SINGLE.items()},
        "forest_concession": "CONCESSION" in natures and "FOREST_LOGGING" in intentions,
        "operating_company": next((one["investor_id"] for one in parties if one["role"] == "operating"), None),
        "company": row.get("operating company: name", "").strip() or None,
        "investor_ids": [one["investor_id"] for one in parties],
        "investors": list(dict.fromkeys(one["name"] for one in top if one["name"])),
        "investor_countries": list(dict.fromkeys(one["country"] for one in top if one["country"])),
        "investor_kinds": list(dict.fromkeys(one["kind"] for one in parties if one["kind"])),
        "fully_updated": row.get("fully updated", "")[:10] or None,
        "created": row.get("created at", "")[:10] or None,
    }


def _history(deal_id: int, row: Row, notes: _Notes) -> list[dict[str, Any]]:
    """Return every dated or undated entry of sizes, states, intentions and produce."""
    found: list[dict[str, Any]] = []

    def add(name: str, date: str, current: str, area: str, codes: Sequence[str | None]) -> None:
        year = _year(date, notes, deal_id)
        area_ha = _figure(area, notes, str(deal_id))
        for code in codes:
            found.append({"deal_id": deal_id, "field": name, "date": date or None, "year": year,
                          "current": current == "current", "area_ha": area_ha, "code": code})  # fmt: skip

    for name, column in (
        ("contract", "size under contract (leased or purchased area, in ha)"),
        ("production", "size in operation (production, in ha)"),
    ):
        for date, current, area in _entries(row, column, 3, notes):
            add(name, date, current, area, [None])
    for name, column in (("negotiation", "negotiation status"), ("implementation", "implementation status")):
        for date, current, label in _entries(row, column, 3, notes):
            if code := _code(name, label, notes):
                add(name, date, current, "", [code])
    for date, current, area, labels in _entries(row, "intention of investment", 4, notes):
        add("intention", date, current, area, _codes("intention", labels, notes))
    for enumeration, column in PRODUCE.values():
        for date, current, area, _yield, _export, labels in _entries(row, column, 6, notes):
            add(enumeration, date, current, area, _codes(enumeration, labels, notes))
    return found


def _entries(row: Row, column: str, parts: int, notes: _Notes) -> Iterator[list[str]]:
    for entry in filter(None, row.get(column, "").split("|")):
        values = [value.strip() for value in entry.split("#", parts - 1)]
        if len(values) == parts:
            yield values
        else:
            notes.note(f"form of {column!r}", "dropped", f"an entry without {parts} parts", entry[:60])


def _current(entries: Sequence[Mapping[str, Any]], name: str) -> list[str]:
    return list(dict.fromkeys(one["code"] for one in entries if one["field"] == name and one["current"]))


def _initiated(entries: Sequence[Mapping[str, Any]]) -> int | None:
    """Return the earliest year in which a deal was negotiated, concluded, failed, started or given up."""
    begun = {"negotiation": BEGUN, "implementation": STARTED}
    years = [e["year"] for e in entries if e["year"] and e["code"] in begun.get(e["field"], ())]
    return min(years, default=None)


def _parties(row: Row, notes: _Notes, kinds: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return the operating company and the top parent companies of a deal."""
    found = []
    operating = row.get("operating company: investor id", "").strip()
    if operating.isdigit():
        kind = _label(row, "investor_kind", "operating company: classification", notes)
        country = row.get("operating company: country of registration/origin", "")
        name = row.get("operating company: name", "")
        found.append(_party(int(operating), name, country, kind or kinds.get(int(operating)), "operating", notes))
    for name, number, country in re.findall(r"(.*?)#(\d*)#([^#|]*)(?:\||$)", row.get("top parent companies", "")):
        if number:
            found.append(_party(int(number), name, country, kinds.get(int(number)), "parent", notes))
    return found


def _party(id: int, name: str, country: str, kind: str | None, role: str, notes: _Notes) -> dict[str, Any]:
    known = country_named(country) if country.strip() else None
    if country.strip() and known is None:
        notes.note("investor country", "set to null", "a country that is not in the list", country.strip())
    return {"investor_id": id, "name": name.strip(), "country": known.place if known else None, "kind": kind,
            "role": role}  # fmt: skip


# --- cells -------------------------------------------------------------------------------------------------------


def _figure(cell: str, notes: _Notes, deal: str) -> float | None:
    """Return hectares; none for an empty cell, `None`, or a zero: Land Matrix writes 0 where it knows no size."""
    cell = cell.strip()
    if cell in ("", "None"):
        return None
    try:
        value = float(cell)
    except ValueError:
        value = -1.0
    if not 0 <= value <= MOST_HA:
        notes.note("hectares", "set to null", "no area in hectares", f"deal {deal}: {cell[:20]}")
        return None
    return value or None


def _year(date: str, notes: _Notes, deal_id: int) -> int | None:
    if not date:
        return None
    found = re.fullmatch(r"(\d{4})(?:-\d\d(?:-\d\d)?)?", date)
    if found and YEARS[0] <= int(found[1]) <= YEARS[1]:
        return int(found[1])
    notes.note("date", "set to null", "no date of the form 2008, 2008-01 or 2008-01-24", f"deal {deal_id}: {date[:20]}")
    return None


def _answer(cell: str) -> bool | None:
    return {"yes": True, "no": False}.get(cell.strip().lower())


def _code(enumeration: str, label: str, notes: _Notes) -> str | None:
    code = code_of(enumeration, label) if label else None
    if label and code is None:
        notes.note(f"label of {enumeration}", "dropped", "not in the enumeration", label[:60])
    return code


def _codes(enumeration: str, labels: str, notes: _Notes) -> list[str]:
    codes, unknown = codes_in(enumeration, labels)
    for label in unknown:
        notes.note(f"label of {enumeration}", "dropped", "not in the enumeration", label[:60])
    return codes


def _label(row: Row, enumeration: str, column: str, notes: _Notes) -> str | None:
    return _code(enumeration, row.get(column, "").strip(), notes)


def _labels(row: Row, enumeration: str, column: str, notes: _Notes) -> list[str]:
    labels = filter(None, row.get(column, "").split("|"))
    return list(dict.fromkeys(code for label in labels if (code := _code(enumeration, label.strip(), notes))))


# --- the other tables --------------------------------------------------------------------------------------------


def _investor_kinds(path: Path, files: Mapping[str, str], notes: _Notes) -> dict[int, str]:
    """Return investor id → kind, from the list of all investors where the export brings it."""
    found: dict[int, str] = {}
    for row in _rows(path, files.get("investors.csv", ""), "investors.csv"):
        kind = _label(row, "investor_kind", "classification", notes)
        if kind and row.get("investor id", "").strip().isdigit():
            found[int(row["investor id"])] = kind
    return found


def _locations(path: Path, files: Mapping[str, str], known: set[int], notes: _Notes) -> list[dict[str, Any]]:
    found = []
    for row in _rows(path, files.get("locations.csv", ""), "locations.csv"):
        deal = row.get("deal id", "").strip()
        spot = _lonlat(row.get("point", ""))
        if not deal.isdigit() or int(deal) not in known:
            notes.note("locations", "dropped", "of a deal that deals.csv does not hold", deal[:20])
        elif spot is None:
            notes.note("locations", "dropped", "no point, or one outside the world", f"deal {deal}")
        else:
            accuracy = _label(row, "accuracy", "spatial accuracy level", notes)
            name = row.get("location", "").strip() or row.get("facility name", "").strip()
            found.append({"deal_id": int(deal), "lon": spot[0], "lat": spot[1], "accuracy": accuracy,
                          "name": name or None})  # fmt: skip
    return found


def _lonlat(point: str) -> tuple[float, float] | None:
    """Return longitude, latitude of the export's `lat,lon`."""
    parts = point.split(",")
    number: Callable[[str], float] = float
    try:
        lat, lon = map(number, parts)
    except ValueError:
        return None
    inside = -90 <= lat <= 90 and -180 <= lon <= 180 and (lat, lon) != (0.0, 0.0)
    return (lon, lat) if inside else None


def _version(deals: Sequence[Mapping[str, Any]], sha256: str) -> str:
    """Return the newest day that a deal of the export was updated or created: the export itself has no date."""
    days = [day for deal in deals for day in (deal["fully_updated"], deal["created"]) if day]
    newest = max((day for day in days if re.fullmatch(r"\d{4}-\d\d-\d\d", day)), default="")
    stated = f"export up to {newest}" if newest else f"export, file {sha256[:12]}"
    return f"{stated}, {DEFAULT_FILTER}" if all(map(_shown_by_default, deals)) else stated


def _shown_by_default(deal: Mapping[str, Any]) -> bool:
    """Return whether landmatrix.org shows a deal before anybody sets a filter."""
    concluded = deal["negotiation"] in ("ORAL_AGREEMENT", "CONTRACT_SIGNED", "CHANGE_OF_OWNERSHIP")
    natures = {*deal["natures"]} - {"PURE_CONTRACT_FARMING", "OTHER"}
    intentions = {*deal["intentions"]} - {"MINING", "OIL_GAS_EXTRACTION"}
    return bool(
        concluded
        and (deal["size_ha"] or 0) >= 200
        and (natures or not deal["natures"])
        and (intentions or not deal["intentions"])
        and (deal["year"] or 2000) >= 2000
        and deal["transnational"] is not False
        and not deal["forest_concession"]
    )


def _dataset(
    deals: Sequence[Mapping[str, Any]], locations: Sequence[Mapping[str, Any]], version: str, sha256: str
) -> Dataset:
    known = descriptor(ID)
    lons, lats = [one["lon"] for one in locations], [one["lat"] for one in locations]
    return Dataset(
        id=known.id,
        title=known.title,
        version=version,
        licence=known.licence,
        attribution=known.attribution,
        sha256=sha256,
        rows=len(deals),
        years=tuple(sorted({deal["year"] for deal in deals if deal["year"]})),
        bbox=(min(lons), min(lats), max(lons), max(lats)) if locations else None,
        synthetic=False,
        kind=KIND,
    )
