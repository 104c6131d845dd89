"""The words of a question about land deals as mentions of the shared reading: numbers, values, places. No rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agent.lexicon import Token, tokens
from agent.lexicon import leaves as closed_leaves
from agent.lexicon import lexicon as closed
from agent.reading.mentions import Item, number_said, numbers
from agent.words import fillers
from retrieval.deal_words import FIELDS, Entry, country_begun, fold, lexicon, stem
from retrieval.deal_words import tokens as stemmed
from retrieval.deal_words import words as words_of
from retrieval.word_forms import GLUED

SIGN = r"[<>]=?"
GRAMMAR: Mapping[str, str] = {
    "comparison.above": "compare:above", "comparison.at_least": "compare:at_least",
    "comparison.below": "compare:below", "comparison.at_most": "compare:at_most",
    "comparison.about": "compare:about", "conjunction.and": "link:and compare:and", "range.between": "compare:between",
    "range.to": "compare:and", "range.within": "near:within", "conjunction.or": "link:or",
    "negation.not": "negation:not", "negation.except": "negation:not",
    "negation.outside": "negation:not", "unit.ha": "unit:ha", "unit.km2": "unit:km2",
    "unit.km": "unit:km", "unit.percent": "unit:percent", "level.country": "axis:country",
    "superlative.largest": "ask:biggest", "superlative.smallest": "ask:smallest",
    "superlative.most": "ask:most", "superlative.highest": "ask:most",
    "superlative.least": "ask:fewest", "superlative.lowest": "ask:fewest", "each.each": "ask:by",
    "each.per": "ask:by", "each.together": "ask:total", "measure.mean": "ask:mean",
    "measure.median": "ask:median", "measure.share": "ask:share", "ask.where": "ask:where",
    "ask.how_many": "ask:count", "ask.how_much": "ask:howmuch", "ask.which": "ask:which",
    "ask.what": "ask:which ask:what", "ask.is": "ask:exist", "ask.show": "ask:list",
    "ask.compare": "ask:compare", "ask.when": "ask:when", "ask.who": "ask:who",
    "time.since": "compare:since", "time.before": "compare:before", "time.until": "compare:until",
    "time.in": "compare:in", "time.trend": "ask:trend", "deixis.here": "near:here",
    "witness.deals": "ask:deal", "deixis.those": "void:words", "act.hello": "void:words", "act.thanks": "void:words",
}  # fmt: skip
"""Closed words that every source shares → what they are in a question about deals."""
BESIDE = ("comparison", "range", "negation", "unit", "conjunction", "each", "measure", "ask", "level", "deixis",
          "time.since", "time.before", "time.until")  # fmt: skip
"""Closed words that mean the same whatever is asked, by section or key: the lists of deals need not have them."""
SUPERLATIVES = {"biggest": "most", "smallest": "fewest", "most": "most", "fewest": "fewest", "latest": "most",
                "earliest": "fewest"}  # fmt: skip
ANY_OF = ("impact", "community_consultation")
"""Axes whose name alone asks for deals with any value of them."""
INVESTOR = ("investor", "money")
"""What an investor is called: always, and where a nationality or "which" stands before it ("Chinese money")."""
MORE_OR_LESS = ("above", "at_least", "below", "at_most")
MOST_SAID = 20
LONGEST = 8
"""Words of a phrase at most."""


@dataclass
class Leaf:
    """Some words of the question and what they may be; `at` counts leaves, `first` and `last` are words."""

    at: int
    start: int
    end: int
    first: int
    last: int
    """The word after the leaf's last."""
    text: str
    stems: tuple[str, ...]
    entries: tuple[Entry, ...] = ()
    number: float | None = None
    filler: bool = False
    used: str = ""
    """The constraint that took it."""
    place: tuple[str, ...] = field(default=())
    """Ids of a place that only the gazetteer knows."""

    def value(self, section: str) -> str | None:
        """Return what it is in a section, None where it is nothing there."""
        return next((entry.value for entry in self.entries if entry.section == section), None)

    def values(self, section: str) -> list[str]:
        """Return everything it may be in a section."""
        return [entry.value for entry in self.entries if entry.section == section]

    def says_any(self, words: str) -> bool:
        """Return whether it may be one of some words, `ask:deal`, or something of a section, `link`."""
        return any(
            entry.section in words.split() or f"{entry.section}:{entry.value}" in words.split()
            for entry in self.entries
        )

    def says(self, section: str, *values: str) -> bool:
        """Return whether it may be one of these."""
        return any(entry.section == section and (not values or entry.value in values) for entry in self.entries)

    @property
    def fields(self) -> list[Entry]:
        """What it may be of the fields of a deal."""
        return [entry for entry in self.entries if entry.section in FIELDS]

    @property
    def is_name(self) -> bool:
        """Whether it is a word with a capital letter that is in no list."""
        return self.text[:1].isupper() and not (self.entries or self.filler)

    @property
    def is_place(self) -> bool:
        """Whether it names a place."""
        return bool(self.place) or self.says("world") or self.says("country") or self.says("ambiguous")


@lru_cache(maxsize=256)
def _parted(words: str) -> frozenset[str]:
    return frozenset(words.split())


@lru_cache(maxsize=32)
def filler_stems(language: str) -> frozenset[str]:
    """Return the stems of words that change nothing: ours, and those the whole project knows."""
    known = set(lexicon(language).filler)
    several: list[str] = [*fillers(), *closed(language).get("function.words", ())]
    return frozenset(known | {stem(t.norm, language) for word in several for t in stemmed(word, language)})


