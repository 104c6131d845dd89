"""Places in people's words: finds regions, towns and foreign places by name in a store. Does not geocode addresses.

A name is looked up exactly (case, accents and punctuation aside) in every language at once; only a name that no region
bears, declined or not, is compared letter by letter, and taken when one candidate is clear. Ids of the same land count
as one region. What a text may mean is never narrowed by guessing: several regions of one name are a question back.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, Literal

import shapely
from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler
from shapely.geometry.base import BaseGeometry

from retrieval import types
from retrieval.deal_words import world_region
from retrieval.errors import AmbiguousRegion, OutOfCoverage, UnknownRegion
from retrieval.nomenclature import spell_out
from retrieval.region_rows import LANGUAGES, LEVELS, code_id, normalise, read_rows
from retrieval.statistics import level_of
from retrieval.store import Store
from retrieval.types import PAGE_LANGUAGES, Place, Region
from retrieval.word_forms import base_forms, has_endings, is_everyday, stem, stems
from retrieval.word_forms import words as known_words

COVERED = "the 28 countries of the LUCAS survey, 2006 to 2022"
LONGEST_NAME = 200
"""Characters of a name that are compared."""
MOST_WORDS = 400
"""Words of a text that are looked at."""
LONGEST = 9
"""Words of the longest name looked for."""
CLEARLY_LARGER = 5.0
"""How many times the people of the next a town must have to be taken without asking."""
KNOWN_TOWN = 80_000
"""People of a town that is known by a name that is an everyday word too: Nice, Bath."""
SMALL_TOWN = 15_000
"""A surveyed town below this gives way to a foreign one of its name that is twenty times as large."""

SHORTEST_GROUP = 4
"""Letters of a group's name from which on it is none that is written in capitals: ES is the Union in Lithuanian."""
DECLINED_LEVELS = ("group", "country", "nuts1", "nuts2", "nuts3", "subdivision")
"""Levels of regions whose official names are looked for in other forms; there are too many communes."""
SHARE_OF_FORM = 0.5
"""Of the longer of two names their common stem must have this share of letters for them to be forms of one."""

MOST_READ = 64
"""Questions whose names are kept: one is asked about several times while it is answered."""
MOST_CLOSE = 2_000
"""Texts of which it is remembered which names they misspell: each costs milliseconds, and a question is read again."""
MOST_LEVELS = 32
"""Levels, each in one language, whose regions are kept."""
SHORTEST_FOREIGN = 6
"""Letters of the shortest name of a foreign country that is looked for in other forms."""
SHORTEST_FLAT = 6
"""Letters of the shortest name that is looked for in other forms where no word has a capital."""
ADJECTIVES_OF_NAMES = frozenset({"cs", "sk", "hr", "sl"})
"""Languages in which most countries' names are adjectives, so that `španělské` is a form of Španělsko."""

COLUMNS = ("id", "name", "level", "country", "parent", "source", "vintage", "licence",
           "area_km2", "west", "south", "east", "north", "same_as")  # fmt: skip


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


Entry = tuple[str, str, str, str, str]
"""A row of `region_names`: region id, name, norm, language, kind."""


@dataclass(frozen=True)
class _Word:
    start: int
    end: int
    norm: str
    capital: bool


SOUNDS = (("chs", "x"), ("ks", "x"), ("ck", "k"), ("tz", "z"), ("ph", "f"), ("th", "t"), ("qu", "k"), ("y", "i"))


def sounded(norm: str) -> str:
    """Return a normalised name by its sound: spellings that are said alike are one, letters in a row are one.

    >>> sounded("niedersaxen") == sounded("niedersachsen")
    True
    """
    for letters, sound in SOUNDS:
        norm = norm.replace(letters, sound)
    return re.sub(r"(.)\1", r"\1", norm)


