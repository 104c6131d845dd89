"""The words of a question about land deals as items of the shared chart. Knows what stands beside a word, no rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.deals.words import ANY_OF, INVESTOR, SUPERLATIVES, Leaf, figures, singulars, words_and_signs
from agent.reading.mentions import POSTPOSITIONS, Item, Mentions
from agent.understand import Area
from retrieval.deal_words import FIELDS
from retrieval.deal_words import words as words_of

TYPES: tuple[tuple[str, str, str], ...] = (
    ("CMP", ">=", "compare:at_least"), ("CMP", "<=", "compare:at_most"), ("CMP", ">", "compare:above"),
    ("CMP", "<", "compare:below"), ("ABOUT", "", "compare:about"), ("BETWEEN", "", "compare:between"),
    ("TO", "and", "compare:and"), ("ONWARD", "", "compare:onward"), ("TIME", ">", "compare:after"),
    ("TIME", ">=", "compare:since"), ("TIME", "<", "compare:before"), ("TIME", "<=", "compare:until"),
    ("IN", "", "compare:in"), ("WITHIN", "", "near:within"), ("NEARBY", "before", "near:near"),
    ("FROM", "", "near:of link:investor_from"), ("ORIGIN", "", "link:investor_from"), ("OR", "", "link:or"),
    ("AND", "", "link:and"), ("GROWN", "", "link:grown"), ("DEAL", "", "ask:deal ask:investment"),
    ("INVESTS", "", "ask:invests"), ("DEALING", "", "ask:deal ask:investment ask:invests"), ("MOST", "", "ask:most"),
    ("YEARWORD", "", "axis:year"), ("RUNNING", "production", "measure:production"),
    ("RUNNING", "contract", "measure:contract"), ("UNIT", "ha", "unit:ha"), ("UNIT", "km2", "unit:km2"),
    ("UNIT", "acre", "unit:acre"), ("UNIT", "km", "unit:km"), ("NATURE", "", "nature"), ("FLAG", "", "flag"),
    ("INVESTOR", "", " ".join(("investor_kind", *(f"ask:{one}" for one in INVESTOR)))),
    ("LEADS", "", "ask:which ask:total ask:list ask:mean ask:median"),
)  # fmt: skip
"""Type of the shared reading, its value, and the words of deals that are read so; of several the first is meant."""
OF_THEMSELVES: Mapping[str, str] = {
    "TERM": " ".join((*FIELDS, *(f"axis:{name}" for name in ANY_OF), "measure:contract")),
    "COUNT": "ask:count",
    "HECTARES": "unit:ha",
}
"""Types whose value is which leaf it is."""
LATE: Mapping[str, tuple[str, str]] = {
    "TIME": ("LATETIME", ""),
    "WITHIN": ("WITHIN", "after"),
    "NEARBY": ("NEARBY", "after"),
}
"""Types of words that follow what they are of, in languages of endings."""


def mentions_of(leaves: Sequence[Leaf], text: str, language: str, named: Sequence[Area] = ()) -> Mentions:
    """Return what the leaves that nothing has taken mention, as the shared chart reads it.

    Args:
        leaves: the leaves of the question.
        text: the question.
        language: its language.
        named: regions and towns that only the gazetteer knows.
    """
    every = words_and_signs(text)
    counts = {leaf.first for leaf in leaves if leaf.number is not None}
    items = [i for i in figures(every, text, language) if i.type not in ("NUM", "QTY") or i.start in counts]
    for leaf in leaves:
        typed = (*_plain(leaf, language), *_of_places(leaf, leaves, text, language), *_of_asking(leaf, leaves, text))
        items += [Item(leaf.first, leaf.last, type, (leaf.at,) if value is None else value) for type, value in typed]
    for area in named:
        inside = [leaf for leaf in leaves if area.start <= leaf.start and leaf.end <= area.end]
        items.append(Item(inside[0].first, inside[-1].last, "PLACE", area))
    free = {n for leaf in leaves if not leaf.used for n in range(leaf.first, leaf.last)}
    soft = {n for leaf in leaves if leaf.filler and not leaf.entries for n in range(leaf.first, leaf.last)}
    return Mentions(text, every, tuple(i for i in items if i.start in free), frozenset(soft), language)


def _plain(leaf: Leaf, language: str) -> Iterator[tuple[str, object]]:
    """Yield what a leaf mentions by its own words; None as a value is the leaf itself."""
    typed = [(type, value) for type, value, words in TYPES if leaf.says_any(words)]
    yield from typed
    if language in POSTPOSITIONS:
        yield from ((LATE[type][0], LATE[type][1] or value) for type, value in typed if type in LATE)
    yield from ((type, None) for type, words in OF_THEMSELVES.items() if leaf.says_any(words))
    if leaf.says("ask", *SUPERLATIVES):
        yield "SUP", "over" if leaf.says("compare", "above") else ""
    if leaf.says("link", "deal_number") and leaf.text.lower() in singulars(language):
        yield "DEALNO", ""
    if leaf.says_any("flag ask:investor") or (leaf.says("axis") and not leaf.says("axis", "year")):
        yield "COUNTED", ""
    if leaf.says("negation") and not leaf.says("link", "deal_number"):
        yield "NO", leaf.at
    if leaf.filler or leaf.says_any("compare:in link near:of"):
        yield "PASSED", ""


def _of_places(leaf: Leaf, leaves: Sequence[Leaf], text: str, language: str) -> Iterator[tuple[str, object]]:
    """Yield what tells where a place beside a leaf is one of: of the land, or of who invests."""
    if leaf.says("link", "investor_from") and not leaf.says("compare", "in"):
        yield "OFF", ""
        if leaf.says("compare", "since"):
            yield "OFFSINCE", ""
        if leaf.says("link", "investor_by"):
            yield "BY", ""
    if not leaf.is_place:
        return
    yield "NATION", None
    lead = leaves[leaf.at - 1] if leaf.at else leaf
    cases = words_of(language).get("case", {}).get("inside", "")
    where = leaves[0].says("ask", "where") and lead.says("compare", "in") and not lead.says_any("link near")
    if where or (cases and leaf.text.lower().endswith(tuple(cases.split("|")))):
        yield "INSIDE", None
    if text.startswith("-", leaf.end):
        yield "HYPHENED", None
    if not leaf.says("world"):
        if "," not in text[lead.end : leaf.start]:  # "which has more deals, Laos or …"
            yield "COUNTRY", None
        if any(one.says("ask", "invests") for one in leaves if not one.used):
            yield "OWNER", None


def axis_of(leaf: Leaf, leaves: Sequence[Leaf]) -> str:
    """Return which kind of thing a word is for, '' where it is a kind of investor and no more."""
    called = leaf.says("ask", *INVESTOR)
    if not (leaf.says("axis") or called):
        return ""
    named = leaf.value("axis") or "investor"
    if called and not leaf.says("axis", "investor_country", "investor_kind"):
        named = "investor"
    if named != "investor":
        return "country" if named == "target" else named
    kinds = leaf.at and leaves[leaf.at - 1].says("ask", "types")
    return "operating" if leaf.says("role", "operating") else "investor_kind" if kinds else "investor"


def _of_asking(leaf: Leaf, leaves: Sequence[Leaf], text: str) -> Iterator[tuple[str, object]]:
    """Yield what tells whether a kind of thing, or hectares, are asked for: "which crops", "by country"."""
    who = next((one.at for one in leaves if one.says("ask", "who") and not one.used), None)
    axis = axis_of(leaf, leaves)
    told = who is not None and (leaf.says("link", "grown")  # "quién cultiva": a verb, not the crops
                                or (who < leaf.at and not axis.startswith(("investor", "former_owner"))))  # fmt: skip
    if not axis and leaf.says("investor_kind"):
        yield "KIND", None
    elif axis and axis != "size" and not told:
        yield "AXIS", None
        if axis in ("year", "investor"):
            yield f"{axis.upper()}S", None
        if leaf.says("ask", "by") or (axis == "investor_country" and leaves[0].says("ask", "where")):
            yield "ASKSITSELF", None
        if leaf.at == 0:
            yield "OPENING", None
    if leaf.says("ask", "which"):
        yield "WHICH", None
    if leaf.says("ask", "howmuch") and not leaf.says("ask", "count"):  # Czech "kolik" is how many, too
        yield "HOWMUCH", None
        if len(leaf.stems) > 1 or leaf.at <= 1:
            yield "OPENSMUCH", None
    near = (one for one in leaves[max(0, leaf.at - 2) : leaf.at] if one.says("ask", "deal", "investment"))
    if leaf.says("ask", "which") and (deals := next(near, None)) and "," not in text[deals.end : leaf.start]:
        yield "RELATIVE", None
    elif leaf.says("ask", "which", "types", "by", "count", "who"):
        yield "ASKS", None
        if leaf.says("ask", "by"):
            yield "PER", None
    elif leaf.says("ask", "list"):
        yield "SHOW", None
    elif leaf.says("ask", "biggest", "smallest", "most", "fewest", "total", "mean"):
        yield "UTMOST", None
    elif leaf.filler or leaf.number is not None or leaf.is_place or leaf.says_any("flag investor_kind axis"):
        yield "ADJECTIVE", None
