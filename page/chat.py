"""The conversation as HTML: questions, steps, answers, choices. Escapes all text; decides nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from html import escape
from pathlib import Path

from agent.answer import Step
from agent.voice import strings, texts
from page.numbers import number
from page.share import link_of
from page.talk import Talk, Turn
from retrieval.types import LANGUAGES

Words = Mapping[str, str]
MOST_CARDS = 6
PICTURED = frozenset(file.stem for file in (Path(__file__).parent / "static" / "cards").glob("*.webp"))
"""Examples whose answer has a picture, made by `python -m page.cards`."""


def chat_html(talk: Talk, words: Words, language: str, examples: Sequence[str] = ()) -> str:
    """Return the whole conversation, or the examples where it has none yet."""
    newest = len(talk.turns) - 1
    inside = "".join(turn_html(turn, at, words, language, at == newest) for at, turn in enumerate(talk.turns))
    last = talk.turns[-1] if talk.turns else None
    said = "" if last is None else words["working"] if last.status == "running" else without_codes(text_of(last, words))
    return (
        f'<div class="la-chat" tabindex="0" role="log" aria-live="off" aria-label="{escape(words["conversation"])}">'
        f"{inside or welcome_html(words, examples)}</div>"
        f'<div class="la-live" hidden>{escape(said)}</div>'
    )


def text_of(turn: Turn, words: Words) -> str:
    """What a turn says: its answer; of one that only shows an answer otherwise, that it does."""
    return words[f"shown_{turn.seen_as}"].format(question=turn.of) if turn.seen_as else turn.text


def welcome_html(words: Words, examples: Sequence[str]) -> str:
    """What stands there before the first question."""
    own = (
        '<button type="button" class="la-button la-example" data-act="draw">'
        '<span class="la-own" aria-hidden="true"></span>'
        f"<span><small>{escape(words['task_own'])}</small>{escape(words['own_text'])}</span></button>"
    )
    cards = [example_html(text, words) for text in examples[: MOST_CARDS - 1]] + [own]
    buttons = "".join(f"<li>{card}</li>" for card in cards)
    return (
        f'<section class="la-welcome"><h2>{escape(words["tagline"])}</h2>'
        f"<p>{escape(words['welcome_text'])}</p><ul>{buttons}</ul></section>"
    )


def example_html(text: str, words: Words) -> str:
    """An example with the task it is one of."""
    name = next((name for name in words if name.startswith("example_") and words[name] == text), "")
    task = words.get("task_" + name.removeprefix("example_"), "")
    picture = f'<img alt="" width="160" height="96" data-src="files/cards/{name}.webp">' if name in PICTURED else ""
    return (
        f'<button type="button" class="la-button la-example" data-act="ask" data-value="{escape(text)}">'
        f"{picture}<span><small>{escape(task)}</small>{escape(text)}</span></button>"
    )


def turn_html(turn: Turn, at: int, words: Words, language: str, last: bool) -> str:
    """One question with what came of it."""
    steps = steps_html(turn, words, language)
    asked = f'<span class="sr">{escape(words["you_asked"])} </span>{escape(turn.question)}'
    return (
        f'<article class="la-turn la-{escape(turn.status)}">'
        f'<p class="la-question">{asked}</p>{reply_html(turn, at, words)}'
        f"{choices_html(turn, words, last)}{badges_html(turn, at, words)}{deeds_html(turn, at, words)}{steps}"
        f"{following_html(turn, words, last)}</article>"
    )


def reply_html(turn: Turn, at: int, words: Words) -> str:
    """The sentence, what must be known with it, and its source."""
    if turn.status == "running":
        return (
            f'<p class="la-working"><span class="la-wheel" aria-hidden="true"></span>{escape(doing(turn, words))} … '
            '<span class="la-clock" data-since></span></p>'
        )
    if turn.seen_as:
        return f'<div class="la-answer"><p class="la-verdict">{escape(text_of(turn, words))}</p></div>'
    lines = without_codes(turn.text or words["stopped"]).splitlines()
    first, rest = lines[0] if lines else "", lines[1:]
    more = "".join(also_html(line, words) for line in rest)
    if "pixels" in turn.witnesses:
        more += f'<p class="la-also">{escape(words["pixels_plain"])}</p>'
    agreed = f'<p class="la-agreed">{escape(turn.agreed)}</p>' if turn.agreed else ""
    said = f"{verdict_html(first, words)}{more}{caveats_html(turn, words)}{agreed}{job_html(turn, at, words)}"
    return f'<div class="la-answer">{said}</div>'


def job_html(turn: Turn, at: int, words: Words) -> str:
    """The offer to answer in the background, or how far that is; `page.js` asks the server and fills it in."""
    if turn.job:
        return (
            f'<div class="la-job" data-job="{escape(turn.job)}" data-turn="{at}" '
            f'data-progress="{escape(words["job_progress"])}"><progress max="1" '
            f'aria-label="{escape(words["working"])}"></progress>'
            f"<span>{escape(words['job_waiting'])}</span> "
            f"{button('la-deed', 'job_stop', words['stop'], turn=at)}</div>"
        )
    if not turn.offer or turn.status != "refused":
        return ""
    return button("la-button la-run", "job", words["job_start"].format(minutes=turn.offer), turn=at)


CODE = r"(?:[A-H][0-9X]{2}|U[0-9]{3})(?:-[0-9]+)?(?:_[A-Z]+)?"
CODES = re.compile(rf"\s\((?:land (?:cover|use), )?{CODE}(?:[,;+ ]+{CODE})*\)")
ENTRIES = re.compile(
    r"(?P<head>[^:;.]+): (?P<list>(?:(?!\. \D)[^;])+(?:; (?:(?!\. \D)[^;])+?){4,}?)(?P<tail> \([^()]*, [^()]*\))?\."
    r"(?P<more> .+)?"
)
"""Five or more entries parted by semicolons, in brackets at the end what they are of, and what is said after."""
SHOWN_ENTRIES, SHOWN_ALSO = 5, 3
"""Entries seen at first of the answer's first line, and of each further one."""
LEAST_FOLDED = 3
"""Fewer entries are not worth a click."""


