"""Which official language of the EU a question is in, or that it is in none. Made for short texts full of names.

Evidence: the closed words of `agent/lexicon` (a word of few languages weighs more than one of many), words of land
classes, and letters. A language that is not read (Russian, Turkish, Norwegian) is not taken for its neighbour where
its script, letters or words tell it.
"""

from __future__ import annotations

import re
import sys
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypedDict

import babel

from agent.lexicon import FOLDER
from agent.words import flatten
from retrieval.kept import kept
from retrieval.nomenclature import DATA as WORDS
from retrieval.nomenclature import Nomenclature, spell_out
from retrieval.types import LANGUAGES, Language
from retrieval.word_forms import ENDINGS_FILE, has_endings, stem

LETTERS: Mapping[str, str] = {
    "de": "äöüß",
    "fr": "êèàùçœîôûë",
    "es": "ñ¿¡",
    "it": "èòìù",
    "pt": "ãõç",
    "pl": "łąęśźżćń",
    "nl": "ëĳ",
    "cs": "ěřůčšž",
    "sk": "ľĺŕťďôčšž",
    "sl": "čšž",
    "hr": "čćđšž",
    "hu": "őűöüá",
    "ro": "șțăşţâî",
    "lt": "ėįųūčšž",
    "lv": "āēīķļņģū",
    "et": "õäöü",
    "fi": "äö",
    "da": "æøå",
    "sv": "åäö",
    "mt": "ħġżċ",
    "ga": "áéíóú",
}
TELLING: Mapping[str, str] = {
    "cs": "ěřů",
    "sk": "ľĺŕ",
    "hu": "őű",
    "pl": "łąęśźń",
    "ro": "șțăşţ",
    "lt": "ėįų",
    "lv": "āķļņģ",
    "et": "õ",
    "da": "æø",
    "mt": "ħġ",
    "hr": "đ",
    "de": "ß",
    "es": "ñ¿",
    "pt": "ãõ",
}
"""Letters that (nearly) only this language has; `õ` is Estonian's and Portuguese's."""
FOREIGN_LETTERS = re.compile("[ыэёіїєўґљњђћџѓќѕјəğıþð]")
"""Letters that no official language of the EU has."""
COUNTRIES = (
    "AL AT BA BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS "
    "IT LT LU LV ME MK MT NL NO PL PT RO RS SE SI SK TR UA EU"
)
"""ISO codes of the countries whose names count."""
SCRIPTS = ("LATIN", "GREEK", "CYRILLIC")
WORD = re.compile(r"[^\W\d_]+")
MARGIN = 0.25
"""By so much another language must be ahead of the conversation's, where that knows a word too."""
LEAST_KNOWN = 0.3
"""Of the small words of a question so many must be known in a language for it to be in it."""
SHORTEST_BEGINNING = 4
MADE_BY = (__name__, "agent.words", "retrieval.nomenclature", "retrieval.word_forms")
WORDS_TO_TELL = 4
"""A question of fewer words is not said to be in a language that is not read."""
OTHERS: Mapping[str, str] = {
    "Norwegian": "hvor mye mange åkrer vingårder skoger fylke fylker ikke jeg hva finnes det noe",
    "Turkish": "nerede kaç tane ve ile için bir bu mi var yok hangi ne kadar üzüm bağ orman",
    "Catalan": "quantes quants amb vinyes boscos on són les dels als hi ha més què quin quina",
    "Albanian": "sa ku janë në dhe të për është nga një me pyje vreshta",
    "Icelandic": "hvar hversu margir eru í og það skógar á",
    "Russian": "сколько где находятся какие какая в и на есть ли лес леса виноградников больше чем",
    "Basque": "zenbat non daude eta da dira mahasti baso",
}
"""Some words of languages that are not read and are near to one that is."""


_Lists = Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]
"""Language → section → key → phrases."""


class _Tables(TypedDict):
    """What tells a language, of all languages at once."""

    vocabulary: dict[str, dict[str, float]]
    """Word → language → weight: words of few languages weigh more than those of many."""
    beginnings: dict[str, list[str]]
    """The first letters that a `*` follows in the lists → the languages that have them."""
    classes: dict[str, list[str]]
    """Each word of the classes' names, as written, without accents and its stem → the languages using it."""
    heads: dict[str, list[str]]
    """The words for points and shares, which compounds end in → the languages that have them."""
    countries: dict[str, list[str]]
    """The single words of Europe's countries' names, and what their forms have in common → the languages."""