class Gazetteer:
    """The regions and places of one store, by name and by id."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._stems: dict[str, Mapping[str, list[str]]] = {}
        self._at_level = lru_cache(MOST_LEVELS)(self._look_for_level)
        self._found_close = lru_cache(MOST_CLOSE)(self._look_for_close)
        self._found_in = lru_cache(MOST_READ)(self._look_for_mentions)

    # --- by id ------------------------------------------------------------------------------------------------------

    def region(self, identifier: str, language: str = "en") -> Region:
        """Return the region with this id; a NUTS code of another vintage gives the region it was recoded to."""
        if identifier.startswith("world:"):
            return world_region(identifier, language)
        row = self._rows.get(identifier) or self._rows.get(self._recoded.get(identifier, ""))
        if row is None:
            raise UnknownRegion(identifier)
        return self._region(row, language)

    def at_level(self, level: str, language: str = "en") -> list[Region]:
        """Return every region of a level, by id."""
        return list(self._at_level(level, language))

    def _look_for_level(self, level: str, language: str) -> list[Region]:
        return [self._region(self._rows[one], language) for one in self.ids_at_level(level)]

    def ids_at_level(self, level: str) -> tuple[str, ...]:
        """Return the id of every region of a level, in order."""
        return self._ids_by_level.get(level, ())

    @cached_property
    def _ids_by_level(self) -> dict[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for identifier, row in sorted(self._rows.items()):
            found.setdefault(row["level"], []).append(identifier)
        return {level: tuple(ids) for level, ids in found.items()}

    def former_ids(self, level: str, inside: str = "") -> tuple[str, ...]:
        """Return the ids of a level whose land now goes by a region of another one: `nuts:LT00`, which is Lithuania.

        They are no regions of the store; figures were published under them. `inside`: only those in one region.
        """
        now = {
            old: self._rows[new]
            for old, new in sorted(self._recoded.items())
            if new in self._rows and level_of(old.partition(":")[2]) == level != self._rows[new]["level"]
        }
        if not inside:
            return tuple(now)
        within = {
            k: {inside, *(r.id for r in self.children(inside, k))} for k in {row["level"] for row in now.values()}
        }
        return tuple(old for old, row in now.items() if row["id"] in within[row["level"]])

    def vintages(self, identifier: str) -> tuple[str, ...]:
        """Return every code of the statistics for exactly this land, its own first: `("FRJ1", "FR81")`."""
        present = self._recoded.get(identifier, identifier)
        same = self._same_land(present)
        own = [i.split(":", 1)[1] for i in same if i.startswith(("country:", "nuts:", "group:"))]
        old = [old.split(":", 1)[1] for old, new in self._recoded.items() if new in same]
        first = present.split(":", 1)[-1]
        codes = [*sorted(own, key=lambda code: (code != first, code)), *sorted(old)]
        return tuple(dict.fromkeys(codes))

    def successors(self, identifier: str) -> tuple[Mapping[str, str], ...]:
        """Return how a NUTS region of changed borders goes on, or what it came from: rows of `successors.csv`.

        Each row says `old_code`, `code`, `relation` (grown, shrunk, split, part) and a `note`. Figures of such codes
        are never one series.
        """
        codes = {i.split(":", 1)[1] for i in self._same_land(identifier)}
        return tuple(row for row in _changed() if codes & {row["old_code"], row["code"]})

    def containing(self, identifier: str, level: str) -> Region | None:
        """Return the region of a level that this one lies in, or None."""
        for same in self._same_land(identifier):
            row: Mapping[str, Any] | None = self._rows.get(same)
            while row is not None:
                if row["level"] == level:
                    return self._region(row)
                row = self._above(row, level)
        return None

    def children(self, identifier: str, level: str) -> list[Region]:
        """Return the regions of a level inside this one, by id; of a group, those of its members."""
        found: dict[str, Mapping[str, Any]] = {}
        pending = [i for member in self.members(identifier) for i in self._same_land(member)]
        seen = set(pending)
        while pending:
            current = pending.pop()
            row = self._rows.get(current)
            if row is None:
                continue
            if row["level"] == level:
                found[current] = row
            below = [child for child in self._below[current] if child not in seen]
            seen.update(below)
            pending += below
        return [self._region(found[i]) for i in sorted(found)]

    def members(self, identifier: str) -> tuple[str, ...]:
        """Return the ids a group is made of; of any other region its own."""
        return _members().get(identifier, (identifier,))

    def outline(self, identifier: str) -> BaseGeometry | None:
        """Return the outline in EPSG:4326, of a group that of its members together; None where none is known."""
        wanted = list(self.members(self._recoded.get(identifier, identifier)))
        found = dict(self._store.query("gazetteer_outlines", ids=wanted).rows)
        if not found:
            return None
        shapes = [shapely.from_wkb(bytes(wkb)) for wkb in found.values()]
        return shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)

    def geojson(self, ids: Iterable[str], simplify_deg: float = 0.005) -> dict[str, Any]:
        """Return the outlines as an RFC 7946 FeatureCollection; regions without one have a null geometry.

        Neighbours stay neighbours: a border that two of them share is made simpler once.
        """
        wanted = list(dict.fromkeys(ids))
        plain = [self._recoded.get(i, i) for i in wanted if i not in _members()]
        shapes = {i: shapely.from_wkb(bytes(wkb)) for i, wkb in self._store.query("gazetteer_outlines", ids=plain).rows}
        regions = {identifier: self.region(identifier) for identifier in wanted}
        found = {
            identifier: self.outline(identifier) if identifier in _members() else shapes.get(region.id)
            for identifier, region in regions.items()
        }
        found = simpler({identifier: shape for identifier, shape in found.items() if shape is not None}, simplify_deg)
        features = []
        for identifier, region in regions.items():
            shape = found.get(identifier)
            about = {"id": identifier, "name": region.name, "level": region.level, "source": region.source}
            geometry = None if shape is None else shape.__geo_interface__
            features.append({"type": "Feature", "id": identifier, "properties": about, "geometry": geometry})
        return {"type": "FeatureCollection", "features": features}

    # --- by name ----------------------------------------------------------------------------------------------------

    def find(self, name: str, language: str = "en") -> list[Region]:
        """Return the regions that bear exactly this name or a declined form of it, each land once."""
        return self._candidates(self._entries(normalise(name), name), language)

    def resolve(self, name: str, language: str = "en", country: str | None = None) -> Region:
        """Return the one region called `name`, also when a letter or two are wrong and one candidate is clear.

        Args:
            name: a name in any language, a code or an id; it may say its kind or country, as "province of Luxembourg",
                "Limburg (Belgium)", "Dutch Limburg".
            language: the language names are wanted in, preferred where a name differs by language.
            country: Eurostat country code that settles between several.

        Raises:
            AmbiguousRegion: Several regions go by this name.
            OutOfCoverage: It is a country or region the survey does not cover.
            UnknownRegion: No region has this name; the error names close ones.
        """
        if name in self._rows or name in self._recoded or name.startswith("world:"):
            return self.region(name, language)
        name = name[:LONGEST_NAME]
        found = self.find(name, language)
        if not found and (said := self._said(name, language)):
            if isinstance(said[0], Place):
                raise OutOfCoverage(said[0].name, COVERED)
            found = [one for one in said if isinstance(one, Region)]
        found = found or self._close(normalise(name), language)
        if country:
            found = [region for region in found if region.country == country] or found
        if not found and (later := [r["code"] for r in _changed() if r["old_code"] == name.strip().upper()]):
            raise UnknownRegion(name, [code for code in later if code_id(code) in self._rows])
        match found:
            case []:
                raise UnknownRegion(name, self.close_names(name, language))
            case [region] if region.level == "foreign":
                raise OutOfCoverage(region.name, COVERED)
            case [region]:
                return region
            case _ if all(region.level == "foreign" for region in found):
                raise OutOfCoverage(found[0].name, COVERED)
            case _:
                raise AmbiguousRegion(name, self.choices(found, language), [region.id for region in found])

    def close_names(self, name: str, language: str = "en", limit: int = 5) -> list[str]:
        """Return the names most like this one, for an error message."""
        hits = process.extract(
            normalise(name[:LONGEST_NAME]), self._norms, scorer=JaroWinkler.similarity, limit=limit * 3
        )
        ids = self._distinct_in_order([self._by_norm[norm][0][0] for norm, score, _ in hits if score > 0.75])
        return [region.name for region in (self.region(i, language) for i in ids) if region.level != "foreign"][:limit]

    def choices(self, regions: Sequence[Region | Place], language: str = "en") -> list[str]:
        """Return what to call each of several places so that a person can tell them apart: `Limburg (Belgium)`."""
        apart = len({one.country for one in regions}) == len(regions)
        plain = [
            f"{one.name} ({self._kind(one, language)})" if _is_country(one) else self.display_name(one, language)
            for one in regions
        ]
        if apart and len(set(plain)) == len(plain):
            return plain
        kinds = [self._kind(one, language) for one in regions]
        if len({(one.name, kind) for one, kind in zip(regions, kinds, strict=True)}) < len(regions):
            kinds = [f"{_nuts_level(one)}{kind}" for one, kind in zip(regions, kinds, strict=True)]
        return [f"{one.name} ({kind})" for one, kind in zip(regions, kinds, strict=True)]

    def display_name(self, region: Region | Place, language: str = "en") -> str:
        """Return a place's name with its country: `Limburg (Netherlands)`."""
        if not region.country or f"country:{region.country}" not in self._rows:
            return region.name
        if isinstance(region, Region) and region.level in ("country", "group", "aoi", "foreign"):
            return region.name
        country = self.region(f"country:{region.country}", language).name
        return region.name if region.name.endswith(f"({country})") else f"{region.name} ({country})"

    def place(self, name: str, country: str | None = None) -> Place:
        """Return the town called `name`: the only one, or one with clearly more people than the others.

        Raises:
            AmbiguousRegion: Several towns of this name are of similar size.
            OutOfCoverage: The towns of this name lie outside the survey.
            UnknownRegion: No town has this name; the error names close ones.
        """
        norm = normalise(name[:LONGEST_NAME])
        forms = _town_forms(norm, "pl")
        known = self._towns(forms)
        towns = next((known[form] for form in forms if form in known), None) or self._towns_close(norm)
        if country:
            towns = [town for town in towns if town.country == country]
        if not towns:
            raise UnknownRegion(name, self.close_names(name))
        surveyed = self._surveyed(towns)
        if not surveyed:
            raise OutOfCoverage(towns[0].name, COVERED)
        several = _clearest(surveyed)
        if len(several) == 1:
            return several[0]
        raise AmbiguousRegion(name, self.choices(several), [town.id for town in several])

    # --- in a question ----------------------------------------------------------------------------------------------

    def mentions(self, question: str, language: str = "en", *, misspelt: bool = True) -> list[Mention]:
        """Return the places a question names, in the order of its words; longer names win over shorter ones.

        Args:
            question: any text.
            language: which its words are of.
            misspelt: names with a wrong letter are looked for too, which takes most of the time.
        """
        return list(self._found_in(question, language, misspelt))

    def _look_for_mentions(self, question: str, language: str, misspelt: bool) -> list[Mention]:
        words = _words(question)
        found: list[Mention] = []
        taken: set[int] = set()

        def take(mention: Mention | None, span: range) -> None:
            if mention is not None:
                found.append(mention)
                taken.update(span)

        for span in _spans(len(words), LONGEST):
            if taken.isdisjoint(span):
                take(self._named(question, words, span, language), span)
        for span, mention in self._named_towns(question, words, taken, language):
            if taken.isdisjoint(span):
                take(mention, span)
        found = self._in_longer_towns(question, words, found)
        found = self._in_misspelt_compounds(question, words, found, language) if misspelt else found
        taken = {at for at, w in enumerate(words) if any(m.start <= w.start < m.end for m in found)} | taken
        for at, word in enumerate(words):
            if at not in taken:
                take(self._adjective(question, word, language), range(at, at + 1))
        for span in _spans(len(words), 4) if misspelt else ():
            if taken.isdisjoint(span):
                take(self._misspelt(question, words, span, language), span)
        found.sort(key=lambda mention: mention.start)
        return self._qualified(question, [self._hinted(question, words, mention) for mention in found])

    def _named(self, question: str, words: Sequence[_Word], span: range, language: str) -> Mention | None:
        text = question[words[span[0]].start : words[span[-1]].end]
        norm = " ".join(words[at].norm for at in span)
        entries = self._by_norm.get(norm, ())
        if not entries and _worth_declining(words, span, language):
            entries = self._declined(norm, language)
        entries = [entry for entry in entries if entry[4] != "code" or _is_code(text, question)]
        if not entries:
            return None
        regions = self._candidates(entries, language)
        if regions[0].level == "group" and len(norm) < SHORTEST_GROUP and text == text.capitalize():
            return None  # German "Es" and Portuguese "Eu" are no acronyms of the Union
        long = len(norm) > 3 and (words[span[0]].capital or _is_flat(question))
        country = long and regions[0].level == "country"  # no word of another meaning: Malta
        if not country and not _is_name_here(words, span, all(entry[4] == "code" for entry in entries)):
            return None
        inside = _is_part_of_a_compound(question, words[span[0]].start, words[span[-1]].end)
        if inside and all(region.level == "commune" for region in regions):
            return None  # Trás-os-Montes is not Monte
        kind: Literal["region", "foreign"] = "foreign" if regions[0].level == "foreign" else "region"
        return _mention(question, words, span, kind, regions, 1.0)

    def _named_towns(
        self, question: str, words: Sequence[_Word], taken: set[int], language: str
    ) -> Iterator[tuple[range, Mention]]:
        flat = _is_flat(question)
        free = [span for span in _spans(len(words), 5) if taken.isdisjoint(span)]
        inside = [span for span in free if not _opens_a_sentence(question, words[span[0]].start)]
        spans = [span for span in inside if _may_be_town(words, span, language, flat=flat)]
        forms = {span: _town_forms(" ".join(words[at].norm for at in span), language) for span in spans}
        known = self._towns([form for some in forms.values() for form in some]) if forms else {}
        for span in spans:
            towns = next((known[form] for form in forms[span][:1] if form in known), [])
            if not towns or _people(towns[0]) < KNOWN_TOWN:  # "Brna" is Brno before it is a village of that name
                others = (known[form] for form in forms[span][1:] if form in known)
                towns = next((found for found in others if _people(found[0]) >= KNOWN_TOWN), towns)
            if any(known_words().is_ordinary(words[at].norm) for at in span):
                towns = [town for town in towns if _people(town) >= KNOWN_TOWN]
            if not towns:
                continue
            surveyed = self._surveyed(towns)
            if surveyed:
                yield span, _mention(question, words, span, "place", _clearest(surveyed), 1.0)
            else:
                yield span, _mention(question, words, span, "foreign", towns[:1], 1.0)

    def _in_longer_towns(self, question: str, words: Sequence[_Word], found: list[Mention]) -> list[Mention]:
        """Give way to a town whose name holds a region's: New York is not York."""
        longer: dict[range, tuple[Mention, str]] = {}
        for mention in found:
            inner = [at for at, word in enumerate(words) if mention.start <= word.start < mention.end]
            for span in (range(inner[0] - 1, inner[-1] + 1), range(inner[0], inner[-1] + 2)):
                inside = span[0] >= 0 and span[-1] < len(words) and mention.kind == "region"
                if inside and all(words[at].capital for at in span) and _is_joined(question, words, span):
                    longer[span] = (mention, " ".join(words[at].norm for at in span))
        known = self._towns([norm for _, norm in longer.values()]) if longer else {}
        for span, (mention, norm) in longer.items():
            towns = [town for town in known.get(norm, ()) if _people(town) >= KNOWN_TOWN]
            if towns and mention in found:
                kind: Literal["place", "foreign"] = "place" if self._surveyed(towns) else "foreign"
                found[found.index(mention)] = _mention(question, words, span, kind, towns[:1], 1.0)
        return found

    def _in_misspelt_compounds(
        self, question: str, words: Sequence[_Word], found: list[Mention], language: str
    ) -> list[Mention]:
        """Give way to a region whose compound name is misspelt in the other part: `Languedoc-Rousillon`."""
        kept = list(found)
        for mention in found:
            inner = [at for at, word in enumerate(words) if mention.start <= word.start < mention.end]
            first, last = inner[0], inner[-1]
            while first > 0 and question[words[first - 1].end : words[first].start] == "-":
                first -= 1
            while last + 1 < len(words) and question[words[last].end : words[last + 1].start] == "-":
                last += 1
            others = [at for at in range(first, last + 1) if at not in inner]
            named = any(m.start <= words[at].start < m.end for at in others for m in found)
            if not others or named or mention.kind != "region" or not all(words[at].capital for at in others):
                continue
            if regions := self._close(" ".join(words[at].norm for at in range(first, last + 1)), language):
                kept[kept.index(mention)] = _mention(question, words, range(first, last + 1), "region", regions, 0.9)
        return kept

    def _misspelt(self, question: str, words: Sequence[_Word], span: range, language: str) -> Mention | None:
        """A name with a letter or two wrong, only where a place may stand: after a preposition, or long and capital."""
        first = words[span[0]]
        norm = " ".join(words[at].norm for at in span)
        before = words[span[0] - 1].norm if span[0] else ""
        alone = len(span) == len(words)
        if _is_part_of_a_compound(question, first.start, words[span[-1]].end):
            return None
        if not question.isupper() and any(question[words[at].start : words[at].end].isupper() for at in span):
            return None  # an acronym
        led = before in known_words().prepositions or (len(norm) > 6 and first.capital and language != "de") or alone
        known = known_words()
        if not led or len(norm) < 5 or any(known.is_ordinary(words[at].norm) for at in span):
            return None
        if any(is_everyday(words[at].norm, language) for at in span):
            return None
        if len(span) > 1 and words[span[-1]].norm in known.prepositions | known.links:
            return None
        if not first.capital and not alone and (len(norm) < 6 or not _is_flat(question)):
            return None
        regions = self._close(norm, language)
        if not regions:
            return None
        kind: Literal["region", "foreign"] = "foreign" if regions[0].level == "foreign" else "region"
        return _mention(question, words, span, kind, regions, 0.9)

    def _adjective(self, question: str, word: _Word, language: str) -> Mention | None:
        """`Spanish regions`, `points bretons`: a country or a region by its adjective."""
        place = _adjectives().get((language, word.norm)) or self._country_of_form(word, language)
        if place is None or (language == "en" and not word.capital and not _is_flat(question)):
            return None
        region = self.region(f"{'country' if len(place) == len('AT') else 'nuts'}:{place}", language)
        return Mention(word.start, word.end, question[word.start : word.end], "region", (region,), 0.95, True)

    def _hinted(self, question: str, words: Sequence[_Word], mention: Mention) -> Mention:
        """Narrow several candidates by a word for their kind: `province of Luxembourg`, `Comunidad de Madrid`."""
        if len(mention.candidates) < 2 or mention.kind != "region":
            return mention
        level = re.match(r"\W{0,3}NUTS ?([123])", question[mention.end :])
        if level:
            kept = tuple(c for c in mention.candidates if isinstance(c, Region) and c.level == f"nuts{level[1]}")
            end = mention.end + level.end()
            return replace(mention, end=end, text=question[mention.start : end], candidates=kept or mention.candidates)
        before = [word for word in words if word.end <= mention.start]
        after = next((word for word in words if word.start >= mention.end), None)
        if after is not None and after.norm == "s" and after.start == mention.end + 1:
            after = None  # "Luxembourg's" is whatever Luxembourg is; Dutch "regio's" are regions
        while before and before[-1].norm in known_words().links:
            before.pop()
        for word in (before[-1] if before else None, after):
            kind = next((kind for kind, hints in known_words().hints.items() if word and word.norm in hints), None)
            if word is None or kind is None:
                continue
            kept = _of_kind(mention.candidates, kind)
            if kept:
                start, end = min(mention.start, word.start), max(mention.end, word.end)
                return replace(mention, start=start, end=end, text=question[start:end], candidates=kept)
        return mention

    def _qualified(self, question: str, mentions: list[Mention]) -> list[Mention]:
        """Join a region and the country that only says where it is: `Limburg, Belgium`, `Dutch Limburg`."""
        kept: list[Mention] = []
        for mention in mentions:
            previous = kept[-1] if kept else None
            if previous is not None and (joined := self._joined(question, previous, mention)):
                kept[-1] = joined
            else:
                kept.append(mention)
        return kept

    def _joined(self, question: str, first: Mention, second: Mention) -> Mention | None:
        """Return both as one mention where one is the country the other lies in and nothing else stands between."""
        between = question[first.end : second.start]
        for place, country in ((first, second), (second, first)):
            code = _country_of(country)
            fitting = tuple(c for c in place.candidates if code and c.country == code and c.id != f"country:{code}")
            if not fitting or not _is_link(between, country_first=country is first, adjective=country.score < 1):
                continue
            text = question[first.start : second.end]
            return replace(place, start=first.start, end=second.end, text=text, candidates=fitting)
        return None

    # --- names ------------------------------------------------------------------------------------------------------

    def _country_of_form(self, word: _Word, language: str) -> str | None:
        """The code of the country of an adjective that is made of its name: `španělské`, `olasz`."""
        if word.capital or len(word.norm) < 4 or is_everyday(word.norm, language):
            return None
        if language == "hu":
            forms = [one for one in stems(word.norm, language) if len(one) > 3]
            names = [one if one.endswith("orszag") else f"{one}orszag" for one in forms]
            entries = next((found for name in names if (found := self._by_norm.get(name))), [])
        else:
            entries = self._forms(word.norm, language) if language in ADJECTIVES_OF_NAMES else []
        named = {entry[0] for entry in entries if entry[3] == language}
        countries = [self._rows[one]["country"] for one in named if self._rows[one]["level"] == "country"]
        return countries[0] if len(named) == 1 and countries else None

    def _entries(self, norm: str, text: str) -> list[Entry]:
        entries = self._by_norm.get(norm) or self._declined(norm, "")
        return [entry for entry in entries if entry[4] != "code" or text.strip() == text.strip().upper()]

    def _declined(self, norm: str, language: str) -> list[Entry]:
        """The entries of the names that a text may be a form of: by the language's endings, else by Polish ones."""
        if has_endings(language):
            return self._forms(norm, language)
        for form in base_forms(norm):
            entries = [entry for entry in self._by_norm.get(form, ()) if entry[4] != "code"]
            if entries:
                return entries
        return []

    def _forms(self, norm: str, language: str) -> list[Entry]:
        """'Olaszországban', 'Suomessa', 'v Českej republike': names of the language with other endings."""
        known = self._by_stem(language)
        if " " in norm:
            near = known.get(" ".join(stem(word, language) for word in norm.split()), ())
        else:
            near = next((found for one in stems(norm, language) if (found := _alike(norm, one, known))), ())
        return [e for name in near for e in self._by_norm[name] if e[4] != "code" and e[3] in ("", language)]

    def _by_stem(self, language: str) -> Mapping[str, list[str]]:
        """The names of a language, and those of all, by what their forms have in common; made when first asked for."""
        if language not in self._stems:
            found: dict[str, list[str]] = defaultdict(list)
            for norm, entries in self._by_norm.items():
                if any(self._may_be_declined(entry, language) for entry in entries):
                    several = " ".join(stem(word, language) for word in norm.split())
                    for one in (several,) if " " in norm else stems(norm, language):
                        found[one].append(norm)
            self._stems[language] = found
        return self._stems[language]

    def _may_be_declined(self, entry: Entry, language: str) -> bool:
        level = self._rows[entry[0]]["level"] if entry[0] in self._rows else ""
        if entry[4] == "code" or (level == "foreign" and len(entry[2]) < SHORTEST_FOREIGN):
            return False
        return entry[3] == language or (entry[3] == "" and level in DECLINED_LEVELS)

    def _close(self, norm: str, language: str) -> list[Region]:
        """The regions whose names a text misspells; looked for once, however often it is asked for."""
        return list(self._found_close(norm, language))

    def _look_for_close(self, norm: str, language: str) -> list[Region]:
        if len(norm) >= 5 and (alike := self._by_sound.get(sounded(norm))):
            return self._candidates([e for text in alike for e in self._by_norm[text] if e[4] != "code"], language)
        allowed = 0 if len(norm) < 5 else 1 if len(norm) < 8 else 2 if len(norm) < 11 else 3
        hits = (
            process.extract(norm, self._norms, scorer=OSA.distance, score_cutoff=allowed, limit=20) if allowed else []
        )
        if not hits:
            return []
        ranked = [
            ((distance, text[0] != norm[0], not self._is_said(text, language)), text) for text, distance, _ in hits
        ]
        best = min(rank for rank, _ in ranked)
        near = [text for rank, text in ranked if rank == best]
        return self._candidates([e for text in near for e in self._by_norm[text] if e[4] != "code"], language)

    @cached_property
    def _by_sound(self) -> Mapping[str, list[str]]:
        """Names by how they sound: `Niedersaxen` is Niedersachsen before it is Niederbayern."""
        found: dict[str, list[str]] = defaultdict(list)
        for norm in self._norms:
            found[sounded(norm)].append(norm)
        return found

    def _is_said(self, norm: str, language: str) -> bool:
        return any(entry[3] in ("", language) for entry in self._by_norm[norm])

    def _candidates(self, entries: Sequence[Entry], language: str) -> list[Region]:
        """Return the regions these names may mean in a language: no one who says Zelandia in Polish means Zeeland."""
        here = [entry for entry in entries if entry[3] in ("", language)] or list(entries)
        if any(entry[3] == language and entry[4] != "code" for entry in here):
            here = [entry for entry in here if entry[4] != "code"]  # Latvian "ES" is the Union, not Spain
        ids = self._distinct([entry[0] for entry in here])
        surveyed = [i for i in ids if self._rows[i]["level"] != "foreign"]
        ids = self._without_successors(surveyed or ids)
        whole = {self._rows[i]["country"] for i in ids if self._rows[i]["level"] == "country"}
        ids = [i for i in ids if self._rows[i]["level"] == "country" or self._rows[i]["country"] not in whole]
        largest = max((self._rows[i]["area_km2"] or 0.0 for i in ids), default=0.0)
        small = {i for i in ids if self._rows[i]["level"] in ("subdivision", "commune")}
        if small == set(ids):
            ids = [i for i in ids if (self._rows[i]["area_km2"] or 0.0) * 10 >= largest]
        return [self.region(i, language) for i in ids]

    def _without_successors(self, ids: Sequence[str]) -> list[str]:
        """Of a region and its later form with other borders only the first is meant by the name they share."""
        later = {code_id(row["code"]) for row in _changed() if code_id(row["old_code"]) in ids}
        return [i for i in ids if i not in later]

    def _distinct_in_order(self, ids: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(self._rows[i]["same_as"] for i in ids if i in self._rows))

    def _distinct(self, ids: Iterable[str]) -> list[str]:
        preferred = dict.fromkeys(self._rows[i]["same_as"] for i in ids if i in self._rows)
        return sorted(preferred, key=lambda i: (LEVELS.index(self._rows[i]["level"]), i))

    def _kind(self, one: Region | Place, language: str) -> str:
        country = f"country:{one.country}"
        where = self.region(country, language).name if one.country and country in self._rows else one.country
        if isinstance(one, Place):
            lon, lat = one.lonlat
            return f"{where}, {lat:.2f}°N {abs(lon):.2f}°{'E' if lon >= 0 else 'W'}"
        word = _KINDS.get(language, _KINDS["en"])[_kind_column(one)]
        return word if one.level in ("country", "group") else f"{word}, {where}"

    def _said(self, phrase: str, language: str) -> tuple[Region | Place, ...]:
        """Return what a phrase means that is a place and words around it only: `auf Sizilien`, `Spanish regions`."""
        mentions = [m for m in self.mentions(f"in {phrase}", language) if m.kind != "place"]
        if len(mentions) != 1:
            return ()
        start, end = mentions[0].start - 3, mentions[0].end - 3
        around = normalise(f"{phrase[: max(start, 0)]} {phrase[max(end, 0) :]}").split()
        known = known_words()
        idle = known.prepositions | known.links | frozenset().union(*known.hints.values())
        return mentions[0].candidates if all(word in idle for word in around) else ()

    # --- towns ------------------------------------------------------------------------------------------------------

    def _towns(self, norms: Sequence[str]) -> dict[str, list[Place]]:
        found: dict[str, list[Place]] = defaultdict(list)
        for row in self._store.query("gazetteer_places", norms="|".join(sorted(set(norms)))).dicts():
            found[row["norm"]].append(_place(row))
        return found

    def _towns_close(self, norm: str) -> list[Place]:
        if len(norm) < 5:
            return []
        most = 1 if len(norm) < 9 else 2
        rows = list(self._store.query("gazetteer_places_close", norm=norm, most=most).dicts())
        best = min((row["distance"] for row in rows), default=0)
        return [_place(row) for row in rows if row["distance"] == best]

    def _surveyed(self, towns: Sequence[Place]) -> list[Place]:
        """Return those inside the survey, largest first; none where a far larger foreign town bears the name."""
        distinct = list({town.id: town for town in towns}.values())
        inside = [town for town in distinct if f"country:{town.country}" in self._rows]
        outside = max((_people(town) for town in distinct if town not in inside), default=0)
        if inside and _people(inside[0]) < SMALL_TOWN and outside > 20 * _people(inside[0]):
            return []
        return sorted(inside, key=_people, reverse=True)

    # --- what is kept -----------------------------------------------------------------------------------------------

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
        shown = self._shown
        if row["level"] == "country" and language in OTHER_LANGUAGES:
            return _country(row["country"], language) or row["name"]
        return shown.get((row["id"], language)) or shown.get((row["same_as"], language)) or row["name"]

    def _same_land(self, identifier: str) -> tuple[str, ...]:
        row = self._rows.get(self._recoded.get(identifier, identifier))
        return self._same[row["same_as"]] if row else (identifier,)

    def _above(self, row: Mapping[str, Any], level: str) -> Mapping[str, Any] | None:
        """The parent; where that land has the wanted level under another id, that one."""
        same = self._same_land(row["parent"]) if row["parent"] else ()
        wanted = [self._rows[i] for i in same if i in self._rows and self._rows[i]["level"] == level]
        return wanted[0] if wanted else self._rows.get(row["parent"] or "")

    @cached_property
    def _rows(self) -> dict[str, dict[str, Any]]:
        rows = self._store.query("gazetteer_regions").rows
        return {row[0]: dict(zip(COLUMNS, row, strict=True)) for row in rows}

    @cached_property
    def _by_norm(self) -> dict[str, list[Entry]]:
        index: dict[str, list[Entry]] = {}
        for entry in self._store.query("gazetteer_names").rows:
            index.setdefault(entry[2], []).append(entry)
        return index

    @cached_property
    def _norms(self) -> list[str]:
        spoken = {"", *LANGUAGES}
        return [n for n, entries in self._by_norm.items() if any(e[4] != "code" and e[3] in spoken for e in entries)]

    @cached_property
    def _shown(self) -> dict[tuple[str, str], str]:
        """(id, language) → the name to show: the exonym or official name of that language."""
        shown: dict[tuple[str, str], str] = {}
        for entries in self._by_norm.values():
            for region_id, name, _, language, kind in entries:
                if language and kind in ("official", "exonym"):
                    shown.setdefault((region_id, language), name)
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
    def _recoded(self) -> dict[str, str]:
        """Id with a NUTS code of another vintage → the id of the same land."""
        codes = {row["old_code"]: row["code"] for row in read_rows("vintages")}
        return {f"nuts:{old}": code_id(new) for old, new in codes.items()}


