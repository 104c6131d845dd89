"""Files of a survey's sampling weights become canonical rows: point, year, stratum, weight. Reads no land cover.

Eurostat hands the weights of 2022 out beside the microdata: `sample_LUCAS_2022.csv` with POINT_ID, STRATUM_LUCAS and
WGT_LUCAS, earlier ID, STRATUM and WEIGHTS, among columns of the design; or one table of visits with their weights. A
weight says how many points of the 2 km grid a surveyed point stands for; a file in km² is told by its sum. Weights
calibrated further (`cal_wgt`) are not taken: their error is not that of the strata.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.catalog import descriptor
from retrieval.errors import BadFile
from retrieval.tables import open_table
from retrieval.types import Dataset

if TYPE_CHECKING:
    import pyarrow as pa

KIND = "survey_weights"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "point_id": ("point_id", "id"),
    "wgt_lucas": ("wgt_lucas", "weights"),
    "stratum_lucas": ("stratum_lucas", "stratum"),
}
"""What is read → what the column is called, the newer name first."""
YEAR = re.compile(r"(?<!\d)(20\d\d)(?!\d)")
GRID_KM2 = 4.0
GRID_POINTS = (900_000, 1_300_000)
"""Points of the 2 km grid over the Union: what the weights of a whole survey add up to; four times that in km²."""


@dataclass(frozen=True)
class SurveyWeights:
    """One survey's weights, and their stamp."""

    weights: pa.Table
    """point_id, year, stratum, weight: the grid points that each surveyed point stands for."""
    dataset: Dataset


def read_weights(file: Path) -> SurveyWeights:
    """Return weights and stamp of one file.

    Raises:
        BadFile: it lacks the columns or the year, or has weights that are none.
    """
    import pandas as pd
    import pyarrow as pa

    from retrieval.readers import sha256

    table = open_table(file)
    called = {name: next((one for one in names if one in table.columns), "") for name, names in COLUMNS.items()}
    if missing := [name for name, column in called.items() if not column]:
        raise BadFile(f"{file.name} has no {', '.join(missing).upper()}; weights are read of a file with these columns")
    years = YEAR.findall(file.name)
    if not years:
        raise BadFile(f"{file.name} does not say of which survey its weights are; put the year into its name")
    rows = table.read(called.values()).rename(columns={column: name for name, column in called.items()})
    point = pd.to_numeric(rows["point_id"], errors="coerce")
    weight = pd.to_numeric(rows["wgt_lucas"], errors="coerce")
    stratum = rows["stratum_lucas"].astype("string").str.strip()
    surveyed = weight.notna() & point.notna() & stratum.notna()
    if not surveyed.any() or (weight[surveyed] < 1).any():
        raise BadFile(f"{file.name}: a weight is the grid points a point stands for, 1 or more")
    if point[surveyed].duplicated().any():
        raise BadFile(f"{file.name}: a point has two weights")
    weight = weight[surveyed]
    if GRID_KM2 * GRID_POINTS[0] <= weight.sum() <= GRID_KM2 * GRID_POINTS[1]:
        weight = weight / GRID_KM2
    found = {"point_id": point[surveyed].astype("int32"), "year": int(years[-1]), "stratum": stratum[surveyed]}
    types = {"point_id": pa.int32(), "year": pa.int16(), "stratum": pa.string(), "weight": pa.float64()}
    weights = pa.Table.from_pandas(
        pd.DataFrame({**found, "weight": weight}), pa.schema(list(types.items())), preserve_index=False
    )
    known = descriptor("lucas_weights")
    digest = sha256(file)
    return SurveyWeights(
        weights,
        Dataset(
            id=known.id,
            title=known.title,
            version=f"{years[-1]}, file {digest[:12]}",
            licence=known.licence,
            attribution=known.attribution,
            sha256=digest,
            rows=weights.num_rows,
            years=(int(years[-1]),),
            bbox=None,
            synthetic=False,
            kind=KIND,
        ),
    )
