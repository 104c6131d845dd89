"""Says what the registry of land deals holds: sentences, caveats, refusals. Every number is a result's cell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.deals.notation import Notation
from agent.voice import Voice
from retrieval.deal_terms import ANSWERS, DEFAULT_FILTER, terms
from retrieval.deal_words import label, place_name, words
from retrieval.query import Filter, Query
from retrieval.sources.deals import STATES
from tools.context import Context
from tools.deals import MEANS, SUMMED
from tools.result import Result

DAY = re.compile(r"\d{4}-\d\d-\d\d")
MOST_ENTRIES = 12
"""Entries of a list in a sentence; the table has the rest."""
SPANS = {"year": ("in_year", "after_year", "before_year", "from_year", "to_year"),
         "size": ("ha", "size_over", "size_under", "size_min", "size_max")}  # fmt: skip
"""What one number, more, less, from and up to are called."""
SIZE_OF = {"contract_size": "contract", "production_size": "production"}
TOLD_OF = ("former_cover", "former_use", "former_owner", "water_source", "community_reaction", "community_consultation")
"""Dimensions whose values do not tell by themselves what they are of: "forest", "the state"."""
FLAGS = ("transnational", "forest_concession", *ANSWERS)


def source_name(language: str) -> str:
    """Return what the registry is called as a witness."""
    return words(language)["say"]["witness"]


def sentence(result: Result, voice: Voice, context: Context) -> str:
    """Return one result in a sentence whose first words answer."""
    return _Saying(result, voice, context).text()


def axis_name(dimension: str, language: str) -> str:
    """Return what a dimension is called."""
    of = words(language)
    return {**of["role"], **of["axis"]}.get(dimension, dimension.replace("_", " ")).split("|")[0]


class _Saying:
    def __init__(self, result: Result, voice: Voice, context: Context) -> None:
        self.result, self.voice, self.context = result, voice, context
        self.language = voice.language
        self.query = Query.from_json({"source": "deals", **{k: v for k, v in result.arguments.items() if k != "act"}})
        self.act = str(result.arguments.get("act") or "list")
        self.what = described(self.query.where, self.language, context)

    def say(self, key: str, **slots: Any) -> str:
        return words(self.language)["say"][key].format(**{"what": self.what, **slots})

    def deals(self, n: int) -> str:
        from babel import Locale

        form = f"deals_{Locale.parse(self.voice.of['locale']).plural_form(n)}"
        key = form if form in words(self.language)["say"] else "deals_other"
        return self.say(key, n=self.voice.number(n))

    def ha(self, value: float | None) -> str:
        return self.say("ha", n=self.voice.number(round(value, 2))) if value is not None else self.say("no_size")

    def text(self) -> str:
        """Return the sentence of the result's act."""
        rows = list(self.result.table.dicts()) if self.result.table else []
        match self.act:
            case "deal":
                return self._deal(rows)
            case "count":
                n = int(rows[0]["deals"]) if rows else 0
                return self.say("count", deals=self.deals(n)) if n else self.say("none")
            case "counted":
                return self.say("counted", n=self.voice.number(rows[0]["count"]), axis=self.axis_of())
            case "sum":
                return self._sum(rows[0])
            case "share":
                return self._share(rows[0])
            case "when":
                return self._when(rows[0])
            case "rows" | "verdict":
                return self._rows(rows)
        return self._list(rows)

    # --- lists ---

    def _list(self, rows: Sequence[Mapping[str, Any]]) -> str:
        if self.act == "behind":
            narrowed = any(f.dimension == "implementation" for f in self.query.where)
            if not rows:
                return ""
            if not narrowed:
                return self.say("behind", list=self._entries(rows))
            self.what = described(self.query.where, self.language, self.context, named=("implementation",))
        if not rows:
            return self.say("no" if self.act == "exist" else "none")
        if self.act in ("biggest", "smallest"):
            return self.say(self.act, list=self._entries(rows))
        if self.act == "dated":
            return self.say("dated", when=self.say("in_year", year=rows[0]["year"]), list=self._entries(rows))
        known = int(self.result.facts["known"])
        told = self._unknown(len(rows) - known, len(rows))
        yes = self.say("yes") if self.act == "exist" else ""
        hectares = self.ha(self.result.facts["hectares"])
        return yes + self.say("list", deals=self.deals(len(rows)), ha=hectares, unknown=told, list=self._entries(rows))

    def _entries(self, rows: Sequence[Mapping[str, Any]]) -> str:
        """Return deals by number, size and country; by company where the question names the one country."""
        here = next((f.values for f in self.query.where if f.dimension == "place" and f.op == "in"), ())
        told = isinstance(here, tuple) and len(here) == 1 and len({row["country"] for row in rows}) == 1
        one = [self.say("entry", id=row["deal_id"], size=self.ha(row["size_ha"]),
                        country=(told and row["company"]) or row["country"])
               for row in rows[:MOST_ENTRIES]]  # fmt: skip
        more = len(rows) - len(one)
        return "; ".join(one) + (f"; {self.say('and_more', n=self.voice.number(more))}" if more else "")

    def _unknown(self, n: int, of: int) -> str:
        return self.say("unknown_size", n=self.voice.number(n), of=self.voice.number(of)) if n else ""

    def _deal(self, rows: Sequence[Mapping[str, Any]]) -> str:
        if not rows:
            return self.say("no_deal", id=str(self.query.where[0].values[0]))  # ty: ignore[not-subscriptable]
        row = rows[0]
        shown = ("negotiation", "implementation", "intentions", "crops", "animals", "minerals", "natures", "company",
                 "investors", "investor_countries")  # fmt: skip
        facts = [self.ha(row["size_ha"])]
        facts += [f"{self.ha(row[f'{name}_ha'])} {self.say(name)}" for name in ("contract", "production", "intended")
                  if row[f"{name}_ha"]]  # fmt: skip
        facts += [self.say("in_year", year=row["year"])] if row["year"] else []
        facts += [str(row[name]) for name in shown if row[name]]
        return self.say("deal_is", id=row["deal_id"], country=row["country"], facts="; ".join(facts))

    # --- numbers ---

    def _sum(self, row: Mapping[str, Any]) -> str:
        head = self.query.columns[0]
        deals = int(row["deals"])
        if not deals:
            return self.say("none")
        if head.measure in MEANS:
            return self.say(head.measure, ha=self.ha(row[head.name]), deals=self.deals(deals), unknown="")
        known = int(row[f"{head.name}_known"])
        told = self._unknown(deals - known, deals)
        return self.say("sum", ha=self.ha(row[head.name]), measure=self.say(head.measure), deals=self.deals(known),
                        unknown=told)  # fmt: skip

    def _share(self, row: Mapping[str, Any]) -> str:
        part = described(self.query.columns[0].where, self.language, self.context, bare=True)
        if row["percent"] is None:
            return self.say("none")
        return self.say("share", percent=self.voice.number(row["percent"]), all=self.deals(int(row["deals"])),
                        n=self.voice.number(row["part"]), part=part)  # fmt: skip

    def _when(self, row: Mapping[str, Any]) -> str:
        if row["first_year"] is None:
            return self.say("none")
        unknown = int(row["deals"]) - int(row["year_known"])
        return self.say("first_year", first=row["first_year"], last=row["last_year"],
                        unknown=self.voice.number(unknown), deals=self.deals(int(row["deals"])))  # fmt: skip

    # --- rows ---

    def axis_of(self) -> str:
        """Return what the rows are of, in words."""
        return axis_name(self.query.rows[0].dimension, self.language)

    def _rows(self, rows: Sequence[Mapping[str, Any]]) -> str:
        if not rows and self.result.facts.get("none"):
            return self.say("none")
        if not rows:  # none of which it is known
            return self.say("rows", by=self.say("by", axis=self.axis_of()), list=self.say("not_stated"))
        name = self.query.rows[0].dimension
        measure = next((c.name for c in self.query.columns if c.measure in SUMMED), "")
        entries = [
            self.say("rows_entry", name=row[name], deals=self.deals(int(row["deals"])), ha=self.ha(row[measure]))
            for row in rows[:MOST_ENTRIES]
        ]
        more = len(rows) - len(entries)
        told = "; ".join(entries) + (f"; {self.say('and_more', n=self.voice.number(more))}" if more > 0 else "")
        if self.act == "verdict":
            return self._verdict(rows, name) + told + "."
        return self.say("rows", by=self.say("by", axis=self.axis_of()), list=told)

    def _verdict(self, rows: Sequence[Mapping[str, Any]], name: str) -> str:
        lead = self.query.order[0].column if self.query.order else "deals"
        if len(rows) < 2:
            return ""
        first, second = rows[0], rows[1]
        shown = self.voice.number if lead == "deals" else self.ha
        if first[lead] == second[lead]:
            return self.say("equal", a=shown(first[lead]))
        key = f"{name}_id" if f"{name}_id" in first else name
        answer = self.say("yes" if first[key] == self.query.lead else "no_verdict") if self.query.lead else ""
        return answer + self.say("winner", name=first[name], a=shown(first[lead]), b=shown(second[lead]))