# --- words of a question -------------------------------------------------------------------------------------------


def simpler(shapes: Mapping[str, BaseGeometry], detail: float) -> dict[str, BaseGeometry]:
    """Return shapes with no more detail than so many degrees; neighbours keep one border, so that no gap opens."""
    if detail <= 0:
        return dict(shapes)
    if len(shapes) < 2:
        return {name: shapely.simplify(shape, detail) for name, shape in shapes.items()}
    # Its tolerance is the root of an area: twice the distance leaves about as many corners.
    return dict(zip(shapes, shapely.coverage_simplify(list(shapes.values()), 2 * detail), strict=True))


def _words(question: str) -> list[_Word]:
    words: list[_Word] = []
    for match in islice(re.finditer(r"[^\W_]+", question), MOST_WORDS):
        norm = normalise(match[0])
        if norm:
            words.append(_Word(match.start(), match.end(), norm, _has_capital(match[0])))
    return words


def _has_capital(word: str) -> bool:
    """Has a word a capital first? In Irish up to two letters may stand before it: tSualainn, bhFrainc."""
    return word[0].isupper() or (word[0] in "bdghmnt" and any(c.isupper() for c in word[1:3]) and word[-1].islower())


def _spans(count: int, longest: int) -> Iterator[range]:
    """Every run of words, longer runs first, from left to right."""
    for length in range(min(longest, count), 0, -1):
        for first in range(count - length + 1):
            yield range(first, first + length)


