"""What the satellite tools share: model, pixels of an area, provenance, caveats. Torch comes in on first use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from retrieval.errors import BadArgument, NoRecords
from retrieval.types import Dataset, Region, Table
from tools.context import Context
from tools.pixelclip.at_hand import SHIPPED
from tools.result import Provenance

if TYPE_CHECKING:
    from tools.pixelclip.interface import Encoder
    from tools.pixelclip.stored import AreaPixels

MOST_PIXELS_SHOWN = 10_000
"""Pixels drawn and listed at most; the counts beside them are always of all."""
MOST_PIXELS_OF_A_JOB = 100_000
"""The same of a job in the background, whose map is drawn as one picture."""


def model_of(context: Context) -> Encoder:
    """Return the context's classifier, the shipped one where it names none."""
    if context.classifier is not None:
        return context.classifier
    from tools.pixelclip.shipped import load

    return load()


def encoder_named(context: Context, asked: str) -> dict[str, str]:
    """Return the argument of a plan that names the encoder: where one was asked for, or another answers by default."""
    return {"encoder": context.encoder} if asked or context.encoder != SHIPPED else {}


def encoder_caveats(context: Context) -> list[tuple[str, dict[str, Any]]]:
    """Return that another encoder than the shipped one answers, where one does."""
    if context.encoder == SHIPPED:
        return []
    return [("other_encoder", {"encoder": context.encoder, "model": model_of(context).model_id})]


def checked_year(year: int | None) -> int | None:
    """Return a year Sentinel-2 can have seen, or None.

    Raises:
        BadArgument: it cannot.
    """
    if year is not None and not 2015 <= int(year) <= 2100:
        raise BadArgument(f"{year}: Sentinel-2 has looked since 2015")
    return None if year is None else int(year)


def outline_of(context: Context, regions: Sequence[Region]) -> BaseGeometry | None:
    """Return the outline of all the regions together, EPSG:4326; None for everywhere.

    Raises:
        NoRecords: one of them has no outline.
    """
    if not regions:
        return None
    shapes = []
    for region in regions:
        own = context.outline(region)
        parts = (
            [own] if own is not None else [context.gazetteer.outline(id) for id in context.gazetteer.members(region.id)]
        )
        known = [part for part in parts if part is not None]
        if not known:
            way_out = "ask about a country, a province or a drawn area"
            raise NoRecords(f"outline of {region.name}", way_out, "no_outline", region=region.name)
        shapes += known
    return shapely.union_all(shapes)


def circle_around(near: Mapping[str, Any]) -> BaseGeometry:
    """Return the outline of a circle, EPSG:4326: all within `km` of `lon`, `lat` on the ellipsoid."""
    import geopandas as gpd

    centred = f"+proj=aeqd +lat_0={near['lat']} +lon_0={near['lon']} +datum=WGS84"
    return gpd.GeoSeries([Point(0, 0)], crs=centred).buffer(1000 * near["km"]).to_crs(4326).iloc[0]


def pixels_of(
    context: Context,
    regions: Sequence[Region],
    year: int | None,
    whole: bool = False,
    near: Mapping[str, Any] | None = None,
) -> AreaPixels:
    """Return the pixels of some regions with the model's vectors.

    `whole`: an area too large for an answer is offered as a job, not cut. `near`: only those within a circle.

    Raises:
        NoRecords: there are none there, or none of that year; or more than an answer reads, said with how long the job
            of mapping them all takes.
    """
    from tools.pixelclip.stored import area_pixels

    level = regions[0].level if len(regions) == 1 else ""
    outline = outline_of(context, regions)
    if near:
        circle = circle_around(near)
        level, outline = "", circle if outline is None else shapely.intersection(outline, circle)
    return area_pixels(context.store, model_of(context), outline, level, year, whole=whole, patience=context.patience)


def most_shown(context: Context) -> int:
    """Return how many pixels are drawn and listed at most."""
    return MOST_PIXELS_OF_A_JOB if context.patience else MOST_PIXELS_SHOWN


def pixel_datasets(context: Context) -> list[Dataset]:
    """Return the pixel datasets of the store."""
    return [d for d in context.store.datasets() if d.kind == "pixels"]


def satellite_provenance(context: Context, table: Table) -> Provenance:
    """Return where pixels came from, and which model spoke."""
    model = model_of(context)
    where_from = Provenance.of(pixel_datasets(context), table)
    return replace(where_from, model=f"{model.model_id} (sha256 {model.sha256[:12]})")


def pixel_caveats(pixels: AreaPixels) -> list[tuple[str, dict[str, Any]]]:
    """Return what every satellite answer must say: a sample, clouds, pixels that were not read."""
    caveats: list[tuple[str, dict[str, Any]]] = [("pixel_sample", {"pixels": int(pixels.usable.sum())})]
    if (lost := int((~pixels.usable).sum()) - pixels.left) > 0:
        caveats.append(("unusable_pixels", {"pixels": lost}))
    if pixels.left:
        caveats.append(("budget_spent", {"pixels": pixels.left}))
    return caveats


def trained_on(context: Context, pixels: AreaPixels) -> int:
    """Return how many of the pixels the model was trained on: there the map is no test of it."""
    taught = frozenset(model_of(context).about["training_ids"]["locations"])
    return sum(location in taught for location in pixels.rows.column("location"))


def accuracy_caveat(model_class: str, name: str, scores: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """Return the measured accuracy of a class, at places the model had not seen."""
    return (
        "classifier_accuracy",
        {
            "land_cover": model_class,
            "name": name,
            "precision": scores["precision"],
            "recall": scores["recall"],
            "average_precision": scores["average_precision"],
            "pixels": scores["pixels"],
        },
    )


def official_name(context: Context, model_code: str) -> str:
    """Return a model code's name in the context's language."""
    from tools.pixelclip.known import to_official

    return context.nomenclature.label([to_official(model_code)], context.language)
