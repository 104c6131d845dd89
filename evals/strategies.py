"""Language models × ways of using them: the whole book in the prompt, retrieved candidates, a tool loop.

After the Land Matrix comparison, on our questions and by execution: is the plan valid, are the slots right (place,
class, year), the values, the result. One run is one model and one strategy (`--llm`, `--strategy`); seconds and tokens
stand in every row. Where no model can be opened no row is covered.
"""

from __future__ import annotations

from evals import questions
from evals.record import Case, Outcome, Stages
from evals.world import World

STAGES = ("valid_plan", "operation", "fields", "place", "class", "year", "values", "result", "own_plan")
SLOTS = ("place", "class", "year")
SINGLE_STEP = ("paraphrase", "misspelt", "other_name", "survey:", "published:")


def cases(world: World) -> list[Case]:
    """Return the single-step questions that have an answer: what a plan can be right about."""
    found = []
    for case in questions.cases(world):
        asked = case.sample.get("asked") or case.sample.get("ask") or {}
        refused = asked.get("what") == "status" or asked.get("kind") == "refuse"
        if case.kind.startswith(SINGLE_STEP) and not refused and "turns" not in case.sample:
            found.append(case)
    return found


def measure(case: Case, world: World) -> Outcome:
    """Ask one question through the model and judge its plan and its values."""
    whole = questions.measure(case, world)
    stages: Stages = dict.fromkeys(STAGES)
    planned = bool(whole.detail.get("plan"))
    slots = [value for slot in SLOTS if (value := whole.stages.get(slot)) is not None]
    stages["valid_plan"] = int(planned)
    stages["fields"] = int(all(slots)) if slots else None
    for stage in ("operation", *SLOTS):
        stages[stage] = whole.stages.get(stage)
    stages["values"], stages["result"] = whole.stages.get("value"), whole.stages.get("result")
    if not world.setting.deterministic:
        stages["own_plan"] = int("builtin" not in str(whole.detail.get("router")))
    return Outcome(stages, whole.seconds, whole.tokens, whole.detail, whole.covered)