def without_codes(text: str) -> str:
    """A text without the survey's codes in brackets: the sources and the table have them.

    >>> without_codes("25 points with vineyards (B82), of 125 (2018)")
    '25 points with vineyards, of 125 (2018)'
    >>> without_codes("cereals and root crops (B10+B10-50_PI+B20), 2022")
    'cereals and root crops, 2022'
    >>> without_codes("'oranje' may be oranges (land cover, B76) or citrus (land cover, B76 B77)")
    "'oranje' may be oranges or citrus"
    """
    return CODES.sub("", text)


@cache
def then_words() -> re.Pattern[str]:
    """What parts the first of a ranking from the rest, in any language: "; then "."""
    said = (strings(language)["say"]["then"] for language in LANGUAGES)
    return re.compile("|".join(re.escape(text.removeprefix("{head}").removesuffix("{rest}")) for text in said))


@cache
def witness_names() -> tuple[str, ...]:
    """How a line begins that says who speaks, in any language: "LUCAS survey: "."""
    return tuple({f"{name}: " for language in LANGUAGES for name in texts(language)["source"].values()})


@dataclass(frozen=True)
class Entries:
    """A line that lists: what, one by one, and what is said after."""

    head: str
    """With what the entries are of, in brackets."""
    lines: tuple[str, ...]
    tail: str
    ranked: bool
    left: str = ""
    """What stands for entries the sentence left out: "… (27 in all)"."""

    @property
    def all(self) -> int:
        """How many entries there are, with those left out."""
        told = re.search(r"\d+", self.left)
        return int(told[0]) if told else len(self.lines)

    def html(self, start: int, end: int | None = None) -> str:
        """Some of the entries as a list; a ranking's are numbered."""
        lines = "".join(f"<li>{escape(line)}</li>" for line in self.lines[start:end])
        return f'<ol start="{start + 1}">{lines}</ol>' if self.ranked else f"<ul>{lines}</ul>"