# --- what a query is about ---------------------------------------------------------------------------------------


def described(
    filters: Sequence[Filter], language: str, context: Context, *, bare: bool = False, named: Sequence[str] = ()
) -> str:
    """Return the filters of a query in words: "land deals, Romania, sunflower, 1,000 ha or more, since 2010".

    `bare`: without "land deals"; `named`: dimensions that are called by name.
    """
    told = {STATES[one.dimension][0] for one in filters if one.dimension in STATES}  # "concluded since 2015"
    parts = [part for one in filters
             if one.dimension not in told and (part := _described(one, language, context, named))]  # fmt: skip
    of = words(language)["say"]
    return ", ".join(parts) if bare else ", ".join([of["deals"], *(parts or [of["everywhere"]])])


def _described(one: Filter, language: str, context: Context, named: Sequence[str] = ()) -> str:
    if one == Filter("year", "above", (0,)):  # of a known year
        return ""
    of = words(language)["say"]
    values = one.values if isinstance(one.values, tuple) else ()
    text = ""
    if one.dimension in ("place", "country"):
        text = f" {of['or']} ".join(_place(str(v), language, context) for v in values)
    elif one.dimension == "deal":
        number = of["entry"].partition(" (")[0]
        text = f" {of['or']} ".join(number.format(id=v) for v in values)
    elif one.dimension in ("investor_country", "operating_country"):
        text = of["investors_from"].format(names=", ".join(place_name(str(v), language) for v in values))
    elif one.dimension in ("investor_id", "parent_id", "operating_id"):
        names = {row[0]: row[1] for row in context.store.query("deals_investors").rows}
        every = dict.fromkeys(names.get(v, str(v)) for v in values)
        text = of["investors"].format(names=", ".join(list(every)[:4]) + (" …" if len(every) > 4 else ""))
    elif one.dimension in STATES:
        field, codes = STATES[one.dimension]
        state = label(field, (terms()[field][codes[0]].parent or codes[0]) if codes[1:] else codes[0], language)
        text = f"{state} {_span(replace(one, dimension='year'), values, of, language)}"
    elif one.dimension in ("year", "size", *SIZE_OF):
        said = SIZE_OF.get(one.dimension, "")
        text = _span(one, values, of, language) + (f" {of[said]}" if said else "")
        text = of["begun"].format(span=text) if one.dimension == "year" else text
    elif one.dimension == "position":
        text = of["near"].format(km=_plain(values[2]), name=_spot(values))
    elif one.dimension == "area":
        text = ", ".join(context.region(str(v)).name for v in values)
    elif one.dimension == "transnational":
        text = of["transnational"] if "yes" in values else of["domestic"]
    elif one.dimension in FLAGS:
        text = words(language)["flag"].get(one.dimension, one.dimension).split("|")[0]
    elif (field := one.dimension.replace("parent_", "investor_").replace("operating_", "investor_")) in terms():
        text = f" {of['or']} ".join(label(field, str(v), language) for v in values)
        if one.dimension in (*TOLD_OF, *named):
            text = f"{axis_name(one.dimension, language)}: {text}"
    role = one.dimension.partition("_")[0]
    text = f"{axis_name(role, language)}: {text}" if role in ("parent", "operating") else text
    return of["not"].format(words=text) if one.op.startswith("not_") and text else text


