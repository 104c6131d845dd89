"""What constraints name: places as ids, classes as codes, the witness, the rows, the filters and the years.

Makes no query. Words have been left behind here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from agent.lexicon import lexicon
from agent.partial import whole
from agent.reading.mentions import Item, lies_in
from agent.reading.ranges import meets
from agent.reading.read import Reading
from agent.understand import (
    AREA_COMPOUND,
    POINT_COMPOUND,
    PROVINCES_ARE_NUTS2,
    SHARE_COMPOUND,
    STATES_ARE_NUTS2,
    Area,
    Cover,
    implied_country,
)
from agent.words import flatten, fold
from retrieval import statistics as meaning
from retrieval.errors import (
    AmbiguousClass,
    AmbiguousRegion,
    LandaskError,
    NotUnderstood,
    OutOfCoverage,
    TooFine,
    UnknownRegion,
)
from retrieval.gazetteer import COVERED
from retrieval.query import (
    Column,
    Filter,
    Group,
    Query,
)
from retrieval.types import NUTS_LEVELS, Place, Region
from tools.context import Context
from tools.official import SPECIAL_CODES
from tools.query import answer
from tools.survey import survey_years

AREAL = ("published", "estimates")
"""Sources that tell land, as shares and areas."""
SUBNATIONAL = ("nuts1", "nuts2", "nuts3")
NAMED = ("CLASS", "NOTCLASS", "PLACE", "NOTPLACE", "YEAR", "LATEST", "EARLIEST", "HERE", "AND", "GROWS")
"""Constraints that ask for nothing by themselves."""
BELOW_NUTS2 = ("nuts3", "subdivision")
"""Levels of places that no figure is published of."""


class Unfit(Exception):
    """These constraints make no query that these rules know."""


@dataclass(frozen=True)
class Classes:
    """Codes of one theme."""

    theme: str
    codes: tuple[str, ...]


EVERYWHERE = "group:europe"
"""What holds every place surveyed."""


HA_IN_KM2 = 100


def is_main(classes: Classes) -> bool:
    """Whether these are whole main classes: woodland, not rye."""
    return all(code[1:] in ("00", "") for code in classes.codes)


def years_held(source: str, context: Context) -> tuple[int, ...]:
    """Return the years a source has."""
    if source == "predictions":
        own = {year for d in context.store.datasets() if d.kind == "predictions" for year in d.years}
        return tuple(sorted(own)) or context.store.years()
    return context.store.dataset("statistics").years if source == "published" else survey_years(context)


class Named:
    """The constraints of one reading, with names as ids and codes."""

    def __init__(
        self, reading: Reading, context: Context, selection: Sequence[str], settled: Mapping[str, Any]
    ) -> None:
        self.reading, self.context, self.selection, self.settled = reading, context, selection, settled
        self.inside = [p for i in reading.all("INSIDE", "SPLITIN") for p in [i[0]]]
        self.inside += [r[3] for r in reading.all("RANK", "RANKNTH", "NOTRANK") if r[3:] and r[3] is not None]
        named = [] if reading.has("NEAREST") else reading.all("PLACE")  # a town, which is where a distance begins
        self.places = [self.region(a) for a in (*named, *self.inside)]
        self.places += [context.named(id) for id in selection if reading.has("HERE")]
        self.places = list({r.id: r for r in self.places}.values())  # "Flanders (Vlaams Gewest)" is one
        self.gone = [self.region(a) for group in reading.all("NOTPLACE") for a in group]
        self.classes = [self.codes(c) for c in reading.all("CLASS", "EACHCLASS")]
        self.classes += [self.codes(k) for _, k in reading.all("COUNTED", "NUMCLASS")]
        self.classes += [self.codes(k) for _, k in reading.all("ENDOF") if k]
        self.less = [self.codes(c) for group in reading.all("NOTCLASS") for c in group]
        self.less = [k for k in self.less if not self.says_again(k)]
        self.classes = self.without_kinds_of_land()
        if self.gone and not self.places:
            self.places = self.around(self.gone)
        self.classes += [self.codes(c) for a, _, b in reading.all("MORETHAN") for c in (a, b)]
        if "crops" in reading.all("CLASSES") and not reading.has(
            "CLASS", "SPLIT", "RANKCLASS", "FATESPLIT", "EACH", "RANKED", "NTH"
        ):
            self.classes.append(Classes("land_cover", ("B00",)))
        self.asks = set(reading.all("ASK"))
        self.measures = set(reading.all("MEASURE"))
        self.measures |= {"cv"} if reading.has("CV") else set()
        amounts = [i for i in reading.items if i.type == "ASK" and i.value == "how_much"]
        self.measures |= {
            m.value
            for m in reading.said.items
            if m.type == "MEASURE" and m.value == "area" and any(i.start < m.start and m.end == i.end for i in amounts)
        }  # "qué superficie"
        covers = [*reading.all("CLASS"), *(c for a, _, b in reading.all("MORETHAN") for c in (a, b))]
        beside = len(self.places) == 2 and reading.has("DIFF", "SUP", "UP", "DOWN")
        if beside and any(AREA_COMPOUND.search(c.text.lower()) for c in covers):
            self.measures.add("area")  # "how many times larger is the woodland area"
        if any(POINT_COMPOUND.search(c.text) for c in covers):
            self.measures.add("points")
        elif any(SHARE_COMPOUND.search(c.text) for c in covers):
            self.measures.add("share")
        unsure = reading.has("UNSURE") and bool(self.asks & {"how_many", "how_much"})
        of_shares = "share" in self.measures or unsure or reading.years - {*context.store.years()}
        moved = reading.has("UP", "DOWN", "CHANGE", "DIFF") and not reading.has("WITNESS")
        if "points" in self.measures and of_shares and moved and not self.dated_points():
            self.measures.remove("points")  # "by how many points has the share grown"
        if self.leads_by_points():
            self.measures.add("points")
        self.level = self.level_there(self.level_of_rows())
        if reading.has("SIZED"):
            self.places = self.of_a_size()
        self.source = self.source_of()
        if reading.has("NONE") and not self.classes and self.source == "published":
            self.source = "survey"  # "in which Länder is there not a single vineyard point"
        if self.source == "published" and self.level in BELOW_NUTS2:
            if any(r.level in BELOW_NUTS2 for r in self.places):
                raise Unfit("the county itself")
            raise TooFine(self.level_words(), (), "below_nuts2")

    def dated_points(self) -> bool:
        """Whether the points of a year are named: "the 2018 points of Romania"."""
        pairs = pairwise(self.reading.items)
        return any(
            a.type == "YEAR" and b.type == "MEASURE" and b.value == "points" and a.end == b.start for a, b in pairs
        )

    def leads_by_points(self) -> bool:
        """Whether by how many points one is ahead of another is asked: "by how many points did rye lead barley"; of a
        change over time those are points of a percentage."""
        moved = self.reading.has("SPAN", "SINCEYEAR", "CHANGE", "TREND", "WITNESS") or len({*self.years()}) > 1
        ahead = [i for i in self.reading.items if (i.type, i.value) == ("DIFF", "difference")]
        counts = [i for i in ahead if self.holds_measure(i, "points") and not self.holds_measure(i, "pp")]
        return not moved and not self.measures and bool(counts)

    def holds_measure(self, item: Item, measure: str) -> bool:
        """Whether a constraint's own words name a measure."""
        return any((i.type, i.value) == ("MEASURE", measure) and lies_in(i, item) for i in self.reading.said.items)

    def of_a_size(self) -> list[Region]:
        """The places of the level asked for whose own area is as said: "countries larger than 100,000 km²"."""
        gazetteer, everywhere = self.context.gazetteer, [self.context.named(EVERYWHERE)]
        if not self.level:
            raise Unfit("the size of what?")
        among = [r for place in self.places or everywhere for r in gazetteer.children(place.id, self.level)]
        for sign, number, unit in self.reading.all("SIZED"):
            km2 = [n / HA_IN_KM2 if unit == "ha" else n for n in (number if sign == "between" else (number,))]
            among = [r for r in among if r.area_km2 is not None and meets(sign, r.area_km2, km2)]
        if not among:
            raise Unfit("none is of this size")
        return among

    def level_words(self) -> str:
        """The question's own words of the places that rows are asked of: "departments"."""
        said, kinds = self.reading.said, ("LEVEL", "SPLIT", "SPLITIN", "INSIDE", "RANK", "MANY")
        item = next(i for i in self.reading.items if i.type in kinds)
        return f"\N{LEFT DOUBLE QUOTATION MARK}{said.words(item)}\N{RIGHT DOUBLE QUOTATION MARK}"

    def refuse_one_class_twice(self) -> None:
        """Refuse to compare two words that the nomenclature has as one class: oak and beech.

        Raises:
            NotUnderstood: naming them.
        """
        covers, has = self.reading.all("CLASS"), self.reading.has
        if len(covers) != 2 or not has("SUP", "UP", "DOWN", "DIFF") or has("YEAR", "SPAN", "FATE", "STAYED"):
            return
        one, other = covers
        if one.text != other.text and self.codes(one).codes == self.codes(other).codes and not self.places[1:]:
            raise NotUnderstood((), f"unread:{one.text}:{other.text}")

    def without_kinds_of_land(self) -> list[Classes]:
        """The classes, less a kind of land that the next word says what grows on: "orchards with pears" are pears."""
        named = [i for i in self.reading.items if i.type == "CLASS"]
        if len(named) != len(self.classes):
            return self.classes
        leaves, joins = self.context.nomenclature.leaves, ("AND", "OR", "TO", "CMP", "THANWORD", "BECAME")
        said = [i for i in self.reading.said.items if i.type in joins]
        if not any(i.type == "FROM" for i in self.reading.said.items):
            said = [i for i in said if i.type != "TO" or i.value != "to"]  # Italian "punti coltivati a riso"
        kept = []
        for n, k in enumerate(self.classes):
            after = named[n + 1 : n + 2]
            linked = bool(after) and 0 < after[0].start - named[n].end < 3
            linked = linked and "'" not in self.gap(named[n], after[0])  # French "en céréales l'orge"
            linked = linked and not any(named[n].end <= i.start < after[0].start for i in (*said, *self.reading.items))
            wider = linked and {*leaves(self.classes[n + 1].codes)} < {*leaves(k.codes)}
            kept += [] if wider else [k]
        return kept

    def gap(self, one: Item, other: Item) -> str:
        """What is written between two constraints."""
        said = self.reading.said
        return said.question[said.tokens[one.end - 1].end : said.tokens[other.start].start]

    def denies_what_is_not_there(self) -> bool:
        """Whether classes are denied of one that holds none of them: "grassland that had no trees"."""
        denied = [i for i in self.reading.items if i.type == "NOTCLASS"]
        no = {i.start for i in self.reading.said.items if i.type == "NO"}
        gone = [self.codes(k) for i in denied if i.start in no for k in i.value]
        return any(self.says_again(k) for k in gone)

    def says_again(self, gone: Classes) -> bool:
        """Whether a class left out has no part in those of its theme that are asked for: "grass rather than buildings",
        of one number."""
        leaves = self.context.nomenclature.leaves
        mine = {code for k in self.classes if k.theme == gone.theme for code in leaves(k.codes)}
        rows = self.reading.has("LEVEL", "INSIDE", "MANY", "SPLIT", "RANK", "FATE", "LOST", "STAYED")
        rows = rows or len(set(self.reading.all("YEAR"))) > 1
        return bool(mine) and not rows and not mine & {*leaves(gone.codes)}

    # --- names become ids and codes ---

    def region(self, area: Area) -> Region:
        """The one region of a name.

        Raises:
            OutOfCoverage: it is a place outside the survey.
            AmbiguousRegion: it is several.
        """
        if isinstance(chosen := self.settled.get(area.text), str) and not chosen.startswith("town:"):
            return self.context.named(chosen)
        area = whole(area, self.context)
        regions = area.regions
        if area.foreign:
            raise OutOfCoverage(area.text, COVERED)
        if not regions:
            raise Unfit(f"{area.text} is no region")
        if len(regions) > 1:
            others = [r for other in self.reading.all("PLACE") for r in other.regions[:1] if other.text != area.text]
            among = others and all(r.level in ("country", "group") for r in others)
            countries = [r for r in regions if r.level == "country"]
            if not (countries and among):
                choices = self.context.gazetteer.choices(regions, self.context.language)
                raise AmbiguousRegion(area.text, choices, [r.id for r in regions])
            return countries[0]
        return regions[0]

    def around(self, gone: Sequence[Region]) -> list[Region]:
        """The country that places left out lie in: "Spain, Andalusia excluded" names only the part."""
        country = self.context.gazetteer.containing(gone[0].id, "country")
        return [country] if country and country.id != gone[0].id else []

    def codes(self, cover: Cover) -> Classes:
        """The one class of words."""
        if isinstance(chosen := self.settled.get(cover.text), list | tuple):
            return Classes(self.context.nomenclature.theme(list(chosen)), tuple(chosen))
        if len(cover.choices) > 1:
            names = [self.context.nomenclature.choice(m.codes, self.context.language) for m in cover.choices]
            raise AmbiguousClass(cover.text, names, [m.codes for m in cover.choices])
        return Classes(cover.match.theme, cover.match.codes)

    def spot(self, area: Area) -> Place:
        """Where a distance is measured from: the town of a name, or a position.

        Raises:
            Unfit: no town has the name: it is a region's, and its middle would be another spot than was said.
        """
        towns = [c for c in area.candidates if isinstance(c, Place)]
        if isinstance(chosen := self.settled.get(area.text), str):
            towns = [c for c in towns if c.id == chosen] or towns
        elif len(towns) > 1:
            choices = self.context.gazetteer.choices(towns, self.context.language)
            raise AmbiguousRegion(area.text, choices, [c.id for c in towns])
        if towns:
            return towns[0]
        kind, _, name = area.text.partition(" ")
        if name and fold(kind) in lexicon(self.reading.said.language)["level.municipality"]:
            area = replace(area, text=name)  # Polish "miasta Poznań" is a region's name too
        countries = {one.country for one in area.candidates}
        name, comma, _ = area.text.partition(",")  # "Valencia, Spain"
        try:
            if comma and len(countries) == 1:
                return self.context.gazetteer.place(name, *countries)
            return self.context.gazetteer.place(area.text)
        except LandaskError:
            if not area.candidates:
                raise
        try:
            return self.context.gazetteer.place(area.candidates[0].name)
        except UnknownRegion:
            raise Unfit(f"{area.text} is no town") from None

    # --- which source, which rows ---

    def level_of_rows(self) -> str:
        """The level of places that rows stand for, '' where they are no places."""
        levels = [lv for what, lv in self.reading.all("SPLIT") if what == "region"]
        levels += [lv for _, lv in self.reading.all("SPLITIN", "INSIDE")]
        levels += [r[2] for r in self.reading.all("RANK", "RANKNTH")]
        levels += [lv for lv, _ in self.reading.all("NONE")]
        levels += self.reading.all("LEVEL")
        levels += [lv for _, lv in self.reading.all("MANY")]
        known = [lv for lv in levels if lv]
        if known == ["country"] and self.names_countries_only():
            known = []  # "… of the woodland rather than of the country"
        if {*known} - {"country"} and self.places and all(r.level != "group" for r in self.places):
            known = [lv for lv in known if lv != "country"]  # "of the regions … for the whole country"
        if self.reading.has("TOGETHER") and not self.reading.has(
            "SPLIT", "SPLITIN", "RANK", "MANY", "HAVING", "INSIDE", "STAT"
        ):
            known = [lv for lv in known if lv != "region"]  # "the three together, of their area"
        groups: list[Any] = [
            area for area, _ in self.reading.all("INSIDE") if any(r.level == "group" for r in area.regions)
        ]
        groups += [r for r in self.places if r.level == "group"]
        if (
            self.reading.has("TOGETHER")
            and groups
            and not self.reading.has("SPLIT", "SPLITIN", "RANK", "SUP", "MANY", "HAVING", "COUNT", "COUNTED", "STAT")
            and not {"which", "compare"} & {*self.reading.all("ASK")}
        ):
            known = []  # "the Baltic states together"
        own = [r.level for r in self.places if r.level in NUTS_LEVELS]
        if not known and self.reading.has("RANKED") and own:
            return own[0]  # "in what place is Poland"
        among = [area for area, _ in self.reading.all("INSIDE")] + [r[3] for r in self.reading.all("RANK") if r[3]]
        ranked = [area.regions[0].level for area in self.reading.all("PLACE") if area.regions]
        ranks = any(i.type == "RANKED" for i in self.reading.said.items)
        if ranks and known[:1] == ["region"] and among and len(ranked) == 1 and ranked[0] in SUBNATIONAL:
            return ranked[0]  # "where does Bavaria rank among German regions"
        where = "where" in self.reading.all("ASK") and self.reading.has("SUP") and self.reading.has("UP", "DOWN")
        if not known and where and not self.reading.has("PLACE", "MORETHAN"):
            return "country"  # "where has built-up land grown most"
        if not known:
            apart = self.reading.has("RANKED", "SUP", "NTH") or "compare" in self.asks
            apart = apart or "each" in self.reading.all("EACH")
            group = any(r.level == "group" for r in self.places)
            if len({*self.reading.all("YEAR")}) == 2 and not self.reading.has("RANKED", "SUP", "NTH", "EACH"):
                return ""  # "the share of the EU in 2018 versus 2022"
            return "country" if apart and group and ("compare" not in self.asks or len(self.places) == 1) else ""
        level = known[0]
        return "nuts2" if level == "region" else level

    def names_countries_only(self) -> bool:
        """Whether "country" is said of the countries that are named, and no rows are asked for."""
        rows = self.reading.has(
            "SPLIT", "SPLITIN", "INSIDE", "RANK", "RANKNTH", "MANY", "NONE", "SUP", "RANKED", "EACH"
        )
        asked = self.asks & {"which", "what", "how_many", "compare", "show", "who", "where"}
        return not (rows or asked) and bool(self.places) and all(r.level == "country" for r in self.places)

    @property
    def implied(self) -> str | None:
        """The country that alone has the kind of region named: Bundesländer, comunidades autónomas."""
        return implied_country(flatten(self.reading.said.question), self.context.language)

    def level_there(self, level: str) -> str:
        """The level, that of provinces and departments where the store holds no NUTS 3 regions of these places.

        Raises:
            NotUnderstood: it holds neither.
        """
        inside = self.places or ([self.context.named(f"country:{self.implied}")] if self.implied else [])
        if level in SUBNATIONAL and not self.places and not self.gone:
            self.places += inside  # "Bundesländer" are Germany's
        countries = {r.country for r in inside}
        if level == "nuts3" and inside and countries <= {*PROVINCES_ARE_NUTS2}:
            return "nuts2"
        if (
            level == "nuts1"
            and inside
            and countries <= {*STATES_ARE_NUTS2}
            and "nuts" not in self.reading.said.question.lower()
        ):
            return "nuts2"
        if level != "nuts3":
            return level
        gazetteer = self.context.gazetteer
        for there in (level, "subdivision"):
            if any([gazetteer.children(r.id, there) for r in self.places] or [gazetteer.at_level(there)]):
                return there
        raise NotUnderstood((), f"no_parts:{self.places[0].name}:{level}")

    @property
    def says_points(self) -> bool:
        """Whether points or the survey are named as what is to be told."""
        return "points" in self.measures or "survey" in self.reading.all("WITNESS")

    @property
    def of_points(self) -> bool:
        """Whether what is asked can only be said of points."""
        has = self.reading.has
        uses = any(c.theme == "land_use" for c in (*self.classes, *self.less))
        only = ("NEAR", "LIMIT", "COUNT", "COUNTED", "MONTHS", "POINT", "END", "BYMONTH", "EACHONE", "NEAREST", "NONE")
        return has(*only) or uses or self.of_height()

    def of_height(self) -> bool:
        """Whether how high something lies, or how far north or east, is asked; not "how high is the share"."""
        return self.reading.has("DIM") and not self.measures & {"share", "pp", "area", "ha"}

    def source_of(self) -> str:
        """The witness: who is named, else who has it; a share and a trend are the statistic's."""
        witness = set(self.reading.all("WITNESS"))
        if "predictions" in witness:
            return "predictions"
        if self.is_estimated(witness):
            return "estimates"
        if "published" in witness or self.measures & {"pp", "cv"}:
            return "published"
        moved = self.reading.has("LOST", "GAINED") and ("points" in self.measures or "survey" in witness)
        stayed = self.reading.has("STAYED") and not self.is_still()
        fated = self.reading.has("FATE", "FATESPLIT", "BECAME", "TWICE") or stayed or moved or self.no_longer()
        if (fated or self.then_and_later()) and not self.measures & {"share", "pp", "area", "ha"}:
            return "revisits"
        surveyed = "survey" in witness and not (self.only_published_years() and self.all_published())
        if self.of_points or "points" in self.measures or surveyed:
            return "survey"
        if self.reading.has("UNSURE") and self.all_published():
            return "published"  # which alone has an error
        if self.only_published_years() and self.all_published():
            return "published"
        if "published" in witness or self.measures & {"share", "area", "ha", "pp"} or "how_much" in self.asks:
            return "published"
        if self.reading.has("HAVING", "UP", "DOWN", "CHANGE", "TREND", "STAT", "DIFF", "LOST", "GAINED"):
            return "published"
        if "where" in self.asks and self.sided():
            return "published" if self.all_published() else "survey"
        if self.names_only():
            return "survey"
        if {"where", "how_many"} & self.asks and (not self.level or self.reading.has("SPLIT", "SPLITIN")):
            return "survey"
        if any(theme == "land_use" for _, theme in self.splits("classes")):
            return "survey"
        small = bool(self.places) and all(r.level in BELOW_NUTS2 for r in self.places)
        if self.level in BELOW_NUTS2 or small:
            return "survey"
        return "published" if self.all_published() else "survey"

    @property
    def asks_published(self) -> bool:
        """Whether a follow-up wants the statistic's figure."""
        return "published" in self.reading.all("WITNESS") or bool(self.measures & {"share", "area", "ha"})

    def is_estimated(self, witness: set[str]) -> bool:
        """Whether land is asked for that no table has: by use or elevation in a unit of area, or by points."""
        points = {"survey", "published"} & witness or "points" in self.measures
        of_points = ("NEAR", "COUNT", "COUNTED", "MONTHS", "POINT", "END", "BYMONTH", "FATE", "BECAME")
        if points or self.reading.has(*of_points):
            return False
        limits = {f.dimension for f in self.reading.all("LIMIT")}
        uses = any(c.theme == "land_use" for c in (*self.classes, *self.less))
        covers = [c for k in self.classes if k.theme == "land_cover" for c in k.codes]
        split = (uses or limits == {"elevation"}) and bool({"area", "ha"} & self.measures)
        return limits <= {"elevation"} and bool(covers) and ("estimates" in witness or split)

    def is_still(self) -> bool:
        """Whether "still" joins a cover and a use of one year: "bare points of 2018 that were still farmed"."""
        return len({k.theme for k in self.classes}) > 1 and len(self.years()) == 1 and not self.reading.has("FATE")

    def only_published_years(self) -> bool:
        """Whether figures were published for every year named, and no point was surveyed in any."""
        return bool(self.reading.years) and self.reading.years <= self.context.store.years_published_only()

    def all_published(self) -> bool:
        """Whether the statistic has a figure for every class asked about."""
        return all(SPECIAL_CODES.get(c, c) in meaning.PUBLISHED_CLASSES for k in self.classes for c in k.codes)

    def sided(self) -> bool:
        """Whether two or more places stand side by side and the one with more is asked."""
        sided = self.either("PLACE") or self.reading.has("SUP", "UP", "DOWN") or "compare" in self.asks
        return len(self.places) > 1 and sided

    def then_and_later(self) -> tuple[Classes, Classes] | None:
        """What points were in one year and are in a later one: "fallow in 2015 that were wheat in 2018"."""
        if self.reading.has("LOST", "GAINED", "STAYED"):
            return None
        named = [
            i for i in self.reading.items if i.type in ("CLASS", "YEAR", "SINCEYEAR", "PLACE", "ASK", "AND", "TWICE")
        ]
        dated = [i for i in named if i.type in ("YEAR", "SINCEYEAR")]
        classes = [i for i in named if i.type == "CLASS"]
        linked = any(
            i.value == "is" and classes[0].end <= i.start <= classes[-1].start
            for i in named
            if i.type == "ASK" and classes
        )
        if len(dated) == 1 and linked and len(classes) == 2:
            return self.in_the_other_year(classes, dated[0])
        if len(dated) == 2 and len(classes) == 2:  # "went from cropland in 2015 to grassland in 2018"
            between = range(dated[0].end, classes[1].start)
            linked = linked or any(i.type == "TO" and i.start in between for i in self.reading.said.items)
            asked = any(i.type == "ASK" and i.value == "how_many" and i.start in between for i in named)
            linked = linked or (asked and self.reading.has("TWICE"))  # "… visited again, how many carried a crop"
        if len(classes) != 2 or len(dated) != 2 or dated[0].value >= dated[1].value:
            return None
        starts = [i.start for pair in zip(dated, classes, strict=True) for i in pair]
        if starts == sorted(starts) and "compare" not in self.asks:
            return self.each_in_its_year(classes)
        if not linked:
            return None
        if {"compare", "where"} & self.asks or classes[0].start > dated[0].start or dated[0].start > classes[1].start:
            return None
        return self.codes(classes[0].value), self.codes(classes[1].value)

    def each_in_its_year(self, classes: Sequence[Item]) -> tuple[Classes, Classes] | None:
        """What points were in the year before each class: "where in 2015 rape grew and in 2018 wheat", of points that
        are counted."""
        counted = "how_many" in self.asks and "points" in self.measures and len(self.places) < 2 and not self.level
        if not counted or self.reading.has("SUP", "RANK", "DIFF", "HAVING", "TREND", "SPLIT"):
            return None
        return self.codes(classes[0].value), self.codes(classes[1].value)

    def in_the_other_year(self, classes: Sequence[Item], dated: Item) -> tuple[Classes, Classes] | None:
        """What points of one class were in the other survey: "how many of the sunflower points were wheat in 2015"."""
        years = self.context.store.years()
        counted = "points" in self.measures and self.reading.all("ASK").count("how_many") == 1
        if not counted or len(years) != 2 or dated.value not in years or dated.start < classes[1].end:
            return None
        if any(
            i.type in ("AND", "OR", "TO") and classes[0].end <= i.start < classes[1].start
            for i in self.reading.said.items
        ):
            return None
        if any(i.type in ("RANK", "SUP") and classes[0].end <= i.start < classes[1].start for i in self.reading.items):
            return None  # "how many wheat points have the three countries with most maize points in 2018"
        one, other = (self.codes(c.value) for c in classes)
        if one.theme != other.theme:
            return None  # cover and use of one visit
        return (other, one) if dated.value == years[0] else (one, other)

    def is_dated_first(self) -> bool:
        """Whether the earlier of two years stands at the class that something became, the later one behind it."""
        fate = next((i for i in self.reading.items if i.type == "FATE"), None)
        dated = [i for i in self.reading.items if i.type in ("YEAR", "SINCEYEAR") and fate and i.start >= fate.end]
        return (
            len(dated) == 2 and dated[0].value < dated[1].value and fate is not None and dated[0].start - fate.end < 3
        )

    def became_points(self) -> bool:
        """Whether "what" asks what points became that the verb names after it: "que sont devenus les points de blé"."""
        fate = next(i for i in self.reading.items if i.type == "FATE")
        of_points = [i for i in self.reading.said.items if i.type == "MEASURE" and i.value == "points"]
        inside = any(fate.start < i.start and i.end < fate.end for i in of_points)
        return inside and bool({"what", "which"} & self.asks)

    def no_longer(self) -> bool:
        """Whether a class of one year is the class left out of a later one."""
        same = {k.codes for k in self.classes} & {k.codes for k in self.less}
        return bool(same) and len(set(self.reading.all("YEAR"))) == 2

    def splits(self, what: str) -> list[tuple[str, str]]:
        """The groupings of a kind."""
        return [(kind, of) for kind, of in self.reading.all("SPLIT") if kind == what]

    # --- filters ---

    def place_filters(self) -> tuple[Filter, ...]:
        """Where: the regions, and those left out."""
        found = [Filter("region", "in", tuple(dict.fromkeys(r.id for r in self.places)))] if self.places else []
        if self.gone:
            found.append(Filter("region", "not_in", tuple(dict.fromkeys(r.id for r in self.gone))))
        return tuple(found)

    def class_filters(self, classes: Sequence[Classes] | None = None) -> tuple[Filter, ...]:
        """Of what: the classes of each theme as one pool, and those left out."""
        wanted = self.classes if classes is None else classes
        found = []
        for theme in ("land_cover", "land_use"):
            codes = tuple(dict.fromkeys(c for k in wanted if k.theme == theme for c in k.codes))
            less = tuple(dict.fromkeys(c for k in self.less if k.theme == theme for c in k.codes))
            found += [Filter(theme, "in", codes)] if codes else []
            found += [Filter(theme, "not_in", less)] if less else []
        return tuple(found)

    def other_filters(self) -> tuple[Filter, ...]:
        """Elevation, position, distance, month, point."""
        found = list(self.reading.all("LIMIT"))
        for op, km, area in self.reading.all("NEAR"):
            spot = self.spot(area)
            circles = (("not_near", km[0]), ("near", km[1])) if op == "ring" else ((op, km),)
            found += [Filter("position", side, (*spot.lonlat, far, spot.name)) for side, far in circles]
        for months in self.reading.all("MONTHS"):
            found.append(Filter("month", "in", tuple(months)))
        if points := self.reading.all("POINT"):
            found.append(Filter("point", "in", tuple(points)))
        return tuple(found)

    # --- years ---

    def years(self) -> tuple[int, ...]:
        """The years named alone."""
        return tuple(dict.fromkeys(self.reading.all("YEAR")))

    def shifted(self, now: Sequence[int], source: str = "survey") -> tuple[int, ...]:
        """The year before or after the one asked about last, none where none is meant or there is none."""
        steps, store = self.reading.all("SHIFT"), self.context.store
        every = list(store.dataset("statistics").years if source == "published" else store.years())
        if (later := self.reading.all("LATER")) and len(now) == 1:
            return (now[0] + later[0],) if now[0] + later[0] in every else ()
        at = every.index(now[0]) + steps[0] if steps and len(now) == 1 and now[0] in every else -1
        return (every[at],) if 0 <= at < len(every) else ()

    def table_years(self) -> tuple[int, ...]:
        """The years a source has."""
        return years_held(self.source, self.context)

    def pair(self) -> tuple[int, int] | None:
        """The two years of a change: a span, an open span, two years named, else the first and last there are."""
        every = self.table_years()
        if spans := self.reading.all("SPAN"):
            return spans[0]
        if since := self.reading.all("SINCEYEAR"):
            last = [y for y in self.years() if y > since[0]] or [every[-1]]
            return since[0], last[-1]
        if len(self.years()) == 2:
            return min(self.years()), max(self.years())
        return (every[0], every[-1]) if len(every) > 1 and not self.years() else None

    def year(self) -> int:
        """The one year asked about, else the latest with something there."""
        named = self.years()
        if len(named) > 1:
            raise Unfit("several years")
        if named:
            return named[0]
        every = self.table_years()
        if self.reading.has("EARLIEST"):
            return every[0]
        return self.latest(every)

    def latest(self, every: Sequence[int]) -> int:
        """The last year in which the source has something for the places asked about."""
        if not self.places or self.level:
            return every[-1]
        columns = (Column("n", {"predictions": "cells", "survey": "surveyed"}.get(self.source, "share")),)
        where = (*self.place_filters(), *(self.class_filters() if self.source in AREAL else ()))
        try:
            table = answer(Query(self.source, columns, where, (Group("year"),)), self.context).table
        except LandaskError:
            return every[-1]
        there = [row["year"] for row in table.dicts() if row["n"]] if table else []
        return max(there, default=every[-1])

    def names_only(self) -> bool:
        """Whether a class is named and nothing asked of it: its points are meant."""
        rivals = self.either("CLASS") or self.either("PLACE")
        plain = all(i.type in NAMED or i.value in ("show", "is") for i in self.reading.items)
        return bool(self.classes) and plain and not rivals

    def either(self, kind: str) -> bool:
        """Whether "or" stands between two places or classes: which of them is asked, not whether."""
        named = [i for i in self.reading.items if i.type == kind]
        ors = [i.start for i in self.reading.said.items if i.type == "OR"]
        return any(a.end <= at < b.start for a, b in pairwise(named) for at in ors)
