"""The sentence, the caveats and the refusals, rendered from result cells by templates. No model writes a digit here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent import say
from agent.deals import saying as deals
from agent.voice import Voice, own_texts
from retrieval import errors
from retrieval.query import Query
from retrieval.sources import source_of as source
from retrieval.types import PUBLISHED_LEVELS
from tools.context import Context
from tools.registry import witness_of
from tools.result import Result

KINDS = {"published": "official", "predictions": "satellite", "estimates": "estimate"}
"""Source of a typed query → what its witness is called; the others are the survey's."""


# --- results ---------------------------------------------------------------------------------------------------------


def render(results: Sequence[Result], language: str, context: Context, told: Sequence[str] = ()) -> str:
    """Return the text of an answer: its fixed lines, a sentence a result, and where it all came from."""
    voice = Voice(language)
    whether = [found for key in told if key in WHETHER and (found := is_so(results, key)) is not None]
    fixed = [verdict_on(results) if key == "verdict" else key for key in told if key not in WHETHER]
    sentences = [voice.of["refusal" if key == "can" else "fact"][key] for key in fixed if key]
    if not results:
        return " ".join(sentences)
    verdicts = class_verdicts(results, voice, context)
    for at, result in enumerate(results):
        sentence = f"{sentence_of(result, voice, context)} {verdicts.get(at, '')}".strip()
        witness = source_of(result, voice)
        if "; " not in witness and len({source_of(r, voice) for r in results}) > 1:
            colon = " :" if voice.language == "fr" else ":"
            sentence = f"{witness[:1].upper()}{witness[1:]}{colon} {sentence}"
        if whether and sentence:
            so = voice.say("yes" if whether.pop() else "no")
            sentence = voice.say("verdict", verdict=so, sentence=sentence)
        sentences += [sentence] if sentence else []
    sources = "; ".join(dict.fromkeys(one for r in results for one in source_of(r, voice).split("; ")))
    return "\n".join([*sentences, voice.of["source"]["label"].format(sources=sources)])


def verdict_on(results: Sequence[Result]) -> str:
    """Return the line that says whether sampling error alone could make the difference told of; '' where the sentences
    say it all: of ranks, of single figures, of years that cannot be compared."""
    known = [told for result in results if (told := say.told_apart(result)) is not None]
    if known:
        return "beyond_error" if known[-1] else "within_error"
    return "" if any(map(has_interval, results)) else "error_unknown"


WHETHER = ("whether", "whether_seen")
"""Lines that say yes or no before the first sentence: by every witness, or by the survey's points alone."""


def is_so(results: Sequence[Result], key: str) -> bool | None:
    """Return yes or no to what was asked: whether something is there, whether the place asked about leads a ranking,
    whether any row meets a condition; None where the results do not tell, or their own sentence says it."""
    told = results[-1].told[0] if results[-1].told else None
    if told and told.query.lead:
        rank = told.facts.get("lead", {}).get("rank")
        return None if rank is None else rank == 1
    if told and told.query.having:
        return bool(told.rows) if told.query.rows else None
    own = [r for r in results if key == "whether" or witness_of(r.tool) == "survey"]
    numbers = [number for r in own if (number := number_of(r.value)) is not None]
    return any(number > 0 for number in numbers) if numbers else None


def has_interval(result: Result) -> bool:
    """Return whether a result's table tells the ends of an interval of any of its figures."""
    table = result.table
    ends = [name for name in table.columns if name == "low" or name.endswith("_low")] if table else []
    return table is not None and any(value is not None for name in ends for value in table.column(name))


def class_verdicts(results: Sequence[Result], voice: Voice, context: Context) -> dict[int, str]:
    """Return what the last of several classes at one place is followed by: which of them there is most of."""
    groups: dict[Any, list[int]] = {}
    for at, result in enumerate(results):
        if (asked := beside_other_classes(result)) is not None and number_of(result.value) is not None:
            groups.setdefault(asked, []).append(at)
    said = {}
    for group in groups.values():
        first, *others = sorted((results[at] for at in group), key=lambda r: number_of(r.value) or 0, reverse=True)
        if others and (number_of(first.value) or 0) > (number_of(others[0].value) or 0):
            codes = list(first.land_cover or first.land_use)
            name = f"{context.nomenclature.label(codes, voice.language)} ({', '.join(codes)})"
            said[group[-1]] = voice.say("most", first=name) + "."
    return said


