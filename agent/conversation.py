"""What a conversation remembers between questions, as JSON. Does not plan and does not store itself anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from agent.lexicon import lexicon
from agent.words import concept, flatten, words
from retrieval.errors import BadArgument
from retrieval.foreign import checked, plain_fault, record
from retrieval.query import Query
from retrieval.types import LANGUAGES, Language


def of_land(years: Iterable[int] = ()) -> dict[str, Any]:
    """Return what a conversation keeps of a question about land beside its queries: the years it named."""
    return {"years": sorted({*years})}


MOST_PAST = 10
"""Queries that a conversation looks back on."""


@dataclass(frozen=True)
class Pending:
    """A question that was asked back, or offers made with a refusal."""

    kind: str
    """`region`, `class`, `source`, `piece` (which a question left out) or `offer`; `words` where a model asked back in
    words of its own."""
    question: str
    """The question that waits."""
    words: str
    """The words in it that have several readings."""
    choices: tuple[str, ...]
    values: tuple[Any, ...]
    """In the order of `choices`: a region id, a list of class codes, a source, a class code, or tool calls."""
    resolved: Mapping[str, Any] = field(default_factory=dict)
    """Words settled by earlier answers to the same question."""

    def check(self) -> None:
        """Hold the values against the kind, and their number against the choices'.

        Raises:
            BadArgument: they do not fit.
        """
        kinds: Mapping[str, Any] = {"region": str, "class": list[str], "source": str, "piece": str, "words": str,
                                    "offer": list[dict[str, Any]]}  # fmt: skip
        if self.kind not in kinds:
            raise BadArgument(f"conversation.pending.kind is {self.kind[:30]!r}; it is one of {', '.join(kinds)}")
        if len(self.values) != len(self.choices):
            raise BadArgument("conversation.pending has not as many values as choices")
        for at, value in enumerate(self.values):
            checked(value, kinds[self.kind], f"conversation.pending.values[{at}]")


@dataclass
class Conversation:
    """One person's thread: `to_json` and `from_json` carry it over a restart."""

    frame: dict[str, Any] = field(default_factory=dict)
    """What of the last answered question its queries and steps do not hold: the `years` it named, or its `deals`."""
    pending: Pending | None = None
    language: Language | None = None
    turns: list[str] = field(default_factory=list)
    """The questions so far."""
    areas: dict[str, Any] = field(default_factory=dict)
    """Drawn areas by id: GeoJSON geometry."""
    queries: list[dict[str, Any]] = field(default_factory=list)
    """The typed queries of the last answered question, as JSON; none where it was answered by other tools."""
    past: list[dict[str, Any]] = field(default_factory=list)
    """The last typed query of each answered question before that one: "back to the one before", "compare them"."""
    steps: list[dict[str, Any]] = field(default_factory=list)
    """The tool calls of the last answered question, as JSON: "are you sure" looks them up again."""
    shown: list[str] = field(default_factory=list)
    """The results of the last answered question as a model reads them, cut short."""
    tried: dict[str, Any] = field(default_factory=dict)
    """The `steps` and typed `queries` that the present question was read as, also when it cannot be answered."""
    open: str = ""
    """A question that waits for the class or place it leaves out."""

    def to_json(self) -> dict[str, Any]:
        """The state as plain JSON values."""
        return asdict(self)

    @property
    def years(self) -> tuple[int, ...]:
        """The years that the last answered question named."""
        return tuple(self.frame.get("years", ()))

    def turn_to(self, frame: Mapping[str, Any]) -> None:
        """Remember what an answered question was about."""
        if frame:
            self.frame = dict(frame)

    def keep(self, steps: list[dict[str, Any]], queries: list[dict[str, Any]]) -> None:
        """Remember what an answered question came to; the last query before it stands behind it."""
        if self.queries and self.queries != queries:
            self.past = [*self.past, self.queries[-1]][-MOST_PAST:]
        self.steps, self.queries = steps, queries

    def turn_to_queries(self, queries: list[dict[str, Any]]) -> None:
        """Remember what a question was of that has no answer: the next one is read as what follows on it."""
        if queries:
            self.keep(self.steps, queries)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Conversation:
        """Return the state `to_json` wrote; unknown keys are left aside.

        Raises:
            BadArgument: it is not one; anybody may have written it.
        """
        if fault := plain_fault(value):
            raise BadArgument(f"the conversation {fault}")
        waiting = value.get("pending") if isinstance(value, Mapping) else None
        offered = waiting.get("values") if isinstance(waiting, Mapping) and waiting.get("kind") == "offer" else ()
        if isinstance(offered, list) and any(isinstance(one, Mapping) for one in offered):
            value = {**value, "pending": None}  # the frames of before: what was offered is asked again
        state = record(cls, value, "conversation")
        checked(state.frame.get("years", []), list[int], "conversation.frame.years")
        for step in state.steps:
            checked(step.get("tool"), str, "conversation.steps.tool")
            checked(step.get("arguments"), dict[str, Any], "conversation.steps.arguments")
        for query in (*state.past, *state.queries):
            Query.from_json(query)
        if state.pending:
            state.pending.check()
        return state


