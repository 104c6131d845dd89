"""How an answer came about, as HTML: steps, plan, query, data with version and hash. Escapes everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape

from agent.answer import Answer
from agent.deals.notation import notations
from agent.deals.saying import notation_text
from agent.voice import texts
from page.chat import step_detail, step_name
from page.numbers import number
from tools.result import Result

Words = Mapping[str, str]


def how_html(answer: Answer, words: Words, language: str) -> str:
    """Return the account of one answer."""
    steps = "".join(
        f"<tr><td>{escape(step_name(s.name, words))}</td><td>{escape(step_detail(s, words))}</td>"
        f'<td class="la-number">{number(round(s.seconds, 3), language)}</td></tr>'
        for s in answer.steps
    )
    by = words["router_line"].format(router=words.get(f"router_{answer.router}", answer.router))
    cost = f"{by[:1].upper()}{by[1:]} · {number(round(answer.seconds, 2), language)} s"
    if answer.tokens:
        cost += f" · {answer.tokens.prompt} + {answer.tokens.completion} tokens"
    parts = [
        f"<p>{escape(cost)}</p>",
        f'<table class="la-table"><caption>{escape(words["how_steps"])}</caption><thead><tr>'
        f'<th scope="col">{escape(words["how_step"])}</th><th scope="col">{escape(words["how_detail"])}</th>'
        f'<th scope="col">s</th></tr></thead><tbody>{steps}</tbody></table>',
        *(result_html(result, words) for result in answer.results),
        *interval_html(answer, language),
    ]
    if answer.plan:
        parts.append(code_html(words["how_plan"], json.dumps(answer.plan, indent=1, ensure_ascii=False)))
    parts += [code_html(name.upper(), notation_text(name, made, language)) for name, made in notations(answer.plan)]
    return "".join(parts)


def result_html(result: Result, words: Words) -> str:
    """Where one result comes from."""
    made = result.provenance
    facts = {
        words["how_dataset"]: f"{made.dataset} {made.version}".strip(),
        words["how_source"]: made.attribution,
        words["how_licence"]: made.licence,
        words["how_model"]: made.model or "",
        words["how_rows"]: str(made.row_count),
        "SHA-256": made.sha256 or "",
    }
    lines = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items() if v)
    query = code_html(words["how_query"], made.sql) if made.sql else ""
    values = (
        code_html(words["how_parameters"], json.dumps(dict(made.parameters), indent=1, ensure_ascii=False, default=str))
        if made.parameters
        else ""
    )
    title = words.get("tool_" + result.tool, result.tool)
    return f"<h2>{escape(title)} <code>{escape(result.tool)}</code></h2><dl class=la-facts>{lines}</dl>{query}{values}"


def interval_html(answer: Answer, language: str) -> list[str]:
    """What an interval means, in two sentences, where the answer has one."""
    if all(result.interval is None for result in answer.results):
        return []
    return [f"<p>{escape(texts(language)['say']['explain_interval'])}</p>"]


def code_html(title: str, text: str) -> str:
    """A text to be read as it is, folded away."""
    return (
        f"<details><summary>{escape(title)}</summary>"
        f'<pre tabindex="0" role="region" aria-label="{escape(title)}"><code>{escape(text)}</code></pre></details>'
    )
