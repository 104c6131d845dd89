"""LUCAS land-cover and land-use classes, and the words people use for them. Does not read records or count them.

The code book stands in `data/nomenclature/codes.csv`, the words of each language in `data/nomenclature/words/`.
"""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, lru_cache
from itertools import product
from pathlib import Path
from typing import NamedTuple

from retrieval.errors import AmbiguousClass, UnknownClass
from retrieval.types import LANGUAGES, Language, Theme
from retrieval.word_forms import has_endings, is_everyday, stem, stems

DATA = Path(__file__).parent / "data" / "nomenclature"
PHOTO_INTERPRETED = {"B00_PI": ("BX1", "BX2"), "B10-50_PI": ("BX1",), "B70-80_PI": ("BX2",)}
LINE_OF = {line: codes[0] for line, codes in PHOTO_INTERPRETED.items() if len(codes) == 1}
"""Lines of the official table and the record codes they speak of."""
MOST_READ = 64
"""Questions whose classes are kept: one is asked about several times while it is answered."""
LONGEST_PHRASE = 9
"""Words in the longest phrase looked for."""
SHORTEST_TYPO = 5
"""Letters of the shortest word a misspelling is read from; below, a letter makes another word (vine, wine, vino)."""
LONG_WORD = 8
"""From this many letters two may be wrong, below it one."""
FORM_COST = 0.1
ABROAD_COST = 0.5
TYPO_COST = 1.0
SHORTEST_FORM = 4
"""Letters of the shortest word that is read as another form of one."""
SHARE_OF_FORM = 0.5
"""Of the longer of two words their common stem must have this share of letters for them to be forms of one."""
ALIKE = 0.43
"""Likeness in meaning from which a class is offered; measured, see docs/nomenclature.md."""


@dataclass(frozen=True)
class LandClass:
    """One class of the LUCAS code book."""

    code: str
    theme: Theme
    level: int
    """1 for A00 or U100, 2 for A10 or U110, 3 for A11 or U111."""
    name: str
    """The official English name."""
    definition: str
    """In our own words."""
    source: str
    parent: str | None
    children: tuple[str, ...]
    surveys: tuple[int, ...]
    """Survey years for which the code is attested; a missing year is not a denial."""
    changes: str
    """What is known to have changed between surveys, '' where nothing is known."""
    names: Mapping[str, tuple[str, ...]]
    """Language → words, the label first."""


@dataclass(frozen=True)
class ClassMatch:
    """What words came to: the codes, and how they were found."""

    theme: Theme
    codes: tuple[str, ...]
    """As few codes as say it; parents stand for all below them (see `Nomenclature.leaves`)."""
    words: str
    """The words read, as they were written."""
    why: str
    group: str | None = None
    """Name of the everyday group, where the code book has no class of this kind."""
    score: float = 1.0
    alternatives: tuple[tuple[str, ...], ...] = ()
    """Codes of the other readings, best first."""


@dataclass(frozen=True)
class ClassMention:
    """A class named in a question: `question[start:end] == text`."""

    start: int
    end: int
    text: str
    choices: tuple[ClassMatch, ...]
    """One, or several where the words are ambiguous."""
    exact: bool
    """False where a misspelling was read."""
    cost: float = 0.0
    """What the reading costs: 0 for words as listed in the question's language, FORM_COST for another form of them,
    ABROAD_COST for a word of another language, TYPO_COST for a misspelling."""

    @property
    def match(self) -> ClassMatch:
        """The first reading."""
        return self.choices[0]

    @property
    def ambiguous(self) -> bool:
        """Whether the words have several readings of equal right."""
        return len(self.choices) > 1


@dataclass(frozen=True)
class Group:
    """A class people speak of and the code book does not have."""

    id: str
    theme: Theme
    codes: tuple[str, ...]
    explanation: str


class _Word(NamedTuple):
    """One spelling of one meaning in one language."""

    key: str
    """A code, or @group."""
    language: str
    surface: str
    """In lower case with accents."""
    primary: bool
    weak: bool
    strict: bool


@dataclass(frozen=True)
class _Token:
    start: int
    end: int
    surface: str
    norm: str


@dataclass(frozen=True)
class _Found:
    """Words found in a text: tokens `first` to `last`, and what they may mean."""

    first: int
    last: int
    readings: tuple[_Word, ...]
    exact: bool
    how: str
    cost: float = 0.0


class _Stems(NamedTuple):
    """The words of one language by what their forms have in common."""

    single: Mapping[str, tuple[str, ...]]
    """Stem → folded words."""
    phrases: Mapping[tuple[str, ...], tuple[str, ...]]
    """Stems of the words of a phrase → folded phrases."""


