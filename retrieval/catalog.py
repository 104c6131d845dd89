"""Which datasets are known: one TOML descriptor each in `retrieval/catalog/`. Does not read the datasets themselves.

A new survey year or region source is a new file there; its `[columns]` name the source's own column for each of ours.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from retrieval.errors import BadFile

FOLDER = Path(__file__).parent / "catalog"
TITLES = Path(__file__).parent / "data" / "titles.toml"


@dataclass(frozen=True)
class Descriptor:
    """What is known of a dataset before a file of it is opened."""

    id: str
    kind: str
    """`survey`, `statistics`, `vine_areas`, `deals`, `regions`, `places`, `pixels`; others are not put into a store."""
    title: str
    version: str
    licence: str
    attribution: str
    representative: bool = True
    """Whether counts of its points may stand for the land: not so for points chosen for another purpose."""
    url: str = ""
    citation: str = ""
    """How to cite it in print, where the attribution is not enough."""
    coverage: str = ""
    """Years and lands it speaks of, in words."""
    known_problems: tuple[str, ...] = ()
    """What its makers or we found wrong with it, a sentence each."""
    signature: tuple[str, ...] = ()
    """Columns, in lower case, that a file of this dataset must have; the longest signature that fits wins."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """Our column → the source's, or a list of which the first present is taken."""
    read: Mapping[str, Any] = field(default_factory=dict)
    """How else the reader must treat the file: `null_values`, `dates`, `year`, `ids` …"""


@lru_cache(maxsize=1)
def descriptors() -> tuple[Descriptor, ...]:
    """Return every descriptor in the catalog, in the order of ids."""
    return tuple(_read(file) for file in sorted(FOLDER.glob("*.toml")))


def descriptor(identifier: str) -> Descriptor:
    """Return one descriptor by its id."""
    for one in descriptors():
        if one.id == identifier:
            return one
    raise BadFile(f"no dataset {identifier!r} in the catalog; known: {', '.join(d.id for d in descriptors())}")


def title_in(language: str, identifier: str, own: str) -> str:
    """Return what a dataset is called in a language; its own title where it has no other there."""
    return _titles().get(identifier, {}).get(language, own)


@lru_cache(maxsize=1)
def _titles() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads(TITLES.read_text(encoding="utf-8"))


def is_representative(identifier: str) -> bool:
    """Return whether the points of a dataset were sampled to stand for the land; unlisted ones are taken to be."""
    return all(d.representative for d in descriptors() if d.id == identifier)


def recognise(columns: Iterable[str], kind: str, file: Path) -> Descriptor:
    """Return the descriptor of a kind whose signature these columns carry."""
    present = {column.lower() for column in columns}
    fitting = [d for d in descriptors() if d.kind == kind and d.signature and present.issuperset(d.signature)]
    if not fitting:
        known = "; ".join(f"{d.id}: {', '.join(d.signature)}" for d in descriptors() if d.kind == kind and d.signature)
        raise BadFile(f"{file}: its columns fit no known {kind} dataset ({known})")
    return max(fitting, key=lambda d: len(d.signature))


def _read(file: Path) -> Descriptor:
    values = tomllib.loads(file.read_text(encoding="utf-8"))
    values["known_problems"] = tuple(values.get("known_problems", ()))
    values["signature"] = tuple(column.lower() for column in values.get("signature", ()))
    return Descriptor(**values)
