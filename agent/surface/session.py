"""One conversation with the tools: results by number, what was told so far, how it ended. Chooses nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

from agent.surface.digest import digest_of
from agent.surface.grounds import Grounds
from agent.surface.lookups import find_classes, find_places, what_exists
from agent.surface.tools import FINAL, REASONS, by_name
from retrieval.errors import BadArgument, LandaskError
from retrieval.foreign import plain_fault
from retrieval.query import Query, Ref
from retrieval.sources import source_of
from tools.classify_area import classify_area
from tools.context import Context
from tools.explain_point import explain_point
from tools.query import answer as answered
from tools.query import filled
from tools.result import Result
from tools.survey_verbs import nearest_records

LONGEST_WORDS = 300
"""Characters of a question asked back or of a refusal's reason."""
MOST_CHOICES = 8


@dataclass(frozen=True)
class AskedBack:
    """It ended in a question."""

    question: str
    choices: tuple[str, ...]


@dataclass(frozen=True)
class Refusal:
    """It ended in a refusal."""

    reason: str
    words: str


@dataclass(frozen=True)
class Chosen:
    """It ended in some results, the leading one first."""

    results: tuple[Result, ...]
    left_out: tuple[str, ...] = ()
    """Words of the question that none of them speaks of, though that was told."""


Outcome = AskedBack | Refusal | Chosen


@dataclass(frozen=True)
class Reply:
    """What a call came to: the text that is told, and the result behind it."""

    text: str
    result: Result | None = None