_TOKEN = re.compile(r"[^\W_]+")
_MARKS = re.compile(r"[\W_](?<! )")
_LETTERS = {"ł": "l", "ø": "o", "đ": "d", "œ": "oe", "æ": "ae", "ı": "i", "ð": "d", "þ": "th"}
_LETTERS |= {
    c: unicodedata.normalize("NFKD", c)[0] for c in map(chr, range(0xDF, 0x180)) if unicodedata.decomposition(c)
}
_FOLD = str.maketrans(_LETTERS)
_CODE_LIKE = re.compile(r"[a-hu]x?\d{1,3}")
_CODE = re.compile(r"(?:[a-h]|[a-h]\d0|[a-h][1-9]{2}|[a-h]\d\d|u[1-4]\d\d|bx[12]|b00_pi|b10-50_pi|b70-80_pi)")


def fold(word: str) -> str:
    """A word or phrase in lower case without accents: 'Łąki' is 'laki', 'œillet' is 'oeillet'."""
    lower = word.casefold()
    if lower.isascii():
        return lower
    lower = lower.translate(_FOLD)
    if lower.isascii():
        return lower
    return "".join(c for c in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(c))


def _tokens(text: str) -> list[_Token]:
    found = []
    for match in _TOKEN.finditer(text):
        surface = unicodedata.normalize("NFC", match.group()).casefold()
        found.append(_Token(match.start(), match.end(), surface, fold(surface)))
    return found


def spell_out(pattern: str) -> list[str]:
    """All forms of a pattern: 'vineyard{/s}' is vineyard and vineyards, 'nut{s}' only nuts."""
    if "{" not in pattern:
        return [pattern]
    parts = re.split(r"\{([^}]*)\}", pattern)
    choices = [part.split("/") if i % 2 else [part] for i, part in enumerate(parts)]
    return ["".join(combination) for combination in product(*choices)]


def _plain(phrase: str) -> str:
    return fold(_surface(phrase))


def _surface(phrase: str) -> str:
    lower = phrase.casefold()
    return " ".join(_TOKEN.findall(lower)) if _MARKS.search(lower) else " ".join(lower.split())


