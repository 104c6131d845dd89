"""A plan: the tool calls an answer is made of, as plain values to show, score and run again. Runs nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from retrieval.errors import BadArgument, LandaskError
from retrieval.foreign import arguments, checked, plain_fault
from tools.registry import TOOLS

MOST_STEPS = 8
MOST_ROWS = 1_000_000
"""The largest limit a plan may name."""

Note = tuple[str, Mapping[str, Any]]
"""A caveat key with its slots, worded by `agent/render.py`."""


@dataclass(frozen=True)
class Step:
    """One tool call. A region written `@1` stands for the regions of the first result."""

    tool: str
    arguments: Mapping[str, Any]
    optional: bool = False
    """Left out, not refused, when the data cannot answer it: the second witness beside the first."""

    later: bool = False
    """Of a later part of the question: where the data cannot answer it, the parts before it still stand."""

    each: bool = False
    """Run once for each region, not for all of them together."""

    def to_json(self) -> dict[str, Any]:
        """The step as it is shown and replayed."""
        return {"tool": self.tool, "arguments": dict(self.arguments)}


@dataclass(frozen=True)
class Plan:
    """What to do, in order."""

    steps: tuple[Step, ...]
    notes: tuple[Note, ...] = ()
    """What the router assumed and a reader must know."""
    areas: Mapping[str, Any] = field(default_factory=dict)
    """Drawn areas used by the steps: id → GeoJSON geometry, EPSG:4326."""
    frame: Mapping[str, Any] = field(default_factory=dict)
    """What the conversation keeps of this question beside its queries and steps."""
    queries: tuple[Mapping[str, Any], ...] = ()
    """The typed queries of the question, for a follow-up to edit."""
    left_out: tuple[LandaskError, ...] = ()
    """Why later parts of the question have no step."""
    told: tuple[str, ...] = ()
    """Fixed lines of the answer before its sentences: thanks, "looked up again" (see `fact` in agent/texts)."""

    def to_json(self) -> dict[str, Any]:
        """The plan to show and to replay."""
        return {
            "steps": [step.to_json() for step in self.steps],
            **({"areas": dict(self.areas)} if self.areas else {}),
        }


def plan_from_json(value: Any) -> Plan:
    """Read a plan and check its form: known tools, known arguments, no more steps than allowed.

    Raises:
        BadArgument: the plan is not one that can be run; the message names the first fault.
    """
    steps = value.get("steps") if isinstance(value, dict) else None
    if not isinstance(steps, list) or not steps:
        raise BadArgument('a plan is {"steps": [{"tool": …, "arguments": {…}}, …]} with at least one step')
    if len(steps) > MOST_STEPS:
        raise BadArgument(f"a plan of {len(steps)} steps: at most {MOST_STEPS} can be run")
    if fault := plain_fault(value):
        raise BadArgument(f"the plan {fault}")
    areas = checked(value.get("areas") or {}, Mapping[str, Mapping[str, Any]], "the plan's areas")
    return Plan(tuple(_step(at, step) for at, step in enumerate(steps, 1)), areas=areas)


def _step(at: int, step: Any) -> Step:
    if not isinstance(step, dict) or not isinstance(step.get("arguments"), dict):
        raise BadArgument(f'step {at} is not {{"tool": …, "arguments": {{…}}}}')
    tool = step.get("tool")
    if not isinstance(tool, str) or tool not in TOOLS:
        raise BadArgument(f"step {at}: no tool {str(tool)[:60]!r}; there are {', '.join(TOOLS)}")
    arguments(TOOLS[tool], step["arguments"], f"step {at}")
    limit = step["arguments"].get("limit")
    if limit is not None and not 1 <= limit <= MOST_ROWS:
        raise BadArgument(f"step {at}.limit is {limit}; it is between 1 and {MOST_ROWS:,}")
    return Step(tool, step["arguments"])


def canonical(value: Any) -> str:
    """Return JSON of one form only: sorted keys, no spaces to spare, letters as they are."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
