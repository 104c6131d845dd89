"""A question about land deals becomes constraints. Answers nothing; what it cannot place forbids an answer.

Every number, comparison, negation, place and value is either taken by a constraint or named as not understood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Literal

from agent.deals.leaves import Leaf, after, before, leaves_of, plain_text
from agent.lexicon import leaves as closed_leaves
from retrieval.deal_terms import countries, terms
from retrieval.deal_words import BIOMASS, fold, languages, place_name, single_stems, words
from retrieval.errors import AmbiguousRegion, NotUnderstood
from retrieval.query import Filter
from retrieval.region_rows import read_rows
from retrieval.types import Place, Region
from retrieval.word_forms import GLUED
from tools.context import Context
from tools.deals import Known, known

FIELD_ORDER = ("group", "implementation", "negotiation", "intention", "animal", "crop", "mineral", "nature",
               "former_cover", "former_use", "former_owner", "impact", "investor_kind", "community_reaction",
               "community_consultation", "flag")  # fmt: skip
"""Of several fields that a word may be a value of, the first is taken."""
FORMER = ("former_cover", "former_use")
"""Fields that come first where a question says what was there before the deal."""
AXES = ("country", "region", "intention", "crop", "animal", "mineral", "nature", "negotiation", "implementation",
        "year", "investor", "investor_country", "investor_kind", "former_cover", "former_use", "former_owner",
        "impact")  # fmt: skip
SIZE_OF = {"production": "production_size", "contract": "contract_size", "hectares": "size", "intended": "size"}
HECTARES = {"ha": 1.0, "km2": 100.0, "acre": 0.40468564}
YEARS = (1980, 2040)
HARMLESS = ("ask", "link", "near", "unit")
LOUD = ("share", "mean", "median", "trend", "biggest", "smallest", "fewest", "compare")
"""Ways of asking that change the answer: unread they are named."""
QUIET = ("in", "and", "since", "until", "about", "onward", "between", "last_years")
"""Comparisons that are everyday words too: unread they change nothing."""
POSTPOSED = ("above", "below", "since", "after", "before", "until")
"""Comparisons that follow their number in languages of endings."""
MOST_ROWS = 10
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
    if any(leaf.says("ask", "deal", "land_of_deals") for leaf in leaves):
        return "deals"
    who = any(leaf.says("ask", "who") for leaf in leaves)
    invested = any(
        leaf.says("ask", "investor")
        or (leaf.says("ask", "invests") and (who or not leaf.filler))
        or (leaf.says("ask", "investment") and not fold(leaf.text).startswith("pro"))  # a project may be any
        for leaf in leaves
    )
    if not invested and speaks_of_the_survey(leaves, question, context.language):
        return ""
    fields = [e for leaf in leaves for e in leaf.fields]
    held = any(e.section in ("negotiation", "nature", "investor_kind", "flag") for e in fields)
    outside = any(_is_outside(leaf) for leaf in leaves)
    states = any(
        leaf.says("measure", "contract", "production", "intended")
        and ((outside and len(leaf.stems) > 1) or not (leaf.filler or leaf.says("link", "grown")))
        for leaf in leaves
    )
    named = single_stems("ask", "investment", context.language)
    project = bool(fields) and any(
        leaf.says("ask", "investment") or (leaf.fields and named & {*leaf.stems}) for leaf in leaves
    )
    states = states or any(e.section == "implementation" and not leaf.filler for leaf in leaves for e in leaf.fields)
    planned = any(e.section == "intention" for e in fields)
    only_here = any(e.section in ("animal", "mineral") or (e.section == "crop" and e.value in _NOT_SURVEYED)
                    or (e.section == "impact" and e.value != "ENVIRONMENTAL_DEGRADATION")
                    for e in fields)  # fmt: skip
    topics = bool(fields) or any(leaf.says("axis", "crop", "mineral", "investor", "intention") for leaf in leaves)
    everywhere = not any(leaf.is_place for leaf in leaves)
    share = any(leaf.says("ask", "share") or leaf.says("unit", "percent") for leaf in leaves)
    of_deals = any(leaf.says("axis", *OF_DEALS_ALONE) for leaf in leaves) or any(
        leaf.fields and not any(e.section in _OF_LAND and e.value not in _NOT_SURVEYED for e in leaf.fields)
        for leaf in leaves
    )
    topics = of_deals or (topics and not share and any(_is_held(leaf, context) for leaf in leaves))
    project = project or (everywhere and states and planned)
    if invested or (outside and (topics or states or project or held)) or (everywhere and (only_here or project)):
        return "deals"
    return "perhaps" if states or project or held else ""


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


OF_DEALS_ALONE = ("mineral", "investor", "intention", "animal", "impact", "negotiation", "implementation", "nature")
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
        self.how: Leaf | None = None
        self.how_many: Leaf | None = None
        self.axis = ""

    def asked(self) -> Asked:
        """Return what was understood, when everything was."""
        self._companies()
        self._named_elsewhere()
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

    def next_to(self, leaf: Leaf) -> Leaf | None:
        """The leaf right before, over words that change nothing."""
        near = list(before(self.leaves, leaf.at))
        return near[-1] if near else None

    def following(self, leaf: Leaf) -> Leaf | None:
        near = list(after(self.leaves, leaf.at))
        return near[-1] if near else None

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
                    self.asked_.filters.append(Filter("investor_id", "in", tuple(ids)))
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
        ahead = self.leaves[leaf.at + 1 : leaf.at + 6] if self.language in GLUED else []  # "Brăila 50 km-es körzetében"
        for several in (back[::-1], ahead):
            number = next((one for one in several if one.number is not None), None)
            if number and self.leaves[number.at + 1].says("unit", "km"):
                for one in self.leaves[min(number.at, leaf.at + 1) : leaf.at] or several:
                    self.take(one, "near")
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

    def _formerly(self) -> None:
        """What the land was before the deal: "formerly", or a "before" that no year follows, with who came then."""
        before_it = (leaf for leaf in self.leaves if leaf.says("compare", "before") and not leaf.says("ask"))
        dated = any(leaf.number is not None and _is_year(leaf.number) for leaf in self.leaves)
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
        if unit is None and _is_year(a) and _is_year(b):
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
        value, unit = leaf.number or 0.0, self._unit(leaf)
        tail = self.following(unit or leaf)
        if unit is None and self._is_limit(leaf, lead, tail):
            self.asked_.limit = int(value)
            self.take(leaf, "limit")
            return
        if unit is None and lead is not None and lead.says("link", "deal_number") and _is_single(lead):
            self.asked_.deal = int(value)
            self.take(leaf, "deal")
            self.take(lead, "deal")
            for one in before(self.leaves, lead.at):
                if one.says("ask", "deal"):
                    self.take(one, "deal")
            return
        beside = self.leaves[leaf.at + 1] if leaf.at + 1 < len(self.leaves) else None
        counted = beside is not None and beside.says("axis") and not beside.says("axis", "year")
        if unit is None and beside is not None and (counted or beside.says("ask", "investor")):
            return  # "more than 3 investors": unread, named in the end
        bound = lead if lead is not None and lead.says("compare") else None
        if self.language in GLUED and tail is not None and tail.says("compare", *POSTPOSED):  # "2010 óta"
            bound = tail
        if unit is not None and bound is None and tail is not None and tail.says("compare", "above"):
            bound = tail  # "die 20 000 ha übersteigen"
        if unit is not None and bound is None and lead is not None and lead.says("ask", "most"):
            bound = lead  # "which top 5,000 ha"
        trail = tail if tail is not None and tail.says("compare", "at_least", "at_most", "onward") else None
        if unit is None and tail is not None and bound and tail.says("ask", "deal") and not _is_year(value):
            self.asked_.having = (_sign(bound), value)
            self.take(leaf, "having")
            self.take(bound, "having")
            return
        year = unit is None and _is_year(value) and not (bound and _only_size(bound))
        if year:
            self.asked_.filters.append(replace(_year_filter(int(value), bound, trail), dimension=self._dated(leaf)))
        elif unit is not None or bound is not None:
            factor = HECTARES[unit.value("unit") or "ha"] if unit else 1.0
            dimension = self._measured(unit or leaf)
            self.asked_.filters.append(_size_filter(dimension, value * factor, bound, trail))
        else:
            return  # unread: named in the end
        for one in (leaf, unit, bound, trail if not year or (trail and trail.says("compare", "onward")) else None):
            self.take(one, "number")

    def _dated(self, year: Leaf) -> str:
        """What a year is of: of a signature where one is spoken of beside it, else of a deal's beginning."""
        near = self.leaves[max(0, year.at - 4) : year.at + 4]
        signed = [leaf for leaf in near if leaf.says("negotiation", "CONTRACT_SIGNED")]
        for leaf in signed:
            self.take(leaf, "signed")
        return "signed_year" if signed else "year"

    def _is_limit(self, leaf: Leaf, lead: Leaf | None, tail: Leaf | None) -> bool:
        small = float(leaf.number or 0).is_integer() and 1 <= (leaf.number or 0) <= 100
        superlative = ("biggest", "smallest", "most", "fewest")
        led = lead is not None and lead.says("ask", *superlative) and not lead.says("compare", "above")
        return small and (led or (tail is not None and tail.says("ask", *superlative)))

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
        if investors:
            self.asked_.filters.append(Filter("investor_country", "in", tuple(dict.fromkeys(investors))))
        for op, wanted in (("in", False), ("not_in", True)):
            ids = tuple(dict.fromkeys(i for _, some, gone in self.targets if gone == wanted for i in some))
            if ids and "m49:001" not in ids:
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
        follows = self.leaves[leaf.at + 1] if leaf.at + 1 < len(self.leaves) else None
        right = self.following(leaf)
        if follows is not None and (follows.says("ask", "investor") or follows.says("investor_kind")):
            return "investor"
        literal = self.leaves[leaf.at - 1] if leaf.at else None
        if literal is not None and (literal.says("ask", "investor") or literal.says("investor_kind")):
            return "investor"  # an adjective after its noun
        if literal is not None and literal.says("ask", "deal", "investment") and not leaf.says("world"):
            return "unclear"
        article = literal is not None and literal.filler and not literal.entries and leaf.at >= 2
        direct = self.leaves[leaf.at - 2] if article else literal
        if direct is not None and direct.says("link", "investor_from") and not direct.says("compare", "in"):
            head = self.next_to(direct)
            investor = head is not None and (head.says("ask", "investor") or head.says("investor_kind"))
            if investor or (direct.says("link", "investor_by")):
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
        if follows is not None and follows.says("ask", "deal", "investment") and not (
            direct is not None and direct.says("compare", "in")
        ):  # fmt: skip
            return "unclear"
        return "target"

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
        return None

    def _axis(self) -> str:
        """What is asked for of the deals: countries, crops, investors …"""
        if (done := self._asks_what_is_done()) is not None:
            return done
        who = self.first("ask", "who")
        if who is not None and who.says("ask", "invests"):  # "kas investē"
            self.take(who, "axis")
            return "investor"
        for leaf in self.leaves:
            if leaf.used or not (leaf.says("axis") or leaf.says("ask", "investor")):
                continue
            if who is not None and leaf.says("link", "grown"):  # "quién cultiva": a verb, not the crops
                continue
            axis = leaf.value("axis") or "investor"
            if leaf.says("ask", "investor") and not leaf.says("axis", "investor_country", "investor_kind"):
                axis = "investor"
            if not self._is_asked_for(leaf, axis):
                continue
            if axis == "size":
                continue
            self.take(leaf, "axis")
            investors_named = any(f.dimension in ("investor_country", "investor_id") for f in self.asked_.filters)
            if axis == "country" and not investors_named:
                invests = self.first("ask", "invests") or self.first("ask", "investor")
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
        what = not opening.says("ask", "howmuch") and bool(
            {*opening.stems} & single_stems("ask", "which", self.language)
        )
        if named or not what or opening.at + 1 == len(self.leaves):
            return None
        follows = self.leaves[opening.at + 1]
        if follows.says("ask", "deal", "investment", "investor") or follows.says("axis"):
            return None
        grown = next((leaf for leaf in self.leaves if leaf.says("link", "grown") and not leaf.used), None)
        invests = self.first("ask", "invests")
        if grown is None and (invests is None or not follows.says("ask", "exist")):
            return None
        self.take(opening, "axis")
        return "crop" if grown is not None else "intention"

    def _is_asked_for(self, leaf: Leaf, axis: str) -> bool:
        """Whether "which", "what kind of", "by" or "how many" stands before, over adjectives and superlatives."""
        if axis == "investor_country" and self.leaves[0].says("ask", "where"):
            return True  # "where do the investors come from"
        for one in reversed(self.leaves[max(0, leaf.at - 4) : leaf.at]):
            if one.says("ask", "deal") and axis == "investor":
                return False  # "which deals do companies have"
            if one.says("ask", "which", "types", "by", "count", "who", "list"):
                if one.says("ask", "list") and axis in ("year",):
                    return False
                agent = one.says("ask", "by") and one.at > 0 and self.leaves[one.at - 1].says("ask", "invests")
                return not agent
            superlative = one.says("ask", "biggest", "smallest", "most", "fewest", "total", "mean")
            if superlative:
                return True
            if not (one.filler or one.number is not None or one.is_place or one.says("flag")
                    or one.says("investor_kind") or one.says("axis")):  # fmt: skip
                return False
        return leaf.at == 0

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
            chained = leaf.at >= 2 and self.leaves[leaf.at - 1].says("link", "and", "or")
            gone = self.negated(leaf) or (chained and self.leaves[leaf.at - 2].used == f"not {name}")
            self._add(name, leaf.values(name), gone)
            self.take(leaf, f"not {name}" if gone else name)
        extracted = any(leaf.says("intention", "MINING") for leaf in self.leaves)
        if mineral_asked and not extracted and not self.values.get(("mineral", False)):
            if leaf := self.first("axis", "mineral"):
                self.take(leaf, "intention")
            self._add("intention", ["MINING"], False)
        for (name, gone), codes in self.values.items():
            unique = self._narrowest(name, tuple(dict.fromkeys(codes)))
            self.asked_.filters.append(Filter(name, "not_in" if gone else "in", unique))

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
        sized = self.how is not None or self.has("unit", "ha", "km2") or self.has("ask", "mean", "median")
        if not sized:
            if leaf.says("measure", "contract") and not leaf.fields:  # deals under contract
                self._add("group", ["CONCLUDED"], self.negated(leaf))
                self.take(leaf, "negotiation")
                return True
            return False
        of_deals = any(one.says("ask", "deal", "investment") and not one.filler
                       for one in self.leaves[max(0, leaf.at - 1) : leaf.at + 2])  # fmt: skip
        value = leaf.value("measure") or "hectares"
        if value == "hectares" or (of_deals and leaf.at > 0 and self.leaves[leaf.at - 1].says("ask", "deal")):
            return False
        self.asked_.measure = value
        self.asked_.operating = value == "production"
        self.take(leaf, "measure")
        return True

    def _add(self, name: str, codes: Sequence[str], gone: bool) -> None:
        if name == "flag":
            flag = codes[0]
            dimension, value = ("transnational", "no") if flag == "domestic" else (flag, "yes")
            self.values.setdefault((dimension, gone), []).append(value)
            return
        if name == "group":
            for code in codes:
                if code == "BIOMASS":
                    self.values.setdefault(("intention", gone), []).extend(BIOMASS)
                else:
                    of = "negotiation" if code in ("INTENDED", "CONCLUDED", "FAILED", "EXPIRED") else "intention"
                    self.values.setdefault((of, gone), []).append(code)
            return
        self.values.setdefault((name, gone), []).extend(codes)

    # --- the whole ---

    def _subject(self) -> None:
        """Settle act, measure, rows and order from the words that ask."""
        asked = self.asked_
        if asked.act == "deal":
            self._of_one_deal()
            return
        axis, way, word = self.axis, "", None
        rivals = self.has("ask", "compare", "more")
        for value, sense in (("biggest", "most"), ("smallest", "fewest"), ("most", "most"), ("fewest", "fewest")):
            found = self.first("ask", value)
            if found is not None and not way:
                way, word = sense, value
                self.take(found, "order")
        rival = self.first("ask", "compare")
        compared = len(self.targets) > 1 and (
            rivals or (bool(way) and self.has("link", "or"))
        )  # fmt: skip
        if self.has("ask", "land_of_deals") and not asked.yes_no and not axis:
            self.how = self.how or self.first("ask", "land_of_deals")
            self._beside()
        sized = self.how is not None or self.has("unit", "ha", "km2") or self.has("measure", "hectares")
        rival_values = next((name for (name, gone), codes in self.values.items()
                             if rival is not None and not gone and len(codes) > 1), "")  # fmt: skip
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
            asked.members = [(code,) for code in self.values[rival_values, False]]
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
        if asked.filters:
            asked.filters.append(Filter("deal", "in", (asked.deal or 0,)))
            asked.act, asked.yes_no = "list", asked.yes_no or not self.has("ask", "list")

    def _beside(self) -> None:
        """The land cover whose published area stands beside the deals: "how much of the cropland is under deals"."""
        for name, code in (("CROPLAND", "B00"), ("FOREST_LAND", "C00"), ("PASTURE", "E00"), ("RANGELAND", "E00"),
                           ("WETLAND", "H00")):  # fmt: skip
            for gone in (False,):
                if name in self.values.get(("former_cover", gone), []):
                    self.asked_.beside = code
                    self.asked_.filters = [f for f in self.asked_.filters if f.dimension != "former_cover"]
        if self.asked_.beside:
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
        near = self.leaves[self.how_many.at + 1 : self.how_many.at + 4]
        return any(leaf.used == "axis" for leaf in near) and not any(leaf.says("ask", "deal") for leaf in near[:1])

    def _single(self) -> bool:
        """Whether one deal is asked for: "the biggest deal"."""
        named = [leaf for leaf in self.leaves if leaf.says("ask", "deal", "investment") or leaf.says("nature")]
        return bool(named) and all(_is_single(leaf) for leaf in named)

    def _single_axis(self) -> bool:
        axis = next((leaf for leaf in self.leaves if leaf.used == "axis"), None)
        plural = any(fold(leaf.text) in PLURAL_WHICH for leaf in self.leaves)
        return axis is not None and _is_single(axis) and not plural

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
        if leaf.number is not None or leaf.says("not_here"):
            return True
        if leaf.says("negation") and not leaf.says("link", "and") and not leaf.says("compare", "and"):
            return not leaf.says("near")
        if leaf.is_place:
            return True
        if leaf.filler or all(len(s) == 1 for s in leaf.stems):
            return False
        if not leaf.entries:
            return True
        harmless = any(e.section in HARMLESS or (e.section == "compare" and e.value in QUIET) for e in leaf.entries)
        return not harmless


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


