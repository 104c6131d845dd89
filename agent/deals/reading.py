"""A question about land deals becomes constraints. Answers nothing; what it cannot place forbids an answer.

Every number, comparison, negation, place and value is either taken by a constraint or named as not understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Literal

from agent.deals.leaves import Leaf, after, before, leaves_of, plain_text
from agent.lexicon import leaves as closed_leaves
from agent.reading.chart import span
from retrieval.deal_terms import ANSWERS, countries, terms
from retrieval.deal_words import BIOMASS, fold, place_name, single_stems, words
from retrieval.errors import AmbiguousRegion, NotUnderstood
from retrieval.query import Filter
from retrieval.region_rows import read_rows
from retrieval.types import Place, Region
from retrieval.word_forms import GLUED
from tools.context import Context
from tools.deals import Known, known

FIELD_ORDER = ("group", "implementation", "negotiation", "intention", "animal", "crop", "mineral", "nature",
               "former_cover", "former_use", "investor_kind", "former_owner", "flag", "impact", "water_source",
               "community_reaction", "community_consultation")  # fmt: skip
"""Of several fields that a word may be a value of, the first is taken."""
ANY_OF = ("impact", "community_consultation")
"""Axes whose name alone asks for deals with any value of them."""
BESIDE = {"CROPLAND": "B00", "FOREST_LAND": "C00", "PASTURE": "E00", "RANGELAND": "E00", "WETLAND": "H00"}
"""Former cover → land cover whose published area may stand beside the deals."""
SUPERLATIVES = {"biggest": "most", "smallest": "fewest", "most": "most", "fewest": "fewest", "latest": "most",
                "earliest": "fewest"}  # fmt: skip
NEGOTIATED = ("INTENDED", "CONCLUDED", "FAILED", "EXPIRED")
DISPLACED = ("DISPLACEMENT",)
"""An impact that the registry also asks of every deal by itself: people displaced, yes or no."""
FORMER = ("former_cover", "former_use", "former_owner")
"""Fields that come first where a question says what was there before the deal."""
AXES = ("country", "region", "intention", "crop", "animal", "mineral", "nature", "negotiation", "implementation",
        "year", "investor", "operating", "investor_country", "investor_kind", "former_cover", "former_use",
        "former_owner", "impact", "water_source", "community_reaction", "community_consultation")  # fmt: skip
YEAR_SIGNS = {"onward": ">=", "after": ">", "since": ">=", "before": "<", "until": "<="}
SIZE_SIGNS = {"at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
SIZE_OF = {"production": "production_size", "contract": "contract_size", "hectares": "size", "intended": "size"}
HECTARES = {"ha": 1.0, "km2": 100.0, "acre": 0.40468564}
YEARS = (1980, 2040)
HARMLESS = ("ask", "link", "near", "unit")
LOUD = ("share", "mean", "median", "trend", "biggest", "smallest", "fewest", "compare", "earliest", "latest")
"""Ways of asking that change the answer: unread they are named."""
QUIET = ("in", "and", "since", "until", "about", "onward", "between", "last_years")
"""Comparisons that are everyday words too: unread they change nothing."""
POSTPOSED = ("above", "below", "since", "after", "before", "until")
"""Comparisons that follow their number in languages of endings."""
MOST_ROWS = 10
INVESTOR = ("investor", "money")
"""What an investor is called: always, and where a nationality or "which" stands before it ("Chinese money")."""
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


def means_deals(question: str, context: Context) -> Literal["deals", "perhaps", ""]:
    """Return whether a question's own words say that it is about land deals, or a place only deals are known of.

    `perhaps` where they may also be about the land itself: "abandoned farmland", "mining projects".
    """
    leaves = leaves_of(question, context.language)

    def says(section: str, *values: str) -> bool:
        return any(leaf.says(section, *values) for leaf in leaves)

    def holds(word: str) -> bool:  # in a longer phrase too: "deal size", "investor country"
        return any(single_stems("ask", word, context.language) & {*leaf.stems} for leaf in leaves)

    if says("ask", "deal", "land_of_deals") or says("axis", "target") or holds("deal"):
        return "deals"
    outside, everywhere = any(map(_is_outside, leaves)), not any(leaf.is_place for leaf in leaves)
    invested = says("ask", "investor") or holds("investor") or any(_invests(leaf, outside or says("ask", "who"))
                                                                   for leaf in leaves)  # fmt: skip
    if not invested and says("ask", "invests"):
        investors = known(context.store)
        invested = any(leaf.is_name and investors.investors_called(leaf.text) for leaf in leaves)
    if not invested and speaks_of_the_survey(leaves, question, context.language):
        return ""
    fields = [e for leaf in leaves for e in leaf.fields if e.value not in ANSWERS and e.section != "water_source"]
    held = any(e.section in ("negotiation", "nature", "investor_kind", "flag") for e in fields)
    states = any(
        (leaf.says("implementation") and not leaf.filler)
        or (leaf.says("measure", "contract", "production", "intended")
            and ((outside and len(leaf.stems) > 1) or not (leaf.filler or leaf.says("link", "grown"))))
        for leaf in leaves
    )  # fmt: skip
    planned = any(e.section == "intention" for e in fields)
    project = (everywhere and states and planned) or (
        any(leaf.fields for leaf in leaves)
        and (says("ask", "investment") or any(leaf.fields and holds("investment") for leaf in leaves))
    )
    only_here = any(e.section in ("animal", "mineral") or (e.section == "crop" and e.value in _NOT_SURVEYED)
                    or (e.section == "impact" and e.value != "ENVIRONMENTAL_DEGRADATION")
                    for e in fields)  # fmt: skip
    of_deals = says("axis", *OF_DEALS_ALONE) or any(
        {*leaf.fields} & {*fields} and all(e.section not in _OF_LAND or e.value in _NOT_SURVEYED for e in leaf.fields)
        for leaf in leaves
    )
    share = says("ask", "share") or says("unit", "percent")
    topics = bool(fields) or says("axis", "crop", "mineral", "investor", "intention")
    topics = of_deals or (topics and not share and any(_is_held(leaf, context) for leaf in leaves))
    if invested or (outside and (topics or states or project or held)) or (everywhere and (only_here or project)):
        return "deals"
    return "perhaps" if states or project or held else ""


def _invests(leaf: Leaf, who: bool) -> bool:
    """Whether a word is of investing; with `who`, or a place abroad, everyday verbs too: "holds"."""
    if leaf.says("ask", "invests") and (who or not (leaf.filler or leaf.says("nature"))):
        return True
    return leaf.says("ask", "investment") and not fold(leaf.text).startswith("pro")  # a project may be any


def names_deals(question: str, language: str) -> bool:
    """Return whether a question calls deals by name, whatever a store holds."""
    leaves = leaves_of(question, language)
    called = any(leaf.says("ask", "deal", "land_of_deals") for leaf in leaves)
    return called and not speaks_of_the_survey(leaves, question, language)


def speaks_of_the_survey(leaves: Sequence[Leaf], question: str, language: str) -> bool:
    """Return whether a word that is none of deals is of the survey or the published figures: points, Eurostat."""
    open_ = {(leaf.start, leaf.end) for leaf in leaves if not leaf.entries and not leaf.filler}
    return any(
        leaf.key in OF_THE_SURVEY and (leaf.start, leaf.end) in open_ for leaf in closed_leaves(question, language)
    )


def points_back(question: str, language: str) -> bool:
    """Return whether a question asks of what an earlier one found: "those", "of them"."""
    return any(leaf.key == "deixis.those" for leaf in closed_leaves(question, language))


def goes_on(question: str, language: str) -> bool:
    """Return whether a question opens as one that goes on from another: "and …"."""
    first = next(iter(leaves_of(question, language)), None)
    return first is not None and first.says("link", "and")


OF_THE_SURVEY = ("measure.points", "witness.survey", "witness.published", "witness.satellite")


OF_DEALS_ALONE = ("mineral", "investor", "intention", "animal", "impact", "negotiation", "implementation", "nature",
                  "former_owner")  # fmt: skip
"""What is asked of deals alone: no land cover has it."""
_OF_LAND = ("crop", "group", "former_cover", "former_use")
"""Fields whose words are of the land itself, too."""
_NOT_SURVEYED = frozenset(
    ("ACC", "ALG", "ALV", "BAM", "BAN", "BOT", "CAC", "CAS", "CAW", "CHA", "COC", "COF", "CRO", "CST", "EUC", "JTR",
     "MAN", "OPL", "PAL", "PAP", "PAS", "PEA", "PIN", "PON", "RUB", "SES", "SOR", "SSL", "SUC", "SWP", "TEA", "TEF",
     "TEK", "YAM")
)  # fmt: skip
"""Crops that no class of the survey is named after."""


def _is_outside(leaf: Leaf) -> bool:
    surveyed = {one.alpha2 for one in countries() if one.place.startswith("country:")}
    if leaf.says("world"):
        return leaf.value("world") not in ("m49:155", "m49:154", "m49:039", "group:EU", "m49:001") and not (
            leaf.value("world") == "m49:150" and len(leaf.stems) == 1 and fold(leaf.text).startswith("europ")
        )
    return leaf.says("ambiguous") or any(code not in surveyed for code in leaf.values("country"))


def _is_held(leaf: Leaf, context: Context) -> bool:
    """Whether deals are held of a place the survey never came to: where none is, a crop alone asks for the land."""
    if leaf.says("world") or leaf.says("ambiguous"):
        return _is_outside(leaf)
    held = known(context.store).targets
    return any(held.get(one.place) for one in countries() if one.alpha2 in leaf.values("country"))


class _Reader:
    """One question being read; leaves are marked as they are used."""

    def __init__(self, question: str, context: Context, known: Known, settled: Mapping[str, Any]) -> None:
        self.question, self.context, self.known, self.settled = question, context, known, settled
        self.language = context.language
        self.leaves = leaves_of(question, self.language)
        self.asked_ = Asked()
        self.places: list[tuple[Leaf, tuple[str, ...]]] = []
        self.targets: list[tuple[Leaf, tuple[str, ...], bool]] = []
        self.values: dict[tuple[str, bool], list[str]] = {}

        self.former: Leaf | None = None
        self.role = next((leaf for leaf in self.leaves if leaf.says("role")), None)
        self.how: Leaf | None = None
        self.how_many: Leaf | None = None
        self.axis = ""

    def asked(self) -> Asked:
        """Return what was understood, when everything was."""
        self._companies()
        self._named_elsewhere()
        self._owned()
        self._formerly()
        self._numbers()
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

    def next_to(self, leaf: Leaf) -> Leaf | None:
        """The leaf right before, over words that change nothing."""
        near = list(before(self.leaves, leaf.at))
        return near[-1] if near else None

    def following(self, leaf: Leaf) -> Leaf | None:
        near = list(after(self.leaves, leaf.at))
        return near[-1] if near else None

    def of_role(self, dimension: str) -> str:
        """Return a dimension of investors as that of a role, where one is named: "as parent company"."""
        named = dimension.replace("investor", self.role.value("role") or "") if self.role else dimension
        return named if named != "parent_country" else dimension  # which is of the parents already

    def is_single(self, leaf: Leaf) -> bool:
        """Whether a word stands in the singular."""
        return leaf.text.lower() in _singulars(self.language)

    def negated(self, leaf: Leaf) -> bool:
        """Whether a negation stands before it; it is taken."""
        for one in reversed(self.leaves[max(0, leaf.at - 4) : leaf.at]):
            if one.says("negation") and not one.says("link", "deal_number"):
                self.take(one, "negation")
                return True
            if not (one.filler or one.says("compare", "in") or one.says("link") or one.says("near", "of")):
                return False
        return False

    # --- names ---

    def _companies(self) -> None:
        """Investors by their names, as the export spells them; several companies of a name are taken together."""
        if not self.known.investors:
            return
        at = 0
        while at < len(self.leaves):
            for size in range(min(6, len(self.leaves) - at), 0, -1):
                part = self.leaves[at : at + size]
                if any(p.number is not None for p in part) and size == 1:
                    continue
                text = self.question[part[0].start : part[-1].end]
                capital = all(w[:1].isupper() or w.isdigit() for w in text.replace("-", " ").split() if len(w) > 2)
                plain_word = size == 1 and (part[0].entries or part[0].filler)
                if capital and not plain_word and (ids := self.known.investors_called(text)):
                    if all(p.is_place or p.filler for p in part):
                        continue
                    self.asked_.filters.append(Filter(self.of_role("investor_id"), "in", tuple(ids)))
                    for p in part:
                        self.take(p, "investor")
                    at += size - 1
                    break
            at += 1

    def _named_elsewhere(self) -> None:
        """Regions and towns that only the gazetteer knows."""
        unknown = [leaf for leaf in self.leaves if not leaf.used and not leaf.entries and not leaf.filler
                   and leaf.number is None and leaf.text[:1].isupper()]  # fmt: skip
        if not unknown:
            return
        for mention in self.context.gazetteer.mentions(self.question, self.language):
            inside = [leaf for leaf in self.leaves if mention.start <= leaf.start and leaf.end <= mention.end]
            if not any(leaf in unknown for leaf in inside):
                continue
            regions = [c for c in mention.candidates if isinstance(c, Region)]
            near = self._radius(inside[0])
            towns = [c for c in mention.candidates if isinstance(c, Place)]
            if near is not None or (towns and not regions):
                self._near(inside, mention.text, regions[0].name if regions else mention.text, towns, near)
            elif len(regions) > 1 and len({r.id for r in regions}) > 1:
                if mention.text in self.settled:
                    regions = [r for r in regions if r.id == self.settled[mention.text]]
                    self._placed(inside, regions[0])
                    continue
                choices = self.context.gazetteer.choices(regions, self.language)
                raise AmbiguousRegion(mention.text, choices, [r.id for r in regions])
            else:
                self._placed(inside, regions[0])

    def _placed(self, inside: Sequence[Leaf], region: Region) -> None:
        """Some leaves are the name of a region that the gazetteer knows."""
        for leaf in inside:
            leaf.place, leaf.entries = (region.id,), ()
        for leaf in inside[1:]:
            self.take(leaf, "place")

    def _radius(self, leaf: Leaf) -> float | None:
        """The kilometres said before a name, 0 for "near" alone, None where neither is said."""
        back = self.leaves[max(0, leaf.at - 6) : leaf.at]
        ahead = self.leaves[leaf.at + 1 : leaf.at + 6]  # "Brăila 50 km-es körzetében"
        for several in (back[::-1], ahead):
            number = next((one for one in several if one.number is not None), None)
            if number and self.leaves[number.at + 1].says("unit", "km"):
                for one in (*(self.leaves[min(number.at, leaf.at + 1) : leaf.at] or several), *back[-1:]):
                    self.take(one if one not in back[-1:] or one.says("near") or one.at > number.at else None, "near")
                for one in before(self.leaves, number.at, 1):
                    if one.says("near", "within"):
                        self.take(one, "near")
                return float(number.number or 0)
        if back and (one := back[-1]).says("near", "near"):
            self.take(one, "near")
            return 0.0
        return None

    def _near(self, inside: Sequence[Leaf], text: str, name: str, towns: Sequence[Place], km: float | None) -> None:
        town = towns[0] if towns else self.context.gazetteer.place(name)
        if not self.known.locations:
            raise NotUnderstood((), f"deals_where:“{text}”")
        for leaf in inside:
            self.take(leaf, "near")
        lon, lat = town.lonlat
        self.asked_.filters.append(Filter("position", "near", (lon, lat, km or 25.0, town.name)))

    # --- numbers ---

    def _numbers(self) -> None:
        numbers = [leaf for leaf in self.leaves if leaf.number is not None and not leaf.used]
        for at, leaf in enumerate(numbers):
            if leaf.used:
                continue
            other = numbers[at + 1] if at + 1 < len(numbers) else None
            between = self.leaves[leaf.at + 1 : other.at] if other else []
            paired = bool(between) and all(
                b.says("compare", "and") or b.says("link", "and") or b.says("unit") for b in between
            ) and any(b.says("compare", "and") for b in between)  # fmt: skip
            lead = self.next_to(leaf)
            if other and not other.used and paired and (
                (lead is not None and lead.says("compare", "between")) or _is_dash(between)
            ):  # fmt: skip
                self._range(leaf, other, lead, between)
            else:
                self._number(leaf, lead)

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
            came = self.following(self.former)
            if came is not None and came.says("ask", "investor", "deal", "investment"):
                self.take(came, "former")

    def _unit(self, leaf: Leaf) -> Leaf | None:
        nearest = self.leaves[leaf.at + 1] if leaf.at + 1 < len(self.leaves) else None
        return nearest if nearest and nearest.says("unit") and nearest.value("unit") in HECTARES else None

    def _range(self, low: Leaf, high: Leaf, lead: Leaf | None, between: Sequence[Leaf]) -> None:
        unit = self._unit(high) or self._unit(low)
        a, b = sorted((low.number or 0, high.number or 0))
        if unit is None and is_year(a) and is_year(b):
            self.asked_.filters.append(Filter(self._dated(low), "between", (int(a), int(b))))
        else:
            factor = HECTARES[unit.value("unit") or "ha"] if unit else 1.0
            after_unit = self._measured(unit or high)
            self.asked_.filters.append(Filter(after_unit, "between", (a * factor, b * factor)))
        for one in (low, high, *between, *([unit] if unit else []), *([self._unit(low)] if self._unit(low) else [])):
            self.take(one, "number")
        if lead is not None and lead.says("compare", "between"):
            self.take(lead, "number")

    def _measured(self, unit: Leaf) -> str:
        """Which size a number of hectares is of: "1000 ha in operation"."""
        nearest = self.following(unit)
        if nearest is not None and nearest.says("measure", "production", "contract"):
            self.take(nearest, "number")
            return SIZE_OF[nearest.value("measure") or "hectares"]
        return "size"

    def _number(self, leaf: Leaf, lead: Leaf | None) -> None:
        if (
            lead is not None
            and lead.says("axis", "year")
            and (far := self.next_to(lead))
            and far.says("compare", *POSTPOSED)
        ):
            self.take(lead, "number")
            lead = far  # "before the year 2005"
        value, unit = leaf.number or 0.0, self._unit(leaf)
        tail = self.following(unit or leaf)
        if unit is None and self._is_limit(leaf, lead, tail):
            self.asked_.limit = int(value)
            self.take(leaf, "limit")
            return
        if unit is None and lead is not None and lead.says("link", "deal_number") and self.is_single(lead):
            self.asked_.deal = int(value)
            self.take(leaf, "deal")
            self.take(lead, "deal")
            for one in before(self.leaves, lead.at):
                if one.says("ask", "deal"):
                    self.take(one, "deal")
            return
        beside = self.leaves[leaf.at + 1] if leaf.at + 1 < len(self.leaves) else None
        counted = beside is not None and beside.says("axis") and not beside.says("axis", "year")
        counted = counted or (beside is not None and beside.says("flag") and not is_year(value))
        if unit is None and beside is not None and (counted or beside.says("ask", "investor")):
            return  # "more than 3 investors", "500 jobs": unread, named in the end
        bound = lead if lead is not None and lead.says("compare") else None
        if self.language in GLUED and tail is not None and tail.says("compare", *POSTPOSED):  # "2010 óta"
            bound = tail
        if unit is not None and bound is None and tail is not None and tail.says("compare", "above"):
            bound = tail  # "die 20 000 ha übersteigen"
        if unit is not None and bound is None and lead is not None and lead.says("ask", "most"):
            bound = lead  # "which top 5,000 ha"
        led_on = tail is not None and any(one.number is not None for one in self.leaves[tail.at + 1 : tail.at + 2])
        trail = (
            tail if tail is not None and not led_on and tail.says("compare", "at_least", "at_most", "onward") else None
        )
        if unit is None and tail is not None and bound and tail.says("ask", "deal") and not is_year(value):
            sign = next((sign for name, sign in SIZE_SIGNS.items() if bound.says("compare", name)), "=")
            self.asked_.having = (sign, value)
            self.take(leaf, "having")
            self.take(bound, "having")
            return
        year = unit is None and is_year(value) and not (bound and _only_size(bound))
        if year:
            dated = bound if bound is None or not bound.says("compare", "in") else None
            self.asked_.filters.append(_compared(self._dated(leaf), value, (trail, dated), YEAR_SIGNS))
        elif unit is not None or bound is not None:
            factor = HECTARES[unit.value("unit") or "ha"] if unit else 1.0
            dimension = self._measured(unit or leaf)
            told = (trail, bound) if trail and trail.says("compare", "at_least", "at_most") else (bound or trail,)
            self.asked_.filters.append(_compared(dimension, value * factor, told, SIZE_SIGNS))
        else:
            return  # unread: named in the end
        for one in (leaf, unit, bound, trail if not year or (trail and trail.says("compare", "onward")) else None):
            self.take(one, "number")
        if year and beside is not None and beside.says("axis", "year"):  # Latvian "2012. gada"
            self.take(beside, "number")

    def _dated(self, year: Leaf) -> str:
        """What a year is of: of a signature where one is spoken of beside it, else of a deal's beginning."""
        near = self.leaves[max(0, year.at - 4) : year.at + 4]
        signed = [leaf for leaf in near if leaf.says("negotiation", "CONTRACT_SIGNED")]
        for leaf in signed:
            self.take(leaf, "signed")
        return "signed_year" if signed else "year"

    def _is_limit(self, leaf: Leaf, lead: Leaf | None, tail: Leaf | None) -> bool:
        small = float(leaf.number or 0).is_integer() and 1 <= (leaf.number or 0) <= 100
        for _ in range(3):
            if tail is not None and tail.says("ask", "deal", "investment") and not tail.says("ask", *SUPERLATIVES):
                tail = self.following(tail)  # "los diez acuerdos más grandes"
        led = lead is not None and lead.says("ask", *SUPERLATIVES) and not lead.says("compare", "above")
        return small and (led or (tail is not None and tail.says("ask", *SUPERLATIVES)))

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
        investors: list[str] = []
        role, gone = "", False
        for leaf in named:
            ids = self._ids(leaf)
            linked = [b for b in self.leaves[: leaf.at] if b.at >= leaf.at - 1 and (b.says("link", "and", "or"))]
            chained = bool(linked) and leaf.at >= 2 and self.leaves[leaf.at - 2].is_place
            gone = self.negated(leaf) or (chained and gone)
            role = role if chained and role else self._role(leaf)
            if role == "investor":
                investors += ids
                self.take(leaf, "investor country")
            elif role == "unclear":
                unclear.append((leaf, ids))
            else:
                self.targets.append((leaf, ids, gone))
                self.take(leaf, "place")
        for leaf, ids in unclear:
            more = sum(self.known.investing.get(id, 0) for id in ids) > sum(self.known.targets.get(i, 0) for i in ids)
            if more or self.targets:
                investors += ids
                self.take(leaf, "investor country")
            else:
                self.targets.append((leaf, ids, self.negated(leaf)))
                self.take(leaf, "place")
        self._places_as_filters(investors)

    def _places_as_filters(self, investors: Sequence[str]) -> None:
        if homes := tuple(dict.fromkeys(id for id in investors if id != WORLD)):
            self.asked_.filters.append(Filter(self.of_role("investor_country"), "in", homes))
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

    def _role(self, leaf: Leaf) -> str:
        """Whether a place is where the land lies, where the investor comes from, or unclear."""
        previous = self.next_to(leaf)
        follows = self._after_places(leaf.at)
        right = self.following(leaf)
        literal = self.leaves[leaf.at - 1] if leaf.at else None
        hyphened = self.question[leaf.end : leaf.end + 1] == "-"  # "Luxembourg-based", "Chinese-owned"
        where = self.leaves[0].says("ask", "where") and literal is not None and literal.says("compare", "in")
        if self._is_inside(leaf) or (where and literal and not (literal.says("link") or literal.says("near"))):
            return "target"  # "where in Romania do investors …"
        if hyphened or _is_investor(follows) or _is_investor(literal):  # before its noun, or after it
            return "investor"
        if literal is not None and literal.says("ask", "deal", "investment") and not leaf.says("world"):
            return "unclear"
        article = literal is not None and literal.filler and not literal.entries and leaf.at >= 2
        direct = self.leaves[leaf.at - 2] if article else literal
        head = self.next_to(direct) if direct is not None else None
        from_there = direct is not None and direct.says("link", "investor_from")
        if direct is not None and from_there and (not direct.says("compare", "in") or _is_investor(head)):
            if _is_investor(head) or (direct.says("link", "investor_by")):
                self.take(direct, "investor country")
                return "investor"
            deal = head is not None and head.says("ask", "deal", "investment", "invests")
            if deal and not direct.says("compare", "since"):
                return "target"
            return "unclear" if deal else "target"
        if right is not None and right.says("ask", "invests") and not (
            previous is not None and (previous.says("compare", "in") or previous.says("link", "grown"))
        ) and not (direct is not None and direct.says("compare", "in")):  # fmt: skip
            return "investor"
        inside = direct is not None and direct.says("compare", "in")
        if follows is not None and follows.says("ask", "deal", "investment") and not inside:
            return "unclear"
        if not inside and not leaf.says("world") and self.has("ask", "invests") and self._leads_place(leaf):
            return "investor"  # "what do the Chinese own in Africa"
        return "target"

    def _leads_place(self, leaf: Leaf) -> bool:
        """Whether right after a place "in" another follows: "the Chinese in Africa"."""
        rest = [one for one in self.leaves[leaf.at + 1 : leaf.at + 5] if not one.filler or one.entries]
        return any(one.says("compare", "in") and other.is_place for one, other in pairwise(rest[:3]))

    def _is_inside(self, leaf: Leaf) -> bool:
        """Whether a name stands in the case that says "in", in languages that have one."""
        cases = words(self.language).get("case", {}).get("inside", "")
        return bool(cases) and leaf.text.lower().endswith(tuple(cases.split("|")))

    def _after_places(self, at: int) -> Leaf | None:
        """The leaf after a row of places: after both of "Chinese and American investors"."""
        rest = self.leaves[at + 1 : at + 3]
        if len(rest) == 2 and rest[1].is_place and rest[0].says("link", "and", "or"):
            return self._after_places(at + 2)
        return self._after_places(at + 1) if rest and rest[0].is_place else next(iter(rest), None)

    # --- what is asked ---

    def _act(self) -> None:
        asked = self.asked_
        if asked.deal is not None:
            asked.act = "deal"
            return
        opening = next((leaf for leaf in self.leaves), None)
        asked.yes_no = opening is not None and opening.says("ask", "exist") and not opening.says("ask", "which")
        self.how = self._how_much()
        self.how_many = self.first("ask", "count")
        if self.how is None and self.how_many and self.first("unit", "ha") in [*after(self.leaves, self.how_many.at)]:
            self.how, self.how_many = self.how_many, None  # "number of hectares"
        self.axis = self._axis()

    def _how_much(self) -> Leaf | None:
        """A word that asks for hectares; "area" or "size" only where it opens the question or "total" leads it."""
        for leaf in self.leaves:
            if leaf.used or not leaf.says("ask", "howmuch"):
                continue
            if leaf.says("ask", "count"):  # "kolik": how many, and how much
                continue
            lead = self.next_to(leaf)
            said = leaf.at <= 1 or (lead is not None and lead.says("ask", "which", "total", "list", "mean", "median"))
            if len(leaf.stems) > 1 or said:
                return leaf
        return self.first("ask", "total") if self.has("measure", *SIZE_OF) else None

    def _axis(self) -> str:
        """What is asked for of the deals: countries, crops, investors …"""
        if (done := self._asks_what_is_done()) is not None:
            return done
        who = self.first("ask", "who")
        if who is not None and who.says("ask", "invests"):  # "kas investē"
            self.take(who, "axis")
            return "investor"
        for leaf in self.leaves:
            if leaf.used or not (leaf.says("axis") or _is_investor(leaf)):
                continue
            if leaf.says("investor_kind") and not (leaf.says("axis") or leaf.says("ask", *INVESTOR)):
                if self.leaves[max(0, leaf.at - 1)].says("ask", "which") and not self._leads_deals(leaf):
                    return "investor"  # "which investment funds hold land": those of that kind
                continue
            if who is not None and leaf.says("link", "grown"):  # "quién cultiva": a verb, not the crops
                continue
            axis = leaf.value("axis") or "investor"
            if leaf.says("ask", *INVESTOR) and not leaf.says("axis", "investor_country", "investor_kind"):
                axis = "investor"
            if axis == "investor" and leaf.at and self.leaves[leaf.at - 1].says("ask", "types"):
                axis = "investor_kind"
            if axis == "investor" and leaf.says("role", "operating"):
                axis = "operating"
            axis = {"target": "country"}.get(axis, axis)
            if axis == "size" or not self._is_asked_for(leaf, axis):
                continue
            if who is not None and who.at < leaf.at and not axis.startswith(("investor", "former_owner")):
                continue
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

    def _is_asked_for(self, leaf: Leaf, axis: str) -> bool:
        """Whether "which", "what kind of", "by" or "how many" stands before, over adjectives and superlatives."""
        if leaf.says("ask", "by") or (axis == "investor_country" and self.leaves[0].says("ask", "where")):
            return True  # "pa valstīm"; "where do the investors come from"
        for one in reversed(self.leaves[max(0, leaf.at - 4) : leaf.at]):
            if one.says("ask", "deal") and axis == "investor":
                return False  # "which deals do companies have"
            if one.says("ask", "which") and self._is_relative(one):
                return False
            if one.says("ask", "which", "types", "by", "count", "who", "list"):
                if one.says("ask", "list") and axis in ("year",):
                    return False
                agent = one.at > 0 and self.leaves[one.at - 1].says("ask", "invests", "deal", "investment")
                if one.at > 0 and self.leaves[one.at - 1].says("nature") and self.leaves[leaf.at - 1].says("flag"):
                    return False  # "leased by foreign investors"
                told = self.leaves[one.at - 1].says("ask", "invests") or self._is_told(leaf)
                return not (one.says("ask", "by") and agent and told)
            superlative = one.says("ask", "biggest", "smallest", "most", "fewest", "total", "mean")
            if superlative:
                return True
            if not (one.filler or one.number is not None or one.is_place or one.says("flag")
                    or one.says("investor_kind") or one.says("axis")):  # fmt: skip
                return False
        return leaf.at == 0

    def _leads_deals(self, leaf: Leaf) -> bool:
        beside = self.leaves[leaf.at + 1 : leaf.at + 2]
        return any(one.says("ask", "deal", "investment") for one in beside)

    def _is_told(self, leaf: Leaf) -> bool:
        """Whether a noun for investors is told more of: "deals by investors from Cyprus", "by Chinese companies"."""
        beside = self.leaves[leaf.at + 1 : leaf.at + 2]
        named = any(one.says("link", "investor_from") for one in beside) or self.leaves[leaf.at - 1].is_place
        return named and any(f.dimension == "investor_country" for f in self.asked_.filters)

    def _is_relative(self, leaf: Leaf) -> bool:
        """Whether a "which" goes on from deals named right before it: "deals in which a US company is involved"."""
        near = self.leaves[max(0, leaf.at - 2) : leaf.at]
        named = next((one for one in near if one.says("ask", "deal", "investment")), None)
        return named is not None and "," not in self.question[named.end : leaf.start]

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
            near = list(before(self.leaves, leaf.at))
            link = next((one for one in near if one.says("link", "and", "or")), leaf)
            other = self.leaves[max(0, link.at - 1)]
            gone = self.negated(leaf) or (link is not leaf and other.used.startswith("not "))
            dimension = self._add(name, leaf.values(name), gone)
            self.take(leaf, f"not {dimension}" if gone else dimension)
            if link.says("link", "or") and other.used in AXES and other.used != dimension:
                raise NotUnderstood((), "deals_unread:" + plain_text((other, link, leaf)))
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
        rivals = self.has("ask", "compare", "more")
        for value, sense in SUPERLATIVES.items():
            found = self.first("ask", value)
            if found is not None and (not way or (way == sense and value in ("most", "fewest"))):  # "top five largest"
                way, word = sense, word or value
                self.take(found, "order")
        rival = self.first("ask", "compare")
        compared = len(self.targets) > 1 and (
            rivals or (bool(way) and self.has("link", "or"))
        )  # fmt: skip
        if self.has("ask", "land_of_deals") and not asked.yes_no and not axis:
            self.how = self.how or self.first("ask", "land_of_deals")
            self._beside()
        sized = sized or self.how is not None
        several: dict[str, Sequence[Any]] = {
            name: codes for (name, gone), codes in self.values.items() if not gone and len(codes) > 1
        }
        homes = next((f.values for f in asked.filters if f.dimension == "investor_country"), ())
        if isinstance(homes, tuple) and len(homes) > 1:
            several["investor_country"] = homes
        rival_values = next(iter(several), "") if rival is not None else ""
        averaged = self.first("ask", "mean") or self.first("ask", "median")
        self.take(averaged, "measure")
        share = self.first("ask", "share")
        if share and (asked.filters or self.values) and not axis:
            self.take(share, "share")
            self._share()
        elif compared:
            self.take(rival, "compare")
            asked.act, asked.by, asked.way = "rows", "place", "most"
            asked.members = [ids for _, ids, _ in self.targets]
            asked.lead = "+".join(asked.members[0]) if asked.yes_no else ""
            asked.measure = asked.measure if asked.measure != "deals" else "hectares" if sized else "deals"
        elif rival_values and not axis:
            self.take(rival, "compare")
            asked.act, asked.by, asked.way = "rows", rival_values, "most"
            asked.members = [(str(code),) for code in several[rival_values]]
            asked.measure = asked.measure if asked.measure != "deals" else "hectares" if sized else "deals"
        elif averaged is not None and not axis:
            asked.act, asked.measure = "sum", f"{averaged.value('ask')}_size"
        elif axis and self.how_many is not None and not way and self._counts_axis():
            asked.act, asked.counted, asked.by = "count", axis, axis
        elif axis:
            asked.act, asked.by, asked.way = "rows", axis, way or "most"
            if averaged is not None:
                asked.measure = f"{averaged.value('ask')}_size"
            elif sized or word in ("biggest", "smallest"):
                asked.measure = asked.measure if asked.measure != "deals" else "hectares"
        elif (trend := self.first("ask", "trend")) is not None:
            self.take(trend, "rows")
            asked.act, asked.by = "rows", "year"
            ends = (("year", "above"), ("year", "below"))  # before and after are for the reader of the rows to see
            asked.filters = [f for f in asked.filters if (f.dimension, f.op) not in ends]
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
            asked.measure = asked.measure if asked.measure != "deals" else "hectares"
        elif self.how_many is not None:
            asked.act = "count"
        if asked.act == "rows" and asked.limit is None and self.axis and way and self._single_axis():
            asked.limit = 1 if self._single_axis() else None
        if asked.yes_no and asked.act not in ("list", "rows"):
            asked.yes_no = False

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
            raise NotUnderstood((), "deals_unread:" + plain_text(x for x in self.leaves if x.used == "having"))

    def _unread(self) -> None:
        """Refuse where a word that matters was taken by nothing.

        Raises:
            NotUnderstood: they are named.
        """
        left = [leaf for leaf in self.leaves if not leaf.used and self._matters(leaf)]
        if left:
            raise NotUnderstood((), f"deals_unread:{plain_text(left)}")

    def _matters(self, leaf: Leaf) -> bool:
        if leaf.says("near", "here") or (leaf.says("ask", *LOUD) and not leaf.says("ask", "more")):
            return True
        if (
            leaf.number is not None
            or leaf.says("not_here")
            or (leaf.says("near", "near") and not (leaf.filler or leaf.says("compare")))
        ):
            return True
        if leaf.says("negation") and not leaf.says("link", "and") and not leaf.says("compare", "and"):
            return not leaf.says("near")
        if leaf.is_place:
            return True
        if leaf.filler or all(len(s) == 1 for s in leaf.stems):
            return False
        if not leaf.entries:
            return True
        return not any(
            e.section in HARMLESS
            or (e.section == "compare" and e.value in QUIET)
            or (e.section == "axis" and e.value == "size")
            for e in leaf.entries
        )