@lru_cache(maxsize=1)
def _tables() -> _Tables:
    """The tables of the bundled words; worked out once on a machine, as that takes most of a second."""
    code = [Path(module.__file__ or "") for module in map(sys.modules.__getitem__, MADE_BY)]
    lists = [FOLDER / f"{language}.toml" for language in LANGUAGES]
    sources = [*code, *lists, ENDINGS_FILE, *sorted(WORDS.rglob("*.*")), babel.__version__]
    return kept("languages", sources, _made)


def _made() -> _Tables:
    lists: _Lists = {
        language: tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8")) for language in LANGUAGES
    }
    return _Tables(
        vocabulary=_vocabulary(lists),
        beginnings=_beginnings(lists),
        heads=_heads(lists),
        classes=_classes(),
        countries=_countries(),
    )


def _vocabulary(lists: _Lists) -> dict[str, dict[str, float]]:
    weights: dict[str, dict[str, float]] = {}
    for language in LANGUAGES:
        for word, weight in _words_of(lists[language]):
            for form, worth in ((word, weight), (flatten(word).strip(), 0.8 * weight)):
                known = weights.setdefault(form, {})
                known[language] = max(worth, known.get(language, 0.0))
    for per_language in weights.values():
        for language in per_language:
            per_language[language] /= len(per_language)
    return weights


