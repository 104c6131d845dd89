"""Places in people's words: finds regions, towns and foreign places by name in a store. Does not geocode addresses.

A name is looked up exactly (case, accents and punctuation aside) in every language at once; only a name that no region
bears is compared letter by letter, and taken when one candidate is clear. Ids of the same land count as one region.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal

import shapely
from rapidfuzz import process
from rapidfuzz.distance import OSA
from shapely.geometry.base import BaseGeometry

from retrieval.errors import AmbiguousRegion, OutOfCoverage, UnknownRegion
from retrieval.regions import LEVELS, normalise, read_rows
from retrieval.store import Store
from retrieval.types import Place, Region

COVERED = "the 28 countries of the LUCAS survey, 2006 to 2022"
LONGEST = 8
"""Words of the longest name looked for."""


@dataclass(frozen=True)
class Mention:
    """Some words of a question that name a place."""

    start: int
    end: int
    text: str
    kind: Literal["region", "place", "foreign"]
    candidates: tuple[Region | Place, ...]
    """One, or several that the words fit equally well."""
    score: float
    """1 for an exact name, less by each letter that differs."""
    exact: bool


@dataclass(frozen=True)
class _Name:
    region_id: str
    name: str
    norm: str
    language: str
    kind: str


class Gazetteer:
    """The regions and places of one store, by name and by id."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- by id ------------------------------------------------------------------------------------------------------

    def region(self, identifier: str, language: str = "en") -> Region:
        """Return the region with this id; a NUTS code of another vintage gives the region it was recoded to."""
        row = self._rows.get(identifier) or self._rows.get(self._recoded.get(identifier, ""))
        if row is None:
            raise UnknownRegion(identifier)
        return self._region(row, language)

    def vintages(self, identifier: str) -> tuple[str, ...]:
        """Return every code of the statistics that is this same land, its present one first: `("FRJ1", "FR81")`."""
        same = self._same_land(self._recoded.get(identifier, identifier))
        own = [i.split(":", 1)[1] for i in same if i.split(":")[0] in ("country", "nuts", "group")]
        changed = {row["code"] for row in read_rows("successors")} | {
            row["old_code"] for row in read_rows("successors")
        }
        code = identifier.split(":", 1)[1]
        own = [one for one in own if one not in changed or one == code]
        old = [old for old, new in self._recoded.items() if new in same]
        codes = dict.fromkeys([*sorted(own, key=lambda c: (c != code, c)), *sorted(o.split(":", 1)[1] for o in old)])
        return tuple(codes)

    def containing(self, identifier: str, level: str) -> Region | None:
        """Return the region of a level that this one lies in, or None."""
        for same in self._same_land(identifier):
            row: Mapping[str, Any] | None = self._rows.get(same)
            while row is not None:
                if row["level"] == level:
                    return self._region(row)
                row = self._rows.get(row["parent"] or "")
        return None

    def children(self, identifier: str, level: str) -> list[Region]:
        """Return the regions of a level inside this one, by id; of a group, those of its members."""
        found: dict[str, Mapping[str, Any]] = {}
        pending = [i for member in self.members(identifier) for i in self._same_land(member)]
        seen = set(pending)
        while pending:
            current = pending.pop()
            row = self._rows[current]
            if row["level"] == level:
                found[current] = row
            below = [child for child in self._below[current] if child not in seen]
            seen.update(below)
            pending += below
        return [self._region(found[i]) for i in sorted(found)]

    def at_level(self, level: str) -> list[Region]:
        """Return every region of a level, each land once, by id."""
        ids = self._distinct(i for i, row in self._rows.items() if row["level"] == level)
        return [self._region(self._rows[i]) for i in sorted(ids)]

    def members(self, identifier: str) -> tuple[str, ...]:
        """Return the ids a group is made of; of any other region its own."""
        return self._members.get(identifier, (identifier,))

    def outline(self, identifier: str) -> BaseGeometry | None:
        """Return the outline in EPSG:4326, of a group that of its members together; None where none is known."""
        wanted = list(self.members(self._recoded.get(identifier, identifier)))
        found = dict(self._store.query("gazetteer_outlines", ids=wanted).rows)
        if not found:
            return None
        shapes = [shapely.from_wkb(bytes(wkb)) for wkb in found.values()]
        return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)

    def geojson(self, ids: Iterable[str], simplify_deg: float = 0.005) -> dict[str, Any]:
        """Return the outlines as an RFC 7946 FeatureCollection; regions without one have a null geometry."""
        features = []
        for identifier in ids:
            shape, region = self.outline(identifier), self.region(identifier)
            if shape is not None and simplify_deg > 0:
                shape = shapely.simplify(shape, simplify_deg)
            features.append({
                "type": "Feature",
                "id": identifier,
                "properties": {"id": identifier, "name": region.name, "level": region.level, "source": region.source},
                "geometry": None if shape is None else shape.__geo_interface__,
            })  # fmt: skip
        return {"type": "FeatureCollection", "features": features}

    # --- by name ----------------------------------------------------------------------------------------------------

    def find(self, name: str, language: str = "en") -> list[Region]:
        """Return the regions that bear exactly this name, each land once, larger kinds first."""
        ids = [entry.region_id for entry in self._by_norm.get(normalise(name), ()) if self._fits(entry, name)]
        return [self.region(i, language) for i in self._distinct(ids)]

    def resolve(self, name: str, language: str = "en", country: str | None = None) -> Region:
        """Return the one region called `name`, also when a letter or two are wrong and one candidate is clear.

        Raises:
            AmbiguousRegion: Several regions go by this name.
            OutOfCoverage: It is a country or region the survey does not cover.
            UnknownRegion: No region has this name; the error names close ones.
        """
        if name in self._rows or name in self._recoded:
            return self.region(name, language)
        found = self.find(name, language) or self._close(name, language)
        if country:
            found = [region for region in found if region.country == country] or found
        match found:
            case []:
                raise UnknownRegion(name, self.close_names(name, language))
            case [region] if region.level == "foreign":
                raise OutOfCoverage(region.name, COVERED)
            case [region]:
                return region
            case _:
                raise AmbiguousRegion(name, self.choices(found), [region.id for region in found])

    def close_names(self, name: str, language: str = "en", limit: int = 5) -> list[str]:
        """Return the names most like this one, for an error message."""
        hits = process.extract(normalise(name), self._norms, scorer=OSA.normalized_similarity, limit=limit * 3)
        ids = self._distinct([self._by_norm[norm][0].region_id for norm, score, _ in hits if score > 0.5])
        return [self.region(i, language).name for i in ids][:limit]

    def choices(self, regions: Sequence[Region]) -> list[str]:
        """Return what to call each of several regions so that a person can tell them apart."""
        names = [self.display_name(region) for region in regions]
        return [
            name if names.count(name) == 1 else f"{name}, {region.level}"
            for name, region in zip(names, regions, strict=True)
        ]

    def display_name(self, region: Region, language: str = "en") -> str:
        """Return a region's name with its country: `Limburg (Netherlands)`."""
        if region.level in ("country", "group", "aoi", "foreign") or not region.country:
            return region.name
        return f"{region.name} ({self.region(f'country:{region.country}', language).name})"

    def mentions(self, question: str, language: str = "en") -> list[Mention]:
        """Return the places a question names, in the order of its words; longer names win over shorter ones."""
        words = list(re.finditer(r"[^\W_]+", question))
        taken: set[int] = set()
        found: list[Mention] = []
        for length in range(min(LONGEST, len(words)), 0, -1):
            for first in range(len(words) - length + 1):
                span = range(first, first + length)
                if taken.isdisjoint(span) and (
                    mention := self._exact(question, words[first : first + length], language)
                ):
                    found.append(mention)
                    taken.update(span)
        return sorted(found, key=lambda mention: mention.start)

    def _exact(self, question: str, words: Sequence[re.Match[str]], language: str) -> Mention | None:
        start, end = words[0].start(), words[-1].end()
        text = question[start:end]
        regions = self.find(text, language)
        if not regions or (len(words) == 1 and text.islower() and len(text) < 5):
            return None
        kind: Literal["region", "foreign"] = "foreign" if regions[0].level == "foreign" else "region"
        return Mention(start, end, text, kind, tuple(regions), 1.0, True)

    def _close(self, name: str, language: str) -> list[Region]:
        norm = normalise(name)
        allowed = 0 if len(norm) < 5 else 1 if len(norm) < 8 else 2 if len(norm) < 12 else 3
        hits = process.extract(norm, self._norms, scorer=OSA.distance, score_cutoff=allowed, limit=20)
        if not hits:
            return []
        best = min(distance for _, distance, _ in hits)
        near = [
            entry.region_id for text, d, _ in hits if d == best for entry in self._by_norm[text] if entry.kind != "code"
        ]
        return [self.region(i, language) for i in self._distinct(near)]

    # --- what is kept -----------------------------------------------------------------------------------------------

    def _fits(self, entry: _Name, text: str) -> bool:
        """A code is a name only in capitals: `IT` is Italy, `it` is not."""
        return entry.kind != "code" or text.strip() == text.strip().upper()

    def _distinct(self, ids: Iterable[str]) -> list[str]:
        preferred = dict.fromkeys(self._rows[i]["same_as"] for i in ids)
        return sorted(preferred, key=lambda i: ((*LEVELS, "foreign").index(self._rows[i]["level"]), i))

    def _region(self, row: Mapping[str, Any], language: str = "en") -> Region:
        bounds = (row["west"], row["south"], row["east"], row["north"])
        return Region(
            id=row["id"],
            name=self._name_in(row, language),
            level=row["level"],
            country=row["country"] or "",
            parent=row["parent"],
            bbox=None if bounds[0] is None else bounds,
            area_km2=row["area_km2"],
            source=row["source"],
            vintage=row["vintage"],
            licence=row["licence"],
        )

    def _name_in(self, row: Mapping[str, Any], language: str) -> str:
        return self._shown.get((row["id"], language)) or self._shown.get((row["same_as"], language)) or row["name"]

    def _same_land(self, identifier: str) -> tuple[str, ...]:
        row = self._rows.get(identifier)
        return self._same[row["same_as"]] if row else (identifier,)

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        return {row["id"]: row for row in self._store.query("gazetteer_regions").dicts()}

    @cached_property
    def _names(self) -> tuple[_Name, ...]:
        return tuple(_Name(*row) for row in self._store.query("gazetteer_names").rows)

    @cached_property
    def _by_norm(self) -> dict[str, list[_Name]]:
        index: dict[str, list[_Name]] = defaultdict(list)
        for entry in self._names:
            index[entry.norm].append(entry)
        return dict(index)

    @cached_property
    def _norms(self) -> list[str]:
        return [norm for norm, entries in self._by_norm.items() if any(entry.kind != "code" for entry in entries)]

    @cached_property
    def _shown(self) -> dict[tuple[str, str], str]:
        """(id, language) → the first official or exonym name written down."""
        shown: dict[tuple[str, str], str] = {}
        for entry in self._names:
            if entry.kind in ("official", "exonym") and entry.language:
                shown.setdefault((entry.region_id, entry.language), entry.name)
        return shown

    @cached_property
    def _same(self) -> dict[str, tuple[str, ...]]:
        groups: dict[str, list[str]] = defaultdict(list)
        for identifier, row in self._rows.items():
            groups[row["same_as"]].append(identifier)
        return {canonical: tuple(ids) for canonical, ids in groups.items()}

    @cached_property
    def _below(self) -> dict[str, list[str]]:
        below: dict[str, list[str]] = defaultdict(list)
        for identifier, row in self._rows.items():
            for parent in self._same_land(row["parent"]) if row["parent"] else ():
                below[parent].append(identifier)
        return below

    @cached_property
    def _members(self) -> dict[str, tuple[str, ...]]:
        return {row["id"]: tuple(row["members"].split()) for row in read_rows("groups") if row["members"]}

    @cached_property
    def _recoded(self) -> dict[str, str]:
        """Id with a NUTS code of another vintage → the id of the same land."""
        from retrieval.regions import code_id

        return {f"nuts:{row['old_code']}": code_id(row["code"]) for row in read_rows("vintages")}