ACRONYMS = ("NUTS", "LUCAS", "EU", "UE", "CSV")
"""Words that people who write without capitals write in them all the same."""


def _is_flat(question: str) -> bool:
    """Is a text written without capitals, those of acronyms aside, or in capitals only, so that they tell nothing?"""
    letters = [c for c in question if c.isalpha()]
    inner = [c for match in re.finditer(r"(?<!^)\b[^\W_]+", question) for c in match[0][:1] if match[0] not in ACRONYMS]
    return bool(letters) and (all(c.isupper() for c in letters) or not any(c.isupper() for c in inner))


def _is_code(text: str, question: str) -> bool:
    """A code is one only in capitals, in a text that is not all capitals; `it` is not Italy."""
    if text != text.upper():
        return False
    return any(c.isdigit() for c in text) or question != question.upper() or question == text


def _is_name_here(words: Sequence[_Word], span: range, code: bool) -> bool:
    """May these words, which some region bears as a name, mean it here?"""
    first = words[span[0]]
    if len(span) > 1 or code:
        return True
    before = words[span[0] - 1].norm if span[0] else ""
    if first.norm in known_words().never_alone:
        return False
    if first.norm in known_words().common:
        after = words[span[-1] + 1].norm if span[-1] + 1 < len(words) else ""
        hinted = any(word in hints for hints in known_words().hints.values() for word in (before, after))
        led = before in known_words().prepositions | known_words().links
        return first.capital and (hinted or led or len(words) == 1)
    return first.capital or before in known_words().prepositions or len(first.norm) >= 6 or len(words) == 1