PLURAL_WHICH = ("quels", "quelles")
"""Where a noun has one form for one and several ("pays"), the word for "which" tells."""

DEFAULT_FILTER = [
    Filter("size", "between", (200, None)),
    Filter("negotiation", "in", ("ORAL_AGREEMENT", "CONTRACT_SIGNED", "CHANGE_OF_OWNERSHIP")),
    Filter("transnational", "in", ("yes",)),
    Filter("forest_concession", "not_in", ("yes",)),
]
"""What of the site's own filter can be said of one deal; the rest leaves out deals by what alone they are."""


# --- small facts -------------------------------------------------------------------------------------------------


def _is_investor(leaf: Leaf | None) -> bool:
    return leaf is not None and (leaf.says("ask", *INVESTOR) or leaf.says("investor_kind"))


def _is_dash(between: Iterable[Leaf]) -> bool:
    return any(leaf.text in ("-", "–") for leaf in between)


def is_year(value: float) -> bool:
    """Return whether a number may be a year of a deal."""
    return float(value).is_integer() and YEARS[0] <= value <= YEARS[1]


def _only_size(bound: Leaf) -> bool:
    """Whether a comparison is one of size, not of time: "larger than 2000"."""
    return not bound.says("compare", "since", "after", "before", "until", "in", "between", "onward")


def _compared(dimension: str, value: float, told: Sequence[Leaf | None], signs: Mapping[str, str]) -> Filter:
    """Return a filter of a number by the first word that compares it: "over", "since"; equal to it where none does."""
    number = int(value) if float(value).is_integer() else value
    for leaf in filter(None, told):
        for name, sign in signs.items():
            if leaf.says("compare", name) or (name == "above" and leaf.says("ask", "most")):
                return span(sign, number, dimension)
    return Filter(dimension, "in", (number,))


@lru_cache(maxsize=32)
def _singulars(language: str) -> frozenset[str]:
    """Return the words that stand in the singular, as the word lists write them."""
    of = words(language)
    named = (of["ask"]["deal"], of["ask"]["investment"])
    every = [of["link"]["deal_number"], of.get("singular", {}).get("words", ""), *(named if language == "en" else ())]
    first = [several.split("|")[0] for several in (*named, *of["axis"].values())]
    several = (one for text in every for one in text.split("|") if text not in named or not one.endswith("s"))
    return frozenset(one.lower() for one in (*first, *several))
