"""GISCO's region files: NUTS of every vintage and scale, and local administrative units. Does not read outlines.

What comes is GeoJSON in EPSG:4326. It may be used for non-commercial purposes with the notice below, which every
download says and every region in the store carries.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from retrieval.errors import BadArgument, BadFile, SourceError
from retrieval.fetch.download import Remote
from retrieval.fetch.lau import NOTICE
from retrieval.fetch.sources import Sources
from retrieval.map_files import read_map_file

if TYPE_CHECKING:
    import geopandas

__all__ = ["LAU_FIELDS", "NOTICE", "NUTS_FIELDS", "checked_features", "lau_remotes", "nuts_remotes"]

NUTS_FIELDS = ("NUTS_ID", "LEVL_CODE", "CNTR_CODE")
LAU_FIELDS = ("CNTR_CODE", "LAU_ID", "LAU_NAME")


def nuts_remotes(sources: Sources, years: Sequence[int], scale: str) -> list[Remote]:
    """Return one file a vintage, all levels in it."""
    if scale not in sources.setting("nuts", "scales"):
        raise BadArgument(f"no scale {scale!r}; scales: {', '.join(sources.setting('nuts', 'scales'))}")
    return [_remote(sources, "nuts", year, scale=scale) for year in years]


def lau_remotes(sources: Sources, years: Sequence[int]) -> list[Remote]:
    """Return the communes of Europe, one file a year."""
    return [_remote(sources, "lau", year) for year in years]


def checked_features(file: Path, fields: Sequence[str]) -> geopandas.GeoDataFrame:
    """Return a file's features, having seen that it still has the properties its regions are known by.

    Raises:
        SourceError: It cannot be read, or one is missing; it is named. The store has not been touched.
    """
    try:
        features = read_map_file(file, shown=file.name).features
    except BadFile as error:
        raise SourceError(f"{error}; the store is as it was") from error
    present = [str(name) for name in features.columns if name != "geometry"]
    missing = [name for name in fields if name not in present]
    if missing:
        raise SourceError(
            f"{file.name} has no property {missing[0]!r} (it has {', '.join(present)}): the source changed its form; "
            "the store is as it was"
        )
    return features


def _remote(sources: Sources, name: str, year: int, **more: str) -> Remote:
    years = sources.setting(name, "years")
    if year not in years:
        raise BadArgument(f"no {name.upper()} vintage {year}; vintages: {', '.join(map(str, years))}")
    path = sources.setting(name, "path").format(year=year, **more)
    return Remote(sources.url(name, path), f"regions/{PurePosixPath(path).name}", "json")
