"""A world of thirty points and four polygons, small enough to count by hand.

Points stand 2 km apart, easting 3800 to 3810 km and northing 2300 to 2308 km (EPSG:3035), ids EEEENNNN. Columns 3800,
3802, 3804 are nuts:FRJ1, columns 3806, 3808, 3810 are nuts:FRJ2, both are country:FR; iso:FR-34 is the six points of
columns 3800, 3802 and rows 2300, 2302, 2304. Column 3810 has no recorded NUTS codes: it is placed by the outline.

    row     2018        2022
    2308    A11 U370    not visited
    2306    E20 U111    E20 U111
    2304    C10 U120    C10 U120
    2302    B11 U111    B16 U111
    2300    B82 U111    B82 U111, but B16 in column 3810
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import shapely

from retrieval.ingest import Contents, Sources, write_store
from retrieval.readers import RECORD_COLUMNS, Survey
from retrieval.region_rows import RegionSet, name_row, region_row
from retrieval.statistics_files import read_statistics_file
from retrieval.types import Dataset

COLUMNS = (3800, 3802, 3804, 3806, 3808, 3810)
ROWS = (2300, 2302, 2304, 2306, 2308)
COVER = {2300: ("B82", "U111"), 2302: ("B11", "U111"), 2304: ("C10", "U120"), 2306: ("E20", "U111")}
TO_LONLAT = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)


def block(west_km: float, south_km: float, east_km: float, north_km: float) -> shapely.Polygon:
    """Return a rectangle of EPSG:3035 as an EPSG:4326 polygon."""
    corners = [(west_km, south_km), (east_km, south_km), (east_km, north_km), (west_km, north_km)]
    return shapely.Polygon([TO_LONLAT.transform(x * 1000, y * 1000) for x, y in corners])


def survey() -> Survey:
    """Return the records: 30 in 2018 and 24 in 2022."""
    records = pd.DataFrame([_record(x, y, 2018) for x in COLUMNS for y in ROWS])
    again = pd.DataFrame([_record(x, y, 2022) for x in COLUMNS for y in ROWS if y != 2308])
    records = pd.concat([records, again], ignore_index=True)
    records["point_id"] = records["point_id"].astype(np.int32)
    records["year"] = records["year"].astype(np.int16)
    stamp = Dataset(
        "tiny_survey", "Tiny survey", "1", "CC0", "Nobody", "0" * 64, len(records), (2018, 2022), None, True, "survey"
    )
    return Survey(records[list(RECORD_COLUMNS)], stamp, ())


def regions() -> RegionSet:
    """Return the four polygons with their names."""
    source = {"id": "tiny_regions", "vintage": "1", "licence": "CC0"}
    rows = (
        region_row("country:FR", "France", "country", "FR", None, block(3799, 2299, 3811, 2309), source),
        region_row(
            "nuts:FRJ1", "Languedoc-Roussillon", "nuts2", "FR", "country:FR", block(3799, 2299, 3805, 2309), source
        ),
        region_row("nuts:FRJ2", "Midi-Pyrénées", "nuts2", "FR", "country:FR", block(3805, 2299, 3811, 2309), source),
        region_row("iso:FR-34", "Hérault", "subdivision", "FR", "nuts:FRJ1", block(3799, 2299, 3803, 2305), source),
    )
    names = (
        name_row("country:FR", "France", "en", "official"),
        name_row("nuts:FRJ1", "Languedoc-Roussillon", "fr", "official"),
        name_row("nuts:FRJ2", "Midi-Pyrénées", "fr", "official"),
        name_row("iso:FR-34", "Hérault", "fr", "official"),
    )
    return RegionSet("tiny_regions", "Tiny regions", "1", "CC0", "Nobody", "1" * 64, rows, names)


def write(path: Path, *, elevated: bool = False, noted: bool = False) -> None:
    """Write the tiny store, with the real published shares; `elevated` also gives its points of 2018 an elevation, and
    `noted` a note of the files it is made of: none of a person's own."""
    visits = survey()
    if elevated:
        metres = [(id % 10_000 - 2300) * 5 if year == 2018 else None for id, year in
                  zip(visits.records["point_id"], visits.records["year"], strict=True)]  # fmt: skip
        visits = replace(visits, records=visits.records.assign(elevation=pd.array(metres, dtype="Int32")))
    write_store(
        path,
        Contents(read_statistics_file(), (regions(),), None, (visits,)),
        sources=Sources() if noted else None,
    )


def _record(x: int, y: int, year: int) -> dict[str, object]:
    cover, use = COVER.get(y, ("A11", "U370"))
    if year == 2022:
        cover = "B16" if y == 2302 or (y, x) == (2300, 3810) else cover
    lon, lat = TO_LONLAT.transform(x * 1000, y * 1000)
    nuts2 = "FRJ1" if x < 3805 else "FRJ2"
    known = x != 3810
    return {
        "point_id": x * 10_000 + y,
        "year": year,
        "lon": lon,
        "lat": lat,
        "x": x * 1000.0,
        "y": y * 1000.0,
        "lc1": cover,
        "lc2": None,
        "lu1": use,
        "lu2": None,
        "obs_type": "In situ < 100 m",
        "obs_date": pd.Timestamp(year, 6, 1),
        "elevation": None,
        "nuts0": "FR" if known else None,
        "nuts1": "FRJ" if known else None,
        "nuts2": nuts2 if known else None,
        "nuts3": None,
        "photos": None,
    }
