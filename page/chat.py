"""The conversation as HTML: questions, steps, answers, choices. Escapes all text; decides nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from page.numbers import number
from page.share import link_of
from page.talk import Talk, Turn

Words = Mapping[str, str]


def chat_html(talk: Talk, words: Words, language: str, examples: Sequence[str] = ()) -> str:
    """Return the whole conversation, or the examples where it has none yet."""
    newest = len(talk.turns) - 1
    inside = "".join(turn_html(turn, at, words, language, at == newest) for at, turn in enumerate(talk.turns))
    last = talk.turns[-1] if talk.turns else None
    said = "" if last is None else words["working"] if last.status == "running" else last.text
    return (
        f'<div class="la-chat" tabindex="0" role="log" aria-live="off" aria-label="{escape(words["conversation"])}">'
        f"{inside or welcome_html(words, examples)}</div>"
        f'<div class="la-live" hidden>{escape(said)}</div>'
    )


def welcome_html(words: Words, examples: Sequence[str]) -> str:
    """What stands there before the first question."""
    buttons = "".join(f"<li>{example_html(text, words)}</li>" for text in examples)
    return (
        f'<section class="la-welcome"><h2>{escape(words["welcome"])}</h2>'
        f"<p>{escape(words['welcome_text'])}</p>"
        f"<p>{escape(words['examples'])}</p><ul>{buttons}</ul></section>"
    )


def example_html(text: str, words: Words) -> str:
    """An example with the task it is one of."""
    name = next((name for name in words if name.startswith("example_") and words[name] == text), "")
    task = words.get("task_" + name.removeprefix("example_"), "")
    return (
        f'<button type="button" class="la-button la-example" data-act="ask" data-value="{escape(text)}">'
        f"<small>{escape(task)}</small>{escape(text)}</button>"
    )


def turn_html(turn: Turn, at: int, words: Words, language: str, last: bool) -> str:
    """One question with what came of it."""
    steps = steps_html(turn, words, language)
    asked = f'<span class="sr">{escape(words["you_asked"])} </span>{escape(turn.question)}'
    return (
        f'<article class="la-turn la-{escape(turn.status)}">'
        f'<p class="la-question">{asked}</p>{reply_html(turn, words)}'
        f"{choices_html(turn, words, last)}{badges_html(turn, at, words)}{deeds_html(turn, at, words)}{steps}</article>"
    )


def reply_html(turn: Turn, words: Words) -> str:
    """The sentence, what must be known with it, and its source."""
    if turn.status == "running":
        doing = step_name(turn.steps[-1].name, words) if turn.steps else words["reading"]
        return (
            f'<p class="la-working"><span class="la-wheel" aria-hidden="true"></span>{escape(doing)} … '
            '<span class="la-clock" data-since></span></p>'
        )
    lines = (turn.text or words["stopped"]).splitlines()
    first, rest = lines[0] if lines else "", lines[1:]
    more = "".join(f'<p class="la-also">{escape(line)}</p>' for line in rest)
    agreed = f'<p class="la-agreed">{escape(turn.agreed)}</p>' if turn.agreed else ""
    return (
        f'<div class="la-answer"><p class="la-verdict">{escape(first)}</p>{more}'
        f"{caveats_html(turn.caveats, words)}{agreed}</div>"
    )


def caveats_html(caveats: Sequence[str], words: Words) -> str:
    """What changes the reading first, what else should be known folded away."""
    if not caveats:
        return ""
    first = f'<p class="la-caveat">{escape(caveats[0])}</p>'
    if len(caveats) == 1:
        return first
    others = "".join(f"<li>{escape(caveat)}</li>" for caveat in caveats[1:])
    title = words["to_know"].format(count=len(caveats) - 1)
    return f'{first}<details class="la-caveats"><summary>{escape(title)}</summary><ul>{others}</ul></details>'


def badges_html(turn: Turn, at: int, words: Words) -> str:
    """Who speaks in the answer; a click shows what they say it from."""
    badges = "".join(
        button(f"la-badge la-{each}", "evidence", words[f"witness_{each}"], turn=at) for each in turn.witnesses
    )
    return (
        f'<div class="la-badges" role="group" aria-label="{escape(words["witnesses"])}">{badges}</div>'
        if badges
        else ""
    )


def step_name(name: str, words: Words) -> str:
    """What a step does, in the page's words."""
    return words.get("step_" + name) or words.get("tool_" + name, name)


def steps_html(turn: Turn, words: Words, language: str) -> str:
    """The steps taken so far; open while the answer is being made."""
    if not turn.steps:
        return ""
    lines = "".join(
        f"<li><b>{escape(step_name(s.name, words))}</b> {escape(s.detail)} "
        f'<span class="la-seconds">{number(round(s.seconds, 2), language)} s</span></li>'
        for s in turn.steps
    )
    total = turn.seconds or sum(step.seconds for step in turn.steps)
    title = words["steps"].format(count=len(turn.steps), seconds=number(round(total, 2), language))
    return (
        f'<details class="la-steps"{" open" if turn.status == "running" else ""}><summary>{escape(title)}</summary>'
        f"<ol>{lines}</ol></details>"
    )


def choices_html(turn: Turn, words: Words, last: bool) -> str:
    """The choices of a question back; only the newest can still be clicked."""
    if not turn.choices:
        return ""
    buttons = "".join(
        button("la-button la-choice", "choose", choice, choice, disabled=not last) for choice in turn.choices
    )
    return f'<div class="la-choices" role="group" aria-label="{escape(words["choices"])}">{buttons}</div>'


def deeds_html(turn: Turn, at: int, words: Words) -> str:
    """What can be done with an answer: show it, ask it in other words, share it."""
    if not turn.plan or turn.status != "answered":
        return ""
    link = link_of(turn.question, turn.plan, turn.selection)
    deeds = button("la-deed", "show", words["show"], turn=at) + button("la-deed", "reword", words["reword"], turn=at)
    share = button("la-deed", "copy", words["share"], link, done=words["copied"]) if link else ""
    return f'<div class="la-deeds">{deeds}{share}</div>'


def button(look: str, act: str, text: str, value: str = "", disabled: bool = False, **data: str | int) -> str:
    """A button of the conversation; `page.js` sends its `data-` values to the page."""
    more = "".join(
        f' data-{name}="{escape(str(each))}"' for name, each in (("value", value), *data.items()) if each != ""
    )
    off = " disabled" if disabled else ""
    return f'<button type="button" class="{look}" data-act="{act}"{more}{off}>{escape(text)}</button>'