def _place(id: str, language: str, context: Context) -> str:
    if id.startswith(("country:", "foreign:", "m49:")):
        return place_name(id, language)
    return context.named(id).name


def _spot(values: Sequence[Any]) -> str:
    """Return the name of the middle of a circle, its coordinates (latitude first) where it has none."""
    return str(values[3]) if len(values) > 3 else f"{_plain(values[1])}, {_plain(values[0])}"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, int | float) else str(value)


def _number(value: Any, language: str) -> str:
    from babel.numbers import format_decimal

    return format_decimal(value, locale=language)


def _span(one: Filter, values: Sequence[Any], of: Mapping[str, str], language: str) -> str:
    """Return a year or a number of hectares, with which side of it is meant."""
    equal, above, below, least, most = SPANS["year" if one.dimension == "year" else "size"]
    told = [None if v is None else str(v) if one.dimension == "year" else _number(v, language) for v in values]
    if one.op == "between" and None not in told:
        span = of["years"].format(a=told[0], b=told[1])
        return span if one.dimension == "year" else of["ha"].format(n=span)
    ends = {"above": above, "below": below, "in": equal}
    key = ends.get(one.op) or (least if told[1] is None else most)
    said = ", ".join(filter(None, told))
    return of[key].format(n=said, year=said)