def _is_dash(between: Iterable[Leaf]) -> bool:
    return any(leaf.text in ("-", "–") for leaf in between)


def _is_year(value: float) -> bool:
    return float(value).is_integer() and YEARS[0] <= value <= YEARS[1]


def _only_size(bound: Leaf) -> bool:
    """Whether a comparison is one of size, not of time: "larger than 2000"."""
    return not bound.says("compare", "since", "after", "before", "until", "in", "between")


def _sign(bound: Leaf) -> str:
    signs = {"above": ">", "at_least": ">=", "below": "<", "at_most": "<="}
    return next((sign for value, sign in signs.items() if bound.says("compare", value)), "=")


def _year_filter(year: int, bound: Leaf | None, trail: Leaf | None) -> Filter:
    if trail is not None and trail.says("compare", "onward"):
        return Filter("year", "between", (year, None))
    if bound is not None:
        for value, made in (
            ("since", Filter("year", "between", (year, None))),
            ("after", Filter("year", "above", (year,))),
            ("before", Filter("year", "below", (year,))),
            ("until", Filter("year", "between", (None, year))),
        ):
            if bound.says("compare", value) and not bound.says("compare", "in"):
                return made
    return Filter("year", "in", (year,))


def _size_filter(dimension: str, value: float, bound: Leaf | None, trail: Leaf | None) -> Filter:
    told = bound if bound is not None else trail
    if trail is not None and trail.says("compare", "at_least", "at_most"):
        told = trail
    whole = int(value) if float(value).is_integer() else value
    if told is None:
        return Filter(dimension, "in", (whole,))
    for name, made in (
        ("at_least", Filter(dimension, "between", (whole, None))),
        ("at_most", Filter(dimension, "between", (None, whole))),
        ("above", Filter(dimension, "above", (whole,))),
        ("below", Filter(dimension, "below", (whole,))),
    ):
        if told.says("compare", name) or (name == "above" and told.says("ask", "most")):
            return made
    return Filter(dimension, "in", (whole,))


def _is_single(leaf: Leaf) -> bool:
    """Whether a word stands in the singular, as the word lists write it."""
    return leaf.text.lower() in _singulars()


@lru_cache(maxsize=1)
def _singulars() -> frozenset[str]:
    found: set[str] = set()
    for language in languages():
        of = words(language)
        found |= {one.lower() for one in of["link"]["deal_number"].split("|")}
        found |= {one.lower() for one in of.get("singular", {}).get("words", "").split("|")}
        for several in (of["ask"]["deal"], of["ask"]["investment"]):
            found |= {one.lower() for one in several.split("|") if (language == "en") > one.endswith("s")}
            found.add(several.split("|")[0].lower())
        found |= {several.split("|")[0].lower() for several in of["axis"].values()}
    return frozenset(found)