def beside_other_classes(result: Result) -> Query | None:
    """Return the query of how much there is of a class, without that class; None where a result is none of such."""
    asked = result.told[0].query if len(result.told) == 1 else None
    if asked is None or asked.rows or asked.having or any(c.where or c.expression for c in asked.columns):
        return None
    measures = source(asked.source).measures
    if measures[asked.columns[0].measure].concept != "amount":
        return None
    where = tuple(f for f in asked.where if (f.dimension, f.op) not in OF_CLASSES)
    return replace(asked, where=where) if where != asked.where else None


OF_CLASSES = (("land_cover", "in"), ("land_use", "in"))


def source_of(result: Result, voice: Voice) -> str:
    """Return what a result's witness is called."""
    if result.tool == "deals":
        return deals.source_name(voice.language)
    if result.tool in ("estimate_area", "area_from_map"):
        return voice.of["source"]["estimate"]
    kind = witness_of(result.tool)
    if result.tool == "define_class":
        return f"{voice.of['source']['survey']}, C3"
    if result.tool == "describe_data" and result.facts["about"] in CLASSIFIER_FACTS:
        return str(voice.of["source"]["satellite"])
    if result.tool == "describe_data":
        kinds = dict.fromkeys(KIND_WORDS[d["kind"]] for d in result.facts["datasets"] if d["kind"] in KIND_WORDS)
        return "; ".join(voice.of["source"][kind] for kind in kinds)
    if result.tool == "explain_interval":
        return str(result.provenance.attribution)
    if result.told:
        kind = KINDS.get(result.told[0].query.source, "survey")
    return voice.of["source"][kind]


def sentence_of(result: Result, voice: Voice, context: Context) -> str:
    """Return one result's sentence."""
    write = WRITERS.get(result.tool)
    text = write(result, voice, context) if write else say.sentence(result, voice, context) or plain(result, voice)
    return text[:1].upper() + text[1:]


def plain(result: Result, voice: Voice) -> str:
    """Return a result's headline where there is no template for its tool: places, classes, years, value."""
    parts = [r.name for r in result.regions] + list(result.land_cover) + [str(y) for y in result.years]
    value = result.value if isinstance(result.value, str) else voice.number(result.value)
    return f"{', '.join(parts)}: {value} {result.unit or ''}".strip() + "."


def cover_of(result: Result, voice: Voice, context: Context) -> str:
    """Return the words of the class that was asked for, not those found, with its codes."""
    codes = next((found for theme in ("land_cover", "land_use") if (found := result.arguments.get(theme))), ())
    codes = [codes] if isinstance(codes, str) else list(codes)
    return f"{context.nomenclature.label(codes, voice.language)} ({', '.join(codes)})" if codes else ""


def where_of(result: Result, voice: Voice) -> str:
    """Return the place words of a result: regions, a circle, or everywhere."""
    near = result.facts.get("near")
    places = [voice.both(r.name for r in result.regions)] if result.regions else []
    circle = [voice.filter("near", km=voice.number(near["km"]), place=near["name"])] if near else []
    return ", ".join([*places, *circle]) or voice.filter("everywhere")


def number_of(value: Any) -> float | None:
    """Return a value where it is a number."""
    return value if isinstance(value, int | float) else None


def seen(row: Mapping[str, Any]) -> str:
    """Return what a record shows, with codes."""
    parts = [
        f"{row[f'{theme}_name']} ({row[theme]})" for theme in ("land_cover", "land_use") if row.get(f"{theme}_name")
    ]
    return ", ".join(parts) or "–"


def history_of(result: Result, voice: Voice, context: Context) -> str:
    """One point's visits."""
    parts = [f"{visit['year']}: {seen(visit)}" for visit in result.facts["visits"]]
    return voice.say("history", point_id=result.facts["point_id"], list=voice.entries(parts))


KIND_WORDS = {"survey": "survey", "statistics": "official", "pixels": "satellite"}


def described(result: Result, voice: Voice, context: Context) -> str:
    """What data there is, or one thing about them."""
    about = result.facts["about"]
    if not about:
        return voice.say("describe", list=voice.entries([_dataset(d, voice) for d in result.facts["datasets"]]))
    fact = voice.of["fact"]
    if about in ("nuts", "themes"):
        return fact[about]
    if about in CLASSIFIER_FACTS:
        of_classes = [worded_caveat(one, voice, context) for one in result.facts.get("of_classes", ())]
        return " ".join([*of_classes, *CLASSIFIER_FACTS[about](result.facts, voice)])
    if about == "method":
        kinds = dict.fromkeys(d["kind"] for d in result.facts["datasets"])
        return " ".join(
            fact[f"method_{name}"] for name in ("survey", "published", "satellite") if METHODS[name] in kinds
        )
    parts = [
        f"{_witness(d, voice)}: {_told(d, about, voice)}" for d in result.facts["datasets"] if d["kind"] in KIND_WORDS
    ]
    told = ". ".join(dict.fromkeys(parts)) + "."
    return f"{where_of(result, voice)} – {told}" if result.regions else told