def _worth_declining(words: Sequence[_Word], span: range, language: str) -> bool:
    """Only where a name may stand: a declined form is looked for at capitals and after prepositions."""
    first = words[span[0]]
    before = words[span[0] - 1].norm if span[0] else ""
    common = any(words[at].norm in known_words().common for at in span)
    if len(span) > 4 or (common and not (has_endings(language) and len(span) > 1)):
        return False  # "Dél-Alföldön" is a name in Hungarian, whatever Spanish "del" is
    if has_endings(language):
        flat = not any(word.capital for word in words) and len(first.norm) >= SHORTEST_FLAT
        single = len(span) == 1 and (len(first.norm) < 4 or is_everyday(first.norm, language))
        return (first.capital or flat or len(span) > 1) and not single
    if before in known_words().prepositions or first.norm in known_words().hints["province"]:
        return True
    return first.capital and (span[0] > 0 or language in ("de", "pl"))


def _opens_a_sentence(question: str, start: int) -> bool:
    """Whether a word is written with a capital whatever it means: Swedish "… än Sverige? Gäller 2022."."""
    return question[:start].rstrip()[-1:] in (".", "?", "!")


def _may_be_town(words: Sequence[_Word], span: range, language: str, *, flat: bool) -> bool:
    """A town is looked for only with a capital, where the language has known prepositions after one of them, or written
    small after a word of nearness."""
    if not span[0] or len(" ".join(words[at].norm for at in span)) < 3:
        return False
    before, first, last = words[span[0] - 1].norm, words[span[0]], words[span[-1]]
    if before == "the" and span[0] > 1:
        before = words[span[0] - 2].norm
    known = known_words()
    if first.norm in known.never_alone or first.norm.isdigit() or last.norm in known.links:
        return False
    if known.is_ordinary(first.norm) and (flat or not first.capital):
        return False
    earlier = words[span[0] - 2].norm if span[0] > 1 else ""
    near = before in known.near and (before in known.nearness or earlier in known.nearness)
    led = before in known.prepositions or (has_endings(language) and not is_everyday(first.norm, language))
    return (first.capital and led) or (flat and near and len(first.norm) > 3)


