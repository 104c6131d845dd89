"""A question about land deals becomes constraints. Answers nothing; what it cannot place forbids an answer.

Every number, comparison, negation, place and value is either taken by a constraint or named as not understood.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from agent.deals.mentions import axis_of, mentions_of
from agent.deals.rules import ASKED, DEAL_RULES, KEPT, MUCH, ROLES, SIZE_OF
from agent.deals.words import (
    ANY_OF,
    SUPERLATIVES,
    Leaf,
    leaves_of,
    plain_text,
    singulars,
)
from agent.reading.chart import best, chart, first_of, is_year
from agent.reading.mentions import Item
from agent.understand import NEAR_KM, Area
from retrieval.deal_terms import countries, terms
from retrieval.deal_words import BIOMASS, fold, place_name, single_stems, words
from retrieval.errors import AmbiguousRegion, NotUnderstood
from retrieval.query import Filter
from retrieval.region_rows import read_rows
from retrieval.types import Place
from tools.context import Context
from tools.deals import Known

FIELD_ORDER = ("group", "implementation", "negotiation", "intention", "animal", "crop", "mineral", "nature",
               "former_cover", "former_use", "investor_kind", "former_owner", "flag", "impact", "water_source",
               "community_reaction", "community_consultation")  # fmt: skip
"""Of several fields that a word may be a value of, the first is taken."""
BESIDE = {"CROPLAND": "B00", "FOREST_LAND": "C00", "PASTURE": "E00", "RANGELAND": "E00", "WETLAND": "H00"}
"""Former cover → land cover whose published area may stand beside the deals."""
NEGOTIATED = ("INTENDED", "CONCLUDED", "FAILED", "EXPIRED")
DISPLACED = ("DISPLACEMENT",)
"""An impact that the registry also asks of every deal by itself: people displaced, yes or no."""
FORMER = ("former_cover", "former_use", "former_owner")
"""Fields that come first where a question says what was there before the deal."""
AXES = ("country", "region", "intention", "crop", "animal", "mineral", "nature", "negotiation", "implementation",
        "year", "investor", "operating", "investor_country", "investor_kind", "former_cover", "former_use",
        "former_owner", "impact", "water_source", "community_reaction", "community_consultation")  # fmt: skip
HARMLESS = ("ask link near unit axis:size compare:in compare:and compare:since compare:until compare:about "
            "compare:onward compare:between compare:last_years")  # fmt: skip
"""Words that are everyday words too: unread they change nothing."""
LOUD = ("share", "mean", "median", "trend", "biggest", "smallest", "fewest", "compare", "earliest", "latest")
"""Ways of asking that change the answer: unread they are named."""
MOST_ROWS = 10
LONGEST_NAME = 6
"""Words of an investor's name at the most."""
WORLD = "m49:001"
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass
class Asked:
    """What a question asks of the registry."""

    act: str = "list"
    """`list`, `count`, `sum`, `rows`, `share`, `when`, `deal` or `exist`."""
    filters: list[Filter] = field(default_factory=list)
    measure: str = "deals"
    by: str = ""
    members: list[tuple[str, ...]] = field(default_factory=list)
    way: str = ""
    """`most` or `fewest`, where an order is asked for."""
    limit: int | None = None
    having: tuple[str, float] | None = None
    part: list[Filter] = field(default_factory=list)
    """Of a share: what the part is."""
    counted: str = ""
    """`how many countries`: the axis whose values are counted."""
    yes_no: bool = False
    deal: int | None = None
    lead: str = ""
    """The place that a yes or no is about: "does Romania have more than Ukraine"."""
    europe: bool = False
    default_filter: bool = False
    operating: bool = False
    """Hectares in operation are asked for: the deals that are in operation are another reading, said too."""
    beside: str = ""
    """Land cover whose published area is asked for beside the deals."""


def read(question: str, context: Context, known: Known, settled: Mapping[str, Any] = NOTHING) -> Asked:
    """Return what a question asks; `settled`: names of several places → the one that the asker chose.

    Raises:
        NotUnderstood: words of it have no place in the plan; they are named.
        AmbiguousRegion: a name is several countries.
    """
    return _Reader(question, context, known, settled).asked()