def _read_pairs(path: Path) -> Iterator[tuple[str, list[str]]]:
    """`key = word | word` lines; # starts a comment line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        key, _, words = line.partition("=")
        yield key.strip(), [w.strip() for w in words.split("|") if w.strip()]


def _read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@dataclass
class Nomenclature:
    """The code book with its words. `Nomenclature.load()` reads it from the bundled files."""

    classes: dict[str, LandClass]
    groups: dict[str, Group]
    labels: dict[str, dict[str, str]]
    """Language → key → label."""
    _index: dict[str, list[_Word]] = field(repr=False)
    _guards: dict[str, frozenset[str]] = field(repr=False)
    """Language → phrases that are never a class, '*' for all languages."""
    _capitals: frozenset[str] = field(repr=False)
    """Words that are a place's name when written with a capital."""
    _fillers: dict[str, frozenset[str]] = field(repr=False)
    """Language → words around a class that change nothing ('fields', 'area', 'the')."""
    _common: dict[str, frozenset[str]] = field(repr=False)
    """Language → frequent words no misspelling is read from."""
    _compounds: dict[str, tuple[str, ...]] = field(repr=False)
    """Language → word endings that a class may carry (German 'Maisfelder')."""
    _narrower: dict[str, frozenset[str]] = field(repr=False)
    """Language → beginnings of words that say a part of a class ('winter wheat')."""
    _stem_lists: dict[str, _Stems] = field(repr=False, default_factory=dict)
    """Language → its words by stem, made when first asked for."""

    @classmethod
    @cache
    def load(cls) -> Nomenclature:
        """The bundled code book; read once."""
        return _load(DATA)

    def get(self, code: str) -> LandClass:
        """The class of a code; 'A' is A00, lower case is accepted."""
        tidy = self._tidy(code)
        if tidy not in self.classes:
            raise UnknownClass(code, self._near_codes(code))
        return self.classes[tidy]

    def children(self, code: str) -> tuple[str, ...]:
        """Codes one level below."""
        return self.get(code).children

    def leaves(self, codes: str | Iterable[str]) -> tuple[str, ...]:
        """Every code a record of these classes may carry: themselves and all below, in the order of the code book."""
        wanted: set[str] = set()
        queue = [codes] if isinstance(codes, str) else list(codes)
        while queue:
            land_class = self.get(queue.pop())
            if land_class.code not in wanted:
                wanted.add(land_class.code)
                queue.extend(land_class.children)
                queue.extend(PHOTO_INTERPRETED.get(land_class.code, ()))
        return tuple(code for code in self.classes if code in wanted)

    def theme(self, codes: Sequence[str]) -> Theme:
        """Land cover or land use, by the first code."""
        return self.get(codes[0]).theme

    def label(self, codes: str | Sequence[str], language: str = "en") -> str:
        """A short noun for a sentence: 'vineyards', 'vignobles', 'Rebflächen'."""
        several = (codes,) if isinstance(codes, str) else tuple(codes)
        several = tuple(self._tidy(code) for code in several)
        recorded = frozenset(LINE_OF.get(code, code) for code in several)  # a line of the official table as recorded
        key = several[0] if len(several) == 1 else self._group_keys.get(recorded)
        if key:
            return self._label(key, language)
        names = [self._label(code, language) for code in several]
        return ", ".join(names[:-1]) + f" {_AND.get(language, 'and')} {names[-1]}"

    def is_narrower(self, words: str, codes: Sequence[str], language: str) -> bool:
        """Whether words say only a part of a class of crops or trees, which no code tells apart: 'winter wheat'."""
        parts, said = self._narrower.get(language, frozenset()), _plain(words).split()
        whole = _plain(self.label(codes, language)).split()
        own = [word for word in said if word not in whole]
        starts = any(w == p or (len(p) >= SHORTEST_FORM and w.startswith(p)) for w in own for p in parts)
        return starts and all(code[0] in "BC" for code in codes)

    def parse(self, text: str, language: str | None = None, theme: Theme | None = None) -> ClassMatch:
        """Read words as a class; raises AmbiguousClass ("did you mean …") or UnknownClass with the nearest names."""
        if code := self._as_code(text):
            land_class = self.classes[code]
            return ClassMatch(land_class.theme, (code,), text.strip(), f"the code {code} of the code book")
        if _CODE_LIKE.fullmatch(text.strip().lower()):
            raise UnknownClass(text.strip(), self._near_codes(text))
        tokens = _tokens(text[:2000])
        whole = self._whole(tokens, language)
        found = [whole] if whole else self._scan(tokens, language, everything=True)
        if found and (whole or self._rest_is_filler(tokens, found, language)):
            return self._combine(text, tokens, found, language, theme)
        if misspelt := self._misspelt_phrase(tokens, language):
            return self._combine(text, tokens, [misspelt], language, theme)
        if found:
            readings = [m for f in found for m in self._matches(text, tokens, f, theme, language)]
            self._ask(text, readings, language)
        if self._rest_is_filler(tokens, (), language):
            raise UnknownClass(text.strip()[:80], ())
        return self._by_meaning(text, language, theme)

    def mentions(self, question: str, language: str | None = None) -> list[ClassMention]:
        """Class words in a question, longest first, not overlapping, in the order they stand."""
        return list(self._found_in(question, language))

    @cached_property
    def _found_in(self) -> Callable[[str, str | None], list[ClassMention]]:
        return lru_cache(MOST_READ)(self._look_for_mentions)

    def _look_for_mentions(self, question: str, language: str | None) -> list[ClassMention]:
        tokens = _tokens(question)
        mentions = []
        scanned = self._scan(tokens, language, everything=False, question=question)
        for found in self._absorb(question, tokens, scanned):
            start, end = tokens[found.first].start, tokens[found.last].end
            choices = tuple(self._matches(question, tokens, found, None, language))
            mentions.append(ClassMention(start, end, question[start:end], choices, found.exact, found.cost))
        return mentions

    def spellings(self) -> Iterator[tuple[str, str]]:
        """Every word or phrase of every language, in lower case with accents: (language, spelling)."""
        for words in self._index.values():
            yield from ((word.language, word.surface) for word in words)

    # how words are looked up

    def _whole(self, tokens: Sequence[_Token], language: str | None) -> _Found | None:
        """The text as one known phrase."""
        if not tokens:
            return None
        readings, cost = self._readings(tokens, language, everything=True)
        return _Found(0, len(tokens) - 1, readings, True, "", cost) if readings else None

    def _scan(
        self, tokens: Sequence[_Token], language: str | None, *, everything: bool, question: str = ""
    ) -> list[_Found]:
        """Longest phrases first from the left; guarded phrases are passed over."""
        found, at = [], 0
        while at < len(tokens):
            step = None
            for size in range(min(LONGEST_PHRASE, len(tokens) - at), 0, -1):
                window = tokens[at : at + size]
                phrase = " ".join(t.norm for t in window)
                if self._guarded(phrase, language):
                    step = at + size
                    break
                if size == 1 and not everything and self._is_place(window[0], question, language):
                    break
                readings, cost = self._readings(window, language, everything=everything)
                if readings:
                    found.append(_Found(at, at + size - 1, readings, True, "", cost))
                    step = at + size
                    break
            if step is None and (typo := self._misspelt_word(tokens, at, language, question)):
                found.append(self._gone_on(typo, tokens, language))
                step = found[-1].last + 1
            at = step or at + 1
        return found

    def _gone_on(self, typo: _Found, tokens: Sequence[_Token], language: str | None) -> _Found:
        """A misspelt word with those behind it that a phrase of its class has: "olvie groves"."""
        codes = {code for w in typo.readings for code in self.leaves(self._meaning(w.key)[1])}
        for last in range(min(typo.first + LONGEST_PHRASE, len(tokens)) - 1, typo.last, -1):
            behind = " ".join(t.surface for t in tokens[typo.last + 1 : last + 1])
            for word in typo.readings:
                readings, _ = self._readings(_tokens(f"{word.surface} {behind}"), language, everything=True)
                if readings and {c for w in readings for c in self.leaves(self._meaning(w.key)[1])} <= codes:
                    return replace(typo, last=last, readings=readings)
        return typo

    def _absorb(self, question: str, tokens: Sequence[_Token], scanned: Sequence[_Found]) -> list[_Found]:
        """'Uprawy rzepaku', 'cultures de blé': the wider class beside the narrower one is only its garb."""
        kept: list[_Found] = []
        for found in scanned:
            if kept and self._same_phrase(question, tokens, kept[-1], found):
                first, second = kept[-1], found
                if self._wider(first, second):
                    kept[-1] = replace(second, first=first.first)
                    continue
                if self._wider(second, first):
                    kept[-1] = replace(first, last=second.last)
                    continue
            kept.append(found)
        return kept

    def _same_phrase(self, question: str, tokens: Sequence[_Token], one: _Found, other: _Found) -> bool:
        """Whether nothing but blanks and an 'of' stands between two."""
        between = [t.norm for t in tokens[one.last + 1 : other.first]]
        gap = question[tokens[one.last].end : tokens[other.first].start]
        if between == ["l"]:
            return False  # "en céréales l'orge": an article alone begins another
        return all(word in _OF for word in between) and not any(c in gap for c in ",;:.?!/()&")

    def _wider(self, one: _Found, other: _Found) -> bool:
        """Whether every reading of the first holds all of the second, and more."""
        small = {code for w in other.readings for code in self.leaves(self._meaning(w.key)[1])}
        return all(small < set(self.leaves(self._meaning(w.key)[1])) for w in one.readings)

    # misspellings

    def _misspelt_word(self, tokens: Sequence[_Token], at: int, language: str | None, question: str) -> _Found | None:
        """A word one or two letters away from a class word, unless it is a common word or looks like a name."""
        token = tokens[at]
        if len(token.norm) < SHORTEST_TYPO or not token.norm.isalpha():
            return None
        if any(token.norm in self._common.get(t, ()) for t in ((language, "en") if language else self._common)):
            return None
        if is_everyday(token.norm, language):
            return None
        capital = question[token.start].isupper() if question else False
        if capital and language != "de" and token.start > 0 and not question.isupper():
            return None
        if question and not language and len(token.norm) < LONG_WORD:
            return None
        far = 2 if language and len(token.norm) >= LONG_WORD and not capital else 1
        tongues = (language or "*",) if question else self._tongues(language, len(token.norm))
        return self._closest(tokens[at : at + 1], at, tongues, far, self._single_words)

    def _misspelt_phrase(self, tokens: Sequence[_Token], language: str | None) -> _Found | None:
        """The whole text as a misspelt phrase of several words."""
        phrase = " ".join(t.norm for t in tokens)
        if len(tokens) < 2 or not SHORTEST_TYPO <= len(phrase) <= 60:
            return None
        far = 2 if len(phrase) >= LONG_WORD else 1
        return self._closest(tokens, 0, self._tongues(language, len(phrase)), far, self._phrases)

    def _tongues(self, language: str | None, letters: int) -> tuple[str, ...]:
        """The word lists to search: the language's, then English; all only for long words of an unknown language."""
        if language:
            return tuple(dict.fromkeys((language, "en")))
        return ("en", "*") if letters >= LONG_WORD else ("en",)

    def _closest(
        self, tokens: Sequence[_Token], first: int, tongues: Sequence[str], far: int, lists: Mapping[str, Sequence[str]]
    ) -> _Found | None:
        """The class words nearest in spelling, where they are near enough."""
        from rapidfuzz import process
        from rapidfuzz.distance import OSA

        norm, surface = " ".join(t.norm for t in tokens), " ".join(t.surface for t in tokens)
        for tongue in tongues:
            found = process.extract(norm, lists[tongue], scorer=OSA.distance, score_cutoff=far, limit=8)
            near = [(word, distance) for word, distance, _ in found if _same_start(norm, word, int(distance))]
            best = min((distance for _, distance in near), default=0)
            words = [
                w
                for word, distance in near
                if distance == best
                for w in self._index[word]
                if not w.weak and not w.strict and tongue in ("*", w.language)
            ]
            if words:
                how = f"read {surface!r} as {words[0].surface!r}"
                return _Found(first, first + len(tokens) - 1, tuple(words), False, how, TYPO_COST * best)
        return None

    @cached_property
    def _single_words(self) -> dict[str, list[str]]:
        return self._lists(lambda phrase: " " not in phrase)

    @cached_property
    def _phrases(self) -> dict[str, list[str]]:
        return self._lists(lambda phrase: " " in phrase)

    def _lists(self, wanted: Callable[[str], bool]) -> dict[str, list[str]]:
        """Language → spellings long enough to be read from a misspelling; '*' holds all."""
        lists: dict[str, dict[str, None]] = {"*": {}} | {language: {} for language in LANGUAGES}
        for phrase, words in self._index.items():
            if len(phrase) >= SHORTEST_TYPO and wanted(phrase):
                for word in words:
                    if not word.weak and not word.strict:
                        lists[word.language][phrase] = lists["*"][phrase] = None
        return {language: list(phrases) for language, phrases in lists.items()}

    def _readings(
        self, tokens: Sequence[_Token], language: str | None, *, everything: bool
    ) -> tuple[tuple[_Word, ...], float]:
        """What a phrase may mean and what that costs: in the question's language, another form, English, another."""
        phrase = " ".join(t.norm for t in tokens)
        surface = " ".join(t.surface for t in tokens)
        words = [
            w
            for w in self._index.get(phrase, ())
            if (everything or not w.weak) and (not w.strict or w.surface == surface)
        ]
        accented = [w for w in words if w.surface == surface]
        if mine := [w for w in words if w.language == language]:
            return tuple([w for w in mine if w in accented] or mine), 0.0
        if language and (forms := self._forms(tokens, language, everything=everything)):
            return forms, FORM_COST
        if phrase not in self._index:
            return (self._compound(tokens, language) if len(tokens) == 1 else ()), FORM_COST
        everyday = language and (is_everyday(phrase, language) or phrase in self._fillers.get(language, ()))
        if everyday and len(tokens) == 1:
            return (), 0.0
        english = [w for w in words if w.language == "en"]
        if english and not (language and len(phrase) < 4 and not everything):
            return tuple([w for w in english if w in accented] or english), ABROAD_COST if language else 0.0
        if (not everything or (language is None and len(phrase) < 5)) and not self._safe_abroad(
            phrase, surface, accented
        ):
            return (), 0.0
        return tuple(accented or words), ABROAD_COST if language else 0.0

    def _forms(self, tokens: Sequence[_Token], language: str, *, everything: bool) -> tuple[_Word, ...]:
        """Words of the language that these are other forms of: 'vinicích' is vinice, 'erdőkben' erdő."""
        known = self._stems_of(language)
        if len(tokens) > 1:
            phrases = known.phrases.get(tuple(stem(t.norm, language) for t in tokens), ()) if known.phrases else ()
        else:
            norm = tokens[0].norm
            if len(norm) < SHORTEST_FORM or (not everything and is_everyday(norm, language)):
                return ()
            phrases = next((p for one in stems(norm, language) if (p := _near(norm, one, known.single))), ())
        found = (w for phrase in phrases for w in self._index[phrase])
        return tuple(w for w in found if w.language == language and not w.strict and (everything or not w.weak))

    def _stems_of(self, language: str) -> _Stems:
        if language not in self._stem_lists:
            self._stem_lists[language] = self._stem_list(language)
        return self._stem_lists[language]

    def _stem_list(self, language: str) -> _Stems:
        single: dict[str, dict[str, None]] = {}
        phrases: dict[tuple[str, ...], dict[str, None]] = {}
        if not has_endings(language):
            return _Stems({}, {})
        for phrase, words in self._index.items():
            if not any(w.language == language for w in words):
                continue
            parts = phrase.split()
            if len(parts) > 1:
                phrases.setdefault(tuple(stem(part, language) for part in parts), {})[phrase] = None
            else:
                for one in stems(phrase, language):
                    single.setdefault(one, {})[phrase] = None
        return _Stems({k: tuple(v) for k, v in single.items()}, {k: tuple(v) for k, v in phrases.items()})

    def _safe_abroad(self, phrase: str, surface: str, accented: Sequence[_Word]) -> bool:
        """Whether a word of another language than the question's may be read: long, or with its accents."""
        return len(phrase) >= 5 or (bool(accented) and not surface.isascii())

    def _compound(self, tokens: Sequence[_Token], language: str | None) -> tuple[_Word, ...]:
        """Compounds: German 'Maisfelder' is maize, Dutch 'druiventeelt' grapes, Finnish 'ohrapisteiden' barley."""
        token = tokens[0]
        for tongue in (language,) if language in self._compounds else self._compounds:
            for ending in self._compounds.get(tongue or "", ()):
                stem = token.norm.removesuffix(ending)
                if stem == token.norm or len(stem) < 3:
                    continue
                for candidate in (stem, stem.removesuffix("s"), stem + "e", stem.removesuffix("en")):
                    words = [w for w in self._index.get(candidate, ()) if w.language == tongue and not w.weak]
                    if words:
                        return tuple(words)
                if tongue and (forms := self._forms((replace(token, norm=stem),), tongue, everything=False)):
                    return forms
        return ()

    def _guarded(self, phrase: str, language: str | None) -> bool:
        if phrase in self._guards["*"]:
            return True
        if language:
            return phrase in self._guards.get(language, ())
        return any(phrase in guards for guards in self._guards.values())

    def _is_place(self, token: _Token, question: str, language: str | None) -> bool:
        """A word like 'Rye' or 'Orange' with a capital inside a sentence names a place, as does a foreign one."""
        if token.start == 0 or not question[token.start].isupper() or question.isupper():
            return False
        words = self._index.get(token.norm, ())
        if language and not any(w.language == language for w in words):
            return bool(words) or language not in self._compounds
        joined = "-" in (question[token.start - 1], question[token.end : token.end + 1])
        return language != "de" and (joined or token.norm in self._capitals)

    def _rest_is_filler(self, tokens: Sequence[_Token], found: Sequence[_Found], language: str | None) -> bool:
        covered = {i for f in found for i in range(f.first, f.last + 1)}
        rest = {t.norm for i, t in enumerate(tokens) if i not in covered}
        tongues = [language, "en"] if language else list(self._fillers)
        return all(any(word in self._fillers.get(t or "", ()) for t in tongues) for word in rest)

    # from readings to matches

    def _matches(
        self, text: str, tokens: Sequence[_Token], found: _Found, theme: Theme | None, language: str | None
    ) -> list[ClassMatch]:
        """One match, or several where the words are ambiguous."""
        words = text[tokens[found.first].start : tokens[found.last].end]
        readings = list(found.readings)
        if theme and (fitting := [w for w in readings if self._meaning(w.key)[0] == theme]):
            readings = fitting
        keys = list(dict.fromkeys(w.key for w in readings))
        if len(keys) > 1:
            first = list(dict.fromkeys(w.key for w in readings if w.primary))
            keys = first + [k for k in keys if k not in first] if len(first) == 1 else keys
            alone = len(first) == 1 or len({self._meaning(k)[1] for k in keys}) == 1
        else:
            alone = True
        matches = [self._match(words, key, found, keys, language) for key in keys]
        return matches[:1] if alone else matches

    def _match(self, words: str, key: str, found: _Found, keys: Sequence[str], language: str | None) -> ClassMatch:
        theme, codes = self._meaning(key)
        others = tuple(self._meaning(k)[1] for k in keys if k != key and self._meaning(k)[1] != codes)
        name = self._label(key, "en")
        read = words if found.exact else found.readings[0].surface
        group = key[1:] if key.startswith("@") else None
        if group:
            why = f"{read!r} is no class of the code book: {self.groups[group].explanation}"
        else:
            why = f"{read!r} is a name of {name} ({codes[0]}, {theme.replace('_', ' ')})"
        if found.how:
            why = f"{found.how}; {why}"
        if others:
            why += "; it may also be " + " or ".join(self.label(o, "en") for o in others)
        return ClassMatch(theme, codes, words, why, group, 1.0 if found.exact else 0.9, others)

    def _combine(
        self,
        text: str,
        tokens: Sequence[_Token],
        found: Sequence[_Found],
        language: str | None,
        theme: Theme | None,
    ) -> ClassMatch:
        """All classes named in the text as one match: 'wheat and barley'."""
        per_mention = [self._matches(text, tokens, f, theme, language) for f in found]
        for readings in per_mention:
            if len(readings) > 1:
                self._ask(text, readings, language)
        matches = [readings[0] for readings in per_mention]
        if len(matches) == 1:
            return matches[0]
        themes = {m.theme for m in matches}
        if len(themes) > 1:
            self._ask(text, matches, language)
        codes = tuple(dict.fromkeys(c for m in matches for c in m.codes))
        why = "; ".join(m.why for m in matches)
        return ClassMatch(matches[0].theme, codes, text.strip(), why, None, min(m.score for m in matches))

    def _ask(self, text: str, readings: Sequence[ClassMatch], language: str | None) -> None:
        """Raise the question between readings."""
        codes = list(dict.fromkeys(m.codes for m in readings))
        raise AmbiguousClass(text.strip(), [self.choice(c, language or "en") for c in codes], codes)

    def choice(self, codes: Sequence[str], language: str = "en") -> str:
        """A class as a choice to pick: its label, its codes, and cover or use."""
        theme = _THEME_WORDS.get(language, _THEME_WORDS["en"])[self.theme(codes)]
        return f"{self.label(codes, language)} ({theme}, {' '.join(codes)})"

    def _by_meaning(self, text: str, language: str | None, theme: Theme | None) -> ClassMatch:
        """The last resort: ask for the classes nearest in meaning, or refuse naming them. Never answers by itself."""
        from retrieval.embeddings import class_vectors

        words = " ".join(text.split())[:80]
        vectors = class_vectors(self) if any(c.isalpha() for c in words) else None
        if vectors is None:
            raise UnknownClass(words, ())
        near = [(key, alike) for key, alike in vectors.nearest(words) if not theme or self._meaning(key)[0] == theme]
        codes = list(dict.fromkeys(self._meaning(key)[1] for key, _ in near[:8] if not key.endswith("_PI")))[:3]
        names = [self.choice(c, language or "en") for c in codes]
        if near[0][1] >= ALIKE:
            raise AmbiguousClass(words, names, codes)
        raise UnknownClass(words, names)

    # small things

    def _meaning(self, key: str) -> tuple[Theme, tuple[str, ...]]:
        if key.startswith("@"):
            group = self.groups[key[1:]]
            return group.theme, group.codes
        return self.classes[key].theme, (key,)

    def _label(self, key: str, language: str) -> str:
        own = self.labels.get(language, {})
        return own.get(key) or self.labels["en"].get(key) or self.classes[key].name

    @cached_property
    def _group_keys(self) -> dict[frozenset[str], str]:
        return {frozenset(g.codes): f"@{g.id}" for g in self.groups.values()}

    def _tidy(self, code: str) -> str:
        upper = code.strip().upper()
        return f"{upper}00" if len(upper) == 1 and upper in "ABCDEFGH" else upper

    def _as_code(self, text: str) -> str | None:
        """'B82', 'b82', 'BX1', 'A' (a lone capital), 'U111'."""
        stripped = text.strip()
        if not _CODE.fullmatch(stripped.lower()) or (len(stripped) == 1 and stripped.islower()):
            return None
        tidy = self._tidy(stripped)
        return tidy if tidy in self.classes else None

    def _near_codes(self, code: str) -> list[str]:
        tidy = self._tidy(code)
        near = [c for c in self.classes if c[:2] == tidy[:2]] or [c for c in self.classes if c[:1] == tidy[:1]]
        return [f"{c} {self.classes[c].name}" for c in near][:5]