def accuracy_told(facts: Mapping[str, Any], voice: Voice) -> list[str]:
    """How often the classifier was right at places it had not seen, and how that was measured."""
    of, fact = facts["accuracy"], voice.of["fact"]
    if not of:
        return []
    rates = {name: voice.number(round(100 * of[name], 1)) for name in ("right", "mean", "elsewhere") if name in of}
    lines = [fact["accuracy"].format(pixels=voice.number(of["pixels"]), **rates), fact["accuracy_folds"]]
    if "elsewhere" in of:
        lines.append(fact["accuracy_elsewhere"].format(**rates))
        lines.append(fact["accuracy_sets"].format(list=voice.entries(of["sets"])))
    return lines


def confusions_told(facts: Mapping[str, Any], voice: Voice) -> list[str]:
    """What the classifier takes for what."""
    fact, number = voice.of["fact"], voice.number

    def listed(pairs: Sequence[Mapping[str, Any]]) -> str:
        return voice.entries([f"{one['name']} {number(one['pixels'])}" for one in pairs]) or "–"

    if not facts["confused"]:
        return [fact["confusions"].format(list=listed(facts["commonest"]))]
    lines = []
    for one in facts["confused"]:
        own = {"name": one["name"], "right": number(one["right"])}
        lines.append(fact["confused"].format(pixels=number(one["pixels"]), list=listed(one["called"]), **own))
        lines.append(fact["confused_with"].format(pixels=number(one["named"]), list=listed(one["taken"]), **own))
    return lines


def encoder_told(facts: Mapping[str, Any], voice: Voice) -> list[str]:
    """Which encoder answers, what it was taught on, which classes compete."""
    of, fact = facts["encoder"], voice.of["fact"]
    classes = [f"{one['name']} {voice.number(one['pixels'])}" for one in of["classes"]]
    slots = {"pixels": voice.number(of["pixels"]), "count": of["count"], "list": ", ".join(classes)}
    told = fact["encoder"].format(name=of["name"], model=of["model"], **slots)
    return [told, fact["encoder_shipped"]] if of["shipped"] else [told]


def input_told(facts: Mapping[str, Any], voice: Voice) -> list[str]:
    """Which bands of which months of how large a pixel the classifier looks at."""
    of = facts["input"]
    return [voice.of["fact"]["input"].format(**{**of, "bands": ", ".join(of["bands"])})]


CLASSIFIER_FACTS: Mapping[str, Callable[[Mapping[str, Any], Voice], list[str]]] = {
    "accuracy": accuracy_told,
    "confusions": confusions_told,
    "encoder": encoder_told,
    "input": input_told,
}


METHODS = {"survey": "survey", "published": "statistics", "satellite": "pixels"}


def _witness(dataset: Mapping[str, Any], voice: Voice) -> str:
    name = voice.of["source"][KIND_WORDS[dataset["kind"]]]
    return name[:1].upper() + name[1:]


def _told(dataset: Mapping[str, Any], about: str, voice: Voice) -> str:
    """One thing about one dataset: its years, its levels of place, its licence or how it is cited."""
    match about:
        case "years":
            return ", ".join(map(str, sorted(dataset["years"])))
        case "levels":
            return ", ".join(voice.noun("rows", level) for level in dataset["levels"])
    return str(dataset[about]).rstrip(".")


def _dataset(dataset: Mapping[str, Any], voice: Voice) -> str:
    years = sorted(dataset["years"])
    when = f" {years[0]}–{years[-1]}" if len(years) > 1 else f" {years[0]}" if years else ""
    return f"{dataset['title']}{when} ({voice.number(dataset['rows'])})"


def defined(result: Result, voice: Voice, context: Context) -> str:
    """What some classes are: name, code and definition; in other languages the limits, and the classes around."""
    rows = result.table.dicts() if result.table else ()
    return " ".join(_definition(row, voice, context) for row in rows)