def _alike(norm: str, common: str, known: Mapping[str, list[str]]) -> list[str]:
    """The name that is the stem itself (Estonian "Lätist" is Läti before Latina), else those nearest in length."""
    if common in known.get(common, ()) and len(common) >= SHARE_OF_FORM * len(norm):
        return [common]
    found = [name for name in known.get(common, ()) if len(common) >= SHARE_OF_FORM * max(len(name), len(norm))]
    best = min((abs(len(name) - len(norm)) for name in found), default=0)
    return [name for name in found if abs(len(name) - len(norm)) == best]


OTHER_LANGUAGES = tuple(one for one in types.LANGUAGES if one not in PAGE_LANGUAGES)
"""Languages in which countries are shown by CLDR's names."""
ISO_CODES = {"EL": "GR", "UK": "GB"}
"""Eurostat's code of a country → ISO 3166's, where they differ."""


@lru_cache(maxsize=2000)
def _country(code: str, language: str) -> str:
    """Return a country's name in a language as CLDR has it, '' where it has none."""
    from babel import Locale

    return str(Locale.parse(language).territories.get(ISO_CODES.get(code, code), ""))


def _is_joined(question: str, words: Sequence[_Word], span: range) -> bool:
    """Do only spaces and hyphens stand between these words?"""
    gaps = (question[words[at].end : words[at + 1].start] for at in span[:-1])
    return all(gap.strip() in ("", "-") for gap in gaps)


