"""Eurostat's tables as it publishes them today, and what changed since the last one. Does not interpret figures."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrieval.errors import BadArgument, SourceError
from retrieval.fetch.download import Remote
from retrieval.fetch.sources import Sources
from retrieval.statistics_files import read_statistics_file

TABLES = {"LAN_LCV_OVW": ("unit", "landcover", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")}
"""Table → the columns its SDMX-CSV must have."""

VINEYARD_COLUMNS = ("crops", "strucpro", "geo", "TIME_PERIOD", "OBS_VALUE")

Key = tuple[str, str, int, str]


@dataclass(frozen=True)
class Release:
    """How one release of the table differs from another."""

    before: str
    after: str
    added: int
    gone: int
    changed: int
    same: int
    examples: tuple[str, ...]
    """The largest changes of a share, in words."""

    def lines(self) -> list[str]:
        """Return what a person reads."""
        if not (self.added or self.gone or self.changed):
            return [f"statistics: {self.after} says the same as {self.before} ({self.same} figures)"]
        told = f"{self.changed} figures changed, {self.added} new, {self.gone} gone, {self.same} as before"
        return [f"statistics: {self.before} -> {self.after}: {told}", *(f"  {line}" for line in self.examples)]


def remote(sources: Sources, table: str = "LAN_LCV_OVW") -> Remote:
    """Return the current release of a table, gzipped SDMX-CSV."""
    if table.upper() not in TABLES:
        raise BadArgument(f"no table {table!r}; tables: {', '.join(TABLES)}")
    path = sources.setting("statistics", "path").format(table=table.upper())
    return Remote(sources.url("statistics", path), f"statistics/{table.lower()}.csv.gz", "gzip")


def vineyard_remote(sources: Sources) -> Remote:
    """Return the area under vines of each country and year, thousand hectares (crop W1000 of APRO_CPSH1)."""
    path = sources.setting("statistics", "vineyard")
    return Remote(sources.url("statistics", path), "statistics/apro_cpsh1_w1000.csv.gz", "gzip")


def check_columns(file: Path, columns: Sequence[str]) -> None:
    """See that a table still has the columns it is known by.

    Raises:
        SourceError: One is missing; it is named. The store has not been touched.
    """
    with gzip.open(file, "rt", encoding="utf-8-sig", errors="replace") as stream:
        header = [name.strip() for name in stream.readline(100_000).split(",")]
    missing = [name for name in columns if name not in header]
    if missing:
        raise SourceError(
            f"{file.name} has no column {missing[0]!r} (it has {', '.join(header)[:200]}): Eurostat changed the form "
            "of the table; the store is as it was"
        )


def compare(before: Path | None, after: Path) -> Release:
    """Return what changed from one release (the bundled one when None) to another."""
    old, new = read_statistics_file(before), read_statistics_file(after)
    was, now = _figures(old.shares), _figures(new.shares)
    both = was.keys() & now.keys()
    changed = [key for key in both if was[key] != now[key]]
    shares = sorted((key for key in changed if key[3] == "PC"), key=lambda k: -abs(was[k] - now[k]))
    return Release(
        before=old.dataset.version,
        after=new.dataset.version,
        added=len(now.keys() - was.keys()),
        gone=len(was.keys() - now.keys()),
        changed=len(changed),
        same=len(both) - len(changed),
        examples=tuple(
            f"{code} {cover} {year}: {was[k]} -> {now[k]} %" for k in shares[:5] for code, cover, year, _ in [k]
        ),
    )


def _figures(table) -> dict[Key, float]:
    columns = [table.column(name).to_pylist() for name in ("code", "land_cover", "year", "unit", "value")]
    return {(code, cover, year, unit): value for code, cover, year, unit, value in zip(*columns, strict=True)}
