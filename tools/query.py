"""Runs one typed query and returns its table as a result. Does not choose what to ask and does not word it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from retrieval.catalog import is_representative
from retrieval.errors import BadArgument, NoRecords, NothingFound, TooFine
from retrieval.query import Column, Query, Ref
from retrieval.sources import Measure, Source, source_of, unit_of
from retrieval.types import Dataset, Region, Table
from tools import composition, uncertainty
from tools.compile import Compiled, compile_query, is_of_points
from tools.context import Context
from tools.estimation import LEVEL, least_detectable
from tools.official_caveats import names
from tools.result import Caveat, Provenance, Result, Told
from tools.survey import point_features, point_name

MOST_OUTLINES = 400
"""Regions drawn at most: more than any level but NUTS 3 holds."""


def query(
    context: Context,
    *,
    source: str,
    columns: Sequence[Any] = (),
    where: Sequence[Any] = (),
    rows: Sequence[Any] = (),
    having: Sequence[Any] = (),
    order: Sequence[Any] = (),
    limit: int | None = None,
    fold: Any = None,
    lead: str = "",
) -> Result:
    """Ask one source for one table: any measure, filtered, grouped, compared, sorted and limited.

    Use for everything that a table of the data can say. `source`: survey (LUCAS points: counts and elevations, never
    areas), revisits (points visited in two years: from what to what), published (Eurostat's shares and areas, by year),
    estimates (areas that are not published, by use, elevation or class, from survey points; with intervals, one year),
    predictions (cells of a classifier's map that was added to the store; counts cells, never areas).
    A column is a measure with filters of its own, or an expression of columns before it (difference, ratio, percent,
    sum, part). Returns the rows with the regions and classes they are about; units stand in the result.
    """
    given = {"source": source, "columns": columns, "where": where, "rows": rows, "having": having, "order": order}
    asked = Query.from_json({**given, "limit": limit, "fold": fold, "lead": lead})
    return answer(asked, context)


def answer(asked: Query, context: Context) -> Result:
    """Return the result of a query.

    Raises:
        BadArgument: it names something that does not exist, or adds up what must not be.
        DataError: a value is unknown, not recorded or not published.
    """
    by_change = asked.order and asked.order[0].column in changes_of(asked)
    compiled = compile_query(replace(asked, limit=None) if by_change else asked, context)
    compiled, source = replace(compiled, query=asked), compiled.source
    if not source.comparable and any(years_apart(column, asked) for column in asked.columns):
        raise NoRecords(f"a change of {source.name}", "Ask for one year", "estimates_no_change")
    if source.comes_by and not datasets_of(source, asked, context):
        raise NoRecords(f"{source.name} in this store", source.comes_by, "no_map")
    found = context.store.run(compiled.sql, compiled.parameters)
    found, changed = without_broken(compiled, found, context)
    shown = _Shown(compiled, found, context)
    refuse_too_few(compiled, found, context)
    table, facts = shown.table(), shown.facts()
    return Result(
        tool="query",
        arguments=asked.to_json(),
        provenance=Provenance.of(datasets_of(source, asked, context), found),
        regions=shown.regions(),
        land_cover=shown.codes("land_cover"),
        land_use=shown.codes("land_use"),
        years=shown.years(),
        value=shown.value(),
        unit=shown.unit(),
        interval=shown.interval(),
        level=shown.level(),
        table=table,
        features=shown.features(table),
        facts=facts,
        caveats=(*caveats(compiled, found, context), *changed),
        told=(Told(asked, list(table.dicts()), facts),),
    )


def table_of(asked: Query, context: Context) -> Table:
    """Return the table of a query alone, with names beside ids and codes.

    Raises:
        BadArgument, DataError: as `answer`.
    """
    compiled = compile_query(asked, context)
    return _Shown(compiled, context.store.run(compiled.sql, compiled.parameters), context).table()


NUTS0_OR_2 = re.compile(r"country:\w+|nuts:\w{4}")
LIES_IN = ("nuts2", "country")
MOST_PLACED = 10
"""Points of which it is told where each lies."""


class _Shown:
    """The parts of a result, read off one query and its rows."""

    def __init__(self, compiled: Compiled, found: Table, context: Context) -> None:
        self.query, self.source, self.context = compiled.query, compiled.source, context
        self.errors = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
        self.found = without_errors(found, compiled.query)
        self.rows = [dict(zip(self.found.columns, row, strict=True)) for row in self.found.rows]
        self.of_points = is_of_points(self.query)
        self.head = self.query.headline

    # --- what it is about ---

    def regions(self) -> tuple[Region, ...]:
        """The regions of the rows, else those asked about."""
        places = {d.name for d in self.source.dimensions.values() if d.kind == "place"}
        ids: list[str] = []
        for group in self.query.rows:
            if group.dimension in places and not self.query.fold:
                ids += [id for row in self.rows for id in str(row[group.dimension]).split("+")]
        ids = ids or [str(v) for f in self._filters(*places) if f.op == "in" for v in f.listed]
        return tuple(self.context.named(id) for id in dict.fromkeys(ids))

    def codes(self, theme: str) -> tuple[str, ...]:
        """The codes of a theme: asked about, or named by the rows."""
        names = [d.name for d in self.source.dimensions.values() if d.kind == "class" and d.name.startswith(theme)]
        asked = [str(v) for f in self._filters(*names) if f.op == "in" for v in f.listed]
        rows = [str(row[g.dimension]) for g in self.query.rows if g.dimension in names and not self.query.fold
                for row in self.rows]  # fmt: skip
        return tuple(dict.fromkeys([*asked, *(c for member in rows for c in member.split("+"))]))

    def years(self) -> tuple[int, ...]:
        """The years asked about or split by."""
        names = [d.name for d in self.source.dimensions.values() if d.kind == "year"]
        asked = [int(v) for f in self._filters(*names) if f.op == "in" for v in f.listed]
        rows = [int(row[g.dimension]) for g in self.query.rows if g.dimension in names and not self.query.fold
                for row in self.rows]  # fmt: skip
        return tuple(sorted({*asked, *rows}))

    def _filters(self, *dimensions: str) -> list[Any]:
        return [f for f in self.query.every_filter if f.dimension in dimensions]

    # --- the headline ---

    def lead_row(self) -> Mapping[str, Any] | None:
        """The row the answer is about: that of the lead, the only one, or the first of a ranking."""
        if self.query.lead:
            keys = [g.dimension for g in self.query.rows]
            return next((row for row in self.rows if any(str(row[k]) == self.query.lead for k in keys)), None)
        if len(self.rows) == 1 or (self.rows and self.query.order):
            return self.rows[0]
        return None

    def value(self) -> Any:
        """The number the answer leads with, None where no single one does."""
        if self.query.fold:
            return self.rows[0][self.query.fold.op] if self.rows else None
        if self.of_points and not self.query.order:
            return self.rows[0]["found"] if self.rows else 0
        row = self.lead_row()
        if self.of_points:
            return row[self.query.order[0].column] if row else None
        return row[self.head.name] if row and self.head else None

    def unit(self) -> str | None:
        """The unit of that number."""
        if self.query.fold and self.query.fold.op == "count":
            return "rows"
        if self.of_points:
            name = self.query.order[0].column if self.query.order else ""
            of = self.source.dimensions.get(name)
            return "km" if name == "km" else of.unit if of else "points"
        return unit_of(self.head, self.query) if self.head else None

    def _measure(self) -> Measure | None:
        return self.source.measures[self.head.measure] if self.head and self.head.measure else None

    def interval(self) -> tuple[float, float] | None:
        """The ends of the leading number's interval, where its measure has one."""
        row = self.lead_row()
        if not row or self.query.fold or not self.head:
            return None
        low, high = row.get(f"{self.head.name}_low"), row.get(f"{self.head.name}_high")
        return None if low is None or high is None else (low, high)

    def level(self) -> float | None:
        """The confidence level of that interval."""
        if not self.interval():
            return None
        measure = self._measure()
        return measure.level if measure else LEVEL

    def uncertainty(self) -> dict[str, Any] | None:
        """What is known of the leading number's error, where its source has any."""
        row = self.lead_row()
        if not row or not self.head or self.query.fold or f"{self.head.name}_low" not in row:
            return None
        at = next(i for i, each in enumerate(self.rows) if each is row)
        value, se = row[self.head.name], self.errors[at].get(f"{self.head.name}_se")
        if self.head.measure or value is None or se is None:
            return uncertainty.told("published_cv", value, se, None)
        least = least_detectable(se) if self.head.expression and self.head.expression.op == "difference" else None
        return uncertainty.told("published_cv", None, se, None, least)

    def between(self) -> tuple[int, int] | None:
        """Between which ranks the row asked about lies, were the survey made again; None without all rows."""
        if not (self.query.lead and self.query.order and self.head) or self.query.limit or self.query.fold:
            return None
        name, lead = self.head.name, self.lead_row()
        rows = [(row, errors.get(f"{name}_se")) for row, errors in zip(self.rows, self.errors, strict=True)
                if row[name] is not None]  # fmt: skip
        at = next((n for n, (row, se) in enumerate(rows) if row is lead and se is not None), None)
        if at is None or self.query.order[0].column != name:
            return None
        rows = [rows[at], *rows[:at], *rows[at + 1 :]]
        values, errors = [row[name] for row, _ in rows], [se for _, se in rows]
        return uncertainty.rank_ranges(values, errors, self.query.order[0].way == "most", 1)[0]

    # --- the table ---

    def table(self) -> Table:
        """The rows as a person and a program read them: names beside ids and codes, ids as printed."""
        kept = [name for name in self.found.columns if name != "found"]
        columns = [new for name in kept for new in self._named_columns(name)]
        rows = tuple(tuple(cell for name in kept for cell in self._named_cells(name, row[name])) for row in self.rows)
        if places := self._lie_in():
            columns += ["region", *(f"{level}_id" for level in LIES_IN)]
            none = (None, *(None for _ in LIES_IN))
            rows = tuple((*cells, *places.get(row["point_id"], none))
                         for cells, row in zip(rows, self.rows, strict=True))  # fmt: skip
        return Table(tuple(columns), rows, self.found.sql, self.found.parameters)

    def _lie_in(self) -> dict[int, tuple[str | None, ...]]:
        """Point id → the NUTS 2 region and the country it lies in, their names and ids, of a few points at an end of an
        order."""
        few = self.of_points and self.query.order and self.query.limit and 0 < len(self.rows) <= MOST_PLACED
        if not few or "point_id" not in self.rows[0]:
            return {}
        ids = {f"p{n}": row["point_id"] for n, row in enumerate(self.rows)}
        sql = f"SELECT point_id, region_id FROM point_regions WHERE point_id IN ({', '.join(f'${p}' for p in ids)})"
        found: dict[int, dict[str, Region]] = {}
        for point, id in self.context.store.run(sql, ids).rows:
            if NUTS0_OR_2.fullmatch(str(id)):
                region = self.context.named(str(id))
                found.setdefault(point, {})[region.level] = region
        return {
            point: (
                ", ".join(dict.fromkeys(of[level].name for level in LIES_IN if level in of)),
                *(of[level].id if level in of else None for level in LIES_IN),
            )
            for point, of in found.items()
        }

    def _kind(self, name: str) -> str:
        of = self.source.dimensions.get(name)
        grouped = of is not None and any(g.dimension == name for g in self.query.rows)
        if of is not None and grouped and not self.of_points and of.kind in ("place", "class"):
            return of.kind
        if self.of_points and name in ("lc1", "lc_from", "lc_to", "lu1", "lu_from", "lu_to"):
            return "class"
        return "point" if name == "point_id" else ""

    def _named_columns(self, name: str) -> tuple[str, ...]:
        shown = {"lc1": "land_cover", "lu1": "land_use"}.get(name, name)
        match self._kind(name):
            case "place":
                return f"{name}_id", name
            case "class":
                return shown, f"{shown}_name"
        return (shown,)

    def _named_cells(self, name: str, value: Any) -> tuple[Any, ...]:
        match self._kind(name):
            case "place":
                return value, self.name_of(str(value))
            case "class":
                label = self.context.nomenclature.label
                return value, label(str(value).split("+"), self.context.language) if value else None
            case "point":
                return (point_name(value),)
        return (value.isoformat() if hasattr(value, "isoformat") else value,)

    def name_of(self, member: str) -> str:
        """The name of a region, or of several taken as one."""
        return " + ".join(self.context.named(id).name for id in member.split("+"))

    # --- the map ---

    def features(self, table: Table) -> dict[str, Any] | None:
        """Points as points, regions as outlines with the row's cells; None where nothing has a place."""
        if self.query.fold or not self.rows:
            return None
        if "lon" in self.found.columns:
            return point_features(table)
        regions = self.regions()[:MOST_OUTLINES]
        if not regions:
            return None
        drawn = self.context.gazetteer.geojson([r.id for r in regions if r.id not in self.context.areas])
        place = next((g.dimension for g in self.query.rows if self.source.dimensions[g.dimension].kind == "place"), "")
        rows = [row | self._reliability(at) for at, row in enumerate(self.rows)]
        of_region = {str(row[place]): row for row in rows} if place and len(self.query.rows) == 1 else {}
        for feature in drawn["features"]:
            id = feature["properties"]["id"]
            own = of_region.get(id) or next((r for k, r in of_region.items() if id in k.split("+")), {})
            feature["properties"] |= {k: v for k, v in own.items() if k != place}
            feature["properties"]["name"] = self.context.named(id).name
        return drawn if drawn["features"] else None

    def _reliability(self, at: int) -> dict[str, str]:
        """The word for the error of a row's leading figure, for maps: lined and dotted by it."""
        if not self.head or not self.head.measure:
            return {}
        value, se = self.rows[at][self.head.name], self.errors[at].get(f"{self.head.name}_se")
        word = uncertainty.reliability(uncertainty.variation(value, se))
        return {"reliability": word} if word else {}

    def facts(self) -> dict[str, Any]:
        """What a sentence needs beside the table: how many rows there are in all, and what was looked at."""
        found = self.rows[0]["found"] if self.of_points and self.rows else len(self.rows)
        facts: dict[str, Any] = {"found": found, "points": self.of_points}
        if row := self.lead_row():
            facts["lead"] = {k: v for k, v in row.items() if isinstance(v, str | int | float)}
        places = [d.name for d in self.source.dimensions.values() if d.kind == "place"]
        named = [str(v) for f in self._filters(*places) for v in f.listed]
        facts["places"] = [self.context.named(id).name for id in dict.fromkeys(named)]
        facts |= self._compared()
        if told := self.uncertainty():
            facts["uncertainty"] = told
        if between := self.between():
            facts["between"] = between
        if self.head and not self.of_points and not self.query.fold:
            facts["known"] = sum(row[self.head.name] is not None for row in self.rows)
        if self.head and not self.of_points:
            facts["legend"] = {"unit": unit_of(self.head, self.query), "by": self.head.name}
        return facts

    def _compared(self) -> dict[str, float]:
        """The margin of the first row over the second, and the change from the first year to the last."""
        if self.of_points or self.query.fold or not self.head or len(self.rows) < 2:
            return {}
        values = [row[self.head.name] for row in self.rows]
        known = [v for v in values if v is not None]
        if len(known) < 2:
            return {}
        of_years = len(self.query.rows) == 1 and self.source.dimensions[self.query.rows[0].dimension].kind == "year"
        if of_years and not self.query.order:
            return {"change": round(known[-1] - known[0], 3)}
        if not self.query.order:
            return {}
        return {"margin": round(abs(known[0] - known[1]), 3), **self._ends_of_the_margin()}

    def _ends_of_the_margin(self) -> dict[str, float]:
        """The ends of the first row's margin over the second, where both have an error."""
        if not self.head or not self.head.measure or len(self.query.rows) != 1:
            return {}
        name, kind = self.head.name, self.source.dimensions[self.query.rows[0].dimension].kind
        (one, other), (first, second) = ((row.get(name) for row in self.rows[:2]), self.errors[:2])
        wholes = [row.get(f"{name}_whole") for row in (first, second)]
        if one is None or other is None or not all(wholes):
            return {}
        error = f"{name}_change_se" if kind == "year" and f"{name}_change_se" in first else f"{name}_se"
        shared = uncertainty.exclusive(one / wholes[0], other / wholes[1]) if kind == "class" else 0.0
        apart = uncertainty.apart(abs(one - other), (first.get(error), second.get(error)), shared)
        if apart is None:
            return {}
        of_land = self.source.weighed and unit_of(self.head, self.query) != "%"
        ends = {"margin_low": apart.low, "margin_high": apart.high}
        return {key: uncertainty.supported(number, apart.low, apart.high) if of_land
                else uncertainty.readable(number, apart.se) for key, number in ends.items()}  # fmt: skip


def without_errors(found: Table, asked: Query) -> Table:
    """Return the rows without the standard errors that intervals were made of, and without what is read for caveats."""
    measures = source_of(asked.source).measures
    parts = {c.name: measures[c.measure].worked_out_of for c in asked.columns if c.measure}
    hidden = {f"{c.name}_{name}" for c in asked.columns
              for name in ("se", "change_se", "whole", *parts.get(c.name, ()))}  # fmt: skip
    kept = [at for at, name in enumerate(found.columns) if name not in hidden]
    rows = tuple(tuple(row[at] for at in kept) for row in found.rows)
    return replace(found, columns=tuple(found.columns[at] for at in kept), rows=rows)


def refuse_too_few(compiled: Compiled, found: Table, context: Context) -> None:
    """Refuse an estimate that no row has: fewer points lie there than anything is told of.

    Raises:
        NoRecords: points without weights say nothing of these main classes.
        TooFine: with the country, where something smaller was asked about.
    """
    asked, source = compiled.query, compiled.source
    told = [c.name for c in asked.columns if c.measure and source.measures[c.measure].se]
    if not source.weighed or not told or any(row[name] is not None for row in found.dicts() for name in told):
        return
    mains = {code[0] for code in of_filters(asked, "land_cover")}
    if mains and not mains & {*composition.DEFENSIBLE}:
        words = context.nomenclature.label(sorted(f"{main}00" for main in mains), context.language)
        raise NoRecords(words, "Ask for a published share of it", "not_calibrated", of=words)
    places = [context.named(id) for id in of_filters(asked, "region")]
    above = {f"country:{r.country}" for r in places if r.level.startswith("nuts")}
    larger = tuple(context.named(id).name for id in sorted(above))
    years = [str(v) for f in asked.filters("year") for v in f.listed if v is not None]
    named = ", ".join(r.name for r in places) or source.name
    raise TooFine(f"{named} ({', '.join(years)})" if years else named, larger, "too_few_points")


def without_broken(compiled: Compiled, found: Table, context: Context) -> tuple[Table, tuple[Caveat, ...]]:
    """Return the rows without changes across a break of the survey's method, told once a break; such rows come last."""
    asked, spans = compiled.query, changes_of(compiled.query)
    if not spans or asked.fold:
        return found, ()
    rows = [dict(zip(found.columns, row, strict=True)) for row in found.rows]
    told: dict[tuple[str, int | str, int | str], str] = {}
    for row in rows:
        codes = str(row["land_cover"]).split("+") if asked.group("land_cover") else of_filters(asked, "land_cover")
        ids = str(row["region"]).split("+") if asked.group("region") else of_filters(asked, "region")
        for name, (first, last) in spans.items():
            sides = sides_of(asked.column(name))
            lands = {row[f"{side}_land"] for side in sides if row[side] is not None}
            if len(lands) > 1:
                row |= blank(row, name)
                named = " + ".join(context.named(id).name for id in ids)
                span = (row[f"{sides[1]}_code"], row[f"{sides[0]}_code"])
                told.setdefault(("not_comparable", *span), named)
                continue
            for region in map(context.named, ids):
                broken = uncertainty.broken(codes, region.country, first, last)
                if years := broken or uncertainty.edition_break(codes, first, last):
                    told.setdefault(("method_changed" if broken else "edition_break", *years), region.name)
                if broken:
                    row |= blank(row, name)
    if asked.order and asked.order[0].column in spans:
        rows = ranked_again(rows, asked)
    table = replace(found, rows=tuple(tuple(row[name] for name in found.columns) for row in rows))
    return table, tuple((key, {"region": name, "first": str(a), "last": str(b)}) for (key, a, b), name in told.items())


def changes_of(asked: Query) -> dict[str, tuple[int, int]]:
    """Return the columns that hold two years of published figures against each other, with those years."""
    spans = {c.name: years_apart(c, asked) for c in asked.columns if source_of(asked.source).dataset == "statistics"}
    return {name: span for name, span in spans.items() if span}


def ranked_again(rows: Sequence[dict[str, Any]], asked: Query) -> list[dict[str, Any]]:
    """Return rows ranked among those whose years can be compared, as many as asked for; behind them, without a rank,
    the others that would have stood before the last of these."""
    name = asked.order[0].column
    values = [row[name] for row in rows if row[name] is not None]
    for row in rows:
        row["rank"] = None if row[name] is None else 1 + values.index(row[name])
    kept = [row for row in rows if row["rank"] is not None and row["rank"] <= (asked.limit or len(rows))]
    before = rows[: rows.index(kept[-1]) if kept else asked.limit] if asked.limit else rows
    return [*kept, *(row for row in before if row["rank"] is None)]


def blank(row: Mapping[str, Any], name: str) -> dict[str, None]:
    """Return a column and all that is told beside it, as nothing."""
    return {key: None for key in row if key == name or key.startswith(f"{name}_")}


def sides_of(column: Column) -> tuple[str, str]:
    """Return the names of the columns that an expression is made of."""
    assert column.expression
    return column.expression.left, column.expression.right


def years_apart(column: Column, asked: Query) -> tuple[int, int] | None:
    """Return the first and last year of a column that is the difference or the ratio of two years, else None."""
    of = column.expression
    if of is None or of.op not in ("difference", "gap", "ratio"):
        return None
    sides = [asked.column(name).where for name in (of.left, of.right)]
    years = {int(v) for where in sides for f in where if f.dimension == "year" and f.op == "in" for v in f.listed}
    return (min(years), max(years)) if len(years) == 2 else None


def of_filters(asked: Query, dimension: str) -> list[str]:
    """Return the values that a query and its columns ask a dimension for."""
    return [str(v) for f in asked.every_filter if f.dimension == dimension and f.op == "in" for v in f.listed]


# --- where it comes from and what holds for it ----------------------------------------------------------------------


def datasets_of(source: Source, asked: Query, context: Context) -> list[Dataset]:
    """Return the datasets a query was answered from: those of its source that have one of its years."""
    dated = [f for f in asked.where if source.dimensions[f.dimension].kind == "year" and f.op == "in"]
    years = {year for f in dated for year in f.listed}
    own = [d for d in context.store.datasets() if d.kind in (source.dataset, *source.beside)]
    return [d for d in own if not years or not d.years or years & {*d.years}] or own


def caveats(compiled: Compiled, found: Table, context: Context) -> tuple[Caveat, ...]:
    """Return what a reader must know of these rows: keys and slots, worded elsewhere."""
    source, asked = compiled.source, compiled.query
    every: list[Caveat] = []
    for dataset in datasets_of(source, asked, context):
        if dataset.kind == "survey" and not source.weighed and not is_representative(dataset.id):
            every.append(("soil_sample", {"dataset": dataset.title}))
    if source.weighed:
        every += [*of_points_that_weigh(asked, context), *rows_of_too_few(compiled, found, context)]
    every += [(key, {}) for key in source.caveats if _holds(key, asked)]
    if any(row.get(f"{c.name}_code") == "EU" and row.get(f"{c.name}_low") is not None
           for row in found.dicts() for c in asked.columns):  # fmt: skip
        every.append(("union_error", {}))
    every += [("cv_without_grid", {})] if any(c.measure == "cv" for c in asked.columns) else []
    every += without_figure(compiled, found, context)
    if lacking := missing_classes(asked, found):
        every.append(("incomplete_sum", {"land_cover": context.nomenclature.label(lacking, context.language)}))
    placed = sum(row.get("rank", 0) is not None for row in found.dicts())
    if asked.limit and asked.order and placed > asked.limit:
        every.append(("tied_rows", {"count": placed, "limit": asked.limit}))
    if is_of_points(asked) and found.rows and found.dicts().__next__()["found"] > len(found):
        every.append(("rows_cut", {"count": len(found)}))
    return tuple(every)


def of_points_that_weigh(asked: Query, context: Context) -> Iterator[Caveat]:
    """Yield what an estimate rests on: weights, or a calibration and its error on classes that were held out."""
    years = {int(year) for year in of_filters(asked, "year")}
    if years & {year for d in context.store.datasets() if d.kind == "survey_weights" for year in d.years}:
        yield "estimates_of_weights", {"year": ", ".join(map(str, sorted(years)))}
        return
    regional = any(id.startswith("nuts:") for id in of_filters(asked, "region")) or any(
        g.level.startswith("nuts") for g in asked.rows
    )
    tested = composition.held_out()["rmse"]["nuts2" if regional else "country"]
    mains = {code[0] for code in of_filters(asked, "land_cover")} & {*tested} or {*tested}
    yield "estimates_of_points", {"error": max(tested[main] for main in mains)}
    codes = of_filters(asked, "land_cover")
    if regional and (year := next((y for y in sorted(years) if uncertainty.undercounted(codes, y)), None)):
        words = context.nomenclature.label(codes, context.language)
        yield "permanent_crops_before_2022", {"land_cover": words, "year": str(year)}
    if {"land_use", "elevation"} & {f.dimension for f in asked.every_filter}:
        yield "untested_split", {}


def rows_of_too_few(compiled: Compiled, found: Table, context: Context) -> Iterator[Caveat]:
    """Yield which places asked for have no estimate, as too few points, or none, lie there."""
    asked, source = compiled.query, compiled.source
    columns = [c.name for c in asked.columns if c.measure and source.measures[c.measure].se]
    group = asked.group("region")
    if not columns or not group or len(asked.rows) > 1 or asked.having:
        return
    there = {row["region"]: any(row[name] is not None for name in columns) for row in found.dicts()}
    wanted = ["+".join(map(str, m)) for m in group.members] or _inside(
        of_filters(asked, "region"), group.level, context
    )
    cut = bool(asked.limit) and any(there.values())  # those behind the last one kept are not missing
    less = [one for one in dict.fromkeys([*there, *([] if cut else wanted)]) if not there.get(one, False)]
    named = [" + ".join(context.named(id).name for id in one.split("+")) for one in less]
    if named:
        yield "estimates_too_few", {"region": names(named)}


def _inside(ids: Sequence[str], level: str, context: Context) -> list[str]:
    """Return the regions of a level inside some regions."""
    gazetteer = context.gazetteer
    parts = [r for id in ids for r in (*map(gazetteer.region, gazetteer.members(id)), *gazetteer.children(id, level))]
    return [r.id for r in parts if r.level == level]


GAPS = ("not_significant", "not_published", "low_reliability")
"""Statuses of figures that are told of by region."""


def without_figure(compiled: Compiled, found: Table, context: Context) -> list[Caveat]:
    """Return which regions of a list have no figure, or a doubtful one, by what stands in its place."""
    asked, head = compiled.query, compiled.query.headline
    group = next((g for g in asked.rows if compiled.source.dimensions[g.dimension].kind == "place"), None)
    if group is None or head is None or asked.fold or len(asked.rows) > 1:
        return []
    sides = sides_of(head) if head.expression else (head.name,)
    of_status: dict[str, list[str]] = {}
    for row in found.dicts():
        named = " + ".join(context.named(id).name for id in row[group.dimension].split("+"))
        stands = {row.get(f"{side}_status") for side in sides}
        if told := next((status for status in GAPS if status in stands), None):
            of_status.setdefault(told, []).append(named)
    label = context.nomenclature.label(of_filters(asked, "land_cover") or ["A00"], context.language)
    slots = {"year": ", ".join(sorted(set(of_filters(asked, "year")))), "land_cover": label}
    return [(status, {"region": names(of_status[status]), **slots}) for status in GAPS if status in of_status]


def missing_classes(asked: Query, found: Table) -> tuple[str, ...]:
    """Return the classes that figures shown are without, no figure of them being published."""
    lists = [
        row[f"{c.name}_missing"]
        for row in found.dicts()
        for c in asked.columns
        if row.get(f"{c.name}_missing") and row[c.name] is not None
    ]
    return tuple(dict.fromkeys(code for codes in lists for code in codes.split("+")))


def _holds(key: str, asked: Query) -> bool:
    """Whether a caveat of a source reads on this query: points that are only shown are no claim of area."""
    return key != "points_not_area" or bool(asked.order or any(c.expression for c in asked.columns))


def filled(asked: Query, results: Sequence[Result]) -> Query:
    """Return the query with what earlier results found in place of references to them.

    Raises:
        BadArgument: there is no such result yet, or it found nothing of the kind.
    """

    def one(f: Any) -> Any:
        if not isinstance(f.values, Ref):
            return f
        if not 1 <= f.values.query <= len(results):
            raise BadArgument(f"{f.values.query} is no earlier result")
        return type(f)(f.dimension, f.op, tuple(found_members(results[f.values.query - 1], f.dimension)))

    columns = tuple(Column(c.name, c.measure, tuple(map(one, c.where)), c.expression) for c in asked.columns)
    return Query(asked.source, columns, tuple(map(one, asked.where)), asked.rows, asked.having, asked.order,
                 asked.limit, asked.fold, asked.lead)  # fmt: skip


def found_members(result: Result, dimension: str) -> list[Any]:
    """Return the members a result found on a dimension: its regions, classes, years or points.

    Raises:
        NothingFound: it found none.
    """
    if dimension == "region" and result.table is not None and "region_id" in result.table.columns:
        members = [str(member).split("+") for member in result.table.column("region_id")]
        found: list[Any] = [id for member in members for id in member]
    elif dimension == "region":
        found = [r.id for r in result.regions]
    elif result.table and dimension in result.table.columns:
        found = [v for member in result.table.column(dimension) if member is not None
                 for v in (str(member).split("+") if isinstance(member, str) else [member])]  # fmt: skip
    else:
        found = list({"land_cover": result.land_cover, "land_use": result.land_use}.get(dimension, ()))
    if not found:
        raise NothingFound(f"the earlier result found no {dimension} to go on with")
    return list(dict.fromkeys(found))
