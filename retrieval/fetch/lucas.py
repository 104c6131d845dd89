"""LUCAS survey files: which there are, and whether a header still is what readers expect.

Does not read records: `retrieval/readers.py` does, by the descriptors in the catalog.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from retrieval.catalog import descriptor
from retrieval.errors import BadArgument, SourceError
from retrieval.fetch.cache import write_atomically
from retrieval.fetch.download import Remote
from retrieval.fetch.sources import Sources
from retrieval.tables import open_table

COUNTRY_COLUMNS = ("point_nuts0", "nuts0")


def remotes(sources: Sources, year: int, countries: Sequence[str] = (), harmonised: bool = False) -> list[Remote]:
    """Return the files that hold the survey of a year, for the whole of Europe or for some countries.

    Raises:
        BadArgument: There was no survey in that year, or it did not visit a country.
    """
    years = sources.setting("lucas", "years")
    if year not in years:
        raise BadArgument(f"no LUCAS survey in {year}; surveys: {', '.join(map(str, years))}")
    visited = sources.setting("lucas", "countries")
    strange = [country for country in countries if country not in visited]
    if strange:
        raise BadArgument(f"LUCAS knows no country {strange[0]!r}; countries: {' '.join(visited)}")
    if harmonised or year not in _years(sources, "whole"):
        if year not in sources.setting("lucas_harmonised", "years"):
            raise BadArgument(f"the harmonised table ends with 2018; {year} is published as microdata")
        path = sources.setting("lucas_harmonised", "year").format(year=year)
        return [_remote(sources, "lucas_harmonised", path)]
    by_country = sources.setting("lucas", "country")
    if countries and str(year) in by_country:
        return [_remote(sources, "lucas", by_country[str(year)].format(country=country)) for country in countries]
    return [_remote(sources, "lucas", sources.setting("lucas", "whole")[str(year)])]


def expected(year: int, harmonised: bool) -> str:
    """Return the id of the descriptor that files of a year must fit."""
    if harmonised or year == 2006:
        return "lucas_harmonised"
    return "lucas_microdata_2022" if year >= 2022 else "lucas_microdata"


def check_header(file: Path, dataset: str) -> None:
    """See that a file still has the columns its dataset is known by.

    Raises:
        SourceError: A column is missing; it is named. The store has not been touched.
    """
    known = descriptor(dataset)
    table = open_table(file)
    header = table.names()
    missing = [name for name in known.signature if name not in table.columns]
    if missing:
        raise SourceError(
            f"{file.name} has no column {missing[0]!r} ({dataset}: {', '.join(missing)} missing of "
            f"{', '.join(known.signature)}): the source changed its form; the store is as it was. Its columns: "
            f"{', '.join(header[:12])}{', …' if len(header) > 12 else ''}"
        )


def cut(file: Path, countries: Sequence[str], folder: Path) -> Path:
    """Write the rows of some countries into a file of their own."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv

    source = open_table(file)
    column = next((name for name in COUNTRY_COLUMNS if name in source.columns), None)
    if column is None:
        raise SourceError(f"{file.name} has no column {COUNTRY_COLUMNS[0]!r}: the source changed its form")
    types = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(source.cells, pa.string()), strings_can_be_null=False)
    read = pyarrow.csv.ReadOptions(column_names=list(source.cells), skip_rows=source.heading_lines)
    parse = pyarrow.csv.ParseOptions(delimiter=source.delimiter)
    target = folder / f"{file.stem}_{'_'.join(sorted(countries))}.csv"
    fresh = target.with_name(f"{target.name}.new")
    try:
        wanted = pc.SetLookupOptions(pa.array(list(countries)))
        reader = pyarrow.csv.open_csv(file, read_options=read, parse_options=parse, convert_options=types)
        with reader, pyarrow.csv.CSVWriter(fresh, reader.schema) as writer:
            for batch in reader:
                writer.write(batch.filter(pc.call_function("is_in", [batch[column]], wanted)))
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _years(sources: Sources, kind: str) -> set[int]:
    return {int(year) for year in sources.setting("lucas", kind)}


def _remote(sources: Sources, name: str, path: str) -> Remote:
    form = "zip" if path.lower().endswith(".zip") else "csv"
    return Remote(sources.url(name, path), f"lucas/{PurePosixPath(path).name}", form)


def write_rows(file: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a small CSV atomically."""
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    write_atomically(file, text.getvalue().encode())
