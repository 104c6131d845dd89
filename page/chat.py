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
    buttons = "".join(f"<li>{button('la-button la-example', 'ask', text, text)}</li>" for text in examples)
    return (
        f'<section class="la-welcome"><h2>{escape(words["welcome"])}</h2>'
        f"<p>{escape(words['welcome_text'])}</p>"
        f"<p>{escape(words['examples'])}</p><ul>{buttons}</ul></section>"
    )


def turn_html(turn: Turn, at: int, words: Words, language: str, last: bool) -> str:
    """One question with what came of it."""
    steps = steps_html(turn, words, language)
    asked = f'<span class="sr">{escape(words["you_asked"])} </span>{escape(turn.question)}'
    return (
        f'<article class="la-turn la-{escape(turn.status)}">'
        f'<p class="la-question">{asked}</p>{steps}{reply_html(turn, words)}'
        f"{choices_html(turn, words, last)}{deeds_html(turn, at, words)}</article>"
    )


def reply_html(turn: Turn, words: Words) -> str:
    """The sentence, what must be known with it, and its source."""
    if turn.status == "running":
        return f'<p class="la-working"><span class="la-wheel" aria-hidden="true"></span>{escape(words["working"])}</p>'
    badge = f'<strong class="la-synthetic">{escape(words["synthetic"])}</strong> ' if turn.synthetic else ""
    text = "<br>".join(escape(line) for line in (turn.text or words["stopped"]).splitlines())
    caveats = "".join(f"<li>{escape(caveat)}</li>" for caveat in turn.caveats)
    source = f'<p class="la-source">{escape(words["source"])}: {escape(turn.source)}</p>' if turn.source else ""
    agreed = f'<p class="la-agreed">{escape(turn.agreed)}</p>' if turn.agreed else ""
    return (
        f'<div class="la-answer"><p>{badge}{text}</p>{f"<ul class=la-caveats>{caveats}</ul>" if caveats else ""}'
        f"{source}{agreed}</div>"
    )


def steps_html(turn: Turn, words: Words, language: str) -> str:
    """The steps taken so far; open while the answer is being made."""
    if not turn.steps:
        return ""
    lines = "".join(
        f"<li><b>{escape(words.get('step_' + s.name, s.name))}</b> {escape(s.detail)} "
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