ORDINALS = {
    1: "first erste ersten premier premiere primero primera primo prima primeiro primeira eerste pierwszy pierwsza",
    2: "second zweite zweiten deuxieme second seconde segundo segunda secondo seconda tweede drugi druga",
    3: "third dritte dritten troisieme tercero tercera terzo terza terceiro terceira derde trzeci trzecia",
    4: "fourth vierte quatrieme cuarto cuarta quarto quarta vierde czwarty czwarta",
    5: "fifth funfte cinquieme quinto quinta vijfde piaty piata",
}
LAST = {"last", "letzte", "letzten", "dernier", "derniere", "ultimo", "ultima", "laatste", "ostatni", "ostatnia"}


def chosen(reply: str, choices: Sequence[str], language: str) -> int | None:
    """Return which of the choices a reply takes: by its number, its words, or "yes" to a single one."""
    flat = flatten(reply).split()
    if not flat or len(flat) > 12 or not choices:
        return None
    plain = " ".join(flat)
    options = [" ".join(flatten(choice).split()) for choice in choices]
    if plain in options:
        return options.index(plain)
    names = [" ".join(flatten(choice.split("(")[0]).split()) for choice in choices]
    if names.count(plain) == 1:
        return names.index(plain)
    if len(flat) <= 4:
        for word in flat:
            if word.isdigit() and 1 <= int(word) <= len(choices):
                return int(word) - 1
        for number, names in ORDINALS.items():
            if number <= len(choices) and {*flat} & {*names.split()}:
                return number - 1
        if {*flat} & LAST:
            return len(choices) - 1
        named = words(language)["numbers"]
        for word in flat:
            if 1 <= named.get(word, 0) <= len(choices) and len(flat) <= 2:
                return named[word] - 1
    yes = concept(language, "yes")
    if len(choices) == 1 and yes and yes.fullmatch(plain):
        return 0
    small = {flatten(word).strip() for key in ("conjunction.and", "edit.what_about") for word in lexicon(language)[key]}
    return _by_words([word for word in flat if word not in small], options)


def _by_words(flat: Sequence[str], options: Sequence[str]) -> int | None:
    """Return the one option sharing most words that tell the options apart with the reply."""
    sets = [set(re.findall(r"\w+", option)) for option in options]
    common = set.intersection(*sets) if len(sets) > 1 else set()
    scores = [len({*flat} & (words_ - common)) for words_ in sets]
    best = max(scores, default=0)
    if best == 0 or scores.count(best) > 1:
        return None
    return scores.index(best)


def known_language(value: str | None) -> Language | None:
    """Return a language code if it is one of the eight."""
    return next((language for language in LANGUAGES if language == value), None)
