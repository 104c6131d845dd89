"""LUCAS survey files: which there are, what is in a zip, whether a header still is what readers expect.

Does not read records: `retrieval/readers.py` does, by the descriptors in the catalog.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from retrieval.catalog import descriptor
from retrieval.errors import BadArgument, BadFile, SourceError
from retrieval.fetch.cache import write_atomically
from retrieval.fetch.download import Remote
from retrieval.fetch.sources import Sources
from retrieval.file_kinds import BROKEN_ARCHIVE

LARGEST_MEMBER = 8 * 1024**3
"""Bytes a survey file may unpack to: fifteen times the largest there is."""

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
    header = read_header(file)
    present = {name.lower() for name in header}
    missing = [name for name in known.signature if name not in present]
    if missing:
        raise SourceError(
            f"{file.name} has no column {missing[0]!r} ({dataset}: {', '.join(missing)} missing of "
            f"{', '.join(known.signature)}): the source changed its form; the store is as it was. Its columns: "
            f"{', '.join(header[:12])}{', …' if len(header) > 12 else ''}"
        )


def read_header(file: Path) -> list[str]:
    """Return the column names of a CSV file."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        line = stream.readline(200_000)
    delimiter = max((",", ";", "\t"), key=line.count)
    return [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]


def unpack(archive: Path, folder: Path) -> list[Path]:
    """Write the tables of a zip file into a folder and return them; each is there whole, or not at all.

    Raises:
        BadFile: It is no zip file, has no table, or a member that cannot be meant.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [m for m in opened.infolist() if _is_table(m)]
            if not members:
                raise BadFile(f"{archive.name} has no table in it: {', '.join(opened.namelist()[:5])}")
            return [_unpack_one(opened, member, folder) for member in members]
    except BROKEN_ARCHIVE as error:
        raise BadFile(f"{archive.name} is not a whole zip file: {error}") from error


def cut(file: Path, countries: Sequence[str], folder: Path) -> Path:
    """Write the rows of some countries into a file of their own."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.csv

    header = read_header(file)
    column = next((name for name in header if name.lower() in COUNTRY_COLUMNS), None)
    if column is None:
        raise SourceError(f"{file.name} has no column {COUNTRY_COLUMNS[0]!r}: the source changed its form")
    types = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(header, pa.string()), strings_can_be_null=False)
    target = folder / f"{file.stem}_{'_'.join(sorted(countries))}.csv"
    fresh = target.with_name(f"{target.name}.new")
    try:
        wanted = pc.SetLookupOptions(pa.array(list(countries)))
        reader = pyarrow.csv.open_csv(file, convert_options=types)
        with reader, pyarrow.csv.CSVWriter(fresh, reader.schema) as writer:
            for batch in reader:
                writer.write(batch.filter(pc.call_function("is_in", [batch[column]], wanted)))
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _unpack_one(opened: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path) -> Path:
    if member.file_size > LARGEST_MEMBER:
        raise BadFile(f"{member.filename} would take {member.file_size / 1e9:.0f} GB unpacked: not a survey file")
    target = folder / PurePosixPath(member.filename).name  # the folder inside the zip never counts
    if target.is_file() and target.stat().st_size == member.file_size:
        return target
    folder.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f"{target.name}.new")
    try:
        with opened.open(member) as stream, fresh.open("wb") as out:
            while block := stream.read(1 << 20):
                out.write(block)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return target


def _is_table(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename).name.lower()
    return name.endswith((".csv", ".parquet", ".tsv", ".geojson", ".gpkg")) and not name.startswith("._")


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
