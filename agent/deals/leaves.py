"""The words of a question about land deals as leaves: numbers, values of fields, places, words of grammar. No rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from agent.lexicon import leaves as closed_leaves
from agent.lexicon import lexicon as closed
from agent.words import fillers
from retrieval.deal_words import FIELDS, Entry, Token, country_begun, lexicon, stem, tokens
from retrieval.deal_words import words as words_of
from retrieval.word_forms import GLUED

NUMBER = re.compile(r"\d{1,3}(?:[ ,.’'\u00a0\u202f]\d{3})+(?![\d])(?:[.,]\d+)?|\d+(?:[.,]\d+)?")
SHORT = {"k": 1e3, "mio": 1e6, "mln": 1e6}
"""What is written for a thousand and a million in many languages."""
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
MORE_OR_LESS = ("above", "at_least", "below", "at_most")
LONGEST = 8
"""Words of a phrase at most."""


@dataclass
class Leaf:
    """Some words of the question and what they may be; `at` counts leaves."""

    at: int
    start: int
    end: int
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


@lru_cache(maxsize=32)
def filler_stems(language: str) -> frozenset[str]:
    """Return the stems of words that change nothing: ours, and those the whole project knows."""
    known = set(lexicon(language).filler)
    several: list[str] = [*fillers(), *closed(language).get("function.words", ())]
    return frozenset(known | {stem(t.norm, language) for word in several for t in tokens(word, language)})


def leaves_of(text: str, language: str) -> list[Leaf]:
    """Return the leaves of a question in order, the longest phrase first; a word that is nothing is a leaf alone."""
    known, found, shared = lexicon(language), _with_numbers(text, language), _closed(text, language)
    shared, later = ({}, shared) if "unit" in words_of(language) else (shared, {})  # its own words come first
    leaves: list[Leaf] = []
    at = 0
    while at < len(found):
        token, number = found[at]
        size, entries = 1, ()
        if number is None:
            for length in range(min(LONGEST, len(found) - at), 0, -1):
                part = found[at : at + length]
                if any(n is not None for _, n in part):
                    continue
                span = (token.start, part[-1][0].end)
                entries = (*known.found([t.stem for t, _ in part]), *shared.get(span, ()))
                if length == 1 and text[token.start : token.end].islower() and token.stem in known.filler:
                    entries = tuple(e for e in entries if e.section != "country")  # "us" is not the US
                if length == 1 and token.norm in known.small:  # "están" is not "estaño"
                    entries = tuple(e for e in entries if e.section not in (*FIELDS, "country", "world"))
                if entries:
                    size = length
                    break
        if not entries and number is None and language in GLUED and text[token.start].isupper():
            entries = country_begun(token.norm, language)
        if not entries and number is None and token.stem not in known.filler:
            entries = later.get((token.start, token.end), ())
        void = bool(entries) and all(e.section == "void" for e in entries)
        entries = () if void else tuple(e for e in entries if e.section != "void")
        last = found[at + size - 1][0]
        stems = tuple(t.stem for t, _ in found[at : at + size])
        leaves.append(
            Leaf(len(leaves), token.start, last.end, text[token.start : last.end], stems, tuple(dict.fromkeys(entries)),
                 number, filler=void or all(s in filler_stems(language) for s in stems))
        )  # fmt: skip
        after_one = leaves[-2].says("compare", *MORE_OR_LESS) if len(leaves) > 1 else False
        if after_one and number is None and token.norm in number_words(language, 1):
            leaves[-1].number, leaves[-1].entries = number_words(language, 1)[token.norm], ()
        at += size
    return leaves


def _closed(text: str, language: str) -> Mapping[tuple[int, int], tuple[Entry, ...]]:
    """Return the closed words of a question by where they stand, as what they are of deals."""
    found: dict[tuple[int, int], tuple[Entry, ...]] = {}
    for leaf in closed_leaves(text, language):
        made = tuple(Entry(*one.split(":")) for one in GRAMMAR.get(leaf.key, "").split())
        found[leaf.start, leaf.end] = (*found.get((leaf.start, leaf.end), ()), *made)
    return found


def _with_numbers(text: str, language: str) -> list[tuple[Token, float | None]]:
    """Return words and numbers in order, a number with the thousand or million after it as one."""
    found: list[tuple[Token, float | None]] = []
    end = 0
    for match in NUMBER.finditer(text):
        found += [(_moved(t, end), None) for t in tokens(text[end : match.start()], language)]
        found.append((Token(match.start(), match.end(), "#", "#"), _value(match.group())))
        end = match.end()
    found += [(_moved(t, end), None) for t in tokens(text[end:], language)]
    joined: list[tuple[Token, float | None]] = []
    for token, number in found:
        times = {**number_words(language, 100, 1_000_000), **SHORT}.get(token.norm) if number is None else None
        if times and joined and joined[-1][1] is not None:
            before, value = joined.pop()
            token = Token(before.start, token.end, "#", "#")
            number = (value or 0) * times
        joined.append((token, number_words(language).get(token.norm) if number is None else number))
    return joined


@lru_cache(maxsize=96)
def number_words(language: str, least: int = 2, most: int = 20) -> dict[str, float]:
    """Return the words for numbers up to 20, "one" being an article as well, or for what a number is multiplied by."""
    several = ((key.split(".")[1], phrases) for key, phrases in closed(language).items() if key.startswith("number."))
    return {one: float(n) for n, phrases in several if least <= int(n) <= most for one in phrases if " " not in one}


def _moved(token: Token, by: int) -> Token:
    return token._replace(start=token.start + by, end=token.end + by)


def _value(written: str) -> float:
    if re.fullmatch(r"\d{1,3}(?:[ ,.’'\u00a0\u202f]\d{3})+", written):
        return float(re.sub(r"\D", "", written))
    whole, _, rest = re.sub(r"[ ’'\u00a0\u202f]", "", written).replace(",", ".").rpartition(".")
    return float(f"{whole.replace('.', '')}.{rest}" if whole else rest)


def plain_text(leaves: Iterable[Leaf]) -> str:
    """Return the words of some leaves, quoted and separated by commas."""
    return ", ".join(f"“{leaf.text}”" for leaf in leaves)


def before(leaves: Sequence[Leaf], at: int, most: int = 2) -> Iterable[Leaf]:
    """Return the leaves before one, nearest first, over at most so many that change nothing."""
    return _until_one_that_matters(reversed(leaves[:at]), most)


def after(leaves: Sequence[Leaf], at: int, most: int = 2) -> Iterable[Leaf]:
    """Return the leaves after one, nearest first, over at most so many that change nothing."""
    return _until_one_that_matters(iter(leaves[at + 1 :]), most)


def _until_one_that_matters(leaves: Iterable[Leaf], most: int) -> Iterable[Leaf]:
    for passed, leaf in enumerate(leaves):
        yield leaf
        if not leaf.filler or leaf.entries or passed >= most:
            return