def entries(text: str) -> Entries | None:
    """The entries of a line that lists some, None where it is a sentence.

    >>> found = entries("Most: A 9 %; then B 8 %; C 7 %; D 6 %; E 5 % (Spain, 2022). A keeps this rank.")
    >>> found.head, found.lines[1], found.tail, found.ranked
    ('Most (Spain, 2022)', 'B 8 %', 'A keeps this rank.', True)
    >>> entries("Bavaria: 29 % in 2009; a decrease. All years: 2009: 29 %; 2012: 28 %; 2015: 27 %; 2018: 26 %.")
    >>> entries("LUCAS survey: Points: A 9; B 8; C 7; D 6; E 5.").head
    'LUCAS survey: Points'
    >>> entries("Points: A 9; B 8; C 7; D 6; E 5; … (27 in all) (Spain, 2022).").all
    27
    """
    witness = next((name for name in witness_names() if text.startswith(name)), "")
    plain, ranked = then_words().subn("; ", text.removeprefix(witness), count=1)
    if not (found := ENTRIES.fullmatch(plain)):
        return None
    head = witness + found["head"] + (found["tail"] or "")
    lines = parted(found["list"])
    left = lines.pop() if lines[-1].startswith("…") else ""
    return Entries(head, tuple(lines), (found["more"] or "").strip(), bool(ranked), left)


def parted(text: str) -> list[str]:
    """The entries of a list, parted by semicolons but for those in an entry's brackets.

    >>> parted("A -17 (2009: 45 % (42-48); 2022: 28 %); B -9")
    ['A -17 (2009: 45 % (42-48); 2022: 28 %)', 'B -9']
    """
    found = [""]
    for part in text.split("; "):
        inside = found[-1].count("(") > found[-1].count(")")
        found[-1:] = [f"{found[-1]}; {part}"] if inside else [found[-1], part]
    return found[1:]


def also_html(text: str, words: Words) -> str:
    """A further line of the answer."""
    return told_html("la-also", text, SHOWN_ALSO, words)


def verdict_html(text: str, words: Words) -> str:
    """The sentence that answers."""
    return told_html("la-verdict", text, SHOWN_ENTRIES, words)


def told_html(look: str, text: str, most: int, words: Words) -> str:
    """A line of the answer; one that lists as a list, of which the first few entries are seen."""
    found = entries(text)
    if not found:
        return f'<p class="{look}">{escape(text)}</p>'
    folded = found.all - most
    if folded < LEAST_FOLDED:
        most, folded = len(found.lines), 0
    more = ""
    if folded:
        title = escape(words["more_ranks"].format(count=folded))
        left = f"<p>{escape(found.left)}</p>" if found.left else ""
        more = f"<details><summary>{title}</summary>{found.html(most)}{left}</details>"
    tail = f"<p>{escape(found.tail)}</p>" if found.tail else ""
    return f'<div class="{look}"><p>{escape(found.head)}:</p>{found.html(0, most)}{more}{tail}</div>'


def caveats_html(turn: Turn, words: Words) -> str:
    """How the question's words were taken, else what changes the reading most; what else to know is folded away."""
    caveats = [without_codes(caveat) for caveat in turn.caveats]
    shown = [caveat for caveat in caveats if quotes(caveat, turn.question)] or caveats[:1]
    folded = [caveat for caveat in caveats if caveat not in shown]
    first = "".join(f'<p class="la-caveat">{escape(caveat)}</p>' for caveat in shown)
    if not folded:
        return first
    others = "".join(f"<li>{escape(caveat)}</li>" for caveat in folded)
    title = words["to_know"].format(count=len(folded))
    return f'{first}<details class="la-caveats"><summary>{escape(title)}</summary><ul>{others}</ul></details>'


QUOTED = re.compile(r"[“”„«»]\s?([^“”„«»]+?)\s?[“”«»]")


def quotes(text: str, question: str) -> bool:
    """Whether a text speaks of words of the question: it quotes them, in one language's marks or another's.

    >>> quotes("Not taken into account: “northern”.", "maize in Northern Italy"), quotes("The “sum” differs.", "maize")
    (True, False)
    """
    return any(words.casefold() in question.casefold() for words in QUOTED.findall(text))


def badges_html(turn: Turn, at: int, words: Words) -> str:
    """Who speaks in the answer; a click shows what they say it from."""
    badges = (
        ""
        if turn.seen_as
        else "".join(
            button(f"la-badge la-{each}", "evidence", words[f"witness_{each}"], turn=at) for each in turn.witnesses
        )
    )
    return (
        f'<div class="la-badges" role="group" aria-label="{escape(words["witnesses"])}">{badges}</div>'
        if badges
        else ""
    )