@dataclass
class Session:
    """One conversation with the tools."""

    context: Context
    grounds: Grounds | None = field(default_factory=Grounds)
    """None for an outside client, which may bring ids and numbers of its own."""
    missing: Callable[[Sequence[Result]], list[str]] = lambda results: []
    """Words of the question that some results say nothing of."""
    results: list[Result] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    outcome: Outcome | None = None
    warned: bool = False
    on_result: Callable[[str, Result, float], None] = lambda name, result, seconds: None

    def call(self, name: str, arguments: Any) -> str:
        """Call a tool and return what is told of it; what is wrong with the call is told too, as `error: …`."""
        try:
            text = self.do(name, arguments).text
        except LandaskError as error:
            text = f"error: {error}"
        if self.grounds:
            self.grounds.told(text)
        return text

    def do(self, name: str, arguments: Any) -> Reply:
        """Call a tool.

        Raises:
            LandaskError: it cannot be called so, or the data does not answer it.
        """
        specs = by_name(self.context)
        if name not in specs:
            raise BadArgument(f"no tool {str(name)[:40]!r}; there are {', '.join(specs)}")
        if not isinstance(arguments, Mapping):
            raise BadArgument(f"the arguments of {name} are an object")
        if fault := plain_fault(arguments):
            raise BadArgument(f"the arguments {fault}")
        known = specs[name].parameters["properties"]
        given = {k: v for k, v in arguments.items() if v not in (None, "", [], {})}
        if unknown := [k for k in given if k not in known]:
            raise BadArgument(f"{name} has no {unknown[0]!r}; it has {', '.join(known)}")
        if lacking := [k for k in specs[name].parameters.get("required", ()) if k not in given]:
            raise BadArgument(f"{name} needs {lacking[0]!r}")
        return getattr(self, f"_{name}")(**{k if k != "from" else "from_": v for k, v in given.items()})

    # --- look-ups ---

    def _find_places(self, text: str = "", level: str = "", within: str = "") -> Reply:
        return Reply(find_places(self.context, words(text, "text"), words(level, "level"), words(within, "within")))

    def _find_classes(self, text: str) -> Reply:
        return Reply(find_classes(self.context, words(text, "text")))

    def _what_exists(self, source: str = "") -> Reply:
        return Reply(what_exists(self.context, words(source, "source")))

    # --- results ---

    def _query(self, **given: Any) -> Reply:
        return self._asked(Query.from_json(given))

    def _points(self, where: Any, changed: Any = None, limit: Any = None) -> Reply:
        source, filters = "survey", list(where) if isinstance(where, list) else where
        if changed is not None:
            if not isinstance(changed, Mapping) or {*changed} != {"from", "to"}:
                raise BadArgument('changed is {"from": year, "to": year}')
            source = "revisits"
            ends = (("year_from", changed["from"]), ("year_to", changed["to"]))
            filters = [*filters, *({"dimension": d, "values": [v]} for d, v in ends)]
            filters.append({"dimension": "changed", "values": ["changed"]})
        asked: dict[str, Any] = {"source": source, "where": filters, "rows": [{"dimension": "point"}]}
        if limit is not None:
            asked |= {"limit": limit, "order": [{"column": "point_id", "way": "fewest"}]}
        return self._asked(Query.from_json(asked))

    def _transitions(self, level: str = "1", regions: Any = (), **given: Any) -> Reply:
        where = [{"dimension": "region", "values": list(regions)}] if regions else []
        years = dict(zip(("year_from", "year_to"), ends_of(self.context), strict=True))
        for name in ("year_from", "year_to"):
            where.append({"dimension": name, "values": [given.get(name, years[name])]})
        for name in ("land_cover_from", "land_cover_to"):
            where += [{"dimension": name, "values": given[name]}] if name in given else []
        rows = [{"dimension": f"land_cover_{end}", "level": level} for end in ("from", "to")]
        columns = [{"name": "points", "measure": "points"}]
        asked = {
            "source": "revisits",
            "columns": columns,
            "where": where,
            "rows": rows,
            "order": [{"column": "points"}],
        }
        return self._asked(Query.from_json(asked), known=tuple(years.values()))

    def _nearest(self, lon: Any, lat: Any, year: Any = None, **given: Any) -> Reply:
        self._need("number", lon, lat, *([given["limit"]] if "limit" in given else []))
        self._need("year", *([year] if year is not None else []))
        self._need("class", *given.get("land_cover", ()), *given.get("land_use", ()))
        years = (year,) if year is not None else ()
        return self._kept("nearest_records", nearest_records, {"lon": lon, "lat": lat, **given, "years": years})

    def _classify(self, regions: Any, **given: Any) -> Reply:
        self._need("place", *regions)
        self._need("class", *given.get("land_cover", ()))
        self._need("year", *([given["year"]] if "year" in given else []))
        return self._kept("classify_area", classify_area, {"regions": list(regions), **given})

    def _explain_point(self, point_id: Any) -> Reply:
        if self.grounds and str(point_id).lower() not in self.grounds.words:
            self.grounds.need_id(point_id, "point")
        return self._kept("explain_point", explain_point, {"point_id": str(point_id)})

    def _asked(self, asked: Query, known: tuple[int, ...] = ()) -> Reply:
        if self.grounds:
            self.grounds.numbers |= set(map(float, known))
            self.grounds.need_query(asked)
        whole = filled(asked, self.results)
        need_years(whole, self.context)
        return self._kept("query", lambda context, **_: answered(whole, context), {})

    def _kept(self, name: str, function: Callable[..., Result], arguments: Mapping[str, Any]) -> Reply:
        began = perf_counter()
        try:
            result = function(self.context, **arguments)
        except TypeError as error:
            raise BadArgument(f"{name} cannot be called so: {error}") from error
        taken = perf_counter() - began
        self.results.append(result)
        self.seconds.append(taken)
        self.on_result(name, result, taken)
        return Reply(digest_of(f"res{len(self.results)}", result), result)

    def _need(self, kind: str, *values: Any) -> None:
        for value in values if self.grounds else ():
            assert self.grounds
            self.grounds.need_id(value, kind) if kind in ("place", "class") else self.grounds.need_number(value, kind)

    # --- the end ---

    def _ask_back(self, question: str, choices: Any) -> Reply:
        named = tuple(words(c, "a choice") for c in choices[:MOST_CHOICES]) if isinstance(choices, list) else ()
        if len(named) < 2:
            raise BadArgument("ask_back needs two choices or more")
        self.outcome = AskedBack(words(question, "question"), named)
        return Reply("asked")

    def _refuse(self, reason: str, words: str) -> Reply:
        if reason not in REASONS:
            raise BadArgument(f"no reason {str(reason)[:40]!r}; there are {', '.join(REASONS)}")
        self.outcome = Refusal(reason, plain(words))
        return Reply("refused")

    def _answer(self, results: Any, lead: Any = None) -> Reply:
        numbers = results if isinstance(results, list) else [results]
        unknown = [
            n for n in numbers if isinstance(n, bool) or not isinstance(n, int) or not 1 <= n <= len(self.results)
        ]
        if unknown or not numbers:
            raise BadArgument(f"there is no result {unknown[:1]}; there are 1 to {len(self.results)}")
        taken = [self.results[n - 1] for n in dict.fromkeys(numbers)]
        if lead is not None:
            taken[0] = self._led(taken[0], lead)
        gaps = self.missing(taken)
        if gaps and not self.warned:
            self.warned = True
            return Reply(f"not in these results: {', '.join(gaps)}. Mend them, refuse, or answer again to leave it out")
        self.outcome = Chosen(tuple(taken), tuple(gaps))
        return Reply("answered")

    def _led(self, result: Result, lead: Any) -> Result:
        """Return a result about one of its rows, and with one of its columns as the headline."""
        if not isinstance(lead, Mapping) or result.tool != "query":
            raise BadArgument("lead is {row, column} of a query's result")
        asked = Query.from_json(result.arguments)
        keys = [key for g in asked.rows for key in (f"{g.dimension}_id", g.dimension) if key in columns_of(result)]
        if (row := lead.get("row")) not in (None, ""):
            told = [str(r[key]) for r in (result.table.dicts() if result.table else ()) for key in keys[:1]]
            if str(row) not in told:
                raise BadArgument(f"no row {str(row)[:60]!r}; row is a text, one of {', '.join(told[:MOST_CHOICES])}")
            asked = replace(asked, lead=str(row))
        column = str(lead.get("column") or "")
        if column and column not in keys and asked.headline and column != asked.headline.name:
            asked.column(column)  # it exists
            if asked.fold:
                raise BadArgument(f"the headline is {asked.fold.op}: a query without fold has the column {column}")
            asked = by_column(asked, column)
        return answered(asked, self.context)