def _is_part_of_a_compound(question: str, start: int, end: int) -> bool:
    """Do these letters stand beside a hyphen that joins them to others?"""
    return bool(re.search(r"\w-$", question[max(start - 2, 0) : start]) or re.match(r"-\w", question[end:]))


def _mention(
    question: str,
    words: Sequence[_Word],
    span: range,
    kind: Literal["region", "place", "foreign"],
    candidates: Sequence[Region | Place],
    score: float,
) -> Mention:
    start, end = words[span[0]].start, words[span[-1]].end
    return Mention(start, end, question[start:end], kind, tuple(candidates), score, exact=score == 1.0)


_INSIDE = frozenset("in en em w we na no nos nei del della dell de du d do da van of au aux dans".split())  # noqa: SIM905
"""Words that may stand between a region and the country it lies in."""


def _is_link(between: str, *, country_first: bool, adjective: bool) -> bool:
    """May a region and its country be joined over this text: `Limburg, Belgium`, `Toskana in Italien`?"""
    known = known_words()
    words = [word for word in normalise(between).split() if not any(word in hints for hints in known.hints.values())]
    if not words:
        return not between.strip() if adjective else not re.search(r"[.;:!?&/]", between)
    if adjective or country_first:
        return False
    return words[0] in _INSIDE and all(word in _INSIDE or word in known.links for word in words)


