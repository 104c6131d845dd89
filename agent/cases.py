"""The questions of a file: JSON lines or a table. What a file is, is told by what stands in it, not by its name.

A table has a column `question`, and may have `id` and `selection`; commas, semicolons, tabs or bars part its columns.
A line that cannot be read is a case with a fault, which names the line; none is cut short or left out.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from retrieval.errors import BadArgument, BadFile
from retrieval.file_kinds import kind_of_file
from retrieval.foreign import read_json

DELIMITERS = (",", ";", "\t", "|")
PREAMBLE_ROWS = 50
"""Lines that may stand before the heading: a title, remarks, Excel's `sep=;`."""
LONGEST_PREAMBLE = 1_000_000
"""Characters in which the heading must stand."""
LONGEST_CELL = 10_000_000
"""Characters of one cell: a selection may be a detailed outline."""


@dataclass(frozen=True)
class Case:
    """One line: a question, or the turns of a conversation."""

    id: str
    turns: tuple[str, ...]
    selection: Any = None
    fault: str = ""
    """Why the line cannot be read; such a line is answered with that."""


def read_cases(file: Path) -> list[Case]:
    """Return the cases of a file.

    Raises:
        BadFile: it is missing, not text, empty, or a table without the column `question`.
    """
    if file.exists() and not file.is_file():
        raise BadFile(f"{file} is no regular file")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{file} is {kind_of_file(file).says}, not UTF-8 text: unpack it, or save it as UTF-8") from error
    cases = from_jsonl(text) if text.lstrip()[:1] in ("{", "[") else from_table(file, text)
    if not cases:
        raise BadFile(f"{file} holds no question")
    return cases


def from_jsonl(text: str) -> list[Case]:
    """Return a case for every line that is not blank."""
    cases = []
    for number, line in enumerate(re.split("\r\n|\r|\n", text), 1):
        if not line.strip():
            continue
        try:
            cases.append(case_of(read_json(line, f"line {number}", LONGEST_CELL), number))
        except BadArgument as fault:
            cases.append(Case(f"line-{number}", (), fault=str(fault)))
    return cases


def from_table(file: Path, text: str) -> list[Case]:
    """Return a case for every row.

    Raises:
        BadFile: there is no column `question`.
    """
    delimiter, rows = delimiter_of(text), _rows(text)
    heads = ([" ".join(name.split()).casefold() for name in cells] for _, cells in islice(rows, PREAMBLE_ROWS))
    names = next((names for names in heads if "question" in names), None)
    if names is None:
        raise BadFile(f"{file} has no column 'question'; it needs id, question")
    try:
        return [_row_case(names, cells, number, delimiter) for number, cells in rows]
    except csv.Error as error:
        raise BadFile(f"{file} cannot be read as a table: {error}") from error


def delimiter_of(text: str) -> str:
    """Return what parts the columns of a table: that by which its heading has a column `question`.

    >>> delimiter_of("id;question\\n1;hectares, vineyards, Sweden"), delimiter_of("Of May, 2026\\nid\\tquestion")
    (';', '\\t')
    """
    for line in text[:LONGEST_PREAMBLE].splitlines()[:PREAMBLE_ROWS]:
        for delimiter in DELIMITERS:
            if "question" in (name.strip(' "').casefold() for name in line.split(delimiter)):
                return delimiter
    return DELIMITERS[0]


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number of the first line of each row, and its cells; blank lines are passed over."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text))
    first = 1
    for cells in reader:
        if cells:
            yield first, cells
        first = reader.line_num + 1


def _row_case(names: Sequence[str], cells: Sequence[str], number: int, delimiter: str) -> Case:
    """Return the case of one row. A question in the last column may hold the delimiter itself, unquoted."""
    while len(cells) > len(names) and not cells[-1].strip():
        cells = cells[:-1]
    if len(cells) > len(names):
        if names[-1] != "question":
            return Case(f"line-{number}", (), fault=f"line {number} has {len(cells)} columns, its heading {len(names)}")
        last = len(names) - 1
        cells = [*cells[:last], delimiter.join(cells[last:])]
    row = dict(zip(names, (cell.strip() for cell in cells), strict=False))
    return case_of({name: cell for name, cell in row.items() if name and cell}, number)


def case_of(value: Any, number: int) -> Case:
    """Return the case of one line's value; what is wrong with it as its fault."""
    if not isinstance(value, Mapping):
        return Case(f"line-{number}", (), fault=f"line {number} is not an object")
    id = str(value.get("id") or f"line-{number}")
    turns = value.get("turns") or ([value["question"]] if "question" in value else None)
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        return Case(id, (), fault=f'line {number} has neither "question" nor "turns"')
    return Case(id, tuple(turns), value.get("selection"))
