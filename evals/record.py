"""What a run leaves behind: a row a sample and trial, and what it was run on. Does not run or judge anything."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import platform
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from retrieval.errors import BadFile

SAMPLES = Path(__file__).parent / "samples"
Stages = dict[str, int | None]
"""Stage → 1 right, 0 wrong, None not asked of this sample."""


@dataclass(frozen=True)
class Case:
    """One thing to measure."""

    id: str
    sample: Mapping[str, Any]
    """The line of the sample file as it stands."""
    language: str = ""
    region: str = ""
    """Country code the sample is about, '' for none or several."""
    kind: str = ""
    group: str = ""
    """Rows of one group are variants of one another; '' stands alone."""
    split: str = ""
    """`held_out` is reported apart."""
    classes: tuple[str, ...] = ()

    @property
    def cluster(self) -> str:
        """What is resampled together: the paraphrase group, else the row itself."""
        return self.group or self.id


@dataclass(frozen=True)
class Outcome:
    """How one case went."""

    stages: Stages
    seconds: float = 0.0
    tokens: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What was said and wanted, to be read by a person; distances and overlaps."""
    covered: bool = True
    """False where the row could not be measured: counted as not passed, never left out."""


@dataclass(frozen=True)
class Row:
    """One case's outcome in one trial."""

    id: str
    hash: str
    trial: int
    language: str
    region: str
    kind: str
    group: str
    split: str
    classes: tuple[str, ...]
    stages: Stages
    seconds: float
    tokens: int | None
    detail: Mapping[str, Any]
    covered: bool

    @property
    def cluster(self) -> str:
        """What is resampled together."""
        return self.group or self.id


@dataclass(frozen=True)
class Run:
    """One suite measured once: the rows, and everything needed to say what was measured."""

    suite: str
    setting: Mapping[str, Any]
    """Router, language model, strategy, which rows, trials, limit."""
    about: Mapping[str, Any]
    """Date, machine, hashes of samples and data, model digests."""
    rows: tuple[Row, ...]
    tables: Mapping[str, Any] = field(default_factory=dict)
    """Figures that are not rates of rows."""

    @property
    def name(self) -> str:
        """Suite and what answered it, as in file names: `questions-builtin`."""
        parts = [self.suite, *(str(self.setting.get(k) or "") for k in ("router", "llm", "strategy", "rows"))]
        return name_of(parts)

    def to_json(self) -> dict[str, Any]:
        """The run as plain JSON values."""
        return asdict(self)

    def save(self, folder: Path) -> Path:
        """Write the run as `<name>.json`, over an earlier one of the same name."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(self.to_json(), ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
        return path


def name_of(parts: Iterable[str]) -> str:
    """Return the name of a run as it stands in file names."""
    return "-".join(part.replace("/", "_").replace(":", "_") for part in parts if part)


def row_of(case: Case, outcome: Outcome, trial: int = 1) -> Row:
    """Return the row of a case's outcome."""
    return Row(
        id=case.id,
        hash=content_hash(case.sample),
        trial=trial,
        language=case.language,
        region=case.region,
        kind=case.kind,
        group=case.group,
        split=case.split,
        classes=tuple(case.classes),
        stages=dict(outcome.stages),
        seconds=outcome.seconds,
        tokens=outcome.tokens,
        detail=dict(outcome.detail),
        covered=outcome.covered,
    )


def row_from_json(value: Mapping[str, Any]) -> Row:
    """Return a row from its JSON values."""
    return replace(Row(**value), classes=tuple(value["classes"]))


def read_run(path: Path) -> Run:
    """Return a saved run.

    Raises:
        BadFile: there is none, or it is something else.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(row_from_json(row) for row in value["rows"])
        return Run(value["suite"], value["setting"], value["about"], rows, value.get("tables", {}))
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadFile(f"{path} is no run of these evals") from error


def majority(rows: Sequence[Row]) -> list[Row]:
    """Return one row a case: of several trials, each stage by the majority, a tie being wrong."""
    by_id: dict[str, list[Row]] = {}
    for row in rows:
        by_id.setdefault(row.id, []).append(row)
    return [trials[0] if len(trials) == 1 else _one_of(trials) for trials in by_id.values()]


def _one_of(trials: Sequence[Row]) -> Row:
    stages: Stages = {}
    for stage in dict.fromkeys(s for t in trials for s in t.stages):
        known = [v for t in trials if (v := t.stages.get(stage)) is not None]
        stages[stage] = int(2 * sum(known) > len(known)) if known else None
    first = trials[0]
    seconds = sorted(t.seconds for t in trials)[len(trials) // 2]
    return replace(first, stages=stages, seconds=seconds, covered=all(t.covered for t in trials))


def flapping(rows: Sequence[Row], stage: str) -> tuple[str, ...]:
    """Return the ids whose stage is not the same in every trial."""
    seen: dict[str, set[int | None]] = {}
    for row in rows:
        seen.setdefault(row.id, set()).add(row.stages.get(stage))
    return tuple(id for id, values in seen.items() if len(values) > 1)


def consistency(rows: Sequence[Row], stage: str) -> tuple[int, int, int]:
    """Return of the groups of several rows: how many are right throughout, how many wrong throughout, how many."""
    groups: dict[str, list[int]] = {}
    for row in rows:
        if row.group and row.stages.get(stage) is not None:
            groups.setdefault(row.group, []).append(row.stages[stage] or 0)
    several = [values for values in groups.values() if len(values) > 1]
    return sum(all(v) for v in several), sum(not any(v) for v in several), len(several)


def counted(rows: Iterable[Row], stage: str) -> tuple[int, int]:
    """Return passes and how many rows the stage is asked of; rows that were not covered count as not passed."""
    passes = of = 0
    for row in rows:
        value = row.stages.get(stage)
        if value is None and row.covered:
            continue
        of += 1
        passes += int(bool(value) and row.covered)
    return passes, of


def stages_of(rows: Iterable[Row]) -> tuple[str, ...]:
    """Return the stages in the order they first appear."""
    return tuple(dict.fromkeys(stage for row in rows for stage in row.stages))


def most_common(rows: Iterable[Row], of: str) -> list[str]:
    """Return a column's values, the commonest first, without ''."""
    tally = Counter(getattr(row, of) for row in rows)
    return [value for value, _ in tally.most_common() if value]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Return a JSONL file's lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def content_hash(value: Any) -> str:
    """Return the first 12 digits of the SHA-256 of a value's canonical JSON."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def machine() -> str:
    """Return this machine in a line, without its name."""
    memory = ""
    if Path("/proc/meminfo").is_file():
        kilobytes = int(Path("/proc/meminfo").read_text(encoding="ascii").split(maxsplit=2)[1])
        memory = f", {kilobytes / 2**20:.0f} GB"
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{memory}, Python {platform.python_version()}"
    )


def today() -> str:
    """Return the date in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()
