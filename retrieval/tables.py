"""Tables as files: what their columns are called, and their cells. Knows no dataset; what a file is, its bytes tell.

Parquet, and text in columns parted by comma, semicolon, tab or bar, plain or gzipped, in UTF-8. Before the heading may
stand remarks (`# …`), a title, and the line by which Excel is told the delimiter (`sep=;`). A column is asked for by
its key: its name in lower case, gaps as `_`.
"""

from __future__ import annotations

import csv
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from retrieval.errors import BadFile
from retrieval.file_kinds import FileKind, kind_of_file, kind_of_head

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

DELIMITERS = ("\t", ",", ";", "|")
PREAMBLE_LINES = 50
"""Lines that may stand before the heading."""
LONGEST_CELL = 10_000_000
"""Characters."""

ADVICE = {
    "empty": "it has no column",
    "xlsx": "save the sheet as CSV",
    "ole": "save the sheet as CSV",
    "utf-16": "save it as UTF-8",
    "arrow": "save it as Parquet",
    "html": "download the table itself",
    "zip": "unpack it",
    "7z": "unpack it",
    "rar": "unpack it",
    "tar": "unpack it",
    "xz": "unpack it",
    "bzip2": "unpack it",
    "zstd": "unpack it",
    "gzip": "unpack it",
}
"""Kind of file → what it lacks, or what its owner can do to have it read."""


