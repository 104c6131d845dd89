"""Runs as a scoreboard in Markdown, a page with maps of errors, and JSON to diff. Measures nothing itself."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evals.record import Row, Run, consistency, counted, flapping, majority, most_common, stages_of
from evals.routers import compared
from evals.statistics import cluster_bootstrap, holm, quantile, spread_test, wilson

FEW = 5
"""Rows below which a language, country or class gets no line of its own."""
MOST_NAMED = 12
MOST_FAILURES = 60
FINDINGS = Path(__file__).parent / "findings.md"
"""Findings in a person's words, from the runs named there."""


ROUTERS = (
    "One line a run. `rules` is how many of the same rows the builtin router has right. Own plan: rows that the model "
    "planned itself; in all others the rules stood in. Invented: codes, regions, years and numbers out of nowhere, in "
    "plan or text. Asked and refused rightly are of the questions that must be."
)


HEAD = """# Scoreboard

Made by `python -m evals report`; not edited by hand: what is said in words is `evals/findings.md`. How to read it:
[evals.md](evals.md). A rate is passes of the rows a stage is asked of; rows that could not be measured count as not
passed. Intervals are 95 %: Wilson's, and the bootstrap's over clusters (paraphrases of one question are one cluster)
and over countries.

| run | date | samples | data | models | machine |
| --- | --- | --- | --- | --- | --- |"""
PLANNED = "What planned the questions"


def scoreboard(runs: Sequence[Run], findings: str = "", before: str = "") -> str:
    """Return the scoreboard of several runs as Markdown.

    Args:
        runs: what was measured.
        findings: what is said of it in words.
        before: an earlier scoreboard, whose other runs are kept as they stand there: their rows are not at hand.
    """
    told = _Board.of(before).with_runs(runs)
    lines = [HEAD, *told.heads.values()]
    if findings:
        lines += ["", findings.strip()]
    if told.planned:
        lines += ["", f"## {PLANNED}", "", ROUTERS, "", *told.planned_head, *told.planned.values()]
    for section in told.sections.values():
        lines += ["", *section]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class _Board:
    """A scoreboard by the names of its runs: the line of each, its line of planning, its section."""

    heads: dict[str, str]
    planned_head: list[str]
    planned: dict[str, str]
    sections: dict[str, list[str]]

    @classmethod
    def of(cls, text: str) -> _Board:
        """Return what an earlier scoreboard tells."""
        parts = text.split("\n## ")
        heads = dict(_lines_by_run(parts[0]))
        sections: dict[str, list[str]] = {}
        planned_head: list[str] = []
        planned: dict[str, str] = {}
        for part in parts[1:]:
            title = part.partition("\n")[0].strip()
            if title in heads:
                sections[title] = f"## {part}".rstrip("\n").splitlines()
            elif title == PLANNED:
                planned = dict(_lines_by_run(part))
                planned_head = [line for line in part.splitlines() if line.startswith(("| run ", "| --- "))]
        return cls(heads, planned_head, planned, sections)

    def with_runs(self, runs: Sequence[Run]) -> _Board:
        """Return the same with these runs in place of those of their names."""
        heads, sections, planned = dict(self.heads), dict(self.sections), dict(self.planned)
        for run in runs:
            heads[run.name], sections[run.name] = _head(run), _section(run)
        table, planned_head = compared(runs), self.planned_head
        if table:
            planned_head = _table(table)[:2]
            planned |= {str(line["run"]): _table([line])[2] for line in table}
        return _Board(heads, planned_head, planned, sections)


def _lines_by_run(text: str) -> Iterator[tuple[str, str]]:
    """Yield the first cell and the line of every row of a table, its head left out."""
    for line in text.splitlines():
        if line.startswith("| ") and not line.startswith(("| run |", "| --- |")):
            yield line.split("|")[1].strip(), line


def _head(run: Run) -> str:
    data = _named(run.about.get("data", {})) or "bundled"
    models = _named(run.about.get("models", {})) or "–"
    of = run.about["samples"]
    if run.rows:
        of = f"{len({r.id for r in run.rows})} of {run.setting.get('of')}, hash {of}"
    return f"| {run.name} | {run.about['date']} | {of} | {data} | {models} | {run.about['machine']} |"


def _named(hashes: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in hashes.items())


