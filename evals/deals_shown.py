"""Twelve questions on land deals with their answers, a map, three plans in three notations: docs/deals-shown.md.

python -m evals.deals_shown STORE > docs/deals-shown.md     # a store built with --deals
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.answer import Answer
from agent.ask import ask
from agent.deals.notation import from_rest, to_graphql, to_rest
from agent.maps import scene_of, svg_map
from evals.landmatrix import context_of as invented
from retrieval.query import Query
from retrieval.store import Store
from tools.context import Context

NEAR = "deals within 50 km of Brăila"
CIRCLE = "deals in Romania within 50 km of Brăila"
QUESTIONS = (
    "which deals in Romania grow sunflower",
    "how many hectares are in operation in Ethiopia",
    "who invests in land in Ukraine",
    NEAR,
    "biggest deals in Africa",
    "how much of Romania's cropland is under land deals",
    "How many land deals are there by country?",
    "Which deals led to evictions?",
    "How many deals have been concluded since 2010?",
    "deals abandoned in Cambodia",
    "Combien de terres sous contrat en Ukraine ?",
    "In welchen Ländern wird Zuckerrohr angebaut?",
)
PLANS = (
    "which deals in Romania grow sunflower",
    "How many deals in Laos and Cambodia over 5000 ha have been concluded since 2005?",
    "mining deals in Africa in operation",
)
HEAD = """\
# Land deals, shown

Made by `python -m evals.deals_shown STORE` of the 40 real deals of the sample export, which has no locations
(Land Matrix Initiative, landmatrix.org, CC BY 4.0). What can be asked, and what the figures are: [deals.md](deals.md).

## Twelve questions

Below each answer what is said beside it, once: a line that stands below an earlier answer is not repeated.
"""
OF_MAP = """\
Of invented deals, since the sample export has no locations: dots by how well a place is known; a grey disc where only
the country is, which is no place."""
OF_NEAR = "With locations a circle is answered too; asked of the same invented deals:"
MAP = Path(__file__).parents[1] / "docs" / "deals-map.svg"


def asked(context: Context) -> list[str]:
    """Return the questions with what was said, and the caveats that no answer before had."""
    lines, said = [], set[str]()
    for question in QUESTIONS:
        answer = ask(question, context, router="builtin")
        lines += [*_answered(question, answer), *(f"- {one}" for one in answer.caveats if one not in said), ""]
        said |= {*answer.caveats}
    return lines


def _answered(question: str, answer: Answer) -> list[str]:
    return [f"**{question}** ({answer.status})", "", *(f"> {line}  " for line in answer.text.splitlines()), ""]


def noted(context: Context) -> list[str]:
    """Return three plans as ours, as addresses of the site, as GraphQL, and the address read back."""
    lines = []
    for question in PLANS:
        answer = ask(question, context, router="builtin")
        step = (answer.plan or {})["steps"][0]["arguments"]
        query = Query.from_json({"source": "deals", **{k: v for k, v in step.items() if k != "act"}})
        rest, graphql = to_rest(query), to_graphql(query)
        back = from_rest(rest.texts[0])
        lines += [f"### {question}", "", "```json", json.dumps({**step, "source": "deals"}, ensure_ascii=False), "```"]
        lines += ["", "```", *rest.texts, "```", "", "```graphql", *graphql.texts, "```", ""]
        lines += [f"Done here: {', '.join(rest.left_out)}." if rest.left_out else "Nothing is left to be done here."]
        lines += [f"The first address read back: `{json.dumps(back.to_json()['where'])}`", ""]
    return lines


def main() -> int:
    """Print the page and draw its map."""
    with Store.open(sys.argv[1]) as store:
        context = Context.open(store)
        real, plans = asked(context), noted(context)
    with TemporaryDirectory() as folder:
        context = invented(Path(folder))
        near = _answered(CIRCLE, ask(CIRCLE, context, router="builtin"))
        answer = ask("which deals in Romania are in operation", context, router="builtin")
        scene = scene_of(answer.results[0], context, "Invented deals in Romania, by accuracy", "invented, for tests")
        MAP.write_text(svg_map(scene) if scene else "", encoding="utf-8")
    lines = [HEAD, *real, "## A map", "", OF_MAP, "", "![Deals in Romania](deals-map.svg)", "", OF_NEAR, "", *near]
    print("\n".join([*lines, "## Three notations of three plans", "", *plans]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