@dataclass(frozen=True)
class Table:
    """A file whose columns are known and whose rows are not read yet."""

    path: Path
    columns: Mapping[str, str]
    """Key → the name of the column in the file, in the order of the file; of two alike the first."""
    delimiter: str = ""
    """Empty for Parquet."""
    gzipped: bool = False
    heading_lines: int = 0
    """Lines of text up to the heading and with it."""
    cells: tuple[str, ...] = ()
    """A name for every cell of a row of text: its column's key, or one of its own where it has none."""

    def names(self) -> list[str]:
        """Return the columns as the file calls them, fit for a terminal."""
        return [printable(name) for name in self.columns.values()]

    def read(self, keys: Iterable[str]) -> pd.DataFrame:
        """Return these columns, under their keys: as text where the file is one, else in the file's own types.

        Raises:
            BadFile: A row has not the columns of the heading, a column is not UTF-8, or the file is damaged.
        """
        import pyarrow as pa

        wanted = [key for key in dict.fromkeys(keys) if key in self.columns]
        try:
            table = self._text(wanted) if self.delimiter else self._parquet(wanted)
            return table.to_pandas(ignore_metadata=True)
        except (pa.ArrowException, OSError, EOFError, zlib.error, ValueError) as error:
            raise BadFile(f"{self.path} cannot be read: {_reason(error)}") from error

    def rows(self, short: bool = False) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the number of the line and the cells of each row of text, by key, without the space around them.

        Args:
            short: A row may end before its last columns, which are empty then.

        Raises:
            BadFile: A row has not the columns of the heading, or the file is damaged.
        """
        number = self.heading_lines
        try:
            with _opened_text(self.path, self.gzipped, errors="strict") as stream:
                for _ in range(self.heading_lines):
                    stream.readline()
                reader = csv.reader(stream, delimiter=self.delimiter)
                for cells in reader:
                    first, number = number + 1, self.heading_lines + reader.line_num
                    if short:
                        cells += [""] * (len(self.cells) - len(cells))
                    if any(cell.strip() for cell in cells):
                        yield first, self._named(cells, first)
        except UnicodeDecodeError as error:
            raise BadFile(f"{self.path.name}: not UTF-8 text after line {number}; save it as UTF-8") from error
        except (csv.Error, OSError, EOFError, zlib.error) as error:
            raise BadFile(f"{self.path.name} cannot be read after line {number}: {_reason(error)}") from error

    def _named(self, cells: Sequence[str], number: int) -> dict[str, str]:
        if len(cells) != len(self.cells):
            raise BadFile(f"{self.path.name}: line {number} has {len(cells)} columns, its heading {len(self.cells)}")
        return {key: cell.strip() for key, cell in zip(self.cells, cells, strict=True)}

    def _parquet(self, wanted: Sequence[str]) -> pa.Table:
        import pyarrow.parquet

        names = [self.columns[key] for key in wanted]
        with pyarrow.parquet.ParquetFile(self.path) as file:
            table = file.read(columns=names, use_pandas_metadata=False)
        # by position: of two columns of one name the first is meant
        return table.select([table.column_names.index(name) for name in names]).rename_columns(list(wanted))

    def _text(self, wanted: Sequence[str]) -> pa.Table:
        import pyarrow as pa

        try:
            return self._text_as(wanted, newlines_in_values=False)
        except pa.ArrowInvalid:
            return self._text_as(wanted, newlines_in_values=True)  # slower, as no block can be read alone

    def _text_as(self, wanted: Sequence[str], newlines_in_values: bool) -> pa.Table:
        import pyarrow as pa
        import pyarrow.csv

        with _opened(self.path, self.gzipped) as stream:
            return pyarrow.csv.read_csv(
                stream,
                read_options=pyarrow.csv.ReadOptions(column_names=list(self.cells), skip_rows=self.heading_lines),
                parse_options=pyarrow.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=newlines_in_values),
                convert_options=pyarrow.csv.ConvertOptions(
                    include_columns=list(wanted), column_types=dict.fromkeys(wanted, pa.string())
                ),
            )


def open_table(path: Path) -> Table:
    """Return a file as a table, having read no more than its heading and the row after it.

    Raises:
        BadFile: There is no such file, it is no table, or it cannot be read; in a line that says what it is.
    """
    import pyarrow as pa

    if not path.is_file():
        raise BadFile(f"no file {path}" if not path.exists() else f"{path} is no file")
    try:
        kind = kind_of_file(path)
        if kind.name == "parquet":
            return _parquet_table(path)
        gzipped = kind.name == "gzip"
        if gzipped:
            kind = _kind_inside(path)
        if kind.name != "text":
            raise BadFile(f"{path} {_says(kind, gzipped)}")
        return _text_table(path, gzipped)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, csv.Error, pa.ArrowException) as error:
        raise BadFile(f"{path} cannot be read: {_reason(error)}") from error


def is_geoparquet(table: Table) -> bool:
    """Return whether a Parquet file says that it holds outlines."""
    import pyarrow.parquet

    return not table.delimiter and b"geo" in (pyarrow.parquet.read_schema(table.path).metadata or {})


def key_of(name: str) -> str:
    """Return the key of a column.

    >>> key_of(" Point-Id"), key_of("TH LAT"), key_of('"unit: Unit of measure"'), key_of("geo\\\\TIME_PERIOD")
    ('point_id', 'th_lat', 'unit', 'geo\\\\time_period')
    """
    bare = name.strip("\ufeff \t\r\n\"'#").partition(":")[0]
    return re.sub(r"[\s\-]+", "_", bare.strip().casefold())


def printable(text: str) -> str:
    """Return a text without what a terminal would take for an order, or could not show."""
    return "".join(letter if letter.isprintable() else " " for letter in text).encode("utf-8", "replace").decode()


def _says(kind: FileKind, gzipped: bool) -> str:
    what = f"is a gzip file that holds {kind.says.removeprefix('a ')}" if gzipped else f"is {kind.says}"
    advice = ADVICE.get("gzip" if gzipped else kind.name, "")
    return f"{what}{'; ' + advice if advice else ''}: read are Parquet and UTF-8 text (CSV, TSV), also gzipped"


def _kind_inside(path: Path) -> FileKind:
    with gzip.open(path) as stream:
        return kind_of_head(stream.read(4096))


def _parquet_table(path: Path) -> Table:
    import pyarrow.parquet

    columns: dict[str, str] = {}
    for name in pyarrow.parquet.read_schema(path).names:
        columns.setdefault(key_of(name), name)
    return Table(path, columns)


def _opened(path: Path, gzipped: bool) -> gzip.GzipFile | io.BufferedReader:
    return gzip.open(path) if gzipped else path.open("rb")


@contextmanager
def _opened_text(path: Path, gzipped: bool, errors: str) -> Generator[TextIO]:
    """Open a text so that its lines keep their ends, whichever these are."""
    with _opened(path, gzipped) as raw, io.TextIOWrapper(raw, encoding="utf-8-sig", errors=errors, newline="") as text:
        yield text


def _text_table(path: Path, gzipped: bool) -> Table:
    csv.field_size_limit(LONGEST_CELL)
    with _opened_text(path, gzipped, errors="replace") as stream:
        before, line = _heading(stream)
        if not line.strip():
            raise BadFile(f"{path} is no file that is known: it is a text without columns")
        delimiter = delimiter_of(line)
        lines = _then(line, stream)
        reader = csv.reader(lines, delimiter=delimiter)
        heading = next(reader)
        heading_lines = before + reader.line_num
        first = next((cells for cells in reader if any(cell.strip() for cell in cells)), heading)
    cells = _cell_keys(heading, first)
    columns: dict[str, str] = {}
    for key, name in zip(cells, _aligned(heading, first), strict=True):
        if name:
            columns.setdefault(key, name.strip())
    return Table(path, columns, delimiter, gzipped, heading_lines, cells)


def _heading(stream: TextIO) -> tuple[int, str]:
    """Return how many lines stand before the heading, and the heading's first line."""
    for before in range(PREAMBLE_LINES):
        line = stream.readline(LONGEST_CELL)
        if not line:
            return before, ""
        parts = max(map(line.count, DELIMITERS))
        told = line.lstrip("\ufeff").lower().startswith("sep=")
        if parts and not told and not (line.startswith("#") and parts < 3):
            return before, line
    return PREAMBLE_LINES, ""


def delimiter_of(heading: str) -> str:
    r"""Return what parts the columns of a heading: what is most frequent outside quotes.

    >>> delimiter_of('"a;b",c'), delimiter_of("unit,landcover,geo\\TIME_PERIOD\t2022"), delimiter_of("id;lat")
    (',', '\t', ';')
    """
    bare = re.sub(r'"[^"]*"', "", heading)
    if "\t" in bare and "\\" in heading:  # Eurostat's TSV joins its dimensions by commas
        return "\t"
    return max(DELIMITERS, key=bare.count)


def _then(line: str, stream: TextIO) -> Iterator[str]:
    yield line
    yield from stream


def _aligned(heading: Sequence[str], first: Sequence[str]) -> list[str]:
    """Return a name for each cell of a row: R leaves out that of the row names, others that of an empty last cell."""
    if len(first) != len(heading) + 1:
        return list(heading)
    return [*heading, ""] if not first[-1].strip() else ["", *heading]


def _cell_keys(heading: Sequence[str], first: Sequence[str]) -> tuple[str, ...]:
    keys: list[str] = []
    for at, name in enumerate(_aligned(heading, first)):
        key = key_of(name)
        keys.append(key if key and key not in keys else f"column {at + 1}")
    return tuple(keys)


def _reason(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return printable(lines[0])[:200] if lines else type(error).__name__
