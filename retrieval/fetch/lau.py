"""Communes of Europe (GISCO's local administrative units): cut to countries, and read as regions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import SourceError
from retrieval.region_rows import RegionSet, name_row, region_row, without_repeats

if TYPE_CHECKING:
    import geopandas

NOTICE = "© EuroGeographics for the administrative boundaries; Eurostat/GISCO terms, non-commercial use"


def cut_communes(file: Path, communes: geopandas.GeoDataFrame, countries: Sequence[str], folder: Path) -> Path:
    """Write some countries' communes into a GeoParquet of their own: the whole file has a hundred thousand."""
    table = communes.loc[communes["CNTR_CODE"].isin(list(countries)), ["CNTR_CODE", "LAU_ID", "LAU_NAME", "geometry"]]
    if not len(table):
        raise SourceError(f"{file.name} has no communes of {', '.join(countries)}")
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{file.stem}_{'_'.join(sorted(countries))}.parquet"
    fresh = target.with_name(f"{target.name}.new")
    try:
        table.to_parquet(fresh)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def lau_regions(path: Path, table: geopandas.GeoDataFrame) -> RegionSet:
    """Return the communes of a file as regions: `commune:34172` in France, `commune:DE_09162000` elsewhere."""
    table = table.rename(columns=str.upper).set_geometry("GEOMETRY")
    source = {"id": "lau", "vintage": path.stem.partition(".")[0], "licence": NOTICE}
    rows, names = {}, []
    for country, code, name, outline in zip(
        table["CNTR_CODE"], table["LAU_ID"], table["LAU_NAME"], table.geometry, strict=True
    ):
        identifier = f"commune:{code}" if country == "FR" else f"commune:{country}_{code}"
        rows[identifier] = region_row(identifier, name, "commune", country, f"country:{country}", outline, source)
        names += [name_row(identifier, name, "", "official"), name_row(identifier, str(code), "", "code")]
    return RegionSet(
        source="lau",
        title="Local administrative units (communes)",
        version=source["vintage"],
        licence=NOTICE,
        attribution=NOTICE,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        regions=tuple(rows.values()),
        names=without_repeats(names, set(rows)),
    )