# --- caveats and refusals ----------------------------------------------------------------------------------------


def caveat(key: str, slots: Mapping[str, Any], language: str, context: Context) -> str:
    """Return a caveat of the registry in words."""
    of = words(language)["say"]
    name = key.removeprefix("deals_")
    if name == "export":
        where = tuple(Query.from_json({"source": "deals", "rows": [{"dimension": "point"}],
                                       "where": slots["where"]}).where) if slots["where"] else ()  # fmt: skip
        told = described(where, language, context, bare=True) or of["no_filter"]
        return of["export"].format(version=_version(slots["version"], of), filter=told)
    return of[name].format(**slots)


def _version(stated: str, of: Mapping[str, str]) -> str:
    """Return the day of an export, and whether it is the site's default filter, in words."""
    day = DAY.search(stated)
    told = of["up_to"].format(date=day.group()) if day else stated.partition(f", {DEFAULT_FILTER}")[0]
    return f"{told}, {of['site_filter']}" if DEFAULT_FILTER in stated else told


def refusal(reason: str, language: str) -> str:
    """Return a refusal of a question about deals in words; '' for another's."""
    key, _, named = reason.partition(":")
    of = words(language)["say"]
    keys = {"deals_missing": "no_store", "deals_unread": "unread", "deals_where": "unread_where"}
    return of[keys[key]].format(words=named) if key in keys else ""


def notation_text(name: str, made: Notation | None, language: str) -> str:
    """Return a notation as it is shown, with what it cannot say; of a plan without deals the reason."""
    of = words(language)["say"]
    if made is None:
        return of["no_notation"]
    told = [of["graphql_gone"]] if name == "graphql" else []
    told += [of["done_here"].format(names=", ".join(made.left_out))] if made.left_out else []
    told += [of["several_addresses"].format(n=len(made.texts))] if len(made.texts) > 1 else []
    return "\n".join([*made.texts, *(f"# {line}" for line in told)])