def columns_of(result: Result) -> Sequence[str]:
    """Return the names of a result's columns."""
    return result.table.columns if result.table else ()


def by_column(asked: Query, name: str) -> Query:
    """Return a query whose headline is one of its columns: sorted by it where it is sorted, else with it at that end.

    Raises:
        BadArgument: it cannot be that without changing the rows, or is what a computed column is made of.
    """
    if asked.order and asked.limit:
        raise BadArgument(f"the first {asked.limit} are those by {asked.order[0].column}: ask anew, sorted by {name}")
    if asked.order:
        return replace(asked, order=(replace(asked.order[0], column=name),))
    made = [c.expression for c in asked.columns if c.expression]
    if not made:
        return replace(asked, columns=tuple(sorted(asked.columns, key=lambda c: c.name != name)))
    if asked.column(name).measure or any(name in (e.left, e.right) for e in made):
        raise BadArgument(f"the headline is what was computed last: sort by {name} to make it that")
    return replace(asked, columns=tuple(sorted(asked.columns, key=lambda c: c.name == name)))


def need_years(asked: Query, context: Context) -> None:
    """See that a source has one of the years asked for: no row of a year that is not there is no figure of it.

    Raises:
        BadArgument: it has none of them; the message names those it has.
    """
    source = source_of(asked.source)
    if source.dataset not in ("survey", "statistics"):
        return
    there = {y for d in context.store.datasets() if d.kind == source.dataset for y in d.years}
    dated = {d.name for d in source.dimensions.values() if d.kind == "year"}
    for one in asked.every_filter:
        if one.dimension not in dated or one.op != "in" or isinstance(one.values, Ref) or there & {*one.values}:
            continue
        told = ", ".join(map(str, sorted(there)))
        raise BadArgument(f"{source.name} has no {', '.join(map(str, one.values))}; its years are {told}")


def ends_of(context: Context) -> tuple[int, int]:
    """Return the first and the last year of the survey."""
    years = context.store.years()
    if len(years) < 2:
        raise BadArgument("the survey of this store has one year only: nothing was visited twice")
    return years[0], years[-1]


def words(value: Any, name: str) -> str:
    """Return a short text.

    Raises:
        BadArgument: it is none.
    """
    if not isinstance(value, str) or len(value) > LONGEST_WORDS:
        raise BadArgument(f"{name} is a text of at most {LONGEST_WORDS} characters")
    return plain(value)


def plain(value: Any) -> str:
    """Return a model's words on one line, short, without marks that a page would read as more than words."""
    kept = "".join(c if c.isprintable() and c not in "<>`|[]" else " " for c in str(value))
    return " ".join(kept.split())[:LONGEST_WORDS]


__all__ = ["FINAL", "AskedBack", "Chosen", "Outcome", "Refusal", "Reply", "Session"]
