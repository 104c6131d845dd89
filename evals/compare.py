"""Whether one run is better than another, and how sure that is: paired by sample, corrected for how many stages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evals.record import Row, Run, majority, stages_of
from evals.statistics import Interval, cluster_bootstrap, holm, mcnemar, permutation, quantile
from retrieval.errors import BadArgument

SURE = 0.05


@dataclass(frozen=True)
class StageChange:
    """One stage in two runs over the same samples."""

    stage: str
    pairs: int
    lost: tuple[str, ...]
    """Ids right in the first and wrong in the second."""
    gained: tuple[str, ...]
    difference: Interval
    """Second minus first, with its interval over clusters."""
    mcnemar: float
    permutation: float
    corrected: float = 1.0
    """The larger of the two p values after Holm over all stages."""

    @property
    def verdict(self) -> str:
        """What can be said."""
        if self.corrected >= SURE:
            return "no difference shown"
        return "better" if self.difference.value > 0 else "worse"


@dataclass(frozen=True)
class Comparison:
    """Two runs of one suite."""

    suite: str
    first: str
    second: str
    stages: tuple[StageChange, ...]
    uncovered: tuple[str, ...]
    """Ids in one run alone, changed between them, or not measured in one: no pair, and never a pass."""
    seconds: tuple[float, float]
    """Median seconds a question."""


def compare(first: Run, second: Run) -> Comparison:
    """Return what changed from the first run to the second.

    Raises:
        BadArgument: they are runs of different suites.
    """
    if first.suite != second.suite:
        raise BadArgument(f"a run of {first.suite} cannot be compared with one of {second.suite}")
    one, two = ({row.id: row for row in majority(run.rows)} for run in (first, second))
    paired = [id for id in one if id in two and one[id].hash == two[id].hash and one[id].covered and two[id].covered]
    changes = [_change(stage, [one[i] for i in paired], [two[i] for i in paired]) for stage in stages_of(one.values())]
    changes = [change for change in changes if change.pairs]
    corrected = holm({change.stage: max(change.mcnemar, change.permutation) for change in changes})
    kept = tuple(replace(change, corrected=corrected[change.stage]) for change in changes)
    uncovered = tuple(sorted((set(one) | set(two)) - set(paired)))
    middle = tuple(quantile([run[i].seconds for i in paired], 0.5) for run in (one, two))
    return Comparison(first.suite, first.name, second.name, kept, uncovered, (middle[0], middle[1]))


def _change(stage: str, first: Sequence[Row], second: Sequence[Row]) -> StageChange:
    pairs = [
        (a, b)
        for a, b in zip(first, second, strict=True)
        if a.stages.get(stage) is not None and b.stages.get(stage) is not None
    ]
    before = [float(a.stages[stage] or 0) for a, _ in pairs]
    after = [float(b.stages[stage] or 0) for _, b in pairs]
    clusters = [a.cluster for a, _ in pairs]
    lost = tuple(a.id for (a, _), x, y in zip(pairs, before, after, strict=True) if x > y)
    gained = tuple(a.id for (a, _), x, y in zip(pairs, before, after, strict=True) if x < y)
    differences = [y - x for x, y in zip(before, after, strict=True)]
    return StageChange(
        stage, len(pairs), lost, gained, cluster_bootstrap(differences, clusters),
        mcnemar(len(lost), len(gained)), permutation(before, after, clusters),
    )  # fmt: skip


def as_text(found: Comparison) -> str:
    """Return a comparison as Markdown, with its verdict in words."""
    lines = [
        f"# {found.suite}: {found.second} against {found.first}", "",
        verdict(found), "",
        "| stage | pairs | lost | gained | difference, points (95 %) | McNemar p | permutation p | after Holm | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]  # fmt: skip
    for c in found.stages:
        d = c.difference
        lines.append(
            f"| {c.stage} | {c.pairs} | {len(c.lost)} | {len(c.gained)} | "
            f"{100 * d.value:+.1f} [{100 * d.low:+.1f}, {100 * d.high:+.1f}] | {c.mcnemar:.3g} | {c.permutation:.3g} | "
            f"{c.corrected:.3g} | {c.verdict} |"
        )
    lines += ["", f"Median seconds: {found.seconds[0]:.3f} → {found.seconds[1]:.3f}."]
    lines += [f"Not comparable (missing, changed or not measured): {len(found.uncovered)} rows; none counts as a pass."]
    for c in found.stages:
        if c.lost or c.gained:
            lines.append(
                f"- {c.stage}: lost {', '.join(c.lost[:20]) or 'none'}; gained {', '.join(c.gained[:20]) or 'none'}"
            )
    return "\n".join(lines)


def verdict(found: Comparison) -> str:
    """Return in a sentence whether the second run is better."""
    sure = [c for c in found.stages if c.corrected < SURE]
    if not found.stages:
        return "Nothing can be compared: the two runs share no sample."
    if not sure:
        return "No stage differs by more than chance would explain, after correction for the number of stages."
    return "; ".join(
        f"{found.second} is {c.verdict} at {c.stage}: {100 * c.difference.value:+.1f} points, p = {c.corrected:.2g}"
        for c in sure
    )


def as_json(found: Comparison) -> Mapping[str, Any]:
    """Return a comparison as plain values."""
    return {
        "suite": found.suite, "first": found.first, "second": found.second, "verdict": verdict(found),
        "uncovered": list(found.uncovered), "seconds": [None if math.isnan(s) else s for s in found.seconds],
        "stages": [{**vars(c), "difference": vars(c.difference), "verdict": c.verdict} for c in found.stages],
    }  # fmt: skip
