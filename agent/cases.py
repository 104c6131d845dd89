"""The questions of a file: JSON lines, a JSON list or a table, told by what stands in it, not by its name.

A table has a column `question`, and may have `id` and `selection`; commas, semicolons, tabs or bars part its columns.
A line that cannot be read is a case with a fault, which names the line; none is cut short or left out.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import chain, islice
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
"""Characters of one cell, or of one line: a selection may be a detailed outline."""
BLOCK = 1_000_000
"""Bytes looked at at one time."""


@dataclass(frozen=True)
class Case:
    """One line: a question, or the turns of a conversation."""

    id: str
    turns: tuple[str, ...]
    selection: Any = None
    fault: str = ""
    """Why the line cannot be read; such a line is answered with that."""


def read_cases(file: Path) -> Iterator[Case]:
    """Return the cases of a file, read as they are asked for: a file may be larger than the memory.

    Raises:
        BadFile: it is missing, not text, empty, or a table without the column `question`.
    """
    if file.exists() and not file.is_file():
        raise BadFile(f"{file} is no regular file")
    try:
        head = _checked_head(file)
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{file} is {kind_of_file(file).says}, not UTF-8 text: unpack it, or save it as UTF-8") from error
    first = head.lstrip()[:1]
    if first == "[":
        cases = from_array(file)
    else:
        cases = from_jsonl(_Lines(file)) if first == "{" else from_table(file, _Lines(file), delimiter_of(head))
    first = next(cases, None)
    if first is None:
        raise BadFile(f"{file} holds no question")
    return chain([first], cases)


def _checked_head(file: Path) -> str:
    """Return the beginning of a file that is UTF-8 to its end."""
    decoder, head = codecs.getincrementaldecoder("utf-8-sig")(), ""
    with file.open("rb") as stream:
        while block := stream.read(BLOCK):
            text = decoder.decode(block)
            head = head if head.strip() else text[:LONGEST_PREAMBLE]
        decoder.decode(b"", final=True)
    return head


class _Lines:
    """The lines of a text file with their ends, counted. Ends are those of files alone, as `\\r`; U+2028 is none.

    A line that is too long is passed over, and raised as `csv.Error`: the next one can be asked for all the same.
    """

    def __init__(self, file: Path) -> None:
        self._stream = file.open(encoding="utf-8-sig", newline="")
        self.number = 0

    @property
    def ended(self) -> bool:
        """Whether there was no more when the next line was last asked for."""
        return self._stream.closed

    def close(self) -> None:
        """Read no more."""
        self._stream.close()

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = "" if self.ended else self._stream.readline(LONGEST_CELL)
        if not line:
            self.close()
            raise StopIteration
        self.number += 1
        if len(line) < LONGEST_CELL:
            return line
        while line and line[-1] not in "\r\n":
            line = self._stream.readline(LONGEST_CELL)
        raise csv.Error(f"line {self.number} is longer than {LONGEST_CELL:,} characters")


def from_array(file: Path) -> Iterator[Case]:
    """Yield a case for every entry of a JSON list: a question alone, or an object as of a line.

    Raises:
        BadFile: it is no list in JSON, or too long to be read whole.
    """
    with file.open("rb") as stream:
        entries = read_json(stream.read(LONGEST_CELL + 1), str(file), LONGEST_CELL, BadFile)
    for number, entry in enumerate(entries, 1):
        yield case_of({"question": entry} if isinstance(entry, str) else entry, number, "entry")


def from_jsonl(lines: _Lines) -> Iterator[Case]:
    """Yield a case for every line that is not blank."""
    with closing(lines):
        while True:
            try:
                line = next(lines)
                if line.strip():
                    yield case_of(read_json(line, f"line {lines.number}", LONGEST_CELL), lines.number)
            except StopIteration:
                return
            except (BadArgument, csv.Error) as fault:
                yield Case(f"line-{lines.number}", (), fault=str(fault))


def from_table(file: Path, lines: _Lines, delimiter: str) -> Iterator[Case]:
    """Yield a case for every row.

    Raises:
        BadFile: there is no column `question`.
    """
    with closing(lines):
        rows = _rows(lines, delimiter)
        heads = ([" ".join(name.split()).casefold() for name in cells] for _, cells, _ in islice(rows, PREAMBLE_ROWS))
        names = next((names for names in heads if "question" in names), None)
        if names is None:
            raise BadFile(f"{file} has no column 'question'; it needs id, question")
        for number, cells, fault in rows:
            yield Case(f"line-{number}", (), fault=fault) if fault else _row_case(names, cells, number, delimiter)


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


def _rows(lines: _Lines, delimiter: str) -> Iterator[tuple[int, list[str], str]]:
    """Yield the number of the first line of each row, its cells, and why it cannot be read; blank lines are none."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(lines, delimiter=delimiter)
    while True:
        first = lines.number + 1
        try:
            cells = next(reader)
            if lines.ended:  # while the row went on
                yield first, [], f"line {first} begins a quotation that does not end"
            elif cells:
                yield first, cells, ""
        except StopIteration:
            return
        except csv.Error as fault:
            yield first, [], f"line {first} cannot be read: {fault}"


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


def case_of(value: Any, number: int, what: str = "line") -> Case:
    """Return the case of one line's value; what is wrong with it as its fault."""
    if not isinstance(value, Mapping):
        return Case(f"{what}-{number}", (), fault=f"{what} {number} is not an object")
    id = str(value.get("id") or f"{what}-{number}")
    turns = value.get("turns") or ([value["question"]] if "question" in value else None)
    if not isinstance(turns, list) or not turns or not all(isinstance(t, str) for t in turns):
        return Case(id, (), fault=f'{what} {number} has neither "question" nor "turns"')
    return Case(id, tuple(turns), value.get("selection"))
