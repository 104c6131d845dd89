"""The store a suite is measured on: made once from the real data, or from what is bundled. Reads no environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import filelock

from agent.ask import ask
from agent.conversation import Conversation
from evals.record import Case, content_hash, file_hash
from retrieval.ingest import Sources, build
from retrieval.store import Store
from tools.context import Context

SURVEY = Path("lucas") / "lucas_points_2015_2018.parquet"
NUTS = Path("nuts_2016") / "nuts_2016_20m.parquet"
PIXELS = Path("s2_pixels") / "pixels_monthly_europe.parquet"


@dataclass(frozen=True)
class Setting:
    """What answers the questions."""

    router: str = "builtin"
    llm: str = ""
    strategy: str = ""
    trials: int = 1
    limit: int | None = None
    split: str = ""
    """`dev` or `held_out`; '' for both."""
    only: tuple[str, ...] = ()
    """Beginnings of ids or kinds; () for all."""

    def wants(self, case: Case) -> bool:
        """Whether a case is to be asked."""
        fits = any(case.id.startswith(prefix) or case.kind.startswith(prefix) for prefix in self.only)
        return self.split in ("", case.split) and (fits or not self.only)

    @property
    def deterministic(self) -> bool:
        """Whether one trial says all."""
        return self.router == "builtin"

    @property
    def choice(self) -> Any:
        """The model as `ask` takes it."""
        if not self.strategy:
            return self.llm or None
        from agent.llm.choice import ModelChoice

        return ModelChoice(name=self.llm, strategy=self.strategy)


@dataclass
class World:
    """What there is to measure on; opened when first needed."""

    folder: Path
    """Where stores made for the evals lie."""
    data: Path | None
    """The folder of real data, None where there is none."""
    setting: Setting = field(default_factory=Setting)
    store_path: Path | None = None
    """A store of the user's, instead of one made here."""

    @cached_property
    def real(self) -> bool:
        """Whether the survey's real records are at hand."""
        return self.store_path is not None or (self.data is not None and (self.data / SURVEY).is_file())

    @cached_property
    def context(self) -> Context:
        """The world with real records where they are at hand, else the bundled one."""
        if self.store_path is not None:
            return Context.open(Store.open(self.store_path))
        return Context.open(Store.open(self._made(real_sources(self.data) if self.real and self.data else None)))

    @cached_property
    def bundled(self) -> Context:
        """The world of a fresh clone."""
        return Context.open(Store.open(self._made(None)))

    def _made(self, sources: Sources | None) -> Path:
        """Return the path of a store, made where there is none of these sources yet."""
        wanted = sources or Sources(bundled=True)
        files = [p for group in (wanted.lucas, wanted.regions, wanted.pixels) for p in group]
        name = content_hash([*(file_hash(f) for f in files), bool(sources), _code_hash()])
        path = self.folder / f"{'real' if sources else 'bundled'}-{name}.duckdb"
        self.folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(f"{path}.once"):
            if not path.exists():
                build(path, wanted)
        return path

    def data_hashes(self) -> dict[str, str]:
        """Return each dataset of the store with the start of its SHA-256."""
        return {one.id: one.sha256[:12] for one in self.context.store.datasets()}


def real_sources(data: Path) -> Sources:
    """Return what the store of real records is made from."""
    french = sorted((data / "france_admin").glob("*.geojson"))
    return Sources(lucas=(data / SURVEY,), regions=(data / NUTS, *french), pixels=(data / PIXELS,))


def answers(turns: list[str], context: Context, setting: Setting) -> list[dict[str, Any]]:
    """Return the answer to each turn of a conversation, as the contract's JSON."""
    conversation, said = Conversation(), []
    for turn in turns:
        answer = ask(turn, context, router=setting.router, llm=setting.choice, conversation=conversation)
        said.append(answer.to_json())
    return said


def _code_hash() -> str:
    """Return a hash of the code and data that make a store, so that a changed one makes it anew."""
    root = Path(__file__).resolve().parents[1] / "retrieval"
    kinds = (".py", ".csv", ".sql", ".parquet", ".toml")
    files = sorted(p for p in root.rglob("*") if p.suffix in kinds and "fetch" not in p.parts)
    return content_hash([f"{p.relative_to(root)} {file_hash(p)}" for p in files])
