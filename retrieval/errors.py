"""Everything that can go wrong with a question, a file or a store. Does not print or exit.

LandaskError
├── DataError                 the data cannot answer: a refusal, with the reason and the way out
│   ├── UnknownRegion         no region source knows this name
│   ├── UnknownClass          no LUCAS class goes by these words
│   ├── OutOfCoverage         the place or the topic lies outside what the survey covers
│   ├── NoSuchYear            no survey in this year; names the nearest ones
│   ├── NotPublished          the official table has no figure for this class and region
│   ├── TooFine               the place is smaller than the data can speak of; offers the containing region
│   ├── NoRecords             the store holds nothing of this kind (no pixels, no such point)
│   ├── NotUnderstood         no plan can be made; says what was understood and what can be asked
│   └── Declined              whoever planned says why these data do not answer it
├── Ambiguous                 several things fit: a question with choices
│   ├── AmbiguousRegion
│   ├── AmbiguousClass
│   └── AskedBackInWords      whoever planned asks, in words of its own, what was meant
├── InputError                a file, an option or a value the caller gave is wrong: exit code 2
│   ├── BadFile               unreadable, of the wrong form, or with rows that fail a check
│   ├── BadGeometry           empty, self-crossing beyond repair, over the antimeridian, too large
│   └── BadArgument           an option or a tool argument outside its domain
├── StoreError                the store is missing, locked by another build, or of another version
├── QueryLimit                a query ran over its time or memory limit
└── SourceError               a remote source failed, or its form changed
"""

from __future__ import annotations

from collections.abc import Sequence


class LandaskError(Exception):
    """The root: its message is one line a person can act on, and holds no path of this machine but the caller's own."""


class DataError(LandaskError):
    """The data cannot answer this; the answer's status is `refused`."""


class UnknownRegion(DataError):
    """No region source knows this name."""

    def __init__(self, name: str, close: Sequence[str] = ()) -> None:
        super().__init__(f"no region named {name!r}; close names: {', '.join(close) or 'none'}")
        self.name, self.close = name, tuple(close)


class UnknownClass(DataError):
    """No LUCAS class goes by these words."""

    def __init__(self, words: str, nearest: Sequence[str] = ()) -> None:
        super().__init__(f"no land cover or land use class {words!r}; nearest: {', '.join(nearest) or 'none'}")
        self.words, self.nearest = words, tuple(nearest)


class OutOfCoverage(DataError):
    """The place or the topic lies outside what the data covers."""

    def __init__(self, what: str, covered: str) -> None:
        super().__init__(f"{what} is outside the data, which covers {covered}")
        self.what, self.covered = what, covered


class NoSuchYear(DataError):
    """No survey in this year. Nothing is interpolated."""

    def __init__(self, year: int, years: Sequence[int]) -> None:
        near = sorted(sorted(years, key=lambda y: abs(y - year))[:2])
        super().__init__(f"no survey in {year}; nearest survey years: {', '.join(map(str, near)) or 'none'}")
        self.year, self.years, self.near = year, tuple(sorted(years)), tuple(near)


class NotPublished(DataError):
    """The official table has no figure here: not the same as zero."""

    def __init__(self, land_cover: str, region: str, year: int | None, instead: Sequence[str] = ()) -> None:
        when = f" in {year}" if year else ""
        offer = f"; published instead: {', '.join(instead)}" if instead else ""
        super().__init__(f"no figure is published for {land_cover} in {region}{when}{offer}")
        self.land_cover, self.region, self.year, self.instead = land_cover, region, year, tuple(instead)


class TooFine(DataError):
    """The place is smaller than the data can speak of."""

    def __init__(self, region: str, containing: Sequence[str], reason: str) -> None:
        super().__init__(f"{region} is too small: {reason}; containing region: {', '.join(containing) or 'none'}")
        self.region, self.containing, self.reason = region, tuple(containing), reason


class NoRecords(DataError):
    """The store holds nothing of this kind. `reason` and `slots` are what `agent/render.py` words per language."""

    def __init__(self, what: str, way_out: str, reason: str = "", **slots: object) -> None:
        super().__init__(f"no {what}: {way_out}")
        self.what, self.way_out, self.reason, self.slots = what, way_out, reason, slots


class NotUnderstood(DataError):
    """No plan can be made of these words."""

    def __init__(self, understood: Sequence[str], reason: str) -> None:
        super().__init__(f"{reason}; understood: {', '.join(understood) or 'nothing'}")
        self.understood, self.reason = tuple(understood), reason


class Declined(DataError):
    """Whoever planned says that these data do not answer the question: a reason of a closed list, and why in words."""

    def __init__(self, reason: str, words: str) -> None:
        super().__init__(words)
        self.reason, self.words = reason, words


class Ambiguous(LandaskError):
    """Several things fit; the answer's status is `clarify` and `choices` are its choices."""

    def __init__(self, words: str, choices: Sequence[str], message: str) -> None:
        super().__init__(message)
        self.words, self.choices = words, tuple(choices)


class AmbiguousRegion(Ambiguous):
    """Several regions go by this name. `ids` stand in the order of `choices`."""

    def __init__(self, name: str, choices: Sequence[str], ids: Sequence[str]) -> None:
        super().__init__(name, choices, f"{name!r} may be {' or '.join(choices)}")
        self.ids = tuple(ids)


class AmbiguousClass(Ambiguous):
    """Several classes fit these words. `codes` stand in the order of `choices`, each a tuple of LUCAS codes."""

    def __init__(self, words: str, choices: Sequence[str], codes: Sequence[tuple[str, ...]]) -> None:
        super().__init__(words, choices, f"{words!r} may be {' or '.join(choices)}")
        self.codes = tuple(codes)


class AmbiguousSource(Ambiguous):
    """Land deals as well as land cover fit these words. `sources` stand in the order of `choices`."""

    def __init__(self, words: str, choices: Sequence[str], sources: Sequence[str]) -> None:
        super().__init__(words, choices, f"{words!r} may be {' or '.join(choices)}")
        self.sources = tuple(sources)


class AskedBackInWords(Ambiguous):
    """Whoever planned asks, in words of its own, what was meant; a choice is another question."""

    def __init__(self, question: str, choices: Sequence[str]) -> None:
        super().__init__(question, choices, question)


class InputError(LandaskError):
    """What the caller gave is wrong: one line on stderr, exit code 2."""


class BadFile(InputError):
    """A file that cannot be read, has the wrong form, or whose rows fail a check."""


class BadGeometry(InputError):
    """A geometry that cannot serve as a region."""


class BadArgument(InputError):
    """An option or a tool argument outside its domain."""


class NothingFound(BadArgument):
    """A step goes on with what an earlier one found, and that found nothing."""


class StoreError(LandaskError):
    """The store is missing, locked by another build, or made by another version."""


class QueryLimit(LandaskError):
    """A query ran over its time or memory limit."""


class SourceError(LandaskError):
    """A remote source failed, or its form changed."""