def _definition(row: Mapping[str, Any], voice: Voice, context: Context) -> str:
    fact, label = voice.of["fact"], context.nomenclature.label
    name = f"{row['name']} ({row['code']})"
    if voice.language == "en" and row["definition"]:
        name = f"{name}: {row['definition'].rstrip('.')}"
    elif limit := own_texts(voice.language).get("limit", {}).get(row["code"]):
        name = f"{name}: {limit}"
    above, below = row["above"], [code for code in row["below"].split(", ") if code]
    said = [fact["part_of"].format(x=f"{label([above], voice.language)} ({above})")] if above else []
    if below:
        names = voice.entries([f"{label([code], voice.language)} ({code})" for code in below])
        said.append(fact["includes"].format(x=names))
    told = ". " if voice.language == "en" else "; "
    text = told.join([name, *(one[:1].upper() + one[1:] if told == ". " else one for one in said)])
    return text[:1].upper() + text[1:] + "."


# the satellite


def classified(result: Result, voice: Voice, context: Context) -> str:
    """How many pixels fit the words."""
    return voice.say(
        "classify",
        where=where_of(result, voice),
        year=", ".join(map(str, result.years)),
        hits=voice.number(result.facts["hits"]),
        pixels=voice.number(result.facts["pixels"]),
        cover=result.facts["text"] or cover_of(result, voice, context),
    )


def profiled(result: Result, voice: Voice, context: Context) -> str:
    """Which classes the classifier finds, and how often it is right."""
    parts = [
        f"{one['land_cover_name']} ({one['land_cover']}) {voice.number(one['pixels'])}"
        + ("" if one["percent"] is None else f" ({one['percent']} %)")
        for one in result.facts["classes"]
    ]
    said = voice.say(
        "profile_pixels",
        where=where_of(result, voice),
        year=", ".join(map(str, result.years)),
        pixels=voice.number(result.facts["pixels"]),
        list=voice.entries(parts),
    )
    return " ".join([said, *accuracy_told(result.facts, voice)[:1]])


def explained(result: Result, voice: Voice, context: Context) -> str:
    """What the classifier makes of a point."""
    facts = result.facts
    seen_there = [
        f"{visit['year']}: {visit['name']} ({visit['land_cover']})" for visit in facts["surveyed"] if visit["name"]
    ]
    return voice.say(
        "explain",
        point=facts["point_id"],
        year=", ".join(map(str, result.years)),
        name=facts["name"],
        code=result.value,
        probability=voice.number(facts["probability"]),
        surveyed=voice.say("explain_surveyed", list=voice.entries(seen_there)) if seen_there else "",
    )


FEWEST_COMPARED = 20
"""Pixels; from fewer a rate of agreement says nothing: of 10 right in 20 the 95 % interval is 30 to 70 %."""


def agreement(result: Result, voice: Voice, context: Context) -> str:
    """Where classifier and surveyor agree; of a handful of pixels no rate is told."""
    facts = result.facts
    place = {"where": where_of(result, voice), "year": ", ".join(map(str, result.years))}
    if facts["pixels"] < FEWEST_COMPARED:
        return voice.say("agreement_few", **place, pixels=voice.number(facts["pixels"]))
    scores = ""
    if "precision" in facts:
        scores = voice.say(
            "agreement_scores",
            cover=cover_of(result, voice, context),
            **{key: voice.number(facts[key]) for key in ("precision", "recall", "f1")},
        )
    return voice.say(
        "agreement",
        **place,
        right=voice.number(facts["right"]),
        pixels=voice.number(facts["pixels"]),
        accuracy=voice.number(round(100 * facts["accuracy"], 1)),
        scores=scores,
    )


def estimated(result: Result, voice: Voice, context: Context) -> str:
    """What calibrated points make of a class, or of a part of it: an estimate and called so."""
    facts, number = result.facts, voice.number
    heights = {side: voice.quantity(facts[side], "m") for side in ("above", "below") if facts[side] is not None}
    parts = [voice.filter("elevation", x=voice.filter(side, x=height)) for side, height in heights.items()]
    for key, codes in (("used", result.land_use), ("not_used", facts["not_used"])):
        if codes:
            words = context.nomenclature.label(list(codes), voice.language)
            parts.append(voice.filter(key, x=f"{words} ({', '.join(codes)})"))
    low, high = result.interval or (None, None)
    return voice.say(
        "estimate_part" if facts["split"] else "estimate_share",
        where=where_of(result, voice),
        year=", ".join(map(str, result.years)),
        cover=f"{facts['label']} ({'+'.join(result.land_cover)})",
        value=number(number_of(result.value)),
        low=number(low),
        high=number(high),
        part=voice.both(parts),
        n=number(facts["points"]),
        total=number(facts["of_points"]),
    )