_OF_WORDS = "of de du des d l la le les el los las del di dei degli delle della dell do da dos das van von the o"
_OF = frozenset(_OF_WORDS.split())


def _near(norm: str, common: str, single: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The words of a stem that are about as long as a word, those nearest in length first."""
    found = [word for word in single.get(common, ()) if len(common) >= SHARE_OF_FORM * max(len(word), len(norm))]
    best = min((abs(len(word) - len(norm)) for word in found), default=0)
    return tuple(word for word in found if abs(len(word) - len(norm)) == best)


def _same_start(norm: str, word: str, distance: int) -> bool:
    """First letters are seldom wrong: 'wineyard' may pass, two wrong letters with another first one may not."""
    return norm[0] == word[0] or (distance == 1 and len(norm) >= 7)


_AND = {
    "en": "and", "fr": "et", "de": "und", "es": "y", "it": "e", "pt": "e", "nl": "en", "pl": "i", "bg": "и", "cs": "a",
    "da": "og", "el": "και", "et": "ja", "fi": "ja", "ga": "agus", "hr": "i", "hu": "és", "lt": "ir", "lv": "un",
    "mt": "u", "ro": "și", "sk": "a", "sl": "in", "sv": "och",
}  # fmt: skip
_THEME_WORDS: dict[str, dict[Theme, str]] = {
    "en": {"land_cover": "land cover", "land_use": "land use"},
    "fr": {"land_cover": "couverture du sol", "land_use": "usage du sol"},
    "de": {"land_cover": "Bodenbedeckung", "land_use": "Bodennutzung"},
    "es": {"land_cover": "cobertura del suelo", "land_use": "uso del suelo"},
    "it": {"land_cover": "copertura del suolo", "land_use": "uso del suolo"},
    "pt": {"land_cover": "ocupação do solo", "land_use": "uso do solo"},
    "nl": {"land_cover": "bodembedekking", "land_use": "bodemgebruik"},
    "pl": {"land_cover": "pokrycie terenu", "land_use": "użytkowanie terenu"},
    "bg": {"land_cover": "земно покритие", "land_use": "земеползване"},
    "cs": {"land_cover": "krajinný pokryv", "land_use": "využití půdy"},
    "da": {"land_cover": "arealdække", "land_use": "arealanvendelse"},
    "el": {"land_cover": "κάλυψη γης", "land_use": "χρήση γης"},
    "et": {"land_cover": "maakate", "land_use": "maakasutus"},
    "fi": {"land_cover": "maanpeite", "land_use": "maankäyttö"},
    "ga": {"land_cover": "clúdach talún", "land_use": "úsáid talún"},
    "hr": {"land_cover": "zemljišni pokrov", "land_use": "korištenje zemljišta"},
    "hu": {"land_cover": "felszínborítás", "land_use": "földhasználat"},
    "lt": {"land_cover": "žemės danga", "land_use": "žemėnauda"},
    "lv": {"land_cover": "zemes segums", "land_use": "zemes izmantošana"},
    "mt": {"land_cover": "kopertura tal-art", "land_use": "użu tal-art"},
    "ro": {"land_cover": "acoperirea terenului", "land_use": "utilizarea terenului"},
    "sk": {"land_cover": "krajinná pokrývka", "land_use": "využitie pôdy"},
    "sl": {"land_cover": "pokrovnost tal", "land_use": "raba tal"},
    "sv": {"land_cover": "marktäcke", "land_use": "markanvändning"},
}


def parse_class(text: str, language: Language | None = None, theme: Theme | None = None) -> ClassMatch:
    """`Nomenclature.parse` of the bundled code book."""
    return Nomenclature.load().parse(text, language, theme)


def _load(folder: Path) -> Nomenclature:
    rows = _read_csv(folder / "codes.csv")
    groups = {
        row["group"]: Group(row["group"], row["theme"], tuple(row["codes"].split()), row["explanation"])  # ty: ignore[invalid-argument-type]
        for row in _read_csv(folder / "groups.csv")
    }
    words: dict[str, dict[str, list[str]]] = {
        lang: dict(_read_pairs(p)) for lang in LANGUAGES if (p := folder / "words" / f"{lang}.txt").exists()
    }
    classes = {row["code"]: _land_class(row, rows, words) for row in rows}
    index = _build_index(rows, words)
    labels: dict[str, dict[str, str]] = {
        lang: {key: names[0] for key, names in table.items()} for lang, table in words.items()
    }
    for table in labels.values():
        for key, label in table.items():
            table[key] = label.lstrip("!~^")
    lists = {
        name: _word_lists(folder / f"{name}.txt") for name in ("guards", "fillers", "common", "compounds", "narrower")
    }
    return Nomenclature(
        classes,
        groups,
        labels,
        index,
        {"*": frozenset()} | lists["guards"],
        lists["guards"].get("capital", frozenset()),
        lists["fillers"],
        lists["common"],
        {k: tuple(sorted(v, key=len, reverse=True)) for k, v in lists["compounds"].items()},
        lists["narrower"],
    )


def _word_lists(path: Path) -> dict[str, frozenset[str]]:
    lists: dict[str, frozenset[str]] = {}
    for key, words in _read_pairs(path):
        forms = frozenset(_plain(form) for word in words for form in spell_out(word))
        lists[key] = lists.get(key, frozenset()) | forms
    return lists


def _land_class(row: dict[str, str], rows: Sequence[dict[str, str]], words: Mapping) -> LandClass:
    code = row["code"]
    children = tuple(r["code"] for r in rows if r["parent"] == code and not r["code"].endswith("_PI"))
    level = 1 if not row["parent"] else (2 if code.endswith("0") or "_PI" in code else 3)
    return LandClass(
        code,
        "land_use" if code.startswith("U") else "land_cover",
        level,
        row["name"],
        row["definition"],
        row.get("source", ""),
        row["parent"] or None,
        children,
        tuple(int(y) for y in row.get("surveys", "").split()),
        row.get("changes", ""),
        {lang: tuple(w.lstrip("!~^") for w in table[code]) for lang, table in words.items() if code in table},
    )


def _build_index(rows: Sequence[dict[str, str]], words: Mapping[str, Mapping[str, list[str]]]) -> dict:
    spellings: dict[tuple[str, str, str], tuple[bool, bool, bool]] = {}
    for language, table in words.items():
        for key, patterns in table.items():
            for pattern in patterns:
                bare = pattern.lstrip("!~^")
                marks = pattern[: len(pattern) - len(bare)]
                flags = ("!" in marks, "~" in marks, "^" in marks)
                for form in spell_out(bare):
                    entry = (key, language, _surface(form))
                    spellings[entry] = _stronger(flags, spellings.get(entry))
    for row in rows:
        spellings.setdefault((row["code"], "en", _surface(row["name"])), (True, False, False))
    index: dict[str, list[_Word]] = {}
    for (key, language, surface), flags in spellings.items():
        index.setdefault(fold(surface), []).append(_Word(key, language, surface, *flags))
    return index


def _stronger(flags: tuple[bool, bool, bool], others: tuple[bool, bool, bool] | None) -> tuple[bool, bool, bool]:
    """The marks of a spelling entered twice: each mark holds if either entry has it."""
    if others is None:
        return flags
    return flags[0] or others[0], flags[1] or others[1], flags[2] or others[2]