def _words_of(sections: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[tuple[str, float]]:
    """The single words of a language's closed lists, as written, with what they weigh."""
    for section, keys in sections.items():
        weight = 1.0 if section == "function" else 0.6
        for phrase in (form for phrases in keys.values() for pattern in phrases for form in spell_out(pattern)):
            for word in WORD.findall(phrase.lower()):
                if (len(word) > 1 or section == "function") and not phrase.endswith("*"):
                    yield word, weight if len(word) > 1 else 0.5


def _beginnings(lists: _Lists) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for language in LANGUAGES:
        for keys in lists[language].values():
            for phrase in (form for phrases in keys.values() for pattern in phrases for form in spell_out(pattern)):
                if phrase.endswith("*") and " " not in phrase and len(phrase) > SHORTEST_BEGINNING:
                    found.setdefault(phrase[:-1].lower(), {})[language] = None
    return {beginning: list(languages) for beginning, languages in found.items()}


def _heads(lists: _Lists) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for language in LANGUAGES:
        phrases = (*lists[language]["measure"]["points"], *lists[language]["measure"]["share"])
        for word in (form.lower() for pattern in phrases for form in spell_out(pattern)):
            if word.isalpha() and len(word) > SHORTEST_BEGINNING:
                found.setdefault(word, {})[language] = None
    return {head: list(languages) for head, languages in found.items()}


def _classes() -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for language, surface in Nomenclature.load().spellings():
        for word in surface.split():
            if len(word) > 3:
                flat = flatten(word).strip()
                for form in (word, flat, stem(flat, language)):
                    if len(form) > 3:
                        found.setdefault(form, {})[language] = None
    return {word: list(languages) for word, languages in found.items()}


def _countries() -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for language in LANGUAGES:
        names = babel.Locale.parse(language).territories
        for word in {word for code in COUNTRIES.split() if code in names for word in WORD.findall(names[code].lower())}:
            for form in (word, stem(flatten(word).strip(), language)):
                if len(form) > 3:
                    found.setdefault(form, {})[language] = None
    return {form: list(languages) for form, languages in found.items()}


def _of_a_country(word: str) -> Sequence[str]:
    """The languages in which a word is a country's name, or a form of it."""
    names, flat = _tables()["countries"], flatten(word).strip()
    if word in names:
        return names[word]
    return tuple(one for one in LANGUAGES if has_endings(one) and one in names.get(stem(flat, one), ()))


SHORTEST_TELLING = 2
"""Letters of the longest words that tell no language."""


def detect(question: str, nomenclature: Nomenclature | None = None, default: Language = "en") -> Language:
    """Return the language of a question, `default` where nothing tells.

    Args:
        question: what was asked.
        nomenclature: its class names count as words of their languages.
        default: the conversation's language; it also wins a tie.
    """
    if "GREEK" in _scripts(question):
        return "el"
    if "CYRILLIC" in _scripts(question):
        return "bg"
    if not any(len(word) > SHORTEST_TELLING for word in WORD.findall(question)):
        return default  # "o 2015 m.?": words of so few letters are of every language
    scores = _scores(question, nomenclature)
    best = max(scores.values(), default=0.0)
    if best < 0.2 or (scores[default] and scores[default] >= best - MARGIN):
        return default
    return max(LANGUAGES, key=lambda language: scores[language])


def unread(question: str) -> str:
    """Return why a question's language is none that is read: its script, its letters or its words; '' if it may be.

    Never says so of a question of few words.
    """
    scripts = _scripts(question)
    if strange := sorted(scripts - set(SCRIPTS)):
        return strange[0].lower()
    if FOREIGN_LETTERS.search(question.lower()):
        return "letters"
    words = [word for word in WORD.findall(question[:2000]) if word.islower()]
    if len(words) < WORDS_TO_TELL or len(scripts) != 1:
        return ""
    known, classes = _tables()["vocabulary"], _tables()["classes"]
    of_each = [{*_known(word, known), *_class_languages(word, classes)} for word in words]
    best = max(sum(language in one for one in of_each) for language in LANGUAGES)
    for name, theirs in OTHERS.items():
        own = sum(word in theirs.split() for word in words)
        if own > best or (own >= WORDS_TO_TELL - 1 and own >= best and own > len(words) / 2):
            return name
    return "words" if best < LEAST_KNOWN * len(words) else ""


def _scores(question: str, nomenclature: Nomenclature | None) -> Mapping[str, float]:
    """Language → evidence for it."""
    scores: defaultdict[str, float] = defaultdict(float)
    written = unicodedata.normalize("NFC", question[:2000])
    text = written.lower()
    known, words = _tables()["vocabulary"], WORD.findall(text)
    classes = _tables()["classes"] if nomenclature else {}
    names = _names(written)
    for word in words:
        nouns = ("de",) if word in names else LANGUAGES
        for language, weight in _known(word, known).items():
            scores[language] += weight if language in nouns else 0.0
        _add(scores, [one for one in _class_languages(word, classes) if one in nouns], 0.8)
        _add(scores, _of_a_country(word), 0.5)
        _add(scores, _compound(word) if word not in known else (), 0.8)
    for languages in _begun(words, known):
        _add(scores, languages, 0.4)
    for language, letters in LETTERS.items():
        scores[language] += min(0.3, 0.1 * sum(text.count(letter) for letter in letters))
    for language, letters in TELLING.items():
        scores[language] += min(1.0, 0.5 * sum(text.count(letter) for letter in letters))
    return scores


def _names(written: str) -> frozenset[str]:
    """The words written as names are, small: "Marche" inside a sentence is no French word, but may be a German noun."""
    words = WORD.findall(written)
    return (
        frozenset(word.lower() for word in words[1:] if word[0].isupper())
        if any(map(str.islower, words))
        else frozenset()
    )


def _known(word: str, known: Mapping[str, dict[str, float]]) -> Mapping[str, float]:
    return known.get(word) or known.get(flatten(word).strip(), {})


def _class_languages(word: str, classes: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The languages in which a word is of a class's name, or a form of one that is."""
    flat = flatten(word).strip()
    found = classes.get(word) or classes.get(flat)
    return found or tuple(one for one in LANGUAGES if has_endings(one) and one in classes.get(stem(flat, one), ()))


def _compound(word: str) -> Sequence[str]:
    """The languages in which a word is of a class and of points or a share: Swedish "skogsandel", "majspunkter"."""
    heads, classes = _tables()["heads"], _tables()["classes"]
    at = next((n for n in range(3, len(word) - SHORTEST_BEGINNING) if word[n:] in heads), 0)
    before = {*_class_languages(word[:at], classes), *_class_languages(word[:at].removesuffix("s"), classes)}
    return [one for one in heads.get(word[at:], ()) if one in before] if at else ()


def _begun(words: Sequence[str], known: Mapping[str, dict[str, float]]) -> Iterator[Sequence[str]]:
    """The languages of the longest beginning of each word that is not known whole."""
    beginnings = _tables()["beginnings"]
    for word in words:
        if word not in known:
            sizes = range(len(word), SHORTEST_BEGINNING - 1, -1)
            yield next((beginnings[word[:size]] for size in sizes if word[:size] in beginnings), ())


def _add(scores: defaultdict[str, float], languages: Sequence[str], weight: float) -> None:
    for language in languages:
        scores[language] += weight / len(languages)


@lru_cache(maxsize=256)
def _scripts(text: str) -> frozenset[str]:
    """The scripts of a text's letters, by the first word of their Unicode names."""
    letters = {c for c in text[:500] if c.isalpha() and c not in "ªºµ"}
    return frozenset(unicodedata.name(c, "?").split()[0] for c in letters)