def _country_of(mention: Mention) -> str | None:
    one = mention.candidates[0]
    alone = len(mention.candidates) == 1 and isinstance(one, Region) and one.level == "country"
    return one.country if alone else None


def _of_kind(candidates: Sequence[Region | Place], kind: str) -> tuple[Region | Place, ...]:
    levels = [c.level if isinstance(c, Region) else "" for c in candidates]
    if kind == "country":
        return tuple(c for c, level in zip(candidates, levels, strict=True) if level == "country")
    below = [(c, level) for c, level in zip(candidates, levels, strict=True) if level != "country"]
    wanted = ("subdivision", "nuts3") if kind == "province" else ("nuts1", "nuts2")
    return tuple(c for c, level in below if level in wanted) or tuple(c for c, _ in below)


_KINDS = {
    "en": ("country", "group", "region", "province", "commune", "area"),
    "fr": ("pays", "groupe", "région", "province", "commune", "zone"),
    "de": ("Land", "Gruppe", "Region", "Provinz", "Gemeinde", "Gebiet"),
    "es": ("país", "grupo", "región", "provincia", "municipio", "área"),
    "it": ("paese", "gruppo", "regione", "provincia", "comune", "area"),
    "pt": ("país", "grupo", "região", "província", "município", "área"),
    "nl": ("land", "groep", "regio", "provincie", "gemeente", "gebied"),
    "pl": ("kraj", "grupa", "region", "prowincja", "gmina", "obszar"),
}


def _is_country(one: Region | Place) -> bool:
    return isinstance(one, Region) and one.level == "country"


def _nuts_level(one: Region | Place) -> str:
    return f"NUTS {one.level[-1]} " if isinstance(one, Region) and one.level.startswith("nuts") else ""


def _kind_column(region: Region) -> int:
    if region.country in ("BE", "NL") and region.level == "nuts2":
        return 3
    return {"country": 0, "group": 1, "subdivision": 3, "nuts3": 3, "commune": 4, "aoi": 5}.get(region.level, 2)


def _place(row: Mapping[str, Any]) -> Place:
    spot = (row["lon"], row["lat"])
    return Place(row["id"], row["name"], spot, row["country"] or "", row["population"], row["source"])


ENDS_OF_TOWNS = ("", "o", "a", "e", "y", "as", "is", "us")
"""What names of towns end in where a language took the ending off: Brna is Brno, Vilniaus is Vilnius."""


def _town_forms(norm: str, language: str) -> list[str]:
    """Return what a town of this text may be called: the text itself, then what it may be declined from."""
    if len(norm) <= 3 or " " in norm:
        return [norm]
    if language == "pl":
        return [norm, *base_forms(norm)]
    stems_of = [one for one in stems(norm, language) if one != norm]
    return [norm, *dict.fromkeys(one + end for one in stems_of for end in ENDS_OF_TOWNS if one + end != norm)]


def _clearest(towns: Sequence[Place]) -> list[Place]:
    """Return the first of towns in order of size where it is clearly the largest, else the largest few."""
    if len(towns) > 1 and _people(towns[0]) >= CLEARLY_LARGER * _people(towns[1]):
        return list(towns[:1])
    return list(towns[:6])


def _people(town: Place) -> int:
    return town.population or 0


@lru_cache(maxsize=1)
def _changed() -> tuple[dict[str, str], ...]:
    return read_rows("successors")


@lru_cache(maxsize=1)
def _members() -> dict[str, tuple[str, ...]]:
    return {row["id"]: tuple(row["members"].split()) for row in read_rows("groups") if row["members"]}


@lru_cache(maxsize=1)
def _adjectives() -> dict[tuple[str, str], str]:
    """(language, adjective) → country or NUTS code; `{a/b}` spells out endings."""
    return {
        (row["language"], normalise(form)): row["place"]
        for row in read_rows("adjectives")
        for form in spell_out(row["adjective"])
    }