class _Reader:
    """One question being read; leaves are marked as they are used."""

    def __init__(self, question: str, context: Context, known: Known, settled: Mapping[str, Any]) -> None:
        self.question, self.context, self.known, self.settled = question, context, known, settled
        self.language = context.language
        self.leaves = leaves_of(question, self.language)
        self.asked_ = Asked()
        self.targets: list[tuple[Leaf, tuple[str, ...], bool]] = []
        self.values: dict[tuple[str, bool], list[str]] = {}
        self.told: dict[int, str] = {}
        self.asks: Mapping[int, str] = {}
        self.much: Mapping[int, str] = {}
        self.left_out: dict[int, int] = {}
        self.either: Sequence[tuple[int, int]] = ()
        self.former: Leaf | None = None
        self.role = next((leaf for leaf in self.leaves if leaf.says("role")), None)
        self.how: Leaf | None = None
        self.how_many: Leaf | None = None
        self.axis = ""

    def asked(self) -> Asked:
        """Return what was understood, when everything was."""
        self._companies()
        named = self._named_elsewhere()
        self._owned()
        self._formerly()
        self._rows(named)
        self._default_filter()
        self._drawn()
        self._place_roles()
        self._act()
        self._terms()
        self._subject()
        self._finish()
        self._unread()
        return self.asked_

    # --- helpers ---

    def has(self, section: str, *values: str) -> bool:
        """Whether any leaf that is not taken says one of these."""
        return any(leaf.says(section, *values) for leaf in self.leaves if not leaf.used)

    def first(self, section: str, *values: str) -> Leaf | None:
        return next((leaf for leaf in self.leaves if not leaf.used and leaf.says(section, *values)), None)

    def take(self, leaf: Leaf | None, what: str) -> None:
        if leaf is not None:
            leaf.used = leaf.used or what

    def speaks_of_people(self) -> bool:
        """Whether what befell a community is asked: then it is no former owner ("where villagers were evicted")."""
        of_people = ("community_reaction", "community_consultation", "impact", "flag")
        return any(
            e.section in of_people and e.value not in ("transnational", "domestic")
            for leaf in self.leaves
            for e in (*leaf.fields, *leaf.entries)
        ) or self.axis.startswith("community")

    def of_role(self, dimension: str) -> str:
        """Return a dimension of investors as that of a role, where one is named: "as parent company"."""
        named = dimension.replace("investor", self.role.value("role") or "") if self.role else dimension
        return named if named != "parent_country" else dimension  # which is of the parents already

    def is_single(self, leaf: Leaf) -> bool:
        """Whether a word stands in the singular."""
        return leaf.text.lower() in singulars(self.language)

    def negated(self, leaf: Leaf) -> bool:
        """Whether it is left out; the negation is taken."""
        at = self.left_out.get(leaf.at)
        self.take(None if at is None else self.leaves[at], "negation")
        return at is not None

    # --- names ---

    def _companies(self) -> None:
        """Investors by their names, as the export spells them; several companies of a name are taken together."""
        at = 0
        while self.known.investors and at < len(self.leaves):
            sizes = range(min(LONGEST_NAME, len(self.leaves) - at), 0, -1)
            part, ids = next(((part, ids) for size in sizes if (part := self.leaves[at : at + size])
                              and (ids := self._called(part))), ((), ()))  # fmt: skip
            if ids:
                self.asked_.filters.append(Filter(self.of_role("investor_id"), "in", tuple(ids)))
            for leaf in part:
                self.take(leaf, "investor")
            at += len(part) or 1

    def _called(self, part: Sequence[Leaf]) -> Sequence[int]:
        """The investors whose name some leaves are, in capital letters; no word of a list alone, and no place."""
        text = self.question[part[0].start : part[-1].end]
        capital = all(w[:1].isupper() or w.isdigit() for w in text.replace("-", " ").split() if len(w) > 2)
        plain = len(part) == 1 and (part[0].entries or part[0].filler or part[0].number is not None)
        if plain or not capital or all(leaf.is_place or leaf.filler for leaf in part):
            return ()
        return self.known.investors_called(text)

    def _named_elsewhere(self) -> list[Area]:
        """Regions and towns that only the gazetteer knows."""
        unknown = [leaf for leaf in self.leaves if not leaf.used and not leaf.entries and not leaf.filler
                   and leaf.number is None and leaf.text[:1].isupper()]  # fmt: skip
        found = self.context.gazetteer.mentions(self.question, self.language) if unknown else ()
        named = [Area(m.start, m.end, m.text, tuple(m.candidates)) for m in found
                 if any(m.start <= leaf.start and leaf.end <= m.end for leaf in unknown)]  # fmt: skip
        for area in named:
            for leaf in self._inside(area):
                leaf.place, leaf.entries = tuple(region.id for region in area.regions), ()
        return named

    def _inside(self, area: Area) -> list[Leaf]:
        return [leaf for leaf in self.leaves if area.start <= leaf.start and leaf.end <= area.end]

    def _elsewhere(self, area: Area) -> None:
        """A name that stands in no circle: where the land lies."""
        regions = [one for one in area.regions if one.id == self.settled.get(area.text, one.id)]
        if not regions:
            self._near("near", NEAR_KM, area)
            return
        if len({region.id for region in regions}) > 1:
            choices = self.context.gazetteer.choices(regions, self.language)
            raise AmbiguousRegion(area.text, choices, [region.id for region in regions])
        first, *rest = self._inside(area)
        first.place = (regions[0].id,)
        for leaf in rest:
            self.take(leaf, "place")

    def _near(self, op: Literal["near", "not_near"], km: float, area: Area) -> None:
        towns = [one for one in area.candidates if isinstance(one, Place)]
        town = towns[0] if towns else self.context.gazetteer.place(area.regions[0].name)
        if not self.known.locations:
            raise NotUnderstood((), f"deals_where:“{area.text}”")
        for leaf in self._inside(area):
            self.take(leaf, "near")
        self.asked_.filters.append(Filter("position", op, (*town.lonlat, km, town.name)))

    # --- numbers ---

    def _rows(self, named: Sequence[Area]) -> None:
        """Rows of words that the shared chart reads: numbers, years, sizes, circles."""
        said = mentions_of(self.leaves, self.question, self.language, named)
        made = chart(said, DEAL_RULES)
        read_ = best(made, said, KEPT)
        for item in read_:
            inside = [leaf for leaf in self.leaves if item.start <= leaf.first and leaf.last <= item.end]
            if item.type in ("WHEN", "SIZE"):
                self.asked_.filters.append(self._dated(item) if item.type == "WHEN" else item.value)
            elif item.type == "NEAR":
                self._near(*item.value)
            elif item.type == "TOP":
                self.asked_.limit = item.value
                inside = [leaf for leaf in inside if leaf.number is not None]
            elif item.type == "DEALIS":
                self.asked_.deal = item.value
            elif item.type == "SEVERAL":
                self.asked_.having = item.value
                inside = [leaf for leaf in inside if not leaf.says("ask", "deal")]
            else:
                continue
            for leaf in inside:
                self.take(leaf, item.type.lower())
        circled = {area for item in read_ if item.type == "NEAR" for area in item.value[2:]}
        for area in named:
            if area not in circled:
                self._elsewhere(area)
        self.told, self.asks, self.much = (first_of(rules, made, said) for rules in (ROLES, ASKED, MUCH))
        self.left_out = {at: no for no, ats in (i.value for i in made if i.type == "LEFTOUT") for at in ats}
        self.either = [item.value for item in made if item.type == "EITHER"]
        joined = (i.value for i in made if i.type in ("NATION", "ALSO", "EITHER") and len(i.value) == 2)
        for one, other in sorted(joined):  # of a row of any length each is what the one before it is
            if one in self.told:
                self.told.setdefault(other, self.told[one])
            if one in self.left_out:
                self.left_out.setdefault(other, self.left_out[one])

    def _owned(self) -> None:
        """ "Wem gehört", "wem gehörte": where endings do not part who owns from who did, the word as written does."""
        for leaf in self.leaves:
            if leaf.says("axis", "former_owner") and leaf.says("ask", "invests"):
                written = words(self.language)["axis"]["former_owner"].split("|")
                kept = "axis" if fold(leaf.text) in map(fold, written) else "ask"
                leaf.entries = tuple(entry for entry in leaf.entries if entry.section == kept)

    def _formerly(self) -> None:
        """What the land was before the deal: "formerly", or a "before" that no year follows, with who came then."""
        before_it = (leaf for leaf in self.leaves if leaf.says("compare", "before") and not leaf.says("ask"))
        dated = any(leaf.number is not None and is_year(leaf.number) for leaf in self.leaves)
        self.former = self.first("link", "former") or (None if dated else next(before_it, None))
        self.take(self.former, "former")
        if self.former is not None and self.former.says("compare", "before"):
            near = self.leaves[self.former.at + 1 : self.former.at + 4]
            came = next((leaf for leaf in near if leaf.entries or not leaf.filler), None)
            if came is not None and came.says("ask", "investor", "deal", "investment"):
                self.take(came, "former")

    def _dated(self, item: Item) -> Filter:
        """What a year is of: of a signature where one is spoken of beside it, else of a deal's beginning."""
        at = next(leaf.at for leaf in self.leaves if leaf.first >= item.start and leaf.number is not None)
        signed = [one for one in self.leaves[max(0, at - 4) : at + 4] if one.says("negotiation", "CONTRACT_SIGNED")]
        for leaf in signed:
            self.take(leaf, "signed")
        return replace(item.value, dimension="signed_year") if signed else item.value

    def _default_filter(self) -> None:
        if leaf := self.first("link", "default_filter"):
            self.asked_.default_filter = True
            self.take(leaf, "filter")

    def _drawn(self) -> None:
        """ "This area": what the asker drew on the map."""
        leaf = self.first("near", "here")
        if leaf is None or not self.context.areas:
            return
        if not self.known.locations:
            raise NotUnderstood((), f"deals_where:“{leaf.text}”")
        self.asked_.filters.append(Filter("area", "in", tuple(self.context.areas)))
        self.take(leaf, "area")

    # --- places ---

    def _place_roles(self) -> None:
        named = [leaf for leaf in self.leaves if leaf.is_place and not leaf.used]
        unclear: list[tuple[Leaf, tuple[str, ...]]] = []
        homes: dict[str, bool] = {}
        for leaf in named:
            ids, role, gone = self._ids(leaf), self.told.get(leaf.at, "target"), self.negated(leaf)
            if role == "home":
                homes |= dict.fromkeys(ids, gone)
                self.take(leaf, "investor country")
            elif role == "unclear":
                unclear.append((leaf, ids))
            else:
                self.targets.append((leaf, ids, gone))
                self.take(leaf, "place")
        for leaf, ids in unclear:
            more = sum(self.known.investing.get(id, 0) for id in ids) > sum(self.known.targets.get(i, 0) for i in ids)
            if more or self.targets:
                homes |= dict.fromkeys(ids, self.negated(leaf))
                self.take(leaf, "investor country")
            else:
                self.targets.append((leaf, ids, self.negated(leaf)))
                self.take(leaf, "place")
        self._places_as_filters(homes)

    def _places_as_filters(self, homes: Mapping[str, bool]) -> None:
        for op, wanted in (("in", False), ("not_in", True)):
            if ids := tuple(id for id, gone in homes.items() if gone == wanted and id != WORLD):
                self.asked_.filters.append(Filter(self.of_role("investor_country"), op, ids))
        for op, wanted in (("in", False), ("not_in", True)):
            ids = tuple(dict.fromkeys(i for _, some, gone in self.targets if gone == wanted for i in some))
            if ids and WORLD not in ids:
                self.asked_.filters.append(Filter("place", op, ids))
        self.asked_.europe = any("m49:150" in some for _, some, _ in self.targets)

    def _ids(self, leaf: Leaf) -> tuple[str, ...]:
        if leaf.place:
            if not self.known.locations and not leaf.place[0].startswith(("country:", "foreign:")):
                raise NotUnderstood((), f"deals_where:“{leaf.text}”")
            return leaf.place
        by_letters = {one.alpha2: one.place for one in countries()}
        if codes := leaf.values("country"):
            return tuple(by_letters[code] for code in codes)
        if leaf.says("ambiguous"):
            if leaf.text in self.settled:
                return (str(self.settled[leaf.text]),)
            ids = [by_letters[code] for code in (leaf.value("ambiguous") or "").split()]
            names = [place_name(id, self.language) for id in ids]
            raise AmbiguousRegion(leaf.text, names, ids)
        world = leaf.value("world") or ""
        if world == "group:EU":
            row = next(row for row in read_rows("groups") if row["id"] == "group:EU")
            return tuple(row["members"].split())
        return (world,)

    # --- what is asked ---

    def _act(self) -> None:
        asked = self.asked_
        if asked.deal is not None:
            asked.act = "deal"
            return
        opening = next((leaf for leaf in self.leaves), None)
        asked.yes_no = opening is not None and opening.says("ask", "exist") and not opening.says("ask", "which")
        self.how = next((one for one in self.leaves if not one.used and self.much.get(one.at) == "much"), None)
        self.how = self.how or (self.first("ask", "total") if self.has("measure", *SIZE_OF) else None)
        self.how_many = self.first("ask", "count")
        if self.how is None and self.how_many and self.much.get(self.how_many.at) == "many":
            self.how, self.how_many = self.how_many, None  # "number of hectares"
        self.axis = self._axis()

    def _axis(self) -> str:
        """What is asked for of the deals: countries, crops, investors …"""
        if (done := self._asks_what_is_done()) is not None:
            return done
        who = self.first("ask", "who")
        if who is not None and who.says("ask", "invests"):  # "kas investē"
            self.take(who, "axis")
            return "investor"
        for leaf in self.leaves:
            if leaf.used or self.asks.get(leaf.at) != "asked":
                continue
            if not (axis := axis_of(leaf, self.leaves)):
                return "investor"  # "which investment funds hold land": those of that kind
            self.take(leaf, "axis")
            investors_named = any(f.dimension in ("investor_country", "investor_id") for f in self.asked_.filters)
            if axis == "country" and not investors_named:
                near = (one for one in self.leaves[leaf.at + 1 : leaf.at + 4] if one.says("ask", "investor"))
                invests = self.first("ask", "invests") or next(near, None)
                lead = self.leaves[leaf.at - 2] if leaf.at >= 2 else None
                inside = lead is not None and lead.says("compare", "in")
                if invests and not inside and invests.at > leaf.at:
                    axis = "investor_country"
            return axis
        if who is not None and not self.has("axis", "former_owner"):
            self.take(who, "axis")
            return "investor"
        types = self.first("ask", "types")
        if types is not None:
            for one in self.leaves[types.at + 1 : types.at + 4]:
                if one.says("ask", "investment", "deal"):
                    self.take(types, "axis")
                    return "intention"
        return ""

    def _asks_what_is_done(self) -> str | None:
        """ "What are Chinese investors growing", "what do they invest in": a verb, and nothing named that it is of."""
        opening = self.leaves[0]
        named = any(leaf.says(name) for leaf in self.leaves for name in ("crop", "animal", "mineral", "intention"))
        what = not opening.says("ask", "howmuch") and (
            bool({*opening.stems} & single_stems("ask", "which", self.language))
            or (len(opening.stems) == 1 and opening.says("ask", "which"))
        )
        if named or not what or opening.at + 1 == len(self.leaves):
            return None
        follows = self.leaves[opening.at + 1]
        of_whom = follows.says("ask", "investor") and opening.says("ask", "what")  # "ko investori audzē"
        if not of_whom and (follows.says("ask", "deal", "investment", "investor") or follows.says("axis")):
            return None
        grown = next((leaf for leaf in self.leaves if leaf.says("link", "grown") and not leaf.used), None)
        invests = self.first("ask", "invests")
        if grown is None and (invests is None or not follows.says("ask", "exist")):
            return None
        self.take(opening, "axis")
        return "crop" if grown is not None else "intention"

    # --- values ---

    def _terms(self) -> None:
        former = self.former
        mineral_asked = self.first("axis", "mineral") is not None or self.axis == "mineral"
        for leaf in self.leaves:
            if leaf.used or self._is_measure(leaf) or not leaf.fields:
                continue
            if leaf.says("axis") and leaf.value("axis") == self.axis:
                continue
            by_field = [f for f in (*(FORMER if former else ()), *FIELD_ORDER) if leaf.says(f)]
            if not by_field:
                continue
            name = by_field[0]
            if name == "crop" and leaf.says("crop", "OTH"):
                continue
            if name == "former_owner" and not former and self.speaks_of_people():
                self.take(leaf, "people")
                continue
            gone = self.negated(leaf)
            dimension = self._add(name, leaf.values(name), gone)
            self.take(leaf, f"not {dimension}" if gone else dimension)
            for one in (self.leaves[a] for a, b in self.either if b == leaf.at):
                if one.used in AXES and one.used != dimension:
                    raise NotUnderstood((), "deals_unread:" + plain_text(self.leaves[one.at : leaf.at + 1]))
        extracted = any(leaf.says("intention", "MINING") for leaf in self.leaves)
        if mineral_asked and not extracted and not self.values.get(("mineral", False)):
            if leaf := self.first("axis", "mineral"):
                self.take(leaf, "intention")
            self._add("intention", ["MINING"], False)
        for leaf in self.leaves:
            name = leaf.value("axis")
            if not leaf.used and name in ANY_OF and (name, False) not in self.values:  # "that had negative impacts"
                self._add(name, [code for code in terms()[name] if code != "NOT_CONSULTED"], self.negated(leaf))
            if any(of == name for of, _ in self.values):  # "whose former land use was pastoralism"
                self.take(leaf, "axis named")
        both = self.has("link", "both")
        for (name, gone), codes in self.values.items():
            unique = self._narrowest(name, tuple(dict.fromkeys(codes)))
            each = [(code,) for code in unique] if both and not gone else [unique]
            self.asked_.filters += [Filter(name, "not_in" if gone else "in", some) for some in each]

    def _narrowest(self, name: str, codes: tuple[str, ...]) -> tuple[str, ...]:
        """Return the codes without a state that another of them says more exactly: "concluded by oral agreement"."""
        if name != "negotiation" or self.has("link", "or", "and"):
            return codes
        wider = {terms()[name][code].parent for code in codes if code in terms()[name]}
        return tuple(code for code in codes if code not in wider)

    def _is_measure(self, leaf: Leaf) -> bool:
        """Whether "in operation" is said of hectares, not of deals."""
        if not leaf.says("measure"):
            return False
        sized = self.how or self.has("unit", "ha", "km2") or self.has("ask", "mean", "median")
        sized = sized or self.has("measure", "hectares")
        if not sized:
            concluded = leaf.says("measure", "contract") and not leaf.fields and not self.negated(leaf)
            if concluded:  # deals under contract
                self._add("group", ["CONCLUDED"], gone=False)
                self.take(leaf, "negotiation")
            return concluded
        of_deals = any(one.says("ask", "deal", "investment") and not one.filler
                       for one in self.leaves[max(0, leaf.at - 1) : leaf.at + 2])  # fmt: skip
        value = leaf.value("measure") or "hectares"
        if value == "hectares" or (of_deals and leaf.at > 0 and self.leaves[leaf.at - 1].says("ask", "deal")):
            return False
        self.asked_.measure = value
        self.asked_.operating = value == "production"
        self.take(leaf, "measure")
        return True

    def _add(self, name: str, codes: Sequence[str], gone: bool) -> str:
        """Keep values of a field, and return the dimension they are of."""
        if name == "group":
            name = "negotiation" if codes[0] in NEGOTIATED else "intention"
            codes = [one for code in codes for one in (BIOMASS if code == "BIOMASS" else (code,))]
        elif name == "flag" or (name == "impact" and codes[0] in DISPLACED):
            flag = codes[0].lower()
            name, codes = ("transnational", ["no"]) if flag == "domestic" else (flag, ["yes"])
        elif name == "investor_kind":
            name = self.of_role(name)
        elif name == "community_consultation" and gone:
            codes, gone = ["NOT_CONSULTED"], False
        self.values.setdefault((name, gone), []).extend(codes)
        return name

    # --- the whole ---

    def _subject(self) -> None:
        """Settle act, measure, rows and order from the words that ask."""
        asked = self.asked_
        if asked.act == "deal":
            self._of_one_deal()
            return
        axis, way, word = self.axis, "", None
        sized = self.has("unit", "ha", "km2") or self.has("measure", "hectares")
        more = self.has("ask", "compare", "more")
        for value, sense in SUPERLATIVES.items():
            found = self.first("ask", value)
            if found is not None and (not way or (way == sense and value in ("most", "fewest"))):  # "top five largest"
                way, word = sense, word or value
                self.take(found, "order")
        rival = self.first("ask", "compare")
        compared = len(self.targets) > 1 and (more or (bool(way) and self.has("link", "or")))
        if self.has("ask", "land_of_deals") and not asked.yes_no and not axis:
            self.how = self.how or self.first("ask", "land_of_deals")
            self._beside()
        sized = sized or self.how is not None
        rivals = self._rivals(compared) if compared or (rival is not None and not axis) else None
        averaged = self.first("ask", "mean") or self.first("ask", "median")
        self.take(averaged, "measure")
        share = self.first("ask", "share")
        if share and (asked.filters or self.values) and not axis:
            self.take(share, "share")
            self._share()
        elif rivals:
            self.take(rival, "compare")
            asked.act, asked.way, (asked.by, asked.members) = "rows", "most", rivals
            asked.lead = "+".join(asked.members[0]) if compared and asked.yes_no else ""
            self._in_hectares(sized)
        elif averaged is not None and not axis:
            asked.act, asked.measure = "sum", f"{averaged.value('ask')}_size"
        elif axis and self.how_many is not None and not way and self._counts_axis():
            asked.act, asked.counted, asked.by = "count", axis, axis
        elif axis:
            asked.act, asked.by, asked.way = "rows", axis, way or "most"
            if averaged is not None:
                asked.measure = f"{averaged.value('ask')}_size"
            else:
                self._in_hectares(sized or word in ("biggest", "smallest"))
        elif (trend := self.first("ask", "trend")) is not None:
            self.take(trend, "rows")
            asked.act, asked.by = "rows", "year"
            ends = (("year", "above"), ("year", "below"))  # before and after are for the reader of the rows to see
            asked.filters = [f for f in asked.filters if (f.dimension, f.op) not in ends]
        elif word in ("most", "fewest") and self.first("ask", "when"):  # "which year had the most deals"
            asked.act, asked.by, asked.way, asked.limit = "rows", "year", way, asked.limit or 1
        elif self.first("ask", "when") is not None and not any(f.dimension == "year" for f in asked.filters):
            asked.act = "when"
            if any("CONTRACT_SIGNED" in codes for (name, _), codes in self.values.items() if name == "negotiation"):
                raise NotUnderstood((), "deals_unread:" + plain_text([self.first("ask", "when") or self.leaves[0]]))
        elif word in ("earliest", "latest"):
            asked.measure, asked.limit = "year", asked.limit or (1 if self._single() else MOST_ROWS)
            asked.filters.append(Filter("year", "above", (0,)))
        elif word in ("biggest", "smallest") or (word and asked.limit):  # "top 5 deals": by their size
            asked.act, asked.way = "list", way
            asked.limit = asked.limit or (1 if self._single() else MOST_ROWS)
        elif self.how is not None:
            asked.act = "sum"
            self._in_hectares(True)
        elif self.how_many is not None:
            asked.act = "count"
        if asked.act == "rows" and asked.limit is None and self.axis and way and self._single_axis():
            asked.limit = 1
        if asked.yes_no and asked.act not in ("list", "rows"):
            asked.yes_no = False

    def _rivals(self, compared: bool) -> tuple[str, list[tuple[str, ...]]] | None:
        """What stands side by side: places where the land lies, else values of one field, or who invests."""
        if compared:
            return "place", [ids for _, ids, _ in self.targets]
        homes = {f.dimension: f.values for f in self.asked_.filters if f.dimension == "investor_country"}
        several = {name: codes for (name, gone), codes in self.values.items() if not gone} | homes
        return next(((name, [(str(code),) for code in codes]) for name, codes in several.items()
                     if isinstance(codes, list | tuple) and len(codes) > 1), None)  # fmt: skip

    def _in_hectares(self, sized: bool) -> None:
        """Hectares are asked for, where no other size is."""
        if sized and self.asked_.measure == "deals":
            self.asked_.measure = "hectares"

    def _of_one_deal(self) -> None:
        """A deal by its number; with conditions beside it: whether it meets them."""
        asked = self.asked_
        for leaf in self.leaves:  # all sizes of a deal are told
            self.take(leaf if leaf.says("measure") and not leaf.fields else None, "deal")
        if asked.filters:
            asked.filters.append(Filter("deal", "in", (asked.deal or 0,)))
            asked.act, asked.yes_no = "list", asked.yes_no or not self.has("ask", "list")

    def _beside(self) -> None:
        """The land cover whose published area stands beside the deals: "how much of the cropland is under deals"."""
        former = self.values.get(("former_cover", False), [])
        self.asked_.beside = next((code for name, code in BESIDE.items() if name in former), "")
        if self.asked_.beside:
            self.asked_.filters = [f for f in self.asked_.filters if f.dimension != "former_cover"]
            self.asked_.measure = "hectares"

    def _share(self) -> None:
        asked = self.asked_
        parted = ("place", "position", "area")
        asked.act = "share"
        asked.part = [f for f in asked.filters if f.dimension not in parted]
        asked.filters = [f for f in asked.filters if f.dimension in parted]
        if not asked.part:
            asked.part, asked.filters = asked.filters, []

    def _counts_axis(self) -> bool:
        assert self.how_many is not None
        at = self.how_many.at
        near = self.leaves[at + 1 : at + 4]
        of_deals = any(leaf.says("ask", "deal") for leaf in (*near[:1], *self.leaves[max(0, at - 1) : at]))
        return any(leaf.used == "axis" for leaf in near) and not of_deals

    def _single(self) -> bool:
        """Whether one deal is asked for: "the biggest deal"."""
        named = [leaf for leaf in self.leaves if leaf.says("ask", "deal", "investment") or leaf.says("nature")]
        return bool(named) and all(map(self.is_single, named))

    def _single_axis(self) -> bool:
        axis = next((leaf for leaf in self.leaves if leaf.used == "axis"), None)
        plural = any(fold(leaf.text) in PLURAL_WHICH for leaf in self.leaves)
        return axis is not None and self.is_single(axis) and not plural

    def _finish(self) -> None:
        asked = self.asked_
        asked.filters = list(dict.fromkeys(asked.filters))
        if any(f.dimension in ("intention", "crop") for f in asked.filters):  # "intended for", "mają w planie"
            for leaf in self.leaves:
                if leaf.says("measure", "intended") and not leaf.fields and leaf.number is None:
                    self.take(leaf, "purpose")
        if asked.default_filter:
            asked.filters += DEFAULT_FILTER
        if asked.having and asked.act == "list":
            raise NotUnderstood((), "deals_unread:" + plain_text(x for x in self.leaves if x.used == "several"))

    def _unread(self) -> None:
        """Refuse where a word that matters was taken by nothing.

        Raises:
            NotUnderstood: they are named.
        """
        left = [leaf for leaf in self.leaves if not leaf.used and self._matters(leaf)]
        if left:
            raise NotUnderstood((), f"deals_unread:{plain_text(left)}")

    def _matters(self, leaf: Leaf) -> bool:
        loud = leaf.says("near", "here") or (leaf.says("ask", *LOUD) and not leaf.says("ask", "more"))
        near = leaf.says("near", "near") and not (leaf.filler or leaf.says("compare"))
        if loud or near or leaf.number is not None or leaf.says("not_here"):
            return True
        if leaf.says("negation") and not leaf.says_any("link:and compare:and"):
            return not leaf.says("near")
        if leaf.is_place or leaf.filler or all(len(s) == 1 for s in leaf.stems):
            return leaf.is_place
        return not leaf.says_any(HARMLESS)


PLURAL_WHICH = ("quels", "quelles")
"""Where a noun has one form for one and several ("pays"), the word for "which" tells."""

DEFAULT_FILTER = [
    Filter("size", "between", (200, None)),
    Filter("negotiation", "in", ("ORAL_AGREEMENT", "CONTRACT_SIGNED", "CHANGE_OF_OWNERSHIP")),
    Filter("transnational", "in", ("yes",)),
    Filter("forest_concession", "not_in", ("yes",)),
]
"""What of the site's own filter can be said of one deal; the rest leaves out deals by what alone they are."""