WRITERS: Mapping[str, Callable[[Result, Voice, Context], str]] = {
    "point_history": history_of,
    "describe_data": described,
    "define_class": defined,
    "explain_interval": lambda result, voice, context: voice.say("explain_interval"),
    "estimate_area": estimated,
    "area_from_map": estimated,
    "classify_area": classified,
    "profile_pixels": profiled,
    "explain_point": explained,
    "compare_with_survey": agreement,
    "deals": deals.sentence,
}
"""What asks no table of land → who writes its sentence; the others are told by their rows' shape (`agent/say`)."""


# --- caveats ---------------------------------------------------------------------------------------------------------


WEIGHTY = {
    "suspect", "not_comparable", "method_changed", "edition_break", "boundary_shift", "budget_spent", "truncated",
    "permanent_crops_before_2022", "vine_area_outside", "incomplete_sum",
}  # fmt: skip
"""Caveats after which a figure is read otherwise; the others say how it was made."""


def caveats_of(results: Sequence[Result], notes: Sequence[Any], language: str, context: Context) -> tuple[str, ...]:
    """Return every caveat in words, each once: what the router assumed, what changes the reading, then the others."""
    voice = Voice(language)
    of_results = [filled_caveat(c, r) for r in results for c in r.caveats]
    every: list[Any] = [*notes, *sorted(of_results, key=lambda caveat: caveat[0] not in WEIGHTY)]
    if len({source_of(r, voice) for r in results if r.tool not in ("describe_data",)}) > 1:
        every.append(("second_witness", {}))
    worded = [worded_caveat(caveat, voice, context) for caveat in every]
    return tuple(dict.fromkeys(text for text in worded if text))


def filled_caveat(caveat: Any, result: Result) -> tuple[str, Mapping[str, Any]]:
    """Return a caveat with the class of its result where it names none itself."""
    key, slots = caveat_parts(caveat)
    return key, {"land_cover": result.facts.get("of") or "", **slots}


def worded_caveat(caveat: Any, voice: Voice, context: Context) -> str:
    """Return one caveat in words; one without a template by its key, so that none is lost."""
    key, slots = caveat_parts(caveat)
    if key.startswith("deals_"):
        return deals.caveat(key, slots, voice.language, context)
    template = voice.of["caveat"].get(key)
    written = {name: slot(value, name, voice, context) for name, value in slots.items()}
    if template is None:
        tail = "; ".join(f"{name} {value}" for name, value in written.items() if value)
        return key.replace("_", " ") + (f": {tail}" if tail else "")
    return template.format_map(_Lenient(written))


def caveat_parts(caveat: Any) -> tuple[str, Mapping[str, Any]]:
    """Return key and slots of a caveat, also of one written as JSON text."""
    if isinstance(caveat, str):
        if caveat.startswith("["):
            key, slots = json.loads(caveat)
            return key, slots
        return caveat, {}
    key, slots = caveat
    return key, slots


class _Lenient(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


PLAIN_NUMBERS = ("year", "years", "code", "codes")


def slot(value: Any, name: str, voice: Voice, context: Context) -> str:
    """Return a slot's value as written: years and codes as they are, numbers in the language's way."""
    if isinstance(value, bool) or value is None:
        return ""
    if name == "codes" and isinstance(value, list | tuple):
        return f"{context.nomenclature.label(tuple(value), voice.language)} ({', '.join(map(str, value))})"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, int | float) and name not in PLAIN_NUMBERS:
        return voice.number(value)
    return str(value)


# --- refusals and questions back -------------------------------------------------------------------------------------


def refusal_of(error: errors.LandaskError, language: str, context: Context) -> str:
    """Return what a person reads when the data cannot answer, in their language."""
    voice = Voice(language)
    return " ".join(_refusal(error, voice, context).split())


