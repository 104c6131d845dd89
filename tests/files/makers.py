"""Good files, small enough to be written by hand, and the ways in which people's files differ from them.

Forty survey visits, two kilometres apart: ten of each of four land covers, in one region of the south of France.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd
import pyproj

TO_LONLAT = pyproj.Transformer.from_crs("EPSG:3035", "EPSG:4326", always_xy=True)
COVERS = ("B82", "C10", "E20", "A11")
HEADING = (
    "POINT_ID", "NUTS0", "NUTS1", "NUTS2", "NUTS3", "TH_LAT", "TH_LONG", "SURVEY_DATE", "GPS_ALTITUDE", "OBS_TYPE",
    "LC1", "LC2", "LU1", "LU2",
)  # fmt: skip
Row = dict[str, str]


def visits(year: int = 2018, **changes: str) -> list[Row]:
    """Return forty rows of microdata; `changes` replace a column in every row."""
    return [{**_visit(at, year), **changes} for at in range(40)]


def _visit(at: int, year: int) -> Row:
    easting, northing = 3800 + 2 * (at % 10), 2300 + 2 * (at // 10)
    lon, lat = TO_LONLAT.transform(easting * 1000, northing * 1000)
    day = f"{5 + at % 20:02d}/07/{year % 100}"
    cells = (
        f"{easting}{northing}", "FR", "FRJ", "FRJ1", "FRJ13", f"{lat:.9f}", f"{lon:.9f}", day,
        "40", "1", COVERS[at // 10], "8", "U111", "8",
    )  # fmt: skip
    return dict(zip(HEADING, cells, strict=True))


def written(rows: list[Row], delimiter: str = ",", end: str = "\n", quoting: int = csv.QUOTE_MINIMAL) -> str:
    """Return rows as a table of text."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], delimiter=delimiter, lineterminator=end, quoting=quoting)  # ty: ignore
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def with_each(rows: list[Row], column: str, change: Callable[[str], str]) -> list[Row]:
    """Return the rows with one column's cells changed."""
    return [{**row, column: change(row[column])} for row in rows]


def renamed(rows: list[Row], change: Callable[[str], str]) -> list[Row]:
    """Return the rows with their columns renamed."""
    return [{change(name): cell for name, cell in row.items()} for row in rows]


def zipped(file: Path, members: Mapping[str, str | bytes]) -> Path:
    """Write a zip file."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


def frame(rows: list[Row]) -> pd.DataFrame:
    """Return the rows as a data frame with numbers where they are numbers."""
    numbers = {"POINT_ID": "int64", "TH_LAT": float, "TH_LONG": float, "GPS_ALTITUDE": "int64"}
    return pd.DataFrame(rows).astype(numbers)


# --- ways of being hostile -----------------------------------------------------------------------------------------

Change = Callable[[random.Random, list[Row]], list[Row]]


def _drop(dice: random.Random, rows: list[Row]) -> list[Row]:
    gone = dice.choice(list(rows[0])) if len(rows[0]) > 1 else ""
    return [{name: cell for name, cell in row.items() if name != gone} for row in rows]


def _rename(dice: random.Random, rows: list[Row]) -> list[Row]:
    one, other = dice.choice(list(rows[0])), dice.choice(["", "x", "geometry", "name", "YEAR", "LC1", "ü", "a;b"])
    return renamed(rows, lambda name: other if name == one else name)


def _recase(dice: random.Random, rows: list[Row]) -> list[Row]:
    how = dice.choice([str.lower, str.title, lambda name: f" {name} ", lambda name: name.replace("_", " ")])
    return renamed(rows, how)


def _shuffle(dice: random.Random, rows: list[Row]) -> list[Row]:
    names = dice.sample(list(rows[0]), len(rows[0]))
    return dice.sample([{name: row[name] for name in names} for row in rows], len(rows))


def _swap(dice: random.Random, rows: list[Row]) -> list[Row]:
    one, other = dice.choice(list(rows[0])), dice.choice(list(rows[0]))
    return [{**row, one: row[other], other: row[one]} for row in rows]


JUNK = (
    "", " ", "NA", "NaN", "-9999", "8888", "88.888888", "88", "null", "\x00", "\x1b[2J", "=1+1", "é", "1e400", "inf",
    "-inf", "99999999999999999999", "0", "-1", "B82 - Vineyards", "b 82", "GR", "uk", "31/12/1899", "2018-07-05T10:00Z",
    "07/25/18", "1,5", "\n", '"', "\u2028", "😀", "x" * 5_000,
)  # fmt: skip


def _spoil_a_column(dice: random.Random, rows: list[Row]) -> list[Row]:
    junk = dice.choice(JUNK)
    return with_each(rows, dice.choice(list(rows[0])), lambda cell: junk)


def _spoil_cells(dice: random.Random, rows: list[Row]) -> list[Row]:
    names = list(rows[0])
    spoilt = [dict(row) for row in rows]
    for _ in range(dice.randint(1, 5)):
        dice.choice(spoilt)[dice.choice(names)] = dice.choice(JUNK)
    return spoilt


def _repeat(dice: random.Random, rows: list[Row]) -> list[Row]:
    return [*rows, *dice.sample(rows, dice.randint(1, len(rows)))]


def _empty(dice: random.Random, rows: list[Row]) -> list[Row]:
    return rows[: dice.randint(1, 2)]


CHANGES: tuple[Change, ...] = (
    _drop, _rename, _recase, _shuffle, _swap, _spoil_a_column, _spoil_cells, _repeat, _empty,
)  # fmt: skip

ENCODINGS = ("utf-8", "utf-8", "utf-8-sig", "latin-1", "utf-16", "cp1252", "utf-7")
ENDS = ("\n", "\r\n", "\r", "\n\n")


def wrapped(dice: random.Random, text: str, folder: Path) -> Path:
    """Write a text in one of the ways in which files are packed, encoded and named."""
    content = text.encode(dice.choice(ENCODINGS), errors="replace")
    cut = dice.random()
    if cut < 0.1:
        content = content[: dice.randint(0, len(content))]
    name = dice.choice(["points_2018.csv", "POINTS.CSV", "data", "2018.parquet", "x.geojson", "ü 2018.txt", "a.zip"])
    match dice.choice(["plain", "plain", "gzip", "zip", "twice", "torn"]):
        case "gzip":
            content = gzip.compress(content, mtime=0)
        case "zip":
            return zipped(folder / name, {"__MACOSX/._p.csv": b"\0\5\x16\7", "d/p 2018.csv": content})
        case "twice":
            return zipped(folder / name, {"2018/p.csv": content, "2015/p.csv": content})
        case "torn":
            content = gzip.compress(content, mtime=0)[: -dice.randint(1, 40)]
    file = folder / name
    file.write_bytes(content)
    return file


def hostile_table(seed: int, rows: list[Row], folder: Path) -> Path:
    """Write a file that is one to four steps away from a good one; the same for the same seed."""
    dice = random.Random(seed)
    for change in dice.choices(CHANGES, k=dice.randint(1, 3)):
        rows = change(dice, rows)
    text = written(rows, dice.choice(",,;\t|"), dice.choice(ENDS), dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    return wrapped(dice, text, folder)
