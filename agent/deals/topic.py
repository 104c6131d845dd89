"""Whether a question is about land deals, by its own words. Reads no more of it than that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from agent.deals.words import Leaf, leaves_of
from agent.lexicon import leaves as closed_leaves
from retrieval.deal_terms import ANSWERS, countries
from retrieval.deal_words import fold, single_stems
from tools.context import Context
from tools.deals import known

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