def step_name(name: str, words: Words) -> str:
    """What a step does, in the page's words."""
    return words.get("step_" + name) or words.get("tool_" + name, name)


def doing(turn: Turn, words: Words) -> str:
    """What is being done now: a step is told when it is over, and the first tells which tools are to follow."""
    if not turn.steps:
        return words["reading"]
    planned = [name for step in turn.steps if step.name == "plan" for name in step.detail.split(", ")]
    left = Counter(planned) - Counter(step.name for step in turn.steps)
    return step_name(next((name for name in planned if left[name]), "render"), words)


def step_detail(step: Step, words: Words) -> str:
    """What a step came to, where that is words: the tools the reading of the question chose.

    A tool's own detail is a log's; the answer and its table tell what it found.
    """
    if step.name != "plan":
        return ""
    return ", ".join(words.get("tool_" + name, name) for name in step.detail.split(", "))


def steps_html(turn: Turn, words: Words, language: str) -> str:
    """The steps taken so far; open while the answer is being made."""
    if not turn.steps:
        return ""
    running = turn.status == "running"
    lines = "".join(
        f"<li><b>{escape(step_name(s.name, words))}</b> {escape(step_detail(s, words))} "
        f'<span class="la-seconds">{number(round(s.seconds, 2), language)} s</span></li>'
        for s in turn.steps
    )
    total = turn.seconds or sum(step.seconds for step in turn.steps)
    title = words["steps"].format(count=len(turn.steps), seconds=number(round(total, 2), language))
    return (
        f'<details class="la-steps"{" open" if running else ""}><summary>{escape(title)}</summary>'
        f"<ol>{lines}</ol></details>"
    )


def choices_html(turn: Turn, words: Words, last: bool) -> str:
    """The choices of a question back; only the newest can still be clicked."""
    if not turn.choices:
        return ""
    shown = [without_codes(choice) for choice in turn.choices]
    shown = shown if len(set(shown)) == len(shown) else list(turn.choices)  # some differ by their code alone
    buttons = "".join(
        button("la-button la-choice", "choose", text, choice, disabled=not last)
        for text, choice in zip(shown, turn.choices, strict=True)
    )
    return f'<div class="la-choices" role="group" aria-label="{escape(words["choices"])}">{buttons}</div>'


def deeds_html(turn: Turn, at: int, words: Words) -> str:
    """What can be done with a turn: show it, ask it in other words, share it, pin it, say whether it was good."""
    if turn.status in ("stopped", "error"):
        again = button("la-deed", "ask", words["ask_again"], turn.question)
        return f'<div class="la-deeds">{again}</div>'
    if not turn.plan or turn.status != "answered":
        return ""
    link = link_of(turn.subject, turn.plan, turn.selection)
    deeds = button("la-deed", "show", words["show"], turn=at) + button("la-deed", "reword", words["reword"], turn=at)
    share = button("la-deed", "copy", words["share"], link, done=words["copied"]) if link else ""
    pin = button("la-deed", "pin", words["pin"], turn=at, done=words["pinned"])
    rates = "".join(
        f'<button type="button" class="la-deed la-rate" data-act="rate" data-turn="{at}" data-value="{value}" '
        f'aria-pressed="false" aria-label="{escape(words[name])}" title="{escape(words[name])}">{sign}</button>'
        for value, name, sign in (("good", "rate_good", "👍"), ("bad", "rate_bad", "👎"))
    )
    return f'<div class="la-deeds">{deeds}{share}{pin}{rates}</div>'


def following_html(turn: Turn, words: Words, last: bool) -> str:
    """Questions that go on from the newest answer, to be asked by a click."""
    if not turn.following or not last:
        return ""
    chips = "".join(button("la-button la-chip", "ask", text, text) for text in turn.following)
    return f'<div class="la-chips" role="group" aria-label="{escape(words["ask_next"])}">{chips}</div>'


def button(look: str, act: str, text: str, value: str = "", disabled: bool = False, **data: str | int) -> str:
    """A button of the conversation; `page.js` sends its `data-` values to the page."""
    more = "".join(
        f' data-{name}="{escape(str(each))}"' for name, each in (("value", value), *data.items()) if each != ""
    )
    off = " disabled" if disabled else ""
    return f'<button type="button" class="{look}" data-act="{act}"{more}{off}>{escape(text)}</button>'