def leaves_of(text: str, language: str) -> list[Leaf]:
    """Return the leaves of a question in order, the longest phrase first; a word that is nothing is a leaf alone."""
    every = words_and_signs(text)
    counted = sorted((i for i in figures(every, text, language) if _counts(i, every)), key=lambda i: i.end)
    numbered = {i.start: i for i in counted if i.value != 1 or every[i.start].norm.isdigit()}
    ones = {i.start for i in counted} - {*numbered}  # "one" is an article, but not after "more than"
    known = lexicon(language)
    shared, later = (_closed(text, language, beside=beside) for beside in (True, False))
    norms = [fold(text[token.start : token.end]) for token in every]
    every_stem = [stem(norm, language) for norm in norms]
    leaves: list[Leaf] = []
    at = 0
    while at < len(every):
        figure, end, entries = numbered.get(at), at + 1, ()
        start, written = every[at].start, text[every[at].start : every[at].end]
        furthest = next((n for n in range(at, len(every)) if n in numbered), len(every))
        for end in () if figure else range(min(furthest, at + LONGEST), at, -1):
            entries = (*known.found(every_stem[at:end]), *shared.get((start, every[end - 1].end), ()))
            if end == at + 1 and written.islower() and every_stem[at] in known.filler:
                entries = tuple(e for e in entries if e.section != "country")  # "us" is not the US
            if end == at + 1 and norms[at] in known.small:  # "están" is not "estaño"
                entries = tuple(e for e in entries if e.section not in (*FIELDS, "country", "world"))
            if entries:
                break
        if not entries and figure is None and language in GLUED and written[0].isupper():
            entries = country_begun(norms[at], language)
        if not entries and figure is None and every_stem[at] not in known.filler:
            entries = later.get((start, every[at].end), ())
        end = figure.end if figure else end
        void = bool(entries) and all(e.section == "void" for e in entries)
        entries = () if void else tuple(e for e in entries if e.section != "void")
        stems = tuple(every_stem[at:end])
        number = None if figure is None else figure.value[0] if figure.type == "QTY" else figure.value
        if at in ones and end == at + 1 and leaves and leaves[-1].says("compare", *MORE_OR_LESS):
            number, entries = 1.0, ()
        leaves.append(
            Leaf(len(leaves), start, every[end - 1].end, at, end, text[start : every[end - 1].end], stems,
                 tuple(dict.fromkeys(entries)), number,
                 filler=void or all(s in filler_stems(language) for s in stems))
        )  # fmt: skip
        at = end
    return leaves


def words_and_signs(text: str) -> tuple[Token, ...]:
    """Return the words of a question, and the signs that compare in it: "> 500"."""
    signs = [Token(m.start(), m.end(), m.group()) for m in re.finditer(SIGN, text)]
    return tuple(sorted((*tokens(text), *signs)))


def figures(every: Sequence[Token], text: str, language: str) -> list[Item]:
    """Return the numbers and years of a question as the shared reading has them, and its signs that compare."""
    at = {token.start: n for n, token in enumerate(every)}
    ends = {token.end: n + 1 for n, token in enumerate(every)}
    said = [one for leaf in closed_leaves(text, language)
            for one in number_said(leaf.key, at[leaf.start], ends[leaf.end])]  # fmt: skip
    signs = [Item(n, n + 1, "CMP", token.norm) for n, token in enumerate(every) if re.fullmatch(SIGN, token.norm)]
    return [*numbers(every, text), *said, *signs]


def _counts(item: Item, every: Sequence[Token]) -> bool:
    """Whether a number is one by itself: in figures, or in a word up to twenty; "thousand" is a factor."""
    figures = any(c.isdigit() for c in every[item.start].norm)
    return item.type in ("NUM", "QTY") and (figures or item.value <= MOST_SAID)


def _closed(text: str, language: str, *, beside: bool) -> Mapping[tuple[int, int], tuple[Entry, ...]]:
    """Return the closed words of a question by where they stand, as what they are of deals.

    `beside`: those that are read beside what the lists of deals say, else those that are read where these say nothing.
    """
    ordered = "fewest" in words_of(language)["ask"]  # its list has its own superlatives
    found: dict[tuple[int, int], tuple[Entry, ...]] = {}
    for leaf in closed_leaves(text, language):
        if (not ordered or leaf.key.partition(".")[0] in BESIDE or leaf.key in BESIDE) == beside:
            made = tuple(Entry(*one.split(":")) for one in GRAMMAR.get(leaf.key, "").split())
            found[leaf.start, leaf.end] = (*found.get((leaf.start, leaf.end), ()), *made)
    return found


@lru_cache(maxsize=32)
def singulars(language: str) -> frozenset[str]:
    """Return the words that stand in the singular, as the word lists write them."""
    of = words_of(language)
    named = (of["ask"]["deal"], of["ask"]["investment"])
    every = [of["link"]["deal_number"], of.get("singular", {}).get("words", ""), *(named if language == "en" else ())]
    first = [several.split("|")[0] for several in (*named, *of["axis"].values())]
    several = (one for text in every for one in text.split("|") if text not in named or not one.endswith("s"))
    return frozenset(one.lower() for one in (*first, *several))


def plain_text(leaves: Iterable[Leaf]) -> str:
    """Return the words of some leaves, quoted and separated by commas."""
    return ", ".join(f"“{leaf.text}”" for leaf in leaves)