def _section(run: Run) -> list[str]:
    rows, headline = majority(run.rows), str(run.setting.get("headline"))
    lines = [f"## {run.name}", ""]
    if rows:
        lines += _stage_table(rows)
        lines += ["", *_facets(rows, headline)]
        lines += ["", *_steadiness(run, headline)]
        if "maps" not in run.tables:
            lines += ["", *_failures(rows, headline)]
    for title, table in run.tables.items():
        if title == "maps":
            continue
        lines += ["", f"### {title}", "", *_table(table)]
    return lines


def _stage_table(rows: Sequence[Row]) -> list[str]:
    held = [row for row in rows if row.split == "held_out"]
    lines = ["| stage | passed | rate (Wilson 95 %) | over clusters | over countries | held out | not covered |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    missing = sum(not row.covered for row in rows)
    for stage in stages_of(rows):
        passes, of = counted(rows, stage)
        if of == 0:
            continue
        kept = [row for row in rows if row.stages.get(stage) is not None or not row.covered]
        values = [float(bool(row.stages.get(stage)) and row.covered) for row in kept]
        clusters, countries = [row.cluster for row in kept], [row.region or row.cluster for row in kept]
        apart = _rate(held, stage) if held else "–"
        lines.append(
            f"| {stage} | {passes} / {of} | {_rate(rows, stage, counts=False)} | {_spread(values, clusters)} | "
            f"{_spread(values, countries)} | {apart} | {missing} |"
        )
    return lines


def _spread(values: Sequence[float], clusters: Sequence[str]) -> str:
    found = cluster_bootstrap(values, clusters)
    return f"{100 * found.low:.1f} to {100 * found.high:.1f} %"


def _facets(rows: Sequence[Row], headline: str) -> list[str]:
    """Return rates by language, country, class and kind, with the tests that they differ."""
    known = [row for row in rows if row.stages.get(headline) is not None]
    if not known:
        return []
    values, clusters = [float(row.stages[headline] or 0) for row in known], [row.cluster for row in known]
    facets = {"language": "language", "country": "region", "kind": "kind"}
    chances = {
        name: spread_test(values, [getattr(row, column) for row in known], clusters) for name, column in facets.items()
    }
    corrected = holm(chances)
    lines = []
    for name, column in facets.items():
        groups = {value: [r for r in known if getattr(r, column) == value] for value in most_common(known, column)}
        told = _worst_first(groups, headline, worst_only=name == "country")
        if told:
            p = corrected[name]
            effect = f"rates {'differ' if p < 0.05 else 'do not differ beyond chance'}, p = {p:.2g} after Holm"
            if _alone(known, column):
                effect = "not tested: one cluster each"
            lines.append(f"- by {name} ({headline}; {effect}): {told}")
    classes = sorted({code for row in known for code in row.classes})
    if told := _worst_first({c: [r for r in known if c in r.classes] for c in classes}, headline, worst_only=True):
        lines.append(f"- by class ({headline}): {told}")
    return lines


def _alone(rows: Sequence[Row], column: str) -> bool:
    """Whether every value of a column is one cluster, so that nothing could be dealt anew."""
    return len({row.cluster for row in rows}) <= len({getattr(row, column) for row in rows})


def _worst_first(groups: Mapping[str, Sequence[Row]], stage: str, *, worst_only: bool) -> str:
    counts = {name: counted(rows, stage) for name, rows in groups.items() if len(rows) >= FEW}
    perfect = [name for name, (passes, of) in counts.items() if passes == of]
    shown = {name: c for name, c in counts.items() if not (worst_only and name in perfect)}
    order = sorted(shown, key=lambda name: (shown[name][0] / shown[name][1], name))
    cut = order[:MOST_NAMED] if worst_only else order
    told = ", ".join(f"{name} {_rate(groups[name], stage)}" for name in cut)
    if len(order) > len(cut):
        told += f", and {len(order) - len(cut)} more with an error"
    rest = f"{len(perfect)} others with {FEW} rows or more, without an error" if worst_only and perfect else ""
    return "; ".join(part for part in (told, rest) if part)


def _steadiness(run: Run, headline: str) -> list[str]:
    rows = majority(run.rows)
    seconds = [row.seconds for row in rows if row.seconds]
    lines = []
    if seconds:
        lines.append(f"- seconds a row: p50 {quantile(seconds, 0.5):.3f}, p95 {quantile(seconds, 0.95):.3f}")
    if tokens := [row.tokens for row in rows if row.tokens is not None]:
        lines.append(f"- tokens a row: p50 {quantile(tokens, 0.5):.0f}, p95 {quantile(tokens, 0.95):.0f}")
    right, wrong, of = consistency(rows, headline)
    if of:
        lines.append(
            f"- groups of variants: {right} of {of} right throughout, {wrong} wrong throughout, "
            f"{of - right - wrong} right for some wordings only"
        )
    if (trials := int(run.setting.get("trials", 1))) > 1:
        flaps = flapping(run.rows, headline)
        lines.append(
            f"- rows not the same in all {trials} trials: {len(flaps)} of {len(rows)}: {', '.join(flaps[:20])}"
        )
    return lines


def _failures(rows: Sequence[Row], headline: str) -> list[str]:
    failed = [row for row in rows if row.stages.get(headline) == 0]
    if not failed:
        return [f"No row fails at {headline}."]
    lines = [
        f"Rows that fail at {headline}"
        + (f" ({MOST_FAILURES} of {len(failed)})" if len(failed) > MOST_FAILURES else "")
        + ":",
        "",
    ]
    for row in failed[:MOST_FAILURES]:
        stages = ", ".join(stage for stage, value in row.stages.items() if value == 0 and stage != headline)
        also = f"; also wrong: {stages}" if stages else ""
        if row.split == "held_out":  # to stay unseen
            lines.append(f"- `{row.id}` ({row.language or '–'}), held out{also}")
            continue
        asked = row.detail.get("question") or row.detail.get("text") or ""
        said = row.detail.get("status") or row.detail.get("linked") or row.detail.get("read") or ""
        wanted = f", wanted {row.detail['wanted']}" if "wanted" in row.detail else ""
        lines.append(f"- `{row.id}` ({row.language or '–'}) “{asked}”: {said}{wanted}{also}")
    return lines


def _rate(rows: Sequence[Row], stage: str, *, counts: bool = True) -> str:
    passes, of = counted(rows, stage)
    if of == 0:
        return "–"
    found = wilson(passes, of)
    told = f"{100 * found.value:.1f} % [{100 * found.low:.1f}, {100 * found.high:.1f}]"
    return f"{told} of {of}" if counts else told


def _table(table: Any) -> list[str]:
    """Return a table (list of dicts), a dict of numbers or a text as Markdown lines."""
    if isinstance(table, str):
        return [table]
    if isinstance(table, Mapping):
        table = [
            {"": name, **value} if isinstance(value, Mapping) else {"": name, "value": value}
            for name, value in table.items()
        ]
    columns = list(dict.fromkeys(column for line in table for column in line))
    head = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    return head + ["| " + " | ".join(_cell(line.get(column)) for column in columns) + " |" for line in table]


def _cell(value: Any) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def as_json(runs: Sequence[Run]) -> dict[str, Any]:
    """Return the rates of several runs as plain values, to be diffed."""
    board: dict[str, Any] = {}
    for run in runs:
        rows = majority(run.rows)
        stages = {stage: dict(zip(("passed", "of"), counted(rows, stage), strict=True)) for stage in stages_of(rows)}
        board[run.name] = {"about": run.about, "setting": run.setting, "stages": stages, "tables": run.tables}
    return board


def page(runs: Sequence[Run], board: str) -> str:
    """Return one self-contained HTML page: the scoreboard, each run's maps of where errors lie under its heading."""
    from markdown_it import MarkdownIt

    from evals.maps import maps_of

    body = MarkdownIt("commonmark").enable("table").render(board)
    for run in runs:
        heading = f"<h2>{html.escape(run.name)}</h2>"
        body = body.replace(heading, heading + "".join(_figure(title, png) for title, png in maps_of(run)))
    return (
        "<!doctype html><html lang='en'><meta charset='utf-8'><title>landask: evals</title><style>"
        "body{font:15px/1.5 system-ui;max-width:70rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;margin:1rem 0;display:block;overflow-x:auto}"
        "td,th{border:1px solid #bbb;padding:.2rem .6rem;text-align:left}img{max-width:100%}"
        f"figure{{display:inline-block;margin:1rem 0;vertical-align:top}}</style>{body}</html>"
    )


def _figure(title: str, png: str) -> str:
    alt = html.escape(title, quote=True)
    image = f"<img alt='{alt}' src='data:image/png;base64,{png}'>"
    return f"<figure>{image}<figcaption>{alt}</figcaption></figure>"


def write_json(runs: Sequence[Run], path: Path) -> None:
    """Write the rates as JSON."""
    path.write_text(json.dumps(as_json(runs), ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