def _refusal(error: errors.LandaskError, voice: Voice, context: Context) -> str:
    of = voice.of["refusal"]
    if isinstance(error, errors.NoRecords | errors.NotUnderstood) and (
        said := deals.refusal(error.reason, voice.language)
    ):
        return said

    def some(key: str, names: Sequence[str]) -> str:
        return of[key].format(names=", ".join(names)) if names else ""

    match error:
        case errors.UnknownRegion():
            return of["unknown_region"].format(name=error.name, close=some("close", error.close))
        case errors.UnknownClass():
            return of["unknown_class"].format(words=error.words, nearest=some("nearest_classes", error.nearest))
        case errors.OutOfCoverage():
            return _outside(error, voice, context)
        case errors.NoSuchYear():
            return of["no_such_year"].format(year=error.year, near=voice.both(map(str, error.near)))
        case errors.NotPublished():
            when = f", {error.year}" if error.year else ""
            instead = some("instead", [class_or_word(w, voice, context) for w in error.instead])
            cover = class_or_word(error.land_cover, voice, context)
            region = voice.phrase("everywhere_official") if error.region == "any region" else error.region
            return of["not_published"].format(land_cover=cover, region=region, when=when, instead=instead)
        case errors.TooFine():
            key = "too_few_points" if error.reason == "too_few_points" else "below_nuts2"
            told = of[key].format(region=error.region, containing=some("containing", error.containing))
            return told[:1].upper() + told[1:]
        case errors.NoRecords() if error.reason:
            return of[error.reason].format(**error.slots)
        case errors.NoRecords():
            return of["no_records"].format(what=error.what, way_out=f"{error.way_out}.")
        case errors.NotUnderstood():
            return _not_understood(error, voice, context)
        case errors.Declined():
            return of["declined"].format(reason=of[f"declined_{error.reason}"], words=error.words)
        case errors.AskedBackInWords():
            return f"{error.words} {numbered(error.choices)}"
        case errors.QueryLimit():
            return of["query_limit"]
        case errors.BadGeometry():
            return of["bad_geometry"].format(reason=error)
        case errors.InputError() if voice.language != "en":  # its message is for those who write plans and files
            return of["bad_argument_plain"].format(can=of["can"])
        case errors.InputError():
            return of["bad_argument"].format(reason=error)
        case errors.Ambiguous():
            return question_back(error, voice)
    return str(error)


def _outside(error: errors.OutOfCoverage, voice: Voice, context: Context) -> str:
    of = voice.of["refusal"]
    if error.what == "forecast":
        years = {y for d in context.store.datasets() if d.kind in ("survey", "statistics") for y in d.years}
        return of["forecast"].format(last=max(years, default="–"))
    if error.what.startswith("topic:"):
        _, topic, *words = error.what.split(":")
        told = of["topic"].format(topic=of[f"topic_{topic}"], can=of["can"])
        return f"“{words[0]}”: {told}" if words else told
    return of["foreign"].format(what=error.what)


def _not_understood(error: errors.NotUnderstood, voice: Voice, context: Context) -> str:
    of = voice.of["refusal"]
    understood = of["understood"].format(names=", ".join(error.understood)) if error.understood else ""
    reason, *numbers = error.reason.split(":")
    if reason == "too_long":
        return of["too_long"].format(length=voice.number(int(numbers[0])), most=voice.number(int(numbers[1])))
    if reason == "unread_language":
        return of["unread_language"].format(name=numbers[0])
    if reason == "unread":
        told = of["unread"].format(words=", ".join(f"“{word}”" for word in numbers), understood=understood)
        return told if understood else f"{told} {of['which_class']}"
    if reason == "no_parts":
        return of["no_parts"].format(region=numbers[0], level=voice.noun("rows", numbers[1]), can=of["can"])
    if reason in ("which_region", "which_class", "read_only", "no_words"):
        return of[reason].format(can=of["can"])
    return of["not_understood"].format(understood=understood, can=of["can"])


def class_or_word(word: str, voice: Voice, context: Context) -> str:
    """Return a class code (or several joined by +) as its words and code, anything else as it is."""
    if word.isdigit():
        return word
    if word in PUBLISHED_LEVELS:
        return voice.noun("rows", word)
    parts = word.split("+")
    if not all(part in context.nomenclature.classes for part in parts):
        return voice.noun("rows", word)
    return f"{context.nomenclature.label(tuple(parts), voice.language)} ({word})"


def question_back(error: errors.Ambiguous, voice: Voice) -> str:
    """Return the question a person is asked when several things fit."""
    return voice.of["refusal"]["clarify"].format(words=error.words, choices=numbered(error.choices))


def numbered(choices: Sequence[str]) -> str:
    """Return choices as a person picks from them."""
    return ", ".join(f"{at}) {choice}" for at, choice in enumerate(choices, 1))
